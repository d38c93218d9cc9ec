// SPDX-License-Identifier: MIT
/*
 * NPU operations on the fast CPU kernels against the reference, byte by byte,
 * over random operations. Prints TAP.
 *
 * usage: test_npu [SEED [CASES]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libaccel/cpu/isa.h"
#include "libaccel/cpu/npu_kernels.h"
#include "libaccel/cpu/pool.h"
#include "libaccel/cpu/sdp/sdp_block.h"
#include "random.h"

static const struct npu_atoms atoms[] = {
	{ 8, 8, 8 }, { 32, 8, 8 }, { 32, 16, 16 }, { 32, 32, 32 }, { 64, 32, 32 },
};

/* Offset of the next free byte in each region. */
static uint64_t room[NPU_REGIONS];

static uint64_t take(uint32_t region, uint64_t size)
{
	uint64_t at = room[region];

	room[region] += (size + 63) & ~UINT64_C(63);

	return at;
}

static void random_cube(struct npu_cube *cube, uint32_t width, uint32_t height, uint32_t channels,
			uint32_t atom)
{
	uint64_t offset = room[NPU_ARENA];

	npu_cube_dense(cube, width, height, channels, atom);
	if (!random_below(3)) {
		cube->line += atom * random_between(1, 3);
		cube->surface = height * cube->line + atom * random_between(0, 3);
	}
	take(NPU_ARENA, npu_cube_end(cube) + atom);
	cube->offset = offset;
	cube->region = NPU_ARENA;
}

static void random_operand(struct npu_operand *operand, const struct npu_op *op, uint32_t source,
			   uint32_t atom, uint32_t step, uint64_t offset)
{
	operand->source = source;
	if (source == NPU_REGISTER) {
		operand->value = (int16_t)random_below(65536);
	} else if (source == NPU_CHANNEL) {
		operand->region = NPU_CONSTS;
		operand->step = step;
		operand->offset = offset;
	} else {
		random_cube(&operand->cube, op->out.width, op->out.height, op->out.channels, atom);
	}
}

static void random_stage(struct npu_stage *stage, const struct npu_op *op, uint32_t atom,
			 bool linear)
{
	uint32_t source = linear ? random_below(2) : random_below(3);
	uint64_t offset = take(NPU_CONSTS, op->out.channels * 4);
	bool both;

	stage->alu = linear ? random_below(2) * NPU_ALU_SUM : random_below(4);
	stage->mul = linear ? random_below(2) * NPU_MUL : random_below(3);
	both = stage->alu && stage->mul && source == NPU_CHANNEL;
	if (stage->alu) {
		stage->alu_shift = random_below(5) ? random_between(0, 10) : random_below(64);
		random_operand(&stage->alu_operand, op, source, atom, both ? 4 :
			       random_between(1, 2), offset);
	}
	if (stage->mul) {
		stage->mul_shift = linear ? random_between(18, 31) : random_below(40);
		random_operand(&stage->mul_operand, op,
			       source == NPU_ELEMENT && stage->alu ? NPU_REGISTER : source, atom,
			       both ? 4 : random_between(1, 2), both ? offset + 2 : offset);
	}
	stage->relu = !random_below(3);
}

static void random_y(struct npu_stage_y *y, const struct npu_op *op, uint32_t atom)
{
	y->alu = random_below(4);
	y->mul = random_below(3);
	y->mul_shift = random_below(30);
	random_operand(&y->alu_operand, op, random_below(3), atom, random_between(1, 2),
		       take(NPU_CONSTS, op->out.channels * 2));
	random_operand(&y->mul_operand, op, random_below(2), atom, random_between(1, 2),
		       take(NPU_CONSTS, op->out.channels * 2));
	y->alu_converter = (struct npu_converter){ (int32_t)random_below(200) - 100,
						   (int16_t)random_below(65536), random_below(20), random_below(2) };
	y->mul_converter = (struct npu_converter){ (int32_t)random_below(200) - 100,
						   (int16_t)random_below(65536), random_below(20), random_below(2) };
	y->lut = random_below(2);
	y->lut_shift = random_below(20);
	y->lut_start = -(int32_t)(UINT32_C(1) << y->lut_shift) * 128;
	y->lut_offset = take(NPU_CONSTS, NPU_LUT_ENTRIES * 2);
	y->lut_region = NPU_CONSTS;
}

static void random_sdp(struct npu_op *op, uint32_t atom)
{
	struct npu_sdp *sdp = &op->sdp;
	bool linear = random_below(2);

	random_stage(&sdp->x1, op, atom, linear);
	if (!linear || random_below(2))
		random_stage(&sdp->x2, op, atom, linear);
	if (!linear && !random_below(3))
		random_y(&sdp->y, op, atom);
	if (linear && (sdp->x1.mul || sdp->x2.mul)) {
		sdp->cvt_scale = 1;
		sdp->cvt_offset = (int32_t)random_below(256) - 128;
	} else {
		sdp->cvt_scale = (int16_t)random_below(32768);
		sdp->cvt_shift = (uint8_t)random_between(10, 30);
		sdp->cvt_offset = (int32_t)random_below(2000) - 1000;
	}
}

/*
 * What networks make of additions, products, extremes and functions of one
 * value: the chains that have kernels of their own.
 */
static void random_elementwise(struct npu_op *op, uint32_t atom)
{
	struct npu_sdp *sdp = &op->sdp;
	const uint32_t fraction = random_between(10, 22);
	const int32_t zero = (int32_t)random_below(256) - 128, zero_b = (int32_t)random_below(256) - 128;
	const int16_t factor = (int16_t)(random_below(4) ? random_between(16384, 32767) :
					 random_below(65536));

	sdp->cvt_scale = 1;
	sdp->cvt_shift = (uint8_t)fraction;
	sdp->cvt_offset = -zero * (1 << fraction);
	sdp->x1.alu = NPU_ALU_SUM;
	sdp->x1.alu_operand.value = -((int32_t)random_below(256) - 128);
	sdp->x2.mul = NPU_MUL;
	sdp->x2.mul_operand.value = factor;
	switch (random_below(5)) {
	case 0:
		sdp->x1.mul = NPU_MUL;
		sdp->x1.mul_operand.value = (int16_t)random_between(12000, 32767);
		sdp->x2.alu = NPU_ALU_SUM;
		sdp->x2.alu_shift = (uint8_t)random_between(10, 16);
		sdp->x2.mul_shift = (uint8_t)random_between(6, 9);
		sdp->x2.relu = !random_below(3);
		sdp->cvt_offset += (int32_t)(((int64_t)zero_b * factor) *
					     (1 << (sdp->x2.alu_shift - sdp->x2.mul_shift)));
		random_operand(&sdp->x2.alu_operand, op, NPU_ELEMENT, atom, 0, 0);
		break;
	case 1:
		sdp->x1.mul = NPU_MUL;
		random_operand(&sdp->x1.mul_operand, op, NPU_ELEMENT, atom, 0, 0);
		break;
	case 2:
		sdp->y.mul = NPU_MUL;
		sdp->y.mul_converter = (struct npu_converter){ zero_b, 1, 0, 0 };
		random_operand(&sdp->y.mul_operand, op, NPU_ELEMENT, atom, 0, 0);
		break;
	case 3:
		memset(sdp, 0, sizeof(*sdp));
		sdp->cvt_scale = 1;
		sdp->x1.alu = random_below(2) ? NPU_ALU_MAX : NPU_ALU_MIN;
		random_operand(&sdp->x1.alu_operand, op, NPU_ELEMENT, atom, 0, 0);
		break;
	default:
		sdp->y.lut = (uint8_t)random_below(2);
		sdp->y.lut_shift = random_below(8);
		sdp->y.lut_start = -(int32_t)(UINT32_C(1) << sdp->y.lut_shift) * 128;
		sdp->y.lut_offset = take(NPU_CONSTS, NPU_LUT_ENTRIES * 2);
		sdp->y.lut_region = NPU_CONSTS;
	}
}

static void random_pdp(struct npu_op *op, uint32_t channels, uint32_t atom)
{
	struct npu_pdp *pdp = &op->pdp;
	uint32_t width = random_between(8, 20), height = random_between(8, 20);

	pdp->method = (uint8_t)random_below(3);
	pdp->kernel_w = (uint8_t)random_between(1, 8);
	pdp->kernel_h = (uint8_t)random_between(1, 8);
	pdp->stride_x = (uint8_t)random_between(1, 4);
	pdp->stride_y = (uint8_t)random_between(1, 4);
	pdp->pad_left = (uint8_t)random_below(pdp->kernel_w);
	pdp->pad_top = (uint8_t)random_below(pdp->kernel_h);
	pdp->pad_right = (uint8_t)random_below(pdp->kernel_w);
	pdp->pad_bottom = (uint8_t)random_below(pdp->kernel_h);
	if (pdp->method == NPU_POOL_AVERAGE) {
		pdp->recip_w = 65536 / pdp->kernel_w;
		pdp->recip_h = 65536 / pdp->kernel_h;
	}
	random_cube(&op->in, width, height, channels, atom);
	random_cube(&op->out,
		    npu_window_out(width, pdp->pad_left, pdp->pad_right, pdp->kernel_w, 1,
				   pdp->stride_x),
		    npu_window_out(height, pdp->pad_top, pdp->pad_bottom, pdp->kernel_h, 1,
				   pdp->stride_y), channels, atom);
}

/* Tables that the values mostly fall into, or not. */
static void random_cdp(struct npu_op *op, uint32_t channels, uint32_t atom)
{
	struct npu_cdp *cdp = &op->cdp;
	const uint32_t width = random_between(1, 12), height = random_between(1, 12);

	random_cube(&op->in, width, height, channels, atom);
	random_cube(&op->out, width, height, channels, atom);
	cdp->reach = (uint8_t)(random_below(4) ? random_between(1, 4) : 0);
	cdp->multiply = (uint8_t)random_below(2);
	cdp->le_shift = (uint8_t)(random_below(4) ? random_below(16) : random_below(32));
	cdp->lo_shift = (uint8_t)(random_below(4) ? random_below(16) : random_below(32));
	cdp->in_offset = (int32_t)random_below(256) - 128;
	cdp->le_start = (int32_t)(random_below(1 << 22) >> random_below(22));
	cdp->lo_start = (int32_t)(random_below(1 << 22) >> random_below(22));
	cdp->le_start -= random_below(2) ? 1 << 21 : 0;
	cdp->lo_start -= random_below(2) ? 1 << 21 : 0;
	cdp->le_start = cdp->le_start > (1 << 21) - 1 ? 0 : cdp->le_start;
	cdp->lo_start = cdp->lo_start > (1 << 21) - 1 ? 0 : cdp->lo_start;
	cdp->out_offset = (int32_t)(random_below(1 << 25) >> random_below(25)) - (1 << 24) *
			  (int32_t)random_below(2);
	cdp->out_offset = cdp->out_offset > (1 << 24) - 1 ? 0 : cdp->out_offset;
	cdp->out_scale = (int16_t)random_below(65536);
	cdp->out_shift = (uint8_t)(random_below(8) ? random_between(8, 36) : random_below(64));
	cdp->lut_region = NPU_CONSTS;
	cdp->lut_offset = take(NPU_CONSTS, (NPU_CDP_LE + NPU_LUT_ENTRIES) * 2);
}

static void random_op(struct npu_op *op, const struct npu_atoms *chosen)
{
	static const uint8_t kinds[] = {
		NPU_CONV, NPU_CONV, NPU_CONV, NPU_CONV, NPU_CONV, NPU_SDP, NPU_SDP, NPU_SDP,
		NPU_PDP, NPU_CDP,
	};
	struct npu_conv *conv = &op->conv;
	uint32_t channels = random_between(1, 70), kernels = random_between(1, 70), width, height;

	memset(op, 0, sizeof(*op));
	memset(room, 0, sizeof(room));
	op->kind = kinds[random_below(sizeof(kinds) / sizeof(kinds[0]))];
	width = random_between(1, 12);
	height = random_between(1, 12);
	if (op->kind == NPU_SDP) {
		random_cube(&op->in, width, height, channels, chosen->m);
		random_cube(&op->out, width, height, channels, chosen->m);
		if (random_below(2))
			random_elementwise(op, chosen->m);
		else
			random_sdp(op, chosen->m);
		return;
	}
	if (op->kind == NPU_CDP) {
		random_cdp(op, channels, chosen->m);
		return;
	}
	if (op->kind == NPU_PDP) {
		random_pdp(op, channels, chosen->m);
		return;
	}
	conv->kernel_w = (uint8_t)random_between(1, 5);
	conv->kernel_h = (uint8_t)random_between(1, 5);
	conv->stride_x = (uint8_t)random_between(1, 3);
	conv->stride_y = (uint8_t)random_between(1, 3);
	conv->dilation_x = (uint8_t)random_between(1, 2);
	conv->dilation_y = (uint8_t)random_between(1, 2);
	conv->pad_left = (uint8_t)random_below(conv->kernel_w);
	conv->pad_top = (uint8_t)random_below(conv->kernel_h);
	conv->pad_right = (uint8_t)random_below(conv->kernel_w);
	conv->pad_bottom = (uint8_t)random_below(conv->kernel_h);
	conv->pad_value = (int8_t)random_below(256);
	conv->groups = 1;
	conv->groups_per_block = 1;
	width += 8;
	height += 8;
	if (!random_below(3)) {
		conv->groups = channels;
		kernels = channels;
	}
	random_cube(&op->in, width, height, channels, chosen->m);
	random_cube(&op->out,
		    npu_window_out(width, conv->pad_left, conv->pad_right, conv->kernel_w,
				   conv->dilation_x, conv->stride_x),
		    npu_window_out(height, conv->pad_top, conv->pad_bottom, conv->kernel_h,
				   conv->dilation_y, conv->stride_y), kernels, chosen->m);
	conv->weight_bytes = npu_weights_size(op, chosen);
	conv->weights = take(NPU_CONSTS, conv->weight_bytes);
	random_sdp(op, chosen->m);
}

static bool same(const struct npu_op *op, const uint8_t *a, const uint8_t *b)
{
	const struct npu_cube *cube = &op->out;
	uint32_t c, y, x;

	for (c = 0; c < cube->channels; c++) {
		for (y = 0; y < cube->height; y++) {
			for (x = 0; x < cube->width; x++) {
				uint64_t at = cube->offset +
					      (uint64_t)(c / cube->atom) * cube->surface +
					      (uint64_t)y * cube->line +
					      (uint64_t)x * cube->atom + c % cube->atom;

				if (a[at] != b[at]) {
					printf("# kind %u: (%u,%u,%u) is %d, not %d\n", op->kind,
					       y, x, c, (int8_t)a[at], (int8_t)b[at]);
					return false;
				}
			}
		}
	}

	return true;
}

static int run_on(const struct npu_kernels *kernels, const struct npu_op *op,
		  const struct npu_atoms *chosen, uint8_t *consts, uint8_t *arena)
{
	uint8_t *const regions[NPU_REGIONS] = { consts, arena };
	struct npu_prepared *prepared;
	int ret;

	ret = kernels->prepare(op, chosen, consts, &prepared);
	if (ret)
		return ret;
	ret = kernels->run(prepared, regions);
	kernels->free(prepared);

	return ret;
}

/* How often each way of running an operation from memory to memory was taken. */
static unsigned int forms[SDP_BY_PAIR + 1];

static void count_form(const struct npu_op *op, const uint8_t *consts)
{
	struct sdp_block block = { .op = NULL };

	if (op->kind == NPU_SDP &&
	    !sdp_block_prepare(&block, accel_isa_detect(), op, consts,
			       (struct sdp_range){ INT8_MIN, INT8_MAX }))
		forms[block.form]++;
	sdp_block_release(&block);
}

static unsigned int normalisations;

/* Return: 1 equal, 0 different, -1 not one for the fast kernels. */
static int compare(void)
{
	const struct npu_atoms *chosen = &atoms[random_below(sizeof(atoms) / sizeof(atoms[0]))];
	uint8_t *consts, *arena, *other;
	struct npu_op op;
	const char *why;
	int result = -1;
	uint64_t i;

	random_op(&op, chosen);
	if (!npu_kernels_fast.supports(&op) || npu_op_check(&op, room, &why))
		return -1;
	consts = malloc(room[NPU_CONSTS] + 64);
	arena = malloc(room[NPU_ARENA]);
	other = malloc(room[NPU_ARENA]);
	if (consts && arena && other) {
		for (i = 0; i < room[NPU_CONSTS]; i++)
			consts[i] = (uint8_t)random_below(256);
		for (i = 0; i < room[NPU_ARENA]; i++)
			arena[i] = other[i] = (uint8_t)random_below(256);
		count_form(&op, consts);
		normalisations += op.kind == NPU_CDP;
		result = !run_on(&npu_kernels_fast, &op, chosen, consts, arena) &&
			 !run_on(&npu_kernels_reference, &op, chosen, consts, other) &&
			 same(&op, arena, other);
	}
	free(consts);
	free(arena);
	free(other);

	return result;
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	unsigned int cases = argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 0) : 500;
	unsigned int threads, done = 0, bad = 0, failed = 0;

	printf("1..3\n");
	for (threads = 1; threads <= 3; threads += 2) {
		if (accel_pool_configure(threads, 0)) {
			puts("Bail out! no threads");
			return 1;
		}
		random_seed(seed);
		done = bad = 0;
		while (done < cases && !bad) {
			int result = compare();

			done += result >= 0;
			bad += !result;
		}
		failed += bad;
		printf("%s %u - %u operations as the reference, %s, %u threads, seed %llu\n",
		       bad ? "not ok" : "ok", (threads + 1) / 2, done,
		       accel_isa_name(accel_isa_detect()), threads, (unsigned long long)seed);
	}
	accel_pool_configure(1, 0);
	bad = !forms[SDP_BY_CHAIN] || !forms[SDP_BY_TABLE] || !forms[SDP_BY_PAIR] ||
	      !normalisations;
	failed += bad;
	printf("%s 3 - element-wise by %u chains, %u tables, %u functions of two values; "
	       "%u normalisations\n", bad ? "not ok" : "ok", forms[SDP_BY_CHAIN], forms[SDP_BY_TABLE],
	       forms[SDP_BY_PAIR], normalisations);

	return failed != 0;
}
