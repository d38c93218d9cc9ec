// SPDX-License-Identifier: MIT
/*
 * Reader of the single data processor (SDP_RDMA): feature data and the
 * operands of the three stages, each a stream of atoms of its own.
 */
#include <errno.h>
#include <string.h>

#include "sdp.h"

#define R(reg)		sim_reg(core, NVDLA_SDP_RDMA, group, reg)
#define F(reg, field)	FIELD_GET(reg##_##field, sim_reg(core, NVDLA_SDP_RDMA, group, reg))

/* Registers of the three operand readers, which differ in nothing but place. */
static const struct {
	uint32_t cfg, low, high, line, surf;
	const char *name;
} operand_regs[SDP_STAGES] = {
	[SDP_X1] = { SDP_RDMA_D_BRDMA_CFG, SDP_RDMA_D_BS_BASE_ADDR_LOW,
		     SDP_RDMA_D_BS_BASE_ADDR_HIGH, SDP_RDMA_D_BS_LINE_STRIDE,
		     SDP_RDMA_D_BS_SURFACE_STRIDE, "BRDMA" },
	[SDP_X2] = { SDP_RDMA_D_NRDMA_CFG, SDP_RDMA_D_BN_BASE_ADDR_LOW,
		     SDP_RDMA_D_BN_BASE_ADDR_HIGH, SDP_RDMA_D_BN_LINE_STRIDE,
		     SDP_RDMA_D_BN_SURFACE_STRIDE, "NRDMA" },
	[SDP_Y]  = { SDP_RDMA_D_ERDMA_CFG, SDP_RDMA_D_EW_BASE_ADDR_LOW,
		     SDP_RDMA_D_EW_BASE_ADDR_HIGH, SDP_RDMA_D_EW_LINE_STRIDE,
		     SDP_RDMA_D_EW_SURFACE_STRIDE, "ERDMA" },
};

static uint64_t address_mask(const struct nvdla_config *config)
{
	return config->address_bits >= 64 ? UINT64_MAX : ((uint64_t)1 << config->address_bits) - 1;
}

/* What all streams of a group have in common: the shape of the cube. */
static void stream_shape(struct sim_core *core, unsigned int group, struct sdp_stream *s)
{
	const struct nvdla_config *config = sim_config(core);

	memset(s, 0, sizeof(*s));
	s->unit = NVDLA_SDP_RDMA;
	s->mask = address_mask(config) & ~(uint64_t)(config->atomic_m - 1);
	s->atom = config->atomic_m;
	if (F(SDP_RDMA_D_FEATURE_MODE_CFG, PROC_PRECISION) != SDP_INT8)
		s->atom /= 2;
	s->width = F(SDP_RDMA_D_DATA_CUBE_WIDTH, WIDTH) + 1;
	s->height = F(SDP_RDMA_D_DATA_CUBE_HEIGHT, HEIGHT) + 1;
	s->surfaces = F(SDP_RDMA_D_DATA_CUBE_CHANNEL, CHANNEL) / s->atom + 1;
}

/* A cube of one pixel lies packed in memory: its strides do not matter. */
static void stream_pack(struct sdp_stream *s)
{
	if (s->width == 1 && s->height == 1)
		s->surf_stride = s->bytes;
}

/* What a stage's registers say, whether it makes sense or not. */
static void operand_stream(struct sim_core *core, unsigned int group, enum sdp_stage_id id,
			   struct sdp_rdma *rdma)
{
	struct sdp_stream *s = &rdma->op[id];
	uint32_t cfg = R(operand_regs[id].cfg);
	unsigned int use = FIELD_GET(SDP_RDMA_D_BRDMA_CFG_BRDMA_DATA_USE, cfg);

	rdma->enable[id] = !FIELD_GET(SDP_RDMA_D_BRDMA_CFG_BRDMA_DISABLE, cfg);
	/* Without a stage Y there is no reader for it either. */
	if (id == SDP_Y && !(sim_config(core)->features & NVDLA_FEAT_SDP_EW))
		rdma->enable[id] = false;
	if (!rdma->enable[id])
		return;
	stream_shape(core, group, s);
	s->reg = operand_regs[id].low;
	s->port = FIELD_GET(SDP_RDMA_D_BRDMA_CFG_BRDMA_RAM_TYPE, cfg) ? NPUSIM_MCIF : NPUSIM_CVIF;
	s->base = (R(operand_regs[id].low) | (uint64_t)R(operand_regs[id].high) << 32) & s->mask;
	s->line_stride = R(operand_regs[id].line) & s->mask;
	s->surf_stride = R(operand_regs[id].surf) & s->mask;
	s->alu = use != SDP_RDMA_D_BRDMA_CFG_BRDMA_DATA_USE_MUL;
	s->mul = use != SDP_RDMA_D_BRDMA_CFG_BRDMA_DATA_USE_ALU;
	s->wide = FIELD_GET(SDP_RDMA_D_BRDMA_CFG_BRDMA_DATA_SIZE, cfg);
	s->per_channel = !FIELD_GET(SDP_RDMA_D_BRDMA_CFG_BRDMA_DATA_MODE, cfg);
	s->bytes = s->atom << s->wide << (s->alu && s->mul);
	stream_pack(s);
	if (s->per_channel)
		s->surf_stride = s->bytes;
}

static int setup_operand(struct sim_core *core, unsigned int group, enum sdp_stage_id id,
			 struct sdp_rdma *rdma)
{
	unsigned int use = FIELD_GET(SDP_RDMA_D_BRDMA_CFG_BRDMA_DATA_USE, R(operand_regs[id].cfg));

	operand_stream(core, group, id, rdma);
	if (!rdma->enable[id])
		return 0;
	if (use > SDP_RDMA_D_BRDMA_CFG_BRDMA_DATA_USE_BOTH)
		return sim_fail(core, -EINVAL, NVDLA_SDP_RDMA, operand_regs[id].cfg,
				"SDP_RDMA D_%s_CFG.DATA_USE is %u, which names no operand",
				operand_regs[id].name, use);
	if (F(SDP_RDMA_D_FEATURE_MODE_CFG, PROC_PRECISION) && !rdma->op[id].wide)
		return sim_fail(core, -EINVAL, NVDLA_SDP_RDMA, operand_regs[id].cfg,
				"SDP_RDMA D_%s_CFG.DATA_SIZE: INT16 and FP16 take operands of two bytes",
				operand_regs[id].name);

	return 0;
}

/**
 * sdp_rdma_setup() - read the registers of SDP_RDMA
 * @group: its register group
 * @rdma: receives what is to be fetched
 *
 * Return: 0, or what sim_fail() returned for a value no hardware works with.
 */
int sdp_rdma_setup(struct sim_core *core, unsigned int group, struct sdp_rdma *rdma)
{
	const struct nvdla_config *config = sim_config(core);
	struct sdp_stream *s = &rdma->src;
	unsigned int id;
	int err;

	memset(rdma, 0, sizeof(*rdma));
	rdma->main = !F(SDP_RDMA_D_FEATURE_MODE_CFG, FLYING_MODE);
	if (!(config->features & NVDLA_FEAT_INT16) &&
	    (F(SDP_RDMA_D_FEATURE_MODE_CFG, IN_PRECISION) ||
	     F(SDP_RDMA_D_FEATURE_MODE_CFG, PROC_PRECISION) ||
	     F(SDP_RDMA_D_FEATURE_MODE_CFG, OUT_PRECISION)))
		return sim_fail(core, -EINVAL, NVDLA_SDP_RDMA, SDP_RDMA_D_FEATURE_MODE_CFG,
				"SDP_RDMA D_FEATURE_MODE_CFG.*_PRECISION: %s has INT8 only",
				config->name);
	rdma->precision = F(SDP_RDMA_D_FEATURE_MODE_CFG, PROC_PRECISION);
	if (rdma->precision > SDP_FP16)
		return sim_fail(core, -EINVAL, NVDLA_SDP_RDMA, SDP_RDMA_D_FEATURE_MODE_CFG,
				"SDP_RDMA D_FEATURE_MODE_CFG.PROC_PRECISION is 3, which is reserved");
	if (rdma->main && F(SDP_RDMA_D_FEATURE_MODE_CFG, IN_PRECISION) != rdma->precision &&
	    (rdma->precision != SDP_INT8 ||
	     F(SDP_RDMA_D_FEATURE_MODE_CFG, IN_PRECISION) != SDP_INT16))
		return sim_fail(core, -ENOSYS, NVDLA_SDP_RDMA, SDP_RDMA_D_FEATURE_MODE_CFG,
				"SDP_RDMA D_FEATURE_MODE_CFG: IN_PRECISION %u for PROC_PRECISION %u is not modelled",
				F(SDP_RDMA_D_FEATURE_MODE_CFG, IN_PRECISION), rdma->precision);
	if (!(config->features & NVDLA_FEAT_WINOGRAD) && F(SDP_RDMA_D_FEATURE_MODE_CFG, WINOGRAD))
		return sim_fail(core, -EINVAL, NVDLA_SDP_RDMA, SDP_RDMA_D_FEATURE_MODE_CFG,
				"SDP_RDMA D_FEATURE_MODE_CFG.WINOGRAD: %s has no Winograd",
				config->name);
	if (!(config->features & NVDLA_FEAT_BATCH) &&
	    F(SDP_RDMA_D_FEATURE_MODE_CFG, BATCH_NUMBER))
		return sim_fail(core, -EINVAL, NVDLA_SDP_RDMA, SDP_RDMA_D_FEATURE_MODE_CFG,
				"SDP_RDMA D_FEATURE_MODE_CFG.BATCH_NUMBER: %s has no batches",
				config->name);

	if (rdma->main) {
		stream_shape(core, group, s);
		s->reg = SDP_RDMA_D_SRC_BASE_ADDR_LOW;
		s->port = F(SDP_RDMA_D_SRC_DMA_CFG, SRC_RAM_TYPE) ? NPUSIM_MCIF : NPUSIM_CVIF;
		s->base = (R(SDP_RDMA_D_SRC_BASE_ADDR_LOW) |
			   (uint64_t)R(SDP_RDMA_D_SRC_BASE_ADDR_HIGH) << 32) & s->mask;
		s->line_stride = R(SDP_RDMA_D_SRC_LINE_STRIDE) & s->mask;
		s->surf_stride = R(SDP_RDMA_D_SRC_SURFACE_STRIDE) & s->mask;
		s->bytes = config->atomic_m;
		s->split = F(SDP_RDMA_D_FEATURE_MODE_CFG, IN_PRECISION) != rdma->precision;
		s->wide = F(SDP_RDMA_D_FEATURE_MODE_CFG, IN_PRECISION) != SDP_INT8;
		stream_pack(s);
		rdma->count_numbers = F(SDP_RDMA_D_PERF_ENABLE, PERF_NAN_INF_COUNT_EN);
	}
	for (id = 0; id < SDP_STAGES; id++) {
		err = setup_operand(core, group, id, rdma);
		if (err)
			return err;
	}

	return 0;
}

static void stream_cost(const struct sdp_stream *s, bool operand, struct sim_cost *cost)
{
	struct sim_reader *reader = &cost->readers[cost->reader_count++];

	reader->port = s->port;
	reader->operand = operand;
	reader->parts[0].addr = s->base;
	reader->line_stride = s->line_stride;
	reader->surf_stride = s->surf_stride;
	reader->parts[0].line = s->bytes;
	reader->parts[0].count = 1;
	reader->lines = 1;
	reader->surfaces = s->surfaces << s->split;
	if (s->width == 1 && s->height == 1) {
		reader->parts[0].line *= reader->surfaces;
		reader->surfaces = 1;
	} else if (!s->per_channel) {
		reader->parts[0].line *= s->width;
		reader->lines = s->height;
	}
}

void sdp_rdma_cost(const struct sdp_rdma *rdma, struct sim_cost *cost)
{
	unsigned int id;

	if (rdma->main)
		stream_cost(&rdma->src, false, cost);
	for (id = 0; id < SDP_STAGES; id++) {
		if (rdma->enable[id])
			stream_cost(&rdma->op[id], true, cost);
	}
}

void sim_sdp_operands(struct sim_core *core, unsigned int group, struct sim_cost *cost)
{
	struct sdp_rdma rdma = { 0 };
	unsigned int id;

	for (id = 0; id < SDP_STAGES; id++)
		operand_stream(core, group, id, &rdma);
	sdp_rdma_cost(&rdma, cost);
}

/*
 * Atoms that can be handled in one go from the current position: up to the
 * end of a line, and of @max.
 */
static unsigned int stream_run(const struct sdp_stream *s, unsigned int max)
{
	unsigned int run = s->width - s->col;

	return run < max ? run : max;
}

/* @half: which of the two surfaces that an atom is split into. */
static uint64_t stream_address(const struct sdp_stream *s, unsigned int half)
{
	uint64_t addr = s->base + (s->split ? 2 * s->surf + half : s->surf) * s->surf_stride;

	if (!s->per_channel)
		addr += s->line * s->line_stride + (uint64_t)s->col * s->bytes;

	return addr & s->mask;
}

static void stream_advance(struct sdp_stream *s, unsigned int atoms)
{
	s->col += atoms;
	if (s->col < s->width)
		return;
	s->col = 0;
	if (++s->line < s->height)
		return;
	s->line = 0;
	s->surf++;
}

/*
 * sdp_stream_features() - fetch the next atoms of feature data
 * @v: receives @atoms atoms, sign-extended
 */
int sdp_stream_features(struct sim_core *core, struct sdp_stream *s, int32_t *v,
			unsigned int atoms, struct sim_cost *cost)
{
	uint8_t raw[SDP_CHUNK * 2];
	unsigned int run, n, i;
	int err;

	while (atoms) {
		run = stream_run(s, atoms);
		n = run * s->atom;
		err = sim_read(core, s->unit, s->reg, s->port, stream_address(s, 0), raw,
			       run * s->bytes, cost);
		if (!err && s->split)
			err = sim_read(core, s->unit, s->reg, s->port, stream_address(s, 1),
				       raw + run * s->bytes, run * s->bytes, cost);
		if (err)
			return err;
		for (i = 0; i < n; i++) {
			unsigned int at = i;

			if (s->split)
				at = (i % s->atom / (s->atom / 2) * run + i / s->atom) *
				     (s->atom / 2) + i % (s->atom / 2);
			v[i] = s->wide ? (int16_t)(raw[2 * at] | raw[2 * at + 1] << 8) :
					 (int8_t)raw[at];
		}
		v += n;
		atoms -= run;
		stream_advance(s, run);
	}

	return 0;
}

/* Unpack @n operands: ALU and MUL alternate where the stream carries both. */
static void unpack(const struct sdp_stream *s, const uint8_t *raw, int16_t *alu, int16_t *mul,
		   unsigned int n)
{
	const unsigned int step = 1u << s->wide << (s->alu && s->mul);
	const unsigned int mul_at = s->alu ? 1u << s->wide : 0;
	unsigned int i;

	for (i = 0; i < n; i++, raw += step) {
		if (s->alu)
			alu[i] = s->wide ? (int16_t)(raw[0] | raw[1] << 8) : (int8_t)raw[0];
		if (s->mul)
			mul[i] = s->wide ? (int16_t)(raw[mul_at] | raw[mul_at + 1] << 8) :
					   (int8_t)raw[mul_at];
	}
}

/*
 * sdp_stream_operands() - fetch the operands of the next atoms
 * @alu, @mul: receive @atoms atoms each, as far as the stream carries them
 *
 * Operands per channel are fetched again for every line; the cost is that of
 * hardware, which fetches them once.
 */
int sdp_stream_operands(struct sim_core *core, struct sdp_stream *s, int16_t *alu, int16_t *mul,
			unsigned int atoms, struct sim_cost *cost)
{
	uint8_t raw[SDP_CHUNK * 4];
	unsigned int run, n, i;
	int err;

	while (atoms) {
		struct sim_cost none = { 0 };
		bool again = s->per_channel && (s->line || s->col);

		run = stream_run(s, atoms);
		n = run * s->atom;
		err = sim_read(core, s->unit, s->reg, s->port, stream_address(s, 0), raw,
			       s->per_channel ? s->bytes : run * s->bytes, again ? &none : cost);
		if (err)
			return err;
		if (!s->per_channel) {
			unpack(s, raw, alu, mul, n);
		} else {
			unpack(s, raw, alu, mul, s->atom);
			for (i = s->atom; i < n; i++) {
				if (s->alu)
					alu[i] = alu[i - s->atom];
				if (s->mul)
					mul[i] = mul[i - s->atom];
			}
		}
		alu += n;
		mul += n;
		atoms -= run;
		stream_advance(s, run);
	}

	return 0;
}
