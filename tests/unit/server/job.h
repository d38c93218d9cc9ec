/* SPDX-License-Identifier: MIT */
/*
 * A convolution, brought to a core through the board's registers.
 */
#ifndef TESTS_SERVER_JOB_H
#define TESTS_SERVER_JOB_H

#include "../../programs/conv.h"
#include "client.h"

/* Where its tensors lie in the client's memory, and at which bus address that is. */
#define JOB_SIZE	(1u << 20)

struct job {
	const struct nvdla_config *config;
	struct conv_shape shape;
	struct conv_data data;
	struct conv_sizes sizes;
	uint64_t address[4];	/* of conv_slots: input, weights, bias, output */
	uint32_t sram;		/* bit n: slot n is behind the second port */
};

/**
 * job_init() - make tensors and lay them out
 * @base: bus address of the first; the others follow in steps of JOB_SIZE / 4
 * @seed: for the tensors' contents
 */
void job_init(struct job *job, const char *config, uint64_t base, uint32_t seed);
void job_fini(struct job *job);

/* Copy inputs to @memory, which is the memory at the job's base; clears the output. */
void job_load(const struct job *job, uint8_t *memory);

/* Program the next group of every unit and enable it. */
void job_start(const struct job *job, struct client *client, unsigned int core);

/* Interrupt bits that tell its end, and acknowledging them all. */
#define JOB_DONE	0x150001u
void job_acknowledge(const struct job *job, struct client *client, unsigned int core);

/* Wait for @event until all of JOB_DONE was seen and acknowledged. */
bool job_wait(const struct job *job, struct client *client, unsigned int core, int event);

/* Wrong elements at @output. */
size_t job_check(const struct job *job, const uint8_t *output);

/* The core's reset, awaited. */
void job_reset_core(struct client *client, unsigned int core);

#endif /* TESTS_SERVER_JOB_H */
