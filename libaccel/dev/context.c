// SPDX-License-Identifier: MIT
/*
 * Contexts: argument checks and references.
 */
#include <string.h>

#include "device.h"

void accel_context_init(struct accel_context *context, struct accel_device *device)
{
	context->device = accel_device_ref(device);
	atomic_init(&context->refs, 1);
}

void accel_context_fini(struct accel_context *context)
{
	accel_close(context->device);
}

int accel_context_create(struct accel_device *device, const struct accel_context_params *params,
			 struct accel_context **out)
{
	struct accel_context_params all = {
		.size = sizeof(all),
		.priority = ACCEL_PRIORITY_NORMAL,
	};

	*out = NULL;
	if (!device->ops->context_create)
		return accel_error_set(-EOPNOTSUPP, "%s runs no programs", device->name);
	if (params) {
		if (params->size < sizeof(all))
			return accel_error_set(-EINVAL, "accel_context_params.size is %zu, less "
					       "than %zu", params->size, sizeof(all));
		memcpy(&all, params, sizeof(all));
	}
	if ((unsigned int)all.priority > ACCEL_PRIORITY_HIGH)
		return accel_error_set(-EINVAL, "unknown priority %d", (int)all.priority);
	if (device->info.core_count < 32 && all.core_mask >> device->info.core_count)
		return accel_error_set(-EINVAL, "core mask 0x%x: %s has %u cores", all.core_mask,
				       device->name, device->info.core_count);

	return device->ops->context_create(device, &all, out);
}

struct accel_context *accel_context_ref(struct accel_context *context)
{
	atomic_fetch_add_explicit(&context->refs, 1, memory_order_relaxed);

	return context;
}

void accel_context_unref(struct accel_context *context)
{
	if (context && atomic_fetch_sub(&context->refs, 1) == 1)
		context->device->ops->context_free(context);
}

int accel_context_query(struct accel_context *context, struct accel_context_state *state)
{
	struct accel_context_state all = { 0 };
	size_t size = state->size;
	int ret;

	if (size < sizeof(all))
		return accel_error_set(-EINVAL, "accel_context_state.size is %zu, less than %zu",
				       size, sizeof(all));

	ret = context->device->ops->context_query(context, &all);
	if (ret)
		return ret;
	all.size = size;
	memset(state, 0, size);
	memcpy(state, &all, sizeof(all));

	return 0;
}
