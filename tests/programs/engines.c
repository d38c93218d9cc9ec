// SPDX-License-Identifier: MIT
/*
 * One small operation for each engine: the list, and the two that only copy.
 */
#include <string.h>

#include "engines.h"

bool engine_test_possible(const struct engine_test *test, const struct nvdla_config *config)
{
	return (config->features & test->features) == test->features;
}

void fill_random(void *dst, size_t size, uint32_t seed)
{
	uint32_t state = seed * 2654435761u | 1;
	uint8_t *bytes = dst;
	size_t i;

	for (i = 0; i < size; i++) {
		state ^= state << 13;
		state ^= state >> 17;
		state ^= state << 5;
		bytes[i] = state >> 24;
	}
}

static unsigned int two_slots(const struct nvdla_config *config)
{
	(void)config;

	return 2;
}

static void copy_prepare(const struct nvdla_config *config, uint32_t seed, void *const *maps)
{
	(void)config;
	fill_random(maps[0], CUBE_BYTES, seed);
}

static size_t copy_wrong(const struct nvdla_config *config, uint32_t seed, void *const *maps)
{
	uint8_t expected[CUBE_BYTES];
	const uint8_t *got = maps[1];
	size_t i, wrong = 0;

	(void)config;
	fill_random(expected, CUBE_BYTES, seed);
	for (i = 0; i < CUBE_BYTES; i++)
		wrong += got[i] != expected[i];

	return wrong;
}

/* BDMA and RUBIK count in pieces of 32 bytes. */
#define PIECE	32

static void bdma_append(struct builder *b)
{
	const unsigned int line = CUBE_WIDTH * PIECE, surface = line * CUBE_HEIGHT;

	builder_op(b, DRM_NVDLA_ENGINE_BDMA);
	builder_reg(b, NVDLA_BDMA, BDMA_CFG_LINE, CUBE_WIDTH - 1);
	builder_reg(b, NVDLA_BDMA, BDMA_CFG_LINE_REPEAT, CUBE_HEIGHT - 1);
	builder_reg(b, NVDLA_BDMA, BDMA_CFG_SRC_LINE, line);
	builder_reg(b, NVDLA_BDMA, BDMA_CFG_DST_LINE, line);
	builder_reg(b, NVDLA_BDMA, BDMA_CFG_SURF_REPEAT, CUBE_CHANNELS / PIECE - 1);
	builder_reg(b, NVDLA_BDMA, BDMA_CFG_SRC_SURF, surface);
	builder_reg(b, NVDLA_BDMA, BDMA_CFG_DST_SURF, surface);
	builder_reloc(b, NVDLA_BDMA, BDMA_CFG_SRC_ADDR_LOW, 0, 0);
	builder_reloc(b, NVDLA_BDMA, BDMA_CFG_DST_ADDR_LOW, 1, 0);
}

const struct engine_test bdma_engine_test = {
	.name = "BDMA copy",
	.features = NVDLA_FEAT_BDMA,
	.append = bdma_append,
	.slots = two_slots,
	.prepare = copy_prepare,
	.wrong = copy_wrong,
};

/* Contraction by 1 x 1 leaves everything where it is. */
static void rubik_append(struct builder *b)
{
	const unsigned int line = CUBE_WIDTH * PIECE, surface = line * CUBE_HEIGHT;

	builder_op(b, DRM_NVDLA_ENGINE_RUBIK);
	builder_reg(b, NVDLA_RUBIK, RBK_D_MISC_CFG,
		    FIELD_PREP(RBK_D_MISC_CFG_RUBIK_MODE, RBK_D_MISC_CFG_RUBIK_MODE_CONTRACT));
	builder_reg(b, NVDLA_RUBIK, RBK_D_DATAIN_SIZE_0,
		    (CUBE_WIDTH - 1) | (CUBE_HEIGHT - 1) << 16);
	builder_reg(b, NVDLA_RUBIK, RBK_D_DATAIN_SIZE_1, CUBE_CHANNELS - 1);
	builder_reg(b, NVDLA_RUBIK, RBK_D_DATAOUT_SIZE_1, CUBE_CHANNELS - 1);
	builder_reg(b, NVDLA_RUBIK, RBK_D_DAIN_LINE_STRIDE, line);
	builder_reg(b, NVDLA_RUBIK, RBK_D_DAIN_SURF_STRIDE, surface);
	builder_reg(b, NVDLA_RUBIK, RBK_D_DAOUT_LINE_STRIDE, line);
	builder_reg(b, NVDLA_RUBIK, RBK_D_DAOUT_SURF_STRIDE, surface);
	builder_reg(b, NVDLA_RUBIK, RBK_D_CONTRACT_STRIDE_0, PIECE);
	builder_reg(b, NVDLA_RUBIK, RBK_D_CONTRACT_STRIDE_1, line);
	builder_reloc(b, NVDLA_RUBIK, RBK_D_DAIN_ADDR_LOW, 0, 0);
	builder_reloc(b, NVDLA_RUBIK, RBK_D_DAOUT_ADDR_LOW, 1, 0);
}

const struct engine_test rubik_engine_test = {
	.name = "RUBIK contraction",
	.features = NVDLA_FEAT_RUBIK,
	.append = rubik_append,
	.slots = two_slots,
	.prepare = copy_prepare,
	.wrong = copy_wrong,
};

const struct engine_test *const engine_tests[] = {
	&conv_engine_test, &image_engine_test, &sdp_engine_test, &sdp_lut_engine_test,
	&pdp_engine_test, &cdp_engine_test, &bdma_engine_test, &rubik_engine_test,
	&conv_int16_engine_test, &conv_fp16_engine_test, NULL
};
