/* SPDX-License-Identifier: MIT */
/*
 * INT8 GEMM microkernels with SDOT (FEAT_DotProd): 6x16 and 1x16. The
 * parameters behind a block's weights are Q31 multipliers.
 */
#include "igemm_16c4.inc"

	.arch	armv8.2-a+dotprod

	/* void accel_qs8_igemm_6x16c4__neondot(const struct accel_igemm *) */
	igemm_6x16c4 accel_qs8_igemm_6x16c4__neondot, sdot, 16b, 4b, requant_row16, 1

	/* void accel_qs8_igemm_1x16c4__neondot(const struct accel_igemm *) */
	igemm_1x16c4 accel_qs8_igemm_1x16c4__neondot, sdot, 16b, 4b, requant_row16, 1, 1

	.section .note.GNU-stack, "", %progbits
