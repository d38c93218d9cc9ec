// SPDX-License-Identifier: MIT
/*
 * Sockets: taking clients, receiving messages whole, sending replies, and DMA
 * by messages where the client did not share its memory.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "vfio_device.h"
#include "vfio_server.h"

#define DMA_REPLY_SECONDS	5
#define PROBLEMS_PER_SECOND	20

/* A DMA message that waits for its reply. */
struct wait {
	struct wait *next;
	uint16_t id;
	uint16_t command;
	void *dst;
	uint32_t len;
	bool done;
	int result;
};

struct vfio_server {
	struct vfio_device *device;
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	bool bound, quiet;
	int listen_fd, stop_fd;

	/* One message goes out at a time; @client changes under it, too. */
	pthread_mutex_t send_lock;
	int client;

	pthread_mutex_t wait_lock;
	pthread_cond_t wait_cond;
	struct wait *waits;
	uint16_t next_id;
	bool connected;

	/* the message that is coming in */
	struct vfio_header header;
	size_t got;
	uint8_t *payload;
	int fds[VFIO_MAX_FDS];
	unsigned int fd_count;

	uint8_t *reply;
	time_t problem_second;
	unsigned int problems;
};

static void complain(struct vfio_server *server, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void complain(struct vfio_server *server, const char *format, ...)
{
	time_t now = time(NULL);
	va_list args;

	if (server->quiet)
		return;
	if (now != server->problem_second) {
		server->problem_second = now;
		server->problems = 0;
	}
	if (server->problems++ >= PROBLEMS_PER_SECOND)
		return;
	va_start(args, format);
	fputs("npusim: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
}

/* Send a whole message; the send lock is held. */
static int send_all(int fd, const struct vfio_header *header, const void *fixed, size_t fixed_len,
		    const void *data, size_t len, int pass)
{
	struct iovec iov[3] = {
		{ .iov_base = (void *)header, .iov_len = sizeof(*header) },
		{ .iov_base = (void *)fixed, .iov_len = fixed_len },
		{ .iov_base = (void *)data, .iov_len = len },
	};
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 3 };
	ssize_t sent;

	if (pass >= 0) {
		struct cmsghdr *cmsg;

		memset(&control, 0, sizeof(control));
		msg.msg_control = control.space;
		msg.msg_controllen = sizeof(control.space);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &pass, sizeof(pass));
	}
	while (msg.msg_iovlen) {
		sent = sendmsg(fd, &msg, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return -errno;
		msg.msg_control = NULL;
		msg.msg_controllen = 0;
		while (msg.msg_iovlen && (size_t)sent >= msg.msg_iov->iov_len) {
			sent -= (ssize_t)msg.msg_iov->iov_len;
			msg.msg_iov++;
			msg.msg_iovlen--;
		}
		if (msg.msg_iovlen) {
			msg.msg_iov->iov_base = (uint8_t *)msg.msg_iov->iov_base + sent;
			msg.msg_iov->iov_len -= (size_t)sent;
		}
	}

	return 0;
}

/* DMA by messages; called by the cores' threads. */
static int dma_message_one(struct vfio_server *server, uint64_t addr, void *dst,
			   const void *src, uint32_t len)
{
	struct vfio_dma_access access = { .address = addr, .count = len };
	struct vfio_header header = { .command = dst ? VFIO_USER_DMA_READ : VFIO_USER_DMA_WRITE };
	struct wait wait = { .command = header.command, .dst = dst, .len = len,
			     .result = -EFAULT }, **link;
	struct timespec until;
	int err = -EFAULT;

	pthread_mutex_lock(&server->wait_lock);
	if (server->connected) {
		wait.id = server->next_id++;
		wait.next = server->waits;
		server->waits = &wait;
		err = 0;
	}
	pthread_mutex_unlock(&server->wait_lock);
	if (err)
		return err;

	header.id = wait.id;
	header.size = (uint32_t)(sizeof(header) + sizeof(access) + (src ? len : 0));
	pthread_mutex_lock(&server->send_lock);
	if (server->client >= 0)
		err = send_all(server->client, &header, &access, sizeof(access), src,
			       src ? len : 0, -1);
	else
		err = -EFAULT;
	pthread_mutex_unlock(&server->send_lock);

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += DMA_REPLY_SECONDS;
	pthread_mutex_lock(&server->wait_lock);
	while (!err && !wait.done && server->connected) {
		if (pthread_cond_timedwait(&server->wait_cond, &server->wait_lock, &until))
			err = -ETIMEDOUT;
	}
	for (link = &server->waits; *link != &wait; link = &(*link)->next)
		;
	*link = wait.next;
	if (!err)
		err = wait.result;
	pthread_mutex_unlock(&server->wait_lock);

	return err;
}

static int dma_message(void *ctx, uint64_t addr, void *dst, const void *src, size_t len)
{
	struct vfio_server *server = ctx;
	uint32_t max = vfio_device_client_max(server->device);
	int err = 0;

	while (!err && len) {
		uint32_t part = len < max ? (uint32_t)len : max;

		err = dma_message_one(server, addr, dst, src, part);
		addr += part;
		len -= part;
		if (dst)
			dst = (uint8_t *)dst + part;
		else
			src = (const uint8_t *)src + part;
	}

	return err;
}

/* A reply to one of our DMA messages. */
static int take_reply(struct vfio_server *server)
{
	size_t len = server->header.size - sizeof(server->header);
	struct vfio_dma_access access;
	struct wait *wait;

	pthread_mutex_lock(&server->wait_lock);
	for (wait = server->waits; wait; wait = wait->next) {
		if (wait->id == server->header.id && wait->command == server->header.command &&
		    !wait->done)
			break;
	}
	if (wait) {
		wait->done = true;
		if (server->header.flags & VFIO_FLAG_ERROR) {
			wait->result = -EFAULT;
		} else if (!wait->dst) {
			wait->result = 0;
		} else if (len >= sizeof(access) && len - sizeof(access) >= wait->len) {
			memcpy(&access, server->payload, sizeof(access));
			memcpy(wait->dst, server->payload + sizeof(access), wait->len);
			wait->result = access.count >= wait->len ? 0 : -EFAULT;
		}
		pthread_cond_broadcast(&server->wait_cond);
	}
	pthread_mutex_unlock(&server->wait_lock);
	/* One that comes after its time is over is nothing bad. */

	return 0;
}

static void drop_fds(struct vfio_server *server)
{
	unsigned int i;

	for (i = 0; i < server->fd_count; i++) {
		if (server->fds[i] >= 0)
			close(server->fds[i]);
	}
	server->fd_count = 0;
}

static void set_connected(struct vfio_server *server, bool connected)
{
	pthread_mutex_lock(&server->wait_lock);
	server->connected = connected;
	pthread_cond_broadcast(&server->wait_cond);
	pthread_mutex_unlock(&server->wait_lock);
}

static void disconnect(struct vfio_server *server)
{
	set_connected(server, false);
	pthread_mutex_lock(&server->send_lock);
	close(server->client);
	server->client = -1;
	pthread_mutex_unlock(&server->send_lock);
	drop_fds(server);
	server->got = 0;
	vfio_device_disconnect(server->device);
}

/* A whole command is there. Return: 0, or -EPROTO to end the connection. */
static int handle(struct vfio_server *server)
{
	struct vfio_request request = {
		.command = server->header.command, .payload = server->payload,
		.len = server->header.size - sizeof(server->header),
		.fds = server->fds, .fd_count = server->fd_count,
	};
	struct vfio_header header = { .id = server->header.id, .command = server->header.command,
				      .flags = VFIO_FLAG_REPLY };
	struct vfio_reply reply = { .payload = server->reply };
	bool reset = request.command == VFIO_USER_DEVICE_RESET;
	int err, sent = 0;

	/* A core that waits for its DMA would keep a reset waiting. */
	if (reset)
		set_connected(server, false);
	err = vfio_device_handle(server->device, &request, &reply);
	if (reset)
		set_connected(server, true);
	if (reply.problem)
		complain(server, "the client sent %s (command %u)", reply.problem,
			 request.command);
	if (err) {
		header.flags |= VFIO_FLAG_ERROR;
		header.error = (uint32_t)-err;
		reply.len = 0;
		reply.fd = -1;
	}
	header.size = (uint32_t)(sizeof(header) + reply.len);
	if (!(server->header.flags & VFIO_FLAG_NO_REPLY)) {
		pthread_mutex_lock(&server->send_lock);
		sent = send_all(server->client, &header, server->reply, reply.len, NULL, 0,
				reply.fd);
		pthread_mutex_unlock(&server->send_lock);
	}
	drop_fds(server);
	if (sent)
		complain(server, "a reply cannot be sent: %s", strerror(-sent));

	return sent || reply.malformed ? -EPROTO : 0;
}

static bool sane(struct vfio_server *server)
{
	const struct vfio_header *header = &server->header;

	if (header->size < sizeof(*header) || header->size > VFIO_MAX_MESSAGE) {
		complain(server, "the client sent a message of %u bytes", header->size);
		return false;
	}
	if ((header->flags & VFIO_FLAG_TYPE) > VFIO_FLAG_REPLY) {
		complain(server, "the client sent a message that is neither command nor reply");
		return false;
	}

	return true;
}

static void collect_fds(struct vfio_server *server, struct msghdr *msg)
{
	struct cmsghdr *cmsg;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		size_t count = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int), i;
		const uint8_t *data = CMSG_DATA(cmsg);
		int fd;

		if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		for (i = 0; i < count; i++) {
			memcpy(&fd, data + i * sizeof(int), sizeof(fd));
			if (server->fd_count < VFIO_MAX_FDS)
				server->fds[server->fd_count++] = fd;
			else
				close(fd);
		}
	}
}

/* Receive what is there. Return: 0, or -EPROTO to end the connection. */
static int receive(struct vfio_server *server)
{
	union {
		char space[CMSG_SPACE(VFIO_MAX_FDS * sizeof(int))];
		struct cmsghdr align;
	} control;
	bool in_header = server->got < sizeof(server->header);
	struct iovec iov;
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.space,
			      .msg_controllen = sizeof(control.space) };
	ssize_t len;

	if (in_header) {
		iov.iov_base = (uint8_t *)&server->header + server->got;
		iov.iov_len = sizeof(server->header) - server->got;
	} else {
		iov.iov_base = server->payload + (server->got - sizeof(server->header));
		iov.iov_len = server->header.size - server->got;
	}
	len = recvmsg(server->client, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return -EAGAIN;
	if (len <= 0) {
		if (server->got)
			complain(server, "the client left in the middle of a message");
		return -EPROTO;
	}
	collect_fds(server, &msg);
	if (msg.msg_flags & MSG_CTRUNC) {
		complain(server, "the client sent more than %u files at once", VFIO_MAX_FDS);
		return -EPROTO;
	}
	server->got += (size_t)len;
	if (server->got == sizeof(server->header) && in_header && !sane(server))
		return -EPROTO;
	if (server->got < sizeof(server->header) || server->got < server->header.size)
		return 0;
	server->got = 0;
	if ((server->header.flags & VFIO_FLAG_TYPE) == VFIO_FLAG_REPLY) {
		drop_fds(server);
		return take_reply(server);
	}

	return handle(server);
}

static void refuse_second(struct vfio_server *server, int fd)
{
	struct vfio_header header = { .command = VFIO_USER_VERSION };
	struct pollfd readable = { .fd = fd, .events = POLLIN };

	complain(server, "a second client is refused: the board has one already");
	/* Its first message has the number that the reply must have. */
	if (poll(&readable, 1, 50) > 0 &&
	    recv(fd, &header, sizeof(header), MSG_DONTWAIT) != sizeof(header))
		header.id = 0;
	header.size = sizeof(header);
	header.flags = VFIO_FLAG_REPLY | VFIO_FLAG_ERROR;
	header.error = EBUSY;
	if (send(fd, &header, sizeof(header), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		complain(server, "nor can it be told: %s", strerror(errno));
	close(fd);
}

static void accept_client(struct vfio_server *server)
{
	struct timeval patience = { .tv_sec = DMA_REPLY_SECONDS };
	int fd = accept4(server->listen_fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	if (server->client >= 0) {
		refuse_second(server, fd);
		return;
	}
	/* Who does not read what he asked for is no client. */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	pthread_mutex_lock(&server->send_lock);
	server->client = fd;
	pthread_mutex_unlock(&server->send_lock);
	set_connected(server, true);
}

int vfio_server_run(struct vfio_server *server)
{
	for (;;) {
		struct pollfd fds[3] = {
			{ .fd = server->stop_fd, .events = POLLIN },
			{ .fd = server->listen_fd, .events = POLLIN },
			{ .fd = server->client, .events = POLLIN },
		};
		int err = 0;

		if (poll(fds, 3, -1) < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		if (fds[0].revents)
			break;
		/* All that is there at once: the next is usually on its way. */
		while (fds[2].revents && !err)
			err = receive(server);
		if (err && err != -EAGAIN)
			disconnect(server);
		if (fds[1].revents)
			accept_client(server);
	}

	return 0;
}

void vfio_server_stop(struct vfio_server *server)
{
	uint64_t one = 1;

	if (write(server->stop_fd, &one, sizeof(one)) < 0)
		return;
}

static int listen_at(struct vfio_server *server, const char *path, const char **problem)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int probe;

	*problem = "the socket's path is too long";
	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	strcpy(server->path, path);
	*problem = "no socket can be made";
	server->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (server->listen_fd < 0 || probe < 0) {
		if (probe >= 0)
			close(probe);
		return -errno;
	}
	/* What a killed one left behind may go, a living one may not. */
	if (connect(probe, (struct sockaddr *)&address, sizeof(address)) < 0 &&
	    errno == ECONNREFUSED)
		unlink(path);
	close(probe);
	*problem = "the socket's path is taken or cannot be made";
	if (bind(server->listen_fd, (struct sockaddr *)&address, sizeof(address)))
		return -errno;
	server->bound = true;

	return listen(server->listen_fd, 8) ? -errno : 0;
}

int vfio_server_new(const char *path, const struct board_params *params,
		    struct vfio_server **out, const char **problem)
{
	struct vfio_server *server = calloc(1, sizeof(*server));
	pthread_condattr_t attr;
	int err;

	*problem = "out of memory";
	if (!server)
		return -ENOMEM;
	server->client = -1;
	server->listen_fd = -1;
	server->quiet = params->quiet;
	pthread_mutex_init(&server->send_lock, NULL);
	pthread_mutex_init(&server->wait_lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&server->wait_cond, &attr);
	pthread_condattr_destroy(&attr);
	server->stop_fd = eventfd(0, EFD_CLOEXEC);
	server->payload = malloc(VFIO_MAX_MESSAGE);
	server->reply = malloc(VFIO_MAX_MESSAGE);
	err = server->payload && server->reply && server->stop_fd >= 0 ? 0 : -ENOMEM;
	if (!err)
		err = vfio_device_new(params, dma_message, server, &server->device, problem);
	if (!err)
		err = listen_at(server, path, problem);
	if (err) {
		vfio_server_free(server);
		return err;
	}
	*out = server;

	return 0;
}

void vfio_server_free(struct vfio_server *server)
{
	if (!server)
		return;
	set_connected(server, false);
	vfio_device_free(server->device);
	if (server->client >= 0)
		close(server->client);
	if (server->listen_fd >= 0)
		close(server->listen_fd);
	if (server->bound)
		unlink(server->path);
	if (server->stop_fd >= 0)
		close(server->stop_fd);
	drop_fds(server);
	free(server->payload);
	free(server->reply);
	pthread_cond_destroy(&server->wait_cond);
	pthread_mutex_destroy(&server->send_lock);
	pthread_mutex_destroy(&server->wait_lock);
	free(server);
}
