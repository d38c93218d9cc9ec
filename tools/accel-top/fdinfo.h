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
 * @device: bus address of the device (drm-pdev), or its node
 * @id: drm-client-id, unique per device
 * @pid: a process that holds it
 * @command: that process's name
 * @busy_ns: nanoseconds each core worked for it, since it was opened
 * @max_hz: top clock of the cores, 0: unknown
 * @memory: bytes of its buffers
 * @cores: cores the device has
 */
struct top_client {
	char device[48];
	uint64_t id;
	pid_t pid;
	char command[32];
	uint64_t busy_ns[TOP_CORES];
	uint64_t max_hz;
	uint64_t memory;
	unsigned int cores;
};

/**
 * struct top_sample - all clients at one moment
 * @clients: sorted by device and id, no id twice
 * @count: how many
 * @hidden: processes that could not be looked into for lack of permission
 * @time_ns: CLOCK_MONOTONIC
 */
struct top_sample {
	struct top_client *clients;
	size_t count;
	unsigned int hidden;
	uint64_t time_ns;
};

/**
 * top_sample_take() - look at every process
 * @proc: where procfs is mounted
 * @sample: receives the sample; release with top_sample_release()
 *
 * Return: 0; -ENOMEM; the error of opening @proc.
 */
int top_sample_take(const char *proc, struct top_sample *sample);
void top_sample_release(struct top_sample *sample);

/* The same client in another sample, or NULL. */
const struct top_client *top_sample_find(const struct top_sample *sample,
					 const struct top_client *client);

#endif /* ACCEL_TOP_FDINFO_H */
