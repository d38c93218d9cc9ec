/* SPDX-License-Identifier: MIT */
/*
 * Register programs of single operations, as measured on simulator and RTL.
 */
#ifndef POST_PROGRAMS_H
#define POST_PROGRAMS_H

#include "kmod/hw/nvdla_config.h"

enum program_kind {
	SDP_PASS,	/* memory to memory, nothing on the way */
	SDP_SCALE,	/* X1 with bias and multiplier per channel, ReLU */
	SDP_ADD,	/* that, and X2 adds a second cube */
	SDP_TABLE,	/* that without X2, and a lookup table */
	PDP_MEAN,	/* 2x2, stride 2 */
	PDP_MAX,	/* 3x3, stride 2, padded by 1 */
	CDP_LRN,	/* over 5 channels */
};

struct program {
	enum program_kind kind;
	unsigned int width, height, channels;
};

typedef void program_write(void *ctx, enum nvdla_unit unit, uint32_t reg, uint32_t value);

/* Writes registers of group 0; returns the GLB interrupt bits to wait for. */
uint32_t program_write_all(const struct program *program, unsigned int atom,
			   program_write *write, void *ctx);

#endif /* POST_PROGRAMS_H */
