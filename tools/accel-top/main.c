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

enum format { SCREEN, PLAIN, JSON, PROMETHEUS };

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
	      "Show the clock of each NPU, and the busy share and queue of its cores, of the\n"
	      "processes that use it and of their contexts.\n"
	      "\n"
	      "  -d, --delay SECONDS   between two looks (default 1)\n"
	      "  -n, --count N         stop after N pictures (default: until interrupted)\n"
	      "  -p, --plain           text without bars or cursor movement\n"
	      "  -j, --json            one JSON object per picture\n"
	      "      --prometheus      totals once, for node_exporter's textfile collector\n"
	      "      --proc FOLDER     procfs (default /proc)\n"
	      "  -h, --help            this text\n"
	      "\n"
	      "Processes of other users are shown to root only. CLOCK, QUEUE and contexts\n"
	      "come from the driver over netlink, in the initial network name space.\n"
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

static int take_look(const char *proc, struct family *family, struct top_look *look)
{
	int ret = top_clients_take(proc, &look->clients);

	if (ret)
		return ret;
	ret = top_state_take(family, &look->state);
	if (ret)
		top_clients_release(&look->clients);

	return ret;
}

static void release_look(struct top_look *look)
{
	top_clients_release(&look->clients);
	top_state_release(&look->state);
}

static int show(const struct top_look *before, const struct top_look *now, enum format format)
{
	struct picture picture;
	int ret = picture_make(before, now, &picture);

	if (ret)
		return ret;
	switch (format) {
	case JSON:
		ret = show_json(&picture);
		break;
	case PROMETHEUS:
		show_prometheus(&picture);
		break;
	case SCREEN:
		/* From the top left corner, then clear what is left of the last picture. */
		fputs("\033[H", stdout);
		show_text(&picture, true);
		fputs("\033[J", stdout);
		break;
	default:
		show_text(&picture, false);
	}
	picture_release(&picture);
	fflush(stdout);

	return ret;
}

static int watch(const char *proc, double delay, uint64_t count, enum format format)
{
	struct top_look before = { 0 }, now;
	struct family family = { 0 };
	int ret = take_look(proc, &family, &before);

	if (!ret && format == PROMETHEUS) {
		ret = show(&before, &before, format);
		stopped = 1;
	}
	while (!ret && !stopped) {
		wait_for(delay);
		ret = take_look(proc, &family, &now);
		if (ret)
			break;
		ret = show(&before, &now, format);
		release_look(&before);
		before = now;
		if (!--count)
			break;
	}
	release_look(&before);
	family_close(&family);

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
	enum format format = isatty(STDOUT_FILENO) ? SCREEN : PLAIN;
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
			format = PLAIN;
			break;
		case 'j':
			format = JSON;
			break;
		case 'P':
			format = PROMETHEUS;
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
	if (format == SCREEN)
		fputs("\033[2J", stdout);
	ret = watch(proc, delay, count, format);
	if (ret) {
		fprintf(stderr, "accel-top: %s: %s\n", proc, strerror(-ret));
		return EXIT_FAILED;
	}

	return 0;
}
