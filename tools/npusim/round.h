/* SPDX-License-Identifier: MIT */
/*
 * Integer steps that the units behind the convolution share: saturation, left
 * shift with saturation, right shift with rounding to nearest, halves away
 * from zero (hardware manual, chapter "Precision preservation").
 */
#ifndef NPUSIM_ROUND_H
#define NPUSIM_ROUND_H

#include <stdint.h>

/* Clamp @v to a two's complement number of @bits bits, 2 to 63. */
static inline int64_t sim_saturate(int64_t v, unsigned int bits)
{
	const int64_t max = ((int64_t)1 << (bits - 1)) - 1;

	return v > max ? max : v < -max - 1 ? -max - 1 : v;
}

/*
 * Shift right with rounding. @v has less than 62 bits, @shift is 0 to 63: a
 * value that is shifted out altogether rounds to 0.
 */
static inline int64_t sim_round_shift(int64_t v, unsigned int shift)
{
	int64_t half;

	if (!shift)
		return v;
	if (shift > 62)
		return 0;
	half = (int64_t)1 << (shift - 1);

	return (v + half - (v < 0)) >> shift;
}

/* The same for any 64-bit @v and any @shift. */
static inline int64_t sim_round_shift_wide(int64_t v, unsigned int shift)
{
	int64_t below;

	if (!shift)
		return v;
	if (shift > 63)
		return 0;
	below = (int64_t)((uint64_t)v & (((uint64_t)1 << (shift - 1)) - 1));

	return (v >> shift) + ((v >> (shift - 1) & 1) && (v >= 0 || below));
}

/* Shift a 16-bit @v left by 0 to 63 and saturate to 32 bits. */
static inline int32_t sim_shift_left_32(int16_t v, unsigned int shift)
{
	if (!v)
		return 0;
	if (shift > 31)
		return v < 0 ? INT32_MIN : INT32_MAX;

	return (int32_t)sim_saturate((int64_t)((uint64_t)(int64_t)v << shift), 32);
}

/*
 * Shift @v, which has at most 50 bits, by a two's complement number of @bits
 * bits: right with rounding when it is positive, left otherwise; saturate to
 * @out bits. Used by the slopes outside of the lookup tables.
 */
static inline int64_t sim_shift_signed(int64_t v, unsigned int shift, unsigned int bits,
				       unsigned int out)
{
	unsigned int left;

	if (!(shift >> (bits - 1) & 1))
		return sim_saturate(sim_round_shift(v, shift), out);
	left = (1u << bits) - shift;
	if (!v)
		return 0;
	if (left >= 62 || v > INT64_MAX >> left || v < INT64_MIN >> left)
		return sim_saturate(v < 0 ? INT64_MIN / 2 : INT64_MAX / 2, out);

	return sim_saturate((int64_t)((uint64_t)v << left), out);
}

#endif /* NPUSIM_ROUND_H */
