// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "libaccel/dev/error.h"
#include "lower.h"
#include "move.h"
#include "npu_code.h"

static void add_step(struct lower *lower, enum lower_step_kind kind, uint32_t index)
{
	if (ARRAY_GROW(lower, step))
		lower->steps[lower->step_count++] = (struct lower_step) { kind, index };
}

uint32_t lower_buffer_new(struct lower *lower, uint64_t size, bool host)
{
	if (!ARRAY_GROW(lower, buffer))
		return 0;
	lower->buffers[lower->buffer_count] = (struct lower_buffer) {
		.size = size, .host = host, .first = LOWER_NONE,
	};
	return lower->buffer_count++;
}

bool lower_shape(const struct graph_tensor *tensor, uint32_t *width, uint32_t *height,
		 uint32_t *channels)
{
	uint64_t others = 1;
	uint32_t i;

	*channels = tensor->rank ? tensor->dims[tensor->rank - 1] : 1;
	if (tensor->rank == 4 && tensor->dims[0] == 1) {
		*height = tensor->dims[1];
		*width = tensor->dims[2];
	} else {
		if (tensor->rank > 3 && tensor->dims[0] != 1)
			return false;
		for (i = 0; i + 1 < tensor->rank; i++)
			others *= tensor->dims[i];
		*height = 1;
		*width = others > 8192 ? 0 : others;
	}
	return *width && *width <= 8192 && *height && *height <= 8192 && *channels &&
	       *channels <= 8192;
}

bool lower_is_cube(const struct lower *lower, uint32_t index)
{
	const struct graph_tensor *tensor = &lower->graph->tensors[index];
	uint32_t width, height, channels;

	return index != GRAPH_NONE && tensor->type == GRAPH_I8 && tensor->quant.count == 1 &&
	       !graph_is_const(tensor) && !tensor->state &&
	       lower_shape(tensor, &width, &height, &channels);
}

static uint32_t rows_buffer(struct lower *lower, uint32_t index)
{
	struct lower_tensor *t = &lower->tensors[index];

	if (t->rows_buffer == LOWER_NONE)
		t->rows_buffer = lower_buffer_new(lower,
						  graph_bytes(&lower->graph->tensors[index]), true);
	return t->rows_buffer;
}

static void make_cube(struct lower *lower, uint32_t index)
{
	struct lower_tensor *t = &lower->tensors[index];
	uint32_t width, height, channels;

	lower_shape(&lower->graph->tensors[index], &width, &height, &channels);
	npu_cube_dense(&t->cube, width, height, channels, lower->config->atomic_m);
	t->cube.region = NPU_ARENA;
	t->cube_buffer = lower_buffer_new(lower, npu_cube_end(&t->cube), false);
	t->wide = channels;
}

/* The tensor as rows, for the CPU. */
static void need_rows(struct lower *lower, uint32_t index)
{
	const struct graph_tensor *tensor = &lower->graph->tensors[index];
	struct lower_tensor *t = &lower->tensors[index];

	if (graph_is_const(tensor) || tensor->state || t->rows_buffer != LOWER_NONE)
		return;
	rows_buffer(lower, index);
	if (t->cube_buffer != LOWER_NONE) {
		add_step(lower, LOWER_TO_ROWS, index);
	} else {
		/* A reshape that was left out, in the hope of nobody asking. */
		uint32_t producer = graph_producer(lower->graph, index);

		need_rows(lower, lower->graph->ops[producer].inputs[0]);
		add_step(lower, LOWER_CPU, producer);
	}
}

const struct lower_tensor *lower_input(struct lower *lower, uint32_t index)
{
	struct lower_tensor *t = &lower->tensors[index];

	if (t->cube_buffer == LOWER_NONE) {
		need_rows(lower, index);
		make_cube(lower, index);
		add_step(lower, LOWER_TO_CUBE, index);
	}
	return t;
}

void lower_to_cube(struct lower *lower, uint32_t index)
{
	add_step(lower, LOWER_TO_CUBE, index);
}

bool lower_read(struct lower *lower, uint32_t index, struct lower_op *op)
{
	const struct lower_tensor *t = lower_input(lower, index);

	op->op.in = t->cube;
	op->buffer[LOWER_IN] = t->cube_buffer;
	return !lower->error;
}

bool lower_read_element(struct lower *lower, uint32_t index, struct lower_op *op,
			struct npu_operand *operand)
{
	const struct lower_tensor *t = lower_input(lower, index);

	operand->source = NPU_ELEMENT;
	operand->cube = t->cube;
	op->buffer[LOWER_ELEMENT] = t->cube_buffer;
	return !lower->error;
}

const struct lower_tensor *lower_own_cube(struct lower *lower, uint32_t index)
{
	if (lower->tensors[index].cube_buffer == LOWER_NONE)
		make_cube(lower, index);
	return &lower->tensors[index];
}

bool lower_output(struct lower *lower, uint32_t index, struct lower_op *op)
{
	/* A concatenation may have given it a place already. */
	const struct lower_tensor *t = lower_own_cube(lower, index);

	op->op.out = t->cube;
	op->buffer[LOWER_OUT] = t->cube_buffer;
	return !lower->error;
}

bool lower_emit(struct lower *lower, struct lower_op *op, const char **why)
{
	if (lower->error) {
		*why = "out of memory";
		return false;
	}
	if (npu_op_supported(lower->config, &op->op, why))
		return false;
	if (op->op.kind == NPU_CONV) {
		if (npu_tile_plan(lower->config, &op->op, NULL, lower->bandwidth, &op->tiling,
				  &op->cost, why))
			return false;
	} else {
		npu_op_cost(lower->config, &op->op, lower->bandwidth, &op->cost);
	}
	op->op.layer = lower->current;
	if (!ARRAY_GROW(lower, op)) {
		*why = "out of memory";
		return false;
	}
	lower->ops[lower->op_count] = *op;
	lower->notes[lower->current].op = lower->op_count;
	add_step(lower, LOWER_NPU, lower->op_count++);
	return true;
}

static const char *lower_one(struct lower *lower, uint32_t index)
{
	switch (lower->graph->ops[index].kind) {
	case GRAPH_CONV:
	case GRAPH_FULLY_CONNECTED:
		return lower_conv(lower, index);
	case GRAPH_AVG_POOL:
	case GRAPH_REDUCE:
		return lower_average(lower, index);
	case GRAPH_MAX_POOL:
		return lower_pool(lower, index);
	case GRAPH_ADD:
	case GRAPH_SUB:
	case GRAPH_MUL:
	case GRAPH_MAX:
	case GRAPH_MIN:
		return lower_arith(lower, index);
	case GRAPH_CONCAT:
		return lower_concat(lower, index);
	case GRAPH_CLIP:
	case GRAPH_LEAKY_RELU:
	case GRAPH_PRELU:
	case GRAPH_HARD_SWISH:
	case GRAPH_HARD_SIGMOID:
	case GRAPH_LOGISTIC:
	case GRAPH_TANH:
	case GRAPH_UNARY:
		return lower_activation(lower, index);
	case GRAPH_LRN:
		return lower_lrn(lower, index);
	case GRAPH_QUANTIZE:
		return lower_requantize(lower, index);
	case GRAPH_PAD:
		return lower_pad(lower, index);
	case GRAPH_RESHAPE:
		return lower_reshape(lower, index);
	case GRAPH_TRANSPOSE:
	case GRAPH_SLICE:
	case GRAPH_GATHER:
		return lower_select(lower, index);
	case GRAPH_DEPTH_TO_SPACE:
		return lower_depth_to_space(lower, index);
	case GRAPH_SPACE_TO_DEPTH:
		return lower_space_to_depth(lower, index);
	case GRAPH_RESIZE:
		return lower_resize(lower, index);
	case GRAPH_CONV_TRANSPOSED:
		return lower_transposed(lower, index);
	default:
		return "no such operation on the NPU";
	}
}

static void lower_cpu(struct lower *lower, uint32_t index, const char *why)
{
	const struct graph_op *op = &lower->graph->ops[index];
	uint32_t i;

	lower->notes[index] = (struct lower_note) { .op = LOWER_NONE, .why = why };
	/* An attempt on the NPU may have made a cube that nothing fills. */
	for (i = 0; i < op->num_outputs; i++)
		lower->tensors[op->outputs[i]].cube_buffer = LOWER_NONE;
	for (i = 0; i < op->num_inputs; i++) {
		if (op->inputs[i] != GRAPH_NONE)
			need_rows(lower, op->inputs[i]);
	}
	add_step(lower, LOWER_CPU, index);
	for (i = 0; i < op->num_outputs; i++)
		rows_buffer(lower, op->outputs[i]);
}

/* Operations that both sides can do and that are never a part of another. */
static bool can_choose(uint32_t kind)
{
	switch (kind) {
	case GRAPH_RESIZE: case GRAPH_CONV_TRANSPOSED: case GRAPH_DEPTH_TO_SPACE:
	case GRAPH_SPACE_TO_DEPTH: case GRAPH_LRN: case GRAPH_HARD_SWISH: case GRAPH_HARD_SIGMOID:
	case GRAPH_LOGISTIC: case GRAPH_TANH: case GRAPH_UNARY:
		return true;
	default:
		return false;
	}
}

/* Nanoseconds of the operation on the CPU, with what it takes to get there. */
static double cpu_time(const struct lower *lower, uint32_t index)
{
	const struct graph *graph = lower->graph;
	const struct graph_op *op = &graph->ops[index];
	double ns = cpu_cost_of(&lower->cpu, graph, op);

	if (lower->tensors[op->inputs[0]].rows_buffer == LOWER_NONE)
		ns += lower->cpu.change +
		      lower->cpu.layout * (double)graph_bytes(&graph->tensors[op->inputs[0]]);
	return ns + lower->cpu.layout * (double)graph_bytes(&graph->tensors[op->outputs[0]]);
}

/*
 * What a nanosecond of the NPU is worth in those of the CPU: streams share one
 * NPU and several CPUs.
 */
#define NPU_WORTH	2

/* Lower one operation, unless the CPU is better at it. */
static const char *lower_choosing(struct lower *lower, uint32_t index)
{
	const struct graph_op *op = &lower->graph->ops[index];
	const struct lower before = *lower;
	struct lower_tensor *in = &lower->tensors[op->inputs[0]], in_before = *in;
	const struct lower_note note = lower->notes[index];
	const double limit = cpu_time(lower, index);
	const char *why = lower_one(lower, index);
	double cycles = 0;
	uint32_t i;

	for (i = before.op_count; i < lower->op_count; i++)
		cycles += (double)lower->ops[i].cost.cycles;
	if (why || lower->error || !lower->cpu.change ||
	    NPU_WORTH * cycles / lower->clock * 1e9 <= limit)
		return why;
	/* As if nothing had been; lower_cpu() takes care of the result. */
	lower->op_count = before.op_count;
	lower->step_count = before.step_count;
	lower->buffer_count = before.buffer_count;
	lower->consts.size = before.consts.size;
	lower->weights.size = before.weights.size;
	*in = in_before;
	lower->notes[index] = note;
	return "not worth the NPU's time";
}

/* Are all inputs of an operation there? */
static bool ready(const struct lower *lower, uint32_t index)
{
	const struct graph_op *op = &lower->graph->ops[index];
	uint32_t i;

	for (i = 0; i < op->num_inputs; i++) {
		if (op->inputs[i] != GRAPH_NONE && !lower->have[op->inputs[i]])
			return false;
	}
	return true;
}

/* Lower one operation, on whichever side. */
static void lower_now(struct lower *lower, uint32_t index)
{
	const struct graph_op *op = &lower->graph->ops[index];
	uint32_t before = lower->current, i;
	const char *why = "asked for";

	lower->current = index;
	lower->done[index] = 1;
	lower->notes[index].op = LOWER_NONE;
	if (!lower->cpu_only)
		why = can_choose(op->kind) ? lower_choosing(lower, index) :
		      lower_one(lower, index);
	if (why)
		lower_cpu(lower, index, why);
	else
		lower->notes[index].on_npu = true;
	for (i = 0; i < op->num_outputs; i++)
		lower->have[op->outputs[i]] = 1;
	lower->current = before;
}

bool lower_ahead(struct lower *lower, uint32_t tensor)
{
	uint32_t producer = graph_producer(lower->graph, tensor), i;
	const struct graph_op *op;

	if (producer == GRAPH_NONE || lower->done[producer] || !ready(lower, producer))
		return false;
	op = &lower->graph->ops[producer];
	/* What has to do with states must not change its place. */
	for (i = 0; i < op->num_inputs; i++) {
		if (op->inputs[i] != GRAPH_NONE && lower->graph->tensors[op->inputs[i]].state)
			return false;
	}
	lower_now(lower, producer);
	return !lower->error;
}

static void mark_inputs(struct lower *lower)
{
	const struct graph *graph = lower->graph;
	uint8_t *have = lower->have;
	uint32_t i;

	for (i = 0; i < graph->num_tensors; i++)
		have[i] = graph_is_const(&graph->tensors[i]) || graph->tensors[i].state;
	for (i = 0; i < graph->num_inputs; i++) {
		uint32_t t = graph->inputs[i], buffer = rows_buffer(lower, t);

		have[t] = 1;
		if (!lower->error)
			lower->buffers[buffer].pinned = true;
	}
}

/* Outputs are handed to the user as rows. */
static void finish_outputs(struct lower *lower)
{
	const struct graph *graph = lower->graph;
	uint32_t i;

	for (i = 0; i < graph->num_outputs; i++) {
		uint32_t t = graph->outputs[i];

		need_rows(lower, t);
		if (!lower->error && lower->tensors[t].rows_buffer != LOWER_NONE)
			lower->buffers[lower->tensors[t].rows_buffer].pinned = true;
	}
}

int lower_graph(const struct graph *graph, const struct nvdla_config *config,
		const struct lower_options *options, struct lower **out)
{
	struct lower *lower = calloc(1, sizeof(*lower));
	uint32_t i, o;
	int ret;

	*out = NULL;
	if (!lower)
		goto nomem;
	lower->graph = graph;
	lower->config = config;
	lower->bandwidth = options->bytes_per_cycle > 0 ? options->bytes_per_cycle :
			   npu_default_bandwidth(config);
	if (config->features & NVDLA_FEAT_CVIF && !options->no_sram)
		lower->sram_limit = options->sram_size ? options->sram_size : LOWER_SRAM_SIZE;
	lower->atoms = (struct npu_atoms) {
		config->atomic_c, config->atomic_k, config->atomic_m,
	};
	lower->tensors = calloc(graph->num_tensors + 1, sizeof(*lower->tensors));
	lower->notes = calloc(graph->num_ops + 1, sizeof(*lower->notes));
	lower->done = calloc(graph->num_ops + 1, 1);
	lower->have = calloc(graph->num_tensors + 1, 1);
	lower->cpu_only = options->cpu_only;
	lower->exact = options->exact;
	lower->clock = options->clock > 0 ? options->clock : 1e9;
	lower->cpu = options->cpu;
	if (!lower->tensors || !lower->notes || !lower->done || !lower->have)
		goto nomem;
	for (i = 0; i < graph->num_tensors; i++) {
		lower->tensors[i].cube_buffer = LOWER_NONE;
		lower->tensors[i].rows_buffer = LOWER_NONE;
	}
	mark_inputs(lower);
	if (!lower->cpu_only)
		lower_prepare_concat(lower);
	for (i = 0; i < graph->num_ops && !lower->error; i++) {
		const struct graph_op *op = &graph->ops[i];

		if (!lower->done[i]) {
			if (!ready(lower, i)) {
				ret = accel_error_set(-EINVAL, "operation %s: an input is not there",
						      op->name);
				goto fail;
			}
			lower_now(lower, i);
		}
		for (o = 0; o < op->num_outputs; o++)
			lower->have[op->outputs[o]] = 1;
	}
	finish_outputs(lower);
	ret = lower->error ? lower->error : lower_schedule(lower);
	if (!ret) {
		lower_share(lower);
		lower_join_consts(lower);
		ret = lower->error ? lower->error : lower_place(lower);
	}
	if (ret)
		goto fail;
	*out = lower;
	return 0;
nomem:
	ret = -ENOMEM;
fail:
	if (ret == -ENOMEM)
		accel_error_set(ret, "out of memory while compiling");
	lower_free(lower);
	return ret;
}

void lower_free(struct lower *lower)
{
	if (!lower)
		return;
	free(lower->tensors);
	free(lower->notes);
	free(lower->done);
	free(lower->have);
	free(lower->ops);
	free(lower->steps);
	free(lower->buffers);
	free(lower->consts.data);
	free(lower->weights.data);
	free(lower);
}
