// SPDX-License-Identifier: MIT
/*
 * Running one operation: operands, conversions, choice of the kernel.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libaccel/cpu/f32/f32_kernels.h"
#include "libaccel/cpu/int8/s8_map.h"
#include "libaccel/cpu/ref/ref_op.h"
#include "libaccel/cpu/ref/ref_op_kernels.h"
#include "libaccel/dev/error.h"

float ref_half_to_float(uint16_t half)
{
	uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 0x1f;
	uint32_t fraction = half & 0x3ff, bits;
	float value;

	if (exponent == 0) {
		value = (float)fraction / (1 << 24);
		return sign ? -value : value;
	}
	bits = sign | (exponent == 31 ? 0x7f800000 : (exponent + 112) << 23) | fraction << 13;
	memcpy(&value, &bits, sizeof(value));
	return value;
}

/* Rounded to nearest, ties to even. */
uint16_t ref_float_to_half(float value)
{
	uint32_t bits, sign, magnitude;

	memcpy(&bits, &value, sizeof(bits));
	sign = bits >> 16 & 0x8000;
	magnitude = bits & 0x7fffffff;
	if (magnitude >= 0x7f800000)
		return (uint16_t)(sign | 0x7c00 | (magnitude > 0x7f800000 ? 0x200 : 0));
	if (magnitude >= 0x47800000)
		return (uint16_t)(sign | 0x7c00);
	if (magnitude < 0x38800000)
		return (uint16_t)(sign | (uint32_t)nearbyint(fabs((double)value) * (1 << 24)));
	magnitude += 0xfff + (magnitude >> 13 & 1);
	return (uint16_t)(sign | (magnitude - 0x38000000) >> 13);
}

static double element(const struct graph_tensor *t, const void *data, size_t i)
{
	switch (t->type) {
	case GRAPH_F32: return ((const float *)data)[i];
	case GRAPH_F16: return ref_half_to_float(((const uint16_t *)data)[i]);
	case GRAPH_I8: return ((const int8_t *)data)[i];
	case GRAPH_U8: return ((const uint8_t *)data)[i];
	case GRAPH_BOOL: return ((const uint8_t *)data)[i] != 0;
	case GRAPH_I16: return ((const int16_t *)data)[i];
	case GRAPH_I32: return ((const int32_t *)data)[i];
	default: return (double)((const int64_t *)data)[i];
	}
}

/* Integers saturate; NaN gives 0. */
static void set_element(const struct graph_tensor *t, void *data, size_t i, double value)
{
	static const double limits[GRAPH_TYPES][2] = {
		[GRAPH_I8] = { INT8_MIN, INT8_MAX }, [GRAPH_U8] = { 0, UINT8_MAX },
		[GRAPH_I16] = { INT16_MIN, INT16_MAX }, [GRAPH_I32] = { INT32_MIN, INT32_MAX },
		[GRAPH_I64] = { -9223372036854775808.0, 9223372036854774784.0 },
	};

	if (t->type == GRAPH_F32) {
		((float *)data)[i] = (float)value;
		return;
	}
	if (t->type == GRAPH_F16) {
		((uint16_t *)data)[i] = ref_float_to_half((float)value);
		return;
	}
	if (t->type == GRAPH_BOOL) {
		((uint8_t *)data)[i] = value != 0;
		return;
	}
	value = isnan(value) ? 0 : value < limits[t->type][0] ? limits[t->type][0] :
		value > limits[t->type][1] ? limits[t->type][1] : value;
	switch (t->type) {
	case GRAPH_I8: ((int8_t *)data)[i] = (int8_t)value; break;
	case GRAPH_U8: ((uint8_t *)data)[i] = (uint8_t)value; break;
	case GRAPH_I16: ((int16_t *)data)[i] = (int16_t)value; break;
	case GRAPH_I32: ((int32_t *)data)[i] = (int32_t)value; break;
	default: ((int64_t *)data)[i] = (int64_t)value;
	}
}

/* Which scale element @i has: its index along the axis. */
static size_t quant_index(const struct graph_tensor *t, size_t i)
{
	size_t inner = 1;

	if (t->quant.count < 2)
		return 0;
	for (uint32_t j = t->quant.axis + 1; j < t->rank; j++)
		inner *= t->dims[j];
	return i / inner % t->quant.count;
}

bool ref_byte_format(const struct graph_tensor *t, struct s8_format *format)
{
	const bool is_unsigned = t->type == GRAPH_U8;

	if ((t->type != GRAPH_I8 && !is_unsigned) || t->quant.count != 1)
		return false;
	*format = (struct s8_format){
		.scale = t->quant.scale[0],
		.zero = (int8_t)(t->quant.zero_point[0] - (is_unsigned ? 128 : 0)),
		.low = INT8_MIN, .high = INT8_MAX, .flip = is_unsigned ? 0x80 : 0,
	};
	return true;
}

void ref_to_float(const struct graph_tensor *t, const void *data, float *out)
{
	size_t n = graph_elements(t);
	struct s8_format format;

	if (ref_byte_format(t, &format)) {
		s8_real_select(accel_isa_detect())->to_real(&format, data, n, out);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		double value = element(t, data, i);

		if (graph_is_quantized(t)) {
			size_t c = quant_index(t, i);

			value = (value - t->quant.zero_point[c]) * t->quant.scale[c];
		}
		out[i] = (float)value;
	}
}

void ref_from_float(const struct graph_tensor *t, const float *in, void *data)
{
	size_t n = graph_elements(t);
	struct s8_format format;

	if (ref_byte_format(t, &format)) {
		s8_real_select(accel_isa_detect())->from_real(&format, in, n, data);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		double value = in[i];

		if (graph_is_quantized(t)) {
			size_t c = quant_index(t, i);

			value = isnan(value) ? 0 : round(value / t->quant.scale[c]);
			value += t->quant.zero_point[c];
		}
		set_element(t, data, i, value);
	}
}

/* Bytes of one scale to those of another, limited to reals in between: a table. */
static bool rescale_bytes(const struct graph_tensor *x, const void *in, float low, float high,
			  const struct graph_tensor *y, void *out)
{
	struct s8_format from, to;
	const struct s8_real *kernels = s8_real_select(accel_isa_detect());
	int8_t bytes[256], table[256];
	float reals[256];

	if (!ref_byte_format(x, &from) || !ref_byte_format(y, &to))
		return false;
	for (int i = 0; i < 256; i++)
		bytes[i] = (int8_t)(i - 128);
	kernels->to_real(&from, bytes, 256, reals);
	f32_kernels_best()->clamp(reals, 256, low, high);
	kernels->from_real(&to, reals, 256, table);
	s8_table_select(accel_isa_detect())(in, graph_elements(x), table, out);
	return true;
}

int ref_convert(const struct ref_args *args)
{
	const struct graph_tensor *x = args->in[0], *y = args->out;
	size_t n = graph_elements(y);
	const float *reals = args->in_data[0];
	float *made = NULL;

	if (args->op->kind == GRAPH_CAST) {
		for (size_t i = 0; i < n; i++)
			set_element(y, args->out_data, i, element(x, args->in_data[0], i));
		return 0;
	}
	if (rescale_bytes(x, args->in_data[0], -INFINITY, INFINITY, y, args->out_data))
		return 0;
	if (y->type == GRAPH_F32) {
		ref_to_float(x, args->in_data[0], args->out_data);
		return 0;
	}
	if (x->type != GRAPH_F32) {
		made = malloc((n ? n : 1) * sizeof(*made));
		if (!made)
			return accel_error_memory("a conversion");
		ref_to_float(x, args->in_data[0], made);
		reals = made;
	}
	ref_from_float(y, reals, args->out_data);
	free(made);
	return 0;
}

int ref_arg_max(const struct ref_args *args)
{
	const struct graph_tensor *x = args->in[0];
	size_t dim = x->dims[args->op->params.axis], inner = 1;

	for (uint32_t i = args->op->params.axis + 1; i < x->rank; i++)
		inner *= x->dims[i];
	for (size_t i = 0, n = graph_elements(args->out); i < n; i++) {
		size_t start = i / inner * dim * inner + i % inner, best = 0;

		for (size_t j = 1; j < dim; j++)
			if (element(x, args->in_data[0], start + j * inner) >
			    element(x, args->in_data[0], start + best * inner))
				best = j;
		set_element(args->out, args->out_data, i, (double)best);
	}
	return 0;
}

static bool moves_data(uint32_t kind)
{
	switch (kind) {
	case GRAPH_CONCAT: case GRAPH_PAD: case GRAPH_DEPTH_TO_SPACE: case GRAPH_SPACE_TO_DEPTH:
	case GRAPH_RESHAPE: case GRAPH_TRANSPOSE: case GRAPH_SLICE: case GRAPH_GATHER:
	case GRAPH_BROADCAST: case GRAPH_TILE: case GRAPH_READ_STATE: case GRAPH_WRITE_STATE:
		return true;
	default:
		return false;
	}
}

/* Does moved data keep its meaning: no activation, one scale throughout? */
static bool moves_plainly(const struct ref_args *args)
{
	uint32_t inputs = args->op->kind == GRAPH_CONCAT ? args->num_in : 1;

	if (graph_has_act(args->op))
		return false;
	for (uint32_t i = 0; i < inputs; i++) {
		const struct graph_quant *a = &args->in[i]->quant, *b = &args->out->quant;

		if (a->count == 1 && b->count == 1 &&
		    (a->scale[0] != b->scale[0] || a->zero_point[0] != b->zero_point[0]))
			return false;
	}
	return true;
}

/* Clamp and rescale every input to the output's scale, then move. */
static int move_scaled(const struct ref_args *args)
{
	struct ref_args scaled = *args;
	uint32_t inputs = args->op->kind == GRAPH_CONCAT ? args->num_in : 1;
	void **copies = calloc(args->num_in + 1, sizeof(*copies));
	int err = copies ? 0 : accel_error_memory("an operation");

	for (uint32_t i = 0; !err && i < args->num_in; i++) {
		struct graph_tensor like = *args->in[i];
		size_t n = graph_elements(&like);
		float *reals;

		if (i >= inputs) {
			copies[i] = malloc(graph_bytes(&like) + 1);
			if (copies[i])
				memcpy(copies[i], args->in_data[i], graph_bytes(&like));
			else
				err = accel_error_memory("an operation");
			continue;
		}
		copies[i] = malloc(n * graph_type_size(args->out->type) + 1);
		if (copies[i] && rescale_bytes(&like, args->in_data[i], args->op->act_min,
					       args->op->act_max, args->out, copies[i]))
			continue;
		reals = malloc((n + 1) * sizeof(*reals));
		if (reals && copies[i]) {
			ref_to_float(&like, args->in_data[i], reals);
			f32_kernels_best()->clamp(reals, n, args->op->act_min, args->op->act_max);
			like.type = args->out->type;
			like.quant = args->out->quant;
			ref_from_float(&like, reals, copies[i]);
		} else {
			err = accel_error_memory("an operation");
		}
		free(reals);
	}
	scaled.in_data = (const void *const *)copies;
	if (!err)
		err = ref_move(&scaled);
	for (uint32_t i = 0; copies && i < args->num_in; i++)
		free(copies[i]);
	free(copies);
	return err;
}

static int run(const struct ref_args *args)
{
	const struct graph_tensor *x = args->in[0];
	const struct graph_op *op = args->op;
	int err;

	if (moves_data(op->kind))
		return moves_plainly(args) ? ref_move(args) : move_scaled(args);
	switch (op->kind) {
	case GRAPH_QUANTIZE: case GRAPH_DEQUANTIZE: case GRAPH_CAST:
		return ref_convert(args);
	case GRAPH_ARG_MAX:
		return ref_arg_max(args);
	}
	if (x->type == GRAPH_I32 || x->type == GRAPH_I64)
		return ref_integers(args);
	if (x->type == GRAPH_I8)
		return ref_int8(args);
	if (x->type != GRAPH_F32)
		return accel_error_set(-EINVAL, "operation %s (%s): no kernel for type %s", op->name,
				       graph_kind_name(op->kind), graph_type_name(x->type));
	err = ref_float(args);
	if (!err && graph_has_act(op))
		f32_kernels_best()->clamp(args->out_data, graph_elements(args->out), op->act_min,
					  op->act_max);
	return err;
}

struct cpu_op {
	const struct graph *graph;
	const struct graph_op *op;
	struct ref_prepared *prepared;
};

/* Operands of an operation; those without data yet are NULL. */
static void take_operands(const struct graph *graph, const struct graph_op *op, void *const *data,
			  const struct graph_tensor **in, const void **in_data)
{
	for (uint32_t i = 0; i < op->num_inputs; i++) {
		uint32_t tensor = op->inputs[i];

		in[i] = tensor == GRAPH_NONE ? NULL : &graph->tensors[tensor];
		in_data[i] = tensor == GRAPH_NONE ? NULL :
			     data && data[tensor] ? data[tensor] : graph->tensors[tensor].data;
	}
}

static uint32_t output_of(const struct graph_op *op)
{
	return op->kind == GRAPH_WRITE_STATE ? op->inputs[1] : op->outputs[0];
}

static int run_op(const struct graph *graph, const struct graph_op *op,
		  const struct ref_prepared *prepared, void *const *data)
{
	const struct graph_tensor *few[8], **in = few;
	const void *few_data[8], **in_data = few_data;
	struct ref_args args = { .op = op, .num_in = op->num_inputs, .prepared = prepared };
	int err;

	if (op->num_inputs > 8) {
		in = malloc(op->num_inputs * sizeof(*in));
		in_data = malloc(op->num_inputs * sizeof(*in_data));
	}
	if (!in || !in_data) {
		err = accel_error_memory("an operation");
		goto out;
	}
	take_operands(graph, op, data, in, in_data);
	args.in = in;
	args.in_data = in_data;
	args.out = &graph->tensors[output_of(op)];
	args.out_data = data[output_of(op)];
	err = run(&args);
out:
	if (in != few) {
		free(in);
		free(in_data);
	}
	return err;
}

int cpu_op_run(const struct graph *graph, const struct graph_op *op, void *const *data)
{
	return run_op(graph, op, NULL, data);
}

/* Are all inputs but the first constants? */
static bool has_constant_weights(const struct graph *graph, const struct graph_op *op)
{
	for (uint32_t i = 1; i < op->num_inputs; i++)
		if (op->inputs[i] != GRAPH_NONE && !graph_is_const(&graph->tensors[op->inputs[i]]))
			return false;
	return op->num_inputs > 1 && op->num_inputs <= 3;
}

int cpu_op_new(const struct graph *graph, const struct graph_op *op, struct cpu_op **out)
{
	struct cpu_op *made = calloc(1, sizeof(*made));
	const struct graph_tensor *in[3];
	const void *in_data[3];
	struct ref_args args = { .op = op, .num_in = op->num_inputs, .in = in, .in_data = in_data };
	int err = 0;

	*out = NULL;
	if (!made)
		return accel_error_memory("an operation");
	made->graph = graph;
	made->op = op;
	if (has_constant_weights(graph, op)) {
		take_operands(graph, op, NULL, in, in_data);
		args.out = &graph->tensors[output_of(op)];
		err = ref_prepare(&args, &made->prepared);
	}
	if (err) {
		free(made);
		return err;
	}
	*out = made;
	return 0;
}

int cpu_op_again(const struct cpu_op *op, void *const *data)
{
	return run_op(op->graph, op->op, op->prepared, data);
}

void cpu_op_free(struct cpu_op *op)
{
	if (!op)
		return;
	ref_prepared_free(op->prepared);
	free(op);
}
