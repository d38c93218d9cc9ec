// SPDX-License-Identifier: MIT
/*
 * Arithmetic with one value per channel: constants, or the result of a layer
 * with one pixel, as squeeze-and-excitation has it.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lower.h"

/* One operand is a whole image, the other has a value per channel. */
struct broadcast {
	const struct graph_tensor *whole, *few, *out;
	uint32_t whole_index, few_index;
	double sign_whole, sign_few;
	bool constant;
	uint32_t channels;
};

/* Elements of a constant operand: one, or one per channel. */
static bool per_channel(const struct graph_tensor *tensor, uint32_t channels)
{
	const uint64_t elements = graph_elements(tensor);

	return tensor->type == GRAPH_I8 && tensor->quant.count == 1 &&
	       (elements == 1 || (elements == channels && tensor->rank &&
				  tensor->dims[tensor->rank - 1] == channels));
}

static const char *understand(struct lower *lower, uint32_t index, struct broadcast *b)
{
	const struct graph *graph = lower->graph;
	const struct graph_op *op = &graph->ops[index];
	uint32_t size[3], other[3], i;

	b->out = &graph->tensors[op->outputs[0]];
	if (!lower_is_cube(lower, op->outputs[0]))
		return "not INT8, or a shape that is no cube";
	lower_shape(b->out, &size[0], &size[1], &size[2]);
	b->channels = size[2];
	for (i = 0; i < 2; i++) {
		b->whole_index = op->inputs[i];
		b->few_index = op->inputs[!i];
		b->whole = &graph->tensors[b->whole_index];
		b->few = &graph->tensors[b->few_index];
		b->constant = graph_is_const(b->few);
		b->sign_whole = op->kind == GRAPH_SUB && i ? -1 : 1;
		b->sign_few = op->kind == GRAPH_SUB && !i ? -1 : 1;
		if (!lower_is_cube(lower, b->whole_index))
			continue;
		lower_shape(b->whole, &other[0], &other[1], &other[2]);
		if (memcmp(size, other, sizeof(size)))
			continue;
		if (b->constant ? per_channel(b->few, b->channels) :
		    lower_is_cube(lower, b->few_index) &&
		    lower_shape(b->few, &other[0], &other[1], &other[2]) && other[0] == 1 &&
		    other[1] == 1 && other[2] == b->channels)
			return NULL;
	}
	return "an operand that is broadcast along channels, or not INT8";
}

static double value(const struct broadcast *b, uint32_t k)
{
	const uint64_t i = graph_elements(b->few) == 1 ? 0 : k;

	return (double)graph_scale(b->few, 0) *
	       (((const int8_t *)b->few->data)[i] - graph_zero_point(b->few, 0));
}

void lower_put_values(struct lower *lower, struct npu_operand *operand, const int16_t *values,
		      uint32_t count)
{
	const uint32_t atom = lower->config->atomic_m;

	operand->source = NPU_CHANNEL;
	operand->region = NPU_CONSTS;
	operand->step = 2;
	operand->offset = lower_const(lower, ((uint64_t)count + atom - 1) / atom * atom * 2);
	if (!lower->error)
		memcpy(lower->consts.data + operand->offset, values, count * sizeof(*values));
}

/* Values of one pixel, 8 bits each. */
static const char *read_values(struct lower *lower, uint32_t tensor, struct lower_op *op,
			       struct npu_operand *operand)
{
	const struct lower_tensor *t = lower_input(lower, tensor);

	if (npu_cube_scattered(&t->cube))
		return "an operand whose surfaces lie apart";
	operand->source = NPU_CHANNEL;
	operand->region = NPU_ARENA;
	operand->step = 1;
	operand->offset = t->cube.offset;
	op->buffer[LOWER_ELEMENT] = t->cube_buffer;
	return NULL;
}

static void take_off_zero_point(const struct broadcast *b, struct npu_stage *stage)
{
	stage->alu = NPU_ALU_SUM;
	stage->alu_operand.source = NPU_REGISTER;
	stage->alu_operand.value = -graph_zero_point(b->whole, 0);
}

/* X1 multiplies by one constant per channel. */
static const char *multiply_constant(struct lower *lower, const struct broadcast *b,
				     struct lower_op *op)
{
	double *real = calloc(b->channels, sizeof(*real));
	int16_t *mul = calloc(b->channels, sizeof(*mul));
	struct requant requant = { .mul = mul };
	struct npu_sdp *sdp = &op->op.sdp;
	const char *why = NULL;
	uint32_t k;

	if (!real || !mul) {
		lower->error = -ENOMEM;
		why = "out of memory";
		goto out;
	}
	for (k = 0; k < b->channels; k++)
		real[k] = graph_scale(b->whole, 0) * value(b, k) / graph_scale(b->out, 0);
	requant_choose(real, b->channels, &requant);
	if (requant.shift < 0) {
		why = "result scaled up beyond 16 bits";
		goto out;
	}
	take_off_zero_point(b, &sdp->x1);
	sdp->x1.mul = NPU_MUL;
	lower_put_values(lower, &sdp->x1.mul_operand, mul, b->channels);
	sdp->x1.mul_shift = requant_convert(requant.shift, graph_zero_point(b->out, 0), 0,
					     sdp);
out:
	free(real);
	free(mul);
	return why;
}

/*
 * (a - za) * (b - zb): X1 multiplies a - za by b as it is. A zero point of -128,
 * as of all that is never negative, is 128 * a, which X2 adds; for others there
 * is stage Y, whose operands may have a zero point.
 */
static const char *multiply_pixel(struct lower *lower, const struct broadcast *b,
				  struct lower_op *op)
{
	const double real = (double)graph_scale(b->whole, 0) * graph_scale(b->few, 0) /
			    graph_scale(b->out, 0);
	const int32_t zero = graph_zero_point(b->few, 0), za = graph_zero_point(b->whole, 0);
	struct npu_sdp *sdp = &op->op.sdp;
	int16_t mul;
	struct requant requant = { .mul = &mul };
	const char *why;

	requant_choose(&real, 1, &requant);
	if (requant.shift < 0)
		return "result scaled up beyond 16 bits";
	take_off_zero_point(b, &sdp->x1);
	sdp->x2.mul = NPU_MUL;
	sdp->x2.mul_operand.source = NPU_REGISTER;
	sdp->x2.mul_operand.value = mul;
	sdp->x2.mul_shift = requant_convert(requant.shift, graph_zero_point(b->out, 0),
					    zero == INT8_MIN ?
					    ldexp(128.0 * za * mul, -requant.shift) : 0, sdp);
	if (zero && zero != INT8_MIN) {
		sdp->y.mul = NPU_MUL;
		sdp->y.mul_converter = (struct npu_converter) { .offset = zero, .scale = 1 };
		return read_values(lower, b->few_index, op, &sdp->y.mul_operand);
	}
	why = read_values(lower, b->few_index, op, &sdp->x1.mul_operand);
	if (why)
		return why;
	sdp->x1.mul = NPU_MUL;
	if (zero) {
		sdp->x2.alu = NPU_ALU_SUM;
		sdp->x2.alu_shift = 7;
		sdp->x2.alu_operand.source = NPU_ELEMENT;
		sdp->x2.alu_operand.cube = op->op.in;
		op->buffer[LOWER_ELEMENT2] = op->buffer[LOWER_IN];
	}
	return NULL;
}

/* X1 gives the image a fraction of @point bits, X2 adds and rescales. */
static const char *add(struct lower *lower, const struct broadcast *b, struct lower_op *op)
{
	const int32_t zf = graph_zero_point(b->few, 0);
	const double scale = graph_scale(b->whole, 0);
	struct npu_sdp *sdp = &op->op.sdp;
	int16_t first, second, *values;
	struct requant one = { .mul = &first }, two = { .mul = &second };
	const double unit = b->constant ? scale : graph_scale(b->few, 0);
	double real, most = 0;
	const char *why = NULL;
	int point, total, shift = 0;
	uint32_t k;

	for (point = 14; point >= 0; point--) {
		real = ldexp(b->sign_whole * b->sign_few * scale / unit, point);
		requant_choose(&real, 1, &one);
		if (one.shift >= 0)
			break;
	}
	real = b->sign_few * unit / graph_scale(b->out, 0);
	requant_choose(&real, 1, &two);
	total = two.shift + point;
	if (point < 0 || total < 0)
		return "scales of an addition too far apart";
	take_off_zero_point(b, &sdp->x1);
	sdp->x1.mul = NPU_MUL;
	sdp->x1.mul_operand.source = NPU_REGISTER;
	sdp->x1.mul_operand.value = first;
	sdp->x1.mul_shift = one.shift;
	sdp->x2.alu = NPU_ALU_SUM;
	sdp->x2.mul = NPU_MUL;
	sdp->x2.mul_operand.source = NPU_REGISTER;
	sdp->x2.mul_operand.value = second;
	sdp->x2.mul_shift = requant_convert(total, graph_zero_point(b->out, 0),
					    b->constant ? 0 :
					    ldexp((double)zf * second, point - total), sdp);
	if (!b->constant) {
		sdp->x2.alu_shift = point;
		return read_values(lower, b->few_index, op, &sdp->x2.alu_operand);
	}
	values = calloc(b->channels, sizeof(*values));
	if (!values) {
		lower->error = -ENOMEM;
		return "out of memory";
	}
	for (k = 0; k < b->channels; k++)
		most = fmax(most, fabs(ldexp(value(b, k) / unit, point)));
	while (ldexp(most, -shift) > INT16_MAX && shift < 40)
		shift++;
	for (k = 0; k < b->channels; k++)
		values[k] = (int16_t)fmin(round(ldexp(value(b, k) / unit, point - shift)),
					  INT16_MAX);
	sdp->x2.alu_shift = shift;
	lower_put_values(lower, &sdp->x2.alu_operand, values, b->channels);
	free(values);
	return why;
}

/* The larger or smaller: values as they are, or constants in the image's scale. */
static const char *extreme(struct lower *lower, const struct broadcast *b, bool larger,
			   struct lower_op *op)
{
	struct npu_stage *stage = &op->op.sdp.x1;
	const char *why = NULL;
	int16_t *values;
	uint32_t k;

	if (!lower_same_quant(b->whole, b->out) ||
	    (!b->constant && !lower_same_quant(b->few, b->out)))
		return "maximum or minimum of different scales";
	stage->alu = larger ? NPU_ALU_MAX : NPU_ALU_MIN;
	if (!b->constant)
		return read_values(lower, b->few_index, op, &stage->alu_operand);
	values = calloc(b->channels, sizeof(*values));
	if (!values) {
		lower->error = -ENOMEM;
		return "out of memory";
	}
	for (k = 0; k < b->channels; k++) {
		double q = round(value(b, k) / graph_scale(b->out, 0)) +
			   graph_zero_point(b->out, 0);

		values[k] = (int16_t)fmin(fmax(q, INT8_MIN), INT8_MAX);
	}
	lower_put_values(lower, &stage->alu_operand, values, b->channels);
	free(values);
	return why;
}

const char *lower_broadcast(struct lower *lower, uint32_t index)
{
	const struct graph_op *gop = &lower->graph->ops[index];
	struct lower_op op;
	struct broadcast b;
	const char *why = understand(lower, index, &b);
	int32_t lo, hi;

	if (why)
		return why;
	lower_start(&op, NPU_SDP);
	if (!lower_read(lower, b.whole_index, &op) || !lower_output(lower, gop->outputs[0], &op))
		return "out of memory";
	switch (gop->kind) {
	case GRAPH_ADD:
	case GRAPH_SUB:
		why = add(lower, &b, &op);
		break;
	case GRAPH_MUL:
		why = b.constant ? multiply_constant(lower, &b, &op) :
		      multiply_pixel(lower, &b, &op);
		break;
	default:
		why = extreme(lower, &b, gop->kind == GRAPH_MAX, &op);
	}
	if (why || !lower_emit(lower, &op, &why))
		return why;
	graph_act_range(lower->graph, gop, &lo, &hi);
	if (lower_clamps(lo, hi) && !lower_clamp(lower, gop->outputs[0], lo, hi, &why))
		return why;
	return NULL;
}
