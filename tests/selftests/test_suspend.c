// SPDX-License-Identifier: MIT
/*
 * Sleep of the whole machine, rehearsed: every driver is put to bed and woken
 * again, only the machine itself stays up. Needs root.
 */
#include <fcntl.h>

#include "node.h"
#include "kselftest_harness.h"

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY), ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);

	return ret;
}

/* With a job under way, and with none. */
TEST(suspend_and_resume)
{
	struct drm_nvdla_sync out = { .flags = DRM_NVDLA_SYNC_SIGNAL };
	struct work work;
	int fd, ret, round;

	if (write_file("/sys/power/pm_test", "devices"))
		SKIP(return, "not root, or the kernel cannot rehearse suspend");
	write_file("/sys/module/suspend/parameters/pm_test_delay", "1");
	fd = node_open();
	ASSERT_GE(fd, 0) TH_LOG("%s: %s", node_path(), strerror(-fd));
	ASSERT_EQ(0, work_open(&work, fd, &conv_engine_test, 1, 150));
	ASSERT_EQ(0, work_run(&work));
	for (round = 0; round < 2; round++) {
		ASSERT_EQ(0, syncobj_create(fd, &out.handle));
		work_spoil(&work);
		ASSERT_EQ(0, work_submit(&work, 0, &out, 1));
		if (round)
			EXPECT_EQ(0, syncobj_wait(fd, out.handle, LONG));
		ret = write_file("/sys/power/state", "freeze");
		EXPECT_EQ(0, ret) TH_LOG("%s", strerror(-ret));
		EXPECT_EQ(0, syncobj_wait(fd, out.handle, LONG));
		EXPECT_EQ(0, syncobj_result(fd, out.handle));
		EXPECT_EQ(0, work_wrong(&work));
		EXPECT_EQ(0, work_run(&work));
	}
	write_file("/sys/power/pm_test", "none");
	work_close(&work);
	close(fd);
}

TEST_HARNESS_MAIN
