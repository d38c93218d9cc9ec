// SPDX-License-Identifier: MIT
/*
 * The timing model. Documentation/npusim.rst explains it and states its error.
 * The constants are cycle counts measured on the RTL of nv_small; the pipelines
 * are the same in the larger configurations.
 */
#include "timing.h"

#define CSC_START	6	/* data complete to the first weights on their way to the MACs */
#define MAC_LATENCY	34	/* atomic operation to sum at SDP */
#define CREDIT_LATENCY	4	/* sum taken to room for the next */
#define CACC_TO_SDP	39	/* last sum to SDP's interrupt: memory has the result */
#define CACC_TO_FED	8	/* likewise, with PDP behind SDP */
#define SDP_FILL	11	/* first data from memory to PDP's first, through SDP */
#define GROUP_GAP	60	/* weights released to weights requested and counted */
#define CSC_TO_CSC	50	/* last atomic operation to CSC's turn to the next operation */
#define SDP_TO_SDP	8	/* SDP's interrupt to the next operation's first sum */

/*
 * An operation that stands alone: enable to first request and last data to
 * interrupt, together.
 */
static const unsigned int op_cycles[SIM_ENGINES] = {
	[SIM_SDP] = 53, [SIM_PDP] = 59, [SIM_CDP] = 67, [SIM_RUBIK] = 69, [SIM_BDMA] = 69,
};

#define IN_SDP		5	/* sums that SDP holds when PDP is slow */
#define ENABLES		6	/* cycles that the constants below have between two enables */
#define LONG_WAY	4	/* cycles more to memory and back where readers have no buffers */

/* More stripes than this are extrapolated from the first groups. */
#define MAX_STRIPES	200000

/* npusim_slow() of another thread may change it. */
static unsigned int core_slow(const struct sim_core *core)
{
	return __atomic_load_n(&core->slow, __ATOMIC_RELAXED);
}

double sim_bandwidth(const struct sim_core *core, enum npusim_port port)
{
	double bytes = port == NPUSIM_CVIF ? core->sim->timing.sram_bytes_per_cycle :
					     core->sim->timing.bytes_per_cycle;

	return core_slow(core) > 1 ? bytes / core_slow(core) : bytes;
}

unsigned int sim_latency(const struct sim_core *core, enum npusim_port port)
{
	unsigned int cycles = port == NPUSIM_CVIF ? core->sim->timing.sram_latency :
						    core->sim->timing.latency;

	return core_slow(core) > 1 ? cycles * core_slow(core) : cycles;
}

static uint64_t transfer(const struct sim_core *core, enum npusim_port port, uint64_t bytes)
{
	return (uint64_t)((double)bytes / sim_bandwidth(core, port) + 0.999999);
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t memory_cycles(const struct sim_core *core, const struct sim_cost *cost)
{
	uint64_t cycles = 0, port;

	for (port = 0; port < 2; port++) {
		cycles = later(cycles, transfer(core, port, cost->read[port]));
		cycles = later(cycles, transfer(core, port, cost->written[port]));
	}

	return cycles;
}

/*
 * CACC between CSC and SDP. A stripe's last atomic operations go out only when
 * CACC has room for all its sums.
 */
static uint64_t taken(const struct sim_stripe *stripe, uint64_t sums)
{
	return stripe->start + (uint64_t)(stripe->per_sum * (double)sums);
}

/* The cycle at which so many sums have been taken and their room is known. */
static uint64_t drained(struct sim_drain *drain, uint64_t sums)
{
	const struct sim_stripe *stripe = NULL;

	if (drain->next - drain->first > SIM_STRIPES)
		drain->first = drain->next - SIM_STRIPES;
	for (; drain->first < drain->next; drain->first++) {
		stripe = &drain->stripe[drain->first % SIM_STRIPES];
		if (sums <= stripe->before + stripe->count)
			break;
	}
	if (!stripe || drain->first == drain->next || sums <= stripe->before)
		return 0;

	return taken(stripe, sums - stripe->before) + CREDIT_LATENCY;
}

/* When SDP has taken everything. */
static uint64_t drain_end(const struct sim_drain *drain)
{
	const struct sim_stripe *last = &drain->stripe[(drain->next - 1) % SIM_STRIPES];

	return drain->next ? taken(last, last->count) : 0;
}

/* @per_sum: cycles SDP needs for a sum; @held: those that a sum it holds lasts. */
struct pace {
	double per_sum, held;
};

/* One stripe, whose work may begin at @now; returns when CSC is done with it. */
static uint64_t stripe(const struct sim_core *core, const struct sim_sequence *seq,
		       struct sim_drain *drain, uint64_t now, uint64_t len,
		       const struct pace *pace)
{
	uint64_t cycles = (len + seq->round - 1) / seq->round * seq->round;
	uint64_t issue, wait = drain->issued + len > seq->credit ?
			       drained(drain, drain->issued + len - seq->credit) : 0;
	const struct sim_stripe *last = &drain->stripe[(drain->next - 1) % SIM_STRIPES];
	const uint64_t end = drain_end(drain);
	struct sim_stripe next = { .per_sum = pace->per_sum, .before = drain->issued, .count = len };

	/* Weights of the next block take their time to come in. */
	cycles = later(cycles, seq->least);
	issue = later(now + (seq->blocks - 1) * cycles, wait);
	next.start = later(issue + MAC_LATENCY, end);
	/* What SDP still holds makes up for sums that come a little late. */
	if (drain->next && next.start <= end + (uint64_t)((double)earlier(last->count, IN_SDP) *
							  pace->held))
		next.start = end;
	next.start = later(next.start, core->free_at[SIM_SDP] + SDP_TO_SDP);
	drain->stripe[drain->next++ % SIM_STRIPES] = next;
	drain->issued += len;

	return issue + cycles;
}

static uint64_t group_stripes(const struct sim_core *core, const struct sim_sequence *seq,
			      struct sim_drain *drain, uint64_t now,
			      const struct pace *pace, uint64_t *count)
{
	uint64_t line, left, len;

	for (line = 0; line < seq->lines; line++) {
		for (left = seq->pixels; left; left -= len) {
			len = left >= 2ull * seq->upper ? seq->upper :
			      left <= seq->upper ? left : seq->lower;
			now = stripe(core, seq, drain, now, len, pace);
			(*count)++;
		}
	}

	return now;
}

/* The slowest reader that feeds @engine, from its first request on. */
static uint64_t readers(const struct sim_core *core, enum sim_engine engine,
			const struct sim_cost *cost, bool ahead)
{
	uint64_t cycles = 0;
	unsigned int i;

	for (i = 0; i < cost->reader_count; i++)
		cycles = later(cycles, sim_time_reader(core, engine, &cost->readers[i],
						       cost->cycles, ahead));

	return cycles;
}

/*
 * Cycles in which SDP, and PDP behind it, take the sums of a pixel. Operands
 * come ahead of the first sum.
 */
static struct pace sum_pace(const struct sim_core *core, const struct sim_sequence *seq,
			    const struct sim_cost *sdp, const struct sim_cost *pdp, uint64_t sums)
{
	const struct nvdla_config *config = core->config;
	unsigned int width = later(config->sdp_bs_throughput, config->sdp_ew_throughput);
	uint64_t pooling = pdp->cycles - pdp->tail;
	uint64_t work = later(later(sdp->cycles, memory_cycles(core, sdp)),
			      later(pooling, readers(core, SIM_SDP, sdp, true)));
	/* Reading a sum out of CACC costs a cycle on top of handing it over. */
	double cycles = (seq->lanes + width - 1) / width + 1;

	if ((double)work <= cycles * (double)sums)
		return (struct pace){ cycles, 0 };
	cycles = (double)work / (double)sums;

	return (struct pace){ cycles, work == pooling ? cycles : 0 };
}

/*
 * The cycle at which so many bytes of an operation's weights are there: those
 * that CBUF held already are taken first.
 */
static uint64_t weights_there(const struct sim_load *load, const struct sim_sequence *seq,
			      uint64_t bytes)
{
	return bytes <= seq->weight_stock ? 0 :
	       sim_time_weights(load, bytes - seq->weight_stock);
}

void sim_time_conv(struct sim_core *core, const struct sim_load *load,
		   const struct sim_sequence *seq, const struct sim_cost *sdp,
		   const struct sim_cost *pdp, bool fed, struct sim_conv_times *times)
{
	uint64_t sums = seq->groups * seq->lines * seq->pixels, count = 0, group, next;
	uint64_t now = later(load->data_ready, core->now) + CSC_START, last_begin = now;
	uint64_t fetched = weights_there(load, seq, earlier(seq->group_bytes, seq->weight_bytes));
	const uint64_t entry = core->config->cbuf_bank_width;
	struct sim_drain *drain = &core->drain;
	const struct pace pace = sum_pace(core, seq, sdp, pdp, sums);

	for (group = 0; group < seq->groups; group++) {
		uint64_t begin = load->weight_skip ? now : later(now, fetched), end;

		last_begin = begin;
		end = group_stripes(core, seq, drain, begin + (group ? 0 : seq->incoming), &pace,
				    &count);
		/*
		 * The next group's weights follow this one's, as far as they find
		 * room before this one is released.
		 */
		next = earlier(seq->group_bytes, seq->weight_bytes -
			       earlier(seq->weight_bytes, (group + 1) * seq->group_bytes));
		if (load->weight_open && seq->group_bytes + next > seq->weight_room)
			fetched = end + GROUP_GAP + sim_latency(core, seq->weight_port) +
				  transfer(core, seq->weight_port,
					   seq->group_bytes + next - seq->weight_room);
		fetched = later(fetched, weights_there(load, seq,
						       (group + 1) * seq->group_bytes + next));
		if (count > MAX_STRIPES && group + 1 < seq->groups) {
			end += (end - begin) * (seq->groups - group - 1);
			drain->stripe[(drain->next - 1) % SIM_STRIPES].start =
				later(drain->stripe[(drain->next - 1) % SIM_STRIPES].start, end);
			now = end;
			break;
		}
		now = end;
	}
	times->csc_done = now + CSC_TO_CSC;
	times->cacc_done = drain_end(drain);
	if (!load->weight_open && !load->weight_skip)
		times->cacc_done = later(times->cacc_done,
					 weights_there(load, seq, (seq->weight_bytes + entry - 1) /
								  entry * entry));
	times->weight_done = earlier(later(last_begin, load->weight_start), times->cacc_done);
	times->sdp_done = times->cacc_done + (fed ? CACC_TO_FED : CACC_TO_SDP) + sdp->depth;
	times->end = times->sdp_done + SIM_SDP_TO_PDP + pdp->tail -
		     (uint64_t)(pdp->unused * pace.per_sum * (double)sums);
}

/* Cycles by which the reader began before its unit could: it was free and enabled. */
static uint64_t reader_lead(const struct sim_core *core, enum sim_engine engine)
{
	static const enum nvdla_unit units[SIM_ENGINES] = {
		[SIM_SDP] = NVDLA_SDP_RDMA, [SIM_PDP] = NVDLA_PDP_RDMA, [SIM_CDP] = NVDLA_CDP_RDMA,
	};
	enum nvdla_unit unit = units[engine];
	uint64_t began;

	if (!unit || !sim_enabled(core, unit))
		return 0;
	began = later(core->enabled_at[unit][core->consumer[unit]], core->done_at[unit]);

	began += ENABLES;

	return core->now > began ? earlier(core->now - began, SIM_READER_TAIL) : 0;
}

uint64_t sim_time_op(const struct sim_core *core, enum sim_engine engine,
		     const struct sim_cost *cost)
{
	uint64_t cycles = later(cost->cycles, memory_cycles(core, cost));

	if (cost->read[NPUSIM_MCIF] || cost->read[NPUSIM_CVIF])
		cycles += sim_latency(core, cost->read[NPUSIM_CVIF] ? NPUSIM_CVIF : NPUSIM_MCIF);

	cycles = later(cycles, readers(core, engine, cost, false)) + cost->depth +
		 op_cycles[engine] + (core->config->rdma_beats ? 0 : LONG_WAY);

	return cycles - earlier(cycles, reader_lead(core, engine));
}

uint64_t sim_time_fed(const struct sim_core *core, const struct sim_cost *sdp,
		      const struct sim_cost *pdp)
{
	uint64_t fed = sim_time_op(core, SIM_SDP, sdp) + SIM_SDP_TO_PDP + pdp->tail -
		       (uint64_t)(pdp->unused * (double)sdp->cycles);
	uint64_t pooled = SDP_FILL + sdp->depth + sim_latency(core, sdp->read[NPUSIM_CVIF] ? NPUSIM_CVIF :
						 NPUSIM_MCIF) + sim_time_op(core, SIM_PDP, pdp) -
			  (uint64_t)(pdp->unused * (double)pdp->cycles);

	return later(fed, pooled);
}

/*
 * Orders of magnitude for a 16 nm part: DRAM 20 pJ and SRAM 2 pJ per byte, a
 * cycle of the array with all its multipliers 0.2 pJ per multiplier.
 */
uint64_t sim_energy(const struct sim_core *core, const struct sim_cost *cost)
{
	uint64_t macs = (uint64_t)core->config->atomic_c * core->config->atomic_k;
	unsigned int supply = __atomic_load_n(&core->supply, __ATOMIC_RELAXED);
	double own = supply ? supply * 1e-6 : 1;

	return 20 * (cost->read[NPUSIM_MCIF] + cost->written[NPUSIM_MCIF]) +
	       2 * (cost->read[NPUSIM_CVIF] + cost->written[NPUSIM_CVIF]) +
	       (uint64_t)(own * 0.2 * (double)(cost->cycles * macs));
}
