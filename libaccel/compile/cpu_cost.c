// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compile.h"
#include "cpu_cost.h"
#include "libaccel/cpu/ref/ref_op.h"
#include "libaccel/dev/error.h"
#include "libaccel/run/model.h"

/* The cube that is measured with: fits caches as layers do. */
#define SIDE		48
#define CHANNELS	32
#define VALUES		(SIDE * SIDE * CHANNELS)
#define TRIES		5
#define CHANGE_NS	50000

static double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

/* To half a power of two. */
static double coarse(double ns)
{
	return ns > 0 ? exp2(round(2 * log2(ns)) / 2) : 0;
}

/* An INT8 image; twice as high and wide with @scale 2. */
static int add_image(struct graph *g, uint32_t scale)
{
	const uint32_t dims[4] = { 1, SIDE * scale, SIDE * scale, CHANNELS };
	const float step = 0.05f;
	int t = graph_add_tensor(g, NULL, GRAPH_I8, 4, dims);

	return t < 0 || graph_set_quant(g, t, 1, 0, &step, NULL) ? -ENOMEM : t;
}

static int add_weights(struct graph *g)
{
	const uint32_t dims[4] = { CHANNELS, 3, 3, CHANNELS };
	const float step = 0.01f;
	int8_t *values = calloc(CHANNELS * 9, CHANNELS);
	int t = values ? graph_add_const(g, NULL, GRAPH_I8, 4, dims, values) : -ENOMEM;

	free(values);
	return t < 0 || graph_set_quant(g, t, 1, 0, &step, NULL) ? -ENOMEM : t;
}

/* Nanoseconds of one operation: the least of several. */
static int measure(enum graph_kind kind, double *ns)
{
	const bool larger = kind == GRAPH_RESIZE;
	struct graph *g = NULL;
	uint32_t inputs[2];
	int in, out, weights = 0, op = -ENOMEM, ret, i;
	void *data[3] = { NULL };

	*ns = INFINITY;
	ret = graph_new("measured", &g);
	if (ret)
		return ret;
	in = add_image(g, 1);
	out = add_image(g, larger ? 2 : 1);
	if (kind == GRAPH_CONV)
		weights = add_weights(g);
	inputs[0] = (uint32_t)in;
	inputs[1] = kind == GRAPH_CONV ? (uint32_t)weights : (uint32_t)in;
	if (in >= 0 && out >= 0 && weights >= 0)
		op = graph_add_op(g, 0, kind, NULL,
				  kind == GRAPH_CONV || kind == GRAPH_ADD ? 2 : 1, inputs,
				  (uint32_t)out);
	data[0] = calloc(VALUES, 1);
	data[1] = calloc(VALUES * 4, 1);
	ret = op < 0 || !data[0] || !data[1] ? -ENOMEM : 0;
	if (!ret && kind == GRAPH_CONV) {
		g->ops[op].params.conv.window = (struct graph_window) {
			.kernel_h = 3, .kernel_w = 3, .stride_h = 1, .stride_w = 1,
			.dilation_h = 1, .dilation_w = 1, .pad_top = 1, .pad_bottom = 1,
			.pad_left = 1, .pad_right = 1,
		};
		g->ops[op].params.conv.groups = 1;
	}
	if (!ret && kind == GRAPH_TRANSPOSE) {
		/* Lines become columns. */
		const uint32_t order[4] = { 0, 2, 1, 3 };

		memcpy(g->ops[op].params.transpose.order, order, sizeof(order));
	}
	for (i = 0; !ret && i < TRIES; i++) {
		double start = now_ns();

		ret = cpu_op_run(g, &g->ops[op], data);
		*ns = fmin(*ns, now_ns() - start);
	}
	free(data[0]);
	free(data[1]);
	graph_free(g);
	return ret;
}

static int measure_layout(double *ns)
{
	struct npu_cube cube;
	int8_t *rows = calloc(VALUES, 1);
	uint8_t *region = calloc(VALUES, 1);
	int i;

	*ns = INFINITY;
	npu_cube_dense(&cube, SIDE, SIDE, CHANNELS, 8);
	for (i = 0; rows && region && i < TRIES; i++) {
		double start = now_ns();

		layout_to_cube(&cube, CHANNELS, rows, region, 0);
		layout_to_rows(&cube, region, rows);
		*ns = fmin(*ns, (now_ns() - start) / 2);
	}
	free(rows);
	free(region);
	return rows && region ? 0 : -ENOMEM;
}

int cpu_cost_measure(struct cpu_cost *cost)
{
	const struct { enum graph_kind kind; double *figure; double per; } of[] = {
		{ GRAPH_TRANSPOSE, &cost->move, VALUES },
		{ GRAPH_LOGISTIC, &cost->map, VALUES },
		{ GRAPH_RESIZE, &cost->mix, 4.0 * VALUES },
		{ GRAPH_ADD, &cost->real, 3.0 * VALUES },
		{ GRAPH_CONV, &cost->product, 9.0 * CHANNELS * VALUES },
	};
	double ns;
	size_t i;
	int ret = measure_layout(&ns);

	cost->layout = coarse(ns / VALUES);
	for (i = 0; !ret && i < sizeof(of) / sizeof(of[0]); i++) {
		ret = measure(of[i].kind, &ns);
		*of[i].figure = coarse(ns / of[i].per);
	}
	cost->change = CHANGE_NS;
	return ret ? accel_error_set(ret, "out of memory while measuring the CPU") : 0;
}

/* The file's lines. */
static const struct { const char *name; size_t offset; } lines[] = {
	{ "move", offsetof(struct cpu_cost, move) }, { "map", offsetof(struct cpu_cost, map) },
	{ "mix", offsetof(struct cpu_cost, mix) }, { "real", offsetof(struct cpu_cost, real) },
	{ "product", offsetof(struct cpu_cost, product) },
	{ "layout", offsetof(struct cpu_cost, layout) },
	{ "change", offsetof(struct cpu_cost, change) },
};

#define LINES	(sizeof(lines) / sizeof(lines[0]))

static double *figure(struct cpu_cost *cost, size_t i)
{
	return (double *)((char *)cost + lines[i].offset);
}

static int write_figures(const char *path, struct cpu_cost *cost)
{
	char text[512];
	size_t length = 0, i;

	for (i = 0; i < LINES; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s %.6g\n",
					   lines[i].name, *figure(cost, i));
	return model_write(path, text, length);
}

int cpu_cost_load(const char *path, struct cpu_cost *cost)
{
	FILE *file = fopen(path, "re");
	char name[16], rest[2];
	unsigned int line = 0;
	double value;
	int ret = 0, n;
	size_t i;

	memset(cost, 0, sizeof(*cost));
	if (!file && errno == ENOENT) {
		ret = cpu_cost_measure(cost);
		return ret ? ret : write_figures(path, cost);
	}
	if (!file)
		return accel_error_set(-errno, "%s: %s", path, strerror(errno));
	for (;;) {
		n = fscanf(file, "%15s %lf%1[^\n]", name, &value, rest);
		if (n == EOF)
			break;
		line++;
		for (i = 0; i < LINES && strcmp(lines[i].name, name); i++)
			;
		if (n != 2 || i == LINES || !(value >= 0) || value > 1e12) {
			ret = accel_error_set(-EINVAL, "%s: line %u is no figure of a CPU", path,
					      line);
			break;
		}
		*figure(cost, i) = value;
	}
	fclose(file);
	return ret;
}

double cpu_cost_of(const struct cpu_cost *cost, const struct graph *graph,
		   const struct graph_op *op)
{
	const struct graph_tensor *out = &graph->tensors[op->outputs[0]];
	const double values = (double)graph_elements(out);
	double in = 0;
	uint32_t i;

	switch (op->kind) {
	case GRAPH_CONCAT: case GRAPH_PAD: case GRAPH_DEPTH_TO_SPACE: case GRAPH_SPACE_TO_DEPTH:
	case GRAPH_RESHAPE: case GRAPH_TRANSPOSE: case GRAPH_SLICE: case GRAPH_GATHER:
		return values * cost->move;
	case GRAPH_HARD_SWISH: case GRAPH_HARD_SIGMOID: case GRAPH_LOGISTIC: case GRAPH_TANH:
	case GRAPH_UNARY: case GRAPH_CLIP: case GRAPH_LEAKY_RELU:
		return values * cost->map;
	case GRAPH_RESIZE:
		return values * (op->params.resize.nearest ? cost->real : cost->mix);
	case GRAPH_CONV: case GRAPH_CONV_TRANSPOSED: case GRAPH_FULLY_CONNECTED:
		/* Each result has a kernel of its own; a transposed one's goes with an input. */
		in = (double)graph_elements(&graph->tensors[op->inputs[1]]);
		in *= op->kind == GRAPH_CONV_TRANSPOSED ?
		      (double)graph_elements(&graph->tensors[op->inputs[0]]) /
		      graph->tensors[op->inputs[0]].dims[3] :
		      values / (double)graph->tensors[op->inputs[1]].dims[0];
		return in * cost->product;
	default:
		for (i = 0; i < op->num_inputs; i++) {
			if (op->inputs[i] != GRAPH_NONE)
				in += (double)graph_elements(&graph->tensors[op->inputs[i]]);
		}
		return (in + values) * cost->real;
	}
}
