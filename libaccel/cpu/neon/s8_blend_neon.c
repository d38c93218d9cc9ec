// SPDX-License-Identifier: MIT
/*
 * Bilinear resizing of INT8, baseline NEON.
 */
#include <arm_neon.h>

#include "libaccel/cpu/int8/s8_blend.h"

static void lines(const int8_t *a, const int8_t *b, int32_t weight, size_t n, int32_t *out)
{
	const int16x8_t by_a = vdupq_n_s16((int16_t)(S8_BLEND_ONE - weight));
	const int16x8_t by_b = vdupq_n_s16((int16_t)weight);

	for (; n >= 16; n -= 16, a += 16, b += 16, out += 16) {
		const int8x16_t x = vld1q_s8(a), y = vld1q_s8(b);
		const int16x8_t wide[2][2] = {
			{ vmovl_s8(vget_low_s8(x)), vmovl_s8(vget_low_s8(y)) },
			{ vmovl_high_s8(x), vmovl_high_s8(y) },
		};

#pragma GCC unroll 2
		for (int i = 0; i < 2; i++) {
			int32x4_t low = vmull_s16(vget_low_s16(wide[i][0]), vget_low_s16(by_a));
			int32x4_t high = vmull_high_s16(wide[i][0], by_a);

			low = vmlal_s16(low, vget_low_s16(wide[i][1]), vget_low_s16(by_b));
			vst1q_s32(out + 8 * i, low);
			vst1q_s32(out + 8 * i + 4, vmlal_high_s16(high, wide[i][1], by_b));
		}
	}
	s8_blend__portable.lines(a, b, weight, n, out);
}

/* Four sums, less their lowest 16 bits; rounded for the 20 bits that go in the end. */
static inline int32x4_t sum4(const int32_t *low, const int32_t *high, int32x4_t by_low,
			     int32x4_t by_high)
{
	int32x4_t sum = vmlaq_s32(vmulq_s32(vld1q_s32(low), by_low), vld1q_s32(high), by_high);

	return vsraq_n_s32(sum, sum, 31);
}

static inline int8x8_t blend8(const int32_t *low, const int32_t *high, int32x4_t by_low,
			      int32x4_t by_high)
{
	const int32x4_t half = vdupq_n_s32(1 << (2 * S8_BLEND_POINT - 1));
	int16x4_t first = vaddhn_s32(sum4(low, high, by_low, by_high), half);

	return vshrn_n_s16(vaddhn_high_s32(first, sum4(low + 4, high + 4, by_low, by_high), half),
			   2 * S8_BLEND_POINT - 16);
}

static void columns(const int32_t *line, const struct s8_blend_column *from, size_t count,
		    size_t channels, int8_t *out)
{
	for (; count; count--, from++) {
		const int32x4_t by_high = vdupq_n_s32(from->weight);
		const int32x4_t by_low = vsubq_s32(vdupq_n_s32(S8_BLEND_ONE), by_high);
		const int32_t *low = line + from->low * channels;
		const int32_t *high = line + from->high * channels;
		size_t n = channels;

		for (; n >= 16; n -= 16, low += 16, high += 16, out += 16)
			vst1q_s8(out, vcombine_s8(blend8(low, high, by_low, by_high),
						  blend8(low + 8, high + 8, by_low, by_high)));
		if (n >= 8) {
			vst1_s8(out, blend8(low, high, by_low, by_high));
			n -= 8;
			low += 8;
			high += 8;
			out += 8;
		}
		s8_blend_rest(low, high, from->weight, n, out);
		out += n;
	}
}

const struct s8_blend s8_blend_16x__neon = { lines, columns };
