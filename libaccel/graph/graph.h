/* SPDX-License-Identifier: MIT */
/*
 * A neural network as a typed graph: what the importers produce, the passes
 * rewrite, the quantiser fills with scales and the compiler places.
 *
 * Tensors are numbered, operations are kept in an order in which they can run.
 * Shapes are always known. Images are NHWC: [batch, height, width, channels];
 * the importers convert other layouts by GRAPH_TRANSPOSE, which a pass removes.
 * Constants are tensors with data. A tensor is written by one operation at
 * most, except states, which are read by GRAPH_READ_STATE and written by
 * GRAPH_WRITE_STATE and keep their value from run to run.
 *
 * Real and integer values: a tensor with quantisation stands for the reals
 *     real = scale * (q - zero_point)
 * with one scale and zero point, or one of each per index of @axis. An
 * operation whose first input is an integer tensor with quantisation computes
 * its real function of the reals its inputs stand for, rounds to the output's
 * scale and saturates to the output's type; cpu/ref_int8.h says with which
 * arithmetic. In a quantised graph activations are GRAPH_I8 with a single
 * scale, weights GRAPH_I8 (usually per output channel with zero point 0, but
 * models that come quantised may have others: see graph_weights_symmetric()),
 * and biases GRAPH_I32 with scale = input scale * weight scale of the channel.
 * Operations left in float stand between GRAPH_DEQUANTIZE and GRAPH_QUANTIZE.
 *
 * Not thread safe; a graph that nobody changes may be read by several threads.
 */
#ifndef ACCEL_GRAPH_H
#define ACCEL_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GRAPH_DIMS	8	/* highest rank */

enum graph_type {
	GRAPH_F32, GRAPH_F16, GRAPH_I8, GRAPH_U8, GRAPH_I16, GRAPH_I32, GRAPH_I64, GRAPH_BOOL,
	GRAPH_TYPES,
};

/**
 * struct graph_quant - what integers stand for
 * @count: 0: not quantised; 1: one scale for all; else one per index of @axis
 * @axis: the dimension, when @count > 1
 * @scale: @count scales, each finite and positive
 * @zero_point: @count zero points
 */
struct graph_quant {
	uint32_t count;
	uint32_t axis;
	float *scale;
	int32_t *zero_point;
};

/**
 * struct graph_tensor - a tensor
 * @name: of the model's file, never NULL
 * @type: enum graph_type
 * @rank: number of dimensions, 0 for a scalar
 * @dims: sizes, slowest first, each at least 1 (0 only in constants); row major
 * @quant: quantisation
 * @data: a constant's value, a state's first value; NULL otherwise
 * @owned: @data is freed with the graph; else it lies in the file the graph
 *         keeps (graph::file)
 * @state: keeps its value from run to run; without @data it starts as zero
 *         (quantised: zero point)
 */
struct graph_tensor {
	char *name;
	uint32_t type;
	uint32_t rank;
	uint32_t dims[GRAPH_DIMS];
	struct graph_quant quant;
	void *data;
	bool owned;
	bool state;
};

/*
 * Operations. [optional] inputs may be GRAPH_NONE. Element-wise operations of
 * two inputs broadcast as NumPy does.
 *
 * kind			inputs					params
 * CONV			x, weights [O,kh,kw,I/groups], [bias O]	conv
 * CONV_TRANSPOSED	x, weights [O,kh,kw,I/groups], [bias]	conv
 * FULLY_CONNECTED	x [..., I], weights [O,I], [bias O]	-
 * MATMUL		a [..., M,K], b [..., K,N]		matmul
 * ADD .. MIN, POW	a, b					-
 * CONCAT		any number				axis
 * PAD			x, [value: scalar constant]		pad
 * MAX_POOL, AVG_POOL	x					pool
 * REDUCE		x					reduce
 * CLIP			x					op.act_min, act_max
 * LEAKY_RELU		x					unary.alpha
 * PRELU		x, slope (broadcasts)			-
 * HARD_SWISH		x	x * min(max(x + 3, 0), 6) / 6	-
 * HARD_SIGMOID		x	min(max(alpha * x + beta, 0), 1)	unary
 * LOGISTIC, TANH	x					-
 * UNARY		x					unary.function
 * BATCH_NORM		x, gamma, beta, mean, variance (last axis)	norm.epsilon
 * LRN			x (last axis)				lrn
 * SOFTMAX, LOG_SOFTMAX	x					softmax
 * RESIZE		x [N,H,W,C]				resize
 * DEPTH_TO_SPACE	x [N,H,W,C]				block
 * SPACE_TO_DEPTH	x [N,H,W,C]				block
 * RESHAPE		x (squeeze, expand, flatten too)	-
 * TRANSPOSE		x					transpose
 * SLICE		x (split, strided slice too)		slice
 * GATHER		x, indices (I32 or I64)			axis
 * BROADCAST		x, to the output's shape (expand; tile: see tile)	-
 * TILE			x, whole copies per dimension		-
 * ARG_MAX		x, output I32 or I64			axis
 * QUANTIZE		x real or quantised			-
 * DEQUANTIZE		x quantised				-
 * CAST			x, by value				-
 * READ_STATE		state tensor				-
 * WRITE_STATE		value, state tensor; no output		-
 *
 * CONV_TRANSPOSED: y[o, iy * stride - pad_top + ky, ...] += x[c, iy, ix] *
 * w[o, ky, kx, c]; what falls outside the output's shape is dropped.
 */
enum graph_kind {
	GRAPH_CONV, GRAPH_CONV_TRANSPOSED, GRAPH_FULLY_CONNECTED, GRAPH_MATMUL,
	GRAPH_ADD, GRAPH_SUB, GRAPH_MUL, GRAPH_DIV, GRAPH_MAX, GRAPH_MIN, GRAPH_POW,
	GRAPH_CONCAT, GRAPH_PAD, GRAPH_MAX_POOL, GRAPH_AVG_POOL, GRAPH_REDUCE,
	GRAPH_CLIP, GRAPH_LEAKY_RELU, GRAPH_PRELU, GRAPH_HARD_SWISH, GRAPH_HARD_SIGMOID,
	GRAPH_LOGISTIC, GRAPH_TANH, GRAPH_UNARY,
	GRAPH_BATCH_NORM, GRAPH_LRN, GRAPH_SOFTMAX, GRAPH_LOG_SOFTMAX, GRAPH_RESIZE,
	GRAPH_DEPTH_TO_SPACE, GRAPH_SPACE_TO_DEPTH, GRAPH_RESHAPE, GRAPH_TRANSPOSE,
	GRAPH_SLICE, GRAPH_GATHER, GRAPH_BROADCAST, GRAPH_TILE, GRAPH_ARG_MAX,
	GRAPH_QUANTIZE, GRAPH_DEQUANTIZE, GRAPH_CAST, GRAPH_READ_STATE, GRAPH_WRITE_STATE,
	GRAPH_KINDS,
};

enum graph_function {
	GRAPH_ABS, GRAPH_NEG, GRAPH_EXP, GRAPH_LOG, GRAPH_SQRT, GRAPH_RSQRT, GRAPH_SQUARE,
	GRAPH_FLOOR, GRAPH_CEIL, GRAPH_ROUND, GRAPH_ELU, GRAPH_SELU, GRAPH_SOFTPLUS,
	GRAPH_SOFTSIGN, GRAPH_GELU, GRAPH_ERF, GRAPH_SIN, GRAPH_COS, GRAPH_RECIPROCAL,
	GRAPH_SIGN, GRAPH_FUNCTIONS,
};

enum graph_pad_mode { GRAPH_PAD_CONSTANT, GRAPH_PAD_REFLECT, GRAPH_PAD_SYMMETRIC, GRAPH_PAD_EDGE };
enum graph_reduction { GRAPH_MEAN, GRAPH_SUM, GRAPH_REDUCE_MAX, GRAPH_REDUCE_MIN, GRAPH_PROD };

/* How RESIZE finds the source coordinate of output index i. */
enum graph_coordinates {
	GRAPH_HALF_PIXEL,		/* (i + 0.5) * in / out - 0.5 */
	GRAPH_PYTORCH_HALF_PIXEL,	/* the same, 0 if out is 1 */
	GRAPH_ASYMMETRIC,		/* i * in / out */
	GRAPH_ALIGN_CORNERS,		/* i * (in - 1) / (out - 1) */
};

/* How RESIZE rounds a coordinate to a pixel, if nearest. */
enum graph_nearest {
	GRAPH_ROUND_HALF_DOWN, GRAPH_ROUND_HALF_UP, GRAPH_ROUND_DOWN, GRAPH_ROUND_UP,
};

/**
 * struct graph_window - a window that slides over height and width
 * @kernel_h: lines; for convolutions the same as the weights' shape
 * @kernel_w: columns
 * @stride_h: lines
 * @stride_w: columns
 * @dilation_h: 1: dense
 * @dilation_w: 1: dense
 * @pad_top: lines of padding, with zero (quantised: with the zero point)
 * @pad_bottom: lines of padding
 * @pad_left: columns of padding
 * @pad_right: columns of padding
 */
struct graph_window {
	uint32_t kernel_h, kernel_w;
	uint32_t stride_h, stride_w;
	uint32_t dilation_h, dilation_w;
	uint32_t pad_top, pad_bottom, pad_left, pad_right;
};

/**
 * union graph_params - parameters, by kind of operation; switches are 0 or not
 *
 * @conv.groups: divides input and output channels; depthwise: input channels
 * @pool.count_padding: AVG_POOL divides by the padded window's size, else by
 *                      the number of elements inside. The last windows may
 *                      reach behind the padding; what lies there never counts
 * @matmul: transpose the last two dimensions first
 * @reduce.axes: bit mask of dimensions; @reduce.keep: they stay as 1
 * @softmax: exp(beta * x) / sum along @softmax.axis
 * @lrn: x / (bias + alpha * sum of squares over size channels, [c - (size - 1) / 2,
 *       c + size / 2])^beta; the sum is not divided by size
 * @resize.scale_h: source size / output size that the coordinates use; 0: the
 *       shapes' quotient
 * @resize.ten_bits: coordinates of INT8 are rounded to ten bits behind the point,
 *       as TFLite computes them; else they are exact
 * @block.crd: DEPTH_TO_SPACE takes channels as [C, b, b], else as [b, b, C]
 * @slice: output index i takes input index start + i * step, per dimension
 */
union graph_params {
	struct {
		struct graph_window window;
		uint32_t groups;
	} conv;
	struct {
		struct graph_window window;
		uint32_t count_padding;
	} pool;
	struct { uint32_t transpose_a, transpose_b; } matmul;
	uint32_t axis;
	struct {
		uint32_t mode;		/* enum graph_pad_mode */
		uint32_t before[GRAPH_DIMS], after[GRAPH_DIMS];
	} pad;
	struct {
		uint32_t reduction;	/* enum graph_reduction */
		uint32_t axes;
		uint32_t keep;
	} reduce;
	struct {
		uint32_t function;	/* enum graph_function */
		float alpha, beta;
	} unary;
	struct { float epsilon; } norm;
	struct {
		uint32_t size;
		float alpha, beta, bias;
	} lrn;
	struct {
		uint32_t axis;
		float beta;
	} softmax;
	struct {
		uint32_t nearest;		/* else bilinear */
		uint32_t coordinates;	/* enum graph_coordinates */
		uint32_t ten_bits;
		uint32_t rounding;	/* enum graph_nearest */
		float scale_h, scale_w;
	} resize;
	struct {
		uint32_t size;
		uint32_t crd;
	} block;
	struct { uint32_t order[GRAPH_DIMS]; } transpose;
	struct {
		int32_t start[GRAPH_DIMS], step[GRAPH_DIMS];
	} slice;
};

#define GRAPH_NONE	UINT32_MAX	/* no tensor */

/**
 * struct graph_op - an operation
 * @kind: enum graph_kind
 * @name: for reports, never NULL; from the file, else its first output's name
 * @inputs: @num_inputs tensors
 * @outputs: @num_outputs tensors: one, or none for GRAPH_WRITE_STATE
 * @act_min: fused clamp of the real result; -INFINITY: none. All of
 *           CONV .. REDUCE and CLIP may have one
 * @act_max: likewise; INFINITY: none
 * @params: by kind
 */
struct graph_op {
	uint32_t kind;
	uint32_t num_inputs, num_outputs;
	char *name;
	uint32_t *inputs;
	uint32_t outputs[1];
	float act_min, act_max;
	union graph_params params;
};

/**
 * struct graph - a network
 * @name: for reports
 * @tensors: @num_tensors tensors; their numbers never change while an
 *           importer, pass or compiler holds them (graph_compact() renumbers)
 * @ops: @num_ops operations in an order in which they can run
 * @inputs: tensors that the user gives
 * @outputs: tensors that the user gets; may be an input, a constant or a state
 * @file: the model file that constants point into, NULL if none
 * @file_size: its size; graph_free() unmaps it
 * @tensor_room: tensors that fit before the array grows
 * @op_room: operations that fit
 */
struct graph {
	char *name;
	uint32_t num_tensors, num_ops, num_inputs, num_outputs;
	struct graph_tensor *tensors;
	struct graph_op *ops;
	uint32_t *inputs, *outputs;
	void *file;
	size_t file_size;
	uint32_t tensor_room, op_room;
};

/* ------------------------------------------------------------ construction */

int graph_new(const char *name, struct graph **out);
void graph_free(struct graph *graph);

/**
 * graph_clone() - a copy
 *
 * The copy owns all of its data and does not need the original.
 */
int graph_clone(const struct graph *graph, struct graph **out);

/**
 * graph_add_tensor() - add a tensor
 * @name: copied; NULL: a name is made up
 *
 * Pointers to tensors are void afterwards.
 *
 * Return: its number, or -ENOMEM, or -EINVAL for a rank or size out of bounds.
 */
int graph_add_tensor(struct graph *graph, const char *name, enum graph_type type, uint32_t rank,
		     const uint32_t *dims);

/* A constant; @data is copied. Return: as graph_add_tensor(). */
int graph_add_const(struct graph *graph, const char *name, enum graph_type type, uint32_t rank,
		    const uint32_t *dims, const void *data);

/**
 * graph_set_quant() - give a tensor @count scales and zero points, copied
 * @zero_point: NULL: all 0
 */
int graph_set_quant(struct graph *graph, uint32_t tensor, uint32_t count, uint32_t axis,
		    const float *scale, const int32_t *zero_point);
int graph_copy_quant(struct graph *graph, uint32_t to, uint32_t from);
void graph_clear_quant(struct graph *graph, uint32_t tensor);

/**
 * graph_add_op() - insert an operation before operation @before
 * @before: graph::num_ops appends
 * @name: copied; NULL: the name of its output
 * @output: the tensor it writes or GRAPH_NONE
 *
 * No activation, parameters zero. Pointers to operations are void afterwards.
 *
 * Return: its number (@before) or -ENOMEM.
 */
int graph_add_op(struct graph *graph, uint32_t before, enum graph_kind kind, const char *name,
		 uint32_t num_inputs, const uint32_t *inputs, uint32_t output);
int graph_op_set_inputs(struct graph_op *op, uint32_t num_inputs, const uint32_t *inputs);

/* Replace every use of a tensor as an input or output of the graph's. */
void graph_replace_uses(struct graph *graph, uint32_t from, uint32_t to);
void graph_remove_op(struct graph *graph, uint32_t op);

/**
 * graph_compact() - drop operations without effect and tensors without use
 *
 * Renumbers tensors and operations. Inputs of the graph stay.
 */
int graph_compact(struct graph *graph);

/* ------------------------------------------------------------------ lookup */

/* Sizes of types and tensors. */
size_t graph_type_size(enum graph_type type);
const char *graph_type_name(enum graph_type type);
const char *graph_kind_name(enum graph_kind kind);
uint64_t graph_elements(const struct graph_tensor *tensor);
uint64_t graph_bytes(const struct graph_tensor *tensor);

/* The operation that writes @tensor, or GRAPH_NONE. */
uint32_t graph_producer(const struct graph *graph, uint32_t tensor);
/* How many inputs of operations and outputs of the graph @tensor is. */
uint32_t graph_use_count(const struct graph *graph, uint32_t tensor);
/* The only operation that reads @tensor, which is no output; else GRAPH_NONE. */
uint32_t graph_only_user(const struct graph *graph, uint32_t tensor);

static inline bool graph_is_const(const struct graph_tensor *tensor)
{
	return tensor->data && !tensor->state;
}

/* Integers that stand for reals, with one scale. */
static inline bool graph_is_quantized(const struct graph_tensor *tensor)
{
	return tensor->quant.count > 0;
}

/* Scale and zero point of index @i along the axis (or of the whole tensor). */
static inline float graph_scale(const struct graph_tensor *tensor, uint32_t i)
{
	return tensor->quant.scale[tensor->quant.count > 1 ? i : 0];
}

static inline int32_t graph_zero_point(const struct graph_tensor *tensor, uint32_t i)
{
	return tensor->quant.zero_point[tensor->quant.count > 1 ? i : 0];
}

/* Are all zero points 0? */
bool graph_weights_symmetric(const struct graph_tensor *tensor);

/* Does @op have an activation? */
bool graph_has_act(const struct graph_op *op);

/**
 * graph_act_range() - an operation's activation in its output's integers
 * @lo: receives max(type's lowest, zero point + round(act_min / scale))
 * @hi: likewise
 *
 * The output must be quantised with one scale.
 */
void graph_act_range(const struct graph *graph, const struct graph_op *op, int32_t *lo,
		     int32_t *hi);

/* ------------------------------------------------------------------- checks */

/**
 * graph_infer() - shape and type of an operation's output from its inputs
 * @op: the operation; its output tensor need not have a shape yet
 * @rank: receives the rank
 * @dims: receives the sizes
 *
 * RESHAPE, BROADCAST, TILE, SLICE, RESIZE and CONV_TRANSPOSED keep the shape
 * that the output has, which is checked; pools may round up (see pool).
 *
 * Return: 0, or -EINVAL with words in accel_error_text().
 */
int graph_infer(const struct graph *graph, const struct graph_op *op, uint32_t *rank,
		uint32_t dims[GRAPH_DIMS]);

/**
 * graph_op_fits() - do the types of an operation's inputs and output fit a kernel?
 *
 * Inputs and output must exist and have shapes that fit, see graph_infer().
 */
bool graph_op_fits(const struct graph *graph, const struct graph_op *op);

/**
 * graph_check() - is everything in order?
 *
 * Numbers in range, ranks, shapes, types and parameters of every operation
 * consistent, every tensor written before it is read, constants of the right
 * size. The kernels and the compiler rely on it and check nothing again.
 *
 * Return: 0, or -EINVAL with operation and reason in accel_error_text().
 */
int graph_check(const struct graph *graph);

/* The same for a graph some of whose constants were stored without their data. */
int graph_check_stored(const struct graph *graph);

/* ------------------------------------------------------------------ storage */

/**
 * graph_store() - write a graph as bytes
 * @keep: for each tensor whether a constant's data is stored; NULL: all. A
 *        constant without data is loaded as a plain tensor
 * @data: receives memory that the caller frees
 * @size: receives its length
 */
int graph_store(const struct graph *graph, const bool *keep, void **data, size_t *size);

/**
 * graph_restore() - the inverse, for bytes of any origin
 * @data: aligned to 8 bytes; must outlive the graph: constants point into it
 *
 * Return: 0; -EINVAL: not what graph_store() writes, or fails graph_check().
 */
int graph_restore(const void *data, size_t size, struct graph **out);

/* One line per operation and tensor, for people. */
void graph_print(const struct graph *graph, void *file);

#endif /* ACCEL_GRAPH_H */
