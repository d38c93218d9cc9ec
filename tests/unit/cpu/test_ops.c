// SPDX-License-Identifier: MIT
/*
 * Operations of a graph that move, resize, reduce and convert, every
 * instruction set against definitions by the index of each result, between
 * guard pages. Prints TAP.
 *
 * usage: test_ops [SEED [CASES]]
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "libaccel/cpu/ref/ref_op.h"
#include "random.h"

/* An operation with its operands: the last tensor is the result. */
struct sample {
	struct graph graph;
	struct graph_op op;
	struct graph_tensor tensors[4];
	float scales[4];
	int32_t zeros[4];
	uint32_t inputs[3];
	struct guarded memory[4];
};

static const uint32_t types[] = { GRAPH_I8, GRAPH_F32, GRAPH_U8, GRAPH_I16, GRAPH_I64 };

static void add_tensor(struct sample *s, uint32_t type, uint32_t rank, const uint32_t *dims)
{
	uint32_t t = s->graph.num_tensors++;
	struct graph_tensor *tensor = &s->tensors[t];

	*tensor = (struct graph_tensor){ .name = "tensor", .type = type, .rank = rank };
	memcpy(tensor->dims, dims, rank * sizeof(*dims));
	s->memory[t] = guarded_random(graph_bytes(tensor));
}

static void set_scale(struct sample *s, uint32_t t, float scale, int32_t zero)
{
	s->scales[t] = scale;
	s->zeros[t] = zero;
	s->tensors[t].quant = (struct graph_quant){
		.count = 1, .scale = &s->scales[t], .zero_point = &s->zeros[t],
	};
}

static void begin(struct sample *s, uint32_t kind)
{
	memset(s, 0, sizeof(*s));
	s->graph.tensors = s->tensors;
	s->op = (struct graph_op){
		.kind = kind, .name = "operation", .inputs = s->inputs,
		.num_outputs = 1, .act_min = -INFINITY, .act_max = INFINITY,
	};
}

static bool run(struct sample *s, enum accel_isa isa)
{
	void *data[4];
	uint32_t i;

	s->op.num_inputs = s->graph.num_tensors - 1;
	for (i = 0; i < s->graph.num_tensors; i++) {
		data[i] = s->memory[i].data;
		if (i < s->op.num_inputs)
			s->inputs[i] = i;
	}
	s->op.outputs[0] = s->op.num_inputs;
	setenv("ACCEL_ISA", accel_isa_name(isa), 1);

	return !cpu_op_run(&s->graph, &s->op, data);
}

static void end(struct sample *s)
{
	uint32_t i;

	for (i = 0; i < s->graph.num_tensors; i++)
		guarded_free(&s->memory[i]);
	unsetenv("ACCEL_ISA");
}

static void random_dims(uint32_t rank, uint32_t most, uint32_t *dims)
{
	uint32_t i;

	for (i = 0; i < rank; i++)
		dims[i] = random_below(4) ? random_between(1, most) : 1 + random_below(3);
}

static uint32_t random_type(void)
{
	return types[random_below(sizeof(types) / sizeof(types[0]))];
}

/* Indices of element @n, and the element of those indices. */
static void index_of(const struct graph_tensor *t, size_t n, uint32_t *index)
{
	uint32_t i;

	for (i = t->rank; i-- > 0; n /= t->dims[i])
		index[i] = (uint32_t)(n % t->dims[i]);
}

static size_t element_at(const struct graph_tensor *t, const uint32_t *index)
{
	size_t n = 0;
	uint32_t i;

	for (i = 0; i < t->rank; i++)
		n = n * t->dims[i] + index[i];

	return n;
}

static bool same(const struct sample *s, uint32_t in, size_t from, uint32_t out, size_t to)
{
	const size_t size = graph_type_size(s->tensors[out].type);

	return !memcmp(s->memory[in].data + from * size, s->memory[out].data + to * size, size);
}

static bool transpose_case(enum accel_isa isa)
{
	const uint32_t rank = random_between(1, 5), type = random_type();
	uint32_t dims[GRAPH_DIMS], out[GRAPH_DIMS], index[GRAPH_DIMS], from[GRAPH_DIMS], i;
	struct sample s;
	bool good;
	size_t n;

	begin(&s, GRAPH_TRANSPOSE);
	random_dims(rank, rank < 4 ? 40 : 9, dims);
	for (i = 0; i < rank; i++)
		s.op.params.transpose.order[i] = i;
	for (i = rank - 1; i > 0; i--) {
		uint32_t *order = s.op.params.transpose.order, other = random_below(i + 1);
		uint32_t swap = order[i];

		order[i] = order[other];
		order[other] = swap;
	}
	for (i = 0; i < rank; i++)
		out[i] = dims[s.op.params.transpose.order[i]];
	add_tensor(&s, type, rank, dims);
	add_tensor(&s, type, rank, out);
	good = run(&s, isa);
	for (n = 0; n < graph_elements(&s.tensors[1]); n++) {
		index_of(&s.tensors[1], n, index);
		for (i = 0; i < rank; i++)
			from[s.op.params.transpose.order[i]] = index[i];
		good &= same(&s, 0, element_at(&s.tensors[0], from), 1, n);
	}
	end(&s);

	return good;
}

static bool slice_case(enum accel_isa isa)
{
	const uint32_t rank = random_between(1, 4), type = random_type();
	uint32_t dims[GRAPH_DIMS], out[GRAPH_DIMS], index[GRAPH_DIMS], i;
	struct sample s;
	bool good;
	size_t n;

	begin(&s, GRAPH_SLICE);
	random_dims(rank, 14, dims);
	for (i = 0; i < rank; i++) {
		uint32_t first = random_below(dims[i]), last = random_below(dims[i]);
		uint32_t step = random_below(2) ? 1 : random_between(1, 3);

		if (random_below(2)) {
			first = 0;
			last = dims[i] - 1;
		}
		s.op.params.slice.start[i] = (int32_t)first;
		s.op.params.slice.step[i] = last < first ? -(int32_t)step : (int32_t)step;
		out[i] = (last < first ? first - last : last - first) / step + 1;
	}
	add_tensor(&s, type, rank, dims);
	add_tensor(&s, type, rank, out);
	good = run(&s, isa);
	for (n = 0; n < graph_elements(&s.tensors[1]); n++) {
		index_of(&s.tensors[1], n, index);
		for (i = 0; i < rank; i++)
			index[i] = (uint32_t)(s.op.params.slice.start[i] +
					      (int32_t)index[i] * s.op.params.slice.step[i]);
		good &= same(&s, 0, element_at(&s.tensors[0], index), 1, n);
	}
	end(&s);

	return good;
}

/* Index into a dimension that is padded, or dims for the value. */
static uint32_t padded_from(uint32_t mode, int64_t at, uint32_t dim)
{
	if (at >= 0 && at < dim)
		return (uint32_t)at;
	if (mode == GRAPH_PAD_CONSTANT)
		return dim;
	if (mode == GRAPH_PAD_EDGE)
		return at < 0 ? 0 : dim - 1;
	if (mode == GRAPH_PAD_REFLECT)
		return (uint32_t)(at < 0 ? -at : 2 * (int64_t)dim - 2 - at);

	return (uint32_t)(at < 0 ? -at - 1 : 2 * (int64_t)dim - 1 - at);
}

static bool pad_case(enum accel_isa isa)
{
	const uint32_t rank = random_between(1, 4), type = random_type(), mode = random_below(4);
	uint32_t dims[GRAPH_DIMS], out[GRAPH_DIMS], index[GRAPH_DIMS], i;
	struct sample s;
	bool good;
	size_t n;

	begin(&s, GRAPH_PAD);
	random_dims(rank, 12, dims);
	s.op.params.pad.mode = mode;
	for (i = 0; i < rank; i++) {
		uint32_t most = mode == GRAPH_PAD_REFLECT ? dims[i] - 1 :
				mode == GRAPH_PAD_SYMMETRIC ? dims[i] : 5;

		s.op.params.pad.before[i] = random_below(2) ? random_below(most + 1) : 0;
		s.op.params.pad.after[i] = random_below(2) ? random_below(most + 1) : 0;
		out[i] = dims[i] + s.op.params.pad.before[i] + s.op.params.pad.after[i];
	}
	add_tensor(&s, type, rank, dims);
	add_tensor(&s, type, 0, dims);
	add_tensor(&s, type, rank, out);
	good = run(&s, isa);
	for (n = 0; n < graph_elements(&s.tensors[2]); n++) {
		bool outside = false;

		index_of(&s.tensors[2], n, index);
		for (i = 0; i < rank; i++) {
			index[i] = padded_from(mode, (int64_t)index[i] - s.op.params.pad.before[i],
					       dims[i]);
			outside |= index[i] == dims[i];
		}
		good &= outside ? same(&s, 1, 0, 2, n) :
			same(&s, 0, element_at(&s.tensors[0], index), 2, n);
	}
	end(&s);

	return good;
}

static bool concat_case(enum accel_isa isa)
{
	const uint32_t rank = random_between(1, 4), type = random_type();
	const uint32_t axis = random_below(rank);
	uint32_t dims[GRAPH_DIMS], index[GRAPH_DIMS], part, i;
	struct sample s;
	bool good;
	size_t n;

	begin(&s, GRAPH_CONCAT);
	s.op.params.axis = axis;
	random_dims(rank, 12, dims);
	for (i = 0, part = 0; i < 3; i++) {
		dims[axis] = random_between(1, 20);
		part += dims[axis];
		add_tensor(&s, type, rank, dims);
	}
	dims[axis] = part;
	add_tensor(&s, type, rank, dims);
	good = run(&s, isa);
	for (n = 0; n < graph_elements(&s.tensors[3]); n++) {
		index_of(&s.tensors[3], n, index);
		for (part = 0; index[axis] >= s.tensors[part].dims[axis]; part++)
			index[axis] -= s.tensors[part].dims[axis];
		good &= same(&s, part, element_at(&s.tensors[part], index), 3, n);
	}
	end(&s);

	return good;
}

/* Copies of a tensor, and one that broadcasts. */
static bool tile_case(enum accel_isa isa)
{
	const uint32_t rank = random_between(1, 4), type = random_type();
	const bool broadcast = random_below(2);
	uint32_t dims[GRAPH_DIMS], out[GRAPH_DIMS], index[GRAPH_DIMS], i;
	struct sample s;
	bool good;
	size_t n;

	begin(&s, broadcast ? GRAPH_BROADCAST : GRAPH_TILE);
	random_dims(rank, 10, dims);
	for (i = 0; i < rank; i++) {
		if (broadcast && random_below(2))
			dims[i] = 1;
		out[i] = broadcast && dims[i] > 1 ? dims[i] : dims[i] * random_between(1, 4);
	}
	add_tensor(&s, type, rank, dims);
	add_tensor(&s, type, rank, out);
	good = run(&s, isa);
	for (n = 0; n < graph_elements(&s.tensors[1]); n++) {
		index_of(&s.tensors[1], n, index);
		for (i = 0; i < rank; i++)
			index[i] %= dims[i];
		good &= same(&s, 0, element_at(&s.tensors[0], index), 1, n);
	}
	end(&s);

	return good;
}

static bool blocks_case(enum accel_isa isa)
{
	const uint32_t b = random_between(1, 3), c = random_between(1, 9), type = random_type();
	const uint32_t h = random_between(1, 6), w = random_between(1, 6);
	const uint32_t deep[4] = { 2, h, w, b * b * c }, wide[4] = { 2, h * b, w * b, c };
	const bool to_space = random_below(2), crd = to_space && random_below(2);
	uint32_t index[4];
	struct sample s;
	bool good;
	size_t n;

	begin(&s, to_space ? GRAPH_DEPTH_TO_SPACE : GRAPH_SPACE_TO_DEPTH);
	s.op.params.block.size = b;
	s.op.params.block.crd = crd;
	add_tensor(&s, type, 4, to_space ? deep : wide);
	add_tensor(&s, type, 4, to_space ? wide : deep);
	good = run(&s, isa);
	for (n = 0; n < graph_elements(&s.tensors[0]); n++) {
		uint32_t y, x;
		size_t other;

		/* Each pixel of the wide one is some channels of the deep one. */
		index_of(&s.tensors[to_space], n, index);
		y = index[1] % b;
		x = index[2] % b;
		index[1] /= b;
		index[2] /= b;
		index[3] = crd ? (index[3] * b + y) * b + x : (y * b + x) * c + index[3];
		other = element_at(&s.tensors[!to_space], index);
		good &= to_space ? same(&s, 0, other, 1, n) : same(&s, 0, n, 1, other);
	}
	end(&s);

	return good;
}

/* Sizes that divide each other, so that coordinates are exact. */
static bool resize_case(enum accel_isa isa)
{
	const uint32_t factor_h = 1u << random_below(3), factor_w = 1u << random_below(4);
	const bool smaller = random_below(2), nearest = random_below(2), centres = random_below(2);
	const uint32_t c = random_between(1, 20), h = random_between(1, 6), w = random_between(1, 6);
	const uint32_t few[4] = { random_between(1, 2), h, w, c };
	const uint32_t many[4] = { few[0], h * factor_h, w * factor_w, c };
	const struct graph_tensor *x, *y;
	uint32_t index[4];
	struct sample s;
	bool good;
	size_t n;

	begin(&s, GRAPH_RESIZE);
	s.op.params.resize.nearest = nearest;
	s.op.params.resize.coordinates = centres ? GRAPH_HALF_PIXEL : GRAPH_ASYMMETRIC;
	s.op.params.resize.rounding = centres ? GRAPH_ROUND_HALF_DOWN : GRAPH_ROUND_DOWN;
	add_tensor(&s, GRAPH_I8, 4, smaller ? many : few);
	add_tensor(&s, GRAPH_I8, 4, smaller ? few : many);
	set_scale(&s, 0, 0.25f, 3);
	set_scale(&s, 1, 0.25f, 3);
	x = &s.tensors[0];
	y = &s.tensors[1];
	good = run(&s, isa);
	for (n = 0; n < graph_elements(y); n++) {
		double at[2], share[2], value = 0;
		uint32_t low[2], high[2], i;
		int8_t want;

		index_of(y, n, index);
		for (i = 0; i < 2; i++) {
			const uint32_t dim = x->dims[1 + i];
			const double ratio = (double)dim / y->dims[1 + i];

			at[i] = centres ? (index[1 + i] + 0.5) * ratio - 0.5 :
				index[1 + i] * ratio;
			if (nearest)
				at[i] = centres ? ceil(at[i] - 0.5) : floor(at[i]);
			at[i] = fmin(fmax(at[i], 0), dim - 1);
			low[i] = (uint32_t)at[i];
			high[i] = low[i] + 1 < dim ? low[i] + 1 : low[i];
			share[i] = at[i] - low[i];
		}
		for (i = 0; i < 4; i++) {
			const uint32_t corner[4] = { index[0], i & 2 ? high[0] : low[0],
						     i & 1 ? high[1] : low[1], index[3] };

			value += (i & 2 ? share[0] : 1 - share[0]) *
				 (i & 1 ? share[1] : 1 - share[1]) *
				 s.memory[0].data[element_at(x, corner)];
		}
		want = (int8_t)round(value);
		good &= s.memory[1].data[n] == want;
	}
	end(&s);

	return good;
}

static bool mean_case(enum accel_isa isa)
{
	const uint32_t rank = random_between(1, 5), axes = 1 + random_below((1u << rank) - 1);
	const bool mean = random_below(2);
	uint32_t dims[GRAPH_DIMS], out[GRAPH_DIMS], index[GRAPH_DIMS], i;
	int64_t *sums, count;
	struct sample s;
	bool good;
	size_t n;

	begin(&s, GRAPH_REDUCE);
	random_dims(rank, rank < 3 ? 90 : 12, dims);
	for (i = 0, count = 1; i < rank; i++) {
		out[i] = axes >> i & 1 ? 1 : dims[i];
		count *= axes >> i & 1 ? dims[i] : 1;
	}
	s.op.params.reduce.reduction = mean ? GRAPH_MEAN : GRAPH_SUM;
	s.op.params.reduce.axes = axes;
	s.op.params.reduce.keep = 1;
	add_tensor(&s, GRAPH_I8, rank, dims);
	add_tensor(&s, GRAPH_I8, rank, out);
	set_scale(&s, 0, 0.25f, (int32_t)random_below(256) - 128);
	set_scale(&s, 1, random_below(2) ? 0.25f : 0.3f, (int32_t)random_below(256) - 128);
	sums = calloc(graph_elements(&s.tensors[1]), sizeof(*sums));
	good = run(&s, isa) && sums;
	for (n = 0; good && n < graph_elements(&s.tensors[0]); n++) {
		index_of(&s.tensors[0], n, index);
		for (i = 0; i < rank; i++)
			index[i] = axes >> i & 1 ? 0 : index[i];
		sums[element_at(&s.tensors[1], index)] += s.memory[0].data[n] - s.zeros[0];
	}
	for (n = 0; good && n < graph_elements(&s.tensors[1]); n++) {
		double factor = (double)s.scales[0] / s.scales[1] / (mean ? (double)count : 1);
		double want = round((double)sums[n] * factor) + s.zeros[1];

		good &= s.memory[1].data[n] == (int8_t)fmin(fmax(want, -128), 127);
	}
	free(sums);
	end(&s);

	return good;
}

/* Bytes of one scale to those of another, signed or not, and to reals. */
static bool convert_case(enum accel_isa isa)
{
	const uint32_t dims[1] = { random_between(1, 300) };
	const bool from_u8 = random_below(2), to_u8 = random_below(2), reals = random_below(3) == 0;
	struct sample s;
	bool good;
	size_t n;

	begin(&s, reals ? GRAPH_DEQUANTIZE : GRAPH_QUANTIZE);
	add_tensor(&s, from_u8 ? GRAPH_U8 : GRAPH_I8, 1, dims);
	add_tensor(&s, reals ? GRAPH_F32 : to_u8 ? GRAPH_U8 : GRAPH_I8, 1, dims);
	set_scale(&s, 0, (float)random_between(1, 100) / 64, from_u8 ? 100 : -7);
	if (!reals)
		set_scale(&s, 1, (float)random_between(1, 100) / 64, to_u8 ? 120 : 5);
	good = run(&s, isa);
	for (n = 0; n < dims[0]; n++) {
		int q = from_u8 ? (uint8_t)s.memory[0].data[n] : s.memory[0].data[n];
		double x = (double)s.scales[0] * (q - s.zeros[0]), want;

		if (reals) {
			good &= ((float *)s.memory[1].data)[n] == (float)x;
			continue;
		}
		want = round((double)(float)x / s.scales[1]) + s.zeros[1];
		want = fmin(fmax(want, to_u8 ? 0 : -128), to_u8 ? 255 : 127);
		good &= s.memory[1].data[n] == (int8_t)(int)want;
	}
	end(&s);

	return good;
}

int main(int argc, char **argv)
{
	static const struct kernel_case all[] = {
		{ "transposes", transpose_case, 4 }, { "slices", slice_case, 2 },
		{ "paddings", pad_case, 2 }, { "concatenations", concat_case, 2 },
		{ "copies", tile_case, 2 }, { "blocks of depth", blocks_case, 4 },
		{ "resizings", resize_case, 2 }, { "means and sums", mean_case, 4 },
		{ "conversions", convert_case, 2 },
	};

	return run_cases(argc, argv, all, sizeof(all) / sizeof(all[0]));
}
