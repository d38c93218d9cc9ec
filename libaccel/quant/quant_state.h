/* SPDX-License-Identifier: MIT */
/*
 * Between the files of the quantiser.
 */
#ifndef ACCEL_QUANT_STATE_H
#define ACCEL_QUANT_STATE_H

#include "libaccel/quant/quantize.h"
#include "libaccel/run/graph_exec.h"

#define QUANT_BINS	2048

/**
 * struct quant_range - distribution of a tensor's values
 * @low: smallest
 * @high: largest
 * @reach: the histogram covers -reach to reach
 * @bins: histogram, NULL for tensors that need none
 */
struct quant_range {
	float low, high, reach;
	uint32_t *bins;
	bool seen;
};

/**
 * struct quant_layer - what is noted about the input of a convolution
 * @mean: per input channel, sum of values
 * @count: values per channel
 * @moments: per group, sum of products of the inputs under the kernel,
 *           [group][k][k]; NULL: none
 * @k: inputs under the kernel per group
 * @groups: groups
 * @samples: patches in @moments
 */
struct quant_layer {
	double *mean;
	uint64_t count;
	float *moments;
	uint32_t k, groups;
	uint64_t samples;
};

struct quant {
	struct graph *graph;
	struct quant_config config;
	struct graph_exec *exec;
	struct quant_range *ranges;	/* per tensor */
	struct quant_layer *layers;	/* per operation */
	uint32_t samples;
};

/* Add a tensor's values to its distribution. */
int quant_range_add(struct quant_range *range, const float *values, uint64_t count);
/* Add a convolution's input to what is noted about it. */
int quant_layer_add(struct quant_layer *layer, const struct graph *graph,
		    const struct graph_op *op, const float *x);
void quant_layer_clear(struct quant_layer *layer);

/* Choose the range [@low, @high]; it contains 0. */
void quant_range_choose(const struct quant_range *range, enum quant_method method,
			float percentile, float *low, float *high);

/* Scale and zero point of int8 for a range that contains 0. */
void quant_parameters(float low, float high, float *scale, int32_t *zero_point);

/**
 * quant_weights() - weights and bias of an operation as integers
 * @op: of the float graph
 * @scale_in: of the input's integers
 * @weights: receives int8, as many as the operation has
 * @bias: receives one per output channel
 * @scales: receives one per output channel
 */
int quant_weights(const struct quant *quant, uint32_t op, float scale_in, int8_t *weights,
		  int32_t *bias, float *scales);

/**
 * quant_equalize() - even out the channels of activations by their weights
 * @graph: float; its constants belong to it (graph_clone())
 * @config: layers whose scale it names keep their outputs as they are
 *
 * Return: 0 or -ENOMEM.
 */
int quant_equalize(struct graph *graph, const struct quant_config *config);

/* Rules for an operation, the most specific ones. */
struct quant_rule quant_rule_for(const struct quant_config *config, const struct graph_op *op);

#endif /* ACCEL_QUANT_STATE_H */
