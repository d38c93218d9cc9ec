// SPDX-License-Identifier: MIT
/*
 * Operations on reals between DEQUANTIZE and QUANTIZE become operations on
 * integers.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libaccel/dev/error.h"
#include "libaccel/graph/passes.h"

/* The integers behind @tensor if a DEQUANTIZE writes it, else GRAPH_NONE. */
static uint32_t integers_of(const struct graph *graph, uint32_t tensor)
{
	uint32_t producer = graph_producer(graph, tensor);

	return producer != GRAPH_NONE && graph->ops[producer].kind == GRAPH_DEQUANTIZE &&
	       graph_is_quantized(&graph->tensors[graph->ops[producer].inputs[0]]) ?
	       graph->ops[producer].inputs[0] : GRAPH_NONE;
}

static bool is_int8(const struct graph *graph, uint32_t tensor)
{
	return tensor != GRAPH_NONE && graph->tensors[tensor].type == GRAPH_I8 &&
	       graph->tensors[tensor].quant.count == 1;
}

static bool weighted(uint32_t kind)
{
	return kind == GRAPH_CONV || kind == GRAPH_CONV_TRANSPOSED || kind == GRAPH_FULLY_CONNECTED;
}

/* Which inputs hold data (the rest are weights, biases, indices or values). */
static uint32_t data_inputs(const struct graph_op *op)
{
	switch (op->kind) {
	case GRAPH_QUANTIZE: case GRAPH_DEQUANTIZE: case GRAPH_CAST: case GRAPH_READ_STATE:
	case GRAPH_WRITE_STATE: case GRAPH_ARG_MAX: case GRAPH_BATCH_NORM: case GRAPH_POW:
		return 0;
	case GRAPH_CONCAT:
		return op->num_inputs;
	case GRAPH_MATMUL: case GRAPH_ADD: case GRAPH_SUB: case GRAPH_MUL: case GRAPH_DIV:
	case GRAPH_MAX: case GRAPH_MIN: case GRAPH_PRELU:
		return 2;
	default:
		return 1;
	}
}

/* Bias as int32 at the sums' scale. Return: its tensor or a negative errno. */
static int integer_bias(struct graph *graph, const struct graph_op *op, uint32_t x, uint32_t w)
{
	const struct graph_tensor *t = &graph->tensors[op->inputs[2]];
	uint32_t integers = integers_of(graph, op->inputs[2]), n = graph->tensors[w].dims[0];
	int32_t *values = malloc(n * sizeof(*values));
	float *scales = malloc(n * sizeof(*scales));
	int id = -ENOTSUP;

	if (!values || !scales) {
		id = accel_error_memory("a bias");
		goto out;
	}
	for (uint32_t i = 0; i < n; i++) {
		double real, q;

		scales[i] = graph_scale(&graph->tensors[x], 0) * graph_scale(&graph->tensors[w], i);
		if (integers != GRAPH_NONE) {
			const struct graph_tensor *from = &graph->tensors[integers];

			if (from->type != GRAPH_I32 || !graph_is_const(from))
				goto out;
			real = ((double)((int32_t *)from->data)[i] - graph_zero_point(from, i)) *
			       graph_scale(from, i);
		} else {
			if (!graph_is_const(t) || t->type != GRAPH_F32)
				goto out;
			real = ((float *)t->data)[i];
		}
		q = round(real / scales[i]);
		if (!(fabs(q) < INT32_MAX))
			goto out;
		values[i] = (int32_t)q;
	}
	id = graph_add_const(graph, NULL, GRAPH_I32, 1, &n, values);
	if (id >= 0 && graph_set_quant(graph, id, n, 0, scales, NULL))
		id = -ENOMEM;
out:
	free(values);
	free(scales);
	return id;
}

/*
 * Operation @number between DEQUANTIZE and QUANTIZE. The operands that are
 * constant reals (a scale, a slope) stay out: their model did not say how to
 * quantise them.
 */
static int to_integers(struct graph *graph, uint32_t number, bool *changed)
{
	struct graph_op *op = &graph->ops[number];
	uint32_t data = data_inputs(op), quantize = GRAPH_NONE, *inputs;
	int err = 0;

	if (!data || !op->num_outputs || graph->tensors[op->outputs[0]].type != GRAPH_F32)
		return 0;
	quantize = graph_only_user(graph, op->outputs[0]);
	if (quantize == GRAPH_NONE || graph->ops[quantize].kind != GRAPH_QUANTIZE ||
	    !is_int8(graph, graph->ops[quantize].outputs[0]))
		return 0;
	for (uint32_t i = 0; i < data; i++)
		if (!is_int8(graph, integers_of(graph, op->inputs[i])))
			return 0;
	if (op->kind == GRAPH_PAD && op->num_inputs > 1)
		return 0;
	inputs = malloc((op->num_inputs + 1) * sizeof(*inputs));
	if (!inputs)
		return accel_error_memory("a pass");
	memcpy(inputs, op->inputs, op->num_inputs * sizeof(*inputs));
	for (uint32_t i = 0; i < data; i++)
		inputs[i] = integers_of(graph, op->inputs[i]);
	if (weighted(op->kind)) {
		const struct graph_tensor *w;

		inputs[1] = integers_of(graph, op->inputs[1]);
		w = inputs[1] == GRAPH_NONE ? NULL : &graph->tensors[inputs[1]];
		if (!w || w->type != GRAPH_I8 || !graph_is_const(w) ||
		    (w->quant.count > 1 && w->quant.axis))
			goto out;
		if (op->num_inputs > 2 && op->inputs[2] != GRAPH_NONE) {
			int id = integer_bias(graph, op, inputs[0], inputs[1]);

			if (id < 0) {
				err = id == -ENOTSUP ? 0 : id;
				goto out;
			}
			inputs[2] = (uint32_t)id;
		}
	}
	op = &graph->ops[number];
	err = graph_op_set_inputs(op, op->num_inputs, inputs);
	if (err)
		goto out;
	op->outputs[0] = graph->ops[quantize].outputs[0];
	graph_remove_op(graph, quantize);
	*changed = true;
out:
	free(inputs);
	return err;
}

/*
 * Data is moved as integers: DEQUANTIZE goes behind operations that only move.
 * (Transposes are pushed behind QUANTIZE but not behind DEQUANTIZE.)
 */
static int dequantize_later(struct graph *graph, uint32_t number, bool *changed)
{
	const struct graph_op *op = &graph->ops[number];
	uint32_t integers = integers_of(graph, op->inputs[0]), output = op->outputs[0];
	const struct graph_tensor *y;
	int id;

	switch (op->kind) {
	case GRAPH_TRANSPOSE: case GRAPH_RESHAPE: case GRAPH_SLICE: case GRAPH_DEPTH_TO_SPACE:
	case GRAPH_SPACE_TO_DEPTH: case GRAPH_TILE: case GRAPH_BROADCAST: case GRAPH_GATHER:
		break;
	default:
		return 0;
	}
	if (!is_int8(graph, integers) || graph_has_act(op))
		return 0;
	y = &graph->tensors[output];
	id = graph_add_tensor(graph, NULL, GRAPH_I8, y->rank, y->dims);
	if (id < 0)
		return id;
	if (graph_copy_quant(graph, (uint32_t)id, integers))
		return -ENOMEM;
	graph->ops[number].inputs[0] = integers;
	graph->ops[number].outputs[0] = (uint32_t)id;
	*changed = true;
	id = graph_add_op(graph, number + 1, GRAPH_DEQUANTIZE, NULL, 1, (uint32_t[]){ (uint32_t)id },
			  output);
	return id < 0 ? id : 0;
}

int pass_fold_fake_quantization(struct graph *graph, bool *changed)
{
	for (uint32_t i = 0; i < graph->num_ops; i++) {
		struct graph_op *op = &graph->ops[i];
		int err;

		/* From integers to integers needs no reals in between. */
		if (op->kind == GRAPH_QUANTIZE) {
			uint32_t integers = integers_of(graph, op->inputs[0]);

			if (integers != GRAPH_NONE && (graph->tensors[integers].type == GRAPH_I8 ||
						       graph->tensors[integers].type == GRAPH_U8)) {
				op->inputs[0] = integers;
				*changed = true;
			}
			continue;
		}
		if (!op->num_outputs)
			continue;
		err = dequantize_later(graph, i, changed);
		if (!err)
			err = to_integers(graph, i, changed);
		if (err)
			return err;
	}
	return 0;
}
