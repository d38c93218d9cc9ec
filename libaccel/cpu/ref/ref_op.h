/* SPDX-License-Identifier: MIT */
/*
 * Reference kernels for all operations of a graph, in plain C: float, and
 * int8 for what stays on the CPU.
 *
 * Integer arithmetic, with x = scale * (q - zero point):
 *  - CONV, CONV_TRANSPOSED, FULLY_CONNECTED: exact int32 sums of
 *    (q_x - z_x) * (q_w - z_w) plus bias, times input scale * weight scale /
 *    output scale as a 31-bit multiplier with rounding shift, as TFLite does.
 *  - MAX_POOL and operations that move data: without arithmetic when input
 *    and output have the same scale.
 *  - functions of one value: computed in double for all 256 values.
 *  - everything else: its float kernel on the reals, result / scale rounded to
 *    nearest, halves away from zero.
 * All of it gives the same bytes on every machine whose libm rounds exp(),
 * tanh() and the like to within half a step of the output.
 */
#ifndef ACCEL_REF_OP_H
#define ACCEL_REF_OP_H

#include "libaccel/graph/graph.h"

/**
 * cpu_op_run() - run one operation
 * @graph: passed graph_check()
 * @op: one of its operations
 * @data: per tensor where its bytes lie, row major; NULL: take graph_tensor::data.
 *        For GRAPH_WRITE_STATE, the second input is written
 *
 * Safe to call from several threads with different outputs. May use several
 * threads itself, those of pool.h.
 *
 * Return: 0; -ENOMEM; -EINVAL for a value that cannot be known before, e.g. an
 * index out of range.
 */
int cpu_op_run(const struct graph *graph, const struct graph_op *op, void *const *data);

/* An operation whose weights are packed; opaque. */
struct cpu_op;

/**
 * cpu_op_new() - make an operation ready to run many times
 * @graph: passed graph_check(); must outlive the operation and not change
 * @op: one of its operations
 * @out: receives it; free with cpu_op_free()
 *
 * Weights that are constants are packed here and not when it runs.
 *
 * Return: 0 or -ENOMEM.
 */
int cpu_op_new(const struct graph *graph, const struct graph_op *op, struct cpu_op **out);
void cpu_op_free(struct cpu_op *op);

/**
 * cpu_op_again() - run it
 * @data: as for cpu_op_run(); the constants are those of the graph
 *
 * Safe to call from several threads with different outputs. The same result as
 * cpu_op_run().
 */
int cpu_op_again(const struct cpu_op *op, void *const *data);

#endif /* ACCEL_REF_OP_H */
