// SPDX-License-Identifier: MIT
#include <math.h>

#include "s8_requant.h"

void s8_requant_of(double value, int32_t *multiplier, int32_t *shift)
{
	int64_t fraction;
	int exponent;

	*multiplier = *shift = 0;
	if (!(value > 0))
		return;
	fraction = (int64_t)round(frexp(value, &exponent) * (INT64_C(1) << 31));
	if (fraction == INT64_C(1) << 31) {
		fraction /= 2;
		exponent++;
	}
	if (exponent < -31)
		fraction = exponent = 0;
	if (exponent > 30) {
		exponent = 30;
		fraction = INT32_MAX;
	}
	*multiplier = (int32_t)fraction;
	*shift = exponent;
}

static int32_t saturate(int64_t value)
{
	return value > INT32_MAX ? INT32_MAX : value < INT32_MIN ? INT32_MIN : (int32_t)value;
}

static int32_t multiply(int32_t x, int32_t multiplier, int32_t shift)
{
	int32_t shifted = shift > 0 ? (int32_t)((uint32_t)x << shift) : x, high;
	int64_t product = (int64_t)shifted * multiplier;
	int right = shift < 0 ? -shift : 0;
	int32_t mask, rest, threshold;

	high = saturate((product + (product >= 0 ? 1 << 30 : 1 - (1 << 30))) / (INT64_C(1) << 31));
	if (!right)
		return high;
	mask = (int32_t)((UINT32_C(1) << right) - 1);
	rest = high & mask;
	threshold = (mask >> 1) + (high < 0);

	return (high >> right) + (rest > threshold);
}

void s8_requant__portable(const struct s8_requant *requant, size_t channel, const int32_t *sums,
			  size_t stride, size_t rows, size_t columns, int8_t *const *out)
{
	size_t r, i;

	for (r = 0; r < rows; r++, sums += stride) {
		for (i = 0; i < columns; i++) {
			int64_t q = (int64_t)multiply(sums[i], requant->multiplier[channel + i],
						      requant->shift[channel + i]) + requant->zero;

			out[r][i] = (int8_t)(q < requant->low ? requant->low :
					     q > requant->high ? requant->high : q);
		}
	}
}

s8_requant_fn *s8_requant_select(enum accel_isa isa)
{
#ifdef __aarch64__
	if (isa >= ACCEL_ISA_NEON)
		return s8_requant_8x__neon;
#else
	(void)isa;
#endif
	return s8_requant__portable;
}
