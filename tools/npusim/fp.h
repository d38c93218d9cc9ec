/* SPDX-License-Identifier: MIT */
/*
 * Floating point of the units behind the convolution. Three formats: FP16 of
 * memory (5 bits of exponent, 10 of mantissa), FP17 (6, 10) and FP32 (8, 23)
 * between the stages. They are those of IEEE 754 with these differences, which
 * decide the last bits:
 *
 * - Results round to nearest even, but beyond the largest number they become
 *   that largest number, never infinity; an infinity that comes in becomes the
 *   largest number of the wider format.
 * - FP16 has denormal numbers at the doors only. Inside, what has exponent 0
 *   and is not zero counts with its leading one, and results below the
 *   smallest normal number become zero.
 * - Of the smaller addend only as many bits count as fit below the larger one;
 *   what is shifted out does not round.
 * - NaNs pass with the low bits of their mantissa.
 *
 * A number is kept in the low bits of a uint32_t.
 */
#ifndef NPUSIM_FP_H
#define NPUSIM_FP_H

#include <stdbool.h>
#include <stdint.h>

#define FP_INLINE static inline __attribute__((always_inline, unused))

#define FP16_E	5
#define FP17_E	6
#define FP32_E	8
#define FP16_M	10
#define FP32_M	23

FP_INLINE uint32_t fp_pack(bool sign, uint32_t expo, uint32_t mant, unsigned int E,
			   unsigned int M)
{
	return (uint32_t)sign << (E + M) | (expo & ((1u << E) - 1)) << M |
	       (mant & ((1u << M) - 1));
}

FP_INLINE bool fp_sign(uint32_t v, unsigned int E, unsigned int M)
{
	return v >> (E + M) & 1;
}

FP_INLINE uint32_t fp_expo(uint32_t v, unsigned int E, unsigned int M)
{
	return v >> M & ((1u << E) - 1);
}

FP_INLINE uint32_t fp_mant(uint32_t v, unsigned int M)
{
	return v & ((1u << M) - 1);
}

FP_INLINE bool fp_is_nan(uint32_t v, unsigned int E, unsigned int M)
{
	return fp_expo(v, E, M) == (1u << E) - 1 && fp_mant(v, M);
}

FP_INLINE bool fp_is_inf(uint32_t v, unsigned int E, unsigned int M)
{
	return fp_expo(v, E, M) == (1u << E) - 1 && !fp_mant(v, M);
}

/* Plus or minus zero. */
FP_INLINE bool fp_is_zero(uint32_t v, unsigned int E, unsigned int M)
{
	return !(v & ((1u << (E + M)) - 1));
}

/* The largest number, which stands in for infinity. */
FP_INLINE uint32_t fp_largest(bool sign, unsigned int E, unsigned int M)
{
	return fp_pack(sign, (1u << E) - 2, (1u << M) - 1, E, M);
}

/* Mantissa with its leading one; only zero has none. */
FP_INLINE uint64_t fp_whole(uint32_t v, unsigned int E, unsigned int M)
{
	return fp_is_zero(v, E, M) ? 0 : (uint64_t)1 << M | fp_mant(v, M);
}

/* Drop @n low bits of @v, 1 to 63, rounding to nearest even. */
FP_INLINE uint64_t fp_round(uint64_t v, unsigned int n)
{
	uint64_t q = v >> n, rest = v & (((uint64_t)1 << n) - 1), half = (uint64_t)1 << (n - 1);

	return q + (rest > half || (rest == half && q & 1));
}

FP_INLINE uint32_t fp_mul(uint32_t a, uint32_t b, unsigned int E, unsigned int M)
{
	const int bias = (1 << (E - 1)) - 1, max = (1 << E) - 1;
	bool sign = fp_sign(a, E, M) != fp_sign(b, E, M);
	uint64_t p = fp_whole(a, E, M) * fp_whole(b, E, M);
	int expo = (int)(fp_expo(a, E, M) + fp_expo(b, E, M));

	if (fp_is_nan(a, E, M))
		return a;
	if (fp_is_nan(b, E, M))
		return b;
	if (!p || expo < bias)
		return fp_pack(sign, 0, 0, E, M);
	if (expo >= max + bias)
		return fp_largest(sign, E, M);
	expo -= bias;
	if (p >> (2 * M + 1)) {
		if (expo >= max - 1)
			return fp_largest(sign, E, M);
		expo++;
	} else {
		p <<= 1;
	}
	p = fp_round(p, M + 1);
	if (p >> (M + 1) && ++expo == max)
		return fp_largest(sign, E, M);
	if (!expo)
		return fp_pack(sign, 0, 0, E, M);

	return fp_pack(sign, (uint32_t)expo, p >> (M + 1) ? 0 : (uint32_t)p, E, M);
}

FP_INLINE uint32_t fp_add(uint32_t a, uint32_t b, unsigned int E, unsigned int M)
{
	const unsigned int width = 2 * M + 3;
	const uint32_t magnitude = (1u << (E + M)) - 1;
	const int max = (1 << E) - 1;
	bool swap = (a & magnitude) < (b & magnitude), sign;
	uint32_t large = swap ? b : a, small = swap ? a : b;
	unsigned int shift;
	uint64_t l, s, sum;
	int expo;

	if (fp_is_nan(a, E, M))
		return a;
	if (fp_is_nan(b, E, M))
		return b;
	sign = fp_sign(large, E, M);
	expo = (int)fp_expo(large, E, M);
	shift = fp_expo(large, E, M) - fp_expo(small, E, M);
	l = fp_whole(large, E, M) << (M + 2);
	s = shift > 63 ? 0 : fp_whole(small, E, M) << (M + 2) >> shift;
	sum = sign == fp_sign(small, E, M) ? l + s : l - s;
	if (sum >> width) {
		if (expo >= max - 1)
			return fp_largest(sign, E, M);
		expo++;
		sum >>= 1;
	} else {
		int zeros = sum ? __builtin_clzll(sum) - (int)(64 - width) : 0;

		if (!sum || expo <= zeros)
			return fp_pack(sign, 0, 0, E, M);
		expo -= zeros;
		sum <<= zeros;
	}
	sum = fp_round(sum, M + 2);
	if (sum >> (M + 1)) {
		if (expo >= max - 1)
			return fp_largest(sign, E, M);
		expo++;
		sum = 0;
	}

	return fp_pack(sign, (uint32_t)expo, (uint32_t)sum, E, M);
}

FP_INLINE uint32_t fp_sub(uint32_t a, uint32_t b, unsigned int E, unsigned int M)
{
	return fp_add(a, b ^ 1u << (E + M), E, M);
}

/* Maximum, or minimum. Of +0 and -0, and of equal numbers, as the hardware picks. */
FP_INLINE uint32_t fp_pick(uint32_t a, uint32_t b, bool maximum, unsigned int E, unsigned int M)
{
	const uint32_t magnitude = (1u << (E + M)) - 1;
	bool above = (a & magnitude) > (b & magnitude), greater;

	if (fp_is_nan(a, E, M))
		return a;
	if (fp_is_nan(b, E, M))
		return b;
	if (fp_sign(a, E, M) != fp_sign(b, E, M))
		greater = !fp_sign(a, E, M);
	else
		greater = fp_sign(a, E, M) ? !above : above;

	return greater == maximum ? a : b;
}

/*
 * To a format with more bits of exponent, and of mantissa or as many.
 * @denormal: the narrow format has denormal numbers
 */
FP_INLINE uint32_t fp_widen(uint32_t v, bool denormal, unsigned int E, unsigned int M,
			    unsigned int oE, unsigned int oM)
{
	const uint32_t delta = (1u << (oE - 1)) - (1u << (E - 1));
	bool sign = fp_sign(v, E, M);
	uint32_t expo = fp_expo(v, E, M), mant = fp_mant(v, M);
	uint32_t zeros;

	if (fp_is_nan(v, E, M))
		return fp_pack(sign, (1u << oE) - 1, mant, oE, oM);
	if (fp_is_inf(v, E, M))
		return fp_largest(sign, oE, oM);
	if (fp_is_zero(v, E, M))
		return fp_pack(sign, 0, 0, oE, oM);
	mant <<= oM - M;
	if (denormal && !expo) {
		zeros = (uint32_t)__builtin_clz(mant) - (32 - oM);
		return fp_pack(sign, delta - zeros, mant << (zeros + 1), oE, oM);
	}

	return fp_pack(sign, expo + delta, mant, oE, oM);
}

/* To a format with less bits of exponent, and of mantissa or as many. */
FP_INLINE uint32_t fp_narrow(uint32_t v, bool denormal, unsigned int E, unsigned int M,
			     unsigned int oE, unsigned int oM)
{
	const uint32_t delta = (1u << (E - 1)) - (1u << (oE - 1)), max = (1u << oE) - 1;
	bool sign = fp_sign(v, E, M);
	uint32_t expo = fp_expo(v, E, M), mant = fp_mant(v, M);
	uint64_t whole = (uint64_t)1 << M | mant;

	if (fp_is_nan(v, E, M))
		return fp_pack(sign, max, mant, oE, oM);
	if (expo >= max + delta)
		return fp_largest(sign, oE, oM);
	if (expo < delta - oM)
		return fp_pack(sign, 0, 0, oE, oM);
	if (expo <= delta) {
		whole = fp_round(whole, M - oM + delta - expo + 1);
		if (whole >> oM)
			return fp_pack(sign, 1, 0, oE, oM);
		return fp_pack(sign, 0, denormal ? (uint32_t)whole : 0, oE, oM);
	}
	expo -= delta;
	if (M > oM) {
		whole = fp_round(whole, M - oM);
		if (whole >> (oM + 1) && ++expo == max)
			return fp_largest(sign, oE, oM);
	}

	return fp_pack(sign, expo, (uint32_t)whole, oE, oM);
}

FP_INLINE uint32_t fp16_to_fp17(uint32_t v) { return fp_widen(v, true, 5, 10, 6, 10); }
FP_INLINE uint32_t fp16_to_fp32(uint32_t v) { return fp_widen(v, true, 5, 10, 8, 23); }
FP_INLINE uint32_t fp17_to_fp32(uint32_t v) { return fp_widen(v, false, 6, 10, 8, 23); }
FP_INLINE uint32_t fp17_to_fp16(uint32_t v) { return fp_narrow(v, true, 6, 10, 5, 10); }
FP_INLINE uint32_t fp32_to_fp16(uint32_t v) { return fp_narrow(v, true, 8, 23, 5, 10); }
FP_INLINE uint32_t fp32_to_fp17(uint32_t v) { return fp_narrow(v, false, 8, 23, 6, 10); }
FP_INLINE uint32_t fp17_add(uint32_t a, uint32_t b) { return fp_add(a, b, 6, 10); }
FP_INLINE uint32_t fp17_sub(uint32_t a, uint32_t b) { return fp_sub(a, b, 6, 10); }
FP_INLINE uint32_t fp17_mul(uint32_t a, uint32_t b) { return fp_mul(a, b, 6, 10); }
FP_INLINE uint32_t fp32_add(uint32_t a, uint32_t b) { return fp_add(a, b, 8, 23); }
FP_INLINE uint32_t fp32_sub(uint32_t a, uint32_t b) { return fp_sub(a, b, 8, 23); }
FP_INLINE uint32_t fp32_mul(uint32_t a, uint32_t b) { return fp_mul(a, b, 8, 23); }
FP_INLINE bool fp16_is_nan(uint32_t v) { return fp_is_nan(v, 5, 10); }
FP_INLINE bool fp16_is_inf(uint32_t v) { return fp_is_inf(v, 5, 10); }

/* A fraction of @bits bits, 11 to 35, below the point, as FP17. */
FP_INLINE uint32_t fp17_from_fraction(uint64_t v, unsigned int bits)
{
	unsigned int zeros;
	uint64_t whole;

	if (!v)
		return 0;
	zeros = (unsigned int)__builtin_clzll(v) - (64 - bits);
	whole = fp_round(v << (zeros + 1), bits - FP16_M);
	if (whole >> (FP16_M + 1))
		return fp_pack(false, 31 - zeros, 0, FP17_E, FP16_M);
	if (zeros + 1 >= 31)
		return 0;

	return fp_pack(false, 31 - zeros - 1, (uint32_t)whole, FP17_E, FP16_M);
}

/* A number of 17 bits in two's complement, as FP16. */
FP_INLINE uint32_t fp16_from_int(int32_t v)
{
	bool sign = v < 0;
	uint32_t magnitude = sign ? 0u - (uint32_t)v : (uint32_t)v, expo;
	unsigned int zeros;
	uint64_t whole;

	if (!v)
		return 0;
	zeros = (unsigned int)__builtin_clz(magnitude) - 15;
	expo = 16 - zeros + 15;
	whole = fp_round((uint64_t)magnitude << zeros, 6);
	if (whole >> 11)
		expo++;

	return expo >= 31 ? fp_largest(sign, FP16_E, FP16_M) :
			    fp_pack(sign, expo, whole >> 11 ? 0 : (uint32_t)whole, FP16_E, FP16_M);
}

/* FP16 as a number of 16 bits, halves away from zero; NaN gives the smallest. */
FP_INLINE int32_t fp16_to_int(uint32_t v)
{
	int shift = 25 - (int)fp_expo(v, FP16_E, FP16_M);
	uint32_t whole = 1u << FP16_M | fp_mant(v, FP16_M), r;

	if (fp16_is_nan(v))
		return INT16_MIN;
	r = shift > 0 ? (whole + (1u << (shift - 1))) >> shift : whole << -shift;
	if (r > INT16_MAX)
		return fp_sign(v, FP16_E, FP16_M) ? INT16_MIN : INT16_MAX;

	return fp_sign(v, FP16_E, FP16_M) ? -(int32_t)r : (int32_t)r;
}

#endif /* NPUSIM_FP_H */
