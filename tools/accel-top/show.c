// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "show.h"

/* Nanoseconds a core worked for a client between two samples. */
static uint64_t worked(const struct top_client *before, const struct top_client *now,
		       unsigned int core)
{
	uint64_t start = before ? before->busy_ns[core] : now->busy_ns[core];

	return now->busy_ns[core] > start ? now->busy_ns[core] - start : 0;
}

static double share(uint64_t worked_ns, const struct top_sample *before,
		    const struct top_sample *now)
{
	uint64_t passed = now->time_ns - before->time_ns;

	return passed ? 100.0 * (double)worked_ns / (double)passed : 0;
}

/* Clients of one device lie together: from @first up to the returned one. */
static size_t device_end(const struct top_sample *sample, size_t first)
{
	size_t end = first;

	while (end < sample->count &&
	       !strcmp(sample->clients[end].device, sample->clients[first].device))
		end++;

	return end;
}

static unsigned int device_cores(const struct top_sample *sample, size_t first, size_t end)
{
	unsigned int cores = 0;

	for (; first < end; first++) {
		if (sample->clients[first].cores > cores)
			cores = sample->clients[first].cores;
	}

	return cores;
}

static double core_share(const struct top_sample *before, const struct top_sample *now,
			 size_t first, size_t end, unsigned int core)
{
	uint64_t sum = 0;

	for (; first < end; first++)
		sum += worked(top_sample_find(before, &now->clients[first]), &now->clients[first],
			      core);

	return share(sum, before, now);
}

static double client_share(const struct top_sample *before, const struct top_sample *now,
			   const struct top_client *client)
{
	const struct top_client *earlier = top_sample_find(before, client);
	uint64_t sum = 0;
	unsigned int core;

	for (core = 0; core < client->cores; core++)
		sum += worked(earlier, client, core);

	return share(sum, before, now);
}

static void show_bar(double percent)
{
	int filled = (int)(percent / 5 + 0.5);

	if (filled > 20)
		filled = 20;
	printf("[%.*s%*s]", filled, "||||||||||||||||||||", 20 - filled, "");
}

static void show_text(const struct top_sample *before, const struct top_sample *now, bool bars)
{
	size_t first, end, i;
	unsigned int core;

	for (first = 0; first < now->count; first = end) {
		const struct top_client *any = &now->clients[first];

		end = device_end(now, first);
		printf("%s", any->device);
		if (any->max_hz)
			printf("  %.0f MHz", (double)any->max_hz / 1e6);
		putchar('\n');
		for (core = 0; core < device_cores(now, first, end); core++) {
			double percent = core_share(before, now, first, end, core);

			printf("  core %-2u %5.1f %% ", core, percent);
			if (bars)
				show_bar(percent);
			putchar('\n');
		}
		printf("  %8s %8s %9s  %s\n", "PID", "NPU %", "MEM MiB", "COMMAND");
		for (i = first; i < end; i++)
			printf("  %8d %8.1f %9.1f  %s\n", now->clients[i].pid,
			       client_share(before, now, &now->clients[i]),
			       (double)now->clients[i].memory / (1 << 20), now->clients[i].command);
	}
	if (!now->count)
		puts("no process uses an NPU");
	if (now->hidden)
		printf("%u processes of other users are not shown\n", now->hidden);
}

static cJSON *device_json(const struct top_sample *before, const struct top_sample *now,
			  size_t first, size_t end)
{
	cJSON *device = cJSON_CreateObject(), *list, *entry;
	unsigned int core;
	size_t i;

	cJSON_AddStringToObject(device, "device", now->clients[first].device);
	cJSON_AddNumberToObject(device, "max_clock_hz", (double)now->clients[first].max_hz);
	list = cJSON_AddArrayToObject(device, "core_busy_percent");
	for (core = 0; list && core < device_cores(now, first, end); core++)
		cJSON_AddItemToArray(list, cJSON_CreateNumber(core_share(before, now, first, end,
									 core)));
	list = cJSON_AddArrayToObject(device, "clients");
	for (i = first; list && i < end; i++) {
		entry = cJSON_CreateObject();
		cJSON_AddNumberToObject(entry, "id", (double)now->clients[i].id);
		cJSON_AddNumberToObject(entry, "pid", now->clients[i].pid);
		cJSON_AddStringToObject(entry, "command", now->clients[i].command);
		cJSON_AddNumberToObject(entry, "busy_percent",
					client_share(before, now, &now->clients[i]));
		cJSON_AddNumberToObject(entry, "memory_bytes", (double)now->clients[i].memory);
		cJSON_AddItemToArray(list, entry);
	}

	return device;
}

static int show_json(const struct top_sample *before, const struct top_sample *now)
{
	cJSON *object = cJSON_CreateObject(), *devices;
	size_t first, end;
	char *text;

	cJSON_AddNumberToObject(object, "seconds",
				(double)(now->time_ns - before->time_ns) / 1e9);
	cJSON_AddNumberToObject(object, "hidden_processes", now->hidden);
	devices = cJSON_AddArrayToObject(object, "devices");
	for (first = 0; devices && first < now->count; first = end) {
		end = device_end(now, first);
		cJSON_AddItemToArray(devices, device_json(before, now, first, end));
	}
	text = devices ? cJSON_PrintUnformatted(object) : NULL;
	cJSON_Delete(object);
	if (!text)
		return -ENOMEM;
	puts(text);
	cJSON_free(text);

	return 0;
}

/* A label's value, escaped as the text format wants it. */
static void show_label(const char *name, const char *value)
{
	printf("%s=\"", name);
	for (; *value; value++) {
		if (*value == '\\' || *value == '"')
			putchar('\\');
		putchar(*value == '\n' ? ' ' : *value);
	}
	putchar('"');
}

static void show_client_labels(const struct top_client *client)
{
	show_label("{device", client->device);
	printf(",client=\"%" PRIu64 "\",pid=\"%d\",", client->id, client->pid);
	show_label("command", client->command);
}

static void show_prometheus(const struct top_sample *now)
{
	unsigned int core;
	size_t i;

	puts("# HELP nvdla_client_busy_seconds_total Time a core worked for a client.\n"
	     "# TYPE nvdla_client_busy_seconds_total counter");
	for (i = 0; i < now->count; i++) {
		for (core = 0; core < now->clients[i].cores; core++) {
			printf("nvdla_client_busy_seconds_total");
			show_client_labels(&now->clients[i]);
			printf(",core=\"%u\"} %.9f\n", core,
			       (double)now->clients[i].busy_ns[core] / 1e9);
		}
	}
	puts("# HELP nvdla_client_memory_bytes Buffers of a client.\n"
	     "# TYPE nvdla_client_memory_bytes gauge");
	for (i = 0; i < now->count; i++) {
		printf("nvdla_client_memory_bytes");
		show_client_labels(&now->clients[i]);
		printf("} %" PRIu64 "\n", now->clients[i].memory);
	}
	puts("# HELP nvdla_clients Clients of all NPUs.\n# TYPE nvdla_clients gauge");
	printf("nvdla_clients %zu\n", now->count);
}

int top_show(const struct top_sample *before, const struct top_sample *now,
	     enum top_format format)
{
	switch (format) {
	case TOP_JSON:
		return show_json(before, now);
	case TOP_PROMETHEUS:
		show_prometheus(now);
		return 0;
	case TOP_SCREEN:
		/* From the top left corner, then clear what is left of the last picture. */
		fputs("\033[H", stdout);
		show_text(before, now, true);
		fputs("\033[J", stdout);
		return 0;
	default:
		show_text(before, now, false);
		return 0;
	}
}
