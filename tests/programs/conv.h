/* SPDX-License-Identifier: MIT */
/*
 * One INT8 convolution with bias, requantisation and ReLU as a register
 * program, and the same as nested loops.
 */
#ifndef TESTS_PROGRAMS_CONV_H
#define TESTS_PROGRAMS_CONV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "builder.h"

/**
 * struct conv_shape - what is convolved with what
 * @width: input columns
 * @height: input lines
 * @channels: input channels
 * @kernels: output channels
 * @kernel_width: columns of a kernel
 * @kernel_height: lines of a kernel
 * @stride: in both directions
 * @pad: zeros on all four sides
 * @bias_shift: left shift of the 16-bit bias
 * @offset: output converter: subtracted
 * @scale: output converter: then multiplied by
 * @shift: output converter: then shifted right, to nearest, halves away from 0
 *
 * (width + 2 pad - kernel_width) must be a multiple of the stride, likewise
 * the height.
 */
struct conv_shape {
	unsigned int width, height, channels, kernels;
	unsigned int kernel_width, kernel_height, stride, pad;
	unsigned int bias_shift;
	int32_t offset;
	int16_t scale;
	unsigned int shift;
};

/* The slots that conv_append() refers to. */
struct conv_slots {
	uint32_t input, weights, bias, output;
};

/* Bytes that each slot needs, whole atoms. */
struct conv_sizes {
	size_t input, weights, bias, output;
};

unsigned int conv_out_width(const struct conv_shape *shape);
unsigned int conv_out_height(const struct conv_shape *shape);
void conv_sizes(const struct nvdla_config *config, const struct conv_shape *shape,
		struct conv_sizes *sizes);

/* Does all of it fit into the convolution buffer at once? */
bool conv_fits(const struct nvdla_config *config, const struct conv_shape *shape);

/* Append the operation; returns its index. */
uint32_t conv_append(struct builder *builder, const struct conv_shape *shape,
		     const struct conv_slots *slots);

/**
 * struct conv_data - tensors of one convolution, plain order
 * @input: [channel][line][column]
 * @weights: [kernel][channel][line][column]
 * @bias: [kernel]
 * @output: [kernel][line][column]: what must come out
 */
struct conv_data {
	int8_t *input;
	int8_t *weights;
	int16_t *bias;
	int8_t *output;
};

/* Random tensors of a seed, and the result by nested loops. */
void conv_data_init(struct conv_data *data, const struct conv_shape *shape, uint32_t seed);
void conv_data_fini(struct conv_data *data);

/* From plain order to the hardware's; the destinations have conv_sizes(). */
void conv_pack_input(const struct nvdla_config *config, const struct conv_shape *shape,
		     const struct conv_data *data, void *dst);
void conv_pack_weights(const struct nvdla_config *config, const struct conv_shape *shape,
		       const struct conv_data *data, void *dst);
void conv_pack_bias(const struct nvdla_config *config, const struct conv_shape *shape,
		    const struct conv_data *data, void *dst);

/* Compare what the hardware wrote; returns the number of wrong elements. */
size_t conv_check(const struct nvdla_config *config, const struct conv_shape *shape,
		  const struct conv_data *data, const void *output);

#endif /* TESTS_PROGRAMS_CONV_H */
