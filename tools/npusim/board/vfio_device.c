// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kmod/hw/nvdla_board_regs.h"
#include "vfio_device.h"
#include "vfio_irq.h"
#include "vfio_pci.h"

struct vfio_device {
	struct board *board;
	struct vfio_dma *dma;
	struct vfio_irqs *irqs;
	struct vfio_pci pci;
	bool negotiated;
	uint32_t client_max;
};

static int bus_dma(void *ctx, uint64_t addr, void *dst, const void *src, size_t len)
{
	struct vfio_device *device = ctx;

	return vfio_dma_copy(device->dma, addr, dst, src, len);
}

static void bus_message(void *ctx, unsigned int vector)
{
	struct vfio_device *device = ctx;

	vfio_irqs_message(device->irqs, vector);
}

static void bus_level(void *ctx, bool high)
{
	struct vfio_device *device = ctx;

	vfio_irqs_level(device->irqs, high);
}

static void power_on(struct vfio_device *device)
{
	uint64_t sizes[6] = { 0 };
	unsigned int bar;

	for (bar = 0; bar < 6; bar++)
		sizes[bar] = board_bar_size(device->board, bar);
	vfio_pci_init(&device->pci, sizes, 1u << NVDLA_BOARD_BAR_SRAM,
		      board_cores(device->board) + 1);
	board_set_bus_master(device->board, false);
	vfio_irqs_disable_pin(device->irqs, false);
}

int vfio_device_new(const struct board_params *params, vfio_dma_message_fn message, void *ctx,
		    struct vfio_device **out, const char **problem)
{
	struct vfio_device *device = calloc(1, sizeof(*device));
	struct board_bus bus = { .ctx = device, .dma = bus_dma, .message = bus_message,
				 .level = bus_level };
	int err;

	*problem = "out of memory";
	if (!device)
		return -ENOMEM;
	err = vfio_dma_new(message, ctx, &device->dma);
	if (!err)
		err = vfio_irqs_new(params->cores + 1, &device->irqs);
	if (!err)
		err = board_new(params, &bus, &device->board, problem);
	if (err) {
		vfio_device_free(device);
		return err;
	}
	device->client_max = VFIO_MAX_DATA;
	power_on(device);
	*out = device;

	return 0;
}

void vfio_device_free(struct vfio_device *device)
{
	if (!device)
		return;
	board_free(device->board);
	vfio_irqs_free(device->irqs);
	vfio_dma_free(device->dma);
	free(device);
}

uint32_t vfio_device_client_max(const struct vfio_device *device)
{
	return __atomic_load_n(&device->client_max, __ATOMIC_RELAXED);
}

void vfio_device_disconnect(struct vfio_device *device)
{
	vfio_irqs_reset(device->irqs);
	board_reset(device->board);
	vfio_dma_unmap_all(device->dma);
	board_insert(device->board);
	power_on(device);
	device->negotiated = false;
	__atomic_store_n(&device->client_max, VFIO_MAX_DATA, __ATOMIC_RELAXED);
}

static int malformed(struct vfio_reply *reply, const char *problem)
{
	reply->problem = problem;
	reply->malformed = true;

	return -EINVAL;
}

static int refuse(struct vfio_reply *reply, int err, const char *problem)
{
	reply->problem = problem;

	return err;
}

/* The fixed part of a payload, or NULL when it is cut short. */
static bool take(const struct vfio_request *request, void *out, size_t size)
{
	if (request->len < size)
		return false;
	memcpy(out, request->payload, size);

	return true;
}

static void give(struct vfio_reply *reply, const void *data, size_t len)
{
	memcpy(reply->payload + reply->len, data, len);
	reply->len += len;
}

/* A number from the client's JSON; @otherwise when it is not there. */
static uint32_t capability(const char *text, const char *name, uint32_t otherwise)
{
	const char *at = strstr(text, name);
	unsigned long value;

	if (!at)
		return otherwise;
	at += strlen(name);
	while (*at == '"' || *at == ':' || *at == ' ' || *at == '\t' || *at == '\n')
		at++;
	if (*at < '0' || *at > '9')
		return otherwise;
	errno = 0;
	value = strtoul(at, NULL, 10);

	return errno || value > UINT32_MAX ? otherwise : (uint32_t)value;
}

static int handle_version(struct vfio_device *device, const struct vfio_request *request,
			  struct vfio_reply *reply)
{
	struct vfio_version version;
	const char *text = "";
	uint32_t max;
	char answer[256];
	int len;

	if (!take(request, &version, sizeof(version)))
		return malformed(reply, "a version without numbers");
	if (device->negotiated)
		return malformed(reply, "a second version message");
	if (version.major != 0)
		return malformed(reply, "a protocol version other than 0");
	if (request->len > sizeof(version)) {
		if (request->payload[request->len - 1])
			return malformed(reply, "capabilities that do not end");
		text = (const char *)request->payload + sizeof(version);
	}
	max = capability(text, "\"max_data_xfer_size\"", VFIO_MAX_DATA);
	if (!max)
		return malformed(reply, "a largest transfer of 0 bytes");
	__atomic_store_n(&device->client_max, max < VFIO_MAX_DATA ? max : VFIO_MAX_DATA,
			 __ATOMIC_RELAXED);
	device->negotiated = true;

	version.minor = 0;
	give(reply, &version, sizeof(version));
	len = snprintf(answer, sizeof(answer),
		       "{\"capabilities\":{\"max_msg_fds\":%u,\"max_data_xfer_size\":%u,"
		       "\"max_dma_maps\":65535,\"pgsizes\":4096%s}}",
		       VFIO_MAX_FDS, VFIO_MAX_DATA,
		       strstr(text, "\"write_multiple\"") ? ",\"write_multiple\":true" : "");
	give(reply, answer, (size_t)len + 1);

	return 0;
}

static int handle_map(struct vfio_device *device, const struct vfio_request *request,
		      struct vfio_reply *reply)
{
	struct vfio_dma_map map;
	int err;

	if (!take(request, &map, sizeof(map)))
		return malformed(reply, "a DMA map that is cut short");
	if (request->fd_count > 1)
		return refuse(reply, -EINVAL, "a DMA map with several files");
	if (map.flags & ~(VFIO_MAP_READ | VFIO_MAP_WRITE))
		return refuse(reply, -EINVAL, "a DMA map with unknown flags");
	err = vfio_dma_map(device->dma, request->fd_count ? request->fds[0] : -1, map.offset,
			   map.address, map.size, map.flags & VFIO_MAP_READ,
			   map.flags & VFIO_MAP_WRITE);
	if (err)
		reply->problem = err == -EEXIST ? "a DMA map over another one" :
				 err == -EINVAL ? "a DMA map that is empty or beyond its file" :
						  "one DMA map too many";

	return err;
}

static int handle_unmap(struct vfio_device *device, const struct vfio_request *request,
			struct vfio_reply *reply)
{
	struct vfio_dma_unmap unmap;
	int err;

	if (!take(request, &unmap, sizeof(unmap)))
		return malformed(reply, "a DMA unmap that is cut short");
	if (unmap.flags & ~VFIO_UNMAP_ALL)
		return refuse(reply, -EINVAL, "a DMA unmap with unknown flags");
	if (unmap.flags & VFIO_UNMAP_ALL) {
		vfio_dma_unmap_all(device->dma);
	} else {
		err = vfio_dma_unmap(device->dma, unmap.address, unmap.size);
		if (err)
			return refuse(reply, err, "a DMA unmap that cuts a mapping in two");
	}
	unmap.argsz = sizeof(unmap);
	give(reply, &unmap, sizeof(unmap));

	return 0;
}

static int handle_device_info(struct vfio_reply *reply)
{
	struct vfio_device_info info = { .argsz = sizeof(info),
					 .flags = VFIO_DEVICE_RESET | VFIO_DEVICE_PCI,
					 .num_regions = VFIO_REGIONS,
					 .num_irqs = VFIO_IRQ_TYPES };

	give(reply, &info, sizeof(info));

	return 0;
}

static uint64_t region_size(const struct vfio_device *device, uint32_t region)
{
	if (region == VFIO_REGION_CONFIG)
		return VFIO_PCI_CONFIG_SIZE;
	return region < VFIO_REGION_ROM ? board_bar_size(device->board, region) : 0;
}

static int handle_region_info(struct vfio_device *device, const struct vfio_request *request,
			      struct vfio_reply *reply)
{
	struct vfio_region_info info;

	if (!take(request, &info, sizeof(info)))
		return malformed(reply, "a question about a region that is cut short");
	if (info.index >= VFIO_REGIONS)
		return refuse(reply, -EINVAL, "a question about a region that does not exist");
	info.argsz = sizeof(info);
	info.flags = 0;
	info.cap_offset = 0;
	info.offset = 0;
	info.size = region_size(device, info.index);
	if (info.size)
		info.flags = VFIO_REGION_CAN_READ | VFIO_REGION_CAN_WRITE;
	if (info.index == NVDLA_BOARD_BAR_SRAM && info.size) {
		info.flags |= VFIO_REGION_CAN_MMAP;
		reply->fd = board_sram_fd(device->board);
	}
	give(reply, &info, sizeof(info));

	return 0;
}

static int handle_irq_info(struct vfio_device *device, const struct vfio_request *request,
			   struct vfio_reply *reply)
{
	struct vfio_irq_info info;

	if (!take(request, &info, sizeof(info)))
		return malformed(reply, "a question about interrupts that is cut short");
	if (info.index >= VFIO_IRQ_TYPES)
		return refuse(reply, -EINVAL, "a question about interrupts that do not exist");
	info.argsz = sizeof(info);
	info.count = vfio_irqs_count(device->irqs, info.index);
	info.flags = !info.count ? 0 : VFIO_IRQ_EVENTFD |
		     (info.index == VFIO_IRQ_INTX ? VFIO_IRQ_MASKABLE | VFIO_IRQ_AUTOMASKED : 0);
	give(reply, &info, sizeof(info));

	return 0;
}

static int handle_set_irqs(struct vfio_device *device, const struct vfio_request *request,
			   struct vfio_reply *reply)
{
	const uint8_t *bools = NULL;
	struct vfio_irq_set set;

	if (!take(request, &set, sizeof(set)))
		return malformed(reply, "an interrupt setting that is cut short");
	if (set.flags & VFIO_SET_DATA_BOOL) {
		if (request->len - sizeof(set) < set.count)
			return malformed(reply, "an interrupt setting that is cut short");
		bools = request->payload + sizeof(set);
	}

	return vfio_irqs_set(device->irqs, &set, bools, request, reply);
}

static int read_region(struct vfio_device *device, uint32_t region, uint64_t offset, void *dst,
		       uint32_t count)
{
	uint64_t size = region < VFIO_REGIONS ? region_size(device, region) : 0;

	if (offset >= size || count > size - offset)
		return -EINVAL;
	if (region != VFIO_REGION_CONFIG)
		return board_read(device->board, region, offset, dst, count);
	if (board_removed(device->board))
		memset(dst, 0xff, count);
	else
		vfio_pci_read(&device->pci, (unsigned int)offset, dst, count);

	return 0;
}

static int write_region(struct vfio_device *device, uint32_t region, uint64_t offset,
			const void *src, uint32_t count)
{
	uint64_t size = region < VFIO_REGIONS ? region_size(device, region) : 0;

	if (offset >= size || count > size - offset)
		return -EINVAL;
	if (region != VFIO_REGION_CONFIG)
		return board_write(device->board, region, offset, src, count);
	if (board_removed(device->board))
		return 0;
	if (vfio_pci_write(&device->pci, (unsigned int)offset, src, count)) {
		board_reset(device->board);
		power_on(device);
	}
	board_set_bus_master(device->board, vfio_pci_bus_master(&device->pci));
	vfio_irqs_disable_pin(device->irqs, vfio_pci_intx_disabled(&device->pci));

	return 0;
}

static int handle_read(struct vfio_device *device, const struct vfio_request *request,
		       struct vfio_reply *reply)
{
	struct vfio_region_access access;
	int err;

	if (!take(request, &access, sizeof(access)))
		return malformed(reply, "a read that is cut short");
	if (!access.count || access.count > VFIO_MAX_DATA)
		return refuse(reply, -EINVAL, "a read of too many bytes or none");
	err = read_region(device, access.region, access.offset, reply->payload + sizeof(access),
			  access.count);
	if (err)
		return refuse(reply, err, "a read outside of a region");
	give(reply, &access, sizeof(access));
	reply->len += access.count;

	return 0;
}

static int handle_write(struct vfio_device *device, const struct vfio_request *request,
			struct vfio_reply *reply)
{
	struct vfio_region_access access;
	int err;

	if (!take(request, &access, sizeof(access)) ||
	    request->len - sizeof(access) < access.count)
		return malformed(reply, "a write that is cut short");
	if (!access.count || access.count > VFIO_MAX_DATA)
		return refuse(reply, -EINVAL, "a write of too many bytes or none");
	err = write_region(device, access.region, access.offset,
			   request->payload + sizeof(access), access.count);
	if (err)
		return refuse(reply, err, "a write outside of a region");
	give(reply, &access, sizeof(access));

	return 0;
}

static int handle_write_multi(struct vfio_device *device, const struct vfio_request *request,
			      struct vfio_reply *reply)
{
	struct vfio_write_multi multi;
	struct vfio_write_one one;
	uint64_t i;
	int err;

	if (!take(request, &multi, sizeof(multi)) ||
	    (request->len - sizeof(multi)) / sizeof(one) < multi.count)
		return malformed(reply, "a bundle of writes that is cut short");
	for (i = 0; i < multi.count; i++) {
		memcpy(&one, request->payload + sizeof(multi) + i * sizeof(one), sizeof(one));
		if (!one.count || one.count > sizeof(one.data))
			return refuse(reply, -EINVAL,
				      "in a bundle, a write of too many bytes or none");
		err = write_region(device, one.region, one.offset, one.data, one.count);
		if (err)
			return refuse(reply, err, "in a bundle, a write outside of a region");
	}
	give(reply, &multi, sizeof(multi));

	return 0;
}

int vfio_device_handle(struct vfio_device *device, const struct vfio_request *request,
		       struct vfio_reply *reply)
{
	reply->len = 0;
	reply->fd = -1;
	reply->problem = NULL;
	reply->malformed = false;
	if (request->command == VFIO_USER_VERSION)
		return handle_version(device, request, reply);
	if (!device->negotiated)
		return malformed(reply, "a command before the version");
	switch (request->command) {
	case VFIO_USER_DMA_MAP:
		return handle_map(device, request, reply);
	case VFIO_USER_DMA_UNMAP:
		return handle_unmap(device, request, reply);
	case VFIO_USER_DEVICE_GET_INFO:
		return handle_device_info(reply);
	case VFIO_USER_DEVICE_GET_REGION_INFO:
		return handle_region_info(device, request, reply);
	case VFIO_USER_DEVICE_GET_IRQ_INFO:
		return handle_irq_info(device, request, reply);
	case VFIO_USER_DEVICE_SET_IRQS:
		return handle_set_irqs(device, request, reply);
	case VFIO_USER_REGION_READ:
		return handle_read(device, request, reply);
	case VFIO_USER_REGION_WRITE:
		return handle_write(device, request, reply);
	case VFIO_USER_REGION_WRITE_MULTI:
		return handle_write_multi(device, request, reply);
	case VFIO_USER_DEVICE_RESET:
		board_reset(device->board);
		power_on(device);
		return 0;
	default:
		return refuse(reply, -ENOSYS, "a command that is not implemented");
	}
}
