// SPDX-License-Identifier: MIT
/*
 * Arithmetic of the channel data processor, INT8 and INT16: convert, sum
 * squares over neighbouring channels, look the sum up, multiply, convert.
 * Between the steps there are 9, 21, 16 and 25 bits in INT8; 17, 37, 16 and 33
 * in INT16.
 */
#include "cdp.h"
#include "round.h"

#define FRACTION_BITS	16

static inline int64_t sign_extend(int64_t v, unsigned int bits)
{
	return (int64_t)((uint64_t)v << (64 - bits)) >> (64 - bits);
}

/*
 * Distance of @x from the start of a table; it has one bit more than both.
 * @bits: of the start that the index is made with.
 */
static uint64_t distance(int64_t x, const struct cdp_table *t, unsigned int bits,
			 struct cdp_position *p)
{
	int64_t start = sign_extend(t->start, bits);

	p->uflow = x <= start;
	p->oflow = false;
	p->index = 0;
	p->fraction = 0;

	return p->uflow ? 0 : (uint64_t)(x - start);
}

static void set_index(const struct cdp_table *t, uint64_t index, struct cdp_position *p)
{
	p->oflow = index >= t->entries - 1;
	p->index = p->oflow ? t->entries - 1 : (unsigned int)index;
}

static void locate_linear(int64_t x, const struct cdp_table *t, unsigned int bits,
			  struct cdp_position *p)
{
	uint64_t d = distance(x, t, bits, p);
	unsigned int spread;

	if (p->uflow)
		return;
	if (t->select < 0) {
		spread = (unsigned int)-t->select % t->max_spread;
		/* Beyond 9 places any distance leaves the larger table. */
		set_index(t, spread > 9 ? UINT64_MAX : d << spread, p);
	} else {
		p->fraction = (uint32_t)(d << FRACTION_BITS >> t->select) &
			      ((1u << FRACTION_BITS) - 1);
		set_index(t, d >> t->select, p);
	}
}

static void locate_exponential(int64_t x, const struct cdp_table *t, int offset,
			       unsigned int bits, struct cdp_position *p)
{
	uint64_t d = distance(x, t, bits, p);
	int log2;

	if (p->uflow)
		return;
	log2 = 63 - __builtin_clzll(d);
	if (log2 < offset) {
		p->uflow = true;
		return;
	}
	p->fraction = (uint32_t)(d << FRACTION_BITS >> log2) &
		      ((1u << FRACTION_BITS) - 1);
	set_index(t, (uint64_t)(log2 - offset), p);
}

/* What table @t gives at @p for @x; @bias: added to its start below it. */
static int32_t interpolate(const struct cdp_table *t, const struct cdp_position *p, int64_t x,
			   uint64_t bias)
{
	int64_t y = t->value[p->index], d;

	if (p->uflow) {
		d = x - sign_extend((int64_t)((uint64_t)t->start + bias), 39);
		d = sim_shift_signed(d * t->uflow_scale, t->uflow_shift, 5, 60);
	} else if (p->oflow) {
		d = x - t->end;
		d = sim_shift_signed(d * t->oflow_scale, t->oflow_shift, 5, 60);
	} else {
		d = t->value[p->index + 1] - y;
		d = sim_round_shift(d * p->fraction, FRACTION_BITS);
	}

	return (int32_t)sim_saturate(y + d, 16);
}

static int32_t look_up(const struct cdp_lrn *lrn, int64_t x, uint32_t *count)
{
	const unsigned int bits = lrn->precision == CDP_INT8 ? 22 : 38;
	struct cdp_position le, lo;
	uint64_t bias = 0;

	if (lrn->exponential) {
		locate_exponential(x, &lrn->le, lrn->le_offset, bits, &le);
		if (lrn->le_offset >= 0 && lrn->le_offset < 64)
			bias = (uint64_t)1 << lrn->le_offset;
	} else {
		locate_linear(x, &lrn->le, bits, &le);
	}
	locate_linear(x, &lrn->lo, bits, &lo);

	return cdp_choose_lo(lrn, &le, &lo, count) ? interpolate(&lrn->lo, &lo, x, 0) :
		interpolate(&lrn->le, &le, x, bias);
}

/*
 * cdp_lrn_pixel() - all channels of one pixel
 * @in: @padded channels, sign-extended
 * @work: room for @padded + 8 values
 * @out: receives @padded channels
 * @channels: channels that exist; the others count as 0 after the converter
 * @padded: channels, rounded up to whole atoms
 * @count: event counters
 */
void cdp_lrn_pixel(const struct cdp_lrn *lrn, const int16_t *in, uint32_t *work, int16_t *out,
		   unsigned int channels, unsigned int padded, uint32_t *count)
{
	const unsigned int bits = lrn->precision == CDP_INT8 ? 8 : 16;
	int32_t *v = (int32_t *)work + 4;
	unsigned int c;

	for (c = 0; c < 4; c++)
		work[c] = work[padded + 4 + c] = 0;
	for (c = 0; c < padded; c++)
		v[c] = c < channels ?
			(int32_t)sim_saturate(sim_round_shift((int64_t)(in[c] - lrn->in.offset) *
							      lrn->in.scale, lrn->in.shift),
					      bits + 1) :
			0;

	for (c = 0; c < padded; c++) {
		int64_t x = v[c], r;
		int i;

		if (lrn->square) {
			x = 0;
			for (i = (int)c - (int)lrn->reach; i <= (int)(c + lrn->reach); i++)
				x += (int64_t)v[i] * v[i];
		}
		r = look_up(lrn, x, count);
		if (lrn->multiply)
			r *= v[c];
		r = (r - lrn->out.offset) * lrn->out.scale;
		out[c] = (int16_t)sim_saturate(sim_round_shift(r, lrn->out.shift), bits);
	}
}
