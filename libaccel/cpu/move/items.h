/* SPDX-License-Identifier: MIT */
/*
 * Moving items of some bytes each: elements, pixels, or whole rows.
 */
#ifndef ACCEL_CPU_ITEMS_H
#define ACCEL_CPU_ITEMS_H

#include <stddef.h>
#include <stdint.h>

#include "libaccel/cpu/isa.h"

/**
 * items_strided() - items that lie the same distance apart
 * @in: the first
 * @step: bytes from one to the next; 0 repeats it, less than 0 goes backwards
 * @count: items
 * @size: bytes of an item
 * @out: receives them side by side
 */
void items_strided(const uint8_t *in, ptrdiff_t step, size_t count, size_t size, uint8_t *out);

/**
 * items_scatter() - items side by side to places the same distance apart
 * @step: bytes from one item to the next in @out
 */
void items_scatter(const uint8_t *in, size_t count, size_t size, uint8_t *out, size_t step);

/**
 * items_gather() - items anywhere
 * @in: what offsets count from
 * @offset: of each item, in bytes
 */
void items_gather(const uint8_t *in, const size_t *offset, size_t count, size_t size,
		  uint8_t *out);

/**
 * items_flip_fn - rows of items become columns
 * @in: @rows rows of @columns items side by side
 * @in_step: bytes from a row to the next
 * @out: @columns rows of @rows items side by side
 * @out_step: bytes from a row to the next
 */
typedef void items_flip_fn(const uint8_t *in, size_t in_step, size_t rows, size_t columns,
			   uint8_t *out, size_t out_step);

items_flip_fn items_flip_1__portable, items_flip_1_16x16__neon;
items_flip_fn items_flip_4__portable, items_flip_4_4x4__neon;

/* For items of 1 or 4 bytes; NULL: there is none for that size. */
items_flip_fn *items_flip_select(enum accel_isa isa, size_t size);

#endif /* ACCEL_CPU_ITEMS_H */
