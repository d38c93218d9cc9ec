// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"

int cli_wrong(const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputs("; --help explains\n", stderr);

	return CLI_USAGE;
}

int cli_getopt(int argc, char **argv, const char *letters, const struct option *options)
{
	argv[0] = program_invocation_short_name;

	return getopt_long(argc, argv, letters, options, NULL);
}

bool cli_number(const char *option, const char *text, uint64_t least, uint64_t most,
		uint64_t *value)
{
	unsigned long long number;
	char *end;

	errno = 0;
	/* strtoull takes a sign and blanks, too. */
	number = *text >= '0' && *text <= '9' ? strtoull(text, &end, 0) : 0;
	if (*text < '0' || *text > '9' || errno || *end || number < least || number > most) {
		cli_wrong("--%s: '%s' is not a number from %llu to %llu", option, text,
			  (unsigned long long)least, (unsigned long long)most);
		return false;
	}
	*value = number;

	return true;
}

bool cli_uint(const char *option, const char *text, uint32_t least, uint32_t most,
	      uint32_t *value)
{
	uint64_t number;

	if (!cli_number(option, text, least, most, &number))
		return false;
	*value = (uint32_t)number;

	return true;
}

bool cli_real(const char *option, const char *text, double least, double most, double *value)
{
	double number;
	char *end;

	number = strtod(text, &end);
	if (end == text || *end || !(number >= least && number <= most)) {
		cli_wrong("--%s: '%s' is not a number from %g to %g", option, text, least, most);
		return false;
	}
	*value = number;

	return true;
}

void cli_picture_init(struct accel_image_fit *fit)
{
	unsigned int i;

	*fit = (struct accel_image_fit){ 0 };
	for (i = 0; i < 3; i++) {
		fit->mean[i] = 127.5f;
		fit->scale[i] = 1 / 127.5f;
	}
}

/* One value for all channels, or one for each of three. */
static bool read_channels(const char *option, const char *text, float values[3])
{
	const char *at = text;
	float read[3];
	unsigned int count = 0;
	char *end;

	do {
		read[count] = strtof(at, &end);
		if (end == at || !isfinite(read[count]))
			count = 3;
		at = end + 1;
		count++;
	} while (count < 3 && *end == ',');
	if (*end || (count != 1 && count != 3)) {
		cli_wrong("--%s: '%s' is not one number or three with commas between", option,
			  text);
		return false;
	}
	values[0] = read[0];
	values[1] = read[count == 3 ? 1 : 0];
	values[2] = read[count == 3 ? 2 : 0];

	return true;
}

bool cli_picture_option(int letter, const char *text, struct accel_image_fit *fit)
{
	switch (letter) {
	case 'l':
		fit->letterbox = true;
		return true;
	case 'm':
		return read_channels("mean", text, fit->mean);
	default:
		return read_channels("scale", text, fit->scale);
	}
}
