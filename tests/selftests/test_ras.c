// SPDX-License-Identifier: MIT
/*
 * Error counters as drm_ras tells them: they count what was injected, nothing
 * else, for root alone. Needs root and a board that injects faults. A kernel
 * without drm_ras skips them; cores that are lost are in test_gone.
 */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "board.h"
#include "node.h"
#include "ras.h"
#include "kselftest_harness.h"

#define NOBODY		65534
#define TIMEOUT_MS	300
#define HANGS		3

FIXTURE(ras)
{
	int fd;
	struct work work;
	struct ras before;
};

FIXTURE_SETUP(ras)
{
	int ret = board_open();

	if (ret)
		SKIP(return, "no faults on demand: %s", strerror(-ret));
	board_clear_faults();
	ret = ras_read(&self->before);
	if (ret == -ENOTSUP)
		SKIP(return, "a kernel without drm_ras");
	ASSERT_EQ(0, ret);
	self->fd = node_open();
	ASSERT_GE(self->fd, 0) TH_LOG("%s: %s", node_path(), strerror(-self->fd));
	ASSERT_EQ(0, work_open(&self->work, self->fd, &conv_engine_test, 1, 3));
}

FIXTURE_TEARDOWN(ras)
{
	if (self->fd <= 0)
		return;
	board_clear_faults();
	work_close(&self->work);
	close(self->fd);
}

TEST_F(ras, counters_have_names)
{
	static const char *const names[RAS_COUNTERS] = {
		"jobs-hung-or-faulted", "core-resets", "cores-lost", "interrupts-lost",
	};
	unsigned int i;
	uint32_t value;

	EXPECT_EQ(RAS_COUNTERS, self->before.found);
	for (i = 0; i < RAS_COUNTERS; i++) {
		EXPECT_STREQ(names[i], self->before.names[i]);
		EXPECT_EQ(0, ras_read_one(&self->before, i + 1, &value));
		EXPECT_GE(value, self->before.values[i]);
		/* They cannot be cleared: others may be counting differences. */
		EXPECT_EQ(-ENOENT, ras_clear(&self->before, i + 1));
	}
	EXPECT_NE(0, ras_read_one(&self->before, RAS_COUNTERS + 1, &value));
	EXPECT_NE(0, ras_read_one(&self->before, 0xffffffff, &value));
}

TEST_F_TIMEOUT(ras, counters_follow_faults, 180)
{
	struct ras after;
	unsigned int i;

	for (i = 0; i < HANGS; i++) {
		ASSERT_EQ(0, work_context(&self->work, DRM_NVDLA_PRIORITY_NORMAL, 1, TIMEOUT_MS));
		ASSERT_TRUE(board_fault(NVDLA_BOARD_FAULT_HANG, 0, 1, 0, 0));
		EXPECT_EQ(-ETIME, work_run(&self->work));
	}
	ASSERT_EQ(0, work_context(&self->work, DRM_NVDLA_PRIORITY_NORMAL, 1, TIMEOUT_MS));
	ASSERT_TRUE(board_fault(NVDLA_BOARD_FAULT_BUS_ERROR, 0, 1, 2, 0));
	EXPECT_GT(0, work_run(&self->work));
	board_clear_faults();
	ASSERT_EQ(0, work_context(&self->work, DRM_NVDLA_PRIORITY_NORMAL, 1, 0));
	EXPECT_EQ(0, work_run(&self->work));

	ASSERT_EQ(0, ras_read(&after));
	EXPECT_EQ(self->before.node, after.node);
	EXPECT_EQ(self->before.values[RAS_HANGS] + HANGS + 1, after.values[RAS_HANGS]);
	EXPECT_EQ(self->before.values[RAS_RESETS] + HANGS + 1, after.values[RAS_RESETS]);
	EXPECT_EQ(self->before.values[RAS_LOST_CORES], after.values[RAS_LOST_CORES]);
}

TEST_F_TIMEOUT(ras, lost_interrupts_are_counted, 180)
{
	struct ras after;

	ASSERT_EQ(0, work_context(&self->work, DRM_NVDLA_PRIORITY_NORMAL, 1, 20000));
	ASSERT_TRUE(board_fault(NVDLA_BOARD_FAULT_LOST_IRQ, 0, 1, 0, 0));
	EXPECT_EQ(0, work_run(&self->work));
	ASSERT_EQ(0, ras_read(&after));
	EXPECT_LT(self->before.values[RAS_LOST_INTERRUPTS], after.values[RAS_LOST_INTERRUPTS]);
	EXPECT_EQ(self->before.values[RAS_HANGS], after.values[RAS_HANGS]);
	EXPECT_EQ(self->before.values[RAS_RESETS], after.values[RAS_RESETS]);
}

TEST_F(ras, nobody_else_may_ask)
{
	struct ras ras;
	pid_t pid = fork();
	int status;

	ASSERT_GE(pid, 0);
	if (!pid) {
		if (setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY))
			_exit(2);
		_exit(ras_read(&ras) != -EPERM);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFEXITED(status) && !WEXITSTATUS(status)) TH_LOG("status 0x%x", status);
}

TEST_HARNESS_MAIN
