// SPDX-License-Identifier: MIT
/*
 * Random register programs: whatever is written, the simulator neither
 * crashes nor hangs nor touches memory that no register points to.
 *
 * usage: fuzz_registers [SECONDS [SEED]]
 *
 * Each program is a working convolution, or nothing, with random registers
 * set to random values; values are mostly small, or near what was there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench_host.h"

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static uint32_t random_value(struct bench *bench, uint32_t old)
{
	switch (bench_random(bench, 6)) {
	case 0:
		return bench_random(bench, 0);
	case 1:
		return old ^ 1u << bench_random(bench, 32);
	case 2:
		return old + bench_random(bench, 9) - 4;
	case 3:
		return bench_random(bench, 17);
	case 4:
		return (uint32_t)BENCH_BASE + bench_random(bench, BENCH_SIZE);
	default:
		return bench_random(bench, 2) ? 0 : 0xffffffff;
	}
}

/* Set a random register in the group that the next operation uses. */
static void disturb(struct bench *bench)
{
	unsigned int unit;
	const struct nvdla_reg_desc *reg;

	do
		unit = bench_random(bench, NVDLA_UNITS);
	while (bench->config->base[unit] == NVDLA_NO_UNIT || !nvdla_units[unit].count);
	reg = &nvdla_units[unit].regs[bench_random(bench, nvdla_units[unit].count)];
	bench_write(bench, unit, reg->offset,
		    random_value(bench, bench_read(bench, unit, reg->offset)));
}

static void enable_some(struct bench *bench)
{
	unsigned int unit;

	for (unit = 0; unit < NVDLA_UNITS; unit++) {
		if (bench->config->base[unit] == NVDLA_NO_UNIT ||
		    nvdla_units[unit].first_grouped >= NVDLA_WINDOW_SIZE)
			continue;
		if (bench_random(bench, 8))
			bench_write(bench, unit, nvdla_units[unit].first_grouped, 1);
	}
}

int main(int argc, char **argv)
{
	double limit = argc > 1 ? atof(argv[1]) : 20, begin = seconds(), slowest = 0, last = begin;
	uint32_t seed = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 0) : 1;
	unsigned long programs = 0, errors = 0, finished = 0;
	const struct nvdla_config *config = nvdla_configs;
	struct bench bench;
	unsigned int i;

	while (seconds() - begin < limit) {
		struct bench_conv conv;
		double now;

		if (bench_new(config->name, seed++, &bench)) {
			printf("not ok 1 - random register programs: no memory\n");
			return 1;
		}
		for (i = 0; i < 40; i++) {
			unsigned int k, wrong = bench_random(&bench, 6), group = i & 1;

			bench.used = 0;
			if (bench_random(&bench, 4)) {
				bench_conv_random(&bench, bench_random(&bench, 3) == 0, &conv);
				conv.wrong = true;
				conv.wrong_unit = NVDLA_MCIF;
				conv.wrong_reg = 0;
				for (k = 0; k < wrong; k++)
					disturb(&bench);
				conv.data_banks += bench_random(&bench, 8) == 0;
				bench_conv_program(&bench, &conv, group);
			}
			for (k = 0; k < wrong; k++)
				disturb(&bench);
			if (bench_random(&bench, 2))
				enable_some(&bench);
			for (k = 0; k < 8; k++) {
				enum npusim_state state = npusim_run(bench.sim, 0, 1ull << 32);

				finished += state == NPUSIM_INTERRUPT;
				if (state != NPUSIM_INTERRUPT)
					break;
			}
			programs++;
			if (bench.errors) {
				errors++;
				bench.errors = 0;
			}
			npusim_reset(bench.sim, 0);
			now = seconds();
			if (now - last > slowest)
				slowest = now - last;
			last = now;
		}
		bench_free(&bench);
		config++;
		if (!config->name)
			config = nvdla_configs;
	}
	printf("# %lu programs, %lu named errors, %lu interrupts, slowest %.2f s, next seed %u\n",
	       programs, errors, finished, slowest, seed);
	if (programs < 100 || !errors || !finished || slowest > 60) {
		printf("not ok 1 - random register programs\n1..1\n");
		return 1;
	}
	printf("ok 1 - random register programs\n1..1\n");

	return 0;
}
