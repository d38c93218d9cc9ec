// SPDX-License-Identifier: MIT
/*
 * Convolutions in a row and CBUF. Those that work on the same data, as the branches
 * of an Inception module do: the first one fetches them, CBUF keeps them, each
 * brings its own weights. Others agree about the banks where it costs little, since
 * weights are fetched ahead only while these stay the same.
 */
#include "lower.h"

#define MOST	16	/* convolutions that share */

/* All lines and columns of the input are fetched, and nothing but it. */
static bool may_share(const struct lower_op *op)
{
	const struct npu_conv *conv = &op->op.conv;
	const struct npu_cube *in = &op->op.in, *out = &op->op.out;
	const uint32_t span_x = (conv->kernel_w - 1) * conv->dilation_x + 1;
	const uint32_t span_y = (conv->kernel_h - 1) * conv->dilation_y + 1;

	return op->op.kind == NPU_CONV && !op->flies && !conv->image && conv->groups == 1 &&
	       (out->width - 1) * conv->stride_x + span_x >= conv->pad_left + in->width &&
	       (out->height - 1) * conv->stride_y + span_y >= conv->pad_top + in->height;
}

static bool same_data(const struct lower_op *a, const struct lower_op *b)
{
	const struct npu_cube *x = &a->op.in, *y = &b->op.in;

	return a->buffer[LOWER_IN] == b->buffer[LOWER_IN] && x->offset == y->offset &&
	       x->width == y->width && x->height == y->height && x->channels == y->channels &&
	       x->line == y->line && x->surface == y->surface && x->atom == y->atom;
}

/*
 * Operations from step @first on that work on the same data, with nothing of the
 * CPU's between them, which would end the program. Return: how many.
 */
static uint32_t find_run(const struct lower *lower, uint32_t first, uint32_t run[MOST],
			 uint32_t *next)
{
	uint32_t count = 0, i;

	for (i = first; i < lower->step_count && lower->steps[i].kind == LOWER_NPU; i++) {
		const struct lower_op *op = &lower->ops[lower->steps[i].index];

		/* Other engines do not touch CBUF. */
		if (op->op.kind != NPU_CONV)
			continue;
		if (count == MOST || !may_share(op) ||
		    (count && !same_data(op, &lower->ops[run[0]])))
			break;
		run[count++] = lower->steps[i].index;
	}
	*next = i > first ? i : first + 1;
	return count;
}

/* Plan the run; adopt the plan if it costs less. */
static void share(struct lower *lower, const uint32_t *run, uint32_t count)
{
	const struct npu_cube *in = &lower->ops[run[0]].op.in;
	const uint32_t depth = lower->config->cbuf_bank_depth;
	const uint64_t entries = (uint64_t)in->height *
		npu_cbuf_entries(lower->config, false, in->width, in->channels, 0);
	struct npu_tiling tilings[MOST];
	struct npu_cost costs[MOST];
	uint64_t before = 0, after = 0;
	uint32_t i;

	if (entries > (uint64_t)lower->config->cbuf_banks * depth)
		return;
	for (i = 0; i < count; i++) {
		const struct lower_op *op = &lower->ops[run[i]];

		if (npu_tile_plan_resident(lower->config, &op->op,
					   (uint32_t)((entries + depth - 1) / depth), i > 0,
					   lower->bandwidth, &tilings[i], &costs[i]))
			return;
		tilings[i].keep_data = i + 1 < count;
		before += npu_cost_score(&op->cost, lower->bandwidth);
		after += npu_cost_score(&costs[i], lower->bandwidth);
	}
	for (i = 0; after < before && i < count; i++) {
		lower->ops[run[i]].tiling = tilings[i];
		lower->ops[run[i]].cost = costs[i];
	}
}

/* Cycles of memory that a convolution's first weights take behind the one before. */
static uint64_t hidden_cycles(const struct lower *lower, const struct lower_op *before,
			      const struct lower_op *op)
{
	const uint32_t kernels = op->op.out.channels / op->op.conv.groups *
				 op->op.conv.groups_per_block;
	const uint64_t chunk = op->tiling.kernels < kernels ?
			       op->op.conv.weight_bytes * op->tiling.kernels / op->op.out.channels :
			       op->op.conv.weight_bytes * kernels / op->op.out.channels;
	const uint64_t cycles = (uint64_t)((double)chunk / lower->bandwidth);

	return cycles < before->cost.cycles ? cycles : before->cost.cycles;
}

/* Divide the banks as the convolution before does, if it is no loss. */
static void agree(struct lower *lower, const struct lower_op *before, struct lower_op *op)
{
	const struct npu_op *pool = op->flies ? &lower->ops[op->pool].op : NULL;
	struct npu_tiling tiling;
	struct npu_cost cost;

	if (before->tiling.data_banks == op->tiling.data_banks &&
	    before->tiling.weight_banks == op->tiling.weight_banks)
		return;
	if (before->tiling.data_banks + before->tiling.weight_banks != lower->config->cbuf_banks ||
	    npu_tile_plan_split(lower->config, &op->op, pool, before->tiling.weight_banks,
				lower->bandwidth, &tiling, &cost))
		return;
	/* Bytes are not worth it: memory is what the time is short of. */
	if (cost.read + cost.written > op->cost.read + op->cost.written ||
	    npu_cost_score(&cost, lower->bandwidth) >
	    npu_cost_score(&op->cost, lower->bandwidth) + hidden_cycles(lower, before, op))
		return;
	op->tiling = tiling;
	op->cost = cost;
}

/* Steps that are not the NPU's end a program, and with it what CBUF holds. */
static void agree_all(struct lower *lower)
{
	struct lower_op *before = NULL;
	uint32_t i;

	for (i = 0; i < lower->step_count; i++) {
		struct lower_op *op = &lower->ops[lower->steps[i].index];

		if (lower->steps[i].kind != LOWER_NPU) {
			before = NULL;
			continue;
		}
		if (op->op.kind != NPU_CONV)
			continue;
		if (before && !op->tiling.resident)
			agree(lower, before, op);
		before = op;
	}
}

void lower_share(struct lower *lower)
{
	uint32_t run[MOST], count, i, next;

	for (i = 0; i < lower->step_count; i = next) {
		count = find_run(lower, i, run, &next);
		if (count > 1)
			share(lower, run, count);
	}
	agree_all(lower);
}
