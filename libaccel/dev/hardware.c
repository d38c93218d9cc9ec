// SPDX-License-Identifier: MIT
/*
 * The hardware description in its two forms: the kernel's answer to a query,
 * and the table entry that validator, simulator and compiler work with.
 */
#include <string.h>

#include "device.h"

_Static_assert((int)DRM_NVDLA_UNITS == (int)NVDLA_UNITS, "both number the units alike");
_Static_assert((int)DRM_NVDLA_UNIT_RUBIK == (int)NVDLA_RUBIK, "both number the units alike");
_Static_assert(DRM_NVDLA_NO_UNIT == NVDLA_NO_UNIT, "both mark absent units alike");
_Static_assert(DRM_NVDLA_FEAT_CFGROM == NVDLA_FEAT_CFGROM, "both number the features alike");
_Static_assert(ACCEL_FEATURE_WEIGHT_COMPRESS == DRM_NVDLA_FEAT_WT_COMPRESS,
	       "the library numbers the features like the kernel");
_Static_assert(ACCEL_FEATURE_SDP_EW == DRM_NVDLA_FEAT_SDP_EW,
	       "the library numbers the features like the kernel");

/* Every field that both have under the same name. */
#define FOR_EACH_FIELD(copy)		\
	copy(hw_version)	\
	copy(features)	\
	copy(atomic_c)	\
	copy(atomic_k)	\
	copy(atomic_m)	\
	copy(cbuf_banks)	\
	copy(cbuf_bank_width)	\
	copy(cbuf_bank_depth)	\
	copy(max_batch)	\
	copy(sdp_bs_throughput)	\
	copy(sdp_bn_throughput)	\
	copy(sdp_ew_throughput)	\
	copy(pdp_throughput)	\
	copy(cdp_throughput)	\
	copy(mcif_width)	\
	copy(mcif_burst)	\
	copy(mcif_latency)	\
	copy(cvif_width)	\
	copy(cvif_burst)	\
	copy(cvif_latency)	\
	copy(address_bits)	\
	copy(image_packed)	\
	copy(image_semi)

void accel_config_to_info(const struct nvdla_config *config, struct drm_nvdla_device_info *info)
{
	memset(info->name, 0, sizeof(info->name));
	strncpy(info->name, config->name, sizeof(info->name) - 1);
#define TO_INFO(field)	info->field = config->field;
	FOR_EACH_FIELD(TO_INFO)
	memcpy(info->base, config->base, sizeof(info->base));
}

void accel_info_to_config(const struct drm_nvdla_device_info *info, struct nvdla_config *config)
{
	config->name = info->name;
#define TO_CONFIG(field)	config->field = info->field;
	FOR_EACH_FIELD(TO_CONFIG)
	memcpy(config->base, info->base, sizeof(config->base));
}
