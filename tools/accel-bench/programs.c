// SPDX-License-Identifier: MIT
/*
 * What programs cost when they are uploaded, and slots when jobs are submitted.
 */
#include <errno.h>
#include <stdlib.h>

#include "accel-bench.h"
#include "tools/cli/cli.h"
#include "tools/workbench/workbench.h"

#define CONVOLUTIONS	500
#define UPLOADS		50
#define SUBMITS		100
#define TIMEOUT_NS	INT64_C(60000000000)

static void measure_uploads(struct bench *bench)
{
	int64_t times[UPLOADS];
	struct builder builder;
	uint32_t i;

	builder_init(&builder, bench->config);
	for (i = 0; i < CONVOLUTIONS; i++)
		conv_engine_test.append(&builder);
	for (i = 0; i < UPLOADS; i++) {
		struct accel_program *program;
		int64_t start = bench_now_ns();

		bench_need("program", workbench_program(bench->device, &builder, &program));
		times[i] = bench_now_ns() - start;
		accel_program_unref(program);
		cli_progress("programs", i, UPLOADS);
	}
	bench_figure("ns", bench_median(times, UPLOADS) / builder.reg_count,
		     "driver.program_create_per_register");
	bench_figure("ms", bench_median(times, UPLOADS) / 1e6,
		     "driver.program_create_%u_convolutions", CONVOLUTIONS);
	builder_fini(&builder);
}

/* Time of accel_job_submit() with @count slots, all bound, few of them used. */
static void measure_slots(struct bench *bench, struct workbench *work, uint32_t count)
{
	struct accel_program *program;
	int64_t times[SUBMITS];
	struct builder builder;
	struct accel_job *job;
	uint32_t i;

	builder_init(&builder, bench->config);
	conv_engine_test.append(&builder);
	builder.slot_count = count;
	bench_need("program", workbench_program(bench->device, &builder, &program));
	builder_fini(&builder);
	bench_need("job", accel_job_create(program, &job));
	for (i = 0; i < count; i++)
		bench_need("bind", accel_job_bind(job, i, work->bos[i % work->slots], 0, 0));
	for (i = 0; i < SUBMITS; i++) {
		struct accel_fence *fence;
		int64_t start = bench_now_ns();

		bench_need("submit", accel_job_submit(job, work->context, 0, NULL, 0, &fence));
		times[i] = bench_now_ns() - start;
		bench_need("job", accel_fence_wait(fence, TIMEOUT_NS));
		accel_fence_unref(fence);
	}
	bench_figure("us", bench_median(times, SUBMITS) / 1e3, "driver.submit_%u_binds", count);
	accel_job_destroy(job);
	accel_program_unref(program);
}

void bench_programs(struct bench *bench)
{
	static const uint32_t counts[] = { 4, 16, 64, 256 };
	struct workbench work;
	struct builder builder;
	unsigned int i;

	measure_uploads(bench);
	builder_init(&builder, bench->config);
	conv_engine_test.append(&builder);
	bench_need("work", workbench_open(bench->device, 1, &builder, &work));
	builder_fini(&builder);
	for (i = 0; i < 4; i++)
		measure_slots(bench, &work, counts[i]);
	workbench_close(&work);
}
