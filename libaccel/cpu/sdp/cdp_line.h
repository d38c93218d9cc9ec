/* SPDX-License-Identifier: MIT */
#ifndef ACCEL_CPU_CDP_LINE_H
#define ACCEL_CPU_CDP_LINE_H

#include <stddef.h>

#include "libaccel/cpu/sdp/cdp_pixel.h"

/**
 * cdp_run() - an NPU_CDP operation by the portable kernel
 * @op: passed npu_op_check()
 * @regions: starts of the regions
 *
 * Return: 0 or -ENOMEM.
 */
int cdp_run(const struct npu_op *op, uint8_t *const regions[NPU_REGIONS]);

/* Bytes of working memory that cdp_line_run() needs. */
size_t cdp_line_scratch(const struct npu_op *op);

/**
 * cdp_line_run() - one line of it
 * @op: passed npu_op_check()
 * @regions: starts of the regions
 * @pixel: the kernel
 * @y: line
 * @scratch: cdp_line_scratch() bytes, 2-byte aligned, of this thread alone
 */
void cdp_line_run(const struct npu_op *op, uint8_t *const regions[NPU_REGIONS],
		  cdp_pixel_fn *pixel, uint32_t y, void *scratch);

#endif /* ACCEL_CPU_CDP_LINE_H */
