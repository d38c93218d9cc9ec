// SPDX-License-Identifier: MIT
/*
 * The channel data processor's window, tables and converter, baseline NEON.
 * Sums of at most 9 squares of 9 bits and starts of 22 bits stay in 32 bits.
 */
#include <arm_neon.h>
#include <string.h>

#include "libaccel/cpu/sdp/cdp_pixel.h"

#define INLINE	static inline __attribute__((always_inline))

/* What differs between the two tables, in each lane that takes one of them. */
struct tables {
	const int16_t *values;
	int32x4_t le_start, lo_start, le_shift, lo_shift;
};

static inline struct tables tables_of(const struct npu_cdp *cdp, const int16_t *values)
{
	return (struct tables){
		values, vdupq_n_s32(cdp->le_start), vdupq_n_s32(cdp->lo_start),
		vdupq_n_s32(cdp->le_shift), vdupq_n_s32(cdp->lo_shift),
	};
}

static inline uint32x4_t inside(int32x4_t x, int32x4_t start, int32x4_t shift, uint32_t last)
{
	const uint32x4_t d = vreinterpretq_u32_s32(vsubq_s32(x, start));

	return vandq_u32(vcgtq_s32(x, start),
			 vcltq_u32(vshlq_u32(d, vnegq_s32(shift)), vdupq_n_u32(last)));
}

/* An entry and the next one: a word each. */
static inline int32x4_t entries(const int16_t *values, uint32x4_t index)
{
	uint32_t at[4], word[4];

	vst1q_u32(at, index);
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++)
		memcpy(&word[i], values + at[i], sizeof(word[i]));

	return vreinterpretq_s32_u32(vld1q_u32(word));
}

/* v / 2^16 rounded to nearest, halves away from zero. */
static inline int32x2_t round16(int64x2_t v)
{
	return vrshrn_n_s64(vsraq_n_s64(v, v, 63), 16);
}

static inline int32x4_t look_up(struct tables t, int32x4_t x)
{
	const uint32x4_t in_le = inside(x, t.le_start, t.le_shift, NPU_CDP_LE - 1);
	const uint32x4_t below = vandq_u32(vcleq_s32(x, t.le_start), vcleq_s32(x, t.lo_start));
	const uint32x4_t lo = vbicq_u32(vorrq_u32(below, inside(x, t.lo_start, t.lo_shift,
								 NPU_LUT_ENTRIES - 1)), in_le);
	const int32x4_t shift = vbslq_s32(lo, t.lo_shift, t.le_shift);
	const uint32x4_t last = vbslq_u32(lo, vdupq_n_u32(NPU_LUT_ENTRIES - 1),
					  vdupq_n_u32(NPU_CDP_LE - 1));
	/* In front of a table is its first entry, behind it the end of its last step. */
	const int32x4_t from = vsubq_s32(x, vbslq_s32(lo, t.lo_start, t.le_start));
	const uint32x4_t d = vreinterpretq_u32_s32(vmaxq_s32(from, vdupq_n_s32(0)));
	const uint32x4_t step = vshlq_u32(d, vnegq_s32(shift)), behind = vcgeq_u32(step, last);
	const uint32x4_t index = vbslq_u32(behind, vsubq_u32(last, vdupq_n_u32(1)), step);
	const uint32x4_t rest = vsubq_u32(d, vshlq_u32(step, shift));
	const int32x4_t fraction = vreinterpretq_s32_u32(vbslq_u32(
		behind, vdupq_n_u32(1 << 16),
		vshlq_u32(rest, vsubq_s32(vdupq_n_s32(16), shift))));
	const int32x4_t pair = entries(t.values, vaddq_u32(index, vandq_u32(
							  lo, vdupq_n_u32(NPU_CDP_LE))));
	const int32x4_t first = vshrq_n_s32(vshlq_n_s32(pair, 16), 16);
	const int32x4_t rise = vsubq_s32(vshrq_n_s32(pair, 16), first);
	int32x4_t y;

	y = vcombine_s32(round16(vmull_s32(vget_low_s32(rise), vget_low_s32(fraction))),
			 round16(vmull_high_s32(rise, fraction)));

	/* Between two entries: no saturation. */
	return vaddq_s32(first, y);
}

/* The sums of squares around each of four channels. */
INLINE int32x4_t squares(const int16_t *v, int reach)
{
	const int16x4_t own = vld1_s16(v);
	int32x4_t sum = vmull_s16(own, own);

#pragma GCC unroll 4
	for (int i = 1; i <= reach; i++) {
		const int16x4_t before = vld1_s16(v - i), behind = vld1_s16(v + i);

		sum = vmlal_s16(vmlal_s16(sum, before, before), behind, behind);
	}

	return sum;
}

struct converter {
	int32x4_t offset;
	int32x2_t scale;
	int64x2_t shift, odd;	/* odd: all ones where anything is shifted out */
};

static inline int32x2_t convert2(struct converter by, int32x2_t v)
{
	const int64x2_t product = vmull_s32(v, by.scale);
	/* A negative one is moved by the least amount, so that its halves go away from zero. */
	const int64x2_t moved = vaddq_s64(product, vandq_s64(vshrq_n_s64(product, 63), by.odd));

	return vqmovn_s64(vrshlq_s64(moved, by.shift));
}

INLINE int16x4_t group(const struct npu_cdp *cdp, struct tables tables, struct converter by,
		       const int16_t *v, int reach)
{
	const int32x4_t own = vmovl_s16(vld1_s16(v));
	int32x4_t r = look_up(tables, reach ? squares(v, reach) : own);

	if (cdp->multiply)
		r = vmulq_s32(r, own);
	r = vsubq_s32(r, by.offset);

	return vqmovn_s32(vcombine_s32(convert2(by, vget_low_s32(r)),
				       convert2(by, vget_high_s32(r))));
}

INLINE void pixel(const struct npu_cdp *cdp, const int16_t *tables, const int16_t *v,
		  uint32_t channels, int reach, int8_t *out)
{
	const struct tables both = tables_of(cdp, tables);
	const struct converter by = {
		vdupq_n_s32(cdp->out_offset), vdup_n_s32(cdp->out_scale),
		vdupq_n_s64(-(int64_t)cdp->out_shift), vdupq_n_s64(cdp->out_shift ? -1 : 0),
	};
	uint32_t c;

	for (c = 0; c < channels; c += CDP_GROUP)
		vst1_s8(out + c, vqmovn_s16(vcombine_s16(group(cdp, both, by, v + c, reach),
							 group(cdp, both, by, v + c + 4, reach))));
}

void cdp_pixel_8x__neon(const struct npu_cdp *cdp, const int16_t *tables, const int16_t *v,
			uint32_t channels, int8_t *out)
{
	switch (cdp->reach) {
	case 0: pixel(cdp, tables, v, channels, 0, out); break;
	case 1: pixel(cdp, tables, v, channels, 1, out); break;
	case 2: pixel(cdp, tables, v, channels, 2, out); break;
	case 3: pixel(cdp, tables, v, channels, 3, out); break;
	default: pixel(cdp, tables, v, channels, 4, out);
	}
}
