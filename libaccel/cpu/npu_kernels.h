/* SPDX-License-Identifier: MIT */
/*
 * CPU kernels for NPU operations: an interface with several implementations,
 * all bit-exact with the hardware. Work that depends on constants only
 * (unpacking weights, spreading per-channel operands) is done once, when an
 * operation is prepared.
 */
#ifndef ACCEL_NPU_KERNELS_H
#define ACCEL_NPU_KERNELS_H

#include "libaccel/compile/npu_op.h"

/* An operation made ready to run; opaque, of the implementation's own shape. */
struct npu_prepared;

/**
 * struct npu_kernels - an implementation
 * @name: for reports, e.g. "reference"
 * @usable: may it run on this machine? NULL: always
 * @supports: can it run @op? NULL: every operation
 * @prepare: make @op, which passed npu_op_check(), ready. @consts is region
 *           NPU_CONSTS and must stay as it is until @free. Returns 0 or
 *           -ENOMEM.
 * @run: execute. @regions are the starts of the regions. Safe to call from
 *       several threads with different regions. Returns 0 or -ENOMEM.
 * @free: release; NULL is allowed
 */
struct npu_kernels {
	const char *name;
	bool (*usable)(void);
	bool (*supports)(const struct npu_op *op);
	int (*prepare)(const struct npu_op *op, const struct npu_atoms *atoms,
		       const uint8_t *consts, struct npu_prepared **out);
	int (*run)(const struct npu_prepared *prepared, uint8_t *const regions[NPU_REGIONS]);
	void (*free)(struct npu_prepared *prepared);
};

/* Convolutions and SDP on the kernels of conv.h, for the machine's instruction set. */
extern const struct npu_kernels npu_kernels_fast;

/* Portable C; the definition that the others are tested against. */
extern const struct npu_kernels npu_kernels_reference;

/**
 * npu_kernels_best() - the fastest implementation for an operation here
 * @op: the operation
 *
 * Return: never NULL.
 */
const struct npu_kernels *npu_kernels_best(const struct npu_op *op);

#endif /* ACCEL_NPU_KERNELS_H */
