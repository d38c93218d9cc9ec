/* SPDX-License-Identifier: MIT */
/*
 * 32-bit sums to INT8 by TFLite's arithmetic: a 31-bit multiplier and a shift
 * per channel, rounded in two steps.
 */
#ifndef ACCEL_CPU_S8_REQUANT_H
#define ACCEL_CPU_S8_REQUANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libaccel/cpu/isa.h"

/**
 * struct s8_requant - parameters of a requantisation
 * @multiplier: per channel, not negative
 * @shift: per channel: left if positive, else rounding right; -31 to 30
 * @zero: zero point of the result
 * @low: least result
 * @high: largest result
 * @left: whether a shift may be positive
 * @right: whether every shift is less than 0
 *
 * Sources: TFLite's reference kernels, MultiplyByQuantizedMultiplier.
 */
struct s8_requant {
	const int32_t *multiplier, *shift;
	int32_t zero;
	int8_t low, high;
	bool left, right;
};

/* A positive real as multiplier / 2^31 * 2^shift, as TFLite takes it. */
void s8_requant_of(double value, int32_t *multiplier, int32_t *shift);

/**
 * s8_requant_fn - requantise a tile of sums
 * @channel: of the first column
 * @sums: [rows][columns], @stride sums from a row to the next
 * @out: [rows] where each row goes
 */
typedef void s8_requant_fn(const struct s8_requant *requant, size_t channel, const int32_t *sums,
			   size_t stride, size_t rows, size_t columns, int8_t *const *out);

s8_requant_fn s8_requant__portable;
s8_requant_fn s8_requant_8x__neon;

s8_requant_fn *s8_requant_select(enum accel_isa isa);

#endif /* ACCEL_CPU_S8_REQUANT_H */
