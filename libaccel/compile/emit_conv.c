// SPDX-License-Identifier: MIT
/*
 * Register values of the convolution pipeline: CDMA, CSC, CMAC and CACC.
 * Meaning of the registers: the hardware manual's programming guide.
 */
#include "npu_code.h"

/* The part of the input in one direction that a range of outputs needs. */
struct span {
	uint32_t start, size;		/* of real input */
	uint32_t before, after;		/* padding */
};

static struct span input_span(uint32_t first, uint32_t count, uint32_t stride, uint32_t kernel,
			      uint32_t dilation, uint32_t pad, uint32_t in)
{
	int64_t start = (int64_t)first * stride - pad;
	int64_t end = start + (int64_t)(count - 1) * stride + (kernel - 1) * dilation + 1;
	struct span span = { 0 };

	if (start < 0) {
		span.before = -start;
		start = 0;
	}
	if (end > in) {
		span.after = end - in;
		end = in;
	}
	span.start = start;
	span.size = end - start;
	return span;
}

struct part {
	uint32_t block;
	uint32_t channels;		/* of the block's input */
	uint32_t first_channel;
	uint32_t kernels;		/* of this hardware operation */
	uint32_t block_kernel;		/* number of the first one within the block */
	struct npu_box result;		/* what is written */
	struct npu_box out;		/* of the convolution: the same, or what pooling takes in */
	struct span x, y;
	bool data_again, data_stays;	/* all data: used before, used again */
	bool again, stays;		/* all weights: used by the block before, by the next */
	uint32_t kept;			/* lines of y that the part before left in CBUF */
	uint32_t keep;			/* lines of y left for the part behind */
	bool reuse_weights, keep_weights;
};

/*
 * Lines at the end of @y that are the first ones of the part behind, @next, and
 * may stay in CBUF: CSC releases at least one line, CDMA fetches at least one.
 */
static uint32_t shared_lines(const struct span *y, const struct span *next)
{
	uint32_t end = y->start + y->size;

	if (next->start <= y->start || next->start >= end || next->start + next->size <= end)
		return 0;
	return end - next->start;
}

/*
 * CDMA fetches WEIGHT_BYTES and CSC releases the entries that it read: were they
 * not the same number, the next operation would begin with what is left.
 */
static uint32_t whole_entries(const struct nvdla_config *config, uint32_t bytes)
{
	uint32_t entry = config->cbuf_bank_width;

	return (bytes + entry - 1) / entry * entry;
}

static void emit_cdma(struct npu_code *code, const struct nvdla_config *config,
		      const struct npu_op *op, const struct npu_tiling *tiling,
		      const struct part *part)
{
	const struct npu_conv *conv = &op->conv;
	const uint32_t base = config->base[NVDLA_CDMA];
	const uint32_t per_kernel = (uint32_t)conv->kernel_w * conv->kernel_h * part->channels;
	const uint32_t weight_bytes = whole_entries(config, per_kernel * part->kernels);
	const uint32_t entries = npu_cbuf_entries(config, conv->image, part->x.size, part->channels,
						  part->x.before + part->x.after);
	const struct npu_box in = {
		.x = part->x.start, .y = part->y.start + part->kept, .c = part->first_channel,
	};
	const uint32_t lines = part->y.size - part->kept;
	uint64_t address = npu_box_offset(&op->in, &in), block, bytes;
	bool packed = !conv->image && op->in.line == part->x.size * op->in.atom;
	uint32_t format = 0;

	npu_code_reg_always(code, base, CDMA_D_MISC_CFG,
			    FIELD_PREP(CDMA_D_MISC_CFG_DATA_REUSE, part->kept || part->data_again) |
			    FIELD_PREP(CDMA_D_MISC_CFG_SKIP_DATA_RLS, part->data_stays) |
			    FIELD_PREP(CDMA_D_MISC_CFG_WEIGHT_REUSE, part->reuse_weights) |
			    FIELD_PREP(CDMA_D_MISC_CFG_SKIP_WEIGHT_RLS, part->keep_weights));
	if (conv->image) {
		uint32_t pixel = op->in.atom == 1 ? CDMA_D_DATAIN_FORMAT_PIXEL_FORMAT_T_R8 :
				 CDMA_D_DATAIN_FORMAT_PIXEL_FORMAT_T_A8B8G8R8;

		format = FIELD_PREP(CDMA_D_DATAIN_FORMAT_DATAIN_FORMAT,
				    CDMA_D_DATAIN_FORMAT_DATAIN_FORMAT_PIXEL) |
			 FIELD_PREP(CDMA_D_DATAIN_FORMAT_PIXEL_FORMAT, pixel) |
			 FIELD_PREP(CDMA_D_DATAIN_FORMAT_PIXEL_SIGN_OVERRIDE,
				    CDMA_D_DATAIN_FORMAT_PIXEL_SIGN_OVERRIDE_SIGNED_INT);
		/* Addresses point to atoms; the rest is counted in pixels. */
		npu_code_reg(code, base, CDMA_D_PIXEL_OFFSET,
			     FIELD_PREP(CDMA_D_PIXEL_OFFSET_PIXEL_X_OFFSET,
					address % config->atomic_m / op->in.atom));
		address -= address % config->atomic_m;
	}
	npu_code_reg(code, base, CDMA_D_DATAIN_FORMAT, format);
	npu_code_reg(code, base, CDMA_D_DATAIN_SIZE_0,
		     FIELD_PREP(CDMA_D_DATAIN_SIZE_0_DATAIN_WIDTH, part->x.size - 1) |
		     FIELD_PREP(CDMA_D_DATAIN_SIZE_0_DATAIN_HEIGHT, lines - 1));
	npu_code_reg(code, base, CDMA_D_DATAIN_SIZE_1, part->channels - 1);
	npu_code_reg(code, base, CDMA_D_DATAIN_SIZE_EXT_0,
		     FIELD_PREP(CDMA_D_DATAIN_SIZE_EXT_0_DATAIN_WIDTH_EXT, part->x.size - 1) |
		     FIELD_PREP(CDMA_D_DATAIN_SIZE_EXT_0_DATAIN_HEIGHT_EXT, lines - 1));
	npu_code_reloc(code, base, CDMA_D_DAIN_ADDR_LOW_0, op->in.region, address);
	npu_code_reg(code, base, CDMA_D_LINE_STRIDE, op->in.line);
	if (!conv->image)
		npu_code_reg(code, base, CDMA_D_SURF_STRIDE, op->in.surface);
	npu_code_reg(code, base, CDMA_D_DAIN_MAP,
		     FIELD_PREP(CDMA_D_DAIN_MAP_LINE_PACKED, packed) |
		     FIELD_PREP(CDMA_D_DAIN_MAP_SURF_PACKED,
				packed && op->in.surface == op->in.line * lines));
	npu_code_reg(code, base, CDMA_D_ENTRY_PER_SLICE, entries - 1);
	npu_code_reg_always(code, base, CDMA_D_WEIGHT_SIZE_0, per_kernel - 1);
	npu_code_reg_always(code, base, CDMA_D_WEIGHT_SIZE_1, part->kernels - 1);
	block = npu_weights_block(op, part->block, &bytes);
	npu_code_reloc(code, base, CDMA_D_WEIGHT_ADDR_LOW, NPU_CONSTS,
		       conv->weights + block + (uint64_t)part->block_kernel * per_kernel);
	npu_code_reg_always(code, base, CDMA_D_WEIGHT_BYTES, weight_bytes);
	npu_code_reg(code, base, CDMA_D_CVT_SCALE, 1);
	npu_code_reg(code, base, CDMA_D_CONV_STRIDE,
		     FIELD_PREP(CDMA_D_CONV_STRIDE_CONV_X_STRIDE, conv->stride_x - 1) |
		     FIELD_PREP(CDMA_D_CONV_STRIDE_CONV_Y_STRIDE, conv->stride_y - 1));
	npu_code_reg(code, base, CDMA_D_ZERO_PADDING,
		     FIELD_PREP(CDMA_D_ZERO_PADDING_PAD_LEFT, part->x.before) |
		     FIELD_PREP(CDMA_D_ZERO_PADDING_PAD_RIGHT, part->x.after) |
		     FIELD_PREP(CDMA_D_ZERO_PADDING_PAD_TOP, part->y.before) |
		     FIELD_PREP(CDMA_D_ZERO_PADDING_PAD_BOTTOM, part->y.after));
	npu_code_reg(code, base, CDMA_D_ZERO_PADDING_VALUE, (uint16_t)conv->pad_value);
	npu_code_reg_always(code, base, CDMA_D_BANK,
		     FIELD_PREP(CDMA_D_BANK_DATA_BANK, tiling->data_banks - 1) |
		     FIELD_PREP(CDMA_D_BANK_WEIGHT_BANK, tiling->weight_banks - 1));
}

static void emit_csc(struct npu_code *code, const struct nvdla_config *config,
		     const struct npu_op *op, const struct npu_tiling *tiling,
		     const struct part *part)
{
	const struct npu_conv *conv = &op->conv;
	const uint32_t base = config->base[NVDLA_CSC];
	const uint32_t per_kernel = (uint32_t)conv->kernel_w * conv->kernel_h * part->channels;
	const uint32_t entries = npu_cbuf_entries(config, conv->image, part->x.size, part->channels,
						  part->x.before + part->x.after);
	/* CSC sees a line of an image's kernel as one column of many channels. */
	const uint32_t weight_w = conv->image ? 1 : conv->kernel_w;
	const uint32_t weight_c = conv->image ? conv->kernel_w * part->channels : part->channels;

	npu_code_reg(code, base, CSC_D_MISC_CFG,
		     FIELD_PREP(CSC_D_MISC_CFG_DATA_REUSE, part->kept || part->data_again) |
		     FIELD_PREP(CSC_D_MISC_CFG_SKIP_DATA_RLS, part->data_stays) |
		     FIELD_PREP(CSC_D_MISC_CFG_WEIGHT_REUSE, part->reuse_weights) |
		     FIELD_PREP(CSC_D_MISC_CFG_SKIP_WEIGHT_RLS, part->keep_weights));
	npu_code_reg(code, base, CSC_D_DATAIN_FORMAT, conv->image);
	npu_code_reg(code, base, CSC_D_DATAIN_SIZE_EXT_0,
		     FIELD_PREP(CSC_D_DATAIN_SIZE_EXT_0_DATAIN_WIDTH_EXT, part->x.size - 1) |
		     FIELD_PREP(CSC_D_DATAIN_SIZE_EXT_0_DATAIN_HEIGHT_EXT, part->y.size - 1));
	npu_code_reg(code, base, CSC_D_DATAIN_SIZE_EXT_1, part->channels - 1);
	npu_code_reg(code, base, CSC_D_ENTRY_PER_SLICE, entries - 1);
	npu_code_reg(code, base, CSC_D_WEIGHT_SIZE_EXT_0,
		     FIELD_PREP(CSC_D_WEIGHT_SIZE_EXT_0_WEIGHT_WIDTH_EXT, weight_w - 1) |
		     FIELD_PREP(CSC_D_WEIGHT_SIZE_EXT_0_WEIGHT_HEIGHT_EXT, conv->kernel_h - 1));
	npu_code_reg(code, base, CSC_D_WEIGHT_SIZE_EXT_1,
		     FIELD_PREP(CSC_D_WEIGHT_SIZE_EXT_1_WEIGHT_CHANNEL_EXT, weight_c - 1) |
		     FIELD_PREP(CSC_D_WEIGHT_SIZE_EXT_1_WEIGHT_KERNEL, part->kernels - 1));
	npu_code_reg(code, base, CSC_D_WEIGHT_BYTES, whole_entries(config, per_kernel * part->kernels));
	npu_code_reg(code, base, CSC_D_DATAOUT_SIZE_0,
		     FIELD_PREP(CSC_D_DATAOUT_SIZE_0_DATAOUT_WIDTH, part->out.width - 1) |
		     FIELD_PREP(CSC_D_DATAOUT_SIZE_0_DATAOUT_HEIGHT, part->out.height - 1));
	npu_code_reg(code, base, CSC_D_DATAOUT_SIZE_1, part->kernels - 1);
	npu_code_reg(code, base, CSC_D_ATOMICS, part->out.width * part->out.height - 1);
	npu_code_reg(code, base, CSC_D_RELEASE, part->y.size - part->keep - 1);
	npu_code_reg(code, base, CSC_D_CONV_STRIDE_EXT,
		     FIELD_PREP(CSC_D_CONV_STRIDE_EXT_CONV_X_STRIDE_EXT, conv->stride_x - 1) |
		     FIELD_PREP(CSC_D_CONV_STRIDE_EXT_CONV_Y_STRIDE_EXT, conv->stride_y - 1));
	npu_code_reg(code, base, CSC_D_DILATION_EXT,
		     FIELD_PREP(CSC_D_DILATION_EXT_X_DILATION_EXT, conv->dilation_x - 1) |
		     FIELD_PREP(CSC_D_DILATION_EXT_Y_DILATION_EXT, conv->dilation_y - 1));
	npu_code_reg(code, base, CSC_D_ZERO_PADDING,
		     FIELD_PREP(CSC_D_ZERO_PADDING_PAD_LEFT, part->x.before) |
		     FIELD_PREP(CSC_D_ZERO_PADDING_PAD_TOP, part->y.before));
	npu_code_reg(code, base, CSC_D_ZERO_PADDING_VALUE, (uint16_t)conv->pad_value);
	npu_code_reg(code, base, CSC_D_BANK,
		     FIELD_PREP(CSC_D_BANK_DATA_BANK, tiling->data_banks - 1) |
		     FIELD_PREP(CSC_D_BANK_WEIGHT_BANK, tiling->weight_banks - 1));
}

static void emit_cacc(struct npu_code *code, const struct nvdla_config *config,
		      const struct npu_op *op, const struct part *part)
{
	const uint32_t base = config->base[NVDLA_CACC];
	bool point = part->out.width == 1 && part->out.height == 1;

	npu_code_reg(code, base, CACC_D_DATAOUT_SIZE_0,
		     FIELD_PREP(CACC_D_DATAOUT_SIZE_0_DATAOUT_WIDTH, part->out.width - 1) |
		     FIELD_PREP(CACC_D_DATAOUT_SIZE_0_DATAOUT_HEIGHT, part->out.height - 1));
	npu_code_reg(code, base, CACC_D_DATAOUT_SIZE_1, part->kernels - 1);
	npu_code_reg(code, base, CACC_D_LINE_STRIDE, op->out.line);
	npu_code_reg(code, base, CACC_D_SURF_STRIDE, op->out.surface);
	npu_code_reg(code, base, CACC_D_DATAOUT_MAP,
		     FIELD_PREP(CACC_D_DATAOUT_MAP_LINE_PACKED, point) |
		     FIELD_PREP(CACC_D_DATAOUT_MAP_SURF_PACKED, point));
}

static void emit_part(struct npu_code *code, const struct nvdla_config *config,
		      const struct npu_op *op, const struct npu_op *pool,
		      const struct npu_tiling *tiling, const struct part *part, uint32_t index,
		      int32_t lut)
{
	npu_code_begin(code, DRM_NVDLA_ENGINE_CONV | DRM_NVDLA_ENGINE_SDP |
		       (pool ? DRM_NVDLA_ENGINE_PDP : 0), index);
	if (code->error)
		return;
	code->ops[code->op_count - 1].lut = lut;
	emit_cdma(code, config, op, tiling, part);
	emit_csc(code, config, op, tiling, part);
	emit_cacc(code, config, op, part);
	npu_emit_sdp(code, config, op, &part->out, true, pool);
	if (pool)
		npu_emit_flying_pdp(code, config, pool, &part->result);
}

/* Lines of input that a range of results needs. */
static struct span lines_of(const struct npu_op *op, const struct npu_op *pool,
			    const struct npu_box *result)
{
	struct npu_box out = *result;

	if (pool)
		npu_pool_input(pool, result, &out);
	return input_span(out.y, out.height, op->conv.stride_y, op->conv.kernel_h,
			  op->conv.dilation_y, op->conv.pad_top, op->in.height);
}

/* All tiles of some kernels of a block. */
static void emit_kernels(struct npu_code *code, const struct nvdla_config *config,
			 const struct npu_op *op, const struct npu_op *pool,
			 const struct npu_tiling *tiling, struct part part, uint32_t index,
			 int32_t lut)
{
	const struct npu_conv *conv = &op->conv;
	const struct npu_cube *all = pool ? &pool->out : &op->out;
	struct npu_box *to = &part.result;
	uint32_t rows = tiling->rows, last;

	for (to->x = 0; to->x < all->width && !code->error; to->x += tiling->columns) {
		to->width = all->width - to->x < tiling->columns ? all->width - to->x :
			    tiling->columns;
		part.keep = 0;
		for (to->y = 0; to->y < all->height && !code->error; to->y += rows) {
			last = to->x + tiling->columns >= all->width && to->y + rows >= all->height;
			to->height = all->height - to->y < rows ? all->height - to->y : rows;
			part.out = *to;
			if (pool)
				npu_pool_input(pool, to, &part.out);
			part.x = input_span(part.out.x, part.out.width, conv->stride_x,
					    conv->kernel_w, conv->dilation_x, conv->pad_left,
					    op->in.width);
			part.y = lines_of(op, pool, to);
			part.kept = part.keep;
			part.keep = 0;
			if (to->y + rows < all->height) {
				struct npu_box next = *to;
				struct span behind;

				next.y += rows;
				next.height = all->height - next.y < rows ? all->height - next.y :
					      rows;
				behind = lines_of(op, pool, &next);
				part.keep = shared_lines(&part.y, &behind);
			}
			part.reuse_weights = tiling->keep_weights &&
					     (to->x || to->y || part.again);
			part.keep_weights = tiling->keep_weights && (!last || part.stays);
			emit_part(code, config, op, pool, tiling, &part, index, lut);
		}
	}
}

void npu_emit_conv(struct npu_code *code, const struct nvdla_config *config,
		   const struct npu_op *op, const struct npu_op *pool,
		   const struct npu_tiling *tiling, uint32_t index, int32_t lut)
{
	const struct npu_conv *conv = &op->conv;
	const uint32_t group_c = op->in.channels / conv->groups;
	const uint32_t group_k = op->out.channels / conv->groups;
	uint32_t first, k;

	for (first = 0; first < conv->groups; first += conv->groups_per_block) {
		uint32_t groups = conv->groups - first < conv->groups_per_block ?
				  conv->groups - first : conv->groups_per_block;
		uint32_t kernels = groups * group_k;
		struct part part = {
			.block = first / conv->groups_per_block,
			.channels = groups * group_c,
			.first_channel = first * group_c,
			.again = conv->shared && first && tiling->kernels >= kernels,
			.stays = conv->shared && first + groups < conv->groups &&
				 tiling->kernels >= kernels,
		};

		for (k = 0; k < kernels && !code->error; k += tiling->kernels) {
			part.kernels = kernels - k < tiling->kernels ? kernels - k :
				       tiling->kernels;
			part.block_kernel = k;
			part.data_again = tiling->resident && (k || tiling->reuse_data);
			part.data_stays = tiling->resident && (k + part.kernels < kernels ||
							       tiling->keep_data);
			part.result.c = first * group_k + k;
			part.result.channels = part.kernels;
			emit_kernels(code, config, op, pool, tiling, part, index, lut);
		}
	}
}
