// SPDX-License-Identifier: MIT
#include <errno.h>
#include <string.h>

#include "tile.h"

/* Cycles between two hardware operations that depend on nothing else. */
#define OP_OVERHEAD	160

static uint64_t div_up(uint64_t a, uint64_t b)
{
	return (a + b - 1) / b;
}

static uint64_t max64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

double npu_default_bandwidth(const struct nvdla_config *config)
{
	/* Half of what the port could do in a perfect world. */
	return config->mcif_width * 0.5;
}

uint32_t npu_cbuf_entries(const struct nvdla_config *config, bool image, uint32_t width,
			  uint32_t channels, uint32_t pads)
{
	uint32_t per = config->cbuf_bank_width / config->atomic_m, atoms, rest;

	if (image)
		return div_up((uint64_t)(width + pads) * channels, config->cbuf_bank_width);
	atoms = div_up(channels, config->atomic_m);
	rest = atoms % per;
	if (rest == 3)		/* takes a whole entry where four fit */
		rest = 4;
	return atoms / per * width + div_up((uint64_t)width * rest, per);
}

/* Input rows (or columns) that @out output rows need, padding included. */
static uint32_t window_in(uint32_t out, uint32_t stride, uint32_t kernel, uint32_t dilation)
{
	return (out - 1) * stride + (kernel - 1) * dilation + 1;
}

static uint32_t min32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

struct shape {
	const struct nvdla_config *config;
	const struct npu_op *op;
	uint32_t channels, kernels;	/* of a block */
	uint32_t blocks;
	double bandwidth;
};

/* Rows of output whose input takes at most @entries of CBUF; 0: not even one. */
static uint32_t rows_that_fit(const struct shape *s, uint32_t entries, uint32_t columns)
{
	const struct npu_conv *conv = &s->op->conv;
	uint32_t in = min32(s->op->in.width, window_in(columns, conv->stride_x, conv->kernel_w,
						       conv->dilation_x));
	uint32_t line = npu_cbuf_entries(s->config, conv->image, in, s->channels,
					 conv->pad_left + conv->pad_right);
	uint32_t lines = entries / line;
	uint32_t span = window_in(1, conv->stride_y, conv->kernel_h, conv->dilation_y);

	if (lines >= s->op->in.height)
		return s->op->out.height;
	return lines < span ? 0 : (lines - span) / conv->stride_y + 1;
}

static uint64_t weight_bytes(const struct shape *s, uint32_t kernels)
{
	return ((uint64_t)s->op->conv.kernel_w * s->op->conv.kernel_h * s->channels * kernels +
		127) & ~UINT64_C(127);
}

/*
 * Cycles for the sums of one kernel group. CSC works in stripes of pixels, as
 * many as CACC has room for; SDP takes a pixel's sums in as many cycles as it
 * needs for them and one more, and the next stripe's last products wait for
 * that. The bubble between stripes was measured on the RTL of nv_small.
 */
static uint64_t group_cycles(const struct nvdla_config *config, uint64_t pixels, uint64_t taps)
{
	const uint64_t bubble = 38;
	uint64_t stripe = config->atomic_k * (config->atomic_c == 4 * config->atomic_k ? 4 : 2);
	uint32_t width = config->sdp_bs_throughput;
	uint64_t drain;

	if (config->sdp_ew_throughput > width)
		width = config->sdp_ew_throughput;
	drain = div_up(config->atomic_k, width) + 1;
	return pixels / stripe * max64(stripe * taps, stripe * drain + bubble) +
	       max64(pixels % stripe * taps, pixels % stripe * drain);
}

static bool reads_elements(const struct npu_op *op)
{
	return (op->sdp.x1.alu && op->sdp.x1.alu_operand.source == NPU_ELEMENT) ||
	       (op->sdp.x2.alu && op->sdp.x2.alu_operand.source == NPU_ELEMENT);
}

/*
 * The cost of all hardware operations in a row. CSC begins with an operation
 * when all of its input is in CBUF, so the first one's load is waited for; the
 * others' only where two do not fit side by side, or load longer than compute.
 */
static void estimate(const struct shape *s, const struct npu_tiling *t, struct npu_cost *cost)
{
	const struct npu_op *op = s->op;
	const struct npu_conv *conv = &op->conv;
	const struct nvdla_config *config = s->config;
	const uint64_t tiles = div_up(op->out.width, t->columns) * div_up(op->out.height, t->rows);
	const uint64_t chunks = div_up(s->kernels, t->kernels);
	const uint32_t in_x = min32(op->in.width, window_in(t->columns, conv->stride_x,
							    conv->kernel_w, conv->dilation_x));
	const uint32_t in_y = min32(op->in.height, window_in(t->rows, conv->stride_y,
							     conv->kernel_h, conv->dilation_y));
	const uint64_t pixels = (uint64_t)min32(t->columns, op->out.width) *
				min32(t->rows, op->out.height);
	const uint64_t taps = conv->image ?
		conv->kernel_h * div_up(conv->kernel_w * s->channels, config->atomic_c) :
		conv->kernel_h * conv->kernel_w * div_up(s->channels, config->atomic_c);
	const uint32_t kernels = min32(t->kernels, s->kernels);
	const uint64_t groups = div_up(kernels, config->atomic_k);
	const uint64_t atom = config->atomic_m;
	const uint64_t data = (uint64_t)in_x * in_y * (conv->image ? op->in.atom :
						       div_up(s->channels, atom) * atom);
	const uint64_t weights = weight_bytes(s, kernels);
	const uint64_t out = (uint64_t)op->out.width * op->out.height *
			     div_up(op->out.channels, atom) * atom;
	const uint64_t part = pixels * div_up(kernels, atom) * atom;
	const uint64_t parts = tiles * chunks * s->blocks;
	uint64_t mac, work, load, weight, entries;
	double bandwidth = s->bandwidth;

	memset(cost, 0, sizeof(*cost));
	cost->hw_ops = parts;
	/* A stripe is never shorter than loading its weights into the cells. */
	mac = groups * taps * max64(pixels, tiles > 1 || pixels < 16 ? min32(kernels,
									     config->atomic_k) : 0);
	cost->mac = mac * parts;
	cost->sdp = div_up(out, config->sdp_bs_throughput);
	cost->read = parts * data + s->blocks * chunks * (t->keep_weights ? 1 : tiles) * weights;
	if (reads_elements(op))
		cost->read += out;
	cost->written = out;
	cost->macs = (uint64_t)op->out.width * op->out.height * op->out.channels * conv->kernel_h *
		     conv->kernel_w * (op->in.channels / conv->groups);

	work = max64(mac, groups * group_cycles(config, pixels, taps));
	work = max64(work, (uint64_t)((double)part / bandwidth));
	load = (uint64_t)((double)data / bandwidth);
	weight = (uint64_t)((double)weights / bandwidth);
	entries = (uint64_t)npu_cbuf_entries(config, conv->image, in_x, s->channels,
					     conv->pad_left + conv->pad_right) * in_y;
	cost->cycles = load + parts * work + parts * OP_OVERHEAD +
		       (uint64_t)((double)weight_bytes(s, min32(kernels, config->atomic_k)) /
				  bandwidth);
	if (parts > 1 && entries * 2 <= (uint64_t)t->data_banks * config->cbuf_bank_depth)
		cost->cycles += (parts - 1) * (load > work ? load - work : 0);
	else
		cost->cycles += (parts - 1) * load;
	/* Weights that come while the array waits for them. */
	if (weight > work)
		cost->cycles += (s->blocks * chunks * (t->keep_weights ? 1 : tiles)) *
				(weight - work);
}

static void consider(const struct shape *s, struct npu_tiling t, struct npu_tiling *best,
		     struct npu_cost *best_cost)
{
	struct npu_cost cost;
	uint32_t tiles;

	/* Tiles of even size, and none of a single row beside long ones. */
	tiles = div_up(s->op->out.height, t.rows);
	t.rows = div_up(s->op->out.height, tiles);
	tiles = div_up(s->op->out.width, t.columns);
	t.columns = div_up(s->op->out.width, tiles);
	/*
	 * The hardware packs a cube of 1 x 1 without regard to strides: a tile of
	 * that size is only right when the whole cube has it.
	 */
	if ((s->op->out.width > 1 || s->op->out.height > 1) &&
	    (t.columns == 1 || s->op->out.width % t.columns == 1) &&
	    (t.rows == 1 || s->op->out.height % t.rows == 1))
		return;
	/* Few columns of an image are a trap: see npu_op_supported(). */
	if (s->op->conv.image && (t.columns <= 3 || (s->op->out.width % t.columns &&
						     s->op->out.width % t.columns <= 3)))
		return;
	estimate(s, &t, &cost);
	if (!best->rows || cost.cycles < best_cost->cycles) {
		*best = t;
		*best_cost = cost;
	}
}

static void try_kernels(const struct shape *s, uint32_t kernels, struct npu_tiling *best,
			struct npu_cost *best_cost)
{
	const struct nvdla_config *config = s->config;
	const uint64_t bank = (uint64_t)config->cbuf_bank_depth * config->cbuf_bank_width;
	uint64_t all = weight_bytes(s, kernels);
	uint64_t group = weight_bytes(s, min32(kernels, config->atomic_k));
	uint64_t wanted[3] = { all, 2 * group, group };
	unsigned int i;

	for (i = 0; i < 3; i++) {
		struct npu_tiling t = { .kernels = kernels };
		uint64_t banks = div_up(wanted[i], bank);
		uint32_t entries, columns, rows;

		if (banks >= config->cbuf_banks || (i && wanted[i] >= all))
			continue;
		t.weight_banks = banks;
		t.data_banks = config->cbuf_banks - banks;
		entries = t.data_banks * config->cbuf_bank_depth;
		for (columns = s->op->out.width; ; columns = (columns + 1) / 2) {
			t.columns = columns;
			t.rows = rows_that_fit(s, entries, columns);
			if (t.rows || columns == 1)
				break;
		}
		/* Smaller tiles load while others compute. */
		for (rows = t.rows; rows; rows = rows > 2 ? rows * 2 / 3 : rows - 1) {
			t.rows = rows;
			t.keep_weights = !i && (t.columns < s->op->out.width ||
						t.rows < s->op->out.height);
			consider(s, t, best, best_cost);
		}
	}
}

int npu_tile_plan(const struct nvdla_config *config, const struct npu_op *op,
		  double bytes_per_cycle, struct npu_tiling *tiling, struct npu_cost *cost,
		  const char **why)
{
	const struct npu_conv *conv = &op->conv;
	struct shape s = {
		.config = config, .op = op, .bandwidth = bytes_per_cycle,
		.channels = op->in.channels / conv->groups * conv->groups_per_block,
		.kernels = op->out.channels / conv->groups * conv->groups_per_block,
		.blocks = div_up(conv->groups, conv->groups_per_block),
	};
	const uint64_t bank = (uint64_t)config->cbuf_bank_depth * config->cbuf_bank_width;
	struct npu_cost best_cost = { 0 };
	uint32_t banks;

	memset(tiling, 0, sizeof(*tiling));
	try_kernels(&s, s.kernels, tiling, &best_cost);
	/* Fewer kernels at a time, so that their weights stay for all tiles. */
	for (banks = 1; banks < config->cbuf_banks; banks++) {
		uint64_t per_kernel = (uint64_t)conv->kernel_w * conv->kernel_h * s.channels;
		uint64_t kernels = (banks * bank - 127) / per_kernel / config->atomic_k *
				   config->atomic_k;

		if (kernels >= s.kernels)
			break;
		if (kernels)
			try_kernels(&s, kernels, tiling, &best_cost);
	}
	if (!tiling->rows) {
		*why = "not even one line of output fits the convolution buffer";
		return -EOPNOTSUPP;
	}
	if (cost)
		*cost = best_cost;
	return 0;
}

void npu_op_cost(const struct nvdla_config *config, const struct npu_op *op,
		 double bytes_per_cycle, struct npu_cost *cost)
{
	uint64_t in = (uint64_t)op->in.width * op->in.height *
		      div_up(op->in.channels, config->atomic_m) * config->atomic_m;
	uint64_t out = (uint64_t)op->out.width * op->out.height *
		       div_up(op->out.channels, config->atomic_m) * config->atomic_m;

	memset(cost, 0, sizeof(*cost));
	cost->hw_ops = 1;
	cost->read = in;
	cost->written = out;
	if (op->kind == NPU_PDP) {
		cost->sdp = div_up(max64(in, out * op->pdp.kernel_h), config->pdp_throughput);
	} else {
		uint32_t throughput = config->sdp_bs_throughput;

		if (op->sdp.y.alu || op->sdp.y.mul || op->sdp.y.lut)
			throughput = config->sdp_ew_throughput ? config->sdp_ew_throughput : 1;
		if (reads_elements(op))
			cost->read += out;
		cost->sdp = div_up(out, throughput);
	}
	cost->cycles = max64(cost->sdp, (uint64_t)((double)(cost->read + cost->written) /
						   bytes_per_cycle)) + OP_OVERHEAD;
}
