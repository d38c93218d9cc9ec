/* SPDX-License-Identifier: MIT */
/*
 * Faults on demand, through the control BAR of the PCI board.
 */
#ifndef TESTS_SELFTESTS_BOARD_H
#define TESTS_SELFTESTS_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../kmod/hw/nvdla_board_regs.h"

/**
 * board_open() - map the control BAR of the board behind the node
 *
 * Needs root, and a kernel booted with iomem=relaxed where it protects the
 * registers of drivers from user space. From then on the device stays awake,
 * unless device_keep_awake() takes that back.
 *
 * Return: 0; -ENODEV no board; -ENOTSUP it injects no faults; other errno.
 */
int board_open(void);

/**
 * board_fault() - arm a fault
 * @kind: NVDLA_BOARD_FAULT_*
 * @core: number, or NVDLA_BOARD_FAULT_ANY
 * @times: how often it strikes
 * @skip: occasions to let pass first
 * @arg: see the kinds
 *
 * Return: false when the board refuses it.
 */
bool board_fault(uint32_t kind, uint32_t core, uint32_t times, uint32_t skip, uint32_t arg);
/* The next operation of one unit of a core hangs. */
bool board_hang_unit(uint32_t core, uint32_t unit);
void board_clear_faults(void);
uint32_t board_fault_hits(void);

/* Take a core's counters at one instant, then read them: NVDLA_BOARD_CORE_CYCLES ... */
void board_latch(uint32_t core);
uint64_t board_counter(uint32_t core, uint32_t counter);

/* Path of a file of the device that the node belongs to, in sysfs. */
void device_file(char *path, size_t size, const char *file);
/* The device's name on its bus. Return: 0 or negative errno. */
int device_name(char *name, size_t size);
/* Forbid or allow the device to sleep. Return: 0 or negative errno. */
int device_keep_awake(bool awake);

#endif /* TESTS_SELFTESTS_BOARD_H */
