/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * A configuration read from the hardware itself.
 */
#ifndef _NVDLA_CFGROM_H_
#define _NVDLA_CFGROM_H_

#ifndef __KERNEL__
#include <stdbool.h>
#endif

#include "nvdla_config.h"

/**
 * nvdla_config_from_rom() - describe hardware by its configuration ROM
 * @read: reads the CSB register at a byte offset
 * @ctx: handed to @read
 * @cvif: the device has a second memory port; the ROM does not say
 * @config: receives the description; its name is "cfgrom"
 *
 * For configurations that nvdla_configs[] does not have. The windows are those
 * that all configurations with a ROM share.
 *
 * Return: 0, or -ENODEV if there is no ROM or it describes nothing that this
 * source could drive.
 */
int nvdla_config_from_rom(__u32 (*read)(void *ctx, __u32 offset), void *ctx, bool cvif,
			  struct nvdla_config *config);

#endif /* _NVDLA_CFGROM_H_ */
