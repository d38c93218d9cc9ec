// SPDX-License-Identifier: (GPL-2.0-only OR MIT)
/*
 * Which registers an operation may set, and which hold addresses.
 */
#include "validate_op.h"

#define PORT(unit_, low_, high_, ram_, bit_, access_) \
	{ .unit = unit_, .low = low_, .high = high_, .ram = ram_, .ram_bit = bit_, \
	  .access = DRM_NVDLA_ACCESS_##access_ }

const struct port_desc nvdla_ports[PORTS] = {
	[PORT_CDMA_DATA0] = PORT(NVDLA_CDMA, CDMA_D_DAIN_ADDR_LOW_0, CDMA_D_DAIN_ADDR_HIGH_0,
				 CDMA_D_DAIN_RAM_TYPE, BIT(0), READ),
	[PORT_CDMA_DATA1] = PORT(NVDLA_CDMA, CDMA_D_DAIN_ADDR_LOW_1, CDMA_D_DAIN_ADDR_HIGH_1,
				 CDMA_D_DAIN_RAM_TYPE, BIT(0), READ),
	[PORT_CDMA_WEIGHT] = PORT(NVDLA_CDMA, CDMA_D_WEIGHT_ADDR_LOW, CDMA_D_WEIGHT_ADDR_HIGH,
				  CDMA_D_WEIGHT_RAM_TYPE, BIT(0), READ),
	[PORT_CDMA_WGS] = PORT(NVDLA_CDMA, CDMA_D_WGS_ADDR_LOW, CDMA_D_WGS_ADDR_HIGH,
			       CDMA_D_WEIGHT_RAM_TYPE, BIT(0), READ),
	[PORT_CDMA_WMB] = PORT(NVDLA_CDMA, CDMA_D_WMB_ADDR_LOW, CDMA_D_WMB_ADDR_HIGH,
			       CDMA_D_WEIGHT_RAM_TYPE, BIT(0), READ),
	[PORT_SDP_SRC] = PORT(NVDLA_SDP_RDMA, SDP_RDMA_D_SRC_BASE_ADDR_LOW,
			      SDP_RDMA_D_SRC_BASE_ADDR_HIGH, SDP_RDMA_D_SRC_DMA_CFG,
			      SDP_RDMA_D_SRC_DMA_CFG_SRC_RAM_TYPE, READ),
	[PORT_SDP_BS] = PORT(NVDLA_SDP_RDMA, SDP_RDMA_D_BS_BASE_ADDR_LOW,
			     SDP_RDMA_D_BS_BASE_ADDR_HIGH, SDP_RDMA_D_BRDMA_CFG,
			     SDP_RDMA_D_BRDMA_CFG_BRDMA_RAM_TYPE, READ),
	[PORT_SDP_BN] = PORT(NVDLA_SDP_RDMA, SDP_RDMA_D_BN_BASE_ADDR_LOW,
			     SDP_RDMA_D_BN_BASE_ADDR_HIGH, SDP_RDMA_D_NRDMA_CFG,
			     SDP_RDMA_D_NRDMA_CFG_NRDMA_RAM_TYPE, READ),
	[PORT_SDP_EW] = PORT(NVDLA_SDP_RDMA, SDP_RDMA_D_EW_BASE_ADDR_LOW,
			     SDP_RDMA_D_EW_BASE_ADDR_HIGH, SDP_RDMA_D_ERDMA_CFG,
			     SDP_RDMA_D_ERDMA_CFG_ERDMA_RAM_TYPE, READ),
	[PORT_SDP_DST] = PORT(NVDLA_SDP, SDP_D_DST_BASE_ADDR_LOW, SDP_D_DST_BASE_ADDR_HIGH,
			      SDP_D_DST_DMA_CFG, SDP_D_DST_DMA_CFG_DST_RAM_TYPE, WRITE),
	[PORT_PDP_SRC] = PORT(NVDLA_PDP_RDMA, PDP_RDMA_D_SRC_BASE_ADDR_LOW,
			      PDP_RDMA_D_SRC_BASE_ADDR_HIGH, PDP_RDMA_D_SRC_RAM_CFG,
			      PDP_RDMA_D_SRC_RAM_CFG_SRC_RAM_TYPE, READ),
	[PORT_PDP_DST] = PORT(NVDLA_PDP, PDP_D_DST_BASE_ADDR_LOW, PDP_D_DST_BASE_ADDR_HIGH,
			      PDP_D_DST_RAM_CFG, PDP_D_DST_RAM_CFG_DST_RAM_TYPE, WRITE),
	[PORT_CDP_SRC] = PORT(NVDLA_CDP_RDMA, CDP_RDMA_D_SRC_BASE_ADDR_LOW,
			      CDP_RDMA_D_SRC_BASE_ADDR_HIGH, CDP_RDMA_D_SRC_DMA_CFG,
			      CDP_RDMA_D_SRC_DMA_CFG_SRC_RAM_TYPE, READ),
	[PORT_CDP_DST] = PORT(NVDLA_CDP, CDP_D_DST_BASE_ADDR_LOW, CDP_D_DST_BASE_ADDR_HIGH,
			      CDP_D_DST_DMA_CFG, CDP_D_DST_DMA_CFG_DST_RAM_TYPE, WRITE),
	[PORT_BDMA_SRC] = PORT(NVDLA_BDMA, BDMA_CFG_SRC_ADDR_LOW, BDMA_CFG_SRC_ADDR_HIGH,
			       BDMA_CFG_CMD, BDMA_CFG_CMD_SRC_RAM_TYPE, READ),
	[PORT_BDMA_DST] = PORT(NVDLA_BDMA, BDMA_CFG_DST_ADDR_LOW, BDMA_CFG_DST_ADDR_HIGH,
			       BDMA_CFG_CMD, BDMA_CFG_CMD_DST_RAM_TYPE, WRITE),
	[PORT_RUBIK_SRC] = PORT(NVDLA_RUBIK, RBK_D_DAIN_ADDR_LOW, RBK_D_DAIN_ADDR_HIGH,
				RBK_D_DAIN_RAM_TYPE, BIT(0), READ),
	[PORT_RUBIK_DST] = PORT(NVDLA_RUBIK, RBK_D_DAOUT_ADDR_LOW, RBK_D_DAOUT_ADDR_HIGH,
				RBK_D_DAOUT_RAM_TYPE, BIT(0), WRITE),
};

/* Registers that are written with every operation, but by the kernel's will. */
static const struct {
	enum nvdla_unit unit;
	__u16 offset;
} kernel_regs[] = {
	{ NVDLA_CDMA, CDMA_D_PERF_ENABLE },
	{ NVDLA_CDMA, CDMA_D_CYA },
	{ NVDLA_CSC, CSC_D_CYA },
	{ NVDLA_CACC, CACC_D_DATAOUT_ADDR },
	{ NVDLA_CACC, CACC_D_CYA },
	{ NVDLA_SDP_RDMA, SDP_RDMA_D_PERF_ENABLE },
	{ NVDLA_SDP, SDP_D_PERF_ENABLE },
	{ NVDLA_PDP_RDMA, PDP_RDMA_D_PERF_ENABLE },
	{ NVDLA_PDP_RDMA, PDP_RDMA_D_CYA },
	{ NVDLA_PDP, PDP_D_SRC_BASE_ADDR_LOW },
	{ NVDLA_PDP, PDP_D_SRC_BASE_ADDR_HIGH },
	{ NVDLA_PDP, PDP_D_PERF_ENABLE },
	{ NVDLA_PDP, PDP_D_CYA },
	{ NVDLA_CDP_RDMA, CDP_RDMA_D_PERF_ENABLE },
	{ NVDLA_CDP_RDMA, CDP_RDMA_D_CYA },
	{ NVDLA_CDP, CDP_D_PERF_ENABLE },
	{ NVDLA_CDP, CDP_D_CYA },
	{ NVDLA_RUBIK, RBK_D_PERF_ENABLE },
};

/* Units that operations program, by group or, in BDMA's case, by queue slot. */
static bool unit_is_programmed(enum nvdla_unit unit)
{
	return unit >= NVDLA_BDMA;
}

static __u32 first_programmed(enum nvdla_unit unit)
{
	/* What follows OP_ENABLE, the first register of a group. */
	return unit == NVDLA_BDMA ? 0 : nvdla_units[unit].first_grouped + 4;
}

static __u32 end_programmed(enum nvdla_unit unit)
{
	return unit == NVDLA_BDMA ? BDMA_CFG_OP : NVDLA_WINDOW_SIZE;
}

static void restrict_bits(struct nvdla_validator *v, enum nvdla_unit unit, __u32 offset,
			  __u32 allowed)
{
	__u8 index = v->index[unit][offset / 4];

	if (index != NO_INDEX)
		v->allowed[unit][index] &= allowed;
}

static void describe_unit(struct nvdla_validator *v, enum nvdla_unit unit)
{
	const struct nvdla_unit_desc *desc = &nvdla_units[unit];
	unsigned int i;

	for (i = 0; i < desc->count; i++) {
		const struct nvdla_reg_desc *reg = &desc->regs[i];
		__u8 index;

		if (reg->offset / 4 >= UNIT_WORDS)
			continue;
		v->known[unit][reg->offset / 4] = true;
		if (reg->offset < first_programmed(unit) || reg->offset >= end_programmed(unit) ||
		    !reg->writable)
			continue;
		index = v->count[unit]++;
		v->offset[unit][index] = reg->offset;
		v->index[unit][reg->offset / 4] = index;
		v->allowed[unit][index] = reg->writable;
	}
}

int nvdla_validator_new(const struct nvdla_config *config, struct nvdla_validator **out)
{
	struct nvdla_validator *v = nvdla_zalloc(1, sizeof(*v));
	unsigned int i;

	if (!v)
		return -ENOMEM;
	v->config = config;
	memset(v->index, NO_INDEX, sizeof(v->index));
	for (i = 0; i < NVDLA_UNITS; i++) {
		if (unit_is_programmed(i) && config->base[i] != NVDLA_NO_UNIT)
			describe_unit(v, i);
	}
	for (i = 0; i < ARRAY_SIZE(kernel_regs); i++)
		restrict_bits(v, kernel_regs[i].unit, kernel_regs[i].offset, 0);
	for (i = 0; i < PORTS; i++) {
		const struct port_desc *port = &nvdla_ports[i];

		restrict_bits(v, port->unit, port->low, 0);
		restrict_bits(v, port->unit, port->high, 0);
		restrict_bits(v, port->unit, port->ram, ~port->ram_bit);
	}

	*out = v;
	return 0;
}

void nvdla_validator_free(struct nvdla_validator *validator)
{
	nvdla_free(validator);
}

unsigned int nvdla_unit_words(const struct nvdla_validator *validator, enum nvdla_unit unit)
{
	return validator->count[unit];
}

__u32 nvdla_unit_offset(const struct nvdla_validator *validator, enum nvdla_unit unit,
			unsigned int index)
{
	return validator->offset[unit][index];
}
