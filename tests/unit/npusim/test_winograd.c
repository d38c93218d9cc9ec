// SPDX-License-Identifier: MIT
/*
 * Winograd convolution against the plain one. Kernels are transformed with
 * twice the usual matrix, which keeps them integers: results are four times
 * those of the 3x3 kernels, exactly.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench_host.h"
#include "kmod/hw/nvdla_cacc_regs.h"
#include "kmod/hw/nvdla_cdma_regs.h"
#include "kmod/hw/nvdla_cmac_regs.h"
#include "kmod/hw/nvdla_csc_regs.h"
#include "kmod/hw/nvdla_sdp_regs.h"
#include "tools/npusim/cacc.h"
#include "tools/npusim/conv.h"
#include "tools/npusim/fp.h"
#include "tools/npusim/round.h"

#define ATOM	32	/* bytes of a memory atom of nv_full */
#define GROUP	32	/* bytes of a kernel group: 32 kernels of 8 bits, 16 of 16 */

struct shape {
	enum sim_precision precision;
	unsigned int elements;			/* per atom */
	unsigned int surfaces, stride_x, stride_y;
	unsigned int left, right, top, bottom;
	unsigned int width, height;		/* in memory */
	unsigned int out_width, out_height, kernels;
	unsigned int channels;			/* strides made channels */
	int pad, range;
	int8_t *kernel;				/* [kernel][channel][3][3] */
};

static void put(const struct shape *shape, uint8_t *to, int value)
{
	uint16_t half = shape->precision == SIM_FP16 ? (uint16_t)fp16_from_int(value) :
						       (uint16_t)value;

	if (shape->precision == SIM_INT8)
		*to = (uint8_t)value;
	else
		memcpy(to, &half, sizeof(half));
}

static void random_shape(struct bench *bench, enum sim_precision precision, struct shape *shape)
{
	unsigned int extra;

	memset(shape, 0, sizeof(*shape));
	shape->precision = precision;
	shape->elements = precision == SIM_INT8 ? ATOM : ATOM / 2;
	shape->surfaces = 1 + bench_random(bench, 2);
	shape->stride_x = 1 + bench_random(bench, 3);
	shape->stride_y = 1 + bench_random(bench, 2);
	shape->out_width = 4 * (1 + bench_random(bench, 3));
	shape->out_height = 4 * (1 + bench_random(bench, 3));
	shape->kernels = 1 + bench_random(bench, 40);
	shape->channels = shape->surfaces * shape->elements * shape->stride_x * shape->stride_y;
	shape->left = bench_random(bench, 3);
	shape->right = bench_random(bench, 4);
	shape->top = bench_random(bench, 3);
	shape->bottom = bench_random(bench, 4);
	extra = 4 + 4 * bench_random(bench, 2);
	shape->width = (shape->out_width + extra) * shape->stride_x - shape->left - shape->right;
	shape->height = (shape->out_height + 4) * shape->stride_y - shape->top - shape->bottom;
	shape->range = precision == SIM_FP16 ? 2 : precision == SIM_INT8 ? 6 : 100;
	shape->pad = (int)bench_random(bench, 2u * (unsigned int)shape->range) - shape->range;
}

/* Memory of features filled; returns the bus address. */
static uint64_t make_input(struct bench *bench, const struct shape *shape)
{
	uint32_t bytes = shape->surfaces * shape->height * shape->width * ATOM, i;
	unsigned int size = ATOM / shape->elements;
	uint64_t addr = bench_alloc(bench, bytes);
	int range = shape->range;

	assert_true(addr);
	for (i = 0; i < bytes; i += size)
		put(shape, bench_at(bench, addr) + i,
		    (int)bench_random(bench, 2u * (unsigned int)range + 1) - range);

	return addr;
}

static uint64_t make_weights(struct bench *bench, struct shape *shape, uint32_t *bytes)
{
	static const int g[4][3] = { { 2, 0, 0 }, { 1, 1, 1 }, { 1, -1, 1 }, { 0, 0, 2 } };
	unsigned int size = ATOM / shape->elements, lanes = GROUP / size;
	unsigned int k, c, i, r, s, group, in_group;
	uint64_t addr;
	uint8_t *mem;

	*bytes = shape->kernels * shape->channels * 16 * size;
	*bytes = (*bytes + 127) / 128 * 128;
	addr = bench_alloc(bench, *bytes);
	shape->kernel = malloc((size_t)shape->kernels * shape->channels * 9);
	assert_true(addr && shape->kernel);
	mem = bench_at(bench, addr);
	for (k = 0; k < shape->kernels; k++) {
		group = k / lanes;
		in_group = shape->kernels - group * lanes < lanes ?
			   shape->kernels - group * lanes : lanes;
		for (c = 0; c < shape->channels; c++) {
			int8_t *kernel = shape->kernel + ((size_t)k * shape->channels + c) * 9;
			size_t at = (size_t)group * lanes * shape->channels * 16 +
				    (size_t)c / 4 * in_group * 64 + k % lanes * 64 + c % 4;

			for (i = 0; i < 9; i++)
				kernel[i] = (int8_t)((int)bench_random(bench, 5) - 2);
			for (i = 0; i < 16; i++) {
				int sum = 0;

				for (r = 0; r < 3; r++)
					for (s = 0; s < 3; s++)
						sum += g[i / 4][r] * g[i % 4][s] *
						       kernel[3 * r + s];
				put(shape, mem + (at + 4 * i) * size, sum);
			}
		}
	}

	return addr;
}

static int sample(struct bench *bench, const struct shape *shape, uint64_t in, int x, int y,
		  unsigned int channel)
{
	unsigned int size = ATOM / shape->elements;
	const uint8_t *from;
	uint16_t v;

	x -= (int)shape->left;
	y -= (int)shape->top;
	if (x < 0 || y < 0 || x >= (int)shape->width || y >= (int)shape->height)
		return shape->pad;
	from = bench_at(bench, in) + (((size_t)(channel / shape->elements) * shape->height +
				       (size_t)y) * shape->width + (size_t)x) * ATOM +
	       channel % shape->elements * size;
	if (size == 1)
		return (int8_t)*from;
	memcpy(&v, from, sizeof(v));
	if (shape->precision == SIM_INT16)
		return (int16_t)v;
	for (x = -shape->range; fp16_from_int(x) != v; x++)
		assert_true(x < shape->range);

	return x;
}

static int64_t result(struct bench *bench, const struct shape *shape, uint64_t in,
		      unsigned int x, unsigned int y, unsigned int k)
{
	unsigned int per_phase = shape->surfaces * shape->elements, c, i;
	int64_t sum = 0;

	for (c = 0; c < shape->channels; c++) {
		unsigned int phase = c / per_phase;

		for (i = 0; i < 9; i++)
			sum += shape->kernel[((size_t)k * shape->channels + c) * 9 + i] *
			       sample(bench, shape, in,
				      (int)((x + i % 3) * shape->stride_x + phase % shape->stride_x),
				      (int)((y + i / 3) * shape->stride_y + phase / shape->stride_x),
				      c % per_phase);
	}

	return 4 * sum;
}

static void compare(struct bench *bench, const struct shape *shape, const struct bench_conv *conv)
{
	unsigned int size = ATOM / shape->elements, x, y, k;
	uint8_t want[2], *got;

	for (k = 0; k < shape->kernels; k++)
		for (y = 0; y < shape->out_height; y++)
			for (x = 0; x < shape->out_width; x++) {
				int64_t v = result(bench, shape, conv->in, x, y, k);

				if (shape->precision != SIM_FP16)
					v = sim_saturate(sim_round_shift_wide(v, conv->shift),
							 8 * size);
				put(shape, want, (int)v);
				got = bench_at(bench, conv->out) + k / shape->elements *
				      conv->out_surf + y * conv->out_line + x * ATOM +
				      k % shape->elements * size;
				assert_memory_equal(got, want, size);
			}
}

static void run_shape(struct bench *bench, enum sim_precision precision, unsigned int group)
{
	struct bench_conv conv = { .format = -1, .precision = precision };
	unsigned int all_width, all_height;
	struct bench_reg more[16];
	uint32_t misc = precision << 12, wide;
	struct shape shape;
	unsigned int n = 0;

	do {
		random_shape(bench, precision, &shape);
		all_width = (shape.left + shape.width + shape.right) / shape.stride_x;
		all_height = (shape.top + shape.height + shape.bottom) / shape.stride_y;
		conv.entries = all_width / 4 * shape.surfaces * shape.stride_x * shape.stride_y;
		conv.data_banks = (conv.entries * all_height + 255) / 256;
		wide = shape.kernels * shape.channels * 16 * ATOM / shape.elements;
		conv.weight_banks = (wide + 32767) / 32768;
	} while (conv.data_banks + conv.weight_banks > 16);
	conv.width = shape.width;
	conv.height = shape.height;
	conv.channels = shape.surfaces * shape.elements;
	conv.kernels = shape.kernels;
	conv.r = 4;
	conv.s = 4;
	conv.stride_x = shape.stride_x;
	conv.stride_y = shape.stride_y;
	conv.dil_x = 1;
	conv.dil_y = 1;
	conv.left = shape.left;
	conv.right = shape.right;
	conv.top = shape.top;
	conv.bottom = shape.bottom;
	conv.pad = precision == SIM_FP16 ? (int)fp16_from_int(shape.pad) : shape.pad;
	conv.out_width = shape.out_width;
	conv.out_height = shape.out_height;
	conv.shift = precision == SIM_FP16 ? 0 : precision == SIM_INT8 ? 6 : 7;
	conv.in = make_input(bench, &shape);
	conv.weights = make_weights(bench, &shape, &conv.weight_bytes);
	conv.line_stride = shape.width * ATOM;
	conv.surf_stride = conv.line_stride * shape.height;
	conv.out_line = shape.out_width * ATOM;
	conv.out_surf = conv.out_line * shape.out_height;
	conv.out_bytes = conv.out_surf * ((shape.kernels - 1) / shape.elements + 1);
	conv.out = bench_alloc(bench, conv.out_bytes);

	more[n++] = (struct bench_reg){ NVDLA_CDMA, CDMA_D_MISC_CFG, misc | precision << 8 | 1 };
	more[n++] = (struct bench_reg){ NVDLA_CSC, CSC_D_MISC_CFG, misc | precision << 8 | 1 };
	more[n++] = (struct bench_reg){ NVDLA_CMAC_A, CMAC_D_MISC_CFG, misc | 1 };
	more[n++] = (struct bench_reg){ NVDLA_CMAC_B, CMAC_D_MISC_CFG, misc | 1 };
	more[n++] = (struct bench_reg){ NVDLA_CACC, CACC_D_MISC_CFG, misc | 1 };
	more[n++] = (struct bench_reg){ NVDLA_SDP, SDP_D_FEATURE_MODE_CFG,
					1 | SDP_D_FEATURE_MODE_CFG_WINOGRAD };
	more[n++] = (struct bench_reg){ NVDLA_CSC, CSC_D_DATAIN_SIZE_EXT_0,
					(all_width - 1) | (all_height - 1) << 16 };
	more[n++] = (struct bench_reg){ NVDLA_CSC, CSC_D_DATAIN_SIZE_EXT_1, shape.channels - 1 };
	more[n++] = (struct bench_reg){ NVDLA_CSC, CSC_D_WEIGHT_SIZE_EXT_1,
					(shape.channels - 1) | (shape.kernels - 1) << 16 };
	more[n++] = (struct bench_reg){ NVDLA_CDMA, CDMA_D_WEIGHT_SIZE_0,
					shape.channels * 16 * ATOM / shape.elements - 1 };
	more[n++] = (struct bench_reg){ NVDLA_CSC, CSC_D_RELEASE, all_height - 1 };
	more[n++] = (struct bench_reg){ NVDLA_CSC, CSC_D_CONV_STRIDE_EXT, 0 };
	more[n++] = (struct bench_reg){ NVDLA_CSC, CSC_D_ZERO_PADDING, 0 };
	more[n++] = (struct bench_reg){ NVDLA_CSC, CSC_D_PRA_CFG, 0 };
	conv.more = more;
	conv.more_count = n;
	bench_conv_program(bench, &conv, group);
	if (bench_wait(bench, 0x150001u << group))
		fail_msg("stopped: %s", bench->errors ? bench->last.text : "stalled");
	compare(bench, &shape, &conv);
	free(shape.kernel);
}

static void convolutions(enum sim_precision precision)
{
	struct bench bench;
	unsigned int i;

	for (i = 0; i < 6; i++) {
		assert_int_equal(bench_new("nv_full", 31 * i + precision + 1, &bench), 0);
		run_shape(&bench, precision, 0);
		run_shape(&bench, precision, 1);
		assert_int_equal(bench.errors, 0);
		bench_free(&bench);
	}
}

static void int8(void **state)
{
	(void)state;
	convolutions(SIM_INT8);
}

static void int16(void **state)
{
	(void)state;
	convolutions(SIM_INT16);
}

static void fp16(void **state)
{
	(void)state;
	convolutions(SIM_FP16);
}

/* Shifted right with halves away from zero, and saturated, when all is added. */
static void pre_addition(void **state)
{
	int32_t v[16] = { 127, 0, -128 }, w[16] = { 3, 0, 0, 0, 0, 5 };

	(void)state;
	sim_pre_add(v, 0, SIM_INT8);
	assert_int_equal(v[0], 127);
	assert_int_equal(v[1], -128);
	assert_int_equal(v[2], -128);
	sim_pre_add(w, 1, SIM_INT16);
	assert_int_equal(w[0], 2);
	assert_int_equal(w[5], 3);
	assert_int_equal(w[6], -3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(int8),
		cmocka_unit_test(int16),
		cmocka_unit_test(fp16),
		cmocka_unit_test(pre_addition),
	};

	return cmocka_run_group_tests_name("npusim winograd", tests, NULL, NULL);
}
