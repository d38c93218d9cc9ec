// SPDX-License-Identifier: MIT
/*
 * Operations that move data without looking at it.
 *
 * All but concatenation and gather are one walk: for every element of the
 * output in order, where it comes from.
 */
#include <errno.h>
#include <string.h>

#include "libaccel/cpu/ref/ref_op_kernels.h"
#include "libaccel/dev/error.h"

/* A walk: output dimensions, and by how many elements of the input each step goes on. */
struct walk {
	uint32_t rank;
	uint32_t dims[2 * GRAPH_DIMS];
	int64_t step[2 * GRAPH_DIMS];
	int64_t start;
};

static void copy_element(void *to, const void *from, size_t size)
{
	switch (size) {
	case 1:
		*(uint8_t *)to = *(const uint8_t *)from;
		break;
	case 4:
		memcpy(to, from, 4);
		break;
	default:
		memcpy(to, from, size);
	}
}

static void run_walk(const struct walk *walk, const uint8_t *in, uint8_t *out, size_t size)
{
	uint32_t last = walk->rank ? walk->dims[walk->rank - 1] : 1;
	int64_t step = walk->rank ? walk->step[walk->rank - 1] : 0, at = walk->start;
	uint32_t index[2 * GRAPH_DIMS] = { 0 };

	for (uint32_t i = 0; i < walk->rank; i++)
		if (!walk->dims[i])
			return;
	for (;;) {
		uint32_t d = walk->rank ? walk->rank - 1 : 0;

		if (step == 1) {
			memcpy(out, in + at * (int64_t)size, last * size);
			out += last * size;
		} else {
			for (uint32_t i = 0; i < last; i++, out += size)
				copy_element(out, in + (at + i * step) * (int64_t)size, size);
		}
		for (;;) {
			if (!d--)
				return;
			at += walk->step[d];
			if (++index[d] < walk->dims[d])
				break;
			at -= walk->step[d] * walk->dims[d];
			index[d] = 0;
		}
	}
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

		for (size_t j = 0; j < outer; j++)
			memcpy((uint8_t *)args->out_data + j * args->out->dims[axis] * inner + at,
			       (const uint8_t *)args->in_data[i] + j * part, part);
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

static void pad(const struct ref_args *args, size_t size)
{
	const struct graph_tensor *x = args->in[0], *y = args->out;
	const uint32_t *before = args->op->params.pad.before;
	uint32_t mode = args->op->params.pad.mode, last = x->rank ? x->dims[x->rank - 1] : 1;
	uint8_t value[8] = { 0 }, *out = args->out_data;
	uint32_t index[GRAPH_DIMS] = { 0 };
	int64_t stride[GRAPH_DIMS];

	if (args->num_in > 1 && args->in_data[1])
		memcpy(value, args->in_data[1], size);
	else if (graph_is_quantized(y))
		memcpy(value, &y->quant.zero_point[0], size);	/* little endian */
	strides(x, stride);
	if (!x->rank) {
		memcpy(out, args->in_data[0], size);
		return;
	}
	for (uint64_t n = graph_elements(y) / y->dims[y->rank - 1]; n--;) {
		int64_t at = 0;

		for (uint32_t i = 0; i + 1 < x->rank && at >= 0; i++) {
			int64_t from = pad_source(mode, (int64_t)index[i] - before[i], x->dims[i]);

			at = from < 0 ? -1 : at + from * stride[i];
		}
		for (uint32_t i = 0; i < y->dims[y->rank - 1]; i++, out += size) {
			int64_t from = at < 0 ? -1 :
				       pad_source(mode, (int64_t)i - before[x->rank - 1], last);

			copy_element(out, from < 0 ? value : (const uint8_t *)args->in_data[0] +
				     (at + from) * (int64_t)size, size);
		}
		for (uint32_t i = x->rank - 1; i-- > 0;) {
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
