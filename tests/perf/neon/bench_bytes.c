// SPDX-License-Identifier: MIT
/*
 * INT8 operations of a graph that stay on the CPU, by this library as a whole
 * or by XNNPACK's operators.
 *
 * usage: bench_bytes ours|xnnpack
 */
#include <math.h>

#include "bench.h"
#include "libaccel/cpu/ref/ref_op.h"

#define CLASSES		1000

/* What softmax can take in: not all bytes, or hardly any of them would count. */
#define LOGIT_SCALE	0.0625f

/* An operation of one operand, byte_a or real_a, and its result. */
struct single {
	struct graph graph;
	struct graph_op op;
	struct graph_tensor tensors[2];
	float scale[2];
	int32_t zero[2];
	uint32_t input;
	void *data[2];
};

static void describe(struct single *s, uint32_t i, uint32_t type, uint32_t rank,
		     const uint32_t *dims, float scale, int32_t zero)
{
	struct graph_tensor *t = &s->tensors[i];

	*t = (struct graph_tensor){ .name = "tensor", .type = type, .rank = rank };
	memcpy(t->dims, dims, rank * sizeof(*dims));
	if (type == GRAPH_F32)
		return;
	s->scale[i] = scale;
	s->zero[i] = zero;
	t->quant = (struct graph_quant){
		.count = 1, .scale = &s->scale[i], .zero_point = &s->zero[i],
	};
}

static void run_single(void *ctx)
{
	struct single *s = ctx;

	if (cpu_op_run(&s->graph, &s->op, s->data))
		exit(1);
}

static const char *measure(struct single *s, uint32_t kind)
{
	s->graph.tensors = s->tensors;
	s->graph.num_tensors = 2;
	s->op.kind = kind;
	s->op.name = "measured";
	s->op.num_inputs = s->op.num_outputs = 1;
	s->op.inputs = &s->input;
	s->op.outputs[0] = 1;
	s->op.act_min = -INFINITY;
	s->op.act_max = INFINITY;
	s->data[0] = s->tensors[0].type == GRAPH_F32 ? (void *)real_a : (void *)byte_a;
	s->data[1] = s->tensors[1].type == GRAPH_F32 ? (void *)real_out : (void *)byte_out;
	twice(run_single, s);

	return "cpu_op";
}

/* ---------------------------------------------------------------------- resize */

static const char *resize_ours(const struct operator *op)
{
	const uint32_t small[4] = { 1, op->size, op->size, op->channels };
	const uint32_t large[4] = { 1, 2 * op->size, 2 * op->size, op->channels };
	struct single s = { .op.params.resize = { .coordinates = GRAPH_HALF_PIXEL } };

	describe(&s, 0, GRAPH_I8, 4, small, 0.1f, 0);
	describe(&s, 1, GRAPH_I8, 4, large, 0.1f, 0);

	return measure(&s, GRAPH_RESIZE);
}

static enum xnn_status resize_theirs(const struct operator *op, xnn_operator_t *made)
{
	size_t workspace = 0, alignment = 0;
	enum xnn_status status;

	status = xnn_create_resize_bilinear2d_nhwc_s8(2 * op->size, 2 * op->size, 0, made);
	if (status == xnn_status_success)
		status = xnn_reshape_resize_bilinear2d_nhwc_s8(*made, 1, op->size, op->size,
							       op->channels, op->channels,
							       op->channels, &workspace, &alignment,
							       NULL);
	if (status == xnn_status_success)
		status = xnn_setup_resize_bilinear2d_nhwc_s8(
			*made, workspace ? allocate(workspace) : NULL, byte_a, byte_out);

	return status;
}

/* ------------------------------------------------------------------------ mean */

static const char *mean_ours(const struct operator *op)
{
	const uint32_t in[4] = { 1, op->size, op->size, op->channels };
	const uint32_t out[4] = { 1, 1, 1, op->channels };
	struct single s = { .op.params.reduce = { GRAPH_MEAN, 1 << 1 | 1 << 2, 1 } };

	describe(&s, 0, GRAPH_I8, 4, in, 0.1f, 3);
	describe(&s, 1, GRAPH_I8, 4, out, 0.05f, -5);

	return measure(&s, GRAPH_REDUCE);
}

static enum xnn_status mean_theirs(const struct operator *op, xnn_operator_t *made)
{
	const struct xnn_quantization_params in = { 3, 0.1f }, out = { -5, 0.05f };
	const size_t shape[4] = { 1, op->size, op->size, op->channels };
	const int64_t axes[2] = { 1, 2 };
	size_t workspace = 0, alignment = 0;
	enum xnn_status status;

	status = xnn_create_reduce_nd(xnn_reduce_mean, xnn_datatype_qint8, &in, &out, 0, made);
	if (status == xnn_status_success)
		status = xnn_reshape_reduce_nd(*made, 2, axes, 4, shape, &workspace, &alignment, NULL);
	if (status == xnn_status_success)
		status = xnn_setup_reduce_nd(*made, workspace ? allocate(workspace) : NULL, byte_a,
					     byte_out);

	return status;
}

/* --------------------------------------------------------------------- softmax */

static const char *softmax_ours(const struct operator *op)
{
	const uint32_t dims[2] = { 1, op->channels };
	struct single s = { .op.params.softmax = { 1, 1 } };

	describe(&s, 0, GRAPH_I8, 2, dims, LOGIT_SCALE, 0);
	describe(&s, 1, GRAPH_I8, 2, dims, 1 / 256.0f, -128);

	return measure(&s, GRAPH_SOFTMAX);
}

/* XNNPACK has one for unsigned bytes. */
static enum xnn_status softmax_theirs(const struct operator *op, xnn_operator_t *made)
{
	enum xnn_status status = xnn_create_softmax_nc_qu8(LOGIT_SCALE, 0, 1 / 256.0f, 0, made);

	if (status == xnn_status_success)
		status = xnn_reshape_softmax_nc_qu8(*made, op->channels, op->channels,
						    op->channels, 1, NULL);
	if (status == xnn_status_success)
		status = xnn_setup_softmax_nc_qu8(*made, (uint8_t *)byte_a, (uint8_t *)byte_out);

	return status;
}

/* ------------------------------------------------------- functions of one value */

static const uint32_t flat[1] = { ELEMENTS };

static const char *leaky_ours(const struct operator *op)
{
	struct single s = { .op.params.unary = { .alpha = 0.1f } };

	(void)op;
	describe(&s, 0, GRAPH_I8, 1, flat, 1 / 16.0f, 0);
	describe(&s, 1, GRAPH_I8, 1, flat, 1 / 256.0f, -128);

	return measure(&s, GRAPH_LEAKY_RELU);
}

static enum xnn_status leaky_theirs(const struct operator *op, xnn_operator_t *made)
{
	(void)op;

	return unary_theirs(xnn_unary_leaky_relu, xnn_datatype_qint8, xnn_datatype_qint8, byte_a,
			    byte_out, made);
}

static const char *convert_ours(const struct operator *op)
{
	const uint32_t from = (uint32_t)op->which, to = from == GRAPH_F32 ? GRAPH_I8 : GRAPH_F32;
	struct single s = { .input = 0 };

	describe(&s, 0, from, 1, flat, 1 / 16.0f, 0);
	describe(&s, 1, to, 1, flat, 1 / 256.0f, -128);

	return measure(&s, from == GRAPH_F32 ? GRAPH_QUANTIZE : GRAPH_DEQUANTIZE);
}

static enum xnn_status convert_theirs(const struct operator *op, xnn_operator_t *made)
{
	if ((uint32_t)op->which == GRAPH_F32)
		return unary_theirs(xnn_unary_convert, xnn_datatype_fp32, xnn_datatype_qint8, real_a,
				    byte_out, made);

	return unary_theirs(xnn_unary_convert, xnn_datatype_qint8, xnn_datatype_fp32, byte_a,
			    real_out, made);
}

/* ----------------------------------------------------------------------- moves */

static const char *flip_ours(const struct operator *op)
{
	const uint32_t rows[2] = { op->size * op->size, op->channels };
	const uint32_t columns[2] = { op->channels, op->size * op->size };
	struct single s = { .op.params.transpose = { { 1, 0 } } };

	describe(&s, 0, GRAPH_I8, 2, rows, 1, 0);
	describe(&s, 1, GRAPH_I8, 2, columns, 1, 0);

	return measure(&s, GRAPH_TRANSPOSE);
}

static enum xnn_status flip_theirs(const struct operator *op, xnn_operator_t *made)
{
	const size_t shape[2] = { op->size * op->size, op->channels }, order[2] = { 1, 0 };
	enum xnn_status status = xnn_create_transpose_nd_x8(0, made);

	if (status == xnn_status_success)
		status = xnn_reshape_transpose_nd_x8(*made, 2, shape, order, NULL);
	if (status == xnn_status_success)
		status = xnn_setup_transpose_nd_x8(*made, byte_a, byte_out);

	return status;
}

static const struct operator operators[] = {
	{ .name = "s8_resize_28x28x64_to_56x56", .count = 56 * 56 * 64, .unit = "element",
	  .ours = resize_ours, .theirs = resize_theirs, .size = 28, .channels = 64 },
	{ .name = "s8_mean_28x28x64", .count = 28 * 28 * 64, .unit = "element",
	  .ours = mean_ours, .theirs = mean_theirs, .size = 28, .channels = 64 },
	{ .name = "s8_softmax_1000", .count = CLASSES, .unit = "element",
	  .ours = softmax_ours, .theirs = softmax_theirs, .channels = CLASSES },
	{ .name = "s8_leaky_relu", .count = ELEMENTS, .unit = "element",
	  .ours = leaky_ours, .theirs = leaky_theirs },
	{ .name = "s8_quantize", .count = ELEMENTS, .unit = "element",
	  .ours = convert_ours, .theirs = convert_theirs, .which = GRAPH_F32 },
	{ .name = "s8_dequantize", .count = ELEMENTS, .unit = "element",
	  .ours = convert_ours, .theirs = convert_theirs, .which = GRAPH_I8 },
	{ .name = "s8_transpose_784x128", .count = ELEMENTS, .unit = "element",
	  .ours = flip_ours, .theirs = flip_theirs, .size = 28, .channels = 128 },
};

int main(int argc, char **argv)
{
	return run_operators(argc, argv, operators, sizeof(operators) / sizeof(operators[0]));
}
