// SPDX-License-Identifier: MIT
/*
 * Operations for each engine: PDP, the largest of 2 x 2.
 */
#include "engines.h"

#define OUT_WIDTH	(CUBE_WIDTH / 2)
#define OUT_HEIGHT	(CUBE_HEIGHT / 2)

static void append(struct builder *b)
{
	unsigned int atom = b->config->atomic_m;

	builder_op(b, DRM_NVDLA_ENGINE_PDP);
	builder_reg(b, NVDLA_PDP_RDMA, PDP_RDMA_D_DATA_CUBE_IN_WIDTH, CUBE_WIDTH - 1);
	builder_reg(b, NVDLA_PDP_RDMA, PDP_RDMA_D_DATA_CUBE_IN_HEIGHT, CUBE_HEIGHT - 1);
	builder_reg(b, NVDLA_PDP_RDMA, PDP_RDMA_D_DATA_CUBE_IN_CHANNEL, CUBE_CHANNELS - 1);
	builder_reg(b, NVDLA_PDP_RDMA, PDP_RDMA_D_FLYING_MODE, PDP_RDMA_D_FLYING_MODE_FLYING_MODE);
	builder_reg(b, NVDLA_PDP_RDMA, PDP_RDMA_D_SRC_LINE_STRIDE, CUBE_WIDTH * atom);
	builder_reg(b, NVDLA_PDP_RDMA, PDP_RDMA_D_SRC_SURFACE_STRIDE,
		    CUBE_WIDTH * CUBE_HEIGHT * atom);
	builder_reg(b, NVDLA_PDP_RDMA, PDP_RDMA_D_POOLING_KERNEL_CFG,
		    FIELD_PREP(PDP_RDMA_D_POOLING_KERNEL_CFG_KERNEL_WIDTH, 1) |
		    FIELD_PREP(PDP_RDMA_D_POOLING_KERNEL_CFG_KERNEL_STRIDE_WIDTH, 1));

	builder_reg(b, NVDLA_PDP, PDP_D_DATA_CUBE_IN_WIDTH, CUBE_WIDTH - 1);
	builder_reg(b, NVDLA_PDP, PDP_D_DATA_CUBE_IN_HEIGHT, CUBE_HEIGHT - 1);
	builder_reg(b, NVDLA_PDP, PDP_D_DATA_CUBE_IN_CHANNEL, CUBE_CHANNELS - 1);
	builder_reg(b, NVDLA_PDP, PDP_D_DATA_CUBE_OUT_WIDTH, OUT_WIDTH - 1);
	builder_reg(b, NVDLA_PDP, PDP_D_DATA_CUBE_OUT_HEIGHT, OUT_HEIGHT - 1);
	builder_reg(b, NVDLA_PDP, PDP_D_DATA_CUBE_OUT_CHANNEL, CUBE_CHANNELS - 1);
	builder_reg(b, NVDLA_PDP, PDP_D_OPERATION_MODE_CFG,
		    PDP_D_OPERATION_MODE_CFG_POOLING_METHOD_POOLING_METHOD_MAX |
		    PDP_D_OPERATION_MODE_CFG_FLYING_MODE);
	builder_reg(b, NVDLA_PDP, PDP_D_POOLING_KERNEL_CFG,
		    FIELD_PREP(PDP_D_POOLING_KERNEL_CFG_KERNEL_WIDTH, 1) |
		    FIELD_PREP(PDP_D_POOLING_KERNEL_CFG_KERNEL_HEIGHT, 1) |
		    FIELD_PREP(PDP_D_POOLING_KERNEL_CFG_KERNEL_STRIDE_WIDTH, 1) |
		    FIELD_PREP(PDP_D_POOLING_KERNEL_CFG_KERNEL_STRIDE_HEIGHT, 1));
	builder_reg(b, NVDLA_PDP, PDP_D_DST_LINE_STRIDE, OUT_WIDTH * atom);
	builder_reg(b, NVDLA_PDP, PDP_D_DST_SURFACE_STRIDE, OUT_WIDTH * OUT_HEIGHT * atom);
	builder_reloc(b, NVDLA_PDP_RDMA, PDP_RDMA_D_SRC_BASE_ADDR_LOW, 0, 0);
	builder_reloc(b, NVDLA_PDP, PDP_D_DST_BASE_ADDR_LOW, 1, 0);
}

static unsigned int slots(const struct nvdla_config *config)
{
	(void)config;

	return 2;
}

static void prepare(const struct nvdla_config *config, uint32_t seed, void *const *maps)
{
	(void)config;
	fill_random(maps[0], CUBE_BYTES, seed);
}

static size_t wrong(const struct nvdla_config *config, uint32_t seed, void *const *maps)
{
	const unsigned int atom = config->atomic_m;
	const int8_t *got = maps[1];
	int8_t in[CUBE_BYTES];
	unsigned int surface, y, x, c, i;
	size_t wrong = 0;

	fill_random(in, CUBE_BYTES, seed);
	for (surface = 0; surface < CUBE_CHANNELS / atom; surface++) {
		for (y = 0; y < OUT_HEIGHT; y++) {
			for (x = 0; x < OUT_WIDTH; x++) {
				for (c = 0; c < atom; c++) {
					int8_t largest = INT8_MIN;

					for (i = 0; i < 4; i++) {
						unsigned int line = surface * CUBE_HEIGHT + 2 * y +
								    i / 2;
						int8_t v = in[(line * CUBE_WIDTH + 2 * x + i % 2) *
							      atom + c];

						largest = v > largest ? v : largest;
					}
					wrong += *got++ != largest;
				}
			}
		}
	}

	return wrong;
}

const struct engine_test pdp_engine_test = {
	.name = "PDP maximum",
	.append = append,
	.slots = slots,
	.prepare = prepare,
	.wrong = wrong,
};
