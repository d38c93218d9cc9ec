// SPDX-License-Identifier: MIT
/*
 * How fast the driver is: time from submit to fence, jobs per second on one and
 * more cores, gaps between operations, cost of programs and of binds. Prints
 * `figure NAME VALUE UNIT` lines.
 *
 * usage: measure-driver   (the node: environment variable NVDLA_NODE, or the first)
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../selftests/node.h"

#define ROUNDS		400	/* single jobs that are timed */
#define BATCH		8	/* jobs in flight per thread */
#define RUN_NS		2000000000LL
#define CHAIN		48	/* operations in a row */

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static void figure(const char *name, double value, const char *unit)
{
	printf("figure driver.%s %.2f %s\n", name, value, unit);
	fflush(stdout);
}

/* A step that must not fail: what cannot be measured must not look measured. */
static void need(const char *what, long ret)
{
	if (!ret)
		return;
	fprintf(stderr, "measure-driver: %s: %s\n", what, ret < 0 ? strerror(-ret) : "wrong");
	exit(1);
}

static int compare(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return left < right ? -1 : left > right;
}

static double median(int64_t *values, unsigned int count)
{
	qsort(values, count, sizeof(values[0]), compare);
	return values[count / 2];
}

static uint32_t perfmon_create(int fd, uint32_t ops)
{
	struct drm_nvdla_perfmon_create create = { .max_ops = ops };

	need("perfmon", node_ioctl(fd, DRM_IOCTL_NVDLA_PERFMON_CREATE, &create));
	return create.handle;
}

static void perfmon_read(int fd, uint32_t handle, struct drm_nvdla_op_profile *values,
			 uint32_t count)
{
	struct drm_nvdla_perfmon_get_values get = {
		.handle = handle,
		.values = ARRAY(values, count),
	};

	need("perfmon values", node_ioctl(fd, DRM_IOCTL_NVDLA_PERFMON_GET_VALUES, &get));
}

/* Submit the job of @work once, as one of an ioctl's jobs. */
static void submit(struct work *work, uint32_t perfmon, uint32_t syncobj)
{
	struct drm_nvdla_sync sync = { .flags = DRM_NVDLA_SYNC_SIGNAL, .handle = syncobj };
	struct drm_nvdla_job job = {
		.program = work->program,
		.flags = perfmon ? DRM_NVDLA_JOB_PROFILE : 0,
		.perfmon = perfmon,
		.binds = ARRAY(work->binds, work->slot_count),
		.syncs = ARRAY(&sync, syncobj ? 1 : 0),
	};
	struct drm_nvdla_submit args = { .ctx = work->ctx, .jobs = ARRAY(&job, 1) };

	need("submit", node_ioctl(work->fd, DRM_IOCTL_NVDLA_SUBMIT, &args));
}

static void measure_latency(int fd, const struct engine_test *test, const char *name)
{
	static int64_t total[ROUNDS], device[ROUNDS];
	struct drm_nvdla_op_profile profile;
	uint32_t syncobj, perfmon;
	struct work work;
	char text[64];
	unsigned int i;

	need("work", work_open(&work, fd, test, 1, 1));
	need("syncobj", syncobj_create(fd, &syncobj));
	perfmon = perfmon_create(fd, 1);
	need("result", work_run(&work));
	for (i = 0; i < ROUNDS; i++) {
		int64_t start = now_ns();

		submit(&work, 0, syncobj);
		need("wait", syncobj_wait(fd, syncobj, LONG));
		total[i] = now_ns() - start;
	}
	for (i = 0; i < ROUNDS; i++) {
		submit(&work, perfmon, syncobj);
		need("wait", syncobj_wait(fd, syncobj, LONG));
		perfmon_read(fd, perfmon, &profile, 1);
		device[i] = profile.end_ns - profile.start_ns;
	}
	snprintf(text, sizeof(text), "submit_to_fence_%s", name);
	figure(text, median(total, ROUNDS) / 1e3, "us");
	snprintf(text, sizeof(text), "submit_to_fence_%s_device", name);
	figure(text, median(device, ROUNDS) / 1e3, "us");
	snprintf(text, sizeof(text), "submit_to_fence_%s_driver", name);
	figure(text, (median(total, ROUNDS) - median(device, ROUNDS)) / 1e3, "us");
	work_close(&work);
}

/**
 * struct runner - a thread that keeps one core busy
 * @core: the core
 * @end: when to stop
 * @jobs: jobs that it ran
 */
struct runner {
	pthread_t thread;
	unsigned int core;
	int64_t end;
	uint64_t jobs;
};

static void *run_jobs(void *data)
{
	struct runner *runner = data;
	uint32_t syncobjs[BATCH];
	struct work work;
	unsigned int i;
	int fd = node_open();

	need("open", fd < 0 ? fd : 0);
	need("work", work_open(&work, fd, &conv_engine_test, runner->core, 1));
	need("context", work_context(&work, DRM_NVDLA_PRIORITY_NORMAL, 1U << runner->core, 0));
	for (i = 0; i < BATCH; i++) {
		need("syncobj", syncobj_create(fd, &syncobjs[i]));
		submit(&work, 0, syncobjs[i]);
	}
	for (i = 0; now_ns() < runner->end; i = (i + 1) % BATCH) {
		need("wait", syncobj_wait(fd, syncobjs[i], LONG));
		runner->jobs++;
		submit(&work, 0, syncobjs[i]);
	}
	for (i = 0; i < BATCH; i++)
		need("wait", syncobj_wait(fd, syncobjs[i], LONG));
	need("result", work_wrong(&work));
	work_close(&work);
	close(fd);
	return NULL;
}

static void measure_cores(const struct drm_nvdla_device_info *info)
{
	unsigned int cores, i;

	for (cores = 1; cores <= info->core_count && cores <= 4; cores *= 2) {
		struct runner runners[4];
		int64_t start = now_ns();
		uint64_t jobs = 0;
		char text[64];

		memset(runners, 0, sizeof(runners));
		for (i = 0; i < cores; i++) {
			runners[i].core = i;
			runners[i].end = start + RUN_NS;
			need("thread", -pthread_create(&runners[i].thread, NULL, run_jobs,
						       &runners[i]));
		}
		for (i = 0; i < cores; i++) {
			pthread_join(runners[i].thread, NULL);
			jobs += runners[i].jobs;
		}
		snprintf(text, sizeof(text), "jobs_per_second_%u_cores", cores);
		figure(text, jobs * 1e9 / RUN_NS, "jobs/s");
	}
}

/* Time from submit to fence of a row of equal operations, the shortest of several. */
static double row_us(int fd, struct work *work, uint32_t syncobj, uint32_t count, bool wait)
{
	struct drm_nvdla_program_create create;
	uint32_t i, own = work->program;
	int64_t best = INT64_MAX;
	struct builder b;

	builder_init(&b, &work->config);
	for (i = 0; i < count; i++) {
		work->test->append(&b);
		if (i && wait)
			builder_dep(&b, i - 1);
	}
	need("program", program_create(fd, &b, work->slots, work->slot_count, &create));
	work->program = create.handle;
	for (i = 0; i < 30; i++) {
		int64_t start = now_ns();

		submit(work, 0, syncobj);
		need("wait", syncobj_wait(fd, syncobj, LONG));
		if (now_ns() - start < best)
			best = now_ns() - start;
	}
	need("result", work_wrong(work));
	program_destroy(fd, create.handle);
	work->program = own;
	builder_fini(&b);
	return best / 1e3;
}

/* What one more operation costs; with or without waiting for the one before. */
static double period_us(int fd, bool wait)
{
	struct work work;
	uint32_t syncobj;
	double us;

	need("work", work_open(&work, fd, &sdp_engine_test, 1, 1));
	need("syncobj", syncobj_create(fd, &syncobj));
	us = (row_us(fd, &work, syncobj, CHAIN, wait) - row_us(fd, &work, syncobj, 1, wait)) /
	     (CHAIN - 1);
	syncobj_destroy(fd, syncobj);
	work_close(&work);
	return us;
}

static void measure_programs(int fd)
{
	struct drm_nvdla_slot_info slots[ENGINE_MAX_SLOTS];
	struct drm_nvdla_program_create create;
	struct drm_nvdla_device_info info;
	struct nvdla_config config;
	static int64_t times[50];
	struct builder b;
	unsigned int i;

	need("query", node_query(fd, &info, &config));
	builder_init(&b, &config);
	for (i = 0; i < 500; i++)
		conv_engine_test.append(&b);
	for (i = 0; i < 50; i++) {
		int64_t start = now_ns();

		memset(slots, 0, sizeof(slots));
		need("program", program_create(fd, &b, slots, b.slot_count, &create));
		times[i] = now_ns() - start;
		program_destroy(fd, create.handle);
	}
	figure("program_create_per_register", median(times, 50) / b.reg_count, "ns");
	figure("program_create_500_convolutions", median(times, 50) / 1e6, "ms");
	builder_fini(&b);
}

/* Submit cost against the number of slots, all bound, one of them used. */
static void measure_binds(int fd)
{
	static const unsigned int counts[] = { 4, 16, 64, 256 };
	static struct drm_nvdla_slot_info slots[256];
	static struct drm_nvdla_bind binds[256];
	static int64_t times[100];
	struct drm_nvdla_program_create create;
	struct builder b;
	struct work work;
	unsigned int i, k;
	uint32_t syncobj;

	need("work", work_open(&work, fd, &conv_engine_test, 1, 1));
	need("syncobj", syncobj_create(fd, &syncobj));
	builder_init(&b, &work.config);
	work.test->append(&b);
	for (k = 0; k < 4; k++) {
		struct drm_nvdla_sync sync = { .flags = DRM_NVDLA_SYNC_SIGNAL, .handle = syncobj };
		struct drm_nvdla_job job = {
			.binds = ARRAY(binds, counts[k]),
			.syncs = ARRAY(&sync, 1),
		};
		struct drm_nvdla_submit args = { .ctx = work.ctx, .jobs = ARRAY(&job, 1) };
		char text[64];

		memset(slots, 0, sizeof(slots));
		need("program", program_create(fd, &b, slots, counts[k], &create));
		job.program = create.handle;
		for (i = 0; i < counts[k]; i++)
			binds[i] = work.binds[i % work.slot_count];
		for (i = 0; i < 100; i++) {
			int64_t start = now_ns();

			need("submit", node_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &args));
			times[i] = now_ns() - start;
			need("wait", syncobj_wait(fd, syncobj, LONG));
		}
		snprintf(text, sizeof(text), "submit_%u_binds", counts[k]);
		figure(text, median(times, 100) / 1e3, "us");
		program_destroy(fd, create.handle);
	}
	builder_fini(&b);
	work_close(&work);
}

int main(void)
{
	struct drm_nvdla_device_info info;
	struct nvdla_config config;
	double overlapped, chained;
	int fd = node_open();

	need("open", fd < 0 ? fd : 0);
	need("query", node_query(fd, &info, &config));
	printf("# %s: %s, %u cores\n", node_path(), info.name, info.core_count);
	measure_latency(fd, &sdp_engine_test, "sdp");
	measure_latency(fd, &conv_engine_test, "conv");
	measure_cores(&info);
	overlapped = period_us(fd, false);
	chained = period_us(fd, true);
	figure("op_period_two_groups", overlapped, "us");
	figure("op_period_waiting", chained, "us");
	figure("op_gap_saved_by_two_groups", chained - overlapped, "us");
	measure_programs(fd);
	measure_binds(fd);
	return 0;
}
