/* SPDX-License-Identifier: MIT */
/*
 * The board's PCI configuration space.
 */
#ifndef NPUSIM_VFIO_PCI_H
#define NPUSIM_VFIO_PCI_H

#include <stdbool.h>
#include <stdint.h>

#define VFIO_PCI_CONFIG_SIZE	4096
#define VFIO_PCI_MSI_VECTORS	32

struct vfio_pci {
	uint8_t value[VFIO_PCI_CONFIG_SIZE];
	uint8_t writable[VFIO_PCI_CONFIG_SIZE];
	uint64_t bar_size[6];	/* 0: absent; of a 64-bit one the first half counts */
	unsigned int vectors;
};

/**
 * vfio_pci_init() - fill in the configuration space after power-on
 * @bar_size: bytes behind each BAR, powers of two
 * @bar_64: bit n set: BAR n is 64 bits wide, prefetchable
 * @vectors: MSI-X vectors
 */
void vfio_pci_init(struct vfio_pci *pci, const uint64_t bar_size[6], unsigned int bar_64,
		   unsigned int vectors);

/* Accesses within the 4096 bytes; the caller checks that. */
void vfio_pci_read(const struct vfio_pci *pci, unsigned int offset, void *dst, unsigned int len);

/* Return: whether the write resets the function. */
bool vfio_pci_write(struct vfio_pci *pci, unsigned int offset, const void *src,
		    unsigned int len);

bool vfio_pci_bus_master(const struct vfio_pci *pci);
bool vfio_pci_intx_disabled(const struct vfio_pci *pci);

#endif /* NPUSIM_VFIO_PCI_H */
