// SPDX-License-Identifier: MIT
/*
 * BDMA and RUBIK, the units that move data without computing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "rig.h"

#define ATOM	32

static const struct nvdla_config *with_feature(uint32_t feature)
{
	const struct nvdla_config *config;

	for (config = nvdla_configs; config->name; config++) {
		if (config->features & feature)
			return config;
	}
	fail_msg("no configuration has feature %#x", feature);
	return NULL;
}

/* Memory with random content from RIG_BASE on; the first half is the source. */
static void fill(struct rig *rig)
{
	uint32_t i;

	for (i = 0; i < RIG_SIZE; i++)
		rig->mem[i] = (uint8_t)rig_random(rig, 256);
}

struct copy {
	uint32_t src, dst, units, lines, surfs, src_line, src_surf, dst_line, dst_surf;
};

static void queue_copy(struct rig *rig, const struct copy *c)
{
	rig_write(rig, NVDLA_BDMA, BDMA_CFG_SRC_ADDR_LOW, c->src);
	rig_write(rig, NVDLA_BDMA, BDMA_CFG_DST_ADDR_LOW, c->dst);
	rig_write(rig, NVDLA_BDMA, BDMA_CFG_LINE, c->units - 1);
	rig_write(rig, NVDLA_BDMA, BDMA_CFG_CMD, 3);
	rig_write(rig, NVDLA_BDMA, BDMA_CFG_LINE_REPEAT, c->lines - 1);
	rig_write(rig, NVDLA_BDMA, BDMA_CFG_SURF_REPEAT, c->surfs - 1);
	rig_write(rig, NVDLA_BDMA, BDMA_CFG_SRC_LINE, c->src_line);
	rig_write(rig, NVDLA_BDMA, BDMA_CFG_DST_LINE, c->dst_line);
	rig_write(rig, NVDLA_BDMA, BDMA_CFG_SRC_SURF, c->src_surf);
	rig_write(rig, NVDLA_BDMA, BDMA_CFG_DST_SURF, c->dst_surf);
	rig_write(rig, NVDLA_BDMA, BDMA_CFG_OP, 1);
}

static void expect_copy(uint8_t *want, const struct copy *c)
{
	uint32_t s, l;

	for (s = 0; s < c->surfs; s++) {
		for (l = 0; l < c->lines; l++)
			memcpy(want + c->dst - RIG_BASE + s * c->dst_surf + l * c->dst_line,
			       want + c->src - RIG_BASE + s * c->src_surf + l * c->src_line,
			       c->units * ATOM);
	}
}

static struct copy random_copy(struct rig *rig)
{
	struct copy c = {
		.units = 1 + rig_random(rig, 20), .lines = 1 + rig_random(rig, 6),
		.surfs = 1 + rig_random(rig, 4),
	};

	c.src = RIG_BASE + rig_random(rig, 4096) * ATOM;
	c.dst = RIG_BASE + RIG_SIZE / 2 + rig_random(rig, 4096) * ATOM;
	c.src_line = (c.units + rig_random(rig, 3)) * ATOM;
	c.dst_line = (c.units + rig_random(rig, 3)) * ATOM;
	c.src_surf = c.src_line * c.lines;
	c.dst_surf = c.dst_line * c.lines + ATOM;

	return c;
}

/* Two groups of several copies each, in the order of their launches. */
static void bdma_groups(void **state)
{
	static uint8_t want[RIG_SIZE];
	struct rig *rig = rig_new(with_feature(NVDLA_FEAT_BDMA), 31);
	unsigned int i, k, n[2];
	struct copy c;

	(void)state;
	fill(rig);
	for (i = 0; i < 100; i++) {
		unsigned int first = i & 1;

		memcpy(want, rig->mem, sizeof(want));
		n[0] = 1 + rig_random(rig, 10);
		n[1] = 1 + rig_random(rig, 10);
		assert_int_equal(rig_read(rig, NVDLA_BDMA, BDMA_STATUS), BDMA_STATUS_IDLE | 20);
		for (k = 0; k < n[0] + n[1]; k++) {
			c = random_copy(rig);
			queue_copy(rig, &c);
			expect_copy(want, &c);
			if (k == n[0] - 1)
				rig_write(rig, NVDLA_BDMA,
					  first ? BDMA_CFG_LAUNCH1 : BDMA_CFG_LAUNCH0, 1);
		}
		rig_write(rig, NVDLA_BDMA, first ? BDMA_CFG_LAUNCH0 : BDMA_CFG_LAUNCH1, 1);
		assert_int_equal(rig_read(rig, NVDLA_BDMA, BDMA_STATUS),
				 (20 - n[0] - n[1]) | BDMA_STATUS_GRP0_BUSY |
				 BDMA_STATUS_GRP1_BUSY);
		rig_run(rig, 0x40u << first);
		rig_run(rig, 0x40u << !first);
		assert_memory_equal(rig->mem, want, sizeof(want));
	}
	/* A launch without work does nothing. */
	rig_write(rig, NVDLA_BDMA, BDMA_CFG_LAUNCH0, 1);
	assert_int_equal(npusim_run(rig->sim, 0, 1000), NPUSIM_IDLE);
	rig_free(rig);
}

/* Everything RUBIK needs to know; strides in bytes. */
struct reorder {
	unsigned int mode, size, width, height, in, out, sx, sy;
	uint32_t src, src_line, src_surf, src_plane, src_cube;
	uint32_t dst, dst_line, dst_surf, dst_plane, dst_block;
};

static void reorder(struct rig *rig, const struct reorder *r, unsigned int group)
{
	rig_write(rig, NVDLA_RUBIK, RBK_S_POINTER, group);
	rig_write(rig, NVDLA_RUBIK, RBK_D_MISC_CFG, r->mode | (r->size - 1) << 8);
	rig_write(rig, NVDLA_RUBIK, RBK_D_DAIN_RAM_TYPE, 1);
	rig_write(rig, NVDLA_RUBIK, RBK_D_DAOUT_RAM_TYPE, 1);
	rig_write(rig, NVDLA_RUBIK, RBK_D_DATAIN_SIZE_0, (r->width - 1) | (r->height - 1) << 16);
	rig_write(rig, NVDLA_RUBIK, RBK_D_DATAIN_SIZE_1, r->in - 1);
	rig_write(rig, NVDLA_RUBIK, RBK_D_DATAOUT_SIZE_1, r->out - 1);
	rig_write(rig, NVDLA_RUBIK, RBK_D_DAIN_ADDR_LOW, r->src);
	rig_write(rig, NVDLA_RUBIK, RBK_D_DAIN_LINE_STRIDE, r->src_line);
	rig_write(rig, NVDLA_RUBIK, RBK_D_DAIN_SURF_STRIDE, r->src_surf);
	rig_write(rig, NVDLA_RUBIK, RBK_D_DAIN_PLANAR_STRIDE, r->src_plane);
	rig_write(rig, NVDLA_RUBIK, RBK_D_DAOUT_ADDR_LOW, r->dst);
	rig_write(rig, NVDLA_RUBIK, RBK_D_DAOUT_LINE_STRIDE, r->dst_line);
	rig_write(rig, NVDLA_RUBIK, RBK_D_DAOUT_SURF_STRIDE, r->dst_surf);
	rig_write(rig, NVDLA_RUBIK, RBK_D_DAOUT_PLANAR_STRIDE, r->dst_plane);
	rig_write(rig, NVDLA_RUBIK, RBK_D_CONTRACT_STRIDE_0, r->src_cube);
	rig_write(rig, NVDLA_RUBIK, RBK_D_CONTRACT_STRIDE_1, r->dst_block);
	rig_write(rig, NVDLA_RUBIK, RBK_D_DECONV_STRIDE, (r->sx - 1) | (r->sy - 1) << 16);
	rig_write(rig, NVDLA_RUBIK, RBK_D_OP_ENABLE, 1);
	rig_run(rig, 0x100u << group);
}

static uint32_t round_up(uint32_t v)
{
	return (v + ATOM - 1) / ATOM * ATOM;
}

static const uint8_t *at(const struct rig *rig, uint32_t addr)
{
	return rig->mem + (addr - RIG_BASE);
}

/* Element of a feature cube. */
static uint32_t feature(uint32_t base, uint32_t line, uint32_t surf, unsigned int size,
			unsigned int c, unsigned int y, unsigned int x)
{
	unsigned int per = ATOM / size;

	return base + c / per * surf + y * line + x * ATOM + c % per * size;
}

static void split_and_merge(void **state)
{
	struct rig *rig = rig_new(with_feature(NVDLA_FEAT_RUBIK), 32);
	unsigned int i, c, y, x;

	(void)state;
	for (i = 0; i < 200; i++) {
		struct reorder r = {
			.mode = 1 + (i & 1), .size = 1 + rig_random(rig, 2),
			.width = 1 + rig_random(rig, 70), .height = 1 + rig_random(rig, 5),
			.in = 1 + rig_random(rig, 70), .sx = 1, .sy = 1,
			.src = RIG_BASE, .dst = RIG_BASE + RIG_SIZE / 2,
		};
		uint32_t plane_line = round_up(r.width * r.size);
		bool split = r.mode == RBK_D_MISC_CFG_RUBIK_MODE_SPLIT;

		fill(rig);
		r.out = r.in;
		r.src_line = split ? r.width * ATOM : plane_line;
		r.dst_line = split ? plane_line : r.width * ATOM + ATOM;
		r.src_surf = r.width * ATOM * r.height;
		r.dst_surf = (r.width + 1) * ATOM * r.height;
		r.src_plane = r.dst_plane = plane_line * r.height;
		reorder(rig, &r, i & 1);
		for (c = 0; c < r.in; c++) {
			for (y = 0; y < r.height; y++) {
				for (x = 0; x < r.width; x++) {
					uint32_t plane = c * r.src_plane + y * plane_line +
							 x * r.size;
					uint32_t from = split ?
						feature(r.src, r.src_line, r.src_surf, r.size,
							c, y, x) : r.src + plane;
					uint32_t to = split ? r.dst + plane :
						feature(r.dst, r.dst_line, r.dst_surf, r.size,
							c, y, x);

					assert_memory_equal(at(rig, to), at(rig, from), r.size);
				}
			}
		}
	}
	rig_free(rig);
}

static void contraction(void **state)
{
	struct rig *rig = rig_new(with_feature(NVDLA_FEAT_RUBIK), 33);
	unsigned int i, s, y, x;

	(void)state;
	for (i = 0; i < 200; i++) {
		struct reorder r = {
			.mode = RBK_D_MISC_CFG_RUBIK_MODE_CONTRACT, .size = 1 + rig_random(rig, 2),
			.width = 1 + rig_random(rig, 9), .height = 1 + rig_random(rig, 4),
			.out = 1 + rig_random(rig, 64),
			.sx = 1 + rig_random(rig, 11), .sy = 1 + rig_random(rig, 4),
			.src = RIG_BASE, .dst = RIG_BASE + RIG_SIZE / 2,
		};
		unsigned int surfaces = (r.out * r.size + ATOM - 1) / ATOM;

		fill(rig);
		r.in = surfaces * (ATOM / r.size) * r.sx * r.sy;
		r.src_line = r.width * ATOM;
		r.src_surf = r.src_line * r.height;
		r.src_cube = r.src_surf * surfaces;
		r.dst_line = r.width * r.sx * ATOM + ATOM;
		r.dst_block = r.dst_line * r.sy;
		r.dst_surf = r.dst_block * r.height;
		reorder(rig, &r, i & 1);
		for (s = 0; s < surfaces; s++) {
			for (y = 0; y < r.height * r.sy; y++) {
				for (x = 0; x < r.width * r.sx; x++) {
					unsigned int k = y % r.sy * r.sx + x % r.sx;

					assert_memory_equal(
						at(rig, r.dst + s * r.dst_surf + y * r.dst_line +
						   x * ATOM),
						at(rig, r.src + k * r.src_cube + s * r.src_surf +
						   y / r.sy * r.src_line + x / r.sx * ATOM), ATOM);
				}
			}
		}
	}
	rig_free(rig);
}

int test_copy(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bdma_groups),
		cmocka_unit_test(split_and_merge),
		cmocka_unit_test(contraction),
	};

	return cmocka_run_group_tests_name("copy", tests, NULL, NULL);
}
