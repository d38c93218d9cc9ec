// SPDX-License-Identifier: MIT
/*
 * Channel data processor: local response normalisation.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "rig.h"

struct lrn {
	int16_t le[65], lo[257];
	bool linear, square, multiply;
	bool wide;			/* INT16 */
	unsigned int channels;
	unsigned int priority, reach;
	int le_offset, le_select, lo_select;
	long long start[2], end[2];
	int16_t scale[2][2];
	int shift[2][2];
	int in_offset, out_offset;
	int16_t in_scale, out_scale;
	unsigned int in_shift, out_shift;
};

struct found {
	bool below, above;
	unsigned int index;
	long double fraction;		/* of 2^16 */
};

static struct found linear(long double x, long long start, int select, unsigned int entries)
{
	struct found f = { .below = x <= start };
	long double at = f.below ? 0 : ldexpl(x - start, -select);

	f.above = !f.below && floorl(at) >= entries - 1;
	f.index = f.above ? entries - 1 : (unsigned int)floorl(at);
	f.fraction = floorl(ldexpl(at - floorl(at), 16));
	return f;
}

static struct found exponential(long double x, long long start, int offset)
{
	struct found f = { .below = true };
	int log2;

	if (x <= start)
		return f;
	log2 = (int)floorl(log2l(x - start));
	f.below = log2 < offset;
	if (f.below)
		return f;
	f.above = log2 - offset >= 64;
	f.index = f.above ? 64 : (unsigned int)(log2 - offset);
	f.fraction = floorl(ldexpl(x - start - ldexpl(1, log2), 16 - log2));
	return f;
}

static long double look_up(const struct lrn *l, long double x)
{
	struct found f[2];
	unsigned int t;
	long double y, d;

	f[0] = l->linear ? linear(x, l->start[0], l->le_select, 65) :
			   exponential(x, l->start[0], l->le_offset);
	f[1] = linear(x, l->start[1], l->lo_select, 257);
	if (f[0].below && f[1].below)
		t = l->priority & 1;
	else if (f[0].above && f[1].above)
		t = l->priority >> 1 & 1;
	else if ((f[0].below || f[0].above) == (f[1].below || f[1].above))
		t = l->priority >> 2 & 1;
	else
		t = f[0].below || f[0].above;

	y = t ? l->lo[f[t].index] : l->le[f[t].index];
	if (!f[t].below && !f[t].above) {
		d = (t ? l->lo[f[t].index + 1] : l->le[f[t].index + 1]) - y;
		return rig_clamp(y + rig_round(d * f[t].fraction, 16), 16);
	}
	if (f[t].below) {
		d = x - l->start[t];
		if (!t && !l->linear && l->le_offset >= 0)
			d -= ldexpl(1, l->le_offset);
	} else {
		d = x - l->end[t];
	}
	d *= l->scale[t][f[t].above];
	if (l->shift[t][f[t].above] < 0)
		d = ldexpl(d, -l->shift[t][f[t].above]);
	else
		d = rig_round(d, (unsigned int)l->shift[t][f[t].above]);

	return rig_clamp(y + d, 16);
}

/* Converted input of a channel; outside of the cube 0. */
static long double input(const struct rig *rig, const struct rig_cube *src, const struct lrn *l,
			 int c, unsigned int y, unsigned int x)
{
	int e;

	if (c < 0 || c >= (int)l->channels)
		return 0;
	e = l->wide ? rig_element16(rig, src, (unsigned int)c, y, x) :
		      rig_element(rig, src, (unsigned int)c, y, x);

	return rig_clamp(rig_round((long double)(e - l->in_offset) * l->in_scale, l->in_shift),
			 l->wide ? 17 : 9);
}

static int normalise(const struct rig *rig, const struct rig_cube *src, const struct lrn *l,
			unsigned int c, unsigned int y, unsigned int x)
{
	long double v = input(rig, src, l, (int)c, y, x), sum = v, r;
	int i;

	if (l->square) {
		sum = 0;
		for (i = (int)c - (int)l->reach; i <= (int)(c + l->reach); i++) {
			r = input(rig, src, l, i, y, x);
			sum += r * r;
		}
	}
	r = look_up(l, sum);
	if (l->multiply)
		r *= v;

	return (int)rig_clamp(rig_round((r - l->out_offset) * l->out_scale, l->out_shift),
			      l->wide ? 16 : 8);
}

static void program(struct rig *rig, struct lrn *l)
{
	static const uint32_t start[2] = { CDP_S_LUT_LE_START_LOW, CDP_S_LUT_LO_START_LOW };
	static const uint32_t slope[2] = { CDP_S_LUT_LE_SLOPE_SCALE, CDP_S_LUT_LO_SLOPE_SCALE };
	unsigned int t;

	rig_load_luts(rig, NVDLA_CDP, l->le, l->lo);
	l->linear = rig_random(rig, 2);
	l->priority = rig_random(rig, 8);
	l->square = rig_random(rig, 4);
	l->multiply = rig_random(rig, 4);
	l->reach = 1 + rig_random(rig, 4);
	l->le_offset = (int)rig_random(rig, 24) - 6;
	l->le_select = (int)rig_random(rig, 20) - 4;
	l->lo_select = (int)rig_random(rig, 18) - 4;
	rig_write(rig, NVDLA_CDP, CDP_S_LUT_CFG, l->linear | l->priority << 4);
	rig_write(rig, NVDLA_CDP, CDP_S_LUT_INFO, (uint8_t)l->le_offset |
		  (uint32_t)(uint8_t)l->le_select << 8 | (uint32_t)(uint8_t)l->lo_select << 16);
	for (t = 0; t < 2; t++) {
		l->start[t] = (long long)rig_random_signed(rig, 18) * (l->wide ? 1 << 18 : 1);
		l->end[t] = (long long)rig_random_signed(rig, 32) * (1 << rig_random(rig, 6));
		l->scale[t][0] = (int16_t)rig_random_signed(rig, 16);
		l->scale[t][1] = (int16_t)rig_random_signed(rig, 16);
		l->shift[t][0] = (int)rig_random(rig, 32) - 16;
		l->shift[t][1] = (int)rig_random(rig, 32) - 16;
		rig_write(rig, NVDLA_CDP, start[t], (uint32_t)l->start[t]);
		rig_write(rig, NVDLA_CDP, start[t] + 4, (uint32_t)(l->start[t] >> 32) & 0x3f);
		rig_write(rig, NVDLA_CDP, start[t] + 8, (uint32_t)l->end[t]);
		rig_write(rig, NVDLA_CDP, start[t] + 12, (uint32_t)(l->end[t] >> 32) & 0x3f);
		rig_write(rig, NVDLA_CDP, slope[t], (uint16_t)l->scale[t][0] |
			  (uint32_t)(uint16_t)l->scale[t][1] << 16);
		rig_write(rig, NVDLA_CDP, slope[t] + 4, (l->shift[t][0] & 31) |
			  (uint32_t)(l->shift[t][1] & 31) << 5);
	}
	l->in_offset = rig_random_signed(rig, l->wide ? 16 : 8);
	l->in_scale = (int16_t)rig_random_signed(rig, rig_random(rig, 2) ? 3 : 16);
	l->in_shift = rig_random(rig, rig_random(rig, 2) ? 4 : 32);
	l->out_offset = rig_random_signed(rig, l->wide ? 32 : 25);
	l->out_scale = (int16_t)rig_random_signed(rig, rig_random(rig, 2) ? 3 : 16);
	l->out_shift = rig_random(rig, rig_random(rig, 2) ? 20 : 64);
	rig_write(rig, NVDLA_CDP, CDP_D_FUNC_BYPASS, (!l->square) | (!l->multiply) << 1);
	rig_write(rig, NVDLA_CDP, CDP_D_LRN_CFG, l->reach - 1);
	rig_write(rig, NVDLA_CDP, CDP_D_DATIN_OFFSET, (uint16_t)l->in_offset);
	rig_write(rig, NVDLA_CDP, CDP_D_DATIN_SCALE, (uint16_t)l->in_scale);
	rig_write(rig, NVDLA_CDP, CDP_D_DATIN_SHIFTER, l->in_shift);
	rig_write(rig, NVDLA_CDP, CDP_D_DATOUT_OFFSET, (uint32_t)l->out_offset);
	rig_write(rig, NVDLA_CDP, CDP_D_DATOUT_SCALE, (uint16_t)l->out_scale);
	rig_write(rig, NVDLA_CDP, CDP_D_DATOUT_SHIFTER, l->out_shift);
}

static void one_operation(struct rig *rig, unsigned int group)
{
	const bool wide = rig->config->features & NVDLA_FEAT_INT16 && rig_random(rig, 2);
	const unsigned int atom = rig->config->atomic_m >> wide;
	unsigned int w = 1 + rig_random(rig, 9), h = 1 + rig_random(rig, 4);
	unsigned int ch = 1 + rig_random(rig, 3 * atom), c, y, x, events;
	struct rig_cube src, dst;
	struct lrn l = { .wide = wide, .channels = ch };

	rig->next = RIG_BASE;
	src = rig_cube(rig, w, h, ch << wide, rig->config->atomic_m);
	dst = rig_cube(rig, w, h, ch << wide, rig->config->atomic_m);
	rig_write(rig, NVDLA_CDP, CDP_S_POINTER, group);
	rig_write(rig, NVDLA_CDP_RDMA, CDP_RDMA_S_POINTER, group);
	program(rig, &l);
	rig_start_cdp(rig, &src, &dst, ch, wide);
	rig_run(rig, 4u << group);

	for (c = 0; c < ch; c++) {
		for (y = 0; y < h; y++) {
			for (x = 0; x < w; x++) {
				int want = normalise(rig, &src, &l, c, y, x);
				int got = wide ? rig_element16(rig, &dst, c, y, x) :
						 rig_element(rig, &dst, c, y, x);

				if (got != want)
					fail_msg("%s: c %u y %u x %u: %d, want %d",
						 rig->config->name, c, y, x, got, want);
			}
		}
	}
	/* Every element of whole atoms is counted in exactly one counter. */
	events = rig_read(rig, NVDLA_CDP, CDP_D_PERF_LUT_UFLOW) +
		 rig_read(rig, NVDLA_CDP, CDP_D_PERF_LUT_OFLOW) +
		 rig_read(rig, NVDLA_CDP, CDP_D_PERF_LUT_HYBRID) +
		 rig_read(rig, NVDLA_CDP, CDP_D_PERF_LUT_LE_HIT) +
		 rig_read(rig, NVDLA_CDP, CDP_D_PERF_LUT_LO_HIT);
	assert_int_equal(events, w * h * ((ch - 1) / atom + 1) * atom);
}

static void normalisation(void **state)
{
	const struct nvdla_config *config;
	unsigned int i;

	(void)state;
	for (config = nvdla_configs; config->name; config++) {
		struct rig *rig = rig_new(config, 21);

		for (i = 0; i < 150; i++)
			one_operation(rig, i & 1);
		rig_free(rig);
	}
}

/* The port stays at the last entry; reads set up beyond it give the first. */
static void access_port(void **state)
{
	struct rig *rig = rig_new(&nvdla_configs[0], 22);
	int16_t le[65], lo[257];
	unsigned int i;

	(void)state;
	rig_load_luts(rig, NVDLA_CDP, le, lo);
	rig_write(rig, NVDLA_CDP, CDP_S_LUT_ACCESS_CFG, 0);
	for (i = 0; i < 70; i++) {
		assert_int_equal(rig_read(rig, NVDLA_CDP, CDP_S_LUT_ACCESS_CFG), i < 65 ? i : 64);
		assert_int_equal(rig_read(rig, NVDLA_CDP, CDP_S_LUT_ACCESS_DATA),
				 (uint16_t)le[i < 65 ? i : 64]);
	}
	rig_write(rig, NVDLA_CDP, CDP_S_LUT_ACCESS_CFG, CDP_S_LUT_ACCESS_CFG_LUT_TABLE_ID);
	for (i = 0; i < 260; i++)
		assert_int_equal(rig_read(rig, NVDLA_CDP, CDP_S_LUT_ACCESS_DATA),
				 (uint16_t)lo[i < 257 ? i : 256]);
	rig_write(rig, NVDLA_CDP, CDP_S_LUT_ACCESS_CFG, 100);
	assert_int_equal(rig_read(rig, NVDLA_CDP, CDP_S_LUT_ACCESS_DATA), (uint16_t)le[0]);
	rig_free(rig);
}

int test_cdp(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(normalisation),
		cmocka_unit_test(access_port),
	};

	return cmocka_run_group_tests_name("cdp", tests, NULL, NULL);
}
