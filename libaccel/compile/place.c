// SPDX-License-Identifier: MIT
/*
 * The memory plan: buffers that are never needed at the same time share
 * memory. What is read and written most often for its size goes to on-chip
 * memory as far as there is room. Of the others larger ones choose first; each
 * takes the lowest gap that fits.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lower.h"

/* NPU_ARENA needs the memory atom only; whole cache lines keep CPUs happy. */
#define ALIGN	UINT64_C(64)

static void use(struct lower *lower, uint32_t buffer, uint32_t step)
{
	struct lower_buffer *b;

	if (buffer == LOWER_NONE)
		return;
	b = &lower->buffers[buffer];
	if (b->first == LOWER_NONE)
		b->first = step;
	if (b->last < step)
		b->last = step;
}

/* The last step of the NPU's before step @i's result is wanted. */
static uint32_t before_use(const struct lower *lower, uint32_t i)
{
	uint32_t out = lower->ops[lower->steps[i].index].buffer[LOWER_OUT], k;

	for (k = i + 1; k < lower->step_count && lower->steps[k].kind == LOWER_NPU; k++) {
		const struct lower_op *op = &lower->ops[lower->steps[k].index];

		if (op->buffer[LOWER_IN] == out || op->buffer[LOWER_ELEMENT] == out ||
		    op->buffer[LOWER_ELEMENT2] == out ||
		    op->buffer[LOWER_OUT] == out)
			break;
	}
	return k - 1;
}

static void find_lifetimes(struct lower *lower)
{
	const struct graph *graph = lower->graph;
	uint32_t i, j;

	for (i = 0; i < lower->step_count; i++) {
		const struct lower_step *step = &lower->steps[i];

		switch (step->kind) {
		case LOWER_NPU:
			for (j = 0; j < LOWER_PORTS; j++)
				use(lower, lower->ops[step->index].buffer[j], i);
			/* What flies behind is written while the input is read. */
			if (lower->ops[step->index].flies)
				use(lower, lower->ops[step->index + 1].buffer[LOWER_OUT], i);
			/* Pooling and normalisation work beside what follows, until somebody wants it. */
			if (lower->ops[step->index].op.kind >= NPU_PDP &&
			    !lower->ops[step->index].flown)
				use(lower, lower->ops[step->index].buffer[LOWER_IN],
				    before_use(lower, i));
			break;
		case LOWER_CPU:
			for (j = 0; j < graph->ops[step->index].num_inputs; j++) {
				uint32_t t = graph->ops[step->index].inputs[j];

				if (t != GRAPH_NONE)
					use(lower, lower->tensors[t].rows_buffer, i);
			}
			for (j = 0; j < graph->ops[step->index].num_outputs; j++)
				use(lower, lower->tensors[graph->ops[step->index].outputs[j]].
				    rows_buffer, i);
			break;
		default:
			use(lower, lower->tensors[step->index].cube_buffer, i);
			lower->buffers[lower->tensors[step->index].cube_buffer].shared = true;
			use(lower, lower->tensors[step->index].rows_buffer, i);
		}
	}
	for (i = 0; i < lower->buffer_count; i++) {
		if (lower->buffers[i].pinned) {
			lower->buffers[i].first = 0;
			lower->buffers[i].last = lower->step_count;
		}
	}
}

struct candidate {
	uint64_t size;
	double traffic;		/* bytes that cross memory, per byte of size */
	uint32_t buffer;
};

static int by_traffic(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->traffic != y->traffic)
		return x->traffic < y->traffic ? 1 : -1;
	return x->buffer < y->buffer ? -1 : x->buffer > y->buffer;
}

static int by_size(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->size != y->size)
		return x->size < y->size ? 1 : -1;
	return x->buffer < y->buffer ? -1 : x->buffer > y->buffer;
}

static int by_offset(const void *a, const void *b)
{
	const struct lower_buffer *const *x = a, *const *y = b;

	return (*x)->offset < (*y)->offset ? -1 : (*x)->offset > (*y)->offset;
}

static uint64_t lowest_gap(const struct lower_buffer *b, struct lower_buffer **placed,
			   uint32_t count, struct lower_buffer **live)
{
	uint64_t offset = 0;
	uint32_t i, n = 0;

	for (i = 0; i < count; i++) {
		if (placed[i]->host == b->host && placed[i]->sram == b->sram && placed[i]->first <= b->last &&
		    b->first <= placed[i]->last)
			live[n++] = placed[i];
	}
	qsort(live, n, sizeof(*live), by_offset);
	for (i = 0; i < n; i++) {
		uint64_t end = (live[i]->offset + live[i]->size + ALIGN - 1) & ~(ALIGN - 1);

		if (live[i]->offset >= offset + b->size)
			break;
		if (end > offset)
			offset = end;
	}
	return offset;
}

static void add_traffic(struct candidate *order, uint32_t buffer, uint64_t bytes)
{
	if (buffer != LOWER_NONE && order[buffer].size)
		order[buffer].traffic += (double)bytes / (double)order[buffer].size;
}

/* @order is by number of buffer. */
static void find_traffic(const struct lower *lower, struct candidate *order)
{
	uint32_t i;

	for (i = 0; i < lower->op_count; i++) {
		const struct lower_op *op = &lower->ops[i];

		/* On the fly: the pooling's results instead of the convolution's. */
		if (op->flown)
			continue;
		add_traffic(order, op->buffer[LOWER_IN], op->cost.data);
		add_traffic(order, op->buffer[LOWER_ELEMENT], op->cost.elements);
		add_traffic(order, op->flies ? op[1].buffer[LOWER_OUT] : op->buffer[LOWER_OUT],
			    op->cost.written);
	}
}

/* On-chip memory first come, first served. Return: how many found a place. */
static uint32_t place_sram(struct lower *lower, const struct candidate *order,
			   struct lower_buffer **placed, struct lower_buffer **live)
{
	uint32_t i, done = 0;

	for (i = 0; i < lower->buffer_count; i++) {
		struct lower_buffer *b = &lower->buffers[order[i].buffer];

		if (b->first == LOWER_NONE || b->host || b->shared || b->pinned ||
		    !(order[i].traffic > 0))
			continue;
		b->sram = true;
		b->offset = lowest_gap(b, placed, done, live);
		if (b->offset + b->size > lower->sram_limit) {
			b->sram = false;
			continue;
		}
		placed[done++] = b;
		if (b->offset + b->size > lower->sram_size)
			lower->sram_size = (b->offset + b->size + ALIGN - 1) & ~(ALIGN - 1);
	}
	return done;
}

static bool in_sram(const struct lower *lower, uint32_t buffer)
{
	return buffer != LOWER_NONE && lower->buffers[buffer].sram;
}

/* What on-chip memory spares the other one. */
static void take_off(const struct lower *lower, struct lower_op *op)
{
	const uint32_t out = op->flies ? op[1].buffer[LOWER_OUT] : op->buffer[LOWER_OUT];

	if (op->flown)
		return;
	if (in_sram(lower, op->buffer[LOWER_IN]))
		op->cost.read -= op->cost.data;
	if (in_sram(lower, op->buffer[LOWER_ELEMENT]))
		op->cost.read -= op->cost.elements;
	if (in_sram(lower, out))
		op->cost.written = 0;
}

static void put_cube(const struct lower *lower, uint32_t buffer, struct npu_cube *cube)
{
	cube->offset += lower->buffers[buffer].offset;
	cube->region = lower->buffers[buffer].sram ? NPU_SRAM : NPU_ARENA;
}

int lower_place(struct lower *lower)
{
	const uint32_t count = lower->buffer_count;
	struct candidate *order = calloc(count + 1, sizeof(*order));
	struct lower_buffer **placed = calloc(count + 1, sizeof(*placed));
	struct lower_buffer **live = calloc(count + 1, sizeof(*live));
	uint32_t i, j, done = 0;
	int ret = -ENOMEM;

	if (!order || !placed || !live)
		goto out;
	find_lifetimes(lower);
	for (i = 0; i < count; i++)
		order[i] = (struct candidate) { lower->buffers[i].size, 0, i };
	find_traffic(lower, order);
	qsort(order, count, sizeof(*order), by_traffic);
	done = place_sram(lower, order, placed, live);
	qsort(order, count, sizeof(*order), by_size);
	for (i = 0; i < count; i++) {
		struct lower_buffer *b = &lower->buffers[order[i].buffer];
		uint64_t *total = b->host ? &lower->host_size : &lower->arena_size;

		if (b->first == LOWER_NONE || b->sram)
			continue;
		b->offset = lowest_gap(b, placed, done, live);
		placed[done++] = b;
		if (b->offset + b->size > *total)
			*total = (b->offset + b->size + ALIGN - 1) & ~(ALIGN - 1);
	}
	for (i = 0; i < lower->op_count; i++) {
		struct lower_op *op = &lower->ops[i];
		struct npu_operand *operands[] = {
			&op->op.sdp.x1.alu_operand, &op->op.sdp.x1.mul_operand,
			&op->op.sdp.x2.alu_operand, &op->op.sdp.x2.mul_operand,
			&op->op.sdp.y.alu_operand, &op->op.sdp.y.mul_operand,
		};

		put_cube(lower, op->buffer[LOWER_IN], &op->op.in);
		put_cube(lower, op->buffer[LOWER_OUT], &op->op.out);
		take_off(lower, op);
		for (j = 0; j < sizeof(operands) / sizeof(operands[0]); j++) {
			const bool second = op->buffer[LOWER_ELEMENT2] != LOWER_NONE &&
					    operands[j] == &op->op.sdp.x2.alu_operand;
			const uint32_t buffer = op->buffer[second ? LOWER_ELEMENT2 : LOWER_ELEMENT];

			if (operands[j]->source == NPU_ELEMENT) {
				put_cube(lower, buffer, &operands[j]->cube);
			} else if (operands[j]->source == NPU_CHANNEL &&
				   operands[j]->region == NPU_ARENA) {
				operands[j]->offset += lower->buffers[buffer].offset;
				if (lower->buffers[buffer].sram)
					operands[j]->region = NPU_SRAM;
			}
		}
	}
	for (i = 0; i < lower->graph->num_tensors; i++) {
		struct lower_tensor *t = &lower->tensors[i];

		if (t->cube_buffer != LOWER_NONE)
			put_cube(lower, t->cube_buffer, &t->cube);
	}
	ret = 0;
out:
	free(order);
	free(placed);
	free(live);
	return ret;
}
