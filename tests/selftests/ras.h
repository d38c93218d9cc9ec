/* SPDX-License-Identifier: MIT */
/*
 * The kernel's own error counters of a DRM device: generic netlink, "drm-ras".
 */
#ifndef TESTS_SELFTESTS_RAS_H
#define TESTS_SELFTESTS_RAS_H

#include <stdint.h>

#define RAS_COUNTERS	4

/* The driver's counters, in the order of their numbers. */
enum { RAS_HANGS, RAS_RESETS, RAS_LOST_CORES, RAS_LOST_INTERRUPTS };

/**
 * struct ras - what a device's node of error counters says
 * @node: its number
 * @found: how many counters there were
 * @names: their names
 * @values: their values
 */
struct ras {
	uint32_t node;
	unsigned int found;
	char names[RAS_COUNTERS][32];
	uint32_t values[RAS_COUNTERS];
};

/**
 * ras_read() - ask for all counters of the device behind the node
 *
 * Return: 0; -ENOTSUP the kernel has no such counters; -EPERM; -ENOENT the device
 * has none; -EIO anything else.
 */
int ras_read(struct ras *ras);

/* Ask for a counter by its number, from 1 on. Return: as ras_read(), or -ENOENT. */
int ras_read_one(const struct ras *ras, uint32_t number, uint32_t *value);

/* Ask to clear a counter. Return: 0, or -ENOENT where it cannot be. */
int ras_clear(const struct ras *ras, uint32_t number);

#endif /* TESTS_SELFTESTS_RAS_H */
