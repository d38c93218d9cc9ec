// SPDX-License-Identifier: MIT
/*
 * accel-top: who uses the NPUs, and how much.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "show.h"
#include "tools/cli/cli.h"

/* Exit codes. */
enum { EXIT_FAILED = 1 };

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
	(void)number;
	stopped = 1;
}

static void usage(void)
{
	fputs("usage: accel-top [OPTION]...\n"
	      "\n"
	      "Show the busy share of each NPU core and of each process that uses it.\n"
	      "\n"
	      "  -d, --delay SECONDS   between two looks (default 1)\n"
	      "  -n, --count N         stop after N pictures (default: until interrupted)\n"
	      "  -p, --plain           text without bars or cursor movement\n"
	      "  -j, --json            one JSON object per picture\n"
	      "      --prometheus      totals once, for node_exporter's textfile collector\n"
	      "      --proc FOLDER     procfs (default /proc)\n"
	      "  -h, --help            this text\n"
	      "\n"
	      "Processes of other users are shown to root only.\n"
	      "\n"
	      "Examples:\n"
	      "  accel-top\n"
	      "  accel-top --json --count 1 --delay 5\n"
	      "  accel-top --prometheus > /var/lib/node_exporter/nvdla.prom\n"
	      "\n"
	      "Exit status: 0; 1 the kernel's figures cannot be read; 2 wrong usage.\n", stdout);
}

static void wait_for(double seconds)
{
	struct timespec time = {
		.tv_sec = (time_t)seconds,
		.tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9),
	};

	nanosleep(&time, NULL);
}

static int watch(const char *proc, double delay, uint64_t count, enum top_format format)
{
	struct top_sample before, now;
	int ret = top_sample_take(proc, &before);

	if (ret)
		return ret;
	while (!stopped) {
		wait_for(delay);
		ret = top_sample_take(proc, &now);
		if (ret)
			break;
		ret = top_show(&before, &now, format);
		fflush(stdout);
		top_sample_release(&before);
		before = now;
		if (ret || !--count)
			break;
	}
	top_sample_release(&before);

	return ret;
}

static int once(const char *proc, enum top_format format)
{
	struct top_sample now;
	int ret = top_sample_take(proc, &now);

	if (!ret)
		ret = top_show(&now, &now, format);
	top_sample_release(&now);

	return ret;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "delay", required_argument, NULL, 'd' },
		{ "count", required_argument, NULL, 'n' },
		{ "plain", no_argument, NULL, 'p' },
		{ "json", no_argument, NULL, 'j' },
		{ "prometheus", no_argument, NULL, 'P' },
		{ "proc", required_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	const struct sigaction action = { .sa_handler = on_signal };
	enum top_format format = isatty(STDOUT_FILENO) ? TOP_SCREEN : TOP_PLAIN;
	const char *proc = "/proc";
	uint64_t count = 0;
	bool good = true;
	double delay = 1;
	int option, ret;

	while ((option = cli_getopt(argc, argv, "d:n:pjh", options)) != -1) {
		switch (option) {
		case 'd':
			good = cli_real("delay", optarg, 0.01, 86400, &delay);
			break;
		case 'n':
			good = cli_number("count", optarg, 1, UINT64_MAX, &count);
			break;
		case 'p':
			format = TOP_PLAIN;
			break;
		case 'j':
			format = TOP_JSON;
			break;
		case 'P':
			format = TOP_PROMETHEUS;
			break;
		case 'f':
			proc = optarg;
			break;
		case 'h':
			usage();
			return 0;
		default:
			good = false;
		}
		if (!good)
			return CLI_USAGE;
	}
	if (optind < argc)
		return cli_wrong("no argument '%s' wanted", argv[optind]);

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	if (format == TOP_SCREEN)
		fputs("\033[2J", stdout);
	ret = format == TOP_PROMETHEUS ? once(proc, format) : watch(proc, delay, count, format);
	if (ret) {
		fprintf(stderr, "accel-top: %s: %s\n", proc, strerror(-ret));
		return EXIT_FAILED;
	}

	return 0;
}
