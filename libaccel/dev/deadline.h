/* SPDX-License-Identifier: MIT */
/*
 * Relative timeouts of the public functions as absolute CLOCK_MONOTONIC times.
 */
#ifndef ACCEL_DEV_DEADLINE_H
#define ACCEL_DEV_DEADLINE_H

#include <stdint.h>
#include <time.h>

#define NSEC_PER_SEC	INT64_C(1000000000)

static inline int64_t deadline_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);

	return now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

/* @timeout_ns: negative means for ever. 0 stays in the past: only look. */
static inline int64_t deadline_after(int64_t timeout_ns)
{
	int64_t now = deadline_now();

	if (timeout_ns < 0 || timeout_ns > INT64_MAX - now)
		return INT64_MAX;

	return timeout_ns ? now + timeout_ns : 0;
}

static inline struct timespec deadline_timespec(int64_t deadline)
{
	return (struct timespec){
		.tv_sec = deadline / NSEC_PER_SEC,
		.tv_nsec = deadline % NSEC_PER_SEC,
	};
}

#endif /* ACCEL_DEV_DEADLINE_H */
