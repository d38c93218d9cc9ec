// SPDX-License-Identifier: MIT
/*
 * What goes through lookup tables: functions of one value, in SDP or, where
 * that has no table, in CDP; and local response normalisation in CDP.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libaccel/cpu/ref/ref_op.h"
#include "lower.h"

#define CDP_TABLES	((NPU_CDP_LE + NPU_LUT_ENTRIES) * 2)

/*
 * Function of one INT8 value as a table, filled by the kernel that the CPU
 * would use, so that both give the same result.
 */
static bool make_table(struct lower *lower, uint32_t index, int8_t table[256])
{
	const struct graph *graph = lower->graph;
	const struct graph_op *from = &graph->ops[index];
	const struct graph_tensor *in = &graph->tensors[from->inputs[0]];
	const struct graph_tensor *out = &graph->tensors[from->outputs[0]];
	const uint32_t dims[1] = { 256 };
	struct graph *small = NULL;
	int8_t values[256];
	void *data[2] = { values, table };
	int i, a, b, op;
	bool ok = false;

	for (i = 0; i < 256; i++)
		values[i] = (int8_t)(i - 128);
	if (graph_new("table", &small))
		goto out;
	a = graph_add_tensor(small, "x", GRAPH_I8, 1, dims);
	b = graph_add_tensor(small, "y", GRAPH_I8, 1, dims);
	if (a < 0 || b < 0 ||
	    graph_set_quant(small, a, 1, 0, in->quant.scale, in->quant.zero_point) ||
	    graph_set_quant(small, b, 1, 0, out->quant.scale, out->quant.zero_point))
		goto out;
	op = graph_add_op(small, 0, from->kind, NULL, 1, (uint32_t[]) { a }, b);
	if (op < 0)
		goto out;
	small->ops[op].params = from->params;
	small->ops[op].act_min = from->act_min;
	small->ops[op].act_max = from->act_max;
	ok = !cpu_op_run(small, &small->ops[op], data);
out:
	graph_free(small);
	return ok;
}

static void put_entry(struct lower *lower, uint64_t offset, uint32_t i, int32_t value)
{
	int16_t entry = (int16_t)value;

	if (!lower->error)
		memcpy(lower->consts.data + offset + i * 2, &entry, sizeof(entry));
}

/* CDP without squares and product delivers what it finds. */
static void by_cdp(struct lower *lower, const int8_t table[256], struct lower_op *op)
{
	struct npu_cdp *cdp = &op->op.cdp;
	uint32_t i;

	op->op.kind = NPU_CDP;
	cdp->lut_offset = lower_const(lower, CDP_TABLES);
	cdp->lut_region = NPU_CONSTS;
	/* The first table begins above all values. */
	cdp->le_start = INT8_MAX + 1;
	cdp->lo_start = INT8_MIN;
	cdp->out_scale = 1;
	for (i = 0; i < NPU_LUT_ENTRIES; i++)
		put_entry(lower, cdp->lut_offset, NPU_CDP_LE + i, table[i < 256 ? i : 255]);
}

static void by_sdp(struct lower *lower, const int8_t table[256], struct lower_op *op)
{
	struct npu_stage_y *y = &op->op.sdp.y;
	uint32_t i;

	y->lut = 1;
	y->lut_start = INT8_MIN;
	y->lut_offset = lower_const(lower, NPU_LUT_ENTRIES * 2);
	y->lut_region = NPU_CONSTS;
	for (i = 0; i < NPU_LUT_ENTRIES; i++)
		put_entry(lower, y->lut_offset, i, table[i < 256 ? i : 255]);
}

const char *lower_table(struct lower *lower, uint32_t index)
{
	const struct graph_op *gop = &lower->graph->ops[index];
	const bool sdp = lower->config->features & NVDLA_FEAT_SDP_LUT;
	struct lower_op op;
	const char *why = NULL;
	int8_t table[256];

	if (!make_table(lower, index, table))
		return "no INT8 form of the function";
	lower_start(&op, NPU_SDP);
	if (!lower_read(lower, gop->inputs[0], &op) || !lower_output(lower, gop->outputs[0], &op))
		return "out of memory";
	if (sdp)
		by_sdp(lower, table, &op);
	else
		by_cdp(lower, table, &op);
	return lower_emit(lower, &op, &why) ? NULL : why;
}

/* What a normalisation multiplies by, as a function of the sum of squares. */
struct normal {
	double front;		/* input scale / output scale, times 2^bits of the entries */
	double bias, alpha;	/* of squares of steps */
	double beta;
};

static double factor(const struct normal *n, double x)
{
	return n->front * pow(n->bias + n->alpha * x, -n->beta);
}

/* The largest error, in entries' units times steps, of a table from 0 on up to @end. */
static double table_error(const struct normal *n, uint64_t from, uint64_t end, int shift,
			  int32_t most)
{
	const double step = ldexp(1, shift);
	double worst = 0, x = floor((double)from / step) * step;

	for (; x < (double)end; x += step) {
		double middle = x + step / 2;
		double line = (factor(n, x) + factor(n, x + step)) / 2;

		worst = fmax(worst, fabs(line - factor(n, middle)) * fmin(sqrt(middle), most));
	}
	return worst;
}

/*
 * The second table reaches as far as sums of squares do. The first begins at 0
 * too and is the finer one, as far as it reaches: as fine as suits both.
 */
static void choose_shifts(const struct normal *n, uint64_t most_sum, int32_t most,
			  struct npu_cdp *cdp)
{
	double best = INFINITY;
	int shift, lo = 0;

	while ((UINT64_C(256) << lo) <= most_sum)
		lo++;
	cdp->lo_shift = lo;
	for (shift = 0; shift <= lo; shift++) {
		uint64_t end = UINT64_C(64) << shift;
		double error = fmax(table_error(n, 0, end < most_sum ? end : most_sum, shift, most),
				    table_error(n, end, most_sum, lo, most));

		if (error < best) {
			best = error;
			cdp->le_shift = shift;
		}
	}
}

const char *lower_lrn(struct lower *lower, uint32_t index)
{
	const struct graph *graph = lower->graph;
	const struct graph_op *gop = &graph->ops[index];
	const struct graph_tensor *in = &graph->tensors[gop->inputs[0]];
	const struct graph_tensor *out = &graph->tensors[gop->outputs[0]];
	const uint32_t size = gop->params.lrn.size;
	struct normal n;
	struct lower_op op;
	struct npu_cdp *cdp = &op.op.cdp;
	const char *why = NULL;
	int32_t zero, most;
	uint32_t i;
	int bits = 0;

	if (!lower_is_cube(lower, gop->inputs[0]) || !lower_is_cube(lower, gop->outputs[0]))
		return "not INT8, or a shape that is no cube";
	if (size != 3 && size != 5 && size != 7 && size != 9)
		return "a number of channels that CDP does not sum";
	if (!(gop->params.lrn.bias > 0) || !(gop->params.lrn.alpha >= 0) || graph_has_act(gop))
		return "a normalisation that is no such function";
	zero = graph_zero_point(in, 0);
	most = INT8_MAX - zero > zero - INT8_MIN ? INT8_MAX - zero : zero - INT8_MIN;
	n = (struct normal) {
		.front = (double)graph_scale(in, 0) / graph_scale(out, 0),
		.bias = gop->params.lrn.bias, .beta = gop->params.lrn.beta,
		.alpha = gop->params.lrn.alpha * (double)graph_scale(in, 0) * graph_scale(in, 0),
	};
	/* The first entry is the largest unless the exponent is negative. */
	while (bits < 16 && fmax(factor(&n, 0), factor(&n, (double)size * most * most)) *
			    ldexp(1, bits + 1) <= INT16_MAX)
		bits++;
	n.front = ldexp(n.front, bits);
	if (fmax(factor(&n, 0), factor(&n, (double)size * most * most)) > INT16_MAX)
		return "result scaled up beyond 16 bits";
	lower_start(&op, NPU_CDP);
	if (!lower_read(lower, gop->inputs[0], &op) || !lower_output(lower, gop->outputs[0], &op))
		return "out of memory";
	cdp->reach = size / 2;
	cdp->multiply = 1;
	cdp->in_offset = zero;
	cdp->out_offset = -graph_zero_point(out, 0) * (1 << bits);
	cdp->out_scale = 1;
	cdp->out_shift = bits;
	cdp->lut_offset = lower_const(lower, CDP_TABLES);
	cdp->lut_region = NPU_CONSTS;
	choose_shifts(&n, (uint64_t)size * most * most, most, cdp);
	for (i = 0; i < NPU_CDP_LE; i++)
		put_entry(lower, cdp->lut_offset, i,
			  (int32_t)round(factor(&n, ldexp(i, cdp->le_shift))));
	for (i = 0; i < NPU_LUT_ENTRIES; i++)
		put_entry(lower, cdp->lut_offset, NPU_CDP_LE + i,
			  (int32_t)round(factor(&n, ldexp(i, cdp->lo_shift))));
	return lower_emit(lower, &op, &why) ? NULL : why;
}
