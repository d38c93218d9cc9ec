// SPDX-License-Identifier: MIT
/*
 * FP32 kernels of every instruction set: convolutions against nested loops,
 * the rest against the portable kernels, bit by bit, between guard pages; and
 * the portable kernels against double precision. Prints TAP.
 *
 * usage: test_f32 [SEED [CASES]]
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guarded.h"
#include "libaccel/cpu/f32/f32_conv.h"
#include "libaccel/cpu/f32/f32_fma.h"
#include "random.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static float random_real(void)
{
	float v = ((float)random_below(1 << 24) - (1 << 23)) / (1 << 22);

	return random_below(30) ? v : random_below(2) ? 0.0f : -0.0f;
}

/* Arrays of floats between guard pages. */
static float *reals_new(struct guarded *guarded, size_t n)
{
	float *data;
	size_t i;

	if (guarded_new(guarded, n * sizeof(float), (int)random_below(2))) {
		puts("Bail out! no memory");
		exit(1);
	}
	data = (float *)(void *)guarded->data;
	for (i = 0; i < n; i++)
		data[i] = random_real();

	return data;
}

/* The same bits; NaN is NaN. */
static bool same(const float *a, const float *b, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (memcmp(&a[i], &b[i], sizeof(*a)) && !(isnan(a[i]) && isnan(b[i]))) {
			printf("# element %zu of %zu: %a, not %a\n", i, n, (double)a[i],
			       (double)b[i]);
			return false;
		}
	}

	return true;
}

/* ---------------------------------------------------------------- convolutions */

static bool random_shape(struct f32_conv_shape *s)
{
	const bool depthwise = !random_below(3);
	int64_t height, width;

	*s = (struct f32_conv_shape){
		.in_height = random_between(1, 9), .in_width = random_between(1, 14),
		.kernel_height = random_between(1, 4), .kernel_width = random_between(1, 4),
		.stride_y = random_between(1, 3), .stride_x = random_between(1, 3),
		.dilation_y = random_below(4) ? 1 : 2, .dilation_x = random_below(4) ? 1 : 2,
		.groups = random_below(4) ? 1 : random_between(2, 3),
		.transposed = random_below(2), .clamp = random_below(2), .low = 0, .high = 3,
	};
	s->pad_top = random_below(s->kernel_height);
	s->pad_left = random_below(s->kernel_width);
	s->in_channels = s->groups * random_between(1, 9);
	s->out_channels = s->groups * random_between(1, 40);
	if (depthwise)
		s->groups = s->in_channels = s->out_channels = random_between(2, 37);
	if (s->transposed) {
		height = (int64_t)(s->in_height - 1) * s->stride_y +
			 (int64_t)(s->kernel_height - 1) * s->dilation_y + 1 - s->pad_top -
			 random_below(2) + random_below(3);
		width = (int64_t)(s->in_width - 1) * s->stride_x +
			(int64_t)(s->kernel_width - 1) * s->dilation_x + 1 - s->pad_left -
			random_below(2) + random_below(3);
	} else {
		height = ((int64_t)s->in_height + s->pad_top + random_below(s->kernel_height) -
			  (int64_t)(s->kernel_height - 1) * s->dilation_y - 1) /
			 s->stride_y + 1;
		width = ((int64_t)s->in_width + s->pad_left + random_below(s->kernel_width) -
			 (int64_t)(s->kernel_width - 1) * s->dilation_x - 1) / s->stride_x + 1;
	}
	s->out_height = height > 0 ? (uint32_t)height : 0;
	s->out_width = width > 0 ? (uint32_t)width : 0;

	return height > 0 && width > 0;
}

/* Where tap @k of output @o lies in the input; below 0: not on an input. */
static int64_t tap(bool transposed, uint32_t o, uint32_t k, uint32_t stride, uint32_t dilation,
		   uint32_t pad)
{
	int64_t at = (int64_t)o + pad - (int64_t)k * dilation;

	if (!transposed)
		return (int64_t)o * stride + (int64_t)k * dilation - pad;

	return at % stride ? INT64_MIN : at / stride;
}

/* As f32_low() and f32_high() define the bounds. */
static float bounded(float v, float low, float high)
{
	high = high == 0 ? -0.0f : high;
	v = v > low ? v : low;

	return high > v ? v : high;
}

/* One output by definition: in the input's order, one rounding per product. */
static float expected(const struct f32_conv_shape *s, const float *in, const float *weights,
		      const float *bias, uint32_t y, uint32_t x, uint32_t o)
{
	const uint32_t depth = s->in_channels / s->groups;
	const uint32_t first = o / (s->out_channels / s->groups) * depth;
	const bool depthwise = s->groups > 1 && depth == 1 && s->out_channels == s->groups;
	float sum = bias[o];
	uint32_t i, j, c;

	for (i = 0; i < s->kernel_height; i++) {
		uint32_t ky = s->transposed ? s->kernel_height - 1 - i : i;
		int64_t iy = tap(s->transposed, y, ky, s->stride_y, s->dilation_y, s->pad_top);

		for (j = 0; j < s->kernel_width; j++) {
			uint32_t kx = s->transposed ? s->kernel_width - 1 - j : j;
			int64_t ix = tap(s->transposed, x, kx, s->stride_x, s->dilation_x,
					 s->pad_left);
			bool inside = iy >= 0 && iy < s->in_height && ix >= 0 && ix < s->in_width;

			if (iy == INT64_MIN || ix == INT64_MIN || (depthwise && !inside))
				continue;
			for (c = 0; c < depth; c++)
				sum = fmaf(inside ? in[((size_t)iy * s->in_width + (size_t)ix) *
						       s->in_channels + first + c] : 0.0f,
					   weights[(((size_t)o * s->kernel_height + ky) *
						    s->kernel_width + kx) * depth + c], sum);
		}
	}

	return s->clamp ? bounded(sum, s->low, s->high) : sum;
}

static bool conv_case(const struct f32_kernels *kernels)
{
	struct f32_conv_shape s;
	struct guarded gin, gout;
	const size_t batch = random_between(1, 2);
	float *in, *out, *weights, *bias, *want;
	size_t in_size, out_size, weight_count, i;
	struct f32_conv *conv;
	bool good;

	while (!random_shape(&s))
		;
	in_size = (size_t)s.in_height * s.in_width * s.in_channels;
	out_size = (size_t)s.out_height * s.out_width * s.out_channels;
	weight_count = (size_t)s.out_channels * s.kernel_height * s.kernel_width *
		       (s.in_channels / s.groups);
	in = reals_new(&gin, batch * in_size);
	out = reals_new(&gout, batch * out_size);
	weights = malloc(weight_count * sizeof(float));
	bias = malloc(s.out_channels * sizeof(float));
	want = malloc(batch * out_size * sizeof(float));
	if (!weights || !bias || !want || !weight_count) {
		puts("Bail out! no memory");
		exit(1);
	}
	for (i = 0; i < weight_count; i++)
		weights[i] = random_real();
	for (i = 0; i < s.out_channels; i++)
		bias[i] = random_real() + 0.0f;
	for (i = 0; i < batch * out_size; i++)
		want[i] = expected(&s, in + i / out_size * in_size, weights, bias,
				   (uint32_t)(i % out_size / s.out_channels / s.out_width),
				   (uint32_t)(i % out_size / s.out_channels % s.out_width),
				   (uint32_t)(i % s.out_channels));
	good = !f32_conv_new(kernels, &s, weights, bias, &conv);
	if (good) {
		good = !f32_conv_run(conv, batch, in, out) && same(out, want, batch * out_size);
		f32_conv_free(conv);
	}
	if (!good)
		printf("# in %ux%ux%u out %ux%ux%u kernel %ux%u stride %ux%u dilation %ux%u pad %u,%u groups %u%s\n",
		       s.in_height, s.in_width, s.in_channels, s.out_height, s.out_width,
		       s.out_channels, s.kernel_height, s.kernel_width, s.stride_y, s.stride_x,
		       s.dilation_y, s.dilation_x, s.pad_top, s.pad_left, s.groups,
		       s.transposed ? " transposed" : "");
	guarded_free(&gin);
	guarded_free(&gout);
	free(weights);
	free(bias);
	free(want);

	return good;
}

/* ---------------------------------------------------------------------- arrays */

static void add_specials(float *x, size_t n)
{
	static const float special[] = { NAN, INFINITY, -INFINITY, 1e-40f, -1e-40f, 3e38f, 88.5f,
					 -87.5f, -103.9f, 0.625f, 1e-20f };

	while (!random_below(3))
		x[random_below((uint32_t)n)] = special[random_below(COUNT(special))];
}

static double binary(enum f32_binary kind, float a, float b)
{
	switch (kind) {
	case F32_ADD: return a + b;
	case F32_SUB: return a - b;
	case F32_MUL: return a * b;
	case F32_DIV: return a / b;
	case F32_MAX: return isnan(a) || isnan(b) ? NAN : a == b ? (signbit(a) ? b : a) : fmaxf(a, b);
	case F32_MIN: return isnan(a) || isnan(b) ? NAN : a == b ? (signbit(a) ? a : b) : fminf(a, b);
	default: return a < 0 ? a * b : a;
	}
}

static bool array_case(const struct f32_kernels *kernels)
{
	const struct f32_kernels *portable = &f32_kernels_portable;
	const size_t n = random_between(1, 90);
	const size_t step_a = random_below(4) != 0, step_b = !step_a || random_below(3);
	struct guarded ga, gb, gy, gz;
	float *a = reals_new(&ga, step_a ? n : 1), *b = reals_new(&gb, step_b ? n : 1);
	float *y = reals_new(&gy, n), *z = reals_new(&gz, n), beta = random_real();
	bool good = true;
	size_t i, k;

	add_specials(a, step_a ? n : 1);
	add_specials(b, step_b ? n : 1);
	for (k = 0; k < F32_BINARIES && good; k++) {
		kernels->binary[k](a, step_a, b, step_b, n, y);
		for (i = 0; i < n; i++)
			z[i] = (float)binary((enum f32_binary)k, a[i * step_a], b[i * step_b]);
		good = same(y, z, n);
	}
	for (k = 0; k < F32_MAPS && good && step_a; k++) {
		for (i = 0; i < n; i++)
			a[i] = random_below(3) ? random_real() * 8 : a[i];
		kernels->map[k](a, n, y);
		portable->map[k](a, n, z);
		good = same(y, z, n);
	}
	if (good) {
		const float low = random_below(2) ? 0.0f : -0.5f, high = random_below(2) ? 0.0f : 1.0f;

		memcpy(y, z, n * sizeof(*y));
		kernels->clamp(y, n, low, high);
		for (i = 0; i < n; i++)
			z[i] = bounded(z[i], low, high);
		good = same(y, z, n);
	}
	if (good && step_b) {
		for (i = 0; i < n; i++)
			b[i] = isfinite(b[i]) ? b[i] : 0;
		kernels->softmax(b, n, beta, y);
		portable->softmax(b, n, beta, z);
		good = same(y, z, n);
	}
	guarded_free(&ga);
	guarded_free(&gb);
	guarded_free(&gy);
	guarded_free(&gz);

	return good;
}

static bool pixel_case(const struct f32_kernels *kernels)
{
	const size_t channels = random_between(1, 70), count = random_below(10);
	struct guarded gin, gout;
	float *in = reals_new(&gin, channels * (count + 4)), *out = reals_new(&gout, channels);
	float want[70], fx = (float)random_below(100) / 100, fy = (float)random_below(100) / 100;
	const float *pixels[14];
	bool good;
	size_t i, p;

	for (p = 0; p < count + 4; p++)
		pixels[p] = in + random_below((uint32_t)count + 4) * channels;
	for (i = 0; i < channels; i++) {
		want[i] = -INFINITY;
		for (p = 0; p < count; p++)
			want[i] = pixels[p][i] > want[i] ? pixels[p][i] : want[i];
	}
	kernels->max_pixels(pixels, count, channels, out);
	good = same(out, want, channels);
	for (i = 0; i < channels; i++) {
		want[i] = 0;
		for (p = 0; p < count; p++)
			want[i] += pixels[p][i];
		want[i] /= 7;
	}
	kernels->mean_pixels(pixels, count, channels, 7, out);
	good &= same(out, want, channels);
	for (i = 0; i < channels; i++) {
		float t = fmaf(pixels[1][i] - pixels[0][i], fx, pixels[0][i]);
		float u = fmaf(pixels[3][i] - pixels[2][i], fx, pixels[2][i]);

		want[i] = fmaf(u - t, fy, t);
	}
	kernels->lerp(pixels, fx, fy, channels, out);
	good &= same(out, want, channels);
	guarded_free(&gin);
	guarded_free(&gout);

	return good;
}

/* ------------------------------------------------------------------- exactness */

static double exact(enum f32_map map, double x)
{
	switch (map) {
	case F32_EXP: return exp(x);
	case F32_LOGISTIC: return 1 / (1 + exp(-x));
	case F32_TANH: return tanh(x);
	default: return x * fmin(fmax(x + 3, 0), 6) / 6;
	}
}

/* Largest error in units in the last place over floats of all sizes. */
static double worst(const struct f32_kernels *kernels, enum f32_map map, uint32_t step)
{
	double most = 0;
	uint64_t bits;

	for (bits = 0; bits < UINT64_C(1) << 32; bits += step) {
		uint32_t pattern = (uint32_t)bits;
		double want, unit;
		float x, y;
		int exponent;

		memcpy(&x, &pattern, sizeof(x));
		if (isnan(x) || isinf(x))
			continue;
		kernels->map[map](&x, 1, &y);
		want = exact(map, x);
		if (fabs(want) > 3.4028235e38 || isinf(y)) {
			if (!isinf(y) || fabs(want) < 3.4028234e38)
				return INFINITY;
			continue;
		}
		/* What is no normal number may be 0. */
		if (map == F32_LOGISTIC && want < 0x1p-126 && y >= 0 && y <= 0x1p-126f)
			continue;
		frexp(want, &exponent);
		unit = ldexp(1, exponent < -125 ? -149 : exponent - 24);
		most = fmax(most, fabs(y - want) / unit);
	}

	return most;
}

static bool fma_case(const struct f32_kernels *kernels)
{
	uint32_t bits[3];
	float v[3], is, want;
	size_t i;

	(void)kernels;
	for (i = 0; i < 3; i++) {
		bits[i] = random_below(1u << 31) ^ random_below(1u << 31) << 1;
		/* Often close together, where rounding is delicate. */
		if (random_below(2))
			bits[i] = (bits[i] & 0x803fffff) | (random_between(115, 140) << 23);
		memcpy(&v[i], &bits[i], sizeof(v[i]));
	}
	is = f32_fma(v[0], v[1], v[2]);
	want = fmaf(v[0], v[1], v[2]);

	return same(&is, &want, 1);
}

int main(int argc, char **argv)
{
	static const struct { const char *what; bool (*run)(const struct f32_kernels *); unsigned int times; } all[] = {
		{ "convolutions", conv_case, 1 }, { "arrays", array_case, 3 },
		{ "poolings and interpolations", pixel_case, 1 },
		{ "fused multiply-additions", fma_case, 100 },
	};
	static const struct { const char *what; double bound; } maps[F32_MAPS] = {
		{ "exp", 2 }, { "logistic", 3 }, { "tanh", 6 }, { "hard swish", 3 },
	};
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	unsigned int cases = argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 0) : 300, done;
	const struct f32_kernels *kernels[] = { &f32_kernels_portable, f32_kernels_best() };
	const size_t sets = kernels[0] == kernels[1] ? 1 : 2;
	unsigned int number = 0, failed = 0;
	size_t set, i;

	printf("1..%zu\n", sets * COUNT(all) + F32_MAPS);
	for (set = 0; set < sets; set++) {
		for (i = 0; i < COUNT(all); i++) {
			bool good = true;

			random_seed(seed);
			for (done = 0; good && done < cases * all[i].times; done++)
				good = all[i].run(kernels[set]);
			failed += !good;
			printf("%s %u - %u %s, %s, seed %llu\n", good ? "ok" : "not ok", ++number,
			       done, all[i].what, kernels[set]->name, (unsigned long long)seed);
		}
	}
	for (i = 0; i < F32_MAPS; i++) {
		double most = worst(kernels[sets - 1], (enum f32_map)i, 40009);
		bool good = most < maps[i].bound;

		failed += !good;
		printf("%s %u - %s within %.2f units in the last place\n", good ? "ok" : "not ok",
		       ++number, maps[i].what, most);
	}

	return failed != 0;
}
