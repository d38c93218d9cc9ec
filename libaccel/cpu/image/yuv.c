// SPDX-License-Identifier: MIT
#include "yuv.h"

static uint8_t finish(int32_t sum)
{
	sum = (sum + 128) >> 8;

	return sum < 0 ? 0 : sum > 255 ? 255 : (uint8_t)sum;
}

void yuv_line__portable(const uint8_t *y, const uint8_t *u, const uint8_t *v, size_t step,
			size_t width, uint8_t *rgb)
{
	size_t x;

	for (x = 0; x < width; x++, rgb += 3) {
		int32_t c = 298 * (y[x] - 16), d = u[x / 2 * step] - 128, e = v[x / 2 * step] - 128;

		rgb[0] = finish(c + 409 * e);
		rgb[1] = finish(c - 100 * d - 208 * e);
		rgb[2] = finish(c + 516 * d);
	}
}

yuv_line_fn *yuv_line_select(enum accel_isa isa)
{
#ifdef __aarch64__
	if (isa >= ACCEL_ISA_NEON)
		return yuv_line_16x__neon;
#else
	(void)isa;
#endif
	return yuv_line__portable;
}
