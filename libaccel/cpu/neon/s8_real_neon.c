// SPDX-License-Identifier: MIT
/*
 * INT8 to reals and back, baseline NEON. FCVTAS rounds as the definition does,
 * and gives 0 for NaN; narrowing saturates at every step.
 */
#include <arm_neon.h>
#include <stdbool.h>

#include "libaccel/cpu/int8/s8_real.h"

static inline void store4(float *out, int16x4_t q, float scale)
{
	vst1q_f32(out, vmulq_n_f32(vcvtq_f32_s32(vmovl_s16(q)), scale));
}

static inline void store16(float *out, int8x16_t q, int8x16_t zero, float scale)
{
	int16x8_t low = vsubl_s8(vget_low_s8(q), vget_low_s8(zero)), high = vsubl_high_s8(q, zero);

	store4(out, vget_low_s16(low), scale);
	store4(out + 4, vget_high_s16(low), scale);
	store4(out + 8, vget_low_s16(high), scale);
	store4(out + 12, vget_high_s16(high), scale);
}

static void to_real(const struct s8_format *format, const int8_t *in, size_t n, float *out)
{
	const int8x16_t zero = vdupq_n_s8(format->zero), flip = vdupq_n_s8((int8_t)format->flip);
	const float scale = format->scale;
	const bool is_signed = !format->flip;

	for (; is_signed && n >= 32; n -= 32, in += 32, out += 32) {
		const int8x16_t a = vld1q_s8(in), b = vld1q_s8(in + 16);

		store16(out, a, zero, scale);
		store16(out + 16, b, zero, scale);
	}
	for (; n >= 16; n -= 16, in += 16, out += 16)
		store16(out, veorq_s8(vld1q_s8(in), flip), zero, scale);
	s8_real__portable.to_real(format, in, n, out);
}

static inline int32x4_t nearest(float64x2_t low, float64x2_t high)
{
	return vqmovn_high_s64(vqmovn_s64(vcvtaq_s64_f64(low)), vcvtaq_s64_f64(high));
}

static inline int32x4_t quotients(const float *in, float64x2_t scale)
{
	const float32x4_t x = vld1q_f32(in);

	return nearest(vdivq_f64(vcvt_f64_f32(vget_low_f32(x)), scale),
		       vdivq_f64(vcvt_high_f64_f32(x), scale));
}

static inline int32x4_t products(const int32_t *in, float64x2_t factor)
{
	const int32x4_t x = vld1q_s32(in);

	return nearest(vmulq_f64(vcvtq_f64_s64(vmovl_s32(vget_low_s32(x))), factor),
		       vmulq_f64(vcvtq_f64_s64(vmovl_high_s32(x)), factor));
}

/* The zero point, the bounds, and what unsigned bytes need. */
struct finish {
	int16x8_t zero;
	int8x16_t low, high, flip;
};

static inline struct finish finish_of(const struct s8_format *format)
{
	return (struct finish){
		vdupq_n_s16(format->zero), vdupq_n_s8(format->low), vdupq_n_s8(format->high),
		vdupq_n_s8((int8_t)format->flip),
	};
}

static inline int8x16_t finish(struct finish by, int32x4_t a, int32x4_t b, int32x4_t c, int32x4_t d)
{
	int16x8_t low = vqaddq_s16(vqmovn_high_s32(vqmovn_s32(a), b), by.zero);
	int16x8_t high = vqaddq_s16(vqmovn_high_s32(vqmovn_s32(c), d), by.zero);
	int8x16_t q = vqmovn_high_s16(vqmovn_s16(low), high);

	return veorq_s8(vminq_s8(vmaxq_s8(q, by.low), by.high), by.flip);
}

static void from_real(const struct s8_format *format, const float *in, size_t n, int8_t *out)
{
	const float64x2_t scale = vdupq_n_f64((double)format->scale);
	const struct finish by = finish_of(format);

	for (; n >= 16; n -= 16, in += 16, out += 16)
		vst1q_s8(out, finish(by, quotients(in, scale), quotients(in + 4, scale),
				     quotients(in + 8, scale), quotients(in + 12, scale)));
	s8_real__portable.from_real(format, in, n, out);
}

static void from_sums(const struct s8_format *format, const int32_t *in, size_t n, double factor,
		      int8_t *out)
{
	const float64x2_t by_factor = vdupq_n_f64(factor);
	const struct finish by = finish_of(format);

	for (; n >= 16; n -= 16, in += 16, out += 16)
		vst1q_s8(out, finish(by, products(in, by_factor), products(in + 4, by_factor),
				     products(in + 8, by_factor), products(in + 12, by_factor)));
	s8_real__portable.from_sums(format, in, n, factor, out);
}

const struct s8_real s8_real_16x__neon = { to_real, from_real, from_sums };
