/* SPDX-License-Identifier: MIT */
/*
 * libaccel: run neural networks on NVDLA.
 *
 * This header is the device layer: devices, buffers, programs, jobs, fences.
 *
 * Every function that can fail returns 0 or a negative errno; accel_error_text()
 * then says in words what was wrong. Constructors return through a pointer.
 */
#ifndef ACCEL_ACCEL_H
#define ACCEL_ACCEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * accel_error_text() - why the last failed call of this thread failed
 *
 * Return: one line without a newline; "" when no call has failed yet. Valid
 * until the next failing call of the same thread.
 */
const char *accel_error_text(void);

#ifdef __cplusplus
}
#endif

#endif /* ACCEL_ACCEL_H */
