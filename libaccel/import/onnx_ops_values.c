// SPDX-License-Identifier: MIT
/*
 * ONNX's operators that compute shapes and masks: comparisons, logic, ranges.
 * Their inputs have to be constants by the time they are reached, and what they
 * make is one again; only Where may choose between tensors.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libaccel/dev/error.h"
#include "libaccel/import/import_build.h"
#include "libaccel/import/onnx_import.h"

#define MOST_VALUES	(1 << 24)

/* A constant's element, either way; both are exact for what the type holds. */
struct number {
	int64_t whole;
	double real;
};

static struct number get(const struct graph_tensor *t, uint64_t i)
{
	struct number n = { 0 };

	switch (t->type) {
	case GRAPH_F32:
		n.real = ((const float *)t->data)[i];
		n.whole = n.real > -9e18 && n.real < 9e18 ? (int64_t)n.real : 0;
		return n;
	case GRAPH_I8:
		n.whole = ((const int8_t *)t->data)[i];
		break;
	case GRAPH_U8: case GRAPH_BOOL:
		n.whole = ((const uint8_t *)t->data)[i];
		break;
	case GRAPH_I16:
		n.whole = ((const int16_t *)t->data)[i];
		break;
	case GRAPH_I32:
		n.whole = ((const int32_t *)t->data)[i];
		break;
	case GRAPH_I64:
		n.whole = ((const int64_t *)t->data)[i];
		break;
	}
	n.real = (double)n.whole;
	return n;
}

static void put(uint32_t type, void *data, uint64_t i, struct number n)
{
	switch (type) {
	case GRAPH_F32:
		((float *)data)[i] = (float)n.real;
		break;
	case GRAPH_I8: case GRAPH_U8: case GRAPH_BOOL:
		((uint8_t *)data)[i] = (uint8_t)n.whole;
		break;
	case GRAPH_I16:
		((int16_t *)data)[i] = (int16_t)n.whole;
		break;
	case GRAPH_I32:
		((int32_t *)data)[i] = (int32_t)n.whole;
		break;
	case GRAPH_I64:
		((int64_t *)data)[i] = n.whole;
		break;
	}
}

/* The first @count inputs are constants of numbers. */
static int need_constants(const struct onnx_node *node, uint32_t count)
{
	int err = onnx_need(node, count);

	for (uint32_t i = 0; !err && i < count; i++) {
		const struct graph_tensor *t = onnx_in(node, i);

		if (!graph_is_const(t) || t->type == GRAPH_F16)
			err = accel_error_set(-ENOTSUP, "input %s is not a constant", t->name);
	}
	return err;
}

/* The shape that @count inputs have together, as NumPy broadcasts. */
static int common_shape(const struct onnx_node *node, uint32_t count, uint32_t *rank, uint32_t *dims)
{
	uint64_t n = 1;

	*rank = 0;
	for (uint32_t i = 0; i < count; i++)
		if (onnx_in(node, i)->rank > *rank)
			*rank = onnx_in(node, i)->rank;
	for (uint32_t d = 0; d < *rank; d++) {
		dims[d] = 1;
		for (uint32_t i = 0; i < count; i++) {
			const struct graph_tensor *t = onnx_in(node, i);
			uint32_t size = d + t->rank < *rank ? 1 : t->dims[d + t->rank - *rank];

			if (size != 1 && dims[d] != 1 && size != dims[d])
				return accel_error_set(-EINVAL, "the inputs' shapes do not fit together");
			if (size != 1)
				dims[d] = size;
		}
		n *= dims[d];
		if (n > MOST_VALUES)
			return accel_error_set(-ENOTSUP, "more than %d values", MOST_VALUES);
	}
	return 0;
}

/* Where in @t element @i of the broadcast shape comes from. */
static uint64_t source(const struct graph_tensor *t, uint32_t rank, const uint32_t *dims, uint64_t i)
{
	uint64_t at = 0, step = 1;

	for (uint32_t back = 1; back <= t->rank && back <= rank; back++) {
		uint32_t size = t->dims[t->rank - back];

		at += size == 1 ? 0 : i % dims[rank - back] * step;
		i /= dims[rank - back];
		step *= size;
	}
	return at;
}

enum logic { EQUAL, GREATER, GREATER_EQUAL, LESS, LESS_EQUAL, AND, OR, XOR, NOT, MOD, WHERE };

static struct number modulo(struct number a, struct number b, bool real, bool like_c)
{
	struct number n = { 0 };

	if (real) {
		n.real = fmod(a.real, b.real);
		return n;
	}
	if (!b.whole || b.whole == -1)
		return n;
	n.whole = a.whole % b.whole;
	if (!like_c && n.whole && (n.whole < 0) != (b.whole < 0))
		n.whole += b.whole;
	return n;
}

static struct number compute(enum logic which, const struct number *v, bool real, bool like_c)
{
	struct number n = { 0 };

	switch (which) {
	case EQUAL:
		n.whole = real ? v[0].real == v[1].real : v[0].whole == v[1].whole;
		break;
	case GREATER:
		n.whole = real ? v[0].real > v[1].real : v[0].whole > v[1].whole;
		break;
	case GREATER_EQUAL:
		n.whole = real ? v[0].real >= v[1].real : v[0].whole >= v[1].whole;
		break;
	case LESS:
		n.whole = real ? v[0].real < v[1].real : v[0].whole < v[1].whole;
		break;
	case LESS_EQUAL:
		n.whole = real ? v[0].real <= v[1].real : v[0].whole <= v[1].whole;
		break;
	case AND:
		n.whole = v[0].whole && v[1].whole;
		break;
	case OR:
		n.whole = v[0].whole || v[1].whole;
		break;
	case XOR:
		n.whole = !v[0].whole != !v[1].whole;
		break;
	case NOT:
		n.whole = !v[0].whole;
		break;
	case MOD:
		return modulo(v[0], v[1], real, like_c);
	case WHERE:
		return v[0].whole ? v[1] : v[2];
	}
	return n;
}

/* Inputs of the same type, or types of which each value is told exactly. */
static int element_wise(struct onnx_node *node, int which)
{
	const uint32_t count = which == NOT ? 1 : which == WHERE ? 3 : 2;
	const bool like_c = onnx_int(node, "fmod", 0);
	uint32_t rank, dims[GRAPH_DIMS], type = GRAPH_BOOL;
	int err = need_constants(node, count);
	uint64_t total = 1;
	bool real;
	void *data;

	if (!err)
		err = common_shape(node, count, &rank, dims);
	if (err)
		return err;
	if (which == MOD)
		type = onnx_in(node, 0)->type;
	if (which == WHERE)
		type = onnx_in(node, 1)->type;
	if (which == WHERE && onnx_in(node, 2)->type != type)
		return accel_error_set(-EINVAL, "the inputs have different types");
	real = onnx_in(node, 0)->type == GRAPH_F32;
	for (uint32_t d = 0; d < rank; d++)
		total *= dims[d];
	data = malloc(total * graph_type_size(type) + 1);
	if (!data)
		return accel_error_memory("a constant");
	for (uint64_t i = 0; i < total; i++) {
		struct number values[3];

		for (uint32_t j = 0; j < count; j++)
			values[j] = get(onnx_in(node, j), source(onnx_in(node, j), rank, dims, i));
		put(type, data, i, compute(which, values, real, like_c));
	}
	err = onnx_done(node, 0, graph_add_const(node->graph, NULL, type, rank, dims, data));
	free(data);
	return err;
}

/* @tensor where the constant condition is @when, zero elsewhere. */
static int masked(struct onnx_node *node, uint32_t tensor, bool when)
{
	const struct graph_tensor *condition = onnx_in(node, 0);
	uint64_t n = graph_elements(condition);
	float *mask = malloc((n + 1) * sizeof(*mask));
	uint32_t inputs[2] = { tensor };
	int id;

	if (!mask)
		return accel_error_memory("a constant");
	for (uint64_t i = 0; i < n; i++)
		mask[i] = (get(condition, i).whole != 0) == when;
	id = graph_add_const(node->graph, NULL, GRAPH_F32, condition->rank, condition->dims, mask);
	free(mask);
	if (id < 0)
		return id;
	inputs[1] = (uint32_t)id;
	return build_op(node->graph, GRAPH_MUL, NULL, 2, inputs, GRAPH_NONE, NULL);
}

/* Between reals by a constant condition: a * mask + b * (1 - mask). */
static int where(struct onnx_node *node, int unused)
{
	uint32_t inputs[2];
	int err = onnx_need(node, 3), id;

	(void)unused;
	if (err)
		return err;
	if (graph_is_const(onnx_in(node, 1)) && graph_is_const(onnx_in(node, 2)))
		return element_wise(node, WHERE);
	err = need_constants(node, 1);
	if (err)
		return err;
	for (uint32_t i = 1; i < 3; i++) {
		const struct graph_tensor *t = onnx_in(node, i);
		uint64_t n = graph_is_const(t) ? graph_elements(t) : 0;

		if (t->type != GRAPH_F32)
			return accel_error_set(-ENOTSUP, "type %s is not supported",
					       graph_type_name(t->type));
		for (uint64_t j = 0; j < n; j++)
			if (!isfinite(((const float *)t->data)[j]))
				return accel_error_set(-ENOTSUP, "infinite values are not supported");
	}
	id = masked(node, node->in[1], true);
	if (id < 0)
		return id;
	inputs[0] = (uint32_t)id;
	id = masked(node, node->in[2], false);
	if (id < 0)
		return id;
	inputs[1] = (uint32_t)id;
	return onnx_done(node, 0, build_op(node->graph, GRAPH_ADD, NULL, 2, inputs, GRAPH_NONE, NULL));
}

static int range(struct onnx_node *node, int unused)
{
	struct number from, to, step, n;
	int err = need_constants(node, 3);
	uint32_t type, count;
	double steps;
	void *data;

	(void)unused;
	if (err)
		return err;
	for (uint32_t i = 0; i < 3; i++)
		if (graph_elements(onnx_in(node, i)) != 1 || onnx_in(node, i)->type != onnx_in(node, 0)->type)
			return accel_error_set(-EINVAL, "the inputs are no three numbers of one type");
	type = onnx_in(node, 0)->type;
	from = get(onnx_in(node, 0), 0);
	to = get(onnx_in(node, 1), 0);
	step = get(onnx_in(node, 2), 0);
	steps = ceil((to.real - from.real) / step.real);
	if (!(steps >= 1 && steps <= MOST_VALUES))
		return accel_error_set(-EINVAL, "the range is empty or too long");
	count = (uint32_t)steps;
	data = malloc(count * graph_type_size(type));
	if (!data)
		return accel_error_memory("a constant");
	for (uint32_t i = 0; i < count; i++) {
		n.whole = (int64_t)((uint64_t)from.whole + i * (uint64_t)step.whole);
		n.real = from.real + i * step.real;
		put(type, data, i, n);
	}
	err = onnx_done(node, 0, graph_add_const(node->graph, NULL, type, 1, &count, data));
	free(data);
	return err;
}

static int size(struct onnx_node *node, int unused)
{
	int err = onnx_need(node, 1);
	int64_t n;

	(void)unused;
	if (err)
		return err;
	n = (int64_t)graph_elements(onnx_in(node, 0));
	return onnx_done(node, 0, graph_add_const(node->graph, NULL, GRAPH_I64, 0, NULL, &n));
}

/* The places of what is not zero: a row per dimension. */
static int non_zero(struct onnx_node *node, int unused)
{
	const struct graph_tensor *x;
	uint32_t dims[2] = { 0 };
	uint64_t total, found = 0;
	int64_t *places;
	int err = need_constants(node, 1);

	(void)unused;
	if (err)
		return err;
	x = onnx_in(node, 0);
	total = graph_elements(x);
	for (uint64_t i = 0; i < total; i++)
		dims[1] += get(x, i).real != 0;
	dims[0] = x->rank ? x->rank : 1;
	places = calloc((uint64_t)dims[0] * dims[1] + 1, sizeof(*places));
	if (!places)
		return accel_error_memory("a constant");
	for (uint64_t i = 0; i < total; i++) {
		uint64_t rest = i;

		if (get(x, i).real == 0)
			continue;
		for (uint32_t d = x->rank; d-- > 0; rest /= x->dims[d])
			places[(uint64_t)d * dims[1] + found] = (int64_t)(rest % x->dims[d]);
		found++;
	}
	err = onnx_done(node, 0, graph_add_const(node->graph, NULL, GRAPH_I64, 2, dims, places));
	free(places);
	return err;
}

/* What is above or below a diagonal becomes zero. */
static int triangle(struct onnx_node *node, int unused)
{
	const bool upper = onnx_int(node, "upper", 1);
	const struct graph_tensor *x;
	uint64_t n, height, width;
	double diagonal = 0;
	int err = need_constants(node, 1);
	void *data;

	(void)unused;
	if (!err && onnx_given(node, 1))
		diagonal = onnx_scalar(node, 1);
	if (err)
		return err;
	x = onnx_in(node, 0);
	if (x->rank < 2 || isnan(diagonal))
		return accel_error_set(-EINVAL, "the input is no matrix or the diagonal no constant");
	n = graph_elements(x);
	height = x->dims[x->rank - 2];
	width = x->dims[x->rank - 1];
	data = malloc(n * graph_type_size(x->type) + 1);
	if (!data)
		return accel_error_memory("a constant");
	for (uint64_t i = 0; i < n; i++) {
		const double right = (double)(i % width) - (double)(i / width % height) - diagonal;

		put(x->type, data, i, (upper ? right >= 0 : right <= 0) ? get(x, i) : (struct number) { 0 });
	}
	err = onnx_done(node, 0, graph_add_const(node->graph, NULL, x->type, x->rank, x->dims, data));
	free(data);
	return err;
}

static const struct {
	const char *name;
	onnx_handler handler;
	int argument;
} handlers[] = {
	{ "And", element_wise, AND }, { "Equal", element_wise, EQUAL },
	{ "Greater", element_wise, GREATER }, { "GreaterOrEqual", element_wise, GREATER_EQUAL },
	{ "Less", element_wise, LESS }, { "LessOrEqual", element_wise, LESS_EQUAL },
	{ "Mod", element_wise, MOD }, { "NonZero", non_zero, 0 }, { "Not", element_wise, NOT },
	{ "Or", element_wise, OR }, { "Range", range, 0 }, { "Size", size, 0 },
	{ "Trilu", triangle, 0 }, { "Where", where, 0 }, { "Xor", element_wise, XOR },
};

onnx_handler onnx_find_value_handler(const char *type, int *argument)
{
	for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++)
		if (!strcmp(handlers[i].name, type)) {
			*argument = handlers[i].argument;
			return handlers[i].handler;
		}
	return NULL;
}
