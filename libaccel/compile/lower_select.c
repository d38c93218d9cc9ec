// SPDX-License-Identifier: MIT
/*
 * Operations that move data: slices, transposes, reshapes, gathers, one or
 * several in a row, by what they do in the end. What it is, is found by having
 * the CPU's kernels move the numbers of the elements.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libaccel/cpu/ref/ref_op.h"
#include "lower.h"
#include "move.h"

#define MOST_ELEMENTS	(1 << 24)
#define MOST_CHAIN	8

/* Pixels (y0 + y * step_y, x0 + x * step_x) of a source, and channels of it. */
struct selection {
	uint32_t y0, x0, step_y, step_x;
	uint32_t *channel;
	bool in_order;		/* channels follow each other */
	bool in_line;		/* pixels follow each other: the same memory in another shape */
};

static bool moves(const struct lower *lower, uint32_t index)
{
	const struct graph *graph = lower->graph;
	const struct graph_op *op = &graph->ops[index];

	switch (op->kind) {
	case GRAPH_GATHER:
		if (!graph_is_const(&graph->tensors[op->inputs[1]]))
			return false;
		break;
	case GRAPH_RESHAPE: case GRAPH_TRANSPOSE: case GRAPH_SLICE:
	case GRAPH_DEPTH_TO_SPACE: case GRAPH_SPACE_TO_DEPTH:
		break;
	default:
		return false;
	}
	/* No kernel moves and computes. */
	return !graph_has_act(op) && graph->tensors[op->inputs[0]].quant.count == 1 &&
	       graph->tensors[op->outputs[0]].quant.count == 1 &&
	       lower_same_quant(&graph->tensors[op->inputs[0]], &graph->tensors[op->outputs[0]]);
}

/* Do operation @index's work on numbers instead of values. */
static int32_t *move_numbers(const struct graph *graph, uint32_t index, int32_t *from)
{
	const struct graph_op *op = &graph->ops[index];
	struct graph small = *graph;
	struct graph_tensor *tensors = calloc(graph->num_tensors, sizeof(*tensors));
	void **data = calloc(graph->num_tensors, sizeof(*data));
	int32_t *to = malloc(graph_elements(&graph->tensors[op->outputs[0]]) * sizeof(*to));
	uint32_t ends[2] = { op->inputs[0], op->outputs[0] }, i;
	int err = -ENOMEM;

	if (tensors && data && to) {
		memcpy(tensors, graph->tensors, graph->num_tensors * sizeof(*tensors));
		for (i = 0; i < 2; i++) {
			tensors[ends[i]].type = GRAPH_I32;
			tensors[ends[i]].quant.count = 0;
		}
		small.tensors = tensors;
		data[ends[0]] = from;
		data[ends[1]] = to;
		err = cpu_op_run(&small, op, data);
	}
	free(tensors);
	free(data);
	if (!err)
		return to;
	free(to);
	return NULL;
}

/* Is @map, by element of the result an element of the source, a selection? */
static bool understand(const int32_t *map, const uint32_t from[3], const uint32_t to[3],
		       struct selection *s)
{
	const uint32_t width = from[0], channels = from[2], count = to[2];
	const uint32_t first = (uint32_t)map[0] / channels;
	uint32_t x, y, k;
	bool grid = true;

	s->y0 = first / width;
	s->x0 = first % width;
	s->step_y = s->step_x = 1;
	if (to[0] > 1)
		s->step_x = (uint32_t)map[count] / channels - first;
	if (to[1] > 1)
		s->step_y = ((uint32_t)map[to[0] * count] / channels - first) / width;
	s->in_order = s->in_line = true;
	for (k = 0; k < count; k++) {
		s->channel[k] = (uint32_t)map[k] % channels;
		s->in_order &= s->channel[k] == s->channel[0] + k;
	}
	for (y = 0; y < to[1]; y++) {
		for (x = 0; x < to[0]; x++) {
			const uint32_t pixel = y * to[0] + x;
			const uint32_t source = (uint32_t)map[(size_t)pixel * count] / channels;

			grid &= s->step_x > 0 && s->step_y > 0 && s->step_x < width + 1 &&
				s->x0 + x * s->step_x < width &&
				source == (s->y0 + y * s->step_y) * width + s->x0 + x * s->step_x;
			s->in_line &= source == first + pixel;
			if (!grid && !s->in_line)
				return false;
			for (k = 0; k < count; k++) {
				if ((uint32_t)map[(size_t)pixel * count + k] !=
				    source * channels + s->channel[k])
					return false;
			}
		}
	}
	/* In line across lines: a shape of its own. */
	s->in_line &= !grid;
	return true;
}

/* The result lies in its source's memory. */
static bool alias(struct lower *lower, uint32_t in, uint32_t out, const uint32_t size[3],
		  const struct selection *s)
{
	const struct lower_tensor *from = &lower->tensors[in];
	struct lower_tensor *to = &lower->tensors[out];
	const uint32_t atom = lower->config->atomic_m;
	struct npu_cube cube;

	if (!s->in_order || s->channel[0] % atom || from->cube.atom != atom)
		return false;
	cube = move_part(&from->cube, s->x0, s->y0, s->channel[0], size[0], size[1], size[2]);
	if (s->in_line) {
		if (from->cube.line != from->cube.width * atom)
			return false;
		cube.line = size[0] * atom;
	} else if (s->step_x != 1) {
		return false;
	} else {
		cube.line *= s->step_y;
	}
	if (npu_cube_scattered(&cube))
		return false;
	to->cube = cube;
	to->cube_buffer = from->cube_buffer;
	to->wide = size[2];
	return true;
}

static const char *select_channels(struct lower *lower, uint32_t in, uint32_t out,
				   const uint32_t size[3], const struct selection *s,
				   uint32_t index)
{
	const struct lower_tensor *from = &lower->tensors[in], *to;
	struct move move = {
		.in = in, .out = out, .from_buffer = from->cube_buffer, .channel = s->channel,
		.stride = s->step_x,
	};

	if (s->in_line && from->cube.line != from->cube.width * from->cube.atom)
		return "a shape that memory does not have";
	if (s->step_x > 8)
		return "steps larger than a stride";
	to = lower_own_cube(lower, out);
	move.to = to->cube;
	move.to_buffer = to->cube_buffer;
	move.from = move_part(&from->cube, s->x0, s->y0, 0, (size[0] - 1) * s->step_x + 1, size[1],
			      from->cube.channels);
	if (s->in_line) {
		move.from.width = size[0];
		move.from.line = size[0] * from->cube.atom;
		move.stride = 1;
	} else {
		move.from.line *= s->step_y;
	}
	return move_channels(lower, &move, index);
}

/* The first @count operations of a chain as one, if they are something the NPU can do. */
static const char *lower_as_one(struct lower *lower, const uint32_t *chain, uint32_t count,
				const int32_t *map)
{
	const struct graph *graph = lower->graph;
	const uint32_t in = graph->ops[chain[0]].inputs[0];
	const uint32_t out = graph->ops[chain[count - 1]].outputs[0];
	struct selection s = { 0 };
	uint32_t from[3], to[3];
	const char *why = "data moved in a way that memory does not have";

	if (!lower_is_cube(lower, out))
		return "not INT8, or a shape that is no cube";
	lower_shape(&graph->tensors[in], &from[0], &from[1], &from[2]);
	lower_shape(&graph->tensors[out], &to[0], &to[1], &to[2]);
	s.channel = malloc(to[2] * sizeof(*s.channel));
	if (!s.channel) {
		lower->error = -ENOMEM;
		return "out of memory";
	}
	if (understand(map, from, to, &s)) {
		if (alias(lower, in, out, to, &s)) {
			lower->notes[chain[0]].why = "a part of its input's memory";
			why = NULL;
		} else {
			why = select_channels(lower, in, out, to, &s, chain[0]);
		}
	}
	free(s.channel);
	if (why)
		lower->tensors[out].cube_buffer = LOWER_NONE;
	return why;
}

/* Operation @index and those behind it that nothing else reads and that move data too. */
static uint32_t find_chain(const struct lower *lower, uint32_t index, uint32_t *chain)
{
	const struct graph *graph = lower->graph;
	uint32_t count = 0, next = index;

	while (count < MOST_CHAIN && next != GRAPH_NONE && (!count || !lower->done[next]) &&
	       moves(lower, next)) {
		if (count && graph->ops[next].inputs[0] != graph->ops[chain[count - 1]].outputs[0])
			break;
		chain[count++] = next;
		next = graph_only_user(graph, graph->ops[next].outputs[0]);
	}
	return count;
}

static void mark_chain(struct lower *lower, const uint32_t *chain, uint32_t count)
{
	uint32_t i;

	for (i = 1; i < count; i++) {
		lower->done[chain[i]] = 1;
		lower->have[lower->graph->ops[chain[i]].outputs[0]] = 1;
		lower->notes[chain[i]] = (struct lower_note) {
			.on_npu = true, .op = lower->notes[chain[0]].op,
			.why = "together with the operation before",
		};
	}
}

const char *lower_select(struct lower *lower, uint32_t index)
{
	const struct graph *graph = lower->graph;
	const uint32_t in = graph->ops[index].inputs[0];
	const uint64_t elements = graph_elements(&graph->tensors[in]);
	uint32_t chain[MOST_CHAIN], count, i;
	int32_t *maps[MOST_CHAIN + 1] = { NULL };
	const char *why = "data moved in a way that memory does not have";
	uint64_t e;

	if (!lower_is_cube(lower, in))
		return "not INT8, or a shape that is no cube";
	if (lower->tensors[in].cube_buffer == LOWER_NONE)
		return "input that only the CPU has";
	if (elements > MOST_ELEMENTS)
		return "more elements than can be followed";
	count = find_chain(lower, index, chain);
	maps[0] = malloc(elements * sizeof(*maps[0]));
	for (e = 0; maps[0] && e < elements; e++)
		maps[0][e] = (int32_t)e;
	for (i = 0; i < count && maps[i]; i++)
		maps[i + 1] = move_numbers(graph, chain[i], maps[i]);
	for (; i > 0 && why && !lower->error; i--) {
		if (!maps[i])
			continue;
		why = lower_as_one(lower, chain, i, maps[i]);
		if (!why)
			mark_chain(lower, chain, i);
	}
	for (i = 0; i <= MOST_CHAIN; i++)
		free(maps[i]);
	return why;
}
