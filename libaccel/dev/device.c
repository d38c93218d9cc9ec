// SPDX-License-Identifier: MIT
/*
 * Opening, listing and describing devices.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device.h"

int accel_device_init(struct accel_device *device, const struct accel_backend_ops *ops,
		      enum accel_backend backend)
{
	device->ops = ops;
	device->backend = backend;
	device->page_size = sysconf(_SC_PAGESIZE);
	atomic_init(&device->refs, 1);

	if (pthread_mutex_init(&device->bo_lock, NULL))
		return accel_error_memory("a lock");

	return 0;
}

void accel_device_fini(struct accel_device *device)
{
	pthread_mutex_destroy(&device->bo_lock);
}

static int open_auto(struct accel_device **out)
{
	char path[64];

	if (!accel_drm_find(0, path, sizeof(path)))
		return accel_drm_open(path, out);

	return accel_cpu_open(out);
}

static int open_first_drm(struct accel_device **out)
{
	char path[64];

	if (accel_drm_find(0, path, sizeof(path)))
		return accel_error_set(-ENODEV, "no NVDLA device in /dev/accel: is the module "
				       "nvdla loaded, and may this user open the node?");

	return accel_drm_open(path, out);
}

int accel_open(const char *name, struct accel_device **out)
{
	if (!out)
		return accel_error_set(-EINVAL, "accel_open: nowhere to store the device");
	*out = NULL;

	if (!name || !strcmp(name, "auto")) {
		name = secure_getenv("ACCEL_DEVICE");
		if (!name || !*name || !strcmp(name, "auto"))
			return open_auto(out);
	}
	if (!strcmp(name, "drm"))
		return open_first_drm(out);
	if (!strncmp(name, "drm:", 4))
		return accel_drm_open(name + 4, out);
	if (!strncmp(name, "sim:", 4))
		return accel_sim_open(name + 4, out);
	if (!strcmp(name, "cpu"))
		return accel_cpu_open(out);

	return accel_error_set(-EINVAL, "\"%s\" names no device: use auto, drm, drm:/dev/accel/accelN, "
			       "sim:CONFIG or cpu", name);
}

struct accel_device *accel_device_ref(struct accel_device *device)
{
	atomic_fetch_add_explicit(&device->refs, 1, memory_order_relaxed);

	return device;
}

void accel_close(struct accel_device *device)
{
	if (device && atomic_fetch_sub(&device->refs, 1) == 1)
		device->ops->free(device);
}

const struct nvdla_config *accel_device_config(const struct accel_device *device)
{
	return device->backend == ACCEL_BACKEND_CPU ? NULL : &device->config;
}

static void fill_info(const struct accel_device *device, const struct drm_nvdla_device_info *hw,
		      struct accel_device_info *info)
{
	struct accel_device_info all = {
		.size = info->size,
		.backend = device->backend,
		.cores = hw->core_count,
		.features = hw->features & (ACCEL_FEATURE_WEIGHT_COMPRESS * 2 - 1),
		.atomic_c = hw->atomic_c,
		.atomic_k = hw->atomic_k,
		.atomic_m = hw->atomic_m,
		.cbuf_size = hw->cbuf_banks * hw->cbuf_bank_width * hw->cbuf_bank_depth,
		.bind_align = hw->bind_align ? hw->bind_align : 1,
		.address_bits = hw->address_bits,
		.clock_hz = hw->clock_hz,
		.max_clock_hz = hw->max_clock_hz,
		.sram_size = hw->sram_size,
		.page_size = device->page_size,
	};

	memcpy(all.name, device->name, sizeof(all.name));
	memcpy(all.config, hw->name, sizeof(all.config));
	memcpy(info, &all, info->size < sizeof(all) ? info->size : sizeof(all));
	if (info->size > sizeof(all))
		memset((char *)info + sizeof(all), 0, info->size - sizeof(all));
}

/* The structure's first version ended with @page_size. */
#define INFO_MIN_SIZE	(offsetof(struct accel_device_info, page_size) + sizeof(uint64_t))

int accel_device_query(struct accel_device *device, struct accel_device_info *info)
{
	struct drm_nvdla_device_info hw;
	int ret;

	if (info->size < INFO_MIN_SIZE)
		return accel_error_set(-EINVAL, "accel_device_info.size is %zu, less than the %zu of "
				       "its first version", info->size, INFO_MIN_SIZE);

	hw = device->info;
	ret = device->ops->refresh(device, &hw);
	if (ret)
		return ret;
	fill_info(device, &hw, info);

	return 0;
}

int accel_enumerate(unsigned int index, struct accel_device_info *info)
{
	struct accel_device *device = NULL;
	unsigned int count;
	char path[64];
	int ret;

	for (count = 0; !accel_drm_find(count, path, sizeof(path)); count++) {
		if (count == index)
			break;
	}
	if (count == index && !accel_drm_find(count, path, sizeof(path)))
		ret = accel_drm_open(path, &device);
	else if (count == index)
		ret = accel_cpu_open(&device);
	else
		return accel_error_set(-ENOENT, "there are %u devices, none with index %u",
				       count + 1, index);
	if (ret)
		return ret;

	ret = accel_device_query(device, info);
	accel_close(device);

	return ret;
}

const char *accel_config_name(unsigned int index)
{
	unsigned int i;

	for (i = 0; nvdla_configs[i].name; i++) {
		if (i == index)
			return nvdla_configs[i].name;
	}

	return NULL;
}
