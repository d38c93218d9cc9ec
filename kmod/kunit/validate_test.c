// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: what the validator accepts, what it refuses, and how far programs
 * reach.
 */
#include <kunit/test.h>

#include "../nvdla_validate.h"
#include "program.h"

static int validate(struct kunit *test, struct test_program *p, struct nvdla_refusal *refusal)
{
	struct nvdla_program *program = NULL;
	int ret = test_program_validate(test, p, &program, refusal);

	if (!ret) {
		memcpy(p->slots, program->slots, sizeof(p->slots));
		nvdla_program_free(program);
	}
	return ret;
}

static struct test_program *copy_op(struct kunit *test, const char *config)
{
	struct test_program *p = test_program_new(test, config);

	test_program_copy_op(p);
	return p;
}

static void accepts(struct kunit *test)
{
	const struct nvdla_config *config;

	for (config = nvdla_configs; config->name; config++) {
		struct test_program *p = copy_op(test, config->name);
		struct nvdla_refusal refusal;
		u32 surfaces = DIV_ROUND_UP(TEST_CHANNELS, config->atomic_m);

		KUNIT_EXPECT_EQ_MSG(test, validate(test, p, &refusal), 0, "%s: code %u reg %#x",
				    config->name, refusal.code, refusal.reg);
		KUNIT_EXPECT_EQ(test, p->slots[0].access, DRM_NVDLA_ACCESS_READ);
		KUNIT_EXPECT_EQ(test, p->slots[1].access, DRM_NVDLA_ACCESS_WRITE);
		KUNIT_EXPECT_EQ(test, p->slots[0].min_size,
				surfaces * TEST_WIDTH * TEST_HEIGHT * config->atomic_m);
		KUNIT_EXPECT_EQ(test, p->slots[1].min_size, p->slots[0].min_size);
	}
}

static void extents(struct kunit *test)
{
	struct test_program *p = copy_op(test, "nv_small");
	const u32 atom = 8, line = 200 * 8, surf = 9000 * 8;
	u32 surfaces = DIV_ROUND_UP(TEST_CHANNELS, atom);
	struct nvdla_refusal refusal;

	test_program_set(p, NVDLA_SDP, SDP_D_DST_LINE_STRIDE, line);
	test_program_set(p, NVDLA_SDP, SDP_D_DST_SURFACE_STRIDE, surf);
	p->relocs[1].delta = 72;
	KUNIT_ASSERT_EQ(test, validate(test, p, &refusal), 0);
	KUNIT_EXPECT_EQ(test, p->slots[1].min_size,
			72 + (surfaces - 1) * surf + (TEST_HEIGHT - 1) * line + TEST_WIDTH * atom);
}

static void expect(struct kunit *test, struct test_program *p, u32 reg, u32 code)
{
	struct nvdla_refusal refusal;

	KUNIT_EXPECT_EQ(test, validate(test, p, &refusal), -EINVAL);
	KUNIT_EXPECT_EQ(test, refusal.op, 0);
	KUNIT_EXPECT_EQ(test, refusal.reg, reg);
	KUNIT_EXPECT_EQ(test, refusal.code, code);
}

static void refuses_registers(struct kunit *test)
{
	static const u32 kernel_regs[] = {
		0x9004 /* S_POINTER */, 0x9008 /* S_LUT_ACCESS_CFG */, 0x9038 /* D_OP_ENABLE */,
		0x9048 /* D_DST_BASE_ADDR_LOW */, 0x904c /* D_DST_BASE_ADDR_HIGH */,
		0x90b4 /* D_DST_DMA_CFG */, 0x90dc /* D_PERF_ENABLE */, 0x90d0 /* read only */,
	};
	static const u32 unknown_regs[] = {
		0x1004 /* GLB */, 0x2000 /* MCIF */, 0x3014 /* another engine */,
		0x90fc /* behind the last */, 0x9041 /* misaligned */, 0xfffffffc,
	};
	struct test_program *p;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kernel_regs); i++) {
		p = copy_op(test, "nv_small");
		test_program_add(p, kernel_regs[i], 0);
		expect(test, p, kernel_regs[i], DRM_NVDLA_FAIL_KERNEL_REG);
	}
	for (i = 0; i < ARRAY_SIZE(unknown_regs); i++) {
		p = copy_op(test, "nv_small");
		test_program_add(p, unknown_regs[i], 0);
		expect(test, p, unknown_regs[i], DRM_NVDLA_FAIL_UNKNOWN_REG);
	}

	p = copy_op(test, "nv_small");
	test_program_add(p, 0x903c, TEST_WIDTH - 1);
	expect(test, p, 0x903c, DRM_NVDLA_FAIL_DUPLICATE);
	p = copy_op(test, "nv_small");
	test_program_set(p, NVDLA_SDP, SDP_D_DATA_CUBE_WIDTH, 0x2000);
	expect(test, p, 0x903c, DRM_NVDLA_FAIL_BITS);
	p = copy_op(test, "nv_small");
	test_program_set(p, NVDLA_SDP, SDP_D_DST_LINE_STRIDE, 4);
	expect(test, p, 0x9050, DRM_NVDLA_FAIL_ALIGN);
	p = copy_op(test, "nv_small");
	test_program_set(p, NVDLA_SDP_RDMA, SDP_RDMA_D_DATA_CUBE_HEIGHT, TEST_HEIGHT);
	expect(test, p, 0x8010, DRM_NVDLA_FAIL_MISMATCH);
	p = copy_op(test, "nv_small");
	test_program_set(p, NVDLA_SDP, SDP_D_DATA_FORMAT, 5);
	expect(test, p, 0x90bc, DRM_NVDLA_FAIL_VALUE);
}

static void refuses_relocations(struct kunit *test)
{
	struct test_program *p;

	p = copy_op(test, "nv_small");
	p->ops[0].reloc_count = 1;
	expect(test, p, 0x9048, DRM_NVDLA_FAIL_RELOC);
	p = copy_op(test, "nv_small");
	p->relocs[1].reg = 0x902c;
	expect(test, p, 0x902c, DRM_NVDLA_FAIL_RELOC);
	p = copy_op(test, "nv_small");
	p->relocs[1].reg = p->relocs[0].reg;
	expect(test, p, p->relocs[0].reg, DRM_NVDLA_FAIL_DUPLICATE);
	p = copy_op(test, "nv_small");
	p->relocs[1].slot = TEST_SLOTS;
	expect(test, p, 0x9048, DRM_NVDLA_FAIL_INDEX);
	p = copy_op(test, "nv_small");
	p->relocs[1].delta = 4;
	expect(test, p, 0x9048, DRM_NVDLA_FAIL_ALIGN);
	p = copy_op(test, "nv_small");
	p->relocs[1].delta = ~7ULL;
	expect(test, p, 0x9048, DRM_NVDLA_FAIL_OVERFLOW);
	p = copy_op(test, "nv_small");
	p->slots[1].max_access = DRM_NVDLA_ACCESS_READ;
	expect(test, p, 0x9048, DRM_NVDLA_FAIL_ACCESS);
}

static void refuses_structure(struct kunit *test)
{
	struct nvdla_refusal refusal;
	struct test_program *p;

	p = copy_op(test, "nv_small");
	p->op_count = 0;
	KUNIT_EXPECT_EQ(test, validate(test, p, &refusal), -EINVAL);
	KUNIT_EXPECT_EQ(test, refusal.code, DRM_NVDLA_FAIL_COUNT);
	p = copy_op(test, "nv_small");
	p->op_count = NVDLA_MAX_OPS + 1;
	KUNIT_EXPECT_EQ(test, validate(test, p, &refusal), -E2BIG);
	p = copy_op(test, "nv_small");
	p->ops[0].flags = 1;
	expect(test, p, ~0U, DRM_NVDLA_FAIL_FLAGS);
	p = copy_op(test, "nv_small");
	p->ops[0].first_reg = ~0U;
	expect(test, p, ~0U, DRM_NVDLA_FAIL_INDEX);
	p = copy_op(test, "nv_small");
	p->ops[0].engines = DRM_NVDLA_ENGINE_CONV;
	expect(test, p, ~0U, DRM_NVDLA_FAIL_ENGINES);
	p = copy_op(test, "nv_small");
	p->ops[0].engines = DRM_NVDLA_ENGINE_BDMA;
	expect(test, p, ~0U, DRM_NVDLA_FAIL_ENGINES);
	p = copy_op(test, "nv_small");
	p->ops[0].lut = 0;
	expect(test, p, ~0U, DRM_NVDLA_FAIL_LUT);
	p = copy_op(test, "nv_small");
	p->ops[0].dep_count = 1;
	p->dep_count = 1;
	expect(test, p, ~0U, DRM_NVDLA_FAIL_DEPENDENCY);
}

static struct test_program *pool_op(struct kunit *test, u32 width, u32 height, u32 channels)
{
	struct test_program *p = test_program_new(test, "nv_small");

	test_program_pool_op(p, width, height, channels);
	return p;
}

/* Lines behind the last window, with columns left over or not, in one surface or two. */
static void refuses_left_over_lines(struct kunit *test)
{
	const u32 height = 0xb010; /* D_DATA_CUBE_IN_HEIGHT */
	struct nvdla_refusal refusal;

	KUNIT_EXPECT_EQ(test, validate(test, pool_op(test, 6, 6, 8), &refusal), 0);
	KUNIT_EXPECT_EQ(test, validate(test, pool_op(test, 7, 6, 16), &refusal), 0);
	KUNIT_EXPECT_EQ(test, validate(test, pool_op(test, 7, 7, 8), &refusal), 0);
	expect(test, pool_op(test, 6, 7, 8), height, DRM_NVDLA_FAIL_MISMATCH);
	expect(test, pool_op(test, 7, 7, 16), height, DRM_NVDLA_FAIL_MISMATCH);
}

static void checks_bindings(struct kunit *test)
{
	struct test_program *p = copy_op(test, "nv_small");
	struct nvdla_binding good[TEST_SLOTS], bad[TEST_SLOTS];
	struct nvdla_program *program;
	struct nvdla_refusal refusal;
	u64 size;

	KUNIT_ASSERT_EQ(test, test_program_validate(test, p, &program, &refusal), 0);
	size = program->slots[0].min_size;
	good[0] = (struct nvdla_binding){ 0x10000, size, false };
	good[1] = (struct nvdla_binding){ 0xffff0000, size, false };
	KUNIT_EXPECT_EQ(test, nvdla_program_check_bindings(program, good), 0);

	memcpy(bad, good, sizeof(bad));
	bad[0].size--;
	KUNIT_EXPECT_EQ(test, nvdla_program_check_bindings(program, bad), -EINVAL);
	memcpy(bad, good, sizeof(bad));
	bad[0].addr += 8;
	KUNIT_EXPECT_EQ(test, nvdla_program_check_bindings(program, bad), -EINVAL);
	memcpy(bad, good, sizeof(bad));
	bad[1].addr = 0x100000000ULL - size + 64;
	bad[1].addr &= ~63ULL;
	bad[1].size = size + 64;
	KUNIT_EXPECT_EQ(test, nvdla_program_check_bindings(program, bad), -EINVAL);
	memcpy(bad, good, sizeof(bad));
	bad[0].sram = true;
	KUNIT_EXPECT_EQ(test, nvdla_program_check_bindings(program, bad), -EINVAL);
	nvdla_program_free(program);
}

static struct kunit_case validate_cases[] = {
	KUNIT_CASE(accepts),
	KUNIT_CASE(extents),
	KUNIT_CASE(refuses_registers),
	KUNIT_CASE(refuses_relocations),
	KUNIT_CASE(refuses_structure),
	KUNIT_CASE(refuses_left_over_lines),
	KUNIT_CASE(checks_bindings),
	{}
};

static struct kunit_suite validate_suite = {
	.name = "nvdla_validate",
	.test_cases = validate_cases,
};

kunit_test_suite(validate_suite);

MODULE_DESCRIPTION("KUnit tests of the NVDLA driver");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
