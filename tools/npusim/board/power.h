/* SPDX-License-Identifier: MIT */
/*
 * Operating points of the board, and the energy that passes with time.
 */
#ifndef NPUSIM_POWER_H
#define NPUSIM_POWER_H

#include <stdint.h>

struct board_core;

/* Operating points, the fastest first; 0 beyond the last. */
uint32_t power_points(void);
uint32_t power_point_divider(uint32_t point);
uint32_t power_point_microvolt(uint32_t point);

/* Energy of an event at a divider, as a share of that at divider 1. */
double power_scale(uint32_t divider);

/*
 * Account for the time since the last call: wall-clock time of a board that
 * keeps to it, else modelled time. The core's lock is held.
 */
void power_pass(struct board_core *core);

/* Another divider, 0 for none, and the voltage with it. The core's lock is held. */
void power_set_divider(struct board_core *core, uint32_t divider);

#endif /* NPUSIM_POWER_H */
