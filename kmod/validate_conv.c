// SPDX-License-Identifier: (GPL-2.0-only OR MIT)
/*
 * Validator: the convolution core, CDMA to CACC. What its five units are told
 * must agree, or one of them waits for ever or reads what another client left
 * in CBUF. Sources: nvdla/hw, vmod/nvdla/{cdma,csc}; the hardware manual.
 */
#include "validate_conv.h"

/* Registers that two units must be told alike. */
static const struct {
	enum nvdla_unit unit[2];
	__u16 offset[2];
} alike[] = {
	{ { NVDLA_CSC, NVDLA_CDMA }, { CSC_D_BANK, CDMA_D_BANK } },
	{ { NVDLA_CSC, NVDLA_CDMA }, { CSC_D_ENTRY_PER_SLICE, CDMA_D_ENTRY_PER_SLICE } },
	{ { NVDLA_CSC, NVDLA_CDMA }, { CSC_D_BATCH_NUMBER, CDMA_D_BATCH_NUMBER } },
	{ { NVDLA_CSC, NVDLA_CDMA }, { CSC_D_WEIGHT_FORMAT, CDMA_D_WEIGHT_FORMAT } },
	{ { NVDLA_CMAC_B, NVDLA_CMAC_A }, { CMAC_D_MISC_CFG, CMAC_D_MISC_CFG } },
	{ { NVDLA_CACC, NVDLA_CMAC_A }, { CACC_D_MISC_CFG, CMAC_D_MISC_CFG } },
	{ { NVDLA_CACC, NVDLA_CSC }, { CACC_D_BATCH_NUMBER, CSC_D_BATCH_NUMBER } },
	{ { NVDLA_CACC, NVDLA_CSC }, { CACC_D_DATAOUT_SIZE_0, CSC_D_DATAOUT_SIZE_0 } },
	{ { NVDLA_CACC, NVDLA_CSC }, { CACC_D_DATAOUT_SIZE_1, CSC_D_DATAOUT_SIZE_1 } },
};

static int check_alike(struct op_check *c)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(alike); i++) {
		if (op_reg(c, alike[i].unit[0], alike[i].offset[0]) !=
		    op_reg(c, alike[i].unit[1], alike[i].offset[1]))
			return op_refuse(c, alike[i].unit[0], alike[i].offset[0],
					 DRM_NVDLA_FAIL_MISMATCH);
	}
	if ((op_reg(c, NVDLA_CSC, CSC_D_MISC_CFG) ^ op_reg(c, NVDLA_CDMA, CDMA_D_MISC_CFG)) &
	    ~MISC_WEIGHTS)
		return refuse_csc(c, CSC_D_MISC_CFG, DRM_NVDLA_FAIL_MISMATCH);
	/* These two registers have the same fields where both have any. */
	if ((op_reg(c, NVDLA_CDMA, CDMA_D_DATAIN_FORMAT) &
	     CDMA_D_DATAIN_FORMAT_DATAIN_FORMAT) != op_reg(c, NVDLA_CSC, CSC_D_DATAIN_FORMAT))
		return refuse_csc(c, CSC_D_DATAIN_FORMAT, DRM_NVDLA_FAIL_MISMATCH);
	if ((op_reg(c, NVDLA_CDMA, CDMA_D_MISC_CFG) &
	     (CDMA_D_MISC_CFG_CONV_MODE | CDMA_D_MISC_CFG_PROC_PRECISION)) !=
	    op_reg(c, NVDLA_CMAC_A, CMAC_D_MISC_CFG))
		return op_refuse(c, NVDLA_CMAC_A, CMAC_D_MISC_CFG, DRM_NVDLA_FAIL_MISMATCH);
	return 0;
}

/* Bytes of a pixel of a packed format, 0 for a semi-planar one. */
static __u32 packed_pixel_bytes(__u32 format)
{
	if (format == 0)
		return 1;
	if (format <= 5)
		return 2;
	if (format <= 0xb)
		return 8;
	return format <= 0x1b ? 4 : 0;
}

/*
 * Where CSC's count of the pieces of kernel lines is off, it reads entries again
 * that it should have left behind. With several lines at a time it reads one
 * entry for so many results: they have to lie in one, and the next ones in the
 * next.
 */
static int check_image_lines(struct op_check *c, const struct conv *v, __u32 samples,
			     __u32 stride_x, __u32 out_w)
{
	__u32 extension = OP_FIELD(c, NVDLA_CSC, CSC_D_POST_Y_EXTENSION, Y_EXTENSION);
	__u32 entry = c->config->cbuf_bank_width, atom = c->config->atomic_c;
	__u32 lines = 1U << extension, step = stride_x * v->channels;

	if (extension == 3)
		return refuse_csc(c, CSC_D_POST_Y_EXTENSION, DRM_NVDLA_FAIL_VALUE);
	if (lines == 1 && entry == atom && out_w > 1 && samples > 2 * atom && samples % atom == 1)
		return refuse_csc(c, CSC_D_WEIGHT_SIZE_EXT_1, DRM_NVDLA_FAIL_VALUE);
	if (lines > 1 && (((lines - 1) * step + samples) * v->bytes > entry ||
			  lines * samples > atom ||
			  (out_w > lines && lines * step * v->bytes > entry)))
		return refuse_csc(c, CSC_D_POST_Y_EXTENSION, DRM_NVDLA_FAIL_VALUE);
	return 0;
}

static int check_image_format(struct op_check *c, struct conv *v)
{
	__u32 format = OP_FIELD(c, NVDLA_CDMA, CDMA_D_DATAIN_FORMAT, PIXEL_FORMAT);
	__u32 offset = OP_FIELD(c, NVDLA_CDMA, CDMA_D_PIXEL_OFFSET, PIXEL_X_OFFSET);
	bool known = format < 28 ? c->config->image_packed >> format & 1 :
		     format < 36 && c->config->image_semi >> (format - 28) & 1;
	__u32 channels;

	if (!known || OP_FIELD(c, NVDLA_CDMA, CDMA_D_DATAIN_FORMAT, PIXEL_MAPPING))
		return refuse_cdma(c, CDMA_D_DATAIN_FORMAT, DRM_NVDLA_FAIL_VALUE);
	v->planes = format < 28 ? 1 : 2;
	if (v->planes == 1) {
		v->pixel_bytes[0] = packed_pixel_bytes(format);
		channels = v->pixel_bytes[0] >= 4 ? 4 : 1;
	} else {
		v->pixel_bytes[0] = format < 30 ? 1 : 2;
		v->pixel_bytes[1] = 2 * v->pixel_bytes[0];
		channels = 3;
	}
	if (v->channels != channels)
		return refuse_cdma(c, CDMA_D_DATAIN_SIZE_1, DRM_NVDLA_FAIL_MISMATCH);
	/* The first pixel lies in the first atom of a line. */
	if (offset * v->pixel_bytes[0] >= c->config->atomic_m ||
	    OP_FIELD(c, NVDLA_CDMA, CDMA_D_PIXEL_OFFSET, PIXEL_Y_OFFSET))
		return refuse_cdma(c, CDMA_D_PIXEL_OFFSET, DRM_NVDLA_FAIL_VALUE);
	if (v->batches != 1 || v->winograd)
		return refuse_cdma(c, CDMA_D_DATAIN_FORMAT, DRM_NVDLA_FAIL_MISMATCH);
	return 0;
}

static int read_input(struct op_check *c, struct conv *v)
{
	__u32 features = c->config->features;
	__u32 in = OP_FIELD(c, NVDLA_CDMA, CDMA_D_MISC_CFG, IN_PRECISION);
	__u32 proc = OP_FIELD(c, NVDLA_CDMA, CDMA_D_MISC_CFG, PROC_PRECISION);
	int ret;

	memset(v, 0, sizeof(*v));
	v->misc = op_reg(c, NVDLA_CDMA, CDMA_D_MISC_CFG);
	v->csc_misc = op_reg(c, NVDLA_CSC, CSC_D_MISC_CFG);
	v->image = OP_FIELD(c, NVDLA_CDMA, CDMA_D_DATAIN_FORMAT, DATAIN_FORMAT);
	v->winograd = v->misc & CDMA_D_MISC_CFG_CONV_MODE;
	v->width = OP_FIELD(c, NVDLA_CDMA, CDMA_D_DATAIN_SIZE_0, DATAIN_WIDTH) + 1;
	v->height = OP_FIELD(c, NVDLA_CDMA, CDMA_D_DATAIN_SIZE_0, DATAIN_HEIGHT) + 1;
	v->channels = OP_FIELD(c, NVDLA_CDMA, CDMA_D_DATAIN_SIZE_1, DATAIN_CHANNEL) + 1;
	v->batches = OP_FIELD(c, NVDLA_CDMA, CDMA_D_BATCH_NUMBER, BATCHES) + 1;
	v->entries = OP_FIELD(c, NVDLA_CDMA, CDMA_D_ENTRY_PER_SLICE, ENTRIES) + 1;
	v->planes = 1;

	ret = op_expect_precision(c, NVDLA_CDMA, CDMA_D_MISC_CFG, in);
	if (!ret)
		ret = op_expect_precision(c, NVDLA_CDMA, CDMA_D_MISC_CFG, proc);
	if (ret)
		return ret;
	/* CDMA converts pixels only; a feature cube arrives as it is computed. */
	if (!v->image && in != proc)
		return refuse_cdma(c, CDMA_D_MISC_CFG, DRM_NVDLA_FAIL_MISMATCH);
	v->bytes = precision_bytes(proc);
	if (v->winograd && !(features & NVDLA_FEAT_WINOGRAD))
		return refuse_cdma(c, CDMA_D_MISC_CFG, DRM_NVDLA_FAIL_VALUE);
	if (v->batches > c->config->max_batch)
		return refuse_cdma(c, CDMA_D_BATCH_NUMBER, DRM_NVDLA_FAIL_VALUE);
	if (op_reg(c, NVDLA_CDMA, CDMA_D_WEIGHT_FORMAT) && !(features & NVDLA_FEAT_WT_COMPRESS))
		return refuse_cdma(c, CDMA_D_WEIGHT_FORMAT, DRM_NVDLA_FAIL_VALUE);
	return v->image ? check_image_format(c, v) : 0;
}

/*
 * CBUF entries of one slice. Direct convolution: channels that fill entries
 * take one per column each; the remaining atoms are packed, several columns to
 * an entry, where three atoms take the room of four. Image: the padded line is
 * packed without gaps.
 */
static __u32 entries_per_slice(const struct op_check *c, const struct conv *v)
{
	__u32 width = c->config->cbuf_bank_width;
	__u32 per = width / c->config->atomic_m;
	__u32 atoms, rem;

	if (v->image) {
		__u32 columns = v->width +
				OP_FIELD(c, NVDLA_CDMA, CDMA_D_ZERO_PADDING, PAD_LEFT) +
				OP_FIELD(c, NVDLA_CDMA, CDMA_D_ZERO_PADDING, PAD_RIGHT);

		return nvdla_div_up(columns * v->channels * v->bytes, width);
	}

	atoms = nvdla_div_up(v->channels * v->bytes, c->config->atomic_m);
	rem = atoms % per;
	if (rem == 3)
		rem = 4;
	return atoms / per * v->width + nvdla_div_up(rem * v->width, per);
}

static int check_cbuf(struct op_check *c, struct conv *v)
{
	__u32 data = OP_FIELD(c, NVDLA_CDMA, CDMA_D_BANK, DATA_BANK) + 1;
	__u32 weight = OP_FIELD(c, NVDLA_CDMA, CDMA_D_BANK, WEIGHT_BANK) + 1;
	__u32 banks = c->config->cbuf_banks;

	/* Compressed weights keep their mask in the last bank. */
	if (op_reg(c, NVDLA_CDMA, CDMA_D_WEIGHT_FORMAT))
		banks--;
	if (data + weight > banks)
		return refuse_cdma(c, CDMA_D_BANK, DRM_NVDLA_FAIL_CBUF);
	v->data_entries = data * c->config->cbuf_bank_depth;
	v->weight_space = weight * c->config->cbuf_bank_depth * c->config->cbuf_bank_width;

	/* Winograd stores lines four by four: nvdla_check_winograd() counts its slices. */
	if (!v->winograd && v->entries != entries_per_slice(c, v))
		return refuse_cdma(c, CDMA_D_ENTRY_PER_SLICE, DRM_NVDLA_FAIL_MISMATCH);
	v->csc_height = OP_FIELD(c, NVDLA_CSC, CSC_D_DATAIN_SIZE_EXT_0, DATAIN_HEIGHT_EXT) + 1;
	if ((__u64)v->entries * v->csc_height * v->batches > v->data_entries)
		return refuse_csc(c, CSC_D_DATAIN_SIZE_EXT_0, DRM_NVDLA_FAIL_CBUF);
	return 0;
}

/* Sizes of input, kernel and output along both axes. */
static int check_shape(struct op_check *c, struct conv *v)
{
	__u32 pad = op_reg(c, NVDLA_CDMA, CDMA_D_ZERO_PADDING);
	__u32 width = OP_FIELD(c, NVDLA_CSC, CSC_D_WEIGHT_SIZE_EXT_0, WEIGHT_WIDTH_EXT) + 1;
	__u32 height = OP_FIELD(c, NVDLA_CSC, CSC_D_WEIGHT_SIZE_EXT_0, WEIGHT_HEIGHT_EXT) + 1;
	__u32 channels = OP_FIELD(c, NVDLA_CSC, CSC_D_WEIGHT_SIZE_EXT_1, WEIGHT_CHANNEL_EXT) + 1;
	__u32 stride_x = OP_FIELD(c, NVDLA_CSC, CSC_D_CONV_STRIDE_EXT, CONV_X_STRIDE_EXT) + 1;
	__u32 stride_y = OP_FIELD(c, NVDLA_CSC, CSC_D_CONV_STRIDE_EXT, CONV_Y_STRIDE_EXT) + 1;
	__u32 dilation_x = OP_FIELD(c, NVDLA_CSC, CSC_D_DILATION_EXT, X_DILATION_EXT) + 1;
	__u32 dilation_y = OP_FIELD(c, NVDLA_CSC, CSC_D_DILATION_EXT, Y_DILATION_EXT) + 1;
	__u32 out_w = OP_FIELD(c, NVDLA_CSC, CSC_D_DATAOUT_SIZE_0, DATAOUT_WIDTH) + 1;
	__u32 out_h = OP_FIELD(c, NVDLA_CSC, CSC_D_DATAOUT_SIZE_0, DATAOUT_HEIGHT) + 1;
	__u32 left = FIELD_GET(CDMA_D_ZERO_PADDING_PAD_LEFT, pad);
	__u32 right = FIELD_GET(CDMA_D_ZERO_PADDING_PAD_RIGHT, pad);
	__u32 top = FIELD_GET(CDMA_D_ZERO_PADDING_PAD_TOP, pad);
	__u32 bottom = FIELD_GET(CDMA_D_ZERO_PADDING_PAD_BOTTOM, pad);
	int ret;

	if ((__u64)out_w * out_h != OP_FIELD(c, NVDLA_CSC, CSC_D_ATOMICS, ATOMICS) + 1ULL)
		return refuse_csc(c, CSC_D_ATOMICS, DRM_NVDLA_FAIL_MISMATCH);
	if (v->winograd)
		return nvdla_check_winograd(c, v);
	if (OP_FIELD(c, NVDLA_CSC, CSC_D_ZERO_PADDING, PAD_LEFT) != left ||
	    OP_FIELD(c, NVDLA_CSC, CSC_D_ZERO_PADDING, PAD_TOP) != top)
		return refuse_csc(c, CSC_D_ZERO_PADDING, DRM_NVDLA_FAIL_MISMATCH);
	if (OP_FIELD(c, NVDLA_CSC, CSC_D_DATAIN_SIZE_EXT_0, DATAIN_WIDTH_EXT) + 1 != v->width)
		return refuse_csc(c, CSC_D_DATAIN_SIZE_EXT_0, DRM_NVDLA_FAIL_MISMATCH);
	if (OP_FIELD(c, NVDLA_CSC, CSC_D_DATAIN_SIZE_EXT_1, DATAIN_CHANNEL_EXT) + 1 != v->channels)
		return refuse_csc(c, CSC_D_DATAIN_SIZE_EXT_1, DRM_NVDLA_FAIL_MISMATCH);
	if (v->image) {
		/* A kernel line is one run of pixels: its columns count as channels. */
		if (channels % v->channels || width != 1 || dilation_x != 1)
			return refuse_csc(c, CSC_D_WEIGHT_SIZE_EXT_1, DRM_NVDLA_FAIL_MISMATCH);
		width = channels / v->channels;
		ret = check_image_lines(c, v, channels, stride_x, out_w);
		if (ret)
			return ret;
	} else {
		if (channels != v->channels)
			return refuse_csc(c, CSC_D_WEIGHT_SIZE_EXT_1, DRM_NVDLA_FAIL_MISMATCH);
		if (op_reg(c, NVDLA_CSC, CSC_D_POST_Y_EXTENSION))
			return refuse_csc(c, CSC_D_POST_Y_EXTENSION, DRM_NVDLA_FAIL_VALUE);
	}

	width = (width - 1) * dilation_x + 1;
	height = (height - 1) * dilation_y + 1;
	/* Columns are consumed to the last; lines may remain for the next operation. */
	if (left + v->width + right != (out_w - 1) * stride_x + width ||
	    (out_h - 1) * stride_y + height > top + v->csc_height + bottom)
		return refuse_csc(c, CSC_D_DATAOUT_SIZE_0, DRM_NVDLA_FAIL_MISMATCH);
	/* Every window has a column and a line that are not padding. */
	if (left >= width || right >= width)
		return refuse_cdma(c, CDMA_D_ZERO_PADDING, DRM_NVDLA_FAIL_VALUE);
	if (top >= height || (out_h - 1) * stride_y >= top + v->csc_height)
		return refuse_csc(c, CSC_D_DATAOUT_SIZE_0, DRM_NVDLA_FAIL_VALUE);
	return 0;
}

/* Registers that say which bytes of the input CDMA fetches. */
static const __u16 fetch_regs[CONV_FETCH_REGS] = {
	CDMA_D_DATAIN_FORMAT, CDMA_D_DATAIN_SIZE_0, CDMA_D_PIXEL_OFFSET, CDMA_D_LINE_STRIDE,
	CDMA_D_LINE_UV_STRIDE, CDMA_D_SURF_STRIDE, CDMA_D_BATCH_STRIDE,
};

static bool same_fetch(const struct op_check *c, const struct conv_carry *last)
{
	unsigned int i;

	for (i = 0; i < CONV_FETCH_REGS; i++) {
		if (op_reg(c, NVDLA_CDMA, fetch_regs[i]) != last->fetch[i])
			return false;
	}

	return true;
}

/*
 * Reuse of what the convolution before left in CBUF. CDMA fetches nothing when
 * DATA_REUSE meets data that were not released at all; it fetches the new lines
 * behind those that were kept otherwise. Without DATA_REUSE, CSC drops what was
 * kept. The address must be the same even where nothing is fetched, so that
 * nothing depends on the hardware agreeing that nothing is to be fetched.
 */
static int check_reuse(struct op_check *c, struct conv *v)
{
	const struct conv_carry *last = &c->carry;
	__u32 available = v->height;

	if (v->winograd)
		return 0;
	if (v->misc & CDMA_D_MISC_CFG_DATA_REUSE) {
		if (!last->valid || !last->kept || last->image != v->image ||
		    last->data_bank != op_reg(c, NVDLA_CDMA, CDMA_D_BANK) ||
		    last->entries != v->entries || last->width != v->width ||
		    last->channels != v->channels || last->batches != v->batches ||
		    last->misc != (v->misc & ~MISC_REUSE))
			return refuse_cdma(c, CDMA_D_MISC_CFG, DRM_NVDLA_FAIL_REUSE);
		if (last->skip_data) {
			if (!same_fetch(c, last) ||
			    !same_reloc(c->reloc[PORT_CDMA_DATA0], &last->data0) ||
			    (v->planes == 2 &&
			     !same_reloc(c->reloc[PORT_CDMA_DATA1], &last->data1)))
				return refuse_cdma(c, CDMA_D_MISC_CFG, DRM_NVDLA_FAIL_REUSE);
			available = last->kept;
		} else {
			available += last->kept;
		}
	}
	if (v->csc_height != available)
		return refuse_csc(c, CSC_D_DATAIN_SIZE_EXT_0, DRM_NVDLA_FAIL_MISMATCH);

	v->release = OP_FIELD(c, NVDLA_CSC, CSC_D_RELEASE, RLS_SLICES) + 1;
	if (v->release > v->csc_height)
		return refuse_csc(c, CSC_D_RELEASE, DRM_NVDLA_FAIL_MISMATCH);
	return 0;
}

static void carry_on(struct op_check *c, const struct conv *v)
{
	struct conv_carry *carry = &c->carry;
	struct weights ahead = carry->ahead;
	unsigned int i;

	memset(carry, 0, sizeof(*carry));
	carry->ahead = ahead;
	carry->valid = true;
	carry->op = c->index;
	carry->skip_data = v->misc & CDMA_D_MISC_CFG_SKIP_DATA_RLS;
	carry->skip_weight = v->csc_misc & CDMA_D_MISC_CFG_SKIP_WEIGHT_RLS;
	carry->skip_fetch = v->misc & CDMA_D_MISC_CFG_SKIP_WEIGHT_RLS;
	carry->kept = carry->skip_data ? v->csc_height : v->csc_height - v->release;
	carry->image = v->image;
	carry->data_bank = op_reg(c, NVDLA_CDMA, CDMA_D_BANK);
	carry->entries = v->entries;
	carry->height = v->csc_height;
	carry->width = v->width;
	carry->channels = v->channels;
	carry->batches = v->batches;
	carry->misc = v->misc & ~MISC_REUSE;
	for (i = 0; i < CONV_FETCH_REGS; i++)
		carry->fetch[i] = op_reg(c, NVDLA_CDMA, fetch_regs[i]);
	carry->used = v->used;
	carry->fetched = v->fetched;
	if (c->reloc[PORT_CDMA_DATA0])
		carry->data0 = *c->reloc[PORT_CDMA_DATA0];
	if (c->reloc[PORT_CDMA_DATA1])
		carry->data1 = *c->reloc[PORT_CDMA_DATA1];
	if (c->reloc[PORT_CDMA_WEIGHT])
		carry->weight = *c->reloc[PORT_CDMA_WEIGHT];
	if (c->reloc[PORT_CDMA_WMB])
		carry->mask = *c->reloc[PORT_CDMA_WMB];
	if (c->reloc[PORT_CDMA_WGS])
		carry->sizes = *c->reloc[PORT_CDMA_WGS];
}

/* Bytes of a line of pixels: whole atoms, from the one with the first pixel. */
static __u64 pixel_line(const struct op_check *c, const struct conv *v, __u32 pixel_bytes)
{
	__u32 atom = c->config->atomic_m;
	__u32 offset = OP_FIELD(c, NVDLA_CDMA, CDMA_D_PIXEL_OFFSET, PIXEL_X_OFFSET);
	/* In the second plane only the part within an atom counts. */
	__u32 skip = offset % (atom / pixel_bytes);

	return nvdla_div_up((skip + v->width) * pixel_bytes, atom);
}

static int use_data(struct op_check *c, const struct conv *v)
{
	struct cube cube = {
		.width = v->width,
		.height = v->height,
		.surfaces = 1,
		.batches = v->batches,
		.line_stride = op_reg(c, NVDLA_CDMA, CDMA_D_LINE_STRIDE),
	};
	__u32 map = op_reg(c, NVDLA_CDMA, CDMA_D_DAIN_MAP);
	int ret;

	ret = op_expect_aligned(c, NVDLA_CDMA, CDMA_D_LINE_STRIDE);
	if (ret)
		return ret;

	if (v->image) {
		cube.width = pixel_line(c, v, v->pixel_bytes[0]);
		op_use(c, PORT_CDMA_DATA0, cube_extent(c->config, &cube));
		if (v->planes == 1)
			return 0;
		ret = op_expect_aligned(c, NVDLA_CDMA, CDMA_D_LINE_UV_STRIDE);
		if (ret)
			return ret;
		cube.width = pixel_line(c, v, v->pixel_bytes[1]);
		cube.line_stride = op_reg(c, NVDLA_CDMA, CDMA_D_LINE_UV_STRIDE);
		op_use(c, PORT_CDMA_DATA1, cube_extent(c->config, &cube));
		return 0;
	}

	ret = op_expect_aligned(c, NVDLA_CDMA, CDMA_D_SURF_STRIDE);
	if (!ret && v->batches > 1)
		ret = op_expect_aligned(c, NVDLA_CDMA, CDMA_D_BATCH_STRIDE);
	if (ret)
		return ret;
	cube.surfaces = nvdla_div_up(v->channels * v->bytes, c->config->atomic_m);
	cube.surf_stride = op_reg(c, NVDLA_CDMA, CDMA_D_SURF_STRIDE);
	cube.batch_stride = op_reg(c, NVDLA_CDMA, CDMA_D_BATCH_STRIDE);

	/* A packed cube is fetched without regard for its strides. */
	if (map & CDMA_D_DAIN_MAP_LINE_PACKED && v->height > 1 &&
	    cube.line_stride != cube.width * c->config->atomic_m)
		return refuse_cdma(c, CDMA_D_LINE_STRIDE, DRM_NVDLA_FAIL_MISMATCH);
	if (map & CDMA_D_DAIN_MAP_SURF_PACKED && cube.surfaces > 1 &&
	    (v->height == 1 ? cube.surf_stride != cube.width * c->config->atomic_m :
	     cube.surf_stride != cube.line_stride * v->height))
		return refuse_cdma(c, CDMA_D_SURF_STRIDE, DRM_NVDLA_FAIL_MISMATCH);
	op_use(c, PORT_CDMA_DATA0, cube_extent(c->config, &cube));
	return 0;
}

static void use_weights(struct op_check *c, const struct conv *v)
{
	__u32 group = c->config->atomic_k / v->bytes;
	__u32 atom = c->config->atomic_m;

	op_use(c, PORT_CDMA_WEIGHT, v->fetched.bytes);
	if (!op_reg(c, NVDLA_CDMA, CDMA_D_WEIGHT_FORMAT))
		return;
	/* The mask, and the size of each kernel group as a 32-bit word. */
	op_use(c, PORT_CDMA_WMB,
	       nvdla_div_up(op_reg(c, NVDLA_CDMA, CDMA_D_WMB_BYTES), atom) * atom);
	op_use(c, PORT_CDMA_WGS,
	       nvdla_div_up(nvdla_div_up(v->fetched.kernels, group) * 4, atom) * atom);
}

int nvdla_check_conv(struct op_check *c, struct flow *out)
{
	struct conv v;
	int ret;

	ret = check_alike(c);
	if (!ret)
		ret = read_input(c, &v);
	if (!ret)
		ret = check_cbuf(c, &v);
	if (!ret)
		ret = nvdla_check_weights(c, &v);
	if (!ret)
		ret = check_shape(c, &v);
	if (!ret)
		ret = check_reuse(c, &v);
	if (!ret)
		ret = nvdla_check_weight_use(c, &v);
	if (!ret)
		ret = use_data(c, &v);
	if (ret)
		return ret;
	use_weights(c, &v);
	carry_on(c, &v);

	out->width = OP_FIELD(c, NVDLA_CACC, CACC_D_DATAOUT_SIZE_0, DATAOUT_WIDTH) + 1;
	out->height = OP_FIELD(c, NVDLA_CACC, CACC_D_DATAOUT_SIZE_0, DATAOUT_HEIGHT) + 1;
	out->channels = v.used.kernels;
	out->batches = v.batches;
	out->precision = OP_FIELD(c, NVDLA_CACC, CACC_D_MISC_CFG, PROC_PRECISION);
	out->winograd = v.winograd;
	return 0;
}

/* Nothing may stay in CBUF when a program ends: the next may be another client's. */
int nvdla_check_conv_last(struct op_check *c)
{
	const struct conv_carry *last = &c->carry;

	if (!last->valid || !(last->kept || last->skip_weight || last->ahead.kernels))
		return 0;
	c->index = last->op;
	if (last->ahead.kernels)
		return refuse_cdma(c, CDMA_D_WEIGHT_BYTES, DRM_NVDLA_FAIL_REUSE);
	return refuse_csc(c, last->skip_data || last->skip_weight ? CSC_D_MISC_CFG :
			  CSC_D_RELEASE, DRM_NVDLA_FAIL_REUSE);
}
