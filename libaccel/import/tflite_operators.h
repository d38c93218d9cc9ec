/* SPDX-License-Identifier: MIT */
/*
 * Numbers of TFLite's operators that the importer knows: the schema's
 * BuiltinOperator.
 */
#ifndef ACCEL_TFLITE_OPERATORS_H
#define ACCEL_TFLITE_OPERATORS_H

#include "libaccel/import/import_build.h"
#include "libaccel/import/tflite_import.h"

enum tflite_operator {
	TFLITE_ADD = 0,
	TFLITE_AVERAGE_POOL_2D = 1,
	TFLITE_CONCATENATION = 2,
	TFLITE_CONV_2D = 3,
	TFLITE_DEPTHWISE_CONV_2D = 4,
	TFLITE_DEPTH_TO_SPACE = 5,
	TFLITE_DEQUANTIZE = 6,
	TFLITE_FLOOR = 8,
	TFLITE_FULLY_CONNECTED = 9,
	TFLITE_LOCAL_RESPONSE_NORMALIZATION = 13,
	TFLITE_LOGISTIC = 14,
	TFLITE_MAX_POOL_2D = 17,
	TFLITE_MUL = 18,
	TFLITE_RELU = 19,
	TFLITE_RELU_N1_TO_1 = 20,
	TFLITE_RELU6 = 21,
	TFLITE_RESHAPE = 22,
	TFLITE_RESIZE_BILINEAR = 23,
	TFLITE_SOFTMAX = 25,
	TFLITE_SPACE_TO_DEPTH = 26,
	TFLITE_TANH = 28,
	TFLITE_CUSTOM = 32,
	TFLITE_PAD = 34,
	TFLITE_GATHER = 36,
	TFLITE_TRANSPOSE = 39,
	TFLITE_MEAN = 40,
	TFLITE_SUB = 41,
	TFLITE_DIV = 42,
	TFLITE_SQUEEZE = 43,
	TFLITE_STRIDED_SLICE = 45,
	TFLITE_EXP = 47,
	TFLITE_SPLIT = 49,
	TFLITE_LOG_SOFTMAX = 50,
	TFLITE_CAST = 53,
	TFLITE_PRELU = 54,
	TFLITE_MAXIMUM = 55,
	TFLITE_ARG_MAX = 56,
	TFLITE_MINIMUM = 57,
	TFLITE_NEG = 59,
	TFLITE_PADV2 = 60,
	TFLITE_SLICE = 65,
	TFLITE_SIN = 66,
	TFLITE_TRANSPOSE_CONV = 67,
	TFLITE_TILE = 69,
	TFLITE_EXPAND_DIMS = 70,
	TFLITE_LOG = 73,
	TFLITE_SUM = 74,
	TFLITE_SQRT = 75,
	TFLITE_RSQRT = 76,
	TFLITE_SHAPE = 77,
	TFLITE_POW = 78,
	TFLITE_REDUCE_PROD = 81,
	TFLITE_REDUCE_MAX = 82,
	TFLITE_PACK = 83,
	TFLITE_UNPACK = 88,
	TFLITE_REDUCE_MIN = 89,
	TFLITE_SQUARE = 92,
	TFLITE_RESIZE_NEAREST_NEIGHBOR = 97,
	TFLITE_LEAKY_RELU = 98,
	TFLITE_MIRROR_PAD = 100,
	TFLITE_ABS = 101,
	TFLITE_SPLIT_V = 102,
	TFLITE_CEIL = 104,
	TFLITE_COS = 108,
	TFLITE_ELU = 111,
	TFLITE_QUANTIZE = 114,
	TFLITE_ROUND = 116,
	TFLITE_HARD_SWISH = 117,
	TFLITE_BATCH_MATMUL = 126,
	TFLITE_CALL_ONCE = 129,
	TFLITE_BROADCAST_TO = 130,
	TFLITE_VAR_HANDLE = 142,
	TFLITE_READ_VARIABLE = 143,
	TFLITE_ASSIGN_VARIABLE = 144,
	TFLITE_GELU = 150,
	TFLITE_RELU_0_TO_1 = 152,
	TFLITE_SIGN = 158,
};

/* An operator and where it goes. */
struct tflite_args {
	struct graph *graph;
	const struct tflite_op *op;
};

/* Append one of those that change shapes; -ENOTSUP for any other. */
int tflite_import_shape_op(const struct tflite_args *args);

static inline const struct graph_tensor *in(const struct tflite_args *args, uint32_t i)
{
	return &args->graph->tensors[args->op->in[i]];
}

static inline int64_t option(const struct tflite_args *args, uint32_t field, uint32_t size,
			     int64_t absent)
{
	return flat_get_int(&args->op->options, field, size, absent);
}

static inline bool given(const struct tflite_args *args, uint32_t i)
{
	return i < args->op->num_in && args->op->in[i] != GRAPH_NONE;
}

/* The operator as one operation of the graph, with all its inputs. */
static inline int emit(const struct tflite_args *args, enum graph_kind kind,
		       const union graph_params *params)
{
	return build_op(args->graph, kind, NULL, args->op->num_in, args->op->in, args->op->out[0],
			params);
}

/* Constant input @i as numbers, see build_integers(). */
static inline int integers(const struct tflite_args *args, uint32_t i, const char *what,
			   uint32_t most, int64_t *values)
{
	return build_integers(args->graph, given(args, i) ? args->op->in[i] : GRAPH_NONE, what, most,
			      values);
}

#endif /* ACCEL_TFLITE_OPERATORS_H */
