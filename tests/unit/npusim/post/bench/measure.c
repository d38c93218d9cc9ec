// SPDX-License-Identifier: MIT
/*
 * Speed of the units behind the convolution, and how far their modelled cycles
 * are from those the RTL took, as `figure NAME VALUE UNIT` lines.
 *
 * With `--script CONFIG` it prints the programs whose cycles rtl_cycles.h holds
 * as an npusim-replay script.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "programs.h"
#include "rtl_cycles.h"
#include "tools/npusim/npusim.h"

#define BASE	0x80000000u
#define SIZE	(48u << 20)

struct host {
	const struct nvdla_config *config;
	struct npusim *sim;
	unsigned int errors;
	uint8_t *mem;
};

static int mem_read(void *ctx, enum npusim_port port, uint64_t addr, void *dst, size_t len)
{
	struct host *host = ctx;

	(void)port;
	if (addr < BASE || addr - BASE > SIZE - len)
		return -14;
	memcpy(dst, host->mem + (addr - BASE), len);
	return 0;
}

static int mem_write(void *ctx, enum npusim_port port, uint64_t addr, const void *src, size_t len)
{
	struct host *host = ctx;

	(void)port;
	if (addr < BASE || addr - BASE > SIZE - len)
		return -14;
	memcpy(host->mem + (addr - BASE), src, len);
	return 0;
}

static void on_error(void *ctx, const struct npusim_error *error)
{
	struct host *host = ctx;

	fprintf(stderr, "%s: %s\n", host->config->name, error->text);
	host->errors++;
}

static void reg_write(void *ctx, enum nvdla_unit unit, uint32_t reg, uint32_t value)
{
	struct host *host = ctx;

	npusim_reg_write(host->sim, 0, host->config->base[unit] + reg, value);
}

static void print_write(void *ctx, enum nvdla_unit unit, uint32_t reg, uint32_t value)
{
	const struct nvdla_config *config = ctx;

	printf("w 0x%x 0x%x\n", config->base[unit] + reg, value);
}

/* Cycles that the operation took; 0 when it failed. */
static uint64_t run(struct host *host, const struct program *program)
{
	uint64_t begin;
	uint32_t mask;

	npusim_reset(host->sim, 0);
	mask = program_write_all(program, host->config->atomic_m, reg_write, host);
	begin = npusim_cycles(host->sim, 0);
	do {
		if (npusim_run(host->sim, 0, UINT64_MAX) != NPUSIM_INTERRUPT || host->errors)
			return 0;
	} while (mask & ~npusim_reg_read(host->sim, 0, host->config->base[NVDLA_GLB] +
						       GLB_S_INTR_STATUS));

	return npusim_cycles(host->sim, 0) - begin;
}

static int host_new(const char *config, unsigned int latency, struct host *host)
{
	struct npusim_params params = {
		.config = config, .cores = 1,
		.host = { .ctx = host, .read = mem_read, .write = mem_write, .error = on_error },
		.timing = { .clock_hz = 1000000000, .latency = latency, .sram_latency = latency },
	};
	uint32_t i;

	memset(host, 0, sizeof(*host));
	host->config = nvdla_config_find(config);
	host->mem = malloc(SIZE);
	if (!host->config || !host->mem || npusim_new(&params, &host->sim))
		return -1;
	for (i = 0; i < SIZE; i++)
		host->mem[i] = (uint8_t)(i * 2654435761u >> 21);

	return 0;
}

static void host_free(struct host *host)
{
	npusim_free(host->sim);
	free(host->mem);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Elements of the input per second, best of several runs. */
static int speed(const char *name, enum program_kind kind)
{
	struct program program = { kind, 112, 112, 64 };
	double best = 1e9, begin, took;
	struct host host;
	unsigned int i;

	if (host_new("nv_large", 50, &host))
		return -1;
	for (i = 0; i < 5; i++) {
		begin = seconds();
		if (!run(&host, &program))
			return -1;
		took = seconds() - begin;
		if (took < best)
			best = took;
	}
	host_free(&host);
	printf("figure npusim.%s %.0f elements/s\n", name, 112.0 * 112 * 64 / best);

	return 0;
}

static int distance(const char *unit, enum program_kind first, enum program_kind last)
{
	double sum = 0, worst = 0;
	unsigned int i, n = 0;

	for (i = 0; i < sizeof(rtl_cycles) / sizeof(rtl_cycles[0]); i++) {
		struct program program = rtl_cycles[i].program;
		struct host host;
		double error;
		uint64_t cycles;

		if (program.kind < first || program.kind > last)
			continue;
		if (host_new(rtl_cycles[i].config, RTL_LATENCY, &host))
			return -1;
		cycles = run(&host, &program);
		host_free(&host);
		if (!cycles)
			return -1;
		error = ((double)cycles - rtl_cycles[i].cycles) / rtl_cycles[i].cycles * 100;
		if (error < 0)
			error = -error;
		sum += error;
		worst = error > worst ? error : worst;
		n++;
	}
	printf("figure npusim.cycles_error.%s %.1f percent\n", unit, sum / n);
	printf("figure npusim.cycles_error_worst.%s %.1f percent\n", unit, worst);

	return 0;
}

static int script(const char *name)
{
	const struct nvdla_config *config = nvdla_config_find(name);
	unsigned int kind, i, group[CDP_LRN + 1] = { 0 };
	uint32_t mask;

	if (!config)
		return 1;
	printf("fill 0x80000000 0x3000000 0x5a\n");
	for (kind = 0; kind <= CDP_LRN; kind++) {
		if (kind == SDP_TABLE && !(config->features & NVDLA_FEAT_SDP_LUT))
			continue;
		for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			struct program program = sizes[i];
			enum nvdla_unit unit = kind <= SDP_TABLE ? NVDLA_SDP :
					       kind <= PDP_MAX ? NVDLA_PDP : NVDLA_CDP;
			enum nvdla_unit rdma = kind <= SDP_TABLE ? NVDLA_SDP_RDMA :
					       kind <= PDP_MAX ? NVDLA_PDP_RDMA : NVDLA_CDP_RDMA;

			program.kind = kind;
			print_write((void *)config, unit, NVDLA_S_POINTER, group[unit % 7]);
			print_write((void *)config, rdma, NVDLA_S_POINTER, group[unit % 7]);
			mask = program_write_all(&program, config->atomic_m, print_write,
						 (void *)config);
			printf("wfi 0x%x 4000000\n", mask << group[unit % 7]);
			group[unit % 7] ^= 1;
		}
	}

	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "--script"))
		return script(argv[2]);

	if (speed("sdp_pass", SDP_PASS) || speed("sdp_scale_relu", SDP_SCALE) ||
	    speed("sdp_add", SDP_ADD) || speed("sdp_lut", SDP_TABLE) ||
	    speed("pdp_mean_2x2s2", PDP_MEAN) || speed("pdp_max_3x3s2", PDP_MAX) ||
	    speed("cdp_lrn5", CDP_LRN))
		return 1;

	return distance("sdp", SDP_PASS, SDP_TABLE) || distance("pdp", PDP_MEAN, PDP_MAX) ||
	       distance("cdp", CDP_LRN, CDP_LRN);
}
