// SPDX-License-Identifier: MIT
/*
 * FP32 kernels for any machine, and the instruction sets' choice.
 */
#include <pthread.h>
#include <stdlib.h>

#define VL		4
#define F32_NAME	f32_kernels_portable
#define F32_STRING	"portable"

#include "f32_template.inc"

INLINE vec vec_fma(vec c, vec a, vec b)
{
	vec v;

	for (size_t i = 0; i < VL; i++)
		v[i] = f32_fma(a[i], b[i], c[i]);

	return v;
}

#ifdef __x86_64__
static bool has_fma3(void)
{
	const char *wish = getenv("ACCEL_ISA");

	return !(wish && !strcmp(wish, "portable")) && __builtin_cpu_supports("fma") &&
	       __builtin_cpu_supports("avx2");
}
#endif

const struct f32_kernels *f32_kernels_select(enum accel_isa isa)
{
#ifdef __aarch64__
	if (isa >= ACCEL_ISA_NEON)
		return &f32_kernels_neon;
#else
	(void)isa;
#endif
#ifdef __x86_64__
	if (has_fma3())
		return &f32_kernels_fma3;
#endif
	return &f32_kernels_portable;
}

static const struct f32_kernels *best;

static void find_best(void)
{
	best = f32_kernels_select(accel_isa_detect());
}

const struct f32_kernels *f32_kernels_best(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, find_best);

	return best;
}
