/* SPDX-License-Identifier: MIT */
#ifndef ACCEL_INFO_H
#define ACCEL_INFO_H

#include <stdbool.h>

#include <accel/accel.h>
#include <cjson/cJSON.h>

/* Peak INT8 operations per second (a multiply-accumulate counts as two); 0: unknown. */
double info_ops_per_second(const struct accel_device_info *info);

/* Print devices for a person, or add them to a JSON array. */
void info_print(const struct accel_device_info *info);
int info_json(const struct accel_device_info *info, cJSON *list);

#define CLOCK_POINTS	64

/**
 * struct clock_info - how a device is clocked
 * @power: runtime power management's word, "suspended" for asleep; "" where there is none
 * @devfreq: whether devfreq chooses its clock; nothing below means anything otherwise
 * @governor: who chooses
 * @governors: who could, words with spaces between them
 * @hz: what was chosen
 * @least_hz: lowest that may be chosen
 * @most_hz: highest that may be chosen
 * @points: operating points
 * @point_count: how many
 */
struct clock_info {
	char power[16];
	bool devfreq;
	char governor[32];
	char governors[128];
	uint64_t hz;
	uint64_t least_hz;
	uint64_t most_hz;
	uint64_t points[CLOCK_POINTS];
	unsigned int point_count;
};

/* How a device is clocked, as of now. */
void clock_query(const struct accel_device_info *info, struct clock_info *clock);

/* Print that for a person, or add it to a device's object. Return: false: out of memory. */
void clock_print(const struct accel_device_info *info);
bool clock_json(const struct accel_device_info *info, cJSON *object);

/* Kernel, driver and library versions. */
void versions_print(void);
int versions_json(cJSON *object);

/* How a verdict of --fit reads. */
enum fit_verdict { FIT_GOOD, FIT_POOR, FIT_UNKNOWN };

/**
 * struct fit_result - one thing that was judged
 * @what: what
 * @verdict: good enough, not, or nothing to judge by
 * @value: measured or read; meaning and unit depend on @what
 * @unit: unit of @value and @wanted, "" when the value says nothing
 * @wanted: what would be good
 * @reason: one line
 */
struct fit_result {
	const char *what;
	enum fit_verdict verdict;
	double value;
	const char *unit;
	double wanted;
	char reason[160];
};

#define FIT_RESULTS	5

/**
 * fit_judge() - judge the machine for inference at the edge
 * @info: its NPU, or NULL when it has none
 * @path: a folder on the storage to judge
 * @results: FIT_RESULTS of them
 *
 * Takes about two seconds: memory and storage are measured.
 */
void fit_judge(const struct accel_device_info *info, const char *path,
	       struct fit_result *results);

/* Container Device Interface specification of the devices; free with cJSON_Delete(). */
cJSON *cdi_specification(const struct accel_device_info *infos, unsigned int count);

#endif /* ACCEL_INFO_H */
