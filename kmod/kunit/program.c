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

static u32 new_op(struct test_program *p, u32 engines, u32 relocs)
{
	u32 index = p->op_count++;

	*last_op(p) = (struct drm_nvdla_op){
		.engines = engines,
		.first_reg = index * TEST_REGS,
		.first_reloc = index * TEST_RELOCS,
		.reloc_count = relocs,
		.first_dep = p->dep_count,
		.lut = -1,
	};
	return index;
}

/* SDP's registers for a cube that it passes on as it is. */
static void set_sdp(struct test_program *p, u32 width, u32 height, u32 channels)
{
	u32 line = width * p->config->atomic_m;

	test_program_set(p, NVDLA_SDP, SDP_D_DATA_CUBE_WIDTH, width - 1);
	test_program_set(p, NVDLA_SDP, SDP_D_DATA_CUBE_HEIGHT, height - 1);
	test_program_set(p, NVDLA_SDP, SDP_D_DATA_CUBE_CHANNEL, channels - 1);
	test_program_set(p, NVDLA_SDP, SDP_D_DST_LINE_STRIDE, line);
	test_program_set(p, NVDLA_SDP, SDP_D_DST_SURFACE_STRIDE, line * height);
	test_program_set(p, NVDLA_SDP, SDP_D_DP_BS_CFG, SDP_D_DP_BS_CFG_BS_BYPASS);
	test_program_set(p, NVDLA_SDP, SDP_D_DP_BN_CFG, SDP_D_DP_BN_CFG_BN_BYPASS);
	test_program_set(p, NVDLA_SDP, SDP_D_DP_EW_CFG, SDP_D_DP_EW_CFG_EW_BYPASS);
}

u32 test_program_copy_op(struct test_program *p)
{
	u32 index = new_op(p, DRM_NVDLA_ENGINE_SDP, 2);
	u32 line = TEST_WIDTH * p->config->atomic_m;

	set_sdp(p, TEST_WIDTH, TEST_HEIGHT, TEST_CHANNELS);
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
	p->relocs[index * TEST_RELOCS] = (struct drm_nvdla_reloc){
		.reg = p->config->base[NVDLA_SDP_RDMA] + SDP_RDMA_D_SRC_BASE_ADDR_LOW,
	};
	p->relocs[index * TEST_RELOCS + 1] = (struct drm_nvdla_reloc){
		.reg = p->config->base[NVDLA_SDP] + SDP_D_DST_BASE_ADDR_LOW,
		.slot = 1,
	};
	return index;
}

/* One line of 4 pixels and a surface of channels; as many kernels as a group has. */
u32 test_program_conv_op(struct test_program *p)
{
	const u32 atom = p->config->atomic_m, width = 4, kernels = p->config->atomic_k;
	const u32 per = p->config->cbuf_bank_width / atom;
	const u32 entries = DIV_ROUND_UP(width, per);
	const u32 bytes = round_up(kernels * atom, p->config->cbuf_bank_width);
	u32 index = new_op(p, DRM_NVDLA_ENGINE_CONV | DRM_NVDLA_ENGINE_SDP, 3);

	test_program_set(p, NVDLA_CDMA, CDMA_D_DATAIN_SIZE_0, width - 1);
	test_program_set(p, NVDLA_CDMA, CDMA_D_DATAIN_SIZE_1, atom - 1);
	test_program_set(p, NVDLA_CDMA, CDMA_D_DATAIN_SIZE_EXT_0, width - 1);
	test_program_set(p, NVDLA_CDMA, CDMA_D_ENTRY_PER_SLICE, entries - 1);
	test_program_set(p, NVDLA_CDMA, CDMA_D_LINE_STRIDE, width * atom);
	test_program_set(p, NVDLA_CDMA, CDMA_D_SURF_STRIDE, width * atom);
	test_program_set(p, NVDLA_CDMA, CDMA_D_DAIN_MAP, CDMA_D_DAIN_MAP_LINE_PACKED);
	test_program_set(p, NVDLA_CDMA, CDMA_D_WEIGHT_SIZE_0, atom - 1);
	test_program_set(p, NVDLA_CDMA, CDMA_D_WEIGHT_SIZE_1, kernels - 1);
	test_program_set(p, NVDLA_CDMA, CDMA_D_WEIGHT_BYTES, bytes);
	test_program_set(p, NVDLA_CSC, CSC_D_DATAIN_SIZE_EXT_0, width - 1);
	test_program_set(p, NVDLA_CSC, CSC_D_DATAIN_SIZE_EXT_1, atom - 1);
	test_program_set(p, NVDLA_CSC, CSC_D_ENTRY_PER_SLICE, entries - 1);
	test_program_set(p, NVDLA_CSC, CSC_D_WEIGHT_SIZE_EXT_1,
			 FIELD_PREP(CSC_D_WEIGHT_SIZE_EXT_1_WEIGHT_CHANNEL_EXT, atom - 1) |
			 FIELD_PREP(CSC_D_WEIGHT_SIZE_EXT_1_WEIGHT_KERNEL, kernels - 1));
	test_program_set(p, NVDLA_CSC, CSC_D_WEIGHT_BYTES, bytes);
	test_program_set(p, NVDLA_CSC, CSC_D_DATAOUT_SIZE_0, width - 1);
	test_program_set(p, NVDLA_CSC, CSC_D_DATAOUT_SIZE_1, kernels - 1);
	test_program_set(p, NVDLA_CSC, CSC_D_ATOMICS, width - 1);
	test_program_set(p, NVDLA_CACC, CACC_D_DATAOUT_SIZE_0, width - 1);
	test_program_set(p, NVDLA_CACC, CACC_D_DATAOUT_SIZE_1, kernels - 1);
	test_program_set(p, NVDLA_SDP, SDP_D_FEATURE_MODE_CFG,
			 SDP_D_FEATURE_MODE_CFG_FLYING_MODE);
	set_sdp(p, width, 1, kernels);
	p->relocs[index * TEST_RELOCS] = (struct drm_nvdla_reloc){
		.reg = p->config->base[NVDLA_CDMA] + CDMA_D_DAIN_ADDR_LOW_0,
	};
	p->relocs[index * TEST_RELOCS + 1] = (struct drm_nvdla_reloc){
		.reg = p->config->base[NVDLA_CDMA] + CDMA_D_WEIGHT_ADDR_LOW,
	};
	p->relocs[index * TEST_RELOCS + 2] = (struct drm_nvdla_reloc){
		.reg = p->config->base[NVDLA_SDP] + SDP_D_DST_BASE_ADDR_LOW,
		.slot = 1,
	};
	return index;
}

u32 test_program_pool_op(struct test_program *p, u32 width, u32 height, u32 channels)
{
	u32 in = width * p->config->atomic_m, out = width / 2 * p->config->atomic_m;
	u32 index = new_op(p, DRM_NVDLA_ENGINE_PDP, 2);

	test_program_set(p, NVDLA_PDP_RDMA, PDP_RDMA_D_DATA_CUBE_IN_WIDTH, width - 1);
	test_program_set(p, NVDLA_PDP_RDMA, PDP_RDMA_D_DATA_CUBE_IN_HEIGHT, height - 1);
	test_program_set(p, NVDLA_PDP_RDMA, PDP_RDMA_D_DATA_CUBE_IN_CHANNEL, channels - 1);
	test_program_set(p, NVDLA_PDP_RDMA, PDP_RDMA_D_FLYING_MODE,
			 PDP_RDMA_D_FLYING_MODE_FLYING_MODE);
	test_program_set(p, NVDLA_PDP_RDMA, PDP_RDMA_D_SRC_LINE_STRIDE, in);
	test_program_set(p, NVDLA_PDP_RDMA, PDP_RDMA_D_SRC_SURFACE_STRIDE, in * height);
	test_program_set(p, NVDLA_PDP_RDMA, PDP_RDMA_D_POOLING_KERNEL_CFG,
			 FIELD_PREP(PDP_RDMA_D_POOLING_KERNEL_CFG_KERNEL_WIDTH, 1) |
			 FIELD_PREP(PDP_RDMA_D_POOLING_KERNEL_CFG_KERNEL_STRIDE_WIDTH, 1));
	test_program_set(p, NVDLA_PDP, PDP_D_DATA_CUBE_IN_WIDTH, width - 1);
	test_program_set(p, NVDLA_PDP, PDP_D_DATA_CUBE_IN_HEIGHT, height - 1);
	test_program_set(p, NVDLA_PDP, PDP_D_DATA_CUBE_IN_CHANNEL, channels - 1);
	test_program_set(p, NVDLA_PDP, PDP_D_DATA_CUBE_OUT_WIDTH, width / 2 - 1);
	test_program_set(p, NVDLA_PDP, PDP_D_DATA_CUBE_OUT_HEIGHT, height / 2 - 1);
	test_program_set(p, NVDLA_PDP, PDP_D_DATA_CUBE_OUT_CHANNEL, channels - 1);
	test_program_set(p, NVDLA_PDP, PDP_D_OPERATION_MODE_CFG,
			 PDP_D_OPERATION_MODE_CFG_FLYING_MODE);
	test_program_set(p, NVDLA_PDP, PDP_D_POOLING_KERNEL_CFG,
			 FIELD_PREP(PDP_D_POOLING_KERNEL_CFG_KERNEL_WIDTH, 1) |
			 FIELD_PREP(PDP_D_POOLING_KERNEL_CFG_KERNEL_HEIGHT, 1) |
			 FIELD_PREP(PDP_D_POOLING_KERNEL_CFG_KERNEL_STRIDE_WIDTH, 1) |
			 FIELD_PREP(PDP_D_POOLING_KERNEL_CFG_KERNEL_STRIDE_HEIGHT, 1));
	test_program_set(p, NVDLA_PDP, PDP_D_DST_LINE_STRIDE, out);
	test_program_set(p, NVDLA_PDP, PDP_D_DST_SURFACE_STRIDE, out * (height / 2));
	p->relocs[index * TEST_RELOCS] = (struct drm_nvdla_reloc){
		.reg = p->config->base[NVDLA_PDP_RDMA] + PDP_RDMA_D_SRC_BASE_ADDR_LOW,
	};
	p->relocs[index * TEST_RELOCS + 1] = (struct drm_nvdla_reloc){
		.reg = p->config->base[NVDLA_PDP] + PDP_D_DST_BASE_ADDR_LOW,
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
