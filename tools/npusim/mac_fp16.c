// SPDX-License-Identifier: MIT
/*
 * The multiply-accumulate array in FP16. An atomic operation brings all its
 * products to one exponent, a multiple of four, and adds them as integers. The
 * products are aligned while they still are a sum and carries, which lose
 * their lowest bits separately: so the tree of adders has to be followed to
 * get the same last bit.
 */
#include <stdbool.h>

#include "cacc.h"

#define EXPO(v)		((v) >> 10 & 31u)
#define FRACTION(v)	((v) & 0x3ffu)
#define MAGNITUDE(v)	((v) & 0x7fffu)
#define NAN_EXPO	63u
#define ROWS		5
#define BIAS		0x10000u	/* makes a signed row a positive number */

/* The mantissa, moved by what its exponent has above a multiple of four. */
static uint32_t mantissa(uint16_t v)
{
	return EXPO(v) ? (0x400u | FRACTION(v)) << (EXPO(v) & 3) : FRACTION(v) << 1;
}

/* Three numbers into two: sums and carries of each bit. */
static void add_three(uint32_t *a, uint32_t *b, uint32_t c)
{
	uint32_t carry = (*a & *b) | (*b & c) | (*a & c);

	*a ^= *b ^ c;
	*b = carry << 1;
}

/* The first two of @rows become the sum and the carries of all. */
static void add_rows(uint32_t *rows, unsigned int n)
{
	unsigned int i;

	for (i = 2; i < n; i++)
		add_three(&rows[0], &rows[1], rows[i]);
}

/* A product, shifted right by @shift below its full weight. */
static int32_t product(uint32_t in, uint32_t weight, bool negative, unsigned int shift)
{
	/* What the biases of the rows add up to, from 0 to 28 bits of shift. */
	static const uint32_t bias[8] = {
		0xaaab0000, 0xfaaab000, 0xffaaab00, 0xfffaaab0, 0xffffaaab, 0xfffffaab,
		0xffffffab, 0xfffffffb,
	};
	uint32_t rows[8], complement[8], low[ROWS], high[ROWS], both[4];
	unsigned int i;

	if (shift >= 32)
		return 0;
	if (!shift)
		return negative ? -(int32_t)(in * weight) : (int32_t)(in * weight);
	weight <<= 1;
	for (i = 0; i < 8; i++, weight >>= 2) {
		unsigned int digit = (weight & 7) ^ (negative ? 7 : 0);

		complement[i] = digit >= 4 && digit <= 6;
		switch (digit) {
		case 0:
		case 7:
			rows[i] = BIAS;
			break;
		case 1:
		case 2:
			rows[i] = in | BIAS;
			break;
		case 3:
			rows[i] = in << 1 | BIAS;
			break;
		case 4:
			rows[i] = ~(in << 1) & (BIAS - 1);
			break;
		default:
			rows[i] = ~in & (BIAS - 1);
			break;
		}
	}
	/* A row's complement is completed two places lower in the row after it. */
	for (i = 0; i < 4; i++) {
		low[i] = rows[i] << (2 * i) | (i ? complement[i - 1] << (2 * i - 2) : 0);
		high[i] = rows[4 + i] << (8 + 2 * i) |
			  (i ? complement[3 + i] << (6 + 2 * i) : 0);
	}
	low[4] = complement[3] << 6;
	high[4] = complement[7] << 14;
	add_rows(low, ROWS);
	add_rows(high, ROWS);
	both[0] = low[0];
	both[1] = low[1];
	both[2] = high[0];
	both[3] = high[1];
	add_rows(both, 4);

	return (int32_t)((both[0] >> shift) + (both[1] >> shift) + bias[shift / 4]);
}

static bool find_nan(const uint16_t *v, unsigned int n, struct sim_float_sum *sum)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (MAGNITUDE(v[i]) <= 0x7c00)
			continue;
		sum->expo = NAN_EXPO;
		sum->mantissa = ((int64_t)FRACTION(v[i]) << 27) - (v[i] >> 15 ? 1ll << 37 : 0);
		return true;
	}

	return false;
}

/* The greatest exponent of the products, in fours. */
static unsigned int greatest_exponent(const uint16_t *in, const uint16_t *weights, unsigned int n)
{
	unsigned int i, expo, greatest = 0;

	for (i = 0; i < n; i++) {
		expo = (EXPO(in[i]) >> 2) + (EXPO(weights[i]) >> 2);
		if (MAGNITUDE(in[i]) && MAGNITUDE(weights[i]) && expo > greatest)
			greatest = expo;
	}

	return greatest;
}

/* The sum of some products, brought to exponent @greatest. */
static int64_t add_products(const uint16_t *in, const uint16_t *weights, unsigned int n,
			    unsigned int greatest)
{
	unsigned int i, expo;
	int64_t sum = 0;

	for (i = 0; i < n; i++) {
		if (!MAGNITUDE(in[i]) || !MAGNITUDE(weights[i]))
			continue;
		expo = (EXPO(in[i]) >> 2) + (EXPO(weights[i]) >> 2);
		sum += product(mantissa(in[i]), mantissa(weights[i]), (in[i] ^ weights[i]) >> 15,
			       (greatest - expo) * 4);
	}

	return sum;
}

struct sim_float_sum sim_mac_fp16(const uint16_t *in, const uint16_t *weights, unsigned int n)
{
	struct sim_float_sum sum = { 0, 0 };

	/* A weight's NaN goes first, then the lowest channel's. */
	if (find_nan(weights, n, &sum) || find_nan(in, n, &sum))
		return sum;
	sum.expo = greatest_exponent(in, weights, n);
	sum.mantissa = add_products(in, weights, n, sum.expo);
	sum.expo *= 4;

	return sum;
}

void sim_mac_fp16_winograd(const uint16_t *in, const uint16_t *weights, struct sim_float_sum *out)
{
	int64_t points[16], sums[4];
	unsigned int i, greatest;

	if (find_nan(weights, 64, &out[0]) || find_nan(in, 64, &out[0])) {
		for (i = 1; i < 4; i++)
			out[i] = out[0];
		return;
	}
	greatest = greatest_exponent(in, weights, 64);
	for (i = 0; i < 16; i++)
		points[i] = add_products(in + 4 * i, weights + 4 * i, 4, greatest);
	sim_post_add(points, sums);
	for (i = 0; i < 4; i++) {
		out[i].expo = greatest * 4;
		out[i].mantissa = sums[i];
	}
}
