/* SPDX-License-Identifier: MIT */
/*
 * Code for the NPU: the hardware operations of one program as they grow, in
 * the kernel interface's own structures (<drm/nvdla_accel.h>).
 */
#ifndef ACCEL_NPU_CODE_H
#define ACCEL_NPU_CODE_H

#include <drm/nvdla_accel.h>

#include "kmod/hw/nvdla_config.h"
#include "npu_op.h"
#include "tile.h"

/**
 * struct npu_code - a program
 * @ops: hardware operations
 * @regs: register values
 * @relocs: addresses; slot numbers are enum npu_region
 * @deps: dependencies
 * @luts: lookup tables
 * @source: for each hardware operation the index of its struct npu_op
 *
 * Zero it to start, npu_code_free() to end.
 */
struct npu_code {
	struct drm_nvdla_op *ops;
	struct drm_nvdla_reg *regs;
	struct drm_nvdla_reloc *relocs;
	uint32_t *deps;
	struct drm_nvdla_lut *luts;
	uint32_t *source;
	uint32_t op_count, reg_count, reloc_count, dep_count, lut_count;
	uint32_t op_room, reg_room, reloc_room, dep_room, lut_room, source_room;
	int error;		/* the first allocation that failed */
	uint32_t last_op;	/* last hardware operation of the newest npu_op */
	struct npu_hazard *hazards;
	uint32_t hazard_count, hazard_room;
};

/**
 * npu_code_add() - compile an operation
 * @code: the program so far
 * @config: configuration to compile for
 * @op: the operation; npu_op_supported() says 0
 * @pool: NPU_CONV: the pooling that takes its results on the fly, so that they
 *        are not in memory; NULL: none
 * @tiling: how to cut it, from npu_tile_plan(); ignored unless NPU_CONV
 * @index: number of @op in the caller's list, for @source
 * @consts: region NPU_CONSTS, for the contents of lookup tables
 *
 * Dependencies on earlier operations follow from the memory both touch.
 *
 * Return: 0 or -ENOMEM.
 */
int npu_code_add(struct npu_code *code, const struct nvdla_config *config,
		 const struct npu_op *op, const struct npu_op *pool,
		 const struct npu_tiling *tiling, uint32_t index, const uint8_t *consts);

/**
 * npu_code_fetch_ahead() - have weights fetched before their operation begins
 * @code: all operations of a program
 * @bytes_per_cycle: memory bandwidth to plan for
 *
 * Return: 0 or -ENOMEM.
 */
int npu_code_fetch_ahead(struct npu_code *code, const struct nvdla_config *config,
			 double bytes_per_cycle);

/**
 * npu_op_supported() - can this configuration run an operation?
 * @why: receives the reason in words when it cannot
 *
 * Return: 0 or -EOPNOTSUPP.
 */
int npu_op_supported(const struct nvdla_config *config, const struct npu_op *op,
		     const char **why);

/**
 * npu_flying_supported() - can a pooling take a convolution's results on the fly?
 * @op: the convolution
 * @pool: the pooling, whose input is @op's output; both are supported by themselves
 * @why: receives the reason in words when it cannot
 *
 * Return: 0 or -EOPNOTSUPP.
 */
int npu_flying_supported(const struct npu_op *op, const struct npu_op *pool, const char **why);

void npu_code_free(struct npu_code *code);

/* Used by the parts of the emitter. */
void npu_code_begin(struct npu_code *code, uint32_t engines, uint32_t index);
void npu_code_reg(struct npu_code *code, uint32_t base, uint32_t offset, uint32_t value);
/* The same, listed even if it is 0: ahead.c will change it. */
void npu_code_reg_always(struct npu_code *code, uint32_t base, uint32_t offset, uint32_t value);
void npu_code_reloc(struct npu_code *code, uint32_t base, uint32_t offset, uint32_t region,
		    uint64_t delta);

/*
 * Lookup tables, their engine and @reg_count set, with @regs: appended unless
 * they are there already. Return: their number, -1 after an error.
 */
int32_t npu_code_table(struct npu_code *code, struct drm_nvdla_lut *lut,
		       const struct drm_nvdla_reg *regs);

/* A box of output elements: the part of an operation that one hardware operation computes. */
struct npu_box {
	uint32_t x, y, c;
	uint32_t width, height, channels;
};

/* Address of element (box->x, box->y, box->c) of a cube. */
uint64_t npu_box_offset(const struct npu_cube *cube, const struct npu_box *box);

/*
 * SDP's and SDP_RDMA's registers; @flying: fed by the convolution; @pooled: the
 * results go to PDP.
 */
void npu_emit_sdp(struct npu_code *code, const struct nvdla_config *config,
		  const struct npu_op *op, const struct npu_box *box, bool flying, bool pooled);
void npu_emit_conv(struct npu_code *code, const struct nvdla_config *config,
		   const struct npu_op *op, const struct npu_op *pool,
		   const struct npu_tiling *tiling, uint32_t index, int32_t lut);
void npu_emit_pdp(struct npu_code *code, const struct nvdla_config *config,
		  const struct npu_op *op, uint32_t index);
/* Results @to of a pooling, whose input SDP sends: npu_pool_input() of them. */
void npu_emit_flying_pdp(struct npu_code *code, const struct nvdla_config *config,
			 const struct npu_op *op, const struct npu_box *to);

/* The part of a pooling's input that its results @to need. */
void npu_pool_input(const struct npu_op *op, const struct npu_box *to, struct npu_box *from);

void npu_emit_cdp(struct npu_code *code, const struct nvdla_config *config,
		  const struct npu_op *op, uint32_t index, const uint8_t *consts);
int32_t npu_emit_lut(struct npu_code *code, const struct nvdla_config *config,
		     const struct npu_op *op, const uint8_t *consts);

/* Most output columns that PDP pools at once: what its line buffers hold. */
uint32_t npu_pdp_max_width(const struct npu_pdp *pdp);

#endif /* ACCEL_NPU_CODE_H */
