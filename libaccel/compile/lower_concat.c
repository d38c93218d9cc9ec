// SPDX-License-Identifier: MIT
/*
 * Concatenations. What becomes a part of one is computed where the whole lies,
 * if it begins at a surface and has the whole's scale; other parts are copied,
 * and channels that do not begin at a surface are moved by convolutions.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lower.h"
#include "move.h"

/* Where a part begins; then where the next one does. */
struct place {
	uint32_t x, y, c;
};

/* Is the concatenation along a direction that cubes have? */
static bool along_cube(const struct graph_op *op, const struct graph_tensor *whole)
{
	uint32_t i;

	if (op->params.axis + 1 == whole->rank)
		return true;
	if (whole->rank == 4)
		return whole->dims[0] == 1 && op->params.axis > 0;
	for (i = 0; i < op->params.axis; i++) {
		if (whole->dims[i] != 1)
			return false;
	}
	return true;
}

static void next_place(const struct graph_op *op, const struct graph_tensor *part,
		       struct place *place)
{
	uint32_t width, height, channels;

	lower_shape(part, &width, &height, &channels);
	if (op->params.axis + 1 == part->rank)
		place->c += channels;
	else if (part->rank == 4 && op->params.axis == 1)
		place->y += height;
	else
		place->x += width;
}

static bool is_cube(const struct lower *lower, uint32_t index)
{
	const struct graph_op *op = &lower->graph->ops[index];
	uint32_t i;

	if (!lower_is_cube(lower, op->outputs[0]))
		return false;
	for (i = 0; i < op->num_inputs; i++) {
		if (!lower_is_cube(lower, op->inputs[i]))
			return false;
	}
	return true;
}

/* Operations whose result can be written anywhere. */
static bool writes_anywhere(uint32_t kind)
{
	switch (kind) {
	case GRAPH_CONV: case GRAPH_CONV_TRANSPOSED: case GRAPH_FULLY_CONNECTED:
	case GRAPH_ADD: case GRAPH_SUB: case GRAPH_MUL: case GRAPH_MAX: case GRAPH_MIN:
	case GRAPH_CONCAT: case GRAPH_MAX_POOL: case GRAPH_AVG_POOL: case GRAPH_REDUCE:
	case GRAPH_CLIP: case GRAPH_LEAKY_RELU: case GRAPH_PRELU: case GRAPH_HARD_SWISH:
	case GRAPH_HARD_SIGMOID: case GRAPH_LOGISTIC: case GRAPH_TANH: case GRAPH_UNARY:
	case GRAPH_RESIZE: case GRAPH_LRN: case GRAPH_QUANTIZE:
		return true;
	default:
		return false;
	}
}

/*
 * Time steps, as networks that hear have them: points of many channels, one below
 * the other. The hardware writes the channels of a point in one run, so each
 * line's surfaces lie together.
 */
static void lay_out_points(struct lower *lower, const struct graph_op *op,
			   struct lower_tensor *to)
{
	const struct graph *graph = lower->graph;
	const struct npu_cube *cube = &to->cube;
	const uint32_t surfaces = (cube->channels + cube->atom - 1) / cube->atom;
	uint32_t i;

	if (cube->width > 1 || graph->tensors[op->outputs[0]].rank != 4 || op->params.axis != 1)
		return;
	for (i = 0; i < op->num_inputs; i++) {
		if (graph->tensors[op->inputs[i]].dims[1] != 1)
			continue;
		to->cube.line = surfaces * cube->atom;
		to->cube.surface = cube->atom;
		return;
	}
}

static void prepare(struct lower *lower, uint32_t index)
{
	const struct graph *graph = lower->graph;
	const struct graph_op *op = &graph->ops[index];
	const struct graph_tensor *whole = &graph->tensors[op->outputs[0]];
	const uint32_t atom = lower->config->atomic_m;
	struct lower_tensor *to = &lower->tensors[op->outputs[0]];
	struct place place = { 0 };
	uint32_t i;

	if (!is_cube(lower, index) || !along_cube(op, whole))
		return;
	if (to->cube_buffer == LOWER_NONE) {
		lower_own_cube(lower, op->outputs[0]);
		lay_out_points(lower, op, to);
	}
	for (i = 0; i < op->num_inputs && !lower->error; i++) {
		const struct graph_tensor *part = &graph->tensors[op->inputs[i]];
		struct lower_tensor *t = &lower->tensors[op->inputs[i]];
		uint32_t producer = graph_producer(graph, op->inputs[i]), width, height, channels;
		struct place start = place;
		struct npu_cube cube;

		next_place(op, part, &place);
		lower_shape(part, &width, &height, &channels);
		/* A surface that another part shares is put together afterwards. */
		if (start.c % atom ||
		    (place.c != start.c && place.c % atom && i + 1 < op->num_inputs) ||
		    t->cube_buffer != LOWER_NONE || producer == GRAPH_NONE ||
		    !writes_anywhere(graph->ops[producer].kind) || !lower_same_quant(part, whole))
			continue;
		cube = move_part(&to->cube, start.x, start.y, start.c, width, height, channels);
		if (npu_cube_scattered(&cube))
			continue;
		t->cube = cube;
		t->cube_buffer = to->cube_buffer;
		t->wide = channels;
	}
}

void lower_prepare_concat(struct lower *lower)
{
	uint32_t i;

	/* The outermost first: parts may be concatenations themselves. */
	for (i = lower->graph->num_ops; i-- > 0;) {
		if (lower->graph->ops[i].kind == GRAPH_CONCAT)
			prepare(lower, i);
	}
}

/* A part that begins or ends within a surface. */
static const char *move_in(struct lower *lower, uint32_t index, uint32_t input, uint32_t at,
			   bool last)
{
	const struct graph_op *op = &lower->graph->ops[index];
	const struct lower_tensor *from = lower_input(lower, op->inputs[input]);
	const struct lower_tensor *to = &lower->tensors[op->outputs[0]];
	const uint32_t atom = lower->config->atomic_m, before = at % atom;
	const uint32_t end = before + from->cube.channels;
	const uint32_t count = last ? end : (end + atom - 1) / atom * atom;
	uint32_t *channel = malloc(count * sizeof(*channel)), i;
	struct move move = {
		.in = op->inputs[input], .out = op->outputs[0], .from = from->cube,
		.from_buffer = from->cube_buffer, .to_buffer = to->cube_buffer,
		.channel = channel, .stride = 1, .join = before,
	};
	const char *why;

	if (!channel) {
		lower->error = -ENOMEM;
		return "out of memory";
	}
	for (i = 0; i < count; i++)
		channel[i] = i < before || i >= end ? MOVE_NOTHING : i - before;
	move.to = move_part(&to->cube, 0, 0, at - before, from->cube.width, from->cube.height,
			    count);
	why = move_channels(lower, &move, index);
	free(channel);
	return why;
}

/*
 * What only the CPU has so far, a state for example, is laid out for the NPU
 * anyway: then where the whole lies.
 */
static void lay_out(struct lower *lower, uint32_t tensor, uint32_t whole,
		    const struct npu_cube *part)
{
	struct lower_tensor *t = &lower->tensors[tensor];

	if (t->cube_buffer != LOWER_NONE || t->rows_buffer == LOWER_NONE ||
	    npu_cube_scattered(part) ||
	    !lower_same_quant(&lower->graph->tensors[tensor], &lower->graph->tensors[whole]))
		return;
	t->cube = *part;
	t->cube_buffer = lower->tensors[whole].cube_buffer;
	t->wide = part->channels;
	lower_to_cube(lower, tensor);
}

const char *lower_concat(struct lower *lower, uint32_t index)
{
	const struct graph *graph = lower->graph;
	const struct graph_op *op = &graph->ops[index];
	const uint32_t atom = lower->config->atomic_m;
	const struct lower_tensor *to;
	struct place place = { 0 };
	const char *why = NULL;
	uint32_t i, cubes = 0;
	int32_t lo, hi;

	if (!is_cube(lower, index))
		return "not INT8, or a shape that is no cube";
	if (!along_cube(op, &graph->tensors[op->outputs[0]]))
		return "concatenation along something that cubes do not have";
	for (i = 0; i < op->num_inputs; i++)
		cubes += lower->tensors[op->inputs[i]].cube_buffer != LOWER_NONE;
	if (!cubes)
		return "inputs that only the CPU has";
	to = lower_own_cube(lower, op->outputs[0]);
	graph_act_range(graph, op, &lo, &hi);
	for (i = 0; i < op->num_inputs && !why && !lower->error; i++) {
		const struct graph_tensor *input = &graph->tensors[op->inputs[i]];
		const struct lower_tensor *from;
		struct place start = place;
		uint32_t width, height, channels;
		struct npu_cube part;
		bool shared;

		next_place(op, input, &place);
		lower_shape(input, &width, &height, &channels);
		part = move_part(&to->cube, start.x, start.y, start.c, width, height, channels);
		shared = start.c % atom ||
			 (place.c != start.c && place.c % atom && i + 1 < op->num_inputs);
		if (!shared && !lower_clamps(lo, hi))
			lay_out(lower, op->inputs[i], op->outputs[0], &part);
		from = lower_input(lower, op->inputs[i]);
		if (shared)
			why = move_in(lower, index, i, start.c, i + 1 == op->num_inputs);
		else if (from->cube_buffer != to->cube_buffer || from->cube.offset != part.offset)
			why = move_copy(lower, op->inputs[i], op->outputs[0], &part,
					to->cube_buffer);
		else if (lower->notes[index].op == LOWER_NONE)
			lower->notes[index].why = "computed where it belongs";
	}
	if (!why && lower_clamps(lo, hi))
		lower_clamp(lower, op->outputs[0], lo, hi, &why);
	return lower->error ? "out of memory" : why;
}
