/* SPDX-License-Identifier: MIT */
/*
 * libaccel: run neural networks on NVDLA.
 *
 * This header is the device layer: devices, buffer objects (BOs), programs,
 * contexts, jobs and fences. What a program means is not its business.
 *
 * Errors: every function that can fail returns 0 or a negative errno, and
 * accel_error_text() then says in words what was wrong. Constructors return
 * through a pointer, which is set to NULL when they fail.
 *
 * Ownership: objects are counted. A constructor hands out one reference, _ref()
 * adds one, _unref() drops one and accepts NULL. Objects keep what they need:
 * a device may be closed before its BOs, a BO dropped while a job uses it.
 *
 * Threads: every function may be called from any thread at any time. The one
 * exception is struct accel_job, which belongs to one thread at a time.
 */
#ifndef ACCEL_ACCEL_H
#define ACCEL_ACCEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct accel_device;
struct accel_bo;
struct accel_program;
struct accel_context;
struct accel_job;
struct accel_fence;

/* Programs are described in the kernel's own terms: <drm/nvdla_accel.h>. */
struct drm_nvdla_op;
struct drm_nvdla_reg;
struct drm_nvdla_reloc;
struct drm_nvdla_lut;

/* ------------------------------------------------------------------ errors */

/**
 * accel_error_text() - why the last failed call of this thread failed
 *
 * Return: one line without a newline; "" when no call has failed yet. Valid
 * until the next failing call of the same thread.
 */
const char *accel_error_text(void);

/* ----------------------------------------------------------------- devices */

/**
 * accel_open() - open a device
 * @name: "drm" (the first NVDLA of this machine), "drm:/dev/accel/accel0",
 *        "sim:nv_large" (simulated in this process; options follow after
 *        commas: cores=N, sram=BYTES[K|M], clock=HZ[K|M|G], latency=CYCLES,
 *        bandwidth=BYTES_PER_CYCLE, record=FOLDER), "cpu" (memory only, runs no
 *        programs), or "auto" (drm if there is one, else cpu); NULL means "auto". The
 *        environment variable ACCEL_DEVICE replaces "auto" and NULL
 * @out: receives the device
 *
 * Return: 0; -EINVAL bad name or option; -ENODEV no such device; -EACCES not
 * permitted; -ENOMEM.
 */
int accel_open(const char *name, struct accel_device **out);

/* Drop the reference that accel_open() or accel_device_ref() gave. */
void accel_close(struct accel_device *device);
struct accel_device *accel_device_ref(struct accel_device *device);

/* What a device is made of. */
enum accel_backend {
	ACCEL_BACKEND_DRM,	/* hardware behind the kernel driver */
	ACCEL_BACKEND_SIM,	/* the simulator, in this process */
	ACCEL_BACKEND_CPU,	/* plain memory, no NPU */
};

/* Bits of &accel_device_info.features. */
#define ACCEL_FEATURE_SDP_EW		(1U << 0)	/* element-wise stage in SDP */
#define ACCEL_FEATURE_SDP_LUT		(1U << 1)	/* lookup table in SDP */
#define ACCEL_FEATURE_SRAM_PORT		(1U << 2)	/* second memory port */
#define ACCEL_FEATURE_BDMA		(1U << 3)
#define ACCEL_FEATURE_RUBIK		(1U << 4)
#define ACCEL_FEATURE_INT16		(1U << 5)
#define ACCEL_FEATURE_FP16		(1U << 6)
#define ACCEL_FEATURE_WINOGRAD		(1U << 7)
#define ACCEL_FEATURE_BATCH		(1U << 8)
#define ACCEL_FEATURE_WEIGHT_COMPRESS	(1U << 9)

/**
 * struct accel_device_info - what a device is and can do
 * @size: bytes of the caller's structure; set it before the call
 * @backend: what the device is made of
 * @name: name that opens this device again
 * @config: hardware configuration, e.g. "nv_large"; "" on the cpu backend
 * @cores: number of cores, numbered from 0; 0 on the cpu backend
 * @features: ACCEL_FEATURE_* bits
 * @atomic_c: input channels multiplied per cycle, INT8
 * @atomic_k: kernels multiplied per cycle, INT8
 * @atomic_m: bytes per memory atom
 * @cbuf_size: bytes of the convolution buffer
 * @bind_align: unit of the offsets given to accel_job_bind()
 * @address_bits: width of a device address
 * @clock_hz: core clock now, 0 when unknown
 * @max_clock_hz: highest core clock, 0 when unknown
 * @sram_size: bytes of on-chip memory for ACCEL_BO_SRAM, 0 when absent
 * @page_size: sizes of BOs are multiples of this
 *
 * Members may be added at the end: @size says how much the caller knows.
 */
struct accel_device_info {
	size_t size;
	enum accel_backend backend;
	char name[64];
	char config[32];
	uint32_t cores;
	uint32_t features;
	uint32_t atomic_c;
	uint32_t atomic_k;
	uint32_t atomic_m;
	uint32_t cbuf_size;
	uint32_t bind_align;
	uint32_t address_bits;
	uint64_t clock_hz;
	uint64_t max_clock_hz;
	uint64_t sram_size;
	uint64_t page_size;
};

/**
 * accel_device_query() - ask a device what it is
 * @info: filled in up to @info->size bytes
 *
 * Return: 0; -EINVAL when @info->size is too small to be any version of the
 * structure; on hardware also what the kernel answers, e.g. -ENODEV.
 */
int accel_device_query(struct accel_device *device, struct accel_device_info *info);

/**
 * accel_enumerate() - list the devices of this machine
 * @index: 0 for the first
 * @info: filled in up to @info->size bytes
 *
 * Lists hardware behind the kernel driver that this process may open, in the
 * order of the nodes' numbers, then "cpu". The simulator is not a device of
 * the machine; accel_config_name() lists what it can be.
 *
 * Return: 0; -ENOENT when @index is past the last; -EINVAL as above.
 */
int accel_enumerate(unsigned int index, struct accel_device_info *info);

/**
 * accel_config_name() - list the hardware configurations known by name
 * @index: 0 for the first
 *
 * Return: e.g. "nv_small"; NULL when @index is past the last.
 */
const char *accel_config_name(unsigned int index);

/* ---------------------------------------------------------- buffer objects */

#define ACCEL_BO_CACHED		(1U << 0)	/* cached CPU mapping: call accel_bo_sync() */
#define ACCEL_BO_NO_MAP		(1U << 1)	/* the CPU never looks at it */
#define ACCEL_BO_SRAM		(1U << 2)	/* on-chip memory */

/**
 * accel_bo_create() - allocate a buffer
 * @size: bytes, rounded up to whole pages; the buffer reads as zeros
 * @flags: ACCEL_BO_*; without ACCEL_BO_CACHED the CPU's mapping is
 *         write-combined: fast to fill, slow to read, never to be synced
 *
 * Return: 0; -EINVAL size 0 or bad flags; -ENOSPC SRAM is full; -EOPNOTSUPP no
 * SRAM; -ENOMEM.
 */
int accel_bo_create(struct accel_device *device, uint64_t size, uint32_t flags,
		    struct accel_bo **out);

/**
 * accel_bo_import() - use another driver's buffer
 * @fd: a dma-buf; on the sim and cpu backends any mappable file, as
 *      accel_bo_export() of these backends gives. Remains the caller's
 *
 * Importing the same dma-buf twice gives the same BO with a reference more.
 *
 * Return: 0; -EINVAL or -EBADF not a buffer; -ENOMEM.
 */
int accel_bo_import(struct accel_device *device, int fd, struct accel_bo **out);

/**
 * accel_bo_export() - let another driver or process use a buffer
 * @fd: receives a file descriptor, close-on-exec, owned by the caller
 *
 * Return: 0; -EPERM ACCEL_BO_NO_MAP or ACCEL_BO_SRAM; -EMFILE.
 */
int accel_bo_export(struct accel_bo *bo, int *fd);

struct accel_bo *accel_bo_ref(struct accel_bo *bo);
void accel_bo_unref(struct accel_bo *bo);

/* Bytes, after rounding. */
uint64_t accel_bo_size(const struct accel_bo *bo);

/**
 * accel_bo_map() - map a buffer into this process
 * @pointer: receives its first byte, aligned to pages
 *
 * The mapping stays until the BO goes; calling again gives the same pointer.
 *
 * Return: 0; -EPERM ACCEL_BO_NO_MAP; -ENOMEM.
 */
int accel_bo_map(struct accel_bo *bo, void **pointer);

#define ACCEL_SYNC_TO_DEVICE	(1U << 0)	/* the CPU wrote, the device will read */
#define ACCEL_SYNC_FROM_DEVICE	(1U << 1)	/* the device wrote, the CPU will read */

/**
 * accel_bo_sync() - hand part of a cached buffer between CPU and device
 * @flags: ACCEL_SYNC_*, at least one
 * @offset: first byte
 * @size: bytes, not 0
 *
 * Waits for nothing: see accel_bo_wait(). Costs nothing on buffers without
 * ACCEL_BO_CACHED.
 *
 * Return: 0; -EINVAL flags or range.
 */
int accel_bo_sync(struct accel_bo *bo, uint32_t flags, uint64_t offset, uint64_t size);

#define ACCEL_ACCESS_READ	(1U << 0)
#define ACCEL_ACCESS_WRITE	(1U << 1)

/**
 * accel_bo_wait() - wait until the CPU may touch a buffer
 * @access: ACCEL_ACCESS_READ: until no job writes it; with ACCEL_ACCESS_WRITE:
 *          until no job uses it
 * @timeout_ns: 0 only looks, negative waits for ever
 *
 * Return: 0; -ETIMEDOUT; -EINVAL. Whether the jobs succeeded is what their
 * fences say.
 */
int accel_bo_wait(struct accel_bo *bo, uint32_t access, int64_t timeout_ns);

/* ---------------------------------------------------------------- programs */

/**
 * struct accel_program_desc - a program for accel_program_create()
 * @ops: hardware operations; indices in them refer to the arrays below
 * @regs: register values, CSB byte offsets of the device's configuration
 * @relocs: addresses to be filled in
 * @deps: indices of earlier operations
 * @luts: contents of lookup tables
 * @max_access: for each slot the most that may be done with it, ACCEL_ACCESS_*
 *              bits, 0 for anything; NULL for anything with every slot
 * @slot_count: slots that relocations refer to
 *
 * The structures' meaning and limits: <drm/nvdla_accel.h>.
 */
struct accel_program_desc {
	const struct drm_nvdla_op *ops;
	const struct drm_nvdla_reg *regs;
	const struct drm_nvdla_reloc *relocs;
	const uint32_t *deps;
	const struct drm_nvdla_lut *luts;
	const uint32_t *max_access;
	uint32_t op_count;
	uint32_t reg_count;
	uint32_t reloc_count;
	uint32_t dep_count;
	uint32_t lut_count;
	uint32_t slot_count;
};

/**
 * accel_program_create() - upload a program
 * @desc: copied; may be freed afterwards
 *
 * Return: 0; -EINVAL refused, accel_error_text() names operation, register and
 * reason; -E2BIG too long; -EOPNOTSUPP the device runs no programs; -ENOMEM.
 */
int accel_program_create(struct accel_device *device, const struct accel_program_desc *desc,
			 struct accel_program **out);
struct accel_program *accel_program_ref(struct accel_program *program);
void accel_program_unref(struct accel_program *program);

/**
 * struct accel_slot - what a program needs in one slot
 * @min_size: bytes from the start of the slot to the last one touched, with it;
 *            0: unused
 * @access: ACCEL_ACCESS_* bits
 */
struct accel_slot {
	uint64_t min_size;
	uint32_t access;
};

uint32_t accel_program_slot_count(const struct accel_program *program);
uint32_t accel_program_op_count(const struct accel_program *program);
/* Return: 0; -EINVAL no such slot. */
int accel_program_slot(const struct accel_program *program, uint32_t index,
		       struct accel_slot *slot);

/* ---------------------------------------------------------------- contexts */

enum accel_priority {
	ACCEL_PRIORITY_LOW,
	ACCEL_PRIORITY_NORMAL,
	ACCEL_PRIORITY_HIGH,	/* needs CAP_SYS_NICE on hardware */
};

/**
 * struct accel_context_params - how to make a context
 * @size: bytes of the caller's structure; set it before the call
 * @priority: who goes first
 * @core_mask: bit n: may use core n; 0: all
 * @timeout_ms: a job that makes no progress for so long has hung; 0: default
 */
struct accel_context_params {
	size_t size;
	enum accel_priority priority;
	uint32_t core_mask;
	uint32_t timeout_ms;
};

/**
 * accel_context_create() - make a queue for jobs
 * @params: NULL for normal priority, all cores, default timeout
 *
 * Jobs of one context start in the order of their submission. When one of them
 * hangs or faults, the context is lost: jobs queued in it end with -ECANCELED
 * and it accepts no more; other contexts notice nothing.
 *
 * Return: 0; -EINVAL; -EACCES priority not permitted; -EOPNOTSUPP the device
 * runs no programs; -ENOSPC; -ENOMEM.
 */
int accel_context_create(struct accel_device *device, const struct accel_context_params *params,
			 struct accel_context **out);
struct accel_context *accel_context_ref(struct accel_context *context);
void accel_context_unref(struct accel_context *context);

/**
 * struct accel_context_state - what became of a context
 * @size: bytes of the caller's structure; set it before the call
 * @guilty: one of its jobs hung or faulted
 * @reset: a core was reset while its job ran there
 * @fail_op: operation that failed, or UINT32_MAX
 * @fail_code: negative errno of the guilty job, or 0
 * @jobs_queued: accepted so far
 * @jobs_done: ended so far
 */
struct accel_context_state {
	size_t size;
	bool guilty;
	bool reset;
	uint32_t fail_op;
	int fail_code;
	uint64_t jobs_queued;
	uint64_t jobs_done;
};

int accel_context_query(struct accel_context *context, struct accel_context_state *state);

/* -------------------------------------------------------------------- jobs */

/**
 * accel_job_create() - prepare to run a program
 *
 * A job can be submitted again and again, also while it runs; buffers may be
 * exchanged between submissions. It belongs to one thread at a time.
 *
 * Return: 0; -ENOMEM.
 */
int accel_job_create(struct accel_program *program, struct accel_job **out);
void accel_job_destroy(struct accel_job *job);

/**
 * accel_job_bind() - put a buffer into a slot
 * @slot: index
 * @bo: of the program's device; the job keeps a reference. NULL empties the slot
 * @offset: first byte, a multiple of &accel_device_info.bind_align
 * @size: bytes; 0 for the rest of the buffer
 *
 * Return: 0; -EINVAL no such slot, wrong device, misaligned, outside of the
 * buffer, or smaller than the slot's min_size.
 */
int accel_job_bind(struct accel_job *job, uint32_t slot, struct accel_bo *bo, uint64_t offset,
		   uint64_t size);

#define ACCEL_JOB_PROFILE	(1U << 0)	/* record times: accel_job_profile() */
#define ACCEL_JOB_NO_IMPLICIT	(1U << 1)	/* do not wait for other users of the buffers */

/**
 * accel_job_submit() - queue a job
 * @context: of the program's device
 * @flags: ACCEL_JOB_*
 * @waits: fences that must signal first; a fence that signals an error lets the
 *         job run nevertheless
 * @wait_count: how many
 * @fence: receives the job's fence; NULL when it does not matter
 *
 * Unless told not to, a job waits for the writers of every buffer it reads and
 * for every user of a buffer it writes.
 *
 * Return: 0; -EINVAL a slot is empty, a fence is of another device; -EIO the
 * context is lost; -EBUSY it is still being profiled; -ENODEV; -ENOMEM.
 */
int accel_job_submit(struct accel_job *job, struct accel_context *context, uint32_t flags,
		     struct accel_fence *const *waits, size_t wait_count,
		     struct accel_fence **fence);

/**
 * struct accel_op_profile - what one operation cost
 * @start_ns: when it was started, CLOCK_MONOTONIC; modelled time on the simulator
 * @end_ns: when it ended; 0: it did not run
 * @cycles: core cycles from the end of its predecessors to its own
 * @core: core that ran it
 * @engines: DRM_NVDLA_ENGINE_* bits
 * @data_stall: cycles that CDMA waited for data
 * @weight_stall: cycles that CDMA waited for weights
 * @read_stall: cycles that the other read DMAs waited
 * @write_stall: cycles that write DMAs waited
 * @saturated: outputs that SDP saturated
 */
struct accel_op_profile {
	uint64_t start_ns;
	uint64_t end_ns;
	uint64_t cycles;
	uint32_t core;
	uint32_t engines;
	uint32_t data_stall;
	uint32_t weight_stall;
	uint32_t read_stall;
	uint32_t write_stall;
	uint32_t saturated;
};

/**
 * accel_job_profile() - what the last submission with ACCEL_JOB_PROFILE cost
 * @profiles: one per operation of the program
 * @count: how many there is room for
 *
 * Return: number of operations, of which at most @count were stored; -EBUSY it
 * has not ended; -ENODATA nothing was profiled.
 */
int accel_job_profile(struct accel_job *job, struct accel_op_profile *profiles, uint32_t count);

/* ------------------------------------------------------------------ fences */

struct accel_fence *accel_fence_ref(struct accel_fence *fence);
void accel_fence_unref(struct accel_fence *fence);

/**
 * accel_fence_wait() - wait until a job has ended
 * @timeout_ns: 0 only looks, negative waits for ever
 *
 * Return: 0 the job succeeded; -ETIMEDOUT it has not ended yet; otherwise the
 * job's own error: -ETIME hang, -EIO device error, -ECANCELED its context was
 * lost, -ENODEV device gone.
 */
int accel_fence_wait(struct accel_fence *fence, int64_t timeout_ns);

/**
 * accel_fence_export() - a file descriptor that becomes readable (POLLIN) when
 * the job has ended
 * @fd: receives it, owned by the caller. On hardware it is a sync_file
 *
 * Return: 0; -EMFILE; -ENOMEM.
 */
int accel_fence_export(struct accel_fence *fence, int *fd);

/**
 * accel_fence_import() - make a fence of another driver's sync_file
 * @fd: remains the caller's
 *
 * Return: 0; -EINVAL not a sync_file; -EOPNOTSUPP not a hardware device.
 */
int accel_fence_import(struct accel_device *device, int fd, struct accel_fence **out);

#ifdef __cplusplus
}
#endif

#endif /* ACCEL_ACCEL_H */
