/* SPDX-License-Identifier: MIT */
/*
 * Random register programs: mostly right, then bent a little. What a validator
 * has to be afraid of lies close to what it accepts.
 */
#ifndef TESTS_FUZZ_PROGRAM_GEN_H
#define TESTS_FUZZ_PROGRAM_GEN_H

#include <stdint.h>

#include "../programs/builder.h"

/* A small fast generator of random numbers; any seed will do. */
struct rng {
	uint64_t state;
};

uint32_t rng_next(struct rng *rng);
/* From @low to @high, both included. */
uint32_t rng_range(struct rng *rng, uint32_t low, uint32_t high);
/* True once in @n times. */
int rng_once(struct rng *rng, uint32_t n);

#define GEN_SLOTS	4

/* Append one to four operations that the hardware could run. */
void gen_program(struct builder *b, struct rng *rng);

/* Change, drop or repeat a few registers, relocations or fields of operations. */
void gen_bend(struct builder *b, struct rng *rng);

#endif /* TESTS_FUZZ_PROGRAM_GEN_H */
