// SPDX-License-Identifier: MIT
/*
 * Operations that make images larger: resizing, transposed convolutions, depth
 * to space; and its inverse.
 *
 * Every so many outputs of a direction, a phase, the windows repeat: each phase
 * is a convolution of the input as it is. Its lines can be written anywhere,
 * its columns only side by side, so phases of a line are written to cubes of
 * their own and then put between each other: seen as one column, a cube is
 * copied to every so many pixels of another.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "layer.h"
#include "move.h"

#define MOST_TAPS	16
#define MOST_LANES	32
#define MOST_PHASES	8
#define MOST_EXTENT	8192
#define NO_TAP		(-1)

/*
 * Outputs first, first + phases, ... of a direction: windows alike, @step
 * inputs apart.
 */
struct lane {
	uint32_t first, count;
	uint32_t from, step, taps;
	int32_t tap[MOST_TAPS];		/* weights, or indices of weights, or NO_TAP */
};

struct direction {
	uint32_t in, out, phases, step;
	uint32_t count;
	struct lane lanes[MOST_LANES];
	double divide;			/* of the weights */
};

/* The window of output @o: a lane of one. */
typedef bool (*window_fn)(const struct direction *d, const struct graph_op *op, bool vertical,
			  uint32_t o, struct lane *lane);

static bool continues(const struct lane *lane, const struct lane *next, uint32_t o,
		      const struct direction *d)
{
	return lane->first + lane->count * d->phases == o && lane->taps == next->taps &&
	       lane->from + lane->count * d->step == next->from &&
	       !memcmp(lane->tap, next->tap, next->taps * sizeof(next->tap[0]));
}

static const char *find_lanes(struct direction *d, const struct graph_op *op, bool vertical,
			      window_fn window)
{
	uint32_t phase, o;

	if (d->phases > MOST_PHASES || d->step > MOST_PHASES)
		return "sizes that have no small ratio";
	d->count = 0;
	for (phase = 0; phase < d->phases; phase++) {
		for (o = phase; o < d->out; o += d->phases) {
			struct lane lane = { .first = o, .count = 1, .step = d->step };

			if (!window(d, op, vertical, o, &lane))
				return "windows of another kind than the NPU has";
			if (d->count && continues(&d->lanes[d->count - 1], &lane, o, d)) {
				d->lanes[d->count - 1].count++;
				continue;
			}
			if (d->count == MOST_LANES)
				return "too many kinds of windows";
			d->lanes[d->count++] = lane;
		}
	}
	return NULL;
}

/* What all phases of an operation have in common. */
struct phases {
	uint32_t in, out, index;
	struct npu_cube from;
	uint32_t from_buffer;
	/* By phase of a line: where its columns go. */
	struct npu_cube to[MOST_PHASES];
	uint32_t to_buffer[MOST_PHASES];
	struct direction x, y;
	const struct graph_tensor *weights;	/* NULL: those of a lane, for every channel */
	const struct graph_tensor *bias;
	uint32_t groups;
};

static void put_weights(const struct phases *p, const struct lane *x, const struct lane *y,
			uint32_t first, struct layer *layer)
{
	int8_t *to = layer->weights;
	uint32_t k, i, j;

	for (k = 0; k < layer->kernels; k++) {
		for (j = 0; j < y->taps; j++) {
			for (i = 0; i < x->taps; i++, to += layer->group_c) {
				const uint32_t *dims = p->weights ? p->weights->dims : NULL;

				if (!dims)
					*to = (int8_t)(y->tap[j] * x->tap[i]);
				else if (y->tap[j] != NO_TAP && x->tap[i] != NO_TAP)
					memcpy(to, (const int8_t *)p->weights->data +
					       (((size_t)(first + k) * dims[1] + y->tap[j]) *
						dims[2] + x->tap[i]) * dims[3], dims[3]);
			}
		}
	}
}

/* Kernels @first to @first + @count - 1 of the outputs that two lanes make. */
static const char *emit_kernels(struct lower *lower, const struct phases *p, const struct lane *x,
				const struct lane *y, uint32_t first, uint32_t count)
{
	const struct graph_tensor *in = &lower->graph->tensors[p->in];
	const uint32_t phase = x->first % p->x.phases;
	const bool part = count < p->to[0].channels;
	const uint32_t groups = p->groups > 1 && part ? count : p->groups;
	struct layer layer = {
		.in = p->in, .out = p->out, .kernels = count, .cubes = true,
		.in_buffer = p->from_buffer, .out_buffer = p->to_buffer[phase],
		.in_width = (x->count - 1) * x->step + x->taps,
		.in_height = (y->count - 1) * y->step + y->taps,
		.in_channels = p->groups > 1 && part ? count : p->from.channels,
		.act_lo = INT8_MIN, .act_hi = INT8_MAX,
		.conv = {
			.kernel_w = x->taps, .kernel_h = y->taps,
			.stride_x = x->count > 1 ? x->step : 1,
			.stride_y = y->count > 1 ? y->step : 1,
			.dilation_x = 1, .dilation_y = 1, .groups = groups, .groups_per_block = 1,
			.pad_value = graph_zero_point(in, 0),
		},
	};
	const char *why;
	uint32_t k;

	/* Weights that add up to one give steps from steps, which round as TFLite rounds them. */
	if (!p->weights && lower_same_quant(in, &lower->graph->tensors[p->out])) {
		layer.steps = true;
		layer.conv.pad_value = 0;
	}
	layer.group_c = layer.in_channels / groups;
	layer.in_cube = move_part(&p->from, x->from, y->from, p->groups > 1 ? first : 0,
				  layer.in_width, layer.in_height, layer.in_channels);
	layer.out_cube = move_part(&p->to[phase], x->first / p->x.phases, y->first, first,
				   x->count, y->count, count);
	layer.out_cube.line *= p->y.phases;
	if (!layer_alloc(&layer)) {
		layer_free(&layer);
		lower->error = -ENOMEM;
		return "out of memory";
	}
	put_weights(p, x, y, first, &layer);
	for (k = 0; k < count; k++) {
		layer.scale[k] = graph_scale(in, 0) / (p->x.divide * p->y.divide);
		if (p->weights)
			layer.scale[k] *= graph_scale(p->weights, first + k);
		if (p->bias)
			layer.bias[k] = ((const int32_t *)p->bias->data)[first + k];
	}
	why = layer_emit(lower, &layer, p->index);
	layer_free(&layer);
	return why;
}

/* A single point cannot have its surfaces apart: one after the other then. */
static const char *emit_lanes(struct lower *lower, const struct phases *p, const struct lane *x,
			      const struct lane *y)
{
	const uint32_t channels = p->to[0].channels, atom = p->to[0].atom;
	const bool point = x->count == 1 && y->count == 1 && p->to[0].surface != atom;
	const uint32_t step = point ? atom : channels;
	const char *why = NULL;
	uint32_t k;

	if (point && channels > atom && p->groups > 1 && p->groups != channels)
		return "groups of a point";
	for (k = 0; k < channels && !why; k += step)
		why = emit_kernels(lower, p, x, y, k, channels - k < step ? channels - k : step);
	return why;
}

/*
 * A point together with the output behind or before it, whose lane puts it
 * right afterwards.
 */
static bool widen(const struct direction *d, uint32_t i, struct lane *lane)
{
	const struct lane *l = &d->lanes[i];

	*lane = *l;
	lane->count = 2;
	if (i + 1 < d->count && l[1].first == l->first + d->phases && l[1].count > 1 &&
	    l->from + d->step + l->taps <= d->in)
		return true;
	lane->first -= d->phases;
	lane->from -= d->step;
	return i && l->first >= d->phases && l[-1].count > 1 && l->from >= d->step &&
	       l[-1].first + (l[-1].count - 1) * d->phases == lane->first;
}

static const char *emit_phases(struct lower *lower, const struct phases *p)
{
	const char *why = NULL;
	struct lane wide;
	uint32_t i, j, pass;

	/* Points first: what is beside them comes out right afterwards. */
	for (pass = 0; pass < 2; pass++) {
		for (j = 0; j < p->y.count && !why; j++) {
			for (i = 0; i < p->x.count && !why; i++) {
				const struct lane *x = &p->x.lanes[i], *y = &p->y.lanes[j];
				bool point = x->count == 1 && y->count == 1;

				if (point == !!pass)
					continue;
				if (point && p->to[0].channels > p->to[0].atom &&
				    widen(&p->x, i, &wide))
					x = &wide;
				why = emit_lanes(lower, p, x, y);
			}
		}
	}
	return why;
}

/*
 * Where the phases of a line go: the result itself when there is one, else
 * cubes of their own. The result's lines are made so long that all phases are.
 */
static const char *make_cubes(struct lower *lower, struct phases *p)
{
	const uint32_t atom = lower->config->atomic_m, phases = p->x.phases;
	struct lower_tensor *t = &lower->tensors[p->out];
	const uint32_t columns = (p->x.out + phases - 1) / phases;
	const struct lower_tensor *to;
	uint32_t i;

	if (phases > 1 && t->cube_buffer != LOWER_NONE && t->cube.line != columns * phases * atom)
		t->cube_buffer = LOWER_NONE;
	if (phases > 1 && t->cube_buffer == LOWER_NONE && p->x.out % phases) {
		npu_cube_dense(&t->cube, columns * phases, p->y.out,
			       lower->graph->tensors[p->out].dims[3], atom);
		t->cube.width = p->x.out;
		t->cube.region = NPU_ARENA;
		/* All phases are whole, the last column of some is nobody's. */
		t->cube_buffer = lower_buffer_new(lower, npu_cube_end(&t->cube) + phases * atom,
						  false);
		t->wide = t->cube.channels;
	}
	to = lower_own_cube(lower, p->out);
	for (i = 0; i < phases; i++) {
		p->to[i] = to->cube;
		p->to_buffer[i] = to->cube_buffer;
		if (phases == 1)
			break;
		npu_cube_dense(&p->to[i], columns, p->y.out, to->cube.channels, atom);
		p->to[i].region = NPU_ARENA;
		p->to_buffer[i] = lower_buffer_new(lower, npu_cube_end(&p->to[i]), false);
	}
	return lower->error ? "out of memory" : NULL;
}

/* Put what make_cubes() has had written apart between each other. */
static const char *put_between(struct lower *lower, const struct phases *p)
{
	const struct lower_tensor *to = &lower->tensors[p->out];
	const uint32_t phases = p->x.phases, atom = p->to[0].atom, columns = p->to[0].width;
	const uint32_t rows = MOST_EXTENT / columns;
	const char *why = NULL;
	uint32_t i, y;

	for (i = 0; i < phases && phases > 1 && !why; i++) {
		for (y = 0; y < p->y.out && !why; y += rows) {
			const uint32_t count = p->y.out - y < rows ? p->y.out - y : rows;
			struct lower_op op;

			lower_start(&op, NPU_SDP);
			op.op.in = move_part(&p->to[i], 0, y, 0, 1, count * columns,
					     p->to[i].channels);
			op.op.in.line = atom;
			op.buffer[LOWER_IN] = p->to_buffer[i];
			op.op.out = move_part(&to->cube, i, y, 0, 1, count * columns,
					      p->to[i].channels);
			op.op.out.line = phases * atom;
			op.buffer[LOWER_OUT] = to->cube_buffer;
			lower_emit(lower, &op, &why);
		}
	}
	return why;
}

static const char *run_phases(struct lower *lower, struct phases *p)
{
	const struct graph_op *op = &lower->graph->ops[p->index];
	const struct lower_tensor *from;
	const char *why;
	int32_t lo, hi;

	if (p->x.count * p->y.count > 4 * MOST_LANES)
		return "too many kinds of windows";
	from = lower_input(lower, p->in);
	p->from = from->cube;
	p->from_buffer = from->cube_buffer;
	why = make_cubes(lower, p);
	if (!why)
		why = emit_phases(lower, p);
	if (!why)
		why = put_between(lower, p);
	graph_act_range(lower->graph, op, &lo, &hi);
	if (!why && lower_clamps(lo, hi))
		lower_clamp(lower, p->out, lo, hi, &why);
	return why;
}

static uint32_t divisor(uint32_t a, uint32_t b)
{
	while (b) {
		uint32_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* Coordinates of RESIZE are (2 * o + 1) * step / (2 * phases) - 1/2 or o * step / phases. */
static bool resize_window(const struct direction *d, const struct graph_op *op, bool vertical,
			  uint32_t o, struct lane *lane)
{
	const bool half = op->params.resize.coordinates != GRAPH_ASYMMETRIC;
	const int64_t unit = half ? 2 * (int64_t)d->phases : d->phases;
	int64_t at = half ? (2 * (int64_t)o + 1) * d->step - d->phases : (int64_t)o * d->step;
	int64_t low = at >= 0 ? at / unit : -((-at + unit - 1) / unit), rest = at - low * unit;

	(void)vertical;
	if (op->params.resize.nearest) {
		switch (op->params.resize.rounding) {
		case GRAPH_ROUND_HALF_DOWN:
			low += 2 * rest > unit;
			break;
		case GRAPH_ROUND_HALF_UP:
			low += 2 * rest >= unit;
			break;
		case GRAPH_ROUND_UP:
			low += rest > 0;
			break;
		}
		rest = 0;
	}
	if (low < 0) {
		low = 0;
		rest = 0;
	}
	if (low >= (int64_t)d->in - 1) {
		low = d->in - 1;
		rest = 0;
	}
	lane->from = (uint32_t)low;
	lane->taps = rest ? 2 : 1;
	lane->tap[0] = op->params.resize.nearest ? 1 : (int32_t)(unit - rest);
	lane->tap[1] = (int32_t)rest;
	return true;
}

const char *lower_resize(struct lower *lower, uint32_t index)
{
	const struct graph *graph = lower->graph;
	const struct graph_op *op = &graph->ops[index];
	const struct graph_tensor *in = &graph->tensors[op->inputs[0]];
	const struct graph_tensor *out = &graph->tensors[op->outputs[0]];
	const float scales[2] = { op->params.resize.scale_h, op->params.resize.scale_w };
	struct phases p = { .in = op->inputs[0], .out = op->outputs[0], .index = index };
	struct direction *directions[2] = { &p.y, &p.x };
	const char *why = NULL;
	uint32_t i;

	if (!lower_is_cube(lower, p.in) || !lower_is_cube(lower, p.out))
		return "not INT8, or a shape that is no cube";
	if (op->params.resize.coordinates == GRAPH_ALIGN_CORNERS)
		return "corners that are aligned";
	for (i = 0; i < 2 && !why; i++) {
		struct direction *d = directions[i];
		uint32_t common;

		d->in = in->dims[1 + i];
		d->out = out->dims[1 + i];
		common = divisor(d->in, d->out);
		d->phases = d->out / common;
		d->step = d->in / common;
		if (scales[i] && fabs(scales[i] * d->out / d->in - 1) > 1e-6)
			return "a scale that is not the sizes' ratio";
		if (op->params.resize.ten_bits && !op->params.resize.nearest &&
		    ((uint64_t)d->in << 9) % d->out)
			return "coordinates rounded to ten bits";
		if (op->params.resize.coordinates == GRAPH_PYTORCH_HALF_PIXEL && d->out == 1)
			return "a single pixel";
		d->divide = op->params.resize.nearest ? 1 :
			    op->params.resize.coordinates == GRAPH_ASYMMETRIC ? d->phases :
			    2.0 * d->phases;
		why = find_lanes(d, op, !i, resize_window);
	}
	if (!why && p.x.divide * p.y.divide > INT8_MAX)
		return "weights finer than 8 bits";
	p.groups = in->dims[3];
	return why ? why : run_phases(lower, &p);
}

static bool transposed_window(const struct direction *d, const struct graph_op *op, bool vertical,
			      uint32_t o, struct lane *lane)
{
	const struct graph_window *w = &op->params.conv.window;
	const uint32_t kernel = vertical ? w->kernel_h : w->kernel_w;
	const int64_t at = (int64_t)o + (vertical ? w->pad_top : w->pad_left);
	int64_t first = at - (kernel - 1), i;

	/* Input i meets tap at - i * stride. */
	first = first <= 0 ? 0 : (first + d->phases - 1) / d->phases;
	lane->from = first < d->in ? (uint32_t)first : d->in - 1;
	for (i = first; i < d->in && i * d->phases <= at; i++) {
		if (lane->taps == MOST_TAPS)
			return false;
		lane->tap[lane->taps++] = (int32_t)(at - i * d->phases);
	}
	if (!lane->taps)
		lane->tap[lane->taps++] = NO_TAP;
	return true;
}

const char *lower_transposed(struct lower *lower, uint32_t index)
{
	const struct graph *graph = lower->graph;
	const struct graph_op *op = &graph->ops[index];
	const struct graph_window *w = &op->params.conv.window;
	const struct graph_tensor *in = &graph->tensors[op->inputs[0]];
	const struct graph_tensor *out = &graph->tensors[op->outputs[0]];
	const uint32_t bias = op->num_inputs > 2 ? op->inputs[2] : GRAPH_NONE;
	struct phases p = {
		.in = op->inputs[0], .out = op->outputs[0], .index = index,
		.groups = op->params.conv.groups, .weights = &graph->tensors[op->inputs[1]],
		.bias = bias == GRAPH_NONE ? NULL : &graph->tensors[bias],
		.x = {
			.in = in->dims[2], .out = out->dims[2], .phases = w->stride_w, .step = 1,
			.divide = 1,
		}, .y = {
			.in = in->dims[1], .out = out->dims[1], .phases = w->stride_h, .step = 1,
			.divide = 1,
		},
	};
	const char *why;

	if (!lower_is_cube(lower, p.in) || !lower_is_cube(lower, p.out))
		return "not INT8, or a shape that is no cube";
	if (!layer_usable_weights(graph, op->inputs[1], bias) ||
	    (p.bias && p.bias->type != GRAPH_I32))
		return "weights that are not symmetric INT8 constants";
	if (w->dilation_w > 1 || w->dilation_h > 1)
		return "a transposed convolution that is dilated";
	why = find_lanes(&p.x, op, false, transposed_window);
	if (!why)
		why = find_lanes(&p.y, op, true, transposed_window);
	return why ? why : run_phases(lower, &p);
}

const char *lower_depth_to_space(struct lower *lower, uint32_t index)
{
	const struct graph *graph = lower->graph;
	const struct graph_op *op = &graph->ops[index];
	const struct graph_tensor *in = &graph->tensors[op->inputs[0]];
	const struct graph_tensor *out = &graph->tensors[op->outputs[0]];
	const uint32_t size = op->params.block.size, channels = out->dims[3];
	struct phases p = {
		.in = op->inputs[0], .out = op->outputs[0], .index = index,
		.x = { .in = in->dims[2], .out = out->dims[2], .phases = size },
		.y = { .in = in->dims[1], .out = out->dims[1], .phases = size },
	};
	uint32_t *channel, x, y, c;
	const char *why;

	if (!lower_is_cube(lower, p.in) || !lower_is_cube(lower, p.out))
		return "not INT8, or a shape that is no cube";
	if (lower->tensors[p.in].cube_buffer == LOWER_NONE)
		return "input that only the CPU has";
	if (size > MOST_PHASES)
		return "blocks that are too large";
	channel = malloc(channels * sizeof(*channel));
	if (!channel) {
		lower->error = -ENOMEM;
		return "out of memory";
	}
	why = make_cubes(lower, &p);
	for (y = 0; y < size && !why; y++) {
		for (x = 0; x < size && !why; x++) {
			const struct lower_tensor *from = &lower->tensors[p.in];
			struct move move = {
				.in = p.in, .out = p.out, .from = from->cube,
				.from_buffer = from->cube_buffer, .to_buffer = p.to_buffer[x],
				.channel = channel, .stride = 1,
			};

			for (c = 0; c < channels; c++)
				channel[c] = op->params.block.crd ? (c * size + y) * size + x :
					     (y * size + x) * channels + c;
			move.to = move_part(&p.to[x], 0, y, 0, p.x.in, p.y.in, channels);
			move.to.line *= size;
			why = move_channels(lower, &move, index);
		}
	}
	free(channel);
	return why ? why : put_between(lower, &p);
}

/* A convolution as large as a block that leaves every value in a channel of its own. */
const char *lower_space_to_depth(struct lower *lower, uint32_t index)
{
	const struct graph *graph = lower->graph;
	const struct graph_op *op = &graph->ops[index];
	const struct graph_tensor *in = &graph->tensors[op->inputs[0]];
	const uint32_t size = op->params.block.size;
	struct layer layer = {
		.in = op->inputs[0], .out = op->outputs[0], .act_lo = INT8_MIN, .act_hi = INT8_MAX,
		.conv = {
			.kernel_w = size, .kernel_h = size, .stride_x = size, .stride_y = size,
			.dilation_x = 1, .dilation_y = 1, .groups = 1, .groups_per_block = 1,
		},
	};
	const char *why;
	uint32_t k;

	if (!lower_is_cube(lower, layer.in) || !lower_is_cube(lower, layer.out))
		return "not INT8, or a shape that is no cube";
	if (lower->tensors[layer.in].cube_buffer == LOWER_NONE)
		return "input that only the CPU has";
	if (size > MOST_PHASES)
		return "blocks that are too large";
	lower_shape(in, &layer.in_width, &layer.in_height, &layer.in_channels);
	layer.group_c = layer.in_channels;
	layer.kernels = layer.in_channels * size * size;
	layer.conv.pad_value = graph_zero_point(in, 0);
	if (!layer_alloc(&layer)) {
		layer_free(&layer);
		lower->error = -ENOMEM;
		return "out of memory";
	}
	/* Channel (y, x, c) is what lies at (y, x, c) of the kernel. */
	for (k = 0; k < layer.kernels; k++) {
		layer.weights[(size_t)k * layer.kernels + k] = 1;
		layer.scale[k] = graph_scale(in, 0);
	}
	why = layer_emit(lower, &layer, index);
	layer_free(&layer);
	return why;
}
