// SPDX-License-Identifier: GPL-2.0-only
/*
 * Register accesses of a core: the only file that reads and writes CSB.
 */
#include <linux/io.h>

#include "nvdla_drv.h"

/* Interrupts that end an operation; the others tell nothing new. */
#define INTERRUPTS	(GLB_S_INTR_STATUS_SDP_DONE_STATUS0 | GLB_S_INTR_STATUS_SDP_DONE_STATUS1 | \
			 GLB_S_INTR_STATUS_CDP_DONE_STATUS0 | GLB_S_INTR_STATUS_CDP_DONE_STATUS1 | \
			 GLB_S_INTR_STATUS_PDP_DONE_STATUS0 | GLB_S_INTR_STATUS_PDP_DONE_STATUS1 | \
			 GLB_S_INTR_STATUS_BDMA_DONE_STATUS0 | \
			 GLB_S_INTR_STATUS_BDMA_DONE_STATUS1 | \
			 GLB_S_INTR_STATUS_RUBIK_DONE_STATUS0 | \
			 GLB_S_INTR_STATUS_RUBIK_DONE_STATUS1)
#define ALL_INTERRUPTS	0x003f03ff

/* Fused units are enabled from the end of the chain to its beginning. */
static const u8 enable_order[] = {
	NVDLA_PDP, NVDLA_PDP_RDMA, NVDLA_SDP, NVDLA_SDP_RDMA, NVDLA_CACC, NVDLA_CMAC_A,
	NVDLA_CMAC_B, NVDLA_CSC, NVDLA_CDMA, NVDLA_CDP, NVDLA_CDP_RDMA, NVDLA_RUBIK,
};

static void __iomem *unit_window(const struct nvdla_core *core, enum nvdla_unit unit)
{
	return core->csb + core->nvdla->config->base[unit];
}

static bool unit_exists(const struct nvdla_core *core, unsigned int unit)
{
	return core->nvdla->config->base[unit] != NVDLA_NO_UNIT;
}

static bool unit_has_groups(unsigned int unit)
{
	return nvdla_units[unit].first_grouped < NVDLA_WINDOW_SIZE;
}

/*
 * Interrupts that are pending, acknowledged as they are read. All ones when
 * the device is gone.
 */
u32 nvdla_hw_status(struct nvdla_core *core)
{
	void __iomem *glb = unit_window(core, NVDLA_GLB);
	u32 status = readl(glb + GLB_S_INTR_STATUS);

	if (status && status != ~0U)
		writel(status, glb + GLB_S_INTR_STATUS);
	return status;
}

/* A core that is about to be reset, and may not come back, keeps its line low. */
void nvdla_hw_silence(struct nvdla_core *core)
{
	writel(ALL_INTERRUPTS, unit_window(core, NVDLA_GLB) + GLB_S_INTR_MASK);
}

/* Interrupts that end operations, and those of weights that are waited for. */
void nvdla_hw_unmask(struct nvdla_core *core)
{
	writel(ALL_INTERRUPTS & ~(INTERRUPTS | core->fetching),
	       unit_window(core, NVDLA_GLB) + GLB_S_INTR_MASK);
}

/* Make the driver and a core that was reset or powered up agree. */
void nvdla_hw_setup(struct nvdla_core *core)
{
	void __iomem *glb = unit_window(core, NVDLA_GLB);
	unsigned int unit;

	core->fetched = 0;
	core->fetching = 0;
	nvdla_hw_unmask(core);
	writel(ALL_INTERRUPTS, glb + GLB_S_INTR_STATUS);

	for (unit = 0; unit < NVDLA_UNITS; unit++) {
		struct nvdla_unit_state *state = &core->units[unit];

		state->next = 0;
		state->used = 0;
		state->producer = -1;
		state->valid = 0;
		if (unit_exists(core, unit) && unit_has_groups(unit))
			state->next = FIELD_GET(CDMA_S_POINTER_CONSUMER,
						readl(unit_window(core, unit) + NVDLA_S_POINTER));
	}
	core->lut_valid[0] = false;
	core->lut_valid[1] = false;
}

static void select_group(struct nvdla_core *core, enum nvdla_unit unit, unsigned int group)
{
	struct nvdla_unit_state *state = &core->units[unit];

	if (state->producer == group)
		return;
	writel_relaxed(group, unit_window(core, unit) + NVDLA_S_POINTER);
	state->producer = group;
}

/*
 * Write the complete image of a unit's group. What the group is known to hold
 * already need not be written again: only the driver writes these registers.
 */
static void write_group(struct nvdla_core *core, enum nvdla_unit unit, unsigned int group,
			const u32 *values)
{
	const struct nvdla_validator *validator = core->nvdla->validator;
	struct nvdla_unit_state *state = &core->units[unit];
	unsigned int count = nvdla_unit_words(validator, unit);
	void __iomem *window = unit_window(core, unit);
	u32 *shadow = state->shadow[group];
	bool valid = state->valid & BIT(group);
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (valid && shadow[i] == values[i])
			continue;
		writel_relaxed(values[i], window + nvdla_unit_offset(validator, unit, i));
		shadow[i] = values[i];
	}
	state->valid |= BIT(group);
}

static unsigned int op_group(const struct nvdla_op *op, enum nvdla_unit unit)
{
	return op->groups >> unit & 1;
}

/* Registers that switch a unit's counters on, and how. */
static const struct {
	u8 unit;
	u16 offset;
	u32 value;
} counters[] = {
	{ NVDLA_CDMA, CDMA_D_PERF_ENABLE, CDMA_D_PERF_ENABLE_DMA_EN },
	{ NVDLA_SDP_RDMA, SDP_RDMA_D_PERF_ENABLE, SDP_RDMA_D_PERF_ENABLE_PERF_DMA_EN },
	{ NVDLA_SDP, SDP_D_PERF_ENABLE,
	  SDP_D_PERF_ENABLE_PERF_DMA_EN | SDP_D_PERF_ENABLE_PERF_SAT_EN },
	{ NVDLA_PDP_RDMA, PDP_RDMA_D_PERF_ENABLE, PDP_RDMA_D_PERF_ENABLE_DMA_EN },
	{ NVDLA_PDP, PDP_D_PERF_ENABLE, PDP_D_PERF_ENABLE_DMA_EN },
	{ NVDLA_CDP_RDMA, CDP_RDMA_D_PERF_ENABLE, CDP_RDMA_D_PERF_ENABLE_DMA_EN },
	{ NVDLA_CDP, CDP_D_PERF_ENABLE, CDP_D_PERF_ENABLE_DMA_EN },
	{ NVDLA_RUBIK, RBK_D_PERF_ENABLE, RBK_D_PERF_ENABLE_PERF_EN },
};

static void enable_counters(struct nvdla_core *core, enum nvdla_unit unit, u32 *values)
{
	const struct nvdla_validator *validator = core->nvdla->validator;
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(counters); i++) {
		if (counters[i].unit != unit)
			continue;
		for (k = 0; k < nvdla_unit_words(validator, unit); k++) {
			if (nvdla_unit_offset(validator, unit, k) == counters[i].offset)
				values[k] = counters[i].value;
		}
	}
}

/* Write all registers of an operation, but do not enable it. */
void nvdla_hw_program(struct nvdla_core *core, const struct nvdla_job *job, u32 op)
{
	const struct nvdla_program_op *desc = &job->program->ops[op];
	u32 *values = core->image;
	unsigned int unit;

	lockdep_assert_held(&core->program_lock);
	nvdla_program_image(job->program, op, job->bindings, values);

	for (unit = 0; unit < NVDLA_UNITS; unit++) {
		unsigned int group = op_group(&job->ops[op], unit);

		if (!(desc->units & BIT(unit)))
			continue;
		if (job->perfmon)
			enable_counters(core, unit, values);
		if (unit_has_groups(unit))
			select_group(core, unit, group);
		write_group(core, unit, unit_has_groups(unit) ? group : 0, values);
		values += nvdla_unit_words(core->nvdla->validator, unit);
	}
	if (desc->units & BIT(NVDLA_BDMA))
		writel_relaxed(BDMA_CFG_OP_EN, unit_window(core, NVDLA_BDMA) + BDMA_CFG_OP);
}

/* Start an operation that was programmed. */
void nvdla_hw_enable(struct nvdla_core *core, const struct nvdla_job *job, u32 op)
{
	const struct nvdla_program_op *desc = &job->program->ops[op];
	unsigned int i;

	lockdep_assert_held(&core->lock);
	/* Data the CPU wrote and the registers above must be there before. */
	wmb();
	for (i = 0; i < ARRAY_SIZE(enable_order); i++) {
		unsigned int unit = enable_order[i];

		if (!(desc->units & BIT(unit)))
			continue;
		select_group(core, unit, op_group(&job->ops[op], unit));
		writel_relaxed(1, unit_window(core, unit) + nvdla_units[unit].first_grouped);
	}
	if (desc->units & BIT(NVDLA_BDMA))
		writel_relaxed(1, unit_window(core, NVDLA_BDMA) +
			       (op_group(&job->ops[op], NVDLA_BDMA) ? BDMA_CFG_LAUNCH1 :
				BDMA_CFG_LAUNCH0));
}

static unsigned int lut_slot(const struct nvdla_program_lut *lut)
{
	return lut->unit == NVDLA_CDP;
}

/* Does the engine have just this table already? */
bool nvdla_hw_lut_loaded(const struct nvdla_core *core, const struct nvdla_program_lut *lut)
{
	const struct nvdla_program_lut *loaded = core->luts[lut_slot(lut)];

	return core->lut_valid[lut_slot(lut)] && loaded->hash == lut->hash &&
	       !memcmp(loaded, lut, sizeof(*lut));
}

/* Load the lookup tables of an engine that is idle. */
void nvdla_hw_load_lut(struct nvdla_core *core, const struct nvdla_program_lut *lut)
{
	void __iomem *window = unit_window(core, lut->unit);
	u32 access = lut->unit == NVDLA_CDP ? CDP_S_LUT_ACCESS_CFG : SDP_S_LUT_ACCESS_CFG;
	u32 data = lut->unit == NVDLA_CDP ? CDP_S_LUT_ACCESS_DATA : SDP_S_LUT_ACCESS_DATA;
	unsigned int i;

	lockdep_assert_held(&core->program_lock);
	/* The fields of both engines' registers are the same. */
	writel_relaxed(SDP_S_LUT_ACCESS_CFG_LUT_ACCESS_TYPE, window + access);
	for (i = 0; i < ARRAY_SIZE(lut->le); i++)
		writel_relaxed(lut->le[i], window + data);
	writel_relaxed(SDP_S_LUT_ACCESS_CFG_LUT_ACCESS_TYPE |
		       SDP_S_LUT_ACCESS_CFG_LUT_TABLE_ID, window + access);
	for (i = 0; i < ARRAY_SIZE(lut->lo); i++)
		writel_relaxed(lut->lo[i], window + data);
	for (i = 0; i < lut->reg_count; i++)
		writel_relaxed(lut->regs[i].value, core->csb + lut->regs[i].offset);

	*core->luts[lut_slot(lut)] = *lut;
	core->lut_valid[lut_slot(lut)] = true;
}

static u32 read_counter(struct nvdla_core *core, const struct nvdla_op *op, u32 units,
			enum nvdla_unit unit, u32 offset)
{
	if (!(units & BIT(unit)))
		return 0;
	select_group(core, unit, op_group(op, unit));
	return readl(unit_window(core, unit) + offset);
}

/* Counters of an operation that is done and whose groups were not given away. */
void nvdla_hw_read_counters(struct nvdla_core *core, const struct nvdla_job *job, u32 op,
			    struct drm_nvdla_op_profile *out)
{
	const struct nvdla_op *state = &job->ops[op];
	u32 units = job->program->ops[op].units;

	lockdep_assert_held(&core->program_lock);
#define COUNTER(unit, offset) read_counter(core, state, units, NVDLA_##unit, offset)
	out->data_stall = COUNTER(CDMA, CDMA_D_PERF_DAT_READ_STALL);
	out->weight_stall = COUNTER(CDMA, CDMA_D_PERF_WT_READ_STALL);
	out->read_stall = COUNTER(SDP_RDMA, SDP_RDMA_D_PERF_MRDMA_READ_STALL) +
			  COUNTER(SDP_RDMA, SDP_RDMA_D_PERF_BRDMA_READ_STALL) +
			  COUNTER(SDP_RDMA, SDP_RDMA_D_PERF_NRDMA_READ_STALL) +
			  COUNTER(SDP_RDMA, SDP_RDMA_D_PERF_ERDMA_READ_STALL) +
			  COUNTER(PDP_RDMA, PDP_RDMA_D_PERF_READ_STALL) +
			  COUNTER(CDP_RDMA, CDP_RDMA_D_PERF_READ_STALL) +
			  COUNTER(RUBIK, RBK_D_PERF_READ_STALL);
	out->write_stall = COUNTER(SDP, SDP_D_PERF_WDMA_WRITE_STALL) +
			   COUNTER(PDP, PDP_D_PERF_WRITE_STALL) +
			   COUNTER(CDP, CDP_D_PERF_WRITE_STALL) +
			   COUNTER(RUBIK, RBK_D_PERF_WRITE_STALL);
	out->saturated = COUNTER(SDP, SDP_D_PERF_OUT_SATURATION);
#undef COUNTER
}
