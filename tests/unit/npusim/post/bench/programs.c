// SPDX-License-Identifier: MIT
#include <stddef.h>

#include "programs.h"

#define SRC	0x80000000u
#define DST	0x81000000u
#define OPERAND	0x82000000u

static void sdp(const struct program *p, unsigned int atom, program_write *w, void *ctx)
{
	uint32_t line = p->width * atom, surf = line * p->height;

	w(ctx, NVDLA_SDP_RDMA, SDP_RDMA_D_FEATURE_MODE_CFG, 0);
	w(ctx, NVDLA_SDP_RDMA, SDP_RDMA_D_DATA_CUBE_WIDTH, p->width - 1);
	w(ctx, NVDLA_SDP_RDMA, SDP_RDMA_D_DATA_CUBE_HEIGHT, p->height - 1);
	w(ctx, NVDLA_SDP_RDMA, SDP_RDMA_D_DATA_CUBE_CHANNEL, p->channels - 1);
	w(ctx, NVDLA_SDP_RDMA, SDP_RDMA_D_SRC_BASE_ADDR_LOW, SRC);
	w(ctx, NVDLA_SDP_RDMA, SDP_RDMA_D_SRC_LINE_STRIDE, line);
	w(ctx, NVDLA_SDP_RDMA, SDP_RDMA_D_SRC_SURFACE_STRIDE, surf);
	w(ctx, NVDLA_SDP_RDMA, SDP_RDMA_D_SRC_DMA_CFG, 1);
	/* X1: bias and multiplier per channel, two bytes each, and ReLU. */
	w(ctx, NVDLA_SDP_RDMA, SDP_RDMA_D_BRDMA_CFG, p->kind == SDP_PASS ? 1 : 2 << 1 | 1 << 3 | 1 << 5);
	w(ctx, NVDLA_SDP_RDMA, SDP_RDMA_D_BS_BASE_ADDR_LOW, OPERAND);
	w(ctx, NVDLA_SDP_RDMA, SDP_RDMA_D_NRDMA_CFG, 1);
	/* X2: a second cube is added, one byte per element. */
	if (p->kind == SDP_ADD) {
		w(ctx, NVDLA_SDP_RDMA, SDP_RDMA_D_NRDMA_CFG, 1 << 1 | 1 << 4 | 1 << 5);
		w(ctx, NVDLA_SDP_RDMA, SDP_RDMA_D_BN_BASE_ADDR_LOW, OPERAND + 0x10000);
		w(ctx, NVDLA_SDP_RDMA, SDP_RDMA_D_BN_LINE_STRIDE, line);
		w(ctx, NVDLA_SDP_RDMA, SDP_RDMA_D_BN_SURFACE_STRIDE, surf);
	}
	w(ctx, NVDLA_SDP_RDMA, SDP_RDMA_D_ERDMA_CFG, 1);
	w(ctx, NVDLA_SDP, SDP_D_DATA_FORMAT, 0);
	w(ctx, NVDLA_SDP, SDP_D_DATA_CUBE_WIDTH, p->width - 1);
	w(ctx, NVDLA_SDP, SDP_D_DATA_CUBE_HEIGHT, p->height - 1);
	w(ctx, NVDLA_SDP, SDP_D_DATA_CUBE_CHANNEL, p->channels - 1);
	w(ctx, NVDLA_SDP, SDP_D_DST_BASE_ADDR_LOW, DST);
	w(ctx, NVDLA_SDP, SDP_D_DST_LINE_STRIDE, line);
	w(ctx, NVDLA_SDP, SDP_D_DST_SURFACE_STRIDE, surf);
	w(ctx, NVDLA_SDP, SDP_D_DST_DMA_CFG, 1);
	w(ctx, NVDLA_SDP, SDP_D_DP_BS_CFG, p->kind == SDP_PASS ? 1 : 2 << 2);
	w(ctx, NVDLA_SDP, SDP_D_DP_BS_ALU_CFG, 1);
	w(ctx, NVDLA_SDP, SDP_D_DP_BS_MUL_CFG, 1 | 14 << 8);
	w(ctx, NVDLA_SDP, SDP_D_DP_BN_CFG, p->kind == SDP_ADD ? 2 << 2 | 0x50 : 1);
	w(ctx, NVDLA_SDP, SDP_D_DP_BN_ALU_CFG, 1);
	w(ctx, NVDLA_SDP, SDP_D_DP_EW_CFG, p->kind == SDP_TABLE ? 0x12 : 1);
	w(ctx, NVDLA_SDP, SDP_S_LUT_CFG, 1);
	w(ctx, NVDLA_SDP, SDP_S_LUT_INFO, 0x0100);
	w(ctx, NVDLA_SDP, SDP_S_LUT_LE_START, (uint32_t)-64);
	w(ctx, NVDLA_SDP, SDP_S_LUT_LO_START, (uint32_t)-128);
	w(ctx, NVDLA_SDP, SDP_D_CVT_SCALE, 1);
	w(ctx, NVDLA_SDP_RDMA, SDP_RDMA_D_OP_ENABLE, 1);
	w(ctx, NVDLA_SDP, SDP_D_OP_ENABLE, 1);
}

static void pdp(const struct program *p, unsigned int atom, program_write *w, void *ctx)
{
	unsigned int size = p->kind == PDP_MAX ? 3 : 2, pad = size - 2;
	unsigned int ow = (p->width + 2 * pad - size) / 2 + 1;
	unsigned int oh = (p->height + 2 * pad - size) / 2 + 1;

	w(ctx, NVDLA_PDP_RDMA, PDP_RDMA_D_DATA_CUBE_IN_WIDTH, p->width - 1);
	w(ctx, NVDLA_PDP_RDMA, PDP_RDMA_D_DATA_CUBE_IN_HEIGHT, p->height - 1);
	w(ctx, NVDLA_PDP_RDMA, PDP_RDMA_D_DATA_CUBE_IN_CHANNEL, p->channels - 1);
	w(ctx, NVDLA_PDP_RDMA, PDP_RDMA_D_FLYING_MODE, 1);
	w(ctx, NVDLA_PDP_RDMA, PDP_RDMA_D_DATA_FORMAT, 0);
	w(ctx, NVDLA_PDP_RDMA, PDP_RDMA_D_SRC_BASE_ADDR_LOW, SRC);
	w(ctx, NVDLA_PDP_RDMA, PDP_RDMA_D_SRC_LINE_STRIDE, p->width * atom);
	w(ctx, NVDLA_PDP_RDMA, PDP_RDMA_D_SRC_SURFACE_STRIDE, p->width * atom * p->height);
	w(ctx, NVDLA_PDP_RDMA, PDP_RDMA_D_SRC_RAM_CFG, 1);
	w(ctx, NVDLA_PDP_RDMA, PDP_RDMA_D_POOLING_KERNEL_CFG, (size - 1) | 1 << 4);
	w(ctx, NVDLA_PDP, PDP_D_DATA_CUBE_IN_WIDTH, p->width - 1);
	w(ctx, NVDLA_PDP, PDP_D_DATA_CUBE_IN_HEIGHT, p->height - 1);
	w(ctx, NVDLA_PDP, PDP_D_DATA_CUBE_IN_CHANNEL, p->channels - 1);
	w(ctx, NVDLA_PDP, PDP_D_DATA_CUBE_OUT_WIDTH, ow - 1);
	w(ctx, NVDLA_PDP, PDP_D_DATA_CUBE_OUT_HEIGHT, oh - 1);
	w(ctx, NVDLA_PDP, PDP_D_DATA_CUBE_OUT_CHANNEL, p->channels - 1);
	w(ctx, NVDLA_PDP, PDP_D_OPERATION_MODE_CFG, (p->kind == PDP_MAX) | 1 << 4);
	w(ctx, NVDLA_PDP, PDP_D_POOLING_KERNEL_CFG,
	  (size - 1) | (size - 1) << 8 | 1 << 16 | 1 << 20);
	w(ctx, NVDLA_PDP, PDP_D_POOLING_PADDING_CFG, pad | pad << 4 | pad << 8 | pad << 12);
	w(ctx, NVDLA_PDP, PDP_D_RECIP_KERNEL_WIDTH, 65536 / size);
	w(ctx, NVDLA_PDP, PDP_D_RECIP_KERNEL_HEIGHT, 65536 / size);
	w(ctx, NVDLA_PDP, PDP_D_DATA_FORMAT, 0);
	w(ctx, NVDLA_PDP, PDP_D_DST_BASE_ADDR_LOW, DST);
	w(ctx, NVDLA_PDP, PDP_D_DST_LINE_STRIDE, ow * atom);
	w(ctx, NVDLA_PDP, PDP_D_DST_SURFACE_STRIDE, ow * atom * oh);
	w(ctx, NVDLA_PDP, PDP_D_DST_RAM_CFG, 1);
	w(ctx, NVDLA_PDP_RDMA, PDP_RDMA_D_OP_ENABLE, 1);
	w(ctx, NVDLA_PDP, PDP_D_OP_ENABLE, 1);
}

static void cdp(const struct program *p, unsigned int atom, program_write *w, void *ctx)
{
	uint32_t line = p->width * atom, surf = line * p->height;

	w(ctx, NVDLA_CDP, CDP_S_LUT_CFG, 1);
	w(ctx, NVDLA_CDP, CDP_S_LUT_INFO, 10 << 8 | 8 << 16);
	w(ctx, NVDLA_CDP_RDMA, CDP_RDMA_D_DATA_CUBE_WIDTH, p->width - 1);
	w(ctx, NVDLA_CDP_RDMA, CDP_RDMA_D_DATA_CUBE_HEIGHT, p->height - 1);
	w(ctx, NVDLA_CDP_RDMA, CDP_RDMA_D_DATA_CUBE_CHANNEL, p->channels - 1);
	w(ctx, NVDLA_CDP_RDMA, CDP_RDMA_D_SRC_BASE_ADDR_LOW, SRC);
	w(ctx, NVDLA_CDP_RDMA, CDP_RDMA_D_SRC_LINE_STRIDE, line);
	w(ctx, NVDLA_CDP_RDMA, CDP_RDMA_D_SRC_SURFACE_STRIDE, surf);
	w(ctx, NVDLA_CDP_RDMA, CDP_RDMA_D_SRC_DMA_CFG, 1);
	w(ctx, NVDLA_CDP_RDMA, CDP_RDMA_D_DATA_FORMAT, 0);
	w(ctx, NVDLA_CDP, CDP_D_DST_BASE_ADDR_LOW, DST);
	w(ctx, NVDLA_CDP, CDP_D_DST_LINE_STRIDE, line);
	w(ctx, NVDLA_CDP, CDP_D_DST_SURFACE_STRIDE, surf);
	w(ctx, NVDLA_CDP, CDP_D_DST_DMA_CFG, 1);
	w(ctx, NVDLA_CDP, CDP_D_DATA_FORMAT, 0);
	w(ctx, NVDLA_CDP, CDP_D_LRN_CFG, 1);
	w(ctx, NVDLA_CDP, CDP_D_DATIN_SCALE, 1);
	w(ctx, NVDLA_CDP, CDP_D_DATOUT_SCALE, 1);
	w(ctx, NVDLA_CDP, CDP_D_DATOUT_SHIFTER, 14);
	w(ctx, NVDLA_CDP_RDMA, CDP_RDMA_D_OP_ENABLE, 1);
	w(ctx, NVDLA_CDP, CDP_D_OP_ENABLE, 1);
}

uint32_t program_write_all(const struct program *p, unsigned int atom, program_write *w, void *ctx)
{
	if (p->kind <= SDP_TABLE) {
		sdp(p, atom, w, ctx);
		return 1;
	}
	if (p->kind <= PDP_MAX) {
		pdp(p, atom, w, ctx);
		return 0x10;
	}
	cdp(p, atom, w, ctx);
	return 4;
}
