// SPDX-License-Identifier: MIT
/*
 * Random quantised graphs, compiled whole: the simulator and the CPU kernels
 * must give the same bytes, and both what the graph's own integer kernels give,
 * but for a few steps: those round to 8 bits between fused operations.
 * test_graph [GRAPHS [SEED [FOLDER]]]: a folder that exists gets the artefacts, and
 * a folder per graph and configuration with the scripts of what the cores did.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include <accel/model.h>

#include "kmod/hw/nvdla_config.h"
#include "libaccel/compile/compile.h"
#include "libaccel/compile/lower.h"
#include "libaccel/run/graph_exec.h"
#include "random_graph.h"
#include "random_op.h"

static unsigned int graphs = 200;
static uint64_t seed = 1;
static const char *folder;

static const char *const configs[] = {
	"nv_small", "nv_small_256_full", "nv_medium_512", "nv_large",
};

#define CONFIGS	(sizeof(configs) / sizeof(configs[0]))

static void run_on(const char *device_name, struct accel_model *model, const char *config,
		   const struct graph *g, const int8_t *input, int8_t *outputs[2])
{
	struct accel_session_params params = { .size = sizeof(params), .config = config };
	struct accel_device *device;
	struct accel_session *session;
	void *data;
	uint32_t i;

	if (accel_open(device_name, &device) ||
	    accel_session_create(model, device, &params, &session))
		fail_msg("%s: %s", device_name, accel_error_text());
	assert_int_equal(accel_session_input(session, 0, &data), 0);
	memcpy(data, input, graph_bytes(&g->tensors[g->inputs[0]]));
	if (accel_session_run(session))
		fail_msg("%s: %s", device_name, accel_error_text());
	for (i = 0; i < g->num_outputs; i++) {
		const void *result;

		assert_int_equal(accel_session_output(session, i, &result), 0);
		memcpy(outputs[i], result, graph_bytes(&g->tensors[g->outputs[i]]));
	}
	accel_session_destroy(session);
	accel_close(device);
}

static void compare(const struct graph *g, const struct graph_exec *exec, int8_t *const cpu[2],
		    int8_t *const sim[2], const char *config, bool exact, unsigned int n)
{
	uint32_t i;
	uint64_t j, count;

	for (i = 0; i < g->num_outputs; i++) {
		const int8_t *want = graph_exec_data(exec, g->outputs[i]);
		double sum = 0;

		count = graph_elements(&g->tensors[g->outputs[i]]);
		if (memcmp(cpu[i], sim[i], count)) {
			graph_print(g, stderr);
			fail_msg("graph %u, output %u: %s and the CPU differ", n, i, config);
		}
		for (j = 0; j < count; j++) {
			int off = abs(want[j] - sim[i][j]);

			sum += off;
			/* By themselves they round once, with 16 bits. */
			if (g->num_ops == 1 && off > 1) {
				graph_print(g, stderr);
				fail_msg("graph %u on %s: element %lu is %d instead of %d", n,
					 config, (unsigned long)j, sim[i][j], want[j]);
			}
		}
		/*
		 * Steps pass through the layers behind and grow there, and more of
		 * them where what is between fused operations need not be in range.
		 */
		if (sum / count > (exact ? 4 : 16)) {
			graph_print(g, stderr);
			fail_msg("graph %u, output %u on %s: %.2f steps off on average", n, i,
				 config, sum / count);
		}
	}
}

/* By kind of operation: how many there were, and how many on the NPU. */
static unsigned int seen[GRAPH_KINDS], on_npu[GRAPH_KINDS];
/* Poolings on the fly behind a convolution. */
static unsigned int flying;
/* Convolutions that found their data in CBUF. */
static unsigned int sharing;
/*
 * Those whose taps are channels or that SDP does alone, and time steps that were
 * written where they belong.
 */
static unsigned int unrolled, scaled, steps;

/* Does the NPU see a convolution of the graph with another window? */
static bool is_unrolled(const struct graph *g, const struct npu_op *op)
{
	const struct graph_op *of = &g->ops[op->layer];

	return op->kind == NPU_CONV && of->kind == GRAPH_CONV && op->conv.kernel_h == 1 &&
	       op->conv.kernel_w == 1 && op->in.width == 1 && op->in.height == 1 &&
	       of->params.conv.window.kernel_h * of->params.conv.window.kernel_w > 1;
}

static void count_places(const struct graph *g, const char *config,
			 const struct lower_options *options)
{
	struct lower *lower;
	uint32_t i;

	assert_int_equal(lower_graph(g, nvdla_config_find(config), options, &lower), 0);
	for (i = 0; i < g->num_ops; i++) {
		seen[g->ops[i].kind]++;
		on_npu[g->ops[i].kind] += lower->notes[i].on_npu;
	}
	for (i = 0; i < lower->op_count; i++)
		flying += lower->ops[i].flies;
	for (i = 0; i < lower->op_count; i++)
		sharing += lower->ops[i].tiling.reuse_data;
	for (i = 0; i < lower->op_count; i++)
		unrolled += is_unrolled(g, &lower->ops[i].op);
	for (i = 0; i < lower->op_count; i++)
		scaled += lower->ops[i].op.kind == NPU_SDP &&
			  g->ops[lower->ops[i].op.layer].kind == GRAPH_CONV &&
			  lower->ops[i].op.sdp.x2.alu == NPU_ALU_SUM;
	for (i = 0; i < g->num_tensors; i++)
		steps += lower->tensors[i].cube_buffer != LOWER_NONE &&
			 lower->tensors[i].cube.height > 1 &&
			 lower->tensors[i].cube.line > lower->tensors[i].cube.surface;
	lower_free(lower);
}

static void write_artefact(const void *data, size_t size, unsigned int n)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/graph-%u.accel", folder, n);
	file = fopen(path, "wbe");
	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static void test_graphs(void **unused)
{
	uint64_t state = seed;
	unsigned int n, i, c;

	(void)unused;
	for (n = 0; n < graphs; n++) {
		const struct lower_options options = { .exact = random_range(&state, 0, 1) };
		int8_t *cpu[2], *sim[2], *input;
		struct graph_exec *exec;
		struct accel_model *model;
		struct graph *g;
		const void *inputs[1];
		size_t size;
		void *data;
		uint64_t j;

		random_graph(&g, &state);
		input = malloc(graph_bytes(&g->tensors[g->inputs[0]]));
		assert_non_null(input);
		for (j = 0; j < graph_bytes(&g->tensors[g->inputs[0]]); j++)
			input[j] = random_next(&state);
		inputs[0] = input;
		assert_int_equal(graph_exec_new(g, true, &exec), 0);
		assert_int_equal(graph_exec_run(exec, inputs, NULL, NULL), 0);
		if (model_compile(g, configs, CONFIGS, &options, 0, &data, &size) ||
		    accel_model_load_memory(data, size, &model))
			fail_msg("graph %u: %s", n, accel_error_text());
		if (folder)
			write_artefact(data, size, n);
		for (i = 0; i < 2; i++) {
			uint32_t t = g->outputs[i < g->num_outputs ? i : 0];

			cpu[i] = malloc(graph_bytes(&g->tensors[t]));
			sim[i] = malloc(graph_bytes(&g->tensors[t]));
			assert_true(cpu[i] && sim[i]);
		}
		for (c = 0; c < CONFIGS; c++) {
			char name[4096];
			int used;

			count_places(g, configs[c], &options);
			/* On-chip memory as planned for, or less than that. */
			used = snprintf(name, sizeof(name), "sim:%s%s", configs[c],
					n % 4 ? "" : ",sram=1024");
			if (folder) {
				snprintf(name + used, sizeof(name) - used, ",record=%s/%s-%u",
					 folder, configs[c], n);
				assert_int_equal(mkdir(strstr(name, "record=") + strlen("record="),
						       0777), 0);
			}
			run_on("cpu", model, configs[c], g, input, cpu);
			run_on(name, model, NULL, g, input, sim);
			compare(g, exec, cpu, sim, configs[c], options.exact, n);
		}
		for (i = 0; i < 2; i++) {
			free(cpu[i]);
			free(sim[i]);
		}
		accel_model_unref(model);
		free(data);
		free(input);
		graph_exec_free(exec);
		graph_free(g);
	}
	print_message("# %u poolings on the fly, %u convolutions share data\n", flying, sharing);
	print_message("# %u convolutions with taps as channels, %u by SDP alone, %u cubes of time "
		      "steps\n", unrolled, scaled, steps);
	assert_true(graphs < 20 || (flying && sharing && unrolled && scaled && steps));
	for (i = 0; i < GRAPH_KINDS; i++) {
		if (!seen[i])
			continue;
		print_message("# %-16s %5u of %5u on the NPU\n", graph_kind_name(i), on_npu[i],
			      seen[i]);
		/* A graph or two prove nothing. */
		if (graphs >= 20 && !on_npu[i])
			fail_msg("no %s ran on the NPU", graph_kind_name(i));
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_graphs) };

	if (argc > 1)
		graphs = strtoul(argv[1], NULL, 0);
	if (argc > 2)
		seed = strtoull(argv[2], NULL, 0);
	if (argc > 3)
		folder = argv[3];
	return cmocka_run_group_tests_name("random graphs", tests, NULL, NULL);
}
