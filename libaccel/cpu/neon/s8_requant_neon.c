// SPDX-License-Identifier: MIT
/*
 * TFLite's requantisation, baseline NEON: SQRDMULH rounds as its first step,
 * SRSHL with a correction of negative values as its second.
 */
#include <arm_neon.h>

#include "libaccel/cpu/int8/s8_requant.h"

static inline int32x4_t scale(const struct s8_requant *requant, size_t channel, int32x4_t v)
{
	const int32x4_t shift = vld1q_s32(requant->shift + channel), zero = vdupq_n_s32(0);
	const int32x4_t right = requant->left ? vminq_s32(shift, zero) : shift;

	if (requant->left)
		v = vshlq_s32(v, vmaxq_s32(shift, zero));
	v = vqrdmulhq_s32(v, vld1q_s32(requant->multiplier + channel));
	v = vqaddq_s32(v, vshrq_n_s32(vandq_s32(v, right), 31));

	return vqaddq_s32(vrshlq_s32(v, right), vdupq_n_s32(requant->zero));
}

void s8_requant_8x__neon(const struct s8_requant *requant, size_t channel, const int32_t *sums,
			 size_t n, int8_t *out)
{
	const int8x8_t low = vdup_n_s8(requant->low), high = vdup_n_s8(requant->high);

	for (; n >= 8; n -= 8, channel += 8, sums += 8, out += 8) {
		int32x4_t a = scale(requant, channel, vld1q_s32(sums));
		int32x4_t b = scale(requant, channel + 4, vld1q_s32(sums + 4));
		int8x8_t q = vqmovn_s16(vqmovn_high_s32(vqmovn_s32(a), b));

		vst1_s8(out, vmin_s8(vmax_s8(q, low), high));
	}
	s8_requant__portable(requant, channel, sums, n, out);
}
