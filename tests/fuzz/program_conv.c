// SPDX-License-Identifier: MIT
/*
 * Random register programs: convolutions of features and pixels, direct and by
 * Winograd, in batches, with weights as they are or compressed.
 */
#include <string.h>

#include "program_parts.h"

struct conv {
	bool image, winograd, compressed, converts;
	uint32_t format, pixel;
	uint32_t width, height, channels, kernels, in, precision, bytes, batches;
	uint32_t s, r, stride_x, stride_y, dilation_x, dilation_y;
	uint32_t left, right, top, bottom;
	uint32_t out_w, out_h, extension;
	uint32_t tiles_w, slices, deep;		/* as CSC sees it: width, height, channels */
	uint32_t entries, data_banks, weight_banks;
	uint32_t kernel_bytes, weight_bytes, mask_bytes;
};

static bool format_is_deep(uint32_t format)
{
	return (format > 0 && format < 12) || (format >= 20 && format < 26) || format >= 30;
}

static bool format_is_float(uint32_t format)
{
	return format == 5 || format == 8 || format == 11;
}

/* One of the configuration's pixel formats. */
static void choose_pixels(const struct nvdla_config *config, struct rng *rng, struct conv *v)
{
	bool mixed = config->features & NVDLA_FEAT_INT16;

	do
		v->format = rng_range(rng, 0, 35);
	while (v->format < 28 ? !(config->image_packed >> v->format & 1) :
	       !(config->image_semi >> (v->format - 28) & 1));
	if (v->format >= 28) {
		v->channels = 3;
		v->pixel = v->format < 30 ? 1 : 2;
	} else if (v->format < 6) {
		v->channels = 1;
		v->pixel = v->format ? 2 : 1;
	} else {
		v->channels = 4;
		v->pixel = v->format < 12 ? 8 : 4;
	}
	v->in = format_is_float(v->format) ? 2 : format_is_deep(v->format);
	v->precision = v->in;
	if (mixed && v->in != 2 && rng_once(rng, 3))
		v->precision = rng_range(rng, 0, 2);
	v->converts = v->in != v->precision || (mixed && rng_once(rng, 3));
	v->extension = rng_once(rng, 3) ? rng_range(rng, 0, 2) : 0;
}

static void choose_input(const struct nvdla_config *config, struct rng *rng, struct conv *v)
{
	v->image = rng_once(rng, 4);
	v->height = rng_range(rng, 1, 12);
	v->width = rng_range(rng, 1, 16);
	v->channels = rng_range(rng, 1, rng_once(rng, 8) ? 200 : 40);
	v->batches = 1;
	v->compressed = config->features & NVDLA_FEAT_WT_COMPRESS && rng_once(rng, 4);
	if (v->image) {
		choose_pixels(config, rng, v);
	} else {
		v->precision = gen_precision(config, rng);
		v->in = v->precision;
		v->winograd = config->features & NVDLA_FEAT_WINOGRAD && rng_once(rng, 4);
	}
	v->bytes = v->precision ? 2 : 1;
	if (config->max_batch > 1 && !v->image && !v->winograd && rng_once(rng, 4))
		v->batches = rng_range(rng, 2, rng_once(rng, 8) ? config->max_batch : 4);
}

/* 3 x 3 kernels made 4 x 4; the input, padded, is a number of tiles. */
static void choose_tiles(const struct nvdla_config *config, struct rng *rng, struct conv *v)
{
	v->stride_x = rng_range(rng, 1, 3);
	v->stride_y = rng_range(rng, 1, 2);
	v->dilation_x = 1;
	v->dilation_y = 1;
	v->s = 4;
	v->r = 4;
	v->channels = rng_range(rng, 1, 2) * config->atomic_m / v->bytes;
	v->deep = v->channels * v->stride_x * v->stride_y;
	v->out_w = 4 * rng_range(rng, 1, 3);
	v->out_h = 4 * rng_range(rng, 1, 3);
	v->left = rng_range(rng, 0, 3);
	v->right = rng_range(rng, 0, 3);
	v->top = rng_range(rng, 0, 3);
	v->bottom = rng_range(rng, 0, 3);
	v->tiles_w = v->out_w + (rng_once(rng, 4) ? 8 : 4);
	v->slices = v->out_h + (rng_once(rng, 4) ? 8 : 4);
	v->width = v->tiles_w * v->stride_x - v->left - v->right;
	v->height = v->slices * v->stride_y - v->top - v->bottom;
}

static void choose_window(struct rng *rng, struct conv *v)
{
	uint32_t span;

	v->stride_x = rng_range(rng, 1, 3);
	v->stride_y = rng_range(rng, 1, 3);
	v->dilation_x = v->image || !rng_once(rng, 4) ? 1 : rng_range(rng, 1, 3);
	v->dilation_y = rng_once(rng, 4) ? rng_range(rng, 1, 3) : 1;
	v->s = rng_range(rng, 1, 4);
	v->r = rng_range(rng, 1, 4);
	v->left = rng_once(rng, 2) ? rng_range(rng, 0, (v->s - 1) * v->dilation_x) : 0;
	v->top = rng_once(rng, 2) ? rng_range(rng, 0, (v->r - 1) * v->dilation_y) : 0;
	v->right = rng_once(rng, 2) ? rng_range(rng, 0, (v->s - 1) * v->dilation_x) : 0;
	v->bottom = rng_once(rng, 2) ? rng_range(rng, 0, (v->r - 1) * v->dilation_y) : 0;

	/* Grow the input until windows cover it exactly. */
	span = (v->s - 1) * v->dilation_x + 1;
	while (v->left + v->width + v->right < span ||
	       (v->left + v->width + v->right - span) % v->stride_x)
		v->width++;
	v->out_w = (v->left + v->width + v->right - span) / v->stride_x + 1;
	span = (v->r - 1) * v->dilation_y + 1;
	while (v->top + v->height + v->bottom < span ||
	       (v->top + v->height + v->bottom - span) % v->stride_y)
		v->height++;
	v->out_h = (v->top + v->height + v->bottom - span) / v->stride_y + 1;
	v->tiles_w = v->width;
	v->slices = v->height;
	v->deep = v->channels;
}

static void choose_banks(const struct nvdla_config *config, struct rng *rng, struct conv *v)
{
	uint32_t entry = config->cbuf_bank_width;
	uint32_t per = entry / config->atomic_m;
	uint32_t atoms = up(v->channels * v->bytes, config->atomic_m) / config->atomic_m;
	uint32_t rem = atoms % per == 3 ? 4 : atoms % per;
	uint32_t columns = v->left + v->width + v->right;

	if (v->winograd)
		v->entries = v->tiles_w / 4 * atoms * v->stride_x * v->stride_y;
	else if (v->image)
		v->entries = up(columns * v->channels * v->bytes, entry) / entry;
	else
		v->entries = atoms / per * v->width + up(rem * v->width, per) / per;
	v->kernels = rng_range(rng, 1, rng_once(rng, 4) ? 40 : 12);
	v->kernel_bytes = v->s * v->r * v->deep * v->bytes;
	v->weight_bytes = up(v->kernel_bytes * v->kernels, rng_once(rng, 16) ? 128 : entry);
	v->mask_bytes = up(up(v->kernel_bytes * v->kernels / v->bytes, 8) / 8, entry);
	if (v->compressed && rng_once(rng, 2))
		v->weight_bytes = entry * rng_range(rng, 1, v->weight_bytes / entry);
	v->data_banks = up(v->entries * v->slices * v->batches, config->cbuf_bank_depth) /
			config->cbuf_bank_depth;
	v->weight_banks = up(v->weight_bytes, entry * config->cbuf_bank_depth) /
			  (entry * config->cbuf_bank_depth);
	if (rng_once(rng, 3))
		v->data_banks += rng_range(rng, 0, 3);
}

static void conv_regs(struct builder *b, struct rng *rng, const struct conv *v, uint32_t misc)
{
	uint32_t size = (v->height - 1) << 16 | (v->width - 1);
	uint32_t tiles = (v->slices - 1) << 16 | (v->tiles_w - 1);
	uint32_t out = (v->out_h - 1) << 16 | (v->out_w - 1);
	uint32_t bank = (v->weight_banks - 1) << 16 | (v->data_banks - 1);
	struct cube cube = { v->width, v->height, v->channels, v->precision, v->batches, false };
	uint32_t mac = FIELD_PREP(CMAC_D_MISC_CFG_PROC_PRECISION, v->precision) |
		       FIELD_PREP(CMAC_D_MISC_CFG_CONV_MODE, v->winograd);

	misc |= FIELD_PREP(CDMA_D_MISC_CFG_IN_PRECISION, v->in) |
		FIELD_PREP(CDMA_D_MISC_CFG_CONV_MODE, v->winograd) |
		FIELD_PREP(CDMA_D_MISC_CFG_PROC_PRECISION, v->precision);
	builder_reg(b, NVDLA_CMAC_A, CMAC_D_MISC_CFG, mac);
	builder_reg(b, NVDLA_CMAC_B, CMAC_D_MISC_CFG, mac);
	builder_reg(b, NVDLA_CACC, CACC_D_MISC_CFG, mac);
	builder_reg(b, NVDLA_CDMA, CDMA_D_MISC_CFG, misc);
	builder_reg(b, NVDLA_CDMA, CDMA_D_DATAIN_SIZE_0, size);
	builder_reg(b, NVDLA_CDMA, CDMA_D_DATAIN_SIZE_1, v->channels - 1);
	builder_reg(b, NVDLA_CDMA, CDMA_D_DATAIN_SIZE_EXT_0, tiles);
	builder_reg(b, NVDLA_CDMA, CDMA_D_ENTRY_PER_SLICE, v->entries - 1);
	builder_reg(b, NVDLA_CDMA, CDMA_D_WEIGHT_SIZE_0, v->kernel_bytes - 1);
	builder_reg(b, NVDLA_CDMA, CDMA_D_WEIGHT_SIZE_1, v->kernels - 1);
	builder_reg(b, NVDLA_CDMA, CDMA_D_WEIGHT_BYTES, v->weight_bytes);
	builder_reg(b, NVDLA_CDMA, CDMA_D_CONV_STRIDE, (v->stride_y - 1) << 16 | (v->stride_x - 1));
	builder_reg(b, NVDLA_CDMA, CDMA_D_ZERO_PADDING,
		    v->bottom << 24 | v->top << 16 | v->right << 8 | v->left);
	builder_reg(b, NVDLA_CDMA, CDMA_D_BANK, bank);
	builder_reg(b, NVDLA_CDMA, CDMA_D_CVT_CFG, v->converts);
	gen_reloc(b, rng, NVDLA_CDMA, CDMA_D_DAIN_ADDR_LOW_0);
	gen_reloc(b, rng, NVDLA_CDMA, CDMA_D_WEIGHT_ADDR_LOW);
	if (v->image) {
		uint32_t atom = b->config->atomic_m;
		uint32_t offset = rng_once(rng, 3) ? rng_range(rng, 0, atom / v->pixel - 1) : 0;

		builder_reg(b, NVDLA_CDMA, CDMA_D_DATAIN_FORMAT, 1 | v->format << 8);
		builder_reg(b, NVDLA_CDMA, CDMA_D_PIXEL_OFFSET, offset);
		builder_reg(b, NVDLA_CDMA, CDMA_D_LINE_STRIDE,
			    up((offset + v->width) * v->pixel, atom) +
			    rng_range(rng, 0, 3) * atom);
		if (v->format >= 28) {
			builder_reg(b, NVDLA_CDMA, CDMA_D_LINE_UV_STRIDE,
				    up((offset + v->width) * 2, atom) +
				    rng_range(rng, 0, 3) * atom);
			gen_reloc(b, rng, NVDLA_CDMA, CDMA_D_DAIN_ADDR_LOW_1);
		}
	} else {
		gen_strides(b, rng, NVDLA_CDMA, CDMA_D_LINE_STRIDE, CDMA_D_SURF_STRIDE, &cube, 1);
		builder_reg(b, NVDLA_CDMA, CDMA_D_DAIN_MAP,
			    (b->regs[b->reg_count - 2].value == v->width * b->config->atomic_m));
		if (v->batches > 1)
			builder_reg(b, NVDLA_CDMA, CDMA_D_BATCH_STRIDE,
				    rng_range(rng, 0, 3000) * b->config->atomic_m);
	}
	if (v->compressed) {
		builder_reg(b, NVDLA_CDMA, CDMA_D_WEIGHT_FORMAT, 1);
		builder_reg(b, NVDLA_CDMA, CDMA_D_WMB_BYTES, v->mask_bytes);
		gen_reloc(b, rng, NVDLA_CDMA, CDMA_D_WMB_ADDR_LOW);
		gen_reloc(b, rng, NVDLA_CDMA, CDMA_D_WGS_ADDR_LOW);
		builder_reg(b, NVDLA_CSC, CSC_D_WEIGHT_FORMAT, 1);
		builder_reg(b, NVDLA_CSC, CSC_D_WMB_BYTES, v->mask_bytes);
	}
	builder_reg(b, NVDLA_CDMA, CDMA_D_BATCH_NUMBER, v->batches - 1);
	builder_reg(b, NVDLA_CSC, CSC_D_BATCH_NUMBER, v->batches - 1);
	builder_reg(b, NVDLA_CACC, CACC_D_BATCH_NUMBER, v->batches - 1);

	builder_reg(b, NVDLA_CSC, CSC_D_MISC_CFG, misc);
	builder_reg(b, NVDLA_CSC, CSC_D_DATAIN_FORMAT, v->image);
	builder_reg(b, NVDLA_CSC, CSC_D_DATAIN_SIZE_EXT_0, tiles);
	builder_reg(b, NVDLA_CSC, CSC_D_DATAIN_SIZE_EXT_1, v->deep - 1);
	builder_reg(b, NVDLA_CSC, CSC_D_ENTRY_PER_SLICE, v->entries - 1);
	builder_reg(b, NVDLA_CSC, CSC_D_WEIGHT_SIZE_EXT_0,
		    (v->r - 1) << 16 | (v->image ? 0 : v->s - 1));
	builder_reg(b, NVDLA_CSC, CSC_D_WEIGHT_SIZE_EXT_1,
		    (v->kernels - 1) << 16 | ((v->image ? v->s : 1) * v->deep - 1));
	builder_reg(b, NVDLA_CSC, CSC_D_WEIGHT_BYTES, v->weight_bytes);
	builder_reg(b, NVDLA_CSC, CSC_D_DATAOUT_SIZE_0, out);
	builder_reg(b, NVDLA_CSC, CSC_D_DATAOUT_SIZE_1, v->kernels - 1);
	builder_reg(b, NVDLA_CSC, CSC_D_ATOMICS, v->out_w * v->out_h - 1);
	builder_reg(b, NVDLA_CSC, CSC_D_RELEASE, v->slices - 1);
	builder_reg(b, NVDLA_CSC, CSC_D_CONV_STRIDE_EXT,
		    v->winograd ? 0 : (v->stride_y - 1) << 16 | (v->stride_x - 1));
	builder_reg(b, NVDLA_CSC, CSC_D_POST_Y_EXTENSION, v->extension);
	builder_reg(b, NVDLA_CSC, CSC_D_DILATION_EXT,
		    (v->dilation_y - 1) << 16 | (v->dilation_x - 1));
	builder_reg(b, NVDLA_CSC, CSC_D_ZERO_PADDING,
		    v->winograd ? 0 : v->top << 16 | v->left);
	builder_reg(b, NVDLA_CSC, CSC_D_BANK, bank);
	builder_reg(b, NVDLA_CACC, CACC_D_DATAOUT_SIZE_0, out);
	builder_reg(b, NVDLA_CACC, CACC_D_DATAOUT_SIZE_1, v->kernels - 1);
	builder_reg(b, NVDLA_CACC, CACC_D_CLIP_CFG, rng_range(rng, 0, 8));
}

static void gen_conv_op(struct builder *b, struct rng *rng, const struct conv *v, uint32_t misc,
			bool pool)
{
	struct cube out = { v->out_w, v->out_h, v->kernels, v->precision, v->batches, v->winograd };

	builder_op(b, DRM_NVDLA_ENGINE_CONV | DRM_NVDLA_ENGINE_SDP |
		   (pool ? DRM_NVDLA_ENGINE_PDP : 0));
	conv_regs(b, rng, v, misc);
	out.precision = gen_sdp(b, rng, &out, true, pool);
	if (pool)
		gen_pdp(b, rng, &out, true);
}

/* Let the last operation walk over its input as the one before did. */
static void same_fetch(struct builder *b)
{
	static const uint32_t offsets[] = {
		CDMA_D_LINE_STRIDE, CDMA_D_LINE_UV_STRIDE, CDMA_D_SURF_STRIDE,
		CDMA_D_PIXEL_OFFSET, CDMA_D_DAIN_MAP,
	};
	uint32_t i, last = b->op_count - 1;

	for (i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		struct drm_nvdla_reg *from = builder_find_reg(b, last - 1, NVDLA_CDMA, offsets[i]);
		struct drm_nvdla_reg *to = builder_find_reg(b, last, NVDLA_CDMA, offsets[i]);

		if (from && to)
			to->value = from->value;
	}
}

static uint32_t *reg_of(struct builder *b, uint32_t op, enum nvdla_unit unit, uint32_t offset)
{
	return &builder_find_reg(b, op, unit, offset)->value;
}

/* Let CDMA of operation @op be told of the same weights as that of @from. */
static void same_weights(struct builder *b, uint32_t op, uint32_t from)
{
	static const uint32_t offsets[] = {
		CDMA_D_WEIGHT_SIZE_0, CDMA_D_WEIGHT_SIZE_1, CDMA_D_WEIGHT_BYTES,
	};
	uint32_t i;

	for (i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++)
		*reg_of(b, op, NVDLA_CDMA, offsets[i]) =
			*reg_of(b, from, NVDLA_CDMA, offsets[i]);
	/* The second address of a convolution. */
	b->relocs[b->ops[op].first_reloc + 1] = b->relocs[b->ops[from].first_reloc + 1];
}

/*
 * Weights ahead: a convolution keeps its weights, works again while CDMA fetches
 * those of others, which come one or two convolutions later.
 */
static void gen_chain(struct builder *b, struct rng *rng, const struct conv *v)
{
	const uint32_t reuse = CDMA_D_MISC_CFG_WEIGHT_REUSE, skip = CDMA_D_MISC_CFG_SKIP_WEIGHT_RLS;
	const uint32_t first = b->op_count, more = rng_range(rng, 1, 2);
	const uint32_t depth = b->config->cbuf_bank_depth * b->config->cbuf_bank_width;
	struct conv a = *v, c = *v;
	uint32_t i, room;

	c.kernels = rng_range(rng, 1, 20);
	c.weight_bytes = up(c.kernel_bytes * c.kernels, b->config->cbuf_bank_width);
	/* Just enough room, or not. */
	room = a.weight_bytes + more * c.weight_bytes + (rng_once(rng, 4) ? depth : 0);
	a.weight_banks = c.weight_banks = up(room, depth) / depth;
	gen_conv_op(b, rng, &a, skip, false);
	gen_conv_op(b, rng, &a, reuse, false);
	for (i = 0; i < more; i++)
		gen_conv_op(b, rng, &c, 0, false);
	for (i = 0; i < b->op_count - first; i++) {
		if (b->ops[first + i].reloc_count < 2)
			return;
	}
	/* Of operation first + 1 CDMA alone brings weights: those of the ones behind. */
	*reg_of(b, first, NVDLA_CDMA, CDMA_D_MISC_CFG) &= ~skip;
	*reg_of(b, first + 1, NVDLA_CDMA, CDMA_D_MISC_CFG) &= ~reuse;
	same_weights(b, first + 1, first + 2);
	*reg_of(b, first + 1, NVDLA_CDMA, CDMA_D_WEIGHT_SIZE_1) = more * c.kernels - 1;
	*reg_of(b, first + 1, NVDLA_CDMA, CDMA_D_WEIGHT_BYTES) = more * c.weight_bytes;
	for (i = 2; i < 2 + more; i++) {
		*reg_of(b, first + i - 1, NVDLA_CDMA, CDMA_D_MISC_CFG) |= skip;
		*reg_of(b, first + i, NVDLA_CDMA, CDMA_D_MISC_CFG) |= reuse;
		same_weights(b, first + i, first + 1);
	}
}

/* A convolution, or some that use what those before left in CBUF. */
void gen_conv(struct builder *b, struct rng *rng)
{
	struct drm_nvdla_reloc first[5];
	uint32_t keep, i, k;
	struct conv v;

	memset(&v, 0, sizeof(v));
	choose_input(b->config, rng, &v);
	if (v.winograd)
		choose_tiles(b->config, rng, &v);
	else
		choose_window(rng, &v);
	choose_banks(b->config, rng, &v);
	if (!v.compressed && rng_once(rng, 8)) {
		gen_chain(b, rng, &v);
		return;
	}
	if (!rng_once(rng, 5)) {
		gen_conv_op(b, rng, &v, 0, v.batches == 1 && !v.winograd && rng_once(rng, 4));
		return;
	}

	/* Release bits are 8 above the reuse bits. */
	keep = rng_range(rng, 1, 3);
	keep = (keep & 1 ? CDMA_D_MISC_CFG_DATA_REUSE : 0) |
	       (keep & 2 ? CDMA_D_MISC_CFG_WEIGHT_REUSE : 0);
	gen_conv_op(b, rng, &v, keep << 8, false);
	for (i = 0; i < 5 && i < b->ops[b->op_count - 1].reloc_count; i++)
		first[i] = b->relocs[b->ops[b->op_count - 1].first_reloc + i];
	gen_conv_op(b, rng, &v, keep, false);
	/* From the same addresses and over the same strides, unless luck decides otherwise. */
	if (!rng_once(rng, 8))
		same_fetch(b);
	for (k = 0; !rng_once(rng, 8) && k < i; k++) {
		struct drm_nvdla_reloc *again =
			&b->relocs[b->ops[b->op_count - 1].first_reloc + k];

		if (again->reg == first[k].reg)
			*again = first[k];
	}
}
