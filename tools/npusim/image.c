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

/* How the samples of a pixel lie in memory. */
struct format {
	unsigned int planes;
	unsigned int samples;		/* per pixel, in CBUF */
	unsigned int bytes[2];		/* per pixel, in each plane */
	uint8_t order[4];		/* CBUF sample i is byte order[i] of the pixel */
};

static int find_format(struct sim_core *core, unsigned int number, struct format *format)
{
	const struct nvdla_config *config = core->config;
	bool known = number < 28 ? config->image_packed >> number & 1 :
				   number < 36 && (config->image_semi >> (number - 28) & 1);

	if (!known)
		return sim_fail(core, -EINVAL, NVDLA_CDMA, CDMA_D_DATAIN_FORMAT,
				"PIXEL_FORMAT 0x%x, which %s does not have", number, config->name);
	*format = (struct format){ 1, 4, { 4, 0 }, { 0, 1, 2, 3 } };
	switch (number) {
	case CDMA_D_DATAIN_FORMAT_PIXEL_FORMAT_T_R8:
		*format = (struct format){ 1, 1, { 1, 0 }, { 0 } };
		break;
	case CDMA_D_DATAIN_FORMAT_PIXEL_FORMAT_T_A8B8G8R8:
	case CDMA_D_DATAIN_FORMAT_PIXEL_FORMAT_T_X8B8G8R8:
		break;
	case CDMA_D_DATAIN_FORMAT_PIXEL_FORMAT_T_A8R8G8B8:
	case CDMA_D_DATAIN_FORMAT_PIXEL_FORMAT_T_X8R8G8B8:
	case CDMA_D_DATAIN_FORMAT_PIXEL_FORMAT_T_A8Y8U8V8:
		memcpy(format->order, (const uint8_t[]){ 2, 1, 0, 3 }, 4);
		break;
	case CDMA_D_DATAIN_FORMAT_PIXEL_FORMAT_T_B8G8R8A8:
	case CDMA_D_DATAIN_FORMAT_PIXEL_FORMAT_T_B8G8R8X8:
	case CDMA_D_DATAIN_FORMAT_PIXEL_FORMAT_T_V8U8Y8A8:
		memcpy(format->order, (const uint8_t[]){ 1, 2, 3, 0 }, 4);
		break;
	case CDMA_D_DATAIN_FORMAT_PIXEL_FORMAT_T_R8G8B8A8:
	case CDMA_D_DATAIN_FORMAT_PIXEL_FORMAT_T_R8G8B8X8:
		memcpy(format->order, (const uint8_t[]){ 3, 2, 1, 0 }, 4);
		break;
	case CDMA_D_DATAIN_FORMAT_PIXEL_FORMAT_T_Y8___U8V8_N444:
		*format = (struct format){ 2, 3, { 1, 2 }, { 0, 2, 1 } };
		break;
	case CDMA_D_DATAIN_FORMAT_PIXEL_FORMAT_T_Y8___V8U8_N444:
		*format = (struct format){ 2, 3, { 1, 2 }, { 0, 1, 2 } };
		break;
	default:
		return sim_fail(core, -ENOSYS, NVDLA_CDMA, CDMA_D_DATAIN_FORMAT,
				"PIXEL_FORMAT 0x%x", number);
	}

	return 0;
}

/* Every value a sample can have, converted. */
static void make_tables(const struct sim_core *core, unsigned int samples,
			uint8_t tables[4][256])
{
	const uint32_t means[4] = {
		CDMA_FIELD(core, D_MEAN_GLOBAL_0, MEAN_RY), CDMA_FIELD(core, D_MEAN_GLOBAL_0, MEAN_GU),
		CDMA_FIELD(core, D_MEAN_GLOBAL_1, MEAN_BV), CDMA_FIELD(core, D_MEAN_GLOBAL_1, MEAN_AX),
	};
	int32_t scale = (int16_t)CDMA_FIELD(core, D_CVT_SCALE, CVT_SCALE);
	unsigned int truncate = CDMA_FIELD(core, D_CVT_CFG, CVT_TRUNCATE);
	bool convert = CDMA_FIELD(core, D_CVT_CFG, CVT_EN);
	bool mean = CDMA_FIELD(core, D_MEAN_FORMAT, MEAN_FORMAT);
	bool is_signed = CDMA_FIELD(core, D_DATAIN_FORMAT, PIXEL_SIGN_OVERRIDE);
	unsigned int s, i;

	for (s = 0; s < samples; s++) {
		int32_t op = (int16_t)(mean ? means[s] : CDMA_FIELD(core, D_CVT_OFFSET, CVT_OFFSET));

		for (i = 0; i < 256; i++)
			tables[s][i] = convert ? (uint8_t)sim_cvt(is_signed ? (int8_t)i : (int32_t)i,
								  op, scale, truncate, SIM_INT8) :
						 (uint8_t)i;
	}
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
	uint8_t pad = (uint8_t)CDMA_FIELD(core, D_ZERO_PADDING_VALUE, PAD_VALUE);
	const uint64_t base[2] = {
		sim_cdma_address(core, CDMA_D_DAIN_ADDR_HIGH_0, CDMA_D_DAIN_ADDR_LOW_0),
		sim_cdma_address(core, CDMA_D_DAIN_ADDR_HIGH_1, CDMA_D_DAIN_ADDR_LOW_1),
	};
	const uint64_t stride[2] = {
		sim_cdma(core, CDMA_D_LINE_STRIDE) & -(uint64_t)atom,
		sim_cdma(core, CDMA_D_LINE_UV_STRIDE) & -(uint64_t)atom,
	};
	uint8_t tables[4][256];
	struct format format;
	uint8_t *raw[2] = { NULL, NULL }, *line = NULL;
	unsigned int p, x, y, s;
	size_t len;
	int err;

	(void)group;
	err = find_format(core, CDMA_FIELD(core, D_DATAIN_FORMAT, PIXEL_FORMAT), &format);
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
	len = (size_t)(left + width + right) * format.samples;
	if (len > (size_t)entries * entry_bytes)
		return sim_fail(core, -EINVAL, NVDLA_CDMA, CDMA_D_ENTRY_PER_SLICE,
				"ENTRIES %u is less than a line of %zu bytes needs", entries - 1, len);
	make_tables(core, format.samples, tables);

	line = malloc((size_t)entries * entry_bytes);
	for (p = 0; p < format.planes; p++)
		raw[p] = malloc((size_t)(width + 64) * format.bytes[p] + 2 * atom);
	if (!line || !raw[0] || (format.planes == 2 && !raw[1])) {
		err = sim_fail(core, -ENOMEM, NVDLA_CDMA, CDMA_D_DATAIN_SIZE_0, "no memory");
		goto out;
	}
	for (y = 0; y < height; y++) {
		uint32_t entry = sim_ring_add(core->cbuf.data_wr, y * entries, ring);
		const uint8_t *pixel[2];

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
		memset(line, pad, (size_t)entries * entry_bytes);
		for (x = 0; x < width; x++) {
			uint8_t *to = line + (size_t)(left + x) * format.samples;

			if (format.planes == 2) {
				to[0] = tables[0][pixel[0][x]];
				to[1] = tables[1][pixel[1][2 * x + format.order[1] - 1]];
				to[2] = tables[2][pixel[1][2 * x + format.order[2] - 1]];
				continue;
			}
			for (s = 0; s < format.samples; s++)
				to[s] = tables[s][pixel[0][(size_t)x * format.bytes[0] +
							   format.order[s]]];
		}
		/* Only entries that the line reaches are written. */
		for (x = 0; (size_t)x * entry_bytes < len; x++) {
			size_t at = (size_t)sim_ring_add(entry, x, ring) * entry_bytes;

			if (at + entry_bytes <= core->cbuf.size)
				memcpy(core->cbuf.mem + at, line + (size_t)x * entry_bytes,
				       entry_bytes);
		}
	}
out:
	free(line);
	free(raw[0]);
	free(raw[1]);

	return err;
}
