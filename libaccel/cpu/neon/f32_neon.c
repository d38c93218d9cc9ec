// SPDX-License-Identifier: MIT
/*
 * FP32 kernels for baseline NEON; the matrix product is in f32_igemm_fma.S.
 */
#include <arm_neon.h>

#include "libaccel/cpu/igemm.h"

accel_igemm_fn accel_f32_igemm_6x16__neonfma;
accel_igemm_fn accel_f32_igemm_1x16__neonfma;

#define VL		4
#define F32_NAME	f32_kernels_neon
#define F32_STRING	"neon"
#define VEC_TILE	accel_f32_igemm_6x16__neonfma
#define VEC_ROW		accel_f32_igemm_1x16__neonfma
#define VEC_MAX(x, y)	((vec)vmaxq_f32((float32x4_t)(x), (float32x4_t)(y)))
#define VEC_MIN(x, y)	((vec)vminq_f32((float32x4_t)(x), (float32x4_t)(y)))

/* NaN is the other one, as for C's comparisons. */
#define VEC_MAX_NUMBER(x, y)	((vec)vmaxnmq_f32((float32x4_t)(x), (float32x4_t)(y)))
#define VEC_MIN_NUMBER(x, y)	((vec)vminnmq_f32((float32x4_t)(x), (float32x4_t)(y)))

#include "libaccel/cpu/f32/f32_template.inc"

INLINE vec vec_fma(vec c, vec a, vec b)
{
	return (vec)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
}
