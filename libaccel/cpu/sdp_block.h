/* SPDX-License-Identifier: MIT */
/*
 * SDP over a few channels of one pixel at a time, for all that a convolution's
 * kernels cannot fuse.
 */
#ifndef ACCEL_CPU_SDP_BLOCK_H
#define ACCEL_CPU_SDP_BLOCK_H

#include "sdp_arithmetic.h"

/* Channels per call of sdp_block_run(), at most. */
#define SDP_BLOCK	16

/* One operand: ALU or multiplier of X1, X2, Y. */
struct sdp_operand {
	const struct npu_operand *from;
	int32_t *channel;	/* [channels], shifted or converted as far as possible */
	bool used;
};

/**
 * struct sdp_block - an SDP chain made ready
 * @op: the operation, owned by the caller
 * @consts: region NPU_CONSTS
 * @alu: operands of the ALUs of X1, X2, Y
 * @mul: operands of their multipliers
 */
struct sdp_block {
	const struct npu_op *op;
	const uint8_t *consts;
	struct sdp_operand alu[3], mul[3];
};

/* One run: the chain and the memory it works on. */
struct sdp_block_call {
	const struct sdp_block *block;
	uint8_t *const *regions;
};

/* Return: 0 or -ENOMEM; release in both cases. */
int sdp_block_prepare(struct sdp_block *block, const struct npu_op *op, const uint8_t *consts);
void sdp_block_release(struct sdp_block *block);

/**
 * sdp_block_run() - take values through SDP to the output
 * @y: line of the output
 * @x: pixel of the line
 * @channel: first channel
 * @count: channels, at most SDP_BLOCK
 * @values: what the convolution or the read DMA delivers
 */
void sdp_block_run(const struct sdp_block_call *call, uint32_t y, uint32_t x, uint32_t channel,
		   uint32_t count, const int32_t *values);

#endif /* ACCEL_CPU_SDP_BLOCK_H */
