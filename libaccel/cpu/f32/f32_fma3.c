// SPDX-License-Identifier: MIT
/*
 * FP32 kernels for x86 with AVX2 and FMA3.
 */
#ifdef __FMA__
#include <immintrin.h>

#define VL		8
#define F32_NAME	f32_kernels_fma3
#define F32_STRING	"fma3"

#define VEC_BYTES
#include "f32_template.inc"

INLINE vec vec_bytes(const uint8_t *from)
{
	return (vec)_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)from)));
}

INLINE vec vec_fma(vec c, vec a, vec b)
{
	return (vec)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
}
#endif
