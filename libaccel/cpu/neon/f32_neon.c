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

#define VEC_BYTES_ALL(from, to)	bytes16((from), (to))
static inline void bytes16(const uint8_t *from, float __attribute__((vector_size(16))) to[4]);

#include "libaccel/cpu/f32/f32_template.inc"

/* 16 bytes, which are widened together. */
INLINE void bytes16(const uint8_t *from, vec to[4])
{
	const uint8x16_t bytes = vld1q_u8(from);
	const uint16x8_t low = vmovl_u8(vget_low_u8(bytes)), high = vmovl_high_u8(bytes);

	to[0] = (vec)vcvtq_f32_u32(vmovl_u16(vget_low_u16(low)));
	to[1] = (vec)vcvtq_f32_u32(vmovl_high_u16(low));
	to[2] = (vec)vcvtq_f32_u32(vmovl_u16(vget_low_u16(high)));
	to[3] = (vec)vcvtq_f32_u32(vmovl_high_u16(high));
}

INLINE vec vec_fma(vec c, vec a, vec b)
{
	return (vec)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
}
