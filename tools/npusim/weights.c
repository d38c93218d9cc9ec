// SPDX-License-Identifier: MIT
/*
 * Weights: one stream of bytes from memory through the weight banks, group of
 * kernels after group of kernels. Weights that fit into their banks are put
 * there when CDMA runs; a longer stream is read as CSC consumes it, as the
 * hardware's ring would be refilled.
 */
#include <errno.h>
#include <string.h>

#include "conv.h"


/* Copy in or out of the weight ring, byte by ring position. */
static void ring_copy(struct sim_core *core, uint32_t base, uint32_t ring, uint32_t entry,
		      size_t skip, uint8_t *buf, size_t len, bool store)
{
	const size_t width = core->config->cbuf_bank_width;
	size_t at = ((size_t)entry * width + skip) % ((size_t)ring * width);

	while (len) {
		size_t part = (size_t)ring * width - at;
		size_t byte = (size_t)base * width + at;

		if (part > len)
			part = len;
		if (byte + part > core->cbuf.size)
			return;
		if (store)
			memcpy(core->cbuf.mem + byte, buf, part);
		else
			memcpy(buf, core->cbuf.mem + byte, part);
		buf += part;
		len -= part;
		at = 0;
	}
}

static int check_weights(struct sim_core *core)
{
	const struct nvdla_config *config = core->config;
	uint64_t bytes = sim_cdma(core, CDMA_D_WEIGHT_BYTES);
	uint64_t kernels = CDMA_FIELD(core, D_WEIGHT_SIZE_1, WEIGHT_KERNEL) + 1;
	uint64_t per_kernel = CDMA_FIELD(core, D_WEIGHT_SIZE_0, BYTE_PER_KERNEL) + 1;
	uint64_t per_group = sim_group_kernels(config, sim_cdma_precision(core));
	uint64_t full = (kernels - 1) / per_group * per_group;

	/*
	 * The last group counts as fetched when WEIGHT_BYTES have arrived as
	 * whole atoms and entries; with another number it never does.
	 */
	if (!bytes || bytes % config->atomic_m || bytes % config->cbuf_bank_width)
		return sim_fail(core, -EINVAL, NVDLA_CDMA, CDMA_D_WEIGHT_BYTES,
				"%llu is not a multiple of the CBUF entry, %u bytes",
				(unsigned long long)bytes, config->cbuf_bank_width);
	if (!CDMA_FIELD(core, D_WEIGHT_FORMAT, WEIGHT_FORMAT) && full * per_kernel > bytes)
		return sim_fail(core, -EINVAL, NVDLA_CDMA, CDMA_D_WEIGHT_BYTES,
				"%llu, but %llu kernels have %llu bytes each",
				(unsigned long long)bytes, (unsigned long long)kernels,
				(unsigned long long)per_kernel);

	return 0;
}

/* Into the ring at @wr, of which the entries from @base on are. */
static int fetch_ring(struct sim_core *core, uint32_t reg, enum npusim_port port, uint64_t addr,
		      uint64_t bytes, uint32_t base, uint32_t ring, uint32_t wr,
		      struct sim_cost *cost)
{
	uint64_t done = 0;
	uint8_t buf[4096];

	while (done < bytes) {
		size_t part = bytes - done < sizeof(buf) ? (size_t)(bytes - done) : sizeof(buf);
		int err = sim_read(core, NVDLA_CDMA, reg, port, addr + done, buf, part, cost);

		if (err)
			return err;
		ring_copy(core, base, ring, wr, done, buf, part, true);
		done += part;
	}

	return 0;
}

/*
 * Compressed weights: a mask with a bit per weight, and the bytes that each
 * kernel group has, in dwords.
 */
static int load_masks(struct sim_core *core, struct sim_load *load, struct sim_fetch *fetch,
		      struct sim_cost *cost)
{
	const struct nvdla_config *config = core->config;
	struct sim_cbuf *cbuf = &core->cbuf;
	uint64_t wgs = sim_cdma_address(core, CDMA_D_WGS_ADDR_HIGH, CDMA_D_WGS_ADDR_LOW);
	uint64_t bytes = CDMA_FIELD(core, D_WMB_BYTES, WMB_BYTES), sum = 0;
	uint32_t groups = CDMA_FIELD(core, D_WEIGHT_SIZE_1, WEIGHT_KERNEL) /
			  sim_group_kernels(config, sim_cdma_precision(core)) + 1;
	uint64_t entries = bytes / config->cbuf_bank_width;
	uint32_t group;
	uint8_t sizes[64];
	int err;

	if (!bytes || bytes % config->cbuf_bank_width)
		return sim_fail(core, -EINVAL, NVDLA_CDMA, CDMA_D_WMB_BYTES,
				"%llu is not a multiple of the CBUF entry, %u bytes",
				(unsigned long long)bytes, config->cbuf_bank_width);
	/* Whole atoms are fetched. */
	for (group = 0; group < groups; group++) {
		const uint8_t *size = sizes + 4 * group % config->atomic_m;

		err = 4 * group % config->atomic_m ? 0 :
		      sim_read(core, NVDLA_CDMA, CDMA_D_WGS_ADDR_LOW, fetch->weight_port,
			       wgs + 4ull * group, sizes, config->atomic_m, cost);
		if (err)
			return err;
		if (group + 1 < groups)
			sum += size[0] | (uint32_t)size[1] << 8 | (uint32_t)size[2] << 16 |
			       (uint32_t)size[3] << 24;
	}
	if (sum > fetch->weight_bytes)
		return sim_fail(core, -EINVAL, NVDLA_CDMA, CDMA_D_WGS_ADDR_LOW,
				"kernel groups of %llu bytes, but WEIGHT_BYTES is %llu",
				(unsigned long long)sum, (unsigned long long)fetch->weight_bytes);
	load->mask_addr = sim_cdma_address(core, CDMA_D_WMB_ADDR_HIGH, CDMA_D_WMB_ADDR_LOW);
	fetch->weight_bytes += bytes + 4ull * groups;
	if (cbuf->wmb_entries + entries > config->cbuf_bank_depth) {
		load->mask_open = true;
		return 0;
	}
	err = fetch_ring(core, CDMA_D_WMB_ADDR_LOW, fetch->weight_port, load->mask_addr, bytes,
			 (config->cbuf_banks - 1) * config->cbuf_bank_depth,
			 config->cbuf_bank_depth, cbuf->wmb_wr, cost);
	if (err)
		return err;
	sim_lock(core);
	cbuf->wmb_entries += (uint32_t)entries;
	cbuf->wmb_wr = sim_ring_add(cbuf->wmb_wr, (uint32_t)entries, config->cbuf_bank_depth);
	sim_unlock(core);

	return 0;
}

int sim_weights_load(struct sim_core *core, unsigned int group, struct sim_load *load,
		     struct sim_fetch *fetch, struct sim_cost *cost)
{
	const struct nvdla_config *config = core->config;
	struct sim_cbuf *cbuf = &core->cbuf;
	uint32_t base = sim_data_ring(core, CDMA_FIELD(core, D_BANK, DATA_BANK));
	uint32_t ring = sim_data_ring(core, CDMA_FIELD(core, D_BANK, WEIGHT_BANK));
	uint64_t addr = sim_cdma_address(core, CDMA_D_WEIGHT_ADDR_HIGH, CDMA_D_WEIGHT_ADDR_LOW);
	uint64_t bytes = sim_cdma(core, CDMA_D_WEIGHT_BYTES);
	uint32_t kernels = CDMA_FIELD(core, D_WEIGHT_SIZE_1, WEIGHT_KERNEL) + 1;
	uint64_t entries = sim_weight_entries_needed(core);
	int err;

	(void)group;
	load->compressed = CDMA_FIELD(core, D_WEIGHT_FORMAT, WEIGHT_FORMAT);
	if (sim_weights_reused(core)) {
		load->weight_skip = true;
		return 0;
	}
	err = check_weights(core);
	if (err)
		return err;
	fetch->weight_bytes = bytes;
	fetch->weight_room = (uint64_t)ring * config->cbuf_bank_width;
	load->weight_addr = addr;
	if (load->compressed) {
		err = load_masks(core, load, fetch, cost);
		if (err)
			return err;
	}
	if (entries > ring) {
		load->weight_open = true;
		return 0;
	}
	err = fetch_ring(core, CDMA_D_WEIGHT_ADDR_LOW, fetch->weight_port, addr, bytes, base, ring,
			 cbuf->wt_wr, cost);
	if (err)
		return err;
	load->weight_entries = (uint32_t)entries;
	sim_lock(core);
	cbuf->wt_entries += (uint32_t)entries;
	cbuf->wt_kernels += kernels;
	cbuf->wt_wr = sim_ring_add(cbuf->wt_wr, (uint32_t)entries, ring);
	sim_unlock(core);

	return 0;
}

int sim_weights_read(struct sim_weights *weights, uint8_t *dst, size_t len)
{
	const size_t width = weights->core->config->cbuf_bank_width;
	uint64_t from;
	size_t part;

	if (!weights->stream || weights->pos < weights->lag) {
		part = len;
		if (weights->stream && weights->lag - weights->pos < part)
			part = (size_t)(weights->lag - weights->pos);
		ring_copy(weights->core, weights->base, weights->ring, weights->rd,
			  (size_t)(weights->pos % (weights->ring * width)), dst, part, false);
		weights->pos += part;
		dst += part;
		len -= part;
	}
	if (!len)
		return 0;
	from = weights->pos - weights->lag;
	part = len;
	if (from >= weights->bytes) {
		part = 0;
	} else if (weights->bytes - from < part) {
		part = (size_t)(weights->bytes - from);
	}
	weights->pos += len;
	/* Past the end of the stream nothing was fetched. */
	memset(dst + part, 0, len - part);

	return sim_read(weights->core, NVDLA_CDMA, weights->reg, weights->port,
			weights->addr + from, dst, part, weights->cost);
}

int sim_weights_finish(struct sim_weights *weights)
{
	uint8_t rest[256];
	int err = 0;

	while (weights->stream && !err && weights->pos < weights->lag + weights->bytes) {
		uint64_t left = weights->lag + weights->bytes - weights->pos;

		err = sim_weights_read(weights, rest,
				       left < sizeof(rest) ? (size_t)left : sizeof(rest));
	}

	return err;
}

int sim_weights_expand(struct sim_weights *weights, struct sim_weights *masks, uint8_t *dst,
		       size_t len, unsigned int size)
{
	uint8_t mask[512], bytes[2 * 512];
	size_t i, set = 0, next = 0;
	int err;

	while (len > sizeof(mask)) {
		err = sim_weights_expand(weights, masks, dst, sizeof(mask), size);
		if (err)
			return err;
		dst += sizeof(mask) * size;
		len -= sizeof(mask);
	}
	for (i = 0; i < len; i++) {
		if (!masks->bits_left) {
			err = sim_weights_read(masks, &masks->bits, 1);
			if (err)
				return err;
			masks->bits_left = 8;
		}
		mask[i] = masks->bits & 1;
		masks->bits >>= 1;
		masks->bits_left--;
		set += mask[i];
	}
	err = sim_weights_read(weights, bytes, set * size);
	if (err)
		return err;
	for (i = 0; i < len * size; i++)
		dst[i] = mask[i / size] ? bytes[next++] : 0;

	return 0;
}
