// SPDX-License-Identifier: MIT
/*
 * FP16 of SDP, PDP and CDP, and results of another precision than the stages.
 * The numbers are small integers, so that every step is exact and plain
 * arithmetic says what has to come out.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rig.h"
#include "tools/npusim/fp.h"

enum { INT8, INT16, FP16 };

#define NAN16	0x7e01
#define INF16	0x7c00

/* The bits of @v as FP16, FP17 or FP32; @v is exact and normal there, or 0. */
static uint32_t bits(double v, unsigned int e, unsigned int m)
{
	int expo;
	double mant = frexp(fabs(v), &expo);

	if (v == 0)
		return 0;

	return (uint32_t)(v < 0) << (e + m) |
	       (uint32_t)(expo - 1 + (1 << (e - 1)) - 1) << m |
	       ((uint32_t)ldexp(mant, (int)m + 1) & ((1u << m) - 1));
}

static uint16_t half(double v)
{
	return (uint16_t)bits(v, 5, 10);
}

static double value(uint16_t v)
{
	double m = v & 0x3ff;

	m = v >> 10 & 31 ? ldexp(m + 1024, (v >> 10 & 31) - 25) : ldexp(m, -24);
	return v & 0x8000 ? -m : m;
}

static struct rig *rig_with_fp(uint32_t seed)
{
	const struct nvdla_config *config = nvdla_configs;

	while (config->name && !(config->features & NVDLA_FEAT_INT16))
		config++;
	assert_non_null(config->name);
	return rig_new(config, seed);
}

/* A cube of two bytes an element, filled with random integers of FP16. */
static struct rig_cube integers(struct rig *rig, unsigned int w, unsigned int h, unsigned int ch,
				unsigned int most)
{
	struct rig_cube cube = rig_cube(rig, w, h, 2 * ch, rig->config->atomic_m);
	unsigned int c, y, x;

	for (c = 0; c < ch; c++)
		for (y = 0; y < h; y++)
			for (x = 0; x < w; x++)
				rig_set_element16(rig, &cube, c, y, x,
						  half((double)rig_random(rig, 2 * most + 1) -
						       most));
	return cube;
}

/* Where rounding matters, FP32 of the machine agrees as long as nothing leaves the range. */
static void arithmetic(void **state)
{
	struct rig *rig = rig_with_fp(31);
	unsigned int i;

	(void)state;
	for (i = 0; i < 200000; i++) {
		uint32_t a = rig_random(rig, 1u << 31) << 1 | rig_random(rig, 2), b, r;
		float x, y, z;

		b = rig_random(rig, 1u << 31) << 1 | rig_random(rig, 2);
		a = (a & 0x807fffff) | (90 + rig_random(rig, 70)) << 23;
		b = (b & 0x807fffff) | (90 + rig_random(rig, 70)) << 23;
		memcpy(&x, &a, 4);
		memcpy(&y, &b, 4);
		z = x * y;
		memcpy(&r, &z, 4);
		assert_int_equal(fp32_mul(a, b), r);
		/* Of a sum with nothing shifted out the same holds. */
		b = (b & 0x807fffff) | ((a >> 23 & 255) - rig_random(rig, 24)) << 23;
		memcpy(&y, &b, 4);
		z = x + y;
		memcpy(&r, &z, 4);
		if (z != 0)
			assert_int_equal(fp32_add(a, b), r);
	}
	assert_int_equal(fp32_mul(0x7f000000, 0x7f000000), 0x7f7fffff);
	assert_int_equal(fp32_mul(0x00800000, 0x00800000), 0);
	assert_int_equal(fp32_add(0x7f7fffff, 0x7f7fffff), 0x7f7fffff);
	assert_int_equal(fp16_to_fp32(INF16), 0x7f7fffff);
	assert_int_equal(fp16_to_fp32(NAN16), 0x7f800201);
	assert_int_equal(fp32_to_fp16(0x7f800201), NAN16);
	assert_int_equal(fp32_to_fp16(0x47800000), 0x7bff);
	for (i = 0; i < 65536; i++) {
		if ((i >> 10 & 31) == 31)
			continue;
		assert_int_equal(fp32_to_fp16(fp16_to_fp32(i)), i);
		assert_int_equal(fp17_to_fp16(fp16_to_fp17(i)), i);
		assert_int_equal(fp16_to_int(i), fabs(value((uint16_t)i)) >= 32768 ?
				 (i & 0x8000 ? -32768 : 32767) : (int)round(value((uint16_t)i)));
	}
	rig_free(rig);
}

static void program_sdp(struct rig *rig, const struct rig_cube *src, const struct rig_cube *dst,
			unsigned int ch, unsigned int in, unsigned int proc, unsigned int out)
{
	rig_write(rig, NVDLA_SDP, SDP_S_POINTER, 0);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_S_POINTER, 0);
	rig_write(rig, NVDLA_SDP, SDP_D_DATA_FORMAT, proc | out << 2);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_FEATURE_MODE_CFG,
		  in << 2 | proc << 4 | out << 6);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_DATA_CUBE_WIDTH, src->width - 1);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_DATA_CUBE_HEIGHT, src->height - 1);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_DATA_CUBE_CHANNEL, ch - 1);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_SRC_BASE_ADDR_LOW, src->addr);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_SRC_LINE_STRIDE, src->line);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_SRC_SURFACE_STRIDE, src->surf);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_SRC_DMA_CFG, 1);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_BRDMA_CFG, 1);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_NRDMA_CFG, 1);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_ERDMA_CFG, 1);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_PERF_ENABLE,
		  SDP_RDMA_D_PERF_ENABLE_PERF_NAN_INF_COUNT_EN);
	rig_write(rig, NVDLA_SDP, SDP_D_PERF_ENABLE, SDP_D_PERF_ENABLE_PERF_NAN_INF_COUNT_EN);
	rig_write(rig, NVDLA_SDP, SDP_D_FEATURE_MODE_CFG, 0);
	rig_write(rig, NVDLA_SDP, SDP_D_DATA_CUBE_WIDTH, src->width - 1);
	rig_write(rig, NVDLA_SDP, SDP_D_DATA_CUBE_HEIGHT, src->height - 1);
	rig_write(rig, NVDLA_SDP, SDP_D_DATA_CUBE_CHANNEL, ch - 1);
	rig_write(rig, NVDLA_SDP, SDP_D_DST_BASE_ADDR_LOW, dst->addr);
	rig_write(rig, NVDLA_SDP, SDP_D_DST_LINE_STRIDE, dst->line);
	rig_write(rig, NVDLA_SDP, SDP_D_DST_SURFACE_STRIDE, dst->surf);
	rig_write(rig, NVDLA_SDP, SDP_D_DST_DMA_CFG, 1);
	rig_write(rig, NVDLA_SDP, SDP_D_DP_BS_CFG, 1);
	rig_write(rig, NVDLA_SDP, SDP_D_DP_BN_CFG, 1);
	rig_write(rig, NVDLA_SDP, SDP_D_DP_EW_CFG, 1);
	rig_write(rig, NVDLA_SDP, SDP_D_CVT_OFFSET, 0);
	rig_write(rig, NVDLA_SDP, SDP_D_CVT_SCALE, 1);
	rig_write(rig, NVDLA_SDP, SDP_D_CVT_SHIFT, 0);
}

static void run_sdp(struct rig *rig)
{
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_OP_ENABLE, 1);
	rig_write(rig, NVDLA_SDP, SDP_D_OP_ENABLE, 1);
	rig_run(rig, 1);
}

/* relu((v + a) * b) to FP16 or INT16. */
static void sdp_fp16(void **state)
{
	unsigned int i, c, y, x, out;

	(void)state;
	for (i = 0; i < 60; i++) {
		struct rig *rig = rig_with_fp(40 + i);
		unsigned int w = 2 + rig_random(rig, 8), h = 1 + rig_random(rig, 4);
		unsigned int ch = 1 + rig_random(rig, 50);
		int a = (int)rig_random(rig, 33) - 16, b = (int)rig_random(rig, 33) - 16;
		struct rig_cube src = integers(rig, w, h, ch, 48);
		struct rig_cube dst = rig_cube(rig, w, h, 2 * ch, rig->config->atomic_m);

		out = i & 1 ? INT16 : FP16;
		program_sdp(rig, &src, &dst, ch, FP16, FP16, out);
		rig_write(rig, NVDLA_SDP, SDP_D_DP_BS_CFG, 2 << 2);
		rig_write(rig, NVDLA_SDP, SDP_D_DP_BS_ALU_CFG, 0);
		rig_write(rig, NVDLA_SDP, SDP_D_DP_BS_ALU_SRC_VALUE, half(a));
		rig_write(rig, NVDLA_SDP, SDP_D_DP_BS_MUL_CFG, 0);
		rig_write(rig, NVDLA_SDP, SDP_D_DP_BS_MUL_SRC_VALUE, half(b));
		run_sdp(rig);
		for (c = 0; c < ch; c++) {
			for (y = 0; y < h; y++) {
				for (x = 0; x < w; x++) {
					double v = (value((uint16_t)rig_element16(rig, &src, c, y, x)) +
						    a) * b;

					v = v < 0 ? 0 : v;
					assert_int_equal((uint16_t)rig_element16(rig, &dst, c, y, x) &
							 0x7fff, out == FP16 ? half(v) : v);
				}
			}
		}
		rig_free(rig);
	}
}

/* NaN is counted, and passes or becomes 0; infinity becomes the largest number. */
static void sdp_numbers(void **state)
{
	unsigned int flush;

	(void)state;
	for (flush = 0; flush < 2; flush++) {
		struct rig *rig = rig_with_fp(33);
		struct rig_cube src = integers(rig, 3, 1, 16, 9);
		struct rig_cube dst = rig_cube(rig, 3, 1, 32, rig->config->atomic_m);

		rig_set_element16(rig, &src, 4, 0, 1, NAN16);
		rig_set_element16(rig, &src, 5, 0, 2, INF16);
		program_sdp(rig, &src, &dst, 16, FP16, FP16, FP16);
		rig_write(rig, NVDLA_SDP, SDP_D_FEATURE_MODE_CFG,
			  flush ? SDP_D_FEATURE_MODE_CFG_NAN_TO_ZERO : 0);
		run_sdp(rig);
		assert_int_equal((uint16_t)rig_element16(rig, &dst, 4, 0, 1), flush ? 0 : NAN16);
		assert_int_equal((uint16_t)rig_element16(rig, &dst, 5, 0, 2), 0x7bff);
		assert_int_equal(rig_read(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_STATUS_NAN_INPUT_NUM), 1);
		assert_int_equal(rig_read(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_STATUS_INF_INPUT_NUM), 1);
		assert_int_equal(rig_read(rig, NVDLA_SDP, SDP_D_STATUS_NAN_OUTPUT_NUM), !flush);
		rig_free(rig);
	}
}

/* Integers of one width in, of another or FP16 out. */
static void sdp_precisions(void **state)
{
	static const unsigned int change[][3] = {
		{ INT8, INT8, INT16 }, { INT16, INT8, INT8 }, { INT16, INT8, INT16 },
		{ INT8, INT8, FP16 }, { INT16, INT16, FP16 }, { INT16, INT8, FP16 },
	};
	unsigned int i, c, y, x;

	(void)state;
	for (i = 0; i < 120; i++) {
		struct rig *rig = rig_with_fp(50 + i);
		const unsigned int *p = change[i % 6];
		unsigned int w = 1 + rig_random(rig, 9), h = 1 + rig_random(rig, 5);
		/* In INT8 atoms of 32 channels go through the stages, whole. */
		unsigned int ch = 32 * (1 + rig_random(rig, 3)), atom = rig->config->atomic_m;
		struct rig_cube src = rig_cube(rig, w, h, p[0] ? 2 * ch : ch, atom);
		struct rig_cube dst = rig_cube(rig, w, h, p[2] ? 2 * ch : ch, atom);

		program_sdp(rig, &src, &dst, ch, p[0], p[1], p[2]);
		if (w == 1 && h == 1)
			src.surf = dst.surf = atom;
		run_sdp(rig);
		for (c = 0; c < ch; c++) {
			for (y = 0; y < h; y++) {
				for (x = 0; x < w; x++) {
					int v = p[0] ? rig_element16(rig, &src, c, y, x) :
						       rig_element(rig, &src, c, y, x);
					int got = p[2] ? rig_element16(rig, &dst, c, y, x) :
							 rig_element(rig, &dst, c, y, x);

					if (p[2] == INT8)
						v = v > 127 ? 127 : v < -128 ? -128 : v;
					if (p[2] == FP16 && abs(v) > 2048)
						assert_true(fabs(value((uint16_t)got) - v) <=
							    abs(v) / 2048.0);
					else
						assert_int_equal(got, p[2] == FP16 ?
								 (int16_t)half(v) : v);
				}
			}
		}
		rig_free(rig);
	}
}

/* Windows of powers of two, so that means are exact. */
static void pooling(void **state)
{
	unsigned int i, c, y, x, j, k;

	(void)state;
	for (i = 0; i < 90; i++) {
		struct rig *rig = rig_with_fp(60 + i);
		unsigned int method = i % 3, size = 1u << rig_random(rig, 4);
		unsigned int ow = 1 + rig_random(rig, 5), oh = 1 + rig_random(rig, 4);
		unsigned int ch = 1 + rig_random(rig, 40);
		struct rig_cube src = integers(rig, ow * size, oh * size, ch, 16);
		struct rig_cube dst = rig_cube(rig, ow, oh, 2 * ch, rig->config->atomic_m);

		rig_write(rig, NVDLA_PDP, PDP_D_DATA_CUBE_IN_WIDTH, src.width - 1);
		rig_write(rig, NVDLA_PDP, PDP_D_DATA_CUBE_IN_HEIGHT, src.height - 1);
		rig_write(rig, NVDLA_PDP, PDP_D_DATA_CUBE_IN_CHANNEL, ch - 1);
		rig_write(rig, NVDLA_PDP, PDP_D_DATA_CUBE_OUT_WIDTH, ow - 1);
		rig_write(rig, NVDLA_PDP, PDP_D_DATA_CUBE_OUT_HEIGHT, oh - 1);
		rig_write(rig, NVDLA_PDP, PDP_D_DATA_CUBE_OUT_CHANNEL, ch - 1);
		rig_write(rig, NVDLA_PDP, PDP_D_OPERATION_MODE_CFG, method | 1 << 4);
		rig_write(rig, NVDLA_PDP, PDP_D_POOLING_KERNEL_CFG, (size - 1) * 0x110101);
		rig_write(rig, NVDLA_PDP, PDP_D_RECIP_KERNEL_WIDTH, bits(1.0 / size, 6, 10));
		rig_write(rig, NVDLA_PDP, PDP_D_RECIP_KERNEL_HEIGHT, bits(1.0 / size, 6, 10));
		rig_write(rig, NVDLA_PDP, PDP_D_DST_BASE_ADDR_LOW, dst.addr);
		rig_write(rig, NVDLA_PDP, PDP_D_DST_LINE_STRIDE, dst.line);
		rig_write(rig, NVDLA_PDP, PDP_D_DST_SURFACE_STRIDE, dst.surf);
		rig_write(rig, NVDLA_PDP, PDP_D_DST_RAM_CFG, 1);
		rig_write(rig, NVDLA_PDP, PDP_D_DATA_FORMAT, FP16);
		rig_write(rig, NVDLA_PDP_RDMA, PDP_RDMA_D_DATA_CUBE_IN_WIDTH, src.width - 1);
		rig_write(rig, NVDLA_PDP_RDMA, PDP_RDMA_D_DATA_CUBE_IN_HEIGHT, src.height - 1);
		rig_write(rig, NVDLA_PDP_RDMA, PDP_RDMA_D_DATA_CUBE_IN_CHANNEL, ch - 1);
		rig_write(rig, NVDLA_PDP_RDMA, PDP_RDMA_D_FLYING_MODE, 1);
		rig_write(rig, NVDLA_PDP_RDMA, PDP_RDMA_D_SRC_BASE_ADDR_LOW, src.addr);
		rig_write(rig, NVDLA_PDP_RDMA, PDP_RDMA_D_SRC_LINE_STRIDE, src.line);
		rig_write(rig, NVDLA_PDP_RDMA, PDP_RDMA_D_SRC_SURFACE_STRIDE, src.surf);
		rig_write(rig, NVDLA_PDP_RDMA, PDP_RDMA_D_SRC_RAM_CFG, 1);
		rig_write(rig, NVDLA_PDP_RDMA, PDP_RDMA_D_DATA_FORMAT, FP16);
		rig_write(rig, NVDLA_PDP_RDMA, PDP_RDMA_D_OP_ENABLE, 1);
		rig_write(rig, NVDLA_PDP, PDP_D_OP_ENABLE, 1);
		rig_run(rig, 0x10);
		for (c = 0; c < ch; c++) {
			for (y = 0; y < oh * ow; y++) {
				double want = method == 1 ? -1000 : method == 2 ? 1000 : 0, got;

				x = y % ow;
				for (j = 0; j < size; j++) {
					for (k = 0; k < size; k++) {
						double e = value((uint16_t)rig_element16(rig, &src, c,
							y / ow * size + j, x * size + k));

						want = method == 1 ? fmax(want, e) :
						       method == 2 ? fmin(want, e) : want + e;
					}
				}
				got = value((uint16_t)rig_element16(rig, &dst, c, y / ow, x));
				/* Sums have 11 bits of mantissa and are exact up to 2048. */
				assert_true(got == (method ? want : want / (size * size)));
			}
		}
		rig_free(rig);
	}
}

/* The converted input looks itself up in a table that holds twice the index. */
static void normalisation(void **state)
{
	struct rig *rig = rig_with_fp(35);
	struct rig_cube src = integers(rig, 7, 3, 40, 100);
	struct rig_cube dst = rig_cube(rig, 7, 3, 80, rig->config->atomic_m);
	unsigned int c, y, x, i;

	(void)state;
	rig_write(rig, NVDLA_CDP, CDP_S_LUT_ACCESS_CFG,
		  CDP_S_LUT_ACCESS_CFG_LUT_TABLE_ID | CDP_S_LUT_ACCESS_CFG_LUT_ACCESS_TYPE);
	for (i = 0; i < 257; i++)
		rig_write(rig, NVDLA_CDP, CDP_S_LUT_ACCESS_DATA, half(2.0 * i));
	rig_write(rig, NVDLA_CDP, CDP_S_LUT_CFG, 1 | 7 << 4);
	rig_write(rig, NVDLA_CDP, CDP_S_LUT_INFO, 0);
	/* LE lies beyond all numbers, LO begins at -128. */
	rig_write(rig, NVDLA_CDP, CDP_S_LUT_LE_START_LOW, bits(1e6, 8, 23));
	rig_write(rig, NVDLA_CDP, CDP_S_LUT_LO_START_LOW, bits(-128, 8, 23));
	rig_write(rig, NVDLA_CDP, CDP_D_FUNC_BYPASS, 1);
	rig_start_cdp(rig, &src, &dst, 40, FP16);
	rig_run(rig, 4);
	for (c = 0; c < 40; c++) {
		for (y = 0; y < 3; y++) {
			for (x = 0; x < 7; x++) {
				double v = value((uint16_t)rig_element16(rig, &src, c, y, x));
				double got = value((uint16_t)rig_element16(rig, &dst, c, y, x));

				/* The product has 11 bits. */
				assert_true(fabs(got - v * 2 * (v + 128)) <= fabs(got) / 2048);
			}
		}
	}
	rig_free(rig);
}

int test_fp(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arithmetic),
		cmocka_unit_test(sdp_fp16),
		cmocka_unit_test(sdp_numbers),
		cmocka_unit_test(sdp_precisions),
		cmocka_unit_test(pooling),
		cmocka_unit_test(normalisation),
	};

	return cmocka_run_group_tests_name("fp", tests, NULL, NULL);
}
