// SPDX-License-Identifier: MIT
/*
 * A script is written in parts, each from one moment at which the core had
 * nothing to do to the next: the images that were read, registers and waits,
 * checksums. Images come first because an operation that was enabled behind
 * another may begin as soon as that has ended, before the driver hears of it.
 * What the replay's memory holds at each point is kept beside it, so that only
 * what it would not know by itself becomes an image.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kmod/hw/nvdla_config.h"
#include "kmod/hw/nvdla_regs.h"
#include "pages.h"
#include "record.h"

#define MEMORY_LIMIT	(4ull << 30)

struct extent {
	uint64_t addr, len;
	uint8_t *data;		/* what to load; NULL for checksums */
};

struct extents {
	struct extent *list;
	size_t count, room;
};

struct record {
	char *folder;
	char *config;
	unsigned int core, script, image;
	uint32_t status_reg;
	uint32_t cdma, cdma_pointer;	/* its registers; its S_POINTER, as last written */
	uint64_t sram_lo, sram_hi;
	FILE *file;
	struct pages *memory;		/* what the replay's memory holds */
	struct pages *touched;		/* bytes that were read or written in this part: 1 */
	struct extents loads, writes;
	char *accesses;			/* register accesses and waits of the part, as lines */
	size_t accesses_length, accesses_room;
	uint32_t pending;		/* interrupts seen since the last batch */
	uint64_t cycles, last_cycles;
	bool idle, failed;
};

static void fail(struct record *record, const char *what)
{
	if (!record->failed)
		fprintf(stderr, "npusim: recording of core %u stops: %s\n", record->core, what);
	record->failed = true;
}

static void drop(struct extents *extents)
{
	size_t i;

	for (i = 0; i < extents->count; i++)
		free(extents->list[i].data);
	extents->count = 0;
}

/* Add a range, to the end of the last one where it continues that. */
static int add(struct extents *extents, uint64_t addr, const void *data, size_t len)
{
	struct extent *last = extents->count ? &extents->list[extents->count - 1] : NULL;
	uint8_t *grown;

	if (!last || last->addr + last->len != addr || !last->data != !data) {
		if (extents->count == extents->room) {
			size_t room = extents->room ? 2 * extents->room : 64;
			struct extent *list = realloc(extents->list, room * sizeof(*list));

			if (!list)
				return -ENOMEM;
			extents->list = list;
			extents->room = room;
		}
		last = &extents->list[extents->count++];
		*last = (struct extent) { .addr = addr };
	}
	if (data) {
		grown = realloc(last->data, last->len + len);
		if (!grown)
			return -ENOMEM;
		memcpy(grown + last->len, data, len);
		last->data = grown;
	}
	last->len += len;

	return 0;
}

static int by_address(const void *a, const void *b)
{
	const struct extent *left = a, *right = b;

	return left->addr < right->addr ? -1 : left->addr > right->addr;
}

static int open_script(struct record *record)
{
	char path[4096];

	if (record->file)
		return 0;
	snprintf(path, sizeof(path), "%s/core%u-%03u.npu", record->folder, record->core,
		 record->script);
	record->file = fopen(path, "w");
	if (!record->file) {
		fail(record, path);
		return -EIO;
	}
	record->image = 0;
	fprintf(record->file, "# npusim-replay --config %s core%u-%03u.npu\n", record->config,
		record->core, record->script);
	if (record->sram_hi > record->sram_lo)
		fprintf(record->file, "sram 0x%" PRIx64 " 0x%" PRIx64 "\n", record->sram_lo,
			record->sram_hi);

	return 0;
}

static void line(struct record *record, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void line(struct record *record, const char *format, ...)
{
	va_list args;

	if (record->failed || open_script(record))
		return;
	va_start(args, format);
	vfprintf(record->file, format, args);
	va_end(args);
}

static void write_image(struct record *record, const struct extent *extents, size_t count)
{
	char path[4096], name[64];
	FILE *file;
	size_t i;

	if (record->failed || open_script(record))
		return;
	snprintf(name, sizeof(name), "core%u-%03u-%05u.bin", record->core, record->script,
		 record->image++);
	snprintf(path, sizeof(path), "%s/%s", record->folder, name);
	file = fopen(path, "wb");
	if (!file) {
		fail(record, path);
		return;
	}
	for (i = 0; i < count; i++) {
		if (fwrite(extents[i].data, 1, extents[i].len, file) != extents[i].len)
			fail(record, path);
	}
	if (fclose(file))
		fail(record, path);
	line(record, "load 0x%" PRIx64 " %s\n", extents[0].addr, name);
}

/* How many of the sorted extents follow each other without a gap. */
static size_t run_length(const struct extent *extents, size_t count, uint64_t *end)
{
	size_t n;

	*end = extents[0].addr + extents[0].len;
	for (n = 1; n < count && extents[n].addr <= *end; n++) {
		/* Only checksums may overlap. */
		if (extents[n].data && extents[n].addr < *end)
			break;
		if (extents[n].addr + extents[n].len > *end)
			*end = extents[n].addr + extents[n].len;
	}

	return n;
}

static uint32_t crc_of(const struct record *record, uint64_t addr, uint64_t len)
{
	uint32_t crc = 0xffffffffu;
	uint8_t buf[4096];
	unsigned int bit;
	size_t i;

	while (len) {
		size_t part = len < sizeof(buf) ? (size_t)len : sizeof(buf);

		if (pages_read(record->memory, addr, buf, part))
			break;
		for (i = 0; i < part; i++) {
			crc ^= buf[i];
			for (bit = 0; bit < 8; bit++)
				crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
		}
		addr += part;
		len -= part;
	}

	return ~crc;
}

/* Keep a line until the part is written. */
static void keep_access(struct record *record, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void keep_access(struct record *record, const char *format, ...)
{
	char text[64];
	size_t length;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	length = strlen(text);
	if (record->accesses_length + length + 1 > record->accesses_room) {
		size_t room = record->accesses_room ? 2 * record->accesses_room : 4096;
		char *accesses = realloc(record->accesses, room);

		if (!accesses) {
			fail(record, "out of memory");
			return;
		}
		record->accesses = accesses;
		record->accesses_room = room;
	}
	memcpy(record->accesses + record->accesses_length, text, length + 1);
	record->accesses_length += length;
}

static void forget_touched(struct record *record)
{
	pages_free(record->touched);
	record->touched = NULL;
	if (pages_new(MEMORY_LIMIT, &record->touched))
		fail(record, "out of memory");
}

/* Write what was kept; checksums once nothing is under way. */
static void write_part(struct record *record)
{
	struct extents *loads = &record->loads, *writes = &record->writes;
	uint64_t end;
	size_t i, n;

	if (loads->count)
		qsort(loads->list, loads->count, sizeof(*loads->list), by_address);
	for (i = 0; i < loads->count; i += n) {
		n = run_length(&loads->list[i], loads->count - i, &end);
		write_image(record, &loads->list[i], n);
	}
	drop(loads);
	if (record->accesses_length)
		line(record, "%s", record->accesses);
	record->accesses_length = 0;
	forget_touched(record);
	if (!record->idle)
		return;
	if (writes->count)
		qsort(writes->list, writes->count, sizeof(*writes->list), by_address);
	for (i = 0; i < writes->count; i += n) {
		n = run_length(&writes->list[i], writes->count - i, &end);
		line(record, "crc 0x%" PRIx64 " %" PRIu64 " 0x%08x\n", writes->list[i].addr,
		     end - writes->list[i].addr,
		     crc_of(record, writes->list[i].addr, end - writes->list[i].addr));
	}
	drop(writes);
	if (record->file)
		fflush(record->file);
}

/*
 * CDMA may be done with weights before or behind the result that it was enabled
 * for. A wait for that result acknowledges whatever came; so its end is looked for
 * in the group that was enabled, which finds it either way.
 */
static void write_fetched(struct record *record, uint32_t interrupts)
{
	unsigned int group;

	if (!interrupts)
		return;
	for (group = 0; group < 2; group++) {
		if (interrupts & (uint32_t)GLB_S_INTR_STATUS_CDMA_WT_DONE_STATUS0 << group)
			keep_access(record, "w 0x%x %u\npoll 0x%x 0\n",
				    record->cdma + NVDLA_S_POINTER, group,
				    record->cdma + CDMA_D_OP_ENABLE);
	}
	keep_access(record, "w 0x%x 0x%x\n", record->cdma + NVDLA_S_POINTER,
		    record->cdma_pointer);
}

/* The driver goes on after interrupts. */
static void write_wait(struct record *record)
{
	const uint32_t fetched = record->pending & (GLB_S_INTR_STATUS_CDMA_WT_DONE_STATUS0 |
						    GLB_S_INTR_STATUS_CDMA_WT_DONE_STATUS1);

	/* Ten times what it took, for other timing parameters. */
	if (record->pending != fetched)
		keep_access(record, "wfi 0x%x %" PRIu64 "\n", record->pending & ~fetched,
			    (record->cycles - record->last_cycles) * 10 + 1000000);
	write_fetched(record, fetched);
	record->last_cycles = record->cycles;
	record->pending = 0;
	if (record->idle)
		write_part(record);
}

int record_new(const char *folder, const char *config, unsigned int core, uint32_t status_reg,
	       uint64_t sram_lo, uint64_t sram_hi, struct record **out)
{
	struct record *record = calloc(1, sizeof(*record));

	if (!record)
		return -ENOMEM;
	record->folder = strdup(folder);
	record->config = strdup(config);
	if (!record->folder || !record->config || pages_new(MEMORY_LIMIT, &record->memory) ||
	    pages_new(MEMORY_LIMIT, &record->touched)) {
		record_free(record);
		return -ENOMEM;
	}
	record->core = core;
	record->status_reg = status_reg;
	record->cdma = nvdla_config_find(config)->base[NVDLA_CDMA];
	record->sram_lo = sram_lo;
	record->sram_hi = sram_hi;
	*out = record;

	return 0;
}

/* End the script. Operations whose end nobody saw may not have run yet in the replay. */
static void finish(struct record *record)
{
	if (record->pending)
		write_wait(record);
	record->idle = false;
	write_part(record);
	drop(&record->writes);
	if (record->file) {
		fclose(record->file);
		record->file = NULL;
		record->script++;
	}
}

void record_free(struct record *record)
{
	if (!record)
		return;
	finish(record);
	free(record->accesses);
	free(record->loads.list);
	free(record->writes.list);
	pages_free(record->touched);
	pages_free(record->memory);
	free(record->folder);
	free(record->config);
	free(record);
}

void record_write(struct record *record, uint32_t reg, uint32_t value)
{
	/* The replay's wait acknowledges by itself. */
	if (reg == record->status_reg)
		return;
	if (record->pending)
		write_wait(record);
	record->idle = false;
	if (reg == record->cdma + NVDLA_S_POINTER)
		record->cdma_pointer = value;
	keep_access(record, "w 0x%x 0x%x\n", reg, value);
}

void record_read(struct record *record, uint32_t reg)
{
	if (record->pending)
		write_wait(record);
	keep_access(record, "r 0x%x\n", reg);
}

/*
 * Does the replay's memory hold something else? @changed: also in a byte that
 * an operation of this part has used.
 */
static bool differs(const struct record *record, uint64_t addr, const uint8_t *data, size_t len,
		    bool *changed)
{
	uint8_t held[4096], touched[4096];
	bool other = false;
	size_t i;

	*changed = false;
	while (len) {
		size_t part = len < sizeof(held) ? len : sizeof(held);

		if (pages_read(record->memory, addr, held, part) ||
		    pages_read(record->touched, addr, touched, part))
			return true;
		for (i = 0; i < part; i++) {
			other |= held[i] != data[i];
			*changed |= held[i] != data[i] && touched[i];
		}
		addr += part;
		data += part;
		len -= part;
	}

	return other;
}

void record_dma(struct record *record, uint64_t addr, const void *data, size_t len, int write)
{
	if (record->failed || !len)
		return;
	if (!write) {
		bool changed;

		if (!differs(record, addr, data, len, &changed)) {
			if (pages_fill(record->touched, addr, len, 1))
				fail(record, "out of memory");
			return;
		}
		/* From outside, in the middle of things. */
		if (changed)
			write_part(record);
	}
	if (pages_fill(record->touched, addr, len, 1) ||
	    pages_write(record->memory, addr, data, len) ||
	    add(write ? &record->writes : &record->loads, addr, write ? NULL : data, len))
		fail(record, "out of memory");
}

void record_interrupts(struct record *record, uint32_t bits, uint64_t cycles, bool idle)
{
	record->idle = idle;
	record->pending |= bits;
	record->cycles = cycles;
}

void record_reset(struct record *record)
{
	finish(record);
	pages_free(record->memory);
	record->memory = NULL;
	if (pages_new(MEMORY_LIMIT, &record->memory))
		fail(record, "out of memory");
	record->cdma_pointer = 0;
	record->pending = 0;
	record->cycles = 0;
	record->last_cycles = 0;
}
