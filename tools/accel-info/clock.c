// SPDX-License-Identifier: MIT
/*
 * How the kernel clocks a device: its operating points and who chooses among
 * them, from devfreq, and whether it sleeps, from runtime power management.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accel-info.h"

/* A line of a file in sysfs, or "". */
static void read_line(const char *folder, const char *name, char *line, size_t size)
{
	char path[512];
	FILE *file;

	*line = '\0';
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "re");
	if (!file)
		return;
	if (!fgets(line, (int)size, file))
		*line = '\0';
	fclose(file);
	line[strcspn(line, "\n")] = '\0';
}

static uint64_t read_hz(const char *folder, const char *name)
{
	char line[32];

	read_line(folder, name, line, sizeof(line));

	return strtoull(line, NULL, 10);
}

static void read_points(const char *folder, struct clock_info *clock)
{
	char line[CLOCK_POINTS * 12], *at = line, *end;

	read_line(folder, "available_frequencies", line, sizeof(line));
	while (clock->point_count < CLOCK_POINTS) {
		uint64_t hz = strtoull(at, &end, 10);

		if (end == at)
			return;
		clock->points[clock->point_count++] = hz;
		at = end;
	}
}

void clock_query(const struct accel_device_info *info, struct clock_info *clock)
{
	const char *node = info->backend == ACCEL_BACKEND_DRM ? strrchr(info->name, '/') : NULL;
	char path[160];
	glob_t found;

	*clock = (struct clock_info){ 0 };
	if (!node)
		return;
	snprintf(path, sizeof(path), "/sys/class/accel/%.64s/device", node + 1);
	read_line(path, "power/runtime_status", clock->power, sizeof(clock->power));
	strcat(path, "/devfreq/*");
	if (glob(path, 0, NULL, &found))
		return;
	clock->devfreq = true;
	read_line(found.gl_pathv[0], "governor", clock->governor, sizeof(clock->governor));
	read_line(found.gl_pathv[0], "available_governors", clock->governors,
		  sizeof(clock->governors));
	clock->hz = read_hz(found.gl_pathv[0], "cur_freq");
	clock->least_hz = read_hz(found.gl_pathv[0], "min_freq");
	clock->most_hz = read_hz(found.gl_pathv[0], "max_freq");
	read_points(found.gl_pathv[0], clock);
	globfree(&found);
}

void clock_print(const struct accel_device_info *info)
{
	struct clock_info clock;
	unsigned int i;

	clock_query(info, &clock);
	if (info->clock_hz)
		printf("  clock          %.0f MHz of %.0f MHz", (double)info->clock_hz / 1e6,
		       (double)info->max_clock_hz / 1e6);
	else
		printf("  clock          unknown");
	puts(strcmp(clock.power, "suspended") ? "" : ", asleep");
	if (info->backend != ACCEL_BACKEND_DRM)
		return;
	if (!clock.devfreq) {
		puts("  points         none: no devfreq for this device, the clock stays");
		return;
	}
	printf("  points        ");
	for (i = 0; i < clock.point_count; i++)
		printf(" %.0f", (double)clock.points[i] / 1e6);
	printf(" MHz\n  governor       %s, from %.0f to %.0f MHz\n", clock.governor,
	       (double)clock.least_hz / 1e6, (double)clock.most_hz / 1e6);
}

/* The words of a line as strings. */
static bool add_words(cJSON *list, char *line)
{
	char *rest = line, *word;

	while ((word = strsep(&rest, " "))) {
		cJSON *text = *word ? cJSON_CreateString(word) : NULL;

		if (*word && !cJSON_AddItemToArray(list, text))
			return false;
	}

	return true;
}

bool clock_json(const struct accel_device_info *info, cJSON *object)
{
	struct clock_info clock;
	cJSON *devfreq, *list;
	unsigned int i;

	clock_query(info, &clock);
	if (!(*clock.power ? cJSON_AddStringToObject(object, "power", clock.power) :
			     cJSON_AddNullToObject(object, "power")))
		return false;
	if (!clock.devfreq)
		return cJSON_AddNullToObject(object, "devfreq");
	devfreq = cJSON_AddObjectToObject(object, "devfreq");
	list = devfreq ? cJSON_AddArrayToObject(devfreq, "points_hz") : NULL;
	if (!list)
		return false;
	for (i = 0; i < clock.point_count; i++) {
		if (!cJSON_AddItemToArray(list, cJSON_CreateNumber((double)clock.points[i])))
			return false;
	}
	list = cJSON_AddArrayToObject(devfreq, "available_governors");

	return list && add_words(list, clock.governors) &&
	       cJSON_AddStringToObject(devfreq, "governor", clock.governor) &&
	       cJSON_AddNumberToObject(devfreq, "clock_hz", (double)clock.hz) &&
	       cJSON_AddNumberToObject(devfreq, "min_hz", (double)clock.least_hz) &&
	       cJSON_AddNumberToObject(devfreq, "max_hz", (double)clock.most_hz);
}
