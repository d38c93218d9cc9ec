// SPDX-License-Identifier: MIT
/*
 * Planar data processor: pooling of a cube from SDP or memory. A cube that is
 * wider than the line buffer comes from memory in several parts, each pooled
 * on its own with padding only at the outer edges.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fp.h"
#include "pdp.h"

#define R(reg)		sim_reg(core, NVDLA_PDP, group, reg)
#define F(reg, field)	FIELD_GET(reg##_##field, sim_reg(core, NVDLA_PDP, group, reg))
#define RR(reg)		sim_reg(core, NVDLA_PDP_RDMA, rdma_group, reg)
#define RF(reg, field)	FIELD_GET(reg##_##field, sim_reg(core, NVDLA_PDP_RDMA, rdma_group, reg))

/**
 * struct pdp_state - what outlives an operation
 * @spoiled: lines below the last window were left over. Hardware reports the
 *           operation done without them, takes them in with the registers of
 *           the other group, and the next operation gives wrong results or
 *           hangs, as seen on the RTL. Columns left over at the end of each
 *           line keep that from happening. So do rows that come beyond those
 *           of windows because of the padding at the bottom.
 * @fed: data from SDP was left over: it would enter the next operation that
 *       takes data from SDP
 */
struct pdp_state {
	bool spoiled, fed;
};

/* Pixels that stand between SDP and PDP without blocking SDP. */
#define FEED_SLACK	2

/* One operation under way. */
struct pdp_op {
	struct pdp_window window;	/* of the part under way */
	unsigned int pad_left, pad_right;
	unsigned int surfaces, splits;
	unsigned int in_part[3], out_part[3];	/* first, middle, last */
	bool from_memory;
	enum npusim_port src_port, dst_port;
	uint64_t src, src_line, src_surf;
	uint64_t dst, dst_line, dst_surf;
	uint64_t mask;
	bool flush_nan;			/* FP16 from memory: NaN counts as 0 */
	unsigned int surplus;		/* rows that each surface gives beyond its own */
	uint64_t rows;			/* rows given so far */
	uint8_t *banks;			/* where rows are kept while windows overlap, if surplus */
	uint32_t nan_in, inf_in, nan_out;
};

static int fail_shape(struct sim_core *core, const char *what)
{
	return sim_fail(core, -EINVAL, NVDLA_PDP, PDP_D_POOLING_KERNEL_CFG,
			"PDP D_DATA_CUBE_*, D_PARTIAL_WIDTH_*, D_POOLING_*: %s", what);
}

static int check_features(struct sim_core *core, unsigned int group)
{
	const struct nvdla_config *config = sim_config(core);

	if (F(PDP_D_DATA_FORMAT, INPUT_DATA) > PDP_FP16 ||
	    (F(PDP_D_DATA_FORMAT, INPUT_DATA) && !(config->features & NVDLA_FEAT_INT16)))
		return sim_fail(core, -EINVAL, NVDLA_PDP, PDP_D_DATA_FORMAT,
				"PDP D_DATA_FORMAT.INPUT_DATA is %u, which %s does not have",
				F(PDP_D_DATA_FORMAT, INPUT_DATA), config->name);
	if (F(PDP_D_OPERATION_MODE_CFG, POOLING_METHOD) > PDP_MIN)
		return sim_fail(core, -EINVAL, NVDLA_PDP, PDP_D_OPERATION_MODE_CFG,
				"PDP D_OPERATION_MODE_CFG.POOLING_METHOD is 3, which is reserved");
	if (F(PDP_D_POOLING_KERNEL_CFG, KERNEL_WIDTH) > 7 ||
	    F(PDP_D_POOLING_KERNEL_CFG, KERNEL_HEIGHT) > 7)
		return sim_fail(core, -EINVAL, NVDLA_PDP, PDP_D_POOLING_KERNEL_CFG,
				"PDP D_POOLING_KERNEL_CFG: windows have at most 8 elements a side");

	return 0;
}

static void read_window(const struct sim_core *core, unsigned int group, struct pdp_op *op)
{
	struct pdp_window *w = &op->window;
	unsigned int i;

	w->method = F(PDP_D_OPERATION_MODE_CFG, POOLING_METHOD);
	w->precision = F(PDP_D_DATA_FORMAT, INPUT_DATA);
	w->atom = sim_config(core)->atomic_m;
	if (w->precision != PDP_INT8)
		w->atom /= 2;
	w->x.size = F(PDP_D_POOLING_KERNEL_CFG, KERNEL_WIDTH) + 1;
	w->y.size = F(PDP_D_POOLING_KERNEL_CFG, KERNEL_HEIGHT) + 1;
	w->x.stride = F(PDP_D_POOLING_KERNEL_CFG, KERNEL_STRIDE_WIDTH) + 1;
	w->y.stride = F(PDP_D_POOLING_KERNEL_CFG, KERNEL_STRIDE_HEIGHT) + 1;
	op->pad_left = F(PDP_D_POOLING_PADDING_CFG, PAD_LEFT);
	op->pad_right = F(PDP_D_POOLING_PADDING_CFG, PAD_RIGHT);
	w->y.pad_before = F(PDP_D_POOLING_PADDING_CFG, PAD_TOP);
	w->y.pad_after = F(PDP_D_POOLING_PADDING_CFG, PAD_BOTTOM);
	w->x.in = F(PDP_D_DATA_CUBE_IN_WIDTH, CUBE_IN_WIDTH) + 1;
	w->y.in = F(PDP_D_DATA_CUBE_IN_HEIGHT, CUBE_IN_HEIGHT) + 1;
	w->x.out = F(PDP_D_DATA_CUBE_OUT_WIDTH, CUBE_OUT_WIDTH) + 1;
	w->y.out = F(PDP_D_DATA_CUBE_OUT_HEIGHT, CUBE_OUT_HEIGHT) + 1;
	w->x.recip = F(PDP_D_RECIP_KERNEL_WIDTH, RECIP_KERNEL_WIDTH);
	w->y.recip = F(PDP_D_RECIP_KERNEL_HEIGHT, RECIP_KERNEL_HEIGHT);
	for (i = 0; i < 7; i++) {
		uint32_t v = R(PDP_D_POOLING_PADDING_VALUE_1_CFG + 4 * i);

		/* 19 bits, two's complement */
		w->pad[i] = (int32_t)(v << 13) >> 13;
	}
}

static void read_op(const struct sim_core *core, unsigned int group, struct pdp_op *op)
{
	const struct nvdla_config *config = sim_config(core);

	memset(op, 0, sizeof(*op));
	read_window(core, group, op);
	op->surfaces = F(PDP_D_DATA_CUBE_OUT_CHANNEL, CUBE_OUT_CHANNEL) / op->window.atom + 1;
	op->splits = F(PDP_D_OPERATION_MODE_CFG, SPLIT_NUM) + 1;
	op->in_part[0] = F(PDP_D_PARTIAL_WIDTH_IN, PARTIAL_WIDTH_IN_FIRST) + 1;
	op->in_part[1] = F(PDP_D_PARTIAL_WIDTH_IN, PARTIAL_WIDTH_IN_MID) + 1;
	op->in_part[2] = F(PDP_D_PARTIAL_WIDTH_IN, PARTIAL_WIDTH_IN_LAST) + 1;
	op->out_part[0] = F(PDP_D_PARTIAL_WIDTH_OUT, PARTIAL_WIDTH_OUT_FIRST) + 1;
	op->out_part[1] = F(PDP_D_PARTIAL_WIDTH_OUT, PARTIAL_WIDTH_OUT_MID) + 1;
	op->out_part[2] = F(PDP_D_PARTIAL_WIDTH_OUT, PARTIAL_WIDTH_OUT_LAST) + 1;
	op->from_memory = F(PDP_D_OPERATION_MODE_CFG, FLYING_MODE) !=
			  PDP_D_OPERATION_MODE_CFG_FLYING_MODE_ON_FLYING;
	op->mask = (config->address_bits >= 64 ? UINT64_MAX :
		    ((uint64_t)1 << config->address_bits) - 1) & ~(uint64_t)(config->atomic_m - 1);
	op->flush_nan = F(PDP_D_NAN_FLUSH_TO_ZERO, NAN_TO_ZERO);
	op->dst_port = F(PDP_D_DST_RAM_CFG, DST_RAM_TYPE) ? NPUSIM_MCIF : NPUSIM_CVIF;
	op->dst = R(PDP_D_DST_BASE_ADDR_LOW) | (uint64_t)R(PDP_D_DST_BASE_ADDR_HIGH) << 32;
	op->dst_line = R(PDP_D_DST_LINE_STRIDE);
	op->dst_surf = R(PDP_D_DST_SURFACE_STRIDE);
}

/* Registers that exist in both units must agree, or hardware hangs. */
static int read_source(struct sim_core *core, unsigned int group, unsigned int rdma_group,
		       struct pdp_op *op)
{
	if (RF(PDP_RDMA_D_DATA_CUBE_IN_WIDTH, CUBE_IN_WIDTH) + 1 != op->window.x.in ||
	    RF(PDP_RDMA_D_DATA_CUBE_IN_HEIGHT, CUBE_IN_HEIGHT) + 1 != op->window.y.in ||
	    RF(PDP_RDMA_D_DATA_CUBE_IN_CHANNEL, CUBE_IN_CHANNEL) / op->window.atom + 1 !=
	    op->surfaces)
		return sim_fail(core, -EINVAL, NVDLA_PDP_RDMA, PDP_RDMA_D_DATA_CUBE_IN_WIDTH,
				"PDP_RDMA D_DATA_CUBE_IN_*: another cube than in PDP");
	if (RF(PDP_RDMA_D_FLYING_MODE, FLYING_MODE) == PDP_RDMA_D_FLYING_MODE_FLYING_MODE_ON_FLYING)
		return sim_fail(core, -EINVAL, NVDLA_PDP_RDMA, PDP_RDMA_D_FLYING_MODE,
				"PDP_RDMA D_FLYING_MODE is on, in PDP it is off");
	if (RF(PDP_RDMA_D_DATA_FORMAT, INPUT_DATA) != F(PDP_D_DATA_FORMAT, INPUT_DATA))
		return sim_fail(core, -EINVAL, NVDLA_PDP_RDMA, PDP_RDMA_D_DATA_FORMAT,
				"PDP_RDMA D_DATA_FORMAT.INPUT_DATA differs from PDP");
	if (RF(PDP_RDMA_D_OPERATION_MODE_CFG, SPLIT_NUM) + 1 != op->splits ||
	    (op->splits > 1 &&
	     (((RR(PDP_RDMA_D_PARTIAL_WIDTH_IN) ^ R(PDP_D_PARTIAL_WIDTH_IN)) &
	       (op->splits > 2 ? 0x3fffffff : 0x000fffff)) ||
	      RF(PDP_RDMA_D_POOLING_KERNEL_CFG, KERNEL_WIDTH) + 1 != op->window.x.size ||
	      RF(PDP_RDMA_D_POOLING_KERNEL_CFG, KERNEL_STRIDE_WIDTH) + 1 != op->window.x.stride)))
		return sim_fail(core, -EINVAL, NVDLA_PDP_RDMA, PDP_RDMA_D_OPERATION_MODE_CFG,
				"PDP_RDMA D_OPERATION_MODE_CFG, D_PARTIAL_WIDTH_IN or D_POOLING_KERNEL_CFG differ from PDP");

	op->src_port = RF(PDP_RDMA_D_SRC_RAM_CFG, SRC_RAM_TYPE) ? NPUSIM_MCIF : NPUSIM_CVIF;
	op->src = RR(PDP_RDMA_D_SRC_BASE_ADDR_LOW) |
		  (uint64_t)RR(PDP_RDMA_D_SRC_BASE_ADDR_HIGH) << 32;
	op->src_line = RR(PDP_RDMA_D_SRC_LINE_STRIDE);
	op->src_surf = RR(PDP_RDMA_D_SRC_SURFACE_STRIDE);

	return 0;
}

/* Output pixels of a line that fit into the line buffer. */
static unsigned int line_buffer(const struct pdp_axis *y)
{
	unsigned int lines;

	if (y->stride >= y->size)
		lines = 1;
	else if (y->stride <= 2)
		lines = (y->size + y->stride - 1) / y->stride;
	else if (y->stride == 3)
		lines = y->size > 6 ? 3 : 2;
	else
		lines = 2;

	return lines == 1 ? 128 : lines == 2 ? 64 : lines <= 4 ? 32 : 16;
}

/*
 * Sizes of part @split: set the window's horizontal direction; *@skip: columns
 * between the part before and this one, negative where they overlap.
 */
static int set_part(struct sim_core *core, struct pdp_op *op, unsigned int split, int *skip)
{
	struct pdp_axis *x = &op->window.x;
	int overlap = (int)x->size - (int)x->stride;
	bool first = !split, last = split == op->splits - 1;
	int in;

	x->pad_before = first ? op->pad_left : 0;
	x->pad_after = last ? op->pad_right : 0;
	*skip = 0;
	if (op->splits > 1) {
		unsigned int which = first ? 0 : last ? 2 : 1;

		in = (int)op->in_part[which];
		if (!first)
			in += overlap;
		if (split == 1)
			*skip = -overlap;
		if (in < 1)
			return fail_shape(core, "a part of the width is empty");
		x->in = (unsigned int)in;
		x->out = op->out_part[which];
	}
	if (pdp_axis_check(x))
		return fail_shape(core, "the windows do not end with the padded width");
	if (x->out > line_buffer(&op->window.y))
		return fail_shape(core, "the output width exceeds the line buffer");

	return 0;
}

/* Elements of a direction, padding included, that no window covers. */
static unsigned int left_over(const struct pdp_axis *a)
{
	unsigned int padded = a->in + a->pad_before + a->pad_after;
	unsigned int rest = padded < a->size ? 0 : (padded - a->size) % a->stride;

	return rest > a->pad_after ? rest - a->pad_after : 0;
}

/*
 * A window behind the last that counts is open from the first line on and never
 * ends: hardware goes on with it in the next surface, and hangs or is wrong.
 */
static bool stays_open(const struct pdp_axis *a)
{
	return left_over(a) && a->out * a->stride <= a->pad_before;
}

static void count_nan_out(struct pdp_op *op, const uint8_t *row)
{
	size_t n = (size_t)op->window.x.out * op->window.atom, i;

	for (i = 0; i < n; i++) {
		uint16_t v;

		memcpy(&v, row + 2 * i, sizeof(v));
		op->nan_out += fp16_is_nan(v);
	}
}

/* Windows that are open at the same time in a direction. */
static unsigned int overlap(const struct pdp_axis *a)
{
	return (a->size + a->stride - 1) / a->stride;
}

/*
 * Rows go to memory in the order in which they come, as many as there are
 * results: surplus ones move those of the next surface. @dst: of the part.
 */
static int write_row(struct sim_core *core, struct pdp_op *op, uint64_t dst, const void *row,
		     struct sim_cost *cost)
{
	const uint64_t n = op->rows++;

	if (n >= (uint64_t)op->window.y.out * op->surfaces)
		return 0;
	dst += n / op->window.y.out * op->dst_surf + n % op->window.y.out * op->dst_line;

	return sim_write(core, NVDLA_PDP, PDP_D_DST_BASE_ADDR_LOW, op->dst_port, dst & op->mask,
			 row, (size_t)op->window.x.out * pdp_pixel(&op->window), cost);
}

/*
 * Row @y of a surface. Those beyond its own are what their bank holds: the row
 * that had it last.
 */
static int give_row(struct sim_core *core, struct pdp_op *op, uint64_t dst, unsigned int y,
		    const void *row, struct sim_cost *cost)
{
	const size_t size = (size_t)op->window.x.out * pdp_pixel(&op->window);

	if (op->surplus) {
		uint8_t *bank = op->banks + y % overlap(&op->window.y) * size;

		if (row)
			memcpy(bank, row, size);
		row = bank;
	}
	if (op->window.precision == PDP_FP16)
		count_nan_out(op, row);

	return write_row(core, op, dst, row, cost);
}

/* What SDP gives, as it would lie in memory. */
static void store_line(const struct pdp_window *w, uint8_t *line, const int32_t *v, size_t n)
{
	size_t i;

	if (w->precision == PDP_INT8) {
		for (i = 0; i < n; i++)
			line[i] = (uint8_t)v[i];
		return;
	}
	for (i = 0; i < n; i++) {
		uint16_t bits = (uint16_t)v[i];

		memcpy(line + 2 * i, &bits, sizeof(bits));
	}
}

/* Count and flush what is no number in a line of FP16 from memory. */
static void check_numbers(struct pdp_op *op, uint8_t *line, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		uint16_t v;

		memcpy(&v, line + 2 * i, sizeof(v));
		op->inf_in += fp16_is_inf(v);
		if (!fp16_is_nan(v))
			continue;
		op->nan_in++;
		if (op->flush_nan)
			memset(line + 2 * i, 0, sizeof(v));
	}
}

/*
 * Pool one surface of one part. @v: on the fly, its data; else it is read from
 * @src. @line: room for a line.
 */
static int surface(struct sim_core *core, struct pdp_op *op, struct pdp_pool *pool,
		   const int32_t *v, uint64_t src, uint64_t dst, uint8_t *line,
		   struct sim_cost *cost)
{
	size_t n = (size_t)op->window.x.in * op->window.atom;
	const bool fp = op->window.precision == PDP_FP16;
	const void *row;
	unsigned int y, out = 0;
	int err;

	pdp_pool_start(pool);
	for (y = 0; y < op->window.y.in; y++) {
		if (v) {
			store_line(&op->window, line, v, n);
			v += n;
		} else {
			err = sim_read(core, NVDLA_PDP_RDMA, PDP_RDMA_D_SRC_BASE_ADDR_LOW,
				       op->src_port, (src + y * op->src_line) & op->mask, line,
				       (size_t)op->window.x.in * pdp_pixel(&op->window), cost);
			if (err)
				return err;
			if (fp)
				check_numbers(op, line, n);
		}
		row = pdp_pool_line(pool, line);
		if (!row)
			continue;
		err = give_row(core, op, dst, out++, row, cost);
		if (err)
			return err;
	}
	while (out < op->window.y.out + op->surplus) {
		row = pdp_pool_next(pool);
		err = give_row(core, op, dst, out++, row, cost);
		if (err)
			return err;
	}

	return 0;
}

#define SHORT_LINE	3	/* cycles after a line of a single pixel */

/* An element a cycle and lane; what is left open at an edge takes time of its own. */
static void add_cycles(const struct sim_core *core, const struct pdp_op *op,
		       struct sim_cost *cost)
{
	const struct pdp_axis *x = &op->window.x, *y = &op->window.y;
	const unsigned int pixel = pdp_pixel(&op->window), lanes = sim_config(core)->pdp_throughput;
	uint64_t pixels = (uint64_t)(x->in + pdp_axis_bubble(x)) * y->in * op->surfaces;

	pixels += (uint64_t)x->out * pdp_axis_bubble(y) * (op->surfaces - 1);
	cost->tail = (uint64_t)x->out * pdp_axis_flush(y) * pixel / lanes;
	cost->cycles += pixels * pixel / lanes + cost->tail;
	if (x->in == 1 && !pdp_axis_bubble(x))
		cost->cycles += (uint64_t)SHORT_LINE * y->in * op->surfaces;
}

static int part(struct sim_core *core, struct pdp_op *op, const int32_t *v, uint64_t src,
		uint64_t dst, struct sim_cost *cost)
{
	size_t elements = (size_t)op->window.x.in * op->window.atom;
	struct pdp_pool *pool;
	unsigned int s;
	uint8_t *line;
	int err;

	op->rows = 0;
	op->banks = calloc(overlap(&op->window.y), (size_t)op->window.x.out * pdp_pixel(&op->window));
	err = pdp_pool_new(&op->window, &pool);
	line = malloc((size_t)op->window.x.in * pdp_pixel(&op->window));
	if (err || !line || !op->banks) {
		err = sim_fail(core, -ENOMEM, NVDLA_PDP, PDP_D_DATA_CUBE_IN_WIDTH,
			       "PDP D_DATA_CUBE_IN_WIDTH: no memory for a line");
		goto out;
	}
	for (s = 0; s < op->surfaces && !err; s++) {
		err = surface(core, op, pool, v, src + s * op->src_surf, dst, line,
			      cost);
		if (v)
			v += elements * op->window.y.in;
	}
	add_cycles(core, op, cost);

out:
	free(line);
	free(op->banks);
	pdp_pool_free(pool);
	return err;
}

/* Lines at the end that no result in memory needs; surplus rows take later ones' place. */
static unsigned int unused_lines(const struct pdp_op *op)
{
	const struct pdp_axis *y = &op->window.y;
	unsigned int last;

	if (!op->surplus || op->surfaces == 1)
		return left_over(y);
	last = (y->out - 1 - op->surplus) * y->stride + y->size - y->pad_before;

	return y->in > last ? y->in - last : 0;
}

/*
 * What an operation leaves behind. Data from SDP that is left over blocks SDP
 * for good when the other group takes its data from memory.
 */
static int note_left_over(struct sim_core *core, unsigned int group, const struct pdp_op *op,
			  struct pdp_state *state)
{
	unsigned int lines = left_over(&op->window.y), columns = left_over(&op->window.x);

	state->spoiled = (lines && !columns) || op->surplus;
	state->fed = !op->from_memory && (lines || columns);
	if (!op->from_memory && (lines || columns > FEED_SLACK) &&
	    FIELD_GET(PDP_D_OPERATION_MODE_CFG_FLYING_MODE,
		      sim_reg(core, NVDLA_PDP, !group, PDP_D_OPERATION_MODE_CFG)))
		return fail_shape(core, "data from SDP is left over, which SDP never gets rid of");

	return 0;
}

/* What the reader fetches for the part under way; those in the middle are alike. */
static void add_part(const struct pdp_op *op, unsigned int split, uint64_t src,
		     struct sim_reader *reader)
{
	struct sim_parts *parts = &reader->parts[!split ? 0 : split + 1 < op->splits ? 1 : 2];

	if (!parts->count++) {
		parts->addr = src;
		parts->line = op->window.x.in * pdp_pixel(&op->window);
	} else if (parts->count == 2) {
		parts->step = src - parts->addr;
	}
}

int sim_pdp_run(struct sim_core *core, unsigned int group, unsigned int rdma_group,
		const struct sim_cube *in, struct sim_cost *cost)
{
	struct pdp_state *state = sim_unit_data(core, NVDLA_PDP, sizeof(*state));
	struct pdp_op op;
	struct sim_reader reader = { 0 };
	uint64_t src, dst;
	unsigned int split;
	int skip, err;

	if (!state)
		return sim_fail(core, -ENOMEM, NVDLA_PDP, PDP_D_OP_ENABLE, "PDP: no memory");
	if (state->spoiled || (state->fed && in))
		return sim_fail(core, -EINVAL, NVDLA_PDP, PDP_D_OP_ENABLE,
				"PDP D_DATA_CUBE_IN_*, D_POOLING_*: the operation before left data over that spoils this one");
	err = check_features(core, group);
	if (err)
		return err;
	read_op(core, group, &op);
	if (F(PDP_D_DATA_CUBE_IN_CHANNEL, CUBE_IN_CHANNEL) / op.window.atom + 1 != op.surfaces)
		return sim_fail(core, -EINVAL, NVDLA_PDP, PDP_D_DATA_CUBE_IN_CHANNEL,
				"PDP D_DATA_CUBE_IN_CHANNEL and D_DATA_CUBE_OUT_CHANNEL differ");
	if (op.from_memory) {
		err = read_source(core, group, rdma_group, &op);
		if (err)
			return err;
		in = NULL;
	} else if (!in) {
		return sim_fail(core, -EINVAL, NVDLA_PDP, PDP_D_OPERATION_MODE_CFG,
				"PDP D_OPERATION_MODE_CFG.FLYING_MODE is on without an operation of SDP");
	} else if (op.splits > 1) {
		return sim_fail(core, -EINVAL, NVDLA_PDP, PDP_D_OPERATION_MODE_CFG,
				"PDP D_OPERATION_MODE_CFG.SPLIT_NUM needs data from memory");
	} else if (in->atom != op.window.atom) {
		return sim_fail(core, -EINVAL, NVDLA_PDP, PDP_D_DATA_FORMAT,
				"PDP D_DATA_FORMAT.INPUT_DATA is %u, SDP gives another precision",
				F(PDP_D_DATA_FORMAT, INPUT_DATA));
	} else if ((uint64_t)in->width * in->height * in->batches * in->atom *
		   ((in->channels - 1) / in->atom + 1) !=
		   (uint64_t)op.window.x.in * op.window.y.in * op.surfaces * op.window.atom) {
		return sim_fail(core, -EINVAL, NVDLA_PDP, PDP_D_DATA_CUBE_IN_WIDTH,
				"PDP D_DATA_CUBE_IN_*: another number of elements than SDP gives");
	}

	op.surplus = pdp_axis_surplus(&op.window.y);
	/* With three surfaces the RTL hangs at times. */
	if (op.surplus && (op.splits > 1 || op.surfaces > 2 ||
			   (op.surfaces == 2 && op.window.y.out < overlap(&op.window.y))))
		return fail_shape(core, "the padding at the bottom gives rows beyond the windows'");
	if (!op.surplus && pdp_axis_check(&op.window.y))
		return fail_shape(core, "the windows do not end with the padded height");
	if (op.surfaces > 1 && stays_open(&op.window.y))
		return fail_shape(core, "a window is open when the next surface comes");
	/* Of parts, each may be as wide as their registers allow. */
	if ((uint64_t)(op.splits > 1 ? op.splits * 1024u : op.window.x.in) * op.window.y.in *
	    op.surfaces * op.window.atom > SIM_MAX_ELEMENTS * (op.splits > 1 ? 8 : 1))
		return fail_shape(core, "more elements than the simulator takes");
	src = op.src;
	dst = op.dst;
	reader.port = op.src_port;
	reader.line_stride = op.src_line;
	reader.surf_stride = op.src_surf;
	reader.lines = op.window.y.in;
	reader.surfaces = op.surfaces;
	for (split = 0; split < op.splits; split++) {
		err = set_part(core, &op, split, &skip);
		if (err)
			return err;
		src += (uint64_t)((int64_t)skip * pdp_pixel(&op.window));
		add_part(&op, split, src, &reader);
		err = part(core, &op, in ? in->v : NULL, src, dst, cost);
		if (err)
			return err;
		/* The next part begins where the columns counted for this one end. */
		src += (uint64_t)(op.splits > 1 ? op.in_part[split ? 1 : 0] : op.window.x.in) *
		       pdp_pixel(&op.window);
		dst += (uint64_t)op.window.x.out * pdp_pixel(&op.window);
	}

	if (!in)
		cost->readers[cost->reader_count++] = reader;
	cost->unused = ((double)unused_lines(&op) * op.window.x.in +
			left_over(&op.window.x)) /
		       ((double)op.window.x.in * op.window.y.in * op.surfaces);
	sim_reg_set(core, NVDLA_PDP, group, PDP_D_NAN_INPUT_NUM, op.nan_in);
	sim_reg_set(core, NVDLA_PDP, group, PDP_D_INF_INPUT_NUM, op.inf_in);
	sim_reg_set(core, NVDLA_PDP, group, PDP_D_NAN_OUTPUT_NUM, op.nan_out);

	return note_left_over(core, group, &op, state);
}
