/* SPDX-License-Identifier: MIT */
/*
 * From a graph to an artefact, with a cache in between.
 */
#ifndef ACCEL_COMPILE_H
#define ACCEL_COMPILE_H

#include "libaccel/graph/graph.h"
#include "lower.h"

/**
 * model_compile() - compile a graph for some configurations
 * @graph: checked, passes done, quantised where it is to run on the NPU
 * @configs: names
 * @count: how many, 1 to 16
 * @options: choices
 * @source: hash of what the graph was made from, kept in the artefact; 0: none
 * @data: receives the artefact, which the caller frees
 *
 * Return: 0; -EINVAL unknown configuration; -ENOMEM.
 */
int model_compile(const struct graph *graph, const char *const *configs, uint32_t count,
		  const struct lower_options *options, uint64_t source, void **data,
		  size_t *size);

/* Hash of bytes, chained: start with 0. Never 0. */
uint64_t model_hash(uint64_t before, const void *data, size_t size);
/* The same of a file's contents; 0 when it cannot be read. */
uint64_t model_hash_file(uint64_t before, const char *path);

/**
 * model_cache_file() - the name of a file in the cache
 * @path: receives it; @room bytes
 *
 * In $ACCEL_CACHE, else $XDG_CACHE_HOME/accel, else ~/.cache/accel, which is
 * made if it can be.
 */
void model_cache_file(const char *name, char *path, size_t room);

/**
 * model_cache_find() - is there an artefact of this hash?
 * @path: receives the file's name, whether it is there or not; @room bytes
 */
bool model_cache_find(uint64_t source, char *path, size_t room);

/* Write a file at once, so that nobody ever sees half of it; a device or pipe as it is. */
int model_write(const char *path, const void *data, size_t size);

#endif /* ACCEL_COMPILE_H */
