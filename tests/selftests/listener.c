// SPDX-License-Identifier: MIT
/*
 * accel-monitor as a child, and what it hears.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "listener.h"
#include "node.h"

#define PATIENCE_MS	30000

/* Number of the node, for --device. */
static const char *device_number(void)
{
	const char *node = node_path();

	return node + strcspn(node, "0123456789");
}

static void run_monitor(int out, uid_t uid, const char *option)
{
	dup2(out, STDOUT_FILENO);
	if (setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
		_exit(126);
	execlp("accel-monitor", "accel-monitor", "--json", "--device", device_number(), option,
	       (char *)NULL);
	_exit(127);
}

static int start(struct listener *listener, uid_t uid, const char *option)
{
	int fds[2];

	if (pipe(fds))
		return -errno;
	listener->pid = fork();
	if (!listener->pid)
		run_monitor(fds[1], uid, option);
	close(fds[1]);
	listener->out = listener->pid < 0 ? NULL : fdopen(fds[0], "r");
	if (!listener->out) {
		close(fds[0]);
		return -ECHILD;
	}
	/* poll() sees only what the stream has not taken already. */
	setvbuf(listener->out, NULL, _IONBF, 0);

	return 0;
}

void listener_stop(struct listener *listener)
{
	if (listener->pid <= 0)
		return;
	kill(listener->pid, SIGTERM);
	waitpid(listener->pid, NULL, 0);
	fclose(listener->out);
	listener->pid = 0;
}

const char *listener_any(struct listener *listener)
{
	struct pollfd wait = { .fd = fileno(listener->out), .events = POLLIN };

	if (poll(&wait, 1, PATIENCE_MS) <= 0)
		return NULL;

	return fgets(listener->line, sizeof(listener->line), listener->out);
}

int listener_start(struct listener *listener, uid_t uid)
{
	int ret = start(listener, uid, NULL);
	const char *line;

	if (ret)
		return ret;
	line = listener_any(listener);
	if (line && line_text(line, "message", "listening"))
		return 0;
	listener_stop(listener);

	return -ENOENT;
}

const char *listener_next(struct listener *listener)
{
	const char *line;

	do {
		line = listener_any(listener);
	} while (line && line_text(line, "message", "frequency"));

	return line;
}

const char *listener_find(struct listener *listener, const char *message)
{
	const char *line;

	do {
		line = listener_any(listener);
	} while (line && !line_text(line, "message", message));

	return line;
}

static const char *field_value(const char *line, const char *field)
{
	char key[64];
	const char *at;

	snprintf(key, sizeof(key), "\"%s\":", field);
	at = strstr(line, key);

	return at ? at + strlen(key) : NULL;
}

bool tells_identity(const char *line)
{
	return strstr(line, "\"pid\"") || strstr(line, "\"comm\"") ||
	       strstr(line, "\"ctx_id\"") || strstr(line, "\"client_id\"");
}

int64_t line_number(const char *line, const char *field, int64_t otherwise)
{
	const char *value = field_value(line, field);

	return value ? strtoll(value, NULL, 10) : otherwise;
}

bool line_text(const char *line, const char *field, const char *text)
{
	const char *value = field_value(line, field);

	return value && *value == '"' && !strncmp(value + 1, text, strlen(text)) &&
	       value[1 + strlen(text)] == '"';
}

int ask_state(uid_t uid, char *lines, size_t size)
{
	struct listener listener = { 0 };
	int ret = start(&listener, uid, "--state"), status;
	size_t length;

	if (ret)
		return ret;
	length = fread(lines, 1, size - 1, listener.out);
	lines[length] = 0;
	fclose(listener.out);
	if (waitpid(listener.pid, &status, 0) < 0)
		return -errno;

	return status ? -EIO : 0;
}
