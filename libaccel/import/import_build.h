/* SPDX-License-Identifier: MIT */
/*
 * What both importers use to put a graph together.
 *
 * build_*() return a tensor's number or a negative errno. Operations on
 * constants are computed at once, so that what a later operation needs as a
 * constant (shapes, axes, weights in another order) is one.
 */
#ifndef ACCEL_IMPORT_BUILD_H
#define ACCEL_IMPORT_BUILD_H

#include "libaccel/graph/graph.h"

/**
 * build_op() - append an operation
 * @output: an existing tensor, or GRAPH_NONE to make one of the first input's
 *          type
 * @params: NULL: zero
 *
 * The output gets the shape that follows from the inputs; for kinds whose
 * output's shape is a parameter it must be set before.
 */
int build_op(struct graph *graph, enum graph_kind kind, const char *name, uint32_t num_inputs,
	     const uint32_t *inputs, uint32_t output, const union graph_params *params);

/* The same with a fused clamp. */
int build_op_act(struct graph *graph, enum graph_kind kind, const char *name,
		 uint32_t num_inputs, const uint32_t *inputs, uint32_t output,
		 const union graph_params *params, float act_min, float act_max);

/* One input, no parameters. */
int build_unary(struct graph *graph, enum graph_kind kind, uint32_t input, uint32_t output);

int build_reshape(struct graph *graph, uint32_t input, uint32_t output, uint32_t rank,
		  const uint32_t *dims);
int build_transpose(struct graph *graph, uint32_t input, uint32_t output, const uint32_t *order);
int build_slice(struct graph *graph, uint32_t input, uint32_t output, const int32_t *start,
		const int32_t *step, const uint32_t *size);

/* Give a tensor another shape. */
int build_set_shape(struct graph *graph, uint32_t tensor, uint32_t rank, const uint32_t *dims);

/**
 * build_integers() - a constant's values
 * @what: for the error text
 * @most: room in @values
 *
 * Return: their number; -ENOTSUP: not a constant; -EINVAL: no integers or too
 * many.
 */
int build_integers(const struct graph *graph, uint32_t tensor, const char *what, uint32_t most,
		   int64_t *values);

/* Bring an axis counted from the end into range. Return: 0 or -EINVAL. */
int build_axis(int64_t axis, uint32_t rank, uint32_t *out);

/**
 * build_slice_range() - a range in the manner of NumPy, cut to the dimension
 * @dim: its size
 *
 * Return: 0 or -EINVAL for a step of 0 or a range without elements.
 */
int build_slice_range(int64_t begin, int64_t end, int64_t step, uint32_t dim, int32_t *start,
		      int32_t *by, uint32_t *size);

/* Padding before a window so that the output has ceil(in / stride) positions. */
void build_same_padding(uint32_t in, uint32_t kernel, uint32_t dilation, uint32_t stride,
			uint32_t *before, uint32_t *after);

/* All quantised uint8 tensors become int8; inputs and outputs are converted. */
int build_unsigned_to_signed(struct graph *graph);

#endif /* ACCEL_IMPORT_BUILD_H */
