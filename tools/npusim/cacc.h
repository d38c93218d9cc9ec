/* SPDX-License-Identifier: MIT */
/*
 * The accumulator: how partial sums are kept and what it hands to SDP.
 */
#ifndef NPUSIM_CACC_H
#define NPUSIM_CACC_H

#include <stdint.h>

/* Bits of the sums that CACC keeps. */
#define SIM_SUM_BITS_INT8	34
#define SIM_SUM_BITS_INT16	48

/**
 * struct sim_float_sum - what CMAC makes of one atomic operation in FP16
 * @expo: exponent, biased by 30; 63: not a number
 * @mantissa: 38 bits in two's complement, 20 of them below the point
 */
struct sim_float_sum {
	unsigned int expo;
	int64_t mantissa;
};

/*
 * The output stage for integers: shift right with rounding to nearest, halves
 * away from zero, and saturate to 32 bits, counting that.
 */
int32_t sim_cacc_int(int64_t sum, unsigned int truncate, uint32_t *saturated);

/*
 * Partial sums of FP16 have 48 bits: exponent (8, biased by 63), then a
 * mantissa (40 in two's complement, 38 of them below the point).
 */
uint64_t sim_cacc_add(uint64_t sum, const struct sim_float_sum *add);
/* The output stage for floats: a partial sum as FP32. */
uint32_t sim_cacc_float(uint64_t sum);

/**
 * sim_mac_fp16() - one atomic operation of one kernel
 * @in: @n samples, FP16
 * @weights: @n weights, FP16; sample i goes with weight i
 * @n: 64 at most
 */
struct sim_float_sum sim_mac_fp16(const uint16_t *in, const uint16_t *weights, unsigned int n);

/**
 * sim_post_add() - CMAC's post-addition for Winograd
 * @v: 4x4 sums, line by line
 * @out: 2x2 results, line by line
 */
void sim_post_add(const int64_t *v, int64_t *out);

/* One atomic operation of one kernel: 4x4 points of four channels to 2x2 results. */
void sim_mac_fp16_winograd(const uint16_t *in, const uint16_t *weights, struct sim_float_sum *out);

#endif /* NPUSIM_CACC_H */
