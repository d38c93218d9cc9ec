// SPDX-License-Identifier: MIT
/*
 * A convolution on an open device.
 */
#include <string.h>

#include "fixture.h"

const struct conv_shape small_shape = {
	.width = 9, .height = 8, .channels = 11, .kernels = 10,
	.kernel_width = 3, .kernel_height = 3, .stride = 1, .pad = 1,
	.bias_shift = 2, .offset = 50, .scale = 29, .shift = 13,
};

int conv_program(struct accel_device *device, const struct nvdla_config *config,
		 const struct conv_shape *shape, unsigned int times, struct accel_program **out)
{
	static const struct conv_slots slots = { INPUT, WEIGHTS, BIAS, OUTPUT };
	struct accel_program_desc desc = { 0 };
	struct builder builder;
	unsigned int i;
	int ret;

	builder_init(&builder, config);
	for (i = 0; i < times; i++) {
		conv_append(&builder, shape, &slots);
		if (i)
			builder_dep(&builder, i - 1);
	}
	desc.ops = builder.ops;
	desc.regs = builder.regs;
	desc.relocs = builder.relocs;
	desc.deps = builder.deps;
	desc.op_count = builder.op_count;
	desc.reg_count = builder.reg_count;
	desc.reloc_count = builder.reloc_count;
	desc.dep_count = builder.dep_count;
	desc.slot_count = builder.slot_count;
	ret = accel_program_create(device, &desc, out);
	builder_fini(&builder);

	return ret;
}

void fixture_open(struct fixture *f, const char *device, const struct conv_shape *shape,
		  unsigned int times)
{
	struct accel_device_info info = { .size = sizeof(info) };
	size_t bytes[SLOTS];
	int i;

	memset(f, 0, sizeof(*f));
	f->shape = *shape;
	assert_int_equal(accel_open(device, &f->device), 0);
	assert_int_equal(accel_device_query(f->device, &info), 0);
	f->config = nvdla_config_find(info.config);
	assert_non_null(f->config);
	conv_sizes(f->config, shape, &f->sizes);
	conv_data_init(&f->data, shape, 7);
	assert_int_equal(accel_context_create(f->device, NULL, &f->context), 0);
	assert_int_equal(conv_program(f->device, f->config, shape, times, &f->program), 0);
	assert_int_equal(accel_job_create(f->program, &f->job), 0);

	bytes[INPUT] = f->sizes.input;
	bytes[WEIGHTS] = f->sizes.weights;
	bytes[BIAS] = f->sizes.bias;
	bytes[OUTPUT] = f->sizes.output;
	for (i = 0; i < SLOTS; i++) {
		assert_int_equal(accel_bo_create(f->device, bytes[i], 0, &f->bos[i]), 0);
		assert_int_equal(accel_bo_map(f->bos[i], &f->maps[i]), 0);
		assert_int_equal(accel_job_bind(f->job, i, f->bos[i], 0, 0), 0);
	}
	conv_pack_input(f->config, shape, &f->data, f->maps[INPUT]);
	conv_pack_weights(f->config, shape, &f->data, f->maps[WEIGHTS]);
	conv_pack_bias(f->config, shape, &f->data, f->maps[BIAS]);
	fixture_spoil(f);
}

void fixture_close(struct fixture *f)
{
	int i;

	accel_job_destroy(f->job);
	accel_program_unref(f->program);
	accel_context_unref(f->context);
	for (i = 0; i < SLOTS; i++)
		accel_bo_unref(f->bos[i]);
	accel_close(f->device);
	conv_data_fini(&f->data);
}

void fixture_spoil(struct fixture *f)
{
	memset(f->maps[OUTPUT], 0x55, f->sizes.output);
}

void fixture_check(struct fixture *f)
{
	assert_int_equal(conv_check(f->config, &f->shape, &f->data, f->maps[OUTPUT]), 0);
}
