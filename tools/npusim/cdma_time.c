// SPDX-License-Identifier: MIT
/*
 * Timing of CDMA: data and weights on their way into CBUF.
 *
 * Both ask for transactions in turn while both have something to ask for. The
 * port has so many beats under way at most, and brings them back in order; data
 * that CDMA does not take yet holds up everything behind it, but for a few atoms.
 */
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
	port->came = -port->beat;
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

void sim_time_load(const struct sim_core *core, const struct sim_fetch *fetch,
		   struct sim_load *load)
{
	const uint64_t room = fetch->weight_bytes < fetch->weight_room ? fetch->weight_bytes :
									fetch->weight_room;
	const unsigned int atom = core->config->atomic_m;
	struct data data = { .fetch = fetch, .ready = FIRST_DATA, .blocked = -2, .stored = -1 };
	uint64_t weights = (room + atom - 1) / atom, begin = load->start + FIRST_WEIGHT, n;
	struct port port, other;
	bool shared = fetch->data_port == fetch->weight_port, turn = true;
	double last_weight = 0, when;

	port_start(core, fetch->data_port, &port);
	port_start(core, fetch->weight_port, &other);
	data.left = (fetch->data_bytes + atom - 1) / atom;
	load->weight_pace = pace(&other) / atom;
	load->weight_start = begin + other.latency + WEIGHT_DONE;
	load->weight_shared = 0;
	while (data.left) {
		/* Whose turn it is goes first, and weights also when data is not ready. */
		if (!shared || !weights || (!turn && data.ready <= port.asked + 1)) {
			ask_data(&data, &port);
			turn = true;
			continue;
		}
		n = port.burst < weights ? port.burst : weights;
		when = ask(&port, 0, n);
		weights -= n;
		load->weight_shared += n * atom;
		for (; n; n--, when += port.beat)
			come(&port, when);
		last_weight = port.came;
		turn = false;
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
