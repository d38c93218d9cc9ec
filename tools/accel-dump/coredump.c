// SPDX-License-Identifier: MIT
/*
 * The driver's devcoredumps: text, from which the operation to blame and the
 * registers that matter are picked out.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accel-dump.h"

#define START	"driver: nvdla\n"

bool dump_is_coredump(const char *data, size_t size)
{
	return size >= strlen(START) && !memcmp(data, START, strlen(START));
}

/* Copy a line without its end; NULL behind the last. */
static const char *next_line(const char *at, const char *end, char *line, size_t room)
{
	const char *stop;
	size_t length;

	if (at >= end)
		return NULL;
	stop = memchr(at, '\n', (size_t)(end - at));
	length = (size_t)((stop ? stop : end) - at);
	if (length >= room)
		length = room - 1;
	memcpy(line, at, length);
	line[length] = 0;

	return stop ? stop + 1 : end;
}

/* "operation N: STATE engines E groups G": one that was started and did not end. */
static bool is_guilty(const char *line)
{
	unsigned int index;
	char state[32];

	return sscanf(line, "operation %u: %31s", &index, state) == 2 &&
	       (!strcmp(state, "running") || !strcmp(state, "reading"));
}

/* "UNIT.REGISTER[OFFSET]: VALUE" */
static bool parse_register(const char *line, char *unit, char *name, uint32_t *value)
{
	return sscanf(line, "%15[A-Z_].%47[A-Z0-9_][%*[^]]]: %" SCNx32, unit, name, value) == 3;
}

static const char *status_word(uint32_t status)
{
	static const char *const words[] = { "idle", "running", "pending", "?" };

	return words[status & 3];
}

static void print_register(const char *line, bool all)
{
	char unit[16], name[48];
	uint32_t value;

	if (!parse_register(line, unit, name, &value))
		return;
	if (!strcmp(name, "S_STATUS")) {
		if (all || value)
			printf("  %-10s group 0 %s, group 1 %s\n", unit, status_word(value),
			       status_word(value >> 16));
	} else if (all || (!strcmp(unit, "GLB") && value)) {
		printf("  %-10s %-28s 0x%08" PRIx32 "\n", unit, name, value);
	}
}

int dump_coredump(const char *data, size_t size, bool registers)
{
	const char *end = data + size, *at = data;
	char line[256];
	bool header = true;

	while ((at = next_line(at, end, line, sizeof(line)))) {
		char unit[16], name[48];
		uint32_t value;

		if (parse_register(line, unit, name, &value)) {
			if (header)
				puts("units that are not idle:");
			header = false;
			print_register(line, registers);
		} else if (is_guilty(line)) {
			printf("> %s   <-- did not end\n", line);
		} else {
			printf("  %s\n", line);
		}
	}

	return 0;
}
