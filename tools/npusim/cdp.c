// SPDX-License-Identifier: MIT
/*
 * Channel data processor: local response normalisation of a cube in memory,
 * and the access to its lookup tables.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cdp.h"
#include "fp.h"

#define R(reg)		sim_reg(core, NVDLA_CDP, group, reg)
#define F(reg, field)	FIELD_GET(reg##_##field, sim_reg(core, NVDLA_CDP, group, reg))
#define RR(reg)		sim_reg(core, NVDLA_CDP_RDMA, rdma_group, reg)
#define RF(reg, field)	FIELD_GET(reg##_##field, sim_reg(core, NVDLA_CDP_RDMA, rdma_group, reg))

/* Pixels that are fetched at once. */
#define RUN	64
#define REQUEST	8	/* pixels of a request of the reader */
#define NEIGHBOURS	4	/* channels on either side that a sum may need */
#define LAST_BLOCK	16	/* cycles of a last block behind others, at least */
#define SQUARES_DEPTH	9	/* cycles through the sums of squares */

/* One operation under way. */
struct cdp_op {
	struct cdp_lrn lrn;
	unsigned int width, height, channels, surfaces;
	unsigned int atom;		/* elements */
	unsigned int bytes;		/* of an atom */
	bool flush_nan;			/* FP16: NaN counts as 0 */
	uint32_t nan_in, inf_in, nan_out;
	enum npusim_port src_port, dst_port;
	uint64_t src, src_line, src_surf;
	uint64_t dst, dst_line, dst_surf;
	uint64_t mask;
	uint32_t count[CDP_COUNTS];
};

static int64_t start_or_end(const struct sim_core *core, uint32_t low)
{
	uint64_t v = sim_reg(core, NVDLA_CDP, 0, low) |
		     (uint64_t)(sim_reg(core, NVDLA_CDP, 0, low + 4) & 0x3f) << 32;

	return (int64_t)(v << 26) >> 26;
}

/* A linear table's spacing: of the 8 bits 6, 7 or all count, two's complement. */
static int spacing(uint32_t select, enum cdp_precision precision)
{
	const int sign = 32 << precision;

	return (int)(select & (uint32_t)(sign - 1)) - (int)(select & (uint32_t)sign);
}

static void read_tables(struct sim_core *core, struct cdp_lrn *lrn)
{
	const unsigned int group = 0;		/* the tables are not banked */
	const struct sim_lut *lut = sim_cdp_lut(core);

	lrn->exponential = F(CDP_S_LUT_CFG, LUT_LE_FUNCTION) ==
			   CDP_S_LUT_CFG_LUT_LE_FUNCTION_EXPONENT;
	lrn->lo_on_uflow = F(CDP_S_LUT_CFG, LUT_UFLOW_PRIORITY);
	lrn->lo_on_oflow = F(CDP_S_LUT_CFG, LUT_OFLOW_PRIORITY);
	lrn->lo_on_hybrid = F(CDP_S_LUT_CFG, LUT_HYBRID_PRIORITY);
	lrn->le_offset = (int8_t)F(CDP_S_LUT_INFO, LUT_LE_INDEX_OFFSET);

	lrn->le.value = lut->le;
	lrn->le.entries = SIM_LUT_LE;
	lrn->le.start = start_or_end(core, CDP_S_LUT_LE_START_LOW);
	lrn->le.end = start_or_end(core, CDP_S_LUT_LE_END_LOW);
	lrn->le.select = spacing(F(CDP_S_LUT_INFO, LUT_LE_INDEX_SELECT), lrn->precision);
	lrn->le.max_spread = lrn->precision == CDP_INT8 ? 64 : 128;
	lrn->le.uflow_scale = (int16_t)F(CDP_S_LUT_LE_SLOPE_SCALE, LUT_LE_SLOPE_UFLOW_SCALE);
	lrn->le.oflow_scale = (int16_t)F(CDP_S_LUT_LE_SLOPE_SCALE, LUT_LE_SLOPE_OFLOW_SCALE);
	lrn->le.uflow_shift = F(CDP_S_LUT_LE_SLOPE_SHIFT, LUT_LE_SLOPE_UFLOW_SHIFT);
	lrn->le.oflow_shift = F(CDP_S_LUT_LE_SLOPE_SHIFT, LUT_LE_SLOPE_OFLOW_SHIFT);

	lrn->lo.value = lut->lo;
	lrn->lo.entries = SIM_LUT_LO;
	lrn->lo.start = start_or_end(core, CDP_S_LUT_LO_START_LOW);
	lrn->lo.end = start_or_end(core, CDP_S_LUT_LO_END_LOW);
	lrn->lo.select = spacing(F(CDP_S_LUT_INFO, LUT_LO_INDEX_SELECT), lrn->precision);
	lrn->lo.max_spread = lrn->precision == CDP_INT8 ? 32 : 64;
	lrn->lo.uflow_scale = (int16_t)F(CDP_S_LUT_LO_SLOPE_SCALE, LUT_LO_SLOPE_UFLOW_SCALE);
	lrn->lo.oflow_scale = (int16_t)F(CDP_S_LUT_LO_SLOPE_SCALE, LUT_LO_SLOPE_OFLOW_SCALE);
	lrn->lo.uflow_shift = F(CDP_S_LUT_LO_SLOPE_SHIFT, LUT_LO_SLOPE_UFLOW_SHIFT);
	lrn->lo.oflow_shift = F(CDP_S_LUT_LO_SLOPE_SHIFT, LUT_LO_SLOPE_OFLOW_SHIFT);
}

static int check_features(struct sim_core *core, unsigned int group, unsigned int rdma_group)
{
	const struct nvdla_config *config = sim_config(core);

	if (F(CDP_D_DATA_FORMAT, INPUT_DATA_TYPE) > CDP_FP16 ||
	    (F(CDP_D_DATA_FORMAT, INPUT_DATA_TYPE) && !(config->features & NVDLA_FEAT_INT16)))
		return sim_fail(core, -EINVAL, NVDLA_CDP, CDP_D_DATA_FORMAT,
				"CDP D_DATA_FORMAT.INPUT_DATA_TYPE is %u, which %s does not have",
				F(CDP_D_DATA_FORMAT, INPUT_DATA_TYPE), config->name);
	if (RF(CDP_RDMA_D_DATA_FORMAT, INPUT_DATA) != F(CDP_D_DATA_FORMAT, INPUT_DATA_TYPE))
		return sim_fail(core, -EINVAL, NVDLA_CDP_RDMA, CDP_RDMA_D_DATA_FORMAT,
				"CDP_RDMA D_DATA_FORMAT.INPUT_DATA is %u, in CDP %u",
				RF(CDP_RDMA_D_DATA_FORMAT, INPUT_DATA),
				F(CDP_D_DATA_FORMAT, INPUT_DATA_TYPE));

	return 0;
}

static void read_op(struct sim_core *core, unsigned int group, unsigned int rdma_group,
		    struct cdp_op *op)
{
	const struct nvdla_config *config = sim_config(core);

	memset(op, 0, sizeof(*op));
	op->lrn.precision = F(CDP_D_DATA_FORMAT, INPUT_DATA_TYPE);
	read_tables(core, &op->lrn);
	/* Of the offsets, only as many bits count as the data has. */
	op->lrn.in.offset = (int16_t)R(CDP_D_DATIN_OFFSET);
	op->lrn.in.scale = (int16_t)R(CDP_D_DATIN_SCALE);
	op->lrn.in.shift = F(CDP_D_DATIN_SHIFTER, DATIN_SHIFTER);
	op->lrn.out.offset = (int32_t)R(CDP_D_DATOUT_OFFSET);
	if (op->lrn.precision == CDP_INT8) {
		op->lrn.in.offset = (int8_t)op->lrn.in.offset;
		op->lrn.out.offset = (int32_t)(R(CDP_D_DATOUT_OFFSET) << 7) >> 7;
	}
	op->lrn.out.scale = (int16_t)R(CDP_D_DATOUT_SCALE);
	op->lrn.out.shift = F(CDP_D_DATOUT_SHIFTER, DATOUT_SHIFTER);
	op->lrn.reach = F(CDP_D_LRN_CFG, NORMALZ_LEN) + 1;
	op->lrn.square = !F(CDP_D_FUNC_BYPASS, SQSUM_BYPASS);
	op->lrn.multiply = !F(CDP_D_FUNC_BYPASS, MUL_BYPASS);

	op->flush_nan = F(CDP_D_NAN_FLUSH_TO_ZERO, NAN_TO_ZERO);
	op->bytes = config->atomic_m;
	op->atom = op->lrn.precision == CDP_INT8 ? op->bytes : op->bytes / 2;
	op->mask = (config->address_bits >= 64 ? UINT64_MAX :
		    ((uint64_t)1 << config->address_bits) - 1) & ~(uint64_t)(op->bytes - 1);
	op->width = RF(CDP_RDMA_D_DATA_CUBE_WIDTH, WIDTH) + 1;
	op->height = RF(CDP_RDMA_D_DATA_CUBE_HEIGHT, HEIGHT) + 1;
	op->channels = RF(CDP_RDMA_D_DATA_CUBE_CHANNEL, CHANNEL) + 1;
	op->surfaces = (op->channels - 1) / op->atom + 1;
	op->src_port = RF(CDP_RDMA_D_SRC_DMA_CFG, SRC_RAM_TYPE) ? NPUSIM_MCIF : NPUSIM_CVIF;
	op->src = RR(CDP_RDMA_D_SRC_BASE_ADDR_LOW) |
		  (uint64_t)RR(CDP_RDMA_D_SRC_BASE_ADDR_HIGH) << 32;
	op->src_line = RR(CDP_RDMA_D_SRC_LINE_STRIDE);
	op->src_surf = RR(CDP_RDMA_D_SRC_SURFACE_STRIDE);
	op->dst_port = F(CDP_D_DST_DMA_CFG, DST_RAM_TYPE) ? NPUSIM_MCIF : NPUSIM_CVIF;
	op->dst = R(CDP_D_DST_BASE_ADDR_LOW) | (uint64_t)R(CDP_D_DST_BASE_ADDR_HIGH) << 32;
	op->dst_line = R(CDP_D_DST_LINE_STRIDE);
	op->dst_surf = R(CDP_D_DST_SURFACE_STRIDE);
}

/* Room for a run of pixels. */
struct cdp_buffers {
	uint8_t *rows;		/* RUN pixels as in memory, surface by surface */
	int16_t *pixel, *result;
	uint32_t *work;
};

static void load_atom(struct cdp_op *op, const uint8_t *raw, int16_t *v)
{
	unsigned int i;

	for (i = 0; i < op->atom; i++) {
		if (op->lrn.precision == CDP_INT8) {
			v[i] = (int8_t)raw[i];
			continue;
		}
		memcpy(&v[i], raw + 2 * i, sizeof(v[i]));
		if (op->lrn.precision == CDP_INT16)
			continue;
		op->inf_in += fp16_is_inf((uint16_t)v[i]);
		if (fp16_is_nan((uint16_t)v[i])) {
			op->nan_in++;
			if (op->flush_nan)
				v[i] = 0;
		}
	}
}

static void store_atom(struct cdp_op *op, uint8_t *raw, const int16_t *v)
{
	unsigned int i;

	for (i = 0; i < op->atom; i++) {
		if (op->lrn.precision == CDP_INT8)
			raw[i] = (uint8_t)v[i];
		else
			memcpy(raw + 2 * i, &v[i], sizeof(v[i]));
		if (op->lrn.precision == CDP_FP16)
			op->nan_out += fp16_is_nan((uint16_t)v[i]);
	}
}

/* Normalise @n pixels of line @y from column @x on. */
static int run_pixels(struct sim_core *core, struct cdp_op *op, unsigned int y, unsigned int x,
		      unsigned int n, const struct cdp_buffers *buf, struct sim_cost *cost)
{
	const unsigned int padded = op->surfaces * op->atom;
	const size_t run = (size_t)n * op->bytes;
	unsigned int s, i;
	int err;

	for (s = 0; s < op->surfaces; s++) {
		uint64_t addr = op->src + y * op->src_line + s * op->src_surf +
				(uint64_t)x * op->bytes;

		err = sim_read(core, NVDLA_CDP_RDMA, CDP_RDMA_D_SRC_BASE_ADDR_LOW, op->src_port,
			       addr & op->mask, buf->rows + s * run, run, cost);
		if (err)
			return err;
	}
	for (i = 0; i < n; i++) {
		uint8_t *at = buf->rows + (size_t)i * op->bytes;

		for (s = 0; s < op->surfaces; s++)
			load_atom(op, at + s * run, buf->pixel + s * op->atom);
		if (op->lrn.precision == CDP_FP16)
			cdp_fp_pixel(&op->lrn, buf->pixel, buf->work, buf->result, op->channels,
				     padded, op->count);
		else
			cdp_lrn_pixel(&op->lrn, buf->pixel, buf->work, buf->result, op->channels,
				      padded, op->count);
		for (s = 0; s < op->surfaces; s++)
			store_atom(op, at + s * run, buf->result + s * op->atom);
	}
	for (s = 0; s < op->surfaces; s++) {
		uint64_t addr = op->dst + y * op->dst_line + s * op->dst_surf +
				(uint64_t)x * op->bytes;

		err = sim_write(core, NVDLA_CDP, CDP_D_DST_BASE_ADDR_LOW, op->dst_port,
				addr & op->mask, buf->rows + s * run, run, cost);
		if (err)
			return err;
	}

	return 0;
}

/*
 * CDP goes through the surfaces of a block of up to eight pixels at a time. The
 * ends of a block's pixels, which wait for channels beyond, leave while the next
 * block's pixels come in, a cycle per beat. Those of surplus pixels take cycles of
 * their own, and so do, two more, those of the last block, which takes at least as
 * long as two pixels behind others. Counted on the RTL of all configurations.
 */
static void add_cycles(const struct sim_core *core, const struct cdp_op *op,
		       struct sim_cost *cost)
{
	const struct nvdla_config *config = sim_config(core);
	const uint64_t pixel = op->bytes / config->cdp_throughput;
	const unsigned int channels = (unsigned int)(op->atom / pixel);
	const unsigned int ends = op->lrn.square ? (NEIGHBOURS + channels - 1) / channels : 0;
	unsigned int rest = op->width % REQUEST, blocks = (op->width + REQUEST - 1) / REQUEST;
	unsigned int last = rest ? rest : REQUEST;
	uint64_t cycles = (uint64_t)op->width * op->height * op->surfaces * pixel;

	if (rest && blocks > 1) {
		cycles += (uint64_t)op->height * (REQUEST - rest) * ends;
		if (last * pixel * op->surfaces < LAST_BLOCK)
			cycles += LAST_BLOCK - last * pixel * op->surfaces;
	}
	cost->cycles += cycles + (last - 1) * (ends + 2);
	cost->depth += op->lrn.square ? SQUARES_DEPTH + ends : 0;
}

int sim_cdp_run(struct sim_core *core, unsigned int group, unsigned int rdma_group,
		struct sim_cost *cost)
{
	struct cdp_op op;
	unsigned int padded, x, y, n;
	struct cdp_buffers buf;
	int err;

	err = check_features(core, group, rdma_group);
	if (err)
		return err;
	read_op(core, group, rdma_group, &op);

	padded = op.surfaces * op.atom;
	if ((uint64_t)op.width * op.height * padded > SIM_MAX_ELEMENTS)
		return sim_fail(core, -EINVAL, NVDLA_CDP_RDMA, CDP_RDMA_D_DATA_CUBE_WIDTH,
				"CDP_RDMA D_DATA_CUBE_*: more elements than the simulator takes");
	buf.rows = malloc((size_t)op.surfaces * op.bytes * RUN);
	buf.pixel = malloc(padded * sizeof(*buf.pixel));
	buf.result = malloc(padded * sizeof(*buf.result));
	buf.work = malloc((padded + 8) * sizeof(*buf.work));
	if (!buf.rows || !buf.pixel || !buf.result || !buf.work) {
		err = sim_fail(core, -ENOMEM, NVDLA_CDP_RDMA, CDP_RDMA_D_DATA_CUBE_CHANNEL,
			       "CDP_RDMA D_DATA_CUBE_CHANNEL: no memory for a run of pixels");
		goto out;
	}
	for (y = 0; y < op.height && !err; y++) {
		for (x = 0; x < op.width && !err; x += n) {
			n = op.width - x < RUN ? op.width - x : RUN;
			err = run_pixels(core, &op, y, x, n, &buf, cost);
		}
	}
	if (err)
		goto out;

	sim_reg_set(core, NVDLA_CDP, group, CDP_D_PERF_LUT_UFLOW, op.count[CDP_COUNT_UFLOW]);
	sim_reg_set(core, NVDLA_CDP, group, CDP_D_PERF_LUT_OFLOW, op.count[CDP_COUNT_OFLOW]);
	sim_reg_set(core, NVDLA_CDP, group, CDP_D_PERF_LUT_HYBRID, op.count[CDP_COUNT_HYBRID]);
	sim_reg_set(core, NVDLA_CDP, group, CDP_D_PERF_LUT_LE_HIT, op.count[CDP_COUNT_LE_HIT]);
	sim_reg_set(core, NVDLA_CDP, group, CDP_D_PERF_LUT_LO_HIT, op.count[CDP_COUNT_LO_HIT]);
	sim_reg_set(core, NVDLA_CDP, group, CDP_D_NAN_INPUT_NUM, op.nan_in);
	sim_reg_set(core, NVDLA_CDP, group, CDP_D_INF_INPUT_NUM, op.inf_in);
	sim_reg_set(core, NVDLA_CDP, group, CDP_D_NAN_OUTPUT_NUM, op.nan_out);
	cost->readers[cost->reader_count++] = (struct sim_reader) {
		.port = op.src_port, .line_stride = op.src_line, .surf_stride = op.src_surf,
		.parts[0] = { .addr = op.src, .line = op.width * op.bytes, .count = 1 },
		.request = REQUEST * op.bytes, .lines = op.height, .surfaces = op.surfaces,
	};
	add_cycles(core, &op, cost);

out:
	free(buf.rows);
	free(buf.pixel);
	free(buf.result);
	free(buf.work);
	return err;
}

/* Entry that the access port of the tables stands at; reads beyond give entry 0. */
static int16_t *lut_entry(struct sim_lut *lut, bool write)
{
	unsigned int entries = lut->table ? SIM_LUT_LO : SIM_LUT_LE;
	int16_t *table = lut->table ? lut->lo : lut->le;

	if (lut->addr < entries)
		return &table[lut->addr];

	return write ? NULL : &table[0];
}

/* The port moves on, but not from the last entry of a table. */
static void lut_advance(struct sim_lut *lut)
{
	if (lut->addr != (lut->table ? SIM_LUT_LO : SIM_LUT_LE) - 1)
		lut->addr = (lut->addr + 1) & FIELD_MAX(CDP_S_LUT_ACCESS_CFG_LUT_ADDR);
}

void sim_cdp_csb_write(struct sim_core *core, uint32_t off, uint32_t value)
{
	struct sim_lut *lut = sim_cdp_lut(core);
	int16_t *entry;

	switch (off) {
	case CDP_S_LUT_ACCESS_CFG:
		lut->addr = FIELD_GET(CDP_S_LUT_ACCESS_CFG_LUT_ADDR, value);
		lut->table = FIELD_GET(CDP_S_LUT_ACCESS_CFG_LUT_TABLE_ID, value);
		lut->write = FIELD_GET(CDP_S_LUT_ACCESS_CFG_LUT_ACCESS_TYPE, value);
		break;
	case CDP_S_LUT_ACCESS_DATA:
		if (!lut->write)
			break;
		entry = lut_entry(lut, true);
		if (entry)
			*entry = (int16_t)value;
		lut_advance(lut);
		break;
	}
}

uint32_t sim_cdp_csb_read(struct sim_core *core, uint32_t off)
{
	struct sim_lut *lut = sim_cdp_lut(core);
	uint16_t value;

	if (off == CDP_S_LUT_ACCESS_CFG)
		return FIELD_PREP(CDP_S_LUT_ACCESS_CFG_LUT_ADDR, lut->addr) |
		       FIELD_PREP(CDP_S_LUT_ACCESS_CFG_LUT_TABLE_ID, lut->table) |
		       FIELD_PREP(CDP_S_LUT_ACCESS_CFG_LUT_ACCESS_TYPE, lut->write);
	if (off != CDP_S_LUT_ACCESS_DATA)
		return sim_reg(core, NVDLA_CDP, 0, off);
	value = (uint16_t)*lut_entry(lut, false);
	if (!lut->write)
		lut_advance(lut);

	return value;
}
