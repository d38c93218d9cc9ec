// SPDX-License-Identifier: MIT
/*
 * The graph, its storage and checks, passes, quantiser.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <accel/accel.h>

#include "libaccel/import/import.h"
#include "libaccel/import/import_build.h"
#include "libaccel/graph/passes.h"
#include "libaccel/quant/quant_state.h"
#include "libaccel/run/graph_exec.h"

static float noise(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return (float)(*state >> 8) / (1 << 23) - 1;
}

static uint32_t ok(int id)
{
	if (id < 0)
		fail_msg("%s", accel_error_text());
	return (uint32_t)id;
}

static uint32_t random_const(struct graph *graph, uint32_t rank, const uint32_t *dims,
			     uint32_t *state)
{
	uint64_t n = 1;
	float *values;
	uint32_t id;

	for (uint32_t i = 0; i < rank; i++)
		n *= dims[i];
	values = malloc(n * sizeof(*values));
	assert_non_null(values);
	for (uint64_t i = 0; i < n; i++)
		values[i] = noise(state);
	id = ok(graph_add_const(graph, NULL, GRAPH_F32, rank, dims, values));
	free(values);
	return id;
}

static void set_ends(struct graph *graph, uint32_t input, uint32_t output)
{
	graph->inputs = malloc(sizeof(*graph->inputs));
	graph->outputs = malloc(sizeof(*graph->outputs));
	assert_true(graph->inputs && graph->outputs);
	graph->inputs[0] = input;
	graph->outputs[0] = output;
	graph->num_inputs = graph->num_outputs = 1;
}

/*
 * NCHW input, transpose, zero padding, convolution, batch normalisation behind
 * transposes, clamp, depthwise convolution, global mean, flatten, fully
 * connected.
 */
static struct graph *make_network(void)
{
	static const uint32_t to_nhwc[] = { 0, 2, 3, 1 }, to_nchw[] = { 0, 3, 1, 2 };
	const uint32_t in[] = { 1, 3, 12, 10 }, w1[] = { 8, 3, 3, 3 }, w2[] = { 8, 3, 3, 1 };
	const uint32_t c8[] = { 8 }, w3[] = { 5, 8 }, flat[] = { 1, 8 }, c5[] = { 5 };
	union graph_params params = { 0 };
	uint32_t state = 1, inputs[5], x, input;
	float positive[8];
	struct graph *graph;

	assert_int_equal(graph_new("network", &graph), 0);
	input = x = ok(graph_add_tensor(graph, "in", GRAPH_F32, 4, in));
	x = ok(build_transpose(graph, x, GRAPH_NONE, to_nhwc));
	for (int i = 1; i < 3; i++)
		params.pad.before[i] = params.pad.after[i] = 1;
	x = ok(build_op(graph, GRAPH_PAD, NULL, 1, &x, GRAPH_NONE, &params));
	memset(&params, 0, sizeof(params));
	params.conv.window = (struct graph_window){ 3, 3, 1, 1, 1, 1, 0, 0, 0, 0 };
	params.conv.groups = 1;
	inputs[0] = x;
	inputs[1] = random_const(graph, 4, w1, &state);
	inputs[2] = random_const(graph, 1, c8, &state);
	x = ok(build_op(graph, GRAPH_CONV, "first", 3, inputs, GRAPH_NONE, &params));
	x = ok(build_transpose(graph, x, GRAPH_NONE, to_nchw));
	x = ok(build_transpose(graph, x, GRAPH_NONE, to_nhwc));
	inputs[0] = x;
	for (int i = 1; i < 4; i++)
		inputs[i] = random_const(graph, 1, c8, &state);
	for (int i = 0; i < 8; i++)
		positive[i] = 0.5f + (float)i / 8;
	inputs[4] = ok(graph_add_const(graph, NULL, GRAPH_F32, 1, c8, positive));
	memset(&params, 0, sizeof(params));
	params.norm.epsilon = 1e-5f;
	x = ok(build_op(graph, GRAPH_BATCH_NORM, NULL, 5, inputs, GRAPH_NONE, &params));
	x = ok(build_op_act(graph, GRAPH_CLIP, NULL, 1, &x, GRAPH_NONE, NULL, 0, 6));
	memset(&params, 0, sizeof(params));
	params.conv.window = (struct graph_window){ 3, 3, 2, 2, 1, 1, 1, 1, 1, 1 };
	params.conv.groups = 8;
	inputs[0] = x;
	inputs[1] = random_const(graph, 4, w2, &state);
	x = ok(build_op(graph, GRAPH_CONV, "second", 2, inputs, GRAPH_NONE, &params));
	memset(&params, 0, sizeof(params));
	params.reduce.axes = 6;
	params.reduce.keep = 1;
	x = ok(build_op(graph, GRAPH_REDUCE, "mean", 1, &x, GRAPH_NONE, &params));
	x = ok(build_reshape(graph, x, GRAPH_NONE, 2, flat));
	inputs[0] = x;
	inputs[1] = random_const(graph, 2, w3, &state);
	inputs[2] = random_const(graph, 1, c5, &state);
	x = ok(build_op(graph, GRAPH_FULLY_CONNECTED, "last", 3, inputs, GRAPH_NONE, NULL));
	set_ends(graph, input, x);
	if (graph_check(graph))
		fail_msg("%s", accel_error_text());
	return graph;
}

static void run(const struct graph *graph, const void *input, float *out, size_t n)
{
	struct graph_exec *exec;

	assert_int_equal(graph_exec_new(graph, false, &exec), 0);
	assert_int_equal(graph_exec_run(exec, &input, NULL, NULL), 0);
	memcpy(out, graph_exec_data(exec, graph->outputs[0]), n * sizeof(*out));
	graph_exec_free(exec);
}

static void fill(float *values, size_t n, uint32_t seed)
{
	for (size_t i = 0; i < n; i++)
		values[i] = noise(&seed);
}

static uint32_t count(const struct graph *graph, enum graph_kind kind)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < graph->num_ops; i++)
		n += graph->ops[i].kind == kind;
	return n;
}

static void passes_keep_the_result(void **unused)
{
	struct graph *graph = make_network();
	float input[360], before[5], after[5];

	(void)unused;
	fill(input, 360, 7);
	run(graph, input, before, 5);
	assert_int_equal(graph_optimize(graph), 0);
	run(graph, input, after, 5);
	for (int i = 0; i < 5; i++)
		assert_true(fabsf(before[i] - after[i]) < 1e-4f);
	assert_int_equal(count(graph, GRAPH_PAD), 0);
	assert_int_equal(count(graph, GRAPH_CLIP), 0);
	assert_int_equal(count(graph, GRAPH_BATCH_NORM), 0);
	assert_int_equal(count(graph, GRAPH_CONV), 2);
	assert_int_equal(count(graph, GRAPH_TRANSPOSE), 1);
	assert_int_equal(count(graph, GRAPH_AVG_POOL), 1);
	graph_free(graph);
}

static void stored_graphs_come_back(void **unused)
{
	struct graph *graph = make_network(), *again;
	float input[360], before[5], after[5];
	size_t size;
	void *data;

	(void)unused;
	fill(input, 360, 9);
	run(graph, input, before, 5);
	assert_int_equal(graph_store(graph, NULL, &data, &size), 0);
	graph_free(graph);
	assert_int_equal(graph_restore(data, size, &again), 0);
	run(again, input, after, 5);
	assert_memory_equal(before, after, sizeof(before));
	graph_free(again);
	for (size_t cut = 0; cut < size; cut += 61)
		assert_int_equal(graph_restore(data, cut, &again), -EINVAL);
	free(data);
}

static void wrong_graphs_are_refused(void **unused)
{
	struct graph *graph = make_network();
	uint32_t conv;

	(void)unused;
	for (conv = 0; graph->ops[conv].kind != GRAPH_CONV; conv++)
		;
	graph->ops[conv].params.conv.window.stride_h = 0;
	assert_int_equal(graph_check(graph), -EINVAL);
	graph->ops[conv].params.conv.window.stride_h = 2;
	assert_int_equal(graph_check(graph), -EINVAL);
	assert_non_null(strstr(accel_error_text(), "first"));
	graph->ops[conv].params.conv.window.stride_h = 1;
	assert_int_equal(graph_check(graph), 0);
	graph->ops[conv].inputs[0] = graph->outputs[0];
	assert_int_equal(graph_check(graph), -EINVAL);
	graph->ops[conv].inputs[0] = 123456;
	assert_int_equal(graph_check(graph), -EINVAL);
	graph_free(graph);
}

static double loss_of(const struct graph *graph, const char *text, const struct graph **kept)
{
	struct quant_config config;
	struct quant_loss *loss = calloc(graph->num_ops + 1, sizeof(*loss));
	struct quant *quant;
	struct graph *int8;
	float input[360];
	const void *inputs = input;
	double snr;

	assert_non_null(loss);
	if (quant_config_parse(text, &config))
		fail_msg("%s", accel_error_text());
	assert_int_equal(quant_new(graph, &config, &quant), 0);
	assert_int_equal(quant_finish(quant, &int8), -EINVAL);
	for (uint32_t i = 0; i < 8; i++) {
		fill(input, 360, 100 + i);
		assert_int_equal(quant_add(quant, &inputs), 0);
	}
	if (quant_finish(quant, &int8))
		fail_msg("%s", accel_error_text());
	fill(input, 360, 50);
	assert_int_equal(quant_compare(graph, int8, &inputs, loss), 0);
	snr = quant_snr(&loss[graph_producer(graph, graph->outputs[0])]);
	quant_free(quant);
	quant_config_clear(&config);
	free(loss);
	if (kept)
		*kept = int8;
	else
		graph_free(int8);
	return snr;
}

static void quantisation_costs_little(void **unused)
{
	static const char *const settings[] = {
		"{}", "{\"method\": \"min-max\"}", "{\"method\": \"percentile\", \"percentile\": 99.9}",
		"{\"method\": \"min-max\", \"adaptive_rounding\": false, \"bias_correction\": false}",
	};
	struct graph *graph = make_network();

	(void)unused;
	assert_int_equal(graph_optimize(graph), 0);
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		double snr = loss_of(graph, settings[i], NULL);

		if (snr < 25)
			fail_msg("%s: %.1f dB", settings[i], snr);
	}
	graph_free(graph);
}

/* Convolution, depthwise, addition of both, convolution; channels of very different size. */
static struct graph *make_uneven(void)
{
	const uint32_t in[] = { 1, 10, 12, 3 }, w1[] = { 8, 3, 3, 3 }, w2[] = { 8, 3, 3, 1 };
	const uint32_t c8[] = { 8 }, w3[] = { 5, 1, 1, 8 };
	union graph_params params = { .conv = { .groups = 1, .window = { 3, 3, 1, 1, 1, 1, 1, 1, 1, 1 } } };
	uint32_t state = 9, inputs[3], x, first;
	struct graph *graph;
	float *weights;

	assert_int_equal(graph_new("uneven", &graph), 0);
	inputs[0] = ok(graph_add_tensor(graph, "in", GRAPH_F32, 4, in));
	inputs[1] = random_const(graph, 4, w1, &state);
	inputs[2] = random_const(graph, 1, c8, &state);
	weights = graph->tensors[inputs[1]].data;
	for (int i = 0; i < 8 * 27; i++)
		weights[i] *= ldexpf(1, -(i / 27));
	set_ends(graph, inputs[0], GRAPH_NONE);
	first = ok(build_op_act(graph, GRAPH_CONV, "first", 3, inputs, GRAPH_NONE, &params, 0, INFINITY));
	params.conv.groups = 8;
	inputs[0] = first;
	inputs[1] = random_const(graph, 4, w2, &state);
	inputs[2] = random_const(graph, 1, c8, &state);
	inputs[1] = ok(build_op(graph, GRAPH_CONV, "second", 3, inputs, GRAPH_NONE, &params));
	inputs[0] = first;
	x = ok(build_op_act(graph, GRAPH_ADD, "sum", 2, inputs, GRAPH_NONE, NULL, 0, INFINITY));
	params = (union graph_params){ .conv = { .groups = 1, .window = { 1, 1, 1, 1, 1, 1, 0, 0, 0, 0 } } };
	inputs[0] = x;
	inputs[1] = random_const(graph, 4, w3, &state);
	weights = graph->tensors[inputs[1]].data;
	for (int i = 0; i < 40; i++)
		weights[i] *= ldexpf(1, i % 8);
	graph->outputs[0] = ok(build_op(graph, GRAPH_CONV, "last", 2, inputs, GRAPH_NONE, &params));
	if (graph_check(graph))
		fail_msg("%s", accel_error_text());
	return graph;
}

static void channels_are_evened_out(void **unused)
{
	struct graph *graph = make_uneven();
	struct quant_config config;
	struct quant *quant;
	float input[360], before[600], after[600];
	double with, without;

	(void)unused;
	fill(input, 360, 3);
	run(graph, input, before, 600);
	quant_config_init(&config);
	assert_int_equal(quant_new(graph, &config, &quant), 0);
	run(quant_graph(quant), input, after, 600);
	quant_free(quant);
	for (int i = 0; i < 600; i++)
		if (!(fabsf(before[i] - after[i]) <= 1e-4f * (1 + fabsf(before[i]))))
			fail_msg("output %d is %g, was %g", i, after[i], before[i]);
	with = loss_of(graph, "{}", NULL);
	without = loss_of(graph, "{\"equalization\": false}", NULL);
	if (with < without + 3)
		fail_msg("%.1f dB, without equalisation %.1f", with, without);
	graph_free(graph);
}

static void settings_reach_layers(void **unused)
{
	struct graph *graph = make_network();
	const struct graph *int8;
	uint32_t found = 0;

	(void)unused;
	assert_int_equal(graph_optimize(graph), 0);
	loss_of(graph, "{\"conv_layers\": {\"scale\": 0.5, \"zero_point\": 3}, \"layers\": "
		"{\"last\": {\"exclude\": true}, \"second\": {\"scale\": 0.25}}}", &int8);
	for (uint32_t i = 0; i < int8->num_ops; i++) {
		const struct graph_op *op = &int8->ops[i];
		const struct graph_tensor *y = &int8->tensors[op->outputs[0]];

		if (op->kind == GRAPH_FULLY_CONNECTED)
			assert_int_equal(y->type, GRAPH_F32);
		if (op->kind != GRAPH_CONV)
			continue;
		found++;
		assert_int_equal(y->type, GRAPH_I8);
		assert_int_equal(graph_zero_point(y, 0), 3);
		assert_true(graph_scale(y, 0) == (op->params.conv.groups == 8 ? 0.25f : 0.5f));
	}
	assert_int_equal(found, 2);
	graph_free((struct graph *)int8);
	graph_free(graph);
}

static void bad_settings_are_refused(void **unused)
{
	static const char *const texts[] = {
		"", "[]", "{\"method\": \"best\"}", "{\"percentile\": 101}", "{\"conv_layers\": 3}",
		"{\"layers\": {\"a\": {\"scale\": -1}}}", "{\"layers\": {\"a\": {\"zero_point\": 128}}}",
		"{\"unheard\": 1}", "{\"bias_correction\": 1}", "{\"fc_layers\": {\"depth\": 1}}",
	};
	struct quant_config config;

	(void)unused;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(quant_config_parse(texts[i], &config), -EINVAL);
}

static void scales_cover_ranges(void **unused)
{
	static const float ranges[][2] = { { 0, 6 }, { -1, 1 }, { -3, 0 }, { 2, 4 }, { -9, -8 }, { 0, 0 },
					   { -0.001f, 1000 } };
	int32_t zero;
	float scale;

	(void)unused;
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		float low = fminf(ranges[i][0], 0), high = fmaxf(ranges[i][1], 0);

		quant_parameters(ranges[i][0], ranges[i][1], &scale, &zero);
		assert_true(scale > 0 && zero >= -128 && zero <= 127);
		assert_true(scale * (float)(-128 - zero) <= low + scale);
		assert_true(scale * (float)(127 - zero) >= high - scale);
	}
}

/* x -> DEQUANTIZE -> convolution, clamp -> QUANTIZE: an integer convolution. */
static void fake_quantisation_becomes_integers(void **unused)
{
	const uint32_t dims[] = { 1, 4, 4, 2 }, w_dims[] = { 3, 1, 1, 2 }, bias_dims[] = { 3 };
	const int8_t weights[] = { 100, -50, 20, 70, -127, 3 };
	const float bias[] = { 0.5f, -1, 0 }, w_scale = 0.01f;
	union graph_params params = { .conv = { { 1, 1, 1, 1, 1, 1, 0, 0, 0, 0 }, 1 } };
	float scale = 0.05f;
	uint32_t inputs[3], x, y;
	int32_t zero = -5;
	struct graph *graph;

	(void)unused;
	assert_int_equal(graph_new("qdq", &graph), 0);
	x = ok(graph_add_tensor(graph, "x", GRAPH_I8, 4, dims));
	assert_int_equal(graph_set_quant(graph, x, 1, 0, &scale, &zero), 0);
	y = ok(graph_add_tensor(graph, NULL, GRAPH_F32, 4, dims));
	inputs[0] = ok(build_unary(graph, GRAPH_DEQUANTIZE, x, y));
	y = ok(graph_add_const(graph, "w", GRAPH_I8, 4, w_dims, weights));
	assert_int_equal(graph_set_quant(graph, y, 1, 0, &w_scale, NULL), 0);
	inputs[1] = ok(build_unary(graph, GRAPH_DEQUANTIZE, y,
				   ok(graph_add_tensor(graph, NULL, GRAPH_F32, 4, w_dims))));
	inputs[2] = ok(graph_add_const(graph, "b", GRAPH_F32, 1, bias_dims, bias));
	y = ok(build_op(graph, GRAPH_CONV, "conv", 3, inputs, GRAPH_NONE, &params));
	y = ok(build_op_act(graph, GRAPH_CLIP, NULL, 1, &y, GRAPH_NONE, NULL, 0, 6));
	inputs[0] = ok(graph_add_tensor(graph, "y", GRAPH_I8, 0, NULL));
	scale = 6.f / 255;
	zero = -128;
	assert_int_equal(graph_set_quant(graph, inputs[0], 1, 0, &scale, &zero), 0);
	y = ok(build_unary(graph, GRAPH_QUANTIZE, y, inputs[0]));
	set_ends(graph, x, y);
	assert_int_equal(graph_check(graph), 0);
	assert_int_equal(graph_optimize(graph), 0);
	assert_int_equal(graph->num_ops, 1);
	assert_int_equal(graph->ops[0].kind, GRAPH_CONV);
	assert_int_equal(graph->tensors[graph->ops[0].inputs[2]].type, GRAPH_I32);
	assert_int_equal(((int32_t *)graph->tensors[graph->ops[0].inputs[2]].data)[0], 1000);
	graph_free(graph);
}

static void no_model_is_refused_in_words(void **unused)
{
	static const char junk[] = "\x1c\0\0\0TFL3 not really a model, whatever it says of itself";
	struct graph *graph;

	(void)unused;
	for (size_t size = 0; size < sizeof(junk); size++) {
		assert_true(graph_import_memory("junk", junk, size, NULL, NULL, &graph) < 0);
		assert_null(graph);
		assert_non_null(strstr(accel_error_text(), "junk"));
	}
	assert_int_equal(graph_import("/nonexistent/model", NULL, &graph), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passes_keep_the_result), cmocka_unit_test(stored_graphs_come_back),
		cmocka_unit_test(wrong_graphs_are_refused), cmocka_unit_test(quantisation_costs_little),
		cmocka_unit_test(channels_are_evened_out), cmocka_unit_test(settings_reach_layers), cmocka_unit_test(bad_settings_are_refused),
		cmocka_unit_test(scales_cover_ranges),
		cmocka_unit_test(fake_quantisation_becomes_integers),
		cmocka_unit_test(no_model_is_refused_in_words),
	};

	return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
