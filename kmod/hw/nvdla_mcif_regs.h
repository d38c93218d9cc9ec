/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * NVDLA primary memory interface.
 *
 * Offsets are relative to the unit's CSB window and are the same in every
 * configuration; &struct nvdla_config gives the base of the window. Names,
 * offsets and encodings are those of the hardware manual (nvdla/hw,
 * spec/manual/NVDLA_MCIF.rdl). A name without a value suffix after the
 * register is the mask of a field.
 */
#ifndef _NVDLA_MCIF_REGS_H_
#define _NVDLA_MCIF_REGS_H_

#include "nvdla_bits.h"

#define MCIF_CFG_RD_WEIGHT_0				0x000
#define MCIF_CFG_RD_WEIGHT_0_RD_WEIGHT_BDMA		GENMASK(7, 0)
#define MCIF_CFG_RD_WEIGHT_0_RD_WEIGHT_SDP		GENMASK(15, 8)
#define MCIF_CFG_RD_WEIGHT_0_RD_WEIGHT_PDP		GENMASK(23, 16)
#define MCIF_CFG_RD_WEIGHT_0_RD_WEIGHT_CDP		GENMASK(31, 24)

#define MCIF_CFG_RD_WEIGHT_1				0x004
#define MCIF_CFG_RD_WEIGHT_1_RD_WEIGHT_SDP_B		GENMASK(7, 0)
#define MCIF_CFG_RD_WEIGHT_1_RD_WEIGHT_SDP_N		GENMASK(15, 8)
#define MCIF_CFG_RD_WEIGHT_1_RD_WEIGHT_SDP_E		GENMASK(23, 16)
#define MCIF_CFG_RD_WEIGHT_1_RD_WEIGHT_CDMA_DAT		GENMASK(31, 24)

#define MCIF_CFG_RD_WEIGHT_2				0x008
#define MCIF_CFG_RD_WEIGHT_2_RD_WEIGHT_CDMA_WT		GENMASK(7, 0)
#define MCIF_CFG_RD_WEIGHT_2_RD_WEIGHT_RBK		GENMASK(15, 8)
#define MCIF_CFG_RD_WEIGHT_2_RD_WEIGHT_RSV_1		GENMASK(23, 16)
#define MCIF_CFG_RD_WEIGHT_2_RD_WEIGHT_RSV_0		GENMASK(31, 24)

#define MCIF_CFG_WR_WEIGHT_0				0x00c
#define MCIF_CFG_WR_WEIGHT_0_WR_WEIGHT_BDMA		GENMASK(7, 0)
#define MCIF_CFG_WR_WEIGHT_0_WR_WEIGHT_SDP		GENMASK(15, 8)
#define MCIF_CFG_WR_WEIGHT_0_WR_WEIGHT_PDP		GENMASK(23, 16)
#define MCIF_CFG_WR_WEIGHT_0_WR_WEIGHT_CDP		GENMASK(31, 24)

#define MCIF_CFG_WR_WEIGHT_1				0x010
#define MCIF_CFG_WR_WEIGHT_1_WR_WEIGHT_RBK		GENMASK(7, 0)
#define MCIF_CFG_WR_WEIGHT_1_WR_WEIGHT_RSV_2		GENMASK(15, 8)
#define MCIF_CFG_WR_WEIGHT_1_WR_WEIGHT_RSV_1		GENMASK(23, 16)
#define MCIF_CFG_WR_WEIGHT_1_WR_WEIGHT_RSV_0		GENMASK(31, 24)

#define MCIF_CFG_OUTSTANDING_CNT			0x014
#define MCIF_CFG_OUTSTANDING_CNT_RD_OS_CNT		GENMASK(7, 0)
#define MCIF_CFG_OUTSTANDING_CNT_WR_OS_CNT		GENMASK(15, 8)

#define MCIF_STATUS					0x018
#define MCIF_STATUS_IDLE				BIT(8)
#define MCIF_STATUS_IDLE_NO				0

#endif /* _NVDLA_MCIF_REGS_H_ */
