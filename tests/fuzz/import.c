// SPDX-License-Identifier: MIT
/*
 * Fuzzer of the model readers.
 *
 * usage: fuzz-import [-s SECONDS] [-r SEED] [-o FILE] FILE-OR-FOLDER...
 *
 * Models are damaged at random and read. What is accepted is optimised, stored,
 * restored and, if it is small, run. A finding is a crash, a report of a
 * sanitizer, an error without words, or a graph that cannot be restored. The
 * input being tried is kept in FILE, so that a crash can be repeated.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <accel/accel.h>

#include "libaccel/cpu/pool.h"
#include "libaccel/import/import.h"
#include "libaccel/graph/passes.h"
#include "libaccel/run/graph_exec.h"

#define SEEDS		4096
#define SEED_MAX	(256 << 10)
#define WORK_MAX	2e6
#define BYTES_MAX	(16 << 20)

struct seed {
	uint8_t *data;
	size_t size;
};

static struct seed seeds[SEEDS];
static int num_seeds;
static uint64_t state = 88172645463325252ULL;

static uint32_t next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 16);
}

static void add_seeds(const char *path)
{
	struct stat status;

	if (num_seeds == SEEDS || stat(path, &status))
		return;
	if (S_ISDIR(status.st_mode)) {
		struct dirent **entries;
		int n = scandir(path, &entries, NULL, alphasort);

		for (int i = 0; i < n; i++) {
			char below[4096];

			snprintf(below, sizeof(below), "%s/%s", path, entries[i]->d_name);
			if (entries[i]->d_name[0] != '.')
				add_seeds(below);
			free(entries[i]);
		}
		if (n >= 0)
			free(entries);
		return;
	}
	if (status.st_size < 16 || status.st_size > SEED_MAX ||
	    (!strstr(path, ".tflite") && !strstr(path, ".onnx")))
		return;
	FILE *file = fopen(path, "rb");
	struct seed *seed = &seeds[num_seeds];

	seed->data = file ? malloc((size_t)status.st_size) : NULL;
	if (seed->data) {
		seed->size = fread(seed->data, 1, (size_t)status.st_size, file);
		num_seeds++;
	}
	if (file)
		fclose(file);
}

static void put32(uint8_t *at, uint32_t value)
{
	memcpy(at, &value, sizeof(value));
}

/* Structure is at the front of ONNX files and all over TFLite's. */
static size_t mutate(uint8_t *data, size_t size)
{
	static const uint32_t values[] = { 0, 1, 2, 4, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff,
					   0x7fffffff, 0x80000000, 0xffffffff, 0x10000, 0x7f800000 };
	uint32_t changes = 1 + next() % 8;

	if (next() % 16 == 0)
		size = 1 + next() % size;
	for (uint32_t i = 0; i < changes; i++) {
		size_t reach = next() % 2 && size > 1024 ? 1024 : size, at = next() % reach;

		switch (next() % 5) {
		case 0:
			data[at] ^= (uint8_t)(1 << next() % 8);
			break;
		case 1:
			data[at] = (uint8_t)next();
			break;
		case 2:
			if (at + 4 <= size)
				put32(data + (at & ~(size_t)3), values[next() % 15]);
			break;
		case 3:
			if (at + 4 <= size)
				put32(data + (at & ~(size_t)3), next() % (uint32_t)size);
			break;
		default: {
			size_t from = next() % size, n = 1 + next() % 32;

			if (at + n <= size && from + n <= size)
				memmove(data + at, data + from, n);
		}
		}
	}
	return size;
}

/* Multiplications and bytes that running would take, roughly. */
static bool small(const struct graph *graph)
{
	double work = 0, bytes = 0;

	for (uint32_t i = 0; i < graph->num_tensors; i++)
		bytes += (double)graph_bytes(&graph->tensors[i]);
	for (uint32_t i = 0; i < graph->num_ops; i++) {
		const struct graph_op *op = &graph->ops[i];
		double each = 1;

		if (!op->num_outputs)
			continue;
		if (op->kind <= GRAPH_FULLY_CONNECTED) {
			const struct graph_tensor *w = &graph->tensors[op->inputs[1]];

			each = (double)graph_elements(w) / (w->dims[0] ? w->dims[0] : 1);
			if (op->kind == GRAPH_CONV_TRANSPOSED)
				each *= (double)graph_elements(&graph->tensors[op->inputs[0]]);
		} else if (op->kind == GRAPH_MATMUL) {
			const struct graph_tensor *a = &graph->tensors[op->inputs[0]];

			each = (double)graph_elements(a);
		} else if (op->kind == GRAPH_MAX_POOL || op->kind == GRAPH_AVG_POOL) {
			each = (double)op->params.pool.window.kernel_h * op->params.pool.window.kernel_w;
		} else if (op->kind == GRAPH_LRN) {
			each = op->params.lrn.size;
		} else if (op->kind == GRAPH_REDUCE || op->kind == GRAPH_ARG_MAX) {
			each = (double)graph_elements(&graph->tensors[op->inputs[0]]);
		}
		work += each * (double)graph_elements(&graph->tensors[op->outputs[0]]);
	}
	return work < WORK_MAX && bytes < BYTES_MAX;
}

static void run(const struct graph *graph)
{
	const void **inputs = calloc(graph->num_inputs + 1, sizeof(*inputs));
	struct graph_exec *exec;

	for (uint32_t i = 0; inputs && i < graph->num_inputs; i++)
		inputs[i] = calloc(1, graph_bytes(&graph->tensors[graph->inputs[i]]) + 1);
	if (inputs && !graph_exec_new(graph, next() % 2, &exec)) {
		graph_exec_run(exec, inputs, NULL, NULL);
		graph_exec_free(exec);
	}
	for (uint32_t i = 0; inputs && i < graph->num_inputs; i++)
		free((void *)inputs[i]);
	free(inputs);
}

/* Return: 0; 1: a finding. */
static int try(const uint8_t *data, size_t size, uint64_t *accepted)
{
	struct graph *graph, *again;
	void *stored;
	int err = graph_import_memory("model", data, size, NULL, NULL, &graph);

	if (err) {
		if (!accel_error_text()[0])
			return printf("# refused without a word\n"), 1;
		return 0;
	}
	++*accepted;
	if (small(graph)) {
		run(graph);
		err = graph_optimize(graph);
		if (err && err != -ENOMEM) {
			printf("# accepted, but: %s\n", accel_error_text());
			graph_free(graph);
			return 1;
		}
		if (!err && small(graph))
			run(graph);
		if (!err && !graph_store(graph, NULL, &stored, &size)) {
			err = graph_restore(stored, size, &again);
			graph_free(again);
			if (!err && size) {
				/* A damaged artefact's graph must be refused or sound. */
				((uint8_t *)stored)[next() % size] ^= (uint8_t)(1 << next() % 8);
				if (!graph_restore(stored, size, &again) && small(again))
					run(again);
				graph_free(again);
			}
			free(stored);
			if (err && err != -ENOMEM) {
				printf("# stored, but: %s\n", accel_error_text());
				graph_free(graph);
				return 1;
			}
		}
	}
	graph_free(graph);
	return 0;
}

int main(int argc, char **argv)
{
	const char *keep = NULL;
	double seconds = 20;
	uint64_t tries = 0, accepted = 0;
	struct timespec now, start;
	int option, failed = 0;
	uint8_t *data = malloc(SEED_MAX);

	while ((option = getopt(argc, argv, "s:r:o:")) != -1) {
		if (option == 's')
			seconds = atof(optarg);
		else if (option == 'r')
			state ^= strtoull(optarg, NULL, 0) * 0x9e3779b97f4a7c15ULL;
		else if (option == 'o')
			keep = optarg;
		else
			return 2;
	}
	for (int i = optind; i < argc; i++)
		add_seeds(argv[i]);
	if (!num_seeds || !data) {
		fprintf(stderr, "fuzz-import: no models to start from\n");
		return 2;
	}
	accel_pool_configure(1, 0);
	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		const struct seed *seed = &seeds[next() % (uint32_t)num_seeds];
		size_t size = seed->size;

		memcpy(data, seed->data, size);
		if (tries % 16)
			size = mutate(data, size);
		if (keep) {
			FILE *file = fopen(keep, "wb");

			if (file) {
				fwrite(data, 1, size, file);
				fclose(file);
			}
		}
		failed = try(data, size, &accepted);
		tries++;
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (!failed && (double)(now.tv_sec - start.tv_sec) < seconds);
	printf("# %llu models tried, %llu accepted, %d to start from\n", (unsigned long long)tries,
	       (unsigned long long)accepted, num_seeds);
	printf("%s 1 - damaged models are refused or run\n1..1\n", failed ? "not ok" : "ok");
	for (int i = 0; i < num_seeds; i++)
		free(seeds[i].data);
	free(data);
	return failed;
}
