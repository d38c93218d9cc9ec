// SPDX-License-Identifier: MIT
/*
 * accel-conv: real convolutions with bias, requantisation and ReLU through
 * libaccel on any device, each compared with nested loops. Prints TAP.
 *
 * usage: accel-conv [-n TIMES] [-p] [DEVICE]
 *
 *   -n TIMES  submit every convolution so often, one after the other
 *   -p        print what each one cost
 *   DEVICE    as accel_open() takes it; "auto" when omitted
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <accel/accel.h>

#include "../programs/conv.h"

enum { INPUT, WEIGHTS, BIAS, OUTPUT, SLOTS };

static const struct conv_slots slots = { INPUT, WEIGHTS, BIAS, OUTPUT };

static const struct {
	const char *name;
	struct conv_shape shape;
} cases[] = {
	{ "1x1, one atom", { 4, 4, 8, 8, 1, 1, 1, 0, 0, 0, 1, 7 } },
	{ "3x3, padded", { 16, 12, 16, 16, 3, 3, 1, 1, 3, 0, 77, 14 } },
	{ "3x3, stride 2, odd channels", { 17, 15, 13, 21, 3, 3, 2, 1, 2, -100, 51, 14 } },
	{ "5x3, tall, offset", { 9, 20, 40, 5, 5, 3, 1, 0, 0, 4000, 19, 13 } },
	{ "1x1, many channels", { 7, 7, 200, 72, 1, 1, 1, 0, 4, 0, 33, 13 } },
	{ "3x3, 32 to 64 channels", { 28, 28, 32, 64, 3, 3, 1, 1, 3, 0, 45, 15 } },
};

/* What a test needs, released in one place. */
struct run {
	struct accel_device *device;
	struct accel_context *context;
	struct accel_program *program;
	struct accel_job *job;
	struct accel_bo *bos[SLOTS];
	void *maps[SLOTS];
};

static int make_buffers(struct run *run, const struct conv_sizes *sizes)
{
	const size_t bytes[SLOTS] = { sizes->input, sizes->weights, sizes->bias, sizes->output };
	int i, ret;

	for (i = 0; i < SLOTS; i++) {
		ret = accel_bo_create(run->device, bytes[i], ACCEL_BO_CACHED, &run->bos[i]);
		if (!ret)
			ret = accel_bo_map(run->bos[i], &run->maps[i]);
		if (!ret)
			ret = accel_job_bind(run->job, i, run->bos[i], 0, 0);
		if (ret)
			return ret;
	}

	return 0;
}

static int upload(struct run *run, const struct builder *builder)
{
	struct accel_program_desc desc = {
		.ops = builder->ops,
		.regs = builder->regs,
		.relocs = builder->relocs,
		.deps = builder->deps,
		.luts = builder->luts,
		.op_count = builder->op_count,
		.reg_count = builder->reg_count,
		.reloc_count = builder->reloc_count,
		.dep_count = builder->dep_count,
		.lut_count = builder->lut_count,
		.slot_count = builder->slot_count,
	};
	int ret;

	ret = accel_program_create(run->device, &desc, &run->program);
	if (!ret)
		ret = accel_job_create(run->program, &run->job);

	return ret;
}

static int submit(struct run *run, unsigned int times, bool profile)
{
	struct accel_fence *fence;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < times && !ret; i++) {
		ret = accel_job_submit(run->job, run->context, profile ? ACCEL_JOB_PROFILE : 0,
				       NULL, 0, &fence);
		if (ret)
			return ret;
		ret = accel_fence_wait(fence, INT64_C(60000000000));
		accel_fence_unref(fence);
	}

	return ret;
}

static void print_cost(struct run *run)
{
	struct accel_op_profile profile;

	if (accel_job_profile(run->job, &profile, 1) == 1)
		printf("# core %u: %llu cycles, %llu ns, %u saturated\n", profile.core,
		       (unsigned long long)profile.cycles,
		       (unsigned long long)(profile.end_ns - profile.start_ns), profile.saturated);
	else
		printf("# no profile: %s\n", accel_error_text());
}

/* Return: number of wrong elements, or a negative errno. */
static long convolve(struct accel_device *device, const struct nvdla_config *config,
		     const struct conv_shape *shape, unsigned int times, bool profile)
{
	struct run run = { .device = device };
	struct conv_data data;
	struct conv_sizes sizes;
	struct builder builder;
	long ret;
	int i;

	builder_init(&builder, config);
	conv_append(&builder, shape, &slots);
	conv_sizes(config, shape, &sizes);
	conv_data_init(&data, shape, 1);

	ret = accel_context_create(device, NULL, &run.context);
	if (!ret)
		ret = upload(&run, &builder);
	if (!ret)
		ret = make_buffers(&run, &sizes);
	if (!ret) {
		conv_pack_input(config, shape, &data, run.maps[INPUT]);
		conv_pack_weights(config, shape, &data, run.maps[WEIGHTS]);
		conv_pack_bias(config, shape, &data, run.maps[BIAS]);
		memset(run.maps[OUTPUT], 0x55, sizes.output);
		for (i = 0; i < SLOTS && !ret; i++)
			ret = accel_bo_sync(run.bos[i], ACCEL_SYNC_TO_DEVICE, 0,
					    accel_bo_size(run.bos[i]));
	}
	if (!ret)
		ret = submit(&run, times, profile);
	if (!ret)
		ret = accel_bo_sync(run.bos[OUTPUT], ACCEL_SYNC_FROM_DEVICE, 0, sizes.output);
	if (!ret) {
		ret = conv_check(config, shape, &data, run.maps[OUTPUT]);
		if (profile)
			print_cost(&run);
	}

	accel_job_destroy(run.job);
	accel_program_unref(run.program);
	accel_context_unref(run.context);
	for (i = 0; i < SLOTS; i++)
		accel_bo_unref(run.bos[i]);
	conv_data_fini(&data);
	builder_fini(&builder);

	return ret;
}

int main(int argc, char **argv)
{
	struct accel_device_info info = { .size = sizeof(info) };
	const size_t count = sizeof(cases) / sizeof(cases[0]);
	const struct nvdla_config *config;
	struct accel_device *device;
	unsigned long times = 1;
	bool profile = false, failed = false;
	size_t i;
	int option;

	while ((option = getopt(argc, argv, "n:p")) != -1) {
		if (option == 'n') {
			times = strtoul(optarg, NULL, 0);
		} else if (option == 'p') {
			profile = true;
		} else {
			fprintf(stderr, "usage: accel-conv [-n TIMES] [-p] [DEVICE]\n");
			return 2;
		}
	}

	if (accel_open(argv[optind], &device) || accel_device_query(device, &info)) {
		printf("Bail out! %s\n", accel_error_text());
		return 1;
	}
	config = nvdla_config_find(info.config);
	if (!config) {
		printf("Bail out! %s is of no known configuration\n", info.name);
		return 1;
	}
	printf("TAP version 13\n1..%zu\n# %s: %s, %u cores\n", count, info.name, info.config,
	       info.cores);
	for (i = 0; i < count; i++) {
		const struct conv_shape *shape = &cases[i].shape;
		long ret = convolve(device, config, shape, times, profile);

		failed |= ret;
		if (ret < 0)
			printf("# %s\n", accel_error_text());
		if (ret > 0)
			printf("# %ld of %u elements are wrong\n", ret,
			       shape->kernels * conv_out_width(shape) * conv_out_height(shape));
		printf("%sok %zu - convolution %s on %s\n", ret ? "not " : "", i + 1, cases[i].name,
		       info.config);
		fflush(stdout);
	}
	accel_close(device);

	return failed;
}
