/* SPDX-License-Identifier: MIT */
/*
 * Inside of the board: board.c has the cores' threads and the interrupts,
 * board_control.c the control registers, board_memory.c what cores reach.
 */
#ifndef NPUSIM_BOARD_STATE_H
#define NPUSIM_BOARD_STATE_H

#include <pthread.h>

#include "kmod/hw/nvdla_board_regs.h"
#include "kmod/hw/nvdla_config.h"
#include "board.h"
#include "power.h"
#include "tools/npusim/record.h"

/* No bus hands out addresses there; within the 40 bits that every core has. */
#define BOARD_SRAM_BASE		0xf000000000ull

#define BOARD_ERRORS		16
#define BOARD_COUNTERS \
	((NVDLA_BOARD_CORE_COUNTERS_END - NVDLA_BOARD_CORE_CYCLES) / 8)

struct board_core {
	struct board *board;
	unsigned int index;
	pthread_t thread;
	bool started;

	/* @lock guards what the thread waits for; the rest of the line is atomic */
	pthread_mutex_t lock;
	pthread_cond_t wake, done;
	bool kick, quit;
	bool reset_wanted, reset_stuck, running, stopped;
	uint32_t divider;

	/* Held while npusim_run() or a register write changes what is recorded. */
	pthread_mutex_t record_lock;
	struct record *record;
	uint32_t seen_status;

	/* counters, under @lock */
	uint64_t cycles_before;		/* of earlier lives, before resets */
	uint64_t time_ps;		/* modelled, without what is not a whole ns */
	uint64_t time_ns;
	uint64_t latched[BOARD_COUNTERS];
	uint64_t passed_ns;		/* up to when @passed_pj goes */
	double passed_pj;		/* energy that passed with time */
	double heat;			/* kelvin above ambient */
	uint64_t heat_ns, heat_pj;
};

struct board {
	const struct nvdla_config *config;
	struct board_bus bus;
	struct npusim *sim;
	unsigned int count;
	bool realtime, quiet, recording;
	struct npusim_timing timing;
	struct fault_set *faults;

	int sram_fd;
	uint8_t *sram;
	uint64_t sram_size;
	uint64_t sram_base;

	bool bus_master, removed;	/* atomic */

	/* interrupts and errors */
	pthread_mutex_t irq_lock;
	uint32_t lines, intr_enable;
	uint32_t event_status, event_enable;
	bool pin;
	struct npusim_error errors[BOARD_ERRORS];
	uint32_t error_kind[BOARD_ERRORS];
	unsigned int error_first, error_count;
	uint32_t error_lost;
	uint64_t error_second;		/* for keeping stderr readable */
	unsigned int error_printed;

	/* fields of control registers; the bus's thread only */
	uint32_t scratch;
	struct fault fault;
	uint32_t fault_number;

	struct board_core cores[];
};

/* Wall-clock nanoseconds. */
uint64_t board_now(void);

/* Put an error into the queue, and on stderr. */
void board_report(struct board *board, uint32_t kind, const struct npusim_error *error);

/* Evaluate the interrupt pin anew; irq_lock is held. */
void board_update_pin(struct board *board);

/* Send the message of a core, unless a fault loses it. */
void board_send(struct board *board, unsigned int vector);

void board_kick(struct board_core *core);
void board_remove(struct board *board);
void board_reset_core(struct board_core *core);

/* Tell npusim how slow memory is now. */
void board_apply_slowness(struct board *board);

/* board_memory.c: the cores' side of memory. */
int board_memory_new(struct board *board, uint64_t size, uint64_t base, const char **problem);
void board_memory_free(struct board *board);
int board_host_read(void *ctx, enum npusim_port port, uint64_t addr, void *dst, size_t len);
int board_host_write(void *ctx, enum npusim_port port, uint64_t addr, const void *src,
		     size_t len);
/* Which core the calling thread runs. */
void board_set_current(struct board_core *core);

/* board_control.c */
uint32_t board_control_read(struct board *board, uint32_t offset);
void board_control_write(struct board *board, uint32_t offset, uint32_t value);
void board_control_reset(struct board *board);

#endif /* NPUSIM_BOARD_STATE_H */
