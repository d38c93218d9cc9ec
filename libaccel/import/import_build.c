// SPDX-License-Identifier: MIT
/*
 * What both importers use to put a graph together, see import_build.h.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libaccel/dev/error.h"
#include "libaccel/import/import_build.h"
#include "libaccel/graph/passes.h"

int build_set_shape(struct graph *graph, uint32_t tensor, uint32_t rank, const uint32_t *dims)
{
	struct graph_tensor *t = &graph->tensors[tensor];
	uint64_t n = 1;

	if (t->data)
		return accel_error_set(-EINVAL, "tensor %s is a constant and the output of an operation",
				       t->name);
	for (uint32_t i = 0; i < rank; i++) {
		n *= dims[i];
		if (!dims[i] || n > INT32_MAX)
			return accel_error_set(-EINVAL, "tensor %s is empty or too large", t->name);
	}
	t->rank = rank;
	if (rank)
		memmove(t->dims, dims, rank * sizeof(*dims));
	return 0;
}

int build_op_act(struct graph *graph, enum graph_kind kind, const char *name,
		 uint32_t num_inputs, const uint32_t *inputs, uint32_t output,
		 const union graph_params *params, float act_min, float act_max)
{
	uint32_t rank, dims[GRAPH_DIMS];
	struct graph_op *op;
	int id, err;

	if (output == GRAPH_NONE && kind != GRAPH_WRITE_STATE) {
		id = graph_add_tensor(graph, NULL, graph->tensors[inputs[0]].type, 0, NULL);
		if (id < 0)
			return id;
		output = id;
	}
	id = graph_add_op(graph, graph->num_ops, kind, name, num_inputs, inputs, output);
	if (id < 0)
		return id;
	op = &graph->ops[id];
	if (params)
		op->params = *params;
	op->act_min = act_min;
	op->act_max = act_max;
	err = graph_infer(graph, op, &rank, dims);
	if (err)
		return err;
	if (output == GRAPH_NONE)
		return 0;
	err = build_set_shape(graph, output, rank, dims);
	if (err)
		return err;
	err = graph_fold_op(graph, id);
	return err < 0 ? err : (int)output;
}

int build_op(struct graph *graph, enum graph_kind kind, const char *name, uint32_t num_inputs,
	     const uint32_t *inputs, uint32_t output, const union graph_params *params)
{
	return build_op_act(graph, kind, name, num_inputs, inputs, output, params, -INFINITY,
			    INFINITY);
}

int build_unary(struct graph *graph, enum graph_kind kind, uint32_t input, uint32_t output)
{
	return build_op(graph, kind, NULL, 1, &input, output, NULL);
}

/* An output for a kind that keeps the shape it finds. */
static int given_output(struct graph *graph, uint32_t input, uint32_t output, uint32_t rank,
			const uint32_t *dims)
{
	int err;

	if (output == GRAPH_NONE) {
		int id = graph_add_tensor(graph, NULL, graph->tensors[input].type, 0, NULL);

		if (id < 0)
			return id;
		/* What only moves data keeps the scale. */
		if (graph->tensors[input].quant.count == 1) {
			err = graph_copy_quant(graph, id, input);
			if (err)
				return err;
		}
		output = id;
	}
	err = build_set_shape(graph, output, rank, dims);
	return err ? err : (int)output;
}

/* The constant integers that a DEQUANTIZE makes @tensor of, else GRAPH_NONE. */
static uint32_t dequantized_constant(const struct graph *graph, uint32_t tensor)
{
	uint32_t producer = graph_producer(graph, tensor);

	return producer != GRAPH_NONE && graph->ops[producer].kind == GRAPH_DEQUANTIZE &&
	       graph_is_const(&graph->tensors[graph->ops[producer].inputs[0]]) ?
	       graph->ops[producer].inputs[0] : GRAPH_NONE;
}

/* DEQUANTIZE to a new tensor; @integers may be an error, which is handed on. */
static int dequantize_again(struct graph *graph, int integers)
{
	int id = integers < 0 ? integers : graph_add_tensor(graph, NULL, GRAPH_F32, 0, NULL);

	return id < 0 ? id : build_unary(graph, GRAPH_DEQUANTIZE, (uint32_t)integers, (uint32_t)id);
}

/* Are the rows that @tensor's scales belong to rows of the new shape too? */
static bool keeps_rows(const struct graph_tensor *tensor, uint32_t rank, const uint32_t *dims)
{
	uint32_t axis = tensor->quant.axis;
	uint64_t before = 1, behind = 1;

	if (axis >= rank || dims[axis] != tensor->quant.count)
		return false;
	for (uint32_t i = 0; i < axis; i++) {
		before *= tensor->dims[i];
		behind *= dims[i];
	}
	return before == behind;
}

int build_reshape(struct graph *graph, uint32_t input, uint32_t output, uint32_t rank,
		  const uint32_t *dims)
{
	uint32_t source = output == GRAPH_NONE ? dequantized_constant(graph, input) : GRAPH_NONE;
	int id;

	/* Integer weights stay constants behind their DEQUANTIZE. */
	if (source != GRAPH_NONE && graph->tensors[source].quant.count == 1)
		return dequantize_again(graph, build_reshape(graph, source, GRAPH_NONE, rank, dims));
	id = given_output(graph, input, output, rank, dims);
	if (id >= 0 && graph->tensors[input].quant.count > 1 &&
	    keeps_rows(&graph->tensors[input], rank, dims) && graph_copy_quant(graph, id, input))
		id = -ENOMEM;
	return id < 0 ? id : build_unary(graph, GRAPH_RESHAPE, input, id);
}

int build_transpose(struct graph *graph, uint32_t input, uint32_t output, const uint32_t *order)
{
	uint32_t source = output == GRAPH_NONE ? dequantized_constant(graph, input) : GRAPH_NONE;
	const struct graph_tensor *x = &graph->tensors[input];
	union graph_params params = { 0 };
	uint32_t dims[GRAPH_DIMS], axis = 0;
	int id, err;

	if (source != GRAPH_NONE)
		return dequantize_again(graph, build_transpose(graph, source, GRAPH_NONE, order));
	for (uint32_t i = 0; i < x->rank; i++) {
		params.transpose.order[i] = order[i];
		dims[i] = x->dims[order[i]];
		if (order[i] == x->quant.axis)
			axis = i;
	}
	id = given_output(graph, input, output, x->rank, dims);
	if (id < 0)
		return id;
	x = &graph->tensors[input];
	if (x->quant.count > 1) {
		err = graph_copy_quant(graph, id, input);
		if (err)
			return err;
		graph->tensors[id].quant.axis = axis;
	}
	return build_op(graph, GRAPH_TRANSPOSE, NULL, 1, &input, id, &params);
}

int build_slice(struct graph *graph, uint32_t input, uint32_t output, const int32_t *start,
		const int32_t *step, const uint32_t *size)
{
	uint32_t rank = graph->tensors[input].rank;
	union graph_params params = { 0 };
	int id = given_output(graph, input, output, rank, size);

	if (id < 0)
		return id;
	for (uint32_t i = 0; i < rank; i++) {
		params.slice.start[i] = start[i];
		params.slice.step[i] = step ? step[i] : 1;
	}
	return build_op(graph, GRAPH_SLICE, NULL, 1, &input, id, &params);
}

int build_integers(const struct graph *graph, uint32_t tensor, const char *what, uint32_t most,
		   int64_t *values)
{
	const struct graph_tensor *t = tensor == GRAPH_NONE ? NULL : &graph->tensors[tensor];
	uint64_t n;

	if (!t || !graph_is_const(t))
		return accel_error_set(-ENOTSUP, "%s is not a constant", what);
	n = graph_elements(t);
	if (n > most || (t->type != GRAPH_I32 && t->type != GRAPH_I64))
		return accel_error_set(-EINVAL, "%s has too many values or is of type %s", what,
				       graph_type_name(t->type));
	for (uint64_t i = 0; i < n; i++)
		values[i] = t->type == GRAPH_I32 ? ((int32_t *)t->data)[i] : ((int64_t *)t->data)[i];
	return (int)n;
}

int build_axis(int64_t axis, uint32_t rank, uint32_t *out)
{
	if (axis < 0)
		axis += rank;
	if (axis < 0 || axis >= rank)
		return accel_error_set(-EINVAL, "axis %lld is out of range", (long long)axis);
	*out = (uint32_t)axis;
	return 0;
}

int build_slice_range(int64_t begin, int64_t end, int64_t step, uint32_t dim, int32_t *start,
		      int32_t *by, uint32_t *size)
{
	int64_t low = step < 0 ? -1 : 0, high = step < 0 ? (int64_t)dim - 1 : dim, n;

	if (!step)
		return accel_error_set(-EINVAL, "a slice has step 0");
	if (begin < 0)
		begin = begin < -(int64_t)dim ? low : begin + dim;
	if (end < 0)
		end = end < -(int64_t)dim ? low : end + dim;
	begin = begin < low ? low : begin > high ? high : begin;
	end = end < low ? low : end > high ? high : end;
	if (step > (int64_t)dim)
		step = dim;
	if (step < -(int64_t)dim)
		step = -(int64_t)dim;
	if (!step)
		return accel_error_set(-EINVAL, "a slice has no elements");
	n = step > 0 ? (end - begin + step - 1) / step : (begin - end - step - 1) / -step;
	if (n <= 0)
		return accel_error_set(-EINVAL, "a slice has no elements");
	*start = (int32_t)begin;
	*by = (int32_t)step;
	*size = (uint32_t)n;
	return 0;
}

void build_same_padding(uint32_t in, uint32_t kernel, uint32_t dilation, uint32_t stride,
			uint32_t *before, uint32_t *after)
{
	int64_t out = ((int64_t)in + stride - 1) / stride;
	int64_t total = (out - 1) * stride + ((int64_t)kernel - 1) * dilation + 1 - in;

	if (total < 0)
		total = 0;
	*before = (uint32_t)(total / 2);
	*after = (uint32_t)(total - total / 2);
}

/* A tensor that stands in for @tensor inside the graph, as int8. */
static int signed_twin(struct graph *graph, uint32_t tensor)
{
	const struct graph_tensor *t = &graph->tensors[tensor];
	int id = graph_add_tensor(graph, NULL, GRAPH_I8, t->rank, t->dims);
	float scale;
	int32_t zero;
	int err;

	if (id < 0)
		return id;
	t = &graph->tensors[tensor];
	scale = t->quant.scale[0];
	zero = t->quant.zero_point[0] - 128;
	err = graph_set_quant(graph, id, 1, 0, &scale, &zero);
	return err ? err : id;
}

/* Activations have one scale; only constants may have more. */
static bool quantized_u8(const struct graph_tensor *tensor)
{
	return tensor->type == GRAPH_U8 && graph_is_quantized(tensor) &&
	       (tensor->quant.count == 1 || tensor->data);
}

/* Inside the graph the twin takes the place; inputs and outputs keep theirs. */
static void replace_in_ops(struct graph *graph, uint32_t from, uint32_t to)
{
	for (uint32_t i = 0; i < graph->num_ops; i++)
		for (uint32_t j = 0; j < graph->ops[i].num_inputs; j++)
			if (graph->ops[i].inputs[j] == from)
				graph->ops[i].inputs[j] = to;
}

static int convert_inputs(struct graph *graph)
{
	for (uint32_t i = 0; i < graph->num_inputs; i++) {
		uint32_t input = graph->inputs[i];
		int twin, op;

		if (!quantized_u8(&graph->tensors[input]))
			continue;
		twin = signed_twin(graph, input);
		if (twin < 0)
			return twin;
		replace_in_ops(graph, input, twin);
		op = graph_add_op(graph, 0, GRAPH_QUANTIZE, NULL, 1, &input, twin);
		if (op < 0)
			return op;
	}
	return 0;
}

static int convert_outputs(struct graph *graph, bool *boundary)
{
	for (uint32_t i = 0; i < graph->num_outputs; i++) {
		uint32_t output = graph->outputs[i], producer = graph_producer(graph, output), inner;
		bool first = true;
		int twin, op;

		for (uint32_t j = 0; j < i; j++)
			first &= graph->outputs[j] != output;
		if (!first || producer == GRAPH_NONE || !quantized_u8(&graph->tensors[output]) ||
		    boundary[output])
			continue;
		twin = signed_twin(graph, output);
		if (twin < 0)
			return twin;
		inner = twin;
		replace_in_ops(graph, output, inner);
		graph->ops[producer].outputs[0] = inner;
		op = graph_add_op(graph, graph->num_ops, GRAPH_QUANTIZE, NULL, 1, &inner, output);
		if (op < 0)
			return op;
		boundary[output] = true;
	}
	return 0;
}

int build_unsigned_to_signed(struct graph *graph)
{
	uint32_t before = graph->num_tensors;
	bool *boundary = calloc(before + 1, sizeof(*boundary));
	int err;

	if (!boundary)
		return accel_error_memory("a model");
	for (uint32_t i = 0; i < graph->num_inputs; i++)
		boundary[graph->inputs[i]] = true;
	err = convert_inputs(graph);
	if (!err)
		err = convert_outputs(graph, boundary);
	for (uint32_t i = 0; !err && i < before; i++) {
		struct graph_tensor *t = &graph->tensors[i];

		if (boundary[i] || !quantized_u8(t))
			continue;
		if (t->data) {
			uint64_t n = graph_elements(t);
			uint8_t *copy = malloc(n ? n : 1);

			if (!copy) {
				err = accel_error_memory("a constant");
				break;
			}
			for (uint64_t j = 0; j < n; j++)
				copy[j] = ((uint8_t *)t->data)[j] ^ 0x80;
			if (t->owned)
				free(t->data);
			t->data = copy;
			t->owned = true;
		}
		t->type = GRAPH_I8;
		for (uint32_t j = 0; j < t->quant.count; j++)
			t->quant.zero_point[j] -= 128;
	}
	free(boundary);
	return err;
}
