// SPDX-License-Identifier: MIT
#include <string.h>

#include "s8_map.h"

void s8_table__portable(const int8_t *in, size_t n, const int8_t table[256], int8_t *out)
{
	size_t i;

	for (i = 0; i < n; i++)
		out[i] = table[in[i] + 128];
}

s8_table_fn *s8_table_select(enum accel_isa isa)
{
#ifdef __aarch64__
	if (isa >= ACCEL_ISA_NEON)
		return s8_table_16x__neon;
#else
	(void)isa;
#endif
	return s8_table__portable;
}

static inline int8_t finish(const struct s8_pair *pair, int32_t v)
{
	int64_t q = (((int64_t)v * pair->multiplier + (INT64_C(1) << 30)) >> 31) + pair->zero;

	if (q < pair->min)
		q = pair->min;

	return q > INT8_MAX ? INT8_MAX : (int8_t)q;
}

void s8_pair__portable(const struct s8_pair *pair, const int8_t *a, const int8_t *b, size_t n,
		       int8_t *out)
{
	size_t i;

	switch (pair->kind) {
	case S8_PAIR_MAX:
		for (i = 0; i < n; i++)
			out[i] = a[i] > b[i] ? a[i] : b[i];
		break;
	case S8_PAIR_MIN:
		for (i = 0; i < n; i++)
			out[i] = a[i] < b[i] ? a[i] : b[i];
		break;
	case S8_PAIR_SUM:
		for (i = 0; i < n; i++)
			out[i] = finish(pair, (a[i] - pair->zero_a) * pair->factor_a +
					      (b[i] - pair->zero_b) * (1 << pair->shift_b));
		break;
	default:
		for (i = 0; i < n; i++)
			out[i] = finish(pair, (a[i] - pair->zero_a) * (b[i] - pair->zero_b));
	}
}

s8_pair_fn *s8_pair_select(enum accel_isa isa)
{
#ifdef __aarch64__
	if (isa >= ACCEL_ISA_NEON)
		return s8_pair_16x__neon;
#else
	(void)isa;
#endif
	return s8_pair__portable;
}

bool s8_pair_holds(const struct s8_pair *pair, s8_pair_fn *run, s8_pair_truth *truth, void *ctx)
{
	int8_t a[256], b[256], is[256], want[256];
	int i, j;

	for (j = 0; j < 256; j++)
		b[j] = (int8_t)(j - 128);
	for (i = -128; i < 128; i++) {
		memset(a, i, sizeof(a));
		run(pair, a, b, sizeof(b), is);
		truth(ctx, (int8_t)i, want);
		if (memcmp(is, want, sizeof(want)))
			return false;
	}

	return true;
}
