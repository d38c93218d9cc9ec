/* SPDX-License-Identifier: MIT */
/*
 * The last error of the calling thread, in words.
 */
#ifndef ACCEL_DEV_ERROR_H
#define ACCEL_DEV_ERROR_H

#include <errno.h>
#include <stdint.h>

/**
 * accel_error_set() - note why a call fails
 * @code: negative errno
 * @fmt: one line for a person, without a newline
 *
 * Return: @code, so that a function can end with `return accel_error_set(...)`.
 */
int accel_error_set(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same for a failed allocation of @what. Return: -ENOMEM. */
int accel_error_memory(const char *what);

/* The same for what may be large. */
int accel_error_room(const char *what, uint64_t bytes);

#endif /* ACCEL_DEV_ERROR_H */
