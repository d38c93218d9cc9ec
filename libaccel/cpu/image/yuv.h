/* SPDX-License-Identifier: MIT */
/*
 * Pictures of cameras and video decoders to RGB.
 */
#ifndef ACCEL_CPU_YUV_H
#define ACCEL_CPU_YUV_H

#include <stddef.h>
#include <stdint.h>

#include "libaccel/cpu/isa.h"

/**
 * yuv_line_fn - a line of 4:2:0 to RGB
 * @y: [width] brightness, 16 to 235
 * @u: [(width + 1) / 2] blue difference, @step bytes apart
 * @v: likewise red difference
 * @step: 1: planes of their own (I420); 2: interleaved (NV12, NV21)
 * @rgb: [width][3]
 *
 * ITU-R BT.601 with 8 bits behind the point, rounded to nearest, saturated:
 *	R = 298 (Y - 16) + 409 (V - 128)
 *	G = 298 (Y - 16) - 100 (U - 128) - 208 (V - 128)
 *	B = 298 (Y - 16) + 516 (U - 128)
 */
typedef void yuv_line_fn(const uint8_t *y, const uint8_t *u, const uint8_t *v, size_t step,
			 size_t width, uint8_t *rgb);

yuv_line_fn yuv_line__portable;
yuv_line_fn yuv_line_16x__neon;

yuv_line_fn *yuv_line_select(enum accel_isa isa);

#endif /* ACCEL_CPU_YUV_H */
