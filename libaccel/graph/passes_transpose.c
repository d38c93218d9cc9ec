// SPDX-License-Identifier: MIT
/*
 * Dropping transposes. Each is pushed towards the outputs through operations
 * that can work on either layout; two that meet become one, or none.
 */
#include <stdlib.h>
#include <string.h>

#include "libaccel/dev/error.h"
#include "libaccel/import/import_build.h"
#include "libaccel/graph/passes.h"

/* The transpose that writes @tensor, or NULL. */
static const struct graph_op *transpose_of(const struct graph *graph, uint32_t tensor)
{
	uint32_t producer = tensor == GRAPH_NONE ? GRAPH_NONE : graph_producer(graph, tensor);

	return producer != GRAPH_NONE && graph->ops[producer].kind == GRAPH_TRANSPOSE ?
	       &graph->ops[producer] : NULL;
}

/* Transpose of a transpose. */
static void merge(struct graph *graph, struct graph_op *op, bool *changed)
{
	const struct graph_op *before = transpose_of(graph, op->inputs[0]);
	uint32_t order[GRAPH_DIMS], rank = graph->tensors[op->inputs[0]].rank;

	if (!before || graph->tensors[op->inputs[0]].quant.count > 1)
		return;
	for (uint32_t i = 0; i < rank; i++)
		order[i] = before->params.transpose.order[op->params.transpose.order[i]];
	memcpy(op->params.transpose.order, order, sizeof(order));
	op->inputs[0] = before->inputs[0];
	*changed = true;
}

/* Does it only move dimensions of size 1? */
static bool is_reshape(const struct graph *graph, const struct graph_op *op)
{
	const struct graph_tensor *x = &graph->tensors[op->inputs[0]];
	int64_t last = -1;

	for (uint32_t i = 0; i < x->rank; i++) {
		uint32_t from = op->params.transpose.order[i];

		if (x->dims[from] == 1)
			continue;
		if ((int64_t)from < last)
			return false;
		last = from;
	}
	return true;
}

/* How many of an operation's inputs have the output's layout; the rest are parameters. */
static uint32_t layout_inputs(const struct graph_op *op)
{
	switch (op->kind) {
	case GRAPH_ADD: case GRAPH_SUB: case GRAPH_MUL: case GRAPH_DIV: case GRAPH_MAX:
	case GRAPH_MIN: case GRAPH_POW: case GRAPH_PRELU:
		return 2;
	case GRAPH_CONCAT:
		return op->num_inputs;
	case GRAPH_CLIP: case GRAPH_LEAKY_RELU: case GRAPH_HARD_SWISH: case GRAPH_HARD_SIGMOID:
	case GRAPH_LOGISTIC: case GRAPH_TANH: case GRAPH_UNARY: case GRAPH_QUANTIZE:
	case GRAPH_CAST: case GRAPH_PAD: case GRAPH_SLICE:
	case GRAPH_SOFTMAX: case GRAPH_LOG_SOFTMAX: case GRAPH_REDUCE:
		return 1;
	default:
		return 0;
	}
}

/*
 * A constant that broadcasts against a transposed tensor, as it would be before
 * the transpose. Return: its number or a negative errno.
 */
static int constant_before(struct graph *graph, uint32_t tensor, const uint32_t *order,
			   uint32_t rank)
{
	const struct graph_tensor *t = &graph->tensors[tensor];
	uint32_t dims[GRAPH_DIMS], inverse[GRAPH_DIMS];
	int id;

	if (graph_elements(t) == 1)
		return (int)tensor;
	for (uint32_t i = 0; i < rank; i++) {
		inverse[order[i]] = i;
		dims[i] = i + t->rank >= rank ? t->dims[i + t->rank - rank] : 1;
	}
	id = build_reshape(graph, tensor, GRAPH_NONE, rank, dims);
	return id < 0 ? id : build_transpose(graph, id, GRAPH_NONE, inverse);
}

/* Can @op work on what lies before the transposes of its inputs? All alike. */
static const struct graph_op *common_transpose(const struct graph *graph, const struct graph_op *op)
{
	uint32_t inputs = layout_inputs(op), rank = graph->tensors[op->outputs[0]].rank;
	const struct graph_op *common = NULL;

	for (uint32_t i = 0; i < inputs; i++) {
		const struct graph_tensor *x = &graph->tensors[op->inputs[i]];
		const struct graph_op *one = transpose_of(graph, op->inputs[i]);

		if (!one) {
			if (!graph_is_const(x) || x->rank > rank || x->quant.count > 1)
				return NULL;
			continue;
		}
		if (x->rank != rank && op->kind != GRAPH_REDUCE)
			return NULL;
		if (common && memcmp(common->params.transpose.order, one->params.transpose.order,
				     rank * sizeof(uint32_t)))
			return NULL;
		if (graph->tensors[one->inputs[0]].quant.count > 1)
			return NULL;
		common = one;
	}
	return common;
}

/* Change parameters that name dimensions; @order: of the transpose in front. */
static void remap(struct graph_op *op, const uint32_t *order, uint32_t rank)
{
	union graph_params old = op->params;
	uint32_t axes = 0;

	switch (op->kind) {
	case GRAPH_CONCAT:
		op->params.axis = order[old.axis];
		break;
	case GRAPH_SOFTMAX:
	case GRAPH_LOG_SOFTMAX:
		op->params.softmax.axis = order[old.softmax.axis];
		break;
	case GRAPH_PAD:
		for (uint32_t i = 0; i < rank; i++) {
			op->params.pad.before[order[i]] = old.pad.before[i];
			op->params.pad.after[order[i]] = old.pad.after[i];
		}
		break;
	case GRAPH_SLICE:
		for (uint32_t i = 0; i < rank; i++) {
			op->params.slice.start[order[i]] = old.slice.start[i];
			op->params.slice.step[order[i]] = old.slice.step[i];
		}
		break;
	case GRAPH_REDUCE:
		for (uint32_t i = 0; i < rank; i++)
			axes |= (old.reduce.axes >> i & 1) << order[i];
		op->params.reduce.axes = axes;
		break;
	}
}

/* The transpose behind: the same, or what a reduction leaves of it. */
static uint32_t order_behind(const struct graph_op *op, const uint32_t *order, uint32_t rank,
			     uint32_t *out)
{
	uint32_t n = 0;

	if (op->kind != GRAPH_REDUCE || op->params.reduce.keep) {
		memcpy(out, order, rank * sizeof(*out));
		return rank;
	}
	/* op->params are remapped: bits count dimensions before the transpose. */
	for (uint32_t i = 0; i < rank; i++) {
		uint32_t from = order[i], gone = 0;

		if (op->params.reduce.axes >> from & 1)
			continue;
		for (uint32_t j = 0; j < from; j++)
			gone += op->params.reduce.axes >> j & 1;
		out[n++] = from - gone;
	}
	return n;
}

/* Move the transposes in front of operation @number behind it. */
static int sink(struct graph *graph, uint32_t number, bool *changed)
{
	const struct graph_op *transpose = common_transpose(graph, &graph->ops[number]);
	uint32_t order[GRAPH_DIMS], behind[GRAPH_DIMS], rank, out_rank, dims[GRAPH_DIMS], output;
	uint32_t inputs = layout_inputs(&graph->ops[number]);
	union graph_params params = { 0 };
	struct graph_op *op;
	int id;

	if (!transpose)
		return 0;
	memcpy(order, transpose->params.transpose.order, sizeof(order));
	rank = graph->tensors[transpose->inputs[0]].rank;
	for (uint32_t i = 0; i < inputs; i++) {
		const struct graph_op *one = transpose_of(graph, graph->ops[number].inputs[i]);

		id = one ? (int)one->inputs[0] :
		     constant_before(graph, graph->ops[number].inputs[i], order, rank);
		if (id < 0)
			return id;
		graph->ops[number].inputs[i] = (uint32_t)id;
	}
	op = &graph->ops[number];
	remap(op, order, rank);
	out_rank = order_behind(op, order, rank, behind);
	output = op->outputs[0];
	for (uint32_t i = 0; i < out_rank; i++)
		dims[behind[i]] = graph->tensors[output].dims[i];
	id = graph_add_tensor(graph, NULL, graph->tensors[output].type, out_rank, dims);
	if (id < 0)
		return id;
	if (graph_copy_quant(graph, id, output))
		return -ENOMEM;
	graph->ops[number].outputs[0] = (uint32_t)id;
	memcpy(params.transpose.order, behind, out_rank * sizeof(*behind));
	id = graph_add_op(graph, number + 1, GRAPH_TRANSPOSE, NULL, 1, (uint32_t[]){ (uint32_t)id },
			  output);
	if (id < 0)
		return id;
	graph->ops[id].params = params;
	*changed = true;
	return 0;
}

/*
 * Transpose, flatten, fully connected: the weights' columns in the order that
 * the data has without the transpose.
 */
static int into_weights(struct graph *graph, uint32_t number, bool *changed)
{
	struct graph_op *op = &graph->ops[number];
	uint32_t reshape = graph_producer(graph, op->inputs[0]), dims[GRAPH_DIMS], inverse[GRAPH_DIMS];
	uint32_t rank, source, weights, weight_dims[2], flat_dims[2];
	const struct graph_op *transpose;
	const struct graph_tensor *x, *flat;
	int id;

	if (reshape == GRAPH_NONE || graph->ops[reshape].kind != GRAPH_RESHAPE ||
	    !graph_is_const(&graph->tensors[op->inputs[1]]))
		return 0;
	transpose = transpose_of(graph, graph->ops[reshape].inputs[0]);
	if (!transpose || transpose->params.transpose.order[0] != 0)
		return 0;
	x = &graph->tensors[transpose->inputs[0]];
	flat = &graph->tensors[op->inputs[0]];
	if (flat->rank != 2 || x->rank < 2 || flat->dims[0] != x->dims[0] || x->rank == GRAPH_DIMS)
		return 0;
	dims[0] = graph->tensors[op->inputs[1]].dims[0];
	for (uint32_t i = 0; i < x->rank; i++)
		inverse[transpose->params.transpose.order[i]] = i;
	for (uint32_t i = 1; i < x->rank; i++)
		dims[i] = x->dims[transpose->params.transpose.order[i]];
	rank = x->rank;
	source = transpose->inputs[0];
	weights = op->inputs[1];
	memcpy(weight_dims, graph->tensors[op->inputs[1]].dims, sizeof(weight_dims));
	memcpy(flat_dims, flat->dims, sizeof(flat_dims));
	/* Scales stay with their rows through both reshapes. */
	id = build_reshape(graph, weights, GRAPH_NONE, rank, dims);
	if (id >= 0)
		id = build_transpose(graph, id, GRAPH_NONE, inverse);
	if (id >= 0)
		id = build_reshape(graph, id, GRAPH_NONE, 2, weight_dims);
	if (id < 0)
		return id;
	graph->ops[number].inputs[1] = (uint32_t)id;
	id = graph_add_tensor(graph, NULL, graph->tensors[source].type, 2, flat_dims);
	if (id < 0)
		return id;
	if (graph_copy_quant(graph, id, source))
		return -ENOMEM;
	graph->ops[number].inputs[0] = (uint32_t)id;
	*changed = true;
	id = graph_add_op(graph, number, GRAPH_RESHAPE, NULL, 1, &source, id);
	return id < 0 ? id : 0;
}

int pass_transposes(struct graph *graph, bool *changed)
{
	for (uint32_t i = 0; i < graph->num_ops; i++) {
		int err = 0;

		switch (graph->ops[i].kind) {
		case GRAPH_TRANSPOSE:
			merge(graph, &graph->ops[i], changed);
			break;
		case GRAPH_FULLY_CONNECTED:
			err = into_weights(graph, i, changed);
			break;
		default:
			if (graph->ops[i].num_outputs && layout_inputs(&graph->ops[i]))
				err = sink(graph, i, changed);
		}
		if (err)
			return err;
	}
	/* What is left and moves only ones joins other reshapes. */
	for (uint32_t i = 0; !*changed && i < graph->num_ops; i++)
		if (graph->ops[i].kind == GRAPH_TRANSPOSE && is_reshape(graph, &graph->ops[i])) {
			graph->ops[i].kind = GRAPH_RESHAPE;
			memset(&graph->ops[i].params, 0, sizeof(graph->ops[i].params));
			*changed = true;
		}
	return 0;
}
