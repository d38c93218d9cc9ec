// SPDX-License-Identifier: MIT
/*
 * ONNX's operators that become several operations: norms, normalisations.
 * Formulas: the ONNX operator reference.
 */
#include <string.h>

#include "libaccel/dev/error.h"
#include "libaccel/import/import_build.h"
#include "libaccel/import/onnx_import.h"

/* Each step takes a tensor's number or an error, and hands errors on. */

static int pair(struct graph *graph, enum graph_kind kind, int a, int b)
{
	uint32_t inputs[2] = { (uint32_t)a, (uint32_t)b };

	return a < 0 ? a : b < 0 ? b : build_op(graph, kind, NULL, 2, inputs, GRAPH_NONE, NULL);
}

static int with_scalar(struct graph *graph, enum graph_kind kind, int a, float value)
{
	return a < 0 ? a : pair(graph, kind, a, graph_add_const(graph, NULL, GRAPH_F32, 0, NULL, &value));
}

static int function(struct graph *graph, enum graph_function which, int x)
{
	union graph_params params = { .unary = { .function = which, .alpha = 1, .beta = 1 } };
	uint32_t input = (uint32_t)x;

	return x < 0 ? x : build_op(graph, GRAPH_UNARY, NULL, 1, &input, GRAPH_NONE, &params);
}

static int reduced(struct graph *graph, enum graph_reduction reduction, int x, uint32_t axes,
		   bool keep)
{
	union graph_params params = { .reduce = { reduction, axes, keep } };
	uint32_t input = (uint32_t)x;

	return x < 0 ? x : build_op(graph, GRAPH_REDUCE, NULL, 1, &input, GRAPH_NONE, &params);
}

enum norm { NORM_L1, NORM_L2, NORM_SQUARES, NORM_LOG, NORM_LOG_EXP };

static int norm(struct onnx_node *node, int which)
{
	struct graph *graph = node->graph;
	uint32_t axes;
	bool keep;
	int err = onnx_reduce_axes(node, &axes, &keep), id, top = 0;

	if (err)
		return err;
	if (onnx_in(node, 0)->type != GRAPH_F32)
		return accel_error_set(-ENOTSUP, "type %s is not supported",
				       graph_type_name(onnx_in(node, 0)->type));
	id = (int)node->in[0];
	if (which == NORM_L1)
		id = function(graph, GRAPH_ABS, id);
	if (which == NORM_L2 || which == NORM_SQUARES)
		id = function(graph, GRAPH_SQUARE, id);
	if (which == NORM_LOG_EXP) {
		/* The largest first, that nothing overflows. */
		top = reduced(graph, GRAPH_REDUCE_MAX, id, axes, true);
		id = function(graph, GRAPH_EXP, pair(graph, GRAPH_SUB, id, top));
		top = reduced(graph, GRAPH_REDUCE_MAX, (int)node->in[0], axes, keep);
	}
	id = reduced(graph, GRAPH_SUM, id, axes, keep);
	if (which == NORM_L2)
		id = function(graph, GRAPH_SQRT, id);
	if (which == NORM_LOG || which == NORM_LOG_EXP)
		id = function(graph, GRAPH_LOG, id);
	if (which == NORM_LOG_EXP)
		id = pair(graph, GRAPH_ADD, id, top);
	return onnx_done(node, 0, id);
}

/* (x - mean) / sqrt(variance + epsilon), both over @axes. */
static int normalized(struct graph *graph, int x, uint32_t axes, float epsilon)
{
	int centred = pair(graph, GRAPH_SUB, x, reduced(graph, GRAPH_MEAN, x, axes, true));
	int variance = reduced(graph, GRAPH_MEAN, function(graph, GRAPH_SQUARE, centred), axes, true);

	return pair(graph, GRAPH_MUL, centred,
		    function(graph, GRAPH_RSQRT, with_scalar(graph, GRAPH_ADD, variance, epsilon)));
}

static int instance_normalization(struct onnx_node *node, int unused)
{
	uint32_t dims[GRAPH_DIMS], rank, axes = 0;
	int err = onnx_need(node, 3), id;

	(void)unused;
	if (err)
		return err;
	rank = onnx_in(node, 0)->rank;
	if (rank < 3)
		return accel_error_set(-EINVAL, "the input is no image");
	for (uint32_t i = 0; i + 1 < rank; i++)
		dims[i] = 1;
	dims[0] = onnx_in(node, 0)->dims[1];
	for (uint32_t i = 2; i < rank; i++)
		axes |= 1U << i;
	id = normalized(node->graph, (int)node->in[0], axes, onnx_float(node, "epsilon", 1e-5f));
	id = pair(node->graph, GRAPH_MUL, id,
		  build_reshape(node->graph, node->in[1], GRAPH_NONE, rank - 1, dims));
	return onnx_done(node, 0, pair(node->graph, GRAPH_ADD, id,
				       build_reshape(node->graph, node->in[2], GRAPH_NONE, rank - 1, dims)));
}

static int layer_normalization(struct onnx_node *node, int unused)
{
	uint32_t axis, axes = 0;
	int err = onnx_need(node, 2), id;

	(void)unused;
	if (!err)
		err = build_axis(onnx_int(node, "axis", -1), onnx_in(node, 0)->rank, &axis);
	if (err)
		return err;
	for (uint32_t i = axis; i < onnx_in(node, 0)->rank; i++)
		axes |= 1U << i;
	id = normalized(node->graph, (int)node->in[0], axes, onnx_float(node, "epsilon", 1e-5f));
	id = pair(node->graph, GRAPH_MUL, id, (int)node->in[1]);
	if (onnx_given(node, 2))
		id = pair(node->graph, GRAPH_ADD, id, (int)node->in[2]);
	return onnx_done(node, 0, id);
}

/* max(x, 0) + min(0, alpha * (exp(x / alpha) - 1)) */
static int celu(struct onnx_node *node, int unused)
{
	float alpha = onnx_float(node, "alpha", 1);
	int err = onnx_need(node, 1);

	(void)unused;
	if (err)
		return err;
	if (!(alpha > 0))
		return accel_error_set(-EINVAL, "alpha is not positive");
	return onnx_done(node, 0, with_scalar(node->graph, GRAPH_MUL,
					      function(node->graph, GRAPH_ELU,
						       with_scalar(node->graph, GRAPH_MUL, (int)node->in[0],
								   1 / alpha)),
					      alpha));
}

static const struct {
	const char *name;
	onnx_handler handler;
	int argument;
} handlers[] = {
	{ "Celu", celu, 0 }, { "InstanceNormalization", instance_normalization, 0 },
	{ "LayerNormalization", layer_normalization, 0 }, { "ReduceL1", norm, NORM_L1 },
	{ "ReduceL2", norm, NORM_L2 }, { "ReduceLogSum", norm, NORM_LOG },
	{ "ReduceLogSumExp", norm, NORM_LOG_EXP }, { "ReduceSumSquare", norm, NORM_SQUARES },
};

onnx_handler onnx_find_composed_handler(const char *type, int *argument)
{
	for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++)
		if (!strcmp(handlers[i].name, type)) {
			*argument = handlers[i].argument;
			return handlers[i].handler;
		}
	return NULL;
}
