// SPDX-License-Identifier: MIT
/*
 * Graphs as bytes, for artefacts.
 *
 * Little endian, a header and records of whole 8-byte units, so that constants
 * are used where they lie:
 *   header  magic, tensors, operations, inputs, outputs, length of the name
 *   name; then each tensor: record, name, scales, zero points, data
 *   then each operation: record, name, input numbers; then inputs, outputs
 * Every piece is padded to a multiple of 8 bytes, data of constants to 64.
 */
#include <stdlib.h>
#include <string.h>

#include "libaccel/dev/error.h"
#include "libaccel/graph/graph.h"

#define MAGIC		UINT32_C(0x31475041)	/* "APG1" */
#define DATA_ALIGN	64

struct header {
	uint32_t magic, tensors, ops, inputs, outputs, name;
};

struct tensor_record {
	uint32_t type, rank, dims[GRAPH_DIMS];
	uint32_t name, quant_count, quant_axis;
	uint32_t flags;
	uint64_t bytes;
};

enum { HAS_DATA = 1, IS_STATE = 2 };

struct op_record {
	uint32_t kind, num_inputs, output, name;
	float act_min, act_max;
	union graph_params params;
};

/* Counts bytes when @data is NULL. */
struct writer {
	uint8_t *data;
	size_t size;
};

static void put(struct writer *writer, const void *data, size_t size, size_t align)
{
	size_t padded = (writer->size + size + align - 1) / align * align;

	if (writer->data) {
		if (size)
			memcpy(writer->data + writer->size, data, size);
		memset(writer->data + writer->size + size, 0, padded - writer->size - size);
	}
	writer->size = padded;
}

static void write_graph(struct writer *writer, const struct graph *graph, const bool *keep)
{
	struct header header = {
		MAGIC, graph->num_tensors, graph->num_ops, graph->num_inputs, graph->num_outputs,
		(uint32_t)strlen(graph->name) + 1,
	};

	put(writer, &header, sizeof(header), 8);
	put(writer, graph->name, header.name, 8);
	for (uint32_t i = 0; i < graph->num_tensors; i++) {
		const struct graph_tensor *tensor = &graph->tensors[i];
		bool data = tensor->data && (!keep || keep[i]);
		struct tensor_record record;

		memset(&record, 0, sizeof(record));
		record.type = tensor->type;
		record.rank = tensor->rank;
		memcpy(record.dims, tensor->dims, sizeof(record.dims));
		record.name = (uint32_t)strlen(tensor->name) + 1;
		record.quant_count = tensor->quant.count;
		record.quant_axis = tensor->quant.axis;
		record.flags = (data ? HAS_DATA : 0) | (tensor->state ? IS_STATE : 0);
		record.bytes = data ? graph_bytes(tensor) : 0;
		put(writer, &record, sizeof(record), 8);
		put(writer, tensor->name, record.name, 8);
		put(writer, tensor->quant.scale, tensor->quant.count * sizeof(float), 8);
		put(writer, tensor->quant.zero_point, tensor->quant.count * sizeof(int32_t), 8);
		if (data) {
			put(writer, NULL, 0, DATA_ALIGN);
			put(writer, tensor->data, record.bytes, DATA_ALIGN);
		}
	}
	for (uint32_t i = 0; i < graph->num_ops; i++) {
		const struct graph_op *op = &graph->ops[i];
		struct op_record record;

		memset(&record, 0, sizeof(record));
		record.kind = op->kind;
		record.num_inputs = op->num_inputs;
		record.output = op->num_outputs ? op->outputs[0] : GRAPH_NONE;
		record.name = (uint32_t)strlen(op->name) + 1;
		record.act_min = op->act_min;
		record.act_max = op->act_max;
		memcpy(&record.params, &op->params, sizeof(record.params));
		put(writer, &record, sizeof(record), 8);
		put(writer, op->name, record.name, 8);
		put(writer, op->inputs, op->num_inputs * sizeof(uint32_t), 8);
	}
	put(writer, graph->inputs, graph->num_inputs * sizeof(uint32_t), 8);
	put(writer, graph->outputs, graph->num_outputs * sizeof(uint32_t), 8);
}

int graph_store(const struct graph *graph, const bool *keep, void **data, size_t *size)
{
	struct writer writer = { 0 };

	write_graph(&writer, graph, keep);
	/* Data is aligned relative to the start: as strictly as the start itself. */
	writer.data = aligned_alloc(DATA_ALIGN,
				    (writer.size + DATA_ALIGN - 1) / DATA_ALIGN * DATA_ALIGN);
	*data = writer.data;
	*size = writer.size;
	if (!writer.data)
		return accel_error_memory("a stored graph");
	writer.size = 0;
	write_graph(&writer, graph, keep);
	return 0;
}

struct reader {
	const uint8_t *data;
	size_t size, at;
};

/* The next @count pieces of @each bytes, or NULL behind the end. */
static const void *get(struct reader *reader, uint64_t count, size_t each, size_t align)
{
	const uint8_t *here = reader->data + reader->at;
	uint64_t left = reader->size - reader->at, size;

	if (count > left / each)
		return NULL;
	size = (reader->at + count * each + align - 1) / align * align - reader->at;
	if (size > left)
		return NULL;
	reader->at += size;
	return here;
}

static const char *get_name(struct reader *reader, uint32_t size)
{
	const char *name = get(reader, size, 1, 8);

	return name && size && !name[size - 1] ? name : NULL;
}

static int read_tensor(struct reader *reader, struct graph *graph)
{
	const struct tensor_record *record = get(reader, 1, sizeof(*record), 8);
	const char *name = record ? get_name(reader, record->name) : NULL;
	const float *scale = name ? get(reader, record->quant_count, sizeof(*scale), 8) : NULL;
	const int32_t *zero = scale ? get(reader, record->quant_count, sizeof(*zero), 8) : NULL;
	const void *data = NULL;
	int id;

	if (!zero || record->type >= GRAPH_TYPES)
		return -EINVAL;
	id = graph_add_tensor(graph, name, record->type, record->rank, record->dims);
	if (id < 0)
		return id;
	if (record->flags & HAS_DATA) {
		if (!get(reader, 0, 1, DATA_ALIGN))
			return -EINVAL;
		data = get(reader, record->bytes, 1, DATA_ALIGN);
		if (!data || record->bytes != graph_bytes(&graph->tensors[id]))
			return -EINVAL;
	}
	graph->tensors[id].data = (void *)data;
	graph->tensors[id].state = record->flags & IS_STATE;
	return graph_set_quant(graph, id, record->quant_count, record->quant_axis, scale, zero);
}

static int read_op(struct reader *reader, struct graph *graph)
{
	const struct op_record *record = get(reader, 1, sizeof(*record), 8);
	const char *name = record ? get_name(reader, record->name) : NULL;
	const uint32_t *inputs = name ? get(reader, record->num_inputs, sizeof(*inputs), 8) : NULL;
	int id;

	if (!inputs || (record->output != GRAPH_NONE && record->output >= graph->num_tensors))
		return -EINVAL;
	id = graph_add_op(graph, graph->num_ops, record->kind, name, record->num_inputs, inputs,
			  record->output);
	if (id < 0)
		return id;
	graph->ops[id].act_min = record->act_min;
	graph->ops[id].act_max = record->act_max;
	memcpy(&graph->ops[id].params, &record->params, sizeof(record->params));
	return 0;
}

static int read_list(struct reader *reader, uint32_t count, uint32_t **list, uint32_t *num)
{
	const uint32_t *numbers = get(reader, count, sizeof(*numbers), 8);

	if (!numbers)
		return -EINVAL;
	*list = malloc(count * sizeof(*numbers) + 1);
	if (!*list)
		return -ENOMEM;
	memcpy(*list, numbers, count * sizeof(*numbers));
	*num = count;
	return 0;
}

static int read_graph(struct reader *reader, struct graph **out)
{
	const struct header *header = get(reader, 1, sizeof(*header), 8);
	const char *name = header && header->magic == MAGIC ? get_name(reader, header->name) : NULL;
	struct graph *graph;
	int err;

	if (!name)
		return -EINVAL;
	err = graph_new(name, &graph);
	for (uint32_t i = 0; !err && i < header->tensors; i++)
		err = read_tensor(reader, graph);
	for (uint32_t i = 0; !err && i < header->ops; i++)
		err = read_op(reader, graph);
	if (!err)
		err = read_list(reader, header->inputs, &graph->inputs, &graph->num_inputs);
	if (!err)
		err = read_list(reader, header->outputs, &graph->outputs, &graph->num_outputs);
	if (err) {
		graph_free(graph);
		return err;
	}
	*out = graph;
	return 0;
}

int graph_restore(const void *data, size_t size, struct graph **out)
{
	struct reader reader = { data, size, 0 };
	struct graph *graph;
	int err;

	*out = NULL;
	err = read_graph(&reader, &graph);
	if (err)
		return accel_error_set(err, err == -ENOMEM ? "out of memory for a stored graph" :
				       "a stored graph is damaged near byte %zu", reader.at);
	err = graph_check_stored(graph);
	if (err) {
		graph_free(graph);
		return err;
	}
	*out = graph;
	return 0;
}
