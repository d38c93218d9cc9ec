// SPDX-License-Identifier: MIT
/*
 * Jobs: binding buffers to slots and checking that all are there.
 */
#include <stdlib.h>

#include "device.h"

int accel_job_create(struct accel_program *program, struct accel_job **out)
{
	struct accel_job *job;

	*out = NULL;
	job = calloc(1, sizeof(*job) + program->slot_count * sizeof(job->binds[0]));
	if (!job)
		return accel_error_memory("a job");
	job->program = accel_program_ref(program);
	*out = job;

	return 0;
}

void accel_job_destroy(struct accel_job *job)
{
	uint32_t i;

	if (!job)
		return;

	job->program->device->ops->job_release(job);
	for (i = 0; i < job->program->slot_count; i++)
		accel_bo_unref(job->binds[i].bo);
	accel_program_unref(job->program);
	free(job);
}

int accel_job_bind(struct accel_job *job, uint32_t slot, struct accel_bo *bo, uint64_t offset,
		   uint64_t size)
{
	struct accel_device *device = job->program->device;
	uint32_t align = device->info.bind_align ? device->info.bind_align : 1;
	struct accel_bo *old;

	if (slot >= job->program->slot_count)
		return accel_error_set(-EINVAL, "slot %u of %u", slot, job->program->slot_count);
	if (bo) {
		if (bo->device != device)
			return accel_error_set(-EINVAL, "slot %u: the buffer is of another device",
					       slot);
		if (offset % align)
			return accel_error_set(-EINVAL, "slot %u: offset %llu is not a multiple "
					       "of %u", slot, (unsigned long long)offset, align);
		if (offset > bo->size || size > bo->size - offset)
			return accel_error_set(-EINVAL, "slot %u: %llu bytes at %llu leave the "
					       "buffer of %llu", slot, (unsigned long long)size,
					       (unsigned long long)offset,
					       (unsigned long long)bo->size);
		if (!size)
			size = bo->size - offset;
		if (size < job->program->slots[slot].min_size)
			return accel_error_set(-EINVAL, "slot %u: %llu bytes, the program needs %llu",
					       slot, (unsigned long long)size,
					       (unsigned long long)
					       job->program->slots[slot].min_size);
		accel_bo_ref(bo);
	} else {
		offset = 0;
		size = 0;
	}

	old = job->binds[slot].bo;
	job->binds[slot] = (struct accel_bind){ .bo = bo, .offset = offset, .size = size };
	accel_bo_unref(old);

	return 0;
}

int accel_job_submit(struct accel_job *job, struct accel_context *context, uint32_t flags,
		     struct accel_fence *const *waits, size_t wait_count,
		     struct accel_fence **fence)
{
	struct accel_program *program = job->program;
	struct accel_device *device = program->device;
	size_t i;

	if (fence)
		*fence = NULL;
	if (context->device != device)
		return accel_error_set(-EINVAL, "context and program are of different devices");
	if (flags & ~(ACCEL_JOB_PROFILE | ACCEL_JOB_NO_IMPLICIT))
		return accel_error_set(-EINVAL, "unknown job flags 0x%x", flags);
	for (i = 0; i < program->slot_count; i++) {
		if (program->slots[i].min_size && !job->binds[i].bo)
			return accel_error_set(-EINVAL, "slot %zu has no buffer; the program "
					       "needs %llu bytes there", i,
					       (unsigned long long)program->slots[i].min_size);
	}
	for (i = 0; i < wait_count; i++) {
		if (!waits[i] || waits[i]->device != device)
			return accel_error_set(-EINVAL, "fence %zu to wait for is of another device",
					       i);
	}

	return device->ops->job_submit(job, context, flags, waits, wait_count, fence);
}

int accel_job_profile(struct accel_job *job, struct accel_op_profile *profiles, uint32_t count)
{
	if (!job->recorder)
		return accel_error_set(-ENODATA, "the job was never submitted with PROFILE");

	return job->program->device->ops->job_profile(job, profiles, count);
}
