/* SPDX-License-Identifier: MIT */
#ifndef ACCEL_BENCH_H
#define ACCEL_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include <accel/accel.h>

#include "kmod/hw/nvdla_config.h"

/* What can be measured; bits of &bench_options.what. */
enum bench_what {
	BENCH_LATENCY	= 1 << 0,
	BENCH_CORES	= 1 << 1,
	BENCH_PROGRAMS	= 1 << 2,
	BENCH_MEMORY	= 1 << 3,
	BENCH_ALL	= (1 << 4) - 1,
};

/**
 * struct bench_options - what to measure, and how long
 * @what: BENCH_* bits
 * @rounds: single jobs that are timed
 * @seconds: how long each throughput is measured
 * @model: compiled model to run, or NULL
 * @json: print one object instead of lines
 */
struct bench_options {
	unsigned int what;
	uint32_t rounds;
	double seconds;
	const char *model;
	bool json;
};

/**
 * struct bench - what measurements need
 * @options: from the command line
 * @device: what is measured
 * @info: its description
 * @config: its configuration
 */
struct bench {
	const struct bench_options *options;
	struct accel_device *device;
	struct accel_device_info info;
	const struct nvdla_config *config;
};

/* Monotonic time. */
int64_t bench_now_ns(void);

/* The middle one of @count values, which are sorted, in ns; and the p-th percentile. */
double bench_median(int64_t *values, uint32_t count);
double bench_percentile(const int64_t *sorted, uint32_t count, unsigned int percent);

/**
 * bench_need() - a step that must not fail
 *
 * What cannot be measured must not look measured: says what failed and why and
 * terminates the process with status 1.
 */
void bench_need(const char *step, int ret);

/* Report a result; the name is made from a format. */
void bench_figure(const char *unit, double value, const char *name, ...)
	__attribute__((format(printf, 3, 4)));

/* Collect for JSON what bench_figure() reports; print it. Return: 0 or -ENOMEM. */
int bench_json_begin(const struct bench *bench);
int bench_json_end(void);

void bench_latency(struct bench *bench);
void bench_cores(struct bench *bench);
void bench_programs(struct bench *bench);
void bench_memory(struct bench *bench);
void bench_model(struct bench *bench);

#endif /* ACCEL_BENCH_H */
