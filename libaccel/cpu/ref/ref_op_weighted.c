// SPDX-License-Identifier: MIT
/*
 * Convolutions and matrix products: operators of f32_conv.h and s8_conv.h, made
 * once where the weights are constants.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libaccel/cpu/f32/f32_conv.h"
#include "libaccel/cpu/int8/s8_conv.h"
#include "libaccel/cpu/ref/ref_op_kernels.h"
#include "libaccel/dev/error.h"

struct ref_prepared {
	struct f32_conv *f32;
	struct s8_conv *s8;	/* NULL with int8: by definition, see ref_weighted_by_definition() */
};

static bool is_weighted(uint32_t kind)
{
	return kind == GRAPH_CONV || kind == GRAPH_CONV_TRANSPOSED || kind == GRAPH_FULLY_CONNECTED;
}

/* A matrix product is a convolution of one line, whose pixels are the rows. */
static void matrix_shape(size_t m, size_t n, size_t k, struct f32_conv_shape *shape)
{
	*shape = (struct f32_conv_shape){
		.in_height = 1, .in_width = (uint32_t)m, .in_channels = (uint32_t)k,
		.out_height = 1, .out_width = (uint32_t)m, .out_channels = (uint32_t)n,
		.kernel_height = 1, .kernel_width = 1, .stride_y = 1, .stride_x = 1,
		.dilation_y = 1, .dilation_x = 1, .groups = 1,
	};
}

static size_t rows_of(const struct ref_args *args)
{
	return graph_elements(args->out) / args->in[1]->dims[0];
}

static size_t batch_of(const struct ref_args *args)
{
	return args->op->kind == GRAPH_FULLY_CONNECTED ? 1 : args->out->dims[0];
}

static void shape_of(const struct ref_args *args, struct f32_conv_shape *shape)
{
	const struct graph_tensor *x = args->in[0], *w = args->in[1], *y = args->out;
	const struct graph_window *window = &args->op->params.conv.window;

	if (args->op->kind == GRAPH_FULLY_CONNECTED) {
		matrix_shape(rows_of(args), w->dims[0], w->dims[1], shape);
		return;
	}
	*shape = (struct f32_conv_shape){
		.in_height = x->dims[1], .in_width = x->dims[2], .in_channels = x->dims[3],
		.out_height = y->dims[1], .out_width = y->dims[2], .out_channels = y->dims[3],
		.kernel_height = window->kernel_h, .kernel_width = window->kernel_w,
		.stride_y = window->stride_h, .stride_x = window->stride_w,
		.dilation_y = window->dilation_h, .dilation_x = window->dilation_w,
		.pad_top = window->pad_top, .pad_left = window->pad_left,
		.groups = args->op->params.conv.groups,
		.transposed = args->op->kind == GRAPH_CONV_TRANSPOSED,
	};
}

static const void *bias_of(const struct ref_args *args)
{
	return args->num_in > 2 ? args->in_data[2] : NULL;
}

static int make_f32(const struct ref_args *args, struct f32_conv **conv)
{
	struct f32_conv_shape shape;

	shape_of(args, &shape);

	return f32_conv_new(f32_kernels_best(), &shape, args->in_data[1], bias_of(args), conv);
}

/* Per-channel scales as TFLite's multipliers. */
static int make_s8(const struct ref_args *args, struct s8_conv **conv)
{
	const struct graph_tensor *x = args->in[0], *w = args->in[1], *y = args->out;
	int32_t *multiplier = malloc(2 * (size_t)w->dims[0] * sizeof(*multiplier) + 1);
	struct s8_requant requant = { .multiplier = multiplier, .zero = graph_zero_point(y, 0) };
	struct accel_conv_shape shape;
	struct f32_conv_shape same;
	int32_t *shift, low, high;
	uint32_t i;
	int ret;

	if (!multiplier)
		return accel_error_memory("a convolution");
	requant.shift = shift = multiplier + w->dims[0];
	for (i = 0; i < w->dims[0]; i++)
		s8_requant_of((double)graph_scale(x, 0) * graph_scale(w, i) / graph_scale(y, 0),
			      &multiplier[i], &shift[i]);
	ref_int8_range(args, &low, &high);
	requant.low = (int8_t)low;
	requant.high = (int8_t)high;
	shape_of(args, &same);
	shape = (struct accel_conv_shape){
		.in_height = same.in_height, .in_width = same.in_width,
		.in_channels = same.in_channels, .out_height = same.out_height,
		.out_width = same.out_width, .out_channels = same.out_channels,
		.kernel_height = same.kernel_height, .kernel_width = same.kernel_width,
		.stride_y = same.stride_y, .stride_x = same.stride_x,
		.dilation_y = same.dilation_y, .dilation_x = same.dilation_x,
		.pad_top = (int32_t)same.pad_top, .pad_left = (int32_t)same.pad_left,
		.groups = same.groups, .pad_value = (int8_t)graph_zero_point(x, 0),
	};
	ret = s8_conv_new(accel_isa_detect(), &shape, same.transposed, args->in_data[1],
			  bias_of(args), &requant, conv);
	free(multiplier);

	return ret;
}

int ref_prepare(const struct ref_args *args, struct ref_prepared **out)
{
	struct ref_prepared *prepared;
	int ret = 0;

	*out = NULL;
	if (!is_weighted(args->op->kind))
		return 0;
	prepared = calloc(1, sizeof(*prepared));
	if (!prepared)
		return accel_error_memory("a convolution");
	if (args->in[0]->type == GRAPH_F32)
		ret = make_f32(args, &prepared->f32);
	else if (graph_weights_symmetric(args->in[1]))
		ret = make_s8(args, &prepared->s8);
	/* What the kernels refuse is left to the definition. */
	if (ret == -EINVAL)
		ret = 0;
	if (ret) {
		free(prepared);
		return ret;
	}
	*out = prepared;

	return 0;
}

void ref_prepared_free(struct ref_prepared *prepared)
{
	if (!prepared)
		return;
	f32_conv_free(prepared->f32);
	s8_conv_free(prepared->s8);
	free(prepared);
}

static int run_prepared(const struct ref_args *args, const struct ref_prepared *prepared)
{
	if (prepared->f32)
		return f32_conv_run(prepared->f32, batch_of(args), args->in_data[0],
				    args->out_data);
	if (prepared->s8)
		return s8_conv_run(prepared->s8, batch_of(args), args->in_data[0], args->out_data);

	return ref_weighted_by_definition(args);
}

int ref_weighted(const struct ref_args *args)
{
	struct ref_prepared *prepared;
	int ret;

	if (args->prepared)
		return run_prepared(args, args->prepared);
	ret = ref_prepare(args, &prepared);
	if (!ret)
		ret = run_prepared(args, prepared);
	ref_prepared_free(prepared);

	return ret == -ENOMEM ? accel_error_memory("a convolution") : ret;
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

/* [rows][columns] to [columns][rows]. */
static void flip(const float *from, size_t rows, size_t columns, float *to)
{
	for (size_t i = 0; i < rows * columns; i++)
		to[i] = from[i % rows * columns + i / rows];
}

int ref_matmul(const struct ref_args *args)
{
	const struct graph_tensor *ta = args->in[0], *tb = args->in[1], *y = args->out;
	const float *a = args->in_data[0], *b = args->in_data[1];
	uint32_t flip_a = args->op->params.matmul.transpose_a;
	uint32_t flip_b = args->op->params.matmul.transpose_b;
	size_t m = y->dims[y->rank - 2], n = y->dims[y->rank - 1];
	size_t k = ta->dims[ta->rank - 1 - !!flip_a], count = graph_elements(y) / (m * n);
	float *flipped = malloc((m > n ? m : n) * k * sizeof(*flipped));
	struct f32_conv_shape shape;
	int ret = 0;

	if (!flipped)
		return accel_error_memory("a matrix product");
	matrix_shape(m, n, k, &shape);
	for (size_t i = 0; i < count && !ret; i++) {
		const float *one_a = a + operand_matrix(ta, y, i) * m * k;
		const float *one_b = b + operand_matrix(tb, y, i) * k * n;
		struct f32_conv *product;

		if (!flip_b)
			flip(one_b, k, n, flipped);
		ret = f32_conv_new(f32_kernels_best(), &shape, flip_b ? one_b : flipped, NULL,
				   &product);
		if (ret)
			break;
		if (flip_a)
			flip(one_a, k, m, flipped);
		ret = f32_conv_run(product, 1, flip_a ? flipped : one_a,
				   (float *)args->out_data + i * m * n);
		f32_conv_free(product);
	}
	free(flipped);

	return ret == -ENOMEM ? accel_error_memory("a matrix product") : ret;
}
