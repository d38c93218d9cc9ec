/* SPDX-License-Identifier: MIT */
/*
 * Microkernels of the depthwise convolution: 16 channels of one or more pixels.
 */
#ifndef ACCEL_CPU_DWCONV_BLOCK_H
#define ACCEL_CPU_DWCONV_BLOCK_H

#include "conv_operator.h"

#define DW_BLOCK	16

static inline size_t dw_block_bytes(size_t taps)
{
	return DW_BLOCK * (taps + 2 * sizeof(int32_t));
}

/**
 * struct dw_block - arguments
 * @conv: the operator
 * @packed: weights of the block
 * @lines: per line of the kernel: [pixels][DW_BLOCK], padding included
 * @out: INT8 output of the first pixel
 */
struct dw_block {
	const struct accel_conv *conv;
	const int8_t *packed;
	const int8_t *const *lines;
	int8_t *out;
};

/* Sums with bias of output pixel @x. */
void dw_block_sums(const struct dw_block *args, size_t x, int32_t *sums);

/* Pixels from the first on to INT8; returns how many of @count were computed. */
typedef uint32_t dw_span_fn(const struct dw_block *args, uint32_t count);

/* The span kernel for this operator, or NULL where dw_block_sums() has to serve. */
dw_span_fn *dw_span_find(const struct accel_conv *conv);

#endif /* ACCEL_CPU_DWCONV_BLOCK_H */
