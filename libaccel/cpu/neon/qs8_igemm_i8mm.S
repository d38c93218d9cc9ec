/* SPDX-License-Identifier: MIT */
/*
 * INT8 GEMM microkernel with SMMLA (FEAT_I8MM): 6x16.
 *
 * Weights per block of 16 columns: 8 pairs of INT32 biases, each pair twice,
 * then for every 8 bytes of K 16 columns x 8 bytes, then 16 INT32 multipliers.
 * K per tap is a multiple of 8.
 *
 * An accumulator holds rows r, r+1 by columns c, c+1: v8-v15 rows 0 and 1,
 * v16-v23 rows 2 and 3, v24-v31 rows 4 and 5.
 */
#include "igemm.inc"

	.arch	armv8.2-a+i8mm

	/* 8 bytes of K: rows in v\p, v\q, v\r (two rows each). */
	.macro	mmla6 p, q, r
	.irp	pair, 0, 2, 4, 6
	ldp	q0, q1, [x2], #32
	mmla_pair \pair, \p, \q, \r
	.endr
	.endm

	.macro	mmla_pair pair, p, q, r
	.if \pair == 0
	mmla_six 8, 9, 16, 17, 24, 25, \p, \q, \r
	.elseif \pair == 2
	mmla_six 10, 11, 18, 19, 26, 27, \p, \q, \r
	.elseif \pair == 4
	mmla_six 12, 13, 20, 21, 28, 29, \p, \q, \r
	.else
	mmla_six 14, 15, 22, 23, 30, 31, \p, \q, \r
	.endif
	.endm

	.macro	mmla_six a, b, c, d, e, f, p, q, r
	smmla	v\a\().4s, v\p\().16b, v0.16b
	smmla	v\c\().4s, v\q\().16b, v0.16b
	smmla	v\e\().4s, v\r\().16b, v0.16b
	smmla	v\b\().4s, v\p\().16b, v1.16b
	smmla	v\d\().4s, v\q\().16b, v1.16b
	smmla	v\f\().4s, v\r\().16b, v1.16b
	.endm

	/*
	 * Two rows of 16 columns in eight accumulators: after this the upper row
	 * is in v\a, v\b, v\c, v\e and the lower one in v6, v\d, v\f, v\h.
	 */
	.macro	rows2 a, b, c, d, e, f, g, h
	zip2	v6.2d, v\a\().2d, v\b\().2d
	zip1	v\a\().2d, v\a\().2d, v\b\().2d
	zip1	v\b\().2d, v\c\().2d, v\d\().2d
	zip2	v\d\().2d, v\c\().2d, v\d\().2d
	zip1	v\c\().2d, v\e\().2d, v\f\().2d
	zip2	v\f\().2d, v\e\().2d, v\f\().2d
	zip1	v\e\().2d, v\g\().2d, v\h\().2d
	zip2	v\h\().2d, v\g\().2d, v\h\().2d
	.endm

	.macro	bias2 a, b, c, d, e, f, g, h
	ldp	q\a, q\b, [x2]
	ldp	q\c, q\d, [x2, #32]
	ldp	q\e, q\f, [x2, #64]
	ldp	q\g, q\h, [x2, #96]
	.endm

/* void accel_qs8_igemm_6x16c8__neoni8mm(const struct accel_igemm *) */
function accel_qs8_igemm_6x16c8__neoni8mm
	igemm_enter
.Lblock:
	bias2	8, 9, 10, 11, 12, 13, 14, 15
	bias2	16, 17, 18, 19, 20, 21, 22, 23
	bias2	24, 25, 26, 27, 28, 29, 30, 31
	add	x2, x2, #128
	mov	x15, x1
	mov	x16, x5
.Ltap:
	rows6	.Ltail
.Lloop:
	ldr	q0, [x9], #16
	ldr	q1, [x10], #16
	ldr	q4, [x11], #16
	ldr	q7, [x12], #16
	zip1	v2.2d, v0.2d, v1.2d
	zip2	v5.2d, v0.2d, v1.2d
	ldr	q0, [x13], #16
	ldr	q1, [x14], #16
	zip1	v3.2d, v4.2d, v7.2d
	zip2	v6.2d, v4.2d, v7.2d
	zip1	v4.2d, v0.2d, v1.2d
	zip2	v7.2d, v0.2d, v1.2d
	mmla6	2, 3, 4
	mmla6	5, 6, 7
	subs	x17, x17, #16
	b.hs	.Lloop
.Ltail:
	adds	x17, x17, #16
	b.eq	.Lnext
	ldr	d2, [x9]
	ldr	d3, [x11]
	ldr	d4, [x13]
	ld1	{v2.d}[1], [x10]
	ld1	{v3.d}[1], [x12]
	ld1	{v4.d}[1], [x14]
	mmla6	2, 3, 4
.Lnext:
	subs	x16, x16, #1
	b.ne	.Ltap

	outputs6 .Lraw
	requant_row16_load
	rows2	8, 9, 10, 11, 12, 13, 14, 15
	requant_row16 8, 9, 10, 12, x3
	requant_row16 6, 11, 13, 15, x9
	rows2	16, 17, 18, 19, 20, 21, 22, 23
	requant_row16 16, 17, 18, 20, x10
	requant_row16 6, 19, 21, 23, x11
	rows2	24, 25, 26, 27, 28, 29, 30, 31
	requant_row16 24, 25, 26, 28, x12
	requant_row16 6, 27, 29, 31, x13
	next16	1, .Lblock
.Lraw:
	rows2	8, 9, 10, 11, 12, 13, 14, 15
	raw_row16 8, 9, 10, 12, x3
	raw_row16 6, 11, 13, 15, x9
	rows2	16, 17, 18, 19, 20, 21, 22, 23
	raw_row16 16, 17, 18, 20, x10
	raw_row16 6, 19, 21, 23, x11
	rows2	24, 25, 26, 27, 28, 29, 30, 31
	raw_row16 24, 25, 26, 28, x12
	raw_row16 6, 27, 29, 31, x13
	add	x2, x2, #64
	next16	4, .Lblock
end_function accel_qs8_igemm_6x16c8__neoni8mm

	.section .note.GNU-stack, "", %progbits
