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

	/* x > low ? x : low, then the same above: the zeros' signs are those of C. */
	.macro	clamp4 x, to
	fcmgt	v6.4s, v\x\().4s, v4.4s
	bsl	v6.16b, v\x\().16b, v4.16b
	fcmgt	v\to\().4s, v5.4s, v6.4s
	bsl	v\to\().16b, v6.16b, v5.16b
	.endm

	.macro	clamp_row16 a, b, c, d, row
	clamp4	\a, 0
	clamp4	\b, 1
	clamp4	\c, 2
	clamp4	\d, 3
	stp	q0, q1, [\row]
	stp	q2, q3, [\row, #32]
	.endm

	/* void accel_f32_igemm_6x16__neonfma(const struct accel_igemm *) */
	igemm_6x16c4 accel_f32_igemm_6x16__neonfma, fmla, 4s, s, clamp_row16, 4

	/* void accel_f32_igemm_1x16__neonfma(const struct accel_igemm *) */
	igemm_1x16c4 accel_f32_igemm_1x16__neonfma, fmla, 4s, s, clamp_row16, 4, 0

	.section .note.GNU-stack, "", %progbits
