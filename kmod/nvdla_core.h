/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A core: its registers, the sequencer that feeds them, and jobs on their way
 * through it.
 *
 * Two locks. @program_lock serialises whoever writes registers of operations,
 * and is held across those writes; it may sleep. @lock protects the state of
 * operations and is taken by the interrupt handler; it is never held while an
 * operation's registers are written, only for the few writes that start one.
 */
#ifndef _NVDLA_CORE_H_
#define _NVDLA_CORE_H_

#include <drm/gpu_scheduler.h>
#include <linux/dma-fence.h>
#include <linux/interrupt.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "nvdla_usage.h"
#include "nvdla_validate.h"

struct nvdla_core;
struct nvdla_ctx;
struct nvdla_device;
struct nvdla_perfmon;
struct nvdla_uploaded;

#define NVDLA_MAX_CORES		32

/* Jobs that drm_sched may hand to a core before the first has ended. */
#define NVDLA_CORE_JOBS		2

/* How far behind the first unfinished operation others are looked at. */
#define NVDLA_SEQ_WINDOW	32

/**
 * enum nvdla_op_state - the life of an operation
 * @NVDLA_OP_WAITING: nothing was done for it
 * @NVDLA_OP_PROGRAMMING: a thread writes its registers
 * @NVDLA_OP_READY: its registers are written, it may be enabled
 * @NVDLA_OP_RUNNING: it was enabled
 * @NVDLA_OP_READING: it is done, a thread reads its counters
 * @NVDLA_OP_DONE: it is done, its register groups are free
 */
enum nvdla_op_state {
	NVDLA_OP_WAITING,
	NVDLA_OP_PROGRAMMING,
	NVDLA_OP_READY,
	NVDLA_OP_RUNNING,
	NVDLA_OP_READING,
	NVDLA_OP_DONE,
};

/**
 * struct nvdla_op - an operation of a job under way
 * @state: &enum nvdla_op_state
 * @groups: bit n: unit n uses its group 1
 * @done: interrupts that end it, once @groups is known
 * @start: when it was enabled
 */
struct nvdla_op {
	u8 state;
	u32 groups;
	u32 done;
	ktime_t start;
};

/**
 * struct nvdla_job - a job, from submit until drm_sched frees it
 * @base: drm_sched's part
 * @fence: what the core signals
 * @link: in &nvdla_core.jobs, or &nvdla_core.stranded
 * @id: number, for people
 * @nvdla: device
 * @core: core that runs it, once it does
 * @ctx: context, reference
 * @uploaded: program, reference
 * @program: short for @uploaded->program
 * @perfmon: recorder, reference, or NULL
 * @bindings: by slot
 * @bos: by slot, references, NULL where nothing is bound
 * @ops: by operation
 * @first: first operation that is not done
 * @done: operations that are done
 * @started: an operation was enabled
 * @stranded: it ended, but @core may still reach its buffers
 * @start: when the job became the first of its core
 * @last_end: when its last operation ended
 */
struct nvdla_job {
	struct drm_sched_job base;
	struct dma_fence fence;
	struct list_head link;
	u64 id;
	struct nvdla_device *nvdla;
	struct nvdla_core *core;
	struct nvdla_ctx *ctx;
	struct nvdla_uploaded *uploaded;
	const struct nvdla_program *program;
	struct nvdla_perfmon *perfmon;
	struct nvdla_binding *bindings;
	struct drm_gem_object **bos;
	struct nvdla_op *ops;
	u32 first;
	u32 done;
	bool started;
	bool stranded;
	ktime_t start;
	ktime_t last_end;
};

/**
 * struct nvdla_unit_state - what the sequencer knows of a unit's groups
 * @next: group that the next operation gets
 * @used: groups in use
 * @producer: what S_POINTER was last set to; -1 unknown
 * @valid: bit n: group n of @shadow is what the hardware has
 * @shadow: values of the group registers, as last written
 */
struct nvdla_unit_state {
	u8 next;
	u8 used;
	s8 producer;
	u8 valid;
	u32 *shadow[2];
};

/**
 * struct nvdla_core - one core
 * @nvdla: device
 * @index: number of the core
 * @name: for people, e.g. "nvdla-core0"
 * @csb: its registers
 * @sched: feeds it with jobs
 * @fence_context: of the jobs' fences
 * @fence_lock: protects those fences
 * @fence_seqno: last one given
 * @lock: see above
 * @program_lock: see above
 * @jobs: jobs given by @sched and not ended, oldest first
 * @stranded: jobs that ended without the core having been stopped; they keep
 *	their buffers until it has been
 * @units: register groups
 * @programming: units whose registers a thread writes right now
 * @fetched: CDMA's interrupts for weights that came, of operations not ended
 * @fetching: those still to come of operations that ended, and unmasked
 * @luts: contents of the lookup tables of SDP and CDP
 * @lut_valid: whether they are what the hardware has
 * @image: scratch for one operation's registers, under @program_lock
 * @irq: interrupt number
 * @work: fills free register groups
 * @wq: runs @work and @watchdog
 * @watchdog: looks for progress
 * @progress: operations ended since the driver was loaded
 * @last_progress: what @watchdog saw last
 * @last_pointers: the units' pointers then
 * @deadline: when the first job hangs unless there is progress
 * @error: negative errno: the bus glue reported that the core stopped
 * @gone: the device was removed, or the core cannot be reset; it gets no jobs
 * @running_wild: it could not be reset, and may still reach memory
 * @ready: it was set up since it was powered or reset
 * @missed: interrupts found by looking
 * @resets: number of resets
 * @hangs: number of jobs that hung
 * @spurious: interrupts without a reason
 * @usage: time that jobs occupied the core
 */
struct nvdla_core {
	struct nvdla_device *nvdla;
	unsigned int index;
	char name[24];
	void __iomem *csb;
	struct drm_gpu_scheduler sched;
	u64 fence_context;
	spinlock_t fence_lock;	/* protects the fences of the core's jobs */
	u64 fence_seqno;

	spinlock_t lock;	/* protects the state of operations, see above */
	struct mutex program_lock;	/* held while registers are written */
	struct list_head jobs;
	struct list_head stranded;
	struct nvdla_unit_state units[NVDLA_UNITS];
	u32 programming;
	u32 fetched;
	u32 fetching;
	struct nvdla_program_lut *luts[2];
	bool lut_valid[2];
	u32 *image;

	int irq;
	struct work_struct work;
	struct workqueue_struct *wq;
	struct delayed_work watchdog;
	u64 progress;
	u64 last_progress;
	u64 last_pointers;
	unsigned long deadline;
	int error;
	bool gone;
	bool running_wild;
	bool ready;
	u64 missed;
	u64 resets;
	u64 hangs;
	u64 spurious;
	struct nvdla_usage usage;
};

static inline struct nvdla_job *to_nvdla_job(struct drm_sched_job *base)
{
	return container_of(base, struct nvdla_job, base);
}

int nvdla_core_init(struct nvdla_device *nvdla, unsigned int index, void __iomem *csb,
		    resource_size_t size);
irqreturn_t nvdla_core_irq(int irq, void *data);
irqreturn_t nvdla_core_irq_thread(int irq, void *data);
/* The glue learnt that a core stopped; any context. */
void nvdla_core_stopped(struct nvdla_core *core);

/* Jobs, nvdla_job.c */
extern const struct drm_sched_backend_ops nvdla_sched_ops;
void nvdla_job_end(struct nvdla_job *job, int error);

/* The sequencer, nvdla_seq.c */
int nvdla_seq_push(struct nvdla_core *core, struct nvdla_job *job);
void nvdla_seq_fill(struct nvdla_core *core);
void nvdla_seq_start(struct nvdla_core *core);
/* A job starts anew, as if it had never been on a core. */
void nvdla_seq_rewind(struct nvdla_job *job);
/* Interrupts @status were seen at @now. True if a thread has something to do. */
bool nvdla_seq_done(struct nvdla_core *core, u32 status, ktime_t now, struct list_head *ended);
void nvdla_seq_reset(struct nvdla_core *core);
void nvdla_seq_end_jobs(struct list_head *ended);

/* Register accesses, nvdla_hw.c */
void nvdla_hw_silence(struct nvdla_core *core);
void nvdla_hw_setup(struct nvdla_core *core);
u32 nvdla_hw_status(struct nvdla_core *core);
void nvdla_hw_unmask(struct nvdla_core *core);
void nvdla_hw_program(struct nvdla_core *core, const struct nvdla_job *job, u32 op);
void nvdla_hw_enable(struct nvdla_core *core, const struct nvdla_job *job, u32 op);
void nvdla_hw_load_lut(struct nvdla_core *core, const struct nvdla_program_lut *lut);
bool nvdla_hw_lut_loaded(const struct nvdla_core *core, const struct nvdla_program_lut *lut);
void nvdla_hw_read_counters(struct nvdla_core *core, const struct nvdla_job *job, u32 op,
			    struct drm_nvdla_op_profile *out);

/* Hangs, nvdla_recover.c */
void nvdla_watchdog(struct work_struct *work);
void nvdla_watchdog_arm(struct nvdla_core *core, const struct nvdla_job *job);
void nvdla_core_stop(struct nvdla_core *core);
void nvdla_core_give_up(struct nvdla_core *core, int error);
int nvdla_core_send_elsewhere(struct nvdla_job *job);

/* What a hung core looked like, nvdla_dump.c */
struct nvdla_report;
struct nvdla_report *nvdla_report_new(struct nvdla_core *core, const struct nvdla_job *job,
				      int error);
void nvdla_report_send(struct nvdla_report *report);

#endif /* _NVDLA_CORE_H_ */
