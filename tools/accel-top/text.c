// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stdio.h>

#include "show.h"

static void show_bar(double percent)
{
	int filled = (int)(percent / 5 + 0.5);

	if (filled > 20)
		filled = 20;
	printf("  [%.*s%*s]", filled, "||||||||||||||||||||", 20 - filled, "");
}

static double mebibytes(uint64_t bytes)
{
	return (double)bytes / (1 << 20);
}

static void show_queue(bool known, uint64_t queue)
{
	if (known)
		printf(" %6" PRIu64, queue);
	else
		printf(" %6s", "-");
}

static void show_title(const struct picture_device *device)
{
	printf("%s", device->name);
	if (*device->config)
		printf("  %s", device->config);
	if (device->clock_hz)
		printf("  CLOCK %.0f of %.0f MHz", (double)device->clock_hz / 1e6,
		       (double)device->max_hz / 1e6);
	else if (device->max_hz)
		printf("  CLOCK up to %.0f MHz", (double)device->max_hz / 1e6);
	printf("  MEMORY %.1f MiB\n", mebibytes(device->memory));
}

static void show_client(const struct picture_device *device, const struct picture_client *client)
{
	const struct picture_context *context;

	printf("%9d %8s %7.1f", client->client->pid, "", client->busy_percent);
	show_queue(device->told, client->queue);
	printf(" %8.1f  %s\n", mebibytes(client->client->memory), client->client->command);
	for (context = client->contexts; context; context = context->next) {
		printf("%9s %8" PRIu32 " %7.1f", "", context->context->id,
		       context->busy_percent);
		show_queue(true, context->queue);
		if (context->context->flags & NVDLA_CTX_FLAGS_GUILTY)
			printf(" %8s  guilty of a hang", "");
		else if (context->context->flags & NVDLA_CTX_FLAGS_RESET)
			printf(" %8s  was reset", "");
		putchar('\n');
	}
}

void show_text(const struct picture *picture, bool bars)
{
	const struct picture_client *client;
	unsigned int core;
	size_t i;

	for (i = 0; i < picture->device_count; i++) {
		const struct picture_device *device = &picture->devices[i];

		show_title(device);
		printf("%9s %8s %7s %6s\n", "CORE", "STATE", "BUSY %", "QUEUE");
		for (core = 0; core < device->cores; core++) {
			const struct picture_core *shown = &device->core[core];

			printf("%9u %8s %7.1f", core, shown->state ? shown->state : "-",
			       shown->busy_percent);
			show_queue(device->told, shown->queue);
			if (bars)
				show_bar(shown->busy_percent);
			putchar('\n');
		}
		if (device->clients)
			printf("%9s %8s %7s %6s %8s  %s\n", "PID", "CONTEXT", "BUSY %", "QUEUE",
			       "MEM MiB", "COMMAND");
		for (client = device->clients; client; client = client->next)
			show_client(device, client);
	}
	if (!picture->client_count)
		puts("no process uses an NPU");
	if (picture->hidden)
		printf("%u processes of other users are not shown\n", picture->hidden);
}
