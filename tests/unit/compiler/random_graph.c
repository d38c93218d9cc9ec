// SPDX-License-Identifier: MIT
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <accel/accel.h>

#include "random_graph.h"
#include "random_op.h"

static uint32_t tensor(struct graph *g, uint32_t h, uint32_t w, uint32_t c, uint64_t *state)
{
	const uint32_t dims[4] = { 1, h, w, c };
	float scale = 0.02f + random_range(state, 0, 100) * 0.0005f;
	int32_t zero = random_range(state, 0, 2) ? random_range(state, -40, 40) : -128;
	int t = graph_add_tensor(g, NULL, GRAPH_I8, 4, dims);

	assert_true(t >= 0);
	assert_int_equal(graph_set_quant(g, t, 1, 0, &scale, &zero), 0);
	return t;
}

static uint32_t add_op(struct graph *g, enum graph_kind kind, uint32_t count,
		       const uint32_t *inputs, uint32_t output)
{
	int op = graph_add_op(g, g->num_ops, kind, NULL, count, inputs, output);

	assert_true(op >= 0);
	g->ops[op].act_min = -INFINITY;
	g->ops[op].act_max = INFINITY;
	return op;
}

static void random_act(struct graph *g, uint32_t op, uint64_t *state)
{
	switch (random_range(state, 0, 4)) {
	case 0:
		g->ops[op].act_min = 0;
		break;
	case 1:
		g->ops[op].act_min = 0;
		g->ops[op].act_max = 6;
		break;
	case 2:
		g->ops[op].act_min = -1;
		g->ops[op].act_max = 1;
		break;
	}
}

enum shape {
	SHAPE_ANY,
	SHAPE_PIXEL,		/* a kernel of one */
	SHAPE_WHOLE,		/* a kernel as large as the input */
	SHAPE_TRANSPOSED,
};

/* A convolution; scales so that results neither vanish nor saturate. */
static uint32_t add_conv(struct graph *g, uint32_t x, enum shape shape, uint64_t *state)
{
	const bool transposed = shape == SHAPE_TRANSPOSED, pixel = shape == SHAPE_PIXEL;
	const uint32_t h = g->tensors[x].dims[1], w = g->tensors[x].dims[2];
	const uint32_t c = g->tensors[x].dims[3];
	bool depthwise = c > 1 && random_range(state, 0, 2) == 0;
	uint32_t kernels = depthwise || (shape != SHAPE_ANY && random_range(state, 0, 1)) ? c :
			   (uint32_t)random_range(state, 1, 70);
	struct graph_window win = {
		.kernel_h = random_range(state, 1, h < 5 ? h : 5),
		.kernel_w = random_range(state, 1, w < 5 ? w : 5),
		.stride_h = random_range(state, 1, 2), .stride_w = random_range(state, 1, 2),
		.dilation_h = 1, .dilation_w = 1,
	};
	uint32_t out, op, i, per, inputs[3];
	int8_t *weights;
	int32_t *bias;
	float *scales, *bias_scales;

	if (pixel)
		win.kernel_h = win.kernel_w = win.stride_h = win.stride_w = 1;
	if (shape == SHAPE_WHOLE) {
		win.kernel_h = h;
		win.kernel_w = w;
	} else {
		win.pad_top = random_range(state, 0, win.kernel_h - 1);
		win.pad_left = random_range(state, 0, win.kernel_w - 1);
		win.pad_bottom = random_range(state, 0, win.kernel_h - 1);
		win.pad_right = random_range(state, 0, win.kernel_w - 1);
	}
	per = win.kernel_h * win.kernel_w * (depthwise ? 1 : c);
	weights = malloc(kernels * per);
	bias = malloc(kernels * sizeof(*bias));
	scales = malloc(kernels * sizeof(*scales));
	bias_scales = malloc(kernels * sizeof(*bias_scales));
	assert_true(weights && bias && scales && bias_scales);
	if (transposed) {
		/* Whatever is left of the last windows. */
		win.stride_h = random_range(state, 1, 3);
		win.stride_w = random_range(state, 1, 3);
		out = tensor(g, (h - 1) * win.stride_h + random_range(state, 1, win.kernel_h),
			     (w - 1) * win.stride_w + random_range(state, 1, win.kernel_w), kernels,
			     state);
	} else {
		out = tensor(g,
			     (h + win.pad_top + win.pad_bottom - win.kernel_h) / win.stride_h + 1,
			     (w + win.pad_left + win.pad_right - win.kernel_w) / win.stride_w + 1,
			     kernels, state);
	}
	for (i = 0; i < kernels; i++) {
		float si = graph_scale(&g->tensors[x], 0), so = graph_scale(&g->tensors[out], 0);

		/*
		 * A standard deviation of some 20 steps, now and then much less:
		 * what saturates between fused operations is not compared here.
		 */
		scales[i] = so * 20 / (si * 5000 * sqrtf(per)) *
			    (random_range(state, 0, 9) ? 1 : powf(2, -random_range(state, 0, 12)));
		bias_scales[i] = scales[i] * si;
		bias[i] = random_range(state, -5000, 5000) * random_range(state, 1, 4) *
			  (int32_t)sqrtf(per);
	}
	for (i = 0; i < kernels * per; i++)
		weights[i] = random_range(state, -127, 127);
	inputs[0] = x;
	inputs[1] = graph_add_const(g, NULL, GRAPH_I8, 4,
				    (uint32_t[]) { kernels, win.kernel_h, win.kernel_w,
						   depthwise ? 1 : c }, weights);
	inputs[2] = graph_add_const(g, NULL, GRAPH_I32, 1, &kernels, bias);
	assert_int_equal(graph_set_quant(g, inputs[1], kernels, 0, scales, NULL), 0);
	assert_int_equal(graph_set_quant(g, inputs[2], kernels, 0, bias_scales, NULL), 0);
	op = add_op(g, transposed ? GRAPH_CONV_TRANSPOSED : GRAPH_CONV, 3, inputs, out);
	g->ops[op].params.conv.window = win;
	g->ops[op].params.conv.groups = depthwise ? c : 1;
	random_act(g, op, state);
	free(weights);
	free(bias);
	free(scales);
	free(bias_scales);
	return out;
}

static uint32_t like(struct graph *g, uint32_t x, bool same_quant, uint64_t *state)
{
	uint32_t t = tensor(g, g->tensors[x].dims[1], g->tensors[x].dims[2],
			    g->tensors[x].dims[3], state);

	if (same_quant)
		assert_int_equal(graph_copy_quant(g, t, x), 0);
	return t;
}

static uint32_t add_pool(struct graph *g, uint32_t x, uint64_t *state)
{
	uint32_t h = g->tensors[x].dims[1], w = g->tensors[x].dims[2], out, op;
	struct graph_window win = {
		.kernel_h = h < 3 ? h : 3, .kernel_w = w < 3 ? w : 3,
		.stride_h = random_range(state, 1, 2), .stride_w = random_range(state, 1, 2),
		.dilation_h = 1, .dilation_w = 1,
	};

	out = tensor(g, (h - win.kernel_h) / win.stride_h + 1,
		     (w - win.kernel_w) / win.stride_w + 1, g->tensors[x].dims[3], state);
	assert_int_equal(graph_copy_quant(g, out, x), 0);
	op = add_op(g, GRAPH_MAX_POOL, 1, &x, out);
	g->ops[op].params.pool.window = win;
	return out;
}

/* Averages of all kinds of windows: padded and not, overlapping, of the whole. */
static uint32_t add_average(struct graph *g, uint32_t x, uint64_t *state)
{
	uint32_t h = g->tensors[x].dims[1], w = g->tensors[x].dims[2], out, op;
	bool whole = random_range(state, 0, 3) == 0;
	struct graph_window win = {
		.kernel_h = whole ? h : (uint32_t)random_range(state, 1, h < 5 ? h : 5),
		.kernel_w = whole ? w : (uint32_t)random_range(state, 1, w < 5 ? w : 5),
		.stride_h = random_range(state, 1, 3), .stride_w = random_range(state, 1, 3),
		.dilation_h = 1, .dilation_w = 1,
	};

	if (!whole) {
		win.pad_top = random_range(state, 0, win.kernel_h - 1);
		win.pad_left = random_range(state, 0, win.kernel_w - 1);
		win.pad_bottom = random_range(state, 0, win.kernel_h - 1);
		win.pad_right = random_range(state, 0, win.kernel_w - 1);
	}
	out = tensor(g, (h + win.pad_top + win.pad_bottom - win.kernel_h) / win.stride_h + 1,
		     (w + win.pad_left + win.pad_right - win.kernel_w) / win.stride_w + 1,
		     g->tensors[x].dims[3], state);
	assert_int_equal(graph_copy_quant(g, out, x), 0);
	op = add_op(g, GRAPH_AVG_POOL, 1, &x, out);
	g->ops[op].params.pool.window = win;
	g->ops[op].params.pool.count_padding = random_range(state, 0, 1);
	return out;
}

/* A part of a tensor, with steps. */
static uint32_t add_slice(struct graph *g, uint32_t x, uint64_t *state)
{
	int32_t start[4] = { 0 }, step[4] = { 1, 1, 1, 1 };
	uint32_t size[4] = { 1 }, out, op, i;

	for (i = 1; i < 4; i++) {
		uint32_t dim = g->tensors[x].dims[i];

		if (random_range(state, 0, 1)) {
			start[i] = random_range(state, 0, dim - 1);
			step[i] = i < 3 ? random_range(state, 1, 3) : 1;
		}
		/* Channels at surfaces as well as elsewhere. */
		if (i == 3 && random_range(state, 0, 1))
			start[i] -= start[i] % 8;
		size[i] = (dim - start[i] + step[i] - 1) / step[i];
		if (random_range(state, 0, 1))
			size[i] = random_range(state, 1, size[i]);
	}
	out = tensor(g, size[1], size[2], size[3], state);
	assert_int_equal(graph_copy_quant(g, out, x), 0);
	op = add_op(g, GRAPH_SLICE, 1, &x, out);
	memcpy(g->ops[op].params.slice.start, start, sizeof(start));
	memcpy(g->ops[op].params.slice.step, step, sizeof(step));
	return out;
}

/* Channels as groups, the groups' members side by side: as ShuffleNet does. */
static uint32_t add_shuffle(struct graph *g, uint32_t x, uint64_t *state)
{
	const uint32_t h = g->tensors[x].dims[1], w = g->tensors[x].dims[2];
	const uint32_t c = g->tensors[x].dims[3];
	uint32_t groups = random_range(state, 1, c), apart, turned, out, op, i;

	while (c % groups)
		groups--;
	apart = graph_add_tensor(g, NULL, GRAPH_I8, 5,
				 (uint32_t[]) { 1, h, w, groups, c / groups });
	turned = graph_add_tensor(g, NULL, GRAPH_I8, 5,
				  (uint32_t[]) { 1, h, w, c / groups, groups });
	out = tensor(g, h, w, c, state);
	assert_int_equal(graph_copy_quant(g, apart, x), 0);
	assert_int_equal(graph_copy_quant(g, turned, x), 0);
	assert_int_equal(graph_copy_quant(g, out, x), 0);
	add_op(g, GRAPH_RESHAPE, 1, &x, apart);
	op = add_op(g, GRAPH_TRANSPOSE, 1, &apart, turned);
	for (i = 0; i < 5; i++)
		g->ops[op].params.transpose.order[i] = i < 3 ? i : 7 - i;
	add_op(g, GRAPH_RESHAPE, 1, &turned, out);
	return out;
}

static uint32_t add_binary(struct graph *g, uint32_t a, uint32_t b, uint64_t *state)
{
	static const enum graph_kind kinds[] = { GRAPH_ADD, GRAPH_ADD, GRAPH_SUB, GRAPH_MUL };
	uint32_t out = like(g, a, false, state);
	uint32_t op = add_op(g, kinds[random_range(state, 0, 3)], 2, (uint32_t[]) { a, b }, out);

	if (g->ops[op].kind != GRAPH_MUL)
		random_act(g, op, state);
	return out;
}

/* Of equal scales, or not. */
static uint32_t add_concat_along(struct graph *g, uint32_t a, uint32_t b, uint32_t axis,
				 uint64_t *state)
{
	uint32_t parts[3] = { a, b, a }, count = random_range(state, 2, 3), dims[4], i, out, op;
	bool same = random_range(state, 0, 1);

	memcpy(dims, g->tensors[a].dims, sizeof(dims));
	for (i = 1; i < count; i++)
		dims[axis] += g->tensors[parts[i]].dims[axis];
	out = tensor(g, dims[1], dims[2], dims[3], state);
	for (i = 0; same && i < count; i++) {
		/* The producer's scale changes with it, as the quantiser makes it. */
		if (parts[i] != g->inputs[0])
			assert_int_equal(graph_copy_quant(g, out, parts[i]), 0);
	}
	op = add_op(g, GRAPH_CONCAT, count, parts, out);
	g->ops[op].params.axis = axis;
	return out;
}

/* Channels, or lines or columns where the rest is equal. */
static uint32_t add_concat(struct graph *g, uint32_t a, uint32_t b, uint64_t *state)
{
	return add_concat_along(g, a, b, g->tensors[a].dims[3] == g->tensors[b].dims[3] ?
				random_range(state, 1, 3) : 3, state);
}

/* As networks that hear work: time steps, a new one behind them, and all of them as one. */
static uint32_t add_steps(struct graph *g, uint32_t x, uint64_t *state)
{
	const uint32_t h = g->tensors[x].dims[1], w = g->tensors[x].dims[2];
	uint32_t step;

	if (h > 20 || w > 20)
		return add_conv(g, x, SHAPE_ANY, state);
	step = add_conv(g, x, SHAPE_WHOLE, state);
	if (w > 1 || g->tensors[step].dims[3] != g->tensors[x].dims[3])
		return step;
	x = add_concat_along(g, x, step, 1, state);
	return add_conv(g, x, SHAPE_WHOLE, state);
}

/* Arithmetic with one value per channel: a constant, or what a pixel became. */
static uint32_t add_broadcast(struct graph *g, uint32_t x, uint64_t *state)
{
	static const enum graph_kind kinds[] = {
		GRAPH_ADD, GRAPH_SUB, GRAPH_MUL, GRAPH_MUL, GRAPH_MAX, GRAPH_MIN,
	};
	enum graph_kind kind = kinds[random_range(state, 0, 5)];
	const uint32_t c = g->tensors[x].dims[3], elements = random_range(state, 0, 3) ? c : 1;
	bool swap = random_range(state, 0, 1), same = kind == GRAPH_MAX || kind == GRAPH_MIN;
	const float scale = 0.01f + random_range(state, 0, 100) * 0.0002f;
	const int32_t zeros[] = { 0, -128, random_range(state, -60, 60) };
	const int32_t zero = zeros[random_range(state, 0, 2)];
	uint32_t few, out = like(g, x, same, state), i;

	if (random_range(state, 0, 1)) {
		int8_t *values = malloc(elements);

		assert_non_null(values);
		for (i = 0; i < elements; i++)
			values[i] = random_next(state);
		few = graph_add_const(g, NULL, GRAPH_I8, 1, &elements, values);
		free(values);
	} else {
		uint32_t mean = tensor(g, 1, 1, c, state), op;

		assert_int_equal(graph_copy_quant(g, mean, x), 0);
		op = add_op(g, GRAPH_REDUCE, 1, &x, mean);
		g->ops[op].params.reduce.reduction = GRAPH_MEAN;
		g->ops[op].params.reduce.axes = 6;
		g->ops[op].params.reduce.keep = 1;
		few = add_conv(g, mean, true, state);
		if (g->tensors[few].dims[3] != c)
			return few;
	}
	if (same)
		assert_int_equal(graph_copy_quant(g, few, x), 0);
	else
		assert_int_equal(graph_set_quant(g, few, 1, 0, &scale, &zero), 0);
	i = add_op(g, kind, 2, swap ? (uint32_t[]) { few, x } : (uint32_t[]) { x, few }, out);
	if (kind != GRAPH_MUL)
		random_act(g, i, state);
	return out;
}

/* Larger, or of another size with a small ratio. */
static uint32_t add_resize(struct graph *g, uint32_t x, uint64_t *state)
{
	static const uint32_t ratios[][2] = {
		{ 2, 1 }, { 2, 1 }, { 3, 1 }, { 4, 1 }, { 5, 1 }, { 1, 1 }, { 1, 2 }, { 3, 2 },
	};
	const uint32_t *h = ratios[random_range(state, 0, 7)];
	const uint32_t *w = ratios[random_range(state, 0, 7)];
	uint32_t in_h = g->tensors[x].dims[1], in_w = g->tensors[x].dims[2], out, op;

	if (in_h * h[0] / h[1] == 0 || in_w * w[0] / w[1] == 0 || in_h * h[0] > 70 ||
	    in_w * w[0] > 70)
		return x;
	out = tensor(g, in_h * h[0] / h[1], in_w * w[0] / w[1], g->tensors[x].dims[3], state);
	assert_int_equal(graph_copy_quant(g, out, x), 0);
	op = add_op(g, GRAPH_RESIZE, 1, &x, out);
	g->ops[op].params.resize.nearest = random_range(state, 0, 1);
	g->ops[op].params.resize.coordinates = random_range(state, 0, 1) ? GRAPH_HALF_PIXEL :
					       GRAPH_ASYMMETRIC;
	g->ops[op].params.resize.rounding = random_range(state, 0, 3);
	return out;
}

static uint32_t add_blocks(struct graph *g, uint32_t x, uint64_t *state)
{
	const uint32_t h = g->tensors[x].dims[1], w = g->tensors[x].dims[2];
	const uint32_t c = g->tensors[x].dims[3];
	uint32_t size = random_range(state, 2, 3), out, op;
	bool to_space = c % (size * size) == 0 && random_range(state, 0, 3);

	if (!to_space && (h % size || w % size || c > 70))
		return x;
	out = to_space ? tensor(g, h * size, w * size, c / size / size, state) :
	      tensor(g, h / size, w / size, c * size * size, state);
	assert_int_equal(graph_copy_quant(g, out, x), 0);
	op = add_op(g, to_space ? GRAPH_DEPTH_TO_SPACE : GRAPH_SPACE_TO_DEPTH, 1, &x, out);
	g->ops[op].params.block.size = size;
	g->ops[op].params.block.crd = to_space && random_range(state, 0, 1);
	return out;
}

/* Normalisation from hardly any to one that flattens everything. */
static uint32_t add_lrn(struct graph *g, uint32_t x, uint64_t *state)
{
	const float scale = graph_scale(&g->tensors[x], 0);
	const float strength = powf(10, random_range(state, -5, 0));
	const float bias = random_range(state, 0, 1) ? 1 : 2;
	const float beta = random_range(state, 0, 1) ? 0.75f : 0.5f;
	uint32_t out = like(g, x, false, state), op;
	/* As large as the output can become without saturating much. */
	const float range = scale * powf(bias, -beta);

	assert_int_equal(graph_set_quant(g, out, 1, 0, &range,
					 g->tensors[x].quant.zero_point), 0);
	op = add_op(g, GRAPH_LRN, 1, &x, out);
	g->ops[op].params.lrn.size = 3 + 2 * random_range(state, 0, 3);
	g->ops[op].params.lrn.alpha = strength / (scale * scale) / 100;
	g->ops[op].params.lrn.beta = beta;
	g->ops[op].params.lrn.bias = bias;
	return out;
}

static uint32_t add_unary(struct graph *g, uint32_t x, uint64_t *state)
{
	static const enum graph_kind kinds[] = {
		GRAPH_LOGISTIC, GRAPH_TANH, GRAPH_HARD_SWISH, GRAPH_LEAKY_RELU, GRAPH_CLIP,
		GRAPH_PRELU,
	};
	enum graph_kind kind = kinds[random_range(state, 0, 5)];
	uint32_t out = like(g, x, false, state), slopes = x, op;

	if (kind == GRAPH_PRELU) {
		const uint32_t c = g->tensors[x].dims[3];
		const float scale = 0.01f;
		int8_t values[70 * 16];
		uint32_t i;

		if (c > sizeof(values))
			return x;
		for (i = 0; i < c; i++)
			values[i] = random_next(state);
		slopes = graph_add_const(g, NULL, GRAPH_I8, 1, &c, values);
		assert_int_equal(graph_set_quant(g, slopes, 1, 0, &scale, NULL), 0);
	}
	op = add_op(g, kind, kind == GRAPH_PRELU ? 2 : 1, (uint32_t[]) { x, slopes }, out);

	if (g->ops[op].kind == GRAPH_LEAKY_RELU)
		g->ops[op].params.unary.alpha = 0.1f;
	if (g->ops[op].kind == GRAPH_CLIP) {
		g->ops[op].act_min = 0;
		g->ops[op].act_max = 2;
	}
	return out;
}

void random_graph(struct graph **out, uint64_t *state)
{
	uint32_t live[64], count = 0, i, x;
	uint32_t ops = random_range(state, 0, 3) ? random_range(state, 2, 9) : 1;
	struct graph *g;

	assert_int_equal(graph_new("random", &g), 0);
	x = tensor(g, random_range(state, 1, 24),
		   random_range(state, 0, 7) ? random_range(state, 1, 24) : 1,
		   random_range(state, 0, 3) ? random_range(state, 1, 70) : 3, state);
	g->inputs = malloc(sizeof(*g->inputs));
	g->outputs = malloc(2 * sizeof(*g->outputs));
	assert_true(g->inputs && g->outputs);
	g->inputs[0] = x;
	g->num_inputs = 1;
	live[count++] = x;
	for (i = 0; i < ops; i++) {
		uint32_t other = live[random_range(state, 0, count - 1)];
		bool same = !memcmp(g->tensors[x].dims, g->tensors[other].dims, 16) && x != other;
		bool fits = !memcmp(g->tensors[x].dims, g->tensors[other].dims, 12) && x != other;

		switch (random_range(state, 0, 15)) {
		case 0:
			x = add_pool(g, x, state);
			break;
		case 1:
			x = add_average(g, x, state);
			break;
		case 2:
			x = add_unary(g, x, state);
			break;
		case 5:
			x = add_slice(g, x, state);
			break;
		case 6:
			x = add_shuffle(g, x, state);
			break;
		case 10:
			x = add_resize(g, x, state);
			break;
		case 11:
			x = add_blocks(g, x, state);
			break;
		case 12:
			x = add_conv(g, x, SHAPE_TRANSPOSED, state);
			break;
		case 9:
			x = add_lrn(g, x, state);
			break;
		case 8:
			x = add_broadcast(g, x, state);
			break;
		case 7:
			other = add_conv(g, x, SHAPE_PIXEL, state);
			x = random_range(state, 0, 1) ? add_concat(g, x, other, state) :
			    add_concat(g, other, x, state);
			break;
		case 3:
		case 4:
			x = same ? add_binary(g, x, other, state) :
			    fits ? add_concat(g, x, other, state) :
			    add_conv(g, x, SHAPE_ANY, state);
			break;
		case 13:
			x = add_steps(g, x, state);
			break;
		default:
			x = add_conv(g, x, SHAPE_ANY, state);
		}
		live[count++] = x;
	}
	g->outputs[0] = x;
	g->outputs[1] = live[count > 2 ? random_range(state, 1, count - 1) : 1];
	g->num_outputs = g->outputs[1] == x ? 1 : 2;
	assert_int_equal(graph_compact(g), 0);
	if (graph_check(g))
		fail_msg("%s", accel_error_text());
	*out = g;
}
