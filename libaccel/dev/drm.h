/* SPDX-License-Identifier: MIT */
/*
 * The drm backend: hardware behind the kernel driver.
 */
#ifndef ACCEL_DEV_DRM_H
#define ACCEL_DEV_DRM_H

#include "device.h"

/**
 * struct drm_device - an open node
 * @base: the device
 * @fd: the node
 * @bos: BO of each GEM handle or NULL, under &accel_device.bo_lock: importing a
 *       buffer twice yields the same handle, which must be closed once
 * @bo_room: entries of @bos
 * @pool_lock: protects the pool
 * @pool: syncobjs of fences that are gone, to be used again
 * @pool_count: how many
 */
struct drm_device {
	struct accel_device base;
	int fd;
	struct drm_bo **bos;
	uint32_t bo_room;
	pthread_mutex_t pool_lock;
	uint32_t pool[64];
	unsigned int pool_count;
};

/**
 * struct drm_bo - a GEM object
 * @base: the buffer
 * @handle: of this file
 * @dmabuf: descriptor of a foreign buffer, -1 for the driver's own
 */
struct drm_bo {
	struct accel_bo base;
	uint32_t handle;
	int dmabuf;
};

struct drm_program {
	struct accel_program base;
	uint32_t handle;
};

struct drm_context {
	struct accel_context base;
	uint32_t handle;
};

/**
 * struct drm_fence - a binary syncobj
 * @base: the fence
 * @syncobj: its handle
 * @status: 1 while unknown; 0 or the job's error afterwards
 */
struct drm_fence {
	struct accel_fence base;
	uint32_t syncobj;
	atomic_int status;
};

static inline struct drm_device *drm_device(struct accel_device *device)
{
	return container_of(device, struct drm_device, base);
}

static inline struct drm_bo *drm_bo(struct accel_bo *bo)
{
	return container_of(bo, struct drm_bo, base);
}

/* ioctl() that restarts after signals. Return: 0 or a negative errno. */
int accel_drm_ioctl(struct drm_device *drm, unsigned long request, void *arg);

int drm_bo_create(struct accel_device *device, uint64_t size, uint32_t flags,
		  struct accel_bo **out);
void drm_bo_free(struct accel_bo *bo);
int drm_bo_map(struct accel_bo *bo);
int drm_bo_import(struct accel_device *device, int fd, struct accel_bo **out);
int drm_bo_export(struct accel_bo *bo, int *fd);
int drm_bo_sync(struct accel_bo *bo, uint32_t flags, uint64_t offset, uint64_t size);
int drm_bo_wait(struct accel_bo *bo, uint32_t access, int64_t timeout_ns);

int drm_program_create(struct accel_device *device, const struct accel_program_desc *desc,
		       struct accel_program **out);
void drm_program_free(struct accel_program *program);
int drm_context_create(struct accel_device *device, const struct accel_context_params *params,
		       struct accel_context **out);
void drm_context_free(struct accel_context *context);
int drm_context_query(struct accel_context *context, struct accel_context_state *state);

int drm_job_submit(struct accel_job *job, struct accel_context *context, uint32_t flags,
		   struct accel_fence *const *waits, size_t wait_count,
		   struct accel_fence **fence);
int drm_job_profile(struct accel_job *job, struct accel_op_profile *profiles, uint32_t count);
void drm_job_release(struct accel_job *job);

int drm_fence_create(struct drm_device *drm, struct drm_fence **out);
void drm_fence_free(struct accel_fence *fence);
int drm_fence_wait(struct accel_fence *fence, int64_t timeout_ns);
int drm_fence_export(struct accel_fence *fence, int *fd);
int drm_fence_import(struct accel_device *device, int fd, struct accel_fence **out);

#endif /* ACCEL_DEV_DRM_H */
