// SPDX-License-Identifier: MIT
/*
 * Board control, BAR4: see kmod/hw/nvdla_board_regs.h.
 */
#include <string.h>

#include "board_state.h"

#define AMBIENT_MK	40000	/* millidegrees */
/* A small package without a heat sink: 30 K/W, settling with 2 s. */
#define KELVIN_PER_WATT	30.0
#define SETTLE_NS	2e9

static uint32_t half(uint64_t value, uint32_t offset)
{
	return (uint32_t)(offset & 4 ? value >> 32 : value);
}

static uint64_t set_half(uint64_t old, uint32_t offset, uint32_t value)
{
	return offset & 4 ? (old & 0xffffffffu) | (uint64_t)value << 32 :
			    (old & ~0xffffffffull) | value;
}

/* Part of a NUL-terminated text, padded with zeros. */
static uint32_t text_word(const char *text, uint32_t at)
{
	size_t len = strlen(text);
	uint32_t word = 0;

	if (at < len)
		memcpy(&word, text + at, len - at < 4 ? len - at : 4);

	return word;
}

/* Dissipation since the last look decides where the temperature drifts to. */
static uint32_t temperature(struct board_core *core)
{
	struct npusim_counters counters;
	uint64_t now = board_now(), energy;
	double ns, watt, share;

	npusim_get_counters(core->board->sim, core->index, &counters);
	pthread_mutex_lock(&core->lock);
	ns = (double)(now - core->heat_ns);
	if (ns >= 1e6) {
		power_pass(core);
		energy = counters.energy_pj + (uint64_t)core->passed_pj;
		watt = (double)(energy - core->heat_pj) / ns * 1e-3;
		share = ns / (ns + SETTLE_NS);
		core->heat += (watt * KELVIN_PER_WATT - core->heat) * share;
		core->heat_ns = now;
		core->heat_pj = energy;
	}
	ns = core->heat;
	pthread_mutex_unlock(&core->lock);

	return (uint32_t)(AMBIENT_MK + (int32_t)(ns * 1000 < 150000 ? ns * 1000 : 150000));
}

static void latch(struct board_core *core)
{
	struct npusim *sim = core->board->sim;
	struct npusim_counters counters;

	npusim_get_counters(sim, core->index, &counters);
	pthread_mutex_lock(&core->lock);
	core->latched[0] = core->cycles_before + npusim_cycles(sim, core->index);
	core->latched[1] = core->time_ns;
	core->latched[2] = counters.busy_cycles;
	core->latched[3] = counters.mac_cycles;
	core->latched[4] = counters.macs;
	core->latched[5] = counters.ops;
	core->latched[6] = counters.read_bytes;
	core->latched[7] = counters.write_bytes;
	core->latched[8] = counters.sram_read_bytes;
	core->latched[9] = counters.sram_write_bytes;
	power_pass(core);
	core->latched[10] = counters.energy_pj + (uint64_t)core->passed_pj;
	pthread_mutex_unlock(&core->lock);
}

static uint32_t core_read(struct board_core *core, uint32_t offset)
{
	uint32_t value = 0;

	if (offset == NVDLA_BOARD_CORE_TEMPERATURE)
		return temperature(core);
	pthread_mutex_lock(&core->lock);
	switch (offset) {
	case NVDLA_BOARD_CORE_CONTROL:
		value = core->reset_wanted || core->reset_stuck ? NVDLA_BOARD_CORE_RESET : 0;
		break;
	case NVDLA_BOARD_CORE_STATUS:
		value = (core->running ? NVDLA_BOARD_CORE_RUNNING : 0) |
			(__atomic_load_n(&core->stopped, __ATOMIC_RELAXED) ?
			 NVDLA_BOARD_CORE_STOPPED : 0) |
			(core->divider ? 0 : NVDLA_BOARD_CORE_CLOCK_OFF);
		break;
	case NVDLA_BOARD_CORE_CLOCK_DIVIDER:
		value = core->divider;
		break;
	default:
		if (offset >= NVDLA_BOARD_CORE_CYCLES && offset < NVDLA_BOARD_CORE_COUNTERS_END)
			value = half(core->latched[(offset - NVDLA_BOARD_CORE_CYCLES) / 8],
				     offset);
		break;
	}
	pthread_mutex_unlock(&core->lock);
	if (offset == NVDLA_BOARD_CORE_STATUS) {
		pthread_mutex_lock(&core->board->irq_lock);
		if (core->board->lines & 1u << core->index)
			value |= NVDLA_BOARD_CORE_IRQ;
		pthread_mutex_unlock(&core->board->irq_lock);
	}

	return value;
}

static void core_write(struct board_core *core, uint32_t offset, uint32_t value)
{
	switch (offset) {
	case NVDLA_BOARD_CORE_CONTROL:
		if (!(value & NVDLA_BOARD_CORE_RESET))
			break;
		core->reset_stuck = fault_take(core->board->faults, NVDLA_BOARD_FAULT_RESET,
					       core->index, NVDLA_BOARD_FAULT_ANY, 0, 0, NULL);
		if (!core->reset_stuck)
			board_reset_core(core);
		break;
	case NVDLA_BOARD_CORE_CLOCK_DIVIDER:
		pthread_mutex_lock(&core->lock);
		power_set_divider(core, value > 255 ? 255 : value);
		pthread_cond_signal(&core->wake);
		pthread_mutex_unlock(&core->lock);
		break;
	case NVDLA_BOARD_CORE_LATCH:
		latch(core);
		break;
	default:
		break;
	}
}

/* The error queue; irq_lock is held. */
static uint32_t error_read(const struct board *board, uint32_t offset)
{
	const struct npusim_error *error = &board->errors[board->error_first];

	if (offset == NVDLA_BOARD_ERROR_COUNT)
		return board->error_count;
	if (offset == NVDLA_BOARD_ERROR_LOST)
		return board->error_lost;
	if (!board->error_count)
		return 0;
	switch (offset) {
	case NVDLA_BOARD_ERROR_CODE:
		return board->error_kind[board->error_first];
	case NVDLA_BOARD_ERROR_CORE:
		return error->core;
	case NVDLA_BOARD_ERROR_REG:
		return error->reg;
	case NVDLA_BOARD_ERROR_ADDR:
	case NVDLA_BOARD_ERROR_ADDR + 4:
		return half(error->addr, offset);
	default:
		if (offset >= NVDLA_BOARD_ERROR_TEXT)
			return text_word(error->text, offset - NVDLA_BOARD_ERROR_TEXT);
		return 0;
	}
}

static uint32_t interrupt_read(const struct board *board, uint32_t offset)
{
	switch (offset) {
	case NVDLA_BOARD_INTR_STATUS:
		return board->lines;
	case NVDLA_BOARD_INTR_ENABLE:
		return board->intr_enable;
	case NVDLA_BOARD_EVENT_STATUS:
		return board->event_status;
	case NVDLA_BOARD_EVENT_ENABLE:
		return board->event_enable;
	default:
		return error_read(board, offset);
	}
}

static void interrupt_write(struct board *board, uint32_t offset, uint32_t value)
{
	uint32_t before = board->lines & board->intr_enable, risen;
	unsigned int i;

	switch (offset) {
	case NVDLA_BOARD_INTR_ENABLE:
		board->intr_enable = value;
		risen = board->lines & value & ~before;
		for (i = 0; i < board->count; i++) {
			if (risen & 1u << i)
				board_send(board, i);
		}
		break;
	case NVDLA_BOARD_EVENT_STATUS:
		board->event_status &= ~value;
		break;
	case NVDLA_BOARD_EVENT_ENABLE:
		board->event_enable = value;
		if (board->event_status & value)
			board_send(board, board->count);
		break;
	case NVDLA_BOARD_ERROR_POP:
		if (board->error_count) {
			board->error_first = (board->error_first + 1) % BOARD_ERRORS;
			board->error_count--;
		}
		break;
	default:
		break;
	}
	board_update_pin(board);
}

static void arm(struct board *board)
{
	const struct fault *fault = &board->fault;
	bool now = !fault->skip && (fault->core == NVDLA_BOARD_FAULT_ANY ||
				    fault->core < board->count);

	board->fault_number = fault_arm(board->faults, fault);
	if (!board->fault_number)
		return;
	board_apply_slowness(board);
	if (fault->kind == NVDLA_BOARD_FAULT_SPURIOUS_IRQ && now &&
	    fault_take(board->faults, fault->kind, fault->core, NVDLA_BOARD_FAULT_ANY, 0, 0, NULL))
		board->bus.message(board->bus.ctx,
				   fault->core == NVDLA_BOARD_FAULT_ANY ? 0 : fault->core);
	if (fault->kind == NVDLA_BOARD_FAULT_REMOVAL && now &&
	    fault_take(board->faults, fault->kind, fault->core, NVDLA_BOARD_FAULT_ANY, 0, 0, NULL))
		board_remove(board);
}

static void fault_write(struct board *board, uint32_t offset, uint32_t value)
{
	struct fault *fault = &board->fault;

	switch (offset) {
	case NVDLA_BOARD_FAULT_KIND:
		fault->kind = value;
		break;
	case NVDLA_BOARD_FAULT_CORE:
		fault->core = value;
		break;
	case NVDLA_BOARD_FAULT_UNIT:
		fault->unit = value;
		break;
	case NVDLA_BOARD_FAULT_TIMES:
		fault->times = value;
		break;
	case NVDLA_BOARD_FAULT_SKIP:
		fault->skip = value;
		break;
	case NVDLA_BOARD_FAULT_ARG:
		fault->arg = value;
		break;
	case NVDLA_BOARD_FAULT_ADDR:
	case NVDLA_BOARD_FAULT_ADDR + 4:
		fault->addr = set_half(fault->addr, offset, value);
		break;
	case NVDLA_BOARD_FAULT_SIZE:
	case NVDLA_BOARD_FAULT_SIZE + 4:
		fault->size = set_half(fault->size, offset, value);
		break;
	case NVDLA_BOARD_FAULT_ARM:
		arm(board);
		break;
	case NVDLA_BOARD_FAULT_CLEAR:
		fault_clear(board->faults, value);
		board_apply_slowness(board);
		break;
	default:
		break;
	}
}

static uint32_t fault_read(struct board *board, uint32_t offset)
{
	const struct fault *fault = &board->fault;

	switch (offset) {
	case NVDLA_BOARD_FAULT_KIND:
		return fault->kind;
	case NVDLA_BOARD_FAULT_CORE:
		return fault->core;
	case NVDLA_BOARD_FAULT_UNIT:
		return fault->unit;
	case NVDLA_BOARD_FAULT_TIMES:
		return fault->times;
	case NVDLA_BOARD_FAULT_SKIP:
		return fault->skip;
	case NVDLA_BOARD_FAULT_ARG:
		return fault->arg;
	case NVDLA_BOARD_FAULT_ADDR:
	case NVDLA_BOARD_FAULT_ADDR + 4:
		return half(fault->addr, offset);
	case NVDLA_BOARD_FAULT_SIZE:
	case NVDLA_BOARD_FAULT_SIZE + 4:
		return half(fault->size, offset);
	case NVDLA_BOARD_FAULT_ARM:
		return board->fault_number;
	case NVDLA_BOARD_FAULT_ARMED:
		return fault_armed(board->faults);
	case NVDLA_BOARD_FAULT_HITS:
		return fault_hits(board->faults);
	default:
		return 0;
	}
}

static uint32_t point_read(uint32_t offset)
{
	return offset & 4 ? power_point_microvolt(offset / 8) : power_point_divider(offset / 8);
}

static uint32_t identity_read(const struct board *board, uint32_t offset)
{
	switch (offset) {
	case NVDLA_BOARD_MAGIC:
		return NVDLA_BOARD_MAGIC_VALUE;
	case NVDLA_BOARD_VERSION:
		return NVDLA_BOARD_VERSION_VALUE;
	case NVDLA_BOARD_CORES:
		return board->count;
	case NVDLA_BOARD_FEATURES:
		return NVDLA_BOARD_FEAT_FAULTS | NVDLA_BOARD_FEAT_MODEL |
		       (board->realtime ? NVDLA_BOARD_FEAT_REALTIME : 0);
	case NVDLA_BOARD_POINTS:
		return power_points();
	case NVDLA_BOARD_CLOCK_HZ:
	case NVDLA_BOARD_CLOCK_HZ + 4:
		return half(board->timing.clock_hz, offset);
	case NVDLA_BOARD_SRAM_SIZE:
	case NVDLA_BOARD_SRAM_SIZE + 4:
		return half(board->sram_size, offset);
	case NVDLA_BOARD_SRAM_BASE:
	case NVDLA_BOARD_SRAM_BASE + 4:
		return half(board->sram_base, offset);
	case NVDLA_BOARD_SCRATCH:
		return board->scratch;
	default:
		if (offset >= NVDLA_BOARD_CONFIG_NAME &&
		    offset < NVDLA_BOARD_CONFIG_NAME + NVDLA_BOARD_CONFIG_NAME_SIZE)
			return text_word(board->config->name, offset - NVDLA_BOARD_CONFIG_NAME);
		return 0;
	}
}

static struct board_core *core_of(struct board *board, uint32_t offset)
{
	uint32_t index = (offset - NVDLA_BOARD_CORE(0)) / 0x100;

	return offset >= NVDLA_BOARD_CORE(0) && index < board->count ? &board->cores[index] : NULL;
}

uint32_t board_control_read(struct board *board, uint32_t offset)
{
	struct board_core *core = core_of(board, offset);
	uint32_t value;

	if (core)
		return core_read(core, offset & 0xff);
	if (offset < NVDLA_BOARD_INTR_STATUS)
		return identity_read(board, offset);
	if (offset >= NVDLA_BOARD_POINT_DIVIDER(0) &&
	    offset < NVDLA_BOARD_POINT_DIVIDER(NVDLA_BOARD_MAX_POINTS))
		return point_read(offset - NVDLA_BOARD_POINT_DIVIDER(0));
	if (offset < NVDLA_BOARD_RESET) {
		pthread_mutex_lock(&board->irq_lock);
		value = interrupt_read(board, offset);
		pthread_mutex_unlock(&board->irq_lock);
		return value;
	}
	return fault_read(board, offset);
}

void board_control_write(struct board *board, uint32_t offset, uint32_t value)
{
	struct board_core *core = core_of(board, offset);

	if (core) {
		core_write(core, offset & 0xff, value);
	} else if (offset == NVDLA_BOARD_SCRATCH) {
		board->scratch = value;
	} else if (offset == NVDLA_BOARD_RESET) {
		if (value != NVDLA_BOARD_RESET_KEY)
			return;
		fault_clear(board->faults, NVDLA_BOARD_FAULT_ANY);
		board_apply_slowness(board);
		board_reset(board);
	} else if (offset >= NVDLA_BOARD_INTR_STATUS && offset < NVDLA_BOARD_RESET) {
		pthread_mutex_lock(&board->irq_lock);
		interrupt_write(board, offset, value);
		pthread_mutex_unlock(&board->irq_lock);
	} else {
		fault_write(board, offset, value);
	}
}

void board_control_reset(struct board *board)
{
	pthread_mutex_lock(&board->irq_lock);
	board->intr_enable = ~0u;
	board->event_status = 0;
	board->event_enable = 0;
	board->error_first = 0;
	board->error_count = 0;
	board->error_lost = 0;
	board_update_pin(board);
	pthread_mutex_unlock(&board->irq_lock);
	board->scratch = 0;
	board->fault_number = 0;
	board->fault = (struct fault) { .core = NVDLA_BOARD_FAULT_ANY,
					.unit = NVDLA_BOARD_FAULT_ANY };
}
