// SPDX-License-Identifier: MIT
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "../../../libaccel/dev/simdev.h"
#include "fixture.h"

/* Keep a context's jobs from starting, as if all cores were busy. */
static void hold(struct accel_context *base, bool held)
{
	struct simdev_context *context = container_of(base, struct simdev_context, base);
	struct simdev_device *device = simdev(base->device);

	pthread_mutex_lock(&device->lock);
	context->params.core_mask = held ? 0 : UINT32_MAX;
	pthread_cond_broadcast(&device->work);
	pthread_mutex_unlock(&device->lock);
}

static void convolves_on(const char *device)
{
	struct accel_fence *fence;
	struct fixture f;

	fixture_open(&f, device, &small_shape, 1);
	assert_int_equal(accel_job_submit(f.job, f.context, 0, NULL, 0, &fence), 0);
	assert_int_equal(accel_fence_wait(fence, FOREVER), 0);
	assert_int_equal(accel_fence_wait(fence, 0), 0);
	fixture_check(&f);
	accel_fence_unref(fence);

	/* The same job again, without a fence of its own. */
	fixture_spoil(&f);
	assert_int_equal(accel_job_submit(f.job, f.context, 0, NULL, 0, NULL), 0);
	assert_int_equal(accel_bo_wait(f.bos[OUTPUT], ACCEL_ACCESS_READ, FOREVER), 0);
	fixture_check(&f);
	fixture_close(&f);
}

static void convolves(void **state)
{
	(void)state;
	convolves_on("sim:nv_small");
	convolves_on("sim:nv_small_256_full");
	convolves_on("sim:nv_large");
}

static void many_operations_use_both_groups(void **state)
{
	struct accel_op_profile profile[20];
	struct accel_fence *fence;
	struct fixture f;
	int i;

	(void)state;
	fixture_open(&f, "sim:nv_small", &small_shape, 20);
	assert_int_equal(accel_job_profile(f.job, profile, 20), -ENODATA);
	assert_int_equal(accel_job_submit(f.job, f.context, ACCEL_JOB_PROFILE, NULL, 0, &fence), 0);
	assert_int_equal(accel_fence_wait(fence, FOREVER), 0);
	fixture_check(&f);
	assert_int_equal(accel_job_profile(f.job, profile, 20), 20);
	for (i = 0; i < 20; i++) {
		assert_true(profile[i].cycles > 0);
		assert_true(profile[i].end_ns > profile[i].start_ns);
		assert_int_equal(profile[i].engines,
				 DRM_NVDLA_ENGINE_CONV | DRM_NVDLA_ENGINE_SDP);
		/* Each depends on the one before. */
		assert_true(!i || profile[i].start_ns >= profile[i - 1].end_ns);
	}
	accel_fence_unref(fence);

	/* Room for fewer: the count is told all the same. */
	assert_int_equal(accel_job_profile(f.job, profile, 3), 20);
	fixture_close(&f);
}

static void sram_serves_operands(void **state)
{
	struct accel_bo *sram;
	struct fixture f;
	void *map;

	(void)state;
	fixture_open(&f, "sim:nv_large,sram=64K", &small_shape, 1);
	assert_int_equal(accel_bo_create(f.device, f.sizes.weights, ACCEL_BO_SRAM, &sram), 0);
	assert_int_equal(accel_bo_map(sram, &map), 0);
	memcpy(map, f.maps[WEIGHTS], f.sizes.weights);
	assert_int_equal(accel_job_bind(f.job, WEIGHTS, sram, 0, 0), 0);
	accel_bo_unref(sram);
	assert_int_equal(accel_job_submit(f.job, f.context, 0, NULL, 0, NULL), 0);
	assert_int_equal(accel_bo_wait(f.bos[OUTPUT], ACCEL_ACCESS_READ, FOREVER), 0);
	fixture_check(&f);
	fixture_close(&f);
}

static void binds_are_checked(void **state)
{
	struct accel_device *other;
	struct accel_bo *foreign;
	struct fixture f;
	uint64_t size;

	(void)state;
	fixture_open(&f, "sim:nv_small", &small_shape, 1);
	size = accel_bo_size(f.bos[INPUT]);
	assert_int_equal(accel_job_bind(f.job, SLOTS, f.bos[0], 0, 0), -EINVAL);
	assert_int_equal(accel_job_bind(f.job, INPUT, f.bos[INPUT], 32, 0), -EINVAL);
	assert_int_equal(accel_job_bind(f.job, INPUT, f.bos[INPUT], 0, size + 1), -EINVAL);
	assert_int_equal(accel_job_bind(f.job, INPUT, f.bos[INPUT], size + 64, 0), -EINVAL);
	assert_int_equal(accel_job_bind(f.job, INPUT, f.bos[INPUT], 64, UINT64_MAX), -EINVAL);
	assert_int_equal(accel_job_bind(f.job, INPUT, f.bos[INPUT], 0, f.sizes.input - 1), -EINVAL);
	assert_non_null(strstr(accel_error_text(), "the program needs"));
	assert_int_equal(accel_job_bind(f.job, INPUT, f.bos[INPUT], 0, f.sizes.input), 0);
	assert_int_equal(accel_job_bind(f.job, INPUT, f.bos[INPUT], size, 0), -EINVAL);

	assert_int_equal(accel_open("sim:nv_small", &other), 0);
	assert_int_equal(accel_bo_create(other, size, 0, &foreign), 0);
	assert_int_equal(accel_job_bind(f.job, INPUT, foreign, 0, 0), -EINVAL);
	accel_bo_unref(foreign);
	accel_close(other);

	assert_int_equal(accel_job_bind(f.job, INPUT, NULL, 0, 0), 0);
	assert_int_equal(accel_job_submit(f.job, f.context, 0, NULL, 0, NULL), -EINVAL);
	assert_non_null(strstr(accel_error_text(), "slot 0 has no buffer"));
	fixture_close(&f);
}

static void submissions_are_checked(void **state)
{
	struct accel_fence *fence, *none = NULL;
	struct fixture f, other;

	(void)state;
	fixture_open(&f, "sim:nv_small", &small_shape, 1);
	fixture_open(&other, "sim:nv_small", &small_shape, 1);
	fence = (void *)1;
	assert_int_equal(accel_job_submit(f.job, f.context, 0x80, NULL, 0, &fence), -EINVAL);
	assert_null(fence);
	assert_int_equal(accel_job_submit(f.job, other.context, 0, NULL, 0, &fence), -EINVAL);
	assert_int_equal(accel_job_submit(f.job, f.context, 0, &none, 1, &fence), -EINVAL);
	assert_int_equal(accel_job_submit(other.job, other.context, 0, NULL, 0, &fence), 0);
	assert_int_equal(accel_job_submit(f.job, f.context, 0, &fence, 1, NULL), -EINVAL);
	accel_fence_unref(fence);
	assert_int_equal(accel_fence_import(f.device, 0, &fence), -EOPNOTSUPP);
	fixture_close(&other);
	fixture_close(&f);
}

/* What depends on a job cannot overtake it, though another core is free. */
static void fences_order_jobs(void **state)
{
	struct accel_context_params second = { .size = sizeof(second), .core_mask = 2 };
	struct accel_fence *first, *fences[2];
	struct accel_context *context;
	struct accel_job *copy;
	struct accel_bo *bo;
	struct pollfd poll_fd;
	struct fixture f;
	void *map;
	int i, fd;

	(void)state;
	fixture_open(&f, "sim:nv_small,cores=2", &small_shape, 2);
	second.priority = ACCEL_PRIORITY_NORMAL;
	assert_int_equal(accel_context_create(f.device, &second, &context), 0);
	assert_int_equal(accel_job_create(f.program, &copy), 0);
	for (i = 0; i < OUTPUT; i++)
		assert_int_equal(accel_job_bind(copy, i, f.bos[i], 0, 0), 0);
	assert_int_equal(accel_bo_create(f.device, f.sizes.output, 0, &bo), 0);
	assert_int_equal(accel_bo_map(bo, &map), 0);
	assert_int_equal(accel_job_bind(copy, OUTPUT, bo, 0, 0), 0);

	/* Explicit: the second has no buffer in common that either writes. */
	hold(f.context, true);
	assert_int_equal(accel_job_submit(f.job, f.context, 0, NULL, 0, &first), 0);
	assert_int_equal(accel_fence_wait(first, 0), -ETIMEDOUT);
	assert_int_equal(accel_fence_wait(first, 1000), -ETIMEDOUT);
	assert_int_equal(accel_bo_wait(f.bos[OUTPUT], ACCEL_ACCESS_READ, 0), -ETIMEDOUT);
	/* Who only wants to read need not wait for readers. */
	assert_int_equal(accel_bo_wait(f.bos[INPUT], ACCEL_ACCESS_READ, 0), 0);
	assert_int_equal(accel_bo_wait(f.bos[INPUT], ACCEL_ACCESS_WRITE, 0), -ETIMEDOUT);
	assert_int_equal(accel_fence_export(first, &fd), 0);
	poll_fd = (struct pollfd){ .fd = fd, .events = POLLIN };
	assert_int_equal(poll(&poll_fd, 1, 0), 0);
	assert_int_equal(accel_job_submit(copy, context, 0, &first, 1, &fences[0]), 0);
	assert_int_equal(accel_fence_wait(fences[0], 20000000), -ETIMEDOUT);
	hold(f.context, false);
	assert_int_equal(accel_fence_wait(fences[0], FOREVER), 0);
	assert_int_equal(accel_fence_wait(first, 0), 0);
	assert_int_equal(poll(&poll_fd, 1, 0), 1);
	close(fd);
	accel_fence_unref(first);
	accel_fence_unref(fences[0]);

	/* Implicit: both write the same buffer. */
	assert_int_equal(accel_job_bind(copy, OUTPUT, f.bos[OUTPUT], 0, 0), 0);
	hold(f.context, true);
	assert_int_equal(accel_job_submit(f.job, f.context, 0, NULL, 0, &fences[0]), 0);
	assert_int_equal(accel_job_submit(copy, context, 0, NULL, 0, &fences[1]), 0);
	assert_int_equal(accel_fence_wait(fences[1], 20000000), -ETIMEDOUT);
	hold(f.context, false);
	assert_int_equal(accel_fence_wait(fences[1], FOREVER), 0);
	assert_int_equal(accel_fence_wait(fences[0], 0), 0);
	fixture_check(&f);
	accel_fence_unref(fences[0]);
	/* A fence may be exported when all is over. */
	assert_int_equal(accel_fence_export(fences[1], &fd), 0);
	poll_fd.fd = fd;
	assert_int_equal(poll(&poll_fd, 1, 0), 1);
	close(fd);
	accel_fence_unref(fences[1]);

	accel_job_destroy(copy);
	accel_bo_unref(bo);
	accel_context_unref(context);
	fixture_close(&f);
}

static void a_hang_costs_its_context_only(void **state)
{
	/* One cycle of modelled time is too short for anything. */
	struct accel_context_params hasty = { .size = sizeof(hasty), .timeout_ms = 1,
					      .priority = ACCEL_PRIORITY_NORMAL };
	struct accel_context_state info = { .size = sizeof(info) };
	struct accel_context *context;
	struct accel_fence *fences[3];
	struct fixture f;
	int i;

	(void)state;
	fixture_open(&f, "sim:nv_small,clock=1000", &small_shape, 2);
	assert_int_equal(accel_context_create(f.device, &hasty, &context), 0);
	/* Behind a job that is held, so that all three are queued in time. */
	hold(f.context, true);
	assert_int_equal(accel_job_submit(f.job, f.context, 0, NULL, 0, &fences[0]), 0);
	assert_int_equal(accel_job_submit(f.job, context, 0, &fences[0], 1, &fences[1]), 0);
	assert_int_equal(accel_job_submit(f.job, context, 0, &fences[0], 1, &fences[2]), 0);

	hold(f.context, false);
	/* 1000 cycles a second and ten seconds: long enough for the first. */
	assert_int_equal(accel_fence_wait(fences[0], FOREVER), 0);
	assert_int_equal(accel_fence_wait(fences[1], FOREVER), -ETIME);
	assert_string_equal(accel_error_text(), "operation 0 hung");
	assert_int_equal(accel_fence_wait(fences[2], FOREVER), -ECANCELED);
	for (i = 0; i < 3; i++)
		accel_fence_unref(fences[i]);

	assert_int_equal(accel_context_query(context, &info), 0);
	assert_true(info.guilty);
	assert_true(info.reset);
	assert_int_equal(info.fail_op, 0);
	assert_int_equal(info.fail_code, -ETIME);
	assert_int_equal(info.jobs_queued, 2);
	assert_int_equal(info.jobs_done, 2);
	assert_int_equal(accel_job_submit(f.job, context, 0, NULL, 0, NULL), -EIO);
	accel_context_unref(context);

	assert_int_equal(accel_context_query(f.context, &info), 0);
	assert_false(info.guilty);
	fixture_spoil(&f);
	assert_int_equal(accel_job_submit(f.job, f.context, 0, NULL, 0, &fences[0]), 0);
	assert_int_equal(accel_fence_wait(fences[0], FOREVER), 0);
	fixture_check(&f);
	accel_fence_unref(fences[0]);
	fixture_close(&f);
}

/* Told not to mind other users of its buffers, a job does not wait for them. */
static void implicit_fences_can_be_ignored(void **state)
{
	struct accel_context *context;
	struct accel_fence *first, *second;
	struct fixture f;

	(void)state;
	fixture_open(&f, "sim:nv_small", &small_shape, 1);
	assert_int_equal(accel_context_create(f.device, NULL, &context), 0);
	hold(f.context, true);
	assert_int_equal(accel_job_submit(f.job, f.context, 0, NULL, 0, &first), 0);
	assert_int_equal(accel_job_submit(f.job, context, ACCEL_JOB_NO_IMPLICIT, NULL, 0,
					  &second), 0);
	assert_int_equal(accel_fence_wait(second, FOREVER), 0);
	assert_int_equal(accel_fence_wait(first, 0), -ETIMEDOUT);
	hold(f.context, false);
	assert_int_equal(accel_fence_wait(first, FOREVER), 0);
	accel_fence_unref(first);
	accel_fence_unref(second);
	accel_context_unref(context);
	fixture_close(&f);
}

/* Everything may be let go of while a job runs. */
static void nothing_is_freed_too_early(void **state)
{
	struct accel_fence *fence;
	struct fixture f;

	(void)state;
	fixture_open(&f, "sim:nv_small", &small_shape, 50);
	assert_int_equal(accel_job_submit(f.job, f.context, ACCEL_JOB_PROFILE, NULL, 0, &fence), 0);
	fixture_close(&f);
	assert_int_equal(accel_fence_wait(fence, FOREVER), 0);
	accel_fence_unref(fence);

	fixture_open(&f, "sim:nv_small", &small_shape, 50);
	assert_int_equal(accel_job_submit(f.job, f.context, ACCEL_JOB_PROFILE, NULL, 0, NULL), 0);
	fixture_close(&f);
}

int test_job(void)
{
	const struct CMUnitTest job[] = {
		cmocka_unit_test(convolves),
		cmocka_unit_test(many_operations_use_both_groups),
		cmocka_unit_test(sram_serves_operands),
		cmocka_unit_test(binds_are_checked),
		cmocka_unit_test(submissions_are_checked),
		cmocka_unit_test(fences_order_jobs),
		cmocka_unit_test(implicit_fences_can_be_ignored),
		cmocka_unit_test(a_hang_costs_its_context_only),
		cmocka_unit_test(nothing_is_freed_too_early),
	};

	return cmocka_run_group_tests(job, NULL, NULL);
}
