// SPDX-License-Identifier: MIT
/*
 * Operations for each engine: the lookup tables of SDP and CDP.
 */
#include <string.h>

#include "engines.h"

int8_t lut_value(uint32_t seed, int8_t x)
{
	int8_t table[256];

	fill_random(table, sizeof(table), seed);

	return table[x - INT8_MIN];
}

/*
 * Table LO has an entry for each of -128 to 128; table LE begins far above
 * what a byte can be. The first entry itself counts as underflow of both: with
 * slope 0 table LO then gives just that entry.
 */
static uint32_t append_table(struct builder *b, uint32_t engine, uint32_t seed)
{
	uint32_t lut = builder_lut(b, engine);
	int8_t table[256];
	unsigned int i;

	fill_random(table, sizeof(table), seed);
	for (i = 0; i < sizeof(table); i++)
		b->luts[lut].lo[i] = (uint16_t)(int16_t)table[i];

	return lut;
}

#define LE_START	1024
#define LE_END		(LE_START + 64)
#define LO_START	INT8_MIN
#define LO_END		(-INT8_MIN)

static void append_sdp_table(struct builder *b, uint32_t seed)
{
	uint32_t lut = append_table(b, DRM_NVDLA_ENGINE_SDP, seed);

	builder_lut_reg(b, NVDLA_SDP, SDP_S_LUT_CFG,
			SDP_S_LUT_CFG_LUT_LE_FUNCTION | SDP_S_LUT_CFG_LUT_UFLOW_PRIORITY);
	builder_lut_reg(b, NVDLA_SDP, SDP_S_LUT_LE_START, LE_START);
	builder_lut_reg(b, NVDLA_SDP, SDP_S_LUT_LE_END, LE_END);
	builder_lut_reg(b, NVDLA_SDP, SDP_S_LUT_LO_START, LO_START);
	builder_lut_reg(b, NVDLA_SDP, SDP_S_LUT_LO_END, LO_END);

	builder_op(b, DRM_NVDLA_ENGINE_SDP);
	b->ops[b->op_count - 1].lut = lut;
	sdp_cube_append(b, CUBE_WIDTH, CUBE_HEIGHT, CUBE_CHANNELS);
	builder_reg(b, NVDLA_SDP, SDP_D_DP_BS_CFG, SDP_D_DP_BS_CFG_BS_BYPASS);
	builder_reg(b, NVDLA_SDP, SDP_D_DP_BN_CFG, SDP_D_DP_BN_CFG_BN_BYPASS);
	builder_reg(b, NVDLA_SDP, SDP_D_DP_EW_CFG,
		    SDP_D_DP_EW_CFG_EW_ALU_BYPASS | SDP_D_DP_EW_CFG_EW_MUL_BYPASS);
	builder_reg(b, NVDLA_SDP_RDMA, SDP_RDMA_D_BRDMA_CFG,
		    SDP_RDMA_D_BRDMA_CFG_BRDMA_DISABLE);
	builder_reg(b, NVDLA_SDP_RDMA, SDP_RDMA_D_NRDMA_CFG,
		    SDP_RDMA_D_NRDMA_CFG_NRDMA_DISABLE);
	builder_reg(b, NVDLA_SDP_RDMA, SDP_RDMA_D_ERDMA_CFG,
		    SDP_RDMA_D_ERDMA_CFG_ERDMA_DISABLE);
	builder_reloc(b, NVDLA_SDP_RDMA, SDP_RDMA_D_SRC_BASE_ADDR_LOW, 0, 0);
	builder_reloc(b, NVDLA_SDP, SDP_D_DST_BASE_ADDR_LOW, 1, 0);
}

/* With both bypasses CDP delivers what it found in the table. */
static void append_cdp_table(struct builder *b, uint32_t seed)
{
	unsigned int line = CUBE_WIDTH * b->config->atomic_m, surface = line * CUBE_HEIGHT;
	uint32_t lut = append_table(b, DRM_NVDLA_ENGINE_CDP, seed);

	builder_lut_reg(b, NVDLA_CDP, CDP_S_LUT_CFG,
			CDP_S_LUT_CFG_LUT_LE_FUNCTION | CDP_S_LUT_CFG_LUT_UFLOW_PRIORITY);
	builder_lut_reg(b, NVDLA_CDP, CDP_S_LUT_LE_START_LOW, LE_START);
	builder_lut_reg(b, NVDLA_CDP, CDP_S_LUT_LE_END_LOW, LE_END);
	builder_lut_reg(b, NVDLA_CDP, CDP_S_LUT_LO_START_LOW, LO_START);
	builder_lut_reg(b, NVDLA_CDP, CDP_S_LUT_LO_START_HIGH,
			CDP_S_LUT_LO_START_HIGH_LUT_LO_START_HIGH);
	builder_lut_reg(b, NVDLA_CDP, CDP_S_LUT_LO_END_LOW, LO_END);

	builder_op(b, DRM_NVDLA_ENGINE_CDP);
	b->ops[b->op_count - 1].lut = lut;
	builder_reg(b, NVDLA_CDP_RDMA, CDP_RDMA_D_DATA_CUBE_WIDTH, CUBE_WIDTH - 1);
	builder_reg(b, NVDLA_CDP_RDMA, CDP_RDMA_D_DATA_CUBE_HEIGHT, CUBE_HEIGHT - 1);
	builder_reg(b, NVDLA_CDP_RDMA, CDP_RDMA_D_DATA_CUBE_CHANNEL, CUBE_CHANNELS - 1);
	builder_reg(b, NVDLA_CDP_RDMA, CDP_RDMA_D_SRC_LINE_STRIDE, line);
	builder_reg(b, NVDLA_CDP_RDMA, CDP_RDMA_D_SRC_SURFACE_STRIDE, surface);
	builder_reg(b, NVDLA_CDP, CDP_D_DST_LINE_STRIDE, line);
	builder_reg(b, NVDLA_CDP, CDP_D_DST_SURFACE_STRIDE, surface);
	builder_reg(b, NVDLA_CDP, CDP_D_FUNC_BYPASS,
		    CDP_D_FUNC_BYPASS_SQSUM_BYPASS | CDP_D_FUNC_BYPASS_MUL_BYPASS);
	builder_reg(b, NVDLA_CDP, CDP_D_DATIN_SCALE, 1);
	builder_reg(b, NVDLA_CDP, CDP_D_DATOUT_SCALE, 1);
	builder_reloc(b, NVDLA_CDP_RDMA, CDP_RDMA_D_SRC_BASE_ADDR_LOW, 0, 0);
	builder_reloc(b, NVDLA_CDP, CDP_D_DST_BASE_ADDR_LOW, 1, 0);
}

void lut_append(struct builder *b, uint32_t engine, uint32_t seed)
{
	if (engine == DRM_NVDLA_ENGINE_SDP)
		append_sdp_table(b, seed);
	else
		append_cdp_table(b, seed);
}

#define TABLE_SEED	99

static void sdp_lut_append(struct builder *b)
{
	lut_append(b, DRM_NVDLA_ENGINE_SDP, TABLE_SEED);
}

static void cdp_append(struct builder *b)
{
	lut_append(b, DRM_NVDLA_ENGINE_CDP, TABLE_SEED);
}

static unsigned int lut_slots(const struct nvdla_config *config)
{
	(void)config;

	return 2;
}

static void lut_prepare(const struct nvdla_config *config, uint32_t seed, void *const *maps)
{
	(void)config;
	fill_random(maps[0], CUBE_BYTES, seed);
}

static size_t lut_wrong(const struct nvdla_config *config, uint32_t seed, void *const *maps)
{
	int8_t in[CUBE_BYTES], table[256];
	const int8_t *got = maps[1];
	size_t i, wrong = 0;

	(void)config;
	fill_random(in, CUBE_BYTES, seed);
	fill_random(table, sizeof(table), TABLE_SEED);
	for (i = 0; i < CUBE_BYTES; i++)
		wrong += got[i] != table[in[i] - INT8_MIN];

	return wrong;
}

const struct engine_test sdp_lut_engine_test = {
	.name = "SDP lookup table",
	.features = NVDLA_FEAT_SDP_LUT,
	.append = sdp_lut_append,
	.slots = lut_slots,
	.prepare = lut_prepare,
	.wrong = lut_wrong,
};

const struct engine_test cdp_engine_test = {
	.name = "CDP lookup table",
	.append = cdp_append,
	.slots = lut_slots,
	.prepare = lut_prepare,
	.wrong = lut_wrong,
};
