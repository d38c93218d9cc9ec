// SPDX-License-Identifier: MIT
/*
 * Rows to cubes and back, in moves of constant size: an atom is 8 to 64 bytes,
 * and the call of a function for each pixel would cost more than the copy.
 */
#include <string.h>

#include "model.h"

#define INLINE	static inline __attribute__((always_inline))

/* What a line of a surface needs to be copied. */
struct line {
	const int8_t *from;
	int8_t *to;
	uint32_t width;
	size_t from_step, to_step;	/* bytes from pixel to pixel */
	uint32_t count;			/* channels that are there */
	int8_t fill;
};

/* @count bytes, less than 64. */
INLINE void copy_some(int8_t *to, const int8_t *from, uint32_t count)
{
	uint32_t size;

	for (size = 32; size; size /= 2) {
		if (!(count & size))
			continue;
		__builtin_memcpy(to, from, size);
		to += size;
		from += size;
	}
}

/* Whole atoms, where @atom is a constant. */
INLINE void copy_whole(const struct line *line, uint32_t atom)
{
	const int8_t *from = line->from;
	int8_t *to = line->to;
	uint32_t x;

	for (x = 0; x < line->width; x++, from += line->from_step, to += line->to_step)
		__builtin_memcpy(to, from, atom);
}

static void copy_line(const struct line *line, uint32_t atom, bool filled)
{
	const int8_t *from = line->from;
	int8_t *to = line->to;
	uint32_t x;

	if (line->from_step == line->to_step && line->count == atom && line->to_step == atom) {
		memcpy(to, from, (size_t)line->width * atom);
		return;
	}
	if (line->count == atom && atom == 8) {
		copy_whole(line, 8);
	} else if (line->count == atom && atom == 16) {
		copy_whole(line, 16);
	} else if (line->count == atom && atom == 32) {
		copy_whole(line, 32);
	} else if (line->count == 3 && filled) {
		/* Pictures. */
		for (x = 0; x < line->width; x++, from += line->from_step, to += line->to_step) {
			__builtin_memset(to, line->fill, atom);
			copy_some(to, from, 3);
		}
	} else {
		for (x = 0; x < line->width; x++, from += line->from_step, to += line->to_step) {
			if (line->count < 64)
				copy_some(to, from, line->count);
			else
				memcpy(to, from, line->count);
			if (filled)
				memset(to + line->count, line->fill, atom - line->count);
		}
	}
}

/*
 * Channels of the cube beyond @channels, up to whole atoms, are filled: the
 * fourth channel of an image, and so that nothing depends on old contents.
 */
void layout_to_cube(const struct npu_cube *cube, uint32_t channels, const int8_t *rows,
		    uint8_t *region, int8_t fill)
{
	const uint32_t atom = cube->atom;
	uint32_t c0, y;

	for (c0 = 0; c0 < cube->channels; c0 += atom) {
		uint8_t *surface = region + cube->offset + (uint64_t)(c0 / atom) * cube->surface;
		struct line line = {
			.width = cube->width, .from_step = channels, .to_step = atom, .fill = fill,
			.count = channels <= c0 ? 0 : channels - c0 < atom ? channels - c0 : atom,
		};

		for (y = 0; y < cube->height; y++) {
			line.from = rows + (size_t)y * cube->width * channels +
				    (line.count ? c0 : 0);
			line.to = (int8_t *)surface + (uint64_t)y * cube->line;
			copy_line(&line, atom, true);
		}
	}
}

void layout_to_rows(const struct npu_cube *cube, const uint8_t *region, int8_t *rows)
{
	const uint32_t atom = cube->atom, channels = cube->channels;
	uint32_t c0, y;

	for (c0 = 0; c0 < channels; c0 += atom) {
		const uint8_t *surface = region + cube->offset +
					 (uint64_t)(c0 / atom) * cube->surface;
		struct line line = {
			.width = cube->width, .from_step = atom, .to_step = channels,
			.count = channels - c0 < atom ? channels - c0 : atom,
		};

		for (y = 0; y < cube->height; y++) {
			line.from = (const int8_t *)surface + (uint64_t)y * cube->line;
			line.to = rows + (size_t)y * cube->width * channels + c0;
			copy_line(&line, atom, false);
		}
	}
}
