/* SPDX-License-Identifier: MIT */
/*
 * Interrupts on their way to the client: event descriptors for INTx, MSI, MSI-X.
 */
#ifndef NPUSIM_VFIO_IRQ_H
#define NPUSIM_VFIO_IRQ_H

#include <stdbool.h>

#include "vfio_device.h"

struct vfio_irqs;

/* @msix: MSI-X vectors. Return: 0 or -ENOMEM. */
int vfio_irqs_new(unsigned int msix, struct vfio_irqs **out);
void vfio_irqs_free(struct vfio_irqs *irqs);

/* Vectors of a type; 0 where there is none. */
unsigned int vfio_irqs_count(const struct vfio_irqs *irqs, unsigned int type);

/**
 * vfio_irqs_set() - what VFIO_USER_DEVICE_SET_IRQS asks for
 * @set: its fixed part
 * @bools: @set->count bytes with VFIO_SET_DATA_BOOL
 *
 * Return: 0, or -EINVAL with @reply->problem set.
 */
int vfio_irqs_set(struct vfio_irqs *irqs, const struct vfio_irq_set *set, const uint8_t *bools,
		  const struct vfio_request *request, struct vfio_reply *reply);

/* Drop all event descriptors and the pin's state. */
void vfio_irqs_reset(struct vfio_irqs *irqs);

/* From the board, any thread. */
void vfio_irqs_message(struct vfio_irqs *irqs, unsigned int vector);
void vfio_irqs_level(struct vfio_irqs *irqs, bool high);
void vfio_irqs_disable_pin(struct vfio_irqs *irqs, bool disabled);

#endif /* NPUSIM_VFIO_IRQ_H */
