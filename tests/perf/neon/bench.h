/* SPDX-License-Identifier: MIT */
/*
 * What the benchmarks of operators have in common.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Marks for the instruction counter (count_insns.c). */
#define MARK_START()	__asm__ volatile("hint #64" ::: "memory")
#define MARK_END()	__asm__ volatile("hint #65" ::: "memory")

static inline void *allocate(size_t size)
{
	void *memory = aligned_alloc(64, (size + 63) & ~(size_t)63);

	if (!memory) {
		fputs("out of memory\n", stderr);
		exit(1);
	}
	memset(memory, 0, (size + 63) & ~(size_t)63);

	return memory;
}

#endif /* BENCH_H */
