/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Small programs for the tests: operations that copy or pool a cube, and
 * convolutions with a kernel of a pixel.
 */
#ifndef _NVDLA_KUNIT_PROGRAM_H_
#define _NVDLA_KUNIT_PROGRAM_H_

#include <kunit/test.h>

#include "../nvdla_validate.h"

#define TEST_WIDTH	6
#define TEST_HEIGHT	5
#define TEST_CHANNELS	20
#define TEST_SLOTS	2
#define TEST_OPS	4
#define TEST_REGS	48
#define TEST_RELOCS	3

/**
 * struct test_program - a program with room for a few operations
 * @config: configuration
 * @ops: operations
 * @regs: registers, TEST_REGS for each operation
 * @relocs: relocations, three for each operation
 * @deps: dependencies
 * @slots: slots
 * @op_count: number of @ops
 * @dep_count: number of @deps
 */
struct test_program {
	const struct nvdla_config *config;
	struct drm_nvdla_op ops[TEST_OPS];
	struct drm_nvdla_reg regs[TEST_OPS * TEST_REGS];
	struct drm_nvdla_reloc relocs[TEST_OPS * TEST_RELOCS];
	u32 deps[TEST_OPS];
	struct drm_nvdla_slot_info slots[TEST_SLOTS];
	u32 op_count;
	u32 dep_count;
};

struct test_program *test_program_new(struct kunit *test, const char *config);
/* Append an operation that copies slot 0 to slot 1; returns its index. */
u32 test_program_copy_op(struct test_program *p);
/* Append a convolution of slot 0, with weights from there, to slot 1; returns its index. */
u32 test_program_conv_op(struct test_program *p);
/*
 * Append an operation that pools slot 0 into slot 1, windows of 2 x 2 next to
 * each other; returns its index.
 */
u32 test_program_pool_op(struct test_program *p, u32 width, u32 height, u32 channels);
/* A register of the last operation, by CSB offset. */
void test_program_add(struct test_program *p, u32 offset, u32 value);
/* Change a register of the last operation. */
void test_program_set(struct test_program *p, enum nvdla_unit unit, u32 offset, u32 value);
/* Let the last operation wait for an earlier one. */
void test_program_dep(struct test_program *p, u32 op);
int test_program_validate(struct kunit *test, const struct test_program *p,
			  struct nvdla_program **out, struct nvdla_refusal *refusal);

#endif /* _NVDLA_KUNIT_PROGRAM_H_ */
