// SPDX-License-Identifier: MIT
/*
 * Resizing: to the nearest pixel of any type, bilinear of reals, and bilinear
 * of int8 whose scale stays: with the integer coordinates, ten bits behind the
 * point, and the rounding of TFLite's ResizeBilinearInteger.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libaccel/cpu/f32/f32_kernels.h"
#include "libaccel/cpu/int8/s8_blend.h"
#include "libaccel/cpu/move/items.h"
#include "libaccel/cpu/pool.h"
#include "libaccel/cpu/ref/ref_op_kernels.h"
#include "libaccel/dev/error.h"

/* Where output index @i lies in the input. */
static double coordinate(const struct graph_op *op, float given, uint32_t i, uint32_t in,
			 uint32_t out)
{
	double scale = given > 0 ? given : (double)in / out;

	switch (op->params.resize.coordinates) {
	case GRAPH_ALIGN_CORNERS:
		return out > 1 ? (double)i * (in - 1) / (out - 1) : 0;
	case GRAPH_ASYMMETRIC:
		return i * scale;
	case GRAPH_PYTORCH_HALF_PIXEL:
		if (out == 1)
			return 0;
		/* fall through */
	default:
		return (i + 0.5) * scale - 0.5;
	}
}

static uint32_t nearest(const struct graph_op *op, double x, uint32_t size)
{
	/* Quotients that are whole in exact arithmetic must be so here. */
	double whole = nearbyint(x * 65536) / 65536;

	if (fabs(whole - x) < 1e-9 * (1 + fabs(x)))
		x = whole;
	switch (op->params.resize.rounding) {
	case GRAPH_ROUND_HALF_DOWN:
		x = ceil(x - 0.5);
		break;
	case GRAPH_ROUND_HALF_UP:
		x = floor(x + 0.5);
		break;
	case GRAPH_ROUND_DOWN:
		x = floor(x);
		break;
	default:
		x = ceil(x);
	}
	return x < 0 ? 0 : x > size - 1 ? size - 1 : (uint32_t)x;
}

/* What the lines of a result share. */
struct lines {
	const struct ref_args *args;
	size_t size;				/* bytes of an element */
	size_t *offset;				/* of a line's pixels, where they are gathered */
	struct s8_blend_column *columns;	/* bilinear, int8 */
};

static int nearest_lines(void *context, size_t from, size_t to)
{
	const struct lines *lines = context;
	const struct graph_tensor *x = lines->args->in[0], *y = lines->args->out;
	const struct graph_op *op = lines->args->op;
	const size_t pixel = x->dims[3] * lines->size, line = x->dims[2] * pixel;

	for (size_t row = from; row < to; row++) {
		double v = coordinate(op, op->params.resize.scale_h, row % y->dims[1], x->dims[1],
				      y->dims[1]);

		items_gather((const uint8_t *)lines->args->in_data[0] +
			     (row / y->dims[1] * x->dims[1] + nearest(op, v, x->dims[1])) * line,
			     lines->offset, y->dims[2], pixel,
			     (uint8_t *)lines->args->out_data + row * y->dims[2] * pixel);
	}
	return 0;
}

int ref_resize_nearest(const struct ref_args *args)
{
	const struct graph_tensor *x = args->in[0], *y = args->out;
	const struct graph_op *op = args->op;
	struct lines lines = {
		.args = args, .size = graph_type_size(y->type),
		.offset = malloc(y->dims[2] * sizeof(*lines.offset)),
	};
	int ret;

	if (!lines.offset)
		return accel_error_memory("a resized image");
	for (uint32_t i = 0; i < y->dims[2]; i++)
		lines.offset[i] = nearest(op, coordinate(op, op->params.resize.scale_w, i,
							 x->dims[2], y->dims[2]), x->dims[2]) *
				  x->dims[3] * lines.size;
	ret = accel_pool_run(nearest_lines, &lines, (size_t)y->dims[0] * y->dims[1],
			     (double)graph_elements(y));
	free(lines.offset);
	return ret;
}

/* Two neighbours and the second one's share. */
struct between {
	size_t low, high;
	float share;
};

static struct between between(double at, uint32_t size)
{
	struct between b;

	at = at < 0 ? 0 : at > size - 1 ? size - 1 : at;
	b.low = (size_t)at;
	b.high = b.low + 1 < size ? b.low + 1 : b.low;
	b.share = (float)(at - (double)b.low);
	return b;
}

static int real_lines(void *context, size_t from, size_t to)
{
	const struct ref_args *args = context;
	const struct graph_tensor *x = args->in[0], *y = args->out;
	const struct graph_op *op = args->op;
	const size_t channels = x->dims[3], line = x->dims[2] * channels;
	float *out = (float *)args->out_data + from * y->dims[2] * channels;

	for (size_t row = from; row < to; row++) {
		const float *image = (const float *)args->in_data[0] + row / y->dims[1] * x->dims[1] * line;
		const struct between v = between(coordinate(op, op->params.resize.scale_h,
							    row % y->dims[1], x->dims[1],
							    y->dims[1]), x->dims[1]);

		for (uint32_t i = 0; i < y->dims[2]; i++, out += channels) {
			const struct between h = between(coordinate(op, op->params.resize.scale_w, i,
								    x->dims[2], y->dims[2]),
							 x->dims[2]);
			const float *const corners[4] = {
				image + v.low * line + h.low * channels,
				image + v.low * line + h.high * channels,
				image + v.high * line + h.low * channels,
				image + v.high * line + h.high * channels,
			};

			f32_kernels_best()->lerp(corners, h.share, v.share, channels, out);
		}
	}
	return 0;
}

int ref_resize(const struct ref_args *args)
{
	const struct graph_tensor *y = args->out;

	return accel_pool_run(real_lines, (void *)args, (size_t)y->dims[0] * y->dims[1],
			      4.0 * (double)graph_elements(y));
}

static void locate(const struct graph_op *op, int64_t in, int64_t out, int64_t i,
		   struct s8_blend_column *p)
{
	int64_t step = ((in << S8_BLEND_POINT) + out / 2) / out, at, low;

	switch (op->params.resize.coordinates) {
	case GRAPH_ALIGN_CORNERS:
		if (out > 1)
			step = (((in - 1) << S8_BLEND_POINT) + (out - 1) / 2) / (out - 1);
		at = i * step;
		break;
	case GRAPH_ASYMMETRIC:
		at = i * step;
		break;
	default:
		at = i * step + step / 2 - (1 << (S8_BLEND_POINT - 1));
	}
	low = at < 0 ? 0 : at >> S8_BLEND_POINT;
	if (low > in - 1)
		low = in - 1;
	p->low = (uint32_t)low;
	p->high = (uint32_t)(low + 1 < in ? low + 1 : in - 1);
	/* In front of the first pixel and behind the last both neighbours are the same. */
	p->weight = at < 0 ? 0 : (int32_t)(at - (low << S8_BLEND_POINT));
	if (p->weight > 1 << S8_BLEND_POINT || p->low == p->high)
		p->weight = 0;
}

/* A line of the input, or only the pairs of its pixels that the result looks at. */
static void blend_line(const struct lines *lines, const int8_t *low, const int8_t *high,
		       int32_t weight, int32_t *blended)
{
	const struct s8_blend *kernels = s8_blend_select(accel_isa_detect());
	const size_t channels = lines->args->out->dims[3];

	if (!lines->offset) {
		kernels->lines(low, high, weight, lines->args->in[0]->dims[2] * channels, blended);
		return;
	}
	for (size_t i = 0; i < lines->args->out->dims[2]; i++) {
		const size_t pixels = lines->columns[i].high - lines->columns[i].low + 1;

		kernels->lines(low + lines->offset[i], high + lines->offset[i], weight,
			       pixels * channels, blended + 2 * i * channels);
	}
}

static int int8_lines(void *context, size_t from, size_t to)
{
	const struct lines *lines = context;
	const struct ref_args *args = lines->args;
	const struct graph_tensor *x = args->in[0], *y = args->out;
	const size_t channels = y->dims[3], line = x->dims[2] * channels;
	const size_t pixels = lines->offset ? 2 * (size_t)y->dims[2] : x->dims[2];
	int32_t *blended = accel_pool_scratch(pixels * channels * sizeof(*blended));

	if (!blended)
		return accel_error_memory("a resized image");
	for (size_t row = from; row < to; row++) {
		const int8_t *image = (const int8_t *)args->in_data[0] +
				      row / y->dims[1] * x->dims[1] * line;
		struct s8_blend_column v;

		locate(args->op, x->dims[1], y->dims[1], row % y->dims[1], &v);
		blend_line(lines, image + v.low * line, image + v.high * line, v.weight, blended);
		s8_blend_select(accel_isa_detect())->columns(
			blended, lines->columns, y->dims[2], channels,
			(int8_t *)args->out_data + row * y->dims[2] * channels);
	}
	return 0;
}

int ref_resize_int8(const struct ref_args *args)
{
	const struct graph_tensor *x = args->in[0], *y = args->out;
	const bool sparse = x->dims[2] / 2 > y->dims[2];
	struct lines lines = {
		.args = args, .columns = malloc(y->dims[2] * sizeof(*lines.columns)),
		.offset = sparse ? malloc(y->dims[2] * sizeof(*lines.offset)) : NULL,
	};
	int ret = -ENOMEM;

	if (!lines.columns || (sparse && !lines.offset))
		goto out;
	for (uint32_t i = 0; i < y->dims[2]; i++) {
		struct s8_blend_column *column = &lines.columns[i];

		locate(args->op, x->dims[2], y->dims[2], i, column);
		if (!sparse)
			continue;
		lines.offset[i] = (size_t)column->low * y->dims[3];
		column->high = 2 * i + (column->high - column->low);
		column->low = 2 * i;
	}
	ret = accel_pool_run(int8_lines, &lines, (size_t)y->dims[0] * y->dims[1],
			     4.0 * (double)graph_elements(y));
out:
	free(lines.columns);
	free(lines.offset);
	return ret == -ENOMEM ? accel_error_memory("a resized image") : ret;
}
