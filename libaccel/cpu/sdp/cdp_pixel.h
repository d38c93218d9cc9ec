/* SPDX-License-Identifier: MIT */
/*
 * NVDLA's channel data processor on the channels of one pixel, as struct
 * npu_cdp says.
 */
#ifndef ACCEL_CPU_CDP_PIXEL_H
#define ACCEL_CPU_CDP_PIXEL_H

#include "libaccel/cpu/isa.h"
#include "libaccel/compile/npu_op.h"

/* Zeros in front of a pixel's values and behind them: channels that do not exist. */
#define CDP_REACH	4

/* Kernels work on so many channels at a time. */
#define CDP_GROUP	8

/**
 * cdp_pixel_fn - compute a pixel
 * @tables: those of the operation, one behind the other
 * @v: [channels] values less the input's offset, CDP_REACH zeros on either side,
 *     and behind them CDP_GROUP more of anything
 * @out: [channels], rounded up to CDP_GROUP
 */
typedef void cdp_pixel_fn(const struct npu_cdp *cdp, const int16_t *tables, const int16_t *v,
			  uint32_t channels, int8_t *out);

cdp_pixel_fn cdp_pixel__portable;
cdp_pixel_fn cdp_pixel_8x__neon;

cdp_pixel_fn *cdp_pixel_select(enum accel_isa isa);

#endif /* ACCEL_CPU_CDP_PIXEL_H */
