// SPDX-License-Identifier: (GPL-2.0-only OR MIT)
/*
 * A configuration read from the hardware itself. Source: nvdla/hw,
 * spec/manual/NVDLA_CFGROM.rdl and vmod/nvdla/cfgrom.
 */
#ifdef __KERNEL__
#include <linux/errno.h>
#include <linux/string.h>
#else
#include <errno.h>
#include <string.h>
#endif

#include "nvdla_cfgrom.h"

/* Bits of *_CAP_COMPAT. */
#define CAP_CONV_COMPRESSION	BIT(0)
#define CAP_CONV_WINOGRAD	BIT(1)
#define CAP_CONV_BATCH		BIT(2)
#define CAP_SDP_LUT		BIT(0)
#define CAP_SDP_EW		BIT(5)

/* Bits of *_TYPES. */
#define TYPE_INT8		BIT(4)
#define TYPE_INT16		BIT(6)
#define TYPE_FP16		BIT(8)

/* Pixel formats of ten bits: the ROM names them, hardware for INT8 lacks them. */
#define TEN_BITS		GENMASK(23, 20)

/* The descriptor of CDMA: its number, and bytes of the block. */
#define CDMA_DESC		0x00340003

static bool power_of_two(__u32 n, __u32 low, __u32 high)
{
	return n >= low && n <= high && !(n & (n - 1));
}

/* Could this be a configuration at all? */
static bool plausible(const struct nvdla_config *c)
{
	return power_of_two(c->atomic_c, 8, 128) && power_of_two(c->atomic_k, 8, 64) &&
	       power_of_two(c->atomic_m, 8, 64) && power_of_two(c->cbuf_banks, 2, 32) &&
	       power_of_two(c->cbuf_bank_width, c->atomic_m, 4 * c->atomic_m) &&
	       power_of_two(c->cbuf_bank_depth, 64, 4096) && c->max_batch <= 32 &&
	       c->address_bits >= 32 && c->address_bits <= 64;
}

int nvdla_config_from_rom(__u32 (*read)(void *ctx, __u32 offset), void *ctx, bool cvif,
			  struct nvdla_config *config)
{
	const struct nvdla_config *known = nvdla_config_find("nv_small");
	__u32 conv, sdp, types;

	if (read(ctx, CFGROM_CDMA_DESC) != CDMA_DESC)
		return -ENODEV;
	conv = read(ctx, CFGROM_CDMA_CAP_COMPAT);
	sdp = read(ctx, CFGROM_SDP_CAP_COMPAT);
	types = read(ctx, CFGROM_CDMA_BASE_FEATURE_TYPES);
	if (!(types & TYPE_INT8))
		return -ENODEV;

	memset(config, 0, sizeof(*config));
	config->name = "cfgrom";
	config->features = NVDLA_FEAT_CFGROM;
	config->features |= conv & CAP_CONV_COMPRESSION ? NVDLA_FEAT_WT_COMPRESS : 0;
	config->features |= conv & CAP_CONV_WINOGRAD ? NVDLA_FEAT_WINOGRAD : 0;
	config->features |= conv & CAP_CONV_BATCH ? NVDLA_FEAT_BATCH : 0;
	config->features |= sdp & CAP_SDP_EW ? NVDLA_FEAT_SDP_EW : 0;
	config->features |= sdp & CAP_SDP_LUT ? NVDLA_FEAT_SDP_LUT : 0;
	config->features |= types & TYPE_INT16 ? NVDLA_FEAT_INT16 : 0;
	config->features |= types & TYPE_FP16 ? NVDLA_FEAT_FP16 : 0;
	config->features |= cvif ? NVDLA_FEAT_CVIF : 0;
	/* All windows but that of the second port are where nv_small has them. */
	memcpy(config->base, known->base, sizeof(config->base));
	if (cvif)
		config->base[NVDLA_CVIF] = 0xf000;
	config->hw_version = read(ctx, config->base[NVDLA_GLB] + GLB_S_NVDLA_HW_VERSION);
	config->intr_mask = 0x003f03ff;
	config->atomic_c = read(ctx, CFGROM_CDMA_BASE_ATOMIC_C);
	config->atomic_k = read(ctx, CFGROM_CDMA_BASE_ATOMIC_K);
	config->atomic_m = read(ctx, CFGROM_CDMA_BASE_ATOMIC_M);
	config->cbuf_banks = read(ctx, CFGROM_CBUF_BASE_CBUF_BANK_NUM);
	config->cbuf_bank_width = read(ctx, CFGROM_CBUF_BASE_CBUF_BANK_WIDTH);
	config->cbuf_bank_depth = read(ctx, CFGROM_CBUF_BASE_CBUF_BANK_DEPTH);
	config->max_batch = read(ctx, CFGROM_CDMA_MULTI_BATCH_MAX);
	if (!config->max_batch)
		config->max_batch = 1;
	config->sdp_bs_throughput = read(ctx, CFGROM_SDP_BS_THROUGHPUT);
	config->sdp_bn_throughput = read(ctx, CFGROM_SDP_BN_THROUGHPUT);
	config->sdp_ew_throughput = read(ctx, CFGROM_SDP_EW_THROUGHPUT);
	config->pdp_throughput = read(ctx, CFGROM_PDP_BASE_THROUGHPUT);
	config->cdp_throughput = read(ctx, CFGROM_CDP_BASE_THROUGHPUT);
	config->mcif_width = read(ctx, CFGROM_CIF_BASE_WIDTH);
	config->mcif_latency = read(ctx, CFGROM_CIF_BASE_LATENCY);
	config->mcif_burst = FIELD_GET(CFGROM_CIF_BASE_BURST_LENGTH_MAX_BASE_BURST_LENGTH_MAX,
				       read(ctx, CFGROM_CIF_BASE_BURST_LENGTH_MAX));
	config->address_bits = FIELD_GET(CFGROM_CIF_BASE_MEM_ADDR_WIDTH_CIF_BASE_MEM_ADDR_WIDTH,
					 read(ctx, CFGROM_CIF_BASE_MEM_ADDR_WIDTH));
	if (cvif) {
		/* The ports of a device are alike, as far as the ROM can tell. */
		config->cvif_width = config->mcif_width;
		config->cvif_burst = config->mcif_burst;
		config->cvif_latency = config->mcif_latency;
	}
	config->image_packed = read(ctx, CFGROM_CDMA_IMAGE_IN_FORMATS_PACKED);
	if (!(config->features & NVDLA_FEAT_INT16))
		config->image_packed &= ~TEN_BITS;
	config->image_semi = read(ctx, CFGROM_CDMA_IMAGE_IN_FORMATS_SEMI);

	return plausible(config) ? 0 : -ENODEV;
}
