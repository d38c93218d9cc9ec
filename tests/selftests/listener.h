/* SPDX-License-Identifier: MIT */
/*
 * accel-monitor as a child, and what it hears.
 */
#ifndef TESTS_SELFTESTS_LISTENER_H
#define TESTS_SELFTESTS_LISTENER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/**
 * struct listener - a running accel-monitor
 * @pid: its process
 * @out: what it prints
 * @line: what listener_next() read last
 */
struct listener {
	pid_t pid;
	FILE *out;
	char line[1024];
};

/**
 * listener_start() - run accel-monitor until it listens
 * @listener: receives what listener_stop() frees
 * @uid: user to run it as
 *
 * Return: 0 or negative errno; -ENOENT when it is not installed or ends at once.
 */
int listener_start(struct listener *listener, uid_t uid);
void listener_stop(struct listener *listener);

/**
 * listener_next() - wait for the next event but changes of the clock
 * @listener: the listener
 *
 * Return: its line, or NULL when none comes within half a minute.
 */
const char *listener_next(struct listener *listener);

/* The same with changes of the clock. */
const char *listener_any(struct listener *listener);

/* The same for the next event of kind @message, skipping others. */
const char *listener_find(struct listener *listener, const char *message);

/* Whether a line tells whose job it was, or who asked. */
bool tells_identity(const char *line);
/* The number of a line's field, or @otherwise when it has none of that name. */
int64_t line_number(const char *line, const char *field, int64_t otherwise);
/* Whether a line's field is just this text. */
bool line_text(const char *line, const char *field, const char *text);

/**
 * ask_state() - what accel-monitor --state says
 * @uid: user to ask as
 * @lines: receives its lines, cut off where the room ends
 * @size: room
 *
 * Return: 0 or negative errno.
 */
int ask_state(uid_t uid, char *lines, size_t size);

#endif /* TESTS_SELFTESTS_LISTENER_H */
