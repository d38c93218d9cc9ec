/* SPDX-License-Identifier: MIT */
/*
 * Rewriting graphs without changing what they compute (but for the rounding of
 * reals). Every pass leaves a graph that passes graph_check(), returns 0 or a
 * negative errno, and may be run at any time.
 */
#ifndef ACCEL_PASSES_H
#define ACCEL_PASSES_H

#include "libaccel/graph/graph.h"

/* All of the below, until nothing changes. */
int graph_optimize(struct graph *graph);

/**
 * graph_fold_op() - compute an operation whose inputs are all constant
 *
 * Return: 1: its output is a constant now and the operation gone; 0: not all
 * inputs are constant, or it touches a state; negative errno.
 */
int graph_fold_op(struct graph *graph, uint32_t op);

/* Constants behind DEQUANTIZE that no integer operation took become reals. */
int pass_dequantize_constants(struct graph *graph);

/* graph_fold_op() on all operations. @changed is set when something was done. */
int pass_fold_constants(struct graph *graph, bool *changed);

/* Drop transposes: push them through what does not care, cancel pairs. */
int pass_transposes(struct graph *graph, bool *changed);

/* Batch normalisation to multiply and add; those into convolutions before. */
int pass_fold_scales(struct graph *graph, bool *changed);

/* Clamps, ReLUs into the operation before; zero padding into what follows. */
int pass_fuse(struct graph *graph, bool *changed);

/* Operations that do nothing: reshapes to the same shape, casts to the same type. */
int pass_drop_idle(struct graph *graph, bool *changed);

/**
 * pass_fold_fake_quantization() - DEQUANTIZE, operation, QUANTIZE to integers
 *
 * Models that come with QUANTIZE and DEQUANTIZE around every operation (QDQ):
 * the operation then works on integers as it would in a model that comes
 * quantised.
 */
int pass_fold_fake_quantization(struct graph *graph, bool *changed);

#endif /* ACCEL_PASSES_H */
