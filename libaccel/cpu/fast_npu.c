// SPDX-License-Identifier: MIT
/*
 * NPU operations on the fast CPU kernels, bit-exact with the hardware.
 *
 * Where everything behind a convolution comes down to bias, multiplier, one
 * shift, ReLU and zero point, it is fused into the convolution. Other chains
 * (additions, tables, parametric slopes) take 32-bit sums from it, block by
 * block while they are in the cache.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conv.h"
#include "npu_kernels.h"
#include "pool.h"
#include "sdp/cdp_line.h"
#include "sdp/pdp_line.h"
#include "sdp/sdp_block.h"

/* Sums of products below this, plus additions below it, stay within 32 bits. */
#define SUM_LIMIT	(UINT64_C(1) << 30)

struct npu_prepared {
	struct npu_op op;
	struct accel_conv *conv;	/* NPU_CONV */
	struct sdp_block sdp;		/* when not fused; NPU_CDP: when @fused */
	bool fused;			/* NPU_CDP: into a table */
};

/* The linear chain that a convolution's kernels can do by themselves. */
struct linear {
	int64_t *bias;
	uint64_t *reach;	/* how far the additions can take a sum on the way */
	int16_t *multiplier;
	unsigned int shift;
	int32_t zero;
	bool relu, scaled;
};

static int32_t channel_value(const struct npu_operand *operand, const uint8_t *consts, uint32_t c)
{
	return operand->source == NPU_REGISTER ? operand->value :
	       sdp_channel_value(operand, consts, c);
}

static bool is_constant(const struct npu_operand *operand)
{
	return operand->source == NPU_REGISTER ||
	       (operand->source == NPU_CHANNEL && operand->region == NPU_CONSTS);
}

static void add_bias(struct linear *linear, uint32_t c, int64_t bias)
{
	linear->bias[c] += bias;
	linear->reach[c] += (uint64_t)(bias < 0 ? -bias : bias);
}

/*
 * Add one X stage to the chain: additions come before the multiplication and
 * ReLU last.
 */
static bool add_stage(struct linear *linear, const struct npu_stage *stage, const uint8_t *consts,
		      uint32_t channels)
{
	uint32_t c;

	if (!stage->alu && !stage->mul && !stage->relu)
		return true;
	if (linear->relu || (linear->scaled && (stage->alu || stage->mul)))
		return false;
	if (stage->alu) {
		if (stage->alu != NPU_ALU_SUM || !is_constant(&stage->alu_operand))
			return false;
		for (c = 0; c < channels; c++)
			add_bias(linear, c, sdp_shift_left(channel_value(&stage->alu_operand, consts,
									 c), stage->alu_shift));
	}
	if (stage->mul) {
		if (stage->mul != NPU_MUL || !is_constant(&stage->mul_operand))
			return false;
		for (c = 0; c < channels; c++)
			linear->multiplier[c] = (int16_t)channel_value(&stage->mul_operand, consts, c);
		linear->shift = stage->mul_shift;
		linear->scaled = true;
	}
	linear->relu = stage->relu;

	return true;
}

static bool find_linear(struct linear *linear, const struct npu_op *op, const uint8_t *consts)
{
	const struct npu_sdp *sdp = &op->sdp;
	uint32_t channels = op->out.channels, c;

	if (sdp->y.alu || sdp->y.mul || sdp->y.lut ||
	    !add_stage(linear, &sdp->x1, consts, channels) ||
	    !add_stage(linear, &sdp->x2, consts, channels))
		return false;
	if (linear->scaled) {
		if (sdp->cvt_scale != 1 || sdp->cvt_shift)
			return false;
		linear->zero = -sdp->cvt_offset;
	} else {
		/* The converter is the multiplication; its offset comes before. */
		if (linear->relu && sdp->cvt_offset)
			return false;
		for (c = 0; c < channels; c++) {
			add_bias(linear, c, -(int64_t)sdp->cvt_offset);
			linear->multiplier[c] = sdp->cvt_scale;
		}
		linear->shift = sdp->cvt_shift;
	}
	/* The hardware saturates on the way; see fast_supports() for the sums. */
	for (c = 0; c < channels; c++) {
		if (linear->reach[c] >= SUM_LIMIT)
			return false;
	}

	return sdp->cvt_offset > INT32_MIN && linear->zero >= -1000 && linear->zero <= 1000;
}

static void conv_shape(const struct npu_op *op, struct accel_conv_shape *shape)
{
	const struct npu_conv *conv = &op->conv;

	*shape = (struct accel_conv_shape){
		.in_height = op->in.height, .in_width = op->in.width,
		.in_channels = op->in.channels,
		.out_height = op->out.height, .out_width = op->out.width,
		.out_channels = op->out.channels,
		.kernel_height = conv->kernel_h, .kernel_width = conv->kernel_w,
		.stride_y = conv->stride_y, .stride_x = conv->stride_x,
		.dilation_y = conv->dilation_y, .dilation_x = conv->dilation_x,
		.pad_top = conv->pad_top, .pad_left = conv->pad_left,
		.groups = conv->groups,
		.in = { op->in.atom, op->in.line, op->in.surface },
		.out = { op->out.atom, op->out.line, op->out.surface },
		.pad_value = conv->pad_value,
	};
}

static void take_sums(void *ctx, size_t pixel, size_t channel, size_t rows, size_t columns,
		      const int32_t *acc, size_t stride)
{
	sdp_block_tile(ctx, pixel, channel, rows, columns, acc, stride);
}

/* How many products a sum of the convolution has. */
static uint64_t products(const struct npu_op *op)
{
	return (uint64_t)op->conv.kernel_w * op->conv.kernel_h *
	       (op->in.channels / op->conv.groups);
}

static struct sdp_range sum_range(const struct npu_op *op)
{
	const int64_t most = (int64_t)products(op) * 128 * 128;

	return (struct sdp_range){ -most, most };
}

static int prepare_conv(struct npu_prepared *prepared, const struct npu_atoms *atoms,
			const uint8_t *consts)
{
	const struct npu_op *op = &prepared->op;
	uint32_t channels = op->out.channels, c;
	size_t count = (size_t)channels * products(op);
	struct linear linear = {
		.bias = calloc(channels, sizeof(*linear.bias)),
		.reach = calloc(channels, sizeof(*linear.reach)),
		.multiplier = calloc(channels, sizeof(*linear.multiplier)),
	};
	int32_t *bias = calloc(channels, sizeof(*bias));
	int8_t *weights = malloc(count);
	struct accel_requant requant = { .bias = bias, .multiplier = linear.multiplier };
	struct accel_conv_shape shape;
	int ret = -ENOMEM;

	if (!linear.bias || !linear.reach || !linear.multiplier || !bias || !weights)
		goto out;
	npu_weights_unpack(op, atoms, (const int8_t *)consts + op->conv.weights, weights);
	conv_shape(op, &shape);
	prepared->fused = find_linear(&linear, op, consts);
	if (prepared->fused) {
		for (c = 0; c < channels; c++)
			bias[c] = (int32_t)linear.bias[c];
		requant.shift = linear.shift;
		requant.zero = (int16_t)linear.zero;
		requant.min = !linear.relu || linear.zero < INT8_MIN ? INT8_MIN :
			      linear.zero > INT8_MAX ? INT8_MAX : (int8_t)linear.zero;
	}
	ret = accel_conv_new(accel_isa_detect(), &shape, weights, &requant,
			     prepared->fused ? NULL : take_sums, &prepared->conv);
	if (!ret && !prepared->fused)
		ret = sdp_block_prepare(&prepared->sdp, accel_isa_detect(), &prepared->op, consts,
					sum_range(op));
out:
	free(linear.bias);
	free(linear.reach);
	free(linear.multiplier);
	free(bias);
	free(weights);

	return ret;
}

static void fast_free(struct npu_prepared *prepared)
{
	if (!prepared)
		return;
	accel_conv_free(prepared->conv);
	sdp_block_release(&prepared->sdp);
	free(prepared);
}

/* Without neighbours, the channel data processor is a function of one byte. */
static void prepare_cdp(struct npu_prepared *prepared, const uint8_t *consts)
{
	const struct npu_op *op = &prepared->op;
	const struct npu_cdp *cdp = &op->cdp;
	int16_t tables[NPU_CDP_LE + NPU_LUT_ENTRIES], v[256];

	prepared->fused = !cdp->reach && cdp->lut_region == NPU_CONSTS &&
			  op->in.atom == op->out.atom;
	if (!prepared->fused)
		return;
	memcpy(tables, consts + cdp->lut_offset, sizeof(tables));
	for (int i = 0; i < 256; i++)
		v[i] = (int16_t)(i - 128 - cdp->in_offset);
	cdp_pixel__portable(cdp, tables, v, 256, prepared->sdp.table);
	prepared->sdp.op = op;
	prepared->sdp.form = SDP_BY_TABLE;
	prepared->sdp.map = s8_table_select(accel_isa_detect());
}

static int fast_prepare(const struct npu_op *op, const struct npu_atoms *atoms,
			const uint8_t *consts, struct npu_prepared **out)
{
	struct npu_prepared *prepared = calloc(1, sizeof(*prepared));
	int ret = 0;

	if (!prepared)
		return -ENOMEM;
	prepared->op = *op;
	if (op->kind == NPU_CONV)
		ret = prepare_conv(prepared, atoms, consts);
	else if (op->kind == NPU_SDP)
		ret = sdp_block_prepare(&prepared->sdp, accel_isa_detect(), &prepared->op, consts,
					(struct sdp_range){ INT8_MIN, INT8_MAX });
	else if (op->kind == NPU_CDP)
		prepare_cdp(prepared, consts);
	if (ret) {
		fast_free(prepared);
		return ret;
	}
	*out = prepared;

	return 0;
}

struct run {
	const struct npu_prepared *prepared;
	uint8_t *const *regions;
};

static int run_conv_tiles(void *ctx, size_t first, size_t end)
{
	const struct run *run = ctx;
	const struct npu_prepared *prepared = run->prepared;
	const struct npu_op *op = &prepared->op;
	struct sdp_block_call call = { &prepared->sdp, run->regions };
	void *scratch = accel_pool_scratch(accel_conv_scratch(prepared->conv));

	if (!scratch)
		return -ENOMEM;
	accel_conv_run(prepared->conv, (int8_t *)run->regions[op->in.region] + op->in.offset,
		       prepared->fused ?
		       (int8_t *)run->regions[op->out.region] + op->out.offset : NULL,
		       &call, first, end, scratch);

	return 0;
}

/* A tile of an operation without convolution is a line of an atom of channels. */
static int run_sdp_tiles(void *ctx, size_t first, size_t end)
{
	const struct run *run = ctx;
	const struct npu_op *op = &run->prepared->op;
	const struct sdp_block_call call = { &run->prepared->sdp, run->regions };

	for (; first < end; first++)
		sdp_block_line(&call, (uint32_t)(first / op->in.height),
			       (uint32_t)(first % op->in.height));

	return 0;
}

/* A tile of a pooling is an output line of an atom. */
static int run_pdp_tiles(void *ctx, size_t first, size_t end)
{
	const struct run *run = ctx;
	const struct npu_op *op = &run->prepared->op;
	void *scratch = accel_pool_scratch(pdp_line_scratch(op));

	if (!scratch)
		return -ENOMEM;
	for (; first < end; first++)
		pdp_line_run(op, run->regions, (uint32_t)(first / op->out.height),
			     (uint32_t)(first % op->out.height), scratch);

	return 0;
}

static int run_cdp_lines(void *ctx, size_t first, size_t end)
{
	const struct run *run = ctx;
	const struct npu_op *op = &run->prepared->op;
	void *scratch = accel_pool_scratch(cdp_line_scratch(op));

	if (!scratch)
		return -ENOMEM;
	for (; first < end; first++)
		cdp_line_run(op, run->regions, cdp_pixel_select(accel_isa_detect()),
			     (uint32_t)first, scratch);

	return 0;
}

static int fast_run(const struct npu_prepared *prepared, uint8_t *const regions[NPU_REGIONS])
{
	const struct npu_op *op = &prepared->op;
	struct run run = { prepared, regions };
	double outputs = (double)op->out.width * op->out.height * op->out.channels;
	size_t atoms;

	if (op->kind == NPU_CONV)
		return accel_pool_run(run_conv_tiles, &run, accel_conv_tiles(prepared->conv),
				      outputs * (double)products(op));
	if (op->kind == NPU_CDP && !prepared->fused)
		return accel_pool_run(run_cdp_lines, &run, op->in.height, outputs * 32);
	atoms = ((size_t)op->in.channels + op->in.atom - 1) / op->in.atom;
	if (op->kind == NPU_PDP)
		return accel_pool_run(run_pdp_tiles, &run, atoms * op->out.height,
				      outputs * op->pdp.kernel_w * op->pdp.kernel_h);

	return accel_pool_run(run_sdp_tiles, &run, atoms * op->in.height, outputs * 16);
}

static bool is_prepared(const struct npu_operand *operand, bool used)
{
	return !used || operand->source != NPU_CHANNEL || operand->region == NPU_CONSTS;
}

/*
 * Not: sums that could leave 32 bits, where the hardware saturates, and
 * per-channel operands that are not constants. The reference knows how.
 */
static bool fast_supports(const struct npu_op *op)
{
	const struct npu_sdp *sdp = &op->sdp;

	if (op->kind == NPU_CDP)
		return true;
	if (op->kind == NPU_PDP)
		return op->in.atom == op->out.atom && op->in.atom % 8 == 0;
	if (op->kind == NPU_CONV && products(op) >= SUM_LIMIT / (128 * 128))
		return false;

	return is_prepared(&sdp->x1.alu_operand, sdp->x1.alu) &&
	       is_prepared(&sdp->x1.mul_operand, sdp->x1.mul) &&
	       is_prepared(&sdp->x2.alu_operand, sdp->x2.alu) &&
	       is_prepared(&sdp->x2.mul_operand, sdp->x2.mul) &&
	       is_prepared(&sdp->y.alu_operand, sdp->y.alu) &&
	       is_prepared(&sdp->y.mul_operand, sdp->y.mul);
}

const struct npu_kernels npu_kernels_fast = {
	.name = "fast",
	.supports = fast_supports,
	.prepare = fast_prepare,
	.run = fast_run,
	.free = fast_free,
};
