// SPDX-License-Identifier: GPL-2.0-only
/*
 * Contexts.
 */
#include <linux/capability.h>

#include "nvdla_drv.h"

static void ctx_free(struct kref *refs)
{
	struct nvdla_ctx *ctx = container_of(refs, struct nvdla_ctx, refs);

	mutex_destroy(&ctx->submit_lock);
	nvdla_file_put(ctx->file);
	kfree(ctx);
}

void nvdla_ctx_put(struct nvdla_ctx *ctx)
{
	kref_put(&ctx->refs, ctx_free);
}

struct nvdla_ctx *nvdla_ctx_find(struct nvdla_file *file, u32 handle)
{
	struct nvdla_ctx *ctx;

	xa_lock(&file->contexts);
	ctx = xa_load(&file->contexts, handle);
	if (ctx)
		kref_get(&ctx->refs);
	xa_unlock(&file->contexts);
	return ctx;
}

/* Waits until the queue is empty, unless the process is killed; jobs go on. */
static void ctx_destroy(struct nvdla_ctx *ctx)
{
	/* Whoever is in the middle of a submit is through before, or too late. */
	mutex_lock(&ctx->submit_lock);
	ctx->closed = true;
	mutex_unlock(&ctx->submit_lock);
	drm_sched_entity_destroy(&ctx->entity);
	nvdla_ctx_put(ctx);
}

void nvdla_ctx_destroy_all(struct nvdla_file *file)
{
	struct nvdla_ctx *ctx;
	unsigned long handle;

	xa_for_each(&file->contexts, handle, ctx)
		ctx_destroy(ctx);
	xa_destroy(&file->contexts);
}

static int sched_priority(u32 priority, enum drm_sched_priority *out)
{
	switch (priority) {
	case DRM_NVDLA_PRIORITY_LOW:
		*out = DRM_SCHED_PRIORITY_LOW;
		return 0;
	case DRM_NVDLA_PRIORITY_NORMAL:
		*out = DRM_SCHED_PRIORITY_NORMAL;
		return 0;
	case DRM_NVDLA_PRIORITY_HIGH:
		*out = DRM_SCHED_PRIORITY_HIGH;
		return capable(CAP_SYS_NICE) ? 0 : -EACCES;
	default:
		return -EINVAL;
	}
}

int nvdla_ioctl_ctx_create(struct drm_device *drm, void *data, struct drm_file *drm_file)
{
	struct nvdla_device *nvdla = to_nvdla(drm);
	struct nvdla_file *file = drm_file->driver_priv;
	struct drm_gpu_scheduler *scheds[NVDLA_MAX_CORES];
	struct drm_nvdla_ctx_create *args = data;
	u32 all = GENMASK(nvdla->core_count - 1, 0);
	u32 mask = args->core_mask ?: all;
	enum drm_sched_priority priority;
	unsigned int i, count = 0;
	struct nvdla_ctx *ctx;
	int ret;

	if (mask & ~all || args->timeout_ms > NVDLA_MAX_TIMEOUT_MS)
		return -EINVAL;
	ret = sched_priority(args->priority, &priority);
	if (ret)
		return ret;
	for (i = 0; i < nvdla->core_count; i++) {
		if (mask & BIT(i))
			scheds[count++] = &nvdla->cores[i].sched;
	}

	ctx = kzalloc_obj(*ctx, GFP_KERNEL_ACCOUNT);
	if (!ctx)
		return -ENOMEM;
	kref_init(&ctx->refs);
	mutex_init(&ctx->submit_lock);
	kref_get(&file->refs);
	ctx->file = file;
	ctx->timeout = msecs_to_jiffies(args->timeout_ms ?: NVDLA_TIMEOUT_MS);
	ctx->fail_op = ~0U;
	/* The scheduler keeps the list only where there is a choice. */
	memcpy(ctx->scheds, scheds, count * sizeof(scheds[0]));
	ret = drm_sched_entity_init(&ctx->entity, priority, ctx->scheds, count, NULL);
	if (ret)
		goto err_put;
	ret = xa_alloc(&file->contexts, &args->handle, ctx, XA_LIMIT(1, NVDLA_MAX_CONTEXTS),
		       GFP_KERNEL_ACCOUNT);
	if (ret)
		goto err_entity;
	return 0;

err_entity:
	drm_sched_entity_destroy(&ctx->entity);
err_put:
	nvdla_ctx_put(ctx);
	return ret == -EBUSY ? -ENOSPC : ret;
}

int nvdla_ioctl_ctx_destroy(struct drm_device *drm, void *data, struct drm_file *drm_file)
{
	struct nvdla_file *file = drm_file->driver_priv;
	struct drm_nvdla_ctx_destroy *args = data;
	struct nvdla_ctx *ctx;

	if (args->pad)
		return -EINVAL;
	ctx = xa_erase(&file->contexts, args->handle);
	if (!ctx)
		return -ENOENT;
	ctx_destroy(ctx);
	return 0;
}

int nvdla_ioctl_ctx_get_state(struct drm_device *drm, void *data, struct drm_file *drm_file)
{
	struct drm_nvdla_ctx_get_state *args = data;
	struct nvdla_ctx *ctx;

	ctx = nvdla_ctx_find(drm_file->driver_priv, args->handle);
	if (!ctx)
		return -ENOENT;
	args->flags = (READ_ONCE(ctx->guilty) ? DRM_NVDLA_CTX_GUILTY : 0) |
		      (READ_ONCE(ctx->reset) ? DRM_NVDLA_CTX_RESET : 0);
	args->jobs_queued = atomic64_read(&ctx->queued);
	args->jobs_done = atomic64_read(&ctx->done);
	args->fail_op = ctx->fail_op;
	args->fail_errno = ctx->fail_errno;
	nvdla_ctx_put(ctx);
	return 0;
}
