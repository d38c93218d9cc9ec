/* SPDX-License-Identifier: MIT */
/*
 * Softmax of INT8: the FP32 kernel's arithmetic on the reals that the bytes
 * stand for, and its result rounded to bytes.
 *
 * A row's results depend on its bytes only through the largest one and the
 * sum. A row that has many values for the bytes that occur in it goes through
 * tables of 256 exponentials and of 256 results, with the same bytes.
 */
#ifndef ACCEL_CPU_S8_SOFTMAX_H
#define ACCEL_CPU_S8_SOFTMAX_H

#include "libaccel/cpu/f32/f32_kernels.h"
#include "libaccel/cpu/int8/s8_map.h"
#include "libaccel/cpu/int8/s8_real.h"

struct s8_softmax {
	const struct f32_kernels *reals;
	const struct s8_real *bytes;
	s8_table_fn *table;
	struct s8_format out;
	float beta;
	float value[256];	/* of the byte -128 and so on */
};

/**
 * s8_softmax_init() - prepare for any number of rows
 * @isa: instruction set, at most accel_isa_detect()
 * @in: what bytes of the input stand for; signed ones
 * @out: what bytes of the result do; its bounds are the activation's
 * @beta: factor of the input
 */
void s8_softmax_init(struct s8_softmax *softmax, enum accel_isa isa, const struct s8_format *in,
		     const struct s8_format *out, float beta);

/**
 * s8_softmax_row() - compute one row
 * @in: @n values, at least one
 * @scratch: @n floats
 * @out: @n results; may be @in
 *
 * Any number of threads may share @softmax.
 */
void s8_softmax_row(const struct s8_softmax *softmax, const int8_t *in, size_t n, float *scratch,
		    int8_t *out);

#endif /* ACCEL_CPU_S8_SOFTMAX_H */
