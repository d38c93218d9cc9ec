// SPDX-License-Identifier: MIT
/*
 * A sparse memory: a hash table of 64 KiB pages.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pages.h"

#define PAGE_BITS	16
#define PAGE_SIZE	((size_t)1 << PAGE_BITS)
#define BUCKETS		4096

struct page {
	struct page *next;
	uint64_t number;
	uint8_t data[];
};

struct pages {
	uint64_t limit, used;
	struct page *buckets[BUCKETS];
};

int pages_new(uint64_t limit, struct pages **out)
{
	struct pages *pages = calloc(1, sizeof(*pages));

	if (!pages)
		return -ENOMEM;
	pages->limit = limit;
	*out = pages;

	return 0;
}

void pages_free(struct pages *pages)
{
	unsigned int i;

	if (!pages)
		return;
	for (i = 0; i < BUCKETS; i++) {
		struct page *page = pages->buckets[i], *next;

		for (; page; page = next) {
			next = page->next;
			free(page);
		}
	}
	free(pages);
}

static struct page *find(const struct pages *pages, uint64_t number)
{
	struct page *page = pages->buckets[number % BUCKETS];

	while (page && page->number != number)
		page = page->next;

	return page;
}

static struct page *get(struct pages *pages, uint64_t number)
{
	struct page *page = find(pages, number);

	if (page || pages->used + PAGE_SIZE > pages->limit)
		return page;
	page = calloc(1, sizeof(*page) + PAGE_SIZE);
	if (!page)
		return NULL;
	page->number = number;
	page->next = pages->buckets[number % BUCKETS];
	pages->buckets[number % BUCKETS] = page;
	pages->used += PAGE_SIZE;

	return page;
}

static size_t part_of(uint64_t addr, uint64_t len)
{
	size_t room = PAGE_SIZE - (size_t)(addr & (PAGE_SIZE - 1));

	return len < room ? (size_t)len : room;
}

int pages_write(struct pages *pages, uint64_t addr, const void *src, size_t len)
{
	const uint8_t *from = src;

	if (len && addr + (len - 1) < addr)
		return -EFAULT;
	while (len) {
		size_t part = part_of(addr, len);
		struct page *page = get(pages, addr >> PAGE_BITS);

		if (!page)
			return -ENOMEM;
		memcpy(page->data + (addr & (PAGE_SIZE - 1)), from, part);
		addr += part;
		from += part;
		len -= part;
	}

	return 0;
}

int pages_read(const struct pages *pages, uint64_t addr, void *dst, size_t len)
{
	uint8_t *to = dst;

	if (len && addr + (len - 1) < addr)
		return -EFAULT;
	while (len) {
		size_t part = part_of(addr, len);
		const struct page *page = find(pages, addr >> PAGE_BITS);

		if (page)
			memcpy(to, page->data + (addr & (PAGE_SIZE - 1)), part);
		else
			memset(to, 0, part);
		addr += part;
		to += part;
		len -= part;
	}

	return 0;
}

int pages_fill(struct pages *pages, uint64_t addr, uint64_t len, uint8_t byte)
{
	if (len && addr + (len - 1) < addr)
		return -EFAULT;
	while (len) {
		size_t part = part_of(addr, len);
		struct page *page = get(pages, addr >> PAGE_BITS);

		if (!page)
			return -ENOMEM;
		memset(page->data + (addr & (PAGE_SIZE - 1)), byte, part);
		addr += part;
		len -= part;
	}

	return 0;
}
