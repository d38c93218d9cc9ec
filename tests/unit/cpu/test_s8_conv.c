// SPDX-License-Identifier: MIT
/*
 * INT8 convolutions with zero points, plain, grouped, depthwise and
 * transposed, against nested loops, bit by bit, between guard pages; the
 * requantisation against the portable one. Prints TAP.
 *
 * usage: test_s8_conv [SEED [CASES]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "libaccel/cpu/int8/s8_conv.h"
#include "random.h"

struct test_case {
	struct accel_conv_shape shape;
	bool transposed;
	size_t batch, in_size, out_size, weight_count;
	struct guarded in, out;
	int8_t *weights;
	int32_t *bias, *multiplier, *shift;
	struct s8_requant requant;
};

static bool random_shape(struct test_case *test)
{
	struct accel_conv_shape *s = &test->shape;
	int64_t height, width;

	test->transposed = random_below(2);
	*s = (struct accel_conv_shape){
		.in_height = random_between(1, 9), .in_width = random_between(1, 14),
		.kernel_height = random_between(1, 5), .kernel_width = random_between(1, 5),
		.stride_y = random_between(1, 4), .stride_x = random_between(1, 4),
		.dilation_y = random_below(4) ? 1 : random_between(2, 3),
		.dilation_x = random_below(4) ? 1 : random_between(2, 3),
		.groups = random_below(3) ? 1 : random_between(2, 4),
		.pad_value = (int8_t)random_below(256),
	};
	s->pad_top = (int32_t)random_below(s->kernel_height);
	s->pad_left = (int32_t)random_below(s->kernel_width);
	s->in_channels = s->groups * random_between(1, 20);
	s->out_channels = s->groups * random_between(1, 40);
	if (!random_below(4))
		s->groups = s->in_channels = s->out_channels = random_between(2, 40);
	if (test->transposed) {
		height = (int64_t)(s->in_height - 1) * s->stride_y +
			 (int64_t)(s->kernel_height - 1) * s->dilation_y + 1 - s->pad_top -
			 random_below(2) + random_below(3);
		width = (int64_t)(s->in_width - 1) * s->stride_x +
			(int64_t)(s->kernel_width - 1) * s->dilation_x + 1 - s->pad_left -
			random_below(2) + random_below(3);
	} else {
		height = ((int64_t)s->in_height + s->pad_top -
			  (int64_t)(s->kernel_height - 1) * s->dilation_y - 1) / s->stride_y + 1;
		width = ((int64_t)s->in_width + s->pad_left -
			 (int64_t)(s->kernel_width - 1) * s->dilation_x - 1) / s->stride_x + 1;
	}
	s->out_height = (uint32_t)height;
	s->out_width = (uint32_t)width;

	return height > 0 && width > 0;
}

static void *room(size_t size)
{
	void *memory = malloc(size ? size : 1);

	if (!memory) {
		puts("Bail out! no memory");
		exit(1);
	}

	return memory;
}

static void case_new(struct test_case *test)
{
	const struct accel_conv_shape *s = &test->shape;
	size_t i;

	while (!random_shape(test))
		;
	test->batch = random_between(1, 2);
	test->in_size = (size_t)s->in_height * s->in_width * s->in_channels;
	test->out_size = (size_t)s->out_height * s->out_width * s->out_channels;
	test->weight_count = (size_t)s->out_channels * s->kernel_height * s->kernel_width *
			     (s->in_channels / s->groups);
	if (guarded_new(&test->in, test->batch * test->in_size, (int)random_below(2)) ||
	    guarded_new(&test->out, test->batch * test->out_size, (int)random_below(2))) {
		puts("Bail out! no memory");
		exit(1);
	}
	test->weights = room(test->weight_count);
	test->bias = room(s->out_channels * sizeof(int32_t));
	test->multiplier = room(s->out_channels * sizeof(int32_t));
	test->shift = room(s->out_channels * sizeof(int32_t));
	for (i = 0; i < test->in.size; i++)
		test->in.data[i] = (int8_t)random_below(256);
	for (i = 0; i < test->weight_count; i++)
		test->weights[i] = (int8_t)random_below(256);
	for (i = 0; i < s->out_channels; i++) {
		test->bias[i] = (int32_t)random_below(40000) - 20000;
		s8_requant_of(0.003 * (1 + random_below(1000)) / 1000, &test->multiplier[i],
			      &test->shift[i]);
	}
	test->requant = (struct s8_requant){
		test->multiplier, test->shift, (int32_t)random_below(256) - 128,
		(int8_t)(random_below(2) ? -128 : -20), (int8_t)(random_below(2) ? 127 : 90), true, false,
	};
}

static void case_free(struct test_case *test)
{
	guarded_free(&test->in);
	guarded_free(&test->out);
	free(test->weights);
	free(test->bias);
	free(test->multiplier);
	free(test->shift);
}

/* Contribution of input line @iy to output line @oy through tap @k? */
static bool meets(const struct test_case *test, int64_t i, int64_t o, int64_t k, int64_t stride,
		  int64_t dilation, int64_t pad)
{
	if (test->transposed)
		return o == i * stride - pad + k * dilation;

	return i == o * stride - pad + k * dilation;
}

static int8_t expected(const struct test_case *test, size_t image, uint32_t y, uint32_t x,
		       uint32_t o)
{
	const struct accel_conv_shape *s = &test->shape;
	const uint32_t depth = s->in_channels / s->groups;
	const uint32_t first = o / (s->out_channels / s->groups) * depth;
	const int8_t *in = test->in.data + image * test->in_size;
	int32_t sum = test->bias[o];
	uint32_t ky, kx, iy, ix, c;
	int8_t q, *at = &q;

	for (ky = 0; ky < s->kernel_height; ky++)
		for (iy = 0; iy < s->in_height; iy++) {
			if (!meets(test, iy, y, ky, s->stride_y, s->dilation_y, s->pad_top))
				continue;
			for (kx = 0; kx < s->kernel_width; kx++)
				for (ix = 0; ix < s->in_width; ix++) {
					const int8_t *w, *v;

					if (!meets(test, ix, x, kx, s->stride_x, s->dilation_x,
						   s->pad_left))
						continue;
					w = test->weights +
					    (((size_t)o * s->kernel_height + ky) *
					     s->kernel_width + kx) * depth;
					v = in + ((size_t)iy * s->in_width + ix) * s->in_channels +
					    first;
					for (c = 0; c < depth; c++)
						sum += w[c] * (v[c] - s->pad_value);
				}
		}
	s8_requant__portable(&test->requant, o, &sum, 1, 1, 1, &at);

	return q;
}

static bool conv_case(enum accel_isa isa)
{
	struct test_case test;
	const struct accel_conv_shape *s = &test.shape;
	struct s8_conv *conv;
	bool good;
	size_t i;

	case_new(&test);
	good = !s8_conv_new(isa, s, test.transposed, test.weights, test.bias, &test.requant, &conv);
	if (good) {
		good = !s8_conv_run(conv, test.batch, test.in.data, test.out.data);
		s8_conv_free(conv);
	}
	for (i = 0; i < test.batch * test.out_size && good; i++) {
		size_t at = i % test.out_size;

		good = test.out.data[i] ==
		       expected(&test, i / test.out_size,
				(uint32_t)(at / s->out_channels / s->out_width),
				(uint32_t)(at / s->out_channels % s->out_width),
				(uint32_t)(at % s->out_channels));
	}
	if (!good)
		printf("# element %zu: in %ux%ux%u out %ux%ux%u kernel %ux%u stride %ux%u dilation %ux%u pad %d,%d groups %u%s\n",
		       i, s->in_height, s->in_width, s->in_channels, s->out_height, s->out_width,
		       s->out_channels, s->kernel_height, s->kernel_width, s->stride_y,
		       s->stride_x, s->dilation_y, s->dilation_x, s->pad_top, s->pad_left,
		       s->groups, test.transposed ? " transposed" : "");
	case_free(&test);

	return good;
}

/* TFLite's arithmetic once more, in wider numbers. */
static int64_t twice_rounded(int32_t sum, int32_t multiplier, int32_t shift)
{
	__int128 product = (__int128)(int32_t)((uint32_t)sum << (shift > 0 ? shift : 0)) * multiplier;
	__int128 high = (product + ((__int128)1 << 30)) >> 31, unit;

	if (shift >= 0)
		return (int64_t)high;
	unit = (__int128)1 << -shift;
	/* To nearest, halves away from zero. */
	if (high >= 0)
		return (int64_t)((2 * high + unit) / (2 * unit));

	return -(int64_t)((-2 * high + unit) / (2 * unit));
}

static bool requant_case(enum accel_isa isa)
{
	int32_t multiplier[40], shift[40], sums[3 * 44];
	const uint32_t shifts = random_below(3);
	const struct s8_requant requant = {
		multiplier, shift, (int32_t)random_below(256) - 128,
		(int8_t)(random_below(2) ? -128 : -5), (int8_t)(random_below(2) ? 127 : 60),
		.left = shifts == 0, .right = shifts == 2,
	};
	const size_t n = random_between(1, 40), rows = random_between(1, 3);
	const size_t stride = n + random_below(4);
	struct guarded guarded[3];
	int8_t *out[3];
	bool good = true;
	size_t i, r;

	for (i = 0; i < n; i++) {
		multiplier[i] = (int32_t)((1u << 30) + random_below(1u << 30));
		if (!random_below(8))
			multiplier[i] = INT32_MAX;
		shift[i] = (int32_t)random_below(requant.left ? 35 : requant.right ? 31 : 32) - 31;
	}
	for (i = 0; i < rows * stride; i++) {
		sums[i] = (int32_t)(random_below(1u << 31) * 2 + random_below(2));
		sums[i] >>= random_below(28);
		if (!random_below(16))
			sums[i] = random_below(2) ? INT32_MIN : INT32_MAX;
		/* Halves. */
		if (!random_below(4)) {
			multiplier[i % stride % n] = 1 << 30;
			sums[i] = ((int32_t)random_below(1000) - 500) * (1 << random_below(12));
		}
	}
	for (r = 0; r < rows; r++) {
		guarded[r] = guarded_random(n);
		out[r] = guarded[r].data;
	}
	s8_requant_select(isa)(&requant, 0, sums, stride, rows, n, out);
	for (i = 0; i < rows * n && good; i++) {
		const int32_t sum = sums[i / n * stride + i % n];
		int64_t q = twice_rounded(sum, multiplier[i % n], shift[i % n]) + requant.zero;

		q = q < requant.low ? requant.low : q > requant.high ? requant.high : q;
		good = out[i / n][i % n] == (int8_t)q;
		if (!good)
			printf("# %d * %d, shift %d: %d, not %d\n", sum, multiplier[i % n],
			       shift[i % n], out[i / n][i % n], (int)q);
	}
	for (r = 0; r < rows; r++)
		guarded_free(&guarded[r]);

	return good;
}

int main(int argc, char **argv)
{
	static const struct { const char *what; bool (*run)(enum accel_isa); unsigned int times; } all[] = {
		{ "convolutions", conv_case, 1 }, { "requantisations", requant_case, 10 },
	};
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	unsigned int cases = argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 0) : 300, done, i;
	enum accel_isa best = accel_isa_detect(), isa;
	unsigned int number = 0, failed = 0;

	printf("1..%u\n", 2 * ((unsigned int)best + 1));
	for (isa = ACCEL_ISA_PORTABLE; isa <= best; isa++) {
		for (i = 0; i < 2; i++) {
			bool good = true;

			random_seed(seed);
			for (done = 0; good && done < cases / 2 * all[i].times; done++)
				good = all[i].run(isa);
			failed += !good;
			printf("%s %u - %u %s, %s, seed %llu\n", good ? "ok" : "not ok", ++number,
			       done, all[i].what, accel_isa_name(isa), (unsigned long long)seed);
		}
	}

	return failed != 0;
}
