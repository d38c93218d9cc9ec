/* SPDX-License-Identifier: MIT */
/*
 * A vfio-user device on a UNIX socket.
 */
#ifndef NPUSIM_VFIO_SERVER_H
#define NPUSIM_VFIO_SERVER_H

#include "board.h"

struct vfio_server;

/**
 * vfio_server_new() - make a device and listen for a client
 * @path: of the socket; a socket that nobody listens on any more is replaced
 * @problem: receives what is wrong, in words, when it fails
 *
 * Return: 0 or a negative errno.
 */
int vfio_server_new(const char *path, const struct board_params *params,
		    struct vfio_server **out, const char **problem);
void vfio_server_free(struct vfio_server *server);

/*
 * Serve one client after the other until vfio_server_stop(). A second client
 * while there is one is refused with EBUSY. Return: 0 or a negative errno.
 */
int vfio_server_run(struct vfio_server *server);

/* From a signal handler or another thread. */
void vfio_server_stop(struct vfio_server *server);

#endif /* NPUSIM_VFIO_SERVER_H */
