// SPDX-License-Identifier: MIT
#include <errno.h>
#include <string.h>

#include "fixture.h"

static void cpu_runs_none(void **state)
{
	struct accel_context *context = (void *)1;
	struct accel_program *program = (void *)1;
	struct accel_device *device;

	(void)state;
	assert_int_equal(accel_open("cpu", &device), 0);
	assert_int_equal(conv_program(device, nvdla_config_find("nv_small"), &small_shape, 1,
				      &program), -EOPNOTSUPP);
	assert_null(program);
	assert_int_equal(accel_context_create(device, NULL, &context), -EOPNOTSUPP);
	assert_null(context);
	accel_close(device);
}

static void reports_slots(void **state)
{
	struct accel_slot slot;
	struct fixture f;

	(void)state;
	fixture_open(&f, "sim:nv_small", &small_shape, 3);
	assert_int_equal(accel_program_op_count(f.program), 3);
	assert_int_equal(accel_program_slot_count(f.program), SLOTS);
	assert_int_equal(accel_program_slot(f.program, INPUT, &slot), 0);
	assert_int_equal(slot.min_size, f.sizes.input);
	assert_int_equal(slot.access, ACCEL_ACCESS_READ);
	assert_int_equal(accel_program_slot(f.program, WEIGHTS, &slot), 0);
	assert_int_equal(slot.min_size, f.sizes.weights);
	assert_int_equal(accel_program_slot(f.program, BIAS, &slot), 0);
	assert_int_equal(slot.min_size, f.sizes.bias);
	assert_int_equal(accel_program_slot(f.program, OUTPUT, &slot), 0);
	assert_int_equal(slot.min_size, f.sizes.output);
	assert_int_equal(slot.access, ACCEL_ACCESS_WRITE);
	assert_int_equal(accel_program_slot(f.program, SLOTS, &slot), -EINVAL);
	fixture_close(&f);
}

static void refusals_name_the_culprit(void **state)
{
	static const struct conv_slots slots = { INPUT, WEIGHTS, BIAS, OUTPUT };
	const uint32_t read_only[SLOTS] = {
		ACCEL_ACCESS_READ, ACCEL_ACCESS_READ, ACCEL_ACCESS_READ, ACCEL_ACCESS_READ,
	};
	const struct nvdla_config *config = nvdla_config_find("nv_small");
	struct accel_program *program;
	struct accel_program_desc desc;
	struct accel_device *device;
	struct builder b;

	(void)state;
	assert_int_equal(accel_open("sim:nv_small", &device), 0);
	builder_init(&b, config);
	conv_append(&b, &small_shape, &slots);
	conv_append(&b, &small_shape, &slots);
	desc = (struct accel_program_desc){
		.ops = b.ops, .regs = b.regs, .relocs = b.relocs,
		.op_count = 2, .reg_count = b.reg_count, .reloc_count = b.reloc_count,
		.slot_count = SLOTS,
	};
	assert_int_equal(accel_program_create(device, &desc, &program), 0);
	accel_program_unref(program);

	builder_find_reg(&b, 1, NVDLA_CSC, CSC_D_ATOMICS)->value++;
	assert_int_equal(accel_program_create(device, &desc, &program), -EINVAL);
	assert_null(program);
	assert_string_equal(accel_error_text(), "program refused at operation 1, CSC D_ATOMICS "
			    "(0x4044): contradicts another register");
	builder_find_reg(&b, 1, NVDLA_CSC, CSC_D_ATOMICS)->value--;

	/* What only the kernel may write. */
	builder_find_reg(&b, 0, NVDLA_CDMA, CDMA_D_BANK)->offset =
		config->base[NVDLA_CDMA] + CDMA_D_OP_ENABLE;
	assert_int_equal(accel_program_create(device, &desc, &program), -EINVAL);
	assert_non_null(strstr(accel_error_text(), "operation 0, CDMA D_OP_ENABLE"));
	assert_non_null(strstr(accel_error_text(), "only the kernel"));
	builder_find_reg(&b, 0, NVDLA_CDMA, CDMA_D_OP_ENABLE)->offset =
		config->base[NVDLA_CDMA] + CDMA_D_BANK;

	desc.max_access = read_only;
	assert_int_equal(accel_program_create(device, &desc, &program), -EINVAL);
	assert_non_null(strstr(accel_error_text(), "SDP D_DST_BASE_ADDR_LOW"));
	desc.max_access = NULL;

	desc.slot_count = OUTPUT;
	assert_int_equal(accel_program_create(device, &desc, &program), -EINVAL);
	desc.slot_count = UINT32_MAX;
	assert_int_equal(accel_program_create(device, &desc, &program), -E2BIG);
	desc.slot_count = SLOTS;
	desc.op_count = 0;
	assert_int_equal(accel_program_create(device, &desc, &program), -EINVAL);
	desc.op_count = 1u << 30;
	assert_int_equal(accel_program_create(device, &desc, &program), -E2BIG);
	desc.op_count = 2;
	desc.regs = NULL;
	assert_int_equal(accel_program_create(device, &desc, &program), -EINVAL);

	builder_fini(&b);
	accel_close(device);
}

static void contexts_are_checked(void **state)
{
	struct accel_context_params params = { .size = sizeof(params) };
	struct accel_context_state info = { .size = sizeof(info) };
	struct accel_context *context;
	struct accel_device *device;

	(void)state;
	assert_int_equal(accel_open("sim:nv_small,cores=2", &device), 0);
	params.priority = ACCEL_PRIORITY_HIGH;
	params.core_mask = 2;
	assert_int_equal(accel_context_create(device, &params, &context), 0);
	assert_int_equal(accel_context_query(context, &info), 0);
	assert_false(info.guilty);
	assert_int_equal(info.fail_op, UINT32_MAX);
	assert_int_equal(info.jobs_queued, 0);
	info.size = 4;
	assert_int_equal(accel_context_query(context, &info), -EINVAL);
	accel_context_unref(accel_context_ref(context));
	accel_context_unref(context);
	accel_context_unref(NULL);

	params.core_mask = 4;
	assert_int_equal(accel_context_create(device, &params, &context), -EINVAL);
	assert_null(context);
	params.core_mask = 0;
	params.priority = 3;
	assert_int_equal(accel_context_create(device, &params, &context), -EINVAL);
	params.priority = ACCEL_PRIORITY_LOW;
	params.timeout_ms = UINT32_MAX;
	assert_int_equal(accel_context_create(device, &params, &context), -EINVAL);
	params.timeout_ms = 0;
	params.size = 1;
	assert_int_equal(accel_context_create(device, &params, &context), -EINVAL);
	accel_close(device);
}

int test_program(void)
{
	const struct CMUnitTest program[] = {
		cmocka_unit_test(cpu_runs_none),
		cmocka_unit_test(reports_slots),
		cmocka_unit_test(refusals_name_the_culprit),
		cmocka_unit_test(contexts_are_checked),
	};

	return cmocka_run_group_tests(program, NULL, NULL);
}
