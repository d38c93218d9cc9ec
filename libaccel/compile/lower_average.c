// SPDX-License-Identifier: MIT
/*
 * Averages and sums: depthwise convolutions with ones, exact to a rounding.
 *
 * Windows that reach into padding which does not count are smaller ones: such
 * a pooling is one convolution for the windows inside and one for each kind of
 * window at the edges. A window that is too large for a kernel is taken in
 * several stages, each of which averages 8 by 8 values and rounds once.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "layer.h"
#include "move.h"

#define MOST_SEGMENTS	9	/* per direction */
#define MOST_REGIONS	25
#define MOST_KERNEL	32
#define STAGE		8	/* the largest stride */

/* Outputs of one direction whose windows are alike. */
struct segment {
	uint32_t first, count;	/* outputs */
	uint32_t from, size;	/* of the first one's window, as far as there is input */
	uint32_t stride;
	uint32_t divide;	/* by how many the sum is to be divided */
};

/* A cube to read, one to write, and what a value of the sum counts. */
struct average {
	uint32_t in, out;	/* tensors, for their scales */
	struct npu_cube from, to;
	uint32_t from_buffer, to_buffer;
	double factor;
	int32_t lo, hi;
};

/* Sums over windows of @x by @y, one convolution. */
static const char *emit_region(struct lower *lower, const struct average *a,
			       const struct segment *x, const struct segment *y, uint32_t index)
{
	const struct graph_tensor *in = &lower->graph->tensors[a->in];
	const uint32_t channels = a->from.channels;
	struct layer layer = {
		.in = a->in, .out = a->out, .kernels = channels, .group_c = 1, .cubes = true,
		.in_buffer = a->from_buffer, .out_buffer = a->to_buffer,
		.in_width = (x->count - 1) * x->stride + x->size,
		.in_height = (y->count - 1) * y->stride + y->size, .in_channels = channels,
		.act_lo = a->lo, .act_hi = a->hi,
		.conv = {
			.kernel_w = x->size, .kernel_h = y->size, .stride_x = x->stride,
			.stride_y = y->stride, .dilation_x = 1, .dilation_y = 1,
			.groups = channels, .groups_per_block = 1,
			.pad_value = graph_zero_point(in, 0),
		},
	};
	const char *why;
	uint32_t k;

	layer.in_cube = move_part(&a->from, x->from, y->from, 0, layer.in_width, layer.in_height,
				  channels);
	layer.out_cube = move_part(&a->to, x->first, y->first, 0, x->count, y->count, channels);
	if (!layer_alloc(&layer)) {
		layer_free(&layer);
		lower->error = -ENOMEM;
		return "out of memory";
	}
	memset(layer.weights, 1, (size_t)channels * x->size * y->size);
	for (k = 0; k < channels; k++)
		layer.scale[k] = graph_scale(in, 0) * a->factor / ((double)x->divide * y->divide);
	why = layer_emit(lower, &layer, index);
	layer_free(&layer);
	return why;
}

/* One output by itself, whose surfaces the hardware would put together. */
static bool is_point(const struct average *a, const struct segment *x, const struct segment *y)
{
	return x->count == 1 && y->count == 1 && a->from.channels > a->from.atom &&
	       (a->to.width > 1 || a->to.height > 1);
}

/*
 * A point together with an output beside it, which gets a wrong value that the
 * region it belongs to puts right; or surface by surface.
 */
static const char *emit_point(struct lower *lower, const struct average *a, uint32_t i,
			      const struct segment *x, uint32_t x_count, const struct segment *y,
			      uint32_t index)
{
	struct segment pair = x[i];
	struct average surface = *a;
	const char *why = NULL;
	uint32_t c;

	pair.count = 2;
	if (i + 1 < x_count && x[i + 1].count > 1 && pair.from + pair.size < a->from.width)
		return emit_region(lower, a, &pair, y, index);
	if (i && x[i - 1].count > 1 && pair.from) {
		pair.first--;
		pair.from--;
		return emit_region(lower, a, &pair, y, index);
	}
	for (c = 0; c < a->from.channels && !why; c += a->from.atom) {
		uint32_t count = a->from.channels - c < a->from.atom ? a->from.channels - c :
				 a->from.atom;

		surface.from = move_part(&a->from, 0, 0, c, a->from.width, a->from.height, count);
		surface.to = move_part(&a->to, 0, 0, c, a->to.width, a->to.height, count);
		why = emit_region(lower, &surface, &x[i], y, index);
	}
	return why;
}

static const char *emit_regions(struct lower *lower, const struct average *a,
				const struct segment *x, uint32_t x_count, const struct segment *y,
				uint32_t y_count, uint32_t index)
{
	const char *why = NULL;
	uint32_t i, j;

	for (j = 0; j < y_count && !why; j++) {
		for (i = 0; i < x_count && !why; i++) {
			if (is_point(a, &x[i], &y[j]))
				why = emit_point(lower, a, i, x, x_count, &y[j], index);
		}
	}
	for (j = 0; j < y_count && !why; j++) {
		for (i = 0; i < x_count && !why; i++) {
			if (!is_point(a, &x[i], &y[j]))
				why = emit_region(lower, a, &x[i], &y[j], index);
		}
	}
	return why;
}

/* Windows of one direction. Return: their number of kinds; 0: too many. */
static uint32_t find_segments(uint32_t in, uint32_t out, uint32_t kernel, uint32_t stride,
			      uint32_t before, uint32_t after, bool count_padding,
			      struct segment *segments)
{
	uint32_t count = 0, o;

	for (o = 0; o < out; o++) {
		int64_t start = (int64_t)o * stride - before, end = start + kernel;
		int64_t from = start < 0 ? 0 : start, to = end > in ? in : end;
		int64_t counted = (end > (int64_t)in + after ? (int64_t)in + after : end) - start;
		struct segment *last = &segments[count - 1];
		struct segment s = {
			.first = o, .count = 1, .from = from, .size = to - from, .stride = 1,
			.divide = count_padding ? counted : to - from,
		};

		if (to <= from)
			return 0;
		if (count && s.size == last->size && s.divide == last->divide &&
		    s.from == last->from + last->count * stride && stride <= STAGE) {
			last->count++;
			last->stride = stride;
			continue;
		}
		if (count == MOST_SEGMENTS)
			return 0;
		segments[count++] = s;
	}
	return count;
}

/* @size inputs as windows of STAGE, and one with the rest. */
static uint32_t stage_segments(uint32_t size, uint32_t limit, struct segment *segments)
{
	uint32_t whole = size / STAGE, rest = size % STAGE, count = 0;

	if (size <= limit) {
		/* Nothing to be done in this direction. */
		segments[count++] = (struct segment) {
			.count = size, .size = 1, .stride = 1, .divide = 1,
		};
		return count;
	}
	segments[count++] = (struct segment) {
		.count = whole, .size = STAGE, .stride = STAGE, .divide = STAGE,
	};
	if (rest)
		segments[count++] = (struct segment) {
			.first = whole, .count = 1, .from = whole * STAGE, .size = rest,
			.stride = 1, .divide = STAGE,
		};
	return count;
}

/* Estimated cycles of the sum of @width by @height values with kernels up to @limit. */
static uint64_t cycles(struct lower *lower, uint32_t width, uint32_t height, uint32_t channels,
		       uint32_t limit)
{
	uint64_t sum = 0, last;

	for (;;) {
		bool final = width <= limit && height <= limit;
		uint32_t w = final ? width : width > limit ? STAGE : 1;
		uint32_t h = final ? height : height > limit ? STAGE : 1;
		const struct npu_conv conv = {
			.kernel_w = w, .kernel_h = h, .stride_x = final ? 1 : w,
			.stride_y = final ? 1 : h, .dilation_x = 1, .dilation_y = 1,
			.groups = channels, .groups_per_block = 1,
		};

		last = layer_cycles(lower, &conv, channels, width, height, channels);
		if (last == UINT64_MAX)
			return last;
		sum += last;
		if (final)
			return sum;
		width = (width + w - 1) / w;
		height = (height + h - 1) / h;
	}
}

/*
 * Weights of large windows take long to fetch: ones for each pair of channels
 * of an atom. Stages must be worth it, and their rounding, half a step
 * input each, must not be more than that of the output.
 */
static uint32_t kernel_limit(struct lower *lower, const struct graph_op *op, uint32_t width,
			     uint32_t height, uint32_t channels)
{
	const struct graph *graph = lower->graph;
	/* In how many parts a stage takes the whole; their roundings mostly cancel out. */
	const double parts = ceil((double)width / STAGE) * ceil((double)height / STAGE);
	const double bound = lower->exact ? 1 : sqrt(parts);
	uint64_t once, staged;

	if (graph_scale(&graph->tensors[op->inputs[0]], 0) >
	    bound * graph_scale(&graph->tensors[op->outputs[0]], 0))
		return MOST_KERNEL;
	if (width > MOST_KERNEL || height > MOST_KERNEL)
		return STAGE;
	/* The largest that layer_fold() takes has one weight for each value. */
	if ((width <= STAGE && height <= STAGE) ||
	    (width <= MOST_KERNEL && height <= MOST_KERNEL &&
	     width * height * lower->config->atomic_m <= 8192))
		return MOST_KERNEL;
	once = cycles(lower, width, height, channels, MOST_KERNEL);
	staged = cycles(lower, width, height, channels, STAGE);
	return staged < once / 2 ? STAGE : MOST_KERNEL;
}

/* The sum of all of @a->from, times factor. */
static const char *emit_whole(struct lower *lower, struct average *a, uint32_t limit,
			      uint32_t index)
{
	const char *why = NULL;

	while (!why && (a->from.width > limit || a->from.height > limit)) {
		struct segment x[2], y[2];
		uint32_t x_count = stage_segments(a->from.width, limit, x);
		uint32_t y_count = stage_segments(a->from.height, limit, y);
		const struct segment *x_last = &x[x_count - 1], *y_last = &y[y_count - 1];
		struct average stage = *a;

		npu_cube_dense(&stage.to, x_last->first + x_last->count,
			       y_last->first + y_last->count, a->from.channels,
			       lower->config->atomic_m);
		stage.to.region = NPU_ARENA;
		stage.to_buffer = lower_buffer_new(lower, npu_cube_end(&stage.to), false);
		/* A mean has its values' scale. */
		stage.out = a->in;
		stage.factor = 1;
		stage.lo = INT8_MIN;
		stage.hi = INT8_MAX;
		why = emit_regions(lower, &stage, x, x_count, y, y_count, index);
		a->factor *= (double)x[0].divide * y[0].divide;
		a->from = stage.to;
		a->from_buffer = stage.to_buffer;
	}
	if (!why) {
		const struct segment x = {
			.count = 1, .size = a->from.width, .stride = 1, .divide = 1,
		}, y = {
			.count = 1, .size = a->from.height, .stride = 1, .divide = 1,
		};

		why = emit_region(lower, a, &x, &y, index);
	}
	return why;
}

/* An average whose windows are all alike, with what can ride on it. */
static const char *emit_alike(struct lower *lower, uint32_t index,
			      const struct graph_window *window, double factor)
{
	const struct graph_op *op = &lower->graph->ops[index];
	const struct graph_tensor *in = &lower->graph->tensors[op->inputs[0]];
	struct layer layer = { .in = op->inputs[0], .out = op->outputs[0], .group_c = 1 };
	const char *why;
	uint32_t k;

	lower_shape(in, &layer.in_width, &layer.in_height, &layer.in_channels);
	layer_set_window(&layer.conv, window);
	layer.conv.pad_value = graph_zero_point(in, 0);
	layer.kernels = layer.conv.groups = layer.in_channels;
	graph_act_range(lower->graph, op, &layer.act_lo, &layer.act_hi);
	if (!layer_alloc(&layer)) {
		layer_free(&layer);
		lower->error = -ENOMEM;
		return "out of memory";
	}
	memset(layer.weights, 1, (size_t)layer.kernels * window->kernel_w * window->kernel_h);
	for (k = 0; k < layer.kernels; k++)
		layer.scale[k] = graph_scale(in, 0) * factor;
	why = layer_emit(lower, &layer, index);
	layer_free(&layer);
	return why;
}

static bool start_average(struct lower *lower, const struct graph_op *op, struct average *a)
{
	const struct lower_tensor *from = lower_input(lower, op->inputs[0]);
	const struct lower_tensor *to = lower_own_cube(lower, op->outputs[0]);

	*a = (struct average) {
		.in = op->inputs[0], .out = op->outputs[0], .from = from->cube, .to = to->cube,
		.from_buffer = from->cube_buffer, .to_buffer = to->cube_buffer, .factor = 1,
	};
	graph_act_range(lower->graph, op, &a->lo, &a->hi);
	return !lower->error;
}

static const char *pool(struct lower *lower, uint32_t index)
{
	const struct graph *graph = lower->graph;
	const struct graph_op *op = &graph->ops[index];
	struct graph_window window = op->params.pool.window;
	const bool padded = op->params.pool.count_padding;
	struct segment x[MOST_SEGMENTS], y[MOST_SEGMENTS];
	uint32_t in_w, in_h, out_w, out_h, c, x_count, y_count, limit;
	struct npu_conv conv = { 0 };
	struct average average;
	bool fits;

	if (window.dilation_w > 1 || window.dilation_h > 1)
		return "an average with a dilated window";
	lower_shape(&graph->tensors[op->inputs[0]], &in_w, &in_h, &c);
	lower_shape(&graph->tensors[op->outputs[0]], &out_w, &out_h, &c);
	x_count = find_segments(in_w, out_w, window.kernel_w, window.stride_w, window.pad_left,
				window.pad_right, padded, x);
	y_count = find_segments(in_h, out_h, window.kernel_h, window.stride_h, window.pad_top,
				window.pad_bottom, padded, y);
	if (!x_count || !y_count || x_count * y_count > MOST_REGIONS)
		return "an average with too many kinds of windows";
	if (x_count == 1 && y_count == 1 && x->count == 1 && y->count == 1) {
		limit = kernel_limit(lower, op, x->size, y->size, c);
		if (limit == STAGE && (x->size > limit || y->size > limit)) {
			if (!start_average(lower, op, &average))
				return "out of memory";
			average.from = move_part(&average.from, x->from, y->from, 0, x->size,
						 y->size, c);
			average.factor = 1 / ((double)x->divide * y->divide);
			return emit_whole(lower, &average, limit, index);
		}
	}
	if (window.kernel_w > MOST_KERNEL || window.kernel_h > MOST_KERNEL)
		return "window larger than a kernel";
	/* Padding with the zero point adds nothing, so where it counts all windows are alike. */
	if (out_w == 1)
		window.stride_w = 1;
	if (out_h == 1)
		window.stride_h = 1;
	fits = layer_window_fits(&window);
	layer_set_window(&conv, &window);
	if ((padded || (x_count == 1 && y_count == 1)) && fits && npu_padding_fits(&conv) &&
	    out_w == npu_window_out(in_w, window.pad_left, window.pad_right, window.kernel_w, 1,
				    window.stride_w) &&
	    out_h == npu_window_out(in_h, window.pad_top, window.pad_bottom, window.kernel_h, 1,
				    window.stride_h))
		return emit_alike(lower, index, &window, 1.0 / (x->divide * y->divide));
	if (!start_average(lower, op, &average))
		return "out of memory";
	return emit_regions(lower, &average, x, x_count, y, y_count, index);
}

static const char *reduce(struct lower *lower, uint32_t index)
{
	const struct graph *graph = lower->graph;
	const struct graph_op *op = &graph->ops[index];
	const struct graph_tensor *in = &graph->tensors[op->inputs[0]];
	const bool mean = op->params.reduce.reduction == GRAPH_MEAN;
	struct graph_window window = {
		.kernel_h = 1, .kernel_w = 1, .stride_h = 1, .stride_w = 1,
		.dilation_h = 1, .dilation_w = 1,
	};
	struct average average;
	uint32_t width, height, channels, limit;
	double factor;

	if (!mean && op->params.reduce.reduction != GRAPH_SUM)
		return "a reduction other than mean or sum";
	if (in->rank != 4 || in->dims[0] != 1 || (op->params.reduce.axes & ~UINT32_C(1)) != 0x6)
		return "a reduction over other axes than height and width";
	lower_shape(in, &width, &height, &channels);
	factor = mean ? 1.0 / ((double)width * height) : 1;
	limit = kernel_limit(lower, op, width, height, channels);
	if (width <= limit && height <= limit) {
		window.kernel_w = width;
		window.kernel_h = height;
		return emit_alike(lower, index, &window, factor);
	}
	if (limit > STAGE)
		return "window larger than a kernel, and stages would round too much";
	if (!start_average(lower, op, &average))
		return "out of memory";
	average.factor = factor;
	return emit_whole(lower, &average, limit, index);
}

const char *lower_average(struct lower *lower, uint32_t index)
{
	const struct graph_op *op = &lower->graph->ops[index];

	if (!lower_is_cube(lower, op->inputs[0]) || !lower_is_cube(lower, op->outputs[0]))
		return "not INT8, or a shape that is no cube";
	return op->kind == GRAPH_REDUCE ? reduce(lower, index) : pool(lower, index);
}
