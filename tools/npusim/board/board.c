// SPDX-License-Identifier: MIT
/*
 * Making boards; the cores' threads, interrupts and errors.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "board_state.h"

#define ERRORS_PER_SECOND	20
#define FOREVER			(UINT64_MAX / 4)

uint64_t board_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Interrupts. */

void board_send(struct board *board, unsigned int vector)
{
	if (__atomic_load_n(&board->removed, __ATOMIC_RELAXED))
		return;
	if (vector < board->count &&
	    fault_take(board->faults, NVDLA_BOARD_FAULT_LOST_IRQ, vector, NVDLA_BOARD_FAULT_ANY,
		       0, 0, NULL))
		return;
	board->bus.message(board->bus.ctx, vector);
}

void board_update_pin(struct board *board)
{
	bool pin = (board->lines & board->intr_enable) ||
		   (board->event_status & board->event_enable);

	if (pin == board->pin || board_removed(board))
		return;
	board->pin = pin;
	board->bus.level(board->bus.ctx, pin);
}

static void on_irq(void *ctx, unsigned int index, bool level)
{
	struct board *board = ctx;
	uint32_t bit = 1u << index;

	pthread_mutex_lock(&board->irq_lock);
	if (level)
		board->lines |= bit;
	else
		board->lines &= ~bit;
	if (level && (board->intr_enable & bit))
		board_send(board, index);
	board_update_pin(board);
	pthread_mutex_unlock(&board->irq_lock);
}

/* Errors. */

static void print_error(struct board *board, const struct npusim_error *error)
{
	uint64_t second = board_now() / 1000000000u;

	if (board->quiet)
		return;
	if (second != board->error_second) {
		board->error_second = second;
		board->error_printed = 0;
	}
	if (board->error_printed++ < ERRORS_PER_SECOND)
		fprintf(stderr, "npusim: core %u: register 0x%x: %s\n", error->core, error->reg,
			error->text);
}

void board_report(struct board *board, uint32_t kind, const struct npusim_error *error)
{
	unsigned int at;

	pthread_mutex_lock(&board->irq_lock);
	print_error(board, error);
	if (board->error_count < BOARD_ERRORS) {
		at = (board->error_first + board->error_count++) % BOARD_ERRORS;
		board->errors[at] = *error;
		board->error_kind[at] = kind;
		board->event_status |= NVDLA_BOARD_EVENT_ERROR;
	} else {
		board->error_lost++;
		board->event_status |= NVDLA_BOARD_EVENT_OVERFLOW;
	}
	if (board->event_status & board->event_enable)
		board_send(board, board->count);
	board_update_pin(board);
	pthread_mutex_unlock(&board->irq_lock);
}

static void on_error(void *ctx, const struct npusim_error *error)
{
	struct board *board = ctx;
	struct board_core *core = &board->cores[error->core];
	uint32_t kind = error->code == -EFAULT ? NVDLA_BOARD_ERROR_BUS :
			error->code == -ENOSYS ? NVDLA_BOARD_ERROR_UNSUPPORTED :
						 NVDLA_BOARD_ERROR_PROGRAM;

	/* A core that is being reset fails only because its memory is taken away. */
	if (__atomic_load_n(&core->reset_wanted, __ATOMIC_RELAXED) ||
	    __atomic_load_n(&core->quit, __ATOMIC_RELAXED) ||
	    __atomic_load_n(&board->removed, __ATOMIC_RELAXED))
		return;
	__atomic_store_n(&core->stopped, true, __ATOMIC_RELAXED);
	board_report(board, kind, error);
}

/* The cores' threads. */

void board_kick(struct board_core *core)
{
	pthread_mutex_lock(&core->lock);
	core->kick = true;
	pthread_cond_signal(&core->wake);
	pthread_mutex_unlock(&core->lock);
}

static double period_ns(const struct board_core *core, uint32_t divider)
{
	return 1e9 * divider / (double)core->board->timing.clock_hz;
}

/* Account for modelled time; the lock is held. */
static void add_time(struct board_core *core, uint64_t cycles, uint32_t divider)
{
	double ns = (double)cycles * period_ns(core, divider);
	uint64_t whole = (uint64_t)ns;

	core->time_ps += (uint64_t)((ns - (double)whole) * 1000);
	core->time_ns += whole + core->time_ps / 1000;
	core->time_ps %= 1000;
}

/* One call of npusim_run(), recorded. */
static enum npusim_state step(struct board_core *core, uint64_t budget, uint32_t divider)
{
	struct npusim *sim = core->board->sim;
	uint32_t status_reg = npusim_glb_base(sim) + GLB_S_INTR_STATUS, status;
	uint64_t before = npusim_cycles(sim, core->index), cycles;
	enum npusim_state state;

	if (core->record)
		pthread_mutex_lock(&core->record_lock);
	state = npusim_run(sim, core->index, budget);
	cycles = npusim_cycles(sim, core->index);
	if (core->record) {
		status = npusim_reg_read(sim, core->index, status_reg);
		record_interrupts(core->record, status & ~core->seen_status, cycles,
				  npusim_idle(sim, core->index));
		core->seen_status = status;
		pthread_mutex_unlock(&core->record_lock);
	}
	pthread_mutex_lock(&core->lock);
	add_time(core, cycles - before, divider);
	pthread_mutex_unlock(&core->lock);

	return state;
}

static bool must_leave(const struct board_core *core)
{
	return core->quit || core->reset_wanted || !core->divider ||
	       __atomic_load_n(&core->board->removed, __ATOMIC_RELAXED);
}

/* Sleep until the next event is due, or something else comes up. */
static void sleep_until(struct board_core *core, uint64_t due)
{
	struct timespec at = { .tv_sec = (time_t)(due / 1000000000u),
			       .tv_nsec = (long)(due % 1000000000u) };
	uint32_t divider;

	pthread_mutex_lock(&core->lock);
	divider = core->divider;
	while (!core->kick && !must_leave(core) && core->divider == divider) {
		if (pthread_cond_timedwait(&core->wake, &core->lock, &at))
			break;
	}
	core->kick = false;
	pthread_mutex_unlock(&core->lock);
}

static void run(struct board_core *core)
{
	struct npusim *sim = core->board->sim;
	uint64_t begin_ns = board_now(), begin = npusim_cycles(sim, core->index);
	uint32_t divider = 0, wanted;
	bool realtime = core->board->realtime, leave;

	for (;;) {
		uint64_t budget = FOREVER, passed, next;

		pthread_mutex_lock(&core->lock);
		wanted = core->divider;
		leave = must_leave(core);
		/* Work goes on when the clock does. */
		if (leave && !core->divider)
			core->kick = true;
		pthread_mutex_unlock(&core->lock);
		if (leave)
			return;
		if (wanted != divider) {
			divider = wanted;
			begin_ns = board_now();
			begin = npusim_cycles(sim, core->index);
		}
		if (realtime) {
			passed = (uint64_t)((double)(board_now() - begin_ns) /
					    period_ns(core, divider));
			budget = npusim_cycles(sim, core->index) - begin;
			budget = passed > budget ? passed - budget : 0;
		}
		switch (step(core, budget, divider)) {
		case NPUSIM_INTERRUPT:
			break;
		case NPUSIM_LIMIT:
			if (!realtime)
				break;
			next = npusim_next_event(sim, core->index);
			if (next == UINT64_MAX)
				return;
			next += npusim_cycles(sim, core->index) - begin;
			sleep_until(core, begin_ns + (uint64_t)((double)next *
							       period_ns(core, divider)) + 1);
			break;
		default:
			return;
		}
	}
}

/* The thread's own part of a reset; the lock is held. */
static void reset_now(struct board_core *core)
{
	struct board *board = core->board;

	core->cycles_before += npusim_cycles(board->sim, core->index);
	core->kick = false;
	pthread_mutex_unlock(&core->lock);
	if (core->record)
		pthread_mutex_lock(&core->record_lock);
	npusim_reset(board->sim, core->index);
	if (core->record) {
		record_reset(core->record);
		core->seen_status = 0;
		pthread_mutex_unlock(&core->record_lock);
	}
	pthread_mutex_lock(&core->lock);
	__atomic_store_n(&core->stopped, false, __ATOMIC_RELAXED);
	__atomic_store_n(&core->reset_wanted, false, __ATOMIC_RELAXED);
	pthread_cond_broadcast(&core->done);
}

static void *core_main(void *argument)
{
	struct board_core *core = argument;

	board_set_current(core);
	pthread_mutex_lock(&core->lock);
	while (!core->quit) {
		if (core->reset_wanted) {
			reset_now(core);
		} else if (core->kick && !must_leave(core)) {
			core->kick = false;
			core->running = true;
			pthread_mutex_unlock(&core->lock);
			run(core);
			pthread_mutex_lock(&core->lock);
			core->running = false;
		} else {
			pthread_cond_wait(&core->wake, &core->lock);
		}
	}
	pthread_mutex_unlock(&core->lock);

	return NULL;
}

void board_reset_core(struct board_core *core)
{
	pthread_mutex_lock(&core->lock);
	__atomic_store_n(&core->reset_wanted, true, __ATOMIC_RELAXED);
	power_set_divider(core, 1);
	pthread_cond_signal(&core->wake);
	pthread_mutex_unlock(&core->lock);
}

void board_reset(struct board *board)
{
	unsigned int i;

	for (i = 0; i < board->count; i++)
		board_reset_core(&board->cores[i]);
	for (i = 0; i < board->count; i++) {
		struct board_core *core = &board->cores[i];

		pthread_mutex_lock(&core->lock);
		while (core->reset_wanted)
			pthread_cond_wait(&core->done, &core->lock);
		pthread_mutex_unlock(&core->lock);
	}
	board_control_reset(board);
}

/* Removal. */

void board_remove(struct board *board)
{
	unsigned int i;

	__atomic_store_n(&board->removed, true, __ATOMIC_RELAXED);
	if (!board->quiet)
		fprintf(stderr, "npusim: the board is removed\n");
	for (i = 0; i < board->count; i++)
		board_kick(&board->cores[i]);
}

bool board_removed(const struct board *board)
{
	return __atomic_load_n(&board->removed, __ATOMIC_RELAXED);
}

void board_insert(struct board *board)
{
	if (!board_removed(board))
		return;
	__atomic_store_n(&board->removed, false, __ATOMIC_RELAXED);
	board_reset(board);
}

void board_apply_slowness(struct board *board)
{
	unsigned int i;

	for (i = 0; i < board->count; i++)
		npusim_slow(board->sim, i, fault_level(board->faults, NVDLA_BOARD_FAULT_SLOW, i));
}

/* Making and unmaking. */

static int core_start(struct board *board, unsigned int index, const char *folder)
{
	struct board_core *core = &board->cores[index];
	uint64_t sram = board->sram_base;
	pthread_condattr_t attr;
	int err;

	core->board = board;
	core->index = index;
	core->divider = 1;
	core->heat_ns = board_now();
	core->passed_ns = board->realtime ? core->heat_ns : 0;
	pthread_mutex_init(&core->lock, NULL);
	pthread_mutex_init(&core->record_lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&core->wake, &attr);
	pthread_cond_init(&core->done, &attr);
	pthread_condattr_destroy(&attr);
	if (folder) {
		err = record_new(folder, board->config->name, index,
				 npusim_glb_base(board->sim) + GLB_S_INTR_STATUS, sram,
				 sram + board->sram_size, &core->record);
		if (err)
			return err;
	}
	err = -pthread_create(&core->thread, NULL, core_main, core);
	core->started = !err;

	return err;
}

static int board_init(struct board *board, const struct board_params *params,
		      const char **problem)
{
	struct npusim_params sim = {
		.config = params->config, .cores = params->cores, .timing = params->timing,
		.host = { .ctx = board, .read = board_host_read, .write = board_host_write,
			  .irq = on_irq, .error = on_error },
	};
	unsigned int i;
	int err;

	err = board_memory_new(board, params->sram_size, params->sram_base, problem);
	if (err)
		return err;
	*problem = "out of memory";
	err = fault_set_new(&board->faults);
	if (err)
		return err;
	err = npusim_new(&sim, &board->sim);
	if (err)
		return err;
	*problem = "there are too many faults";
	for (i = 0; i < params->fault_count; i++) {
		if (!fault_arm(board->faults, &params->faults[i]))
			return -EINVAL;
	}
	board_apply_slowness(board);
	*problem = "a thread cannot be started";
	for (i = 0; i < params->cores; i++) {
		err = core_start(board, i, params->record);
		board->count = i + 1;
		if (err)
			return err;
	}

	return 0;
}

int board_new(const struct board_params *params, const struct board_bus *bus, struct board **out,
	      const char **problem)
{
	struct board *board;
	int err;

	*problem = "the number of cores is not from 1 to 32";
	if (!params->cores || params->cores > NVDLA_BOARD_MAX_CORES)
		return -EINVAL;
	*problem = "out of memory";
	board = calloc(1, sizeof(*board) + params->cores * sizeof(board->cores[0]));
	if (!board)
		return -ENOMEM;
	board->sram_fd = -1;
	board->bus = *bus;
	board->realtime = params->realtime;
	board->quiet = params->quiet;
	board->timing = params->timing;
	if (!board->timing.clock_hz)
		board->timing.clock_hz = 1000000000;
	pthread_mutex_init(&board->irq_lock, NULL);
	board->config = nvdla_config_find(params->config);
	*problem = "there is no such configuration";
	err = board->config ? board_init(board, params, problem) : -EINVAL;
	if (err) {
		board_free(board);
		return err;
	}
	board_control_reset(board);
	*out = board;

	return 0;
}

void board_free(struct board *board)
{
	unsigned int i;

	if (!board)
		return;
	for (i = 0; i < board->count; i++) {
		struct board_core *core = &board->cores[i];

		pthread_mutex_lock(&core->lock);
		__atomic_store_n(&core->quit, true, __ATOMIC_RELAXED);
		pthread_cond_signal(&core->wake);
		pthread_mutex_unlock(&core->lock);
		if (core->started)
			pthread_join(core->thread, NULL);
		record_free(core->record);
		pthread_cond_destroy(&core->wake);
		pthread_cond_destroy(&core->done);
		pthread_mutex_destroy(&core->lock);
		pthread_mutex_destroy(&core->record_lock);
	}
	npusim_free(board->sim);
	fault_set_free(board->faults);
	board_memory_free(board);
	pthread_mutex_destroy(&board->irq_lock);
	free(board);
}
