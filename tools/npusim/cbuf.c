// SPDX-License-Identifier: MIT
/*
 * Who owns what in the convolution buffer: the bookkeeping that CDMA and CSC
 * keep between operations. It follows the hardware's counters, so that reuse,
 * skipped release, partial heights and rings that wrap come out alike.
 */
#include <string.h>

#include "conv.h"

void sim_cbuf_reset(struct sim_core *core)
{
	struct sim_cbuf *cbuf = &core->cbuf;
	uint8_t *mem = cbuf->mem;
	size_t size = cbuf->size;

	memset(cbuf, 0, sizeof(*cbuf));
	cbuf->mem = mem;
	cbuf->size = size;
	/* After reset no bank number matches: the first operation flushes. */
	cbuf->cdma_data_bank = SIM_NO_BANK;
	cbuf->cdma_weight_bank = SIM_NO_BANK;
	cbuf->csc_data_bank = SIM_NO_BANK;
	cbuf->csc_weight_bank = SIM_NO_BANK;
}

uint32_t sim_csc(const struct sim_core *core, uint32_t reg)
{
	return sim_reg(core, NVDLA_CSC, core->consumer[NVDLA_CSC], reg);
}

uint32_t sim_cdma(const struct sim_core *core, uint32_t reg)
{
	return sim_reg(core, NVDLA_CDMA, core->consumer[NVDLA_CDMA], reg);
}

enum sim_conv_mode sim_cdma_mode(const struct sim_core *core)
{
	if (CDMA_FIELD(core, D_MISC_CFG, CONV_MODE))
		return SIM_MODE_WINOGRAD;
	return CDMA_FIELD(core, D_DATAIN_FORMAT, DATAIN_FORMAT) ? SIM_MODE_IMAGE :
								  SIM_MODE_DIRECT;
}

enum sim_conv_mode sim_csc_mode(const struct sim_core *core)
{
	if (CSC_FIELD(core, D_MISC_CFG, CONV_MODE))
		return SIM_MODE_WINOGRAD;
	return CSC_FIELD(core, D_DATAIN_FORMAT, DATAIN_FORMAT) ? SIM_MODE_IMAGE :
								 SIM_MODE_DIRECT;
}

static bool knows_precisions(const struct sim_core *core)
{
	return core->config->features & NVDLA_FEAT_INT16;
}

enum sim_precision sim_cdma_precision(const struct sim_core *core)
{
	return knows_precisions(core) ? CDMA_FIELD(core, D_MISC_CFG, PROC_PRECISION) : SIM_INT8;
}

enum sim_precision sim_csc_precision(const struct sim_core *core)
{
	return knows_precisions(core) ? CSC_FIELD(core, D_MISC_CFG, PROC_PRECISION) : SIM_INT8;
}

uint32_t sim_ring_add(uint32_t index, uint32_t add, uint32_t size)
{
	return size ? (uint32_t)(((uint64_t)index + add) % size) : 0;
}

/* CDMA must wait for CSC: its data banks, or (weights) any banks, change. */
bool sim_cdma_pends(const struct sim_core *core)
{
	const struct sim_cbuf *cbuf = &core->cbuf;

	return cbuf->cdma_data_bank != CDMA_FIELD(core, D_BANK, DATA_BANK) ||
	       cbuf->cdma_weight_bank != CDMA_FIELD(core, D_BANK, WEIGHT_BANK);
}

static void release_data(struct sim_cbuf *cbuf, uint32_t slices, uint32_t entries, uint32_t ring)
{
	cbuf->data_slices -= slices < cbuf->data_slices ? slices : cbuf->data_slices;
	cbuf->data_entries -= entries < cbuf->data_entries ? entries : cbuf->data_entries;
	cbuf->data_rd = sim_ring_add(cbuf->data_rd, entries, ring);
}

static void release_masks(struct sim_core *core, uint32_t entries)
{
	struct sim_cbuf *cbuf = &core->cbuf;

	cbuf->wmb_entries -= entries < cbuf->wmb_entries ? entries : cbuf->wmb_entries;
	cbuf->wmb_rd = sim_ring_add(cbuf->wmb_rd, entries, core->config->cbuf_bank_depth);
}

static void release_weights(struct sim_cbuf *cbuf, uint32_t kernels, uint32_t entries,
			    uint32_t ring)
{
	cbuf->wt_kernels -= kernels < cbuf->wt_kernels ? kernels : cbuf->wt_kernels;
	cbuf->wt_entries -= entries < cbuf->wt_entries ? entries : cbuf->wt_entries;
	cbuf->wt_rd = sim_ring_add(cbuf->wt_rd, entries, ring);
}

uint32_t sim_data_ring(const struct sim_core *core, unsigned int bank)
{
	return (bank + 1) * core->config->cbuf_bank_depth;
}

void sim_csc_begin(struct sim_core *core)
{
	struct sim_cbuf *cbuf = &core->cbuf;
	unsigned int data_bank, weight_bank;

	if (cbuf->csc_begun || core->busy & 1u << SIM_CONV || !sim_enabled(core, NVDLA_CSC))
		return;
	data_bank = CSC_FIELD(core, D_BANK, DATA_BANK);
	weight_bank = CSC_FIELD(core, D_BANK, WEIGHT_BANK);
	if (data_bank != cbuf->csc_data_bank || weight_bank != cbuf->csc_weight_bank) {
		/* Both sides meet: CDMA has to be at the same point. */
		if (core->load_count || core->busy & 1u << SIM_CDMA ||
		    !sim_enabled(core, NVDLA_CDMA) || !sim_cdma_pends(core))
			return;
		if (data_bank != cbuf->csc_data_bank) {
			cbuf->data_entries = 0;
			cbuf->data_slices = 0;
			cbuf->data_wr = 0;
			cbuf->data_rd = 0;
			cbuf->last_slices = 0;
			cbuf->last_entries = 0;
		}
		cbuf->wt_entries = 0;
		cbuf->wt_kernels = 0;
		cbuf->wt_wr = 0;
		cbuf->wt_rd = 0;
		cbuf->wmb_entries = 0;
		cbuf->wmb_wr = 0;
		cbuf->wmb_rd = 0;
		cbuf->last_skip_weight = false;
		cbuf->flushed = true;
		cbuf->flushed_data = data_bank != cbuf->csc_data_bank;
	}
	if ((!CSC_FIELD(core, D_MISC_CFG, DATA_REUSE) || cbuf->csc_mode != sim_csc_mode(core)) &&
	    cbuf->last_slices) {
		release_data(cbuf, cbuf->last_slices, cbuf->last_entries,
			     sim_data_ring(core, data_bank));
		cbuf->last_slices = 0;
		cbuf->last_entries = 0;
	}
	if (!CSC_FIELD(core, D_MISC_CFG, WEIGHT_REUSE) && cbuf->last_skip_weight) {
		release_weights(cbuf, cbuf->last_kernels, cbuf->last_wt_entries,
				sim_data_ring(core, weight_bank));
		release_masks(core, cbuf->last_wmb_entries);
		cbuf->last_skip_weight = false;
	}
	cbuf->csc_begun = true;
}

void sim_csc_end(struct sim_core *core, uint32_t wt_entries, uint32_t wmb_entries)
{
	struct sim_cbuf *cbuf = &core->cbuf;
	unsigned int data_bank = CSC_FIELD(core, D_BANK, DATA_BANK);
	unsigned int weight_bank = CSC_FIELD(core, D_BANK, WEIGHT_BANK);
	uint32_t height = CSC_FIELD(core, D_DATAIN_SIZE_EXT_0, DATAIN_HEIGHT_EXT) + 1;
	uint32_t slices = CSC_FIELD(core, D_RELEASE, RLS_SLICES) + 1;
	/* The cubes of a batch lie in CBUF line by line: each slice is one of all. */
	uint32_t entries = (CSC_FIELD(core, D_ENTRY_PER_SLICE, ENTRIES) + 1) *
			   (CSC_FIELD(core, D_BATCH_NUMBER, BATCHES) + 1);
	uint32_t kernels = CSC_FIELD(core, D_WEIGHT_SIZE_EXT_1, WEIGHT_KERNEL) + 1;

	if (CSC_FIELD(core, D_MISC_CFG, SKIP_DATA_RLS)) {
		cbuf->last_slices = height;
	} else {
		release_data(cbuf, slices, slices * entries, sim_data_ring(core, data_bank));
		cbuf->last_slices = height > slices ? height - slices : 0;
	}
	cbuf->last_entries = cbuf->last_slices * entries;
	cbuf->last_kernels = kernels;
	cbuf->last_wt_entries = wt_entries;
	cbuf->last_wmb_entries = wmb_entries;
	cbuf->last_skip_weight = CSC_FIELD(core, D_MISC_CFG, SKIP_WEIGHT_RLS);
	if (!cbuf->last_skip_weight) {
		release_weights(cbuf, kernels, wt_entries, sim_data_ring(core, weight_bank));
		release_masks(core, wmb_entries);
	}
	cbuf->csc_data_bank = data_bank;
	cbuf->csc_weight_bank = weight_bank;
	cbuf->csc_mode = sim_csc_mode(core);
	cbuf->csc_begun = false;
}
