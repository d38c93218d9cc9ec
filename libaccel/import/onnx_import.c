// SPDX-License-Identifier: MIT
/*
 * ONNX models: graph, names, tensors. Operators are in onnx_ops*.c.
 */
#include <stdlib.h>
#include <string.h>

#include <accel/accel.h>

#include "libaccel/dev/error.h"
#include "libaccel/import/import.h"
#include "libaccel/import/import_build.h"
#include "libaccel/import/onnx_import.h"

/* Names of the file and the tensors they stand for: a hash table. */
struct onnx_names {
	uint32_t size;		/* a power of two */
	uint32_t count;
	const char **names;
	uint32_t *tensors;
};

static uint32_t hash(const char *name)
{
	uint32_t value = 2166136261;

	while (*name)
		value = (value ^ (uint8_t)*name++) * 16777619;
	return value;
}

static uint32_t *find_name(struct onnx_names *names, const char *name)
{
	uint32_t i = hash(name) & (names->size - 1);

	while (names->names[i] && strcmp(names->names[i], name))
		i = (i + 1) & (names->size - 1);
	return names->names[i] ? &names->tensors[i] : NULL;
}

static int add_name(struct onnx_names *names, const char *name, uint32_t tensor)
{
	uint32_t i;

	if (find_name(names, name))
		return accel_error_set(-EINVAL, "tensor %s has two values", name);
	if (names->count * 2 >= names->size)
		return accel_error_set(-EINVAL, "more names than the model declares");
	i = hash(name) & (names->size - 1);
	while (names->names[i])
		i = (i + 1) & (names->size - 1);
	names->names[i] = name;
	names->tensors[i] = tensor;
	names->count++;
	return 0;
}

static int make_names(struct onnx_names *names, const Onnx__Graph *graph)
{
	size_t count = graph->n_initializer + graph->n_input + 1;

	for (size_t i = 0; i < graph->n_node; i++)
		count += graph->node[i]->n_output;
	for (names->size = 16; names->size < 2 * count + 2;)
		names->size *= 2;
	names->names = calloc(names->size, sizeof(*names->names));
	names->tensors = calloc(names->size, sizeof(*names->tensors));
	return names->names && names->tensors ? 0 : accel_error_memory("a model");
}

static int rename_tensor(struct graph *graph, uint32_t tensor, const char *name)
{
	char *copy = strdup(name);

	if (!copy)
		return accel_error_memory("a name");
	free(graph->tensors[tensor].name);
	graph->tensors[tensor].name = copy;
	return 0;
}

static int read_initializers(struct graph *graph, const Onnx__Graph *onnx, const char *folder,
			     struct onnx_names *names)
{
	for (size_t i = 0; i < onnx->n_initializer; i++) {
		const char *name = onnx->initializer[i]->name;
		int id;

		if (!name)
			return accel_error_set(-EINVAL, "initializer %zu has no name", i);
		id = onnx_tensor(graph, onnx->initializer[i], folder);
		if (id < 0)
			return id;
		id = add_name(names, name, (uint32_t)id);
		if (id)
			return id;
	}
	return 0;
}

static int read_input(struct graph *graph, const Onnx__ValueInfo *info,
		      const struct import_options *options, struct onnx_names *names)
{
	const Onnx__TensorType *type = info->type ? info->type->tensor_type : NULL;
	uint32_t dims[GRAPH_DIMS], rank = 0;
	int id, kind;

	if (!info->name || !type || !type->has_elem_type || !type->shape)
		return accel_error_set(-ENOTSUP, "input %s is no tensor with a shape",
				       info->name ? info->name : "without a name");
	if (find_name(names, info->name))
		return 0;	/* has a value: a constant, not an input */
	kind = onnx_graph_type(type->elem_type);
	if (kind < 0 || type->shape->n_dim > GRAPH_DIMS)
		return accel_error_set(-ENOTSUP, "input %s: type or number of dimensions is not supported",
				       info->name);
	for (size_t i = 0; i < type->shape->n_dim; i++) {
		const Onnx__Dimension *dim = type->shape->dim[i];
		int64_t size = dim->has_dim_value ? dim->dim_value : 0;

		if (size <= 0 && !dim->has_dim_value)
			size = i == 0 && options && options->batch ? options->batch : 1;
		if (size < 1 || size > INT32_MAX)
			return accel_error_set(-EINVAL, "input %s: a dimension is out of bounds",
					       info->name);
		dims[rank++] = (uint32_t)size;
	}
	id = graph_add_tensor(graph, info->name, kind, rank, dims);
	if (id < 0)
		return id;
	graph->inputs[graph->num_inputs++] = (uint32_t)id;
	return add_name(names, info->name, (uint32_t)id);
}

static const char *node_name(const Onnx__Node *node)
{
	if (node->name && node->name[0])
		return node->name;
	return node->n_output ? node->output[0] : "";
}

/* Give what the node became its names: operations the node's, outputs theirs. */
static int name_results(struct onnx_node *node, uint32_t first_op, struct onnx_names *names)
{
	struct graph *graph = node->graph;
	int err = 0;

	for (uint32_t i = first_op; i < graph->num_ops; i++) {
		char *copy = strdup(node_name(node->node));

		if (!copy)
			return accel_error_memory("a name");
		free(graph->ops[i].name);
		graph->ops[i].name = copy;
	}
	for (uint32_t i = 0; !err && i < node->num_out; i++) {
		const char *name = node->node->output[i];

		if (!name[0] || node->out[i] == GRAPH_NONE)
			continue;
		/* Names of other tensors that merely pass through stay. */
		if (!strncmp(graph->tensors[node->out[i]].name, "tensor_", 7))
			err = rename_tensor(graph, node->out[i], name);
		if (!err)
			err = add_name(names, name, node->out[i]);
	}
	return err;
}

static int read_node(struct graph *graph, const Onnx__Node *message, int64_t opset,
		     struct onnx_names *names)
{
	struct onnx_node node = { .graph = graph, .node = message, .opset = opset };
	const char *type = message->op_type ? message->op_type : "";
	onnx_handler handler;
	uint32_t first_op = graph->num_ops;
	int argument, err = 0;
	char why[256];

	node.in = malloc((message->n_input + message->n_output + 1) * sizeof(*node.in));
	if (!node.in)
		return accel_error_memory("an operator");
	node.out = node.in + message->n_input;
	node.num_out = (uint32_t)message->n_output;
	for (size_t i = 0; !err && i < message->n_input; i++) {
		uint32_t *found = message->input[i][0] ? find_name(names, message->input[i]) : NULL;

		node.in[i] = found ? *found : GRAPH_NONE;
		if (found)
			node.num_in = (uint32_t)i + 1;
		else if (message->input[i][0])
			err = accel_error_set(-EINVAL, "input %s has no value", message->input[i]);
	}
	for (size_t i = 0; i < message->n_output; i++)
		node.out[i] = GRAPH_NONE;
	handler = onnx_find_handler(message->domain ? message->domain : "", type, &argument);
	if (!err && !handler)
		err = accel_error_set(-ENOTSUP, "this operator is not supported");
	if (!err && !node.num_out)
		err = accel_error_set(-EINVAL, "it has no outputs");
	if (!err)
		err = handler(&node, argument);
	if (!err)
		err = name_results(&node, first_op, names);
	free(node.in);
	if (err >= 0 || err == -ENOMEM)
		return err < 0 ? err : 0;
	strncpy(why, accel_error_text(), sizeof(why) - 1);
	why[sizeof(why) - 1] = 0;
	return accel_error_set(err, "node %.100s, %s%s%s: %s", node_name(message), type,
			       message->domain && message->domain[0] ? " of " : "",
			       message->domain ? message->domain : "", why);
}

static int read_outputs(struct graph *graph, const Onnx__Graph *onnx, struct onnx_names *names)
{
	for (size_t i = 0; i < onnx->n_output; i++) {
		const char *name = onnx->output[i]->name ? onnx->output[i]->name : "";
		uint32_t *found = find_name(names, name);

		if (!found)
			return accel_error_set(-EINVAL, "output %s has no value", name);
		graph->outputs[graph->num_outputs++] = *found;
	}
	return 0;
}

static int read_model(struct graph *graph, const Onnx__Model *model, const char *folder,
		      const struct import_options *options)
{
	const Onnx__Graph *onnx = model->graph;
	struct onnx_names names = { 0 };
	int64_t opset = 1;
	int err;

	if (!onnx)
		return accel_error_set(-EINVAL, "the model has no graph");
	for (size_t i = 0; i < model->n_opset_import; i++)
		if (!model->opset_import[i]->domain || !model->opset_import[i]->domain[0])
			opset = model->opset_import[i]->version;
	graph->inputs = malloc((onnx->n_input + 1) * sizeof(*graph->inputs));
	graph->outputs = malloc((onnx->n_output + 1) * sizeof(*graph->outputs));
	err = graph->inputs && graph->outputs ? make_names(&names, onnx) : accel_error_memory("a model");
	if (!err)
		err = read_initializers(graph, onnx, folder, &names);
	for (size_t i = 0; !err && i < onnx->n_input; i++)
		err = read_input(graph, onnx->input[i], options, &names);
	for (size_t i = 0; !err && i < onnx->n_node; i++)
		err = read_node(graph, onnx->node[i], opset, &names);
	if (!err)
		err = read_outputs(graph, onnx, &names);
	if (!err)
		err = onnx_spread_scales(graph);
	free(names.names);
	free(names.tensors);
	return err;
}

int onnx_import(struct graph *graph, const void *data, size_t size, const char *folder,
		const struct import_options *options)
{
	Onnx__Model *model = onnx__model__unpack(NULL, size, data);
	int err;

	if (!model || !model->graph) {
		if (model)
			onnx__model__free_unpacked(model, NULL);
		return accel_error_set(-EINVAL, "neither a TFLite nor an ONNX model, or damaged");
	}
	err = read_model(graph, model, folder, options);
	onnx__model__free_unpacked(model, NULL);
	return err;
}
