// SPDX-License-Identifier: MIT
/*
 * INT8 to reals and back, sums, softmax and resizing, every instruction set
 * against definitions, between guard pages. Prints TAP.
 *
 * usage: test_s8_ops [SEED [CASES]]
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "libaccel/cpu/int8/s8_blend.h"
#include "libaccel/cpu/int8/s8_real.h"
#include "libaccel/cpu/int8/s8_softmax.h"
#include "libaccel/cpu/int8/s8_sum.h"
#include "random.h"

static size_t some(void)
{
	return random_below(4) ? random_between(1, 200) : random_between(1, 20);
}

static int8_t any_byte(void)
{
	return (int8_t)random_below(256);
}

static struct s8_format random_format(void)
{
	struct s8_format format = {
		.scale = ldexpf((float)random_between(1 << 23, 1 << 24), (int)random_below(16) - 34),
		.zero = any_byte(), .low = INT8_MIN, .high = INT8_MAX,
		.flip = random_below(2) ? 0x80 : 0,
	};

	if (!random_below(4)) {
		format.low = (int8_t)(random_below(128) - 128);
		format.high = (int8_t)random_below(128);
	}

	return format;
}

static int8_t rounded(const struct s8_format *format, double value)
{
	value = isnan(value) ? 0 : round(value);
	value = fmin(fmax(value + format->zero, format->low), format->high);

	return (int8_t)((int)value ^ format->flip);
}

/* Mostly near the middle between two results. */
static float random_real(float scale)
{
	static const float special[] = {
		0, -0.0f, INFINITY, -INFINITY, NAN, 1e30f, -1e30f, 1e-40f, 3e9f, -3e9f,
	};
	float near;

	if (!random_below(8))
		return special[random_below(sizeof(special) / sizeof(special[0]))];
	near = ((float)random_below(600) - 300.0f + (random_below(2) ? 0.5f : 0)) * scale;

	return random_below(2) ? near : nextafterf(near, random_below(2) ? 1e30f : -1e30f);
}

static bool real_case(enum accel_isa isa)
{
	const struct s8_real *kernels = s8_real_select(isa);
	const struct s8_format format = random_format();
	const size_t n = some();
	struct guarded bytes = guarded_random(n), reals = guarded_random(4 * n);
	float *values = (float *)reals.data;
	bool good = true;
	size_t i;

	kernels->to_real(&format, bytes.data, n, values);
	for (i = 0; i < n; i++) {
		int q = (int8_t)(bytes.data[i] ^ format.flip);

		good &= values[i] == (float)((q - format.zero) * (double)format.scale);
		values[i] = random_real(format.scale);
	}
	kernels->from_real(&format, values, n, bytes.data);
	for (i = 0; i < n; i++)
		good &= bytes.data[i] == rounded(&format, values[i] / (double)format.scale);
	guarded_free(&bytes);
	guarded_free(&reals);

	return good;
}

static bool sums_case(enum accel_isa isa)
{
	const struct s8_format format = random_format();
	const size_t n = some();
	struct guarded bytes = guarded_random(n), sums = guarded_random(4 * n);
	const int32_t *values = (int32_t *)sums.data;
	/* Powers of two make ties. */
	const double factor = random_below(2) ? ldexp(1, -(int)random_below(32)) : format.scale / 1e5;
	bool good = true;
	size_t i;

	s8_real_select(isa)->from_sums(&format, values, n, factor, bytes.data);
	for (i = 0; i < n; i++)
		good &= bytes.data[i] == rounded(&format, values[i] * factor);
	guarded_free(&bytes);
	guarded_free(&sums);

	return good;
}

static bool rows_case(enum accel_isa isa)
{
	const size_t n = some(), stride = n + random_below(20);
	const size_t count = random_below(8) ? random_between(1, 20) : random_between(250, 600);
	struct guarded in = guarded_random((count - 1) * stride + n), out = guarded_random(4 * n);
	int32_t *sums = (int32_t *)out.data;
	bool good = true;
	size_t i, r;

	/* Extremes too, which are what leaves 16 bits. */
	if (random_below(2))
		memset(in.data, random_below(2) ? INT8_MIN : INT8_MAX, in.size);
	for (i = 0; i < n; i++)
		sums[i] = -1;
	s8_sum_select(isa)->rows(in.data, count, stride, n, sums);
	for (i = 0; i < n; i++) {
		int32_t want = -1;

		for (r = 0; r < count; r++)
			want += in.data[r * stride + i];
		good &= sums[i] == want;
	}
	guarded_free(&in);
	guarded_free(&out);

	return good;
}

static bool row_case(enum accel_isa isa)
{
	struct guarded in = guarded_random(random_below(8) ? some() : random_between(5000, 20000));
	int32_t want = 0;
	bool good;
	size_t i;

	if (random_below(2))
		memset(in.data, random_below(2) ? INT8_MIN : INT8_MAX, in.size);
	for (i = 0; i < in.size; i++)
		want += in.data[i];
	good = s8_sum_select(isa)->row(in.data, in.size) == want;
	guarded_free(&in);

	return good;
}

/* Against the FP32 kernel on all reals of the row. */
static bool softmax_case(enum accel_isa isa)
{
	struct s8_format in_format = random_format(), out_format = random_format();
	const float beta = random_below(8) ? (float)random_between(1, 100) / 64 : -0.5f;
	const size_t n = random_below(2) ? some() : random_between(200, 1100);
	const uint32_t spread = random_between(1, 256);
	struct guarded in = guarded_random(n), out = guarded_random(n), want = guarded_random(n);
	struct guarded scratch = guarded_random(4 * n);
	float *reals = (float *)scratch.data;
	struct s8_softmax softmax;
	bool good;
	size_t i;

	in_format.flip = 0;
	for (i = 0; i < n; i++)
		in.data[i] = (int8_t)((int)random_below(spread) - (int)spread / 2);
	s8_softmax_init(&softmax, isa, &in_format, &out_format, beta);
	s8_softmax_row(&softmax, in.data, n, reals, out.data);
	s8_real__portable.to_real(&in_format, in.data, n, reals);
	f32_kernels_portable.softmax(reals, n, beta, reals);
	s8_real__portable.from_real(&out_format, reals, n, want.data);
	good = !memcmp(out.data, want.data, n);
	s8_softmax_row(&softmax, in.data, n, reals, in.data);
	good &= !memcmp(in.data, want.data, n);
	guarded_free(&in);
	guarded_free(&out);
	guarded_free(&want);
	guarded_free(&scratch);

	return good;
}

static int32_t random_weight(void)
{
	return (int32_t)(random_below(3) ? random_below(S8_BLEND_ONE + 1) :
			 S8_BLEND_ONE / 2 * random_below(3));
}

/* Four corners of a pixel, by a quotient of reals. */
static bool blend_case(enum accel_isa isa)
{
	const struct s8_blend *kernels = s8_blend_select(isa);
	const size_t channels = random_between(1, 40), width = random_between(1, 12), count = some() / 8;
	const int32_t down = random_weight();
	struct guarded top = guarded_random(width * channels);
	struct guarded bottom = guarded_random(width * channels);
	struct guarded line = guarded_random(4 * width * channels);
	struct guarded out = guarded_random(count * channels + 1);
	struct s8_blend_column from[32];
	bool good = true;
	size_t i, c;

	for (i = 0; i < count; i++) {
		from[i].low = random_below((uint32_t)width);
		from[i].high = random_below((uint32_t)width);
		from[i].weight = random_weight();
	}
	kernels->lines(top.data, bottom.data, down, width * channels, (int32_t *)line.data);
	kernels->columns((int32_t *)line.data, from, count, channels, out.data);
	for (i = 0; i < count; i++) {
		for (c = 0; c < channels; c++) {
			const size_t low = from[i].low * channels + c;
			const size_t high = from[i].high * channels + c;
			double x = from[i].weight / 1024.0, y = down / 1024.0;
			double want = (top.data[low] * (1 - y) + bottom.data[low] * y) * (1 - x) +
				      (top.data[high] * (1 - y) + bottom.data[high] * y) * x;

			good &= out.data[i * channels + c] == (int8_t)round(want);
		}
	}
	guarded_free(&top);
	guarded_free(&bottom);
	guarded_free(&line);
	guarded_free(&out);

	return good;
}

int main(int argc, char **argv)
{
	static const struct kernel_case all[] = {
		{ "conversions", real_case, 1 }, { "sums to bytes", sums_case, 1 },
		{ "sums of rows", rows_case, 4 }, { "sums of a row", row_case, 4 },
		{ "softmax", softmax_case, 4 }, { "blends", blend_case, 2 },
	};

	return run_cases(argc, argv, all, sizeof(all) / sizeof(all[0]));
}
