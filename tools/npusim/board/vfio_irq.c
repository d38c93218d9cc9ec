// SPDX-License-Identifier: MIT
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vfio_irq.h"
#include "vfio_pci.h"

struct vectors {
	int *fds;
	unsigned int count, used;
};

struct vfio_irqs {
	pthread_mutex_t lock;
	struct vectors types[VFIO_IRQ_ERR + 1];
	/* The pin masks itself when it has triggered, until the client unmasks it. */
	bool level, masked, disabled;
};

static int vectors_new(struct vectors *vectors, unsigned int count)
{
	unsigned int i;

	vectors->fds = malloc(count * sizeof(*vectors->fds));
	if (!vectors->fds)
		return -ENOMEM;
	vectors->count = count;
	for (i = 0; i < count; i++)
		vectors->fds[i] = -1;

	return 0;
}

int vfio_irqs_new(unsigned int msix, struct vfio_irqs **out)
{
	struct vfio_irqs *irqs = calloc(1, sizeof(*irqs));

	if (!irqs)
		return -ENOMEM;
	pthread_mutex_init(&irqs->lock, NULL);
	if (vectors_new(&irqs->types[VFIO_IRQ_INTX], 1) ||
	    vectors_new(&irqs->types[VFIO_IRQ_MSI], VFIO_PCI_MSI_VECTORS) ||
	    vectors_new(&irqs->types[VFIO_IRQ_MSIX], msix) ||
	    /* Never signalled, but QEMU warns when it is not there. */
	    vectors_new(&irqs->types[VFIO_IRQ_ERR], 1)) {
		vfio_irqs_free(irqs);
		return -ENOMEM;
	}
	*out = irqs;

	return 0;
}

void vfio_irqs_free(struct vfio_irqs *irqs)
{
	unsigned int type;

	if (!irqs)
		return;
	vfio_irqs_reset(irqs);
	for (type = 0; type <= VFIO_IRQ_ERR; type++)
		free(irqs->types[type].fds);
	pthread_mutex_destroy(&irqs->lock);
	free(irqs);
}

unsigned int vfio_irqs_count(const struct vfio_irqs *irqs, unsigned int type)
{
	return type <= VFIO_IRQ_ERR ? irqs->types[type].count : 0;
}

static void signal_fd(int fd)
{
	uint64_t one = 1;

	/* A full counter means that the client has not looked yet: no loss. */
	if (fd >= 0 && write(fd, &one, sizeof(one)) < 0)
		return;
}

static void set_fd(struct vectors *vectors, unsigned int vector, int fd)
{
	if (vectors->fds[vector] >= 0) {
		close(vectors->fds[vector]);
		vectors->used--;
	}
	vectors->fds[vector] = fd;
	if (fd >= 0)
		vectors->used++;
}

/* The pin triggers when it is high and may; the lock is held. */
static void update_pin(struct vfio_irqs *irqs)
{
	int fd = irqs->types[VFIO_IRQ_INTX].fds[0];

	if (!irqs->level || irqs->masked || irqs->disabled || fd < 0)
		return;
	irqs->masked = true;
	signal_fd(fd);
}

void vfio_irqs_reset(struct vfio_irqs *irqs)
{
	unsigned int type, i;

	pthread_mutex_lock(&irqs->lock);
	for (type = 0; type <= VFIO_IRQ_ERR; type++) {
		for (i = 0; i < irqs->types[type].count; i++)
			set_fd(&irqs->types[type], i, -1);
	}
	irqs->masked = false;
	irqs->disabled = false;
	pthread_mutex_unlock(&irqs->lock);
}

void vfio_irqs_message(struct vfio_irqs *irqs, unsigned int vector)
{
	struct vectors *vectors = &irqs->types[VFIO_IRQ_MSIX];

	pthread_mutex_lock(&irqs->lock);
	if (!vectors->used)
		vectors = &irqs->types[VFIO_IRQ_MSI];
	if (vectors->used) {
		/* Who has fewer vectors gets everything else on the first. */
		if (vector >= vectors->count || vectors->fds[vector] < 0)
			vector = 0;
		signal_fd(vectors->fds[vector]);
	}
	pthread_mutex_unlock(&irqs->lock);
}

void vfio_irqs_level(struct vfio_irqs *irqs, bool high)
{
	pthread_mutex_lock(&irqs->lock);
	irqs->level = high;
	update_pin(irqs);
	pthread_mutex_unlock(&irqs->lock);
}

void vfio_irqs_disable_pin(struct vfio_irqs *irqs, bool disabled)
{
	pthread_mutex_lock(&irqs->lock);
	irqs->disabled = disabled;
	update_pin(irqs);
	pthread_mutex_unlock(&irqs->lock);
}

static int set_mask(struct vfio_irqs *irqs, const struct vfio_irq_set *set, const uint8_t *bools)
{
	if (set->index != VFIO_IRQ_INTX || set->flags & VFIO_SET_DATA_EVENTFD)
		return -EINVAL;
	if (!set->count || (bools && !bools[0]))
		return 0;
	irqs->masked = set->flags & VFIO_SET_MASK;
	update_pin(irqs);

	return 0;
}

static void set_trigger(struct vfio_irqs *irqs, const struct vfio_irq_set *set,
			const uint8_t *bools, const struct vfio_request *request)
{
	struct vectors *vectors = &irqs->types[set->index];
	unsigned int i;

	if (set->flags & VFIO_SET_DATA_EVENTFD) {
		for (i = 0; i < set->count; i++) {
			int fd = -1;

			if (i < request->fd_count) {
				fd = request->fds[i];
				request->fds[i] = -1;
			}
			set_fd(vectors, set->start + i, fd);
		}
		if (set->index == VFIO_IRQ_INTX) {
			irqs->masked = false;
			update_pin(irqs);
		}
		return;
	}
	if (!set->count) {
		for (i = 0; i < vectors->count; i++)
			set_fd(vectors, i, -1);
		return;
	}
	for (i = 0; i < set->count; i++) {
		if (!bools || bools[i])
			signal_fd(vectors->fds[set->start + i]);
	}
}

int vfio_irqs_set(struct vfio_irqs *irqs, const struct vfio_irq_set *set, const uint8_t *bools,
		  const struct vfio_request *request, struct vfio_reply *reply)
{
	uint32_t data = set->flags & (VFIO_SET_DATA_NONE | VFIO_SET_DATA_BOOL |
				      VFIO_SET_DATA_EVENTFD);
	uint32_t action = set->flags & (VFIO_SET_MASK | VFIO_SET_UNMASK | VFIO_SET_TRIGGER);
	unsigned int count = vfio_irqs_count(irqs, set->index);
	int err = 0;

	reply->problem = "interrupt flags that exclude each other";
	if (set->flags & ~(data | action) || !data || data & (data - 1) || !action ||
	    action & (action - 1))
		return -EINVAL;
	reply->problem = "interrupts that do not exist";
	if (set->start > count || set->count > count - set->start)
		return -EINVAL;
	reply->problem = "file descriptors that do not match the interrupts";
	if (request->fd_count && (!(data & VFIO_SET_DATA_EVENTFD) ||
				  request->fd_count != set->count))
		return -EINVAL;
	reply->problem = "only the interrupt pin can be masked";
	/* Nothing to disable where there is nothing. */
	if (!count) {
		reply->problem = NULL;
		return 0;
	}
	pthread_mutex_lock(&irqs->lock);
	if (action == VFIO_SET_TRIGGER)
		set_trigger(irqs, set, bools, request);
	else
		err = set_mask(irqs, set, bools);
	pthread_mutex_unlock(&irqs->lock);
	if (!err)
		reply->problem = NULL;

	return err;
}
