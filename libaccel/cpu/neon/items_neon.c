// SPDX-License-Identifier: MIT
/*
 * Rows to columns in registers, baseline NEON.
 */
#include <arm_neon.h>

#include "libaccel/cpu/move/items.h"

/* Of 2^n lines, line i beside line i + 2^(n - 1), n times: rows have become columns. */
static inline void zip16(const uint8x16_t from[16], uint8x16_t to[16])
{
#pragma GCC unroll 8
	for (int i = 0; i < 8; i++) {
		to[2 * i] = vzip1q_u8(from[i], from[i + 8]);
		to[2 * i + 1] = vzip2q_u8(from[i], from[i + 8]);
	}
}

static void flip16(const uint8_t *in, size_t in_step, uint8_t *out, size_t out_step)
{
	uint8x16_t a[16], b[16];

#pragma GCC unroll 16
	for (int i = 0; i < 16; i++)
		a[i] = vld1q_u8(in + (size_t)i * in_step);
	zip16(a, b);
	zip16(b, a);
	zip16(a, b);
	zip16(b, a);
#pragma GCC unroll 16
	for (int i = 0; i < 16; i++)
		vst1q_u8(out + (size_t)i * out_step, a[i]);
}

void items_flip_1_16x16__neon(const uint8_t *in, size_t in_step, size_t rows, size_t columns,
			      uint8_t *out, size_t out_step)
{
	const size_t whole = columns / 16 * 16;

	for (; rows >= 16; rows -= 16, in += 16 * in_step, out += 16) {
		for (size_t c = 0; c < whole; c += 16)
			flip16(in + c, in_step, out + c * out_step, out_step);
		items_flip_1__portable(in + whole, in_step, 16, columns - whole,
				       out + whole * out_step, out_step);
	}
	items_flip_1__portable(in, in_step, rows, columns, out, out_step);
}

static void flip4(const uint8_t *in, size_t in_step, uint8_t *out, size_t out_step)
{
	uint32x4_t a[4], b[4];

#pragma GCC unroll 4
	for (int i = 0; i < 4; i++)
		a[i] = vreinterpretq_u32_u8(vld1q_u8(in + (size_t)i * in_step));
	for (int pass = 0; pass < 2; pass++) {
		b[0] = vzip1q_u32(a[0], a[2]);
		b[1] = vzip2q_u32(a[0], a[2]);
		b[2] = vzip1q_u32(a[1], a[3]);
		b[3] = vzip2q_u32(a[1], a[3]);
		for (int i = 0; i < 4; i++)
			a[i] = b[i];
	}
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++)
		vst1q_u8(out + (size_t)i * out_step, vreinterpretq_u8_u32(a[i]));
}

void items_flip_4_4x4__neon(const uint8_t *in, size_t in_step, size_t rows, size_t columns,
			    uint8_t *out, size_t out_step)
{
	const size_t whole = columns / 4 * 4;

	for (; rows >= 4; rows -= 4, in += 4 * in_step, out += 16) {
		for (size_t c = 0; c < whole; c += 4)
			flip4(in + 4 * c, in_step, out + c * out_step, out_step);
		items_flip_4__portable(in + 4 * whole, in_step, 4, columns - whole,
				       out + whole * out_step, out_step);
	}
	items_flip_4__portable(in, in_step, rows, columns, out, out_step);
}
