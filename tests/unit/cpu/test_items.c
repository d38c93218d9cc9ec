// SPDX-License-Identifier: MIT
/*
 * Moves of items, every instruction set against their definition, between
 * guard pages. Prints TAP.
 *
 * usage: test_items [SEED [CASES]]
 */
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "libaccel/cpu/move/items.h"
#include "random.h"

static size_t random_size(void)
{
	static const size_t sizes[] = { 1, 2, 3, 4, 5, 8, 12, 16, 24, 32, 33, 64 };

	return sizes[random_below(sizeof(sizes) / sizeof(sizes[0]))];
}

static bool strided_case(enum accel_isa isa)
{
	const size_t size = random_size(), count = random_between(1, 40);
	const size_t apart = random_below(4) ? size + random_below(20) : random_below(2) ? size : 0;
	const size_t room = (count - 1) * apart + size;
	const bool back = random_below(2);
	struct guarded in = guarded_random(room), out = guarded_random(count * size);
	struct guarded spread = guarded_random(room);
	uint8_t *first = (uint8_t *)in.data + (back ? room - size : 0);
	bool good = true;
	size_t i;

	(void)isa;
	items_strided(first, back ? -(ptrdiff_t)apart : (ptrdiff_t)apart, count, size,
		      (uint8_t *)out.data);
	for (i = 0; i < count; i++)
		good &= !memcmp(out.data + i * size, back ? first - i * apart : first + i * apart,
				size);
	if (apart >= size) {
		items_scatter((uint8_t *)out.data, count, size, (uint8_t *)spread.data, apart);
		for (i = 0; i < count; i++)
			good &= !memcmp(spread.data + i * apart, out.data + i * size, size);
	}
	guarded_free(&in);
	guarded_free(&out);
	guarded_free(&spread);

	return good;
}

static bool gather_case(enum accel_isa isa)
{
	const size_t size = random_size(), count = random_between(1, 40), room = size + 100;
	struct guarded in = guarded_random(room), out = guarded_random(count * size);
	size_t offset[40], i;
	bool good = true;

	(void)isa;
	for (i = 0; i < count; i++)
		offset[i] = random_below((uint32_t)(room - size + 1));
	items_gather((uint8_t *)in.data, offset, count, size, (uint8_t *)out.data);
	for (i = 0; i < count; i++)
		good &= !memcmp(out.data + i * size, in.data + offset[i], size);
	guarded_free(&in);
	guarded_free(&out);

	return good;
}

static bool flip_case(enum accel_isa isa)
{
	const size_t size = random_below(2) ? 1 : 4;
	const size_t rows = random_between(1, 70), columns = random_between(1, 70);
	const size_t in_step = columns * size + random_below(9), out_step = rows * size + random_below(9);
	struct guarded in = guarded_random((rows - 1) * in_step + columns * size);
	struct guarded out = guarded_random((columns - 1) * out_step + rows * size);
	struct guarded before = guarded_random(out.size);
	bool good = true;
	size_t r, c;

	memcpy(before.data, out.data, out.size);
	items_flip_select(isa, size)((uint8_t *)in.data, in_step, rows, columns,
				     (uint8_t *)out.data, out_step);
	for (c = 0; c < columns; c++) {
		for (r = 0; r < rows; r++)
			good &= !memcmp(out.data + c * out_step + r * size,
					in.data + r * in_step + c * size, size);
		/* What lies between the rows is not touched. */
		if (c + 1 < columns)
			good &= !memcmp(out.data + c * out_step + rows * size,
					before.data + c * out_step + rows * size,
					out_step - rows * size);
	}
	guarded_free(&in);
	guarded_free(&out);
	guarded_free(&before);

	return good;
}

int main(int argc, char **argv)
{
	static const struct kernel_case all[] = {
		{ "strided items", strided_case, 1 }, { "gathered items", gather_case, 1 },
		{ "rows to columns", flip_case, 2 },
	};

	return run_cases(argc, argv, all, sizeof(all) / sizeof(all[0]));
}
