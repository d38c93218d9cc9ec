// SPDX-License-Identifier: MIT
/*
 * ONNX's operators on integers: QuantizeLinear and DequantizeLinear, and the
 * QLinear family, in which scales are inputs.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libaccel/dev/error.h"
#include "libaccel/import/import_build.h"
#include "libaccel/import/onnx_import.h"

static bool same_quant(const struct graph_tensor *t, uint32_t n, uint32_t axis, const float *scale,
		       const int32_t *zero)
{
	return t->quant.count == n && (n == 1 || t->quant.axis == axis) &&
	       !memcmp(t->quant.scale, scale, n * sizeof(*scale)) &&
	       !memcmp(t->quant.zero_point, zero, n * sizeof(*zero));
}

/*
 * Scales from inputs @scale and @scale + 1 for a tensor; a scale per index of
 * @axis if they are lists. Return: 0 or a negative errno.
 */
static int take_scale(struct onnx_node *node, uint32_t tensor, uint32_t scale, uint32_t zero,
		      uint32_t axis)
{
	const struct graph_tensor *t = &node->graph->tensors[tensor];
	const struct graph_tensor *s = onnx_given(node, scale) ? onnx_in(node, scale) : NULL;
	const struct graph_tensor *z = onnx_given(node, zero) ? onnx_in(node, zero) : NULL;
	uint64_t n = s ? graph_elements(s) : 0;
	int32_t *zeros;
	int err = 0;

	if (!s || !graph_is_const(s) || s->type != GRAPH_F32 || (z && !graph_is_const(z)))
		return accel_error_set(-ENOTSUP, "scale or zero point are not constants");
	if (s->rank > 1 || !n || (z && graph_elements(z) != n) ||
	    (n > 1 && (axis >= t->rank || t->dims[axis] != n)))
		return accel_error_set(-ENOTSUP, "scale or zero point do not fit the tensor");
	zeros = calloc(n, sizeof(*zeros));
	if (!zeros)
		return accel_error_memory("scales");
	for (uint64_t i = 0; z && i < n; i++)
		zeros[i] = z->type == GRAPH_I8 ? ((int8_t *)z->data)[i] :
			   z->type == GRAPH_U8 ? ((uint8_t *)z->data)[i] :
			   z->type == GRAPH_I32 ? ((int32_t *)z->data)[i] : 0;
	for (uint64_t i = 0; i < n; i++)
		if (!(((float *)s->data)[i] > 0) || !isfinite(((float *)s->data)[i]))
			err = accel_error_set(-EINVAL, "a scale is not a positive number");
	if (!err && graph_is_quantized(t) && !same_quant(t, (uint32_t)n, axis, s->data, zeros))
		err = accel_error_set(-ENOTSUP, "tensor %s has two scales", t->name);
	if (!err)
		err = graph_set_quant(node->graph, tensor, (uint32_t)n, axis, s->data, zeros);
	free(zeros);
	return err;
}

/*
 * An input with the scale of inputs @scale, @scale + 1: the tensor itself, or
 * for one that has another scale by now, the same bytes under another name.
 */
static int scaled_input(struct onnx_node *node, uint32_t input, uint32_t scale, uint32_t axis)
{
	uint32_t tensor = node->in[input];
	const struct graph_tensor *t = &node->graph->tensors[tensor];
	int err;

	if (t->type != GRAPH_I8 && t->type != GRAPH_U8 && t->type != GRAPH_I32)
		return accel_error_set(-ENOTSUP, "type %s is not supported", graph_type_name(t->type));
	err = take_scale(node, tensor, scale, scale + 1, axis);
	return err ? err : (int)tensor;
}

/* A new tensor for an output with the scale of inputs @scale, @scale + 1. */
static int scaled_output(struct onnx_node *node, uint32_t scale)
{
	const struct graph_tensor *zero = onnx_given(node, scale + 1) ? onnx_in(node, scale + 1) : NULL;
	uint32_t type = zero ? zero->type : GRAPH_U8;
	int id, err;

	if (type != GRAPH_I8 && type != GRAPH_U8)
		return accel_error_set(-ENOTSUP, "type %s is not supported", graph_type_name(type));
	id = graph_add_tensor(node->graph, NULL, type, 0, NULL);
	if (id < 0)
		return id;
	err = take_scale(node, (uint32_t)id, scale, scale + 1, 0);
	return err ? err : id;
}

static uint32_t axis_of(const struct onnx_node *node, int64_t absent)
{
	int64_t axis = onnx_int(node, "axis", absent);

	axis += axis < 0 ? onnx_in(node, 0)->rank : 0;
	return axis < 0 || axis >= GRAPH_DIMS ? GRAPH_NONE : (uint32_t)axis;
}

static int quantize_linear(struct onnx_node *node, int unused)
{
	const struct graph_tensor *zero = onnx_given(node, 2) ? onnx_in(node, 2) : NULL;
	int type, err = onnx_need(node, 2), id;

	(void)unused;
	if (err)
		return err;
	type = zero ? (int)zero->type : onnx_graph_type((int32_t)onnx_int(node, "output_dtype",
									  ONNX_UINT8));
	if ((type != GRAPH_I8 && type != GRAPH_U8) || onnx_in(node, 0)->type != GRAPH_F32)
		return accel_error_set(-ENOTSUP, "types other than float to int8 or uint8 are not supported");
	id = graph_add_tensor(node->graph, NULL, type, onnx_in(node, 0)->rank, onnx_in(node, 0)->dims);
	if (id < 0)
		return id;
	err = take_scale(node, (uint32_t)id, 1, 2, axis_of(node, 1));
	return err ? err : onnx_done(node, 0, build_unary(node->graph, GRAPH_QUANTIZE, node->in[0],
							  (uint32_t)id));
}

static int dequantize_linear(struct onnx_node *node, int unused)
{
	int err = onnx_need(node, 2), id;

	(void)unused;
	if (!err)
		id = scaled_input(node, 0, 1, axis_of(node, 1));
	if (err || id < 0)
		return err ? err : id;
	id = graph_add_tensor(node->graph, NULL, GRAPH_F32, 0, NULL);
	return id < 0 ? id : onnx_done(node, 0, build_unary(node->graph, GRAPH_DEQUANTIZE, node->in[0],
							    (uint32_t)id));
}

/* The bias of a QLinear operation: plain int32 gets the scale of the sums. */
static int scale_bias(struct onnx_node *node, uint32_t bias, uint32_t x, uint32_t w)
{
	const struct graph_tensor *t = &node->graph->tensors[bias];
	uint32_t n = node->graph->tensors[w].quant.count;
	float *scale;
	int err;

	if (t->type != GRAPH_I32 || !graph_is_const(t))
		return accel_error_set(-ENOTSUP, "the bias is no constant of type int32");
	if (graph_is_quantized(t))
		return 0;
	scale = malloc(n * sizeof(*scale));
	if (!scale)
		return accel_error_memory("scales");
	for (uint32_t i = 0; i < n; i++)
		scale[i] = graph_scale(&node->graph->tensors[x], 0) *
			   graph_scale(&node->graph->tensors[w], i);
	err = n > 1 && graph_elements(t) != n ? accel_error_set(-EINVAL, "the bias does not fit") :
	      graph_set_quant(node->graph, bias, n, 0, scale, NULL);
	free(scale);
	return err;
}

static int qlinear_conv(struct onnx_node *node, int unused)
{
	uint32_t bias = onnx_given(node, 8) ? node->in[8] : GRAPH_NONE;
	int err = onnx_need(node, 8), x, w, y;

	(void)unused;
	if (err)
		return err;
	x = scaled_input(node, 0, 1, GRAPH_NONE);
	w = x < 0 ? x : scaled_input(node, 3, 4, 0);
	if (w < 0)
		return w;
	if (bias != GRAPH_NONE) {
		err = scale_bias(node, bias, (uint32_t)x, (uint32_t)w);
		if (err)
			return err;
	}
	y = scaled_output(node, 6);
	if (y < 0)
		return y;
	return onnx_done(node, 0, onnx_conv(node, (uint32_t)x, (uint32_t)w, bias, (uint32_t)y));
}

/* a * b, and for QGemm (alpha, transB, bias). */
static int qlinear_matmul(struct onnx_node *node, int gemm)
{
	static const uint32_t swap[] = { 1, 0 };
	uint32_t inputs[3], num = 2, y_scale = gemm ? 7 : 6;
	int err = onnx_need(node, gemm ? 6 : 8), x, w, y;
	bool flip;

	if (err)
		return err;
	flip = gemm && onnx_int(node, "transB", 0);
	if (onnx_in(node, 3)->rank != 2 || !graph_is_const(onnx_in(node, 3)) ||
	    (gemm && (onnx_int(node, "transA", 0) || onnx_float(node, "alpha", 1) != 1)))
		return accel_error_set(-ENOTSUP, "the second matrix is no constant, or alpha or transA are set");
	x = scaled_input(node, 0, 1, GRAPH_NONE);
	w = x < 0 ? x : scaled_input(node, 3, 4, flip ? 0 : 1);
	if (w >= 0 && !flip)
		w = build_transpose(node->graph, (uint32_t)w, GRAPH_NONE, swap);
	if (w < 0)
		return w;
	inputs[0] = (uint32_t)x;
	inputs[1] = (uint32_t)w;
	if (gemm && onnx_given(node, 6)) {
		err = scale_bias(node, node->in[6], (uint32_t)x, (uint32_t)w);
		if (err)
			return err;
		inputs[num++] = node->in[6];
	}
	if (gemm && !onnx_given(node, 7))
		return accel_error_set(-ENOTSUP, "an output in float is not supported");
	y = scaled_output(node, y_scale);
	return y < 0 ? y : onnx_done(node, 0, build_op(node->graph, GRAPH_FULLY_CONNECTED, NULL, num,
						       inputs, (uint32_t)y, NULL));
}

static int qlinear_binary(struct onnx_node *node, int kind)
{
	int err = onnx_need(node, 7), a, b, y;
	uint32_t inputs[2];

	if (err)
		return err;
	a = scaled_input(node, 0, 1, GRAPH_NONE);
	b = a < 0 ? a : scaled_input(node, 3, 4, GRAPH_NONE);
	y = b < 0 ? b : scaled_output(node, 6);
	if (y < 0)
		return y;
	inputs[0] = (uint32_t)a;
	inputs[1] = (uint32_t)b;
	return onnx_done(node, 0, build_op(node->graph, kind, NULL, 2, inputs, (uint32_t)y, NULL));
}

/* One input and its scale, then the output's scale. */
static int qlinear_unary(struct onnx_node *node, int kind)
{
	union graph_params params = { 0 };
	int err = onnx_need(node, 4), x, y;

	if (err)
		return err;
	x = scaled_input(node, 0, 1, GRAPH_NONE);
	y = x < 0 ? x : scaled_output(node, 3);
	if (y < 0)
		return y;
	if (kind == GRAPH_LEAKY_RELU)
		params.unary.alpha = onnx_float(node, "alpha", 0.01f);
	if (kind == GRAPH_REDUCE) {
		if (onnx_int(node, "channels_last", 0))
			return accel_error_set(-ENOTSUP, "channels_last is not supported");
		params.reduce.keep = true;
		for (uint32_t i = 2; i < onnx_in(node, 0)->rank; i++)
			params.reduce.axes |= 1U << i;
	}
	if (kind == GRAPH_SOFTMAX) {
		params.softmax.beta = 1;
		err = build_axis(onnx_int(node, "axis", -1), onnx_in(node, 0)->rank,
				 &params.softmax.axis);
		if (err)
			return err;
	}
	return onnx_done(node, 0, build_op(node->graph, kind, NULL, 1, node->in, (uint32_t)y, &params));
}

/* Output's scale and zero point, then three inputs for each part. */
static int qlinear_concat(struct onnx_node *node, int unused)
{
	uint32_t parts = node->num_in / 3, *inputs = calloc(parts + 1, sizeof(*inputs));
	union graph_params params = { 0 };
	int err = inputs ? onnx_need(node, node->num_in) : accel_error_memory("an operator"), id = 0;

	(void)unused;
	if (!err && (node->num_in < 5 || node->num_in % 3 != 2))
		err = accel_error_set(-EINVAL, "the number of inputs does not fit");
	for (uint32_t i = 0; !err && i < parts; i++) {
		id = scaled_input(node, 2 + 3 * i, 3 + 3 * i, GRAPH_NONE);
		err = id < 0 ? id : 0;
		inputs[i] = (uint32_t)id;
	}
	if (!err)
		err = build_axis(onnx_int(node, "axis", 0), onnx_in(node, 2)->rank, &params.axis);
	if (!err) {
		id = scaled_output(node, 0);
		err = id < 0 ? id : onnx_done(node, 0, build_op(node->graph, GRAPH_CONCAT, NULL, parts,
								inputs, (uint32_t)id, &params));
	}
	free(inputs);
	return err;
}

static int qlinear_average_pool(struct onnx_node *node, int unused)
{
	struct graph *graph = node->graph;
	union graph_params params = { 0 };
	uint32_t rank, input, kernel[2] = { 1, 1 }, in[2];
	int64_t sizes[2];
	int err = onnx_need(node, 4), id, n, y;

	(void)unused;
	if (err)
		return err;
	if (onnx_int(node, "channels_last", 0) || onnx_int(node, "ceil_mode", 0))
		return accel_error_set(-ENOTSUP, "channels_last and ceil_mode are not supported");
	rank = onnx_in(node, 0)->rank;
	n = onnx_ints(node, "kernel_shape", 2, sizes);
	if (n < 1 || (uint32_t)n != rank - 2)
		return accel_error_set(-EINVAL, "kernel_shape does not fit");
	for (int i = 0; i < n; i++) {
		if (sizes[i] < 1 || sizes[i] > 65535)
			return accel_error_set(-EINVAL, "kernel_shape is out of bounds");
		kernel[2 - n + i] = (uint32_t)sizes[i];
	}
	id = scaled_input(node, 0, 1, GRAPH_NONE);
	if (id >= 0)
		id = onnx_to_nhwc(graph, (uint32_t)id);
	if (id < 0)
		return id;
	input = (uint32_t)id;
	in[0] = graph->tensors[input].dims[1];
	in[1] = graph->tensors[input].dims[2];
	err = onnx_window(node, rank - 2, in, kernel, &params.pool.window);
	if (err)
		return err;
	params.pool.count_padding = onnx_int(node, "count_include_pad", 0) != 0;
	y = scaled_output(node, 3);
	id = y < 0 ? y : build_op(graph, GRAPH_AVG_POOL, NULL, 1, &input, (uint32_t)y, &params);
	return onnx_done(node, 0, id < 0 ? id : onnx_from_nhwc(graph, (uint32_t)id, rank));
}

/* Do an operation's output and this input stand for reals in the same way? */
static bool same_scale(const struct graph_op *op, uint32_t input)
{
	switch (op->kind) {
	case GRAPH_MAX_POOL: case GRAPH_RESHAPE: case GRAPH_TRANSPOSE: case GRAPH_SLICE:
	case GRAPH_PAD: case GRAPH_DEPTH_TO_SPACE: case GRAPH_SPACE_TO_DEPTH: case GRAPH_GATHER:
	case GRAPH_BROADCAST: case GRAPH_TILE:
		return input == 0;
	case GRAPH_CONCAT:
		return true;
	default:
		return false;
	}
}

static bool lacks_scale(const struct graph_tensor *t)
{
	return (t->type == GRAPH_I8 || t->type == GRAPH_U8) && !graph_is_quantized(t);
}

static int spread_over(struct graph *graph, const struct graph_op *op, bool *changed)
{
	for (uint32_t i = 0; i < op->num_inputs; i++) {
		uint32_t x = op->inputs[i], y = op->outputs[0];
		const struct graph_tensor *in = &graph->tensors[x], *out = &graph->tensors[y];
		int err = 0;

		if (!same_scale(op, i) || in->type != out->type || lacks_scale(in) == lacks_scale(out))
			continue;
		if (lacks_scale(out) && in->quant.count == 1)
			err = graph_copy_quant(graph, y, x);
		else if (lacks_scale(in) && out->quant.count == 1)
			err = graph_copy_quant(graph, x, y);
		else
			continue;
		if (err)
			return err;
		*changed = true;
	}
	return 0;
}

int onnx_spread_scales(struct graph *graph)
{
	const float one = 1;
	bool changed = true, last = false;

	while (changed || !last) {
		/* Where nobody names a scale any will do: the same for all. */
		last = !changed;
		for (uint32_t i = 0; last && i < graph->num_ops; i++) {
			const struct graph_op *op = &graph->ops[i];

			if (op->kind == GRAPH_MAX_POOL && lacks_scale(&graph->tensors[op->inputs[0]]) &&
			    graph_set_quant(graph, op->inputs[0], 1, 0, &one, NULL))
				return -ENOMEM;
		}
		changed = false;
		/* Both ways: chains of any length take few rounds. */
		for (uint32_t i = 0; i < 2 * graph->num_ops; i++) {
			uint32_t number = i < graph->num_ops ? i : 2 * graph->num_ops - 1 - i;
			int err = graph->ops[number].num_outputs ?
				  spread_over(graph, &graph->ops[number], &changed) : 0;

			if (err)
				return err;
		}
	}
	return 0;
}

static const struct {
	const char *name;
	onnx_handler handler;
	int argument;
} handlers[] = {
	{ "DequantizeLinear", dequantize_linear, 0 }, { "QGemm", qlinear_matmul, 1 },
	{ "QLinearAdd", qlinear_binary, GRAPH_ADD },
	{ "QLinearAveragePool", qlinear_average_pool, 0 }, { "QLinearConcat", qlinear_concat, 0 },
	{ "QLinearConv", qlinear_conv, 0 },
	{ "QLinearGlobalAveragePool", qlinear_unary, GRAPH_REDUCE },
	{ "QLinearLeakyRelu", qlinear_unary, GRAPH_LEAKY_RELU },
	{ "QLinearMatMul", qlinear_matmul, 0 }, { "QLinearMul", qlinear_binary, GRAPH_MUL },
	{ "QLinearSigmoid", qlinear_unary, GRAPH_LOGISTIC },
	{ "QLinearSoftmax", qlinear_unary, GRAPH_SOFTMAX },
	{ "QuantizeLinear", quantize_linear, 0 },
};

onnx_handler onnx_find_quantized_handler(const char *type, int *argument)
{
	for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++)
		if (!strcmp(handlers[i].name, type)) {
			*argument = handlers[i].argument;
			return handlers[i].handler;
		}
	return NULL;
}
