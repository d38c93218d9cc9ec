// SPDX-License-Identifier: MIT
/*
 * 4:2:0 to RGB, 16 pixels at a time, baseline NEON.
 */
#include <arm_neon.h>

#include "libaccel/cpu/image/yuv.h"

/* Eight differences of colour, one per two pixels, less 128. */
static inline int16x8_t differences(uint8x8_t from)
{
	return vreinterpretq_s16_u16(vsubl_u8(from, vdup_n_u8(128)));
}

/* Four values with 8 bits behind the point to 16 bits, rounded. */
static inline uint16x4_t finish(int32x4_t sum)
{
	return vqrshrun_n_s32(sum, 8);
}

/* Eight pixels of one colour: c + a * d + b * e. */
static inline uint8x8_t colour(const int32x4_t c[2], int16x8_t d, int16_t a, int16x8_t e, int16_t b)
{
	int32x4_t low = vmlal_n_s16(c[0], vget_low_s16(d), a);
	int32x4_t high = vmlal_high_n_s16(c[1], d, a);

	low = vmlal_n_s16(low, vget_low_s16(e), b);
	high = vmlal_high_n_s16(high, e, b);

	return vqmovn_u16(vcombine_u16(finish(low), finish(high)));
}

static inline uint8x8x3_t pixels(uint8x8_t y, int16x8_t d, int16x8_t e)
{
	int16x8_t bright = vreinterpretq_s16_u16(vsubl_u8(y, vdup_n_u8(16)));
	const int32x4_t c[2] = { vmull_n_s16(vget_low_s16(bright), 298),
				 vmull_high_n_s16(bright, 298) };
	uint8x8x3_t rgb;

	rgb.val[0] = colour(c, d, 0, e, 409);
	rgb.val[1] = colour(c, d, -100, e, -208);
	rgb.val[2] = colour(c, d, 516, e, 0);

	return rgb;
}

void yuv_line_16x__neon(const uint8_t *y, const uint8_t *u, const uint8_t *v, size_t step,
			size_t width, uint8_t *rgb)
{
	/* A pair is read as such only where both of its planes go on behind it. */
	for (; width >= 18; width -= 16, y += 16, u += 8 * step, v += 8 * step, rgb += 48) {
		int16x8_t d = differences(step == 2 ? vld2_u8(u).val[0] : vld1_u8(u));
		int16x8_t e = differences(step == 2 ? vld2_u8(v).val[0] : vld1_u8(v));

		vst3_u8(rgb, pixels(vld1_u8(y), vzip1q_s16(d, d), vzip1q_s16(e, e)));
		vst3_u8(rgb + 24, pixels(vld1_u8(y + 8), vzip2q_s16(d, d), vzip2q_s16(e, e)));
	}
	yuv_line__portable(y, u, v, step, width, rgb);
}
