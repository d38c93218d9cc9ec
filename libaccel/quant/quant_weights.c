// SPDX-License-Identifier: MIT
/*
 * Weights and biases as integers.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libaccel/dev/error.h"
#include "libaccel/quant/quant_state.h"

#define PATCHES		256	/* looked at per sample and layer */
#define MOMENTS_MAX	1536	/* inputs under the kernel; above, rounding is to nearest */
#define SPREAD_MAX	512	/* largest scale of a layer's channels / smallest */
#define BIAS_MAX	(1 << 30)

void quant_layer_clear(struct quant_layer *layer)
{
	free(layer->mean);
	free(layer->moments);
}

/* The inputs of one group under the kernel at output pixel @p. */
static void gather(const struct graph_tensor *x, const struct graph_tensor *y,
		   const struct graph_op *op, const float *data, size_t p, uint32_t group,
		   uint32_t group_in, float *row)
{
	const struct graph_window *w = &op->params.conv.window;
	size_t n = p / y->dims[2] / y->dims[1];
	int64_t top = (int64_t)(p / y->dims[2] % y->dims[1]) * w->stride_h - w->pad_top;
	int64_t left = (int64_t)(p % y->dims[2]) * w->stride_w - w->pad_left;

	for (uint32_t k = 0; k < w->kernel_h * w->kernel_w; k++, row += group_in) {
		int64_t iy = top + (int64_t)(k / w->kernel_w) * w->dilation_h;
		int64_t ix = left + (int64_t)(k % w->kernel_w) * w->dilation_w;

		if (iy < 0 || iy >= x->dims[1] || ix < 0 || ix >= x->dims[2])
			memset(row, 0, group_in * sizeof(*row));
		else
			memcpy(row, data + ((n * x->dims[1] + iy) * x->dims[2] + ix) * x->dims[3] +
			       group * group_in, group_in * sizeof(*row));
	}
}

static int prepare(struct quant_layer *layer, const struct graph *graph, const struct graph_op *op,
		   uint32_t channels)
{
	const struct graph_tensor *w = &graph->tensors[op->inputs[1]];

	if (layer->mean)
		return 0;
	layer->mean = calloc(channels, sizeof(*layer->mean));
	if (!layer->mean)
		return accel_error_memory("statistics");
	if (op->kind == GRAPH_CONV_TRANSPOSED)
		return 0;
	layer->groups = op->kind == GRAPH_CONV ? op->params.conv.groups : 1;
	layer->k = (uint32_t)(graph_elements(w) / w->dims[0]);
	if (layer->k > MOMENTS_MAX)
		return 0;
	layer->moments = calloc((size_t)layer->groups * layer->k * layer->k, sizeof(float));
	return layer->moments ? 0 : accel_error_memory("statistics");
}

int quant_layer_add(struct quant_layer *layer, const struct graph *graph,
		    const struct graph_op *op, const float *data)
{
	const struct graph_tensor *x = &graph->tensors[op->inputs[0]];
	const struct graph_tensor *y = &graph->tensors[op->outputs[0]];
	uint32_t channels = x->dims[x->rank - 1], k;
	size_t n = graph_elements(x), pixels = graph_elements(y) / y->dims[y->rank - 1], step;
	float *row;
	int err = prepare(layer, graph, op, channels);

	if (err)
		return err;
	for (size_t i = 0; i < n; i++)
		layer->mean[i % channels] += data[i];
	layer->count += n / channels;
	if (!layer->moments)
		return 0;
	k = layer->k;
	row = malloc(k * sizeof(*row));
	if (!row)
		return accel_error_memory("statistics");
	step = pixels / PATCHES ? pixels / PATCHES : 1;
	for (size_t p = step / 2; p < pixels; p += step) {
		for (uint32_t g = 0; g < layer->groups; g++) {
			float *moments = layer->moments + (size_t)g * k * k;

			if (op->kind == GRAPH_CONV)
				gather(x, y, op, data, p, g, k / (op->params.conv.window.kernel_h *
							op->params.conv.window.kernel_w), row);
			else
				memcpy(row, data + p * k, k * sizeof(*row));
			for (uint32_t i = 0; i < k; i++)
				for (uint32_t j = 0; row[i] != 0 && j <= i; j++)
					moments[(size_t)i * k + j] += row[i] * row[j];
		}
		layer->samples++;
	}
	free(row);
	return 0;
}

/* Cholesky factor L of a (lower part given), in place; false: not positive. */
static bool cholesky(double *a, uint32_t n)
{
	for (uint32_t j = 0; j < n; j++) {
		double *row_j = a + (size_t)j * n, diagonal = row_j[j];

		for (uint32_t k = 0; k < j; k++)
			diagonal -= row_j[k] * row_j[k];
		if (!(diagonal > 0))
			return false;
		row_j[j] = sqrt(diagonal);
		for (uint32_t i = j + 1; i < n; i++) {
			double *row_i = a + (size_t)i * n, sum = row_i[j];

			for (uint32_t k = 0; k < j; k++)
				sum -= row_i[k] * row_j[k];
			row_i[j] = sum / row_j[j];
		}
	}
	return true;
}

/*
 * Upper factor U with U^T U = H^-1, from the moments H with a damped diagonal.
 * With H = L L^T written back to front, U is the inverse of the factor of the
 * reversed matrix, reversed.
 */
static double *inverse_factor(const float *moments, uint32_t n)
{
	double *a = calloc((size_t)n * n, sizeof(*a)), *u = calloc((size_t)n * n, sizeof(*u));
	double trace = 0;

	if (!a || !u)
		goto fail;
	for (uint32_t i = 0; i < n; i++)
		trace += moments[(size_t)i * n + i];
	if (!(trace > 0))
		goto fail;
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t j = 0; j <= i; j++)
			a[(size_t)(n - 1 - j) * n + (n - 1 - i)] = moments[(size_t)i * n + j] +
								   (i == j ? 0.01 * trace / n : 0);
	if (!cholesky(a, n))
		goto fail;
	/* Inverse of the lower triangle, column by column, reversed into U. */
	for (uint32_t j = 0; j < n; j++) {
		double *column = u + (size_t)(n - 1 - j) * n;	/* U's row n-1-j, reversed */

		for (uint32_t i = j; i < n; i++) {
			double sum = i == j ? 1 : 0;

			for (uint32_t k = j; k < i; k++)
				sum -= a[(size_t)i * n + k] * column[n - 1 - k];
			column[n - 1 - i] = sum / a[(size_t)i * n + i];
		}
	}
	/* column[] holds inverse(L)[i][j] at [n-1-j][n-1-i]: rows and columns swap. */
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t j = 0; j < n; j++)
			a[(size_t)i * n + j] = u[(size_t)j * n + i];
	free(u);
	return a;
fail:
	free(a);
	free(u);
	return NULL;
}

static int8_t clamp_weight(double q)
{
	return (int8_t)(q < -127 ? -127 : q > 127 ? 127 : q);
}

/*
 * Round one after the other, and take each rounding's effect on the output out
 * of the weights still to come. Source: optimal brain quantisation in its
 * blocked form (GPTQ).
 */
static void round_adaptively(const double *factor, uint32_t k, const float *w, float scale,
			     double *left, int8_t *out)
{
	for (uint32_t i = 0; i < k; i++)
		left[i] = w[i];
	for (uint32_t i = 0; i < k; i++) {
		const double *row = factor + (size_t)i * k;
		double error;

		out[i] = clamp_weight(nearbyint(left[i] / scale));
		error = (left[i] - (double)out[i] * scale) / row[i];
		for (uint32_t j = i + 1; j < k; j++)
			left[j] -= error * row[j];
	}
}

static void choose_scales(const float *w, uint32_t outputs, size_t row, const float *bias,
			  float scale_in, float *scales)
{
	float largest = 0;

	for (uint32_t o = 0; o < outputs; o++) {
		float high = 0;

		for (size_t i = 0; i < row; i++)
			high = fmaxf(high, fabsf(w[o * row + i]));
		scales[o] = high / 127;
		largest = fmaxf(largest, scales[o]);
	}
	if (!(largest > 0))
		largest = 1.f / 127;
	for (uint32_t o = 0; o < outputs; o++) {
		/* One shift serves all channels: a tiny scale would have no bits left. */
		scales[o] = fmaxf(scales[o], largest / SPREAD_MAX);
		if (bias)
			scales[o] = fmaxf(scales[o], fabsf(bias[o]) / scale_in / BIAS_MAX);
	}
}

int quant_weights(const struct quant *quant, uint32_t number, float scale_in, int8_t *weights,
		  int32_t *bias, float *scales)
{
	const struct graph_op *op = &quant->graph->ops[number];
	const struct graph_tensor *w = &quant->graph->tensors[op->inputs[1]];
	const struct quant_layer *layer = &quant->layers[number];
	const float *real = w->data, *real_bias = NULL;
	uint32_t outputs = w->dims[0], k = layer->k, group_in = w->dims[w->rank - 1];
	size_t row = graph_elements(w) / outputs;
	uint32_t groups = op->kind == GRAPH_FULLY_CONNECTED ? 1 : op->params.conv.groups;
	double *factor = NULL, *left = malloc(row * sizeof(*left));
	uint32_t factor_group = GRAPH_NONE;

	if (!left)
		return accel_error_memory("weights");
	if (op->num_inputs > 2 && op->inputs[2] != GRAPH_NONE)
		real_bias = quant->graph->tensors[op->inputs[2]].data;
	choose_scales(real, outputs, row, real_bias, scale_in, scales);
	for (uint32_t o = 0; o < outputs; o++) {
		uint32_t group = o / (outputs / groups);
		double lost = 0, q;

		if (quant->config.adaptive_rounding && layer->moments && layer->samples &&
		    group != factor_group) {
			free(factor);
			factor = inverse_factor(layer->moments + (size_t)group * k * k, k);
			factor_group = group;
		}
		if (factor)
			round_adaptively(factor, k, real + o * row, scales[o], left, weights + o * row);
		else
			for (size_t i = 0; i < row; i++)
				weights[o * row + i] = clamp_weight(nearbyint(real[o * row + i] / scales[o]));
		/* What the roundings shift the output by, for the mean input. */
		for (size_t i = 0; quant->config.bias_correction && layer->count && i < row; i++)
			lost += (real[o * row + i] - (double)weights[o * row + i] * scales[o]) *
				layer->mean[group * group_in + i % group_in] / (double)layer->count;
		if (op->kind == GRAPH_CONV_TRANSPOSED)
			lost = 0;	/* each output sees some of the taps only */
		q = round(((real_bias ? real_bias[o] : 0) + lost) / ((double)scale_in * scales[o]));
		bias[o] = (int32_t)fmax(-2147483647.0, fmin(2147483647.0, q));
	}
	free(factor);
	free(left);
	return 0;
}
