// SPDX-License-Identifier: MIT
/*
 * Element-wise operations, pooling and normalisation in float.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libaccel/cpu/f32/f32_kernels.h"
#include "libaccel/cpu/pool.h"
#include "libaccel/cpu/ref/ref_op_kernels.h"
#include "libaccel/dev/error.h"

bool ref_is_map(uint32_t kind)
{
	switch (kind) {
	case GRAPH_CLIP: case GRAPH_LEAKY_RELU: case GRAPH_HARD_SWISH: case GRAPH_HARD_SIGMOID:
	case GRAPH_LOGISTIC: case GRAPH_TANH: case GRAPH_UNARY:
		return true;
	default:
		return false;
	}
}

static double clamp(double x, double low, double high)
{
	return x < low ? low : x > high ? high : x;
}

static double function(const struct graph_op *op, double x)
{
	double alpha = op->params.unary.alpha;

	switch (op->params.unary.function) {
	case GRAPH_ABS: return fabs(x);
	case GRAPH_NEG: return -x;
	case GRAPH_EXP: return exp(x);
	case GRAPH_LOG: return log(x);
	case GRAPH_SQRT: return sqrt(x);
	case GRAPH_RSQRT: return 1 / sqrt(x);
	case GRAPH_SQUARE: return x * x;
	case GRAPH_FLOOR: return floor(x);
	case GRAPH_CEIL: return ceil(x);
	case GRAPH_ROUND: return nearbyint(x);
	case GRAPH_ELU: return x < 0 ? alpha * expm1(x) : x;
	case GRAPH_SELU: return op->params.unary.beta * (x < 0 ? alpha * expm1(x) : x);
	case GRAPH_SOFTPLUS: return x > 30 ? x : log1p(exp(x));
	case GRAPH_SOFTSIGN: return x / (1 + fabs(x));
	case GRAPH_GELU: return 0.5 * x * (1 + erf(x * M_SQRT1_2));
	case GRAPH_ERF: return erf(x);
	case GRAPH_SIN: return sin(x);
	case GRAPH_COS: return cos(x);
	case GRAPH_RECIPROCAL: return 1 / x;
	default: return x > 0 ? 1 : x < 0 ? -1 : x;	/* GRAPH_SIGN */
	}
}

double ref_map(const struct graph_op *op, double x)
{
	switch (op->kind) {
	case GRAPH_LEAKY_RELU:
		return x < 0 ? x * op->params.unary.alpha : x;
	case GRAPH_HARD_SWISH:
		return x * clamp(x + 3, 0, 6) / 6;
	case GRAPH_HARD_SIGMOID:
		return clamp(op->params.unary.alpha * x + op->params.unary.beta, 0, 1);
	case GRAPH_LOGISTIC:
		return 1 / (1 + exp(-x));
	case GRAPH_TANH:
		return tanh(x);
	case GRAPH_UNARY:
		return function(op, x);
	default:
		return x;	/* GRAPH_CLIP: the activation does it */
	}
}

static void map(const struct ref_args *args)
{
	const float *x = args->in_data[0];
	float *y = args->out_data, alpha = args->op->params.unary.alpha;
	size_t n = graph_elements(args->out);

	switch (args->op->kind) {
	case GRAPH_CLIP:
		memcpy(y, x, n * sizeof(*y));
		return;
	case GRAPH_LEAKY_RELU:
		f32_kernels_best()->binary[F32_PRELU](x, 1, &alpha, 0, n, y);
		return;
	case GRAPH_HARD_SWISH:
		f32_kernels_best()->map[F32_HARD_SWISH](x, n, y);
		return;
	case GRAPH_LOGISTIC:
		f32_kernels_best()->map[F32_LOGISTIC](x, n, y);
		return;
	case GRAPH_TANH:
		f32_kernels_best()->map[F32_TANH](x, n, y);
		return;
	default:
		for (size_t i = 0; i < n; i++)
			y[i] = (float)ref_map(args->op, x[i]);
	}
}

/* Rows along the last dimension. */
static void binary_row(uint32_t kind, const float *a, size_t step_a, const float *b, size_t step_b,
		       float *y, size_t n)
{
	static const enum f32_binary kernel[] = {
		[GRAPH_ADD] = F32_ADD, [GRAPH_SUB] = F32_SUB, [GRAPH_MUL] = F32_MUL,
		[GRAPH_DIV] = F32_DIV, [GRAPH_MAX] = F32_MAX, [GRAPH_MIN] = F32_MIN,
		[GRAPH_PRELU] = F32_PRELU,
	};

	if (kind == GRAPH_POW) {
		for (size_t i = 0; i < n; i++)
			y[i] = (float)pow(a[i * step_a], b[i * step_b]);
		return;
	}
	f32_kernels_best()->binary[kernel[kind]](a, step_a, b, step_b, n, y);
}

static void elementwise(const struct ref_args *args)
{
	const struct graph_tensor *y = args->out;
	size_t step[2][GRAPH_DIMS], at[2] = { 0 }, last = y->rank ? y->dims[y->rank - 1] : 1;
	uint32_t index[GRAPH_DIMS] = { 0 };
	float *out = args->out_data;

	for (int k = 0; k < 2; k++) {
		size_t stride = 1;

		for (uint32_t back = 1; back <= y->rank; back++) {
			uint32_t dim = back <= args->in[k]->rank ?
				       args->in[k]->dims[args->in[k]->rank - back] : 1;

			step[k][y->rank - back] = dim > 1 ? stride : 0;
			stride *= dim;
		}
	}
	for (uint64_t rows = graph_elements(y) / last; rows--; out += last) {
		binary_row(args->op->kind, (const float *)args->in_data[0] + at[0],
			   y->rank ? step[0][y->rank - 1] : 0, (const float *)args->in_data[1] + at[1],
			   y->rank ? step[1][y->rank - 1] : 0, out, last);
		for (uint32_t i = y->rank ? y->rank - 1 : 0; i-- > 0;) {
			at[0] += step[0][i];
			at[1] += step[1][i];
			if (++index[i] < y->dims[i])
				break;
			at[0] -= step[0][i] * index[i];
			at[1] -= step[1][i] * index[i];
			index[i] = 0;
		}
	}
}

/* Pixels of a pooling at a time: a line of the output. */
static int pool_lines(void *context, size_t from, size_t to)
{
	const struct ref_args *args = context;
	const struct graph_tensor *x = args->in[0], *y = args->out;
	const struct graph_window *w = &args->op->params.pool.window;
	bool average = args->op->kind == GRAPH_AVG_POOL, padded = args->op->params.pool.count_padding;
	size_t channels = x->dims[3], window = (size_t)w->kernel_h * w->kernel_w;
	const float **in = accel_pool_scratch(window * sizeof(*in));
	float *out = (float *)args->out_data + from * y->dims[2] * channels;

	if (!in)
		return accel_error_memory("a pooling");
	for (size_t p = from * y->dims[2]; p < to * y->dims[2]; p++, out += channels) {
		size_t n = p / y->dims[2] / y->dims[1], count = 0, inside = 0;
		int64_t top = (int64_t)(p / y->dims[2] % y->dims[1]) * w->stride_h - w->pad_top;
		int64_t left = (int64_t)(p % y->dims[2]) * w->stride_w - w->pad_left;

		for (uint32_t k = 0; k < window; k++) {
			int64_t iy = top + (int64_t)(k / w->kernel_w) * w->dilation_h;
			int64_t ix = left + (int64_t)(k % w->kernel_w) * w->dilation_w;

			if (iy < 0 || iy >= x->dims[1] || ix < 0 || ix >= x->dims[2])
				count += padded && iy < (int64_t)x->dims[1] + w->pad_bottom &&
					 ix < (int64_t)x->dims[2] + w->pad_right;
			else
				in[inside++] = (const float *)args->in_data[0] +
					((n * x->dims[1] + iy) * x->dims[2] + ix) * channels;
		}
		count += inside;
		if (average)
			f32_kernels_best()->mean_pixels(in, inside, channels,
							(float)(count ? count : 1), out);
		else
			f32_kernels_best()->max_pixels(in, inside, channels, out);
	}
	return 0;
}

static int pool(const struct ref_args *args)
{
	const struct graph_window *w = &args->op->params.pool.window;

	return accel_pool_run(pool_lines, (void *)args, (size_t)args->out->dims[0] * args->out->dims[1],
			      (double)graph_elements(args->out) * w->kernel_h * w->kernel_w);
}

static void batch_norm(const struct ref_args *args)
{
	const float *x = args->in_data[0], *gamma = args->in_data[1], *beta = args->in_data[2];
	const float *mean = args->in_data[3], *variance = args->in_data[4];
	size_t channels = args->out->dims[args->out->rank - 1];
	float *y = args->out_data;

	for (size_t i = 0, n = graph_elements(args->out); i < n; i++) {
		size_t c = i % channels;

		y[i] = (x[i] - mean[c]) * (gamma[c] / sqrtf(variance[c] + args->op->params.norm.epsilon)) +
		       beta[c];
	}
}

static void lrn(const struct ref_args *args)
{
	const float *x = args->in_data[0];
	int64_t channels = args->out->dims[args->out->rank - 1];
	int64_t before = (args->op->params.lrn.size - 1) / 2, after = args->op->params.lrn.size / 2;
	float *y = args->out_data;

	for (size_t i = 0, n = graph_elements(args->out); i < n; i += channels)
		for (int64_t c = 0; c < channels; c++) {
			int64_t from = c > before ? c - before : 0;
			int64_t to = c + after < channels ? c + after : channels - 1;
			double sum = 0;

			for (int64_t j = from; j <= to; j++)
				sum += (double)x[i + j] * x[i + j];
			y[i + c] = (float)(x[i + c] * pow(args->op->params.lrn.bias +
							  args->op->params.lrn.alpha * sum,
							  -args->op->params.lrn.beta));
		}
}

static void log_softmax_row(const float *x, size_t n, float *y)
{
	double high = x[0], sum = 0;

	for (size_t j = 1; j < n; j++)
		high = x[j] > high ? x[j] : high;
	for (size_t j = 0; j < n; j++)
		sum += exp(x[j] - high);
	for (size_t j = 0; j < n; j++)
		y[j] = (float)(x[j] - high - log(sum));
}

static int softmax(const struct ref_args *args)
{
	const struct graph_tensor *t = args->out;
	uint32_t axis = args->op->params.softmax.axis;
	size_t dim = t->dims[axis], inner = 1, n = graph_elements(t);
	float *row;

	for (uint32_t i = axis + 1; i < t->rank; i++)
		inner *= t->dims[i];
	row = malloc((dim + 1) * sizeof(*row));
	if (!row)
		return accel_error_memory("a softmax");
	for (size_t i = 0; i < n / dim; i++) {
		size_t start = i / inner * dim * inner + i % inner;
		const float *x = (const float *)args->in_data[0] + start;
		float *y = (float *)args->out_data + start;

		for (size_t j = 0; inner > 1 && j < dim; j++)
			row[j] = x[j * inner];
		if (args->op->kind == GRAPH_LOG_SOFTMAX)
			log_softmax_row(inner > 1 ? row : x, dim, inner > 1 ? row : y);
		else
			f32_kernels_best()->softmax(inner > 1 ? row : x, dim,
						    args->op->params.softmax.beta,
						    inner > 1 ? row : y);
		for (size_t j = 0; inner > 1 && j < dim; j++)
			y[j * inner] = row[j];
	}
	free(row);
	return 0;
}

int ref_float(const struct ref_args *args)
{
	switch (args->op->kind) {
	case GRAPH_CONV: case GRAPH_CONV_TRANSPOSED: case GRAPH_FULLY_CONNECTED:
		return ref_weighted(args);
	case GRAPH_MATMUL:
		return ref_matmul(args);
	case GRAPH_ADD: case GRAPH_SUB: case GRAPH_MUL: case GRAPH_DIV: case GRAPH_MAX:
	case GRAPH_MIN: case GRAPH_POW: case GRAPH_PRELU:
		elementwise(args);
		return 0;
	case GRAPH_MAX_POOL:
	case GRAPH_AVG_POOL:
		return pool(args);
	case GRAPH_REDUCE:
		return ref_reduce(args);
	case GRAPH_BATCH_NORM:
		batch_norm(args);
		return 0;
	case GRAPH_LRN:
		lrn(args);
		return 0;
	case GRAPH_SOFTMAX:
	case GRAPH_LOG_SOFTMAX:
		return softmax(args);
	case GRAPH_RESIZE:
		return args->op->params.resize.nearest ? ref_resize_nearest(args) : ref_resize(args);
	default:
		map(args);
		return 0;
	}
}
