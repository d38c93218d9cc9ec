/* SPDX-License-Identifier: MIT */
/*
 * Buffers in this process's own memory, for the backends without a kernel
 * driver. Their memory is a sealed memfd, so that they can be exported.
 */
#ifndef ACCEL_DEV_HOST_BO_H
#define ACCEL_DEV_HOST_BO_H

#include <sys/types.h>

#include "device.h"

struct accel_fence;

/* A job that uses a buffer: its fence, counted, and what it does with it. */
struct host_bo_user {
	struct accel_fence *fence;
	uint32_t access;
};

/**
 * struct host_device - base of a device whose BOs are ordinary memory
 * @base: the device
 * @bos: all its BOs, under &accel_device.bo_lock
 * @sram_used: bytes of SRAM taken, under &accel_device.bo_lock
 */
struct host_device {
	struct accel_device base;
	struct host_bo *bos;
	uint64_t sram_used;
};

/**
 * struct host_bo - a buffer in ordinary memory
 * @base: the buffer
 * @next: &host_device.bos
 * @memory: mapped for as long as the BO lives, also without accel_bo_map()
 * @fd: the file behind it; -1 when there were no descriptors left
 * @dev: its identity, to recognise it on import
 * @ino: ditto
 * @users: sim: jobs that may still use it
 * @user_count: how many
 * @user_room: how many fit
 *
 * The last three belong to simdev_job.c, under &simdev_device.lock.
 */
struct host_bo {
	struct accel_bo base;
	struct host_bo *next;
	void *memory;
	int fd;
	dev_t dev;
	ino_t ino;
	struct host_bo_user *users;
	size_t user_count;
	size_t user_room;
};

static inline struct host_bo *host_bo(struct accel_bo *bo)
{
	return container_of(bo, struct host_bo, base);
}

int host_bo_create(struct accel_device *device, uint64_t size, uint32_t flags,
		   struct accel_bo **out);
void host_bo_free(struct accel_bo *bo);
int host_bo_map(struct accel_bo *bo);
int host_bo_import(struct accel_device *device, int fd, struct accel_bo **out);
int host_bo_export(struct accel_bo *bo, int *fd);
int host_bo_sync(struct accel_bo *bo, uint32_t flags, uint64_t offset, uint64_t size);

#endif /* ACCEL_DEV_HOST_BO_H */
