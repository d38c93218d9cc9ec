/* SPDX-License-Identifier: MIT */
/*
 * FP32 convolution on the CPU in NHWC: plain, grouped, depthwise, transposed,
 * and matrix products as the case of one line and a kernel of one pixel.
 *
 * A sum begins with its bias and takes its products line by line of the
 * kernel, column by column, channel by channel, each with one rounding.
 * Padding takes part as zeros, but not at all in a depthwise convolution.
 * Transposed convolutions go through the kernel in the input's order.
 */
#ifndef ACCEL_CPU_F32_CONV_H
#define ACCEL_CPU_F32_CONV_H

#include "f32_kernels.h"

/**
 * struct f32_conv_shape - dimensions of a convolution
 * @in_height: lines of the input, likewise @in_width, @in_channels
 * @out_height: lines of the output, likewise @out_width, @out_channels
 * @kernel_height: lines of a kernel, likewise @kernel_width
 * @stride_y: input lines per output line, likewise @stride_x; transposed:
 *            output lines per input line
 * @dilation_y: lines of the input (transposed: output) per line of a kernel,
 *              likewise @dilation_x
 * @pad_top: padding lines above, likewise @pad_left; transposed: lines of the
 *           output that are dropped
 * @groups: groups; divides input and output channels
 * @transposed: y[iy * stride - pad + ky * dilation] += x[iy] * w[ky]
 * @clamp: whether the output is bounded by @low and @high
 */
struct f32_conv_shape {
	uint32_t in_height, in_width, in_channels;
	uint32_t out_height, out_width, out_channels;
	uint32_t kernel_height, kernel_width;
	uint32_t stride_y, stride_x;
	uint32_t dilation_y, dilation_x;
	uint32_t pad_top, pad_left;
	uint32_t groups;
	bool transposed, clamp;
	float low, high;
};

struct f32_conv;

/**
 * f32_conv_new() - make a convolution
 * @kernels: for the instruction set
 * @weights: [out_channels][kernel_height][kernel_width][in_channels / groups], copied
 * @bias: [out_channels], copied; NULL: 0
 * @out: receives the operator; free with f32_conv_free()
 *
 * Return: 0; -EINVAL with accel_error_text() for impossible dimensions; -ENOMEM.
 */
int f32_conv_new(const struct f32_kernels *kernels, const struct f32_conv_shape *shape,
		 const float *weights, const float *bias, struct f32_conv **out);
void f32_conv_free(struct f32_conv *conv);

/**
 * f32_conv_run() - compute
 * @in: [batch][in_height][in_width][in_channels]
 * @out: [batch][out_height][out_width][out_channels]
 *
 * Uses the pool's threads. The operator itself does not change: any number of
 * threads may run it.
 *
 * Return: 0 or -ENOMEM.
 */
int f32_conv_run(const struct f32_conv *conv, size_t batch, const float *in, float *out);

#endif /* ACCEL_CPU_F32_CONV_H */
