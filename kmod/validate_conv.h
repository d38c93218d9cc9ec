/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * Inside of the validator: a convolution while it is being checked.
 */
#ifndef _NVDLA_VALIDATE_CONV_H_
#define _NVDLA_VALIDATE_CONV_H_

#include "validate_op.h"

/* What CDMA and CSC are told apart, so that one is ahead of the other. */
#define MISC_WEIGHTS	(CDMA_D_MISC_CFG_WEIGHT_REUSE | CDMA_D_MISC_CFG_SKIP_WEIGHT_RLS)
#define MISC_REUSE	(CDMA_D_MISC_CFG_DATA_REUSE | CDMA_D_MISC_CFG_SKIP_DATA_RLS | \
			 MISC_WEIGHTS)

/**
 * struct conv - what the registers of a convolution say
 * @misc: CDMA D_MISC_CFG
 * @csc_misc: the same of CSC
 * @image: pixel input
 * @planes: memory planes of the input
 * @pixel_bytes: bytes of a pixel in each plane
 * @winograd: Winograd mode
 * @width: input width, elements
 * @height: lines that CDMA fetches
 * @channels: input channels
 * @batches: inputs
 * @bytes: bytes per element in CBUF
 * @entries: CBUF entries per slice
 * @used: weights that CSC works with
 * @fetched: weights that CDMA is told to fetch; mostly the same
 * @data_entries: entries of the data banks
 * @weight_space: bytes of the weight banks
 * @csc_height: lines that CSC works on, kept ones included
 * @release: lines it releases
 */
struct conv {
	__u32 misc, csc_misc;
	bool image;
	__u32 planes;
	__u32 pixel_bytes[2];
	bool winograd;
	__u32 width, height, channels, batches;
	__u32 bytes;
	__u32 entries;
	struct weights used, fetched;
	__u32 data_entries, weight_space;
	__u32 csc_height, release;
};

static inline int refuse_cdma(struct op_check *c, __u32 offset, enum drm_nvdla_fail code)
{
	return op_refuse(c, NVDLA_CDMA, offset, code);
}

static inline int refuse_csc(struct op_check *c, __u32 offset, enum drm_nvdla_fail code)
{
	return op_refuse(c, NVDLA_CSC, offset, code);
}

static inline bool same_reloc(const struct drm_nvdla_reloc *a, const struct drm_nvdla_reloc *b)
{
	return a && a->slot == b->slot && a->delta == b->delta;
}

/* Winograd mode: sizes on both sides, and what is released. */
int nvdla_check_winograd(struct op_check *c, struct conv *v);
/* What the registers of both sides say of weights: sizes that agree and fit. */
int nvdla_check_weights(struct op_check *c, struct conv *v);
/* Whose weights CSC uses, and what is in CBUF then. */
int nvdla_check_weight_use(struct op_check *c, struct conv *v);

#endif /* _NVDLA_VALIDATE_CONV_H_ */
