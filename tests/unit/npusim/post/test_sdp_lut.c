// SPDX-License-Identifier: MIT
/*
 * Lookup tables of the single data processor, and their access port.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "rig.h"

/* What the registers say, in the manual's words. */
struct lut {
	int16_t le[65], lo[257];
	bool linear;
	unsigned int priority;		/* bit 0 underflow, 1 overflow, 2 hybrid: LO */
	int le_offset, le_select, lo_select;
	int32_t start[2], end[2];
	int16_t scale[2][2];		/* table, overflow */
	int shift[2][2];
};

struct found {
	bool below, above;
	unsigned int index;
	long double fraction;
};

static struct found linear(long double x, int32_t start, int select, unsigned int entries)
{
	struct found f = { .below = x <= start };
	long double at = f.below ? 0 : ldexpl(x - start, -select);

	f.above = !f.below && floorl(at) >= entries - 1;
	f.index = f.above ? entries - 1 : (unsigned int)floorl(at);
	/* 35 bits of fraction exist. */
	f.fraction = floorl(ldexpl(at - floorl(at), 35));
	return f;
}

static struct found exponential(long double x, int32_t start, int offset)
{
	struct found f = { 0 };
	int log2 = 0;

	if (x > start)
		log2 = (int)floorl(log2l(x - start));
	f.below = x <= start || log2 < offset;
	if (f.below)
		return f;
	f.above = log2 - offset >= 64;
	f.index = f.above ? 64 : (unsigned int)(log2 - offset);
	f.fraction = ldexpl(x - start - ldexpl(1, log2), 35 - log2);
	return f;
}

static long double look_up(const struct lut *lut, long double x)
{
	struct found f[2];
	unsigned int t;
	long double y, d;

	f[0] = lut->linear ? linear(x, lut->start[0], lut->le_select, 65) :
			     exponential(x, lut->start[0], lut->le_offset);
	f[1] = linear(x, lut->start[1], lut->lo_select, 257);
	if (f[0].below && f[1].below)
		t = lut->priority & 1;
	else if (f[0].above && f[1].above)
		t = lut->priority >> 1 & 1;
	else if ((f[0].below || f[0].above) == (f[1].below || f[1].above))
		t = lut->priority >> 2 & 1;
	else
		t = f[0].below || f[0].above;

	y = t ? lut->lo[f[t].index] : lut->le[f[t].index];
	if (!f[t].below && !f[t].above) {
		long double next = t ? lut->lo[f[t].index + 1] : lut->le[f[t].index + 1];

		return rig_round(y * (ldexpl(1, 35) - f[t].fraction) + next * f[t].fraction, 35);
	}
	if (f[t].below) {
		d = x - lut->start[t];
		if (!t && !lut->linear && lut->le_offset >= 0)
			d -= lut->le_offset < 32 ? ldexpl(1, lut->le_offset) : 0;
	} else {
		d = x - lut->end[t];
	}
	d *= lut->scale[t][f[t].above];
	if (lut->shift[t][f[t].above] < 0)
		d = ldexpl(d, -lut->shift[t][f[t].above]);
	else
		d = rig_round(d, (unsigned int)lut->shift[t][f[t].above]);

	return rig_clamp(y + rig_clamp(d, 32), 32);
}

static void random_lut(struct rig *rig, struct lut *lut)
{
	static const uint32_t start[2] = { SDP_S_LUT_LE_START, SDP_S_LUT_LO_START };
	static const uint32_t slope[2] = { SDP_S_LUT_LE_SLOPE_SCALE, SDP_S_LUT_LO_SLOPE_SCALE };
	unsigned int t;

	rig_load_luts(rig, NVDLA_SDP, lut->le, lut->lo);
	lut->linear = rig_random(rig, 2);
	lut->priority = rig_random(rig, 8);
	lut->le_offset = (int)rig_random(rig, 30) - 8;
	lut->le_select = (int)rig_random(rig, 26) - 4;
	lut->lo_select = (int)rig_random(rig, 24) - 4;
	rig_write(rig, NVDLA_SDP, SDP_S_LUT_CFG, lut->linear | lut->priority << 4);
	rig_write(rig, NVDLA_SDP, SDP_S_LUT_INFO, (uint8_t)lut->le_offset |
		  (uint32_t)(uint8_t)lut->le_select << 8 | (uint32_t)(uint8_t)lut->lo_select << 16);
	for (t = 0; t < 2; t++) {
		lut->start[t] = rig_random_signed(rig, 24);
		lut->end[t] = rig_random_signed(rig, 24);
		lut->scale[t][0] = (int16_t)rig_random_signed(rig, 16);
		lut->scale[t][1] = (int16_t)rig_random_signed(rig, 16);
		lut->shift[t][0] = (int)rig_random(rig, 32) - 16;
		lut->shift[t][1] = (int)rig_random(rig, 32) - 16;
		rig_write(rig, NVDLA_SDP, start[t], (uint32_t)lut->start[t]);
		rig_write(rig, NVDLA_SDP, start[t] + 4, (uint32_t)lut->end[t]);
		rig_write(rig, NVDLA_SDP, slope[t], (uint16_t)lut->scale[t][0] |
			  (uint32_t)(uint16_t)lut->scale[t][1] << 16);
		rig_write(rig, NVDLA_SDP, slope[t] + 4, (lut->shift[t][0] & 31) |
			  (uint32_t)(lut->shift[t][1] & 31) << 5);
	}
}

/* X1 multiplies, stage Y looks up; the converter takes the low or the high byte. */
static void one_operation(struct rig *rig, const struct lut *lut, unsigned int group)
{
	const unsigned int atom = rig->config->atomic_m;
	int16_t mul = (int16_t)rig_random_signed(rig, 16), add = (int16_t)rig_random_signed(rig, 16);
	unsigned int left = rig_random(rig, 12), shift = rig_random(rig, 2) * 8, c;
	struct rig_cube src, dst;

	rig->next = RIG_BASE;
	src = rig_cube(rig, 1, 1, 8 * atom, atom);
	dst = rig_cube(rig, 1, 1, 8 * atom, atom);
	src.surf = dst.surf = atom;
	rig_write(rig, NVDLA_SDP, SDP_S_POINTER, group);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_S_POINTER, group);
	rig_write(rig, NVDLA_SDP, SDP_D_DATA_FORMAT, 0);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_FEATURE_MODE_CFG, 0);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_DATA_CUBE_CHANNEL, 8 * atom - 1);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_SRC_BASE_ADDR_LOW, src.addr);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_SRC_DMA_CFG, 1);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_BRDMA_CFG, 1);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_NRDMA_CFG, 1);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_ERDMA_CFG, 1);
	rig_write(rig, NVDLA_SDP, SDP_D_DATA_CUBE_CHANNEL, 8 * atom - 1);
	rig_write(rig, NVDLA_SDP, SDP_D_DST_BASE_ADDR_LOW, dst.addr);
	rig_write(rig, NVDLA_SDP, SDP_D_DST_DMA_CFG, 1);
	/* X1 multiplies, X2 adds a shifted operand, neither has a ReLU. */
	rig_write(rig, NVDLA_SDP, SDP_D_DP_BS_CFG, 0x42);
	rig_write(rig, NVDLA_SDP, SDP_D_DP_BS_MUL_SRC_VALUE, (uint16_t)mul);
	rig_write(rig, NVDLA_SDP, SDP_D_DP_BN_CFG, 0x58);
	rig_write(rig, NVDLA_SDP, SDP_D_DP_BN_ALU_CFG, left << 8);
	rig_write(rig, NVDLA_SDP, SDP_D_DP_BN_ALU_SRC_VALUE, (uint16_t)add);
	rig_write(rig, NVDLA_SDP, SDP_D_DP_EW_CFG, 0x12);
	rig_write(rig, NVDLA_SDP, SDP_D_CVT_SCALE, 1);
	rig_write(rig, NVDLA_SDP, SDP_D_CVT_SHIFT, shift);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_OP_ENABLE, 1);
	rig_write(rig, NVDLA_SDP, SDP_D_OP_ENABLE, 1);
	rig_run(rig, 1u << group);

	for (c = 0; c < 8 * atom; c++) {
		long double x = (long double)rig_element(rig, &src, c, 0, 0) * mul +
				ldexpl(add, (int)left);
		int8_t want = (int8_t)rig_clamp(rig_round(look_up(lut, x), shift), 8);
		int8_t got = rig_element(rig, &dst, c, 0, 0);

		if (got != want)
			fail_msg("%s: x %Lf: %d, want %d", rig->config->name, x, got, want);
	}
}

static void tables(void **state)
{
	const struct nvdla_config *config;
	struct lut lut;
	unsigned int i;

	(void)state;
	for (config = nvdla_configs; config->name; config++) {
		struct rig *rig;

		if (!(config->features & NVDLA_FEAT_SDP_LUT))
			continue;
		rig = rig_new(config, 2);
		for (i = 0; i < 400; i++) {
			random_lut(rig, &lut);
			one_operation(rig, &lut, i & 1);
		}
		rig_free(rig);
	}
}

/* Writing and reading back with the address counting up; nothing beyond the end. */
static void access_port(void **state)
{
	const struct nvdla_config *config;
	int16_t le[65], lo[257];
	unsigned int i;

	(void)state;
	for (config = nvdla_configs; config->name; config++) {
		struct rig *rig = rig_new(config, 6);
		bool lut = config->features & NVDLA_FEAT_SDP_LUT;

		rig_load_luts(rig, NVDLA_SDP, le, lo);
		rig_write(rig, NVDLA_SDP, SDP_S_LUT_ACCESS_CFG, 60);
		for (i = 60; i < 67; i++)
			assert_int_equal(rig_read(rig, NVDLA_SDP, SDP_S_LUT_ACCESS_DATA),
					 lut && i < 65 ? (uint16_t)le[i] : 0);
		assert_int_equal(rig_read(rig, NVDLA_SDP, SDP_S_LUT_ACCESS_CFG), 60);
		rig_write(rig, NVDLA_SDP, SDP_S_LUT_ACCESS_CFG,
			  SDP_S_LUT_ACCESS_CFG_LUT_TABLE_ID | 250);
		/* The port is set up for reading: this only moves on. */
		rig_write(rig, NVDLA_SDP, SDP_S_LUT_ACCESS_DATA, 0x1234);
		for (i = 251; i < 259; i++)
			assert_int_equal(rig_read(rig, NVDLA_SDP, SDP_S_LUT_ACCESS_DATA),
					 lut && i < 257 ? (uint16_t)lo[i] : 0);
		rig_free(rig);
	}
}

int test_sdp_lut(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables),
		cmocka_unit_test(access_port),
	};

	return cmocka_run_group_tests_name("sdp_lut", tests, NULL, NULL);
}
