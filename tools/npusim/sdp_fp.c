// SPDX-License-Identifier: MIT
/*
 * Arithmetic of the single data processor in FP16: FP32 between the stages,
 * FP17 inside of the lookup tables. Shifts and converters of operands have no
 * effect here; operands from memory and those of X1 and X2 are FP16, registers
 * of Y are FP32.
 */
#include "fp.h"
#include "sdp.h"

#define FRACTION_BITS	35
#define MANTISSA_BITS	23
#define FP17_ONE	0x7c00

/* Algorithms of an ALU. */
enum { ALU_MAX, ALU_MIN, ALU_SUM, ALU_EQL };

struct position {
	unsigned int index;
	uint64_t fraction;
	bool uflow, oflow;
};

static uint32_t fp_alu(uint32_t a, uint32_t b, unsigned int algo)
{
	if (algo == ALU_SUM)
		return fp32_add(a, b);
	if (algo == ALU_EQL)
		return a != b;

	return fp_pick(a, b, algo == ALU_MAX, FP32_E, FP32_M);
}

/* An operand of FP16; @flush: NaN counts as 0. */
static uint32_t operand(int16_t v, bool flush)
{
	return flush && fp16_is_nan((uint16_t)v) ? 0 : fp16_to_fp32((uint16_t)v);
}

/*
 * sdp_fp_in() - what enters the first stage
 * @half: @v holds FP16, else FP32
 * @count: NULL, or counters of NaN and infinity
 */
void sdp_fp_in(int32_t *v, unsigned int n, bool half, bool flush, uint32_t *count)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		uint32_t x = (uint32_t)v[i];

		if (half) {
			x &= 0xffff;
			if (count) {
				count[0] += fp16_is_nan(x);
				count[1] += fp16_is_inf(x);
			}
			x = fp16_to_fp32(x);
		}
		v[i] = (int32_t)(flush && fp_is_nan(x, FP32_E, FP32_M) ? 0 : x);
	}
}

/* sdp_fp_x() - stage X1 or X2 */
void sdp_fp_x(const struct sdp_x *x, int32_t *v, const int16_t *alu, const int16_t *mul,
	      unsigned int n, bool flush)
{
	unsigned int i;

	if (!x->enable)
		return;
	for (i = 0; i < n; i++) {
		uint32_t r = (uint32_t)v[i];

		if (x->alu)
			r = fp_alu(r, operand(x->alu_mem ? alu[i] : x->alu_operand, flush),
				   x->algo);
		if (x->mul && !(x->prelu && !fp_sign(r, FP32_E, FP32_M)))
			r = fp32_mul(r, operand(x->mul_mem ? mul[i] : x->mul_operand, flush));
		if (x->relu && fp_sign(r, FP32_E, FP32_M) && !fp_is_nan(r, FP32_E, FP32_M))
			r = 0;
		v[i] = (int32_t)r;
	}
}

/* sdp_fp_y() - stage Y up to its lookup table */
void sdp_fp_y(const struct sdp_y *y, int32_t *v, const int16_t *alu, const int16_t *mul,
	      unsigned int n, bool flush)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		uint32_t r = (uint32_t)v[i];

		if (y->mul && !(y->prelu && !fp_sign(r, FP32_E, FP32_M)))
			r = fp32_mul(r, y->mul_mem ? operand(mul[i], flush) :
						     (uint32_t)y->mul_operand);
		if (y->alu)
			r = fp_alu(r, y->alu_mem ? operand(alu[i], flush) :
						   (uint32_t)y->alu_operand, y->algo);
		v[i] = (int32_t)r;
	}
}

/* Distance of @x from @start; below it, and for NaN, 0. */
static uint32_t distance(uint32_t x, int32_t start, struct position *p)
{
	uint32_t d = fp32_sub(x, (uint32_t)start);

	p->uflow = fp_sign(d, FP32_E, FP32_M) || fp_is_zero(d, FP32_E, FP32_M) ||
		   fp_is_nan(d, FP32_E, FP32_M);
	p->oflow = false;
	p->index = 0;
	p->fraction = 0;

	return p->uflow ? 0 : d;
}

static void locate_linear(uint32_t x, int32_t start, int select, unsigned int entries,
			  struct position *p)
{
	uint32_t d = distance(x, start, p);
	uint64_t whole = (uint64_t)1 << MANTISSA_BITS | fp_mant(d, FP32_M);
	int shift = (int)fp_expo(d, FP32_E, FP32_M) - 127 - select - MANTISSA_BITS;

	if (p->uflow)
		return;
	/* From 2^9 on whatever is shifted there lies beyond both tables. */
	p->oflow = shift > -MANTISSA_BITS + 9 ||
		   (shift >= -MANTISSA_BITS && whole >> -shift >= entries - 1);
	if (p->oflow) {
		p->index = entries - 1;
		return;
	}
	if (shift >= -MANTISSA_BITS)
		p->index = (unsigned int)(whole >> -shift);
	shift += FRACTION_BITS;
	if (shift > -64)
		p->fraction = (shift >= 0 ? whole << shift : whole >> -shift) &
			      (((uint64_t)1 << FRACTION_BITS) - 1);
}

static void locate_exponential(uint32_t x, int32_t start, int offset, struct position *p)
{
	uint32_t d = distance(x, start, p);
	int index = (int)fp_expo(d, FP32_E, FP32_M) - 127 - offset;

	if (p->uflow)
		return;
	p->uflow = index < 0;
	p->oflow = index >= SIM_LUT_LE - 1;
	if (p->oflow)
		p->index = SIM_LUT_LE - 1;
	if (p->uflow || p->oflow)
		return;
	p->index = (unsigned int)index;
	p->fraction = (uint64_t)fp_mant(d, FP32_M) << (FRACTION_BITS - MANTISSA_BITS);
}

/* 2^@v as FP32, that of -127 and -128 denormal. */
static uint32_t power_of_two(int v)
{
	return v >= -126 ? (uint32_t)(v + 127) << MANTISSA_BITS : 1u << (v + 149);
}

/* Beyond the ends of table LE or LO: a straight line from the last entry. */
static uint32_t extend(const struct sdp_lut_cfg *cfg, uint32_t x, int16_t y, bool lo, bool uflow)
{
	uint32_t from, bias = 0, d;
	int16_t scale;

	if (uflow) {
		from = (uint32_t)(lo ? cfg->lo_start : cfg->le_start);
		if (!lo && !cfg->linear)
			bias = power_of_two(cfg->le_offset);
		scale = lo ? cfg->lo_uflow_scale : cfg->le_uflow_scale;
	} else {
		from = (uint32_t)(lo ? cfg->lo_end : cfg->le_end);
		scale = lo ? cfg->lo_oflow_scale : cfg->le_oflow_scale;
	}
	d = fp32_to_fp17(fp32_sub(x, fp32_add(from, bias)));
	d = fp17_mul(d, fp16_to_fp17((uint16_t)scale));

	return fp17_add(fp16_to_fp17((uint16_t)y), d);
}

static uint32_t between(int16_t y0, int16_t y1, uint64_t fraction)
{
	uint32_t a = FP17_ONE;

	if (fraction)
		a = fp17_from_fraction(((uint64_t)1 << FRACTION_BITS) - fraction, FRACTION_BITS);

	return fp17_add(fp17_mul(a, fp16_to_fp17((uint16_t)y0)),
			fp17_mul(fp17_from_fraction(fraction, FRACTION_BITS),
				 fp16_to_fp17((uint16_t)y1)));
}

/* sdp_fp_lut() - replace @n values by what the tables give for them */
void sdp_fp_lut(const struct sdp_lut_cfg *cfg, const struct sim_lut *lut, int32_t *v,
		unsigned int n, uint32_t *count)
{
	uint32_t seen[SDP_COUNTS] = { 0 };
	unsigned int i;

	for (i = 0; i < n; i++) {
		struct position le, lo, *p;
		const int16_t *table;
		uint32_t x = (uint32_t)v[i], r;
		bool use_lo, le_miss, lo_miss;

		if (cfg->linear)
			locate_linear(x, cfg->le_start, cfg->le_select, SIM_LUT_LE, &le);
		else
			locate_exponential(x, cfg->le_start, cfg->le_offset, &le);
		locate_linear(x, cfg->lo_start, cfg->lo_select, SIM_LUT_LO, &lo);

		le_miss = le.uflow || le.oflow;
		lo_miss = lo.uflow || lo.oflow;
		use_lo = le.uflow && lo.uflow ? cfg->lo_on_uflow :
			 le.oflow && lo.oflow ? cfg->lo_on_oflow :
			 le_miss == lo_miss ? cfg->lo_on_hybrid : le_miss;
		p = use_lo ? &lo : &le;
		table = use_lo ? lut->lo : lut->le;

		seen[SDP_COUNT_UFLOW] += p->uflow;
		seen[SDP_COUNT_OFLOW] += p->oflow;
		seen[SDP_COUNT_HYBRID] += !p->uflow && !p->oflow;
		seen[SDP_COUNT_LE_HIT] += !le_miss;
		seen[SDP_COUNT_LO_HIT] += !lo_miss;

		if (p->uflow || p->oflow)
			r = extend(cfg, x, table[p->index], use_lo, p->uflow);
		else
			r = between(table[p->index], table[p->index + 1], p->fraction);
		v[i] = (int32_t)fp17_to_fp32(r);
	}

	if (count) {
		for (i = 0; i < SDP_COUNTS; i++)
			count[i] = count[i] + seen[i] < seen[i] ? UINT32_MAX : count[i] + seen[i];
	}
}

/*
 * sdp_fp_out() - output converter, which here only changes the format
 *
 * Return: how many results are the largest number of FP16.
 */
unsigned int sdp_fp_out(const struct sdp_out *out, int32_t *v, unsigned int n)
{
	unsigned int i, largest = 0;

	if (out->bypass) {
		for (i = 0; i < n; i++)
			v[i] = (int16_t)v[i];
		return 0;
	}
	for (i = 0; i < n; i++) {
		uint32_t r = fp32_to_fp16((uint32_t)v[i]);

		if (out->fp)
			largest += (r & 0x7fff) == 0x7bff;
		v[i] = out->fp ? (int32_t)r : fp16_to_int(r);
	}

	return largest;
}

/*
 * sdp_fp_from_int() - integer results of 17 bits as FP16
 *
 * Return: how many results are the largest number of FP16.
 */
unsigned int sdp_fp_from_int(int32_t *v, unsigned int n)
{
	unsigned int i, largest = 0;

	for (i = 0; i < n; i++) {
		v[i] = (int32_t)fp16_from_int(v[i]);
		largest += (v[i] & 0x7fff) == 0x7bff;
	}

	return largest;
}

/* sdp_fp_count_nan() - how many of @n numbers of FP16 are none */
unsigned int sdp_fp_count_nan(const int32_t *v, unsigned int n)
{
	unsigned int i, nan = 0;

	for (i = 0; i < n; i++)
		nan += fp16_is_nan((uint16_t)v[i]);

	return nan;
}
