// SPDX-License-Identifier: MIT
/*
 * npusim: an NPU on a PCI board, for a virtual machine.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "kmod/hw/nvdla_config.h"
#include "vfio_server.h"

#define MAX_FAULTS	32

static struct vfio_server *server;

static void on_signal(int number)
{
	(void)number;
	vfio_server_stop(server);
}

static int usage(FILE *out)
{
	const struct nvdla_config *config;

	fprintf(out,
		"usage: npusim --config NAME --socket PATH [OPTION]...\n"
		"\n"
		"Serves an NPU on a PCI board over vfio-user, e.g. to QEMU:\n"
		"  -device '{\"driver\":\"vfio-user-pci\",\"socket\":{\"type\":\"unix\",\"path\":\"PATH\"}}'\n"
		"\n"
		"  --cores N         cores, 1 to 32 (1)\n"
		"  --sram SIZE       memory behind the second port, e.g. 4M (none)\n"
		"  --sram-base ADDR  its address on the second port (0xf000000000)\n"
		"  --pace fast|real  as fast as possible, or interrupts held back until\n"
		"                    modelled time has really passed (fast)\n"
		"  --clock HZ        core clock (1000000000)\n"
		"  --bandwidth N     bytes per cycle of the primary port (its width)\n"
		"  --latency N       cycles from a read's request to its first data (50)\n"
		"  --fault KIND[,core=N][,unit=NAME][,times=N][,skip=N][,arg=N][,addr=N][,size=N]\n"
		"                    a fault to come: hang lost-irq spurious-irq bus-error\n"
		"                    bit-flip removal slow reset; may be repeated\n"
		"  --record DIR      write what is done to the cores there, as scripts for\n"
		"                    npusim-replay\n"
		"  --quiet           do not write errors of programs to stderr\n"
		"\n"
		"configurations:");
	for (config = nvdla_configs; config->name; config++)
		fprintf(out, " %s", config->name);
	fputc('\n', out);

	return out == stdout ? 0 : 2;
}

/* A number with an optional K, M or G. */
static int parse_size(const char *text, uint64_t *out)
{
	static const char units[] = "KMG";
	unsigned int shift = 0;
	const char *unit;
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	*out = strtoull(text, &end, 0);
	if (*end) {
		unit = strchr(units, *end);
		if (!unit || end[1])
			return -EINVAL;
		shift = 10 * (unsigned int)(unit - units + 1);
	}
	if (errno || *out > UINT64_MAX >> shift)
		return -EINVAL;
	*out <<= shift;

	return 0;
}

static int parse_number(const char *text, uint64_t low, uint64_t high, uint64_t *out)
{
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	*out = strtoull(text, &end, 0);

	return errno || *end || *out < low || *out > high ? -EINVAL : 0;
}

static int parse_positive(const char *text, double *out)
{
	char *end;

	*out = strtod(text, &end);

	return end == text || *end || !(*out > 0 && *out < 1e6) ? -EINVAL : 0;
}

enum { CONFIG = 1, SOCKET, CORES, SRAM, SRAM_BASE, PACE, CLOCK, BANDWIDTH, LATENCY, FAULT, RECORD,
       QUIET, HELP };

static const struct option options[] = {
	{ "config", required_argument, NULL, CONFIG },
	{ "socket", required_argument, NULL, SOCKET },
	{ "cores", required_argument, NULL, CORES },
	{ "sram", required_argument, NULL, SRAM },
	{ "sram-base", required_argument, NULL, SRAM_BASE },
	{ "pace", required_argument, NULL, PACE },
	{ "clock", required_argument, NULL, CLOCK },
	{ "bandwidth", required_argument, NULL, BANDWIDTH },
	{ "latency", required_argument, NULL, LATENCY },
	{ "fault", required_argument, NULL, FAULT },
	{ "record", required_argument, NULL, RECORD },
	{ "quiet", no_argument, NULL, QUIET },
	{ "help", no_argument, NULL, HELP },
	{ 0 },
};

static int wrong(const char *option, const char *value, const char *why)
{
	fprintf(stderr, "npusim: --%s %s: %s\n", option, value, why);
	return -EINVAL;
}

static int take_option(int option, struct board_params *params, struct fault *faults,
		       const char **socket)
{
	const char *name = options[option - 1].name, *problem;
	uint64_t number = 0;

	switch (option) {
	case CONFIG:
		params->config = optarg;
		return 0;
	case SOCKET:
		*socket = optarg;
		return 0;
	case CORES:
		if (parse_number(optarg, 1, 32, &number))
			return wrong(name, optarg, "not a number from 1 to 32");
		params->cores = (unsigned int)number;
		return 0;
	case SRAM:
		if (parse_size(optarg, &params->sram_size))
			return wrong(name, optarg, "not a size such as 4M");
		return 0;
	case SRAM_BASE:
		if (parse_number(optarg, 1, UINT64_MAX, &params->sram_base))
			return wrong(name, optarg, "not an address");
		return 0;
	case PACE:
		params->realtime = !strcmp(optarg, "real");
		if (!params->realtime && strcmp(optarg, "fast"))
			return wrong(name, optarg, "neither fast nor real");
		return 0;
	case CLOCK:
		if (parse_number(optarg, 1, 1000000000000ull, &params->timing.clock_hz))
			return wrong(name, optarg, "not a frequency in Hz");
		return 0;
	case BANDWIDTH:
		if (parse_positive(optarg, &params->timing.bytes_per_cycle))
			return wrong(name, optarg, "not a number of bytes per cycle");
		return 0;
	case LATENCY:
		if (parse_number(optarg, 1, 1000000, &number))
			return wrong(name, optarg, "not a number of cycles");
		params->timing.latency = (unsigned int)number;
		return 0;
	case FAULT:
		if (params->fault_count == MAX_FAULTS)
			return wrong(name, optarg, "one fault too many");
		if (fault_parse(optarg, &faults[params->fault_count], &problem))
			return wrong(name, optarg, problem);
		params->fault_count++;
		return 0;
	case RECORD:
		params->record = optarg;
		return 0;
	case QUIET:
		params->quiet = true;
		return 0;
	default:
		return -EINVAL;
	}
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct fault faults[MAX_FAULTS];
	struct board_params params = { .cores = 1, .faults = faults };
	const char *socket = NULL, *problem;
	int option, err;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == HELP || option == 'h')
			return usage(stdout);
		if (option == '?')
			return usage(stderr);
		if (take_option(option, &params, faults, &socket))
			return 2;
	}
	if (optind != argc || !params.config || !socket)
		return usage(stderr);
	if (params.record && mkdir(params.record, 0777) && errno != EEXIST) {
		fprintf(stderr, "npusim: %s: %s\n", params.record, strerror(errno));
		return 1;
	}
	err = vfio_server_new(socket, &params, &server, &problem);
	if (err) {
		fprintf(stderr, "npusim: %s (%s)\n", problem, strerror(-err));
		return 1;
	}
	sigemptyset(&action.sa_mask);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	err = vfio_server_run(server);
	if (err)
		fprintf(stderr, "npusim: %s\n", strerror(-err));
	vfio_server_free(server);

	return err ? 1 : 0;
}
