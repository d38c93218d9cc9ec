// SPDX-License-Identifier: MIT
/*
 * Poolings on the fly: where nobody else wants a convolution's results, they go
 * from SDP to PDP and no memory is written and read between the two.
 */
#include "lower.h"
#include "npu_code.h"

static bool same_cube(const struct npu_cube *a, const struct npu_cube *b)
{
	return a->offset == b->offset && a->width == b->width && a->height == b->height &&
	       a->channels == b->channels && a->line == b->line && a->surface == b->surface;
}

/* The convolution that makes all of what @pool reads, which nothing else touches. */
static struct lower_op *find_producer(struct lower *lower, const struct lower_op *pool)
{
	const uint32_t buffer = pool->buffer[LOWER_IN];
	struct lower_op *producer = NULL;
	uint32_t i, port;

	for (i = 0; i + 1 < lower->op_count; i++) {
		for (port = 0; port < LOWER_PORTS; port++) {
			if (lower->ops[i].buffer[port] != buffer)
				continue;
			if (producer || port != LOWER_OUT)
				return NULL;
			producer = &lower->ops[i];
		}
	}
	if (!producer || producer->op.kind != NPU_CONV || producer->flies ||
	    !same_cube(&producer->op.out, &pool->op.in))
		return NULL;
	return producer;
}

/* Is the memory known by other names, under which somebody may want it? */
static bool is_shared(const struct lower *lower, uint32_t tensor)
{
	uint32_t i;

	for (i = 0; i < lower->graph->num_tensors; i++) {
		if (i != tensor &&
		    lower->tensors[i].cube_buffer == lower->tensors[tensor].cube_buffer)
			return true;
	}
	return false;
}

bool lower_fly(struct lower *lower, uint32_t tensor)
{
	struct lower_op *pool = &lower->ops[lower->op_count - 1];
	struct lower_op *conv = find_producer(lower, pool);
	struct npu_tiling tiling;
	struct npu_cost cost;
	const char *why;

	if (!conv || is_shared(lower, tensor) || graph_only_user(lower->graph, tensor) == GRAPH_NONE ||
	    lower->tensors[tensor].rows_buffer != LOWER_NONE ||
	    npu_flying_supported(&conv->op, &pool->op, &why) ||
	    npu_tile_plan(lower->config, &conv->op, &pool->op, lower->bandwidth, &tiling, &cost,
			  &why) ||
	    npu_cost_score(&cost, lower->bandwidth) >=
	    npu_cost_score(&conv->cost, lower->bandwidth) +
	    npu_cost_score(&pool->cost, lower->bandwidth))
		return false;
	conv->flies = true;
	conv->pool = lower->op_count - 1;
	conv->tiling = tiling;
	conv->cost = cost;
	pool->flown = true;
	pool->cost = (struct npu_cost) { 0 };
	return true;
}
