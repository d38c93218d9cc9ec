/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * NVDLA convolution MAC array (CMAC_A and CMAC_B share this layout).
 *
 * Offsets are relative to the unit's CSB window and are the same in every
 * configuration; &struct nvdla_config gives the base of the window. Names,
 * offsets and encodings are those of the hardware manual (nvdla/hw,
 * spec/manual/NVDLA_CMAC_A.rdl). A name without a value suffix after the
 * register is the mask of a field.
 */
#ifndef _NVDLA_CMAC_REGS_H_
#define _NVDLA_CMAC_REGS_H_

#include "nvdla_bits.h"

#define CMAC_S_STATUS					0x000
#define CMAC_S_STATUS_STATUS_0				GENMASK(1, 0)
#define CMAC_S_STATUS_STATUS_0_IDLE			0
#define CMAC_S_STATUS_STATUS_0_RUNNING			1
#define CMAC_S_STATUS_STATUS_0_PENDING			2
#define CMAC_S_STATUS_STATUS_1				GENMASK(17, 16)
#define CMAC_S_STATUS_STATUS_1_IDLE			0
#define CMAC_S_STATUS_STATUS_1_RUNNING			1
#define CMAC_S_STATUS_STATUS_1_PENDING			2

#define CMAC_S_POINTER					0x004
#define CMAC_S_POINTER_PRODUCER				BIT(0)
#define CMAC_S_POINTER_PRODUCER_GROUP_0			0
#define CMAC_S_POINTER_PRODUCER_GROUP_1			1
#define CMAC_S_POINTER_CONSUMER				BIT(16)
#define CMAC_S_POINTER_CONSUMER_GROUP_0			0
#define CMAC_S_POINTER_CONSUMER_GROUP_1			1

#define CMAC_D_OP_ENABLE				0x008
#define CMAC_D_OP_ENABLE_OP_EN				BIT(0)
#define CMAC_D_OP_ENABLE_OP_EN_DISABLE			0
#define CMAC_D_OP_ENABLE_OP_EN_ENABLE			1

#define CMAC_D_MISC_CFG					0x00c
#define CMAC_D_MISC_CFG_CONV_MODE			BIT(0)
#define CMAC_D_MISC_CFG_CONV_MODE_DIRECT		0
#define CMAC_D_MISC_CFG_CONV_MODE_WINOGRAD		1
#define CMAC_D_MISC_CFG_PROC_PRECISION			GENMASK(13, 12)
#define CMAC_D_MISC_CFG_PROC_PRECISION_INT8		0
#define CMAC_D_MISC_CFG_PROC_PRECISION_INT16		1
#define CMAC_D_MISC_CFG_PROC_PRECISION_FP16		2

#endif /* _NVDLA_CMAC_REGS_H_ */
