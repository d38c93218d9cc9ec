/* SPDX-License-Identifier: MIT */
/*
 * What happened between two looks: the one thing that every format prints.
 */
#ifndef ACCEL_TOP_PICTURE_H
#define ACCEL_TOP_PICTURE_H

#include "fdinfo.h"
#include "state.h"

/**
 * struct top_look - everything at one moment
 * @clients: from fdinfo
 * @state: from the driver
 */
struct top_look {
	struct top_clients clients;
	struct top_state state;
};

/**
 * struct picture_context - one context of a client
 * @context: the context
 * @busy_percent: of one core; more than 100 when it had several
 * @queue: jobs accepted and not ended
 * @next: next context of that client, NULL after the last
 */
struct picture_context {
	const struct top_context *context;
	double busy_percent;
	uint64_t queue;
	struct picture_context *next;
};

/**
 * struct picture_client - one client of a device
 * @client: the client
 * @busy_percent: of one core; more than 100 when it had several
 * @queue: jobs of its contexts that have not ended
 * @contexts: its contexts, NULL where the driver does not tell
 * @next: next client of that device, NULL after the last
 */
struct picture_client {
	const struct top_client *client;
	double busy_percent;
	uint64_t queue;
	struct picture_context *contexts;
	struct picture_client *next;
};

/**
 * struct picture_core - one core
 * @busy_percent: of the time between the looks
 * @busy_ns: since the driver was loaded, or of all clients there are where it does not tell
 * @queue: jobs that were handed to it and have not ended
 * @state: in a word, NULL where the driver does not tell
 */
struct picture_core {
	double busy_percent;
	uint64_t busy_ns;
	uint64_t queue;
	const char *state;
};

/**
 * struct picture_device - one device
 * @name: on its bus
 * @config: its configuration, "" where the driver does not tell
 * @clock_hz: clock now, 0: unknown
 * @max_hz: highest clock, 0: unknown
 * @memory: bytes of all clients' buffers
 * @told: the driver answered, so that queues and states are known
 * @cores: number of @core
 * @core: its cores
 * @clients: its clients
 */
struct picture_device {
	const char *name;
	const char *config;
	uint64_t clock_hz;
	uint64_t max_hz;
	uint64_t memory;
	bool told;
	unsigned int cores;
	struct picture_core core[TOP_CORES];
	struct picture_client *clients;
};

/**
 * struct picture - all devices
 * @seconds: between the looks
 * @hidden: processes that could not be looked into
 * @client_count: clients of all devices
 * @device_count: number of @devices
 * @devices: known to the driver first
 * @clients: what the devices' lists are made of
 * @contexts: what the clients' lists are made of
 */
struct picture {
	double seconds;
	unsigned int hidden;
	size_t client_count;
	size_t device_count;
	struct picture_device *devices;
	struct picture_client *clients;
	struct picture_context *contexts;
};

/**
 * picture_make() - compare two looks
 * @before: the earlier one
 * @now: the later one; the picture refers to it
 * @picture: receives the picture; release with picture_release()
 *
 * What a core did is what the driver counted, that of clients which are gone or may
 * not be looked into included; where it does not answer, it is what the clients did.
 *
 * Return: 0 or -ENOMEM.
 */
int picture_make(const struct top_look *before, const struct top_look *now,
		 struct picture *picture);
void picture_release(struct picture *picture);

#endif /* ACCEL_TOP_PICTURE_H */
