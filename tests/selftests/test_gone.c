// SPDX-License-Identifier: MIT
/*
 * What generic netlink tells of a core that is lost and of a device that goes, and
 * that drm_ras counts the core.
 * Needs root, accel-monitor in the path, a board that injects faults, and the
 * machine to itself: the driver is taken off the device and put back.
 */
#include <fcntl.h>
#include <sys/wait.h>

#include "board.h"
#include "driver.h"
#include "listener.h"
#include "node.h"
#include "ras.h"
#include "kselftest_harness.h"

#define NOBODY		65534

TEST(losses_are_told)
{
	static const char *const told[] = { "hang", "reset", "wedged", "gone" };
	struct drm_nvdla_sync out = { .flags = DRM_NVDLA_SYNC_SIGNAL };
	struct listener listener = { 0 }, nobody = { 0 };
	struct ras before, after;
	struct work work;
	const char *line;
	unsigned int i;
	int64_t number;
	int fd, ret, counted;

	ret = board_open();
	if (ret)
		SKIP(return, "no faults on demand: %s", strerror(-ret));
	fd = node_open();
	ASSERT_GE(fd, 0) TH_LOG("%s: %s", node_path(), strerror(-fd));
	ASSERT_EQ(0, work_open(&work, fd, &conv_engine_test, 1, 3));
	ASSERT_EQ(0, work_context(&work, DRM_NVDLA_PRIORITY_NORMAL, 1, 300));
	ASSERT_EQ(0, listener_start(&listener, 0));
	ASSERT_EQ(0, listener_start(&nobody, NOBODY));
	counted = ras_read(&before);
	EXPECT_TRUE(!counted || counted == -ENOTSUP) TH_LOG("%d", counted);

	board_clear_faults();
	ASSERT_TRUE(board_fault(NVDLA_BOARD_FAULT_RESET, 0, 0, 0, 0));
	ASSERT_TRUE(board_fault(NVDLA_BOARD_FAULT_HANG, 0, 1, 0, 0));
	ASSERT_EQ(0, syncobj_create(fd, &out.handle));
	ASSERT_EQ(0, work_submit(&work, 0, &out, 1));
	EXPECT_EQ(0, syncobj_wait(fd, out.handle, LONG));
	line = listener_next(&listener);
	ASSERT_NE(NULL, line);
	EXPECT_TRUE(line_text(line, "message", "hang")) TH_LOG("%s", line);
	line = listener_next(&listener);
	ASSERT_NE(NULL, line);
	EXPECT_TRUE(line_text(line, "message", "reset")) TH_LOG("%s", line);
	EXPECT_EQ(ETIMEDOUT, line_number(line, "error", -1));
	line = listener_next(&listener);
	ASSERT_NE(NULL, line);
	EXPECT_TRUE(line_text(line, "message", "wedged")) TH_LOG("%s", line);
	EXPECT_EQ(0, line_number(line, "core_index", -1));
	number = line_number(line, "event_seq", -1);
	if (!counted) {
		EXPECT_EQ(0, ras_read(&after));
		EXPECT_EQ(before.values[RAS_LOST_CORES] + 1, after.values[RAS_LOST_CORES]);
	}

	board_clear_faults();
	work_close(&work);
	close(fd);
	EXPECT_EQ(0, driver_unbind());
	line = listener_next(&listener);
	ASSERT_NE(NULL, line);
	EXPECT_TRUE(line_text(line, "message", "gone")) TH_LOG("%s", line);
	EXPECT_GT(line_number(line, "event_seq", -1), number);
	listener_stop(&listener);
	/* The same to everybody, but not whose job it was. */
	for (i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		line = listener_next(&nobody);
		ASSERT_NE(NULL, line) TH_LOG("no %s", told[i]);
		EXPECT_TRUE(line_text(line, "message", told[i])) TH_LOG("%s", line);
		EXPECT_FALSE(tells_identity(line)) TH_LOG("%s", line);
	}
	listener_stop(&nobody);
	EXPECT_EQ(0, driver_bind());
	fd = wait_for_node();
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, work_open(&work, fd, &conv_engine_test, 1, 3));
	EXPECT_EQ(0, work_run(&work));
	work_close(&work);
	close(fd);
}

TEST_HARNESS_MAIN
