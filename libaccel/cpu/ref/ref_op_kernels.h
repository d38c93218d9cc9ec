/* SPDX-License-Identifier: MIT */
/*
 * Between the files of the reference kernels.
 */
#ifndef ACCEL_REF_OP_KERNELS_H
#define ACCEL_REF_OP_KERNELS_H

#include "libaccel/graph/graph.h"

/**
 * struct ref_args - an operation with its operands
 * @op: the operation
 * @in: descriptions of its inputs, NULL for those left out
 * @in_data: their bytes
 * @num_in: their number
 * @out: description of its output
 * @out_data: its bytes
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
};

/* Each returns 0, -ENOMEM or -EINVAL with an error text. */
int ref_move(const struct ref_args *args);		/* operations that move data */
int ref_float(const struct ref_args *args);		/* float, without the activation */
int ref_weighted_float(const struct ref_args *args);	/* convolutions, matrix products */
int ref_weighted_int8(const struct ref_args *args);	/* the same on integers */
int ref_integers(const struct ref_args *args);		/* on plain int32, int64 */
int ref_convert(const struct ref_args *args);		/* QUANTIZE, DEQUANTIZE, CAST */
int ref_int8(const struct ref_args *args);		/* on quantised int8 */
int ref_arg_max(const struct ref_args *args);

/* Function of one value of kinds and parameters that have one; see ref_is_map(). */
double ref_map(const struct graph_op *op, double x);
bool ref_is_map(uint32_t kind);

/* Arrays to reals and back, by the tensor's type and quantisation. */
void ref_to_float(const struct graph_tensor *tensor, const void *data, float *out);
void ref_from_float(const struct graph_tensor *tensor, const float *in, void *data);

float ref_half_to_float(uint16_t half);
uint16_t ref_float_to_half(float value);

/**
 * ref_gemm_pack() - weights in the order ref_gemm() reads them
 * @w: [n][k], rows @stride apart
 * @packed: ref_gemm_packed_size() floats
 */
void ref_gemm_pack(size_t n, size_t k, const float *w, size_t stride, float *packed);
size_t ref_gemm_packed_size(size_t n, size_t k);

/* c[m][n] = bias[n] + a[m][k] * w[n][k]; @bias may be NULL. */
void ref_gemm(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *packed,
	      const float *bias, float *c, size_t ldc);

/**
 * ref_parallel() - run @body on parts of 0 .. @count
 * @work: additions and multiplications in all; little work runs in this thread
 *
 * Return: the first error of a part.
 */
int ref_parallel(size_t count, double work, int (*body)(void *context, size_t from, size_t to),
		 void *context);

#endif /* ACCEL_REF_OP_KERNELS_H */
