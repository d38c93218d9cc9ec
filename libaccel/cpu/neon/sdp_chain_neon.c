// SPDX-License-Identifier: MIT
/*
 * SDP chains on groups of 16 values in four registers, baseline NEON.
 *
 * Rounding to nearest with halves away from zero is SRSHL, which rounds halves
 * up, of a value that is one less where it is negative.
 */
#include <arm_neon.h>

#include "libaccel/cpu/sdp/sdp_chain.h"

#define QUADS	(SDP_GROUP / 4)

#define EACH_QUAD	_Pragma("GCC unroll 4") for (unsigned int q = 0; q < QUADS; q++)

/* v / 2^-@right to nearest, halves away from zero; @right is minus the shift. */
static inline int32x4_t round32(int32x4_t v, int32x4_t right)
{
	return vrshlq_s32(vsraq_n_s32(v, v, 31), right);
}

/* The same of a product of 64 bits, saturated; @any is 0 where nothing is shifted. */
static inline int32x4_t round64(int64x2_t low, int64x2_t high, int64x2_t right, int64x2_t any)
{
	low = vaddq_s64(low, vandq_s64(vshrq_n_s64(low, 63), any));
	high = vaddq_s64(high, vandq_s64(vshrq_n_s64(high, 63), any));

	return vqmovn_high_s64(vqmovn_s64(vrshlq_s64(low, right)), vrshlq_s64(high, right));
}

static inline int32x4_t multiply_wide(int32x4_t v, int32x4_t o, int64x2_t right, int64x2_t any)
{
	return round64(vmull_s32(vget_low_s32(v), vget_low_s32(o)), vmull_high_s32(v, o), right,
		       any);
}

static inline int32x4_t multiply_narrow(int32x4_t v, int32x4_t o, unsigned int shift)
{
	v = vmulq_s32(v, o);

	return shift ? round32(v, vdupq_n_s32(-(int)shift)) : v;
}

/* The product of the magnitude, doubled and rounded at once, with its sign again. */
static inline int32x4_t multiply_doubling(int32x4_t v, int32x4_t o, int32x4_t left)
{
	int32x4_t sign = vshrq_n_s32(v, 31);

	v = vqrdmulhq_s32(vabsq_s32(v), vshlq_s32(o, left));

	return vsubq_s32(veorq_s32(v, sign), sign);
}

static inline __attribute__((always_inline)) void
multiply(const struct sdp_step *step, const int32_t *o, int32x4_t v[QUADS], bool prelu)
{
	const int64x2_t right = vdupq_n_s64(-(int64_t)step->shift);
	const int64x2_t any = vdupq_n_s64(step->shift ? -1 : 0);
	const int32x4_t left = vdupq_n_s32(31 - step->shift);

	EACH_QUAD {
		const int32x4_t by = vld1q_s32(o + 4 * q);
		int32x4_t product;

		if (step->kind == SDP_MUL_NARROW)
			product = multiply_narrow(v[q], by, step->shift);
		else if (step->kind == SDP_MUL_DOUBLING)
			product = multiply_doubling(v[q], by, left);
		else
			product = multiply_wide(v[q], by, right, any);
		v[q] = prelu ? vbslq_s32(vcltzq_s32(v[q]), product, v[q]) : product;
	}
}

/* Entries of the four lanes and those behind them. */
static inline void entries(const uint8_t *lut, int32x4_t index, int32x4_t *first, int32x4_t *second)
{
	int32x4_t pair = vdupq_n_s32(0);

	pair = vld1q_lane_s32((const int32_t *)(lut + 2 * vgetq_lane_s32(index, 0)), pair, 0);
	pair = vld1q_lane_s32((const int32_t *)(lut + 2 * vgetq_lane_s32(index, 1)), pair, 1);
	pair = vld1q_lane_s32((const int32_t *)(lut + 2 * vgetq_lane_s32(index, 2)), pair, 2);
	pair = vld1q_lane_s32((const int32_t *)(lut + 2 * vgetq_lane_s32(index, 3)), pair, 3);
	*first = vshrq_n_s32(vshlq_n_s32(pair, 16), 16);
	*second = vshrq_n_s32(pair, 16);
}

/*
 * Linear between entries 2^shift apart. What lies outside takes the last pair
 * with all of the second entry, or the first pair with all of the first.
 */
static inline void lookup(const struct npu_stage_y *y, const uint8_t *lut, int32x4_t v[QUADS])
{
	const unsigned int shift = y->lut_shift;
	const int32x4_t start = vdupq_n_s32(y->lut_start), right = vdupq_n_s32(-(int)shift);
	const int32x4_t last = vdupq_n_s32((NPU_LUT_ENTRIES - 1) << shift);

	EACH_QUAD {
		int32x4_t distance = vminq_s32(vmaxq_s32(vqsubq_s32(v[q], start), vdupq_n_s32(0)),
					       last);
		int32x4_t index = vminq_s32(vshlq_s32(distance, right),
					    vdupq_n_s32(NPU_LUT_ENTRIES - 2));
		int32x4_t fraction = vsubq_s32(distance, vshlq_s32(index, vdupq_n_s32((int)shift)));
		int32x4_t first, second, sum;

		entries(lut, index, &first, &second);
		sum = vmlaq_s32(vshlq_s32(first, vdupq_n_s32((int)shift)),
				vsubq_s32(second, first), fraction);
		v[q] = shift ? round32(sum, right) : sum;
	}
}

/* A stage that has no vector form. */
static void by_definition(const struct sdp_chain *chain, const struct sdp_step *step,
			  const uint8_t *lut, const int32_t *const o[SDP_LANES],
			  int32x4_t v[QUADS])
{
	const struct npu_sdp *sdp = chain->sdp;
	int32_t x[SDP_GROUP];
	unsigned int i;

	EACH_QUAD
		vst1q_s32(x + 4 * q, v[q]);
	for (i = 0; i < SDP_GROUP; i++) {
		if (step->kind == SDP_STAGE_Y)
			x[i] = sdp_stage_y(&sdp->y, lut, x[i], o[SDP_ALU_Y][i], o[SDP_MUL_Y][i]);
		else if (step->kind == SDP_STAGE_X1)
			x[i] = sdp_stage_x(&sdp->x1, x[i], o[SDP_ALU_X1][i], o[SDP_MUL_X1][i]);
		else
			x[i] = sdp_stage_x(&sdp->x2, x[i], o[SDP_ALU_X2][i], o[SDP_MUL_X2][i]);
	}
	EACH_QUAD
		v[q] = vld1q_s32(x + 4 * q);
}

static inline void run_step(const struct sdp_chain *chain, const struct sdp_step *step,
			    const uint8_t *lut, const int32_t *const o[SDP_LANES],
			    int32x4_t v[QUADS])
{
	const int32_t *mine = o[step->lane];

	switch (step->kind) {
	case SDP_ADD:
		EACH_QUAD
			v[q] = vqaddq_s32(v[q], vld1q_s32(mine + 4 * q));
		break;
	case SDP_MAX:
		EACH_QUAD
			v[q] = vmaxq_s32(v[q], vld1q_s32(mine + 4 * q));
		break;
	case SDP_MIN:
		EACH_QUAD
			v[q] = vminq_s32(v[q], vld1q_s32(mine + 4 * q));
		break;
	case SDP_MUL_NARROW:
	case SDP_MUL_DOUBLING:
	case SDP_MUL_WIDE:
		if (step->prelu)
			multiply(step, mine, v, true);
		else
			multiply(step, mine, v, false);
		break;
	case SDP_RELU:
		EACH_QUAD
			v[q] = vmaxq_s32(v[q], vdupq_n_s32(0));
		break;
	case SDP_LUT:
		lookup(&chain->sdp->y, lut, v);
		break;
	default:
		by_definition(chain, step, lut, o, v);
	}
}

static inline int8x16_t saturate(const int32x4_t v[QUADS])
{
	int16x8_t low = vqmovn_high_s32(vqmovn_s32(v[0]), v[1]);
	int16x8_t high = vqmovn_high_s32(vqmovn_s32(v[2]), v[3]);

	return vqmovn_high_s16(vqmovn_s16(low), high);
}

static inline void convert_out(const struct sdp_chain *chain, int32x4_t v[QUADS], int8_t *out)
{
	const struct npu_sdp *sdp = chain->sdp;
	const int32x4_t offset = vdupq_n_s32(sdp->cvt_offset), scale = vdupq_n_s32(sdp->cvt_scale);
	const int64x2_t right = vdupq_n_s64(-(int64_t)sdp->cvt_shift);
	const int64x2_t any = vdupq_n_s64(sdp->cvt_shift ? -1 : 0);

	if (chain->out == SDP_OUT_EXACT) {
		int32_t x[SDP_GROUP];

		EACH_QUAD
			vst1q_s32(x + 4 * q, v[q]);
		for (unsigned int i = 0; i < SDP_GROUP; i++)
			out[i] = sdp_convert_out(sdp, x[i]);
		return;
	}
	EACH_QUAD {
		v[q] = vsubq_s32(v[q], offset);
		if (chain->out == SDP_OUT_NARROW)
			v[q] = multiply_narrow(v[q], scale, sdp->cvt_shift);
		else if (chain->out == SDP_OUT_WIDE)
			v[q] = multiply_wide(v[q], scale, right, any);
		else if (sdp->cvt_shift)
			v[q] = round32(v[q], vdupq_n_s32(-(int)sdp->cvt_shift));
	}
	vst1q_s8(out, saturate(v));
}

void sdp_chain_16x__neon(const struct sdp_chain *chain, const uint8_t *lut,
			 const struct sdp_lane_values lanes[SDP_LANES], size_t groups,
			 int32_t *values, int8_t *out)
{
	const struct sdp_step *end = chain->steps + chain->count, *step;
	const int32_t *o[SDP_LANES];
	unsigned int i;

	for (i = 0; i < SDP_LANES; i++)
		o[i] = lanes[i].values;
	for (; groups; groups--, values += SDP_GROUP, out += SDP_GROUP) {
		int32x4_t v[QUADS];

		EACH_QUAD
			v[q] = vld1q_s32(values + 4 * q);
		for (step = chain->steps; step < end; step++)
			run_step(chain, step, lut, o, v);
		convert_out(chain, v, out);
		for (i = 0; i < SDP_LANES; i++)
			o[i] += lanes[i].step;
	}
}
