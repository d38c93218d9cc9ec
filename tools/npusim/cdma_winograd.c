// SPDX-License-Identifier: MIT
/*
 * Convolution DMA for Winograd: feature data with its padding, cut into cubes
 * of 4x4 pixels that fill a CBUF entry each. Strides turn into channels: every
 * phase of them is a cube of its own.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conv.h"

#define SIDE	4	/* of a cube */

/* Feature data as CDMA's registers describe it. */
struct features {
	unsigned int width, height, surfaces;
	unsigned int left, top;
	unsigned int all_width, all_height;	/* with padding */
	unsigned int stride_x, stride_y;
	unsigned int tiles;			/* cubes of a line */
	unsigned int atom;
	uint64_t base, line_stride, surf_stride;
	uint8_t pad[2];
};

static int parse(struct sim_core *core, struct features *f)
{
	const uint64_t mask = -(uint64_t)core->config->atomic_m;
	enum sim_precision precision = sim_cdma_precision(core);
	unsigned int bytes = sim_precision_bytes(precision);
	uint32_t pad = CDMA_FIELD(core, D_ZERO_PADDING_VALUE, PAD_VALUE);
	unsigned int entries = CDMA_FIELD(core, D_ENTRY_PER_SLICE, ENTRIES) + 1;

	f->atom = core->config->atomic_m;
	f->width = CDMA_FIELD(core, D_DATAIN_SIZE_0, DATAIN_WIDTH) + 1;
	f->height = CDMA_FIELD(core, D_DATAIN_SIZE_0, DATAIN_HEIGHT) + 1;
	f->surfaces = ((CDMA_FIELD(core, D_DATAIN_SIZE_1, DATAIN_CHANNEL) + 1) * bytes +
		       f->atom - 1) / f->atom;
	f->left = CDMA_FIELD(core, D_ZERO_PADDING, PAD_LEFT);
	f->top = CDMA_FIELD(core, D_ZERO_PADDING, PAD_TOP);
	f->all_width = f->left + f->width + CDMA_FIELD(core, D_ZERO_PADDING, PAD_RIGHT);
	f->all_height = f->top + f->height + CDMA_FIELD(core, D_ZERO_PADDING, PAD_BOTTOM);
	f->stride_x = CDMA_FIELD(core, D_CONV_STRIDE, CONV_X_STRIDE) + 1;
	f->stride_y = CDMA_FIELD(core, D_CONV_STRIDE, CONV_Y_STRIDE) + 1;
	f->tiles = f->all_width / (SIDE * f->stride_x);
	f->base = sim_cdma_address(core, CDMA_D_DAIN_ADDR_HIGH_0, CDMA_D_DAIN_ADDR_LOW_0);
	f->line_stride = sim_cdma(core, CDMA_D_LINE_STRIDE) & mask;
	f->surf_stride = sim_cdma(core, CDMA_D_SURF_STRIDE) & mask;
	f->pad[0] = (uint8_t)pad;
	f->pad[1] = precision == SIM_INT8 ? (uint8_t)pad : (uint8_t)(pad >> 8);

	if (f->all_width % (SIDE * f->stride_x) || f->all_height % (SIDE * f->stride_y))
		return sim_fail(core, -EINVAL, NVDLA_CDMA, CDMA_D_ZERO_PADDING,
				"%ux%u pixels with padding do not divide into Winograd cubes at strides of %u and %u",
				f->all_width, f->all_height, f->stride_x, f->stride_y);
	if (entries != f->tiles * f->surfaces * f->stride_x * f->stride_y)
		return sim_fail(core, -EINVAL, NVDLA_CDMA, CDMA_D_ENTRY_PER_SLICE,
				"ENTRIES %u, but a Winograd slice takes %u entries", entries - 1,
				f->tiles * f->surfaces * f->stride_x * f->stride_y);

	return 0;
}

/* Line @y of a surface, which counts from the top padding, with its padding. */
static int read_line(struct sim_core *core, const struct features *f, unsigned int surface,
		     unsigned int y, uint8_t *line, struct sim_fetch *fetch,
		     struct sim_cost *cost)
{
	const size_t len = (size_t)f->width * f->atom;
	size_t i;

	for (i = 0; i < (size_t)f->all_width * f->atom; i++)
		line[i] = f->pad[i % 2];
	if (y < f->top || y >= f->top + f->height)
		return 0;
	fetch->data_bytes += len;

	return sim_read(core, NVDLA_CDMA, CDMA_D_DAIN_ADDR_LOW_0, fetch->data_port,
			f->base + surface * f->surf_stride +
			(uint64_t)(y - f->top) * f->line_stride,
			line + (size_t)f->left * f->atom, len, cost);
}

/* The cubes of four lines of one surface at their places, from @entry on. */
static void store_lines(struct sim_core *core, const struct features *f, const uint8_t *lines,
			unsigned int phase_y, unsigned int surface, uint32_t entry, uint32_t ring,
			struct sim_floats *floats)
{
	const unsigned int size = core->config->cbuf_bank_width;
	const unsigned int part = size / (SIDE * SIDE), parts = f->atom / part;
	unsigned int x, phase, p, i;

	for (phase = 0; phase < f->stride_x; phase++) {
		unsigned int channel = (phase_y * f->stride_x + phase) * f->surfaces + surface;

		for (x = 0; x < f->tiles * parts; x++) {
			unsigned int tile = x / parts;
			uint32_t at = sim_ring_add(entry, (channel * parts + x % parts) *
						   f->tiles + tile, ring);
			uint8_t *to = core->cbuf.mem + (size_t)at * size;

			if ((size_t)(at + 1) * size > core->cbuf.size)
				continue;
			for (i = 0; i < SIDE * SIDE; i++) {
				p = (tile * SIDE + i % SIDE) * f->stride_x + phase;
				memcpy(to + i * part, lines +
				       ((size_t)(i / SIDE) * f->all_width + p) * f->atom +
				       x % parts * part, part);
			}
			sim_cdma_convert(core, to, size, floats);
		}
	}
}

uint64_t sim_winograd_slices(const struct sim_core *core)
{
	unsigned int height = CDMA_FIELD(core, D_ZERO_PADDING, PAD_TOP) +
			      CDMA_FIELD(core, D_DATAIN_SIZE_0, DATAIN_HEIGHT) + 1 +
			      CDMA_FIELD(core, D_ZERO_PADDING, PAD_BOTTOM);

	return height / (CDMA_FIELD(core, D_CONV_STRIDE, CONV_Y_STRIDE) + 1);
}

int sim_winograd_load(struct sim_core *core, unsigned int group, struct sim_fetch *fetch,
		      struct sim_cost *cost)
{
	unsigned int entries = CDMA_FIELD(core, D_ENTRY_PER_SLICE, ENTRIES) + 1;
	uint32_t ring = sim_data_ring(core, CDMA_FIELD(core, D_BANK, DATA_BANK));
	unsigned int rows, row, surface, phase, i;
	struct sim_floats floats = { 0, 0 };
	struct features f;
	uint8_t *lines;
	size_t line;
	int err;

	err = parse(core, &f);
	if (err)
		return err;
	line = (size_t)f.all_width * f.atom;
	lines = malloc(SIDE * line);
	if (!lines)
		return sim_fail(core, -ENOMEM, NVDLA_CDMA, CDMA_D_DATAIN_SIZE_0, "no memory");
	rows = f.all_height / (SIDE * f.stride_y);
	for (row = 0; row < rows; row++) {
		uint32_t entry = sim_ring_add(core->cbuf.data_wr, row * SIDE * entries, ring);

		for (surface = 0; surface < f.surfaces; surface++) {
			for (phase = 0; phase < f.stride_y; phase++) {
				for (i = 0; i < SIDE && !err; i++)
					err = read_line(core, &f, surface,
							(row * SIDE + i) * f.stride_y + phase,
							lines + i * line, fetch, cost);
				if (err)
					goto out;
				store_lines(core, &f, lines, phase, surface, entry, ring,
					    &floats);
			}
		}
	}
	fetch->width = f.width;
	fetch->run = f.width;
	fetch->surfaces = f.surfaces;
	sim_cdma_count_floats(core, group, &floats);
out:
	free(lines);

	return err;
}
