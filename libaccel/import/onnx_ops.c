// SPDX-License-Identifier: MIT
/*
 * ONNX's operators: arithmetic, activations, matrix products, reductions.
 * Meaning of inputs and attributes: the ONNX operator reference, all versions.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libaccel/dev/error.h"
#include "libaccel/import/import_build.h"
#include "libaccel/import/onnx_import.h"

static int one(struct onnx_node *node, enum graph_kind kind, const union graph_params *params)
{
	return onnx_done(node, 0, build_op(node->graph, kind, NULL, 1, node->in, GRAPH_NONE, params));
}

static int unary(struct onnx_node *node, int kind)
{
	int err = onnx_need(node, 1);

	return err ? err : one(node, kind, NULL);
}

static int function(struct onnx_node *node, int which)
{
	static const float alphas[][2] = {
		[GRAPH_ELU] = { 1, 1 }, [GRAPH_SELU] = { 1.67326319217681884765625f, 1.05070102214813232421875f },
	};
	union graph_params params = { .unary = { .function = (uint32_t)which } };
	int err = onnx_need(node, 1);

	if (which == GRAPH_ELU || which == GRAPH_SELU) {
		params.unary.alpha = onnx_float(node, "alpha", alphas[which][0]);
		params.unary.beta = onnx_float(node, "gamma", alphas[which][1]);
	}
	if (which == GRAPH_GELU && !onnx_string_is(node, "approximate", "none", "none"))
		return accel_error_set(-ENOTSUP, "the approximation by tanh is not supported");
	return err ? err : one(node, GRAPH_UNARY, &params);
}

static int leaky_relu(struct onnx_node *node, int unused)
{
	union graph_params params = { .unary = { .alpha = onnx_float(node, "alpha", 0.01f) } };
	int err = onnx_need(node, 1);

	(void)unused;
	return err ? err : one(node, GRAPH_LEAKY_RELU, &params);
}

static int hard_sigmoid(struct onnx_node *node, int unused)
{
	union graph_params params = { .unary = { .alpha = onnx_float(node, "alpha", 0.2f),
						 .beta = onnx_float(node, "beta", 0.5f) } };
	int err = onnx_need(node, 1);

	(void)unused;
	return err ? err : one(node, GRAPH_HARD_SIGMOID, &params);
}

static int clamp(struct onnx_node *node, float low, float high)
{
	return onnx_done(node, 0, build_op_act(node->graph, GRAPH_CLIP, NULL, 1, node->in, GRAPH_NONE,
					       NULL, low, high));
}

static int relu(struct onnx_node *node, int unused)
{
	int err = onnx_need(node, 1);

	(void)unused;
	return err ? err : clamp(node, 0, INFINITY);
}

static int clip(struct onnx_node *node, int unused)
{
	double low = onnx_float(node, "min", -INFINITY), high = onnx_float(node, "max", INFINITY);
	int err = onnx_need(node, 1);

	(void)unused;
	if (err)
		return err;
	if (onnx_given(node, 1))
		low = onnx_scalar(node, 1);
	if (onnx_given(node, 2))
		high = onnx_scalar(node, 2);
	if (isnan(low) || isnan(high))
		return accel_error_set(-ENOTSUP, "a bound is not a constant");
	return clamp(node, (float)(low > high ? high : low), (float)high);
}

/* Operations of two inputs, or of any number from left to right. */
static int binary(struct onnx_node *node, int kind)
{
	int err = onnx_need(node, node->num_in < 2 ? 1 : node->num_in), id;

	if (err)
		return err;
	if (node->num_in == 1) {
		node->out[0] = node->in[0];
		return 0;
	}
	if (node->opset < 7 && onnx_int(node, "broadcast", 0) &&
	    onnx_in(node, 1)->rank < onnx_in(node, 0)->rank) {
		/* The second input's dimensions start at an axis of the first. */
		int64_t axis = onnx_int(node, "axis", -1);
		const struct graph_tensor *a = onnx_in(node, 0), *b = onnx_in(node, 1);
		uint32_t dims[GRAPH_DIMS];

		axis = axis < 0 ? (int64_t)a->rank - b->rank : axis;
		if (axis + b->rank > a->rank)
			return accel_error_set(-EINVAL, "the axis is out of range");
		for (uint32_t i = 0; i < a->rank; i++)
			dims[i] = i >= axis && i < axis + b->rank ? b->dims[i - axis] : 1;
		id = build_reshape(node->graph, node->in[1], GRAPH_NONE, a->rank, dims);
		if (id < 0)
			return id;
		node->in[1] = (uint32_t)id;
	}
	id = (int)node->in[0];
	for (uint32_t i = 1; i < node->num_in; i++) {
		uint32_t inputs[2] = { (uint32_t)id, node->in[i] };

		id = build_op(node->graph, kind, NULL, 2, inputs, GRAPH_NONE, NULL);
		if (id < 0)
			return id;
	}
	return onnx_done(node, 0, id);
}

static int cast_to(struct graph *graph, uint32_t tensor, uint32_t type)
{
	int id = graph_add_tensor(graph, NULL, type, 0, NULL);

	return id < 0 ? id : build_unary(graph, GRAPH_CAST, tensor, (uint32_t)id);
}

/* The exponent may be of another type. */
static int power(struct onnx_node *node, int unused)
{
	int err = onnx_need(node, 2), id;

	(void)unused;
	if (err)
		return err;
	if (onnx_in(node, 0)->type == GRAPH_F32 && onnx_in(node, 1)->type != GRAPH_F32) {
		id = cast_to(node->graph, node->in[1], GRAPH_F32);
		if (id < 0)
			return id;
		node->in[1] = (uint32_t)id;
	}
	return binary(node, GRAPH_POW);
}

static int mean_of_all(struct onnx_node *node, int unused)
{
	float share = 1.f / (float)(node->num_in ? node->num_in : 1);
	int err = binary(node, GRAPH_ADD), id;
	uint32_t inputs[2];

	(void)unused;
	if (err)
		return err;
	id = graph_add_const(node->graph, NULL, GRAPH_F32, 0, NULL, &share);
	if (id < 0)
		return id;
	inputs[0] = node->out[0];
	inputs[1] = (uint32_t)id;
	return onnx_done(node, 0, build_op(node->graph, GRAPH_MUL, NULL, 2, inputs, GRAPH_NONE, NULL));
}

static int prelu(struct onnx_node *node, int unused)
{
	const struct graph_tensor *x, *slope;
	uint32_t dims[GRAPH_DIMS];
	int err = onnx_need(node, 2), id;

	(void)unused;
	if (err)
		return err;
	x = onnx_in(node, 0);
	slope = onnx_in(node, 1);
	if (node->opset < 7 && slope->rank == 1 && x->rank > 1 && slope->dims[0] > 1) {
		/* Once it was one per channel. */
		for (uint32_t i = 0; i + 1 < x->rank; i++)
			dims[i] = i ? 1 : slope->dims[0];
		id = build_reshape(node->graph, node->in[1], GRAPH_NONE, x->rank - 1, dims);
		if (id < 0)
			return id;
		node->in[1] = (uint32_t)id;
	}
	return onnx_done(node, 0, build_op(node->graph, GRAPH_PRELU, NULL, 2, node->in, GRAPH_NONE,
					   NULL));
}

/* alpha * a as a tensor of the graph; the same tensor if alpha is 1. */
static int scaled(struct graph *graph, uint32_t tensor, float factor)
{
	uint32_t inputs[2] = { tensor };
	int id;

	if (factor == 1)
		return (int)tensor;
	id = graph_add_const(graph, NULL, GRAPH_F32, 0, NULL, &factor);
	if (id < 0)
		return id;
	inputs[1] = (uint32_t)id;
	return build_op(graph, GRAPH_MUL, NULL, 2, inputs, GRAPH_NONE, NULL);
}

/* What a constant or DEQUANTIZE of a constant has in the last dimension. */
static bool is_weights(const struct graph *graph, uint32_t tensor)
{
	uint32_t producer;

	if (graph->tensors[tensor].rank != 2)
		return false;
	if (graph_is_const(&graph->tensors[tensor]))
		return true;
	producer = graph_producer(graph, tensor);
	return producer != GRAPH_NONE && graph->ops[producer].kind == GRAPH_DEQUANTIZE &&
	       graph_is_const(&graph->tensors[graph->ops[producer].inputs[0]]);
}

static int gemm(struct onnx_node *node, int unused)
{
	static const uint32_t swap[] = { 1, 0 };
	float alpha = onnx_float(node, "alpha", 1), beta = onnx_float(node, "beta", 1);
	bool flip_a = onnx_int(node, "transA", 0), flip_b = onnx_int(node, "transB", 0);
	struct graph *graph = node->graph;
	uint32_t inputs[3] = { 0, 0, GRAPH_NONE }, columns, num = 2;
	bool fuse_bias = false;
	int err = onnx_need(node, 2), id;

	(void)unused;
	if (err)
		return err;
	if (onnx_in(node, 0)->rank != 2 || onnx_in(node, 1)->rank != 2)
		return accel_error_set(-EINVAL, "the inputs are no matrices");
	id = flip_a ? build_transpose(graph, node->in[0], GRAPH_NONE, swap) : (int)node->in[0];
	if (id < 0)
		return id;
	inputs[0] = (uint32_t)id;
	id = flip_b ? (int)node->in[1] : build_transpose(graph, node->in[1], GRAPH_NONE, swap);
	if (id >= 0)
		id = scaled(graph, (uint32_t)id, alpha);
	if (id < 0)
		return id;
	inputs[1] = (uint32_t)id;
	columns = graph->tensors[inputs[1]].dims[0];
	if (onnx_given(node, 2)) {
		const struct graph_tensor *c;

		id = scaled(graph, node->in[2], beta);
		if (id < 0)
			return id;
		inputs[2] = (uint32_t)id;
		c = &graph->tensors[inputs[2]];
		fuse_bias = graph_elements(c) == columns && c->rank && c->dims[c->rank - 1] == columns;
		if (fuse_bias && c->rank != 1) {
			id = build_reshape(graph, inputs[2], GRAPH_NONE, 1, &columns);
			if (id < 0)
				return id;
			inputs[2] = (uint32_t)id;
		}
		num = fuse_bias ? 3 : 2;
	}
	id = build_op(graph, GRAPH_FULLY_CONNECTED, NULL, num, inputs, GRAPH_NONE, NULL);
	if (id >= 0 && inputs[2] != GRAPH_NONE && !fuse_bias) {
		inputs[0] = (uint32_t)id;
		inputs[1] = inputs[2];
		id = build_op(graph, GRAPH_ADD, NULL, 2, inputs, GRAPH_NONE, NULL);
	}
	return onnx_done(node, 0, id);
}

static int matmul(struct onnx_node *node, int unused)
{
	static const uint32_t swap[] = { 1, 0 };
	struct graph *graph = node->graph;
	uint32_t inputs[2], dims[GRAPH_DIMS], rank_a, rank_b;
	bool vector_a, vector_b;
	int err = onnx_need(node, 2), id;

	(void)unused;
	if (err)
		return err;
	inputs[0] = node->in[0];
	inputs[1] = node->in[1];
	rank_a = onnx_in(node, 0)->rank;
	rank_b = onnx_in(node, 1)->rank;
	if (!rank_a || !rank_b)
		return accel_error_set(-EINVAL, "an input is no matrix");
	if (rank_a >= 2 && is_weights(graph, inputs[1])) {
		id = build_transpose(graph, inputs[1], GRAPH_NONE, swap);
		if (id < 0)
			return id;
		inputs[1] = (uint32_t)id;
		return onnx_done(node, 0, build_op(graph, GRAPH_FULLY_CONNECTED, NULL, 2, inputs,
						   GRAPH_NONE, NULL));
	}
	vector_a = rank_a == 1;
	vector_b = rank_b == 1;
	if (vector_a) {
		dims[0] = 1;
		dims[1] = onnx_in(node, 0)->dims[0];
		id = build_reshape(graph, inputs[0], GRAPH_NONE, 2, dims);
		if (id < 0)
			return id;
		inputs[0] = (uint32_t)id;
	}
	if (vector_b) {
		dims[0] = onnx_in(node, 1)->dims[0];
		dims[1] = 1;
		id = build_reshape(graph, inputs[1], GRAPH_NONE, 2, dims);
		if (id < 0)
			return id;
		inputs[1] = (uint32_t)id;
	}
	id = build_op(graph, GRAPH_MATMUL, NULL, 2, inputs, GRAPH_NONE, NULL);
	if (id >= 0 && (vector_a || vector_b)) {
		const struct graph_tensor *y = &graph->tensors[id];
		uint32_t n = 0;

		for (uint32_t i = 0; i < y->rank; i++)
			if (!(vector_a && i == y->rank - 2) && !(vector_b && i == y->rank - 1))
				dims[n++] = y->dims[i];
		id = build_reshape(graph, (uint32_t)id, GRAPH_NONE, n, dims);
	}
	return onnx_done(node, 0, id);
}

int onnx_reduce_axes(struct onnx_node *node, uint32_t *axes, bool *keep)
{
	int64_t values[GRAPH_DIMS];
	uint32_t rank, axis;
	int err = onnx_need(node, 1), n;

	if (err)
		return err;
	rank = onnx_in(node, 0)->rank;
	*keep = onnx_int(node, "keepdims", 1) != 0;
	n = onnx_ints_or_input(node, "axes", 1, GRAPH_DIMS, values);
	if (n < 0 && n != -ENOENT)
		return n;
	*axes = n <= 0 && !onnx_int(node, "noop_with_empty_axes", 0) ? (1U << rank) - 1 : 0;
	for (int i = 0; i < n; i++) {
		err = build_axis(values[i], rank, &axis);
		if (err)
			return err;
		*axes |= 1U << axis;
	}
	return 0;
}

static int reduce(struct onnx_node *node, int reduction)
{
	union graph_params params = { 0 };
	uint32_t axes;
	bool keep;
	int err = onnx_reduce_axes(node, &axes, &keep);

	if (err)
		return err;
	if (!axes) {
		node->out[0] = node->in[0];
		return 0;
	}
	params.reduce.reduction = (uint32_t)reduction;
	params.reduce.axes = axes;
	params.reduce.keep = keep;
	return one(node, GRAPH_REDUCE, &params);
}

static int softmax(struct onnx_node *node, int kind)
{
	const struct graph_tensor *x;
	union graph_params params = { .softmax = { 0, 1 } };
	uint32_t axis, dims[2] = { 1, 1 }, rank, shape[GRAPH_DIMS];
	int err = onnx_need(node, 1), id;

	if (err)
		return err;
	x = onnx_in(node, 0);
	rank = x->rank;
	memcpy(shape, x->dims, sizeof(shape));
	err = build_axis(onnx_int(node, "axis", node->opset < 13 ? 1 : -1), rank, &axis);
	if (err)
		return err;
	params.softmax.axis = axis;
	if (node->opset >= 13 || axis == rank - 1)
		return one(node, kind, &params);
	/* Once it was over all dimensions from the axis on. */
	for (uint32_t i = 0; i < rank; i++)
		dims[i >= axis] *= x->dims[i];
	id = build_reshape(node->graph, node->in[0], GRAPH_NONE, 2, dims);
	if (id < 0)
		return id;
	node->in[0] = (uint32_t)id;
	params.softmax.axis = 1;
	err = one(node, kind, &params);
	return err ? err : onnx_done(node, 0, build_reshape(node->graph, node->out[0], GRAPH_NONE, rank,
							    shape));
}

static int arg_max(struct onnx_node *node, int least)
{
	const union graph_params negative = { .unary = { .function = GRAPH_NEG } };
	const struct graph_tensor *x;
	union graph_params params = { 0 };
	uint32_t dims[GRAPH_DIMS], rank, input;
	int err = onnx_need(node, 1), id;

	if (err)
		return err;
	x = onnx_in(node, 0);
	rank = x->rank;
	input = node->in[0];
	memcpy(dims, x->dims, sizeof(dims));
	err = build_axis(onnx_int(node, "axis", 0), rank, &params.axis);
	if (err)
		return err;
	if (onnx_int(node, "select_last_index", 0))
		return accel_error_set(-ENOTSUP, "the last index is not supported");
	if (least) {
		id = build_op(node->graph, GRAPH_UNARY, NULL, 1, node->in, GRAPH_NONE, &negative);
		if (id < 0)
			return id;
		input = (uint32_t)id;
	}
	id = graph_add_tensor(node->graph, NULL, GRAPH_I64, 0, NULL);
	if (id >= 0)
		id = build_op(node->graph, GRAPH_ARG_MAX, NULL, 1, &input, (uint32_t)id, &params);
	dims[params.axis] = 1;
	if (id >= 0 && onnx_int(node, "keepdims", 1))
		id = build_reshape(node->graph, (uint32_t)id, GRAPH_NONE, rank, dims);
	return onnx_done(node, 0, id);
}

static int cast(struct onnx_node *node, int unused)
{
	int type = onnx_graph_type((int32_t)onnx_int(node, "to", 0)), err = onnx_need(node, 1);

	(void)unused;
	if (err)
		return err;
	if (type < 0)
		return accel_error_set(-ENOTSUP, "the type is not supported");
	return onnx_done(node, 0, cast_to(node->graph, node->in[0], (uint32_t)type));
}

static int cast_like(struct onnx_node *node, int unused)
{
	int err = onnx_need(node, 2);

	(void)unused;
	return err ? err : onnx_done(node, 0, cast_to(node->graph, node->in[0], onnx_in(node, 1)->type));
}

static const struct {
	const char *name;
	onnx_handler handler;
	int argument;
} handlers[] = {
	{ "Abs", function, GRAPH_ABS }, { "Add", binary, GRAPH_ADD }, { "ArgMax", arg_max, 0 },
	{ "ArgMin", arg_max, 1 },
	{ "Cast", cast, 0 }, { "CastLike", cast_like, 0 }, { "Ceil", function, GRAPH_CEIL }, { "Clip", clip, 0 },
	{ "Cos", function, GRAPH_COS }, { "Div", binary, GRAPH_DIV }, { "Elu", function, GRAPH_ELU },
	{ "Erf", function, GRAPH_ERF }, { "Exp", function, GRAPH_EXP },
	{ "Floor", function, GRAPH_FLOOR }, { "Gelu", function, GRAPH_GELU }, { "Gemm", gemm, 0 },
	{ "HardSigmoid", hard_sigmoid, 0 }, { "HardSwish", unary, GRAPH_HARD_SWISH },
	{ "LeakyRelu", leaky_relu, 0 }, { "Log", function, GRAPH_LOG },
	{ "LogSoftmax", softmax, GRAPH_LOG_SOFTMAX }, { "MatMul", matmul, 0 },
	{ "Max", binary, GRAPH_MAX }, { "Mean", mean_of_all, 0 }, { "Min", binary, GRAPH_MIN },
	{ "Mul", binary, GRAPH_MUL }, { "Neg", function, GRAPH_NEG }, { "PRelu", prelu, 0 },
	{ "Pow", power, 0 }, { "Reciprocal", function, GRAPH_RECIPROCAL },
	{ "ReduceMax", reduce, GRAPH_REDUCE_MAX }, { "ReduceMean", reduce, GRAPH_MEAN },
	{ "ReduceMin", reduce, GRAPH_REDUCE_MIN }, { "ReduceProd", reduce, GRAPH_PROD },
	{ "ReduceSum", reduce, GRAPH_SUM }, { "Relu", relu, 0 }, { "Round", function, GRAPH_ROUND },
	{ "Selu", function, GRAPH_SELU }, { "Sigmoid", unary, GRAPH_LOGISTIC },
	{ "Sign", function, GRAPH_SIGN }, { "Sin", function, GRAPH_SIN },
	{ "Softmax", softmax, GRAPH_SOFTMAX }, { "Softplus", function, GRAPH_SOFTPLUS },
	{ "Softsign", function, GRAPH_SOFTSIGN }, { "Sqrt", function, GRAPH_SQRT },
	{ "Sub", binary, GRAPH_SUB }, { "Sum", binary, GRAPH_ADD }, { "Tanh", unary, GRAPH_TANH },
};

onnx_handler onnx_find_handler(const char *domain, const char *type, int *argument)
{
	onnx_handler found;

	*argument = 0;
	if (!strcmp(domain, "com.microsoft") || !strncmp(type, "QLinear", 7))
		return onnx_find_quantized_handler(type, argument);
	if (domain[0] && strcmp(domain, "ai.onnx"))
		return NULL;
	for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++)
		if (!strcmp(handlers[i].name, type)) {
			*argument = handlers[i].argument;
			return handlers[i].handler;
		}
	found = onnx_find_image_handler(type, argument);
	if (!found)
		found = onnx_find_shape_handler(type, argument);
	if (!found)
		found = onnx_find_composed_handler(type, argument);
	if (!found)
		found = onnx_find_value_handler(type, argument);
	return found ? found : onnx_find_quantized_handler(type, argument);
}
