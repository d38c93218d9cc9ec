// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "accel-info.h"

static const struct {
	uint32_t bit;
	const char *name;
} features[] = {
	{ ACCEL_FEATURE_SDP_EW, "element-wise" },
	{ ACCEL_FEATURE_SDP_LUT, "lookup-table" },
	{ ACCEL_FEATURE_SRAM_PORT, "sram-port" },
	{ ACCEL_FEATURE_BDMA, "bdma" },
	{ ACCEL_FEATURE_RUBIK, "rubik" },
	{ ACCEL_FEATURE_INT16, "int16" },
	{ ACCEL_FEATURE_FP16, "fp16" },
	{ ACCEL_FEATURE_WINOGRAD, "winograd" },
	{ ACCEL_FEATURE_BATCH, "batch" },
	{ ACCEL_FEATURE_WEIGHT_COMPRESS, "weight-compression" },
};

#define FEATURES	(sizeof(features) / sizeof(features[0]))

double info_ops_per_second(const struct accel_device_info *info)
{
	uint64_t clock = info->max_clock_hz ? info->max_clock_hz : info->clock_hz;

	return 2.0 * info->atomic_c * info->atomic_k * info->cores * (double)clock;
}

/*
 * The module as the running kernel knows it: its source version where modules
 * carry one. NULL when it is not loaded.
 */
static const char *module_version(char *version, size_t size)
{
	FILE *file;

	if (access("/sys/module/nvdla", F_OK))
		return NULL;
	snprintf(version, size, "loaded");
	file = fopen("/sys/module/nvdla/srcversion", "re");
	if (!file)
		return version;
	if (!fgets(version, (int)size, file))
		snprintf(version, size, "loaded");
	fclose(file);
	version[strcspn(version, "\n")] = 0;

	return version;
}

void versions_print(void)
{
	struct utsname kernel;
	char version[80];
	const char *module = module_version(version, sizeof(version));

	if (!uname(&kernel))
		printf("kernel   %s %s\n", kernel.release, kernel.machine);
	printf("module   %s\n", module ? module : "not loaded");
	printf("library  %s\n", LIBACCEL_VERSION);
}

int versions_json(cJSON *object)
{
	struct utsname kernel;
	char version[80];
	const char *module = module_version(version, sizeof(version));

	if (uname(&kernel))
		return -errno;
	if (!cJSON_AddStringToObject(object, "kernel", kernel.release) ||
	    !cJSON_AddStringToObject(object, "machine", kernel.machine) ||
	    !cJSON_AddStringToObject(object, "library", LIBACCEL_VERSION))
		return -ENOMEM;
	if (module)
		return cJSON_AddStringToObject(object, "module", module) ? 0 : -ENOMEM;

	return cJSON_AddNullToObject(object, "module") ? 0 : -ENOMEM;
}

void info_print(const struct accel_device_info *info)
{
	double ops = info_ops_per_second(info);
	size_t i;

	printf("\n%s\n", info->name);
	printf("  configuration  %s\n", info->config);
	printf("  cores          %u x %u MAC", info->cores, info->atomic_c * info->atomic_k);
	if (ops > 0)
		printf(", %.2f TOPS INT8", ops / 1e12);
	putchar('\n');
	clock_print(info);
	printf("  memory         %u KiB convolution buffer per core, %llu KiB SRAM, %u address bits\n",
	       info->cbuf_size / 1024, (unsigned long long)info->sram_size / 1024,
	       info->address_bits);
	printf("  features      ");
	for (i = 0; i < FEATURES; i++) {
		if (info->features & features[i].bit)
			printf(" %s", features[i].name);
	}
	puts(info->features ? "" : " none");
}

int info_json(const struct accel_device_info *info, cJSON *list)
{
	cJSON *entry = cJSON_CreateObject(), *names;
	size_t i;

	if (!entry || !cJSON_AddItemToArray(list, entry)) {
		cJSON_Delete(entry);
		return -ENOMEM;
	}
	cJSON_AddStringToObject(entry, "name", info->name);
	cJSON_AddStringToObject(entry, "config", info->config);
	cJSON_AddNumberToObject(entry, "cores", info->cores);
	cJSON_AddNumberToObject(entry, "atomic_c", info->atomic_c);
	cJSON_AddNumberToObject(entry, "atomic_k", info->atomic_k);
	cJSON_AddNumberToObject(entry, "atomic_m", info->atomic_m);
	cJSON_AddNumberToObject(entry, "cbuf_bytes", info->cbuf_size);
	cJSON_AddNumberToObject(entry, "sram_bytes", (double)info->sram_size);
	cJSON_AddNumberToObject(entry, "address_bits", info->address_bits);
	cJSON_AddNumberToObject(entry, "clock_hz", (double)info->clock_hz);
	cJSON_AddNumberToObject(entry, "max_clock_hz", (double)info->max_clock_hz);
	if (!clock_json(info, entry))
		return -ENOMEM;
	cJSON_AddNumberToObject(entry, "ops_per_second", info_ops_per_second(info));
	names = cJSON_AddArrayToObject(entry, "features");
	for (i = 0; names && i < FEATURES; i++) {
		if (info->features & features[i].bit)
			cJSON_AddItemToArray(names, cJSON_CreateString(features[i].name));
	}

	return names ? 0 : -ENOMEM;
}
