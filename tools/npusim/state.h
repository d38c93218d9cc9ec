/* SPDX-License-Identifier: MIT */
/*
 * State of a core. Only core.c, csb.c, sched.c and the convolution look
 * inside; the units behind it use core.h.
 */
#ifndef NPUSIM_STATE_H
#define NPUSIM_STATE_H

#include <pthread.h>

#include "core.h"

/*
 * What can run on its own. SIM_CONV is CSC and the MAC array; the SDP and PDP
 * fed by it may still be at work when the next convolution begins.
 */
enum sim_engine {
	SIM_CDMA,
	SIM_CONV,
	SIM_SDP,
	SIM_PDP,
	SIM_CDP,
	SIM_RUBIK,
	SIM_BDMA,
	SIM_ENGINES
};

/**
 * struct sim_event - something that becomes visible at a point in time
 * @time: cycle
 * @intr: bits that GLB S_INTR_STATUS gets
 * @units: units whose group finishes: OP_ENABLE clears, the consumer moves on
 * @engines: engines that become free
 */
struct sim_event {
	uint64_t time;
	uint32_t intr;
	uint32_t units;
	uint32_t engines;
};

#define SIM_EVENTS	32

/**
 * struct sim_cbuf - the convolution buffer and who owns what in it
 *
 * Data lies in the banks from 0 on, weights in those behind; both are rings.
 * The CDMA side and the CSC side keep pointers of their own, as in hardware.
 */
struct sim_cbuf {
	uint8_t *mem;
	size_t size;
	/* CDMA: what the last operation was */
	unsigned int cdma_data_bank, cdma_weight_bank;
	unsigned int cdma_mode;
	bool cdma_skip_data, cdma_skip_weight;
	/* data, in entries and slices; index of the next free and the first valid entry */
	uint32_t data_entries, data_slices;
	uint32_t data_wr, data_rd;
	/* weights, in bytes of the ring and whole kernels */
	uint32_t wt_entries;
	uint32_t wt_kernels;
	uint32_t wt_wr, wt_rd;
	/* masks of compressed weights, in the last bank */
	uint32_t wmb_entries, wmb_wr, wmb_rd;
	/* CSC: what the last operation was and left behind */
	unsigned int csc_data_bank, csc_weight_bank;
	unsigned int csc_mode;
	uint32_t last_slices, last_entries;
	uint32_t last_kernels, last_wt_entries, last_wmb_entries;
	bool last_skip_weight;
	bool csc_begun;		/* CSC has turned to its enabled operation */
	bool flushed;		/* ... and met CDMA for a change of banks */
	bool flushed_data;
};

/* What CDMA has done for an operation whose CSC part has not run yet. */
struct sim_load {
	unsigned int group;
	uint64_t start;
	uint64_t data_ready;	/* cycle at which all data is in CBUF */
	uint64_t weight_start;	/* cycle at which the first weights are there */
	uint64_t weight_shared;	/* bytes of weights that come while data does */
	uint64_t weight_turn;	/* cycle at which they are there */
	uint64_t weight_end;	/* cycle at which all are */
	double weight_pace;	/* cycles for each byte after that */
	uint32_t data_stall, weight_stall, data_latency;	/* what is counted of that */
	uint64_t weight_addr;
	uint32_t weight_entries;	/* of CBUF that they take; 0: of weight_open, or none */
	bool weight_open;	/* weights do not fit: fetched as CSC consumes them */
	bool weight_skip;	/* weights of an earlier operation are used again */
	bool compressed;
	bool mask_open;		/* masks do not fit either */
	uint64_t mask_addr;
};

/**
 * struct sim_fetch - what CDMA fetches for one operation
 * @data_bytes: data
 * @run: atoms of a surface that follow each other: those of a fetch grain; 0: image
 * @width: atoms of a line
 * @surfaces: surfaces
 * @weight_bytes: weights
 * @weight_room: bytes of the weight banks
 */
struct sim_fetch {
	uint64_t data_bytes, run, width, surfaces;
	uint64_t weight_bytes, weight_room;
	enum npusim_port data_port, weight_port;
	bool image;
};

/**
 * struct sim_sequence - in which order CSC works
 * @groups: kernel groups
 * @blocks: atomic operations per output pixel and group
 * @lines: times that the stripes of @pixels are gone through per group
 * @pixels: output pixels that are cut into stripes
 * @lanes: kernels of a full group
 * @incoming: cycles in which a group's weights for a block come in
 * @least: cycles of the shortest block
 * @upper: pixels of a stripe, as long as two of them are left
 * @lower: pixels of the stripe after that
 * @round: a stripe takes a multiple of so many cycles
 * @credit: sums that CACC can hold back for SDP
 * @group_bytes: weights of a kernel group
 * @weight_bytes: weights of all
 * @weight_room: bytes of the weight banks
 * @weight_stock: bytes that an earlier operation's CDMA has put there
 * @weight_port: where weights come from
 */
struct sim_sequence {
	uint64_t groups, blocks, lines, pixels;
	unsigned int lanes, incoming, least;
	unsigned int upper, lower, round, credit;
	uint64_t group_bytes, weight_bytes, weight_room, weight_stock;
	enum npusim_port weight_port;
};

/**
 * struct sim_stripe - sums of a stripe in CACC
 * @start: when SDP takes the first
 * @per_sum: cycles it needs for each
 * @before: sums of earlier stripes
 * @count: sums of this one
 */
struct sim_stripe {
	uint64_t start;
	double per_sum;
	uint64_t before, count;
};

#define SIM_STRIPES	256	/* stripes of one sum each that CACC's room can hold */

/**
 * struct sim_drain - CACC between CSC and SDP, from one operation to the next
 * @stripe: by number, modulo SIM_STRIPES
 * @first: number of the first that may hold room which CSC waits for
 * @next: number of the next
 * @issued: sums of all stripes so far
 */
struct sim_drain {
	struct sim_stripe stripe[SIM_STRIPES];
	uint64_t first, next, issued;
};

struct sim_core {
	struct npusim *sim;
	unsigned int index;
	const struct nvdla_config *config;
	pthread_mutex_t lock;

	uint32_t regs[NVDLA_UNITS][2][SIM_REGS];
	uint8_t producer[NVDLA_UNITS];
	uint8_t consumer[NVDLA_UNITS];
	uint32_t intr_status;
	uint32_t intr_mask;
	bool irq_level;

	struct sim_lut lut[2];		/* as CSB sees it: SDP, CDP */
	struct sim_lut run_lut[2];	/* as the running operation sees it */
	void *unit_data[NVDLA_UNITS];

	uint64_t now;
	uint32_t busy;			/* engines at work */
	uint8_t started[NVDLA_UNITS];	/* groups whose end is an event to come */
	uint64_t free_at[SIM_ENGINES];	/* SDP, PDP: when what was started last ends */
	struct sim_drain drain;
	struct sim_event events[SIM_EVENTS];
	unsigned int event_count;
	uint64_t busy_until;
	uint64_t enabled_at[NVDLA_UNITS][2];	/* when a group was enabled last */
	uint64_t done_at[NVDLA_UNITS];	/* when a unit finished an operation last */

	uint32_t launched;		/* BDMA groups waiting */
	unsigned int bdma_next;

	struct sim_cbuf cbuf;
	struct sim_load loads[2];
	unsigned int load_count;

	bool failed;			/* an error was reported: nothing runs until reset */
	uint32_t hung;			/* units that take no operation any more */
	unsigned int supply;		/* of npusim_supply() */
	unsigned int slow;		/* memory is slower by this factor; 0: not */
	struct npusim_error error;
	struct npusim_counters counters;
};

struct npusim {
	struct npusim_host host;
	struct npusim_timing timing;
	const struct nvdla_config *config;
	const struct nvdla_config *rom;	/* what CFGROM describes */
	unsigned int count;
	struct sim_core *cores;
};

/* core.c: which core, if any, this thread computes an operation of. */
void sim_set_running(const struct sim_core *core);

/* csb.c */
void sim_reset_registers(struct sim_core *core);
bool sim_enabled(const struct sim_core *core, enum nvdla_unit unit);
uint32_t sim_cfgrom_read(const struct nvdla_config *config, uint32_t off);
uint32_t sim_intr_bits(const struct nvdla_config *config);
/* The level of the interrupt line as status and mask now demand it. */
bool sim_irq_wanted(const struct sim_core *core);

/* conv.c: the two halves of a convolution; called without the lock. */
bool sim_cdma_ready(struct sim_core *core);
int sim_cdma_run(struct sim_core *core, unsigned int group, struct sim_load *load,
		 struct sim_cost *cost);
bool sim_conv_ready(struct sim_core *core);

/**
 * sim_conv_run() - CSC, CMAC and CACC of one operation
 * @out: what CACC delivers; @out->v is allocated, the caller frees it
 * @seq: receives the order of work, for the timing model
 */
int sim_conv_run(struct sim_core *core, const struct sim_load *load, struct sim_cube *out,
		 struct sim_sequence *seq, struct sim_cost *cost);
void sim_cbuf_reset(struct sim_core *core);

#endif /* NPUSIM_STATE_H */
