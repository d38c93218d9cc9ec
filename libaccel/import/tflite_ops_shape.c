// SPDX-License-Identifier: MIT
/*
 * TFLite's operators that move data or change shapes, see tflite_ops.c.
 */
#include <stdlib.h>
#include <string.h>

#include "libaccel/dev/error.h"
#include "libaccel/import/import_build.h"
#include "libaccel/import/tflite_operators.h"

/* RESHAPE and its kin: the shape as numbers, -1: what is left. */
static int reshape_to(const struct tflite_args *import, int n, const int64_t *shape)
{
	uint64_t elements = graph_elements(in(import, 0)), known = 1;
	uint32_t dims[GRAPH_DIMS];
	int open = -1;

	for (int i = 0; i < n; i++) {
		if (shape[i] == -1 && open < 0) {
			open = i;
			continue;
		}
		if (shape[i] < 1 || shape[i] > INT32_MAX || known > UINT32_MAX)
			return accel_error_set(-EINVAL, "the new shape is out of bounds");
		dims[i] = (uint32_t)shape[i];
		known *= dims[i];
	}
	if (open >= 0) {
		if (!known || elements % known)
			return accel_error_set(-EINVAL, "the new shape does not fit");
		dims[open] = (uint32_t)(elements / known);
	}
	return build_reshape(import->graph, import->op->in[0], import->op->out[0], n, dims);
}

static int reshape(const struct tflite_args *import)
{
	struct flat_vector list = flat_get_vector(&import->op->options, 0, 4);
	const struct graph_tensor *out = &import->graph->tensors[import->op->out[0]];
	int64_t shape[GRAPH_DIMS];
	int n;

	if (given(import, 1) && graph_is_const(in(import, 1))) {
		n = integers(import, 1, "the new shape", GRAPH_DIMS, shape);
		return n < 0 ? n : reshape_to(import, n, shape);
	}
	if (list.count && list.count <= GRAPH_DIMS) {
		for (uint32_t i = 0; i < list.count; i++)
			shape[i] = flat_int32_at(&list, i);
		return reshape_to(import, (int)list.count, shape);
	}
	return build_reshape(import->graph, import->op->in[0], import->op->out[0], out->rank,
			     out->dims);
}

static int squeeze(const struct tflite_args *import)
{
	struct flat_vector list = flat_get_vector(&import->op->options, 0, 4);
	const struct graph_tensor *x = in(import, 0);
	uint32_t drop = 0, dims[GRAPH_DIMS], n = 0, axis;
	int err;

	for (uint32_t i = 0; i < list.count; i++) {
		err = build_axis(flat_int32_at(&list, i), x->rank, &axis);
		if (err)
			return err;
		if (x->dims[axis] != 1)
			return accel_error_set(-EINVAL, "a dimension to drop is not 1");
		drop |= 1U << axis;
	}
	for (uint32_t i = 0; i < x->rank; i++)
		if (list.count ? !(drop >> i & 1) : x->dims[i] != 1)
			dims[n++] = x->dims[i];
	return build_reshape(import->graph, import->op->in[0], import->op->out[0], n, dims);
}

static int expand_dims(const struct tflite_args *import)
{
	const struct graph_tensor *x = in(import, 0);
	uint32_t dims[GRAPH_DIMS], axis;
	int64_t value;
	int n = integers(import, 1, "the axis", 1, &value), err;

	if (n < 1)
		return n < 0 ? n : accel_error_set(-EINVAL, "no axis");
	err = build_axis(value, x->rank + 1, &axis);
	if (err)
		return err;
	if (x->rank == GRAPH_DIMS)
		return accel_error_set(-ENOTSUP, "too many dimensions");
	for (uint32_t i = 0; i <= x->rank; i++)
		dims[i] = i < axis ? x->dims[i] : i == axis ? 1 : x->dims[i - 1];
	return build_reshape(import->graph, import->op->in[0], import->op->out[0], x->rank + 1, dims);
}

/* Parts of @size[i] along an axis; @sizes NULL: equal parts. */
static int split_along(const struct tflite_args *import, uint32_t input, uint32_t axis,
		       const int64_t *sizes)
{
	const struct graph_tensor *x = &import->graph->tensors[input];
	uint32_t parts = import->op->num_out, dims[GRAPH_DIMS];
	int32_t start[GRAPH_DIMS] = { 0 };
	int64_t at = 0, total = x->dims[axis], sum = 0;
	int open = -1, err = 0;

	for (uint32_t i = 0; sizes && i < parts; i++) {
		if (sizes[i] == -1 && open < 0)
			open = (int)i;
		else if (sizes[i] < 1 || sizes[i] > total)
			return accel_error_set(-EINVAL, "a part's size is out of bounds");
		else
			sum += sizes[i];
	}
	if (!sizes && (!parts || total % parts))
		return accel_error_set(-EINVAL, "the dimension does not split into %u parts", parts);
	memcpy(dims, x->dims, sizeof(dims));
	for (uint32_t i = 0; i < parts && err >= 0; i++) {
		int64_t size = !sizes ? total / parts : (int)i == open ? total - sum : sizes[i];

		if (size < 1 || at + size > total)
			return accel_error_set(-EINVAL, "the parts do not fit the dimension");
		start[axis] = (int32_t)at;
		dims[axis] = (uint32_t)size;
		err = build_slice(import->graph, input, import->op->out[i], start, NULL, dims);
		at += size;
	}
	return err;
}

static int split(const struct tflite_args *import)
{
	uint32_t axis;
	int64_t value;
	int n = integers(import, 0, "the axis", 1, &value), err;

	if (n < 1 || !given(import, 1))
		return n < 0 ? n : accel_error_set(-EINVAL, "no axis or input");
	err = build_axis(value, in(import, 1)->rank, &axis);
	return err ? err : split_along(import, import->op->in[1], axis, NULL);
}

static int split_v(const struct tflite_args *import)
{
	int64_t value, *sizes = calloc(import->op->num_out + 1, sizeof(*sizes));
	uint32_t axis;
	int n;

	if (!sizes)
		return accel_error_memory("an operator");
	n = integers(import, 1, "the sizes", import->op->num_out, sizes);
	if (n >= 0 && (uint32_t)n != import->op->num_out)
		n = accel_error_set(-EINVAL, "sizes and outputs differ in number");
	if (n >= 0)
		n = integers(import, 2, "the axis", 1, &value);
	if (n == 0)
		n = accel_error_set(-EINVAL, "no axis");
	if (n > 0)
		n = build_axis(value, in(import, 0)->rank, &axis);
	if (n >= 0)
		n = split_along(import, import->op->in[0], axis, sizes);
	free(sizes);
	return n;
}

static int unpack(const struct tflite_args *import)
{
	const struct graph_tensor *x = in(import, 0);
	uint32_t axis, dims[GRAPH_DIMS], flat[GRAPH_DIMS], n = 0;
	int32_t start[GRAPH_DIMS] = { 0 };
	int err = build_axis(option(import, 1, 4, 0), x->rank, &axis);

	if (err)
		return err;
	if (import->op->num_out != x->dims[axis])
		return accel_error_set(-EINVAL, "outputs and dimension differ");
	memcpy(dims, x->dims, sizeof(dims));
	dims[axis] = 1;
	for (uint32_t i = 0; i < x->rank; i++)
		if (i != axis)
			flat[n++] = dims[i];
	for (uint32_t i = 0; i < import->op->num_out; i++) {
		int id;

		start[axis] = (int32_t)i;
		id = build_slice(import->graph, import->op->in[0], GRAPH_NONE, start, NULL, dims);
		if (id >= 0)
			id = build_reshape(import->graph, id, import->op->out[i], n, flat);
		if (id < 0)
			return id;
	}
	return 0;
}

static int pack(const struct tflite_args *import)
{
	const struct graph_tensor *x = in(import, 0);
	uint32_t *parts = malloc(import->op->num_in * sizeof(*parts)), dims[GRAPH_DIMS];
	union graph_params params = { 0 };
	uint32_t rank = x->rank;
	int err;

	if (!parts)
		return accel_error_memory("an operator");
	err = rank == GRAPH_DIMS ? accel_error_set(-ENOTSUP, "too many dimensions") :
	      build_axis(option(import, 1, 4, 0), rank + 1, &params.axis);
	for (uint32_t i = 0; err >= 0 && i <= rank; i++)
		dims[i] = i < params.axis ? x->dims[i] : i == params.axis ? 1 : x->dims[i - 1];
	for (uint32_t i = 0; err >= 0 && i < import->op->num_in; i++) {
		if (!given(import, i)) {
			err = accel_error_set(-EINVAL, "an input is left out");
			break;
		}
		err = build_reshape(import->graph, import->op->in[i], GRAPH_NONE, rank + 1, dims);
		parts[i] = err;
	}
	if (err >= 0)
		err = build_op(import->graph, GRAPH_CONCAT, NULL, import->op->num_in, parts,
			       import->op->out[0], &params);
	free(parts);
	return err;
}

static int slice(const struct tflite_args *import)
{
	const struct graph_tensor *x = in(import, 0);
	int64_t begin[GRAPH_DIMS], size[GRAPH_DIMS];
	int32_t start[GRAPH_DIMS];
	uint32_t dims[GRAPH_DIMS];
	int n = integers(import, 1, "the start", GRAPH_DIMS, begin), m;

	if (n < 0)
		return n;
	m = integers(import, 2, "the size", GRAPH_DIMS, size);
	if (m < 0)
		return m;
	if ((uint32_t)n != x->rank || m != n)
		return accel_error_set(-EINVAL, "start, size and input differ in dimensions");
	for (int i = 0; i < n; i++) {
		if (begin[i] < 0 || begin[i] >= x->dims[i])
			return accel_error_set(-EINVAL, "the slice reaches out of the input");
		if (size[i] == -1)
			size[i] = x->dims[i] - begin[i];
		if (size[i] < 1 || size[i] > x->dims[i] - begin[i])
			return accel_error_set(-EINVAL, "the slice reaches out of the input");
		start[i] = (int32_t)begin[i];
		dims[i] = (uint32_t)size[i];
	}
	return build_slice(import->graph, import->op->in[0], import->op->out[0], start, NULL, dims);
}

static int strided_slice(const struct tflite_args *import)
{
	const struct graph_tensor *x = in(import, 0);
	int64_t begin[GRAPH_DIMS * 2], end[GRAPH_DIMS * 2], step[GRAPH_DIMS * 2];
	uint32_t begin_mask = (uint32_t)option(import, 0, 4, 0), end_mask = option(import, 1, 4, 0);
	uint32_t ellipsis = option(import, 2, 4, 0), new_axis = option(import, 3, 4, 0);
	uint32_t shrink = option(import, 4, 4, 0), dims[GRAPH_DIMS], final[GRAPH_DIMS * 2];
	uint32_t axis = 0, rank = 0, used = 0;
	int32_t start[GRAPH_DIMS], by[GRAPH_DIMS];
	int n = integers(import, 1, "the start", GRAPH_DIMS * 2, begin), err, m, k;

	if (n < 0)
		return n;
	m = integers(import, 2, "the end", GRAPH_DIMS * 2, end);
	k = m < 0 ? m : integers(import, 3, "the step", GRAPH_DIMS * 2, step);
	if (k < 0)
		return k;
	if (m != n || k != n || option(import, 5, 1, 0))
		return accel_error_set(-EINVAL, "start, end and step differ or count from the start");
	for (int i = 0; i < n; i++)
		used += !(ellipsis >> i & 1) && !(new_axis >> i & 1);
	if (used > x->rank)
		return accel_error_set(-EINVAL, "more ranges than dimensions");
	for (int i = 0; i <= n; i++) {
		/* What no range names, at the ellipsis or the end, stays whole. */
		uint32_t whole = i == n ? x->rank - axis : ellipsis >> i & 1 ? x->rank - used : 0;

		for (; whole && axis < x->rank; whole--, axis++) {
			start[axis] = 0;
			by[axis] = 1;
			dims[axis] = final[rank++] = x->dims[axis];
		}
		if (i == n || ellipsis >> i & 1)
			continue;
		if (new_axis >> i & 1) {
			final[rank++] = 1;
			continue;
		}
		if (axis >= x->rank)
			return accel_error_set(-EINVAL, "more ranges than dimensions");
		if (shrink >> i & 1) {
			int64_t at = begin[i] < 0 ? begin[i] + x->dims[axis] : begin[i];

			err = build_slice_range(at, at + 1, 1, x->dims[axis], &start[axis], &by[axis],
						&dims[axis]);
		} else {
			int64_t far = INT32_MAX, low = step[i] < 0 ? far : 0;

			err = build_slice_range(begin_mask >> i & 1 ? low : begin[i],
						end_mask >> i & 1 ? (step[i] < 0 ? -far - 1 : far) : end[i],
						step[i], x->dims[axis], &start[axis], &by[axis],
						&dims[axis]);
			final[rank] = err ? 0 : dims[axis];
			rank++;
		}
		if (err)
			return err;
		axis++;
	}
	if (rank > GRAPH_DIMS)
		return accel_error_set(-ENOTSUP, "too many dimensions");
	if (rank == x->rank && !shrink && !new_axis)
		return build_slice(import->graph, import->op->in[0], import->op->out[0], start, by, dims);
	err = build_slice(import->graph, import->op->in[0], GRAPH_NONE, start, by, dims);
	return err < 0 ? err : build_reshape(import->graph, err, import->op->out[0], rank, final);
}

static int transpose(const struct tflite_args *import)
{
	const struct graph_tensor *x = in(import, 0);
	int64_t values[GRAPH_DIMS];
	uint32_t order[GRAPH_DIMS];
	int n = integers(import, 1, "the order", GRAPH_DIMS, values);

	if (n < 0)
		return n;
	if ((uint32_t)n != x->rank)
		return accel_error_set(-EINVAL, "the order does not fit the input");
	for (int i = 0; i < n; i++)
		if (build_axis(values[i], x->rank, &order[i]))
			return -EINVAL;
	return build_transpose(import->graph, import->op->in[0], import->op->out[0], order);
}

static int gather(const struct tflite_args *import)
{
	union graph_params params = { 0 };
	int err = build_axis(option(import, 0, 4, 0), in(import, 0)->rank, &params.axis);

	if (!err && option(import, 1, 4, 0))
		err = accel_error_set(-ENOTSUP, "batch dimensions are not supported");
	return err ? err : emit(import, GRAPH_GATHER, &params);
}

/* TILE and BROADCAST_TO: the output's shape from copies or as it is. */
static int widen(const struct tflite_args *import, enum graph_kind kind)
{
	const struct graph_tensor *x = in(import, 0);
	uint32_t dims[GRAPH_DIMS];
	int64_t values[GRAPH_DIMS];
	int n = integers(import, 1, "the shape", GRAPH_DIMS, values), err;

	if (n < 0)
		return n;
	for (int i = 0; i < n; i++) {
		if (values[i] < 1 || values[i] > INT32_MAX || (kind == GRAPH_TILE && (uint32_t)n != x->rank))
			return accel_error_set(-EINVAL, "the shape is out of bounds");
		dims[i] = (uint32_t)values[i] * (kind == GRAPH_TILE ? x->dims[i] : 1);
	}
	err = build_set_shape(import->graph, import->op->out[0], n, dims);
	return err ? err : build_op(import->graph, kind, NULL, 1, import->op->in, import->op->out[0],
				    NULL);
}

static int shape(const struct tflite_args *import)
{
	const struct graph_tensor *x = in(import, 0);
	struct graph_tensor *out = &import->graph->tensors[import->op->out[0]];
	bool wide = out->type == GRAPH_I64;

	if (out->type != GRAPH_I32 && !wide)
		return accel_error_set(-EINVAL, "the output's type is no integer");
	out->rank = 1;
	out->dims[0] = x->rank;
	out->data = malloc(8 * GRAPH_DIMS);
	if (!out->data)
		return accel_error_memory("a constant");
	out->owned = true;
	for (uint32_t i = 0; i < x->rank; i++) {
		if (wide)
			((int64_t *)out->data)[i] = x->dims[i];
		else
			((int32_t *)out->data)[i] = (int32_t)x->dims[i];
	}
	return 0;
}

int tflite_import_shape_op(const struct tflite_args *i)
{
	switch (i->op->code) {
	case TFLITE_RESHAPE: return reshape(i);
	case TFLITE_GATHER: return gather(i);
	case TFLITE_TRANSPOSE: return transpose(i);
	case TFLITE_SQUEEZE: return squeeze(i);
	case TFLITE_STRIDED_SLICE: return strided_slice(i);
	case TFLITE_SPLIT: return split(i);
	case TFLITE_SLICE: return slice(i);
	case TFLITE_TILE: return widen(i, GRAPH_TILE);
	case TFLITE_EXPAND_DIMS: return expand_dims(i);
	case TFLITE_SHAPE: return shape(i);
	case TFLITE_PACK: return pack(i);
	case TFLITE_UNPACK: return unpack(i);
	case TFLITE_SPLIT_V: return split_v(i);
	case TFLITE_BROADCAST_TO: return widen(i, GRAPH_BROADCAST);
	default:
		return accel_error_set(-ENOTSUP, "this operator is not supported");
	}
}
