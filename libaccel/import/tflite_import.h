/* SPDX-License-Identifier: MIT */
/*
 * Between the reader of a TFLite model's structure and of its operators.
 */
#ifndef ACCEL_TFLITE_IMPORT_H
#define ACCEL_TFLITE_IMPORT_H

#include "libaccel/graph/graph.h"
#include "libaccel/import/tflite_reader.h"

/* Tensor types of the schema. */
enum tflite_type {
	TFLITE_FLOAT32, TFLITE_FLOAT16, TFLITE_INT32, TFLITE_UINT8, TFLITE_INT64, TFLITE_STRING,
	TFLITE_BOOL, TFLITE_INT16, TFLITE_COMPLEX64, TFLITE_INT8, TFLITE_FLOAT64,
	TFLITE_COMPLEX128, TFLITE_UINT64, TFLITE_RESOURCE,
};

/* A variable: its name in the file and its tensor in the graph. */
struct tflite_state {
	struct flat_vector name;
	uint32_t tensor;	/* GRAPH_NONE: not known yet */
};

/**
 * struct tflite - a model being read
 * @graph: what becomes of it
 * @flat: the file
 * @subgraph: tensors and operators being read
 * @tensors: per tensor of @subgraph the graph's
 * @num_tensors: their number
 * @handle: per tensor of @subgraph the state that a VAR_HANDLE put there + 1
 * @states: variables of the model
 * @num_states: their number
 * @copied: bytes of constants so far
 * @calls: of CALL_ONCE so far
 */
struct tflite {
	struct graph *graph;
	struct flat *flat;
	struct flat_table model, subgraph;
	uint32_t *tensors, *handle;
	uint32_t num_tensors;
	struct tflite_state *states;
	uint32_t num_states;
	uint64_t copied;
	uint32_t calls;
};

/**
 * struct tflite_op - an operator
 * @code: of the schema's BuiltinOperator
 * @options: its table of options, maybe absent
 * @custom: its custom options, maybe empty
 * @name: of its first output
 * @in: the graph's tensors, GRAPH_NONE for those left out
 * @out: the graph's tensors
 */
struct tflite_op {
	uint32_t code;
	struct flat_table options;
	struct flat_vector custom;
	const char *name;
	uint32_t num_in, num_out;
	uint32_t *in, *out;
};

/* Name of a BuiltinOperator. */
const char *tflite_operator_name(uint32_t code);

/* Append what @op computes to the graph. */
int tflite_import_op(struct tflite *tflite, const struct tflite_op *op);

/* The same for the custom operator @name; -ENOTSUP if there is none. */
int tflite_import_custom(struct tflite *tflite, const struct tflite_op *op, const char *name);

#endif /* ACCEL_TFLITE_IMPORT_H */
