/* SPDX-License-Identifier: MIT */
/*
 * Inside of the device layer: what the three backends have in common.
 *
 * device.c, bo.c, program.c, context.c, job.c and fence.c check arguments,
 * count references and call the backend; drm_*.c, sim_*.c and cpu_device.c are
 * the backends. Each backend embeds the structures below in its own.
 */
#ifndef ACCEL_DEV_DEVICE_H
#define ACCEL_DEV_DEVICE_H

#include <pthread.h>
#include <stdatomic.h>

#include <accel/accel.h>
#include <drm/nvdla_accel.h>

#include "../../kmod/hw/nvdla_config.h"
#include "error.h"

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

/**
 * struct accel_device - base of every device
 * @ops: its backend
 * @refs: references
 * @backend: which backend it is
 * @name: name that opens it again
 * @info: as the kernel would describe it; zero on the cpu backend
 * @config: the same in the form that tables and validator use; @config.name
 *          points into @info
 * @page_size: sizes of BOs are multiples of this
 * @bo_lock: taken while a BO's last reference goes and while BOs are looked up,
 *           so that an import never finds a BO that is on its way out
 */
struct accel_device {
	const struct accel_backend_ops *ops;
	atomic_uint refs;
	enum accel_backend backend;
	char name[64];
	struct drm_nvdla_device_info info;
	struct nvdla_config config;
	uint64_t page_size;
	pthread_mutex_t bo_lock;
};

/**
 * struct accel_bo - base of every buffer
 * @device: counted
 * @refs: references
 * @size: bytes, whole pages
 * @flags: ACCEL_BO_*
 * @map_lock: protects @map
 * @map: the CPU's mapping, NULL until accel_bo_map()
 */
struct accel_bo {
	struct accel_device *device;
	atomic_uint refs;
	uint64_t size;
	uint32_t flags;
	pthread_mutex_t map_lock;
	void *map;
};

/**
 * struct accel_program - base of every program
 * @device: counted
 * @refs: references
 * @op_count: operations
 * @slot_count: slots
 * @slots: what each slot needs; filled in by the backend
 */
struct accel_program {
	struct accel_device *device;
	atomic_uint refs;
	uint32_t op_count;
	uint32_t slot_count;
	struct accel_slot *slots;
};

/* Base of every context. */
struct accel_context {
	struct accel_device *device;
	atomic_uint refs;
};

/* Base of every fence. */
struct accel_fence {
	struct accel_device *device;
	atomic_uint refs;
};

/* The buffer in one slot of a job; @bo NULL when there is none. */
struct accel_bind {
	struct accel_bo *bo;
	uint64_t offset;
	uint64_t size;
};

/**
 * struct accel_job - a program with buffers
 * @program: counted
 * @recorder: the backend's profile of the last profiled submission, or NULL
 * @binds: one per slot of the program, with counted BOs
 */
struct accel_job {
	struct accel_program *program;
	void *recorder;
	struct accel_bind binds[];
};

/**
 * struct accel_backend_ops - what a backend can do
 *
 * Arguments were checked by the callers. Objects are created with their base
 * initialised by accel_*_init(); free functions undo that with accel_*_fini()
 * and free the whole. NULL pointers mean -EOPNOTSUPP.
 *
 * @free: the last reference of the device is gone
 * @refresh: bring @info up to date (clock)
 * @bo_create: flags and size (whole pages) are plausible
 * @bo_free: called with &accel_device.bo_lock held
 * @bo_map: set &accel_bo.map; called once, under &accel_bo.map_lock
 * @bo_import: called with &accel_device.bo_lock held
 * @job_submit: every used slot is bound
 * @job_release: free &accel_job.recorder
 */
struct accel_backend_ops {
	void (*free)(struct accel_device *device);
	int (*refresh)(struct accel_device *device, struct drm_nvdla_device_info *info);

	int (*bo_create)(struct accel_device *device, uint64_t size, uint32_t flags,
			 struct accel_bo **out);
	void (*bo_free)(struct accel_bo *bo);
	int (*bo_map)(struct accel_bo *bo);
	int (*bo_import)(struct accel_device *device, int fd, struct accel_bo **out);
	int (*bo_export)(struct accel_bo *bo, int *fd);
	int (*bo_sync)(struct accel_bo *bo, uint32_t flags, uint64_t offset, uint64_t size);
	int (*bo_wait)(struct accel_bo *bo, uint32_t access, int64_t timeout_ns);

	int (*program_create)(struct accel_device *device, const struct accel_program_desc *desc,
			      struct accel_program **out);
	void (*program_free)(struct accel_program *program);

	int (*context_create)(struct accel_device *device,
			      const struct accel_context_params *params,
			      struct accel_context **out);
	void (*context_free)(struct accel_context *context);
	int (*context_query)(struct accel_context *context, struct accel_context_state *state);

	int (*job_submit)(struct accel_job *job, struct accel_context *context, uint32_t flags,
			  struct accel_fence *const *waits, size_t wait_count,
			  struct accel_fence **fence);
	int (*job_profile)(struct accel_job *job, struct accel_op_profile *profiles,
			   uint32_t count);
	void (*job_release)(struct accel_job *job);

	void (*fence_free)(struct accel_fence *fence);
	int (*fence_wait)(struct accel_fence *fence, int64_t timeout_ns);
	int (*fence_export)(struct accel_fence *fence, int *fd);
	int (*fence_import)(struct accel_device *device, int fd, struct accel_fence **out);
};

int accel_device_init(struct accel_device *device, const struct accel_backend_ops *ops,
		      enum accel_backend backend);
void accel_device_fini(struct accel_device *device);
int accel_bo_init(struct accel_bo *bo, struct accel_device *device, uint64_t size, uint32_t flags);
void accel_bo_fini(struct accel_bo *bo);
int accel_program_init(struct accel_program *program, struct accel_device *device,
		       const struct accel_program_desc *desc);
void accel_program_fini(struct accel_program *program);
void accel_context_init(struct accel_context *context, struct accel_device *device);
void accel_context_fini(struct accel_context *context);
void accel_fence_init(struct accel_fence *fence, struct accel_device *device);
void accel_fence_fini(struct accel_fence *fence);

/* The backends' own ways to open a device; @name is what follows the colon. */
int accel_drm_open(const char *path, struct accel_device **out);
int accel_sim_open(const char *options, struct accel_device **out);
int accel_cpu_open(struct accel_device **out);

/* The path of the @index-th node that the nvdla driver serves, or -ENOENT. */
int accel_drm_find(unsigned int index, char *path, size_t size);

/**
 * accel_device_config() - the configuration as tables and compiler know it
 *
 * Return: valid while the device is; NULL on the cpu backend.
 */
const struct nvdla_config *accel_device_config(const struct accel_device *device);

/* Copy the hardware description both ways. */
void accel_config_to_info(const struct nvdla_config *config, struct drm_nvdla_device_info *info);
void accel_info_to_config(const struct drm_nvdla_device_info *info, struct nvdla_config *config);

/**
 * accel_refusal_text() - set the error text for a program that was refused
 *
 * Return: -EINVAL.
 */
int accel_refusal_text(const struct nvdla_config *config, uint32_t op, uint32_t reg, uint32_t code);

#endif /* ACCEL_DEV_DEVICE_H */
