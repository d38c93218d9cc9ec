/* SPDX-License-Identifier: MIT */
/*
 * Bilinear resizing of INT8 with ten bits behind the point, in two steps: two
 * lines of the input, then two columns of the result.
 */
#ifndef ACCEL_CPU_S8_BLEND_H
#define ACCEL_CPU_S8_BLEND_H

#include <stddef.h>
#include <stdint.h>

#include "libaccel/cpu/isa.h"

/* Bits behind the point of a weight; S8_BLEND_ONE is all of it. */
#define S8_BLEND_POINT	10
#define S8_BLEND_ONE	(1 << S8_BLEND_POINT)

/**
 * struct s8_blend_column - where a pixel of the result comes from
 * @low: the left neighbour's pixel
 * @high: the right one's
 * @weight: what the right one counts, 0 to S8_BLEND_ONE
 */
struct s8_blend_column {
	uint32_t low, high;
	int32_t weight;
};

/**
 * struct s8_blend - the kernels for one instruction set
 * @lines: out[i] = a[i] * (1 - weight) + b[i] * weight, in 1 / 1024
 * @columns: @count pixels of @channels values each, from the pixels of a line
 *           made by @lines: low * (1 - weight) + high * weight, rounded to
 *           nearest, halves away from zero
 */
struct s8_blend {
	void (*lines)(const int8_t *a, const int8_t *b, int32_t weight, size_t n, int32_t *out);
	void (*columns)(const int32_t *line, const struct s8_blend_column *from, size_t count,
			size_t channels, int8_t *out);
};

extern const struct s8_blend s8_blend__portable, s8_blend_16x__neon;

const struct s8_blend *s8_blend_select(enum accel_isa isa);

/* The last of @channels values of a pixel that a kernel's vectors leave over. */
static inline void s8_blend_rest(const int32_t *low, const int32_t *high, int32_t weight,
				 size_t channels, int8_t *out)
{
	const int32_t half = 1 << (2 * S8_BLEND_POINT - 1);
	size_t c;

	for (c = 0; c < channels; c++) {
		int32_t sum = low[c] * (S8_BLEND_ONE - weight) + high[c] * weight;

		/* Halves away from zero: a negative sum is moved by the least amount. */
		out[c] = (int8_t)((sum - (sum < 0) + half) >> (2 * S8_BLEND_POINT));
	}
}

#endif /* ACCEL_CPU_S8_BLEND_H */
