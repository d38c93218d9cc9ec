// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "picture.h"

/* Percent of the time between two moments; nothing is known of what was not there before. */
static double share(uint64_t before, uint64_t now, uint64_t start_ns, uint64_t end_ns)
{
	if (now <= before || end_ns <= start_ns)
		return 0;

	return 100.0 * (double)(now - before) / (double)(end_ns - start_ns);
}

static void set_device(struct picture_device *to, const struct top_device *device,
		       const struct top_look *before, const struct top_look *now)
{
	const struct top_device *earlier = top_state_device(&before->state, device->node);
	unsigned int i;

	to->name = device->name;
	to->config = device->config;
	to->clock_hz = device->clock_hz;
	to->max_hz = device->max_hz;
	to->cores = device->cores;
	to->told = true;
	for (i = 0; i < device->cores; i++) {
		const struct top_core *core = &device->core[i];

		to->core[i] = (struct picture_core){
			.busy_ns = core->busy_ns,
			.queue = core->jobs,
			.state = family_core_state(core->state),
		};
		if (earlier && i < earlier->cores)
			to->core[i].busy_percent = share(earlier->core[i].busy_ns, core->busy_ns,
							 before->state.cores_ns,
							 now->state.cores_ns);
	}
}

/* The device of a client; one that the driver did not tell of is made up from fdinfo. */
static struct picture_device *device_of(struct picture *picture, const struct top_look *now,
					const struct top_client *client)
{
	struct picture_device *device;
	size_t i;

	for (i = 0; i < now->state.device_count; i++) {
		const struct top_device *told = &now->state.devices[i];

		if (client->node >= 0 ? told->node == client->node :
		    !strcmp(told->name, client->device))
			return &picture->devices[i];
	}
	for (; i < picture->device_count; i++) {
		if (!strcmp(picture->devices[i].name, client->device))
			return &picture->devices[i];
	}
	device = &picture->devices[picture->device_count++];
	device->name = client->device;
	device->config = "";

	return device;
}

static void add_client(struct picture_device *device, struct picture_client *to,
		       const struct top_look *before)
{
	const struct top_client *client = to->client;
	const struct top_client *earlier = top_clients_find(&before->clients, client);
	struct picture_client **end;
	unsigned int i;

	for (i = 0; i < client->cores; i++) {
		uint64_t start = earlier ? earlier->busy_ns[i] : client->busy_ns[i];
		double percent = share(start, client->busy_ns[i],
				       earlier ? earlier->time_ns : client->time_ns,
				       client->time_ns);

		to->busy_percent += percent;
		if (!device->told) {
			device->core[i].busy_percent += percent;
			device->core[i].busy_ns += client->busy_ns[i];
		}
	}
	if (device->cores < client->cores)
		device->cores = client->cores;
	if (device->max_hz < client->max_hz)
		device->max_hz = client->max_hz;
	device->memory += client->memory;
	for (end = &device->clients; *end; end = &(*end)->next)
		;
	*end = to;
}

/* Contexts outlive nobody: the client of each was there a moment ago, or is hidden. */
static void add_context(struct picture_device *device, struct picture_context *to,
			const struct top_look *before, const struct top_look *now)
{
	const struct top_context *context = to->context;
	const struct top_context *earlier = top_state_context(&before->state, context);
	struct picture_client *client = device->clients;
	struct picture_context **end;

	while (client && client->client->id != context->client)
		client = client->next;
	if (!client)
		return;
	to->queue = context->queued > context->done ? context->queued - context->done : 0;
	if (earlier)
		to->busy_percent = share(earlier->busy_ns, context->busy_ns,
					 before->state.contexts_ns, now->state.contexts_ns);
	client->queue += to->queue;
	for (end = &client->contexts; *end; end = &(*end)->next)
		;
	*end = to;
}

int picture_make(const struct top_look *before, const struct top_look *now,
		 struct picture *picture)
{
	const struct top_clients *clients = &now->clients;
	const struct top_state *state = &now->state;
	size_t i, j;

	*picture = (struct picture){
		.seconds = (double)(clients->time_ns - before->clients.time_ns) / 1e9,
		.hidden = clients->hidden,
		.client_count = clients->count,
		.device_count = state->device_count,
		/* No more devices than are told of and have clients; never 0 bytes. */
		.devices = calloc(state->device_count + clients->count + 1,
				  sizeof(*picture->devices)),
		.clients = calloc(clients->count + 1, sizeof(*picture->clients)),
		.contexts = calloc(state->context_count + 1, sizeof(*picture->contexts)),
	};
	if (!picture->devices || !picture->clients || !picture->contexts) {
		picture_release(picture);
		return -ENOMEM;
	}
	for (i = 0; i < state->device_count; i++)
		set_device(&picture->devices[i], &state->devices[i], before, now);
	for (i = 0; i < clients->count; i++) {
		picture->clients[i].client = &clients->list[i];
		add_client(device_of(picture, now, &clients->list[i]), &picture->clients[i],
			   before);
	}
	for (i = 0; i < state->context_count; i++) {
		picture->contexts[i].context = &state->contexts[i];
		for (j = 0; j < state->device_count; j++) {
			if (state->devices[j].node == state->contexts[i].node)
				add_context(&picture->devices[j], &picture->contexts[i], before,
					    now);
		}
	}

	return 0;
}

void picture_release(struct picture *picture)
{
	free(picture->devices);
	free(picture->clients);
	free(picture->contexts);
	*picture = (struct picture){ 0 };
}
