// SPDX-License-Identifier: MIT
/*
 * Random register programs.
 */
#include <stdbool.h>
#include <string.h>

#include "program_gen.h"

uint32_t rng_next(struct rng *rng)
{
	uint64_t z = rng->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return (uint32_t)(z ^ z >> 31);
}

uint32_t rng_range(struct rng *rng, uint32_t low, uint32_t high)
{
	return low + rng_next(rng) % (high - low + 1);
}

int rng_once(struct rng *rng, uint32_t n)
{
	return rng_next(rng) % n == 0;
}

static uint32_t up(uint32_t n, uint32_t to)
{
	return (n + to - 1) / to * to;
}

/* A cube on its way through the engines of an operation. */
struct cube {
	uint32_t width, height, channels, precision;
};

/* INT8, and where there are any INT16 and FP16: 0, 1, 2 in all units. */
static uint32_t choose_precision(const struct nvdla_config *config, struct rng *rng)
{
	uint32_t wide = config->features & (NVDLA_FEAT_INT16 | NVDLA_FEAT_FP16);

	if (!wide || rng_once(rng, 2))
		return 0;
	if (wide == (NVDLA_FEAT_INT16 | NVDLA_FEAT_FP16))
		return rng_range(rng, 1, 2);
	return wide & NVDLA_FEAT_INT16 ? 1 : 2;
}

/* Mostly the same; integers may change their width on the way. */
static uint32_t other_precision(const struct nvdla_config *config, struct rng *rng,
				uint32_t precision)
{
	if (!(config->features & NVDLA_FEAT_INT16) || !rng_once(rng, 4))
		return precision;
	return precision == 2 ? rng_range(rng, 0, 2) : !precision;
}

static void reloc(struct builder *b, struct rng *rng, enum nvdla_unit unit, uint32_t low)
{
	builder_reloc(b, unit, low, rng_range(rng, 0, GEN_SLOTS - 1),
		      (uint64_t)rng_range(rng, 0, 40) * b->config->atomic_m);
}

/* Line and surface strides of a cube: tight, or with gaps. */
static void strides(struct builder *b, struct rng *rng, enum nvdla_unit unit, uint32_t line_reg,
		    uint32_t surf_reg, const struct cube *cube, uint32_t atoms)
{
	uint32_t atom = b->config->atomic_m;
	uint32_t line = (cube->width * atoms + (rng_once(rng, 2) ? rng_range(rng, 0, 9) : 0)) *
			atom;
	uint32_t surf = line * cube->height + (rng_once(rng, 2) ? rng_range(rng, 0, 9) : 0) * atom;

	if (cube->width == 1 && cube->height == 1)
		surf = atoms * atom;
	builder_reg(b, unit, line_reg, line);
	builder_reg(b, unit, surf_reg, surf);
}

/* ------------------------------------------------------------ convolution */

struct conv {
	bool image;
	uint32_t format, pixel;
	uint32_t width, height, channels, kernels, precision, bytes;
	uint32_t s, r, stride_x, stride_y, dilation_x, dilation_y;
	uint32_t left, right, top, bottom;
	uint32_t out_w, out_h;
	uint32_t entries, data_banks, weight_banks;
	uint32_t kernel_bytes, weight_bytes;
};

static void choose_input(const struct nvdla_config *config, struct rng *rng, struct conv *v)
{
	static const uint8_t four[] = { 12, 13, 14, 15, 16, 17, 18, 19, 26, 27 };

	v->image = rng_once(rng, 4);
	v->height = rng_range(rng, 1, 12);
	v->width = rng_range(rng, 1, 16);
	v->channels = rng_range(rng, 1, rng_once(rng, 8) ? 200 : 40);
	v->bytes = 1;
	if (!v->image) {
		v->precision = choose_precision(config, rng);
		v->bytes = v->precision ? 2 : 1;
		return;
	}
	if (rng_once(rng, 3)) {
		v->format = 28 + rng_range(rng, 0, 1);
		v->channels = 3;
		v->pixel = 1;
	} else if (rng_once(rng, 4)) {
		v->format = 0;
		v->channels = 1;
		v->pixel = 1;
	} else {
		v->format = four[rng_range(rng, 0, sizeof(four) - 1)];
		v->channels = 4;
		v->pixel = 4;
	}
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
}

static void choose_banks(const struct nvdla_config *config, struct rng *rng, struct conv *v)
{
	uint32_t entry = config->cbuf_bank_width;
	uint32_t per = entry / config->atomic_m;
	uint32_t atoms = up(v->channels * v->bytes, config->atomic_m) / config->atomic_m;
	uint32_t rem = atoms % per == 3 ? 4 : atoms % per;
	uint32_t columns = v->left + v->width + v->right;

	v->entries = v->image ? up(columns * v->channels, entry) / entry :
				atoms / per * v->width + up(rem * v->width, per) / per;
	v->kernels = rng_range(rng, 1, rng_once(rng, 4) ? 40 : 12);
	v->kernel_bytes = v->s * v->r * v->channels * v->bytes;
	v->weight_bytes = up(v->kernel_bytes * v->kernels, rng_once(rng, 16) ? 128 : entry);
	v->data_banks = up(v->entries * v->height, config->cbuf_bank_depth) /
			config->cbuf_bank_depth;
	v->weight_banks = up(v->weight_bytes, entry * config->cbuf_bank_depth) /
			  (entry * config->cbuf_bank_depth);
	if (rng_once(rng, 3))
		v->data_banks += rng_range(rng, 0, 3);
}

static void conv_regs(struct builder *b, struct rng *rng, const struct conv *v, uint32_t misc)
{
	uint32_t size = (v->height - 1) << 16 | (v->width - 1);
	uint32_t out = (v->out_h - 1) << 16 | (v->out_w - 1);
	uint32_t bank = (v->weight_banks - 1) << 16 | (v->data_banks - 1);
	struct cube cube = { v->width, v->height, v->channels, v->precision };
	uint32_t mac = FIELD_PREP(CMAC_D_MISC_CFG_PROC_PRECISION, v->precision);

	misc |= FIELD_PREP(CDMA_D_MISC_CFG_IN_PRECISION, v->precision) |
		FIELD_PREP(CDMA_D_MISC_CFG_PROC_PRECISION, v->precision);
	builder_reg(b, NVDLA_CMAC_A, CMAC_D_MISC_CFG, mac);
	builder_reg(b, NVDLA_CMAC_B, CMAC_D_MISC_CFG, mac);
	builder_reg(b, NVDLA_CACC, CACC_D_MISC_CFG, mac);
	builder_reg(b, NVDLA_CDMA, CDMA_D_MISC_CFG, misc);
	builder_reg(b, NVDLA_CDMA, CDMA_D_DATAIN_SIZE_0, size);
	builder_reg(b, NVDLA_CDMA, CDMA_D_DATAIN_SIZE_1, v->channels - 1);
	builder_reg(b, NVDLA_CDMA, CDMA_D_DATAIN_SIZE_EXT_0, size);
	builder_reg(b, NVDLA_CDMA, CDMA_D_ENTRY_PER_SLICE, v->entries - 1);
	builder_reg(b, NVDLA_CDMA, CDMA_D_WEIGHT_SIZE_0, v->kernel_bytes - 1);
	builder_reg(b, NVDLA_CDMA, CDMA_D_WEIGHT_SIZE_1, v->kernels - 1);
	builder_reg(b, NVDLA_CDMA, CDMA_D_WEIGHT_BYTES, v->weight_bytes);
	builder_reg(b, NVDLA_CDMA, CDMA_D_CONV_STRIDE, (v->stride_y - 1) << 16 | (v->stride_x - 1));
	builder_reg(b, NVDLA_CDMA, CDMA_D_ZERO_PADDING,
		    v->bottom << 24 | v->top << 16 | v->right << 8 | v->left);
	builder_reg(b, NVDLA_CDMA, CDMA_D_BANK, bank);
	builder_reg(b, NVDLA_CDMA, CDMA_D_CVT_CFG, 0);
	reloc(b, rng, NVDLA_CDMA, CDMA_D_DAIN_ADDR_LOW_0);
	reloc(b, rng, NVDLA_CDMA, CDMA_D_WEIGHT_ADDR_LOW);
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
			reloc(b, rng, NVDLA_CDMA, CDMA_D_DAIN_ADDR_LOW_1);
		}
	} else {
		strides(b, rng, NVDLA_CDMA, CDMA_D_LINE_STRIDE, CDMA_D_SURF_STRIDE, &cube, 1);
		builder_reg(b, NVDLA_CDMA, CDMA_D_DAIN_MAP,
			    (b->regs[b->reg_count - 2].value == v->width * b->config->atomic_m));
	}

	builder_reg(b, NVDLA_CSC, CSC_D_MISC_CFG, misc);
	builder_reg(b, NVDLA_CSC, CSC_D_DATAIN_FORMAT, v->image);
	builder_reg(b, NVDLA_CSC, CSC_D_DATAIN_SIZE_EXT_0, size);
	builder_reg(b, NVDLA_CSC, CSC_D_DATAIN_SIZE_EXT_1, v->channels - 1);
	builder_reg(b, NVDLA_CSC, CSC_D_ENTRY_PER_SLICE, v->entries - 1);
	builder_reg(b, NVDLA_CSC, CSC_D_WEIGHT_SIZE_EXT_0,
		    (v->r - 1) << 16 | (v->image ? 0 : v->s - 1));
	builder_reg(b, NVDLA_CSC, CSC_D_WEIGHT_SIZE_EXT_1,
		    (v->kernels - 1) << 16 | ((v->image ? v->s : 1) * v->channels - 1));
	builder_reg(b, NVDLA_CSC, CSC_D_WEIGHT_BYTES, v->weight_bytes);
	builder_reg(b, NVDLA_CSC, CSC_D_DATAOUT_SIZE_0, out);
	builder_reg(b, NVDLA_CSC, CSC_D_DATAOUT_SIZE_1, v->kernels - 1);
	builder_reg(b, NVDLA_CSC, CSC_D_ATOMICS, v->out_w * v->out_h - 1);
	builder_reg(b, NVDLA_CSC, CSC_D_RELEASE, v->height - 1);
	builder_reg(b, NVDLA_CSC, CSC_D_CONV_STRIDE_EXT,
		    (v->stride_y - 1) << 16 | (v->stride_x - 1));
	builder_reg(b, NVDLA_CSC, CSC_D_DILATION_EXT,
		    (v->dilation_y - 1) << 16 | (v->dilation_x - 1));
	builder_reg(b, NVDLA_CSC, CSC_D_ZERO_PADDING, v->top << 16 | v->left);
	builder_reg(b, NVDLA_CSC, CSC_D_BANK, bank);
	builder_reg(b, NVDLA_CACC, CACC_D_DATAOUT_SIZE_0, out);
	builder_reg(b, NVDLA_CACC, CACC_D_DATAOUT_SIZE_1, v->kernels - 1);
	builder_reg(b, NVDLA_CACC, CACC_D_CLIP_CFG, rng_range(rng, 0, 8));
}

/* -------------------------------------------------- the processors behind */

static void gen_stage(struct builder *b, struct rng *rng, const struct cube *cube, uint32_t cfg,
		      uint32_t alu_cfg, uint32_t mul_cfg, uint32_t rdma_cfg, uint32_t low,
		      bool possible, bool rdma)
{
	bool active = possible && rng_once(rng, 2);
	bool alu = active && rdma && rng_once(rng, 2), mul = active && rdma && rng_once(rng, 2);
	bool element = rng_once(rng, 2), two = rng_once(rng, 2);
	uint32_t use = alu && mul ? 2 : alu;

	/* Bypass is bit 0 in all three; the table of stage Y is bit 6, ReLU elsewhere. */
	builder_reg(b, NVDLA_SDP, cfg, (active ? 0 : 1) | rng_range(rng, 0, 2) << 2 | 1 << 6 |
		    (active && !alu && rng_once(rng, 2) ? 2 : 0) |
		    (active && !mul && rng_once(rng, 2) ? 16 : 0));
	builder_reg(b, NVDLA_SDP, alu_cfg, alu);
	builder_reg(b, NVDLA_SDP, mul_cfg, mul);
	if (!rdma)
		return;
	builder_reg(b, NVDLA_SDP_RDMA, rdma_cfg,
		    (alu || mul ? 0 : 1) | use << 1 | two << 3 | element << 4);
	if (!alu && !mul)
		return;
	reloc(b, rng, NVDLA_SDP_RDMA, low);
	/* Line and surface stride follow the pair of address registers. */
	strides(b, rng, NVDLA_SDP_RDMA, low + 8, low + 12, cube,
		(alu && mul ? 2 : 1) * (two ? 2 : 1));
}

/* Return: the precision that leaves it. */
static uint32_t gen_sdp(struct builder *b, struct rng *rng, const struct cube *cube, bool flying,
			bool to_pdp)
{
	uint32_t out = other_precision(b->config, rng, cube->precision);
	uint32_t in = flying ? cube->precision : other_precision(b->config, rng, cube->precision);
	bool ew = b->config->features & NVDLA_FEAT_SDP_EW;
	bool rdma = !flying || rng_once(rng, 2);

	builder_reg(b, NVDLA_SDP, SDP_D_DATA_CUBE_WIDTH, cube->width - 1);
	builder_reg(b, NVDLA_SDP, SDP_D_DATA_CUBE_HEIGHT, cube->height - 1);
	builder_reg(b, NVDLA_SDP, SDP_D_DATA_CUBE_CHANNEL, cube->channels - 1);
	builder_reg(b, NVDLA_SDP, SDP_D_FEATURE_MODE_CFG, flying | to_pdp << 1);
	builder_reg(b, NVDLA_SDP, SDP_D_DATA_FORMAT,
		    FIELD_PREP(SDP_D_DATA_FORMAT_PROC_PRECISION, cube->precision) |
		    FIELD_PREP(SDP_D_DATA_FORMAT_OUT_PRECISION, out));
	builder_reg(b, NVDLA_SDP, SDP_D_CVT_SCALE, rng_range(rng, 0, 0xffff));
	builder_reg(b, NVDLA_SDP, SDP_D_CVT_SHIFT, rng_range(rng, 0, 30));
	if (!to_pdp) {
		reloc(b, rng, NVDLA_SDP, SDP_D_DST_BASE_ADDR_LOW);
		strides(b, rng, NVDLA_SDP, SDP_D_DST_LINE_STRIDE, SDP_D_DST_SURFACE_STRIDE, cube,
			1);
	}
	if (rdma) {
		builder_reg(b, NVDLA_SDP_RDMA, SDP_RDMA_D_DATA_CUBE_WIDTH, cube->width - 1);
		builder_reg(b, NVDLA_SDP_RDMA, SDP_RDMA_D_DATA_CUBE_HEIGHT, cube->height - 1);
		builder_reg(b, NVDLA_SDP_RDMA, SDP_RDMA_D_DATA_CUBE_CHANNEL, cube->channels - 1);
		builder_reg(b, NVDLA_SDP_RDMA, SDP_RDMA_D_FEATURE_MODE_CFG,
			    flying | FIELD_PREP(SDP_RDMA_D_FEATURE_MODE_CFG_IN_PRECISION, in) |
			    FIELD_PREP(SDP_RDMA_D_FEATURE_MODE_CFG_PROC_PRECISION,
				       cube->precision) |
			    FIELD_PREP(SDP_RDMA_D_FEATURE_MODE_CFG_OUT_PRECISION, out));
	}
	if (!flying) {
		reloc(b, rng, NVDLA_SDP_RDMA, SDP_RDMA_D_SRC_BASE_ADDR_LOW);
		strides(b, rng, NVDLA_SDP_RDMA, SDP_RDMA_D_SRC_LINE_STRIDE,
			SDP_RDMA_D_SRC_SURFACE_STRIDE, cube, 1);
	}
	gen_stage(b, rng, cube, SDP_D_DP_BS_CFG, SDP_D_DP_BS_ALU_CFG, SDP_D_DP_BS_MUL_CFG,
		  SDP_RDMA_D_BRDMA_CFG, SDP_RDMA_D_BS_BASE_ADDR_LOW, true, rdma);
	gen_stage(b, rng, cube, SDP_D_DP_BN_CFG, SDP_D_DP_BN_ALU_CFG, SDP_D_DP_BN_MUL_CFG,
		  SDP_RDMA_D_NRDMA_CFG, SDP_RDMA_D_BN_BASE_ADDR_LOW, true, rdma);
	gen_stage(b, rng, cube, SDP_D_DP_EW_CFG, SDP_D_DP_EW_ALU_CFG, SDP_D_DP_EW_MUL_CFG,
		  SDP_RDMA_D_ERDMA_CFG, SDP_RDMA_D_EW_BASE_ADDR_LOW, ew, rdma);
	return out;
}

static void gen_pdp(struct builder *b, struct rng *rng, const struct cube *in, bool flying)
{
	uint32_t kernel_w = rng_range(rng, 1, in->width < 8 ? in->width : 8);
	uint32_t kernel_h = rng_range(rng, 1, in->height < 8 ? in->height : 8);
	uint32_t stride_w = rng_range(rng, 1, 4), stride_h = rng_range(rng, 1, 4);
	uint32_t left = rng_once(rng, 2) ? rng_range(rng, 0, kernel_w - 1) : 0;
	uint32_t right = rng_once(rng, 2) ? rng_range(rng, 0, kernel_w - 1) : 0;
	uint32_t top = rng_once(rng, 2) ? rng_range(rng, 0, kernel_h - 1) : 0;
	uint32_t bottom = rng_once(rng, 2) ? rng_range(rng, 0, kernel_h - 1) : 0;
	struct cube out = {
		(left + in->width + right - kernel_w) / stride_w + 1,
		(top + in->height + bottom - kernel_h) / stride_h + 1,
		in->channels, in->precision,
	};
	uint32_t kernel = (stride_h - 1) << 20 | (stride_w - 1) << 16 | (kernel_h - 1) << 8 |
			  (kernel_w - 1);

	builder_reg(b, NVDLA_PDP, PDP_D_DATA_CUBE_IN_WIDTH, in->width - 1);
	builder_reg(b, NVDLA_PDP, PDP_D_DATA_CUBE_IN_HEIGHT, in->height - 1);
	builder_reg(b, NVDLA_PDP, PDP_D_DATA_CUBE_IN_CHANNEL, in->channels - 1);
	builder_reg(b, NVDLA_PDP, PDP_D_DATA_CUBE_OUT_WIDTH, out.width - 1);
	builder_reg(b, NVDLA_PDP, PDP_D_DATA_CUBE_OUT_HEIGHT, out.height - 1);
	builder_reg(b, NVDLA_PDP, PDP_D_DATA_CUBE_OUT_CHANNEL, in->channels - 1);
	builder_reg(b, NVDLA_PDP, PDP_D_OPERATION_MODE_CFG,
		    rng_range(rng, 0, 2) | (flying ? 0 : 16));
	builder_reg(b, NVDLA_PDP, PDP_D_DATA_FORMAT, in->precision);
	builder_reg(b, NVDLA_PDP, PDP_D_POOLING_KERNEL_CFG, kernel);
	builder_reg(b, NVDLA_PDP, PDP_D_RECIP_KERNEL_WIDTH, 65536 / kernel_w);
	builder_reg(b, NVDLA_PDP, PDP_D_RECIP_KERNEL_HEIGHT, 65536 / kernel_h);
	builder_reg(b, NVDLA_PDP, PDP_D_POOLING_PADDING_CFG,
		    bottom << 12 | right << 8 | top << 4 | left);
	reloc(b, rng, NVDLA_PDP, PDP_D_DST_BASE_ADDR_LOW);
	strides(b, rng, NVDLA_PDP, PDP_D_DST_LINE_STRIDE, PDP_D_DST_SURFACE_STRIDE, &out, 1);
	if (flying)
		return;
	builder_reg(b, NVDLA_PDP_RDMA, PDP_RDMA_D_DATA_CUBE_IN_WIDTH, in->width - 1);
	builder_reg(b, NVDLA_PDP_RDMA, PDP_RDMA_D_DATA_CUBE_IN_HEIGHT, in->height - 1);
	builder_reg(b, NVDLA_PDP_RDMA, PDP_RDMA_D_DATA_CUBE_IN_CHANNEL, in->channels - 1);
	builder_reg(b, NVDLA_PDP_RDMA, PDP_RDMA_D_FLYING_MODE, 1);
	builder_reg(b, NVDLA_PDP_RDMA, PDP_RDMA_D_DATA_FORMAT, in->precision);
	builder_reg(b, NVDLA_PDP_RDMA, PDP_RDMA_D_POOLING_KERNEL_CFG,
		    (stride_w - 1) << 4 | (kernel_w - 1));
	builder_reg(b, NVDLA_PDP_RDMA, PDP_RDMA_D_POOLING_PADDING_CFG, left);
	reloc(b, rng, NVDLA_PDP_RDMA, PDP_RDMA_D_SRC_BASE_ADDR_LOW);
	strides(b, rng, NVDLA_PDP_RDMA, PDP_RDMA_D_SRC_LINE_STRIDE,
		PDP_RDMA_D_SRC_SURFACE_STRIDE, in, 1);
}

static void gen_cdp(struct builder *b, struct rng *rng, const struct cube *cube)
{
	uint32_t i, lut = builder_lut(b, DRM_NVDLA_ENGINE_CDP);

	for (i = 0; i < DRM_NVDLA_LUT_LO_ENTRIES; i++)
		b->luts[lut].lo[i] = rng_next(rng);
	builder_op(b, DRM_NVDLA_ENGINE_CDP);
	b->ops[b->op_count - 1].lut = lut;
	builder_reg(b, NVDLA_CDP_RDMA, CDP_RDMA_D_DATA_CUBE_WIDTH, cube->width - 1);
	builder_reg(b, NVDLA_CDP_RDMA, CDP_RDMA_D_DATA_CUBE_HEIGHT, cube->height - 1);
	builder_reg(b, NVDLA_CDP_RDMA, CDP_RDMA_D_DATA_CUBE_CHANNEL, cube->channels - 1);
	builder_reg(b, NVDLA_CDP_RDMA, CDP_RDMA_D_DATA_FORMAT, cube->precision);
	builder_reg(b, NVDLA_CDP, CDP_D_DATA_FORMAT, cube->precision);
	builder_reg(b, NVDLA_CDP, CDP_D_LRN_CFG, rng_range(rng, 0, 3));
	builder_reg(b, NVDLA_CDP, CDP_D_DATIN_SCALE, 1);
	builder_reg(b, NVDLA_CDP, CDP_D_DATOUT_SCALE, 1);
	reloc(b, rng, NVDLA_CDP_RDMA, CDP_RDMA_D_SRC_BASE_ADDR_LOW);
	reloc(b, rng, NVDLA_CDP, CDP_D_DST_BASE_ADDR_LOW);
	strides(b, rng, NVDLA_CDP_RDMA, CDP_RDMA_D_SRC_LINE_STRIDE,
		CDP_RDMA_D_SRC_SURFACE_STRIDE, cube, 1);
	strides(b, rng, NVDLA_CDP, CDP_D_DST_LINE_STRIDE, CDP_D_DST_SURFACE_STRIDE, cube, 1);
}

static void gen_bdma(struct builder *b, struct rng *rng)
{
	uint32_t pieces = rng_range(rng, 1, 20);

	builder_op(b, DRM_NVDLA_ENGINE_BDMA);
	builder_reg(b, NVDLA_BDMA, BDMA_CFG_LINE, pieces - 1);
	builder_reg(b, NVDLA_BDMA, BDMA_CFG_LINE_REPEAT, rng_range(rng, 0, 9));
	builder_reg(b, NVDLA_BDMA, BDMA_CFG_SURF_REPEAT, rng_range(rng, 0, 5));
	builder_reg(b, NVDLA_BDMA, BDMA_CFG_SRC_LINE, 32 * rng_range(rng, pieces, 30));
	builder_reg(b, NVDLA_BDMA, BDMA_CFG_DST_LINE, 32 * rng_range(rng, pieces, 30));
	builder_reg(b, NVDLA_BDMA, BDMA_CFG_SRC_SURF, 32 * rng_range(rng, 0, 300));
	builder_reg(b, NVDLA_BDMA, BDMA_CFG_DST_SURF, 32 * rng_range(rng, 0, 300));
	reloc(b, rng, NVDLA_BDMA, BDMA_CFG_SRC_ADDR_LOW);
	reloc(b, rng, NVDLA_BDMA, BDMA_CFG_DST_ADDR_LOW);
}

static void gen_rubik(struct builder *b, struct rng *rng, const struct cube *cube)
{
	uint32_t mode = rng_range(rng, 0, 2);
	uint32_t x = mode ? 1 : rng_range(rng, 1, 4), y = mode ? 1 : rng_range(rng, 1, 4);
	/* Channels of an atom of 32 bytes. */
	uint32_t atom = cube->precision ? 16 : 32;
	uint32_t out = cube->channels, in = mode ? out : up(out, atom) * x * y;
	uint32_t line = 32 * rng_range(rng, cube->width * x, cube->width * x + 9);

	builder_op(b, DRM_NVDLA_ENGINE_RUBIK);
	builder_reg(b, NVDLA_RUBIK, RBK_D_MISC_CFG,
		    mode | FIELD_PREP(RBK_D_MISC_CFG_IN_PRECISION, cube->precision));
	builder_reg(b, NVDLA_RUBIK, RBK_D_DATAIN_SIZE_0,
		    (cube->height - 1) << 16 | (cube->width - 1));
	builder_reg(b, NVDLA_RUBIK, RBK_D_DATAIN_SIZE_1, in - 1);
	builder_reg(b, NVDLA_RUBIK, RBK_D_DATAOUT_SIZE_1, out - 1);
	builder_reg(b, NVDLA_RUBIK, RBK_D_DAIN_LINE_STRIDE, line);
	builder_reg(b, NVDLA_RUBIK, RBK_D_DAIN_SURF_STRIDE, line * cube->height);
	builder_reg(b, NVDLA_RUBIK, RBK_D_DAIN_PLANAR_STRIDE, line * cube->height);
	builder_reg(b, NVDLA_RUBIK, RBK_D_DAOUT_LINE_STRIDE, line);
	builder_reg(b, NVDLA_RUBIK, RBK_D_DAOUT_SURF_STRIDE, line * cube->height * y);
	builder_reg(b, NVDLA_RUBIK, RBK_D_DAOUT_PLANAR_STRIDE, line * cube->height);
	builder_reg(b, NVDLA_RUBIK, RBK_D_CONTRACT_STRIDE_0,
		    up(out, atom) / atom * line * cube->height);
	builder_reg(b, NVDLA_RUBIK, RBK_D_CONTRACT_STRIDE_1, line * y);
	builder_reg(b, NVDLA_RUBIK, RBK_D_DECONV_STRIDE, (y - 1) << 16 | (x - 1));
	reloc(b, rng, NVDLA_RUBIK, RBK_D_DAIN_ADDR_LOW);
	reloc(b, rng, NVDLA_RUBIK, RBK_D_DAOUT_ADDR_LOW);
}

static void gen_conv_op(struct builder *b, struct rng *rng, const struct conv *v, uint32_t misc,
			bool pool)
{
	struct cube out = { v->out_w, v->out_h, v->kernels, v->precision };

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

/* A convolution, or two where the second uses what the first left in CBUF. */
static void gen_conv(struct builder *b, struct rng *rng)
{
	struct drm_nvdla_reloc first[3];
	uint32_t keep, i, k;
	struct conv v;

	memset(&v, 0, sizeof(v));
	choose_input(b->config, rng, &v);
	choose_window(rng, &v);
	choose_banks(b->config, rng, &v);
	if (!rng_once(rng, 5)) {
		gen_conv_op(b, rng, &v, 0, rng_once(rng, 4));
		return;
	}

	/* Release bits are 8 above the reuse bits. */
	keep = rng_range(rng, 1, 3);
	keep = (keep & 1 ? CDMA_D_MISC_CFG_DATA_REUSE : 0) |
	       (keep & 2 ? CDMA_D_MISC_CFG_WEIGHT_REUSE : 0);
	gen_conv_op(b, rng, &v, keep << 8, false);
	for (i = 0; i < 3 && i < b->ops[b->op_count - 1].reloc_count; i++)
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

void gen_program(struct builder *b, struct rng *rng)
{
	uint32_t i, count = rng_once(rng, 3) ? rng_range(rng, 2, 3) : 1;

	b->slot_count = GEN_SLOTS;
	for (i = 0; i < count; i++) {
		struct cube cube = {
			rng_range(rng, 1, rng_once(rng, 4) ? 1 : 20),
			rng_range(rng, 1, rng_once(rng, 4) ? 1 : 12),
			rng_range(rng, 1, 80),
			choose_precision(b->config, rng),
		};
		uint32_t what = rng_range(rng, 0, 9);

		if (what >= 8 && !(b->config->features & (what == 8 ? NVDLA_FEAT_BDMA :
							  NVDLA_FEAT_RUBIK)))
			what = 0;
		switch (what) {
		case 4:
			builder_op(b, DRM_NVDLA_ENGINE_SDP | DRM_NVDLA_ENGINE_PDP);
			cube.precision = gen_sdp(b, rng, &cube, false, true);
			gen_pdp(b, rng, &cube, true);
			break;
		case 5:
			builder_op(b, DRM_NVDLA_ENGINE_SDP);
			gen_sdp(b, rng, &cube, false, false);
			break;
		case 6:
			builder_op(b, DRM_NVDLA_ENGINE_PDP);
			gen_pdp(b, rng, &cube, false);
			break;
		case 7:
			gen_cdp(b, rng, &cube);
			break;
		case 8:
			gen_bdma(b, rng);
			break;
		case 9:
			gen_rubik(b, rng, &cube);
			break;
		default:
			gen_conv(b, rng);
		}
	}
}

static void bend_value(struct rng *rng, uint32_t *value)
{
	switch (rng_range(rng, 0, 5)) {
	case 0:
		*value ^= 1U << rng_range(rng, 0, 31);
		break;
	case 1:
		*value += 1;
		break;
	case 2:
		*value -= 1;
		break;
	case 3:
		*value = rng_next(rng) >> rng_range(rng, 0, 31);
		break;
	case 4:
		*value *= 2;
		break;
	default:
		*value = 0;
	}
}

void gen_bend(struct builder *b, struct rng *rng)
{
	uint32_t times = rng_range(rng, 1, 3);

	while (times--) {
		struct drm_nvdla_op *op = &b->ops[rng_range(rng, 0, b->op_count - 1)];
		struct drm_nvdla_reg *reg = &b->regs[rng_range(rng, 0, b->reg_count - 1)];
		struct drm_nvdla_reloc *reloc = &b->relocs[rng_range(rng, 0, b->reloc_count - 1)];

		switch (rng_range(rng, 0, 15)) {
		case 0:
			reg->offset = (reg->offset & ~0xfffU) | (rng_next(rng) & 0xfc);
			break;
		case 1:
			bend_value(rng, &reloc->reg);
			break;
		case 2:
			bend_value(rng, &reloc->slot);
			break;
		case 3:
			reloc->delta ^= 1ULL << rng_range(rng, 0, 63);
			break;
		case 4:
			bend_value(rng, (uint32_t *)op + rng_range(rng, 0, sizeof(*op) / 4 - 1));
			break;
		case 5:
			if (op->reloc_count)
				op->reloc_count--;
			break;
		default:
			bend_value(rng, &reg->value);
		}
	}
}
