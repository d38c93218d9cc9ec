// SPDX-License-Identifier: MIT
/*
 * Every convolution kernel against nested loops, over random and edge shapes,
 * bit by bit, between guard pages. Prints TAP.
 *
 * usage: test_conv [SEED [CASES]]
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guarded.h"
#include "libaccel/cpu/conv.h"
#include "random.h"

struct test_case {
	struct accel_conv_shape shape;
	int8_t *weights;
	int32_t *bias;
	int16_t *multiplier;
	struct accel_requant requant;
	struct guarded in, out;
	bool sums;
};

static size_t layout_size(const struct accel_layout *layout, uint32_t height, uint32_t width,
			  uint32_t channels)
{
	size_t atoms = (channels + layout->atom - 1) / layout->atom;

	return (atoms - 1) * layout->surface + (height - 1) * layout->line +
	       (size_t)width * layout->atom;
}

static void random_layout(struct accel_layout *layout, uint32_t height, uint32_t width,
			  uint32_t channels)
{
	static const uint32_t atoms[] = { 8, 16, 32, 64 };

	if (random_below(2)) {
		/* NHWC, sometimes a slice of a wider tensor or with gaps between lines. */
		layout->atom = channels + (random_below(3) ? 0 : random_below(20));
		layout->line = (size_t)width * layout->atom + (random_below(3) ? 0 : random_between(1, 40));
		layout->surface = 0;
		return;
	}
	layout->atom = atoms[random_below(4)];
	layout->line = (size_t)width * layout->atom + (random_below(3) ? 0 : 8 * random_between(1, 5));
	layout->surface = height * layout->line + (random_below(3) ? 0 : 8 * random_between(1, 5));
}

static uint32_t out_size(uint32_t in, uint32_t before, uint32_t after, uint32_t kernel,
			 uint32_t dilation, uint32_t stride)
{
	int64_t span = (int64_t)in + before + after - ((int64_t)(kernel - 1) * dilation + 1);

	return span < 0 ? 0 : (uint32_t)(span / stride) + 1;
}

/* The shape's part; 0 when the random choice gave no output. */
static bool random_shape(struct accel_conv_shape *shape)
{
	static const uint32_t channels[] = { 1, 3, 4, 8, 12, 16, 17, 24, 32, 40, 48, 64, 88, 100 };
	uint32_t kind = random_below(4), extent;

	memset(shape, 0, sizeof(*shape));
	shape->kernel_height = random_below(2) ? 3 : random_between(1, 6);
	shape->kernel_width = random_below(2) ? shape->kernel_height : random_between(1, 6);
	if (kind == 0)
		shape->kernel_height = shape->kernel_width = 1;
	shape->stride_y = random_between(1, 3);
	shape->stride_x = random_between(1, 3);
	shape->dilation_y = random_below(4) ? 1 : random_between(2, 3);
	shape->dilation_x = random_below(4) ? 1 : random_between(2, 3);
	shape->in_channels = channels[random_below(sizeof(channels) / sizeof(channels[0]))];
	shape->out_channels = channels[random_below(sizeof(channels) / sizeof(channels[0]))];
	shape->groups = 1;
	if (kind == 1) {
		shape->groups = shape->out_channels = shape->in_channels;
	} else if (kind == 2) {
		shape->groups = random_between(2, 4);
		shape->in_channels = shape->groups * random_between(1, 18);
		shape->out_channels = shape->groups * random_between(1, 18);
	}
	shape->in_height = random_between(1, 14);
	shape->in_width = random_between(1, 22);
	extent = (shape->kernel_height - 1) * shape->dilation_y + 1;
	shape->pad_top = random_below(2) ? 0 : random_below(extent);
	shape->out_height = out_size(shape->in_height, shape->pad_top,
				     random_below(2) ? 0 : random_below(extent),
				     shape->kernel_height, shape->dilation_y, shape->stride_y);
	extent = (shape->kernel_width - 1) * shape->dilation_x + 1;
	shape->pad_left = random_below(2) ? 0 : random_below(extent);
	shape->out_width = out_size(shape->in_width, shape->pad_left,
				    random_below(2) ? 0 : random_below(extent),
				    shape->kernel_width, shape->dilation_x, shape->stride_x);
	shape->pad_value = (int8_t)random_below(256);
	if (!shape->out_height || !shape->out_width)
		return false;
	random_layout(&shape->in, shape->in_height, shape->in_width, shape->in_channels);
	random_layout(&shape->out, shape->out_height, shape->out_width, shape->out_channels);

	return true;
}

static void random_bytes(int8_t *bytes, size_t size, bool extremes)
{
	while (size--)
		*bytes++ = extremes ? (random_below(2) ? -128 : 127) : (int8_t)random_below(256);
}

/* Multipliers that spread the sums over INT8 and now and then far beyond. */
static void random_requant(struct test_case *test, size_t depth)
{
	uint32_t n = test->shape.out_channels, c;
	bool odd = random_below(3) != 0;

	test->requant.shift = random_below(6) ? random_between(20, 28) : random_below(50);
	test->requant.zero = (int16_t)(random_below(8) ? (int)random_below(256) - 128 :
				       (int)random_below(2000) - 1000);
	test->requant.min = random_below(2) ? INT8_MIN :
			    (int8_t)(test->requant.zero < -128 ? -128 :
				     test->requant.zero > 127 ? 127 : test->requant.zero);
	for (c = 0; c < n; c++) {
		double gain = 64.0 / (5500.0 * (1 + (double)depth / 16));
		double scale = gain * (double)(UINT64_C(1) << test->requant.shift);
		int32_t m = scale > 30000 ? 30000 : (int32_t)scale;

		m = m / 2 + (int32_t)random_below((uint32_t)m / 2 + 2);
		if (odd)
			m |= 1;
		test->multiplier[c] = (int16_t)(random_below(20) ? m : -m);
		test->bias[c] = (int32_t)random_below(20000) - 10000;
	}
}

static int case_new(struct test_case *test)
{
	struct accel_conv_shape *shape = &test->shape;
	size_t depth, weights;
	bool extremes = !random_below(8);

	memset(test, 0, sizeof(*test));
	while (!random_shape(shape))
		;
	depth = (size_t)shape->in_channels / shape->groups * shape->kernel_height *
		shape->kernel_width;
	weights = depth * shape->out_channels;
	test->weights = malloc(weights);
	test->bias = malloc(shape->out_channels * sizeof(*test->bias));
	test->multiplier = malloc(shape->out_channels * sizeof(*test->multiplier));
	if (!test->weights || !test->bias || !test->multiplier)
		return -1;
	random_bytes(test->weights, weights, extremes);
	if (random_below(3)) {
		for (size_t i = 0; i < weights; i++)
			test->weights[i] += test->weights[i] == -128;
	}
	random_requant(test, depth);
	test->requant.bias = test->bias;
	test->requant.multiplier = test->multiplier;
	test->sums = !random_below(6);
	if (guarded_new(&test->in, layout_size(&shape->in, shape->in_height, shape->in_width,
					       shape->in_channels), (int)random_below(2)) ||
	    guarded_new(&test->out, layout_size(&shape->out, shape->out_height, shape->out_width,
						shape->out_channels), (int)random_below(2)))
		return -1;
	random_bytes(test->in.data, test->in.size, extremes);

	return 0;
}

static void case_free(struct test_case *test)
{
	guarded_free(&test->in);
	guarded_free(&test->out);
	free(test->weights);
	free(test->bias);
	free(test->multiplier);
}

static size_t offset(const struct accel_layout *layout, uint32_t y, uint32_t x, uint32_t c)
{
	return c / layout->atom * layout->surface + y * layout->line + x * layout->atom +
	       c % layout->atom;
}

static int32_t expected_sum(const struct test_case *test, uint32_t oy, uint32_t ox, uint32_t oc)
{
	const struct accel_conv_shape *shape = &test->shape;
	uint32_t depth = shape->in_channels / shape->groups;
	uint32_t first = oc / (shape->out_channels / shape->groups) * depth, ky, kx, c;
	int32_t sum = test->bias[oc];
	const int8_t *w = test->weights +
			  (size_t)oc * shape->kernel_height * shape->kernel_width * depth;

	for (ky = 0; ky < shape->kernel_height; ky++) {
		for (kx = 0; kx < shape->kernel_width; kx++) {
			int64_t y = (int64_t)oy * shape->stride_y +
				    (int64_t)ky * shape->dilation_y - shape->pad_top;
			int64_t x = (int64_t)ox * shape->stride_x +
				    (int64_t)kx * shape->dilation_x - shape->pad_left;
			bool pad = y < 0 || y >= shape->in_height || x < 0 || x >= shape->in_width;

			for (c = 0; c < depth; c++)
				sum += *w++ * (pad ? shape->pad_value :
					       test->in.data[offset(&shape->in, (uint32_t)y,
								    (uint32_t)x, first + c)]);
		}
	}

	return sum;
}

/* Halves away from zero, written without the kernels' code. */
static int8_t expected(const struct test_case *test, uint32_t oc, int32_t sum)
{
	__int128 product = (__int128)sum * test->multiplier[oc];
	__int128 unit = (__int128)1 << test->requant.shift;
	__int128 doubled = 2 * (product < 0 ? -product : product) + unit;
	__int128 value = doubled / (2 * unit);

	if (product < 0)
		value = -value;
	if (value > INT32_MAX)
		value = INT32_MAX;
	if (value < INT32_MIN)
		value = INT32_MIN;
	value += test->requant.zero;
	if (value < test->requant.min)
		value = test->requant.min;

	return (int8_t)(value > 127 ? 127 : value < -128 ? -128 : value);
}

static void take_sums(void *ctx, size_t pixel, size_t channel, size_t rows, size_t columns,
		      const int32_t *acc, size_t stride)
{
	struct test_case *test = ctx;
	size_t r, c;

	/* Kept as INT8 so that both ways are compared alike. */
	for (r = 0; r < rows; r++) {
		for (c = 0; c < columns; c++)
			test->out.data[offset(&test->shape.out,
					      (uint32_t)((pixel + r) / test->shape.out_width),
					      (uint32_t)((pixel + r) % test->shape.out_width),
					      (uint32_t)(channel + c))] =
				(int8_t)(acc[r * stride + c] ^ acc[r * stride + c] >> 8 ^
					 acc[r * stride + c] >> 16);
	}
}

static bool compare(const struct test_case *test, const char *kernel, char *what, size_t size)
{
	const struct accel_conv_shape *shape = &test->shape;
	uint32_t y, x, c;

	for (y = 0; y < shape->out_height; y++) {
		for (x = 0; x < shape->out_width; x++) {
			for (c = 0; c < shape->out_channels; c++) {
				int32_t sum = expected_sum(test, y, x, c);
				int8_t want = test->sums ? (int8_t)(sum ^ sum >> 8 ^ sum >> 16) :
					      expected(test, c, sum);
				int8_t got = test->out.data[offset(&shape->out, y, x, c)];

				if (want == got)
					continue;
				snprintf(what, size,
					 "%s: in %ux%ux%u out %ux%ux%u kernel %ux%u stride %ux%u dilation %ux%u pad %u,%u groups %u atoms %u,%u: at (%u,%u,%u) %d, not %d",
					 kernel, shape->in_height, shape->in_width,
					 shape->in_channels, shape->out_height, shape->out_width,
					 shape->out_channels, shape->kernel_height,
					 shape->kernel_width, shape->stride_y, shape->stride_x,
					 shape->dilation_y, shape->dilation_x, shape->pad_top,
					 shape->pad_left, shape->groups, shape->in.atom,
					 shape->out.atom, y, x, c, got, want);
				return false;
			}
		}
	}

	return true;
}

static bool run_case(struct test_case *test, enum accel_isa isa, char *what, size_t size)
{
	struct accel_conv *conv;
	void *scratch;
	bool good;
	size_t tiles, half;

	if (accel_conv_new(isa, &test->shape, test->weights, &test->requant,
			   test->sums ? take_sums : NULL, &conv)) {
		snprintf(what, size, "accel_conv_new() refused a valid shape");
		return false;
	}
	scratch = aligned_alloc(64, (accel_conv_scratch(conv) + 63) & ~(size_t)63);
	if (!scratch) {
		accel_conv_free(conv);
		return false;
	}
	memset(test->out.data, 0x55, test->out.size);
	tiles = accel_conv_tiles(conv);
	half = tiles / 2;
	accel_conv_run(conv, test->in.data, test->sums ? NULL : test->out.data, test,
		       half, tiles, scratch);
	accel_conv_run(conv, test->in.data, test->sums ? NULL : test->out.data, test,
		       0, half, scratch);
	good = compare(test, accel_conv_kernel(conv), what, size);
	free(scratch);
	accel_conv_free(conv);

	return good;
}

static bool refuses(const char *what, void (*spoil)(struct accel_conv_shape *shape))
{
	struct accel_conv_shape shape = {
		.in_height = 4, .in_width = 4, .in_channels = 4,
		.out_height = 4, .out_width = 4, .out_channels = 4,
		.kernel_height = 1, .kernel_width = 1, .stride_y = 1, .stride_x = 1,
		.dilation_y = 1, .dilation_x = 1, .groups = 1,
	};
	static const int8_t weights[16];
	static const int32_t bias[4];
	static const int16_t multiplier[4];
	const struct accel_requant requant = { bias, multiplier, 20, 0, -128 };
	struct accel_conv *conv = NULL;
	int ret;

	spoil(&shape);
	ret = accel_conv_new(ACCEL_ISA_PORTABLE, &shape, weights, &requant, NULL, &conv);
	if (!ret)
		accel_conv_free(conv);
	(void)what;

	return ret;
}

static void no_stride(struct accel_conv_shape *shape) { shape->stride_x = 0; }
static void no_kernel(struct accel_conv_shape *shape) { shape->kernel_height = 0; }
static void odd_groups(struct accel_conv_shape *shape) { shape->groups = 3; }
static void too_wide(struct accel_conv_shape *shape) { shape->out_width = 9; }
static void too_padded(struct accel_conv_shape *shape) { shape->pad_top = 1; }
static void short_lines(struct accel_conv_shape *shape)
{
	shape->in = (struct accel_layout){ 8, 8, 8 };
}

int main(int argc, char **argv)
{
	static const struct { const char *what; void (*spoil)(struct accel_conv_shape *); } bad[] = {
		{ "stride 0", no_stride }, { "kernel height 0", no_kernel },
		{ "channels that do not divide into groups", odd_groups },
		{ "outputs outside the input", too_wide },
		{ "padding beyond the kernel", too_padded },
		{ "lines that do not hold their atoms", short_lines },
	};
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	unsigned int cases = argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 0) : 400, i;
	enum accel_isa best = accel_isa_detect(), isa;
	size_t count = sizeof(bad) / sizeof(bad[0]), at;
	unsigned int number = 0, failed = 0;

	printf("1..%zu\n", (size_t)best + 1 + count);
	for (isa = ACCEL_ISA_PORTABLE; isa <= best; isa++) {
		char what[400] = "";

		random_seed(seed);
		for (i = 0; i < cases && !*what; i++) {
			struct test_case test;

			if (case_new(&test)) {
				puts("Bail out! no memory");
				return 1;
			}
			run_case(&test, isa, what, sizeof(what));
			case_free(&test);
		}
		failed += *what != 0;
		printf("%s %u - %u convolutions, %s, seed %llu%s%s\n", *what ? "not ok" : "ok",
		       ++number, cases, accel_isa_name(isa), (unsigned long long)seed,
		       *what ? ": " : "", what);
	}
	for (at = 0; at < count; at++) {
		bool good = refuses(bad[at].what, bad[at].spoil);

		failed += !good;
		printf("%s %u - refuses %s\n", good ? "ok" : "not ok", ++number, bad[at].what);
	}

	return failed != 0;
}
