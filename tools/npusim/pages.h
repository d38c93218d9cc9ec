/* SPDX-License-Identifier: MIT */
/*
 * A sparse memory of 64-bit addresses: what is not written reads as zero.
 */
#ifndef NPUSIM_PAGES_H
#define NPUSIM_PAGES_H

#include <stddef.h>
#include <stdint.h>

struct pages;

/**
 * pages_new() - make an empty memory
 * @limit: bytes that may be held; a write beyond fails with -ENOMEM
 *
 * Return: 0 or -ENOMEM.
 */
int pages_new(uint64_t limit, struct pages **out);
void pages_free(struct pages *pages);

/* Copy in or out; 0, -ENOMEM, or -EFAULT when the range runs over the top. */
int pages_write(struct pages *pages, uint64_t addr, const void *src, size_t len);
int pages_read(const struct pages *pages, uint64_t addr, void *dst, size_t len);
int pages_fill(struct pages *pages, uint64_t addr, uint64_t len, uint8_t byte);

#endif /* NPUSIM_PAGES_H */
