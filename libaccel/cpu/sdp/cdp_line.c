// SPDX-License-Identifier: MIT
/*
 * Pixels of an NPU_CDP operation: channels together, computed, and apart again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libaccel/cpu/sdp/cdp_line.h"

size_t cdp_line_scratch(const struct npu_op *op)
{
	const size_t tables = NPU_CDP_LE + NPU_LUT_ENTRIES;

	return (tables + op->in.channels + 2 * CDP_REACH + CDP_GROUP) * sizeof(int16_t) +
	       op->in.channels + CDP_GROUP;
}

void cdp_line_run(const struct npu_op *op, uint8_t *const regions[NPU_REGIONS],
		  cdp_pixel_fn *pixel, uint32_t y, void *scratch)
{
	const struct npu_cdp *cdp = &op->cdp;
	const uint32_t channels = op->in.channels, atom = op->in.atom;
	const uint8_t *in = regions[op->in.region] + op->in.offset + (uint64_t)y * op->in.line;
	uint8_t *out = regions[op->out.region] + op->out.offset + (uint64_t)y * op->out.line;
	int16_t *tables = scratch, *v = tables + NPU_CDP_LE + NPU_LUT_ENTRIES + CDP_REACH;
	int8_t *result = (int8_t *)(v + channels + CDP_REACH + CDP_GROUP);
	uint32_t x, c0, c, n;

	memcpy(tables, regions[cdp->lut_region] + cdp->lut_offset,
	       (NPU_CDP_LE + NPU_LUT_ENTRIES) * sizeof(*tables));
	memset(v - CDP_REACH, 0, CDP_REACH * sizeof(*v));
	memset(v + channels, 0, (CDP_REACH + CDP_GROUP) * sizeof(*v));
	for (x = 0; x < op->in.width; x++, in += atom, out += atom) {
		for (c0 = 0; c0 < channels; c0 += n) {
			const int8_t *from = (const int8_t *)in + (uint64_t)(c0 / atom) * op->in.surface;

			n = channels - c0 < atom ? channels - c0 : atom;
			for (c = 0; c < n; c++)
				v[c0 + c] = (int16_t)(from[c] - cdp->in_offset);
		}
		pixel(cdp, tables, v, channels, result);
		for (c0 = 0; c0 < channels; c0 += n) {
			n = channels - c0 < atom ? channels - c0 : atom;
			memcpy(out + (uint64_t)(c0 / atom) * op->out.surface, result + c0, n);
		}
	}
}

int cdp_run(const struct npu_op *op, uint8_t *const regions[NPU_REGIONS])
{
	void *scratch = malloc(cdp_line_scratch(op));
	uint32_t y;

	if (!scratch)
		return -ENOMEM;
	for (y = 0; y < op->in.height; y++)
		cdp_line_run(op, regions, cdp_pixel__portable, y, scratch);
	free(scratch);
	return 0;
}
