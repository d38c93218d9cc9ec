/* SPDX-License-Identifier: MIT */
/*
 * What operations cost on the CPU, so that they can be placed where that is
 * worth it.
 */
#ifndef ACCEL_CPU_COST_H
#define ACCEL_CPU_COST_H

#include "libaccel/graph/graph.h"

/**
 * struct cpu_cost - nanoseconds of this or another machine
 * @move: per byte of a result that is moved, in the order of its source or not
 * @map: per value that goes through a table
 * @mix: per value of a bilinear resize
 * @real: per value that is computed in float, there and back
 * @product: per product of a convolution
 * @layout: per byte between rows and cube
 * @change: from the NPU to the CPU and back: interrupt, waking, submission
 *
 * All zero: nothing is known, and whatever the NPU can do is its.
 */
struct cpu_cost {
	double move, map, mix, real, product, layout, change;
};

/**
 * cpu_cost_measure() - run what there are figures for on this machine
 * @cost: receives them, each rounded to half a power of two, so that they are
 *        the same most times
 *
 * Takes about 0.1 s. @change cannot be measured without a device: it is 50 us,
 * as hardware with a driver needs.
 *
 * Return: 0 or -ENOMEM.
 */
int cpu_cost_measure(struct cpu_cost *cost);

/**
 * cpu_cost_load() - read figures from a file, or measure and write them
 * @path: lines "NAME NANOSECONDS"; made when there is none
 *
 * Return: 0; -EINVAL a line that is none, with words; -errno.
 */
int cpu_cost_load(const char *path, struct cpu_cost *cost);

/* Nanoseconds that operation @op of @graph takes, without changes of layout. */
double cpu_cost_of(const struct cpu_cost *cost, const struct graph *graph,
		   const struct graph_op *op);

#endif /* ACCEL_CPU_COST_H */
