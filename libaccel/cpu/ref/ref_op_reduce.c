// SPDX-License-Identifier: MIT
/*
 * Reductions over any dimensions: of reals in double precision, and means and
 * sums of INT8 in integers.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libaccel/cpu/int8/s8_sum.h"
#include "libaccel/cpu/ref/ref_op_kernels.h"
#include "libaccel/dev/error.h"

static void fold(uint32_t kind, const double *from, size_t n, double *to)
{
	switch (kind) {
	case GRAPH_REDUCE_MAX:
		for (size_t i = 0; i < n; i++)
			to[i] = from[i] > to[i] ? from[i] : to[i];
		break;
	case GRAPH_REDUCE_MIN:
		for (size_t i = 0; i < n; i++)
			to[i] = from[i] < to[i] ? from[i] : to[i];
		break;
	case GRAPH_PROD:
		for (size_t i = 0; i < n; i++)
			to[i] *= from[i];
		break;
	default:
		for (size_t i = 0; i < n; i++)
			to[i] += from[i];
	}
}

/* One dimension at a time, the first first; what is left stays in front. */
int ref_reduce(const struct ref_args *args)
{
	const struct graph_tensor *x = args->in[0];
	uint32_t kind = args->op->params.reduce.reduction;
	size_t total = graph_elements(x), n = total, count = 1;
	double *values = malloc((total ? total : 1) * sizeof(*values));
	float *out = args->out_data;

	if (!values)
		return accel_error_memory("a reduction");
	for (size_t i = 0; i < n; i++)
		values[i] = ((const float *)args->in_data[0])[i];
	for (uint32_t axis = 0, inner_dims; axis < x->rank; axis++) {
		size_t dim = x->dims[axis], inner = 1, outer;

		if (!(args->op->params.reduce.axes >> axis & 1))
			continue;
		for (inner_dims = axis + 1; inner_dims < x->rank; inner_dims++)
			inner *= x->dims[inner_dims];
		outer = n / (dim * inner);
		count *= dim;
		for (size_t i = 0; i < outer; i++) {
			double *to = values + i * inner;
			const double *from = values + i * dim * inner;

			memmove(to, from, inner * sizeof(*to));
			for (size_t j = 1; j < dim; j++)
				fold(kind, from + j * inner, inner, to);
		}
		n = outer * inner;
	}
	for (size_t i = 0; i < n; i++)
		out[i] = (float)(kind == GRAPH_MEAN ? values[i] / (double)count : values[i]);
	free(values);
	return 0;
}

/* So many bytes less a zero point cannot leave 32 bits. */
#define SUM_LIMIT	(INT32_MAX / 256)

/* Dimensions of which no two neighbours are both kept or both summed. */
struct folded {
	uint32_t rank;
	size_t dims[GRAPH_DIMS + 1];
	bool summed[GRAPH_DIMS + 1];
};

static void fold_dims(const struct graph_tensor *x, uint32_t axes, struct folded *to)
{
	*to = (struct folded){ .rank = 1, .dims = { 1 } };
	for (uint32_t i = 0; i < x->rank; i++) {
		bool summed = axes >> i & 1;

		if (x->dims[i] == 1)
			continue;
		if (to->summed[to->rank - 1] == summed || to->dims[to->rank - 1] == 1) {
			to->dims[to->rank - 1] *= x->dims[i];
			to->summed[to->rank - 1] = summed;
		} else {
			to->dims[to->rank] = x->dims[i];
			to->summed[to->rank++] = summed;
		}
	}
}

/* Bytes from one index of dimension @at to the next, and sums. */
static size_t volume(const struct folded *f, uint32_t at, bool kept)
{
	size_t n = 1;

	while (++at < f->rank)
		n *= kept && f->summed[at] ? 1 : f->dims[at];
	return n;
}

/* All of the input from dimension @at on. */
static void add_up(const struct s8_sum *kernels, const struct folded *f, uint32_t at,
		   const int8_t *in, int32_t *sums)
{
	const size_t step = volume(f, at, false), out_step = f->summed[at] ? 0 : volume(f, at, true);

	if (at + 1 == f->rank) {
		if (f->summed[at])
			*sums += kernels->row(in, f->dims[at]);
		else
			kernels->rows(in, 1, 0, f->dims[at], sums);
		return;
	}
	if (at + 2 == f->rank && f->summed[at]) {
		kernels->rows(in, f->dims[at], step, step, sums);
		return;
	}
	for (size_t i = 0; i < f->dims[at]; i++)
		add_up(kernels, f, at + 1, in + i * step, sums + i * out_step);
}

bool ref_reduce_int8(const struct ref_args *args, int *ret)
{
	const struct graph_tensor *x = args->in[0], *y = args->out;
	const uint32_t kind = args->op->params.reduce.reduction, axes = args->op->params.reduce.axes;
	const size_t outputs = graph_elements(y), count = outputs ? graph_elements(x) / outputs : 0;
	const double factor = (double)graph_scale(x, 0) / graph_scale(y, 0);
	struct s8_format format;
	struct folded folded;
	int32_t *sums, low, high;

	if ((kind != GRAPH_MEAN && kind != GRAPH_SUM) || !count || count > SUM_LIMIT ||
	    !ref_byte_format(y, &format))
		return false;
	ref_int8_range(args, &low, &high);
	format.low = (int8_t)low;
	format.high = (int8_t)high;
	sums = malloc(outputs * sizeof(*sums));
	*ret = sums ? 0 : accel_error_memory("a reduction");
	for (size_t i = 0; sums && i < outputs; i++)
		sums[i] = -graph_zero_point(x, 0) * (int32_t)count;
	fold_dims(x, axes, &folded);
	if (sums) {
		add_up(s8_sum_select(accel_isa_detect()), &folded, 0, args->in_data[0], sums);
		s8_real_select(accel_isa_detect())->from_sums(
			&format, sums, outputs,
			kind == GRAPH_MEAN ? factor / (double)count : factor, args->out_data);
	}
	free(sums);
	return true;
}
