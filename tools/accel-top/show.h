/* SPDX-License-Identifier: MIT */
#ifndef ACCEL_TOP_SHOW_H
#define ACCEL_TOP_SHOW_H

#include "picture.h"

/* Print a picture for people, with bars or without. */
void show_text(const struct picture *picture, bool bars);

/* Print a picture as one JSON object in a line. Return: 0 or -ENOMEM. */
int show_json(const struct picture *picture);

/* Print the totals of a picture as metrics in Prometheus' text format. */
void show_prometheus(const struct picture *picture);

#endif /* ACCEL_TOP_SHOW_H */
