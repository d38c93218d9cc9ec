// SPDX-License-Identifier: MIT
#include <string.h>

#include "model.h"

/*
 * Channels of the cube beyond @channels, up to whole atoms, are filled: the
 * fourth channel of an image, and so that nothing depends on old contents.
 */
void layout_to_cube(const struct npu_cube *cube, uint32_t channels, const int8_t *rows,
		    uint8_t *region, int8_t fill)
{
	const uint32_t atom = cube->atom;
	uint32_t c0, y, x;

	for (c0 = 0; c0 < cube->channels; c0 += atom) {
		uint32_t count = channels <= c0 ? 0 : channels - c0 < atom ? channels - c0 : atom;
		uint8_t *surface = region + cube->offset + (uint64_t)(c0 / atom) * cube->surface;

		for (y = 0; y < cube->height; y++) {
			const int8_t *from = rows + (size_t)y * cube->width * channels + c0;
			int8_t *to = (int8_t *)surface + (uint64_t)y * cube->line;

			if (count == channels && count == atom) {
				memcpy(to, from, (size_t)cube->width * atom);
				continue;
			}
			for (x = 0; x < cube->width; x++, to += atom, from += channels) {
				memcpy(to, from, count);
				memset(to + count, fill, atom - count);
			}
		}
	}
}

void layout_to_rows(const struct npu_cube *cube, const uint8_t *region, int8_t *rows)
{
	const uint32_t atom = cube->atom, channels = cube->channels;
	uint32_t c0, y, x;

	for (c0 = 0; c0 < channels; c0 += atom) {
		uint32_t count = channels - c0 < atom ? channels - c0 : atom;
		const uint8_t *surface = region + cube->offset +
					 (uint64_t)(c0 / atom) * cube->surface;

		for (y = 0; y < cube->height; y++) {
			const uint8_t *from = surface + (uint64_t)y * cube->line;
			int8_t *to = rows + (size_t)y * cube->width * channels + c0;

			for (x = 0; x < cube->width; x++, from += atom, to += channels)
				memcpy(to, from, count);
		}
	}
}
