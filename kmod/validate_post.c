// SPDX-License-Identifier: (GPL-2.0-only OR MIT)
/*
 * Validator: the processors of single values, SDP, and of channels, CDP. Sources:
 * nvdla/hw, vmod/nvdla/{sdp,cdp}; the hardware manual.
 */
#include "validate_op.h"

/* ------------------------------------------------------------------- SDP */

/**
 * struct operand - where a stage of SDP may get operands from memory
 * @port: its address
 * @rdma_cfg: SDP_RDMA's register for it; all three have the same fields
 * @line_stride: bytes from line to line
 * @surf_stride: bytes from surface to surface
 * @batch_stride: bytes from batch to batch
 * @cfg: SDP's register for the stage; all three have the same low fields
 * @alu_cfg: source of the ALU's operand
 * @mul_cfg: source of the multiplier's operand
 */
struct operand {
	enum nvdla_port port;
	__u16 rdma_cfg, line_stride, surf_stride, batch_stride;
	__u16 cfg, alu_cfg, mul_cfg;
};

static const struct operand operands[] = {
	{
		PORT_SDP_BS, SDP_RDMA_D_BRDMA_CFG, SDP_RDMA_D_BS_LINE_STRIDE,
		SDP_RDMA_D_BS_SURFACE_STRIDE, SDP_RDMA_D_BS_BATCH_STRIDE,
		SDP_D_DP_BS_CFG, SDP_D_DP_BS_ALU_CFG, SDP_D_DP_BS_MUL_CFG,
	}, {
		PORT_SDP_BN, SDP_RDMA_D_NRDMA_CFG, SDP_RDMA_D_BN_LINE_STRIDE,
		SDP_RDMA_D_BN_SURFACE_STRIDE, SDP_RDMA_D_BN_BATCH_STRIDE,
		SDP_D_DP_BN_CFG, SDP_D_DP_BN_ALU_CFG, SDP_D_DP_BN_MUL_CFG,
	}, {
		PORT_SDP_EW, SDP_RDMA_D_ERDMA_CFG, SDP_RDMA_D_EW_LINE_STRIDE,
		SDP_RDMA_D_EW_SURFACE_STRIDE, SDP_RDMA_D_EW_BATCH_STRIDE,
		SDP_D_DP_EW_CFG, SDP_D_DP_EW_ALU_CFG, SDP_D_DP_EW_MUL_CFG,
	},
};

static bool stage_exists(const struct op_check *c, const struct operand *operand)
{
	return operand->port != PORT_SDP_EW || c->config->features & NVDLA_FEAT_SDP_EW;
}

bool nvdla_sdp_uses_lut(const struct op_check *c)
{
	return c->config->features & NVDLA_FEAT_SDP_LUT &&
	       !OP_FIELD(c, NVDLA_SDP, SDP_D_DP_EW_CFG, EW_BYPASS) &&
	       !OP_FIELD(c, NVDLA_SDP, SDP_D_DP_EW_CFG, EW_LUT_BYPASS);
}

/* Comparing for equality, SDP counts differences and writes no cube. */
static bool sdp_compares(const struct op_check *c)
{
	return c->config->features & NVDLA_FEAT_SDP_EW &&
	       !OP_FIELD(c, NVDLA_SDP, SDP_D_DP_EW_CFG, EW_BYPASS) &&
	       !OP_FIELD(c, NVDLA_SDP, SDP_D_DP_EW_CFG, EW_ALU_BYPASS) &&
	       OP_FIELD(c, NVDLA_SDP, SDP_D_DP_EW_CFG, EW_ALU_ALGO) ==
	       SDP_D_DP_EW_CFG_EW_ALU_ALGO_EQL;
}

/* One stage's operands: SDP waits for what its read DMA does not deliver, and the reverse. */
static int check_operand(struct op_check *c, const struct operand *operand, const struct flow *cube)
{
	bool rdma = c->units & BIT(NVDLA_SDP_RDMA);
	__u32 rdma_cfg = rdma ? op_reg(c, NVDLA_SDP_RDMA, operand->rdma_cfg) : 0;
	__u32 cfg = op_reg(c, NVDLA_SDP, operand->cfg);
	bool enabled = rdma && stage_exists(c, operand) &&
		       !(rdma_cfg & SDP_RDMA_D_BRDMA_CFG_BRDMA_DISABLE);
	bool active = stage_exists(c, operand) && !(cfg & SDP_D_DP_BS_CFG_BS_BYPASS);
	bool alu = active && !(cfg & SDP_D_DP_BS_CFG_BS_ALU_BYPASS) &&
		   op_reg(c, NVDLA_SDP, operand->alu_cfg) & SDP_D_DP_BS_ALU_CFG_BS_ALU_SRC;
	bool mul = active && !(cfg & SDP_D_DP_BS_CFG_BS_MUL_BYPASS) &&
		   op_reg(c, NVDLA_SDP, operand->mul_cfg) & SDP_D_DP_BS_MUL_CFG_BS_MUL_SRC;
	__u32 use = FIELD_GET(SDP_RDMA_D_BRDMA_CFG_BRDMA_DATA_USE, rdma_cfg);
	bool two_bytes = rdma_cfg & SDP_RDMA_D_BRDMA_CFG_BRDMA_DATA_SIZE;
	__u32 bytes = precision_bytes(cube->precision);
	struct cube extent;
	__u32 per_atom;
	int ret;

	if (enabled != (alu || mul))
		return rdma ? op_refuse(c, NVDLA_SDP_RDMA, operand->rdma_cfg,
					DRM_NVDLA_FAIL_MISMATCH) :
			      op_refuse(c, NVDLA_SDP, alu ? operand->alu_cfg : operand->mul_cfg,
					DRM_NVDLA_FAIL_MISMATCH);
	if (!enabled)
		return 0;
	if (use != (alu && mul ? SDP_RDMA_D_BRDMA_CFG_BRDMA_DATA_USE_BOTH :
		    alu ? SDP_RDMA_D_BRDMA_CFG_BRDMA_DATA_USE_ALU :
			  SDP_RDMA_D_BRDMA_CFG_BRDMA_DATA_USE_MUL))
		return op_refuse(c, NVDLA_SDP_RDMA, operand->rdma_cfg, DRM_NVDLA_FAIL_MISMATCH);
	/* Operands of one byte exist for INT8 only. */
	if (bytes == 2 && !two_bytes)
		return op_refuse(c, NVDLA_SDP_RDMA, operand->rdma_cfg, DRM_NVDLA_FAIL_VALUE);

	/* Atoms of operands for one atom of data. */
	per_atom = (alu && mul ? 2 : 1) * (bytes == 1 && two_bytes ? 2 : 1);
	extent.surfaces = op_surfaces(c, cube->channels, bytes);
	if (!(rdma_cfg & SDP_RDMA_D_BRDMA_CFG_BRDMA_DATA_MODE)) {
		/* One operand per channel, without gaps. */
		op_use(c, operand->port, extent.surfaces * per_atom * c->config->atomic_m);
		return 0;
	}

	extent.width = (__u64)cube->width * per_atom;
	extent.height = cube->height;
	extent.batches = cube->batches;
	extent.line_stride = op_reg(c, NVDLA_SDP_RDMA, operand->line_stride);
	extent.surf_stride = op_reg(c, NVDLA_SDP_RDMA, operand->surf_stride);
	extent.batch_stride = op_reg(c, NVDLA_SDP_RDMA, operand->batch_stride);
	ret = op_expect_aligned(c, NVDLA_SDP_RDMA, operand->line_stride);
	if (!ret)
		ret = op_expect_aligned(c, NVDLA_SDP_RDMA, operand->surf_stride);
	if (!ret && cube->batches > 1)
		ret = op_expect_aligned(c, NVDLA_SDP_RDMA, operand->batch_stride);
	if (ret)
		return ret;
	/* A single element per channel is fetched in one run. */
	if (cube->width == 1 && cube->height == 1 && extent.surfaces > 1 &&
	    extent.surf_stride != extent.width * c->config->atomic_m)
		return op_refuse(c, NVDLA_SDP_RDMA, operand->surf_stride,
				 DRM_NVDLA_FAIL_MISMATCH);
	op_use(c, operand->port, cube_extent(c->config, &extent));
	return 0;
}

static bool is_float(__u32 precision)
{
	return precision == SDP_D_DATA_FORMAT_PROC_PRECISION_FP16;
}

/* A cube that SDP reads or writes itself. */
static int use_sdp_cube(struct op_check *c, enum nvdla_port port, const struct flow *cube,
			__u32 precision, __u32 other_precision, __u32 line_stride,
			__u32 surf_stride, __u32 batch_stride)
{
	enum nvdla_unit unit = nvdla_ports[port].unit;
	__u32 bytes = precision_bytes(precision);
	struct cube extent = {
		.width = cube->width,
		.height = cube->height,
		.surfaces = op_surfaces(c, cube->channels, bytes),
		.batches = cube->batches,
		.line_stride = op_reg(c, unit, line_stride),
		.surf_stride = op_reg(c, unit, surf_stride),
		.batch_stride = batch_stride,
	};
	int ret;

	ret = op_expect_aligned(c, unit, line_stride);
	if (!ret)
		ret = op_expect_aligned(c, unit, surf_stride);
	if (ret)
		return ret;
	/* Where 8 and 16 bits meet, two surfaces of the wider go with one. */
	if (bytes == 2 && precision_bytes(other_precision) == 1 && extent.surfaces % 2)
		return op_refuse(c, NVDLA_SDP, SDP_D_DATA_CUBE_CHANNEL, DRM_NVDLA_FAIL_VALUE);
	if (cube->width == 1 && cube->height == 1 && extent.surfaces > 1 &&
	    extent.surf_stride != c->config->atomic_m)
		return op_refuse(c, unit, surf_stride, DRM_NVDLA_FAIL_MISMATCH);
	op_use(c, port, cube_extent(c->config, &extent));
	return 0;
}

static int check_sdp_rdma(struct op_check *c, const struct flow *cube, bool flying, __u32 out)
{
	__u32 mode = op_reg(c, NVDLA_SDP_RDMA, SDP_RDMA_D_FEATURE_MODE_CFG);
	__u32 in = FIELD_GET(SDP_RDMA_D_FEATURE_MODE_CFG_IN_PRECISION, mode);

	if (OP_FIELD(c, NVDLA_SDP_RDMA, SDP_RDMA_D_DATA_CUBE_WIDTH, WIDTH) + 1 != cube->width)
		return op_refuse(c, NVDLA_SDP_RDMA, SDP_RDMA_D_DATA_CUBE_WIDTH,
				 DRM_NVDLA_FAIL_MISMATCH);
	if (OP_FIELD(c, NVDLA_SDP_RDMA, SDP_RDMA_D_DATA_CUBE_HEIGHT, HEIGHT) + 1 != cube->height)
		return op_refuse(c, NVDLA_SDP_RDMA, SDP_RDMA_D_DATA_CUBE_HEIGHT,
				 DRM_NVDLA_FAIL_MISMATCH);
	if (OP_FIELD(c, NVDLA_SDP_RDMA, SDP_RDMA_D_DATA_CUBE_CHANNEL, CHANNEL) + 1 !=
	    cube->channels)
		return op_refuse(c, NVDLA_SDP_RDMA, SDP_RDMA_D_DATA_CUBE_CHANNEL,
				 DRM_NVDLA_FAIL_MISMATCH);
	if (!!(mode & SDP_RDMA_D_FEATURE_MODE_CFG_FLYING_MODE) != flying ||
	    !!(mode & SDP_RDMA_D_FEATURE_MODE_CFG_WINOGRAD) != cube->winograd ||
	    FIELD_GET(SDP_RDMA_D_FEATURE_MODE_CFG_PROC_PRECISION, mode) != cube->precision ||
	    FIELD_GET(SDP_RDMA_D_FEATURE_MODE_CFG_OUT_PRECISION, mode) != out ||
	    FIELD_GET(SDP_RDMA_D_FEATURE_MODE_CFG_BATCH_NUMBER, mode) + 1 != cube->batches)
		return op_refuse(c, NVDLA_SDP_RDMA, SDP_RDMA_D_FEATURE_MODE_CFG,
				 DRM_NVDLA_FAIL_MISMATCH);
	if (op_expect_precision(c, NVDLA_SDP_RDMA, SDP_RDMA_D_FEATURE_MODE_CFG, in))
		return -EINVAL;
	if (flying)
		return 0;
	/* The source has no batch stride: batches exist on the fly only. */
	if (cube->batches != 1)
		return op_refuse(c, NVDLA_SDP_RDMA, SDP_RDMA_D_FEATURE_MODE_CFG,
				 DRM_NVDLA_FAIL_VALUE);
	return use_sdp_cube(c, PORT_SDP_SRC, cube, in, cube->precision,
			    SDP_RDMA_D_SRC_LINE_STRIDE, SDP_RDMA_D_SRC_SURFACE_STRIDE, 0);
}

int nvdla_check_sdp(struct op_check *c, const struct flow *in, struct flow *out)
{
	__u32 mode = op_reg(c, NVDLA_SDP, SDP_D_FEATURE_MODE_CFG);
	__u32 out_precision = OP_FIELD(c, NVDLA_SDP, SDP_D_DATA_FORMAT, OUT_PRECISION);
	struct flow cube = {
		.width = OP_FIELD(c, NVDLA_SDP, SDP_D_DATA_CUBE_WIDTH, WIDTH) + 1,
		.height = OP_FIELD(c, NVDLA_SDP, SDP_D_DATA_CUBE_HEIGHT, HEIGHT) + 1,
		.channels = OP_FIELD(c, NVDLA_SDP, SDP_D_DATA_CUBE_CHANNEL, CHANNEL) + 1,
		.batches = FIELD_GET(SDP_D_FEATURE_MODE_CFG_BATCH_NUMBER, mode) + 1,
		.precision = OP_FIELD(c, NVDLA_SDP, SDP_D_DATA_FORMAT, PROC_PRECISION),
		.winograd = mode & SDP_D_FEATURE_MODE_CFG_WINOGRAD,
	};
	unsigned int i;
	int ret;

	if (!!(mode & SDP_D_FEATURE_MODE_CFG_FLYING_MODE) != !!in ||
	    !!(mode & SDP_D_FEATURE_MODE_CFG_OUTPUT_DST) != !!out)
		return op_refuse(c, NVDLA_SDP, SDP_D_FEATURE_MODE_CFG, DRM_NVDLA_FAIL_MISMATCH);
	if (in && in->width != cube.width)
		return op_refuse(c, NVDLA_SDP, SDP_D_DATA_CUBE_WIDTH, DRM_NVDLA_FAIL_MISMATCH);
	if (in && in->height != cube.height)
		return op_refuse(c, NVDLA_SDP, SDP_D_DATA_CUBE_HEIGHT, DRM_NVDLA_FAIL_MISMATCH);
	if (in && in->channels != cube.channels)
		return op_refuse(c, NVDLA_SDP, SDP_D_DATA_CUBE_CHANNEL, DRM_NVDLA_FAIL_MISMATCH);
	if ((in ? in->batches != cube.batches || in->winograd != cube.winograd :
	     cube.batches != 1 || cube.winograd) || (out && (cube.batches != 1 || cube.winograd)))
		return op_refuse(c, NVDLA_SDP, SDP_D_FEATURE_MODE_CFG, DRM_NVDLA_FAIL_MISMATCH);
	if (cube.winograd && (cube.width % 4 || cube.height % 4))
		return op_refuse(c, NVDLA_SDP, SDP_D_DATA_CUBE_WIDTH, DRM_NVDLA_FAIL_VALUE);
	if (in && in->precision != cube.precision)
		return op_refuse(c, NVDLA_SDP, SDP_D_DATA_FORMAT, DRM_NVDLA_FAIL_MISMATCH);
	ret = op_expect_precision(c, NVDLA_SDP, SDP_D_DATA_FORMAT, cube.precision);
	if (!ret)
		ret = op_expect_precision(c, NVDLA_SDP, SDP_D_DATA_FORMAT, out_precision);
	/* Both integer or both float. */
	if (!ret && is_float(cube.precision) != is_float(out_precision))
		ret = op_refuse(c, NVDLA_SDP, SDP_D_DATA_FORMAT, DRM_NVDLA_FAIL_VALUE);
	if (!ret && c->units & BIT(NVDLA_SDP_RDMA))
		ret = check_sdp_rdma(c, &cube, in, out_precision);
	for (i = 0; !ret && i < ARRAY_SIZE(operands); i++)
		ret = check_operand(c, &operands[i], &cube);
	if (ret)
		return ret;
	/* A read DMA that reads nothing would be done before anybody waits for it. */
	if (in && !c->used[PORT_SDP_BS] && !c->used[PORT_SDP_BN] && !c->used[PORT_SDP_EW])
		c->units &= ~BIT(NVDLA_SDP_RDMA);

	if (out) {
		if (sdp_compares(c))
			return op_refuse(c, NVDLA_SDP, SDP_D_DP_EW_CFG, DRM_NVDLA_FAIL_MISMATCH);
		*out = cube;
		out->precision = out_precision;
		return 0;
	}
	if (sdp_compares(c))
		return 0;
	if (cube.batches > 1) {
		ret = op_expect_aligned(c, NVDLA_SDP, SDP_D_DST_BATCH_STRIDE);
		if (ret)
			return ret;
	}
	return use_sdp_cube(c, PORT_SDP_DST, &cube, out_precision, cube.precision,
			    SDP_D_DST_LINE_STRIDE, SDP_D_DST_SURFACE_STRIDE,
			    op_reg(c, NVDLA_SDP, SDP_D_DST_BATCH_STRIDE));
}

/* ------------------------------------------------------------------- CDP */

int nvdla_check_cdp(struct op_check *c)
{
	__u32 precision = OP_FIELD(c, NVDLA_CDP, CDP_D_DATA_FORMAT, INPUT_DATA_TYPE);
	__u32 channels = OP_FIELD(c, NVDLA_CDP_RDMA, CDP_RDMA_D_DATA_CUBE_CHANNEL, CHANNEL) + 1;
	struct cube extent = {
		.width = OP_FIELD(c, NVDLA_CDP_RDMA, CDP_RDMA_D_DATA_CUBE_WIDTH, WIDTH) + 1,
		.height = OP_FIELD(c, NVDLA_CDP_RDMA, CDP_RDMA_D_DATA_CUBE_HEIGHT, HEIGHT) + 1,
		.batches = 1,
	};
	int ret;

	ret = op_expect_precision(c, NVDLA_CDP, CDP_D_DATA_FORMAT, precision);
	if (!ret)
		ret = op_expect(c, OP_FIELD(c, NVDLA_CDP_RDMA, CDP_RDMA_D_DATA_FORMAT,
					    INPUT_DATA) == precision,
				NVDLA_CDP_RDMA, CDP_RDMA_D_DATA_FORMAT, DRM_NVDLA_FAIL_MISMATCH);
	if (!ret)
		ret = op_expect_aligned(c, NVDLA_CDP_RDMA, CDP_RDMA_D_SRC_LINE_STRIDE);
	if (!ret)
		ret = op_expect_aligned(c, NVDLA_CDP_RDMA, CDP_RDMA_D_SRC_SURFACE_STRIDE);
	if (!ret)
		ret = op_expect_aligned(c, NVDLA_CDP, CDP_D_DST_LINE_STRIDE);
	if (!ret)
		ret = op_expect_aligned(c, NVDLA_CDP, CDP_D_DST_SURFACE_STRIDE);
	if (ret)
		return ret;

	extent.surfaces = op_surfaces(c, channels, precision_bytes(precision));
	extent.line_stride = op_reg(c, NVDLA_CDP_RDMA, CDP_RDMA_D_SRC_LINE_STRIDE);
	extent.surf_stride = op_reg(c, NVDLA_CDP_RDMA, CDP_RDMA_D_SRC_SURFACE_STRIDE);
	op_use(c, PORT_CDP_SRC, cube_extent(c->config, &extent));
	extent.line_stride = op_reg(c, NVDLA_CDP, CDP_D_DST_LINE_STRIDE);
	extent.surf_stride = op_reg(c, NVDLA_CDP, CDP_D_DST_SURFACE_STRIDE);
	op_use(c, PORT_CDP_DST, cube_extent(c->config, &extent));
	return 0;
}
