/* SPDX-License-Identifier: MIT */
/*
 * INT8 GEMM microkernels with baseline NEON: 2x8 and 1x8.
 *
 * Weights per block of 8 columns: 8 INT32 biases, then for every 16 bytes of K
 * 8 columns x 16 bytes (the last step may be 8 columns x 8 bytes), then 8 INT32
 * multipliers. K per tap is a multiple of 8.
 *
 * Two products of INT8 fit INT16 as long as no weight is -128, so that one
 * pairwise addition serves 16 of them; the kernels named `full` take -128
 * too and pay one addition more. Each accumulator holds four partial sums of
 * one output.
 */
#include "igemm.inc"

	.arch	armv8-a

	/* Columns in v2, v3 against row \a (v0 or v1): products v\p, v\q. */
	.macro	mul_first p, q, a
	smull	v\p\().8h, v2.8b, v\a\().8b
	smull	v\q\().8h, v3.8b, v\a\().8b
	.endm

	.macro	mul_second p, q, a
	smlal2	v\p\().8h, v2.16b, v\a\().16b
	smlal2	v\q\().8h, v3.16b, v\a\().16b
	.endm

	.macro	mul_upper p, q, a
	smull2	v\p\().8h, v2.16b, v\a\().16b
	smull2	v\q\().8h, v3.16b, v\a\().16b
	.endm

	.macro	gather p, q, x, y
	sadalp	v\x\().4s, v\p\().8h
	sadalp	v\y\().4s, v\q\().8h
	.endm

	/* Two columns, 16 bytes of K; accumulators \x, \y of row 0, \z, \w of row 1. */
	.macro	step16 rows, full, x, y, z, w
	ldp	q2, q3, [x2], #32
	mul_first 4, 5, 0
	.if \rows == 2
	mul_first 6, 7, 1
	.endif
	.if \full
	mul_upper 8, 9, 0
	gather	4, 5, \x, \y
	gather	8, 9, \x, \y
	.if \rows == 2
	mul_upper 10, 11, 1
	gather	6, 7, \z, \w
	gather	10, 11, \z, \w
	.endif
	.else
	mul_second 4, 5, 0
	.if \rows == 2
	mul_second 6, 7, 1
	.endif
	gather	4, 5, \x, \y
	.if \rows == 2
	gather	6, 7, \z, \w
	.endif
	.endif
	.endm

	/* Two columns, 8 bytes of K. */
	.macro	step8 rows, x, y, z, w
	ldp	d2, d3, [x2], #16
	mul_first 4, 5, 0
	gather	4, 5, \x, \y
	.if \rows == 2
	mul_first 6, 7, 1
	gather	6, 7, \z, \w
	.endif
	.endm

	/* Sums of four accumulators, one lane each, into v\a. */
	.macro	reduce a, b, c, d
	addp	v\a\().4s, v\a\().4s, v\b\().4s
	addp	v\c\().4s, v\c\().4s, v\d\().4s
	addp	v\a\().4s, v\a\().4s, v\c\().4s
	.endm

	.macro	igemm_mlal rows, full
	igemm_enter
1:
	/* Each bias starts as one of its output's four partial sums. */
	bias2	16, 17
	bias2	18, 19
	bias2	20, 21
	bias2	22, 23
	.if \rows == 2
	sub	x2, x2, #32
	bias2	24, 25
	bias2	26, 27
	bias2	28, 29
	bias2	30, 31
	.endif
	mov	x15, x1
	mov	x16, x5
2:
	.if \rows == 2
	ldp	x9, x10, [x15], #16
	.else
	ldr	x9, [x15], #8
	.endif
	subs	x17, x6, #16
	b.lo	4f
3:
	ldr	q0, [x9], #16
	.if \rows == 2
	ldr	q1, [x10], #16
	.endif
	step16	\rows, \full, 16, 17, 24, 25
	step16	\rows, \full, 18, 19, 26, 27
	step16	\rows, \full, 20, 21, 28, 29
	step16	\rows, \full, 22, 23, 30, 31
	subs	x17, x17, #16
	b.hs	3b
4:
	adds	x17, x17, #16
	b.eq	5f
	ldr	d0, [x9]
	.if \rows == 2
	ldr	d1, [x10]
	.endif
	step8	\rows, 16, 17, 24, 25
	step8	\rows, 18, 19, 26, 27
	step8	\rows, 20, 21, 28, 29
	step8	\rows, 22, 23, 30, 31
5:
	subs	x16, x16, #1
	b.ne	2b

	reduce	16, 17, 18, 19
	reduce	20, 21, 22, 23
	.if \rows == 2
	reduce	24, 25, 26, 27
	reduce	28, 29, 30, 31
	.endif
	add	x9, x3, x4
	ldrb	w8, [x0, #ARG_RAW]
	cbnz	w8, 6f
	ldp	q0, q1, [x2], #32
	requant_load
	requant_row8 16, 20, x3
	.if \rows == 2
	requant_row8 24, 28, x9
	.endif
	add	x3, x3, #8
	subs	x7, x7, #8
	b.hi	1b
	igemm_leave
6:
	stp	q16, q20, [x3], #32
	.if \rows == 2
	stp	q24, q28, [x9]
	.endif
	add	x2, x2, #32
	subs	x7, x7, #8
	b.hi	1b
	igemm_leave
	.endm

	.macro	bias2 a, b
	ldp	s\a, s\b, [x2], #8
	.endm

	.macro	requant_row8 a, b, row
	sqrdmulh v\a\().4s, v\a\().4s, v0.4s
	sqrdmulh v\b\().4s, v\b\().4s, v1.4s
	sqxtn	v\a\().4h, v\a\().4s
	sqxtn2	v\a\().8h, v\b\().4s
	sqadd	v\a\().8h, v\a\().8h, v4.8h
	sqxtn	v\a\().8b, v\a\().8h
	smax	v\a\().8b, v\a\().8b, v5.8b
	str	d\a, [\row]
	.endm

/* void accel_qs8_igemm_2x8c16__neonmlal(const struct accel_igemm *) */
function accel_qs8_igemm_2x8c16__neonmlal
	igemm_mlal 2, 0
end_function accel_qs8_igemm_2x8c16__neonmlal

/* void accel_qs8_igemm_1x8c16__neonmlal(const struct accel_igemm *) */
function accel_qs8_igemm_1x8c16__neonmlal
	igemm_mlal 1, 0
end_function accel_qs8_igemm_1x8c16__neonmlal

/* void accel_qs8_igemm_2x8c16__neonmlal_full(const struct accel_igemm *) */
function accel_qs8_igemm_2x8c16__neonmlal_full
	igemm_mlal 2, 1
end_function accel_qs8_igemm_2x8c16__neonmlal_full

/* void accel_qs8_igemm_1x8c16__neonmlal_full(const struct accel_igemm *) */
function accel_qs8_igemm_1x8c16__neonmlal_full
	igemm_mlal 1, 1
end_function accel_qs8_igemm_1x8c16__neonmlal_full

	.section .note.GNU-stack, "", %progbits
