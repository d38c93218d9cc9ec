// SPDX-License-Identifier: MIT
/*
 * TFLite models: subgraphs, tensors, buffers, variables. Operators are in
 * tflite_ops.c. Field numbers and their meaning: TFLite's schema, version 3.
 */
#include <stdlib.h>
#include <string.h>

#include <accel/accel.h>

#include "libaccel/dev/error.h"
#include "libaccel/import/import.h"
#include "libaccel/import/import_build.h"
#include "libaccel/import/tflite_import.h"
#include "libaccel/import/tflite_operators.h"

enum { MODEL_VERSION, MODEL_OPERATOR_CODES, MODEL_SUBGRAPHS, MODEL_DESCRIPTION, MODEL_BUFFERS };
enum { SUBGRAPH_TENSORS, SUBGRAPH_INPUTS, SUBGRAPH_OUTPUTS, SUBGRAPH_OPERATORS };
enum { TENSOR_SHAPE, TENSOR_TYPE, TENSOR_BUFFER, TENSOR_NAME, TENSOR_QUANTIZATION,
       TENSOR_IS_VARIABLE, TENSOR_SPARSITY };
enum { QUANT_SCALE = 2, QUANT_ZERO_POINT, QUANT_DETAILS_TYPE, QUANT_DIMENSION = 6 };
enum { BUFFER_DATA, BUFFER_OFFSET, BUFFER_SIZE };
enum { OPERATOR_CODE, OPERATOR_INPUTS, OPERATOR_OUTPUTS, OPERATOR_OPTIONS = 4, OPERATOR_CUSTOM };
enum { CODE_DEPRECATED, CODE_CUSTOM, CODE_VERSION, CODE_BUILTIN };

#define COPIED_MAX	(1U << 20)
#define CALLS_MAX	16

static const int8_t types[] = {
	[TFLITE_FLOAT32] = GRAPH_F32, [TFLITE_FLOAT16] = GRAPH_F16, [TFLITE_INT32] = GRAPH_I32,
	[TFLITE_UINT8] = GRAPH_U8, [TFLITE_INT64] = GRAPH_I64, [TFLITE_STRING] = -1,
	[TFLITE_BOOL] = GRAPH_BOOL, [TFLITE_INT16] = GRAPH_I16, [TFLITE_COMPLEX64] = -1,
	[TFLITE_INT8] = GRAPH_I8,
};

/* A copy with a final 0. */
static char *copy_string(const struct flat_vector *string)
{
	char *copy = malloc((size_t)string->count + 1);

	if (!copy)
		return NULL;
	if (string->count)
		memcpy(copy, flat_bytes(string), string->count);
	copy[string->count] = 0;
	return copy;
}

/* A constant's bytes: in the buffer, or for large models behind the flatbuffer. */
static int buffer_data(struct tflite *tflite, uint32_t buffer, const uint8_t **data,
		       uint64_t *size)
{
	struct flat_vector buffers = flat_get_vector(&tflite->model, MODEL_BUFFERS, 4), bytes;
	struct flat_table table;

	*size = 0;
	if (!buffer)
		return 0;
	if (buffer >= buffers.count)
		return accel_error_set(-EINVAL, "buffer %u does not exist", buffer);
	table = flat_table_at(&buffers, buffer);
	bytes = flat_get_vector(&table, BUFFER_DATA, 1);
	if (bytes.count) {
		*data = flat_bytes(&bytes);
		*size = bytes.count;
		return 0;
	}
	if (flat_get_uint(&table, BUFFER_OFFSET, 8, 0) > 1) {
		uint64_t offset = flat_get_uint(&table, BUFFER_OFFSET, 8, 0);

		*size = flat_get_uint(&table, BUFFER_SIZE, 8, 0);
		if (offset > tflite->flat->size || *size > tflite->flat->size - offset)
			return accel_error_set(-EINVAL, "buffer %u lies outside the file", buffer);
		*data = tflite->flat->data + offset;
	}
	return 0;
}

static int read_quantization(struct tflite *tflite, const struct flat_table *table, uint32_t tensor)
{
	struct flat_vector scale = flat_get_vector(table, QUANT_SCALE, 4);
	struct flat_vector zero = flat_get_vector(table, QUANT_ZERO_POINT, 8);
	int64_t axis = flat_get_int(table, QUANT_DIMENSION, 4, 0);
	float *scales;
	int32_t *zeros;
	int err = 0;

	if (!scale.count)
		return 0;
	if (flat_get_uint(table, QUANT_DETAILS_TYPE, 1, 0))
		return accel_error_set(-ENOTSUP, "custom quantisation is not supported");
	if (zero.count > 1 && zero.count != scale.count)
		return accel_error_set(-EINVAL, "the numbers of scales and zero points differ");
	scales = malloc(scale.count * sizeof(*scales));
	zeros = calloc(scale.count, sizeof(*zeros));
	for (uint32_t i = 0; scales && zeros && i < scale.count; i++) {
		int64_t value = zero.count ? flat_int64_at(&zero, zero.count > 1 ? i : 0) : 0;

		scales[i] = flat_float_at(&scale, i);
		if (value < INT32_MIN || value > INT32_MAX)
			err = accel_error_set(-EINVAL, "a zero point is out of range");
		zeros[i] = (int32_t)value;
	}
	if (!scales || !zeros)
		err = accel_error_memory("scales");
	if (!err)
		err = graph_set_quant(tflite->graph, tensor, scale.count, (uint32_t)axis, scales, zeros);
	free(scales);
	free(zeros);
	return err;
}

static int read_tensor(struct tflite *tflite, const struct flat_table *table,
		       const struct import_options *options, uint32_t *out)
{
	struct flat_vector shape = flat_get_vector(table, TENSOR_SHAPE, 4);
	struct flat_vector string = flat_get_string(table, TENSOR_NAME);
	struct flat_table quantization = flat_get_table(table, TENSOR_QUANTIZATION);
	uint64_t type = flat_get_uint(table, TENSOR_TYPE, 1, 0), size;
	uint32_t dims[GRAPH_DIMS];
	const uint8_t *data = NULL;
	struct graph_tensor *tensor;
	char *name;
	int id, err;

	err = buffer_data(tflite, (uint32_t)flat_get_uint(table, TENSOR_BUFFER, 4, 0), &data, &size);
	if (err)
		return err;
	if (type == TFLITE_RESOURCE) {
		*out = GRAPH_NONE;
		return 0;
	}
	name = copy_string(&string);
	if (!name)
		return accel_error_memory("a name");
	if (type >= sizeof(types) || types[type] < 0 || shape.count > GRAPH_DIMS) {
		err = accel_error_set(-ENOTSUP, "tensor %s: type or number of dimensions is not supported",
				      name);
		goto out;
	}
	if (flat_has(table, TENSOR_SPARSITY) && flat_get_table(table, TENSOR_SPARSITY).at) {
		err = accel_error_set(-ENOTSUP, "tensor %s: sparse tensors are not supported", name);
		goto out;
	}
	for (uint32_t i = 0; i < shape.count; i++) {
		int32_t dim = flat_int32_at(&shape, i);

		if (dim == -1)
			dim = options && options->batch ? (int32_t)options->batch : 1;
		if (dim < 0) {
			err = accel_error_set(-EINVAL, "tensor %s: a dimension is negative", name);
			goto out;
		}
		dims[i] = (uint32_t)dim;
	}
	id = graph_add_tensor(tflite->graph, name, types[type], shape.count, dims);
	err = id < 0 ? id : read_quantization(tflite, &quantization, id);
	if (err || !size)
		goto done;
	tensor = &tflite->graph->tensors[id];
	if (size != graph_bytes(tensor)) {
		err = accel_error_set(-EINVAL, "tensor %s: its data has %llu bytes, its shape needs %llu",
				      name, (unsigned long long)size,
				      (unsigned long long)graph_bytes(tensor));
		goto out;
	}
	/* Small files that use one buffer many times would fill the memory. */
	tflite->copied += size;
	if (tflite->copied > COPIED_MAX + 4 * (uint64_t)tflite->flat->size) {
		err = accel_error_set(-EINVAL, "the file's tensors share too much data");
		goto out;
	}
	tensor->data = malloc(size);
	if (!tensor->data) {
		err = accel_error_memory("a constant");
		goto out;
	}
	tensor->owned = true;
	memcpy(tensor->data, data, size);
done:
	*out = err ? GRAPH_NONE : (uint32_t)id;
out:
	free(name);
	return err;
}

static int read_tensors(struct tflite *tflite, const struct import_options *options)
{
	struct flat_vector tensors = flat_get_vector(&tflite->subgraph, SUBGRAPH_TENSORS, 4);
	int err = 0;

	tflite->num_tensors = tensors.count;
	tflite->tensors = calloc((size_t)tensors.count + 1, sizeof(*tflite->tensors));
	tflite->handle = calloc((size_t)tensors.count + 1, sizeof(*tflite->handle));
	if (!tflite->tensors || !tflite->handle)
		return accel_error_memory("a model");
	for (uint32_t i = 0; !err && i < tensors.count; i++) {
		struct flat_table table = flat_table_at(&tensors, i);

		err = read_tensor(tflite, &table, options, &tflite->tensors[i]);
	}
	return err;
}

/* Map an operator's or subgraph's list of tensors; -1: left out. */
static int map_list(struct tflite *tflite, const struct flat_vector *list, uint32_t *out)
{
	for (uint32_t i = 0; i < list->count; i++) {
		int32_t number = flat_int32_at(list, i);

		if (number < -1 || (number >= 0 && (uint32_t)number >= tflite->num_tensors))
			return accel_error_set(-EINVAL, "tensor %d does not exist", number);
		out[i] = number < 0 ? GRAPH_NONE : tflite->tensors[number];
	}
	return 0;
}

/* The variable of this name, new if there is none yet; its number or -ENOMEM. */
static int find_state(struct tflite *tflite, const struct flat_vector *name)
{
	struct tflite_state *more;

	for (uint32_t i = 0; i < tflite->num_states; i++)
		if (tflite->states[i].name.count == name->count && (!name->count ||
		    !memcmp(flat_bytes(&tflite->states[i].name), flat_bytes(name), name->count)))
			return (int)i;
	more = realloc(tflite->states, (tflite->num_states + 1) * sizeof(*more));
	if (!more)
		return accel_error_memory("a variable");
	tflite->states = more;
	more[tflite->num_states] = (struct tflite_state){ *name, GRAPH_NONE };
	return (int)tflite->num_states++;
}

/* The state's tensor, made after the example of a tensor read from or written to it. */
static int state_tensor(struct tflite *tflite, struct tflite_state *state, uint32_t like)
{
	struct graph *graph = tflite->graph;
	struct graph_tensor *t = &graph->tensors[like];
	char *name;
	int id, err;

	if (state->tensor != GRAPH_NONE)
		return 0;
	name = copy_string(&state->name);
	if (!name)
		return accel_error_memory("a variable");
	id = graph_add_tensor(graph, name, t->type, t->rank, t->dims);
	free(name);
	if (id < 0)
		return id;
	graph->tensors[id].state = true;
	err = graph_copy_quant(graph, id, like);
	state->tensor = err ? GRAPH_NONE : (uint32_t)id;
	return err;
}

/* Operators on variables. @initial: of a subgraph that runs once. */
static int variable_op(struct tflite *tflite, const struct flat_table *op, uint32_t code,
		       bool initial)
{
	struct flat_vector in = flat_get_vector(op, OPERATOR_INPUTS, 4);
	struct flat_vector out = flat_get_vector(op, OPERATOR_OUTPUTS, 4);
	struct flat_table options = flat_get_table(op, OPERATOR_OPTIONS);
	struct flat_vector name = flat_get_string(&options, 1);
	struct graph *graph = tflite->graph;
	int32_t first = code == TFLITE_VAR_HANDLE ? (out.count ? flat_int32_at(&out, 0) : -1) :
			(in.count ? flat_int32_at(&in, 0) : -1), second = -1;
	struct tflite_state *state;
	uint32_t value;
	int err;

	if (first < 0 || (uint32_t)first >= tflite->num_tensors)
		return accel_error_set(-EINVAL, "an operator on a variable has no variable");
	if (code == TFLITE_VAR_HANDLE) {
		int number = find_state(tflite, &name);

		if (number < 0)
			return number;
		tflite->handle[first] = (uint32_t)number + 1;
		return 0;
	}
	if (code == TFLITE_READ_VARIABLE && out.count == 1)
		second = flat_int32_at(&out, 0);
	else if (code == TFLITE_ASSIGN_VARIABLE && in.count == 2)
		second = flat_int32_at(&in, 1);
	if (!tflite->handle[first] || second < 0 || (uint32_t)second >= tflite->num_tensors ||
	    tflite->tensors[second] == GRAPH_NONE)
		return accel_error_set(-EINVAL, "an operator on a variable has no variable or value");
	state = &tflite->states[tflite->handle[first] - 1];
	value = tflite->tensors[second];
	err = state_tensor(tflite, state, value);
	if (err)
		return err;
	if (code == TFLITE_READ_VARIABLE)
		return build_op(graph, GRAPH_READ_STATE, NULL, 1, &state->tensor, value, NULL);
	if (!initial) {
		uint32_t inputs[2] = { value, state->tensor };

		return build_op(graph, GRAPH_WRITE_STATE, graph->tensors[state->tensor].name, 2, inputs,
				GRAPH_NONE, NULL);
	}
	if (!graph_is_const(&graph->tensors[value]) ||
	    graph_bytes(&graph->tensors[value]) != graph_bytes(&graph->tensors[state->tensor]))
		return accel_error_set(-ENOTSUP, "variable %s does not start as a constant",
				       graph->tensors[state->tensor].name);
	if (!graph->tensors[state->tensor].data) {
		size_t bytes = graph_bytes(&graph->tensors[value]);

		graph->tensors[state->tensor].data = malloc(bytes);
		if (!graph->tensors[state->tensor].data)
			return accel_error_memory("a variable");
		graph->tensors[state->tensor].owned = true;
		memcpy(graph->tensors[state->tensor].data, graph->tensors[value].data, bytes);
	}
	return 0;
}

static int read_operators(struct tflite *tflite, const struct import_options *options,
			  bool initial);

/* CALL_ONCE: a subgraph that gives variables their first values. */
static int call_once(struct tflite *tflite, const struct flat_table *op,
		     const struct import_options *options)
{
	struct flat_vector subgraphs = flat_get_vector(&tflite->model, MODEL_SUBGRAPHS, 4);
	struct flat_table call = flat_get_table(op, OPERATOR_OPTIONS);
	int64_t number = flat_get_int(&call, 0, 4, 0);
	struct tflite inner = *tflite;
	int err;

	if (number <= 0 || number >= subgraphs.count)
		return accel_error_set(-EINVAL, "CALL_ONCE calls a subgraph that does not exist");
	inner.subgraph = flat_table_at(&subgraphs, (uint32_t)number);
	inner.tensors = inner.handle = NULL;
	if (++inner.calls > CALLS_MAX)
		return accel_error_set(-ENOTSUP, "more than %d calls", CALLS_MAX);
	err = read_tensors(&inner, options);
	if (!err)
		err = read_operators(&inner, options, true);
	free(inner.tensors);
	free(inner.handle);
	tflite->states = inner.states;
	tflite->num_states = inner.num_states;
	tflite->copied = inner.copied;
	tflite->calls = inner.calls;
	return err;
}

static uint32_t operator_code(struct tflite *tflite, uint32_t index, struct flat_vector *custom)
{
	struct flat_vector codes = flat_get_vector(&tflite->model, MODEL_OPERATOR_CODES, 4);
	struct flat_table code;
	uint64_t old, now;

	if (index >= codes.count)
		return UINT32_MAX;
	code = flat_table_at(&codes, index);
	old = flat_get_uint(&code, CODE_DEPRECATED, 1, 0);
	now = flat_get_uint(&code, CODE_BUILTIN, 4, 0);
	*custom = flat_get_string(&code, CODE_CUSTOM);
	return (uint32_t)(now > old ? now : old);
}

static int read_operator(struct tflite *tflite, const struct flat_table *table, uint32_t number,
			 const struct import_options *options, bool initial)
{
	struct flat_vector in = flat_get_vector(table, OPERATOR_INPUTS, 4), custom_name = { 0 };
	struct flat_vector out = flat_get_vector(table, OPERATOR_OUTPUTS, 4);
	struct tflite_op op = {
		.code = operator_code(tflite, (uint32_t)flat_get_uint(table, OPERATOR_CODE, 4, 0),
				      &custom_name),
		.options = flat_get_table(table, OPERATOR_OPTIONS),
		.custom = flat_get_vector(table, OPERATOR_CUSTOM, 1),
		.num_in = in.count, .num_out = out.count,
	};
	const char *name = tflite_operator_name(op.code);
	char *custom = NULL, *place = NULL;
	int err;

	if (op.code == TFLITE_VAR_HANDLE || op.code == TFLITE_READ_VARIABLE || op.code == TFLITE_ASSIGN_VARIABLE) {
		err = variable_op(tflite, table, op.code, initial);
		goto named;
	}
	if (op.code == TFLITE_CALL_ONCE) {
		err = initial ? accel_error_set(-ENOTSUP, "CALL_ONCE inside CALL_ONCE") :
		      call_once(tflite, table, options);
		goto named;
	}
	op.in = malloc(((size_t)in.count + out.count + 1) * sizeof(*op.in));
	custom = copy_string(&custom_name);
	if (!op.in || !custom) {
		err = accel_error_memory("an operator");
		goto out;
	}
	op.out = op.in + in.count;
	err = map_list(tflite, &in, op.in);
	if (!err)
		err = map_list(tflite, &out, op.out);
	for (uint32_t i = 0; !err && i < out.count; i++)
		if (op.out[i] == GRAPH_NONE)
			err = accel_error_set(-EINVAL, "an output does not exist");
	if (err)
		goto named;
	op.name = out.count ? tflite->graph->tensors[op.out[0]].name : "";
	place = strdup(op.name);
	if (!place) {
		err = accel_error_memory("an operator");
		goto out;
	}
	op.name = place;
	if (op.code == TFLITE_CUSTOM) {
		name = custom;
		err = tflite_import_custom(tflite, &op, custom);
	} else {
		err = tflite_import_op(tflite, &op);
	}
named:
	if (err < 0 && err != -ENOMEM) {
		char why[256];

		strncpy(why, accel_error_text(), sizeof(why) - 1);
		why[sizeof(why) - 1] = 0;
		accel_error_set(err, "operator %u, %s%s%s: %s", number, name, place ? " at " : "",
				place ? place : "", why);
	}
out:
	free(place);
	free(custom);
	free(op.in);
	return err < 0 ? err : 0;
}

static int read_operators(struct tflite *tflite, const struct import_options *options,
			  bool initial)
{
	struct flat_vector operators = flat_get_vector(&tflite->subgraph, SUBGRAPH_OPERATORS, 4);
	int err = 0;

	for (uint32_t i = 0; !err && i < operators.count; i++) {
		struct flat_table table = flat_table_at(&operators, i);

		if (!table.at)
			return accel_error_set(-EINVAL, "operator %u lies outside the file", i);
		err = read_operator(tflite, &table, i, options, initial);
	}
	return err;
}

static int read_ends(struct tflite *tflite, uint32_t field, uint32_t **list, uint32_t *count)
{
	struct flat_vector numbers = flat_get_vector(&tflite->subgraph, field, 4);

	*list = malloc(((size_t)numbers.count + 1) * sizeof(**list));
	if (!*list)
		return accel_error_memory("a model");
	*count = numbers.count;
	return map_list(tflite, &numbers, *list);
}

int tflite_import(struct graph *graph, const void *data, size_t size,
		  const struct import_options *options)
{
	struct flat flat = { data, size, false };
	struct tflite tflite = { .graph = graph, .flat = &flat };
	struct flat_vector subgraphs;
	int err;

	tflite.model = flat_root(&flat, "TFL3");
	if (!tflite.model.at || flat_get_uint(&tflite.model, MODEL_VERSION, 4, 0) != 3)
		return accel_error_set(-EINVAL, "no TFLite model of version 3");
	subgraphs = flat_get_vector(&tflite.model, MODEL_SUBGRAPHS, 4);
	if (!subgraphs.count)
		return accel_error_set(-EINVAL, "the model has no graph");
	tflite.subgraph = flat_table_at(&subgraphs, 0);
	err = read_tensors(&tflite, options);
	if (!err)
		err = read_ends(&tflite, SUBGRAPH_INPUTS, &graph->inputs, &graph->num_inputs);
	if (!err)
		err = read_ends(&tflite, SUBGRAPH_OUTPUTS, &graph->outputs, &graph->num_outputs);
	for (uint32_t i = 0; !err && i < graph->num_inputs + graph->num_outputs; i++)
		if ((i < graph->num_inputs ? graph->inputs[i] :
		     graph->outputs[i - graph->num_inputs]) == GRAPH_NONE)
			err = accel_error_set(-EINVAL, "an input or output does not exist");
	if (!err)
		err = read_operators(&tflite, options, false);
	if (flat.broken && err != -ENOMEM)
		err = accel_error_set(-EINVAL, "the file is damaged or cut short");
	free(tflite.tensors);
	free(tflite.handle);
	free(tflite.states);
	return err;
}
