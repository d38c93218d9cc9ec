/* SPDX-License-Identifier: MIT */
/*
 * npusim: NVDLA as a C library, at register level.
 *
 * A simulator has one or more cores. A core is driven the way hardware is:
 * CSB register reads and writes from one side, memory callbacks and an
 * interrupt line on the other. Modelled time passes only in npusim_run().
 */
#ifndef NPUSIM_H
#define NPUSIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct npusim;

/* Memory ports of a core. */
enum npusim_port {
	NPUSIM_MCIF,	/* primary: DRAM */
	NPUSIM_CVIF,	/* second: on-chip SRAM */
};

/**
 * struct npusim_error - what went wrong in a core, in words and in registers
 * @core: number of the core
 * @code: negative errno: -EINVAL wrong or unsupported register value,
 *        -EFAULT bus error, -ENOSYS feature that is not modelled
 * @reg: CSB byte offset of the register to blame, or of the unit's D_OP_ENABLE
 * @addr: bus address for -EFAULT
 * @text: one line for a person; names unit, register, field and value
 */
struct npusim_error {
	unsigned int core;
	int code;
	uint32_t reg;
	uint64_t addr;
	char text[192];
};

/**
 * struct npusim_host - what surrounds a simulator
 * @ctx: handed to every callback
 * @read: copy @len bytes at bus address @addr into @dst; 0 or -EFAULT
 * @write: copy @len bytes from @src to bus address @addr; 0 or -EFAULT
 * @irq: the interrupt line of @core changed to @level; may be NULL
 * @error: a core reports an error; may be NULL. Called once per error
 *
 * Callbacks for one core come from the thread that calls npusim_run() or
 * npusim_write() for it; callbacks for different cores may be concurrent.
 */
struct npusim_host {
	void *ctx;
	int (*read)(void *ctx, enum npusim_port port, uint64_t addr, void *dst, size_t len);
	int (*write)(void *ctx, enum npusim_port port, uint64_t addr, const void *src, size_t len);
	void (*irq)(void *ctx, unsigned int core, bool level);
	void (*error)(void *ctx, const struct npusim_error *error);
};

/**
 * struct npusim_timing - the parameters of the timing model
 * @clock_hz: core clock at divider 1
 * @bytes_per_cycle: sustained bandwidth of the primary port; 0: the port's width
 * @sram_bytes_per_cycle: the same for the second port
 * @latency: cycles from a read request to its first data, primary port
 * @sram_latency: the same for the second port
 */
struct npusim_timing {
	uint64_t clock_hz;
	double bytes_per_cycle;
	double sram_bytes_per_cycle;
	unsigned int latency;
	unsigned int sram_latency;
};

/**
 * struct npusim_params - how to make a simulator
 * @config: name of the configuration, e.g. "nv_large"
 * @cores: number of cores, 1 to 32
 * @host: its surroundings, copied
 * @timing: timing parameters, copied; all zero: the configuration's defaults
 * @rtl_rom: CFGROM reads as in the open RTL, which holds the sizes of the
 *           smallest configuration whatever it is built as; otherwise it
 *           describes @config
 */
struct npusim_params {
	const char *config;
	unsigned int cores;
	struct npusim_host host;
	struct npusim_timing timing;
	bool rtl_rom;
};

/**
 * npusim_new() - make a simulator
 * @params: how
 * @out: receives it; free with npusim_free()
 *
 * Return: 0, -EINVAL for an unknown configuration or core count, -ENOMEM.
 */
int npusim_new(const struct npusim_params *params, struct npusim **out);

/* Free a simulator; NULL is allowed. No other call may be under way. */
void npusim_free(struct npusim *sim);

/**
 * npusim_reg_read() - CSB read
 * @offset: byte offset, a multiple of 4
 *
 * Safe at any time, also while another thread runs the core. A register that
 * does not exist reads 0, as in hardware.
 */
uint32_t npusim_reg_read(struct npusim *sim, unsigned int core, uint32_t offset);

/**
 * npusim_reg_write() - CSB write
 *
 * Safe at any time. A write that hardware drops is dropped. Enabling an
 * operation does not run it: npusim_run() does.
 */
void npusim_reg_write(struct npusim *sim, unsigned int core, uint32_t offset, uint32_t value);

/**
 * npusim_pass() - let modelled time pass while a core has nothing to do
 *
 * Does nothing while something is under way: that takes npusim_run().
 */
void npusim_pass(struct npusim *sim, unsigned int core, uint64_t cycles);

/* CSB byte offset of the GLB window in the simulator's configuration. */
uint32_t npusim_glb_base(const struct npusim *sim);

/* How a call of npusim_run() ended. */
enum npusim_state {
	NPUSIM_IDLE,		/* nothing is enabled */
	NPUSIM_STALLED,		/* something is enabled but waits for another unit */
	NPUSIM_INTERRUPT,	/* a done interrupt was raised */
	NPUSIM_LIMIT,		/* max_cycles have passed */
	NPUSIM_ERROR,		/* an error was reported */
};

/**
 * npusim_run() - let modelled time pass in one core
 * @max_cycles: stop after so many cycles
 *
 * Runs until the next interrupt event, or until nothing can run any more.
 * One thread per core at a time; different cores may run concurrently.
 */
enum npusim_state npusim_run(struct npusim *sim, unsigned int core, uint64_t max_cycles);

/* Modelled cycles since creation or reset of a core. */
uint64_t npusim_cycles(const struct npusim *sim, unsigned int core);

/* Reset a core: registers, CBUF, lookup tables, pending operations. */
void npusim_reset(struct npusim *sim, unsigned int core);

/**
 * struct npusim_counters - what a core did since creation
 * @busy_cycles: cycles in which any unit worked
 * @mac_cycles: cycles in which the MAC array worked
 * @macs: multiply-accumulates
 * @ops: operations finished
 * @read_bytes: read through the primary port
 * @write_bytes: written through the primary port
 * @sram_read_bytes: read through the second port
 * @sram_write_bytes: written through the second port
 * @energy_pj: estimated energy in picojoules; see Documentation/npusim.rst
 */
struct npusim_counters {
	uint64_t busy_cycles;
	uint64_t mac_cycles;
	uint64_t macs;
	uint64_t ops;
	uint64_t read_bytes;
	uint64_t write_bytes;
	uint64_t sram_read_bytes;
	uint64_t sram_write_bytes;
	uint64_t energy_pj;
};

void npusim_get_counters(struct npusim *sim, unsigned int core, struct npusim_counters *out);

/*
 * Cycles until the next thing becomes visible in a core, UINT64_MAX when nothing
 * is under way: how long a caller that keeps real time may sleep after
 * npusim_run() has returned NPUSIM_LIMIT.
 */
uint64_t npusim_next_event(struct npusim *sim, unsigned int core);

/* Nothing is enabled in a core that touches memory: all results are there. */
bool npusim_idle(struct npusim *sim, unsigned int core);

/**
 * npusim_hang() - let units of a core hang
 * @units: bit n set: enum nvdla_unit n takes no operation any more
 *
 * What runs ends as usual; what is enabled afterwards shows as running and
 * never ends. Units add up; npusim_reset() frees them.
 */
void npusim_hang(struct npusim *sim, unsigned int core, uint32_t units);

/* Make the memory of a core slower by a factor: bandwidth and latency; 1: as made. */
void npusim_slow(struct npusim *sim, unsigned int core, unsigned int factor);

/**
 * npusim_supply() - at which voltage a core works from now on
 * @sim: the simulator
 * @core: its number
 * @ppm: energy of the core's own events, in millionths of that at the voltage
 *	which the figures of &struct npusim_counters.energy_pj stand for: the
 *	square of the voltages' ratio; 0 stands for 1000000. Memory's share of
 *	the energy stays
 *
 * Thread safety: any thread, at any time.
 */
void npusim_supply(struct npusim *sim, unsigned int core, unsigned int ppm);

#endif /* NPUSIM_H */
