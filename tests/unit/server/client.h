/* SPDX-License-Identifier: MIT */
/*
 * A vfio-user client for tests: what QEMU is to npusim, one call per message.
 */
#ifndef TESTS_SERVER_CLIENT_H
#define TESTS_SERVER_CLIENT_H

#include <pthread.h>
#include <stdbool.h>

#include "../../../tools/npusim/board/board.h"
#include "../../../tools/npusim/board/vfio_proto.h"
#include "../../../tools/npusim/board/vfio_server.h"

#define CLIENT_MEMORY	(8u << 20)

/**
 * struct client - one connection, and the memory it shares
 * @socket: connected to the server, or -1
 * @memory_fd: file behind @memory
 * @memory: CLIENT_MEMORY bytes that DMA can reach once they are mapped
 */
struct client {
	int socket;
	int memory_fd;
	uint8_t *memory;
	uint16_t next_id;
};

/* A server in a thread of its own, on a socket in a folder of its own. */
struct served {
	struct vfio_server *server;
	pthread_t thread;
	char folder[64];
	char path[96];
};

void served_start(struct served *served, const struct board_params *params);
void served_stop(struct served *served);

/* Connect without a word. */
void client_connect(struct client *client, const char *path);
void client_close(struct client *client);

/* Connect, negotiate, switch bus mastering on. */
void client_open(struct client *client, const char *path);

/**
 * client_call() - send a command and wait for its reply
 * @fds: file descriptors to pass along
 * @reply: room for the reply's payload
 * @reply_len: in: its size; out: what came
 *
 * Answers the server's DMA messages meanwhile, with @client->memory at address 0.
 *
 * Return: 0; the reply's error as a negative errno; -EPIPE when the server
 * closed the connection.
 */
int client_call(struct client *client, uint16_t command, const void *payload, size_t len,
		const int *fds, unsigned int fd_count, void *reply, size_t *reply_len);

/* Answer DMA messages for some milliseconds, or until @until is readable. */
void client_answer(struct client *client, int until, int milliseconds);

int client_map(struct client *client, uint64_t addr, uint64_t offset, uint64_t size,
	       uint32_t flags, bool with_file);
int client_unmap(struct client *client, uint64_t addr, uint64_t size);

uint32_t client_read(struct client *client, uint32_t region, uint64_t offset);
void client_write(struct client *client, uint32_t region, uint64_t offset, uint32_t value);

/* Pass an event descriptor for one vector; returns it. */
int client_vector(struct client *client, uint32_t type, uint32_t vector);

/* Did an event come within some milliseconds? Takes it. */
bool client_event(int fd, int milliseconds);

#endif /* TESTS_SERVER_CLIENT_H */
