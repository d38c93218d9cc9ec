/* SPDX-License-Identifier: MIT */
/*
 * Pictures as tensors.
 */
#ifndef ACCEL_RUN_PICTURE_H
#define ACCEL_RUN_PICTURE_H

#include <accel/model.h>

#include "libaccel/graph/graph.h"

/**
 * picture_fill() - a picture in a tensor's shape, as reals
 * @tensor: [1, height, width, 1 or 3] or else [1, 1 or 3, height, width], of
 *          any type
 * @fit: NULL: stretched, and reals from -1 to 1
 * @out: height * width * channels reals in the tensor's order
 *
 * Return: 0; -EINVAL the tensor is no picture.
 */
int picture_fill(const struct graph_tensor *tensor, const struct accel_image *image,
		 const struct accel_image_fit *fit, float *out);

/**
 * picture_from_yuv() - the RGB picture of a YUV one
 * @image: receives it; the caller frees its pixels, which are NULL on errors
 */
int picture_from_yuv(const struct accel_yuv *yuv, struct accel_image *image);

/**
 * picture_direct() - a picture straight into an INT8 input of its size
 *
 * Where every channel has the same mean and scale, an input is a function of
 * one byte; the results are those of picture_fill() and picture_store().
 *
 * Return: whether it was done.
 */
bool picture_direct(const struct graph_tensor *tensor, const struct accel_image *image,
		    const struct accel_image_fit *fit, int8_t *out);

/* Reals into a tensor's own type and scale; @data has room for it. */
int picture_store(const struct graph_tensor *tensor, const float *reals, void *data);

#endif /* ACCEL_RUN_PICTURE_H */
