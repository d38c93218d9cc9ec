/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How long jobs occupied the cores: by core, by file and by context.
 */
#ifndef _NVDLA_USAGE_H_
#define _NVDLA_USAGE_H_

#include <linux/atomic.h>
#include <linux/types.h>

struct nvdla_core;
struct nvdla_ctx;
struct nvdla_file;
struct nvdla_job;

/**
 * struct nvdla_usage - what somebody used of one core or more
 * @busy_ns: time that jobs occupied cores, of jobs that have ended
 * @shown_ns: what was told last
 * @cycles: @busy_ns in cycles of the clock of that time, 0 where it is unknown
 */
struct nvdla_usage {
	atomic64_t busy_ns;
	atomic64_t shown_ns;
	atomic64_t cycles;
};

/* A job that its core had started is over: count it. Any context, no locks. */
void nvdla_usage_count(const struct nvdla_job *job);

/*
 * What was used so far in nanoseconds, the jobs under way included: it never goes
 * back. Each takes the locks of cores for a moment, so none may be called with one.
 */
u64 nvdla_usage_of_core(struct nvdla_core *core);
u64 nvdla_usage_of_file(struct nvdla_file *file, struct nvdla_core *core);
u64 nvdla_usage_of_ctx(struct nvdla_ctx *ctx);

#endif /* _NVDLA_USAGE_H_ */
