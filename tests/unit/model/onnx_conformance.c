// SPDX-License-Identifier: MIT
/*
 * The operator tests of the ONNX project (package libonnx-testdata) through
 * the importer, the passes and the reference kernels.
 *
 * usage: onnx_conformance FOLDER [NAME]
 *
 * FOLDER has a folder per kind and in those one per test: model.onnx and
 * test_data_set_0/{input,output}_N.pb. A model that the importer accepts must
 * give the outputs given; refusals are counted by operator and told. Inputs
 * that an operator needs as constants are made constants of the model first.
 * Prints TAP, a line per kind.
 */
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <accel/accel.h>

#include "libaccel/cpu/pool.h"
#include "libaccel/cpu/ref/ref_op_kernels.h"
#include "libaccel/import/import.h"
#include "libaccel/import/onnx_import.h"
#include "libaccel/graph/passes.h"
#include "libaccel/run/graph_exec.h"

#define INPUTS		32
#define REFUSALS	400

/*
 * Expects the corners of an output of fractional size; ONNX Runtime and this
 * importer take the size that the output really has.
 */
#define DIFFERENT	"test_resize_downsample_scales_linear_align_corners"

static struct {
	char name[64];
	int count;
} refusals[REFUSALS];
static int num_refusals, verbose;

static void *read_file(const char *folder, const char *name, size_t *size)
{
	char path[4096];
	FILE *file;
	void *data = NULL;
	long end;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "rb");
	if (!file)
		return NULL;
	if (!fseek(file, 0, SEEK_END) && (end = ftell(file)) >= 0) {
		rewind(file);
		data = malloc((size_t)end + 1);
		*size = data ? fread(data, 1, (size_t)end, file) : 0;
	}
	fclose(file);
	return data;
}

/* The tensor in input_N.pb or output_N.pb, NULL: none, or no tensor. */
static Onnx__Tensor *read_tensor(const char *folder, const char *kind, int number)
{
	Onnx__Tensor *tensor;
	char name[64];
	size_t size;
	void *data;

	snprintf(name, sizeof(name), "test_data_set_0/%s_%d.pb", kind, number);
	data = read_file(folder, name, &size);
	if (!data)
		return NULL;
	tensor = onnx__tensor__unpack(NULL, size, data);
	free(data);
	return tensor;
}

static void refuse(const char *operator)
{
	int i;

	for (i = 0; i < num_refusals && strcmp(refusals[i].name, operator); i++)
		;
	if (i == REFUSALS)
		return;
	snprintf(refusals[i].name, sizeof(refusals[i].name), "%s", operator);
	refusals[i].count++;
	num_refusals += i == num_refusals;
}

static bool close_enough(const struct graph_tensor *t, const void *is, const struct graph_tensor *u,
			 const void *should)
{
	uint64_t n = graph_elements(t);
	float *a = malloc((n + 1) * sizeof(*a)), *b = malloc((n + 1) * sizeof(*b));
	struct graph_tensor plain_t = *t, plain_u = *u;
	bool ok = a && b && graph_elements(u) == n && t->rank == u->rank;

	plain_t.quant.count = plain_u.quant.count = 0;
	if (ok) {
		ref_to_float(&plain_t, is, a);
		ref_to_float(&plain_u, should, b);
	}
	for (uint32_t i = 0; ok && i < t->rank; i++)
		ok = t->dims[i] == u->dims[i];
	for (uint64_t i = 0; ok && i < n; i++) {
		/* One step between roundings of integers is not an error. */
		float room = t->type == GRAPH_F32 ? 1e-5f + 1e-3f * fabsf(b[i]) :
			     t->type == GRAPH_I8 || t->type == GRAPH_U8 ? 1 : 0;

		ok = (isnan(a[i]) && isnan(b[i])) || a[i] == b[i] || fabsf(a[i] - b[i]) <= room;
		if (!ok && verbose)
			printf("# element %llu is %g, should be %g\n", (unsigned long long)i, a[i], b[i]);
	}
	free(a);
	free(b);
	return ok;
}

/* Run @graph on the inputs in @folder. Return: 0 right, 1 wrong. */
static int run(struct graph *graph, const char *folder, Onnx__Tensor **inputs, const bool *constant)
{
	const void *data[INPUTS] = { 0 };
	struct graph_exec *exec = NULL;
	struct graph *values = NULL;
	uint32_t next = 0;
	int wrong = 1;

	if (graph_new("values", &values))
		return 1;
	for (int i = 0; i < INPUTS && inputs[i]; i++) {
		int id = constant[i] ? 0 : onnx_tensor(values, inputs[i], NULL);

		if (id < 0 || next > graph->num_inputs)
			goto out;
		if (!constant[i] && next < graph->num_inputs)
			data[next++] = (const void *)(intptr_t)(id + 1);
	}
	if (next != graph->num_inputs)
		goto out;
	for (uint32_t i = 0; i < next; i++) {
		const struct graph_tensor *t = &values->tensors[(intptr_t)data[i] - 1];

		if (graph_bytes(t) != graph_bytes(&graph->tensors[graph->inputs[i]]))
			goto out;
		data[i] = t->data;
	}
	if (graph_exec_new(graph, true, &exec) || graph_exec_run(exec, data, NULL, NULL)) {
		printf("# %s\n", accel_error_text());
		goto out;
	}
	wrong = 0;
	for (uint32_t i = 0; i < graph->num_outputs; i++) {
		Onnx__Tensor *output = read_tensor(folder, "output", (int)i);
		int id = output ? onnx_tensor(values, output, NULL) : -1;

		if (id < 0 || !close_enough(&graph->tensors[graph->outputs[i]],
					    graph_exec_data(exec, graph->outputs[i]),
					    &values->tensors[id], values->tensors[id].data))
			wrong = 1;
		if (output)
			onnx__tensor__free_unpacked(output, NULL);
	}
out:
	graph_exec_free(exec);
	graph_free(values);
	return wrong;
}

/* Inputs as constants: @count of them, from the last one backwards. */
static int import(const Onnx__Model *model, Onnx__Tensor **inputs, const bool *constant,
		  struct graph **out)
{
	Onnx__Model changed = *model;
	Onnx__Graph graph = *model->graph;
	Onnx__Tensor *all[INPUTS * 4], named[INPUTS];
	size_t n = 0, size;
	uint8_t *bytes;
	int err;

	*out = NULL;
	if (graph.n_initializer > INPUTS)
		return -ENOTSUP;
	for (size_t i = 0; i < graph.n_initializer; i++)
		all[n++] = graph.initializer[i];
	for (int i = 0; i < INPUTS && inputs[i] && (size_t)i < graph.n_input; i++)
		if (constant[i]) {
			named[i] = *inputs[i];
			named[i].name = graph.input[i]->name;
			all[n++] = &named[i];
		}
	graph.initializer = all;
	graph.n_initializer = n;
	changed.graph = &graph;
	size = onnx__model__get_packed_size(&changed);
	bytes = malloc(size + 1);
	if (!bytes)
		return -ENOMEM;
	onnx__model__pack(&changed, bytes);
	err = graph_import_memory("model", bytes, size, NULL, NULL, out);
	free(bytes);
	return err;
}

/* Return: 0 right, 1 wrong, 2 refused, 3 has no model. */
static int test(const char *folder)
{
	Onnx__Tensor *inputs[INPUTS + 1] = { 0 };
	bool constant[INPUTS] = { 0 };
	struct graph *graph = NULL;
	Onnx__Model *model = NULL;
	size_t size;
	void *data = read_file(folder, "model.onnx", &size);
	int err = -EINVAL, result = 2, passes;

	if (data)
		model = onnx__model__unpack(NULL, size, data);
	free(data);
	if (!model || !model->graph) {
		result = 3;
		goto out;
	}
	for (int i = 0; i < INPUTS && (inputs[i] = read_tensor(folder, "input", i)); i++)
		;
	/* As it is; then integers as constants; then all but the first input. */
	for (int way = 0; way < 3 && err; way++) {
		for (int i = 0; i < INPUTS && inputs[i]; i++)
			constant[i] = (way == 1 && (inputs[i]->data_type == ONNX_INT64 ||
						    inputs[i]->data_type == ONNX_INT32)) ||
				      (way == 2 && i > 0);
		err = import(model, inputs, constant, &graph);
	}
	if (err) {
		const char *operator = model->graph->n_node && model->graph->node[0]->op_type ?
				       model->graph->node[0]->op_type : "none";

		if (verbose)
			printf("# %s: %s\n", folder, accel_error_text());
		refuse(operator);
		goto out;
	}
	result = run(graph, folder, inputs, constant);
	passes = graph_optimize(graph);
	if (passes) {
		printf("# passes: %s\n", accel_error_text());
		result = 1;
	} else if (run(graph, folder, inputs, constant)) {
		if (!result)
			printf("# %s: wrong behind the passes\n", folder);
		result = 1;
	}
out:
	graph_free(graph);
	for (int i = 0; i < INPUTS && inputs[i]; i++)
		onnx__tensor__free_unpacked(inputs[i], NULL);
	if (model)
		onnx__model__free_unpacked(model, NULL);
	return result;
}

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
	struct dirent **kinds, **tests;
	int n = argc > 1 ? scandir(argv[1], &kinds, not_hidden, alphasort) : -1, failed = 0, number = 0;

	if (n < 0) {
		fprintf(stderr, "usage: onnx_conformance FOLDER [NAME]\n");
		return 2;
	}
	verbose = argc > 2;
	accel_pool_configure(1, 0);
	for (int i = 0; i < n; i++) {
		char folder[2048], path[4096];
		int counts[4] = { 0 }, m;

		snprintf(folder, sizeof(folder), "%s/%s", argv[1], kinds[i]->d_name);
		m = scandir(folder, &tests, not_hidden, alphasort);
		for (int j = 0; j < m; j++) {
			int result;

			snprintf(path, sizeof(path), "%s/%s", folder, tests[j]->d_name);
			if (argc > 2 && !strstr(tests[j]->d_name, argv[2])) {
				free(tests[j]);
				continue;
			}
			result = strcmp(tests[j]->d_name, DIFFERENT) ? test(path) : 3;
			if (result == 1)
				printf("# wrong: %s\n", tests[j]->d_name);
			counts[result]++;
			free(tests[j]);
		}
		if (m > 0)
			free(tests);
		if (counts[0] + counts[1] + counts[2]) {
			printf("%s %d - %s: %d right, %d wrong, %d refused\n",
			       counts[1] || !counts[0] ? "not ok" : "ok", ++number, kinds[i]->d_name,
			       counts[0], counts[1], counts[2]);
			failed |= counts[1] || !counts[0];
		}
		free(kinds[i]);
	}
	free(kinds);
	printf("1..%d\n", number);
	printf("# refused operators:");
	for (int i = 0; i < num_refusals; i++)
		printf(" %s(%d)", refusals[i].name, refusals[i].count);
	printf("\n");
	return failed;
}
