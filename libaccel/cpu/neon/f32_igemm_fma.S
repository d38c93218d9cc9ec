/* SPDX-License-Identifier: MIT */
/*
 * FP32 GEMM microkernels with FMLA, baseline NEON: 6x16 and 1x16. A sum begins
 * with the bias and takes its products in the order of K, each with one
 * rounding, whatever the tile: f32/f32_template.inc computes the same.
 */
#include "igemm_16c4.inc"

	/* The bounds in v4 and v5. */
	.macro	clamp_row16_load
	add	x8, x0, #ARG_LOW
	ld1r	{v4.4s}, [x8], #4
	ld1r	{v5.4s}, [x8]
	add	x2, x2, #64
	.endm

	/* NaN becomes the lower bound, as with C's comparisons. */
	.macro	clamp4 x
	fmaxnm	v\x\().4s, v\x\().4s, v4.4s
	fminnm	v\x\().4s, v\x\().4s, v5.4s
	.endm

	.macro	clamp_row16 a, b, c, d, row
	clamp4	\a
	clamp4	\b
	clamp4	\c
	clamp4	\d
	stp	q\a, q\b, [\row]
	stp	q\c, q\d, [\row, #32]
	.endm

	/* void accel_f32_igemm_6x16__neonfma(const struct accel_igemm *) */
	igemm_6x16c4 accel_f32_igemm_6x16__neonfma, fmla, 4s, s, clamp_row16, 4

	/* void accel_f32_igemm_1x16__neonfma(const struct accel_igemm *) */
	igemm_1x16c4 accel_f32_igemm_1x16__neonfma, fmla, 4s, s, clamp_row16, 4, 0

	.section .note.GNU-stack, "", %progbits
