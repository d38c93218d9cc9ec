// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libaccel/cpu/int8/s8_map.h"
#include "libaccel/dev/error.h"
#include "picture.h"

/* One direction of scaling: source positions and weights of an output. */
struct span {
	uint32_t first, count;
	float *weights;
};

/*
 * Triangle filter, as wide as the larger of an input and an output pixel:
 * bilinear where it enlarges, averages where it shrinks.
 */
static int make_spans(uint32_t from, uint32_t to, struct span **out, float **weights)
{
	double ratio = (double)from / to, reach = ratio > 1 ? ratio : 1;
	uint32_t most = (uint32_t)(2 * reach) + 3, i, j;
	struct span *spans = calloc(to, sizeof(*spans));
	float *w = calloc((size_t)to * most, sizeof(*w));

	if (!spans || !w) {
		free(spans);
		free(w);
		return -ENOMEM;
	}
	for (i = 0; i < to; i++) {
		double centre = (i + 0.5) * ratio - 0.5, sum = 0;
		int64_t low = (int64_t)ceil(centre - reach), high = (int64_t)floor(centre + reach);

		if (low < 0)
			low = 0;
		if (high >= from)
			high = from - 1;
		spans[i].first = low;
		spans[i].weights = w + (size_t)i * most;
		for (j = 0; low + j <= high && j < most; j++) {
			double weight = 1 - fabs(low + j - centre) / reach;

			spans[i].weights[j] = weight > 0 ? weight : 0;
			sum += spans[i].weights[j];
		}
		spans[i].count = j;
		for (j = 0; j < spans[i].count; j++)
			spans[i].weights[j] = sum > 0 ? spans[i].weights[j] / sum : 1.0 / spans[i].count;
	}
	*out = spans;
	*weights = w;
	return 0;
}

/* Scale to @width x @height; @out has @image->channels values per pixel. */
static int scale(const struct accel_image *image, uint32_t width, uint32_t height, float *out)
{
	const uint32_t c = image->channels;
	struct span *across = NULL, *down = NULL;
	float *across_weights = NULL, *down_weights = NULL, *lines = NULL;
	uint32_t x, y, i, k;
	int ret = make_spans(image->width, width, &across, &across_weights);

	if (!ret)
		ret = make_spans(image->height, height, &down, &down_weights);
	lines = calloc((size_t)image->height * width * c + 1, sizeof(*lines));
	if (ret || !lines) {
		ret = accel_error_memory("a picture");
		goto out;
	}
	for (y = 0; y < image->height; y++) {
		const uint8_t *from = image->pixels + y * image->stride;
		float *to = lines + (size_t)y * width * c;

		for (x = 0; x < width; x++)
			for (i = 0; i < across[x].count; i++)
				for (k = 0; k < c; k++)
					to[x * c + k] += across[x].weights[i] *
							 from[(across[x].first + i) * c + k];
	}
	for (y = 0; y < height; y++) {
		float *to = out + (size_t)y * width * c;

		memset(to, 0, (size_t)width * c * sizeof(*to));
		for (i = 0; i < down[y].count; i++) {
			const float *from = lines + (size_t)(down[y].first + i) * width * c;

			for (x = 0; x < width * c; x++)
				to[x] += down[y].weights[i] * from[x];
		}
	}
out:
	free(across);
	free(down);
	free(across_weights);
	free(down_weights);
	free(lines);
	return ret;
}

/* Grey from RGB by brightness (BT.601), RGB from grey by repetition. */
static void pixel(const float *from, uint32_t from_channels, float *to, uint32_t channels)
{
	uint32_t k;

	if (from_channels == 3 && channels == 1)
		to[0] = 0.299f * from[0] + 0.587f * from[1] + 0.114f * from[2];
	else
		for (k = 0; k < channels; k++)
			to[k] = from[from_channels == 1 ? 0 : k];
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

int picture_fill(const struct graph_tensor *tensor, const struct accel_image *image,
		 const struct accel_image_fit *fit, float *out)
{
	uint32_t width, height, channels, w, h, left, top, x, y, k;
	float *scaled;
	bool planar;
	int ret;

	if (!fit)
		fit = &usual;
	/* ONNX has the channels in front. */
	planar = tensor->rank == 4 && tensor->dims[3] != 1 && tensor->dims[3] != 3;
	channels = tensor->rank == 4 ? tensor->dims[planar ? 1 : 3] : 0;
	if (tensor->rank != 4 || tensor->dims[0] != 1 || (channels != 1 && channels != 3))
		return accel_error_set(-EINVAL, "%s is no picture of 1 or 3 channels", tensor->name);
	if (!image->width || !image->height || !image->pixels ||
	    (image->channels != 1 && image->channels != 3))
		return accel_error_set(-EINVAL, "a picture without pixels");
	height = tensor->dims[planar ? 2 : 1];
	width = tensor->dims[planar ? 3 : 2];
	w = width;
	h = height;
	if (fit->letterbox) {
		double ratio = fmin((double)width / image->width, (double)height / image->height);

		w = (uint32_t)fmin(fmax(round(image->width * ratio), 1), width);
		h = (uint32_t)fmin(fmax(round(image->height * ratio), 1), height);
	}
	left = (width - w) / 2;
	top = (height - h) / 2;
	scaled = calloc((size_t)w * h * image->channels, sizeof(*scaled));
	if (!scaled)
		return accel_error_memory("a picture");
	ret = scale(image, w, h, scaled);
	for (y = 0; !ret && y < height; y++) {
		for (x = 0; x < width; x++) {
			static const float black[3];
			float value[3];
			bool inside = x >= left && x < left + w && y >= top && y < top + h;
			const float *from = inside ? scaled + ((size_t)(y - top) * w + x - left) *
						     image->channels : black;

			pixel(from, image->channels, value, channels);
			for (k = 0; k < channels; k++)
				out[planar ? ((size_t)k * height + y) * width + x :
				    ((size_t)y * width + x) * channels + k] =
					(value[k] - fit->mean[k]) * fit->scale[k];
		}
	}
	free(scaled);
	return ret;
}

int picture_store(const struct graph_tensor *tensor, const float *reals, void *data)
{
	uint64_t count = graph_elements(tensor), i;
	double scale = tensor->quant.count == 1 ? graph_scale(tensor, 0) : 1;
	int32_t zero = tensor->quant.count == 1 ? graph_zero_point(tensor, 0) : 0;

	for (i = 0; i < count; i++) {
		double v = round(reals[i] / scale) + zero;

		switch (tensor->type) {
		case GRAPH_F32:
			((float *)data)[i] = reals[i];
			break;
		case GRAPH_I8:
			((int8_t *)data)[i] = v > 127 ? 127 : v < -128 ? -128 : (int8_t)v;
			break;
		case GRAPH_U8:
			((uint8_t *)data)[i] = v > 255 ? 255 : v < 0 ? 0 : (uint8_t)v;
			break;
		default:
			return accel_error_set(-EINVAL, "%s: pictures of this type are unknown",
					       tensor->name);
		}
	}
	return 0;
}
