// SPDX-License-Identifier: MIT
/*
 * Operations on integers: int8 that stands for reals, and plain int32, int64.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libaccel/cpu/int8/s8_map.h"
#include "libaccel/cpu/int8/s8_requant.h"
#include "libaccel/cpu/int8/s8_softmax.h"
#include "libaccel/cpu/pool.h"
#include "libaccel/cpu/ref/ref_op_kernels.h"
#include "libaccel/dev/error.h"

/* Per output channel: bias, weights' zero point, multiplier. */
struct channel {
	int32_t bias, zero, multiplier, shift;
};

struct weighted {
	const struct ref_args *args;
	const struct graph_window *w;
	const struct channel *channels;
	int32_t zero_in, zero_out, low, high;
	size_t group_in, group_out;
};

static int8_t finish(const struct weighted *work, size_t o, int32_t sum)
{
	const struct channel *c = &work->channels[o];
	const struct s8_requant requant = {
		&c->multiplier, &c->shift, work->zero_out, (int8_t)work->low, (int8_t)work->high, true,
		false,
	};
	int8_t q, *out = &q;

	sum = (int32_t)((uint32_t)sum + (uint32_t)c->bias);
	s8_requant__portable(&requant, 0, &sum, 1, 1, 1, &out);
	return q;
}

static int32_t dot(const int8_t *x, const int8_t *w, size_t n, int32_t zx, int32_t zw)
{
	int32_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (x[i] - zx) * (w[i] - zw);
	return sum;
}

/* An output's place, and what its taps need to find their inputs. */
struct spot {
	size_t image, channel;	/* input image, first input channel of the group */
	size_t output;		/* output channel */
};

/* What tap @k of an output adds, from input pixel (@iy, @ix); nothing outside the input. */
static int32_t tap(const struct weighted *work, struct spot at, int64_t iy, int64_t ix, size_t k)
{
	const struct graph_tensor *x = work->args->in[0];
	const struct graph_window *w = work->w;
	const int8_t *in = work->args->in_data[0], *weights = work->args->in_data[1];
	size_t taps = (size_t)w->kernel_h * w->kernel_w;

	if (iy < 0 || iy >= x->dims[1] || ix < 0 || ix >= x->dims[2])
		return 0;
	in += ((at.image * x->dims[1] + (size_t)iy) * x->dims[2] + (size_t)ix) * x->dims[3];
	return dot(in + at.channel, weights + (at.output * taps + k) * work->group_in,
		   work->group_in, work->zero_in, work->channels[at.output].zero);
}

/* One output; (@y, @x) is where the kernel's first tap lies. */
static int32_t conv_at(const struct weighted *work, struct spot at, int64_t y, int64_t x)
{
	const struct graph_window *w = work->w;
	int32_t sum = 0;

	for (uint32_t ky = 0; ky < w->kernel_h; ky++)
		for (uint32_t kx = 0; kx < w->kernel_w; kx++)
			sum += tap(work, at, y * w->stride_h - w->pad_top + (int64_t)ky * w->dilation_h,
				   x * w->stride_w - w->pad_left + (int64_t)kx * w->dilation_w,
				   (size_t)ky * w->kernel_w + kx);
	return sum;
}

/* Transposed: the inputs and taps that reach the output. */
static int32_t transposed_at(const struct weighted *work, struct spot at, int64_t y, int64_t x)
{
	const struct graph_window *w = work->w;
	int32_t sum = 0;

	for (uint32_t ky = 0; ky < w->kernel_h; ky++) {
		for (uint32_t kx = 0; kx < w->kernel_w; kx++) {
			int64_t iy = y + w->pad_top - (int64_t)ky * w->dilation_h;
			int64_t ix = x + w->pad_left - (int64_t)kx * w->dilation_w;

			if (iy >= 0 && ix >= 0 && iy % w->stride_h == 0 && ix % w->stride_w == 0)
				sum += tap(work, at, iy / w->stride_h, ix / w->stride_w,
					   (size_t)ky * w->kernel_w + kx);
		}
	}
	return sum;
}

static int conv_part(void *context, size_t from, size_t to)
{
	const struct weighted *work = context;
	const struct graph_tensor *y = work->args->out;
	int8_t *out = (int8_t *)work->args->out_data + from * y->dims[3];

	for (size_t p = from; p < to; p++) {
		int64_t line = p / y->dims[2] % y->dims[1], column = p % y->dims[2];
		struct spot at = { .image = p / y->dims[2] / y->dims[1] };

		for (size_t o = 0; o < y->dims[3]; o++) {
			at.output = o;
			at.channel = o / work->group_out * work->group_in;
			*out++ = finish(work, o, work->args->op->kind == GRAPH_CONV ?
					conv_at(work, at, line, column) :
					transposed_at(work, at, line, column));
		}
	}
	return 0;
}

static int fully_connected_part(void *context, size_t from, size_t to)
{
	const struct weighted *work = context;
	size_t n = work->group_out, k = work->group_in;
	const int8_t *x = work->args->in_data[0], *w = work->args->in_data[1];

	for (size_t i = from; i < to; i++)
		((int8_t *)work->args->out_data)[i] =
			finish(work, i % n, dot(x + i / n * k, w + i % n * k, k, work->zero_in,
						work->channels[i % n].zero));
	return 0;
}

void ref_int8_range(const struct ref_args *args, int32_t *low, int32_t *high)
{
	struct graph_tensor out = *args->out;
	struct graph graph = { .tensors = &out, .num_tensors = 1 };
	struct graph_op op = *args->op;

	op.outputs[0] = 0;
	graph_act_range(&graph, &op, low, high);
}

int ref_weighted_by_definition(const struct ref_args *args)
{
	const struct graph_tensor *x = args->in[0], *w = args->in[1], *y = args->out;
	struct channel *channels = calloc(w->dims[0] ? w->dims[0] : 1, sizeof(*channels));
	const int32_t *bias = args->num_in > 2 ? args->in_data[2] : NULL;
	struct weighted work = {
		.args = args, .w = &args->op->params.conv.window, .channels = channels,
		.zero_in = graph_zero_point(x, 0), .zero_out = graph_zero_point(y, 0),
		.group_in = w->dims[w->rank - 1], .group_out = w->dims[0],
	};
	size_t outputs = graph_elements(y), k = w->dims[0] ? graph_elements(w) / w->dims[0] : 0;
	int err;

	if (!channels)
		return accel_error_memory("a convolution");
	ref_int8_range(args, &work.low, &work.high);
	for (size_t i = 0; i < w->dims[0]; i++) {
		s8_requant_of((double)graph_scale(x, 0) * graph_scale(w, i) / graph_scale(y, 0),
			      &channels[i].multiplier, &channels[i].shift);
		channels[i].bias = bias ? bias[i] : 0;
		channels[i].zero = graph_zero_point(w, i);
	}
	if (args->op->kind == GRAPH_FULLY_CONNECTED) {
		err = accel_pool_run(fully_connected_part, &work, outputs, (double)outputs * k);
	} else {
		work.group_out /= args->op->params.conv.groups;
		err = accel_pool_run(conv_part, &work, outputs / y->dims[3], (double)outputs * k);
	}
	free(channels);
	return err;
}

/* A function of one value for all 256 of them. */
static void map(const struct ref_args *args)
{
	const struct graph_tensor *x = args->in[0], *y = args->out;
	const int8_t *in = args->in_data[0];
	int8_t table[256];
	int32_t low, high;

	ref_int8_range(args, &low, &high);
	for (int q = -128; q < 128; q++) {
		double real = (double)graph_scale(x, 0) * (q - graph_zero_point(x, 0));
		double value = round(ref_map(args->op, real) / graph_scale(y, 0)) +
			       graph_zero_point(y, 0);

		table[q + 128] = (int8_t)(value > high ? high : value >= low ? (int32_t)value : low);
	}
	s8_table_select(accel_isa_detect())(in, graph_elements(y), table, args->out_data);
}

static bool same_scale(const struct graph_tensor *a, const struct graph_tensor *b)
{
	return a->quant.scale[0] == b->quant.scale[0] &&
	       a->quant.zero_point[0] == b->quant.zero_point[0];
}

static void max_pool(const struct ref_args *args)
{
	const struct graph_tensor *x = args->in[0], *y = args->out;
	const struct graph_window *w = &args->op->params.pool.window;
	size_t channels = x->dims[3];
	int8_t *out = args->out_data;
	int32_t low, high;

	ref_int8_range(args, &low, &high);
	for (size_t p = 0; p < (size_t)y->dims[0] * y->dims[1] * y->dims[2]; p++, out += channels) {
		size_t n = p / y->dims[2] / y->dims[1];
		int64_t top = (int64_t)(p / y->dims[2] % y->dims[1]) * w->stride_h - w->pad_top;
		int64_t left = (int64_t)(p % y->dims[2]) * w->stride_w - w->pad_left;

		memset(out, low, channels);
		for (uint32_t k = 0; k < w->kernel_h * w->kernel_w; k++) {
			int64_t iy = top + (int64_t)(k / w->kernel_w) * w->dilation_h;
			int64_t ix = left + (int64_t)(k % w->kernel_w) * w->dilation_w;
			const int8_t *in = args->in_data[0];

			if (iy < 0 || iy >= x->dims[1] || ix < 0 || ix >= x->dims[2])
				continue;
			in += ((n * x->dims[1] + iy) * x->dims[2] + ix) * channels;
			for (size_t c = 0; c < channels; c++)
				out[c] = in[c] > out[c] ? in[c] : out[c];
		}
		for (size_t c = 0; c < channels; c++)
			out[c] = out[c] > high ? (int8_t)high : out[c];
	}
}

/* By the float kernel: integers to reals, the operation, its activation, back. */
static int by_float(const struct ref_args *args)
{
	size_t n = graph_elements(args->out), room = n;
	float **in = calloc(args->num_in + 1, sizeof(*in));
	float *out = malloc((room ? room : 1) * sizeof(*out));
	struct ref_args real = *args;
	int err = in && out ? 0 : -ENOMEM;

	for (uint32_t i = 0; !err && i < args->num_in; i++) {
		if (!args->in[i])
			continue;
		in[i] = malloc((graph_elements(args->in[i]) + 1) * sizeof(float));
		if (in[i])
			ref_to_float(args->in[i], args->in_data[i], in[i]);
		else
			err = -ENOMEM;
	}
	if (err) {
		accel_error_memory("an operation");
	} else {
		real.in_data = (const void *const *)in;
		real.out_data = out;
		err = ref_float(&real);
	}
	if (!err && graph_has_act(args->op))
		f32_kernels_best()->clamp(out, n, args->op->act_min, args->op->act_max);
	if (!err)
		ref_from_float(args->out, out, args->out_data);
	for (uint32_t i = 0; in && i < args->num_in; i++)
		free(in[i]);
	free(in);
	free(out);
	return err;
}

/* Are a resize's coordinates what the sizes say, and those with ten bits behind the point? */
static bool by_sizes(const struct ref_args *args)
{
	const struct graph_op *op = args->op;
	const float scales[2] = { op->params.resize.scale_h, op->params.resize.scale_w };
	const bool corners = op->params.resize.coordinates == GRAPH_ALIGN_CORNERS;

	if (op->params.resize.coordinates == GRAPH_PYTORCH_HALF_PIXEL)
		return false;
	for (uint32_t i = 0; i < 2; i++) {
		const uint64_t in = args->in[0]->dims[1 + i] - corners;
		const uint64_t out = args->out->dims[1 + i] - corners;

		if (scales[i] && fabs(scales[i] * args->out->dims[1 + i] /
				      args->in[0]->dims[1 + i] - 1) > 1e-6)
			return false;
		if (!op->params.resize.ten_bits && out && (in << 9) % out)
			return false;
	}
	return true;
}

/* What the rows of a softmax share. */
struct rows {
	struct s8_softmax softmax;
	const struct ref_args *args;
	size_t dim, inner;	/* values of a row, and how far they lie apart */
};

static int softmax_part(void *context, size_t from, size_t to)
{
	const struct rows *rows = context;
	const size_t dim = rows->dim, inner = rows->inner;
	float *scratch = accel_pool_scratch(dim * (sizeof(*scratch) + 1));
	int8_t *row = (int8_t *)(scratch + dim);

	if (!scratch)
		return accel_error_memory("a softmax");
	for (size_t i = from; i < to; i++) {
		const size_t start = i / inner * dim * inner + i % inner;
		const int8_t *in = (const int8_t *)rows->args->in_data[0] + start;
		int8_t *out = (int8_t *)rows->args->out_data + start;

		if (inner == 1) {
			s8_softmax_row(&rows->softmax, in, dim, scratch, out);
			continue;
		}
		for (size_t j = 0; j < dim; j++)
			row[j] = in[j * inner];
		s8_softmax_row(&rows->softmax, row, dim, scratch, row);
		for (size_t j = 0; j < dim; j++)
			out[j * inner] = row[j];
	}
	return 0;
}

static int softmax(const struct ref_args *args)
{
	const uint32_t axis = args->op->params.softmax.axis;
	struct rows rows = { .args = args, .dim = args->out->dims[axis], .inner = 1 };
	size_t n = graph_elements(args->out);
	struct s8_format in, out;
	int32_t low, high;

	if (!ref_byte_format(args->in[0], &in) || !ref_byte_format(args->out, &out))
		return by_float(args);
	ref_int8_range(args, &low, &high);
	out.low = (int8_t)low;
	out.high = (int8_t)high;
	for (uint32_t i = axis + 1; i < args->out->rank; i++)
		rows.inner *= args->out->dims[i];
	s8_softmax_init(&rows.softmax, accel_isa_detect(), &in, &out,
			args->op->params.softmax.beta);
	return accel_pool_run(softmax_part, &rows, n / rows.dim, 20.0 * (double)n);
}

int ref_int8(const struct ref_args *args)
{
	int ret;

	switch (args->op->kind) {
	case GRAPH_CONV: case GRAPH_CONV_TRANSPOSED: case GRAPH_FULLY_CONNECTED:
		return ref_weighted(args);
	case GRAPH_MAX_POOL:
		if (same_scale(args->in[0], args->out)) {
			max_pool(args);
			return 0;
		}
		break;
	case GRAPH_RESIZE:
		/* Nothing but moved, or mixed with coordinates by the sizes alone. */
		if (!same_scale(args->in[0], args->out) || graph_has_act(args->op))
			break;
		if (args->op->params.resize.nearest)
			return ref_resize_nearest(args);
		if (by_sizes(args))
			return ref_resize_int8(args);
		break;
	case GRAPH_SOFTMAX:
		return softmax(args);
	case GRAPH_REDUCE:
		if (ref_reduce_int8(args, &ret))
			return ret;
		break;
	default:
		if (ref_is_map(args->op->kind)) {
			map(args);
			return 0;
		}
	}
	return by_float(args);
}

static int64_t integer_binary(uint32_t kind, int64_t a, int64_t b)
{
	switch (kind) {
	case GRAPH_ADD: return (int64_t)((uint64_t)a + (uint64_t)b);
	case GRAPH_SUB: return (int64_t)((uint64_t)a - (uint64_t)b);
	case GRAPH_MUL: return (int64_t)((uint64_t)a * (uint64_t)b);
	case GRAPH_DIV: return b && !(b == -1 && a == INT64_MIN) ? a / b : 0;
	case GRAPH_MAX: return a > b ? a : b;
	default: return a < b ? a : b;
	}
}

static int64_t get(const struct graph_tensor *t, const void *data, size_t i)
{
	return t->type == GRAPH_I64 ? ((const int64_t *)data)[i] : ((const int32_t *)data)[i];
}

static void put(const struct graph_tensor *t, void *data, size_t i, int64_t value)
{
	if (t->type == GRAPH_I64)
		((int64_t *)data)[i] = value;
	else
		((int32_t *)data)[i] = (int32_t)value;
}

/* Index in an operand that broadcasts to element @i of the output. */
static size_t operand_index(const struct graph_tensor *t, const struct graph_tensor *out, size_t i)
{
	size_t index = 0, step = 1;

	for (uint32_t back = 1; back <= out->rank; back++) {
		uint32_t dim = back <= t->rank ? t->dims[t->rank - back] : 1;
		size_t at = i % out->dims[out->rank - back];

		i /= out->dims[out->rank - back];
		index += dim > 1 ? at * step : 0;
		step *= dim;
	}
	return index;
}

int ref_integers(const struct ref_args *args)
{
	const struct graph_tensor *x = args->in[0], *y = args->out;
	size_t n = graph_elements(y);

	if (args->op->kind == GRAPH_CLIP || args->op->kind == GRAPH_UNARY) {
		for (size_t i = 0; i < n; i++) {
			double value = args->op->kind == GRAPH_CLIP ? (double)get(x, args->in_data[0], i) :
				       ref_map(args->op, (double)get(x, args->in_data[0], i));

			value = value < args->op->act_min ? args->op->act_min :
				value > args->op->act_max ? args->op->act_max : value;
			put(y, args->out_data, i, value > -9e18 && value < 9e18 ? (int64_t)value : 0);
		}
		return 0;
	}
	if (args->op->kind == GRAPH_REDUCE)
		return by_float(args);
	for (size_t i = 0; i < n; i++)
		put(y, args->out_data, i,
		    integer_binary(args->op->kind,
				   get(x, args->in_data[0], operand_index(x, y, i)),
				   get(args->in[1], args->in_data[1], operand_index(args->in[1], y, i))));
	return 0;
}
