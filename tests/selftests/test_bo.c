// SPDX-License-Identifier: MIT
/*
 * The device's description, buffers, their mappings, caches and fences.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "node.h"
#include "kselftest_harness.h"

/* Longer than the driver waits before it suspends an idle device. */
#define SUSPENDED_US	600000

FIXTURE(node)
{
	int fd;
	struct drm_nvdla_device_info info;
	struct nvdla_config config;
};

FIXTURE_SETUP(node)
{
	self->fd = node_open();
	ASSERT_GE(self->fd, 0) TH_LOG("%s: %s", node_path(), strerror(-self->fd));
	ASSERT_EQ(0, node_query(self->fd, &self->info, &self->config));
}

FIXTURE_TEARDOWN(node)
{
	close(self->fd);
}

TEST_F(node, query_describes_the_device)
{
	EXPECT_NE(0, strlen(self->info.name));
	EXPECT_GE(self->info.core_count, 1);
	EXPECT_GE(self->info.atomic_c, 8);
	EXPECT_NE(DRM_NVDLA_NO_UNIT, self->info.base[DRM_NVDLA_UNIT_CDMA]);
	EXPECT_NE(DRM_NVDLA_NO_UNIT, self->info.base[DRM_NVDLA_UNIT_SDP]);
	EXPECT_GE(self->info.max_ops, 1024);
	EXPECT_GE(self->info.max_timeout_ms, self->info.default_timeout_ms);
	EXPECT_EQ(0, self->info.bind_align & (self->info.bind_align - 1));
}

TEST_F(node, query_takes_any_size)
{
	struct drm_nvdla_dev_query query = { .type = DRM_NVDLA_QUERY_DEVICE };
	char larger[sizeof(self->info) + 64];
	char name[8];

	ASSERT_EQ(0, node_ioctl(self->fd, DRM_IOCTL_NVDLA_DEV_QUERY, &query));
	EXPECT_EQ(sizeof(self->info), query.size);

	memset(larger, 0xff, sizeof(larger));
	query.size = sizeof(larger);
	query.pointer = (uintptr_t)larger;
	ASSERT_EQ(0, node_ioctl(self->fd, DRM_IOCTL_NVDLA_DEV_QUERY, &query));
	EXPECT_EQ(sizeof(self->info), query.size);
	EXPECT_EQ(0, larger[sizeof(larger) - 1]);
	EXPECT_EQ(0, memcmp(larger, self->info.name, sizeof(self->info.name)));

	query.size = sizeof(name);
	query.pointer = (uintptr_t)name;
	ASSERT_EQ(0, node_ioctl(self->fd, DRM_IOCTL_NVDLA_DEV_QUERY, &query));
	EXPECT_EQ(0, memcmp(name, self->info.name, sizeof(name)));

	query.size = sizeof(self->info);
	query.pointer = 1;
	EXPECT_EQ(-EFAULT, node_ioctl(self->fd, DRM_IOCTL_NVDLA_DEV_QUERY, &query));
	query.type = 12345;
	EXPECT_EQ(-EINVAL, node_ioctl(self->fd, DRM_IOCTL_NVDLA_DEV_QUERY, &query));
}

TEST_F(node, unknown_ioctls_are_refused)
{
	char argument[4096] = { 0 };
	unsigned int nr;

	for (nr = 0; nr < 32; nr++) {
		int ret = node_ioctl(self->fd, _IOC(_IOC_READ | _IOC_WRITE, DRM_IOCTL_BASE,
						    DRM_COMMAND_BASE + 0x20 + nr, 64), argument);

		EXPECT_EQ(-EINVAL, ret) TH_LOG("ioctl number %u", 0x20 + nr);
	}
	/* A NULL pointer in place of every known argument. */
	EXPECT_EQ(-EFAULT, node_ioctl(self->fd, DRM_IOCTL_NVDLA_BO_CREATE, NULL));
	EXPECT_EQ(-EFAULT, node_ioctl(self->fd, DRM_IOCTL_NVDLA_SUBMIT, NULL));
}

TEST_F(node, buffers_are_zero_and_rounded)
{
	static const uint32_t flags[] = { 0, DRM_NVDLA_BO_CACHED };
	long page = sysconf(_SC_PAGESIZE);
	unsigned int i;
	long k;

	for (i = 0; i < 2; i++) {
		struct drm_nvdla_bo_create create = { .size = page + 1, .flags = flags[i] };
		char *map;

		ASSERT_EQ(0, node_ioctl(self->fd, DRM_IOCTL_NVDLA_BO_CREATE, &create));
		EXPECT_EQ(2 * page, create.size);
		EXPECT_NE(0, create.handle);
		map = bo_map(self->fd, create.handle, create.size);
		ASSERT_NE(NULL, map);
		for (k = 0; k < 2 * page && !map[k]; k++)
			;
		EXPECT_EQ(2 * page, k) TH_LOG("byte %ld of a new buffer is not 0", k);
		memset(map, 0xa5, create.size);
		munmap(map, create.size);
		EXPECT_EQ(0, bo_close(self->fd, create.handle));
		EXPECT_EQ(-EINVAL, bo_close(self->fd, create.handle));
	}
}

TEST_F(node, freed_memory_does_not_come_back)
{
	const uint64_t size = 1 << 20;
	uint32_t handle;
	uint64_t k;
	int round;

	for (round = 0; round < 8; round++) {
		unsigned char *map;

		ASSERT_EQ(0, bo_create(self->fd, size, DRM_NVDLA_BO_CACHED, &handle));
		map = bo_map(self->fd, handle, size);
		ASSERT_NE(NULL, map);
		for (k = 0; k < size && !map[k]; k++)
			;
		ASSERT_EQ(size, k) TH_LOG("round %d: byte %llu is 0x%x", round,
					  (unsigned long long)k, map[k]);
		memset(map, 0x5a, size);
		munmap(map, size);
		ASSERT_EQ(0, bo_close(self->fd, handle));
	}
}

TEST_F(node, bad_buffers_are_refused)
{
	uint32_t handle;
	int ret;

	EXPECT_EQ(-EINVAL, bo_create(self->fd, 0, 0, &handle));
	EXPECT_EQ(-EINVAL, bo_create(self->fd, 4096, 8, &handle));
	EXPECT_EQ(-EINVAL, bo_create(self->fd, 4096, 0x80000000, &handle));
	EXPECT_EQ(-EINVAL, bo_create(self->fd, 4096, DRM_NVDLA_BO_CACHED | DRM_NVDLA_BO_SRAM,
				     &handle));
	ret = bo_create(self->fd, UINT64_MAX, 0, &handle);
	EXPECT_TRUE(ret == -EINVAL || ret == -ENOMEM || ret == -E2BIG) TH_LOG("%d", ret);
	ret = bo_create(self->fd, UINT64_MAX - 4095, 0, &handle);
	EXPECT_TRUE(ret == -EINVAL || ret == -ENOMEM || ret == -E2BIG) TH_LOG("%d", ret);
	ret = bo_create(self->fd, 1ULL << 50, 0, &handle);
	EXPECT_LT(ret, 0);
	if (!self->info.sram_size)
		EXPECT_EQ(-EOPNOTSUPP, bo_create(self->fd, 4096, DRM_NVDLA_BO_SRAM, &handle));
}

TEST_F(node, mappings_are_guarded)
{
	struct drm_nvdla_bo_mmap_offset offset = { .handle = 4711 };
	uint32_t hidden, handle;
	int other;

	EXPECT_EQ(-ENOENT, node_ioctl(self->fd, DRM_IOCTL_NVDLA_BO_MMAP_OFFSET, &offset));
	ASSERT_EQ(0, bo_create(self->fd, 4096, 0, &handle));
	offset.handle = handle;
	offset.pad = 1;
	EXPECT_EQ(-EINVAL, node_ioctl(self->fd, DRM_IOCTL_NVDLA_BO_MMAP_OFFSET, &offset));
	offset.pad = 0;
	ASSERT_EQ(0, node_ioctl(self->fd, DRM_IOCTL_NVDLA_BO_MMAP_OFFSET, &offset));
	/* More than there is, and by a file that does not have the buffer. */
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 8192, PROT_READ, MAP_SHARED, self->fd, offset.offset));
	other = node_open();
	ASSERT_GE(other, 0);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED, other, offset.offset));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED, self->fd, 0));
	close(other);

	ASSERT_EQ(0, bo_create(self->fd, 4096, DRM_NVDLA_BO_NO_MMAP, &hidden));
	offset.handle = hidden;
	EXPECT_EQ(-EPERM, node_ioctl(self->fd, DRM_IOCTL_NVDLA_BO_MMAP_OFFSET, &offset));
}

TEST_F(node, sync_checks_range_and_flags)
{
	struct drm_nvdla_bo_sync sync = { .flags = DRM_NVDLA_SYNC_TO_DEVICE, .size = 4096 };
	uint32_t handle;

	EXPECT_EQ(-ENOENT, node_ioctl(self->fd, DRM_IOCTL_NVDLA_BO_SYNC, &sync));
	ASSERT_EQ(0, bo_create(self->fd, 4096, DRM_NVDLA_BO_CACHED, &handle));
	sync.handle = handle;
	EXPECT_EQ(0, node_ioctl(self->fd, DRM_IOCTL_NVDLA_BO_SYNC, &sync));
	sync.flags = DRM_NVDLA_SYNC_TO_DEVICE | DRM_NVDLA_SYNC_FROM_DEVICE;
	EXPECT_EQ(0, node_ioctl(self->fd, DRM_IOCTL_NVDLA_BO_SYNC, &sync));
	sync.flags = 0;
	EXPECT_EQ(-EINVAL, node_ioctl(self->fd, DRM_IOCTL_NVDLA_BO_SYNC, &sync));
	sync.flags = 4;
	EXPECT_EQ(-EINVAL, node_ioctl(self->fd, DRM_IOCTL_NVDLA_BO_SYNC, &sync));
	sync.flags = DRM_NVDLA_SYNC_TO_DEVICE;
	sync.size = 0;
	EXPECT_EQ(-EINVAL, node_ioctl(self->fd, DRM_IOCTL_NVDLA_BO_SYNC, &sync));
	sync.size = 4097;
	EXPECT_EQ(-EINVAL, node_ioctl(self->fd, DRM_IOCTL_NVDLA_BO_SYNC, &sync));
	sync.size = 1;
	sync.offset = 4096;
	EXPECT_EQ(-EINVAL, node_ioctl(self->fd, DRM_IOCTL_NVDLA_BO_SYNC, &sync));
	sync.offset = UINT64_MAX;
	sync.size = 2;
	EXPECT_EQ(-EINVAL, node_ioctl(self->fd, DRM_IOCTL_NVDLA_BO_SYNC, &sync));
}

TEST_F(node, wait_checks_flags)
{
	uint32_t handle;

	EXPECT_EQ(-ENOENT, bo_wait(self->fd, 4711, DRM_NVDLA_WAIT_READ, 0));
	ASSERT_EQ(0, bo_create(self->fd, 4096, 0, &handle));
	EXPECT_EQ(0, bo_wait(self->fd, handle, DRM_NVDLA_WAIT_READ, 0));
	EXPECT_EQ(0, bo_wait(self->fd, handle, DRM_NVDLA_WAIT_WRITE, 0));
	EXPECT_EQ(-EINVAL, bo_wait(self->fd, handle, 0, 0));
	EXPECT_EQ(-EINVAL, bo_wait(self->fd, handle, 4, 0));
}

TEST_F(node, handles_belong_to_their_file)
{
	struct drm_nvdla_bo_sync sync = { .flags = DRM_NVDLA_SYNC_TO_DEVICE, .size = 1 };
	uint32_t handle, state_handle;
	int other = node_open();

	ASSERT_GE(other, 0);
	ASSERT_EQ(0, bo_create(self->fd, 4096, 0, &handle));
	ASSERT_EQ(0, ctx_create(self->fd, DRM_NVDLA_PRIORITY_NORMAL, 0, 0, &state_handle));
	sync.handle = handle;
	EXPECT_EQ(-ENOENT, node_ioctl(other, DRM_IOCTL_NVDLA_BO_SYNC, &sync));
	EXPECT_EQ(-ENOENT, bo_wait(other, handle, DRM_NVDLA_WAIT_READ, 0));
	EXPECT_EQ(-EINVAL, bo_close(other, handle));
	EXPECT_EQ(-ENOENT, ctx_destroy(other, state_handle));
	close(other);
	EXPECT_EQ(-EBADF, node_ioctl(other, DRM_IOCTL_NVDLA_BO_SYNC, &sync));
}

TEST_F(node, sram_is_finite_and_cleared)
{
	uint32_t handles[64];
	unsigned int count = 0, i;
	unsigned char *map;
	uint64_t piece, k;
	int ret = 0;

	if (!self->info.sram_size)
		SKIP(return, "no SRAM");
	piece = self->info.sram_size / 8 & ~4095ULL;
	while (count < 64) {
		ret = bo_create(self->fd, piece, DRM_NVDLA_BO_SRAM, &handles[count]);
		if (ret)
			break;
		count++;
	}
	EXPECT_EQ(-ENOSPC, ret);
	EXPECT_GE(count, 7);
	for (i = 0; i < count; i++) {
		map = bo_map(self->fd, handles[i], piece);
		ASSERT_NE(NULL, map);
		for (k = 0; k < piece && !map[k]; k++)
			;
		EXPECT_EQ(piece, k);
		memset(map, 0x77, piece);
		munmap(map, piece);
		ASSERT_EQ(0, bo_close(self->fd, handles[i]));
	}
	/* What the last owner wrote is gone. */
	ASSERT_EQ(0, bo_create(self->fd, piece, DRM_NVDLA_BO_SRAM, &handles[0]));
	map = bo_map(self->fd, handles[0], piece);
	ASSERT_NE(NULL, map);
	for (k = 0; k < piece && !map[k]; k++)
		;
	EXPECT_EQ(piece, k) TH_LOG("byte %llu holds 0x%x", (unsigned long long)k, map[k]);
	/* An idle device would be suspended by now; what on-chip memory holds stays. */
	memset(map, 0x5a, piece);
	usleep(SUSPENDED_US);
	for (k = 0; k < piece && map[k] == 0x5a; k++)
		;
	EXPECT_EQ(piece, k) TH_LOG("byte %llu holds 0x%x", (unsigned long long)k, map[k]);
	munmap(map, piece);
}

TEST_HARNESS_MAIN
