// SPDX-License-Identifier: MIT
/*
 * Operations for each engine: convolutions of features and of pixels.
 */
#include <string.h>

#include "conv.h"
#include "engines.h"

enum { INPUT, WEIGHTS, BIAS, OUTPUT, SLOTS };

static const struct conv_slots slots = { INPUT, WEIGHTS, BIAS, OUTPUT };

static const struct conv_shape shape = {
	.width = 10, .height = 9, .channels = 24, .kernels = 20,
	.kernel_width = 3, .kernel_height = 3, .stride = 1, .pad = 1,
	.bias_shift = 1, .offset = 9, .scale = 37, .shift = 14,
};

static unsigned int four_slots(const struct nvdla_config *config)
{
	(void)config;

	return SLOTS;
}

static void append(struct builder *b)
{
	conv_append(b, &shape, &slots);
}

static void prepare(const struct nvdla_config *config, uint32_t seed, void *const *maps)
{
	struct conv_data data;

	conv_data_init(&data, &shape, seed);
	conv_pack_input(config, &shape, &data, maps[INPUT]);
	conv_pack_weights(config, &shape, &data, maps[WEIGHTS]);
	conv_pack_bias(config, &shape, &data, maps[BIAS]);
	conv_data_fini(&data);
}

static size_t wrong(const struct nvdla_config *config, uint32_t seed, void *const *maps)
{
	struct conv_data data;
	size_t count;

	conv_data_init(&data, &shape, seed);
	count = conv_check(config, &shape, &data, maps[OUTPUT]);
	conv_data_fini(&data);

	return count;
}

const struct engine_test conv_engine_test = {
	.name = "convolution with bias",
	.append = append,
	.slots = four_slots,
	.prepare = prepare,
	.wrong = wrong,
};

/* ------------------------------------------------------------------- pixels */

/*
 * One plane of Y and one of U and V, U first, taken as signed bytes: a
 * convolution of three channels.
 */
enum { Y_PLANE, UV_PLANE, PIXEL_WEIGHTS, PIXEL_BIAS, PIXEL_OUTPUT, PIXEL_SLOTS };

static const struct conv_slots pixel_slots = {
	Y_PLANE, PIXEL_WEIGHTS, PIXEL_BIAS, PIXEL_OUTPUT,
};

static const struct conv_shape pixel_shape = {
	.width = 32, .height = 6, .channels = 3, .kernels = 12,
	.kernel_width = 1, .kernel_height = 1, .stride = 1, .pad = 0,
	.bias_shift = 0, .offset = 0, .scale = 61, .shift = 13,
};

static unsigned int pixel_slot_count(const struct nvdla_config *config)
{
	(void)config;

	return PIXEL_SLOTS;
}

static void change(struct builder *b, uint32_t op, enum nvdla_unit unit, __u32 offset,
		   __u32 value)
{
	builder_find_reg(b, op, unit, offset)->value = value;
}

static void pixel_append(struct builder *b)
{
	uint32_t op = conv_append(b, &pixel_shape, &pixel_slots);
	unsigned int entry = b->config->cbuf_bank_width;
	unsigned int entries = (pixel_shape.width * pixel_shape.channels + entry - 1) / entry;

	change(b, op, NVDLA_CDMA, CDMA_D_LINE_STRIDE, pixel_shape.width);
	change(b, op, NVDLA_CDMA, CDMA_D_SURF_STRIDE, 0);
	change(b, op, NVDLA_CDMA, CDMA_D_DAIN_MAP, CDMA_D_DAIN_MAP_LINE_PACKED);
	change(b, op, NVDLA_CDMA, CDMA_D_ENTRY_PER_SLICE, entries - 1);
	change(b, op, NVDLA_CSC, CSC_D_ENTRY_PER_SLICE, entries - 1);
	change(b, op, NVDLA_CDMA, CDMA_D_BANK, 0);
	change(b, op, NVDLA_CSC, CSC_D_BANK, 0);
	builder_reg(b, NVDLA_CDMA, CDMA_D_DATAIN_FORMAT,
		    CDMA_D_DATAIN_FORMAT_DATAIN_FORMAT |
		    FIELD_PREP(CDMA_D_DATAIN_FORMAT_PIXEL_FORMAT,
			       CDMA_D_DATAIN_FORMAT_PIXEL_FORMAT_T_Y8___V8U8_N444) |
		    CDMA_D_DATAIN_FORMAT_PIXEL_SIGN_OVERRIDE);
	builder_reg(b, NVDLA_CDMA, CDMA_D_LINE_UV_STRIDE, 2 * pixel_shape.width);
	builder_reg(b, NVDLA_CSC, CSC_D_DATAIN_FORMAT, CSC_D_DATAIN_FORMAT_DATAIN_FORMAT);
	builder_reloc(b, NVDLA_CDMA, CDMA_D_DAIN_ADDR_LOW_1, UV_PLANE, 0);
}

static void pixel_prepare(const struct nvdla_config *config, uint32_t seed, void *const *maps)
{
	const size_t plane = (size_t)pixel_shape.width * pixel_shape.height;
	int8_t *uv = maps[UV_PLANE];
	struct conv_data data;
	size_t i;

	conv_data_init(&data, &pixel_shape, seed);
	memcpy(maps[Y_PLANE], data.input, plane);
	for (i = 0; i < plane; i++) {
		uv[2 * i] = data.input[plane + i];
		uv[2 * i + 1] = data.input[2 * plane + i];
	}
	conv_pack_weights(config, &pixel_shape, &data, maps[PIXEL_WEIGHTS]);
	conv_pack_bias(config, &pixel_shape, &data, maps[PIXEL_BIAS]);
	conv_data_fini(&data);
}

static size_t pixel_wrong(const struct nvdla_config *config, uint32_t seed, void *const *maps)
{
	struct conv_data data;
	size_t count;

	conv_data_init(&data, &pixel_shape, seed);
	count = conv_check(config, &pixel_shape, &data, maps[PIXEL_OUTPUT]);
	conv_data_fini(&data);

	return count;
}

const struct engine_test image_engine_test = {
	.name = "convolution of two planes of pixels",
	.append = pixel_append,
	.slots = pixel_slot_count,
	.prepare = pixel_prepare,
	.wrong = pixel_wrong,
};
