// SPDX-License-Identifier: (GPL-2.0-only OR MIT)
/*
 * Validator: the planar data processor. Sources: nvdla/hw, vmod/nvdla/pdp; the
 * hardware manual; what the RTL was seen to do.
 */
#include "validate_op.h"

/* Registers that PDP and its read DMA must be told alike. */
static const struct {
	__u16 pdp, rdma;
} pdp_alike[] = {
	{ PDP_D_DATA_CUBE_IN_WIDTH, PDP_RDMA_D_DATA_CUBE_IN_WIDTH },
	{ PDP_D_DATA_CUBE_IN_HEIGHT, PDP_RDMA_D_DATA_CUBE_IN_HEIGHT },
	{ PDP_D_DATA_CUBE_IN_CHANNEL, PDP_RDMA_D_DATA_CUBE_IN_CHANNEL },
	{ PDP_D_DATA_FORMAT, PDP_RDMA_D_DATA_FORMAT },
	{ PDP_D_PARTIAL_WIDTH_IN, PDP_RDMA_D_PARTIAL_WIDTH_IN },
};

static int check_pdp_rdma(struct op_check *c, const struct flow *cube)
{
	__u32 kernel = op_reg(c, NVDLA_PDP, PDP_D_POOLING_KERNEL_CFG);
	__u32 rdma_kernel = op_reg(c, NVDLA_PDP_RDMA, PDP_RDMA_D_POOLING_KERNEL_CFG);
	struct cube extent = {
		.width = cube->width,
		.height = cube->height,
		.surfaces = op_surfaces(c, cube->channels, precision_bytes(cube->precision)),
		.batches = 1,
		.line_stride = op_reg(c, NVDLA_PDP_RDMA, PDP_RDMA_D_SRC_LINE_STRIDE),
		.surf_stride = op_reg(c, NVDLA_PDP_RDMA, PDP_RDMA_D_SRC_SURFACE_STRIDE),
	};
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(pdp_alike); i++) {
		if (op_reg(c, NVDLA_PDP, pdp_alike[i].pdp) !=
		    op_reg(c, NVDLA_PDP_RDMA, pdp_alike[i].rdma))
			return op_refuse(c, NVDLA_PDP_RDMA, pdp_alike[i].rdma,
					 DRM_NVDLA_FAIL_MISMATCH);
	}
	if (!op_reg(c, NVDLA_PDP_RDMA, PDP_RDMA_D_FLYING_MODE))
		return op_refuse(c, NVDLA_PDP_RDMA, PDP_RDMA_D_FLYING_MODE,
				 DRM_NVDLA_FAIL_MISMATCH);
	if (OP_FIELD(c, NVDLA_PDP_RDMA, PDP_RDMA_D_OPERATION_MODE_CFG, SPLIT_NUM) !=
	    OP_FIELD(c, NVDLA_PDP, PDP_D_OPERATION_MODE_CFG, SPLIT_NUM))
		return op_refuse(c, NVDLA_PDP_RDMA, PDP_RDMA_D_OPERATION_MODE_CFG,
				 DRM_NVDLA_FAIL_MISMATCH);
	if (FIELD_GET(PDP_RDMA_D_POOLING_KERNEL_CFG_KERNEL_WIDTH, rdma_kernel) !=
	    FIELD_GET(PDP_D_POOLING_KERNEL_CFG_KERNEL_WIDTH, kernel) ||
	    FIELD_GET(PDP_RDMA_D_POOLING_KERNEL_CFG_KERNEL_STRIDE_WIDTH, rdma_kernel) !=
	    FIELD_GET(PDP_D_POOLING_KERNEL_CFG_KERNEL_STRIDE_WIDTH, kernel))
		return op_refuse(c, NVDLA_PDP_RDMA, PDP_RDMA_D_POOLING_KERNEL_CFG,
				 DRM_NVDLA_FAIL_MISMATCH);
	if (OP_FIELD(c, NVDLA_PDP_RDMA, PDP_RDMA_D_POOLING_PADDING_CFG, PAD_WIDTH) !=
	    OP_FIELD(c, NVDLA_PDP, PDP_D_POOLING_PADDING_CFG, PAD_LEFT))
		return op_refuse(c, NVDLA_PDP_RDMA, PDP_RDMA_D_POOLING_PADDING_CFG,
				 DRM_NVDLA_FAIL_MISMATCH);
	ret = op_expect_aligned(c, NVDLA_PDP_RDMA, PDP_RDMA_D_SRC_LINE_STRIDE);
	if (!ret)
		ret = op_expect_aligned(c, NVDLA_PDP_RDMA, PDP_RDMA_D_SRC_SURFACE_STRIDE);
	if (ret)
		return ret;
	op_use(c, PORT_PDP_SRC, cube_extent(c->config, &extent));
	return 0;
}

/* Does a width consist of the parts that a PARTIAL_WIDTH register gives? */
static bool parts_add_up(__u32 width, __u32 parts, __u32 reg)
{
	__u32 first = FIELD_GET(PDP_D_PARTIAL_WIDTH_IN_PARTIAL_WIDTH_IN_FIRST, reg) + 1;
	__u32 last = FIELD_GET(PDP_D_PARTIAL_WIDTH_IN_PARTIAL_WIDTH_IN_LAST, reg) + 1;
	__u32 mid = FIELD_GET(PDP_D_PARTIAL_WIDTH_IN_PARTIAL_WIDTH_IN_MID, reg) + 1;

	return parts == 1 || first + (parts - 2) * mid + last == width;
}

/**
 * struct axis - pooling along one direction
 * @in: elements
 * @out: results
 * @size: of the window
 * @stride: from window to window
 * @before: padding before the elements
 * @after: padding behind them
 */
struct axis {
	__u32 in, out, size, stride, before, after;
};

/* Fewer elements than a window, with the padding before them. */
static bool axis_is_small(const struct axis *a)
{
	return a->in <= 8 && a->in + a->before < a->size;
}

/* Results that hardware gives after the last element, derived from the padding alone. */
static __u32 axis_flush(const struct axis *a)
{
	__u32 padded = a->before + a->in + a->after;
	__u32 flush = a->after / a->stride;

	if (!flush || !axis_is_small(a))
		return flush;
	if (padded < a->size || (padded - a->size) % a->stride ||
	    (padded - a->size) / a->stride > 6)
		return 0;
	return (padded - a->size) / a->stride;
}

/*
 * The windows must end where hardware expects it: it gives one result when the
 * last element arrives while windows are open, then axis_flush() more. With
 * any other number PDP would wait for ever, or take in what is not its own.
 */
static bool axis_works(const struct axis *a)
{
	__u32 padded = a->before + a->in + a->after;
	__u32 windows = padded < a->size ? 1 : (padded - a->size) / a->stride + 1;
	__u32 closed = 0;

	if (a->before >= a->size || a->after >= a->size || windows != a->out)
		return false;
	/* Windows whose last element comes before the last one there is. */
	if (a->before + a->in > a->size)
		closed = (a->before + a->in - 1 - a->size) / a->stride + 1;
	if (closed > windows)
		closed = windows;
	if (windows > closed ? windows - closed != axis_flush(a) + 1 : axis_flush(a))
		return false;
	/* The last window has an element. */
	return (windows - 1) * a->stride < a->before + a->in;
}

/* Elements behind the last window, which no result takes in. */
static __u32 axis_left_over(const struct axis *a)
{
	__u32 padded = a->before + a->in + a->after;
	__u32 rest = padded < a->size ? 0 : (padded - a->size) % a->stride;

	return rest > a->after ? rest - a->after : 0;
}

/* Results of a line that the line buffer holds, by the lines that are open at a time. */
static __u32 line_buffer(const struct axis *y)
{
	__u32 lines;

	if (y->stride >= y->size)
		lines = 1;
	else if (y->stride <= 2)
		lines = nvdla_div_up(y->size, y->stride);
	else if (y->stride == 3)
		lines = y->size > 6 ? 3 : 2;
	else
		lines = 2;

	if (lines <= 2)
		return 128 / lines;
	return lines <= 4 ? 32 : 16;
}

/* One part of a width that is pooled in @parts parts. */
static struct axis axis_part(const struct op_check *c, const struct axis *x, __u32 part,
			     __u32 parts)
{
	__u32 in = op_reg(c, NVDLA_PDP, PDP_D_PARTIAL_WIDTH_IN);
	__u32 out = op_reg(c, NVDLA_PDP, PDP_D_PARTIAL_WIDTH_OUT);
	struct axis a = *x;

	if (parts == 1)
		return a;
	if (!part) {
		a.in = FIELD_GET(PDP_D_PARTIAL_WIDTH_IN_PARTIAL_WIDTH_IN_FIRST, in) + 1;
		a.out = FIELD_GET(PDP_D_PARTIAL_WIDTH_OUT_PARTIAL_WIDTH_OUT_FIRST, out) + 1;
	} else if (part == parts - 1) {
		a.in = FIELD_GET(PDP_D_PARTIAL_WIDTH_IN_PARTIAL_WIDTH_IN_LAST, in) + 1;
		a.out = FIELD_GET(PDP_D_PARTIAL_WIDTH_OUT_PARTIAL_WIDTH_OUT_LAST, out) + 1;
	} else {
		a.in = FIELD_GET(PDP_D_PARTIAL_WIDTH_IN_PARTIAL_WIDTH_IN_MID, in) + 1;
		a.out = FIELD_GET(PDP_D_PARTIAL_WIDTH_OUT_PARTIAL_WIDTH_OUT_MID, out) + 1;
	}
	/* Parts overlap by what windows share, or leave out what none takes. */
	if (part) {
		a.in = a.in + x->size > x->stride ? a.in + x->size - x->stride : 0;
		a.before = 0;
	}
	if (part != parts - 1)
		a.after = 0;
	return a;
}

static int check_windows(struct op_check *c, const struct axis *x, const struct axis *y,
			 __u32 parts, __u32 surfaces, bool flying)
{
	__u32 lines = axis_left_over(y);
	__u32 part;

	if (!axis_works(y))
		return op_refuse(c, NVDLA_PDP, PDP_D_DATA_CUBE_OUT_HEIGHT,
				 DRM_NVDLA_FAIL_MISMATCH);
	/* All parts between the first and the last are alike. */
	for (part = 0; part < parts; part += part == 1 && parts > 3 ? parts - 2 : 1) {
		struct axis a = axis_part(c, x, part, parts);
		__u32 columns;

		if (!a.in || !axis_works(&a))
			return op_refuse(c, NVDLA_PDP, parts > 1 ? PDP_D_PARTIAL_WIDTH_OUT :
					 PDP_D_DATA_CUBE_OUT_WIDTH, DRM_NVDLA_FAIL_MISMATCH);
		if (a.out > line_buffer(y))
			return op_refuse(c, NVDLA_PDP, PDP_D_DATA_CUBE_OUT_WIDTH,
					 DRM_NVDLA_FAIL_VALUE);
		/*
		 * What is left over would enter the next operation, which may
		 * be another client's. From memory, columns left over in every
		 * line are dropped with the lines, but only after the last
		 * surface: between two, a window that was opened already goes
		 * on in the second one and may never end.
		 */
		columns = axis_left_over(&a);
		if (flying ? lines || columns : lines && (!columns || surfaces > 1))
			return op_refuse(c, NVDLA_PDP, lines ? PDP_D_DATA_CUBE_IN_HEIGHT :
					 PDP_D_DATA_CUBE_IN_WIDTH, DRM_NVDLA_FAIL_MISMATCH);
	}
	return 0;
}

int nvdla_check_pdp(struct op_check *c, const struct flow *in)
{
	__u32 kernel = op_reg(c, NVDLA_PDP, PDP_D_POOLING_KERNEL_CFG);
	__u32 pad = op_reg(c, NVDLA_PDP, PDP_D_POOLING_PADDING_CFG);
	__u32 kernel_w = FIELD_GET(PDP_D_POOLING_KERNEL_CFG_KERNEL_WIDTH, kernel) + 1;
	__u32 kernel_h = FIELD_GET(PDP_D_POOLING_KERNEL_CFG_KERNEL_HEIGHT, kernel) + 1;
	__u32 stride_w = FIELD_GET(PDP_D_POOLING_KERNEL_CFG_KERNEL_STRIDE_WIDTH, kernel) + 1;
	__u32 stride_h = FIELD_GET(PDP_D_POOLING_KERNEL_CFG_KERNEL_STRIDE_HEIGHT, kernel) + 1;
	__u32 out_w = OP_FIELD(c, NVDLA_PDP, PDP_D_DATA_CUBE_OUT_WIDTH, CUBE_OUT_WIDTH) + 1;
	__u32 out_h = OP_FIELD(c, NVDLA_PDP, PDP_D_DATA_CUBE_OUT_HEIGHT, CUBE_OUT_HEIGHT) + 1;
	__u32 parts = OP_FIELD(c, NVDLA_PDP, PDP_D_OPERATION_MODE_CFG, SPLIT_NUM) + 1;
	struct flow cube = {
		.width = OP_FIELD(c, NVDLA_PDP, PDP_D_DATA_CUBE_IN_WIDTH, CUBE_IN_WIDTH) + 1,
		.height = OP_FIELD(c, NVDLA_PDP, PDP_D_DATA_CUBE_IN_HEIGHT, CUBE_IN_HEIGHT) + 1,
		.channels = OP_FIELD(c, NVDLA_PDP, PDP_D_DATA_CUBE_IN_CHANNEL, CUBE_IN_CHANNEL) + 1,
		.precision = OP_FIELD(c, NVDLA_PDP, PDP_D_DATA_FORMAT, INPUT_DATA),
	};
	struct axis x = {
		cube.width, out_w, kernel_w, stride_w,
		FIELD_GET(PDP_D_POOLING_PADDING_CFG_PAD_LEFT, pad),
		FIELD_GET(PDP_D_POOLING_PADDING_CFG_PAD_RIGHT, pad),
	};
	struct axis y = {
		cube.height, out_h, kernel_h, stride_h,
		FIELD_GET(PDP_D_POOLING_PADDING_CFG_PAD_TOP, pad),
		FIELD_GET(PDP_D_POOLING_PADDING_CFG_PAD_BOTTOM, pad),
	};
	__u32 surfaces = op_surfaces(c, cube.channels, precision_bytes(cube.precision));
	struct cube extent;
	int ret;

	if (OP_FIELD(c, NVDLA_PDP, PDP_D_OPERATION_MODE_CFG, POOLING_METHOD) == 3)
		return op_refuse(c, NVDLA_PDP, PDP_D_OPERATION_MODE_CFG, DRM_NVDLA_FAIL_VALUE);
	if (!OP_FIELD(c, NVDLA_PDP, PDP_D_OPERATION_MODE_CFG, FLYING_MODE) != !!in)
		return op_refuse(c, NVDLA_PDP, PDP_D_OPERATION_MODE_CFG, DRM_NVDLA_FAIL_MISMATCH);
	if (in && in->width != cube.width)
		return op_refuse(c, NVDLA_PDP, PDP_D_DATA_CUBE_IN_WIDTH, DRM_NVDLA_FAIL_MISMATCH);
	if (in && in->height != cube.height)
		return op_refuse(c, NVDLA_PDP, PDP_D_DATA_CUBE_IN_HEIGHT, DRM_NVDLA_FAIL_MISMATCH);
	if (in && in->channels != cube.channels)
		return op_refuse(c, NVDLA_PDP, PDP_D_DATA_CUBE_IN_CHANNEL,
				 DRM_NVDLA_FAIL_MISMATCH);
	if (in && in->precision != cube.precision)
		return op_refuse(c, NVDLA_PDP, PDP_D_DATA_FORMAT, DRM_NVDLA_FAIL_MISMATCH);
	ret = op_expect_precision(c, NVDLA_PDP, PDP_D_DATA_FORMAT, cube.precision);
	if (ret)
		return ret;
	if (OP_FIELD(c, NVDLA_PDP, PDP_D_DATA_CUBE_OUT_CHANNEL, CUBE_OUT_CHANNEL) + 1 !=
	    cube.channels)
		return op_refuse(c, NVDLA_PDP, PDP_D_DATA_CUBE_OUT_CHANNEL,
				 DRM_NVDLA_FAIL_MISMATCH);
	if (kernel_w > 8 || kernel_h > 8)
		return op_refuse(c, NVDLA_PDP, PDP_D_POOLING_KERNEL_CFG, DRM_NVDLA_FAIL_VALUE);
	if (!parts_add_up(cube.width, parts, op_reg(c, NVDLA_PDP, PDP_D_PARTIAL_WIDTH_IN)))
		return op_refuse(c, NVDLA_PDP, PDP_D_PARTIAL_WIDTH_IN, DRM_NVDLA_FAIL_MISMATCH);
	if (!parts_add_up(out_w, parts, op_reg(c, NVDLA_PDP, PDP_D_PARTIAL_WIDTH_OUT)))
		return op_refuse(c, NVDLA_PDP, PDP_D_PARTIAL_WIDTH_OUT, DRM_NVDLA_FAIL_MISMATCH);
	if (in && parts != 1)
		return op_refuse(c, NVDLA_PDP, PDP_D_OPERATION_MODE_CFG, DRM_NVDLA_FAIL_VALUE);
	ret = check_windows(c, &x, &y, parts, surfaces, in);
	if (!ret && !in)
		ret = check_pdp_rdma(c, &cube);
	if (ret)
		return ret;

	ret = op_expect_aligned(c, NVDLA_PDP, PDP_D_DST_LINE_STRIDE);
	if (!ret)
		ret = op_expect_aligned(c, NVDLA_PDP, PDP_D_DST_SURFACE_STRIDE);
	if (ret)
		return ret;
	extent.width = out_w;
	extent.height = out_h;
	extent.surfaces = surfaces;
	extent.batches = 1;
	extent.batch_stride = 0;
	extent.line_stride = op_reg(c, NVDLA_PDP, PDP_D_DST_LINE_STRIDE);
	extent.surf_stride = op_reg(c, NVDLA_PDP, PDP_D_DST_SURFACE_STRIDE);
	op_use(c, PORT_PDP_DST, cube_extent(c->config, &extent));
	return 0;
}
