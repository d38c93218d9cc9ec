// SPDX-License-Identifier: MIT
/*
 * One INT8 convolution with bias, requantisation and ReLU. Layouts and
 * registers as in the hardware manual (programming guide and data formats).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conv.h"

static unsigned int divide_up(unsigned int n, unsigned int d)
{
	return (n + d - 1) / d;
}

unsigned int conv_out_width(const struct conv_shape *shape)
{
	return (shape->width + 2 * shape->pad - shape->kernel_width) / shape->stride + 1;
}

unsigned int conv_out_height(const struct conv_shape *shape)
{
	return (shape->height + 2 * shape->pad - shape->kernel_height) / shape->stride + 1;
}

static unsigned int kernel_bytes(const struct conv_shape *shape)
{
	return shape->channels * shape->kernel_width * shape->kernel_height;
}

void conv_sizes(const struct nvdla_config *config, const struct conv_shape *shape,
		struct conv_sizes *sizes)
{
	unsigned int atom = config->atomic_m, entry = config->cbuf_bank_width;

	sizes->input = (size_t)divide_up(shape->channels, atom) * atom * shape->width *
		       shape->height;
	sizes->weights = divide_up(shape->kernels * kernel_bytes(shape), entry) * entry;
	sizes->bias = (size_t)divide_up(shape->kernels, atom) * atom * 2;
	sizes->output = (size_t)divide_up(shape->kernels, atom) * atom * conv_out_width(shape) *
			conv_out_height(shape);
}

/* CBUF entries of an input line: full ones column by column, the rest packed. */
static unsigned int entries_per_slice(const struct nvdla_config *config,
				      const struct conv_shape *shape)
{
	unsigned int per = config->cbuf_bank_width / config->atomic_m;
	unsigned int atoms = divide_up(shape->channels, config->atomic_m);
	unsigned int rest = atoms % per == 3 ? 4 : atoms % per;

	return atoms / per * shape->width + divide_up(rest * shape->width, per);
}

static unsigned int data_banks(const struct nvdla_config *config, const struct conv_shape *shape)
{
	return divide_up(entries_per_slice(config, shape) * shape->height,
			 config->cbuf_bank_depth);
}

static unsigned int weight_banks(const struct nvdla_config *config,
				 const struct conv_shape *shape)
{
	struct conv_sizes sizes;

	conv_sizes(config, shape, &sizes);

	return divide_up(sizes.weights, config->cbuf_bank_width * config->cbuf_bank_depth);
}

bool conv_fits(const struct nvdla_config *config, const struct conv_shape *shape)
{
	return data_banks(config, shape) + weight_banks(config, shape) <= config->cbuf_banks;
}

/* Two sizes in the halves of a word, both stored less one. */
static __u32 pair(unsigned int low, unsigned int high)
{
	return (low - 1) | (high - 1) << 16;
}

static void append_core(struct builder *b, const struct conv_shape *shape)
{
	const struct nvdla_config *config = b->config;
	unsigned int atom = config->atomic_m;
	unsigned int out_width = conv_out_width(shape), out_height = conv_out_height(shape);
	__u32 banks = pair(data_banks(config, shape), weight_banks(config, shape));
	__u32 entries = entries_per_slice(config, shape) - 1;
	__u32 strides = pair(shape->stride, shape->stride);
	struct conv_sizes sizes;

	conv_sizes(config, shape, &sizes);

	builder_reg(b, NVDLA_CDMA, CDMA_D_DATAIN_SIZE_0, pair(shape->width, shape->height));
	builder_reg(b, NVDLA_CDMA, CDMA_D_DATAIN_SIZE_1, shape->channels - 1);
	builder_reg(b, NVDLA_CDMA, CDMA_D_DATAIN_SIZE_EXT_0, pair(shape->width, shape->height));
	builder_reg(b, NVDLA_CDMA, CDMA_D_LINE_STRIDE, shape->width * atom);
	builder_reg(b, NVDLA_CDMA, CDMA_D_SURF_STRIDE, shape->width * shape->height * atom);
	builder_reg(b, NVDLA_CDMA, CDMA_D_DAIN_MAP,
		    CDMA_D_DAIN_MAP_LINE_PACKED | CDMA_D_DAIN_MAP_SURF_PACKED);
	builder_reg(b, NVDLA_CDMA, CDMA_D_ENTRY_PER_SLICE, entries);
	builder_reg(b, NVDLA_CDMA, CDMA_D_WEIGHT_SIZE_0, kernel_bytes(shape) - 1);
	builder_reg(b, NVDLA_CDMA, CDMA_D_WEIGHT_SIZE_1, shape->kernels - 1);
	builder_reg(b, NVDLA_CDMA, CDMA_D_WEIGHT_BYTES, sizes.weights);
	builder_reg(b, NVDLA_CDMA, CDMA_D_CVT_SCALE, 1);
	builder_reg(b, NVDLA_CDMA, CDMA_D_CONV_STRIDE, strides);
	builder_reg(b, NVDLA_CDMA, CDMA_D_ZERO_PADDING,
		    FIELD_PREP(CDMA_D_ZERO_PADDING_PAD_LEFT, shape->pad) |
		    FIELD_PREP(CDMA_D_ZERO_PADDING_PAD_RIGHT, shape->pad) |
		    FIELD_PREP(CDMA_D_ZERO_PADDING_PAD_TOP, shape->pad) |
		    FIELD_PREP(CDMA_D_ZERO_PADDING_PAD_BOTTOM, shape->pad));
	builder_reg(b, NVDLA_CDMA, CDMA_D_BANK, banks);

	builder_reg(b, NVDLA_CSC, CSC_D_DATAIN_SIZE_EXT_0, pair(shape->width, shape->height));
	builder_reg(b, NVDLA_CSC, CSC_D_DATAIN_SIZE_EXT_1, shape->channels - 1);
	builder_reg(b, NVDLA_CSC, CSC_D_ENTRY_PER_SLICE, entries);
	builder_reg(b, NVDLA_CSC, CSC_D_WEIGHT_SIZE_EXT_0,
		    pair(shape->kernel_width, shape->kernel_height));
	builder_reg(b, NVDLA_CSC, CSC_D_WEIGHT_SIZE_EXT_1, pair(shape->channels, shape->kernels));
	builder_reg(b, NVDLA_CSC, CSC_D_WEIGHT_BYTES, sizes.weights);
	builder_reg(b, NVDLA_CSC, CSC_D_DATAOUT_SIZE_0, pair(out_width, out_height));
	builder_reg(b, NVDLA_CSC, CSC_D_DATAOUT_SIZE_1, shape->kernels - 1);
	builder_reg(b, NVDLA_CSC, CSC_D_ATOMICS, out_width * out_height - 1);
	builder_reg(b, NVDLA_CSC, CSC_D_RELEASE, shape->height - 1);
	builder_reg(b, NVDLA_CSC, CSC_D_CONV_STRIDE_EXT, strides);
	builder_reg(b, NVDLA_CSC, CSC_D_ZERO_PADDING,
		    FIELD_PREP(CSC_D_ZERO_PADDING_PAD_LEFT, shape->pad) |
		    FIELD_PREP(CSC_D_ZERO_PADDING_PAD_TOP, shape->pad));
	builder_reg(b, NVDLA_CSC, CSC_D_BANK, banks);

	builder_reg(b, NVDLA_CACC, CACC_D_DATAOUT_SIZE_0, pair(out_width, out_height));
	builder_reg(b, NVDLA_CACC, CACC_D_DATAOUT_SIZE_1, shape->kernels - 1);
	builder_reg(b, NVDLA_CACC, CACC_D_LINE_STRIDE, out_width * atom);
	builder_reg(b, NVDLA_CACC, CACC_D_SURF_STRIDE, out_width * out_height * atom);
	builder_reg(b, NVDLA_CACC, CACC_D_DATAOUT_MAP,
		    CACC_D_DATAOUT_MAP_LINE_PACKED | CACC_D_DATAOUT_MAP_SURF_PACKED);
}

static void append_sdp(struct builder *b, const struct conv_shape *shape)
{
	unsigned int out_width = conv_out_width(shape), out_height = conv_out_height(shape);
	unsigned int atom = b->config->atomic_m;

	builder_reg(b, NVDLA_SDP_RDMA, SDP_RDMA_D_DATA_CUBE_WIDTH, out_width - 1);
	builder_reg(b, NVDLA_SDP_RDMA, SDP_RDMA_D_DATA_CUBE_HEIGHT, out_height - 1);
	builder_reg(b, NVDLA_SDP_RDMA, SDP_RDMA_D_DATA_CUBE_CHANNEL, shape->kernels - 1);
	builder_reg(b, NVDLA_SDP_RDMA, SDP_RDMA_D_BRDMA_CFG,
		    FIELD_PREP(SDP_RDMA_D_BRDMA_CFG_BRDMA_DATA_USE,
			       SDP_RDMA_D_BRDMA_CFG_BRDMA_DATA_USE_ALU) |
		    SDP_RDMA_D_BRDMA_CFG_BRDMA_DATA_SIZE);
	builder_reg(b, NVDLA_SDP_RDMA, SDP_RDMA_D_NRDMA_CFG,
		    SDP_RDMA_D_NRDMA_CFG_NRDMA_DISABLE);
	builder_reg(b, NVDLA_SDP_RDMA, SDP_RDMA_D_ERDMA_CFG,
		    SDP_RDMA_D_ERDMA_CFG_ERDMA_DISABLE);
	builder_reg(b, NVDLA_SDP_RDMA, SDP_RDMA_D_FEATURE_MODE_CFG,
		    SDP_RDMA_D_FEATURE_MODE_CFG_FLYING_MODE);

	builder_reg(b, NVDLA_SDP, SDP_D_DATA_CUBE_WIDTH, out_width - 1);
	builder_reg(b, NVDLA_SDP, SDP_D_DATA_CUBE_HEIGHT, out_height - 1);
	builder_reg(b, NVDLA_SDP, SDP_D_DATA_CUBE_CHANNEL, shape->kernels - 1);
	builder_reg(b, NVDLA_SDP, SDP_D_DST_LINE_STRIDE, out_width * atom);
	builder_reg(b, NVDLA_SDP, SDP_D_DST_SURFACE_STRIDE, out_width * out_height * atom);
	builder_reg(b, NVDLA_SDP, SDP_D_DP_BS_CFG,
		    FIELD_PREP(SDP_D_DP_BS_CFG_BS_ALU_ALGO, SDP_D_DP_BS_CFG_BS_ALU_ALGO_SUM) |
		    SDP_D_DP_BS_CFG_BS_MUL_BYPASS);
	builder_reg(b, NVDLA_SDP, SDP_D_DP_BS_ALU_CFG,
		    SDP_D_DP_BS_ALU_CFG_BS_ALU_SRC |
		    FIELD_PREP(SDP_D_DP_BS_ALU_CFG_BS_ALU_SHIFT_VALUE, shape->bias_shift));
	builder_reg(b, NVDLA_SDP, SDP_D_DP_BN_CFG,
		    SDP_D_DP_BN_CFG_BN_BYPASS | SDP_D_DP_BN_CFG_BN_ALU_BYPASS |
		    SDP_D_DP_BN_CFG_BN_MUL_BYPASS | SDP_D_DP_BN_CFG_BN_RELU_BYPASS);
	builder_reg(b, NVDLA_SDP, SDP_D_DP_EW_CFG,
		    SDP_D_DP_EW_CFG_EW_BYPASS | SDP_D_DP_EW_CFG_EW_ALU_BYPASS |
		    SDP_D_DP_EW_CFG_EW_MUL_BYPASS | SDP_D_DP_EW_CFG_EW_LUT_BYPASS);
	builder_reg(b, NVDLA_SDP, SDP_D_FEATURE_MODE_CFG, SDP_D_FEATURE_MODE_CFG_FLYING_MODE);
	builder_reg(b, NVDLA_SDP, SDP_D_CVT_OFFSET, shape->offset);
	builder_reg(b, NVDLA_SDP, SDP_D_CVT_SCALE, (uint16_t)shape->scale);
	builder_reg(b, NVDLA_SDP, SDP_D_CVT_SHIFT, shape->shift);
}

uint32_t conv_append(struct builder *b, const struct conv_shape *shape,
		     const struct conv_slots *slots)
{
	uint32_t op = builder_op(b, DRM_NVDLA_ENGINE_CONV | DRM_NVDLA_ENGINE_SDP);

	append_core(b, shape);
	append_sdp(b, shape);
	builder_reloc(b, NVDLA_CDMA, CDMA_D_DAIN_ADDR_LOW_0, slots->input, 0);
	builder_reloc(b, NVDLA_CDMA, CDMA_D_WEIGHT_ADDR_LOW, slots->weights, 0);
	builder_reloc(b, NVDLA_SDP_RDMA, SDP_RDMA_D_BS_BASE_ADDR_LOW, slots->bias, 0);
	builder_reloc(b, NVDLA_SDP, SDP_D_DST_BASE_ADDR_LOW, slots->output, 0);

	return op;
}

/* ------------------------------------------------------------------ tensors */

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;

	return *state;
}

static void *allocate(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	if (!memory) {
		perror("conv");
		exit(2);
	}

	return memory;
}

/* To nearest, halves away from zero. */
static int64_t shift_right(int64_t value, unsigned int shift)
{
	int64_t half = shift ? INT64_C(1) << (shift - 1) : 0;

	return value < 0 ? -((-value + half) >> shift) : (value + half) >> shift;
}

static int8_t one_output(const struct conv_data *data, const struct conv_shape *shape,
			 unsigned int k, unsigned int out_y, unsigned int out_x)
{
	int64_t sum = 0;
	unsigned int c, r, s;

	for (c = 0; c < shape->channels; c++) {
		for (r = 0; r < shape->kernel_height; r++) {
			for (s = 0; s < shape->kernel_width; s++) {
				int y = (int)(out_y * shape->stride + r) - (int)shape->pad;
				int x = (int)(out_x * shape->stride + s) - (int)shape->pad;

				if (y < 0 || x < 0 || y >= (int)shape->height ||
				    x >= (int)shape->width)
					continue;
				sum += data->input[(c * shape->height + y) * shape->width + x] *
				       data->weights[((k * shape->channels + c) *
						      shape->kernel_height + r) *
						     shape->kernel_width + s];
			}
		}
	}
	sum += (int64_t)data->bias[k] * (INT64_C(1) << shape->bias_shift);
	if (sum < 0)
		sum = 0;
	sum = shift_right((sum - shape->offset) * shape->scale, shape->shift);

	return sum > INT8_MAX ? INT8_MAX : sum < INT8_MIN ? INT8_MIN : sum;
}

void conv_data_init(struct conv_data *data, const struct conv_shape *shape, uint32_t seed)
{
	unsigned int out_width = conv_out_width(shape), out_height = conv_out_height(shape);
	size_t inputs = (size_t)shape->channels * shape->width * shape->height;
	size_t weights = (size_t)shape->kernels * kernel_bytes(shape);
	uint32_t state = seed * 2654435761u | 1;
	unsigned int k, y, x;
	size_t i;

	data->input = allocate(inputs, sizeof(*data->input));
	data->weights = allocate(weights, sizeof(*data->weights));
	data->bias = allocate(shape->kernels, sizeof(*data->bias));
	data->output = allocate((size_t)shape->kernels * out_width * out_height,
				sizeof(*data->output));
	for (i = 0; i < inputs; i++)
		data->input[i] = next_random(&state) >> 24;
	for (i = 0; i < weights; i++)
		data->weights[i] = next_random(&state) >> 24;
	for (i = 0; i < shape->kernels; i++)
		data->bias[i] = next_random(&state) >> 16;

	i = 0;
	for (k = 0; k < shape->kernels; k++) {
		for (y = 0; y < out_height; y++) {
			for (x = 0; x < out_width; x++)
				data->output[i++] = one_output(data, shape, k, y, x);
		}
	}
}

void conv_data_fini(struct conv_data *data)
{
	free(data->input);
	free(data->weights);
	free(data->bias);
	free(data->output);
}

/* Feature layout: surfaces of @atom channels; in a surface line by line, each
 * element with its @atom channels. */
static size_t feature_index(unsigned int atom, unsigned int width, unsigned int height,
			    unsigned int c, unsigned int y, unsigned int x)
{
	return (((size_t)(c / atom) * height + y) * width + x) * atom + c % atom;
}

void conv_pack_input(const struct nvdla_config *config, const struct conv_shape *shape,
		     const struct conv_data *data, void *dst)
{
	const int8_t *src = data->input;
	struct conv_sizes sizes;
	unsigned int c, y, x;
	int8_t *out = dst;

	conv_sizes(config, shape, &sizes);
	memset(dst, 0, sizes.input);
	for (c = 0; c < shape->channels; c++) {
		for (y = 0; y < shape->height; y++) {
			for (x = 0; x < shape->width; x++)
				out[feature_index(config->atomic_m, shape->width, shape->height,
						  c, y, x)] = *src++;
		}
	}
}

/*
 * Kernel groups one after the other. In a group, blocks of channels that are
 * multiplied at once; in a block line by line, column by column, and for each
 * the block's channels of every kernel of the group.
 */
void conv_pack_weights(const struct nvdla_config *config, const struct conv_shape *shape,
		       const struct conv_data *data, void *dst)
{
	unsigned int group, block, r, s, k, c;
	struct conv_sizes sizes;
	int8_t *out = dst;

	conv_sizes(config, shape, &sizes);
	memset(dst, 0, sizes.weights);
	for (group = 0; group < shape->kernels; group += config->atomic_k)
	for (block = 0; block < shape->channels; block += config->atomic_c)
	for (r = 0; r < shape->kernel_height; r++)
	for (s = 0; s < shape->kernel_width; s++)
	for (k = group; k < group + config->atomic_k && k < shape->kernels; k++)
	for (c = block; c < block + config->atomic_c && c < shape->channels; c++)
		*out++ = data->weights[((k * shape->channels + c) * shape->kernel_height + r) *
				       shape->kernel_width + s];
}

void conv_pack_bias(const struct nvdla_config *config, const struct conv_shape *shape,
		    const struct conv_data *data, void *dst)
{
	struct conv_sizes sizes;

	conv_sizes(config, shape, &sizes);
	memset(dst, 0, sizes.bias);
	memcpy(dst, data->bias, shape->kernels * sizeof(*data->bias));
}

size_t conv_check(const struct nvdla_config *config, const struct conv_shape *shape,
		  const struct conv_data *data, const void *output)
{
	unsigned int width = conv_out_width(shape), height = conv_out_height(shape);
	const int8_t *expected = data->output, *got = output;
	unsigned int k, y, x;
	size_t wrong = 0;

	for (k = 0; k < shape->kernels; k++) {
		for (y = 0; y < height; y++) {
			for (x = 0; x < width; x++)
				wrong += got[feature_index(config->atomic_m, width, height, k, y,
							   x)] != *expected++;
		}
	}

	return wrong;
}
