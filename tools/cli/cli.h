/* SPDX-License-Identifier: MIT */
/*
 * How all accel-* programs read options and talk to terminals: the same words
 * for the same mistake, one line each, on stderr.
 */
#ifndef TOOLS_CLI_H
#define TOOLS_CLI_H

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>

#include <accel/model.h>

/* Exit status of wrong usage, of every program. */
#define CLI_USAGE	2

/**
 * cli_wrong() - tell that a program is used wrongly
 *
 * Prints "PROGRAM: MESSAGE; --help explains".
 *
 * Return: CLI_USAGE, for main() to return.
 */
int cli_wrong(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/**
 * cli_failed() - tell that the library could not do something
 * @what: the file, device or step; not repeated where accel_error_text() begins with it
 *
 * Return: EXIT_FAILURE, for main() to return.
 */
int cli_failed(const char *what);

/**
 * cli_getopt() - the next option, as getopt_long()
 *
 * What getopt says of unknown options begins with the program's name alone,
 * however it was called.
 */
int cli_getopt(int argc, char **argv, const char *letters, const struct option *options);

/**
 * cli_number() - an option's whole number
 * @option: its name, for the message
 * @text: decimal, or hexadecimal after 0x; nothing may follow
 * @least: smallest that makes sense
 * @most: largest
 * @value: receives it, unchanged on failure
 *
 * Return: whether it is one; what is wrong was printed then.
 */
bool cli_number(const char *option, const char *text, uint64_t least, uint64_t most,
		uint64_t *value);
bool cli_uint(const char *option, const char *text, uint32_t least, uint32_t most,
	      uint32_t *value);

/* The same for reals. */
bool cli_real(const char *option, const char *text, double least, double most, double *value);

/* Options that say how pictures become a model's input. */
#define CLI_PICTURE_LETTERS	"lm:s:"
#define CLI_PICTURE_OPTIONS					\
	{ "letterbox", no_argument, NULL, 'l' },		\
	{ "mean", required_argument, NULL, 'm' },		\
	{ "scale", required_argument, NULL, 's' }
#define CLI_PICTURE_HELP					\
	"  -l, --letterbox          keep a picture's proportions\n"	\
	"  -m, --mean V[,V,V]       taken off 8-bit values (default 127.5)\n" \
	"  -s, --scale V[,V,V]      multiplied with then (default 1/127.5)\n"

/* The defaults that CLI_PICTURE_HELP states. */
void cli_picture_init(struct accel_image_fit *fit);

/**
 * cli_picture_option() - take one of CLI_PICTURE_OPTIONS
 * @letter: what getopt returned
 * @text: its argument
 *
 * Return: whether the argument is right; what is wrong was printed otherwise.
 */
bool cli_picture_option(int letter, const char *text, struct accel_image_fit *fit);

/**
 * cli_fill_input() - made-up values for a model's input
 * @index: which input
 * @seed: the same seed gives the same values
 *
 * Bytes of a generator; reals from -1 to 1.
 *
 * Return: 0; errors of accel_session_input().
 */
int cli_fill_input(struct accel_session *session, const struct accel_model *model,
		   uint32_t index, uint32_t seed);

/**
 * cli_progress() - show how far something is, if stderr is a terminal
 * @what: a word or two
 * @done: how much is done; the bar goes away when it equals @all
 * @all: how much there is to do; 0 shows nothing
 */
void cli_progress(const char *what, uint64_t done, uint64_t all);

/* Show no progress from now on. */
void cli_quiet(void);

#endif /* TOOLS_CLI_H */
