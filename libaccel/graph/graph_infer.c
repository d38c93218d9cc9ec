// SPDX-License-Identifier: MIT
/*
 * Shapes of operations' outputs, and whether their inputs fit together.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "libaccel/dev/error.h"
#include "libaccel/graph/graph.h"

#define MAX_WINDOW	65535

struct shape {
	uint32_t rank;
	uint32_t dims[GRAPH_DIMS];
};

static int refuse(const struct graph_op *op, const char *why)
{
	return accel_error_set(-EINVAL, "operation %s (%s): %s", op->name, graph_kind_name(op->kind),
			       why);
}

static const struct graph_tensor *input(const struct graph *graph, const struct graph_op *op,
					uint32_t i)
{
	return i < op->num_inputs && op->inputs[i] != GRAPH_NONE ?
	       &graph->tensors[op->inputs[i]] : NULL;
}

static void set(struct shape *shape, uint32_t rank, const uint32_t *dims)
{
	shape->rank = rank;
	for (uint32_t i = 0; i < rank && i < GRAPH_DIMS; i++)
		shape->dims[i] = dims[i];
}

static bool same(const struct shape *shape, const struct graph_tensor *tensor)
{
	return shape->rank == tensor->rank &&
	       !memcmp(shape->dims, tensor->dims, tensor->rank * sizeof(*tensor->dims));
}

/* Broadcast @tensor into @shape as NumPy does. */
static bool broadcast(struct shape *shape, const struct graph_tensor *tensor)
{
	struct shape result;

	result.rank = tensor->rank > shape->rank ? tensor->rank : shape->rank;
	for (uint32_t i = 0; i < result.rank; i++) {
		uint32_t back = result.rank - i;
		uint32_t a = back <= shape->rank ? shape->dims[shape->rank - back] : 1;
		uint32_t b = back <= tensor->rank ? tensor->dims[tensor->rank - back] : 1;

		if (a != b && a != 1 && b != 1)
			return false;
		result.dims[i] = a == 1 ? b : a;
	}
	*shape = result;
	return true;
}

static bool window_sane(const struct graph_window *w)
{
	return w->kernel_h && w->kernel_w && w->stride_h && w->stride_w && w->dilation_h &&
	       w->dilation_w && w->kernel_h <= MAX_WINDOW && w->kernel_w <= MAX_WINDOW &&
	       w->stride_h <= MAX_WINDOW && w->stride_w <= MAX_WINDOW &&
	       w->dilation_h <= MAX_WINDOW && w->dilation_w <= MAX_WINDOW &&
	       w->pad_top <= MAX_WINDOW && w->pad_bottom <= MAX_WINDOW &&
	       w->pad_left <= MAX_WINDOW && w->pad_right <= MAX_WINDOW;
}

/* Positions of a window; 0: none. */
static uint32_t positions(uint32_t size, uint32_t before, uint32_t after, uint32_t kernel,
			  uint32_t dilation, uint32_t stride, bool round_up)
{
	uint64_t padded = (uint64_t)size + before + after;
	uint64_t extent = (uint64_t)(kernel - 1) * dilation + 1;
	uint64_t n;

	if (extent > padded)
		return 0;
	n = (padded - extent + (round_up ? stride - 1 : 0)) / stride + 1;
	/* A window must not start behind the input and the padding before it. */
	if (round_up && (n - 1) * stride >= (uint64_t)size + before)
		n--;
	return (uint32_t)n;
}

static int infer_conv(const struct graph *graph, const struct graph_op *op, struct shape *out)
{
	const struct graph_tensor *x = input(graph, op, 0), *w = input(graph, op, 1);
	const struct graph_tensor *bias = input(graph, op, 2);
	const struct graph_tensor *y = &graph->tensors[op->outputs[0]];
	const struct graph_window *window = &op->params.conv.window;
	uint32_t groups = op->params.conv.groups;

	if (x->rank != 4 || w->rank != 4)
		return refuse(op, "input and weights need four dimensions");
	if (!window_sane(window))
		return refuse(op, "kernel, stride, dilation or padding is out of bounds");
	if (window->kernel_h != w->dims[1] || window->kernel_w != w->dims[2])
		return refuse(op, "the kernel is not of the weights' size");
	if (!groups || (uint64_t)w->dims[3] * groups != x->dims[3] || w->dims[0] % groups)
		return refuse(op, "channels, kernels and groups do not fit together");
	if (bias && (bias->rank != 1 || bias->dims[0] != w->dims[0]))
		return refuse(op, "the bias needs one value per output channel");
	set(out, 4, x->dims);
	out->dims[3] = w->dims[0];
	if (op->kind == GRAPH_CONV_TRANSPOSED) {
		if (y->rank != 4 || y->dims[0] != x->dims[0] || y->dims[3] != w->dims[0])
			return refuse(op, "the output's shape does not fit");
		set(out, 4, y->dims);
		return 0;
	}
	out->dims[1] = positions(x->dims[1], window->pad_top, window->pad_bottom, window->kernel_h,
				 window->dilation_h, window->stride_h, false);
	out->dims[2] = positions(x->dims[2], window->pad_left, window->pad_right, window->kernel_w,
				 window->dilation_w, window->stride_w, false);
	if (!out->dims[1] || !out->dims[2])
		return refuse(op, "the kernel is larger than the padded input");
	return 0;
}

static int infer_pool(const struct graph *graph, const struct graph_op *op, struct shape *out)
{
	const struct graph_tensor *x = input(graph, op, 0);
	const struct graph_tensor *y = &graph->tensors[op->outputs[0]];
	const struct graph_window *w = &op->params.pool.window;
	uint32_t h, v;

	if (x->rank != 4)
		return refuse(op, "the input needs four dimensions");
	if (!window_sane(w))
		return refuse(op, "kernel, stride, dilation or padding is out of bounds");
	if (w->pad_top > (w->kernel_h - 1) * w->dilation_h ||
	    w->pad_left > (w->kernel_w - 1) * w->dilation_w)
		return refuse(op, "the padding is wider than the window");
	set(out, 4, x->dims);
	for (int up = 0; up < 2; up++) {
		v = positions(x->dims[1], w->pad_top, w->pad_bottom, w->kernel_h, w->dilation_h,
			      w->stride_h, up);
		h = positions(x->dims[2], w->pad_left, w->pad_right, w->kernel_w, w->dilation_w,
			      w->stride_w, up);
		if (!v || !h)
			return refuse(op, "the window is larger than the padded input");
		if (!up || (y->rank == 4 && y->dims[1] == v && y->dims[2] == h)) {
			out->dims[1] = v;
			out->dims[2] = h;
		}
	}
	/* A last window wholly in the padding has no maximum and no mean. */
	if ((uint64_t)(out->dims[1] - 1) * w->stride_h >= (uint64_t)w->pad_top + x->dims[1] ||
	    (uint64_t)(out->dims[2] - 1) * w->stride_w >= (uint64_t)w->pad_left + x->dims[2])
		return refuse(op, "a window lies wholly in the padding");
	return 0;
}

static int infer_matmul(const struct graph *graph, const struct graph_op *op, struct shape *out)
{
	const struct graph_tensor *a = input(graph, op, 0), *b = input(graph, op, 1);
	bool ta = op->params.matmul.transpose_a, tb = op->params.matmul.transpose_b;
	struct graph_tensor batch;
	uint32_t m, k, k2, n;

	if (a->rank < 2 || b->rank < 2)
		return refuse(op, "both inputs need two dimensions or more");
	m = a->dims[a->rank - 1 - !ta];
	k = a->dims[a->rank - 1 - ta];
	k2 = b->dims[b->rank - 1 - !tb];
	n = b->dims[b->rank - 1 - tb];
	if (k != k2)
		return refuse(op, "the inner dimensions differ");
	set(out, a->rank - 2, a->dims);
	batch = *b;
	batch.rank -= 2;
	if (!broadcast(out, &batch))
		return refuse(op, "the outer dimensions differ");
	out->dims[out->rank++] = m;
	out->dims[out->rank++] = n;
	return 0;
}

static int infer_fully_connected(const struct graph *graph, const struct graph_op *op,
				 struct shape *out)
{
	const struct graph_tensor *x = input(graph, op, 0), *w = input(graph, op, 1);
	const struct graph_tensor *bias = input(graph, op, 2);

	if (!x->rank || w->rank != 2 || x->dims[x->rank - 1] != w->dims[1])
		return refuse(op, "the weights do not fit the input");
	if (bias && (bias->rank != 1 || bias->dims[0] != w->dims[0]))
		return refuse(op, "the bias needs one value per output");
	set(out, x->rank, x->dims);
	out->dims[x->rank - 1] = w->dims[0];
	return 0;
}

static int infer_concat(const struct graph *graph, const struct graph_op *op, struct shape *out)
{
	const struct graph_tensor *x = input(graph, op, 0);
	uint32_t axis = op->params.axis;
	uint64_t sum = 0;

	if (axis >= x->rank)
		return refuse(op, "the axis is out of range");
	for (uint32_t i = 0; i < op->num_inputs; i++) {
		const struct graph_tensor *one = input(graph, op, i);

		if (one->rank != x->rank || one->type != x->type)
			return refuse(op, "the inputs differ in type or dimensions");
		for (uint32_t j = 0; j < x->rank; j++)
			if (j != axis && one->dims[j] != x->dims[j])
				return refuse(op, "the inputs differ in size");
		sum += one->dims[axis];
	}
	set(out, x->rank, x->dims);
	if (sum > UINT32_MAX)
		return refuse(op, "the output is too large");
	out->dims[axis] = (uint32_t)sum;
	return 0;
}

static int infer_pad(const struct graph *graph, const struct graph_op *op, struct shape *out)
{
	const struct graph_tensor *x = input(graph, op, 0), *value = input(graph, op, 1);

	if (op->params.pad.mode > GRAPH_PAD_EDGE)
		return refuse(op, "unknown mode of padding");
	if (value && (!graph_is_const(value) || graph_elements(value) != 1 ||
		      value->type != x->type))
		return refuse(op, "the padding's value must be one constant of the input's type");
	out->rank = x->rank;
	for (uint32_t i = 0; i < x->rank; i++) {
		uint64_t before = op->params.pad.before[i], after = op->params.pad.after[i];
		uint64_t limit = op->params.pad.mode == GRAPH_PAD_REFLECT ? x->dims[i] - 1 :
				 op->params.pad.mode == GRAPH_PAD_SYMMETRIC ? x->dims[i] : UINT32_MAX;

		if (before > limit || after > limit || before + after + x->dims[i] > INT32_MAX)
			return refuse(op, "the padding is too wide");
		out->dims[i] = (uint32_t)(before + after + x->dims[i]);
	}
	return 0;
}

static int infer_reduce(const struct graph *graph, const struct graph_op *op, struct shape *out)
{
	const struct graph_tensor *x = input(graph, op, 0);

	if (op->params.reduce.reduction > GRAPH_PROD || op->params.reduce.axes >> x->rank)
		return refuse(op, "an axis is out of range");
	out->rank = 0;
	for (uint32_t i = 0; i < x->rank; i++) {
		if (!(op->params.reduce.axes >> i & 1))
			out->dims[out->rank++] = x->dims[i];
		else if (op->params.reduce.keep)
			out->dims[out->rank++] = 1;
	}
	return 0;
}

static int infer_block(const struct graph *graph, const struct graph_op *op, struct shape *out)
{
	const struct graph_tensor *x = input(graph, op, 0);
	uint32_t block = op->params.block.size;

	if (x->rank != 4 || !block || block > 1024)
		return refuse(op, "the input needs four dimensions and the block a size");
	set(out, 4, x->dims);
	if (op->kind == GRAPH_DEPTH_TO_SPACE) {
		if (x->dims[3] % (block * block))
			return refuse(op, "the channels are no multiple of the block");
		out->dims[1] *= block;
		out->dims[2] *= block;
		out->dims[3] /= block * block;
	} else {
		if (x->dims[1] % block || x->dims[2] % block)
			return refuse(op, "height or width is no multiple of the block");
		out->dims[1] /= block;
		out->dims[2] /= block;
		out->dims[3] *= block * block;
	}
	return 0;
}

static int infer_transpose(const struct graph *graph, const struct graph_op *op, struct shape *out)
{
	const struct graph_tensor *x = input(graph, op, 0);
	uint32_t seen = 0;

	out->rank = x->rank;
	for (uint32_t i = 0; i < x->rank; i++) {
		uint32_t from = op->params.transpose.order[i];

		if (from >= x->rank || seen >> from & 1)
			return refuse(op, "the order is no permutation");
		seen |= 1U << from;
		out->dims[i] = x->dims[from];
	}
	return 0;
}

static int infer_gather(const struct graph *graph, const struct graph_op *op, struct shape *out)
{
	const struct graph_tensor *x = input(graph, op, 0), *index = input(graph, op, 1);
	uint32_t axis = op->params.axis;

	if (axis >= x->rank || x->rank - 1 + index->rank > GRAPH_DIMS)
		return refuse(op, "the axis is out of range");
	if (index->type != GRAPH_I32 && index->type != GRAPH_I64)
		return refuse(op, "indices need type int32 or int64");
	out->rank = 0;
	for (uint32_t i = 0; i < axis; i++)
		out->dims[out->rank++] = x->dims[i];
	for (uint32_t i = 0; i < index->rank; i++)
		out->dims[out->rank++] = index->dims[i];
	for (uint32_t i = axis + 1; i < x->rank; i++)
		out->dims[out->rank++] = x->dims[i];
	return 0;
}

/* Kinds whose output's shape is a parameter: is it a possible one? */
static int infer_given(const struct graph *graph, const struct graph_op *op, struct shape *out)
{
	const struct graph_tensor *x = input(graph, op, 0);
	const struct graph_tensor *y = &graph->tensors[op->outputs[0]];
	struct shape shape;

	set(out, y->rank, y->dims);
	switch (op->kind) {
	case GRAPH_RESHAPE:
		if (graph_elements(x) != graph_elements(y))
			return refuse(op, "the new shape has another number of elements");
		return 0;
	case GRAPH_BROADCAST:
		set(&shape, x->rank, x->dims);
		if (x->rank > y->rank || !broadcast(&shape, y) || !same(&shape, y))
			return refuse(op, "the input does not extend to the output's shape");
		return 0;
	case GRAPH_TILE:
		if (x->rank != y->rank)
			return refuse(op, "input and output differ in dimensions");
		for (uint32_t i = 0; i < x->rank; i++)
			if (!x->dims[i] || y->dims[i] % x->dims[i])
				return refuse(op, "the output is no whole number of copies");
		return 0;
	case GRAPH_RESIZE:
		if (x->rank != 4 || y->rank != 4 || x->dims[0] != y->dims[0] ||
		    x->dims[3] != y->dims[3])
			return refuse(op, "only height and width can be resized");
		if (op->params.resize.coordinates > GRAPH_ALIGN_CORNERS ||
		    op->params.resize.rounding > GRAPH_ROUND_UP ||
		    !(op->params.resize.scale_h >= 0) || !(op->params.resize.scale_w >= 0) ||
		    !isfinite(op->params.resize.scale_h) || !isfinite(op->params.resize.scale_w))
			return refuse(op, "unknown way to resize");
		return 0;
	default:	/* GRAPH_SLICE */
		if (x->rank != y->rank)
			return refuse(op, "input and output differ in dimensions");
		for (uint32_t i = 0; i < x->rank; i++) {
			int64_t first = op->params.slice.start[i];
			int64_t last = first + (int64_t)op->params.slice.step[i] * ((int64_t)y->dims[i] - 1);

			if (y->dims[i] && (first < 0 || first >= x->dims[i] || last < 0 ||
					   last >= x->dims[i]))
				return refuse(op, "the slice reaches out of the input");
		}
		return 0;
	}
}

static int infer_same(const struct graph *graph, const struct graph_op *op, struct shape *out)
{
	const struct graph_tensor *x = input(graph, op, 0), *slope;

	set(out, x->rank, x->dims);
	switch (op->kind) {
	case GRAPH_PRELU:
		slope = input(graph, op, 1);
		if (!broadcast(out, slope) || !same(out, x))
			return refuse(op, "the slope does not fit the input");
		break;
	case GRAPH_BATCH_NORM:
		for (uint32_t i = 1; i < 5; i++) {
			const struct graph_tensor *one = input(graph, op, i);

			if (!x->rank || one->rank != 1 || one->dims[0] != x->dims[x->rank - 1])
				return refuse(op, "needs one value of each kind per channel");
		}
		break;
	case GRAPH_LRN:
		if (!x->rank || !op->params.lrn.size || op->params.lrn.size > MAX_WINDOW)
			return refuse(op, "the window is out of bounds");
		break;
	case GRAPH_SOFTMAX:
	case GRAPH_LOG_SOFTMAX:
		if (op->params.softmax.axis >= x->rank)
			return refuse(op, "the axis is out of range");
		break;
	case GRAPH_UNARY:
		if (op->params.unary.function >= GRAPH_FUNCTIONS)
			return refuse(op, "unknown function");
		break;
	}
	return 0;
}

/* Are all inputs there that the kind needs? Optional ones come last. */
static bool inputs_fit(const struct graph_op *op)
{
	uint32_t least, most, given = 0;

	switch (op->kind) {
	case GRAPH_CONV: case GRAPH_CONV_TRANSPOSED: case GRAPH_FULLY_CONNECTED:
		least = 2, most = 3;
		break;
	case GRAPH_MATMUL: case GRAPH_ADD: case GRAPH_SUB: case GRAPH_MUL: case GRAPH_DIV:
	case GRAPH_MAX: case GRAPH_MIN: case GRAPH_POW: case GRAPH_PRELU: case GRAPH_GATHER:
	case GRAPH_WRITE_STATE:
		least = most = 2;
		break;
	case GRAPH_CONCAT:
		least = 1, most = UINT32_MAX;
		break;
	case GRAPH_PAD:
		least = 1, most = 2;
		break;
	case GRAPH_BATCH_NORM:
		least = most = 5;
		break;
	default:
		least = most = 1;
	}
	for (uint32_t i = 0; i < op->num_inputs; i++) {
		if (op->inputs[i] == GRAPH_NONE && i < (op->kind == GRAPH_CONCAT ? UINT32_MAX : least))
			return false;
		given = i + 1;
	}
	return given >= least && given <= most &&
	       op->num_outputs == (op->kind != GRAPH_WRITE_STATE);
}

int graph_infer(const struct graph *graph, const struct graph_op *op, uint32_t *rank,
		uint32_t dims[GRAPH_DIMS])
{
	struct shape out = { 0 };
	const struct graph_tensor *x;
	int err = 0;

	if (op->kind >= GRAPH_KINDS || !inputs_fit(op))
		return refuse(op, "wrong number of inputs or outputs");
	x = input(graph, op, 0);
	switch (op->kind) {
	case GRAPH_CONV:
	case GRAPH_CONV_TRANSPOSED:
		err = infer_conv(graph, op, &out);
		break;
	case GRAPH_FULLY_CONNECTED:
		err = infer_fully_connected(graph, op, &out);
		break;
	case GRAPH_MATMUL:
		err = infer_matmul(graph, op, &out);
		break;
	case GRAPH_ADD: case GRAPH_SUB: case GRAPH_MUL: case GRAPH_DIV: case GRAPH_MAX:
	case GRAPH_MIN: case GRAPH_POW:
		set(&out, x->rank, x->dims);
		if (!broadcast(&out, input(graph, op, 1)))
			err = refuse(op, "the shapes do not fit together");
		break;
	case GRAPH_CONCAT:
		err = infer_concat(graph, op, &out);
		break;
	case GRAPH_PAD:
		err = infer_pad(graph, op, &out);
		break;
	case GRAPH_MAX_POOL:
	case GRAPH_AVG_POOL:
		err = infer_pool(graph, op, &out);
		break;
	case GRAPH_REDUCE:
		err = infer_reduce(graph, op, &out);
		break;
	case GRAPH_RESIZE: case GRAPH_RESHAPE: case GRAPH_SLICE: case GRAPH_BROADCAST:
	case GRAPH_TILE:
		err = infer_given(graph, op, &out);
		break;
	case GRAPH_DEPTH_TO_SPACE:
	case GRAPH_SPACE_TO_DEPTH:
		err = infer_block(graph, op, &out);
		break;
	case GRAPH_TRANSPOSE:
		err = infer_transpose(graph, op, &out);
		break;
	case GRAPH_GATHER:
		err = infer_gather(graph, op, &out);
		break;
	case GRAPH_ARG_MAX:
		if (op->params.axis >= x->rank)
			return refuse(op, "the axis is out of range");
		for (uint32_t i = 0; i < x->rank; i++)
			if (i != op->params.axis)
				out.dims[out.rank++] = x->dims[i];
		break;
	case GRAPH_WRITE_STATE:
		set(&out, x->rank, x->dims);
		if (!input(graph, op, 1)->state || !same(&out, input(graph, op, 1)) ||
		    input(graph, op, 1)->type != x->type)
			err = refuse(op, "the value is not of the variable's shape or type");
		break;
	default:
		err = infer_same(graph, op, &out);
	}
	if (err)
		return err;
	*rank = out.rank;
	memcpy(dims, out.dims, sizeof(out.dims));
	return 0;
}
