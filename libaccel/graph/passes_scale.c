// SPDX-License-Identifier: MIT
/*
 * Scales and offsets per channel into the weights and biases of convolutions.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libaccel/dev/error.h"
#include "libaccel/import/import_build.h"
#include "libaccel/graph/passes.h"

static bool weighted(uint32_t kind)
{
	return kind == GRAPH_CONV || kind == GRAPH_CONV_TRANSPOSED || kind == GRAPH_FULLY_CONNECTED;
}

/* A float constant with one value, or one per channel of the last dimension. */
static const float *per_channel(const struct graph *graph, uint32_t tensor, uint32_t channels,
				uint32_t *count)
{
	const struct graph_tensor *t = &graph->tensors[tensor];

	if (!graph_is_const(t) || t->type != GRAPH_F32)
		return NULL;
	*count = (uint32_t)graph_elements(t);
	if (*count != 1 && (*count != channels || t->dims[t->rank - 1] != channels))
		return NULL;
	return t->data;
}

/* New constants w * scale, b * scale + offset for operation @number. */
static int scale_weights(struct graph *graph, uint32_t number, const float *scale,
			 const float *offset)
{
	struct graph_op *op = &graph->ops[number];
	const struct graph_tensor *w = &graph->tensors[op->inputs[1]];
	uint32_t outputs = w->dims[0], inputs[3] = { op->inputs[0] };
	size_t n = graph_elements(w), row = n / outputs;
	bool biased = op->num_inputs > 2 && op->inputs[2] != GRAPH_NONE;
	float *weights = malloc(n * sizeof(*weights)), *bias = calloc(outputs, sizeof(*bias));
	int id = -ENOMEM;

	if (!weights || !bias)
		goto out;
	for (size_t i = 0; i < n; i++)
		weights[i] = ((float *)w->data)[i] * scale[i / row];
	for (uint32_t i = 0; i < outputs; i++)
		bias[i] = (biased ? ((float *)graph->tensors[op->inputs[2]].data)[i] * scale[i] : 0) +
			  offset[i];
	id = graph_add_const(graph, w->name, GRAPH_F32, w->rank, w->dims, weights);
	if (id < 0)
		goto out;
	inputs[1] = (uint32_t)id;
	id = graph_add_const(graph, NULL, GRAPH_F32, 1, &outputs, bias);
	if (id < 0)
		goto out;
	inputs[2] = (uint32_t)id;
	id = graph_op_set_inputs(&graph->ops[number], 3, inputs);
out:
	free(weights);
	free(bias);
	return id < 0 ? id : 0;
}

/* The convolution before @number, if it can take what @number does. */
static uint32_t foldable(const struct graph *graph, uint32_t number, uint32_t tensor)
{
	uint32_t producer = graph_producer(graph, tensor);
	const struct graph_op *op;

	if (producer == GRAPH_NONE || graph_only_user(graph, tensor) != number)
		return GRAPH_NONE;
	op = &graph->ops[producer];
	if (!weighted(op->kind) || graph_has_act(op) ||
	    !graph_is_const(&graph->tensors[op->inputs[1]]) ||
	    graph->tensors[op->inputs[1]].type != GRAPH_F32 ||
	    (op->num_inputs > 2 && op->inputs[2] != GRAPH_NONE &&
	     !graph_is_const(&graph->tensors[op->inputs[2]])))
		return GRAPH_NONE;
	return producer;
}

/* @number is x * scale + offset: fold it into the convolution that makes x. */
static int fold(struct graph *graph, uint32_t number, uint32_t x, const float *scale,
		const float *offset, bool *changed)
{
	uint32_t producer = foldable(graph, number, x);
	const struct graph_op *op = &graph->ops[number];
	int err;

	if (producer == GRAPH_NONE ||
	    graph->tensors[x].rank != graph->tensors[op->outputs[0]].rank)
		return 0;
	err = scale_weights(graph, producer, scale, offset);
	if (err)
		return err;
	graph->ops[producer].act_min = op->act_min;
	graph->ops[producer].act_max = op->act_max;
	graph->ops[producer].outputs[0] = op->outputs[0];
	graph_remove_op(graph, number);
	*changed = true;
	return 1;
}

/* Batch normalisation with nothing to fold it into: a convolution of its own. */
static int as_depthwise(struct graph *graph, uint32_t number, const float *scale,
			const float *offset, uint32_t channels)
{
	uint32_t rank = graph->tensors[graph->ops[number].inputs[0]].rank;
	uint32_t dims[4] = { channels, 1, 1, 1 }, inputs[3] = { graph->ops[number].inputs[0] };
	struct graph_op *op;
	int id, err;

	if (rank != 4)
		return 0;
	id = graph_add_const(graph, NULL, GRAPH_F32, 4, dims, scale);
	if (id < 0)
		return id;
	inputs[1] = (uint32_t)id;
	id = graph_add_const(graph, NULL, GRAPH_F32, 1, dims, offset);
	if (id < 0)
		return id;
	inputs[2] = (uint32_t)id;
	op = &graph->ops[number];
	err = graph_op_set_inputs(op, 3, inputs);
	if (err)
		return err;
	op->kind = GRAPH_CONV;
	memset(&op->params, 0, sizeof(op->params));
	op->params.conv.groups = channels;
	op->params.conv.window = (struct graph_window){ 1, 1, 1, 1, 1, 1, 0, 0, 0, 0 };
	return 0;
}

static int batch_norm(struct graph *graph, uint32_t number, bool *changed)
{
	const struct graph_op *op = &graph->ops[number];
	uint32_t x = op->inputs[0], channels = graph->tensors[op->inputs[1]].dims[0];
	const float *values[4];
	float *scale, *offset;
	int err;

	for (int i = 0; i < 4; i++) {
		const struct graph_tensor *t = &graph->tensors[op->inputs[i + 1]];

		if (!graph_is_const(t) || t->type != GRAPH_F32)
			return 0;
		values[i] = t->data;
	}
	scale = malloc(channels * sizeof(*scale));
	offset = malloc(channels * sizeof(*offset));
	err = scale && offset ? 0 : accel_error_memory("a pass");
	for (uint32_t i = 0; !err && i < channels; i++) {
		scale[i] = (float)(values[0][i] / sqrt((double)values[3][i] + op->params.norm.epsilon));
		offset[i] = (float)(values[1][i] - (double)values[2][i] * scale[i]);
	}
	if (!err)
		err = fold(graph, number, x, scale, offset, changed);
	/* Only when nothing else moves: a convolution may still come to stand before it. */
	if (!err && !*changed) {
		err = as_depthwise(graph, number, scale, offset, channels);
		*changed |= graph->ops[number].kind == GRAPH_CONV;
	}
	free(scale);
	free(offset);
	return err < 0 ? err : 0;
}

/* x op constant as x * scale + offset. */
static int constant_operand(struct graph *graph, uint32_t number, bool *changed)
{
	const struct graph_op *op = &graph->ops[number];
	const struct graph_tensor *y = &graph->tensors[op->outputs[0]];
	uint32_t channels = y->rank ? y->dims[y->rank - 1] : 1, count, side;
	const float *value = NULL;
	float *scale, *offset;
	uint32_t x;
	int err;

	if (y->type != GRAPH_F32)
		return 0;
	for (side = 0; side < 2 && !value; side++)
		value = per_channel(graph, op->inputs[side], channels, &count);
	if (!value)
		return 0;
	side--;
	x = op->inputs[1 - side];
	if (op->kind == GRAPH_DIV && side == 0)
		return 0;
	if (foldable(graph, number, x) == GRAPH_NONE)
		return 0;
	scale = malloc(channels * sizeof(*scale));
	offset = calloc(channels, sizeof(*offset));
	err = scale && offset ? 0 : accel_error_memory("a pass");
	for (uint32_t i = 0; !err && i < channels; i++) {
		float v = value[count > 1 ? i : 0];

		scale[i] = op->kind == GRAPH_MUL ? v : op->kind == GRAPH_DIV ? 1 / v :
			   op->kind == GRAPH_SUB && side == 0 ? -1 : 1;
		offset[i] = op->kind == GRAPH_ADD || (op->kind == GRAPH_SUB && side == 0) ? v :
			    op->kind == GRAPH_SUB ? -v : 0;
		if (!isfinite(scale[i]) || !isfinite(offset[i]))
			err = 1;
	}
	if (!err)
		err = fold(graph, number, x, scale, offset, changed);
	free(scale);
	free(offset);
	return err < 0 ? err : 0;
}

int pass_fold_scales(struct graph *graph, bool *changed)
{
	for (uint32_t i = 0; i < graph->num_ops; i++) {
		uint32_t before = graph->num_ops;
		int err = 0;

		switch (graph->ops[i].kind) {
		case GRAPH_BATCH_NORM:
			err = batch_norm(graph, i, changed);
			break;
		case GRAPH_ADD: case GRAPH_SUB: case GRAPH_MUL: case GRAPH_DIV:
			err = constant_operand(graph, i, changed);
			break;
		}
		if (err)
			return err;
		if (graph->num_ops < before)
			i--;
	}
	return 0;
}
