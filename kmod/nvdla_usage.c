// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long jobs occupied the cores. Ends of jobs add to counters; who asks adds
 * the jobs under way, so that a job longer than the time between two questions
 * is not missing from one answer and too much for the next.
 */
#include "nvdla_drv.h"
#include "nvdla_power.h"
#include "nvdla_usage.h"

void nvdla_usage_count(const struct nvdla_job *job)
{
	struct nvdla_usage *file = &job->ctx->file->usage[job->core->index];
	s64 ns = ktime_to_ns(ktime_sub(ktime_get(), job->start));

	atomic64_add(ns, &file->busy_ns);
	atomic64_add(nvdla_power_job_done(job->ctx, ns), &file->cycles);
	atomic64_add(ns, &job->ctx->usage.busy_ns);
	atomic64_add(ns, &job->core->usage.busy_ns);
}

/* How long a core's job is under way, if it is of a file and a context; NULL: any. */
static u64 under_way(struct nvdla_core *core, const struct nvdla_file *file,
		     const struct nvdla_ctx *ctx)
{
	struct nvdla_job *job;

	guard(spinlock_irqsave)(&core->lock);
	job = list_first_entry_or_null(&core->jobs, struct nvdla_job, link);
	if (!job || !job->started || (file && job->ctx->file != file) || (ctx && job->ctx != ctx))
		return 0;
	return ktime_to_ns(ktime_sub(ktime_get(), job->start));
}

/* Between leaving its core and being counted a job is missing: stay where we were. */
static u64 show(struct nvdla_usage *usage, u64 ns)
{
	u64 shown = atomic64_read(&usage->shown_ns);

	while (ns > shown && !atomic64_try_cmpxchg(&usage->shown_ns, (s64 *)&shown, ns))
		;
	return max(ns, shown);
}

u64 nvdla_usage_of_core(struct nvdla_core *core)
{
	u64 ns = atomic64_read(&core->usage.busy_ns);

	return show(&core->usage, ns + under_way(core, NULL, NULL));
}

u64 nvdla_usage_of_file(struct nvdla_file *file, struct nvdla_core *core)
{
	struct nvdla_usage *usage = &file->usage[core->index];
	u64 ns = atomic64_read(&usage->busy_ns);

	return show(usage, ns + under_way(core, file, NULL));
}

u64 nvdla_usage_of_ctx(struct nvdla_ctx *ctx)
{
	struct nvdla_device *nvdla = ctx->file->nvdla;
	u64 ns = atomic64_read(&ctx->usage.busy_ns);
	unsigned int i;

	for (i = 0; i < nvdla->core_count; i++)
		ns += under_way(&nvdla->cores[i], NULL, ctx);
	return show(&ctx->usage, ns);
}
