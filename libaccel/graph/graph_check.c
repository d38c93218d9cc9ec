// SPDX-License-Identifier: MIT
/*
 * Is a graph in order? Everything that runs or compiles graphs relies on it.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libaccel/dev/error.h"
#include "libaccel/graph/graph.h"

/* All activations and constants of a graph together. */
#define MAX_BYTES	(UINT64_C(1) << 34)

static int refuse(const struct graph_op *op, const char *why)
{
	return accel_error_set(-EINVAL, "operation %s (%s): %s", op->name, graph_kind_name(op->kind),
			       why);
}

static int check_tensor(const struct graph_tensor *tensor)
{
	const struct graph_quant *quant = &tensor->quant;
	const char *why = NULL;
	uint64_t n = 1;

	if (!tensor->name)
		return accel_error_set(-EINVAL, "a tensor has no name");
	if (tensor->type >= GRAPH_TYPES || tensor->rank > GRAPH_DIMS)
		why = "unknown type or too many dimensions";
	for (uint32_t i = 0; !why && i < tensor->rank; i++) {
		if (!tensor->dims[i] && (!tensor->data || tensor->state))
			why = "a dimension is 0";
		n *= tensor->dims[i];
		if (n > UINT32_MAX / 2)
			why = "too large";
	}
	if (!why && quant->count) {
		if (tensor->type == GRAPH_F32 || tensor->type == GRAPH_F16 ||
		    tensor->type == GRAPH_BOOL)
			why = "a tensor of reals has a scale";
		else if (quant->count > 1 && (quant->axis >= tensor->rank ||
					      tensor->dims[quant->axis] != quant->count))
			why = "the number of scales does not fit its shape";
		for (uint32_t i = 0; !why && i < quant->count; i++) {
			int32_t zero = quant->zero_point[i];

			if (!isfinite(quant->scale[i]) || quant->scale[i] <= 0)
				why = "a scale is not a positive number";
			else if ((tensor->type == GRAPH_I8 && (zero < -128 || zero > 127)) ||
				 (tensor->type == GRAPH_U8 && (zero < 0 || zero > 255)) ||
				 (tensor->type == GRAPH_I16 && (zero < -32768 || zero > 32767)))
				why = "a zero point is out of range";
		}
	}
	return why ? accel_error_set(-EINVAL, "tensor %s: %s", tensor->name, why) : 0;
}

/* Types that arithmetic kernels take: reals, or int8 that stands for reals. */
static bool arithmetic(const struct graph_tensor *tensor)
{
	return tensor->type == GRAPH_F32 ||
	       (tensor->type == GRAPH_I8 && tensor->quant.count == 1);
}

static bool plain_integer(const struct graph_tensor *tensor)
{
	return (tensor->type == GRAPH_I32 || tensor->type == GRAPH_I64) &&
	       !graph_is_quantized(tensor);
}

static bool weighted_types(const struct graph *graph, const struct graph_op *op)
{
	const struct graph_tensor *x = &graph->tensors[op->inputs[0]];
	const struct graph_tensor *w = &graph->tensors[op->inputs[1]];
	const struct graph_tensor *y = &graph->tensors[op->outputs[0]];
	const struct graph_tensor *bias = op->num_inputs > 2 && op->inputs[2] != GRAPH_NONE ?
					  &graph->tensors[op->inputs[2]] : NULL;

	if (!arithmetic(x) || y->type != x->type || !arithmetic(y) || w->type != x->type)
		return false;
	if (x->type == GRAPH_F32)
		return !bias || bias->type == GRAPH_F32;
	return graph_is_quantized(w) && (w->quant.count == 1 || w->quant.axis == 0) &&
	       (!bias || bias->type == GRAPH_I32);
}

static bool moves_data(uint32_t kind)
{
	switch (kind) {
	case GRAPH_CONCAT: case GRAPH_PAD: case GRAPH_DEPTH_TO_SPACE: case GRAPH_SPACE_TO_DEPTH:
	case GRAPH_RESHAPE: case GRAPH_TRANSPOSE: case GRAPH_SLICE: case GRAPH_GATHER:
	case GRAPH_BROADCAST: case GRAPH_TILE: case GRAPH_READ_STATE: case GRAPH_WRITE_STATE:
		return true;
	default:
		return false;
	}
}

bool graph_op_fits(const struct graph *graph, const struct graph_op *op)
{
	const struct graph_tensor *x = &graph->tensors[op->inputs[0]];
	const struct graph_tensor *y = op->num_outputs ? &graph->tensors[op->outputs[0]] : NULL;
	bool integers = false;

	switch (op->kind) {
	case GRAPH_CONV: case GRAPH_CONV_TRANSPOSED: case GRAPH_FULLY_CONNECTED:
		return weighted_types(graph, op);
	case GRAPH_QUANTIZE:
		return y->quant.count > 0 && (y->type == GRAPH_I8 || y->type == GRAPH_U8) &&
		       (x->type == GRAPH_F32 || (graph_is_quantized(x) &&
			(x->type == GRAPH_I8 || x->type == GRAPH_U8)));
	case GRAPH_DEQUANTIZE:
		return y->type == GRAPH_F32 && (x->type == GRAPH_F16 || graph_is_quantized(x));
	case GRAPH_CAST:
		return true;
	case GRAPH_ARG_MAX:
		return (arithmetic(x) || plain_integer(x)) && plain_integer(y);
	case GRAPH_BATCH_NORM: case GRAPH_PRELU: case GRAPH_POW:
		break;
	case GRAPH_ADD: case GRAPH_SUB: case GRAPH_MUL: case GRAPH_DIV: case GRAPH_MAX:
	case GRAPH_MIN: case GRAPH_REDUCE: case GRAPH_UNARY: case GRAPH_CLIP:
		integers = plain_integer(x);
		break;
	default:
		if (moves_data(op->kind)) {
			uint32_t data_inputs = op->kind == GRAPH_CONCAT ? op->num_inputs : 1;

			for (uint32_t i = 0; i < data_inputs; i++) {
				const struct graph_tensor *one = &graph->tensors[op->inputs[i]];

				if (y && (one->type != y->type || graph_is_quantized(one) !=
					  graph_is_quantized(y)))
					return false;
				if (y && y->quant.count > 1 && op->kind != GRAPH_RESHAPE &&
				    op->kind != GRAPH_TRANSPOSE)
					return false;
			}
			return true;
		}
	}
	for (uint32_t i = 0; i < op->num_inputs; i++) {
		const struct graph_tensor *one = &graph->tensors[op->inputs[i]];

		if (op->kind == GRAPH_BATCH_NORM && i)
			integers = false;
		if (one->type != x->type || (integers ? !plain_integer(one) : !arithmetic(one)))
			return false;
	}
	return y->type == x->type && (integers ? plain_integer(y) : arithmetic(y));
}

static int check_op(const struct graph *graph, const struct graph_op *op, const bool *known)
{
	uint32_t rank, dims[GRAPH_DIMS];
	const struct graph_tensor *y;
	int err;

	if (!op->name || op->kind >= GRAPH_KINDS)
		return accel_error_set(-EINVAL, "an operation has no name or an unknown kind");
	for (uint32_t i = 0; i < op->num_inputs; i++) {
		if (op->inputs[i] == GRAPH_NONE)
			continue;
		if (op->inputs[i] >= graph->num_tensors)
			return refuse(op, "an input does not exist");
		if (!known[op->inputs[i]])
			return refuse(op, "reads a tensor before it is written");
		if (graph->tensors[op->inputs[i]].state && op->kind != GRAPH_READ_STATE &&
		    !(op->kind == GRAPH_WRITE_STATE && i == 1))
			return refuse(op, "reads a variable directly");
	}
	if (op->num_outputs > 1 || (op->num_outputs && op->outputs[0] >= graph->num_tensors))
		return refuse(op, "an output does not exist");
	err = graph_infer(graph, op, &rank, dims);
	if (err)
		return err;
	if (op->kind == GRAPH_READ_STATE && !graph->tensors[op->inputs[0]].state)
		return refuse(op, "reads what is no variable");
	if (isnan(op->act_min) || isnan(op->act_max) || op->act_min > op->act_max)
		return refuse(op, "the activation's range is empty");
	if (!graph_op_fits(graph, op))
		return refuse(op, "inputs and output have types that do not fit together");
	if (!op->num_outputs)
		return 0;
	y = &graph->tensors[op->outputs[0]];
	if (known[op->outputs[0]])
		return refuse(op, "writes a tensor that has a value already");
	if (rank != y->rank || memcmp(dims, y->dims, rank * sizeof(*dims)))
		return refuse(op, "the output is of another shape");
	return 0;
}

/* Tensors that nothing writes and nobody gives: constants stored without data. */
static void mark_absent(const struct graph *graph, bool *known)
{
	bool *found = calloc(graph->num_tensors + 1, sizeof(*found));

	for (uint32_t i = 0; found && i < graph->num_inputs; i++)
		if (graph->inputs[i] < graph->num_tensors)
			found[graph->inputs[i]] = true;
	for (uint32_t i = 0; found && i < graph->num_ops; i++)
		if (graph->ops[i].num_outputs && graph->ops[i].outputs[0] < graph->num_tensors)
			found[graph->ops[i].outputs[0]] = true;
	for (uint32_t i = 0; found && i < graph->num_tensors; i++)
		known[i] |= !found[i];
	free(found);
}

static int check(const struct graph *graph, bool stored)
{
	bool *known = calloc(graph->num_tensors + 1, sizeof(*known));
	uint64_t bytes = 0;
	int err = 0;

	if (!known)
		return accel_error_memory("a check");
	for (uint32_t i = 0; !err && i < graph->num_tensors; i++) {
		err = check_tensor(&graph->tensors[i]);
		if (err)
			break;
		known[i] = graph->tensors[i].data || graph->tensors[i].state;
		bytes += graph_bytes(&graph->tensors[i]);
		if (bytes > MAX_BYTES)
			err = accel_error_set(-EINVAL, "the model needs more than %llu GiB of tensors",
					      (unsigned long long)(MAX_BYTES >> 30));
	}
	if (!err && stored)
		mark_absent(graph, known);
	for (uint32_t i = 0; !err && i < graph->num_inputs; i++) {
		if (graph->inputs[i] >= graph->num_tensors)
			err = accel_error_set(-EINVAL, "input %u does not exist", i);
		else if (known[graph->inputs[i]])
			err = accel_error_set(-EINVAL, "input %s is given twice or has a value",
					      graph->tensors[graph->inputs[i]].name);
		else
			known[graph->inputs[i]] = true;
	}
	for (uint32_t i = 0; !err && i < graph->num_ops; i++) {
		err = check_op(graph, &graph->ops[i], known);
		if (!err && graph->ops[i].num_outputs)
			known[graph->ops[i].outputs[0]] = true;
	}
	for (uint32_t i = 0; !err && i < graph->num_outputs; i++)
		if (graph->outputs[i] >= graph->num_tensors || !known[graph->outputs[i]])
			err = accel_error_set(-EINVAL, "output %u is never computed", i);
	free(known);
	return err;
}

int graph_check(const struct graph *graph)
{
	return check(graph, false);
}

int graph_check_stored(const struct graph *graph)
{
	return check(graph, true);
}

static void print_shape(FILE *file, const struct graph_tensor *tensor)
{
	fprintf(file, "%s[", graph_type_name(tensor->type));
	for (uint32_t i = 0; i < tensor->rank; i++)
		fprintf(file, "%s%u", i ? "," : "", tensor->dims[i]);
	fputc(']', file);
	if (tensor->quant.count == 1)
		fprintf(file, "(%g, %d)", tensor->quant.scale[0], tensor->quant.zero_point[0]);
	else if (tensor->quant.count)
		fprintf(file, "(%u scales)", tensor->quant.count);
}

void graph_print(const struct graph *graph, void *stream)
{
	FILE *file = stream;

	for (uint32_t i = 0; i < graph->num_inputs; i++) {
		fprintf(file, "input %%%u %s ", graph->inputs[i], graph->tensors[graph->inputs[i]].name);
		print_shape(file, &graph->tensors[graph->inputs[i]]);
		fputc('\n', file);
	}
	for (uint32_t i = 0; i < graph->num_ops; i++) {
		const struct graph_op *op = &graph->ops[i];

		fprintf(file, "%4u ", i);
		if (op->num_outputs) {
			fprintf(file, "%%%u ", op->outputs[0]);
			print_shape(file, &graph->tensors[op->outputs[0]]);
			fputs(" = ", file);
		}
		fprintf(file, "%s(", graph_kind_name(op->kind));
		for (uint32_t j = 0; j < op->num_inputs; j++) {
			fputs(j ? ", " : "", file);
			if (op->inputs[j] == GRAPH_NONE) {
				fputs("-", file);
				continue;
			}
			fprintf(file, "%%%u", op->inputs[j]);
			if (graph->tensors[op->inputs[j]].data) {
				fputs(" const ", file);
				print_shape(file, &graph->tensors[op->inputs[j]]);
			}
		}
		fputc(')', file);
		if (graph_has_act(op))
			fprintf(file, " clamp(%g, %g)", op->act_min, op->act_max);
		fprintf(file, "  %s\n", op->name);
	}
	for (uint32_t i = 0; i < graph->num_outputs; i++)
		fprintf(file, "output %%%u %s\n", graph->outputs[i],
			graph->tensors[graph->outputs[i]].name);
}
