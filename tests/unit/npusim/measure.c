// SPDX-License-Identifier: MIT
/*
 * How fast the simulator simulates, as `figure NAME VALUE UNIT` lines.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench_host.h"

#define LEAST_SECONDS	0.5

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Best of several runs: others share the machine. */
static int convolution(const char *name, struct bench_conv conv)
{
	double best = 1e9, begin, all = seconds();
	struct bench bench;
	unsigned int i;
	uint64_t macs;

	if (bench_new("nv_large", 1, &bench))
		return -1;
	if (bench_conv_place(&bench, &conv)) {
		bench_free(&bench);
		return -1;
	}
	for (i = 0; seconds() - all < LEAST_SECONDS || i < 4; i++) {
		begin = seconds();
		bench_conv_program(&bench, &conv, i & 1);
		if (bench_wait(&bench, 0x150001u << (i & 1))) {
			fprintf(stderr, "%s: %s\n", name, bench.last.text);
			bench_free(&bench);
			return -1;
		}
		if (seconds() - begin < best)
			best = seconds() - begin;
	}
	macs = (uint64_t)conv.out_width * conv.out_height * conv.kernels * conv.channels * conv.r *
	       conv.s;
	printf("figure npusim.%s %.2f GMAC/s\n", name, (double)macs / best / 1e9);
	bench_free(&bench);

	return 0;
}

/* Operations whose cycles the RTL was measured on, enable to last interrupt. */
static const struct {
	const char *config;
	unsigned int latency;
	int format;
	unsigned int width, height, channels, kernels, r, s, stride, pad, banks;
	unsigned int rtl_cycles;
} rows[] = {
#include "rtl_cycles.h"
};

#define ROWS	(sizeof(rows) / sizeof(rows[0]))

static int place_row(unsigned int row, struct bench *bench, struct bench_conv *conv)
{
	memset(conv, 0, sizeof(*conv));
	conv->format = rows[row].format;
	conv->width = rows[row].width;
	conv->height = rows[row].height;
	conv->channels = rows[row].channels;
	conv->kernels = rows[row].kernels;
	conv->r = rows[row].r;
	conv->s = rows[row].s;
	conv->stride_x = conv->stride_y = rows[row].stride;
	conv->dil_x = conv->dil_y = 1;
	conv->left = conv->right = conv->top = conv->bottom = rows[row].pad;
	conv->shift = 10;
	if (bench_new_timed(rows[row].config, 1, rows[row].latency, bench))
		return -1;
	if (bench_conv_place(bench, conv)) {
		fprintf(stderr, "row %u does not fit\n", row);
		bench_free(bench);
		return -1;
	}
	if (rows[row].banks)
		conv->weight_banks = rows[row].banks;

	return 0;
}

/* Mean distance of the modelled cycles from the measured ones, per configuration. */
static int cycles(void)
{
	double sum = 0, worst = 0;
	unsigned int row, count = 0;

	for (row = 0; row < ROWS; row++) {
		struct bench_conv conv;
		struct bench bench;
		double error;

		if (place_row(row, &bench, &conv))
			return -1;
		bench_conv_program(&bench, &conv, 0);
		if (bench_wait(&bench, 0x150001)) {
			fprintf(stderr, "row %u: %s\n", row, bench.last.text);
			bench_free(&bench);
			return -1;
		}
		error = 100 * ((double)npusim_cycles(bench.sim, 0) / rows[row].rtl_cycles - 1);
		if (getenv("NPUSIM_VERBOSE"))
			printf("# %s %ux%ux%u %ux%ux%u latency %u: %llu, RTL %u: %+.1f %%\n",
			       rows[row].config, conv.width, conv.height, conv.channels, conv.r,
			       conv.s, conv.kernels, rows[row].latency,
			       (unsigned long long)npusim_cycles(bench.sim, 0),
			       rows[row].rtl_cycles, error);
		bench_free(&bench);
		error = error < 0 ? -error : error;
		sum += error;
		worst = error > worst ? error : worst;
		count++;
		if (row + 1 == ROWS || strcmp(rows[row].config, rows[row + 1].config)) {
			printf("figure npusim.cycles_error.conv.%s %.1f percent\n", rows[row].config,
			       sum / count);
			printf("figure npusim.cycles_error_worst.conv.%s %.1f percent\n",
			       rows[row].config, worst);
			sum = worst = 0;
			count = 0;
		}
	}

	return 0;
}

/* The same operations as scripts with a memory image, for the RTL. */
static int scripts(const char *folder)
{
	unsigned int row;
	char path[512];
	FILE *image;

	for (row = 0; row < ROWS; row++) {
		struct bench_conv conv;
		struct bench bench;

		if (place_row(row, &bench, &conv))
			return -1;
		snprintf(path, sizeof(path), "%s/%u.bin", folder, row);
		image = fopen(path, "wb");
		snprintf(path, sizeof(path), "%s/%u.%s", folder, row, rows[row].config);
		bench.script = fopen(path, "w");
		if (!image || !bench.script)
			return -1;
		fwrite(bench.mem, 1, bench.used, image);
		fclose(image);
		fprintf(bench.script, "poll 0x300c 1\nload 0x%llx %u.bin\n",
			(unsigned long long)BENCH_BASE, row);
		bench_conv_program(&bench, &conv, 0);
		fprintf(bench.script, "wfi 0x150001 100000000\n");
		fclose(bench.script);
		bench_free(&bench);
	}

	return 0;
}

int main(int argc, char **argv)
{
	const struct bench_conv base = {
		.format = -1, .r = 1, .s = 1, .stride_x = 1, .stride_y = 1, .dil_x = 1, .dil_y = 1,
		.shift = 10,
	};
	struct bench_conv conv = base;
	int err;

	if (argc == 3 && !strcmp(argv[1], "--scripts"))
		return scripts(argv[2]) ? 1 : 0;

	conv.width = conv.height = 56;
	conv.channels = conv.kernels = 64;
	conv.r = conv.s = 3;
	conv.left = conv.right = conv.top = conv.bottom = 1;
	err = convolution("conv3x3_56x56x64x64", conv);

	conv = base;
	conv.width = conv.height = 28;
	conv.channels = conv.kernels = 256;
	err |= convolution("conv1x1_28x28x256x256", conv);

	/* A depthwise convolution in dense form: 64 channels, a diagonal of kernels. */
	conv = base;
	conv.width = conv.height = 56;
	conv.channels = conv.kernels = 64;
	conv.r = conv.s = 3;
	conv.left = conv.right = conv.top = conv.bottom = 1;
	err |= convolution("depthwise3x3_56x56x64_as_dense", conv);

	return err | cycles() ? 1 : 0;
}
