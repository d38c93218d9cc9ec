// SPDX-License-Identifier: MIT
/*
 * Depthwise microkernels, plain C and baseline NEON.
 *
 * NEON multiplies 8 x INT8 to INT16 and adds a second product there, which fits
 * as long as no weight is -128; only then follows the addition to 32 bits. Two
 * taps thus share an addition. Lines of the kernel are taken in pairs, so that
 * both taps of a pair see the same column and an input is loaded once for all
 * the outputs that need it.
 */
#include <string.h>

#include "dwconv_block.h"

#ifdef __aarch64__
#include <arm_neon.h>
#endif

/* The definition. */
static void sums_portable(const struct dw_block *args, size_t x, int32_t *sums)
{
	const struct accel_conv_shape *shape = &args->conv->shape;
	const int8_t *w = args->packed + DW_BLOCK * sizeof(int32_t);
	uint32_t ky, kx;
	size_t c;

	memcpy(sums, args->packed, DW_BLOCK * sizeof(*sums));
	for (ky = 0; ky < shape->kernel_height; ky++) {
		const int8_t *in = args->lines[ky] + x * shape->stride_x * DW_BLOCK;

		for (kx = 0; kx < shape->kernel_width; kx++) {
			for (c = 0; c < DW_BLOCK; c++)
				sums[c] += (int16_t)(in[c] * w[c]);
			in += shape->dilation_x * DW_BLOCK;
			w += DW_BLOCK;
		}
	}
}

#ifdef __aarch64__

#define INLINE static inline __attribute__((always_inline))
/* Lengths are constants here; everything indexed has to end up in registers. */
#define UNROLL _Pragma("GCC unroll 16")

struct sums {
	int32x4_t v[4];
};

INLINE struct sums load_bias(const int8_t *packed)
{
	const int32_t *bias = (const int32_t *)packed;

	return (struct sums){ { vld1q_s32(bias), vld1q_s32(bias + 4), vld1q_s32(bias + 8),
				vld1q_s32(bias + 12) } };
}

INLINE void add_products(struct sums *acc, int16x8_t low, int16x8_t high)
{
	acc->v[0] = vaddw_s16(acc->v[0], vget_low_s16(low));
	acc->v[1] = vaddw_high_s16(acc->v[1], low);
	acc->v[2] = vaddw_s16(acc->v[2], vget_low_s16(high));
	acc->v[3] = vaddw_high_s16(acc->v[3], high);
}

INLINE void tap_pair(struct sums *acc, int8x16_t x0, int8x16_t w0, int8x16_t x1, int8x16_t w1)
{
	int16x8_t low = vmull_s8(vget_low_s8(x0), vget_low_s8(w0));
	int16x8_t high = vmull_high_s8(x0, w0);

	low = vmlal_s8(low, vget_low_s8(x1), vget_low_s8(w1));
	high = vmlal_high_s8(high, x1, w1);
	add_products(acc, low, high);
}

INLINE void tap_single(struct sums *acc, int8x16_t x, int8x16_t w)
{
	add_products(acc, vmull_s8(vget_low_s8(x), vget_low_s8(w)), vmull_high_s8(x, w));
}

INLINE void store_requant(const struct sums *acc, const int32_t *multiplier, int16x8_t zero,
			  int8x16_t min, int8_t *out)
{
	int32x4_t a = vqrdmulhq_s32(acc->v[0], vld1q_s32(multiplier));
	int32x4_t b = vqrdmulhq_s32(acc->v[1], vld1q_s32(multiplier + 4));
	int32x4_t c = vqrdmulhq_s32(acc->v[2], vld1q_s32(multiplier + 8));
	int32x4_t d = vqrdmulhq_s32(acc->v[3], vld1q_s32(multiplier + 12));
	int16x8_t low = vqaddq_s16(vqmovn_high_s32(vqmovn_s32(a), b), zero);
	int16x8_t high = vqaddq_s16(vqmovn_high_s32(vqmovn_s32(c), d), zero);

	vst1q_s8(out, vmaxq_s8(vqmovn_high_s16(vqmovn_s16(low), high), min));
}

/* Any kernel and dilation, one pixel. */
INLINE struct sums pixel_sums(const struct dw_block *args, size_t x)
{
	const struct accel_conv_shape *shape = &args->conv->shape;
	const int8_t *w = args->packed + DW_BLOCK * sizeof(int32_t);
	size_t step = shape->dilation_x * DW_BLOCK;
	struct sums acc = load_bias(args->packed);
	uint32_t ky, kx;

	for (ky = 0; ky < shape->kernel_height; ky++) {
		const int8_t *in = args->lines[ky] + x * shape->stride_x * DW_BLOCK;

		kx = shape->kernel_width;
		for (; kx >= 2 && !args->conv->full; kx -= 2) {
			tap_pair(&acc, vld1q_s8(in), vld1q_s8(w), vld1q_s8(in + step),
				 vld1q_s8(w + DW_BLOCK));
			in += 2 * step;
			w += 2 * DW_BLOCK;
		}
		for (; kx; kx--) {
			tap_single(&acc, vld1q_s8(in), vld1q_s8(w));
			in += step;
			w += DW_BLOCK;
		}
	}

	return acc;
}

static void sums_neon(const struct dw_block *args, size_t x, int32_t *sums)
{
	struct sums acc = pixel_sums(args, x);
	unsigned int i;

	for (i = 0; i < 4; i++)
		vst1q_s32(sums + 4 * i, acc.v[i]);
}

static uint32_t span_any(const struct dw_block *args, uint32_t count)
{
	const struct accel_conv *conv = args->conv;
	const int32_t *multiplier =
		(const int32_t *)(args->packed +
				  dw_block_bytes((size_t)conv->shape.kernel_height *
						 conv->shape.kernel_width)) - DW_BLOCK;
	const int16x8_t zero = vdupq_n_s16(conv->requant.zero);
	const int8x16_t min = vdupq_n_s8(conv->requant.min);
	int8_t *out = args->out;
	uint32_t x;

	for (x = 0; x < count; x++) {
		struct sums acc = pixel_sums(args, x);

		store_requant(&acc, multiplier, zero, min, out);
		out += conv->shape.out.atom;
	}

	return count;
}

/* A pair of kernel lines, @pixels outputs: column by column of the input. */
INLINE void line_pair(struct sums *acc, const int8_t *in0, const int8_t *in1, const int8_t *w,
		      const unsigned int width, const unsigned int stride,
		      const unsigned int pixels)
{
	unsigned int x, p;
	int8x16_t w0[5], w1[5];

	UNROLL
	for (x = 0; x < width; x++) {
		w0[x] = vld1q_s8(w + x * DW_BLOCK);
		w1[x] = vld1q_s8(w + (width + x) * DW_BLOCK);
	}
	UNROLL
	for (x = 0; x < (pixels - 1) * stride + width; x++) {
		int8x16_t x0 = vld1q_s8(in0 + x * DW_BLOCK);
		int8x16_t x1 = vld1q_s8(in1 + x * DW_BLOCK);

		UNROLL
		for (p = 0; p < pixels; p++) {
			if (x >= p * stride && x - p * stride < width)
				tap_pair(&acc[p], x0, w0[x - p * stride], x1, w1[x - p * stride]);
		}
	}
}

/* The odd last line: neighbouring taps make the pairs. */
INLINE void line_single(struct sums *acc, const int8_t *in, const int8_t *w,
			const unsigned int width, const unsigned int stride,
			const unsigned int pixels)
{
	unsigned int x, p;
	int8x16_t taps[5], column[5 + 3 * 2];

	UNROLL
	for (x = 0; x < width; x++)
		taps[x] = vld1q_s8(w + x * DW_BLOCK);
	UNROLL
	for (x = 0; x < (pixels - 1) * stride + width; x++)
		column[x] = vld1q_s8(in + x * DW_BLOCK);
	UNROLL
	for (p = 0; p < pixels; p++) {
		const int8x16_t *first = column + p * stride;

		UNROLL
		for (x = 0; x + 1 < width; x += 2)
			tap_pair(&acc[p], first[x], taps[x], first[x + 1], taps[x + 1]);
		if (width % 2)
			tap_single(&acc[p], first[x], taps[x]);
	}
}

INLINE uint32_t span(const struct dw_block *args, uint32_t done, uint32_t count,
		     const unsigned int height, const unsigned int width,
		     const unsigned int stride, const unsigned int pixels)
{
	const struct accel_conv *conv = args->conv;
	const int8_t *weights = args->packed + DW_BLOCK * sizeof(int32_t);
	const int32_t *multiplier = (const int32_t *)(weights + height * width * DW_BLOCK);
	const int16x8_t zero = vdupq_n_s16(conv->requant.zero);
	const int8x16_t min = vdupq_n_s8(conv->requant.min);
	size_t out_step = conv->shape.out.atom;
	const int8_t *in[5];
	int8_t *out = args->out + done * out_step;
	unsigned int y, p;

	UNROLL
	for (y = 0; y < height; y++)
		in[y] = args->lines[y] + (size_t)done * stride * DW_BLOCK;
	for (; done + pixels <= count; done += pixels) {
		struct sums acc[4];

		UNROLL
		for (p = 0; p < pixels; p++)
			acc[p] = load_bias(args->packed);
		UNROLL
		for (y = 0; y + 1 < height; y += 2)
			line_pair(acc, in[y], in[y + 1], weights + y * width * DW_BLOCK, width,
				  stride, pixels);
		line_single(acc, in[y], weights + y * width * DW_BLOCK, width, stride, pixels);
		UNROLL
		for (p = 0; p < pixels; p++) {
			store_requant(&acc[p], multiplier, zero, min, out);
			out += out_step;
		}
		UNROLL
		for (y = 0; y < height; y++)
			in[y] += pixels * stride * DW_BLOCK;
	}

	return done;
}

/* @pixels at a time, and what is left one by one. */
#define SPAN(height, width, stride, pixels)					\
static uint32_t span_##height##x##width##s##stride(const struct dw_block *args,	\
						   uint32_t count)		\
{										\
	uint32_t done = span(args, 0, count, height, width, stride, pixels);	\
										\
	return span(args, done, count, height, width, stride, 1);		\
}

SPAN(3, 3, 1, 4)
SPAN(3, 3, 2, 4)
SPAN(5, 5, 1, 2)
SPAN(5, 5, 2, 2)

#endif /* __aarch64__ */

dw_span_fn *dw_span_find(const struct accel_conv *conv)
{
#ifdef __aarch64__
	static const struct {
		uint32_t size, stride;
		dw_span_fn *span;
	} spans[] = {
		{ 3, 1, span_3x3s1 }, { 3, 2, span_3x3s2 },
		{ 5, 1, span_5x5s1 }, { 5, 2, span_5x5s2 },
	};
	const struct accel_conv_shape *shape = &conv->shape;
	size_t i;

	if (!conv->fused || conv->isa < ACCEL_ISA_NEON)
		return NULL;
	for (i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
		if (shape->kernel_height == spans[i].size && shape->kernel_width == spans[i].size &&
		    shape->stride_x == spans[i].stride && shape->dilation_x == 1 && !conv->full)
			return spans[i].span;
	}

	return span_any;
#else
	(void)conv;

	return NULL;
#endif
}

void dw_block_sums(const struct dw_block *args, size_t x, int32_t *sums)
{
#ifdef __aarch64__
	if (args->conv->isa >= ACCEL_ISA_NEON) {
		sums_neon(args, x, sums);
		return;
	}
#endif
	sums_portable(args, x, sums);
}
