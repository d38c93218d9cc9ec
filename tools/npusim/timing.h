/* SPDX-License-Identifier: MIT */
/*
 * The timing model: from work and bytes to cycles and energy.
 */
#ifndef NPUSIM_TIMING_H
#define NPUSIM_TIMING_H

#include "state.h"

/* PDP's interrupt follows that of the SDP that feeds it. */
#define SIM_SDP_TO_PDP	30

/* Readers of SDP, PDP and CDP are done so long before what they feed. */
#define SIM_READER_TAIL	45

/* Cycles at which the stages of a convolution end. */
struct sim_conv_times {
	uint64_t csc_done;	/* CSC and the MAC array can go on to the next */
	uint64_t weight_done;	/* when load.weight_open */
	uint64_t cacc_done;
	uint64_t sdp_done;
	uint64_t end;		/* of PDP, when SDP feeds it */
};

/* Bytes per cycle and cycles of latency of a port, with npusim_slow() in force. */
double sim_bandwidth(const struct sim_core *core, enum npusim_port port);
unsigned int sim_latency(const struct sim_core *core, enum npusim_port port);

/*
 * reader.c: cycles from the first request of a reader of @engine until the unit,
 * which needs @work cycles for all of it, has taken its last beat. @ahead: the
 * unit waits for something else and finds the buffer full.
 */
uint64_t sim_time_reader(const struct sim_core *core, enum sim_engine engine,
			 const struct sim_reader *reader, uint64_t work, bool ahead);

/* Beats that it asks for before its unit takes any. */
uint64_t sim_reader_ahead(const struct sim_core *core, enum sim_engine engine,
			  const struct sim_reader *reader);

/* cdma_time.c: fills @load's times from what CDMA fetches, starting now. */
void sim_time_load(struct sim_core *core, const struct sim_fetch *fetch,
		   struct sim_load *load);
/* ... and the cycle at which so many bytes of weights are there. */
uint64_t sim_time_weights(const struct sim_load *load, uint64_t bytes);

/* A convolution; @fed: SDP hands its results to PDP. Goes on with @core's drain. */
void sim_time_conv(struct sim_core *core, const struct sim_load *load,
		   const struct sim_sequence *seq, const struct sim_cost *sdp,
		   const struct sim_cost *pdp, bool fed, struct sim_conv_times *times);

/* Cycles of an operation that stands alone. */
uint64_t sim_time_op(const struct sim_core *core, enum sim_engine engine,
		     const struct sim_cost *cost);

/* Cycles of a pooling that an SDP which reads memory feeds. */
uint64_t sim_time_fed(const struct sim_core *core, const struct sim_cost *sdp,
		      const struct sim_cost *pdp);

/* Picojoules for the bytes and cycles of @cost. */
uint64_t sim_energy(const struct sim_core *core, const struct sim_cost *cost);

#endif /* NPUSIM_TIMING_H */
