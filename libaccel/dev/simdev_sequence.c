// SPDX-License-Identifier: MIT
/*
 * sim backend: run one job on a core, through registers and interrupts only,
 * the way the driver does it on hardware.
 *
 * Every unit has two register groups and moves through them on its own, so the
 * group that comes next is kept per unit. Operations of one engine go in the
 * order of the program, at most two at a time; an operation is enabled once
 * everything it depends on has ended. CDMA may outlast an operation whose result
 * is there, where it fetches weights ahead: its group is free when they have come.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simdev.h"

#define GROUPS		2
/* Operations to look ahead for one whose engines are free. */
#define LOOKAHEAD	64
/* Cycles that a core may take to get its convolution buffer ready. */
#define FLUSH_CYCLES	1000000
/* Interrupts without a status before a core counts as hung. */
#define MAX_SPURIOUS	1000

#define LUT_TABLE_LE	0
#define LUT_TABLE_LO	BIT(16)
#define LUT_WRITE	BIT(17)

enum op_state {
	OP_WAITING,
	OP_RUNNING,
	OP_DONE,
};

/**
 * struct sequence - a job while a core runs it
 * @core: the core
 * @task: the job
 * @program: its program
 * @state: by operation, &enum op_state
 * @groups: by operation that runs, bit n: it uses group 1 of unit n
 * @started: by operation that runs, cycle at which it was enabled
 * @fetched: interrupts of CDMA's weights that came, of operations not ended
 * @fetching: those that are waited for, of operations that ended
 * @first: every operation before this one has ended
 * @running: operations enabled
 * @last_end: by unit that writes the result: end of the last operation
 */
struct sequence {
	struct simdev_core *core;
	struct simdev_task *task;
	const struct nvdla_program *program;
	uint8_t *state;
	uint32_t *groups;
	uint64_t *started;
	uint32_t fetched, fetching;
	uint32_t first;
	uint32_t running;
	uint64_t last_end[NVDLA_UNITS];
};

/* Engines are enabled from the end of the pipeline to its beginning. */
static const enum nvdla_unit enable_order[] = {
	NVDLA_PDP, NVDLA_PDP_RDMA, NVDLA_SDP, NVDLA_SDP_RDMA, NVDLA_CACC, NVDLA_CMAC_A,
	NVDLA_CMAC_B, NVDLA_CSC, NVDLA_CDMA, NVDLA_CDP, NVDLA_CDP_RDMA, NVDLA_RUBIK,
};

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

static void write_register(struct simdev_core *core, uint32_t reg, uint32_t value)
{
	if (core->record)
		record_write(core->record, reg, value);
	npusim_reg_write(core->device->sim, core->index, reg, value);
}

static void write_unit(struct simdev_core *core, enum nvdla_unit unit, uint32_t offset,
		       uint32_t value)
{
	write_register(core, core->device->host.base.config.base[unit] + offset, value);
}

static uint32_t read_unit(struct simdev_core *core, enum nvdla_unit unit, uint32_t offset)
{
	return npusim_reg_read(core->device->sim, core->index,
			       core->device->host.base.config.base[unit] + offset);
}

/* The unit whose interrupt ends an operation. */
static enum nvdla_unit last_unit(const struct nvdla_program_op *op)
{
	switch (op->done) {
	case GLB_S_INTR_STATUS_SDP_DONE_STATUS0:
		return NVDLA_SDP;
	case GLB_S_INTR_STATUS_PDP_DONE_STATUS0:
		return NVDLA_PDP;
	case GLB_S_INTR_STATUS_CDP_DONE_STATUS0:
		return NVDLA_CDP;
	case GLB_S_INTR_STATUS_BDMA_DONE_STATUS0:
		return NVDLA_BDMA;
	default:
		return NVDLA_RUBIK;
	}
}

/* ------------------------------------------------------------ measurements */

/* A counter of stalls, and what it adds to. */
struct stall {
	enum nvdla_unit unit;
	uint16_t offset;
	uint16_t field;
};

static const struct stall stalls[] = {
	{ NVDLA_CDMA, CDMA_D_PERF_DAT_READ_STALL, offsetof(struct accel_op_profile, data_stall) },
	{ NVDLA_CDMA, CDMA_D_PERF_WT_READ_STALL, offsetof(struct accel_op_profile, weight_stall) },
	{ NVDLA_SDP_RDMA, SDP_RDMA_D_PERF_MRDMA_READ_STALL,
	  offsetof(struct accel_op_profile, read_stall) },
	{ NVDLA_SDP_RDMA, SDP_RDMA_D_PERF_BRDMA_READ_STALL,
	  offsetof(struct accel_op_profile, read_stall) },
	{ NVDLA_SDP_RDMA, SDP_RDMA_D_PERF_NRDMA_READ_STALL,
	  offsetof(struct accel_op_profile, read_stall) },
	{ NVDLA_SDP_RDMA, SDP_RDMA_D_PERF_ERDMA_READ_STALL,
	  offsetof(struct accel_op_profile, read_stall) },
	{ NVDLA_PDP_RDMA, PDP_RDMA_D_PERF_READ_STALL,
	  offsetof(struct accel_op_profile, read_stall) },
	{ NVDLA_CDP_RDMA, CDP_RDMA_D_PERF_READ_STALL,
	  offsetof(struct accel_op_profile, read_stall) },
	{ NVDLA_RUBIK, RBK_D_PERF_READ_STALL, offsetof(struct accel_op_profile, read_stall) },
	{ NVDLA_SDP, SDP_D_PERF_WDMA_WRITE_STALL,
	  offsetof(struct accel_op_profile, write_stall) },
	{ NVDLA_PDP, PDP_D_PERF_WRITE_STALL, offsetof(struct accel_op_profile, write_stall) },
	{ NVDLA_CDP, CDP_D_PERF_WRITE_STALL, offsetof(struct accel_op_profile, write_stall) },
	{ NVDLA_RUBIK, RBK_D_PERF_WRITE_STALL, offsetof(struct accel_op_profile, write_stall) },
	{ NVDLA_SDP, SDP_D_PERF_OUT_SATURATION, offsetof(struct accel_op_profile, saturated) },
};

/* What turns the counters of a unit on. */
static uint32_t perf_enable(enum nvdla_unit unit, uint32_t offset)
{
	static const struct {
		enum nvdla_unit unit;
		uint16_t offset;
		uint32_t value;
	} enables[] = {
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
	size_t i;

	for (i = 0; i < COUNT(enables); i++) {
		if (enables[i].unit == unit && enables[i].offset == offset)
			return enables[i].value;
	}

	return 0;
}

static uint64_t cycles_to_ns(const struct simdev_device *device, uint64_t cycles)
{
	return (double)cycles * 1e9 / device->host.base.info.clock_hz;
}

static void record(struct sequence *s, uint32_t index, uint64_t now)
{
	const struct nvdla_program_op *op = &s->program->ops[index];
	struct simdev_core *core = s->core;
	enum nvdla_unit last = last_unit(op);
	struct accel_op_profile *profile;
	uint64_t began = s->started[index];
	size_t i;

	if (began < s->last_end[last])
		began = s->last_end[last];
	s->last_end[last] = now;
	if (!s->task->recorder)
		return;

	profile = &s->task->recorder->ops[index];
	profile->start_ns = cycles_to_ns(core->device, s->started[index]);
	profile->end_ns = cycles_to_ns(core->device, now);
	profile->cycles = now - began;
	profile->core = core->index;
	profile->engines = op->engines;
	for (i = 0; i < COUNT(stalls); i++) {
		enum nvdla_unit unit = stalls[i].unit;

		if (!(op->units & BIT(unit)))
			continue;
		write_unit(core, unit, NVDLA_S_POINTER, s->groups[index] >> unit & 1);
		*(uint32_t *)((char *)profile + stalls[i].field) +=
			read_unit(core, unit, stalls[i].offset);
	}
}

/* ----------------------------------------------------- starting operations */

static void load_table(struct simdev_core *core, enum nvdla_unit unit, uint32_t table,
		       const uint16_t *entries, size_t count)
{
	size_t i;

	write_unit(core, unit, SDP_S_LUT_ACCESS_CFG, LUT_WRITE | table);
	for (i = 0; i < count; i++)
		write_unit(core, unit, SDP_S_LUT_ACCESS_DATA, entries[i]);
}

_Static_assert((int)SDP_S_LUT_ACCESS_CFG == (int)CDP_S_LUT_ACCESS_CFG &&
	       (int)SDP_S_LUT_ACCESS_DATA == (int)CDP_S_LUT_ACCESS_DATA,
	       "the tables of SDP and CDP are reached alike");

/* Are the tables that an operation needs in place, or can they be put there? */
static bool load_luts(struct simdev_core *core, const struct nvdla_program *program,
		      const struct nvdla_program_op *op)
{
	const struct nvdla_program_lut *lut;
	unsigned int i, which;

	if (op->lut < 0)
		return true;
	lut = &program->luts[op->lut];
	which = lut->unit == NVDLA_CDP;
	if (core->lut_loaded[which] && !memcmp(&core->luts[which], lut, sizeof(*lut)))
		return true;
	/* The tables are not banked: an operation under way would see the change. */
	if (core->in_flight[lut->unit])
		return false;

	load_table(core, lut->unit, LUT_TABLE_LE, lut->le, COUNT(lut->le));
	load_table(core, lut->unit, LUT_TABLE_LO, lut->lo, COUNT(lut->lo));
	for (i = 0; i < lut->reg_count; i++)
		write_register(core, lut->regs[i].offset, lut->regs[i].value);
	memcpy(&core->luts[which], lut, sizeof(*lut));
	core->lut_loaded[which] = true;

	return true;
}

/* Write the complete image of an operation into the groups that come next. */
static void write_image(struct sequence *s, uint32_t index)
{
	const struct nvdla_program_op *op = &s->program->ops[index];
	struct simdev_core *core = s->core;
	struct nvdla_validator *validator = core->device->validator;
	const uint32_t *value = core->image;
	unsigned int unit, i;

	nvdla_program_image(s->program, index, s->task->bindings, core->image);
	s->groups[index] = 0;
	for (unit = 0; unit < NVDLA_UNITS; unit++) {
		unsigned int words = nvdla_unit_words(validator, unit);

		if (!(op->units & BIT(unit)))
			continue;
		s->groups[index] |= (uint32_t)core->group[unit] << unit;
		if (unit != NVDLA_BDMA)
			write_unit(core, unit, NVDLA_S_POINTER, core->group[unit]);
		for (i = 0; i < words; i++, value++) {
			uint32_t offset = nvdla_unit_offset(validator, unit, i);

			write_unit(core, unit, offset, *value |
				   (s->task->recorder ? perf_enable(unit, offset) : 0));
		}
	}
}

static void enable(struct sequence *s, uint32_t index)
{
	const struct nvdla_program_op *op = &s->program->ops[index];
	struct simdev_core *core = s->core;
	unsigned int unit, i;

	for (i = 0; i < COUNT(enable_order); i++) {
		unit = enable_order[i];
		if (!(op->units & BIT(unit)))
			continue;
		/* D_OP_ENABLE is the first register of a group. */
		write_unit(core, unit, nvdla_units[unit].first_grouped, 1);
	}
	if (op->units & BIT(NVDLA_BDMA)) {
		write_unit(core, NVDLA_BDMA, BDMA_CFG_OP, BDMA_CFG_OP_EN);
		write_unit(core, NVDLA_BDMA,
			   core->group[NVDLA_BDMA] ? BDMA_CFG_LAUNCH1 : BDMA_CFG_LAUNCH0, 1);
	}
	for (unit = 0; unit < NVDLA_UNITS; unit++) {
		if (!(op->units & BIT(unit)))
			continue;
		core->group[unit] ^= 1;
		core->in_flight[unit]++;
	}
}

static bool deps_done(const struct sequence *s, const struct nvdla_program_op *op)
{
	uint32_t i;

	for (i = 0; i < op->deps; i++) {
		if (s->state[s->program->deps[op->dep + i]] != OP_DONE)
			return false;
	}

	return true;
}

/* Enable every operation that may go now. */
static void start_operations(struct sequence *s)
{
	struct simdev_core *core = s->core;
	uint32_t blocked = 0, index, unit;

	for (unit = 0; unit < NVDLA_UNITS; unit++) {
		if (core->in_flight[unit] == GROUPS)
			blocked |= BIT(unit);
	}
	for (index = s->first; index < s->program->op_count && index < s->first + LOOKAHEAD;
	     index++) {
		const struct nvdla_program_op *op = &s->program->ops[index];

		if (s->state[index] != OP_WAITING)
			continue;
		if (op->units & blocked || !deps_done(s, op) ||
		    !load_luts(core, s->program, op)) {
			/* Those behind it on the same engines must not overtake. */
			blocked |= op->units;
			continue;
		}
		write_image(s, index);
		enable(s, index);
		s->state[index] = OP_RUNNING;
		s->started[index] = npusim_cycles(core->device->sim, core->index);
		s->running++;
		for (unit = 0; unit < NVDLA_UNITS; unit++) {
			if (core->in_flight[unit] == GROUPS)
				blocked |= BIT(unit);
		}
	}
}

/* ------------------------------------------------------- ending operations */

/* Interrupts of CDMA's weights, in either group. */
#define WEIGHTS_DONE	(GLB_S_INTR_STATUS_CDMA_WT_DONE_STATUS0 | \
			 GLB_S_INTR_STATUS_CDMA_WT_DONE_STATUS1)

/* Units that are free when the result of an operation that ends is there. */
static uint32_t free_units(struct sequence *s, uint32_t index)
{
	const struct nvdla_program_op *op = &s->program->ops[index];
	const uint32_t weights = GLB_S_INTR_STATUS_CDMA_WT_DONE_STATUS0 <<
				 (s->groups[index] >> NVDLA_CDMA & 1);

	if (!(op->units & BIT(NVDLA_CDMA)))
		return op->units;
	if (op->ahead && !(s->fetched & weights)) {
		s->fetching |= weights;
		return op->units & ~BIT(NVDLA_CDMA);
	}
	s->fetched &= ~weights;
	return op->units;
}

/* Take note of the interrupts in @status. */
static void end_operations(struct sequence *s, uint32_t status)
{
	struct simdev_core *core = s->core;
	uint64_t now = npusim_cycles(core->device->sim, core->index);
	uint32_t index, unit, came = s->fetching & status;

	s->fetching &= ~came;
	s->fetched |= status & WEIGHTS_DONE & ~came;
	for (; came; came &= came - 1)
		core->in_flight[NVDLA_CDMA]--;
	for (index = s->first; index < s->program->op_count && index < s->first + LOOKAHEAD;
	     index++) {
		const struct nvdla_program_op *op = &s->program->ops[index];
		uint32_t done, units;

		if (s->state[index] != OP_RUNNING)
			continue;
		done = op->done << (s->groups[index] >> last_unit(op) & 1);
		if (!(status & done))
			continue;
		status &= ~done;
		record(s, index, now);
		s->state[index] = OP_DONE;
		s->running--;
		units = free_units(s, index);
		for (unit = 0; unit < NVDLA_UNITS; unit++) {
			if (units & BIT(unit))
				core->in_flight[unit]--;
		}
	}
	while (s->first < s->program->op_count && s->state[s->first] == OP_DONE)
		s->first++;
}

static uint32_t take_interrupts(struct simdev_core *core)
{
	uint32_t status = read_unit(core, NVDLA_GLB, GLB_S_INTR_STATUS);

	if (core->record)
		record_interrupts(core->record, status,
				  npusim_cycles(core->device->sim, core->index),
				  npusim_idle(core->device->sim, core->index));
	if (status)
		write_unit(core, NVDLA_GLB, GLB_S_INTR_STATUS, status);

	return status;
}

static int hang(struct sequence *s, char *text, size_t size)
{
	uint32_t index = s->first;

	while (index < s->program->op_count && s->state[index] != OP_RUNNING)
		index++;
	s->task->fail_op = index;
	snprintf(text, size, "operation %u hung", index);

	return -ETIME;
}

static int fault(struct sequence *s, char *text, size_t size)
{
	(void)hang(s, text, size);
	snprintf(text, size, "operation %u: %s", s->task->fail_op, s->core->error.text);

	return -EIO;
}

static int run_operations(struct sequence *s, char *text, size_t size)
{
	struct simdev_core *core = s->core;
	struct npusim *sim = core->device->sim;
	uint64_t limit = core->device->host.base.info.clock_hz / 1000 *
			 s->task->context->params.timeout_ms;
	unsigned int spurious = 0;
	enum npusim_state state;
	uint32_t status;

	while (s->first < s->program->op_count) {
		start_operations(s);
		if (!s->running)
			return hang(s, text, size);
		state = npusim_run(sim, core->index, limit);
		if (state == NPUSIM_ERROR)
			return fault(s, text, size);
		status = take_interrupts(core);
		if (!status && (state != NPUSIM_INTERRUPT || ++spurious > MAX_SPURIOUS))
			return hang(s, text, size);
		end_operations(s, status);
	}

	return 0;
}

/* --------------------------------------------------------------- whole jobs */

/* As after power-on; the convolution buffer needs a moment then. */
static void reset_core(struct simdev_core *core)
{
	struct npusim *sim = core->device->sim;
	uint64_t end;

	npusim_reset(sim, core->index);
	if (core->record)
		record_reset(core->record);
	memset(core->group, 0, sizeof(core->group));
	memset(core->in_flight, 0, sizeof(core->in_flight));
	memset(core->lut_loaded, 0, sizeof(core->lut_loaded));
	memset(&core->error, 0, sizeof(core->error));

	end = npusim_cycles(sim, core->index) + FLUSH_CYCLES;
	while (!read_unit(core, NVDLA_CDMA, CDMA_S_CBUF_FLUSH_STATUS) &&
	       npusim_cycles(sim, core->index) < end) {
		if (npusim_run(sim, core->index, FLUSH_CYCLES) != NPUSIM_LIMIT)
			break;
	}
	write_unit(core, NVDLA_GLB, GLB_S_INTR_MASK, 0);
}

static int allocate(struct sequence *s)
{
	struct simdev_core *core = s->core;

	if (s->program->max_words > core->image_room) {
		uint32_t *image = realloc(core->image, s->program->max_words * sizeof(*image));

		if (!image)
			return -ENOMEM;
		core->image = image;
		core->image_room = s->program->max_words;
	}
	s->state = calloc(s->program->op_count, sizeof(*s->state));
	s->groups = calloc(s->program->op_count, sizeof(*s->groups));
	s->started = calloc(s->program->op_count, sizeof(*s->started));

	return s->state && s->groups && s->started ? 0 : -ENOMEM;
}

int simdev_core_run(struct simdev_core *core, struct simdev_task *task, char *text, size_t size)
{
	struct sequence s = {
		.core = core,
		.task = task,
		.program = task->program->valid,
	};
	int ret;

	ret = allocate(&s);
	if (ret) {
		snprintf(text, size, "out of memory to run a job");
	} else {
		if (!core->ready)
			reset_core(core);
		core->task = task;
		ret = run_operations(&s, text, size);
		core->task = NULL;
		core->ready = !ret;
	}
	free(s.state);
	free(s.groups);
	free(s.started);

	return ret;
}
