// SPDX-License-Identifier: MIT
#include "s8_blend.h"

static void lines(const int8_t *a, const int8_t *b, int32_t weight, size_t n, int32_t *out)
{
	size_t i;

	for (i = 0; i < n; i++)
		out[i] = a[i] * (S8_BLEND_ONE - weight) + b[i] * weight;
}

static void columns(const int32_t *line, const struct s8_blend_column *from, size_t count,
		    size_t channels, int8_t *out)
{
	size_t x;

	for (x = 0; x < count; x++, out += channels)
		s8_blend_rest(line + from[x].low * channels, line + from[x].high * channels,
			      from[x].weight, channels, out);
}

const struct s8_blend s8_blend__portable = { lines, columns };

const struct s8_blend *s8_blend_select(enum accel_isa isa)
{
#ifdef __aarch64__
	if (isa >= ACCEL_ISA_NEON)
		return &s8_blend_16x__neon;
#else
	(void)isa;
#endif
	return &s8_blend__portable;
}
