// SPDX-License-Identifier: MIT
/*
 * Register values of PDP and its read DMA, and what a configuration can run.
 */
#include <errno.h>

#include "npu_code.h"

/*
 * PDP keeps as many lines of output under way as windows overlap; eight
 * buffers of 16 columns are shared among them (vmod/nvdla/pdp
 * NV_NVDLA_PDP_CORE_cal2d, buffer_lines_num and bank_merge_num).
 */
uint32_t npu_pdp_max_width(const struct npu_pdp *pdp)
{
	uint32_t lines;

	if (pdp->stride_y >= pdp->kernel_h)
		lines = 1;
	else if (pdp->stride_y == 1)
		lines = pdp->kernel_h;
	else if (pdp->stride_y == 2)
		lines = (pdp->kernel_h + 1) / 2;
	else if (pdp->stride_y == 3)
		lines = pdp->kernel_h <= 6 ? 2 : 3;
	else
		lines = 2;

	return lines == 1 ? 128 : lines == 2 ? 64 : lines <= 4 ? 32 : 16;
}

/* Input columns (or lines) and padding of a range of outputs. */
static void window(uint32_t first, uint32_t count, uint32_t stride, uint32_t kernel, uint32_t pad,
		   uint32_t in, uint32_t *start, uint32_t *size, uint32_t *before, uint32_t *after)
{
	int64_t from = (int64_t)first * stride - pad;
	int64_t to = from + (int64_t)(count - 1) * stride + kernel;

	*before = from < 0 ? -from : 0;
	*after = to > in ? to - in : 0;
	*start = from < 0 ? 0 : from;
	*size = to - *after - *start;
}

/* The input of some results, as both directions need it. */
struct pool_window {
	struct npu_box in;
	uint32_t left, top, right, bottom;
};

static void find_window(const struct npu_op *op, const struct npu_box *to, struct pool_window *w)
{
	const struct npu_pdp *pdp = &op->pdp;

	w->in.c = to->c;
	w->in.channels = to->channels;
	window(to->x, to->width, pdp->stride_x, pdp->kernel_w, pdp->pad_left, op->in.width,
	       &w->in.x, &w->in.width, &w->left, &w->right);
	window(to->y, to->height, pdp->stride_y, pdp->kernel_h, pdp->pad_top, op->in.height,
	       &w->in.y, &w->in.height, &w->top, &w->bottom);
}

void npu_pool_input(const struct npu_op *op, const struct npu_box *to, struct npu_box *from)
{
	struct pool_window w;

	find_window(op, to, &w);
	*from = w.in;
}

static void emit_pool(struct npu_code *code, const struct nvdla_config *config,
		      const struct npu_op *op, const struct npu_box *to,
		      const struct pool_window *w, bool flying)
{
	const struct npu_pdp *pdp = &op->pdp;
	const uint32_t base = config->base[NVDLA_PDP];
	uint32_t method = pdp->method == NPU_POOL_MAX ?
		PDP_D_OPERATION_MODE_CFG_POOLING_METHOD_POOLING_METHOD_MAX :
		pdp->method == NPU_POOL_MIN ?
		PDP_D_OPERATION_MODE_CFG_POOLING_METHOD_POOLING_METHOD_MIN :
		PDP_D_OPERATION_MODE_CFG_POOLING_METHOD_POOLING_METHOD_AVERAGE;

	npu_code_reg(code, base, PDP_D_DATA_CUBE_IN_WIDTH, w->in.width - 1);
	npu_code_reg(code, base, PDP_D_DATA_CUBE_IN_HEIGHT, w->in.height - 1);
	npu_code_reg(code, base, PDP_D_DATA_CUBE_IN_CHANNEL, w->in.channels - 1);
	npu_code_reg(code, base, PDP_D_DATA_CUBE_OUT_WIDTH, to->width - 1);
	npu_code_reg(code, base, PDP_D_DATA_CUBE_OUT_HEIGHT, to->height - 1);
	npu_code_reg(code, base, PDP_D_DATA_CUBE_OUT_CHANNEL, to->channels - 1);
	npu_code_reg(code, base, PDP_D_OPERATION_MODE_CFG,
		     FIELD_PREP(PDP_D_OPERATION_MODE_CFG_POOLING_METHOD, method) |
		     FIELD_PREP(PDP_D_OPERATION_MODE_CFG_FLYING_MODE, !flying));
	npu_code_reg(code, base, PDP_D_POOLING_KERNEL_CFG,
		     FIELD_PREP(PDP_D_POOLING_KERNEL_CFG_KERNEL_WIDTH, pdp->kernel_w - 1) |
		     FIELD_PREP(PDP_D_POOLING_KERNEL_CFG_KERNEL_HEIGHT, pdp->kernel_h - 1) |
		     FIELD_PREP(PDP_D_POOLING_KERNEL_CFG_KERNEL_STRIDE_WIDTH, pdp->stride_x - 1) |
		     FIELD_PREP(PDP_D_POOLING_KERNEL_CFG_KERNEL_STRIDE_HEIGHT, pdp->stride_y - 1));
	npu_code_reg(code, base, PDP_D_RECIP_KERNEL_WIDTH, pdp->recip_w);
	npu_code_reg(code, base, PDP_D_RECIP_KERNEL_HEIGHT, pdp->recip_h);
	npu_code_reg(code, base, PDP_D_POOLING_PADDING_CFG,
		     FIELD_PREP(PDP_D_POOLING_PADDING_CFG_PAD_LEFT, w->left) |
		     FIELD_PREP(PDP_D_POOLING_PADDING_CFG_PAD_TOP, w->top) |
		     FIELD_PREP(PDP_D_POOLING_PADDING_CFG_PAD_RIGHT, w->right) |
		     FIELD_PREP(PDP_D_POOLING_PADDING_CFG_PAD_BOTTOM, w->bottom));
	if (!flying) {
		npu_code_reg(code, base, PDP_D_SRC_LINE_STRIDE, op->in.line);
		npu_code_reg(code, base, PDP_D_SRC_SURFACE_STRIDE, op->in.surface);
	}
	npu_code_reloc(code, base, PDP_D_DST_BASE_ADDR_LOW, op->out.region,
		       npu_box_offset(&op->out, to));
	npu_code_reg(code, base, PDP_D_DST_LINE_STRIDE, op->out.line);
	npu_code_reg(code, base, PDP_D_DST_SURFACE_STRIDE, op->out.surface);
}

void npu_emit_flying_pdp(struct npu_code *code, const struct nvdla_config *config,
			 const struct npu_op *op, const struct npu_box *to)
{
	struct pool_window w;

	find_window(op, to, &w);
	emit_pool(code, config, op, to, &w, true);
}

void npu_emit_pdp(struct npu_code *code, const struct nvdla_config *config,
		  const struct npu_op *op, uint32_t index)
{
	const struct npu_pdp *pdp = &op->pdp;
	const uint32_t rdma = config->base[NVDLA_PDP_RDMA];
	uint32_t most = npu_pdp_max_width(pdp);
	uint32_t tiles = (op->out.width + most - 1) / most;
	uint32_t columns = (op->out.width + tiles - 1) / tiles;
	uint32_t x;

	for (x = 0; x < op->out.width; x += columns) {
		const struct npu_box to = {
			.x = x, .width = op->out.width - x < columns ? op->out.width - x : columns,
			.height = op->out.height, .channels = op->out.channels,
		};
		struct pool_window w;

		find_window(op, &to, &w);
		npu_code_begin(code, DRM_NVDLA_ENGINE_PDP, index);
		if (code->error)
			return;
		npu_code_reg(code, rdma, PDP_RDMA_D_DATA_CUBE_IN_WIDTH, w.in.width - 1);
		npu_code_reg(code, rdma, PDP_RDMA_D_DATA_CUBE_IN_HEIGHT, w.in.height - 1);
		npu_code_reg(code, rdma, PDP_RDMA_D_DATA_CUBE_IN_CHANNEL, w.in.channels - 1);
		npu_code_reg(code, rdma, PDP_RDMA_D_FLYING_MODE,
			     FIELD_PREP(PDP_RDMA_D_FLYING_MODE_FLYING_MODE, 1));
		npu_code_reloc(code, rdma, PDP_RDMA_D_SRC_BASE_ADDR_LOW, op->in.region,
			       npu_box_offset(&op->in, &w.in));
		npu_code_reg(code, rdma, PDP_RDMA_D_SRC_LINE_STRIDE, op->in.line);
		npu_code_reg(code, rdma, PDP_RDMA_D_SRC_SURFACE_STRIDE, op->in.surface);
		npu_code_reg(code, rdma, PDP_RDMA_D_POOLING_KERNEL_CFG,
			     FIELD_PREP(PDP_RDMA_D_POOLING_KERNEL_CFG_KERNEL_WIDTH,
					pdp->kernel_w - 1) |
			     FIELD_PREP(PDP_RDMA_D_POOLING_KERNEL_CFG_KERNEL_STRIDE_WIDTH,
					pdp->stride_x - 1));
		npu_code_reg(code, rdma, PDP_RDMA_D_POOLING_PADDING_CFG, w.left);
		emit_pool(code, config, op, &to, &w, false);
	}
}

static bool aligned(const struct npu_cube *cube, uint32_t atom)
{
	return cube->offset % atom == 0 && cube->line % atom == 0 && cube->surface % atom == 0;
}

static const char *operand_problem(uint8_t used, const struct npu_operand *operand, uint32_t atom)
{
	if (!used || operand->source == NPU_REGISTER)
		return NULL;
	if (operand->source == NPU_CHANNEL)
		return operand->offset % atom ? "channel operand off the memory atom" : NULL;
	if (npu_cube_scattered(&operand->cube))
		return "element operand of one point with surfaces apart";
	return aligned(&operand->cube, atom) ? NULL : "element operand off the memory atom";
}

static const char *conv_problem(const struct nvdla_config *config, const struct npu_op *op)
{
	const struct npu_conv *conv = &op->conv;
	uint32_t channels = op->in.channels / conv->groups * conv->groups_per_block;
	uint32_t kernels = op->out.channels / conv->groups * conv->groups_per_block;

	if (conv->groups > conv->groups_per_block &&
	    (channels % config->atomic_m || kernels % config->atomic_m))
		return "blocks of groups that do not begin at a surface";
	if ((uint64_t)channels * conv->kernel_w * conv->kernel_h > 0x40000)
		return "kernels of more than 256 KiB";
	if (conv->pad_right > 63 || conv->pad_left > 31)
		return "more padding than the registers hold";
	if (!conv->image)
		return NULL;
	if (op->in.atom != 4 && op->in.atom != 1)
		return "image of neither one nor four channels";
	if (op->in.channels != op->in.atom)
		return "image with missing channels";
	/*
	 * With so few output columns the RTL can read a stale CBUF entry for long
	 * kernel lines.
	 */
	if (op->out.width <= 3)
		return "image with very few output columns";
	return NULL;
}

int npu_flying_supported(const struct npu_op *op, const struct npu_op *pool, const char **why)
{
	const struct npu_box all = {
		.width = pool->out.width, .height = pool->out.height,
		.channels = pool->out.channels,
	};
	struct npu_box needed;

	npu_pool_input(pool, &all, &needed);
	*why = NULL;
	if (op->kind != NPU_CONV || pool->kind != NPU_PDP || op->out.width != pool->in.width ||
	    op->out.height != pool->in.height || op->out.channels != pool->in.channels)
		*why = "pooling of something else";
	else if (pool->out.width > npu_pdp_max_width(&pool->pdp))
		*why = "pooling wider than its line buffer";
	else if (needed.width == 1 || (op->conv.image && needed.width <= 3))
		*why = "pooling of very few columns";
	return *why ? -EOPNOTSUPP : 0;
}

int npu_op_supported(const struct nvdla_config *config, const struct npu_op *op, const char **why)
{
	const struct npu_sdp *sdp = &op->sdp;
	const uint32_t atom = config->atomic_m;
	bool image = op->kind == NPU_CONV && op->conv.image;

	*why = NULL;
	if (op->out.atom != atom || (!image && op->in.atom != atom) || !aligned(&op->out, atom) ||
	    op->in.offset % atom || op->in.line % atom || (!image && op->in.surface % atom))
		*why = "cubes laid out for another configuration";
	else if (npu_cube_scattered(&op->out) || (op->kind == NPU_SDP && npu_cube_scattered(&op->in)))
		*why = "one point with surfaces apart";
	if (*why)
		return -EOPNOTSUPP;

	if (op->kind == NPU_CONV)
		*why = conv_problem(config, op);
	if (!*why && op->kind == NPU_PDP && op->pdp.stride_x > op->pdp.kernel_w &&
	    op->out.width > 1)
		*why = "pooling that skips columns";
	if (!*why && op->kind == NPU_PDP && op->pdp.stride_y > op->pdp.kernel_h &&
	    op->out.height > 1)
		*why = "pooling that skips lines";
	if (!*why && op->kind == NPU_CDP && config->base[NVDLA_CDP] == NVDLA_NO_UNIT)
		*why = "no channel data processor";
	if (!*why && (op->kind == NPU_CONV || op->kind == NPU_SDP)) {
		const struct { uint8_t used; const struct npu_operand *operand; } operands[] = {
			{ sdp->x1.alu, &sdp->x1.alu_operand }, { sdp->x1.mul, &sdp->x1.mul_operand },
			{ sdp->x2.alu, &sdp->x2.alu_operand }, { sdp->x2.mul, &sdp->x2.mul_operand },
			{ sdp->y.alu, &sdp->y.alu_operand }, { sdp->y.mul, &sdp->y.mul_operand },
		};
		size_t i;

		/* The multiplier's half of an alternating pair begins two bytes later. */
		for (i = 0; !*why && i < sizeof(operands) / sizeof(operands[0]); i++) {
			if (i % 2 && operands[i].used && operands[i - 1].used &&
			    operands[i].operand->source == NPU_CHANNEL &&
			    operands[i - 1].operand->source == NPU_CHANNEL)
				continue;
			*why = operand_problem(operands[i].used, operands[i].operand, atom);
		}
		if (!*why && (sdp->y.alu || sdp->y.mul || sdp->y.lut) &&
		    !(config->features & NVDLA_FEAT_SDP_EW))
			*why = "no element-wise stage";
		if (!*why && sdp->y.lut && !(config->features & NVDLA_FEAT_SDP_LUT))
			*why = "no lookup table";
	}
	return *why ? -EOPNOTSUPP : 0;
}
