// SPDX-License-Identifier: MIT
/*
 * Operations for each engine: convolutions of 16-bit integers and floats. The
 * numbers are small integers, which both of them hold exactly, sums included.
 */
#include "conv.h"
#include "engines.h"

enum { INPUT, WEIGHTS, BIAS, OUTPUT, SLOTS };

#define WIDTH		6
#define HEIGHT		5
#define PIXELS		(WIDTH * HEIGHT)
/* One pass of the multipliers: 64 channels into 16 kernels. */
#define CHANNELS	64
#define KERNELS		16

/*
 * Bytes of 16-bit numbers are bytes all the same: with the channels of bytes
 * that take as much room, addresses and strides are those of this shape.
 */
static const struct conv_shape bytes = {
	.width = WIDTH, .height = HEIGHT, .channels = 2 * CHANNELS, .kernels = KERNELS,
	.kernel_width = 1, .kernel_height = 1, .stride = 1, .scale = 1,
};
static const struct conv_slots slots = { INPUT, WEIGHTS, BIAS, OUTPUT };

static unsigned int slot_count(const struct nvdla_config *config)
{
	(void)config;

	return SLOTS;
}

static void change(struct builder *b, uint32_t op, enum nvdla_unit unit, __u32 offset,
		   __u32 value)
{
	builder_find_reg(b, op, unit, offset)->value = value;
}

/* The precisions' numbers are the same in all units. */
static void append(struct builder *b, uint32_t precision)
{
	uint32_t op = conv_append(b, &bytes, &slots);

	change(b, op, NVDLA_CDMA, CDMA_D_DATAIN_SIZE_1, CHANNELS - 1);
	change(b, op, NVDLA_CSC, CSC_D_DATAIN_SIZE_EXT_1, CHANNELS - 1);
	change(b, op, NVDLA_CSC, CSC_D_WEIGHT_SIZE_EXT_1, (KERNELS - 1) << 16 | (CHANNELS - 1));
	builder_reg(b, NVDLA_CDMA, CDMA_D_MISC_CFG,
		    FIELD_PREP(CDMA_D_MISC_CFG_IN_PRECISION, precision) |
		    FIELD_PREP(CDMA_D_MISC_CFG_PROC_PRECISION, precision));
	builder_reg(b, NVDLA_CSC, CSC_D_MISC_CFG,
		    FIELD_PREP(CSC_D_MISC_CFG_IN_PRECISION, precision) |
		    FIELD_PREP(CSC_D_MISC_CFG_PROC_PRECISION, precision));
	builder_reg(b, NVDLA_CMAC_A, CMAC_D_MISC_CFG,
		    FIELD_PREP(CMAC_D_MISC_CFG_PROC_PRECISION, precision));
	builder_reg(b, NVDLA_CMAC_B, CMAC_D_MISC_CFG,
		    FIELD_PREP(CMAC_D_MISC_CFG_PROC_PRECISION, precision));
	builder_reg(b, NVDLA_CACC, CACC_D_MISC_CFG,
		    FIELD_PREP(CACC_D_MISC_CFG_PROC_PRECISION, precision));
	change(b, op, NVDLA_SDP_RDMA, SDP_RDMA_D_FEATURE_MODE_CFG,
	       SDP_RDMA_D_FEATURE_MODE_CFG_FLYING_MODE |
	       FIELD_PREP(SDP_RDMA_D_FEATURE_MODE_CFG_IN_PRECISION, precision) |
	       FIELD_PREP(SDP_RDMA_D_FEATURE_MODE_CFG_PROC_PRECISION, precision) |
	       FIELD_PREP(SDP_RDMA_D_FEATURE_MODE_CFG_OUT_PRECISION, precision));
	builder_reg(b, NVDLA_SDP, SDP_D_DATA_FORMAT,
		    FIELD_PREP(SDP_D_DATA_FORMAT_PROC_PRECISION, precision) |
		    FIELD_PREP(SDP_D_DATA_FORMAT_OUT_PRECISION, precision));
}

static void append_int16(struct builder *b)
{
	append(b, CDMA_D_MISC_CFG_IN_PRECISION_INT16);
}

static void append_fp16(struct builder *b)
{
	append(b, CDMA_D_MISC_CFG_IN_PRECISION_FP16);
}

/* A small integer in half precision. */
static uint16_t half(int value)
{
	unsigned int magnitude = value < 0 ? -value : value, exponent = 25;

	if (!value)
		return 0;
	while (magnitude < 1024) {
		magnitude <<= 1;
		exponent--;
	}
	return (value < 0) << 15 | exponent << 10 | (magnitude & 1023);
}

/* Numbers of a seed: inputs by pixel, weights by kernel, channel fastest; biases. */
struct tensors {
	int8_t input[PIXELS][CHANNELS], weights[KERNELS][CHANNELS], bias[KERNELS];
};

static void make(struct tensors *tensors, uint32_t seed)
{
	int8_t *value = (int8_t *)tensors;
	size_t i;

	fill_random(value, sizeof(*tensors), seed);
	for (i = 0; i < sizeof(*tensors); i++)
		value[i] /= 32;
}

static void prepare(const struct nvdla_config *config, uint32_t seed, void *const *maps,
		    uint16_t (*number)(int value))
{
	uint16_t *input = maps[INPUT], *weights = maps[WEIGHTS], *bias = maps[BIAS];
	const unsigned int atom = config->atomic_m / 2;
	struct tensors tensors;
	unsigned int p, c, k;

	make(&tensors, seed);
	for (p = 0; p < PIXELS; p++) {
		for (c = 0; c < CHANNELS; c++)
			input[(c / atom * PIXELS + p) * atom + c % atom] =
				number(tensors.input[p][c]);
	}
	for (k = 0; k < KERNELS; k++) {
		bias[k] = number(tensors.bias[k]);
		for (c = 0; c < CHANNELS; c++)
			weights[k * CHANNELS + c] = number(tensors.weights[k][c]);
	}
}

static size_t wrong(const struct nvdla_config *config, uint32_t seed, void *const *maps,
		    uint16_t (*number)(int value))
{
	const unsigned int atom = config->atomic_m / 2;
	const uint16_t *output = maps[OUTPUT];
	struct tensors tensors;
	unsigned int p, c, k;
	size_t count = 0;

	make(&tensors, seed);
	for (p = 0; p < PIXELS; p++) {
		for (k = 0; k < KERNELS; k++) {
			int sum = tensors.bias[k];

			for (c = 0; c < CHANNELS; c++)
				sum += tensors.input[p][c] * tensors.weights[k][c];
			count += output[(k / atom * PIXELS + p) * atom + k % atom] !=
				 number(sum < 0 ? 0 : sum);
		}
	}

	return 2 * count;
}

static uint16_t integer(int value)
{
	return value;
}

static void prepare_int16(const struct nvdla_config *config, uint32_t seed, void *const *maps)
{
	prepare(config, seed, maps, integer);
}

static size_t wrong_int16(const struct nvdla_config *config, uint32_t seed, void *const *maps)
{
	return wrong(config, seed, maps, integer);
}

static void prepare_fp16(const struct nvdla_config *config, uint32_t seed, void *const *maps)
{
	prepare(config, seed, maps, half);
}

static size_t wrong_fp16(const struct nvdla_config *config, uint32_t seed, void *const *maps)
{
	return wrong(config, seed, maps, half);
}

const struct engine_test conv_int16_engine_test = {
	.name = "convolution of 16-bit integers",
	.features = NVDLA_FEAT_INT16,
	.append = append_int16,
	.slots = slot_count,
	.prepare = prepare_int16,
	.wrong = wrong_int16,
};

const struct engine_test conv_fp16_engine_test = {
	.name = "convolution of half floats",
	.features = NVDLA_FEAT_FP16,
	.append = append_fp16,
	.slots = slot_count,
	.prepare = prepare_fp16,
	.wrong = wrong_fp16,
};
