// SPDX-License-Identifier: MIT
/*
 * Operations without convolution: pooling, element-wise arithmetic,
 * activations, concatenation, changes of scale.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "layer.h"
#include "move.h"

void lower_start(struct lower_op *op, enum npu_kind kind)
{
	memset(op, 0, sizeof(*op));
	op->op.kind = kind;
	op->buffer[LOWER_ELEMENT] = op->buffer[LOWER_ELEMENT2] = LOWER_NONE;
	op->op.sdp.cvt_scale = 1;
}

static void constant(struct npu_operand *operand, int32_t value)
{
	memset(operand, 0, sizeof(*operand));
	operand->source = NPU_REGISTER;
	operand->value = value;
}

bool lower_clamp(struct lower *lower, uint32_t tensor, int32_t lo, int32_t hi, const char **why)
{
	struct lower_op op;

	lower_start(&op, NPU_SDP);
	if (!lower_read(lower, tensor, &op) || !lower_output(lower, tensor, &op)) {
		*why = "out of memory";
		return false;
	}
	op.op.sdp.x1.alu = NPU_ALU_MAX;
	constant(&op.op.sdp.x1.alu_operand, lo);
	op.op.sdp.x2.alu = NPU_ALU_MIN;
	constant(&op.op.sdp.x2.alu_operand, hi);
	return lower_emit(lower, &op, why);
}

/*
 * out = zo + scale * (in - zi), clamped: X1 takes off the zero point and
 * multiplies.
 */
static bool set_rescale(struct lower_op *op, const struct graph_tensor *in,
			const struct graph_tensor *out, const char **why)
{
	double real = (double)graph_scale(in, 0) / graph_scale(out, 0);
	struct npu_sdp *sdp = &op->op.sdp;
	struct requant requant;
	int16_t mul;

	requant.mul = &mul;
	requant_choose(&real, 1, &requant);
	if (requant.shift < 0) {
		*why = "result scaled up beyond 16 bits";
		return false;
	}
	sdp->x1.alu = NPU_ALU_SUM;
	constant(&sdp->x1.alu_operand, -graph_zero_point(in, 0));
	sdp->x1.mul = NPU_MUL;
	constant(&sdp->x1.mul_operand, mul);
	sdp->x1.mul_shift = requant_convert(requant.shift, graph_zero_point(out, 0), 0, sdp);
	return true;
}

bool lower_same_quant(const struct graph_tensor *a, const struct graph_tensor *b)
{
	return graph_scale(a, 0) == graph_scale(b, 0) &&
	       graph_zero_point(a, 0) == graph_zero_point(b, 0);
}

/* A point, its surfaces seen as lines: those may lie apart. */
static void stand_up(struct npu_cube *cube)
{
	cube->height = (cube->channels + cube->atom - 1) / cube->atom;
	cube->line = cube->surface;
	cube->channels = cube->atom;
}

const char *move_copy(struct lower *lower, uint32_t in, uint32_t out, const struct npu_cube *to,
		      uint32_t to_buffer)
{
	const struct graph_tensor *from = &lower->graph->tensors[in];
	const struct graph_tensor *as = &lower->graph->tensors[out];
	struct lower_op op;
	const char *why = NULL;

	lower_start(&op, NPU_SDP);
	if (!lower_read(lower, in, &op))
		return "out of memory";
	op.op.out = *to;
	op.buffer[LOWER_OUT] = to_buffer;
	if (!lower_same_quant(from, as) && !set_rescale(&op, from, as, &why))
		return why;
	if (npu_cube_scattered(to) || npu_cube_scattered(&op.op.in)) {
		stand_up(&op.op.in);
		stand_up(&op.op.out);
	}
	return lower_emit(lower, &op, &why) ? NULL : why;
}

const char *lower_requantize(struct lower *lower, uint32_t index)
{
	const struct graph *graph = lower->graph;
	const struct graph_op *gop = &graph->ops[index];
	struct lower_op op;
	const char *why = NULL;

	if (!lower_is_cube(lower, gop->inputs[0]) || !lower_is_cube(lower, gop->outputs[0]))
		return "not INT8, or a shape that is no cube";
	lower_start(&op, NPU_SDP);
	if (!lower_read(lower, gop->inputs[0], &op) || !lower_output(lower, gop->outputs[0], &op))
		return "out of memory";
	if (!set_rescale(&op, &graph->tensors[gop->inputs[0]], &graph->tensors[gop->outputs[0]],
			 &why))
		return why;
	return lower_emit(lower, &op, &why) ? NULL : why;
}

const char *lower_pool(struct lower *lower, uint32_t index)
{
	const struct graph *graph = lower->graph;
	const struct graph_op *gop = &graph->ops[index];
	const struct graph_window *w = &gop->params.pool.window;
	const uint32_t in = gop->inputs[0], out = gop->outputs[0];
	struct lower_op op;
	const char *why = NULL;
	uint32_t right, bottom;
	int32_t lo, hi;

	if (!lower_is_cube(lower, in) || !lower_is_cube(lower, out))
		return "not INT8, or a shape that is no cube";
	if (!lower_same_quant(&graph->tensors[in], &graph->tensors[out]))
		return "pooling that changes the scale";
	if (w->kernel_w > 8 || w->kernel_h > 8 || w->stride_w > 16 || w->stride_h > 16 ||
	    w->dilation_w > 1 || w->dilation_h > 1)
		return "window or stride larger than the registers hold";
	lower_start(&op, NPU_PDP);
	if (!lower_read(lower, in, &op) || !lower_output(lower, out, &op))
		return "out of memory";
	/* The last windows may reach behind the padding that the graph names. */
	right = (op.op.out.width - 1) * w->stride_w + w->kernel_w;
	bottom = (op.op.out.height - 1) * w->stride_h + w->kernel_h;
	right = right > op.op.in.width + w->pad_left ? right - op.op.in.width - w->pad_left : 0;
	bottom = bottom > op.op.in.height + w->pad_top ? bottom - op.op.in.height - w->pad_top : 0;
	if (right >= w->kernel_w || bottom >= w->kernel_h || w->pad_left >= w->kernel_w ||
	    w->pad_top >= w->kernel_h)
		return "padding as wide as the window";
	op.op.pdp = (struct npu_pdp) {
		.method = NPU_POOL_MAX, .kernel_w = w->kernel_w, .kernel_h = w->kernel_h,
		.stride_x = w->stride_w, .stride_y = w->stride_h, .pad_left = w->pad_left,
		.pad_top = w->pad_top, .pad_right = right, .pad_bottom = bottom,
	};
	/* What is known of the channels behind the last stays so: zero point to zero point. */
	op.op.in.channels = op.op.out.channels = lower->tensors[in].wide;
	lower->tensors[out].wide = lower->tensors[in].wide;
	if (!lower_emit(lower, &op, &why))
		return why;
	if (lower_fly(lower, in))
		lower->notes[index].why = "on the fly behind the convolution";
	graph_act_range(graph, gop, &lo, &hi);
	if (lower_clamps(lo, hi) && !lower_clamp(lower, out, lo, hi, &why))
		return why;
	return NULL;
}

/* a + b or a - b: X1 brings a to the scale of b, X2 adds and rescales. */
static const char *add(struct lower *lower, const struct graph_op *gop)
{
	const struct graph *graph = lower->graph;
	const struct graph_tensor *a = &graph->tensors[gop->inputs[0]];
	const struct graph_tensor *b = &graph->tensors[gop->inputs[1]];
	const struct graph_tensor *out = &graph->tensors[gop->outputs[0]];
	const double sign = gop->kind == GRAPH_SUB ? -1 : 1;
	const int32_t zo = graph_zero_point(out, 0), zb = graph_zero_point(b, 0);
	struct lower_op op;
	struct npu_sdp *sdp = &op.op.sdp;
	int16_t mul1, mul2;
	struct requant first = { .mul = &mul1 }, second = { .mul = &mul2 };
	double real;
	const char *why = NULL;
	int32_t lo, hi;
	bool clamped;
	int point, total;

	lower_start(&op, NPU_SDP);
	if (!lower_read(lower, gop->inputs[0], &op) ||
	    !lower_output(lower, gop->outputs[0], &op) ||
	    !lower_read_element(lower, gop->inputs[1], &op, &sdp->x2.alu_operand))
		return "out of memory";
	for (point = 16; point >= 0; point--) {
		real = ldexp(sign * graph_scale(a, 0) / graph_scale(b, 0), point);
		requant_choose(&real, 1, &first);
		if (first.shift >= 0)
			break;
	}
	real = sign * graph_scale(b, 0) / graph_scale(out, 0);
	requant_choose(&real, 1, &second);
	total = second.shift + point;
	if (point < 0 || total < 0)
		return "scales of an addition too far apart";
	sdp->x1.alu = NPU_ALU_SUM;
	constant(&sdp->x1.alu_operand, -graph_zero_point(a, 0));
	sdp->x1.mul = NPU_MUL;
	constant(&sdp->x1.mul_operand, mul1);
	sdp->x1.mul_shift = first.shift;
	sdp->x2.alu = NPU_ALU_SUM;
	sdp->x2.alu_shift = point;
	sdp->x2.mul = NPU_MUL;
	constant(&sdp->x2.mul_operand, mul2);
	sdp->x2.mul_shift = requant_convert(total, zo, ldexp((double)zb * mul2, point - total), sdp);
	graph_act_range(graph, gop, &lo, &hi);
	clamped = hi == INT8_MAX && (lo == INT8_MIN || (lo == zo && !zb));
	sdp->x2.relu = clamped && lo > INT8_MIN;
	if (!lower_emit(lower, &op, &why))
		return why;
	if (!clamped && !lower_clamp(lower, gop->outputs[0], lo, hi, &why))
		return why;
	return NULL;
}

/* a * b, both without their zero points; b's can go in stage Y's converter alone. */
static const char *multiply(struct lower *lower, const struct graph_op *gop)
{
	const struct graph *graph = lower->graph;
	const struct graph_tensor *a = &graph->tensors[gop->inputs[0]];
	const struct graph_tensor *b = &graph->tensors[gop->inputs[1]];
	const struct graph_tensor *out = &graph->tensors[gop->outputs[0]];
	double real = (double)graph_scale(a, 0) * graph_scale(b, 0) / graph_scale(out, 0);
	struct lower_op op;
	struct npu_sdp *sdp = &op.op.sdp;
	int16_t mul;
	struct requant requant = { .mul = &mul };
	const char *why = NULL;
	int32_t lo, hi;

	lower_start(&op, NPU_SDP);
	requant_choose(&real, 1, &requant);
	if (requant.shift < 0)
		return "result scaled up beyond 16 bits";
	if (!lower_read(lower, gop->inputs[0], &op) || !lower_output(lower, gop->outputs[0], &op))
		return "out of memory";
	sdp->x1.alu = NPU_ALU_SUM;
	constant(&sdp->x1.alu_operand, -graph_zero_point(a, 0));
	sdp->x2.mul = NPU_MUL;
	constant(&sdp->x2.mul_operand, mul);
	sdp->x2.mul_shift = requant_convert(requant.shift, graph_zero_point(out, 0), 0, sdp);
	if (graph_zero_point(b, 0)) {
		/* X2 has scaled a - za; Y multiplies by b - zb. */
		if (!lower_read_element(lower, gop->inputs[1], &op, &sdp->y.mul_operand))
			return "out of memory";
		sdp->y.mul = NPU_MUL;
		sdp->y.mul_converter = (struct npu_converter) {
			.offset = graph_zero_point(b, 0), .scale = 1,
		};
	} else {
		if (!lower_read_element(lower, gop->inputs[1], &op, &sdp->x1.mul_operand))
			return "out of memory";
		sdp->x1.mul = NPU_MUL;
	}
	if (!lower_emit(lower, &op, &why))
		return why;
	graph_act_range(graph, gop, &lo, &hi);
	if (lower_clamps(lo, hi) && !lower_clamp(lower, gop->outputs[0], lo, hi, &why))
		return why;
	return NULL;
}

/* max(a, b), min(a, b) of equal scales. */
static const char *extreme(struct lower *lower, const struct graph_op *gop)
{
	const struct graph *graph = lower->graph;
	const struct graph_tensor *a = &graph->tensors[gop->inputs[0]];
	struct lower_op op;
	const char *why = NULL;
	int32_t lo, hi;

	if (!lower_same_quant(a, &graph->tensors[gop->inputs[1]]) ||
	    !lower_same_quant(a, &graph->tensors[gop->outputs[0]]))
		return "maximum or minimum of different scales";
	lower_start(&op, NPU_SDP);
	if (!lower_read(lower, gop->inputs[0], &op) ||
	    !lower_output(lower, gop->outputs[0], &op) ||
	    !lower_read_element(lower, gop->inputs[1], &op, &op.op.sdp.x1.alu_operand))
		return "out of memory";
	op.op.sdp.x1.alu = gop->kind == GRAPH_MAX ? NPU_ALU_MAX : NPU_ALU_MIN;
	if (!lower_emit(lower, &op, &why))
		return why;
	graph_act_range(graph, gop, &lo, &hi);
	if (lower_clamps(lo, hi) && !lower_clamp(lower, gop->outputs[0], lo, hi, &why))
		return why;
	return NULL;
}

const char *lower_arith(struct lower *lower, uint32_t index)
{
	const struct graph *graph = lower->graph;
	const struct graph_op *gop = &graph->ops[index];
	uint32_t size[3][3], i;

	for (i = 0; i < 3; i++) {
		uint32_t tensor = i < 2 ? gop->inputs[i] : gop->outputs[0];

		if (!lower_is_cube(lower, tensor))
			return lower_broadcast(lower, index);
		lower_shape(&graph->tensors[tensor], &size[i][0], &size[i][1], &size[i][2]);
	}
	if (memcmp(size[0], size[2], sizeof(size[0])) || memcmp(size[1], size[2], sizeof(size[0])))
		return lower_broadcast(lower, index);
	switch (gop->kind) {
	case GRAPH_ADD:
	case GRAPH_SUB:
		return add(lower, gop);
	case GRAPH_MUL:
		return multiply(lower, gop);
	default:
		return extreme(lower, gop);
	}
}

/* Clamp and change of scale in one. */
static const char *clip(struct lower *lower, uint32_t index)
{
	const struct graph *graph = lower->graph;
	const struct graph_op *gop = &graph->ops[index];
	const char *why = NULL;
	struct lower_op op;
	int32_t lo, hi;

	lower_start(&op, NPU_SDP);
	if (!lower_read(lower, gop->inputs[0], &op) || !lower_output(lower, gop->outputs[0], &op))
		return "out of memory";
	graph_act_range(graph, gop, &lo, &hi);
	if (lower_same_quant(&graph->tensors[gop->inputs[0]], &graph->tensors[gop->outputs[0]])) {
		op.op.sdp.x1.alu = NPU_ALU_MAX;
		constant(&op.op.sdp.x1.alu_operand, lo);
		op.op.sdp.x2.alu = NPU_ALU_MIN;
		constant(&op.op.sdp.x2.alu_operand, hi);
		return lower_emit(lower, &op, &why) ? NULL : why;
	}
	if (!set_rescale(&op, &graph->tensors[gop->inputs[0]], &graph->tensors[gop->outputs[0]],
			 &why) ||
	    !lower_emit(lower, &op, &why))
		return why;
	if (lower_clamps(lo, hi) && !lower_clamp(lower, gop->outputs[0], lo, hi, &why))
		return why;
	return NULL;
}

/* Slope of the negative side with 14 bits behind the point: one, or one per channel. */
static const char *put_slopes(struct lower *lower, const struct graph_op *gop,
			      struct npu_operand *operand)
{
	const struct graph *graph = lower->graph;
	const uint32_t channels = graph->tensors[gop->outputs[0]].rank ?
		graph->tensors[gop->outputs[0]].dims[graph->tensors[gop->outputs[0]].rank - 1] : 1;
	const struct graph_tensor *slopes;
	const char *why = NULL;
	int16_t *values;
	uint32_t k;

	if (gop->kind == GRAPH_LEAKY_RELU) {
		double slope = round(ldexp(gop->params.unary.alpha, 14));

		if (fabs(slope) > INT16_MAX)
			return "slope of 2 or more";
		constant(operand, (int32_t)slope);
		return NULL;
	}
	slopes = &graph->tensors[gop->inputs[1]];
	if (!graph_is_const(slopes) || slopes->type != GRAPH_I8 || slopes->quant.count != 1 ||
	    (graph_elements(slopes) != channels && graph_elements(slopes) != 1) ||
	    (graph_elements(slopes) > 1 && slopes->dims[slopes->rank - 1] != channels))
		return "slopes that differ along something else than channels";
	values = calloc(channels, sizeof(*values));
	if (!values) {
		lower->error = -ENOMEM;
		return "out of memory";
	}
	for (k = 0; k < channels && !why; k++) {
		const int8_t *data = slopes->data;
		double slope = graph_scale(slopes, 0) *
			       (data[graph_elements(slopes) == 1 ? 0 : k] -
				graph_zero_point(slopes, 0));

		slope = round(ldexp(slope, 14));
		if (fabs(slope) > INT16_MAX)
			why = "slope of 2 or more";
		else
			values[k] = (int16_t)slope;
	}
	if (!why)
		lower_put_values(lower, operand, values, channels);
	free(values);
	return why;
}

static const char *leaky(struct lower *lower, uint32_t index)
{
	const struct graph *graph = lower->graph;
	const struct graph_op *gop = &graph->ops[index];
	const char *why = NULL;
	struct lower_op op;

	lower_start(&op, NPU_SDP);
	if (!lower_read(lower, gop->inputs[0], &op) || !lower_output(lower, gop->outputs[0], &op))
		return "out of memory";
	if (!set_rescale(&op, &graph->tensors[gop->inputs[0]], &graph->tensors[gop->outputs[0]],
			 &why))
		return why;
	op.op.sdp.x2.mul = NPU_MUL_PRELU;
	op.op.sdp.x2.mul_shift = 14;
	why = put_slopes(lower, gop, &op.op.sdp.x2.mul_operand);
	if (why)
		return why;
	return lower_emit(lower, &op, &why) ? NULL : why;
}

const char *lower_activation(struct lower *lower, uint32_t index)
{
	const struct graph_op *gop = &lower->graph->ops[index];

	if (!lower_is_cube(lower, gop->inputs[0]) || !lower_is_cube(lower, gop->outputs[0]))
		return "not INT8, or a shape that is no cube";
	switch (gop->kind) {
	case GRAPH_CLIP:
		return clip(lower, index);
	case GRAPH_LEAKY_RELU:
	case GRAPH_PRELU:
		return leaky(lower, index);
	default:
		return lower_table(lower, index);
	}
}

/* The same elements in another shape of the same cube. */
const char *lower_reshape(struct lower *lower, uint32_t index)
{
	const struct graph *graph = lower->graph;
	const struct graph_op *gop = &graph->ops[index];
	const uint32_t in = gop->inputs[0], out = gop->outputs[0];
	struct lower_tensor *from, *to = &lower->tensors[out];
	uint32_t size[2][3], user;

	if (!lower_is_cube(lower, in))
		return "not INT8, or a shape that is no cube";
	from = &lower->tensors[in];
	if (from->cube_buffer == LOWER_NONE)
		return "input that only the CPU has";
	user = graph_only_user(graph, out);
	if (user != GRAPH_NONE && graph->ops[user].kind == GRAPH_FULLY_CONNECTED &&
	    graph->ops[user].inputs[0] == out && layer_sees_image(lower, user)) {
		lower->notes[index].why = "seen through by a fully connected layer";
		return NULL;
	}
	if (!lower_is_cube(lower, out))
		return "not INT8, or a shape that is no cube";
	lower_shape(&graph->tensors[in], &size[0][0], &size[0][1], &size[0][2]);
	lower_shape(&graph->tensors[out], &size[1][0], &size[1][1], &size[1][2]);
	if (!memcmp(size[0], size[1], sizeof(size[0]))) {
		to->cube = from->cube;
		to->cube_buffer = from->cube_buffer;
		to->wide = from->wide;
		lower->notes[index].why = "the same memory in another shape";
		return NULL;
	}
	return lower_select(lower, index);
}
