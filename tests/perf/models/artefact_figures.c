// SPDX-License-Identifier: MIT
/*
 * What an artefact says about its cost, and what it costs to load it.
 *
 * usage: artefact_figures ARTEFACT CONFIG DEVICE
 *
 * Prints lines `NAME VALUE`:
 *	mac, floor, least	cycles: of the MAC array as tiled; sum over operations
 *			of the largest of MAC cycles, SDP elements / throughput
 *			and bytes / bandwidth, as tiled; the same with each
 *			tensor crossing memory once and no padding by tiles
 *	least_mac, least_bytes	likewise for the whole network
 *	cycles, read, written	estimated by the compiler
 *	npu, cpu	operations of the network on either side
 *	load, session, file	seconds, least of RUNS: accel_model_load(), creating
 *			a session on DEVICE, reading the file into new memory
 */
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <accel/model.h>

#include "kmod/hw/nvdla_config.h"
#include "libaccel/compile/artefact.h"

enum { RUNS = 9 };

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static uint64_t divide_up(uint64_t a, uint64_t b)
{
	return (a + b - 1) / b;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t cube_bytes(const struct npu_cube *cube)
{
	return (uint64_t)cube->width * cube->height * divide_up(cube->channels, cube->atom) * cube->atom;
}

static uint64_t operand_bytes(const struct npu_operand *operand)
{
	return operand->source == NPU_ELEMENT ? cube_bytes(&operand->cube) : 0;
}

/* Bytes when everything crosses memory once. */
static uint64_t least_bytes(const struct npu_op *op, const struct npu_cube *out)
{
	uint64_t bytes = cube_bytes(&op->in) + cube_bytes(out);

	if (op->kind == NPU_CONV)
		bytes += op->conv.weight_bytes;
	if (op->sdp.x1.alu)
		bytes += operand_bytes(&op->sdp.x1.alu_operand);
	if (op->sdp.x2.alu)
		bytes += operand_bytes(&op->sdp.x2.alu_operand);
	if (op->sdp.y.alu)
		bytes += operand_bytes(&op->sdp.y.alu_operand);
	return bytes;
}

/* ceil(C / atomic C) * ceil(K / atomic K) * taps * pixels, per block of groups. */
static uint64_t least_mac(const struct npu_op *op, const struct npu_atoms *atoms)
{
	const struct npu_conv *conv = &op->conv;
	uint64_t blocks, taps;

	if (op->kind != NPU_CONV)
		return 0;
	blocks = divide_up(conv->groups, larger(conv->groups_per_block, 1));
	taps = conv->image ? conv->kernel_h * divide_up(conv->kernel_w * op->in.channels, atoms->c) :
	       conv->kernel_h * conv->kernel_w * divide_up(divide_up(op->in.channels, blocks), atoms->c);
	return blocks * divide_up(divide_up(op->out.channels, blocks), atoms->k) * taps *
	       op->out.width * op->out.height;
}

static int print_costs(const struct accel_model *model, const char *path, const char *config)
{
	struct accel_model_summary s = { .size = sizeof(s) };
	struct artefact *artefact = NULL;
	uint64_t mac = 0, least = 0, macs = 0, bytes = 0;
	const struct target *t;

	if (accel_model_summary(model, config, &s) || artefact_load(path, &artefact))
		return -1;
	t = artefact_target(artefact, config);
	for (uint32_t i = 0; i < t->op_count; i++) {
		const struct artefact_op *op = &t->ops[i];
		/* A pooling without hardware operations of its own flies behind the convolution. */
		bool flies = i + 1 < t->op_count && !op[1].hw_ops;
		uint64_t one = least_mac(&op->op, &t->header->atoms);
		uint64_t data = least_bytes(&op->op, flies ? &op[1].op.out : &op->op.out);

		if (!op->hw_ops)
			continue;
		mac += op->mac;
		macs += one;
		bytes += data;
		least += larger(larger(one, op->sdp), (uint64_t)((double)data / t->header->bandwidth));
	}
	printf("mac %llu\nfloor %llu\nleast %llu\nleast_mac %llu\nleast_bytes %llu\n",
	       (unsigned long long)mac, (unsigned long long)s.roofline, (unsigned long long)least,
	       (unsigned long long)macs, (unsigned long long)bytes);
	printf("cycles %llu\nread %llu\nwritten %llu\nnpu %u\ncpu %u\nhw_ops %u\n",
	       (unsigned long long)s.cycles, (unsigned long long)s.read,
	       (unsigned long long)s.written, s.npu_ops, s.cpu_ops, s.hw_ops);
	artefact_close(artefact);
	return 0;
}

static double read_time(const char *path)
{
	double since = now();
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	size_t done = 0;
	ssize_t got = 1;
	char *data;

	if (fd < 0)
		return -1;
	data = fstat(fd, &st) ? NULL : malloc((size_t)st.st_size + 1);
	while (data && got > 0 && done < (size_t)st.st_size) {
		got = read(fd, data + done, (size_t)st.st_size - done);
		done += got > 0 ? (size_t)got : 0;
	}
	close(fd);
	since = data && done == (size_t)st.st_size ? now() - since : -1;
	free(data);
	return since;
}

static int fail(void)
{
	fprintf(stderr, "artefact_figures: %s\n", accel_error_text());
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	double load = 1e9, session = 1e9, file = 1e9;
	struct accel_device *device = NULL;

	if (argc != 4) {
		fputs("usage: artefact_figures ARTEFACT CONFIG DEVICE\n", stderr);
		return 2;
	}
	/* Else malloc() hands out the memory of the run before, already mapped. */
	mallopt(M_MMAP_THRESHOLD, 64 << 10);
	if (accel_open(argv[3], &device))
		return fail();
	for (int i = 0; i < RUNS; i++) {
		struct accel_session_params params = { .size = sizeof(params), .config = argv[2] };
		struct accel_session *made = NULL;
		struct accel_model *model = NULL;
		double a = now(), b, c, d = read_time(argv[1]);

		if (d < 0)
			return fail();
		file = d < file ? d : file;
		a = now();
		if (accel_model_load(argv[1], &model))
			return fail();
		b = now();
		if (accel_session_create(model, device, &params, &made))
			return fail();
		c = now();
		load = b - a < load ? b - a : load;
		session = c - b < session ? c - b : session;
		if (!i && print_costs(model, argv[1], argv[2]))
			return fail();
		accel_session_destroy(made);
		accel_model_unref(model);
	}
	printf("load %.9f\nsession %.9f\nfile %.9f\n", load, session, file);
	accel_close(device);
	return EXIT_SUCCESS;
}
