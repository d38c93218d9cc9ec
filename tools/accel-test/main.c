// SPDX-License-Identifier: MIT
/*
 * accel-test: does the hardware work? One small operation per engine and core
 * with a known answer, for people who bring up a board or an FPGA.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <accel/accel.h>

#include "tools/cli/cli.h"
#include "tools/workbench/workbench.h"

/* Consecutive operations alternate between an engine's two register groups. */
#define ROUNDS		4
#define TIMEOUT_NS	INT64_C(60000000000)

/* Exit codes. */
enum { EXIT_BROKEN = 1, EXIT_NO_DEVICE = 3 };

struct options {
	uint32_t core_mask;
	uint32_t rounds;
};

static void usage(void)
{
	fputs("usage: accel-test [OPTION]... [DEVICE]\n"
	      "\n"
	      "Run one small operation with a known answer on every engine of every core of\n"
	      "DEVICE (default: the first NPU). Checks registers, interrupts, DMA and both\n"
	      "register groups of each engine. Prints TAP.\n"
	      "\n"
	      "  -c, --core N       only core N; may be given several times\n"
	      "  -r, --rounds N     operations per engine and core (default 4)\n"
	      "  -q, --quiet        no progress bar\n"
	      "  -h, --help         this text\n"
	      "\n"
	      "Examples:\n"
	      "  accel-test\n"
	      "  accel-test --core 2 --rounds 1000 drm:/dev/accel/accel0\n"
	      "  accel-test sim:nv_small\n"
	      "\n"
	      "Exit status: 0 all is well; 1 an engine is broken; 2 wrong usage; 3 no device.\n", stdout);
}

static int run_once(struct workbench *bench, const struct engine_test *test,
		    const struct nvdla_config *config, uint32_t seed, char *why, size_t size)
{
	struct accel_bo *out = bench->bos[bench->slots - 1];
	struct accel_fence *fence;
	size_t wrong;
	int ret;

	test->prepare(config, seed, bench->maps);
	memset(bench->maps[bench->slots - 1], 0xa5, accel_bo_size(out));
	ret = workbench_give(bench);
	if (!ret)
		ret = accel_job_submit(bench->job, bench->context, 0, NULL, 0, &fence);
	if (ret) {
		snprintf(why, size, "submission refused: %s", accel_error_text());
		return ret;
	}
	ret = accel_fence_wait(fence, TIMEOUT_NS);
	accel_fence_unref(fence);
	if (ret == -ETIME || ret == -ETIMEDOUT)
		snprintf(why, size, "does not finish: the engine hangs or its interrupt is lost");
	else if (ret == -EIO)
		snprintf(why, size, "bus error: DMA does not reach memory");
	else if (ret)
		snprintf(why, size, "ends with %s", strerror(-ret));
	if (ret)
		return ret;
	ret = workbench_take(bench);
	wrong = ret ? 0 : test->wrong(config, seed, bench->maps);
	if (wrong) {
		snprintf(why, size, "operation %u: %zu wrong bytes", seed, wrong);
		return -EBADMSG;
	}

	return ret;
}

/* Return: 0 when the engine works on this core; @why says what is wrong otherwise. */
static int test_engine(struct accel_device *device, uint32_t core, const struct engine_test *test,
		       const struct nvdla_config *config, unsigned int rounds, char *why,
		       size_t size)
{
	struct workbench bench;
	struct builder builder;
	unsigned int round;
	int ret;

	builder_init(&builder, config);
	test->append(&builder);
	ret = workbench_open(device, UINT32_C(1) << core, &builder, &bench);
	builder_fini(&builder);
	if (ret)
		snprintf(why, size, "cannot be set up: %s", accel_error_text());
	for (round = 0; round < rounds && !ret; round++)
		ret = run_once(&bench, test, config, round, why, size);
	workbench_close(&bench);

	return ret;
}

static int test_device(struct accel_device *device, const struct accel_device_info *info,
		       const struct options *options)
{
	const struct nvdla_config *config = nvdla_config_find(info->config);
	uint32_t cores = info->cores < 32 ? (UINT32_C(1) << info->cores) - 1 : UINT32_MAX, core;
	uint32_t mask = options->core_mask ? options->core_mask : cores;
	unsigned int all = 0, done = 0, broken = 0, i;

	if (!config) {
		fprintf(stderr, "accel-test: configuration '%s' has no known answers\n",
			info->config);
		return EXIT_NO_DEVICE;
	}
	if (mask & ~cores) {
		fprintf(stderr, "accel-test: %s has %u cores\n", info->name, info->cores);
		return CLI_USAGE;
	}
	for (i = 0; engine_tests[i]; i++) {
		if (engine_test_possible(engine_tests[i], config))
			all += (unsigned int)__builtin_popcount(mask);
	}
	printf("TAP version 13\n1..%u\n# %s: %s, %u cores\n", all, info->name, info->config,
	       info->cores);
	for (core = 0; core < info->cores; core++) {
		if (!(mask & UINT32_C(1) << core))
			continue;
		for (i = 0; engine_tests[i]; i++) {
			char why[256] = "";
			int ret;

			if (!engine_test_possible(engine_tests[i], config))
				continue;
			cli_progress("testing", done, all);
			ret = test_engine(device, core, engine_tests[i], config, options->rounds,
					  why, sizeof(why));
			broken += ret != 0;
			printf("%s %u - core %u: %s%s%s\n", ret ? "not ok" : "ok", ++done, core,
			       engine_tests[i]->name, ret ? ": " : "", why);
			fflush(stdout);
		}
	}
	cli_progress("testing", all, all);

	return broken ? EXIT_BROKEN : 0;
}

int main(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "core", required_argument, NULL, 'c' },
		{ "rounds", required_argument, NULL, 'r' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	struct options options = { .rounds = ROUNDS };
	struct accel_device_info info = { .size = sizeof(info) };
	struct accel_device *device;
	const char *name = "drm";
	uint32_t core;
	int option, ret;

	while ((option = cli_getopt(argc, argv, "c:r:qh", long_options)) != -1) {
		switch (option) {
		case 'c':
			if (!cli_uint("core", optarg, 0, 31, &core))
				return CLI_USAGE;
			options.core_mask |= UINT32_C(1) << core;
			break;
		case 'r':
			if (!cli_uint("rounds", optarg, 1, UINT32_MAX, &options.rounds))
				return CLI_USAGE;
			break;
		case 'q':
			cli_quiet();
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
	if (optind < argc)
		name = argv[optind];

	ret = accel_open(name, &device);
	if (!ret) {
		ret = accel_device_query(device, &info);
		if (ret)
			accel_close(device);
	}
	if (ret) {
		fprintf(stderr, "accel-test: %s: %s\n", name, accel_error_text());
		return EXIT_NO_DEVICE;
	}
	if (info.backend == ACCEL_BACKEND_CPU) {
		fprintf(stderr, "accel-test: %s is no NPU\n", name);
		ret = EXIT_NO_DEVICE;
	} else {
		ret = test_device(device, &info, &options);
	}
	accel_close(device);

	return ret;
}
