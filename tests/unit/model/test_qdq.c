// SPDX-License-Identifier: MIT
/*
 * An ONNX model with QuantizeLinear and DequantizeLinear around its operators:
 * behind the passes it works on integers and gives what it gave before.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <accel/accel.h>

#include "libaccel/import/import.h"
#include "libaccel/graph/passes.h"
#include "libaccel/run/graph_exec.h"
#include "onnx.pb-c.h"

#define MOST	64

/* A model being put together; everything in it lives until the test's end. */
struct builder {
	Onnx__Node nodes[MOST], *node_list[MOST];
	Onnx__Tensor tensors[MOST], *tensor_list[MOST];
	Onnx__Attribute attributes[MOST];
	size_t num_nodes, num_tensors, num_attributes;
	char *lists[MOST][8];
	Onnx__Attribute *attribute_lists[MOST][2];
};

static struct builder builder;

static void add_tensor(const char *name, int type, size_t rank, int64_t *dims, void *data,
		       size_t bytes)
{
	Onnx__Tensor *t = &builder.tensors[builder.num_tensors];

	onnx__tensor__init(t);
	t->name = (char *)name;
	t->has_data_type = t->has_raw_data = 1;
	t->data_type = type;
	t->n_dims = rank;
	t->dims = dims;
	t->raw_data.data = data;
	t->raw_data.len = bytes;
	builder.tensor_list[builder.num_tensors++] = t;
}

/* @inputs: names, ended by NULL. */
static void add_node(const char *type, const char *const *inputs, const char *output,
		     const char *attribute, int64_t value)
{
	Onnx__Node *node = &builder.nodes[builder.num_nodes];
	char **list = builder.lists[builder.num_nodes];

	onnx__node__init(node);
	node->op_type = (char *)type;
	node->name = (char *)output;
	for (; inputs[node->n_input]; node->n_input++)
		list[node->n_input] = (char *)inputs[node->n_input];
	node->input = list;
	list[7] = (char *)output;
	node->output = &list[7];
	node->n_output = 1;
	if (attribute) {
		Onnx__Attribute *a = &builder.attributes[builder.num_attributes++];

		onnx__attribute__init(a);
		a->name = (char *)attribute;
		a->has_i = 1;
		a->i = value;
		builder.attribute_lists[builder.num_nodes][0] = a;
		node->attribute = builder.attribute_lists[builder.num_nodes];
		node->n_attribute = 1;
	}
	builder.node_list[builder.num_nodes++] = node;
}

#define NODE(type, output, attribute, value, ...) \
	add_node(type, (const char *const[]){ __VA_ARGS__, NULL }, output, attribute, value)

static void make_model(void)
{
	static int64_t w_dims[] = { 4, 3, 3, 3 }, four[] = { 4 }, fc_dims[] = { 144, 5 }, five[] = { 5 };
	static float one_scale = 0.02f, conv_scale = 0.05f, fc_w_scale = 0.01f, out_scale = 0.4f;
	static float w_scale[] = { 0.01f, 0.02f, 0.005f, 0.03f }, bias_scale[4], fc_bias_scale;
	static uint8_t u128 = 128, u0;
	static int8_t w[108], fc[720], zero, zeros[4];
	static int32_t bias[] = { 100, -200, 3000, 7 }, fc_bias[] = { 50, -60, 70, -80, 90 }, zeros32[4];

	for (int i = 0; i < 108; i++)
		w[i] = (int8_t)(i * 37 % 251 - 125);
	for (int i = 0; i < 720; i++)
		fc[i] = (int8_t)(i * 91 % 253 - 126);
	for (int i = 0; i < 4; i++)
		bias_scale[i] = one_scale * w_scale[i];
	fc_bias_scale = conv_scale * fc_w_scale;
	add_tensor("xs", 1, 0, NULL, &one_scale, 4);
	add_tensor("xz", 2, 0, NULL, &u128, 1);
	add_tensor("cs", 1, 0, NULL, &conv_scale, 4);
	add_tensor("cz", 2, 0, NULL, &u0, 1);
	add_tensor("os", 1, 0, NULL, &out_scale, 4);
	add_tensor("w", 3, 4, w_dims, w, sizeof(w));
	add_tensor("ws", 1, 1, four, w_scale, sizeof(w_scale));
	add_tensor("wz", 3, 1, four, zeros, sizeof(zeros));
	add_tensor("b", 6, 1, four, bias, sizeof(bias));
	add_tensor("bs", 1, 1, four, bias_scale, sizeof(bias_scale));
	add_tensor("bz", 6, 1, four, zeros32, sizeof(zeros32));
	add_tensor("f", 3, 2, fc_dims, fc, sizeof(fc));
	add_tensor("fs", 1, 0, NULL, &fc_w_scale, 4);
	add_tensor("fz", 3, 0, NULL, &zero, 1);
	add_tensor("g", 6, 1, five, fc_bias, sizeof(fc_bias));
	add_tensor("gs", 1, 0, NULL, &fc_bias_scale, 4);
	NODE("QuantizeLinear", "xq", NULL, 0, "x", "xs", "xz");
	NODE("DequantizeLinear", "xd", NULL, 0, "xq", "xs", "xz");
	NODE("DequantizeLinear", "wd", "axis", 0, "w", "ws", "wz");
	NODE("DequantizeLinear", "bd", "axis", 0, "b", "bs", "bz");
	NODE("Conv", "c", NULL, 0, "xd", "wd", "bd");
	NODE("Relu", "r", NULL, 0, "c");
	NODE("QuantizeLinear", "rq", NULL, 0, "r", "cs", "cz");
	NODE("DequantizeLinear", "rd", NULL, 0, "rq", "cs", "cz");
	NODE("Flatten", "l", NULL, 0, "rd");
	NODE("QuantizeLinear", "lq", NULL, 0, "l", "cs", "cz");
	NODE("DequantizeLinear", "ld", NULL, 0, "lq", "cs", "cz");
	NODE("DequantizeLinear", "fd", NULL, 0, "f", "fs", "fz");
	NODE("DequantizeLinear", "gd", NULL, 0, "g", "gs");
	NODE("Gemm", "m", NULL, 0, "ld", "fd", "gd");
	NODE("QuantizeLinear", "mq", NULL, 0, "m", "os", "xz");
	NODE("DequantizeLinear", "y", NULL, 0, "mq", "os", "xz");
}

static struct graph *import(void)
{
	Onnx__Dimension dims[4], *dim_list[4];
	Onnx__Shape shape = ONNX__SHAPE__INIT;
	Onnx__TensorType tensor = ONNX__TENSOR_TYPE__INIT;
	Onnx__Type type = ONNX__TYPE__INIT;
	Onnx__ValueInfo x = ONNX__VALUE_INFO__INIT, y = ONNX__VALUE_INFO__INIT;
	Onnx__ValueInfo *inputs[] = { &x }, *outputs[] = { &y };
	Onnx__Graph graph = ONNX__GRAPH__INIT;
	Onnx__OperatorSet opset = ONNX__OPERATOR_SET__INIT, *opsets[] = { &opset };
	Onnx__Model model = ONNX__MODEL__INIT;
	static const int64_t sizes[] = { 1, 3, 8, 8 };
	struct graph *out;
	uint8_t *bytes;
	size_t size;

	for (int i = 0; i < 4; i++) {
		onnx__dimension__init(&dims[i]);
		dims[i].has_dim_value = 1;
		dims[i].dim_value = sizes[i];
		dim_list[i] = &dims[i];
	}
	shape.n_dim = 4;
	shape.dim = dim_list;
	tensor.has_elem_type = 1;
	tensor.elem_type = 1;
	tensor.shape = &shape;
	type.tensor_type = &tensor;
	x.name = (char *)"x";
	x.type = &type;
	y.name = (char *)"y";
	graph.n_input = graph.n_output = 1;
	graph.input = inputs;
	graph.output = outputs;
	graph.n_node = builder.num_nodes;
	graph.node = builder.node_list;
	graph.n_initializer = builder.num_tensors;
	graph.initializer = builder.tensor_list;
	opset.has_version = 1;
	opset.version = 13;
	model.graph = &graph;
	model.n_opset_import = 1;
	model.opset_import = opsets;
	size = onnx__model__get_packed_size(&model);
	bytes = malloc(size);
	assert_non_null(bytes);
	onnx__model__pack(&model, bytes);
	if (graph_import_memory("qdq", bytes, size, NULL, NULL, &out))
		fail_msg("%s", accel_error_text());
	/* Wherever it is cut it is refused, and nothing is lost. */
	for (size_t cut = 0; cut < size; cut += 7) {
		struct graph *none;

		if (graph_import_memory("cut", bytes, cut, NULL, NULL, &none))
			assert_null(none);
		graph_free(none);
	}
	free(bytes);
	return out;
}

static void run(const struct graph *graph, float *out)
{
	struct graph_exec *exec;
	float input[192];
	const void *inputs = input;

	for (int i = 0; i < 192; i++)
		input[i] = (float)(i * 53 % 200 - 100) / 40;
	assert_int_equal(graph_exec_new(graph, false, &exec), 0);
	assert_int_equal(graph_exec_run(exec, &inputs, NULL, NULL), 0);
	memcpy(out, graph_exec_data(exec, graph->outputs[0]), 5 * sizeof(*out));
	graph_exec_free(exec);
}

static void works_on_integers(void **unused)
{
	float before[5], after[5];
	struct graph *graph;
	uint32_t weighted = 0;

	(void)unused;
	make_model();
	graph = import();
	run(graph, before);
	if (graph_optimize(graph))
		fail_msg("%s", accel_error_text());
	run(graph, after);
	for (uint32_t i = 0; i < graph->num_ops; i++) {
		const struct graph_op *op = &graph->ops[i];

		if (op->kind > GRAPH_FULLY_CONNECTED)
			continue;
		weighted++;
		assert_int_equal(graph->tensors[op->inputs[0]].type, GRAPH_I8);
		assert_int_equal(graph->tensors[op->inputs[1]].type, GRAPH_I8);
		assert_int_equal(graph->tensors[op->inputs[2]].type, GRAPH_I32);
		assert_int_equal(graph->tensors[op->outputs[0]].type, GRAPH_I8);
		if (op->kind == GRAPH_CONV)
			assert_int_equal(graph->tensors[op->inputs[1]].quant.count, 4);
	}
	assert_int_equal(weighted, 2);
	for (int i = 0; i < 5; i++)
		if (!(fabsf(before[i] - after[i]) < 0.41f))
			fail_msg("output %d is %g, was %g", i, after[i], before[i]);
	graph_free(graph);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(works_on_integers) };

	return cmocka_run_group_tests_name("qdq", tests, NULL, NULL);
}
