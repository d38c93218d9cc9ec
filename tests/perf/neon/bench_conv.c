// SPDX-License-Identifier: MIT
/*
 * One INT8 operator at a time, by this library's kernels or by XNNPACK's, with
 * marks for the instruction counter around one run. Prints one line per
 * operator: name, multiply-accumulates, unit, kernel.
 *
 * Both sides requantise per channel, read NHWC, have everything set up and
 * packed beforehand, and run on one thread.
 *
 * usage: bench_conv ours|xnnpack
 */
#include <stdbool.h>

#include <xnnpack.h>

#include "bench.h"
#include "libaccel/cpu/conv.h"

struct layer {
	const char *name;
	uint32_t height, width, channels, kernels, size, stride, groups;
};

static const struct layer layers[] = {
	{ "gemm_96x96x512", 1, 96, 512, 96, 1, 1, 1 },
	{ "conv1x1_28x28x128x128", 28, 28, 128, 128, 1, 1, 1 },
	{ "conv3x3_56x56x64x64", 56, 56, 64, 64, 3, 1, 1 },
	{ "conv3x3s2_56x56x64x64", 56, 56, 64, 64, 3, 2, 1 },
	{ "dwconv3x3_28x28x64", 28, 28, 64, 64, 3, 1, 64 },
	{ "dwconv3x3s2_112x112x32", 112, 112, 32, 32, 3, 2, 32 },
	{ "dwconv5x5_14x14x256", 14, 14, 256, 256, 5, 1, 256 },
	{ "fc_1024x1000", 1, 1, 1024, 1000, 1, 1, 1 },
};

struct buffers {
	int8_t *in, *out, *weights;
	int32_t *bias;
	int16_t *multiplier;
	float *scale;
	uint32_t out_height, out_width;
};

/* Padding as TFLite's SAME: what is odd goes below and to the right. */
static uint32_t padding(const struct layer *op, uint32_t in)
{
	uint32_t out = (in + op->stride - 1) / op->stride;
	uint32_t need = (out - 1) * op->stride + op->size;

	return need > in ? need - in : 0;
}

static void prepare(const struct layer *op, struct buffers *buffers)
{
	size_t in = (size_t)op->height * op->width * op->channels;
	size_t weights = (size_t)op->kernels * op->size * op->size * op->channels / op->groups;
	size_t i;

	buffers->out_height = (op->height + op->stride - 1) / op->stride;
	buffers->out_width = (op->width + op->stride - 1) / op->stride;
	buffers->in = allocate(in + XNN_EXTRA_BYTES);
	buffers->out = allocate((size_t)buffers->out_height * buffers->out_width * op->kernels);
	buffers->weights = allocate(weights);
	buffers->bias = allocate(op->kernels * sizeof(int32_t));
	buffers->multiplier = allocate(op->kernels * sizeof(int16_t));
	buffers->scale = allocate(op->kernels * sizeof(float));
	for (i = 0; i < in; i++)
		buffers->in[i] = (int8_t)rand();
	for (i = 0; i < weights; i++)
		buffers->weights[i] = (int8_t)(rand() % 255 - 127);
	for (i = 0; i < op->kernels; i++) {
		buffers->bias[i] = rand() % 2000 - 1000;
		buffers->multiplier[i] = (int16_t)(16385 + 2 * (rand() % 4000));
		buffers->scale[i] = (float)buffers->multiplier[i] / (float)(1 << 26);
	}
}

static int run_ours(const struct layer *op, struct buffers *buffers)
{
	struct accel_conv_shape shape = {
		.in_height = op->height, .in_width = op->width, .in_channels = op->channels,
		.out_height = buffers->out_height, .out_width = buffers->out_width,
		.out_channels = op->kernels,
		.kernel_height = op->size, .kernel_width = op->size,
		.stride_y = op->stride, .stride_x = op->stride,
		.dilation_y = 1, .dilation_x = 1,
		.pad_top = (int32_t)padding(op, op->height) / 2,
		.pad_left = (int32_t)padding(op, op->width) / 2,
		.groups = op->groups,
	};
	const struct accel_requant requant = { buffers->bias, buffers->multiplier, 26, 3, -128 };
	int8_t *weights = buffers->weights;
	struct accel_conv *conv;
	void *scratch;
	int round;

	if (accel_conv_new(accel_isa_detect(), &shape, weights, &requant, NULL, &conv))
		return 1;
	scratch = allocate(accel_conv_scratch(conv));
	for (round = 0; round < 2; round++) {
		if (round)
			MARK_START();
		accel_conv_run(conv, buffers->in, buffers->out, NULL, 0, accel_conv_tiles(conv),
			       scratch);
		if (round)
			MARK_END();
	}
	printf("%s", accel_conv_kernel(conv));
	free(scratch);
	accel_conv_free(conv);

	return 0;
}

static int run_xnnpack(const struct layer *op, struct buffers *buffers)
{
	uint32_t vertical = padding(op, op->height), horizontal = padding(op, op->width);
	bool dense = op->size == 1 && op->height == 1;
	size_t workspace = 0, alignment = 0, out_height, out_width;
	xnn_operator_t operator = NULL;
	enum xnn_status status;
	void *work = NULL;
	int round;

	/* SAME padding of a stride that does not fit is the flag's, not the caller's. */
	status = dense ?
		xnn_create_fully_connected_nc_qs8_qc8w(op->channels, op->kernels, op->channels,
						       op->kernels, 0, 1.0f, buffers->scale,
						       buffers->weights, buffers->bias, 3, 1.0f,
						       -128, 127, 0, NULL, NULL, &operator) :
		xnn_create_convolution2d_nhwc_qs8_qc8w(
			vertical / 2, horizontal - horizontal / 2, vertical - vertical / 2,
			horizontal / 2, op->size, op->size, op->stride, op->stride, 1, 1,
			op->groups, op->channels / op->groups, op->kernels / op->groups,
			op->channels, op->kernels, 0, 1.0f, buffers->scale, buffers->weights,
			buffers->bias, 3, 1.0f, -128, 127, 0, NULL, NULL, &operator);
	if (status == xnn_status_success && dense)
		status = xnn_reshape_fully_connected_nc_qs8_qc8w(operator, op->width, NULL);
	else if (status == xnn_status_success)
		status = xnn_reshape_convolution2d_nhwc_qs8_qc8w(operator, 1, op->height,
								 op->width, &workspace,
								 &alignment, &out_height,
								 &out_width, NULL);
	if (workspace)
		work = allocate(workspace);
	if (status == xnn_status_success && dense)
		status = xnn_setup_fully_connected_nc_qs8_qc8w(operator, buffers->in, buffers->out);
	else if (status == xnn_status_success)
		status = xnn_setup_convolution2d_nhwc_qs8_qc8w(operator, work, buffers->in,
							       buffers->out);
	for (round = 0; status == xnn_status_success && round < 2; round++) {
		if (round)
			MARK_START();
		status = xnn_run_operator(operator, NULL);
		if (round)
			MARK_END();
	}
	if (status != xnn_status_success) {
		fprintf(stderr, "bench_conv: XNNPACK status %d\n", status);
		return 1;
	}
	printf("xnnpack");
	xnn_delete_operator(operator);
	free(work);

	return 0;
}

int main(int argc, char **argv)
{
	bool ours = argc == 2 && !strcmp(argv[1], "ours");
	size_t i;

	if (!ours && (argc != 2 || strcmp(argv[1], "xnnpack"))) {
		fputs("usage: bench_conv ours|xnnpack\n", stderr);
		return 2;
	}
	if (!ours && xnn_initialize(NULL) != xnn_status_success) {
		fputs("bench_conv: XNNPACK does not start here\n", stderr);
		return 1;
	}
	for (i = 0; i < sizeof(layers) / sizeof(layers[0]); i++) {
		const struct layer *op = &layers[i];
		struct buffers buffers;

		prepare(op, &buffers);
		printf("%s %llu mac ", op->name,
		       (unsigned long long)buffers.out_height * buffers.out_width * op->kernels *
		       op->size * op->size * (op->channels / op->groups));
		if (ours ? run_ours(op, &buffers) : run_xnnpack(op, &buffers))
			return 1;
		putchar('\n');
	}

	return 0;
}
