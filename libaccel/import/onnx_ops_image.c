// SPDX-License-Identifier: MIT
/*
 * ONNX's operators on images: convolution, pooling, normalisation, resizing.
 */
#include <stdlib.h>
#include <string.h>

#include "libaccel/dev/error.h"
#include "libaccel/import/import_build.h"
#include "libaccel/import/onnx_import.h"

int onnx_to_nhwc(struct graph *graph, uint32_t tensor)
{
	static const uint32_t order[] = { 0, 2, 3, 1 };
	const struct graph_tensor *t = &graph->tensors[tensor];
	int id = (int)tensor;

	if (t->rank == 3) {
		uint32_t dims[4] = { t->dims[0], t->dims[1], 1, t->dims[2] };

		id = build_reshape(graph, tensor, GRAPH_NONE, 4, dims);
	} else if (t->rank != 4) {
		return accel_error_set(-ENOTSUP, "images of %u dimensions are not supported", t->rank);
	}
	return id < 0 ? id : build_transpose(graph, (uint32_t)id, GRAPH_NONE, order);
}

int onnx_from_nhwc(struct graph *graph, uint32_t tensor, uint32_t rank)
{
	static const uint32_t order[] = { 0, 3, 1, 2 };
	int id = build_transpose(graph, tensor, GRAPH_NONE, order);

	if (id >= 0 && rank == 3) {
		const struct graph_tensor *t = &graph->tensors[id];
		uint32_t dims[3] = { t->dims[0], t->dims[1], t->dims[3] };

		id = build_reshape(graph, (uint32_t)id, GRAPH_NONE, 3, dims);
	}
	return id;
}

/* Two values, height then width, of a list for 1 or 2 spatial dimensions. */
static int pair(const struct onnx_node *node, const char *name, uint32_t spatial, uint32_t absent,
		uint32_t out[2])
{
	int64_t values[2];
	int n = onnx_ints(node, name, 2, values);

	out[0] = out[1] = absent;
	if (n == -ENOENT)
		return 0;
	if (n < 0)
		return n;
	if ((uint32_t)n != spatial)
		return accel_error_set(-EINVAL, "%s has %d values", name, n);
	for (int i = 0; i < n; i++) {
		if (values[i] < 0 || values[i] > 65535)
			return accel_error_set(-EINVAL, "%s is out of bounds", name);
		out[2 - n + i] = (uint32_t)values[i];
	}
	return 0;
}

int onnx_window(const struct onnx_node *node, uint32_t spatial, const uint32_t in[2],
		const uint32_t kernel[2], struct graph_window *w)
{
	uint32_t stride[2], dilation[2], before[2] = { 0 }, after[2] = { 0 };
	int64_t pads[4];
	int err = pair(node, "strides", spatial, 1, stride), n;

	if (!err)
		err = pair(node, "dilations", spatial, 1, dilation);
	if (err)
		return err;
	if (!stride[0] || !stride[1] || !dilation[0] || !dilation[1] || !kernel[0] || !kernel[1])
		return accel_error_set(-EINVAL, "a kernel, stride or dilation is 0");
	n = onnx_ints(node, "pads", 4, pads);
	if (n < 0 && n != -ENOENT)
		return n;
	if (n >= 0 && (uint32_t)n != 2 * spatial)
		return accel_error_set(-EINVAL, "pads has %d values", n);
	for (int i = 0; i < n / 2; i++) {
		if (pads[i] < 0 || pads[i] > 65535 || pads[i + n / 2] < 0 || pads[i + n / 2] > 65535)
			return accel_error_set(-EINVAL, "pads is out of bounds");
		before[2 - n / 2 + i] = (uint32_t)pads[i];
		after[2 - n / 2 + i] = (uint32_t)pads[i + n / 2];
	}
	for (uint32_t i = 2 - spatial; i < 2 && in; i++) {
		uint32_t swap;

		if (onnx_string_is(node, "auto_pad", "SAME_UPPER", "NOTSET") ||
		    onnx_string_is(node, "auto_pad", "SAME_LOWER", "NOTSET"))
			build_same_padding(in[i], kernel[i], dilation[i], stride[i], &before[i],
					   &after[i]);
		if (onnx_string_is(node, "auto_pad", "SAME_LOWER", "NOTSET")) {
			swap = before[i];
			before[i] = after[i];
			after[i] = swap;
		}
	}
	*w = (struct graph_window){ kernel[0], kernel[1], stride[0], stride[1], dilation[0],
				    dilation[1], before[0], after[0], before[1], after[1] };
	return 0;
}

/* Scales per channel stay with the output channels. */
int onnx_conv_weights(struct graph *graph, uint32_t weights)
{
	static const uint32_t order[] = { 0, 2, 3, 1 };
	const struct graph_tensor *t = &graph->tensors[weights];
	int id = (int)weights;

	if (t->rank == 3) {
		uint32_t dims[4] = { t->dims[0], t->dims[1], 1, t->dims[2] };

		id = build_reshape(graph, weights, GRAPH_NONE, 4, dims);
		if (id >= 0 && graph->tensors[weights].quant.count > 1 &&
		    graph_copy_quant(graph, (uint32_t)id, weights))
			return -ENOMEM;
	} else if (t->rank != 4) {
		return accel_error_set(-ENOTSUP, "weights of %u dimensions are not supported", t->rank);
	}
	return id < 0 ? id : build_transpose(graph, (uint32_t)id, GRAPH_NONE, order);
}

int onnx_conv(struct onnx_node *node, uint32_t x, uint32_t weights, uint32_t bias, uint32_t output)
{
	struct graph *graph = node->graph;
	uint32_t rank = graph->tensors[x].rank, inputs[3], in[2], kernel[2];
	union graph_params params = { 0 };
	int64_t groups = onnx_int(node, "group", 1);
	int id = onnx_to_nhwc(graph, x), err;

	if (id < 0)
		return id;
	inputs[0] = (uint32_t)id;
	if (graph->tensors[weights].rank != rank)
		return accel_error_set(-EINVAL, "input and weights differ in dimensions");
	id = onnx_conv_weights(graph, weights);
	if (id < 0)
		return id;
	inputs[1] = (uint32_t)id;
	inputs[2] = bias;
	for (int i = 0; i < 2; i++) {
		in[i] = graph->tensors[inputs[0]].dims[1 + i];
		kernel[i] = graph->tensors[inputs[1]].dims[1 + i];
	}
	err = onnx_window(node, rank - 2, in, kernel, &params.conv.window);
	if (err)
		return err;
	if (groups < 1 || groups > INT32_MAX)
		return accel_error_set(-EINVAL, "group is out of bounds");
	params.conv.groups = (uint32_t)groups;
	id = build_op(graph, GRAPH_CONV, NULL, bias == GRAPH_NONE ? 2 : 3, inputs, output, &params);
	return id < 0 ? id : onnx_from_nhwc(graph, (uint32_t)id, rank);
}

static int conv(struct onnx_node *node, int unused)
{
	(void)unused;
	if (!onnx_given(node, 0) || !onnx_given(node, 1))
		return accel_error_set(-EINVAL, "input or weights are missing");
	return onnx_done(node, 0, onnx_conv(node, node->in[0], node->in[1],
					    onnx_given(node, 2) ? node->in[2] : GRAPH_NONE, GRAPH_NONE));
}

/* Weights [I, O/g, kh, kw] as [O, kh, kw, I/g]. */
static int transposed_weights(struct graph *graph, uint32_t tensor, uint32_t groups)
{
	static const uint32_t order[] = { 0, 2, 3, 4, 1 };
	const struct graph_tensor *t = &graph->tensors[tensor];
	uint32_t spatial = t->rank - 2, dims[5] = { groups, 0, 0, 1, 1 }, flat[4];
	int id;

	if (t->dims[0] % groups)
		return accel_error_set(-EINVAL, "channels and groups do not fit");
	dims[1] = t->dims[0] / groups;
	dims[2] = t->dims[1];
	for (uint32_t i = 0; i < spatial; i++)
		dims[5 - spatial + i] = t->dims[2 + i];
	flat[0] = groups * dims[2];
	flat[1] = dims[3];
	flat[2] = dims[4];
	flat[3] = dims[1];
	id = build_reshape(graph, tensor, GRAPH_NONE, 5, dims);
	if (id >= 0)
		id = build_transpose(graph, (uint32_t)id, GRAPH_NONE, order);
	return id < 0 ? id : build_reshape(graph, (uint32_t)id, GRAPH_NONE, 4, flat);
}

static int conv_transpose(struct onnx_node *node, int unused)
{
	struct graph *graph = node->graph;
	uint32_t rank, spatial, inputs[3], extra[2], given[2], kernel[2], dims[4], num;
	int64_t groups = onnx_int(node, "group", 1), shape[2];
	union graph_params params = { 0 };
	struct graph_window *w = &params.conv.window;
	bool upper = onnx_string_is(node, "auto_pad", "SAME_UPPER", "NOTSET");
	bool same = upper || onnx_string_is(node, "auto_pad", "SAME_LOWER", "NOTSET");
	int id, err, n;

	(void)unused;
	if (!onnx_given(node, 0) || !onnx_given(node, 1))
		return accel_error_set(-EINVAL, "input or weights are missing");
	rank = onnx_in(node, 0)->rank;
	if ((rank != 3 && rank != 4) || onnx_in(node, 1)->rank != rank || groups < 1 ||
	    groups > onnx_in(node, 1)->dims[0])
		return accel_error_set(-ENOTSUP, "%u dimensions are not supported", rank);
	spatial = rank - 2;
	id = transposed_weights(graph, node->in[1], (uint32_t)groups);
	if (id < 0)
		return id;
	inputs[1] = (uint32_t)id;
	id = onnx_to_nhwc(graph, node->in[0]);
	if (id < 0)
		return id;
	inputs[0] = (uint32_t)id;
	inputs[2] = onnx_given(node, 2) ? node->in[2] : GRAPH_NONE;
	num = inputs[2] == GRAPH_NONE ? 2 : 3;
	for (int i = 0; i < 2; i++)
		kernel[i] = graph->tensors[inputs[1]].dims[1 + i];
	err = onnx_window(node, spatial, NULL, kernel, w);
	if (!err)
		err = pair(node, "output_padding", spatial, 0, extra);
	n = err ? err : onnx_ints(node, "output_shape", 2, shape);
	if (n < 0 && n != -ENOENT)
		return n;
	if (n >= 0 && (uint32_t)n != spatial)
		return accel_error_set(-EINVAL, "output_shape has %d values", n);
	for (uint32_t i = 0; i < 2; i++) {
		uint32_t in = graph->tensors[inputs[0]].dims[1 + i];
		uint32_t stride = i ? w->stride_w : w->stride_h, dilation = i ? w->dilation_w : w->dilation_h;
		uint32_t *before = i ? &w->pad_left : &w->pad_top, *after = i ? &w->pad_right : &w->pad_bottom;
		int64_t full = (int64_t)stride * (in - 1) + (spatial == 1 && !i ? 0 : extra[i]) +
			       (int64_t)(kernel[i] - 1) * dilation + 1, size, total;

		if (spatial == 1 && !i)
			size = 1;
		else if (n >= 0)
			size = shape[spatial == 1 ? 0 : i];
		else if (same)
			size = (int64_t)in * stride;
		else
			size = full - *before - *after;
		if (size < 1 || size > 1 << 20)
			return accel_error_set(-EINVAL, "the output's size is out of bounds");
		given[i] = (uint32_t)size;
		if (n >= 0 || same) {
			total = full - size > 0 ? full - size : 0;
			*before = (uint32_t)(upper ? total / 2 : total - total / 2);
			*after = (uint32_t)(total - *before);
		}
	}
	dims[0] = graph->tensors[inputs[0]].dims[0];
	dims[1] = given[0];
	dims[2] = given[1];
	dims[3] = graph->tensors[inputs[1]].dims[0];
	params.conv.groups = (uint32_t)groups;
	id = graph_add_tensor(graph, NULL, GRAPH_F32, 4, dims);
	if (id >= 0)
		id = build_op(graph, GRAPH_CONV_TRANSPOSED, NULL, num, inputs, (uint32_t)id, &params);
	return onnx_done(node, 0, id < 0 ? id : onnx_from_nhwc(graph, (uint32_t)id, rank));
}

static int pool(struct onnx_node *node, int kind)
{
	struct graph *graph = node->graph;
	union graph_params params = { 0 };
	struct graph_window *w = &params.pool.window;
	uint32_t rank, input, kernel[2], in[2], dims[4];
	int id, err;

	if (!onnx_given(node, 0))
		return accel_error_set(-EINVAL, "the input is missing");
	/* The indices of maxima, a second output, have no value: using them is an error. */
	rank = onnx_in(node, 0)->rank;
	id = onnx_to_nhwc(graph, node->in[0]);
	if (id < 0)
		return id;
	input = (uint32_t)id;
	err = pair(node, "kernel_shape", rank - 2, 1, kernel);
	in[0] = graph->tensors[input].dims[1];
	in[1] = graph->tensors[input].dims[2];
	if (!err)
		err = onnx_window(node, rank - 2, in, kernel, w);
	if (err)
		return err;
	params.pool.count_padding = onnx_int(node, "count_include_pad", 0) != 0;
	id = graph_add_tensor(graph, NULL, graph->tensors[input].type, 0, NULL);
	if (id < 0)
		return id;
	if (graph_copy_quant(graph, (uint32_t)id, input))
		return -ENOMEM;
	if (onnx_int(node, "ceil_mode", 0)) {
		/* The output's shape tells graph_infer() to round up. */
		const uint32_t before[2] = { w->pad_top, w->pad_left }, stride[2] = { w->stride_h, w->stride_w };
		const uint32_t after[2] = { w->pad_bottom, w->pad_right };
		const uint32_t dilation[2] = { w->dilation_h, w->dilation_w };

		memcpy(dims, graph->tensors[input].dims, sizeof(dims));
		for (int i = 0; i < 2; i++) {
			int64_t room = (int64_t)in[i] + before[i] + after[i] - (int64_t)(kernel[i] - 1) * dilation[i] - 1;
			int64_t n = room < 0 ? 0 : (room + stride[i] - 1) / stride[i] + 1;

			if (n && (n - 1) * stride[i] >= (int64_t)in[i] + before[i])
				n--;
			dims[1 + i] = (uint32_t)n;
		}
		err = build_set_shape(graph, (uint32_t)id, 4, dims);
		if (err)
			return err;
	}
	id = build_op(graph, kind, NULL, 1, &input, (uint32_t)id, &params);
	return onnx_done(node, 0, id < 0 ? id : onnx_from_nhwc(graph, (uint32_t)id, rank));
}

static int global_pool(struct onnx_node *node, int reduction)
{
	union graph_params params = { .reduce = { (uint32_t)reduction, 0, true } };
	uint32_t rank;

	if (!onnx_given(node, 0) || onnx_in(node, 0)->rank < 3)
		return accel_error_set(-EINVAL, "the input is no image");
	rank = onnx_in(node, 0)->rank;
	for (uint32_t i = 2; i < rank; i++)
		params.reduce.axes |= 1U << i;
	return onnx_done(node, 0, build_op(node->graph, GRAPH_REDUCE, NULL, 1, node->in, GRAPH_NONE,
					   &params));
}

static int batch_norm(struct onnx_node *node, int unused)
{
	union graph_params params = { .norm = { onnx_float(node, "epsilon", 1e-5f) } };
	uint32_t inputs[5], rank, order[GRAPH_DIMS], back[GRAPH_DIMS];
	struct graph *graph = node->graph;
	int id;

	(void)unused;
	for (uint32_t i = 0; i < 5; i++) {
		if (!onnx_given(node, i))
			return accel_error_set(-EINVAL, "input %u is missing", i);
		inputs[i] = node->in[i];
	}
	if (onnx_int(node, "training_mode", 0))
		return accel_error_set(-ENOTSUP, "training is not supported");
	rank = onnx_in(node, 0)->rank;
	if (rank < 2)
		return accel_error_set(-EINVAL, "the input has no channels");
	for (uint32_t i = 0; i < rank; i++) {
		order[i] = i == 0 ? 0 : i == rank - 1 ? 1 : i + 1;
		back[i] = i == 0 ? 0 : i == 1 ? rank - 1 : i - 1;
	}
	id = rank == 2 ? (int)inputs[0] : build_transpose(graph, inputs[0], GRAPH_NONE, order);
	if (id < 0)
		return id;
	inputs[0] = (uint32_t)id;
	id = build_op(graph, GRAPH_BATCH_NORM, NULL, 5, inputs, GRAPH_NONE, &params);
	if (id >= 0 && rank != 2)
		id = build_transpose(graph, (uint32_t)id, GRAPH_NONE, back);
	return onnx_done(node, 0, id);
}

static int lrn(struct onnx_node *node, int unused)
{
	int64_t size = onnx_int(node, "size", 0);
	union graph_params params = { .lrn = {
		.alpha = onnx_float(node, "alpha", 1e-4f), .beta = onnx_float(node, "beta", 0.75f),
		.bias = onnx_float(node, "bias", 1),
	} };
	uint32_t input, rank;
	int id;

	(void)unused;
	if (!onnx_given(node, 0) || size < 1 || size > 65535)
		return accel_error_set(-EINVAL, "input or size are missing");
	params.lrn.size = (uint32_t)size;
	params.lrn.alpha /= (float)size;
	rank = onnx_in(node, 0)->rank;
	id = onnx_to_nhwc(node->graph, node->in[0]);
	if (id < 0)
		return id;
	input = (uint32_t)id;
	id = build_op(node->graph, GRAPH_LRN, NULL, 1, &input, GRAPH_NONE, &params);
	return onnx_done(node, 0, id < 0 ? id : onnx_from_nhwc(node->graph, (uint32_t)id, rank));
}

static int block(struct onnx_node *node, int kind)
{
	int64_t size = onnx_int(node, "blocksize", 0);
	union graph_params params = { .block = { (uint32_t)size, 0 } };
	uint32_t input;
	int id;

	if (!onnx_given(node, 0) || size < 1 || size > 1024)
		return accel_error_set(-EINVAL, "input or blocksize are missing");
	params.block.crd = kind == GRAPH_DEPTH_TO_SPACE && onnx_string_is(node, "mode", "CRD", "DCR");
	id = onnx_to_nhwc(node->graph, node->in[0]);
	if (id < 0)
		return id;
	input = (uint32_t)id;
	id = build_op(node->graph, kind, NULL, 1, &input, GRAPH_NONE, &params);
	return onnx_done(node, 0, id < 0 ? id : onnx_from_nhwc(node->graph, (uint32_t)id, 4));
}

static const struct {
	const char *name;
	onnx_handler handler;
	int argument;
} handlers[] = {
	{ "AveragePool", pool, GRAPH_AVG_POOL }, { "BatchNormalization", batch_norm, 0 },
	{ "Conv", conv, 0 }, { "ConvTranspose", conv_transpose, 0 },
	{ "DepthToSpace", block, GRAPH_DEPTH_TO_SPACE },
	{ "GlobalAveragePool", global_pool, GRAPH_MEAN },
	{ "GlobalMaxPool", global_pool, GRAPH_REDUCE_MAX }, { "LRN", lrn, 0 },
	{ "MaxPool", pool, GRAPH_MAX_POOL }, { "Resize", onnx_resize, 0 },
	{ "SpaceToDepth", block, GRAPH_SPACE_TO_DEPTH }, { "Upsample", onnx_resize, 1 },
};

onnx_handler onnx_find_image_handler(const char *type, int *argument)
{
	for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++)
		if (!strcmp(handlers[i].name, type)) {
			*argument = handlers[i].argument;
			return handlers[i].handler;
		}
	return NULL;
}
