// SPDX-License-Identifier: MIT
/*
 * Register values of CDP, its read DMA and its lookup tables.
 */
#include <errno.h>
#include <string.h>

#include "npu_code.h"

static int32_t emit_tables(struct npu_code *code, const struct nvdla_config *config,
			   const struct npu_cdp *cdp, const uint8_t *consts)
{
	const uint32_t base = config->base[NVDLA_CDP];
	/* What is 0 is not listed; the high parts have 6 bits. */
	const struct drm_nvdla_reg regs[] = {
		{ base + CDP_S_LUT_CFG,
		  CDP_S_LUT_CFG_LUT_LE_FUNCTION | CDP_S_LUT_CFG_LUT_UFLOW_PRIORITY },
		{ base + CDP_S_LUT_INFO,
		  FIELD_PREP(CDP_S_LUT_INFO_LUT_LE_INDEX_SELECT, cdp->le_shift) |
		  FIELD_PREP(CDP_S_LUT_INFO_LUT_LO_INDEX_SELECT, cdp->lo_shift) },
		{ base + CDP_S_LUT_LE_START_LOW, cdp->le_start },
		{ base + CDP_S_LUT_LE_START_HIGH, cdp->le_start < 0 ? 0x3f : 0 },
		{ base + CDP_S_LUT_LE_END_LOW,
		  (uint32_t)cdp->le_start + (UINT32_C(64) << cdp->le_shift) },
		{ base + CDP_S_LUT_LO_START_LOW, cdp->lo_start },
		{ base + CDP_S_LUT_LO_START_HIGH, cdp->lo_start < 0 ? 0x3f : 0 },
		{ base + CDP_S_LUT_LO_END_LOW,
		  (uint32_t)cdp->lo_start + (UINT32_C(256) << cdp->lo_shift) },
	};
	struct drm_nvdla_lut lut = {
		.engine = DRM_NVDLA_ENGINE_CDP, .reg_count = sizeof(regs) / sizeof(regs[0]),
	};

	memcpy(lut.le, consts + cdp->lut_offset, sizeof(lut.le));
	memcpy(lut.lo, consts + cdp->lut_offset + sizeof(lut.le), sizeof(lut.lo));
	return npu_code_table(code, &lut, regs);
}

void npu_emit_cdp(struct npu_code *code, const struct nvdla_config *config,
		  const struct npu_op *op, uint32_t index, const uint8_t *consts)
{
	const uint32_t base = config->base[NVDLA_CDP], rdma = config->base[NVDLA_CDP_RDMA];
	const struct npu_cdp *cdp = &op->cdp;
	int32_t lut = emit_tables(code, config, cdp, consts);

	npu_code_begin(code, DRM_NVDLA_ENGINE_CDP, index);
	if (code->error)
		return;
	code->ops[code->op_count - 1].lut = lut;
	npu_code_reg(code, rdma, CDP_RDMA_D_DATA_CUBE_WIDTH, op->in.width - 1);
	npu_code_reg(code, rdma, CDP_RDMA_D_DATA_CUBE_HEIGHT, op->in.height - 1);
	npu_code_reg(code, rdma, CDP_RDMA_D_DATA_CUBE_CHANNEL, op->in.channels - 1);
	npu_code_reloc(code, rdma, CDP_RDMA_D_SRC_BASE_ADDR_LOW, op->in.region, op->in.offset);
	npu_code_reg(code, rdma, CDP_RDMA_D_SRC_LINE_STRIDE, op->in.line);
	npu_code_reg(code, rdma, CDP_RDMA_D_SRC_SURFACE_STRIDE, op->in.surface);

	npu_code_reloc(code, base, CDP_D_DST_BASE_ADDR_LOW, op->out.region, op->out.offset);
	npu_code_reg(code, base, CDP_D_DST_LINE_STRIDE, op->out.line);
	npu_code_reg(code, base, CDP_D_DST_SURFACE_STRIDE, op->out.surface);
	npu_code_reg(code, base, CDP_D_FUNC_BYPASS,
		     FIELD_PREP(CDP_D_FUNC_BYPASS_SQSUM_BYPASS, !cdp->reach) |
		     FIELD_PREP(CDP_D_FUNC_BYPASS_MUL_BYPASS, !cdp->multiply));
	npu_code_reg(code, base, CDP_D_LRN_CFG, cdp->reach ? cdp->reach - 1 : 0);
	npu_code_reg(code, base, CDP_D_DATIN_OFFSET, (uint16_t)cdp->in_offset);
	npu_code_reg(code, base, CDP_D_DATIN_SCALE, 1);
	npu_code_reg(code, base, CDP_D_DATOUT_OFFSET, cdp->out_offset);
	npu_code_reg(code, base, CDP_D_DATOUT_SCALE, (uint16_t)cdp->out_scale);
	npu_code_reg(code, base, CDP_D_DATOUT_SHIFTER, cdp->out_shift);
}
