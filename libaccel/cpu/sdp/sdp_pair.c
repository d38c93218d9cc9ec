// SPDX-License-Identifier: MIT
/*
 * Element-wise operations from memory to memory as functions of two INT8
 * values: which function the registers ask for, and the proof that a kernel
 * gives every one of its results.
 */
#include "sdp_block.h"

/* Zero points that a converter's offset may stand for. */
#define ZERO_LIMIT	1000

/* The operation by definition, for the proof. */
struct truth {
	const struct sdp_block *block;
	unsigned int element;
};

static void truth_row(void *ctx, int8_t a, int8_t out[256])
{
	static const int32_t none[SDP_GROUP];
	const struct truth *truth = ctx;
	const struct sdp_block *block = truth->block;
	const struct sdp_operand *operand = &block->operands[truth->element];
	const uint8_t *lut = block->consts + block->op->sdp.y.lut_offset;
	struct sdp_lane_values lanes[SDP_LANES];
	int32_t values[SDP_GROUP], elements[SDP_GROUP];
	unsigned int i;
	int b;

	for (i = 0; i < SDP_LANES; i++)
		lanes[i] = (struct sdp_lane_values){
			block->used >> i & 1 ? block->operands[i].channel : none, 0 };
	lanes[truth->element].values = elements;
	for (b = 0; b < 256; b += SDP_GROUP) {
		for (i = 0; i < SDP_GROUP; i++) {
			int32_t element = b + (int)i - 128;

			values[i] = a;
			elements[i] = operand->converter ?
				      sdp_convert(operand->converter, element) :
				      sdp_shift_left(element, operand->shift);
		}
		sdp_chain_16x__portable(&block->chain, lut, lanes, 1, values, out + b);
	}
}

/* Index of the only operand that is read with every element; SDP_LANES: not so. */
static unsigned int only_element(const struct sdp_block *block)
{
	unsigned int i, found = SDP_LANES;

	for (i = 0; i < SDP_LANES; i++) {
		if (!(block->used >> i & 1))
			continue;
		switch (block->operands[i].from->source) {
		case NPU_REGISTER:
			break;
		case NPU_ELEMENT:
			if (found != SDP_LANES)
				return SDP_LANES;
			found = i;
			break;
		default:
			return SDP_LANES;
		}
	}

	return found;
}

static bool fits_byte(int64_t v)
{
	return v >= INT8_MIN && v <= INT8_MAX;
}

/* A register's value, @otherwise where the stage has none. */
static int64_t value_of(const struct sdp_block *block, enum sdp_lane lane, int64_t otherwise)
{
	return block->used >> lane & 1 ? block->operands[lane].channel[0] : otherwise;
}

/* multiplier = factor / 2^shift as a fraction of 2^31; not all fit. */
static bool set_multiplier(struct s8_pair *pair, int64_t factor, unsigned int shift)
{
	if (shift > 31 || factor > INT16_MAX || factor < -INT16_MAX ||
	    factor * (INT64_C(1) << (31 - shift)) > INT32_MAX ||
	    factor * (INT64_C(1) << (31 - shift)) < -INT32_MAX)
		return false;
	pair->multiplier = (int32_t)(factor * (INT64_C(1) << (31 - shift)));

	return true;
}

/* X1 scales a, X2 adds b: (a - zero_a) * f + b * 2^s, times g. */
static bool as_sum(struct sdp_block *block, struct s8_pair *pair)
{
	const struct npu_sdp *sdp = &block->op->sdp;
	const unsigned int point = sdp->x2.alu_shift, fraction = sdp->cvt_shift;
	const int64_t factor_a = value_of(block, SDP_MUL_X1, 1);
	const int64_t factor = value_of(block, SDP_MUL_X2, 1);
	const int64_t zero_a = -value_of(block, SDP_ALU_X1, 0);
	int zero;

	if (sdp->x1.alu > NPU_ALU_SUM || sdp->x1.mul > NPU_MUL || sdp->x1.mul_shift ||
	    sdp->x1.relu || sdp->x2.alu != NPU_ALU_SUM || sdp->x2.mul > NPU_MUL ||
	    sdp->cvt_scale != 1 || fraction > 31 || point > 16 || !fits_byte(zero_a) ||
	    factor_a > INT16_MAX || factor_a < INT16_MIN ||
	    !set_multiplier(pair, factor, sdp->x2.mul_shift + fraction))
		return false;
	pair->kind = S8_PAIR_SUM;
	pair->zero_a = (int8_t)zero_a;
	pair->factor_a = (int16_t)factor_a;
	pair->shift_b = (uint8_t)point;
	/* The converter's offset is b's zero point on its way, less the output's. */
	for (zero = 0; zero < 256; zero++) {
		int b = zero & 1 ? -(zero + 1) / 2 : zero / 2;
		int64_t rest = sdp->cvt_offset -
			       sdp_shift_round(b * factor * (INT64_C(1) << point),
					       sdp->x2.mul_shift, 64);

		if (rest % (INT64_C(1) << fraction) ||
		    rest / (INT64_C(1) << fraction) > ZERO_LIMIT ||
		    rest / (INT64_C(1) << fraction) < -ZERO_LIMIT)
			continue;
		pair->zero_b = (int8_t)b;
		pair->zero = (int16_t)-(rest / (INT64_C(1) << fraction));
		pair->min = sdp->x2.relu && fits_byte(pair->zero) ? (int8_t)pair->zero : INT8_MIN;
		return true;
	}

	return false;
}

/* X1 or Y multiplies by b, X2 scales. */
static bool as_product(struct sdp_block *block, struct s8_pair *pair, unsigned int element)
{
	const struct npu_sdp *sdp = &block->op->sdp;
	const int64_t zero_a = -value_of(block, SDP_ALU_X1, 0);
	const int64_t factor = value_of(block, SDP_MUL_X2, 1);
	const unsigned int fraction = sdp->cvt_shift;
	int64_t zero_b = 0, zero;

	if (sdp->x1.alu > NPU_ALU_SUM || sdp->x1.relu || sdp->x2.alu || sdp->x2.relu ||
	    sdp->x1.mul > NPU_MUL || sdp->x1.mul_shift || sdp->x2.mul > NPU_MUL ||
	    sdp->cvt_scale != 1 || fraction > 31 ||
	    sdp->cvt_offset % (INT64_C(1) << fraction) || !fits_byte(zero_a) ||
	    !set_multiplier(pair, factor, sdp->x2.mul_shift + fraction))
		return false;
	if (element == SDP_MUL_Y) {
		if (sdp->x1.mul || sdp->y.mul != NPU_MUL || sdp->y.mul_shift || sdp->y.alu ||
		    sdp->y.mul_converter.scale != 1 || sdp->y.mul_converter.shift)
			return false;
		zero_b = sdp->y.mul_converter.bypass ? 0 : sdp->y.mul_converter.offset;
	}
	zero = -(sdp->cvt_offset / (INT64_C(1) << fraction));
	if (!fits_byte(zero_b) || zero > ZERO_LIMIT || zero < -ZERO_LIMIT)
		return false;
	pair->kind = S8_PAIR_PRODUCT;
	pair->zero_a = (int8_t)zero_a;
	pair->zero_b = (int8_t)zero_b;
	pair->zero = (int16_t)zero;
	pair->min = INT8_MIN;

	return true;
}

bool sdp_pair_find(struct sdp_block *block, enum accel_isa isa)
{
	const struct npu_sdp *sdp = &block->op->sdp;
	struct truth truth = { block, only_element(block) };
	struct s8_pair *pair = &block->pair;
	bool found = false;

	if (truth.element == SDP_LANES || sdp->y.lut)
		return false;
	*pair = (struct s8_pair){ .min = INT8_MIN };
	if (truth.element == SDP_ALU_X1 && sdp->x1.alu != NPU_ALU_SUM) {
		pair->kind = sdp->x1.alu == NPU_ALU_MAX ? S8_PAIR_MAX : S8_PAIR_MIN;
		found = true;
	} else if (truth.element == SDP_ALU_X2) {
		found = as_sum(block, pair);
	} else if (truth.element == SDP_MUL_X1 || truth.element == SDP_MUL_Y) {
		found = as_product(block, pair, truth.element);
	}
	block->map_pair = s8_pair_select(isa);
	block->second = &block->operands[truth.element].from->cube;

	return found && s8_pair_holds(pair, block->map_pair, truth_row, &truth);
}
