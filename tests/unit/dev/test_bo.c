// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fixture.h"

static int open_backend(void **state, const char *name)
{
	return accel_open(name, (struct accel_device **)state);
}

static int open_cpu(void **state)
{
	return open_backend(state, "cpu");
}

static int open_sim(void **state)
{
	return open_backend(state, "sim:nv_large,sram=64K");
}

static int close_backend(void **state)
{
	accel_close(*state);

	return 0;
}

static void maps_zeros(void **state)
{
	struct accel_bo *bo;
	void *map, *again;
	uint64_t i;

	assert_int_equal(accel_bo_create(*state, 5000, ACCEL_BO_CACHED, &bo), 0);
	assert_true(accel_bo_size(bo) >= 5000);
	assert_int_equal(accel_bo_size(bo) % sysconf(_SC_PAGESIZE), 0);
	assert_int_equal(accel_bo_map(bo, &map), 0);
	for (i = 0; i < accel_bo_size(bo); i++)
		assert_int_equal(((char *)map)[i], 0);
	assert_int_equal(accel_bo_map(bo, &again), 0);
	assert_ptr_equal(map, again);
	accel_bo_unref(accel_bo_ref(bo));
	((char *)map)[4999] = 1;
	accel_bo_unref(bo);
	accel_bo_unref(NULL);
}

static void refuses_nonsense(void **state)
{
	struct accel_bo *bo = (void *)1;
	void *map;
	int fd;

	assert_int_equal(accel_bo_create(*state, 0, 0, &bo), -EINVAL);
	assert_null(bo);
	assert_int_equal(accel_bo_create(*state, UINT64_MAX, 0, &bo), -EINVAL);
	assert_int_equal(accel_bo_create(*state, UINT64_C(1) << 60, 0, &bo), -ENOMEM);
	assert_int_equal(accel_bo_create(*state, 1, 1u << 31, &bo), -EINVAL);
	assert_non_null(strstr(accel_error_text(), "0x80000000"));
	assert_int_equal(accel_bo_create(*state, 1, ACCEL_BO_SRAM | ACCEL_BO_CACHED, &bo), -EINVAL);

	assert_int_equal(accel_bo_create(*state, 1, ACCEL_BO_NO_MAP, &bo), 0);
	assert_int_equal(accel_bo_map(bo, &map), -EPERM);
	assert_null(map);
	assert_int_equal(accel_bo_export(bo, &fd), -EPERM);
	assert_int_equal(fd, -1);
	accel_bo_unref(bo);
}

static void syncs_within_bounds(void **state)
{
	const uint32_t both = ACCEL_SYNC_TO_DEVICE | ACCEL_SYNC_FROM_DEVICE;
	struct accel_bo *bo;
	uint64_t size;

	assert_int_equal(accel_bo_create(*state, 1, ACCEL_BO_CACHED, &bo), 0);
	size = accel_bo_size(bo);
	assert_int_equal(accel_bo_sync(bo, both, 0, size), 0);
	assert_int_equal(accel_bo_sync(bo, both, size - 1, 1), 0);
	assert_int_equal(accel_bo_sync(bo, 0, 0, 1), -EINVAL);
	assert_int_equal(accel_bo_sync(bo, 4, 0, 1), -EINVAL);
	assert_int_equal(accel_bo_sync(bo, both, 0, 0), -EINVAL);
	assert_int_equal(accel_bo_sync(bo, both, 0, size + 1), -EINVAL);
	assert_int_equal(accel_bo_sync(bo, both, size, 1), -EINVAL);
	assert_int_equal(accel_bo_sync(bo, both, UINT64_MAX, 2), -EINVAL);
	assert_int_equal(accel_bo_sync(bo, both, 1, UINT64_MAX), -EINVAL);
	accel_bo_unref(bo);
}

static void waits_for_nobody(void **state)
{
	struct accel_bo *bo;

	assert_int_equal(accel_bo_create(*state, 1, 0, &bo), 0);
	assert_int_equal(accel_bo_wait(bo, ACCEL_ACCESS_READ, 0), 0);
	assert_int_equal(accel_bo_wait(bo, ACCEL_ACCESS_WRITE, FOREVER), 0);
	assert_int_equal(accel_bo_wait(bo, ACCEL_ACCESS_WRITE, INT64_MAX), 0);
	assert_int_equal(accel_bo_wait(bo, 0, 0), -EINVAL);
	assert_int_equal(accel_bo_wait(bo, 8, 0), -EINVAL);
	accel_bo_unref(bo);
}

static void travels_between_devices(void **state)
{
	struct accel_bo *bo, *copy, *same;
	struct accel_device *other;
	void *here, *there;
	int fd, again;

	assert_int_equal(accel_open("cpu", &other), 0);
	assert_int_equal(accel_bo_create(*state, 10000, 0, &bo), 0);
	assert_int_equal(accel_bo_map(bo, &here), 0);
	strcpy(here, "across");
	assert_int_equal(accel_bo_export(bo, &fd), 0);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(accel_bo_import(other, fd, &copy), 0);
	assert_int_equal(accel_bo_size(copy), accel_bo_size(bo));
	assert_int_equal(accel_bo_import(*state, fd, &same), 0);
	assert_ptr_equal(same, bo);
	accel_bo_unref(same);
	/* A second import is the same buffer, not a second one. */
	assert_int_equal(accel_bo_import(other, fd, &same), 0);
	assert_ptr_equal(same, copy);
	accel_bo_unref(same);
	close(fd);
	accel_bo_unref(bo);

	assert_int_equal(accel_bo_map(copy, &there), 0);
	assert_string_equal(there, "across");
	assert_int_equal(accel_bo_export(copy, &again), 0);
	close(again);
	accel_bo_unref(copy);
	accel_close(other);
}

static void imports_only_what_stays(void **state)
{
	struct accel_bo *bo = (void *)1;
	char path[] = "/tmp/accel-test-XXXXXX";
	int fd;

	assert_int_equal(accel_bo_import(*state, -1, &bo), -EBADF);
	assert_null(bo);

	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 4096), 0);
	assert_int_equal(accel_bo_import(*state, fd, &bo), -EINVAL);
	close(fd);
	unlink(path);

	fd = memfd_create("unsealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_int_equal(ftruncate(fd, 4096), 0);
	assert_int_equal(accel_bo_import(*state, fd, &bo), -EINVAL);
	assert_non_null(strstr(accel_error_text(), "sealed"));
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	assert_int_equal(accel_bo_import(*state, fd, &bo), 0);
	accel_bo_unref(bo);
	close(fd);

	fd = memfd_create("empty", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	assert_int_equal(accel_bo_import(*state, fd, &bo), -EINVAL);
	close(fd);
	fd = open("/dev/null", O_RDWR);
	assert_int_equal(accel_bo_import(*state, fd, &bo), -EINVAL);
	close(fd);
}

static void sram_is_finite(void **state)
{
	struct accel_bo *bos[4], *more = (void *)1;
	struct accel_device *small;
	int i, fd;

	for (i = 0; i < 4; i++)
		assert_int_equal(accel_bo_create(*state, 16 << 10, ACCEL_BO_SRAM, &bos[i]), 0);
	assert_int_equal(accel_bo_create(*state, 1, ACCEL_BO_SRAM, &more), -ENOSPC);
	assert_null(more);
	assert_int_equal(accel_bo_export(bos[0], &fd), -EPERM);
	accel_bo_unref(bos[2]);
	assert_int_equal(accel_bo_create(*state, 1, ACCEL_BO_SRAM, &bos[2]), 0);
	for (i = 0; i < 4; i++)
		accel_bo_unref(bos[i]);

	assert_int_equal(accel_open("sim:nv_small", &small), 0);
	assert_int_equal(accel_bo_create(small, 1, ACCEL_BO_SRAM, &more), -EOPNOTSUPP);
	accel_close(small);
}

#define ON_BOTH(test) \
	cmocka_unit_test_setup_teardown(test, open_cpu, close_backend), \
	cmocka_unit_test_setup_teardown(test, open_sim, close_backend)

int test_bo(void)
{
	const struct CMUnitTest bo[] = {
		ON_BOTH(maps_zeros),
		ON_BOTH(refuses_nonsense),
		ON_BOTH(syncs_within_bounds),
		ON_BOTH(waits_for_nobody),
		ON_BOTH(travels_between_devices),
		ON_BOTH(imports_only_what_stays),
		cmocka_unit_test_setup_teardown(sram_is_finite, open_sim, close_backend),
	};

	return cmocka_run_group_tests(bo, NULL, NULL);
}
