// SPDX-License-Identifier: MIT
/*
 * Convolutions and matrix products in float.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libaccel/cpu/ref/ref_op_kernels.h"
#include "libaccel/dev/error.h"

#define TILE	48	/* pixels gathered at a time */

/* What the parts of a convolution share. */
struct conv {
	const struct graph_window *w;
	const struct graph_tensor *x, *y;
	const float *in, *packed, *bias;
	float *out;
	size_t group_in, group_out, groups, k, panel;
};

/* The inputs under the kernel at pixel @p of the output, zeros in the padding. */
static void gather(const struct conv *conv, size_t p, size_t group, float *row)
{
	const struct graph_window *w = conv->w;
	size_t out_w = conv->y->dims[2], out_h = conv->y->dims[1], channels = conv->x->dims[3];
	size_t n = p / (out_w * out_h);
	int64_t top = (int64_t)(p / out_w % out_h) * w->stride_h - w->pad_top;
	int64_t left = (int64_t)(p % out_w) * w->stride_w - w->pad_left;
	int64_t height = conv->x->dims[1], width = conv->x->dims[2];

	for (uint32_t ky = 0; ky < w->kernel_h; ky++) {
		int64_t y = top + (int64_t)ky * w->dilation_h;

		for (uint32_t kx = 0; kx < w->kernel_w; kx++, row += conv->group_in) {
			int64_t x = left + (int64_t)kx * w->dilation_w;

			if (y < 0 || y >= height || x < 0 || x >= width)
				memset(row, 0, conv->group_in * sizeof(*row));
			else
				memcpy(row, conv->in + ((n * height + y) * width + x) * channels +
				       group * conv->group_in, conv->group_in * sizeof(*row));
		}
	}
}

static int conv_part(void *context, size_t from, size_t to)
{
	const struct conv *conv = context;
	size_t channels = conv->group_out * conv->groups;
	const struct graph_window *w = conv->w;
	bool direct = w->kernel_h == 1 && w->kernel_w == 1 && w->stride_h == 1 && w->stride_w == 1 &&
		      !w->pad_top && !w->pad_bottom && !w->pad_left && !w->pad_right;
	float *rows = direct ? NULL : malloc(TILE * conv->k * sizeof(*rows));

	if (!direct && !rows)
		return accel_error_memory("a convolution");
	for (size_t p = from; p < to; p += TILE) {
		size_t pixels = to - p < TILE ? to - p : TILE;

		for (size_t g = 0; g < conv->groups; g++) {
			const float *a = conv->in + p * conv->x->dims[3] + g * conv->group_in;

			for (size_t i = 0; rows && i < pixels; i++)
				gather(conv, p + i, g, rows + i * conv->k);
			ref_gemm(pixels, conv->group_out, conv->k, rows ? rows : a,
				 rows ? conv->k : conv->x->dims[3], conv->packed + g * conv->panel,
				 conv->bias ? conv->bias + g * conv->group_out : NULL,
				 conv->out + p * channels + g * conv->group_out, channels);
		}
	}
	free(rows);
	return 0;
}

/* One input channel per output channel: along the channels. @packed is [kh][kw][O]. */
static int depthwise_part(void *context, size_t from, size_t to)
{
	const struct conv *conv = context;
	const struct graph_window *w = conv->w;
	size_t out_w = conv->y->dims[2], out_h = conv->y->dims[1], channels = conv->x->dims[3];
	int64_t height = conv->x->dims[1], width = conv->x->dims[2];
	size_t outputs = conv->y->dims[3], multiplier = conv->group_out;

	for (size_t p = from; p < to; p++) {
		float *out = conv->out + p * outputs;
		size_t n = p / (out_w * out_h);
		int64_t top = (int64_t)(p / out_w % out_h) * w->stride_h - w->pad_top;
		int64_t left = (int64_t)(p % out_w) * w->stride_w - w->pad_left;

		for (size_t c = 0; c < outputs; c++)
			out[c] = 0;
		for (uint32_t k = 0; k < w->kernel_h * w->kernel_w; k++) {
			int64_t y = top + (int64_t)(k / w->kernel_w) * w->dilation_h;
			int64_t x = left + (int64_t)(k % w->kernel_w) * w->dilation_w;
			const float *in, *weights = conv->packed + k * outputs;

			if (y < 0 || y >= height || x < 0 || x >= width)
				continue;
			in = conv->in + ((n * height + y) * width + x) * channels;
			if (multiplier == 1)
				for (size_t c = 0; c < outputs; c++)
					out[c] += in[c] * weights[c];
			else
				for (size_t c = 0; c < outputs; c++)
					out[c] += in[c / multiplier] * weights[c];
		}
		for (size_t c = 0; conv->bias && c < outputs; c++)
			out[c] += conv->bias[c];
	}
	return 0;
}

static int conv(const struct ref_args *args)
{
	const struct graph_tensor *x = args->in[0], *w = args->in[1], *y = args->out;
	const float *weights = args->in_data[1];
	size_t pixels = (size_t)y->dims[0] * y->dims[1] * y->dims[2];
	uint32_t groups = args->op->params.conv.groups;
	struct conv conv = {
		.w = &args->op->params.conv.window, .x = x, .y = y, .in = args->in_data[0],
		.bias = args->num_in > 2 ? args->in_data[2] : NULL, .out = args->out_data,
		.group_in = w->dims[3], .group_out = w->dims[0] / groups, .groups = groups,
		.k = (size_t)w->dims[1] * w->dims[2] * w->dims[3],
	};
	bool depthwise = w->dims[3] == 1 && groups > 1;
	float *packed;
	int err;

	conv.panel = ref_gemm_packed_size(conv.group_out, conv.k);
	packed = malloc((depthwise ? conv.k * w->dims[0] : conv.panel * groups) * sizeof(*packed));
	if (!packed)
		return accel_error_memory("a convolution");
	if (depthwise) {
		for (size_t k = 0; k < conv.k; k++)
			for (size_t o = 0; o < w->dims[0]; o++)
				packed[k * w->dims[0] + o] = weights[o * conv.k + k];
	} else {
		for (size_t g = 0; g < groups; g++)
			ref_gemm_pack(conv.group_out, conv.k, weights + g * conv.group_out * conv.k,
				      conv.k, packed + g * conv.panel);
	}
	conv.packed = packed;
	err = ref_parallel(pixels, (double)pixels * conv.k * w->dims[0],
			   depthwise ? depthwise_part : conv_part, &conv);
	free(packed);
	return err;
}

/* Each input pixel's contribution to the outputs around it. */
static int conv_transposed(const struct ref_args *args)
{
	const struct graph_tensor *x = args->in[0], *w = args->in[1], *y = args->out;
	const struct graph_window *win = &args->op->params.conv.window;
	const float *in = args->in_data[0], *weights = args->in_data[1];
	const float *bias = args->num_in > 2 ? args->in_data[2] : NULL;
	size_t groups = args->op->params.conv.groups, outputs = w->dims[0] / groups;
	size_t kernel = (size_t)w->dims[1] * w->dims[2], k = w->dims[3];
	float *packed = malloc(ref_gemm_packed_size(outputs * kernel, k) * sizeof(*packed));
	float *row = malloc(outputs * kernel * x->dims[2] * sizeof(*row)), *out = args->out_data;

	if (!packed || !row) {
		free(packed);
		free(row);
		return accel_error_memory("a convolution");
	}
	for (size_t i = 0, n = graph_elements(y); i < n; i++)
		out[i] = bias ? bias[i % y->dims[3]] : 0;
	for (size_t g = 0; g < groups; g++) {
		ref_gemm_pack(outputs * kernel, k, weights + g * outputs * kernel * k, k, packed);
		for (size_t line = 0; line < (size_t)x->dims[0] * x->dims[1]; line++) {
			int64_t top = (int64_t)(line % x->dims[1]) * win->stride_h - win->pad_top;
			size_t n = line / x->dims[1];

			ref_gemm(x->dims[2], outputs * kernel, k,
				 in + line * x->dims[2] * x->dims[3] + g * k, x->dims[3], packed, NULL,
				 row, outputs * kernel);
			for (size_t i = 0; i < x->dims[2] * outputs * kernel; i++) {
				size_t ky = i / w->dims[2] % w->dims[1], kx = i % w->dims[2];
				size_t o = i / kernel % outputs;
				int64_t oy = top + (int64_t)ky * win->dilation_h;
				int64_t ox = (int64_t)(i / kernel / outputs) * win->stride_w -
					     win->pad_left + (int64_t)kx * win->dilation_w;

				if (oy >= 0 && oy < y->dims[1] && ox >= 0 && ox < y->dims[2])
					out[((n * y->dims[1] + oy) * y->dims[2] + ox) * y->dims[3] +
					    g * outputs + o] += row[i];
			}
		}
	}
	free(packed);
	free(row);
	return 0;
}

static int fully_connected(const struct ref_args *args)
{
	const struct graph_tensor *w = args->in[1];
	const float *in = args->in_data[0], *weights = args->in_data[1];
	const float *bias = args->num_in > 2 ? args->in_data[2] : NULL;
	size_t n = w->dims[0], k = w->dims[1], m = graph_elements(args->in[0]) / (k ? k : 1);
	float *packed = malloc(ref_gemm_packed_size(n, k) * sizeof(*packed));

	if (!packed)
		return accel_error_memory("a matrix product");
	ref_gemm_pack(n, k, weights, k, packed);
	ref_gemm(m, n, k, in, k, packed, bias, args->out_data, n);
	free(packed);
	return 0;
}

/* Matrix @batch of the output takes this one of an operand that broadcasts. */
static size_t operand_matrix(const struct graph_tensor *t, const struct graph_tensor *out,
			     size_t batch)
{
	size_t index = 0, step = 1;

	for (uint32_t back = 3; back <= out->rank; back++) {
		uint32_t dim = back <= t->rank ? t->dims[t->rank - back] : 1;
		size_t at = batch % out->dims[out->rank - back];

		batch /= out->dims[out->rank - back];
		index += dim > 1 ? at * step : 0;
		step *= dim;
	}
	return index;
}

static int matmul(const struct ref_args *args)
{
	const struct graph_tensor *ta = args->in[0], *tb = args->in[1], *y = args->out;
	const float *a = args->in_data[0], *b = args->in_data[1];
	uint32_t flip_a = args->op->params.matmul.transpose_a;
	uint32_t flip_b = args->op->params.matmul.transpose_b;
	size_t m = y->dims[y->rank - 2], n = y->dims[y->rank - 1];
	size_t k = ta->dims[ta->rank - 1 - !!flip_a], count = graph_elements(y) / (m * n);
	float *packed = malloc(ref_gemm_packed_size(n, k) * sizeof(*packed));
	float *rows = malloc((m > n ? m : n) * k * sizeof(*rows));

	if (!packed || !rows) {
		free(packed);
		free(rows);
		return accel_error_memory("a matrix product");
	}
	for (size_t i = 0; i < count; i++) {
		const float *one_a = a + operand_matrix(ta, y, i) * m * k;
		const float *one_b = b + operand_matrix(tb, y, i) * k * n;

		for (size_t j = 0; !flip_b && j < n * k; j++)
			rows[j] = one_b[j % k * n + j / k];
		ref_gemm_pack(n, k, flip_b ? one_b : rows, k, packed);
		for (size_t j = 0; flip_a && j < m * k; j++)
			rows[j] = one_a[j % k * m + j / k];
		ref_gemm(m, n, k, flip_a ? rows : one_a, k, packed, NULL,
			 (float *)args->out_data + i * m * n, n);
	}
	free(packed);
	free(rows);
	return 0;
}

int ref_weighted_float(const struct ref_args *args)
{
	switch (args->op->kind) {
	case GRAPH_CONV:
		return conv(args);
	case GRAPH_CONV_TRANSPOSED:
		return conv_transposed(args);
	case GRAPH_FULLY_CONNECTED:
		return fully_connected(args);
	default:
		return matmul(args);
	}
}
