// SPDX-License-Identifier: MIT
/*
 * Single jobs, many jobs on one and more cores, and rows of operations in a job.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "accel-bench.h"
#include "tools/cli/cli.h"
#include "tools/workbench/workbench.h"

#define IN_FLIGHT	8	/* jobs of each thread that are queued or run */
#define CHAIN		48	/* operations in a row */
#define CHAIN_ROUNDS	30
#define TIMEOUT_NS	INT64_C(60000000000)

static void open_test(struct bench *bench, const struct engine_test *test, uint32_t core_mask,
		      struct workbench *work)
{
	struct builder builder;

	builder_init(&builder, bench->config);
	test->append(&builder);
	bench_need(test->name, workbench_open(bench->device, core_mask, &builder, work));
	builder_fini(&builder);
	test->prepare(bench->config, 1, work->maps);
	bench_need(test->name, workbench_give(work));
}

/* What ran fast but wrong was not measured. */
static void close_test(struct bench *bench, const struct engine_test *test,
		       struct workbench *work)
{
	bench_need(test->name, workbench_take(work));
	if (test->wrong(bench->config, 1, work->maps)) {
		fprintf(stderr, "accel-bench: %s: the answer is wrong; accel-test tells more\n",
			test->name);
		exit(EXIT_FAILURE);
	}
	workbench_close(work);
}

static void run(struct workbench *work, uint32_t flags)
{
	struct accel_fence *fence;

	bench_need("submit", accel_job_submit(work->job, work->context, flags, NULL, 0, &fence));
	bench_need("job", accel_fence_wait(fence, TIMEOUT_NS));
	accel_fence_unref(fence);
}

static void latency_of(struct bench *bench, const struct engine_test *test, const char *name)
{
	uint32_t rounds = bench->options->rounds, i;
	int64_t *total = calloc(rounds, sizeof(*total)), *device = calloc(rounds, sizeof(*device));
	int64_t *rest = calloc(rounds, sizeof(*rest));
	struct accel_op_profile profile;
	struct workbench work;
	int got;

	if (!total || !device || !rest)
		bench_need("latency", -ENOMEM);
	open_test(bench, test, 1, &work);
	run(&work, 0);
	for (i = 0; i < rounds; i++) {
		int64_t start = bench_now_ns();

		run(&work, 0);
		total[i] = bench_now_ns() - start;
		cli_progress("latency", i, 2 * (uint64_t)rounds);
	}
	for (i = 0; i < rounds; i++) {
		int64_t start = bench_now_ns();

		run(&work, ACCEL_JOB_PROFILE);
		rest[i] = bench_now_ns() - start;
		got = accel_job_profile(work.job, &profile, 1);
		bench_need("profile", got < 0 ? got : 0);
		device[i] = (int64_t)(profile.end_ns - profile.start_ns);
		rest[i] -= device[i];
		cli_progress("latency", (uint64_t)rounds + i, 2 * (uint64_t)rounds);
	}
	bench_figure("us", bench_median(total, rounds) / 1e3, "driver.submit_to_fence_%s", name);
	bench_figure("us", bench_percentile(total, rounds, 99) / 1e3,
		     "driver.submit_to_fence_%s_p99", name);
	bench_figure("us", bench_median(device, rounds) / 1e3, "driver.submit_to_fence_%s_device",
		     name);
	/* The simulator's own time is modelled: nothing to take off the time that passed. */
	if (bench->info.backend == ACCEL_BACKEND_DRM)
		bench_figure("us", bench_median(rest, rounds) / 1e3,
			     "driver.submit_to_fence_%s_driver", name);
	close_test(bench, test, &work);
	free(total);
	free(device);
	free(rest);
}

/* Time from submit to fence of a row of equal operations, the shortest of several. */
static double row_us(struct bench *bench, uint32_t count, bool wait)
{
	struct workbench work;
	struct builder builder;
	int64_t best = INT64_MAX;
	uint32_t i;

	builder_init(&builder, bench->config);
	for (i = 0; i < count; i++) {
		sdp_engine_test.append(&builder);
		if (i && wait)
			builder_dep(&builder, i - 1);
	}
	bench_need("row", workbench_open(bench->device, 1, &builder, &work));
	builder_fini(&builder);
	sdp_engine_test.prepare(bench->config, 1, work.maps);
	bench_need("row", workbench_give(&work));
	for (i = 0; i < CHAIN_ROUNDS; i++) {
		int64_t start = bench_now_ns(), passed;

		run(&work, 0);
		passed = bench_now_ns() - start;
		best = passed < best ? passed : best;
	}
	close_test(bench, &sdp_engine_test, &work);

	return (double)best / 1e3;
}

/* What one more operation costs; with or without waiting for the one before. */
static double period_us(struct bench *bench, bool wait)
{
	return (row_us(bench, CHAIN, wait) - row_us(bench, 1, wait)) / (CHAIN - 1);
}

void bench_latency(struct bench *bench)
{
	double overlapped, chained;

	latency_of(bench, &sdp_engine_test, "sdp");
	latency_of(bench, &conv_engine_test, "conv");
	overlapped = period_us(bench, false);
	chained = period_us(bench, true);
	bench_figure("us", overlapped, "driver.op_period_two_groups");
	bench_figure("us", chained, "driver.op_period_waiting");
	bench_figure("us", chained - overlapped, "driver.op_gap_saved_by_two_groups");
}

/**
 * struct runner - a thread that keeps one core busy
 * @bench: whose device
 * @thread: the thread
 * @start: passed by all at the same time
 * @core: the core
 * @seconds: how long
 * @jobs: jobs that ended in time
 */
struct runner {
	struct bench *bench;
	pthread_t thread;
	pthread_barrier_t *start;
	uint32_t core;
	double seconds;
	uint64_t jobs;
};

static void *run_jobs(void *data)
{
	struct runner *runner = data;
	struct accel_fence *fences[IN_FLIGHT];
	struct workbench work;
	unsigned int i;
	int64_t end;

	open_test(runner->bench, &conv_engine_test, UINT32_C(1) << runner->core, &work);
	pthread_barrier_wait(runner->start);
	end = bench_now_ns() + (int64_t)(runner->seconds * 1e9);
	for (i = 0; i < IN_FLIGHT; i++)
		bench_need("submit", accel_job_submit(work.job, work.context,
						      ACCEL_JOB_NO_IMPLICIT, NULL, 0,
						      &fences[i]));
	for (i = 0; bench_now_ns() < end; i = (i + 1) % IN_FLIGHT) {
		bench_need("job", accel_fence_wait(fences[i], TIMEOUT_NS));
		accel_fence_unref(fences[i]);
		runner->jobs++;
		bench_need("submit", accel_job_submit(work.job, work.context,
						      ACCEL_JOB_NO_IMPLICIT, NULL, 0,
						      &fences[i]));
	}
	for (i = 0; i < IN_FLIGHT; i++) {
		bench_need("job", accel_fence_wait(fences[i], TIMEOUT_NS));
		accel_fence_unref(fences[i]);
	}
	close_test(runner->bench, &conv_engine_test, &work);

	return NULL;
}

static void throughput(struct bench *bench, uint32_t cores)
{
	struct runner *runners = calloc(cores, sizeof(*runners));
	pthread_barrier_t start;
	uint64_t jobs = 0;
	uint32_t i;

	bench_need("throughput", runners ? -pthread_barrier_init(&start, NULL, cores) : -ENOMEM);
	for (i = 0; i < cores; i++) {
		runners[i] = (struct runner){
			.bench = bench, .start = &start, .core = i,
			.seconds = bench->options->seconds,
		};
		bench_need("thread", -pthread_create(&runners[i].thread, NULL, run_jobs,
						     &runners[i]));
	}
	for (i = 0; i < cores; i++) {
		pthread_join(runners[i].thread, NULL);
		jobs += runners[i].jobs;
	}
	pthread_barrier_destroy(&start);
	free(runners);
	bench_figure("jobs/s", (double)jobs / bench->options->seconds,
		     "driver.jobs_per_second_%u_cores", cores);
}

/* One core, twice as many each time, and all of them. */
void bench_cores(struct bench *bench)
{
	uint32_t all = bench->info.cores < 32 ? bench->info.cores : 32, cores;

	for (cores = 1; cores < all; cores *= 2) {
		cli_progress("cores", cores, all + 1);
		throughput(bench, cores);
	}
	cli_progress("cores", all, all + 1);
	throughput(bench, all);
}
