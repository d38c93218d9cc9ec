// SPDX-License-Identifier: MIT
/*
 * The node and its ioctls.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sync_file.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../../libaccel/dev/device.h"
#include "node.h"

int node_ioctl(int fd, unsigned long request, void *arg)
{
	int ret;

	do {
		ret = ioctl(fd, request, arg);
	} while (ret < 0 && (errno == EINTR || errno == EAGAIN));

	return ret < 0 ? -errno : 0;
}

static bool is_nvdla(const char *path)
{
	char name[16] = "";
	struct drm_version version = { .name = name, .name_len = sizeof(name) - 1 };
	int fd = open(path, O_RDWR | O_CLOEXEC);
	bool same;

	if (fd < 0)
		return false;
	same = !node_ioctl(fd, DRM_IOCTL_VERSION, &version) && !strcmp(name, "nvdla");
	close(fd);

	return same;
}

const char *node_path(void)
{
	const char *chosen = getenv("NVDLA_NODE");
	static char path[64];
	unsigned int i;

	if (chosen)
		return chosen;
	for (i = 0; i < 64; i++) {
		snprintf(path, sizeof(path), "/dev/accel/accel%u", i);
		if (is_nvdla(path))
			return path;
	}

	return "/dev/accel/accel0";
}

int node_open(void)
{
	int fd = open(node_path(), O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int node_query(int fd, struct drm_nvdla_device_info *info, struct nvdla_config *config)
{
	struct drm_nvdla_dev_query query = {
		.type = DRM_NVDLA_QUERY_DEVICE,
		.size = sizeof(*info),
		.pointer = (uintptr_t)info,
	};
	int ret = node_ioctl(fd, DRM_IOCTL_NVDLA_DEV_QUERY, &query);

	if (!ret && config)
		accel_info_to_config(info, config);

	return ret;
}

int64_t node_deadline(int64_t ns)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);

	return now.tv_sec * SECOND + now.tv_nsec + ns;
}

/* ----------------------------------------------------------------- buffers */

int bo_create(int fd, uint64_t size, uint32_t flags, uint32_t *handle)
{
	struct drm_nvdla_bo_create create = { .size = size, .flags = flags };
	int ret = node_ioctl(fd, DRM_IOCTL_NVDLA_BO_CREATE, &create);

	*handle = create.handle;

	return ret;
}

int bo_close(int fd, uint32_t handle)
{
	struct drm_gem_close close = { .handle = handle };

	return node_ioctl(fd, DRM_IOCTL_GEM_CLOSE, &close);
}

void *bo_map(int fd, uint32_t handle, uint64_t size)
{
	struct drm_nvdla_bo_mmap_offset offset = { .handle = handle };
	void *map;

	errno = -node_ioctl(fd, DRM_IOCTL_NVDLA_BO_MMAP_OFFSET, &offset);
	if (errno)
		return NULL;
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset.offset);

	return map == MAP_FAILED ? NULL : map;
}

int bo_wait(int fd, uint32_t handle, uint32_t flags, int64_t ns)
{
	struct drm_nvdla_bo_wait wait = {
		.handle = handle,
		.flags = flags,
		.timeout_ns = node_deadline(ns),
	};

	return node_ioctl(fd, DRM_IOCTL_NVDLA_BO_WAIT, &wait);
}

/* ---------------------------------------------------- contexts and programs */

int ctx_create(int fd, uint32_t priority, uint32_t core_mask, uint32_t timeout_ms,
	       uint32_t *handle)
{
	struct drm_nvdla_ctx_create create = {
		.priority = priority,
		.core_mask = core_mask,
		.timeout_ms = timeout_ms,
	};
	int ret = node_ioctl(fd, DRM_IOCTL_NVDLA_CTX_CREATE, &create);

	*handle = create.handle;

	return ret;
}

int ctx_destroy(int fd, uint32_t handle)
{
	struct drm_nvdla_ctx_destroy destroy = { .handle = handle };

	return node_ioctl(fd, DRM_IOCTL_NVDLA_CTX_DESTROY, &destroy);
}

int ctx_set_qos(int fd, uint32_t handle, uint32_t latency_us, uint32_t frames_per_second)
{
	struct drm_nvdla_ctx_set_qos args = {
		.handle = handle,
		.latency_us = latency_us,
		.frames_per_second = frames_per_second,
	};

	return node_ioctl(fd, DRM_IOCTL_NVDLA_CTX_SET_QOS, &args);
}

int ctx_state(int fd, uint32_t handle, struct drm_nvdla_ctx_get_state *state)
{
	memset(state, 0, sizeof(*state));
	state->handle = handle;

	return node_ioctl(fd, DRM_IOCTL_NVDLA_CTX_GET_STATE, state);
}

int program_create(int fd, const struct builder *b, struct drm_nvdla_slot_info *slots,
		   uint32_t slot_count, struct drm_nvdla_program_create *create)
{
	memset(create, 0, sizeof(*create));
	create->ops = ARRAY(b->ops, b->op_count);
	create->regs = ARRAY(b->regs, b->reg_count);
	create->relocs = ARRAY(b->relocs, b->reloc_count);
	create->deps = ARRAY(b->deps, b->dep_count);
	create->luts = ARRAY(b->luts, b->lut_count);
	create->slots = ARRAY(slots, slot_count);

	return node_ioctl(fd, DRM_IOCTL_NVDLA_PROGRAM_CREATE, create);
}

int program_destroy(int fd, uint32_t handle)
{
	struct drm_nvdla_program_destroy destroy = { .handle = handle };

	return node_ioctl(fd, DRM_IOCTL_NVDLA_PROGRAM_DESTROY, &destroy);
}

/* ---------------------------------------------------------------- syncobjs */

int syncobj_create(int fd, uint32_t *handle)
{
	struct drm_syncobj_create create = { 0 };
	int ret = node_ioctl(fd, DRM_IOCTL_SYNCOBJ_CREATE, &create);

	*handle = create.handle;

	return ret;
}

int syncobj_destroy(int fd, uint32_t handle)
{
	struct drm_syncobj_destroy destroy = { .handle = handle };

	return node_ioctl(fd, DRM_IOCTL_SYNCOBJ_DESTROY, &destroy);
}

int syncobj_wait(int fd, uint32_t handle, int64_t ns)
{
	struct drm_syncobj_wait wait = {
		.handles = (uintptr_t)&handle,
		.count_handles = 1,
		.timeout_nsec = node_deadline(ns),
	};

	return node_ioctl(fd, DRM_IOCTL_SYNCOBJ_WAIT, &wait);
}

int timeline_wait(int fd, uint32_t handle, uint64_t point, uint32_t flags, int64_t ns)
{
	struct drm_syncobj_timeline_wait wait = {
		.handles = (uintptr_t)&handle,
		.points = (uintptr_t)&point,
		.count_handles = 1,
		.flags = flags,
		.timeout_nsec = node_deadline(ns),
	};

	return node_ioctl(fd, DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT, &wait);
}

int timeline_signal(int fd, uint32_t handle, uint64_t point)
{
	struct drm_syncobj_timeline_array array = {
		.handles = (uintptr_t)&handle,
		.points = (uintptr_t)&point,
		.count_handles = 1,
	};

	return node_ioctl(fd, DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL, &array);
}

int timeline_query(int fd, uint32_t handle, uint64_t *point)
{
	struct drm_syncobj_timeline_array array = {
		.handles = (uintptr_t)&handle,
		.points = (uintptr_t)point,
		.count_handles = 1,
	};

	return node_ioctl(fd, DRM_IOCTL_SYNCOBJ_QUERY, &array);
}

int syncobj_result(int fd, uint32_t handle)
{
	struct drm_syncobj_handle export = {
		.handle = handle,
		.flags = DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE,
		.fd = -1,
	};
	struct sync_file_info info = { 0 };
	int ret;

	ret = node_ioctl(fd, DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, &export);
	if (ret)
		return ret;
	ret = node_ioctl(export.fd, SYNC_IOC_FILE_INFO, &info);
	close(export.fd);
	if (ret)
		return ret;

	return info.status == 1 ? 0 : info.status ? info.status : -EBUSY;
}
