/* SPDX-License-Identifier: MIT */
/*
 * The board as a vfio-user device: what each message does. Knows no sockets.
 */
#ifndef NPUSIM_VFIO_DEVICE_H
#define NPUSIM_VFIO_DEVICE_H

#include "board.h"
#include "vfio_dma.h"
#include "vfio_proto.h"

struct vfio_device;

/**
 * struct vfio_request - a message from the client
 * @command: enum vfio_command
 * @payload: what follows the header, @len bytes
 * @fds: file descriptors that came along; one that is kept is set to -1
 * @fd_count: how many
 */
struct vfio_request {
	uint16_t command;
	const uint8_t *payload;
	size_t len;
	int *fds;
	unsigned int fd_count;
};

/**
 * struct vfio_reply - what to answer
 * @payload: room for VFIO_MAX_DATA + 64 bytes, from the caller
 * @len: bytes of it
 * @fd: file descriptor to pass along, or -1; stays the device's
 * @problem: what is wrong with the request, in words, or NULL
 * @malformed: the request cannot come from a sane client: end the connection
 */
struct vfio_reply {
	uint8_t *payload;
	size_t len;
	int fd;
	const char *problem;
	bool malformed;
};

/**
 * vfio_device_new() - make a board and plug it in
 * @message: reaches memory that comes without a file; may be NULL
 * @problem: receives what is wrong, in words, when it fails
 *
 * Return: 0 or a negative errno.
 */
int vfio_device_new(const struct board_params *params, vfio_dma_message_fn message, void *ctx,
		    struct vfio_device **out, const char **problem);
void vfio_device_free(struct vfio_device *device);

/**
 * vfio_device_handle() - do what a message asks for
 *
 * One thread. The first message of a connection must be VFIO_USER_VERSION.
 *
 * Return: 0, or a negative errno that the reply carries instead of a payload.
 */
int vfio_device_handle(struct vfio_device *device, const struct vfio_request *request,
		       struct vfio_reply *reply);

/* Most bytes the client takes in one DMA message, as it said itself. */
uint32_t vfio_device_client_max(const struct vfio_device *device);

/* The client is gone: forget its memory and interrupts, reset the board. */
void vfio_device_disconnect(struct vfio_device *device);

#endif /* NPUSIM_VFIO_DEVICE_H */
