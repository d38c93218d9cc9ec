// SPDX-License-Identifier: MIT
/*
 * The order of steps. Changes between NPU and CPU cost a wait each, so each
 * side goes on while it has something to do; and pooling goes first, because
 * its engine works beside the convolutions.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lower.h"

/* A part of a buffer, or of a state: those are numbered behind the buffers. */
struct touch {
	uint32_t item;
	uint64_t start, end;
};

/* What a step reads and writes. */
struct touches {
	struct touch *items;		/* reads, then writes */
	uint32_t reads, writes;
};

static void add_part(struct touches *t, uint32_t item, uint64_t start, uint64_t end)
{
	if (item != LOWER_NONE)
		t->items[t->reads + t->writes++] = (struct touch) { item, start, end };
}

static void add(struct touches *t, uint32_t item)
{
	add_part(t, item, 0, UINT64_MAX);
}

/* Parts of a concatenation lie in one buffer, and each has its maker. */
static void add_cube(struct touches *t, uint32_t buffer, const struct npu_cube *cube)
{
	add_part(t, buffer, cube->offset, npu_cube_end(cube));
}

static uint32_t rows_or_state(const struct lower *lower, uint32_t tensor)
{
	if (lower->graph->tensors[tensor].state)
		return lower->buffer_count + tensor;
	return lower->tensors[tensor].rows_buffer;
}

static void find_touches(const struct lower *lower, const struct lower_step *step,
			 struct touches *t)
{
	const struct graph_op *op;
	const struct lower_tensor *tensor;
	const struct lower_op *npu;
	uint32_t i;

	switch (step->kind) {
	case LOWER_NPU:
		/* What flies behind a convolution goes where that goes. */
		if (lower->ops[step->index].flown)
			return;
		npu = &lower->ops[step->index];
		add_cube(t, npu->buffer[LOWER_IN], &npu->op.in);
		add(t, npu->buffer[LOWER_ELEMENT]);
		add(t, npu->buffer[LOWER_ELEMENT2]);
		t->reads = t->writes;
		t->writes = 0;
		add_cube(t, npu->buffer[LOWER_OUT], &npu->op.out);
		if (npu->flies)
			add(t, lower->ops[npu->pool].buffer[LOWER_OUT]);
		return;
	case LOWER_CPU:
		op = &lower->graph->ops[step->index];
		for (i = 0; i < op->num_inputs; i++) {
			if (op->inputs[i] != GRAPH_NONE)
				add(t, rows_or_state(lower, op->inputs[i]));
		}
		t->reads = t->writes;
		t->writes = 0;
		for (i = 0; i < op->num_outputs; i++)
			add(t, rows_or_state(lower, op->outputs[i]));
		if (op->kind == GRAPH_WRITE_STATE)
			add(t, rows_or_state(lower, op->inputs[1]));
		return;
	default:
		tensor = &lower->tensors[step->index];
		if (step->kind == LOWER_TO_CUBE)
			add(t, tensor->rows_buffer);
		else
			add_cube(t, tensor->cube_buffer, &tensor->cube);
		t->reads = t->writes;
		t->writes = 0;
		if (step->kind == LOWER_TO_CUBE)
			add_cube(t, tensor->cube_buffer, &tensor->cube);
		else
			add(t, tensor->rows_buffer);
	}
}

static bool shared(const struct touch *a, uint32_t a_count, const struct touch *b,
		   uint32_t b_count)
{
	uint32_t i, j;

	for (i = 0; i < a_count; i++)
		for (j = 0; j < b_count; j++)
			if (a[i].item == b[j].item && a[i].start < b[j].end &&
			    b[j].start < a[i].end)
				return true;
	return false;
}

/* Must @b stay behind @a? */
static bool conflict(const struct touches *a, const struct touches *b)
{
	const struct touch *a_writes = a->items + a->reads, *b_writes = b->items + b->reads;

	return shared(a_writes, a->writes, b->items, b->reads + b->writes) ||
	       shared(a->items, a->reads, b_writes, b->writes);
}

/* Do two operations work on the same data? Then they may share them in CBUF. */
static bool same_input(const struct lower_op *a, const struct lower_op *b)
{
	return a->op.kind == NPU_CONV && b->op.kind == NPU_CONV &&
	       a->buffer[LOWER_IN] == b->buffer[LOWER_IN] &&
	       a->op.in.offset == b->op.in.offset && a->op.in.line == b->op.in.line;
}

/*
 * The next step: of the same side, pooling first, then what works on the data of
 * convolution @last, else in the old order.
 */
static uint32_t choose(const struct lower *lower, const uint32_t *waits, const uint8_t *done,
		       bool npu, uint32_t last)
{
	uint32_t best = LOWER_NONE, i;
	bool same = false;

	for (i = 0; i < lower->step_count; i++) {
		const struct lower_step *step = &lower->steps[i];

		if (done[i] || waits[i] || (step->kind == LOWER_NPU) != npu ||
		    (npu && lower->ops[step->index].flown))
			continue;
		if (npu && lower->ops[step->index].op.kind == NPU_PDP)
			return i;
		if (best == LOWER_NONE)
			best = i;
		if (npu && !same && last != LOWER_NONE &&
		    same_input(&lower->ops[last], &lower->ops[step->index])) {
			best = i;
			same = true;
		}
	}
	return best;
}

/* The step that runs the pooling behind step @i. */
static uint32_t pool_step(const struct lower *lower, uint32_t i)
{
	const uint32_t pool = lower->ops[lower->steps[i].index].pool;

	for (i++; lower->steps[i].kind != LOWER_NPU || lower->steps[i].index != pool; i++)
		;
	return i;
}

/* Number operations in the order of their steps. */
static int renumber(struct lower *lower, const struct lower_step *order)
{
	struct lower_op *ops = calloc(lower->op_count + 1, sizeof(*ops));
	uint32_t *numbers = calloc(lower->op_count + 1, sizeof(*numbers));
	uint32_t i, count = 0;

	if (!ops || !numbers) {
		free(ops);
		free(numbers);
		return -ENOMEM;
	}
	for (i = 0; i < lower->step_count; i++) {
		lower->steps[i] = order[i];
		if (order[i].kind != LOWER_NPU)
			continue;
		numbers[order[i].index] = count;
		ops[count] = lower->ops[order[i].index];
		ops[count].pool = ops[count].flies ? count + 1 : 0;
		lower->steps[i].index = count++;
	}
	for (i = 0; i < lower->graph->num_ops; i++) {
		if (lower->notes[i].op != LOWER_NONE)
			lower->notes[i].op = numbers[lower->notes[i].op];
	}
	free(numbers);
	free(lower->ops);
	lower->ops = ops;
	lower->op_room = lower->op_count + 1;
	return 0;
}

int lower_schedule(struct lower *lower)
{
	const uint32_t count = lower->step_count;
	struct touches *touches = calloc(count + 1, sizeof(*touches));
	struct lower_step *order = calloc(count + 1, sizeof(*order));
	uint32_t *waits = calloc(count + 1, sizeof(*waits)), i, j, n;
	struct touch *items;
	uint8_t *done = calloc(count + 1, 1);
	size_t room = 0;
	uint32_t last = LOWER_NONE;
	bool npu = false;
	int ret = -ENOMEM;

	for (i = 0; i < count; i++)
		room += LOWER_PORTS + 1 + (lower->steps[i].kind == LOWER_CPU ?
			     lower->graph->ops[lower->steps[i].index].num_inputs + 2 : 0);
	items = calloc(room + 1, sizeof(*items));
	if (!touches || !order || !waits || !done || !items)
		goto out;
	for (i = 0, room = 0; i < count; i++) {
		touches[i].items = items + room;
		find_touches(lower, &lower->steps[i], &touches[i]);
		room += touches[i].reads + touches[i].writes;
		for (j = 0; j < i; j++)
			waits[i] += conflict(&touches[j], &touches[i]);
	}
	for (n = 0; n < count; n++) {
		i = choose(lower, waits, done, npu, last);
		if (i == LOWER_NONE) {
			npu = !npu;
			last = LOWER_NONE;
			i = choose(lower, waits, done, npu, last);
		}
		if (npu && lower->ops[lower->steps[i].index].op.kind == NPU_CONV)
			last = lower->steps[i].index;
		done[i] = 1;
		order[n] = lower->steps[i];
		for (j = i + 1; j < count; j++) {
			if (!done[j] && conflict(&touches[i], &touches[j]))
				waits[j]--;
		}
		if (order[n].kind == LOWER_NPU && lower->ops[order[n].index].flies) {
			i = pool_step(lower, i);
			done[i] = 1;
			order[++n] = lower->steps[i];
		}
	}
	ret = renumber(lower, order);
out:
	free(touches);
	free(order);
	free(waits);
	free(items);
	free(done);
	return ret;
}
