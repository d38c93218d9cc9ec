// SPDX-License-Identifier: MIT
/*
 * Making and unmaking simulators, and what every unit uses: registers, memory
 * with its accounting, error reports.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"

#define DEFAULT_CLOCK_HZ	1000000000ull
#define DEFAULT_LATENCY		50

/*
 * Set while this thread computes an operation: lookup tables then mean the
 * copy that the operation runs with.
 */
static _Thread_local const struct sim_core *running;

void sim_set_running(const struct sim_core *core)
{
	running = core;
}

static int core_init(struct npusim *sim, unsigned int index)
{
	struct sim_core *core = &sim->cores[index];
	const struct nvdla_config *config = sim->config;

	core->sim = sim;
	core->index = index;
	core->config = config;
	core->cbuf.size = (size_t)config->cbuf_banks * config->cbuf_bank_depth *
			  config->cbuf_bank_width;
	/* Slack: an entry may be read as a whole at the very end. */
	core->cbuf.mem = calloc(1, core->cbuf.size + 256);
	if (!core->cbuf.mem)
		return -ENOMEM;
	if (pthread_mutex_init(&core->lock, NULL)) {
		free(core->cbuf.mem);
		core->cbuf.mem = NULL;
		return -ENOMEM;
	}
	sim_reset_registers(core);
	sim_cbuf_reset(core);

	return 0;
}

int npusim_new(const struct npusim_params *params, struct npusim **out)
{
	const struct nvdla_config *config;
	struct npusim *sim;
	unsigned int i;
	int err;

	if (!params->config || !params->cores || params->cores > 32)
		return -EINVAL;
	config = nvdla_config_find(params->config);
	if (!config)
		return -EINVAL;

	sim = calloc(1, sizeof(*sim));
	if (!sim)
		return -ENOMEM;
	sim->cores = calloc(params->cores, sizeof(*sim->cores));
	if (!sim->cores) {
		free(sim);
		return -ENOMEM;
	}
	sim->host = params->host;
	sim->timing = params->timing;
	sim->config = config;
	/* The RTL's ROM is that of the table's first. */
	sim->rom = params->rtl_rom ? &nvdla_configs[0] : config;
	if (!sim->timing.clock_hz)
		sim->timing.clock_hz = DEFAULT_CLOCK_HZ;
	if (!(sim->timing.bytes_per_cycle > 0))
		sim->timing.bytes_per_cycle = config->mcif_width;
	if (!(sim->timing.sram_bytes_per_cycle > 0))
		sim->timing.sram_bytes_per_cycle =
			config->cvif_width ? config->cvif_width : config->mcif_width;
	if (!sim->timing.latency)
		sim->timing.latency = DEFAULT_LATENCY;
	if (!sim->timing.sram_latency)
		sim->timing.sram_latency = DEFAULT_LATENCY;

	for (i = 0; i < params->cores; i++) {
		err = core_init(sim, i);
		if (err) {
			sim->count = i;
			npusim_free(sim);
			return err;
		}
	}
	sim->count = params->cores;
	*out = sim;

	return 0;
}

static void free_unit_data(struct sim_core *core)
{
	unsigned int unit;

	for (unit = 0; unit < NVDLA_UNITS; unit++) {
		free(core->unit_data[unit]);
		core->unit_data[unit] = NULL;
	}
}

void npusim_free(struct npusim *sim)
{
	unsigned int i;

	if (!sim)
		return;
	for (i = 0; i < sim->count; i++) {
		struct sim_core *core = &sim->cores[i];

		free_unit_data(core);
		free(core->cbuf.mem);
		pthread_mutex_destroy(&core->lock);
	}
	free(sim->cores);
	free(sim);
}

void npusim_reset(struct npusim *sim, unsigned int index)
{
	struct sim_core *core;
	bool lower;

	if (index >= sim->count)
		return;
	core = &sim->cores[index];
	sim_lock(core);
	free_unit_data(core);
	sim_reset_registers(core);
	memset(core->cbuf.mem, 0, core->cbuf.size);
	sim_cbuf_reset(core);
	memset(core->lut, 0, sizeof(core->lut));
	core->now = 0;
	core->busy = 0;
	memset(core->started, 0, sizeof(core->started));
	memset(core->free_at, 0, sizeof(core->free_at));
	memset(&core->drain, 0, sizeof(core->drain));
	core->event_count = 0;
	core->busy_until = 0;
	memset(core->enabled_at, 0, sizeof(core->enabled_at));
	memset(core->done_at, 0, sizeof(core->done_at));
	core->launched = 0;
	core->bdma_next = 0;
	core->load_count = 0;
	core->failed = false;
	core->hung = 0;
	lower = core->irq_level;
	core->irq_level = false;
	sim_unlock(core);
	if (lower && sim->host.irq)
		sim->host.irq(sim->host.ctx, index, false);
}

uint64_t npusim_cycles(const struct npusim *sim, unsigned int index)
{
	if (index >= sim->count)
		return 0;
	return __atomic_load_n(&sim->cores[index].now, __ATOMIC_RELAXED);
}

void npusim_get_counters(struct npusim *sim, unsigned int index, struct npusim_counters *out)
{
	struct sim_core *core;

	memset(out, 0, sizeof(*out));
	if (index >= sim->count)
		return;
	core = &sim->cores[index];
	sim_lock(core);
	*out = core->counters;
	sim_unlock(core);
}

void sim_lock(struct sim_core *core)
{
	pthread_mutex_lock(&core->lock);
}

void sim_unlock(struct sim_core *core)
{
	pthread_mutex_unlock(&core->lock);
}

uint32_t sim_reg(const struct sim_core *core, enum nvdla_unit unit, unsigned int group,
		 uint32_t off)
{
	return __atomic_load_n(&core->regs[unit][group & 1][off / 4 % SIM_REGS],
			       __ATOMIC_RELAXED);
}

void sim_reg_set(struct sim_core *core, enum nvdla_unit unit, unsigned int group, uint32_t off,
		 uint32_t value)
{
	__atomic_store_n(&core->regs[unit][group & 1][off / 4 % SIM_REGS], value,
			 __ATOMIC_RELAXED);
}

const struct nvdla_config *sim_config(const struct sim_core *core)
{
	return core->config;
}

struct sim_lut *sim_sdp_lut(struct sim_core *core)
{
	return running == core ? &core->run_lut[0] : &core->lut[0];
}

struct sim_lut *sim_cdp_lut(struct sim_core *core)
{
	return running == core ? &core->run_lut[1] : &core->lut[1];
}

void *sim_unit_data(struct sim_core *core, enum nvdla_unit unit, size_t size)
{
	if (!core->unit_data[unit])
		core->unit_data[unit] = calloc(1, size);
	return core->unit_data[unit];
}

static uint64_t address_mask(const struct nvdla_config *config)
{
	return config->address_bits >= 64 ? ~0ull : (1ull << config->address_bits) - 1;
}

static int transfer(struct sim_core *core, enum nvdla_unit unit, uint32_t reg,
		    enum npusim_port port, uint64_t addr, void *dst, const void *src, size_t len,
		    struct sim_cost *cost)
{
	const struct npusim_host *host = &core->sim->host;
	int err;

	if (!len)
		return 0;
	if (port == NPUSIM_CVIF && !(core->config->features & NVDLA_FEAT_CVIF))
		return sim_fail(core, -EINVAL, unit, reg,
				"RAM type selects the second memory port, which %s does not have",
				core->config->name);
	if ((addr & ~address_mask(core->config)) ||
	    len - 1 > address_mask(core->config) - addr) {
		core->error.addr = addr;
		return sim_fail(core, -EFAULT, unit, reg,
				"%s of %zu bytes at 0x%llx beyond the %u address bits",
				dst ? "read" : "write", len, (unsigned long long)addr,
				core->config->address_bits);
	}
	if (dst)
		err = host->read ? host->read(host->ctx, port, addr, dst, len) : -EFAULT;
	else
		err = host->write ? host->write(host->ctx, port, addr, src, len) : -EFAULT;
	if (err) {
		core->error.addr = addr;
		return sim_fail(core, -EFAULT, unit, reg, "bus error: %s of %zu bytes at 0x%llx",
				dst ? "read" : "write", len, (unsigned long long)addr);
	}
	if (cost) {
		if (dst)
			cost->read[port] += len;
		else
			cost->written[port] += len;
	}

	return 0;
}

int sim_read(struct sim_core *core, enum nvdla_unit unit, uint32_t reg, enum npusim_port port,
	     uint64_t addr, void *dst, size_t len, struct sim_cost *cost)
{
	return transfer(core, unit, reg, port, addr, dst, NULL, len, cost);
}

int sim_write(struct sim_core *core, enum nvdla_unit unit, uint32_t reg, enum npusim_port port,
	      uint64_t addr, const void *src, size_t len, struct sim_cost *cost)
{
	return transfer(core, unit, reg, port, addr, NULL, src, len, cost);
}

int sim_fail(struct sim_core *core, int code, enum nvdla_unit unit, uint32_t reg,
	     const char *fmt, ...)
{
	const struct npusim_host *host = &core->sim->host;
	const struct nvdla_reg_desc *desc = nvdla_reg_find(unit, reg);
	struct npusim_error *error = &core->error;
	va_list args;
	int len;

	/* One report: what follows from the first error is no news. */
	if (core->failed)
		return code;
	core->failed = true;
	error->core = core->index;
	error->code = code;
	error->reg = core->config->base[unit] == NVDLA_NO_UNIT ? reg :
		     core->config->base[unit] + reg;
	if (code != -EFAULT)
		error->addr = 0;
	len = snprintf(error->text, sizeof(error->text), "%s.%s: ", nvdla_units[unit].name,
		       desc ? desc->name : "?");
	va_start(args, fmt);
	vsnprintf(error->text + len, sizeof(error->text) - (size_t)len, fmt, args);
	va_end(args);
	if (host->error)
		host->error(host->ctx, error);

	return code;
}
