// SPDX-License-Identifier: MIT
/*
 * sim backend: fences.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/eventfd.h>
#include <unistd.h>

#include "deadline.h"
#include "simdev.h"

int simdev_fence_create(struct simdev_device *device, struct simdev_fence **out)
{
	struct simdev_fence *fence = calloc(1, sizeof(*fence));

	if (!fence)
		return accel_error_memory("a fence");
	accel_fence_init(&fence->base, &device->host.base);
	fence->status = SIMDEV_PENDING;
	fence->event = -1;
	*out = fence;

	return 0;
}

void simdev_fence_free(struct accel_fence *base)
{
	struct simdev_fence *fence = simdev_fence(base);

	if (fence->event >= 0)
		close(fence->event);
	accel_fence_fini(base);
	free(fence);
}

void simdev_fence_signal(struct simdev_fence *fence, int status, const char *text)
{
	struct simdev_device *device = simdev(fence->base.device);
	struct simdev_link *link;

	fence->status = status;
	if (status)
		snprintf(fence->text, sizeof(fence->text), "%s", text);
	for (link = fence->waiters; link; link = link->next)
		link->task->pending--;
	fence->waiters = NULL;
	if (fence->event >= 0)
		eventfd_write(fence->event, 1);
	pthread_cond_broadcast(&device->done);
	pthread_cond_broadcast(&device->work);
}

int simdev_fence_wait(struct accel_fence *base, int64_t timeout_ns)
{
	struct simdev_fence *fence = simdev_fence(base);
	struct simdev_device *device = simdev(base->device);
	int64_t deadline = deadline_after(timeout_ns);
	struct timespec until = deadline_timespec(deadline);
	int status;

	pthread_mutex_lock(&device->lock);
	while (fence->status == SIMDEV_PENDING) {
		if (!deadline || pthread_cond_timedwait(&device->done, &device->lock, &until))
			break;
	}
	status = fence->status;
	pthread_mutex_unlock(&device->lock);

	if (status == SIMDEV_PENDING)
		return accel_error_set(-ETIMEDOUT, "the job has not ended yet");
	/* Once signalled it does not change any more. */
	if (status)
		return accel_error_set(status, "%s", fence->text);

	return 0;
}

int simdev_fence_export(struct accel_fence *base, int *fd)
{
	struct simdev_fence *fence = simdev_fence(base);
	struct simdev_device *device = simdev(base->device);
	int ret = 0;

	pthread_mutex_lock(&device->lock);
	if (fence->event < 0)
		fence->event = eventfd(fence->status != SIMDEV_PENDING, EFD_CLOEXEC | EFD_NONBLOCK);
	*fd = fence->event < 0 ? -1 : fcntl(fence->event, F_DUPFD_CLOEXEC, 0);
	if (*fd < 0)
		ret = accel_error_set(-errno, "cannot export a fence: %s", strerror(errno));
	pthread_mutex_unlock(&device->lock);

	return ret;
}
