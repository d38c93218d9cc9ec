// SPDX-License-Identifier: MIT
/*
 * Operations for each engine: SDP from memory to memory, with operands for
 * every stage that the configuration has.
 */
#include <string.h>

#include "engines.h"

/* Slots: source, operand of X1, of X2, of Y where it exists, output. */
static unsigned int stages(const struct nvdla_config *config)
{
	return config->features & NVDLA_FEAT_SDP_EW ? 3 : 2;
}

static unsigned int slots(const struct nvdla_config *config)
{
	return stages(config) + 2;
}

void sdp_cube_append(struct builder *b, unsigned int width, unsigned int height,
		     unsigned int channels)
{
	unsigned int line = width * b->config->atomic_m, surface = line * height;

	builder_reg(b, NVDLA_SDP_RDMA, SDP_RDMA_D_DATA_CUBE_WIDTH, width - 1);
	builder_reg(b, NVDLA_SDP_RDMA, SDP_RDMA_D_DATA_CUBE_HEIGHT, height - 1);
	builder_reg(b, NVDLA_SDP_RDMA, SDP_RDMA_D_DATA_CUBE_CHANNEL, channels - 1);
	builder_reg(b, NVDLA_SDP_RDMA, SDP_RDMA_D_SRC_LINE_STRIDE, line);
	builder_reg(b, NVDLA_SDP_RDMA, SDP_RDMA_D_SRC_SURFACE_STRIDE, surface);
	builder_reg(b, NVDLA_SDP, SDP_D_DATA_CUBE_WIDTH, width - 1);
	builder_reg(b, NVDLA_SDP, SDP_D_DATA_CUBE_HEIGHT, height - 1);
	builder_reg(b, NVDLA_SDP, SDP_D_DATA_CUBE_CHANNEL, channels - 1);
	builder_reg(b, NVDLA_SDP, SDP_D_DST_LINE_STRIDE, line);
	builder_reg(b, NVDLA_SDP, SDP_D_DST_SURFACE_STRIDE, surface);
	builder_reg(b, NVDLA_SDP, SDP_D_CVT_SCALE, 1);
}

/* The registers of the three stages lie in blocks of the same build. */
static const struct {
	__u32 cfg, alu_cfg, rdma_cfg, line, surface, address;
} blocks[] = {
	{ SDP_D_DP_BS_CFG, SDP_D_DP_BS_ALU_CFG, SDP_RDMA_D_BRDMA_CFG, SDP_RDMA_D_BS_LINE_STRIDE,
	  SDP_RDMA_D_BS_SURFACE_STRIDE, SDP_RDMA_D_BS_BASE_ADDR_LOW },
	{ SDP_D_DP_BN_CFG, SDP_D_DP_BN_ALU_CFG, SDP_RDMA_D_NRDMA_CFG, SDP_RDMA_D_BN_LINE_STRIDE,
	  SDP_RDMA_D_BN_SURFACE_STRIDE, SDP_RDMA_D_BN_BASE_ADDR_LOW },
	{ SDP_D_DP_EW_CFG, SDP_D_DP_EW_ALU_CFG, SDP_RDMA_D_ERDMA_CFG, SDP_RDMA_D_EW_LINE_STRIDE,
	  SDP_RDMA_D_EW_SURFACE_STRIDE, SDP_RDMA_D_EW_BASE_ADDR_LOW },
};

static void append(struct builder *b)
{
	unsigned int line = CUBE_WIDTH * b->config->atomic_m, i;

	builder_op(b, DRM_NVDLA_ENGINE_SDP);
	sdp_cube_append(b, CUBE_WIDTH, CUBE_HEIGHT, CUBE_CHANNELS);
	builder_reloc(b, NVDLA_SDP_RDMA, SDP_RDMA_D_SRC_BASE_ADDR_LOW, 0, 0);
	for (i = 0; i < 3; i++) {
		if (i >= stages(b->config)) {
			builder_reg(b, NVDLA_SDP, blocks[i].cfg, SDP_D_DP_EW_CFG_EW_BYPASS);
			builder_reg(b, NVDLA_SDP_RDMA, blocks[i].rdma_cfg,
				    SDP_RDMA_D_ERDMA_CFG_ERDMA_DISABLE);
			continue;
		}
		/* Add one byte from memory to every element; nothing else. */
		builder_reg(b, NVDLA_SDP, blocks[i].cfg,
			    FIELD_PREP(SDP_D_DP_BS_CFG_BS_ALU_ALGO,
				       SDP_D_DP_BS_CFG_BS_ALU_ALGO_SUM) |
			    SDP_D_DP_BS_CFG_BS_MUL_BYPASS | SDP_D_DP_BS_CFG_BS_RELU_BYPASS);
		builder_reg(b, NVDLA_SDP, blocks[i].alu_cfg,
			    SDP_D_DP_BS_ALU_CFG_BS_ALU_SRC |
			    (i == 2 ? SDP_D_DP_EW_ALU_CFG_EW_ALU_CVT_BYPASS : 0));
		builder_reg(b, NVDLA_SDP_RDMA, blocks[i].rdma_cfg,
			    FIELD_PREP(SDP_RDMA_D_BRDMA_CFG_BRDMA_DATA_USE,
				       SDP_RDMA_D_BRDMA_CFG_BRDMA_DATA_USE_ALU) |
			    SDP_RDMA_D_BRDMA_CFG_BRDMA_DATA_MODE);
		builder_reg(b, NVDLA_SDP_RDMA, blocks[i].line, line);
		builder_reg(b, NVDLA_SDP_RDMA, blocks[i].surface, line * CUBE_HEIGHT);
		builder_reloc(b, NVDLA_SDP_RDMA, blocks[i].address, 1 + i, 0);
	}
	builder_reloc(b, NVDLA_SDP, SDP_D_DST_BASE_ADDR_LOW, 1 + stages(b->config), 0);
}

static void prepare(const struct nvdla_config *config, uint32_t seed, void *const *maps)
{
	unsigned int i;

	for (i = 0; i < slots(config) - 1; i++)
		fill_random(maps[i], CUBE_BYTES, seed + i);
}

static size_t wrong(const struct nvdla_config *config, uint32_t seed, void *const *maps)
{
	int8_t inputs[4][CUBE_BYTES];
	const int8_t *got = maps[slots(config) - 1];
	size_t i, wrong = 0;
	unsigned int k;

	for (k = 0; k < slots(config) - 1; k++)
		fill_random(inputs[k], CUBE_BYTES, seed + k);
	for (i = 0; i < CUBE_BYTES; i++) {
		int sum = 0;

		for (k = 0; k < slots(config) - 1; k++)
			sum += inputs[k][i];
		sum = sum > INT8_MAX ? INT8_MAX : sum < INT8_MIN ? INT8_MIN : sum;
		wrong += got[i] != sum;
	}

	return wrong;
}

const struct engine_test sdp_engine_test = {
	.name = "SDP with operands from memory",
	.append = append,
	.slots = slots,
	.prepare = prepare,
	.wrong = wrong,
};
