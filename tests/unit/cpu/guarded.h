/* SPDX-License-Identifier: MIT */
/*
 * Memory that ends exactly at a page that may not be touched, and begins
 * behind another one, so that a kernel's stray read or write is a fault.
 */
#ifndef TEST_GUARDED_H
#define TEST_GUARDED_H

#include <stddef.h>
#include <stdint.h>

struct guarded {
	void *map;
	size_t map_size;
	int8_t *data;
	size_t size;
};

/* @at_end: the data ends at the upper guard; otherwise it begins at the lower. */
int guarded_new(struct guarded *guarded, size_t size, int at_end);
void guarded_free(struct guarded *guarded);

#endif /* TEST_GUARDED_H */
