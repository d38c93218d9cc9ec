// SPDX-License-Identifier: (GPL-2.0-only OR MIT)
/*
 * Validator: weights, from CDMA's fetch through CBUF to CSC. Sources: nvdla/hw,
 * vmod/nvdla/{cdma,csc}; that weights may be fetched an operation ahead, and
 * those of several as one, was tried on the RTL.
 */
#include "validate_conv.h"

/* That may be in CBUF at once: CSC counts them in 15 bits. */
#define MOST_KERNELS	16384

/* CSC reads whole entries, and releases as many. */
static bool weights_padded(const struct op_check *c, const struct weights *w)
{
	__u32 entry = c->config->cbuf_bank_width;

	return w->bytes == nvdla_div_up((__u64)w->kernel_bytes * w->kernels, entry) * entry;
}

/*
 * CDMA counts a group of kernels as there when the bytes of so many have come,
 * and the last group when all bytes have. It never ends if they are too few for
 * the groups before that.
 */
static bool groups_come(const struct op_check *c, const struct conv *v)
{
	__u32 group = c->config->atomic_k / v->bytes;
	__u64 full = (v->fetched.kernels - 1) / group * group;

	return full * v->fetched.kernel_bytes <= v->fetched.bytes;
}

/* A mask of one bit per weight; the compressed bytes are never more. */
static int check_compressed(struct op_check *c, const struct conv *v)
{
	__u64 total = (__u64)v->used.kernel_bytes * v->used.kernels;
	__u32 mask = op_reg(c, NVDLA_CDMA, CDMA_D_WMB_BYTES);

	if (v->csc_misc != v->misc)
		return refuse_csc(c, CSC_D_MISC_CFG, DRM_NVDLA_FAIL_MISMATCH);
	if (v->fetched.kernels != v->used.kernels)
		return refuse_csc(c, CSC_D_WEIGHT_SIZE_EXT_1, DRM_NVDLA_FAIL_MISMATCH);
	if (v->fetched.kernel_bytes != v->used.kernel_bytes)
		return refuse_cdma(c, CDMA_D_WEIGHT_SIZE_0, DRM_NVDLA_FAIL_MISMATCH);
	if (v->fetched.bytes != v->used.bytes)
		return refuse_csc(c, CSC_D_WEIGHT_BYTES, DRM_NVDLA_FAIL_MISMATCH);
	if (v->fetched.bytes >= total + 128)
		return refuse_cdma(c, CDMA_D_WEIGHT_BYTES, DRM_NVDLA_FAIL_MISMATCH);
	if (mask != op_reg(c, NVDLA_CSC, CSC_D_WMB_BYTES) ||
	    mask % c->config->cbuf_bank_width || (__u64)mask * 8 * v->bytes < total)
		return refuse_cdma(c, CDMA_D_WMB_BYTES, DRM_NVDLA_FAIL_MISMATCH);
	return 0;
}

int nvdla_check_weights(struct op_check *c, struct conv *v)
{
	__u32 group = c->config->atomic_k / v->bytes;
	__u32 width = OP_FIELD(c, NVDLA_CSC, CSC_D_WEIGHT_SIZE_EXT_0, WEIGHT_WIDTH_EXT) + 1;
	__u32 height = OP_FIELD(c, NVDLA_CSC, CSC_D_WEIGHT_SIZE_EXT_0, WEIGHT_HEIGHT_EXT) + 1;
	__u32 channels = OP_FIELD(c, NVDLA_CSC, CSC_D_WEIGHT_SIZE_EXT_1, WEIGHT_CHANNEL_EXT) + 1;
	__u64 kernel_bytes = (__u64)width * height * channels * v->bytes;

	v->fetched.format = op_reg(c, NVDLA_CDMA, CDMA_D_WEIGHT_FORMAT);
	v->fetched.kernels = OP_FIELD(c, NVDLA_CDMA, CDMA_D_WEIGHT_SIZE_1, WEIGHT_KERNEL) + 1;
	v->fetched.kernel_bytes = OP_FIELD(c, NVDLA_CDMA, CDMA_D_WEIGHT_SIZE_0,
					   BYTE_PER_KERNEL) + 1;
	v->fetched.bytes = op_reg(c, NVDLA_CDMA, CDMA_D_WEIGHT_BYTES);
	v->fetched.mask_bytes = op_reg(c, NVDLA_CDMA, CDMA_D_WMB_BYTES);
	v->fetched.misc = v->misc & ~MISC_REUSE;
	v->used = v->fetched;
	v->used.kernels = OP_FIELD(c, NVDLA_CSC, CSC_D_WEIGHT_SIZE_EXT_1, WEIGHT_KERNEL) + 1;
	v->used.kernel_bytes = kernel_bytes;
	v->used.bytes = op_reg(c, NVDLA_CSC, CSC_D_WEIGHT_BYTES);
	if (OP_FIELD(c, NVDLA_CSC, CSC_D_DATAOUT_SIZE_1, DATAOUT_CHANNEL) + 1 != v->used.kernels)
		return refuse_csc(c, CSC_D_DATAOUT_SIZE_1, DRM_NVDLA_FAIL_MISMATCH);
	if (!v->fetched.bytes || v->fetched.bytes % c->config->cbuf_bank_width)
		return refuse_cdma(c, CDMA_D_WEIGHT_BYTES, DRM_NVDLA_FAIL_ALIGN);
	if (v->fetched.format)
		return check_compressed(c, v);

	if (!groups_come(c, v))
		return refuse_cdma(c, CDMA_D_WEIGHT_BYTES, DRM_NVDLA_FAIL_MISMATCH);
	if (!weights_padded(c, &v->used))
		return refuse_csc(c, CSC_D_WEIGHT_BYTES, DRM_NVDLA_FAIL_MISMATCH);
	if (v->used.kernels < group)
		group = v->used.kernels;
	if (kernel_bytes * group > v->weight_space ||
	    (v->csc_misc & CDMA_D_MISC_CFG_SKIP_WEIGHT_RLS && v->used.bytes > v->weight_space))
		return refuse_cdma(c, CDMA_D_BANK, DRM_NVDLA_FAIL_CBUF);
	return 0;
}

static bool same_weights(const struct weights *a, const struct weights *b)
{
	return a->kernels == b->kernels && a->kernel_bytes == b->kernel_bytes &&
	       a->bytes == b->bytes && a->format == b->format &&
	       (!a->format || a->mask_bytes == b->mask_bytes);
}

/*
 * CSC takes kernels and entries from the front of @from. What is left must be
 * some of both: CSC counts kernels, and reads entries.
 */
static int take_weights(struct op_check *c, const struct conv *v, struct weights *from)
{
	const struct weights *used = &v->used;

	if (used->format != from->format || used->misc != from->misc)
		return refuse_cdma(c, CDMA_D_MISC_CFG, DRM_NVDLA_FAIL_MISMATCH);
	if (used->kernels > from->kernels)
		return refuse_csc(c, CSC_D_WEIGHT_SIZE_EXT_1, DRM_NVDLA_FAIL_MISMATCH);
	if (used->bytes > from->bytes)
		return refuse_cdma(c, CDMA_D_WEIGHT_BYTES, DRM_NVDLA_FAIL_MISMATCH);
	from->kernels -= used->kernels;
	from->bytes -= used->bytes;
	if (!from->kernels != !from->bytes)
		return refuse_cdma(c, CDMA_D_WEIGHT_BYTES, DRM_NVDLA_FAIL_MISMATCH);
	return 0;
}

/*
 * Whose weights are used, and what is in CBUF then. Three things are possible:
 * those of the convolution before, which did not release them; those that an
 * earlier one's CDMA has fetched ahead and nobody used, which come first; else
 * those that CDMA fetches now. What it fetches and this operation does not use
 * is ahead, and fits beside what is used: CDMA must come to its end before the
 * next operation's begins. So all that is ahead is there when that works on
 * its data, however many bytes each kernel has.
 *
 * What is told of weights that are not fetched must be what was told last, so
 * that nothing depends on the hardware agreeing that nothing is to be fetched.
 */
int nvdla_check_weight_use(struct op_check *c, struct conv *v)
{
	const struct conv_carry *last = &c->carry;
	bool same_banks = last->valid && last->data_bank == op_reg(c, NVDLA_CDMA, CDMA_D_BANK);
	struct weights ahead = last->ahead;
	bool fetches = !(v->misc & CDMA_D_MISC_CFG_WEIGHT_REUSE);
	bool own = false;
	__u32 kernels;
	__u64 bytes;
	int ret = 0;

	if (!fetches && (!same_banks || !last->skip_fetch ||
			 !same_weights(&v->fetched, &last->fetched) ||
			 !same_reloc(c->reloc[PORT_CDMA_WEIGHT], &last->weight) ||
			 (v->fetched.format &&
			  (!same_reloc(c->reloc[PORT_CDMA_WMB], &last->mask) ||
			   !same_reloc(c->reloc[PORT_CDMA_WGS], &last->sizes)))))
		return refuse_cdma(c, CDMA_D_MISC_CFG, DRM_NVDLA_FAIL_REUSE);
	/* The flush that other banks bring would lose them. */
	if (ahead.kernels && !same_banks)
		return refuse_cdma(c, CDMA_D_BANK, DRM_NVDLA_FAIL_REUSE);

	if (v->csc_misc & CDMA_D_MISC_CFG_WEIGHT_REUSE) {
		if (!same_banks || !last->skip_weight || !same_weights(&v->used, &last->used))
			return refuse_csc(c, CSC_D_MISC_CFG, DRM_NVDLA_FAIL_REUSE);
	} else if (ahead.kernels) {
		ret = take_weights(c, v, &ahead);
	} else if (fetches) {
		own = true;
		ahead = v->fetched;
		/* A group may be used as soon as it is counted. */
		ret = v->used.kernel_bytes == ahead.kernel_bytes ? take_weights(c, v, &ahead) :
		      refuse_cdma(c, CDMA_D_WEIGHT_SIZE_0, DRM_NVDLA_FAIL_MISMATCH);
	} else {
		ret = refuse_csc(c, CSC_D_MISC_CFG, DRM_NVDLA_FAIL_REUSE);
	}
	if (ret)
		return ret;
	if (fetches && !own) {
		if (v->fetched.format || (ahead.kernels && ahead.misc != v->fetched.misc))
			return refuse_cdma(c, CDMA_D_MISC_CFG, DRM_NVDLA_FAIL_REUSE);
		bytes = (__u64)ahead.bytes + v->fetched.bytes;
		kernels = ahead.kernels + v->fetched.kernels;
		ahead = v->fetched;
		ahead.kernels = kernels;
	} else {
		bytes = ahead.bytes;
	}
	if (ahead.kernels && (v->used.bytes + bytes > v->weight_space ||
			      v->used.kernels + ahead.kernels > MOST_KERNELS))
		return refuse_cdma(c, CDMA_D_BANK, DRM_NVDLA_FAIL_CBUF);
	ahead.bytes = bytes;
	c->ahead = fetches && ahead.kernels;
	c->carry.ahead = ahead;
	return 0;
}
