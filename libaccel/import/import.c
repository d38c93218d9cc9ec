// SPDX-License-Identifier: MIT
/*
 * From model files to graphs: files, and what both formats have in common.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <accel/accel.h>

#include "libaccel/dev/error.h"
#include "libaccel/import/import.h"
#include "libaccel/import/import_build.h"

#define FILE_MAX	(INT64_C(1) << 31)

/* Put @name before the error's text. */
static int at_file(int err, const char *name)
{
	char why[400];

	strncpy(why, accel_error_text(), sizeof(why) - 1);
	why[sizeof(why) - 1] = 0;
	return accel_error_set(err, "%s: %s", name, why);
}

/* A scalar or one-element list as a shape is no tensor without elements. */
static int check_inputs(const struct graph *graph)
{
	if (!graph->num_outputs)
		return accel_error_set(-EINVAL, "the model has no outputs");
	for (uint32_t i = 0; i < graph->num_inputs; i++)
		if (!graph_elements(&graph->tensors[graph->inputs[i]]))
			return accel_error_set(-EINVAL, "input %s is empty",
					       graph->tensors[graph->inputs[i]].name);
	return 0;
}

int graph_import_memory(const char *name, const void *data, size_t size, const char *folder,
			const struct import_options *options, struct graph **out)
{
	const uint8_t *bytes = data;
	struct graph *graph;
	int err;

	*out = NULL;
	err = graph_new(name, &graph);
	if (err)
		return err;
	if (size >= 8 && !memcmp(bytes + 4, "TFL3", 4))
		err = tflite_import(graph, data, size, options);
	else
		err = onnx_import(graph, data, size, folder, options);
	if (!err)
		err = build_unsigned_to_signed(graph);
	if (!err)
		err = check_inputs(graph);
	if (!err)
		err = graph_compact(graph);
	if (!err)
		err = graph_check(graph);
	if (err) {
		graph_free(graph);
		return at_file(err, name);
	}
	*out = graph;
	return 0;
}

static int read_file(int file, const char *path, void **data, size_t *size)
{
	struct stat status;
	uint8_t *bytes;
	size_t at = 0;

	if (fstat(file, &status))
		return accel_error_set(-errno, "%s: %s", path, strerror(errno));
	if (!S_ISREG(status.st_mode) || status.st_size > FILE_MAX)
		return accel_error_set(-EINVAL, "%s is no regular file or too large", path);
	bytes = malloc(status.st_size ? status.st_size : 1);
	if (!bytes)
		return accel_error_memory(path);
	while (at < (size_t)status.st_size) {
		ssize_t got = read(file, bytes + at, status.st_size - at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			int err = got < 0 ? -errno : -EIO;

			free(bytes);
			return accel_error_set(err, "%s: %s", path, strerror(-err));
		}
		at += got;
	}
	*data = bytes;
	*size = at;
	return 0;
}

int graph_import(const char *path, const struct import_options *options, struct graph **out)
{
	const char *base = strrchr(path, '/');
	char *folder = base ? strndup(path, base - path) : strdup(".");
	void *data = NULL;
	size_t size = 0;
	int file, err;

	*out = NULL;
	if (!folder)
		return accel_error_memory(path);
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0) {
		err = accel_error_set(-errno, "%s: %s", path, strerror(errno));
		goto out;
	}
	err = read_file(file, path, &data, &size);
	close(file);
	if (!err)
		err = graph_import_memory(base ? base + 1 : path, data, size, folder, options, out);
	free(data);
out:
	free(folder);
	return err;
}
