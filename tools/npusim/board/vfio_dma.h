/* SPDX-License-Identifier: MIT */
/*
 * Which of the client's memory the device may touch, and touching it.
 */
#ifndef NPUSIM_VFIO_DMA_H
#define NPUSIM_VFIO_DMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vfio_dma;

/*
 * Memory that came without a file descriptor is reached by messages. Copies
 * @len bytes; 0 or a negative errno. Called without any lock held.
 */
typedef int (*vfio_dma_message_fn)(void *ctx, uint64_t addr, void *dst, const void *src,
				   size_t len);

/* Return: 0 or -ENOMEM. */
int vfio_dma_new(vfio_dma_message_fn message, void *ctx, struct vfio_dma **out);
void vfio_dma_free(struct vfio_dma *dma);

/**
 * vfio_dma_map() - let the device reach a range
 * @fd: file behind the range, or -1; stays the caller's
 * @offset: offset of the range in the file
 * @addr: first address
 * @size: bytes
 * @readable: the device may read
 * @writable: the device may write
 *
 * Return: 0, -EINVAL for an empty or impossible range or one beyond the file's
 * end, -EEXIST when it overlaps another, -ENOSPC for too many ranges, -ENOMEM.
 */
int vfio_dma_map(struct vfio_dma *dma, int fd, uint64_t offset, uint64_t addr, uint64_t size,
		 bool readable, bool writable);

/*
 * Take back all that was mapped in a range; QEMU's IOMMUs do so with more than
 * they have mapped. Fails with -EINVAL, nothing done, when that would cut a
 * mapping in two. When it returns nobody uses the memory any more.
 */
int vfio_dma_unmap(struct vfio_dma *dma, uint64_t addr, uint64_t size);
void vfio_dma_unmap_all(struct vfio_dma *dma);

/**
 * vfio_dma_copy() - read (@dst) or write (@src) the client's memory
 *
 * The transfer may run over borders between ranges. All of it is checked
 * before the first byte moves. Any thread.
 *
 * Return: 0; -EFAULT when a byte of it is in no range, in one that may not be
 * read or written, or when the client took the memory away from the file.
 */
int vfio_dma_copy(struct vfio_dma *dma, uint64_t addr, void *dst, const void *src, size_t len);

unsigned int vfio_dma_count(const struct vfio_dma *dma);

#endif /* NPUSIM_VFIO_DMA_H */
