// SPDX-License-Identifier: MIT
/*
 * Rows to cubes and back, element by element, between guard pages. Prints TAP.
 *
 * usage: test_layout [SEED [CASES]]
 */
#include <stdio.h>
#include <stdlib.h>

#include "guarded.h"
#include "libaccel/run/model.h"
#include "random.h"

static int8_t *element(const struct npu_cube *cube, int8_t *region, uint32_t c, uint32_t y,
		       uint32_t x)
{
	return region + cube->offset + (size_t)(c / cube->atom) * cube->surface +
	       (size_t)y * cube->line + (size_t)x * cube->atom + c % cube->atom;
}

static bool layout_case(void)
{
	static const uint32_t atoms[] = { 1, 4, 8, 16, 32, 64 };
	const uint32_t channels = random_below(3) ? random_between(1, 80) : 3;
	struct npu_cube cube = {
		.offset = random_below(3) * 64, .width = random_between(1, 9),
		.height = random_between(1, 5), .channels = channels,
		.atom = atoms[random_below(6)],
	};
	struct guarded rows, back, region;
	size_t size, i;
	bool good = true;
	uint32_t c, y, x;
	int8_t fill = (int8_t)random_below(256);

	if (!random_below(4))
		cube.channels += random_below(70);
	cube.line = cube.width * cube.atom + random_below(2) * 8;
	cube.surface = cube.height * cube.line + random_below(2) * 16;
	size = cube.offset + (size_t)((cube.channels - 1) / cube.atom) * cube.surface +
	       (size_t)(cube.height - 1) * cube.line + (size_t)cube.width * cube.atom;
	if (guarded_new(&rows, (size_t)cube.height * cube.width * channels, (int)random_below(2)) ||
	    guarded_new(&region, size, (int)random_below(2))) {
		puts("Bail out! no memory");
		exit(1);
	}
	for (i = 0; i < rows.size; i++)
		rows.data[i] = (int8_t)random_below(256);
	layout_to_cube(&cube, channels, rows.data, (uint8_t *)region.data, fill);
	for (c = 0; c < (cube.channels + cube.atom - 1) / cube.atom * cube.atom; c++)
		for (y = 0; y < cube.height; y++)
			for (x = 0; x < cube.width; x++)
				good &= *element(&cube, region.data, c, y, x) ==
					(c < channels ?
					 rows.data[((size_t)y * cube.width + x) * channels + c] :
					 fill);
	if (guarded_new(&back, (size_t)cube.height * cube.width * cube.channels,
			(int)random_below(2))) {
		puts("Bail out! no memory");
		exit(1);
	}
	layout_to_rows(&cube, (uint8_t *)region.data, back.data);
	for (c = 0; c < cube.channels; c++)
		for (y = 0; y < cube.height; y++)
			for (x = 0; x < cube.width; x++)
				good &= *element(&cube, region.data, c, y, x) ==
					back.data[((size_t)y * cube.width + x) * cube.channels + c];
	if (!good)
		printf("# %ux%ux%u, %u given, atoms of %u\n", cube.height, cube.width,
		       cube.channels, channels, cube.atom);
	guarded_free(&rows);
	guarded_free(&back);
	guarded_free(&region);

	return good;
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	unsigned int cases = argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 0) : 1000, done;
	bool good = true;

	random_seed(seed);
	for (done = 0; good && done < cases; done++)
		good = layout_case();
	printf("1..1\n%s 1 - %u conversions of rows and cubes, seed %llu\n",
	       good ? "ok" : "not ok", done, (unsigned long long)seed);

	return !good;
}
