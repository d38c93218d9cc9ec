// SPDX-License-Identifier: MIT
/*
 * The board as the bus sees it: BARs, and the CSB windows in one of them.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "board_state.h"

/* The CSB windows. */

/* A write that lets an operation start: the occasion for faults. */
static void before_start(struct board *board, unsigned int index, enum nvdla_unit unit)
{
	const uint32_t any = NVDLA_BOARD_FAULT_ANY;

	if (fault_take(board->faults, NVDLA_BOARD_FAULT_HANG, index, unit, 0, 0, NULL))
		npusim_hang(board->sim, index, 1u << unit);
	if (fault_take(board->faults, NVDLA_BOARD_FAULT_SPURIOUS_IRQ, index, any, 0, 0, NULL))
		board->bus.message(board->bus.ctx, index);
	if (fault_take(board->faults, NVDLA_BOARD_FAULT_REMOVAL, index, any, 0, 0, NULL))
		board_remove(board);
}

/* The line was and is high after a write to GLB: say so again. */
static void repeat_message(struct board *board, unsigned int index)
{
	pthread_mutex_lock(&board->irq_lock);
	if (board->lines & board->intr_enable & 1u << index)
		board_send(board, index);
	pthread_mutex_unlock(&board->irq_lock);
}

static void csb_write(struct board *board, uint64_t offset, uint32_t value)
{
	unsigned int index = (unsigned int)(offset / NVDLA_BOARD_CORE_STRIDE);
	uint32_t reg = offset % NVDLA_BOARD_CORE_STRIDE;
	enum nvdla_unit unit = nvdla_config_unit(board->config, reg);
	struct board_core *core;
	bool start = false, high;

	if (index >= board->count || unit == NVDLA_UNITS)
		return;
	core = &board->cores[index];
	if (unit == NVDLA_BDMA)
		start = true;
	else if ((reg & (NVDLA_WINDOW_SIZE - 1)) == nvdla_units[unit].first_grouped)
		start = value & 1;
	if (start)
		before_start(board, index, unit);
	pthread_mutex_lock(&board->irq_lock);
	high = board->lines & 1u << index;
	pthread_mutex_unlock(&board->irq_lock);
	if (core->record) {
		pthread_mutex_lock(&core->record_lock);
		record_write(core->record, reg, value);
		if (reg == board->config->base[NVDLA_GLB] + GLB_S_INTR_STATUS)
			core->seen_status &= ~value;
	}
	npusim_reg_write(board->sim, index, reg, value);
	if (core->record)
		pthread_mutex_unlock(&core->record_lock);
	if (unit == NVDLA_GLB && high)
		repeat_message(board, index);
	if (start)
		board_kick(core);
}

static uint32_t csb_read(struct board *board, uint64_t offset)
{
	unsigned int index = (unsigned int)(offset / NVDLA_BOARD_CORE_STRIDE);
	uint32_t reg = offset % NVDLA_BOARD_CORE_STRIDE, value;
	enum nvdla_unit unit = nvdla_config_unit(board->config, reg);
	struct board_core *core;

	if (index >= board->count || unit == NVDLA_UNITS)
		return 0;
	core = &board->cores[index];
	/* Of all reads only those of lookup tables, which step on, change anything. */
	if (!core->record || (unit != NVDLA_SDP && unit != NVDLA_CDP) ||
	    (reg & (NVDLA_WINDOW_SIZE - 1)) >= nvdla_units[unit].first_grouped)
		return npusim_reg_read(board->sim, index, reg);
	pthread_mutex_lock(&core->record_lock);
	record_read(core->record, reg);
	value = npusim_reg_read(board->sim, index, reg);
	pthread_mutex_unlock(&core->record_lock);

	return value;
}

/* Access from the bus. */

static void bad_access(struct board *board, unsigned int bar, uint64_t offset, size_t len,
		       const char *what)
{
	struct npusim_error error = { .reg = (uint32_t)offset };

	if (bar == NVDLA_BOARD_BAR_CSB) {
		error.core = (unsigned int)(offset / NVDLA_BOARD_CORE_STRIDE);
		error.reg = offset % NVDLA_BOARD_CORE_STRIDE;
	}
	snprintf(error.text, sizeof(error.text), "%s of %zu bytes at 0x%llx of BAR%u: registers take aligned words",
		 what, len, (unsigned long long)offset, bar);
	board_report(board, NVDLA_BOARD_ERROR_ACCESS, &error);
}

static bool in_bar(const struct board *board, unsigned int bar, uint64_t offset, size_t len)
{
	uint64_t size = board_bar_size(board, bar);

	return offset < size && len && len <= size - offset;
}

int board_read(struct board *board, unsigned int bar, uint64_t offset, void *dst, size_t len)
{
	uint8_t *out = dst;
	uint32_t value;
	size_t i;

	if (!in_bar(board, bar, offset, len))
		return -EINVAL;
	memset(dst, 0xff, len);
	if (board_removed(board))
		return 0;
	if (bar == NVDLA_BOARD_BAR_SRAM) {
		memcpy(dst, board->sram + offset, len);
		return 0;
	}
	if (offset & 3 || (len != 4 && len != 8)) {
		bad_access(board, bar, offset, len, "read");
		return 0;
	}
	for (i = 0; i < len; i += 4) {
		value = bar == NVDLA_BOARD_BAR_CSB ?
			csb_read(board, offset + i) :
			board_control_read(board, (uint32_t)(offset + i));
		memcpy(out + i, &value, 4);
	}

	return 0;
}

int board_write(struct board *board, unsigned int bar, uint64_t offset, const void *src,
		size_t len)
{
	const uint8_t *in = src;
	uint32_t value;
	size_t i;

	if (!in_bar(board, bar, offset, len))
		return -EINVAL;
	if (board_removed(board))
		return 0;
	if (bar == NVDLA_BOARD_BAR_SRAM) {
		memcpy(board->sram + offset, src, len);
		return 0;
	}
	if (offset & 3 || (len != 4 && len != 8)) {
		bad_access(board, bar, offset, len, "write");
		return 0;
	}
	for (i = 0; i < len; i += 4) {
		memcpy(&value, in + i, 4);
		if (bar == NVDLA_BOARD_BAR_CSB)
			csb_write(board, offset + i, value);
		else
			board_control_write(board, (uint32_t)(offset + i), value);
	}

	return 0;
}

void board_set_bus_master(struct board *board, bool on)
{
	__atomic_store_n(&board->bus_master, on, __ATOMIC_RELAXED);
}

uint64_t board_bar_size(const struct board *board, unsigned int bar)
{
	uint64_t size = NVDLA_BOARD_CORE_STRIDE;

	switch (bar) {
	case NVDLA_BOARD_BAR_CSB:
		while (size < (uint64_t)board->count * NVDLA_BOARD_CORE_STRIDE)
			size *= 2;
		return size;
	case NVDLA_BOARD_BAR_SRAM:
		return board->sram_size;
	case NVDLA_BOARD_BAR_CONTROL:
		return NVDLA_BOARD_CONTROL_SIZE;
	default:
		return 0;
	}
}

int board_sram_fd(const struct board *board)
{
	return board->sram_fd;
}

unsigned int board_cores(const struct board *board)
{
	return board->count;
}
