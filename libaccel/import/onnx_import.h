/* SPDX-License-Identifier: MIT */
/*
 * Between the reader of an ONNX model's structure and of its operators.
 *
 * Tensors keep ONNX's layout, NCHW. Operations on images stand between
 * transposes to NHWC and back, which pass_transposes() removes.
 */
#ifndef ACCEL_ONNX_IMPORT_H
#define ACCEL_ONNX_IMPORT_H

#include "libaccel/graph/graph.h"
#include "onnx.pb-c.h"

/* Tensor types of the format. */
enum onnx_type {
	ONNX_FLOAT = 1, ONNX_UINT8, ONNX_INT8, ONNX_UINT16, ONNX_INT16, ONNX_INT32, ONNX_INT64,
	ONNX_STRING, ONNX_BOOL, ONNX_FLOAT16, ONNX_DOUBLE, ONNX_UINT32, ONNX_UINT64,
};

struct onnx_names;

/**
 * struct onnx_node - an operator
 * @graph: what becomes of the model
 * @node: the message
 * @opset: version of the standard operators
 * @num_in: inputs, without those left out at the end
 * @in: the graph's tensors, GRAPH_NONE for those left out
 * @out: what the handler sets: the graph's tensor for each output
 */
struct onnx_node {
	struct graph *graph;
	const Onnx__Node *node;
	int64_t opset;
	uint32_t num_in, num_out;
	uint32_t *in, *out;
};

typedef int (*onnx_handler)(struct onnx_node *node, int argument);

/* The handler of an operator; NULL: not supported. */
onnx_handler onnx_find_handler(const char *domain, const char *type, int *argument);
onnx_handler onnx_find_image_handler(const char *type, int *argument);
onnx_handler onnx_find_shape_handler(const char *type, int *argument);
onnx_handler onnx_find_quantized_handler(const char *type, int *argument);
onnx_handler onnx_find_composed_handler(const char *type, int *argument);
onnx_handler onnx_find_value_handler(const char *type, int *argument);
/* A reduction's dimensions as a bit mask. Return: 0 or a negative errno. */
int onnx_reduce_axes(struct onnx_node *node, uint32_t *axes, bool *keep);
int onnx_resize(struct onnx_node *node, int upsample);

/*
 * Integers that only move, or of which the largest is taken, have the scale
 * that an operator in front or behind names. Return: 0 or -ENOMEM.
 */
int onnx_spread_scales(struct graph *graph);

/* A constant of the graph from a message; its number or a negative errno. */
int onnx_tensor(struct graph *graph, const Onnx__Tensor *tensor, const char *folder);

/* The graph's type for the format's; -1: not supported. */
int onnx_graph_type(int32_t type);

/* Attributes, or what holds without them. */
const Onnx__Attribute *onnx_attribute(const struct onnx_node *node, const char *name);
int64_t onnx_int(const struct onnx_node *node, const char *name, int64_t absent);
float onnx_float(const struct onnx_node *node, const char *name, float absent);
bool onnx_string_is(const struct onnx_node *node, const char *name, const char *value,
		    const char *absent);

/**
 * onnx_ints() - a list of integers
 *
 * Return: how many; -ENOENT without the attribute; -EINVAL more than @most.
 */
int onnx_ints(const struct onnx_node *node, const char *name, uint32_t most, int64_t *values);

/* The same from attribute @name or constant input @input, whichever is there. */
int onnx_ints_or_input(const struct onnx_node *node, const char *name, uint32_t input,
		       uint32_t most, int64_t *values);

/* The first @inputs inputs are there. Return: 0 or -EINVAL. */
int onnx_need(const struct onnx_node *node, uint32_t inputs);

static inline bool onnx_given(const struct onnx_node *node, uint32_t i)
{
	return i < node->num_in && node->in[i] != GRAPH_NONE;
}

static inline const struct graph_tensor *onnx_in(const struct onnx_node *node, uint32_t i)
{
	return &node->graph->tensors[node->in[i]];
}

/* Record a build_*() result as output @i. Return: 0 or the error. */
static inline int onnx_done(struct onnx_node *node, uint32_t i, int tensor)
{
	if (tensor < 0)
		return tensor;
	node->out[i] = (uint32_t)tensor;
	return 0;
}

/* A single constant's first value as real; NAN: not a constant of reals or integers. */
double onnx_scalar(const struct onnx_node *node, uint32_t input);

/* NCHW to NHWC and back; tensors of three dimensions get a height of 1. */
int onnx_to_nhwc(struct graph *graph, uint32_t tensor);
int onnx_from_nhwc(struct graph *graph, uint32_t tensor, uint32_t rank);

/**
 * onnx_conv_params() - window and groups from attributes
 * @in: spatial sizes of the input, height then width (height 1 for 1-D)
 * @kernel: of the weights
 */
int onnx_window(const struct onnx_node *node, uint32_t spatial, const uint32_t in[2],
		const uint32_t kernel[2], struct graph_window *window);

/* Weights [O, I/g, kh, kw] (1-D: [O, I/g, k]) as [O, kh, kw, I/g]. */
int onnx_conv_weights(struct graph *graph, uint32_t weights);

/* Convolution of NCHW tensors; @output: NHWC tensor with a scale, or GRAPH_NONE. */
int onnx_conv(struct onnx_node *node, uint32_t x, uint32_t weights, uint32_t bias,
	      uint32_t output);

#endif /* ACCEL_ONNX_IMPORT_H */
