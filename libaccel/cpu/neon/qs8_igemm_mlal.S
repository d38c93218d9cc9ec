/* SPDX-License-Identifier: MIT */
/*
 * INT8 GEMM microkernels with baseline NEON: 3x8 and 1x8.
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

	/* One column against the rows in v0-v2; its accumulators \x, \y, \z. */
	.macro	column rows, full, w, x, y, z
	products smull, 8b, \rows, \w
	.if \full
	gather	\rows, \x, \y, \z
	products smull2, 16b, \rows, \w
	.else
	products smlal2, 16b, \rows, \w
	.endif
	gather	\rows, \x, \y, \z
	.endm

	.macro	products op, bytes, rows, w
	\op	v5.8h, v\w\().\bytes, v0.\bytes
	.if \rows == 3
	\op	v6.8h, v\w\().\bytes, v1.\bytes
	\op	v7.8h, v\w\().\bytes, v2.\bytes
	.endif
	.endm

	.macro	gather rows, x, y, z
	sadalp	v\x\().4s, v5.8h
	.if \rows == 3
	sadalp	v\y\().4s, v6.8h
	sadalp	v\z\().4s, v7.8h
	.endif
	.endm

	/* Two columns, 16 bytes of K. */
	.macro	step16 rows, full, x, y, z, u, v, w
	ldp	q3, q4, [x2], #32
	column	\rows, \full, 3, \x, \y, \z
	column	\rows, \full, 4, \u, \v, \w
	.endm

	/* Two columns, 8 bytes of K. */
	.macro	step8 rows, x, y, z, u, v, w
	ldp	d3, d4, [x2], #16
	products smull, 8b, \rows, 3
	gather	\rows, \x, \y, \z
	products smull, 8b, \rows, 4
	gather	\rows, \u, \v, \w
	.endm

	/* Sums of four accumulators, one lane each, into v\a. */
	.macro	reduce a, b, c, d
	addp	v\a\().4s, v\a\().4s, v\b\().4s
	addp	v\c\().4s, v\c\().4s, v\d\().4s
	addp	v\a\().4s, v\a\().4s, v\c\().4s
	.endm

	/*
	 * Row r has the accumulators v8 + 8 * r and the seven behind it; the last
	 * one is in v0, and the only one there is in a kernel of one row.
	 */
	.macro	igemm_mlal rows, full
	igemm_enter
1:
	/* Each bias starts as one of its output's four partial sums. */
	.if \rows == 3
	bias8	8, 9, 10, 11, 12, 13, 14, 15
	bias8	16, 17, 18, 19, 20, 21, 22, 23
	.endif
	bias8	24, 25, 26, 27, 28, 29, 30, 31
	add	x2, x2, #32
	mov	x15, x1
	mov	x16, x5
2:
	.if \rows == 3
	ldp	x9, x10, [x15], #16
	.endif
	ldr	x11, [x15], #8
	subs	x17, x6, #16
	b.lo	4f
3:
	.if \rows == 3
	ldr	q1, [x9], #16
	ldr	q2, [x10], #16
	.endif
	ldr	q0, [x11], #16
	step16	\rows, \full, 24, 8, 16, 25, 9, 17
	step16	\rows, \full, 26, 10, 18, 27, 11, 19
	step16	\rows, \full, 28, 12, 20, 29, 13, 21
	step16	\rows, \full, 30, 14, 22, 31, 15, 23
	subs	x17, x17, #16
	b.hs	3b
4:
	adds	x17, x17, #16
	b.eq	5f
	.if \rows == 3
	ldr	d1, [x9]
	ldr	d2, [x10]
	.endif
	ldr	d0, [x11]
	step8	\rows, 24, 8, 16, 25, 9, 17
	step8	\rows, 26, 10, 18, 27, 11, 19
	step8	\rows, 28, 12, 20, 29, 13, 21
	step8	\rows, 30, 14, 22, 31, 15, 23
5:
	subs	x16, x16, #1
	b.ne	2b

	.if \rows == 3
	reduce	8, 9, 10, 11
	reduce	12, 13, 14, 15
	reduce	16, 17, 18, 19
	reduce	20, 21, 22, 23
	add	x9, x3, x4
	add	x11, x9, x4
	.else
	mov	x11, x3
	.endif
	reduce	24, 25, 26, 27
	reduce	28, 29, 30, 31
	ldrb	w8, [x0, #ARG_RAW]
	cbnz	w8, 6f
	ldp	q0, q1, [x2], #32
	requant_load
	.if \rows == 3
	requant_row8 8, 12, x3
	requant_row8 16, 20, x9
	.endif
	requant_row8 24, 28, x11
	add	x3, x3, #8
	subs	x7, x7, #8
	b.hi	1b
	igemm_leave
6:
	.if \rows == 3
	stp	q8, q12, [x3]
	stp	q16, q20, [x9]
	.endif
	stp	q24, q28, [x11]
	add	x3, x3, #32
	add	x2, x2, #32
	subs	x7, x7, #8
	b.hi	1b
	igemm_leave
	.endm

	.macro	bias8 a, b, c, d, e, f, g, h
	ldp	s\a, s\b, [x2]
	ldp	s\c, s\d, [x2, #8]
	ldp	s\e, s\f, [x2, #16]
	ldp	s\g, s\h, [x2, #24]
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

/* void accel_qs8_igemm_3x8c16__neonmlal(const struct accel_igemm *) */
function accel_qs8_igemm_3x8c16__neonmlal
	igemm_mlal 3, 0
end_function accel_qs8_igemm_3x8c16__neonmlal

/* void accel_qs8_igemm_1x8c16__neonmlal(const struct accel_igemm *) */
function accel_qs8_igemm_1x8c16__neonmlal
	igemm_mlal 1, 0
end_function accel_qs8_igemm_1x8c16__neonmlal

/* void accel_qs8_igemm_3x8c16__neonmlal_full(const struct accel_igemm *) */
function accel_qs8_igemm_3x8c16__neonmlal_full
	igemm_mlal 3, 1
end_function accel_qs8_igemm_3x8c16__neonmlal_full

/* void accel_qs8_igemm_1x8c16__neonmlal_full(const struct accel_igemm *) */
function accel_qs8_igemm_1x8c16__neonmlal_full
	igemm_mlal 1, 1
end_function accel_qs8_igemm_1x8c16__neonmlal_full

	.section .note.GNU-stack, "", %progbits
