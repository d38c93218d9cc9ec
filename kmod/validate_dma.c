// SPDX-License-Identifier: (GPL-2.0-only OR MIT)
/*
 * Validator: the engines that only move data, BDMA and RUBIK. Sources:
 * nvdla/hw, cmod/rubik and the hardware manual.
 */
#include "validate_op.h"

/* Both work in pieces of 32 bytes; their registers lack the bits below. */
#define PIECE	32

int nvdla_check_bdma(struct op_check *c)
{
	__u64 bytes = ((__u64)OP_FIELD(c, NVDLA_BDMA, BDMA_CFG_LINE, SIZE) + 1) * PIECE;
	__u64 lines = OP_FIELD(c, NVDLA_BDMA, BDMA_CFG_LINE_REPEAT, NUMBER);
	__u64 surfaces = OP_FIELD(c, NVDLA_BDMA, BDMA_CFG_SURF_REPEAT, NUMBER);
	__u64 src_line = op_reg(c, NVDLA_BDMA, BDMA_CFG_SRC_LINE);
	__u64 dst_line = op_reg(c, NVDLA_BDMA, BDMA_CFG_DST_LINE);
	__u64 src_surf = op_reg(c, NVDLA_BDMA, BDMA_CFG_SRC_SURF);
	__u64 dst_surf = op_reg(c, NVDLA_BDMA, BDMA_CFG_DST_SURF);

	/* Counts of 24 bits times strides of 32 bits: far from overflowing. */
	op_use(c, PORT_BDMA_SRC, surfaces * src_surf + lines * src_line + bytes);
	op_use(c, PORT_BDMA_DST, surfaces * dst_surf + lines * dst_line + bytes);
	return 0;
}

static __u64 rubik_reg(const struct op_check *c, __u32 offset)
{
	return op_reg(c, NVDLA_RUBIK, offset);
}

/* A line of a plane: elements side by side, in whole pieces. */
static __u64 plane_line(__u64 width, __u32 bytes)
{
	return nvdla_div_up(width * bytes, PIECE) * PIECE;
}

int nvdla_check_rubik(struct op_check *c)
{
	__u32 mode = OP_FIELD(c, NVDLA_RUBIK, RBK_D_MISC_CFG, RUBIK_MODE);
	__u32 precision = OP_FIELD(c, NVDLA_RUBIK, RBK_D_MISC_CFG, IN_PRECISION);
	__u32 bytes = precision_bytes(precision);
	__u64 width = OP_FIELD(c, NVDLA_RUBIK, RBK_D_DATAIN_SIZE_0, DATAIN_WIDTH) + 1;
	__u64 height = OP_FIELD(c, NVDLA_RUBIK, RBK_D_DATAIN_SIZE_0, DATAIN_HEIGHT) + 1;
	__u64 in_channels = OP_FIELD(c, NVDLA_RUBIK, RBK_D_DATAIN_SIZE_1, DATAIN_CHANNEL) + 1;
	__u64 out_channels = OP_FIELD(c, NVDLA_RUBIK, RBK_D_DATAOUT_SIZE_1, DATAOUT_CHANNEL) + 1;
	__u64 x = OP_FIELD(c, NVDLA_RUBIK, RBK_D_DECONV_STRIDE, DECONV_X_STRIDE) + 1;
	__u64 y = OP_FIELD(c, NVDLA_RUBIK, RBK_D_DECONV_STRIDE, DECONV_Y_STRIDE) + 1;
	__u64 surfaces;
	int ret;

	ret = op_expect_precision(c, NVDLA_RUBIK, RBK_D_MISC_CFG, precision);
	if (ret)
		return ret;

	switch (mode) {
	case RBK_D_MISC_CFG_RUBIK_MODE_CONTRACT:
		/* x * y input cubes of the output's channels, behind each other. */
		surfaces = nvdla_div_up(out_channels * bytes, PIECE);
		if (nvdla_div_up(in_channels * bytes, PIECE) != surfaces * x * y)
			return op_refuse(c, NVDLA_RUBIK, RBK_D_DATAIN_SIZE_1,
					 DRM_NVDLA_FAIL_MISMATCH);
		/* The width register of the output has 13 bits, like all others. */
		if (width * x > 8192 || height * y > 8192)
			return op_refuse(c, NVDLA_RUBIK, RBK_D_DECONV_STRIDE,
					 DRM_NVDLA_FAIL_VALUE);
		/* From one of these cubes to the next. */
		if (x * y > 1 && rubik_reg(c, RBK_D_CONTRACT_STRIDE_0) !=
				 surfaces * rubik_reg(c, RBK_D_DAIN_SURF_STRIDE))
			return op_refuse(c, NVDLA_RUBIK, RBK_D_CONTRACT_STRIDE_0,
					 DRM_NVDLA_FAIL_MISMATCH);
		op_use(c, PORT_RUBIK_SRC,
		       (surfaces * x * y - 1) * rubik_reg(c, RBK_D_DAIN_SURF_STRIDE) +
		       (height - 1) * rubik_reg(c, RBK_D_DAIN_LINE_STRIDE) + width * PIECE);
		op_use(c, PORT_RUBIK_DST,
		       (surfaces - 1) * rubik_reg(c, RBK_D_DAOUT_SURF_STRIDE) +
		       (height - 1) * rubik_reg(c, RBK_D_CONTRACT_STRIDE_1) +
		       (y - 1) * rubik_reg(c, RBK_D_DAOUT_LINE_STRIDE) + width * x * PIECE);
		return 0;
	case RBK_D_MISC_CFG_RUBIK_MODE_SPLIT:
		if (in_channels != out_channels)
			return op_refuse(c, NVDLA_RUBIK, RBK_D_DATAOUT_SIZE_1,
					 DRM_NVDLA_FAIL_MISMATCH);
		surfaces = nvdla_div_up(in_channels * bytes, PIECE);
		op_use(c, PORT_RUBIK_SRC,
		       (surfaces - 1) * rubik_reg(c, RBK_D_DAIN_SURF_STRIDE) +
		       (height - 1) * rubik_reg(c, RBK_D_DAIN_LINE_STRIDE) + width * PIECE);
		op_use(c, PORT_RUBIK_DST,
		       (in_channels - 1) * rubik_reg(c, RBK_D_DAOUT_PLANAR_STRIDE) +
		       (height - 1) * rubik_reg(c, RBK_D_DAOUT_LINE_STRIDE) +
		       plane_line(width, bytes));
		return 0;
	case RBK_D_MISC_CFG_RUBIK_MODE_MERGE:
		surfaces = nvdla_div_up(in_channels * bytes, PIECE);
		op_use(c, PORT_RUBIK_SRC,
		       (in_channels - 1) * rubik_reg(c, RBK_D_DAIN_PLANAR_STRIDE) +
		       (height - 1) * rubik_reg(c, RBK_D_DAIN_LINE_STRIDE) +
		       plane_line(width, bytes));
		op_use(c, PORT_RUBIK_DST,
		       (surfaces - 1) * rubik_reg(c, RBK_D_DAOUT_SURF_STRIDE) +
		       (height - 1) * rubik_reg(c, RBK_D_DAOUT_LINE_STRIDE) + width * PIECE);
		return 0;
	default:
		return op_refuse(c, NVDLA_RUBIK, RBK_D_MISC_CFG, DRM_NVDLA_FAIL_VALUE);
	}
}
