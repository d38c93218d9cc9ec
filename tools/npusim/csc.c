// SPDX-License-Identifier: MIT
/*
 * Convolution sequence controller: the input of an operation out of CBUF, with
 * its padding, in the order in which it is multiplied.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conv.h"

#define MAX_SAMPLES	(1ull << 27)	/* of the padded input */

const uint8_t *sim_csc_entry(const struct sim_core *core, const struct sim_conv_op *op,
			     uint64_t offset)
{
	uint64_t at = core->cbuf.data_rd + offset;
	uint64_t total = (uint64_t)core->config->cbuf_banks * core->config->cbuf_bank_depth;

	/* The address wraps once; it cannot leave CBUF. */
	if (at >= op->ring)
		at -= op->ring;
	return core->cbuf.mem + (size_t)(at % total) * core->config->cbuf_bank_width;
}

/* Feature data: [block][row][x][samples], with its padding. */
int sim_gather_direct(struct sim_core *core, struct sim_conv_op *op)
{
	const unsigned int atom_c = core->config->atomic_c;
	struct sim_slice slice;
	unsigned int b, n, y, x, i;
	uint64_t samples;

	sim_slice_init(core->config, op->channels, op->bytes, &slice);
	op->block = op->channels < atom_c ? (op->channels + 1) & ~1u : atom_c;
	op->blocks = (op->channels + atom_c - 1) / atom_c;
	op->row_samples = ((op->out_width - 1) * op->stride_x + (op->s - 1) * op->dil_x + 1) *
			  op->block;
	op->rows = (op->out_height - 1) * op->stride_y + (op->r - 1) * op->dil_y + 1;
	samples = (uint64_t)op->row_samples * op->rows * op->blocks * op->batches;
	if (samples > MAX_SAMPLES)
		return sim_fail(core, -EINVAL, NVDLA_CSC, CSC_D_DATAOUT_SIZE_0,
				"%ux%u outputs reach far beyond the input", op->out_width,
				op->out_height);
	op->plane = (size_t)op->row_samples * op->rows;
	op->cube = op->plane * op->blocks;
	op->in = malloc((samples + 64) * sizeof(*op->in));
	if (!op->in)
		return sim_fail(core, -ENOMEM, NVDLA_CSC, CSC_D_DATAIN_SIZE_EXT_0, "no memory");
	memset(op->in + samples, 0, 64 * sizeof(*op->in));

	for (b = 0; b < op->blocks; b++) {
		/* Where this block of channels lies in the entries of a pixel. */
		unsigned int count = b == op->blocks - 1 ? op->channels - b * atom_c : atom_c;
		unsigned int first = b * atom_c * op->bytes / core->config->atomic_m;
		unsigned int entry = first / slice.per;
		unsigned int shift = entry < slice.full ? 0 : slice.shift;
		unsigned int share = (1u << shift) - 1;
		unsigned int step = core->config->cbuf_bank_width >> shift;
		unsigned int lane = first % slice.per * core->config->atomic_m;

		for (y = 0; y < op->rows * op->batches; y++) {
			int64_t in_y = (int64_t)(y / op->batches) - op->pad_top;
			bool inside = in_y >= 0 && in_y < op->in_height;
			int16_t *row;

			n = y % op->batches;
			row = op->in + n * op->cube + b * op->plane +
			      (size_t)(y / op->batches) * op->row_samples;
			for (x = 0; x < op->row_samples / op->block; x++) {
				int64_t in_x = (int64_t)x - op->pad_left;
				int16_t *out = row + (size_t)x * op->block;
				const uint8_t *from;

				if (!inside || in_x < 0 || in_x >= op->in_width) {
					for (i = 0; i < op->block; i++)
						out[i] = i < count ? op->pad : 0;
					continue;
				}
				from = sim_csc_entry(core, op,
						((uint64_t)in_y * op->batches + n) * op->entries +
						(uint64_t)entry * op->in_width +
						((uint64_t)in_x >> shift));
				from += (in_x & share) * step + lane;
				if (op->bytes == 2)
					memcpy(out, from, 2 * count);
				else
					for (i = 0; i < count; i++)
						out[i] = (int8_t)from[i];
				for (i = count; i < op->block; i++)
					out[i] = 0;
			}
		}
	}

	return 0;
}

/* Image data: lines of samples; left and right padding is in CBUF already. */
int sim_gather_image(struct sim_core *core, struct sim_conv_op *op)
{
	const unsigned int width = core->config->cbuf_bank_width / op->bytes;
	unsigned int y, i, last;
	uint64_t samples;

	op->block = op->stride_x * op->pixel_samples;
	op->blocks = 1;
	last = (op->out_width - 1) * op->block + op->channels;
	op->row_samples = (last + 2) & ~1u;
	op->rows = (op->out_height - 1) * op->stride_y + op->r;
	samples = (uint64_t)op->row_samples * op->rows;
	if (samples > MAX_SAMPLES)
		return sim_fail(core, -EINVAL, NVDLA_CSC, CSC_D_DATAOUT_SIZE_0,
				"%ux%u outputs reach far beyond the input", op->out_width,
				op->out_height);
	op->plane = samples;
	op->cube = samples;
	op->in = calloc(samples + 64, sizeof(*op->in));
	if (!op->in)
		return sim_fail(core, -ENOMEM, NVDLA_CSC, CSC_D_DATAIN_SIZE_EXT_0, "no memory");

	for (y = 0; y < op->rows; y++) {
		int16_t *row = op->in + (size_t)y * op->row_samples;
		int64_t in_y = (int64_t)y - op->pad_top;
		bool inside = in_y >= 0 && in_y < op->in_height;

		for (i = 0; i < last; i++) {
			const uint8_t *entry;

			if (!inside) {
				row[i] = op->pad;
				continue;
			}
			entry = sim_csc_entry(core, op, (uint64_t)in_y * op->entries + i / width);
			if (op->bytes == 2)
				memcpy(row + i, entry + 2 * (i % width), sizeof(*row));
			else
				row[i] = (int8_t)entry[i % width];
		}
	}

	return 0;
}
