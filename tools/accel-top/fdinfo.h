/* SPDX-License-Identifier: MIT */
/*
 * What the kernel says of each client of an NPU: /proc/PID/fdinfo, in the form
 * of Documentation/gpu/drm-usage-stats.rst.
 */
#ifndef ACCEL_TOP_FDINFO_H
#define ACCEL_TOP_FDINFO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define TOP_CORES	32

/**
 * struct top_client - one open file of one device, as of one look
 * @device: bus address of the device (drm-pdev), or its node's name
 * @node: number of the node, -1: unknown
 * @id: drm-client-id, unique per device
 * @pid: a process that holds it
 * @command: that process's name
 * @busy_ns: nanoseconds each core worked for it, since it was opened
 * @max_hz: top clock of the cores, 0: unknown
 * @memory: bytes of its buffers
 * @cores: cores the device has
 * @time_ns: CLOCK_MONOTONIC when that was so
 */
struct top_client {
	char device[48];
	int node;
	uint64_t id;
	pid_t pid;
	char command[32];
	uint64_t busy_ns[TOP_CORES];
	uint64_t max_hz;
	uint64_t memory;
	unsigned int cores;
	uint64_t time_ns;
};

/**
 * struct top_clients - all clients at one moment
 * @list: sorted by device and id, no id twice
 * @count: how many
 * @hidden: processes that could not be looked into for lack of permission
 * @time_ns: CLOCK_MONOTONIC at the beginning
 */
struct top_clients {
	struct top_client *list;
	size_t count;
	unsigned int hidden;
	uint64_t time_ns;
};

/**
 * top_clients_take() - look at every process
 * @proc: where procfs is mounted
 * @clients: receives them; release with top_clients_release()
 *
 * Return: 0; -ENOMEM; the error of opening @proc.
 */
int top_clients_take(const char *proc, struct top_clients *clients);
void top_clients_release(struct top_clients *clients);

/* The same client in another look, or NULL. */
const struct top_client *top_clients_find(const struct top_clients *clients,
					  const struct top_client *client);

/* CLOCK_MONOTONIC in nanoseconds. */
uint64_t top_now_ns(void);

#endif /* ACCEL_TOP_FDINFO_H */
