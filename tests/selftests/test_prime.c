// SPDX-License-Identifier: MIT
/*
 * Buffers that travel: between files of the driver, and from other drivers.
 */
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "node.h"
#include "kselftest_harness.h"

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

static int export_bo(int fd, uint32_t handle, int *dmabuf)
{
	struct drm_prime_handle prime = {
		.handle = handle,
		.flags = DRM_CLOEXEC | DRM_RDWR,
		.fd = -1,
	};
	int ret = node_ioctl(fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime);

	*dmabuf = prime.fd;

	return ret;
}

static int import_bo(int fd, int dmabuf, uint32_t *handle)
{
	struct drm_prime_handle prime = { .fd = dmabuf };
	int ret = node_ioctl(fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime);

	*handle = prime.handle;

	return ret;
}

TEST_F(node, buffers_travel_between_files)
{
	uint32_t handle, there, again;
	int other, dmabuf;
	char *a, *b, *c;

	ASSERT_EQ(0, bo_create(self->fd, 8192, 0, &handle));
	ASSERT_EQ(0, export_bo(self->fd, handle, &dmabuf));
	EXPECT_EQ(8192, lseek(dmabuf, 0, SEEK_END));
	/* Back into the same file it is the same buffer. */
	ASSERT_EQ(0, import_bo(self->fd, dmabuf, &again));
	EXPECT_EQ(handle, again);

	other = node_open();
	ASSERT_GE(other, 0);
	ASSERT_EQ(0, import_bo(other, dmabuf, &there));
	ASSERT_EQ(0, import_bo(other, dmabuf, &again));
	EXPECT_EQ(there, again);
	a = bo_map(self->fd, handle, 8192);
	b = bo_map(other, there, 8192);
	c = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, dmabuf, 0);
	ASSERT_NE(NULL, a);
	ASSERT_NE(NULL, b);
	ASSERT_NE(MAP_FAILED, c);
	strcpy(a + 5000, "hello");
	EXPECT_STREQ("hello", b + 5000);
	EXPECT_STREQ("hello", c + 5000);

	/* It lives as long as anybody has it. */
	munmap(a, 8192);
	EXPECT_EQ(0, bo_close(self->fd, handle));
	close(dmabuf);
	strcpy(b, "still here");
	EXPECT_STREQ("still here", c);
	close(other);
	EXPECT_STREQ("still here", c);
}

TEST_F(node, some_stay_at_home)
{
	uint32_t handle;
	int dmabuf;

	ASSERT_EQ(0, bo_create(self->fd, 4096, DRM_NVDLA_BO_NO_MMAP, &handle));
	EXPECT_LT(export_bo(self->fd, handle, &dmabuf), 0);
	if (self->info.sram_size) {
		ASSERT_EQ(0, bo_create(self->fd, 4096, DRM_NVDLA_BO_SRAM, &handle));
		EXPECT_LT(export_bo(self->fd, handle, &dmabuf), 0);
	}
	EXPECT_EQ(-ENOENT, export_bo(self->fd, 4711, &dmabuf));
}

TEST_F(node, only_buffers_are_imported)
{
	uint32_t handle;
	int fd;

	EXPECT_EQ(-EBADF, import_bo(self->fd, -1, &handle));
	fd = open("/dev/null", O_RDWR);
	EXPECT_EQ(-EINVAL, import_bo(self->fd, fd, &handle));
	close(fd);
	EXPECT_EQ(-EINVAL, import_bo(self->fd, self->fd, &handle));
}

/* A buffer of another driver: pages of a memfd. */
static int make_foreign(size_t size, void **map)
{
	struct udmabuf_create create = { .flags = UDMABUF_FLAGS_CLOEXEC, .size = size };
	int device, dmabuf;

	device = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
	if (device < 0)
		return -errno;
	create.memfd = memfd_create("foreign", MFD_ALLOW_SEALING | MFD_CLOEXEC);
	if ((int)create.memfd < 0 || ftruncate(create.memfd, size) ||
	    fcntl(create.memfd, F_ADD_SEALS, F_SEAL_SHRINK))
		return -errno;
	*map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, create.memfd, 0);
	dmabuf = ioctl(device, UDMABUF_CREATE, &create);
	if (dmabuf < 0)
		dmabuf = -errno;
	close(create.memfd);
	close(device);

	return dmabuf;
}

/* The engine reads from and writes to memory that the driver did not allocate. */
TEST_F(node, jobs_use_foreign_buffers)
{
	struct work work;
	uint32_t slots[2], i;

	ASSERT_EQ(0, work_open(&work, self->fd, &conv_engine_test, 6, 1));
	slots[0] = 0;
	slots[1] = work.slot_count - 1;
	for (i = 0; i < 2; i++) {
		struct drm_nvdla_bind *bind = &work.binds[slots[i]];
		size_t size = (bind->size + 4095) & ~4095ULL;
		uint32_t own = bind->handle;
		void *map = NULL;
		int dmabuf;

		dmabuf = make_foreign(size, &map);
		if (dmabuf == -ENOENT)
			SKIP(return, "no /dev/udmabuf");
		ASSERT_GE(dmabuf, 0) TH_LOG("%s", strerror(-dmabuf));
		memcpy(map, work.maps[slots[i]], bind->size);
		work.maps[slots[i]] = map;
		ASSERT_EQ(0, import_bo(self->fd, dmabuf, &bind->handle));
		close(dmabuf);
		EXPECT_EQ(0, bo_close(self->fd, own));
	}
	EXPECT_EQ(0, work_run(&work));
	EXPECT_EQ(0, work_run(&work));
	/* The kernel knows how large they are. */
	work.binds[0].size = 1 << 20;
	EXPECT_EQ(-EINVAL, work_submit(&work, 0, NULL, 0));
}

TEST_HARNESS_MAIN
