/* SPDX-License-Identifier: MIT */
/*
 * Cutting a convolution into hardware operations that fit the convolution
 * buffer (CBUF), and what that costs.
 */
#ifndef ACCEL_TILE_H
#define ACCEL_TILE_H

#include "kmod/hw/nvdla_config.h"
#include "npu_op.h"

/**
 * struct npu_tiling - how a convolution is cut
 * @columns: output columns per hardware operation
 * @rows: output rows per hardware operation
 * @kernels: kernels per hardware operation
 * @data_banks: CBUF banks for data
 * @weight_banks: CBUF banks for weights
 * @keep_weights: weights stay in CBUF from one tile to the next
 * @resident: one tile, whose data stay in CBUF from kernels to kernels
 * @reuse_data: @resident: the convolution before has left the data there
 * @keep_data: @resident: they stay for the convolution behind
 *
 * With a pooling behind on the fly, columns and rows are those of its results, and
 * the convolution computes again what windows of two tiles share.
 *
 * Order: blocks of groups, kernels, columns, rows; rows change fastest. Lines of
 * input that a tile shares with the next one below stay in CBUF.
 */
struct npu_tiling {
	uint32_t columns, rows, kernels;
	uint32_t data_banks, weight_banks;
	bool keep_weights;
	bool resident, reuse_data, keep_data;
};

/**
 * struct npu_cost - what an operation costs, estimated
 * @cycles: all in all
 * @mac: cycles of the MAC array
 * @sdp: cycles of SDP, or of PDP for a pooling
 * @read: bytes read
 * @data: those of the input among them
 * @elements: those of operands with a value per element
 * @written: bytes written
 * @hw_ops: hardware operations
 * @macs: products that mean something: those of the operation as such
 */
struct npu_cost {
	uint64_t cycles, mac, sdp, read, data, elements, written, macs;
	uint32_t hw_ops;
};

/**
 * npu_tile_plan() - choose the tiling with the fewest cycles
 * @pool: the pooling, NPU_PDP, that takes its results on the fly, or NULL
 * @bytes_per_cycle: memory bandwidth to plan for
 * @cost: receives the estimate, may be NULL
 * @why: receives the reason in words when there is none
 *
 * Return: 0; -EOPNOTSUPP the operation does not fit the buffer in any way.
 */
int npu_tile_plan(const struct nvdla_config *config, const struct npu_op *op,
		  const struct npu_op *pool, double bytes_per_cycle,
		  struct npu_tiling *tiling, struct npu_cost *cost, const char **why);

/**
 * npu_tile_plan_split() - the best tiling with so many banks for weights, and the
 * others for data
 *
 * Return: as npu_tile_plan().
 */
int npu_tile_plan_split(const struct nvdla_config *config, const struct npu_op *op,
			const struct npu_op *pool, uint32_t weight_banks,
			double bytes_per_cycle, struct npu_tiling *tiling,
			struct npu_cost *cost);

/**
 * npu_tile_plan_resident() - the tiling of one of several convolutions in a row
 * that work on the same data
 * @data_banks: banks for the data, all of which fit
 * @reuse_data: it is not the first of them
 *
 * Return: as npu_tile_plan().
 */
int npu_tile_plan_resident(const struct nvdla_config *config, const struct npu_op *op,
			   uint32_t data_banks, bool reuse_data, double bytes_per_cycle,
			   struct npu_tiling *tiling, struct npu_cost *cost);

/* May a convolution be cut into tiles of this size? Whether they fit is another question. */
bool npu_tile_allowed(const struct npu_op *op, const struct npu_op *pool,
		      const struct npu_tiling *tiling);

/*
 * What plans are chosen for: cycles, and half of those that memory is busy for,
 * since bytes are energy, and what others do without.
 */
uint64_t npu_cost_score(const struct npu_cost *cost, double bytes_per_cycle);

/* The same estimate for operations without convolution. */
void npu_op_cost(const struct nvdla_config *config, const struct npu_op *op,
		 double bytes_per_cycle, struct npu_cost *cost);

/**
 * npu_cbuf_entries() - CBUF entries that one line of input takes
 * @width: columns of input
 * @channels: channels of the block
 * @pads: columns of padding; they count for images only
 */
uint32_t npu_cbuf_entries(const struct nvdla_config *config, bool image, uint32_t width,
			  uint32_t channels, uint32_t pads);

/* Memory bandwidth assumed when nothing is known: bytes per cycle. */
double npu_default_bandwidth(const struct nvdla_config *config);

#endif /* ACCEL_TILE_H */
