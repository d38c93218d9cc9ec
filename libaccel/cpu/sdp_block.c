// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sdp_block.h"

static uint8_t *cube_at(const struct npu_cube *cube, uint8_t *region, uint32_t y, uint32_t x,
			uint32_t channel)
{
	return region + cube->offset + (uint64_t)(channel / cube->atom) * cube->surface +
	       (uint64_t)y * cube->line + (uint64_t)x * cube->atom + channel % cube->atom;
}

/* Channels from @channel on that lie together in @cube. */
static uint32_t together(const struct npu_cube *cube, uint32_t channel, uint32_t count)
{
	uint32_t left = cube->atom - channel % cube->atom;

	return left < count ? left : count;
}

static int operand_prepare(struct sdp_operand *operand, const struct npu_operand *from, bool used,
			   const struct npu_converter *converter, unsigned int shift,
			   uint32_t channels, const uint8_t *consts)
{
	uint32_t c;

	operand->from = from;
	operand->used = used;
	if (!used || from->source == NPU_ELEMENT)
		return 0;
	operand->channel = malloc(channels * sizeof(*operand->channel));
	if (!operand->channel)
		return -ENOMEM;
	for (c = 0; c < channels; c++) {
		int32_t value = from->value;
		int16_t stored;

		if (from->source == NPU_CHANNEL) {
			memcpy(&stored, consts + from->offset + (uint64_t)c * from->step,
			       sizeof(stored));
			value = converter ? sdp_convert(converter, stored) : stored;
		}
		operand->channel[c] = sdp_shift_left(value, shift);
	}

	return 0;
}

int sdp_block_prepare(struct sdp_block *block, const struct npu_op *op, const uint8_t *consts)
{
	const struct npu_sdp *sdp = &op->sdp;
	uint32_t n = op->out.channels;

	block->op = op;
	block->consts = consts;
	if (operand_prepare(&block->alu[0], &sdp->x1.alu_operand, sdp->x1.alu, NULL,
			    sdp->x1.alu_shift, n, consts) ||
	    operand_prepare(&block->mul[0], &sdp->x1.mul_operand, sdp->x1.mul, NULL, 0, n,
			    consts) ||
	    operand_prepare(&block->alu[1], &sdp->x2.alu_operand, sdp->x2.alu, NULL,
			    sdp->x2.alu_shift, n, consts) ||
	    operand_prepare(&block->mul[1], &sdp->x2.mul_operand, sdp->x2.mul, NULL, 0, n,
			    consts) ||
	    operand_prepare(&block->alu[2], &sdp->y.alu_operand, sdp->y.alu,
			    &sdp->y.alu_converter, 0, n, consts) ||
	    operand_prepare(&block->mul[2], &sdp->y.mul_operand, sdp->y.mul,
			    &sdp->y.mul_converter, 0, n, consts))
		return -ENOMEM;

	return 0;
}

void sdp_block_release(struct sdp_block *block)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		free(block->alu[i].channel);
		free(block->mul[i].channel);
	}
}

/* The operand's values for a block; @shift and @converter apply to elements. */
static const int32_t *load(const struct sdp_operand *operand, const struct sdp_block_call *call,
			   uint32_t y, uint32_t x, uint32_t channel, uint32_t count,
			   unsigned int shift, const struct npu_converter *converter,
			   int32_t *values)
{
	const struct npu_cube *cube = &operand->from->cube;
	uint32_t i, done, n;

	if (!operand->used)
		return values;
	if (operand->channel)
		return operand->channel + channel;
	for (done = 0; done < count; done += n) {
		const int8_t *from = (int8_t *)cube_at(cube, call->regions[cube->region], y, x,
						       channel + done);

		n = together(cube, channel + done, count - done);
		if (converter) {
			for (i = 0; i < n; i++)
				values[done + i] = sdp_convert(converter, from[i]);
		} else if (shift <= 24) {
			/* 8 bits shifted by no more cannot saturate. */
			for (i = 0; i < n; i++)
				values[done + i] = (int32_t)((uint32_t)(int32_t)from[i] << shift);
		} else {
			for (i = 0; i < n; i++)
				values[done + i] = sdp_shift_left(from[i], shift);
		}
	}

	return values;
}

/* Rounded shift of a block, for shifts of less than 63: no branch per element. */
static void round_block(const int64_t *in, unsigned int shift, uint32_t n, int32_t *out)
{
	const int64_t half = shift ? INT64_C(1) << (shift - 1) : 0;
	const int64_t below = shift ? 1 : 0;
	uint32_t i;

	for (i = 0; i < n; i++)
		out[i] = sdp_sat32((in[i] + half - (in[i] < 0 ? below : 0)) >> shift);
}

static void stage_block(const struct npu_stage *stage, const int32_t *alu, const int32_t *mul,
			uint32_t n, int32_t *v)
{
	int64_t wide[SDP_BLOCK];
	uint32_t i;

	/* The usual stage; the others are rare enough to go value by value. */
	if (stage->alu <= NPU_ALU_SUM && stage->mul <= NPU_MUL && stage->mul_shift < 49) {
		for (i = 0; i < n; i++)
			wide[i] = v[i];
		if (stage->alu) {
			for (i = 0; i < n; i++)
				wide[i] += alu[i];
		}
		if (stage->mul) {
			for (i = 0; i < n; i++)
				wide[i] *= mul[i];
		}
		round_block(wide, stage->mul ? stage->mul_shift : 0, n, v);
	} else {
		for (i = 0; i < n; i++)
			v[i] = sdp_stage_x(stage, v[i], alu[i], mul[i]);
	}
	if (stage->relu) {
		for (i = 0; i < n; i++)
			v[i] = v[i] < 0 ? 0 : v[i];
	}
}

static void stage_y_block(const struct sdp_block_call *call, const int32_t *alu,
			  const int32_t *mul, uint32_t n, int32_t *v)
{
	const struct npu_stage_y *stage = &call->block->op->sdp.y;
	const uint8_t *lut = (stage->lut_region == NPU_CONSTS ? call->block->consts :
			      call->regions[stage->lut_region]) + stage->lut_offset;
	uint32_t i;

	for (i = 0; i < n; i++)
		v[i] = sdp_stage_y(stage, lut, v[i], alu[i], mul[i]);
}

void sdp_block_run(const struct sdp_block_call *call, uint32_t y, uint32_t x, uint32_t channel,
		   uint32_t count, const int32_t *values)
{
	const struct sdp_block *block = call->block;
	const struct npu_sdp *sdp = &block->op->sdp;
	const struct npu_cube *out = &block->op->out;
	const struct npu_stage *stages[2] = { &sdp->x1, &sdp->x2 };
	int32_t v[SDP_BLOCK], alu_values[SDP_BLOCK] = { 0 }, mul_values[SDP_BLOCK] = { 0 };
	int8_t bytes[SDP_BLOCK];
	const int32_t *alu, *mul;
	uint32_t s, i, n;

	memcpy(v, values, count * sizeof(*v));
	for (s = 0; s < 2; s++) {
		if (!stages[s]->alu && !stages[s]->mul && !stages[s]->relu)
			continue;
		alu = load(&block->alu[s], call, y, x, channel, count, stages[s]->alu_shift, NULL,
			   alu_values);
		mul = load(&block->mul[s], call, y, x, channel, count, 0, NULL, mul_values);
		stage_block(stages[s], alu, mul, count, v);
	}
	if (sdp->y.alu || sdp->y.mul || sdp->y.lut) {
		alu = load(&block->alu[2], call, y, x, channel, count, 0, &sdp->y.alu_converter,
			   alu_values);
		mul = load(&block->mul[2], call, y, x, channel, count, 0, &sdp->y.mul_converter,
			   mul_values);
		stage_y_block(call, alu, mul, count, v);
	}
	for (i = 0; i < count; i++)
		bytes[i] = sdp_convert_out(sdp, v[i]);
	for (i = 0; i < count; i += n) {
		n = together(out, channel + i, count - i);
		memcpy(cube_at(out, call->regions[out->region], y, x, channel + i), bytes + i, n);
	}
}
