/* SPDX-License-Identifier: MIT */
/*
 * A convolution on its way to the NPU: what lower_conv.c makes of operations of
 * the graph and layer_emit.c and layer_sdp.c turn into operations of the NPU.
 */
#ifndef ACCEL_LAYER_H
#define ACCEL_LAYER_H

#include "lower.h"

/* A convolution as arrays, whatever operation of the graph it came from. */
struct layer {
	uint32_t in, out;		/* tensors */
	int8_t *weights;		/* [kernels][kernel_h][kernel_w][group_c] */
	double *bias;			/* in units of the accumulator */
	double *scale;			/* si * sw[k] */
	uint32_t kernels;
	uint32_t group_c;		/* channels of the weights, before padding for images */
	struct npu_conv conv;		/* shape, stride, padding */
	uint32_t in_width, in_height, in_channels;	/* as the convolution sees them */
	uint32_t first;			/* channel of @out that kernel 0 makes */
	/* Cubes to use instead of the tensors' own. */
	bool cubes;
	struct npu_cube in_cube, out_cube;
	uint32_t in_buffer, out_buffer;
	bool join;			/* with cubes: added to what the output holds, not to zero */
	bool steps;			/* computes with steps, zero points left in: equal scales */
	int32_t act_lo, act_hi;		/* in steps of @out's own tensor */
	bool relu;			/* its activation is max(x, 0) */
	bool clamp;			/* it has another one */
};

/* What follows a layer and can be done with it. */
struct tail {
	uint32_t out;			/* tensor that is written in the end */
	uint32_t add;			/* operation of the graph, or GRAPH_NONE */
	uint32_t other;			/* its other input */
	bool negate_layer, negate_other;
	uint32_t pad;			/* padding of channels before the other input, or GRAPH_NONE */
	uint32_t slope_op;		/* leaky or parametric ReLU, or GRAPH_NONE */
	int32_t lo, hi;			/* clamp of the result, in its steps */
};

/*
 * Arrays for layer->kernels kernels and, behind them, as many zero ones as an
 * atom may need. After false the caller frees what there is.
 */
bool layer_alloc(struct layer *layer);
void layer_free(struct layer *layer);

/* Do all groups have the same weights? Averages have. */
bool layer_is_uniform(const struct layer *layer);

/**
 * layer_fold() - see a global average as a layer that sums channels
 * @from: any layer
 * @layer: receives the same layer in another form; layer_free() it
 *
 * Return: false when there is none.
 */
bool layer_fold(struct lower *lower, const struct layer *from, struct layer *layer);

/*
 * Append a depthwise layer of one pixel as an operation of SDP alone. Return: false:
 * it is none, or costs more, and nothing was appended.
 */
bool layer_scale(struct lower *lower, const struct layer *layer);

/**
 * layer_unroll() - append a layer with a single pixel of output as layers whose
 * taps are channels
 * @done: whether it did: they cost less, and nothing was in the way
 *
 * Return: NULL, or in words why the NPU cannot do it.
 */
const char *layer_unroll(struct lower *lower, const struct layer *layer, uint32_t index,
			 bool *done);

/* Does FULLY_CONNECTED @index read the image that is flattened before it? */
bool layer_sees_image(const struct lower *lower, uint32_t index);

/* Constants as a layer wants them? @bias may be GRAPH_NONE. */
bool layer_usable_weights(const struct graph *graph, uint32_t weights, uint32_t bias);

/* Can the registers hold the window's numbers? */
bool layer_window_fits(const struct graph_window *window);
void layer_set_window(struct npu_conv *conv, const struct graph_window *window);

/**
 * layer_emit() - append the layer's operations
 * @index: operation of the graph that it stands for
 *
 * Return: NULL, or in words why the NPU cannot do it.
 */
const char *layer_emit(struct lower *lower, struct layer *layer, uint32_t index);

/* Estimated cycles of a convolution by itself; UINT64_MAX: the NPU cannot do it. */
uint64_t layer_cycles(struct lower *lower, const struct npu_conv *conv, uint32_t in_channels,
		      uint32_t in_width, uint32_t in_height, uint32_t kernels);

/*
 * The operation that pads @tensor with channels behind the last, if nothing
 * else reads it and it has not been done: adding zeros can be left out.
 */
uint32_t layer_padding_of(const struct lower *lower, uint32_t tensor, uint32_t index);

/* Stage X2 has nothing to do but requantise. */
bool layer_x2_is_free(const struct tail *tail, bool add);

/*
 * SDP's part of a layer with an addition behind it, or without. @clamped:
 * whether the result's clamp is part of it.
 */
bool layer_sdp_add(struct lower *lower, const struct layer *layer, const struct tail *tail,
		   struct lower_op *op, bool *clamped, const char **why);
bool layer_sdp_plain(struct lower *lower, const struct layer *layer, const struct tail *tail,
		     struct lower_op *op, bool *clamped, const char **why);

#endif /* ACCEL_LAYER_H */
