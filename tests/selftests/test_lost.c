// SPDX-License-Identifier: MIT
/*
 * Cores that cannot be reset: jobs that had not begun there run on others,
 * contexts that may use others do not notice. Needs a board that injects
 * faults, root, and the machine to itself: at the end the driver is taken off
 * and put back, which gives the cores another chance.
 */
#include <fcntl.h>
#include <sys/wait.h>

#include "board.h"
#include "driver.h"
#include "node.h"
#include "kselftest_harness.h"

#define BOUND	(60 * SECOND)
#define TIMEOUT_MS	300
#define FREE	3

FIXTURE(board)
{
	int fd;
	struct work victim;
};

FIXTURE_SETUP(board)
{
	int ret;

	close(wait_for_node());
	ret = board_open();
	if (ret)
		SKIP(return, "no faults on demand: %s", strerror(-ret));
	board_clear_faults();
	self->fd = node_open();
	ASSERT_GE(self->fd, 0) TH_LOG("%s: %s", node_path(), strerror(-self->fd));
	ASSERT_EQ(0, work_open(&self->victim, self->fd, &conv_engine_test, 1, 3));
	if (self->victim.info.core_count < 2)
		SKIP(return, "one core only");
	ASSERT_EQ(0, work_context(&self->victim, DRM_NVDLA_PRIORITY_NORMAL, 1, TIMEOUT_MS));
}

FIXTURE_TEARDOWN(board)
{
	long ret;

	if (self->fd <= 0)
		return;
	board_clear_faults();
	work_close(&self->victim);
	close(self->fd);
	ASSERT_EQ(0, driver_unbind());
	ASSERT_EQ(0, driver_bind());
	self->fd = wait_for_node();
	ASSERT_GE(self->fd, 0);
	ASSERT_EQ(0, work_open(&self->victim, self->fd, &conv_engine_test, 1, 3));
	ASSERT_EQ(0, work_context(&self->victim, DRM_NVDLA_PRIORITY_NORMAL, 1, 0));
	ret = work_run(&self->victim);
	EXPECT_EQ(0, ret) TH_LOG("the core does not work again: %ld", ret);
	work_close(&self->victim);
	close(self->fd);
}

/* The next operation on a core hangs, and the core's resets fail. */
static bool break_core(uint32_t core)
{
	return board_fault(NVDLA_BOARD_FAULT_RESET, core, 0, 0, 0) &&
	       board_fault(NVDLA_BOARD_FAULT_HANG, core, 1, 0, 0);
}

static int wait_result(int fd, struct drm_nvdla_sync *sync)
{
	int ret = syncobj_wait(fd, sync->handle, BOUND);

	return ret ? ret : syncobj_result(fd, sync->handle);
}

static int submit(struct work *work, struct drm_nvdla_sync *out)
{
	int ret;

	*out = (struct drm_nvdla_sync){ .flags = DRM_NVDLA_SYNC_SIGNAL };
	ret = syncobj_create(work->fd, &out->handle);
	return ret ? ret : work_submit(work, 0, out, 1);
}

TEST_F_TIMEOUT(board, what_had_not_begun_runs_elsewhere, 180)
{
	struct drm_nvdla_sync hung, bound, loads[6], outs[FREE][2];
	struct work load, pinned, free[FREE];
	unsigned int i, k;
	uint32_t ctx;

	ASSERT_EQ(0, work_open(&load, self->fd, &conv_engine_test, 2, 100));
	ASSERT_EQ(0, work_context(&load, DRM_NVDLA_PRIORITY_NORMAL, 2, 0));
	ASSERT_EQ(0, work_open(&pinned, self->fd, &conv_engine_test, 3, 1));
	ASSERT_EQ(0, work_context(&pinned, DRM_NVDLA_PRIORITY_NORMAL, 1, 0));
	ASSERT_TRUE(break_core(0));
	/* With the other core laden, who has the choice comes behind the victim. */
	for (i = 0; i < 6; i++)
		ASSERT_EQ(0, submit(&load, &loads[i]));
	ASSERT_EQ(0, submit(&self->victim, &hung));
	for (i = 0; i < FREE; i++) {
		ASSERT_EQ(0, work_open(&free[i], self->fd, &conv_engine_test, 10 + i, 2));
		work_spoil(&free[i]);
		for (k = 0; k < 2; k++)
			ASSERT_EQ(0, submit(&free[i], &outs[i][k]));
	}
	ASSERT_EQ(0, submit(&pinned, &bound));

	EXPECT_EQ(-ETIME, wait_result(self->fd, &hung));
	EXPECT_EQ(-ENODEV, wait_result(self->fd, &bound));
	for (i = 0; i < FREE; i++) {
		for (k = 0; k < 2; k++)
			EXPECT_EQ(0, wait_result(self->fd, &outs[i][k])) TH_LOG("%u.%u", i, k);
		EXPECT_EQ(0, work_wrong(&free[i]));
		/* And on it goes, as if nothing had happened. */
		EXPECT_EQ(0, work_run(&free[i]));
	}
	for (i = 0; i < 6; i++)
		EXPECT_EQ(0, wait_result(self->fd, &loads[i]));
	EXPECT_EQ(0, work_run(&load));

	/* Nobody can use the lost core, and is told so at once. */
	EXPECT_EQ(-ENODEV, work_submit(&pinned, 0, NULL, 0));
	EXPECT_EQ(-ENODEV, ctx_create(self->fd, DRM_NVDLA_PRIORITY_NORMAL, 1, 0, &ctx));
	for (i = 0; i < FREE; i++)
		work_close(&free[i]);
	work_close(&pinned);
	work_close(&load);
}

/* Convolve until told to stop; nothing may fail. */
static void client(uint32_t seed, int stop)
{
	struct work work;
	int fd = node_open();
	char byte;

	if (fd < 0 || work_open(&work, fd, &conv_engine_test, seed, 2))
		_exit(2);
	while (read(stop, &byte, 1) < 0) {
		long ret = work_run(&work);

		if (ret)
			_exit(ret > 0 ? 1 : -ret);
	}
	_exit(0);
}

TEST_F_TIMEOUT(board, other_clients_lose_nothing, 180)
{
	struct drm_nvdla_sync out;
	pid_t children[3];
	struct work pool;
	int status, pipes[2];
	unsigned int i;

	ASSERT_EQ(0, work_open(&pool, self->fd, &pdp_engine_test, 1, 3));
	ASSERT_EQ(0, work_context(&pool, DRM_NVDLA_PRIORITY_NORMAL, 1, TIMEOUT_MS));
	ASSERT_EQ(0, pipe2(pipes, O_NONBLOCK));
	for (i = 0; i < 3; i++) {
		children[i] = fork();
		ASSERT_GE(children[i], 0);
		if (!children[i]) {
			close(pipes[1]);
			client(i, pipes[0]);
		}
	}
	usleep(500000);
	ASSERT_TRUE(board_fault(NVDLA_BOARD_FAULT_RESET, 0, 0, 0, 0));
	ASSERT_TRUE(board_hang_unit(0, NVDLA_PDP));
	ASSERT_EQ(0, submit(&pool, &out));
	EXPECT_EQ(-ETIME, wait_result(self->fd, &out));
	usleep(500000);
	close(pipes[1]);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(children[i], waitpid(children[i], &status, 0));
		EXPECT_TRUE(WIFEXITED(status) && !WEXITSTATUS(status))
			TH_LOG("client %u: status 0x%x", i, status);
	}
	work_close(&pool);
}

TEST_F_TIMEOUT(board, without_any_core_all_jobs_end, 180)
{
	struct drm_nvdla_sync outs[8];
	struct work works[8];
	unsigned int i, lost = 0;
	uint32_t ctx;
	int ret;

	ASSERT_TRUE(board_fault(NVDLA_BOARD_FAULT_RESET, NVDLA_BOARD_FAULT_ANY, 0, 0, 0));
	ASSERT_TRUE(board_fault(NVDLA_BOARD_FAULT_HANG, NVDLA_BOARD_FAULT_ANY, 0, 0, 0));
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(0, work_open(&works[i], self->fd, &conv_engine_test, i, 1));
		ASSERT_EQ(0, work_context(&works[i], DRM_NVDLA_PRIORITY_NORMAL, 0, TIMEOUT_MS));
		ASSERT_EQ(0, submit(&works[i], &outs[i]));
	}
	for (i = 0; i < 8; i++) {
		ret = wait_result(self->fd, &outs[i]);
		EXPECT_TRUE(ret == -ETIME || ret == -ENODEV) TH_LOG("job %u: %d", i, ret);
		lost += ret == -ENODEV;
	}
	/* One per core was guilty, the others found nowhere to go. */
	EXPECT_EQ(8 - self->victim.info.core_count, lost);
	EXPECT_EQ(-ENODEV, work_submit(&self->victim, 0, NULL, 0));
	EXPECT_EQ(-ENODEV, ctx_create(self->fd, DRM_NVDLA_PRIORITY_NORMAL, 0, 0, &ctx));
	for (i = 0; i < 8; i++)
		work_close(&works[i]);
}

/* The driver goes while a core that cannot be stopped is at work. */
TEST_F_TIMEOUT(board, removal_with_a_core_that_runs_wild, 180)
{
	struct drm_nvdla_sync out;

	ASSERT_TRUE(break_core(0));
	ASSERT_EQ(0, submit(&self->victim, &out));
	usleep(50000);
	ASSERT_EQ(0, driver_unbind());
	EXPECT_EQ(-ENODEV, wait_result(self->fd, &out));
	ASSERT_EQ(0, driver_bind());
	close(wait_for_node());
	ASSERT_EQ(0, board_open());
	board_clear_faults();
}

TEST_HARNESS_MAIN
