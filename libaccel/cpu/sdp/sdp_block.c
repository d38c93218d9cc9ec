// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sdp_block.h"

/* Values that lie together in every format whose lines the chain takes whole. */
#define PATTERN		64

static uint8_t *cube_at(const struct npu_cube *cube, uint8_t *region, size_t y, size_t x,
			size_t channel)
{
	return region + cube->offset + (uint64_t)(channel / cube->atom) * cube->surface +
	       (uint64_t)y * cube->line + (uint64_t)x * cube->atom + channel % cube->atom;
}

/* Channels from @channel on that lie together in @cube. */
static size_t together(const struct npu_cube *cube, size_t channel, size_t count)
{
	size_t left = cube->atom - channel % cube->atom;

	return left < count ? left : count;
}

static int32_t convert(const struct sdp_operand *operand, int32_t value)
{
	return operand->converter ? sdp_convert(operand->converter, value) :
	       sdp_shift_left(value, operand->shift);
}

/* Values of constant operands; the last atom is filled up, and groups read beyond it. */
static int spread(struct sdp_operand *operand, const struct npu_op *op, const uint8_t *consts)
{
	const struct npu_operand *from = operand->from;
	size_t room = op->out.channels + 2 * PATTERN, c;

	operand->channel = calloc(room, sizeof(*operand->channel));
	if (!operand->channel)
		return -ENOMEM;
	for (c = 0; c < room; c++) {
		if (from->source == NPU_REGISTER) {
			/* Y's registers pass no converter. */
			operand->channel[c] = operand->converter ? from->value :
					      sdp_shift_left(from->value, operand->shift);
		} else if (c < op->out.channels) {
			operand->channel[c] = convert(operand, sdp_channel_value(from, consts,
										 (uint32_t)c));
		}
	}

	return 0;
}

static struct sdp_range range_of(const struct sdp_operand *operand, size_t channels)
{
	struct sdp_range range = { INT64_MAX, INT64_MIN };
	int32_t value;
	size_t i;

	for (i = 0; i < (operand->channel ? channels : 256); i++) {
		value = operand->channel ? operand->channel[i] : convert(operand, (int32_t)i - 128);
		range.low = value < range.low ? value : range.low;
		range.high = value > range.high ? value : range.high;
	}

	return range;
}

/* A function of one value: nothing but registers beside it. */
static void make_table(struct sdp_block *block)
{
	static const int32_t none[SDP_GROUP];
	struct sdp_lane_values lanes[SDP_LANES];
	const uint8_t *lut = block->consts + block->op->sdp.y.lut_offset;
	int32_t values[SDP_GROUP];
	unsigned int i;
	int x;

	for (i = 0; i < SDP_LANES; i++)
		lanes[i] = (struct sdp_lane_values){
			block->used >> i & 1 ? block->operands[i].channel : none, 0 };
	for (x = 0; x < 256; x += SDP_GROUP) {
		for (i = 0; i < SDP_GROUP; i++)
			values[i] = x + (int)i - 128;
		sdp_chain_16x__portable(&block->chain, lut, lanes, 1, values, block->table + x);
	}
}

static void choose_form(struct sdp_block *block, enum accel_isa isa)
{
	const struct npu_op *op = block->op;
	bool registers = true;
	unsigned int i;

	for (i = 0; i < SDP_LANES; i++)
		registers &= !(block->used >> i & 1) ||
			     block->operands[i].from->source == NPU_REGISTER;
	block->form = SDP_BY_CHAIN;
	if (op->kind != NPU_SDP || op->in.atom != op->out.atom)
		return;
	if (registers && (!op->sdp.y.lut || op->sdp.y.lut_region == NPU_CONSTS)) {
		make_table(block);
		block->map = s8_table_select(isa);
		block->form = SDP_BY_TABLE;
	} else if (sdp_pair_find(block, isa)) {
		block->form = SDP_BY_PAIR;
	}
}

int sdp_block_prepare(struct sdp_block *block, enum accel_isa isa, const struct npu_op *op,
		      const uint8_t *consts, struct sdp_range in)
{
	const struct npu_sdp *sdp = &op->sdp;
	const struct { unsigned int used; struct sdp_operand operand; } all[SDP_LANES] = {
		[SDP_ALU_X1] = { sdp->x1.alu, { &sdp->x1.alu_operand, NULL, sdp->x1.alu_shift, NULL } },
		[SDP_MUL_X1] = { sdp->x1.mul, { &sdp->x1.mul_operand, NULL, 0, NULL } },
		[SDP_ALU_X2] = { sdp->x2.alu, { &sdp->x2.alu_operand, NULL, sdp->x2.alu_shift, NULL } },
		[SDP_MUL_X2] = { sdp->x2.mul, { &sdp->x2.mul_operand, NULL, 0, NULL } },
		[SDP_ALU_Y] = { sdp->y.alu, { &sdp->y.alu_operand, &sdp->y.alu_converter, 0, NULL } },
		[SDP_MUL_Y] = { sdp->y.mul, { &sdp->y.mul_operand, &sdp->y.mul_converter, 0, NULL } },
	};
	struct sdp_range ranges[SDP_LANES] = { { 0, 0 } };
	unsigned int i;

	block->op = op;
	block->consts = consts;
	block->used = 0;
	for (i = 0; i < SDP_LANES; i++) {
		struct sdp_operand *operand = &block->operands[i];

		*operand = all[i].operand;
		if (!all[i].used)
			continue;
		block->used |= 1u << i;
		if (operand->from->source != NPU_ELEMENT && spread(operand, op, consts))
			return -ENOMEM;
		ranges[i] = range_of(operand, op->out.channels);
	}
	sdp_chain_plan(&block->chain, sdp, in, ranges);
	block->run = sdp_chain_select(isa);
	choose_form(block, isa);

	return 0;
}

void sdp_block_release(struct sdp_block *block)
{
	unsigned int i;

	for (i = 0; i < SDP_LANES; i++)
		free(block->operands[i].channel);
}

/* What a call of the chain works on. */
struct work {
	int32_t values[SDP_GROUPS * SDP_GROUP];
	int32_t elements[SDP_LANES][SDP_GROUPS * SDP_GROUP];
	int8_t bytes[SDP_GROUPS * SDP_GROUP];
	struct sdp_lane_values lanes[SDP_LANES];
};

static const int32_t unused[SDP_GROUP];

static void widen(const int8_t *from, size_t n, int32_t *to)
{
	size_t i;

	for (i = 0; i < n; i++)
		to[i] = from[i];
}

/* Elements as the chain takes them. */
static void load_elements(const struct sdp_operand *operand, const int8_t *from, size_t n,
			  int32_t *to)
{
	size_t i;

	if (operand->converter) {
		for (i = 0; i < n; i++)
			to[i] = sdp_convert(operand->converter, from[i]);
	} else if (operand->shift <= 24) {
		/* 8 bits shifted by no more cannot saturate. */
		for (i = 0; i < n; i++)
			to[i] = (int32_t)((uint32_t)(int32_t)from[i] << operand->shift);
	} else {
		for (i = 0; i < n; i++)
			to[i] = sdp_shift_left(from[i], operand->shift);
	}
}

static const uint8_t *table_of(const struct sdp_block_call *call)
{
	const struct npu_stage_y *y = &call->block->op->sdp.y;

	return (y->lut_region == NPU_CONSTS ? call->block->consts : call->regions[y->lut_region]) +
	       y->lut_offset;
}

/* Pixels in the order of the output. */
struct position {
	size_t y, x;
};

static void next_pixel(struct position *at, size_t width)
{
	if (++at->x == width) {
		at->x = 0;
		at->y++;
	}
}

void sdp_block_tile(const struct sdp_block_call *call, size_t pixel, size_t channel, size_t rows,
		    size_t columns, const int32_t *sums, size_t stride)
{
	const struct sdp_block *block = call->block;
	const struct npu_cube *out = &block->op->out;
	const struct position first = { pixel / out->width, pixel % out->width };
	struct position at;
	struct work work;
	size_t r, c, n;
	unsigned int i;

	for (r = 0; r < rows; r++)
		memcpy(work.values + r * SDP_GROUP, sums + r * stride, columns * sizeof(*sums));
	for (i = 0; i < SDP_LANES; i++) {
		const struct sdp_operand *operand = &block->operands[i];
		const struct npu_cube *cube = &operand->from->cube;

		work.lanes[i] = (struct sdp_lane_values){ unused, 0 };
		if (!(block->used >> i & 1))
			continue;
		if (operand->channel) {
			work.lanes[i].values = operand->channel + channel;
			continue;
		}
		work.lanes[i] = (struct sdp_lane_values){ work.elements[i], SDP_GROUP };
		for (r = 0, at = first; r < rows; r++, next_pixel(&at, out->width)) {
			for (c = 0; c < columns; c += n) {
				n = together(cube, channel + c, columns - c);
				load_elements(operand,
					      (int8_t *)cube_at(cube, call->regions[cube->region],
								at.y, at.x, channel + c),
					      n, work.elements[i] + r * SDP_GROUP + c);
			}
		}
	}
	block->run(&block->chain, table_of(call), work.lanes, rows, work.values, work.bytes);
	for (r = 0, at = first; r < rows; r++, next_pixel(&at, out->width)) {
		for (c = 0; c < columns; c += n) {
			n = together(out, channel + c, columns - c);
			memcpy(cube_at(out, call->regions[out->region], at.y, at.x, channel + c),
			       work.bytes + r * SDP_GROUP + c, n);
		}
	}
}

/* Pixel by pixel, where lines of an atom are no whole groups or differ in their atoms. */
static void line_by_pixel(const struct sdp_block_call *call, const int8_t *in, uint32_t atom,
			  uint32_t y)
{
	const struct npu_op *op = call->block->op;
	size_t first = (size_t)atom * op->in.atom, x, c, n;
	size_t count = op->in.channels - first < op->in.atom ? op->in.channels - first :
		       op->in.atom;
	int32_t values[SDP_GROUP];

	for (x = 0; x < op->in.width; x++, in += op->in.atom) {
		for (c = 0; c < count; c += n) {
			n = count - c < SDP_GROUP ? count - c : SDP_GROUP;
			widen(in + c, n, values);
			sdp_block_tile(call, (size_t)y * op->in.width + x, first + c, 1, n, values,
				       SDP_GROUP);
		}
	}
}

/* Four groups at a time: every atom divides them, so that channels repeat. */
static void line_by_chain(const struct sdp_block_call *call, const int8_t *in, uint32_t atom,
			  uint32_t y, int8_t *out)
{
	const struct sdp_block *block = call->block;
	const struct npu_op *op = block->op;
	const int8_t *from[SDP_LANES] = { NULL };
	const size_t bytes = (size_t)op->in.width * op->in.atom;
	struct work work;
	size_t done, n, i;
	unsigned int k;

	for (k = 0; k < SDP_LANES; k++) {
		const struct sdp_operand *operand = &block->operands[k];
		const struct npu_cube *cube = &operand->from->cube;

		work.lanes[k] = (struct sdp_lane_values){ unused, 0 };
		if (!(block->used >> k & 1))
			continue;
		work.lanes[k] = (struct sdp_lane_values){ work.elements[k], SDP_GROUP };
		if (!operand->channel) {
			from[k] = (int8_t *)cube_at(cube, call->regions[cube->region], y, 0,
						    (size_t)atom * op->in.atom);
			continue;
		}
		for (i = 0; i < PATTERN; i++)
			work.elements[k][i] = operand->channel[atom * op->in.atom +
							       i % op->in.atom];
	}
	for (done = 0; done < bytes; done += n) {
		n = bytes - done < PATTERN ? bytes - done : PATTERN;
		widen(in + done, n, work.values);
		for (k = 0; k < SDP_LANES; k++) {
			if (from[k])
				load_elements(&block->operands[k], from[k] + done, n,
					      work.elements[k]);
		}
		block->run(&block->chain, table_of(call), work.lanes,
			   (n + SDP_GROUP - 1) / SDP_GROUP, work.values, work.bytes);
		memcpy(out + done, work.bytes, n);
	}
}

void sdp_block_line(const struct sdp_block_call *call, uint32_t atom, uint32_t y)
{
	const struct sdp_block *block = call->block;
	const struct npu_op *op = block->op;
	const size_t bytes = (size_t)op->in.width * op->in.atom;
	const size_t channel = (size_t)atom * op->in.atom;
	const int8_t *in = (int8_t *)cube_at(&op->in, call->regions[op->in.region], y, 0, channel);
	int8_t *out = (int8_t *)cube_at(&op->out, call->regions[op->out.region], y, 0, channel);

	if (block->form == SDP_BY_TABLE)
		block->map(in, bytes, block->table, out);
	else if (block->form == SDP_BY_PAIR)
		block->map_pair(&block->pair, in,
				(int8_t *)cube_at(block->second,
						  call->regions[block->second->region], y, 0,
						  channel), bytes, out);
	else if (op->in.atom == op->out.atom && PATTERN % op->in.atom == 0)
		line_by_chain(call, in, atom, y, out);
	else
		line_by_pixel(call, in, atom, y);
}
