// SPDX-License-Identifier: MIT
/*
 * Computing what depends on constants only.
 */
#include <stdlib.h>
#include <string.h>

#include "libaccel/cpu/ref/ref_op.h"
#include "libaccel/dev/error.h"
#include "libaccel/graph/passes.h"

/* Constants may grow by folding (broadcasts, tiles) up to this, all together. */
#define GROWTH_FREE	(UINT64_C(1) << 20)
#define GROWTH_MAX	(UINT64_C(1) << 31)

static uint64_t constant_bytes(const struct graph *graph)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < graph->num_tensors; i++)
		if (graph->tensors[i].owned)
			bytes += graph_bytes(&graph->tensors[i]);
	return bytes;
}

int graph_fold_op(struct graph *graph, uint32_t number)
{
	const struct graph_op *op = &graph->ops[number];
	struct graph_tensor *out;
	uint64_t bytes, in_bytes = 0;
	void **data, *result;
	int err;

	if (op->kind == GRAPH_READ_STATE || op->kind == GRAPH_WRITE_STATE)
		return 0;
	/* Integer weights stay integers, see pass_fold_fake_quantization(). */
	if (op->kind == GRAPH_DEQUANTIZE && graph->tensors[op->inputs[0]].type != GRAPH_F16)
		return 0;
	for (uint32_t i = 0; i < op->num_inputs; i++) {
		if (op->inputs[i] == GRAPH_NONE)
			continue;
		if (!graph_is_const(&graph->tensors[op->inputs[i]]))
			return 0;
		in_bytes += graph_bytes(&graph->tensors[op->inputs[i]]);
	}
	out = &graph->tensors[op->outputs[0]];
	bytes = graph_bytes(out);
	if (bytes > GROWTH_FREE && bytes > 4 * in_bytes && bytes + constant_bytes(graph) > GROWTH_MAX)
		return 0;
	/* What a graph with this operation alone would be refused for. */
	if (!graph_op_fits(graph, op))
		return 0;
	data = calloc(graph->num_tensors, sizeof(*data));
	result = malloc(bytes ? bytes : 1);
	if (!data || !result) {
		free(data);
		free(result);
		return accel_error_memory("a constant");
	}
	data[op->outputs[0]] = result;
	err = cpu_op_run(graph, op, data);
	free(data);
	if (err) {
		free(result);
		return err;
	}
	out->data = result;
	out->owned = true;
	graph_remove_op(graph, number);
	return 1;
}

int pass_fold_constants(struct graph *graph, bool *changed)
{
	for (uint32_t i = 0; i < graph->num_ops;) {
		int err = graph_fold_op(graph, i);

		if (err < 0)
			return err;
		*changed |= err;
		i += !err;
	}
	return 0;
}

int pass_dequantize_constants(struct graph *graph)
{
	for (uint32_t i = 0; i < graph->num_ops; i++) {
		const struct graph_op *op = &graph->ops[i];
		struct graph_tensor *out;
		void **data;
		int err;

		if (op->kind != GRAPH_DEQUANTIZE || !graph_is_const(&graph->tensors[op->inputs[0]]))
			continue;
		data = calloc(graph->num_tensors, sizeof(*data));
		out = &graph->tensors[op->outputs[0]];
		out->data = data ? malloc(graph_bytes(out) + 1) : NULL;
		out->owned = true;
		if (!out->data) {
			free(data);
			return accel_error_memory("a constant");
		}
		data[op->outputs[0]] = out->data;
		err = cpu_op_run(graph, op, data);
		free(data);
		if (err)
			return err;
		graph_remove_op(graph, i--);
	}
	return 0;
}
