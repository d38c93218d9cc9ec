// SPDX-License-Identifier: MIT
/*
 * drm backend: submission and per-operation profiles.
 */
#include <stdlib.h>
#include <string.h>

#include "drm.h"

/**
 * struct drm_recorder - a kernel perfmon with room for the job's operations
 * @drm: the device it belongs to
 * @handle: perfmon handle
 */
struct drm_recorder {
	struct drm_device *drm;
	uint32_t handle;
};

static int recorder_create(struct accel_job *job)
{
	struct drm_device *drm = drm_device(job->program->device);
	struct drm_nvdla_perfmon_create create = { .max_ops = job->program->op_count };
	struct drm_recorder *recorder = malloc(sizeof(*recorder));
	int ret;

	if (!recorder)
		return accel_error_memory("a profile");
	ret = accel_drm_ioctl(drm, DRM_IOCTL_NVDLA_PERFMON_CREATE, &create);
	if (ret) {
		free(recorder);
		return accel_error_set(ret, "cannot profile: %s", strerror(-ret));
	}
	recorder->drm = drm;
	recorder->handle = create.handle;
	job->recorder = recorder;

	return 0;
}

void drm_job_release(struct accel_job *job)
{
	struct drm_recorder *recorder = job->recorder;
	struct drm_nvdla_perfmon_destroy destroy = { 0 };

	if (!recorder)
		return;
	destroy.handle = recorder->handle;
	accel_drm_ioctl(recorder->drm, DRM_IOCTL_NVDLA_PERFMON_DESTROY, &destroy);
	free(recorder);
}

static int submit_error(int ret)
{
	switch (ret) {
	case -EIO:
		return accel_error_set(ret, "the context is lost: one of its jobs hung or faulted");
	case -EBUSY:
		return accel_error_set(ret, "the job is still being profiled");
	case -ENODEV:
		return accel_error_set(ret, "the device is gone");
	default:
		return accel_error_set(ret, "cannot submit a job: %s", strerror(-ret));
	}
}

int drm_job_submit(struct accel_job *job, struct accel_context *context, uint32_t flags,
		   struct accel_fence *const *waits, size_t wait_count,
		   struct accel_fence **out)
{
	struct drm_device *drm = drm_device(context->device);
	uint32_t slot_count = job->program->slot_count;
	struct drm_nvdla_job entry = {
		.program = container_of(job->program, struct drm_program, base)->handle,
	};
	struct drm_nvdla_submit submit = {
		.ctx = container_of(context, struct drm_context, base)->handle,
		.jobs = { .stride = sizeof(entry), .count = 1, .array = (uintptr_t)&entry },
	};
	struct drm_nvdla_bind few_binds[16], *binds = few_binds;
	struct drm_nvdla_sync few_syncs[8], *syncs = few_syncs;
	struct drm_fence *fence = NULL;
	size_t sync_count = wait_count + !!out;
	size_t i;
	int ret;

	if (sync_count > drm->base.info.max_syncs)
		return accel_error_set(-E2BIG, "%zu fences, at most %u are possible", sync_count,
				       drm->base.info.max_syncs);
	if (flags & ACCEL_JOB_PROFILE) {
		if (!job->recorder) {
			ret = recorder_create(job);
			if (ret)
				return ret;
		}
		entry.flags |= DRM_NVDLA_JOB_PROFILE;
		entry.perfmon = ((struct drm_recorder *)job->recorder)->handle;
	}
	if (flags & ACCEL_JOB_NO_IMPLICIT)
		entry.flags |= DRM_NVDLA_JOB_NO_IMPLICIT;

	if (slot_count > sizeof(few_binds) / sizeof(few_binds[0]))
		binds = malloc(slot_count * sizeof(*binds));
	if (sync_count > sizeof(few_syncs) / sizeof(few_syncs[0]))
		syncs = malloc(sync_count * sizeof(*syncs));
	if (!binds || !syncs) {
		ret = accel_error_memory("a submission");
		goto free_arrays;
	}
	for (i = 0; i < slot_count; i++) {
		const struct accel_bind *bind = &job->binds[i];

		binds[i] = (struct drm_nvdla_bind){
			.handle = bind->bo ? drm_bo(bind->bo)->handle : 0,
			.offset = bind->offset,
			.size = bind->size,
		};
	}
	for (i = 0; i < wait_count; i++)
		syncs[i] = (struct drm_nvdla_sync){
			.flags = DRM_NVDLA_SYNC_WAIT,
			.handle = container_of(waits[i], struct drm_fence, base)->syncobj,
		};
	if (out) {
		ret = drm_fence_create(drm, &fence);
		if (ret)
			goto free_arrays;
		syncs[wait_count] = (struct drm_nvdla_sync){
			.flags = DRM_NVDLA_SYNC_SIGNAL,
			.handle = fence->syncobj,
		};
	}
	entry.binds = (struct drm_nvdla_obj_array){
		.stride = sizeof(*binds), .count = slot_count, .array = (uintptr_t)binds };
	entry.syncs = (struct drm_nvdla_obj_array){
		.stride = sizeof(*syncs), .count = sync_count, .array = (uintptr_t)syncs };

	ret = accel_drm_ioctl(drm, DRM_IOCTL_NVDLA_SUBMIT, &submit);
	if (ret) {
		submit_error(ret);
		if (fence)
			accel_fence_unref(&fence->base);
	} else if (out) {
		*out = &fence->base;
	}

free_arrays:
	if (binds != few_binds)
		free(binds);
	if (syncs != few_syncs)
		free(syncs);

	return ret;
}

int drm_job_profile(struct accel_job *job, struct accel_op_profile *profiles, uint32_t count)
{
	struct drm_recorder *recorder = job->recorder;
	struct drm_nvdla_op_profile *values = calloc(count ? count : 1, sizeof(*values));
	struct drm_nvdla_perfmon_get_values get = {
		.handle = recorder->handle,
		.values = { .stride = sizeof(*values), .count = count,
			    .array = (uintptr_t)values },
	};
	uint32_t i;
	int ret;

	if (!values)
		return accel_error_memory("a profile");
	ret = accel_drm_ioctl(recorder->drm, DRM_IOCTL_NVDLA_PERFMON_GET_VALUES, &get);
	if (ret) {
		free(values);
		return accel_error_set(ret, ret == -EBUSY ? "the job has not ended yet" :
				       "cannot read a profile: %s", strerror(-ret));
	}
	for (i = 0; i < count && i < get.op_count; i++)
		profiles[i] = (struct accel_op_profile){
			.start_ns = values[i].start_ns,
			.end_ns = values[i].end_ns,
			.cycles = values[i].cycles,
			.core = values[i].core,
			.engines = values[i].engines,
			.data_stall = values[i].data_stall,
			.weight_stall = values[i].weight_stall,
			.read_stall = values[i].read_stall,
			.write_stall = values[i].write_stall,
			.saturated = values[i].saturated,
		};
	free(values);

	return get.op_count;
}
