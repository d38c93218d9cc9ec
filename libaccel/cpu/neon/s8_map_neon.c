// SPDX-License-Identifier: MIT
/*
 * Functions of one and two INT8 values, baseline NEON.
 */
#include <arm_neon.h>
#include <string.h>

#include "libaccel/cpu/int8/s8_map.h"

/*
 * 16 values through a table of four times 64 bytes. Assembly, for TBX changes
 * its result in place, which the compiler copies.
 */
static inline uint8x16_t look_up(uint8x16_t index, uint8x16x4_t a, uint8x16x4_t b, uint8x16x4_t c,
				 uint8x16x4_t d, uint8x16_t step)
{
	uint8x16_t result;

	__asm__("tbl	%0.16b, {%S2.16b - %V2.16b}, %1.16b\n\t"
		"sub	%1.16b, %1.16b, %6.16b\n\t"
		"tbx	%0.16b, {%S3.16b - %V3.16b}, %1.16b\n\t"
		"sub	%1.16b, %1.16b, %6.16b\n\t"
		"tbx	%0.16b, {%S4.16b - %V4.16b}, %1.16b\n\t"
		"sub	%1.16b, %1.16b, %6.16b\n\t"
		"tbx	%0.16b, {%S5.16b - %V5.16b}, %1.16b"
		: "=&w"(result), "+w"(index)
		: "w"(a), "w"(b), "w"(c), "w"(d), "w"(step));

	return result;
}

void s8_table_16x__neon(const int8_t *from, size_t n, const int8_t bytes[256], int8_t *to)
{
	/* As bytes, 0 .. 127 come first: the table's upper half. */
	const uint8_t *values = (const uint8_t *)bytes, *in = (const uint8_t *)from;
	const uint8x16x4_t a = vld1q_u8_x4(values + 128), b = vld1q_u8_x4(values + 192);
	const uint8x16x4_t c = vld1q_u8_x4(values), d = vld1q_u8_x4(values + 64);
	const uint8x16_t step = vdupq_n_u8(64);
	uint8_t rest[16] = { 0 }, *out = (uint8_t *)to;

	for (; n >= 128; n -= 128, in += 128, out += 128) {
#pragma GCC unroll 4
		for (size_t i = 0; i < 128; i += 32) {
			uint8x16_t x = vld1q_u8(in + i), y = vld1q_u8(in + i + 16);

			x = look_up(x, a, b, c, d, step);
			y = look_up(y, a, b, c, d, step);
			vst1q_u8(out + i, x);
			vst1q_u8(out + i + 16, y);
		}
	}
	for (; n >= 16; n -= 16, in += 16, out += 16)
		vst1q_u8(out, look_up(vld1q_u8(in), a, b, c, d, step));
	if (n) {
		memcpy(rest, in, n);
		vst1q_u8(rest, look_up(vld1q_u8(rest), a, b, c, d, step));
		memcpy(out, rest, n);
	}
}

static inline int8x16_t finish(const struct s8_pair *pair, const int32x4_t v[4])
{
	const int32x4_t by = vdupq_n_s32(pair->multiplier);
	const int16x8_t zero = vdupq_n_s16(pair->zero);
	int16x8_t low = vqmovn_high_s32(vqmovn_s32(vqrdmulhq_s32(v[0], by)),
					vqrdmulhq_s32(v[1], by));
	int16x8_t high = vqmovn_high_s32(vqmovn_s32(vqrdmulhq_s32(v[2], by)),
					 vqrdmulhq_s32(v[3], by));
	int8x16_t q = vqmovn_high_s16(vqmovn_s16(vqaddq_s16(low, zero)), vqaddq_s16(high, zero));

	return vmaxq_s8(q, vdupq_n_s8(pair->min));
}

static inline void widen(int8x16_t x, int8_t zero, int16x8_t wide[2])
{
	const int8x16_t z = vdupq_n_s8(zero);

	wide[0] = vsubl_s8(vget_low_s8(x), vget_low_s8(z));
	wide[1] = vsubl_high_s8(x, z);
}

/* b * 2^shift is a product by 2^shift, or minus a doubled one by -2^(shift - 1). */
static inline __attribute__((always_inline)) int8x16_t
sum(const struct s8_pair *pair, int8x16_t a, int8x16_t b, bool far)
{
	const int16x8_t by_a = vdupq_n_s16(pair->factor_a);
	const int16x8_t by_b = vdupq_n_s16(far ? (int16_t)-(1 << (pair->shift_b - 1)) :
					   (int16_t)(1 << pair->shift_b));
	int16x8_t x[2], y[2];
	int32x4_t v[4];

	widen(a, pair->zero_a, x);
	widen(b, pair->zero_b, y);
	for (int i = 0; i < 2; i++) {
		v[2 * i] = vmull_s16(vget_low_s16(x[i]), vget_low_s16(by_a));
		v[2 * i + 1] = vmull_high_s16(x[i], by_a);
		if (far) {
			v[2 * i] = vqdmlsl_s16(v[2 * i], vget_low_s16(y[i]), vget_low_s16(by_b));
			v[2 * i + 1] = vqdmlsl_high_s16(v[2 * i + 1], y[i], by_b);
		} else {
			v[2 * i] = vmlal_s16(v[2 * i], vget_low_s16(y[i]), vget_low_s16(by_b));
			v[2 * i + 1] = vmlal_high_s16(v[2 * i + 1], y[i], by_b);
		}
	}

	return finish(pair, v);
}

static inline int8x16_t product(const struct s8_pair *pair, int8x16_t a, int8x16_t b)
{
	int16x8_t x[2], y[2];
	int32x4_t v[4];

	widen(a, pair->zero_a, x);
	widen(b, pair->zero_b, y);
	for (int i = 0; i < 2; i++) {
		v[2 * i] = vmull_s16(vget_low_s16(x[i]), vget_low_s16(y[i]));
		v[2 * i + 1] = vmull_high_s16(x[i], y[i]);
	}

	return finish(pair, v);
}

#define OVER_ARRAYS(expression) do {						\
	for (; n >= 16; n -= 16, a += 16, b += 16, out += 16) {			\
		int8x16_t x = vld1q_s8(a), y = vld1q_s8(b);			\
										\
		vst1q_s8(out, (expression));					\
	}									\
	if (n) {								\
		int8x16_t x, y;							\
										\
		memcpy(rest, a, n);						\
		x = vld1q_s8(rest);						\
		memcpy(rest, b, n);						\
		y = vld1q_s8(rest);						\
		vst1q_s8(rest, (expression));					\
		memcpy(out, rest, n);						\
	}									\
} while (0)

void s8_pair_16x__neon(const struct s8_pair *pair, const int8_t *a, const int8_t *b, size_t n,
		       int8_t *out)
{
	/* In registers: the stores might otherwise change it. */
	const struct s8_pair copy = *pair;
	int8_t rest[16] = { 0 };

	switch (copy.kind) {
	case S8_PAIR_MAX:
		OVER_ARRAYS(vmaxq_s8(x, y));
		break;
	case S8_PAIR_MIN:
		OVER_ARRAYS(vminq_s8(x, y));
		break;
	case S8_PAIR_SUM:
		if (copy.shift_b > 14)
			OVER_ARRAYS(sum(&copy, x, y, true));
		else
			OVER_ARRAYS(sum(&copy, x, y, false));
		break;
	default:
		OVER_ARRAYS(product(&copy, x, y));
	}
}
