// SPDX-License-Identifier: MIT
/*
 * accel-dump: what is inside compiled models and the driver's core dumps.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <accel/accel.h>

#include "accel-dump.h"
#include "tools/cli/cli.h"

/* Exit codes. */
enum { EXIT_FAILED = 1 };

/* The driver's dumps are 64 KiB at most. */
#define COREDUMP_MAX	(1u << 20)

static void usage(void)
{
	fputs("usage: accel-dump [OPTION]... FILE\n"
	      "\n"
	      "Describe a compiled model, or a core dump that the driver left in\n"
	      "/sys/class/devcoredump/devcd*/data after a hang.\n"
	      "\n"
	      "  -r, --registers      every register, by name\n"
	      "  -c, --config NAME    compiled models: only this hardware configuration\n"
	      "  -h, --help           this text\n"
	      "\n"
	      "Examples:\n"
	      "  accel-dump model.accel\n"
	      "  accel-dump --registers --config nv_small model.accel | less\n"
	      "  accel-dump /sys/class/devcoredump/devcd1/data\n"
	      "\n"
	      "Exit status: 0; 1 the file cannot be read or is damaged; 2 wrong usage.\n", stdout);
}

static int try_coredump(const char *path, bool registers, bool *is_coredump)
{
	FILE *file = fopen(path, "re");
	char *data;
	size_t size;
	int ret = 0;

	*is_coredump = false;
	if (!file)
		return -errno;
	data = malloc(COREDUMP_MAX);
	if (!data) {
		fclose(file);
		return -ENOMEM;
	}
	size = fread(data, 1, COREDUMP_MAX, file);
	if (ferror(file))
		ret = -EIO;
	else
		*is_coredump = dump_is_coredump(data, size);
	if (*is_coredump)
		ret = dump_coredump(data, size, registers);
	fclose(file);
	free(data);

	return ret;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "registers", no_argument, NULL, 'r' },
		{ "config", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	const char *config = NULL;
	bool registers = false, is_coredump;
	int option, ret;

	while ((option = cli_getopt(argc, argv, "rc:h", options)) != -1) {
		switch (option) {
		case 'r':
			registers = true;
			break;
		case 'c':
			config = optarg;
			break;
		case 'h':
			usage();
			return 0;
		default:
			return CLI_USAGE;
		}
	}
	if (argc - optind != 1)
		return cli_wrong("one FILE, not %d", argc - optind);

	ret = try_coredump(argv[optind], registers, &is_coredump);
	if (ret) {
		fprintf(stderr, "accel-dump: %s: %s\n", argv[optind], strerror(-ret));
		return EXIT_FAILED;
	}
	if (is_coredump)
		return 0;
	ret = dump_artefact(argv[optind], config, registers);
	if (ret) {
		fprintf(stderr, "accel-dump: %s: %s\n", argv[optind], accel_error_text());
		return EXIT_FAILED;
	}

	return 0;
}
