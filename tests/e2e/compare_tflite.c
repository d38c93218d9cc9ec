// SPDX-License-Identifier: MIT
/*
 * Compare the importer, the reference kernels and the simulated NPU with what
 * run_tflite wrote.
 *
 * usage: compare_tflite MODEL RUNS OUTPUT NUMBER [CONFIG]...
 *
 * Prints a TAP line with test NUMBER: float outputs agree to 80 dB, integer
 * outputs to one step. Tested as imported and behind the passes, and models that
 * come quantised on the simulator of every CONFIG.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <accel/model.h>

#include "libaccel/compile/compile.h"
#include "libaccel/cpu/ref/ref_op_kernels.h"
#include "libaccel/import/import.h"
#include "libaccel/graph/passes.h"
#include "libaccel/run/graph_exec.h"

struct result {
	double signal, noise, snr, largest;
	unsigned long long equal, all;
	bool integers;
};

static void *make_input(const struct graph_tensor *t, int run)
{
	uint64_t bytes = graph_bytes(t);
	unsigned char *data = malloc(bytes + 4);

	for (uint64_t j = 0; data && t->type == GRAPH_F32 && j < bytes / 4; j++)
		((float *)data)[j] = (float)((j * 37 + (uint64_t)run * 11) % 255) / 255.f;
	for (uint64_t j = 0; data && t->type != GRAPH_F32 && j < bytes; j++)
		data[j] = (unsigned char)((j * 37 + (uint64_t)run * 11) % 255);
	return data;
}

/* One run's @outputs. Return: 0, or 1 if OUTPUT is too short. */
static int compare(const void *const *outputs, const struct graph *graph, FILE *file,
		   struct result *result)
{
	int err = 0;

	for (uint32_t i = 0; !err && i < graph->num_outputs; i++) {
		struct graph_tensor t = graph->tensors[graph->outputs[i]];
		uint64_t n = graph_elements(&t);
		float *is = malloc((n + 1) * sizeof(*is)), *should = malloc((n + 1) * sizeof(*should));
		void *data = malloc(graph_bytes(&t) + 1);

		err = !is || !should || !data || fread(data, 1, graph_bytes(&t), file) != graph_bytes(&t);
		result->integers |= t.type != GRAPH_F32;
		t.quant.count = 0;
		if (!err) {
			ref_to_float(&t, data, should);
			ref_to_float(&t, outputs[i], is);
		}
		for (uint64_t j = 0; !err && j < n; j++) {
			double difference = fabs((double)is[j] - should[j]);

			result->signal += (double)should[j] * should[j];
			result->noise += difference * difference;
			result->largest = fmax(result->largest, difference);
			result->equal += difference == 0;
			result->all++;
		}
		free(is);
		free(should);
		free(data);
	}
	result->snr = result->noise > 0 ? 10 * log10(result->signal / result->noise) : INFINITY;
	return err;
}

static int run_reference(struct graph_exec *exec, const struct graph *graph,
			 const void *const *inputs, const void **outputs)
{
	int err = graph_exec_run(exec, inputs, NULL, NULL);

	for (uint32_t i = 0; !err && i < graph->num_outputs; i++)
		outputs[i] = graph_exec_data(exec, graph->outputs[i]);
	return err;
}

static int run_session(struct accel_session *session, const struct graph *graph,
		       const void *const *inputs, const void **outputs)
{
	int err = 0;

	for (uint32_t i = 0; !err && i < graph->num_inputs; i++) {
		void *data;

		err = accel_session_input(session, i, &data);
		if (!err)
			memcpy(data, inputs[i], graph_bytes(&graph->tensors[graph->inputs[i]]));
	}
	if (!err)
		err = accel_session_run(session);
	for (uint32_t i = 0; !err && i < graph->num_outputs; i++)
		err = accel_session_output(session, i, &outputs[i]);
	return err;
}

/* All runs, by @exec or else by @session, against the file @path. */
static int run_all(struct graph_exec *exec, struct accel_session *session,
		   const struct graph *graph, int runs, const char *path, struct result *result)
{
	const void **outputs = calloc(graph->num_outputs + 1, sizeof(*outputs));
	FILE *file = fopen(path, "rbe");
	int err = outputs && file ? 0 : 1;

	for (int run = 0; !err && run < runs; run++) {
		const void **inputs = calloc(graph->num_inputs + 1, sizeof(*inputs));

		for (uint32_t i = 0; inputs && i < graph->num_inputs; i++)
			inputs[i] = make_input(&graph->tensors[graph->inputs[i]], run);
		err = !inputs ? -1 : exec ? run_reference(exec, graph, inputs, outputs) :
		      run_session(session, graph, inputs, outputs);
		for (uint32_t i = 0; inputs && i < graph->num_inputs; i++)
			free((void *)inputs[i]);
		free(inputs);
		if (err)
			printf("# %s\n", accel_error_text());
		else
			err = compare(outputs, graph, file, result);
	}
	if (file)
		fclose(file);
	free(outputs);
	return err;
}

static int run_npu(const struct graph *graph, const char *config, int runs, const char *path,
		   struct result *result)
{
	const struct lower_options options = { .exact = true };
	struct accel_session *session = NULL;
	struct accel_device *device = NULL;
	struct accel_model *model = NULL;
	void *data = NULL;
	char name[64];
	size_t size;
	int err = model_compile(graph, &config, 1, &options, 0, &data, &size);

	snprintf(name, sizeof(name), "sim:%s", config);
	if (!err)
		err = accel_model_load_memory(data, size, &model);
	if (!err)
		err = accel_open(name, &device);
	if (!err)
		err = accel_session_create(model, device, NULL, &session);
	if (err)
		printf("# %s: %s\n", config, accel_error_text());
	else
		err = run_all(NULL, session, graph, runs, path, result);
	accel_session_destroy(session);
	accel_close(device);
	accel_model_unref(model);
	free(data);
	return err;
}

static bool good_enough(const struct result *result)
{
	return result->integers ? result->largest <= 1 : result->snr > 80;
}

int main(int argc, char **argv)
{
	struct result results[2] = { 0 };
	const char *name;
	int err = argc >= 5 ? 0 : 2;

	for (int optimized = 0; !err && optimized < 2; optimized++) {
		struct graph_exec *exec = NULL;
		struct graph *graph = NULL;

		err = graph_import(argv[1], NULL, &graph);
		if (!err && optimized)
			err = graph_optimize(graph);
		if (!err)
			err = graph_exec_new(graph, false, &exec);
		if (err)
			printf("# %s\n", accel_error_text());
		else
			err = run_all(exec, NULL, graph, atoi(argv[2]), argv[3], &results[optimized]);
		if (!err && !good_enough(&results[optimized]))
			err = 1;
		for (int i = 5; !err && optimized && results[optimized].integers && i < argc; i++) {
			struct result npu = { 0 };

			err = run_npu(graph, argv[i], atoi(argv[2]), argv[3], &npu);
			printf("# on %s: largest difference %g, %llu of %llu equal\n", argv[i],
			       npu.largest, npu.equal, npu.all);
			if (!err && !good_enough(&npu))
				err = 1;
		}
		graph_exec_free(exec);
		graph_free(graph);
	}
	if (err == 2)
		return 2;
	name = strrchr(argv[1], '/') ? strrchr(argv[1], '/') + 1 : argv[1];
	printf("%s %s - %s as TensorFlow Lite: %.1f dB, behind the passes %.1f dB, largest difference %g, %llu of %llu equal\n",
	       err ? "not ok" : "ok", argv[4], name, results[0].snr, results[1].snr, results[1].largest,
	       results[1].equal, results[1].all);
	return err != 0;
}
