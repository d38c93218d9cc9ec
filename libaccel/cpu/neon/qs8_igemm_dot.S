/* SPDX-License-Identifier: MIT */
/*
 * INT8 GEMM microkernels with SDOT (FEAT_DotProd): 6x16 and 1x16.
 *
 * Weights per block of 16 columns: 16 INT32 biases, then for every 4 bytes of K
 * 16 columns x 4 bytes, then 16 INT32 multipliers. K per tap is a multiple of 4.
 *
 * 24 accumulators leave two registers for weights, so the weights are loaded
 * in pairs right before use; renaming hides the reuse. A tile of six rows is
 * what brings the cost below 1/13 instruction per multiplication.
 */
#include "qs8_igemm.inc"

	.arch	armv8.2-a+dotprod

	/* 4 bytes of K for all columns; \lane of the row registers v2-v7. */
	.macro	dot6 lane
	ldp	q0, q1, [x2], #32
	sdot	v8.4s,  v0.16b, v2.4b[\lane]
	sdot	v12.4s, v0.16b, v3.4b[\lane]
	sdot	v16.4s, v0.16b, v4.4b[\lane]
	sdot	v20.4s, v0.16b, v5.4b[\lane]
	sdot	v24.4s, v0.16b, v6.4b[\lane]
	sdot	v28.4s, v0.16b, v7.4b[\lane]
	sdot	v9.4s,  v1.16b, v2.4b[\lane]
	sdot	v13.4s, v1.16b, v3.4b[\lane]
	sdot	v17.4s, v1.16b, v4.4b[\lane]
	sdot	v21.4s, v1.16b, v5.4b[\lane]
	sdot	v25.4s, v1.16b, v6.4b[\lane]
	sdot	v29.4s, v1.16b, v7.4b[\lane]
	ldp	q0, q1, [x2], #32
	sdot	v10.4s, v0.16b, v2.4b[\lane]
	sdot	v14.4s, v0.16b, v3.4b[\lane]
	sdot	v18.4s, v0.16b, v4.4b[\lane]
	sdot	v22.4s, v0.16b, v5.4b[\lane]
	sdot	v26.4s, v0.16b, v6.4b[\lane]
	sdot	v30.4s, v0.16b, v7.4b[\lane]
	sdot	v11.4s, v1.16b, v2.4b[\lane]
	sdot	v15.4s, v1.16b, v3.4b[\lane]
	sdot	v19.4s, v1.16b, v4.4b[\lane]
	sdot	v23.4s, v1.16b, v5.4b[\lane]
	sdot	v27.4s, v1.16b, v6.4b[\lane]
	sdot	v31.4s, v1.16b, v7.4b[\lane]
	.endm


/* void accel_qs8_igemm_6x16c4__neondot(const struct accel_igemm *) */
function accel_qs8_igemm_6x16c4__neondot
	igemm_enter
.Lblock6:
	ldp	q8, q9, [x2]
	ldp	q12, q13, [x2]
	ldp	q16, q17, [x2]
	ldp	q20, q21, [x2]
	ldp	q24, q25, [x2]
	ldp	q28, q29, [x2], #32
	ldp	q10, q11, [x2]
	ldp	q14, q15, [x2]
	ldp	q18, q19, [x2]
	ldp	q22, q23, [x2]
	ldp	q26, q27, [x2]
	ldp	q30, q31, [x2], #32
	mov	x15, x1
	mov	x16, x5
.Ltap6:
	ldp	x9, x10, [x15], #16
	ldp	x11, x12, [x15], #16
	ldp	x13, x14, [x15], #16
	subs	x17, x6, #16
	b.lo	.Ltail6
.Lloop6:
	ldr	q2, [x9], #16
	ldr	q3, [x10], #16
	ldr	q4, [x11], #16
	ldr	q5, [x12], #16
	ldr	q6, [x13], #16
	ldr	q7, [x14], #16
	dot6	0
	dot6	1
	dot6	2
	dot6	3
	subs	x17, x17, #16
	b.hs	.Lloop6
.Ltail6:
	adds	x17, x17, #16
	b.eq	.Lnext6
.Lfour6:
	ldr	s2, [x9], #4
	ldr	s3, [x10], #4
	ldr	s4, [x11], #4
	ldr	s5, [x12], #4
	ldr	s6, [x13], #4
	ldr	s7, [x14], #4
	dot6	0
	subs	x17, x17, #4
	b.ne	.Lfour6
.Lnext6:
	subs	x16, x16, #1
	b.ne	.Ltap6

	add	x9, x3, x4
	add	x10, x9, x4
	add	x11, x10, x4
	add	x12, x11, x4
	add	x13, x12, x4
	ldrb	w8, [x0, #ARG_RAW]
	cbnz	w8, .Lraw6
	ldp	q0, q1, [x2], #32
	ldp	q2, q3, [x2], #32
	requant_load
	requant_row16 8, 9, 10, 11, x3
	requant_row16 12, 13, 14, 15, x9
	requant_row16 16, 17, 18, 19, x10
	requant_row16 20, 21, 22, 23, x11
	requant_row16 24, 25, 26, 27, x12
	requant_row16 28, 29, 30, 31, x13
	add	x3, x3, #16
	subs	x7, x7, #16
	b.hi	.Lblock6
	igemm_leave
.Lraw6:
	raw_row16 8, 9, 10, 11, x3
	raw_row16 12, 13, 14, 15, x9
	raw_row16 16, 17, 18, 19, x10
	raw_row16 20, 21, 22, 23, x11
	raw_row16 24, 25, 26, 27, x12
	raw_row16 28, 29, 30, 31, x13
	add	x2, x2, #64
	add	x3, x3, #64
	subs	x7, x7, #16
	b.hi	.Lblock6
	igemm_leave
end_function accel_qs8_igemm_6x16c4__neondot

	/* One row: two sets of sums, or the chain of additions would be the limit. */
	.macro	dot1 lane, a, b, c, d
	ldp	q0, q1, [x2], #32
	ldp	q6, q7, [x2], #32
	sdot	v\a\().4s, v0.16b, v2.4b[\lane]
	sdot	v\b\().4s, v1.16b, v2.4b[\lane]
	sdot	v\c\().4s, v6.16b, v2.4b[\lane]
	sdot	v\d\().4s, v7.16b, v2.4b[\lane]
	.endm

/* void accel_qs8_igemm_1x16c4__neondot(const struct accel_igemm *) */
function accel_qs8_igemm_1x16c4__neondot
	igemm_enter
.Lblock1:
	ldp	q16, q17, [x2], #32
	ldp	q18, q19, [x2], #32
	movi	v20.16b, #0
	movi	v21.16b, #0
	movi	v22.16b, #0
	movi	v23.16b, #0
	mov	x15, x1
	mov	x16, x5
.Ltap1:
	ldr	x9, [x15], #8
	subs	x17, x6, #16
	b.lo	.Ltail1
.Lloop1:
	ldr	q2, [x9], #16
	dot1	0, 16, 17, 18, 19
	dot1	1, 20, 21, 22, 23
	dot1	2, 16, 17, 18, 19
	dot1	3, 20, 21, 22, 23
	subs	x17, x17, #16
	b.hs	.Lloop1
.Ltail1:
	adds	x17, x17, #16
	b.eq	.Lnext1
.Lfour1:
	ldr	s2, [x9], #4
	dot1	0, 16, 17, 18, 19
	subs	x17, x17, #4
	b.ne	.Lfour1
.Lnext1:
	subs	x16, x16, #1
	b.ne	.Ltap1

	add	v16.4s, v16.4s, v20.4s
	add	v17.4s, v17.4s, v21.4s
	add	v18.4s, v18.4s, v22.4s
	add	v19.4s, v19.4s, v23.4s
	ldrb	w8, [x0, #ARG_RAW]
	cbnz	w8, .Lraw1
	ldp	q0, q1, [x2], #32
	ldp	q2, q3, [x2], #32
	requant_load
	requant_row16 16, 17, 18, 19, x3
	add	x3, x3, #16
	subs	x7, x7, #16
	b.hi	.Lblock1
	igemm_leave
.Lraw1:
	raw_row16 16, 17, 18, 19, x3
	add	x2, x2, #64
	add	x3, x3, #64
	subs	x7, x7, #16
	b.hi	.Lblock1
	igemm_leave
end_function accel_qs8_igemm_1x16c4__neondot

	.section .note.GNU-stack, "", %progbits
