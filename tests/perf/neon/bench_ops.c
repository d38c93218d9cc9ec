// SPDX-License-Identifier: MIT
/*
 * FP32 operators, and INT8 ones other than plain convolutions, by this
 * library's kernels or by XNNPACK's, with marks for the instruction counter
 * around one run. Prints one line per operator: name, how many elements or
 * multiply-accumulates, which of these, kernel.
 *
 * Both sides have everything set up and packed beforehand and run on one
 * thread.
 *
 * usage: bench_ops ours|xnnpack
 */
#include <math.h>
#include <stdbool.h>

#include <xnnpack.h>

#include "bench.h"
#include "libaccel/cpu/f32/f32_conv.h"
#include "libaccel/cpu/int8/s8_conv.h"
#include "libaccel/cpu/int8/s8_map.h"
#include "libaccel/cpu/pool.h"
#include "libaccel/cpu/sdp/pdp_line.h"

#define CLASSES		1000

/* ------------------------------------------------------------ INT8, two values */

static void run_pair(void *ctx)
{
	s8_pair_select(accel_isa_detect())(ctx, byte_a, byte_b, ELEMENTS, byte_out);
}

static const char *pair_ours(const struct operator *op)
{
	struct s8_pair pair = {
		.kind = (enum s8_pair_kind)op->which, .zero_a = 3, .zero_b = -5,
		.factor_a = 23170, .shift_b = 14, .min = INT8_MIN, .zero = 7,
		.multiplier = op->which == S8_PAIR_SUM ? 65537 : 30000001,
	};

	twice(run_pair, &pair);

	return "s8_pair_16x__neon";
}

static enum xnn_status binary(enum xnn_binary_operator kind, enum xnn_datatype type,
			      const void *a, const void *b, void *out, xnn_operator_t *made)
{
	const struct xnn_quantization_params qa = { 3, 0.7f }, qb = { -5, 0.5f }, qo = { 7, 1.0f };
	const size_t shape[] = { ELEMENTS };
	enum xnn_status status;

	status = xnn_create_binary_elementwise_nd(kind, type, &qa, &qb, &qo, 0, made);
	if (status == xnn_status_success)
		status = xnn_reshape_binary_elementwise_nd(*made, 1, shape, 1, shape, NULL);
	if (status == xnn_status_success)
		status = xnn_setup_binary_elementwise_nd(*made, a, b, out);

	return status;
}

static enum xnn_status pair_theirs(const struct operator *op, xnn_operator_t *made)
{
	return binary(op->which == S8_PAIR_SUM ? xnn_binary_add : xnn_binary_multiply,
		      xnn_datatype_qint8, byte_a, byte_b, byte_out, made);
}

/* -------------------------------------------------------------- INT8, one value */

static void run_table(void *ctx)
{
	s8_table_select(accel_isa_detect())(byte_a, ELEMENTS, ctx, byte_out);
}

static const char *table_ours(const struct operator *op)
{
	int8_t table[256];
	int i;

	(void)op;
	for (i = 0; i < 256; i++)
		table[i] = (int8_t)lround(255 / (1 + exp(-(i - 128) / 16.0)) - 128);
	twice(run_table, table);

	return "s8_table_16x__neon";
}

static enum xnn_status table_theirs(const struct operator *op, xnn_operator_t *made)
{
	(void)op;

	return unary_theirs(xnn_unary_sigmoid, xnn_datatype_qint8, xnn_datatype_qint8, byte_a,
			    byte_out, made);
}

/* ------------------------------------------------------------------ INT8, others */

static void run_pool(void *ctx)
{
	const struct npu_op *op = ctx;
	uint8_t *regions[NPU_REGIONS] = { (uint8_t *)byte_a, (uint8_t *)byte_out };
	void *scratch = accel_pool_scratch(pdp_line_scratch(op));
	uint32_t y;

	for (y = 0; scratch && y < op->out.height; y++)
		pdp_line_run(op, regions, 0, y, scratch);
}

static const char *pool_ours(const struct operator *op)
{
	struct npu_op pool = {
		.kind = NPU_PDP,
		.in = { 0, 0, op->size, op->size, op->channels, op->size * op->channels, 0,
			op->channels, 0 },
		.pdp = { .method = NPU_POOL_MAX, .kernel_w = 3, .kernel_h = 3, .stride_x = 2,
			 .stride_y = 2 },
	};

	pool.out = pool.in;
	pool.out.region = NPU_ARENA;
	pool.out.width = pool.out.height = (op->size - 3) / 2 + 1;
	pool.out.line = pool.out.width * op->channels;
	twice(run_pool, &pool);

	return "pdp_line";
}

static enum xnn_status pool_theirs(const struct operator *op, xnn_operator_t *made)
{
	size_t height, width;
	enum xnn_status status;

	status = xnn_create_max_pooling2d_nhwc_s8(0, 0, 0, 0, 3, 3, 2, 2, 1, 1, INT8_MIN, INT8_MAX,
						  0, made);
	if (status == xnn_status_success)
		status = xnn_reshape_max_pooling2d_nhwc_s8(*made, 1, op->size, op->size,
							   op->channels, op->channels, op->channels,
							   &height, &width, NULL);
	if (status == xnn_status_success)
		status = xnn_setup_max_pooling2d_nhwc_s8(*made, byte_a, byte_out);

	return status;
}

static void run_s8_conv(void *ctx)
{
	s8_conv_run(ctx, 1, byte_a, byte_out);
}

static const char *deconv_ours(const struct operator *op)
{
	const struct accel_conv_shape shape = {
		.in_height = op->size, .in_width = op->size, .in_channels = op->channels,
		.out_height = op->size * op->stride, .out_width = op->size * op->stride,
		.out_channels = op->kernels, .kernel_height = op->kernel,
		.kernel_width = op->kernel, .stride_y = op->stride, .stride_x = op->stride,
		.dilation_y = 1, .dilation_x = 1, .groups = 1, .pad_value = 3,
	};
	int32_t *multiplier = allocate(op->kernels * sizeof(*multiplier));
	int32_t *shift = allocate(op->kernels * sizeof(*shift));
	const struct s8_requant requant = { multiplier, shift, 5, INT8_MIN, INT8_MAX, false, false };
	struct s8_conv *conv;
	uint32_t i;

	for (i = 0; i < op->kernels; i++)
		s8_requant_of(0.001, &multiplier[i], &shift[i]);
	if (s8_conv_new(accel_isa_detect(), &shape, true, byte_b, NULL, &requant, &conv))
		exit(1);
	twice(run_s8_conv, conv);
	s8_conv_free(conv);
	free(multiplier);
	free(shift);

	return "s8_conv";
}

static enum xnn_status deconv_theirs(const struct operator *op, xnn_operator_t *made)
{
	float *scale = allocate(op->kernels * sizeof(*scale));
	int32_t *bias = allocate(op->kernels * sizeof(*bias));
	size_t height, width;
	enum xnn_status status;
	uint32_t i;

	for (i = 0; i < op->kernels; i++)
		scale[i] = 0.001f;
	status = xnn_create_deconvolution2d_nhwc_qs8_qc8w(
		0, 0, 0, 0, op->kernel, op->kernel, op->stride, op->stride, 1, 1, 1, op->channels,
		op->kernels, op->channels, op->kernels, 3, 1.0f, scale, byte_b, bias, 5, 1.0f,
		INT8_MIN, INT8_MAX, 0, NULL, NULL, made);
	if (status == xnn_status_success)
		status = xnn_reshape_deconvolution2d_nhwc_qs8_qc8w(*made, 1, op->size, op->size, 0, 0,
								   &height, &width, NULL);
	if (status == xnn_status_success)
		status = xnn_setup_deconvolution2d_nhwc_qs8_qc8w(*made, byte_a, byte_out);
	free(scale);
	free(bias);

	return status;
}

/* ------------------------------------------------------------------------ FP32 */

static void run_f32_conv(void *ctx)
{
	f32_conv_run(ctx, 1, real_a, real_out);
}

static bool is_matrix(const struct operator *op)
{
	return op->kernel == 1;
}

static const char *conv_ours(const struct operator *op)
{
	const uint32_t height = is_matrix(op) ? 1 : op->size;
	const struct f32_conv_shape shape = {
		.in_height = height, .in_width = op->size, .in_channels = op->channels,
		.out_height = height, .out_width = op->size, .out_channels = op->kernels,
		.kernel_height = op->kernel, .kernel_width = op->kernel, .stride_y = 1,
		.stride_x = 1, .dilation_y = 1, .dilation_x = 1, .pad_top = op->kernel / 2,
		.pad_left = op->kernel / 2, .groups = op->groups, .clamp = true, .low = 0, .high = 6,
	};
	struct f32_conv *conv;

	if (f32_conv_new(f32_kernels_best(), &shape, real_b, NULL, &conv))
		exit(1);
	twice(run_f32_conv, conv);
	f32_conv_free(conv);

	return f32_kernels_best()->name;
}

static enum xnn_status conv_theirs(const struct operator *op, xnn_operator_t *made)
{
	const uint32_t pad = op->kernel / 2;
	size_t workspace = 0, alignment = 0, height, width;
	float *bias = allocate(op->kernels * sizeof(*bias));
	enum xnn_status status;

	if (is_matrix(op)) {
		status = xnn_create_fully_connected_nc_f32(op->channels, op->kernels, op->channels,
							   op->kernels, real_b, bias, 0, 6, 0, NULL,
							   NULL, made);
		if (status == xnn_status_success)
			status = xnn_reshape_fully_connected_nc_f32(*made, op->size, NULL);
		if (status == xnn_status_success)
			status = xnn_setup_fully_connected_nc_f32(*made, real_a, real_out);
	} else {
		status = xnn_create_convolution2d_nhwc_f32(
			pad, pad, pad, pad, op->kernel, op->kernel, 1, 1, 1, 1, op->groups,
			op->channels / op->groups, op->kernels / op->groups, op->channels,
			op->kernels, real_b, bias, 0, 6, 0, NULL, NULL, made);
		if (status == xnn_status_success)
			status = xnn_reshape_convolution2d_nhwc_f32(*made, 1, op->size, op->size,
								    &workspace, &alignment, &height,
								    &width, NULL);
		if (status == xnn_status_success)
			status = xnn_setup_convolution2d_nhwc_f32(
				*made, workspace ? allocate(workspace) : NULL, real_a, real_out);
	}
	free(bias);

	return status;
}

static void run_binary(void *ctx)
{
	f32_kernels_best()->binary[*(const int *)ctx](real_a, 1, real_b, 1, ELEMENTS, real_out);
}

static const char *binary_ours(const struct operator *op)
{
	int which = op->which;

	twice(run_binary, &which);

	return f32_kernels_best()->name;
}

static enum xnn_status binary_theirs(const struct operator *op, xnn_operator_t *made)
{
	return binary(op->which == F32_ADD ? xnn_binary_add : op->which == F32_MUL ?
		      xnn_binary_multiply : xnn_binary_maximum, xnn_datatype_fp32, real_a, real_b,
		      real_out, made);
}

static void run_map(void *ctx)
{
	f32_kernels_best()->map[*(const int *)ctx](real_a, ELEMENTS, real_out);
}

static const char *map_ours(const struct operator *op)
{
	int which = op->which;

	twice(run_map, &which);

	return f32_kernels_best()->name;
}

static enum xnn_status map_theirs(const struct operator *op, xnn_operator_t *made)
{
	static const enum xnn_unary_operator kinds[] = {
		[F32_EXP] = xnn_unary_exp, [F32_LOGISTIC] = xnn_unary_sigmoid,
		[F32_TANH] = xnn_unary_tanh, [F32_HARD_SWISH] = xnn_unary_hardswish,
	};

	return unary_theirs(kinds[op->which], xnn_datatype_fp32, xnn_datatype_fp32, real_a, real_out,
			    made);
}

static void run_softmax(void *ctx)
{
	(void)ctx;
	f32_kernels_best()->softmax(real_a, CLASSES, 1.0f, real_out);
}

static const char *softmax_ours(const struct operator *op)
{
	(void)op;
	twice(run_softmax, NULL);

	return f32_kernels_best()->name;
}

static enum xnn_status softmax_theirs(const struct operator *op, xnn_operator_t *made)
{
	enum xnn_status status = xnn_create_softmax_nc_f32(0, made);

	(void)op;
	if (status == xnn_status_success)
		status = xnn_reshape_softmax_nc_f32(*made, CLASSES, CLASSES, CLASSES, 1, NULL);
	if (status == xnn_status_success)
		status = xnn_setup_softmax_nc_f32(*made, real_a, real_out);

	return status;
}

static const struct operator operators[] = {
	{ .name = "s8_add", .count = ELEMENTS, .unit = "element",
	  .ours = pair_ours, .theirs = pair_theirs,
	  .which = S8_PAIR_SUM },
	{ .name = "s8_mul", .count = ELEMENTS, .unit = "element",
	  .ours = pair_ours, .theirs = pair_theirs,
	  .which = S8_PAIR_PRODUCT },
	{ .name = "s8_table", .count = ELEMENTS, .unit = "element",
	  .ours = table_ours, .theirs = table_theirs },
	{ .name = "s8_maxpool3x3s2_56x56x64", .count = 27 * 27 * 64, .unit = "element",
	  .ours = pool_ours, .theirs = pool_theirs,
	  .size = 56, .channels = 64 },
	{ .name = "s8_deconv2x2s2_28x28x64x32", .count = 28.0 * 28 * 64 * 32 * 4, .unit = "mac",
	  .ours = deconv_ours, .theirs = deconv_theirs,
	  .size = 28, .channels = 64, .kernels = 32, .kernel = 2, .stride = 2, .groups = 1 },
	{ .name = "f32_gemm_96x96x512", .count = 96.0 * 96 * 512, .unit = "mac",
	  .ours = conv_ours, .theirs = conv_theirs,
	  .size = 96, .channels = 512, .kernels = 96, .kernel = 1, .groups = 1 },
	{ .name = "f32_conv3x3_28x28x64x64", .count = 28.0 * 28 * 64 * 64 * 9, .unit = "mac",
	  .ours = conv_ours, .theirs = conv_theirs,
	  .size = 28, .channels = 64, .kernels = 64, .kernel = 3, .groups = 1 },
	{ .name = "f32_dwconv3x3_28x28x64", .count = 28.0 * 28 * 64 * 9, .unit = "mac",
	  .ours = conv_ours, .theirs = conv_theirs,
	  .size = 28, .channels = 64, .kernels = 64, .kernel = 3, .groups = 64 },
	{ .name = "f32_fc_1024x1000", .count = 1024.0 * 1000, .unit = "mac",
	  .ours = conv_ours, .theirs = conv_theirs,
	  .size = 1, .channels = 1024, .kernels = 1000, .kernel = 1, .groups = 1 },
	{ .name = "f32_add", .count = ELEMENTS, .unit = "element",
	  .ours = binary_ours, .theirs = binary_theirs,
	  .which = F32_ADD },
	{ .name = "f32_mul", .count = ELEMENTS, .unit = "element",
	  .ours = binary_ours, .theirs = binary_theirs,
	  .which = F32_MUL },
	{ .name = "f32_max", .count = ELEMENTS, .unit = "element",
	  .ours = binary_ours, .theirs = binary_theirs,
	  .which = F32_MAX },
	{ .name = "f32_logistic", .count = ELEMENTS, .unit = "element",
	  .ours = map_ours, .theirs = map_theirs,
	  .which = F32_LOGISTIC },
	{ .name = "f32_tanh", .count = ELEMENTS, .unit = "element",
	  .ours = map_ours, .theirs = map_theirs,
	  .which = F32_TANH },
	{ .name = "f32_exp", .count = ELEMENTS, .unit = "element",
	  .ours = map_ours, .theirs = map_theirs,
	  .which = F32_EXP },
	{ .name = "f32_hard_swish", .count = ELEMENTS, .unit = "element",
	  .ours = map_ours, .theirs = map_theirs,
	  .which = F32_HARD_SWISH },
	{ .name = "f32_softmax_1000", .count = CLASSES, .unit = "element",
	  .ours = softmax_ours, .theirs = softmax_theirs },
};

int main(int argc, char **argv)
{
	return run_operators(argc, argv, operators, sizeof(operators) / sizeof(operators[0]));
}
