// SPDX-License-Identifier: MIT
/*
 * Buffers in this process's own memory.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host_bo.h"

static struct host_device *host_device(struct accel_device *device)
{
	return container_of(device, struct host_device, base);
}

/* Take over @fd (or -1) and @memory on success. Called with bo_lock held. */
static int add_bo(struct accel_device *device, uint64_t size, uint32_t flags, int fd, void *memory,
		  struct accel_bo **out)
{
	struct host_bo *bo = calloc(1, sizeof(*bo));
	struct stat status;
	int ret;

	if (!bo)
		return accel_error_memory("a buffer");
	ret = accel_bo_init(&bo->base, device, size, flags);
	if (ret) {
		free(bo);
		return ret;
	}
	bo->memory = memory;
	bo->fd = fd;
	if (fd >= 0 && !fstat(fd, &status)) {
		bo->dev = status.st_dev;
		bo->ino = status.st_ino;
	}
	bo->next = host_device(device)->bos;
	host_device(device)->bos = bo;
	*out = &bo->base;

	return 0;
}

int host_bo_create(struct accel_device *device, uint64_t size, uint32_t flags,
		   struct accel_bo **out)
{
	struct host_device *host = host_device(device);
	void *memory;
	int fd, ret;

	fd = memfd_create("accel-bo", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd >= 0 && (ftruncate(fd, size) ||
			fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW))) {
		close(fd);
		return accel_error_memory("a buffer");
	}
	/* Without descriptors left the buffer merely cannot be exported. */
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
		      fd >= 0 ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS, fd, 0);
	if (memory == MAP_FAILED) {
		if (fd >= 0)
			close(fd);
		return accel_error_set(-ENOMEM, "out of memory for a buffer of %llu bytes",
				       (unsigned long long)size);
	}

	pthread_mutex_lock(&device->bo_lock);
	if ((flags & ACCEL_BO_SRAM) && size > device->info.sram_size - host->sram_used)
		ret = accel_error_set(-ENOSPC, "%llu of %llu bytes of SRAM are free",
				      (unsigned long long)(device->info.sram_size -
							   host->sram_used),
				      (unsigned long long)device->info.sram_size);
	else
		ret = add_bo(device, size, flags, fd, memory, out);
	if (!ret && (flags & ACCEL_BO_SRAM))
		host->sram_used += size;
	pthread_mutex_unlock(&device->bo_lock);

	if (ret) {
		munmap(memory, size);
		if (fd >= 0)
			close(fd);
	}

	return ret;
}

void host_bo_free(struct accel_bo *base)
{
	struct host_device *host = host_device(base->device);
	struct host_bo *bo = host_bo(base);
	struct host_bo **link;

	for (link = &host->bos; *link != bo; link = &(*link)->next)
		;
	*link = bo->next;
	if (base->flags & ACCEL_BO_SRAM)
		host->sram_used -= base->size;

	munmap(bo->memory, base->size);
	if (bo->fd >= 0)
		close(bo->fd);
	while (bo->user_count)
		accel_fence_unref(bo->users[--bo->user_count].fence);
	free(bo->users);
	accel_bo_fini(base);
	free(bo);
}

int host_bo_map(struct accel_bo *bo)
{
	bo->map = host_bo(bo)->memory;

	return 0;
}

int host_bo_import(struct accel_device *device, int fd, struct accel_bo **out)
{
	uint64_t mask = device->page_size - 1;
	struct host_bo *bo;
	struct stat status;
	uint64_t size;
	void *memory;
	off_t end;
	int seals, copy, ret;

	if (fstat(fd, &status))
		return accel_error_set(-errno, "descriptor %d: %s", fd, strerror(errno));
	for (bo = host_device(device)->bos; bo; bo = bo->next) {
		if (bo->fd >= 0 && bo->dev == status.st_dev && bo->ino == status.st_ino) {
			*out = accel_bo_ref(&bo->base);
			return 0;
		}
	}

	/* A file that can shrink would make later accesses fatal. */
	seals = fcntl(fd, F_GET_SEALS);
	if (seals < 0 ? S_ISREG(status.st_mode) : !(seals & F_SEAL_SHRINK))
		return accel_error_set(-EINVAL, "descriptor %d is neither a dma-buf nor a memfd "
				       "sealed against shrinking", fd);
	end = lseek(fd, 0, SEEK_END);
	if (end <= 0)
		return accel_error_set(-EINVAL, "descriptor %d has no size", fd);

	copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (copy < 0)
		return accel_error_set(-errno, "descriptor %d: %s", fd, strerror(errno));
	size = ((uint64_t)end + mask) & ~mask;
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, copy, 0);
	if (memory == MAP_FAILED) {
		ret = accel_error_set(errno == ENOMEM ? -ENOMEM : -EINVAL,
				      "descriptor %d cannot be mapped: %s", fd, strerror(errno));
		close(copy);
		return ret;
	}
	ret = add_bo(device, size, ACCEL_BO_CACHED, copy, memory, out);
	if (ret) {
		munmap(memory, size);
		close(copy);
	}

	return ret;
}

int host_bo_export(struct accel_bo *base, int *fd)
{
	struct host_bo *bo = host_bo(base);

	*fd = bo->fd < 0 ? -1 : fcntl(bo->fd, F_DUPFD_CLOEXEC, 0);
	if (*fd < 0)
		return accel_error_set(-EMFILE, "no descriptor left to export a buffer");

	return 0;
}

int host_bo_sync(struct accel_bo *bo, uint32_t flags, uint64_t offset, uint64_t size)
{
	(void)bo, (void)flags, (void)offset, (void)size;

	return 0;
}
