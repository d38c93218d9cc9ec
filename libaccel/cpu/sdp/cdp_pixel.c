// SPDX-License-Identifier: MIT
#include "cdp_pixel.h"
#include "sdp_arithmetic.h"

/* A linear table. */
struct table {
	const int16_t *values;
	uint32_t last;
	int32_t start;
	uint8_t shift;
};

/* Is @x within the table, behind its first entry and before its last? */
static bool inside(const struct table *t, int64_t x)
{
	return x > t->start && (uint64_t)(x - t->start) >> t->shift < t->last;
}

static int32_t interpolate(const struct table *t, int64_t x)
{
	uint64_t d = (uint64_t)(x - t->start), i = d >> t->shift;
	int64_t fraction = (int64_t)(d << 16 >> t->shift & 0xffff), y;

	if (x <= t->start)
		return t->values[0];
	if (i >= t->last)
		return t->values[t->last];
	y = t->values[i];
	y += sdp_shift_round((t->values[i + 1] - y) * fraction, 16, 64);
	return (int32_t)(y > INT16_MAX ? INT16_MAX : y < INT16_MIN ? INT16_MIN : y);
}

static int32_t look_up(const struct table *le, const struct table *lo, int64_t x)
{
	if (inside(le, x))
		return interpolate(le, x);
	/* In neither: the second answers below both. */
	if (inside(lo, x) || (x <= le->start && x <= lo->start))
		return interpolate(lo, x);
	return interpolate(le, x);
}

void cdp_pixel__portable(const struct npu_cdp *cdp, const int16_t *tables, const int16_t *v,
			 uint32_t channels, int8_t *out)
{
	const struct table le = { tables, NPU_CDP_LE - 1, cdp->le_start, cdp->le_shift };
	const struct table lo = {
		tables + NPU_CDP_LE, NPU_LUT_ENTRIES - 1, cdp->lo_start, cdp->lo_shift,
	};
	uint32_t c, i;

	for (c = 0; c < channels; c++) {
		int64_t x = v[c], r;

		if (cdp->reach) {
			x = 0;
			for (i = 0; i <= 2U * cdp->reach; i++) {
				const int64_t other = v[(int64_t)c + i - cdp->reach];

				x += other * other;
			}
		}
		r = look_up(&le, &lo, x);
		if (cdp->multiply)
			r *= v[c];
		r = sdp_shift_round((r - cdp->out_offset) * cdp->out_scale, cdp->out_shift, 64);
		out[c] = (int8_t)(r > INT8_MAX ? INT8_MAX : r < INT8_MIN ? INT8_MIN : r);
	}
}

cdp_pixel_fn *cdp_pixel_select(enum accel_isa isa)
{
#ifdef __aarch64__
	if (isa >= ACCEL_ISA_NEON)
		return cdp_pixel_8x__neon;
#else
	(void)isa;
#endif
	return cdp_pixel__portable;
}
