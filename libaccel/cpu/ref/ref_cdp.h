/* SPDX-License-Identifier: MIT */
#ifndef ACCEL_REF_CDP_H
#define ACCEL_REF_CDP_H

#include "libaccel/compile/npu_op.h"

/**
 * ref_cdp_run() - an NPU_CDP operation as the hardware computes it
 * @op: passed npu_op_check()
 * @regions: starts of the regions
 *
 * Return: 0 or -ENOMEM.
 */
int ref_cdp_run(const struct npu_op *op, uint8_t *const regions[NPU_REGIONS]);

#endif /* ACCEL_REF_CDP_H */
