/* SPDX-License-Identifier: MIT */
/*
 * Reading flatbuffers: tables, vectors, strings and scalars of a file of any
 * origin. Every access is checked against the file's end; whatever is out of
 * bounds reads as absent and sets @broken, which the caller looks at in the
 * end.
 *
 * Format: little endian. A table starts with the distance back to its vtable;
 * the vtable has its own length, the table's length and per field the field's
 * distance from the table's start (0: absent). References are distances
 * forward from where they are stored. A vector is a count and its elements.
 */
#ifndef ACCEL_TFLITE_READER_H
#define ACCEL_TFLITE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct flat {
	const uint8_t *data;
	size_t size;
	bool broken;
};

/* A table; position 0 is "absent": every field of it is absent. */
struct flat_table {
	struct flat *flat;
	uint32_t at, size, vtable, vtable_size;
};

/* A vector of @count elements at @at. */
struct flat_vector {
	struct flat *flat;
	uint32_t at, count;
};

/* The root table, if the file carries @identifier. */
struct flat_table flat_root(struct flat *flat, const char identifier[4]);

/* Field number @field (0, 1, ... in the schema's order) of a table. */
struct flat_table flat_get_table(const struct flat_table *table, uint32_t field);
/* Field that is a vector of elements of @size bytes. */
struct flat_vector flat_get_vector(const struct flat_table *table, uint32_t field, uint32_t size);
/* Field that is a string, up to its length: copied by the caller. */
struct flat_vector flat_get_string(const struct flat_table *table, uint32_t field);
int64_t flat_get_int(const struct flat_table *table, uint32_t field, uint32_t size,
		     int64_t absent);
uint64_t flat_get_uint(const struct flat_table *table, uint32_t field, uint32_t size,
		       uint64_t absent);
float flat_get_float(const struct flat_table *table, uint32_t field, float absent);
bool flat_has(const struct flat_table *table, uint32_t field);

/* Elements; @i must be less than the count. */
struct flat_table flat_table_at(const struct flat_vector *vector, uint32_t i);
int32_t flat_int32_at(const struct flat_vector *vector, uint32_t i);
int64_t flat_int64_at(const struct flat_vector *vector, uint32_t i);
float flat_float_at(const struct flat_vector *vector, uint32_t i);
/* The vector's bytes. */
const uint8_t *flat_bytes(const struct flat_vector *vector);

#endif /* ACCEL_TFLITE_READER_H */
