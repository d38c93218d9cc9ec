// SPDX-License-Identifier: MIT
/*
 * A compiled model, run on made-up inputs.
 */
#include <errno.h>
#include <stdlib.h>

#include "accel-bench.h"
#include "tools/cli/cli.h"

#define RUNS_LEAST	3
#define RUNS_MOST	100000

static struct accel_session *open_session(struct bench *bench, struct accel_model *model,
					  uint32_t flags)
{
	const struct accel_session_params params = { .size = sizeof(params), .flags = flags };
	struct accel_session *session;
	uint32_t i;

	bench_need(bench->options->model,
		   accel_session_create(model, bench->device, &params, &session));
	for (i = 0; i < accel_model_input_count(model); i++)
		bench_need("input", cli_fill_input(session, model, i, 0));
	/* The first run pays for what later ones find ready. */
	bench_need("run", accel_session_run(session));

	return session;
}

static void measure_time(struct bench *bench, struct accel_model *model)
{
	struct accel_session *session = open_session(bench, model, 0);
	int64_t *times = calloc(RUNS_MOST, sizeof(*times));
	int64_t wanted = (int64_t)(bench->options->seconds * 1e9), start = bench_now_ns(), all;
	uint32_t count = 0;

	bench_need("model", times ? 0 : -ENOMEM);
	do {
		int64_t begin = bench_now_ns();

		bench_need("run", accel_session_run(session));
		times[count++] = bench_now_ns() - begin;
		all = bench_now_ns() - start;
		cli_progress("model", all < wanted ? (uint64_t)all / 1000000 : 0,
			     (uint64_t)wanted / 1000000 + 1);
	} while ((all < wanted || count < RUNS_LEAST) && count < RUNS_MOST);
	bench_figure("ms", bench_median(times, count) / 1e6, "model.run");
	bench_figure("ms", bench_percentile(times, count, 99) / 1e6, "model.run_p99");
	bench_figure("runs/s", (double)count * 1e9 / (double)all, "model.runs_per_second");
	free(times);
	accel_session_destroy(session);
}

/* Where the time goes, from one profiled run. */
static void measure_parts(struct bench *bench, struct accel_model *model)
{
	struct accel_session *session = open_session(bench, model, ACCEL_SESSION_PROFILE);
	int count = accel_session_profile(session, NULL, 0), i;
	struct accel_layer_profile *layers;
	uint64_t npu_ns = 0, cycles = 0, cpu_ns = 0;

	bench_need("profile", count < 0 ? count : 0);
	layers = calloc((size_t)count + 1, sizeof(*layers));
	bench_need("profile", layers ? 0 : -ENOMEM);
	count = accel_session_profile(session, layers, (uint32_t)count);
	bench_need("profile", count < 0 ? count : 0);
	for (i = 0; i < count; i++)
		cpu_ns += layers[i].on_npu ? 0 : layers[i].ns;
	bench_need("profile", accel_session_npu_time(session, &npu_ns, &cycles));
	bench_figure("cycles", (double)cycles, "model.npu_cycles");
	bench_figure("ms", (double)npu_ns / 1e6, "model.npu");
	bench_figure("ms", (double)cpu_ns / 1e6, "model.cpu");
	free(layers);
	accel_session_destroy(session);
}

void bench_model(struct bench *bench)
{
	struct accel_model *model;

	bench_need(bench->options->model, accel_model_load(bench->options->model, &model));
	measure_time(bench, model);
	measure_parts(bench, model);
	accel_model_unref(model);
}
