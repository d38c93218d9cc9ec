// SPDX-License-Identifier: MIT
/*
 * ONNX's operators that move data or make constants.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libaccel/dev/error.h"
#include "libaccel/import/import_build.h"
#include "libaccel/import/onnx_import.h"

static int identity(struct onnx_node *node, int unused)
{
	int err = onnx_need(node, 1);

	(void)unused;
	if (err)
		return err;
	/* Dropout's second output, the mask, has no value: using it is an error. */
	/* Its third input is a switch that models for training have. */
	if (onnx_given(node, 2) && (!graph_is_const(onnx_in(node, 2)) ||
				    onnx_in(node, 2)->type != GRAPH_BOOL ||
				    *(const uint8_t *)onnx_in(node, 2)->data))
		return accel_error_set(-ENOTSUP, "training is not supported");
	node->out[0] = node->in[0];
	return 0;
}

static int constant(struct onnx_node *node, int unused)
{
	const Onnx__Attribute *attribute = onnx_attribute(node, "value");
	uint32_t n;

	(void)unused;
	if (attribute && attribute->t)
		return onnx_done(node, 0, onnx_tensor(node->graph, attribute->t, NULL));
	attribute = onnx_attribute(node, "value_float");
	if (attribute && attribute->has_f)
		return onnx_done(node, 0, graph_add_const(node->graph, NULL, GRAPH_F32, 0, NULL,
							  &attribute->f));
	attribute = onnx_attribute(node, "value_int");
	if (attribute && attribute->has_i)
		return onnx_done(node, 0, graph_add_const(node->graph, NULL, GRAPH_I64, 0, NULL,
							  &attribute->i));
	attribute = onnx_attribute(node, "value_floats");
	if (attribute) {
		n = (uint32_t)attribute->n_floats;
		return onnx_done(node, 0, graph_add_const(node->graph, NULL, GRAPH_F32, 1, &n,
							  attribute->floats));
	}
	attribute = onnx_attribute(node, "value_ints");
	if (attribute) {
		n = (uint32_t)attribute->n_ints;
		return onnx_done(node, 0, graph_add_const(node->graph, NULL, GRAPH_I64, 1, &n,
							  attribute->ints));
	}
	return accel_error_set(-ENOTSUP, "this kind of constant is not supported");
}

/* Sizes from a constant list; -1 is left to the caller. */
static int sizes(const struct onnx_node *node, uint32_t input, const char *what, int64_t *values)
{
	return build_integers(node->graph, onnx_given(node, input) ? node->in[input] : GRAPH_NONE, what,
			      GRAPH_DIMS, values);
}

static int constant_of_shape(struct onnx_node *node, int unused)
{
	const Onnx__Attribute *attribute = onnx_attribute(node, "value");
	uint32_t dims[GRAPH_DIMS], input;
	int64_t values[GRAPH_DIMS];
	float zero = 0;
	int n = sizes(node, 0, "the shape", values), id;

	(void)unused;
	if (n < 0)
		return n;
	for (int i = 0; i < n; i++) {
		if (values[i] < 1 || values[i] > 1 << 24)
			return accel_error_set(-EINVAL, "the shape is out of bounds");
		dims[i] = (uint32_t)values[i];
	}
	id = attribute && attribute->t ? onnx_tensor(node->graph, attribute->t, NULL) :
	     graph_add_const(node->graph, NULL, GRAPH_F32, 0, NULL, &zero);
	if (id < 0)
		return id;
	if (graph_elements(&node->graph->tensors[id]) != 1)
		return accel_error_set(-EINVAL, "the value is not one");
	input = (uint32_t)id;
	id = build_reshape(node->graph, input, GRAPH_NONE, 0, NULL);
	if (id < 0)
		return id;
	input = (uint32_t)id;
	id = graph_add_tensor(node->graph, NULL, node->graph->tensors[input].type, (uint32_t)n, dims);
	return id < 0 ? id : onnx_done(node, 0, build_unary(node->graph, GRAPH_BROADCAST, input,
							    (uint32_t)id));
}

static int shape(struct onnx_node *node, int unused)
{
	const struct graph_tensor *x;
	int64_t values[GRAPH_DIMS], start, end;
	uint32_t n = 0;
	int err = onnx_need(node, 1);

	(void)unused;
	if (err)
		return err;
	x = onnx_in(node, 0);
	start = onnx_int(node, "start", 0);
	end = onnx_int(node, "end", x->rank);
	start += start < 0 ? x->rank : 0;
	end += end < 0 ? x->rank : 0;
	for (int64_t i = start < 0 ? 0 : start; i < end && i < x->rank; i++)
		values[n++] = x->dims[i];
	return onnx_done(node, 0, graph_add_const(node->graph, NULL, GRAPH_I64, 1, &n, values));
}

static int reshape(struct onnx_node *node, int unused)
{
	const struct graph_tensor *x;
	int64_t values[GRAPH_DIMS];
	uint32_t dims[GRAPH_DIMS];
	uint64_t known = 1;
	int err = onnx_need(node, 1), n, open = -1;

	(void)unused;
	if (err)
		return err;
	n = onnx_ints_or_input(node, "shape", 1, GRAPH_DIMS, values);
	if (n < 0)
		return n == -ENOENT ? accel_error_set(-EINVAL, "no shape") : n;
	x = onnx_in(node, 0);
	for (int i = 0; i < n; i++) {
		if (values[i] == 0 && !onnx_int(node, "allowzero", 0) && (uint32_t)i < x->rank)
			values[i] = x->dims[i];
		if (values[i] == -1 && open < 0) {
			open = i;
			continue;
		}
		if (values[i] < 1 || values[i] > INT32_MAX || known > UINT32_MAX)
			return accel_error_set(-EINVAL, "the shape is out of bounds");
		dims[i] = (uint32_t)values[i];
		known *= dims[i];
	}
	if (open >= 0) {
		if (graph_elements(x) % known)
			return accel_error_set(-EINVAL, "the shape does not fit");
		dims[open] = (uint32_t)(graph_elements(x) / known);
	}
	return onnx_done(node, 0, build_reshape(node->graph, node->in[0], GRAPH_NONE, (uint32_t)n, dims));
}

static int flatten(struct onnx_node *node, int unused)
{
	const struct graph_tensor *x;
	uint32_t dims[2] = { 1, 1 };
	int64_t axis = onnx_int(node, "axis", 1);
	int err = onnx_need(node, 1);

	(void)unused;
	if (err)
		return err;
	x = onnx_in(node, 0);
	axis += axis < 0 ? x->rank : 0;
	if (axis < 0 || axis > x->rank)
		return accel_error_set(-EINVAL, "the axis is out of range");
	for (uint32_t i = 0; i < x->rank; i++)
		dims[i >= axis] *= x->dims[i];
	return onnx_done(node, 0, build_reshape(node->graph, node->in[0], GRAPH_NONE, 2, dims));
}

static int squeeze(struct onnx_node *node, int unused)
{
	const struct graph_tensor *x;
	int64_t axes[GRAPH_DIMS];
	uint32_t drop = 0, dims[GRAPH_DIMS], rank = 0, axis;
	int err = onnx_need(node, 1), n;

	(void)unused;
	if (err)
		return err;
	n = onnx_ints_or_input(node, "axes", 1, GRAPH_DIMS, axes);
	if (n < 0 && n != -ENOENT)
		return n;
	x = onnx_in(node, 0);
	for (int i = 0; i < n; i++) {
		err = build_axis(axes[i], x->rank, &axis);
		if (err)
			return err;
		if (x->dims[axis] != 1)
			return accel_error_set(-EINVAL, "a dimension to drop is not 1");
		drop |= 1U << axis;
	}
	for (uint32_t i = 0; i < x->rank; i++)
		if (n == -ENOENT ? x->dims[i] != 1 : !(drop >> i & 1))
			dims[rank++] = x->dims[i];
	return onnx_done(node, 0, build_reshape(node->graph, node->in[0], GRAPH_NONE, rank, dims));
}

static int unsqueeze(struct onnx_node *node, int unused)
{
	const struct graph_tensor *x;
	int64_t axes[GRAPH_DIMS];
	uint32_t add = 0, dims[GRAPH_DIMS], rank, at = 0, axis;
	int err = onnx_need(node, 1), n;

	(void)unused;
	if (err)
		return err;
	n = onnx_ints_or_input(node, "axes", 1, GRAPH_DIMS, axes);
	if (n < 0)
		return n == -ENOENT ? accel_error_set(-EINVAL, "no axes") : n;
	x = onnx_in(node, 0);
	rank = x->rank + (uint32_t)n;
	if (rank > GRAPH_DIMS)
		return accel_error_set(-ENOTSUP, "too many dimensions");
	for (int i = 0; i < n; i++) {
		err = build_axis(axes[i], rank, &axis);
		if (err)
			return err;
		if (add >> axis & 1)
			return accel_error_set(-EINVAL, "an axis is named twice");
		add |= 1U << axis;
	}
	for (uint32_t i = 0; i < rank; i++)
		dims[i] = add >> i & 1 ? 1 : x->dims[at++];
	return onnx_done(node, 0, build_reshape(node->graph, node->in[0], GRAPH_NONE, rank, dims));
}

static int transpose(struct onnx_node *node, int unused)
{
	const struct graph_tensor *x;
	int64_t values[GRAPH_DIMS];
	uint32_t order[GRAPH_DIMS], seen = 0;
	int err = onnx_need(node, 1), n;

	(void)unused;
	if (err)
		return err;
	x = onnx_in(node, 0);
	n = onnx_ints(node, "perm", GRAPH_DIMS, values);
	if (n < 0 && n != -ENOENT)
		return n;
	if (n >= 0 && (uint32_t)n != x->rank)
		return accel_error_set(-EINVAL, "the order does not fit the input");
	for (uint32_t i = 0; i < x->rank; i++) {
		err = n < 0 ? 0 : build_axis(values[i], x->rank, &order[i]);
		if (err)
			return err;
		if (n < 0)
			order[i] = x->rank - 1 - i;
		seen |= 1U << order[i];
	}
	if (seen != (1U << x->rank) - 1)
		return accel_error_set(-EINVAL, "the order is no permutation");
	return onnx_done(node, 0, build_transpose(node->graph, node->in[0], GRAPH_NONE, order));
}

static int concat(struct onnx_node *node, int unused)
{
	union graph_params params = { 0 };
	int err = onnx_need(node, node->num_in ? node->num_in : 1), id;

	(void)unused;
	if (err)
		return err;
	err = build_axis(onnx_int(node, "axis", 1), onnx_in(node, 0)->rank, &params.axis);
	if (err)
		return err;
	id = graph_add_tensor(node->graph, NULL, onnx_in(node, 0)->type, 0, NULL);
	if (id < 0)
		return id;
	if (graph_copy_quant(node->graph, (uint32_t)id, node->in[0]))
		return -ENOMEM;
	return onnx_done(node, 0, build_op(node->graph, GRAPH_CONCAT, NULL, node->num_in, node->in,
					   (uint32_t)id, &params));
}

static int split(struct onnx_node *node, int unused)
{
	int64_t *parts = calloc(node->num_out + 1, sizeof(*parts)), at = 0, dim;
	int32_t start[GRAPH_DIMS] = { 0 };
	uint32_t dims[GRAPH_DIMS], axis = 0;
	int err = parts ? onnx_need(node, 1) : accel_error_memory("an operator"), n = 0;

	(void)unused;
	if (!err)
		err = build_axis(onnx_int(node, "axis", 0), onnx_in(node, 0)->rank, &axis);
	if (!err)
		n = onnx_ints_or_input(node, "split", 1, node->num_out, parts);
	if (err || (n < 0 && n != -ENOENT)) {
		free(parts);
		return err ? err : n;
	}
	memcpy(dims, onnx_in(node, 0)->dims, sizeof(dims));
	dim = dims[axis];
	if (n == -ENOENT)
		for (uint32_t i = 0; i < node->num_out; i++) {
			int64_t each = (dim + node->num_out - 1) / node->num_out;

			parts[i] = i + 1 < node->num_out ? each : dim - each * (node->num_out - 1);
		}
	else if ((uint32_t)n != node->num_out)
		err = accel_error_set(-EINVAL, "parts and outputs differ in number");
	for (uint32_t i = 0; !err && i < node->num_out; i++) {
		if (parts[i] < 1 || at + parts[i] > dim) {
			err = accel_error_set(-EINVAL, "the parts do not fit the dimension");
			break;
		}
		start[axis] = (int32_t)at;
		dims[axis] = (uint32_t)parts[i];
		err = onnx_done(node, i, build_slice(node->graph, node->in[0], GRAPH_NONE, start, NULL,
						     dims));
		at += parts[i];
	}
	free(parts);
	return err;
}

static int slice(struct onnx_node *node, int unused)
{
	int64_t starts[GRAPH_DIMS], ends[GRAPH_DIMS], axes[GRAPH_DIMS], steps[GRAPH_DIMS];
	int32_t start[GRAPH_DIMS], step[GRAPH_DIMS];
	const struct graph_tensor *x;
	uint32_t dims[GRAPH_DIMS];
	int err = onnx_need(node, 1), n, m, axis_count, step_count;

	(void)unused;
	if (err)
		return err;
	n = onnx_ints_or_input(node, "starts", 1, GRAPH_DIMS, starts);
	m = n < 0 ? n : onnx_ints_or_input(node, "ends", 2, GRAPH_DIMS, ends);
	if (m < 0)
		return m == -ENOENT ? accel_error_set(-EINVAL, "no range") : m;
	axis_count = onnx_ints_or_input(node, "axes", 3, GRAPH_DIMS, axes);
	step_count = onnx_ints_or_input(node, "steps", 4, GRAPH_DIMS, steps);
	if ((axis_count < 0 && axis_count != -ENOENT) || (step_count < 0 && step_count != -ENOENT))
		return axis_count < 0 && axis_count != -ENOENT ? axis_count : step_count;
	x = onnx_in(node, 0);
	if (m != n || (axis_count >= 0 && axis_count != n) || (step_count >= 0 && step_count != n) ||
	    (uint32_t)n > x->rank)
		return accel_error_set(-EINVAL, "starts, ends, axes and steps differ in number");
	for (uint32_t i = 0; i < x->rank; i++) {
		start[i] = 0;
		step[i] = 1;
		dims[i] = x->dims[i];
	}
	for (int i = 0; i < n; i++) {
		uint32_t axis;

		err = build_axis(axis_count < 0 ? i : axes[i], x->rank, &axis);
		if (!err)
			err = build_slice_range(starts[i], ends[i], step_count < 0 ? 1 : steps[i],
						x->dims[axis], &start[axis], &step[axis], &dims[axis]);
		if (err)
			return err;
	}
	return onnx_done(node, 0, build_slice(node->graph, node->in[0], GRAPH_NONE, start, step, dims));
}

static int gather(struct onnx_node *node, int unused)
{
	union graph_params params = { 0 };
	int err = onnx_need(node, 2);

	(void)unused;
	if (!err)
		err = build_axis(onnx_int(node, "axis", 0), onnx_in(node, 0)->rank, &params.axis);
	return err ? err : onnx_done(node, 0, build_op(node->graph, GRAPH_GATHER, NULL, 2, node->in,
						       GRAPH_NONE, &params));
}

static int pad(struct onnx_node *node, int unused)
{
	int64_t pads[2 * GRAPH_DIMS], axes[GRAPH_DIMS], lo;
	union graph_params params = { 0 };
	int32_t start[GRAPH_DIMS] = { 0 };
	uint32_t inputs[2], rank, num = 1, dims[GRAPH_DIMS];
	int err = onnx_need(node, 1), n, m = -ENOENT, id;
	bool cut = false;
	float value;

	(void)unused;
	if (err)
		return err;
	rank = onnx_in(node, 0)->rank;
	n = onnx_ints_or_input(node, onnx_attribute(node, "paddings") ? "paddings" : "pads", 1,
			       2 * GRAPH_DIMS, pads);
	if (n < 0)
		return n == -ENOENT ? accel_error_set(-EINVAL, "no padding") : n;
	if (onnx_given(node, 3))
		m = build_integers(node->graph, node->in[3], "axes", GRAPH_DIMS, axes);
	if (m < 0 && m != -ENOENT)
		return m;
	if ((uint32_t)n != 2 * (m < 0 ? rank : (uint32_t)m))
		return accel_error_set(-EINVAL, "the padding does not fit the input");
	memcpy(dims, onnx_in(node, 0)->dims, sizeof(dims));
	for (int i = 0; i < n / 2; i++) {
		uint32_t axis;

		err = build_axis(m < 0 ? i : axes[i], rank, &axis);
		if (err)
			return err;
		if (pads[i] < -65535 || pads[i] > 65535 || pads[i + n / 2] < -65535 ||
		    pads[i + n / 2] > 65535)
			return accel_error_set(-EINVAL, "the padding is out of bounds");
		/* Negative padding cuts. */
		lo = pads[i] < 0 ? -pads[i] : 0;
		if (lo + (pads[i + n / 2] < 0 ? -pads[i + n / 2] : 0) >= dims[axis])
			return accel_error_set(-EINVAL, "the padding cuts all away");
		cut |= lo || pads[i + n / 2] < 0;
		start[axis] = (int32_t)lo;
		dims[axis] -= (uint32_t)(lo + (pads[i + n / 2] < 0 ? -pads[i + n / 2] : 0));
		params.pad.before[axis] = pads[i] > 0 ? (uint32_t)pads[i] : 0;
		params.pad.after[axis] = pads[i + n / 2] > 0 ? (uint32_t)pads[i + n / 2] : 0;
	}
	if (onnx_string_is(node, "mode", "reflect", "constant"))
		params.pad.mode = GRAPH_PAD_REFLECT;
	else if (onnx_string_is(node, "mode", "edge", "constant"))
		params.pad.mode = GRAPH_PAD_EDGE;
	else if (!onnx_string_is(node, "mode", "constant", "constant"))
		return accel_error_set(-ENOTSUP, "this mode is not supported");
	inputs[0] = node->in[0];
	if (cut) {
		id = build_slice(node->graph, inputs[0], GRAPH_NONE, start, NULL, dims);
		if (id < 0)
			return id;
		inputs[0] = (uint32_t)id;
	}
	value = onnx_float(node, "value", 0);
	if (onnx_given(node, 2) && params.pad.mode == GRAPH_PAD_CONSTANT) {
		inputs[num++] = node->in[2];
	} else if (value != 0 && params.pad.mode == GRAPH_PAD_CONSTANT) {
		id = graph_add_const(node->graph, NULL, GRAPH_F32, 0, NULL, &value);
		if (id < 0)
			return id;
		inputs[num++] = (uint32_t)id;
	}
	id = graph_add_tensor(node->graph, NULL, onnx_in(node, 0)->type, 0, NULL);
	if (id >= 0 && graph_copy_quant(node->graph, (uint32_t)id, inputs[0]))
		return -ENOMEM;
	return onnx_done(node, 0, id < 0 ? id : build_op(node->graph, GRAPH_PAD, NULL, num, inputs,
							 (uint32_t)id, &params));
}

static int expand(struct onnx_node *node, int unused)
{
	const struct graph_tensor *x;
	int64_t values[GRAPH_DIMS];
	uint32_t dims[GRAPH_DIMS], rank;
	int err = onnx_need(node, 2), n, id;

	(void)unused;
	if (err)
		return err;
	n = sizes(node, 1, "the shape", values);
	if (n < 0)
		return n;
	x = onnx_in(node, 0);
	rank = x->rank > (uint32_t)n ? x->rank : (uint32_t)n;
	for (uint32_t i = 0; i < rank; i++) {
		uint32_t back = rank - i, own = back <= x->rank ? x->dims[x->rank - back] : 1;
		int64_t wanted = back <= (uint32_t)n ? values[(uint32_t)n - back] : 1;

		if (wanted < 1 || wanted > INT32_MAX || (own != 1 && wanted != 1 && own != wanted))
			return accel_error_set(-EINVAL, "the shape does not fit");
		dims[i] = own == 1 ? (uint32_t)wanted : own;
	}
	id = graph_add_tensor(node->graph, NULL, x->type, rank, dims);
	return id < 0 ? id : onnx_done(node, 0, build_unary(node->graph, GRAPH_BROADCAST, node->in[0],
							    (uint32_t)id));
}

static int tile(struct onnx_node *node, int unused)
{
	const struct graph_tensor *x;
	int64_t values[GRAPH_DIMS];
	uint32_t dims[GRAPH_DIMS];
	int err = onnx_need(node, 2), n, id;

	(void)unused;
	if (err)
		return err;
	n = sizes(node, 1, "the copies", values);
	if (n < 0)
		return n;
	x = onnx_in(node, 0);
	if ((uint32_t)n != x->rank)
		return accel_error_set(-EINVAL, "the copies do not fit the input");
	for (int i = 0; i < n; i++) {
		if (values[i] < 1 || values[i] > 1 << 20 || x->dims[i] * values[i] > INT32_MAX)
			return accel_error_set(-EINVAL, "the copies are out of bounds");
		dims[i] = (uint32_t)(x->dims[i] * values[i]);
	}
	id = graph_add_tensor(node->graph, NULL, x->type, x->rank, dims);
	return id < 0 ? id : onnx_done(node, 0, build_unary(node->graph, GRAPH_TILE, node->in[0],
							    (uint32_t)id));
}

static const struct {
	const char *name;
	onnx_handler handler;
} handlers[] = {
	{ "Concat", concat }, { "Constant", constant }, { "ConstantOfShape", constant_of_shape },
	{ "Dropout", identity }, { "Expand", expand }, { "Flatten", flatten }, { "Gather", gather },
	{ "Identity", identity }, { "Pad", pad }, { "Reshape", reshape }, { "Shape", shape },
	{ "Slice", slice }, { "Split", split }, { "Squeeze", squeeze }, { "Tile", tile },
	{ "Transpose", transpose }, { "Unsqueeze", unsqueeze },
};

onnx_handler onnx_find_shape_handler(const char *type, int *argument)
{
	*argument = 0;
	for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++)
		if (!strcmp(handlers[i].name, type))
			return handlers[i].handler;
	return NULL;
}
