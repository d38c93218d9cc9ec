// SPDX-License-Identifier: MIT
/*
 * Faults on demand, through the control BAR of the PCI board.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "board.h"

#define PCI	"/sys/bus/pci/devices"

static volatile uint32_t *control;

static unsigned int read_id(const char *device, const char *file)
{
	char path[128];
	unsigned int value = 0;
	FILE *stream;

	snprintf(path, sizeof(path), PCI "/%.32s/%s", device, file);
	stream = fopen(path, "r");
	if (!stream)
		return 0;
	if (fscanf(stream, "%x", &value) != 1)
		value = 0;
	fclose(stream);

	return value;
}

static int map_control(const char *device)
{
	char path[128];
	void *map;
	int fd, ret = 0;

	snprintf(path, sizeof(path), PCI "/%.32s/resource%d", device, NVDLA_BOARD_BAR_CONTROL);
	fd = open(path, O_RDWR | O_CLOEXEC | O_SYNC);
	if (fd < 0)
		return -errno;
	map = mmap(NULL, NVDLA_BOARD_CONTROL_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		ret = -errno;
	else
		control = map;
	close(fd);

	return ret;
}

int board_open(void)
{
	DIR *devices = opendir(PCI);
	struct dirent *entry;
	int ret = -ENODEV;

	if (!devices)
		return -ENODEV;
	while (ret == -ENODEV && (entry = readdir(devices))) {
		if (read_id(entry->d_name, "vendor") == NVDLA_BOARD_PCI_VENDOR &&
		    read_id(entry->d_name, "device") == NVDLA_BOARD_PCI_DEVICE)
			ret = map_control(entry->d_name);
	}
	closedir(devices);
	if (ret)
		return ret;
	if (control[NVDLA_BOARD_MAGIC / 4] != NVDLA_BOARD_MAGIC_VALUE)
		return -ENODEV;

	return control[NVDLA_BOARD_FEATURES / 4] & NVDLA_BOARD_FEAT_FAULTS ? 0 : -ENOTSUP;
}

bool board_fault(uint32_t kind, uint32_t core, uint32_t times, uint32_t skip, uint32_t arg)
{
	control[NVDLA_BOARD_FAULT_KIND / 4] = kind;
	control[NVDLA_BOARD_FAULT_CORE / 4] = core;
	control[NVDLA_BOARD_FAULT_UNIT / 4] = NVDLA_BOARD_FAULT_ANY;
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

void board_clear_faults(void)
{
	control[NVDLA_BOARD_FAULT_CLEAR / 4] = NVDLA_BOARD_FAULT_ANY;
}

uint32_t board_fault_hits(void)
{
	return control[NVDLA_BOARD_FAULT_HITS / 4];
}
