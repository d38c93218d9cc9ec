// SPDX-License-Identifier: MIT
/*
 * drm backend: fences are binary syncobjs. A syncobj says when its fence has
 * signalled but not how: that is asked of it once, as a sync_file.
 */
#include <linux/sync_file.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xf86drm.h>

#include "deadline.h"
#include "drm.h"

#define POOL_SIZE	(sizeof(((struct drm_device *)0)->pool) / sizeof(uint32_t))
#define UNKNOWN		1

int drm_fence_create(struct drm_device *drm, struct drm_fence **out)
{
	struct drm_fence *fence = calloc(1, sizeof(*fence));
	int ret;

	if (!fence)
		return accel_error_memory("a fence");

	/* A used one will do: submission puts a new fence into it. */
	pthread_mutex_lock(&drm->pool_lock);
	if (drm->pool_count)
		fence->syncobj = drm->pool[--drm->pool_count];
	pthread_mutex_unlock(&drm->pool_lock);
	if (!fence->syncobj && drmSyncobjCreate(drm->fd, 0, &fence->syncobj)) {
		ret = accel_error_set(-errno, "cannot make a fence: %s", strerror(errno));
		free(fence);
		return ret;
	}
	accel_fence_init(&fence->base, &drm->base);
	atomic_init(&fence->status, UNKNOWN);
	*out = fence;

	return 0;
}

void drm_fence_free(struct accel_fence *base)
{
	struct drm_fence *fence = container_of(base, struct drm_fence, base);
	struct drm_device *drm = drm_device(base->device);
	uint32_t syncobj = fence->syncobj;

	pthread_mutex_lock(&drm->pool_lock);
	if (drm->pool_count < POOL_SIZE) {
		drm->pool[drm->pool_count++] = syncobj;
		syncobj = 0;
	}
	pthread_mutex_unlock(&drm->pool_lock);
	if (syncobj)
		drmSyncobjDestroy(drm->fd, syncobj);
	accel_fence_fini(base);
	free(fence);
}

static int export_sync_file(struct accel_fence *base, int *fd)
{
	struct drm_fence *fence = container_of(base, struct drm_fence, base);

	*fd = -1;

	return drmSyncobjExportSyncFile(drm_device(base->device)->fd, fence->syncobj, fd) ?
	       -errno : 0;
}

/* The result of a job that has ended. */
static int read_status(struct accel_fence *base)
{
	struct sync_file_info info = { 0 };
	int fd, ret;

	ret = export_sync_file(base, &fd);
	if (ret)
		return ret;
	ret = drmIoctl(fd, SYNC_IOC_FILE_INFO, &info) ? -errno : info.status;
	close(fd);

	return ret > 0 ? 0 : ret;
}

static int result(int status)
{
	switch (status) {
	case 0:
		return 0;
	case -ETIME:
		return accel_error_set(status, "the job hung and was stopped");
	case -EIO:
		return accel_error_set(status, "the device reported an error in the job");
	case -ECANCELED:
		return accel_error_set(status, "the job was dropped: an earlier one of its context "
				       "failed");
	case -ENODEV:
		return accel_error_set(status, "the device is gone");
	default:
		return accel_error_set(status, "the job failed: %s", strerror(-status));
	}
}

int drm_fence_wait(struct accel_fence *base, int64_t timeout_ns)
{
	struct drm_fence *fence = container_of(base, struct drm_fence, base);
	int status = atomic_load(&fence->status);

	if (status == UNKNOWN) {
		if (drmSyncobjWait(drm_device(base->device)->fd, &fence->syncobj, 1,
				   deadline_after(timeout_ns), 0, NULL)) {
			if (errno == ETIME)
				return accel_error_set(-ETIMEDOUT, "the job has not ended yet");
			if (errno != ENODEV)
				return accel_error_set(-errno, "cannot wait for a job: %s",
						       strerror(errno));
			status = -ENODEV;
		} else {
			status = read_status(base);
		}
		atomic_store(&fence->status, status);
	}

	return result(status);
}

int drm_fence_export(struct accel_fence *base, int *fd)
{
	int ret = export_sync_file(base, fd);

	if (ret)
		return accel_error_set(ret, "cannot export a fence: %s", strerror(-ret));

	return 0;
}

int drm_fence_import(struct accel_device *device, int fd, struct accel_fence **out)
{
	struct drm_device *drm = drm_device(device);
	struct drm_fence *fence;
	int ret;

	ret = drm_fence_create(drm, &fence);
	if (ret)
		return ret;
	if (drmSyncobjImportSyncFile(drm->fd, fence->syncobj, fd)) {
		ret = accel_error_set(-errno, "descriptor %d is not a sync_file: %s", fd,
				      strerror(errno));
		accel_fence_unref(&fence->base);
		return ret;
	}
	*out = &fence->base;

	return 0;
}
