/* SPDX-License-Identifier: MIT */
/*
 * Surroundings for a simulator in a test: one flat memory per port, errors and
 * interrupts counted, and convolutions as register programs.
 */
#ifndef BENCH_HOST_H
#define BENCH_HOST_H

#include <stdio.h>

#include "tools/npusim/npusim.h"
#include "kmod/hw/nvdla_config.h"

#define BENCH_BASE	0x80000000ull
#define BENCH_SIZE	(8u << 20)

struct bench {
	struct npusim *sim;
	const struct nvdla_config *config;
	uint8_t *mem;
	uint32_t used;
	unsigned int errors, irqs;
	struct npusim_error last;
	bool level;
	uint64_t lowest, highest;	/* addresses touched */
	uint32_t seed;
	FILE *script;			/* register writes go here too; may be NULL */
};

int bench_new(const char *config, uint32_t seed, struct bench *bench);
/* The same with a read latency, in cycles. */
int bench_new_timed(const char *config, uint32_t seed, unsigned int latency, struct bench *bench);
void bench_free(struct bench *bench);
uint32_t bench_random(struct bench *bench, uint32_t below);
/* Bytes of memory, atom aligned, filled with noise; returns the bus address. */
uint64_t bench_alloc(struct bench *bench, uint32_t bytes);
uint8_t *bench_at(struct bench *bench, uint64_t addr);
void bench_write(struct bench *bench, enum nvdla_unit unit, uint32_t reg, uint32_t value);
uint32_t bench_read(struct bench *bench, enum nvdla_unit unit, uint32_t reg);
/* Run until all of @mask has shown in GLB's status; acknowledges. 0 or -1. */
int bench_wait(struct bench *bench, uint32_t mask);

struct bench_reg {
	enum nvdla_unit unit;
	uint32_t reg, value;
};

/**
 * struct bench_conv - one convolution with SDP writing what was multiplied
 * @format: pixel format, or -1 for feature data
 * @precision: 0 INT8, 1 INT16, 2 FP16
 * @batches: further cubes, one @batch_stride behind the other
 */
struct bench_conv {
	int format;
	unsigned int precision, batches;
	uint32_t batch_stride;
	unsigned int width, height, channels, kernels, r, s;
	unsigned int stride_x, stride_y, dil_x, dil_y;
	unsigned int left, right, top, bottom;
	unsigned int out_width, out_height;
	unsigned int x_offset, truncate, shift;
	int pad;
	bool convert, mean, is_signed;
	int offset, scale;
	unsigned int cvt_truncate;
	int means[4];
	unsigned int data_banks, weight_banks, entries;
	bool skip_data, skip_weight, reuse_data, reuse_weight;
	uint64_t in, in_uv, weights, out;
	/* compressed: what the weights are, and how they lie in memory */
	uint64_t dense, masks, sizes;
	uint32_t mask_bytes;
	uint32_t line_stride, uv_stride, surf_stride, weight_bytes;
	uint32_t out_line, out_surf, out_bytes;
	/* partial heights: lines to fetch, from where, and to release; 0: all */
	unsigned int fetch_height, release;
	uint64_t fetch;
	/* a register to get another value just before the units are enabled */
	bool wrong;
	enum nvdla_unit wrong_unit;
	uint32_t wrong_reg, wrong_value;
	/* more registers, written there too, before that one */
	const struct bench_reg *more;
	unsigned int more_count;
};

/* Fills sizes, strides and addresses from the shape; 0, or -1: it does not fit. */
int bench_conv_place(struct bench *bench, struct bench_conv *conv);
/* Sets half of the weights to zero and compresses them. */
void bench_conv_compress(struct bench *bench, struct bench_conv *conv);
/* Writes the registers of group @group and enables the units. */
void bench_conv_program(struct bench *bench, const struct bench_conv *conv, unsigned int group);
/* What the output must be, from the definition; @out has out_bytes. */
void bench_conv_expect(struct bench *bench, const struct bench_conv *conv, uint8_t *out);
/* A random shape that fits; @image: pixels instead of feature data. */
void bench_conv_random(struct bench *bench, bool image, struct bench_conv *conv);
/* The same in another precision, and with so many further cubes. */
void bench_conv_random_wide(struct bench *bench, bool image, unsigned int precision,
			    unsigned int batches, struct bench_conv *conv);

#endif /* BENCH_HOST_H */
