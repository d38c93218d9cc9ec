// SPDX-License-Identifier: MIT
/*
 * Rewriting graphs: all passes until nothing changes; what does nothing; fusing
 * of activations and padding.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libaccel/dev/error.h"
#include "libaccel/graph/passes.h"

#define ROUNDS	64	/* bounds the work on graphs made to be hard */

static bool same_quant(const struct graph_tensor *a, const struct graph_tensor *b)
{
	return a->quant.count == b->quant.count && (!a->quant.count || (a->quant.count == 1 &&
		a->quant.scale[0] == b->quant.scale[0] &&
		a->quant.zero_point[0] == b->quant.zero_point[0]));
}

static bool same_shape(const struct graph_tensor *a, const struct graph_tensor *b)
{
	return a->rank == b->rank && !memcmp(a->dims, b->dims, a->rank * sizeof(*a->dims));
}

static bool is_output(const struct graph *graph, uint32_t tensor)
{
	for (uint32_t i = 0; i < graph->num_outputs; i++)
		if (graph->outputs[i] == tensor)
			return true;
	return false;
}

static bool is_identity(const struct graph *graph, const struct graph_op *op)
{
	const struct graph_tensor *x = &graph->tensors[op->inputs[0]];
	const struct graph_tensor *y = &graph->tensors[op->outputs[0]];

	if (graph_has_act(op) || x->type != y->type || !same_shape(x, y) || !same_quant(x, y) || x->state)
		return false;
	switch (op->kind) {
	case GRAPH_RESHAPE: case GRAPH_CAST: case GRAPH_BROADCAST: case GRAPH_TILE:
	case GRAPH_QUANTIZE: case GRAPH_CLIP:
		return true;
	case GRAPH_CONCAT:
		return op->num_inputs == 1;
	case GRAPH_SLICE:
		for (uint32_t i = 0; i < x->rank; i++)
			if (op->params.slice.step[i] < 0 && x->dims[i] > 1)
				return false;
		return true;
	case GRAPH_PAD:
		return true;	/* the shapes are the same */
	case GRAPH_TRANSPOSE:
		for (uint32_t i = 0; i < x->rank; i++)
			if (op->params.transpose.order[i] != i)
				return false;
		return true;
	default:
		return false;
	}
}

/*
 * Let users of @from use @to. An output of the graph keeps its name and number:
 * then @to's producer writes it, if that is possible.
 */
static bool bypass(struct graph *graph, uint32_t from, uint32_t to)
{
	uint32_t producer;

	if (!is_output(graph, from)) {
		graph_replace_uses(graph, from, to);
		return true;
	}
	producer = graph_producer(graph, to);
	if (producer == GRAPH_NONE || is_output(graph, to))
		return false;
	graph->ops[producer].outputs[0] = from;
	graph_replace_uses(graph, to, from);
	return true;
}

int pass_drop_idle(struct graph *graph, bool *changed)
{
	for (uint32_t i = 0; i < graph->num_ops; i++) {
		struct graph_op *op = &graph->ops[i];
		uint32_t before, x, y;

		if (!op->num_outputs)
			continue;
		x = op->inputs[0];
		y = op->outputs[0];
		/* A reshape of a reshape needs the last one only. */
		before = op->kind == GRAPH_RESHAPE ? graph_producer(graph, x) : GRAPH_NONE;
		if (before != GRAPH_NONE && graph->ops[before].kind == GRAPH_RESHAPE &&
		    same_quant(&graph->tensors[x], &graph->tensors[y]) &&
		    same_quant(&graph->tensors[x], &graph->tensors[graph->ops[before].inputs[0]]) &&
		    !graph->tensors[graph->ops[before].inputs[0]].state) {
			op->inputs[0] = graph->ops[before].inputs[0];
			*changed = true;
			x = op->inputs[0];
		}
		if (!is_identity(graph, op))
			continue;
		/* The operation must be gone before its output has another producer. */
		op->outputs[0] = GRAPH_NONE;
		if (!bypass(graph, y, x)) {
			graph->ops[i].outputs[0] = y;
			continue;
		}
		graph_remove_op(graph, i--);
		*changed = true;
	}
	return 0;
}

static bool takes_act(uint32_t kind)
{
	return kind <= GRAPH_REDUCE || kind == GRAPH_CLIP || kind == GRAPH_BATCH_NORM;
}

/* A clamp behind an operation becomes its activation. */
static void fuse_act(struct graph *graph, uint32_t number, bool *changed)
{
	struct graph_op *op = &graph->ops[number], *before;
	uint32_t producer = graph_producer(graph, op->inputs[0]);
	struct graph_tensor *x = &graph->tensors[op->inputs[0]];
	struct graph_tensor *y = &graph->tensors[op->outputs[0]];

	if (producer == GRAPH_NONE || graph_only_user(graph, op->inputs[0]) != number)
		return;
	before = &graph->ops[producer];
	/*
	 * On integers the value in between was rounded to its own scale. That
	 * is only known to make no difference when the scales agree.
	 */
	if (!takes_act(before->kind) || x->type != y->type || !same_quant(x, y))
		return;
	before->act_min = fminf(fmaxf(before->act_min, op->act_min), op->act_max);
	before->act_max = fmaxf(fminf(before->act_max, op->act_max), op->act_min);
	before->outputs[0] = op->outputs[0];
	graph_remove_op(graph, number);
	*changed = true;
}

/* Does @op pad with what stands for zero? */
static bool value_is_zero(const struct graph *graph, const struct graph_op *op)
{
	const struct graph_tensor *x = &graph->tensors[op->inputs[0]];
	const struct graph_tensor *value = op->num_inputs > 1 && op->inputs[1] != GRAPH_NONE ?
					   &graph->tensors[op->inputs[1]] : NULL;

	if (op->params.pad.mode != GRAPH_PAD_CONSTANT)
		return false;
	if (!value)
		return true;
	if (value->type == GRAPH_F32)
		return *(const float *)value->data == 0;
	return value->type == GRAPH_I8 && graph_is_quantized(x) &&
	       *(const int8_t *)value->data == graph_zero_point(x, 0);
}

/* Height and width only? */
static bool pads_with_zero(const struct graph *graph, const struct graph_op *op)
{
	return value_is_zero(graph, op) && graph->tensors[op->inputs[0]].rank == 4 &&
	       !op->params.pad.before[0] && !op->params.pad.after[0] &&
	       !op->params.pad.before[3] && !op->params.pad.after[3];
}

/* Zero padding in front of a convolution or an average that counts it. */
static void fuse_pad(struct graph *graph, uint32_t number, bool *changed)
{
	struct graph_op *op = &graph->ops[number], *pad;
	uint32_t producer = graph_producer(graph, op->inputs[0]);
	struct graph_window *w = op->kind == GRAPH_CONV ? &op->params.conv.window :
				 &op->params.pool.window;
	const struct graph_tensor *padded = &graph->tensors[op->inputs[0]];

	if (producer == GRAPH_NONE || graph->ops[producer].kind != GRAPH_PAD)
		return;
	pad = &graph->ops[producer];
	if (!pads_with_zero(graph, pad) || graph_has_act(pad) ||
	    !same_quant(padded, &graph->tensors[pad->inputs[0]]))
		return;
	if (op->kind == GRAPH_AVG_POOL) {
		/* Only what is inside counts, or what is padded too: one of them. */
		bool own = w->pad_top || w->pad_bottom || w->pad_left || w->pad_right;
		const struct graph_tensor *x = &graph->tensors[pad->inputs[0]];
		const struct graph_tensor *y = &graph->tensors[op->outputs[0]];
		uint64_t top = (uint64_t)pad->params.pad.before[1] + w->pad_top;
		uint64_t left = (uint64_t)pad->params.pad.before[2] + w->pad_left;

		if ((own && !op->params.pool.count_padding) ||
		    top > (w->kernel_h - 1) * w->dilation_h ||
		    left > (w->kernel_w - 1) * w->dilation_w ||
		    (uint64_t)(y->dims[1] - 1) * w->stride_h >= top + x->dims[1] ||
		    (uint64_t)(y->dims[2] - 1) * w->stride_w >= left + x->dims[2] ||
		    (uint64_t)(y->dims[1] - 1) * w->stride_h + (w->kernel_h - 1) * w->dilation_h + 1 >
			    (uint64_t)padded->dims[1] + w->pad_top + w->pad_bottom ||
		    (uint64_t)(y->dims[2] - 1) * w->stride_w + (w->kernel_w - 1) * w->dilation_w + 1 >
			    (uint64_t)padded->dims[2] + w->pad_left + w->pad_right)
			return;
		op->params.pool.count_padding = true;
	}
	w->pad_top += pad->params.pad.before[1];
	w->pad_bottom += pad->params.pad.after[1];
	w->pad_left += pad->params.pad.before[2];
	w->pad_right += pad->params.pad.after[2];
	op->inputs[0] = pad->inputs[0];
	*changed = true;
}

/* A mean or maximum over height and width is a pooling of the whole image. */
static int pool_for_reduce(struct graph *graph, uint32_t number, bool *changed)
{
	struct graph_op *op = &graph->ops[number];
	const struct graph_tensor *x = &graph->tensors[op->inputs[0]];
	bool mean = op->params.reduce.reduction == GRAPH_MEAN, keep = op->params.reduce.keep;
	uint32_t dims[4] = { x->dims[0], 1, 1, x->dims[3] }, output = op->outputs[0];
	struct graph_window window = { x->dims[1], x->dims[2], 1, 1, 1, 1, 0, 0, 0, 0 };
	int id;

	if (x->rank != 4 || op->params.reduce.axes != 6 || x->type == GRAPH_I32 ||
	    x->type == GRAPH_I64 || (!mean && op->params.reduce.reduction != GRAPH_REDUCE_MAX))
		return 0;
	*changed = true;
	if (!keep) {
		id = graph_add_tensor(graph, NULL, x->type, 4, dims);
		if (id < 0)
			return id;
		if (graph_copy_quant(graph, (uint32_t)id, output))
			return -ENOMEM;
		graph->ops[number].outputs[0] = (uint32_t)id;
		id = graph_add_op(graph, number + 1, GRAPH_RESHAPE, NULL, 1,
				  (uint32_t[]){ (uint32_t)id }, output);
		if (id < 0)
			return id;
	}
	op = &graph->ops[number];
	op->kind = mean ? GRAPH_AVG_POOL : GRAPH_MAX_POOL;
	memset(&op->params, 0, sizeof(op->params));
	op->params.pool.window = window;
	return 0;
}

/*
 * Padding, transpose, convolution: the padding moves behind the transpose, from
 * where fuse_pad() takes it.
 */
static int pull_pad(struct graph *graph, uint32_t number, bool *changed)
{
	uint32_t transpose = graph_producer(graph, graph->ops[number].inputs[0]), dims[GRAPH_DIMS];
	uint32_t pad = transpose == GRAPH_NONE || graph->ops[transpose].kind != GRAPH_TRANSPOSE ?
		       GRAPH_NONE : graph_producer(graph, graph->ops[transpose].inputs[0]);
	uint32_t order[GRAPH_DIMS], source, output, num_inputs, inputs[2];
	union graph_params params;
	const struct graph_tensor *x;
	int id;

	if (pad == GRAPH_NONE || graph->ops[pad].kind != GRAPH_PAD || graph_has_act(&graph->ops[pad]) ||
	    !value_is_zero(graph, &graph->ops[pad]) ||
	    graph_only_user(graph, graph->ops[transpose].inputs[0]) != transpose ||
	    graph_only_user(graph, graph->ops[transpose].outputs[0]) != number)
		return 0;
	memcpy(order, graph->ops[transpose].params.transpose.order, sizeof(order));
	source = graph->ops[pad].inputs[0];
	output = graph->ops[transpose].outputs[0];
	params = graph->ops[pad].params;
	x = &graph->tensors[source];
	if (x->rank != 4)
		return 0;
	/* Of a window's input only height and width may be padded. */
	for (uint32_t i = 0; i < 4; i += 3)
		if (params.pad.before[order[i]] || params.pad.after[order[i]])
			return 0;
	for (uint32_t i = 0; i < 4; i++) {
		dims[i] = x->dims[order[i]];
		params.pad.before[i] = graph->ops[pad].params.pad.before[order[i]];
		params.pad.after[i] = graph->ops[pad].params.pad.after[order[i]];
	}
	num_inputs = graph->ops[pad].num_inputs;
	inputs[1] = num_inputs > 1 ? graph->ops[pad].inputs[1] : GRAPH_NONE;
	id = graph_add_tensor(graph, NULL, x->type, 4, dims);
	if (id < 0)
		return id;
	if (graph_copy_quant(graph, (uint32_t)id, source))
		return -ENOMEM;
	inputs[0] = (uint32_t)id;
	graph->ops[transpose].inputs[0] = source;
	graph->ops[transpose].outputs[0] = inputs[0];
	id = graph_add_op(graph, transpose + 1, GRAPH_PAD, graph->ops[pad].name, num_inputs, inputs,
			  output);
	if (id < 0)
		return id;
	graph->ops[id].params = params;
	*changed = true;
	return 1;
}

int pass_fuse(struct graph *graph, bool *changed)
{
	int err;

	for (uint32_t i = 0; i < graph->num_ops; i++) {
		switch (graph->ops[i].kind) {
		case GRAPH_CLIP:
			fuse_act(graph, i, changed);
			break;
		case GRAPH_CONV:
			err = pull_pad(graph, i, changed);
			if (err < 0)
				return err;
			i += (uint32_t)err;
			fuse_pad(graph, i, changed);
			break;
		case GRAPH_AVG_POOL:
			fuse_pad(graph, i, changed);
			break;
		case GRAPH_REDUCE:
			err = pool_for_reduce(graph, i, changed);
			if (err)
				return err;
			break;
		}
	}
	return 0;
}

static int until_stable(struct graph *graph)
{
	static int (*const passes[])(struct graph *, bool *) = {
		pass_fold_constants, pass_drop_idle, pass_transposes, pass_fold_scales, pass_fuse,
		pass_fold_fake_quantization,
	};
	bool changed = true;
	int err = graph_compact(graph);

	for (int round = 0; !err && changed && round < ROUNDS; round++) {
		changed = false;
		for (size_t i = 0; !err && i < sizeof(passes) / sizeof(passes[0]); i++) {
			err = passes[i](graph, &changed);
			if (!err)
				err = graph_compact(graph);
		}
	}
	return err;
}

int graph_optimize(struct graph *graph)
{
	int err = until_stable(graph);

	if (!err)
		err = pass_dequantize_constants(graph);
	if (!err)
		err = until_stable(graph);
	return err ? err : graph_check(graph);
}
