// SPDX-License-Identifier: GPL-2.0-only
/*
 * Generic netlink family "nvdla".
 *
 * Anybody may ask about devices, cores and counters. Contexts are told to
 * whoever they belong to; process and name, and the contexts of others, to
 * CAP_SYS_ADMIN only. Events go to two groups for the same reason: the one of
 * their kind without identities, and one with them, for events of all kinds,
 * that only CAP_SYS_ADMIN may join.
 */
#include <drm/drm_file.h>
#include <linux/cred.h>
#include <linux/nvdla_netlink.h>
#include <linux/ratelimit.h>
#include <linux/timekeeping.h>
#include <linux/uidgid.h>
#include <net/genetlink.h>

#include "nvdla_drv.h"
#include "nvdla_netlink.h"

/* More than any event takes. */
#define EVENT_SIZE	512

enum {
	GROUP_HANG,
	GROUP_RESET,
	GROUP_WEDGED,
	GROUP_FREQUENCY,
	GROUP_THERMAL,
	GROUP_MEMORY_PRESSURE,
	GROUP_IDENTITIES,
};

/* Devices by the number of their node. The lock keeps them alive for who asks. */
static DEFINE_XARRAY(devices);
static DEFINE_MUTEX(devices_lock);

/* Keeps the events in the order of their numbers. */
static DEFINE_MUTEX(event_lock);
static u64 last_event;

static struct genl_family nvdla_family;

static u32 device_number(const struct nvdla_device *nvdla)
{
	return nvdla->drm.accel->index;
}

static int put_u64(struct sk_buff *skb, int attr, u64 value)
{
	return nla_put_u64_64bit(skb, attr, value, NVDLA_A_PAD);
}

/* ------------------------------------------------------------ messages */

/**
 * struct answer - where an answer goes
 * @skb: message under construction
 * @portid: of who asks
 * @seq: of the question
 * @flags: NLM_F_MULTI for dumps
 * @admin: who asks may know everything
 * @uid: who asks
 */
struct answer {
	struct sk_buff *skb;
	u32 portid;
	u32 seq;
	int flags;
	bool admin;
	kuid_t uid;
};

static void *begin(const struct answer *to, u8 cmd, const struct nvdla_device *nvdla)
{
	void *head = genlmsg_put(to->skb, to->portid, to->seq, &nvdla_family, to->flags, cmd);

	if (head && nla_put_u32(to->skb, NVDLA_A_DEV_INDEX, device_number(nvdla))) {
		genlmsg_cancel(to->skb, head);
		return NULL;
	}
	return head;
}

static int end(const struct answer *to, void *head, bool failed)
{
	if (failed) {
		genlmsg_cancel(to->skb, head);
		return -EMSGSIZE;
	}
	genlmsg_end(to->skb, head);
	return 0;
}

static int tell_device(const struct answer *to, struct nvdla_device *nvdla)
{
	const struct nvdla_glue *glue = nvdla->glue;
	u64 now = glue->clock_hz ? glue->clock_hz(nvdla, false) : 0;
	u64 max = glue->clock_hz ? glue->clock_hz(nvdla, true) : 0;
	void *head = begin(to, NVDLA_CMD_DEVICE_GET, nvdla);

	if (!head)
		return -EMSGSIZE;
	return end(to, head,
		   nla_put_string(to->skb, NVDLA_A_DEV_NAME, dev_name(nvdla->dev)) ||
		   nla_put_string(to->skb, NVDLA_A_CONFIG, nvdla->config->name) ||
		   nla_put_u32(to->skb, NVDLA_A_HW_VERSION, nvdla->config->hw_version) ||
		   put_u64(to->skb, NVDLA_A_FEATURES, nvdla->config->features) ||
		   nla_put_u32(to->skb, NVDLA_A_CORE_COUNT, nvdla->core_count) ||
		   put_u64(to->skb, NVDLA_A_SRAM_SIZE, nvdla->sram.size) ||
		   (now && put_u64(to->skb, NVDLA_A_CLOCK_HZ, now)) ||
		   (max && put_u64(to->skb, NVDLA_A_MAX_CLOCK_HZ, max)));
}

static int tell_core(const struct answer *to, struct nvdla_core *core)
{
	void *head = begin(to, NVDLA_CMD_CORE_GET, core->nvdla);
	u32 state, jobs;

	if (!head)
		return -EMSGSIZE;
	scoped_guard(spinlock_irqsave, &core->lock) {
		jobs = list_count_nodes(&core->jobs);
		if (core->gone)
			state = NVDLA_CORE_STATE_LOST;
		else if (!core->ready)
			state = NVDLA_CORE_STATE_OFF;
		else
			state = jobs ? NVDLA_CORE_STATE_BUSY : NVDLA_CORE_STATE_IDLE;
	}
	return end(to, head,
		   nla_put_u32(to->skb, NVDLA_A_CORE_INDEX, core->index) ||
		   nla_put_u32(to->skb, NVDLA_A_CORE_STATE, state) ||
		   nla_put_u32(to->skb, NVDLA_A_CORE_JOBS, jobs));
}

static int tell_counters(const struct answer *to, struct nvdla_core *core)
{
	void *head = begin(to, NVDLA_CMD_COUNTERS_GET, core->nvdla);
	u64 operations, missed, spurious, busy_ns = nvdla_usage_of_core(core);

	if (!head)
		return -EMSGSIZE;
	scoped_guard(spinlock_irqsave, &core->lock) {
		operations = core->progress;
		missed = core->missed;
		spurious = core->spurious;
	}
	return end(to, head,
		   nla_put_u32(to->skb, NVDLA_A_CORE_INDEX, core->index) ||
		   put_u64(to->skb, NVDLA_A_BUSY_NS, busy_ns) ||
		   put_u64(to->skb, NVDLA_A_OPERATIONS, operations) ||
		   put_u64(to->skb, NVDLA_A_RESETS, READ_ONCE(core->resets)) ||
		   put_u64(to->skb, NVDLA_A_HANGS, READ_ONCE(core->hangs)) ||
		   put_u64(to->skb, NVDLA_A_MISSED, missed) ||
		   put_u64(to->skb, NVDLA_A_SPURIOUS, spurious));
}

static int put_identity(struct sk_buff *skb, const struct nvdla_ctx *ctx)
{
	return nla_put_u32(skb, NVDLA_A_PID, ctx->pid) ?:
	       nla_put_string(skb, NVDLA_A_COMM, ctx->comm);
}

static int tell_context(const struct answer *to, struct nvdla_ctx *ctx)
{
	void *head = begin(to, NVDLA_CMD_CONTEXT_GET, ctx->file->nvdla);
	u32 flags = (READ_ONCE(ctx->guilty) ? NVDLA_CTX_FLAGS_GUILTY : 0) |
		    (READ_ONCE(ctx->reset) ? NVDLA_CTX_FLAGS_RESET : 0);
	/* In this order no job has ended that was not accepted. */
	u64 done = atomic64_read(&ctx->done), queued = atomic64_read(&ctx->queued);
	u64 busy_ns = nvdla_usage_of_ctx(ctx);

	if (!head)
		return -EMSGSIZE;
	return end(to, head,
		   nla_put_u32(to->skb, NVDLA_A_CTX_ID, ctx->id) ||
		   nla_put_u32(to->skb, NVDLA_A_CTX_FLAGS, flags) ||
		   put_u64(to->skb, NVDLA_A_CLIENT_ID, ctx->client_id) ||
		   (to->admin && put_identity(to->skb, ctx)) ||
		   put_u64(to->skb, NVDLA_A_JOBS_QUEUED, queued) ||
		   put_u64(to->skb, NVDLA_A_JOBS_DONE, done) ||
		   put_u64(to->skb, NVDLA_A_BUSY_NS, busy_ns));
}

/* ----------------------------------------------------------- questions */

static bool may_see(const struct answer *to, const struct nvdla_ctx *ctx)
{
	return to->admin || uid_eq(to->uid, ctx->uid);
}

/* The first context from number @id on, as a reference. */
static struct nvdla_ctx *next_context(struct nvdla_device *nvdla, unsigned long *id)
{
	struct nvdla_ctx *ctx;

	xa_lock(&nvdla->contexts);
	ctx = xa_find(&nvdla->contexts, id, ULONG_MAX, XA_PRESENT);
	/* One that is just being freed waits for the lock to take itself off. */
	while (ctx && !kref_get_unless_zero(&ctx->refs))
		ctx = xa_find_after(&nvdla->contexts, id, ULONG_MAX, XA_PRESENT);
	xa_unlock(&nvdla->contexts);
	return ctx;
}

static int put_one(const struct answer *to, u8 cmd, struct nvdla_device *nvdla, u32 item)
{
	unsigned long id = item;
	struct nvdla_ctx *ctx;
	int ret;

	switch (cmd) {
	case NVDLA_CMD_DEVICE_GET:
		return tell_device(to, nvdla);
	case NVDLA_CMD_CORE_GET:
		return item < nvdla->core_count ? tell_core(to, &nvdla->cores[item]) : -ENOENT;
	case NVDLA_CMD_COUNTERS_GET:
		return item < nvdla->core_count ? tell_counters(to, &nvdla->cores[item]) : -ENOENT;
	default:
		ctx = next_context(nvdla, &id);
		if (!ctx)
			return -ENOENT;
		/* Those of others are not there. */
		ret = id == item && may_see(to, ctx) ? tell_context(to, ctx) : -ENOENT;
		nvdla_ctx_put(ctx);
		return ret;
	}
}

/* Everything of a device from @item on, which is moved on. */
static int put_all(const struct answer *to, u8 cmd, struct nvdla_device *nvdla,
		   unsigned long *item)
{
	unsigned int count = cmd == NVDLA_CMD_DEVICE_GET ? 1 : nvdla->core_count;
	struct nvdla_ctx *ctx;
	int ret = 0;

	if (cmd != NVDLA_CMD_CONTEXT_GET) {
		for (; !ret && *item < count; *item += !ret)
			ret = put_one(to, cmd, nvdla, *item);
		return ret;
	}
	for (; !ret; *item += !ret) {
		ctx = next_context(nvdla, item);
		if (!ctx)
			break;
		if (may_see(to, ctx))
			ret = tell_context(to, ctx);
		nvdla_ctx_put(ctx);
	}
	return ret;
}

static int doit(struct sk_buff *skb, struct genl_info *info)
{
	struct answer to = {
		.portid = info->snd_portid,
		.seq = info->snd_seq,
		.admin = netlink_capable(skb, CAP_SYS_ADMIN),
		.uid = NETLINK_CREDS(skb)->uid,
	};
	u8 cmd = info->genlhdr->cmd;
	struct nvdla_device *nvdla;
	int attr, ret;
	u32 item = 0;

	if (GENL_REQ_ATTR_CHECK(info, NVDLA_A_DEV_INDEX))
		return -EINVAL;
	if (cmd != NVDLA_CMD_DEVICE_GET) {
		attr = cmd == NVDLA_CMD_CONTEXT_GET ? NVDLA_A_CTX_ID : NVDLA_A_CORE_INDEX;
		if (GENL_REQ_ATTR_CHECK(info, attr))
			return -EINVAL;
		item = nla_get_u32(info->attrs[attr]);
	}
	to.skb = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!to.skb)
		return -ENOMEM;
	mutex_lock(&devices_lock);
	nvdla = xa_load(&devices, nla_get_u32(info->attrs[NVDLA_A_DEV_INDEX]));
	ret = nvdla ? put_one(&to, cmd, nvdla, item) : -ENODEV;
	mutex_unlock(&devices_lock);
	if (ret) {
		nlmsg_free(to.skb);
		return ret;
	}
	return genlmsg_reply(to.skb, info);
}

/**
 * struct position - how far a dump has come
 * @device: number of the next device
 * @item: next core or context of it
 */
struct position {
	unsigned long device;
	unsigned long item;
};

static int dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	const struct genl_info *info = genl_info_dump(cb);
	struct position *at = (struct position *)cb->ctx;
	const struct answer to = {
		.skb = skb,
		.portid = NETLINK_CB(cb->skb).portid,
		.seq = cb->nlh->nlmsg_seq,
		.flags = NLM_F_MULTI,
		.admin = netlink_capable(cb->skb, CAP_SYS_ADMIN),
		.uid = NETLINK_CREDS(cb->skb)->uid,
	};
	const struct nlattr *only = info->attrs ? info->attrs[NVDLA_A_DEV_INDEX] : NULL;
	struct nvdla_device *nvdla;
	unsigned long number;
	int ret;

	BUILD_BUG_ON(sizeof(*at) > sizeof(cb->ctx));
	guard(mutex)(&devices_lock);
	if (only && !xa_load(&devices, nla_get_u32(only)))
		return -ENODEV;
	xa_for_each_start(&devices, number, nvdla, at->device) {
		if (only && number != nla_get_u32(only))
			continue;
		if (number != at->device)
			at->item = 0;
		at->device = number;
		ret = put_all(&to, info->genlhdr->cmd, nvdla, &at->item);
		if (ret)
			return skb->len ?: ret;
		at->device = number + 1;
		at->item = 0;
	}
	return skb->len;
}

static const struct nla_policy device_policy[NVDLA_A_DEV_INDEX + 1] = {
	[NVDLA_A_DEV_INDEX] = { .type = NLA_U32 },
};

static const struct nla_policy core_policy[NVDLA_A_CORE_INDEX + 1] = {
	[NVDLA_A_DEV_INDEX] = { .type = NLA_U32 },
	[NVDLA_A_CORE_INDEX] = { .type = NLA_U32 },
};

static const struct nla_policy context_policy[NVDLA_A_CTX_ID + 1] = {
	[NVDLA_A_DEV_INDEX] = { .type = NLA_U32 },
	[NVDLA_A_CTX_ID] = { .type = NLA_U32 },
};

static const struct genl_ops nvdla_ops[] = {
	{
		.cmd = NVDLA_CMD_DEVICE_GET,
		.policy = device_policy,
		.maxattr = ARRAY_SIZE(device_policy) - 1,
		.doit = doit,
		.dumpit = dumpit,
	},
	{
		.cmd = NVDLA_CMD_CORE_GET,
		.policy = core_policy,
		.maxattr = ARRAY_SIZE(core_policy) - 1,
		.doit = doit,
		.dumpit = dumpit,
	},
	{
		.cmd = NVDLA_CMD_CONTEXT_GET,
		.policy = context_policy,
		.maxattr = ARRAY_SIZE(context_policy) - 1,
		.doit = doit,
		.dumpit = dumpit,
	},
	{
		.cmd = NVDLA_CMD_COUNTERS_GET,
		.policy = core_policy,
		.maxattr = ARRAY_SIZE(core_policy) - 1,
		.doit = doit,
		.dumpit = dumpit,
	},
};

static const struct genl_multicast_group nvdla_groups[] = {
	[GROUP_HANG] = { .name = NVDLA_MCGRP_HANG },
	[GROUP_RESET] = { .name = NVDLA_MCGRP_RESET },
	[GROUP_WEDGED] = { .name = NVDLA_MCGRP_WEDGED },
	[GROUP_FREQUENCY] = { .name = NVDLA_MCGRP_FREQUENCY },
	[GROUP_THERMAL] = { .name = NVDLA_MCGRP_THERMAL },
	[GROUP_MEMORY_PRESSURE] = { .name = NVDLA_MCGRP_MEMORY_PRESSURE },
	[GROUP_IDENTITIES] = {
		.name = NVDLA_MCGRP_IDENTITIES,
		.flags = GENL_MCAST_CAP_SYS_ADMIN,
	},
};

/* Devices belong to no name space: only the initial network one has the family. */
static struct genl_family nvdla_family = {
	.name = NVDLA_FAMILY_NAME,
	.version = NVDLA_FAMILY_VERSION,
	.module = THIS_MODULE,
	.parallel_ops = true,
	.ops = nvdla_ops,
	.n_ops = ARRAY_SIZE(nvdla_ops),
	.mcgrps = nvdla_groups,
	.n_mcgrps = ARRAY_SIZE(nvdla_groups),
};

/* -------------------------------------------------------------- events */

/**
 * struct event - something that happened
 * @cmd: what
 * @nvdla: where
 * @core: where, NULL for the whole device
 * @job: whose fault it was, or NULL
 * @progress: tell how far the job came
 * @error: 0 or negative errno
 * @values: what else is to be told: an attribute and its value, up to attribute 0
 * @client: number of the client that asks for memory, 0 if it is not about that;
 *	its process is the current one
 */
struct event {
	u8 cmd;
	struct nvdla_device *nvdla;
	const struct nvdla_core *core;
	const struct nvdla_job *job;
	bool progress;
	int error;
	struct {
		int attr;
		u64 value;
	} values[3];
	u64 client;
};

static unsigned int event_group(u8 cmd)
{
	switch (cmd) {
	case NVDLA_CMD_RESET_NTF:
		return GROUP_RESET;
	case NVDLA_CMD_WEDGED_NTF:
	case NVDLA_CMD_GONE_NTF:
		return GROUP_WEDGED;
	case NVDLA_CMD_FREQUENCY_NTF:
		return GROUP_FREQUENCY;
	case NVDLA_CMD_THERMAL_NTF:
		return GROUP_THERMAL;
	case NVDLA_CMD_MEMORY_PRESSURE_NTF:
		return GROUP_MEMORY_PRESSURE;
	default:
		return GROUP_HANG;
	}
}

static int put_values(struct sk_buff *skb, const struct event *event)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < ARRAY_SIZE(event->values) && event->values[i].attr; i++) {
		int attr = event->values[i].attr;
		u64 value = event->values[i].value;

		switch (attr) {
		case NVDLA_A_TEMPERATURE:
		case NVDLA_A_LIMIT:
			ret = nla_put_s32(skb, attr, value);
			break;
		case NVDLA_A_MEMORY:
			ret = nla_put_u32(skb, attr, value);
			break;
		default:
			ret = put_u64(skb, attr, value);
		}
	}
	return ret;
}

static int put_client(struct sk_buff *skb, const struct event *event)
{
	char comm[TASK_COMM_LEN];

	get_task_comm(comm, current->group_leader);
	return put_u64(skb, NVDLA_A_CLIENT_ID, event->client) ?:
	       nla_put_u32(skb, NVDLA_A_PID, task_tgid_nr(current)) ?:
	       nla_put_string(skb, NVDLA_A_COMM, comm);
}

static int put_job(struct sk_buff *skb, const struct event *event, bool identity)
{
	const struct nvdla_job *job = event->job;

	if (put_u64(skb, NVDLA_A_JOB, job->id))
		return -EMSGSIZE;
	if (event->progress &&
	    (nla_put_u32(skb, NVDLA_A_FAIL_OP, job->first) ||
	     nla_put_u32(skb, NVDLA_A_OP_COUNT, job->program->op_count)))
		return -EMSGSIZE;
	if (!identity)
		return 0;
	return nla_put_u32(skb, NVDLA_A_CTX_ID, job->ctx->id) ?:
	       put_u64(skb, NVDLA_A_CLIENT_ID, job->ctx->client_id) ?:
	       put_identity(skb, job->ctx);
}

/* Nothing here may wait for memory: freeing some could wait for the job's fence. */
static void send_to(unsigned int group, const struct event *event, u64 now)
{
	struct answer to = { .skb = genlmsg_new(EVENT_SIZE, GFP_NOWAIT | __GFP_NOWARN) };
	void *head;

	if (!to.skb)
		return;
	head = begin(&to, event->cmd, event->nvdla);
	if (!head ||
	    end(&to, head,
		put_u64(to.skb, NVDLA_A_EVENT_SEQ, last_event) ||
		put_u64(to.skb, NVDLA_A_TIME_NS, now) ||
		(event->core &&
		 (nla_put_u32(to.skb, NVDLA_A_CORE_INDEX, event->core->index) ||
		  nla_put_u32(to.skb, NVDLA_A_ERROR, -event->error))) ||
		(event->job && put_job(to.skb, event, group == GROUP_IDENTITIES)) ||
		put_values(to.skb, event) ||
		(event->client && group == GROUP_IDENTITIES && put_client(to.skb, event)))) {
		nlmsg_free(to.skb);
		return;
	}
	/* Nobody listening is no error; who does not read learns it from ENOBUFS. */
	genlmsg_multicast(&nvdla_family, to.skb, 0, group, GFP_NOWAIT);
}

static void send_event(const struct event *event)
{
	u64 now;

	guard(mutex)(&event_lock);
	last_event++;
	now = ktime_get_ns();
	send_to(event_group(event->cmd), event, now);
	send_to(GROUP_IDENTITIES, event, now);
}

void nvdla_netlink_hang(struct nvdla_core *core, const struct nvdla_job *job, int error)
{
	const struct event event = {
		.cmd = error == -ETIME ? NVDLA_CMD_HANG_NTF : NVDLA_CMD_FAULT_NTF,
		.nvdla = core->nvdla,
		.core = core,
		.job = job,
		.progress = true,
		.error = error,
	};

	send_event(&event);
}

void nvdla_netlink_reset(struct nvdla_core *core, const struct nvdla_job *job, int error)
{
	const struct event event = {
		.cmd = NVDLA_CMD_RESET_NTF,
		.nvdla = core->nvdla,
		.core = core,
		.job = job,
		.error = error,
	};

	send_event(&event);
}

void nvdla_netlink_wedged(struct nvdla_core *core, int error)
{
	const struct event event = {
		.cmd = NVDLA_CMD_WEDGED_NTF,
		.nvdla = core->nvdla,
		.core = core,
		.error = error,
	};

	send_event(&event);
}

void nvdla_netlink_gone(struct nvdla_device *nvdla)
{
	const struct event event = { .cmd = NVDLA_CMD_GONE_NTF, .nvdla = nvdla };

	send_event(&event);
}

void nvdla_netlink_frequency(struct nvdla_device *nvdla, u64 old_hz, u64 hz)
{
	const struct event event = {
		.cmd = NVDLA_CMD_FREQUENCY_NTF,
		.nvdla = nvdla,
		.values = { { NVDLA_A_CLOCK_HZ, hz }, { NVDLA_A_OLD_CLOCK_HZ, old_hz } },
	};

	send_event(&event);
}

void nvdla_netlink_thermal(struct nvdla_device *nvdla, int temperature, int limit)
{
	const struct event event = {
		.cmd = NVDLA_CMD_THERMAL_NTF,
		.nvdla = nvdla,
		.values = { { NVDLA_A_TEMPERATURE, temperature }, { NVDLA_A_LIMIT, limit } },
	};

	send_event(&event);
}

/* Anybody can ask for too much as often as they like: not everybody wants to know. */
void nvdla_netlink_memory_pressure(struct nvdla_device *nvdla, u64 client, bool sram, u64 size)
{
	static DEFINE_RATELIMIT_STATE(limit, HZ, 10);
	const struct event event = {
		.cmd = NVDLA_CMD_MEMORY_PRESSURE_NTF,
		.nvdla = nvdla,
		.values = {
			{ NVDLA_A_MEMORY, sram ? NVDLA_MEMORY_SRAM : NVDLA_MEMORY_SYSTEM },
			{ NVDLA_A_SIZE, size },
		},
		.client = client,
	};

	ratelimit_set_flags(&limit, RATELIMIT_MSG_ON_RELEASE);
	if (__ratelimit(&limit))
		send_event(&event);
}

/* ------------------------------------------------------- life and death */

int nvdla_netlink_add(struct nvdla_device *nvdla)
{
	guard(mutex)(&devices_lock);
	return xa_insert(&devices, device_number(nvdla), nvdla, GFP_KERNEL);
}

void nvdla_netlink_remove(struct nvdla_device *nvdla)
{
	guard(mutex)(&devices_lock);
	xa_cmpxchg(&devices, device_number(nvdla), nvdla, NULL, GFP_KERNEL);
}

int nvdla_netlink_register(void)
{
	return genl_register_family(&nvdla_family);
}

void nvdla_netlink_unregister(void)
{
	genl_unregister_family(&nvdla_family);
}
