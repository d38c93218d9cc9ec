/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * Inside of the validator: one operation while it is being checked, and what
 * the files that know the engines offer to validate.c.
 */
#ifndef _NVDLA_VALIDATE_OP_H_
#define _NVDLA_VALIDATE_OP_H_

#include "nvdla_validate.h"

/* No unit has a register at or above 4 * UNIT_WORDS. */
#define UNIT_WORDS	64
#define NO_INDEX	0xff

/* Extents beyond this are refused, so that sums of a few cannot overflow. */
#define EXTENT_MAX	0x100000000000000ULL

/**
 * struct nvdla_validator - what is known about every register
 * @config: configuration
 * @count: registers per unit in an image
 * @offset: their offsets, ascending
 * @index: by offset / 4: index in the image, NO_INDEX if there is none
 * @known: by offset / 4: the register exists
 * @allowed: by index: bits user space may set; 0: the kernel's register
 */
struct nvdla_validator {
	const struct nvdla_config *config;
	__u8 count[NVDLA_UNITS];
	__u16 offset[NVDLA_UNITS][UNIT_WORDS];
	__u8 index[NVDLA_UNITS][UNIT_WORDS];
	bool known[NVDLA_UNITS][UNIT_WORDS];
	__u32 allowed[NVDLA_UNITS][UNIT_WORDS];
};

/* The address register pairs of all units. */
enum nvdla_port {
	PORT_CDMA_DATA0,
	PORT_CDMA_DATA1,
	PORT_CDMA_WEIGHT,
	PORT_CDMA_WGS,
	PORT_CDMA_WMB,
	PORT_SDP_SRC,
	PORT_SDP_BS,
	PORT_SDP_BN,
	PORT_SDP_EW,
	PORT_SDP_DST,
	PORT_PDP_SRC,
	PORT_PDP_DST,
	PORT_CDP_SRC,
	PORT_CDP_DST,
	PORT_BDMA_SRC,
	PORT_BDMA_DST,
	PORT_RUBIK_SRC,
	PORT_RUBIK_DST,
	PORTS
};

/* Most addresses of one operation: all of CDMA, SDP_RDMA and one result. */
#define PORTS_PER_OP	10

/**
 * struct port_desc - one address register pair
 * @unit: unit it belongs to
 * @low: offset of the low register
 * @high: offset of the high register
 * @ram: offset of the register with its RAM type
 * @ram_bit: the RAM type there, set for the primary port
 * @access: DRM_NVDLA_ACCESS_READ or _WRITE
 */
struct port_desc {
	enum nvdla_unit unit;
	__u16 low;
	__u16 high;
	__u16 ram;
	__u32 ram_bit;
	__u32 access;
};

extern const struct port_desc nvdla_ports[PORTS];

#define CONV_FETCH_REGS	7

/**
 * struct weights - weights of a convolution
 * @kernels: how many
 * @kernel_bytes: bytes of one of them
 * @bytes: bytes of all, as fetched
 * @format: compressed or not
 * @mask_bytes: bytes of the mask, if they are
 * @misc: CDMA D_MISC_CFG without reuse and release bits
 */
struct weights {
	__u32 kernels, kernel_bytes, bytes;
	__u32 format, mask_bytes;
	__u32 misc;
};

/**
 * struct conv_carry - what a convolution leaves in CBUF for the next
 * @valid: there was a convolution before
 * @op: its index
 * @kept: slices it left
 * @skip_data: it did not release its data at all
 * @skip_weight: it did not release its weights
 * @skip_fetch: CDMA was told so: it may leave out the next fetch
 * @image: pixel or feature input
 * @data_bank: CDMA D_BANK
 * @entries: entries per slice
 * @height: slices it had, kept ones included
 * @width: width of its input
 * @channels: channels of its input
 * @batches: its batches
 * @misc: its CDMA D_MISC_CFG without reuse and release bits
 * @fetch: how it walked over its input: the registers of fetch_regs in
 *         validate_conv.c
 * @used: its weights
 * @fetched: what CDMA was told of weights to fetch
 * @ahead: weights in CBUF that no convolution has used; none if @ahead.kernels is 0
 * @data0: where its data came from
 * @data1: the same, second plane
 * @weight: where @fetched came from
 * @mask: the same of the mask of compressed weights
 * @sizes: the same of the sizes of their groups
 */
struct conv_carry {
	bool valid;
	__u32 op;
	__u32 kept;
	bool skip_data;
	bool skip_weight;
	bool skip_fetch;
	bool image;
	__u32 data_bank;
	__u32 entries;
	__u32 height;
	__u32 width;
	__u32 channels;
	__u32 batches;
	__u32 misc;
	__u32 fetch[CONV_FETCH_REGS];
	struct weights used, fetched, ahead;
	struct drm_nvdla_reloc data0;
	struct drm_nvdla_reloc data1;
	struct drm_nvdla_reloc weight;
	struct drm_nvdla_reloc mask;
	struct drm_nvdla_reloc sizes;
};

/**
 * struct op_check - one operation while it is being checked
 * @v: validator
 * @config: its configuration
 * @desc: the program
 * @op: the operation as uploaded
 * @index: its index
 * @units: units that take part
 * @mentioned: units that a register or relocation named
 * @image: by unit, values of the registers given, 0 for the others
 * @given: by unit, bit mask: register was given
 * @reloc: by port, the relocation; NULL if there is none
 * @extent: by port, bytes from the address up to the last one touched
 * @used: by port, the operation uses the address
 * @slots: slots of the program, extents so far
 * @carry: CBUF contents left by earlier convolutions
 * @ahead: CDMA fetches weights that the operation itself does not use
 * @deps: dependencies of all operations so far
 * @refusal: why not
 */
struct op_check {
	const struct nvdla_validator *v;
	const struct nvdla_config *config;
	const struct nvdla_program_desc *desc;
	const struct drm_nvdla_op *op;
	__u32 index;
	__u32 units;
	__u32 mentioned;
	__u32 image[NVDLA_UNITS][UNIT_WORDS];
	__u64 given[NVDLA_UNITS];
	const struct drm_nvdla_reloc *reloc[PORTS];
	__u64 extent[PORTS];
	bool used[PORTS];
	struct drm_nvdla_slot_info *slots;
	struct conv_carry carry;
	bool ahead;
	__u64 deps;
	struct nvdla_refusal *refusal;
};

/* Value of a register; @offset is relative to the unit's window. */
static inline __u32 op_reg(const struct op_check *c, enum nvdla_unit unit, __u32 offset)
{
	return c->image[unit][c->v->index[unit][offset / 4]];
}

#define OP_FIELD(c, unit, reg, field) FIELD_GET(reg##_##field, op_reg(c, unit, reg))

/* Refuse the operation for a register of it; returns -EINVAL. */
int op_refuse(struct op_check *c, enum nvdla_unit unit, __u32 offset, enum drm_nvdla_fail code);

/* Refuse unless @ok. */
static inline int op_expect(struct op_check *c, bool ok, enum nvdla_unit unit, __u32 offset,
			    enum drm_nvdla_fail code)
{
	return ok ? 0 : op_refuse(c, unit, offset, code);
}

/* The register must be a multiple of the memory atom. */
int op_expect_aligned(struct op_check *c, enum nvdla_unit unit, __u32 offset);

/**
 * struct cube - a feature cube in memory, as an engine walks over it
 * @width: atoms per line
 * @height: lines per surface
 * @surfaces: surfaces
 * @batches: cubes
 * @line_stride: bytes from line to line
 * @surf_stride: bytes from surface to surface
 * @batch_stride: bytes from cube to cube
 */
struct cube {
	__u64 width, height, surfaces, batches;
	__u64 line_stride, surf_stride, batch_stride;
};

/* Bytes from the first one of a cube up to and with the last one. */
__u64 cube_extent(const struct nvdla_config *config, const struct cube *cube);

/* The operation uses the address of @port for @extent bytes. */
void op_use(struct op_check *c, enum nvdla_port port, __u64 extent);

/* Bytes per element of an INT8, INT16, FP16 precision field. */
static inline __u32 precision_bytes(__u32 precision)
{
	return precision ? 2 : 1;
}

/* Surfaces of a cube whose elements have @bytes bytes. */
static inline __u32 op_surfaces(const struct op_check *c, __u32 channels, __u32 bytes)
{
	return nvdla_div_up(channels * bytes, c->config->atomic_m);
}

/* Precision @value must exist in the configuration. */
int op_expect_precision(struct op_check *c, enum nvdla_unit unit, __u32 offset, __u32 value);

/* What SDP delivers or expects: set by the check of one engine for the next. */
struct flow {
	__u32 width, height, channels, batches;
	__u32 precision;
	bool winograd;
};

int nvdla_check_conv(struct op_check *c, struct flow *out);
int nvdla_check_conv_last(struct op_check *c);
/* @in: what CONV delivers, NULL if SDP reads memory; @out: what PDP gets, or NULL. */
int nvdla_check_sdp(struct op_check *c, const struct flow *in, struct flow *out);
int nvdla_check_pdp(struct op_check *c, const struct flow *in);
int nvdla_check_cdp(struct op_check *c);
int nvdla_check_bdma(struct op_check *c);
int nvdla_check_rubik(struct op_check *c);
/* Does an SDP operation use its lookup table? */
bool nvdla_sdp_uses_lut(const struct op_check *c);

#endif /* _NVDLA_VALIDATE_OP_H_ */
