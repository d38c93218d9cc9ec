// SPDX-License-Identifier: MIT
/*
 * Timing of CDMA: data and weights on their way into CBUF.
 *
 * Both ask for transactions in turn while both have something to ask for. The
 * port has so many beats under way at most, and brings them back in order; data
 * that CDMA does not take yet holds up everything behind it, but for a few atoms.
 */
#include <math.h>
#include <string.h>

#include "timing.h"

#define FIRST_WEIGHT	27	/* enable to the first request for weights */
#define FIRST_DATA	4	/* that for data follows */
#define DATA_DONE	22	/* last data at the port to its count in CBUF */
#define WEIGHT_DONE	25	/* last weights of a group, likewise */
#define UNDER_WAY	256	/* beats under way: MCIF's register after reset */
#define TURN		3	/* a beat comes back to the request it makes room for */
#define WAITING		4	/* atoms that wait in front of CDMA */
#define REQUESTS	128	/* requests for data under way */
#define QUEUED_DATA	8	/* requests between CDMA and the port */
#define QUEUED_WEIGHTS	5
#define LATENCY_COUNT	16	/* last data at the port to the end of counting */
#define FIRST_OPERAND	22	/* enable of SDP's reader to its first request */
#define REQUEST_ATOMS	8	/* atoms of the largest request */

/**
 * struct port - a memory port
 * @back: by beat, modulo UNDER_WAY: when it came
 * @beats: how many were asked for
 * @asked: when the last transaction went out
 * @came: when the last beat came
 * @beat: cycles between two
 */
struct port {
	double back[UNDER_WAY];
	uint64_t beats;
	double asked, came, beat;
	unsigned int latency, burst;
};

/**
 * struct data - data of an operation
 * @fetch: what there is
 * @left: atoms not yet asked for
 * @in_run, @in_request: those asked for of a grain's surface, and of a request
 * @back: by request, modulo REQUESTS: when its last atom came
 * @out: by request, modulo QUEUED_DATA: when its last transaction went out
 * @requests: how many were made
 * @ready: when the next can go out
 * @x, @in_surface, @surface: the next atom to come: in its line, in its grain's
 *     surface, and that one's number
 * @stored: when the last one was stored
 * @blocked: a cycle in which none is taken
 * @taken: by atom, modulo WAITING: when it was taken
 * @atoms: how many were
 * @last: when the last one was
 */
struct data {
	const struct sim_fetch *fetch;
	uint64_t left, in_run, in_request;
	double back[REQUESTS], out[QUEUED_DATA];
	uint64_t requests;
	double ready;
	uint64_t x, in_surface, surface;
	double stored, blocked, taken[WAITING], last;
	uint64_t atoms;
};

/**
 * struct other - a reader of other units at the same port
 * @left: beats it will ask for
 * @ready: when it can ask for the next
 * @pace: cycles between beats
 * @burst: beats of a transaction
 */
struct other {
	uint64_t left;
	double ready, pace;
	unsigned int burst;
};

#define OTHERS	4
#define ALL	(OTHERS + 2)	/* weights and data are the first two */

static double max_of(double a, double b)
{
	return a > b ? a : b;
}

static void port_start(const struct sim_core *core, enum npusim_port number, struct port *port)
{
	const struct nvdla_config *config = core->config;

	memset(port, 0, sizeof(*port));
	port->asked = -1;
	port->latency = sim_latency(core, number);
	port->burst = number == NPUSIM_CVIF ? config->cvif_burst : config->mcif_burst;
	port->beat = config->atomic_m / sim_bandwidth(core, number);
	port->came = -HUGE_VAL;
}

/* A transaction that can go out at @ready; returns when its first beat is there. */
static double ask(struct port *port, double ready, uint64_t beats)
{
	uint64_t last = port->beats + beats - 1;
	double when = max_of(port->asked + 1, ready);

	if (last >= UNDER_WAY)
		when = max_of(when, port->back[last % UNDER_WAY] + TURN);
	port->asked = when;

	return max_of(when + port->latency, port->came + port->beat);
}

static void come(struct port *port, double when)
{
	port->came = when;
	port->back[port->beats++ % UNDER_WAY] = when;
}

/* Cycles per beat when nothing but one stream is under way. */
static double pace(const struct port *port)
{
	return max_of(port->beat, (double)(port->latency + TURN) / UNDER_WAY);
}

/*
 * An atom is stored in the cycle after it was taken. Storing the last one of a
 * line, or one of every other pair of surfaces, blocks the cycle after that,
 * unless the one of storing was itself blocked. Images have no lines here.
 */
static void take(struct data *data, double when)
{
	const struct sim_fetch *fetch = data->fetch;

	when = max_of(when, data->last + (fetch->run ? 1 : 0));
	if (when < data->blocked + 1 && when >= data->blocked)
		when = data->blocked + 1;
	data->last = when;
	data->taken[data->atoms++ % WAITING] = when;
	if (!fetch->run)
		return;
	data->stored = max_of(when, data->stored) + 1;
	if ((data->x + 1 == fetch->width || data->surface & 2) && data->blocked != data->stored)
		data->blocked = data->stored + 1;
	if (++data->x == fetch->width)
		data->x = 0;
	if (++data->in_surface == fetch->run) {
		data->in_surface = 0;
		data->surface = (data->surface + 1) % fetch->surfaces;
	}
}

/* The next transaction for data. */
static void ask_data(struct data *data, struct port *port)
{
	const struct sim_fetch *fetch = data->fetch;
	uint64_t atoms = port->burst, run = fetch->run ? fetch->run - data->in_run : data->left;
	double when;

	if (atoms > REQUEST_ATOMS - data->in_request)
		atoms = REQUEST_ATOMS - data->in_request;
	if (atoms > run)
		atoms = run;
	if (atoms > data->left)
		atoms = data->left;
	if (data->requests >= REQUESTS)
		data->ready = max_of(data->ready, data->back[data->requests % REQUESTS]);
	when = ask(port, data->ready, atoms);
	data->left -= atoms;
	data->in_run += atoms;
	data->in_request += atoms;
	while (atoms--) {
		when = max_of(when, data->taken[data->atoms % WAITING]);
		take(data, when);
		come(port, when);
		when += port->beat;
	}
	if (data->in_request < REQUEST_ATOMS && data->in_run != fetch->run)
		return;
	/* Turning to another surface costs a cycle. */
	data->ready = port->asked + (data->in_run == fetch->run ? 2 : 1);
	if (data->in_run == fetch->run)
		data->in_run = 0;
	data->in_request = 0;
	data->out[data->requests % QUEUED_DATA] = port->asked;
	data->back[data->requests++ % REQUESTS] = port->came;
}

/* What CDMA's counters show, which count cycles. */
static void count(const struct data *data, const struct sim_fetch *fetch, unsigned int atom,
		  struct sim_load *load)
{
	const uint64_t size = REQUEST_ATOMS * atom, n = (fetch->weight_bytes + size - 1) / size;
	uint64_t until;

	if (data->atoms)
		load->data_latency = (uint32_t)(data->last - FIRST_DATA) + LATENCY_COUNT;
	/* A request waits while those ahead of it fill the way to the port. */
	if (data->requests > QUEUED_DATA) {
		until = (uint64_t)data->out[data->requests % QUEUED_DATA];
		load->data_stall = until > data->requests ? (uint32_t)(until - data->requests) : 0;
	}
	if (n > QUEUED_WEIGHTS) {
		until = sim_time_weights(load, (n - QUEUED_WEIGHTS) * size) - load->weight_start;
		load->weight_stall = until > n ? (uint32_t)(until - n) : 0;
	}
}

/*
 * SDP's readers fetch their operands as soon as they are enabled, as far as their
 * buffers hold them. Times count from @begin.
 */
static void add_operands(struct sim_core *core, enum npusim_port number, uint64_t begin,
			 struct other *others)
{
	const unsigned int group = core->consumer[NVDLA_SDP_RDMA];
	struct sim_cost cost = { 0 };
	uint64_t from;
	unsigned int i, n = 0;

	if (core->started[NVDLA_SDP_RDMA] || !sim_enabled(core, NVDLA_SDP_RDMA) ||
	    !SIM_FIELD(core, NVDLA_SDP_RDMA, group, SDP_RDMA_D_FEATURE_MODE_CFG, FLYING_MODE))
		return;
	sim_sdp_operands(core, group, &cost);
	from = core->enabled_at[NVDLA_SDP_RDMA][group];
	if (core->done_at[NVDLA_SDP_RDMA] > from)
		from = core->done_at[NVDLA_SDP_RDMA];
	for (i = 0; i < cost.reader_count && n < OTHERS; i++) {
		if (cost.readers[i].port != number)
			continue;
		others[n++] = (struct other) {
			.left = sim_reader_ahead(core, SIM_SDP, &cost.readers[i]),
			.ready = (double)(int64_t)(from + FIRST_OPERAND - begin),
			.burst = number == NPUSIM_CVIF ? core->config->cvif_burst :
							 core->config->mcif_burst,
		};
	}
}

/*
 * Which stream's turn it is, of those that have something to ask for: the next
 * one that is ready, or else the first one to be.
 */
static unsigned int choose(const double *ready, double now, unsigned int turn)
{
	unsigned int i, first = ALL;

	for (i = 0; i < ALL; i++) {
		unsigned int k = (turn + i) % ALL;

		if (ready[k] <= now)
			return k;
		if (first == ALL || ready[k] < ready[first])
			first = k;
	}

	return first;
}

static void ask_other(struct other *other, struct port *port)
{
	uint64_t n = other->left < other->burst ? other->left : other->burst;
	double when = ask(port, other->ready, n);

	other->left -= n;
	other->ready = port->asked + (other->pace > 0 ? (double)n * other->pace : 1);
	for (; n; n--, when += port->beat)
		come(port, when);
}

void sim_time_load(struct sim_core *core, const struct sim_fetch *fetch, struct sim_load *load)
{
	const uint64_t room = fetch->weight_bytes < fetch->weight_room ? fetch->weight_bytes :
									fetch->weight_room;
	const unsigned int atom = core->config->atomic_m;
	struct data data = { .fetch = fetch, .ready = FIRST_DATA, .blocked = -2, .stored = -1 };
	uint64_t weights = (room + atom - 1) / atom, begin = load->start + FIRST_WEIGHT, n;
	struct other others[OTHERS] = { 0 };
	struct port port, away;
	bool shared = fetch->data_port == fetch->weight_port;
	double last_weight = 0, when;
	unsigned int turn = 0, i;

	port_start(core, fetch->data_port, &port);
	port_start(core, fetch->weight_port, &away);
	data.left = (fetch->data_bytes + atom - 1) / atom;
	load->weight_pace = pace(&away) / atom;
	load->weight_start = begin + away.latency + WEIGHT_DONE;
	load->weight_shared = 0;
	add_operands(core, fetch->data_port, begin, others);
	for (;;) {
		double ready[ALL];
		bool more = data.left;

		ready[0] = shared && weights ? 0 : HUGE_VAL;
		ready[1] = data.left ? data.ready : HUGE_VAL;
		for (i = 0; i < OTHERS; i++) {
			ready[2 + i] = others[i].left ? others[i].ready : HUGE_VAL;
			more = more || (others[i].left && shared && weights);
			if (others[i].left && port.asked + 1 > others[i].ready && !port.beats)
				port.asked = others[i].ready - 1;
		}
		if (!more)
			break;
		turn = choose(ready, port.asked + 1, turn);
		if (!turn) {
			n = port.burst < weights ? port.burst : weights;
			when = ask(&port, 0, n);
			weights -= n;
			load->weight_shared += n * atom;
			for (; n; n--, when += port.beat)
				come(&port, when);
			last_weight = port.came;
		} else if (turn == 1) {
			ask_data(&data, &port);
		} else {
			ask_other(&others[turn - 2], &port);
		}
		turn++;
	}
	load->data_ready = begin + DATA_DONE + (fetch->data_bytes ? (uint64_t)data.last : FIRST_DATA);
	load->weight_turn = load->weight_shared ? begin + WEIGHT_DONE + (uint64_t)last_weight :
						  load->weight_start;
	load->weight_end = sim_time_weights(load, fetch->weight_bytes);
	count(&data, fetch, atom, load);
}

uint64_t sim_time_weights(const struct sim_load *load, uint64_t bytes)
{
	if (bytes > load->weight_shared)
		return load->weight_turn +
		       (uint64_t)((double)(bytes - load->weight_shared) * load->weight_pace);

	if (!load->weight_shared)
		return load->weight_start;
	return load->weight_start + (uint64_t)((double)(load->weight_turn - load->weight_start) *
					       (double)bytes / (double)load->weight_shared);
}
