/* SPDX-License-Identifier: MIT */
/*
 * One small operation for each engine, together with what must come out: the
 * material of tests that go through all engines and all their addresses.
 */
#ifndef TESTS_PROGRAMS_ENGINES_H
#define TESTS_PROGRAMS_ENGINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "builder.h"

#define ENGINE_MAX_SLOTS	6

/**
 * struct engine_test - an operation and its result
 * @name: what it exercises
 * @features: NVDLA_FEAT_* bits it needs
 * @append: append the operation, which uses slots 0 to slots() - 1; the last
 *          slot is the output, the others are inputs
 * @slots: number of slots
 * @prepare: fill the inputs from a seed; sizes are the slots' min_size
 * @wrong: number of wrong bytes in the output
 */
struct engine_test {
	const char *name;
	uint32_t features;
	void (*append)(struct builder *b);
	unsigned int (*slots)(const struct nvdla_config *config);
	void (*prepare)(const struct nvdla_config *config, uint32_t seed, void *const *maps);
	size_t (*wrong)(const struct nvdla_config *config, uint32_t seed, void *const *maps);
};

/* All of them; ends with NULL. */
extern const struct engine_test *const engine_tests[];

/* Can the configuration do it? */
bool engine_test_possible(const struct engine_test *test, const struct nvdla_config *config);

/* The cube that all but the convolutions work on: whole atoms everywhere. */
#define CUBE_WIDTH	12
#define CUBE_HEIGHT	6
#define CUBE_CHANNELS	64
#define CUBE_BYTES	(CUBE_WIDTH * CUBE_HEIGHT * CUBE_CHANNELS)

/* Fill @size bytes from a seed; the same seed gives the same bytes. */
void fill_random(void *dst, size_t size, uint32_t seed);

extern const struct engine_test conv_engine_test, image_engine_test, sdp_engine_test,
	sdp_lut_engine_test, pdp_engine_test, cdp_engine_test, bdma_engine_test,
	rubik_engine_test, conv_int16_engine_test, conv_fp16_engine_test;

/*
 * The registers of an SDP operation from memory to memory that say how large the
 * packed INT8 cube is on both sides: @width x @height elements of @channels.
 */
void sdp_cube_append(struct builder *b, unsigned int width, unsigned int height,
		     unsigned int channels);

/**
 * lut_append() - append SDP's or CDP's lookup table operation
 * @engine: DRM_NVDLA_ENGINE_SDP or DRM_NVDLA_ENGINE_CDP
 * @seed: of the table's contents
 *
 * Its two slots are input and output; every byte is looked up.
 */
void lut_append(struct builder *b, uint32_t engine, uint32_t seed);

/* What the table of @seed makes of @x. */
int8_t lut_value(uint32_t seed, int8_t x);

#endif /* TESTS_PROGRAMS_ENGINES_H */
