// SPDX-License-Identifier: MIT
#include <errno.h>
#include <string.h>

#include "tile.h"

/* Cycles between two hardware operations that depend on nothing else. */
#define OP_OVERHEAD	160

/* Cycles from the release of a kernel group's weights to the next one's arrival. */
#define GROUP_GAP	110

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
	const struct npu_op *pool_op;	/* on the fly behind it, or NULL */
	const struct npu_pdp *pool;	/* its window, or NULL */
	uint32_t out_w, out_h;		/* results that tiles are counted in */
	uint32_t channels, kernels;	/* of a block */
	uint32_t blocks;
	bool shared;			/* weights that stay in CBUF serve all blocks */
	uint32_t weight_banks;		/* to be used; 0: any number */
	double bandwidth;
};

/* Rows and columns of the convolution that so many of the results need. */
static uint32_t conv_rows(const struct shape *s, uint32_t rows)
{
	if (!s->pool)
		return rows;
	return min32(s->op->out.height, window_in(rows, s->pool->stride_y, s->pool->kernel_h, 1));
}

static uint32_t conv_columns(const struct shape *s, uint32_t columns)
{
	if (!s->pool)
		return columns;
	return min32(s->op->out.width, window_in(columns, s->pool->stride_x, s->pool->kernel_w,
						 1));
}

/* Lines and columns of input that so many results need. */
static uint32_t in_lines(const struct shape *s, uint32_t rows)
{
	const struct npu_conv *conv = &s->op->conv;

	return min32(s->op->in.height, window_in(conv_rows(s, rows), conv->stride_y, conv->kernel_h,
						 conv->dilation_y));
}

static uint32_t in_columns(const struct shape *s, uint32_t columns)
{
	const struct npu_conv *conv = &s->op->conv;

	return min32(s->op->in.width, window_in(conv_columns(s, columns), conv->stride_x,
						conv->kernel_w, conv->dilation_x));
}

/* Rows of results whose input takes at most @entries of CBUF; 0: not even one. */
static uint32_t rows_that_fit(const struct shape *s, uint32_t entries, uint32_t columns)
{
	const struct npu_conv *conv = &s->op->conv;
	uint32_t line = npu_cbuf_entries(s->config, conv->image, in_columns(s, columns),
					 s->channels, conv->pad_left + conv->pad_right);
	uint32_t lines = entries / line, step = conv->stride_y, span;

	if (lines >= s->op->in.height)
		return s->out_h;
	span = window_in(s->pool ? s->pool->kernel_h : 1, conv->stride_y, conv->kernel_h,
			 conv->dilation_y);
	if (s->pool)
		step *= s->pool->stride_y;
	return lines < span ? 0 : min32(s->out_h, (lines - span) / step + 1);
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

/* Tiles of a plan, in numbers that cycles follow from. */
struct parts {
	uint64_t tiles, chunks;
	uint64_t first, next;		/* bytes of data of a column's first tile, of the others */
	uint64_t column;		/* bytes of data of a column of tiles */
	uint64_t weights;		/* bytes of weights of a chunk */
	uint64_t group;			/* bytes of weights of a kernel group */
	uint64_t group_gap;		/* cycles that a kernel group waits for room for its weights */
	bool streams;			/* the weights of a chunk do not fit their banks */
	bool follows;			/* data: a tile and what the next one adds fit side by side */
	bool apart;			/* the same for tiles that share nothing, and two chunks' weights */
};

static void find_parts(const struct shape *s, const struct npu_tiling *t, struct parts *p)
{
	const struct npu_op *op = s->op;
	const struct npu_conv *conv = &op->conv;
	const struct nvdla_config *config = s->config;
	const uint32_t in_x = in_columns(s, t->columns), in_y = in_lines(s, t->rows);
	const uint32_t all_y = in_lines(s, s->out_h);
	/* Lines that a tile shares with the one before stay in CBUF. */
	const uint32_t new_y = min32(in_y, t->rows * conv->stride_y *
				     (s->pool ? s->pool->stride_y : 1));
	const uint64_t rows = div_up(s->out_h, t->rows);
	const uint64_t atom = config->atomic_m;
	const uint64_t line = (uint64_t)in_x * (conv->image ? op->in.atom :
						div_up(s->channels, atom) * atom);
	const uint64_t entries = npu_cbuf_entries(config, conv->image, in_x, s->channels,
						  conv->pad_left + conv->pad_right);
	const uint64_t room = (uint64_t)t->data_banks * config->cbuf_bank_depth;
	const uint64_t weight_room = (uint64_t)t->weight_banks * config->cbuf_bank_depth *
				     config->cbuf_bank_width;
	const uint32_t kernels = min32(t->kernels, s->kernels);

	p->tiles = div_up(s->out_w, t->columns) * rows;
	p->chunks = div_up(s->kernels, t->kernels);
	p->first = line * in_y;
	p->next = line * new_y;
	p->column = line * min32(all_y, in_y + (uint32_t)(rows - 1) * new_y);
	p->weights = weight_bytes(s, kernels);
	p->group = weight_bytes(s, min32(kernels, config->atomic_k));
	p->streams = p->weights > weight_room;
	p->group_gap = 0;
	if (p->streams && 2 * p->group > weight_room)
		p->group_gap = GROUP_GAP + (uint64_t)((double)(2 * p->group - weight_room) /
						      s->bandwidth);
	p->follows = entries * (in_y + new_y) <= room;
	p->apart = (t->resident || entries * 2 * in_y <= room) && 2 * p->weights <= weight_room;
}

static uint64_t memory_cycles(const struct shape *s, uint64_t bytes)
{
	return (uint64_t)((double)bytes / s->bandwidth);
}

/*
 * Cycles from the start of a hardware operation that finds CBUF empty to the end
 * of its @work. Data and weights come alternately; CSC begins when all data and
 * the first group's weights are there, the last group after the last weights.
 */
static uint64_t cold_cycles(const struct shape *s, uint64_t data, const struct parts *p,
			    uint64_t weights, uint64_t work, uint64_t groups)
{
	uint64_t begin = data + (weights < data ? weights : data);
	uint64_t both = memory_cycles(s, data + weights);

	begin = memory_cycles(s, begin < data + p->group && weights ? data + p->group : begin);
	if (begin > both)
		begin = both;
	return max64(begin + work, both + work / groups);
}

/* Tiles of one size, in what the array computes: those inside, and those at an edge. */
struct tile_size {
	uint64_t count, pixels;
};

static void tile_sizes(const struct shape *s, const struct npu_tiling *t,
		       struct tile_size sizes[4])
{
	const uint32_t columns = s->out_w / t->columns, rows = s->out_h / t->rows;
	const uint32_t last_x = s->out_w % t->columns, last_y = s->out_h % t->rows;
	const uint64_t width = conv_columns(s, t->columns), height = conv_rows(s, t->rows);
	const uint64_t last_w = last_x ? conv_columns(s, last_x) : 0;
	const uint64_t last_h = last_y ? conv_rows(s, last_y) : 0;

	sizes[0] = (struct tile_size) { (uint64_t)columns * rows, width * height };
	sizes[1] = (struct tile_size) { last_x ? rows : 0, last_w * height };
	sizes[2] = (struct tile_size) { last_y ? columns : 0, width * last_h };
	sizes[3] = (struct tile_size) { last_x && last_y, last_w * last_h };
}

/* The cost of all hardware operations in a row. */
static void estimate(const struct shape *s, const struct npu_tiling *t, struct npu_cost *cost)
{
	const struct npu_op *op = s->op;
	const struct npu_conv *conv = &op->conv;
	const struct nvdla_config *config = s->config;
	const uint64_t taps = conv->image ?
		conv->kernel_h * div_up(conv->kernel_w * s->channels, config->atomic_c) :
		conv->kernel_h * conv->kernel_w * div_up(s->channels, config->atomic_c);
	const uint32_t kernels = min32(t->kernels, s->kernels);
	const uint64_t groups = div_up(kernels, config->atomic_k);
	const uint64_t atom = config->atomic_m;
	const uint64_t channels = div_up(op->out.channels, atom) * atom;
	const uint64_t out = (uint64_t)s->out_w * s->out_h * channels;
	const uint64_t columns = div_up(s->out_w, t->columns);
	/* Of a whole block: the last chunk may be a smaller one. */
	const uint64_t all_groups = s->kernels / kernels * groups +
				    div_up(s->kernels % kernels, config->atomic_k);
	uint64_t work = 0, pixels = 0, load, rounds, cold, loads;
	bool once;
	struct tile_size sizes[4];
	struct parts p;
	unsigned int i;

	find_parts(s, t, &p);
	tile_sizes(s, t, sizes);
	rounds = s->blocks * p.chunks;
	memset(cost, 0, sizeof(*cost));
	cost->hw_ops = rounds * p.tiles;
	for (i = 0; i < 4; i++) {
		/* A stripe is never shorter than loading its weights into the cells. */
		const uint64_t least = p.tiles > 1 || sizes[i].pixels < 16 ?
				       min32(kernels, config->atomic_k) : 0;
		const uint64_t mac = taps * max64(sizes[i].pixels, least);
		const uint64_t sums = sizes[i].pixels * div_up(kernels, atom) * atom;

		pixels += sizes[i].count * sizes[i].pixels;
		cost->mac += sizes[i].count * mac;
		work += sizes[i].count *
			max64(groups * max64(mac, group_cycles(config, sizes[i].pixels, taps)),
			      s->pool ? sums / config->pdp_throughput : memory_cycles(s, sums));
	}
	cost->mac *= all_groups * s->blocks;
	cost->sdp = div_up(pixels * channels, s->pool && config->pdp_throughput <
			   config->sdp_bs_throughput ? config->pdp_throughput :
						       config->sdp_bs_throughput);
	once = s->shared && p.chunks == 1 && t->keep_weights;
	loads = once ? 1 : s->blocks * (t->keep_weights ? 1 : p.tiles);
	cost->data = t->resident ? (t->reuse_data ? 0 : p.first) : rounds * columns * p.column;
	if (reads_elements(op))
		cost->elements = pixels * channels;
	cost->read = cost->data + cost->elements + loads * weight_bytes(s, s->kernels);
	cost->written = out;
	cost->macs = (uint64_t)op->out.width * op->out.height * op->out.channels * conv->kernel_h *
		     conv->kernel_w * (op->in.channels / conv->groups);

	/* Of a tile; chunks may differ in size. */
	work = work / p.tiles * all_groups / (groups * p.chunks) + (groups - 1) * p.group_gap;
	/* Tiles behind the first of a round. */
	load = memory_cycles(s, p.next + (t->keep_weights ? 0 : p.weights));
	cold = cold_cycles(s, p.next, &p, t->keep_weights ? 0 : p.weights, work, groups);
	if (p.streams || !p.follows || (!t->keep_weights && !p.apart))
		load = cold;
	cost->cycles = rounds * (p.tiles - 1) * max64(work, load);
	/* The first tile of each round, and of the operation. */
	cold = cold_cycles(s, t->reuse_data ? 0 : p.first, &p, p.weights, work, groups);
	cost->cycles += cold;
	if (t->resident) {
		p.first = 0;
		cold = cold_cycles(s, 0, &p, p.weights, work, groups);
	}
	load = p.apart && !p.streams ? memory_cycles(s, p.first + (once ? 0 : p.weights)) : cold;
	cost->cycles += (rounds - 1) * max64(work, load) + cost->hw_ops * OP_OVERHEAD;
}

uint64_t npu_cost_score(const struct npu_cost *cost, double bytes_per_cycle)
{
	return cost->cycles + (uint64_t)((double)(cost->read + cost->written) / bytes_per_cycle / 2);
}

bool npu_tile_allowed(const struct npu_op *op, const struct npu_op *pool,
		      const struct npu_tiling *t)
{
	const struct npu_cube *out = pool ? &pool->out : &op->out;

	/*
	 * The hardware packs a cube of 1 x 1 without regard to strides: a tile of
	 * that size is only right when the whole cube has it.
	 */
	if ((out->width > 1 || out->height > 1) &&
	    (t->columns == 1 || out->width % t->columns == 1) &&
	    (t->rows == 1 || out->height % t->rows == 1))
		return false;
	/* Windows do not share columns in PDP. */
	if (pool)
		return t->columns == out->width;
	/* Few columns of an image are a trap: see npu_op_supported(). */
	return !op->conv.image || (t->columns > 3 && (!(out->width % t->columns) ||
						      out->width % t->columns > 3));
}

static void consider(const struct shape *s, struct npu_tiling t, struct npu_tiling *best,
		     struct npu_cost *best_cost)
{
	struct npu_cost cost;
	uint32_t tiles;

	/* Tiles of even size, and none of a single row beside long ones. */
	tiles = div_up(s->out_h, t.rows);
	t.rows = div_up(s->out_h, tiles);
	tiles = div_up(s->out_w, t.columns);
	t.columns = div_up(s->out_w, tiles);
	if (!npu_tile_allowed(s->op, s->pool_op, &t))
		return;
	estimate(s, &t, &cost);
	if (!best->rows || npu_cost_score(&cost, s->bandwidth) <
			   npu_cost_score(best_cost, s->bandwidth)) {
		*best = t;
		*best_cost = cost;
	}
}

/* Tiles for chunks of @kernels kernels whose weights have @banks banks. */
static void try_banks(const struct shape *s, uint32_t kernels, uint32_t banks,
		      struct npu_tiling *best, struct npu_cost *best_cost)
{
	const struct nvdla_config *config = s->config;
	const uint64_t bank = (uint64_t)config->cbuf_bank_depth * config->cbuf_bank_width;
	struct npu_tiling t = { .kernels = kernels, .weight_banks = banks };
	uint32_t entries, columns, rows;

	t.data_banks = config->cbuf_banks - banks;
	entries = t.data_banks * config->cbuf_bank_depth;
	for (columns = s->out_w; ; columns = (columns + 1) / 2) {
		t.columns = columns;
		t.rows = rows_that_fit(s, entries, columns);
		if (t.rows || columns == 1)
			break;
	}
	/* Smaller tiles load while others compute. */
	for (rows = t.rows; rows; rows = rows > 2 ? rows * 2 / 3 : rows - 1) {
		t.rows = rows;
		t.keep_weights = weight_bytes(s, kernels) <= banks * bank &&
				 (t.columns < s->out_w || t.rows < s->out_h ||
				  (s->shared && s->blocks > 1 && kernels >= s->kernels));
		consider(s, t, best, best_cost);
	}
}

static void try_kernels(const struct shape *s, uint32_t kernels, struct npu_tiling *best,
			struct npu_cost *best_cost)
{
	const struct nvdla_config *config = s->config;
	const uint64_t bank = (uint64_t)config->cbuf_bank_depth * config->cbuf_bank_width;
	uint64_t all = weight_bytes(s, kernels);
	uint64_t group = weight_bytes(s, min32(kernels, config->atomic_k));
	/* Half of the banks: the split that most small operations agree about. */
	uint64_t wanted[] = { config->cbuf_banks / 2 * bank, 2 * all, all, 2 * group, group, 0 };
	uint64_t entries = (uint64_t)npu_cbuf_entries(config, s->op->conv.image,
						      in_columns(s, s->out_w), s->channels,
						      s->op->conv.pad_left +
						      s->op->conv.pad_right) *
			   in_lines(s, s->out_h);
	uint64_t data = div_up(entries, config->cbuf_bank_depth);
	unsigned int i;

	/* All that a single tile leaves. */
	if (data < config->cbuf_banks)
		wanted[5] = (config->cbuf_banks - data) * bank;

	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		uint64_t banks = div_up(wanted[i], bank);

		if (s->weight_banks)
			banks = s->weight_banks;
		if (banks >= config->cbuf_banks || banks * bank < group)
			continue;
		try_banks(s, kernels, banks, best, best_cost);
		if (s->weight_banks)
			break;
	}
}

static struct shape shape_of(const struct nvdla_config *config, const struct npu_op *op,
			     const struct npu_op *pool, double bytes_per_cycle)
{
	const struct npu_conv *conv = &op->conv;

	return (struct shape) {
		.config = config, .op = op, .bandwidth = bytes_per_cycle,
		.pool_op = pool, .pool = pool ? &pool->pdp : NULL,
		.out_w = pool ? pool->out.width : op->out.width,
		.out_h = pool ? pool->out.height : op->out.height,
		.channels = op->in.channels / conv->groups * conv->groups_per_block,
		.kernels = op->out.channels / conv->groups * conv->groups_per_block,
		.blocks = div_up(conv->groups, conv->groups_per_block),
		.shared = conv->shared,
	};
}

static int plan(const struct shape *s, struct npu_tiling *tiling, struct npu_cost *cost)
{
	const struct nvdla_config *config = s->config;
	const struct npu_conv *conv = &s->op->conv;
	const uint64_t bank = (uint64_t)config->cbuf_bank_depth * config->cbuf_bank_width;
	struct npu_cost best_cost = { 0 };
	uint64_t before = 0;
	uint32_t banks;

	memset(tiling, 0, sizeof(*tiling));
	try_kernels(s, s->kernels, tiling, &best_cost);
	/* Fewer kernels at a time, so that their weights stay for all tiles. */
	for (banks = 1; banks < config->cbuf_banks; banks++) {
		uint64_t per_kernel = (uint64_t)conv->kernel_w * conv->kernel_h * s->channels;
		uint64_t kernels = (banks * bank - 127) / per_kernel / config->atomic_k *
				   config->atomic_k;

		if (kernels >= s->kernels)
			break;
		if (!kernels)
			continue;
		/* Chunks of even size. */
		kernels = div_up(s->kernels, div_up(s->kernels, kernels));
		kernels = div_up(kernels, config->atomic_k) * config->atomic_k;
		if (kernels != before)
			try_kernels(s, kernels, tiling, &best_cost);
		before = kernels;
	}
	if (!tiling->rows)
		return -EOPNOTSUPP;
	if (cost)
		*cost = best_cost;
	return 0;
}

int npu_tile_plan(const struct nvdla_config *config, const struct npu_op *op,
		  const struct npu_op *pool, double bytes_per_cycle,
		  struct npu_tiling *tiling, struct npu_cost *cost, const char **why)
{
	const struct shape s = shape_of(config, op, pool, bytes_per_cycle);

	if (!plan(&s, tiling, cost))
		return 0;
	*why = "not even one line of output fits the convolution buffer";
	return -EOPNOTSUPP;
}

int npu_tile_plan_split(const struct nvdla_config *config, const struct npu_op *op,
			const struct npu_op *pool, uint32_t weight_banks,
			double bytes_per_cycle, struct npu_tiling *tiling,
			struct npu_cost *cost)
{
	struct shape s = shape_of(config, op, pool, bytes_per_cycle);

	s.weight_banks = weight_banks;
	return plan(&s, tiling, cost);
}

int npu_tile_plan_resident(const struct nvdla_config *config, const struct npu_op *op,
			   uint32_t data_banks, bool reuse_data, double bytes_per_cycle,
			   struct npu_tiling *tiling, struct npu_cost *cost)
{
	const uint64_t bank = (uint64_t)config->cbuf_bank_depth * config->cbuf_bank_width;
	struct shape s = {
		.config = config, .op = op, .bandwidth = bytes_per_cycle,
		.out_w = op->out.width, .out_h = op->out.height, .channels = op->in.channels,
		.kernels = op->out.channels, .blocks = 1,
	};
	struct npu_tiling t = {
		.columns = op->out.width, .rows = op->out.height, .data_banks = data_banks,
		.resident = true, .reuse_data = reuse_data,
	};
	uint32_t chunks, groups = div_up(s.kernels, config->atomic_k);

	tiling->rows = 0;
	if (data_banks >= config->cbuf_banks)
		return -EOPNOTSUPP;
	t.weight_banks = config->cbuf_banks - data_banks;
	if (weight_bytes(&s, min32(s.kernels, config->atomic_k)) > t.weight_banks * bank)
		return -EOPNOTSUPP;
	for (chunks = 1; chunks <= groups; chunks *= 2) {
		t.kernels = chunks == 1 ? s.kernels : (uint32_t)div_up(groups, chunks) *
						      config->atomic_k;
		consider(&s, t, tiling, cost);
	}
	return tiling->rows ? 0 : -EOPNOTSUPP;
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
	cost->data = in;
	cost->written = out;
	if (op->kind == NPU_PDP) {
		cost->sdp = div_up(max64(in, out * op->pdp.kernel_h), config->pdp_throughput);
	} else if (op->kind == NPU_CDP) {
		cost->sdp = div_up(in, config->cdp_throughput);
	} else {
		uint32_t throughput = config->sdp_bs_throughput;

		if (op->sdp.y.alu || op->sdp.y.mul || op->sdp.y.lut)
			throughput = config->sdp_ew_throughput ? config->sdp_ew_throughput : 1;
		if (reads_elements(op))
			cost->elements = out;
		cost->sdp = div_up(out, throughput);
	}
	cost->read = cost->data + cost->elements;
	cost->cycles = max64(cost->sdp, (uint64_t)((double)(cost->read + cost->written) /
						   bytes_per_cycle)) + OP_OVERHEAD;
}
