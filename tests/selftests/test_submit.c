// SPDX-License-Identifier: MIT
/*
 * Contexts and jobs: every engine's result, bad submissions, fences of all
 * kinds, profiles.
 */
#include "node.h"
#include "kselftest_harness.h"

FIXTURE(work)
{
	int fd;
	struct work work;
};

FIXTURE_SETUP(work)
{
	self->fd = node_open();
	ASSERT_GE(self->fd, 0) TH_LOG("%s: %s", node_path(), strerror(-self->fd));
	ASSERT_EQ(0, work_open(&self->work, self->fd, &conv_engine_test, 1, 1));
}

FIXTURE_TEARDOWN(work)
{
	work_close(&self->work);
	close(self->fd);
}

TEST_F_TIMEOUT(work, every_engine_computes, 120)
{
	const struct engine_test *const *test;

	for (test = engine_tests; *test; test++) {
		struct work work;

		if (!engine_test_possible(*test, &self->work.config))
			continue;
		ASSERT_EQ(0, work_open(&work, self->fd, *test, 3, 1)) TH_LOG("%s", (*test)->name);
		EXPECT_EQ(0, work_run(&work)) TH_LOG("%s", (*test)->name);
		/* Again, now with the other register groups. */
		EXPECT_EQ(0, work_run(&work)) TH_LOG("%s, second time", (*test)->name);
		work_close(&work);
	}
}

TEST_F_TIMEOUT(work, long_programs_use_both_groups, 120)
{
	struct work work;

	ASSERT_EQ(0, work_open(&work, self->fd, &conv_engine_test, 4, 65));
	EXPECT_EQ(0, work_run(&work));
	work_close(&work);
	ASSERT_EQ(0, work_open(&work, self->fd, &cdp_engine_test, 4, 33));
	EXPECT_EQ(0, work_run(&work));
	work_close(&work);
}

TEST_F(work, contexts_are_checked)
{
	struct drm_nvdla_ctx_get_state state;
	struct drm_nvdla_ctx_destroy destroy;
	uint32_t cores = self->work.info.core_count, handle, other;

	EXPECT_EQ(-EINVAL, ctx_create(self->fd, 3, 0, 0, &handle));
	EXPECT_EQ(-EINVAL, ctx_create(self->fd, UINT32_MAX, 0, 0, &handle));
	if (cores < 32)
		EXPECT_EQ(-EINVAL, ctx_create(self->fd, DRM_NVDLA_PRIORITY_NORMAL, 1u << cores, 0,
					      &handle));
	EXPECT_EQ(-EINVAL, ctx_create(self->fd, DRM_NVDLA_PRIORITY_NORMAL, 0,
				      self->work.info.max_timeout_ms + 1, &handle));
	ASSERT_EQ(0, ctx_create(self->fd, DRM_NVDLA_PRIORITY_LOW, 1,
				self->work.info.max_timeout_ms, &handle));
	ASSERT_EQ(0, ctx_create(self->fd, DRM_NVDLA_PRIORITY_NORMAL, 0, 0, &other));
	EXPECT_NE(handle, other);
	EXPECT_EQ(0, ctx_state(self->fd, handle, &state));
	EXPECT_EQ(0, state.flags);
	EXPECT_EQ(0, state.jobs_queued);
	destroy.handle = handle;
	destroy.pad = 1;
	EXPECT_EQ(-EINVAL, node_ioctl(self->fd, DRM_IOCTL_NVDLA_CTX_DESTROY, &destroy));
	EXPECT_EQ(0, ctx_destroy(self->fd, handle));
	EXPECT_EQ(-ENOENT, ctx_destroy(self->fd, handle));
	EXPECT_EQ(-ENOENT, ctx_state(self->fd, handle, &state));
	EXPECT_EQ(-ENOENT, ctx_destroy(self->fd, 0));
}

TEST_F(work, high_priority_needs_permission)
{
	uint32_t handle;

	if (geteuid())
		SKIP(return, "not root");
	EXPECT_EQ(0, ctx_create(self->fd, DRM_NVDLA_PRIORITY_HIGH, 0, 0, &handle));
	ASSERT_EQ(0, seteuid(65534));
	EXPECT_EQ(-EACCES, ctx_create(self->fd, DRM_NVDLA_PRIORITY_HIGH, 0, 0, &handle));
	EXPECT_EQ(0, ctx_create(self->fd, DRM_NVDLA_PRIORITY_NORMAL, 0, 0, &handle));
	ASSERT_EQ(0, seteuid(0));
}

/* Submit with one thing wrong. */
static int submit_job(struct work *work, struct drm_nvdla_job *job)
{
	struct drm_nvdla_submit submit = { .ctx = work->ctx, .jobs = ARRAY(job, 1) };

	return node_ioctl(work->fd, DRM_IOCTL_NVDLA_SUBMIT, &submit);
}

TEST_F(work, bad_jobs_are_refused)
{
	struct work *work = &self->work;
	struct drm_nvdla_job good = {
		.program = work->program,
		.binds = ARRAY(work->binds, work->slot_count),
	};
	struct drm_nvdla_job job;

	job = good;
	job.program = 4711;
	EXPECT_EQ(-ENOENT, submit_job(work, &job));
	job = good;
	job.flags = 0x80;
	EXPECT_EQ(-EINVAL, submit_job(work, &job));
	job = good;
	job.pad = 1;
	EXPECT_EQ(-EINVAL, submit_job(work, &job));
	job = good;
	job.perfmon = 1;
	EXPECT_LT(submit_job(work, &job), 0);
	job = good;
	job.flags = DRM_NVDLA_JOB_PROFILE;
	job.perfmon = 4711;
	EXPECT_EQ(-ENOENT, submit_job(work, &job));
	job = good;
	job.binds.count--;
	EXPECT_EQ(-EINVAL, submit_job(work, &job));
	job = good;
	job.binds.count = 0;
	EXPECT_EQ(-EINVAL, submit_job(work, &job));
	job = good;
	job.binds.count = UINT32_MAX;
	EXPECT_LT(submit_job(work, &job), 0);
	job = good;
	job.binds.array = 16;
	EXPECT_EQ(-EFAULT, submit_job(work, &job));
	job = good;
	job.binds.stride = 1;
	EXPECT_EQ(-EINVAL, submit_job(work, &job));
	job = good;
	job.syncs.count = UINT32_MAX;
	job.syncs.stride = sizeof(struct drm_nvdla_sync);
	EXPECT_LT(submit_job(work, &job), 0);
	EXPECT_EQ(0, work_run(work));
}

TEST_F(work, bad_submissions_are_refused)
{
	struct work *work = &self->work;
	struct drm_nvdla_job job = {
		.program = work->program,
		.binds = ARRAY(work->binds, work->slot_count),
	};
	struct drm_nvdla_submit good = { .ctx = work->ctx, .jobs = ARRAY(&job, 1) }, submit;

	submit = good;
	submit.ctx = 4711;
	EXPECT_EQ(-ENOENT, node_ioctl(self->fd, DRM_IOCTL_NVDLA_SUBMIT, &submit));
	submit = good;
	submit.flags = 1;
	EXPECT_EQ(-EINVAL, node_ioctl(self->fd, DRM_IOCTL_NVDLA_SUBMIT, &submit));
	submit = good;
	submit.pad = 1;
	EXPECT_EQ(-EINVAL, node_ioctl(self->fd, DRM_IOCTL_NVDLA_SUBMIT, &submit));
	submit = good;
	submit.jobs.count = 0;
	EXPECT_EQ(-EINVAL, node_ioctl(self->fd, DRM_IOCTL_NVDLA_SUBMIT, &submit));
	submit = good;
	submit.jobs.count = UINT32_MAX;
	EXPECT_EQ(-E2BIG, node_ioctl(self->fd, DRM_IOCTL_NVDLA_SUBMIT, &submit));
	submit = good;
	submit.jobs.array = 0x1000;
	EXPECT_EQ(-EFAULT, node_ioctl(self->fd, DRM_IOCTL_NVDLA_SUBMIT, &submit));
	submit = good;
	submit.jobs.stride = 5;
	EXPECT_EQ(-EINVAL, node_ioctl(self->fd, DRM_IOCTL_NVDLA_SUBMIT, &submit));
}

TEST_F(work, binds_are_checked)
{
	struct work *work = &self->work;
	uint32_t i;

	for (i = 0; i < work->slot_count; i++) {
		struct drm_nvdla_bind *bind = &work->binds[i], saved = *bind;

		bind->size = work->slots[i].min_size - 1;
		EXPECT_EQ(-EINVAL, work_submit(work, 0, NULL, 0)) TH_LOG("slot %u", i);
		*bind = saved;
		bind->size = 1ULL << 40;
		EXPECT_EQ(-EINVAL, work_submit(work, 0, NULL, 0)) TH_LOG("slot %u", i);
		bind->size = UINT64_MAX;
		EXPECT_EQ(-EINVAL, work_submit(work, 0, NULL, 0)) TH_LOG("slot %u", i);
		*bind = saved;
		bind->offset = 1ULL << 40;
		EXPECT_EQ(-EINVAL, work_submit(work, 0, NULL, 0)) TH_LOG("slot %u", i);
		bind->offset = -(uint64_t)work->info.bind_align;
		EXPECT_EQ(-EINVAL, work_submit(work, 0, NULL, 0)) TH_LOG("slot %u", i);
		*bind = saved;
		bind->offset = 1;
		EXPECT_EQ(-EINVAL, work_submit(work, 0, NULL, 0)) TH_LOG("slot %u", i);
		bind->offset = work->info.bind_align / 2;
		EXPECT_EQ(-EINVAL, work_submit(work, 0, NULL, 0)) TH_LOG("slot %u", i);
		*bind = saved;
		bind->handle = 4711;
		EXPECT_EQ(-ENOENT, work_submit(work, 0, NULL, 0)) TH_LOG("slot %u", i);
		bind->handle = 0;
		EXPECT_LT(work_submit(work, 0, NULL, 0), 0) TH_LOG("slot %u", i);
		*bind = saved;
		bind->pad = 1;
		EXPECT_EQ(-EINVAL, work_submit(work, 0, NULL, 0)) TH_LOG("slot %u", i);
		*bind = saved;
	}
	EXPECT_EQ(0, work_run(work));
}

TEST_F(work, syncs_are_checked)
{
	struct drm_nvdla_sync sync = { .flags = DRM_NVDLA_SYNC_WAIT, .handle = 4711 };
	struct work *work = &self->work;
	uint32_t empty;

	EXPECT_EQ(-ENOENT, work_submit(work, 0, &sync, 1));
	ASSERT_EQ(0, syncobj_create(self->fd, &empty));
	sync.handle = empty;
	EXPECT_LT(work_submit(work, 0, &sync, 1), 0) TH_LOG("waits for a fence that never was");
	sync.flags = 0;
	EXPECT_EQ(-EINVAL, work_submit(work, 0, &sync, 1));
	sync.flags = DRM_NVDLA_SYNC_WAIT | DRM_NVDLA_SYNC_SIGNAL;
	EXPECT_EQ(-EINVAL, work_submit(work, 0, &sync, 1));
	sync.flags = DRM_NVDLA_SYNC_SIGNAL | 0x100;
	EXPECT_EQ(-EINVAL, work_submit(work, 0, &sync, 1));
	sync.flags = DRM_NVDLA_SYNC_SIGNAL | DRM_NVDLA_SYNC_TIMELINE;
	EXPECT_EQ(-EINVAL, work_submit(work, 0, &sync, 1)) TH_LOG("signals point 0");
	sync.flags = DRM_NVDLA_SYNC_SIGNAL;
	sync.point = 1;
	EXPECT_EQ(-EINVAL, work_submit(work, 0, &sync, 1)) TH_LOG("a point of no timeline");
	/* Nothing of all that has left a fence behind. */
	EXPECT_EQ(-EINVAL, syncobj_wait(self->fd, empty, 0));
}

TEST_F(work, jobs_wait_for_timelines)
{
	struct drm_nvdla_sync syncs[2] = {
		{ .flags = DRM_NVDLA_SYNC_WAIT | DRM_NVDLA_SYNC_TIMELINE, .point = 3 },
		{ .flags = DRM_NVDLA_SYNC_SIGNAL | DRM_NVDLA_SYNC_TIMELINE, .point = 1ULL << 40 },
	};
	struct work *work = &self->work;
	uint64_t point = 0;
	uint32_t in, out;

	ASSERT_EQ(0, syncobj_create(self->fd, &in));
	ASSERT_EQ(0, syncobj_create(self->fd, &out));
	syncs[0].handle = in;
	syncs[1].handle = out;
	EXPECT_LT(work_submit(work, 0, syncs, 2), 0) TH_LOG("point 3 does not exist yet");

	ASSERT_EQ(0, timeline_signal(self->fd, in, 3));
	work_spoil(work);
	ASSERT_EQ(0, work_submit(work, 0, syncs, 2));
	EXPECT_EQ(0, timeline_wait(self->fd, out, 1ULL << 40, 0, LONG));
	EXPECT_EQ(0, timeline_query(self->fd, out, &point));
	EXPECT_EQ(1ULL << 40, point);
	EXPECT_EQ(0, work_wrong(work));

	/* A chain of jobs over points of one timeline. */
	syncs[0] = (struct drm_nvdla_sync){
		.flags = DRM_NVDLA_SYNC_WAIT | DRM_NVDLA_SYNC_TIMELINE,
		.handle = out, .point = 1ULL << 40,
	};
	for (point = 1; point < 20; point++) {
		syncs[1].point = (1ULL << 40) + point;
		ASSERT_EQ(0, work_submit(work, 0, syncs, 2));
		syncs[0].point = syncs[1].point;
	}
	EXPECT_EQ(0, timeline_wait(self->fd, out, syncs[1].point, 0, LONG));
	EXPECT_EQ(0, work_wrong(work));
}

/* Two contexts, two buffers in common: one writes what the other reads. */
TEST_F(work, implicit_fences_order_writers)
{
	struct drm_nvdla_ctx_get_state state;
	struct work *work = &self->work;
	uint32_t contexts[2], first = work->ctx;
	int i;

	ASSERT_EQ(0, ctx_create(self->fd, DRM_NVDLA_PRIORITY_NORMAL, 0, 0, &contexts[0]));
	ASSERT_EQ(0, ctx_create(self->fd, DRM_NVDLA_PRIORITY_LOW, 0, 0, &contexts[1]));
	work_spoil(work);
	for (i = 0; i < 20; i++) {
		work->ctx = contexts[i % 2];
		ASSERT_EQ(0, work_submit(work, 0, NULL, 0));
	}
	work->ctx = first;
	EXPECT_EQ(0, bo_wait(self->fd, work->binds[work->slot_count - 1].handle,
			     DRM_NVDLA_WAIT_READ, LONG));
	EXPECT_EQ(0, work_wrong(work));
	EXPECT_EQ(0, bo_wait(self->fd, work->binds[0].handle, DRM_NVDLA_WAIT_WRITE, LONG));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, ctx_state(self->fd, contexts[i], &state));
		EXPECT_EQ(10, state.jobs_queued);
		EXPECT_EQ(10, state.jobs_done);
		EXPECT_EQ(0, state.flags);
	}
}

TEST_F(work, several_jobs_in_one_submission)
{
	struct work *work = &self->work;
	struct drm_nvdla_job jobs[4];
	struct drm_nvdla_submit submit = { .ctx = work->ctx, .jobs = ARRAY(jobs, 4) };
	int i;

	for (i = 0; i < 4; i++)
		jobs[i] = (struct drm_nvdla_job){
			.program = work->program,
			.binds = ARRAY(work->binds, work->slot_count),
		};
	work_spoil(work);
	ASSERT_EQ(0, node_ioctl(self->fd, DRM_IOCTL_NVDLA_SUBMIT, &submit));
	EXPECT_EQ(4, submit.jobs_queued);
	/* Those before a bad one stay queued. */
	jobs[2].program = 4711;
	EXPECT_EQ(-ENOENT, node_ioctl(self->fd, DRM_IOCTL_NVDLA_SUBMIT, &submit));
	EXPECT_EQ(2, submit.jobs_queued);
	EXPECT_EQ(0, bo_wait(self->fd, work->binds[work->slot_count - 1].handle,
			     DRM_NVDLA_WAIT_READ, LONG));
	EXPECT_EQ(0, work_wrong(work));
}

TEST_F(work, objects_outlive_their_handles)
{
	struct drm_nvdla_sync out = { .flags = DRM_NVDLA_SYNC_SIGNAL };
	struct work work;
	uint32_t i;

	ASSERT_EQ(0, work_open(&work, self->fd, &conv_engine_test, 9, 200));
	ASSERT_EQ(0, syncobj_create(self->fd, &out.handle));
	work_spoil(&work);
	ASSERT_EQ(0, work_submit(&work, 0, &out, 1));
	/* The mappings stay, everything else goes while the job runs. */
	EXPECT_EQ(0, program_destroy(self->fd, work.program));
	EXPECT_EQ(0, ctx_destroy(self->fd, work.ctx));
	for (i = 0; i < work.slot_count; i++)
		EXPECT_EQ(0, bo_close(self->fd, work.binds[i].handle));
	EXPECT_EQ(0, syncobj_wait(self->fd, out.handle, LONG));
	EXPECT_EQ(0, syncobj_result(self->fd, out.handle));
	EXPECT_EQ(0, work_wrong(&work));
}

TEST_F(work, profiles_tell_the_time)
{
	struct drm_nvdla_perfmon_create create = { .max_ops = 5 };
	struct drm_nvdla_op_profile values[8] = { 0 };
	struct drm_nvdla_perfmon_get_values get = { .values = ARRAY(values, 8) };
	struct drm_nvdla_perfmon_destroy destroy = { 0 };
	struct drm_nvdla_job job = { .flags = DRM_NVDLA_JOB_PROFILE };
	struct work work;
	int i;

	EXPECT_EQ(-ENOENT, node_ioctl(self->fd, DRM_IOCTL_NVDLA_PERFMON_GET_VALUES, &get));
	create.flags = 1;
	EXPECT_EQ(-EINVAL, node_ioctl(self->fd, DRM_IOCTL_NVDLA_PERFMON_CREATE, &create));
	create.flags = 0;
	create.max_ops = 0;
	EXPECT_EQ(-EINVAL, node_ioctl(self->fd, DRM_IOCTL_NVDLA_PERFMON_CREATE, &create));
	create.max_ops = UINT32_MAX;
	EXPECT_EQ(-E2BIG, node_ioctl(self->fd, DRM_IOCTL_NVDLA_PERFMON_CREATE, &create));
	create.max_ops = 5;
	ASSERT_EQ(0, node_ioctl(self->fd, DRM_IOCTL_NVDLA_PERFMON_CREATE, &create));

	ASSERT_EQ(0, work_open(&work, self->fd, &conv_engine_test, 2, 5));
	job.program = work.program;
	job.perfmon = create.handle;
	job.binds = ARRAY(work.binds, work.slot_count);
	ASSERT_EQ(0, submit_job(&work, &job));
	ASSERT_EQ(0, bo_wait(self->fd, work.binds[work.slot_count - 1].handle,
			     DRM_NVDLA_WAIT_READ, LONG));
	get.handle = create.handle;
	ASSERT_EQ(0, node_ioctl(self->fd, DRM_IOCTL_NVDLA_PERFMON_GET_VALUES, &get));
	EXPECT_EQ(5, get.op_count);
	for (i = 0; i < 5; i++) {
		EXPECT_GT(values[i].end_ns, values[i].start_ns);
		EXPECT_EQ(DRM_NVDLA_ENGINE_CONV | DRM_NVDLA_ENGINE_SDP, values[i].engines);
		EXPECT_LT(values[i].core, work.info.core_count);
		if (i)
			EXPECT_GE(values[i].end_ns, values[i - 1].end_ns);
	}
	EXPECT_EQ(0, values[5].end_ns);
	destroy.handle = create.handle;
	EXPECT_EQ(0, node_ioctl(self->fd, DRM_IOCTL_NVDLA_PERFMON_DESTROY, &destroy));
	EXPECT_EQ(-ENOENT, node_ioctl(self->fd, DRM_IOCTL_NVDLA_PERFMON_DESTROY, &destroy));
	work_close(&work);
}

TEST_HARNESS_MAIN
