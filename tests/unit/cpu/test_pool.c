// SPDX-License-Identifier: MIT
/*
 * The pool's placement on a made-up machine of big and little processors, and
 * how it divides work by its cost. Prints TAP.
 *
 * Linked with the C library's functions wrapped by which the pool asks for
 * processors and ties threads to them.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "libaccel/cpu/pool.h"

/* Little, little, middle, big, middle, and one that the process may not use. */
static const unsigned int capacities[] = { 300, 300, 700, 1024, 700, 1024 };

enum { PROCESSORS = 6, FORBIDDEN = 5, THREADS_MOST = 7 };

static int placed[THREADS_MOST];
static unsigned int placed_count;
static bool no_capacities;

FILE *__wrap_fopen(const char *path, const char *mode);
int __wrap_sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set);
int __wrap_pthread_attr_setaffinity_np(pthread_attr_t *attr, size_t size, const cpu_set_t *set);

FILE *__wrap_fopen(const char *path, const char *mode)
{
	static char text[PROCESSORS][8];
	unsigned int cpu;
	int end = 0;

	(void)mode;
	if (no_capacities ||
	    sscanf(path, "/sys/devices/system/cpu/cpu%u/cpu_capacity%n", &cpu, &end) != 1 ||
	    path[end] || cpu >= PROCESSORS) {
		errno = ENOENT;
		return NULL;
	}
	snprintf(text[cpu], sizeof(text[cpu]), "%u\n", capacities[cpu]);

	return fmemopen(text[cpu], strlen(text[cpu]), "r");
}

int __wrap_sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set)
{
	int cpu;

	(void)pid;
	memset(set, 0, size);
	for (cpu = 0; cpu < PROCESSORS; cpu++)
		if (cpu != FORBIDDEN)
			CPU_SET(cpu, set);

	return 0;
}

/* Only noted: the machine of the test has no such processors. */
int __wrap_pthread_attr_setaffinity_np(pthread_attr_t *attr, size_t size, const cpu_set_t *set)
{
	int cpu;

	(void)attr;
	(void)size;
	for (cpu = 0; cpu < PROCESSORS && !CPU_ISSET(cpu, set); cpu++)
		;
	if (placed_count < THREADS_MOST)
		placed[placed_count++] = CPU_COUNT(set) == 1 ? cpu : -1;

	return 0;
}

/* The caller has the first place; workers the others, then from the start again. */
static bool placed_as(unsigned int threads, int pin, const int *want, unsigned int count)
{
	placed_count = 0;

	return !accel_pool_configure(threads, pin) && accel_pool_threads() == threads &&
	       placed_count == count && !memcmp(placed, want, count * sizeof(*want));
}

static bool big_first(void)
{
	const int want[] = { 2, 4, 0, 1, 3, 2 };

	return placed_as(7, 1, want, 6) && placed_as(3, 1, want, 2);
}

static bool by_number_where_equal(void)
{
	const int want[] = { 1, 2, 3 };
	bool good;

	no_capacities = true;
	good = placed_as(4, 1, want, 3);
	no_capacities = false;

	return good;
}

static bool free_without_pin(void)
{
	const int none = -1;

	return placed_as(4, 0, &none, 0);
}

/* What the parts of a job were. */
struct job {
	pthread_mutex_t lock;
	size_t done[64], parts, largest;
};

static int count_tiles(void *ctx, size_t first, size_t end)
{
	struct job *job = ctx;

	pthread_mutex_lock(&job->lock);
	for (size_t i = first; i < end; i++)
		job->done[i]++;
	job->parts++;
	if (end - first > job->largest)
		job->largest = end - first;
	pthread_mutex_unlock(&job->lock);

	return 0;
}

/* 64 tiles of that cost: are they all done once, in so many parts of so many tiles? */
static bool divides(double cost, size_t parts, size_t largest)
{
	struct job job = { .lock = PTHREAD_MUTEX_INITIALIZER };

	if (accel_pool_run(count_tiles, &job, 64, cost))
		return false;
	for (size_t i = 0; i < 64; i++)
		if (job.done[i] != 1)
			return false;

	return job.parts == parts && job.largest == largest;
}

/* Small work stays whole; larger work wants two threads, then all four. */
static bool by_cost(void)
{
	return !accel_pool_configure(4, 0) && divides(1000, 1, 64) && divides(390000, 1, 64) &&
	       divides(450000, 8, 8) && divides(650000, 13, 5) && divides(1e9, 16, 4);
}

static bool too_many(void)
{
	return accel_pool_configure(257, 0) == -EINVAL;
}

int main(void)
{
	static const struct { const char *what; bool (*run)(void); } all[] = {
		{ "the most capable processors first", big_first },
		{ "processors of the same capacity by number", by_number_where_equal },
		{ "no processor where none is asked for", free_without_pin },
		{ "work divided by its cost", by_cost },
		{ "more threads than there can be", too_many },
	};
	const size_t count = sizeof(all) / sizeof(all[0]);
	unsigned int failed = 0;

	printf("1..%zu\n", count);
	for (size_t i = 0; i < count; i++) {
		bool good = all[i].run();

		failed += !good;
		printf("%s %zu - %s\n", good ? "ok" : "not ok", i + 1, all[i].what);
	}
	accel_pool_configure(1, 0);

	return failed != 0;
}
