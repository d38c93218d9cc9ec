/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * NVDLA bridge DMA.
 *
 * Offsets are relative to the unit's CSB window and are the same in every
 * configuration; &struct nvdla_config gives the base of the window. Names,
 * offsets and encodings are those of the hardware manual (nvdla/hw,
 * spec/manual/NVDLA_BDMA.rdl). A name without a value suffix after the
 * register is the mask of a field.
 */
#ifndef _NVDLA_BDMA_REGS_H_
#define _NVDLA_BDMA_REGS_H_

#include "nvdla_bits.h"

#define BDMA_CFG_SRC_ADDR_LOW				0x000
#define BDMA_CFG_SRC_ADDR_LOW_V32			GENMASK(31, 5)

#define BDMA_CFG_SRC_ADDR_HIGH				0x004

#define BDMA_CFG_DST_ADDR_LOW				0x008
#define BDMA_CFG_DST_ADDR_LOW_V32			GENMASK(31, 5)

#define BDMA_CFG_DST_ADDR_HIGH				0x00c

#define BDMA_CFG_LINE					0x010
#define BDMA_CFG_LINE_SIZE				GENMASK(12, 0)

#define BDMA_CFG_CMD					0x014
#define BDMA_CFG_CMD_SRC_RAM_TYPE			BIT(0)
#define BDMA_CFG_CMD_SRC_RAM_TYPE_CVSRAM		0
#define BDMA_CFG_CMD_DST_RAM_TYPE			BIT(1)
#define BDMA_CFG_CMD_DST_RAM_TYPE_CVSRAM		0

#define BDMA_CFG_LINE_REPEAT				0x018
#define BDMA_CFG_LINE_REPEAT_NUMBER			GENMASK(23, 0)

#define BDMA_CFG_SRC_LINE				0x01c
#define BDMA_CFG_SRC_LINE_STRIDE			GENMASK(31, 5)

#define BDMA_CFG_DST_LINE				0x020
#define BDMA_CFG_DST_LINE_STRIDE			GENMASK(31, 5)

#define BDMA_CFG_SURF_REPEAT				0x024
#define BDMA_CFG_SURF_REPEAT_NUMBER			GENMASK(23, 0)

#define BDMA_CFG_SRC_SURF				0x028
#define BDMA_CFG_SRC_SURF_STRIDE			GENMASK(31, 5)

#define BDMA_CFG_DST_SURF				0x02c
#define BDMA_CFG_DST_SURF_STRIDE			GENMASK(31, 5)

#define BDMA_CFG_OP					0x030
#define BDMA_CFG_OP_EN					BIT(0)
#define BDMA_CFG_OP_EN_DISABLE				0
#define BDMA_CFG_OP_EN_ENABLE				1

#define BDMA_CFG_LAUNCH0				0x034
#define BDMA_CFG_LAUNCH0_GRP0_LAUNCH			BIT(0)
#define BDMA_CFG_LAUNCH0_GRP0_LAUNCH_NO			0

#define BDMA_CFG_LAUNCH1				0x038
#define BDMA_CFG_LAUNCH1_GRP1_LAUNCH			BIT(0)
#define BDMA_CFG_LAUNCH1_GRP1_LAUNCH_NO			0

#define BDMA_CFG_STATUS					0x03c
#define BDMA_CFG_STATUS_STALL_COUNT_EN			BIT(0)
#define BDMA_CFG_STATUS_STALL_COUNT_EN_NO		0

#define BDMA_STATUS					0x040
#define BDMA_STATUS_FREE_SLOT				GENMASK(7, 0)
#define BDMA_STATUS_IDLE				BIT(8)
#define BDMA_STATUS_IDLE_NO				0
#define BDMA_STATUS_GRP0_BUSY				BIT(9)
#define BDMA_STATUS_GRP0_BUSY_NO			0
#define BDMA_STATUS_GRP1_BUSY				BIT(10)
#define BDMA_STATUS_GRP1_BUSY_NO			0

#define BDMA_STATUS_GRP0_READ_STALL			0x044

#define BDMA_STATUS_GRP0_WRITE_STALL			0x048

#define BDMA_STATUS_GRP1_READ_STALL			0x04c

#define BDMA_STATUS_GRP1_WRITE_STALL			0x050

#endif /* _NVDLA_BDMA_REGS_H_ */
