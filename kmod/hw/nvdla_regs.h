/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * NVDLA units and their registers.
 */
#ifndef _NVDLA_REGS_H_
#define _NVDLA_REGS_H_

#include "nvdla_bdma_regs.h"
#include "nvdla_cacc_regs.h"
#include "nvdla_cdma_regs.h"
#include "nvdla_cdp_rdma_regs.h"
#include "nvdla_cdp_regs.h"
#include "nvdla_cfgrom_regs.h"
#include "nvdla_cmac_regs.h"
#include "nvdla_csc_regs.h"
#include "nvdla_cvif_regs.h"
#include "nvdla_glb_regs.h"
#include "nvdla_mcif_regs.h"
#include "nvdla_pdp_rdma_regs.h"
#include "nvdla_pdp_regs.h"
#include "nvdla_rbk_regs.h"
#include "nvdla_sdp_rdma_regs.h"
#include "nvdla_sdp_regs.h"

/**
 * enum nvdla_unit - the units that have a CSB window of their own
 *
 * A window is 4 KiB; &struct nvdla_config says where it lies.
 */
enum nvdla_unit {
	NVDLA_CFGROM,
	NVDLA_GLB,
	NVDLA_MCIF,
	NVDLA_CVIF,
	NVDLA_BDMA,
	NVDLA_CDMA,
	NVDLA_CSC,
	NVDLA_CMAC_A,
	NVDLA_CMAC_B,
	NVDLA_CACC,
	NVDLA_SDP_RDMA,
	NVDLA_SDP,
	NVDLA_PDP_RDMA,
	NVDLA_PDP,
	NVDLA_CDP_RDMA,
	NVDLA_CDP,
	NVDLA_RUBIK,
	NVDLA_UNITS
};

#define NVDLA_WINDOW_SIZE	0x1000

/*
 * Every unit with two register groups starts alike. The registers from its
 * D_OP_ENABLE on exist once per group, those before it once; D_OP_ENABLE
 * follows S_POINTER except in CDMA, SDP and CDP, which have more registers
 * without groups. BDMA queues instead and has none of the three.
 */
#define NVDLA_S_STATUS		0x000
#define NVDLA_S_POINTER		0x004
#define NVDLA_D_OP_ENABLE	0x008

/**
 * struct nvdla_reg_desc - what is known of one register
 * @offset: byte offset in the unit's window
 * @bits: the bits that exist
 * @writable: those of them that software may write
 * @reset: value after reset
 * @name: the manual's name, without the unit
 */
struct nvdla_reg_desc {
	__u16 offset;
	__u32 bits;
	__u32 writable;
	__u32 reset;
	const char *name;
};

/**
 * struct nvdla_unit_desc - the registers of one unit
 * @name: the manual's name of the unit
 * @regs: its registers, by ascending offset
 * @count: how many
 * @first_grouped: offset of the first register that exists once per group;
 *                 NVDLA_WINDOW_SIZE when the unit has no groups
 */
struct nvdla_unit_desc {
	const char *name;
	const struct nvdla_reg_desc *regs;
	unsigned int count;
	__u16 first_grouped;
};

extern const struct nvdla_unit_desc nvdla_units[NVDLA_UNITS];

/**
 * nvdla_reg_find() - look up a register
 * @unit: the unit
 * @offset: byte offset in its window
 *
 * Return: the description, or NULL when there is no such register.
 */
const struct nvdla_reg_desc *nvdla_reg_find(enum nvdla_unit unit, __u32 offset);

#endif /* _NVDLA_REGS_H_ */
