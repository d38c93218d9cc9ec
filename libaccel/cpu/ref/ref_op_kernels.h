/* SPDX-License-Identifier: MIT */
/*
 * Between the files of the reference kernels.
 */
#ifndef ACCEL_REF_OP_KERNELS_H
#define ACCEL_REF_OP_KERNELS_H

#include "libaccel/cpu/int8/s8_real.h"
#include "libaccel/graph/graph.h"

/* An operation's weights packed for the kernels; opaque. */
struct ref_prepared;

/**
 * struct ref_args - an operation with its operands
 * @op: the operation
 * @in: descriptions of its inputs, NULL for those left out
 * @in_data: their bytes
 * @num_in: their number
 * @out: description of its output
 * @out_data: its bytes
 * @prepared: what ref_prepare() made of it, or NULL
 *
 * Float kernels take float data whatever the descriptions' types say: integer
 * operands are converted before.
 */
struct ref_args {
	const struct graph_op *op;
	const struct graph_tensor *const *in;
	const void *const *in_data;
	uint32_t num_in;
	const struct graph_tensor *out;
	void *out_data;
	const struct ref_prepared *prepared;
};

/* Each returns 0, -ENOMEM or -EINVAL with an error text. */
int ref_move(const struct ref_args *args);		/* operations that move data */
int ref_float(const struct ref_args *args);		/* float, without the activation */
int ref_weighted(const struct ref_args *args);		/* convolutions, fully connected */
int ref_weighted_by_definition(const struct ref_args *args);	/* the same on int8, in loops */
int ref_matmul(const struct ref_args *args);		/* products of float matrices */
int ref_integers(const struct ref_args *args);		/* on plain int32, int64 */
int ref_convert(const struct ref_args *args);		/* QUANTIZE, DEQUANTIZE, CAST */
int ref_int8(const struct ref_args *args);		/* on quantised int8 */
int ref_resize(const struct ref_args *args);		/* bilinear, of reals */
int ref_resize_int8(const struct ref_args *args);	/* the same, scale as before */
int ref_resize_nearest(const struct ref_args *args);	/* of any type, scale as before */
int ref_reduce(const struct ref_args *args);		/* of reals */
int ref_arg_max(const struct ref_args *args);

/*
 * Means and sums of int8, the latter in integers: round(sum of (q - zero) *
 * (scale / scale of the output [/ count])) + zero. False: not such a one.
 */
bool ref_reduce_int8(const struct ref_args *args, int *ret);

/* Function of one value of kinds and parameters that have one; see ref_is_map(). */
double ref_map(const struct graph_op *op, double x);
bool ref_is_map(uint32_t kind);

/* What the bytes of a tensor stand for; false: it has no bytes, or several scales. */
bool ref_byte_format(const struct graph_tensor *tensor, struct s8_format *format);

/* Arrays to reals and back, by the tensor's type and quantisation; NaN becomes 0. */
void ref_to_float(const struct graph_tensor *tensor, const void *data, float *out);
void ref_from_float(const struct graph_tensor *tensor, const float *in, void *data);

float ref_half_to_float(uint16_t half);
uint16_t ref_float_to_half(float value);

/**
 * ref_prepare() - pack the weights of an operation that has some
 * @args: with constant weights and biases; nothing else is looked at
 * @out: receives NULL where there is nothing to prepare
 */
int ref_prepare(const struct ref_args *args, struct ref_prepared **out);
void ref_prepared_free(struct ref_prepared *prepared);

/* The range of an int8 output: its activation's. */
void ref_int8_range(const struct ref_args *args, int32_t *low, int32_t *high);

#endif /* ACCEL_REF_OP_KERNELS_H */
