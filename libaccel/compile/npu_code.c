// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "npu_code.h"

/* Memory that an operation touched, and its last hardware operation. */
struct npu_hazard {
	uint64_t start, end;
	uint32_t region;
	uint32_t op;
	bool written;
};

void npu_code_free(struct npu_code *code)
{
	free(code->ops);
	free(code->regs);
	free(code->relocs);
	free(code->deps);
	free(code->luts);
	free(code->source);
	free(code->hazards);
	memset(code, 0, sizeof(*code));
}

void npu_code_begin(struct npu_code *code, uint32_t engines, uint32_t index)
{
	struct drm_nvdla_op *op;

	if (!ARRAY_GROW(code, op) ||
	    !array_grow(&code->error, &code->source, &code->source_room, code->op_count,
			sizeof(*code->source)))
		return;
	code->source[code->op_count] = index;
	op = &code->ops[code->op_count++];
	*op = (struct drm_nvdla_op) {
		.engines = engines,
		.first_reg = code->reg_count,
		.first_reloc = code->reloc_count,
		.first_dep = code->dep_count,
		.lut = -1,
	};
}

void npu_code_reg(struct npu_code *code, uint32_t base, uint32_t offset, uint32_t value)
{
	/* What is not listed is written as 0. */
	if (value)
		npu_code_reg_always(code, base, offset, value);
}

void npu_code_reg_always(struct npu_code *code, uint32_t base, uint32_t offset, uint32_t value)
{
	if (!ARRAY_GROW(code, reg))
		return;
	code->regs[code->reg_count++] = (struct drm_nvdla_reg) { base + offset, value };
	code->ops[code->op_count - 1].reg_count++;
}

void npu_code_reloc(struct npu_code *code, uint32_t base, uint32_t offset, uint32_t region,
		    uint64_t delta)
{
	if (!ARRAY_GROW(code, reloc))
		return;
	code->relocs[code->reloc_count++] = (struct drm_nvdla_reloc) {
		.reg = base + offset, .slot = region, .delta = delta,
	};
	code->ops[code->op_count - 1].reloc_count++;
}

int32_t npu_code_table(struct npu_code *code, struct drm_nvdla_lut *lut,
		       const struct drm_nvdla_reg *regs)
{
	uint32_t i;

	/* The same tables as before need not be stored, nor loaded, twice. */
	for (i = 0; i < code->lut_count; i++) {
		lut->first_reg = code->luts[i].first_reg;
		if (!memcmp(&code->luts[i], lut, sizeof(*lut)) &&
		    !memcmp(&code->regs[lut->first_reg], regs, lut->reg_count * sizeof(*regs)))
			return (int32_t)i;
	}
	lut->first_reg = code->reg_count;
	if (!ARRAY_GROW(code, lut))
		return -1;
	for (i = 0; i < lut->reg_count; i++) {
		if (!ARRAY_GROW(code, reg))
			return -1;
		code->regs[code->reg_count++] = regs[i];
	}
	code->luts[code->lut_count++] = *lut;
	return (int32_t)code->lut_count - 1;
}

uint64_t npu_box_offset(const struct npu_cube *cube, const struct npu_box *box)
{
	return cube->offset + (uint64_t)(box->c / cube->atom) * cube->surface +
	       (uint64_t)box->y * cube->line + (uint64_t)box->x * cube->atom;
}

/*
 * Engines work in the order of the program, so waiting for an operation's last
 * hardware operation waits for all of them; and the first one of the new
 * operation waits for the others of the same engines behind it.
 */
static void depend(struct npu_code *code, const struct npu_cube *cube, bool write, uint32_t first)
{
	struct drm_nvdla_op *op = &code->ops[first];
	uint64_t end = npu_cube_end(cube);
	uint32_t i, j;

	if (cube->region == NPU_CONSTS)
		return;
	for (i = code->hazard_count; i-- > 0;) {
		const struct npu_hazard *hazard = &code->hazards[i];

		if (hazard->op >= first || hazard->region != cube->region || (!write && !hazard->written) ||
		    hazard->end <= cube->offset || hazard->start >= end)
			continue;
		for (j = 0; j < op->dep_count && code->deps[op->first_dep + j] != hazard->op; j++)
			;
		if (j < op->dep_count)
			continue;
		if (!ARRAY_GROW(code, dep))
			return;
		code->deps[code->dep_count++] = hazard->op;
		op->dep_count++;
	}
}

static void touch(struct npu_code *code, const struct npu_cube *cube, bool write, uint32_t last)
{
	uint64_t end = npu_cube_end(cube);
	uint32_t i, kept = 0;

	if (cube->region == NPU_CONSTS)
		return;
	/* Whoever waits for a new write of all of it need not know of older ones. */
	for (i = 0; write && i < code->hazard_count; i++) {
		const struct npu_hazard *hazard = &code->hazards[i];

		if (hazard->region != cube->region || hazard->start < cube->offset ||
		    hazard->end > end)
			code->hazards[kept++] = *hazard;
	}
	if (write)
		code->hazard_count = kept;
	if (!ARRAY_GROW(code, hazard))
		return;
	code->hazards[code->hazard_count++] = (struct npu_hazard) {
		.start = cube->offset, .end = end, .region = cube->region, .op = last,
		.written = write,
	};
}

int npu_code_add(struct npu_code *code, const struct nvdla_config *config,
		 const struct npu_op *op, const struct npu_op *pool,
		 const struct npu_tiling *tiling, uint32_t index, const uint8_t *consts)
{
	const struct npu_cube *out = pool ? &pool->out : &op->out;
	const uint32_t first = code->op_count;
	struct npu_cube cubes[NPU_OPERANDS];
	uint32_t i, count = npu_op_operands(op, cubes);
	struct npu_box all = {
		.width = op->out.width, .height = op->out.height, .channels = op->out.channels,
	};
	int32_t lut;

	switch (op->kind) {
	case NPU_CONV:
		lut = npu_emit_lut(code, config, op, consts);
		npu_emit_conv(code, config, op, pool, tiling, index, lut);
		break;
	case NPU_SDP:
		lut = npu_emit_lut(code, config, op, consts);
		npu_code_begin(code, DRM_NVDLA_ENGINE_SDP, index);
		if (code->error)
			return code->error;
		code->ops[first].lut = lut;
		npu_emit_sdp(code, config, op, &all, false, false);
		break;
	case NPU_PDP:
		npu_emit_pdp(code, config, op, index);
		break;
	default:
		npu_emit_cdp(code, config, op, index, consts);
	}
	if (code->error)
		return code->error;

	/* Dependencies must lie together: only the first operation has any. */
	code->ops[first].first_dep = code->dep_count;
	depend(code, &op->in, false, first);
	for (i = 0; i < count; i++)
		depend(code, &cubes[i], false, first);
	depend(code, out, true, first);
	code->last_op = code->op_count - 1;
	touch(code, &op->in, false, code->last_op);
	for (i = 0; i < count; i++)
		touch(code, &cubes[i], false, code->last_op);
	touch(code, out, true, code->last_op);
	return code->error;
}
