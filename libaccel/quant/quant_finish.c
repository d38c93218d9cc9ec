// SPDX-License-Identifier: MIT
/*
 * The int8 graph: which operations work on integers, with which scales.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libaccel/cpu/ref/ref_op_kernels.h"
#include "libaccel/dev/error.h"
#include "libaccel/quant/quant_state.h"

/**
 * struct plan - what becomes of the float graph
 * @integer: per operation: works on integers
 * @group: per tensor: one of those that share a scale with it (union-find)
 * @low: per group: range
 * @high: per group: range
 * @scale: per tensor
 * @zero: per tensor
 * @twin: per tensor: its integers in the new graph, GRAPH_NONE: none yet
 * @real: per tensor: its reals in the new graph, GRAPH_NONE: none yet
 */
struct plan {
	const struct quant *quant;
	const struct graph *from;
	struct graph *to;
	bool *integer;
	uint32_t *group, *twin, *real;
	float *low, *high, *scale;
	int32_t *zero;
};

static uint32_t find(struct plan *plan, uint32_t tensor)
{
	while (plan->group[tensor] != tensor)
		tensor = plan->group[tensor] = plan->group[plan->group[tensor]];
	return tensor;
}

static const struct graph_tensor *from_tensor(const struct plan *plan, uint32_t tensor)
{
	return &plan->from->tensors[tensor];
}

static bool weighted(uint32_t kind)
{
	return kind == GRAPH_CONV || kind == GRAPH_CONV_TRANSPOSED || kind == GRAPH_FULLY_CONNECTED;
}

/* Inputs that are data of the same kind as the output. */
static uint32_t data_inputs(const struct graph_op *op)
{
	switch (op->kind) {
	case GRAPH_CONCAT:
		return op->num_inputs;
	case GRAPH_ADD: case GRAPH_SUB: case GRAPH_MUL: case GRAPH_MAX: case GRAPH_MIN:
	case GRAPH_PRELU: case GRAPH_WRITE_STATE:
		return 2;
	default:
		return 1;
	}
}

static bool is_output(const struct graph *graph, uint32_t tensor)
{
	for (uint32_t i = 0; i < graph->num_outputs; i++)
		if (graph->outputs[i] == tensor)
			return true;
	return false;
}

/* Can @op work on int8 without losing too much? */
static bool worth_integers(const struct plan *plan, const struct graph_op *op)
{
	const struct graph *graph = plan->from;

	switch (op->kind) {
	case GRAPH_MATMUL: case GRAPH_DIV: case GRAPH_POW: case GRAPH_SOFTMAX:
	case GRAPH_LOG_SOFTMAX: case GRAPH_BATCH_NORM: case GRAPH_ARG_MAX: case GRAPH_QUANTIZE:
	case GRAPH_DEQUANTIZE: case GRAPH_CAST:
		return false;
	case GRAPH_UNARY:
		return op->params.unary.function == GRAPH_ABS || op->params.unary.function == GRAPH_NEG ||
		       op->params.unary.function == GRAPH_ELU;
	case GRAPH_REDUCE:
		return op->params.reduce.reduction == GRAPH_MEAN;
	case GRAPH_LOGISTIC: case GRAPH_TANH:
		/* Probabilities that the user sees are worth more than 8 bits. */
		return !is_output(graph, op->outputs[0]);
	}
	if (weighted(op->kind) && (!graph_is_const(&graph->tensors[op->inputs[1]]) ||
	    (op->num_inputs > 2 && op->inputs[2] != GRAPH_NONE &&
	     !graph_is_const(&graph->tensors[op->inputs[2]]))))
		return false;
	return true;
}

static bool can_be_integer(const struct plan *plan, const struct graph_op *op)
{
	const struct graph *graph = plan->from;

	if (quant_rule_for(&plan->quant->config, op).exclude || !worth_integers(plan, op))
		return false;
	for (uint32_t i = 0; i < data_inputs(op); i++)
		if (graph->tensors[op->inputs[i]].type != GRAPH_F32)
			return false;
	return !op->num_outputs || graph->tensors[op->outputs[0]].type == GRAPH_F32;
}

/* Output positions of a pool that covers its input: a mean of all, another scale. */
static bool global_pool(const struct graph *graph, const struct graph_op *op)
{
	const struct graph_tensor *y = &graph->tensors[op->outputs[0]];

	return op->kind == GRAPH_AVG_POOL && y->dims[1] == 1 && y->dims[2] == 1;
}

static bool keeps_scale(const struct graph *graph, const struct graph_op *op)
{
	switch (op->kind) {
	case GRAPH_MAX_POOL: case GRAPH_CONCAT: case GRAPH_PAD: case GRAPH_RESHAPE:
	case GRAPH_TRANSPOSE: case GRAPH_SLICE: case GRAPH_GATHER: case GRAPH_RESIZE:
	case GRAPH_BROADCAST: case GRAPH_TILE: case GRAPH_DEPTH_TO_SPACE:
	case GRAPH_SPACE_TO_DEPTH: case GRAPH_READ_STATE: case GRAPH_WRITE_STATE:
	case GRAPH_MAX: case GRAPH_MIN:
		return true;
	case GRAPH_AVG_POOL:
		return !global_pool(graph, op);
	default:
		return false;
	}
}

/* Variables are integers if all that reads and writes them is. */
static void settle_states(struct plan *plan)
{
	bool changed = true;

	while (changed) {
		changed = false;
		for (uint32_t t = 0; t < plan->from->num_tensors; t++) {
			bool all = true, some = false;

			if (!from_tensor(plan, t)->state)
				continue;
			for (uint32_t i = 0; i < plan->from->num_ops; i++) {
				const struct graph_op *op = &plan->from->ops[i];

				if (op->inputs[op->kind == GRAPH_WRITE_STATE] != t ||
				    (op->kind != GRAPH_READ_STATE && op->kind != GRAPH_WRITE_STATE))
					continue;
				all &= plan->integer[i];
				some |= plan->integer[i];
			}
			for (uint32_t i = 0; !all && some && i < plan->from->num_ops; i++) {
				const struct graph_op *op = &plan->from->ops[i];

				if ((op->kind == GRAPH_READ_STATE && op->inputs[0] == t) ||
				    (op->kind == GRAPH_WRITE_STATE && op->inputs[1] == t)) {
					changed |= plan->integer[i];
					plan->integer[i] = false;
				}
			}
		}
	}
}

static void unite(struct plan *plan, uint32_t a, uint32_t b)
{
	plan->group[find(plan, a)] = find(plan, b);
}

static void constant_range(const struct graph_tensor *t, float *low, float *high)
{
	const float *values = t->data;

	for (uint64_t i = 0; i < graph_elements(t); i++) {
		*low = fminf(*low, values[i]);
		*high = fmaxf(*high, values[i]);
	}
}

/* The range of each tensor by its own distribution. */
static void choose_range(struct plan *plan, uint32_t tensor, uint32_t producer, float *low,
			 float *high)
{
	const struct graph_op *op = producer == GRAPH_NONE ? NULL : &plan->from->ops[producer];
	uint32_t method = op ? quant_rule_for(&plan->quant->config, op).method : QUANT_MIN_MAX;

	quant_range_choose(&plan->quant->ranges[tensor], method, plan->quant->config.percentile, low,
			   high);
	if (op && op->kind == GRAPH_PAD && op->num_inputs > 1)
		constant_range(from_tensor(plan, op->inputs[1]), low, high);
}

static void choose_scales(struct plan *plan)
{
	const struct graph *graph = plan->from;

	for (uint32_t i = 0; i < graph->num_ops; i++) {
		const struct graph_op *op = &graph->ops[i];

		if (!plan->integer[i] || !keeps_scale(graph, op))
			continue;
		for (uint32_t j = 0; j < data_inputs(op); j++)
			unite(plan, op->inputs[j], op->num_outputs ? op->outputs[0] : op->inputs[0]);
	}
	for (uint32_t t = 0; t < graph->num_tensors; t++) {
		uint32_t group = find(plan, t);
		float low = 0, high = 0;

		if (graph->tensors[t].type != GRAPH_F32)
			continue;
		if (graph->tensors[t].data)
			constant_range(&graph->tensors[t], &low, &high);
		else
			choose_range(plan, t, graph_producer(graph, t), &low, &high);
		plan->low[group] = fminf(plan->low[group], low);
		plan->high[group] = fmaxf(plan->high[group], high);
	}
	for (uint32_t t = 0; t < graph->num_tensors; t++)
		quant_parameters(plan->low[find(plan, t)], plan->high[find(plan, t)], &plan->scale[t],
				 &plan->zero[t]);
	/* What a function's range or the user says holds for all that share it. */
	for (uint32_t i = 0; i < graph->num_ops; i++) {
		const struct graph_op *op = &graph->ops[i];
		struct quant_rule rule = quant_rule_for(&plan->quant->config, op);
		float scale = rule.scale;
		int32_t zero;

		if (!op->num_outputs || !plan->integer[i])
			continue;
		zero = rule.has_zero_point ? rule.zero_point : plan->zero[op->outputs[0]];
		if (!(scale > 0) && !rule.has_zero_point &&
		    (op->kind == GRAPH_LOGISTIC || op->kind == GRAPH_HARD_SIGMOID)) {
			scale = 1.f / 256;
			zero = -128;
		} else if (!(scale > 0) && !rule.has_zero_point && op->kind == GRAPH_TANH) {
			scale = 1.f / 128;
			zero = 0;
		} else if (!(scale > 0) && !rule.has_zero_point) {
			continue;
		}
		for (uint32_t t = 0; t < graph->num_tensors; t++)
			if (find(plan, t) == find(plan, op->outputs[0])) {
				plan->scale[t] = scale > 0 ? scale : plan->scale[t];
				plan->zero[t] = zero;
			}
	}
}

static int set_scale(struct plan *plan, uint32_t tensor, int id)
{
	int err = id < 0 ? id : graph_set_quant(plan->to, id, 1, 0, &plan->scale[tensor],
						&plan->zero[tensor]);

	return err ? err : id;
}

/* Integers of a tensor in the new graph: made here if they are not there yet. */
static int integers(struct plan *plan, uint32_t tensor)
{
	const struct graph_tensor *t = from_tensor(plan, tensor);
	int id, op;

	if (plan->twin[tensor] != GRAPH_NONE)
		return (int)plan->twin[tensor];
	id = set_scale(plan, tensor, graph_add_tensor(plan->to, t->name, GRAPH_I8, t->rank, t->dims));
	if (id < 0)
		return id;
	plan->twin[tensor] = (uint32_t)id;
	if (t->data) {
		struct graph_tensor *new = &plan->to->tensors[id];

		new->data = malloc(graph_bytes(new) + 1);
		if (!new->data)
			return accel_error_memory("a constant");
		new->owned = true;
		ref_from_float(new, t->data, new->data);
	}
	plan->to->tensors[id].state = t->state;
	if (t->data || t->state)
		return id;
	op = graph_add_op(plan->to, plan->to->num_ops, GRAPH_QUANTIZE, NULL, 1, &plan->real[tensor],
			  id);
	return op < 0 ? op : id;
}

/* Reals of a tensor in the new graph. */
static int reals(struct plan *plan, uint32_t tensor)
{
	const struct graph_tensor *t = from_tensor(plan, tensor);
	int id, op;

	if (plan->real[tensor] != GRAPH_NONE)
		return (int)plan->real[tensor];
	id = t->data ? graph_add_const(plan->to, t->name, t->type, t->rank, t->dims, t->data) :
	     graph_add_tensor(plan->to, t->name, t->type, t->rank, t->dims);
	if (id < 0)
		return id;
	plan->to->tensors[id].state = t->state;
	if (graph_set_quant(plan->to, id, t->quant.count, t->quant.axis, t->quant.scale,
			    t->quant.zero_point))
		return -ENOMEM;
	plan->real[tensor] = (uint32_t)id;
	if (plan->twin[tensor] == GRAPH_NONE || t->data || t->state)
		return id;
	op = graph_add_op(plan->to, plan->to->num_ops, GRAPH_DEQUANTIZE, NULL, 1, &plan->twin[tensor],
			  id);
	return op < 0 ? op : id;
}

/* Weights and bias as new constants; @inputs receives their numbers. */
static int add_weights(struct plan *plan, uint32_t number, uint32_t *inputs)
{
	const struct graph_op *op = &plan->from->ops[number];
	const struct graph_tensor *w = from_tensor(plan, op->inputs[1]);
	uint32_t outputs = w->dims[0];
	float scale_in = plan->scale[op->inputs[0]];
	int8_t *weights = malloc(graph_elements(w) + 1);
	int32_t *bias = calloc(outputs, sizeof(*bias));
	float *scales = calloc(outputs, sizeof(*scales));
	int id = weights && bias && scales ?
		 quant_weights(plan->quant, number, scale_in, weights, bias, scales) :
		 accel_error_memory("weights");

	if (id < 0)
		goto out;
	id = graph_add_const(plan->to, w->name, GRAPH_I8, w->rank, w->dims, weights);
	if (id < 0)
		goto out;
	inputs[1] = (uint32_t)id;
	if (graph_set_quant(plan->to, id, outputs, 0, scales, NULL)) {
		id = -ENOMEM;
		goto out;
	}
	for (uint32_t o = 0; o < outputs; o++)
		scales[o] *= scale_in;
	id = graph_add_const(plan->to, NULL, GRAPH_I32, 1, &outputs, bias);
	if (id < 0)
		goto out;
	inputs[2] = (uint32_t)id;
	if (graph_set_quant(plan->to, id, outputs, 0, scales, NULL))
		id = -ENOMEM;
out:
	free(weights);
	free(bias);
	free(scales);
	return id < 0 ? id : 0;
}

static int convert(struct plan *plan, uint32_t number)
{
	const struct graph_op *op = &plan->from->ops[number];
	uint32_t num = weighted(op->kind) && plan->integer[number] ? 3 : op->num_inputs, output;
	uint32_t *inputs = malloc((num + 1) * sizeof(*inputs)), data = data_inputs(op);
	int id = inputs ? 0 : accel_error_memory("an operation");

	for (uint32_t i = 0; id >= 0 && i < op->num_inputs; i++) {
		bool as_integer = plan->integer[number] &&
				  (i < data || (op->kind == GRAPH_PAD && i == 1));

		if (op->inputs[i] == GRAPH_NONE) {
			inputs[i] = GRAPH_NONE;
			continue;
		}
		if (weighted(op->kind) && plan->integer[number] && i)
			continue;
		/* A padding's value is in the scale of what it pads. */
		if (op->kind == GRAPH_PAD && as_integer && i) {
			plan->scale[op->inputs[1]] = plan->scale[op->inputs[0]];
			plan->zero[op->inputs[1]] = plan->zero[op->inputs[0]];
			plan->twin[op->inputs[1]] = GRAPH_NONE;
		}
		/* Order does not care for the scale. */
		if (op->kind == GRAPH_ARG_MAX && plan->twin[op->inputs[i]] != GRAPH_NONE)
			as_integer = true;
		id = as_integer ? integers(plan, op->inputs[i]) : reals(plan, op->inputs[i]);
		inputs[i] = (uint32_t)id;
	}
	if (id >= 0 && weighted(op->kind) && plan->integer[number])
		id = add_weights(plan, number, inputs);
	if (id < 0)
		goto out;
	output = GRAPH_NONE;
	if (op->num_outputs) {
		const struct graph_tensor *y = from_tensor(plan, op->outputs[0]);

		id = graph_add_tensor(plan->to, y->name, plan->integer[number] ? GRAPH_I8 : y->type,
				      y->rank, y->dims);
		if (id >= 0 && plan->integer[number])
			id = set_scale(plan, op->outputs[0], id);
		else if (id >= 0 && y->quant.count)
			id = graph_set_quant(plan->to, id, y->quant.count, y->quant.axis, y->quant.scale,
					     y->quant.zero_point) ? -ENOMEM : id;
		if (id < 0)
			goto out;
		output = (uint32_t)id;
		*(plan->integer[number] ? &plan->twin[op->outputs[0]] : &plan->real[op->outputs[0]]) =
			output;
	}
	id = graph_add_op(plan->to, plan->to->num_ops, op->kind, op->name, num, inputs, output);
	if (id < 0)
		goto out;
	plan->to->ops[id].act_min = op->act_min;
	plan->to->ops[id].act_max = op->act_max;
	plan->to->ops[id].params = op->params;
	id = 0;
out:
	free(inputs);
	return id < 0 ? id : 0;
}

static int build(struct plan *plan)
{
	const struct graph *from = plan->from;
	int id = 0;

	plan->to->inputs = malloc((from->num_inputs + 1) * sizeof(uint32_t));
	plan->to->outputs = malloc((from->num_outputs + 1) * sizeof(uint32_t));
	if (!plan->to->inputs || !plan->to->outputs)
		return accel_error_memory("a graph");
	for (uint32_t i = 0; i < from->num_inputs; i++) {
		id = reals(plan, from->inputs[i]);
		if (id < 0)
			return id;
		plan->to->inputs[plan->to->num_inputs++] = (uint32_t)id;
	}
	for (uint32_t i = 0; i < from->num_ops; i++) {
		if (plan->quant->config.progress)
			plan->quant->config.progress("rounding", i, from->num_ops);
		id = convert(plan, i);
		if (id < 0)
			return id;
	}
	if (plan->quant->config.progress)
		plan->quant->config.progress("rounding", 1, 1);
	for (uint32_t i = 0; i < from->num_outputs; i++) {
		id = reals(plan, from->outputs[i]);
		if (id < 0)
			return id;
		plan->to->outputs[plan->to->num_outputs++] = (uint32_t)id;
	}
	id = graph_compact(plan->to);
	return id ? id : graph_check(plan->to);
}

int quant_finish(struct quant *quant, struct graph **out)
{
	const struct graph *graph = quant->graph;
	uint32_t n = graph->num_tensors + 1;
	struct plan plan = { .quant = quant, .from = graph };
	int err = graph_new(graph->name, &plan.to);

	*out = NULL;
	if (err)
		return err;
	if (!quant->samples) {
		graph_free(plan.to);
		return accel_error_set(-EINVAL, "quantisation needs at least one sample");
	}
	plan.integer = calloc(graph->num_ops + 1, sizeof(*plan.integer));
	plan.group = calloc(n, sizeof(*plan.group));
	plan.twin = malloc(n * sizeof(*plan.twin));
	plan.real = malloc(n * sizeof(*plan.real));
	plan.low = calloc(n, sizeof(*plan.low));
	plan.high = calloc(n, sizeof(*plan.high));
	plan.scale = calloc(n, sizeof(*plan.scale));
	plan.zero = calloc(n, sizeof(*plan.zero));
	if (!plan.integer || !plan.group || !plan.twin || !plan.real || !plan.low || !plan.high ||
	    !plan.scale || !plan.zero) {
		err = accel_error_memory("quantisation");
		goto out;
	}
	for (uint32_t i = 0; i < n; i++) {
		plan.group[i] = i;
		plan.twin[i] = plan.real[i] = GRAPH_NONE;
	}
	for (uint32_t i = 0; i < graph->num_ops; i++)
		plan.integer[i] = can_be_integer(&plan, &graph->ops[i]);
	settle_states(&plan);
	choose_scales(&plan);
	err = build(&plan);
out:
	free(plan.integer);
	free(plan.group);
	free(plan.twin);
	free(plan.real);
	free(plan.low);
	free(plan.high);
	free(plan.scale);
	free(plan.zero);
	if (err)
		graph_free(plan.to);
	else
		*out = plan.to;
	return err;
}
