// SPDX-License-Identifier: MIT
/*
 * Convolution DMA: feature data from memory into CBUF, through the input
 * converter.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conv.h"
#include "fp.h"
#include "round.h"
#include "timing.h"

void sim_slice_init(const struct nvdla_config *config, unsigned int channels, unsigned int bytes,
		    struct sim_slice *slice)
{
	unsigned int rest;

	slice->atoms = (channels * bytes + config->atomic_m - 1) / config->atomic_m;
	slice->per = config->cbuf_bank_width / config->atomic_m;
	slice->full = slice->atoms / slice->per;
	rest = slice->atoms % slice->per;
	slice->rest = rest;
	/* Pixels share an entry where a power of two of them fits. */
	for (slice->shift = 0; rest && (rest << (slice->shift + 1)) <= slice->per;)
		slice->shift++;
}

int32_t sim_cvt(int32_t v, int32_t op, int32_t scale, unsigned int truncate,
		enum sim_precision precision)
{
	int64_t r = sim_round_shift_wide((int64_t)(v - op) * scale, truncate);

	r = sim_saturate(r, 17);
	if (precision == SIM_FP16)
		return (int32_t)fp16_from_int((int32_t)r);

	return (int32_t)sim_saturate(r, precision == SIM_INT16 ? 16 : 8);
}

static enum npusim_port port_of(uint32_t ram_type)
{
	return ram_type ? NPUSIM_MCIF : NPUSIM_CVIF;
}

uint64_t sim_cdma_address(const struct sim_core *core, uint32_t high, uint32_t low)
{
	uint64_t addr = (uint64_t)sim_cdma(core, high) << 32 | sim_cdma(core, low);

	if (core->config->address_bits < 64)
		addr &= ((uint64_t)1 << core->config->address_bits) - 1;

	return addr & -(uint64_t)core->config->atomic_m;
}

static bool data_reused(const struct sim_core *core)
{
	return CDMA_FIELD(core, D_MISC_CFG, DATA_REUSE) && core->cbuf.cdma_skip_data &&
	       core->cbuf.cdma_mode == sim_cdma_mode(core) && !core->cbuf.flushed;
}

bool sim_weights_reused(const struct sim_core *core)
{
	return CDMA_FIELD(core, D_MISC_CFG, WEIGHT_REUSE) && core->cbuf.cdma_skip_weight &&
	       !core->cbuf.flushed;
}

static uint64_t data_slices(const struct sim_core *core)
{
	return sim_cdma_mode(core) == SIM_MODE_WINOGRAD ? sim_winograd_slices(core) :
	       CDMA_FIELD(core, D_DATAIN_SIZE_0, DATAIN_HEIGHT) + 1;
}

static uint64_t data_entries_needed(const struct sim_core *core)
{
	if (data_reused(core))
		return 0;
	return data_slices(core) * (CDMA_FIELD(core, D_ENTRY_PER_SLICE, ENTRIES) + 1) *
	       (CDMA_FIELD(core, D_BATCH_NUMBER, BATCHES) + 1);
}

uint64_t sim_weight_entries_needed(const struct sim_core *core)
{
	uint64_t bytes = sim_cdma(core, CDMA_D_WEIGHT_BYTES);
	unsigned int width = core->config->cbuf_bank_width;

	return sim_weights_reused(core) ? 0 : (bytes + width - 1) / width;
}

/* Do both sides hold the same bank numbers for an operation they share? */
static bool banks_agree(const struct sim_core *core)
{
	return sim_cdma(core, CDMA_D_BANK) == sim_csc(core, CSC_D_BANK);
}

bool sim_cdma_ready(struct sim_core *core)
{
	struct sim_cbuf *cbuf = &core->cbuf;
	uint64_t data, weights, data_ring, weight_ring;
	bool paired;

	sim_csc_begin(core);
	paired = !core->load_count && !(core->busy & 1u << SIM_CONV) &&
		 sim_enabled(core, NVDLA_CSC);
	if (paired && !banks_agree(core))
		return true;
	if (sim_cdma_pends(core))
		return paired && cbuf->csc_begun && cbuf->flushed;

	data = data_entries_needed(core);
	weights = sim_weight_entries_needed(core);
	data_ring = sim_data_ring(core, CDMA_FIELD(core, D_BANK, DATA_BANK));
	weight_ring = sim_data_ring(core, CDMA_FIELD(core, D_BANK, WEIGHT_BANK));
	/* What can never fit is for sim_cdma_run() to complain about. */
	if (data > data_ring)
		return true;
	if (cbuf->data_entries + data > data_ring)
		return false;
	if (weights > weight_ring)
		return !core->load_count && !(core->busy & 1u << SIM_CONV);

	return cbuf->wt_entries + weights <= weight_ring;
}

/* One line of one surface, as it lies in memory, to its places in CBUF. */
static void store_line(struct sim_core *core, const uint8_t *line, unsigned int width,
		       unsigned int surface, uint32_t entry, uint32_t ring,
		       const struct sim_slice *slice)
{
	const unsigned int atom = core->config->atomic_m;
	const unsigned int entry_bytes = core->config->cbuf_bank_width;
	unsigned int block = surface / slice->per, lane = surface % slice->per;
	unsigned int shift = block < slice->full ? 0 : slice->shift;
	unsigned int x, share = (1u << shift) - 1;

	for (x = 0; x < width; x++) {
		uint32_t at = sim_ring_add(entry, block * width + (x >> shift), ring);
		unsigned int pos = shift ? (x & share) * (slice->per >> shift) + lane : lane;
		size_t byte = (size_t)at * entry_bytes + (size_t)pos * atom;

		if (byte + atom <= core->cbuf.size)
			memcpy(core->cbuf.mem + byte, line + (size_t)x * atom, atom);
	}
}

static void convert_line(struct sim_core *core, uint8_t *line, size_t len)
{
	enum sim_precision precision = sim_cdma_precision(core);
	int32_t offset = (int16_t)CDMA_FIELD(core, D_CVT_OFFSET, CVT_OFFSET);
	int32_t scale = (int16_t)CDMA_FIELD(core, D_CVT_SCALE, CVT_SCALE);
	unsigned int truncate = CDMA_FIELD(core, D_CVT_CFG, CVT_TRUNCATE);
	uint8_t table[256];
	unsigned int i;
	int16_t v;
	size_t k;

	if (precision != SIM_INT8) {
		for (k = 0; k + 1 < len; k += 2) {
			memcpy(&v, line + k, sizeof(v));
			v = (int16_t)sim_cvt(v, offset, scale, truncate, precision);
			memcpy(line + k, &v, sizeof(v));
		}
		return;
	}
	for (i = 0; i < 256; i++)
		table[i] = (uint8_t)sim_cvt((int8_t)i, offset, scale, truncate, precision);
	for (k = 0; k < len; k++)
		line[k] = table[line[k]];
}

/* FP16 is counted and passes the converter as it is, NaNs as zeros if asked for. */
static void check_floats(uint8_t *line, size_t len, bool flush, uint32_t *nans, uint32_t *infs)
{
	uint16_t v;
	size_t k;

	for (k = 0; k + 1 < len; k += 2) {
		memcpy(&v, line + k, sizeof(v));
		*infs += fp16_is_inf(v);
		if (!fp16_is_nan(v))
			continue;
		(*nans)++;
		if (flush)
			memset(line + k, 0, sizeof(v));
	}
}

void sim_cdma_convert(struct sim_core *core, uint8_t *data, size_t len,
		      struct sim_floats *floats)
{
	if (sim_cdma_precision(core) == SIM_FP16 &&
	    CDMA_FIELD(core, D_MISC_CFG, IN_PRECISION) == SIM_FP16)
		check_floats(data, len, CDMA_FIELD(core, D_NAN_FLUSH_TO_ZERO, NAN_TO_ZERO),
			     &floats->nans, &floats->infs);
	else if (CDMA_FIELD(core, D_CVT_CFG, CVT_EN))
		convert_line(core, data, len);
}

void sim_cdma_count_floats(struct sim_core *core, unsigned int group,
			   const struct sim_floats *floats)
{
	if (sim_cdma_precision(core) != SIM_FP16)
		return;
	sim_reg_set(core, NVDLA_CDMA, group, CDMA_D_NAN_INPUT_DATA_NUM, floats->nans);
	sim_reg_set(core, NVDLA_CDMA, group, CDMA_D_INF_INPUT_DATA_NUM, floats->infs);
}

static int load_direct(struct sim_core *core, unsigned int group, struct sim_fetch *fetch,
		       struct sim_cost *cost)
{
	const struct nvdla_config *config = core->config;
	unsigned int width = CDMA_FIELD(core, D_DATAIN_SIZE_0, DATAIN_WIDTH) + 1;
	unsigned int height = CDMA_FIELD(core, D_DATAIN_SIZE_0, DATAIN_HEIGHT) + 1;
	unsigned int channels = CDMA_FIELD(core, D_DATAIN_SIZE_1, DATAIN_CHANNEL) + 1;
	unsigned int entries = CDMA_FIELD(core, D_ENTRY_PER_SLICE, ENTRIES) + 1;
	uint32_t ring = sim_data_ring(core, CDMA_FIELD(core, D_BANK, DATA_BANK));
	uint64_t base = sim_cdma_address(core, CDMA_D_DAIN_ADDR_HIGH_0, CDMA_D_DAIN_ADDR_LOW_0);
	uint64_t line_stride = sim_cdma(core, CDMA_D_LINE_STRIDE) & -(uint64_t)config->atomic_m;
	uint64_t surf_stride = sim_cdma(core, CDMA_D_SURF_STRIDE) & -(uint64_t)config->atomic_m;
	uint64_t batch_stride = sim_cdma(core, CDMA_D_BATCH_STRIDE) & -(uint64_t)config->atomic_m;
	unsigned int batches = CDMA_FIELD(core, D_BATCH_NUMBER, BATCHES) + 1;
	unsigned int bytes = sim_precision_bytes(sim_cdma_precision(core));
	struct sim_floats floats = { 0, 0 };
	unsigned int surfaces, surface, n, y, grain = 1;
	uint32_t wr = core->cbuf.data_wr;
	struct sim_slice slice;
	uint8_t *line;
	int err = 0;

	surfaces = (channels * bytes + config->atomic_m - 1) / config->atomic_m;
	if (width == 1 && height == 1 && CDMA_FIELD(core, D_DAIN_MAP, SURF_PACKED)) {
		/* One pixel with its surfaces side by side is read as one line. */
		width = surfaces;
		surfaces = 1;
		channels = config->atomic_m / bytes;
	}
	sim_slice_init(config, channels, bytes, &slice);
	if ((uint64_t)slice.full * width + (slice.rest ? (width + (1u << slice.shift) - 1) >>
					    slice.shift : 0) > entries)
		return sim_fail(core, -EINVAL, NVDLA_CDMA, CDMA_D_ENTRY_PER_SLICE,
				"ENTRIES %u is less than a slice of %ux%u needs", entries - 1,
				width, channels);
	if (CDMA_FIELD(core, D_DAIN_MAP, LINE_PACKED))
		grain = CDMA_FIELD(core, D_FETCH_GRAIN, GRAINS) + 1;

	line = malloc((size_t)width * config->atomic_m);
	if (!line)
		return sim_fail(core, -ENOMEM, NVDLA_CDMA, CDMA_D_DATAIN_SIZE_0, "no memory");
	for (y = 0; y < height * batches && !err; y++) {
		unsigned int in_y = y / batches, first = in_y - in_y % grain;
		uint32_t entry = sim_ring_add(wr, y * entries, ring);

		n = y % batches;
		for (surface = 0; surface < surfaces; surface++) {
			size_t len = (size_t)width * config->atomic_m;

			err = sim_read(core, NVDLA_CDMA, CDMA_D_DAIN_ADDR_LOW_0, fetch->data_port,
				       base + n * batch_stride + surface * surf_stride +
				       first * line_stride + (uint64_t)(in_y - first) * len, line,
				       len, cost);
			if (err)
				break;
			fetch->data_bytes += len;
			sim_cdma_convert(core, line, len, &floats);
			store_line(core, line, width, surface, entry, ring, &slice);
		}
	}
	fetch->width = width;
	fetch->run = (uint64_t)width * (grain < height ? grain : height);
	fetch->surfaces = surfaces;
	free(line);
	sim_cdma_count_floats(core, group, &floats);

	return err;
}

/* What this model, or this configuration, does not do is refused by name. */
static int check_supported(struct sim_core *core)
{
	uint32_t misc = sim_cdma(core, CDMA_D_MISC_CFG);
	uint32_t features = core->config->features;

	if (FIELD_GET(CDMA_D_MISC_CFG_CONV_MODE, misc) && !(features & NVDLA_FEAT_WINOGRAD))
		return sim_fail(core, -EINVAL, NVDLA_CDMA, CDMA_D_MISC_CFG, "CONV_MODE WINOGRAD");
	if (FIELD_GET(CDMA_D_MISC_CFG_CONV_MODE, misc) &&
	    CDMA_FIELD(core, D_DATAIN_FORMAT, DATAIN_FORMAT))
		return sim_fail(core, -EINVAL, NVDLA_CDMA, CDMA_D_DATAIN_FORMAT,
				"DATAIN_FORMAT PIXEL with CONV_MODE WINOGRAD");
	if (features & NVDLA_FEAT_INT16) {
		unsigned int in = FIELD_GET(CDMA_D_MISC_CFG_IN_PRECISION, misc);
		unsigned int proc = FIELD_GET(CDMA_D_MISC_CFG_PROC_PRECISION, misc);

		if (in > SIM_FP16 || proc > SIM_FP16)
			return sim_fail(core, -EINVAL, NVDLA_CDMA, CDMA_D_MISC_CFG,
					"IN_PRECISION %u, PROC_PRECISION %u", in, proc);
		/* Hardware counts surfaces by the size of results: only equal sizes work. */
		if (in != proc && sim_cdma_mode(core) != SIM_MODE_IMAGE &&
		    (in != SIM_INT16 || proc != SIM_FP16))
			return sim_fail(core, -ENOSYS, NVDLA_CDMA, CDMA_D_MISC_CFG,
					"IN_PRECISION %u with PROC_PRECISION %u for feature data",
					in, proc);
		if (in != proc && sim_cdma_mode(core) != SIM_MODE_IMAGE &&
		    !CDMA_FIELD(core, D_CVT_CFG, CVT_EN))
			return sim_fail(core, -EINVAL, NVDLA_CDMA, CDMA_D_CVT_CFG,
					"IN_PRECISION %u with PROC_PRECISION %u, but CVT_EN is off",
					in, proc);
	}
	if (CDMA_FIELD(core, D_WEIGHT_FORMAT, WEIGHT_FORMAT) && !(features & NVDLA_FEAT_WT_COMPRESS))
		return sim_fail(core, -EINVAL, NVDLA_CDMA, CDMA_D_WEIGHT_FORMAT,
				"WEIGHT_FORMAT COMPRESSED, which %s does not have",
				core->config->name);
	if (CDMA_FIELD(core, D_BATCH_NUMBER, BATCHES) && !(features & NVDLA_FEAT_BATCH))
		return sim_fail(core, -EINVAL, NVDLA_CDMA, CDMA_D_BATCH_NUMBER, "BATCHES %u",
				CDMA_FIELD(core, D_BATCH_NUMBER, BATCHES));
	if (CDMA_FIELD(core, D_BATCH_NUMBER, BATCHES) && sim_cdma_mode(core) != SIM_MODE_DIRECT)
		return sim_fail(core, -EINVAL, NVDLA_CDMA, CDMA_D_BATCH_NUMBER,
				"BATCHES %u, but only feature data comes in batches",
				CDMA_FIELD(core, D_BATCH_NUMBER, BATCHES));

	return 0;
}

static int check_banks(struct sim_core *core)
{
	unsigned int data = CDMA_FIELD(core, D_BANK, DATA_BANK) + 1;
	unsigned int weight = CDMA_FIELD(core, D_BANK, WEIGHT_BANK) + 1;
	unsigned int masks = CDMA_FIELD(core, D_WEIGHT_FORMAT, WEIGHT_FORMAT);
	bool paired = !core->load_count && !(core->busy & 1u << SIM_CONV) &&
		      sim_enabled(core, NVDLA_CSC);

	if (data + weight + masks > core->config->cbuf_banks)
		return sim_fail(core, -EINVAL, NVDLA_CDMA, CDMA_D_BANK,
				"%u data, %u weight and %u mask banks, but there are %u", data,
				weight, masks, core->config->cbuf_banks);
	if (paired && !banks_agree(core))
		return sim_fail(core, -EINVAL, NVDLA_CDMA, CDMA_D_BANK,
				"0x%x, but CSC.D_BANK is 0x%x", sim_cdma(core, CDMA_D_BANK),
				sim_csc(core, CSC_D_BANK));
	if (data_entries_needed(core) > sim_data_ring(core, data - 1))
		return sim_fail(core, -EINVAL, NVDLA_CDMA, CDMA_D_BANK,
				"DATA_BANK %u holds %u entries, the data needs %llu", data - 1,
				sim_data_ring(core, data - 1),
				(unsigned long long)data_entries_needed(core));

	return 0;
}

/* Latency of weights is not counted: that counter stays 0. */
static void publish_counters(struct sim_core *core, unsigned int group,
			     const struct sim_load *load)
{
	bool enabled = CDMA_FIELD(core, D_PERF_ENABLE, DMA_EN);

	sim_reg_set(core, NVDLA_CDMA, group, CDMA_D_PERF_DAT_READ_STALL,
		    enabled ? load->data_stall : 0);
	sim_reg_set(core, NVDLA_CDMA, group, CDMA_D_PERF_WT_READ_STALL,
		    enabled ? load->weight_stall : 0);
	sim_reg_set(core, NVDLA_CDMA, group, CDMA_D_PERF_DAT_READ_LATENCY,
		    enabled ? load->data_latency : 0);
}

int sim_cdma_run(struct sim_core *core, unsigned int group, struct sim_load *load,
		 struct sim_cost *cost)
{
	struct sim_cbuf *cbuf = &core->cbuf;
	struct sim_fetch fetch = {
		.data_port = port_of(CDMA_FIELD(core, D_DAIN_RAM_TYPE, DATAIN_RAM_TYPE)),
		.weight_port = port_of(CDMA_FIELD(core, D_WEIGHT_RAM_TYPE, WEIGHT_RAM_TYPE)),
		.image = sim_cdma_mode(core) == SIM_MODE_IMAGE,
	};
	uint32_t slices = (uint32_t)data_slices(core);
	uint32_t entries = (uint32_t)data_entries_needed(core);
	bool reuse = data_reused(core);
	int err;

	err = check_supported(core);
	if (!err)
		err = check_banks(core);
	if (!err && !reuse)
		err = fetch.image ? sim_image_load(core, group, &fetch, cost) :
		      sim_cdma_mode(core) == SIM_MODE_WINOGRAD ?
				    sim_winograd_load(core, group, &fetch, cost) :
				    load_direct(core, group, &fetch, cost);
	if (!err)
		err = sim_weights_load(core, group, load, &fetch, cost);
	if (err)
		return err;

	sim_lock(core);
	if (!reuse) {
		cbuf->data_entries += entries;
		cbuf->data_slices += slices;
		cbuf->data_wr = sim_ring_add(cbuf->data_wr, entries,
				sim_data_ring(core, CDMA_FIELD(core, D_BANK, DATA_BANK)));
	}
	cbuf->cdma_data_bank = CDMA_FIELD(core, D_BANK, DATA_BANK);
	cbuf->cdma_weight_bank = CDMA_FIELD(core, D_BANK, WEIGHT_BANK);
	cbuf->cdma_mode = sim_cdma_mode(core);
	cbuf->cdma_skip_data = CDMA_FIELD(core, D_MISC_CFG, SKIP_DATA_RLS);
	cbuf->cdma_skip_weight = CDMA_FIELD(core, D_MISC_CFG, SKIP_WEIGHT_RLS);
	cbuf->flushed = false;
	sim_unlock(core);
	sim_time_load(core, &fetch, load);
	publish_counters(core, group, load);

	return 0;
}
