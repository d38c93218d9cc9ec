// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hangs, faults and removal. While a core has jobs, a watchdog looks at it ten
 * times a second: it picks up interrupts that got lost, and gives a job more
 * time for as long as operations end or units go on to their next group. A job
 * without progress for its context's timeout is ended with an error, its
 * context is guilty and runs no more; the jobs behind it start anew.
 *
 * A core that cannot be reset is lost. What has not begun there goes to other
 * cores, and so does what its scheduler still sends: contexts leave that
 * scheduler only when they submit with an empty queue. The scheduler stays
 * ready, for arming a job of an entity without a ready one is an oops.
 */
#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_print.h>
#include <linux/io.h>

#include "nvdla_drv.h"
#include "nvdla_netlink.h"
#include "nvdla_trace.h"

#define LOOK_INTERVAL	(HZ / 10UL)

static unsigned long look_after(const struct nvdla_job *job)
{
	return min(job->ctx->timeout, LOOK_INTERVAL);
}

/* A job became the first of its core. */
void nvdla_watchdog_arm(struct nvdla_core *core, const struct nvdla_job *job)
{
	lockdep_assert_held(&core->lock);
	core->last_progress = core->progress;
	core->deadline = jiffies + job->ctx->timeout;
	mod_delayed_work(core->wq, &core->watchdog, look_after(job));
}

static void blame(struct nvdla_job *job, int error)
{
	struct nvdla_ctx *ctx = job->ctx;

	ctx->fail_op = job->first;
	ctx->fail_errno = -error;
	WRITE_ONCE(ctx->guilty, true);
}

static bool device_vanished(struct nvdla_core *core)
{
	/* A version that is all ones does not exist. */
	return readl(core->csb + core->nvdla->config->base[NVDLA_GLB] + GLB_S_NVDLA_HW_VERSION) ==
	       ~0U;
}

static size_t count_jobs(struct nvdla_core *core)
{
	guard(spinlock_irqsave)(&core->lock);
	return list_count_nodes(&core->jobs);
}

/* Of the cores that a context may use and that work, the one with the fewest jobs. */
static struct nvdla_core *choose_stand_in(const struct nvdla_ctx *ctx)
{
	struct nvdla_device *nvdla = ctx->file->nvdla;
	struct nvdla_core *best = NULL;
	size_t fewest = SIZE_MAX;
	unsigned int i;

	for (i = 0; i < nvdla->core_count; i++) {
		struct nvdla_core *core = &nvdla->cores[i];
		size_t count = count_jobs(core);

		/* A device that has vanished need not be found out core by core. */
		if (ctx->core_mask & BIT(i) && !core->gone && count < fewest &&
		    !device_vanished(core)) {
			best = core;
			fewest = count;
		}
	}
	return best;
}

static int move_job(struct nvdla_job *job)
{
	struct nvdla_ctx *ctx = job->ctx;

	lockdep_assert_held(&job->nvdla->move_lock);
	/* All of a context go to the same core, so that they keep their order. */
	if (!ctx->stand_in || ctx->stand_in->gone)
		ctx->stand_in = choose_stand_in(ctx);
	return ctx->stand_in ? nvdla_seq_push(ctx->stand_in, job) : -ENODEV;
}

/*
 * The core of a job's scheduler is lost: give it to another one. -ENODEV if
 * there is none. Waits until what the lost core had has been moved, so that it
 * comes behind that.
 */
int nvdla_core_send_elsewhere(struct nvdla_job *job)
{
	guard(mutex)(&job->nvdla->move_lock);
	return move_job(job);
}

/*
 * A core will not work again, or goes with its device. Jobs that had begun end
 * with @error, others run elsewhere or, if they cannot, end with -ENODEV.
 */
void nvdla_core_give_up(struct nvdla_core *core, int error)
{
	struct nvdla_device *nvdla = core->nvdla;
	bool unplugged = drm_dev_is_unplugged(&nvdla->drm);
	struct nvdla_job *job, *next;
	LIST_HEAD(jobs);
	int ret;

	guard(mutex)(&nvdla->move_lock);
	scoped_guard(mutex, &core->program_lock) {
		guard(spinlock_irqsave)(&core->lock);
		core->gone = true;
		list_splice_init(&core->jobs, &jobs);
	}
	WRITE_ONCE(nvdla->lost, nvdla->lost | BIT(core->index));

	list_for_each_entry_safe(job, next, &jobs, link) {
		list_del_init(&job->link);
		if (job->started || unplugged) {
			job->stranded = job->started && core->running_wild;
			nvdla_job_end(job, error);
			continue;
		}
		nvdla_seq_rewind(job);
		ret = move_job(job);
		if (ret)
			nvdla_job_end(job, ret);
	}
}

/*
 * The device is removed: stop a core before its jobs end, since their buffers
 * may be given to others then.
 */
void nvdla_core_stop(struct nvdla_core *core)
{
	guard(mutex)(&core->program_lock);
	if (core->ready && !core->gone && count_jobs(core) && !device_vanished(core))
		core->running_wild = core->nvdla->glue->reset_core(core->nvdla, core->index);
	core->ready = false;
}

/* Reset a core, end its first job with @error. Returns with the core working or lost. */
static int recover(struct nvdla_core *core, struct nvdla_job *bad, int error)
{
	struct nvdla_device *nvdla = core->nvdla;
	struct nvdla_job *job, *next;
	struct nvdla_report *report;
	LIST_HEAD(cancelled);
	unsigned long flags;
	int ret;

	lockdep_assert_held(&core->program_lock);
	drm_err(&nvdla->drm, "core %u: job %llu %s at operation %u of %u\n", core->index, bad->id,
		error == -ETIME ? "hangs" : "faulted", bad->first, bad->program->op_count);
	nvdla_netlink_hang(core, bad, error);
	report = nvdla_report_new(core, bad, error);

	spin_lock_irqsave(&core->lock, flags);
	core->ready = false;
	spin_unlock_irqrestore(&core->lock, flags);
	nvdla_hw_silence(core);
	if (core->irq >= 0)
		synchronize_hardirq(core->irq);

	ret = nvdla->glue->reset_core(nvdla, core->index);
	core->resets++;
	core->hangs++;
	trace_nvdla_core_reset(core, error);
	if (!ret)
		nvdla_hw_setup(core);
	core->running_wild = ret;
	bad->stranded = ret;

	blame(bad, error);
	spin_lock_irqsave(&core->lock, flags);
	list_del_init(&bad->link);
	/* What the guilty context has queued behind must not run either. */
	list_for_each_entry_safe(job, next, &core->jobs, link) {
		if (job->ctx == bad->ctx)
			list_move_tail(&job->link, &cancelled);
		else
			job->ctx->reset = true;
	}
	nvdla_seq_reset(core);
	core->error = 0;
	core->ready = !ret;
	job = list_first_entry_or_null(&core->jobs, struct nvdla_job, link);
	if (job) {
		job->start = ktime_get();
		nvdla_watchdog_arm(core, job);
	}
	spin_unlock_irqrestore(&core->lock, flags);

	nvdla_netlink_reset(core, bad, ret);
	nvdla_job_end(bad, error);
	list_for_each_entry_safe(job, next, &cancelled, link) {
		list_del_init(&job->link);
		nvdla_job_end(job, -ECANCELED);
	}
	nvdla_report_send(report);
	return ret;
}

/* Consumer pointers and states of all units, folded into a number. */
static u64 unit_pointers(struct nvdla_core *core)
{
	const struct nvdla_config *config = core->nvdla->config;
	unsigned int unit;
	u64 sum = 0;

	for (unit = 0; unit < NVDLA_UNITS; unit++) {
		if (config->base[unit] == NVDLA_NO_UNIT ||
		    nvdla_units[unit].first_grouped >= NVDLA_WINDOW_SIZE)
			continue;
		sum = sum << 4 | FIELD_GET(CDMA_S_POINTER_CONSUMER,
					   readl(core->csb + config->base[unit] + NVDLA_S_POINTER));
		sum ^= readl(core->csb + config->base[unit] + NVDLA_S_STATUS) << 1;
	}

	return sum;
}

/* Look for lost interrupts and for progress. True: the first job must end with @error. */
static bool look(struct nvdla_core *core, struct nvdla_job **bad, int *error)
{
	struct nvdla_device *nvdla = core->nvdla;
	u64 pointers = unit_pointers(core);
	struct nvdla_job *job;
	LIST_HEAD(ended);
	unsigned long flags;
	bool hung = false;
	u32 status;

	*error = nvdla->glue->core_error ? nvdla->glue->core_error(nvdla, core->index) : 0;
	spin_lock_irqsave(&core->lock, flags);
	status = nvdla_hw_status(core);
	if (status && status != ~0U && nvdla_seq_done(core, status, ktime_get(), &ended))
		core->missed++;
	job = list_first_entry_or_null(&core->jobs, struct nvdla_job, link);
	if (!job) {
		*bad = NULL;
	} else if (*error) {
		core->error = *error;
		hung = true;
	} else if (core->progress != core->last_progress || pointers != core->last_pointers) {
		core->last_progress = core->progress;
		core->deadline = jiffies + job->ctx->timeout;
	} else if (time_after_eq(jiffies, core->deadline)) {
		*error = -ETIME;
		core->error = *error;
		hung = true;
	}
	core->last_pointers = pointers;
	if (job && !hung)
		mod_delayed_work(core->wq, &core->watchdog, look_after(job));
	*bad = job;
	spin_unlock_irqrestore(&core->lock, flags);

	nvdla_seq_end_jobs(&ended);
	return hung;
}

void nvdla_watchdog(struct work_struct *work)
{
	struct nvdla_core *core = container_of(to_delayed_work(work), struct nvdla_core, watchdog);
	struct nvdla_job *bad = NULL;
	int error = 0, index;
	bool lost = false;

	if (!drm_dev_enter(&core->nvdla->drm, &index))
		return;
	mutex_lock(&core->program_lock);
	if (!core->ready || core->gone) {
		mutex_unlock(&core->program_lock);
		drm_dev_exit(index);
		return;
	}
	if (device_vanished(core)) {
		lost = true;
		error = -ENODEV;
	} else if (look(core, &bad, &error)) {
		lost = recover(core, bad, error);
		error = -EIO;
	}
	mutex_unlock(&core->program_lock);

	if (lost) {
		drm_err(&core->nvdla->drm, "core %u is lost\n", core->index);
		nvdla_netlink_wedged(core, error);
		nvdla_core_give_up(core, error);
	} else {
		nvdla_seq_fill(core);
	}
	drm_dev_exit(index);
}
