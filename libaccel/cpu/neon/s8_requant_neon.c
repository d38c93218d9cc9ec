// SPDX-License-Identifier: MIT
/*
 * TFLite's requantisation, baseline NEON: SQRDMULH rounds as its first step,
 * SRSHL with a correction of negative values as its second.
 */
#include <arm_neon.h>

#include "libaccel/cpu/int8/s8_requant.h"

/* What four channels need. */
struct channels {
	int32x4_t multiplier, left, right;
};

enum shifts { ANY, RIGHT_OR_NONE, RIGHT };

static inline struct channels channels_at(const struct s8_requant *requant, size_t channel)
{
	const int32x4_t shift = vld1q_s32(requant->shift + channel), zero = vdupq_n_s32(0);

	return (struct channels){
		vld1q_s32(requant->multiplier + channel), vmaxq_s32(shift, zero),
		vminq_s32(shift, zero),
	};
}

/* SRSHL rounds halves up: negative values that are shifted are moved down first. */
static inline __attribute__((always_inline)) int32x4_t
scale(struct channels by, int32x4_t v, enum shifts shifts)
{
	if (shifts == ANY)
		v = vshlq_s32(v, by.left);
	v = vqrdmulhq_s32(v, by.multiplier);
	/* No product is the least number, so this one does not wrap. */
	if (shifts == RIGHT)
		v = vsraq_n_s32(v, v, 31);
	else
		v = vqaddq_s32(v, vshrq_n_s32(vandq_s32(v, by.right), 31));

	return vrshlq_s32(v, by.right);
}

/* Eight columns; beyond 16 bits any zero point gives a bound. */
static inline __attribute__((always_inline)) void
columns8(const struct s8_requant *requant, size_t channel, const int32_t *sums, size_t stride,
	 size_t rows, size_t at, int8_t *const *out, enum shifts shifts)
{
	const struct channels a = channels_at(requant, channel), b = channels_at(requant, channel + 4);
	const int8x8_t low = vdup_n_s8(requant->low), high = vdup_n_s8(requant->high);
	const int16x8_t zero = vdupq_n_s16((int16_t)requant->zero);

	for (; rows; rows--, sums += stride) {
		int32x4_t x = scale(a, vld1q_s32(sums), shifts);
		int32x4_t y = scale(b, vld1q_s32(sums + 4), shifts);
		int8x8_t q = vqmovn_s16(vqaddq_s16(vqmovn_high_s32(vqmovn_s32(x), y), zero));

		vst1_s8(*out++ + at, vmin_s8(vmax_s8(q, low), high));
	}
}

void s8_requant_8x__neon(const struct s8_requant *requant, size_t channel, const int32_t *sums,
			 size_t stride, size_t rows, size_t columns, int8_t *const *out)
{
	size_t at = 0, r;

	for (; at + 8 <= columns; at += 8) {
		if (requant->right)
			columns8(requant, channel + at, sums + at, stride, rows, at, out, RIGHT);
		else if (!requant->left)
			columns8(requant, channel + at, sums + at, stride, rows, at, out,
				 RIGHT_OR_NONE);
		else
			columns8(requant, channel + at, sums + at, stride, rows, at, out, ANY);
	}
	for (r = 0; at < columns && r < rows; r++) {
		int8_t *rest = out[r] + at;

		s8_requant__portable(requant, channel + at, sums + r * stride + at, stride, 1,
				     columns - at, &rest);
	}
}
