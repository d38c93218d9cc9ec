/* SPDX-License-Identifier: MIT */
/*
 * INT8 convolution on the CPU: plain, grouped, depthwise, and fully connected
 * as the case of one pixel; in NHWC or in NVDLA's feature format.
 *
 * An operator is made once (weights packed, everything checked) and run many
 * times; work is divided into tiles so that threads can share a run.
 */
#ifndef ACCEL_CPU_CONV_H
#define ACCEL_CPU_CONV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "isa.h"
#include "requant.h"

/**
 * struct accel_layout - where the elements of a tensor lie
 * @atom: channels that lie together; pixels of a line are @atom bytes apart
 * @line: bytes from line to line
 * @surface: bytes from one atom of channels to the next
 *
 * Element (c, y, x) is at (c / atom) * surface + y * line + x * atom + c % atom.
 * NHWC is the case of one atom that holds all channels. An atom is complete in
 * memory even where the tensor's channels end inside it.
 */
struct accel_layout {
	uint32_t atom;
	size_t line;
	size_t surface;
};

/**
 * struct accel_conv_shape - dimensions of a convolution
 * @in_height: lines of the input, likewise @in_width
 * @in_width: pixels per input line
 * @in_channels: all groups together
 * @out_height: lines of the output; with the rest it implies the bottom padding
 * @out_width: pixels per output line; implies the right padding
 * @out_channels: all groups together
 * @kernel_height: lines of a kernel
 * @kernel_width: pixels per kernel line
 * @stride_y: input lines per output line
 * @stride_x: input pixels per output pixel
 * @dilation_y: input lines per kernel line
 * @dilation_x: input pixels per kernel pixel
 * @pad_top: padding lines above; less than 0: lines that are left out
 * @pad_left: padding pixels to the left; less than 0: pixels left out
 * @loose: outputs may lie outside the input, in the padding alone
 * @groups: groups; @in_channels of them is a depthwise convolution
 * @in: layout of the input; atom 0: dense NHWC
 * @out: layout of the output; atom 0: dense NHWC
 * @pad_value: what padding reads as: the input's zero point
 */
struct accel_conv_shape {
	uint32_t in_height, in_width, in_channels;
	uint32_t out_height, out_width, out_channels;
	uint32_t kernel_height, kernel_width;
	uint32_t stride_y, stride_x;
	uint32_t dilation_y, dilation_x;
	int32_t pad_top, pad_left;
	bool loose;
	uint32_t groups;
	struct accel_layout in, out;
	int8_t pad_value;
};

/**
 * typedef accel_conv_sums_fn - takes a tile of 32-bit sums
 * @ctx: as given to accel_conv_run()
 * @pixel: first output pixel (y * width + x) of the tile; rows are pixels
 * @channel: first output channel; columns are channels
 * @acc: [rows][columns] sums with bias, @stride elements per row
 *
 * For operations behind a convolution that are more than a requantisation.
 * May be called from several threads for different tiles.
 */
typedef void accel_conv_sums_fn(void *ctx, size_t pixel, size_t channel, size_t rows,
				size_t columns, const int32_t *acc, size_t stride);

struct accel_conv;

/**
 * accel_conv_new() - make a convolution
 * @isa: instruction set to use, at most accel_isa_detect()
 * @shape: dimensions
 * @weights: [out_channels][kernel_height][kernel_width][in_channels / groups],
 *           INT8, copied
 * @requant: per-channel parameters of the output, copied; with @sums only the
 *           biases are used
 * @sums: NULL: store INT8 outputs; otherwise hand over 32-bit sums
 * @out: receives the operator; free with accel_conv_free()
 *
 * Return: 0; -EINVAL with accel_error_text() for impossible dimensions, or for
 * sums that 32 bits may not hold; -ENOMEM.
 */
int accel_conv_new(enum accel_isa isa, const struct accel_conv_shape *shape,
		   const int8_t *weights, const struct accel_requant *requant,
		   accel_conv_sums_fn *sums, struct accel_conv **out);

void accel_conv_free(struct accel_conv *conv);

/* Number of tiles that a run can be divided into. */
size_t accel_conv_tiles(const struct accel_conv *conv);

/* Bytes of working memory each thread needs in accel_conv_run(). */
size_t accel_conv_scratch(const struct accel_conv *conv);

/**
 * accel_conv_run() - compute some tiles
 * @in: the input
 * @out: the output, NULL when sums are handed over
 * @ctx: for the operator's accel_conv_sums_fn
 * @first: first tile
 * @end: tile behind the last
 * @scratch: accel_conv_scratch() bytes, 16-byte aligned, of this thread alone
 *
 * The operator itself does not change: any number of threads may run it, on
 * the same or on different tensors.
 */
void accel_conv_run(const struct accel_conv *conv, const int8_t *in, int8_t *out, void *ctx,
		    size_t first, size_t end, void *scratch);

/* Name of the microkernel in use, for reports. */
const char *accel_conv_kernel(const struct accel_conv *conv);

#endif /* ACCEL_CPU_CONV_H */
