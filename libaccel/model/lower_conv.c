// SPDX-License-Identifier: MIT
/*
 * Convolutions, fully connected layers and averages, with what can ride on
 * them: bias, requantisation, activation, an addition behind.
 *
 * A convolution of quantised tensors is, per channel k,
 *     out = zo + M[k] * (sum(w * x) + bias[k] - zi * sum(w)),
 *     M[k] = si * sw[k] / so,
 * with the input padded by its zero point.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lower.h"
#include "npu_code.h"

/* A convolution as arrays, whatever operation of the graph it came from. */
struct layer {
	uint32_t in, out;		/* tensors */
	int8_t *weights;		/* [kernels][kernel_h][kernel_w][group_c] */
	double *bias;			/* in units of the accumulator */
	double *scale;			/* si * sw[k] */
	uint32_t kernels;
	uint32_t group_c;		/* channels of the weights, before padding for images */
	struct npu_conv conv;		/* shape, stride, padding */
	uint32_t in_width, in_height, in_channels;	/* as the convolution sees them */
	uint32_t first;			/* channel of @out that kernel 0 makes */
	/* Cubes to use instead of the tensors' own. */
	bool cubes;
	struct npu_cube in_cube, out_cube;
	uint32_t in_buffer, out_buffer;
	int32_t act_lo, act_hi;		/* in steps of @out's own tensor */
	bool relu;			/* its activation is max(x, 0) */
	bool clamp;			/* it has another one */
};

#define MOST_ATOM	64
#define COARSE		4	/* bits that a multiplier may lack */

static void layer_free(struct layer *layer)
{
	free(layer->weights);
	free(layer->bias);
	free(layer->scale);
}

static bool layer_alloc(struct layer *layer)
{
	size_t taps = (size_t)layer->conv.kernel_h * layer->conv.kernel_w * layer->group_c;

	/* Behind the last kernel there are as many zeros as an atom may need. */
	layer->weights = calloc(layer->kernels + MOST_ATOM, taps);
	layer->bias = calloc(layer->kernels + MOST_ATOM, sizeof(*layer->bias));
	layer->scale = calloc(layer->kernels + MOST_ATOM, sizeof(*layer->scale));
	return layer->weights && layer->bias && layer->scale;
}

static int64_t bias_at(const struct graph_tensor *bias, uint32_t k)
{
	return !bias ? 0 : bias->type == GRAPH_I64 ? ((const int64_t *)bias->data)[k] :
	       ((const int32_t *)bias->data)[k];
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

/* Bias and scales from the graph's tensors, once the weights are there. */
static void layer_scales(struct layer *layer, const struct graph *graph,
			 const struct graph_tensor *weights, const struct graph_tensor *bias)
{
	const struct graph_tensor *in = &graph->tensors[layer->in];
	uint32_t k;

	for (k = 0; k < layer->kernels; k++) {
		layer->scale[k] = (double)graph_scale(in, 0) *
				  (weights ? (double)graph_scale(weights, k) : 1);
		layer->bias[k] = (double)bias_at(bias, k);
	}
	layer->conv.pad_value = graph_zero_point(in, 0);
}

static bool fits_registers(const struct graph_window *w)
{
	return w->kernel_w <= 32 && w->kernel_h <= 32 && w->stride_w <= 8 && w->stride_h <= 8 &&
	       w->dilation_w <= 32 && w->dilation_h <= 32 && w->pad_left <= 31 &&
	       w->pad_top <= 31 && w->pad_right <= 63 && w->pad_bottom <= 63;
}

static void set_window(struct npu_conv *conv, const struct graph_window *w)
{
	conv->kernel_w = w->kernel_w;
	conv->kernel_h = w->kernel_h;
	conv->stride_x = w->stride_w;
	conv->stride_y = w->stride_h;
	conv->dilation_x = w->dilation_w;
	conv->dilation_y = w->dilation_h;
	conv->pad_left = w->pad_left;
	conv->pad_top = w->pad_top;
	conv->pad_right = w->pad_right;
	conv->pad_bottom = w->pad_bottom;
}

/* How groups go together into blocks: the cheapest that begins at surfaces. */
static bool choose_block(struct lower *lower, struct lower_op *op, const char **why)
{
	struct npu_conv *conv = &op->op.conv;
	const uint32_t group_c = op->op.in.channels / conv->groups;
	const uint32_t group_k = op->op.out.channels / conv->groups;
	const uint32_t atom = lower->config->atomic_m;
	uint32_t base, blocks, best = 0;
	uint64_t best_cycles = 0;

	*why = "groups that do not fit the convolution buffer";
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
		conv->weight_bytes = npu_weights_size(&op->op, &lower->atoms);
		if (!npu_op_supported(lower->config, &op->op, &unused) &&
		    !npu_tile_plan(lower->config, &op->op, lower->bandwidth, &tiling, &cost,
				   &unused) &&
		    (!best || cost.cycles < best_cycles)) {
			best = blocks;
			best_cycles = cost.cycles;
		}
		if (blocks == conv->groups)
			break;
	}
	conv->groups_per_block = best ? best : 1;
	return best;
}

/* Per-channel values in the constants, @step bytes apart, whole atoms long. */
static void put_channels(struct lower *lower, struct npu_operand *operand, uint64_t offset,
			 uint32_t step, const int16_t *values, uint32_t count)
{
	uint32_t k;

	operand->source = NPU_CHANNEL;
	operand->region = NPU_CONSTS;
	operand->offset = offset;
	operand->step = step;
	for (k = 0; k < count && !lower->error; k++)
		memcpy(lower->consts + offset + (uint64_t)k * step, &values[k], 2);
}

static uint64_t channel_room(struct lower *lower, uint32_t count, uint32_t step)
{
	uint32_t atom = lower->config->atomic_m;

	return lower_const(lower, (uint64_t)(count + atom - 1) / atom * atom * step);
}

/* 16-bit bias with a left shift; the loss in bits of the accumulator. */
static int bias_shift(const double *bias, uint32_t count)
{
	double most = 0;
	uint32_t k;
	int shift = 0;

	for (k = 0; k < count; k++)
		most = fmax(most, fabs(bias[k]));
	while (most / (1 << shift) > 32767 && shift < 30)
		shift++;
	return shift;
}

/*
 * Bias and multiplier. With X2 to spare and a bias of more than 16 bits, X1
 * adds its high part and X2 its low part and multiplies; else X1 does both.
 */
static bool put_requant(struct lower *lower, struct npu_sdp *sdp, const double *bias,
			const int16_t *mul, uint32_t count, int mul_shift, bool x2_free)
{
	int16_t *values = calloc(2 * (size_t)count, sizeof(*values)), *low = values + count;
	int shift = bias_shift(bias, count);
	bool split = shift && x2_free;
	struct npu_stage *last = split ? &sdp->x2 : &sdp->x1;
	uint64_t offset;
	uint32_t k;

	if (!values) {
		lower->error = -ENOMEM;
		return false;
	}
	for (k = 0; k < count; k++) {
		double high = round(ldexp(bias[k], -shift));

		high = fmin(fmax(high, INT16_MIN), INT16_MAX);
		values[k] = (int16_t)high;
		low[k] = (int16_t)fmin(fmax(round(bias[k] - ldexp(high, shift)), INT16_MIN),
				       INT16_MAX);
	}
	if (split) {
		sdp->x1.alu = NPU_ALU_SUM;
		sdp->x1.alu_shift = shift;
		put_channels(lower, &sdp->x1.alu_operand, channel_room(lower, count, 2), 2, values,
			     count);
	}
	offset = channel_room(lower, count, 4);
	last->alu = NPU_ALU_SUM;
	last->alu_shift = split ? 0 : shift;
	put_channels(lower, &last->alu_operand, offset, 4, split ? low : values, count);
	last->mul = NPU_MUL;
	last->mul_shift = mul_shift;
	put_channels(lower, &last->mul_operand, offset + 2, 4, mul, count);
	free(values);
	return !lower->error;
}

/*
 * Scales too far apart for one shift and 16 bits: X1 multiplies each channel by
 * a power of two that brings it to within a factor of two of the result with
 * @fraction bits behind the point, X2 does the rest with 15 bits.
 */
static bool put_fine_requant(struct lower *lower, struct npu_sdp *sdp, const double *bias,
			     const double *real, uint32_t count)
{
	int16_t *high = calloc(4 * (size_t)count, sizeof(*high)), *power = high + count;
	int16_t *low = power + count, *mul = low + count;
	double *rest = calloc(count, sizeof(*rest)), most = 0;
	int shift = bias_shift(bias, count), fraction, down, low_shift;
	uint64_t offset;
	uint32_t k;

	if (!high || !rest) {
		lower->error = -ENOMEM;
		goto out;
	}
	for (k = 0; k < count; k++)
		most = fmax(most, real[k]);
	if (!(most > 0))
		most = 1;
	fraction = 14 - (int)ceil(log2(most));
	fraction = fraction > 21 ? 21 : fraction < 0 ? 0 : fraction;
	down = 14 - ((int)ceil(log2(most)) + fraction);
	for (k = 0; k < count; k++) {
		int e = real[k] > 0 ? (int)ceil(log2(real[k])) + fraction + down : 0;
		double value = fmin(fmax(round(ldexp(bias[k], -shift)), INT16_MIN), INT16_MAX);

		e = e < 0 ? 0 : e > 14 ? 14 : e;
		high[k] = (int16_t)value;
		power[k] = (int16_t)(1 << e);
		rest[k] = ldexp(bias[k] - ldexp(value, shift), e - down);
		mul[k] = (int16_t)fmin(round(ldexp(real[k], fraction + 15 - (e - down))),
				       INT16_MAX);
	}
	low_shift = bias_shift(rest, count);
	for (k = 0; k < count; k++)
		low[k] = (int16_t)fmin(fmax(round(ldexp(rest[k], -low_shift)), INT16_MIN),
				       INT16_MAX);
	offset = channel_room(lower, count, 4);
	sdp->x1.alu = NPU_ALU_SUM;
	sdp->x1.alu_shift = shift;
	put_channels(lower, &sdp->x1.alu_operand, offset, 4, high, count);
	sdp->x1.mul = NPU_MUL;
	sdp->x1.mul_shift = down;
	put_channels(lower, &sdp->x1.mul_operand, offset + 2, 4, power, count);
	offset = channel_room(lower, count, 4);
	sdp->x2.alu = NPU_ALU_SUM;
	sdp->x2.alu_shift = low_shift;
	put_channels(lower, &sdp->x2.alu_operand, offset, 4, low, count);
	sdp->x2.mul = NPU_MUL;
	sdp->x2.mul_shift = fraction + 15;
	put_channels(lower, &sdp->x2.mul_operand, offset + 2, 4, mul, count);
out:
	free(high);
	free(rest);
	return !lower->error;
}

/* What follows a layer and can be done with it. */
struct tail {
	uint32_t out;			/* tensor that is written in the end */
	uint32_t add;			/* operation of the graph, or GRAPH_NONE */
	uint32_t other;			/* its other input */
	bool negate_layer, negate_other;
	uint32_t pad;			/* padding of channels before the other input, or GRAPH_NONE */
	uint32_t slope_op;		/* leaky or parametric ReLU, or GRAPH_NONE */
	int32_t lo, hi;			/* clamp of the result, in its steps */
};

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
static uint32_t padding_of(const struct lower *lower, uint32_t tensor, uint32_t index)
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
	if (layer->cubes)
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
	tail->pad = padding_of(lower, other, index);
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

/*
 * out = zo + (so-scaled) layer + other: X1 brings the layer to the other
 * tensor's scale with @point bits behind the point, X2 adds and rescales.
 */
static bool sdp_add(struct lower *lower, const struct layer *layer, const struct tail *tail,
		    struct lower_op *op, bool *clamped, const char **why)
{
	const struct graph_tensor *other = &lower->graph->tensors[tail->other];
	const struct graph_tensor *out = &lower->graph->tensors[tail->out];
	const double so = graph_scale(out, 0), sb = graph_scale(other, 0);
	const double sign = tail->negate_layer ? -1 : 1;
	/* The layer's sign follows that of the result, so that both can be negated. */
	const double final = tail->negate_other ? -1 : 1;
	const int32_t zo = graph_zero_point(out, 0), zb = graph_zero_point(other, 0);
	const bool own_relu = layer->relu;
	double *real = calloc(layer->kernels, sizeof(*real));
	int16_t *mul = calloc(layer->kernels, sizeof(*mul)), mul2;
	struct requant first = { .mul = mul }, second = { .mul = &mul2 };
	struct npu_sdp *sdp = &op->op.sdp;
	double factor;
	uint32_t k;
	int point, total;
	bool ok = false;

	if (!real || !mul) {
		lower->error = -ENOMEM;
		*why = "out of memory";
		goto out;
	}
	if (own_relu && (tail->negate_layer || tail->negate_other)) {
		*why = "activation before a subtraction";
		goto out;
	}
	for (point = 16; point >= 0; point--) {
		for (k = 0; k < layer->kernels; k++)
			real[k] = ldexp(sign * final * layer->scale[k] / sb, point);
		requant_choose(real, layer->kernels, &first);
		if (first.shift >= 0)
			break;
	}
	factor = final * sb / so;
	requant_choose(&factor, 1, &second);
	total = second.shift + point;
	if (point < 0 || total < 0) {
		*why = "scales of an addition too far apart";
		goto out;
	}
	sdp->x2.alu = NPU_ALU_SUM;
	sdp->x2.alu_shift = point;
	sdp->x2.mul = NPU_MUL;
	sdp->x2.mul_operand.source = NPU_REGISTER;
	sdp->x2.mul_operand.value = mul2;
	sdp->x2.mul_shift = requant_convert(total, zo, sdp);
	/* The other's zero point, as it arrives at the converter. */
	sdp->cvt_offset += (int32_t)lround(ldexp((double)zb * mul2, point - sdp->x2.mul_shift));
	/* Before that is taken off, 0 is not where a ReLU would have to clamp. */
	*clamped = tail->hi == INT8_MAX && (tail->lo == INT8_MIN || (tail->lo == zo && !zb));
	sdp->x2.relu = *clamped && tail->lo > INT8_MIN;
	if (!lower_read_element(lower, tail->other, op, &sdp->x2.alu_operand)) {
		*why = "out of memory";
		goto out;
	}
	sdp->x2.alu_operand.cube.channels = layer->kernels;
	sdp->x2.alu_operand.cube.offset += (uint64_t)(layer->first / op->op.out.atom) *
					   sdp->x2.alu_operand.cube.surface;
	if (!put_requant(lower, sdp, layer->bias, mul, layer->kernels, first.shift, false)) {
		*why = "out of memory";
		goto out;
	}
	sdp->x1.relu = own_relu;
	op->loss_bits = first.loss_bits;
	ok = true;
out:
	free(real);
	free(mul);
	return ok;
}

/* Slope of the negative side as 16 bits behind the point, per channel or one. */
static bool sdp_slope(struct lower *lower, const struct layer *layer, const struct tail *tail,
		      struct npu_stage *stage, const char **why)
{
	const struct graph_op *op = &lower->graph->ops[tail->slope_op];
	int16_t *values;
	uint32_t k, count = layer->kernels;

	stage->mul = NPU_MUL_PRELU;
	stage->mul_shift = 14;
	if (op->kind == GRAPH_LEAKY_RELU) {
		double slope = round(ldexp(op->params.unary.alpha, 14));

		if (fabs(slope) > INT16_MAX) {
			*why = "slope of 2 or more";
			return false;
		}
		stage->mul_operand.source = NPU_REGISTER;
		stage->mul_operand.value = (int32_t)slope;
		return true;
	}
	values = calloc(count, sizeof(*values));
	if (!values) {
		lower->error = -ENOMEM;
		*why = "out of memory";
		return false;
	}
	for (k = 0; k < count; k++) {
		const struct graph_tensor *slopes = &lower->graph->tensors[op->inputs[1]];
		double slope = graph_scale(slopes, 0) *
			       (((const int8_t *)slopes->data)[layer->first + k] - graph_zero_point(slopes, 0));

		slope = round(ldexp(slope, 14));
		values[k] = slope > INT16_MAX ? INT16_MAX : slope < INT16_MIN ? INT16_MIN :
			    (int16_t)slope;
		if (fabs(slope) > INT16_MAX) {
			*why = "slope of 2 or more";
			free(values);
			return false;
		}
	}
	put_channels(lower, &stage->mul_operand, channel_room(lower, count, 2), 2, values, count);
	free(values);
	return !lower->error;
}

/* Stage X2 has nothing to do but requantise. */
static bool x2_is_free(const struct tail *tail, bool add)
{
	return !add && tail->slope_op == GRAPH_NONE && tail->hi == INT8_MAX;
}

static bool sdp_plain(struct lower *lower, const struct layer *layer, const struct tail *tail,
		      struct lower_op *op, bool *clamped, const char **why)
{
	const struct graph_tensor *out = &lower->graph->tensors[tail->out];
	const int32_t zero = graph_zero_point(out, 0);
	const bool slope = tail->slope_op != GRAPH_NONE;
	const bool relu = tail->lo == zero && zero > INT8_MIN;
	const bool min = tail->hi < INT8_MAX && !slope;
	double *real = calloc(layer->kernels, sizeof(*real));
	int16_t *mul = calloc(layer->kernels, sizeof(*mul));
	struct requant requant = { .mul = mul };
	struct npu_sdp *sdp = &op->op.sdp;
	struct npu_stage *last;
	uint32_t k;
	int shift;
	bool ok = false;

	if (!real || !mul) {
		lower->error = -ENOMEM;
		*why = "out of memory";
		goto out;
	}
	for (k = 0; k < layer->kernels; k++)
		real[k] = layer->scale[k] / graph_scale(out, 0);
	requant_choose(real, layer->kernels, &requant);
	if (requant.shift < 0) {
		*why = "result scaled up beyond 16 bits";
		goto out;
	}
	/*
	 * One rounding: in the stage, with the converter adding the zero point
	 * alone; before a slope, which rounds again, in the converter.
	 */
	shift = requant.shift;
	sdp->cvt_scale = 1;
	sdp->cvt_offset = -zero;
	if (slope)
		shift = requant_convert(shift, zero, sdp);
	op->loss_bits = requant.loss_bits;
	if (x2_is_free(tail, false) && requant.loss_bits > COARSE) {
		op->loss_bits = 0;
		ok = put_fine_requant(lower, sdp, layer->bias, real, layer->kernels);
	} else {
		ok = put_requant(lower, sdp, layer->bias, mul, layer->kernels, shift,
				 !slope && !min);
	}
	if (!ok) {
		*why = "out of memory";
		goto out;
	}
	ok = false;
	if (slope && !sdp_slope(lower, layer, tail, &sdp->x2, why))
		goto out;
	if (min) {
		sdp->x2.alu = NPU_ALU_MIN;
		sdp->x2.alu_operand.source = NPU_REGISTER;
		sdp->x2.alu_operand.value = tail->hi - zero;
	}
	last = sdp->x2.alu || sdp->x2.mul ? &sdp->x2 : &sdp->x1;
	last->relu = relu;
	/* What is left to an operation of its own. */
	*clamped = (tail->lo == INT8_MIN || relu) && (tail->hi == INT8_MAX || min);
	ok = true;
out:
	free(real);
	free(mul);
	return ok;
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
	conv->weights = lower_const(lower, conv->weight_bytes);
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
				 (int8_t *)lower->consts + conv->weights);
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
	even_out(&layer, x2_is_free(tail, add) ? 8192 : 128);
	take_zero_point(&layer);
	op.op.out.channels = count;
	op.op.out.offset += (uint64_t)(first / op.op.out.atom) * op.op.out.surface;
	if (choose_block(lower, &op, why)) {
		pack_weights(lower, &layer, &op);
		ok = (add ? sdp_add(lower, &layer, tail, &op, clamped, why) :
			    sdp_plain(lower, &layer, tail, &op, clamped, why)) &&
		     lower_emit(lower, &op, why);
	}
	layer_free(&layer);
	return ok;
}

static bool start_layer(struct lower *lower, struct layer *layer, const struct tail *tail,
			struct lower_op *op)
{
	memset(op, 0, sizeof(*op));
	op->op.kind = NPU_CONV;
	op->buffer[LOWER_ELEMENT] = LOWER_NONE;
	op->op.conv = layer->conv;
	if (layer->cubes) {
		op->op.in = layer->in_cube;
		op->buffer[LOWER_IN] = layer->in_buffer;
		op->op.out = layer->out_cube;
		op->buffer[LOWER_OUT] = layer->out_buffer;
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

static const char *emit_layer(struct lower *lower, struct layer *layer, uint32_t index)
{
	const struct graph_op *op = &lower->graph->ops[index];
	const char *why = NULL;
	struct tail tail;

	layer->relu = op->act_min == 0;
	layer->clamp = op->act_max < INFINITY || (op->act_min > -INFINITY && !layer->relu);
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
	tail = (struct tail) {
		.out = layer->out, .add = GRAPH_NONE, .slope_op = GRAPH_NONE, .pad = GRAPH_NONE,
		.lo = layer->act_lo, .hi = layer->act_hi,
	};
	return emit_with(lower, layer, &tail, &why) ? NULL : why;
}

static bool usable_weights(const struct graph *graph, uint32_t weights, uint32_t bias)
{
	const struct graph_tensor *w = &graph->tensors[weights];

	if (!graph_is_const(w) || w->type != GRAPH_I8 || !w->quant.count ||
	    (w->quant.count > 1 && w->quant.axis != 0) || !graph_weights_symmetric(w))
		return false;
	if (bias == GRAPH_NONE)
		return true;
	w = &graph->tensors[bias];
	return graph_is_const(w) && (w->type == GRAPH_I32 || w->type == GRAPH_I64);
}

/* FULLY_CONNECTED of a flattened image is a convolution as large as the image. */
static bool seen_as_image(struct lower *lower, struct layer *layer, uint32_t inputs)
{
	const struct graph *graph = lower->graph;
	uint32_t producer = graph_producer(graph, layer->in);
	uint32_t from, width, height, channels;

	if (producer == GRAPH_NONE || graph->ops[producer].kind != GRAPH_RESHAPE)
		return false;
	from = graph->ops[producer].inputs[0];
	if (!lower_is_cube(lower, from) || graph->tensors[from].rank != 4 ||
	    !lower_shape(&graph->tensors[from], &width, &height, &channels) ||
	    width * height * channels != inputs || width > 32 || height > 32 ||
	    lower->tensors[from].cube_buffer == LOWER_NONE)
		return false;
	if (lower->tensors[layer->in].cube_buffer != LOWER_NONE)
		return false;
	layer->in = from;
	layer->in_width = width;
	layer->in_height = height;
	layer->in_channels = channels;
	layer->group_c = channels;
	layer->conv.kernel_w = width;
	layer->conv.kernel_h = height;
	return true;
}

const char *lower_conv(struct lower *lower, uint32_t index)
{
	const struct graph *graph = lower->graph;
	const struct graph_op *op = &graph->ops[index];
	const bool full = op->kind == GRAPH_FULLY_CONNECTED;
	const uint32_t bias = op->num_inputs > 2 ? op->inputs[2] : GRAPH_NONE;
	const struct graph_tensor *w = &graph->tensors[op->inputs[1]];
	struct layer layer = {
		.in = op->inputs[0], .out = op->outputs[0], .kernels = w->dims[0],
		.conv = {
			.kernel_w = 1, .kernel_h = 1, .stride_x = 1, .stride_y = 1,
			.dilation_x = 1, .dilation_y = 1, .groups = 1, .groups_per_block = 1,
		},
	};
	const char *why;

	if (!lower_is_cube(lower, layer.in) || !lower_is_cube(lower, layer.out))
		return "not INT8, or a shape that is no cube";
	if (!usable_weights(graph, op->inputs[1], bias))
		return "weights that are not symmetric INT8 constants";
	if (full) {
		layer.group_c = w->dims[w->rank - 1];
		lower_shape(&graph->tensors[layer.in], &layer.in_width, &layer.in_height,
			    &layer.in_channels);
		if (!seen_as_image(lower, &layer, layer.group_c) &&
		    layer.in_channels != layer.group_c)
			return "input of another shape than the weights";
	} else {
		if (!fits_registers(&op->params.conv.window))
			return "kernel, stride or padding larger than the registers hold";
		set_window(&layer.conv, &op->params.conv.window);
		layer.conv.kernel_h = w->dims[1];
		layer.conv.kernel_w = w->dims[2];
		layer.conv.groups = op->params.conv.groups;
		layer.group_c = w->dims[3];
		lower_shape(&graph->tensors[layer.in], &layer.in_width, &layer.in_height,
			    &layer.in_channels);
	}
	if ((uint64_t)layer.conv.kernel_w * layer.conv.kernel_h * layer.group_c > 131072)
		return "more products than the accumulator holds";
	graph_act_range(graph, op, &layer.act_lo, &layer.act_hi);
	if (!layer_alloc(&layer)) {
		lower->error = -ENOMEM;
		return "out of memory";
	}
	memcpy(layer.weights, w->data, graph_elements(w));
	layer_scales(&layer, graph, w, bias == GRAPH_NONE ? NULL : &graph->tensors[bias]);
	why = emit_layer(lower, &layer, index);
	layer_free(&layer);
	return why;
}

const char *lower_average(struct lower *lower, uint32_t index)
{
	const struct graph *graph = lower->graph;
	const struct graph_op *op = &graph->ops[index];
	const struct graph_tensor *in = &graph->tensors[op->inputs[0]];
	struct layer layer = {
		.in = op->inputs[0], .out = op->outputs[0], .group_c = 1,
		.conv = {
			.stride_x = 1, .stride_y = 1, .dilation_x = 1, .dilation_y = 1,
		},
	};
	const char *why;
	uint32_t k;

	if (!lower_is_cube(lower, layer.in) || !lower_is_cube(lower, layer.out))
		return "not INT8, or a shape that is no cube";
	lower_shape(in, &layer.in_width, &layer.in_height, &layer.in_channels);
	if (op->kind == GRAPH_REDUCE) {
		if (op->params.reduce.reduction != GRAPH_MEAN &&
		    op->params.reduce.reduction != GRAPH_SUM)
			return "a reduction other than mean or sum";
		if (in->rank != 4 || in->dims[0] != 1 || op->params.reduce.axes != 0x6)
			return "a reduction over other axes than height and width";
		if (layer.in_width > 32 || layer.in_height > 32)
			return "window larger than a kernel";
		layer.conv.kernel_w = layer.in_width;
		layer.conv.kernel_h = layer.in_height;
	} else {
		const struct graph_window *window = &op->params.pool.window;
		uint32_t out_w, out_h, out_c;

		if (!fits_registers(window) || window->dilation_w > 1 || window->dilation_h > 1)
			return "window or stride larger than the registers hold";
		if (!op->params.pool.count_padding &&
		    (window->pad_left | window->pad_top | window->pad_right | window->pad_bottom))
			return "an average that leaves out the padding";
		set_window(&layer.conv, window);
		lower_shape(&graph->tensors[layer.out], &out_w, &out_h, &out_c);
		if (out_w != npu_window_out(layer.in_width, window->pad_left, window->pad_right,
					    window->kernel_w, 1, window->stride_w) ||
		    out_h != npu_window_out(layer.in_height, window->pad_top, window->pad_bottom,
					    window->kernel_h, 1, window->stride_h))
			return "windows that reach behind the padding";
	}
	layer.kernels = layer.in_channels;
	layer.conv.groups = layer.in_channels;
	graph_act_range(graph, op, &layer.act_lo, &layer.act_hi);
	if (!layer_alloc(&layer)) {
		lower->error = -ENOMEM;
		return "out of memory";
	}
	memset(layer.weights, 1, (size_t)layer.kernels * layer.conv.kernel_w *
				 layer.conv.kernel_h);
	layer_scales(&layer, graph, NULL, NULL);
	for (k = 0; k < layer.kernels; k++) {
		if (op->kind != GRAPH_REDUCE || op->params.reduce.reduction == GRAPH_MEAN)
			layer.scale[k] /= layer.conv.kernel_w * layer.conv.kernel_h;
	}
	why = emit_layer(lower, &layer, index);
	layer_free(&layer);
	return why;
}

/* Only channels, and with zeros? */
bool lower_pads_channels(const struct graph *graph, const struct graph_op *op)
{
	uint32_t i;

	if (op->params.pad.mode != GRAPH_PAD_CONSTANT ||
	    (op->num_inputs > 1 && op->inputs[1] != GRAPH_NONE))
		return false;
	for (i = 0; i + 1 < graph->tensors[op->inputs[0]].rank; i++) {
		if (op->params.pad.before[i] || op->params.pad.after[i])
			return false;
	}
	return true;
}

/* Channels added behind: a convolution with the identity, zero for the new ones. */
const char *lower_pad(struct lower *lower, uint32_t index)
{
	const struct graph *graph = lower->graph;
	const struct graph_op *op = &graph->ops[index];
	const struct graph_tensor *in = &graph->tensors[op->inputs[0]];
	const struct graph_tensor *out = &graph->tensors[op->outputs[0]];
	struct layer layer = {
		.in = op->inputs[0], .out = op->outputs[0],
		.act_lo = INT8_MIN, .act_hi = INT8_MAX,
		.conv = {
			.kernel_w = 1, .kernel_h = 1, .stride_x = 1, .stride_y = 1,
			.dilation_x = 1, .dilation_y = 1, .groups = 1, .groups_per_block = 1,
		},
	};
	const char *why;
	uint32_t i, user;

	if (!lower_is_cube(lower, layer.in) || !lower_is_cube(lower, layer.out))
		return "not INT8, or a shape that is no cube";
	if (!lower_pads_channels(graph, op))
		return "padding of something else than channels, or not with zero";
	/* Perhaps the addition behind can do without. */
	user = graph_only_user(graph, layer.out);
	if (user != GRAPH_NONE && graph->ops[user].kind == GRAPH_ADD) {
		uint32_t other = graph->ops[user].inputs[graph->ops[user].inputs[0] == layer.out];
		uint32_t producer = graph_producer(graph, other);

		if (producer != GRAPH_NONE && !lower->done[producer] &&
		    graph->ops[producer].kind == GRAPH_CONV &&
		    padding_of(lower, layer.out, index) != GRAPH_NONE) {
			lower->notes[index].why = "added where there is something to add";
			return NULL;
		}
	}
	lower_shape(in, &layer.in_width, &layer.in_height, &layer.in_channels);
	layer.group_c = layer.in_channels;
	layer.kernels = out->dims[out->rank - 1];
	if (!layer_alloc(&layer)) {
		lower->error = -ENOMEM;
		return "out of memory";
	}
	memset(layer.weights, 0, (size_t)layer.kernels * layer.group_c);
	for (i = 0; i < layer.group_c; i++)
		layer.weights[(size_t)(op->params.pad.before[in->rank - 1] + i) * layer.group_c +
			      i] = 1;
	layer_scales(&layer, graph, NULL, NULL);
	why = emit_layer(lower, &layer, index);
	layer_free(&layer);
	return why;
}
