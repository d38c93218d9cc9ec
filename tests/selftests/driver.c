// SPDX-License-Identifier: MIT
/*
 * The driver and its device, as root sees them in sysfs.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver.h"
#include "node.h"

/* Until a node is back after something happened to its device. */
#define PATIENCE	20

static char driver_path[PATH_MAX], device_name[NAME_MAX];

static int write_file(const char *folder, const char *name, const char *text)
{
	char path[PATH_MAX + 16];
	int fd, ret = 0;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);

	return ret;
}

/* The driver's folder and the device's name there, whatever the bus. */
static int find_driver(void)
{
	const char *node = strrchr(node_path(), '/');
	char link[128], device[PATH_MAX];

	snprintf(link, sizeof(link), "/sys/class/accel/%.32s/device", node ? node + 1 : "");
	if (!realpath(link, device))
		return -errno;
	snprintf(device_name, sizeof(device_name), "%.200s", strrchr(device, '/') + 1);
	strcat(link, "/driver");
	return realpath(link, driver_path) ? 0 : -errno;
}

int driver_unbind(void)
{
	int ret = find_driver();

	return ret ? ret : write_file(driver_path, "unbind", device_name);
}

int driver_bind(void)
{
	return write_file(driver_path, "bind", device_name);
}

int wait_for_node(void)
{
	int fd = -ENOENT, i;

	for (i = 0; i < PATIENCE * 10; i++) {
		fd = node_open();
		if (fd >= 0)
			break;
		usleep(100000);
	}

	return fd;
}
