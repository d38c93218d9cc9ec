// SPDX-License-Identifier: MIT
#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>

#include "family.h"

#define WORD	{ .type = NLA_U32 }
#define LONG	{ .type = NLA_U64 }
#define SIGNED	{ .type = NLA_S32 }
#define TEXT	{ .type = NLA_NUL_STRING }

const struct nla_policy family_policy[NVDLA_A_MAX + 1] = {
	[NVDLA_A_DEV_INDEX] = WORD,
	[NVDLA_A_DEV_NAME] = TEXT,
	[NVDLA_A_CONFIG] = TEXT,
	[NVDLA_A_HW_VERSION] = WORD,
	[NVDLA_A_FEATURES] = LONG,
	[NVDLA_A_CORE_COUNT] = WORD,
	[NVDLA_A_SRAM_SIZE] = LONG,
	[NVDLA_A_CLOCK_HZ] = LONG,
	[NVDLA_A_MAX_CLOCK_HZ] = LONG,
	[NVDLA_A_CORE_INDEX] = WORD,
	[NVDLA_A_CORE_STATE] = WORD,
	[NVDLA_A_CORE_JOBS] = WORD,
	[NVDLA_A_CTX_ID] = WORD,
	[NVDLA_A_CTX_FLAGS] = WORD,
	[NVDLA_A_CLIENT_ID] = LONG,
	[NVDLA_A_PID] = WORD,
	[NVDLA_A_COMM] = TEXT,
	[NVDLA_A_JOBS_QUEUED] = LONG,
	[NVDLA_A_JOBS_DONE] = LONG,
	[NVDLA_A_BUSY_NS] = LONG,
	[NVDLA_A_OPERATIONS] = LONG,
	[NVDLA_A_RESETS] = LONG,
	[NVDLA_A_HANGS] = LONG,
	[NVDLA_A_MISSED] = LONG,
	[NVDLA_A_SPURIOUS] = LONG,
	[NVDLA_A_EVENT_SEQ] = LONG,
	[NVDLA_A_TIME_NS] = LONG,
	[NVDLA_A_ERROR] = WORD,
	[NVDLA_A_JOB] = LONG,
	[NVDLA_A_FAIL_OP] = WORD,
	[NVDLA_A_OP_COUNT] = WORD,
	[NVDLA_A_OLD_CLOCK_HZ] = LONG,
	[NVDLA_A_TEMPERATURE] = SIGNED,
	[NVDLA_A_LIMIT] = SIGNED,
	[NVDLA_A_MEMORY] = WORD,
	[NVDLA_A_SIZE] = LONG,
};

int family_open(struct family *family)
{
	int ret;

	*family = (struct family){ .sock = nl_socket_alloc() };
	if (!family->sock)
		return -NLE_NOMEM;
	ret = genl_connect(family->sock);
	if (!ret)
		ret = genl_ctrl_resolve(family->sock, NVDLA_FAMILY_NAME);
	if (ret < 0) {
		family_close(family);
		return ret;
	}
	family->number = ret;

	return 0;
}

void family_close(struct family *family)
{
	nl_socket_free(family->sock);
	*family = (struct family){ 0 };
}

int family_ask(struct family *family, int cmd, int flags, long device, long context)
{
	struct nl_msg *message = nlmsg_alloc();
	int ret = -NLE_NOMEM;

	if (!message)
		return ret;
	if (genlmsg_put(message, NL_AUTO_PORT, NL_AUTO_SEQ, family->number, 0, flags, cmd,
			NVDLA_FAMILY_VERSION))
		ret = 0;
	if (!ret && device != FAMILY_ANY)
		ret = nla_put_u32(message, NVDLA_A_DEV_INDEX, (uint32_t)device);
	if (!ret && context != FAMILY_ANY)
		ret = nla_put_u32(message, NVDLA_A_CTX_ID, (uint32_t)context);
	if (!ret)
		ret = nl_send_auto(family->sock, message);
	nlmsg_free(message);
	if (ret >= 0)
		ret = nl_recvmsgs_default(family->sock);
	/* A single answer is followed by its acknowledgement. */
	if (ret >= 0 && !(flags & NLM_F_DUMP))
		ret = nl_wait_for_ack(family->sock);

	return ret < 0 ? ret : 0;
}

int family_parse(const struct family *family, struct nl_msg *message, struct nlattr *attrs[])
{
	struct nlmsghdr *header = nlmsg_hdr(message);

	if (header->nlmsg_type != family->number ||
	    genlmsg_parse(header, 0, attrs, NVDLA_A_MAX, family_policy) < 0)
		return -1;

	return genlmsg_hdr(header)->cmd;
}

void family_copy_text(char *to, size_t size, const struct nlattr *attr)
{
	const char *from = nla_data(attr);
	size_t i;

	for (i = 0; i + 1 < size && from[i]; i++)
		to[i] = from[i] >= ' ' && from[i] <= '~' ? from[i] : '?';
	to[i] = '\0';
}

const char *family_core_state(uint32_t state)
{
	static const char *const names[] = {
		[NVDLA_CORE_STATE_IDLE] = "idle",
		[NVDLA_CORE_STATE_BUSY] = "busy",
		[NVDLA_CORE_STATE_OFF] = "off",
		[NVDLA_CORE_STATE_LOST] = "lost",
	};

	return state < sizeof(names) / sizeof(names[0]) ? names[state] : NULL;
}
