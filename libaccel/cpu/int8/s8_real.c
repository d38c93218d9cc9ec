// SPDX-License-Identifier: MIT
#include "s8_real.h"

/* Beyond this every result is a bound, whatever the zero point. */
#define SURE	1e6

static int8_t round_to(const struct s8_format *format, double value)
{
	int32_t whole;

	if (value > SURE)
		value = SURE;
	else if (value < -SURE)
		value = -SURE;
	else if (!(value <= SURE))
		value = 0;	/* NaN */
	/* Both the conversion and the difference are exact. */
	whole = (int32_t)value;
	value -= whole;
	whole += (value >= 0.5) - (value <= -0.5);
	whole += format->zero;
	whole = whole < format->low ? format->low : whole > format->high ? format->high : whole;

	return (int8_t)(whole ^ format->flip);
}

static void to_real(const struct s8_format *format, const int8_t *in, size_t n, float *out)
{
	const struct s8_format by = *format;
	size_t i;

	for (i = 0; i < n; i++)
		out[i] = (float)((int8_t)(in[i] ^ by.flip) - by.zero) * by.scale;
}

static void from_real(const struct s8_format *format, const float *in, size_t n, int8_t *out)
{
	size_t i;

	for (i = 0; i < n; i++)
		out[i] = round_to(format, (double)in[i] / (double)format->scale);
}

static void from_sums(const struct s8_format *format, const int32_t *in, size_t n, double factor,
		      int8_t *out)
{
	size_t i;

	for (i = 0; i < n; i++)
		out[i] = round_to(format, (double)in[i] * factor);
}

const struct s8_real s8_real__portable = { to_real, from_real, from_sums };

const struct s8_real *s8_real_select(enum accel_isa isa)
{
#ifdef __aarch64__
	if (isa >= ACCEL_ISA_NEON)
		return &s8_real_16x__neon;
#else
	(void)isa;
#endif
	return &s8_real__portable;
}
