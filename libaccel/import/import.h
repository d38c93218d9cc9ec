/* SPDX-License-Identifier: MIT */
/*
 * From model files to graphs.
 *
 * Refused with an error text that names operator and place: operators not in
 * Documentation/models.rst, shapes that depend on data, types without kernels,
 * files that are damaged. What comes back passed graph_check().
 */
#ifndef ACCEL_IMPORT_H
#define ACCEL_IMPORT_H

#include <stddef.h>

#include "libaccel/graph/graph.h"

/**
 * struct import_options - what a file leaves open
 * @batch: value of dimensions that the file leaves open, 0: 1
 */
struct import_options {
	uint32_t batch;
};

/**
 * graph_import() - read a TFLite or ONNX model
 * @path: file; the kind is told by its content
 * @options: NULL: defaults
 * @out: receives the graph
 *
 * ONNX tensors that the file stores beside itself are read from its folder.
 *
 * Return: 0; -EINVAL damaged; -ENOTSUP not supported; -ENOMEM; errors of open()
 * and read().
 */
int graph_import(const char *path, const struct import_options *options, struct graph **out);

/**
 * graph_import_memory() - the same from memory
 * @name: for reports and error texts
 * @folder: where data stored beside the model lies; NULL: refuse such models
 */
int graph_import_memory(const char *name, const void *data, size_t size, const char *folder,
			const struct import_options *options, struct graph **out);

/* The two readers; @data must outlive the call only. */
int tflite_import(struct graph *graph, const void *data, size_t size,
		  const struct import_options *options);
int onnx_import(struct graph *graph, const void *data, size_t size, const char *folder,
		const struct import_options *options);

#endif /* ACCEL_IMPORT_H */
