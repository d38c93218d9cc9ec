/* SPDX-License-Identifier: MIT */
/*
 * Running a graph on the CPU with the reference kernels: for calibration, as
 * the teacher of quantisation, to validate.
 *
 * An executor belongs to one thread at a time; several may share a graph.
 */
#ifndef ACCEL_GRAPH_EXEC_H
#define ACCEL_GRAPH_EXEC_H

#include "libaccel/graph/graph.h"

struct graph_exec;

/**
 * graph_exec_new() - prepare to run a graph
 * @graph: passed graph_check(); must outlive the executor and not change
 * @keep: keep every tensor's value until the next run; else memory is given
 *        back after the last use
 */
int graph_exec_new(const struct graph *graph, bool keep, struct graph_exec **out);
void graph_exec_free(struct graph_exec *exec);

/* Called after each operation; a result other than 0 ends the run. */
typedef int (*graph_exec_observer)(void *context, const struct graph_exec *exec, uint32_t op);

/**
 * graph_exec_run() - run all operations
 * @inputs: per input of the graph its bytes, row major
 * @observer: NULL: none
 *
 * Variables keep their values from run to run.
 */
int graph_exec_run(struct graph_exec *exec, const void *const *inputs,
		   graph_exec_observer observer, void *context);

/* Give variables their first values again. */
int graph_exec_reset(struct graph_exec *exec);

/* A tensor's bytes, valid until the next run; NULL: no longer kept. */
const void *graph_exec_data(const struct graph_exec *exec, uint32_t tensor);

/* Put other bytes in place of a kept tensor's, before graph_exec_op(). */
void *graph_exec_buffer(struct graph_exec *exec, uint32_t tensor);

/* Run one operation again on what is kept. */
int graph_exec_op(struct graph_exec *exec, uint32_t op);

#endif /* ACCEL_GRAPH_EXEC_H */
