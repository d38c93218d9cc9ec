// SPDX-License-Identifier: MIT
#include <errno.h>
#include <string.h>

#include "npu_op.h"

#define MAX_EXTENT	8192	/* 13 bits in every size register */
#define MAX_PRODUCTS	131072	/* of int8: their sum never leaves 32 bits */


static uint32_t surfaces(const struct npu_cube *cube)
{
	return (cube->channels + cube->atom - 1) / cube->atom;
}

uint64_t npu_cube_end(const struct npu_cube *cube)
{
	return cube->offset + (uint64_t)(surfaces(cube) - 1) * cube->surface +
	       (uint64_t)(cube->height - 1) * cube->line + (uint64_t)cube->width * cube->atom;
}

bool npu_cube_scattered(const struct npu_cube *cube)
{
	return cube->width == 1 && cube->height == 1 && cube->channels > cube->atom &&
	       cube->surface != cube->atom;
}

void npu_cube_dense(struct npu_cube *cube, uint32_t width, uint32_t height, uint32_t channels,
		    uint32_t atom)
{
	memset(cube, 0, sizeof(*cube));
	cube->width = width;
	cube->height = height;
	cube->channels = channels;
	cube->atom = atom;
	cube->line = width * atom;
	cube->surface = height * cube->line;
}

uint32_t npu_op_operands(const struct npu_op *op, struct npu_cube cubes[NPU_OPERANDS])
{
	const struct npu_operand *operands[NPU_OPERANDS] = {
		op->sdp.x1.alu ? &op->sdp.x1.alu_operand : NULL,
		op->sdp.x1.mul ? &op->sdp.x1.mul_operand : NULL,
		op->sdp.x2.alu ? &op->sdp.x2.alu_operand : NULL,
		op->sdp.x2.mul ? &op->sdp.x2.mul_operand : NULL,
		op->sdp.y.alu ? &op->sdp.y.alu_operand : NULL,
		op->sdp.y.mul ? &op->sdp.y.mul_operand : NULL,
	};
	uint32_t i, count = 0;

	if (op->kind == NPU_PDP || op->kind == NPU_CDP)
		return 0;
	for (i = 0; i < NPU_OPERANDS; i++) {
		if (!operands[i])
			continue;
		if (operands[i]->source == NPU_ELEMENT) {
			cubes[count++] = operands[i]->cube;
		} else if (operands[i]->source == NPU_CHANNEL) {
			/* As a cube of one line of bytes. */
			npu_cube_dense(&cubes[count], op->out.channels * operands[i]->step, 1, 1,
				       1);
			cubes[count].offset = operands[i]->offset;
			cubes[count++].region = operands[i]->region;
		}
	}
	return count;
}

uint32_t npu_window_out(uint32_t in, uint32_t before, uint32_t after, uint32_t kernel,
			uint32_t dilation, uint32_t stride)
{
	uint32_t span = (kernel - 1) * dilation + 1;

	if (in + before + after < span)
		return 0;
	return (in + before + after - span) / stride + 1;
}

bool npu_padding_fits(const struct npu_conv *conv)
{
	uint64_t span_x = (uint64_t)(conv->kernel_w - 1) * conv->dilation_x + 1;
	uint64_t span_y = (uint64_t)(conv->kernel_h - 1) * conv->dilation_y + 1;

	return conv->pad_left < span_x && conv->pad_right < span_x && conv->pad_top < span_y &&
	       conv->pad_bottom < span_y;
}

/* Channels and kernels of block number @block; the last one may be smaller. */
static void block_size(const struct npu_op *op, uint32_t block, uint32_t *channels,
		       uint32_t *kernels)
{
	const struct npu_conv *conv = &op->conv;
	uint32_t first = block * conv->groups_per_block;
	uint32_t groups = conv->groups - first;

	if (groups > conv->groups_per_block)
		groups = conv->groups_per_block;
	*channels = groups * (op->in.channels / conv->groups);
	*kernels = groups * (op->out.channels / conv->groups);
}

static uint32_t block_count(const struct npu_op *op)
{
	return (op->conv.groups + op->conv.groups_per_block - 1) / op->conv.groups_per_block;
}

static uint64_t block_bytes(const struct npu_op *op, uint32_t block)
{
	uint32_t channels, kernels;

	block_size(op, block, &channels, &kernels);
	return ((uint64_t)channels * kernels * op->conv.kernel_w * op->conv.kernel_h + 7) &
	       ~UINT64_C(7);
}

uint64_t npu_weights_block(const struct npu_op *op, uint32_t block, uint64_t *bytes)
{
	/* Only the last block differs in size. */
	*bytes = block_bytes(op, block);
	return block && !op->conv.shared ? block * block_bytes(op, 0) : 0;
}

uint64_t npu_weights_size(const struct npu_op *op, const struct npu_atoms *atoms)
{
	uint64_t bytes, start = npu_weights_block(op, block_count(op) - 1, &bytes);

	(void)atoms;
	return start + bytes;
}

/*
 * Walks the packed weights of a block in the order they lie in memory and
 * copies each from or to its place in the plain array.
 */
static void walk_block(const struct npu_op *op, const struct npu_atoms *atoms, uint32_t block,
		       int8_t *plain, int8_t *packed, bool pack)
{
	const struct npu_conv *conv = &op->conv;
	const uint32_t group_c = op->in.channels / conv->groups;
	const uint32_t group_k = op->out.channels / conv->groups;
	const uint32_t first_k = block * conv->groups_per_block * group_k;
	uint32_t channels, kernels, columns = conv->kernel_w;
	uint32_t k0, c0, r, s, k, c;

	block_size(op, block, &channels, &kernels);
	/* An image's line of a kernel is one column of S times C channels. */
	if (conv->image) {
		channels *= columns;
		columns = 1;
	}

	for (k0 = 0; k0 < kernels; k0 += atoms->k) {
		uint32_t last_k = k0 + atoms->k < kernels ? k0 + atoms->k : kernels;

		for (c0 = 0; c0 < channels; c0 += atoms->c) {
			uint32_t last_c = c0 + atoms->c < channels ? c0 + atoms->c : channels;

			for (r = 0; r < conv->kernel_h; r++)
			for (s = 0; s < columns; s++)
			for (k = k0; k < last_k; k++) {
				/* The channels that kernel k has, within the block. */
				uint32_t low = conv->image ? 0 : k / group_k * group_c;
				uint32_t line = conv->image ? channels : group_c;
				int8_t *kernel = plain + (((uint64_t)(first_k + k) * conv->kernel_h +
							   r) * columns + s) * line;

				if (conv->groups_per_block == 1) {
					if (pack)
						memcpy(packed, kernel + c0, last_c - c0);
					else
						memcpy(kernel + c0, packed, last_c - c0);
					packed += last_c - c0;
					continue;
				}
				for (c = c0; c < last_c; c++, packed++) {
					bool inside = c - low < line;

					if (pack)
						*packed = inside ? kernel[c - low] : 0;
					else if (inside)
						kernel[c - low] = *packed;
				}
			}
		}
	}
}

void npu_weights_pack(const struct npu_op *op, const struct npu_atoms *atoms,
		      const int8_t *weights, int8_t *out)
{
	uint32_t block;

	for (block = 0; block < block_count(op); block++) {
		uint64_t bytes, start = npu_weights_block(op, block, &bytes);

		memset(out + start, 0, bytes);
		walk_block(op, atoms, block, (int8_t *)weights, out + start, true);
	}
}

void npu_weights_unpack(const struct npu_op *op, const struct npu_atoms *atoms,
			const int8_t *packed, int8_t *weights)
{
	uint32_t block;

	for (block = 0; block < block_count(op); block++) {
		uint64_t bytes, start = npu_weights_block(op, block, &bytes);

		walk_block(op, atoms, block, weights, (int8_t *)packed + start, false);
	}
}

/* Neither surface after surface of lines nor line after line of surfaces? */
static bool overlaps(const struct npu_cube *cube, uint32_t surface_count)
{
	const uint64_t width = (uint64_t)cube->width * cube->atom;
	const uint64_t lines = (uint64_t)(cube->height - 1) * cube->line + width;
	const uint64_t points = (uint64_t)(surface_count - 1) * cube->surface + width;

	return (cube->height > 1 && cube->line < width) ||
	       (surface_count > 1 && cube->surface < width) ||
	       (cube->height > 1 && surface_count > 1 && cube->surface < lines &&
		cube->line < points);
}

static const char *check_cube(const struct npu_cube *cube, const uint64_t size[NPU_REGIONS],
			      bool written)
{
	uint32_t count;

	if (cube->region >= NPU_REGIONS || (written && cube->region == NPU_CONSTS))
		return "cube in a region that does not exist or may not be written";
	if (!cube->width || !cube->height || !cube->channels || cube->width > MAX_EXTENT ||
	    cube->height > MAX_EXTENT || cube->channels > MAX_EXTENT)
		return "cube with a size of 0 or above 8192";
	if (!cube->atom || cube->atom > 64)
		return "cube with an atom that does not exist";
	count = surfaces(cube);
	/* What is only read may lie as it likes. */
	if (written && overlaps(cube, count))
		return "cube whose lines or surfaces overlap";
	if (cube->offset > size[cube->region] || npu_cube_end(cube) > size[cube->region])
		return "cube outside its region";
	return NULL;
}

static const char *check_operand(const struct npu_operand *operand, const struct npu_cube *out,
				 const uint64_t size[NPU_REGIONS], bool wide)
{
	uint64_t end;

	switch (operand->source) {
	case NPU_REGISTER:
		if (!wide && operand->value != (int16_t)operand->value)
			return "register operand of more than 16 bits";
		return NULL;
	case NPU_CHANNEL:
		if (operand->region >= NPU_REGIONS || (operand->step != 1 && operand->step != 2 && operand->step != 4))
			return "channel operand without region or step";
		end = (uint64_t)(out->channels - 1) * operand->step + (operand->step > 1 ? 2 : 1);
		if ((operand->offset & 1 && operand->step > 1) || operand->offset > size[operand->region] ||
		    end > size[operand->region] - operand->offset)
			return "channel operand outside its region";
		return NULL;
	case NPU_ELEMENT:
		if (operand->cube.width != out->width || operand->cube.height != out->height ||
		    operand->cube.channels != out->channels || operand->cube.atom != out->atom)
			return "element operand of another shape than the output";
		return check_cube(&operand->cube, size, false);
	default:
		return "operand from an unknown source";
	}
}

static const char *check_pair(const struct npu_operand *alu, bool has_alu,
			      const struct npu_operand *mul, bool has_mul)
{
	if (!has_alu || !has_mul || alu->source == NPU_REGISTER || mul->source == NPU_REGISTER)
		return NULL;
	if (alu->source != NPU_CHANNEL || mul->source != NPU_CHANNEL || alu->step != 4 ||
	    mul->step != 4 || alu->region != mul->region || mul->offset != alu->offset + 2)
		return "two operands that one read DMA cannot deliver";
	return NULL;
}

static const char *check_stage(const struct npu_stage *stage, const struct npu_cube *out,
			       const uint64_t size[NPU_REGIONS])
{
	const char *why;

	if (stage->alu > NPU_ALU_MIN || stage->mul > NPU_MUL_PRELU || stage->alu_shift > 63 ||
	    stage->mul_shift > 63 || stage->relu > 1)
		return "SDP stage with a field out of range";
	if (stage->mul == NPU_MUL_NONE && stage->mul_shift)
		return "SDP stage that shifts without multiplying";
	if (stage->alu) {
		why = check_operand(&stage->alu_operand, out, size, false);
		if (why)
			return why;
	}
	if (stage->mul) {
		why = check_operand(&stage->mul_operand, out, size, false);
		if (why)
			return why;
	}
	return check_pair(&stage->alu_operand, stage->alu, &stage->mul_operand, stage->mul);
}

static const char *check_y(const struct npu_stage_y *y, const struct npu_cube *out,
			   const uint64_t size[NPU_REGIONS])
{
	const char *why;

	if (y->alu > NPU_ALU_MIN || y->mul > NPU_MUL_PRELU || y->mul_shift > 63 ||
	    y->alu_converter.shift > 63 || y->mul_converter.shift > 63)
		return "SDP stage Y with a field out of range";
	if (y->alu) {
		why = check_operand(&y->alu_operand, out, size, true);
		if (why)
			return why;
	}
	if (y->mul) {
		why = check_operand(&y->mul_operand, out, size, true);
		if (why)
			return why;
	}
	if (y->lut && (y->lut_region >= NPU_REGIONS || y->lut_shift > 31 || y->lut_offset & 1 ||
		       y->lut_offset > size[y->lut_region] ||
		       size[y->lut_region] - y->lut_offset < NPU_LUT_ENTRIES * 2))
		return "lookup table outside its region";
	return check_pair(&y->alu_operand, y->alu, &y->mul_operand, y->mul);
}

static const char *check_sdp(const struct npu_op *op, const uint64_t size[NPU_REGIONS])
{
	const char *why;

	if (op->sdp.cvt_shift > 63)
		return "output converter with a shift out of range";
	why = check_stage(&op->sdp.x1, &op->out, size);
	if (!why)
		why = check_stage(&op->sdp.x2, &op->out, size);
	if (!why)
		why = check_y(&op->sdp.y, &op->out, size);
	return why;
}

static const char *check_conv(const struct npu_op *op, const uint64_t size[NPU_REGIONS])
{
	const struct npu_conv *conv = &op->conv;
	uint64_t bytes, start;

	if (!conv->kernel_w || conv->kernel_w > 32 || !conv->kernel_h || conv->kernel_h > 32 ||
	    !conv->stride_x || conv->stride_x > 8 || !conv->stride_y || conv->stride_y > 8 ||
	    !conv->dilation_x || conv->dilation_x > 32 || !conv->dilation_y ||
	    conv->dilation_y > 32 || conv->pad_left > 31 || conv->pad_top > 31 ||
	    conv->pad_right > 63 || conv->pad_bottom > 63)
		return "convolution with a field out of range";
	if (!conv->groups || op->in.channels % conv->groups || op->out.channels % conv->groups ||
	    !conv->groups_per_block || conv->groups_per_block > conv->groups)
		return "convolution whose groups do not divide its channels";
	if (conv->shared > 1 || (conv->shared && conv->groups % conv->groups_per_block))
		return "convolution that shares weights among blocks of different sizes";
	if ((uint64_t)conv->kernel_w * conv->kernel_h * (op->in.channels / conv->groups) >
	    MAX_PRODUCTS)
		return "convolution with more products than the accumulator holds";
	if (conv->image && (conv->groups != 1 || conv->dilation_x != 1 || conv->dilation_y != 1 ||
			    op->in.channels > op->in.atom))
		return "image convolution with groups, dilation or several surfaces";
	if (!npu_padding_fits(conv))
		return "convolution with padding as wide as its kernel";
	if (op->out.width != npu_window_out(op->in.width, conv->pad_left, conv->pad_right,
					    conv->kernel_w, conv->dilation_x, conv->stride_x) ||
	    op->out.height != npu_window_out(op->in.height, conv->pad_top, conv->pad_bottom,
					     conv->kernel_h, conv->dilation_y, conv->stride_y))
		return "convolution whose output size does not follow from its input";
	start = npu_weights_block(op, block_count(op) - 1, &bytes);
	if (conv->weight_bytes != start + bytes || conv->weights > size[NPU_CONSTS] ||
	    conv->weight_bytes > size[NPU_CONSTS] - conv->weights)
		return "weights outside the constants";
	return NULL;
}

static const char *check_pdp(const struct npu_op *op)
{
	const struct npu_pdp *pdp = &op->pdp;

	if (pdp->method > NPU_POOL_AVERAGE || !pdp->kernel_w || pdp->kernel_w > 8 ||
	    !pdp->kernel_h || pdp->kernel_h > 8 || !pdp->stride_x || pdp->stride_x > 16 ||
	    !pdp->stride_y || pdp->stride_y > 16 || pdp->pad_left > 7 || pdp->pad_top > 7 ||
	    pdp->pad_right > 7 || pdp->pad_bottom > 7 || pdp->recip_w > 0x10000 ||
	    pdp->recip_h > 0x10000)
		return "pooling with a field out of range";
	if (pdp->pad_left >= pdp->kernel_w || pdp->pad_right >= pdp->kernel_w ||
	    pdp->pad_top >= pdp->kernel_h || pdp->pad_bottom >= pdp->kernel_h)
		return "pooling with padding as wide as its kernel";
	if (pdp->method == NPU_POOL_AVERAGE && (pdp->pad_left | pdp->pad_top | pdp->pad_right |
						pdp->pad_bottom))
		return "average with padding";
	if (pdp->pad_value)
		return "pooling with a value for its padding";
	if (op->out.width != npu_window_out(op->in.width, pdp->pad_left, pdp->pad_right,
					    pdp->kernel_w, 1, pdp->stride_x) ||
	    op->out.height != npu_window_out(op->in.height, pdp->pad_top, pdp->pad_bottom,
					     pdp->kernel_h, 1, pdp->stride_y) ||
	    op->in.channels != op->out.channels || op->in.atom != op->out.atom)
		return "pooling whose output size does not follow from its input";
	return NULL;
}

static bool fits_signed(int64_t value, int bits)
{
	return value >= -(INT64_C(1) << (bits - 1)) && value < INT64_C(1) << (bits - 1);
}

static const char *check_cdp(const struct npu_op *op, const uint64_t size[NPU_REGIONS])
{
	const struct npu_cdp *cdp = &op->cdp;

	if (op->in.width != op->out.width || op->in.height != op->out.height ||
	    op->in.channels != op->out.channels || op->in.atom != op->out.atom)
		return "normalisation that changes the shape";
	if (cdp->reach > 4 || cdp->multiply > 1 || cdp->le_shift > 31 || cdp->lo_shift > 31 ||
	    cdp->out_shift > 63 || !fits_signed(cdp->in_offset, 8) ||
	    !fits_signed(cdp->out_offset, 25) || !fits_signed(cdp->le_start, 22) ||
	    !fits_signed(cdp->lo_start, 22))
		return "normalisation with a field out of range";
	if (cdp->lut_region >= NPU_REGIONS || cdp->lut_offset & 1 ||
	    cdp->lut_offset > size[cdp->lut_region] ||
	    size[cdp->lut_region] - cdp->lut_offset < (NPU_CDP_LE + NPU_LUT_ENTRIES) * 2)
		return "lookup tables outside their region";
	return NULL;
}

int npu_op_check(const struct npu_op *op, const uint64_t size[NPU_REGIONS], const char **why)
{
	*why = check_cube(&op->in, size, false);
	if (!*why)
		*why = check_cube(&op->out, size, true);
	if (*why)
		return -EINVAL;

	switch (op->kind) {
	case NPU_CONV:
		*why = check_conv(op, size);
		if (!*why)
			*why = check_sdp(op, size);
		break;
	case NPU_SDP:
		if (op->in.width != op->out.width || op->in.height != op->out.height ||
		    op->in.channels != op->out.channels || op->in.atom != op->out.atom)
			*why = "element-wise operation that changes the shape";
		else
			*why = check_sdp(op, size);
		break;
	case NPU_PDP:
		*why = check_pdp(op);
		break;
	case NPU_CDP:
		*why = check_cdp(op, size);
		break;
	default:
		*why = "unknown kind of operation";
	}
	return *why ? -EINVAL : 0;
}
