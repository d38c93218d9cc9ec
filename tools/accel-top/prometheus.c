// SPDX-License-Identifier: MIT
/*
 * Prometheus' text format, as node_exporter's textfile collector reads it: the
 * samples of a metric stand together, below its type.
 */
#include <inttypes.h>
#include <stdio.h>

#include "show.h"

/**
 * struct metric - what is told before its first sample
 * @name: its name
 * @type: its type
 * @help: what it is
 * @begun: there was a sample
 */
struct metric {
	const char *name;
	const char *type;
	const char *help;
	bool begun;
};

/* A label's value, escaped as the format wants it. */
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

/* A sample of a device, or of nothing in particular. */
static void begin(struct metric *metric, const struct picture_device *device)
{
	if (!metric->begun)
		printf("# HELP %s %s\n# TYPE %s %s\n", metric->name, metric->help, metric->name,
		       metric->type);
	metric->begun = true;
	printf("%s", metric->name);
	if (!device)
		return;
	putchar('{');
	show_label("device", device->name);
}

static void begin_client(struct metric *metric, const struct picture_device *device,
			 const struct top_client *client)
{
	begin(metric, device);
	printf(",client=\"%" PRIu64 "\",pid=\"%d\",", client->id, client->pid);
	show_label("command", client->command);
}

static void show_devices(const struct picture *picture)
{
	struct metric clock = {
		"nvdla_clock_hertz", "gauge", "Clock of the cores.", false
	};
	struct metric highest = {
		"nvdla_max_clock_hertz", "gauge", "Highest clock of the cores.", false
	};
	struct metric memory = {
		"nvdla_memory_bytes", "gauge", "Buffers of all clients.", false
	};
	const struct picture_device *device, *end = picture->devices + picture->device_count;

	for (device = picture->devices; device < end; device++) {
		if (!device->clock_hz)
			continue;
		begin(&clock, device);
		printf("} %" PRIu64 "\n", device->clock_hz);
	}
	for (device = picture->devices; device < end; device++) {
		if (!device->max_hz)
			continue;
		begin(&highest, device);
		printf("} %" PRIu64 "\n", device->max_hz);
	}
	for (device = picture->devices; device < end; device++) {
		begin(&memory, device);
		printf("} %" PRIu64 "\n", device->memory);
	}
}

static void show_cores(const struct picture *picture)
{
	struct metric busy = {
		"nvdla_core_busy_seconds_total", "counter", "Time a core worked.", false
	};
	struct metric queue = {
		"nvdla_core_queue_jobs", "gauge", "Jobs that a core has and has not ended.", false
	};
	struct metric state = {
		"nvdla_core_state", "gauge", "1 for the state that a core is in.", false
	};
	const struct picture_device *device, *end = picture->devices + picture->device_count;
	unsigned int i;

	for (device = picture->devices; device < end; device++) {
		for (i = 0; i < device->cores; i++) {
			begin(&busy, device);
			printf(",core=\"%u\"} %.9f\n", i, (double)device->core[i].busy_ns / 1e9);
		}
	}
	for (device = picture->devices; device < end; device++) {
		for (i = 0; device->told && i < device->cores; i++) {
			begin(&queue, device);
			printf(",core=\"%u\"} %" PRIu64 "\n", i, device->core[i].queue);
		}
	}
	for (device = picture->devices; device < end; device++) {
		for (i = 0; i < device->cores; i++) {
			if (!device->core[i].state)
				continue;
			begin(&state, device);
			printf(",core=\"%u\",state=\"%s\"} 1\n", i, device->core[i].state);
		}
	}
}

static void show_clients(const struct picture *picture)
{
	struct metric busy = {
		"nvdla_client_busy_seconds_total", "counter", "Time a core worked for a client.", false
	};
	struct metric memory = {
		"nvdla_client_memory_bytes", "gauge", "Buffers of a client.", false
	};
	struct metric clients = {
		"nvdla_clients", "gauge", "Clients of all NPUs.", false
	};
	const struct picture_device *device, *end = picture->devices + picture->device_count;
	const struct picture_client *at;
	unsigned int i;

	for (device = picture->devices; device < end; device++) {
		for (at = device->clients; at; at = at->next) {
			for (i = 0; i < at->client->cores; i++) {
				begin_client(&busy, device,
					     at->client);
				printf(",core=\"%u\"} %.9f\n", i,
				       (double)at->client->busy_ns[i] / 1e9);
			}
		}
	}
	for (device = picture->devices; device < end; device++) {
		for (at = device->clients; at; at = at->next) {
			begin_client(&memory, device, at->client);
			printf("} %" PRIu64 "\n", at->client->memory);
		}
	}
	begin(&clients, NULL);
	printf(" %zu\n", picture->client_count);
}

/* One metric of every context. */
static void show_contexts(const struct picture *picture, struct metric *metric,
			  void (*show)(const struct picture_context *context))
{
	const struct picture_device *device, *end = picture->devices + picture->device_count;
	const struct picture_context *context;
	const struct picture_client *client;

	for (device = picture->devices; device < end; device++) {
		for (client = device->clients; client; client = client->next) {
			for (context = client->contexts; context; context = context->next) {
				begin_client(metric, device, client->client);
				printf(",context=\"%" PRIu32 "\"} ", context->context->id);
				show(context);
			}
		}
	}
}

static void show_busy(const struct picture_context *context)
{
	printf("%.9f\n", (double)context->context->busy_ns / 1e9);
}

static void show_queue(const struct picture_context *context)
{
	printf("%" PRIu64 "\n", context->queue);
}

static void show_done(const struct picture_context *context)
{
	printf("%" PRIu64 "\n", context->context->done);
}

void show_prometheus(const struct picture *picture)
{
	struct metric busy = {
		"nvdla_context_busy_seconds_total", "counter", "Time cores worked for a context.", false
	};
	struct metric queue = {
		"nvdla_context_queue_jobs", "gauge", "Jobs of a context that have not ended.", false
	};
	struct metric done = {
		"nvdla_context_jobs_total", "counter", "Jobs of a context that have ended.", false
	};
	show_devices(picture);
	show_cores(picture);
	show_clients(picture);
	show_contexts(picture, &busy, show_busy);
	show_contexts(picture, &queue, show_queue);
	show_contexts(picture, &done, show_done);
}
