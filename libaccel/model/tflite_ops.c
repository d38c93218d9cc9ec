// SPDX-License-Identifier: MIT
/*
 * TFLite's operators. Meaning of inputs and options: TFLite's schema and its
 * reference kernels.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libaccel/dev/error.h"
#include "libaccel/model/import_build.h"
#include "libaccel/model/tflite_import.h"

struct import {
	struct graph *graph;
	const struct tflite_op *op;
};

static const struct graph_tensor *in(const struct import *import, uint32_t i)
{
	return &import->graph->tensors[import->op->in[i]];
}

static int64_t option(const struct import *import, uint32_t field, uint32_t size, int64_t absent)
{
	return flat_get_int(&import->op->options, field, size, absent);
}

static bool given(const struct import *import, uint32_t i)
{
	return i < import->op->num_in && import->op->in[i] != GRAPH_NONE;
}

/* The range a fused activation clamps to; @tanh: one that is an operation. */
static int activation(const struct import *import, uint32_t field, float *low, float *high,
		      bool *tanh)
{
	*low = -INFINITY;
	*high = INFINITY;
	*tanh = false;
	switch (option(import, field, 1, 0)) {
	case 0:
		return 0;
	case 1:
		*low = 0;
		return 0;
	case 2:
		*low = -1;
		*high = 1;
		return 0;
	case 3:
		*low = 0;
		*high = 6;
		return 0;
	case 4:
		*tanh = true;
		return 0;
	default:
		return accel_error_set(-ENOTSUP, "fused activation %d is not supported",
				       (int)option(import, field, 1, 0));
	}
}

/* An operation with a fused activation in option @field. */
static int emit_fused(const struct import *import, enum graph_kind kind, uint32_t num,
		      const uint32_t *inputs, const union graph_params *params, uint32_t field)
{
	uint32_t output = import->op->out[0];
	float low, high;
	bool tanh;
	int err = activation(import, field, &low, &high, &tanh);

	if (err)
		return err;
	if (!tanh)
		return build_op_act(import->graph, kind, NULL, num, inputs, output, params, low, high);
	if (graph_is_quantized(&import->graph->tensors[output]))
		return accel_error_set(-ENOTSUP, "fused tanh on integers is not supported");
	err = build_op(import->graph, kind, NULL, num, inputs, GRAPH_NONE, params);
	return err < 0 ? err : build_unary(import->graph, GRAPH_TANH, err, output);
}

static int emit(const struct import *import, enum graph_kind kind,
		const union graph_params *params)
{
	return build_op(import->graph, kind, NULL, import->op->num_in, import->op->in,
			import->op->out[0], params);
}

static int integers(const struct import *import, uint32_t i, const char *what, uint32_t most,
		    int64_t *values)
{
	return build_integers(import->graph, given(import, i) ? import->op->in[i] : GRAPH_NONE, what,
			      most, values);
}

/* Strides and dilations of a window; 0 is refused by the checks behind. */
static uint32_t positive(const struct import *import, uint32_t field, int64_t absent)
{
	int64_t value = option(import, field, 4, absent);

	return value > 0 && value < 65536 ? (uint32_t)value : 0;
}

static int window(const struct import *import, struct graph_window *w, const struct graph_tensor *x,
		  bool same)
{
	if (x->rank != 4)
		return accel_error_set(-EINVAL, "the input has %u dimensions instead of 4", x->rank);
	if (!w->kernel_h || !w->kernel_w || !w->stride_h || !w->stride_w || !w->dilation_h ||
	    !w->dilation_w)
		return accel_error_set(-EINVAL, "a kernel, stride or dilation is 0");
	if (same) {
		build_same_padding(x->dims[1], w->kernel_h, w->dilation_h, w->stride_h, &w->pad_top,
				   &w->pad_bottom);
		build_same_padding(x->dims[2], w->kernel_w, w->dilation_w, w->stride_w, &w->pad_left,
				   &w->pad_right);
	}
	(void)import;
	return 0;
}

static int conv(const struct import *import, bool depthwise)
{
	const struct graph_tensor *x = in(import, 0), *w = in(import, 1);
	uint32_t inputs[3] = { import->op->in[0], import->op->in[1], GRAPH_NONE };
	union graph_params params = { 0 };
	int err;

	if (w->rank != 4 || x->rank != 4)
		return accel_error_set(-EINVAL, "input and weights need four dimensions");
	params.conv.window = (struct graph_window){
		.kernel_h = w->dims[1], .kernel_w = w->dims[2],
		.stride_w = positive(import, 1, 0), .stride_h = positive(import, 2, 0),
		.dilation_w = positive(import, depthwise ? 5 : 4, 1),
		.dilation_h = positive(import, depthwise ? 6 : 5, 1),
	};
	err = window(import, &params.conv.window, x, !option(import, 0, 1, 0));
	if (err)
		return err;
	if (given(import, 2))
		inputs[2] = import->op->in[2];
	if (depthwise) {
		static const uint32_t order[] = { 3, 1, 2, 0 };

		if (w->dims[0] != 1)
			return accel_error_set(-EINVAL, "the weights' first dimension is not 1");
		params.conv.groups = x->dims[3];
		err = build_transpose(import->graph, inputs[1], GRAPH_NONE, order);
		if (err < 0)
			return err;
		inputs[1] = err;
	} else {
		if (!w->dims[3] || x->dims[3] % w->dims[3])
			return accel_error_set(-EINVAL, "channels of input and weights do not fit");
		params.conv.groups = x->dims[3] / w->dims[3];
	}
	return emit_fused(import, GRAPH_CONV, inputs[2] == GRAPH_NONE ? 2 : 3, inputs, &params,
			  depthwise ? 4 : 3);
}

/* @out_h, @out_w: the output's size, by which the padding is computed. */
static int transposed(const struct import *import, const uint32_t *inputs, uint32_t num,
		      uint32_t stride_h, uint32_t stride_w, bool same, const uint32_t *out_dims)
{
	const struct graph_tensor *w = &import->graph->tensors[inputs[1]];
	union graph_params params = { 0 };
	struct graph_window *win = &params.conv.window;
	float low, high;
	bool tanh;
	int err;

	if (w->rank != 4 || !stride_h || !stride_w)
		return accel_error_set(-EINVAL, "weights or strides are out of bounds");
	*win = (struct graph_window){ w->dims[1], w->dims[2], stride_h, stride_w, 1, 1, 0, 0, 0, 0 };
	params.conv.groups = 1;
	if (same) {
		build_same_padding(out_dims[1], win->kernel_h, 1, stride_h, &win->pad_top,
				   &win->pad_bottom);
		build_same_padding(out_dims[2], win->kernel_w, 1, stride_w, &win->pad_left,
				   &win->pad_right);
	}
	err = build_set_shape(import->graph, import->op->out[0], 4, out_dims);
	if (err)
		return err;
	err = activation(import, 3, &low, &high, &tanh);
	if (err)
		return err;
	if (tanh)
		return accel_error_set(-ENOTSUP, "fused tanh is not supported here");
	return build_op_act(import->graph, GRAPH_CONV_TRANSPOSED, NULL, num, inputs,
			    import->op->out[0], &params, low, high);
}

static int transpose_conv(const struct import *import)
{
	uint32_t inputs[3], dims[4];
	int64_t shape[4];
	int n = integers(import, 0, "the output's shape", 4, shape);

	if (n < 0)
		return n;
	if (n != 4)
		return accel_error_set(-EINVAL, "the output's shape has not four dimensions");
	for (int i = 0; i < 4; i++) {
		if (shape[i] < 1 || shape[i] > INT32_MAX)
			return accel_error_set(-EINVAL, "the output's shape is out of bounds");
		dims[i] = (uint32_t)shape[i];
	}
	inputs[0] = import->op->in[2];
	inputs[1] = import->op->in[1];
	inputs[2] = given(import, 3) ? import->op->in[3] : GRAPH_NONE;
	if (inputs[0] == GRAPH_NONE)
		return accel_error_set(-EINVAL, "the input is left out");
	return transposed(import, inputs, inputs[2] == GRAPH_NONE ? 2 : 3, positive(import, 2, 0),
			  positive(import, 1, 0), !option(import, 0, 1, 0), dims);
}

static int pool(const struct import *import, enum graph_kind kind)
{
	union graph_params params = { 0 };
	int err;

	params.pool.window = (struct graph_window){
		.stride_w = positive(import, 1, 0), .stride_h = positive(import, 2, 0),
		.kernel_w = positive(import, 3, 0), .kernel_h = positive(import, 4, 0),
		.dilation_h = 1, .dilation_w = 1,
	};
	err = window(import, &params.pool.window, in(import, 0), !option(import, 0, 1, 0));
	return err ? err : emit_fused(import, kind, 1, import->op->in, &params, 5);
}

static int fully_connected(const struct import *import)
{
	const struct graph_tensor *x = in(import, 0), *w = in(import, 1);
	uint32_t inputs[3] = { import->op->in[0], import->op->in[1], GRAPH_NONE };
	bool keep = option(import, 2, 1, 0);

	if (option(import, 1, 1, 0))
		return accel_error_set(-ENOTSUP, "shuffled weights are not supported");
	if (w->rank != 2 || !w->dims[1] || graph_elements(x) % w->dims[1])
		return accel_error_set(-EINVAL, "the weights do not fit the input");
	if (!x->rank || (!keep && x->rank != 2) || x->dims[x->rank - 1] != w->dims[1]) {
		uint32_t dims[2] = { (uint32_t)(graph_elements(x) / w->dims[1]), w->dims[1] };
		int id = build_reshape(import->graph, inputs[0], GRAPH_NONE, 2, dims);

		if (id < 0)
			return id;
		inputs[0] = id;
	}
	if (given(import, 2))
		inputs[2] = import->op->in[2];
	return emit_fused(import, GRAPH_FULLY_CONNECTED, inputs[2] == GRAPH_NONE ? 2 : 3, inputs, NULL,
			  0);
}

static int concatenation(const struct import *import)
{
	union graph_params params = { 0 };
	int err = build_axis(option(import, 0, 4, 0), in(import, 0)->rank, &params.axis);

	for (uint32_t i = 0; i < import->op->num_in; i++)
		if (!given(import, i))
			return accel_error_set(-EINVAL, "an input is left out");
	return err ? err : emit_fused(import, GRAPH_CONCAT, import->op->num_in, import->op->in, &params,
				      1);
}

static int clip(const struct import *import, float low, float high)
{
	return build_op_act(import->graph, GRAPH_CLIP, NULL, 1, import->op->in, import->op->out[0],
			    NULL, low, high);
}

static int function(const struct import *import, enum graph_function which)
{
	union graph_params params = { .unary = { which, 1, 0 } };

	return emit(import, GRAPH_UNARY, &params);
}

static int pad(const struct import *import)
{
	const struct graph_tensor *x = in(import, 0);
	union graph_params params = { 0 };
	int64_t values[2 * GRAPH_DIMS];
	uint32_t inputs[2] = { import->op->in[0], given(import, 2) ? import->op->in[2] : GRAPH_NONE };
	int n = integers(import, 1, "the padding", 2 * GRAPH_DIMS, values);

	if (n < 0)
		return n;
	if ((uint32_t)n != 2 * x->rank)
		return accel_error_set(-EINVAL, "the padding does not fit the input's dimensions");
	for (uint32_t i = 0; i < x->rank; i++) {
		if (values[2 * i] < 0 || values[2 * i] > 65535 || values[2 * i + 1] < 0 ||
		    values[2 * i + 1] > 65535)
			return accel_error_set(-EINVAL, "the padding is out of bounds");
		params.pad.before[i] = (uint32_t)values[2 * i];
		params.pad.after[i] = (uint32_t)values[2 * i + 1];
	}
	if (import->op->code == 100) {	/* MIRROR_PAD */
		params.pad.mode = option(import, 0, 1, 0) ? GRAPH_PAD_SYMMETRIC : GRAPH_PAD_REFLECT;
		inputs[1] = GRAPH_NONE;
	}
	return build_op(import->graph, GRAPH_PAD, NULL, inputs[1] == GRAPH_NONE ? 1 : 2, inputs,
			import->op->out[0], &params);
}

static int reduce(const struct import *import, enum graph_reduction reduction)
{
	union graph_params params = { 0 };
	int64_t axes[GRAPH_DIMS];
	int n = integers(import, 1, "the axes", GRAPH_DIMS, axes), err;

	if (n < 0)
		return n;
	params.reduce.reduction = reduction;
	params.reduce.keep = option(import, 0, 1, 0) != 0;
	for (int i = 0; i < n; i++) {
		uint32_t axis;

		err = build_axis(axes[i], in(import, 0)->rank, &axis);
		if (err)
			return err;
		params.reduce.axes |= 1U << axis;
	}
	return build_op(import->graph, GRAPH_REDUCE, NULL, 1, import->op->in, import->op->out[0],
			&params);
}

static int resize(const struct import *import, bool nearest)
{
	const struct graph_tensor *x = in(import, 0);
	bool align = option(import, nearest ? 0 : 2, 1, 0), half = option(import, nearest ? 1 : 3, 1, 0);
	union graph_params params = { .resize = { .nearest = nearest } };
	uint32_t dims[4];
	int64_t size[2];
	int n = integers(import, 1, "the size", 2, size), err;

	if (n < 0)
		return n;
	if (n != 2 || x->rank != 4 || size[0] < 1 || size[1] < 1 || size[0] > 65535 || size[1] > 65535)
		return accel_error_set(-EINVAL, "input or size are out of bounds");
	params.resize.coordinates = align ? GRAPH_ALIGN_CORNERS :
				    half ? GRAPH_HALF_PIXEL : GRAPH_ASYMMETRIC;
	params.resize.rounding = align || half ? GRAPH_ROUND_HALF_UP : GRAPH_ROUND_DOWN;
	memcpy(dims, x->dims, sizeof(dims));
	dims[1] = (uint32_t)size[0];
	dims[2] = (uint32_t)size[1];
	err = build_set_shape(import->graph, import->op->out[0], 4, dims);
	return err ? err : build_op(import->graph, GRAPH_RESIZE, NULL, 1, import->op->in,
				    import->op->out[0], &params);
}

/* RESHAPE and its kin: the shape as numbers, -1: what is left. */
static int reshape_to(const struct import *import, int n, const int64_t *shape)
{
	uint64_t elements = graph_elements(in(import, 0)), known = 1;
	uint32_t dims[GRAPH_DIMS];
	int open = -1;

	for (int i = 0; i < n; i++) {
		if (shape[i] == -1 && open < 0) {
			open = i;
			continue;
		}
		if (shape[i] < 1 || shape[i] > INT32_MAX || known > UINT32_MAX)
			return accel_error_set(-EINVAL, "the new shape is out of bounds");
		dims[i] = (uint32_t)shape[i];
		known *= dims[i];
	}
	if (open >= 0) {
		if (!known || elements % known)
			return accel_error_set(-EINVAL, "the new shape does not fit");
		dims[open] = (uint32_t)(elements / known);
	}
	return build_reshape(import->graph, import->op->in[0], import->op->out[0], n, dims);
}

static int reshape(const struct import *import)
{
	struct flat_vector list = flat_get_vector(&import->op->options, 0, 4);
	const struct graph_tensor *out = &import->graph->tensors[import->op->out[0]];
	int64_t shape[GRAPH_DIMS];
	int n;

	if (given(import, 1) && graph_is_const(in(import, 1))) {
		n = integers(import, 1, "the new shape", GRAPH_DIMS, shape);
		return n < 0 ? n : reshape_to(import, n, shape);
	}
	if (list.count && list.count <= GRAPH_DIMS) {
		for (uint32_t i = 0; i < list.count; i++)
			shape[i] = flat_int32_at(&list, i);
		return reshape_to(import, (int)list.count, shape);
	}
	return build_reshape(import->graph, import->op->in[0], import->op->out[0], out->rank,
			     out->dims);
}

static int squeeze(const struct import *import)
{
	struct flat_vector list = flat_get_vector(&import->op->options, 0, 4);
	const struct graph_tensor *x = in(import, 0);
	uint32_t drop = 0, dims[GRAPH_DIMS], n = 0, axis;
	int err;

	for (uint32_t i = 0; i < list.count; i++) {
		err = build_axis(flat_int32_at(&list, i), x->rank, &axis);
		if (err)
			return err;
		if (x->dims[axis] != 1)
			return accel_error_set(-EINVAL, "a dimension to drop is not 1");
		drop |= 1U << axis;
	}
	for (uint32_t i = 0; i < x->rank; i++)
		if (list.count ? !(drop >> i & 1) : x->dims[i] != 1)
			dims[n++] = x->dims[i];
	return build_reshape(import->graph, import->op->in[0], import->op->out[0], n, dims);
}

static int expand_dims(const struct import *import)
{
	const struct graph_tensor *x = in(import, 0);
	uint32_t dims[GRAPH_DIMS], axis;
	int64_t value;
	int n = integers(import, 1, "the axis", 1, &value), err;

	if (n < 1)
		return n < 0 ? n : accel_error_set(-EINVAL, "no axis");
	err = build_axis(value, x->rank + 1, &axis);
	if (err)
		return err;
	if (x->rank == GRAPH_DIMS)
		return accel_error_set(-ENOTSUP, "too many dimensions");
	for (uint32_t i = 0; i <= x->rank; i++)
		dims[i] = i < axis ? x->dims[i] : i == axis ? 1 : x->dims[i - 1];
	return build_reshape(import->graph, import->op->in[0], import->op->out[0], x->rank + 1, dims);
}

/* Parts of @size[i] along an axis; @sizes NULL: equal parts. */
static int split_along(const struct import *import, uint32_t input, uint32_t axis,
		       const int64_t *sizes)
{
	const struct graph_tensor *x = &import->graph->tensors[input];
	uint32_t parts = import->op->num_out, dims[GRAPH_DIMS];
	int32_t start[GRAPH_DIMS] = { 0 };
	int64_t at = 0, total = x->dims[axis], sum = 0;
	int open = -1, err = 0;

	for (uint32_t i = 0; sizes && i < parts; i++) {
		if (sizes[i] == -1 && open < 0)
			open = (int)i;
		else if (sizes[i] < 1 || sizes[i] > total)
			return accel_error_set(-EINVAL, "a part's size is out of bounds");
		else
			sum += sizes[i];
	}
	if (!sizes && (!parts || total % parts))
		return accel_error_set(-EINVAL, "the dimension does not split into %u parts", parts);
	memcpy(dims, x->dims, sizeof(dims));
	for (uint32_t i = 0; i < parts && err >= 0; i++) {
		int64_t size = !sizes ? total / parts : (int)i == open ? total - sum : sizes[i];

		if (size < 1 || at + size > total)
			return accel_error_set(-EINVAL, "the parts do not fit the dimension");
		start[axis] = (int32_t)at;
		dims[axis] = (uint32_t)size;
		err = build_slice(import->graph, input, import->op->out[i], start, NULL, dims);
		at += size;
	}
	return err;
}

static int split(const struct import *import)
{
	uint32_t axis;
	int64_t value;
	int n = integers(import, 0, "the axis", 1, &value), err;

	if (n < 1 || !given(import, 1))
		return n < 0 ? n : accel_error_set(-EINVAL, "no axis or input");
	err = build_axis(value, in(import, 1)->rank, &axis);
	return err ? err : split_along(import, import->op->in[1], axis, NULL);
}

static int split_v(const struct import *import)
{
	int64_t value, *sizes = calloc(import->op->num_out + 1, sizeof(*sizes));
	uint32_t axis;
	int n;

	if (!sizes)
		return accel_error_memory("an operator");
	n = integers(import, 1, "the sizes", import->op->num_out, sizes);
	if (n >= 0 && (uint32_t)n != import->op->num_out)
		n = accel_error_set(-EINVAL, "sizes and outputs differ in number");
	if (n >= 0)
		n = integers(import, 2, "the axis", 1, &value);
	if (n == 0)
		n = accel_error_set(-EINVAL, "no axis");
	if (n > 0)
		n = build_axis(value, in(import, 0)->rank, &axis);
	if (n >= 0)
		n = split_along(import, import->op->in[0], axis, sizes);
	free(sizes);
	return n;
}

static int unpack(const struct import *import)
{
	const struct graph_tensor *x = in(import, 0);
	uint32_t axis, dims[GRAPH_DIMS], flat[GRAPH_DIMS], n = 0;
	int32_t start[GRAPH_DIMS] = { 0 };
	int err = build_axis(option(import, 1, 4, 0), x->rank, &axis);

	if (err)
		return err;
	if (import->op->num_out != x->dims[axis])
		return accel_error_set(-EINVAL, "outputs and dimension differ");
	memcpy(dims, x->dims, sizeof(dims));
	dims[axis] = 1;
	for (uint32_t i = 0; i < x->rank; i++)
		if (i != axis)
			flat[n++] = dims[i];
	for (uint32_t i = 0; i < import->op->num_out; i++) {
		int id;

		start[axis] = (int32_t)i;
		id = build_slice(import->graph, import->op->in[0], GRAPH_NONE, start, NULL, dims);
		if (id >= 0)
			id = build_reshape(import->graph, id, import->op->out[i], n, flat);
		if (id < 0)
			return id;
	}
	return 0;
}

static int pack(const struct import *import)
{
	const struct graph_tensor *x = in(import, 0);
	uint32_t *parts = malloc(import->op->num_in * sizeof(*parts)), dims[GRAPH_DIMS];
	union graph_params params = { 0 };
	uint32_t rank = x->rank;
	int err;

	if (!parts)
		return accel_error_memory("an operator");
	err = rank == GRAPH_DIMS ? accel_error_set(-ENOTSUP, "too many dimensions") :
	      build_axis(option(import, 1, 4, 0), rank + 1, &params.axis);
	for (uint32_t i = 0; err >= 0 && i <= rank; i++)
		dims[i] = i < params.axis ? x->dims[i] : i == params.axis ? 1 : x->dims[i - 1];
	for (uint32_t i = 0; err >= 0 && i < import->op->num_in; i++) {
		if (!given(import, i)) {
			err = accel_error_set(-EINVAL, "an input is left out");
			break;
		}
		err = build_reshape(import->graph, import->op->in[i], GRAPH_NONE, rank + 1, dims);
		parts[i] = err;
	}
	if (err >= 0)
		err = build_op(import->graph, GRAPH_CONCAT, NULL, import->op->num_in, parts,
			       import->op->out[0], &params);
	free(parts);
	return err;
}

static int slice(const struct import *import)
{
	const struct graph_tensor *x = in(import, 0);
	int64_t begin[GRAPH_DIMS], size[GRAPH_DIMS];
	int32_t start[GRAPH_DIMS];
	uint32_t dims[GRAPH_DIMS];
	int n = integers(import, 1, "the start", GRAPH_DIMS, begin), m;

	if (n < 0)
		return n;
	m = integers(import, 2, "the size", GRAPH_DIMS, size);
	if (m < 0)
		return m;
	if ((uint32_t)n != x->rank || m != n)
		return accel_error_set(-EINVAL, "start, size and input differ in dimensions");
	for (int i = 0; i < n; i++) {
		if (begin[i] < 0 || begin[i] >= x->dims[i])
			return accel_error_set(-EINVAL, "the slice reaches out of the input");
		if (size[i] == -1)
			size[i] = x->dims[i] - begin[i];
		if (size[i] < 1 || size[i] > x->dims[i] - begin[i])
			return accel_error_set(-EINVAL, "the slice reaches out of the input");
		start[i] = (int32_t)begin[i];
		dims[i] = (uint32_t)size[i];
	}
	return build_slice(import->graph, import->op->in[0], import->op->out[0], start, NULL, dims);
}

static int strided_slice(const struct import *import)
{
	const struct graph_tensor *x = in(import, 0);
	int64_t begin[GRAPH_DIMS * 2], end[GRAPH_DIMS * 2], step[GRAPH_DIMS * 2];
	uint32_t begin_mask = (uint32_t)option(import, 0, 4, 0), end_mask = option(import, 1, 4, 0);
	uint32_t ellipsis = option(import, 2, 4, 0), new_axis = option(import, 3, 4, 0);
	uint32_t shrink = option(import, 4, 4, 0), dims[GRAPH_DIMS], final[GRAPH_DIMS * 2];
	uint32_t axis = 0, rank = 0, used = 0;
	int32_t start[GRAPH_DIMS], by[GRAPH_DIMS];
	int n = integers(import, 1, "the start", GRAPH_DIMS * 2, begin), err, m, k;

	if (n < 0)
		return n;
	m = integers(import, 2, "the end", GRAPH_DIMS * 2, end);
	k = m < 0 ? m : integers(import, 3, "the step", GRAPH_DIMS * 2, step);
	if (k < 0)
		return k;
	if (m != n || k != n || option(import, 5, 1, 0))
		return accel_error_set(-EINVAL, "start, end and step differ or count from the start");
	for (int i = 0; i < n; i++)
		used += !(ellipsis >> i & 1) && !(new_axis >> i & 1);
	if (used > x->rank)
		return accel_error_set(-EINVAL, "more ranges than dimensions");
	for (int i = 0; i <= n; i++) {
		/* What no range names, at the ellipsis or the end, stays whole. */
		uint32_t whole = i == n ? x->rank - axis : ellipsis >> i & 1 ? x->rank - used : 0;

		for (; whole && axis < x->rank; whole--, axis++) {
			start[axis] = 0;
			by[axis] = 1;
			dims[axis] = final[rank++] = x->dims[axis];
		}
		if (i == n || ellipsis >> i & 1)
			continue;
		if (new_axis >> i & 1) {
			final[rank++] = 1;
			continue;
		}
		if (axis >= x->rank)
			return accel_error_set(-EINVAL, "more ranges than dimensions");
		if (shrink >> i & 1) {
			int64_t at = begin[i] < 0 ? begin[i] + x->dims[axis] : begin[i];

			err = build_slice_range(at, at + 1, 1, x->dims[axis], &start[axis], &by[axis],
						&dims[axis]);
		} else {
			int64_t far = INT32_MAX, low = step[i] < 0 ? far : 0;

			err = build_slice_range(begin_mask >> i & 1 ? low : begin[i],
						end_mask >> i & 1 ? (step[i] < 0 ? -far - 1 : far) : end[i],
						step[i], x->dims[axis], &start[axis], &by[axis],
						&dims[axis]);
			final[rank] = err ? 0 : dims[axis];
			rank++;
		}
		if (err)
			return err;
		axis++;
	}
	if (rank > GRAPH_DIMS)
		return accel_error_set(-ENOTSUP, "too many dimensions");
	if (rank == x->rank && !shrink && !new_axis)
		return build_slice(import->graph, import->op->in[0], import->op->out[0], start, by, dims);
	err = build_slice(import->graph, import->op->in[0], GRAPH_NONE, start, by, dims);
	return err < 0 ? err : build_reshape(import->graph, err, import->op->out[0], rank, final);
}

static int transpose(const struct import *import)
{
	const struct graph_tensor *x = in(import, 0);
	int64_t values[GRAPH_DIMS];
	uint32_t order[GRAPH_DIMS];
	int n = integers(import, 1, "the order", GRAPH_DIMS, values);

	if (n < 0)
		return n;
	if ((uint32_t)n != x->rank)
		return accel_error_set(-EINVAL, "the order does not fit the input");
	for (int i = 0; i < n; i++)
		if (build_axis(values[i], x->rank, &order[i]))
			return -EINVAL;
	return build_transpose(import->graph, import->op->in[0], import->op->out[0], order);
}

static int gather(const struct import *import)
{
	union graph_params params = { 0 };
	int err = build_axis(option(import, 0, 4, 0), in(import, 0)->rank, &params.axis);

	if (!err && option(import, 1, 4, 0))
		err = accel_error_set(-ENOTSUP, "batch dimensions are not supported");
	return err ? err : emit(import, GRAPH_GATHER, &params);
}

/* TILE and BROADCAST_TO: the output's shape from copies or as it is. */
static int widen(const struct import *import, enum graph_kind kind)
{
	const struct graph_tensor *x = in(import, 0);
	uint32_t dims[GRAPH_DIMS];
	int64_t values[GRAPH_DIMS];
	int n = integers(import, 1, "the shape", GRAPH_DIMS, values), err;

	if (n < 0)
		return n;
	for (int i = 0; i < n; i++) {
		if (values[i] < 1 || values[i] > INT32_MAX || (kind == GRAPH_TILE && (uint32_t)n != x->rank))
			return accel_error_set(-EINVAL, "the shape is out of bounds");
		dims[i] = (uint32_t)values[i] * (kind == GRAPH_TILE ? x->dims[i] : 1);
	}
	err = build_set_shape(import->graph, import->op->out[0], n, dims);
	return err ? err : build_op(import->graph, kind, NULL, 1, import->op->in, import->op->out[0],
				    NULL);
}

static int shape(const struct import *import)
{
	const struct graph_tensor *x = in(import, 0);
	struct graph_tensor *out = &import->graph->tensors[import->op->out[0]];
	bool wide = out->type == GRAPH_I64;

	if (out->type != GRAPH_I32 && !wide)
		return accel_error_set(-EINVAL, "the output's type is no integer");
	out->rank = 1;
	out->dims[0] = x->rank;
	out->data = malloc(8 * GRAPH_DIMS);
	if (!out->data)
		return accel_error_memory("a constant");
	out->owned = true;
	for (uint32_t i = 0; i < x->rank; i++) {
		if (wide)
			((int64_t *)out->data)[i] = x->dims[i];
		else
			((int32_t *)out->data)[i] = (int32_t)x->dims[i];
	}
	return 0;
}

static int arg_max(const struct import *import)
{
	union graph_params params = { 0 };
	int64_t axis;
	int n = integers(import, 1, "the axis", 1, &axis), err;

	if (n < 1)
		return n < 0 ? n : accel_error_set(-EINVAL, "no axis");
	err = build_axis(axis, in(import, 0)->rank, &params.axis);
	return err ? err : build_op(import->graph, GRAPH_ARG_MAX, NULL, 1, import->op->in,
				    import->op->out[0], &params);
}

static int block(const struct import *import, enum graph_kind kind)
{
	union graph_params params = { .block = { (uint32_t)option(import, 0, 4, 0), 0 } };

	return emit(import, kind, &params);
}

static int lrn(const struct import *import)
{
	const struct flat_table *options = &import->op->options;
	int64_t radius = option(import, 0, 4, 0);
	union graph_params params = { .lrn = {
		.size = radius >= 0 && radius < 30000 ? 2 * (uint32_t)radius + 1 : 0,
		.bias = flat_get_float(options, 1, 0), .alpha = flat_get_float(options, 2, 0),
		.beta = flat_get_float(options, 3, 0),
	} };

	return emit(import, GRAPH_LRN, &params);
}

static int softmax(const struct import *import, enum graph_kind kind)
{
	union graph_params params = { .softmax = {
		.axis = in(import, 0)->rank - 1,
		.beta = kind == GRAPH_SOFTMAX ? flat_get_float(&import->op->options, 0, 0) : 1,
	} };

	return emit(import, kind, &params);
}

static int leaky_relu(const struct import *import)
{
	union graph_params params = { .unary = {
		.alpha = flat_get_float(&import->op->options, 0, 0) } };

	return emit(import, GRAPH_LEAKY_RELU, &params);
}

static int batch_matmul(const struct import *import)
{
	union graph_params params = { .matmul = {
		option(import, 0, 1, 0) != 0, option(import, 1, 1, 0) != 0 } };

	return emit(import, GRAPH_MATMUL, &params);
}

/* Numbers of operators: the schema's BuiltinOperator. */
int tflite_import_op(struct tflite *tflite, const struct tflite_op *op)
{
	const struct import import = { tflite->graph, op };
	const struct import *i = &import;

	if (!op->num_out || !op->num_in)
		return accel_error_set(-EINVAL, "it has no inputs or no outputs");
	if (op->in[0] == GRAPH_NONE || (op->num_in > 1 && op->in[1] == GRAPH_NONE))
		return accel_error_set(-EINVAL, "an input is left out");
	switch (op->code) {
	case 3: case 4: case 9:
		if (op->num_in < 2)
			return accel_error_set(-EINVAL, "it has no weights");
	}
	switch (op->code) {
	case 0: return emit_fused(i, GRAPH_ADD, op->num_in, op->in, NULL, 0);
	case 1: return pool(i, GRAPH_AVG_POOL);
	case 2: return concatenation(i);
	case 3: return conv(i, false);
	case 4: return conv(i, true);
	case 5: return block(i, GRAPH_DEPTH_TO_SPACE);
	case 6: return emit(i, GRAPH_DEQUANTIZE, NULL);
	case 8: return function(i, GRAPH_FLOOR);
	case 9: return fully_connected(i);
	case 13: return lrn(i);
	case 14: return emit(i, GRAPH_LOGISTIC, NULL);
	case 17: return pool(i, GRAPH_MAX_POOL);
	case 18: return emit_fused(i, GRAPH_MUL, op->num_in, op->in, NULL, 0);
	case 19: return clip(i, 0, INFINITY);
	case 20: return clip(i, -1, 1);
	case 21: return clip(i, 0, 6);
	case 22: return reshape(i);
	case 23: return resize(i, false);
	case 25: return softmax(i, GRAPH_SOFTMAX);
	case 26: return block(i, GRAPH_SPACE_TO_DEPTH);
	case 28: return emit(i, GRAPH_TANH, NULL);
	case 34: case 60: case 100: return pad(i);
	case 36: return gather(i);
	case 39: return transpose(i);
	case 40: return reduce(i, GRAPH_MEAN);
	case 41: return emit_fused(i, GRAPH_SUB, op->num_in, op->in, NULL, 0);
	case 42: return emit_fused(i, GRAPH_DIV, op->num_in, op->in, NULL, 0);
	case 43: return squeeze(i);
	case 45: return strided_slice(i);
	case 47: return function(i, GRAPH_EXP);
	case 49: return split(i);
	case 50: return softmax(i, GRAPH_LOG_SOFTMAX);
	case 53: return emit(i, GRAPH_CAST, NULL);
	case 54: return emit(i, GRAPH_PRELU, NULL);
	case 55: return emit(i, GRAPH_MAX, NULL);
	case 56: return arg_max(i);
	case 57: return emit(i, GRAPH_MIN, NULL);
	case 59: return function(i, GRAPH_NEG);
	case 65: return slice(i);
	case 66: return function(i, GRAPH_SIN);
	case 67: return transpose_conv(i);
	case 69: return widen(i, GRAPH_TILE);
	case 70: return expand_dims(i);
	case 73: return function(i, GRAPH_LOG);
	case 74: return reduce(i, GRAPH_SUM);
	case 75: return function(i, GRAPH_SQRT);
	case 76: return function(i, GRAPH_RSQRT);
	case 77: return shape(i);
	case 78: return emit(i, GRAPH_POW, NULL);
	case 81: return reduce(i, GRAPH_PROD);
	case 82: return reduce(i, GRAPH_REDUCE_MAX);
	case 83: return pack(i);
	case 88: return unpack(i);
	case 89: return reduce(i, GRAPH_REDUCE_MIN);
	case 92: return function(i, GRAPH_SQUARE);
	case 97: return resize(i, true);
	case 98: return leaky_relu(i);
	case 101: return function(i, GRAPH_ABS);
	case 102: return split_v(i);
	case 104: return function(i, GRAPH_CEIL);
	case 108: return function(i, GRAPH_COS);
	case 111: return function(i, GRAPH_ELU);
	case 114: return emit(i, GRAPH_QUANTIZE, NULL);
	case 116: return function(i, GRAPH_ROUND);
	case 117: return emit(i, GRAPH_HARD_SWISH, NULL);
	case 126: return batch_matmul(i);
	case 130: return widen(i, GRAPH_BROADCAST);
	case 150: return function(i, GRAPH_GELU);
	case 152: return clip(i, 0, 1);
	case 158: return function(i, GRAPH_SIGN);
	default:
		return accel_error_set(-ENOTSUP, "this operator is not supported");
	}
}

/*
 * Transposed convolution with bias of the MediaPipe models. Options: padding
 * (1 same, 2 valid), stride in width, stride in height, 32 bits each.
 */
static int convolution_2d_transpose_bias(const struct import *import)
{
	const struct tflite_op *op = import->op;
	const struct graph_tensor *x, *w;
	uint32_t dims[4];
	int32_t options[3];
	bool same;

	if (op->num_in != 3 || !given(import, 0) || !given(import, 1) || !given(import, 2) ||
	    op->custom.count < sizeof(options))
		return accel_error_set(-EINVAL, "inputs or options are missing");
	memcpy(options, flat_bytes(&op->custom), sizeof(options));
	x = in(import, 0);
	w = in(import, 1);
	if (x->rank != 4 || w->rank != 4 || options[1] < 1 || options[1] > 65535 || options[2] < 1 ||
	    options[2] > 65535 || options[0] < 1 || options[0] > 2)
		return accel_error_set(-EINVAL, "shapes or options are out of bounds");
	same = options[0] == 1;
	dims[0] = x->dims[0];
	dims[1] = same ? x->dims[1] * options[2] : (x->dims[1] - 1) * options[2] + w->dims[1];
	dims[2] = same ? x->dims[2] * options[1] : (x->dims[2] - 1) * options[1] + w->dims[2];
	dims[3] = w->dims[0];
	return transposed(import, op->in, 3, options[2], options[1], same, dims);
}

int tflite_import_custom(struct tflite *tflite, const struct tflite_op *op, const char *name)
{
	const struct import import = { tflite->graph, op };

	if (!strcmp(name, "Convolution2DTransposeBias") && op->num_out == 1)
		return convolution_2d_transpose_bias(&import);
	return accel_error_set(-ENOTSUP, "this custom operator is not supported");
}
