// SPDX-License-Identifier: MIT
/*
 * Matrix product in float, and work on several threads.
 *
 * Sums run over k in order whatever the vector length, without fused
 * multiply-add: the result is the same on every machine.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libaccel/cpu/ref/ref_op.h"
#include "libaccel/cpu/ref/ref_op_kernels.h"

#define COLUMNS		16	/* of a panel of packed weights */
#define ROWS		6	/* at a time: their sums stay in registers */
#define THREADS		16
#define THREAD_WORK	2e6	/* operations that are worth a thread */

typedef float vec __attribute__((vector_size(32), aligned(4)));

size_t ref_gemm_packed_size(size_t n, size_t k)
{
	return (n + COLUMNS - 1) / COLUMNS * COLUMNS * k;
}

void ref_gemm_pack(size_t n, size_t k, const float *w, size_t stride, float *packed)
{
	for (size_t panel = 0; panel < n; panel += COLUMNS)
		for (size_t i = 0; i < k; i++)
			for (size_t j = panel; j < panel + COLUMNS; j++)
				*packed++ = j < n ? w[j * stride + i] : 0;
}

static inline __attribute__((always_inline)) void block(size_t rows, size_t k, const float *a,
							size_t lda, const float *b, float *sums)
{
	vec low[ROWS], high[ROWS];

	for (size_t r = 0; r < ROWS; r++)
		low[r] = high[r] = (vec){ 0 };
	for (size_t i = 0; i < k; i++) {
		vec b0 = *(const vec *)(b + i * COLUMNS), b1 = *(const vec *)(b + i * COLUMNS + 8);

		for (size_t r = 0; r < rows; r++) {
			float value = a[r * lda + i];

			low[r] += value * b0;
			high[r] += value * b1;
		}
	}
	for (size_t r = 0; r < rows; r++) {
		*(vec *)(sums + r * COLUMNS) = low[r];
		*(vec *)(sums + r * COLUMNS + 8) = high[r];
	}
}

static inline __attribute__((always_inline)) void blocks(size_t rows, size_t k, const float *a,
							 size_t lda, const float *b, float *sums)
{
	if (rows == ROWS) {
		block(ROWS, k, a, lda, b, sums);
		return;
	}
	for (size_t r = 0; r < rows; r++)
		block(1, k, a + r * lda, lda, b, sums + r * COLUMNS);
}

#ifdef __x86_64__
__attribute__((target("avx2")))
static void blocks_avx2(size_t rows, size_t k, const float *a, size_t lda, const float *b,
			float *sums)
{
	blocks(rows, k, a, lda, b, sums);
}
#endif

static void blocks_any(size_t rows, size_t k, const float *a, size_t lda, const float *b,
		       float *sums)
{
	blocks(rows, k, a, lda, b, sums);
}

void ref_gemm(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *packed,
	      const float *bias, float *c, size_t ldc)
{
	void (*run)(size_t, size_t, const float *, size_t, const float *, float *) = blocks_any;
	float sums[ROWS * COLUMNS];

#ifdef __x86_64__
	if (__builtin_cpu_supports("avx2"))
		run = blocks_avx2;
#endif
	for (size_t panel = 0; panel < n; panel += COLUMNS) {
		size_t columns = n - panel < COLUMNS ? n - panel : COLUMNS;

		for (size_t row = 0; row < m; row += ROWS) {
			size_t rows = m - row < ROWS ? m - row : ROWS;

			run(rows, k, a + row * lda, lda, packed + panel * k, sums);
			for (size_t r = 0; r < rows; r++)
				for (size_t j = 0; j < columns; j++)
					c[(row + r) * ldc + panel + j] =
						sums[r * COLUMNS + j] + (bias ? bias[panel + j] : 0);
		}
	}
}

static unsigned int max_threads;

void cpu_set_threads(unsigned int threads)
{
	__atomic_store_n(&max_threads, threads, __ATOMIC_RELAXED);
}

struct part {
	pthread_t thread;
	int (*body)(void *context, size_t from, size_t to);
	void *context;
	size_t from, to;
	int err;
};

static void *run_part(void *data)
{
	struct part *part = data;

	part->err = part->body(part->context, part->from, part->to);
	return NULL;
}

int ref_parallel(size_t count, double work, int (*body)(void *context, size_t from, size_t to),
		 void *context)
{
	unsigned int limit = __atomic_load_n(&max_threads, __ATOMIC_RELAXED);
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	size_t threads = limit ? limit : cores > 0 ? (size_t)cores : 1, started = 0;
	struct part parts[THREADS];
	int err = 0;

	if (threads > THREADS)
		threads = THREADS;
	if (threads > work / THREAD_WORK)
		threads = (size_t)(work / THREAD_WORK);
	if (threads > count)
		threads = count;
	if (threads < 2)
		return body(context, 0, count);
	for (size_t i = 0; i < threads; i++)
		parts[i] = (struct part){ .body = body, .context = context,
			.from = count * i / threads, .to = count * (i + 1) / threads };
	/* The first part is this thread's, and those no thread could be had for. */
	for (started = 1; started < threads; started++)
		if (pthread_create(&parts[started].thread, NULL, run_part, &parts[started]))
			break;
	for (size_t i = started; i < threads; i++)
		run_part(&parts[i]);
	run_part(&parts[0]);
	for (size_t i = 1; i < started; i++)
		pthread_join(parts[i].thread, NULL);
	for (size_t i = 0; i < threads && !err; i++)
		err = parts[i].err;
	return err;
}
