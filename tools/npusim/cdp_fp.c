// SPDX-License-Identifier: MIT
/*
 * Arithmetic of the channel data processor in FP16: squares and their sums in
 * FP32, tables and the product in FP17. The converters only change the format.
 */
#include "cdp.h"
#include "fp.h"

#define FRACTION_BITS	16
#define MANTISSA_BITS	23

/* Sum in pairs from the middle outwards. @v: the middle. */
static uint32_t sum_squares(const uint32_t *v, unsigned int reach)
{
	uint32_t sum = fp32_add(fp32_add(v[-1], v[1]), v[0]);
	unsigned int i;

	for (i = 2; i <= reach; i++)
		sum = fp32_add(sum, fp32_add(v[-(int)i], v[i]));

	return sum;
}

/* Distance of @x from the start of a table; below it, and for NaN, 0. */
static uint32_t distance(uint32_t x, const struct cdp_table *t, struct cdp_position *p)
{
	uint32_t d = fp32_sub(x, (uint32_t)t->start);

	p->uflow = fp_sign(d, FP32_E, FP32_M) || fp_is_zero(d, FP32_E, FP32_M) ||
		   fp_is_nan(d, FP32_E, FP32_M);
	p->oflow = false;
	p->index = 0;
	p->fraction = 0;

	return p->uflow ? 0 : d;
}

static void locate_linear(uint32_t x, const struct cdp_table *t, struct cdp_position *p)
{
	uint32_t d = distance(x, t, p);
	uint64_t whole = fp_whole(d, FP32_E, FP32_M);
	int log2 = (int)fp_expo(d, FP32_E, FP32_M) - 127 - t->select;

	if (p->uflow)
		return;
	p->oflow = log2 >= 31 || (log2 >= 0 && whole << log2 >> MANTISSA_BITS >= t->entries - 1);
	if (p->oflow || log2 < -FRACTION_BITS)
		return;
	/* 16 bits behind the point; the others are dropped. */
	whole = (whole << FRACTION_BITS << (log2 + FRACTION_BITS)) >>
		(MANTISSA_BITS + FRACTION_BITS);
	p->index = (unsigned int)(whole >> FRACTION_BITS);
	p->fraction = (uint32_t)whole & ((1u << FRACTION_BITS) - 1);
}

static void locate_exponential(uint32_t x, const struct cdp_table *t, int offset,
			       struct cdp_position *p)
{
	uint32_t d = distance(x, t, p);
	int index = (int)fp_expo(d, FP32_E, FP32_M) - 127 - offset;

	if (p->uflow)
		return;
	p->uflow = index < 0;
	p->oflow = index >= (int)t->entries - 1;
	if (p->uflow || p->oflow)
		return;
	p->index = (unsigned int)index;
	p->fraction = fp_mant(d, FP32_M) >> (MANTISSA_BITS - FRACTION_BITS);
}

/* What table @t gives at @p for @x; @bias: FP32 added to its start below it. */
static uint32_t interpolate(const struct cdp_table *t, const struct cdp_position *p, uint32_t x,
			    uint32_t bias)
{
	uint32_t y0 = (uint16_t)t->value[p->oflow ? t->entries - 1 : p->index], y1, d, factor;

	if (p->uflow) {
		d = fp32_sub(x, fp32_add((uint32_t)t->start, bias));
		factor = fp16_to_fp17((uint16_t)t->uflow_scale);
	} else if (p->oflow) {
		d = fp32_sub(x, (uint32_t)t->end);
		factor = fp16_to_fp17((uint16_t)t->oflow_scale);
	} else {
		y1 = (uint16_t)t->value[p->index + 1];
		d = fp32_sub(fp16_to_fp32(y1), fp16_to_fp32(y0));
		factor = fp17_from_fraction(p->fraction, FRACTION_BITS);
	}

	return fp17_add(fp17_mul(fp32_to_fp17(d), factor), fp16_to_fp17(y0));
}

static uint32_t look_up(const struct cdp_lrn *lrn, uint32_t x, uint32_t *count)
{
	struct cdp_position le, lo;
	uint32_t bias = 0;

	if (lrn->exponential) {
		locate_exponential(x, &lrn->le, lrn->le_offset, &le);
		if (lrn->le_offset > -127)
			bias = fp_pack(false, (uint32_t)(lrn->le_offset + 127), 0, FP32_E, FP32_M);
	} else {
		locate_linear(x, &lrn->le, &le);
	}
	locate_linear(x, &lrn->lo, &lo);

	return cdp_choose_lo(lrn, &le, &lo, count) ? interpolate(&lrn->lo, &lo, x, 0) :
		interpolate(&lrn->le, &le, x, bias);
}

/* cdp_fp_pixel() - all channels of one pixel, see cdp_lrn_pixel() */
void cdp_fp_pixel(const struct cdp_lrn *lrn, const int16_t *in, uint32_t *work, int16_t *out,
		  unsigned int channels, unsigned int padded, uint32_t *count)
{
	uint32_t *v = work + 4;
	unsigned int c;

	for (c = 0; c < 4; c++)
		work[c] = work[padded + 4 + c] = 0;
	for (c = 0; c < padded; c++) {
		v[c] = c < channels ? fp17_to_fp32(fp16_to_fp17((uint16_t)in[c])) : 0;
		if (lrn->square)
			v[c] = fp32_mul(v[c], v[c]);
	}

	for (c = 0; c < padded; c++) {
		uint32_t x = c < channels ? fp16_to_fp17((uint16_t)in[c]) : 0, r;

		r = look_up(lrn, lrn->square ? sum_squares(v + c, lrn->reach) : v[c], count);
		if (lrn->multiply)
			r = fp17_mul(x, r);
		else if (fp_is_nan(x, FP17_E, FP16_M))
			r = x;
		out[c] = (int16_t)fp17_to_fp16(r);
	}
}
