// SPDX-License-Identifier: MIT
/*
 * Broken hardware: the guilty job ends with an error in bounded time, nobody
 * else loses anything, and the next job runs. Needs a board that injects
 * faults, root, and where the kernel is strict iomem=relaxed.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "board.h"
#include "node.h"
#include "kselftest_harness.h"

/* Within this a hang must be over. */
#define BOUND	(30 * SECOND)
#define TIMEOUT_MS	300

FIXTURE(board)
{
	int fd;
	struct work victim;
	struct work other;
};

FIXTURE_SETUP(board)
{
	int ret = board_open();

	if (ret)
		SKIP(return, "no faults on demand: %s", strerror(-ret));
	board_clear_faults();
	self->fd = node_open();
	ASSERT_GE(self->fd, 0) TH_LOG("%s: %s", node_path(), strerror(-self->fd));
	ASSERT_EQ(0, work_open(&self->victim, self->fd, &conv_engine_test, 1, 3));
	ASSERT_EQ(0, work_context(&self->victim, DRM_NVDLA_PRIORITY_NORMAL, 1, TIMEOUT_MS));
	ASSERT_EQ(0, work_open(&self->other, self->fd, &pdp_engine_test, 2, 3));
}

FIXTURE_TEARDOWN(board)
{
	if (self->fd <= 0)
		return;
	board_clear_faults();
	work_close(&self->victim);
	work_close(&self->other);
	close(self->fd);
}

/* Submit the victim's job and wait; its result, or -ETIMEDOUT when it never ends. */
static int run_victim(struct work *victim)
{
	struct drm_nvdla_sync out = { .flags = DRM_NVDLA_SYNC_SIGNAL };
	int ret;

	ret = syncobj_create(victim->fd, &out.handle);
	if (ret)
		return ret;
	work_spoil(victim);
	ret = work_submit(victim, 0, &out, 1);
	if (!ret && syncobj_wait(victim->fd, out.handle, BOUND))
		ret = -ETIMEDOUT;
	if (!ret)
		ret = syncobj_result(victim->fd, out.handle);
	syncobj_destroy(victim->fd, out.handle);

	return ret;
}

static int renew(struct work *work)
{
	return work_context(work, DRM_NVDLA_PRIORITY_NORMAL, 1, TIMEOUT_MS);
}

TEST_F_TIMEOUT(board, hang_costs_the_guilty_only, 180)
{
	struct drm_nvdla_sync outs[2] = {
		{ .flags = DRM_NVDLA_SYNC_SIGNAL }, { .flags = DRM_NVDLA_SYNC_SIGNAL },
	};
	struct drm_nvdla_ctx_get_state state;
	int i, last;

	ASSERT_EQ(0, work_context(&self->other, DRM_NVDLA_PRIORITY_NORMAL, 0, 0));
	ASSERT_TRUE(board_fault(NVDLA_BOARD_FAULT_HANG, 0, 1, 1, 0));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, syncobj_create(self->fd, &outs[i].handle));
		ASSERT_EQ(0, work_submit(&self->victim, 0, &outs[i], 1));
	}
	work_spoil(&self->other);
	last = self->other.slot_count - 1;
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, work_submit(&self->other, 0, NULL, 0));

	EXPECT_EQ(0, syncobj_wait(self->fd, outs[0].handle, BOUND));
	EXPECT_EQ(-ETIME, syncobj_result(self->fd, outs[0].handle));
	EXPECT_EQ(0, syncobj_wait(self->fd, outs[1].handle, BOUND));
	EXPECT_EQ(-ECANCELED, syncobj_result(self->fd, outs[1].handle));
	ASSERT_EQ(0, ctx_state(self->fd, self->victim.ctx, &state));
	EXPECT_TRUE(state.flags & DRM_NVDLA_CTX_GUILTY);
	EXPECT_EQ(ETIME, state.fail_errno);
	EXPECT_LT(state.fail_op, 3);
	EXPECT_EQ(2, state.jobs_done);
	EXPECT_EQ(-EIO, work_submit(&self->victim, 0, NULL, 0));

	EXPECT_EQ(0, bo_wait(self->fd, self->other.binds[last].handle, DRM_NVDLA_WAIT_READ, BOUND));
	EXPECT_EQ(0, work_wrong(&self->other));
	ASSERT_EQ(0, ctx_state(self->fd, self->other.ctx, &state));
	EXPECT_FALSE(state.flags & DRM_NVDLA_CTX_GUILTY);
	EXPECT_EQ(4, state.jobs_done);

	ASSERT_EQ(0, renew(&self->victim));
	EXPECT_EQ(0, work_run(&self->victim));
}

TEST_F_TIMEOUT(board, every_operation_may_hang, 180)
{
	uint32_t skip;

	for (skip = 0; skip < 3; skip++) {
		uint32_t hits = board_fault_hits();

		ASSERT_TRUE(board_fault(NVDLA_BOARD_FAULT_HANG, 0, 1, skip, 0));
		EXPECT_EQ(-ETIME, run_victim(&self->victim)) TH_LOG("after %u", skip);
		EXPECT_LT(hits, board_fault_hits());
		ASSERT_EQ(0, renew(&self->victim));
		EXPECT_EQ(0, work_run(&self->victim)) TH_LOG("after %u", skip);
	}
}

/* The work was done; whether the driver finds out or gives up, it goes on. */
TEST_F_TIMEOUT(board, lost_interrupts_are_survived, 180)
{
	int ret;

	ASSERT_TRUE(board_fault(NVDLA_BOARD_FAULT_LOST_IRQ, 0, 1, 0, 0));
	ret = run_victim(&self->victim);
	EXPECT_TRUE(ret == 0 || ret == -ETIME) TH_LOG("%s", strerror(-ret));
	if (!ret)
		EXPECT_EQ(0, work_wrong(&self->victim));
	board_clear_faults();
	if (ret)
		ASSERT_EQ(0, renew(&self->victim));
	EXPECT_EQ(0, work_run(&self->victim));
}

TEST_F_TIMEOUT(board, spurious_interrupts_do_no_harm, 120)
{
	int i;

	for (i = 0; i < 5; i++) {
		ASSERT_TRUE(board_fault(NVDLA_BOARD_FAULT_SPURIOUS_IRQ, NVDLA_BOARD_FAULT_ANY, 3,
					0, 0));
		EXPECT_EQ(0, work_run(&self->victim));
		board_clear_faults();
	}
}

TEST_F_TIMEOUT(board, bus_errors_end_the_job, 180)
{
	int ret;

	ASSERT_TRUE(board_fault(NVDLA_BOARD_FAULT_BUS_ERROR, 0, 1, 2, 0));
	ret = run_victim(&self->victim);
	EXPECT_TRUE(ret == -EIO || ret == -ETIME) TH_LOG("%d", ret);
	ASSERT_EQ(0, renew(&self->victim));
	EXPECT_EQ(0, work_run(&self->victim));
	EXPECT_EQ(0, work_run(&self->other));
}

TEST_F_TIMEOUT(board, corrected_bits_do_no_harm, 120)
{
	ASSERT_TRUE(board_fault(NVDLA_BOARD_FAULT_BIT_FLIP, NVDLA_BOARD_FAULT_ANY, 4, 0, 0));
	EXPECT_EQ(0, work_run(&self->victim));
	EXPECT_EQ(0, work_run(&self->other));
}

TEST_F_TIMEOUT(board, slow_memory_is_waited_for, 120)
{
	ASSERT_TRUE(board_fault(NVDLA_BOARD_FAULT_SLOW, NVDLA_BOARD_FAULT_ANY, 0, 0, 20));
	EXPECT_EQ(0, work_run(&self->victim));
	EXPECT_EQ(0, work_run(&self->other));
}

/* ------------------------------------------------------------------- soak */

#define CLIENTS	4

/* Work until told to stop; a job may fail, but never with a wrong result. */
static void soak_client(uint32_t seed, int stop)
{
	struct work work;
	int fd = node_open();
	char byte;

	if (fd < 0 || work_open(&work, fd, seed % 2 ? &pdp_engine_test : &conv_engine_test, seed, 2))
		_exit(2);
	if (work_context(&work, DRM_NVDLA_PRIORITY_NORMAL, 0, TIMEOUT_MS))
		_exit(2);
	while (read(stop, &byte, 1) < 0) {
		long ret = work_run(&work);

		if (ret > 0)
			_exit(1);
		if (ret == -ETIME || ret == -EIO || ret == -ECANCELED) {
			if (work_context(&work, DRM_NVDLA_PRIORITY_NORMAL, 0, TIMEOUT_MS))
				_exit(3);
		} else if (ret) {
			_exit(4);
		}
	}
	/* Without faults everything is well again. */
	_exit(work_run(&work) ? 5 : 0);
}

TEST_F_TIMEOUT(board, soak_with_random_faults, 3600)
{
	static const struct {
		uint32_t kind, arg;
	} kinds[] = {
		{ NVDLA_BOARD_FAULT_HANG, 0 }, { NVDLA_BOARD_FAULT_LOST_IRQ, 0 },
		{ NVDLA_BOARD_FAULT_SPURIOUS_IRQ, 0 }, { NVDLA_BOARD_FAULT_BUS_ERROR, 0 },
		{ NVDLA_BOARD_FAULT_BIT_FLIP, 0 }, { NVDLA_BOARD_FAULT_SLOW, 8 },
	};
	const char *text = getenv("NVDLA_SOAK");
	unsigned int faults = text ? strtoul(text, NULL, 0) : 12, i;
	uint32_t hits = board_fault_hits(), random = 12345;
	pid_t children[CLIENTS];
	int status, pipes[2];

	ASSERT_EQ(0, pipe2(pipes, O_NONBLOCK));
	for (i = 0; i < CLIENTS; i++) {
		children[i] = fork();
		ASSERT_GE(children[i], 0);
		if (!children[i]) {
			close(pipes[1]);
			soak_client(i, pipes[0]);
		}
	}
	for (i = 0; i < faults; i++) {
		unsigned int kind;

		random = random * 1664525 + 1013904223;
		kind = (random >> 16) % (sizeof(kinds) / sizeof(kinds[0]));
		EXPECT_TRUE(board_fault(kinds[kind].kind, NVDLA_BOARD_FAULT_ANY, 1,
					(random >> 8) % 4, kinds[kind].arg));
		usleep(100000 + (random >> 20) % 100000);
		if (i % 8 == 7)
			board_clear_faults();
	}
	board_clear_faults();
	close(pipes[1]);
	for (i = 0; i < CLIENTS; i++) {
		ASSERT_EQ(children[i], waitpid(children[i], &status, 0));
		EXPECT_TRUE(WIFEXITED(status) && !WEXITSTATUS(status))
			TH_LOG("client %u: status 0x%x", i, status);
	}
	EXPECT_LT(hits, board_fault_hits()) TH_LOG("no fault has struck");
	TH_LOG("%u faults armed, %u struck", faults, board_fault_hits() - hits);
	EXPECT_EQ(0, work_run(&self->other));
}

TEST_HARNESS_MAIN
