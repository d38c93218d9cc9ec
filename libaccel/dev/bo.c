// SPDX-License-Identifier: MIT
/*
 * Buffer objects: argument checks, references, mappings.
 */
#include "device.h"

#define BO_FLAGS	(ACCEL_BO_CACHED | ACCEL_BO_NO_MAP | ACCEL_BO_SRAM)

int accel_bo_init(struct accel_bo *bo, struct accel_device *device, uint64_t size, uint32_t flags)
{
	if (pthread_mutex_init(&bo->map_lock, NULL))
		return accel_error_memory("a lock");

	bo->device = accel_device_ref(device);
	bo->size = size;
	bo->flags = flags;
	bo->map = NULL;
	atomic_init(&bo->refs, 1);

	return 0;
}

void accel_bo_fini(struct accel_bo *bo)
{
	pthread_mutex_destroy(&bo->map_lock);
}

int accel_bo_create(struct accel_device *device, uint64_t size, uint32_t flags,
		    struct accel_bo **out)
{
	uint64_t mask = device->page_size - 1;

	*out = NULL;
	if (flags & ~BO_FLAGS)
		return accel_error_set(-EINVAL, "unknown buffer flags 0x%x", flags & ~BO_FLAGS);
	if ((flags & ACCEL_BO_SRAM) && (flags & ACCEL_BO_CACHED))
		return accel_error_set(-EINVAL, "a buffer in SRAM cannot be cached");
	if (!size || size > INT64_MAX - mask)
		return accel_error_set(-EINVAL, "a buffer of %llu bytes", (unsigned long long)size);
	if ((flags & ACCEL_BO_SRAM) && !device->info.sram_size)
		return accel_error_set(-EOPNOTSUPP, "%s has no SRAM", device->name);

	return device->ops->bo_create(device, (size + mask) & ~mask, flags, out);
}

int accel_bo_import(struct accel_device *device, int fd, struct accel_bo **out)
{
	int ret;

	*out = NULL;
	pthread_mutex_lock(&device->bo_lock);
	ret = device->ops->bo_import(device, fd, out);
	pthread_mutex_unlock(&device->bo_lock);

	return ret;
}

int accel_bo_export(struct accel_bo *bo, int *fd)
{
	*fd = -1;
	if (bo->flags & (ACCEL_BO_NO_MAP | ACCEL_BO_SRAM))
		return accel_error_set(-EPERM, "a buffer %s cannot be exported",
				       bo->flags & ACCEL_BO_SRAM ? "in SRAM" : "made with NO_MAP");

	return bo->device->ops->bo_export(bo, fd);
}

struct accel_bo *accel_bo_ref(struct accel_bo *bo)
{
	atomic_fetch_add_explicit(&bo->refs, 1, memory_order_relaxed);

	return bo;
}

void accel_bo_unref(struct accel_bo *bo)
{
	struct accel_device *device;
	unsigned int refs;

	if (!bo)
		return;

	refs = atomic_load(&bo->refs);
	while (refs > 1) {
		if (atomic_compare_exchange_weak(&bo->refs, &refs, refs - 1))
			return;
	}

	/* Perhaps the last one: an import may find the BO again until locked. */
	device = bo->device;
	pthread_mutex_lock(&device->bo_lock);
	if (atomic_fetch_sub(&bo->refs, 1) != 1) {
		pthread_mutex_unlock(&device->bo_lock);
		return;
	}
	device->ops->bo_free(bo);
	pthread_mutex_unlock(&device->bo_lock);
	accel_close(device);
}

uint64_t accel_bo_size(const struct accel_bo *bo)
{
	return bo->size;
}

int accel_bo_map(struct accel_bo *bo, void **pointer)
{
	int ret = 0;

	*pointer = NULL;
	if (bo->flags & ACCEL_BO_NO_MAP)
		return accel_error_set(-EPERM, "the buffer was made with NO_MAP");

	pthread_mutex_lock(&bo->map_lock);
	if (!bo->map)
		ret = bo->device->ops->bo_map(bo);
	if (!ret)
		*pointer = bo->map;
	pthread_mutex_unlock(&bo->map_lock);

	return ret;
}

int accel_bo_sync(struct accel_bo *bo, uint32_t flags, uint64_t offset, uint64_t size)
{
	if (!flags || (flags & ~(ACCEL_SYNC_TO_DEVICE | ACCEL_SYNC_FROM_DEVICE)))
		return accel_error_set(-EINVAL, "bad sync flags 0x%x", flags);
	if (!size || offset > bo->size || size > bo->size - offset)
		return accel_error_set(-EINVAL, "sync of %llu bytes at %llu in a buffer of %llu",
				       (unsigned long long)size, (unsigned long long)offset,
				       (unsigned long long)bo->size);
	if (!(bo->flags & ACCEL_BO_CACHED))
		return 0;

	return bo->device->ops->bo_sync(bo, flags, offset, size);
}

int accel_bo_wait(struct accel_bo *bo, uint32_t access, int64_t timeout_ns)
{
	if (!access || (access & ~(ACCEL_ACCESS_READ | ACCEL_ACCESS_WRITE)))
		return accel_error_set(-EINVAL, "bad access 0x%x to wait for", access);

	return bo->device->ops->bo_wait(bo, access, timeout_ns);
}
