// SPDX-License-Identifier: MIT
/*
 * Computing what depends on constants only.
 */
#include <stdlib.h>
#include <string.h>

#include "libaccel/cpu/ref_op.h"
#include "libaccel/dev/error.h"
#include "libaccel/model/passes.h"

/* Constants that grow by folding (broadcasts, tiles) stay operations above this. */
#define GROWTH_MAX	(UINT64_C(1) << 20)

int graph_fold_op(struct graph *graph, uint32_t number)
{
	const struct graph_op *op = &graph->ops[number];
	struct graph_tensor *out;
	uint64_t bytes, in_bytes = 0;
	void **data, *result;
	int err;

	if (op->kind == GRAPH_READ_STATE || op->kind == GRAPH_WRITE_STATE)
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
	if (bytes > GROWTH_MAX && bytes > 4 * in_bytes)
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
