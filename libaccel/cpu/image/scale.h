/* SPDX-License-Identifier: MIT */
/*
 * Pictures of bytes to another size, as floats.
 */
#ifndef ACCEL_CPU_SCALE_H
#define ACCEL_CPU_SCALE_H

#include <stddef.h>
#include <stdint.h>

#include "libaccel/cpu/f32/f32_kernels.h"

struct image_scale;

/**
 * image_scale_new() - find out what each pixel is made of
 * @kernels: for the instruction set
 * @width: of the picture, likewise @height
 * @channels: 1 or 3
 * @to_width: of the result, likewise @to_height
 * @out: receives it; free with image_scale_free()
 *
 * Triangle filter, as wide as the larger of an input and an output pixel:
 * bilinear where it enlarges, averages where it shrinks. A result is the sum
 * over its columns of the sums over its lines, all in order, each product
 * added with one rounding.
 *
 * Return: 0; -EINVAL with accel_error_text() for sizes of 0 or other channels;
 * -ENOMEM.
 */
int image_scale_new(const struct f32_kernels *kernels, uint32_t width, uint32_t height,
		    uint32_t channels, uint32_t to_width, uint32_t to_height,
		    struct image_scale **out);
void image_scale_free(struct image_scale *scale);

/* Bytes of working memory that image_scale_line() needs. */
size_t image_scale_scratch(const struct image_scale *scale);

/**
 * image_scale_line() - one line of the result
 * @pixels: the picture, lines @stride bytes apart
 * @y: which line
 * @scratch: image_scale_scratch() bytes, 16-byte aligned, of this thread alone
 * @out: [to_width][channels]
 */
void image_scale_line(const struct image_scale *scale, const uint8_t *pixels, size_t stride,
		      uint32_t y, void *scratch, float *out);

#endif /* ACCEL_CPU_SCALE_H */
