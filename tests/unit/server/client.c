// SPDX-License-Identifier: MIT
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "client.h"

static void *serve(void *argument)
{
	struct served *served = argument;

	vfio_server_run(served->server);

	return NULL;
}

void served_start(struct served *served, const struct board_params *params)
{
	struct board_params quiet = *params;
	const char *problem = NULL;

	quiet.quiet = true;
	strcpy(served->folder, "/tmp/nvdla-server.XXXXXX");
	assert_non_null(mkdtemp(served->folder));
	snprintf(served->path, sizeof(served->path), "%s/socket", served->folder);
	if (vfio_server_new(served->path, &quiet, &served->server, &problem))
		fail_msg("%s", problem);
	assert_int_equal(pthread_create(&served->thread, NULL, serve, served), 0);
}

void served_stop(struct served *served)
{
	vfio_server_stop(served->server);
	pthread_join(served->thread, NULL);
	vfio_server_free(served->server);
	rmdir(served->folder);
}

void client_connect(struct client *client, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	memset(client, 0, sizeof(*client));
	strcpy(address.sun_path, path);
	client->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(client->socket >= 0);
	assert_int_equal(connect(client->socket, (struct sockaddr *)&address, sizeof(address)), 0);
	client->memory_fd = memfd_create("client", MFD_CLOEXEC);
	assert_true(client->memory_fd >= 0);
	assert_int_equal(ftruncate(client->memory_fd, CLIENT_MEMORY), 0);
	client->memory = mmap(NULL, CLIENT_MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED,
			      client->memory_fd, 0);
	assert_true(client->memory != MAP_FAILED);
}

void client_close(struct client *client)
{
	close(client->socket);
	close(client->memory_fd);
	munmap(client->memory, CLIENT_MEMORY);
}

static bool receive_all(int fd, void *dst, size_t len)
{
	uint8_t *at = dst;
	ssize_t got;

	while (len) {
		got = recv(fd, at, len, 0);
		if (got <= 0)
			return false;
		at += got;
		len -= (size_t)got;
	}

	return true;
}

/* The server wants our memory. */
static void answer_dma(struct client *client, const struct vfio_header *command,
		       const uint8_t *payload)
{
	uint8_t reply[sizeof(struct vfio_header) + sizeof(struct vfio_dma_access) + 65536];
	struct vfio_header header = *command;
	struct vfio_dma_access access;
	size_t len = sizeof(header) + sizeof(access);

	memcpy(&access, payload, sizeof(access));
	header.flags = VFIO_FLAG_REPLY;
	if (access.address > CLIENT_MEMORY || access.count > CLIENT_MEMORY - access.address ||
	    access.count > 65536) {
		header.flags |= VFIO_FLAG_ERROR;
		header.error = EFAULT;
		len = sizeof(header);
	} else if (command->command == VFIO_USER_DMA_READ) {
		memcpy(reply + len, client->memory + access.address, access.count);
		len += access.count;
	} else {
		memcpy(client->memory + access.address, payload + sizeof(access), access.count);
	}
	header.size = (uint32_t)len;
	memcpy(reply, &header, sizeof(header));
	memcpy(reply + sizeof(header), &access, sizeof(access));
	assert_int_equal(send(client->socket, reply, len, MSG_NOSIGNAL), len);
}

/* One message; true when it is a reply. @len: of the payload. */
static int next_message(struct client *client, struct vfio_header *header, uint8_t *payload,
			size_t room)
{
	size_t len;

	if (!receive_all(client->socket, header, sizeof(*header)))
		return -EPIPE;
	len = header->size - sizeof(*header);
	assert_true(len <= room);
	if (!receive_all(client->socket, payload, len))
		return -EPIPE;
	if (header->flags & VFIO_FLAG_REPLY)
		return 1;
	answer_dma(client, header, payload);

	return 0;
}

int client_call(struct client *client, uint16_t command, const void *payload, size_t len,
		const int *fds, unsigned int fd_count, void *reply, size_t *reply_len)
{
	struct vfio_header header = { .id = client->next_id++, .command = command,
				      .size = (uint32_t)(sizeof(header) + len) };
	struct iovec iov[2] = { { &header, sizeof(header) }, { (void *)payload, len } };
	union {
		char space[CMSG_SPACE(32 * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	uint8_t *buffer = malloc(VFIO_MAX_MESSAGE);
	uint16_t id = header.id;
	int got;

	assert_non_null(buffer);
	if (fd_count) {
		struct cmsghdr *cmsg;

		memset(&control, 0, sizeof(control));
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(fd_count * sizeof(int));
		memcpy(CMSG_DATA(cmsg), fds, fd_count * sizeof(int));
	}
	if (sendmsg(client->socket, &msg, MSG_NOSIGNAL) != (ssize_t)header.size) {
		free(buffer);
		return -EPIPE;
	}
	do {
		got = next_message(client, &header, buffer, VFIO_MAX_MESSAGE);
	} while (!got);
	if (got > 0) {
		assert_int_equal(header.id, id);
		assert_int_equal(header.command, command);
		got = header.flags & VFIO_FLAG_ERROR ? -(int)header.error : 0;
		len = header.size - sizeof(header);
		if (reply) {
			assert_true(len <= *reply_len);
			memcpy(reply, buffer, len);
			*reply_len = len;
		}
	}
	free(buffer);

	return got;
}

static int64_t milliseconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);

	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void client_answer(struct client *client, int until, int milliseconds)
{
	int64_t end = milliseconds_now() + milliseconds;
	struct pollfd fds[2] = { { .fd = client->socket, .events = POLLIN },
				 { .fd = until, .events = POLLIN } };
	uint8_t *buffer = malloc(VFIO_MAX_MESSAGE);
	struct vfio_header header;

	assert_non_null(buffer);
	while (milliseconds_now() < end) {
		if (poll(fds, 2, 10) <= 0)
			continue;
		if (fds[1].revents)
			break;
		assert_int_equal(next_message(client, &header, buffer, VFIO_MAX_MESSAGE), 0);
	}
	free(buffer);
}

void client_open(struct client *client, const char *path)
{
	struct {
		struct vfio_version version;
		char text[128];
	} hello = { .text = "{\"capabilities\":{\"max_msg_fds\":8,\"max_data_xfer_size\":65536,"
			    "\"write_multiple\":true}}" };
	char reply[512];
	size_t len = sizeof(reply);

	client_connect(client, path);
	assert_int_equal(client_call(client, VFIO_USER_VERSION, &hello,
				     sizeof(hello.version) + strlen(hello.text) + 1, NULL, 0, reply,
				     &len), 0);
	assert_int_equal(reply[len - 1], 0);
	/* memory space and bus mastering */
	client_write(client, VFIO_REGION_CONFIG, 4, 6);
}

int client_map(struct client *client, uint64_t addr, uint64_t offset, uint64_t size,
	       uint32_t flags, bool with_file)
{
	struct vfio_dma_map map = { .argsz = sizeof(map), .flags = flags, .offset = offset,
				    .address = addr, .size = size };

	return client_call(client, VFIO_USER_DMA_MAP, &map, sizeof(map), &client->memory_fd,
			   with_file, NULL, NULL);
}

int client_unmap(struct client *client, uint64_t addr, uint64_t size)
{
	struct vfio_dma_unmap unmap = { .argsz = sizeof(unmap), .address = addr, .size = size };

	return client_call(client, VFIO_USER_DMA_UNMAP, &unmap, sizeof(unmap), NULL, 0, NULL, NULL);
}

uint32_t client_read(struct client *client, uint32_t region, uint64_t offset)
{
	struct vfio_region_access access = { .offset = offset, .region = region, .count = 4 };
	struct {
		struct vfio_region_access access;
		uint32_t value;
	} reply;
	size_t len = sizeof(reply);

	assert_int_equal(client_call(client, VFIO_USER_REGION_READ, &access, sizeof(access), NULL, 0,
				     &reply, &len), 0);
	assert_int_equal(len, sizeof(access) + 4);

	return reply.value;
}

void client_write(struct client *client, uint32_t region, uint64_t offset, uint32_t value)
{
	struct {
		struct vfio_region_access access;
		uint32_t value;
	} request = { { offset, region, 4 }, value };

	assert_int_equal(client_call(client, VFIO_USER_REGION_WRITE, &request,
				     sizeof(request.access) + 4, NULL, 0, NULL, NULL), 0);
}

int client_vector(struct client *client, uint32_t type, uint32_t vector)
{
	struct vfio_irq_set set = { .argsz = sizeof(set), .index = type, .start = vector, .count = 1,
				    .flags = VFIO_SET_DATA_EVENTFD | VFIO_SET_TRIGGER };
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	assert_true(fd >= 0);
	assert_int_equal(client_call(client, VFIO_USER_DEVICE_SET_IRQS, &set, sizeof(set), &fd, 1,
				     NULL, NULL), 0);

	return fd;
}

bool client_event(int fd, int milliseconds)
{
	struct pollfd readable = { .fd = fd, .events = POLLIN };
	uint64_t count;

	return poll(&readable, 1, milliseconds) == 1 && read(fd, &count, sizeof(count)) == 8;
}
