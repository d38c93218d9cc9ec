// SPDX-License-Identifier: MIT
/*
 * PCI configuration space: a type 0 header with power management, MSI, PCI
 * Express endpoint and MSI-X capabilities.
 */
#include <linux/pci_regs.h>
#include <string.h>

#include "kmod/hw/nvdla_board_regs.h"
#include "vfio_pci.h"

#define CAP_PM		0x40
#define CAP_MSI		0x48
#define CAP_EXP		0x60
#define CAP_MSIX	0xa0

static void set16(uint8_t *at, unsigned int value)
{
	at[0] = value & 0xff;
	at[1] = value >> 8 & 0xff;
}

static void set32(uint8_t *at, uint32_t value)
{
	set16(at, value & 0xffff);
	set16(at + 2, value >> 16);
}

static unsigned int get16(const uint8_t *at)
{
	return at[0] | at[1] << 8;
}

static void init_bars(struct vfio_pci *pci, unsigned int bar_64)
{
	unsigned int i;

	for (i = 0; i < 6; i++) {
		uint8_t *value = pci->value + PCI_BASE_ADDRESS_0 + 4 * i;
		uint8_t *mask = pci->writable + PCI_BASE_ADDRESS_0 + 4 * i;

		if (!pci->bar_size[i])
			continue;
		set32(mask, (uint32_t)~(pci->bar_size[i] - 1) & PCI_BASE_ADDRESS_MEM_MASK);
		if (bar_64 & 1u << i) {
			set32(value, PCI_BASE_ADDRESS_MEM_TYPE_64 |
				     PCI_BASE_ADDRESS_MEM_PREFETCH);
			set32(mask + 4, (uint32_t)(~(pci->bar_size[i] - 1) >> 32));
		}
	}
}

static void init_capabilities(struct vfio_pci *pci)
{
	uint8_t *value = pci->value, *mask = pci->writable;

	value[PCI_CAPABILITY_LIST] = CAP_PM;
	value[CAP_PM] = PCI_CAP_ID_PM;
	value[CAP_PM + PCI_CAP_LIST_NEXT] = CAP_MSI;
	set16(value + CAP_PM + PCI_PM_PMC, 3);
	/* A change back to D0 keeps all state. */
	set16(value + CAP_PM + PCI_PM_CTRL, PCI_PM_CTRL_NO_SOFT_RESET);
	set16(mask + CAP_PM + PCI_PM_CTRL, PCI_PM_CTRL_STATE_MASK);

	value[CAP_MSI] = PCI_CAP_ID_MSI;
	value[CAP_MSI + PCI_CAP_LIST_NEXT] = CAP_EXP;
	/* 2^5 messages, 64-bit addresses */
	set16(value + CAP_MSI + PCI_MSI_FLAGS, 5 << 1 | PCI_MSI_FLAGS_64BIT);
	set16(mask + CAP_MSI + PCI_MSI_FLAGS, PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE);
	set32(mask + CAP_MSI + PCI_MSI_ADDRESS_LO, ~3u);
	set32(mask + CAP_MSI + PCI_MSI_ADDRESS_HI, ~0u);
	set16(mask + CAP_MSI + PCI_MSI_DATA_64, 0xffff);

	value[CAP_EXP] = PCI_CAP_ID_EXP;
	value[CAP_EXP + PCI_CAP_LIST_NEXT] = CAP_MSIX;
	set16(value + CAP_EXP + PCI_EXP_FLAGS, 2 | PCI_EXP_TYPE_ENDPOINT << 4);
	set32(value + CAP_EXP + PCI_EXP_DEVCAP, PCI_EXP_DEVCAP_RBER | PCI_EXP_DEVCAP_FLR);
	set16(mask + CAP_EXP + PCI_EXP_DEVCTL, 0x7fff);
	/* x1 at 2.5 GT/s */
	set32(value + CAP_EXP + PCI_EXP_LNKCAP, 1 | 1 << 4);
	set16(value + CAP_EXP + PCI_EXP_LNKSTA, 1 | 1 << 4);

	value[CAP_MSIX] = PCI_CAP_ID_MSIX;
	set16(value + CAP_MSIX + PCI_MSIX_FLAGS, pci->vectors - 1);
	set16(mask + CAP_MSIX + PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	set32(value + CAP_MSIX + PCI_MSIX_TABLE,
	      NVDLA_BOARD_MSIX_TABLE | NVDLA_BOARD_BAR_CONTROL);
	set32(value + CAP_MSIX + PCI_MSIX_PBA, NVDLA_BOARD_MSIX_PBA | NVDLA_BOARD_BAR_CONTROL);
}

void vfio_pci_init(struct vfio_pci *pci, const uint64_t bar_size[6], unsigned int bar_64,
		   unsigned int vectors)
{
	uint8_t *value = pci->value, *mask = pci->writable;

	memset(pci, 0, sizeof(*pci));
	memcpy(pci->bar_size, bar_size, sizeof(pci->bar_size));
	pci->vectors = vectors;
	set16(value + PCI_VENDOR_ID, NVDLA_BOARD_PCI_VENDOR);
	set16(value + PCI_DEVICE_ID, NVDLA_BOARD_PCI_DEVICE);
	set16(value + PCI_SUBSYSTEM_VENDOR_ID, NVDLA_BOARD_PCI_VENDOR);
	set16(value + PCI_SUBSYSTEM_ID, NVDLA_BOARD_PCI_DEVICE);
	value[PCI_REVISION_ID] = NVDLA_BOARD_PCI_REVISION;
	value[PCI_CLASS_PROG] = NVDLA_BOARD_PCI_CLASS & 0xff;
	set16(value + PCI_CLASS_DEVICE, NVDLA_BOARD_PCI_CLASS >> 8);
	set16(mask + PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_PARITY |
				  PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE);
	set16(value + PCI_STATUS, PCI_STATUS_CAP_LIST);
	mask[PCI_CACHE_LINE_SIZE] = 0xff;
	mask[PCI_INTERRUPT_LINE] = 0xff;
	value[PCI_INTERRUPT_PIN] = 1;
	init_bars(pci, bar_64);
	init_capabilities(pci);
}

void vfio_pci_read(const struct vfio_pci *pci, unsigned int offset, void *dst, unsigned int len)
{
	memcpy(dst, pci->value + offset, len);
}

bool vfio_pci_write(struct vfio_pci *pci, unsigned int offset, const void *src,
		    unsigned int len)
{
	const unsigned int devctl = CAP_EXP + PCI_EXP_DEVCTL + 1;
	const uint8_t *bytes = src;
	bool reset = false;
	unsigned int i;

	for (i = 0; i < len; i++) {
		uint8_t mask = pci->writable[offset + i];

		if (offset + i == devctl)
			reset = bytes[i] & PCI_EXP_DEVCTL_BCR_FLR >> 8;
		pci->value[offset + i] = (uint8_t)((pci->value[offset + i] & ~mask) |
						   (bytes[i] & mask));
	}

	return reset;
}

bool vfio_pci_bus_master(const struct vfio_pci *pci)
{
	return get16(pci->value + PCI_COMMAND) & PCI_COMMAND_MASTER;
}

bool vfio_pci_intx_disabled(const struct vfio_pci *pci)
{
	return get16(pci->value + PCI_COMMAND) & PCI_COMMAND_INTX_DISABLE;
}
