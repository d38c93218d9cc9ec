/* SPDX-License-Identifier: MIT */
/*
 * Made-up numbers that are the same everywhere for the same seed.
 */
#ifndef TEST_RANDOM_H
#define TEST_RANDOM_H

#include <stdint.h>

static uint64_t random_state;

static inline void random_seed(uint64_t seed)
{
	random_state = seed;
}

/* 0 to @n - 1. */
static inline uint32_t random_below(uint32_t n)
{
	random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407u;

	return (uint32_t)((random_state >> 33) % n);
}

static inline uint32_t random_between(uint32_t low, uint32_t high)
{
	return low + random_below(high - low + 1);
}

#endif /* TEST_RANDOM_H */
