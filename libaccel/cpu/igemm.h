/* SPDX-License-Identifier: MIT */
/*
 * INT8 matrix product with indirect rows, the core of convolution and fully
 * connected layers: out[m][n] = requant(sum over t, k of a[m][t][k] * w[n][t][k]).
 *
 * A row of the left matrix is given by one pointer per tap, so that a
 * convolution needs no copy of its input; a plain matrix has one tap.
 */
#ifndef ACCEL_CPU_IGEMM_H
#define ACCEL_CPU_IGEMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "isa.h"
#include "requant.h"

/**
 * struct accel_igemm - arguments of a microkernel
 * @rows: [taps][MR] pointers to @kc bytes each; rows beyond the last are
 *        repeated pointers
 * @weights: packed by accel_igemm_pack()
 * @out: first row and column of the tile: INT8, or INT32 when @raw
 * @stride: bytes from one output row to the next; 0 writes repeated rows on
 *          top of each other
 * @taps: taps per row, at least 1
 * @kc: bytes per tap, at least 1 and a multiple of the kernel's KR
 * @nc: columns, a multiple of the kernel's NR
 * @zero: output zero point
 * @min: lower bound of the output
 * @raw: store 32-bit sums with bias instead: of INT8 products unscaled, of
 *       FP32 ones unclamped
 * @low: FP32: lower bound of the output, from f32_low()
 * @high: FP32: upper bound, from f32_high()
 *
 * The layout is known to the assembly sources (neon/igemm.inc).
 */
struct accel_igemm {
	const int8_t *const *rows;
	const void *weights;
	void *out;
	size_t stride;
	size_t taps;
	size_t kc;
	size_t nc;
	int16_t zero;
	int8_t min;
	uint8_t raw;
	float low, high;
};

typedef void accel_igemm_fn(const struct accel_igemm *args);

/**
 * struct accel_igemm_kernel - one family of microkernels
 * @name: as in measurements
 * @tile: for @mr rows
 * @row: for a single row; same packing
 * @mr: rows of @tile
 * @nr: columns per block
 * @kr: granularity of K per tap
 * @pair_bias: biases are stored per pair of columns, each pair twice
 * @step: bytes of K that lie together per column
 */
struct accel_igemm_kernel {
	const char *name;
	accel_igemm_fn *tile;
	accel_igemm_fn *row;
	unsigned int mr;
	unsigned int nr;
	unsigned int kr;
	unsigned int step;
	bool pair_bias;
};

/**
 * accel_igemm_select() - choose the kernels for a product
 * @isa: instruction set to use
 * @rows: rows the product will have; a single one prefers other kernels
 * @full: a weight is -128
 */
const struct accel_igemm_kernel *accel_igemm_select(enum accel_isa isa, size_t rows, bool full);

/* Bytes that accel_igemm_pack() writes. */
size_t accel_igemm_packed_size(const struct accel_igemm_kernel *kernel, size_t n, size_t taps,
			       size_t kc);

/**
 * accel_igemm_pack() - arrange weights, biases and multipliers for a kernel
 * @w: weights [n][taps][k], INT8
 * @k: bytes of K per tap in @w; @kc - @k zeros are added to each tap
 * @requant: per-channel parameters, @n of each; multipliers are only packed
 *           when accel_requant_is_fused()
 * @packed: receives accel_igemm_packed_size() bytes, 16-byte aligned
 */
void accel_igemm_pack(const struct accel_igemm_kernel *kernel, size_t n, size_t taps, size_t k,
		      size_t kc, const int8_t *w, const struct accel_requant *requant,
		      void *packed);

#endif /* ACCEL_CPU_IGEMM_H */
