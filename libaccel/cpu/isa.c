// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#ifdef __aarch64__
#include <sys/auxv.h>
#include <asm/hwcap.h>
#endif

#include "isa.h"

static const char *const names[] = {
	[ACCEL_ISA_PORTABLE] = "portable",
	[ACCEL_ISA_NEON] = "neon",
	[ACCEL_ISA_DOTPROD] = "dotprod",
	[ACCEL_ISA_I8MM] = "i8mm",
};

const char *accel_isa_name(enum accel_isa isa)
{
	return names[isa];
}

enum accel_isa accel_isa_detect(void)
{
	enum accel_isa isa = ACCEL_ISA_PORTABLE, bound;
	const char *wish = getenv("ACCEL_ISA");

#ifdef __aarch64__
	isa = ACCEL_ISA_NEON;
	if (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) {
		isa = ACCEL_ISA_DOTPROD;
		if (getauxval(AT_HWCAP2) & HWCAP2_I8MM)
			isa = ACCEL_ISA_I8MM;
	}
#endif
	for (bound = ACCEL_ISA_PORTABLE; wish && bound < isa; bound++) {
		if (!strcmp(wish, names[bound]))
			return bound;
	}

	return isa;
}
