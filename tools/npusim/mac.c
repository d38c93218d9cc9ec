// SPDX-License-Identifier: MIT
/*
 * The multiply-accumulate array, as fast as the host allows. Kernels lie in the
 * lanes, two samples are multiplied at a time, several pixels share what was
 * loaded of the weights.
 */
#include <string.h>

#include "conv.h"

void sim_mac_tile_portable(const int16_t *const *base, unsigned int pixels,
			   const struct sim_tap *taps, unsigned int tap_count,
			   const int16_t *weights, unsigned int kernels, int32_t *acc)
{
	unsigned int t, i, p, k;

	memset(acc, 0, (size_t)pixels * kernels * sizeof(*acc));
	for (t = 0; t < tap_count; t++) {
		for (i = 0; i < taps[t].pairs; i++) {
			for (p = 0; p < pixels; p++) {
				const int16_t *in = base[p] + taps[t].offset + 2 * (size_t)i;
				const int32_t a = in[0], b = in[1];
				int32_t *out = acc + (size_t)p * kernels;

				for (k = 0; k < kernels; k++)
					out[k] += a * weights[2 * k] + b * weights[2 * k + 1];
			}
			weights += 2 * (size_t)kernels;
		}
	}
}

void sim_mac_tile_int16(const int16_t *const *base, unsigned int pixels,
			const struct sim_tap *tap, const int16_t *weights, unsigned int kernels,
			int64_t *acc)
{
	unsigned int i, p, k;

	for (p = 0; p < pixels; p++) {
		const int16_t *in = base[p] + tap->offset, *w = weights;
		int64_t *out = acc + (size_t)p * kernels;

		for (i = 0; i < tap->pairs; i++) {
			const int64_t a = in[2 * i], b = in[2 * i + 1];

			for (k = 0; k < kernels; k++)
				out[k] += a * w[2 * k] + b * w[2 * k + 1];
			w += 2 * (size_t)kernels;
		}
	}
}

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))

static inline AVX2 __m256i pair(const int16_t *in)
{
	int32_t v;

	memcpy(&v, in, sizeof(v));
	return _mm256_set1_epi32(v);
}

/* PIXELS x VECTORS sums stay in registers: at most 12 of the 16. */
#define TILE(name, PIXELS, VECTORS)							\
static AVX2 void name(const int16_t *const *base, const struct sim_tap *taps,		\
		      unsigned int tap_count, const int16_t *weights, int32_t *acc)	\
{											\
	__m256i sum[PIXELS][VECTORS];							\
	unsigned int t, i, p, v;							\
											\
	_Pragma("GCC unroll 8") for (p = 0; p < PIXELS; p++)				\
		_Pragma("GCC unroll 4") for (v = 0; v < VECTORS; v++)			\
			sum[p][v] = _mm256_setzero_si256();				\
	for (t = 0; t < tap_count; t++) {						\
		const ptrdiff_t offset = taps[t].offset;				\
											\
		for (i = 0; i < taps[t].pairs; i++) {					\
			__m256i w[VECTORS];						\
											\
			_Pragma("GCC unroll 4") for (v = 0; v < VECTORS; v++)		\
				w[v] = _mm256_loadu_si256((const __m256i *)weights + v);	\
			_Pragma("GCC unroll 8") for (p = 0; p < PIXELS; p++) {		\
				const __m256i a = pair(base[p] + offset + 2 * (size_t)i);	\
											\
				_Pragma("GCC unroll 4") for (v = 0; v < VECTORS; v++)	\
					sum[p][v] = _mm256_add_epi32(sum[p][v],		\
						_mm256_madd_epi16(a, w[v]));		\
			}								\
			weights += 16 * VECTORS;					\
		}									\
	}										\
	_Pragma("GCC unroll 8") for (p = 0; p < PIXELS; p++)				\
		_Pragma("GCC unroll 4") for (v = 0; v < VECTORS; v++)			\
			_mm256_storeu_si256((__m256i *)acc + p * VECTORS + v, sum[p][v]);	\
}

TILE(tile_8x1, 8, 1)
TILE(tile_1x1, 1, 1)
TILE(tile_6x2, 6, 2)
TILE(tile_1x2, 1, 2)
TILE(tile_3x4, 3, 4)
TILE(tile_1x4, 1, 4)

static AVX2 void tile_avx2(const int16_t *const *base, unsigned int pixels,
			   const struct sim_tap *taps, unsigned int tap_count,
			   const int16_t *weights, unsigned int kernels, int32_t *acc)
{
	unsigned int p = 0;

	switch (kernels) {
	case 8:
		for (; p + 8 <= pixels; p += 8)
			tile_8x1(base + p, taps, tap_count, weights, acc + p * 8);
		for (; p < pixels; p++)
			tile_1x1(base + p, taps, tap_count, weights, acc + p * 8);
		break;
	case 16:
		for (; p + 6 <= pixels; p += 6)
			tile_6x2(base + p, taps, tap_count, weights, acc + p * 16);
		for (; p < pixels; p++)
			tile_1x2(base + p, taps, tap_count, weights, acc + p * 16);
		break;
	case 32:
		for (; p + 3 <= pixels; p += 3)
			tile_3x4(base + p, taps, tap_count, weights, acc + p * 32);
		for (; p < pixels; p++)
			tile_1x4(base + p, taps, tap_count, weights, acc + p * 32);
		break;
	default:
		sim_mac_tile_portable(base, pixels, taps, tap_count, weights, kernels, acc);
		break;
	}
}
#endif

void sim_mac_tile(const int16_t *const *base, unsigned int pixels, const struct sim_tap *taps,
		  unsigned int tap_count, const int16_t *weights, unsigned int kernels,
		  int32_t *acc)
{
#if defined(__x86_64__) && defined(__GNUC__)
	if (__builtin_cpu_supports("avx2")) {
		tile_avx2(base, pixels, taps, tap_count, weights, kernels, acc);
		return;
	}
#endif
	sim_mac_tile_portable(base, pixels, taps, tap_count, weights, kernels, acc);
}
