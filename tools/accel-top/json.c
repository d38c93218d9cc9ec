// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>

#include <cjson/cJSON.h>

#include "show.h"

/* A number, or null where it is not known. */
static void add_known(cJSON *object, const char *name, bool known, double value)
{
	if (known)
		cJSON_AddNumberToObject(object, name, value);
	else
		cJSON_AddNullToObject(object, name);
}

static cJSON *context_json(const struct picture_context *context)
{
	cJSON *entry = cJSON_CreateObject();
	uint32_t flags = context->context->flags;

	cJSON_AddNumberToObject(entry, "id", context->context->id);
	cJSON_AddNumberToObject(entry, "busy_percent", context->busy_percent);
	cJSON_AddNumberToObject(entry, "queue", (double)context->queue);
	cJSON_AddNumberToObject(entry, "jobs_done", (double)context->context->done);
	cJSON_AddBoolToObject(entry, "guilty", !!(flags & NVDLA_CTX_FLAGS_GUILTY));
	cJSON_AddBoolToObject(entry, "reset", !!(flags & NVDLA_CTX_FLAGS_RESET));

	return entry;
}

static cJSON *client_json(const struct picture_device *device, const struct picture_client *client)
{
	cJSON *entry = cJSON_CreateObject(), *list;
	const struct picture_context *context;

	cJSON_AddNumberToObject(entry, "id", (double)client->client->id);
	cJSON_AddNumberToObject(entry, "pid", client->client->pid);
	cJSON_AddStringToObject(entry, "command", client->client->command);
	cJSON_AddNumberToObject(entry, "busy_percent", client->busy_percent);
	cJSON_AddNumberToObject(entry, "memory_bytes", (double)client->client->memory);
	add_known(entry, "queue", device->told, (double)client->queue);
	list = cJSON_AddArrayToObject(entry, "contexts");
	for (context = client->contexts; list && context; context = context->next)
		cJSON_AddItemToArray(list, context_json(context));

	return entry;
}

static cJSON *device_json(const struct picture_device *device)
{
	cJSON *object = cJSON_CreateObject(), *busy, *queue, *state, *list;
	const struct picture_client *client;
	unsigned int i;

	cJSON_AddStringToObject(object, "device", device->name);
	cJSON_AddStringToObject(object, "config", device->config);
	add_known(object, "clock_hz", device->clock_hz, (double)device->clock_hz);
	cJSON_AddNumberToObject(object, "max_clock_hz", (double)device->max_hz);
	cJSON_AddNumberToObject(object, "memory_bytes", (double)device->memory);
	busy = cJSON_AddArrayToObject(object, "core_busy_percent");
	queue = cJSON_AddArrayToObject(object, "core_queue");
	state = cJSON_AddArrayToObject(object, "core_state");
	for (i = 0; busy && queue && state && i < device->cores; i++) {
		const struct picture_core *core = &device->core[i];

		cJSON_AddItemToArray(busy, cJSON_CreateNumber(core->busy_percent));
		if (!device->told)
			continue;
		cJSON_AddItemToArray(queue, cJSON_CreateNumber((double)core->queue));
		cJSON_AddItemToArray(state, core->state ? cJSON_CreateString(core->state) :
							  cJSON_CreateNull());
	}
	list = cJSON_AddArrayToObject(object, "clients");
	for (client = device->clients; list && client; client = client->next)
		cJSON_AddItemToArray(list, client_json(device, client));

	return object;
}

int show_json(const struct picture *picture)
{
	cJSON *object = cJSON_CreateObject(), *devices;
	char *text;
	size_t i;

	cJSON_AddNumberToObject(object, "seconds", picture->seconds);
	cJSON_AddNumberToObject(object, "hidden_processes", picture->hidden);
	devices = cJSON_AddArrayToObject(object, "devices");
	for (i = 0; devices && i < picture->device_count; i++)
		cJSON_AddItemToArray(devices, device_json(&picture->devices[i]));
	text = devices ? cJSON_PrintUnformatted(object) : NULL;
	cJSON_Delete(object);
	if (!text)
		return -ENOMEM;
	puts(text);
	cJSON_free(text);

	return 0;
}
