// SPDX-License-Identifier: MIT
/*
 * Coming and going: the module, sleep, and a device that is torn out. Needs
 * root and the machine to itself.
 */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "board.h"
#include "driver.h"
#include "node.h"
#include "kselftest_harness.h"

FIXTURE(root)
{
};

FIXTURE_SETUP(root)
{
	if (geteuid())
		SKIP(return, "not root");
}

FIXTURE_TEARDOWN(root)
{
}

static int run(const char *command)
{
	int status = system(command);

	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static long compute_once(void)
{
	int fd = wait_for_node();
	struct work work;
	long ret;

	if (fd < 0)
		return fd;
	ret = work_open(&work, fd, &conv_engine_test, 1, 2);
	if (!ret)
		ret = work_run(&work);
	work_close(&work);
	close(fd);

	return ret;
}

static int remove_module(void)
{
	return syscall(SYS_delete_module, "nvdla", O_NONBLOCK) ? -errno : 0;
}

TEST_F_TIMEOUT(root, module_stays_while_used, 120)
{
	int fd = wait_for_node(), i;

	ASSERT_GE(fd, 0);
	EXPECT_EQ(-EWOULDBLOCK, remove_module());
	close(fd);
	for (i = 0; i < 3; i++) {
		/* The last file's work may still be under way. */
		int ret, tries = 0;

		while ((ret = remove_module()) == -EWOULDBLOCK && tries++ < 100)
			usleep(50000);
		ASSERT_EQ(0, ret) TH_LOG("%s", strerror(-ret));
		EXPECT_LT(node_open(), 0);
		ASSERT_EQ(0, run("modprobe nvdla"));
		EXPECT_EQ(0, compute_once());
	}
}

/* A fence in somebody's hands while its file, and perhaps its driver, go. */
TEST_F_TIMEOUT(root, fences_outlive_their_file, 120)
{
	struct drm_syncobj_handle export = { .flags = DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE };
	struct drm_nvdla_sync out = { .flags = DRM_NVDLA_SYNC_SIGNAL };
	int fd = wait_for_node(), ret, tries = 0;
	struct pollfd wait;
	struct work work;

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, work_open(&work, fd, &conv_engine_test, 1, 2));
	ASSERT_EQ(0, syncobj_create(fd, &out.handle));
	ASSERT_EQ(0, work_submit(&work, 0, &out, 1));
	export.handle = out.handle;
	ASSERT_EQ(0, node_ioctl(fd, DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, &export));
	work_close(&work);
	close(fd);
	wait = (struct pollfd){ .fd = export.fd, .events = POLLIN };
	EXPECT_EQ(1, poll(&wait, 1, 30000));
	for (; tries < 10; tries++) {
		ret = remove_module();
		EXPECT_TRUE(!ret || ret == -EWOULDBLOCK) TH_LOG("%s", strerror(-ret));
		if (!ret)
			break;
		usleep(50000);
	}
	EXPECT_EQ(1, poll(&wait, 1, 0));
	close(export.fd);
	for (tries = 0; ret == -EWOULDBLOCK && tries < 100; tries++) {
		usleep(50000);
		ret = remove_module();
	}
	EXPECT_EQ(0, ret) TH_LOG("%s", strerror(-ret));
	ASSERT_EQ(0, run("modprobe nvdla"));
	EXPECT_EQ(0, compute_once());
}

TEST_F_TIMEOUT(root, idle_devices_sleep_and_wake, 120)
{
	int i;

	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, compute_once());
		sleep(1);
	}
}

static sigjmp_buf after_fault;

static void on_fault(int signal)
{
	siglongjmp(after_fault, signal);
}

/*
 * With jobs under way the device goes; @leave makes it go, and is @known to the
 * driver. Everything must end, with an error or without, and the file must be
 * of no more use.
 */
static void lose_device(struct __test_metadata *_metadata, int (*leave)(void), bool known)
{
	struct drm_nvdla_sync outs[6];
	volatile char *map;
	struct work work;
	uint32_t handle;
	int fd, i, ret, lost = 0;

	fd = wait_for_node();
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, work_open(&work, fd, &conv_engine_test, 1, 300));
	ASSERT_EQ(0, work_run(&work));
	for (i = 0; i < 6; i++) {
		outs[i] = (struct drm_nvdla_sync){ .flags = DRM_NVDLA_SYNC_SIGNAL };
		ASSERT_EQ(0, syncobj_create(fd, &outs[i].handle));
		ASSERT_EQ(0, work_submit(&work, 0, &outs[i], 1));
	}
	ASSERT_EQ(0, leave());
	for (i = 0; i < 6; i++) {
		ret = syncobj_wait(fd, outs[i].handle, 30 * SECOND);
		if (!ret)
			ret = syncobj_result(fd, outs[i].handle);
		EXPECT_TRUE(ret == 0 || ret == -ENODEV || ret == -EIO || ret == -ECANCELED ||
			    ret == -ETIME) TH_LOG("job %d: %d", i, ret);
		lost += ret != 0;
	}
	EXPECT_GT(lost, 0) TH_LOG("all jobs ended before the device was gone");
	if (known) {
		EXPECT_EQ(-ENODEV, bo_create(fd, 4096, 0, &handle));
		EXPECT_EQ(-ENODEV, work_submit(&work, 0, NULL, 0));
	}
	/* Soon it is clear to the driver too that there is nothing left. */
	for (i = 0; i < 100; i++) {
		ret = ctx_create(fd, DRM_NVDLA_PRIORITY_NORMAL, 0, 0, &work.ctx);
		if (!ret)
			ret = work_submit(&work, 0, &outs[0], 1);
		if (!ret)
			ret = syncobj_wait(fd, outs[0].handle, 30 * SECOND);
		if (!ret)
			ret = syncobj_result(fd, outs[0].handle);
		EXPECT_NE(0, ret) TH_LOG("a job without a device");
		if (ret == -ENODEV || !ret)
			break;
		usleep(100000);
	}
	EXPECT_EQ(-ENODEV, ret);
	/* Mappings may fault or give anything, but not hurt anybody. */
	signal(SIGBUS, on_fault);
	map = work.maps[0];
	if (!sigsetjmp(after_fault, 1))
		map[0] = map[1];
	signal(SIGBUS, SIG_DFL);
	work_close(&work);
	close(fd);
}

TEST_F_TIMEOUT(root, driver_is_taken_off, 180)
{
	struct drm_prime_handle exported = { .flags = DRM_CLOEXEC };
	int round, fd;

	for (round = 0; round < 2; round++) {
		fd = wait_for_node();
		ASSERT_GE(fd, 0);
		/* A buffer that outlives the driver, and goes with the next one there. */
		ASSERT_EQ(0, bo_create(fd, 1 << 20, round ? DRM_NVDLA_BO_CACHED : 0,
				       &exported.handle));
		ASSERT_EQ(0, node_ioctl(fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &exported));
		close(fd);
		lose_device(_metadata, driver_unbind, true);
		ASSERT_EQ(0, driver_bind());
		EXPECT_EQ(0, compute_once());
		close(exported.fd);
		EXPECT_EQ(0, compute_once());
	}
}

static int make_vanish(void)
{
	return board_fault(NVDLA_BOARD_FAULT_REMOVAL, NVDLA_BOARD_FAULT_ANY, 1, 0, 0) ? 0 : -EIO;
}

/*
 * From one moment to the next every register reads as all ones, and stays so:
 * the last test, for this board.
 */
TEST_F_TIMEOUT(root, hardware_vanishes, 180)
{
	int ret;

	close(wait_for_node());
	ret = board_open();
	if (ret)
		SKIP(return, "nothing can be made to vanish: %s", strerror(-ret));
	lose_device(_metadata, make_vanish, false);
}

TEST_HARNESS_MAIN
