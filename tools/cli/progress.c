// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <unistd.h>

#include "cli.h"

#define WIDTH	30

static bool quiet;

void cli_quiet(void)
{
	quiet = true;
}

void cli_progress(const char *what, uint64_t done, uint64_t all)
{
	int filled;

	if (quiet || !all || !isatty(STDERR_FILENO))
		return;
	if (done >= all) {
		fputs("\r\033[K", stderr);
		return;
	}
	filled = (int)(done * WIDTH / all);
	fprintf(stderr, "\r\033[K%s [%.*s%*s] %llu/%llu", what, filled,
		"##############################", WIDTH - filled, "", (unsigned long long)done,
		(unsigned long long)all);
}
