// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sequencer of a core. Every unit has two register groups and moves from
 * one to the other by itself; an operation occupies the next group of every
 * unit that it needs. So an operation's registers are written as soon as these
 * groups are free, and it is enabled as soon as what it depends on has ended,
 * by the interrupt handler itself if need be.
 *
 * Only operations of the first job of a core are enabled. Those of the job
 * behind it may be programmed: if the first hangs, nothing of the second has
 * happened and it simply starts anew.
 */
#include <linux/ktime.h>

#include "nvdla_drv.h"
#include "nvdla_trace.h"

static struct nvdla_job *first_job(struct nvdla_core *core)
{
	return list_first_entry_or_null(&core->jobs, struct nvdla_job, link);
}

/* BDMA has a queue instead of groups, and is used one operation at a time. */
static unsigned int unit_depth(unsigned int unit)
{
	return unit == NVDLA_BDMA ? 1 : 2;
}

static bool have_groups(const struct nvdla_core *core, u32 units)
{
	unsigned int unit;

	for (unit = 0; unit < NVDLA_UNITS; unit++) {
		if (units & BIT(unit) && core->units[unit].used >= unit_depth(unit))
			return false;
	}

	return true;
}

static void take_groups(struct nvdla_core *core, const struct nvdla_program_op *desc,
			struct nvdla_op *op)
{
	unsigned int unit;

	op->groups = 0;
	for (unit = 0; unit < NVDLA_UNITS; unit++) {
		struct nvdla_unit_state *state = &core->units[unit];

		if (!(desc->units & BIT(unit)))
			continue;
		if (state->next)
			op->groups |= BIT(unit);
		state->next ^= 1;
		state->used++;
	}

	/* The done bits of the two groups stand side by side. */
	op->done = desc->done;
	if (desc->engines & DRM_NVDLA_ENGINE_PDP)
		unit = NVDLA_PDP;
	else if (desc->engines & DRM_NVDLA_ENGINE_SDP)
		unit = NVDLA_SDP;
	else if (desc->engines & DRM_NVDLA_ENGINE_CDP)
		unit = NVDLA_CDP;
	else if (desc->engines & DRM_NVDLA_ENGINE_BDMA)
		unit = NVDLA_BDMA;
	else
		unit = NVDLA_RUBIK;
	if (op->groups & BIT(unit))
		op->done <<= 1;
}

static void drop_groups(struct nvdla_core *core, u32 units)
{
	unsigned int unit;

	for (unit = 0; unit < NVDLA_UNITS; unit++) {
		if (units & BIT(unit))
			core->units[unit].used--;
	}
}

/* CDMA's interrupts for weights, of both groups. */
#define WEIGHTS_DONE	(GLB_S_INTR_STATUS_CDMA_WT_DONE_STATUS0 | \
			 GLB_S_INTR_STATUS_CDMA_WT_DONE_STATUS1)

/* CDMA has come to the end of fetches that outlasted their operation. */
static void end_fetching(struct nvdla_core *core, u32 interrupts)
{
	if (!interrupts)
		return;
	core->units[NVDLA_CDMA].used -= hweight32(interrupts);
	core->fetching &= ~interrupts;
	nvdla_hw_unmask(core);
}

/*
 * The result of an operation is there, and its groups are free. But CDMA's is not
 * as long as it fetches weights ahead; it has ended with all those before.
 */
static void leave_groups(struct nvdla_core *core, const struct nvdla_program_op *desc,
			 const struct nvdla_op *op)
{
	u32 weights = GLB_S_INTR_STATUS_CDMA_WT_DONE_STATUS0;
	u32 units = desc->units;

	if (units & BIT(NVDLA_CDMA)) {
		if (op->groups & BIT(NVDLA_CDMA))
			weights <<= 1;
		end_fetching(core, core->fetching & ~weights);
		if (desc->ahead && !(core->fetched & weights)) {
			units &= ~BIT(NVDLA_CDMA);
			core->fetching |= weights;
			nvdla_hw_unmask(core);
		}
		core->fetched &= ~weights;
	}
	drop_groups(core, units);
}

/*
 * Operations that need a unit keep their order: one may be programmed only
 * when every earlier one that shares a unit with it has been.
 */
static bool next_to_program(struct nvdla_core *core, struct nvdla_job **job_out, u32 *op_out)
{
	struct nvdla_job *job;
	u32 blocked = 0;

	list_for_each_entry(job, &core->jobs, link) {
		u32 end = min(job->first + NVDLA_SEQ_WINDOW, job->program->op_count);
		u32 i;

		for (i = job->first; i < end; i++) {
			u32 units = job->program->ops[i].units;

			if (job->ops[i].state != NVDLA_OP_WAITING)
				continue;
			if (!(units & blocked) && have_groups(core, units)) {
				*job_out = job;
				*op_out = i;
				return true;
			}
			blocked |= units;
		}
		/* Beyond the window anything may wait: keep later jobs out of it. */
		if (end < job->program->op_count)
			return false;
	}

	return false;
}

static bool dependencies_done(const struct nvdla_job *job, u32 op)
{
	const struct nvdla_program_op *desc = &job->program->ops[op];
	const u32 *dep = job->program->deps + desc->dep;
	const u32 *end = dep + desc->deps;

	for (; dep < end; dep++) {
		if (*dep >= job->first && job->ops[*dep].state < NVDLA_OP_READING)
			return false;
	}

	return true;
}

static const struct nvdla_program_lut *op_lut(const struct nvdla_job *job, u32 op)
{
	s32 lut = job->program->ops[op].lut;

	return lut < 0 ? NULL : &job->program->luts[lut];
}

/*
 * Enable what may be enabled. An operation whose lookup table is not there yet
 * is left alone: @lut_op receives it once its engine is idle, for a thread to
 * load the table.
 */
static void start_ready(struct nvdla_core *core, u32 *lut_op)
{
	struct nvdla_job *job = first_job(core);
	u32 blocked = core->programming;
	u32 running = 0;
	u32 end, i;

	lockdep_assert_held(&core->lock);
	*lut_op = ~0U;
	if (!job || core->gone || core->error)
		return;

	end = min(job->first + NVDLA_SEQ_WINDOW, job->program->op_count);
	for (i = job->first; i < end; i++) {
		u32 units = job->program->ops[i].units;
		const struct nvdla_program_lut *lut;
		struct nvdla_op *op = &job->ops[i];

		if (op->state >= NVDLA_OP_READING)
			continue;
		if (op->state == NVDLA_OP_RUNNING) {
			running |= units;
			continue;
		}
		if (op->state == NVDLA_OP_READY && !(units & blocked) &&
		    dependencies_done(job, i)) {
			lut = op_lut(job, i);
			if (!lut || nvdla_hw_lut_loaded(core, lut)) {
				op->state = NVDLA_OP_RUNNING;
				op->start = ktime_get();
				if (!job->started) {
					job->started = true;
					job->start = op->start;
					job->last_end = op->start;
				}
				nvdla_hw_enable(core, job, i);
				trace_nvdla_op_start(job, i);
				running |= units;
				continue;
			}
			if (!(running & BIT(lut->unit)) && *lut_op == ~0U)
				*lut_op = i;
		}
		blocked |= units;
	}
}

/* Called by the interrupt handler, and by threads after they programmed. */
void nvdla_seq_start(struct nvdla_core *core)
{
	unsigned long flags;
	u32 lut_op;

	spin_lock_irqsave(&core->lock, flags);
	start_ready(core, &lut_op);
	spin_unlock_irqrestore(&core->lock, flags);
	if (lut_op != ~0U)
		queue_work(core->wq, &core->work);
}

/* Read the counters of operations that are done, and give their groups free. */
static void read_counters(struct nvdla_core *core)
{
	struct nvdla_job *job;
	unsigned long flags;
	u32 i, end;

	for (;;) {
		struct drm_nvdla_op_profile *record;

		spin_lock_irqsave(&core->lock, flags);
		job = first_job(core);
		end = job ? min(job->first + NVDLA_SEQ_WINDOW, job->program->op_count) : 0;
		for (i = job ? job->first : 0; i < end; i++) {
			if (job->ops[i].state == NVDLA_OP_READING)
				break;
		}
		if (i == end) {
			spin_unlock_irqrestore(&core->lock, flags);
			return;
		}
		/* Keeps the interrupt handler from selecting another group. */
		core->programming |= job->program->ops[i].units;
		spin_unlock_irqrestore(&core->lock, flags);

		record = &job->perfmon->ops[i];
		nvdla_hw_read_counters(core, job, i, record);

		spin_lock_irqsave(&core->lock, flags);
		core->programming &= ~job->program->ops[i].units;
		leave_groups(core, &job->program->ops[i], &job->ops[i]);
		job->ops[i].state = NVDLA_OP_DONE;
		spin_unlock_irqrestore(&core->lock, flags);
	}
}

/* Jobs all of whose operations are done leave the list. */
static void collect_ended(struct nvdla_core *core, struct list_head *ended)
{
	struct nvdla_job *job, *next;

	list_for_each_entry_safe(job, next, &core->jobs, link) {
		while (job->first < job->program->op_count &&
		       job->ops[job->first].state == NVDLA_OP_DONE)
			job->first++;
		if (job->first < job->program->op_count)
			break;
		list_move_tail(&job->link, ended);
	}
	job = first_job(core);
	if (!list_empty(ended) && job) {
		/* The next one's turn begins. */
		job->start = ktime_get();
		nvdla_watchdog_arm(core, job);
	}
}

void nvdla_seq_end_jobs(struct list_head *ended)
{
	struct nvdla_job *job, *next;

	list_for_each_entry_safe(job, next, ended, link) {
		list_del_init(&job->link);
		nvdla_job_end(job, 0);
	}
}

/* Fill free register groups; may sleep. */
void nvdla_seq_fill(struct nvdla_core *core)
{
	struct nvdla_job *job;
	LIST_HEAD(ended);
	unsigned long flags;
	u32 op, lut_op;

	guard(mutex)(&core->program_lock);
	if (!core->ready || core->gone)
		return;
	read_counters(core);

	spin_lock_irqsave(&core->lock, flags);
	collect_ended(core, &ended);
	for (;;) {
		start_ready(core, &lut_op);
		if (lut_op != ~0U) {
			/* Nobody else enables or frees operations of an idle engine. */
			job = first_job(core);
			core->programming |= BIT(op_lut(job, lut_op)->unit);
			spin_unlock_irqrestore(&core->lock, flags);
			nvdla_hw_load_lut(core, op_lut(job, lut_op));
			spin_lock_irqsave(&core->lock, flags);
			core->programming &= ~BIT(op_lut(job, lut_op)->unit);
			continue;
		}
		if (core->gone || core->error || !next_to_program(core, &job, &op))
			break;
		take_groups(core, &job->program->ops[op], &job->ops[op]);
		job->ops[op].state = NVDLA_OP_PROGRAMMING;
		core->programming |= job->program->ops[op].units;
		spin_unlock_irqrestore(&core->lock, flags);

		nvdla_hw_program(core, job, op);

		spin_lock_irqsave(&core->lock, flags);
		core->programming &= ~job->program->ops[op].units;
		job->ops[op].state = NVDLA_OP_READY;
	}
	spin_unlock_irqrestore(&core->lock, flags);
	nvdla_seq_end_jobs(&ended);
}

/* Queue a job: -ENODEV if the core is lost, -ECANCELED if the context is guilty. */
int nvdla_seq_push(struct nvdla_core *core, struct nvdla_job *job)
{
	unsigned long flags;
	bool first;
	int ret;

	spin_lock_irqsave(&core->lock, flags);
	/* Who becomes guilty later finds the job in the list. */
	ret = core->gone ? -ENODEV : READ_ONCE(job->ctx->guilty) ? -ECANCELED : 0;
	if (ret) {
		spin_unlock_irqrestore(&core->lock, flags);
		return ret;
	}
	first = list_empty(&core->jobs);
	job->core = core;
	list_add_tail(&job->link, &core->jobs);
	if (first) {
		job->start = ktime_get();
		nvdla_watchdog_arm(core, job);
	}
	spin_unlock_irqrestore(&core->lock, flags);

	nvdla_seq_fill(core);
	return 0;
}

static void record_profile(struct nvdla_job *job, u32 i, ktime_t now)
{
	struct drm_nvdla_op_profile *record = &job->perfmon->ops[i];
	u64 hz = job->nvdla->glue->clock_hz ? job->nvdla->glue->clock_hz(job->nvdla, false) : 0;
	ktime_t start = ktime_after(job->last_end, job->ops[i].start) ? job->last_end :
									job->ops[i].start;

	record->start_ns = ktime_to_ns(job->ops[i].start);
	record->end_ns = ktime_to_ns(now);
	record->cycles = mul_u64_u64_div_u64(ktime_to_ns(ktime_sub(now, start)), hz, NSEC_PER_SEC);
	record->core = job->core->index;
	record->engines = job->program->ops[i].engines;
}

/*
 * Operations ended. Everything that can start now is started here, in the
 * interrupt handler: the gap between two operations that depend on each other
 * is the latency of the interrupt and nothing more.
 */
bool nvdla_seq_done(struct nvdla_core *core, u32 status, ktime_t now, struct list_head *ended)
{
	struct nvdla_job *job;
	u32 came = status & core->fetching;
	bool progress = came;
	u32 i, end, lut_op;

	lockdep_assert_held(&core->lock);
	job = first_job(core);
	if (!job)
		return false;

	core->fetched |= status & WEIGHTS_DONE & ~came;
	end_fetching(core, came);

	end = min(job->first + NVDLA_SEQ_WINDOW, job->program->op_count);
	for (i = job->first; i < end; i++) {
		struct nvdla_op *op = &job->ops[i];

		if (op->state != NVDLA_OP_RUNNING || !(status & op->done))
			continue;
		status &= ~op->done;
		progress = true;
		trace_nvdla_op_done(job, i);
		if (job->perfmon) {
			record_profile(job, i, now);
			op->state = NVDLA_OP_READING;
		} else {
			leave_groups(core, &job->program->ops[i], op);
			op->state = NVDLA_OP_DONE;
		}
		job->last_end = now;
		job->done++;
		core->progress++;
	}
	if (!progress)
		return false;

	collect_ended(core, ended);
	start_ready(core, &lut_op);
	return true;
}

/* A job starts anew, as if it had never been on a core. */
void nvdla_seq_rewind(struct nvdla_job *job)
{
	u32 i;

	for (i = 0; i < job->program->op_count; i++)
		job->ops[i].state = NVDLA_OP_WAITING;
	job->first = 0;
	job->done = 0;
	job->started = false;
}

/* After a reset: the first job is gone, the others start anew. */
void nvdla_seq_reset(struct nvdla_core *core)
{
	struct nvdla_job *job;

	lockdep_assert_held(&core->lock);
	list_for_each_entry(job, &core->jobs, link)
		nvdla_seq_rewind(job);
	core->programming = 0;
}
