/* SPDX-License-Identifier: MIT */
/*
 * INT8 convolution with zero points and TFLite's requantisation, NHWC: plain,
 * grouped, depthwise, transposed; matrix products as the case of one line and
 * a kernel of one pixel. The sums are those of conv.h's kernels.
 */
#ifndef ACCEL_CPU_S8_CONV_H
#define ACCEL_CPU_S8_CONV_H

#include "libaccel/cpu/conv.h"
#include "s8_requant.h"

struct s8_conv;

/**
 * s8_conv_new() - make a convolution
 * @isa: instruction set to use, at most accel_isa_detect()
 * @shape: as accel_conv_new() takes it, dense NHWC; @pad_value is the input's
 *         zero point. Transposed: strides and dilations are the output's, and
 *         @pad_top and @pad_left outputs that are dropped
 * @transposed: y[iy * stride - pad + ky * dilation] += x[iy] * w[ky]
 * @weights: [out_channels][kernel_height][kernel_width][in_channels / groups],
 *           zero point 0, copied
 * @bias: [out_channels]; NULL: 0
 * @requant: per-channel parameters, copied
 * @out: receives the operator; free with s8_conv_free()
 *
 * Return: 0; -EINVAL with accel_error_text() for impossible dimensions, or for
 * sums that 32 bits may not hold; -ENOMEM.
 */
int s8_conv_new(enum accel_isa isa, const struct accel_conv_shape *shape, bool transposed,
		const int8_t *weights, const int32_t *bias, const struct s8_requant *requant,
		struct s8_conv **out);
void s8_conv_free(struct s8_conv *conv);

/**
 * s8_conv_run() - compute
 * @in: [batch][in_height][in_width][in_channels]
 * @out: [batch][out_height][out_width][out_channels]
 *
 * Uses the pool's threads. The operator itself does not change: any number of
 * threads may run it.
 *
 * Return: 0 or -ENOMEM.
 */
int s8_conv_run(const struct s8_conv *conv, size_t batch, const int8_t *in, int8_t *out);

#endif /* ACCEL_CPU_S8_CONV_H */
