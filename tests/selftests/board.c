// SPDX-License-Identifier: MIT
/*
 * Faults on demand, through the control BAR of the PCI board.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "board.h"
#include "node.h"

static volatile uint32_t *control;

void device_file(char *path, size_t size, const char *file)
{
	const char *node = strrchr(node_path(), '/');

	snprintf(path, size, "/sys/class/accel/%.32s/device/%s", node ? node + 1 : "", file);
}

int device_name(char *name, size_t size)
{
	char link[128], path[PATH_MAX];
	const char *base;
	size_t length;

	device_file(link, sizeof(link), ".");
	if (!realpath(link, path))
		return -errno;
	base = strrchr(path, '/') + 1;
	length = strlen(base);
	if (length >= size)
		return -ENAMETOOLONG;
	memcpy(name, base, length + 1);

	return 0;
}

int device_keep_awake(bool awake)
{
	const char *text = awake ? "on" : "auto";
	char path[128];
	int fd, ret = 0;

	device_file(path, sizeof(path), "power/control");
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);

	return ret;
}

static unsigned int read_id(const char *file)
{
	unsigned int value = 0;
	char path[128];
	FILE *stream;

	device_file(path, sizeof(path), file);
	stream = fopen(path, "r");
	if (!stream)
		return 0;
	if (fscanf(stream, "%x", &value) != 1)
		value = 0;
	fclose(stream);

	return value;
}

int board_open(void)
{
	char path[128], file[16];
	void *map;
	int fd, ret;

	/* Its registers are not there while it sleeps. */
	ret = device_keep_awake(true);
	if (ret)
		return ret;
	if (read_id("vendor") != NVDLA_BOARD_PCI_VENDOR ||
	    read_id("device") != NVDLA_BOARD_PCI_DEVICE)
		return -ENODEV;
	snprintf(file, sizeof(file), "resource%d", NVDLA_BOARD_BAR_CONTROL);
	device_file(path, sizeof(path), file);
	fd = open(path, O_RDWR | O_CLOEXEC | O_SYNC);
	if (fd < 0)
		return -errno;
	map = mmap(NULL, NVDLA_BOARD_CONTROL_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ret = map == MAP_FAILED ? -errno : 0;
	close(fd);
	if (ret)
		return ret;
	control = map;
	if (control[NVDLA_BOARD_MAGIC / 4] != NVDLA_BOARD_MAGIC_VALUE)
		return -ENODEV;

	return control[NVDLA_BOARD_FEATURES / 4] & NVDLA_BOARD_FEAT_FAULTS ? 0 : -ENOTSUP;
}

static bool arm(uint32_t kind, uint32_t core, uint32_t unit, uint32_t times, uint32_t skip,
		uint32_t arg)
{
	control[NVDLA_BOARD_FAULT_KIND / 4] = kind;
	control[NVDLA_BOARD_FAULT_CORE / 4] = core;
	control[NVDLA_BOARD_FAULT_UNIT / 4] = unit;
	control[NVDLA_BOARD_FAULT_TIMES / 4] = times;
	control[NVDLA_BOARD_FAULT_SKIP / 4] = skip;
	control[NVDLA_BOARD_FAULT_ARG / 4] = arg;
	control[NVDLA_BOARD_FAULT_ADDR / 4] = 0;
	control[NVDLA_BOARD_FAULT_ADDR / 4 + 1] = 0;
	control[NVDLA_BOARD_FAULT_SIZE / 4] = 0;
	control[NVDLA_BOARD_FAULT_SIZE / 4 + 1] = 0;
	control[NVDLA_BOARD_FAULT_ARM / 4] = 1;

	return control[NVDLA_BOARD_FAULT_ARM / 4];
}

bool board_fault(uint32_t kind, uint32_t core, uint32_t times, uint32_t skip, uint32_t arg)
{
	return arm(kind, core, NVDLA_BOARD_FAULT_ANY, times, skip, arg);
}

bool board_hang_unit(uint32_t core, uint32_t unit)
{
	return arm(NVDLA_BOARD_FAULT_HANG, core, unit, 1, 0, 0);
}

/* Both words of one of the counters that were latched. */
uint64_t board_counter(uint32_t core, uint32_t counter)
{
	volatile uint32_t *words = control + (NVDLA_BOARD_CORE(core) + counter) / 4;

	return words[0] | (uint64_t)words[1] << 32;
}

void board_latch(uint32_t core)
{
	control[(NVDLA_BOARD_CORE(core) + NVDLA_BOARD_CORE_LATCH) / 4] = 1;
}

void board_clear_faults(void)
{
	control[NVDLA_BOARD_FAULT_CLEAR / 4] = NVDLA_BOARD_FAULT_ANY;
}

uint32_t board_fault_hits(void)
{
	return control[NVDLA_BOARD_FAULT_HITS / 4];
}
