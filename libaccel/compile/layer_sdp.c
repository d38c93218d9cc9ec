// SPDX-License-Identifier: MIT
/*
 * What SDP does behind a convolution: bias, requantisation, activation, an
 * addition.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "layer.h"

#define COARSE		4	/* bits that a multiplier may lack */

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
		memcpy(lower->consts.data + offset + (uint64_t)k * step, &values[k], 2);
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

/*
 * out = zo + (so-scaled) layer + other: X1 brings the layer to the other
 * tensor's scale with @point bits behind the point, X2 adds and rescales.
 */
bool layer_sdp_add(struct lower *lower, const struct layer *layer, const struct tail *tail,
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
	/* The other's zero point goes too, as it arrives at the converter. */
	sdp->x2.mul_shift = requant_convert(total, zo, ldexp((double)zb * mul2, point - total), sdp);
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
bool layer_x2_is_free(const struct tail *tail, bool add)
{
	return !add && tail->slope_op == GRAPH_NONE && tail->hi == INT8_MAX;
}

bool layer_sdp_plain(struct lower *lower, const struct layer *layer, const struct tail *tail,
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
		shift = requant_convert(shift, zero, 0, sdp);
	op->loss_bits = requant.loss_bits;
	if (layer_x2_is_free(tail, false) && requant.loss_bits > COARSE) {
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
