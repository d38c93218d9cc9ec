// SPDX-License-Identifier: MIT
/*
 * drm backend: finding, opening and describing nodes.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xf86drm.h>

#include "drm.h"

#define NODES	"/dev/accel"

int accel_drm_ioctl(struct drm_device *drm, unsigned long request, void *arg)
{
	return drmIoctl(drm->fd, request, arg) ? -errno : 0;
}

/* Is this node served by the nvdla driver? */
static bool is_nvdla(int fd)
{
	drmVersionPtr version = drmGetVersion(fd);
	bool same;

	if (!version)
		return false;
	same = version->name && !strcmp(version->name, "nvdla");
	drmFreeVersion(version);

	return same;
}

static int node_number(const char *name)
{
	unsigned int number;
	char rest;

	return sscanf(name, "accel%u%c", &number, &rest) == 1 && number <= INT_MAX ?
	       (int)number : -1;
}

static int is_node(const struct dirent *entry)
{
	return node_number(entry->d_name) >= 0;
}

static int by_number(const struct dirent **a, const struct dirent **b)
{
	int x = node_number((*a)->d_name), y = node_number((*b)->d_name);

	return (x > y) - (x < y);
}

int accel_drm_find(unsigned int index, char *path, size_t size)
{
	struct dirent **nodes;
	int count, i, ret = -ENOENT;

	count = scandir(NODES, &nodes, is_node, by_number);
	if (count < 0)
		return -ENOENT;

	for (i = 0; i < count; i++) {
		int fd;

		if (ret) {
			snprintf(path, size, NODES "/%.32s", nodes[i]->d_name);
			fd = open(path, O_RDWR | O_CLOEXEC);
			if (fd >= 0) {
				if (is_nvdla(fd) && !index--)
					ret = 0;
				close(fd);
			}
		}
		free(nodes[i]);
	}
	free(nodes);

	return ret;
}

static int drm_refresh(struct accel_device *device, struct drm_nvdla_device_info *info)
{
	struct drm_nvdla_dev_query query = {
		.type = DRM_NVDLA_QUERY_DEVICE,
		.size = sizeof(*info),
		.pointer = (uintptr_t)info,
	};
	int ret = accel_drm_ioctl(drm_device(device), DRM_IOCTL_NVDLA_DEV_QUERY, &query);

	if (ret)
		return accel_error_set(ret, "%s does not answer: %s", device->name, strerror(-ret));
	info->name[sizeof(info->name) - 1] = '\0';

	return 0;
}

static void drm_free(struct accel_device *device)
{
	struct drm_device *drm = drm_device(device);

	/* Closing the file closes what the pool still holds. */
	close(drm->fd);
	pthread_mutex_destroy(&drm->pool_lock);
	accel_device_fini(device);
	free(drm->bos);
	free(drm);
}

static const struct accel_backend_ops drm_ops = {
	.free = drm_free,
	.refresh = drm_refresh,
	.bo_create = drm_bo_create,
	.bo_free = drm_bo_free,
	.bo_map = drm_bo_map,
	.bo_import = drm_bo_import,
	.bo_export = drm_bo_export,
	.bo_sync = drm_bo_sync,
	.bo_wait = drm_bo_wait,
	.program_create = drm_program_create,
	.program_free = drm_program_free,
	.context_create = drm_context_create,
	.context_free = drm_context_free,
	.context_query = drm_context_query,
	.job_submit = drm_job_submit,
	.job_profile = drm_job_profile,
	.job_release = drm_job_release,
	.fence_free = drm_fence_free,
	.fence_wait = drm_fence_wait,
	.fence_export = drm_fence_export,
	.fence_import = drm_fence_import,
};

int accel_drm_open(const char *path, struct accel_device **out)
{
	struct drm_device *drm;
	int ret;

	drm = calloc(1, sizeof(*drm));
	if (!drm)
		return accel_error_memory("a device");
	ret = accel_device_init(&drm->base, &drm_ops, ACCEL_BACKEND_DRM);
	if (ret)
		goto free_drm;
	if (pthread_mutex_init(&drm->pool_lock, NULL)) {
		ret = accel_error_memory("a lock");
		goto fini_device;
	}
	if (snprintf(drm->base.name, sizeof(drm->base.name), "drm:%s", path) >=
	    (int)sizeof(drm->base.name)) {
		ret = accel_error_set(-EINVAL, "\"%s\" is too long for a device's path", path);
		goto destroy_pool;
	}

	drm->fd = open(path, O_RDWR | O_CLOEXEC);
	if (drm->fd < 0) {
		ret = errno == ENOENT || errno == ENXIO ? -ENODEV : -errno;
		accel_error_set(ret, "%s: %s", path, strerror(errno));
		goto destroy_pool;
	}
	if (!is_nvdla(drm->fd)) {
		ret = accel_error_set(-ENODEV, "%s is not served by the nvdla driver", path);
		goto close_fd;
	}
	ret = drm_refresh(&drm->base, &drm->base.info);
	if (ret)
		goto close_fd;
	accel_info_to_config(&drm->base.info, &drm->base.config);
	*out = &drm->base;

	return 0;

close_fd:
	close(drm->fd);
destroy_pool:
	pthread_mutex_destroy(&drm->pool_lock);
fini_device:
	accel_device_fini(&drm->base);
free_drm:
	free(drm);

	return ret;
}
