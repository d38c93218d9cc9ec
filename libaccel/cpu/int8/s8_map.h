/* SPDX-License-Identifier: MIT */
/*
 * Functions of one and of two INT8 values over arrays.
 *
 * A function of one value is a table of 256. A function of two is known
 * completely by 65536 results; of the forms that kernels have, the one is
 * taken that gives all of these results, so that whatever arithmetic defined
 * them, the kernel cannot differ from it.
 */
#ifndef ACCEL_CPU_S8_MAP_H
#define ACCEL_CPU_S8_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libaccel/cpu/isa.h"

/**
 * s8_table_fn - out[i] = table[in[i] + 128]
 * @in: @n values; may be @out
 */
typedef void s8_table_fn(const int8_t *in, size_t n, const int8_t table[256], int8_t *out);

s8_table_fn s8_table__portable;
s8_table_fn s8_table_16x__neon;

s8_table_fn *s8_table_select(enum accel_isa isa);

/* Forms of a function of a and b. */
enum s8_pair_kind {
	S8_PAIR_MAX,
	S8_PAIR_MIN,
	S8_PAIR_SUM,		/* r((a - zero_a) * factor_a + (b - zero_b) * 2^shift_b) */
	S8_PAIR_PRODUCT,	/* r((a - zero_a) * (b - zero_b)) */
};

/**
 * struct s8_pair - a function of two values
 * @kind: enum s8_pair_kind
 * @zero_a: of a
 * @zero_b: of b
 * @factor_a: of SUM
 * @shift_b: of SUM, 0 to 16
 * @multiplier: r(v) = sat_8(max(floor((v * multiplier + 2^30) / 2^31) + zero, min))
 * @zero: likewise; SUM and PRODUCT
 * @min: likewise
 */
struct s8_pair {
	enum s8_pair_kind kind;
	int8_t zero_a, zero_b;
	int16_t factor_a;
	uint8_t shift_b;
	int8_t min;
	int16_t zero;
	int32_t multiplier;
};

/**
 * s8_pair_fn - out[i] = f(a[i], b[i])
 * @a: @n values; may be @out, as may @b
 */
typedef void s8_pair_fn(const struct s8_pair *pair, const int8_t *a, const int8_t *b, size_t n,
			int8_t *out);

s8_pair_fn s8_pair__portable;
s8_pair_fn s8_pair_16x__neon;

s8_pair_fn *s8_pair_select(enum accel_isa isa);

/**
 * s8_pair_truth - the function itself, for one a and every b
 * @out: receives f(@a, -128) .. f(@a, 127)
 */
typedef void s8_pair_truth(void *ctx, int8_t a, int8_t out[256]);

/**
 * s8_pair_holds() - does a form give the function's result for all 65536 pairs?
 * @pair: the form
 * @run: the kernel that will run it
 */
bool s8_pair_holds(const struct s8_pair *pair, s8_pair_fn *run, s8_pair_truth *truth, void *ctx);

#endif /* ACCEL_CPU_S8_MAP_H */
