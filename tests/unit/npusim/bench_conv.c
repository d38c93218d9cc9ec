// SPDX-License-Identifier: MIT
/*
 * Convolutions for tests: as register programs, and as the nested loops that
 * define them.
 */
#include <string.h>

#include "bench_host.h"

#define UP(a, b)	(((a) + (b) - 1) / (b))

static unsigned int samples_of(const struct bench_conv *conv)
{
	if (conv->format < 0)
		return conv->channels;
	return conv->format < 6 ? 1 : conv->format >= 28 ? 3 : 4;
}

/* Four samples in 32 bits. */
static bool is_packed(const struct bench_conv *conv)
{
	return conv->format >= 20 && conv->format < 26;
}

/* Samples of more than 8 bits. */
static bool is_deep(const struct bench_conv *conv)
{
	return (conv->format > 0 && conv->format < 12) || is_packed(conv) || conv->format >= 30;
}

static unsigned int pixel_bytes(const struct bench_conv *conv)
{
	unsigned int size = is_deep(conv) && !is_packed(conv) ? 2 : 1;

	return conv->format < 6 || conv->format >= 28 ? size : 4 * size;
}

static unsigned int bytes_of(const struct bench_conv *conv)
{
	return conv->precision ? 2 : 1;
}

int bench_conv_place(struct bench *bench, struct bench_conv *conv)
{
	const struct nvdla_config *config = bench->config;
	unsigned int atom = config->atomic_m, width = config->cbuf_bank_width;
	unsigned int depth = config->cbuf_bank_depth, c = samples_of(conv), e = bytes_of(conv);
	unsigned int k = config->atomic_k / e;
	uint32_t per_kernel, group, span;

	span = conv->left + conv->width + conv->right;
	if (span < (conv->s - 1) * conv->dil_x + 1 ||
	    (span - (conv->s - 1) * conv->dil_x - 1) % conv->stride_x)
		return -1;
	conv->out_width = (span - (conv->s - 1) * conv->dil_x - 1) / conv->stride_x + 1;
	span = conv->top + conv->height + conv->bottom;
	if (span < (conv->r - 1) * conv->dil_y + 1 ||
	    (span - (conv->r - 1) * conv->dil_y - 1) % conv->stride_y)
		return -1;
	conv->out_height = (span - (conv->r - 1) * conv->dil_y - 1) / conv->stride_y + 1;

	if (conv->format >= 0) {
		conv->entries = UP((conv->left + conv->width + conv->right) * c * e, width);
		conv->line_stride = UP((conv->width + conv->x_offset) * pixel_bytes(conv), atom) *
				    atom;
		conv->uv_stride = UP((conv->width + conv->x_offset) * 2 * pixel_bytes(conv), atom) * atom;
	} else {
		unsigned int atoms = UP(c * e, atom), per = width / atom, rest = atoms % per, share;

		for (share = 1; rest && rest * share * 2 <= per;)
			share *= 2;
		conv->entries = atoms / per * conv->width + (rest ? UP(conv->width, share) : 0);
		conv->line_stride = conv->width * atom;
		conv->surf_stride = conv->line_stride * conv->height;
		conv->batch_stride = conv->surf_stride * atoms + (conv->batches ? atom : 0);
	}
	per_kernel = c * conv->r * conv->s * e;
	conv->weight_bytes = UP(per_kernel * conv->kernels, width) * width;
	group = UP(per_kernel * (conv->kernels < k ? conv->kernels : k), width * depth);
	conv->data_banks = UP(conv->entries * conv->height * (conv->batches + 1), depth);
	if (conv->data_banks + group > config->cbuf_banks)
		return -1;
	conv->weight_banks = config->cbuf_banks - conv->data_banks;
	conv->out_line = conv->out_width * atom;
	/* SDP writes batches in steps of 64 bytes. */
	if (conv->batches && conv->out_line % 64)
		return -1;
	conv->out_surf = conv->out_line * conv->out_height;
	conv->out_bytes = conv->out_surf * UP(conv->kernels * e, atom) * (conv->batches + 1);
	if (!conv->in) {
		conv->in = bench_alloc(bench, conv->format >= 0 ? conv->line_stride * conv->height :
				       conv->batch_stride * (conv->batches + 1));
		conv->in_uv = conv->format >= 28 ?
			      bench_alloc(bench, conv->uv_stride * conv->height) : 0;
		if (!conv->in || (conv->format >= 28 && !conv->in_uv))
			return -1;
	}
	if (!conv->weights)
		conv->weights = bench_alloc(bench, conv->weight_bytes);
	conv->out = bench_alloc(bench, conv->out_bytes);

	return conv->weights && conv->out ? 0 : -1;
}

void bench_conv_compress(struct bench *bench, struct bench_conv *conv)
{
	const uint32_t width = bench->config->cbuf_bank_width, k = bench->config->atomic_k;
	const uint32_t per_kernel = samples_of(conv) * conv->r * conv->s;
	const uint32_t count = per_kernel * conv->kernels;
	uint8_t *dense, *weights, *masks, *sizes;
	uint32_t i, used = 0, group = 0, begin = 0;

	conv->dense = conv->weights;
	conv->weights = bench_alloc(bench, conv->weight_bytes);
	conv->mask_bytes = UP(UP(count, 8), width) * width;
	conv->masks = bench_alloc(bench, conv->mask_bytes);
	conv->sizes = bench_alloc(bench, 4 * UP(conv->kernels, k) + 64);
	dense = bench_at(bench, conv->dense);
	weights = bench_at(bench, conv->weights);
	masks = bench_at(bench, conv->masks);
	sizes = bench_at(bench, conv->sizes);
	memset(masks, 0, conv->mask_bytes);
	for (i = 0; i < count; i++) {
		if (bench_random(bench, 2))
			dense[i] = 0;
		if (dense[i]) {
			masks[i / 8] |= (uint8_t)(1u << i % 8);
			weights[used++] = dense[i];
		}
		if (i + 1 == count || (i + 1) % (per_kernel * k) == 0) {
			uint32_t bytes = used - begin;

			memcpy(sizes + 4 * group++, &bytes, 4);
			begin = used;
		}
	}
	conv->weight_bytes = UP(used ? used : 1, width) * width;
	conv->weight_banks--;
}

void bench_conv_program(struct bench *bench, const struct bench_conv *conv, unsigned int group)
{
	unsigned int c = samples_of(conv), image = conv->format >= 0;
	uint32_t misc = (uint32_t)conv->reuse_data << 16 | (uint32_t)conv->reuse_weight << 20 |
			(uint32_t)conv->skip_data << 24 | (uint32_t)conv->skip_weight << 28;
	uint32_t bank = (conv->data_banks - 1) | (conv->weight_banks - 1) << 16;
	uint32_t precision = conv->precision << 12;
	const struct bench_reg regs[] = {
		{ NVDLA_SDP, SDP_S_POINTER, group },
		{ NVDLA_SDP, SDP_D_DATA_CUBE_WIDTH, conv->out_width - 1 },
		{ NVDLA_SDP, SDP_D_DATA_CUBE_HEIGHT, conv->out_height - 1 },
		{ NVDLA_SDP, SDP_D_DATA_CUBE_CHANNEL, conv->kernels - 1 },
		{ NVDLA_SDP, SDP_D_DST_BASE_ADDR_LOW, (uint32_t)conv->out },
		{ NVDLA_SDP, SDP_D_DST_BASE_ADDR_HIGH, 0 },
		{ NVDLA_SDP, SDP_D_DST_LINE_STRIDE, conv->out_line },
		{ NVDLA_SDP, SDP_D_DST_SURFACE_STRIDE, conv->out_surf },
		{ NVDLA_SDP, SDP_D_DP_BS_CFG, 1 },
		{ NVDLA_SDP, SDP_D_DP_BN_CFG, 1 },
		{ NVDLA_SDP, SDP_D_DP_EW_CFG, 1 },
		{ NVDLA_SDP, SDP_D_FEATURE_MODE_CFG, 1 | conv->batches << 8 },
		{ NVDLA_SDP, SDP_D_DST_BATCH_STRIDE, conv->out_bytes / (conv->batches + 1) },
		{ NVDLA_SDP, SDP_D_DST_DMA_CFG, 1 },
		{ NVDLA_SDP, SDP_D_DATA_FORMAT, conv->precision | conv->precision << 2 },
		{ NVDLA_SDP, SDP_D_CVT_OFFSET, 0 },
		{ NVDLA_SDP, SDP_D_CVT_SCALE, 1 },
		{ NVDLA_SDP, SDP_D_CVT_SHIFT, conv->shift },
		{ NVDLA_CDMA, CDMA_S_POINTER, group },
		{ NVDLA_CDMA, CDMA_D_MISC_CFG, misc | precision |
		  (image ? is_deep(conv) : conv->precision) << 8 },
		{ NVDLA_CDMA, CDMA_D_DATAIN_FORMAT, image | (image ? (uint32_t)conv->format << 8 : 0) |
		  (uint32_t)conv->is_signed << 20 },
		{ NVDLA_CDMA, CDMA_D_DATAIN_SIZE_0, (conv->width - 1) |
		  ((conv->fetch_height ? conv->fetch_height : conv->height) - 1) << 16 },
		{ NVDLA_CDMA, CDMA_D_DATAIN_SIZE_1, c - 1 },
		{ NVDLA_CDMA, CDMA_D_PIXEL_OFFSET, conv->x_offset },
		{ NVDLA_CDMA, CDMA_D_DAIN_RAM_TYPE, 1 },
		{ NVDLA_CDMA, CDMA_D_DAIN_ADDR_LOW_0, (uint32_t)(conv->fetch ? conv->fetch : conv->in) },
		{ NVDLA_CDMA, CDMA_D_DAIN_ADDR_LOW_1, (uint32_t)conv->in_uv },
		{ NVDLA_CDMA, CDMA_D_LINE_STRIDE, conv->line_stride },
		{ NVDLA_CDMA, CDMA_D_LINE_UV_STRIDE, conv->uv_stride },
		{ NVDLA_CDMA, CDMA_D_SURF_STRIDE, conv->surf_stride },
		{ NVDLA_CDMA, CDMA_D_DAIN_MAP, !image },
		{ NVDLA_CDMA, CDMA_D_BATCH_NUMBER, conv->batches },
		{ NVDLA_CDMA, CDMA_D_BATCH_STRIDE, conv->batch_stride },
		{ NVDLA_CDMA, CDMA_D_ENTRY_PER_SLICE, conv->entries - 1 },
		{ NVDLA_CDMA, CDMA_D_FETCH_GRAIN, 0 },
		{ NVDLA_CDMA, CDMA_D_WEIGHT_FORMAT, conv->dense != 0 },
		{ NVDLA_CDMA, CDMA_D_WMB_ADDR_LOW, (uint32_t)conv->masks },
		{ NVDLA_CDMA, CDMA_D_WMB_BYTES, conv->mask_bytes },
		{ NVDLA_CDMA, CDMA_D_WGS_ADDR_LOW, (uint32_t)conv->sizes },
		{ NVDLA_CDMA, CDMA_D_WEIGHT_SIZE_0, c * conv->r * conv->s * bytes_of(conv) - 1 },
		{ NVDLA_CDMA, CDMA_D_WEIGHT_SIZE_1, conv->kernels - 1 },
		{ NVDLA_CDMA, CDMA_D_WEIGHT_RAM_TYPE, 1 },
		{ NVDLA_CDMA, CDMA_D_WEIGHT_ADDR_LOW, (uint32_t)conv->weights },
		{ NVDLA_CDMA, CDMA_D_WEIGHT_BYTES, conv->weight_bytes },
		{ NVDLA_CDMA, CDMA_D_MEAN_FORMAT, conv->mean },
		{ NVDLA_CDMA, CDMA_D_MEAN_GLOBAL_0, (conv->means[0] & 0xffff) |
		  (uint32_t)conv->means[1] << 16 },
		{ NVDLA_CDMA, CDMA_D_MEAN_GLOBAL_1, (conv->means[2] & 0xffff) |
		  (uint32_t)conv->means[3] << 16 },
		{ NVDLA_CDMA, CDMA_D_CVT_CFG, conv->convert | conv->cvt_truncate << 4 },
		{ NVDLA_CDMA, CDMA_D_CVT_OFFSET, conv->offset & 0xffff },
		{ NVDLA_CDMA, CDMA_D_CVT_SCALE, conv->scale & 0xffff },
		{ NVDLA_CDMA, CDMA_D_CONV_STRIDE, (conv->stride_x - 1) | (conv->stride_y - 1) << 16 },
		{ NVDLA_CDMA, CDMA_D_ZERO_PADDING, conv->left | conv->right << 8 |
		  conv->top << 16 | conv->bottom << 24 },
		{ NVDLA_CDMA, CDMA_D_ZERO_PADDING_VALUE, conv->pad & 0xffff },
		{ NVDLA_CDMA, CDMA_D_BANK, bank },
		{ NVDLA_CSC, CSC_S_POINTER, group },
		{ NVDLA_CSC, CSC_D_MISC_CFG, misc | precision | conv->precision << 8 },
		{ NVDLA_CSC, CSC_D_DATAIN_FORMAT, image },
		{ NVDLA_CSC, CSC_D_DATAIN_SIZE_EXT_0, (conv->width - 1) | (conv->height - 1) << 16 },
		{ NVDLA_CSC, CSC_D_DATAIN_SIZE_EXT_1, c - 1 },
		{ NVDLA_CSC, CSC_D_BATCH_NUMBER, conv->batches },
		{ NVDLA_CSC, CSC_D_POST_Y_EXTENSION, 0 },
		{ NVDLA_CSC, CSC_D_ENTRY_PER_SLICE, conv->entries - 1 },
		{ NVDLA_CSC, CSC_D_WEIGHT_FORMAT, conv->dense != 0 },
		{ NVDLA_CSC, CSC_D_WMB_BYTES, conv->mask_bytes },
		{ NVDLA_CSC, CSC_D_WEIGHT_SIZE_EXT_0, (image ? 0 : conv->s - 1) | (conv->r - 1) << 16 },
		{ NVDLA_CSC, CSC_D_WEIGHT_SIZE_EXT_1, (image ? c * conv->s - 1 : c - 1) |
		  (conv->kernels - 1) << 16 },
		{ NVDLA_CSC, CSC_D_WEIGHT_BYTES, conv->weight_bytes },
		{ NVDLA_CSC, CSC_D_DATAOUT_SIZE_0, (conv->out_width - 1) | (conv->out_height - 1) << 16 },
		{ NVDLA_CSC, CSC_D_DATAOUT_SIZE_1, conv->kernels - 1 },
		{ NVDLA_CSC, CSC_D_ATOMICS, conv->out_width * conv->out_height - 1 },
		{ NVDLA_CSC, CSC_D_RELEASE, (conv->release ? conv->release : conv->height) - 1 },
		{ NVDLA_CSC, CSC_D_CONV_STRIDE_EXT, (conv->stride_x - 1) | (conv->stride_y - 1) << 16 },
		{ NVDLA_CSC, CSC_D_DILATION_EXT, (conv->dil_x - 1) | (conv->dil_y - 1) << 16 },
		{ NVDLA_CSC, CSC_D_ZERO_PADDING, conv->left | conv->top << 16 },
		{ NVDLA_CSC, CSC_D_ZERO_PADDING_VALUE, conv->pad & 0xffff },
		{ NVDLA_CSC, CSC_D_BANK, bank },
		{ NVDLA_CMAC_A, CMAC_S_POINTER, group },
		{ NVDLA_CMAC_A, CMAC_D_MISC_CFG, precision },
		{ NVDLA_CMAC_B, CMAC_S_POINTER, group },
		{ NVDLA_CMAC_B, CMAC_D_MISC_CFG, precision },
		{ NVDLA_CACC, CACC_S_POINTER, group },
		{ NVDLA_CACC, CACC_D_MISC_CFG, precision },
		{ NVDLA_CACC, CACC_D_BATCH_NUMBER, conv->batches },
		{ NVDLA_CACC, CACC_D_DATAOUT_SIZE_0, (conv->out_width - 1) | (conv->out_height - 1) << 16 },
		{ NVDLA_CACC, CACC_D_DATAOUT_SIZE_1, conv->kernels - 1 },
		{ NVDLA_CACC, CACC_D_CLIP_CFG, conv->truncate },
		{ NVDLA_SDP, SDP_D_OP_ENABLE, 1 },
		{ NVDLA_CACC, CACC_D_OP_ENABLE, 1 },
		{ NVDLA_CMAC_A, CMAC_D_OP_ENABLE, 1 },
		{ NVDLA_CMAC_B, CMAC_D_OP_ENABLE, 1 },
		{ NVDLA_CSC, CSC_D_OP_ENABLE, 1 },
		{ NVDLA_CDMA, CDMA_D_OP_ENABLE, 1 },
	};
	unsigned int i, j;

	for (i = 0; i < sizeof(regs) / sizeof(regs[0]); i++) {
		bool enable = regs[i].unit == NVDLA_SDP && regs[i].reg == SDP_D_OP_ENABLE;

		for (j = 0; enable && j < conv->more_count; j++)
			bench_write(bench, conv->more[j].unit, conv->more[j].reg,
				    conv->more[j].value);
		if (conv->wrong && enable)
			bench_write(bench, conv->wrong_unit, conv->wrong_reg, conv->wrong_value);
		bench_write(bench, regs[i].unit, regs[i].reg, regs[i].value);
	}
}

/* Divide by a power of two, to nearest, halves away from zero. */
static int64_t divide(int64_t v, unsigned int shift)
{
	int64_t magnitude = v < 0 ? -v : v;

	if (shift)
		magnitude = (magnitude + ((int64_t)1 << (shift - 1))) >> shift;
	return v < 0 ? -magnitude : magnitude;
}

static int64_t clamp(int64_t v, int64_t low, int64_t high)
{
	return v < low ? low : v > high ? high : v;
}

/* One input sample, converted; positions outside are padding. */
static int sample(struct bench *bench, const struct bench_conv *conv, unsigned int n, int x, int y,
		  unsigned int c)
{
	/* Byte of a pixel that holds R or Y, G or U, B or V, A; by the format's name. */
	static const uint8_t order[4][4] = {
		{ 0, 1, 2, 3 }, { 2, 1, 0, 3 }, { 1, 2, 3, 0 }, { 3, 2, 1, 0 },
	};
	unsigned int atom = bench->config->atomic_m;
	const uint8_t *p;
	int v, op;

	if (x < 0 || y < 0 || x >= (int)conv->width || y >= (int)conv->height)
		return conv->precision ? (int16_t)conv->pad : (int8_t)conv->pad;
	if (conv->format < 0) {
		c *= bytes_of(conv);
		p = bench_at(bench, conv->in + n * conv->batch_stride +
			     c / atom * conv->surf_stride +
			     (uint32_t)y * conv->line_stride + (uint32_t)x * atom + c % atom);
		v = conv->precision ? (int16_t)(p[0] | p[1] << 8) : (int8_t)*p;
	} else if (is_packed(conv)) {
		/* The lowest bit of R or Y, G or U, B or V, A. */
		static const uint8_t bits[6][4] = {
			{ 0, 10, 20, 30 }, { 20, 10, 0, 30 }, { 2, 12, 22, 0 }, { 22, 12, 2, 0 },
			{ 20, 10, 0, 30 }, { 2, 12, 22, 0 },
		};
		uint32_t pixel;

		memcpy(&pixel, bench_at(bench, conv->in + (uint32_t)y * conv->line_stride +
					4 * ((uint32_t)x + conv->x_offset)), 4);
		pixel >>= bits[conv->format - 20][c];
		v = (int)(c == 3 ? (pixel & 3) << 14 : (pixel & 1023) << 6);
	} else {
		/* A8B8G8R8, A8R8G8B8, B8G8R8A8, R8G8B8A8, and again with X; then A8YUV, VUYA8. */
		unsigned int size = is_deep(conv) ? 2 : 1, first = conv->x_offset, index = c;
		unsigned int kind = conv->format == 26 || conv->format == 9 ? 1 :
				    conv->format == 27 || conv->format == 10 ? 2 :
				    conv->format < 12 ? 0 : (unsigned int)conv->format % 4;
		uint64_t line = conv->in + (uint32_t)y * conv->line_stride;
		unsigned int per = pixel_bytes(conv) / size;

		if (per == 4)
			index = order[kind][c];
		if (conv->format >= 28 && c) {
			line = conv->in_uv + (uint32_t)y * conv->uv_stride;
			first &= atom / 2 / size - 1;
			index = conv->format % 2 ? c - 1 : 2 - c;
			per = 2;
		}
		p = bench_at(bench, line + (((uint32_t)x + first) * per + index) * size);
		v = size == 2 ? p[0] | p[1] << 8 : *p;
	}
	if (conv->format >= 0 && conv->is_signed)
		v = is_deep(conv) ? (int16_t)v : (int8_t)v;
	if (!conv->convert)
		return conv->precision ? (int16_t)v : (int8_t)v;
	op = conv->mean && conv->format >= 0 ? (int16_t)conv->means[c] : (int16_t)conv->offset;

	return (int)clamp(divide((int64_t)(v - op) * (int16_t)conv->scale, conv->cvt_truncate),
			  conv->precision ? INT16_MIN : INT8_MIN,
			  conv->precision ? INT16_MAX : INT8_MAX);
}

/* Where a weight lies: groups of kernels, blocks of channels, lines, columns, kernels. */
static size_t weight_at(struct bench *bench, const struct bench_conv *conv, unsigned int k,
			unsigned int r, unsigned int s, unsigned int c)
{
	unsigned int atom_c = bench->config->atomic_c, c_all = samples_of(conv);
	unsigned int atom_k = bench->config->atomic_k / bytes_of(conv);
	unsigned int group = k / atom_k * atom_k;
	unsigned int in_group = conv->kernels - group < atom_k ? conv->kernels - group : atom_k;
	bool image = conv->format >= 0;
	unsigned int row = image ? s * c_all + c : c;
	unsigned int all = image ? conv->s * c_all : c_all;
	unsigned int columns = image ? 1 : conv->s;
	unsigned int block = row / atom_c;
	unsigned int size = all - block * atom_c < atom_c ? all - block * atom_c : atom_c;

	return (size_t)group * c_all * conv->r * conv->s +
	       (size_t)block * atom_c * conv->r * columns * in_group +
	       (((size_t)r * columns + (image ? 0 : s)) * in_group + (k - group)) * size +
	       row % atom_c;
}

static int64_t output(struct bench *bench, const struct bench_conv *conv, unsigned int n,
		      unsigned int k, unsigned int y, unsigned int x)
{
	const uint8_t *weights = bench_at(bench, conv->dense ? conv->dense : conv->weights);
	unsigned int r, s, c;
	int64_t sum = 0;

	for (r = 0; r < conv->r; r++) {
		for (s = 0; s < conv->s; s++) {
			for (c = 0; c < samples_of(conv); c++) {
				const uint8_t *w = weights + weight_at(bench, conv, k, r, s, c) *
						   bytes_of(conv);
				int weight = conv->precision ? (int16_t)(w[0] | w[1] << 8) :
							       (int8_t)*w;

				sum += (int64_t)weight *
				       sample(bench, conv, n,
					      (int)(x * conv->stride_x + s * conv->dil_x) -
					      (int)conv->left,
					      (int)(y * conv->stride_y + r * conv->dil_y) -
					      (int)conv->top, c);
			}
		}
	}

	return clamp(divide(sum, conv->truncate), INT32_MIN, INT32_MAX);
}

void bench_conv_expect(struct bench *bench, const struct bench_conv *conv, uint8_t *out)
{
	unsigned int e = bytes_of(conv), atom = bench->config->atomic_m / e;
	unsigned int surfaces = UP(conv->kernels, atom);
	unsigned int n, k, x, y;

	memset(out, 0, conv->out_bytes);
	for (n = 0; n <= conv->batches; n++) {
		for (k = 0; k < conv->kernels; k++) {
			for (y = 0; y < conv->out_height; y++) {
				for (x = 0; x < conv->out_width; x++) {
					int64_t v = divide(output(bench, conv, n, k, y, x),
							   conv->shift);
					uint8_t *to = out +
						(n * surfaces + k / atom) * conv->out_surf +
						y * conv->out_line + (x * atom + k % atom) * e;

					v = clamp(v, e == 2 ? INT16_MIN : INT8_MIN,
						  e == 2 ? INT16_MAX : INT8_MAX);
					to[0] = (uint8_t)v;
					if (e == 2)
						to[1] = (uint8_t)(v >> 8);
				}
			}
		}
	}
}

void bench_conv_random(struct bench *bench, bool image, struct bench_conv *conv)
{
	bench_conv_random_wide(bench, image, 0, 0, conv);
}

void bench_conv_random_wide(struct bench *bench, bool image, unsigned int precision,
			    unsigned int batches, struct bench_conv *conv)
{
	/* Only the first generation has them. */
	const bool wide = bench->config->features & NVDLA_FEAT_INT16 && bench_random(bench, 3);
	static const int deep[] = {
		1, 2, 3, 4, 6, 7, 9, 10, 20, 21, 22, 23, 24, 25, 30, 31, 32, 33, 34, 35, 0, 13, 29,
	};
	static const int formats[] = { 0, 12, 13, 14, 15, 16, 17, 18, 19, 26, 27, 28, 29 };
	const struct nvdla_config *config = bench->config;
	uint32_t used = bench->used, length;

	for (;;) {
		memset(conv, 0, sizeof(*conv));
		bench->used = used;
		conv->format = !image ? -1 : wide ? deep[bench_random(bench, 23)] :
						    formats[bench_random(bench, 13)];
		conv->precision = precision;
		conv->batches = batches;
		conv->width = 1 + bench_random(bench, 16);
		conv->height = 1 + bench_random(bench, 12);
		conv->channels = 1 + bench_random(bench, bench_random(bench, 2) ? config->atomic_c :
						  3 * config->atomic_c);
		conv->kernels = 1 + bench_random(bench, bench_random(bench, 2) ? config->atomic_k :
						 2 * config->atomic_k + 3);
		conv->r = 1 + bench_random(bench, 4);
		conv->s = 1 + bench_random(bench, 4);
		conv->stride_x = 1 + bench_random(bench, 3);
		conv->stride_y = 1 + bench_random(bench, 3);
		conv->dil_x = image ? 1 : 1 + bench_random(bench, 2);
		conv->dil_y = image ? 1 : 1 + bench_random(bench, 2);
		conv->left = bench_random(bench, conv->s);
		conv->right = bench_random(bench, conv->s);
		conv->top = bench_random(bench, conv->r);
		conv->bottom = bench_random(bench, conv->r);
		conv->pad = precision ? (int)bench_random(bench, 65536) - 32768 :
					(int)bench_random(bench, 256) - 128;
		conv->truncate = bench_random(bench, 4);
		conv->convert = bench_random(bench, 2);
		if (image && is_deep(conv) != (precision == 1))
			conv->convert = true;
		conv->mean = bench_random(bench, 2);
		conv->is_signed = bench_random(bench, 2);
		conv->offset = (int)bench_random(bench, 200) - 100;
		conv->scale = 1 + (int)bench_random(bench, 7);
		conv->cvt_truncate = bench_random(bench, 4);
		for (length = 0; length < 4; length++)
			conv->means[length] = (int)bench_random(bench, 300) - 20;
		if (is_deep(conv) && !precision)
			conv->cvt_truncate += 10;
		if (image)
			conv->x_offset = bench_random(bench, config->atomic_m / pixel_bytes(conv));
		length = (image ? 4 : conv->channels) * conv->r * conv->s;
		for (conv->shift = 6; length > 1; length /= 4)
			conv->shift++;
		if (precision) {
			conv->shift += 2;
			conv->truncate += 6;
		}
		if (conv->kernels * (batches + 1) * conv->width * conv->height * length > 400000)
			continue;
		if (!bench_conv_place(bench, conv))
			return;
	}
}
