// SPDX-License-Identifier: MIT
/*
 * drm backend: GEM objects and PRIME.
 */
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xf86drm.h>

#include "deadline.h"
#include "drm.h"

static void close_handle(struct drm_device *drm, uint32_t handle)
{
	struct drm_gem_close close = { .handle = handle };

	accel_drm_ioctl(drm, DRM_IOCTL_GEM_CLOSE, &close);
}

/* Make a BO of a handle and list it. Called with bo_lock held. */
static int add_bo(struct drm_device *drm, uint32_t handle, uint64_t size, uint32_t flags,
		  int dmabuf, struct accel_bo **out)
{
	struct drm_bo *bo;
	int ret;

	if (handle >= drm->bo_room) {
		uint32_t room = handle < 32 ? 64 : handle * 2;
		struct drm_bo **bos = realloc(drm->bos, room * sizeof(*bos));

		if (!bos)
			return accel_error_memory("the list of buffers");
		memset(bos + drm->bo_room, 0, (room - drm->bo_room) * sizeof(*bos));
		drm->bos = bos;
		drm->bo_room = room;
	}

	bo = calloc(1, sizeof(*bo));
	if (!bo)
		return accel_error_memory("a buffer");
	ret = accel_bo_init(&bo->base, &drm->base, size, flags);
	if (ret) {
		free(bo);
		return ret;
	}
	bo->handle = handle;
	bo->dmabuf = dmabuf;
	drm->bos[handle] = bo;
	*out = &bo->base;

	return 0;
}

int drm_bo_create(struct accel_device *device, uint64_t size, uint32_t flags,
		  struct accel_bo **out)
{
	struct drm_device *drm = drm_device(device);
	struct drm_nvdla_bo_create create = { .size = size };
	int ret;

	if (flags & ACCEL_BO_CACHED)
		create.flags |= DRM_NVDLA_BO_CACHED;
	if (flags & ACCEL_BO_NO_MAP)
		create.flags |= DRM_NVDLA_BO_NO_MMAP;
	if (flags & ACCEL_BO_SRAM)
		create.flags |= DRM_NVDLA_BO_SRAM;

	ret = accel_drm_ioctl(drm, DRM_IOCTL_NVDLA_BO_CREATE, &create);
	if (ret == -ENOSPC)
		return accel_error_set(ret, "no %llu bytes of SRAM are free",
				       (unsigned long long)size);
	if (ret == -ENOMEM)
		return accel_error_set(ret, "no memory for a buffer of %llu bytes; where no IOMMU puts the device's memory together it must be contiguous: large buffers need CMA (cma=SIZE on the kernel's command line) or a memory-region",
				       (unsigned long long)size);
	if (ret)
		return accel_error_set(ret, "cannot make a buffer of %llu bytes: %s",
				       (unsigned long long)size, strerror(-ret));

	pthread_mutex_lock(&device->bo_lock);
	ret = add_bo(drm, create.handle, create.size, flags, -1, out);
	pthread_mutex_unlock(&device->bo_lock);
	if (ret)
		close_handle(drm, create.handle);

	return ret;
}

void drm_bo_free(struct accel_bo *base)
{
	struct drm_device *drm = drm_device(base->device);
	struct drm_bo *bo = drm_bo(base);

	if (base->map)
		munmap(base->map, base->size);
	drm->bos[bo->handle] = NULL;
	close_handle(drm, bo->handle);
	if (bo->dmabuf >= 0)
		close(bo->dmabuf);
	accel_bo_fini(base);
	free(bo);
}

/* The driver's own buffers are mapped through the node, foreign ones are not. */
static int mmap_offset(struct drm_device *drm, uint32_t handle, uint64_t *offset)
{
	struct drm_nvdla_bo_mmap_offset arg = { .handle = handle };
	int ret = accel_drm_ioctl(drm, DRM_IOCTL_NVDLA_BO_MMAP_OFFSET, &arg);

	*offset = arg.offset;

	return ret;
}

int drm_bo_map(struct accel_bo *base)
{
	struct drm_device *drm = drm_device(base->device);
	struct drm_bo *bo = drm_bo(base);
	uint64_t offset = 0;
	int ret;

	if (bo->dmabuf < 0) {
		ret = mmap_offset(drm, bo->handle, &offset);
		if (ret)
			return accel_error_set(ret, "cannot map a buffer: %s", strerror(-ret));
	}
	base->map = mmap(NULL, base->size, PROT_READ | PROT_WRITE, MAP_SHARED,
			 bo->dmabuf < 0 ? drm->fd : bo->dmabuf, offset);
	if (base->map == MAP_FAILED) {
		base->map = NULL;
		return accel_error_set(-errno, "cannot map a buffer of %llu bytes: %s",
				       (unsigned long long)base->size, strerror(errno));
	}

	return 0;
}

int drm_bo_import(struct accel_device *device, int fd, struct accel_bo **out)
{
	struct drm_device *drm = drm_device(device);
	uint64_t offset, size;
	uint32_t handle;
	int copy = -1, ret;
	off_t end;

	if (drmPrimeFDToHandle(drm->fd, fd, &handle))
		return accel_error_set(-errno, "descriptor %d cannot be imported: %s", fd,
				       strerror(errno));
	if (handle < drm->bo_room && drm->bos[handle]) {
		*out = accel_bo_ref(&drm->bos[handle]->base);
		return 0;
	}

	end = lseek(fd, 0, SEEK_END);
	size = end > 0 ? end : 0;
	if (!size) {
		ret = accel_error_set(-EINVAL, "descriptor %d has no size", fd);
		goto close_handle;
	}
	if (mmap_offset(drm, handle, &offset) == -EINVAL) {
		copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
		if (copy < 0) {
			ret = accel_error_set(-errno, "descriptor %d: %s", fd, strerror(errno));
			goto close_handle;
		}
	}
	ret = add_bo(drm, handle, size, ACCEL_BO_CACHED, copy, out);
	if (!ret)
		return 0;
	if (copy >= 0)
		close(copy);

close_handle:
	close_handle(drm, handle);

	return ret;
}

int drm_bo_export(struct accel_bo *base, int *fd)
{
	struct drm_bo *bo = drm_bo(base);

	if (bo->dmabuf >= 0) {
		*fd = fcntl(bo->dmabuf, F_DUPFD_CLOEXEC, 0);
		return *fd < 0 ? accel_error_set(-errno, "%s", strerror(errno)) : 0;
	}
	if (drmPrimeHandleToFD(drm_device(base->device)->fd, bo->handle, DRM_CLOEXEC | DRM_RDWR,
			       fd)) {
		*fd = -1;
		return accel_error_set(-errno, "cannot export a buffer: %s", strerror(errno));
	}

	return 0;
}

/* A foreign buffer's exporter looks after its caches. */
static int sync_foreign(int dmabuf, uint32_t flags)
{
	struct dma_buf_sync sync;

	if (flags & ACCEL_SYNC_TO_DEVICE) {
		sync.flags = DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE;
		if (drmIoctl(dmabuf, DMA_BUF_IOCTL_SYNC, &sync))
			return -errno;
	}
	if (flags & ACCEL_SYNC_FROM_DEVICE) {
		sync.flags = DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ;
		if (drmIoctl(dmabuf, DMA_BUF_IOCTL_SYNC, &sync))
			return -errno;
	}

	return 0;
}

int drm_bo_sync(struct accel_bo *base, uint32_t flags, uint64_t offset, uint64_t size)
{
	struct drm_bo *bo = drm_bo(base);
	struct drm_nvdla_bo_sync sync = {
		.handle = bo->handle,
		.offset = offset,
		.size = size,
	};
	int ret;

	if (flags & ACCEL_SYNC_TO_DEVICE)
		sync.flags |= DRM_NVDLA_SYNC_TO_DEVICE;
	if (flags & ACCEL_SYNC_FROM_DEVICE)
		sync.flags |= DRM_NVDLA_SYNC_FROM_DEVICE;
	ret = bo->dmabuf < 0 ?
	      accel_drm_ioctl(drm_device(base->device), DRM_IOCTL_NVDLA_BO_SYNC, &sync) :
	      sync_foreign(bo->dmabuf, flags);
	if (ret)
		return accel_error_set(ret, "cannot sync a buffer: %s", strerror(-ret));

	return 0;
}

int drm_bo_wait(struct accel_bo *bo, uint32_t access, int64_t timeout_ns)
{
	struct drm_nvdla_bo_wait wait = {
		.handle = drm_bo(bo)->handle,
		.timeout_ns = deadline_after(timeout_ns),
	};
	int ret;

	if (access & ACCEL_ACCESS_READ)
		wait.flags |= DRM_NVDLA_WAIT_READ;
	if (access & ACCEL_ACCESS_WRITE)
		wait.flags |= DRM_NVDLA_WAIT_WRITE;
	ret = accel_drm_ioctl(drm_device(bo->device), DRM_IOCTL_NVDLA_BO_WAIT, &wait);
	if (ret == -ETIME)
		return accel_error_set(-ETIMEDOUT, "the buffer is still in use");
	if (ret)
		return accel_error_set(ret, "cannot wait for a buffer: %s", strerror(-ret));

	return 0;
}
