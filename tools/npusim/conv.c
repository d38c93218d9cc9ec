// SPDX-License-Identifier: MIT
/*
 * Convolution sequence controller, MAC array and accumulator: from what lies
 * in CBUF to what CACC hands to SDP.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cacc.h"
#include "conv.h"
#include "round.h"

/* Beyond these an operation is refused: no hardware program comes near. */
#define MAX_OUTPUT	(1ull << 27)	/* elements */
#define MAX_MACS	(1ull << 38)
#define MAX_MACS_FP16	(1ull << 31)	/* these take their time */

#define MAX_ATOM	64	/* samples of an atomic operation */

/* So many products of 8-bit numbers surely fit a 32-bit sum. */
#define SAFE_SUM	65536u

static int parse(struct sim_core *core, struct sim_conv_op *op)
{
	const struct nvdla_config *config = core->config;
	unsigned int ext = CSC_FIELD(core, D_POST_Y_EXTENSION, Y_EXTENSION);
	uint64_t atomics = CSC_FIELD(core, D_ATOMICS, ATOMICS) + 1;

	op->image = sim_csc_mode(core) == SIM_MODE_IMAGE;
	op->winograd = sim_csc_mode(core) == SIM_MODE_WINOGRAD;
	op->in_width = CSC_FIELD(core, D_DATAIN_SIZE_EXT_0, DATAIN_WIDTH_EXT) + 1;
	op->in_height = CSC_FIELD(core, D_DATAIN_SIZE_EXT_0, DATAIN_HEIGHT_EXT) + 1;
	op->channels = CSC_FIELD(core, D_WEIGHT_SIZE_EXT_1, WEIGHT_CHANNEL_EXT) + 1;
	op->kernels = CSC_FIELD(core, D_WEIGHT_SIZE_EXT_1, WEIGHT_KERNEL) + 1;
	op->s = op->image ? 1 : CSC_FIELD(core, D_WEIGHT_SIZE_EXT_0, WEIGHT_WIDTH_EXT) + 1;
	op->r = CSC_FIELD(core, D_WEIGHT_SIZE_EXT_0, WEIGHT_HEIGHT_EXT) + 1;
	op->stride_x = CSC_FIELD(core, D_CONV_STRIDE_EXT, CONV_X_STRIDE_EXT) + 1;
	op->stride_y = CSC_FIELD(core, D_CONV_STRIDE_EXT, CONV_Y_STRIDE_EXT) + 1;
	op->dil_x = op->image ? 1 : CSC_FIELD(core, D_DILATION_EXT, X_DILATION_EXT) + 1;
	op->dil_y = op->image ? 1 : CSC_FIELD(core, D_DILATION_EXT, Y_DILATION_EXT) + 1;
	op->pad_left = CSC_FIELD(core, D_ZERO_PADDING, PAD_LEFT);
	op->pad_top = CSC_FIELD(core, D_ZERO_PADDING, PAD_TOP);
	op->precision = sim_csc_precision(core);
	op->bytes = sim_precision_bytes(op->precision);
	op->lanes = sim_group_kernels(config, op->precision);
	op->batches = CSC_FIELD(core, D_BATCH_NUMBER, BATCHES) + 1;
	op->pad = (int16_t)CSC_FIELD(core, D_ZERO_PADDING_VALUE, PAD_VALUE);
	if (op->precision == SIM_INT8)
		op->pad = (int8_t)op->pad;
	op->out_width = CSC_FIELD(core, D_DATAOUT_SIZE_0, DATAOUT_WIDTH) + 1;
	op->out_height = CSC_FIELD(core, D_DATAOUT_SIZE_0, DATAOUT_HEIGHT) + 1;
	op->entries = CSC_FIELD(core, D_ENTRY_PER_SLICE, ENTRIES) + 1;
	op->ring = sim_data_ring(core, CSC_FIELD(core, D_BANK, DATA_BANK));
	op->truncate = SIM_FIELD(core, NVDLA_CACC, core->consumer[NVDLA_CACC], CACC_D_CLIP_CFG,
				 CLIP_TRUNCATE);
	op->y_ext = op->image ? (ext == 2 ? 4 : ext == 1 ? 2 : 1) : 1;

	if (op->image && ext == 3)
		return sim_fail(core, -EINVAL, NVDLA_CSC, CSC_D_POST_Y_EXTENSION, "Y_EXTENSION 3");
	if (op->image) {
		unsigned int samples = CSC_FIELD(core, D_DATAIN_SIZE_EXT_1, DATAIN_CHANNEL_EXT);

		/* Only the two low bits are looked at: 1, 3 or 4 channels. */
		op->pixel_samples = (samples & 3) == 3 ? 4 : (samples & 3) == 2 ? 3 : 1;
		/*
		 * CSC holds two entries per line. With several lines it fetches one
		 * entry for so many outputs, so these have to lie in one, and the
		 * next ones in the next.
		 */
		if (op->y_ext > 1 &&
		    (((op->y_ext - 1) * op->stride_x * op->pixel_samples + op->channels) *
		     op->bytes > config->cbuf_bank_width || op->y_ext * op->channels > config->atomic_c ||
		     (op->out_width > op->y_ext && op->y_ext * op->stride_x * op->pixel_samples * op->bytes >
		      config->cbuf_bank_width)))
			return sim_fail(core, -EINVAL, NVDLA_CSC, CSC_D_POST_Y_EXTENSION,
					"Y_EXTENSION %u with a stride of %u and kernel lines of %u bytes leaves the %u bytes of a CBUF entry",
					ext, op->stride_x * op->pixel_samples * op->bytes,
					op->channels * op->bytes,
					config->cbuf_bank_width);
		/*
		 * CSC's count of kernel line pieces ends one too early where the
		 * last one is a single byte: it then reads entries again that it
		 * should have left behind, and not always the same ones.
		 */
		if (op->y_ext == 1 && config->cbuf_bank_width == config->atomic_c &&
		    op->out_width > 1 && op->channels > 2u * config->atomic_c &&
		    op->channels % config->atomic_c == 1)
			return sim_fail(core, -EINVAL, NVDLA_CSC, CSC_D_WEIGHT_SIZE_EXT_1,
					"kernel lines of %u bytes: hardware reads a stale CBUF entry",
					op->channels);
	} else if (atomics != (uint64_t)op->out_width * op->out_height) {
		return sim_fail(core, -EINVAL, NVDLA_CSC, CSC_D_ATOMICS,
				"ATOMICS %llu, but DATAOUT is %ux%u",
				(unsigned long long)(atomics - 1), op->out_width, op->out_height);
	}

	return 0;
}

static int check(struct sim_core *core, const struct sim_conv_op *op)
{
	uint64_t out = (uint64_t)op->out_width * op->out_height * op->kernels * op->batches;
	uint32_t features = core->config->features;
	unsigned int unit;

	if (op->winograd && !(features & NVDLA_FEAT_WINOGRAD))
		return sim_fail(core, -EINVAL, NVDLA_CSC, CSC_D_MISC_CFG, "CONV_MODE WINOGRAD");
	if (op->precision > SIM_FP16)
		return sim_fail(core, -EINVAL, NVDLA_CSC, CSC_D_MISC_CFG, "PROC_PRECISION %u",
				op->precision);
	if (op->batches > 1 && !(features & NVDLA_FEAT_BATCH))
		return sim_fail(core, -EINVAL, NVDLA_CSC, CSC_D_BATCH_NUMBER, "BATCHES %u",
				op->batches - 1);
	if (op->batches > 1 && op->image)
		return sim_fail(core, -EINVAL, NVDLA_CSC, CSC_D_BATCH_NUMBER,
				"BATCHES %u, but only feature data comes in batches",
				op->batches - 1);
	if (features & NVDLA_FEAT_BATCH &&
	    SIM_FIELD(core, NVDLA_CACC, core->consumer[NVDLA_CACC], CACC_D_BATCH_NUMBER,
		      BATCHES) != op->batches - 1)
		return sim_fail(core, -EINVAL, NVDLA_CACC, CACC_D_BATCH_NUMBER,
				"other BATCHES than CSC, which has %u", op->batches - 1);
	for (unit = NVDLA_CMAC_A; features & NVDLA_FEAT_INT16 && unit <= NVDLA_CACC; unit++) {
		/* The three units have this register at the same place. */
		uint32_t misc = sim_reg(core, unit, core->consumer[unit], CMAC_D_MISC_CFG);

		if (FIELD_GET(CMAC_D_MISC_CFG_CONV_MODE, misc) != op->winograd)
			return sim_fail(core, -EINVAL, unit, CMAC_D_MISC_CFG,
					"CONV_MODE %u, but that of CSC is %u", !op->winograd,
					op->winograd);
		if (FIELD_GET(CMAC_D_MISC_CFG_PROC_PRECISION, misc) != op->precision)
			return sim_fail(core, -EINVAL, unit, CMAC_D_MISC_CFG,
					"PROC_PRECISION %u, but that of CSC is %u",
					FIELD_GET(CMAC_D_MISC_CFG_PROC_PRECISION, misc),
					op->precision);
	}
	if (out > MAX_OUTPUT)
		return sim_fail(core, -EINVAL, NVDLA_CSC, CSC_D_DATAOUT_SIZE_0,
				"%ux%ux%u outputs are more than can be simulated", op->out_width,
				op->out_height, op->kernels);
	if (out * op->channels * op->r * op->s >
	    (op->precision == SIM_FP16 ? MAX_MACS_FP16 : MAX_MACS))
		return sim_fail(core, -EINVAL, NVDLA_CSC, CSC_D_WEIGHT_SIZE_EXT_0,
				"more multiplications than can be simulated");

	return 0;
}

/*
 * The CBUF entry of a line that CSC reads for piece @piece of the kernel line,
 * where an image has a single output column. It steps to the last byte of
 * each piece; which piece is the last it takes from a counter that runs on
 * while a stripe of one output waits, so from the second piece on every next
 * one may pass for the last, and its entry is read again.
 */
static unsigned int single_column_entry(const struct nvdla_config *config, unsigned int bytes,
					unsigned int piece)
{
	const unsigned int atom_c = config->atomic_c;
	unsigned int ext = bytes - 1, total = ext / atom_c + (ext % atom_c != 0);
	unsigned int end = bytes < atom_c ? ext : atom_c - 1, i;

	for (i = 0; i < piece; i++)
		end += 2 + i * config->atomic_k >= total ? ext % atom_c + 1 : atom_c;

	return end / atom_c;
}

/*
 * The pieces of a dot product, in the order in which hardware adds them up:
 * channel blocks, kernel lines, kernel columns.
 */
static int make_taps(struct sim_core *core, struct sim_conv_op *op)
{
	const unsigned int atom_c = core->config->atomic_c;
	unsigned int blocks = (op->channels + atom_c - 1) / atom_c;
	unsigned int b, r, s, n = 0;

	op->tap_count = blocks * op->r * op->s;
	op->taps = calloc(op->tap_count, sizeof(*op->taps));
	op->tap_samples = calloc(op->tap_count, sizeof(*op->tap_samples));
	if (!op->taps || !op->tap_samples)
		return sim_fail(core, -ENOMEM, NVDLA_CSC, CSC_D_WEIGHT_SIZE_EXT_0, "no memory");
	for (b = 0; b < blocks; b++) {
		unsigned int count = b == blocks - 1 ? op->channels - b * atom_c : atom_c;
		unsigned int at = b;

		if (op->image && op->y_ext == 1 && op->out_width == 1 &&
		    core->config->cbuf_bank_width == atom_c)
			at = single_column_entry(core->config, op->channels, b);
		for (r = 0; r < op->r; r++) {
			for (s = 0; s < op->s; s++, n++) {
				op->tap_samples[n] = count;
				op->taps[n].pairs = (count + 1) / 2;
				op->pair_count += op->taps[n].pairs;
				op->sum_length += count;
				if (op->image)
					op->taps[n].offset = (ptrdiff_t)r * op->row_samples +
							     at * atom_c;
				else
					op->taps[n].offset = (ptrdiff_t)(b * op->plane) +
						(ptrdiff_t)r * op->dil_y * op->row_samples +
						(ptrdiff_t)s * op->dil_x * op->block;
			}
		}
	}

	return 0;
}

/*
 * With Y extension, the kernel lines from tap @t on that are one atomic
 * operation. Taps of one block follow each other by kernel line.
 */
static unsigned int lines_at(const struct sim_conv_op *op, unsigned int t)
{
	unsigned int left = op->r - t % op->r;

	return !op->image ? 1 : left < op->y_ext ? left : op->y_ext;
}

/*
 * The weights of a group: in the stream, per tap, the bytes of one kernel
 * follow those of the one before. With Y extension several kernel lines
 * of a kernel lie together.
 */
static int unpack_group(const struct sim_conv_op *op, struct sim_weights *stream,
			struct sim_weights *masks, unsigned int kernels, unsigned int lanes,
			int16_t *out, uint8_t *buf)
{
	unsigned int t, k, i, line, lines;
	int16_t *to = out;
	int err;

	memset(out, 0, op->pair_count * lanes * 2 * sizeof(*out));
	for (t = 0; t < op->tap_count; t += lines) {
		unsigned int count = op->tap_samples[t];
		const uint8_t *from = buf;
		size_t all;

		lines = lines_at(op, t);
		all = (size_t)count * kernels * lines;
		err = masks ? sim_weights_expand(stream, masks, buf, all, op->bytes) :
			      sim_weights_read(stream, buf, all * op->bytes);
		if (err)
			return err;
		for (k = 0; k < kernels; k++) {
			for (line = 0; line < lines; line++) {
				int16_t *tap = to + (size_t)line * op->taps[t].pairs * lanes * 2;

				for (i = 0; i < count; i++, from += op->bytes) {
					int16_t *w = tap + (size_t)(i / 2) * lanes * 2 + 2 * k +
						     i % 2;

					if (op->bytes == 2)
						memcpy(w, from, sizeof(*w));
					else
						*w = (int8_t)*from;
				}
			}
		}
		to += (size_t)lines * op->taps[t].pairs * lanes * 2;
	}

	return 0;
}

/* Some pixels' sums; products are 16 bits wide, so most go into 32-bit parts. */
static void sums_int8(const struct sim_conv_op *op, const int16_t *const *base, unsigned int n,
		      const int16_t *weights, int64_t *sum)
{
	/* Where sums could leave 34 bits, every atomic sum is clamped on its own. */
	const bool clamp = op->sum_length > 1ull << (SIM_SUM_BITS_INT8 - 1 - 14);
	const unsigned int lanes = op->lanes;
	int32_t part[SIM_MAC_PIXELS * 32];
	unsigned int first, last, k;

	for (first = 0; first < op->tap_count; first = last) {
		uint32_t length = op->tap_samples[first];
		size_t pairs = op->taps[first].pairs;

		for (last = first + 1; last < op->tap_count && !clamp &&
		     length + op->tap_samples[last] <= SAFE_SUM; last++) {
			length += op->tap_samples[last];
			pairs += op->taps[last].pairs;
		}
		sim_mac_tile(base, n, op->taps + first, last - first, weights, lanes, part);
		for (k = 0; k < n * lanes; k++)
			sum[k] += part[k];
		for (k = 0; clamp && k < n * lanes; k++)
			sum[k] = sim_saturate(sum[k], SIM_SUM_BITS_INT8);
		weights += pairs * lanes * 2;
	}
}

static void sums_int16(const struct sim_conv_op *op, const int16_t *const *base, unsigned int n,
		       const int16_t *weights, int64_t *sum)
{
	const bool clamp = op->sum_length > 1ull << (SIM_SUM_BITS_INT16 - 1 - 30);
	unsigned int t, k;

	for (t = 0; t < op->tap_count; t++) {
		sim_mac_tile_int16(base, n, &op->taps[t], weights, op->lanes, sum);
		for (k = 0; clamp && k < n * op->lanes; k++)
			sum[k] = sim_saturate(sum[k], SIM_SUM_BITS_INT16);
		weights += (size_t)op->taps[t].pairs * op->lanes * 2;
	}
}

static void sums_fp16(const struct sim_conv_op *op, const int16_t *const *base, unsigned int n,
		      const int16_t *weights, int64_t *sum)
{
	unsigned int t, p, k, line, lines;

	for (t = 0; t < op->tap_count; t += lines) {
		unsigned int pairs = op->taps[t].pairs, count = op->tap_samples[t];

		lines = lines_at(op, t);
		for (k = 0; k < op->lanes; k++) {
			uint16_t in[MAX_ATOM], w[MAX_ATOM];
			unsigned int i;

			for (i = 0; i < count * lines; i++)
				w[i] = (uint16_t)weights[((size_t)(i / count) * pairs +
							  i % count / 2) * op->lanes * 2 +
							 2 * k + i % count % 2];
			for (p = 0; p < n; p++) {
				struct sim_float_sum add;

				for (line = 0; line < lines; line++)
					memcpy(in + line * count, base[p] + op->taps[t + line].offset,
					       2 * count);
				add = sim_mac_fp16(in, w, count * lines);
				sum[p * op->lanes + k] =
					(int64_t)sim_cacc_add((uint64_t)sum[p * op->lanes + k],
							      &add);
			}
		}
		weights += (size_t)lines * pairs * op->lanes * 2;
	}
}

/* One kernel group over all pixels of one cube. */
static void run_group(const struct sim_conv_op *op, unsigned int batch, const int16_t *weights,
		      unsigned int kernels, int32_t *out, uint32_t *saturated)
{
	const uint64_t pixels = (uint64_t)op->out_width * op->out_height;
	const int16_t *base[SIM_MAC_PIXELS];
	int64_t sum[SIM_MAC_PIXELS * 32];
	const unsigned int lanes = op->lanes;
	uint64_t done = 0;
	unsigned int n, p, k;

	while (done < pixels) {
		n = pixels - done < SIM_MAC_PIXELS ? (unsigned int)(pixels - done) :
						     SIM_MAC_PIXELS;
		for (p = 0; p < n; p++) {
			uint64_t y = (done + p) / op->out_width, x = (done + p) % op->out_width;

			base[p] = op->in + batch * op->cube + y * op->stride_y * op->row_samples +
				  (op->image ? x * op->block : x * op->stride_x * op->block);
		}
		memset(sum, 0, (size_t)n * lanes * sizeof(*sum));
		if (op->precision == SIM_INT8)
			sums_int8(op, base, n, weights, sum);
		else if (op->precision == SIM_INT16)
			sums_int16(op, base, n, weights, sum);
		else
			sums_fp16(op, base, n, weights, sum);
		for (k = 0; k < n * lanes; k++) {
			if (k % lanes >= kernels)
				out[k] = 0;
			else if (op->precision == SIM_FP16)
				out[k] = (int32_t)sim_cacc_float((uint64_t)sum[k]);
			else
				out[k] = sim_cacc_int(sum[k], op->truncate, saturated);
		}
		out += (size_t)n * lanes;
		done += n;
	}
}

/* Bytes of weights that were in CBUF before CDMA began with this operation. */
static uint64_t stock_bytes(const struct sim_core *core, const struct sim_weights *stream)
{
	uint32_t entries = core->cbuf.wt_entries;
	unsigned int i;

	for (i = 0; i < core->load_count; i++)
		entries -= core->loads[i].weight_entries < entries ?
			   core->loads[i].weight_entries : entries;

	return stream->stream ? 0 : (uint64_t)entries * core->config->cbuf_bank_width;
}

/*
 * What the timing model needs to know of the sequence. Where the array knows 16
 * bits (nv_full), its rows take two kernels of 8 bits each, and CACC's buffer has
 * 256 entries, of 16 sums each.
 */
static void describe(const struct sim_core *core, const struct sim_conv_op *op,
		     const struct sim_weights *stream, struct sim_sequence *seq)
{
	const bool pairs = core->config->features & NVDLA_FEAT_INT16;
	const unsigned int rows = core->config->atomic_k / (pairs ? 2 : 1);
	const unsigned int atom_c = core->config->atomic_c;
	const unsigned int in_group = op->kernels < op->lanes ? op->kernels : op->lanes;
	const unsigned int share = op->winograd ? 4 : 1;	/* pixels of an atomic operation */
	const bool both = pairs && op->precision == SIM_INT8;

	seq->groups = (op->kernels + op->lanes - 1) / op->lanes;
	seq->blocks = op->winograd ? op->blocks : (op->channels + atom_c - 1) / atom_c *
		      (uint64_t)((op->r + op->y_ext - 1) / op->y_ext) * op->s;
	seq->lines = op->image ? op->out_height : 1;
	seq->pixels = op->image ? op->out_width :
		      (uint64_t)op->out_width * op->out_height * op->batches / share;
	seq->round = op->y_ext;
	seq->upper = op->image && atom_c / rows == 4 ? 4 * rows : 2 * rows;
	seq->lower = op->image ? seq->upper : rows;
	seq->credit = pairs ? 256 / (both ? 2 : 1) / share :
		      atom_c / rows == 4 ? 4 * rows : 2 * rows;
	seq->incoming = both ? (in_group + 1) / 2 : in_group;
	seq->least = pairs ? (seq->incoming > 10 ? seq->incoming : 10) : rows;
	seq->lanes = op->lanes;
	seq->group_bytes = op->sum_length * op->bytes * in_group;
	seq->weight_bytes = op->sum_length * op->bytes * op->kernels;
	seq->weight_room = (uint64_t)stream->ring * core->config->cbuf_bank_width;
	seq->weight_port = stream->port;
	seq->weight_stock = stock_bytes(core, stream);
}

bool sim_conv_ready(struct sim_core *core)
{
	sim_csc_begin(core);
	return core->cbuf.csc_begun &&
	       core->cbuf.data_slices >=
	       CSC_FIELD(core, D_DATAIN_SIZE_EXT_0, DATAIN_HEIGHT_EXT) + 1 &&
	       (core->loads[0].weight_open ||
		core->cbuf.wt_kernels >= CSC_FIELD(core, D_WEIGHT_SIZE_EXT_1, WEIGHT_KERNEL) + 1);
}

static int stream_init(struct sim_core *core, const struct sim_load *load, const struct sim_conv_op *op,
		       struct sim_weights *stream, struct sim_cost *cost)
{
	const unsigned int width = core->config->cbuf_bank_width;
	unsigned int g = load->group;

	stream->core = core;
	stream->cost = cost;
	stream->base = sim_data_ring(core, CSC_FIELD(core, D_BANK, DATA_BANK));
	stream->ring = sim_data_ring(core, CSC_FIELD(core, D_BANK, WEIGHT_BANK));
	stream->rd = core->cbuf.wt_rd;
	stream->reg = CDMA_D_WEIGHT_ADDR_LOW;
	if (load->compressed != CSC_FIELD(core, D_WEIGHT_FORMAT, WEIGHT_FORMAT))
		return sim_fail(core, -EINVAL, NVDLA_CSC, CSC_D_WEIGHT_FORMAT,
				"WEIGHT_FORMAT %u, but that of CDMA is %u", !load->compressed,
				load->compressed);
	stream->stream = load->weight_open;
	if (!stream->stream)
		return 0;
	stream->addr = load->weight_addr;
	stream->bytes = sim_reg(core, NVDLA_CDMA, g, CDMA_D_WEIGHT_BYTES);
	stream->port = SIM_FIELD(core, NVDLA_CDMA, g, CDMA_D_WEIGHT_RAM_TYPE, WEIGHT_RAM_TYPE) ?
		       NPUSIM_MCIF : NPUSIM_CVIF;
	stream->lag = (uint64_t)core->cbuf.wt_entries * width;
	if (CSC_FIELD(core, D_MISC_CFG, SKIP_WEIGHT_RLS))
		return sim_fail(core, -EINVAL, NVDLA_CDMA, CDMA_D_BANK,
				"WEIGHT_BANK %u holds %u bytes; weights of %llu bytes are to stay",
				CSC_FIELD(core, D_BANK, WEIGHT_BANK), stream->ring * width,
				(unsigned long long)stream->bytes);
	if (!load->compressed &&
	    op->sum_length * op->bytes * (op->kernels < op->lanes ? op->kernels : op->lanes) >
	    (uint64_t)stream->ring * width)
		return sim_fail(core, -EINVAL, NVDLA_CDMA, CDMA_D_BANK,
				"WEIGHT_BANK %u holds %u bytes, less than one kernel group",
				CSC_FIELD(core, D_BANK, WEIGHT_BANK), stream->ring * width);

	return 0;
}

static void masks_init(struct sim_core *core, const struct sim_load *load,
		       struct sim_weights *masks, struct sim_cost *cost)
{
	const struct nvdla_config *config = core->config;
	unsigned int g = load->group;

	masks->core = core;
	masks->cost = cost;
	masks->base = (config->cbuf_banks - 1) * config->cbuf_bank_depth;
	masks->ring = config->cbuf_bank_depth;
	masks->rd = core->cbuf.wmb_rd;
	masks->reg = CDMA_D_WMB_ADDR_LOW;
	masks->stream = load->mask_open;
	masks->addr = load->mask_addr;
	masks->bytes = SIM_FIELD(core, NVDLA_CDMA, g, CDMA_D_WMB_BYTES, WMB_BYTES);
	masks->port = SIM_FIELD(core, NVDLA_CDMA, g, CDMA_D_WEIGHT_RAM_TYPE, WEIGHT_RAM_TYPE) ?
		      NPUSIM_MCIF : NPUSIM_CVIF;
	masks->lag = (uint64_t)core->cbuf.wmb_entries * config->cbuf_bank_width;
}

int sim_conv_run(struct sim_core *core, const struct sim_load *load, struct sim_cube *out,
		 struct sim_sequence *seq, struct sim_cost *cost)
{
	const unsigned int width = core->config->cbuf_bank_width;
	struct sim_weights stream = { 0 }, masks = { 0 };
	struct sim_conv_op op = { 0 };
	uint32_t saturated = 0, wt_used, wmb_used;
	int16_t *weights = NULL;
	uint8_t *buf = NULL;
	unsigned int group, groups, lanes, n;
	uint64_t pixels;
	int err;

	err = parse(core, &op);
	if (!err)
		err = check(core, &op);
	if (!err)
		err = op.image ? sim_gather_image(core, &op) :
		      op.winograd ? sim_gather_winograd(core, &op) :
				    sim_gather_direct(core, &op);
	if (!err)
		err = op.winograd ? sim_winograd_taps(core, &op) : make_taps(core, &op);
	if (!err)
		err = stream_init(core, load, &op, &stream, cost);
	if (err)
		goto out;
	masks_init(core, load, &masks, cost);

	lanes = op.lanes;
	groups = (op.kernels + lanes - 1) / lanes;
	pixels = (uint64_t)op.out_width * op.out_height;
	out->width = op.out_width;
	out->height = op.out_height;
	out->channels = op.kernels;
	out->atom = lanes;
	out->batches = op.batches;
	out->winograd = op.winograd;
	out->v = malloc((size_t)(pixels * groups * lanes * op.batches) * sizeof(*out->v));
	weights = malloc(op.pair_count * lanes * 2 * sizeof(*weights));
	buf = malloc((size_t)core->config->atomic_c * lanes * 4 * op.bytes);
	if (!out->v || !weights || !buf) {
		err = sim_fail(core, -ENOMEM, NVDLA_CSC, CSC_D_DATAOUT_SIZE_0, "no memory");
		goto out;
	}
	for (group = 0; group < groups && !err; group++) {
		unsigned int kernels = op.kernels - group * lanes;

		if (kernels > lanes)
			kernels = lanes;
		err = unpack_group(&op, &stream, load->compressed ? &masks : NULL, kernels, lanes,
				   weights, buf);
		if (op.winograd && !err)
			sim_winograd_group(&op, weights, kernels,
					   out->v + group * pixels * lanes, &saturated);
		for (n = 0; n < op.batches && !err && !op.winograd; n++)
			run_group(&op, n, weights, kernels,
				  out->v + (n * groups + group) * pixels * lanes, &saturated);
	}
	wt_used = (uint32_t)((stream.pos + width - 1) / width);
	wmb_used = (uint32_t)((masks.pos + width - 1) / width);
	if (!err)
		err = sim_weights_finish(&stream);
	if (!err)
		err = sim_weights_finish(&masks);
	if (err)
		goto out;

	describe(core, &op, &stream, seq);
	cost->cycles = pixels * op.batches * groups * seq->blocks / (op.winograd ? 4 : 1);
	sim_reg_set(core, NVDLA_CACC, core->consumer[NVDLA_CACC], CACC_D_OUT_SATURATION,
		    saturated);
	sim_lock(core);
	core->counters.macs += pixels * op.batches * op.kernels * op.sum_length /
			       (op.winograd ? 4 : 1);
	if (stream.stream) {
		uint32_t ring = stream.ring;

		core->cbuf.wt_entries += (uint32_t)(stream.bytes / width);
		core->cbuf.wt_kernels += op.kernels;
		core->cbuf.wt_wr = sim_ring_add(core->cbuf.wt_wr,
						(uint32_t)(stream.bytes / width % ring), ring);
	}
	if (masks.stream) {
		core->cbuf.wmb_entries += (uint32_t)(masks.bytes / width);
		core->cbuf.wmb_wr = sim_ring_add(core->cbuf.wmb_wr,
						 (uint32_t)(masks.bytes / width % masks.ring),
						 masks.ring);
	}
	sim_csc_end(core, wt_used, wmb_used);
	sim_unlock(core);
out:
	free(op.in);
	free(op.taps);
	free(op.tap_samples);
	free(weights);
	free(buf);

	return err;
}
