// SPDX-License-Identifier: MIT
/*
 * Is this a machine for inference at the edge? Five things that decide, each
 * with what was found and why it is good or poor.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "accel-info.h"

#define WANTED_TOPS		8.0
#define WANTED_MEMORY		50.0	/* GB/s */
#define WANTED_LANES		4.0
#define WANTED_STORAGE		500.0	/* MB/s, what an NVMe drive reads at least */

static void judge(struct fit_result *result, const char *what, enum fit_verdict verdict,
		  const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static void judge(struct fit_result *result, const char *what, enum fit_verdict verdict,
		  const char *fmt, ...)
{
	va_list args;

	result->what = what;
	result->verdict = verdict;
	if (!result->unit)
		result->unit = "";
	va_start(args, fmt);
	vsnprintf(result->reason, sizeof(result->reason), fmt, args);
	va_end(args);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);

	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void judge_npu(const struct accel_device_info *info, struct fit_result *result)
{
	result->unit = "TOPS";
	result->wanted = WANTED_TOPS;
	if (!info) {
		judge(result, "npu", FIT_POOR, "no NPU found");
		return;
	}
	result->value = info_ops_per_second(info) / 1e12;
	if (result->value <= 0)
		judge(result, "npu", FIT_UNKNOWN, "%s: the clock is unknown", info->config);
	else
		judge(result, "npu", result->value >= WANTED_TOPS ? FIT_GOOD : FIT_POOR,
		      "%.2f TOPS INT8 (%u x %s), %.0f wanted", result->value, info->cores,
		      info->config, WANTED_TOPS);
}

/* Of all threads together: larger than caches, small enough for any board. */
#define COPY_BYTES	(64u << 20)
#define COPY_LEAST	(8u << 20)
#define COPY_SECONDS	0.5
#define COPY_THREADS	16

/**
 * struct copies - threads that copy at the same time
 * @gate: held until it is known how many threads there are
 * @start: for that many
 * @bytes: that each thread copies
 */
struct copies {
	pthread_mutex_t gate;
	pthread_barrier_t start;
	size_t bytes;
};

struct copy {
	struct copies *all;
	pthread_t thread;
	double bytes, seconds;
};

static void *copy_thread(void *arg)
{
	struct copy *copy = arg;
	size_t size = copy->all->bytes;
	char *memory = malloc(2 * size);
	double begin;

	if (memory)
		memset(memory, 1, 2 * size);
	pthread_mutex_lock(&copy->all->gate);
	pthread_mutex_unlock(&copy->all->gate);
	pthread_barrier_wait(&copy->all->start);
	if (!memory)
		return NULL;
	begin = seconds();
	do {
		memcpy(memory, memory + size, size);
		__asm__ volatile("" : : "r"(memory) : "memory");
		/* Read once and written once. */
		copy->bytes += 2.0 * (double)size;
		copy->seconds = seconds() - begin;
	} while (copy->seconds < COPY_SECONDS);
	free(memory);

	return NULL;
}

static unsigned int processors(void)
{
	cpu_set_t set;
	unsigned int count = 1;

	if (!sched_getaffinity(0, sizeof(set), &set))
		count = (unsigned int)CPU_COUNT(&set);

	return count < COPY_THREADS ? count : COPY_THREADS;
}

static void judge_memory(struct fit_result *result)
{
	struct copies all = { .gate = PTHREAD_MUTEX_INITIALIZER };
	struct copy copies[COPY_THREADS];
	unsigned int wanted = processors(), count, i;

	result->unit = "GB/s";
	result->wanted = WANTED_MEMORY;
	all.bytes = COPY_BYTES / wanted > COPY_LEAST ? COPY_BYTES / wanted : COPY_LEAST;
	pthread_mutex_lock(&all.gate);
	for (count = 0; count < wanted; count++) {
		copies[count] = (struct copy){ .all = &all };
		if (pthread_create(&copies[count].thread, NULL, copy_thread, &copies[count]))
			break;
	}
	if (count)
		pthread_barrier_init(&all.start, NULL, count);
	pthread_mutex_unlock(&all.gate);
	for (i = 0; i < count; i++) {
		pthread_join(copies[i].thread, NULL);
		if (copies[i].seconds > 0)
			result->value += copies[i].bytes / copies[i].seconds / 1e9;
	}
	if (count)
		pthread_barrier_destroy(&all.start);
	if (result->value <= 0)
		judge(result, "memory", FIT_UNKNOWN, count ?
		      "not enough free memory to measure it" :
		      "could not start threads to measure it");
	else
		judge(result, "memory", result->value >= WANTED_MEMORY ? FIT_GOOD : FIT_POOR,
		      "%.1f GB/s copied by %u threads, %.0f wanted", result->value, count,
		      WANTED_MEMORY);
}

static bool read_number(const char *path, double *value)
{
	FILE *file = fopen(path, "re");
	bool found;

	if (!file)
		return false;
	found = fscanf(file, "%lf", value) == 1;
	fclose(file);

	return found;
}

static void judge_pcie(const struct accel_device_info *info, struct fit_result *result)
{
	const char *node = info ? strrchr(info->name, '/') : NULL;
	double most = 0, speed = 0;
	char path[128];

	result->unit = "lanes";
	result->wanted = WANTED_LANES;
	if (!node) {
		judge(result, "pcie", FIT_UNKNOWN, "no NPU with a device node");
		return;
	}
	snprintf(path, sizeof(path), "/sys/class/accel/%.64s/device/current_link_width", node + 1);
	if (!read_number(path, &result->value)) {
		result->unit = "";
		snprintf(path, sizeof(path), "/sys/class/accel/%.64s/device/vendor", node + 1);
		if (!access(path, F_OK))
			judge(result, "pcie", FIT_UNKNOWN, "the NPU is behind PCI, not PCIe");
		else
			judge(result, "pcie", FIT_GOOD,
			      "the NPU is part of the chip, not behind PCIe");
		return;
	}
	snprintf(path, sizeof(path), "/sys/class/accel/%.64s/device/max_link_width", node + 1);
	read_number(path, &most);
	snprintf(path, sizeof(path), "/sys/class/accel/%.64s/device/current_link_speed", node + 1);
	read_number(path, &speed);
	judge(result, "pcie", result->value >= WANTED_LANES ? FIT_GOOD : FIT_POOR,
	      "%.0f %s in use of %.0f, %.1f GT/s each; %.0f lanes wanted", result->value,
	      result->value == 1 ? "lane" : "lanes", most, speed, WANTED_LANES);
}

static void judge_ecc(struct fit_result *result)
{
	double corrected = 0, lost = 0, value;
	glob_t found;
	size_t i;

	if (glob("/sys/devices/system/edac/mc/mc[0-9]*", 0, NULL, &found)) {
		judge(result, "ecc", FIT_POOR,
		      "no memory controller reports ECC: a flipped bit goes unnoticed");
		return;
	}
	for (i = 0; i < found.gl_pathc; i++) {
		char path[256];

		snprintf(path, sizeof(path), "%s/ce_count", found.gl_pathv[i]);
		if (read_number(path, &value))
			corrected += value;
		snprintf(path, sizeof(path), "%s/ue_count", found.gl_pathv[i]);
		if (read_number(path, &value))
			lost += value;
	}
	judge(result, "ecc", lost > 0 ? FIT_POOR : FIT_GOOD,
	      "%zu controllers with ECC, %.0f errors corrected, %.0f not", found.gl_pathc,
	      corrected, lost);
	globfree(&found);
}

#define STORAGE_BYTES	(64u << 20)
#define STORAGE_BLOCK	(1u << 20)

/* Read back what was just written, past the page cache where that is possible. */
static double measure_storage(int fd, void *block)
{
	double begin;
	size_t done;

	for (done = 0; done < STORAGE_BYTES; done += STORAGE_BLOCK) {
		if (write(fd, block, STORAGE_BLOCK) != STORAGE_BLOCK)
			return -errno;
	}
	if (fsync(fd) || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) || lseek(fd, 0, SEEK_SET))
		return -errno;
	begin = seconds();
	for (done = 0; done < STORAGE_BYTES; done += STORAGE_BLOCK) {
		if (read(fd, block, STORAGE_BLOCK) != STORAGE_BLOCK)
			return -errno;
	}

	return STORAGE_BYTES / (seconds() - begin) / 1e6;
}

/* A file that goes away by itself; not every file system has them without a name. */
static int open_scratch(const char *path)
{
	int fd = open(path, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	char name[4096];

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd;
	if (snprintf(name, sizeof(name), "%s/accel-info.XXXXXX", path) >= (int)sizeof(name)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = mkostemp(name, O_CLOEXEC);
	if (fd >= 0)
		unlink(name);

	return fd;
}

static void judge_storage(const char *path, struct fit_result *result)
{
	void *block = aligned_alloc(4096, STORAGE_BLOCK);
	int fd, flags;

	result->unit = "MB/s";
	result->wanted = WANTED_STORAGE;
	fd = block ? open_scratch(path) : -1;
	if (fd < 0) {
		judge(result, "storage", FIT_UNKNOWN, "%s: %s", path,
		      block ? strerror(errno) : "out of memory");
		free(block);
		return;
	}
	memset(block, 0x5a, STORAGE_BLOCK);
	flags = fcntl(fd, F_GETFL);
	/* Not every file system can do without its cache; fadvise is next best. */
	if (flags >= 0)
		fcntl(fd, F_SETFL, flags | O_DIRECT);
	result->value = measure_storage(fd, block);
	if (result->value < 0)
		judge(result, "storage", FIT_UNKNOWN, "%s: %s", path,
		      strerror((int)-result->value));
	else
		judge(result, "storage", result->value >= WANTED_STORAGE ? FIT_GOOD : FIT_POOR,
		      "%.0f MB/s read from %s, %.0f wanted", result->value, path, WANTED_STORAGE);
	close(fd);
	free(block);
}

void fit_judge(const struct accel_device_info *info, const char *path,
	       struct fit_result *results)
{
	memset(results, 0, FIT_RESULTS * sizeof(*results));
	judge_npu(info, &results[0]);
	judge_memory(&results[1]);
	judge_pcie(info, &results[2]);
	judge_ecc(&results[3]);
	judge_storage(path, &results[4]);
}
