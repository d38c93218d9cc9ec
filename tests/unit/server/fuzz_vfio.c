// SPDX-License-Identifier: MIT
/*
 * Fuzzer of the vfio-user messages: sane ones with anything in them changed,
 * and pure noise. Whatever comes, the device must answer or refuse; the
 * sanitizers watch.
 *
 * usage: fuzz-vfio SECONDS [SEED]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../../../kmod/hw/nvdla_board_regs.h"
#include "../../../tools/npusim/board/vfio_device.h"

#define MAX_PAYLOAD	8192

struct fuzz {
	struct vfio_device *device;
	uint64_t random;
	uint64_t messages, accepted;
	int memory_fd;
	uint8_t payload[MAX_PAYLOAD];
	uint8_t *reply;
};

static uint32_t draw(struct fuzz *fuzz)
{
	fuzz->random ^= fuzz->random << 13;
	fuzz->random ^= fuzz->random >> 7;
	fuzz->random ^= fuzz->random << 17;

	return (uint32_t)(fuzz->random >> 16);
}

static uint32_t below(struct fuzz *fuzz, uint32_t limit)
{
	return draw(fuzz) % limit;
}

/* Numbers at which things change. */
static uint64_t edge(struct fuzz *fuzz)
{
	static const uint64_t edges[] = { 0, 1, 2, 3, 4, 7, 8, 32, 4095, 4096, 4097, 0x10000, 0x40000,
					  0x7fffffff, 0x80000000, 0xffffffff, 1ull << 32,
					  0x7fffffffffffffff, 0xfffffffffffff000, UINT64_MAX };
	uint64_t value = edges[below(fuzz, sizeof(edges) / sizeof(edges[0]))];

	return below(fuzz, 2) ? value : value + below(fuzz, 64);
}

static void send_message(struct fuzz *fuzz, uint16_t command, size_t len, unsigned int fd_count)
{
	int fds[VFIO_MAX_FDS];
	struct vfio_request request = { .command = command, .len = len, .fds = fds,
					.fd_count = fd_count };
	struct vfio_reply reply = { .payload = fuzz->reply };
	/* A block of just that size, so that one byte too far is seen. */
	uint8_t *exact = malloc(len ? len : 1);
	unsigned int i;

	if (!exact)
		exit(2);
	memcpy(exact, fuzz->payload, len);
	request.payload = exact;
	for (i = 0; i < fd_count; i++)
		fds[i] = below(fuzz, 2) ? dup(fuzz->memory_fd) : eventfd(0, EFD_NONBLOCK);
	if (!vfio_device_handle(fuzz->device, &request, &reply))
		fuzz->accepted++;
	if (reply.len > VFIO_MAX_DATA + 64 || (reply.malformed && !reply.problem))
		abort();
	for (i = 0; i < fd_count; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
	free(exact);
	fuzz->messages++;
	/* The server would end the connection; a reset takes long, so rarely here. */
	if (reply.malformed && !below(fuzz, 32))
		vfio_device_disconnect(fuzz->device);
}

static void negotiate(struct fuzz *fuzz)
{
	static const char text[] = "{\"capabilities\":{\"max_data_xfer_size\":4096}}";
	struct vfio_version version = { 0, 0 };

	memcpy(fuzz->payload, &version, sizeof(version));
	memcpy(fuzz->payload + sizeof(version), text, sizeof(text));
	send_message(fuzz, VFIO_USER_VERSION, sizeof(version) + sizeof(text), 0);
}

static size_t make_access(struct fuzz *fuzz, bool data)
{
	static const uint32_t regions[] = { NVDLA_BOARD_BAR_CSB, NVDLA_BOARD_BAR_CONTROL,
					    NVDLA_BOARD_BAR_SRAM, VFIO_REGION_CONFIG };
	struct vfio_region_access access = { .region = regions[below(fuzz, 4)], .count = 4 };

	access.offset = access.region == VFIO_REGION_CONFIG ? below(fuzz, 64) * 4 :
			below(fuzz, 2) ? below(fuzz, 0x2000) & ~3u : below(fuzz, 0x20000) & ~3u;
	memcpy(fuzz->payload, &access, sizeof(access));
	if (data) {
		uint32_t value = below(fuzz, 2) ? 1 : (uint32_t)edge(fuzz);

		memcpy(fuzz->payload + sizeof(access), &value, 4);
	}

	return sizeof(access) + (data ? 4 : 0);
}

/* A sane message of some command. */
static size_t make_message(struct fuzz *fuzz, uint16_t command, unsigned int *fd_count)
{
	struct vfio_dma_map map = { sizeof(map), 3, 0, below(fuzz, 16) * 4096ull, 4096 };
	struct vfio_dma_unmap unmap = { sizeof(unmap), 0, below(fuzz, 16) * 4096ull, 4096 };
	struct vfio_irq_set set = { sizeof(set), VFIO_SET_DATA_EVENTFD | VFIO_SET_TRIGGER,
				    below(fuzz, 3), 0, 1 };
	struct vfio_write_multi multi = { .count = 1 + below(fuzz, 16) };
	uint64_t i;

	memset(fuzz->payload, 0, 1024);
	switch (command) {
	case VFIO_USER_DMA_MAP:
		*fd_count = below(fuzz, 2);
		memcpy(fuzz->payload, &map, sizeof(map));
		return sizeof(map);
	case VFIO_USER_DMA_UNMAP:
		memcpy(fuzz->payload, &unmap, sizeof(unmap));
		return sizeof(unmap);
	case VFIO_USER_DEVICE_SET_IRQS:
		*fd_count = below(fuzz, 2);
		memcpy(fuzz->payload, &set, sizeof(set));
		return sizeof(set);
	case VFIO_USER_REGION_READ:
		return make_access(fuzz, false);
	case VFIO_USER_REGION_WRITE:
		return make_access(fuzz, true);
	case VFIO_USER_REGION_WRITE_MULTI:
		memcpy(fuzz->payload, &multi, sizeof(multi));
		for (i = 0; i < multi.count; i++) {
			struct vfio_write_one one = { below(fuzz, 0x12000) & ~3u, 0, 4, { 1 } };

			memcpy(fuzz->payload + sizeof(multi) + i * sizeof(one), &one, sizeof(one));
		}
		return sizeof(multi) + multi.count * sizeof(struct vfio_write_one);
	default:
		return 32;
	}
}

static void change(struct fuzz *fuzz, size_t *len, unsigned int *fd_count)
{
	unsigned int times = below(fuzz, 4);
	uint64_t value;
	size_t at;

	while (times--) {
		value = edge(fuzz);
		at = below(fuzz, 16) * 4;
		switch (below(fuzz, 5)) {
		case 0:
			fuzz->payload[below(fuzz, 64)] ^= 1u << below(fuzz, 8);
			break;
		case 1:
			memcpy(fuzz->payload + at, &value, 4);
			break;
		case 2:
			memcpy(fuzz->payload + at, &value, 8);
			break;
		case 3:
			*len = below(fuzz, MAX_PAYLOAD);
			break;
		default:
			*fd_count = below(fuzz, VFIO_MAX_FDS + 1);
			break;
		}
	}
}

static void one_round(struct fuzz *fuzz)
{
	uint16_t command = (uint16_t)(1 + below(fuzz, 16));
	unsigned int fd_count = 0;
	size_t len, i;

	/* Without a version everything else would only be refused. */
	if (!below(fuzz, 200)) {
		vfio_device_disconnect(fuzz->device);
		if (below(fuzz, 8))
			negotiate(fuzz);
	}
	if (!below(fuzz, 20)) {
		len = below(fuzz, MAX_PAYLOAD);
		for (i = 0; i < len; i++)
			fuzz->payload[i] = (uint8_t)draw(fuzz);
		command = (uint16_t)(below(fuzz, 4) ? command : draw(fuzz));
	} else {
		len = make_message(fuzz, command, &fd_count);
		change(fuzz, &len, &fd_count);
	}
	send_message(fuzz, command, len, fd_count);
}

int main(int argc, char **argv)
{
	static const struct board_params params = { .config = "nv_large", .cores = 2,
						    .sram_size = 65536, .quiet = true };
	static struct fuzz fuzz;
	time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 10);
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : (uint64_t)time(NULL);
	const char *problem;

	fuzz.random = seed * 0x9e3779b97f4a7c15ull + 1;
	fuzz.memory_fd = memfd_create("fuzz", MFD_CLOEXEC);
	fuzz.reply = malloc(VFIO_MAX_DATA + 64);
	if (fuzz.memory_fd < 0 || ftruncate(fuzz.memory_fd, 1 << 20) || !fuzz.reply ||
	    vfio_device_new(&params, NULL, NULL, &fuzz.device, &problem)) {
		fprintf(stderr, "fuzz-vfio: cannot start\n");
		return 2;
	}
	printf("# seed %llu\n", (unsigned long long)seed);
	fflush(stdout);
	while (time(NULL) < end)
		one_round(&fuzz);
	vfio_device_free(fuzz.device);
	close(fuzz.memory_fd);
	free(fuzz.reply);
	printf("# %llu messages, %llu accepted\n", (unsigned long long)fuzz.messages,
	       (unsigned long long)fuzz.accepted);
	printf("%s - fuzzed messages neither crash nor hang the device\n1..1\n",
	       fuzz.messages > 1000 && fuzz.accepted > 100 ? "ok 1" : "not ok 1");

	return fuzz.messages > 1000 && fuzz.accepted > 100 ? 0 : 1;
}
