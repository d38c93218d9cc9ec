// SPDX-License-Identifier: MIT
#include <string.h>

#include "items.h"

#define INLINE	static inline __attribute__((always_inline))

/* Rows and columns of a block whose lines stay in the cache meanwhile. */
#define BLOCK	32

/*
 * @body for each size that there are loads and stores for, and for any other;
 * a call of memcpy() for each item would cost more than the item.
 */
#define BY_SIZE(body)								\
	switch (size) {								\
	case 1: body(1); break;							\
	case 2: body(2); break;							\
	case 3: body(3); break;							\
	case 4: body(4); break;							\
	case 8: body(8); break;							\
	case 12: body(12); break;						\
	case 16: body(16); break;						\
	case 24: body(24); break;						\
	case 32: body(32); break;						\
	case 64: body(64); break;						\
	default: body(size);							\
	}

INLINE void copy(const uint8_t *in, ptrdiff_t step, size_t count, size_t size, uint8_t *out,
		 size_t out_step)
{
	size_t i;

	for (i = 0; i < count; i++, in += step, out += out_step)
		memcpy(out, in, size);
}

void items_strided(const uint8_t *in, ptrdiff_t step, size_t count, size_t size, uint8_t *out)
{
#define BODY(n)	copy(in, step, count, n, out, n)
	if (step == (ptrdiff_t)size)
		memcpy(out, in, count * size);
	else if (!step && size == 1)
		memset(out, *in, count);
	else
		BY_SIZE(BODY)
#undef BODY
}

void items_scatter(const uint8_t *in, size_t count, size_t size, uint8_t *out, size_t step)
{
#define BODY(n)	copy(in, n, count, n, out, step)
	if (step == size)
		memcpy(out, in, count * size);
	else
		BY_SIZE(BODY)
#undef BODY
}

INLINE void gather(const uint8_t *in, const size_t *offset, size_t count, size_t size,
		   uint8_t *out)
{
	size_t i;

	for (i = 0; i < count; i++, out += size)
		memcpy(out, in + offset[i], size);
}

void items_gather(const uint8_t *in, const size_t *offset, size_t count, size_t size,
		  uint8_t *out)
{
#define BODY(n)	gather(in, offset, count, n, out)
	BY_SIZE(BODY)
#undef BODY
}

INLINE void flip(const uint8_t *in, size_t in_step, size_t rows, size_t columns, uint8_t *out,
		 size_t out_step, size_t size)
{
	size_t first, r, c;

	for (first = 0; first < rows; first += BLOCK) {
		const size_t end = rows - first < BLOCK ? rows : first + BLOCK;

		for (c = 0; c < columns; c++)
			for (r = first; r < end; r++)
				memcpy(out + c * out_step + r * size, in + r * in_step + c * size,
				       size);
	}
}

void items_flip_1__portable(const uint8_t *in, size_t in_step, size_t rows, size_t columns,
			    uint8_t *out, size_t out_step)
{
	flip(in, in_step, rows, columns, out, out_step, 1);
}

void items_flip_4__portable(const uint8_t *in, size_t in_step, size_t rows, size_t columns,
			    uint8_t *out, size_t out_step)
{
	flip(in, in_step, rows, columns, out, out_step, 4);
}

items_flip_fn *items_flip_select(enum accel_isa isa, size_t size)
{
#ifdef __aarch64__
	if (isa >= ACCEL_ISA_NEON)
		return size == 1 ? items_flip_1_16x16__neon :
		       size == 4 ? items_flip_4_4x4__neon : NULL;
#else
	(void)isa;
#endif
	return size == 1 ? items_flip_1__portable : size == 4 ? items_flip_4__portable : NULL;
}
