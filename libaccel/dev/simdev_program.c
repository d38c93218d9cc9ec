// SPDX-License-Identifier: MIT
/*
 * sim backend: programs, which the driver's own validator checks, and contexts.
 */
#include <stdlib.h>
#include <string.h>

#include "simdev.h"

int simdev_program_create(struct accel_device *base, const struct accel_program_desc *desc,
			  struct accel_program **out)
{
	struct simdev_device *device = simdev(base);
	struct nvdla_program_desc upload = {
		.ops = desc->ops,
		.regs = desc->regs,
		.relocs = desc->relocs,
		.deps = desc->deps,
		.luts = desc->luts,
		.op_count = desc->op_count,
		.reg_count = desc->reg_count,
		.reloc_count = desc->reloc_count,
		.dep_count = desc->dep_count,
		.lut_count = desc->lut_count,
		.slot_count = desc->slot_count,
	};
	struct drm_nvdla_slot_info *slots = NULL;
	struct simdev_program *program = NULL;
	struct nvdla_refusal refusal;
	uint32_t i;
	int ret;

	if (desc->slot_count > NVDLA_MAX_SLOTS)
		return accel_error_set(-E2BIG, "%u slots, at most %u are possible",
				       desc->slot_count, NVDLA_MAX_SLOTS);

	slots = calloc(desc->slot_count + 1, sizeof(*slots));
	program = calloc(1, sizeof(*program));
	if (!slots || !program) {
		ret = accel_error_memory("a program");
		goto free_all;
	}
	for (i = 0; i < desc->slot_count; i++)
		slots[i].max_access = desc->max_access ? desc->max_access[i] : 0;
	upload.slots = slots;

	ret = nvdla_program_validate(device->validator, &upload, &program->valid, &refusal);
	if (ret == -EINVAL)
		accel_refusal_text(&base->config, refusal.op, refusal.reg, refusal.code);
	else if (ret)
		accel_error_set(ret, "cannot take a program of %u operations: %s",
				desc->op_count, strerror(-ret));
	if (ret)
		goto free_all;

	ret = accel_program_init(&program->base, base, desc);
	if (ret) {
		nvdla_program_free(program->valid);
		goto free_all;
	}
	for (i = 0; i < desc->slot_count; i++)
		program->base.slots[i] = (struct accel_slot){
			.min_size = program->valid->slots[i].min_size,
			.access = program->valid->slots[i].access,
		};
	free(slots);
	*out = &program->base;

	return 0;

free_all:
	free(slots);
	free(program);

	return ret;
}

void simdev_program_free(struct accel_program *base)
{
	struct simdev_program *program = container_of(base, struct simdev_program, base);

	nvdla_program_free(program->valid);
	accel_program_fini(base);
	free(program);
}

int simdev_context_create(struct accel_device *base, const struct accel_context_params *params,
			  struct accel_context **out)
{
	struct simdev_device *device = simdev(base);
	struct simdev_context *context;

	if (params->timeout_ms > base->info.max_timeout_ms)
		return accel_error_set(-EINVAL, "timeout %u ms, at most %u are possible",
				       params->timeout_ms, base->info.max_timeout_ms);
	context = calloc(1, sizeof(*context));
	if (!context)
		return accel_error_memory("a context");

	accel_context_init(&context->base, base);
	context->params = *params;
	if (!context->params.core_mask)
		context->params.core_mask = UINT32_MAX;
	if (!context->params.timeout_ms)
		context->params.timeout_ms = base->info.default_timeout_ms;
	context->state.fail_op = UINT32_MAX;
	context->tail = &context->head;
	pthread_mutex_lock(&device->lock);
	context->next = device->contexts;
	device->contexts = context;
	pthread_mutex_unlock(&device->lock);
	*out = &context->base;

	return 0;
}

/* Tasks hold their context: one that goes has none. */
void simdev_context_free(struct accel_context *base)
{
	struct simdev_context *context = container_of(base, struct simdev_context, base);
	struct simdev_device *device = simdev(base->device);
	struct simdev_context **link;

	pthread_mutex_lock(&device->lock);
	for (link = &device->contexts; *link != context; link = &(*link)->next)
		;
	*link = context->next;
	pthread_mutex_unlock(&device->lock);
	accel_context_fini(base);
	free(context);
}

int simdev_context_query(struct accel_context *base, struct accel_context_state *state)
{
	struct simdev_context *context = container_of(base, struct simdev_context, base);
	struct simdev_device *device = simdev(base->device);

	pthread_mutex_lock(&device->lock);
	*state = context->state;
	pthread_mutex_unlock(&device->lock);

	return 0;
}
