// SPDX-License-Identifier: MIT
/*
 * The configuration ROM.
 *
 * The open RTL holds one literal table, that of nv_small, whatever it is built
 * as. Here the same table is filled from a description: that of the
 * configuration, so that software can run from the ROM alone, or nv_small's,
 * where the simulator is to be compared with the RTL.
 */
#include "state.h"

#define DESC(unit_id, bytes)	((uint32_t)(bytes) << 16 | (unit_id))

/* CAP_COMPAT bits */
#define CAP_WEIGHT_COMPRESSION	(1u << 0)
#define CAP_WINOGRAD		(1u << 1)
#define CAP_BATCH		(1u << 2)
#define CAP_IMAGE		(1u << 4)
#define CAP_SDP_LUT		(1u << 0)
#define CAP_SDP_BS		(1u << 3)
#define CAP_SDP_BN		(1u << 4)
#define CAP_SDP_EW		(1u << 5)

/* The ROM lists packed 10-bit formats too, which INT8 hardware reads as 8-bit ones. */
#define ROM_IMAGE_10BIT		(0xfu << 20)

/* *_TYPES bits */
#define TYPE_INT8		(1u << 4)
#define TYPE_INT16		(1u << 6)
#define TYPE_FP16		(1u << 8)

static uint32_t types(const struct nvdla_config *config)
{
	uint32_t bits = TYPE_INT8;

	if (config->features & NVDLA_FEAT_INT16)
		bits |= TYPE_INT16;
	if (config->features & NVDLA_FEAT_FP16)
		bits |= TYPE_FP16;
	return bits;
}

static uint32_t conv_cap(const struct nvdla_config *config)
{
	uint32_t bits = CAP_IMAGE;

	if (config->features & NVDLA_FEAT_WT_COMPRESS)
		bits |= CAP_WEIGHT_COMPRESSION;
	if (config->features & NVDLA_FEAT_WINOGRAD)
		bits |= CAP_WINOGRAD;
	if (config->features & NVDLA_FEAT_BATCH)
		bits |= CAP_BATCH;
	return bits;
}

static uint32_t sdp_cap(const struct nvdla_config *config)
{
	uint32_t bits = CAP_SDP_BS | CAP_SDP_BN;

	if (config->features & NVDLA_FEAT_SDP_LUT)
		bits |= CAP_SDP_LUT;
	if (config->features & NVDLA_FEAT_SDP_EW)
		bits |= CAP_SDP_EW;
	return bits;
}

uint32_t sim_cfgrom_read(const struct nvdla_config *config, uint32_t off)
{
	switch (off) {
	case CFGROM_HW_VERSION:
		return 0x00010001;
	case CFGROM_GLB_DESC:
		return DESC(1, 0);
	case CFGROM_CIF_DESC:
		return DESC(2, 0x18);
	case CFGROM_CIF_BASE_WIDTH:
		return config->mcif_width;
	case CFGROM_CIF_BASE_LATENCY:
		return config->mcif_latency == 64 ? 50 : config->mcif_latency;
	/* These two lie above bit 5. */
	case CFGROM_CIF_BASE_BURST_LENGTH_MAX:
		return config->mcif_burst <= 1 ? 4 << 5 : (uint32_t)config->mcif_burst << 5;
	case CFGROM_CIF_BASE_MEM_ADDR_WIDTH:
		return (uint32_t)config->address_bits << 5;
	case CFGROM_CDMA_DESC:
		return DESC(3, 0x34);
	case CFGROM_CDMA_CAP_COMPAT:
	case CFGROM_CSC_CAP_COMPAT:
	case CFGROM_CMAC_A_CAP_COMPAT:
	case CFGROM_CMAC_B_CAP_COMPAT:
		return conv_cap(config);
	case CFGROM_CDMA_BASE_FEATURE_TYPES:
	case CFGROM_CDMA_BASE_WEIGHT_TYPES:
	case CFGROM_CSC_BASE_FEATURE_TYPES:
	case CFGROM_CSC_BASE_WEIGHT_TYPES:
	case CFGROM_CMAC_A_BASE_FEATURE_TYPES:
	case CFGROM_CMAC_A_BASE_WEIGHT_TYPES:
	case CFGROM_CMAC_B_BASE_FEATURE_TYPES:
	case CFGROM_CMAC_B_BASE_WEIGHT_TYPES:
	case CFGROM_CACC_BASE_FEATURE_TYPES:
	case CFGROM_CACC_BASE_WEIGHT_TYPES:
	case CFGROM_SDP_BASE_FEATURE_TYPES:
	case CFGROM_SDP_BASE_WEIGHT_TYPES:
	case CFGROM_PDP_BASE_FEATURE_TYPES:
	case CFGROM_CDP_BASE_FEATURE_TYPES:
		return types(config);
	case CFGROM_CDMA_BASE_ATOMIC_C:
	case CFGROM_CSC_BASE_ATOMIC_C:
	case CFGROM_CMAC_A_BASE_ATOMIC_C:
	case CFGROM_CMAC_B_BASE_ATOMIC_C:
	case CFGROM_CACC_BASE_ATOMIC_C:
		return config->atomic_c;
	case CFGROM_CDMA_BASE_ATOMIC_K:
	case CFGROM_CSC_BASE_ATOMIC_K:
	case CFGROM_CMAC_A_BASE_ATOMIC_K:
	case CFGROM_CMAC_B_BASE_ATOMIC_K:
	case CFGROM_CACC_BASE_ATOMIC_K:
		return config->atomic_k;
	case CFGROM_CDMA_BASE_ATOMIC_M:
	case CFGROM_CSC_BASE_ATOMIC_M:
	case CFGROM_SDP_RDMA_BASE_ATOMIC_M:
	case CFGROM_PDP_RDMA_BASE_ATOMIC_M:
	case CFGROM_CDP_RDMA_BASE_ATOMIC_M:
		return config->atomic_m;
	case CFGROM_CDMA_BASE_CBUF_BANK_NUM:
	case CFGROM_CBUF_BASE_CBUF_BANK_NUM:
	case CFGROM_CSC_BASE_CBUF_BANK_NUM:
		return config->cbuf_banks;
	case CFGROM_CDMA_BASE_CBUF_BANK_WIDTH:
	case CFGROM_CBUF_BASE_CBUF_BANK_WIDTH:
	case CFGROM_CSC_BASE_CBUF_BANK_WIDTH:
		return config->cbuf_bank_width;
	case CFGROM_CDMA_BASE_CBUF_BANK_DEPTH:
	case CFGROM_CBUF_BASE_CBUF_BANK_DEPTH:
	case CFGROM_CSC_BASE_CBUF_BANK_DEPTH:
		return config->cbuf_bank_depth;
	case CFGROM_CDMA_MULTI_BATCH_MAX:
	case CFGROM_CSC_MULTI_BATCH_MAX:
	case CFGROM_CACC_MULTI_BATCH_MAX:
	case CFGROM_SDP_MULTI_BATCH_MAX:
		return config->max_batch > 1 ? config->max_batch : 0;
	case CFGROM_CDMA_IMAGE_IN_FORMATS_PACKED:
		return config->image_packed | ROM_IMAGE_10BIT;
	case CFGROM_CDMA_IMAGE_IN_FORMATS_SEMI:
		return config->image_semi;
	case CFGROM_CBUF_DESC:
		return DESC(4, 0x18);
	case CFGROM_CBUF_BASE_CDMA_ID:
	case CFGROM_CSC_BASE_CDMA_ID:
	case CFGROM_CMAC_A_BASE_CDMA_ID:
	case CFGROM_CMAC_B_BASE_CDMA_ID:
	case CFGROM_CACC_BASE_CDMA_ID:
	case CFGROM_SDP_BASE_CDMA_ID:
		return 3;
	case CFGROM_CSC_DESC:
		return DESC(5, 0x30);
	case CFGROM_CMAC_A_DESC:
	case CFGROM_CMAC_B_DESC:
		return DESC(6, 0x1c);
	case CFGROM_CACC_DESC:
		return DESC(7, 0x20);
	case CFGROM_SDP_RDMA_DESC:
		return DESC(8, 0xe);
	case CFGROM_SDP_RDMA_BASE_SDP_ID:
		return 9;
	case CFGROM_SDP_DESC:
		return DESC(9, 0x20);
	case CFGROM_SDP_CAP_COMPAT:
		return sdp_cap(config);
	case CFGROM_SDP_BS_THROUGHPUT:
		return config->sdp_bs_throughput;
	case CFGROM_SDP_BN_THROUGHPUT:
		return config->sdp_bn_throughput;
	case CFGROM_SDP_EW_THROUGHPUT:
		return config->sdp_ew_throughput;
	case CFGROM_PDP_RDMA_DESC:
		return DESC(10, 0xe);
	case CFGROM_PDP_RDMA_BASE_PDP_ID:
		return 11;
	case CFGROM_PDP_DESC:
		return DESC(11, 0x10);
	case CFGROM_PDP_BASE_THROUGHPUT:
		return config->pdp_throughput;
	case CFGROM_CDP_RDMA_DESC:
		return DESC(12, 0xe);
	case CFGROM_CDP_RDMA_BASE_CDP_ID:
		return 13;
	case CFGROM_CDP_DESC:
		return DESC(13, 0x10);
	case CFGROM_CDP_BASE_THROUGHPUT:
		return config->cdp_throughput;
	default:
		return 0;
	}
}
