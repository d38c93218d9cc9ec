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

/* Larger than any cache, small enough for any board. */
#define COPY_BYTES	(64u << 20)
#define COPY_SECONDS	0.5

struct copy {
	pthread_barrier_t *start;
	double bytes, seconds;
	bool failed;
};

static void *copy_thread(void *arg)
{
	struct copy *copy = arg;
	char *memory = malloc(2 * (size_t)COPY_BYTES);
	double begin;

	copy->failed = !memory;
	if (memory)
		memset(memory, 1, 2 * (size_t)COPY_BYTES);
	pthread_barrier_wait(copy->start);
	if (!memory)
		return NULL;
	begin = seconds();
	do {
		memcpy(memory, memory + COPY_BYTES, COPY_BYTES);
		__asm__ volatile("" : : "r"(memory) : "memory");
		/* Read once and written once. */
		copy->bytes += 2.0 * COPY_BYTES;
		copy->seconds = seconds() - begin;
	} while (copy->seconds < COPY_SECONDS);
	free(memory);

	return NULL;
}

static void judge_memory(struct fit_result *result)
{
	pthread_barrier_t start;
	pthread_t threads[16];
	struct copy copies[16];
	unsigned int wanted = 1, count = 0, i;
	cpu_set_t set;

	result->unit = "GB/s";
	result->wanted = WANTED_MEMORY;
	if (!sched_getaffinity(0, sizeof(set), &set))
		wanted = (unsigned int)CPU_COUNT(&set);
	if (wanted > 16)
		wanted = 16;
	pthread_barrier_init(&start, NULL, wanted);
	for (; count < wanted; count++) {
		copies[count] = (struct copy){ .start = &start };
		if (pthread_create(&threads[count], NULL, copy_thread, &copies[count]))
			break;
	}
	if (count < wanted) {
		/* The threads that exist wait for those that do not: measure nothing. */
		for (i = 0; i < count; i++) {
			pthread_cancel(threads[i]);
			pthread_join(threads[i], NULL);
		}
		judge(result, "memory", FIT_UNKNOWN, "could not start threads to measure it");
		return;
	}
	for (i = 0; i < count; i++) {
		pthread_join(threads[i], NULL);
		if (!copies[i].failed)
			result->value += copies[i].bytes / copies[i].seconds / 1e9;
	}
	pthread_barrier_destroy(&start);
	if (result->value <= 0)
		judge(result, "memory", FIT_UNKNOWN, "not enough free memory to measure it");
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
	char path[128];
	double most = 0;

	result->unit = "lanes";
	result->wanted = WANTED_LANES;
	if (!node) {
		judge(result, "pcie", FIT_UNKNOWN, "no NPU with a device node");
		return;
	}
	snprintf(path, sizeof(path), "/sys/class/accel/%s/device/current_link_width", node + 1);
	if (!read_number(path, &result->value)) {
		judge(result, "pcie", FIT_GOOD, "the NPU is part of the chip, not behind PCIe");
		result->unit = "";
		return;
	}
	snprintf(path, sizeof(path), "/sys/class/accel/%s/device/max_link_width", node + 1);
	read_number(path, &most);
	judge(result, "pcie", result->value >= WANTED_LANES ? FIT_GOOD : FIT_POOR,
	      "%.0f lanes in use of %.0f, %.0f wanted", result->value, most, WANTED_LANES);
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

static void judge_storage(const char *path, struct fit_result *result)
{
	void *block = aligned_alloc(4096, STORAGE_BLOCK);
	int fd, flags;

	result->unit = "MB/s";
	result->wanted = WANTED_STORAGE;
	fd = block ? open(path, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600) : -1;
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
