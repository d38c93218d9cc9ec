/* SPDX-License-Identifier: MIT */
/*
 * Multiplication and addition with one rounding, on every machine.
 */
#ifndef ACCEL_CPU_F32_FMA_H
#define ACCEL_CPU_F32_FMA_H

#include <stdint.h>
#include <string.h>

/**
 * f32_fma() - a * b + c, rounded once
 *
 * Without such an instruction: the product is exact in double precision, and
 * its sum with c rounded to odd there may be rounded again to single
 * precision. Source: Boldo, Melquiond, "Emulation of a FMA and correctly
 * rounded sums", IEEE Transactions on Computers 57 (2008).
 */
static inline float f32_fma(float a, float b, float c)
{
#ifdef __FP_FAST_FMAF
	return __builtin_fmaf(a, b, c);
#else
	double product = (double)a * b, sum = product + c;
	/* What the sum has lost: Knuth's TwoSum. */
	double part = sum - product;
	double lost = (product - (sum - part)) + ((double)c - part);
	int64_t bits;

	memcpy(&bits, &sum, sizeof(bits));
	/* NaN for infinities, which have nothing to lose. */
	if ((lost < 0 || lost > 0) && !(bits & 1)) {
		bits += (lost > 0) == (bits >= 0) ? 1 : -1;
		memcpy(&sum, &bits, sizeof(sum));
	}

	return (float)sum;
#endif
}

#endif /* ACCEL_CPU_F32_FMA_H */
