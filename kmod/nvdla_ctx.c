// SPDX-License-Identifier: GPL-2.0-only
/*
 * Contexts.
 */
#include <linux/capability.h>
#include <linux/cred.h>

#include "nvdla_drv.h"

static void ctx_free(struct kref *refs)
{
	struct nvdla_ctx *ctx = container_of(refs, struct nvdla_ctx, refs);

	if (ctx->id)
		xa_erase(&ctx->file->nvdla->contexts, ctx->id);
	if (ctx->latency_us || ctx->frames_per_second)
		nvdla_power_hints_changed(ctx->file->nvdla);
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

/* List the schedulers of the cores that work; return how many. */
static unsigned int fill_scheds(struct nvdla_ctx *ctx)
{
	struct nvdla_device *nvdla = ctx->file->nvdla;
	unsigned int i, count = 0;

	for (i = 0; i < nvdla->core_count; i++) {
		if (ctx->core_mask & ~ctx->lost & BIT(i))
			ctx->scheds[count++] = &nvdla->cores[i].sched;
	}
	return count;
}

/*
 * Before a job is armed: take note of cores that were lost, or are back, so
 * that the scheduler chooses among those that work. -ENODEV if there are none.
 */
int nvdla_ctx_choose_cores(struct nvdla_ctx *ctx)
{
	u32 lost = READ_ONCE(ctx->file->nvdla->lost);
	unsigned int count;

	lockdep_assert_held(&ctx->submit_lock);
	if (!(ctx->core_mask & ~lost))
		return -ENODEV;
	if (lost == ctx->lost)
		return 0;
	ctx->lost = lost;
	count = fill_scheds(ctx);
	drm_sched_entity_modify_sched(&ctx->entity, ctx->scheds, count);
	return 0;
}

int nvdla_ioctl_ctx_create(struct drm_device *drm, void *data, struct drm_file *drm_file)
{
	struct nvdla_device *nvdla = to_nvdla(drm);
	struct nvdla_file *file = drm_file->driver_priv;
	struct drm_nvdla_ctx_create *args = data;
	u32 all = GENMASK(nvdla->core_count - 1, 0);
	u32 mask = args->core_mask ?: all;
	enum drm_sched_priority priority;
	struct nvdla_ctx *ctx;
	unsigned int count;
	int ret;

	if (mask & ~all || args->timeout_ms > NVDLA_MAX_TIMEOUT_MS)
		return -EINVAL;
	ret = sched_priority(args->priority, &priority);
	if (ret)
		return ret;
	ctx = kzalloc_obj(*ctx, GFP_KERNEL_ACCOUNT);
	if (!ctx)
		return -ENOMEM;
	kref_init(&ctx->refs);
	mutex_init(&ctx->submit_lock);
	kref_get(&file->refs);
	ctx->file = file;
	ctx->client_id = drm_file->client_id;
	ctx->uid = current_uid();
	ctx->pid = task_tgid_nr(current);
	get_task_comm(ctx->comm, current->group_leader);
	ctx->timeout = msecs_to_jiffies(args->timeout_ms ?: NVDLA_TIMEOUT_MS);
	ctx->fail_op = ~0U;
	ctx->core_mask = mask;
	ctx->lost = READ_ONCE(nvdla->lost);
	count = fill_scheds(ctx);
	ret = count ? drm_sched_entity_init(&ctx->entity, priority, ctx->scheds, count, NULL) :
		      -ENODEV;
	if (ret)
		goto err_put;
	ret = xa_alloc_cyclic(&nvdla->contexts, &ctx->id, ctx, xa_limit_31b, &nvdla->last_ctx,
			      GFP_KERNEL_ACCOUNT);
	if (ret < 0)
		goto err_entity;
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
