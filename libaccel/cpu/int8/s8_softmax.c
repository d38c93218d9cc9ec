// SPDX-License-Identifier: MIT
#include "s8_softmax.h"

/* A value costs about as much in the FP32 kernels as this many entries of the tables. */
#define VALUE_PER_ENTRY	0.9

void s8_softmax_init(struct s8_softmax *softmax, enum accel_isa isa, const struct s8_format *in,
		     const struct s8_format *out, float beta)
{
	int8_t bytes[256];
	int i;

	softmax->reals = f32_kernels_select(isa);
	softmax->bytes = s8_real_select(isa);
	softmax->table = s8_table_select(isa);
	softmax->out = *out;
	softmax->beta = beta;
	for (i = 0; i < 256; i++)
		bytes[i] = (int8_t)(i - 128);
	softmax->bytes->to_real(in, bytes, 256, softmax->value);
}

/* The sum of 16 values apart, then of 8, 4, 2, 1 apart, as the FP32 kernel takes it. */
static float sum_of(const float *e, const int8_t *in, size_t n)
{
	float lanes[16] = { 0 };
	size_t i, j, apart;

	for (i = 0; i + 16 <= n; i += 16) {
#pragma GCC unroll 16
		for (j = 0; j < 16; j++)
			lanes[j] += e[in[i + j]];
	}
	for (j = 0; i + j < n; j++)
		lanes[j] += e[in[i + j]];
	for (apart = 8; apart; apart /= 2)
		for (j = 0; j < apart; j++)
			lanes[j] += lanes[j + apart];

	return lanes[0];
}

/* The bytes that occur lie between @low and @high. */
static void by_tables(const struct s8_softmax *softmax, const int8_t *in, size_t n, int8_t low,
		      int8_t high, int8_t *out)
{
	const size_t first = (size_t)(low + 128), count = (size_t)(high - low) + 1;
	int8_t results[256];
	float e[256], inverse;

	softmax->reals->exp_below(softmax->value + first, count, softmax->value[high + 128],
				  softmax->beta, e + first);
	inverse = 1.0f / sum_of(e + 128, in, n);
	softmax->reals->binary[F32_MUL](e + first, 1, &inverse, 0, count, e + first);
	softmax->bytes->from_real(&softmax->out, e + first, count, results + first);
	softmax->table(in, n, results, out);
}

void s8_softmax_row(const struct s8_softmax *softmax, const int8_t *in, size_t n, float *scratch,
		    int8_t *out)
{
	int8_t low = INT8_MAX, high = INT8_MIN;
	size_t i;

	for (i = 0; i < n; i++) {
		low = in[i] < low ? in[i] : low;
		high = in[i] > high ? in[i] : high;
	}
	if ((double)n * VALUE_PER_ENTRY >= high - low + 1) {
		by_tables(softmax, in, n, low, high, out);
		return;
	}
	for (i = 0; i < n; i++)
		scratch[i] = softmax->value[in[i] + 128];
	softmax->reals->softmax(scratch, n, softmax->beta, scratch);
	softmax->bytes->from_real(&softmax->out, scratch, n, out);
}
