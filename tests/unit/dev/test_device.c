// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

static void opens_and_describes(void **state)
{
	struct accel_device_info info = { .size = sizeof(info) };
	struct accel_device *device;

	(void)state;
	assert_int_equal(accel_open("sim:nv_large,cores=2,sram=64K,clock=500M", &device), 0);
	assert_int_equal(accel_device_query(device, &info), 0);
	assert_int_equal(info.backend, ACCEL_BACKEND_SIM);
	assert_string_equal(info.name, "sim:nv_large,cores=2,sram=64K,clock=500M");
	assert_string_equal(info.config, "nv_large");
	assert_int_equal(info.cores, 2);
	assert_int_equal(info.atomic_c, 64);
	assert_int_equal(info.atomic_k, 32);
	assert_int_equal(info.atomic_m, 32);
	assert_int_equal(info.cbuf_size, 512 << 10);
	assert_int_equal(info.sram_size, 64 << 10);
	assert_int_equal(info.clock_hz, 500000000);
	assert_true(info.features & ACCEL_FEATURE_SDP_EW);
	assert_int_equal(info.address_bits, 64);
	accel_close(device);

	assert_int_equal(accel_open("cpu", &device), 0);
	assert_int_equal(accel_device_query(device, &info), 0);
	assert_int_equal(info.backend, ACCEL_BACKEND_CPU);
	assert_string_equal(info.config, "");
	assert_int_equal(info.cores, 0);
	accel_close(device);
	accel_close(NULL);
}

static void every_configuration_opens(void **state)
{
	struct accel_device_info info = { .size = sizeof(info) };
	struct accel_device *device;
	const char *config;
	char name[64];
	unsigned int i;

	(void)state;
	for (i = 0; (config = accel_config_name(i)); i++) {
		snprintf(name, sizeof(name), "sim:%s", config);
		assert_int_equal(accel_open(name, &device), 0);
		assert_int_equal(accel_device_query(device, &info), 0);
		assert_string_equal(info.config, config);
		accel_close(device);
	}
	assert_int_equal(i, 7);
}

static void refuses_bad_names(void **state)
{
	static const struct {
		const char *name;
		int error;
		const char *text;
	} bad[] = {
		{ "", -EINVAL, "names no device" },
		{ "gpu", -EINVAL, "\"gpu\"" },
		{ "sim", -EINVAL, "names no device" },
		{ "sim:", -EINVAL, "no configuration" },
		{ "sim:nv_tiny", -EINVAL, "nv_tiny" },
		{ "sim:nv_small,", -EINVAL, "unknown simulator option" },
		{ "sim:nv_small,cores", -EINVAL, "unknown simulator option \"cores\"" },
		{ "sim:nv_small,cores=", -EINVAL, "cores=" },
		{ "sim:nv_small,cores=0", -EINVAL, "cores=0" },
		{ "sim:nv_small,cores=33", -EINVAL, "from 1 to 32" },
		{ "sim:nv_small,cores=-1", -EINVAL, "cores=-1" },
		{ "sim:nv_small,cores=1x", -EINVAL, "cores=1x" },
		{ "sim:nv_small,sram=1T", -EINVAL, "sram=1T" },
		{ "sim:nv_small,sram=99999999999999999999", -EINVAL, "sram=" },
		{ "sim:nv_small,sram=18446744073709551615G", -EINVAL, "sram=" },
		{ "sim:nv_small,clock=0", -EINVAL, "clock=0" },
		{ "sim:nv_small,colour=red", -EINVAL, "colour" },
		{ "sim:nv_small,record=", -EINVAL, "no folder" },
		{ "sim:0123456789012345678901234567890123456789", -EINVAL, "configuration" },
		{ "drm:/dev/null", -ENODEV, "/dev/null" },
		{ "drm:/nonexistent", -ENODEV, "/nonexistent" },
		{ "drm:", -ENODEV, "" },
		{ "drm:0123456789012345678901234567890123456789012345678901234567890123456789",
		  -EINVAL, "too long" },
	};
	struct accel_device *device;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		device = (void *)1;
		assert_int_equal(accel_open(bad[i].name, &device), bad[i].error);
		assert_null(device);
		if (!strstr(accel_error_text(), bad[i].text))
			fail_msg("\"%s\" gave \"%s\"", bad[i].name, accel_error_text());
	}
	assert_int_equal(accel_open("cpu", NULL), -EINVAL);
}

static void auto_follows_the_environment(void **state)
{
	struct accel_device_info info = { .size = sizeof(info) };
	struct accel_device *device;

	(void)state;
	setenv("ACCEL_DEVICE", "sim:nv_small", 1);
	assert_int_equal(accel_open("auto", &device), 0);
	assert_int_equal(accel_device_query(device, &info), 0);
	assert_string_equal(info.config, "nv_small");
	accel_close(device);
	assert_int_equal(accel_open(NULL, &device), 0);
	accel_close(device);
	setenv("ACCEL_DEVICE", "nonsense", 1);
	assert_int_equal(accel_open(NULL, &device), -EINVAL);
	unsetenv("ACCEL_DEVICE");
	assert_int_equal(accel_open(NULL, &device), 0);
	accel_close(device);
}

static void info_grows(void **state)
{
	struct {
		struct accel_device_info info;
		char later[32];
	} larger;
	struct accel_device *device;

	(void)state;
	assert_int_equal(accel_open("sim:nv_small", &device), 0);
	memset(&larger, 0xff, sizeof(larger));
	larger.info.size = sizeof(larger);
	assert_int_equal(accel_device_query(device, &larger.info), 0);
	assert_int_equal(larger.info.size, sizeof(larger));
	assert_int_equal(larger.later[0], 0);
	assert_int_equal(larger.later[31], 0);
	larger.info.size = 8;
	assert_int_equal(accel_device_query(device, &larger.info), -EINVAL);
	accel_close(device);
}

static void enumerates(void **state)
{
	struct accel_device_info info = { .size = sizeof(info) };
	unsigned int i;

	(void)state;
	/* Hardware, if any, then the CPU. */
	for (i = 0; !accel_enumerate(i, &info); i++) {
		if (info.backend == ACCEL_BACKEND_CPU)
			break;
		assert_int_equal(info.backend, ACCEL_BACKEND_DRM);
	}
	assert_string_equal(info.name, "cpu");
	assert_int_equal(accel_enumerate(i + 1, &info), -ENOENT);
	info.size = 0;
	assert_int_equal(accel_enumerate(i, &info), -EINVAL);
}

static void device_outlives_close(void **state)
{
	struct accel_device *device;
	struct accel_bo *bo;
	void *map;

	(void)state;
	assert_int_equal(accel_open("sim:nv_small", &device), 0);
	assert_int_equal(accel_bo_create(device, 1, 0, &bo), 0);
	accel_close(device);
	assert_int_equal(accel_bo_map(bo, &map), 0);
	memset(map, 1, accel_bo_size(bo));
	accel_bo_unref(bo);
}

int test_device(void)
{
	const struct CMUnitTest device[] = {
		cmocka_unit_test(opens_and_describes),
		cmocka_unit_test(every_configuration_opens),
		cmocka_unit_test(refuses_bad_names),
		cmocka_unit_test(auto_follows_the_environment),
		cmocka_unit_test(info_grows),
		cmocka_unit_test(enumerates),
		cmocka_unit_test(device_outlives_close),
	};

	return cmocka_run_group_tests(device, NULL, NULL);
}
