// SPDX-License-Identifier: MIT
/*
 * Operating points, and the power that passes with time: what the clock costs
 * while nothing is computed, and leakage. Orders of magnitude for a 16 nm part,
 * assumed, not measured: at 0.9 V, a cycle of the clock 5 pJ and 0.02 pJ for
 * each multiplier, leakage 2 mW and 5 uW for each multiplier. Both go with the
 * square of the voltage.
 */
#include "board_state.h"

#define NOMINAL_UV	900000

/* By divider, from 1 on; lower clocks keep the lowest voltage. */
static const uint32_t microvolts[] = { 900000, 750000, 700000, 650000, 600000 };

#define POINTS	(sizeof(microvolts) / sizeof(microvolts[0]))

uint32_t power_points(void)
{
	return POINTS;
}

uint32_t power_point_divider(uint32_t point)
{
	return point < POINTS ? point + 1 : 0;
}

uint32_t power_point_microvolt(uint32_t point)
{
	return point < POINTS ? microvolts[point] : 0;
}

/* Without a clock it is kept at the lowest voltage. */
double power_scale(uint32_t divider)
{
	uint32_t point = divider && divider <= POINTS ? divider - 1 : POINTS - 1;
	double ratio = (double)microvolts[point] / NOMINAL_UV;

	return ratio * ratio;
}

static double watt_ns_to_pj(double watt, double ns)
{
	return watt * ns * 1e3;
}

void power_pass(struct board_core *core)
{
	const struct board *board = core->board;
	double macs = board->config->atomic_c * board->config->atomic_k;
	uint64_t now = board->realtime ? board_now() : core->time_ns;
	double hz = core->divider ? (double)board->timing.clock_hz / core->divider : 0;
	double watt = (hz * (5 + 0.02 * macs) * 1e-12 + 2e-3 + 5e-6 * macs) *
		      power_scale(core->divider);

	core->passed_pj += watt_ns_to_pj(watt, (double)(now - core->passed_ns));
	core->passed_ns = now;
}

void power_set_divider(struct board_core *core, uint32_t divider)
{
	power_pass(core);
	core->divider = divider;
	npusim_supply(core->board->sim, core->index, (unsigned int)(power_scale(divider) * 1e6));
}
