// SPDX-License-Identifier: MIT
/*
 * Surroundings for a simulator in a test.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench_host.h"

static int touch(struct bench *bench, uint64_t addr, size_t len)
{
	if (addr < BENCH_BASE || addr - BENCH_BASE > BENCH_SIZE ||
	    len > BENCH_SIZE - (addr - BENCH_BASE))
		return -EFAULT;
	if (addr < bench->lowest)
		bench->lowest = addr;
	if (addr + len > bench->highest)
		bench->highest = addr + len;

	return 0;
}

static int host_read(void *ctx, enum npusim_port port, uint64_t addr, void *dst, size_t len)
{
	struct bench *bench = ctx;

	(void)port;
	if (touch(bench, addr, len))
		return -EFAULT;
	memcpy(dst, bench->mem + (addr - BENCH_BASE), len);

	return 0;
}

static int host_write(void *ctx, enum npusim_port port, uint64_t addr, const void *src, size_t len)
{
	struct bench *bench = ctx;

	(void)port;
	if (touch(bench, addr, len))
		return -EFAULT;
	memcpy(bench->mem + (addr - BENCH_BASE), src, len);

	return 0;
}

static void host_irq(void *ctx, unsigned int core, bool level)
{
	struct bench *bench = ctx;

	(void)core;
	bench->irqs++;
	bench->level = level;
}

static void host_error(void *ctx, const struct npusim_error *error)
{
	struct bench *bench = ctx;

	bench->errors++;
	bench->last = *error;
}

int bench_new(const char *config, uint32_t seed, struct bench *bench)
{
	return bench_new_timed(config, seed, 0, bench);
}

int bench_new_timed(const char *config, uint32_t seed, unsigned int latency, struct bench *bench)
{
	struct npusim_params params = {
		.config = config, .cores = 1,
		.timing = { .latency = latency, .sram_latency = latency },
	};

	memset(bench, 0, sizeof(*bench));
	bench->mem = calloc(1, BENCH_SIZE);
	if (!bench->mem)
		return -ENOMEM;
	bench->config = nvdla_config_find(config);
	bench->seed = seed * 2654435761u + 12345;
	bench->lowest = UINT64_MAX;
	params.host.ctx = bench;
	params.host.read = host_read;
	params.host.write = host_write;
	params.host.irq = host_irq;
	params.host.error = host_error;

	return npusim_new(&params, &bench->sim);
}

void bench_free(struct bench *bench)
{
	npusim_free(bench->sim);
	free(bench->mem);
}

uint32_t bench_random(struct bench *bench, uint32_t below)
{
	bench->seed ^= bench->seed << 13;
	bench->seed ^= bench->seed >> 17;
	bench->seed ^= bench->seed << 5;

	return below ? bench->seed % below : bench->seed;
}

uint64_t bench_alloc(struct bench *bench, uint32_t bytes)
{
	uint32_t at = (bench->used + 255) & ~255u, i;

	if (bytes > BENCH_SIZE - at)
		return 0;
	bench->used = at + bytes;
	for (i = 0; i < bytes; i++)
		bench->mem[at + i] = (uint8_t)bench_random(bench, 256);

	return BENCH_BASE + at;
}

uint8_t *bench_at(struct bench *bench, uint64_t addr)
{
	return bench->mem + (addr - BENCH_BASE);
}

void bench_write(struct bench *bench, enum nvdla_unit unit, uint32_t reg, uint32_t value)
{
	if (bench->script)
		fprintf(bench->script, "w 0x%x 0x%x\n", bench->config->base[unit] + reg, value);
	npusim_reg_write(bench->sim, 0, bench->config->base[unit] + reg, value);
}

uint32_t bench_read(struct bench *bench, enum nvdla_unit unit, uint32_t reg)
{
	return npusim_reg_read(bench->sim, 0, bench->config->base[unit] + reg);
}

int bench_wait(struct bench *bench, uint32_t mask)
{
	uint32_t seen = 0;

	for (;;) {
		uint32_t status = bench_read(bench, NVDLA_GLB, GLB_S_INTR_STATUS);

		bench_write(bench, NVDLA_GLB, GLB_S_INTR_STATUS, status);
		seen |= status;
		if ((seen & mask) == mask)
			return 0;
		if (npusim_run(bench->sim, 0, 1ull << 40) != NPUSIM_INTERRUPT)
			return -1;
	}
}
