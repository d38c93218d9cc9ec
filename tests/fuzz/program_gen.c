// SPDX-License-Identifier: MIT
/*
 * Random register programs.
 */
#include <stdbool.h>
#include <string.h>

#include "program_parts.h"

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

/* INT8, and where there are any INT16 and FP16: 0, 1, 2 in all units. */
uint32_t gen_precision(const struct nvdla_config *config, struct rng *rng)
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

void gen_reloc(struct builder *b, struct rng *rng, enum nvdla_unit unit, uint32_t low)
{
	builder_reloc(b, unit, low, rng_range(rng, 0, GEN_SLOTS - 1),
		      (uint64_t)rng_range(rng, 0, 40) * b->config->atomic_m);
}

/* Line and surface strides of a cube: tight, or with gaps. */
void gen_strides(struct builder *b, struct rng *rng, enum nvdla_unit unit, uint32_t line_reg,
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
	gen_reloc(b, rng, NVDLA_SDP_RDMA, low);
	/* Line and surface stride follow the pair of address registers. */
	gen_strides(b, rng, NVDLA_SDP_RDMA, low + 8, low + 12, cube,
		    (alu && mul ? 2 : 1) * (two ? 2 : 1));
}

/* A batch is written in steps of 64 bytes, and lies behind the one before. */
static void gen_output_batches(struct builder *b, struct rng *rng, const struct cube *cube)
{
	uint32_t atom = b->config->atomic_m, last = b->op_count - 1;
	uint32_t line = up(cube->width * atom, 64);
	uint32_t surf = line * cube->height + 64 * rng_range(rng, 0, 3);
	uint32_t surfaces = up(cube->channels * (cube->precision ? 2 : 1), atom) / atom;

	builder_find_reg(b, last, NVDLA_SDP, SDP_D_DST_LINE_STRIDE)->value = line;
	builder_find_reg(b, last, NVDLA_SDP, SDP_D_DST_SURFACE_STRIDE)->value = surf;
	builder_reg(b, NVDLA_SDP, SDP_D_DST_BATCH_STRIDE,
		    2 * surfaces * surf + 64 * rng_range(rng, 0, 3));
	b->relocs[b->reloc_count - 1].delta = 64 * rng_range(rng, 0, 20);
}

/* Return: the precision that leaves it. */
uint32_t gen_sdp(struct builder *b, struct rng *rng, const struct cube *cube, bool flying,
		 bool to_pdp)
{
	uint32_t mode = flying | FIELD_PREP(SDP_D_FEATURE_MODE_CFG_WINOGRAD, cube->winograd) |
			FIELD_PREP(SDP_D_FEATURE_MODE_CFG_BATCH_NUMBER, cube->batches - 1);
	uint32_t out = other_precision(b->config, rng, cube->precision);
	uint32_t in = flying ? cube->precision : other_precision(b->config, rng, cube->precision);
	bool ew = b->config->features & NVDLA_FEAT_SDP_EW;
	bool rdma = !flying || rng_once(rng, 2);

	builder_reg(b, NVDLA_SDP, SDP_D_DATA_CUBE_WIDTH, cube->width - 1);
	builder_reg(b, NVDLA_SDP, SDP_D_DATA_CUBE_HEIGHT, cube->height - 1);
	builder_reg(b, NVDLA_SDP, SDP_D_DATA_CUBE_CHANNEL, cube->channels - 1);
	builder_reg(b, NVDLA_SDP, SDP_D_FEATURE_MODE_CFG, mode | to_pdp << 1);
	builder_reg(b, NVDLA_SDP, SDP_D_DATA_FORMAT,
		    FIELD_PREP(SDP_D_DATA_FORMAT_PROC_PRECISION, cube->precision) |
		    FIELD_PREP(SDP_D_DATA_FORMAT_OUT_PRECISION, out));
	builder_reg(b, NVDLA_SDP, SDP_D_CVT_SCALE, rng_range(rng, 0, 0xffff));
	builder_reg(b, NVDLA_SDP, SDP_D_CVT_SHIFT, rng_range(rng, 0, 30));
	if (!to_pdp) {
		gen_reloc(b, rng, NVDLA_SDP, SDP_D_DST_BASE_ADDR_LOW);
		gen_strides(b, rng, NVDLA_SDP, SDP_D_DST_LINE_STRIDE, SDP_D_DST_SURFACE_STRIDE, cube,
			    1);
		if (cube->batches > 1)
			gen_output_batches(b, rng, cube);
	}
	if (rdma) {
		builder_reg(b, NVDLA_SDP_RDMA, SDP_RDMA_D_DATA_CUBE_WIDTH, cube->width - 1);
		builder_reg(b, NVDLA_SDP_RDMA, SDP_RDMA_D_DATA_CUBE_HEIGHT, cube->height - 1);
		builder_reg(b, NVDLA_SDP_RDMA, SDP_RDMA_D_DATA_CUBE_CHANNEL, cube->channels - 1);
		builder_reg(b, NVDLA_SDP_RDMA, SDP_RDMA_D_FEATURE_MODE_CFG,
			    mode | FIELD_PREP(SDP_RDMA_D_FEATURE_MODE_CFG_IN_PRECISION, in) |
			    FIELD_PREP(SDP_RDMA_D_FEATURE_MODE_CFG_PROC_PRECISION,
				       cube->precision) |
			    FIELD_PREP(SDP_RDMA_D_FEATURE_MODE_CFG_OUT_PRECISION, out));
	}
	if (!flying) {
		gen_reloc(b, rng, NVDLA_SDP_RDMA, SDP_RDMA_D_SRC_BASE_ADDR_LOW);
		gen_strides(b, rng, NVDLA_SDP_RDMA, SDP_RDMA_D_SRC_LINE_STRIDE,
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

void gen_pdp(struct builder *b, struct rng *rng, const struct cube *in, bool flying)
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
		in->channels, in->precision, 1, false,
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
	gen_reloc(b, rng, NVDLA_PDP, PDP_D_DST_BASE_ADDR_LOW);
	gen_strides(b, rng, NVDLA_PDP, PDP_D_DST_LINE_STRIDE, PDP_D_DST_SURFACE_STRIDE, &out, 1);
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
	gen_reloc(b, rng, NVDLA_PDP_RDMA, PDP_RDMA_D_SRC_BASE_ADDR_LOW);
	gen_strides(b, rng, NVDLA_PDP_RDMA, PDP_RDMA_D_SRC_LINE_STRIDE,
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
	gen_reloc(b, rng, NVDLA_CDP_RDMA, CDP_RDMA_D_SRC_BASE_ADDR_LOW);
	gen_reloc(b, rng, NVDLA_CDP, CDP_D_DST_BASE_ADDR_LOW);
	gen_strides(b, rng, NVDLA_CDP_RDMA, CDP_RDMA_D_SRC_LINE_STRIDE,
		    CDP_RDMA_D_SRC_SURFACE_STRIDE, cube, 1);
	gen_strides(b, rng, NVDLA_CDP, CDP_D_DST_LINE_STRIDE, CDP_D_DST_SURFACE_STRIDE, cube, 1);
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
	gen_reloc(b, rng, NVDLA_BDMA, BDMA_CFG_SRC_ADDR_LOW);
	gen_reloc(b, rng, NVDLA_BDMA, BDMA_CFG_DST_ADDR_LOW);
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
	gen_reloc(b, rng, NVDLA_RUBIK, RBK_D_DAIN_ADDR_LOW);
	gen_reloc(b, rng, NVDLA_RUBIK, RBK_D_DAOUT_ADDR_LOW);
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
			gen_precision(b->config, rng),
			1, false,
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
