// SPDX-License-Identifier: MIT
#include <string.h>

#include "pdp_line.h"

/* Channels that are handled together; divides every memory atom. */
#define LANES	8

/* The window of one output, cut to what lies inside the input. */
struct window {
	const int8_t *first;
	size_t line, pixel;
	uint32_t width, height;
};

static void window_max(const struct window *window, int8_t *out)
{
	int8_t v[LANES];
	uint32_t y, x, c;

	memset(v, INT8_MIN, sizeof(v));
	for (y = 0; y < window->height; y++) {
		const int8_t *in = window->first + y * window->line;

		for (x = 0; x < window->width; x++, in += window->pixel) {
			for (c = 0; c < LANES; c++)
				v[c] = in[c] > v[c] ? in[c] : v[c];
		}
	}
	memcpy(out, v, sizeof(v));
}

static void window_min(const struct window *window, int8_t *out)
{
	int8_t v[LANES];
	uint32_t y, x, c;

	memset(v, INT8_MAX, sizeof(v));
	for (y = 0; y < window->height; y++) {
		const int8_t *in = window->first + y * window->line;

		for (x = 0; x < window->width; x++, in += window->pixel) {
			for (c = 0; c < LANES; c++)
				v[c] = in[c] < v[c] ? in[c] : v[c];
		}
	}
	memcpy(out, v, sizeof(v));
}

/* v * recip / 2^16, to nearest, halves away from zero. */
static int64_t scale(int64_t v, uint32_t recip)
{
	int64_t product = v * recip;

	return (product + (1 << 15) - (product < 0)) >> 16;
}

/* Sums of at most 64 bytes fit 16 bits. */
static void window_average(const struct window *window, const struct npu_pdp *pdp, int8_t *out)
{
	int16_t sum[LANES] = { 0 };
	uint32_t y, x, c;

	for (y = 0; y < window->height; y++) {
		const int8_t *in = window->first + y * window->line;

		for (x = 0; x < window->width; x++, in += window->pixel) {
			for (c = 0; c < LANES; c++)
				sum[c] = (int16_t)(sum[c] + in[c]);
		}
	}
	for (c = 0; c < LANES; c++) {
		int64_t v = scale(scale(sum[c], pdp->recip_w), pdp->recip_h);

		out[c] = v > INT8_MAX ? INT8_MAX : v < INT8_MIN ? INT8_MIN : (int8_t)v;
	}
}

/* What of a kernel that starts at @start lies inside: its first place and length. */
static uint32_t clip(int64_t start, uint32_t kernel, uint32_t size, uint32_t *first)
{
	int64_t end = start + kernel;

	if (start < 0)
		start = 0;
	if (end > size)
		end = size;
	*first = (uint32_t)start;

	return end > start ? (uint32_t)(end - start) : 0;
}

void pdp_line_run(const struct npu_op *op, uint8_t *const regions[NPU_REGIONS], uint32_t atom,
		  uint32_t y)
{
	const struct npu_pdp *pdp = &op->pdp;
	const int8_t *in = (int8_t *)regions[op->in.region] + op->in.offset +
			   (uint64_t)atom * op->in.surface;
	int8_t *out = (int8_t *)regions[op->out.region] + op->out.offset +
		      (uint64_t)atom * op->out.surface + (uint64_t)y * op->out.line;
	struct window window = { .line = op->in.line, .pixel = op->in.atom };
	uint32_t x, c, top, left;

	window.height = clip((int64_t)y * pdp->stride_y - pdp->pad_top, pdp->kernel_h,
			     op->in.height, &top);
	for (x = 0; x < op->out.width; x++) {
		window.width = clip((int64_t)x * pdp->stride_x - pdp->pad_left, pdp->kernel_w,
				    op->in.width, &left);
		for (c = 0; c < op->in.atom; c += LANES) {
			int8_t *to = out + (size_t)x * op->out.atom + c;

			window.first = in + (uint64_t)top * op->in.line +
				       (uint64_t)left * op->in.atom + c;
			if (pdp->method == NPU_POOL_MAX)
				window_max(&window, to);
			else if (pdp->method == NPU_POOL_MIN)
				window_min(&window, to);
			else
				window_average(&window, pdp, to);
		}
	}
}
