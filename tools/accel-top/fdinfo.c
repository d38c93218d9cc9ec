// SPDX-License-Identifier: MIT
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fdinfo.h"

uint64_t top_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);

	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Value of "KEY:\tVALUE" or NULL. */
static const char *value_of(const char *line, const char *key)
{
	size_t length = strlen(key);

	if (strncmp(line, key, length) || line[length] != ':')
		return NULL;
	line += length + 1;

	return line + strspn(line, " \t");
}

static uint64_t bytes_of(const char *value)
{
	char unit[8] = "";
	uint64_t number = 0;

	if (sscanf(value, "%" SCNu64 " %7s", &number, unit) < 1)
		return 0;

	return !strcmp(unit, "KiB") ? number << 10 : !strcmp(unit, "MiB") ? number << 20 : number;
}

static void parse_line(const char *line, struct top_client *client, bool *ours)
{
	unsigned int core;
	uint64_t number;
	const char *value;

	if ((value = value_of(line, "drm-driver")))
		*ours = !strcmp(value, "nvdla");
	else if ((value = value_of(line, "drm-client-id")))
		client->id = strtoull(value, NULL, 10);
	else if ((value = value_of(line, "drm-pdev")))
		snprintf(client->device, sizeof(client->device), "%.40s", value);
	else if (sscanf(line, "drm-engine-core%u: %" SCNu64, &core, &number) == 2 &&
		 core < TOP_CORES) {
		client->busy_ns[core] = number;
		if (core >= client->cores)
			client->cores = core + 1;
	} else if (sscanf(line, "drm-maxfreq-core%u: %" SCNu64, &core, &number) == 2) {
		if (number > client->max_hz)
			client->max_hz = number;
	} else if (!strncmp(line, "drm-total-", strlen("drm-total-"))) {
		value = strchr(line, ':');
		if (value)
			client->memory += bytes_of(value + 1 + strspn(value + 1, " \t"));
	}
}

/* Whether a file is an open NPU; fills @client in. */
static bool read_fdinfo(int dir, const char *name, struct top_client *client)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	bool ours = false;
	char line[256];

	if (!file) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	/* All lines come with the first read. */
	client->time_ns = top_now_ns();
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = 0;
		parse_line(line, client, &ours);
	}
	fclose(file);
	if (ours && !*client->device)
		snprintf(client->device, sizeof(client->device), "accel%d", client->node);

	return ours;
}

static void read_command(int process, char *command, size_t size)
{
	int fd = openat(process, "comm", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, command, size - 1);

	if (fd >= 0)
		close(fd);
	command[length > 0 ? length : 0] = 0;
	command[strcspn(command, "\n")] = 0;
}

static int add_client(struct top_clients *clients, size_t *room, const struct top_client *client)
{
	struct top_client *more;

	if (clients->count == *room) {
		*room = *room ? 2 * *room : 16;
		more = realloc(clients->list, *room * sizeof(*more));
		if (!more)
			return -ENOMEM;
		clients->list = more;
	}
	clients->list[clients->count++] = *client;

	return 0;
}

/* Only a link to a character device can be an NPU: most files need no reading. */
static bool may_be_npu(int fds, const char *name, int *node)
{
	char target[64];
	ssize_t length = readlinkat(fds, name, target, sizeof(target) - 1);

	*node = -1;
	if (length < 0)
		return true;
	target[length] = 0;
	if (strncmp(target, "/dev/accel/", strlen("/dev/accel/")))
		return false;
	sscanf(target, "/dev/accel/accel%d", node);

	return true;
}

static int scan_process(int proc, const char *name, struct top_clients *clients, size_t *room)
{
	int process = openat(proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fds, ret = 0;
	struct dirent *entry;
	DIR *dir;

	if (process < 0)
		return 0;
	fds = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fds < 0 ? NULL : fdopendir(fds);
	if (!dir) {
		clients->hidden += fds < 0 && (errno == EACCES || errno == EPERM);
		if (fds >= 0)
			close(fds);
		close(process);
		return 0;
	}
	while (!ret && (entry = readdir(dir))) {
		struct top_client client = { .pid = (pid_t)atoi(name) };
		char info[300];

		if (!isdigit((unsigned char)*entry->d_name) ||
		    !may_be_npu(fds, entry->d_name, &client.node))
			continue;
		snprintf(info, sizeof(info), "fdinfo/%s", entry->d_name);
		if (!read_fdinfo(process, info, &client))
			continue;
		read_command(process, client.command, sizeof(client.command));
		ret = add_client(clients, room, &client);
	}
	closedir(dir);
	close(process);

	return ret;
}

static int by_identity(const void *a, const void *b)
{
	const struct top_client *x = a, *y = b;
	int order = strcmp(x->device, y->device);

	if (order)
		return order;
	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;

	return x->pid - y->pid;
}

int top_clients_take(const char *proc, struct top_clients *clients)
{
	struct dirent *entry;
	size_t room = 0, i, kept = 0;
	int ret = 0;
	DIR *dir;

	*clients = (struct top_clients){ 0 };
	dir = opendir(proc);
	if (!dir)
		return -errno;
	clients->time_ns = top_now_ns();
	while (!ret && (entry = readdir(dir))) {
		if (isdigit((unsigned char)*entry->d_name))
			ret = scan_process(dirfd(dir), entry->d_name, clients, &room);
	}
	closedir(dir);
	if (ret) {
		top_clients_release(clients);
		return ret;
	}
	if (!clients->count)
		return 0;

	/* A file shared by several processes, or open twice in one, counts once. */
	qsort(clients->list, clients->count, sizeof(*clients->list), by_identity);
	for (i = 0; i < clients->count; i++) {
		const struct top_client *client = &clients->list[i];

		if (!kept || strcmp(client->device, clients->list[kept - 1].device) ||
		    client->id != clients->list[kept - 1].id)
			clients->list[kept++] = *client;
	}
	clients->count = kept;

	return 0;
}

void top_clients_release(struct top_clients *clients)
{
	free(clients->list);
	*clients = (struct top_clients){ 0 };
}

const struct top_client *top_clients_find(const struct top_clients *clients,
					  const struct top_client *client)
{
	size_t i;

	for (i = 0; i < clients->count; i++) {
		if (clients->list[i].id == client->id &&
		    !strcmp(clients->list[i].device, client->device))
			return &clients->list[i];
	}

	return NULL;
}
