// SPDX-License-Identifier: MIT
/*
 * Many at once: clients side by side, killed in mid-job, of different
 * priority.
 */
#include <dirent.h>
#include <signal.h>
#include <sys/wait.h>

#include "node.h"
#include "kselftest_harness.h"

#define CLIENTS	4

FIXTURE(node)
{
	int fd;
	struct drm_nvdla_device_info info;
};

FIXTURE_SETUP(node)
{
	self->fd = node_open();
	ASSERT_GE(self->fd, 0) TH_LOG("%s: %s", node_path(), strerror(-self->fd));
	ASSERT_EQ(0, node_query(self->fd, &self->info, NULL));
}

FIXTURE_TEARDOWN(node)
{
	close(self->fd);
}

/* A process of its own: @jobs jobs, all results right? */
static void client(uint32_t seed, int jobs)
{
	const struct engine_test *const tests[] = {
		&conv_engine_test, &pdp_engine_test, &cdp_engine_test, &sdp_engine_test,
	};
	struct work work;
	int fd = node_open();
	int i;

	if (fd < 0 || work_open(&work, fd, tests[seed % 4], seed, 1 + seed % 5))
		_exit(2);
	for (i = 0; i < jobs; i++) {
		if (work_run(&work))
			_exit(1);
	}
	work_close(&work);
	_exit(0);
}

TEST_F_TIMEOUT(node, clients_do_not_disturb_each_other, 120)
{
	pid_t children[CLIENTS];
	int i, status;

	for (i = 0; i < CLIENTS; i++) {
		children[i] = fork();
		ASSERT_GE(children[i], 0);
		if (!children[i])
			client(i, 10);
	}
	for (i = 0; i < CLIENTS; i++) {
		ASSERT_EQ(children[i], waitpid(children[i], &status, 0));
		EXPECT_TRUE(WIFEXITED(status) && !WEXITSTATUS(status))
			TH_LOG("client %d: status 0x%x", i, status);
	}
}

/* Queue long jobs and tell when they run; the parent kills. */
static void doomed(int ready)
{
	struct work work;
	int fd = node_open();
	int i;

	if (fd < 0 || work_open(&work, fd, &conv_engine_test, 1, 400))
		_exit(2);
	for (i = 0; i < 8; i++) {
		if (work_submit(&work, 0, NULL, 0))
			_exit(3);
	}
	if (write(ready, "x", 1) != 1)
		_exit(4);
	pause();
	_exit(5);
}

TEST_F_TIMEOUT(node, killed_clients_leave_nothing, 120)
{
	struct work work;
	int round, status, pipes[2];
	pid_t child;
	char byte;

	ASSERT_EQ(0, work_open(&work, self->fd, &conv_engine_test, 2, 2));
	ASSERT_EQ(0, pipe(pipes));
	for (round = 0; round < 5; round++) {
		child = fork();
		ASSERT_GE(child, 0);
		if (!child)
			doomed(pipes[1]);
		ASSERT_EQ(1, read(pipes[0], &byte, 1));
		usleep(round * 5000);
		ASSERT_EQ(0, kill(child, SIGKILL));
		ASSERT_EQ(child, waitpid(child, &status, 0));
		EXPECT_TRUE(WIFSIGNALED(status)) TH_LOG("status 0x%x", status);
		EXPECT_EQ(0, work_run(&work)) TH_LOG("round %d", round);
	}
	work_close(&work);
}

/* The file goes while its jobs run; its buffers must live as long as those. */
TEST_F_TIMEOUT(node, closed_files_finish, 120)
{
	struct work work;
	int round, fd;

	for (round = 0; round < 5; round++) {
		fd = node_open();
		ASSERT_GE(fd, 0);
		ASSERT_EQ(0, work_open(&work, fd, &conv_engine_test, 2, 100));
		ASSERT_EQ(0, work_submit(&work, 0, NULL, 0));
		ASSERT_EQ(0, work_submit(&work, 0, NULL, 0));
		close(fd);
	}
	ASSERT_EQ(0, work_open(&work, self->fd, &conv_engine_test, 3, 1));
	EXPECT_EQ(0, work_run(&work));
	work_close(&work);
}

TEST_F_TIMEOUT(node, high_priority_goes_first, 120)
{
	struct drm_nvdla_ctx_get_state state;
	struct work slow, urgent;
	int i;

	if (geteuid())
		SKIP(return, "not root");
	ASSERT_EQ(0, work_open(&slow, self->fd, &conv_engine_test, 1, 60));
	ASSERT_EQ(0, work_open(&urgent, self->fd, &conv_engine_test, 2, 1));
	ASSERT_EQ(0, work_context(&slow, DRM_NVDLA_PRIORITY_LOW, 1, 0));
	ASSERT_EQ(0, work_context(&urgent, DRM_NVDLA_PRIORITY_HIGH, 1, 0));
	for (i = 0; i < 12; i++)
		ASSERT_EQ(0, work_submit(&slow, 0, NULL, 0));
	EXPECT_EQ(0, work_run(&urgent));
	ASSERT_EQ(0, ctx_state(self->fd, slow.ctx, &state));
	EXPECT_LT(state.jobs_done, 12) TH_LOG("all of low priority went first");
	EXPECT_EQ(0, bo_wait(self->fd, slow.binds[slow.slot_count - 1].handle,
			     DRM_NVDLA_WAIT_WRITE, LONG));
	EXPECT_EQ(0, work_wrong(&slow));
	work_close(&slow);
	work_close(&urgent);
}

TEST_F(node, every_core_computes)
{
	struct work work;
	uint32_t core;

	ASSERT_EQ(0, work_open(&work, self->fd, &conv_engine_test, 1, 1));
	for (core = 0; core < self->info.core_count; core++) {
		ASSERT_EQ(0, work_context(&work, DRM_NVDLA_PRIORITY_NORMAL, 1u << core, 0));
		EXPECT_EQ(0, work_run(&work)) TH_LOG("core %u", core);
	}
	work_close(&work);
}

TEST_F(node, anybody_with_the_node_may_use_it)
{
	struct work work;

	if (geteuid())
		SKIP(return, "not root");
	ASSERT_EQ(0, seteuid(65534));
	EXPECT_EQ(0, work_open(&work, self->fd, &conv_engine_test, 1, 1));
	EXPECT_EQ(0, work_run(&work));
	work_close(&work);
	ASSERT_EQ(0, seteuid(0));
}

/* What tools like nvtop read: Documentation/gpu/drm-usage-stats.rst. */
TEST_F(node, usage_is_reported)
{
	static const char *const keys[] = { "drm-driver:\tnvdla", "drm-client-id:", "drm-engine-" };
	char path[64], text[8192];
	struct work work;
	unsigned int i;
	size_t length;
	FILE *file;

	ASSERT_EQ(0, work_open(&work, self->fd, &conv_engine_test, 1, 1));
	EXPECT_EQ(0, work_run(&work));
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", self->fd);
	file = fopen(path, "r");
	ASSERT_NE(NULL, file);
	length = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[length] = '\0';
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		EXPECT_NE(NULL, strstr(text, keys[i])) TH_LOG("no \"%s\" in\n%s", keys[i], text);
	work_close(&work);
}

TEST_HARNESS_MAIN
