// SPDX-License-Identifier: MIT
/*
 * Operations that move data without looking at it.
 *
 * All but concatenation and gather are one walk: for every element of the
 * output in order, where it comes from.
 */
#include <errno.h>
#include <string.h>

#include "libaccel/cpu/move/items.h"
#include "libaccel/cpu/ref/ref_op_kernels.h"
#include "libaccel/dev/error.h"

/* A walk: output dimensions, and by how many elements of the input each step goes on. */
struct walk {
	uint32_t rank;
	uint32_t dims[2 * GRAPH_DIMS];
	int64_t step[2 * GRAPH_DIMS];
	int64_t start;
};

/* The same in bytes, without what can be said in fewer dimensions. */
struct plan {
	uint32_t rank;
	size_t dims[2 * GRAPH_DIMS], out_step[2 * GRAPH_DIMS];
	ptrdiff_t step[2 * GRAPH_DIMS];
	size_t size;	/* of an item: elements that stay side by side */
};

static void make_plan(const struct walk *walk, size_t size, struct plan *plan)
{
	*plan = (struct plan){ .size = size };
	for (uint32_t i = 0; i < walk->rank; i++) {
		const ptrdiff_t step = walk->step[i] * (ptrdiff_t)size;
		const uint32_t last = plan->rank - 1;

		if (walk->dims[i] == 1)
			continue;
		if (plan->rank && plan->step[last] == step * (ptrdiff_t)walk->dims[i]) {
			plan->dims[last] *= walk->dims[i];
			plan->step[last] = step;
		} else {
			plan->dims[plan->rank] = walk->dims[i];
			plan->step[plan->rank++] = step;
		}
	}
	if (plan->rank && plan->step[plan->rank - 1] == (ptrdiff_t)size)
		plan->size *= plan->dims[--plan->rank];
	for (uint32_t i = plan->rank, step = 0; i-- > 0; step++)
		plan->out_step[i] = step ? plan->out_step[i + 1] * plan->dims[i + 1] : plan->size;
}

/* How a plan runs: item by item, or two of its dimensions at once. */
struct loop {
	const struct plan *plan;
	uint32_t flipped;		/* dimension whose items lie side by side in the input */
	items_flip_fn *flip;
};

static void run_dims(const struct loop *loop, uint32_t at, const uint8_t *in, uint8_t *out)
{
	const struct plan *plan = loop->plan;
	const uint32_t last = plan->rank - 1;

	if (at == loop->flipped) {
		run_dims(loop, at + 1, in, out);
	} else if (at < last) {
		for (size_t i = 0; i < plan->dims[at]; i++)
			run_dims(loop, at + 1, in + (ptrdiff_t)i * plan->step[at],
				 out + i * plan->out_step[at]);
	} else if (loop->flip) {
		loop->flip(in, (size_t)plan->step[last], plan->dims[last],
			   plan->dims[loop->flipped], out, plan->out_step[loop->flipped]);
	} else {
		items_strided(in, plan->step[last], plan->dims[last], plan->size, out);
	}
}

static void run_walk(const struct walk *walk, const uint8_t *in, uint8_t *out, size_t size)
{
	struct plan plan;
	struct loop loop = { &plan, GRAPH_NONE, NULL };

	for (uint32_t i = 0; i < walk->rank; i++)
		if (!walk->dims[i])
			return;
	make_plan(walk, size, &plan);
	in += walk->start * (int64_t)size;
	if (!plan.rank) {
		memcpy(out, in, plan.size);
		return;
	}
	for (uint32_t i = 0; i + 1 < plan.rank && plan.step[plan.rank - 1] > 0; i++) {
		if (plan.step[i] == (ptrdiff_t)plan.size) {
			loop.flip = items_flip_select(accel_isa_detect(), plan.size);
			loop.flipped = loop.flip ? i : GRAPH_NONE;
		}
	}
	run_dims(&loop, 0, in, out);
}

/* Elements from one index of a dimension to the next. */
static void strides(const struct graph_tensor *t, int64_t *stride)
{
	int64_t step = 1;

	for (uint32_t i = t->rank; i-- > 0;) {
		stride[i] = step;
		step *= t->dims[i];
	}
}

static void transpose(const struct ref_args *args, struct walk *walk)
{
	int64_t stride[GRAPH_DIMS];

	strides(args->in[0], stride);
	for (uint32_t i = 0; i < walk->rank; i++)
		walk->step[i] = stride[args->op->params.transpose.order[i]];
}

static void slice(const struct ref_args *args, struct walk *walk)
{
	int64_t stride[GRAPH_DIMS];

	strides(args->in[0], stride);
	for (uint32_t i = 0; i < walk->rank; i++) {
		walk->step[i] = stride[i] * args->op->params.slice.step[i];
		walk->start += stride[i] * args->op->params.slice.start[i];
	}
}

static void broadcast(const struct ref_args *args, struct walk *walk)
{
	const struct graph_tensor *x = args->in[0];
	int64_t stride[GRAPH_DIMS];

	strides(x, stride);
	for (uint32_t i = 0; i < walk->rank; i++) {
		uint32_t back = walk->rank - i;
		uint32_t axis = back <= x->rank ? x->rank - back : GRAPH_NONE;

		walk->step[i] = axis == GRAPH_NONE || x->dims[axis] == 1 ? 0 : stride[axis];
	}
}

/* Each dimension as copies and original. */
static void tile(const struct ref_args *args, struct walk *walk)
{
	const struct graph_tensor *x = args->in[0], *y = args->out;
	int64_t stride[GRAPH_DIMS];

	strides(x, stride);
	walk->rank = 2 * x->rank;
	for (uint32_t i = 0; i < x->rank; i++) {
		walk->dims[2 * i] = y->dims[i] / x->dims[i];
		walk->step[2 * i] = 0;
		walk->dims[2 * i + 1] = x->dims[i];
		walk->step[2 * i + 1] = stride[i];
	}
}

/* Depth to space as [N, H, b, W, b, C] read from [N, H, W, b, b, C] or [.., C, b, b]. */
static void blocks(const struct ref_args *args, struct walk *walk)
{
	const struct graph_tensor *x = args->in[0], *y = args->out;
	bool to_space = args->op->kind == GRAPH_DEPTH_TO_SPACE, crd = args->op->params.block.crd;
	uint32_t b = args->op->params.block.size;
	int64_t stride[GRAPH_DIMS];

	strides(x, stride);
	walk->rank = 6;
	if (to_space) {
		uint32_t c = y->dims[3];
		const uint32_t dims[] = { x->dims[0], x->dims[1], b, x->dims[2], b, c };
		const int64_t step[] = { stride[0], stride[1], crd ? b : (int64_t)b * c, stride[2],
					 crd ? 1 : c, crd ? (int64_t)b * b : 1 };

		memcpy(walk->dims, dims, sizeof(dims));
		memcpy(walk->step, step, sizeof(step));
	} else {
		const uint32_t dims[] = { y->dims[0], y->dims[1], y->dims[2], b, b, x->dims[3] };
		const int64_t step[] = { stride[0], stride[1] * b, stride[2] * b, stride[1], stride[2], 1 };

		memcpy(walk->dims, dims, sizeof(dims));
		memcpy(walk->step, step, sizeof(step));
	}
}

static void concat(const struct ref_args *args, size_t size)
{
	uint32_t axis = args->op->params.axis;
	size_t outer = 1, inner = size, at = 0;

	for (uint32_t i = 0; i < axis; i++)
		outer *= args->out->dims[i];
	for (uint32_t i = axis + 1; i < args->out->rank; i++)
		inner *= args->out->dims[i];
	for (uint32_t i = 0; i < args->num_in; i++) {
		size_t part = args->in[i]->dims[axis] * inner;

		items_scatter(args->in_data[i], outer, part, (uint8_t *)args->out_data + at,
			      args->out->dims[axis] * inner);
		at += part;
	}
}

static int gather(const struct ref_args *args, size_t size)
{
	const struct graph_tensor *x = args->in[0], *index = args->in[1];
	uint32_t axis = args->op->params.axis;
	size_t outer = 1, inner = size, n = graph_elements(index);
	uint8_t *out = args->out_data;

	for (uint32_t i = 0; i < axis; i++)
		outer *= x->dims[i];
	for (uint32_t i = axis + 1; i < x->rank; i++)
		inner *= x->dims[i];
	for (size_t i = 0; i < outer * n; i++, out += inner) {
		int64_t at = index->type == GRAPH_I64 ? ((const int64_t *)args->in_data[1])[i % n] :
			     ((const int32_t *)args->in_data[1])[i % n];

		if (at < 0)
			at += x->dims[axis];
		if (at < 0 || at >= x->dims[axis])
			return accel_error_set(-EINVAL, "operation %s: an index is out of range",
					       args->op->name);
		memcpy(out, (const uint8_t *)args->in_data[0] + (i / n * x->dims[axis] + at) * inner,
		       inner);
	}
	return 0;
}

/* Source index of a padded dimension; -1: the value. */
static int64_t pad_source(uint32_t mode, int64_t i, int64_t dim)
{
	if (i >= 0 && i < dim)
		return i;
	switch (mode) {
	case GRAPH_PAD_REFLECT:
		return i < 0 ? -i : 2 * dim - 2 - i;
	case GRAPH_PAD_SYMMETRIC:
		return i < 0 ? -i - 1 : 2 * dim - 1 - i;
	case GRAPH_PAD_EDGE:
		return i < 0 ? 0 : dim - 1;
	default:
		return -1;
	}
}

/* A padding of lines whose items are padded or moved whole. */
struct padding {
	uint32_t rank;		/* dimensions up to the last one that is padded */
	uint32_t mode;
	const uint32_t *before;
	size_t item, elements;	/* bytes and elements of an item */
	uint8_t value[8];
};

/* Items @from up to @to of an output line; @line: NULL outside the input. */
static void pad_items(const struct padding *p, const uint8_t *line, int64_t dim, int64_t from,
		      int64_t to, uint8_t *out)
{
	if (!line || p->mode == GRAPH_PAD_CONSTANT) {
		items_strided(p->value, 0, (size_t)(to - from) * p->elements, p->item / p->elements,
			      out);
		return;
	}
	for (; from < to; from++, out += p->item)
		memcpy(out, line + pad_source(p->mode, from, dim) * (int64_t)p->item, p->item);
}

static void pad_line(const struct padding *p, const uint8_t *line, int64_t dim, int64_t out_dim,
		     uint8_t *out)
{
	const int64_t before = p->before[p->rank - 1];

	if (!line) {
		pad_items(p, NULL, dim, 0, out_dim, out);
		return;
	}
	pad_items(p, line, dim, -before, 0, out);
	out += (size_t)before * p->item;
	memcpy(out, line, (size_t)dim * p->item);
	pad_items(p, line, dim, dim, out_dim - before, out + (size_t)dim * p->item);
}

static void pad(const struct ref_args *args, size_t size)
{
	const struct graph_tensor *x = args->in[0], *y = args->out;
	struct padding p = {
		.rank = x->rank, .mode = args->op->params.pad.mode,
		.before = args->op->params.pad.before, .item = size, .elements = 1,
	};
	uint32_t index[GRAPH_DIMS] = { 0 };
	uint8_t *out = args->out_data;
	int64_t stride[GRAPH_DIMS];
	size_t line;

	if (args->num_in > 1 && args->in_data[1])
		memcpy(p.value, args->in_data[1], size);
	else if (graph_is_quantized(y))
		memcpy(p.value, &y->quant.zero_point[0], size);	/* little endian */
	for (; p.rank && y->dims[p.rank - 1] == x->dims[p.rank - 1]; p.rank--)
		p.elements *= x->dims[p.rank - 1];
	p.item *= p.elements;
	if (!p.rank) {
		memcpy(out, args->in_data[0], p.item);
		return;
	}
	strides(x, stride);
	line = y->dims[p.rank - 1] * p.item;
	for (uint64_t n = graph_bytes(y) / line; n--; out += line) {
		int64_t at = 0;

		for (uint32_t i = 0; i + 1 < p.rank && at >= 0; i++) {
			int64_t from = pad_source(p.mode, (int64_t)index[i] - p.before[i],
						  x->dims[i]);

			at = from < 0 ? -1 : at + from * stride[i];
		}
		pad_line(&p, at < 0 ? NULL : (const uint8_t *)args->in_data[0] + at * (int64_t)size,
			 x->dims[p.rank - 1], y->dims[p.rank - 1], out);
		for (uint32_t i = p.rank - 1; i-- > 0;) {
			if (++index[i] < y->dims[i])
				break;
			index[i] = 0;
		}
	}
}

int ref_move(const struct ref_args *args)
{
	size_t size = graph_type_size(args->out->type);
	struct walk walk = { .rank = args->out->rank };

	memcpy(walk.dims, args->out->dims, sizeof(args->out->dims));
	switch (args->op->kind) {
	case GRAPH_CONCAT:
		concat(args, size);
		return 0;
	case GRAPH_GATHER:
		return gather(args, size);
	case GRAPH_PAD:
		pad(args, size);
		return 0;
	case GRAPH_TRANSPOSE:
		transpose(args, &walk);
		break;
	case GRAPH_SLICE:
		slice(args, &walk);
		break;
	case GRAPH_BROADCAST:
		broadcast(args, &walk);
		break;
	case GRAPH_TILE:
		tile(args, &walk);
		break;
	case GRAPH_DEPTH_TO_SPACE:
	case GRAPH_SPACE_TO_DEPTH:
		blocks(args, &walk);
		break;
	default:	/* RESHAPE, READ_STATE, WRITE_STATE */
		if (args->out_data != args->in_data[0])
			memmove(args->out_data, args->in_data[0], graph_bytes(args->out));
		return 0;
	}
	run_walk(&walk, args->in_data[0], args->out_data, size);
	return 0;
}
