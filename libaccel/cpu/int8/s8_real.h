/* SPDX-License-Identifier: MIT */
/*
 * INT8 to reals and back, and 32-bit sums to INT8: x = scale * (q - zero).
 *
 * Results are rounded to nearest, halves away from zero, from a quotient or a
 * product in double precision, so that all machines give the same bytes.
 */
#ifndef ACCEL_CPU_S8_REAL_H
#define ACCEL_CPU_S8_REAL_H

#include <stddef.h>
#include <stdint.h>

#include "libaccel/cpu/isa.h"

/**
 * struct s8_format - what bytes stand for
 * @scale: of one step
 * @zero: the byte that is 0
 * @low: least result
 * @high: largest result
 * @flip: 0, or 0x80 for unsigned bytes; @zero, @low and @high are then those of
 *        the bytes less 128
 */
struct s8_format {
	float scale;
	int8_t zero, low, high;
	uint8_t flip;
};

/**
 * struct s8_real - the kernels for one instruction set
 * @to_real: out[i] = (in[i] - zero) * scale
 * @from_real: out[i] = bound(round(in[i] / scale) + zero); NaN becomes @zero
 * @from_sums: out[i] = bound(round(in[i] * factor) + zero), |in[i] * factor| < 2^63;
 *             the format's scale is not used
 *
 * Arrays must not overlap.
 */
struct s8_real {
	void (*to_real)(const struct s8_format *format, const int8_t *in, size_t n, float *out);
	void (*from_real)(const struct s8_format *format, const float *in, size_t n, int8_t *out);
	void (*from_sums)(const struct s8_format *format, const int32_t *in, size_t n,
			  double factor, int8_t *out);
};

extern const struct s8_real s8_real__portable, s8_real_16x__neon;

const struct s8_real *s8_real_select(enum accel_isa isa);

#endif /* ACCEL_CPU_S8_REAL_H */
