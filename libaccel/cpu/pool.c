// SPDX-License-Identifier: MIT
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pool.h"

#define THREADS_MAX	256

/* Waking a thread costs about as much as so many multiply-accumulates. */
#define COST_PER_THREAD	200000.0

/* A worker takes this fraction of its fair share at a time. */
#define CHUNKS_PER_THREAD	4

struct job {
	accel_pool_fn *fn;
	void *ctx;
	size_t next, tiles, chunk;
	unsigned int working;	/* threads inside @fn */
	unsigned int wanted;	/* workers that may still join */
	int error;
	struct job *link;
	pthread_cond_t done;
};

/*
 * @lock guards everything here and the fields of queued jobs. Work itself runs
 * without it.
 */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct job *jobs;
	pthread_t thread[THREADS_MAX];
	unsigned int workers;
	bool ready;		/* configured, at first use or by the caller */
	bool stop;
} pool = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.work = PTHREAD_COND_INITIALIZER,
};

static pthread_mutex_t configure_lock = PTHREAD_MUTEX_INITIALIZER;

/* Take chunks of a job until none is left. Called and left with the lock held. */
static void work_on(struct job *job)
{
	job->working++;
	while (job->next < job->tiles && !job->error) {
		size_t first = job->next;
		size_t end = job->tiles - first < job->chunk ? job->tiles : first + job->chunk;
		int ret;

		job->next = end;
		pthread_mutex_unlock(&pool.lock);
		ret = job->fn(job->ctx, first, end);
		pthread_mutex_lock(&pool.lock);
		if (ret && !job->error)
			job->error = ret;
	}
	if (!--job->working)
		pthread_cond_signal(&job->done);
}

static bool wants_worker(const struct job *job)
{
	return job->wanted && job->next < job->tiles && !job->error;
}

static void *worker(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&pool.lock);
	while (!pool.stop) {
		struct job *job = pool.jobs;

		while (job && !wants_worker(job))
			job = job->link;
		if (!job) {
			pthread_cond_wait(&pool.work, &pool.lock);
			continue;
		}
		job->wanted--;
		work_on(job);
	}
	pthread_mutex_unlock(&pool.lock);

	return NULL;
}

static unsigned int default_threads(void)
{
	const char *wish = getenv("ACCEL_THREADS");
	unsigned long threads = wish ? strtoul(wish, NULL, 10) : 0;
	cpu_set_t set;

	if (!threads && !sched_getaffinity(0, sizeof(set), &set))
		threads = (unsigned long)CPU_COUNT(&set);

	return threads < 1 ? 1 : threads > THREADS_MAX ? THREADS_MAX : (unsigned int)threads;
}

/* ACCEL_PIN: tie the workers to processors? */
static int default_pin(void)
{
	const char *wish = getenv("ACCEL_PIN");

	return wish && *wish && strcmp(wish, "0");
}

static unsigned long capacity(int cpu)
{
	unsigned long value = 1024;
	char path[80];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/cpu_capacity", cpu);
	file = fopen(path, "re");
	if (!file)
		return value;
	if (fscanf(file, "%lu", &value) != 1)
		value = 1024;
	fclose(file);

	return value;
}

struct processor {
	int cpu;
	unsigned long capacity;
};

static int by_capacity(const void *a, const void *b)
{
	const struct processor *x = a, *y = b;

	if (x->capacity != y->capacity)
		return x->capacity < y->capacity ? 1 : -1;

	return x->cpu - y->cpu;
}

/* The @n-th processor to use: the most capable ones first, then around again. */
static int choose_processor(unsigned int n)
{
	struct processor list[CPU_SETSIZE];
	unsigned int count = 0;
	cpu_set_t set;
	int cpu;

	if (sched_getaffinity(0, sizeof(set), &set))
		return -1;
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, &set))
			list[count++] = (struct processor){ cpu, capacity(cpu) };
	}
	qsort(list, count, sizeof(list[0]), by_capacity);

	return count ? list[n % count].cpu : -1;
}

static int start_worker(int pin)
{
	pthread_attr_t attr;
	cpu_set_t set;
	int cpu, ret;

	ret = pthread_attr_init(&attr);
	if (ret)
		return -ret;
	/* The caller's own thread has the first place. */
	cpu = pin ? choose_processor(pool.workers + 1) : -1;
	if (cpu >= 0) {
		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
		pthread_attr_setaffinity_np(&attr, sizeof(set), &set);
	}
	ret = pthread_create(&pool.thread[pool.workers], &attr, worker, NULL);
	pthread_attr_destroy(&attr);
	if (!ret)
		pool.workers++;

	return -ret;
}

static void stop_workers(void)
{
	unsigned int i;

	pthread_mutex_lock(&pool.lock);
	pool.stop = true;
	pthread_cond_broadcast(&pool.work);
	pthread_mutex_unlock(&pool.lock);
	for (i = 0; i < pool.workers; i++)
		pthread_join(pool.thread[i], NULL);
	pool.stop = false;
	pool.workers = 0;
}

/* A thread that joins would wait for ever in a process that forked without it. */
static void forget_workers(void)
{
	pthread_mutex_init(&pool.lock, NULL);
	pthread_cond_init(&pool.work, NULL);
	pool.jobs = NULL;
	pool.workers = 0;
	pool.ready = false;
}

int accel_pool_configure(unsigned int threads, int pin)
{
	static bool watched;
	int ret = 0;

	if (threads > THREADS_MAX)
		return -EINVAL;
	pthread_mutex_lock(&configure_lock);
	stop_workers();
	if (!watched) {
		pthread_atfork(NULL, NULL, forget_workers);
		watched = true;
	}
	if (!threads)
		threads = default_threads();
	while (pool.workers + 1 < threads && !ret)
		ret = start_worker(pin);
	pthread_mutex_lock(&pool.lock);
	pool.ready = true;
	pthread_mutex_unlock(&pool.lock);
	pthread_mutex_unlock(&configure_lock);

	return ret;
}

static unsigned int ready_threads(void)
{
	unsigned int threads;
	bool ready;

	pthread_mutex_lock(&pool.lock);
	ready = pool.ready;
	pthread_mutex_unlock(&pool.lock);
	/* With fewer threads than wished for work is slower, not wrong. */
	if (!ready)
		accel_pool_configure(0, default_pin());
	pthread_mutex_lock(&pool.lock);
	threads = pool.workers + 1;
	pthread_mutex_unlock(&pool.lock);

	return threads;
}

unsigned int accel_pool_threads(void)
{
	return ready_threads();
}

int accel_pool_run(accel_pool_fn *fn, void *ctx, size_t tiles, double cost)
{
	double worth = cost / COST_PER_THREAD;
	struct job job = { .fn = fn, .ctx = ctx, .tiles = tiles }, **at;
	unsigned int threads;

	if (tiles < 2 || worth < 2)
		return tiles ? fn(ctx, 0, tiles) : 0;
	threads = ready_threads();
	if (worth < threads)
		threads = (unsigned int)worth;
	if (tiles < threads)
		threads = (unsigned int)tiles;
	if (threads < 2)
		return fn(ctx, 0, tiles);

	job.chunk = tiles / ((size_t)threads * CHUNKS_PER_THREAD);
	if (!job.chunk)
		job.chunk = 1;
	job.wanted = threads - 1;
	pthread_cond_init(&job.done, NULL);
	pthread_mutex_lock(&pool.lock);
	for (at = &pool.jobs; *at; at = &(*at)->link)
		;
	*at = &job;
	pthread_cond_broadcast(&pool.work);
	work_on(&job);
	for (at = &pool.jobs; *at != &job; at = &(*at)->link)
		;
	*at = job.link;
	while (job.working)
		pthread_cond_wait(&job.done, &pool.lock);
	pthread_mutex_unlock(&pool.lock);
	pthread_cond_destroy(&job.done);

	return job.error;
}

struct scratch {
	size_t size;
	void *memory;
};

static pthread_key_t scratch_key;
static pthread_once_t scratch_once = PTHREAD_ONCE_INIT;
static int scratch_error;

static void free_scratch(void *value)
{
	struct scratch *scratch = value;

	free(scratch->memory);
	free(scratch);
}

static void make_key(void)
{
	scratch_error = pthread_key_create(&scratch_key, free_scratch);
}

void *accel_pool_scratch(size_t size)
{
	struct scratch *scratch;

	pthread_once(&scratch_once, make_key);
	if (scratch_error)
		return NULL;
	scratch = pthread_getspecific(scratch_key);
	if (!scratch) {
		scratch = calloc(1, sizeof(*scratch));
		if (!scratch)
			return NULL;
		if (pthread_setspecific(scratch_key, scratch)) {
			free(scratch);
			return NULL;
		}
	}
	if (scratch->size < size) {
		void *memory = aligned_alloc(64, (size + 63) & ~(size_t)63);

		if (!memory)
			return NULL;
		free(scratch->memory);
		scratch->memory = memory;
		scratch->size = size;
	}

	return scratch->memory;
}
