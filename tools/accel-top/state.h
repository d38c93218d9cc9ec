/* SPDX-License-Identifier: MIT */
/*
 * What the driver says of devices, cores and contexts over generic netlink.
 */
#ifndef ACCEL_TOP_STATE_H
#define ACCEL_TOP_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fdinfo.h"
#include "tools/netlink/family.h"

/**
 * struct top_core - one core
 * @jobs: handed to it and not ended
 * @state: NVDLA_CORE_STATE_*
 * @busy_ns: time that jobs occupied it since the driver was loaded
 */
struct top_core {
	uint32_t jobs;
	uint32_t state;
	uint64_t busy_ns;
};

/**
 * struct top_device - one device
 * @node: number of its node
 * @name: on its bus
 * @config: its configuration
 * @clock_hz: clock now, 0: unknown
 * @max_hz: highest clock, 0: unknown
 * @cores: number of @core
 * @core: its cores
 */
struct top_device {
	int node;
	char name[48];
	char config[32];
	uint64_t clock_hz;
	uint64_t max_hz;
	unsigned int cores;
	struct top_core core[TOP_CORES];
};

/**
 * struct top_context - one context
 * @node: number of its device's node
 * @id: its number
 * @flags: NVDLA_CTX_FLAGS_*
 * @client: drm-client-id of who made it
 * @queued: jobs accepted
 * @done: jobs ended
 * @busy_ns: time that its jobs occupied cores
 */
struct top_context {
	int node;
	uint32_t id;
	uint32_t flags;
	uint64_t client;
	uint64_t queued;
	uint64_t done;
	uint64_t busy_ns;
};

/**
 * struct top_state - all of them at one moment
 * @devices: in the order of their nodes
 * @device_count: how many; none where the driver is not loaded or does not answer here
 * @contexts: that the asking user may see
 * @context_count: how many
 * @cores_ns: CLOCK_MONOTONIC, when the cores were asked
 * @contexts_ns: when the contexts were
 */
struct top_state {
	struct top_device *devices;
	size_t device_count;
	struct top_context *contexts;
	size_t context_count;
	uint64_t cores_ns;
	uint64_t contexts_ns;
};

/**
 * top_state_take() - ask the driver
 * @family: connection; one that cannot be made is no error, the state is empty then
 * @state: receives the state; release with top_state_release()
 *
 * Return: 0 or -ENOMEM.
 */
int top_state_take(struct family *family, struct top_state *state);
void top_state_release(struct top_state *state);

/* The same device or context in another state, or NULL. */
const struct top_device *top_state_device(const struct top_state *state, int node);
const struct top_context *top_state_context(const struct top_state *state,
					    const struct top_context *context);

#endif /* ACCEL_TOP_STATE_H */
