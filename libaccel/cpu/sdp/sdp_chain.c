// SPDX-License-Identifier: MIT
#include "sdp_chain.h"

/* Beyond these, shifts leave what the vector forms cover. */
#define WIDE_SHIFT_LIMIT	48
#define LUT_SHIFT_LIMIT		14

static bool fits32(struct sdp_range range)
{
	return range.low >= INT32_MIN && range.high <= INT32_MAX;
}

static struct sdp_range saturate(struct sdp_range range)
{
	return (struct sdp_range){ sdp_sat32(range.low), sdp_sat32(range.high) };
}

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Both factors have at most 33 bits here, or a product could not be exact. */
static struct sdp_range product(struct sdp_range a, struct sdp_range b)
{
	int64_t p = a.low * b.low, q = a.low * b.high, r = a.high * b.low, s = a.high * b.high;

	return (struct sdp_range){ smaller(smaller(p, q), smaller(r, s)),
				   larger(larger(p, q), larger(r, s)) };
}

static struct sdp_range shifted(struct sdp_range range, unsigned int shift)
{
	return (struct sdp_range){ sdp_shift_round(range.low, shift, 64),
				   sdp_shift_round(range.high, shift, 64) };
}

static void put(struct sdp_chain *chain, enum sdp_step_kind kind, enum sdp_lane lane,
		unsigned int shift, bool prelu)
{
	chain->steps[chain->count++] = (struct sdp_step){ (uint8_t)kind, (uint8_t)lane,
							  (uint8_t)shift, prelu };
}

static struct sdp_range put_alu(struct sdp_chain *chain, unsigned int alu, enum sdp_lane lane,
				struct sdp_range v, struct sdp_range o)
{
	switch (alu) {
	case NPU_ALU_NONE:
		return v;
	case NPU_ALU_SUM:
		put(chain, SDP_ADD, lane, 0, false);
		return saturate((struct sdp_range){ v.low + o.low, v.high + o.high });
	case NPU_ALU_MAX:
		put(chain, SDP_MAX, lane, 0, false);
		return (struct sdp_range){ larger(v.low, o.low), larger(v.high, o.high) };
	default:
		put(chain, SDP_MIN, lane, 0, false);
		return (struct sdp_range){ smaller(v.low, o.low), smaller(v.high, o.high) };
	}
}

static struct sdp_range put_mul(struct sdp_chain *chain, unsigned int mul, unsigned int shift,
				enum sdp_lane lane, struct sdp_range v, struct sdp_range o)
{
	const bool prelu = mul == NPU_MUL_PRELU;
	const struct sdp_range p = product(v, o);
	enum sdp_step_kind kind = SDP_MUL_WIDE;
	struct sdp_range result = saturate(shifted(p, shift));

	if (fits32(p) && p.low > INT32_MIN && shift < 32)
		kind = SDP_MUL_NARROW;
	else if (shift && shift <= 31 && o.low >= 0 && v.low > INT32_MIN &&
		 o.high << (31 - shift) <= INT32_MAX)
		kind = SDP_MUL_DOUBLING;
	put(chain, kind, lane, shift, prelu);
	if (prelu) {
		result.low = smaller(result.low, v.low);
		result.high = larger(result.high, v.high);
	}
	return result;
}

/* Everything a stage by definition can leave behind. */
static const struct sdp_range any = { INT32_MIN, INT32_MAX };

static struct sdp_range put_x(struct sdp_chain *chain, const struct npu_stage *stage,
			      unsigned int which, struct sdp_range v,
			      const struct sdp_range operand[SDP_LANES])
{
	const enum sdp_lane alu = which ? SDP_ALU_X2 : SDP_ALU_X1, mul = alu + 1;
	struct sdp_range sum = { v.low + operand[alu].low, v.high + operand[alu].high };

	/* The sum has 33 bits on its way to the multiplier. */
	if ((stage->alu == NPU_ALU_SUM && stage->mul && !fits32(sum)) ||
	    (stage->mul && stage->mul_shift > WIDE_SHIFT_LIMIT)) {
		put(chain, which ? SDP_STAGE_X2 : SDP_STAGE_X1, alu, 0, false);
		return any;
	}
	v = put_alu(chain, stage->alu, alu, v, operand[alu]);
	if (stage->mul)
		v = put_mul(chain, stage->mul, stage->mul_shift, mul, v, operand[mul]);
	if (stage->relu) {
		put(chain, SDP_RELU, alu, 0, false);
		v.low = larger(v.low, 0);
		v.high = larger(v.high, 0);
	}
	return v;
}

static struct sdp_range put_y(struct sdp_chain *chain, const struct npu_stage_y *y,
			      struct sdp_range v, const struct sdp_range operand[SDP_LANES])
{
	if (!y->mul && !y->alu && !y->lut)
		return v;
	if ((y->mul && y->mul_shift > WIDE_SHIFT_LIMIT) ||
	    (y->lut && y->lut_shift > LUT_SHIFT_LIMIT)) {
		put(chain, SDP_STAGE_Y, SDP_ALU_Y, 0, false);
		return any;
	}
	if (y->mul)
		v = put_mul(chain, y->mul, y->mul_shift, SDP_MUL_Y, v, operand[SDP_MUL_Y]);
	v = put_alu(chain, y->alu, SDP_ALU_Y, v, operand[SDP_ALU_Y]);
	if (!y->lut)
		return v;
	put(chain, SDP_LUT, SDP_ALU_Y, y->lut_shift, false);
	return (struct sdp_range){ INT16_MIN, INT16_MAX };
}

void sdp_chain_plan(struct sdp_chain *chain, const struct npu_sdp *sdp, struct sdp_range in,
		    const struct sdp_range operand[SDP_LANES])
{
	struct sdp_range v = in, scale = { sdp->cvt_scale, sdp->cvt_scale };

	chain->sdp = sdp;
	chain->count = 0;
	v = put_x(chain, &sdp->x1, 0, v, operand);
	v = put_x(chain, &sdp->x2, 1, v, operand);
	v = put_y(chain, &sdp->y, v, operand);
	v.low -= sdp->cvt_offset;
	v.high -= sdp->cvt_offset;
	if (!fits32(v) || v.low == INT32_MIN || sdp->cvt_shift > WIDE_SHIFT_LIMIT)
		chain->out = SDP_OUT_EXACT;
	else if (sdp->cvt_scale == 1 && sdp->cvt_shift < 32)
		chain->out = SDP_OUT_SHIFT;
	else if (sdp->cvt_shift < 32 && fits32(product(v, scale)) &&
		 product(v, scale).low > INT32_MIN)
		chain->out = SDP_OUT_NARROW;
	else
		chain->out = SDP_OUT_WIDE;
}

static int32_t multiply(const struct sdp_step *step, int32_t v, int32_t o)
{
	if (step->prelu && v >= 0)
		return v;

	return sdp_sat32(sdp_shift_round((int64_t)v * o, step->shift, 64));
}

static void run_step(const struct sdp_chain *chain, const struct sdp_step *step,
		     const uint8_t *lut, const int32_t *const o[SDP_LANES], int32_t *v)
{
	const struct npu_sdp *sdp = chain->sdp;
	const int32_t *mine = o[step->lane];
	unsigned int i;

#define EACH(expression) do {							\
	for (i = 0; i < SDP_GROUP; i++)						\
		v[i] = (expression);						\
} while (0)
	switch (step->kind) {
	case SDP_ADD:
		EACH(sdp_sat32((int64_t)v[i] + mine[i]));
		break;
	case SDP_MAX:
		EACH(v[i] > mine[i] ? v[i] : mine[i]);
		break;
	case SDP_MIN:
		EACH(v[i] < mine[i] ? v[i] : mine[i]);
		break;
	case SDP_MUL_NARROW:
	case SDP_MUL_DOUBLING:
	case SDP_MUL_WIDE:
		EACH(multiply(step, v[i], mine[i]));
		break;
	case SDP_RELU:
		EACH(v[i] < 0 ? 0 : v[i]);
		break;
	case SDP_LUT:
		EACH(sdp_lookup(&sdp->y, lut, v[i]));
		break;
	case SDP_STAGE_X1:
		EACH(sdp_stage_x(&sdp->x1, v[i], o[SDP_ALU_X1][i], o[SDP_MUL_X1][i]));
		break;
	case SDP_STAGE_X2:
		EACH(sdp_stage_x(&sdp->x2, v[i], o[SDP_ALU_X2][i], o[SDP_MUL_X2][i]));
		break;
	default:
		EACH(sdp_stage_y(&sdp->y, lut, v[i], o[SDP_ALU_Y][i], o[SDP_MUL_Y][i]));
	}
#undef EACH
}

void sdp_chain_16x__portable(const struct sdp_chain *chain, const uint8_t *lut,
			     const struct sdp_lane_values lanes[SDP_LANES], size_t groups,
			     int32_t *values, int8_t *out)
{
	size_t g;
	unsigned int i, s;

	for (g = 0; g < groups; g++, values += SDP_GROUP, out += SDP_GROUP) {
		const int32_t *o[SDP_LANES];

		for (i = 0; i < SDP_LANES; i++)
			o[i] = lanes[i].values + g * lanes[i].step;
		for (s = 0; s < chain->count; s++)
			run_step(chain, &chain->steps[s], lut, o, values);
		for (i = 0; i < SDP_GROUP; i++)
			out[i] = sdp_convert_out(chain->sdp, values[i]);
	}
}

sdp_chain_fn *sdp_chain_select(enum accel_isa isa)
{
#ifdef __aarch64__
	if (isa >= ACCEL_ISA_NEON)
		return sdp_chain_16x__neon;
#else
	(void)isa;
#endif
	return sdp_chain_16x__portable;
}
