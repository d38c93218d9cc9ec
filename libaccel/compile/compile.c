// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "libaccel/dev/error.h"
#include "artefact.h"
#include "compile.h"

#define MOST_CONFIGS	16

int model_compile(const struct graph *graph, const char *const *configs, uint32_t count,
		  const struct lower_options *options, uint64_t source, void **data, size_t *size)
{
	struct lower *lowered[MOST_CONFIGS] = { NULL };
	uint32_t i;
	int ret = 0;

	*data = NULL;
	if (!count || count > MOST_CONFIGS)
		return accel_error_set(-EINVAL, "%u configurations are none or too many", count);
	for (i = 0; !ret && i < count; i++) {
		const struct nvdla_config *config = nvdla_config_find(configs[i]);

		if (config)
			ret = lower_graph(graph, config, options, &lowered[i]);
		else
			ret = accel_error_set(-EINVAL, "%s: no such configuration", configs[i]);
	}
	if (!ret)
		ret = artefact_build(graph, lowered, count, source, data, size);
	for (i = 0; i < count; i++)
		lower_free(lowered[i]);
	return ret;
}

uint64_t model_hash(uint64_t before, const void *data, size_t size)
{
	uint64_t hash = XXH3_64bits_withSeed(data, size, before);

	return hash ? hash : 1;
}

uint64_t model_hash_file(uint64_t before, const char *path)
{
	struct stat st;
	uint64_t hash = 0;
	void *data;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size) {
		data = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (data != MAP_FAILED) {
			hash = model_hash(before, data, st.st_size);
			munmap(data, st.st_size);
		}
	}
	close(fd);
	return hash;
}

void model_cache_file(const char *name, char *path, size_t room)
{
	const char *own = getenv("ACCEL_CACHE"), *shared = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");
	char folder[512];

	if (own)
		snprintf(folder, sizeof(folder), "%s", own);
	else if (shared)
		snprintf(folder, sizeof(folder), "%s/accel", shared);
	else
		snprintf(folder, sizeof(folder), "%s/.cache/accel", home ? home : "/tmp");
	/* Only the last part of the path is ours to make; others tell by failing later. */
	if (mkdir(folder, 0777) && errno == ENOENT && !own) {
		char *slash = strrchr(folder, '/');

		*slash = 0;
		mkdir(folder, 0777);
		*slash = '/';
		mkdir(folder, 0777);
	}
	snprintf(path, room, "%s/%s", folder, name);
}

bool model_cache_find(uint64_t source, char *path, size_t room)
{
	char name[32];

	snprintf(name, sizeof(name), "%016llx.accel", (unsigned long long)source);
	model_cache_file(name, path, room);
	return !access(path, R_OK);
}

/* Write all of it; close @fd in any case. */
static int write_out(int fd, const char *path, const void *data, size_t size)
{
	size_t done = 0;
	int ret = 0;

	while (!ret && done < size) {
		ssize_t n = write(fd, (const char *)data + done, size - done);

		if (n < 0 && errno != EINTR)
			ret = accel_error_set(-errno, "%s: %s", path, strerror(errno));
		else if (n > 0)
			done += n;
	}
	if (close(fd) && !ret)
		ret = accel_error_set(-errno, "%s: %s", path, strerror(errno));
	return ret;
}

int model_write(const char *path, const void *data, size_t size)
{
	size_t length = strlen(path) + 16;
	struct stat st;
	char *part;
	int fd, ret;

	/* A device or a pipe takes the bytes; a file renamed to its name would replace it. */
	if (!stat(path, &st) && !S_ISREG(st.st_mode)) {
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0)
			return accel_error_set(-errno, "%s: %s", path, strerror(errno));
		return write_out(fd, path, data, size);
	}
	part = malloc(length);
	if (!part)
		return accel_error_memory("a file name");
	snprintf(part, length, "%s.XXXXXX", path);
	fd = mkostemp(part, O_CLOEXEC);
	if (fd < 0) {
		ret = accel_error_set(-errno, "%s: %s", path, strerror(errno));
		free(part);
		return ret;
	}
	fchmod(fd, 0644);
	ret = write_out(fd, path, data, size);
	if (!ret && rename(part, path))
		ret = accel_error_set(-errno, "%s: %s", path, strerror(errno));
	if (ret)
		unlink(part);
	free(part);
	return ret;
}
