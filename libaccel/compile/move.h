/* SPDX-License-Identifier: MIT */
/*
 * Parts of cubes as cubes, and data that changes its place on the NPU.
 */
#ifndef ACCEL_MOVE_H
#define ACCEL_MOVE_H

#include "lower.h"

#define MOVE_NOTHING	UINT32_MAX

/**
 * struct move - channels of one cube become channels of another
 * @in: tensor that @from belongs to, for its scale
 * @out: tensor that @to belongs to
 * @from: what is read
 * @to: what is written; as high as @from, as wide if @stride is 1
 * @from_buffer: that @from lies in
 * @to_buffer: that @to lies in
 * @channel: for each channel of @to the one of @from, or MOVE_NOTHING: the
 *           zero point of @out
 * @stride: columns of @from from one to the next
 * @join: the first surface of @to holds channels already, and the zero point
 *        where this adds some
 */
struct move {
	uint32_t in, out;
	struct npu_cube from, to;
	uint32_t from_buffer, to_buffer;
	const uint32_t *channel;
	uint32_t stride;
	bool join;
};

/**
 * move_channels() - append the convolutions with ones that do it
 * @index: operation of the graph that this is a part of
 *
 * Exact: a value of an equal scale stays what it was.
 *
 * Return: NULL, or in words why the NPU cannot do it.
 */
const char *move_channels(struct lower *lower, const struct move *move, uint32_t index);

/* The part of a cube that begins at (@x, @y, @c), a multiple of the atom. */
struct npu_cube move_part(const struct npu_cube *cube, uint32_t x, uint32_t y, uint32_t c,
			  uint32_t width, uint32_t height, uint32_t channels);

/* Have tensors that become parts of a concatenation computed in place. */
void lower_prepare_concat(struct lower *lower);

/* Copy @in's cube, with @out's scale, to @to, which is as large. */
const char *move_copy(struct lower *lower, uint32_t in, uint32_t out, const struct npu_cube *to,
		      uint32_t to_buffer);

#endif /* ACCEL_MOVE_H */
