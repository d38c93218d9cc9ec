// SPDX-License-Identifier: MIT
#include "s8_sum.h"

static void rows(const int8_t *in, size_t count, size_t stride, size_t n, int32_t *sums)
{
	size_t r, i;

	for (r = 0; r < count; r++, in += stride)
		for (i = 0; i < n; i++)
			sums[i] += in[i];
}

static int32_t row(const int8_t *in, size_t n)
{
	int32_t sum = 0;
	size_t i;

	for (i = 0; i < n; i++)
		sum += in[i];

	return sum;
}

const struct s8_sum s8_sum__portable = { rows, row };

const struct s8_sum *s8_sum_select(enum accel_isa isa)
{
#ifdef __aarch64__
	if (isa >= ACCEL_ISA_NEON)
		return &s8_sum_64x__neon;
#else
	(void)isa;
#endif
	return &s8_sum__portable;
}
