// SPDX-License-Identifier: MIT
/*
 * accel-monitor: what happens to the NPUs, as it happens.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>

#include "message.h"
#include "tools/cli/cli.h"
#include "tools/netlink/family.h"

/* Exit codes. */
enum { EXIT_FAILED = 1, EXIT_NO_DRIVER = 3, EXIT_TIMEOUT = 4 };

static volatile sig_atomic_t stopped;

/**
 * struct monitor - what was asked for, and how far it is done
 * @family: connection
 * @json: print JSON
 * @device: node's number, or FAMILY_ANY
 * @context: context's number, or FAMILY_ANY
 * @count: events still wanted, 0 for all
 * @enough: @count is reached
 * @next: expected number of the next event, 0 before the first
 * @ret: first error of a callback
 */
struct monitor {
	struct family family;
	bool json;
	long device;
	long context;
	uint64_t count;
	bool enough;
	uint64_t next;
	int ret;
};

static void on_signal(int number)
{
	(void)number;
	stopped = 1;
}

static void usage(void)
{
	fputs("usage: accel-monitor [OPTION]...\n"
	      "\n"
	      "Print hangs, faults, resets and losses of NPUs, changes of their clock, heat and\n"
	      "want of memory as they come, a line each.\n"
	      "Root is also told the context, process and name behind each.\n"
	      "\n"
	      "  -d, --device N         only /dev/accel/accelN\n"
	      "  -n, --count N          end after N events (default: when interrupted)\n"
	      "  -t, --timeout SECONDS  end with status 4 when it takes longer\n"
	      "  -s, --state            print devices, cores, counters and contexts, and end\n"
	      "  -c, --context N        print context N of --device, and end\n"
	      "  -j, --json             one JSON object per line\n"
	      "  -h, --help             this text\n"
	      "\n"
	      "The first line says that events are listened for from then on, and whether\n"
	      "with identities. A line 'lost' tells that events did not get here.\n"
	      "\n"
	      "Examples:\n"
	      "  accel-monitor\n"
	      "  accel-monitor --json --count 1 --timeout 60\n"
	      "  accel-monitor --state --device 0\n"
	      "\n"
	      "Exit status: 0; 1 something failed; 2 wrong usage; 3 the driver is not loaded;\n"
	      "4 not enough events in time.\n", stdout);
}

static void show_lost(const struct monitor *monitor)
{
	puts(monitor->json ? "{\"message\":\"lost\"}" : "lost     events did not get here");
	fflush(stdout);
}

static bool is_event(int cmd)
{
	return cmd >= NVDLA_CMD_HANG_NTF;
}

static int on_message(struct nl_msg *message, void *data)
{
	struct nlattr *attrs[NVDLA_A_MAX + 1];
	struct monitor *monitor = data;
	int cmd = family_parse(&monitor->family, message, attrs);

	if (cmd < 0 || monitor->enough)
		return NL_SKIP;
	if (is_event(cmd) && attrs[NVDLA_A_EVENT_SEQ]) {
		uint64_t number = nla_get_u64(attrs[NVDLA_A_EVENT_SEQ]);

		if (monitor->next && number != monitor->next)
			show_lost(monitor);
		monitor->next = number + 1;
	}
	if (monitor->device != FAMILY_ANY && (!attrs[NVDLA_A_DEV_INDEX] ||
				       nla_get_u32(attrs[NVDLA_A_DEV_INDEX]) != monitor->device))
		return NL_OK;
	monitor->ret = message_show((unsigned int)cmd, attrs, monitor->json);
	if (is_event(cmd) && monitor->count && !--monitor->count)
		monitor->enough = true;

	return monitor->ret ? NL_STOP : NL_OK;
}

/* ---------------------------------------------------------------- state */

static int show_state(struct monitor *monitor)
{
	static const int lists[] = {
		NVDLA_CMD_CORE_GET, NVDLA_CMD_COUNTERS_GET, NVDLA_CMD_CONTEXT_GET,
	};
	struct family *family = &monitor->family;
	long device = monitor->device, context = monitor->context;
	unsigned int i;
	int ret;

	if (context != FAMILY_ANY)
		return family_ask(family, NVDLA_CMD_CONTEXT_GET, 0, device, context);
	/* All devices are dumped without a number, and there is no dump of a single one. */
	ret = family_ask(family, NVDLA_CMD_DEVICE_GET, device == FAMILY_ANY ? NLM_F_DUMP : 0,
			 device, FAMILY_ANY);
	for (i = 0; !ret && i < sizeof(lists) / sizeof(lists[0]); i++)
		ret = family_ask(family, lists[i], NLM_F_DUMP, device, FAMILY_ANY);

	return ret;
}

/* --------------------------------------------------------------- events */

static int join_group(struct monitor *monitor, const char *name)
{
	int group = genl_ctrl_resolve_grp(monitor->family.sock, NVDLA_FAMILY_NAME, name);

	return group < 0 ? group : nl_socket_add_membership(monitor->family.sock, group);
}

static int join(struct monitor *monitor)
{
	static const char *const kinds[] = {
		NVDLA_MCGRP_HANG, NVDLA_MCGRP_RESET, NVDLA_MCGRP_WEDGED, NVDLA_MCGRP_FREQUENCY,
		NVDLA_MCGRP_THERMAL, NVDLA_MCGRP_MEMORY_PRESSURE,
	};
	int ret = join_group(monitor, NVDLA_MCGRP_IDENTITIES);
	bool known = ret != -NLE_PERM;
	unsigned int i;

	if (!known) {
		for (i = 0, ret = 0; ret >= 0 && i < sizeof(kinds) / sizeof(kinds[0]); i++)
			ret = join_group(monitor, kinds[i]);
	}
	if (ret < 0)
		return ret;
	nl_socket_disable_seq_check(monitor->family.sock);
	if (monitor->json)
		printf("{\"message\":\"listening\",\"identities\":%s}\n", known ? "true" : "false");
	else
		printf("listening, %s identities\n", known ? "with" : "without");
	fflush(stdout);

	return 0;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* Return: exit status. */
static int listen_events(struct monitor *monitor, double timeout)
{
	struct pollfd poll_fd = { .fd = nl_socket_get_fd(monitor->family.sock), .events = POLLIN };
	double end = timeout > 0 ? now() + timeout : 0;
	int ret, wait = -1;

	while (!stopped && !monitor->enough) {
		if (end > 0) {
			double left = end - now();

			if (left <= 0)
				return EXIT_TIMEOUT;
			wait = left > 1e6 ? 1000000000 : (int)(left * 1000) + 1;
		}
		ret = poll(&poll_fd, 1, wait);
		if (ret < 0 && errno != EINTR) {
			fprintf(stderr, "accel-monitor: poll: %s\n", strerror(errno));
			return EXIT_FAILED;
		}
		if (ret <= 0)
			continue;
		ret = nl_recvmsgs_default(monitor->family.sock);
		/* The kernel had more than the socket could hold; the numbers tell, too. */
		if (ret == -NLE_NOMEM && !monitor->ret) {
			show_lost(monitor);
			monitor->next = 0;
		} else if (ret < 0 && ret != -NLE_INTR && ret != -NLE_AGAIN) {
			fprintf(stderr, "accel-monitor: %s\n", nl_geterror(ret));
			return EXIT_FAILED;
		}
		if (monitor->ret || ferror(stdout)) {
			fprintf(stderr, "accel-monitor: cannot write: %s\n",
				strerror(monitor->ret ? -monitor->ret : EIO));
			return EXIT_FAILED;
		}
	}

	return 0;
}

static int run(struct monitor *monitor, bool state, double timeout)
{
	int ret;

	ret = family_open(&monitor->family);
	if (ret == -NLE_NOMEM) {
		fprintf(stderr, "accel-monitor: out of memory\n");
		return EXIT_FAILED;
	}
	if (ret < 0) {
		fprintf(stderr, "accel-monitor: no driver: %s\n", nl_geterror(ret));
		return EXIT_NO_DRIVER;
	}
	nl_socket_modify_cb(monitor->family.sock, NL_CB_VALID, NL_CB_CUSTOM, on_message, monitor);
	ret = state ? show_state(monitor) : join(monitor);
	if (ret < 0) {
		fprintf(stderr, "accel-monitor: %s\n", nl_geterror(ret));
		ret = EXIT_FAILED;
	} else if (!state) {
		ret = listen_events(monitor, timeout);
	}
	family_close(&monitor->family);

	return ret;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "device", required_argument, NULL, 'd' },
		{ "count", required_argument, NULL, 'n' },
		{ "timeout", required_argument, NULL, 't' },
		{ "state", no_argument, NULL, 's' },
		{ "context", required_argument, NULL, 'c' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	const struct sigaction action = { .sa_handler = on_signal };
	struct monitor monitor = { .device = FAMILY_ANY, .context = FAMILY_ANY };
	uint64_t number, timeout = 0;
	bool state = false;
	int option;

	while ((option = cli_getopt(argc, argv, "d:n:t:sc:jh", options)) != -1) {
		switch (option) {
		case 'd':
			if (!cli_number("device", optarg, 0, INT32_MAX, &number))
				return CLI_USAGE;
			monitor.device = (long)number;
			break;
		case 'n':
			if (!cli_number("count", optarg, 1, UINT64_MAX, &monitor.count))
				return CLI_USAGE;
			break;
		case 't':
			if (!cli_number("timeout", optarg, 1, INT32_MAX, &timeout))
				return CLI_USAGE;
			break;
		case 's':
			state = true;
			break;
		case 'c':
			if (!cli_number("context", optarg, 1, INT32_MAX, &number))
				return CLI_USAGE;
			monitor.context = (long)number;
			break;
		case 'j':
			monitor.json = true;
			break;
		case 'h':
			usage();
			return 0;
		default:
			return CLI_USAGE;
		}
	}
	if (optind < argc)
		return cli_wrong("no argument '%s' wanted", argv[optind]);
	if (monitor.context != FAMILY_ANY && monitor.device == FAMILY_ANY)
		return cli_wrong("--context wants --device");

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	return run(&monitor, state || monitor.context != FAMILY_ANY, (double)timeout);
}
