// SPDX-License-Identifier: MIT
/*
 * NVDLA's channel data processor on INT8, as struct npu_cdp says.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libaccel/cpu/ref/ref_cdp.h"
#include "libaccel/cpu/sdp/sdp_arithmetic.h"

/* A linear table. */
struct table {
	const uint8_t *values;
	uint32_t last;
	int32_t start;
	uint8_t shift;
};

static int32_t entry(const struct table *t, uint64_t i)
{
	int16_t value;

	memcpy(&value, t->values + 2 * i, sizeof(value));
	return value;
}

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
		return entry(t, 0);
	if (i >= t->last)
		return entry(t, t->last);
	y = entry(t, i);
	y += sdp_shift_round((entry(t, i + 1) - y) * fraction, 16, 64);
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

static void run_pixel(const struct npu_cdp *cdp, const struct table *le, const struct table *lo,
		      const int32_t *v, uint32_t channels, int8_t *out)
{
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
		r = look_up(le, lo, x);
		if (cdp->multiply)
			r *= v[c];
		r = sdp_shift_round((r - cdp->out_offset) * cdp->out_scale, cdp->out_shift, 64);
		out[c] = (int8_t)(r > INT8_MAX ? INT8_MAX : r < INT8_MIN ? INT8_MIN : r);
	}
}

int ref_cdp_run(const struct npu_op *op, uint8_t *const regions[NPU_REGIONS])
{
	const struct npu_cdp *cdp = &op->cdp;
	const uint8_t *values = regions[cdp->lut_region] + cdp->lut_offset;
	const struct table le = { values, NPU_CDP_LE - 1, cdp->le_start, cdp->le_shift };
	const struct table lo = {
		values + 2 * NPU_CDP_LE, NPU_LUT_ENTRIES - 1, cdp->lo_start, cdp->lo_shift,
	};
	const uint32_t channels = op->in.channels, atom = op->in.atom;
	/* Channels that do not exist count as 0. */
	int32_t *v = calloc(channels + 8, sizeof(*v));
	int8_t *pixel = malloc(channels);
	uint32_t x, y, c;

	if (!v || !pixel) {
		free(v);
		free(pixel);
		return -ENOMEM;
	}
	for (y = 0; y < op->in.height; y++) {
		for (x = 0; x < op->in.width; x++) {
			const uint64_t in = op->in.offset + (uint64_t)y * op->in.line + x * atom;
			const uint64_t out = op->out.offset + (uint64_t)y * op->out.line + x * atom;

			for (c = 0; c < channels; c++) {
				const uint64_t at = (uint64_t)(c / atom) * op->in.surface +
						    c % atom;

				v[4 + c] = (int8_t)regions[op->in.region][in + at] - cdp->in_offset;
			}
			run_pixel(cdp, &le, &lo, v + 4, channels, pixel);
			for (c = 0; c < channels; c++)
				regions[op->out.region][out + c % atom + (uint64_t)(c / atom) *
							op->out.surface] = (uint8_t)pixel[c];
		}
	}
	free(v);
	free(pixel);
	return 0;
}
