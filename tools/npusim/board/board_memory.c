// SPDX-License-Identifier: MIT
/*
 * What the cores reach: the host's memory through the primary port, the SRAM
 * through the second; and the faults that lie on that way.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "board_state.h"

static _Thread_local struct board_core *current;

void board_set_current(struct board_core *core)
{
	current = core;
}

int board_memory_new(struct board *board, uint64_t size, uint64_t base, const char **problem)
{
	board->sram_fd = -1;
	if (!size)
		return 0;
	*problem = "this configuration has no second memory port for an SRAM";
	if (!(board->config->features & NVDLA_FEAT_CVIF))
		return -EINVAL;
	*problem = "the SRAM's size must be a power of two from 4 KiB to 4 GiB";
	if (size & (size - 1) || size < 4096 || size > 4ull << 30)
		return -EINVAL;
	*problem = "the SRAM's address must be a multiple of its size that fits 40 bits";
	if (base & (size - 1) || base > (1ull << 40) - size)
		return -EINVAL;
	*problem = "no memory for the SRAM";
	board->sram_fd = memfd_create("npusim-sram", MFD_CLOEXEC);
	if (board->sram_fd < 0 || ftruncate(board->sram_fd, (off_t)size))
		return -ENOMEM;
	board->sram = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, board->sram_fd, 0);
	if (board->sram == MAP_FAILED) {
		board->sram = NULL;
		return -ENOMEM;
	}
	board->sram_size = size;
	board->sram_base = base ? base : BOARD_SRAM_BASE;

	return 0;
}

void board_memory_free(struct board *board)
{
	if (board->sram)
		munmap(board->sram, board->sram_size);
	if (board->sram_fd >= 0)
		close(board->sram_fd);
}

/* A core that is to be reset, or gone, has nothing to do any more. */
static bool cut_off(const struct board_core *core)
{
	return __atomic_load_n(&core->reset_wanted, __ATOMIC_RELAXED) ||
	       __atomic_load_n(&core->quit, __ATOMIC_RELAXED) ||
	       __atomic_load_n(&core->board->removed, __ATOMIC_RELAXED);
}

static int access_memory(struct board *board, enum npusim_port port, uint64_t addr, void *dst,
			 const void *src, size_t len)
{
	uint64_t offset = addr - board->sram_base;

	if (port == NPUSIM_CVIF) {
		if (addr < board->sram_base || offset >= board->sram_size ||
		    len > board->sram_size - offset)
			return -EFAULT;
		if (dst)
			memcpy(dst, board->sram + offset, len);
		else
			memcpy(board->sram + offset, src, len);
		return 0;
	}
	if (!__atomic_load_n(&board->bus_master, __ATOMIC_RELAXED))
		return -EFAULT;

	return board->bus.dma(board->bus.ctx, addr, dst, src, len);
}

/* A bit of what was read flips; memory itself keeps its value. */
static void flip_bit(struct board_core *core, uint64_t addr, uint8_t *data, size_t len)
{
	struct npusim_error error = { .core = core->index, .addr = addr };
	struct fault fault;
	uint64_t at = 0;

	if (!fault_take(core->board->faults, NVDLA_BOARD_FAULT_BIT_FLIP, core->index,
			NVDLA_BOARD_FAULT_ANY, addr, len, &fault))
		return;
	if (fault.size && fault.addr > addr)
		at = fault.addr - addr;
	error.addr = addr + at;
	if (fault.arg) {
		data[at < len ? at : 0] ^= 1u << (fault_hits(core->board->faults) & 7);
		snprintf(error.text, sizeof(error.text),
			 "a flipped bit was read at 0x%llx", (unsigned long long)error.addr);
		board_report(core->board, NVDLA_BOARD_ERROR_ECC_FATAL, &error);
	} else {
		snprintf(error.text, sizeof(error.text),
			 "a flipped bit was corrected at 0x%llx", (unsigned long long)error.addr);
		board_report(core->board, NVDLA_BOARD_ERROR_ECC_CORRECTED, &error);
	}
}

static int host_access(enum npusim_port port, uint64_t addr, void *dst, const void *src,
		       size_t len)
{
	struct board_core *core = current;
	int err;

	if (!core || cut_off(core))
		return -EFAULT;
	if (fault_take(core->board->faults, NVDLA_BOARD_FAULT_BUS_ERROR, core->index,
		       NVDLA_BOARD_FAULT_ANY, addr, len, NULL))
		return -EFAULT;
	err = access_memory(core->board, port, addr, dst, src, len);
	if (err)
		return err;
	if (dst)
		flip_bit(core, addr, dst, len);
	if (core->record)
		record_dma(core->record, addr, dst ? dst : src, len, !dst);

	return 0;
}

int board_host_read(void *ctx, enum npusim_port port, uint64_t addr, void *dst, size_t len)
{
	(void)ctx;
	return host_access(port, addr, dst, NULL, len);
}

int board_host_write(void *ctx, enum npusim_port port, uint64_t addr, const void *src, size_t len)
{
	(void)ctx;
	return host_access(port, addr, NULL, src, len);
}
