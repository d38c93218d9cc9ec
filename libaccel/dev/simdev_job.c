// SPDX-License-Identifier: MIT
/*
 * sim backend: submission, who waits for whom, and which task goes next.
 */
#include <stdlib.h>
#include <string.h>

#include "deadline.h"
#include "simdev.h"

#define PAGE	UINT64_C(4096)
/* Unmapped bytes at least between two slots. */
#define GUARD	PAGE

static void recorder_put(struct simdev_recorder *recorder)
{
	if (recorder && atomic_fetch_sub(&recorder->refs, 1) == 1)
		free(recorder);
}

void simdev_job_release(struct accel_job *job)
{
	recorder_put(job->recorder);
}

static int recorder_claim(struct accel_job *job)
{
	uint32_t count = job->program->op_count;
	struct simdev_recorder *recorder = job->recorder;

	if (!recorder) {
		recorder = calloc(1, sizeof(*recorder) + count * sizeof(recorder->ops[0]));
		if (!recorder)
			return accel_error_memory("a profile");
		atomic_init(&recorder->refs, 1);
		recorder->count = count;
		job->recorder = recorder;
	}
	if (atomic_exchange(&recorder->busy, true))
		return accel_error_set(-EBUSY, "the job is still being profiled");
	memset(recorder->ops, 0, recorder->count * sizeof(recorder->ops[0]));
	atomic_fetch_add(&recorder->refs, 1);

	return 0;
}

int simdev_job_profile(struct accel_job *job, struct accel_op_profile *profiles, uint32_t count)
{
	struct simdev_recorder *recorder = job->recorder;

	if (atomic_load(&recorder->busy))
		return accel_error_set(-EBUSY, "the job has not ended yet");
	if (!atomic_load(&recorder->filled))
		return accel_error_set(-ENODATA, "the job never ran with PROFILE");
	memcpy(profiles, recorder->ops,
	       (count < recorder->count ? count : recorder->count) * sizeof(*profiles));

	return recorder->count;
}

void simdev_task_free(struct simdev_task *task)
{
	struct simdev_context *context = task->context;
	uint32_t i;

	for (i = 0; i < task->program->base.slot_count; i++)
		accel_bo_unref(task->binds[i].bo);
	recorder_put(task->recorder);
	if (task->fence)
		accel_fence_unref(&task->fence->base);
	accel_program_unref(&task->program->base);
	free(task->links);
	free(task->bindings);
	free(task->windows);
	free(task);
	/* Last: this may be what keeps the device. */
	accel_context_unref(&context->base);
}

/*
 * Give every bound slot in one kind of memory an address of its own, from *next
 * on, with unmapped bytes around it.
 */
static void map_slots(struct simdev_task *task, bool sram, uint64_t *next)
{
	const struct accel_program *program = &task->program->base;
	uint32_t i;

	for (i = 0; i < program->slot_count; i++) {
		const struct accel_bind *bind = &task->binds[i];
		struct simdev_window *window = &task->windows[task->window_count];

		if (!bind->bo || sram != !!(bind->bo->flags & ACCEL_BO_SRAM))
			continue;
		*window = (struct simdev_window){
			.addr = *next + bind->offset % PAGE,
			.size = bind->size,
			.memory = (uint8_t *)host_bo(bind->bo)->memory + bind->offset,
			.port = sram ? NPUSIM_CVIF : NPUSIM_MCIF,
			.access = program->slots[i].access,
		};
		task->bindings[i] = (struct nvdla_binding){
			.addr = window->addr,
			.size = window->size,
			.sram = sram,
		};
		*next = (window->addr + window->size + GUARD + PAGE - 1) & ~(PAGE - 1);
		task->window_count++;
	}
}

/* Cores with wide addresses get some that need the high registers. */
static int map_memory(struct simdev_device *device, struct simdev_task *task)
{
	const struct accel_program *program = &task->program->base;
	const struct nvdla_config *config = &device->host.base.config;
	uint64_t next = config->address_bits > 32 ? UINT64_C(0x12) << 32 : PAGE;

	task->bindings = calloc(program->slot_count + 1, sizeof(*task->bindings));
	task->windows = calloc(program->slot_count + 1, sizeof(*task->windows));
	if (!task->bindings || !task->windows)
		return accel_error_memory("a submission");

	map_slots(task, false, &next);
	/* In the same place in all jobs: a script has one range behind the second port. */
	if (next < simdev_sram_base(config))
		next = simdev_sram_base(config);
	map_slots(task, true, &next);
	if (nvdla_program_check_bindings(task->program->valid, task->bindings))
		return accel_error_set(-EINVAL, "the buffers exceed %u bits of address, or SRAM and "
				       "other memory would share a port", config->address_bits);

	return 0;
}

/* Forget the users of a buffer that are done with it. */
static void prune_users(struct host_bo *bo)
{
	size_t i, kept = 0;

	for (i = 0; i < bo->user_count; i++) {
		if (simdev_fence(bo->users[i].fence)->status == SIMDEV_PENDING)
			bo->users[kept++] = bo->users[i];
		else
			accel_fence_unref(bo->users[i].fence);
	}
	bo->user_count = kept;
}

static int reserve_user(struct host_bo *bo)
{
	struct host_bo_user *users;
	size_t room;

	if (bo->user_count < bo->user_room)
		return 0;
	room = bo->user_room ? bo->user_room * 2 : 4;
	users = realloc(bo->users, room * sizeof(*users));
	if (!users)
		return -ENOMEM;
	bo->users = users;
	bo->user_room = room;

	return 0;
}

/* Who reads waits for who writes; who writes waits for everybody. */
static bool conflicts(uint32_t access, const struct host_bo_user *user)
{
	return (access | user->access) & ACCEL_ACCESS_WRITE;
}

static void add_wait(struct simdev_task *task, struct simdev_link **link,
		     struct simdev_fence *fence)
{
	if (fence->status != SIMDEV_PENDING || fence == task->fence)
		return;
	(*link)->task = task;
	(*link)->next = fence->waiters;
	fence->waiters = (*link)++;
	task->pending++;
}

/* Find out what a task waits for and queue it; lock held. Fails before any change. */
static int enqueue(struct simdev_device *device, struct simdev_task *task, uint32_t flags,
		   struct accel_fence *const *waits, size_t wait_count)
{
	struct accel_program *program = &task->program->base;
	struct simdev_context *context = task->context;
	size_t link_count = wait_count, i, k;
	struct simdev_link *link;

	if (context->state.guilty)
		return accel_error_set(-EIO, "the context is lost: one of its jobs hung or faulted");

	/* The same buffer may be in several slots: each needs its own entry. */
	for (i = 0; i < program->slot_count; i++) {
		struct host_bo *bo = task->binds[i].bo ? host_bo(task->binds[i].bo) : NULL;

		if (!bo)
			continue;
		prune_users(bo);
		link_count += bo->user_count;
	}
	task->links = malloc((link_count + 1) * sizeof(*task->links));
	if (!task->links)
		return accel_error_memory("a submission");
	for (i = 0; i < program->slot_count; i++) {
		struct host_bo *bo = task->binds[i].bo ? host_bo(task->binds[i].bo) : NULL;

		if (!bo || !program->slots[i].access)
			continue;
		if (reserve_user(bo))
			goto undo;
		bo->users[bo->user_count++] = (struct host_bo_user){
			.fence = accel_fence_ref(&task->fence->base),
			.access = program->slots[i].access,
		};
	}

	link = task->links;
	for (i = 0; i < wait_count; i++)
		add_wait(task, &link, simdev_fence(waits[i]));
	for (i = 0; !(flags & ACCEL_JOB_NO_IMPLICIT) && i < program->slot_count; i++) {
		struct host_bo *bo = task->binds[i].bo ? host_bo(task->binds[i].bo) : NULL;

		for (k = 0; bo && k < bo->user_count; k++) {
			if (conflicts(program->slots[i].access, &bo->users[k]))
				add_wait(task, &link, simdev_fence(bo->users[k].fence));
		}
	}

	task->seq = device->seq++;
	*context->tail = task;
	context->tail = &task->next;
	context->state.jobs_queued++;
	pthread_cond_broadcast(&device->work);

	return 0;

undo:
	/* Entries of a fence that nobody waits for do no harm once it signals. */
	simdev_fence_signal(task->fence, -ENOMEM, "out of memory");

	return accel_error_memory("a submission");
}

int simdev_job_submit(struct accel_job *job, struct accel_context *base, uint32_t flags,
		      struct accel_fence *const *waits, size_t wait_count,
		      struct accel_fence **fence)
{
	struct simdev_device *device = simdev(base->device);
	uint32_t slot_count = job->program->slot_count;
	struct simdev_task *task;
	uint32_t i;
	int ret;

	task = calloc(1, sizeof(*task) + slot_count * sizeof(task->binds[0]));
	if (!task)
		return accel_error_memory("a submission");
	task->context = container_of(base, struct simdev_context, base);
	task->program = container_of(job->program, struct simdev_program, base);
	task->fail_op = UINT32_MAX;
	accel_context_ref(base);
	accel_program_ref(job->program);
	for (i = 0; i < slot_count; i++) {
		task->binds[i] = job->binds[i];
		if (task->binds[i].bo)
			accel_bo_ref(task->binds[i].bo);
	}
	ret = simdev_fence_create(device, &task->fence);
	if (ret)
		goto free_task;
	ret = map_memory(device, task);
	if (ret)
		goto free_task;
	if (flags & ACCEL_JOB_PROFILE) {
		ret = recorder_claim(job);
		if (ret)
			goto free_task;
		task->recorder = job->recorder;
	}

	/* The job may end before the lock is released. */
	if (fence)
		*fence = accel_fence_ref(&task->fence->base);
	pthread_mutex_lock(&device->lock);
	ret = enqueue(device, task, flags, waits, wait_count);
	pthread_mutex_unlock(&device->lock);
	if (!ret)
		return 0;

	if (fence) {
		accel_fence_unref(*fence);
		*fence = NULL;
	}
	if (task->recorder)
		atomic_store(&task->recorder->busy, false);
free_task:
	simdev_task_free(task);

	return ret;
}

struct simdev_task *simdev_task_pick(struct simdev_core *core)
{
	struct simdev_context *context, *best = NULL;
	struct simdev_task *task;

	for (context = core->device->contexts; context; context = context->next) {
		if (!context->head || context->head->pending ||
		    !(context->params.core_mask >> core->index & 1))
			continue;
		if (!best || context->params.priority > best->params.priority ||
		    (context->params.priority == best->params.priority &&
		     context->head->seq < best->head->seq))
			best = context;
	}
	if (!best)
		return NULL;

	task = best->head;
	best->head = task->next;
	if (!best->head)
		best->tail = &best->head;
	/* What comes behind it may be for another core. */
	else if (!best->head->pending)
		pthread_cond_broadcast(&core->device->work);

	return task;
}

void simdev_task_finish(struct simdev_task *task, int status, const char *text)
{
	struct simdev_context *context = task->context;

	context->state.jobs_done++;
	if (status && status != -ECANCELED && !context->state.guilty) {
		context->state.guilty = true;
		context->state.reset = true;
		context->state.fail_code = status;
		context->state.fail_op = task->fail_op;
	}
	if (task->recorder) {
		atomic_store(&task->recorder->filled, true);
		atomic_store(&task->recorder->busy, false);
	}
	simdev_fence_signal(task->fence, status, text);
}

int simdev_bo_wait(struct accel_bo *base, uint32_t access, int64_t timeout_ns)
{
	struct simdev_device *device = simdev(base->device);
	struct host_bo *bo = host_bo(base);
	int64_t deadline = deadline_after(timeout_ns);
	struct timespec until = deadline_timespec(deadline);
	bool busy = true;
	int ret = 0;
	size_t i;

	pthread_mutex_lock(&device->lock);
	while (!ret && busy) {
		prune_users(bo);
		busy = false;
		for (i = 0; i < bo->user_count; i++)
			busy |= conflicts(access, &bo->users[i]);
		if (busy && (!deadline ||
			     pthread_cond_timedwait(&device->done, &device->lock, &until)))
			ret = -ETIMEDOUT;
	}
	pthread_mutex_unlock(&device->lock);

	return ret ? accel_error_set(ret, "the buffer is still in use") : 0;
}
