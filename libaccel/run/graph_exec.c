// SPDX-License-Identifier: MIT
/*
 * Running a graph on the CPU.
 */
#include <stdlib.h>
#include <string.h>

#include "libaccel/cpu/ref/ref_op.h"
#include "libaccel/dev/error.h"
#include "libaccel/run/graph_exec.h"

struct graph_exec {
	const struct graph *graph;
	bool keep;
	void **data;		/* per tensor; constants: graph_tensor::data */
	bool *owned;
	uint32_t *last_use;	/* per tensor: last operation that reads it */
	struct cpu_op **ops;	/* per operation, made when it first runs */
};

static int allocate(struct graph_exec *exec, uint32_t tensor)
{
	uint64_t bytes = graph_bytes(&exec->graph->tensors[tensor]);

	if (exec->data[tensor])
		return 0;
	exec->data[tensor] = malloc(bytes ? bytes : 1);
	if (!exec->data[tensor])
		return accel_error_memory(exec->graph->tensors[tensor].name);
	exec->owned[tensor] = true;
	return 0;
}

int graph_exec_reset(struct graph_exec *exec)
{
	for (uint32_t i = 0; i < exec->graph->num_tensors; i++) {
		const struct graph_tensor *t = &exec->graph->tensors[i];
		int err;

		if (!t->state)
			continue;
		err = allocate(exec, i);
		if (err)
			return err;
		if (t->data)
			memcpy(exec->data[i], t->data, graph_bytes(t));
		else
			memset(exec->data[i], graph_is_quantized(t) && graph_type_size(t->type) == 1 ?
			       graph_zero_point(t, 0) : 0, graph_bytes(t));
	}
	return 0;
}

int graph_exec_new(const struct graph *graph, bool keep, struct graph_exec **out)
{
	struct graph_exec *exec = calloc(1, sizeof(*exec));
	int err;

	*out = NULL;
	if (!exec)
		return accel_error_memory("an executor");
	exec->graph = graph;
	exec->keep = keep;
	exec->data = calloc(graph->num_tensors + 1, sizeof(*exec->data));
	exec->owned = calloc(graph->num_tensors + 1, sizeof(*exec->owned));
	exec->last_use = calloc(graph->num_tensors + 1, sizeof(*exec->last_use));
	exec->ops = calloc(graph->num_ops + 1, sizeof(*exec->ops));
	if (!exec->data || !exec->owned || !exec->last_use || !exec->ops) {
		graph_exec_free(exec);
		return accel_error_memory("an executor");
	}
	for (uint32_t i = 0; i < graph->num_tensors; i++)
		if (graph_is_const(&graph->tensors[i]))
			exec->data[i] = graph->tensors[i].data;
	for (uint32_t i = 0; i < graph->num_ops; i++)
		for (uint32_t j = 0; j < graph->ops[i].num_inputs; j++)
			if (graph->ops[i].inputs[j] != GRAPH_NONE)
				exec->last_use[graph->ops[i].inputs[j]] = i;
	for (uint32_t i = 0; i < graph->num_outputs; i++)
		exec->last_use[graph->outputs[i]] = GRAPH_NONE;
	for (uint32_t i = 0; i < graph->num_inputs; i++)
		exec->last_use[graph->inputs[i]] = GRAPH_NONE;
	err = graph_exec_reset(exec);
	if (err) {
		graph_exec_free(exec);
		return err;
	}
	*out = exec;
	return 0;
}

void graph_exec_free(struct graph_exec *exec)
{
	if (!exec)
		return;
	for (uint32_t i = 0; exec->data && exec->owned && i < exec->graph->num_tensors; i++)
		if (exec->owned[i])
			free(exec->data[i]);
	free(exec->data);
	free(exec->owned);
	free(exec->last_use);
	for (uint32_t i = 0; exec->ops && i < exec->graph->num_ops; i++)
		cpu_op_free(exec->ops[i]);
	free(exec->ops);
	free(exec);
}

const void *graph_exec_data(const struct graph_exec *exec, uint32_t tensor)
{
	return exec->data[tensor];
}

void *graph_exec_buffer(struct graph_exec *exec, uint32_t tensor)
{
	return exec->owned[tensor] ? exec->data[tensor] : NULL;
}

static void release(struct graph_exec *exec, uint32_t tensor)
{
	if (!exec->owned[tensor] || exec->graph->tensors[tensor].state)
		return;
	free(exec->data[tensor]);
	exec->data[tensor] = NULL;
	exec->owned[tensor] = false;
}

int graph_exec_op(struct graph_exec *exec, uint32_t number)
{
	const struct graph_op *op = &exec->graph->ops[number];
	int err = op->num_outputs ? allocate(exec, op->outputs[0]) : 0;

	if (!err && !exec->ops[number])
		err = cpu_op_new(exec->graph, op, &exec->ops[number]);

	return err ? err : cpu_op_again(exec->ops[number], exec->data);
}

int graph_exec_run(struct graph_exec *exec, const void *const *inputs,
		   graph_exec_observer observer, void *context)
{
	const struct graph *graph = exec->graph;
	int err = 0;

	for (uint32_t i = 0; !err && i < graph->num_inputs; i++) {
		err = allocate(exec, graph->inputs[i]);
		if (!err)
			memcpy(exec->data[graph->inputs[i]], inputs[i],
			       graph_bytes(&graph->tensors[graph->inputs[i]]));
	}
	for (uint32_t i = 0; !err && i < graph->num_ops; i++) {
		const struct graph_op *op = &graph->ops[i];

		err = graph_exec_op(exec, i);
		if (!err && observer)
			err = observer(context, exec, i);
		for (uint32_t j = 0; !exec->keep && j < op->num_inputs; j++)
			if (op->inputs[j] != GRAPH_NONE && exec->last_use[op->inputs[j]] == i)
				release(exec, op->inputs[j]);
	}
	return err;
}
