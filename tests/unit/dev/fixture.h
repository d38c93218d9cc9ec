/* SPDX-License-Identifier: MIT */
/*
 * What the tests of the device layer share: a convolution on an open device.
 */
#ifndef TESTS_UNIT_DEV_FIXTURE_H
#define TESTS_UNIT_DEV_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <accel/accel.h>

#include "../../programs/conv.h"

enum { INPUT, WEIGHTS, BIAS, OUTPUT, SLOTS };

#define FOREVER	INT64_C(-1)

/**
 * struct fixture - a device with a convolution ready to be submitted
 * @device: the device
 * @config: its configuration
 * @context: a context
 * @program: the convolution, perhaps several times
 * @job: with all buffers bound
 * @bos: one per slot
 * @maps: their mappings
 * @shape: what is convolved
 * @sizes: bytes per slot
 * @data: tensors and expected result
 */
struct fixture {
	struct accel_device *device;
	const struct nvdla_config *config;
	struct accel_context *context;
	struct accel_program *program;
	struct accel_job *job;
	struct accel_bo *bos[SLOTS];
	void *maps[SLOTS];
	struct conv_shape shape;
	struct conv_sizes sizes;
	struct conv_data data;
};

extern const struct conv_shape small_shape;

/* A program that computes @shape @times times, each depending on the one before. */
int conv_program(struct accel_device *device, const struct nvdla_config *config,
		 const struct conv_shape *shape, unsigned int times, struct accel_program **out);

void fixture_open(struct fixture *f, const char *device, const struct conv_shape *shape,
		  unsigned int times);
void fixture_close(struct fixture *f);
/* Fill the output with something else than the result. */
void fixture_spoil(struct fixture *f);
/* Is the output right? */
void fixture_check(struct fixture *f);

/* The suites. */
int test_device(void);
int test_bo(void);
int test_program(void);
int test_job(void);
int test_engines(void);
int test_threads(void);

#endif /* TESTS_UNIT_DEV_FIXTURE_H */
