// SPDX-License-Identifier: MIT
/*
 * Register values of SDP and its read DMA, and its lookup tables.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "npu_code.h"

/* The registers of stages X1 (BS), X2 (BN) and of their read DMAs differ only in place. */
struct stage_place {
	uint32_t cfg, alu_cfg, alu_value, mul_cfg, mul_value;
	uint32_t rdma_cfg, address, line, surface;
};

static const struct stage_place places[2] = {
	{
		SDP_D_DP_BS_CFG, SDP_D_DP_BS_ALU_CFG, SDP_D_DP_BS_ALU_SRC_VALUE,
		SDP_D_DP_BS_MUL_CFG, SDP_D_DP_BS_MUL_SRC_VALUE, SDP_RDMA_D_BRDMA_CFG,
		SDP_RDMA_D_BS_BASE_ADDR_LOW, SDP_RDMA_D_BS_LINE_STRIDE,
		SDP_RDMA_D_BS_SURFACE_STRIDE,
	}, {
		SDP_D_DP_BN_CFG, SDP_D_DP_BN_ALU_CFG, SDP_D_DP_BN_ALU_SRC_VALUE,
		SDP_D_DP_BN_MUL_CFG, SDP_D_DP_BN_MUL_SRC_VALUE, SDP_RDMA_D_NRDMA_CFG,
		SDP_RDMA_D_BN_BASE_ADDR_LOW, SDP_RDMA_D_BN_LINE_STRIDE,
		SDP_RDMA_D_BN_SURFACE_STRIDE,
	},
};

static uint32_t algorithm(uint8_t alu)
{
	switch (alu) {
	case NPU_ALU_MAX:
		return SDP_D_DP_BS_CFG_BS_ALU_ALGO_MAX;
	case NPU_ALU_MIN:
		return SDP_D_DP_BS_CFG_BS_ALU_ALGO_MIN;
	default:
		return SDP_D_DP_BS_CFG_BS_ALU_ALGO_SUM;
	}
}

/* Does an operand come through a read DMA? */
static bool from_memory(uint8_t used, const struct npu_operand *operand)
{
	return used && operand->source != NPU_REGISTER;
}

/*
 * The read DMA of one stage. The fields of BRDMA_CFG, NRDMA_CFG and ERDMA_CFG
 * lie in the same places.
 */
static bool emit_operands(struct npu_code *code, uint32_t base, const struct stage_place *place,
			  const struct npu_box *box, uint8_t alu, const struct npu_operand *a,
			  uint8_t mul, const struct npu_operand *m)
{
	bool has_a = from_memory(alu, a), has_m = from_memory(mul, m);
	const struct npu_operand *operand = has_a ? a : m;
	uint32_t use = has_a && has_m ? SDP_RDMA_D_BRDMA_CFG_BRDMA_DATA_USE_BOTH :
		       has_a ? SDP_RDMA_D_BRDMA_CFG_BRDMA_DATA_USE_ALU :
		       SDP_RDMA_D_BRDMA_CFG_BRDMA_DATA_USE_MUL;
	bool element;

	if (!has_a && !has_m) {
		npu_code_reg(code, base, place->rdma_cfg,
			     FIELD_PREP(SDP_RDMA_D_BRDMA_CFG_BRDMA_DISABLE, 1));
		return false;
	}
	element = operand->source == NPU_ELEMENT;
	npu_code_reg(code, base, place->rdma_cfg,
		     FIELD_PREP(SDP_RDMA_D_BRDMA_CFG_BRDMA_DATA_USE, use) |
		     FIELD_PREP(SDP_RDMA_D_BRDMA_CFG_BRDMA_DATA_SIZE,
				!element && operand->step > 1) |
		     FIELD_PREP(SDP_RDMA_D_BRDMA_CFG_BRDMA_DATA_MODE, element));
	if (element) {
		npu_code_reloc(code, base, place->address, operand->cube.region,
			       npu_box_offset(&operand->cube, box));
		npu_code_reg(code, base, place->line, operand->cube.line);
		npu_code_reg(code, base, place->surface, operand->cube.surface);
	} else {
		npu_code_reloc(code, base, place->address, operand->region,
			       operand->offset + (uint64_t)box->c * operand->step);
	}
	return true;
}

static void emit_stage(struct npu_code *code, uint32_t base, const struct stage_place *place,
		       const struct npu_stage *stage)
{
	const struct npu_operand *a = &stage->alu_operand, *m = &stage->mul_operand;
	bool a_memory = from_memory(stage->alu, a), m_memory = from_memory(stage->mul, m);

	npu_code_reg(code, base, place->cfg,
		     FIELD_PREP(SDP_D_DP_BS_CFG_BS_BYPASS,
				!stage->alu && !stage->mul && !stage->relu) |
		     FIELD_PREP(SDP_D_DP_BS_CFG_BS_ALU_BYPASS, !stage->alu) |
		     FIELD_PREP(SDP_D_DP_BS_CFG_BS_ALU_ALGO, algorithm(stage->alu)) |
		     FIELD_PREP(SDP_D_DP_BS_CFG_BS_MUL_BYPASS, !stage->mul) |
		     FIELD_PREP(SDP_D_DP_BS_CFG_BS_MUL_PRELU, stage->mul == NPU_MUL_PRELU) |
		     FIELD_PREP(SDP_D_DP_BS_CFG_BS_RELU_BYPASS, !stage->relu));
	if (stage->alu) {
		npu_code_reg(code, base, place->alu_cfg,
			     FIELD_PREP(SDP_D_DP_BS_ALU_CFG_BS_ALU_SRC, a_memory) |
			     FIELD_PREP(SDP_D_DP_BS_ALU_CFG_BS_ALU_SHIFT_VALUE,
					stage->alu_shift));
		if (!a_memory)
			npu_code_reg(code, base, place->alu_value, (uint16_t)a->value);
	}
	if (stage->mul) {
		npu_code_reg(code, base, place->mul_cfg,
			     FIELD_PREP(SDP_D_DP_BS_MUL_CFG_BS_MUL_SRC, m_memory) |
			     FIELD_PREP(SDP_D_DP_BS_MUL_CFG_BS_MUL_SHIFT_VALUE,
					stage->mul_shift));
		if (!m_memory)
			npu_code_reg(code, base, place->mul_value, (uint16_t)m->value);
	}
}

static void emit_y(struct npu_code *code, uint32_t base, const struct npu_stage_y *y)
{
	bool a_memory = from_memory(y->alu, &y->alu_operand);
	bool m_memory = from_memory(y->mul, &y->mul_operand);

	npu_code_reg(code, base, SDP_D_DP_EW_CFG,
		     FIELD_PREP(SDP_D_DP_EW_CFG_EW_BYPASS, !y->alu && !y->mul && !y->lut) |
		     FIELD_PREP(SDP_D_DP_EW_CFG_EW_ALU_BYPASS, !y->alu) |
		     FIELD_PREP(SDP_D_DP_EW_CFG_EW_ALU_ALGO, algorithm(y->alu)) |
		     FIELD_PREP(SDP_D_DP_EW_CFG_EW_MUL_BYPASS, !y->mul) |
		     FIELD_PREP(SDP_D_DP_EW_CFG_EW_MUL_PRELU, y->mul == NPU_MUL_PRELU) |
		     FIELD_PREP(SDP_D_DP_EW_CFG_EW_LUT_BYPASS, !y->lut));
	if (y->alu) {
		npu_code_reg(code, base, SDP_D_DP_EW_ALU_CFG,
			     FIELD_PREP(SDP_D_DP_EW_ALU_CFG_EW_ALU_SRC, a_memory) |
			     FIELD_PREP(SDP_D_DP_EW_ALU_CFG_EW_ALU_CVT_BYPASS,
					!a_memory || y->alu_converter.bypass));
		if (!a_memory) {
			npu_code_reg(code, base, SDP_D_DP_EW_ALU_SRC_VALUE, y->alu_operand.value);
		} else if (!y->alu_converter.bypass) {
			npu_code_reg(code, base, SDP_D_DP_EW_ALU_CVT_OFFSET_VALUE,
				     y->alu_converter.offset);
			npu_code_reg(code, base, SDP_D_DP_EW_ALU_CVT_SCALE_VALUE,
				     (uint16_t)y->alu_converter.scale);
			npu_code_reg(code, base, SDP_D_DP_EW_ALU_CVT_TRUNCATE_VALUE,
				     y->alu_converter.shift);
		}
	}
	if (y->mul) {
		npu_code_reg(code, base, SDP_D_DP_EW_MUL_CFG,
			     FIELD_PREP(SDP_D_DP_EW_MUL_CFG_EW_MUL_SRC, m_memory) |
			     FIELD_PREP(SDP_D_DP_EW_MUL_CFG_EW_MUL_CVT_BYPASS,
					!m_memory || y->mul_converter.bypass));
		if (!m_memory) {
			npu_code_reg(code, base, SDP_D_DP_EW_MUL_SRC_VALUE, y->mul_operand.value);
		} else if (!y->mul_converter.bypass) {
			npu_code_reg(code, base, SDP_D_DP_EW_MUL_CVT_OFFSET_VALUE,
				     y->mul_converter.offset);
			npu_code_reg(code, base, SDP_D_DP_EW_MUL_CVT_SCALE_VALUE,
				     (uint16_t)y->mul_converter.scale);
			npu_code_reg(code, base, SDP_D_DP_EW_MUL_CVT_TRUNCATE_VALUE,
				     y->mul_converter.shift);
		}
		npu_code_reg(code, base, SDP_D_DP_EW_TRUNCATE_VALUE, y->mul_shift);
	}
}

void npu_emit_sdp(struct npu_code *code, const struct nvdla_config *config,
		  const struct npu_op *op, const struct npu_box *box, bool flying, bool pooled)
{
	static const struct stage_place y_place = {
		.rdma_cfg = SDP_RDMA_D_ERDMA_CFG, .address = SDP_RDMA_D_EW_BASE_ADDR_LOW,
		.line = SDP_RDMA_D_EW_LINE_STRIDE, .surface = SDP_RDMA_D_EW_SURFACE_STRIDE,
	};
	const struct npu_sdp *sdp = &op->sdp;
	const uint32_t base = config->base[NVDLA_SDP], rdma = config->base[NVDLA_SDP_RDMA];
	bool reads = !flying;

	npu_code_reg(code, base, SDP_D_DATA_CUBE_WIDTH, box->width - 1);
	npu_code_reg(code, base, SDP_D_DATA_CUBE_HEIGHT, box->height - 1);
	npu_code_reg(code, base, SDP_D_DATA_CUBE_CHANNEL, box->channels - 1);
	if (!pooled) {
		npu_code_reloc(code, base, SDP_D_DST_BASE_ADDR_LOW, op->out.region,
			       npu_box_offset(&op->out, box));
		npu_code_reg(code, base, SDP_D_DST_LINE_STRIDE, op->out.line);
		npu_code_reg(code, base, SDP_D_DST_SURFACE_STRIDE, op->out.surface);
	}
	emit_stage(code, base, &places[0], &sdp->x1);
	emit_stage(code, base, &places[1], &sdp->x2);
	emit_y(code, base, &sdp->y);
	npu_code_reg(code, base, SDP_D_FEATURE_MODE_CFG,
		     FIELD_PREP(SDP_D_FEATURE_MODE_CFG_FLYING_MODE, flying) |
		     FIELD_PREP(SDP_D_FEATURE_MODE_CFG_OUTPUT_DST, pooled));
	npu_code_reg(code, base, SDP_D_CVT_OFFSET, sdp->cvt_offset);
	npu_code_reg(code, base, SDP_D_CVT_SCALE, (uint16_t)sdp->cvt_scale);
	npu_code_reg(code, base, SDP_D_CVT_SHIFT, sdp->cvt_shift);

	reads |= from_memory(sdp->x1.alu, &sdp->x1.alu_operand) ||
		 from_memory(sdp->x1.mul, &sdp->x1.mul_operand) ||
		 from_memory(sdp->x2.alu, &sdp->x2.alu_operand) ||
		 from_memory(sdp->x2.mul, &sdp->x2.mul_operand) ||
		 from_memory(sdp->y.alu, &sdp->y.alu_operand) ||
		 from_memory(sdp->y.mul, &sdp->y.mul_operand);
	if (!reads)
		return;
	npu_code_reg(code, rdma, SDP_RDMA_D_DATA_CUBE_WIDTH, box->width - 1);
	npu_code_reg(code, rdma, SDP_RDMA_D_DATA_CUBE_HEIGHT, box->height - 1);
	npu_code_reg(code, rdma, SDP_RDMA_D_DATA_CUBE_CHANNEL, box->channels - 1);
	if (!flying) {
		npu_code_reloc(code, rdma, SDP_RDMA_D_SRC_BASE_ADDR_LOW, op->in.region,
			       npu_box_offset(&op->in, box));
		npu_code_reg(code, rdma, SDP_RDMA_D_SRC_LINE_STRIDE, op->in.line);
		npu_code_reg(code, rdma, SDP_RDMA_D_SRC_SURFACE_STRIDE, op->in.surface);
	}
	emit_operands(code, rdma, &places[0], box, sdp->x1.alu, &sdp->x1.alu_operand, sdp->x1.mul,
		      &sdp->x1.mul_operand);
	emit_operands(code, rdma, &places[1], box, sdp->x2.alu, &sdp->x2.alu_operand, sdp->x2.mul,
		      &sdp->x2.mul_operand);
	emit_operands(code, rdma, &y_place, box, sdp->y.alu, &sdp->y.alu_operand, sdp->y.mul,
		      &sdp->y.mul_operand);
	npu_code_reg(code, rdma, SDP_RDMA_D_FEATURE_MODE_CFG,
		     FIELD_PREP(SDP_RDMA_D_FEATURE_MODE_CFG_FLYING_MODE, flying));
}

/*
 * Table LO holds the function. LE is set to begin above every value, so that
 * it underflows always, and all three priorities go to LO.
 */
int32_t npu_emit_lut(struct npu_code *code, const struct nvdla_config *config,
		     const struct npu_op *op, const uint8_t *consts)
{
	const struct npu_stage_y *y = &op->sdp.y;
	const uint32_t base = config->base[NVDLA_SDP];
	const struct drm_nvdla_reg regs[] = {
		{ base + SDP_S_LUT_CFG,
		  FIELD_PREP(SDP_S_LUT_CFG_LUT_LE_FUNCTION, SDP_S_LUT_CFG_LUT_LE_FUNCTION_LINEAR) |
		  SDP_S_LUT_CFG_LUT_UFLOW_PRIORITY | SDP_S_LUT_CFG_LUT_OFLOW_PRIORITY |
		  SDP_S_LUT_CFG_LUT_HYBRID_PRIORITY },
		{ base + SDP_S_LUT_INFO,
		  FIELD_PREP(SDP_S_LUT_INFO_LUT_LO_INDEX_SELECT, y->lut_shift) },
		{ base + SDP_S_LUT_LE_START, INT32_MAX },
		{ base + SDP_S_LUT_LE_END, INT32_MAX },
		{ base + SDP_S_LUT_LO_START, y->lut_start },
		{ base + SDP_S_LUT_LO_END,
		  (uint32_t)y->lut_start + (UINT32_C(256) << y->lut_shift) },
	};
	struct drm_nvdla_lut lut = {
		.engine = DRM_NVDLA_ENGINE_SDP, .reg_count = sizeof(regs) / sizeof(regs[0]),
	};

	if (!y->lut)
		return -1;
	memcpy(lut.lo, consts + y->lut_offset, sizeof(lut.lo));
	return npu_code_table(code, &lut, regs);
}
