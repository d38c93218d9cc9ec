// SPDX-License-Identifier: MIT
/*
 * Fences: references and calls into the backend.
 */
#include "device.h"

void accel_fence_init(struct accel_fence *fence, struct accel_device *device)
{
	fence->device = accel_device_ref(device);
	atomic_init(&fence->refs, 1);
}

void accel_fence_fini(struct accel_fence *fence)
{
	accel_close(fence->device);
}

struct accel_fence *accel_fence_ref(struct accel_fence *fence)
{
	atomic_fetch_add_explicit(&fence->refs, 1, memory_order_relaxed);

	return fence;
}

void accel_fence_unref(struct accel_fence *fence)
{
	if (fence && atomic_fetch_sub(&fence->refs, 1) == 1)
		fence->device->ops->fence_free(fence);
}

int accel_fence_wait(struct accel_fence *fence, int64_t timeout_ns)
{
	return fence->device->ops->fence_wait(fence, timeout_ns);
}

int accel_fence_export(struct accel_fence *fence, int *fd)
{
	*fd = -1;

	return fence->device->ops->fence_export(fence, fd);
}

int accel_fence_import(struct accel_device *device, int fd, struct accel_fence **out)
{
	*out = NULL;
	if (!device->ops->fence_import)
		return accel_error_set(-EOPNOTSUPP, "%s takes no sync_file", device->name);

	return device->ops->fence_import(device, fd, out);
}
