/* SPDX-License-Identifier: MIT */
/*
 * Messages of the vfio-user protocol, version 0.0, as its specification
 * (docs/interop/vfio-user.rst of QEMU) lays them out. Byte order is the host's.
 */
#ifndef NPUSIM_VFIO_PROTO_H
#define NPUSIM_VFIO_PROTO_H

#include <stdint.h>

enum vfio_command {
	VFIO_USER_VERSION = 1,
	VFIO_USER_DMA_MAP = 2,
	VFIO_USER_DMA_UNMAP = 3,
	VFIO_USER_DEVICE_GET_INFO = 4,
	VFIO_USER_DEVICE_GET_REGION_INFO = 5,
	VFIO_USER_DEVICE_GET_REGION_IO_FDS = 6,
	VFIO_USER_DEVICE_GET_IRQ_INFO = 7,
	VFIO_USER_DEVICE_SET_IRQS = 8,
	VFIO_USER_REGION_READ = 9,
	VFIO_USER_REGION_WRITE = 10,
	VFIO_USER_DMA_READ = 11,
	VFIO_USER_DMA_WRITE = 12,
	VFIO_USER_DEVICE_RESET = 13,
	VFIO_USER_REGION_WRITE_MULTI = 15,
};

#define VFIO_FLAG_TYPE		0xfu
#define VFIO_FLAG_REPLY		0x1u
#define VFIO_FLAG_NO_REPLY	0x10u
#define VFIO_FLAG_ERROR		0x20u

/* Most data in one access, and most file descriptors in one message: as many as QEMU sends. */
#define VFIO_MAX_DATA		(1u << 20)
#define VFIO_MAX_FDS		16
#define VFIO_MAX_MESSAGE	(VFIO_MAX_DATA + 4096)

struct vfio_header {
	uint16_t id;
	uint16_t command;
	uint32_t size;		/* header included */
	uint32_t flags;
	uint32_t error;		/* errno, in replies with VFIO_FLAG_ERROR */
};

struct vfio_version {
	uint16_t major;
	uint16_t minor;
	/* a JSON text follows, ending with a NUL; or nothing */
};

#define VFIO_MAP_READ		0x1u
#define VFIO_MAP_WRITE		0x2u

struct vfio_dma_map {
	uint32_t argsz;
	uint32_t flags;
	uint64_t offset;	/* in the file */
	uint64_t address;
	uint64_t size;
};

#define VFIO_UNMAP_ALL		0x2u

struct vfio_dma_unmap {
	uint32_t argsz;
	uint32_t flags;
	uint64_t address;
	uint64_t size;
};

#define VFIO_DEVICE_RESET	0x1u
#define VFIO_DEVICE_PCI		0x2u

struct vfio_device_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t num_regions;
	uint32_t num_irqs;
};

#define VFIO_REGION_CAN_READ	0x1u
#define VFIO_REGION_CAN_WRITE	0x2u
#define VFIO_REGION_CAN_MMAP	0x4u

/* Regions 0 to 5 are the BARs. */
#define VFIO_REGION_ROM		6
#define VFIO_REGION_CONFIG	7
#define VFIO_REGION_VGA		8
#define VFIO_REGIONS		9

struct vfio_region_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t cap_offset;
	uint64_t size;
	uint64_t offset;
};

enum vfio_irq_type { VFIO_IRQ_INTX, VFIO_IRQ_MSI, VFIO_IRQ_MSIX, VFIO_IRQ_ERR, VFIO_IRQ_REQ,
		     VFIO_IRQ_TYPES };

#define VFIO_IRQ_EVENTFD	0x1u
#define VFIO_IRQ_MASKABLE	0x2u
#define VFIO_IRQ_AUTOMASKED	0x4u
#define VFIO_IRQ_NORESIZE	0x8u

struct vfio_irq_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t count;
};

#define VFIO_SET_DATA_NONE	0x01u
#define VFIO_SET_DATA_BOOL	0x02u
#define VFIO_SET_DATA_EVENTFD	0x04u
#define VFIO_SET_MASK		0x08u
#define VFIO_SET_UNMASK		0x10u
#define VFIO_SET_TRIGGER	0x20u

struct vfio_irq_set {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t start;
	uint32_t count;
	/* with VFIO_SET_DATA_BOOL a byte for each follows */
};

struct vfio_region_access {
	uint64_t offset;
	uint32_t region;
	uint32_t count;
	/* data follow */
};

struct vfio_write_one {
	uint64_t offset;
	uint32_t region;
	uint32_t count;
	uint8_t data[8];
};

struct vfio_write_multi {
	uint64_t count;
	/* struct vfio_write_one follow */
};

struct vfio_dma_access {
	uint64_t address;
	uint64_t count;
	/* data follow */
};

#endif /* NPUSIM_VFIO_PROTO_H */
