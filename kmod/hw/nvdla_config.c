// SPDX-License-Identifier: (GPL-2.0-only OR MIT)
/*
 * The configurations of the hardware project. Sources: nvdla/hw, spec/defs of
 * branches master (nv_small to nv_large) and nvdlav1 (nv_full); address maps
 * from vmod/nvdla/csb_master of each.
 */
#ifdef __KERNEL__
#include <linux/string.h>
#else
#include <string.h>
#endif

#include "nvdla_config.h"

/* Windows of every configuration that has a CFGROM. */
#define MAP_SCALABLE(cvif, bdma, rubik)		\
	.base = {				\
		[NVDLA_CFGROM] = 0x0000,	\
		[NVDLA_GLB] = 0x1000,		\
		[NVDLA_MCIF] = 0x2000,		\
		[NVDLA_CDMA] = 0x3000,		\
		[NVDLA_CSC] = 0x4000,		\
		[NVDLA_CMAC_A] = 0x5000,	\
		[NVDLA_CMAC_B] = 0x6000,	\
		[NVDLA_CACC] = 0x7000,		\
		[NVDLA_SDP_RDMA] = 0x8000,	\
		[NVDLA_SDP] = 0x9000,		\
		[NVDLA_PDP_RDMA] = 0xa000,	\
		[NVDLA_PDP] = 0xb000,		\
		[NVDLA_CDP_RDMA] = 0xc000,	\
		[NVDLA_CDP] = 0xd000,		\
		[NVDLA_CVIF] = cvif,		\
		[NVDLA_BDMA] = bdma,		\
		[NVDLA_RUBIK] = rubik,		\
	}

/* Windows of the first generation. */
#define MAP_INITIAL				\
	.base = {				\
		[NVDLA_CFGROM] = NVDLA_NO_UNIT,	\
		[NVDLA_GLB] = 0x0000,		\
		[NVDLA_MCIF] = 0x2000,		\
		[NVDLA_CVIF] = 0x3000,		\
		[NVDLA_BDMA] = 0x4000,		\
		[NVDLA_CDMA] = 0x5000,		\
		[NVDLA_CSC] = 0x6000,		\
		[NVDLA_CMAC_A] = 0x7000,	\
		[NVDLA_CMAC_B] = 0x8000,	\
		[NVDLA_CACC] = 0x9000,		\
		[NVDLA_SDP_RDMA] = 0xa000,	\
		[NVDLA_SDP] = 0xb000,		\
		[NVDLA_PDP_RDMA] = 0xc000,	\
		[NVDLA_PDP] = 0xd000,		\
		[NVDLA_CDP_RDMA] = 0xe000,	\
		[NVDLA_CDP] = 0xf000,		\
		[NVDLA_RUBIK] = 0x10000,	\
	}

/*
 * R8 and the 8-bit four-channel formats (CDMA PIXEL_FORMAT 12 to 19, 26 and
 * 27); both 8-bit semi-planar ones.
 */
#define IMAGE_INT8	.image_packed = 0x0c0ff001, .image_semi = 0x3

#define HW_VERSION	0x00303031

const struct nvdla_config nvdla_configs[] = {
	{
		.name = "nv_small",
		.hw_version = HW_VERSION,
		.intr_mask = 0x003f003f,
		.features = NVDLA_FEAT_CFGROM,
		.atomic_c = 8, .atomic_k = 8, .atomic_m = 8,
		.cbuf_banks = 32, .cbuf_bank_width = 8, .cbuf_bank_depth = 512,
		.max_batch = 1,
		.sdp_bs_throughput = 1, .sdp_bn_throughput = 1,
		.pdp_throughput = 1, .cdp_throughput = 1,
		.mcif_width = 8, .mcif_burst = 1, .mcif_latency = 64,
		.address_bits = 32,
		IMAGE_INT8,
		MAP_SCALABLE(NVDLA_NO_UNIT, NVDLA_NO_UNIT, NVDLA_NO_UNIT),
	}, {
		.name = "nv_small_256",
		.hw_version = HW_VERSION,
		.intr_mask = 0x003f03ff,
		.features = NVDLA_FEAT_CFGROM,
		.atomic_c = 32, .atomic_k = 8, .atomic_m = 8,
		.cbuf_banks = 32, .cbuf_bank_width = 32, .cbuf_bank_depth = 128,
		.max_batch = 1,
		.sdp_bs_throughput = 1, .sdp_bn_throughput = 1,
		.pdp_throughput = 1, .cdp_throughput = 1,
		.mcif_width = 8, .mcif_burst = 1, .mcif_latency = 64,
		.rdma_beats = 8,
		.address_bits = 32,
		IMAGE_INT8,
		MAP_SCALABLE(NVDLA_NO_UNIT, NVDLA_NO_UNIT, NVDLA_NO_UNIT),
	}, {
		.name = "nv_small_256_full",
		.hw_version = HW_VERSION,
		.intr_mask = 0x003f03ff,
		.features = NVDLA_FEAT_CFGROM | NVDLA_FEAT_SDP_EW |
			    NVDLA_FEAT_SDP_LUT | NVDLA_FEAT_CVIF,
		.atomic_c = 32, .atomic_k = 8, .atomic_m = 8,
		.cbuf_banks = 32, .cbuf_bank_width = 32, .cbuf_bank_depth = 128,
		.max_batch = 1,
		.sdp_bs_throughput = 2, .sdp_bn_throughput = 2,
		.sdp_ew_throughput = 1,
		.pdp_throughput = 1, .cdp_throughput = 1,
		.mcif_width = 8, .mcif_burst = 4, .mcif_latency = 64,
		.rdma_beats = 8,
		.cvif_width = 8, .cvif_burst = 4, .cvif_latency = 64,
		.address_bits = 32,
		IMAGE_INT8,
		MAP_SCALABLE(0xf000, NVDLA_NO_UNIT, NVDLA_NO_UNIT),
	}, {
		.name = "nv_medium_512",
		.hw_version = HW_VERSION,
		.intr_mask = 0x003f03ff,
		.features = NVDLA_FEAT_CFGROM,
		.atomic_c = 32, .atomic_k = 16, .atomic_m = 16,
		.cbuf_banks = 32, .cbuf_bank_width = 32, .cbuf_bank_depth = 512,
		.max_batch = 1,
		.sdp_bs_throughput = 4, .sdp_bn_throughput = 4,
		.pdp_throughput = 2, .cdp_throughput = 2,
		.mcif_width = 16, .mcif_burst = 4, .mcif_latency = 256,
		.rdma_beats = 32,
		.address_bits = 64,
		IMAGE_INT8,
		MAP_SCALABLE(NVDLA_NO_UNIT, NVDLA_NO_UNIT, NVDLA_NO_UNIT),
	}, {
		.name = "nv_medium_1024_full",
		.hw_version = HW_VERSION,
		.intr_mask = 0x003f03ff,
		.features = NVDLA_FEAT_CFGROM | NVDLA_FEAT_SDP_EW |
			    NVDLA_FEAT_SDP_LUT | NVDLA_FEAT_CVIF,
		.atomic_c = 32, .atomic_k = 32, .atomic_m = 32,
		.cbuf_banks = 32, .cbuf_bank_width = 32, .cbuf_bank_depth = 512,
		.max_batch = 1,
		.sdp_bs_throughput = 8, .sdp_bn_throughput = 8,
		.sdp_ew_throughput = 2,
		.pdp_throughput = 4, .cdp_throughput = 4,
		.mcif_width = 32, .mcif_burst = 4, .mcif_latency = 1024,
		.rdma_beats = 128,
		.cvif_width = 32, .cvif_burst = 4, .cvif_latency = 1024,
		.address_bits = 64,
		IMAGE_INT8,
		MAP_SCALABLE(0xf000, NVDLA_NO_UNIT, NVDLA_NO_UNIT),
	}, {
		.name = "nv_large",
		.hw_version = HW_VERSION,
		.intr_mask = 0x003f03ff,
		.features = NVDLA_FEAT_CFGROM | NVDLA_FEAT_SDP_EW |
			    NVDLA_FEAT_SDP_LUT | NVDLA_FEAT_CVIF,
		.atomic_c = 64, .atomic_k = 32, .atomic_m = 32,
		.cbuf_banks = 16, .cbuf_bank_width = 64, .cbuf_bank_depth = 512,
		.max_batch = 1,
		.sdp_bs_throughput = 16, .sdp_bn_throughput = 16,
		.sdp_ew_throughput = 4,
		.pdp_throughput = 8, .cdp_throughput = 8,
		.mcif_width = 32, .mcif_burst = 1, .mcif_latency = 1024,
		.rdma_beats = 256,
		.cvif_width = 32, .cvif_burst = 1, .cvif_latency = 1024,
		.address_bits = 64,
		IMAGE_INT8,
		MAP_SCALABLE(0xf000, NVDLA_NO_UNIT, NVDLA_NO_UNIT),
	}, {
		.name = "nv_full",
		.hw_version = HW_VERSION,
		.intr_mask = 0x003f03ff,
		.features = NVDLA_FEAT_SDP_EW | NVDLA_FEAT_SDP_LUT |
			    NVDLA_FEAT_CVIF | NVDLA_FEAT_BDMA |
			    NVDLA_FEAT_RUBIK | NVDLA_FEAT_INT16 |
			    NVDLA_FEAT_FP16 | NVDLA_FEAT_WINOGRAD |
			    NVDLA_FEAT_BATCH | NVDLA_FEAT_WT_COMPRESS,
		.atomic_c = 64, .atomic_k = 32, .atomic_m = 32,
		.cbuf_banks = 16, .cbuf_bank_width = 128, .cbuf_bank_depth = 256,
		.max_batch = 32,
		.sdp_bs_throughput = 16, .sdp_bn_throughput = 16,
		.sdp_ew_throughput = 4,
		.pdp_throughput = 8, .cdp_throughput = 8,
		.mcif_width = 64, .mcif_burst = 4, .mcif_latency = 1200,
		.cvif_width = 64, .cvif_burst = 4, .cvif_latency = 128,
		.address_bits = 40,
		.image_packed = 0x0fffffff, .image_semi = 0xff,
		MAP_INITIAL,
	},
	{ }
};

const struct nvdla_config *nvdla_config_find(const char *name)
{
	const struct nvdla_config *config;

	for (config = nvdla_configs; config->name; config++) {
		if (!strcmp(config->name, name))
			return config;
	}

	return NULL;
}

enum nvdla_unit nvdla_config_unit(const struct nvdla_config *config, __u32 offset)
{
	__u32 window = offset & ~(__u32)(NVDLA_WINDOW_SIZE - 1);
	unsigned int unit;

	for (unit = 0; unit < NVDLA_UNITS; unit++) {
		if (config->base[unit] == window)
			return unit;
	}

	return NVDLA_UNITS;
}
