/* SPDX-License-Identifier: MIT */
/*
 * A chain of SDP stages as the few steps that its operands' ranges leave of
 * it, on groups of 16 values that stay in registers from step to step.
 *
 * Most of SDP's width is never needed: what a stage can be handed and what its
 * operands can be is known when the operation is prepared. So is then which
 * products fit 32 bits, which sums cannot saturate, and where one doubling
 * multiplication does for a 64-bit product. A step that has no such form runs
 * value by value as sdp_arithmetic.h defines it.
 */
#ifndef ACCEL_CPU_SDP_CHAIN_H
#define ACCEL_CPU_SDP_CHAIN_H

#include "libaccel/cpu/isa.h"
#include "sdp_arithmetic.h"

/* Values per group, and groups per call at most. */
#define SDP_GROUP	16
#define SDP_GROUPS	8

/* Operands: ALU and multiplier of X1, X2 and Y. */
enum sdp_lane { SDP_ALU_X1, SDP_MUL_X1, SDP_ALU_X2, SDP_MUL_X2, SDP_ALU_Y, SDP_MUL_Y, SDP_LANES };

/* What one step does with a value v and its operand o. */
enum sdp_step_kind {
	SDP_ADD,		/* sat_32(v + o) */
	SDP_MAX,
	SDP_MIN,
	SDP_MUL_NARROW,		/* rnd(v * o, shift), the product fits 32 bits */
	SDP_MUL_DOUBLING,	/* the same; o is not negative, v * o << (31 - shift) at once */
	SDP_MUL_WIDE,		/* sat_32(rnd(v * o, shift)) by a 64-bit product */
	SDP_RELU,
	SDP_LUT,		/* a table with entries up to 2^14 apart */
	SDP_STAGE_X1,		/* a whole stage by definition */
	SDP_STAGE_X2,
	SDP_STAGE_Y,
};

/* What the output converter does. */
enum sdp_out_kind {
	SDP_OUT_SHIFT,		/* rnd(v - offset, shift) */
	SDP_OUT_NARROW,		/* rnd((v - offset) * scale, shift), fits 32 bits */
	SDP_OUT_WIDE,		/* by a 64-bit product; v - offset fits 32 bits */
	SDP_OUT_EXACT,		/* by definition */
};

/* A step; with @prelu only negative values are multiplied. */
struct sdp_step {
	uint8_t kind, lane, shift, prelu;
};

/**
 * struct sdp_range - what values can be
 * @low: no value is less
 * @high: no value is more
 */
struct sdp_range {
	int64_t low, high;
};

struct sdp_chain {
	const struct npu_sdp *sdp;
	struct sdp_step steps[12];
	unsigned int count;
	enum sdp_out_kind out;
};

/**
 * struct sdp_lane_values - an operand's values for the groups of a call
 * @values: of the first group
 * @step: from a group's to the next's: 0 or SDP_GROUP
 */
struct sdp_lane_values {
	const int32_t *values;
	size_t step;
};

/**
 * sdp_chain_plan() - find the steps of a chain
 * @chain: receives them
 * @sdp: must outlive @chain
 * @in: range of what comes in
 * @operand: range of each operand in use, as it arrives at its ALU or
 *           multiplier: shifted or converted
 */
void sdp_chain_plan(struct sdp_chain *chain, const struct npu_sdp *sdp, struct sdp_range in,
		    const struct sdp_range operand[SDP_LANES]);

/**
 * sdp_chain_fn - take values through a chain
 * @lut: table of stage Y, if it has one
 * @lanes: operands in use
 * @groups: number of groups, at most SDP_GROUPS
 * @values: [groups][SDP_GROUP], destroyed
 * @out: [groups][SDP_GROUP]
 */
typedef void sdp_chain_fn(const struct sdp_chain *chain, const uint8_t *lut,
			  const struct sdp_lane_values lanes[SDP_LANES], size_t groups,
			  int32_t *values, int8_t *out);

sdp_chain_fn sdp_chain_16x__portable;
sdp_chain_fn sdp_chain_16x__neon;

sdp_chain_fn *sdp_chain_select(enum accel_isa isa);

#endif /* ACCEL_CPU_SDP_CHAIN_H */
