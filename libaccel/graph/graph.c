// SPDX-License-Identifier: MIT
/*
 * Graphs: construction, lookup, removal of what is not needed.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "libaccel/dev/error.h"
#include "libaccel/graph/graph.h"

/* Larger tensors are refused: sizes in bytes then fit 32 bits with room. */
#define MAX_ELEMENTS	(UINT64_C(1) << 30)

static const struct {
	const char *name;
	size_t size;
} types[GRAPH_TYPES] = {
	[GRAPH_F32] = { "float32", 4 }, [GRAPH_F16] = { "float16", 2 },
	[GRAPH_I8] = { "int8", 1 }, [GRAPH_U8] = { "uint8", 1 }, [GRAPH_I16] = { "int16", 2 },
	[GRAPH_I32] = { "int32", 4 }, [GRAPH_I64] = { "int64", 8 }, [GRAPH_BOOL] = { "bool", 1 },
};

static const char *const kinds[GRAPH_KINDS] = {
	"conv", "conv_transposed", "fully_connected", "matmul", "add", "sub", "mul", "div", "max",
	"min", "pow", "concat", "pad", "max_pool", "average_pool", "reduce", "clip", "leaky_relu",
	"prelu", "hard_swish", "hard_sigmoid", "logistic", "tanh", "unary", "batch_norm", "lrn",
	"softmax", "log_softmax", "resize", "depth_to_space", "space_to_depth", "reshape",
	"transpose", "slice", "gather", "broadcast", "tile", "arg_max", "quantize", "dequantize",
	"cast", "read_state", "write_state",
};

size_t graph_type_size(enum graph_type type)
{
	return (unsigned int)type < GRAPH_TYPES ? types[type].size : 0;
}

const char *graph_type_name(enum graph_type type)
{
	return (unsigned int)type < GRAPH_TYPES ? types[type].name : "unknown";
}

const char *graph_kind_name(enum graph_kind kind)
{
	return (unsigned int)kind < GRAPH_KINDS ? kinds[kind] : "unknown";
}

uint64_t graph_elements(const struct graph_tensor *tensor)
{
	uint64_t n = 1;

	for (uint32_t i = 0; i < tensor->rank; i++)
		n *= tensor->dims[i];
	return n;
}

uint64_t graph_bytes(const struct graph_tensor *tensor)
{
	return graph_elements(tensor) * graph_type_size(tensor->type);
}

int graph_new(const char *name, struct graph **out)
{
	struct graph *graph = calloc(1, sizeof(*graph));

	*out = NULL;
	if (!graph)
		return accel_error_memory("a graph");
	graph->name = strdup(name ? name : "");
	if (!graph->name) {
		free(graph);
		return accel_error_memory("a graph");
	}
	*out = graph;
	return 0;
}

static void tensor_clear(struct graph_tensor *tensor)
{
	free(tensor->name);
	free(tensor->quant.scale);
	free(tensor->quant.zero_point);
	if (tensor->owned)
		free(tensor->data);
}

static void op_clear(struct graph_op *op)
{
	free(op->name);
	free(op->inputs);
}

void graph_free(struct graph *graph)
{
	if (!graph)
		return;
	for (uint32_t i = 0; i < graph->num_tensors; i++)
		tensor_clear(&graph->tensors[i]);
	for (uint32_t i = 0; i < graph->num_ops; i++)
		op_clear(&graph->ops[i]);
	free(graph->tensors);
	free(graph->ops);
	free(graph->inputs);
	free(graph->outputs);
	free(graph->name);
	if (graph->file)
		munmap(graph->file, graph->file_size);
	free(graph);
}

/* Make room for one more. */
static int grow(void *array, uint32_t count, uint32_t *room, size_t size)
{
	void **where = array;
	uint32_t more = *room ? *room * 2 : 16;
	void *bigger;

	if (count < *room)
		return 0;
	if (count >= INT32_MAX / 4)
		return -ENOMEM;
	bigger = realloc(*where, more * size);
	if (!bigger)
		return -ENOMEM;
	*where = bigger;
	*room = more;
	return 0;
}

int graph_add_tensor(struct graph *graph, const char *name, enum graph_type type, uint32_t rank,
		     const uint32_t *dims)
{
	struct graph_tensor tensor = { .type = type, .rank = rank };
	char made_up[24];
	uint64_t n = 1;

	if (!name) {
		snprintf(made_up, sizeof(made_up), "tensor_%u", graph->num_tensors);
		name = made_up;
	}
	if (rank > GRAPH_DIMS)
		return accel_error_set(-EINVAL, "tensor %s has %u dimensions, at most %d are supported",
				       name, rank, GRAPH_DIMS);
	for (uint32_t i = 0; i < rank; i++) {
		tensor.dims[i] = dims[i];
		if (dims[i] > MAX_ELEMENTS || (n *= dims[i]) > MAX_ELEMENTS)
			return accel_error_set(-EINVAL, "tensor %s is too large", name);
	}
	if (grow(&graph->tensors, graph->num_tensors, &graph->tensor_room, sizeof(tensor)))
		return accel_error_memory("a tensor");
	tensor.name = strdup(name);
	if (!tensor.name)
		return accel_error_memory("a tensor");
	graph->tensors[graph->num_tensors] = tensor;
	return (int)graph->num_tensors++;
}

int graph_add_const(struct graph *graph, const char *name, enum graph_type type, uint32_t rank,
		    const uint32_t *dims, const void *data)
{
	int id = graph_add_tensor(graph, name, type, rank, dims);
	struct graph_tensor *tensor;
	size_t bytes;

	if (id < 0)
		return id;
	tensor = &graph->tensors[id];
	bytes = graph_bytes(tensor);
	tensor->data = malloc(bytes ? bytes : 1);
	if (!tensor->data)
		return accel_error_memory("a constant");
	tensor->owned = true;
	if (bytes)
		memcpy(tensor->data, data, bytes);
	return id;
}

void graph_clear_quant(struct graph *graph, uint32_t tensor)
{
	struct graph_quant *quant = &graph->tensors[tensor].quant;

	free(quant->scale);
	free(quant->zero_point);
	memset(quant, 0, sizeof(*quant));
}

int graph_set_quant(struct graph *graph, uint32_t tensor, uint32_t count, uint32_t axis,
		    const float *scale, const int32_t *zero_point)
{
	struct graph_quant quant = { .count = count, .axis = axis };

	if (!count) {
		graph_clear_quant(graph, tensor);
		return 0;
	}
	quant.scale = malloc(count * sizeof(*scale));
	quant.zero_point = calloc(count, sizeof(*zero_point));
	if (!quant.scale || !quant.zero_point) {
		free(quant.scale);
		free(quant.zero_point);
		return accel_error_memory("scales");
	}
	memcpy(quant.scale, scale, count * sizeof(*scale));
	if (zero_point)
		memcpy(quant.zero_point, zero_point, count * sizeof(*zero_point));
	graph_clear_quant(graph, tensor);
	graph->tensors[tensor].quant = quant;
	return 0;
}

int graph_copy_quant(struct graph *graph, uint32_t to, uint32_t from)
{
	const struct graph_quant *quant = &graph->tensors[from].quant;

	if (to == from)
		return 0;
	return graph_set_quant(graph, to, quant->count, quant->axis, quant->scale,
			       quant->zero_point);
}

int graph_op_set_inputs(struct graph_op *op, uint32_t num_inputs, const uint32_t *inputs)
{
	uint32_t *copy = malloc((num_inputs ? num_inputs : 1) * sizeof(*copy));

	if (!copy)
		return accel_error_memory("an operation");
	if (num_inputs)
		memcpy(copy, inputs, num_inputs * sizeof(*copy));
	free(op->inputs);
	op->inputs = copy;
	op->num_inputs = num_inputs;
	return 0;
}

int graph_add_op(struct graph *graph, uint32_t before, enum graph_kind kind, const char *name,
		 uint32_t num_inputs, const uint32_t *inputs, uint32_t output)
{
	struct graph_op op = {
		.kind = kind, .num_outputs = output != GRAPH_NONE, .outputs = { output },
		.act_min = -INFINITY, .act_max = INFINITY,
	};

	if (!name)
		name = output != GRAPH_NONE ? graph->tensors[output].name : graph_kind_name(kind);
	if (grow(&graph->ops, graph->num_ops, &graph->op_room, sizeof(op)))
		return accel_error_memory("an operation");
	op.name = strdup(name);
	if (!op.name)
		return accel_error_memory("an operation");
	if (graph_op_set_inputs(&op, num_inputs, inputs)) {
		free(op.name);
		return -ENOMEM;
	}
	memmove(&graph->ops[before + 1], &graph->ops[before],
		(graph->num_ops - before) * sizeof(op));
	graph->ops[before] = op;
	graph->num_ops++;
	return (int)before;
}

void graph_remove_op(struct graph *graph, uint32_t op)
{
	op_clear(&graph->ops[op]);
	memmove(&graph->ops[op], &graph->ops[op + 1],
		(graph->num_ops - op - 1) * sizeof(*graph->ops));
	graph->num_ops--;
}

void graph_replace_uses(struct graph *graph, uint32_t from, uint32_t to)
{
	for (uint32_t i = 0; i < graph->num_ops; i++)
		for (uint32_t j = 0; j < graph->ops[i].num_inputs; j++)
			if (graph->ops[i].inputs[j] == from)
				graph->ops[i].inputs[j] = to;
	for (uint32_t i = 0; i < graph->num_outputs; i++)
		if (graph->outputs[i] == from)
			graph->outputs[i] = to;
}

uint32_t graph_producer(const struct graph *graph, uint32_t tensor)
{
	for (uint32_t i = 0; i < graph->num_ops; i++)
		if (graph->ops[i].num_outputs && graph->ops[i].outputs[0] == tensor)
			return i;
	return GRAPH_NONE;
}

uint32_t graph_use_count(const struct graph *graph, uint32_t tensor)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < graph->num_ops; i++)
		for (uint32_t j = 0; j < graph->ops[i].num_inputs; j++)
			count += graph->ops[i].inputs[j] == tensor;
	for (uint32_t i = 0; i < graph->num_outputs; i++)
		count += graph->outputs[i] == tensor;
	return count;
}

uint32_t graph_only_user(const struct graph *graph, uint32_t tensor)
{
	uint32_t user = GRAPH_NONE;

	for (uint32_t i = 0; i < graph->num_outputs; i++)
		if (graph->outputs[i] == tensor)
			return GRAPH_NONE;
	for (uint32_t i = 0; i < graph->num_ops; i++)
		for (uint32_t j = 0; j < graph->ops[i].num_inputs; j++)
			if (graph->ops[i].inputs[j] == tensor) {
				if (user != GRAPH_NONE)
					return GRAPH_NONE;
				user = i;
			}
	return user;
}

bool graph_weights_symmetric(const struct graph_tensor *tensor)
{
	for (uint32_t i = 0; i < tensor->quant.count; i++)
		if (tensor->quant.zero_point[i])
			return false;
	return true;
}

bool graph_has_act(const struct graph_op *op)
{
	return op->act_min != -INFINITY || op->act_max != INFINITY;
}

void graph_act_range(const struct graph *graph, const struct graph_op *op, int32_t *lo,
		     int32_t *hi)
{
	const struct graph_tensor *out = &graph->tensors[op->outputs[0]];
	double scale = graph_scale(out, 0), zero = graph_zero_point(out, 0), bound;

	*lo = out->type == GRAPH_U8 ? 0 : out->type == GRAPH_I8 ? INT8_MIN :
	      out->type == GRAPH_I16 ? INT16_MIN : INT32_MIN;
	*hi = out->type == GRAPH_U8 ? UINT8_MAX : out->type == GRAPH_I8 ? INT8_MAX :
	      out->type == GRAPH_I16 ? INT16_MAX : INT32_MAX;
	bound = zero + round(op->act_min / scale);
	if (bound > *lo)
		*lo = bound < *hi ? (int32_t)bound : *hi;
	bound = zero + round(op->act_max / scale);
	if (bound < *hi)
		*hi = bound > *lo ? (int32_t)bound : *lo;
}

/* Mark what contributes to outputs and states. */
static void mark_live(const struct graph *graph, bool *op_live, bool *tensor_live)
{
	for (uint32_t i = 0; i < graph->num_inputs; i++)
		tensor_live[graph->inputs[i]] = true;
	for (uint32_t i = 0; i < graph->num_outputs; i++)
		tensor_live[graph->outputs[i]] = true;
	for (uint32_t i = graph->num_ops; i-- > 0;) {
		const struct graph_op *op = &graph->ops[i];

		op_live[i] = op->kind == GRAPH_WRITE_STATE ||
			     (op->num_outputs && tensor_live[op->outputs[0]]);
		if (!op_live[i])
			continue;
		for (uint32_t j = 0; j < op->num_inputs; j++)
			if (op->inputs[j] != GRAPH_NONE)
				tensor_live[op->inputs[j]] = true;
	}
}

int graph_compact(struct graph *graph)
{
	bool *op_live = calloc(graph->num_ops + 1, sizeof(*op_live));
	bool *tensor_live = calloc(graph->num_tensors + 1, sizeof(*tensor_live));
	uint32_t *number = calloc(graph->num_tensors + 1, sizeof(*number));
	uint32_t n = 0;
	int err = -ENOMEM;

	if (!op_live || !tensor_live || !number)
		goto out;
	err = 0;
	mark_live(graph, op_live, tensor_live);
	for (uint32_t i = 0; i < graph->num_tensors; i++) {
		if (!tensor_live[i]) {
			tensor_clear(&graph->tensors[i]);
			continue;
		}
		graph->tensors[n] = graph->tensors[i];
		number[i] = n++;
	}
	graph->num_tensors = n;
	n = 0;
	for (uint32_t i = 0; i < graph->num_ops; i++) {
		struct graph_op *op = &graph->ops[i];

		if (!op_live[i]) {
			op_clear(op);
			continue;
		}
		for (uint32_t j = 0; j < op->num_inputs; j++)
			if (op->inputs[j] != GRAPH_NONE)
				op->inputs[j] = number[op->inputs[j]];
		if (op->num_outputs)
			op->outputs[0] = number[op->outputs[0]];
		graph->ops[n++] = *op;
	}
	graph->num_ops = n;
	for (uint32_t i = 0; i < graph->num_inputs; i++)
		graph->inputs[i] = number[graph->inputs[i]];
	for (uint32_t i = 0; i < graph->num_outputs; i++)
		graph->outputs[i] = number[graph->outputs[i]];
out:
	free(op_live);
	free(tensor_live);
	free(number);
	return err ? accel_error_memory("a graph") : 0;
}

int graph_clone(const struct graph *graph, struct graph **out)
{
	struct graph *copy;
	int err = graph_new(graph->name, &copy);

	*out = NULL;
	for (uint32_t i = 0; !err && i < graph->num_tensors; i++) {
		const struct graph_tensor *from = &graph->tensors[i];
		int id = from->data ?
			graph_add_const(copy, from->name, from->type, from->rank, from->dims, from->data) :
			graph_add_tensor(copy, from->name, from->type, from->rank, from->dims);

		err = id < 0 ? id : 0;
		if (err)
			break;
		copy->tensors[id].state = from->state;
		err = graph_set_quant(copy, id, from->quant.count, from->quant.axis,
				      from->quant.scale, from->quant.zero_point);
	}
	for (uint32_t i = 0; !err && i < graph->num_ops; i++) {
		const struct graph_op *from = &graph->ops[i];
		int id = graph_add_op(copy, i, from->kind, from->name, from->num_inputs, from->inputs,
				      from->num_outputs ? from->outputs[0] : GRAPH_NONE);

		err = id < 0 ? id : 0;
		if (err)
			break;
		copy->ops[id].act_min = from->act_min;
		copy->ops[id].act_max = from->act_max;
		copy->ops[id].params = from->params;
	}
	if (!err) {
		copy->inputs = malloc((graph->num_inputs + 1) * sizeof(*copy->inputs));
		copy->outputs = malloc((graph->num_outputs + 1) * sizeof(*copy->outputs));
		if (!copy->inputs || !copy->outputs) {
			err = accel_error_memory("a graph");
		} else {
			copy->num_inputs = graph->num_inputs;
			copy->num_outputs = graph->num_outputs;
			memcpy(copy->inputs, graph->inputs, graph->num_inputs * sizeof(*copy->inputs));
			memcpy(copy->outputs, graph->outputs,
			       graph->num_outputs * sizeof(*copy->outputs));
		}
	}
	if (err) {
		graph_free(copy);
		return err;
	}
	*out = copy;
	return 0;
}
