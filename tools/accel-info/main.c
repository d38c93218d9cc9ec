// SPDX-License-Identifier: MIT
/*
 * accel-info: which NPUs this machine has and what they can do.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accel-info.h"
#include "tools/cli/cli.h"

#define DEVICES_MAX	64

/* Exit codes. */
enum { EXIT_NONE = 1, EXIT_UNFIT = 3 };

static void usage(void)
{
	fputs("usage: accel-info [OPTION]... [DEVICE]\n"
	      "\n"
	      "List the NPUs of this machine, or describe DEVICE (drm:/dev/accel/accel0,\n"
	      "sim:nv_large, ...).\n"
	      "\n"
	      "  -j, --json         machine-readable\n"
	      "  -f, --fit          judge the machine: NPU, memory, PCIe, ECC, storage\n"
	      "      --path FOLDER  storage that --fit measures (default: the current folder)\n"
	      "  -c, --cdi          write a Container Device Interface specification\n"
	      "  -h, --help         this text\n"
	      "\n"
	      "Examples:\n"
	      "  accel-info\n"
	      "  accel-info --fit --path /var/lib/models\n"
	      "  accel-info --cdi > /etc/cdi/nvdla.json\n"
	      "\n"
	      "Exit status: 0; 1 no NPU found; 2 wrong usage; 3 --fit found something poor.\n", stdout);
}

static unsigned int find_devices(const char *name, struct accel_device_info *infos)
{
	struct accel_device *device;
	unsigned int count = 0, index;
	int ret;

	if (name) {
		infos[0].size = sizeof(infos[0]);
		ret = accel_open(name, &device);
		if (!ret) {
			ret = accel_device_query(device, &infos[0]);
			accel_close(device);
		}
		if (ret)
			fprintf(stderr, "accel-info: %s: %s\n", name, accel_error_text());
		return ret ? 0 : 1;
	}
	for (index = 0; count < DEVICES_MAX; index++) {
		infos[count].size = sizeof(infos[count]);
		ret = accel_enumerate(index, &infos[count]);
		if (ret == -ENOENT)
			break;
		if (ret)
			fprintf(stderr, "accel-info: %s\n", accel_error_text());
		else if (infos[count].backend != ACCEL_BACKEND_CPU)
			count++;
	}

	return count;
}

/* The device to judge a machine by; NULL when there is none. */
static const struct accel_device_info *fastest(const struct accel_device_info *infos,
					       unsigned int count)
{
	const struct accel_device_info *best = count ? &infos[0] : NULL;
	unsigned int i;

	for (i = 1; i < count; i++) {
		if (info_ops_per_second(&infos[i]) > info_ops_per_second(best))
			best = &infos[i];
	}

	return best;
}

static int print_json(cJSON *object)
{
	char *text = cJSON_Print(object);

	if (!text) {
		fputs("accel-info: out of memory\n", stderr);
		return EXIT_NONE;
	}
	puts(text);
	cJSON_free(text);

	return 0;
}

static const char *const verdicts[] = {
	[FIT_GOOD] = "good", [FIT_POOR] = "poor", [FIT_UNKNOWN] = "unknown",
};

static int fit_json(const struct fit_result *results, cJSON *object)
{
	cJSON *list = cJSON_AddArrayToObject(object, "fit"), *entry;
	unsigned int i;

	for (i = 0; list && i < FIT_RESULTS; i++) {
		entry = cJSON_CreateObject();
		if (!entry || !cJSON_AddItemToArray(list, entry))
			return -ENOMEM;
		cJSON_AddStringToObject(entry, "what", results[i].what);
		cJSON_AddStringToObject(entry, "verdict", verdicts[results[i].verdict]);
		if (*results[i].unit && results[i].verdict != FIT_UNKNOWN) {
			cJSON_AddNumberToObject(entry, "value", results[i].value);
			cJSON_AddNumberToObject(entry, "wanted", results[i].wanted);
			cJSON_AddStringToObject(entry, "unit", results[i].unit);
		}
		cJSON_AddStringToObject(entry, "reason", results[i].reason);
	}

	return list ? 0 : -ENOMEM;
}

static int report_json(const struct accel_device_info *infos, unsigned int count,
		       const struct fit_result *results)
{
	cJSON *object = cJSON_CreateObject(), *list;
	unsigned int i;
	int ret = object ? versions_json(object) : -ENOMEM;

	list = ret ? NULL : cJSON_AddArrayToObject(object, "devices");
	for (i = 0; list && !ret && i < count; i++)
		ret = info_json(&infos[i], list);
	if (list && !ret && results)
		ret = fit_json(results, object);
	if (ret || !list) {
		fputs("accel-info: out of memory\n", stderr);
		ret = EXIT_NONE;
	} else {
		ret = print_json(object);
	}
	cJSON_Delete(object);

	return ret;
}

static void report_text(const struct accel_device_info *infos, unsigned int count,
			const struct fit_result *results)
{
	unsigned int i;

	versions_print();
	for (i = 0; i < count; i++)
		info_print(&infos[i]);
	for (i = 0; results && i < FIT_RESULTS; i++)
		printf("%-8s %-8s %s\n", results[i].what, verdicts[results[i].verdict],
		       results[i].reason);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "fit", no_argument, NULL, 'f' },
		{ "path", required_argument, NULL, 'p' },
		{ "cdi", no_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	static struct accel_device_info infos[DEVICES_MAX];
	struct fit_result results[FIT_RESULTS];
	bool json = false, fit = false, cdi = false;
	const char *path = NULL;
	unsigned int count, i;
	cJSON *object;
	int option, ret = 0;

	while ((option = cli_getopt(argc, argv, "jfch", options)) != -1) {
		switch (option) {
		case 'j':
			json = true;
			break;
		case 'f':
			fit = true;
			break;
		case 'p':
			path = optarg;
			break;
		case 'c':
			cdi = true;
			break;
		case 'h':
			usage();
			return 0;
		default:
			return CLI_USAGE;
		}
	}
	if (argc - optind > 1)
		return cli_wrong("one DEVICE, not %d", argc - optind);
	if (path && !fit)
		return cli_wrong("--path goes with --fit");

	count = find_devices(argv[optind], infos);
	if (!count && argv[optind])
		return EXIT_NONE;
	if (cdi) {
		object = cdi_specification(infos, count);
		if (!object) {
			fputs("accel-info: out of memory\n", stderr);
			return EXIT_NONE;
		}
		ret = print_json(object);
		cJSON_Delete(object);
		if (!count)
			fputs("accel-info: no NPU found\n", stderr);
		return ret ? ret : count ? 0 : EXIT_NONE;
	}
	if (fit)
		fit_judge(fastest(infos, count), path ? path : ".", results);
	if (json)
		ret = report_json(infos, count, fit ? results : NULL);
	else
		report_text(infos, count, fit ? results : NULL);
	if (ret)
		return ret;
	if (!count) {
		fputs("accel-info: no NPU found: is the module nvdla loaded, and may you open /dev/accel/accel*?\n",
		      stderr);
		return EXIT_NONE;
	}
	for (i = 0; fit && i < FIT_RESULTS; i++) {
		if (results[i].verdict == FIT_POOR)
			return EXIT_UNFIT;
	}

	return 0;
}
