/* SPDX-License-Identifier: MIT */
/*
 * Tests of kernels: random cases for every instruction set of the machine.
 */
#ifndef TEST_CASES_H
#define TEST_CASES_H

#include <stdbool.h>
#include <stddef.h>

#include "guarded.h"
#include "libaccel/cpu/isa.h"

/**
 * struct kernel_case - a kind of case
 * @what: for the report
 * @run: make up one case, return whether its result is right
 * @part: only one of so many of the cases asked for
 */
struct kernel_case {
	const char *what;
	bool (*run)(enum accel_isa isa);
	unsigned int part;
};

/* Run them; arguments are SEED and CASES, the output is TAP. Returns main()'s result. */
int run_cases(int argc, char **argv, const struct kernel_case *all, size_t count);

/* guarded_new() at either end, filled with made-up bytes; ends the program without memory. */
struct guarded guarded_random(size_t size);

#endif /* TEST_CASES_H */
