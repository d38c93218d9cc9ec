// SPDX-License-Identifier: (GPL-2.0-only OR MIT)
/*
 * Program validation: walks over the operations, collects register values and
 * relocations, has the engines' rules checked, and lays out the result.
 */
#include "validate_op.h"

#define NO_OP	((__u32)~0)

#define CONV_UNITS	(BIT(NVDLA_CDMA) | BIT(NVDLA_CSC) | BIT(NVDLA_CMAC_A) | \
			 BIT(NVDLA_CMAC_B) | BIT(NVDLA_CACC))

static int refuse(struct nvdla_refusal *refusal, __u32 op, __u32 reg, enum drm_nvdla_fail code)
{
	refusal->op = op;
	refusal->reg = reg;
	refusal->code = code;
	return code == DRM_NVDLA_FAIL_COUNT ? -E2BIG : -EINVAL;
}

int op_refuse(struct op_check *c, enum nvdla_unit unit, __u32 offset, enum drm_nvdla_fail code)
{
	return refuse(c->refusal, c->index, c->config->base[unit] + offset, code);
}

int op_expect_aligned(struct op_check *c, enum nvdla_unit unit, __u32 offset)
{
	return op_expect(c, !(op_reg(c, unit, offset) % c->config->atomic_m), unit, offset,
			 DRM_NVDLA_FAIL_ALIGN);
}

int op_expect_precision(struct op_check *c, enum nvdla_unit unit, __u32 offset, __u32 value)
{
	bool ok = value == CDMA_D_MISC_CFG_PROC_PRECISION_INT8 ||
		  (value == CDMA_D_MISC_CFG_PROC_PRECISION_INT16 &&
		   c->config->features & NVDLA_FEAT_INT16) ||
		  (value == CDMA_D_MISC_CFG_PROC_PRECISION_FP16 &&
		   c->config->features & NVDLA_FEAT_FP16);

	return op_expect(c, ok, unit, offset, DRM_NVDLA_FAIL_VALUE);
}

__u64 cube_extent(const struct nvdla_config *config, const struct cube *cube)
{
	/* Counts are below 2^24 and strides below 2^32: none of this overflows. */
	return (cube->batches - 1) * cube->batch_stride +
	       (cube->surfaces - 1) * cube->surf_stride +
	       (cube->height - 1) * cube->line_stride + cube->width * config->atomic_m;
}

void op_use(struct op_check *c, enum nvdla_port port, __u64 extent)
{
	c->used[port] = true;
	c->extent[port] = extent;
}

static __u32 low_offset(const struct op_check *c, enum nvdla_port port)
{
	return c->config->base[nvdla_ports[port].unit] + nvdla_ports[port].low;
}

/* Units that the engine set may name in registers and relocations. */
static int engine_units(struct op_check *c, __u32 *units)
{
	const struct nvdla_config *config = c->config;
	bool ok = true;

	switch (c->op->engines) {
	case DRM_NVDLA_ENGINE_CONV | DRM_NVDLA_ENGINE_SDP:
		*units = CONV_UNITS | BIT(NVDLA_SDP_RDMA) | BIT(NVDLA_SDP);
		break;
	case DRM_NVDLA_ENGINE_CONV | DRM_NVDLA_ENGINE_SDP | DRM_NVDLA_ENGINE_PDP:
		*units = CONV_UNITS | BIT(NVDLA_SDP_RDMA) | BIT(NVDLA_SDP) | BIT(NVDLA_PDP);
		break;
	case DRM_NVDLA_ENGINE_SDP:
		*units = BIT(NVDLA_SDP_RDMA) | BIT(NVDLA_SDP);
		break;
	case DRM_NVDLA_ENGINE_SDP | DRM_NVDLA_ENGINE_PDP:
		*units = BIT(NVDLA_SDP_RDMA) | BIT(NVDLA_SDP) | BIT(NVDLA_PDP);
		break;
	case DRM_NVDLA_ENGINE_PDP:
		*units = BIT(NVDLA_PDP_RDMA) | BIT(NVDLA_PDP);
		break;
	case DRM_NVDLA_ENGINE_CDP:
		*units = BIT(NVDLA_CDP_RDMA) | BIT(NVDLA_CDP);
		break;
	case DRM_NVDLA_ENGINE_BDMA:
		*units = BIT(NVDLA_BDMA);
		ok = config->features & NVDLA_FEAT_BDMA;
		break;
	case DRM_NVDLA_ENGINE_RUBIK:
		*units = BIT(NVDLA_RUBIK);
		ok = config->features & NVDLA_FEAT_RUBIK;
		break;
	default:
		ok = false;
	}

	return ok ? 0 : refuse(c->refusal, c->index, NO_OP, DRM_NVDLA_FAIL_ENGINES);
}

static bool range_ok(__u32 first, __u32 count, __u32 total)
{
	return first <= total && count <= total - first;
}

static int collect_regs(struct op_check *c, __u32 units)
{
	const struct nvdla_validator *v = c->v;
	const struct drm_nvdla_reg *reg = c->desc->regs + c->op->first_reg;
	const struct drm_nvdla_reg *end = reg + c->op->reg_count;

	for (; reg < end; reg++) {
		enum nvdla_unit unit = nvdla_config_unit(c->config, reg->offset);
		__u32 word = reg->offset % NVDLA_WINDOW_SIZE / 4;
		__u8 index;

		if (unit >= NVDLA_UNITS || !(units & BIT(unit)) || reg->offset % 4 ||
		    word >= UNIT_WORDS || !v->known[unit][word])
			return refuse(c->refusal, c->index, reg->offset,
				      DRM_NVDLA_FAIL_UNKNOWN_REG);
		index = v->index[unit][word];
		if (index == NO_INDEX || !v->allowed[unit][index])
			return refuse(c->refusal, c->index, reg->offset, DRM_NVDLA_FAIL_KERNEL_REG);
		if (c->given[unit] >> index & 1)
			return refuse(c->refusal, c->index, reg->offset, DRM_NVDLA_FAIL_DUPLICATE);
		if (reg->value & ~v->allowed[unit][index])
			return refuse(c->refusal, c->index, reg->offset, DRM_NVDLA_FAIL_BITS);
		c->given[unit] |= 1ULL << index;
		c->image[unit][index] = reg->value;
		c->mentioned |= BIT(unit);
	}

	return 0;
}

static int collect_relocs(struct op_check *c, __u32 units)
{
	const struct drm_nvdla_reloc *reloc = c->desc->relocs + c->op->first_reloc;
	const struct drm_nvdla_reloc *end = reloc + c->op->reloc_count;

	for (; reloc < end; reloc++) {
		unsigned int port;

		for (port = 0; port < PORTS; port++) {
			if (units & BIT(nvdla_ports[port].unit) &&
			    low_offset(c, port) == reloc->reg)
				break;
		}
		if (port == PORTS)
			return refuse(c->refusal, c->index, reloc->reg, DRM_NVDLA_FAIL_RELOC);
		if (c->reloc[port])
			return refuse(c->refusal, c->index, reloc->reg, DRM_NVDLA_FAIL_DUPLICATE);
		if (reloc->slot >= c->desc->slot_count)
			return refuse(c->refusal, c->index, reloc->reg, DRM_NVDLA_FAIL_INDEX);
		if (reloc->delta % c->config->atomic_m)
			return refuse(c->refusal, c->index, reloc->reg, DRM_NVDLA_FAIL_ALIGN);
		if (reloc->delta > EXTENT_MAX)
			return refuse(c->refusal, c->index, reloc->reg, DRM_NVDLA_FAIL_OVERFLOW);
		c->reloc[port] = reloc;
		c->mentioned |= BIT(nvdla_ports[port].unit);
	}

	return 0;
}

static int check_deps(struct op_check *c)
{
	const __u32 *dep = c->desc->deps + c->op->first_dep;
	const __u32 *end = dep + c->op->dep_count;

	/* Ranges may overlap: bound the work that small arrays can cause. */
	c->deps += c->op->dep_count;
	if (c->deps > NVDLA_MAX_DEPS)
		return refuse(c->refusal, c->index, NO_OP, DRM_NVDLA_FAIL_DEPENDENCY);
	for (; dep < end; dep++) {
		if (*dep >= c->index)
			return refuse(c->refusal, c->index, NO_OP, DRM_NVDLA_FAIL_DEPENDENCY);
	}

	return 0;
}

static int check_lut(struct op_check *c)
{
	enum nvdla_unit unit = c->op->engines & DRM_NVDLA_ENGINE_CDP ? NVDLA_CDP : NVDLA_SDP;
	__u32 engine = unit == NVDLA_CDP ? DRM_NVDLA_ENGINE_CDP : DRM_NVDLA_ENGINE_SDP;
	bool uses = c->op->engines & DRM_NVDLA_ENGINE_CDP ||
		    (c->op->engines & DRM_NVDLA_ENGINE_SDP && nvdla_sdp_uses_lut(c));
	bool ok;

	if (c->op->lut < 0)
		ok = !uses && c->op->lut == -1;
	else
		ok = uses && (__u32)c->op->lut < c->desc->lut_count &&
		     c->desc->luts[c->op->lut].engine == engine;

	return ok ? 0 : refuse(c->refusal, c->index, NO_OP, DRM_NVDLA_FAIL_LUT);
}

static int check_engines(struct op_check *c)
{
	__u32 engines = c->op->engines;
	struct flow conv, sdp;
	int ret = 0;

	if (engines & DRM_NVDLA_ENGINE_CONV)
		ret = nvdla_check_conv(c, &conv);
	if (!ret && engines & DRM_NVDLA_ENGINE_SDP)
		ret = nvdla_check_sdp(c, engines & DRM_NVDLA_ENGINE_CONV ? &conv : NULL,
				      engines & DRM_NVDLA_ENGINE_PDP ? &sdp : NULL);
	if (!ret && engines & DRM_NVDLA_ENGINE_PDP)
		ret = nvdla_check_pdp(c, engines & DRM_NVDLA_ENGINE_SDP ? &sdp : NULL);
	if (!ret && engines & DRM_NVDLA_ENGINE_CDP)
		ret = nvdla_check_cdp(c);
	if (!ret && engines & DRM_NVDLA_ENGINE_BDMA)
		ret = nvdla_check_bdma(c);
	if (!ret && engines & DRM_NVDLA_ENGINE_RUBIK)
		ret = nvdla_check_rubik(c);

	return ret;
}

/* Relocations and used addresses must match one to one; grow the slots. */
static int check_extents(struct op_check *c)
{
	unsigned int port;

	for (port = 0; port < PORTS; port++) {
		const struct drm_nvdla_reloc *reloc = c->reloc[port];
		struct drm_nvdla_slot_info *slot;
		__u64 end;

		if (c->used[port] != !!reloc)
			return refuse(c->refusal, c->index, low_offset(c, port),
				      DRM_NVDLA_FAIL_RELOC);
		if (!reloc)
			continue;
		if (c->extent[port] > EXTENT_MAX)
			return refuse(c->refusal, c->index, reloc->reg, DRM_NVDLA_FAIL_OVERFLOW);
		slot = &c->slots[reloc->slot];
		if (slot->max_access && nvdla_ports[port].access & ~slot->max_access)
			return refuse(c->refusal, c->index, reloc->reg, DRM_NVDLA_FAIL_ACCESS);
		end = reloc->delta + c->extent[port];
		if (end > slot->min_size)
			slot->min_size = end;
		slot->access |= nvdla_ports[port].access;
	}

	return 0;
}

/*
 * The interrupts that end an operation: of the engine that writes the result.
 * When it is done, so is everything that fed it.
 */
static __u32 done_interrupts(__u32 engines)
{
	if (engines & DRM_NVDLA_ENGINE_PDP)
		return GLB_S_INTR_STATUS_PDP_DONE_STATUS0;
	if (engines & DRM_NVDLA_ENGINE_SDP)
		return GLB_S_INTR_STATUS_SDP_DONE_STATUS0;
	if (engines & DRM_NVDLA_ENGINE_CDP)
		return GLB_S_INTR_STATUS_CDP_DONE_STATUS0;
	if (engines & DRM_NVDLA_ENGINE_BDMA)
		return GLB_S_INTR_STATUS_BDMA_DONE_STATUS0;
	return GLB_S_INTR_STATUS_RUBIK_DONE_STATUS0;
}

static int check_op(struct op_check *c)
{
	const struct nvdla_program_desc *desc = c->desc;
	const struct drm_nvdla_op *op = c->op;
	__u32 units;
	int ret;

	if (op->flags || op->pad)
		return refuse(c->refusal, c->index, NO_OP, DRM_NVDLA_FAIL_FLAGS);
	if (!range_ok(op->first_reg, op->reg_count, desc->reg_count) ||
	    !range_ok(op->first_reloc, op->reloc_count, desc->reloc_count) ||
	    !range_ok(op->first_dep, op->dep_count, desc->dep_count))
		return refuse(c->refusal, c->index, NO_OP, DRM_NVDLA_FAIL_INDEX);

	ret = engine_units(c, &units);
	if (!ret)
		ret = collect_regs(c, units);
	if (!ret)
		ret = collect_relocs(c, units);
	if (!ret)
		ret = check_deps(c);
	if (ret)
		return ret;

	/* A convolution's SDP needs its read DMA only if something was said about it. */
	if (op->engines & DRM_NVDLA_ENGINE_CONV && !(c->mentioned & BIT(NVDLA_SDP_RDMA)))
		units &= ~BIT(NVDLA_SDP_RDMA);
	c->units = units;

	ret = check_engines(c);
	if (!ret)
		ret = check_lut(c);
	if (!ret)
		ret = check_extents(c);
	return ret;
}

/* Append the checked operation to the program. */
static void emit_op(struct op_check *c, struct nvdla_program *p)
{
	struct nvdla_program_op *out = &p->ops[c->index];
	__u16 first[NVDLA_UNITS];
	unsigned int unit, port;

	out->engines = c->op->engines;
	out->units = c->units;
	out->done = done_interrupts(c->op->engines);
	out->image = p->word_count;
	out->patch = p->patch_count;
	out->dep = c->op->first_dep;
	out->deps = c->op->dep_count;
	out->lut = c->op->lut;
	out->ahead = c->ahead;

	for (unit = 0; unit < NVDLA_UNITS; unit++) {
		if (!(c->units & BIT(unit)))
			continue;
		first[unit] = p->word_count - out->image;
		memcpy(p->words + p->word_count, c->image[unit],
		       c->v->count[unit] * sizeof(__u32));
		p->word_count += c->v->count[unit];
	}
	out->words = p->word_count - out->image;
	if (out->words > p->max_words)
		p->max_words = out->words;

	for (port = 0; port < PORTS; port++) {
		const struct port_desc *desc = &nvdla_ports[port];
		struct nvdla_patch *patch;

		if (!c->reloc[port])
			continue;
		patch = &p->patches[p->patch_count++];
		patch->slot = c->reloc[port]->slot;
		patch->delta = c->reloc[port]->delta;
		patch->reg = c->reloc[port]->reg;
		patch->low = first[desc->unit] + c->v->index[desc->unit][desc->low / 4];
		patch->high = first[desc->unit] + c->v->index[desc->unit][desc->high / 4];
		patch->ram = first[desc->unit] + c->v->index[desc->unit][desc->ram / 4];
		patch->ram_bit = desc->ram_bit;
	}
	out->patches = p->patch_count - out->patch;
}

static __u64 mix(__u64 hash, __u64 value)
{
	hash ^= value;
	hash *= 0x9e3779b97f4a7c15ULL;
	return hash ^ hash >> 29;
}

static int take_lut(const struct nvdla_validator *v, const struct nvdla_program_desc *desc,
		    const struct drm_nvdla_lut *in, struct nvdla_program_lut *out,
		    struct nvdla_refusal *refusal)
{
	const struct nvdla_unit_desc *unit_desc;
	const struct drm_nvdla_reg *reg;
	__u32 access_data, first_grouped;
	unsigned int i, k;

	if (in->flags || in->pad || in->pad2)
		return refuse(refusal, NO_OP, NO_OP, DRM_NVDLA_FAIL_FLAGS);
	if (!range_ok(in->first_reg, in->reg_count, desc->reg_count) ||
	    in->reg_count > NVDLA_LUT_REGS)
		return refuse(refusal, NO_OP, NO_OP, DRM_NVDLA_FAIL_INDEX);
	if (in->engine == DRM_NVDLA_ENGINE_SDP && v->config->features & NVDLA_FEAT_SDP_LUT) {
		out->unit = NVDLA_SDP;
		access_data = SDP_S_LUT_ACCESS_DATA;
	} else if (in->engine == DRM_NVDLA_ENGINE_CDP) {
		out->unit = NVDLA_CDP;
		access_data = CDP_S_LUT_ACCESS_DATA;
	} else {
		return refuse(refusal, NO_OP, NO_OP, DRM_NVDLA_FAIL_ENGINES);
	}

	unit_desc = &nvdla_units[out->unit];
	first_grouped = unit_desc->first_grouped;
	for (i = 0; i < unit_desc->count; i++) {
		__u32 offset = unit_desc->regs[i].offset;

		if (offset > access_data && offset < first_grouped)
			out->regs[out->reg_count++].offset = v->config->base[out->unit] + offset;
	}

	reg = desc->regs + in->first_reg;
	for (i = 0; i < in->reg_count; i++, reg++) {
		const struct nvdla_reg_desc *reg_desc;

		for (k = 0; k < out->reg_count; k++) {
			if (out->regs[k].offset == reg->offset)
				break;
		}
		if (k == out->reg_count)
			return refuse(refusal, NO_OP, reg->offset, DRM_NVDLA_FAIL_UNKNOWN_REG);
		reg_desc = nvdla_reg_find(out->unit, reg->offset % NVDLA_WINDOW_SIZE);
		if (reg->value & ~reg_desc->writable)
			return refuse(refusal, NO_OP, reg->offset, DRM_NVDLA_FAIL_BITS);
		out->regs[k].value = reg->value;
	}
	memcpy(out->le, in->le, sizeof(out->le));
	memcpy(out->lo, in->lo, sizeof(out->lo));

	out->hash = mix(0, out->unit);
	for (i = 0; i < out->reg_count; i++)
		out->hash = mix(out->hash, out->regs[i].value);
	for (i = 0; i < DRM_NVDLA_LUT_LE_ENTRIES; i++)
		out->hash = mix(out->hash, out->le[i]);
	for (i = 0; i < DRM_NVDLA_LUT_LO_ENTRIES; i++)
		out->hash = mix(out->hash, out->lo[i]);
	return 0;
}

static int check_counts(const struct nvdla_program_desc *desc, struct nvdla_refusal *refusal)
{
	if (!desc->op_count) {
		refuse(refusal, NO_OP, NO_OP, DRM_NVDLA_FAIL_COUNT);
		return -EINVAL;
	}
	if (desc->op_count > NVDLA_MAX_OPS || desc->reg_count > NVDLA_MAX_REGS ||
	    desc->reloc_count > NVDLA_MAX_RELOCS || desc->dep_count > NVDLA_MAX_DEPS ||
	    desc->lut_count > NVDLA_MAX_LUTS || desc->slot_count > NVDLA_MAX_SLOTS)
		return refuse(refusal, NO_OP, NO_OP, DRM_NVDLA_FAIL_COUNT);
	return 0;
}

/* Words that the images of all operations may need. */
static __u64 image_words(const struct nvdla_validator *v, const struct nvdla_program_desc *desc)
{
	__u32 conv = 0, post = 0, unit;
	__u64 words = 0;
	__u32 i;

	for (unit = 0; unit < NVDLA_UNITS; unit++) {
		if (CONV_UNITS & BIT(unit))
			conv += v->count[unit];
		else
			post += v->count[unit];
	}
	for (i = 0; i < desc->op_count; i++) {
		__u32 engines = desc->ops[i].engines;

		if (engines & DRM_NVDLA_ENGINE_CONV)
			words += conv;
		if (engines & DRM_NVDLA_ENGINE_SDP)
			words += v->count[NVDLA_SDP] + v->count[NVDLA_SDP_RDMA];
		if (engines & DRM_NVDLA_ENGINE_PDP)
			words += v->count[NVDLA_PDP] + v->count[NVDLA_PDP_RDMA];
		if (engines & ~(DRM_NVDLA_ENGINE_CONV | DRM_NVDLA_ENGINE_SDP |
				DRM_NVDLA_ENGINE_PDP))
			words += post;
	}

	return words;
}

static int allocate(const struct nvdla_validator *v, const struct nvdla_program_desc *desc,
		    struct nvdla_program *p)
{
	p->config = v->config;
	p->op_count = desc->op_count;
	p->dep_count = desc->dep_count;
	p->lut_count = desc->lut_count;
	p->slot_count = desc->slot_count;
	p->ops = nvdla_zalloc(desc->op_count, sizeof(*p->ops));
	p->words = nvdla_alloc(image_words(v, desc), sizeof(*p->words));
	/* An operation has at most one relocation per port, whatever the ranges say. */
	p->patches = nvdla_zalloc(desc->op_count, PORTS_PER_OP * sizeof(*p->patches));
	p->deps = nvdla_alloc(desc->dep_count, sizeof(*p->deps));
	p->luts = nvdla_zalloc(desc->lut_count, sizeof(*p->luts));
	p->slots = nvdla_zalloc(desc->slot_count, sizeof(*p->slots));

	return p->ops && p->words && p->patches && p->deps && p->luts && p->slots ? 0 : -ENOMEM;
}

static int validate(const struct nvdla_validator *v, const struct nvdla_program_desc *desc,
		    struct nvdla_program *p, struct op_check *c, struct nvdla_refusal *refusal)
{
	__u32 i;
	int ret;

	for (i = 0; i < desc->slot_count; i++) {
		if (desc->slots[i].max_access &
		    ~(DRM_NVDLA_ACCESS_READ | DRM_NVDLA_ACCESS_WRITE))
			return refuse(refusal, NO_OP, NO_OP, DRM_NVDLA_FAIL_FLAGS);
		p->slots[i].max_access = desc->slots[i].max_access;
	}
	for (i = 0; i < desc->lut_count; i++) {
		ret = take_lut(v, desc, &desc->luts[i], &p->luts[i], refusal);
		if (ret)
			return ret;
	}
	if (desc->dep_count)
		memcpy(p->deps, desc->deps, desc->dep_count * sizeof(*p->deps));

	c->v = v;
	c->config = v->config;
	c->desc = desc;
	c->slots = p->slots;
	c->refusal = refusal;
	for (i = 0; i < desc->op_count; i++) {
		c->op = &desc->ops[i];
		c->index = i;
		c->mentioned = 0;
		memset(c->image, 0, sizeof(c->image));
		memset(c->given, 0, sizeof(c->given));
		memset(c->reloc, 0, sizeof(c->reloc));
		memset(c->used, 0, sizeof(c->used));
		c->ahead = false;
		ret = check_op(c);
		if (ret)
			return ret;
		emit_op(c, p);
	}

	return nvdla_check_conv_last(c);
}

int nvdla_program_validate(const struct nvdla_validator *validator,
			   const struct nvdla_program_desc *desc,
			   struct nvdla_program **out, struct nvdla_refusal *refusal)
{
	struct nvdla_program *p;
	struct op_check *c;
	int ret;

	refusal->op = NO_OP;
	refusal->reg = NO_OP;
	refusal->code = DRM_NVDLA_FAIL_NONE;
	ret = check_counts(desc, refusal);
	if (ret)
		return ret;

	p = nvdla_zalloc(1, sizeof(*p));
	/* Too large for a kernel stack. */
	c = nvdla_zalloc(1, sizeof(*c));
	ret = p && c ? allocate(validator, desc, p) : -ENOMEM;
	if (!ret)
		ret = validate(validator, desc, p, c, refusal);
	nvdla_free(c);
	if (ret) {
		nvdla_program_free(p);
		return ret;
	}

	*out = p;
	return 0;
}

void nvdla_program_free(struct nvdla_program *program)
{
	if (!program)
		return;
	nvdla_free(program->ops);
	nvdla_free(program->words);
	nvdla_free(program->patches);
	nvdla_free(program->deps);
	nvdla_free(program->luts);
	nvdla_free(program->slots);
	nvdla_free(program);
}
