/* SPDX-License-Identifier: MIT */
#ifndef ACCEL_DUMP_H
#define ACCEL_DUMP_H

#include <stdbool.h>
#include <stddef.h>

/* Whether @data is a devcoredump of the driver. */
bool dump_is_coredump(const char *data, size_t size);

/**
 * dump_coredump() - describe a devcoredump
 * @registers: print all registers, not only the states of units
 */
int dump_coredump(const char *data, size_t size, bool registers);

/**
 * dump_artefact() - describe a compiled model
 * @path: the file
 * @config: only this configuration, or NULL
 * @programs: print every operation's registers
 *
 * Return: 0 or a negative errno with accel_error_text().
 */
int dump_artefact(const char *path, const char *config, bool programs);

#endif /* ACCEL_DUMP_H */
