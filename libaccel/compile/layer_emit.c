// SPDX-License-Identifier: MIT
/*
 * A layer as operations of the NPU, together with what can ride on it.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "layer.h"
#include "npu_code.h"

#define MOST_ATOM	64

void layer_free(struct layer *layer)
{
	free(layer->weights);
	free(layer->bias);
	free(layer->scale);
}

bool layer_alloc(struct layer *layer)
{
	size_t taps = (size_t)layer->conv.kernel_h * layer->conv.kernel_w * layer->group_c;

	/* Behind the last kernel there are as many zeros as an atom may need. */
	layer->weights = calloc(layer->kernels + MOST_ATOM, taps);
	layer->bias = calloc(layer->kernels + MOST_ATOM, sizeof(*layer->bias));
	layer->scale = calloc(layer->kernels + MOST_ATOM, sizeof(*layer->scale));
	return layer->weights && layer->bias && layer->scale;
}

/*
 * A channel whose scale is far below the largest one would keep few bits of its
 * multiplier, or none, and lose its bias with it. Its products matter as little,
 * so below 1 / @range its weights become coarser instead.
 */
static void even_out(struct layer *layer, double range)
{
	const size_t taps = (size_t)layer->conv.kernel_h * layer->conv.kernel_w * layer->group_c;
	double most = 0;
	uint32_t k;
	size_t i;

	for (k = 0; k < layer->kernels; k++)
		most = fmax(most, layer->scale[k]);
	for (k = 0; k < layer->kernels && most > 0; k++) {
		double ratio = layer->scale[k] / (most / range);

		if (ratio >= 1)
			continue;
		for (i = 0; i < taps; i++)
			layer->weights[k * taps + i] =
				(int8_t)round(layer->weights[k * taps + i] * ratio);
		layer->scale[k] = most / range;
		layer->bias[k] *= ratio;
	}
}

/* The input's zero point goes into the bias; padding has its value. */
static void take_zero_point(struct layer *layer)
{
	const size_t taps = (size_t)layer->conv.kernel_h * layer->conv.kernel_w * layer->group_c;
	uint32_t k;
	size_t i;

	for (k = 0; k < layer->kernels; k++) {
		int64_t sum = 0;

		for (i = 0; i < taps; i++)
			sum += layer->weights[k * taps + i];
		layer->bias[k] -= (double)(layer->conv.pad_value * sum);
	}
}

/*
 * How groups go together into blocks: the cheapest that begins at surfaces.
 * @uniform: their weights are the same.
 */
static bool choose_block(struct lower *lower, struct lower_op *op, bool uniform, const char **why)
{
	struct npu_conv *conv = &op->op.conv;
	const uint32_t group_c = op->op.in.channels / conv->groups;
	const uint32_t group_k = op->op.out.channels / conv->groups;
	const uint32_t atom = lower->config->atomic_m;
	uint32_t base, blocks, best = 0;
	uint64_t best_cycles = 0;

	*why = conv->groups > 1 ? "groups that do not fit the convolution buffer" :
	       "kernels so large that no group of them fits the convolution buffer";
	for (base = 1; base < conv->groups; base++) {
		if (base * group_c % atom == 0 && base * group_k % atom == 0)
			break;
	}
	for (blocks = base; ; blocks *= 2) {
		struct npu_tiling tiling;
		struct npu_cost cost;
		const char *unused;

		if (blocks > conv->groups)
			blocks = conv->groups;
		conv->groups_per_block = blocks;
		conv->shared = uniform && conv->groups % blocks == 0;
		conv->weight_bytes = npu_weights_size(&op->op, &lower->atoms);
		if (!npu_op_supported(lower->config, &op->op, &unused) &&
		    !npu_tile_plan(lower->config, &op->op, NULL, lower->bandwidth, &tiling, &cost,
				   &unused) &&
		    (!best || cost.cycles < best_cycles)) {
			best = blocks;
			best_cycles = cost.cycles;
		}
		if (blocks == conv->groups)
			break;
	}
	conv->groups_per_block = best ? best : 1;
	conv->shared = uniform && conv->groups % conv->groups_per_block == 0;
	return best;
}

uint64_t layer_cycles(struct lower *lower, const struct npu_conv *conv, uint32_t in_channels,
		      uint32_t in_width, uint32_t in_height, uint32_t kernels)
{
	struct lower_op op = { .op.kind = NPU_CONV, .op.conv = *conv };
	const uint32_t atom = lower->config->atomic_m;
	struct npu_tiling tiling;
	struct npu_cost cost;
	const char *why;

	npu_cube_dense(&op.op.in, in_width, in_height, in_channels, atom);
	npu_cube_dense(&op.op.out, npu_window_out(in_width, conv->pad_left, conv->pad_right,
						  conv->kernel_w, conv->dilation_x,
						  conv->stride_x),
		       npu_window_out(in_height, conv->pad_top, conv->pad_bottom, conv->kernel_h,
				      conv->dilation_y, conv->stride_y), kernels, atom);
	if (!op.op.out.width || !op.op.out.height || !choose_block(lower, &op, false, &why) ||
	    npu_tile_plan(lower->config, &op.op, NULL, lower->bandwidth, &tiling, &cost, &why))
		return UINT64_MAX;
	return cost.cycles;
}

/* An input that is there before operation @index runs. */
static bool is_ready(const struct lower *lower, uint32_t tensor, uint32_t index)
{
	uint32_t producer = graph_producer(lower->graph, tensor);

	if (lower->tensors[tensor].cube_buffer != LOWER_NONE)
		return producer == GRAPH_NONE || producer < index || lower->done[producer];
	return lower->tensors[tensor].rows_buffer != LOWER_NONE;
}

static bool same_shape(const struct graph_tensor *a, const struct graph_tensor *b)
{
	uint32_t aw, ah, ac, bw, bh, bc;

	return lower_shape(a, &aw, &ah, &ac) && lower_shape(b, &bw, &bh, &bc) && aw == bw &&
	       ah == bh && ac == bc;
}

/*
 * The operation that pads @tensor with channels behind the last, if nothing
 * else reads it and it has not been done: adding zeros can be left out.
 */
uint32_t layer_padding_of(const struct lower *lower, uint32_t tensor, uint32_t index)
{
	const struct graph *graph = lower->graph;
	uint32_t producer = graph_producer(graph, tensor);
	const struct graph_op *op;

	if (producer == GRAPH_NONE || graph->ops[producer].kind != GRAPH_PAD ||
	    graph_only_user(graph, tensor) == GRAPH_NONE ||
	    lower->tensors[tensor].cube_buffer != LOWER_NONE ||
	    lower->tensors[tensor].rows_buffer != LOWER_NONE)
		return GRAPH_NONE;
	op = &graph->ops[producer];
	if (!lower_pads_channels(graph, op) ||
	    op->params.pad.before[graph->tensors[tensor].rank - 1] ||
	    !lower_is_cube(lower, op->inputs[0]) || !is_ready(lower, op->inputs[0], index) ||
	    graph_scale(&graph->tensors[op->inputs[0]], 0) !=
	    graph_scale(&graph->tensors[tensor], 0) ||
	    graph_zero_point(&graph->tensors[op->inputs[0]], 0) !=
	    graph_zero_point(&graph->tensors[tensor], 0))
		return GRAPH_NONE;
	return producer;
}

static void find_tail(struct lower *lower, const struct layer *layer, uint32_t index,
		      struct tail *tail)
{
	const struct graph *graph = lower->graph;
	uint32_t next = graph_only_user(graph, layer->out);
	const struct graph_op *op;
	uint32_t other;

	*tail = (struct tail) {
		.out = layer->out, .add = GRAPH_NONE, .other = GRAPH_NONE,
		.slope_op = GRAPH_NONE, .pad = GRAPH_NONE, .lo = layer->act_lo,
		.hi = layer->act_hi,
	};
	if (layer->cubes || lower->exact)
		return;
	if (next == GRAPH_NONE || lower->done[next])
		return;
	op = &graph->ops[next];
	if (!op->num_outputs || !lower_is_cube(lower, op->outputs[0]))
		return;
	if ((op->kind == GRAPH_LEAKY_RELU || op->kind == GRAPH_PRELU) &&
	    !layer->relu && !layer->clamp && op->inputs[0] == layer->out) {
		if (op->kind == GRAPH_PRELU &&
		    (!graph_is_const(&graph->tensors[op->inputs[1]]) ||
		     graph->tensors[op->inputs[1]].type != GRAPH_I8 ||
		     graph->tensors[op->inputs[1]].quant.count != 1 ||
		     graph_elements(&graph->tensors[op->inputs[1]]) != layer->kernels))
			return;
		tail->slope_op = next;
		tail->out = op->outputs[0];
		graph_act_range(graph, op, &tail->lo, &tail->hi);
		return;
	}
	if (op->kind != GRAPH_ADD && op->kind != GRAPH_SUB)
		return;
	/* The layer's own activation may be a plain ReLU at most. */
	if (layer->clamp)
		return;
	other = op->inputs[op->inputs[0] == layer->out];
	if (other == layer->out || !lower_is_cube(lower, other) ||
	    !same_shape(&graph->tensors[other], &graph->tensors[layer->out]))
		return;
	tail->pad = layer_padding_of(lower, other, index);
	if (tail->pad == GRAPH_NONE && !is_ready(lower, other, index) &&
	    !lower_ahead(lower, other))
		return;
	tail->add = next;
	tail->other = tail->pad == GRAPH_NONE ? other : graph->ops[tail->pad].inputs[0];
	tail->out = op->outputs[0];
	tail->negate_layer = op->kind == GRAPH_SUB && op->inputs[1] == layer->out;
	tail->negate_other = op->kind == GRAPH_SUB && op->inputs[0] == layer->out;
	graph_act_range(graph, op, &tail->lo, &tail->hi);
}

/* Can the first layer's input be taken as an image of four channels? */
static bool as_image(struct lower *lower, const struct layer *layer, struct lower_op *op)
{
	const struct lower_tensor *t = &lower->tensors[layer->in];
	const uint32_t channels = layer->in_channels;

	if (layer->conv.groups != 1 || channels > 4 || channels == 2 ||
	    layer->conv.dilation_x > 1 || layer->conv.dilation_y > 1 ||
	    t->rows_buffer == LOWER_NONE || op->op.out.width <= 3)
		return false;
	/* Only where every reader is a convolution that can do so too. */
	if (t->cube_buffer != LOWER_NONE && t->cube.atom == lower->config->atomic_m)
		return false;
	return graph_use_count(lower->graph, layer->in) == 1;
}

static void image_cube(struct lower *lower, const struct layer *layer, struct npu_cube *cube)
{
	uint32_t atom = lower->config->atomic_m;

	memset(cube, 0, sizeof(*cube));
	cube->region = NPU_ARENA;
	cube->width = layer->in_width;
	cube->height = layer->in_height;
	cube->channels = layer->in_channels == 1 ? 1 : 4;
	cube->atom = cube->channels;
	cube->line = (cube->width * cube->atom + atom - 1) / atom * atom;
	cube->surface = cube->line * cube->height;
}

static void pack_weights(struct lower *lower, const struct layer *layer, struct lower_op *op)
{
	struct npu_conv *conv = &op->op.conv;
	const size_t taps = (size_t)conv->kernel_h * conv->kernel_w;
	const uint32_t group_c = op->op.in.channels / conv->groups;
	const int8_t *from = layer->weights;
	int8_t *wide = NULL;
	size_t i;

	conv->weight_bytes = npu_weights_size(&op->op, &lower->atoms);
	conv->weights = lower_weights(lower, conv->weight_bytes);
	if (group_c != layer->group_c) {
		wide = calloc(layer->kernels * taps, group_c);
		if (!wide) {
			lower->error = -ENOMEM;
			return;
		}
		for (i = 0; i < layer->kernels * taps; i++)
			memcpy(wide + i * group_c, from + i * layer->group_c, layer->group_c);
		from = wide;
	}
	if (!lower->error)
		npu_weights_pack(&op->op, &lower->atoms, from,
				 (int8_t *)lower->weights.data + conv->weights);
	free(wide);
}

/* Does a padding of channels behind read @tensor? Then channels up to a whole atom are of use. */
static bool feeds_pad(const struct lower *lower, uint32_t tensor)
{
	const struct graph *graph = lower->graph;
	uint32_t i;

	for (i = 0; i < graph->num_ops; i++) {
		if (graph->ops[i].kind == GRAPH_PAD && graph->ops[i].inputs[0] == tensor)
			return true;
	}
	return false;
}

/* Stage X2 adds what the output's cube holds: in its steps, its zero point included. */
static void join(struct lower *lower, const struct layer *layer, struct lower_op *op)
{
	struct npu_sdp *sdp = &op->op.sdp;

	sdp->x2.alu = NPU_ALU_SUM;
	sdp->x2.alu_operand.source = NPU_ELEMENT;
	sdp->x2.alu_operand.cube = op->op.out;
	op->buffer[LOWER_ELEMENT] = layer->out_buffer;
	sdp->cvt_offset += graph_zero_point(&lower->graph->tensors[layer->out], 0);
}

/* Kernels @first to @first + @count - 1 of a layer; those behind its last are zero. */
static bool emit_slice(struct lower *lower, const struct layer *whole, const struct tail *tail,
		       const struct lower_op *base, uint32_t first, uint32_t count, bool add,
		       bool *clamped, const char **why)
{
	const size_t taps = (size_t)whole->conv.kernel_h * whole->conv.kernel_w * whole->group_c;
	struct layer layer = *whole;
	struct lower_op op = *base;
	bool ok = false;

	layer.first += first;
	layer.kernels = count;
	if (!layer_alloc(&layer)) {
		layer_free(&layer);
		lower->error = -ENOMEM;
		*why = "out of memory";
		return false;
	}
	memcpy(layer.weights, whole->weights + first * taps, count * taps);
	memcpy(layer.bias, whole->bias + first, count * sizeof(*layer.bias));
	memcpy(layer.scale, whole->scale + first, count * sizeof(*layer.scale));
	even_out(&layer, layer_x2_is_free(tail, add) ? 8192 : 128);
	take_zero_point(&layer);
	op.op.out.channels = count;
	op.op.out.offset += (uint64_t)(first / op.op.out.atom) * op.op.out.surface;
	if (choose_block(lower, &op, layer_is_uniform(&layer), why)) {
		pack_weights(lower, &layer, &op);
		ok = add ? layer_sdp_add(lower, &layer, tail, &op, clamped, why) :
			   layer_sdp_plain(lower, &layer, tail, &op, clamped, why);
		if (layer.join)
			join(lower, &layer, &op);
		if (layer.steps)
			op.op.sdp.cvt_offset +=
				graph_zero_point(&lower->graph->tensors[layer.out], 0);
		ok = ok && lower_emit(lower, &op, why);
	}
	layer_free(&layer);
	return ok;
}

/*
 * A kernel of one line that goes down by several reads every so many lines:
 * those between need not come from memory at all.
 */
static void skip_lines(struct npu_op *op)
{
	struct npu_conv *conv = &op->conv;

	if (conv->kernel_h > 1 || conv->stride_y == 1 || conv->pad_top || conv->pad_bottom)
		return;
	op->in.line *= conv->stride_y;
	op->in.height = op->out.height;
	conv->stride_y = 1;
}

static bool start_layer(struct lower *lower, struct layer *layer, const struct tail *tail,
			struct lower_op *op)
{
	memset(op, 0, sizeof(*op));
	op->op.kind = NPU_CONV;
	op->buffer[LOWER_ELEMENT] = op->buffer[LOWER_ELEMENT2] = LOWER_NONE;
	op->op.conv = layer->conv;
	if (layer->cubes) {
		op->op.in = layer->in_cube;
		op->buffer[LOWER_IN] = layer->in_buffer;
		op->op.out = layer->out_cube;
		op->buffer[LOWER_OUT] = layer->out_buffer;
		skip_lines(&op->op);
		return true;
	}
	if (!lower_output(lower, tail->out, op))
		return false;
	if (as_image(lower, layer, op)) {
		struct lower_tensor *t = &lower->tensors[layer->in];

		image_cube(lower, layer, &t->cube);
		t->cube_buffer = lower_buffer_new(lower, npu_cube_end(&t->cube), false);
		lower_to_cube(lower, layer->in);
	}
	if (!lower_read(lower, layer->in, op))
		return false;
	op->op.conv.image = op->op.in.atom != lower->config->atomic_m;
	skip_lines(&op->op);
	return true;
}

/* The layer with what rides on it, or without when @tail says so. */
static bool emit_with(struct lower *lower, struct layer *layer, const struct tail *tail,
		      const char **why)
{
	const uint32_t atom = lower->config->atomic_m;
	struct lower_tensor *t = &lower->tensors[tail->out];
	uint32_t count = layer->kernels, added = 0;
	bool clamped = true, rest_clamped = true;
	struct lower_op op;

	if (!start_layer(lower, layer, tail, &op)) {
		*why = "out of memory";
		return false;
	}
	if (layer->conv.groups == 1 && !layer->cubes && feeds_pad(lower, tail->out))
		count = (count + atom - 1) / atom * atom;
	if (tail->add != GRAPH_NONE) {
		/* As many as the other one has; it is zero beyond its padding. */
		added = lower_input(lower, tail->other)->wide;
		if (added >= layer->kernels)
			added = added < count ? layer->kernels : count;
		if (added < layer->kernels && (added % atom || layer->conv.groups != 1)) {
			*why = "padded channels that do not end at a surface";
			return false;
		}
		if (added == layer->kernels)
			count = added;
	}
	if (added && !emit_slice(lower, layer, tail, &op, 0, added, true, &clamped, why))
		return false;
	if (added < count &&
	    !emit_slice(lower, layer, tail, &op, added, count - added, false, &rest_clamped, why))
		return false;
	if (!layer->cubes)
		t->wide = count;
	if (!(clamped && rest_clamped))
		return lower_clamp(lower, tail->out, tail->lo, tail->hi, why);
	return true;
}

static void mark_fused(struct lower *lower, uint32_t index, uint32_t fused, const char *why)
{
	lower->done[fused] = 1;
	lower->notes[fused] = (struct lower_note) {
		.on_npu = true, .op = lower->notes[index].op, .why = why,
	};
}

const char *layer_emit(struct lower *lower, struct layer *layer, uint32_t index)
{
	const struct graph_op *op = &lower->graph->ops[index];
	const char *why = NULL;
	struct layer folded;
	struct tail tail;
	bool unrolled;
	int32_t zero;

	/* Saturation at zero is a ReLU too: quantised models often have no other. */
	zero = graph_zero_point(&lower->graph->tensors[layer->out], 0);
	layer->relu = op->act_min == 0 || (zero == INT8_MIN && !(op->act_min > 0));
	layer->clamp = op->act_max < INFINITY || zero == INT8_MAX ||
		       (op->act_min > -INFINITY && !layer->relu);
	find_tail(lower, layer, index, &tail);
	if (tail.out != layer->out && emit_with(lower, layer, &tail, &why)) {
		mark_fused(lower, index, tail.add != GRAPH_NONE ? tail.add : tail.slope_op,
			   "rides on a convolution");
		if (tail.pad != GRAPH_NONE)
			mark_fused(lower, index, tail.pad, "added where there is something to add");
		return NULL;
	}
	/* Without what is behind, then. */
	if (tail.out != layer->out)
		lower->tensors[tail.out].cube_buffer = LOWER_NONE;
	if (layer_fold(lower, layer, &folded)) {
		why = layer_emit(lower, &folded, index);
		layer_free(&folded);
		return why;
	}
	if (tail.out == layer->out && layer_scale(lower, layer))
		return NULL;
	why = layer_unroll(lower, layer, index, &unrolled);
	if (unrolled)
		return why;
	tail = (struct tail) {
		.out = layer->out, .add = GRAPH_NONE, .slope_op = GRAPH_NONE, .pad = GRAPH_NONE,
		.lo = layer->act_lo, .hi = layer->act_hi,
	};
	return emit_with(lower, layer, &tail, &why) ? NULL : why;
}
