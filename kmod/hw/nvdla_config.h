/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * What differs between NVDLA configurations, as data.
 *
 * One table serves the driver, the simulator and the compiler: nothing else
 * in the stack may ask for a configuration by name.
 */
#ifndef _NVDLA_CONFIG_H_
#define _NVDLA_CONFIG_H_

#include "nvdla_regs.h"

/* Bits of &nvdla_config.features. */
#define NVDLA_FEAT_SDP_EW	BIT(0)	/* SDP has its Y (element-wise) stage */
#define NVDLA_FEAT_SDP_LUT	BIT(1)	/* and a lookup table in it */
#define NVDLA_FEAT_CVIF		BIT(2)	/* second memory port (SRAM) */
#define NVDLA_FEAT_BDMA		BIT(3)
#define NVDLA_FEAT_RUBIK	BIT(4)
#define NVDLA_FEAT_INT16	BIT(5)
#define NVDLA_FEAT_FP16		BIT(6)
#define NVDLA_FEAT_WINOGRAD	BIT(7)
#define NVDLA_FEAT_BATCH	BIT(8)	/* several inputs per convolution */
#define NVDLA_FEAT_WT_COMPRESS	BIT(9)	/* sparse weights: WMB and WGS */
#define NVDLA_FEAT_CFGROM	BIT(10)	/* describes itself at offset 0 */

/**
 * struct nvdla_config - one hardware configuration
 * @name: the hardware project's name for it
 * @hw_version: GLB S_NVDLA_HW_VERSION
 * @intr_mask: bits of GLB S_INTR_MASK that read back as written; all but the
 *             smallest configuration keep those of units they do not have
 * @features: NVDLA_FEAT_* bits
 * @atomic_c: input channels multiplied per cycle (MAC cell width), INT8
 * @atomic_k: kernels per kernel group (MAC cells), INT8
 * @atomic_m: bytes per memory atom; unit of all addresses and strides
 * @cbuf_banks: banks of the convolution buffer
 * @cbuf_bank_width: bytes per CBUF entry; equals @atomic_c for INT8
 * @cbuf_bank_depth: entries per bank
 * @max_batch: inputs per convolution; 1 without NVDLA_FEAT_BATCH
 * @sdp_bs_throughput: elements per cycle of stage X1
 * @sdp_bn_throughput: elements per cycle of stage X2
 * @sdp_ew_throughput: elements per cycle of stage Y, 0 when absent
 * @pdp_throughput: elements per cycle of the planar data processor
 * @cdp_throughput: elements per cycle of the channel data processor
 * @mcif_width: bytes per beat of the primary memory port
 * @mcif_burst: beats per burst there
 * @mcif_latency: read latency in cycles the design was sized for
 * @rdma_beats: beats that the reader of PDP or CDP can have under way, which
 *              its latency buffer has room for; 0: no limit was found
 * @cvif_width: bytes per beat of the second port, 0 when absent
 * @cvif_burst: beats per burst there
 * @cvif_latency: read latency in cycles there
 * @address_bits: width of a memory address
 * @image_packed: bit n set: packed pixel format n (CDMA PIXEL_FORMAT) works
 * @image_semi: bit n set: semi-planar pixel format 28 + n works
 * @base: CSB byte offset of each unit's window, NVDLA_NO_UNIT when absent
 */
struct nvdla_config {
	const char *name;
	__u32 hw_version;
	__u32 intr_mask;
	__u32 features;
	__u16 atomic_c;
	__u16 atomic_k;
	__u16 atomic_m;
	__u16 cbuf_banks;
	__u16 cbuf_bank_width;
	__u16 cbuf_bank_depth;
	__u16 max_batch;
	__u16 sdp_bs_throughput;
	__u16 sdp_bn_throughput;
	__u16 sdp_ew_throughput;
	__u16 pdp_throughput;
	__u16 cdp_throughput;
	__u16 mcif_width;
	__u16 mcif_burst;
	__u16 mcif_latency;
	__u16 rdma_beats;
	__u16 cvif_width;
	__u16 cvif_burst;
	__u16 cvif_latency;
	__u16 address_bits;
	__u32 image_packed;
	__u32 image_semi;
	__u32 base[NVDLA_UNITS];
};

#define NVDLA_NO_UNIT		((__u32)~0)

/* The configurations of the hardware project; ends with a NULL @name. */
extern const struct nvdla_config nvdla_configs[];

/**
 * nvdla_config_find() - look up a configuration
 * @name: e.g. "nv_small"
 *
 * Return: the configuration, or NULL when the name is unknown.
 */
const struct nvdla_config *nvdla_config_find(const char *name);

/**
 * nvdla_config_unit() - find the unit that an offset belongs to
 * @config: the configuration
 * @offset: CSB byte offset
 *
 * Return: the unit, or NVDLA_UNITS when no unit is there.
 */
enum nvdla_unit nvdla_config_unit(const struct nvdla_config *config, __u32 offset);

#endif /* _NVDLA_CONFIG_H_ */
