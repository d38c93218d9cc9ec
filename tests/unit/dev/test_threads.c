// SPDX-License-Identifier: MIT
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "fixture.h"

#define THREADS	4
#define JOBS	40

/* One of several threads that share a device. */
struct client {
	pthread_t thread;
	struct fixture *shared;
	unsigned int index;
	int error;
	size_t wrong;
};

static int run_jobs(struct client *client, struct accel_context *context, struct accel_bo *output,
		    const void *map)
{
	struct fixture *f = client->shared;
	struct accel_fence *fence;
	struct accel_job *job;
	int ret, i;

	ret = accel_job_create(f->program, &job);
	if (ret)
		return ret;
	for (i = 0; i < OUTPUT && !ret; i++)
		ret = accel_job_bind(job, i, f->bos[i], 0, 0);
	if (!ret)
		ret = accel_job_bind(job, OUTPUT, output, 0, 0);
	for (i = 0; i < JOBS && !ret; i++) {
		memset((void *)map, i, f->sizes.output);
		ret = accel_job_submit(job, context, 0, NULL, 0, &fence);
		if (ret)
			break;
		ret = accel_fence_wait(fence, FOREVER);
		accel_fence_unref(fence);
		client->wrong += conv_check(f->config, &f->shape, &f->data, map);
	}
	accel_job_destroy(job);

	return ret;
}

static void *client_thread(void *arg)
{
	struct client *client = arg;
	struct fixture *f = client->shared;
	struct accel_context *context;
	struct accel_bo *output;
	void *map;

	client->error = accel_context_create(f->device, NULL, &context);
	if (client->error)
		return NULL;
	client->error = accel_bo_create(f->device, f->sizes.output, 0, &output);
	if (!client->error) {
		client->error = accel_bo_map(output, &map);
		if (!client->error)
			client->error = run_jobs(client, context, output, map);
		accel_bo_unref(output);
	}
	accel_context_unref(context);

	return NULL;
}

static void clients_share_cores(void **state)
{
	struct client clients[THREADS];
	struct fixture f;
	int i;

	(void)state;
	fixture_open(&f, "sim:nv_small,cores=3", &small_shape, 2);
	for (i = 0; i < THREADS; i++) {
		clients[i] = (struct client){ .shared = &f, .index = i };
		assert_int_equal(pthread_create(&clients[i].thread, NULL, client_thread,
						&clients[i]), 0);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(clients[i].thread, NULL);
		assert_int_equal(clients[i].error, 0);
		assert_int_equal(clients[i].wrong, 0);
	}
	fixture_close(&f);
}

/* Import and last unref of one buffer race with each other. */
static void *import_thread(void *arg)
{
	struct client *client = arg;
	struct fixture *f = client->shared;
	struct accel_bo *bo;
	int i;

	for (i = 0; i < 500 && !client->error; i++) {
		client->error = accel_bo_import(f->device, client->index, &bo);
		if (!client->error)
			accel_bo_unref(bo);
	}

	return NULL;
}

static void imports_race(void **state)
{
	struct client clients[THREADS];
	struct accel_device *other;
	struct accel_bo *bo;
	struct fixture f;
	int i, fd;

	(void)state;
	fixture_open(&f, "sim:nv_small", &small_shape, 1);
	assert_int_equal(accel_open("cpu", &other), 0);
	assert_int_equal(accel_bo_create(other, 4096, 0, &bo), 0);
	assert_int_equal(accel_bo_export(bo, &fd), 0);
	for (i = 0; i < THREADS; i++) {
		clients[i] = (struct client){ .shared = &f, .index = fd };
		assert_int_equal(pthread_create(&clients[i].thread, NULL, import_thread,
						&clients[i]), 0);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(clients[i].thread, NULL);
		assert_int_equal(clients[i].error, 0);
	}
	accel_bo_unref(bo);
	accel_close(other);
	fixture_close(&f);
}

static void *error_thread(void *arg)
{
	struct accel_device *device;

	(void)arg;
	accel_open("nonsense-of-the-other-thread", &device);

	return NULL;
}

static void errors_are_per_thread(void **state)
{
	struct accel_device *device;
	pthread_t thread;

	(void)state;
	assert_int_equal(accel_open("nonsense-of-mine", &device), -EINVAL);
	assert_int_equal(pthread_create(&thread, NULL, error_thread, NULL), 0);
	pthread_join(thread, NULL);
	assert_non_null(strstr(accel_error_text(), "nonsense-of-mine"));
}

int test_threads(void)
{
	const struct CMUnitTest threads[] = {
		cmocka_unit_test(clients_share_cores),
		cmocka_unit_test(imports_race),
		cmocka_unit_test(errors_are_per_thread),
	};

	return cmocka_run_group_tests(threads, NULL, NULL);
}
