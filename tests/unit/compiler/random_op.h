/* SPDX-License-Identifier: MIT */
/*
 * Random NPU operations with random memory around them.
 */
#ifndef RANDOM_OP_H
#define RANDOM_OP_H

#include "kmod/hw/nvdla_config.h"
#include "libaccel/compile/npu_op.h"

/* A small generator whose state is a test's seed. */
uint32_t random_next(uint64_t *state);
/* Uniform in [low, high]. */
int32_t random_range(uint64_t *state, int32_t low, int32_t high);

/**
 * struct random_case - an operation and its memory
 * @op: passes npu_op_check() and npu_op_supported()
 * @pool: if @pooled, a pooling of @op's results, which takes them on the fly
 * @regions: contents of the regions, malloc()ed
 * @size: their sizes
 */
struct random_case {
	struct npu_op op, pool;
	bool pooled;
	uint8_t *regions[NPU_REGIONS];
	uint64_t size[NPU_REGIONS];
};

enum random_kind {
	RANDOM_CONV, RANDOM_DEPTHWISE, RANDOM_IMAGE, RANDOM_SDP, RANDOM_POOL, RANDOM_POOLED,
	RANDOM_NORMALISE, RANDOM_KINDS,
};

/* Returns false when the shape drawn is not possible: draw again. */
bool random_case(struct random_case *c, const struct nvdla_config *config, enum random_kind kind,
		 uint64_t *state);
void random_case_free(struct random_case *c);

#endif /* RANDOM_OP_H */
