// SPDX-License-Identifier: MIT
/*
 * Image input: pixels from memory, in whole atoms, through reordering, mean
 * subtraction and converter into lines of CBUF, with their padding left and
 * right.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conv.h"
#include "fp.h"

/* How the samples of a pixel lie in memory. */
struct format {
	unsigned int planes;
	unsigned int samples;		/* per pixel, in CBUF */
	unsigned int bytes[2];		/* per pixel, in each plane */
	unsigned int size;		/* bytes of a sample; 0: four samples in 32 bits */
	uint8_t order[4];		/* CBUF sample i is sample order[i] of the pixel */
	bool is_float;
};

/* The lowest bit of each sample where 10, 10, 10 and 2 bits make a pixel. */
static const uint8_t packed_bits[4][4] = {
	{ 0, 10, 20, 30 }, { 20, 10, 0, 30 }, { 2, 12, 22, 0 }, { 22, 12, 2, 0 },
};

static int find_format(struct sim_core *core, unsigned int number, struct format *format)
{
	/* Orders of four samples: as they are, first and third swapped, last first, reversed. */
	static const uint8_t orders[4][4] = {
		{ 0, 1, 2, 3 }, { 2, 1, 0, 3 }, { 1, 2, 3, 0 }, { 3, 2, 1, 0 },
	};
	const struct nvdla_config *config = core->config;
	bool known = number < 28 ? config->image_packed >> number & 1 :
				   number < 36 && (config->image_semi >> (number - 28) & 1);
	unsigned int order = 0, samples = 4, size = 2;

	if (!known)
		return sim_fail(core, -EINVAL, NVDLA_CDMA, CDMA_D_DATAIN_FORMAT,
				"PIXEL_FORMAT 0x%x, which %s does not have", number, config->name);
	switch (number) {
	case CDMA_D_DATAIN_FORMAT_PIXEL_FORMAT_T_R8:
		samples = 1;
		size = 1;
		break;
	case CDMA_D_DATAIN_FORMAT_PIXEL_FORMAT_T_R10:
	case CDMA_D_DATAIN_FORMAT_PIXEL_FORMAT_T_R12:
	case CDMA_D_DATAIN_FORMAT_PIXEL_FORMAT_T_R16:
	case CDMA_D_DATAIN_FORMAT_PIXEL_FORMAT_T_R16_I:
	case CDMA_D_DATAIN_FORMAT_PIXEL_FORMAT_T_R16_F:
		samples = 1;
		break;
	case CDMA_D_DATAIN_FORMAT_PIXEL_FORMAT_T_A16B16G16R16:
	case CDMA_D_DATAIN_FORMAT_PIXEL_FORMAT_T_X16B16G16R16:
	case CDMA_D_DATAIN_FORMAT_PIXEL_FORMAT_T_A16B16G16R16_F:
		break;
	case CDMA_D_DATAIN_FORMAT_PIXEL_FORMAT_T_A16Y16U16V16:
	case CDMA_D_DATAIN_FORMAT_PIXEL_FORMAT_T_A16Y16U16V16_F:
		order = 1;
		break;
	case CDMA_D_DATAIN_FORMAT_PIXEL_FORMAT_T_V16U16Y16A16:
		order = 2;
		break;
	case CDMA_D_DATAIN_FORMAT_PIXEL_FORMAT_T_A2B10G10R10:
	case CDMA_D_DATAIN_FORMAT_PIXEL_FORMAT_T_A2R10G10B10:
	case CDMA_D_DATAIN_FORMAT_PIXEL_FORMAT_T_B10G10R10A2:
	case CDMA_D_DATAIN_FORMAT_PIXEL_FORMAT_T_R10G10B10A2:
		order = number - CDMA_D_DATAIN_FORMAT_PIXEL_FORMAT_T_A2B10G10R10;
		size = 0;
		break;
	case CDMA_D_DATAIN_FORMAT_PIXEL_FORMAT_T_A2Y10U10V10:
		order = 1;
		size = 0;
		break;
	case CDMA_D_DATAIN_FORMAT_PIXEL_FORMAT_T_V10U10Y10A2:
		order = 2;
		size = 0;
		break;
	case CDMA_D_DATAIN_FORMAT_PIXEL_FORMAT_T_A8Y8U8V8:
		order = 1;
		size = 1;
		break;
	case CDMA_D_DATAIN_FORMAT_PIXEL_FORMAT_T_V8U8Y8A8:
		order = 2;
		size = 1;
		break;
	default:
		/* A8B8G8R8 to R8G8B8X8, four orders twice; then those of two planes. */
		order = number % 4;
		samples = number < 28 ? 4 : 3;
		size = number < 30 ? 1 : 2;
		break;
	}
	format->planes = samples == 3 ? 2 : 1;
	format->samples = samples;
	format->size = size;
	format->bytes[0] = samples == 4 ? 4 * (size ? size : 1) : size;
	format->bytes[1] = samples == 3 ? 2 * size : 0;
	format->is_float = number == CDMA_D_DATAIN_FORMAT_PIXEL_FORMAT_T_R16_F ||
			   number == CDMA_D_DATAIN_FORMAT_PIXEL_FORMAT_T_A16B16G16R16_F ||
			   number == CDMA_D_DATAIN_FORMAT_PIXEL_FORMAT_T_A16Y16U16V16_F;
	if (samples == 3)
		/* The chrominances as U, V above V, U, which is the lower byte first. */
		memcpy(format->order, number & 1 ? (const uint8_t[4]){ 0, 0, 1, 0 } :
						   (const uint8_t[4]){ 0, 1, 0, 0 }, 4);
	else
		memcpy(format->order, size ? orders[order] : packed_bits[order], 4);

	return 0;
}

/* Registers of the converter, and what 8-bit samples become. */
struct converter {
	enum sim_precision precision;
	bool enable, is_signed, flush;
	int32_t op[4], scale;
	unsigned int truncate;
	int16_t table[4][256];
	uint32_t nans, infs;
};

static int16_t convert(const struct converter *cvt, const struct format *format, unsigned int s,
		       uint32_t raw)
{
	int32_t v = (int32_t)raw;

	if (cvt->is_signed)
		v = format->size == 1 ? (int8_t)raw : (int16_t)raw;

	return (int16_t)(cvt->enable ? sim_cvt(v, cvt->op[s], cvt->scale, cvt->truncate,
					       cvt->precision) : v);
}

static int make_converter(struct sim_core *core, const struct format *format,
			  struct converter *cvt)
{
	const int32_t means[4] = {
		(int16_t)CDMA_FIELD(core, D_MEAN_GLOBAL_0, MEAN_RY),
		(int16_t)CDMA_FIELD(core, D_MEAN_GLOBAL_0, MEAN_GU),
		(int16_t)CDMA_FIELD(core, D_MEAN_GLOBAL_1, MEAN_BV),
		(int16_t)CDMA_FIELD(core, D_MEAN_GLOBAL_1, MEAN_AX),
	};
	bool mean = CDMA_FIELD(core, D_MEAN_FORMAT, MEAN_FORMAT);
	unsigned int in = CDMA_FIELD(core, D_MISC_CFG, IN_PRECISION), s, i;
	enum sim_precision wanted = format->size == 1 ? SIM_INT8 :
				    format->is_float ? SIM_FP16 : SIM_INT16;

	cvt->precision = sim_cdma_precision(core);
	cvt->enable = CDMA_FIELD(core, D_CVT_CFG, CVT_EN);
	cvt->is_signed = CDMA_FIELD(core, D_DATAIN_FORMAT, PIXEL_SIGN_OVERRIDE);
	cvt->flush = CDMA_FIELD(core, D_NAN_FLUSH_TO_ZERO, NAN_TO_ZERO);
	cvt->scale = (int16_t)CDMA_FIELD(core, D_CVT_SCALE, CVT_SCALE);
	cvt->truncate = CDMA_FIELD(core, D_CVT_CFG, CVT_TRUNCATE);
	cvt->nans = 0;
	cvt->infs = 0;
	if (core->config->features & NVDLA_FEAT_INT16 && in != wanted)
		return sim_fail(core, -EINVAL, NVDLA_CDMA, CDMA_D_MISC_CFG,
				"IN_PRECISION %u, but the pixels are those of %u", in, wanted);
	if (cvt->precision != wanted && (!cvt->enable || format->is_float))
		return sim_fail(core, -EINVAL, NVDLA_CDMA, CDMA_D_MISC_CFG,
				"PROC_PRECISION %u from pixels of %u%s", cvt->precision, wanted,
				cvt->enable ? "" : " without the converter");
	for (s = 0; s < 4; s++) {
		cvt->op[s] = mean ? means[s] :
				    (int16_t)CDMA_FIELD(core, D_CVT_OFFSET, CVT_OFFSET);
		for (i = 0; format->size == 1 && i < 256; i++)
			cvt->table[s][i] = convert(cvt, format, s, i);
	}

	return 0;
}

/* Sample @s of a pixel, of which each plane has its part, on its way to CBUF. */
static int16_t make_sample(struct converter *cvt, const struct format *format,
			   const uint8_t *const *pixel, unsigned int s)
{
	const uint8_t *from = pixel[format->planes == 2 && s];
	unsigned int at = format->order[s];
	uint32_t raw;
	uint16_t v;

	if (format->size == 1)
		return cvt->table[s][from[at]];
	if (!format->size) {
		memcpy(&raw, from, sizeof(raw));
		/* The highest bits of 16, whether there are ten or two. */
		v = (uint16_t)(s == 3 ? (raw >> at & 3) << 14 : (raw >> at & 0x3ff) << 6);
	} else {
		memcpy(&v, from + 2 * at, sizeof(v));
	}
	if (!format->is_float)
		return convert(cvt, format, s, v);
	cvt->infs += fp16_is_inf(v);
	if (!fp16_is_nan(v))
		return (int16_t)v;
	cvt->nans++;

	return cvt->flush ? 0 : (int16_t)v;
}

int sim_image_load(struct sim_core *core, unsigned int group, struct sim_fetch *fetch,
		   struct sim_cost *cost)
{
	const unsigned int atom = core->config->atomic_m;
	const unsigned int entry_bytes = core->config->cbuf_bank_width;
	unsigned int width = CDMA_FIELD(core, D_DATAIN_SIZE_0, DATAIN_WIDTH) + 1;
	unsigned int height = CDMA_FIELD(core, D_DATAIN_SIZE_0, DATAIN_HEIGHT) + 1;
	unsigned int channels = CDMA_FIELD(core, D_DATAIN_SIZE_1, DATAIN_CHANNEL) + 1;
	unsigned int left = CDMA_FIELD(core, D_ZERO_PADDING, PAD_LEFT);
	unsigned int right = CDMA_FIELD(core, D_ZERO_PADDING, PAD_RIGHT);
	unsigned int entries = CDMA_FIELD(core, D_ENTRY_PER_SLICE, ENTRIES) + 1;
	unsigned int x_offset = CDMA_FIELD(core, D_PIXEL_OFFSET, PIXEL_X_OFFSET);
	uint32_t ring = sim_data_ring(core, CDMA_FIELD(core, D_BANK, DATA_BANK));
	uint16_t pad = (uint16_t)CDMA_FIELD(core, D_ZERO_PADDING_VALUE, PAD_VALUE);
	unsigned int size = sim_precision_bytes(sim_cdma_precision(core));
	const uint64_t base[2] = {
		sim_cdma_address(core, CDMA_D_DAIN_ADDR_HIGH_0, CDMA_D_DAIN_ADDR_LOW_0),
		sim_cdma_address(core, CDMA_D_DAIN_ADDR_HIGH_1, CDMA_D_DAIN_ADDR_LOW_1),
	};
	const uint64_t stride[2] = {
		sim_cdma(core, CDMA_D_LINE_STRIDE) & -(uint64_t)atom,
		sim_cdma(core, CDMA_D_LINE_UV_STRIDE) & -(uint64_t)atom,
	};
	struct converter cvt;
	struct format format = { 0 };
	uint8_t *raw[2] = { NULL, NULL }, *line = NULL;
	unsigned int p, x, y, s;
	size_t len;
	int err;

	err = find_format(core, CDMA_FIELD(core, D_DATAIN_FORMAT, PIXEL_FORMAT), &format);
	if (!err)
		err = make_converter(core, &format, &cvt);
	if (err)
		return err;
	if (channels != format.samples)
		return sim_fail(core, -EINVAL, NVDLA_CDMA, CDMA_D_DATAIN_SIZE_1,
				"DATAIN_CHANNEL %u, but pixels have %u samples", channels - 1,
				format.samples);
	if (x_offset >= atom / format.bytes[0])
		return sim_fail(core, -EINVAL, NVDLA_CDMA, CDMA_D_PIXEL_OFFSET,
				"PIXEL_X_OFFSET %u is beyond the first atom of %u pixels", x_offset,
				atom / format.bytes[0]);
	len = (size_t)(left + width + right) * format.samples * size;
	if (len > (size_t)entries * entry_bytes)
		return sim_fail(core, -EINVAL, NVDLA_CDMA, CDMA_D_ENTRY_PER_SLICE,
				"ENTRIES %u is less than a line of %zu bytes needs", entries - 1, len);

	line = malloc((size_t)entries * entry_bytes);
	for (p = 0; p < format.planes; p++)
		raw[p] = malloc((size_t)(width + 64) * format.bytes[p] + 2 * atom);
	if (!line || !raw[0] || (format.planes == 2 && !raw[1])) {
		err = sim_fail(core, -ENOMEM, NVDLA_CDMA, CDMA_D_DATAIN_SIZE_0, "no memory");
		goto out;
	}
	for (y = 0; y < height; y++) {
		uint32_t entry = sim_ring_add(core->cbuf.data_wr, y * entries, ring);
		const uint8_t *pixel[2] = { NULL, NULL };

		for (p = 0; p < format.planes; p++) {
			unsigned int offset = x_offset & (atom / format.bytes[p] - 1);
			size_t bytes = ((size_t)(width - 1 + offset) * format.bytes[p] / atom + 1) *
				       atom;

			err = sim_read(core, NVDLA_CDMA, p ? CDMA_D_DAIN_ADDR_LOW_1 :
				       CDMA_D_DAIN_ADDR_LOW_0, fetch->data_port,
				       base[p] + y * stride[p], raw[p], bytes, cost);
			if (err)
				goto out;
			fetch->data_bytes += bytes;
			pixel[p] = raw[p] + (size_t)offset * format.bytes[p];
		}
		if (format.planes == 1)
			pixel[1] = pixel[0];
		for (x = 0; x < entries * entry_bytes; x += size)
			memcpy(line + x, &pad, size);
		for (x = 0; x < width; x++) {
			uint8_t *to = line + (size_t)(left + x) * format.samples * size;

			for (s = 0; s < format.samples; s++) {
				int16_t v = make_sample(&cvt, &format, pixel, s);

				memcpy(to + s * size, &v, size);
			}
			pixel[0] += format.bytes[0];
			pixel[1] += format.bytes[1];
		}
		/* Only entries that the line reaches are written. */
		for (x = 0; (size_t)x * entry_bytes < len; x++) {
			size_t at = (size_t)sim_ring_add(entry, x, ring) * entry_bytes;

			if (at + entry_bytes <= core->cbuf.size)
				memcpy(core->cbuf.mem + at, line + (size_t)x * entry_bytes,
				       entry_bytes);
		}
	}
	if (format.is_float) {
		sim_reg_set(core, NVDLA_CDMA, group, CDMA_D_NAN_INPUT_DATA_NUM, cvt.nans);
		sim_reg_set(core, NVDLA_CDMA, group, CDMA_D_INF_INPUT_DATA_NUM, cvt.infs);
	}
out:
	free(line);
	free(raw[0]);
	free(raw[1]);

	return err;
}
