// SPDX-License-Identifier: MIT
/*
 * Sums of INT8 values, baseline NEON: in 16 bits for as many as fit.
 */
#include <arm_neon.h>

#include "libaccel/cpu/int8/s8_sum.h"

/* So many bytes cannot leave 16 bits. */
#define FIT	256

static inline void add8(int32_t *sums, int16x8_t v)
{
	vst1q_s32(sums, vaddw_s16(vld1q_s32(sums), vget_low_s16(v)));
	vst1q_s32(sums + 4, vaddw_high_s16(vld1q_s32(sums + 4), v));
}

/* Up to FIT rows of 16 * @vectors columns. */
static inline __attribute__((always_inline)) void
some_rows(const int8_t *in, size_t count, size_t stride, size_t vectors, int32_t *sums)
{
	int16x8_t low[4], high[4];

#pragma GCC unroll 4
	for (size_t v = 0; v < vectors; v++)
		low[v] = high[v] = vdupq_n_s16(0);
	for (; count; count--, in += stride) {
#pragma GCC unroll 4
		for (size_t v = 0; v < vectors; v++) {
			const int8x16_t x = vld1q_s8(in + 16 * v);

			low[v] = vaddw_s8(low[v], vget_low_s8(x));
			high[v] = vaddw_high_s8(high[v], x);
		}
	}
#pragma GCC unroll 4
	for (size_t v = 0; v < vectors; v++) {
		add8(sums + 16 * v, low[v]);
		add8(sums + 16 * v + 8, high[v]);
	}
}

static void rows(const int8_t *in, size_t count, size_t stride, size_t n, int32_t *sums)
{
	for (size_t r = 0; r < count; r += FIT, in += FIT * stride) {
		const size_t some = count - r < FIT ? count - r : FIT;
		size_t i = 0;

		for (; i + 64 <= n; i += 64)
			some_rows(in + i, some, stride, 4, sums + i);
		for (; i + 16 <= n; i += 16)
			some_rows(in + i, some, stride, 1, sums + i);
		s8_sum__portable.rows(in + i, some, stride, n - i, sums + i);
	}
}

/* Up to FIT / 2 times 64 bytes: each lane takes two of every 16. */
static inline int32x4_t some_bytes(const int8_t *in, size_t count, int32x4_t sum)
{
	int16x8_t a = vdupq_n_s16(0), b = a, c = a, d = a;

	for (; count; count--, in += 64) {
		a = vpadalq_s8(a, vld1q_s8(in));
		b = vpadalq_s8(b, vld1q_s8(in + 16));
		c = vpadalq_s8(c, vld1q_s8(in + 32));
		d = vpadalq_s8(d, vld1q_s8(in + 48));
	}
	sum = vpadalq_s16(vpadalq_s16(sum, a), b);

	return vpadalq_s16(vpadalq_s16(sum, c), d);
}

static int32_t row(const int8_t *in, size_t n)
{
	int32x4_t sum = vdupq_n_s32(0);

	while (n >= 64) {
		const size_t some = n / 64 < FIT / 2 ? n / 64 : FIT / 2;

		sum = some_bytes(in, some, sum);
		in += 64 * some;
		n -= 64 * some;
	}
	for (; n >= 16; n -= 16, in += 16)
		sum = vpadalq_s16(sum, vpaddlq_s8(vld1q_s8(in)));

	return vaddvq_s32(sum) + s8_sum__portable.row(in, n);
}

const struct s8_sum s8_sum_64x__neon = { rows, row };
