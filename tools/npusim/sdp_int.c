// SPDX-License-Identifier: MIT
/*
 * Integer arithmetic of the single data processor. Widths are those of the
 * hardware: 32 bits between stages, 33 after an ALU, 49 after the multiplier
 * of X1 and X2, 64 after that of Y, 17 before the last saturation.
 */
#include "round.h"
#include "sdp.h"

/* Algorithms of an ALU; X1 and X2 add for every other value. */
enum { ALU_MAX, ALU_MIN, ALU_SUM, ALU_EQL };

static inline int64_t x_alu(int64_t a, int64_t b, unsigned int algo)
{
	if (algo == ALU_MAX)
		return a > b ? a : b;
	if (algo == ALU_MIN)
		return a < b ? a : b;
	return a + b;
}

/*
 * One stage, with everything that is constant over an operation as a
 * parameter, so that the compiler makes a lean loop of each use.
 */
static inline __attribute__((always_inline)) void
x_loop(const struct sdp_x *x, int32_t *v, const int16_t *alu, const int16_t *mul, unsigned int n,
       bool use_alu, bool use_mul, bool prelu)
{
	const int32_t alu_const = sim_shift_left_32(x->alu_operand, x->alu_shift);
	const bool alu_mem = x->alu_mem, mul_mem = x->mul_mem;
	const unsigned int algo = x->algo, alu_shift = x->alu_shift, truncate = x->truncate;
	const int64_t floor = x->relu ? 0 : INT32_MIN;
	unsigned int i;

	for (i = 0; i < n; i++) {
		int64_t r = v[i];

		if (use_alu)
			r = x_alu(r, alu_mem ? sim_shift_left_32(alu[i], alu_shift) : alu_const,
				  algo);
		if (prelu && r >= 0) {
			r = (int32_t)r;		/* bit 32 is lost here */
		} else {
			if (use_mul)
				r *= mul_mem ? mul[i] : x->mul_operand;
			r = sim_saturate(sim_round_shift(r, truncate), 32);
		}
		v[i] = (int32_t)(r < floor ? floor : r);
	}
}

/* sdp_int_x() - stage X1 or X2 */
void sdp_int_x(const struct sdp_x *x, int32_t *v, const int16_t *alu, const int16_t *mul,
	       unsigned int n)
{
	if (!x->enable)
		return;
	if (x->mul && x->prelu)
		x_loop(x, v, alu, mul, n, x->alu, true, true);
	else if (x->alu && x->mul)
		x_loop(x, v, alu, mul, n, true, true, false);
	else if (x->alu)
		x_loop(x, v, alu, mul, n, true, false, false);
	else if (x->mul)
		x_loop(x, v, alu, mul, n, false, true, false);
	else
		x_loop(x, v, alu, mul, n, false, false, false);
}

static inline int32_t convert(const struct sdp_cvt *cvt, int16_t v)
{
	if (!cvt->enable)
		return v;

	return (int32_t)sim_saturate(sim_round_shift(((int64_t)v - cvt->offset) * cvt->scale,
						     cvt->shift), 32);
}

static inline int32_t y_alu(int32_t a, int32_t b, unsigned int algo)
{
	switch (algo) {
	case ALU_MAX:
		return a > b ? a : b;
	case ALU_MIN:
		return a < b ? a : b;
	case ALU_EQL:
		return a != b;
	}

	return (int32_t)sim_saturate((int64_t)a + b, 32);
}

/* sdp_int_y() - stage Y up to its lookup table */
void sdp_int_y(const struct sdp_y *y, int32_t *v, const int16_t *alu, const int16_t *mul,
	       unsigned int n)
{
	unsigned int i;

	if (y->mul) {
		for (i = 0; i < n; i++) {
			int32_t op = y->mul_mem ? convert(&y->mul_cvt, mul[i]) : y->mul_operand;

			if (y->prelu && v[i] >= 0)
				continue;
			v[i] = (int32_t)sim_saturate(sim_round_shift_wide((int64_t)v[i] * op,
									  y->truncate), 32);
		}
	}
	if (y->alu) {
		for (i = 0; i < n; i++)
			v[i] = y_alu(v[i], y->alu_mem ? convert(&y->alu_cvt, alu[i]) :
							y->alu_operand, y->algo);
	}
}

/*
 * sdp_int_out() - output converter
 *
 * Return: how many results did not fit into 17 bits; that is what the
 * saturation counter of the hardware counts, before it saturates to @out->bits.
 */
unsigned int sdp_int_out(const struct sdp_out *out, int32_t *v, unsigned int n)
{
	const int64_t max = ((int64_t)1 << (out->bits - 1)) - 1, min = -max - 1;
	const unsigned int shift = out->shift;
	unsigned int i, saturated = 0;

	if (out->bypass) {
		for (i = 0; i < n; i++)
			v[i] = out->bits == 8 ? (int8_t)v[i] : (int16_t)v[i];
		return 0;
	}
	for (i = 0; i < n; i++) {
		int64_t r = ((int64_t)v[i] - out->offset) * out->scale;
		int64_t low = r >> shift;

		r = sim_round_shift(r, shift);
		/* Judged before rounding below zero and after it above. */
		saturated += r > 65535 || low < -65536;
		v[i] = (int32_t)(r > max ? max : r < min ? min : r);
	}

	return shift < 49 ? saturated : 0;
}
