// SPDX-License-Identifier: GPL-2.0-only
/*
 * Small programs for the tests.
 */
#include "program.h"

struct test_program *test_program_new(struct kunit *test, const char *config)
{
	struct test_program *p = kunit_kzalloc(test, sizeof(*p), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	p->config = nvdla_config_find(config);
	KUNIT_ASSERT_NOT_NULL(test, p->config);
	return p;
}

static struct drm_nvdla_op *last_op(struct test_program *p)
{
	return &p->ops[p->op_count - 1];
}

void test_program_add(struct test_program *p, u32 offset, u32 value)
{
	struct drm_nvdla_op *op = last_op(p);

	p->regs[op->first_reg + op->reg_count++] = (struct drm_nvdla_reg){ offset, value };
}

void test_program_set(struct test_program *p, enum nvdla_unit unit, u32 offset, u32 value)
{
	struct drm_nvdla_op *op = last_op(p);
	u32 i;

	for (i = op->first_reg; i < op->first_reg + op->reg_count; i++) {
		if (p->regs[i].offset == p->config->base[unit] + offset) {
			p->regs[i].value = value;
			return;
		}
	}
	test_program_add(p, p->config->base[unit] + offset, value);
}

u32 test_program_copy_op(struct test_program *p)
{
	u32 index = p->op_count++;
	struct drm_nvdla_op *op = last_op(p);
	u32 line = TEST_WIDTH * p->config->atomic_m;

	*op = (struct drm_nvdla_op){
		.engines = DRM_NVDLA_ENGINE_SDP,
		.first_reg = index * TEST_REGS,
		.first_reloc = index * 2,
		.reloc_count = 2,
		.first_dep = p->dep_count,
		.lut = -1,
	};
	test_program_set(p, NVDLA_SDP, SDP_D_DATA_CUBE_WIDTH, TEST_WIDTH - 1);
	test_program_set(p, NVDLA_SDP, SDP_D_DATA_CUBE_HEIGHT, TEST_HEIGHT - 1);
	test_program_set(p, NVDLA_SDP, SDP_D_DATA_CUBE_CHANNEL, TEST_CHANNELS - 1);
	test_program_set(p, NVDLA_SDP, SDP_D_DST_LINE_STRIDE, line);
	test_program_set(p, NVDLA_SDP, SDP_D_DST_SURFACE_STRIDE, line * TEST_HEIGHT);
	test_program_set(p, NVDLA_SDP, SDP_D_DP_BS_CFG, SDP_D_DP_BS_CFG_BS_BYPASS);
	test_program_set(p, NVDLA_SDP, SDP_D_DP_BN_CFG, SDP_D_DP_BN_CFG_BN_BYPASS);
	test_program_set(p, NVDLA_SDP, SDP_D_DP_EW_CFG, SDP_D_DP_EW_CFG_EW_BYPASS);
	test_program_set(p, NVDLA_SDP_RDMA, SDP_RDMA_D_DATA_CUBE_WIDTH, TEST_WIDTH - 1);
	test_program_set(p, NVDLA_SDP_RDMA, SDP_RDMA_D_DATA_CUBE_HEIGHT, TEST_HEIGHT - 1);
	test_program_set(p, NVDLA_SDP_RDMA, SDP_RDMA_D_DATA_CUBE_CHANNEL, TEST_CHANNELS - 1);
	test_program_set(p, NVDLA_SDP_RDMA, SDP_RDMA_D_SRC_LINE_STRIDE, line);
	test_program_set(p, NVDLA_SDP_RDMA, SDP_RDMA_D_SRC_SURFACE_STRIDE, line * TEST_HEIGHT);
	test_program_set(p, NVDLA_SDP_RDMA, SDP_RDMA_D_BRDMA_CFG,
			 SDP_RDMA_D_BRDMA_CFG_BRDMA_DISABLE);
	test_program_set(p, NVDLA_SDP_RDMA, SDP_RDMA_D_NRDMA_CFG,
			 SDP_RDMA_D_NRDMA_CFG_NRDMA_DISABLE);
	test_program_set(p, NVDLA_SDP_RDMA, SDP_RDMA_D_ERDMA_CFG,
			 SDP_RDMA_D_ERDMA_CFG_ERDMA_DISABLE);
	p->relocs[index * 2] = (struct drm_nvdla_reloc){
		.reg = p->config->base[NVDLA_SDP_RDMA] + SDP_RDMA_D_SRC_BASE_ADDR_LOW,
	};
	p->relocs[index * 2 + 1] = (struct drm_nvdla_reloc){
		.reg = p->config->base[NVDLA_SDP] + SDP_D_DST_BASE_ADDR_LOW,
		.slot = 1,
	};
	return index;
}

void test_program_dep(struct test_program *p, u32 op)
{
	p->deps[p->dep_count++] = op;
	last_op(p)->dep_count++;
}

int test_program_validate(struct kunit *test, const struct test_program *p,
			  struct nvdla_program **out, struct nvdla_refusal *refusal)
{
	struct nvdla_program_desc desc = {
		.ops = p->ops,
		.regs = p->regs,
		.relocs = p->relocs,
		.deps = p->deps,
		.slots = p->slots,
		.op_count = p->op_count,
		.reg_count = ARRAY_SIZE(p->regs),
		.reloc_count = ARRAY_SIZE(p->relocs),
		.dep_count = p->dep_count,
		.slot_count = TEST_SLOTS,
	};
	struct nvdla_validator *validator;
	int ret;

	KUNIT_ASSERT_EQ(test, nvdla_validator_new(p->config, &validator), 0);
	ret = nvdla_program_validate(validator, &desc, out, refusal);
	nvdla_validator_free(validator);
	return ret;
}
