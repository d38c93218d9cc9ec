// SPDX-License-Identifier: MIT
/*
 * Reading flatbuffers, see tflite_reader.h.
 */
#include <string.h>

#include "libaccel/import/tflite_reader.h"

/* Are @size bytes at @at inside the file? Notes when not. */
static bool inside(struct flat *flat, uint64_t at, uint64_t size)
{
	if (at <= flat->size && size <= flat->size - at)
		return true;
	flat->broken = true;
	return false;
}

static uint64_t load(const struct flat *flat, uint32_t at, uint32_t size)
{
	uint64_t value = 0;

	for (uint32_t i = 0; i < size; i++)
		value |= (uint64_t)flat->data[at + i] << (8 * i);
	return value;
}

/* Follow the reference at @at; 0: broken. */
static uint32_t follow(struct flat *flat, uint32_t at)
{
	uint64_t to;

	if (!inside(flat, at, 4))
		return 0;
	to = at + load(flat, at, 4);
	if (to == at || !inside(flat, to, 4)) {
		flat->broken = true;
		return 0;
	}
	return (uint32_t)to;
}

static struct flat_table table_at(struct flat *flat, uint32_t at)
{
	struct flat_table table = { .flat = flat }, absent = { .flat = flat };
	int64_t vtable;

	if (!at || !inside(flat, at, 4))
		return absent;
	vtable = (int64_t)at - (int32_t)load(flat, at, 4);
	if (vtable < 0 || !inside(flat, vtable, 4)) {
		flat->broken = true;
		return absent;
	}
	table.at = at;
	table.vtable = (uint32_t)vtable;
	table.vtable_size = (uint32_t)load(flat, table.vtable, 2);
	table.size = (uint32_t)load(flat, table.vtable + 2, 2);
	if (table.vtable_size < 4 || table.size < 4 || !inside(flat, vtable, table.vtable_size) ||
	    !inside(flat, at, table.size)) {
		flat->broken = true;
		return absent;
	}
	return table;
}

struct flat_table flat_root(struct flat *flat, const char identifier[4])
{
	struct flat_table absent = { .flat = flat };

	/* Positions have 32 bits; a byte less keeps sums of two below 2^32. */
	if (flat->size < 8 || flat->size > INT32_MAX || memcmp(flat->data + 4, identifier, 4)) {
		flat->broken = true;
		return absent;
	}
	return table_at(flat, follow(flat, 0));
}

/* Where a field of @size bytes lies; 0: absent. */
static uint32_t field_at(const struct flat_table *table, uint32_t field, uint32_t size)
{
	uint32_t slot = 4 + 2 * field, offset;

	if (!table->at || slot + 2 > table->vtable_size)
		return 0;
	offset = (uint32_t)load(table->flat, table->vtable + slot, 2);
	if (!offset)
		return 0;
	if (offset + size > table->size) {
		table->flat->broken = true;
		return 0;
	}
	return table->at + offset;
}

bool flat_has(const struct flat_table *table, uint32_t field)
{
	return field_at(table, field, 1);
}

uint64_t flat_get_uint(const struct flat_table *table, uint32_t field, uint32_t size,
		       uint64_t absent)
{
	uint32_t at = field_at(table, field, size);

	return at ? load(table->flat, at, size) : absent;
}

int64_t flat_get_int(const struct flat_table *table, uint32_t field, uint32_t size,
		     int64_t absent)
{
	uint32_t at = field_at(table, field, size);
	uint32_t unused = 64 - 8 * size;

	return at ? (int64_t)(load(table->flat, at, size) << unused) >> unused : absent;
}

static float as_float(uint64_t bits)
{
	uint32_t word = (uint32_t)bits;
	float value;

	memcpy(&value, &word, sizeof(value));
	return value;
}

float flat_get_float(const struct flat_table *table, uint32_t field, float absent)
{
	uint32_t at = field_at(table, field, 4);

	return at ? as_float(load(table->flat, at, 4)) : absent;
}

struct flat_table flat_get_table(const struct flat_table *table, uint32_t field)
{
	uint32_t at = field_at(table, field, 4);

	return table_at(table->flat, at ? follow(table->flat, at) : 0);
}

struct flat_vector flat_get_vector(const struct flat_table *table, uint32_t field, uint32_t size)
{
	struct flat_vector vector = { .flat = table->flat };
	uint32_t at = field_at(table, field, 4), count;

	at = at ? follow(table->flat, at) : 0;
	if (!at)
		return vector;
	count = (uint32_t)load(table->flat, at, 4);
	if (!inside(table->flat, (uint64_t)at + 4, (uint64_t)count * size))
		return vector;
	vector.at = at + 4;
	vector.count = count;
	return vector;
}

struct flat_vector flat_get_string(const struct flat_table *table, uint32_t field)
{
	return flat_get_vector(table, field, 1);
}

struct flat_table flat_table_at(const struct flat_vector *vector, uint32_t i)
{
	return table_at(vector->flat, follow(vector->flat, vector->at + 4 * i));
}

int32_t flat_int32_at(const struct flat_vector *vector, uint32_t i)
{
	return (int32_t)load(vector->flat, vector->at + 4 * i, 4);
}

int64_t flat_int64_at(const struct flat_vector *vector, uint32_t i)
{
	return (int64_t)load(vector->flat, vector->at + 8 * i, 8);
}

float flat_float_at(const struct flat_vector *vector, uint32_t i)
{
	return as_float(load(vector->flat, vector->at + 4 * i, 4));
}

const uint8_t *flat_bytes(const struct flat_vector *vector)
{
	return vector->flat->data + vector->at;
}
