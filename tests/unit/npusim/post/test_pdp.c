// SPDX-License-Identifier: MIT
/*
 * Planar data processor: windows over a cube in memory, also in several parts,
 * and behind SDP.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "rig.h"

enum { AVERAGE, MAX, MIN };

struct direction {
	unsigned int in, out, size, stride, before, after;
};

struct pool {
	struct direction x, y;
	unsigned int channels, method;
	bool wide;			/* INT16 */
	int pad;			/* padded value of an average */
	uint32_t recip_x, recip_y;
};

/* A direction whose windows end with the padded size. */
static struct direction random_direction(struct rig *rig, unsigned int most)
{
	struct direction d;
	unsigned int padded;

	do {
		d.size = 1 + rig_random(rig, 8);
		d.stride = 1 + rig_random(rig, rig_random(rig, 4) ? 4 : 16);
		d.before = rig_random(rig, d.size);
		d.after = rig_random(rig, d.size);
		d.out = 1 + rig_random(rig, most);
		padded = (d.out - 1) * d.stride + d.size;
		/* Every window touches the data, whose size is at least 1. */
	} while (padded <= d.before + d.after || (d.out - 1) * d.stride >= padded - d.after);
	d.in = padded - d.before - d.after;

	return d;
}

static long long window(const struct rig *rig, const struct rig_cube *src, const struct pool *p,
			unsigned int c, unsigned int oy, unsigned int ox)
{
	long double v = 0;
	unsigned int i, j;
	bool first = true;

	for (j = 0; j < p->y.size; j++) {
		for (i = 0; i < p->x.size; i++) {
			int y = (int)(oy * p->y.stride + j) - (int)p->y.before;
			int x = (int)(ox * p->x.stride + i) - (int)p->x.before;
			bool inside = x >= 0 && y >= 0 && x < (int)p->x.in && y < (int)p->y.in;
			int e = !inside ? p->pad : p->wide ?
				rig_element16(rig, src, c, (unsigned int)y, (unsigned int)x) :
				rig_element(rig, src, c, (unsigned int)y, (unsigned int)x);

			if (p->method == AVERAGE)
				v += e;
			else if (inside && (first || (p->method == MAX ? e > v : e < v)))
				v = e;
			if (inside)
				first = false;
		}
	}
	if (p->method != AVERAGE)
		return (long long)v;
	v = rig_round(v * p->recip_x, 16);

	return (long long)rig_round(v * p->recip_y, 16);
}

static void program(struct rig *rig, const struct pool *p, const struct rig_cube *dst,
		    unsigned int group, bool flying)
{
	unsigned int i;

	rig_write(rig, NVDLA_PDP, PDP_S_POINTER, group);
	rig_write(rig, NVDLA_PDP, PDP_D_DATA_CUBE_IN_WIDTH, p->x.in - 1);
	rig_write(rig, NVDLA_PDP, PDP_D_DATA_CUBE_IN_HEIGHT, p->y.in - 1);
	rig_write(rig, NVDLA_PDP, PDP_D_DATA_CUBE_IN_CHANNEL, p->channels - 1);
	rig_write(rig, NVDLA_PDP, PDP_D_DATA_CUBE_OUT_WIDTH, p->x.out - 1);
	rig_write(rig, NVDLA_PDP, PDP_D_DATA_CUBE_OUT_HEIGHT, p->y.out - 1);
	rig_write(rig, NVDLA_PDP, PDP_D_DATA_CUBE_OUT_CHANNEL, p->channels - 1);
	rig_write(rig, NVDLA_PDP, PDP_D_OPERATION_MODE_CFG, p->method | !flying << 4);
	rig_write(rig, NVDLA_PDP, PDP_D_POOLING_KERNEL_CFG,
		  (p->x.size - 1) | (p->y.size - 1) << 8 | (p->x.stride - 1) << 16 |
		  (p->y.stride - 1) << 20);
	rig_write(rig, NVDLA_PDP, PDP_D_POOLING_PADDING_CFG,
		  p->x.before | p->y.before << 4 | p->x.after << 8 | p->y.after << 12);
	for (i = 0; i < 7; i++)
		rig_write(rig, NVDLA_PDP, PDP_D_POOLING_PADDING_VALUE_1_CFG + 4 * i,
			  (uint32_t)(p->pad * (int)(i + 1)) & 0x7ffff);
	rig_write(rig, NVDLA_PDP, PDP_D_RECIP_KERNEL_WIDTH, p->recip_x);
	rig_write(rig, NVDLA_PDP, PDP_D_RECIP_KERNEL_HEIGHT, p->recip_y);
	rig_write(rig, NVDLA_PDP, PDP_D_DST_BASE_ADDR_LOW, dst->addr);
	rig_write(rig, NVDLA_PDP, PDP_D_DST_LINE_STRIDE, dst->line);
	rig_write(rig, NVDLA_PDP, PDP_D_DST_SURFACE_STRIDE, dst->surf);
	rig_write(rig, NVDLA_PDP, PDP_D_DST_RAM_CFG, 1);
	rig_write(rig, NVDLA_PDP, PDP_D_DATA_FORMAT, p->wide);
}

static void program_source(struct rig *rig, const struct pool *p, const struct rig_cube *src,
			   unsigned int group)
{
	rig_write(rig, NVDLA_PDP_RDMA, PDP_RDMA_S_POINTER, group);
	rig_write(rig, NVDLA_PDP_RDMA, PDP_RDMA_D_DATA_CUBE_IN_WIDTH, p->x.in - 1);
	rig_write(rig, NVDLA_PDP_RDMA, PDP_RDMA_D_DATA_CUBE_IN_HEIGHT, p->y.in - 1);
	rig_write(rig, NVDLA_PDP_RDMA, PDP_RDMA_D_DATA_CUBE_IN_CHANNEL, p->channels - 1);
	rig_write(rig, NVDLA_PDP_RDMA, PDP_RDMA_D_FLYING_MODE, 1);
	rig_write(rig, NVDLA_PDP_RDMA, PDP_RDMA_D_OPERATION_MODE_CFG, 0);
	rig_write(rig, NVDLA_PDP_RDMA, PDP_RDMA_D_SRC_BASE_ADDR_LOW, src->addr);
	rig_write(rig, NVDLA_PDP_RDMA, PDP_RDMA_D_SRC_LINE_STRIDE, src->line);
	rig_write(rig, NVDLA_PDP_RDMA, PDP_RDMA_D_SRC_SURFACE_STRIDE, src->surf);
	rig_write(rig, NVDLA_PDP_RDMA, PDP_RDMA_D_SRC_RAM_CFG, 1);
	rig_write(rig, NVDLA_PDP_RDMA, PDP_RDMA_D_DATA_FORMAT, p->wide);
	rig_write(rig, NVDLA_PDP_RDMA, PDP_RDMA_D_POOLING_KERNEL_CFG,
		  (p->x.size - 1) | (p->x.stride - 1) << 4);
}

static void compare(struct rig *rig, const struct pool *p, const struct rig_cube *src,
		    const struct rig_cube *dst)
{
	unsigned int c, y, x;

	for (c = 0; c < p->channels; c++) {
		for (y = 0; y < p->y.out; y++) {
			for (x = 0; x < p->x.out; x++) {
				int want = (int)window(rig, src, p, c, y, x);
				int got = p->wide ? rig_element16(rig, dst, c, y, x) :
						    rig_element(rig, dst, c, y, x);

				/* A mean of exactly 127.5 leaves the range. */
				want = p->wide ? (int16_t)want : (int8_t)want;

				if (got != want)
					fail_msg("%s: method %u c %u y %u x %u: %d, want %d",
						 rig->config->name, p->method, c, y, x, got, want);
			}
		}
	}
}

static struct pool random_pool(struct rig *rig)
{
	struct pool p = {
		.x = random_direction(rig, 14), .y = random_direction(rig, 6),
		.channels = 1 + rig_random(rig, 2 * rig->config->atomic_m),
		.method = rig_random(rig, 3), .pad = (int)rig_random(rig, 256) - 128,
	};

	/* Rounded down, so that a mean never leaves the range of its terms. */
	p.recip_x = 65536 / p.x.size;
	p.recip_y = 65536 / p.y.size;

	return p;
}

static void from_memory(void **state)
{
	const struct nvdla_config *config;
	unsigned int i;

	(void)state;
	for (config = nvdla_configs; config->name; config++) {
		struct rig *rig = rig_new(config, 11);

		for (i = 0; i < 250; i++) {
			struct pool p = random_pool(rig);
			struct rig_cube src, dst;

			p.wide = config->features & NVDLA_FEAT_INT16 && rig_random(rig, 2);
			if (p.wide)
				p.pad = (int)rig_random(rig, 65536) - 32768;
			rig->next = RIG_BASE;
			src = rig_cube(rig, p.x.in, p.y.in, p.channels << p.wide,
				       config->atomic_m);
			dst = rig_cube(rig, p.x.out, p.y.out, p.channels << p.wide,
				       config->atomic_m);
			program(rig, &p, &dst, i & 1, false);
			program_source(rig, &p, &src, i & 1);
			rig_write(rig, NVDLA_PDP_RDMA, PDP_RDMA_D_OP_ENABLE, 1);
			rig_write(rig, NVDLA_PDP, PDP_D_OP_ENABLE, 1);
			rig_run(rig, 0x10u << (i & 1));
			compare(rig, &p, &src, &dst);
		}
		rig_free(rig);
	}
}

/* The width in a first, middle and last part must give what one part gives. */
static void in_parts(void **state)
{
	const struct nvdla_config *config;
	unsigned int i;

	(void)state;
	for (config = nvdla_configs; config->name; config++) {
		struct rig *rig = rig_new(config, 12);

		for (i = 0; i < 150; i++) {
			struct pool p = random_pool(rig);
			unsigned int mid = rig_random(rig, 4), of, om, ol, f, m, l;
			struct rig_cube src, dst;
			uint32_t in, out;

			/* Windows of the parts; inputs follow. Only the outer edges are padded. */
			of = 1 + rig_random(rig, 5);
			om = 1 + rig_random(rig, 5);
			ol = 1 + rig_random(rig, 5);
			f = (of - 1) * p.x.stride + p.x.size - p.x.before;
			m = om * p.x.stride;
			/* A part holds the columns that the next one takes again. */
			if (ol * p.x.stride <= p.x.after || f + p.x.stride < p.x.size ||
			    m + p.x.stride < p.x.size)
				continue;
			l = ol * p.x.stride - p.x.after;
			p.x.in = f + mid * m + l;
			p.x.out = of + mid * om + ol;
			rig->next = RIG_BASE;
			src = rig_cube(rig, p.x.in, p.y.in, p.channels, config->atomic_m);
			dst = rig_cube(rig, p.x.out, p.y.out, p.channels, config->atomic_m);
			program(rig, &p, &dst, 0, false);
			program_source(rig, &p, &src, 0);
			in = (f - 1) | (l - 1) << 10 | (m - 1) << 20;
			out = (of - 1) | (ol - 1) << 10 | (om - 1) << 20;
			rig_write(rig, NVDLA_PDP, PDP_D_OPERATION_MODE_CFG,
				  p.method | 1 << 4 | (mid + 1) << 8);
			rig_write(rig, NVDLA_PDP, PDP_D_PARTIAL_WIDTH_IN, in);
			rig_write(rig, NVDLA_PDP, PDP_D_PARTIAL_WIDTH_OUT, out);
			rig_write(rig, NVDLA_PDP_RDMA, PDP_RDMA_D_OPERATION_MODE_CFG, mid + 1);
			rig_write(rig, NVDLA_PDP_RDMA, PDP_RDMA_D_PARTIAL_WIDTH_IN, in);
			rig_write(rig, NVDLA_PDP_RDMA, PDP_RDMA_D_OP_ENABLE, 1);
			rig_write(rig, NVDLA_PDP, PDP_D_OP_ENABLE, 1);
			rig_run(rig, 0x10);
			compare(rig, &p, &src, &dst);
			npusim_reset(rig->sim, 0);
		}
		rig_free(rig);
	}
}

/* SDP passes a cube on unchanged. */
static void behind_sdp(void **state)
{
	const struct nvdla_config *config;
	unsigned int i;

	(void)state;
	for (config = nvdla_configs; config->name; config++) {
		struct rig *rig = rig_new(config, 13);

		for (i = 0; i < 60; i++) {
			struct pool p = random_pool(rig);
			struct rig_cube src, dst;

			rig->next = RIG_BASE;
			src = rig_cube(rig, p.x.in, p.y.in, p.channels, config->atomic_m);
			dst = rig_cube(rig, p.x.out, p.y.out, p.channels, config->atomic_m);
			if (p.x.in == 1 && p.y.in == 1)
				src.surf = config->atomic_m;
			rig_write(rig, NVDLA_SDP, SDP_S_POINTER, i & 1);
			rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_S_POINTER, i & 1);
			rig_write(rig, NVDLA_SDP, SDP_D_DATA_FORMAT, 0);
			rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_FEATURE_MODE_CFG, 0);
			rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_DATA_CUBE_WIDTH, p.x.in - 1);
			rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_DATA_CUBE_HEIGHT, p.y.in - 1);
			rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_DATA_CUBE_CHANNEL,
				  p.channels - 1);
			rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_SRC_BASE_ADDR_LOW, src.addr);
			rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_SRC_LINE_STRIDE, src.line);
			rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_SRC_SURFACE_STRIDE, src.surf);
			rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_SRC_DMA_CFG, 1);
			rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_BRDMA_CFG, 1);
			rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_NRDMA_CFG, 1);
			rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_ERDMA_CFG, 1);
			rig_write(rig, NVDLA_SDP, SDP_D_DATA_CUBE_WIDTH, p.x.in - 1);
			rig_write(rig, NVDLA_SDP, SDP_D_DATA_CUBE_HEIGHT, p.y.in - 1);
			rig_write(rig, NVDLA_SDP, SDP_D_DATA_CUBE_CHANNEL, p.channels - 1);
			rig_write(rig, NVDLA_SDP, SDP_D_DP_BS_CFG, 1);
			rig_write(rig, NVDLA_SDP, SDP_D_DP_BN_CFG, 1);
			rig_write(rig, NVDLA_SDP, SDP_D_DP_EW_CFG, 1);
			rig_write(rig, NVDLA_SDP, SDP_D_CVT_SCALE, 1);
			rig_write(rig, NVDLA_SDP, SDP_D_FEATURE_MODE_CFG,
				  SDP_D_FEATURE_MODE_CFG_OUTPUT_DST);
			program(rig, &p, &dst, i & 1, true);
			rig_write(rig, NVDLA_PDP, PDP_D_OP_ENABLE, 1);
			rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_OP_ENABLE, 1);
			rig_write(rig, NVDLA_SDP, SDP_D_OP_ENABLE, 1);
			rig_run(rig, 0x11u << (i & 1));
			compare(rig, &p, &src, &dst);
		}
		rig_free(rig);
	}
}

/* Lines that no window covers spoil the next operation of the hardware. */
static void left_over_lines(void **state)
{
	struct rig *rig = rig_new(&nvdla_configs[0], 14);
	struct pool p = {
		.x = { 6, 3, 2, 2, 0, 0 }, .y = { 7, 3, 2, 2, 0, 0 }, .channels = 8, .method = MAX,
	};
	struct rig_cube src = rig_cube(rig, 6, 7, 8, 8), dst = rig_cube(rig, 3, 3, 8, 8);
	unsigned int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		program(rig, &p, &dst, i, false);
		program_source(rig, &p, &src, i);
		rig_write(rig, NVDLA_PDP_RDMA, PDP_RDMA_D_OP_ENABLE, 1);
		rig_write(rig, NVDLA_PDP, PDP_D_OP_ENABLE, 1);
		if (!i) {
			rig_run(rig, 0x10);
			compare(rig, &p, &src, &dst);
		} else {
			rig_expect_error(rig, -EINVAL);
		}
	}
	rig_free(rig);
}

/*
 * Padding of whole strides behind the last window: the hardware gives a row
 * again, which moves those of the next surface and spoils the next operation.
 */
static void surplus_rows(void **state)
{
	struct rig *rig = rig_new(&nvdla_configs[0], 16);
	struct pool p = {
		.x = { 3, 3, 1, 1, 0, 0 }, .y = { 8, 4, 5, 2, 2, 2 }, .channels = 16, .method = MAX,
	};
	struct rig_cube src = rig_cube(rig, 3, 8, 16, 8), dst = rig_cube(rig, 3, 4, 16, 8);
	unsigned int c, y, x;

	(void)state;
	program(rig, &p, &dst, 0, false);
	program_source(rig, &p, &src, 0);
	rig_write(rig, NVDLA_PDP_RDMA, PDP_RDMA_D_OP_ENABLE, 1);
	rig_write(rig, NVDLA_PDP, PDP_D_OP_ENABLE, 1);
	rig_run(rig, 0x10);
	for (c = 0; c < 16; c++) {
		for (y = 0; y < 4; y++) {
			for (x = 0; x < 3; x++) {
				/* Three windows overlap: row 1 had the place of row 4. */
				int want = c < 8 ? (int)window(rig, &src, &p, c, y, x) :
					   !y ? (int)window(rig, &src, &p, c - 8, 1, x) :
						(int)window(rig, &src, &p, c, y - 1, x);

				assert_int_equal(rig_element(rig, &dst, c, y, x), want);
			}
		}
	}
	program(rig, &p, &dst, 1, false);
	program_source(rig, &p, &src, 1);
	rig_write(rig, NVDLA_PDP_RDMA, PDP_RDMA_D_OP_ENABLE, 1);
	rig_write(rig, NVDLA_PDP, PDP_D_OP_ENABLE, 1);
	rig_expect_error(rig, -EINVAL);
	rig_free(rig);
}

static void bad_shapes(void **state)
{
	static const struct {
		struct direction x, y;
	} bad[] = {
		/* too many results, too few, padding as large as the window, line buffer */
		{ { 6, 4, 2, 2, 0, 0 }, { 6, 3, 2, 2, 0, 0 } },
		{ { 6, 2, 2, 2, 0, 0 }, { 6, 3, 2, 2, 0, 0 } },
		{ { 6, 4, 2, 2, 2, 0 }, { 6, 3, 2, 2, 0, 0 } },
		{ { 40, 40, 1, 1, 0, 0 }, { 9, 2, 8, 1, 0, 0 } },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct rig *rig = rig_new(&nvdla_configs[0], 15);
		struct pool p = { .x = bad[i].x, .y = bad[i].y, .channels = 8, .method = MAX };
		struct rig_cube src = rig_cube(rig, p.x.in, p.y.in, 8, 8);
		struct rig_cube dst = rig_cube(rig, p.x.out, p.y.out, 8, 8);

		program(rig, &p, &dst, 0, false);
		program_source(rig, &p, &src, 0);
		rig_write(rig, NVDLA_PDP_RDMA, PDP_RDMA_D_OP_ENABLE, 1);
		rig_write(rig, NVDLA_PDP, PDP_D_OP_ENABLE, 1);
		rig_expect_error(rig, -EINVAL);
		rig_free(rig);
	}
}

int test_pdp(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(from_memory),
		cmocka_unit_test(in_parts),
		cmocka_unit_test(behind_sdp),
		cmocka_unit_test(left_over_lines),
		cmocka_unit_test(surplus_rows),
		cmocka_unit_test(bad_shapes),
	};

	return cmocka_run_group_tests_name("pdp", tests, NULL, NULL);
}
