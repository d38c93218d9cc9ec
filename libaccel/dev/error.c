// SPDX-License-Identifier: MIT
/*
 * The last error of each thread, in words.
 */
#include <stdarg.h>
#include <stdio.h>

#include <accel/accel.h>

#include "error.h"

static _Thread_local char last_error[512];

const char *accel_error_text(void)
{
	return last_error;
}

int accel_error_set(int code, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(last_error, sizeof(last_error), fmt, args);
	va_end(args);

	return code;
}

int accel_error_room(const char *what, uint64_t bytes)
{
	return accel_error_set(-ENOMEM, "out of memory for %s: %llu bytes", what,
			       (unsigned long long)bytes);
}

int accel_error_memory(const char *what)
{
	return accel_error_set(-ENOMEM, "out of memory for %s", what);
}
