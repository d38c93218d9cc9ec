// SPDX-License-Identifier: MIT
/*
 * Functions of one and two INT8 values, every instruction set against their
 * definition, between guard pages. Prints TAP.
 *
 * usage: test_maps [SEED [CASES]]
 */
#include <string.h>

#include "cases.h"
#include "libaccel/cpu/int8/s8_map.h"
#include "random.h"

struct arrays {
	struct guarded a, b, out;
	size_t n;
};

static void arrays_new(struct arrays *arrays)
{
	arrays->n = random_below(4) ? random_below(200) + 1 : random_below(20) + 1;
	arrays->a = guarded_random(arrays->n);
	arrays->b = guarded_random(arrays->n);
	arrays->out = guarded_random(arrays->n);
}

static void arrays_free(struct arrays *arrays)
{
	guarded_free(&arrays->a);
	guarded_free(&arrays->b);
	guarded_free(&arrays->out);
}

static bool table_case(enum accel_isa isa)
{
	struct arrays arrays;
	int8_t table[256];
	bool good = true;
	size_t i;

	for (i = 0; i < sizeof(table); i++)
		table[i] = (int8_t)random_below(256);
	arrays_new(&arrays);
	s8_table_select(isa)(arrays.a.data, arrays.n, table, arrays.out.data);
	for (i = 0; i < arrays.n; i++)
		good &= arrays.out.data[i] == table[128 + arrays.a.data[i]];
	/* In place. */
	s8_table_select(isa)(arrays.a.data, arrays.n, table, arrays.a.data);
	good &= !memcmp(arrays.a.data, arrays.out.data, arrays.n);
	arrays_free(&arrays);

	return good;
}

static int8_t expected(const struct s8_pair *pair, int a, int b)
{
	__int128 v;

	if (pair->kind == S8_PAIR_MAX)
		return (int8_t)(a > b ? a : b);
	if (pair->kind == S8_PAIR_MIN)
		return (int8_t)(a < b ? a : b);
	a -= pair->zero_a;
	b -= pair->zero_b;
	v = pair->kind == S8_PAIR_SUM ?
	    (__int128)a * pair->factor_a + (__int128)b * (INT64_C(1) << pair->shift_b) :
	    (__int128)a * b;
	v = ((v * pair->multiplier + (1 << 30)) >> 31) + pair->zero;
	if (v < pair->min)
		v = pair->min;

	return (int8_t)(v > 127 ? 127 : v);
}

static bool pair_case(enum accel_isa isa)
{
	struct s8_pair pair = {
		.kind = (enum s8_pair_kind)random_below(4),
		.zero_a = (int8_t)random_below(256), .zero_b = (int8_t)random_below(256),
		.factor_a = (int16_t)random_below(65536), .shift_b = (uint8_t)random_below(17),
		.min = (int8_t)(random_below(2) ? -128 : (int)random_below(256) - 128),
		.zero = (int16_t)(random_below(2000) - 1000),
	};
	struct arrays arrays;
	bool good = true;
	size_t i;

	pair.multiplier = (int32_t)(random_below(1u << 30) >> random_below(24));
	if (!random_below(4))
		pair.multiplier = -pair.multiplier;
	arrays_new(&arrays);
	s8_pair_select(isa)(&pair, arrays.a.data, arrays.b.data, arrays.n, arrays.out.data);
	for (i = 0; i < arrays.n; i++)
		good &= arrays.out.data[i] == expected(&pair, arrays.a.data[i], arrays.b.data[i]);
	s8_pair_select(isa)(&pair, arrays.a.data, arrays.b.data, arrays.n, arrays.b.data);
	good &= !memcmp(arrays.b.data, arrays.out.data, arrays.n);
	arrays_free(&arrays);

	return good;
}

/* The proof must fail where one result in 65536 differs. */
struct spoilt {
	int8_t a, b;
	bool spoil;
};

static void truth(void *ctx, int8_t a, int8_t out[256])
{
	const struct spoilt *spoilt = ctx;
	int b;

	for (b = -128; b < 128; b++)
		out[b + 128] = (int8_t)(a > b ? a : b);
	if (spoilt->spoil && a == spoilt->a)
		out[spoilt->b + 128] ^= 1;
}

static bool proof_case(enum accel_isa isa)
{
	const struct s8_pair pair = { .kind = S8_PAIR_MAX };
	struct spoilt spoilt = { (int8_t)random_below(256), (int8_t)random_below(256), false };
	bool good = s8_pair_holds(&pair, s8_pair_select(isa), truth, &spoilt);

	spoilt.spoil = true;

	return good && !s8_pair_holds(&pair, s8_pair_select(isa), truth, &spoilt);
}

int main(int argc, char **argv)
{
	static const struct kernel_case all[] = {
		{ "tables", table_case, 1 }, { "functions of two values", pair_case, 1 },
		{ "proofs of functions", proof_case, 100 },
	};

	return run_cases(argc, argv, all, sizeof(all) / sizeof(all[0]));
}
