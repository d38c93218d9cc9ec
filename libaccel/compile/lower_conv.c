// SPDX-License-Identifier: MIT
/*
 * Convolutions, fully connected layers and averages, with what can ride on
 * them: bias, requantisation, activation, an addition behind.
 *
 * A convolution of quantised tensors is, per channel k,
 *     out = zo + M[k] * (sum(w * x) + bias[k] - zi * sum(w)),
 *     M[k] = si * sw[k] / so,
 * with the input padded by its zero point.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "layer.h"

static int64_t bias_at(const struct graph_tensor *bias, uint32_t k)
{
	return !bias ? 0 : bias->type == GRAPH_I64 ? ((const int64_t *)bias->data)[k] :
	       ((const int32_t *)bias->data)[k];
}

/* Bias and scales from the graph's tensors, once the weights are there. */
static void layer_scales(struct layer *layer, const struct graph *graph,
			 const struct graph_tensor *weights, const struct graph_tensor *bias)
{
	const struct graph_tensor *in = &graph->tensors[layer->in];
	uint32_t k;

	for (k = 0; k < layer->kernels; k++) {
		layer->scale[k] = (double)graph_scale(in, 0) *
				  (weights ? (double)graph_scale(weights, k) : 1);
		layer->bias[k] = (double)bias_at(bias, k);
	}
	layer->conv.pad_value = graph_zero_point(in, 0);
}

bool layer_window_fits(const struct graph_window *w)
{
	return w->kernel_w <= 32 && w->kernel_h <= 32 && w->stride_w <= 8 && w->stride_h <= 8 &&
	       w->dilation_w <= 32 && w->dilation_h <= 32 && w->pad_left <= 31 &&
	       w->pad_top <= 31 && w->pad_right <= 63 && w->pad_bottom <= 63;
}

void layer_set_window(struct npu_conv *conv, const struct graph_window *w)
{
	conv->kernel_w = w->kernel_w;
	conv->kernel_h = w->kernel_h;
	conv->stride_x = w->stride_w;
	conv->stride_y = w->stride_h;
	conv->dilation_x = w->dilation_w;
	conv->dilation_y = w->dilation_h;
	conv->pad_left = w->pad_left;
	conv->pad_top = w->pad_top;
	conv->pad_right = w->pad_right;
	conv->pad_bottom = w->pad_bottom;
}

bool layer_usable_weights(const struct graph *graph, uint32_t weights, uint32_t bias)
{
	const struct graph_tensor *w = &graph->tensors[weights];

	if (!graph_is_const(w) || w->type != GRAPH_I8 || !w->quant.count ||
	    (w->quant.count > 1 && w->quant.axis != 0) || !graph_weights_symmetric(w))
		return false;
	if (bias == GRAPH_NONE)
		return true;
	w = &graph->tensors[bias];
	return graph_is_const(w) && (w->type == GRAPH_I32 || w->type == GRAPH_I64);
}

/* The tensor that is flattened before a FULLY_CONNECTED, if that can read it as it is. */
static uint32_t flattened(const struct lower *lower, uint32_t index)
{
	const struct graph *graph = lower->graph;
	const struct graph_op *op = &graph->ops[index];
	const struct graph_tensor *w = &graph->tensors[op->inputs[1]];
	uint32_t producer = graph_producer(graph, op->inputs[0]);
	uint32_t from, width, height, channels;

	if (producer == GRAPH_NONE || graph->ops[producer].kind != GRAPH_RESHAPE ||
	    lower->tensors[op->inputs[0]].cube_buffer != LOWER_NONE ||
	    !lower_is_cube(lower, op->outputs[0]) ||
	    !layer_usable_weights(graph, op->inputs[1],
				  op->num_inputs > 2 ? op->inputs[2] : GRAPH_NONE))
		return GRAPH_NONE;
	from = graph->ops[producer].inputs[0];
	if (!lower_is_cube(lower, from) || graph->tensors[from].rank != 4 ||
	    !lower_shape(&graph->tensors[from], &width, &height, &channels) ||
	    (uint64_t)width * height * channels != w->dims[w->rank - 1] || width > 32 ||
	    height > 32 || lower->tensors[from].cube_buffer == LOWER_NONE)
		return GRAPH_NONE;
	return from;
}

bool layer_sees_image(const struct lower *lower, uint32_t index)
{
	return flattened(lower, index) != GRAPH_NONE;
}

/* FULLY_CONNECTED of a flattened image is a convolution as large as the image. */
static bool seen_as_image(struct lower *lower, uint32_t index, struct layer *layer)
{
	const uint32_t from = flattened(lower, index);
	uint32_t width, height, channels;

	if (from == GRAPH_NONE)
		return false;
	lower_shape(&lower->graph->tensors[from], &width, &height, &channels);
	layer->in = from;
	layer->in_width = width;
	layer->in_height = height;
	layer->in_channels = channels;
	layer->group_c = channels;
	layer->conv.kernel_w = width;
	layer->conv.kernel_h = height;
	return true;
}

/*
 * A depthwise convolution without activation and the 1 x 1 convolution behind
 * it are one dense convolution, which costs fewer cycles where channels are few:
 * the NPU pays for results as well as for products. Its weights are rounded
 * anew, the result between the two not at all.
 */
static uint32_t merge_partner(struct lower *lower, uint32_t index, const struct layer *first)
{
	const struct graph *graph = lower->graph;
	const struct graph_op *op = &graph->ops[index], *next;
	uint32_t user = graph_only_user(graph, op->outputs[0]), bias, kernels;
	/* A zero point at an end makes saturation an activation. */
	const int32_t zero = graph_zero_point(&graph->tensors[op->outputs[0]], 0);
	const struct graph_tensor *w;
	struct npu_conv point = {
		.kernel_w = 1, .kernel_h = 1, .stride_x = 1, .stride_y = 1, .dilation_x = 1,
		.dilation_y = 1, .groups = 1, .groups_per_block = 1,
	}, dense = first->conv;
	uint32_t width, height, channels;
	uint64_t apart, behind, merged;

	if (lower->exact || op->kind != GRAPH_CONV || user == GRAPH_NONE || lower->done[user] ||
	    graph->ops[user].kind != GRAPH_CONV || graph_has_act(op) || zero == INT8_MIN ||
	    zero == INT8_MAX ||
	    first->conv.groups != first->in_channels || first->kernels != first->in_channels ||
	    first->in_channels < 2)
		return GRAPH_NONE;
	next = &graph->ops[user];
	w = &graph->tensors[next->inputs[1]];
	bias = next->num_inputs > 2 ? next->inputs[2] : GRAPH_NONE;
	if (!lower_is_cube(lower, next->outputs[0]) || next->inputs[0] != op->outputs[0] ||
	    !layer_usable_weights(graph, next->inputs[1], bias) || w->dims[1] != 1 ||
	    w->dims[2] != 1 ||
	    next->params.conv.groups != 1 || next->params.conv.window.stride_h != 1 ||
	    next->params.conv.window.stride_w != 1 || next->params.conv.window.pad_top ||
	    next->params.conv.window.pad_left || next->params.conv.window.pad_right ||
	    next->params.conv.window.pad_bottom)
		return GRAPH_NONE;
	kernels = w->dims[0];
	lower_shape(&graph->tensors[op->outputs[0]], &width, &height, &channels);
	dense.groups = 1;
	apart = layer_cycles(lower, &first->conv, first->in_channels, first->in_width,
			     first->in_height, first->kernels);
	behind = layer_cycles(lower, &point, channels, width, height, kernels);
	merged = layer_cycles(lower, &dense, first->in_channels, first->in_width,
			      first->in_height, kernels);
	if (apart == UINT64_MAX || behind == UINT64_MAX || merged >= apart + behind)
		return GRAPH_NONE;
	return user;
}

/* @first, depthwise, and operation @index of the graph behind it as one layer. */
static bool merge(struct lower *lower, const struct layer *first, uint32_t index,
		  struct layer *layer)
{
	const struct graph *graph = lower->graph;
	const struct graph_op *op = &graph->ops[index];
	const struct graph_tensor *w = &graph->tensors[op->inputs[1]];
	const struct graph_tensor *bias = op->num_inputs > 2 && op->inputs[2] != GRAPH_NONE ?
					  &graph->tensors[op->inputs[2]] : NULL;
	const double middle = graph_scale(&graph->tensors[first->out], 0);
	const double input = graph_scale(&graph->tensors[first->in], 0);
	const uint32_t channels = first->in_channels;
	const size_t taps = (size_t)first->conv.kernel_w * first->conv.kernel_h;
	double *real = calloc(taps * channels, sizeof(*real));
	uint32_t k, c;
	size_t t;

	*layer = *first;
	layer->out = op->outputs[0];
	layer->kernels = w->dims[0];
	layer->group_c = channels;
	layer->conv.groups = 1;
	graph_act_range(graph, op, &layer->act_lo, &layer->act_hi);
	if (!layer_alloc(layer) || !real) {
		layer_free(layer);
		free(real);
		lower->error = -ENOMEM;
		return false;
	}
	for (k = 0; k < layer->kernels; k++) {
		const int8_t *point = (const int8_t *)w->data + (size_t)k * channels;
		double most = 0, sum = bias ? bias_at(bias, k) * middle * graph_scale(w, k) : 0;

		for (c = 0; c < channels; c++) {
			/* first->scale has the input's scale in it. */
			double by = graph_scale(w, k) * point[c];

			sum += by * first->bias[c] * first->scale[c];
			for (t = 0; t < taps; t++) {
				real[t * channels + c] = by * first->weights[c * taps + t] *
							 first->scale[c] / input;
				most = fmax(most, fabs(real[t * channels + c]));
			}
		}
		most = most > 0 ? most / 127 : 1;
		layer->scale[k] = input * most;
		layer->bias[k] = sum / layer->scale[k];
		for (t = 0; t < taps * channels; t++)
			layer->weights[k * taps * channels + t] = (int8_t)round(real[t] / most);
	}
	free(real);
	return true;
}

/* Return: whether the two were emitted as one. */
static bool emit_merged(struct lower *lower, const struct layer *first, uint32_t index)
{
	uint32_t user = merge_partner(lower, index, first);
	struct layer layer;
	const char *why;

	if (user == GRAPH_NONE || !merge(lower, first, user, &layer))
		return false;
	lower->done[user] = 1;
	lower->current = user;
	why = layer_emit(lower, &layer, user);
	lower->current = index;
	layer_free(&layer);
	if (why) {
		lower->done[user] = 0;
		return false;
	}
	lower->notes[user].on_npu = true;
	lower->notes[index].why = "merged into the convolution behind";
	return true;
}

const char *lower_conv(struct lower *lower, uint32_t index)
{
	const struct graph *graph = lower->graph;
	const struct graph_op *op = &graph->ops[index];
	const bool full = op->kind == GRAPH_FULLY_CONNECTED;
	const uint32_t bias = op->num_inputs > 2 ? op->inputs[2] : GRAPH_NONE;
	const struct graph_tensor *w = &graph->tensors[op->inputs[1]];
	struct layer layer = {
		.in = op->inputs[0], .out = op->outputs[0], .kernels = w->dims[0],
		.conv = {
			.kernel_w = 1, .kernel_h = 1, .stride_x = 1, .stride_y = 1,
			.dilation_x = 1, .dilation_y = 1, .groups = 1, .groups_per_block = 1,
		},
	};
	const char *why;

	if (!layer_usable_weights(graph, op->inputs[1], bias))
		return "weights that are not symmetric INT8 constants";
	if (full && seen_as_image(lower, index, &layer)) {
		/* The image is all there is to know. */
	} else if (!lower_is_cube(lower, layer.in) || !lower_is_cube(lower, layer.out)) {
		return "not INT8, or a shape that is no cube";
	} else if (full) {
		layer.group_c = w->dims[w->rank - 1];
		lower_shape(&graph->tensors[layer.in], &layer.in_width, &layer.in_height,
			    &layer.in_channels);
		if (layer.in_channels != layer.group_c)
			return "input of another shape than the weights";
	} else {
		if (!layer_window_fits(&op->params.conv.window))
			return "kernel, stride or padding larger than the registers hold";
		layer_set_window(&layer.conv, &op->params.conv.window);
		layer.conv.kernel_h = w->dims[1];
		layer.conv.kernel_w = w->dims[2];
		layer.conv.groups = op->params.conv.groups;
		if (!npu_padding_fits(&layer.conv))
			return "padding as wide as the kernel";
		layer.group_c = w->dims[3];
		lower_shape(&graph->tensors[layer.in], &layer.in_width, &layer.in_height,
			    &layer.in_channels);
	}
	if ((uint64_t)layer.conv.kernel_w * layer.conv.kernel_h * layer.group_c > 131072)
		return "more products than the accumulator holds";
	graph_act_range(graph, op, &layer.act_lo, &layer.act_hi);
	if (!layer_alloc(&layer)) {
		lower->error = -ENOMEM;
		return "out of memory";
	}
	memcpy(layer.weights, w->data, graph_elements(w));
	layer_scales(&layer, graph, w, bias == GRAPH_NONE ? NULL : &graph->tensors[bias]);
	why = emit_merged(lower, &layer, index) ? NULL : layer_emit(lower, &layer, index);
	layer_free(&layer);
	return why;
}

/* Only channels, and with zeros? */
bool lower_pads_channels(const struct graph *graph, const struct graph_op *op)
{
	uint32_t i;

	if (op->params.pad.mode != GRAPH_PAD_CONSTANT ||
	    (op->num_inputs > 1 && op->inputs[1] != GRAPH_NONE))
		return false;
	for (i = 0; i + 1 < graph->tensors[op->inputs[0]].rank; i++) {
		if (op->params.pad.before[i] || op->params.pad.after[i])
			return false;
	}
	return true;
}

/* Channels added behind: a convolution with the identity, zero for the new ones. */
const char *lower_pad(struct lower *lower, uint32_t index)
{
	const struct graph *graph = lower->graph;
	const struct graph_op *op = &graph->ops[index];
	const struct graph_tensor *in = &graph->tensors[op->inputs[0]];
	const struct graph_tensor *out = &graph->tensors[op->outputs[0]];
	struct layer layer = {
		.in = op->inputs[0], .out = op->outputs[0],
		.act_lo = INT8_MIN, .act_hi = INT8_MAX,
		.conv = {
			.kernel_w = 1, .kernel_h = 1, .stride_x = 1, .stride_y = 1,
			.dilation_x = 1, .dilation_y = 1, .groups = 1, .groups_per_block = 1,
		},
	};
	const char *why;
	uint32_t i, user;

	if (!lower_is_cube(lower, layer.in) || !lower_is_cube(lower, layer.out))
		return "not INT8, or a shape that is no cube";
	if (!lower_pads_channels(graph, op))
		return "padding of something else than channels, or not with zero";
	/* Perhaps the addition behind can do without. */
	user = graph_only_user(graph, layer.out);
	if (user != GRAPH_NONE && graph->ops[user].kind == GRAPH_ADD) {
		uint32_t other = graph->ops[user].inputs[graph->ops[user].inputs[0] == layer.out];
		uint32_t producer = graph_producer(graph, other);

		if (producer != GRAPH_NONE && !lower->done[producer] &&
		    graph->ops[producer].kind == GRAPH_CONV &&
		    layer_padding_of(lower, layer.out, index) != GRAPH_NONE) {
			lower->notes[index].why = "added where there is something to add";
			return NULL;
		}
	}
	lower_shape(in, &layer.in_width, &layer.in_height, &layer.in_channels);
	layer.group_c = layer.in_channels;
	layer.kernels = out->dims[out->rank - 1];
	if (!layer_alloc(&layer)) {
		lower->error = -ENOMEM;
		return "out of memory";
	}
	memset(layer.weights, 0, (size_t)layer.kernels * layer.group_c);
	for (i = 0; i < layer.group_c; i++)
		layer.weights[(size_t)(op->params.pad.before[in->rank - 1] + i) * layer.group_c +
			      i] = 1;
	layer_scales(&layer, graph, NULL, NULL);
	why = layer_emit(lower, &layer, index);
	layer_free(&layer);
	return why;
}
