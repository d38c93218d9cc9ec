// SPDX-License-Identifier: MIT
/*
 * Pictures to another size: every instruction set the same bytes as the
 * portable kernels, and those near the filter's definition in reals; between
 * guard pages. Prints TAP.
 *
 * usage: test_scale [SEED [CASES]]
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "libaccel/cpu/image/scale.h"
#include "random.h"

static struct guarded scaled(const struct f32_kernels *kernels, const struct guarded *picture,
			     const uint32_t size[2], uint32_t channels, const uint32_t to[2])
{
	struct guarded out = guarded_random((size_t)to[0] * to[1] * channels * sizeof(float));
	struct image_scale *scale;
	struct guarded scratch;
	uint32_t y;

	if (image_scale_new(kernels, size[0], size[1], channels, to[0], to[1], &scale))
		return out;
	scratch = guarded_random((image_scale_scratch(scale) + 15) & ~(size_t)15);
	for (y = 0; y < to[1]; y++)
		image_scale_line(scale, (const uint8_t *)picture->data, (size_t)size[0] * channels, y,
				 scratch.data, (float *)out.data + (size_t)y * to[0] * channels);
	guarded_free(&scratch);
	image_scale_free(scale);

	return out;
}

static double triangle(uint32_t from, uint32_t to, uint32_t i, uint32_t at)
{
	const double ratio = (double)from / to, reach = ratio > 1 ? ratio : 1;
	const double weight = 1 - fabs(at - ((i + 0.5) * ratio - 0.5)) / reach;

	return weight > 0 ? weight : 0;
}

/* One value, as the filter's definition has it. */
static double defined(const struct guarded *picture, const uint32_t size[2], uint32_t channels,
		      const uint32_t to[2], uint32_t x, uint32_t y, uint32_t c)
{
	double sum = 0, all = 0;
	uint32_t i, j;

	for (j = 0; j < size[1]; j++) {
		for (i = 0; i < size[0]; i++) {
			double weight = triangle(size[0], to[0], x, i) * triangle(size[1], to[1], y, j);

			all += weight;
			sum += weight * (uint8_t)picture->data[((size_t)j * size[0] + i) * channels + c];
		}
	}

	return sum / all;
}

static bool scale_case(enum accel_isa isa)
{
	const uint32_t size[2] = { random_between(1, 40), random_between(1, 20) };
	const uint32_t to[2] = { random_between(1, 40), random_between(1, 20) };
	const uint32_t channels = random_below(2) ? 3 : 1;
	struct guarded picture = guarded_random((size_t)size[0] * size[1] * channels);
	struct guarded is = scaled(f32_kernels_select(isa), &picture, size, channels, to);
	struct guarded want = scaled(&f32_kernels_portable, &picture, size, channels, to);
	bool good = !memcmp(is.data, want.data, is.size);
	const uint32_t x = random_below(to[0]), y = random_below(to[1]), c = random_below(channels);

	good &= fabs(((float *)is.data)[((size_t)y * to[0] + x) * channels + c] -
		     defined(&picture, size, channels, to, x, y, c)) < 1e-3;
	guarded_free(&picture);
	guarded_free(&is);
	guarded_free(&want);

	return good;
}

static bool colours_case(enum accel_isa isa)
{
	const size_t n = 3 * random_between(1, 60), channels = random_below(2) ? 3 : 1;
	const float mean[3] = { 103.5f, (float)random_below(256), 99.25f };
	const float scale[3] = { 1 / 58.4f, (float)random_below(100) / 1000, 1 / 57.1f };
	struct guarded in = guarded_random(n * sizeof(float));
	struct guarded out = guarded_random(n * sizeof(float));
	float *values = (float *)in.data;
	bool good = true;
	size_t i;

	for (i = 0; i < n; i++)
		values[i] = (float)random_below(25600) / 100;
	f32_kernels_select(isa)->normalise(values, n, mean, scale, channels, (float *)out.data);
	for (i = 0; i < n; i++)
		good &= ((float *)out.data)[i] ==
			(values[i] - mean[i % channels]) * scale[i % channels];
	guarded_free(&in);
	guarded_free(&out);

	return good;
}

static bool refused_case(enum accel_isa isa)
{
	const struct f32_kernels *kernels = f32_kernels_select(isa);
	struct image_scale *scale;

	return image_scale_new(kernels, 0, 1, 3, 1, 1, &scale) == -EINVAL &&
	       image_scale_new(kernels, 1, 1, 2, 1, 1, &scale) == -EINVAL &&
	       image_scale_new(kernels, 1, 1, 3, 1, 0, &scale) == -EINVAL;
}

int main(int argc, char **argv)
{
	static const struct kernel_case all[] = {
		{ "pictures scaled", scale_case, 4 }, { "colours normalised", colours_case, 4 },
		{ "impossible sizes", refused_case, 1000 },
	};

	return run_cases(argc, argv, all, sizeof(all) / sizeof(all[0]));
}
