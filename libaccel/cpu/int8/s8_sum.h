/* SPDX-License-Identifier: MIT */
/*
 * Sums of INT8 values, for means over any dimensions.
 */
#ifndef ACCEL_CPU_S8_SUM_H
#define ACCEL_CPU_S8_SUM_H

#include <stddef.h>
#include <stdint.h>

#include "libaccel/cpu/isa.h"

/**
 * struct s8_sum - the kernels for one instruction set
 * @rows: sums[i] += in[r * stride + i] over @count rows r, for @n columns i
 * @row: the sum of @n values
 *
 * The caller sees to it that no sum leaves 32 bits.
 */
struct s8_sum {
	void (*rows)(const int8_t *in, size_t count, size_t stride, size_t n, int32_t *sums);
	int32_t (*row)(const int8_t *in, size_t n);
};

extern const struct s8_sum s8_sum__portable, s8_sum_64x__neon;

const struct s8_sum *s8_sum_select(enum accel_isa isa);

#endif /* ACCEL_CPU_S8_SUM_H */
