/* SPDX-License-Identifier: MIT */
/*
 * Threads for the CPU kernels, shared by everything in the process.
 *
 * A job is a number of equal tiles. The calling thread works too, so that a
 * pool of size one needs no thread at all, and jobs of several callers share
 * the workers.
 */
#ifndef ACCEL_CPU_POOL_H
#define ACCEL_CPU_POOL_H

#include <stddef.h>

/**
 * typedef accel_pool_fn - work on some tiles
 * @ctx: the job's
 * @first: first tile
 * @end: tile behind the last
 *
 * Return: 0 or a negative errno; the first one that is not 0 ends the job.
 */
typedef int accel_pool_fn(void *ctx, size_t first, size_t end);

/**
 * accel_pool_run() - do all tiles of a job, on as many threads as are worth it
 * @fn: the work
 * @ctx: for @fn
 * @tiles: how many tiles
 * @cost: estimated multiply-accumulates of all tiles together; work too small
 *        to share stays on the calling thread
 *
 * Thread safe. Returns when every tile is done.
 *
 * Return: 0 or what @fn returned.
 */
int accel_pool_run(accel_pool_fn *fn, void *ctx, size_t tiles, double cost);

/**
 * accel_pool_scratch() - working memory of the calling thread
 * @size: bytes
 *
 * The same memory at every call, larger when asked for more; freed with the
 * thread. 64-byte aligned.
 *
 * Return: NULL when out of memory.
 */
void *accel_pool_scratch(size_t size);

/**
 * accel_pool_configure() - choose size and placement of the pool
 * @threads: threads that work on a job, the caller's included; 0: one per
 *           processor this process may use, or ACCEL_THREADS of the environment
 * @pin: non-zero: tie each worker to a processor, those with the highest
 *       capacity first (cpu_capacity in sysfs); else leave it to the scheduler.
 *       Where nobody calls this, ACCEL_PIN of the environment decides
 *
 * Waits for jobs under way.
 *
 * Return: 0, -EINVAL for more than 256 threads, -ENOMEM, or the error of
 * creating a thread; then the pool has the threads that could be made.
 */
int accel_pool_configure(unsigned int threads, int pin);

/* Threads that work on a job, the caller's included. */
unsigned int accel_pool_threads(void);

#endif /* ACCEL_CPU_POOL_H */
