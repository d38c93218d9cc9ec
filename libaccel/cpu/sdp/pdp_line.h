/* SPDX-License-Identifier: MIT */
/*
 * Pooling as the planar data processor does it, a line of an atom at a time.
 */
#ifndef ACCEL_CPU_PDP_LINE_H
#define ACCEL_CPU_PDP_LINE_H

#include "libaccel/compile/npu_op.h"

/* Bytes of working memory that pdp_line_run() needs. */
size_t pdp_line_scratch(const struct npu_op *op);

/**
 * pdp_line_run() - one output line of one atom of channels
 * @op: a checked NPU_PDP operation whose cubes have the same atom, a multiple of 8
 * @regions: memory
 * @atom: which atom of channels
 * @y: which line of the output
 * @scratch: pdp_line_scratch() bytes, 16-byte aligned, of this thread alone
 *
 * Whole atoms are computed, also where the channels end inside.
 */
void pdp_line_run(const struct npu_op *op, uint8_t *const regions[NPU_REGIONS], uint32_t atom,
		  uint32_t y, void *scratch);

#endif /* ACCEL_CPU_PDP_LINE_H */
