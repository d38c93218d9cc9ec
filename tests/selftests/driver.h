/* SPDX-License-Identifier: MIT */
/*
 * The driver and its device, as root sees them in sysfs.
 */
#ifndef TESTS_SELFTESTS_DRIVER_H
#define TESTS_SELFTESTS_DRIVER_H

/* Take the driver off the node's device. Return: 0 or negative errno. */
int driver_unbind(void);
/* Give the device that driver_unbind() freed to the driver again. */
int driver_bind(void);

/* The node, as soon as there is one. Return: file descriptor, or negative errno. */
int wait_for_node(void);

#endif /* TESTS_SELFTESTS_DRIVER_H */
