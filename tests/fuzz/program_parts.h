/* SPDX-License-Identifier: MIT */
/*
 * Between the parts of the generator of programs.
 */
#ifndef TESTS_FUZZ_PROGRAM_PARTS_H
#define TESTS_FUZZ_PROGRAM_PARTS_H

#include <stdbool.h>

#include "program_gen.h"

static inline uint32_t up(uint32_t n, uint32_t to)
{
	return (n + to - 1) / to * to;
}

/* A cube on its way through the engines of an operation. */
struct cube {
	uint32_t width, height, channels, precision;
	uint32_t batches;
	bool winograd;
};

uint32_t gen_precision(const struct nvdla_config *config, struct rng *rng);
/* An address of the last operation, anywhere in a slot. */
void gen_reloc(struct builder *b, struct rng *rng, enum nvdla_unit unit, uint32_t low);
/* Line and surface strides of a cube: tight, or with gaps. */
void gen_strides(struct builder *b, struct rng *rng, enum nvdla_unit unit, uint32_t line_reg,
		 uint32_t surf_reg, const struct cube *cube, uint32_t atoms);
/* SDP's part of the last operation, and PDP's. Return: precision of what comes out. */
uint32_t gen_sdp(struct builder *b, struct rng *rng, const struct cube *cube, bool flying,
		 bool to_pdp);
void gen_pdp(struct builder *b, struct rng *rng, const struct cube *in, bool flying);
/* One convolution or several, with what is behind. */
void gen_conv(struct builder *b, struct rng *rng);

#endif /* TESTS_FUZZ_PROGRAM_PARTS_H */
