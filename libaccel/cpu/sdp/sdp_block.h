/* SPDX-License-Identifier: MIT */
/*
 * SDP on the CPU: behind a convolution, on tiles of its sums while they are in
 * the cache, and from memory to memory, line by line.
 */
#ifndef ACCEL_CPU_SDP_BLOCK_H
#define ACCEL_CPU_SDP_BLOCK_H

#include "libaccel/cpu/int8/s8_map.h"
#include "sdp_chain.h"

/* An operand of X1, X2 or Y: constant, or read with every element. */
struct sdp_operand {
	const struct npu_operand *from;
	const struct npu_converter *converter;	/* of elements; NULL: the shift */
	unsigned int shift;
	int32_t *channel;	/* [channels and more], ready for the chain; NULL: elements */
};

/* How an operation from memory to memory runs. */
enum sdp_form { SDP_BY_CHAIN, SDP_BY_TABLE, SDP_BY_PAIR };

/**
 * struct sdp_block - an SDP operation made ready
 * @op: the operation, owned by the caller
 * @consts: region NPU_CONSTS
 * @chain: its steps
 * @run: the kernel for them
 * @operands: of the chain
 * @used: bit mask of operands in use
 * @form: how sdp_block_line() runs it
 * @table: SDP_BY_TABLE: the function of one value that the operation is
 * @map: the kernel for it
 * @pair: SDP_BY_PAIR: the function of two values that it is
 * @map_pair: the kernel for it
 * @second: where the second value comes from
 */
struct sdp_block {
	const struct npu_op *op;
	const uint8_t *consts;
	struct sdp_chain chain;
	sdp_chain_fn *run;
	struct sdp_operand operands[SDP_LANES];
	unsigned int used;
	enum sdp_form form;
	int8_t table[256];
	s8_table_fn *map;
	struct s8_pair pair;
	s8_pair_fn *map_pair;
	const struct npu_cube *second;
};

/* One run: the operation and the memory it works on. */
struct sdp_block_call {
	const struct sdp_block *block;
	uint8_t *const *regions;
};

/**
 * sdp_block_prepare() - make an operation ready
 * @in: what the values can be that come in
 *
 * Return: 0 or -ENOMEM; release in both cases.
 */
int sdp_block_prepare(struct sdp_block *block, enum accel_isa isa, const struct npu_op *op,
		      const uint8_t *consts, struct sdp_range in);
void sdp_block_release(struct sdp_block *block);

/**
 * sdp_block_tile() - take a tile of sums to the output
 * @pixel: first pixel (y * width + x) of the tile; rows are pixels
 * @channel: first channel; columns are channels, at most SDP_GROUP
 * @rows: at most SDP_GROUPS
 * @sums: [rows][columns], @stride elements per row
 */
void sdp_block_tile(const struct sdp_block_call *call, size_t pixel, size_t channel, size_t rows,
		    size_t columns, const int32_t *sums, size_t stride);

/**
 * sdp_block_line() - a line of an atom of channels, from memory to memory
 * @atom: which atom of the input's
 * @y: which line
 *
 * Whole atoms are computed, also where the channels end inside.
 */
void sdp_block_line(const struct sdp_block_call *call, uint32_t atom, uint32_t y);

/**
 * sdp_pair_find() - the function of two values that an operation is, if it is one
 * @block: prepared for its chain; receives @pair, @map_pair and @second
 *
 * Return: whether it is one that a kernel computes.
 */
bool sdp_pair_find(struct sdp_block *block, enum accel_isa isa);

#endif /* ACCEL_CPU_SDP_BLOCK_H */
