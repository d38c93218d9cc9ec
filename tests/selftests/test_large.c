// SPDX-License-Identifier: MIT
/*
 * Buffers larger than any block of contiguous memory: they need an IOMMU, CMA
 * or memory set aside. With NVDLA_LARGE=1 in the environment they must work,
 * else it is no failure that there are none.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include "node.h"
#include "kselftest_harness.h"

#define LARGE	(64ULL << 20)
/* Odd on purpose; a multiple of what binds are aligned to. */
#define STEP	((1ULL << 20) + 12288)

FIXTURE(node)
{
	int fd;
	struct work work;
	uint32_t handle;
	uint8_t *map;
};

FIXTURE_VARIANT(node)
{
	uint32_t flags;
};

FIXTURE_VARIANT_ADD(node, combined)
{
	.flags = 0,
};

FIXTURE_VARIANT_ADD(node, cached)
{
	.flags = DRM_NVDLA_BO_CACHED,
};

FIXTURE_SETUP(node)
{
	int ret;

	self->fd = node_open();
	ASSERT_GE(self->fd, 0) TH_LOG("%s: %s", node_path(), strerror(-self->fd));
	ASSERT_EQ(0, work_open(&self->work, self->fd, &conv_engine_test, 1, 1));
	ret = bo_create(self->fd, LARGE, variant->flags, &self->handle);
	if (ret == -ENOMEM && !getenv("NVDLA_LARGE"))
		SKIP(return, "no IOMMU, not enough CMA");
	ASSERT_EQ(0, ret) TH_LOG("%s", strerror(-ret));
	self->map = bo_map(self->fd, self->handle, LARGE);
	ASSERT_NE(NULL, self->map);
}

FIXTURE_TEARDOWN(node)
{
	if (self->map)
		munmap(self->map, LARGE);
	work_close(&self->work);
	close(self->fd);
}

/* All slots lie in the one buffer, far apart, up to its last byte. */
TEST_F_TIMEOUT(node, jobs_reach_all_of_it, 180)
{
	struct work *work = &self->work;
	struct drm_nvdla_bo_sync sync = { .handle = self->handle, .size = LARGE };
	struct drm_nvdla_sync out = { .flags = DRM_NVDLA_SYNC_SIGNAL };
	uint32_t small[ENGINE_MAX_SLOTS], i;
	void *maps[ENGINE_MAX_SLOTS];
	uint64_t offset;

	for (offset = 0; offset < LARGE; offset += 4096) {
		if (self->map[offset])
			break;
	}
	EXPECT_EQ(LARGE, offset) TH_LOG("not zero at %#llx", (unsigned long long)offset);
	ASSERT_EQ(0, syncobj_create(self->fd, &out.handle));
	for (i = 0; i < work->slot_count; i++) {
		offset = i + 1 == work->slot_count ? (LARGE - work->binds[i].size) & ~4095ULL :
						     i * 15 * STEP;
		small[i] = work->binds[i].handle;
		work->binds[i].handle = self->handle;
		work->binds[i].offset = offset;
		maps[i] = self->map + offset;
	}
	conv_engine_test.prepare(&work->config, 7, maps);
	memset(maps[work->slot_count - 1], 0x55, work->binds[work->slot_count - 1].size);
	sync.flags = DRM_NVDLA_SYNC_TO_DEVICE;
	ASSERT_EQ(0, node_ioctl(self->fd, DRM_IOCTL_NVDLA_BO_SYNC, &sync));
	ASSERT_EQ(0, work_submit(work, 0, &out, 1));
	ASSERT_EQ(0, syncobj_wait(self->fd, out.handle, LONG));
	EXPECT_EQ(0, syncobj_result(self->fd, out.handle));
	sync.flags = DRM_NVDLA_SYNC_FROM_DEVICE;
	ASSERT_EQ(0, node_ioctl(self->fd, DRM_IOCTL_NVDLA_BO_SYNC, &sync));
	EXPECT_EQ(0, conv_engine_test.wrong(&work->config, 7, maps));
	for (i = 0; i < work->slot_count; i++)
		work->binds[i].handle = small[i];
}

TEST_HARNESS_MAIN
