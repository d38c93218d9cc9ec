// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "libaccel/dev/error.h"
#include "scale.h"

struct image_scale {
	const struct f32_kernels *kernels;
	uint32_t width, channels, to_width;
	size_t lines;				/* of the picture, that a line is made of at most */
	struct f32_taps *across, *down;
	float *across_weights, *down_weights;
};

static int make_taps(uint32_t from, uint32_t to, struct f32_taps **out, float **weights,
		     size_t *largest)
{
	const double ratio = (double)from / to, reach = ratio > 1 ? ratio : 1;
	const size_t most = (size_t)(2 * reach) + 3;
	struct f32_taps *taps = calloc(to, sizeof(*taps));
	float *w = calloc(to * most, sizeof(*w));
	uint32_t i;

	*out = taps;
	*weights = w;
	*largest = most;
	if (!taps || !w)
		return accel_error_memory("a picture");
	for (i = 0; i < to; i++, w += most) {
		const double centre = (i + 0.5) * ratio - 0.5;
		/* Inside the triangle, at whose ends the weight is 0. */
		const double low = fmax(floor(centre - reach) + 1, 0);
		const double high = fmin(ceil(centre + reach) - 1, from - 1);
		double sum = 0;
		size_t j;

		taps[i].first = (size_t)low;
		taps[i].count = (size_t)(high - low) + 1;
		taps[i].weights = w;
		for (j = 0; j < taps[i].count; j++)
			sum += 1 - fabs(low + (double)j - centre) / reach;
		for (j = 0; j < taps[i].count; j++)
			w[j] = (float)((1 - fabs(low + (double)j - centre) / reach) / sum);
	}
	return 0;
}

int image_scale_new(const struct f32_kernels *kernels, uint32_t width, uint32_t height,
		    uint32_t channels, uint32_t to_width, uint32_t to_height,
		    struct image_scale **out)
{
	struct image_scale *scale;
	size_t pixels;
	int ret;

	if (!width || !height || !to_width || !to_height || (channels != 1 && channels != 3))
		return accel_error_set(-EINVAL, "a picture of %u x %u pixels, %u channels, to %u x %u",
				       width, height, channels, to_width, to_height);
	scale = calloc(1, sizeof(*scale));
	if (!scale)
		return accel_error_memory("a picture");
	*scale = (struct image_scale){
		.kernels = kernels, .width = width, .channels = channels, .to_width = to_width,
	};
	ret = make_taps(width, to_width, &scale->across, &scale->across_weights, &pixels);
	if (!ret)
		ret = make_taps(height, to_height, &scale->down, &scale->down_weights,
				&scale->lines);
	if (ret) {
		image_scale_free(scale);
		return ret;
	}
	*out = scale;

	return 0;
}

void image_scale_free(struct image_scale *scale)
{
	if (!scale)
		return;
	free(scale->across);
	free(scale->down);
	free(scale->across_weights);
	free(scale->down_weights);
	free(scale);
}

size_t image_scale_scratch(const struct image_scale *scale)
{
	return scale->lines * sizeof(uint8_t *) +
	       ((size_t)scale->width * scale->channels + 1) * sizeof(float);
}

void image_scale_line(const struct image_scale *scale, const uint8_t *pixels, size_t stride,
		      uint32_t y, void *scratch, float *out)
{
	const struct f32_taps *down = &scale->down[y];
	const size_t n = (size_t)scale->width * scale->channels;
	const uint8_t **lines = scratch;
	float *line = (float *)(lines + scale->lines);
	size_t i;

	for (i = 0; i < down->count; i++)
		lines[i] = pixels + (down->first + i) * stride;
	scale->kernels->mix_bytes(lines, down->weights, down->count, n, line);
	line[n] = 0;
	scale->kernels->mix_pixels(line, scale->across, scale->to_width, scale->channels, out);
}
