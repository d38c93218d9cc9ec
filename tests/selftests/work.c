// SPDX-License-Identifier: MIT
/*
 * An engine's operation with its buffers, ready to be submitted.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "node.h"

static uint64_t mapped_size(const struct work *work, uint32_t slot)
{
	uint64_t page = sysconf(_SC_PAGESIZE);

	return (work->slots[slot].min_size + page - 1) & ~(page - 1);
}

static int make_program(struct work *work, unsigned int times)
{
	struct drm_nvdla_program_create create;
	struct builder b;
	unsigned int i;
	int ret;

	builder_init(&b, &work->config);
	for (i = 0; i < times; i++) {
		work->test->append(&b);
		if (i)
			builder_dep(&b, i - 1);
	}
	/* Repeating an operation with tables would repeat the tables. */
	for (i = 0; i < b.op_count && b.lut_count > 1; i++)
		b.ops[i].lut = 0;
	if (b.lut_count > 1)
		b.lut_count = 1;
	work->slot_count = b.slot_count;
	memset(work->slots, 0, sizeof(work->slots));
	ret = program_create(work->fd, &b, work->slots, b.slot_count, &create);
	work->program = create.handle;
	builder_fini(&b);

	return ret;
}

int work_open(struct work *work, int fd, const struct engine_test *test, uint32_t seed,
	      unsigned int times)
{
	uint32_t i;
	int ret;

	memset(work, 0, sizeof(*work));
	work->fd = fd;
	work->test = test;
	work->seed = seed;
	ret = node_query(fd, &work->info, &work->config);
	if (!ret)
		ret = make_program(work, times);
	if (!ret)
		ret = ctx_create(fd, DRM_NVDLA_PRIORITY_NORMAL, 0, 0, &work->ctx);
	for (i = 0; !ret && i < work->slot_count; i++) {
		ret = bo_create(fd, work->slots[i].min_size, 0, &work->binds[i].handle);
		if (ret)
			break;
		work->binds[i].size = work->slots[i].min_size;
		work->maps[i] = bo_map(fd, work->binds[i].handle, mapped_size(work, i));
		if (!work->maps[i])
			ret = -errno;
	}
	if (!ret)
		test->prepare(&work->config, seed, work->maps);

	return ret;
}

void work_close(struct work *work)
{
	uint32_t i;

	for (i = 0; i < work->slot_count; i++) {
		if (work->maps[i])
			munmap(work->maps[i], mapped_size(work, i));
		if (work->binds[i].handle)
			bo_close(work->fd, work->binds[i].handle);
	}
	if (work->program)
		program_destroy(work->fd, work->program);
	if (work->ctx)
		ctx_destroy(work->fd, work->ctx);
}

int work_context(struct work *work, uint32_t priority, uint32_t core_mask, uint32_t timeout_ms)
{
	int ret = ctx_destroy(work->fd, work->ctx);

	if (!ret)
		ret = ctx_create(work->fd, priority, core_mask, timeout_ms, &work->ctx);

	return ret;
}

int work_submit(struct work *work, uint32_t flags, const struct drm_nvdla_sync *syncs,
		uint32_t sync_count)
{
	struct drm_nvdla_job job = {
		.program = work->program,
		.flags = flags,
		.binds = ARRAY(work->binds, work->slot_count),
		.syncs = ARRAY(syncs, sync_count),
	};
	struct drm_nvdla_submit submit = {
		.ctx = work->ctx,
		.jobs = ARRAY(&job, 1),
	};

	return node_ioctl(work->fd, DRM_IOCTL_NVDLA_SUBMIT, &submit);
}

void work_spoil(struct work *work)
{
	memset(work->maps[work->slot_count - 1], 0x55, work->slots[work->slot_count - 1].min_size);
}

long work_wrong(struct work *work)
{
	return work->test->wrong(&work->config, work->seed, work->maps);
}

long work_run(struct work *work)
{
	struct drm_nvdla_sync out = { .flags = DRM_NVDLA_SYNC_SIGNAL };
	int ret;

	ret = syncobj_create(work->fd, &out.handle);
	if (ret)
		return ret;
	work_spoil(work);
	ret = work_submit(work, 0, &out, 1);
	if (!ret)
		ret = syncobj_wait(work->fd, out.handle, LONG);
	if (!ret)
		ret = syncobj_result(work->fd, out.handle);
	syncobj_destroy(work->fd, out.handle);

	return ret ? ret : work_wrong(work);
}
