// SPDX-License-Identifier: MIT
/*
 * Ranges of the client's memory, sorted by address. A file is mapped whole and
 * once: with an IOMMU there is a range for every 4 KiB page, and as many
 * mappings of our own would run into the kernel's limit.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "vfio_dma.h"

#define MAX_RANGES	(1u << 20)

struct file_map {
	struct file_map *next;
	dev_t dev;
	ino_t ino;
	unsigned int users;
	uint8_t *mem;
	size_t size;
	bool writable;
};

struct range {
	uint64_t addr, last;	/* last byte, so that the top of memory works */
	struct file_map *file;	/* NULL: reached by messages */
	uint8_t *mem;
	bool readable, writable;
};

struct vfio_dma {
	pthread_rwlock_t lock;
	struct range *ranges;
	unsigned int count, room;
	struct file_map *files;
	vfio_dma_message_fn message;
	void *ctx;
};

/* The client can shorten its file under us: that is a bus error, not our end. */
static _Thread_local sigjmp_buf *copying;

static void on_sigbus(int number)
{
	(void)number;
	if (copying)
		siglongjmp(*copying, 1);
	signal(SIGBUS, SIG_DFL);
	raise(SIGBUS);
}

static int copy_guarded(uint8_t *mem, void *dst, const void *src, size_t len)
{
	sigjmp_buf here;

	if (sigsetjmp(here, 0)) {
		copying = NULL;
		return -EFAULT;
	}
	copying = &here;
	__asm__ volatile("" ::: "memory");
	if (dst)
		memcpy(dst, mem, len);
	else
		memcpy(mem, src, len);
	__asm__ volatile("" ::: "memory");
	copying = NULL;

	return 0;
}

int vfio_dma_new(vfio_dma_message_fn message, void *ctx, struct vfio_dma **out)
{
	struct sigaction action = { .sa_handler = on_sigbus, .sa_flags = SA_NODEFER };
	struct vfio_dma *dma = calloc(1, sizeof(*dma));
	pthread_rwlockattr_t attr;

	if (!dma)
		return -ENOMEM;
	pthread_rwlockattr_init(&attr);
	/* Else cores that read all the time keep the client's unmap waiting. */
	pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&dma->lock, &attr);
	pthread_rwlockattr_destroy(&attr);
	sigemptyset(&action.sa_mask);
	sigaction(SIGBUS, &action, NULL);
	dma->message = message;
	dma->ctx = ctx;
	*out = dma;

	return 0;
}

void vfio_dma_free(struct vfio_dma *dma)
{
	if (!dma)
		return;
	vfio_dma_unmap_all(dma);
	pthread_rwlock_destroy(&dma->lock);
	free(dma->ranges);
	free(dma);
}

/* Index of the first range that ends at or behind @addr. */
static unsigned int find(const struct vfio_dma *dma, uint64_t addr)
{
	unsigned int low = 0, high = dma->count;

	while (low < high) {
		unsigned int middle = low + (high - low) / 2;

		if (dma->ranges[middle].last < addr)
			low = middle + 1;
		else
			high = middle;
	}

	return low;
}

static void file_put(struct vfio_dma *dma, struct file_map *file)
{
	struct file_map **link;

	if (!file || --file->users)
		return;
	for (link = &dma->files; *link != file; link = &(*link)->next)
		;
	*link = file->next;
	munmap(file->mem, file->size);
	free(file);
}

static int file_get(struct vfio_dma *dma, int fd, bool writable, uint64_t end,
		    struct file_map **out)
{
	struct file_map *file;
	struct stat stat;

	if (fstat(fd, &stat) || !S_ISREG(stat.st_mode) || stat.st_size <= 0)
		return -EINVAL;
	if (end > (uint64_t)stat.st_size)
		return -EINVAL;
	for (file = dma->files; file; file = file->next) {
		if (file->dev == stat.st_dev && file->ino == stat.st_ino && file->size >= end &&
		    (file->writable || !writable)) {
			file->users++;
			*out = file;
			return 0;
		}
	}
	file = calloc(1, sizeof(*file));
	if (!file)
		return -ENOMEM;
	file->dev = stat.st_dev;
	file->ino = stat.st_ino;
	file->size = (size_t)stat.st_size;
	file->writable = true;
	file->mem = mmap(NULL, file->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (file->mem == MAP_FAILED && !writable) {
		file->writable = false;
		file->mem = mmap(NULL, file->size, PROT_READ, MAP_SHARED, fd, 0);
	}
	if (file->mem == MAP_FAILED) {
		free(file);
		return -EINVAL;
	}
	file->users = 1;
	file->next = dma->files;
	dma->files = file;
	*out = file;

	return 0;
}

static int insert(struct vfio_dma *dma, const struct range *range)
{
	unsigned int at = find(dma, range->addr);

	if (at < dma->count && dma->ranges[at].addr <= range->last)
		return -EEXIST;
	if (dma->count == MAX_RANGES)
		return -ENOSPC;
	if (dma->count == dma->room) {
		unsigned int room = dma->room ? 2 * dma->room : 16;
		struct range *ranges = realloc(dma->ranges, room * sizeof(*ranges));

		if (!ranges)
			return -ENOMEM;
		dma->ranges = ranges;
		dma->room = room;
	}
	memmove(&dma->ranges[at + 1], &dma->ranges[at], (dma->count - at) * sizeof(*range));
	dma->ranges[at] = *range;
	dma->count++;

	return 0;
}

int vfio_dma_map(struct vfio_dma *dma, int fd, uint64_t offset, uint64_t addr, uint64_t size,
		 bool readable, bool writable)
{
	struct range range = { .addr = addr, .readable = readable, .writable = writable };
	int err = 0;

	if (!size || size - 1 > UINT64_MAX - addr || size > UINT64_MAX - offset ||
	    size > SIZE_MAX)
		return -EINVAL;
	range.last = addr + (size - 1);
	pthread_rwlock_wrlock(&dma->lock);
	if (fd >= 0) {
		err = file_get(dma, fd, writable, offset + size, &range.file);
		if (!err)
			range.mem = range.file->mem + offset;
	}
	if (!err)
		err = insert(dma, &range);
	if (err)
		file_put(dma, range.file);
	pthread_rwlock_unlock(&dma->lock);

	return err;
}

int vfio_dma_unmap(struct vfio_dma *dma, uint64_t addr, uint64_t size)
{
	uint64_t last = addr + (size - 1);
	unsigned int at, end, i;
	int err = 0;

	if (!size || last < addr)
		return -EINVAL;
	pthread_rwlock_wrlock(&dma->lock);
	at = find(dma, addr);
	for (end = at; end < dma->count && dma->ranges[end].addr <= last; end++) {
		if (dma->ranges[end].addr < addr || dma->ranges[end].last > last)
			err = -EINVAL;
	}
	if (!err && end > at) {
		for (i = at; i < end; i++)
			file_put(dma, dma->ranges[i].file);
		memmove(&dma->ranges[at], &dma->ranges[end],
			(dma->count - end) * sizeof(*dma->ranges));
		dma->count -= end - at;
	}
	pthread_rwlock_unlock(&dma->lock);

	return err;
}

void vfio_dma_unmap_all(struct vfio_dma *dma)
{
	unsigned int i;

	pthread_rwlock_wrlock(&dma->lock);
	for (i = 0; i < dma->count; i++)
		file_put(dma, dma->ranges[i].file);
	dma->count = 0;
	pthread_rwlock_unlock(&dma->lock);
}

unsigned int vfio_dma_count(const struct vfio_dma *dma)
{
	return dma->count;
}

/* Is all of it there? Also tells whether any of it needs messages. */
static int check(const struct vfio_dma *dma, uint64_t addr, size_t len, bool write,
		 bool *messages)
{
	uint64_t last = addr + (len - 1);
	unsigned int at = find(dma, addr);

	*messages = false;
	for (;; at++) {
		const struct range *range = &dma->ranges[at];

		if (at >= dma->count || range->addr > addr ||
		    !(write ? range->writable : range->readable))
			return -EFAULT;
		*messages |= !range->file;
		if (range->last >= last)
			return 0;
		addr = range->last + 1;
	}
}

int vfio_dma_copy(struct vfio_dma *dma, uint64_t addr, void *dst, const void *src, size_t len)
{
	bool messages;
	int err;

	if (!len)
		return 0;
	if (len - 1 > UINT64_MAX - addr)
		return -EFAULT;
	pthread_rwlock_rdlock(&dma->lock);
	err = check(dma, addr, len, !dst, &messages);
	while (!err && len) {
		const struct range *range = &dma->ranges[find(dma, addr)];
		uint64_t left = range->last - addr;
		size_t part = left < len - 1 ? (size_t)left + 1 : len;

		if (range->file) {
			err = copy_guarded(range->mem + (addr - range->addr), dst, src, part);
		} else {
			/* The reply comes through the thread that may want the lock. */
			pthread_rwlock_unlock(&dma->lock);
			err = dma->message ? dma->message(dma->ctx, addr, dst, src, part) :
					     -EFAULT;
			pthread_rwlock_rdlock(&dma->lock);
		}
		addr += part;
		len -= part;
		if (dst)
			dst = (uint8_t *)dst + part;
		else
			src = (const uint8_t *)src + part;
		/* Meanwhile the ranges may have changed. */
		if (!err && messages && len)
			err = check(dma, addr, len, !dst, &messages);
	}
	pthread_rwlock_unlock(&dma->lock);

	return err ? -EFAULT : 0;
}
