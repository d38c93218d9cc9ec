/* SPDX-License-Identifier: MIT */
/*
 * The board around the cores: BARs, interrupts, counters, errors, one thread
 * per core. kmod/hw/nvdla_board_regs.h describes what a driver sees of it.
 */
#ifndef NPUSIM_BOARD_H
#define NPUSIM_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fault.h"
#include "tools/npusim/npusim.h"

struct board;

/**
 * struct board_bus - what the board is plugged into
 * @ctx: handed to every callback
 * @dma: copy between the host's memory and @dst or from @src; 0 or -EFAULT.
 *       Called by the cores' threads
 * @message: send the message of a vector. Any thread
 * @level: the board's interrupt pin changed. Any thread
 */
struct board_bus {
	void *ctx;
	int (*dma)(void *ctx, uint64_t addr, void *dst, const void *src, size_t len);
	void (*message)(void *ctx, unsigned int vector);
	void (*level)(void *ctx, bool high);
};

/**
 * struct board_params - how to make a board
 * @config: name of the configuration
 * @cores: number of cores, 1 to NVDLA_BOARD_MAX_CORES
 * @timing: see npusim.h
 * @realtime: hold interrupts back until modelled time has really passed
 * @sram_size: bytes behind the second port, a power of two, at least 4096; 0: none
 * @sram_base: its address on the second port, a multiple of its size; 0: one that no bus
 *             hands out
 * @record: folder for scripts of what is done to the cores, or NULL
 * @faults: faults to start with
 * @fault_count: how many
 * @quiet: do not write errors to stderr
 */
struct board_params {
	const char *config;
	unsigned int cores;
	struct npusim_timing timing;
	bool realtime;
	uint64_t sram_size;
	uint64_t sram_base;
	const char *record;
	const struct fault *faults;
	unsigned int fault_count;
	bool quiet;
};

/**
 * board_new() - make a board; its cores wait
 * @bus: what it is plugged into, copied
 * @problem: receives what is wrong, in words, when it fails
 *
 * Return: 0 or a negative errno.
 */
int board_new(const struct board_params *params, const struct board_bus *bus, struct board **out,
	      const char **problem);
void board_free(struct board *board);

/* Bytes behind a BAR, a power of two; 0 where there is none. */
uint64_t board_bar_size(const struct board *board, unsigned int bar);

/* File behind the SRAM for a client to map, or -1. It stays the board's. */
int board_sram_fd(const struct board *board);

unsigned int board_cores(const struct board *board);

/**
 * board_read(), board_write() - access to a BAR from the bus
 *
 * One thread. Registers take aligned accesses of 4 or 8 bytes; others read all
 * ones, are dropped and become an error of kind ACCESS.
 *
 * Return: 0, or -EINVAL when the range is not in the BAR.
 */
int board_read(struct board *board, unsigned int bar, uint64_t offset, void *dst, size_t len);
int board_write(struct board *board, unsigned int bar, uint64_t offset, const void *src,
		size_t len);

/* May the board read and write the host's memory? No after power-on. */
void board_set_bus_master(struct board *board, bool on);

/* Back to the state after power-on, but for SRAM and counters. Waits for the cores. */
void board_reset(struct board *board);

/* Surprise removal and its end. */
bool board_removed(const struct board *board);
void board_insert(struct board *board);

#endif /* NPUSIM_BOARD_H */
