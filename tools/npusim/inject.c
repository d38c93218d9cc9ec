// SPDX-License-Identifier: MIT
/*
 * What a caller does to a core from outside its registers: faults, and keeping
 * real time.
 */
#include "state.h"

#define MAX_SLOW	1000000u

uint64_t npusim_next_event(struct npusim *sim, unsigned int index)
{
	struct sim_core *core;
	uint64_t cycles = UINT64_MAX;

	if (index >= sim->count)
		return cycles;
	core = &sim->cores[index];
	sim_lock(core);
	if (core->event_count)
		cycles = core->events[0].time > core->now ? core->events[0].time - core->now : 0;
	sim_unlock(core);

	return cycles;
}

void npusim_pass(struct npusim *sim, unsigned int index, uint64_t cycles)
{
	struct sim_core *core;

	if (index >= sim->count)
		return;
	core = &sim->cores[index];
	sim_lock(core);
	if (!core->event_count && cycles <= UINT64_MAX - core->now)
		__atomic_store_n(&core->now, core->now + cycles, __ATOMIC_RELAXED);
	sim_unlock(core);
}

void npusim_hang(struct npusim *sim, unsigned int index, uint32_t units)
{
	struct sim_core *core;

	if (index >= sim->count)
		return;
	core = &sim->cores[index];
	sim_lock(core);
	core->hung |= units;
	sim_unlock(core);
}

void npusim_supply(struct npusim *sim, unsigned int index, unsigned int ppm)
{
	if (index < sim->count)
		__atomic_store_n(&sim->cores[index].supply, ppm, __ATOMIC_RELAXED);
}

void npusim_slow(struct npusim *sim, unsigned int index, unsigned int factor)
{
	struct sim_core *core;

	if (index >= sim->count)
		return;
	core = &sim->cores[index];
	sim_lock(core);
	__atomic_store_n(&core->slow, factor > MAX_SLOW ? MAX_SLOW : factor, __ATOMIC_RELAXED);
	sim_unlock(core);
}
