/* SPDX-License-Identifier: MIT */
/*
 * Inside of npusim: what the units share. core.c keeps the registers, decides
 * which operation may start and orders events in time; each unit's file
 * computes results and cost of one operation from the registers of a group.
 */
#ifndef NPUSIM_CORE_H
#define NPUSIM_CORE_H

#include "npusim.h"
#include "../../kmod/hw/nvdla_config.h"

#define SIM_REGS	(NVDLA_WINDOW_SIZE / 4)

/*
 * The largest cube that an operation may go through, padding included; what is
 * larger is refused, so that no register program keeps a core busy for long.
 */
#define SIM_MAX_ELEMENTS	((uint64_t)1 << 28)

/* Lookup tables of SDP and CDP: not banked, written through S_LUT_ACCESS_*. */
#define SIM_LUT_LE	65
#define SIM_LUT_LO	257

/**
 * struct sim_lut - lookup tables of a unit, and what goes with them
 * @le: table LE (exponential or linear)
 * @lo: table LO (linear, dense)
 * @addr: entry that the next access of S_LUT_ACCESS_DATA goes to
 * @table: the table it goes to: 0 LE, 1 LO
 * @write: whether the access port is set up for writing
 */
struct sim_lut {
	int16_t le[SIM_LUT_LE];
	int16_t lo[SIM_LUT_LO];
	uint16_t addr;
	uint8_t table;
	uint8_t write;
};

/**
 * struct sim_cube - elements on their way between two units
 * @width: elements per line
 * @height: lines
 * @channels: channels; the last surface is padded to whole atoms
 * @atom: channels per atom
 * @batches: cubes behind each other
 * @v: element (n, c, y, x) at
 *     ((((n * surfaces + c / atom) * height + y) * width + x) * atom + c % atom);
 *     two's complement, or the bits of a float where the precision is FP16
 */
struct sim_cube {
	unsigned int width, height, channels, atom, batches;
	bool winograd;
	int32_t *v;
};

/**
 * struct sim_parts - parts of the width that are fetched one after the other
 * @addr: of the first one's first byte
 * @step: bytes from part to part
 * @line: bytes of a part's line
 * @count: parts
 */
struct sim_parts {
	uint64_t addr, step;
	uint32_t line, count;
};

#define SIM_PARTS	3

/**
 * struct sim_reader - what a reader fetches through its latency buffer
 * @port: memory port
 * @operand: an operand of SDP, not features
 * @parts: first parts of the width, those in the middle, the last; often only one
 * @line_stride: bytes from line to line
 * @surf_stride: bytes from surface to surface
 * @request: bytes of a request; 0: a line
 * @lines: lines of a surface
 * @surfaces: surfaces
 */
struct sim_reader {
	enum npusim_port port;
	bool operand;
	struct sim_parts parts[SIM_PARTS];
	uint64_t line_stride, surf_stride;
	uint32_t request, lines, surfaces;
};

#define SIM_READERS	4

/**
 * struct sim_cost - what an operation costs; each unit adds its part
 * @cycles: cycles the unit itself needs with memory infinitely fast
 * @depth: cycles that its pipeline is longer by than the shortest one
 * @tail: those of @cycles behind its last input
 * @unused: share of its input behind the last that counts
 * @read: bytes read, per port
 * @written: bytes written, per port
 * @readers: what it reads, where a latency buffer bounds that
 * @reader_count: how many of them
 */
struct sim_cost {
	uint64_t cycles, tail;
	unsigned int depth;
	double unused;
	uint64_t read[2];
	uint64_t written[2];
	struct sim_reader readers[SIM_READERS];
	unsigned int reader_count;
};

struct sim_core;

/* Registers: @off is relative to the unit's window. */
uint32_t sim_reg(const struct sim_core *core, enum nvdla_unit unit, unsigned int group,
		 uint32_t off);
void sim_reg_set(struct sim_core *core, enum nvdla_unit unit, unsigned int group, uint32_t off,
		 uint32_t value);

#define SIM_FIELD(core, unit, group, reg, field) \
	FIELD_GET(reg##_##field, sim_reg(core, unit, group, reg))

const struct nvdla_config *sim_config(const struct sim_core *core);

/*
 * The lookup tables. Inside a sim_*_run() these are a copy taken when the
 * operation started, elsewhere what CSB reads and writes.
 */
struct sim_lut *sim_sdp_lut(struct sim_core *core);
struct sim_lut *sim_cdp_lut(struct sim_core *core);

/*
 * Storage of a unit's own, @size bytes, zeroed on first use and freed by reset;
 * NULL when there is no memory. A unit always asks for the same size.
 * Call it from CSB handlers, or in sim_*_run() with the core locked.
 */
void *sim_unit_data(struct sim_core *core, enum nvdla_unit unit, size_t size);

/* CSB handlers run with the core locked; sim_*_run() without. */
void sim_lock(struct sim_core *core);
void sim_unlock(struct sim_core *core);

/*
 * Memory. A transfer that fails is reported through sim_fail() by these
 * functions themselves, with @unit and @reg (the register that gave the
 * address) named; they return -EFAULT then.
 */
int sim_read(struct sim_core *core, enum nvdla_unit unit, uint32_t reg, enum npusim_port port,
	     uint64_t addr, void *dst, size_t len, struct sim_cost *cost);
int sim_write(struct sim_core *core, enum nvdla_unit unit, uint32_t reg, enum npusim_port port,
	      uint64_t addr, const void *src, size_t len, struct sim_cost *cost);

/* Report an error and return @code. @reg is relative to the unit's window. */
int sim_fail(struct sim_core *core, int code, enum nvdla_unit unit, uint32_t reg,
	     const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/*
 * The units behind the convolution. @group is the register group of the unit
 * itself; its RDMA uses @rdma_group, which moves separately. Each returns 0 or
 * the negative errno that sim_fail() reported.
 */

/**
 * sim_sdp_run() - one operation of the single data processor
 * @acc: on the fly: what CACC delivers; NULL: read through SDP_RDMA
 * @out: non-NULL: hand the result to PDP instead of memory; the callee
 *       allocates @out->v, the caller frees it
 */
int sim_sdp_run(struct sim_core *core, unsigned int group, unsigned int rdma_group,
		const struct sim_cube *acc, struct sim_cube *out, struct sim_cost *cost);

/* Adds the readers of an SDP_RDMA group's operands to @cost, for the timing model. */
void sim_sdp_operands(struct sim_core *core, unsigned int group, struct sim_cost *cost);

/* @in: on the fly from SDP; NULL: read through PDP_RDMA. */
int sim_pdp_run(struct sim_core *core, unsigned int group, unsigned int rdma_group,
		const struct sim_cube *in, struct sim_cost *cost);
int sim_cdp_run(struct sim_core *core, unsigned int group, unsigned int rdma_group,
		struct sim_cost *cost);
int sim_rubik_run(struct sim_core *core, unsigned int group, struct sim_cost *cost);
/*
 * BDMA has a queue of its own instead of groups: @group is GRP0 or GRP1.
 * sim_bdma_csb_write() calls sim_bdma_launch() when CFG_LAUNCH0 or 1 is
 * written with work to do; core.c then calls sim_bdma_run(), and, when its time has
 * passed and with the core locked, sim_bdma_done() just before it raises the
 * group's interrupt.
 */
void sim_bdma_launch(struct sim_core *core, unsigned int group);
void sim_bdma_done(struct sim_core *core, unsigned int group);
int sim_bdma_run(struct sim_core *core, unsigned int group, struct sim_cost *cost);

/*
 * CSB accesses with a side effect, called by core.c after the plain register
 * was stored (write) or before it is returned (read).
 */
void sim_sdp_csb_write(struct sim_core *core, uint32_t off, uint32_t value);
uint32_t sim_sdp_csb_read(struct sim_core *core, uint32_t off);
void sim_cdp_csb_write(struct sim_core *core, uint32_t off, uint32_t value);
uint32_t sim_cdp_csb_read(struct sim_core *core, uint32_t off);
void sim_bdma_csb_write(struct sim_core *core, uint32_t off, uint32_t value);
uint32_t sim_bdma_csb_read(struct sim_core *core, uint32_t off);

#endif /* NPUSIM_CORE_H */
