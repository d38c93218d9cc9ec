// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libaccel/cpu/image/scale.h"
#include "libaccel/cpu/int8/s8_map.h"
#include "libaccel/cpu/int8/s8_real.h"
#include "libaccel/cpu/move/items.h"
#include "libaccel/cpu/pool.h"
#include "libaccel/dev/error.h"
#include "picture.h"

/* Grey from RGB by brightness (BT.601), RGB from grey by repetition. */
static void recolour(const float *from, uint32_t from_channels, uint32_t width, float *to)
{
	uint32_t x, k;

	for (x = 0; x < width; x++) {
		if (from_channels == 3)
			to[x] = 0.299f * from[3 * x] + 0.587f * from[3 * x + 1] +
				0.114f * from[3 * x + 2];
		for (k = 0; from_channels == 1 && k < 3; k++)
			to[3 * x + k] = from[x];
	}
}

static const struct accel_image_fit usual = {
	.mean = { 127.5f, 127.5f, 127.5f }, .scale = { 1 / 127.5f, 1 / 127.5f, 1 / 127.5f },
};

bool picture_direct(const struct graph_tensor *tensor, const struct accel_image *image,
		    const struct accel_image_fit *fit, int8_t *out)
{
	s8_table_fn *map = s8_table_select(accel_isa_detect());
	const uint32_t channels = image->channels;
	int8_t table[256];
	float reals[256];
	struct graph_tensor values = *tensor;
	uint32_t c, y;
	int v;

	if (!fit)
		fit = &usual;
	if (tensor->type != GRAPH_I8 || tensor->rank != 4 || tensor->dims[0] != 1 ||
	    (channels != 1 && channels != 3) || tensor->dims[3] != channels ||
	    tensor->dims[1] != image->height || tensor->dims[2] != image->width || !image->pixels)
		return false;
	for (c = 1; c < channels; c++) {
		if (fit->mean[c] != fit->mean[0] || fit->scale[c] != fit->scale[0])
			return false;
	}
	/* The kernel's tables are for signed bytes. */
	for (v = 0; v < 256; v++)
		reals[v ^ 128] = ((float)v - fit->mean[0]) * fit->scale[0];
	values.rank = 1;
	values.dims[0] = 256;
	if (picture_store(&values, reals, table))
		return false;
	for (y = 0; y < image->height; y++)
		map((const int8_t *)image->pixels + y * image->stride,
		    (size_t)image->width * channels, table,
		    out + (size_t)y * image->width * channels);
	return true;
}

/* Where a picture goes, and where in it. */
struct fill {
	const struct accel_image *image;
	const struct accel_image_fit *fit;
	const struct image_scale *scale;
	uint32_t width, height, channels;	/* of the tensor */
	uint32_t left, top, w, h;		/* of the picture in it */
	bool planar;
	float *out;
};

/* Lines of the tensor: scaled, in its colours, normalised, in its order. */
static int fill_lines(void *ctx, size_t first, size_t end)
{
	const struct fill *fill = ctx;
	const uint32_t from = fill->image->channels, to = fill->channels;
	const size_t values = (size_t)fill->width * to;
	const size_t lines = (size_t)fill->width * (from + 2 * to) * sizeof(float);
	float *scaled = accel_pool_scratch(lines + 16 + image_scale_scratch(fill->scale));
	float *coloured, *normal, *line;
	void *scratch;
	size_t y;
	uint32_t k;

	if (!scaled)
		return accel_error_memory("a picture");
	coloured = from == to ? scaled : scaled + (size_t)fill->width * from;
	normal = scaled + (size_t)fill->width * (from + to);
	scratch = (char *)scaled + ((lines + 15) & ~(size_t)15);
	for (y = first; y < end; y++) {
		/* Black around the picture. */
		memset(scaled, 0, (size_t)fill->width * from * sizeof(*scaled));
		if (y >= fill->top && y < fill->top + fill->h)
			image_scale_line(fill->scale, fill->image->pixels, fill->image->stride,
					 (uint32_t)(y - fill->top), scratch,
					 scaled + (size_t)fill->left * from);
		if (from != to)
			recolour(scaled, from, fill->width, coloured);
		line = fill->planar ? normal : fill->out + y * values;
		f32_kernels_best()->normalise(coloured, values, fill->fit->mean, fill->fit->scale,
					      to, line);
		for (k = 0; fill->planar && k < to; k++)
			items_strided((const uint8_t *)(normal + k), to * sizeof(float), fill->width,
				      sizeof(float), (uint8_t *)(fill->out +
				      ((size_t)k * fill->height + y) * fill->width));
	}
	return 0;
}

int picture_fill(const struct graph_tensor *tensor, const struct accel_image *image,
		 const struct accel_image_fit *fit, float *out)
{
	/* ONNX has the channels in front. */
	bool planar = tensor->rank == 4 && tensor->dims[3] != 1 && tensor->dims[3] != 3;
	struct fill fill = { .image = image, .fit = fit ? fit : &usual, .planar = planar, .out = out };
	struct image_scale *scale;
	int ret;

	fill.channels = tensor->rank == 4 ? tensor->dims[planar ? 1 : 3] : 0;
	if (tensor->rank != 4 || tensor->dims[0] != 1 || (fill.channels != 1 && fill.channels != 3))
		return accel_error_set(-EINVAL, "%s is no picture of 1 or 3 channels", tensor->name);
	if (!image->width || !image->height || !image->pixels ||
	    (image->channels != 1 && image->channels != 3))
		return accel_error_set(-EINVAL, "a picture without pixels");
	fill.h = fill.height = tensor->dims[planar ? 2 : 1];
	fill.w = fill.width = tensor->dims[planar ? 3 : 2];
	if (fill.fit->letterbox) {
		double ratio = fmin((double)fill.width / image->width,
				    (double)fill.height / image->height);

		fill.w = (uint32_t)fmin(fmax(round(image->width * ratio), 1), fill.width);
		fill.h = (uint32_t)fmin(fmax(round(image->height * ratio), 1), fill.height);
	}
	fill.left = (fill.width - fill.w) / 2;
	fill.top = (fill.height - fill.h) / 2;
	ret = image_scale_new(f32_kernels_best(), image->width, image->height, image->channels,
			      fill.w, fill.h, &scale);
	if (ret)
		return ret;
	fill.scale = scale;
	ret = accel_pool_run(fill_lines, &fill, fill.height,
			     (double)fill.width * fill.height * fill.channels * 8 +
			     2.0 * image->width * image->height * image->channels);
	image_scale_free(scale);
	return ret;
}

int picture_store(const struct graph_tensor *tensor, const float *reals, void *data)
{
	const uint64_t count = graph_elements(tensor);
	const bool scaled = tensor->quant.count == 1, is_unsigned = tensor->type == GRAPH_U8;
	const struct s8_format format = {
		.scale = scaled ? graph_scale(tensor, 0) : 1,
		.zero = (int8_t)((scaled ? graph_zero_point(tensor, 0) : 0) - (is_unsigned ? 128 : 0)),
		.low = INT8_MIN, .high = INT8_MAX, .flip = is_unsigned ? 0x80 : 0,
	};

	if (tensor->type == GRAPH_F32)
		memcpy(data, reals, count * sizeof(*reals));
	else if (tensor->type == GRAPH_I8 || is_unsigned)
		s8_real_select(accel_isa_detect())->from_real(&format, reals, count, data);
	else
		return accel_error_set(-EINVAL, "%s: pictures of this type are unknown",
				       tensor->name);
	return 0;
}
