// SPDX-License-Identifier: MIT
/*
 * The register file as CSB sees it: which bits exist, the two register groups
 * with their producer and consumer, GLB, and the hooks of units whose
 * registers do more than keep a value.
 */
#include <stdlib.h>
#include <string.h>

#include "state.h"

/* What nvdla_regs.c says, by word, so that an access needs no search. */
static struct {
	uint32_t bits, writable, reset;
} words[NVDLA_UNITS][SIM_REGS];
static pthread_once_t words_once = PTHREAD_ONCE_INIT;

static void words_init(void)
{
	unsigned int unit, i;

	for (unit = 0; unit < NVDLA_UNITS; unit++) {
		for (i = 0; i < nvdla_units[unit].count; i++) {
			const struct nvdla_reg_desc *desc = &nvdla_units[unit].regs[i];

			words[unit][desc->offset / 4].bits = desc->bits;
			words[unit][desc->offset / 4].writable = desc->writable;
			words[unit][desc->offset / 4].reset = desc->reset;
		}
	}
}

void sim_reset_registers(struct sim_core *core)
{
	unsigned int unit, group, i;

	pthread_once(&words_once, words_init);
	for (unit = 0; unit < NVDLA_UNITS; unit++) {
		for (group = 0; group < 2; group++) {
			for (i = 0; i < SIM_REGS; i++)
				sim_reg_set(core, unit, group, i * 4, words[unit][i].reset);
		}
	}
	memset(core->producer, 0, sizeof(core->producer));
	memset(core->consumer, 0, sizeof(core->consumer));
	core->intr_status = 0;
	core->intr_mask = 0;
}

static bool has_groups(enum nvdla_unit unit)
{
	return nvdla_units[unit].first_grouped < NVDLA_WINDOW_SIZE;
}

static bool group_enabled(const struct sim_core *core, enum nvdla_unit unit, unsigned int group)
{
	return sim_reg(core, unit, group, nvdla_units[unit].first_grouped) & 1;
}

bool sim_enabled(const struct sim_core *core, enum nvdla_unit unit)
{
	return has_groups(unit) && !(core->hung & 1u << unit) &&
	       group_enabled(core, unit, core->consumer[unit]);
}

uint32_t sim_intr_bits(const struct nvdla_config *config)
{
	uint32_t bits = 0x003f003f;

	if (config->features & NVDLA_FEAT_BDMA)
		bits |= 3 << 6;
	if (config->features & NVDLA_FEAT_RUBIK)
		bits |= 3 << 8;
	return bits;
}

bool sim_irq_wanted(const struct sim_core *core)
{
	return core->intr_status & ~core->intr_mask;
}

static uint32_t status_field(const struct sim_core *core, enum nvdla_unit unit,
			     unsigned int group)
{
	if (!group_enabled(core, unit, group))
		return 0;
	return core->consumer[unit] == group ? 1 : 2;
}

static uint32_t glb_read(const struct sim_core *core, uint32_t off)
{
	switch (off) {
	case GLB_S_NVDLA_HW_VERSION:
		return core->config->hw_version;
	case GLB_S_INTR_MASK:
		return core->intr_mask;
	case GLB_S_INTR_STATUS:
		return core->intr_status;
	default:
		return 0;
	}
}

static void glb_write(struct sim_core *core, uint32_t off, uint32_t value)
{
	if (off == GLB_S_INTR_MASK) {
		core->intr_mask = value & core->config->intr_mask;
		return;
	}
	value &= sim_intr_bits(core->config);
	switch (off) {
	case GLB_S_INTR_SET:
		core->intr_status |= value;
		break;
	case GLB_S_INTR_STATUS:
		core->intr_status &= ~value;
		break;
	default:
		break;
	}
}

static uint32_t unit_read(struct sim_core *core, enum nvdla_unit unit, uint32_t off)
{
	unsigned int group = 0;

	if (unit == NVDLA_CFGROM)
		return sim_cfgrom_read(core->sim->rom, off);
	if (unit == NVDLA_GLB)
		return glb_read(core, off);
	if (!words[unit][off / 4].bits)
		return 0;
	if (has_groups(unit)) {
		if (off == NVDLA_S_STATUS)
			return status_field(core, unit, 0) | status_field(core, unit, 1) << 16;
		if (off == NVDLA_S_POINTER)
			return core->producer[unit] | (uint32_t)core->consumer[unit] << 16;
		if (off >= nvdla_units[unit].first_grouped)
			group = core->producer[unit];
	}
	switch (unit) {
	case NVDLA_CDMA:
		/* The flush after reset is over before a program can ask. */
		if (off == CDMA_S_CBUF_FLUSH_STATUS)
			return 1;
		break;
	case NVDLA_SDP:
		if (off < SDP_D_OP_ENABLE)
			return sim_sdp_csb_read(core, off);
		break;
	case NVDLA_CDP:
		if (off < CDP_D_OP_ENABLE)
			return sim_cdp_csb_read(core, off);
		break;
	case NVDLA_BDMA:
		return sim_bdma_csb_read(core, off);
	default:
		break;
	}

	return sim_reg(core, unit, group, off);
}

/*
 * Counters that show the last operation of a group start again from zero when
 * the next one is enabled.
 */
static void clear_results(struct sim_core *core, enum nvdla_unit unit, unsigned int group)
{
	unsigned int i;

	for (i = nvdla_units[unit].first_grouped / 4; i < SIM_REGS; i++) {
		if (words[unit][i].bits && !words[unit][i].writable)
			sim_reg_set(core, unit, group, i * 4, words[unit][i].reset);
	}
}

static void unit_write(struct sim_core *core, enum nvdla_unit unit, uint32_t off, uint32_t value)
{
	unsigned int group = 0;
	uint32_t old;

	if (unit == NVDLA_CFGROM)
		return;
	if (unit == NVDLA_GLB) {
		glb_write(core, off, value);
		return;
	}
	if (!words[unit][off / 4].writable)
		return;
	if (has_groups(unit)) {
		if (off == NVDLA_S_POINTER) {
			core->producer[unit] = value & 1;
			return;
		}
		if (off >= nvdla_units[unit].first_grouped) {
			group = core->producer[unit];
			if (group_enabled(core, unit, group))
				return;
			if (off == nvdla_units[unit].first_grouped && (value & 1)) {
				clear_results(core, unit, group);
				core->enabled_at[unit][group] = core->now;
			}
		}
	}
	old = sim_reg(core, unit, group, off);
	sim_reg_set(core, unit, group, off,
		    (old & ~words[unit][off / 4].writable) |
		    (value & words[unit][off / 4].writable));
	if (unit == NVDLA_SDP && off < SDP_D_OP_ENABLE)
		sim_sdp_csb_write(core, off, value);
	else if (unit == NVDLA_CDP && off < CDP_D_OP_ENABLE)
		sim_cdp_csb_write(core, off, value);
	else if (unit == NVDLA_BDMA)
		sim_bdma_csb_write(core, off, value);
}

uint32_t npusim_glb_base(const struct npusim *sim)
{
	return sim->config->base[NVDLA_GLB];
}

uint32_t npusim_reg_read(struct npusim *sim, unsigned int index, uint32_t offset)
{
	enum nvdla_unit unit = nvdla_config_unit(sim->config, offset);
	struct sim_core *core;
	uint32_t value;

	if (index >= sim->count || unit == NVDLA_UNITS || offset & 3)
		return 0;
	core = &sim->cores[index];
	sim_lock(core);
	value = unit_read(core, unit, offset & (NVDLA_WINDOW_SIZE - 1));
	sim_unlock(core);

	return value;
}

void npusim_reg_write(struct npusim *sim, unsigned int index, uint32_t offset, uint32_t value)
{
	enum nvdla_unit unit = nvdla_config_unit(sim->config, offset);
	struct sim_core *core;
	bool level, changed;

	if (index >= sim->count || unit == NVDLA_UNITS || offset & 3)
		return;
	core = &sim->cores[index];
	sim_lock(core);
	unit_write(core, unit, offset & (NVDLA_WINDOW_SIZE - 1), value);
	level = sim_irq_wanted(core);
	changed = level != core->irq_level;
	core->irq_level = level;
	sim_unlock(core);
	if (changed && sim->host.irq)
		sim->host.irq(sim->host.ctx, index, level);
}
