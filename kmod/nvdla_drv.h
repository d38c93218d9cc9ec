/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The driver's objects: device, file, context, program, perfmon.
 */
#ifndef _NVDLA_DRV_H_
#define _NVDLA_DRV_H_

#include <drm/drm_device.h>
#include <drm/drm_file.h>
#include <drm/drm_mm.h>
#ifdef NVDLA_HAVE_DRM_RAS
#include <drm/drm_ras.h>
#endif
#include <drm/gpu_scheduler.h>
#include <linux/completion.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/uidgid.h>
#include <linux/xarray.h>

#include "nvdla_core.h"
#include "nvdla_power.h"
#include "nvdla_validate.h"

#define NVDLA_MAX_JOBS		64
#define NVDLA_MAX_SYNCS		64
#define NVDLA_MAX_CONTEXTS	256
#define NVDLA_MAX_PROGRAMS	65536
#define NVDLA_MAX_PERFMONS	256

#define NVDLA_TIMEOUT_MS	2000
#define NVDLA_MAX_TIMEOUT_MS	60000

struct nvdla_device;

/**
 * struct nvdla_glue - what the bus the device sits on can do
 * @power_on: power, clocks; also leaves reset. May sleep
 * @power_off: the reverse
 * @reset_core: reset one core; 0 or negative errno
 * @core_error: why a core stopped: negative errno, 0 if it did not. Any context
 * @clock_hz: current and, if @max, highest clock of a core; 0 if unknown
 * @set_rate: change the clock of all cores to an operating point of the device;
 *	0 or negative errno. May sleep
 * @temperature: of the hottest core, thousandths of a degree Celsius
 *
 * Every member but @reset_core may be NULL.
 */
struct nvdla_glue {
	int (*power_on)(struct nvdla_device *nvdla);
	void (*power_off)(struct nvdla_device *nvdla);
	int (*reset_core)(struct nvdla_device *nvdla, unsigned int core);
	int (*core_error)(struct nvdla_device *nvdla, unsigned int core);
	u64 (*clock_hz)(struct nvdla_device *nvdla, bool max);
	int (*set_rate)(struct nvdla_device *nvdla, unsigned long hz);
	int (*temperature)(struct nvdla_device *nvdla);
};

/**
 * struct nvdla_sram - memory behind the cores' second port
 * @size: bytes, 0 if there is none
 * @cpu: where the CPU sees it
 * @bus: where the cores see it
 * @map: kernel mapping
 * @mm: what is in use
 * @lock: protects @mm
 */
struct nvdla_sram {
	u64 size;
	phys_addr_t cpu;
	u64 bus;
	void __iomem *map;
	struct drm_mm mm;
	struct mutex lock;	/* protects mm */
};

/**
 * struct nvdla_device - one NVDLA device with its cores
 * @drm: base
 * @dev: the bus device; does DMA
 * @glue: what the bus can do
 * @bus: the glue's own data
 * @config: hardware configuration, a copy in @own_config: files outlive the bus
 * @own_config: see @config
 * @config_name: its name
 * @validator: for @config
 * @core_count: number of @cores
 * @cores: the cores
 * @sram: second memory
 * @bo_lock: protects @bos
 * @bos: buffers in the device's memory
 * @job_ids: last number given to a job
 * @move_lock: held while the jobs of a lost core go to others; protects @lost
 * @lost: bit n: core n does not work and could not be reset
 * @uses: jobs and reports that exist, plus one until the device is released
 * @unused: the last of @uses is gone
 * @contexts: all there are, by number; the entries hold no reference
 * @last_ctx: number after the last one given to a context
 * @power: clock
 * @ras: error counters, where the kernel has drm_ras
 */
struct nvdla_device {
	struct drm_device drm;
	struct device *dev;
	const struct nvdla_glue *glue;
	void *bus;
	const struct nvdla_config *config;
	struct nvdla_config own_config;
	char config_name[32];
	struct nvdla_validator *validator;
	unsigned int core_count;
	struct nvdla_core *cores;
	struct nvdla_sram sram;
	struct mutex bo_lock;	/* protects bos */
	struct list_head bos;
	atomic64_t job_ids;
	struct mutex move_lock;	/* taken before any core's program_lock */
	u32 lost;
	refcount_t uses;
	struct completion unused;
	struct xarray contexts;
	u32 last_ctx;
	struct nvdla_power power;
#ifdef NVDLA_HAVE_DRM_RAS
	struct drm_ras_node ras;
#endif
};

static inline void nvdla_device_release_use(struct nvdla_device *nvdla)
{
	if (refcount_dec_and_test(&nvdla->uses))
		complete(&nvdla->unused);
}

#define to_nvdla(drm_) container_of(drm_, struct nvdla_device, drm)

/**
 * struct nvdla_file - an open file
 * @refs: the open file and every context
 * @nvdla: device
 * @contexts: handle to &struct nvdla_ctx
 * @programs: handle to &struct nvdla_uploaded
 * @perfmons: handle to &struct nvdla_perfmon
 * @usage: by core
 */
struct nvdla_file {
	struct kref refs;
	struct nvdla_device *nvdla;
	struct xarray contexts;
	struct xarray programs;
	struct xarray perfmons;
	struct nvdla_usage usage[NVDLA_MAX_CORES];
};

void nvdla_file_put(struct nvdla_file *file);

/**
 * struct nvdla_ctx - a context: jobs in order, a priority, a set of cores
 * @refs: the handle and every job
 * @file: for accounting
 * @id: number in the device, 0 before it has one
 * @client_id: DRM's number of the file
 * @uid: who made it
 * @pid: process that made it
 * @comm: name of that process then
 * @entity: drm_sched's view of it
 * @core_mask: cores that it may use
 * @scheds: schedulers of those that work, as of @lost
 * @lost: what it knows of &nvdla_device.lost
 * @stand_in: core that takes its jobs from lost ones, or NULL; under move_lock
 * @submit_lock: keeps jobs in the order of their fences, protects @closed,
 *	@scheds and @lost
 * @closed: its handle is gone
 * @timeout: jiffies without progress after which a job hangs
 * @guilty: one of its jobs hung or faulted: it runs no more
 * @reset: a core was reset under it
 * @latency_us: hint, see &struct drm_nvdla_ctx_set_qos
 * @frames_per_second: the same
 * @job_cycles: what its dearest job cost of late
 * @usage: of all cores
 * @queued: jobs accepted
 * @done: jobs ended
 * @fail_op: operation that hung, ~0 if none
 * @fail_errno: positive errno of the guilty job
 */
struct nvdla_ctx {
	struct kref refs;
	struct nvdla_file *file;
	u32 id;
	u64 client_id;
	kuid_t uid;
	pid_t pid;
	char comm[TASK_COMM_LEN];
	struct drm_sched_entity entity;
	u32 core_mask;
	struct drm_gpu_scheduler *scheds[NVDLA_MAX_CORES];
	u32 lost;
	struct nvdla_core *stand_in;
	struct mutex submit_lock;	/* keeps jobs in order; see above */
	bool closed;
	unsigned long timeout;
	bool guilty;
	bool reset;
	u32 latency_us;
	u32 frames_per_second;
	atomic64_t job_cycles;
	struct nvdla_usage usage;
	atomic64_t queued;
	atomic64_t done;
	u32 fail_op;
	u32 fail_errno;
};

void nvdla_ctx_put(struct nvdla_ctx *ctx);
struct nvdla_ctx *nvdla_ctx_find(struct nvdla_file *file, u32 handle);
void nvdla_ctx_destroy_all(struct nvdla_file *file);
int nvdla_ctx_choose_cores(struct nvdla_ctx *ctx);

/**
 * struct nvdla_uploaded - a program with its references
 * @refs: the handle and every job
 * @program: the validated program
 */
struct nvdla_uploaded {
	struct kref refs;
	struct nvdla_program *program;
};

void nvdla_uploaded_put(struct nvdla_uploaded *uploaded);
struct nvdla_uploaded *nvdla_uploaded_find(struct nvdla_file *file, u32 handle);
void nvdla_uploaded_put_all(struct nvdla_file *file);

/**
 * struct nvdla_perfmon - recorder of what operations cost
 * @refs: the handle and the job that uses it
 * @busy: a job uses it
 * @max_ops: room in @ops
 * @op_count: operations of the last job
 * @ops: records
 */
struct nvdla_perfmon {
	struct kref refs;
	atomic_t busy;
	u32 max_ops;
	u32 op_count;
	struct drm_nvdla_op_profile ops[] __counted_by(max_ops);
};

void nvdla_perfmon_put(struct nvdla_perfmon *perfmon);
struct nvdla_perfmon *nvdla_perfmon_find(struct nvdla_file *file, u32 handle);
void nvdla_perfmon_put_all(struct nvdla_file *file);

int nvdla_copy_array(const struct drm_nvdla_obj_array *in, u32 size, u32 max, void **out);
int nvdla_copy_array_back(const struct drm_nvdla_obj_array *out, u32 size, u32 count,
			  const void *in);

struct nvdla_device *nvdla_device_new(struct device *dev, const struct nvdla_config *config,
				      unsigned int cores, const struct nvdla_glue *glue, void *bus);
int nvdla_device_register(struct nvdla_device *nvdla);
void nvdla_device_remove(struct nvdla_device *nvdla);
bool nvdla_device_disconnected(struct nvdla_device *nvdla);
int nvdla_sram_init(struct nvdla_device *nvdla, phys_addr_t cpu, u64 bus, u64 size);
int nvdla_device_suspend(struct nvdla_device *nvdla);
int nvdla_device_resume(struct nvdla_device *nvdla);
int nvdla_device_sleep(struct nvdla_device *nvdla);
void nvdla_device_wake(struct nvdla_device *nvdla);

int nvdla_ioctl_bo_create(struct drm_device *drm, void *data, struct drm_file *file);
int nvdla_ioctl_bo_mmap_offset(struct drm_device *drm, void *data, struct drm_file *file);
int nvdla_ioctl_bo_sync(struct drm_device *drm, void *data, struct drm_file *file);
int nvdla_ioctl_bo_wait(struct drm_device *drm, void *data, struct drm_file *file);
int nvdla_ioctl_program_create(struct drm_device *drm, void *data, struct drm_file *file);
int nvdla_ioctl_program_destroy(struct drm_device *drm, void *data, struct drm_file *file);
int nvdla_ioctl_ctx_create(struct drm_device *drm, void *data, struct drm_file *file);
int nvdla_ioctl_ctx_destroy(struct drm_device *drm, void *data, struct drm_file *file);
int nvdla_ioctl_ctx_get_state(struct drm_device *drm, void *data, struct drm_file *file);
int nvdla_ioctl_submit(struct drm_device *drm, void *data, struct drm_file *file);
int nvdla_ioctl_perfmon_create(struct drm_device *drm, void *data, struct drm_file *file);
int nvdla_ioctl_perfmon_destroy(struct drm_device *drm, void *data, struct drm_file *file);
int nvdla_ioctl_perfmon_get_values(struct drm_device *drm, void *data, struct drm_file *file);

struct drm_gem_object *nvdla_gem_import_sg_table(struct drm_device *drm,
						 struct dma_buf_attachment *attach,
						 struct sg_table *sgt);

void nvdla_job_release_stranded(struct nvdla_core *core);

bool nvdla_bo_revoke_all(struct nvdla_device *nvdla);

void nvdla_debugfs_init(struct nvdla_device *nvdla);

int nvdla_pci_register(void);
void nvdla_pci_unregister(void);
int nvdla_platform_register(void);
void nvdla_platform_unregister(void);

#endif /* _NVDLA_DRV_H_ */
