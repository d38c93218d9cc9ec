// SPDX-License-Identifier: MIT
/*
 * drm backend: programs and contexts.
 */
#include <stdlib.h>
#include <string.h>

#include "drm.h"

#define ARRAY(pointer, n) \
	((struct drm_nvdla_obj_array){ \
		.stride = sizeof(*(pointer)), .count = (n), .array = (uintptr_t)(pointer) })

int drm_program_create(struct accel_device *device, const struct accel_program_desc *desc,
		       struct accel_program **out)
{
	struct drm_device *drm = drm_device(device);
	struct drm_nvdla_program_create create = { 0 };
	struct drm_nvdla_slot_info *slots;
	struct drm_program *program;
	uint32_t i;
	int ret;

	if (desc->slot_count > device->info.max_slots)
		return accel_error_set(-E2BIG, "%u slots, at most %u are possible",
				       desc->slot_count, device->info.max_slots);

	slots = calloc(desc->slot_count ? desc->slot_count : 1, sizeof(*slots));
	program = calloc(1, sizeof(*program));
	if (!slots || !program) {
		ret = accel_error_memory("a program");
		goto free_all;
	}
	for (i = 0; i < desc->slot_count; i++)
		slots[i].max_access = desc->max_access ? desc->max_access[i] : 0;

	create.ops = ARRAY(desc->ops, desc->op_count);
	create.regs = ARRAY(desc->regs, desc->reg_count);
	create.relocs = ARRAY(desc->relocs, desc->reloc_count);
	create.deps = ARRAY(desc->deps, desc->dep_count);
	create.luts = ARRAY(desc->luts, desc->lut_count);
	create.slots = ARRAY(slots, desc->slot_count);
	ret = accel_drm_ioctl(drm, DRM_IOCTL_NVDLA_PROGRAM_CREATE, &create);
	if (ret == -EINVAL && create.fail_code != DRM_NVDLA_FAIL_NONE) {
		accel_refusal_text(&device->config, create.fail_op, create.fail_reg,
				   create.fail_code);
		goto free_all;
	}
	if (ret) {
		accel_error_set(ret, "cannot upload a program of %u operations: %s",
				desc->op_count, strerror(-ret));
		goto free_all;
	}

	program->handle = create.handle;
	ret = accel_program_init(&program->base, device, desc);
	if (ret) {
		struct drm_nvdla_program_destroy destroy = { .handle = create.handle };

		accel_drm_ioctl(drm, DRM_IOCTL_NVDLA_PROGRAM_DESTROY, &destroy);
		goto free_all;
	}
	for (i = 0; i < desc->slot_count; i++)
		program->base.slots[i] = (struct accel_slot){
			.min_size = slots[i].min_size,
			.access = slots[i].access,
		};
	free(slots);
	*out = &program->base;

	return 0;

free_all:
	free(slots);
	free(program);

	return ret;
}

void drm_program_free(struct accel_program *base)
{
	struct drm_program *program = container_of(base, struct drm_program, base);
	struct drm_nvdla_program_destroy destroy = { .handle = program->handle };

	accel_drm_ioctl(drm_device(base->device), DRM_IOCTL_NVDLA_PROGRAM_DESTROY, &destroy);
	accel_program_fini(base);
	free(program);
}

int drm_context_create(struct accel_device *device, const struct accel_context_params *params,
		       struct accel_context **out)
{
	static const uint32_t priorities[] = {
		[ACCEL_PRIORITY_LOW] = DRM_NVDLA_PRIORITY_LOW,
		[ACCEL_PRIORITY_NORMAL] = DRM_NVDLA_PRIORITY_NORMAL,
		[ACCEL_PRIORITY_HIGH] = DRM_NVDLA_PRIORITY_HIGH,
	};
	struct drm_nvdla_ctx_create create = {
		.priority = priorities[params->priority],
		.core_mask = params->core_mask,
		.timeout_ms = params->timeout_ms,
	};
	struct drm_context *context = calloc(1, sizeof(*context));
	int ret;

	if (!context)
		return accel_error_memory("a context");
	ret = accel_drm_ioctl(drm_device(device), DRM_IOCTL_NVDLA_CTX_CREATE, &create);
	if (ret) {
		free(context);
		if (ret == -EINVAL)
			return accel_error_set(ret, "context refused: timeout %u ms, at most %u are "
					       "possible", params->timeout_ms,
					       device->info.max_timeout_ms);
		return accel_error_set(ret, "cannot make a context: %s", strerror(-ret));
	}
	accel_context_init(&context->base, device);
	context->handle = create.handle;
	*out = &context->base;

	return 0;
}

void drm_context_free(struct accel_context *base)
{
	struct drm_context *context = container_of(base, struct drm_context, base);
	struct drm_nvdla_ctx_destroy destroy = { .handle = context->handle };

	accel_drm_ioctl(drm_device(base->device), DRM_IOCTL_NVDLA_CTX_DESTROY, &destroy);
	accel_context_fini(base);
	free(context);
}

int drm_context_query(struct accel_context *base, struct accel_context_state *state)
{
	struct drm_nvdla_ctx_get_state get = {
		.handle = container_of(base, struct drm_context, base)->handle,
	};
	int ret = accel_drm_ioctl(drm_device(base->device), DRM_IOCTL_NVDLA_CTX_GET_STATE, &get);

	if (ret)
		return accel_error_set(ret, "cannot ask for a context's state: %s", strerror(-ret));
	state->guilty = get.flags & DRM_NVDLA_CTX_GUILTY;
	state->reset = get.flags & DRM_NVDLA_CTX_RESET;
	state->fail_op = get.fail_op;
	state->fail_code = -(int)get.fail_errno;
	state->jobs_queued = get.jobs_queued;
	state->jobs_done = get.jobs_done;

	return 0;
}
