// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

int cli_failed(const char *what)
{
	const char *text = accel_error_text();

	if (strncmp(text, what, strlen(what)))
		fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, text);
	else
		fprintf(stderr, "%s: %s\n", program_invocation_short_name, text);

	return EXIT_FAILURE;
}
