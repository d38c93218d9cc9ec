// SPDX-License-Identifier: MIT
/*
 * Single data processor: one operation from its source, CACC or memory,
 * through the stages X1, X2 and Y and the output converter to memory or PDP;
 * and the access to its lookup tables.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sdp.h"

#define R(reg)		sim_reg(core, NVDLA_SDP, group, reg)
#define F(reg, field)	FIELD_GET(reg##_##field, sim_reg(core, NVDLA_SDP, group, reg))

/* One operation under way. */
struct sdp_op {
	struct sdp_x x[2];
	struct sdp_y y;
	struct sdp_lut_cfg lut;
	struct sdp_out out;
	enum sdp_precision precision;	/* of the stages */
	bool split;			/* wider results: an atom goes to two surfaces */
	bool flush_nan;			/* FP16: NaN counts as 0 */
	bool write;			/* results go to memory */
	bool count_lut, count_saturation, count_numbers;
	uint32_t numbers_in[2], nan_out;	/* NaN and infinity, of FP16 */
	uint32_t *count;		/* event counters, which outlive operations */
	enum npusim_port port;
	uint64_t base, line_stride, surf_stride, batch_stride, mask;
	unsigned int width, height, surfaces, channels, batches;
	unsigned int atom, bytes;	/* of an atom: elements, bytes */
	unsigned int surf, line, col;	/* of the next atom */
};

static void read_x(const struct sim_core *core, unsigned int group, uint32_t cfg,
		   uint32_t alu_cfg, uint32_t mul_cfg, struct sdp_x *x)
{
	uint32_t bits = R(cfg);

	/* X1 and X2 have the same fields at the same places of their registers. */
	x->enable = !FIELD_GET(SDP_D_DP_BS_CFG_BS_BYPASS, bits);
	x->alu = !FIELD_GET(SDP_D_DP_BS_CFG_BS_ALU_BYPASS, bits);
	x->algo = FIELD_GET(SDP_D_DP_BS_CFG_BS_ALU_ALGO, bits);
	x->mul = !FIELD_GET(SDP_D_DP_BS_CFG_BS_MUL_BYPASS, bits);
	x->prelu = FIELD_GET(SDP_D_DP_BS_CFG_BS_MUL_PRELU, bits);
	x->relu = !FIELD_GET(SDP_D_DP_BS_CFG_BS_RELU_BYPASS, bits);
	x->alu_mem = FIELD_GET(SDP_D_DP_BS_ALU_CFG_BS_ALU_SRC, R(alu_cfg));
	x->alu_shift = FIELD_GET(SDP_D_DP_BS_ALU_CFG_BS_ALU_SHIFT_VALUE, R(alu_cfg));
	x->alu_operand = (int16_t)R(alu_cfg + 4);
	x->mul_mem = FIELD_GET(SDP_D_DP_BS_MUL_CFG_BS_MUL_SRC, R(mul_cfg));
	/* The field has 8 bits, the shifter 6. */
	x->truncate = FIELD_GET(SDP_D_DP_BS_MUL_CFG_BS_MUL_SHIFT_VALUE, R(mul_cfg)) & 63;
	x->mul_operand = (int16_t)R(mul_cfg + 4);
}

static void read_y(const struct sim_core *core, unsigned int group, struct sdp_y *y)
{
	const struct nvdla_config *config = sim_config(core);

	y->enable = !F(SDP_D_DP_EW_CFG, EW_BYPASS) && config->features & NVDLA_FEAT_SDP_EW;
	y->alu = !F(SDP_D_DP_EW_CFG, EW_ALU_BYPASS);
	y->algo = F(SDP_D_DP_EW_CFG, EW_ALU_ALGO);
	y->alu_mem = F(SDP_D_DP_EW_ALU_CFG, EW_ALU_SRC);
	y->alu_operand = (int32_t)R(SDP_D_DP_EW_ALU_SRC_VALUE);
	y->alu_cvt.enable = !F(SDP_D_DP_EW_ALU_CFG, EW_ALU_CVT_BYPASS);
	y->alu_cvt.offset = (int32_t)R(SDP_D_DP_EW_ALU_CVT_OFFSET_VALUE);
	y->alu_cvt.scale = (int16_t)R(SDP_D_DP_EW_ALU_CVT_SCALE_VALUE);
	y->alu_cvt.shift = F(SDP_D_DP_EW_ALU_CVT_TRUNCATE_VALUE, EW_ALU_CVT_TRUNCATE);
	y->mul = !F(SDP_D_DP_EW_CFG, EW_MUL_BYPASS);
	y->prelu = F(SDP_D_DP_EW_CFG, EW_MUL_PRELU);
	y->mul_mem = F(SDP_D_DP_EW_MUL_CFG, EW_MUL_SRC);
	y->mul_operand = (int32_t)R(SDP_D_DP_EW_MUL_SRC_VALUE);
	y->mul_cvt.enable = !F(SDP_D_DP_EW_MUL_CFG, EW_MUL_CVT_BYPASS);
	y->mul_cvt.offset = (int32_t)R(SDP_D_DP_EW_MUL_CVT_OFFSET_VALUE);
	y->mul_cvt.scale = (int16_t)R(SDP_D_DP_EW_MUL_CVT_SCALE_VALUE);
	y->mul_cvt.shift = F(SDP_D_DP_EW_MUL_CVT_TRUNCATE_VALUE, EW_MUL_CVT_TRUNCATE);
	y->truncate = F(SDP_D_DP_EW_TRUNCATE_VALUE, EW_TRUNCATE);
	y->lut = !F(SDP_D_DP_EW_CFG, EW_LUT_BYPASS) && config->features & NVDLA_FEAT_SDP_LUT;
}

static int check_features(struct sim_core *core, unsigned int group)
{
	const struct nvdla_config *config = sim_config(core);

	if (!(config->features & NVDLA_FEAT_INT16) &&
	    (F(SDP_D_DATA_FORMAT, PROC_PRECISION) || F(SDP_D_DATA_FORMAT, OUT_PRECISION)))
		return sim_fail(core, -EINVAL, NVDLA_SDP, SDP_D_DATA_FORMAT,
				"SDP D_DATA_FORMAT is %#x: %s has INT8 only",
				R(SDP_D_DATA_FORMAT), config->name);
	if (F(SDP_D_DATA_FORMAT, PROC_PRECISION) > SDP_FP16 ||
	    F(SDP_D_DATA_FORMAT, OUT_PRECISION) > SDP_FP16)
		return sim_fail(core, -EINVAL, NVDLA_SDP, SDP_D_DATA_FORMAT,
				"SDP D_DATA_FORMAT is %#x: precision 3 is reserved",
				R(SDP_D_DATA_FORMAT));
	if (F(SDP_D_DATA_FORMAT, PROC_PRECISION) != SDP_INT8 &&
	    F(SDP_D_DATA_FORMAT, OUT_PRECISION) == SDP_INT8)
		return sim_fail(core, -ENOSYS, NVDLA_SDP, SDP_D_DATA_FORMAT,
				"SDP D_DATA_FORMAT.OUT_PRECISION: INT8 from PROC_PRECISION %u is not modelled",
				F(SDP_D_DATA_FORMAT, PROC_PRECISION));
	if (F(SDP_D_FEATURE_MODE_CFG, WINOGRAD) &&
	    (!(config->features & NVDLA_FEAT_WINOGRAD) ||
	     !F(SDP_D_FEATURE_MODE_CFG, FLYING_MODE) ||
	     F(SDP_D_FEATURE_MODE_CFG, OUTPUT_DST) != SDP_D_FEATURE_MODE_CFG_OUTPUT_DST_MEM ||
	     F(SDP_D_FEATURE_MODE_CFG, BATCH_NUMBER)))
		return sim_fail(core, -EINVAL, NVDLA_SDP, SDP_D_FEATURE_MODE_CFG,
				"SDP D_FEATURE_MODE_CFG.WINOGRAD: only one cube, from CACC to memory, comes so");
	if (F(SDP_D_FEATURE_MODE_CFG, BATCH_NUMBER) &&
	    (!(config->features & NVDLA_FEAT_BATCH) ||
	     !F(SDP_D_FEATURE_MODE_CFG, FLYING_MODE) ||
	     (F(SDP_D_DATA_FORMAT, PROC_PRECISION) == SDP_INT8 &&
	      F(SDP_D_DATA_FORMAT, OUT_PRECISION) != SDP_INT8)))
		return sim_fail(core, -EINVAL, NVDLA_SDP, SDP_D_FEATURE_MODE_CFG,
				"SDP D_FEATURE_MODE_CFG.BATCH_NUMBER is %u, only 0 works here",
				F(SDP_D_FEATURE_MODE_CFG, BATCH_NUMBER));
	if (F(SDP_D_FEATURE_MODE_CFG, OUTPUT_DST) != SDP_D_FEATURE_MODE_CFG_OUTPUT_DST_MEM &&
	    (F(SDP_D_FEATURE_MODE_CFG, BATCH_NUMBER) ||
	     (F(SDP_D_DATA_FORMAT, PROC_PRECISION) == SDP_INT8 &&
	      F(SDP_D_DATA_FORMAT, OUT_PRECISION) != SDP_INT8)))
		return sim_fail(core, -ENOSYS, NVDLA_SDP, SDP_D_FEATURE_MODE_CFG,
				"SDP D_FEATURE_MODE_CFG.OUTPUT_DST is PDP: batches and wider results are not modelled");

	return 0;
}

static void read_op(const struct sim_core *core, unsigned int group, struct sdp_op *op)
{
	const struct nvdla_config *config = sim_config(core);
	bool compare;

	memset(op, 0, sizeof(*op));
	read_x(core, group, SDP_D_DP_BS_CFG, SDP_D_DP_BS_ALU_CFG, SDP_D_DP_BS_MUL_CFG, &op->x[0]);
	read_x(core, group, SDP_D_DP_BN_CFG, SDP_D_DP_BN_ALU_CFG, SDP_D_DP_BN_MUL_CFG, &op->x[1]);
	read_y(core, group, &op->y);
	sdp_lut_read_cfg(core, &op->lut);

	compare = op->y.enable && op->y.alu && op->y.algo == SDP_D_DP_EW_CFG_EW_ALU_ALGO_EQL;
	op->out.bypass = compare;
	op->out.offset = (int32_t)R(SDP_D_CVT_OFFSET);
	op->out.scale = (int16_t)R(SDP_D_CVT_SCALE);
	op->out.shift = F(SDP_D_CVT_SHIFT, CVT_SHIFT);
	op->precision = F(SDP_D_DATA_FORMAT, PROC_PRECISION);
	op->out.fp = F(SDP_D_DATA_FORMAT, OUT_PRECISION) == SDP_FP16;
	op->out.bits = op->out.fp ? 17 : F(SDP_D_DATA_FORMAT, OUT_PRECISION) ? 16 : 8;
	op->split = op->precision == SDP_INT8 && op->out.bits != 8;
	op->flush_nan = F(SDP_D_FEATURE_MODE_CFG, NAN_TO_ZERO);
	op->count_numbers = F(SDP_D_PERF_ENABLE, PERF_NAN_INF_COUNT_EN) && op->out.fp;
	op->batches = F(SDP_D_FEATURE_MODE_CFG, BATCH_NUMBER) + 1;
	op->count_lut = F(SDP_D_PERF_ENABLE, PERF_LUT_EN);
	op->count_saturation = F(SDP_D_PERF_ENABLE, PERF_SAT_EN);

	op->bytes = config->atomic_m;
	op->atom = op->precision == SDP_INT8 ? op->bytes : op->bytes / 2;
	op->mask = (config->address_bits >= 64 ? UINT64_MAX :
		    ((uint64_t)1 << config->address_bits) - 1) & ~(uint64_t)(op->bytes - 1);
	op->width = F(SDP_D_DATA_CUBE_WIDTH, WIDTH) + 1;
	op->height = F(SDP_D_DATA_CUBE_HEIGHT, HEIGHT) + 1;
	op->channels = F(SDP_D_DATA_CUBE_CHANNEL, CHANNEL) + 1;
	op->surfaces = (op->channels - 1) / op->atom + 1;
	op->write = F(SDP_D_FEATURE_MODE_CFG, OUTPUT_DST) == SDP_D_FEATURE_MODE_CFG_OUTPUT_DST_MEM &&
		    !compare;
	op->port = F(SDP_D_DST_DMA_CFG, DST_RAM_TYPE) ? NPUSIM_MCIF : NPUSIM_CVIF;
	op->base = (R(SDP_D_DST_BASE_ADDR_LOW) | (uint64_t)R(SDP_D_DST_BASE_ADDR_HIGH) << 32) &
		   op->mask;
	op->line_stride = R(SDP_D_DST_LINE_STRIDE) & op->mask;
	op->surf_stride = R(SDP_D_DST_SURFACE_STRIDE) & op->mask;
	op->batch_stride = R(SDP_D_DST_BATCH_STRIDE) & op->mask;
	/* A cube of one pixel is written packed, but not in batches. */
	if (op->width == 1 && op->height == 1 && op->batches == 1)
		op->surf_stride = op->bytes;
}

/* The cubes of a batch are written in steps of 64 bytes. */
static int check_batches(struct sim_core *core, const struct sdp_op *op)
{
	uint64_t bits = op->base | op->surf_stride;

	if (op->height > 1)
		bits |= op->line_stride;
	if (op->batches > 1 && op->write && (bits | op->batch_stride) & 63)
		return sim_fail(core, -EINVAL, NVDLA_SDP, SDP_D_DST_BATCH_STRIDE,
				"SDP D_DST_*: addresses and strides of batches are multiples of 64 bytes");

	return 0;
}

static bool needs_reader(const struct sdp_op *op)
{
	unsigned int id;

	for (id = 0; id < SDP_Y; id++) {
		if (op->x[id].enable && ((op->x[id].alu && op->x[id].alu_mem) ||
					 (op->x[id].mul && op->x[id].mul_mem)))
			return true;
	}

	return op->y.enable && ((op->y.alu && op->y.alu_mem) || (op->y.mul && op->y.mul_mem));
}

/* Reader and stages must agree on what comes from memory, or hardware hangs. */
static int check_operands(struct sim_core *core, const struct sdp_op *op,
			  const struct sdp_rdma *rdma)
{
	static const char *const name[SDP_STAGES] = { "BS", "BN", "EW" };
	static const uint32_t reg[SDP_STAGES] = {
		SDP_D_DP_BS_CFG, SDP_D_DP_BN_CFG, SDP_D_DP_EW_CFG
	};
	uint64_t atoms = (uint64_t)op->width * op->height * op->surfaces;
	unsigned int id;

	for (id = 0; id < SDP_STAGES; id++) {
		const struct sdp_stream *s = &rdma->op[id];
		bool enable = id < SDP_Y ? op->x[id].enable : op->y.enable;
		bool alu = enable && (id < SDP_Y ? op->x[id].alu && op->x[id].alu_mem :
						   op->y.alu && op->y.alu_mem);
		bool mul = enable && (id < SDP_Y ? op->x[id].mul && op->x[id].mul_mem :
						   op->y.mul && op->y.mul_mem);

		if (alu != (rdma->enable[id] && s->alu) || mul != (rdma->enable[id] && s->mul))
			return sim_fail(core, -EINVAL, NVDLA_SDP, reg[id],
					"SDP D_DP_%s_CFG takes %s from memory, SDP_RDMA reads %s",
					name[id], alu ? mul ? "ALU and MUL operands" : "ALU operands" :
					mul ? "MUL operands" : "nothing",
					!rdma->enable[id] ? "nothing" : s->alu && s->mul ?
					"ALU and MUL operands" : s->alu ? "ALU operands" :
					"MUL operands");
		if (rdma->enable[id] && (sdp_stream_atoms(s) != atoms || s->atom != op->atom))
			return sim_fail(core, -EINVAL, NVDLA_SDP_RDMA,
					SDP_RDMA_D_DATA_CUBE_WIDTH,
					"SDP_RDMA D_DATA_CUBE_*: %llu atoms of %s operands for %llu",
					(unsigned long long)sdp_stream_atoms(s), name[id],
					(unsigned long long)atoms);
	}

	return 0;
}

static int check_source(struct sim_core *core, unsigned int group, const struct sdp_op *op,
			const struct sdp_rdma *rdma, const struct sim_cube *acc)
{
	uint64_t atoms = (uint64_t)op->width * op->height * op->surfaces, given;

	if (F(SDP_D_FEATURE_MODE_CFG, FLYING_MODE)) {
		if (!acc)
			return sim_fail(core, -EINVAL, NVDLA_SDP, SDP_D_FEATURE_MODE_CFG,
					"SDP D_FEATURE_MODE_CFG.FLYING_MODE is on without a convolution");
		if (rdma->main)
			return sim_fail(core, -EINVAL, NVDLA_SDP_RDMA, SDP_RDMA_D_FEATURE_MODE_CFG,
					"SDP_RDMA D_FEATURE_MODE_CFG.FLYING_MODE is off, in SDP it is on");
		if (acc->winograd != F(SDP_D_FEATURE_MODE_CFG, WINOGRAD))
			return sim_fail(core, -EINVAL, NVDLA_SDP, SDP_D_FEATURE_MODE_CFG,
					"SDP D_FEATURE_MODE_CFG.WINOGRAD is %u, but that of the convolution is %u",
					!acc->winograd, acc->winograd);
		if (acc->batches != op->batches)
			return sim_fail(core, -EINVAL, NVDLA_SDP, SDP_D_FEATURE_MODE_CFG,
					"SDP D_FEATURE_MODE_CFG.BATCH_NUMBER is %u, the convolution gives %u batches",
					op->batches - 1, acc->batches);
		/* The hardware's own model mixes up pixels and channels then. */
		if (acc->atom != op->atom)
			return sim_fail(core, -ENOSYS, NVDLA_SDP, SDP_D_DATA_FORMAT,
					"SDP D_DATA_FORMAT.PROC_PRECISION %u behind a convolution in %u bits is not modelled",
					F(SDP_D_DATA_FORMAT, PROC_PRECISION),
					acc->atom > op->atom ? 8 : 16);
		given = (uint64_t)acc->width * acc->height *
			((acc->channels - 1) / acc->atom + 1) * acc->atom;
		if (given != atoms * op->atom)
			return sim_fail(core, -EINVAL, NVDLA_SDP, SDP_D_DATA_CUBE_WIDTH,
					"SDP D_DATA_CUBE_*: %llu elements, the convolution gives %llu",
					(unsigned long long)(atoms * op->atom),
					(unsigned long long)given);
		return 0;
	}
	if (!rdma->main)
		return sim_fail(core, -EINVAL, NVDLA_SDP_RDMA, SDP_RDMA_D_FEATURE_MODE_CFG,
				"SDP_RDMA D_FEATURE_MODE_CFG.FLYING_MODE is on, in SDP it is off");
	if (sdp_stream_atoms(&rdma->src) != atoms)
		return sim_fail(core, -EINVAL, NVDLA_SDP_RDMA, SDP_RDMA_D_DATA_CUBE_WIDTH,
				"SDP_RDMA D_DATA_CUBE_*: %llu atoms, SDP D_DATA_CUBE_*: %llu",
				(unsigned long long)sdp_stream_atoms(&rdma->src),
				(unsigned long long)atoms);

	return 0;
}

/* Write the next atoms to memory; of wider results the upper half goes to a surface of its own. */
static int write_atoms(struct sim_core *core, struct sdp_op *op, const int32_t *v,
		       unsigned int atoms, struct sim_cost *cost)
{
	const unsigned int halves = op->split ? 2 : 1;
	uint8_t raw[SDP_CHUNK * 2];
	unsigned int run, n, i, half;
	uint64_t addr;
	int err;

	while (atoms) {
		run = op->width - op->col;
		if (run > atoms)
			run = atoms;
		n = run * op->atom;
		if (op->out.bits == 8) {
			for (i = 0; i < n; i++)
				raw[i] = (uint8_t)v[i];
		} else {
			for (i = 0; i < n; i++) {
				unsigned int at = i;

				if (op->split)
					at = (i % op->atom / (op->atom / 2) * run + i / op->atom) *
					     (op->atom / 2) + i % (op->atom / 2);
				raw[2 * at] = (uint8_t)v[i];
				raw[2 * at + 1] = (uint8_t)(v[i] >> 8);
			}
		}
		for (half = 0; half < halves; half++) {
			addr = op->base + (op->surf * halves + half) * op->surf_stride +
			       op->line * op->line_stride + (uint64_t)op->col * op->bytes;
			err = sim_write(core, NVDLA_SDP, SDP_D_DST_BASE_ADDR_LOW, op->port,
					addr & op->mask, raw + half * run * op->bytes,
					run * op->bytes, cost);
			if (err)
				return err;
		}
		v += n;
		atoms -= run;
		op->col += run;
		if (op->col == op->width) {
			op->col = 0;
			if (++op->line == op->height) {
				op->line = 0;
				op->surf++;
			}
		}
	}

	return 0;
}

/* Elements per cycle: those of the slowest stage that works. */
static unsigned int throughput(const struct sim_core *core, const struct sdp_op *op)
{
	const struct nvdla_config *config = sim_config(core);
	unsigned int t = config->sdp_bs_throughput;

	if (config->sdp_bn_throughput > t)
		t = config->sdp_bn_throughput;
	if (op->x[0].enable && config->sdp_bs_throughput < t)
		t = config->sdp_bs_throughput;
	if (op->x[1].enable && config->sdp_bn_throughput < t)
		t = config->sdp_bn_throughput;
	if (op->y.enable && config->sdp_ew_throughput < t)
		t = config->sdp_ew_throughput;

	return t ? t : 1;
}

/* Stages of the pipeline that work make it longer, by cycles measured on the RTL. */
static unsigned int depth(const struct sdp_op *op)
{
	return (op->x[0].enable ? 5 : 0) + (op->x[1].enable ? 4 : 0) + (op->y.enable ? 5 : 0) +
	       (op->y.enable && op->y.lut ? 7 : 0);
}

/* Atoms @first and following of batch @batch from the convolution. */
static void take_accumulators(const struct sdp_op *op, const struct sim_cube *acc,
			      unsigned int batch, uint64_t first, unsigned int atoms, int32_t *v)
{
	const uint64_t pixels = (uint64_t)acc->width * acc->height;
	const unsigned int surfaces = (acc->channels - 1) / acc->atom + 1;
	const int32_t *from = acc->v + batch * surfaces * pixels * acc->atom;

	memcpy(v, from + first * op->atom, (size_t)atoms * op->atom * sizeof(*v));
}

/* Output converter and its counters. */
static void finish(struct sdp_op *op, int32_t *v, unsigned int n)
{
	unsigned int saturated;

	if (op->precision == SDP_FP16)
		saturated = sdp_fp_out(&op->out, v, n);
	else
		saturated = sdp_int_out(&op->out, v, n);
	if (op->precision != SDP_FP16 && op->out.fp && !op->out.bypass)
		saturated = sdp_fp_from_int(v, n);
	if (op->count_saturation)
		op->count[SDP_COUNT_SATURATION] += saturated;
	if (op->count_numbers)
		op->nan_out += sdp_fp_count_nan(v, n);
}

/* Pass the atoms of a batch through the stages; *@unequal: a result was not 0. */
static int stream(struct sim_core *core, struct sdp_op *op, struct sdp_rdma *rdma,
		  const struct sim_cube *acc, unsigned int batch, struct sim_cube *out,
		  bool *unequal, struct sim_cost *cost)
{
	struct sim_lut *lut = sim_sdp_lut(core);
	uint64_t atoms = (uint64_t)op->width * op->height * op->surfaces, done;
	int32_t v[SDP_CHUNK];
	int16_t alu[SDP_CHUNK], mul[SDP_CHUNK];
	const bool fp = op->precision == SDP_FP16;
	unsigned int run, n, i, id;
	int err;

	for (done = 0; done < atoms; done += run) {
		int32_t any = 0;

		run = SDP_CHUNK / op->atom;
		if (run > atoms - done)
			run = (unsigned int)(atoms - done);
		n = run * op->atom;

		if (acc) {
			take_accumulators(op, acc, batch, done, run, v);
		} else {
			err = sdp_stream_features(core, &rdma->src, v, run, cost);
			if (err)
				return err;
		}
		if (fp)
			sdp_fp_in(v, n, !acc, op->flush_nan,
				  rdma->count_numbers ? op->numbers_in : NULL);
		for (id = SDP_X1; id < SDP_STAGES; id++) {
			if (rdma->enable[id]) {
				err = sdp_stream_operands(core, &rdma->op[id], alu, mul, run, cost);
				if (err)
					return err;
			}
			if (fp && id < SDP_Y) {
				sdp_fp_x(&op->x[id], v, alu, mul, n, op->flush_nan);
			} else if (fp && op->y.enable) {
				sdp_fp_y(&op->y, v, alu, mul, n, op->flush_nan);
				if (op->y.lut)
					sdp_fp_lut(&op->lut, lut, v, n,
						   op->count_lut ? op->count : NULL);
			} else if (fp) {
				continue;
			} else if (id < SDP_Y) {
				sdp_int_x(&op->x[id], v, alu, mul, n);
			} else if (op->y.enable) {
				sdp_int_y(&op->y, v, alu, mul, n);
				if (op->y.lut)
					sdp_lut_apply(&op->lut, lut, v, n,
						      op->count_lut ? op->count : NULL);
			}
		}
		finish(op, v, n);
		if (out) {
			memcpy(out->v + done * op->atom, v, n * sizeof(*v));
			continue;
		}
		for (i = 0; i < n; i++)
			any |= v[i];
		*unequal |= any != 0;
		if (op->write) {
			err = write_atoms(core, op, v, run, cost);
			if (err)
				return err;
		}
	}

	return 0;
}

/* Counters start anew only in an operation that enables them. */
static void clear_counters(const struct sdp_op *op)
{
	unsigned int i;

	for (i = 0; i < SDP_COUNTS; i++) {
		if (i == SDP_COUNT_SATURATION ? op->count_saturation : op->count_lut)
			op->count[i] = 0;
	}
}

static void publish_counters(struct sim_core *core, unsigned int group, const uint32_t *count,
			     bool unequal)
{
	sim_reg_set(core, NVDLA_SDP, group, SDP_D_STATUS, unequal);
	sim_reg_set(core, NVDLA_SDP, group, SDP_D_PERF_LUT_UFLOW, count[SDP_COUNT_UFLOW]);
	sim_reg_set(core, NVDLA_SDP, group, SDP_D_PERF_LUT_OFLOW, count[SDP_COUNT_OFLOW]);
	sim_reg_set(core, NVDLA_SDP, group, SDP_D_PERF_LUT_HYBRID, count[SDP_COUNT_HYBRID]);
	sim_reg_set(core, NVDLA_SDP, group, SDP_D_PERF_LUT_LE_HIT, count[SDP_COUNT_LE_HIT]);
	sim_reg_set(core, NVDLA_SDP, group, SDP_D_PERF_LUT_LO_HIT, count[SDP_COUNT_LO_HIT]);
	sim_reg_set(core, NVDLA_SDP, group, SDP_D_PERF_OUT_SATURATION,
		    count[SDP_COUNT_SATURATION]);
}

int sim_sdp_run(struct sim_core *core, unsigned int group, unsigned int rdma_group,
		const struct sim_cube *acc, struct sim_cube *out, struct sim_cost *cost)
{
	struct sdp_rdma rdma;
	struct sdp_op op;
	uint64_t elements;
	unsigned int batch;
	bool unequal = false;
	int err;

	if (out)
		memset(out, 0, sizeof(*out));
	err = check_features(core, group);
	if (err)
		return err;
	read_op(core, group, &op);
	err = check_batches(core, &op);
	if (err)
		return err;
	/* With nothing to fetch, the reader's next operation belongs to another one. */
	if (needs_reader(&op) || !acc) {
		err = sdp_rdma_setup(core, rdma_group, &rdma);
		if (err)
			return err;
	} else {
		memset(&rdma, 0, sizeof(rdma));
	}
	if ((rdma.main || needs_reader(&op)) && rdma.precision != op.precision)
		return sim_fail(core, -EINVAL, NVDLA_SDP_RDMA, SDP_RDMA_D_FEATURE_MODE_CFG,
				"SDP_RDMA D_FEATURE_MODE_CFG.PROC_PRECISION differs from SDP D_DATA_FORMAT");
	err = check_source(core, group, &op, &rdma, acc);
	if (!err)
		err = check_operands(core, &op, &rdma);
	if (err)
		return err;

	op.count = sim_unit_data(core, NVDLA_SDP, SDP_COUNTS * sizeof(*op.count));
	if (!op.count)
		return sim_fail(core, -ENOMEM, NVDLA_SDP, SDP_D_PERF_ENABLE,
				"SDP: no memory for the event counters");
	elements = (uint64_t)op.width * op.height * op.surfaces * op.atom * op.batches;
	if (elements > SIM_MAX_ELEMENTS)
		return sim_fail(core, -EINVAL, NVDLA_SDP, SDP_D_DATA_CUBE_WIDTH,
				"SDP D_DATA_CUBE_*: %llu elements are more than the simulator takes",
				(unsigned long long)elements);
	if (out) {
		out->width = op.width;
		out->height = op.height;
		out->channels = op.channels;
		out->atom = op.atom;
		out->batches = 1;
		if (elements <= SIZE_MAX / sizeof(*out->v))
			out->v = malloc(elements * sizeof(*out->v));
		if (!out->v)
			return sim_fail(core, -ENOMEM, NVDLA_SDP, SDP_D_DATA_CUBE_WIDTH,
					"SDP D_DATA_CUBE_*: no memory for %llu elements",
					(unsigned long long)elements);
	}

	clear_counters(&op);
	op.numbers_in[0] = op.numbers_in[1] = 0;
	for (batch = 0; batch < op.batches; batch++) {
		struct sdp_rdma reader = rdma;		/* all batches take the same operands */
		struct sim_cost again = { 0 };

		op.surf = op.line = op.col = 0;
		err = stream(core, &op, &reader, acc, batch, out, &unequal,
			     batch ? &again : cost);
		if (err)
			return err;
		cost->written[op.port] += again.written[op.port];
		op.base += op.batch_stride;
	}
	if (rdma.count_numbers) {
		const bool fp = op.precision == SDP_FP16;

		sim_reg_set(core, NVDLA_SDP_RDMA, rdma_group, SDP_RDMA_D_STATUS_NAN_INPUT_NUM,
			    fp ? op.numbers_in[0] : 0);
		sim_reg_set(core, NVDLA_SDP_RDMA, rdma_group, SDP_RDMA_D_STATUS_INF_INPUT_NUM,
			    fp ? op.numbers_in[1] : 0);
	}
	if (op.count_numbers)
		sim_reg_set(core, NVDLA_SDP, group, SDP_D_STATUS_NAN_OUTPUT_NUM, op.nan_out);
	publish_counters(core, group, op.count, unequal);
	sdp_rdma_cost(&rdma, cost);
	cost->depth = depth(&op);
	cost->cycles += (elements + throughput(core, &op) - 1) / throughput(core, &op);

	return 0;
}

/* Entry that the access port of the tables stands at; NULL outside of them. */
static int16_t *lut_entry(struct sim_core *core, struct sim_lut *lut)
{
	if (!(sim_config(core)->features & NVDLA_FEAT_SDP_LUT))
		return NULL;
	if (lut->table)
		return lut->addr < SIM_LUT_LO ? &lut->lo[lut->addr] : NULL;

	return lut->addr < SIM_LUT_LE ? &lut->le[lut->addr] : NULL;
}

void sim_sdp_csb_write(struct sim_core *core, uint32_t off, uint32_t value)
{
	struct sim_lut *lut = sim_sdp_lut(core);
	int16_t *entry;

	switch (off) {
	case SDP_S_LUT_ACCESS_CFG:
		lut->addr = FIELD_GET(SDP_S_LUT_ACCESS_CFG_LUT_ADDR, value);
		lut->table = FIELD_GET(SDP_S_LUT_ACCESS_CFG_LUT_TABLE_ID, value);
		lut->write = FIELD_GET(SDP_S_LUT_ACCESS_CFG_LUT_ACCESS_TYPE, value);
		break;
	case SDP_S_LUT_ACCESS_DATA:
		entry = lut_entry(core, lut);
		if (entry && lut->write)
			*entry = (int16_t)value;
		lut->addr = (lut->addr + 1) & FIELD_MAX(SDP_S_LUT_ACCESS_CFG_LUT_ADDR);
		break;
	}
}

uint32_t sim_sdp_csb_read(struct sim_core *core, uint32_t off)
{
	struct sim_lut *lut = sim_sdp_lut(core);
	const int16_t *entry;

	if (off != SDP_S_LUT_ACCESS_DATA)
		return sim_reg(core, NVDLA_SDP, 0, off);
	entry = lut_entry(core, lut);
	lut->addr = (lut->addr + 1) & FIELD_MAX(SDP_S_LUT_ACCESS_CFG_LUT_ADDR);

	return entry ? (uint16_t)*entry : 0;
}
