// SPDX-License-Identifier: MIT
/*
 * Resizing of int8 whose scale stays: with the integer coordinates, ten bits
 * behind the point, and the rounding of TFLite's ResizeBilinearInteger.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libaccel/cpu/ref/ref_op_kernels.h"
#include "libaccel/dev/error.h"

#define POINT	10

/* Two neighbours and what the second one counts, of 1024. */
struct position {
	uint32_t low, high;
	int32_t weight;
};

static void locate(const struct graph_op *op, int64_t in, int64_t out, int64_t i,
		   struct position *p)
{
	int64_t step = ((in << POINT) + out / 2) / out, at, low;

	switch (op->params.resize.coordinates) {
	case GRAPH_ALIGN_CORNERS:
		if (out > 1)
			step = (((in - 1) << POINT) + (out - 1) / 2) / (out - 1);
		at = i * step;
		break;
	case GRAPH_ASYMMETRIC:
		at = i * step;
		break;
	default:
		at = i * step + step / 2 - (1 << (POINT - 1));
	}
	low = at < 0 ? 0 : at >> POINT;
	if (low > in - 1)
		low = in - 1;
	p->low = (uint32_t)low;
	p->high = (uint32_t)(low + 1 < in ? low + 1 : in - 1);
	/* In front of the first pixel and behind the last both neighbours are the same. */
	p->weight = at < 0 ? 0 : (int32_t)(at - (low << POINT));
	if (p->weight > 1 << POINT || p->low == p->high)
		p->weight = 0;
}

__attribute__((optimize("O3")))
static void mix(const int8_t *const from[4], const int32_t weight[4], size_t channels, int8_t *to)
{
	for (size_t c = 0; c < channels; c++) {
		int32_t sum = from[0][c] * weight[0] + from[1][c] * weight[1] +
			      from[2][c] * weight[2] + from[3][c] * weight[3];

		/* The quotient is rounded towards 0: halves go away from it. */
		to[c] = (int8_t)((sum + (sum > 0 ? 1 << (2 * POINT - 1) : -(1 << (2 * POINT - 1)))) /
				 (1 << 2 * POINT));
	}
}

int ref_resize_int8(const struct ref_args *args)
{
	const struct graph_tensor *x = args->in[0], *y = args->out;
	const uint32_t height = y->dims[1], width = y->dims[2];
	const size_t channels = y->dims[3], line = x->dims[2] * channels;
	struct position *columns = malloc((size_t)width * sizeof(*columns)), row;
	int8_t *out = args->out_data;
	uint32_t i, j, n;

	if (!columns)
		return accel_error_memory("a resized image");
	for (i = 0; i < width; i++)
		locate(args->op, x->dims[2], width, i, &columns[i]);
	for (n = 0; n < y->dims[0]; n++) {
		const int8_t *image = (const int8_t *)args->in_data[0] + n * x->dims[1] * line;

		for (j = 0; j < height; j++) {
			locate(args->op, x->dims[1], height, j, &row);
			for (i = 0; i < width; i++, out += channels) {
				const struct position *p = &columns[i];
				const int8_t *const from[4] = {
					image + row.low * line + p->low * channels,
					image + row.low * line + p->high * channels,
					image + row.high * line + p->low * channels,
					image + row.high * line + p->high * channels,
				};
				const int32_t one = 1 << POINT;
				const int32_t weight[4] = {
					(one - row.weight) * (one - p->weight),
					(one - row.weight) * p->weight,
					row.weight * (one - p->weight), row.weight * p->weight,
				};

				mix(from, weight, channels, out);
			}
		}
	}
	free(columns);
	return 0;
}
