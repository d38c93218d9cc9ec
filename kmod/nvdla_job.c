// SPDX-License-Identifier: GPL-2.0-only
/*
 * Jobs, from the ioctl to the fence. Reads from bottom to top in the order in
 * which things happen: submit, queue, run, end, free.
 */
#include <drm/drm_drv.h>
#include <drm/drm_syncobj.h>
#include <linux/dma-fence-chain.h>
#include <linux/dma-resv.h>
#include <linux/module.h>
#include <linux/pm_runtime.h>
#include <linux/sort.h>

#include "nvdla_bo.h"
#include "nvdla_drv.h"
#define CREATE_TRACE_POINTS
#include "nvdla_trace.h"

static const char *fence_driver_name(struct dma_fence *fence)
{
	return "nvdla";
}

static const char *fence_timeline_name(struct dma_fence *fence)
{
	return "nvdla-core";
}

static void fence_release(struct dma_fence *fence)
{
	kfree_rcu(container_of(fence, struct nvdla_job, fence), fence.rcu);
	module_put(THIS_MODULE);
}

static const struct dma_fence_ops fence_ops = {
	.get_driver_name = fence_driver_name,
	.get_timeline_name = fence_timeline_name,
	.release = fence_release,
};

/* What a job holds, apart from itself. */
static void release_job(struct nvdla_job *job)
{
	u32 i;

	if (job->bos) {
		for (i = 0; i < job->program->slot_count; i++) {
			if (job->bos[i])
				drm_gem_object_put(job->bos[i]);
		}
	}
	if (job->perfmon) {
		atomic_set_release(&job->perfmon->busy, 0);
		nvdla_perfmon_put(job->perfmon);
	}
	kvfree(job->bos);
	kvfree(job->bindings);
	kvfree(job->ops);
	if (job->uploaded)
		nvdla_uploaded_put(job->uploaded);
	nvdla_ctx_put(job->ctx);
}

static void destroy_job(struct nvdla_job *job)
{
	bool has_fence = job->core;

	release_job(job);
	if (has_fence)
		dma_fence_put(&job->fence);
	else
		kfree(job);
}

static void job_free(struct drm_sched_job *base)
{
	struct nvdla_job *job = to_nvdla_job(base);
	struct nvdla_device *nvdla = job->nvdla;

	drm_sched_job_cleanup(base);
	if (job->stranded) {
		guard(spinlock_irqsave)(&job->core->lock);
		list_add(&job->link, &job->core->stranded);
	} else {
		destroy_job(job);
	}
	nvdla_device_release_use(nvdla);
}

/* A core was stopped after all: give back what its jobs kept. */
void nvdla_job_release_stranded(struct nvdla_core *core)
{
	struct nvdla_job *job, *next;
	LIST_HEAD(jobs);

	scoped_guard(spinlock_irqsave, &core->lock)
		list_splice_init(&core->stranded, &jobs);
	list_for_each_entry_safe(job, next, &jobs, link) {
		list_del(&job->link);
		destroy_job(job);
	}
}

/* The core is through with a job, for better or worse. Any context. */
void nvdla_job_end(struct nvdla_job *job, int error)
{
	struct nvdla_device *nvdla = job->nvdla;

	trace_nvdla_job_end(job, error);
	if (job->started)
		nvdla_usage_count(job);
	if (job->perfmon)
		atomic_set_release(&job->perfmon->busy, 0);
	atomic64_inc(&job->ctx->done);
	if (error)
		dma_fence_set_error(&job->fence, error);
	dma_fence_signal(&job->fence);
	/* The sequencer's reference; from here on the job may be freed. */
	dma_fence_put(&job->fence);
	pm_runtime_mark_last_busy(nvdla->dev);
	pm_runtime_put_autosuspend(nvdla->dev);
}

static struct dma_fence *job_run(struct drm_sched_job *base)
{
	struct nvdla_job *job = to_nvdla_job(base);
	struct nvdla_core *core = container_of(base->sched, struct nvdla_core, sched);
	struct dma_fence *fence = NULL;
	int index, ret;

	/* Not worth waking the device for; nvdla_seq_push() looks again. */
	if (READ_ONCE(job->ctx->guilty)) {
		atomic64_inc(&job->ctx->done);
		return ERR_PTR(-ECANCELED);
	}
	if (!drm_dev_enter(&job->nvdla->drm, &index)) {
		atomic64_inc(&job->ctx->done);
		return ERR_PTR(-ENODEV);
	}
	ret = pm_runtime_resume_and_get(job->nvdla->dev);
	if (ret)
		goto out;

	/* References: the job's own, the sequencer's, the scheduler's. */
	job->core = core;
	/* Others may hold the fence when the last file is closed. */
	__module_get(THIS_MODULE);
	dma_fence_init(&job->fence, &fence_ops, &core->fence_lock, core->fence_context,
		       ++core->fence_seqno);
	dma_fence_get(&job->fence);
	fence = dma_fence_get(&job->fence);
	ret = nvdla_seq_push(core, job);
	if (ret == -ENODEV)
		ret = nvdla_core_send_elsewhere(job);
	if (ret) {
		nvdla_job_end(job, ret);
		ret = 0;
	}
out:
	drm_dev_exit(index);
	if (ret)
		atomic64_inc(&job->ctx->done);
	return ret ? ERR_PTR(ret) : fence;
}

static enum drm_gpu_sched_stat job_timedout(struct drm_sched_job *base)
{
	/* Cannot happen: the watchdog ends jobs, the scheduler has no timeout. */
	return DRM_GPU_SCHED_STAT_NONE;
}

const struct drm_sched_backend_ops nvdla_sched_ops = {
	.run_job = job_run,
	.timedout_job = job_timedout,
	.free_job = job_free,
};

/**
 * struct sync_out - a fence to be put into a syncobj
 * @syncobj: where, reference
 * @chain: node for a timeline, NULL for a binary one
 * @point: of the timeline
 */
struct sync_out {
	struct drm_syncobj *syncobj;
	struct dma_fence_chain *chain;
	u64 point;
};

static void put_syncs(struct sync_out *outs, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++) {
		dma_fence_chain_free(outs[i].chain);
		drm_syncobj_put(outs[i].syncobj);
	}
	kvfree(outs);
}

static int take_sync(struct nvdla_job *job, struct drm_file *file,
		     const struct drm_nvdla_sync *sync, struct sync_out *out, bool *is_out)
{
	bool timeline = sync->flags & DRM_NVDLA_SYNC_TIMELINE;
	u32 direction = sync->flags & (DRM_NVDLA_SYNC_WAIT | DRM_NVDLA_SYNC_SIGNAL);
	struct dma_fence *fence;
	int ret;

	if (sync->flags & ~(DRM_NVDLA_SYNC_WAIT | DRM_NVDLA_SYNC_SIGNAL |
			    DRM_NVDLA_SYNC_TIMELINE) ||
	    (!timeline && sync->point))
		return -EINVAL;

	*is_out = false;
	if (direction == DRM_NVDLA_SYNC_WAIT) {
		ret = drm_syncobj_find_fence(file, sync->handle, sync->point, 0, &fence);
		return ret ?: drm_sched_job_add_dependency(&job->base, fence);
	}
	if (direction != DRM_NVDLA_SYNC_SIGNAL || (timeline && !sync->point))
		return -EINVAL;

	out->syncobj = drm_syncobj_find(file, sync->handle);
	if (!out->syncobj)
		return -ENOENT;
	if (timeline) {
		out->chain = dma_fence_chain_alloc();
		if (!out->chain) {
			drm_syncobj_put(out->syncobj);
			return -ENOMEM;
		}
		out->point = sync->point;
	}
	*is_out = true;
	return 0;
}

static int take_syncs(struct nvdla_job *job, struct drm_file *file,
		      const struct drm_nvdla_job *args, struct sync_out **outs_out, u32 *count_out)
{
	struct drm_nvdla_sync *syncs;
	struct sync_out *outs = NULL;
	u32 i, count = 0;
	int ret;

	ret = nvdla_copy_array(&args->syncs, sizeof(*syncs), NVDLA_MAX_SYNCS, (void **)&syncs);
	if (ret)
		return ret;
	outs = kvcalloc(args->syncs.count, sizeof(*outs), GFP_KERNEL);
	if (args->syncs.count && !outs)
		ret = -ENOMEM;
	for (i = 0; !ret && i < args->syncs.count; i++) {
		bool is_out;

		ret = take_sync(job, file, &syncs[i], &outs[count], &is_out);
		if (!ret && is_out)
			count++;
	}
	kvfree(syncs);
	if (ret) {
		put_syncs(outs, count);
		return ret;
	}

	*outs_out = outs;
	*count_out = count;
	return 0;
}

static int take_bind(struct nvdla_job *job, struct drm_file *file,
		     const struct drm_nvdla_bind *bind, u32 slot)
{
	const struct drm_nvdla_slot_info *info = &job->program->slots[slot];
	struct nvdla_binding *binding = &job->bindings[slot];
	struct drm_gem_object *obj;
	struct nvdla_bo *bo;

	if (bind->pad)
		return -EINVAL;
	if (!bind->handle)
		return info->min_size || bind->offset || bind->size ? -EINVAL : 0;
	obj = drm_gem_object_lookup(file, bind->handle);
	if (!obj)
		return -ENOENT;
	job->bos[slot] = obj;
	bo = to_nvdla_bo(obj);
	if (!bind->size || bind->offset % NVDLA_BIND_ALIGN || bind->offset > obj->size ||
	    bind->size > obj->size - bind->offset)
		return -EINVAL;
	if (info->access & DRM_NVDLA_ACCESS_WRITE && bo->read_only)
		return -EPERM;
	binding->addr = bo->addr + bind->offset;
	binding->size = bind->size;
	binding->sram = bo->flags & DRM_NVDLA_BO_SRAM;
	return 0;
}

static int take_binds(struct nvdla_job *job, struct drm_file *file,
		      const struct drm_nvdla_job *args)
{
	u32 count = job->program->slot_count;
	struct drm_nvdla_bind *binds;
	u32 i;
	int ret;

	if (args->binds.count != count)
		return -EINVAL;
	ret = nvdla_copy_array(&args->binds, sizeof(*binds), NVDLA_MAX_SLOTS, (void **)&binds);
	if (ret)
		return ret;
	job->bos = kvcalloc(count, sizeof(*job->bos), GFP_KERNEL);
	job->bindings = kvcalloc(count, sizeof(*job->bindings), GFP_KERNEL);
	if (count && (!job->bos || !job->bindings))
		ret = -ENOMEM;
	for (i = 0; !ret && i < count; i++)
		ret = take_bind(job, file, &binds[i], i);
	kvfree(binds);
	return ret ?: nvdla_program_check_bindings(job->program, job->bindings);
}

static int take_perfmon(struct nvdla_job *job, struct nvdla_file *file,
			const struct drm_nvdla_job *args)
{
	struct nvdla_perfmon *perfmon;

	if (!(args->flags & DRM_NVDLA_JOB_PROFILE))
		return args->perfmon ? -EINVAL : 0;
	perfmon = nvdla_perfmon_find(file, args->perfmon);
	if (!perfmon)
		return -ENOENT;
	if (perfmon->max_ops < job->program->op_count) {
		nvdla_perfmon_put(perfmon);
		return -EINVAL;
	}
	if (atomic_cmpxchg(&perfmon->busy, 0, 1)) {
		nvdla_perfmon_put(perfmon);
		return -EBUSY;
	}
	perfmon->op_count = job->program->op_count;
	memset(perfmon->ops, 0, perfmon->op_count * sizeof(perfmon->ops[0]));
	job->perfmon = perfmon;
	return 0;
}

static u32 slot_access(const struct nvdla_job *job, u32 slot)
{
	return job->bos[slot] ? job->program->slots[slot].access : 0;
}

/**
 * struct bo_set - the buffers of a job, each once, locked together
 * @bos: buffers, no references
 * @count: number of @bos
 * @ticket: of the locks
 */
struct bo_set {
	struct drm_gem_object **bos;
	u32 count;
	struct ww_acquire_ctx ticket;
};

static int compare_bos(const void *a, const void *b)
{
	const struct drm_gem_object *left = *(struct drm_gem_object *const *)a;
	const struct drm_gem_object *right = *(struct drm_gem_object *const *)b;

	return left < right ? -1 : left > right;
}

/* Lock all buffers, with room for two fences each: a buffer may be read and written. */
static int lock_bos(struct nvdla_job *job, struct bo_set *set)
{
	u32 i, used = 0;
	int ret;

	set->count = 0;
	set->bos = kvmalloc_array(job->program->slot_count, sizeof(*set->bos), GFP_KERNEL);
	if (job->program->slot_count && !set->bos)
		return -ENOMEM;
	for (i = 0; i < job->program->slot_count; i++) {
		if (slot_access(job, i))
			set->bos[used++] = job->bos[i];
	}
	sort(set->bos, used, sizeof(*set->bos), compare_bos, NULL);
	for (i = 0; i < used; i++) {
		if (!i || set->bos[i] != set->bos[i - 1])
			set->bos[set->count++] = set->bos[i];
	}

	ret = drm_gem_lock_reservations(set->bos, set->count, &set->ticket);
	if (ret)
		goto err_free;
	for (i = 0; !ret && i < set->count; i++)
		ret = dma_resv_reserve_fences(set->bos[i]->resv, 2);
	if (!ret)
		return 0;
	drm_gem_unlock_reservations(set->bos, set->count, &set->ticket);
err_free:
	kvfree(set->bos);
	return ret;
}

static void unlock_bos(struct bo_set *set)
{
	drm_gem_unlock_reservations(set->bos, set->count, &set->ticket);
	kvfree(set->bos);
}

static int add_implicit(struct nvdla_job *job)
{
	u32 i;
	int ret;

	for (i = 0; i < job->program->slot_count; i++) {
		u32 access = slot_access(job, i);

		if (!access)
			continue;
		ret = drm_sched_job_add_implicit_dependencies(&job->base, job->bos[i],
							      access & DRM_NVDLA_ACCESS_WRITE);
		if (ret)
			return ret;
	}

	return 0;
}

/* Everything that can fail has been done: from the arming on, nothing does. */
static void queue_job(struct nvdla_job *job, struct sync_out *outs, u32 out_count)
{
	struct dma_fence *fence;
	u32 i;

	lockdep_assert_held(&job->ctx->submit_lock);
	drm_sched_job_arm(&job->base);
	/*
	 * Otherwise a job that waits for this one follows as soon as this one
	 * has been sent to the same core: not enough if it goes elsewhere.
	 */
	if (job->nvdla->core_count > 1)
		set_bit(DRM_SCHED_FENCE_DONT_PIPELINE, &job->base.s_fence->finished.flags);
	fence = dma_fence_get(&job->base.s_fence->finished);
	for (i = 0; i < job->program->slot_count; i++) {
		u32 access = slot_access(job, i);

		if (access)
			dma_resv_add_fence(job->bos[i]->resv, fence,
					   access & DRM_NVDLA_ACCESS_WRITE ?
					   DMA_RESV_USAGE_WRITE : DMA_RESV_USAGE_READ);
	}
	for (i = 0; i < out_count; i++) {
		if (outs[i].chain) {
			drm_syncobj_add_point(outs[i].syncobj, outs[i].chain, fence,
					      outs[i].point);
			outs[i].chain = NULL;
		} else {
			drm_syncobj_replace_fence(outs[i].syncobj, fence);
		}
	}
	atomic64_inc(&job->ctx->queued);
	trace_nvdla_job_queue(job);
	drm_sched_entity_push_job(&job->base);
	dma_fence_put(fence);
}

static int submit_job(struct nvdla_device *nvdla, struct nvdla_ctx *ctx, struct drm_file *file,
		      const struct drm_nvdla_job *args)
{
	struct sync_out *outs = NULL;
	struct nvdla_job *job;
	struct bo_set set;
	u32 out_count = 0;
	int ret;

	if (args->pad || args->flags & ~(DRM_NVDLA_JOB_PROFILE | DRM_NVDLA_JOB_NO_IMPLICIT))
		return -EINVAL;
	if (READ_ONCE(ctx->guilty))
		return -EIO;

	job = kzalloc_obj(*job);
	if (!job)
		return -ENOMEM;
	INIT_LIST_HEAD(&job->link);
	refcount_inc(&nvdla->uses);
	job->nvdla = nvdla;
	job->id = atomic64_inc_return(&nvdla->job_ids);
	kref_get(&ctx->refs);
	job->ctx = ctx;
	job->uploaded = nvdla_uploaded_find(file->driver_priv, args->program);
	if (!job->uploaded) {
		ret = -ENOENT;
		goto err_release;
	}
	job->program = job->uploaded->program;
	job->ops = kvcalloc(job->program->op_count, sizeof(*job->ops), GFP_KERNEL);
	if (!job->ops) {
		ret = -ENOMEM;
		goto err_release;
	}
	ret = take_binds(job, file, args);
	if (!ret)
		ret = take_perfmon(job, file->driver_priv, args);
	if (!ret)
		ret = drm_sched_job_init(&job->base, &ctx->entity, 1, ctx, file->client_id);
	if (ret)
		goto err_release;

	ret = take_syncs(job, file, args, &outs, &out_count);
	if (ret)
		goto err_cleanup;
	ret = lock_bos(job, &set);
	if (ret)
		goto err_syncs;
	if (!(args->flags & DRM_NVDLA_JOB_NO_IMPLICIT))
		ret = add_implicit(job);
	if (!ret) {
		guard(mutex)(&ctx->submit_lock);
		ret = ctx->closed ? -ENOENT : nvdla_ctx_choose_cores(ctx);
		if (!ret)
			queue_job(job, outs, out_count);
	}
	unlock_bos(&set);
err_syncs:
	put_syncs(outs, out_count);
	if (!ret)
		return 0;
err_cleanup:
	drm_sched_job_cleanup(&job->base);
err_release:
	release_job(job);
	kfree(job);
	/* The open file keeps the device: this is not the last. */
	refcount_dec(&nvdla->uses);
	return ret;
}

int nvdla_ioctl_submit(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct nvdla_device *nvdla = to_nvdla(drm);
	struct drm_nvdla_submit *args = data;
	struct drm_nvdla_job *jobs;
	struct nvdla_ctx *ctx;
	int ret, index;

	args->jobs_queued = 0;
	if (args->flags || args->pad || !args->jobs.count)
		return -EINVAL;
	if (!drm_dev_enter(drm, &index))
		return -ENODEV;
	ctx = nvdla_ctx_find(file->driver_priv, args->ctx);
	if (!ctx) {
		ret = -ENOENT;
		goto out;
	}
	ret = nvdla_copy_array(&args->jobs, sizeof(*jobs), NVDLA_MAX_JOBS, (void **)&jobs);
	if (ret)
		goto out_ctx;
	for (; args->jobs_queued < args->jobs.count; args->jobs_queued++) {
		ret = submit_job(nvdla, ctx, file, &jobs[args->jobs_queued]);
		if (ret)
			break;
	}
	kvfree(jobs);
out_ctx:
	nvdla_ctx_put(ctx);
out:
	drm_dev_exit(index);
	return ret;
}
