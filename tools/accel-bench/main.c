// SPDX-License-Identifier: MIT
/*
 * accel-bench: how fast an NPU and its driver are.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accel-bench.h"
#include "tools/cli/cli.h"

enum { EXIT_NO_DEVICE = 3 };

static const char usage[] =
"usage: accel-bench [OPTION]... [DEVICE]\n"
"\n"
"Measure DEVICE (default: the first NPU) and its driver. Each result is a line\n"
"`figure NAME VALUE UNIT'; every operation's answer is checked, too.\n"
"\n"
"  -w, --what LIST      some of latency,cores,programs,memory (default: all, or\n"
"                       none with --model)\n"
"  -m, --model FILE     run a compiled model on made-up inputs\n"
"  -r, --rounds N       single jobs that are timed (default 400)\n"
"  -t, --time SECONDS   how long each throughput is measured (default 2)\n"
"  -j, --json           one JSON object instead of lines\n"
"  -q, --quiet          no progress bar\n"
"  -h, --help           this text\n"
"\n"
"On simulated devices driver.* and model.run are times of the simulator on this\n"
"machine; *_device, memory.npu_copy and model.npu* are modelled.\n"
"\n"
"Examples:\n"
"  accel-bench\n"
"  accel-bench --what cores --time 10 drm:/dev/accel/accel1\n"
"  accel-bench --model faces.accel --json sim:nv_large,cores=4\n"
"\n"
"Exit status: 0; 1 something could not be measured; 2 wrong usage; 3 no device.\n";

static bool parse_what(char *list, unsigned int *what)
{
	static const struct {
		const char *name;
		unsigned int bit;
	} names[] = {
		{ "latency", BENCH_LATENCY }, { "cores", BENCH_CORES },
		{ "programs", BENCH_PROGRAMS }, { "memory", BENCH_MEMORY },
	};
	char *name, *rest = list;
	size_t i;

	*what = 0;
	while ((name = strsep(&rest, ","))) {
		for (i = 0; i < 4 && strcmp(name, names[i].name); i++)
			;
		if (i == 4) {
			cli_wrong("--what: '%s' is none of latency, cores, programs, memory", name);
			return false;
		}
		*what |= names[i].bit;
	}

	return true;
}

/* Return: whether the command line is right; *status for main() when it is over. */
static bool parse(int argc, char **argv, struct bench_options *options, int *status)
{
	static const struct option longs[] = {
		{ "what", required_argument, NULL, 'w' },
		{ "model", required_argument, NULL, 'm' },
		{ "rounds", required_argument, NULL, 'r' },
		{ "time", required_argument, NULL, 't' },
		{ "json", no_argument, NULL, 'j' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	bool good = true;
	int option;

	*status = CLI_USAGE;
	while ((option = cli_getopt(argc, argv, "w:m:r:t:jqh", longs)) != -1) {
		switch (option) {
		case 'w':
			good = parse_what(optarg, &options->what);
			break;
		case 'm':
			options->model = optarg;
			break;
		case 'r':
			good = cli_uint("rounds", optarg, 1, 10000000, &options->rounds);
			break;
		case 't':
			good = cli_real("time", optarg, 0.01, 86400, &options->seconds);
			break;
		case 'j':
			options->json = true;
			break;
		case 'q':
			cli_quiet();
			break;
		case 'h':
			fputs(usage, stdout);
			*status = EXIT_SUCCESS;
			return false;
		default:
			good = false;
		}
		if (!good)
			return false;
	}
	if (argc - optind > 1) {
		cli_wrong("one DEVICE, not %d", argc - optind);
		return false;
	}
	if (!options->what && !options->model)
		options->what = BENCH_ALL;

	return true;
}

static int measure(struct bench *bench)
{
	const struct bench_options *options = bench->options;
	int ret = 0;

	if (options->json)
		ret = bench_json_begin(bench);
	else
		printf("# %s: %s, %u cores%s\n", bench->info.name, bench->info.config,
		       bench->info.cores,
		       bench->info.backend == ACCEL_BACKEND_SIM ? ", simulated" : "");
	bench_need("output", ret);
	if (options->what & BENCH_LATENCY)
		bench_latency(bench);
	if (options->what & BENCH_CORES)
		bench_cores(bench);
	if (options->what & BENCH_PROGRAMS)
		bench_programs(bench);
	if (options->what & BENCH_MEMORY)
		bench_memory(bench);
	if (options->model)
		bench_model(bench);
	cli_progress("", 1, 1);
	if (options->json)
		bench_need("output", bench_json_end());

	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct bench_options options = { .rounds = 400, .seconds = 2 };
	struct bench bench = { .options = &options, .info = { .size = sizeof(bench.info) } };
	const char *name;
	int ret;

	if (!parse(argc, argv, &options, &ret))
		return ret;
	name = optind < argc ? argv[optind] : "drm";
	ret = accel_open(name, &bench.device);
	if (ret || accel_device_query(bench.device, &bench.info)) {
		cli_failed(name);
		accel_close(bench.device);
		return EXIT_NO_DEVICE;
	}
	bench.config = nvdla_config_find(bench.info.config);
	if (bench.info.backend == ACCEL_BACKEND_CPU || !bench.config) {
		fprintf(stderr, "accel-bench: %s is no NPU with known operations\n", name);
		ret = EXIT_NO_DEVICE;
	} else {
		ret = measure(&bench);
	}
	accel_close(bench.device);

	return ret;
}
