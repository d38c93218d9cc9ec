/* SPDX-License-Identifier: MIT */
/*
 * The sim backend: the simulator in this process, behind the driver's own
 * validator, with a thread per core that runs jobs the way the driver does.
 */
#ifndef ACCEL_DEV_SIMDEV_H
#define ACCEL_DEV_SIMDEV_H

#include "../../kmod/nvdla_validate.h"
#include "../../tools/npusim/npusim.h"
#include "../../tools/npusim/record.h"
#include "host_bo.h"

/* Status of a fence that has not signalled. */
#define SIMDEV_PENDING	1

/**
 * struct simdev_program - a validated program
 * @base: the program
 * @valid: what the validator made of it
 */
struct simdev_program {
	struct accel_program base;
	struct nvdla_program *valid;
};

/**
 * struct simdev_fence - end of a job; all under &simdev_device.lock
 * @base: the fence
 * @status: SIMDEV_PENDING, or the job's result
 * @text: why it failed
 * @waiters: tasks that wait for it
 * @event: eventfd handed out by accel_fence_export(), or -1
 */
struct simdev_fence {
	struct accel_fence base;
	int status;
	char text[256];
	struct simdev_link *waiters;
	int event;
};

/* One task waiting for one fence. */
struct simdev_link {
	struct simdev_task *task;
	struct simdev_link *next;
};

/**
 * struct simdev_recorder - per-operation profile of a job
 * @refs: one for the job, one for the submission that fills it
 * @busy: a submission fills it
 * @filled: a submission has filled it
 * @count: operations
 * @ops: their profiles
 */
struct simdev_recorder {
	atomic_uint refs;
	atomic_bool busy;
	atomic_bool filled;
	uint32_t count;
	struct accel_op_profile ops[];
};

/**
 * struct simdev_context - a queue of jobs; all under &simdev_device.lock
 * @base: the context
 * @next: &simdev_device.contexts
 * @params: priority, cores, timeout
 * @state: as accel_context_query() reports it
 * @head: first task that has not started
 * @tail: where the next one is linked
 */
struct simdev_context {
	struct accel_context base;
	struct simdev_context *next;
	struct accel_context_params params;
	struct accel_context_state state;
	struct simdev_task *head;
	struct simdev_task **tail;
};

/**
 * struct simdev_window - a slot as the core sees it
 * @addr: device address of its first byte
 * @size: bytes that are bound
 * @memory: where they are
 * @port: memory port it is behind
 * @access: ACCEL_ACCESS_* that validation found
 */
struct simdev_window {
	uint64_t addr;
	uint64_t size;
	uint8_t *memory;
	enum npusim_port port;
	uint32_t access;
};

/**
 * struct simdev_task - one submission
 * @next: in the context's queue
 * @context: counted
 * @program: counted
 * @fence: counted
 * @recorder: counted, or NULL
 * @pending: fences it still waits for, under &simdev_device.lock
 * @links: one per fence it waited for
 * @seq: order of submission over the whole device
 * @fail_op: operation that failed, or UINT32_MAX
 * @bindings: the slots' device addresses, one per slot
 * @windows: what a core may touch while it runs this, by ascending address
 * @window_count: how many
 * @binds: one per slot, with counted BOs
 */
struct simdev_task {
	struct simdev_task *next;
	struct simdev_context *context;
	struct simdev_program *program;
	struct simdev_fence *fence;
	struct simdev_recorder *recorder;
	size_t pending;
	struct simdev_link *links;
	uint64_t seq;
	uint32_t fail_op;
	struct nvdla_binding *bindings;
	struct simdev_window *windows;
	size_t window_count;
	struct accel_bind binds[];
};

/**
 * struct simdev_core - one core and its thread, which alone uses it
 * @device: the device
 * @index: number of the core
 * @thread: runs tasks
 * @task: what it runs, or NULL
 * @ready: it was reset, and no job has failed on it since
 * @group: register group each unit uses next
 * @in_flight: operations enabled in each unit
 * @luts: contents of SDP's and CDP's lookup tables
 * @lut_loaded: whether there are any
 * @image: registers of one operation
 * @image_room: how many fit
 * @record: writes down what is done to it, or NULL
 * @error: what the simulator reported
 */
struct simdev_core {
	struct simdev_device *device;
	unsigned int index;
	pthread_t thread;
	struct simdev_task *task;
	bool ready;
	uint8_t group[NVDLA_UNITS];
	uint8_t in_flight[NVDLA_UNITS];
	struct nvdla_program_lut luts[2];
	bool lut_loaded[2];
	uint32_t *image;
	size_t image_room;
	struct record *record;
	struct npusim_error error;
};

/**
 * struct simdev_device - a simulated device
 * @host: the device and its memory
 * @sim: the simulator
 * @validator: for its configuration
 * @lock: protects everything below, fences, and who uses which BO
 * @work: a task may have become ready
 * @done: a fence has signalled
 * @contexts: all contexts
 * @seq: tasks submitted so far
 * @stopping: threads shall end
 * @core_count: cores
 * @cores: them
 */
struct simdev_device {
	struct host_device host;
	struct npusim *sim;
	struct nvdla_validator *validator;
	pthread_mutex_t lock;
	pthread_cond_t work;
	pthread_cond_t done;
	struct simdev_context *contexts;
	uint64_t seq;
	bool stopping;
	unsigned int core_count;
	struct simdev_core *cores;
};

static inline struct simdev_device *simdev(struct accel_device *device)
{
	return container_of(device, struct simdev_device, host.base);
}

static inline struct simdev_fence *simdev_fence(struct accel_fence *fence)
{
	return container_of(fence, struct simdev_fence, base);
}

/* Where on-chip memory begins, unless so much other memory is bound. */
static inline uint64_t simdev_sram_base(const struct nvdla_config *config)
{
	return config->address_bits > 32 ? UINT64_C(0x13) << 32 : UINT64_C(0x80000000);
}

/* simdev_core.c */
void *simdev_core_thread(void *core);
/* The calling thread runs a core of @device. */
bool simdev_on_own_thread(const struct simdev_device *device);
/* Tell the calling core thread that its device is gone. */
void simdev_thread_orphan(void);
/* Callbacks of the simulator. */
int simdev_memory_read(void *ctx, enum npusim_port port, uint64_t addr, void *dst, size_t len);
int simdev_memory_write(void *ctx, enum npusim_port port, uint64_t addr, const void *src,
			size_t len);
void simdev_error(void *ctx, const struct npusim_error *error);

/* simdev_sequence.c: run a task to its end. Return: 0, -ETIME, -EIO; @text says why. */
int simdev_core_run(struct simdev_core *core, struct simdev_task *task, char *text, size_t size);

/* simdev_program.c */
int simdev_program_create(struct accel_device *device, const struct accel_program_desc *desc,
			  struct accel_program **out);
void simdev_program_free(struct accel_program *program);
int simdev_context_create(struct accel_device *device, const struct accel_context_params *params,
			  struct accel_context **out);
void simdev_context_free(struct accel_context *context);
int simdev_context_query(struct accel_context *context, struct accel_context_state *state);

/* simdev_job.c */
int simdev_job_submit(struct accel_job *job, struct accel_context *context, uint32_t flags,
		      struct accel_fence *const *waits, size_t wait_count,
		      struct accel_fence **fence);
int simdev_job_profile(struct accel_job *job, struct accel_op_profile *profiles, uint32_t count);
void simdev_job_release(struct accel_job *job);
/* The next task that @core may start, taken from its queue; lock held. */
struct simdev_task *simdev_task_pick(struct simdev_core *core);
/* Signal a task's fence; lock held. */
void simdev_task_finish(struct simdev_task *task, int status, const char *text);
/* Drop what a task holds; lock not held. May free the device. */
void simdev_task_free(struct simdev_task *task);
int simdev_bo_wait(struct accel_bo *bo, uint32_t access, int64_t timeout_ns);

/* simdev_fence.c */
int simdev_fence_create(struct simdev_device *device, struct simdev_fence **out);
void simdev_fence_free(struct accel_fence *fence);
/* Set the result and wake everybody; lock held. */
void simdev_fence_signal(struct simdev_fence *fence, int status, const char *text);
int simdev_fence_wait(struct accel_fence *fence, int64_t timeout_ns);
int simdev_fence_export(struct accel_fence *fence, int *fd);

#endif /* ACCEL_DEV_SIMDEV_H */
