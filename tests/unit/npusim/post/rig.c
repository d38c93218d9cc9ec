// SPDX-License-Identifier: MIT
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rig.h"

static int mem_read(void *ctx, enum npusim_port port, uint64_t addr, void *dst, size_t len)
{
	struct rig *rig = ctx;

	(void)port;
	if (addr < RIG_BASE || len > RIG_SIZE || addr - RIG_BASE > RIG_SIZE - len)
		return -14;
	memcpy(dst, rig->mem + (addr - RIG_BASE), len);
	return 0;
}

static int mem_write(void *ctx, enum npusim_port port, uint64_t addr, const void *src, size_t len)
{
	struct rig *rig = ctx;

	(void)port;
	if (addr < RIG_BASE || len > RIG_SIZE || addr - RIG_BASE > RIG_SIZE - len)
		return -14;
	memcpy(rig->mem + (addr - RIG_BASE), src, len);
	return 0;
}

static void on_error(void *ctx, const struct npusim_error *error)
{
	struct rig *rig = ctx;

	rig->error = *error;
	rig->errors++;
}

struct rig *rig_new(const struct nvdla_config *config, uint32_t seed)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	struct npusim_params params = {
		.config = config->name,
		.cores = 1,
		.host = { .ctx = rig, .read = mem_read, .write = mem_write, .error = on_error },
	};

	assert_non_null(rig);
	rig->config = config;
	rig->seed = seed * 2654435761u + 1;
	rig->next = RIG_BASE;
	assert_int_equal(npusim_new(&params, &rig->sim), 0);
	return rig;
}

void rig_free(struct rig *rig)
{
	npusim_free(rig->sim);
	free(rig);
}

uint32_t rig_random(struct rig *rig, uint32_t below)
{
	rig->seed ^= rig->seed << 13;
	rig->seed ^= rig->seed >> 17;
	rig->seed ^= rig->seed << 5;
	return (uint32_t)((uint64_t)rig->seed * below >> 32);
}

int32_t rig_random_signed(struct rig *rig, unsigned int bits)
{
	int64_t span = (int64_t)1 << rig_random(rig, bits);

	return (int32_t)((int64_t)rig_random(rig, (uint32_t)(2 * span - 1)) - (span - 1));
}

uint32_t rig_read(struct rig *rig, enum nvdla_unit unit, uint32_t reg)
{
	return npusim_reg_read(rig->sim, 0, rig->config->base[unit] + reg);
}

void rig_write(struct rig *rig, enum nvdla_unit unit, uint32_t reg, uint32_t value)
{
	npusim_reg_write(rig->sim, 0, rig->config->base[unit] + reg, value);
}

void rig_run(struct rig *rig, uint32_t mask)
{
	uint32_t seen = 0;

	while (mask & ~seen) {
		enum npusim_state state = npusim_run(rig->sim, 0, 100000000);

		if (rig->errors)
			fail_msg("%s: %s", rig->config->name, rig->error.text);
		seen |= rig_read(rig, NVDLA_GLB, GLB_S_INTR_STATUS);
		rig_write(rig, NVDLA_GLB, GLB_S_INTR_STATUS, seen);
		if (mask & ~seen)
			assert_int_equal(state, NPUSIM_INTERRUPT);
	}
}

void rig_expect_error(struct rig *rig, int code)
{
	enum npusim_state state;

	do {
		state = npusim_run(rig->sim, 0, 100000000);
	} while (state == NPUSIM_INTERRUPT);
	assert_int_equal(state, NPUSIM_ERROR);
	assert_int_equal(rig->errors, 1);
	assert_int_equal(rig->error.code, code);
	assert_true(strlen(rig->error.text) > 10);
}

struct rig_cube rig_cube(struct rig *rig, unsigned int width, unsigned int height,
			 unsigned int channels, unsigned int bytes)
{
	const unsigned int atom = rig->config->atomic_m;
	struct rig_cube cube = {
		.addr = rig->next, .width = width, .height = height, .channels = channels,
		.atom = atom, .bytes = bytes,
	};
	uint32_t size, i;

	cube.line = width * bytes + atom * rig_random(rig, 3);
	cube.surf = cube.line * height + atom * rig_random(rig, 3);
	size = cube.surf * ((channels - 1) / atom + 1);
	assert_true(rig->next - RIG_BASE + size <= RIG_SIZE);
	for (i = 0; i < size; i++)
		rig->mem[cube.addr - RIG_BASE + i] = (uint8_t)rig_random(rig, 256);
	rig->next += size;
	return cube;
}

uint32_t rig_atom(const struct rig_cube *cube, unsigned int c, unsigned int y, unsigned int x)
{
	return cube->addr + c / cube->atom * cube->surf + y * cube->line + x * cube->bytes;
}

int8_t rig_element(const struct rig *rig, const struct rig_cube *cube, unsigned int c,
		   unsigned int y, unsigned int x)
{
	return (int8_t)rig->mem[rig_atom(cube, c, y, x) - RIG_BASE + c % cube->atom];
}

int16_t rig_element16(const struct rig *rig, const struct rig_cube *cube, unsigned int c,
		      unsigned int y, unsigned int x)
{
	const uint8_t *p = rig->mem + (rig_atom(cube, 2 * c, y, x) - RIG_BASE) +
			   2 * c % cube->atom;

	return (int16_t)(p[0] | p[1] << 8);
}

void rig_set_element16(struct rig *rig, const struct rig_cube *cube, unsigned int c,
		       unsigned int y, unsigned int x, uint16_t v)
{
	uint8_t *p = rig->mem + (rig_atom(cube, 2 * c, y, x) - RIG_BASE) + 2 * c % cube->atom;

	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

void rig_load_luts(struct rig *rig, enum nvdla_unit unit, int16_t *le, int16_t *lo)
{
	unsigned int table, i;

	for (table = 0; table < 2; table++) {
		/* SDP and CDP have the access registers at the same places. */
		rig_write(rig, unit, SDP_S_LUT_ACCESS_CFG,
			  FIELD_PREP(SDP_S_LUT_ACCESS_CFG_LUT_TABLE_ID, table) |
			  SDP_S_LUT_ACCESS_CFG_LUT_ACCESS_TYPE);
		for (i = 0; i < (table ? 257 : 65); i++) {
			int16_t v = (int16_t)rig_random_signed(rig, 16);

			rig_write(rig, unit, SDP_S_LUT_ACCESS_DATA, (uint16_t)v);
			*(table ? lo++ : le++) = v;
		}
	}
}

/*
 * long double holds every product of these units exactly, so that the
 * definition needs no integer tricks.
 */
void rig_start_cdp(struct rig *rig, const struct rig_cube *src, const struct rig_cube *dst,
		   unsigned int channels, unsigned int format)
{
	rig_write(rig, NVDLA_CDP_RDMA, CDP_RDMA_D_DATA_CUBE_WIDTH, src->width - 1);
	rig_write(rig, NVDLA_CDP_RDMA, CDP_RDMA_D_DATA_CUBE_HEIGHT, src->height - 1);
	rig_write(rig, NVDLA_CDP_RDMA, CDP_RDMA_D_DATA_CUBE_CHANNEL, channels - 1);
	rig_write(rig, NVDLA_CDP_RDMA, CDP_RDMA_D_SRC_BASE_ADDR_LOW, src->addr);
	rig_write(rig, NVDLA_CDP_RDMA, CDP_RDMA_D_SRC_LINE_STRIDE, src->line);
	rig_write(rig, NVDLA_CDP_RDMA, CDP_RDMA_D_SRC_SURFACE_STRIDE, src->surf);
	rig_write(rig, NVDLA_CDP_RDMA, CDP_RDMA_D_SRC_DMA_CFG, 1);
	rig_write(rig, NVDLA_CDP_RDMA, CDP_RDMA_D_DATA_FORMAT, format);
	rig_write(rig, NVDLA_CDP, CDP_D_DST_BASE_ADDR_LOW, dst->addr);
	rig_write(rig, NVDLA_CDP, CDP_D_DST_LINE_STRIDE, dst->line);
	rig_write(rig, NVDLA_CDP, CDP_D_DST_SURFACE_STRIDE, dst->surf);
	rig_write(rig, NVDLA_CDP, CDP_D_DST_DMA_CFG, 1);
	rig_write(rig, NVDLA_CDP, CDP_D_DATA_FORMAT, format);
	rig_write(rig, NVDLA_CDP_RDMA, CDP_RDMA_D_OP_ENABLE, 1);
	rig_write(rig, NVDLA_CDP, CDP_D_OP_ENABLE, 1);
}

long double rig_round(long double v, unsigned int shift)
{
	return roundl(ldexpl(v, -(int)shift));
}

long long rig_clamp(long double v, unsigned int bits)
{
	long double max = ldexpl(1, (int)bits - 1) - 1;

	return (long long)(v > max ? max : v < -max - 1 ? -max - 1 : v);
}
