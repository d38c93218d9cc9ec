/* SPDX-License-Identifier: MIT */
/*
 * What the benchmarks of operators have in common.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xnnpack.h>

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

/* Values of an element-wise operation. */
#define ELEMENTS	(28 * 28 * 128)

/* Memory that every operator works on. */
extern float *real_a, *real_b, *real_out;
extern int8_t *byte_a, *byte_b, *byte_out;

/* One operator: set up, run (twice, the second time between marks), give back. */
struct operator {
	const char *name;
	double count;
	const char *unit;
	const char *(*ours)(const struct operator *op);
	enum xnn_status (*theirs)(const struct operator *op, xnn_operator_t *made);
	int which;			/* kind of operation */
	uint32_t size, channels, kernels, kernel, stride, groups;
};

static inline void twice(void (*run)(void *ctx), void *ctx)
{
	run(ctx);
	MARK_START();
	run(ctx);
	MARK_END();
}

/* XNNPACK's function of one value over ELEMENTS; bytes are 1 / 16 and 1 / 256 each. */
enum xnn_status unary_theirs(enum xnn_unary_operator kind, enum xnn_datatype from,
			     enum xnn_datatype to, const void *in, void *out, xnn_operator_t *made);

/* Run ours or theirs, as the only argument says. Returns main()'s result. */
int run_operators(int argc, char **argv, const struct operator *operators, size_t count);

#endif /* BENCH_H */
