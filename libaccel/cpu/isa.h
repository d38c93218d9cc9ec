/* SPDX-License-Identifier: MIT */
/*
 * Instruction sets that the kernels distinguish, in ascending order.
 */
#ifndef ACCEL_CPU_ISA_H
#define ACCEL_CPU_ISA_H

enum accel_isa {
	ACCEL_ISA_PORTABLE,	/* plain C */
	ACCEL_ISA_NEON,		/* ARMv8.0 Advanced SIMD */
	ACCEL_ISA_DOTPROD,	/* and SDOT */
	ACCEL_ISA_I8MM,		/* and SMMLA */
};

/**
 * accel_isa_detect() - the best instruction set of this machine
 *
 * From the HWCAP bits of the kernel's auxiliary vector. The environment
 * variable ACCEL_ISA (portable, neon, dotprod, i8mm) lowers it, for tests and
 * for ruling a kernel out as the cause of a fault.
 */
enum accel_isa accel_isa_detect(void);

/* Name as ACCEL_ISA takes it. */
const char *accel_isa_name(enum accel_isa isa);

#endif /* ACCEL_CPU_ISA_H */
