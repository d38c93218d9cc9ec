// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <string.h>

#include "../../programs/engines.h"
#include "fixture.h"

static int upload(struct accel_device *device, const struct builder *b,
		  struct accel_program **out)
{
	struct accel_program_desc desc = {
		.ops = b->ops, .regs = b->regs, .relocs = b->relocs, .deps = b->deps,
		.luts = b->luts, .op_count = b->op_count, .reg_count = b->reg_count,
		.reloc_count = b->reloc_count, .dep_count = b->dep_count,
		.lut_count = b->lut_count, .slot_count = b->slot_count,
	};

	return accel_program_create(device, &desc, out);
}

/* Every engine computes what the nested loops compute, in exactly min_size. */
static void run_engine(struct accel_device *device, const struct nvdla_config *config,
		       const struct engine_test *test)
{
	unsigned int slots = test->slots(config), i;
	struct accel_bo *bos[ENGINE_MAX_SLOTS];
	void *maps[ENGINE_MAX_SLOTS];
	struct accel_program *program;
	struct accel_context *context;
	struct accel_fence *fence;
	struct accel_slot slot;
	struct accel_job *job;
	struct builder b;
	size_t wrong;
	int ret;

	builder_init(&b, config);
	test->append(&b);
	assert_int_equal(b.slot_count, slots);
	if (upload(device, &b, &program))
		fail_msg("%s on %s: %s", test->name, config->name, accel_error_text());
	builder_fini(&b);
	assert_int_equal(accel_context_create(device, NULL, &context), 0);
	assert_int_equal(accel_job_create(program, &job), 0);
	for (i = 0; i < slots; i++) {
		assert_int_equal(accel_program_slot(program, i, &slot), 0);
		assert_int_equal(slot.access, i + 1 < slots ? ACCEL_ACCESS_READ :
				 ACCEL_ACCESS_WRITE);
		assert_int_equal(accel_bo_create(device, slot.min_size, 0, &bos[i]), 0);
		assert_int_equal(accel_bo_map(bos[i], &maps[i]), 0);
		assert_int_equal(accel_job_bind(job, i, bos[i], 0, slot.min_size), 0);
	}
	test->prepare(config, 5, maps);
	memset(maps[slots - 1], 0x55, accel_bo_size(bos[slots - 1]));
	assert_int_equal(accel_job_submit(job, context, 0, NULL, 0, &fence), 0);
	ret = accel_fence_wait(fence, FOREVER);
	if (ret)
		fail_msg("%s on %s: %s", test->name, config->name, accel_error_text());
	wrong = test->wrong(config, 5, maps);
	if (wrong)
		fail_msg("%s on %s: %zu bytes are wrong", test->name, config->name, wrong);

	accel_fence_unref(fence);
	accel_job_destroy(job);
	accel_program_unref(program);
	accel_context_unref(context);
	for (i = 0; i < slots; i++)
		accel_bo_unref(bos[i]);
}

static void every_engine_computes(void **state)
{
	const struct engine_test *const *test;
	struct accel_device *device;
	const char *name;
	char sim[64];
	unsigned int i;

	(void)state;
	for (i = 0; (name = accel_config_name(i)); i++) {
		const struct nvdla_config *config = nvdla_config_find(name);

		snprintf(sim, sizeof(sim), "sim:%s", name);
		assert_int_equal(accel_open(sim, &device), 0);
		for (test = engine_tests; *test; test++) {
			if (engine_test_possible(*test, config))
				run_engine(device, config, *test);
		}
		accel_close(device);
	}
}

int test_engines(void)
{
	const struct CMUnitTest engines[] = {
		cmocka_unit_test(every_engine_computes),
	};

	return cmocka_run_group_tests(engines, NULL, NULL);
}
