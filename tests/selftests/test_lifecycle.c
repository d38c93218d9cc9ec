// SPDX-License-Identifier: MIT
/*
 * Coming and going: the module, sleep, and a device that is torn out. Needs
 * root and the machine to itself; what takes hardware away needs the bench's
 * `ask-host`.
 */
#include <fcntl.h>
#include <glob.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "node.h"
#include "kselftest_harness.h"

/* Until a node is back after something happened to its device. */
#define PATIENCE	20

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

/* The node, as soon as there is one. */
static int wait_for_node(void)
{
	int fd = -ENOENT, i;

	for (i = 0; i < PATIENCE * 10; i++) {
		fd = node_open();
		if (fd >= 0)
			break;
		usleep(100000);
	}

	return fd;
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

TEST_F_TIMEOUT(root, idle_devices_sleep_and_wake, 120)
{
	int i;

	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, compute_once());
		sleep(1);
	}
}

/* All of suspend but the machine's own sleep: drivers are put to bed and woken. */
TEST_F_TIMEOUT(root, suspend_and_resume, 120)
{
	struct drm_nvdla_sync out = { .flags = DRM_NVDLA_SYNC_SIGNAL };
	struct work work;
	int fd, ret;

	if (write_file("/sys/power/pm_test", "devices"))
		SKIP(return, "the kernel cannot rehearse suspend");
	write_file("/sys/module/suspend/parameters/pm_test_delay", "1");
	fd = wait_for_node();
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, work_open(&work, fd, &conv_engine_test, 1, 150));
	ASSERT_EQ(0, work_run(&work));
	/* With a job under way. */
	ASSERT_EQ(0, syncobj_create(fd, &out.handle));
	work_spoil(&work);
	ASSERT_EQ(0, work_submit(&work, 0, &out, 1));
	ret = write_file("/sys/power/state", "freeze");
	EXPECT_EQ(0, ret) TH_LOG("%s", strerror(-ret));
	EXPECT_EQ(0, syncobj_wait(fd, out.handle, LONG));
	EXPECT_EQ(0, syncobj_result(fd, out.handle));
	EXPECT_EQ(0, work_wrong(&work));
	EXPECT_EQ(0, work_run(&work));
	write_file("/sys/power/pm_test", "none");
	close(fd);
}

/* The driver's folder in sysfs, whatever the bus. */
static bool find_driver(char *driver, char *device, size_t size)
{
	glob_t found;
	bool ok = false;

	if (!glob("/sys/bus/*/drivers/nvdla/*/accel", 0, NULL, &found) && found.gl_pathc) {
		char *slash;

		snprintf(driver, size, "%.250s", found.gl_pathv[0]);
		*strrchr(driver, '/') = '\0';
		slash = strrchr(driver, '/');
		snprintf(device, size, "%.60s", slash + 1);
		*slash = '\0';
		ok = true;
	}
	globfree(&found);

	return ok;
}

static sigjmp_buf after_fault;

static void on_fault(int signal)
{
	siglongjmp(after_fault, signal);
}

/*
 * With jobs under way the device goes; @leave makes it go. Everything must end,
 * with an error or without, and the file must be of no more use.
 */
static void lose_device(struct __test_metadata *_metadata, int (*leave)(void))
{
	struct drm_nvdla_sync outs[6];
	volatile char *map;
	struct work work;
	uint32_t handle;
	int fd, i, ret;

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
		EXPECT_TRUE(ret == 0 || ret == -ENODEV) TH_LOG("job %d: %d", i, ret);
	}
	/* Where the device is known to be gone nothing works any more. */
	for (i = 0; i < 300; i++) {
		ret = bo_create(fd, 4096, 0, &handle);
		if (ret == -ENODEV)
			break;
		if (!ret)
			bo_close(fd, handle);
		usleep(100000);
	}
	EXPECT_EQ(-ENODEV, ret);
	EXPECT_EQ(-ENODEV, work_submit(&work, 0, NULL, 0));
	/* Mappings may fault or give anything, but not hurt anybody. */
	signal(SIGBUS, on_fault);
	map = work.maps[0];
	if (!sigsetjmp(after_fault, 1))
		map[0] = map[1];
	signal(SIGBUS, SIG_DFL);
	work_close(&work);
	close(fd);
}

static char driver_path[256], device_name[256];

static int unbind(void)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/unbind", driver_path);

	return write_file(path, device_name);
}

TEST_F_TIMEOUT(root, driver_is_taken_off, 180)
{
	char path[512];
	int round;

	for (round = 0; round < 2; round++) {
		close(wait_for_node());
		ASSERT_TRUE(find_driver(driver_path, device_name, sizeof(driver_path)));
		lose_device(_metadata, unbind);
		snprintf(path, sizeof(path), "%s/bind", driver_path);
		ASSERT_EQ(0, write_file(path, device_name));
		EXPECT_EQ(0, compute_once());
	}
}

static int unplug(void)
{
	return run("ask-host unplug");
}

TEST_F_TIMEOUT(root, device_is_unplugged, 180)
{
	if (run("command -v ask-host >/dev/null"))
		SKIP(return, "no bench to ask");
	lose_device(_metadata, unplug);
	ASSERT_EQ(0, run("ask-host plug"));
	EXPECT_EQ(0, compute_once());
}

TEST_HARNESS_MAIN
