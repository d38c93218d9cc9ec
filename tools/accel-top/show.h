/* SPDX-License-Identifier: MIT */
#ifndef ACCEL_TOP_SHOW_H
#define ACCEL_TOP_SHOW_H

#include "fdinfo.h"

enum top_format { TOP_SCREEN, TOP_PLAIN, TOP_JSON, TOP_PROMETHEUS };

/**
 * top_show() - print what happened between two samples
 * @before: the earlier one
 * @now: the later one
 * @format: TOP_PROMETHEUS prints the totals of @now
 *
 * Return: 0 or -ENOMEM.
 */
int top_show(const struct top_sample *before, const struct top_sample *now,
	     enum top_format format);

#endif /* ACCEL_TOP_SHOW_H */
