/* SPDX-License-Identifier: MIT */
/*
 * Arrays that grow while a model is compiled.
 */
#ifndef ACCEL_MODEL_ARRAY_H
#define ACCEL_MODEL_ARRAY_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/* Room for one more element; false and *@error once memory ran out. */
static inline bool array_grow(int *error, void *array, uint32_t *room, uint32_t count, size_t size)
{
	void *larger;
	uint32_t more;

	if (*error)
		return false;
	if (count < *room)
		return true;
	more = *room ? *room * 2 : 64;
	larger = realloc(*(void **)array, more * size);
	if (!larger) {
		*error = -ENOMEM;
		return false;
	}
	*(void **)array = larger;
	*room = more;
	return true;
}

/* For @owner with an error and, per @name, names, name_room and name_count. */
#define ARRAY_GROW(owner, name) \
	array_grow(&(owner)->error, &(owner)->name##s, &(owner)->name##_room, \
		   (owner)->name##_count, sizeof(*(owner)->name##s))

#endif /* ACCEL_MODEL_ARRAY_H */
