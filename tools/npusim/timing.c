// SPDX-License-Identifier: MIT
/*
 * The timing model. Documentation/npusim.rst explains it and states its error.
 */
#include "timing.h"

/* From enabling a unit to its first request, and from last data to interrupt. */
#define START_CYCLES	20
#define FINISH_CYCLES	20

/* Another thread may change it. */
static unsigned int core_slow(const struct sim_core *core)
{
	return __atomic_load_n(&core->slow, __ATOMIC_RELAXED);
}

static double bandwidth(const struct sim_core *core, enum npusim_port port)
{
	double bytes = port == NPUSIM_CVIF ? core->sim->timing.sram_bytes_per_cycle :
					     core->sim->timing.bytes_per_cycle;

	return core_slow(core) > 1 ? bytes / core_slow(core) : bytes;
}

static unsigned int latency(const struct sim_core *core, enum npusim_port port)
{
	unsigned int cycles = port == NPUSIM_CVIF ? core->sim->timing.sram_latency :
						    core->sim->timing.latency;

	return core_slow(core) > 1 ? cycles * core_slow(core) : cycles;
}

static uint64_t transfer(const struct sim_core *core, enum npusim_port port, uint64_t bytes)
{
	return (uint64_t)((double)bytes / bandwidth(core, port) + 0.999999);
}

void sim_time_load(const struct sim_core *core, const struct sim_fetch *fetch,
		   struct sim_load *load)
{
	uint64_t data = transfer(core, fetch->data_port, fetch->data_bytes);
	uint64_t weight = transfer(core, fetch->weight_port, fetch->weight_bytes);
	uint64_t first = transfer(core, fetch->weight_port, fetch->first_weight_bytes);

	/* Both share the port until the shorter one is done. */
	if (fetch->data_port == fetch->weight_port && !load->weight_open) {
		uint64_t both = data < weight ? data : weight;

		data += both;
		weight += both;
		first += first < both ? first : both;
	}
	load->data_ready = load->start + START_CYCLES +
			   (fetch->data_bytes ? latency(core, fetch->data_port) : 0) + data;
	load->weight_start = load->start + START_CYCLES +
			     (fetch->weight_bytes ? latency(core, fetch->weight_port) : 0);
	load->weight_cycles = weight;
	load->weight_first = first;
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t memory_cycles(const struct sim_core *core, const struct sim_cost *cost)
{
	uint64_t cycles = 0, port;

	for (port = 0; port < 2; port++) {
		cycles = later(cycles, transfer(core, port, cost->read[port]));
		cycles = later(cycles, transfer(core, port, cost->written[port]));
	}

	return cycles;
}

void sim_time_conv(const struct sim_core *core, const struct sim_load *load,
		   const struct sim_cube *acc, const struct sim_cost *conv,
		   const struct sim_cost *sdp, const struct sim_cost *pdp,
		   struct sim_conv_times *times)
{
	uint64_t begin = later(later(load->data_ready, load->weight_start + load->weight_first),
			       core->now) + START_CYCLES;
	uint64_t work = later(conv->cycles, later(sdp->cycles, memory_cycles(core, sdp)));

	(void)acc;
	work = later(work, memory_cycles(core, pdp));
	times->cacc_done = later(begin + work, load->weight_start + load->weight_cycles);
	times->weight_done = times->cacc_done - (conv->cycles / 8 < work ? conv->cycles / 8 : 0);
	times->sdp_done = times->cacc_done + FINISH_CYCLES;
	times->end = later(times->sdp_done, begin + pdp->cycles) + FINISH_CYCLES;
}

uint64_t sim_time_op(const struct sim_core *core, enum sim_engine engine,
		     const struct sim_cost *cost)
{
	uint64_t cycles = later(cost->cycles, memory_cycles(core, cost));

	(void)engine;
	if (cost->read[NPUSIM_MCIF] || cost->read[NPUSIM_CVIF])
		cycles += latency(core, cost->read[NPUSIM_CVIF] ? NPUSIM_CVIF : NPUSIM_MCIF);

	return cycles + START_CYCLES + FINISH_CYCLES;
}

/*
 * Orders of magnitude for a 16 nm part: DRAM 20 pJ and SRAM 2 pJ per byte, a
 * cycle of the array with all its multipliers 0.2 pJ per multiplier.
 */
uint64_t sim_energy(const struct sim_core *core, const struct sim_cost *cost)
{
	uint64_t macs = (uint64_t)core->config->atomic_c * core->config->atomic_k;

	return 20 * (cost->read[NPUSIM_MCIF] + cost->written[NPUSIM_MCIF]) +
	       2 * (cost->read[NPUSIM_CVIF] + cost->written[NPUSIM_CVIF]) +
	       cost->cycles * macs / 5;
}
