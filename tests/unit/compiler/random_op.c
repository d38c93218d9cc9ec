// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "libaccel/compile/npu_code.h"
#include "random_op.h"

uint32_t random_next(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*state >> 33) ^ (uint32_t)(*state >> 17);
}

int32_t random_range(uint64_t *state, int32_t low, int32_t high)
{
	return low + (int32_t)(random_next(state) % (uint32_t)(high - low + 1));
}

static bool chance(uint64_t *state, int percent)
{
	return random_range(state, 0, 99) < percent;
}

static void append(struct random_case *c, uint32_t region, uint64_t bytes, uint64_t *offset)
{
	*offset = (c->size[region] + 127) & ~UINT64_C(127);
	c->size[region] = *offset + bytes;
}

/* A cube with room around it now and then. */
static void place(struct random_case *c, struct npu_cube *cube, uint32_t atom, uint64_t *state)
{
	if (cube->width > 1 || cube->height > 1) {
		cube->line += chance(state, 30) ? atom * random_range(state, 1, 3) : 0;
		cube->surface = cube->line * cube->height;
		cube->surface += chance(state, 30) ? atom * random_range(state, 1, 5) : 0;
	}
	cube->region = chance(state, 30) ? NPU_SRAM : NPU_ARENA;
	append(c, cube->region, npu_cube_end(cube) - cube->offset + atom, &cube->offset);
}

static void channel(struct random_case *c, struct npu_operand *operand, uint32_t step,
		    const struct nvdla_config *config)
{
	uint32_t channels = (c->op.out.channels + config->atomic_m - 1) / config->atomic_m *
			    config->atomic_m;

	operand->source = NPU_CHANNEL;
	/* Bytes are what an operation before has left. */
	operand->region = step > 1 ? NPU_CONSTS : NPU_ARENA;
	operand->step = step;
	append(c, operand->region, (uint64_t)channels * step, &operand->offset);
}

static void stage(struct random_case *c, struct npu_stage *s, bool element,
		  const struct nvdla_config *config, uint64_t *state)
{
	s->alu = random_range(state, 0, 3);
	s->mul = random_range(state, 0, 2);
	s->relu = chance(state, 30);
	if (s->mul)
		s->mul_shift = random_range(state, 0, 20);
	if (s->alu)
		s->alu_shift = chance(state, 50) ? 0 : random_range(state, 0, 20);
	if (element && s->alu && chance(state, 60)) {
		npu_cube_dense(&s->alu_operand.cube, c->op.out.width, c->op.out.height,
			       c->op.out.channels, config->atomic_m);
		place(c, &s->alu_operand.cube, config->atomic_m, state);
		s->alu_operand.source = NPU_ELEMENT;
		s->mul_operand.value = (int16_t)random_next(state);
		return;
	}
	if (s->alu && s->mul && chance(state, 50)) {
		channel(c, &s->alu_operand, 4, config);
		s->mul_operand = s->alu_operand;
		s->mul_operand.offset += 2;
		return;
	}
	s->alu_operand.value = (int16_t)random_next(state);
	s->mul_operand.value = (int16_t)random_next(state);
	if (s->mul && chance(state, 50))
		channel(c, &s->mul_operand, random_range(state, 1, 2), config);
	else if (s->alu && chance(state, 50))
		channel(c, &s->alu_operand, random_range(state, 1, 2), config);
}

static void random_sdp(struct random_case *c, const struct nvdla_config *config, uint64_t *state,
		       int bits)
{
	struct npu_sdp *sdp = &c->op.sdp;

	stage(c, &sdp->x1, c->op.kind == NPU_CONV ? chance(state, 30) : true, config, state);
	stage(c, &sdp->x2, chance(state, 50), config, state);
	if (config->features & NVDLA_FEAT_SDP_EW && chance(state, 50)) {
		struct npu_stage_y *y = &sdp->y;

		y->alu = random_range(state, 0, 3);
		y->mul = random_range(state, 0, 2);
		y->mul_shift = y->mul ? random_range(state, 0, 40) : 0;
		y->alu_operand.value = (int32_t)random_next(state);
		y->mul_operand.value = (int32_t)random_next(state);
		if (y->mul && chance(state, 50)) {
			npu_cube_dense(&y->mul_operand.cube, c->op.out.width, c->op.out.height,
				       c->op.out.channels, config->atomic_m);
			place(c, &y->mul_operand.cube, config->atomic_m, state);
			y->mul_operand.source = NPU_ELEMENT;
			if (chance(state, 50))
				channel(c, &y->mul_operand, random_range(state, 1, 2), config);
			y->mul_converter.offset = random_range(state, -300, 300);
			y->mul_converter.scale = (int16_t)random_next(state);
			y->mul_converter.shift = random_range(state, 0, 10);
			y->mul_converter.bypass = chance(state, 30);
		}
		if (config->features & NVDLA_FEAT_SDP_LUT && chance(state, 50)) {
			y->lut = 1;
			y->lut_start = random_range(state, -100000, 100000) >>
				       random_range(state, 0, 16);
			y->lut_shift = random_range(state, 0, 18);
			append(c, NPU_CONSTS, NPU_LUT_ENTRIES * 2, &y->lut_offset);
		}
	}
	sdp->cvt_offset = random_range(state, -1000000, 1000000) >> random_range(state, 0, 20);
	sdp->cvt_scale = chance(state, 50) ? 1 : (int16_t)random_next(state);
	sdp->cvt_shift = random_range(state, 0, bits);
}

static bool random_conv(struct random_case *c, const struct nvdla_config *config,
			enum random_kind kind, uint64_t *state)
{
	struct npu_conv *conv = &c->op.conv;
	const uint32_t atom = config->atomic_m;
	uint32_t width, height, channels, kernels, span_x, span_y, out_w, out_h;
	bool large = chance(state, 15);

	conv->kernel_w = chance(state, 30) ? 1 : random_range(state, 1, chance(state, 20) ? 9 : 4);
	conv->kernel_h = chance(state, 30) ? 1 : random_range(state, 1, chance(state, 20) ? 9 : 4);
	conv->stride_x = chance(state, 60) ? 1 : random_range(state, 1, 3);
	conv->stride_y = chance(state, 60) ? 1 : random_range(state, 1, 3);
	conv->dilation_x = conv->dilation_y = 1;
	if (kind != RANDOM_IMAGE && chance(state, 20)) {
		conv->dilation_x = random_range(state, 1, 3);
		conv->dilation_y = random_range(state, 1, 3);
	}
	conv->groups = conv->groups_per_block = 1;
	width = random_range(state, 1, large ? 80 : 20);
	height = random_range(state, 1, large ? 80 : 20);
	channels = random_range(state, 1, chance(state, 20) ? 200 : 40);
	kernels = random_range(state, 1, chance(state, 20) ? 200 : 40);
	if (kind == RANDOM_DEPTHWISE) {
		/* Blocks begin at surfaces: as many groups as an atom holds, or so. */
		uint32_t group_c = random_range(state, 1, 2), group_k = random_range(state, 1, 2);

		conv->groups = random_range(state, 2, 100);
		conv->groups_per_block = atom * random_range(state, 1, 3);
		if (chance(state, 30))
			conv->groups = conv->groups_per_block * random_range(state, 2, 3);
		if (conv->groups_per_block > conv->groups)
			conv->groups_per_block = conv->groups;
		conv->shared = conv->groups % conv->groups_per_block == 0 && chance(state, 50);
		channels = conv->groups * group_c;
		kernels = conv->groups * group_k;
	} else if (kind == RANDOM_IMAGE) {
		conv->image = 1;
		channels = chance(state, 30) ? 1 : 4;
		width = random_range(state, 8, large ? 150 : 40);
	}
	span_x = (conv->kernel_w - 1) * conv->dilation_x + 1;
	span_y = (conv->kernel_h - 1) * conv->dilation_y + 1;
	conv->pad_left = random_range(state, 0, span_x - 1);
	conv->pad_right = random_range(state, 0, span_x - 1);
	conv->pad_top = random_range(state, 0, span_y - 1);
	conv->pad_bottom = random_range(state, 0, span_y - 1);
	conv->pad_value = (int8_t)random_next(state);
	out_w = npu_window_out(width, conv->pad_left, conv->pad_right, conv->kernel_w,
			       conv->dilation_x, conv->stride_x);
	out_h = npu_window_out(height, conv->pad_top, conv->pad_bottom, conv->kernel_h,
			       conv->dilation_y, conv->stride_y);
	if (!out_w || !out_h)
		return false;
	npu_cube_dense(&c->op.in, width, height, channels, conv->image ? channels : atom);
	if (conv->image)
		c->op.in.line = (c->op.in.line + atom - 1) / atom * atom;
	c->op.in.surface = c->op.in.line * height;
	place(c, &c->op.in, atom, state);
	npu_cube_dense(&c->op.out, out_w, out_h, kernels, atom);
	place(c, &c->op.out, atom, state);
	return true;
}

static bool random_pool(struct npu_op *op, uint32_t width, uint32_t height, uint32_t channels,
			uint32_t atom, uint64_t *state)
{
	struct npu_pdp *pdp = &op->pdp;
	uint32_t out_w, out_h;

	op->kind = NPU_PDP;
	pdp->method = random_range(state, 0, 2);
	pdp->kernel_w = random_range(state, 1, 8);
	pdp->kernel_h = random_range(state, 1, 8);
	pdp->stride_x = random_range(state, 1, pdp->kernel_w);
	pdp->stride_y = random_range(state, 1, pdp->kernel_h);
	if (pdp->method == NPU_POOL_AVERAGE) {
		pdp->recip_w = 0x10000 / pdp->kernel_w;
		pdp->recip_h = 0x10000 / pdp->kernel_h;
	} else {
		pdp->pad_left = random_range(state, 0, pdp->kernel_w - 1);
		pdp->pad_right = random_range(state, 0, pdp->kernel_w - 1);
		pdp->pad_top = random_range(state, 0, pdp->kernel_h - 1);
		pdp->pad_bottom = random_range(state, 0, pdp->kernel_h - 1);
	}
	out_w = npu_window_out(width, pdp->pad_left, pdp->pad_right, pdp->kernel_w, 1,
			       pdp->stride_x);
	out_h = npu_window_out(height, pdp->pad_top, pdp->pad_bottom, pdp->kernel_h, 1,
			       pdp->stride_y);
	if (!out_w || !out_h)
		return false;
	npu_cube_dense(&op->in, width, height, channels, atom);
	npu_cube_dense(&op->out, out_w, out_h, channels, atom);
	return true;
}

/* A pooling that takes the convolution's results as they come. */
static bool random_behind(struct random_case *c, const struct nvdla_config *config,
			  uint64_t *state)
{
	const char *why;

	if (!random_pool(&c->pool, c->op.out.width, c->op.out.height, c->op.out.channels,
			 config->atomic_m, state))
		return false;
	c->pool.in = c->op.out;
	place(c, &c->pool.out, config->atomic_m, state);
	c->pooled = true;
	return !npu_op_supported(config, &c->pool, &why) &&
	       !npu_flying_supported(&c->op, &c->pool, &why);
}

/* Tables anywhere near the values that they are looked up with. */
static void random_cdp(struct random_case *c, const struct nvdla_config *config, uint64_t *state)
{
	struct npu_cdp *cdp = &c->op.cdp;

	c->op.kind = NPU_CDP;
	npu_cube_dense(&c->op.in, random_range(state, 1, 20), random_range(state, 1, 20),
		       random_range(state, 1, 70), config->atomic_m);
	c->op.out = c->op.in;
	place(c, &c->op.in, config->atomic_m, state);
	place(c, &c->op.out, config->atomic_m, state);
	cdp->reach = random_range(state, 0, 4);
	cdp->multiply = random_range(state, 0, 1);
	cdp->le_shift = random_range(state, 0, cdp->reach ? 14 : 4);
	cdp->lo_shift = random_range(state, 0, cdp->reach ? 14 : 2);
	cdp->in_offset = random_range(state, -128, 127);
	cdp->le_start = random_range(state, -300, cdp->reach ? 100000 : 300);
	cdp->lo_start = random_range(state, -300, cdp->reach ? 1000 : 300);
	cdp->out_offset = random_range(state, -1000000, 1000000) >> random_range(state, 0, 20);
	cdp->out_scale = chance(state, 50) ? 1 : (int16_t)random_next(state);
	cdp->out_shift = random_range(state, 0, 36);
	append(c, NPU_CONSTS, (NPU_CDP_LE + NPU_LUT_ENTRIES) * 2, &cdp->lut_offset);
}

bool random_case(struct random_case *c, const struct nvdla_config *config, enum random_kind kind,
		 uint64_t *state)
{
	const struct npu_atoms atoms = { config->atomic_c, config->atomic_k, config->atomic_m };
	const uint32_t atom = config->atomic_m;
	const char *why;
	uint64_t i;
	uint32_t r;

	memset(c, 0, sizeof(*c));
	if (kind == RANDOM_SDP) {
		c->op.kind = NPU_SDP;
		npu_cube_dense(&c->op.in, random_range(state, 1, 20), random_range(state, 1, 20),
			       random_range(state, 1, 70), atom);
		c->op.out = c->op.in;
		place(c, &c->op.in, atom, state);
		place(c, &c->op.out, atom, state);
		random_sdp(c, config, state, 12);
	} else if (kind == RANDOM_NORMALISE) {
		random_cdp(c, config, state);
	} else if (kind == RANDOM_POOL) {
		uint32_t width = random_range(state, 1, chance(state, 20) ? 300 : 40);

		if (!random_pool(&c->op, width, random_range(state, 1, 30),
				 random_range(state, 1, 70), atom, state))
			return false;
		place(c, &c->op.in, atom, state);
		place(c, &c->op.out, atom, state);
	} else {
		c->op.kind = NPU_CONV;
		if (!random_conv(c, config, kind == RANDOM_POOLED ?
				 (enum random_kind)random_range(state, RANDOM_CONV, RANDOM_IMAGE) :
				 kind, state))
			return false;
		random_sdp(c, config, state, 24);
		c->op.conv.weight_bytes = npu_weights_size(&c->op, &atoms);
		append(c, NPU_CONSTS, c->op.conv.weight_bytes, &c->op.conv.weights);
		if (kind == RANDOM_POOLED && !random_behind(c, config, state))
			return false;
	}
	c->size[NPU_CONSTS] += 128;
	if (npu_op_supported(config, &c->op, &why))
		return false;
	for (r = 0; r < NPU_REGIONS; r++) {
		c->regions[r] = malloc(c->size[r] + 1);
		if (!c->regions[r])
			abort();
		for (i = 0; i < c->size[r]; i++)
			c->regions[r][i] = random_next(state);
	}
	/* Blocks of groups have zeros beside their diagonal: pack plain weights. */
	if (c->op.kind == NPU_CONV) {
		size_t count = (size_t)c->op.out.channels * c->op.conv.kernel_w *
			       c->op.conv.kernel_h * (c->op.in.channels / c->op.conv.groups);
		int8_t *plain = malloc(count);

		if (!plain)
			abort();
		for (i = 0; i < count; i++)
			plain[i] = random_next(state);
		/* Alike in all groups, if blocks are to share them. */
		for (i = count / c->op.conv.groups; c->op.conv.shared && i < count; i++)
			plain[i] = plain[i - count / c->op.conv.groups];
		npu_weights_pack(&c->op, &atoms, plain,
				 (int8_t *)c->regions[NPU_CONSTS] + c->op.conv.weights);
		free(plain);
	}
	return true;
}

void random_case_free(struct random_case *c)
{
	uint32_t r;

	for (r = 0; r < NPU_REGIONS; r++)
		free(c->regions[r]);
}
