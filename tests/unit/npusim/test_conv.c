// SPDX-License-Identifier: MIT
/*
 * Convolution against its definition, over random shapes on every
 * configuration, alone and in chains that share CBUF.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench_host.h"
#include "tools/npusim/cacc.h"
#include "tools/npusim/conv.h"
#include "tools/npusim/fp.h"

#define SHAPES	24

static void check(struct bench *bench, const struct bench_conv *conv)
{
	uint8_t *want = malloc(conv->out_bytes);

	assert_non_null(want);
	bench_conv_expect(bench, conv, want);
	assert_memory_equal(bench_at(bench, conv->out), want, conv->out_bytes);
	free(want);
}

static void run(struct bench *bench, const struct bench_conv *conv, unsigned int group)
{
	bench_conv_program(bench, conv, group);
	if (bench_wait(bench, 0x150001u << group))
		fail_msg("stopped: %s", bench->errors ? bench->last.text : "stalled");
	check(bench, conv);
}

static void shapes(bool image)
{
	const struct nvdla_config *config;
	struct bench_conv conv;
	struct bench bench;
	unsigned int i;

	for (config = nvdla_configs; config->name; config++) {
		for (i = 0; i < SHAPES; i++) {
			assert_int_equal(bench_new(config->name, 100 * i + image + 1, &bench), 0);
			bench_conv_random(&bench, image, &conv);
			run(&bench, &conv, 0);
			bench_conv_random(&bench, image, &conv);
			run(&bench, &conv, 1);
			assert_int_equal(bench.errors, 0);
			bench_free(&bench);
		}
	}
}

static void direct(void **state)
{
	(void)state;
	shapes(false);
}

/*
 * INT16, and batches in both precisions, which SDP writes one behind the other.
 */
static void wide(void **state)
{
	struct bench_conv conv;
	struct bench bench;
	unsigned int i;

	(void)state;
	for (i = 0; i < 6 * SHAPES; i++) {
		unsigned int precision = i % 3 != 0, batches = i % 3 ? i % 2 * (i % 5) : 1 + i % 7;

		assert_int_equal(bench_new("nv_full", 17 * i + 2, &bench), 0);
		bench_conv_random_wide(&bench, false, precision, batches, &conv);
		run(&bench, &conv, 0);
		bench_conv_random_wide(&bench, false, precision, 0, &conv);
		run(&bench, &conv, 1);
		bench_conv_random_wide(&bench, true, precision, 0, &conv);
		run(&bench, &conv, 0);
		bench_conv_random(&bench, i & 1, &conv);
		run(&bench, &conv, 1);
		assert_int_equal(bench.errors, 0);
		bench_free(&bench);
	}
}

static double from_half(uint16_t v)
{
	int expo = v >> 10 & 31;
	double m = ldexp(expo ? 1024 + (v & 1023) : v & 1023, (expo ? expo : 1) - 25);

	return v >> 15 ? -m : m;
}

/*
 * FP16: CMAC aligns products in 28 bits or more, CACC keeps 38, so what comes
 * out is the sum of exact products but for the rounding to FP16 at the end and
 * a little of the largest product.
 */
static void floats(void **state)
{
	struct bench_conv conv = {
		.format = -1, .precision = 2, .height = 5, .stride_x = 1, .stride_y = 1, .dil_x = 1,
		.dil_y = 1,
	};
	struct bench bench;
	unsigned int i, k, r, s, c, x, y;

	(void)state;
	for (i = 0; i < SHAPES; i++) {
		assert_int_equal(bench_new("nv_full", 19 * i + 1, &bench), 0);
		do {
			conv.in = 0;
			conv.weights = 0;
			conv.width = 3 + bench_random(&bench, 6);
			conv.channels = 1 + bench_random(&bench, 150);
			conv.kernels = 1 + bench_random(&bench, 40);
			conv.r = 1 + bench_random(&bench, 3);
			conv.s = 1 + bench_random(&bench, 3);
		} while (bench_conv_place(&bench, &conv));
		/* Numbers from 2^-9 to 2^8, and their negatives. */
		for (k = 0; k < conv.batch_stride + conv.weight_bytes; k += 2) {
			uint8_t *p = k < conv.batch_stride ? bench_at(&bench, conv.in + k) :
				     bench_at(&bench, conv.weights + k - conv.batch_stride);
			uint16_t v = (uint16_t)((p[0] | p[1] << 8) & 0x83ff) |
				     (uint16_t)((6 + p[1] % 17) << 10);

			memcpy(p, &v, sizeof(v));
		}
		bench_conv_program(&bench, &conv, 0);
		if (bench_wait(&bench, 0x150001))
			fail_msg("stopped: %s", bench.errors ? bench.last.text : "stalled");
		for (k = 0; k < conv.kernels; k++) {
			unsigned int group = k / 16 * 16;
			unsigned int n = conv.kernels - group < 16 ? conv.kernels - group : 16;
			uint64_t weights = conv.weights + 2 * group * conv.channels * conv.r * conv.s;

			for (y = 0; y < conv.out_height; y++) {
				for (x = 0; x < conv.out_width; x++) {
					double sum = 0, largest = 0, p, got;
					uint16_t out;

					for (r = 0; r < conv.r; r++)
					for (s = 0; s < conv.s; s++)
					for (c = 0; c < conv.channels; c++) {
						unsigned int block = c / 64 * 64, size;
						uint16_t a, b;

						size = conv.channels - block < 64 ?
						       conv.channels - block : 64;
						memcpy(&a, bench_at(&bench, conv.in +
								    c / 16 * conv.surf_stride +
								    (y + r) * conv.line_stride +
								    (x + s) * 32 + c % 16 * 2), 2);
						memcpy(&b, bench_at(&bench, weights + 2 *
								    (block * conv.r * conv.s * n +
								     ((r * conv.s + s) * n + k -
								      group) * size + c % 64)), 2);
						p = from_half(a) * from_half(b);
						sum += p;
						largest = fabs(p) > largest ? fabs(p) : largest;
					}
					memcpy(&out, bench_at(&bench, conv.out +
							      k / 16 * conv.out_surf +
							      y * conv.out_line + x * 32 + k % 16 * 2),
					       2);
					got = from_half(out);
					if (fabs(sum) > 65504)
						assert_true(fabs(got) > 60000);
					else
						assert_true(fabs(got - sum) <= fabs(sum) / 2000 +
							    largest * ldexp(1, -15) + ldexp(1, -14));
				}
			}
		}
		assert_int_equal(bench.errors, 0);
		bench_free(&bench);
	}
}

/* What the RTL gives for some atomic operations. */
static void float_sums(void **state)
{
	/* 1.5 * 2, 1 * -1, and 2^-14 * 2^-14, whose lowest bits are cut off. */
	static const uint16_t in[4] = { 0x3e00, 0x3c00, 0x0400, 0x8000 };
	static const uint16_t weights[4] = { 0x4000, 0xbc00, 0x0400, 0x3c00 };
	static const uint16_t nan[2] = { 0x3c00, 0xfe01 };
	struct sim_float_sum sum = sim_mac_fp16(in, weights, 2);
	uint64_t acc;

	(void)state;
	assert_int_equal(sim_cacc_float(sim_cacc_add(0, &sum)), 0x40000000);
	sum = sim_mac_fp16(in, weights, 4);
	assert_int_equal(sim_cacc_float(sim_cacc_add(0, &sum)), 0x40000000);
	/* Sums go on exactly and cancel. */
	acc = sim_cacc_add(0, &sum);
	sum.mantissa = -sum.mantissa;
	assert_int_equal(sim_cacc_add(acc, &sum), 0);
	sum = sim_mac_fp16(nan, in, 2);
	assert_int_equal(sim_cacc_float(sim_cacc_add(acc, &sum)), 0xff800201);
	/* The weight's NaN goes before the sample's, and stays. */
	sum = sim_mac_fp16(nan, (const uint16_t[2]){ 0x7c03, 0 }, 2);
	acc = sim_cacc_add(acc, &sum);
	assert_int_equal(sim_cacc_float(acc), 0x7f800003);
	sum = sim_mac_fp16(in, weights, 2);
	assert_int_equal(sim_cacc_float(sim_cacc_add(acc, &sum)), 0x7f800003);
}

/* 16-bit integers through the converter into FP16 are those numbers in FP16. */
static void integers_as_floats(void **state)
{
	const struct bench_reg more[] = {
		{ NVDLA_CDMA, CDMA_D_MISC_CFG, SIM_FP16 << 12 | SIM_INT16 << 8 },
		{ NVDLA_CDMA, CDMA_D_CVT_CFG, 1 | 1 << 4 },
		{ NVDLA_CDMA, CDMA_D_CVT_OFFSET, 5 },
		{ NVDLA_CDMA, CDMA_D_CVT_SCALE, 6 },
	};
	struct bench_conv conv;
	struct bench bench;
	uint32_t bytes, i;
	uint8_t *want;

	(void)state;
	assert_int_equal(bench_new("nv_full", 77, &bench), 0);
	bench_conv_random_wide(&bench, false, SIM_FP16, 0, &conv);
	bytes = conv.batch_stride;
	for (i = 0; i < bytes; i += 2) {
		uint16_t half = (uint16_t)fp16_from_int(3 * ((int)(i % 201) - 100));

		memcpy(bench_at(&bench, conv.in) + i, &half, 2);
	}
	bench_conv_program(&bench, &conv, 0);
	assert_int_equal(bench_wait(&bench, 0x150001u), 0);
	want = malloc(conv.out_bytes);
	assert_non_null(want);
	memcpy(want, bench_at(&bench, conv.out), conv.out_bytes);
	memset(bench_at(&bench, conv.out), 0x55, conv.out_bytes);
	for (i = 0; i < bytes; i += 2) {
		int16_t v = (int16_t)((int)(i % 201) - 100 + 5);

		memcpy(bench_at(&bench, conv.in) + i, &v, 2);
	}
	conv.more = more;
	conv.more_count = sizeof(more) / sizeof(more[0]);
	bench_conv_program(&bench, &conv, 1);
	if (bench_wait(&bench, 0x150001u << 1))
		fail_msg("stopped: %s", bench.errors ? bench.last.text : "stalled");
	assert_memory_equal(bench_at(&bench, conv.out), want, conv.out_bytes);
	assert_int_equal(bench.errors, 0);
	free(want);
	bench_free(&bench);
}

static void image(void **state)
{
	(void)state;
	shapes(true);
}

/* Data stays for a second set of kernels; its memory may change meanwhile. */
static void data_reuse(void **state)
{
	const struct nvdla_config *config;
	struct bench_conv first, second;
	struct bench bench;
	unsigned int i;

	(void)state;
	for (config = nvdla_configs; config->name; config++) {
		for (i = 0; i < 8; i++) {
			uint8_t *want;
			uint32_t used;

			assert_int_equal(bench_new(config->name, 7 * i + 3, &bench), 0);
			bench_conv_random(&bench, false, &first);
			first.skip_data = true;
			run(&bench, &first, 0);
			second = first;
			second.skip_data = false;
			second.reuse_data = true;
			second.weights = 0;
			used = bench.used;
			assert_int_equal(bench_conv_place(&bench, &second), 0);
			second.weight_banks = first.weight_banks;
			assert_true(bench.used > used);
			want = malloc(second.out_bytes);
			assert_non_null(want);
			bench_conv_expect(&bench, &second, want);
			memset(bench_at(&bench, second.in), 0x55, second.surf_stride);
			bench_conv_program(&bench, &second, 1);
			assert_int_equal(bench_wait(&bench, 0x2a0002), 0);
			assert_memory_equal(bench_at(&bench, second.out), want, second.out_bytes);
			free(want);
			bench_free(&bench);
		}
	}
}

/* Weights stay for a second input. */
static void weight_reuse(void **state)
{
	const struct nvdla_config *config;
	struct bench_conv first, second;
	struct bench bench;
	unsigned int i;

	(void)state;
	for (config = nvdla_configs; config->name; config++) {
		for (i = 0; i < 8; i++) {
			uint8_t *want;

			assert_int_equal(bench_new(config->name, 11 * i + 5, &bench), 0);
			do
				bench_conv_random(&bench, false, &first);
			while (first.weight_bytes > first.weight_banks * config->cbuf_bank_depth *
			       config->cbuf_bank_width);
			first.skip_weight = true;
			run(&bench, &first, 0);
			second = first;
			second.skip_weight = false;
			second.reuse_weight = true;
			second.in = 0;
			assert_int_equal(bench_conv_place(&bench, &second), 0);
			want = malloc(second.out_bytes);
			assert_non_null(want);
			bench_conv_expect(&bench, &second, want);
			memset(bench_at(&bench, second.weights), 0x55, second.weight_bytes);
			bench_conv_program(&bench, &second, 1);
			assert_int_equal(bench_wait(&bench, 0x2a0002), 0);
			assert_memory_equal(bench_at(&bench, second.out), want, second.out_bytes);
			free(want);
			bench_free(&bench);
		}
	}
}

/*
 * One input in several operations: each keeps the lines that the next one needs
 * too and fetches only what is missing, so the ring of slices wraps.
 */
static void partial_heights(void **state)
{
	const struct nvdla_config *config;
	struct bench_conv conv;
	struct bench bench;
	unsigned int i;

	(void)state;
	for (config = nvdla_configs; config->name; config++) {
		for (i = 0; i < 6; i++) {
			unsigned int part, kept = 0, top = 0, lines, group = 0;
			uint64_t in;

			assert_int_equal(bench_new(config->name, 13 * i + 1, &bench), 0);
			do
				bench_conv_random(&bench, false, &conv);
			while (conv.top || conv.bottom || conv.left || conv.right ||
			       conv.height < 8 || conv.r < conv.stride_y || conv.convert);
			in = conv.in;
			lines = (conv.r - 1) * conv.dil_y + 1;
			for (part = 0; top + lines + conv.stride_y <= conv.height; part++) {
				/* Two lines of output each time. */
				conv.out_height = 2;
				conv.out_surf = conv.out_line * 2;
				conv.out_bytes = conv.out_surf *
						 ((conv.kernels + config->atomic_m - 1) / config->atomic_m);
				conv.height = lines + conv.stride_y;
				conv.in = in + top * conv.line_stride;
				conv.fetch = conv.in + kept * conv.line_stride;
				conv.fetch_height = conv.height - kept;
				conv.reuse_data = part > 0;
				conv.release = 2 * conv.stride_y;
				if (conv.release > conv.height)
					conv.release = conv.height;
				kept = conv.height - conv.release;
				top += conv.release;
				run(&bench, &conv, group);
				group ^= 1;
				if (part == 5)
					break;
				/* The height that is left, for the loop's condition. */
				conv.height = 8;
			}
			assert_true(part > 0);
			bench_free(&bench);
		}
	}
}

/* Two programmed at once, and the rings wrapping under the same banks. */
static void both_groups(void **state)
{
	const struct nvdla_config *config;
	struct bench_conv conv[2];
	struct bench bench;
	unsigned int i, k;

	(void)state;
	for (config = nvdla_configs; config->name; config++) {
		assert_int_equal(bench_new(config->name, 77, &bench), 0);
		bench_conv_random(&bench, false, &conv[0]);
		for (i = 0; i < 12; i++) {
			for (k = 0; k < 2; k++) {
				conv[k] = conv[0];
				conv[k].in = 0;
				conv[k].weights = 0;
				assert_int_equal(bench_conv_place(&bench, &conv[k]), 0);
				bench_conv_program(&bench, &conv[k], k);
			}
			assert_int_equal(bench_wait(&bench, 0x3f0003), 0);
			check(&bench, &conv[0]);
			check(&bench, &conv[1]);
			bench.used = 0;
		}
		assert_int_equal(bench.errors, 0);
		bench_free(&bench);
	}
}

/* A kernel group at a time goes through weight banks that are too small for all. */
static void weights_streamed(void **state)
{
	struct bench_conv conv = {
		.format = -1, .width = 5, .height = 5, .channels = 64, .kernels = 100, .r = 3, .s = 3,
		.stride_x = 1, .stride_y = 1, .dil_x = 1, .dil_y = 1, .shift = 12,
	};
	struct bench bench;

	(void)state;
	assert_int_equal(bench_new("nv_small", 9, &bench), 0);
	assert_int_equal(bench_conv_place(&bench, &conv), 0);
	conv.weight_banks = 2;
	assert_true(conv.weight_bytes > 2 * 4096);
	run(&bench, &conv, 0);
	bench_free(&bench);
}

static void compressed_weights(void **state)
{
	struct bench_conv conv, plain;
	struct bench bench;
	unsigned int i;

	(void)state;
	for (i = 0; i < SHAPES; i++) {
		assert_int_equal(bench_new("nv_full", 31 * i + 7, &bench), 0);
		do
			bench_conv_random(&bench, i & 1, &conv);
		while (conv.weight_banks < 3);
		bench_conv_compress(&bench, &conv);
		run(&bench, &conv, 0);
		/* Plain weights after compressed ones, and compressed ones again. */
		bench_conv_random(&bench, false, &plain);
		plain.weight_banks = conv.weight_banks;
		plain.data_banks = conv.data_banks;
		if (plain.entries * plain.height <= plain.data_banks * 256 &&
		    plain.weight_bytes <= plain.weight_banks * 256 * 128) {
			run(&bench, &plain, 1);
			run(&bench, &conv, 0);
		}
		bench_free(&bench);
	}
}

/* The vectorised multiplication and the portable one, at every tile size. */
static void both_paths(void **state)
{
	static const unsigned int widths[] = { 8, 16, 32 };
	static int16_t in[4096], weights[3 * 20 * 32 * 2];
	int32_t fast[SIM_MAC_PIXELS * 32], plain[SIM_MAC_PIXELS * 32];
	const int16_t *base[SIM_MAC_PIXELS];
	struct bench bench;
	unsigned int i, k, n;

	(void)state;
	assert_int_equal(bench_new("nv_small", 21, &bench), 0);
	for (i = 0; i < 200; i++) {
		const struct sim_tap taps[3] = {
			{ (ptrdiff_t)bench_random(&bench, 500), 1 + bench_random(&bench, 20) },
			{ (ptrdiff_t)bench_random(&bench, 500), 1 + bench_random(&bench, 20) },
			{ (ptrdiff_t)bench_random(&bench, 500), 1 + bench_random(&bench, 20) },
		};
		unsigned int kernels = widths[i % 3];

		n = 1 + bench_random(&bench, SIM_MAC_PIXELS);
		for (k = 0; k < sizeof(in) / sizeof(in[0]); k++)
			in[k] = (int8_t)bench_random(&bench, 256);
		for (k = 0; k < sizeof(weights) / sizeof(weights[0]); k++)
			weights[k] = (int8_t)bench_random(&bench, 256);
		for (k = 0; k < n; k++)
			base[k] = in + bench_random(&bench, 3000);
		sim_mac_tile(base, n, taps, 3, weights, kernels, fast);
		sim_mac_tile_portable(base, n, taps, 3, weights, kernels, plain);
		assert_memory_equal(fast, plain, n * kernels * sizeof(*fast));
	}
	bench_free(&bench);
}

/* CACC: rounding of halves, saturation and its count. */
static void accumulator(void **state)
{
	struct bench_conv conv = {
		.format = -1, .width = 4, .height = 1, .channels = 8, .kernels = 1, .r = 1, .s = 1,
		.stride_x = 1, .stride_y = 1, .dil_x = 1, .dil_y = 1, .truncate = 1,
	};
	/* sums -3, -1, 1, 3: halves go away from zero */
	static const int8_t in[4] = { -3, -1, 1, 3 }, want[4] = { -2, -1, 1, 2 };
	struct bench bench;
	unsigned int x;

	(void)state;
	assert_int_equal(bench_new("nv_small", 9, &bench), 0);
	assert_int_equal(bench_conv_place(&bench, &conv), 0);
	memset(bench_at(&bench, conv.in), 0, 32);
	memset(bench_at(&bench, conv.weights), 1, 8);
	for (x = 0; x < 4; x++)
		bench_at(&bench, conv.in)[8 * x] = (uint8_t)in[x];
	run(&bench, &conv, 0);
	for (x = 0; x < 4; x++)
		assert_int_equal((int8_t)bench_at(&bench, conv.out)[8 * x], want[x]);
	assert_int_equal(bench_read(&bench, NVDLA_CACC, CACC_D_OUT_SATURATION), 0);
	bench_free(&bench);
}

static void bad_programs(void **state)
{
	static const struct {
		enum nvdla_unit unit;
		uint32_t reg, value;
		int code;
		bool full;	/* on nv_full */
	} bad[] = {
		{ NVDLA_CDMA, CDMA_D_BANK, 0x001f001f, -EINVAL, false },
		{ NVDLA_CDMA, CDMA_D_ENTRY_PER_SLICE, 0, -EINVAL, false },
		{ NVDLA_CDMA, CDMA_D_WEIGHT_BYTES, 4, -EINVAL, false },
		{ NVDLA_CDMA, CDMA_D_DAIN_RAM_TYPE, 0, -EINVAL, false },
		{ NVDLA_CDMA, CDMA_D_DAIN_ADDR_LOW_0, 0x10000000, -EFAULT, false },
		{ NVDLA_CDMA, CDMA_D_WEIGHT_ADDR_LOW, 0x10000000, -EFAULT, false },
		{ NVDLA_CDMA, CDMA_D_WEIGHT_FORMAT, 1, -EINVAL, false },
		{ NVDLA_CDMA, CDMA_D_MISC_CFG, 1, -EINVAL, false },
		{ NVDLA_CSC, CSC_D_ATOMICS, 1, -EINVAL, false },
		{ NVDLA_CSC, CSC_D_BANK, 0x00010001, -EINVAL, false },
		{ NVDLA_SDP, SDP_D_DST_BASE_ADDR_LOW, 0x10000000, -EFAULT, false },
		/* 16 bits behind a convolution in 8 */
		{ NVDLA_SDP, SDP_D_DATA_FORMAT, 1 | 1 << 2, -ENOSYS, true },
	};
	struct bench_conv conv = {
		.format = -1, .width = 5, .height = 5, .channels = 16, .kernels = 8, .r = 1, .s = 1,
		.stride_x = 1, .stride_y = 1, .dil_x = 1, .dil_y = 1, .shift = 6,
	};
	struct bench bench;
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(bench_new(bad[i].full ? "nv_full" : "nv_small", 9, &bench), 0);
		conv.in = 0;
		conv.weights = 0;
		assert_int_equal(bench_conv_place(&bench, &conv), 0);
		conv.wrong = true;
		conv.wrong_unit = bad[i].unit;
		conv.wrong_reg = bad[i].reg;
		conv.wrong_value = bad[i].value;
		bench_conv_program(&bench, &conv, 0);
		assert_int_equal(bench_wait(&bench, 0x150001), -1);
		assert_int_equal(bench.errors, 1);
		assert_int_equal(bench.last.code, bad[i].code);
		assert_non_null(strstr(bench.last.text, nvdla_units[bad[i].unit].name));
		assert_int_equal(npusim_run(bench.sim, 0, 1000), NPUSIM_ERROR);
		/* After a reset the core works again. */
		npusim_reset(bench.sim, 0);
		conv.wrong = false;
		run(&bench, &conv, 0);
		assert_int_equal(bench.errors, 1);
		bench_free(&bench);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(direct),
		cmocka_unit_test(integers_as_floats),
		cmocka_unit_test(image),
		cmocka_unit_test(wide),
		cmocka_unit_test(floats),
		cmocka_unit_test(float_sums),
		cmocka_unit_test(data_reuse),
		cmocka_unit_test(weight_reuse),
		cmocka_unit_test(partial_heights),
		cmocka_unit_test(both_groups),
		cmocka_unit_test(weights_streamed),
		cmocka_unit_test(compressed_weights),
		cmocka_unit_test(both_paths),
		cmocka_unit_test(accumulator),
		cmocka_unit_test(bad_programs),
	};

	return cmocka_run_group_tests_name("conv", tests, NULL, NULL);
}
