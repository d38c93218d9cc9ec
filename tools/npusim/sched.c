// SPDX-License-Identifier: MIT
/*
 * Which operation may start, and what becomes visible when.
 *
 * An operation computes its result as a whole when it starts; its interrupts
 * and the release of its register groups follow at the cycles the timing model
 * gives. Every unit has a consumer pointer of its own, which moves when that
 * unit finishes an operation.
 */
#include <stdlib.h>
#include <string.h>

#include "state.h"
#include "timing.h"

#define UNIT(u)		(1u << NVDLA_##u)
#define CONV_UNITS	(UNIT(CSC) | UNIT(CMAC_A) | UNIT(CMAC_B) | UNIT(CACC))

/* Bits of GLB S_INTR_STATUS for group 0; group 1 has the next bit. */
enum {
	INTR_SDP = 0, INTR_CDP = 2, INTR_PDP = 4, INTR_BDMA = 6, INTR_RUBIK = 8,
	INTR_CDMA_DAT = 16, INTR_CDMA_WT = 18, INTR_CACC = 20,
};

static void event_add(struct sim_core *core, uint64_t time, uint32_t intr, uint32_t units,
		      uint32_t engines)
{
	struct sim_event *event;
	unsigned int i;

	/* The engines start once each before they end: never more than fit. */
	if (core->event_count >= SIM_EVENTS)
		return;
	for (i = core->event_count; i && core->events[i - 1].time > time; i--)
		core->events[i] = core->events[i - 1];
	event = &core->events[i];
	event->time = time;
	event->intr = intr;
	event->units = units;
	event->engines = engines;
	for (i = 0; i < NVDLA_UNITS; i++)
		core->started[i] += units >> i & 1;
	core->event_count++;
	if (time > core->busy_until) {
		core->counters.busy_cycles +=
			time - (core->busy_until > core->now ? core->busy_until : core->now);
		core->busy_until = time;
	}
}


/* The group that comes next in a unit, which may still be at work on the one before. */
static unsigned int next_group(const struct sim_core *core, enum nvdla_unit unit)
{
	return (core->consumer[unit] ^ core->started[unit]) & 1;
}

static bool next_enabled(const struct sim_core *core, enum nvdla_unit unit)
{
	return core->started[unit] < 2 && !(core->hung & 1u << unit) &&
	       sim_reg(core, unit, next_group(core, unit), nvdla_units[unit].first_grouped) & 1;
}

static uint32_t intr_bit(const struct sim_core *core, enum nvdla_unit unit, unsigned int bit)
{
	return 1u << (bit + next_group(core, unit));
}

#define NEXT_FIELD(core, unit, reg, field) \
	SIM_FIELD(core, NVDLA_##unit, next_group(core, NVDLA_##unit), unit##_##reg, field)

static bool sdp_flying(const struct sim_core *core)
{
	return NEXT_FIELD(core, SDP, D_FEATURE_MODE_CFG, FLYING_MODE) !=
	       SDP_D_FEATURE_MODE_CFG_FLYING_MODE_OFF;
}

static bool sdp_feeds_pdp(const struct sim_core *core)
{
	return NEXT_FIELD(core, SDP, D_FEATURE_MODE_CFG, OUTPUT_DST) !=
	       SDP_D_FEATURE_MODE_CFG_OUTPUT_DST_MEM;
}

/* Does an operand of one stage come from memory? */
#define STAGE_FROM_MEMORY(core, stage)							\
	(!NEXT_FIELD(core, SDP, D_DP_##stage##_CFG, stage##_BYPASS) &&		\
	 ((!NEXT_FIELD(core, SDP, D_DP_##stage##_CFG, stage##_ALU_BYPASS) &&	\
	   NEXT_FIELD(core, SDP, D_DP_##stage##_ALU_CFG, stage##_ALU_SRC)) ||	\
	  (!NEXT_FIELD(core, SDP, D_DP_##stage##_CFG, stage##_MUL_BYPASS) &&	\
	   NEXT_FIELD(core, SDP, D_DP_##stage##_MUL_CFG, stage##_MUL_SRC))))

static bool sdp_needs_rdma(const struct sim_core *core)
{
	if (!sdp_flying(core))
		return true;
	if (STAGE_FROM_MEMORY(core, BS) || STAGE_FROM_MEMORY(core, BN))
		return true;
	return (core->config->features & NVDLA_FEAT_SDP_EW) && STAGE_FROM_MEMORY(core, EW);
}

static bool pdp_flying(const struct sim_core *core)
{
	return NEXT_FIELD(core, PDP, D_OPERATION_MODE_CFG, FLYING_MODE) ==
	       PDP_D_OPERATION_MODE_CFG_FLYING_MODE_ON_FLYING;
}

/* The SDP is enabled and so is everything it needs besides its main input. */
static bool sdp_complete(const struct sim_core *core)
{
	if (!next_enabled(core, NVDLA_SDP))
		return false;
	if (sdp_needs_rdma(core) && !next_enabled(core, NVDLA_SDP_RDMA))
		return false;
	return !sdp_feeds_pdp(core) || (next_enabled(core, NVDLA_PDP) && pdp_flying(core));
}

static bool can_start(struct sim_core *core, enum sim_engine engine)
{
	if (core->busy & 1u << engine)
		return false;
	switch (engine) {
	case SIM_CDMA:
		return sim_enabled(core, NVDLA_CDMA) && core->load_count < 2 &&
		       sim_cdma_ready(core);
	case SIM_CONV:
		/* CACC keeps its sums for an SDP that is still at work. */
		return core->load_count &&
		       sim_enabled(core, NVDLA_CSC) && sim_enabled(core, NVDLA_CMAC_A) &&
		       sim_enabled(core, NVDLA_CMAC_B) && sim_enabled(core, NVDLA_CACC) &&
		       sdp_complete(core) && sdp_flying(core) && sim_conv_ready(core);
	case SIM_SDP:
		return !core->started[NVDLA_SDP] && sdp_complete(core) && !sdp_flying(core) &&
		       !(sdp_feeds_pdp(core) && core->started[NVDLA_PDP]);
	case SIM_PDP:
		return !core->started[NVDLA_PDP] && sim_enabled(core, NVDLA_PDP) &&
		       !pdp_flying(core) && sim_enabled(core, NVDLA_PDP_RDMA);
	case SIM_CDP:
		return sim_enabled(core, NVDLA_CDP) && sim_enabled(core, NVDLA_CDP_RDMA);
	case SIM_RUBIK:
		return core->config->base[NVDLA_RUBIK] != NVDLA_NO_UNIT &&
		       sim_enabled(core, NVDLA_RUBIK);
	case SIM_BDMA:
		return core->launched && !(core->hung & UNIT(BDMA));
	default:
		return false;
	}
}

static void account(struct sim_core *core, const struct sim_cost *cost)
{
	core->counters.read_bytes += cost->read[NPUSIM_MCIF];
	core->counters.write_bytes += cost->written[NPUSIM_MCIF];
	core->counters.sram_read_bytes += cost->read[NPUSIM_CVIF];
	core->counters.sram_write_bytes += cost->written[NPUSIM_CVIF];
	core->counters.energy_pj += sim_energy(core, cost);
}

/* @free: engines that @end frees. */
static void finish(struct sim_core *core, enum sim_engine engine, uint64_t end, uint32_t intr,
		   uint32_t units, uint32_t free, const struct sim_cost *cost)
{
	const uint32_t readers = units & (UNIT(SDP_RDMA) | UNIT(PDP_RDMA) | UNIT(CDP_RDMA));

	/* A reader is done before what it feeds. */
	if (readers && end > core->now + SIM_READER_TAIL) {
		event_add(core, end - SIM_READER_TAIL, 0, readers, 0);
		units &= ~readers;
	}
	account(core, cost);
	core->counters.ops++;
	core->busy |= 1u << engine;
	event_add(core, end, intr, units, free);
}

/* SDP, and PDP when it is fed, behind CACC or behind memory. */
static int run_sdp(struct sim_core *core, const struct sim_cube *acc, uint32_t *units,
		   struct sim_cost *sdp, struct sim_cost *pdp)
{
	struct sim_cube out = { 0 };
	bool to_pdp = sdp_feeds_pdp(core);
	int err;

	*units |= UNIT(SDP);
	if (sdp_needs_rdma(core))
		*units |= UNIT(SDP_RDMA);
	err = sim_sdp_run(core, next_group(core, NVDLA_SDP), next_group(core, NVDLA_SDP_RDMA), acc,
			  to_pdp ? &out : NULL, sdp);
	if (!err && to_pdp) {
		*units |= UNIT(PDP);
		err = sim_pdp_run(core, next_group(core, NVDLA_PDP), next_group(core, NVDLA_PDP_RDMA),
				  &out, pdp);
	}
	free(out.v);

	return err;
}

static int start_conv(struct sim_core *core)
{
	struct sim_cost conv = { 0 }, sdp = { 0 }, pdp = { 0 };
	struct sim_conv_times times;
	struct sim_sequence seq = { 0 };
	struct sim_cube acc = { 0 };
	struct sim_load load = core->loads[0];
	uint32_t units = CONV_UNITS, sdp_intr, cacc_intr, pdp_intr;
	bool fed;
	int err;

	err = sim_conv_run(core, &load, &acc, &seq, &conv);
	if (!err)
		err = run_sdp(core, &acc, &units, &sdp, &pdp);
	free(acc.v);
	if (err)
		return err;

	fed = units & UNIT(PDP);
	sim_time_conv(core, &load, &seq, &sdp, &pdp, fed, &times);
	sim_lock(core);
	core->loads[0] = core->loads[1];
	core->load_count--;
	sdp_intr = intr_bit(core, NVDLA_SDP, INTR_SDP);
	cacc_intr = intr_bit(core, NVDLA_CACC, INTR_CACC);
	pdp_intr = intr_bit(core, NVDLA_PDP, INTR_PDP);
	if (load.weight_open)
		event_add(core, times.weight_done, 1u << (INTR_CDMA_WT + load.group),
			  UNIT(CDMA), 1u << SIM_CDMA);
	event_add(core, times.cacc_done, cacc_intr, 0, 0);
	/*
	 * Who is told of SDP's end may use all groups of the operation again. Behind tiny
	 * ones CSC lets go some cycles later, which nobody is quick enough to see.
	 */
	if (times.csc_done > times.sdp_done)
		times.csc_done = times.sdp_done;
	event_add(core, times.csc_done, 0, CONV_UNITS, 1u << SIM_CONV);
	if (fed) {
		event_add(core, times.end, pdp_intr, UNIT(PDP), 0);
		core->free_at[SIM_PDP] = times.end;
	}
	account(core, &conv);
	account(core, &pdp);
	finish(core, SIM_CONV, times.sdp_done, sdp_intr, units & ~CONV_UNITS & ~UNIT(PDP), 0, &sdp);
	core->free_at[SIM_SDP] = times.sdp_done;
	core->counters.mac_cycles += conv.cycles;
	sim_unlock(core);

	return 0;
}

static int start_cdma(struct sim_core *core)
{
	unsigned int group = next_group(core, NVDLA_CDMA);
	struct sim_load load = { .group = group, .start = core->now };
	struct sim_cost cost = { 0 };
	uint64_t data_done, weight_done;
	int err;

	err = sim_cdma_run(core, group, &load, &cost);
	if (err)
		return err;
	sim_lock(core);
	core->loads[core->load_count++] = load;
	account(core, &cost);
	core->busy |= 1u << SIM_CDMA;
	data_done = load.data_ready;
	weight_done = load.weight_end;
	if (load.weight_open) {
		/* The weights' end follows when CSC has made room for them. */
		event_add(core, data_done, intr_bit(core, NVDLA_CDMA, INTR_CDMA_DAT), 0, 0);
	} else if (data_done <= weight_done) {
		event_add(core, data_done, intr_bit(core, NVDLA_CDMA, INTR_CDMA_DAT), 0, 0);
		event_add(core, weight_done, intr_bit(core, NVDLA_CDMA, INTR_CDMA_WT),
			  UNIT(CDMA), 1u << SIM_CDMA);
	} else {
		event_add(core, weight_done, intr_bit(core, NVDLA_CDMA, INTR_CDMA_WT), 0, 0);
		event_add(core, data_done, intr_bit(core, NVDLA_CDMA, INTR_CDMA_DAT),
			  UNIT(CDMA), 1u << SIM_CDMA);
	}
	sim_unlock(core);

	return 0;
}

static int start_sdp(struct sim_core *core)
{
	struct sim_cost sdp = { 0 }, pdp = { 0 };
	uint32_t units = 0;
	uint64_t end;
	int err = run_sdp(core, NULL, &units, &sdp, &pdp);

	if (err)
		return err;
	end = core->now + sim_time_op(core, SIM_SDP, &sdp);
	sim_lock(core);
	if (units & UNIT(PDP)) {
		account(core, &pdp);
		core->free_at[SIM_PDP] = core->now + sim_time_fed(core, &sdp, &pdp);
		event_add(core, core->free_at[SIM_PDP], intr_bit(core, NVDLA_PDP, INTR_PDP),
			  UNIT(PDP), 0);
	}
	core->free_at[SIM_SDP] = end;
	finish(core, SIM_SDP, end, intr_bit(core, NVDLA_SDP, INTR_SDP), units & ~UNIT(PDP),
	       1u << SIM_SDP, &sdp);
	sim_unlock(core);

	return 0;
}

static int start_simple(struct sim_core *core, enum sim_engine engine)
{
	struct sim_cost cost = { 0 };
	uint32_t intr, units;
	unsigned int group = 0;
	uint64_t end;
	int err;

	switch (engine) {
	case SIM_PDP:
		err = sim_pdp_run(core, next_group(core, NVDLA_PDP), next_group(core, NVDLA_PDP_RDMA),
				  NULL, &cost);
		intr = intr_bit(core, NVDLA_PDP, INTR_PDP);
		units = UNIT(PDP) | UNIT(PDP_RDMA);
		break;
	case SIM_CDP:
		err = sim_cdp_run(core, next_group(core, NVDLA_CDP), next_group(core, NVDLA_CDP_RDMA),
				  &cost);
		intr = intr_bit(core, NVDLA_CDP, INTR_CDP);
		units = UNIT(CDP) | UNIT(CDP_RDMA);
		break;
	case SIM_RUBIK:
		err = sim_rubik_run(core, next_group(core, NVDLA_RUBIK), &cost);
		intr = intr_bit(core, NVDLA_RUBIK, INTR_RUBIK);
		units = UNIT(RUBIK);
		break;
	default:
		/* Groups run in the order of their launches. */
		sim_lock(core);
		group = core->bdma_next;
		if (!(core->launched & 1u << group))
			group ^= 1;
		sim_unlock(core);
		err = sim_bdma_run(core, group, &cost);
		intr = 1u << (INTR_BDMA + group);
		units = 0;
		break;
	}
	if (err)
		return err;
	sim_lock(core);
	if (engine == SIM_BDMA) {
		core->launched &= ~(1u << group);
		core->bdma_next = group ^ 1;
	}
	end = core->now + sim_time_op(core, engine, &cost);
	core->free_at[engine] = end;
	finish(core, engine, end, intr, units, 1u << engine, &cost);
	sim_unlock(core);

	return 0;
}

static int start(struct sim_core *core, enum sim_engine engine)
{
	int err;

	sim_lock(core);
	core->run_lut[0] = core->lut[0];
	core->run_lut[1] = core->lut[1];
	sim_unlock(core);
	sim_set_running(core);
	switch (engine) {
	case SIM_CDMA:
		err = start_cdma(core);
		break;
	case SIM_CONV:
		err = start_conv(core);
		break;
	case SIM_SDP:
		err = start_sdp(core);
		break;
	default:
		err = start_simple(core, engine);
		break;
	}
	sim_set_running(NULL);

	return err;
}

void sim_bdma_launch(struct sim_core *core, unsigned int group)
{
	if (!core->launched)
		core->bdma_next = group & 1;
	core->launched |= 1u << (group & 1);
}

/* Let the first event happen; the core is locked. */
static uint32_t event_fire(struct sim_core *core)
{
	struct sim_event event = core->events[0];
	unsigned int unit;

	core->event_count--;
	memmove(core->events, core->events + 1, core->event_count * sizeof(core->events[0]));
	for (unit = 0; unit < NVDLA_UNITS; unit++) {
		if (!(event.units & 1u << unit))
			continue;
		sim_reg_set(core, unit, core->consumer[unit],
			    nvdla_units[unit].first_grouped, 0);
		core->consumer[unit] ^= 1;
		core->started[unit]--;
		core->done_at[unit] = event.time;
	}
	core->busy &= ~event.engines;
	if (event.intr & 1u << INTR_BDMA)
		sim_bdma_done(core, 0);
	if (event.intr & 2u << INTR_BDMA)
		sim_bdma_done(core, 1);
	core->intr_status |= event.intr;

	return event.intr;
}

static bool anything_enabled(const struct sim_core *core, uint32_t units)
{
	unsigned int unit;

	for (unit = 0; unit < NVDLA_UNITS; unit++) {
		if (!(units & BIT(unit)) ||
		    nvdla_units[unit].first_grouped >= NVDLA_WINDOW_SIZE)
			continue;
		if ((sim_reg(core, unit, 0, nvdla_units[unit].first_grouped) |
		     sim_reg(core, unit, 1, nvdla_units[unit].first_grouped)) & 1)
			return true;
	}

	return core->launched;
}

/*
 * SDP_RDMA is done at once with an operation that fetches nothing; its group is
 * then free, whatever SDP does.
 */
static void finish_idle_reader(struct sim_core *core)
{
	while (!core->started[NVDLA_SDP_RDMA] && sim_enabled(core, NVDLA_SDP_RDMA) &&
	       NEXT_FIELD(core, SDP_RDMA, D_FEATURE_MODE_CFG, FLYING_MODE) &&
	       NEXT_FIELD(core, SDP_RDMA, D_BRDMA_CFG, BRDMA_DISABLE) &&
	       NEXT_FIELD(core, SDP_RDMA, D_NRDMA_CFG, NRDMA_DISABLE) &&
	       (NEXT_FIELD(core, SDP_RDMA, D_ERDMA_CFG, ERDMA_DISABLE) ||
		!(core->config->features & NVDLA_FEAT_SDP_EW))) {
		sim_reg_set(core, NVDLA_SDP_RDMA, next_group(core, NVDLA_SDP_RDMA),
			    SDP_RDMA_D_OP_ENABLE, 0);
		core->consumer[NVDLA_SDP_RDMA] ^= 1;
	}
}

enum npusim_state npusim_run(struct npusim *sim, unsigned int index, uint64_t max_cycles)
{
	struct sim_core *core;
	uint64_t limit;
	uint32_t fired;
	bool level, changed, enabled;
	int engine;

	if (index >= sim->count)
		return NPUSIM_IDLE;
	core = &sim->cores[index];
	if (core->failed)
		return NPUSIM_ERROR;
	limit = max_cycles > UINT64_MAX - core->now ? UINT64_MAX : core->now + max_cycles;

	for (;;) {
		sim_lock(core);
		finish_idle_reader(core);
		sim_unlock(core);
		for (engine = 0; engine < SIM_ENGINES; engine++) {
			bool able;

			sim_lock(core);
			able = can_start(core, engine);
			sim_unlock(core);
			if (!able)
				continue;
			if (start(core, engine))
				return NPUSIM_ERROR;
			/* What started may let an earlier one start. */
			engine = -1;
		}
		sim_lock(core);
		if (!core->event_count) {
			enabled = anything_enabled(core, ~0u);
			sim_unlock(core);
			return enabled ? NPUSIM_STALLED : NPUSIM_IDLE;
		}
		if (core->events[0].time > limit) {
			__atomic_store_n(&core->now, limit, __ATOMIC_RELAXED);
			sim_unlock(core);
			return NPUSIM_LIMIT;
		}
		if (core->events[0].time > core->now)
			__atomic_store_n(&core->now, core->events[0].time, __ATOMIC_RELAXED);
		fired = event_fire(core);
		level = sim_irq_wanted(core);
		changed = level != core->irq_level;
		core->irq_level = level;
		sim_unlock(core);
		if (changed && sim->host.irq)
			sim->host.irq(sim->host.ctx, index, level);
		if (fired)
			return NPUSIM_INTERRUPT;
	}
}

bool npusim_idle(struct npusim *sim, unsigned int index)
{
	struct sim_core *core;
	bool idle;

	if (index >= sim->count)
		return true;
	core = &sim->cores[index];
	sim_lock(core);
	idle = !anything_enabled(core, ~(BIT(NVDLA_CSC) | BIT(NVDLA_CMAC_A) | BIT(NVDLA_CMAC_B) |
					 BIT(NVDLA_CACC)));
	sim_unlock(core);

	return idle;
}
