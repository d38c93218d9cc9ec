// SPDX-License-Identifier: GPL-2.0-only
/*
 * Recorders of what operations cost.
 */
#include "nvdla_drv.h"

static void perfmon_free(struct kref *refs)
{
	kvfree(container_of(refs, struct nvdla_perfmon, refs));
}

void nvdla_perfmon_put(struct nvdla_perfmon *perfmon)
{
	kref_put(&perfmon->refs, perfmon_free);
}

struct nvdla_perfmon *nvdla_perfmon_find(struct nvdla_file *file, u32 handle)
{
	struct nvdla_perfmon *perfmon;

	xa_lock(&file->perfmons);
	perfmon = xa_load(&file->perfmons, handle);
	if (perfmon)
		kref_get(&perfmon->refs);
	xa_unlock(&file->perfmons);
	return perfmon;
}

void nvdla_perfmon_put_all(struct nvdla_file *file)
{
	struct nvdla_perfmon *perfmon;
	unsigned long handle;

	xa_for_each(&file->perfmons, handle, perfmon)
		nvdla_perfmon_put(perfmon);
	xa_destroy(&file->perfmons);
}

int nvdla_ioctl_perfmon_create(struct drm_device *drm, void *data, struct drm_file *drm_file)
{
	struct nvdla_file *file = drm_file->driver_priv;
	struct drm_nvdla_perfmon_create *args = data;
	struct nvdla_perfmon *perfmon;
	int ret;

	if (args->flags || args->pad || !args->max_ops)
		return -EINVAL;
	if (args->max_ops > NVDLA_MAX_OPS)
		return -E2BIG;
	perfmon = kvzalloc(struct_size(perfmon, ops, args->max_ops), GFP_KERNEL_ACCOUNT);
	if (!perfmon)
		return -ENOMEM;
	kref_init(&perfmon->refs);
	perfmon->max_ops = args->max_ops;
	ret = xa_alloc(&file->perfmons, &args->handle, perfmon, XA_LIMIT(1, NVDLA_MAX_PERFMONS),
		       GFP_KERNEL_ACCOUNT);
	if (ret)
		nvdla_perfmon_put(perfmon);
	return ret == -EBUSY ? -ENOSPC : ret;
}

int nvdla_ioctl_perfmon_destroy(struct drm_device *drm, void *data, struct drm_file *drm_file)
{
	struct nvdla_file *file = drm_file->driver_priv;
	struct drm_nvdla_perfmon_destroy *args = data;
	struct nvdla_perfmon *perfmon;

	if (args->pad)
		return -EINVAL;
	perfmon = xa_erase(&file->perfmons, args->handle);
	if (!perfmon)
		return -ENOENT;
	nvdla_perfmon_put(perfmon);
	return 0;
}

int nvdla_ioctl_perfmon_get_values(struct drm_device *drm, void *data, struct drm_file *drm_file)
{
	struct drm_nvdla_perfmon_get_values *args = data;
	struct nvdla_perfmon *perfmon;
	int ret;

	if (args->flags || args->pad)
		return -EINVAL;
	perfmon = nvdla_perfmon_find(drm_file->driver_priv, args->handle);
	if (!perfmon)
		return -ENOENT;
	/* While it is read, no job can have it. */
	if (atomic_cmpxchg(&perfmon->busy, 0, 1)) {
		ret = -EBUSY;
	} else {
		args->op_count = perfmon->op_count;
		ret = nvdla_copy_array_back(&args->values, sizeof(perfmon->ops[0]),
					    min(args->values.count, perfmon->op_count),
					    perfmon->ops);
		atomic_set_release(&perfmon->busy, 0);
	}
	nvdla_perfmon_put(perfmon);
	return ret;
}
