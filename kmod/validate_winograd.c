// SPDX-License-Identifier: (GPL-2.0-only OR MIT)
/*
 * Validator: Winograd convolution. CDMA cuts the padded input into tiles of
 * 4 x 4 pixels, and makes channels of what strides leave out; CSC works on
 * tiles alone, so its sizes are those of the cube of tiles. Sources: nvdla/hw,
 * vmod/nvdla/{cdma,csc}; the hardware manual, "Winograd".
 */
#include "validate_conv.h"

/* Sides of a tile and of the transformed kernel. */
#define SIDE	4

/**
 * struct tiles - the input as CSC sees it
 * @width: pixels of a line, of all tiles
 * @height: lines
 * @channels: channels, those of strides included
 */
struct tiles {
	__u32 width, height, channels;
};

/* What CDMA makes of the input; it must make tiles of all of it. */
static int cut(struct op_check *c, const struct conv *v, struct tiles *t)
{
	__u32 pad = op_reg(c, NVDLA_CDMA, CDMA_D_ZERO_PADDING);
	__u32 stride_x = OP_FIELD(c, NVDLA_CDMA, CDMA_D_CONV_STRIDE, CONV_X_STRIDE) + 1;
	__u32 stride_y = OP_FIELD(c, NVDLA_CDMA, CDMA_D_CONV_STRIDE, CONV_Y_STRIDE) + 1;
	__u32 left = FIELD_GET(CDMA_D_ZERO_PADDING_PAD_LEFT, pad);
	__u32 right = FIELD_GET(CDMA_D_ZERO_PADDING_PAD_RIGHT, pad);
	__u32 top = FIELD_GET(CDMA_D_ZERO_PADDING_PAD_TOP, pad);
	__u32 bottom = FIELD_GET(CDMA_D_ZERO_PADDING_PAD_BOTTOM, pad);
	__u32 surfaces = v->channels * v->bytes / c->config->atomic_m;
	/* An entry holds a part of an atom of each pixel of a tile. */
	__u32 parts = c->config->atomic_m * SIDE * SIDE / c->config->cbuf_bank_width;

	if (v->channels * v->bytes % c->config->atomic_m)
		return refuse_cdma(c, CDMA_D_DATAIN_SIZE_1, DRM_NVDLA_FAIL_VALUE);
	if ((left + v->width + right) % (SIDE * stride_x) ||
	    (top + v->height + bottom) % (SIDE * stride_y) ||
	    left >= SIDE * stride_x || right >= SIDE * stride_x ||
	    top >= SIDE * stride_y || bottom >= SIDE * stride_y)
		return refuse_cdma(c, CDMA_D_ZERO_PADDING, DRM_NVDLA_FAIL_VALUE);
	t->width = (left + v->width + right) / stride_x;
	t->height = (top + v->height + bottom) / stride_y;
	t->channels = v->channels * stride_x * stride_y;
	/* A slice is one of the four lines of a row of tiles. */
	if (v->entries != t->width / SIDE * surfaces * stride_x * stride_y * parts / SIDE)
		return refuse_cdma(c, CDMA_D_ENTRY_PER_SLICE, DRM_NVDLA_FAIL_MISMATCH);
	return 0;
}

/* CSC uses neither more tiles than there are nor any that are not there yet. */
int nvdla_check_winograd(struct op_check *c, struct conv *v)
{
	__u32 width = OP_FIELD(c, NVDLA_CSC, CSC_D_DATAIN_SIZE_EXT_0, DATAIN_WIDTH_EXT) + 1;
	__u32 out_w = OP_FIELD(c, NVDLA_CSC, CSC_D_DATAOUT_SIZE_0, DATAOUT_WIDTH) + 1;
	__u32 out_h = OP_FIELD(c, NVDLA_CSC, CSC_D_DATAOUT_SIZE_0, DATAOUT_HEIGHT) + 1;
	struct tiles t = { 0 };
	int ret;

	if (v->batches != 1)
		return refuse_cdma(c, CDMA_D_BATCH_NUMBER, DRM_NVDLA_FAIL_MISMATCH);
	/* Which lines of a row of tiles would be kept is not for CSC to say. */
	if (v->misc & (CDMA_D_MISC_CFG_DATA_REUSE | CDMA_D_MISC_CFG_SKIP_DATA_RLS))
		return refuse_cdma(c, CDMA_D_MISC_CFG, DRM_NVDLA_FAIL_REUSE);
	ret = cut(c, v, &t);
	if (ret)
		return ret;
	if (width != t.width || v->csc_height != t.height)
		return refuse_csc(c, CSC_D_DATAIN_SIZE_EXT_0, DRM_NVDLA_FAIL_MISMATCH);
	if (OP_FIELD(c, NVDLA_CSC, CSC_D_DATAIN_SIZE_EXT_1, DATAIN_CHANNEL_EXT) + 1 != t.channels)
		return refuse_csc(c, CSC_D_DATAIN_SIZE_EXT_1, DRM_NVDLA_FAIL_MISMATCH);
	if (OP_FIELD(c, NVDLA_CSC, CSC_D_WEIGHT_SIZE_EXT_0, WEIGHT_WIDTH_EXT) + 1 != SIDE ||
	    OP_FIELD(c, NVDLA_CSC, CSC_D_WEIGHT_SIZE_EXT_0, WEIGHT_HEIGHT_EXT) + 1 != SIDE)
		return refuse_csc(c, CSC_D_WEIGHT_SIZE_EXT_0, DRM_NVDLA_FAIL_VALUE);
	if (OP_FIELD(c, NVDLA_CSC, CSC_D_WEIGHT_SIZE_EXT_1, WEIGHT_CHANNEL_EXT) + 1 != t.channels)
		return refuse_csc(c, CSC_D_WEIGHT_SIZE_EXT_1, DRM_NVDLA_FAIL_MISMATCH);
	if (op_reg(c, NVDLA_CSC, CSC_D_CONV_STRIDE_EXT))
		return refuse_csc(c, CSC_D_CONV_STRIDE_EXT, DRM_NVDLA_FAIL_VALUE);
	if (op_reg(c, NVDLA_CSC, CSC_D_DILATION_EXT))
		return refuse_csc(c, CSC_D_DILATION_EXT, DRM_NVDLA_FAIL_VALUE);
	if (op_reg(c, NVDLA_CSC, CSC_D_ZERO_PADDING))
		return refuse_csc(c, CSC_D_ZERO_PADDING, DRM_NVDLA_FAIL_VALUE);
	if (op_reg(c, NVDLA_CSC, CSC_D_POST_Y_EXTENSION))
		return refuse_csc(c, CSC_D_POST_Y_EXTENSION, DRM_NVDLA_FAIL_VALUE);
	/* Windows are 2 apart, results come in squares of 4 x 4. */
	if (out_w % SIDE || out_h % SIDE || out_w + 2 > t.width || out_h + 2 > t.height)
		return refuse_csc(c, CSC_D_DATAOUT_SIZE_0, DRM_NVDLA_FAIL_MISMATCH);
	v->release = OP_FIELD(c, NVDLA_CSC, CSC_D_RELEASE, RLS_SLICES) + 1;
	if (v->release != v->csc_height)
		return refuse_csc(c, CSC_D_RELEASE, DRM_NVDLA_FAIL_MISMATCH);
	return 0;
}
