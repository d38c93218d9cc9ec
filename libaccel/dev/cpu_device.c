// SPDX-License-Identifier: MIT
/*
 * The backend of last resort: memory without an NPU. It holds buffers, so that
 * a model can run on the CPU with the same code, and refuses programs.
 */
#include <stdlib.h>
#include <string.h>

#include "host_bo.h"

static void cpu_free(struct accel_device *device)
{
	accel_device_fini(device);
	free(container_of(device, struct host_device, base));
}

static int cpu_refresh(struct accel_device *device, struct drm_nvdla_device_info *info)
{
	(void)device, (void)info;

	return 0;
}

/* No job ever uses a buffer. */
static int cpu_bo_wait(struct accel_bo *bo, uint32_t access, int64_t timeout_ns)
{
	(void)bo, (void)access, (void)timeout_ns;

	return 0;
}

static const struct accel_backend_ops cpu_ops = {
	.free = cpu_free,
	.refresh = cpu_refresh,
	.bo_create = host_bo_create,
	.bo_free = host_bo_free,
	.bo_map = host_bo_map,
	.bo_import = host_bo_import,
	.bo_export = host_bo_export,
	.bo_sync = host_bo_sync,
	.bo_wait = cpu_bo_wait,
};

int accel_cpu_open(struct accel_device **out)
{
	struct host_device *host = calloc(1, sizeof(*host));
	int ret;

	if (!host)
		return accel_error_memory("a device");
	ret = accel_device_init(&host->base, &cpu_ops, ACCEL_BACKEND_CPU);
	if (ret) {
		free(host);
		return ret;
	}
	strcpy(host->base.name, "cpu");
	*out = &host->base;

	return 0;
}
