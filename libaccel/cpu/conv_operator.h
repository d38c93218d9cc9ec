/* SPDX-License-Identifier: MIT */
/*
 * Inside of conv.c and dwconv.c: an operator of either kind.
 */
#ifndef ACCEL_CPU_CONV_OPERATOR_H
#define ACCEL_CPU_CONV_OPERATOR_H

#include "conv.h"
#include "igemm.h"

/**
 * struct accel_conv - a convolution, checked and packed
 * @shape: dimensions, strides filled in
 * @requant: copies of the caller's parameters
 * @fused: the kernels' requantisation is exact
 * @sums: where 32-bit sums go instead, or NULL
 * @packed: weights as the kernel wants them
 * @padding: an atom of padding, and 16 bytes
 * @ops: what differs between the kinds
 */
struct accel_conv {
	struct accel_conv_shape shape;
	struct accel_requant requant;
	bool fused;
	accel_conv_sums_fn *sums;
	int8_t *packed;
	int8_t *padding;
	const struct accel_conv_ops *ops;

	/* Matrix product: conv.c. */
	const struct accel_igemm_kernel *kernel;
	size_t taps, kc;		/* per row of the product */
	size_t group_packed;		/* bytes of packed weights per group */
	ptrdiff_t *rows;		/* [tile][tap][MR] offsets; NULL when gathered */

	/* Depthwise: dwconv.c. */
	enum accel_isa isa;
	bool full;			/* a weight is -128 */
};

/* Arguments of accel_conv_run(), on their way down. */
struct accel_conv_call {
	const struct accel_conv *conv;
	const int8_t *in;
	int8_t *out;
	void *ctx;
};

struct accel_conv_ops {
	const char *(*name)(const struct accel_conv *conv);
	size_t (*tiles)(const struct accel_conv *conv);
	size_t (*scratch)(const struct accel_conv *conv);
	void (*run)(const struct accel_conv_call *call, size_t first, size_t end, void *scratch);
};

/* Pack a depthwise convolution; called by accel_conv_new(). */
int accel_dwconv_init(struct accel_conv *conv, const int8_t *weights);

static inline size_t accel_layout_offset(const struct accel_layout *layout, size_t y, size_t x,
					 size_t channel)
{
	return channel / layout->atom * layout->surface + y * layout->line + x * layout->atom +
	       channel % layout->atom;
}

/* Copy @count channels of a pixel, from @channel on. */
void accel_layout_copy(const struct accel_layout *layout, const int8_t *from, size_t y, size_t x,
		       size_t channel, size_t count, int8_t *to);

/* Copy @count channels of one pixel to the output. */
void accel_conv_copy_out(const struct accel_conv *conv, int8_t *out, size_t pixel, size_t channel,
			 size_t count, const int8_t *from);

#endif /* ACCEL_CPU_CONV_OPERATOR_H */
