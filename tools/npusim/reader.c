// SPDX-License-Identifier: MIT
/*
 * Timing of the readers of SDP, PDP and CDP.
 *
 * A reader asks for more only when its latency buffer has room for what it
 * asks for: with memory far away the buffer, not the port, bounds how fast it
 * reads. A request goes out in transactions that do not cross a burst's
 * border, each of them as a whole.
 */
#include "timing.h"

#define TURN	15		/* room in the buffer to the request at the port, and back */
#define TURN_CDP	17	/* likewise for CDP */
#define MOST	256		/* beats of the largest buffer */
#define UNBOUNDED	64	/* beats where the size of the buffer never matters */
#define BEHIND	4		/* beats that wait for the unit behind the buffer */
#define BEHIND_OPERAND	12	/* those of an operand of SDP, three words of four */
#define EXACT	8192		/* beats after which the rest goes on at the same pace */

/* Beats that fit into the latency buffer; 0: so many that it never matters. */
static unsigned int room(const struct sim_core *core, enum sim_engine engine,
			 const struct sim_reader *reader)
{
	const struct nvdla_config *config = core->config;
	unsigned int beats = config->rdma_beats;

	/* SDP's buffers are twice as large, except that for features of a narrow SDP. */
	if (engine == SIM_SDP && (reader->operand || config->sdp_bs_throughput > 1))
		beats *= 2;

	return beats < MOST ? beats : MOST;
}

static unsigned int behind(const struct sim_reader *reader)
{
	return reader->operand ? BEHIND_OPERAND : BEHIND;
}

/**
 * struct pace - how far a reader has come
 * @taken: by beat, modulo the buffer's size: when it left the buffer
 * @used: by beat, modulo @behind: when the unit took it
 * @beats: beats asked for
 * @asked: when the last transaction went out
 * @came: when the last beat came
 * @left: when the unit took it
 * @per_beat: cycles the unit has for a beat
 * @port_beat: cycles the port needs for one
 * @room: beats of the buffer
 * @behind: beats behind it
 * @latency: of memory
 * @turn: from room in the buffer to the request at the port, and back
 * @ahead: the buffer and what is behind it are full when the unit starts
 */
struct pace {
	double taken[MOST], used[BEHIND_OPERAND];
	uint64_t beats;
	double asked, came, left;
	double per_beat, port_beat;
	unsigned int room, behind, latency, turn;
	bool ahead;
};

static void transaction(struct pace *pace, unsigned int beats)
{
	double ask = pace->asked + 1;

	if (pace->room && pace->beats + beats > pace->room) {
		double free = pace->taken[(pace->beats + beats - pace->room - 1) % pace->room];

		if (free + pace->turn > ask)
			ask = free + pace->turn;
	}
	if (pace->ahead && (!pace->room || pace->beats + beats <= pace->room + pace->behind))
		ask = -(double)pace->latency;
	pace->asked = ask;
	if (ask + pace->latency > pace->came)
		pace->came = ask + pace->latency;
	while (beats--) {
		double from = pace->left + pace->per_beat, *used = &pace->used[pace->beats % pace->behind];

		if (pace->room)
			pace->taken[pace->beats % pace->room] =
				*used > pace->came ? *used : pace->came;
		pace->left = from > pace->came ? from : pace->came;
		*used = pace->left;
		pace->came += pace->port_beat;
		pace->beats++;
	}
}

static unsigned int port_width(const struct sim_core *core, const struct sim_reader *reader)
{
	return reader->port == NPUSIM_CVIF ? core->config->cvif_width : core->config->mcif_width;
}

static uint64_t beats(const struct sim_core *core, const struct sim_reader *reader)
{
	const unsigned int width = port_width(core, reader);
	uint64_t total = 0;
	unsigned int p;

	for (p = 0; p < SIM_PARTS; p++)
		total += (uint64_t)reader->lines * reader->surfaces * reader->parts[p].count *
			 ((reader->parts[p].line + width - 1) / width);

	return total;
}

uint64_t sim_reader_ahead(const struct sim_core *core, enum sim_engine engine,
			  const struct sim_reader *reader)
{
	uint64_t total = beats(core, reader), most = room(core, engine, reader);

	most = (most ? most : UNBOUNDED) + behind(reader);

	return total < most ? total : most;
}

/* A line, in requests and transactions that do not cross a burst's border. */
static void line(struct pace *pace, const struct sim_reader *reader, uint64_t addr, uint64_t left,
		 unsigned int width, unsigned int burst)
{
	uint64_t piece = 0;

	while (left && pace->beats < EXACT) {
		uint64_t len = burst - addr % burst;

		if (!piece)
			piece = reader->request ? reader->request : left;
		len = len < piece ? len : piece;
		len = len < left ? len : left;
		transaction(pace, (unsigned int)((len + width - 1) / width));
		addr += len;
		left -= len;
		piece -= len;
	}
}

uint64_t sim_time_reader(const struct sim_core *core, enum sim_engine engine,
			 const struct sim_reader *reader, uint64_t work, bool ahead)
{
	const struct nvdla_config *config = core->config;
	const unsigned int width = port_width(core, reader);
	const unsigned int burst = width * (reader->port == NPUSIM_CVIF ? config->cvif_burst :
									  config->mcif_burst);
	const uint64_t lines = (uint64_t)reader->lines * reader->surfaces;
	struct pace pace = { .latency = sim_latency(core, reader->port), .ahead = ahead };
	uint64_t total = beats(core, reader), half = 0, i, n;
	double at_half = 0;
	unsigned int p;

	if (!total)
		return 0;
	pace.room = room(core, engine, reader);
	pace.behind = behind(reader);
	pace.turn = engine == SIM_CDP ? TURN_CDP : TURN;
	pace.port_beat = width / sim_bandwidth(core, reader->port);
	pace.per_beat = (double)work / (double)total;
	for (p = 0; p < SIM_PARTS; p++) {
		const struct sim_parts *parts = &reader->parts[p];

		for (i = 0; i < parts->count * lines && pace.beats < EXACT; i++) {
			n = i % lines;
			line(&pace, reader, parts->addr + i / lines * parts->step +
			     n / reader->lines * reader->surf_stride +
			     n % reader->lines * reader->line_stride, parts->line, width, burst);
			if (!half && pace.beats >= EXACT / 2) {
				half = pace.beats;
				at_half = pace.left;
			}
		}
	}
	if (pace.beats < total && half && pace.beats > half)
		pace.left += (pace.left - at_half) / (double)(pace.beats - half) *
			     (double)(total - pace.beats);
	else if (pace.beats < total)
		pace.left *= (double)total / (double)pace.beats;

	return (uint64_t)pace.left;
}
