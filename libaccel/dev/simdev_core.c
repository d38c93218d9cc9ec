// SPDX-License-Identifier: MIT
/*
 * sim backend: a core's thread, and the memory it lets the simulator see.
 */
#include <string.h>

#include "simdev.h"

/* The simulator calls back on the thread that runs the core. */
static _Thread_local struct simdev_core *current_core;

bool simdev_on_own_thread(const struct simdev_device *device)
{
	return current_core && current_core->device == device;
}

void simdev_thread_orphan(void)
{
	current_core = NULL;
}

/* The bytes of a transfer; NULL unless the running job may touch all of them. */
static uint8_t *find_memory(enum npusim_port port, uint64_t addr, size_t len, uint32_t access)
{
	const struct simdev_task *task = current_core ? current_core->task : NULL;
	size_t low = 0, high = task ? task->window_count : 0;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct simdev_window *window = &task->windows[mid];

		if (addr < window->addr) {
			high = mid;
		} else if (addr - window->addr >= window->size) {
			low = mid + 1;
		} else {
			if (len > window->size - (addr - window->addr) || port != window->port ||
			    !(window->access & access))
				return NULL;
			return window->memory + (addr - window->addr);
		}
	}

	return NULL;
}

int simdev_memory_read(void *ctx, enum npusim_port port, uint64_t addr, void *dst, size_t len)
{
	const uint8_t *memory = find_memory(port, addr, len, ACCEL_ACCESS_READ);

	(void)ctx;
	if (!memory)
		return -EFAULT;
	memcpy(dst, memory, len);
	if (current_core->record)
		record_dma(current_core->record, addr, dst, len, false);

	return 0;
}

int simdev_memory_write(void *ctx, enum npusim_port port, uint64_t addr, const void *src,
			size_t len)
{
	uint8_t *memory = find_memory(port, addr, len, ACCEL_ACCESS_WRITE);

	(void)ctx;
	if (!memory)
		return -EFAULT;
	memcpy(memory, src, len);
	if (current_core->record)
		record_dma(current_core->record, addr, src, len, true);

	return 0;
}

void simdev_error(void *ctx, const struct npusim_error *error)
{
	(void)ctx;
	if (current_core)
		current_core->error = *error;
}

void *simdev_core_thread(void *arg)
{
	struct simdev_core *core = arg;
	struct simdev_device *device = core->device;
	struct simdev_task *task;
	char text[256];
	bool lost;
	int status;

	current_core = core;

	pthread_mutex_lock(&device->lock);
	for (;;) {
		task = simdev_task_pick(core);
		if (!task) {
			if (device->stopping)
				break;
			pthread_cond_wait(&device->work, &device->lock);
			continue;
		}
		lost = task->context->state.guilty;
		pthread_mutex_unlock(&device->lock);

		if (lost) {
			status = -ECANCELED;
			strcpy(text, "the job was dropped: an earlier one of its context failed");
		} else {
			status = simdev_core_run(core, task, text, sizeof(text));
		}

		pthread_mutex_lock(&device->lock);
		simdev_task_finish(task, status, text);
		pthread_mutex_unlock(&device->lock);
		simdev_task_free(task);
		/* If that was the last reference, core and device are no more. */
		if (!current_core)
			return NULL;
		pthread_mutex_lock(&device->lock);
	}
	pthread_mutex_unlock(&device->lock);

	return NULL;
}
