// SPDX-License-Identifier: MIT
/*
 * Cross-layer equalisation: a channel of an activation may be made smaller, by
 * smaller weights in front, and larger weights behind, without the network's
 * answers changing. Channels of one tensor share one INT8 scale, so those with
 * small values gain what those with large ones lose.
 *
 * Source: Nagel et al., Data-Free Quantization Through Weight Equalization and
 * Bias Correction, 2019, section 4.1, here for all tensors that additions and
 * operations without memory of channels tie together, residual connections too.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libaccel/dev/error.h"
#include "libaccel/quant/quant_state.h"

#define FACTOR_MAX	64.f	/* in either direction, so that nothing runs away */
/*
 * The full step of the paper is 1/2, until nothing changes. Weights here have a
 * scale per output channel already; half of that, once, gained up to 5 dB and
 * cost 1 dB at most on the networks measured, while more of it cost 3.
 */
#define EXPONENT	0.25f

/**
 * struct trunk - tensors whose channels are scaled together
 * @parent: per tensor: union-find
 * @fixed: per root: must stay as it is
 * @written: per root: @channels largest weights that write the channel, NULL: not seen
 * @read: per root: the same of those that read it
 */
struct trunk {
	struct graph *graph;
	uint32_t *parent;
	bool *fixed;
	float **written, **read;
};

static uint32_t root_of(struct trunk *trunk, uint32_t tensor)
{
	while (trunk->parent[tensor] != tensor)
		tensor = trunk->parent[tensor] = trunk->parent[trunk->parent[tensor]];
	return tensor;
}

static uint32_t channels_of(const struct graph *graph, uint32_t tensor)
{
	const struct graph_tensor *t = &graph->tensors[tensor];

	return t->rank ? t->dims[t->rank - 1] : 0;
}

static void fix(struct trunk *trunk, uint32_t tensor)
{
	if (tensor != GRAPH_NONE)
		trunk->fixed[root_of(trunk, tensor)] = true;
}

static void tie(struct trunk *trunk, uint32_t a, uint32_t b)
{
	bool fixed = channels_of(trunk->graph, a) != channels_of(trunk->graph, b);

	a = root_of(trunk, a);
	b = root_of(trunk, b);
	fixed |= trunk->fixed[a] || trunk->fixed[b];
	trunk->parent[a] = b;
	trunk->fixed[b] = fixed;
}

/* Is f(s x) = s f(x) for positive s? */
static bool scales_through(const struct graph_op *op)
{
	return (op->act_min == 0 || op->act_min == -INFINITY) && op->act_max == INFINITY;
}

/* Does the weights' tensor belong to one operation alone? */
static bool own_constant(const struct graph *graph, uint32_t tensor)
{
	return graph_is_const(&graph->tensors[tensor]) && graph->tensors[tensor].type == GRAPH_F32 &&
	       graph_only_user(graph, tensor) != GRAPH_NONE;
}

/* Convolutions and fully connected layers whose weights can take factors. */
static bool takes_factors(const struct graph *graph, const struct graph_op *op)
{
	const struct graph_tensor *w;

	if (op->kind != GRAPH_CONV && op->kind != GRAPH_FULLY_CONNECTED)
		return false;
	w = &graph->tensors[op->inputs[1]];
	return own_constant(graph, op->inputs[1]) && (op->num_inputs < 3 ||
	       op->inputs[2] == GRAPH_NONE || own_constant(graph, op->inputs[2])) &&
	       channels_of(graph, op->outputs[0]) == w->dims[0] &&
	       (op->kind == GRAPH_CONV ||
		channels_of(graph, op->inputs[0]) == w->dims[w->rank - 1]);
}

/* What ties an operation's output to its first @count inputs; 0: nothing. */
static uint32_t tied_inputs(const struct graph *graph, const struct graph_op *op)
{
	const struct graph_tensor *y = &graph->tensors[op->outputs[0]];
	const struct graph_tensor *x = &graph->tensors[op->inputs[0]];

	if (!scales_through(op) || x->rank != y->rank)
		return 0;
	switch (op->kind) {
	case GRAPH_ADD: case GRAPH_SUB: case GRAPH_MAX: case GRAPH_MIN:
		if (x->rank != graph->tensors[op->inputs[1]].rank ||
		    memcmp(x->dims, graph->tensors[op->inputs[1]].dims, x->rank * sizeof(*x->dims)) ||
		    graph_is_const(x) || graph_is_const(&graph->tensors[op->inputs[1]]))
			return 0;
		return 2;
	case GRAPH_MAX_POOL: case GRAPH_AVG_POOL: case GRAPH_LEAKY_RELU: case GRAPH_RESIZE:
		return 1;
	case GRAPH_PRELU:
		return graph_is_const(&graph->tensors[op->inputs[1]]);
	case GRAPH_PAD:
		return op->num_inputs < 2 && op->params.pad.mode == GRAPH_PAD_CONSTANT;
	default:
		return 0;
	}
}

static void tie_all(struct trunk *trunk, const struct quant_config *config)
{
	const struct graph *graph = trunk->graph;

	for (uint32_t i = 0; i < graph->num_inputs; i++)
		fix(trunk, graph->inputs[i]);
	for (uint32_t i = 0; i < graph->num_outputs; i++)
		fix(trunk, graph->outputs[i]);
	for (uint32_t i = 0; i < graph->num_ops; i++) {
		const struct graph_op *op = &graph->ops[i];
		uint32_t tied = op->num_outputs ? tied_inputs(graph, op) : 0;

		/* Who names a scale knows the values as they are. */
		if (op->num_outputs && quant_rule_for(config, op).scale > 0)
			fix(trunk, op->outputs[0]);
		if (takes_factors(graph, op)) {
			if (!scales_through(op))
				fix(trunk, op->outputs[0]);
			continue;
		}
		for (uint32_t j = 0; j < op->num_inputs; j++) {
			if (op->inputs[j] == GRAPH_NONE)
				continue;
			if (j < tied)
				tie(trunk, op->inputs[j], op->outputs[0]);
			else
				fix(trunk, op->inputs[j]);
		}
		if (op->num_outputs && !tied)
			fix(trunk, op->outputs[0]);
	}
}

/* Index of the input channel that weight @i of row @row belongs to. */
static uint32_t input_channel(const struct graph *graph, const struct graph_op *op, uint32_t row,
			      uint64_t i)
{
	const struct graph_tensor *w = &graph->tensors[op->inputs[1]];
	uint32_t per_group = w->dims[w->rank - 1];
	uint32_t groups = channels_of(graph, op->inputs[0]) / per_group;

	return row / (w->dims[0] / groups) * per_group + (uint32_t)(i % per_group);
}

/* Room for one number per channel of @tensor's trunk; NULL: it is fixed, or no memory. */
static float *numbers(struct trunk *trunk, float **list, uint32_t tensor, int *err)
{
	uint32_t root = root_of(trunk, tensor);

	if (trunk->fixed[root])
		return NULL;
	if (!list[root]) {
		list[root] = calloc(channels_of(trunk->graph, tensor), sizeof(**list));
		if (!list[root])
			*err = accel_error_memory("equalisation");
	}
	return list[root];
}

/* The largest weights that write and that read each channel of each trunk. */
static int measure(struct trunk *trunk)
{
	const struct graph *graph = trunk->graph;
	int err = 0;

	for (uint32_t i = 0; !err && i < graph->num_ops; i++) {
		const struct graph_op *op = &graph->ops[i];
		const struct graph_tensor *w;
		float *written, *read;
		uint64_t row_size;

		if (!takes_factors(graph, op))
			continue;
		w = &graph->tensors[op->inputs[1]];
		row_size = graph_elements(w) / w->dims[0];
		written = numbers(trunk, trunk->written, op->outputs[0], &err);
		read = numbers(trunk, trunk->read, op->inputs[0], &err);
		for (uint64_t j = 0; !err && j < graph_elements(w); j++) {
			uint32_t row = (uint32_t)(j / row_size);
			uint32_t column = input_channel(graph, op, row, j % row_size);
			float size = fabsf(((const float *)w->data)[j]);

			if (written)
				written[row] = fmaxf(written[row], size);
			if (read)
				read[column] = fmaxf(read[column], size);
		}
	}
	return err;
}

/* Factors of one trunk, into @written; false: leave it. */
static bool choose(float *written, const float *read, uint32_t channels)
{
	double mean = 0;
	bool changes = false;

	for (uint32_t c = 0; c < channels; c++) {
		if (!(written[c] > 0) || !(read[c] > 0) || !isfinite(written[c]) || !isfinite(read[c]))
			written[c] = 0;		/* a dead channel */
		else
			written[c] = powf(written[c] / read[c], EXPONENT);
		mean += written[c] > 0 ? log(written[c]) : 0;
	}
	mean /= channels;
	for (uint32_t c = 0; c < channels; c++) {
		if (!(written[c] > 0)) {
			written[c] = 1;
			continue;
		}
		written[c] = (float)exp(log(written[c]) - mean);
		written[c] = fminf(fmaxf(written[c], 1 / FACTOR_MAX), FACTOR_MAX);
		changes |= fabsf(written[c] - 1) > 0.01f;
	}
	return changes;
}

static void apply(struct trunk *trunk)
{
	struct graph *graph = trunk->graph;

	for (uint32_t i = 0; i < graph->num_ops; i++) {
		const struct graph_op *op = &graph->ops[i];
		const float *behind, *front;
		struct graph_tensor *w;
		uint64_t row_size;
		float *data;

		if (!takes_factors(graph, op))
			continue;
		w = &graph->tensors[op->inputs[1]];
		data = w->data;
		row_size = graph_elements(w) / w->dims[0];
		behind = trunk->written[root_of(trunk, op->outputs[0])];
		front = trunk->written[root_of(trunk, op->inputs[0])];
		for (uint64_t j = 0; j < graph_elements(w); j++) {
			uint32_t row = (uint32_t)(j / row_size);

			if (behind)
				data[j] /= behind[row];
			if (front)
				data[j] *= front[input_channel(graph, op, row, j % row_size)];
		}
		for (uint32_t row = 0; behind && op->num_inputs > 2 && op->inputs[2] != GRAPH_NONE &&
		     row < w->dims[0]; row++)
			((float *)graph->tensors[op->inputs[2]].data)[row] /= behind[row];
	}
}

static int equalize(struct trunk *trunk)
{
	const struct graph *graph = trunk->graph;
	int err = measure(trunk);

	for (uint32_t i = 0; !err && i < graph->num_tensors; i++) {
		if (!trunk->written[i])
			continue;
		if (!trunk->read[i] || !choose(trunk->written[i], trunk->read[i], channels_of(graph, i))) {
			free(trunk->written[i]);
			trunk->written[i] = NULL;
		}
	}
	if (!err)
		apply(trunk);
	for (uint32_t i = 0; i < graph->num_tensors; i++) {
		free(trunk->written[i]);
		free(trunk->read[i]);
		trunk->written[i] = trunk->read[i] = NULL;
	}
	return err;
}

int quant_equalize(struct graph *graph, const struct quant_config *config)
{
	uint32_t n = graph->num_tensors + 1;
	struct trunk trunk = {
		.graph = graph, .parent = calloc(n, sizeof(*trunk.parent)),
		.fixed = calloc(n, sizeof(*trunk.fixed)),
		.written = calloc(n, sizeof(*trunk.written)), .read = calloc(n, sizeof(*trunk.read)),
	};
	int err;

	if (!trunk.parent || !trunk.fixed || !trunk.written || !trunk.read) {
		err = accel_error_memory("equalisation");
	} else {
		for (uint32_t i = 0; i < graph->num_tensors; i++)
			trunk.parent[i] = i;
		tie_all(&trunk, config);
		err = equalize(&trunk);
	}
	free(trunk.parent);
	free(trunk.fixed);
	free(trunk.written);
	free(trunk.read);
	return err;
}
