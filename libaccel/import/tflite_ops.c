// SPDX-License-Identifier: MIT
/*
 * TFLite's operators that compute. Meaning of inputs and options: TFLite's schema and its
 * reference kernels.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libaccel/dev/error.h"
#include "libaccel/import/import_build.h"
#include "libaccel/import/tflite_import.h"
#include "libaccel/import/tflite_operators.h"

/* The range a fused activation clamps to; @tanh: one that is an operation. */
static int activation(const struct tflite_args *import, uint32_t field, float *low, float *high,
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
static int emit_fused(const struct tflite_args *import, enum graph_kind kind, uint32_t num,
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

/* Strides and dilations of a window; 0 is refused by the checks behind. */
static uint32_t positive(const struct tflite_args *import, uint32_t field, int64_t absent)
{
	int64_t value = option(import, field, 4, absent);

	return value > 0 && value < 65536 ? (uint32_t)value : 0;
}

static int window(const struct tflite_args *import, struct graph_window *w, const struct graph_tensor *x,
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

static int conv(const struct tflite_args *import, bool depthwise)
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
static int transposed(const struct tflite_args *import, const uint32_t *inputs, uint32_t num,
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

static int transpose_conv(const struct tflite_args *import)
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
	if (!given(import, 2))
		return accel_error_set(-EINVAL, "the input is left out");
	inputs[0] = import->op->in[2];
	inputs[1] = import->op->in[1];
	inputs[2] = given(import, 3) ? import->op->in[3] : GRAPH_NONE;
	return transposed(import, inputs, inputs[2] == GRAPH_NONE ? 2 : 3, positive(import, 2, 0),
			  positive(import, 1, 0), !option(import, 0, 1, 0), dims);
}

static int pool(const struct tflite_args *import, enum graph_kind kind)
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

static int fully_connected(const struct tflite_args *import)
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

static int concatenation(const struct tflite_args *import)
{
	union graph_params params = { 0 };
	int err = build_axis(option(import, 0, 4, 0), in(import, 0)->rank, &params.axis);

	for (uint32_t i = 0; i < import->op->num_in; i++)
		if (!given(import, i))
			return accel_error_set(-EINVAL, "an input is left out");
	return err ? err : emit_fused(import, GRAPH_CONCAT, import->op->num_in, import->op->in, &params,
				      1);
}

static int clip(const struct tflite_args *import, float low, float high)
{
	return build_op_act(import->graph, GRAPH_CLIP, NULL, 1, import->op->in, import->op->out[0],
			    NULL, low, high);
}

static int function(const struct tflite_args *import, enum graph_function which)
{
	union graph_params params = { .unary = { which, 1, 0 } };

	if (which == GRAPH_GELU && option(import, 0, 1, 0))
		return accel_error_set(-ENOTSUP, "the approximation by tanh is not supported");
	return emit(import, GRAPH_UNARY, &params);
}

static int pad(const struct tflite_args *import)
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
	if (import->op->code == TFLITE_MIRROR_PAD) {
		params.pad.mode = option(import, 0, 1, 0) ? GRAPH_PAD_SYMMETRIC : GRAPH_PAD_REFLECT;
		inputs[1] = GRAPH_NONE;
	}
	return build_op(import->graph, GRAPH_PAD, NULL, inputs[1] == GRAPH_NONE ? 1 : 2, inputs,
			import->op->out[0], &params);
}

static int reduce(const struct tflite_args *import, enum graph_reduction reduction)
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

static int resize(const struct tflite_args *import, bool nearest)
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
	params.resize.ten_bits = x->type == GRAPH_I8;
	params.resize.rounding = align || half ? GRAPH_ROUND_HALF_UP : GRAPH_ROUND_DOWN;
	memcpy(dims, x->dims, sizeof(dims));
	dims[1] = (uint32_t)size[0];
	dims[2] = (uint32_t)size[1];
	err = build_set_shape(import->graph, import->op->out[0], 4, dims);
	return err ? err : build_op(import->graph, GRAPH_RESIZE, NULL, 1, import->op->in,
				    import->op->out[0], &params);
}

static int arg_max(const struct tflite_args *import)
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

static int block(const struct tflite_args *import, enum graph_kind kind)
{
	union graph_params params = { .block = { (uint32_t)option(import, 0, 4, 0), 0 } };

	return emit(import, kind, &params);
}

static int lrn(const struct tflite_args *import)
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

static int softmax(const struct tflite_args *import, enum graph_kind kind)
{
	union graph_params params = { .softmax = {
		.axis = in(import, 0)->rank - 1,
		.beta = kind == GRAPH_SOFTMAX ? flat_get_float(&import->op->options, 0, 0) : 1,
	} };

	return emit(import, kind, &params);
}

static int leaky_relu(const struct tflite_args *import)
{
	union graph_params params = { .unary = {
		.alpha = flat_get_float(&import->op->options, 0, 0) } };

	return emit(import, GRAPH_LEAKY_RELU, &params);
}

static int batch_matmul(const struct tflite_args *import)
{
	union graph_params params = { .matmul = {
		option(import, 0, 1, 0) != 0, option(import, 1, 1, 0) != 0 } };

	return emit(import, GRAPH_MATMUL, &params);
}

int tflite_import_op(struct tflite *tflite, const struct tflite_op *op)
{
	const struct tflite_args import = { tflite->graph, op };
	const struct tflite_args *i = &import;

	if (!op->num_out || !op->num_in)
		return accel_error_set(-EINVAL, "it has no inputs or no outputs");
	if (op->in[0] == GRAPH_NONE || (op->num_in > 1 && op->in[1] == GRAPH_NONE))
		return accel_error_set(-EINVAL, "an input is left out");
	switch (op->code) {
	case TFLITE_CONV_2D: case TFLITE_DEPTHWISE_CONV_2D: case TFLITE_FULLY_CONNECTED:
		if (op->num_in < 2)
			return accel_error_set(-EINVAL, "it has no weights");
	}
	switch (op->code) {
	case TFLITE_ADD: return emit_fused(i, GRAPH_ADD, op->num_in, op->in, NULL, 0);
	case TFLITE_AVERAGE_POOL_2D: return pool(i, GRAPH_AVG_POOL);
	case TFLITE_CONCATENATION: return concatenation(i);
	case TFLITE_CONV_2D: return conv(i, false);
	case TFLITE_DEPTHWISE_CONV_2D: return conv(i, true);
	case TFLITE_DEPTH_TO_SPACE: return block(i, GRAPH_DEPTH_TO_SPACE);
	case TFLITE_DEQUANTIZE: return emit(i, GRAPH_DEQUANTIZE, NULL);
	case TFLITE_FLOOR: return function(i, GRAPH_FLOOR);
	case TFLITE_FULLY_CONNECTED: return fully_connected(i);
	case TFLITE_LOCAL_RESPONSE_NORMALIZATION: return lrn(i);
	case TFLITE_LOGISTIC: return emit(i, GRAPH_LOGISTIC, NULL);
	case TFLITE_MAX_POOL_2D: return pool(i, GRAPH_MAX_POOL);
	case TFLITE_MUL: return emit_fused(i, GRAPH_MUL, op->num_in, op->in, NULL, 0);
	case TFLITE_RELU: return clip(i, 0, INFINITY);
	case TFLITE_RELU_N1_TO_1: return clip(i, -1, 1);
	case TFLITE_RELU6: return clip(i, 0, 6);
	case TFLITE_RESIZE_BILINEAR: return resize(i, false);
	case TFLITE_SOFTMAX: return softmax(i, GRAPH_SOFTMAX);
	case TFLITE_SPACE_TO_DEPTH: return block(i, GRAPH_SPACE_TO_DEPTH);
	case TFLITE_TANH: return emit(i, GRAPH_TANH, NULL);
	case TFLITE_PAD: case TFLITE_PADV2: case TFLITE_MIRROR_PAD: return pad(i);
	case TFLITE_MEAN: return reduce(i, GRAPH_MEAN);
	case TFLITE_SUB: return emit_fused(i, GRAPH_SUB, op->num_in, op->in, NULL, 0);
	case TFLITE_DIV: return emit_fused(i, GRAPH_DIV, op->num_in, op->in, NULL, 0);
	case TFLITE_EXP: return function(i, GRAPH_EXP);
	case TFLITE_LOG_SOFTMAX: return softmax(i, GRAPH_LOG_SOFTMAX);
	case TFLITE_CAST: return emit(i, GRAPH_CAST, NULL);
	case TFLITE_PRELU: return emit(i, GRAPH_PRELU, NULL);
	case TFLITE_MAXIMUM: return emit(i, GRAPH_MAX, NULL);
	case TFLITE_ARG_MAX: return arg_max(i);
	case TFLITE_MINIMUM: return emit(i, GRAPH_MIN, NULL);
	case TFLITE_NEG: return function(i, GRAPH_NEG);
	case TFLITE_SIN: return function(i, GRAPH_SIN);
	case TFLITE_TRANSPOSE_CONV: return transpose_conv(i);
	case TFLITE_LOG: return function(i, GRAPH_LOG);
	case TFLITE_SUM: return reduce(i, GRAPH_SUM);
	case TFLITE_SQRT: return function(i, GRAPH_SQRT);
	case TFLITE_RSQRT: return function(i, GRAPH_RSQRT);
	case TFLITE_POW: return emit(i, GRAPH_POW, NULL);
	case TFLITE_REDUCE_PROD: return reduce(i, GRAPH_PROD);
	case TFLITE_REDUCE_MAX: return reduce(i, GRAPH_REDUCE_MAX);
	case TFLITE_REDUCE_MIN: return reduce(i, GRAPH_REDUCE_MIN);
	case TFLITE_SQUARE: return function(i, GRAPH_SQUARE);
	case TFLITE_RESIZE_NEAREST_NEIGHBOR: return resize(i, true);
	case TFLITE_LEAKY_RELU: return leaky_relu(i);
	case TFLITE_ABS: return function(i, GRAPH_ABS);
	case TFLITE_CEIL: return function(i, GRAPH_CEIL);
	case TFLITE_COS: return function(i, GRAPH_COS);
	case TFLITE_ELU: return function(i, GRAPH_ELU);
	case TFLITE_QUANTIZE: return emit(i, GRAPH_QUANTIZE, NULL);
	case TFLITE_ROUND: return function(i, GRAPH_ROUND);
	case TFLITE_HARD_SWISH: return emit(i, GRAPH_HARD_SWISH, NULL);
	case TFLITE_BATCH_MATMUL: return batch_matmul(i);
	case TFLITE_GELU: return function(i, GRAPH_GELU);
	case TFLITE_RELU_0_TO_1: return clip(i, 0, 1);
	case TFLITE_SIGN: return function(i, GRAPH_SIGN);
	default:
		return tflite_import_shape_op(i);
	}
}

/*
 * Transposed convolution with bias of the MediaPipe models. Options: padding
 * (1 same, 2 valid), stride in width, stride in height, 32 bits each.
 */
static int convolution_2d_transpose_bias(const struct tflite_args *import)
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
	const struct tflite_args import = { tflite->graph, op };

	if (!strcmp(name, "Convolution2DTransposeBias") && op->num_out == 1)
		return convolution_2d_transpose_bias(&import);
	return accel_error_set(-ENOTSUP, "this custom operator is not supported");
}
