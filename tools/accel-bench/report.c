// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cjson/cJSON.h>

#include "accel-bench.h"
#include "tools/cli/cli.h"

/* What is collected for --json, and its array of figures. */
static cJSON *object, *figures;

int64_t bench_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);

	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return left < right ? -1 : left > right;
}

double bench_percentile(const int64_t *sorted, uint32_t count, unsigned int percent)
{
	return (double)sorted[(uint64_t)(count - 1) * percent / 100];
}

double bench_median(int64_t *values, uint32_t count)
{
	qsort(values, count, sizeof(*values), compare);

	return bench_percentile(values, count, 50);
}

void bench_need(const char *step, int ret)
{
	if (!ret)
		return;
	cli_progress(step, 1, 1);
	if (*accel_error_text())
		cli_failed(step);
	else
		fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, step,
			strerror(-ret));
	exit(EXIT_FAILURE);
}

void bench_figure(const char *unit, double value, const char *name, ...)
{
	char text[64];
	cJSON *entry;
	va_list args;

	va_start(args, name);
	vsnprintf(text, sizeof(text), name, args);
	va_end(args);
	if (!object) {
		cli_progress("", 1, 1);
		printf("figure %s %.2f %s\n", text, value, unit);
		fflush(stdout);
		return;
	}
	entry = cJSON_CreateObject();
	if (!entry || !cJSON_AddItemToArray(figures, entry) ||
	    !cJSON_AddStringToObject(entry, "name", text) ||
	    !cJSON_AddNumberToObject(entry, "value", value) ||
	    !cJSON_AddStringToObject(entry, "unit", unit)) {
		fprintf(stderr, "%s: out of memory\n", program_invocation_short_name);
		exit(EXIT_FAILURE);
	}
}

int bench_json_begin(const struct bench *bench)
{
	object = cJSON_CreateObject();
	if (!object || !cJSON_AddStringToObject(object, "device", bench->info.name) ||
	    !cJSON_AddStringToObject(object, "config", bench->info.config) ||
	    !cJSON_AddNumberToObject(object, "cores", bench->info.cores) ||
	    !cJSON_AddBoolToObject(object, "simulated",
				   bench->info.backend == ACCEL_BACKEND_SIM))
		return -ENOMEM;
	figures = cJSON_AddArrayToObject(object, "figures");

	return figures ? 0 : -ENOMEM;
}

int bench_json_end(void)
{
	char *text = cJSON_Print(object);

	cJSON_Delete(object);
	object = NULL;
	if (!text)
		return -ENOMEM;
	puts(text);
	cJSON_free(text);

	return 0;
}
