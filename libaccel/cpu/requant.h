/* SPDX-License-Identifier: MIT */
/*
 * Requantisation: the common case of SDP's arithmetic, 32-bit sum to INT8.
 *
 *   y = sat8(max(round((acc + bias[c]) * multiplier[c] / 2^shift) + zero, min))
 *
 * with round() to nearest, halves away from zero, as SDP's stage X1 and output
 * converter compute it.
 */
#ifndef ACCEL_CPU_REQUANT_H
#define ACCEL_CPU_REQUANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct accel_requant - parameters of a requantisation
 * @bias: one per channel
 * @multiplier: one per channel
 * @shift: right shift, 0 to 63
 * @zero: zero point of the result
 * @min: lower bound; @zero makes it a ReLU, -128 has no effect
 */
struct accel_requant {
	const int32_t *bias;
	const int16_t *multiplier;
	unsigned int shift;
	int16_t zero;
	int8_t min;
};

/**
 * accel_requant_is_fused() - whether the kernels' fast form is exact
 * @requant: parameters
 * @n: channels
 * @limit: per channel, the largest magnitude that acc + bias can have
 *
 * The kernels multiply with SQRDMULH, acc * (multiplier << (31 - shift)), which
 * rounds halves up. It differs from halves away from zero only at exact ties
 * of negative products. acc * m is such a tie only if 2^(shift - 1) divides it
 * and 2^shift does not; with m = odd * 2^z this needs |acc| >= 2^(shift-1-z).
 * Either no sum can be that large, or the result is at least odd / 2 in
 * magnitude and saturates whichever way it is rounded.
 */
bool accel_requant_is_fused(const struct accel_requant *requant, size_t n, const int64_t *limit);

/* The kernels' multiplier of a channel, for accel_requant_is_fused() ones. */
static inline int32_t accel_requant_q31(const struct accel_requant *requant, size_t channel)
{
	return (int32_t)((uint32_t)requant->multiplier[channel] << (31 - requant->shift));
}

/* One value; exact for all parameters. */
int8_t accel_requant_one(const struct accel_requant *requant, size_t channel, int32_t acc);

/**
 * accel_requant_tile() - a tile of sums, by definition
 * @acc: [rows][columns] sums with bias already added, @acc_stride elements per row
 * @channel: channel of the first column
 * @out: [rows][columns], @out_stride bytes per row
 */
void accel_requant_tile(const struct accel_requant *requant, size_t channel, size_t rows,
			size_t columns, const int32_t *acc, size_t acc_stride, int8_t *out,
			size_t out_stride);

#endif /* ACCEL_CPU_REQUANT_H */
