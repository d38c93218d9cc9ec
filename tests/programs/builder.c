// SPDX-License-Identifier: MIT
/*
 * Register programs written by hand.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder.h"

/* Make room for one more element; rooms are powers of two. */
static void *grow(void *array, __u32 count, size_t size)
{
	if (count & (count - 1))
		return array;
	array = realloc(array, (count ? 2 * (size_t)count : 1) * size);
	if (!array) {
		perror("builder");
		exit(2);
	}

	return array;
}

#define ADD(builder, array, count) \
	((builder)->array = grow((builder)->array, (builder)->count, sizeof(*(builder)->array)), \
	 memset(&(builder)->array[(builder)->count], 0, sizeof(*(builder)->array)), \
	 &(builder)->array[(builder)->count++])

void builder_init(struct builder *builder, const struct nvdla_config *config)
{
	memset(builder, 0, sizeof(*builder));
	builder->config = config;
}

void builder_fini(struct builder *builder)
{
	free(builder->ops);
	free(builder->regs);
	free(builder->relocs);
	free(builder->deps);
	free(builder->luts);
	memset(builder, 0, sizeof(*builder));
}

static struct drm_nvdla_op *last_op(struct builder *builder)
{
	return &builder->ops[builder->op_count - 1];
}

__u32 builder_op(struct builder *builder, __u32 engines)
{
	struct drm_nvdla_op *op = ADD(builder, ops, op_count);

	op->engines = engines;
	op->first_reg = builder->reg_count;
	op->first_reloc = builder->reloc_count;
	op->first_dep = builder->dep_count;
	op->lut = -1;

	return builder->op_count - 1;
}

void builder_reg(struct builder *builder, enum nvdla_unit unit, __u32 offset, __u32 value)
{
	struct drm_nvdla_reg *reg = ADD(builder, regs, reg_count);

	reg->offset = builder->config->base[unit] + offset;
	reg->value = value;
	last_op(builder)->reg_count++;
}

void builder_reloc(struct builder *builder, enum nvdla_unit unit, __u32 offset, __u32 slot,
		   __u64 delta)
{
	struct drm_nvdla_reloc *reloc = ADD(builder, relocs, reloc_count);

	reloc->reg = builder->config->base[unit] + offset;
	reloc->slot = slot;
	reloc->delta = delta;
	if (slot >= builder->slot_count)
		builder->slot_count = slot + 1;
	last_op(builder)->reloc_count++;
}

void builder_dep(struct builder *builder, __u32 op)
{
	*ADD(builder, deps, dep_count) = op;
	last_op(builder)->dep_count++;
}

__u32 builder_lut(struct builder *builder, __u32 engine)
{
	struct drm_nvdla_lut *lut = ADD(builder, luts, lut_count);

	lut->engine = engine;
	lut->first_reg = builder->reg_count;

	return builder->lut_count - 1;
}

void builder_lut_reg(struct builder *builder, enum nvdla_unit unit, __u32 offset, __u32 value)
{
	struct drm_nvdla_reg *reg = ADD(builder, regs, reg_count);

	reg->offset = builder->config->base[unit] + offset;
	reg->value = value;
	builder->luts[builder->lut_count - 1].reg_count++;
}

struct drm_nvdla_reg *builder_find_reg(struct builder *builder, __u32 op, enum nvdla_unit unit,
				       __u32 offset)
{
	struct drm_nvdla_reg *reg = builder->regs + builder->ops[op].first_reg;
	struct drm_nvdla_reg *end = reg + builder->ops[op].reg_count;

	for (; reg < end; reg++) {
		if (reg->offset == builder->config->base[unit] + offset)
			return reg;
	}

	return NULL;
}
