// SPDX-License-Identifier: MIT
/*
 * Loading artefacts. The hash finds damage; everything is checked nevertheless,
 * since a hash is no proof of good will.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "libaccel/dev/error.h"
#include "artefact.h"

static int bad(const char *what)
{
	return accel_error_set(-EINVAL, "artefact: %s", what);
}

/* A section of @kind for @target, as an array of elements of @element bytes. */
static const void *section(const struct artefact *a, uint32_t kind, uint32_t target,
			   size_t element, uint64_t *count)
{
	const struct artefact_header *header = (const void *)a->data;
	const struct artefact_section *sections = (const void *)(header + 1);
	uint32_t i;

	for (i = 0; i < header->section_count; i++) {
		const struct artefact_section *s = &sections[i];

		if (s->kind != kind || s->target != target)
			continue;
		if (s->size % element || s->size / element > UINT32_MAX)
			return NULL;
		*count = s->size / element;
		return a->data + s->offset;
	}
	return NULL;
}

static int check_header(const struct artefact *a)
{
	const struct artefact_header *header = (const void *)a->data;
	const struct artefact_section *sections = (const void *)(header + 1);
	uint64_t hash;
	uint32_t i;

	if (a->size < sizeof(*header) || header->magic != ARTEFACT_MAGIC)
		return bad("this is not one");
	if (header->version != ARTEFACT_VERSION)
		return accel_error_set(-EPROTO, "artefact: format version %u, this library reads %u",
				       header->version, ARTEFACT_VERSION);
	if (header->size != a->size)
		return accel_error_set(-EINVAL, "artefact: %zu bytes, should be %llu: truncated?",
				       a->size, (unsigned long long)header->size);
	hash = XXH3_64bits(a->data + sizeof(*header), a->size - sizeof(*header));
	if (hash != header->hash)
		return bad("damaged: its hash does not match");
	if (header->section_count > (a->size - sizeof(*header)) / sizeof(*sections))
		return bad("section table behind the end of the file");
	for (i = 0; i < header->section_count; i++) {
		const struct artefact_section *s = &sections[i];

		if (s->kind >= ARTEFACT_KINDS || s->offset % 64 || s->offset > a->size ||
		    s->size > a->size - s->offset)
			return accel_error_set(-EINVAL, "artefact: section %u outside the file", i);
		if (s->kind == ARTEFACT_TARGET && s->target >= a->target_count &&
		    s->target < 64)
			((struct artefact *)a)->target_count = s->target + 1;
	}
	return 0;
}

static bool range(uint32_t first, uint32_t count, uint64_t all)
{
	return (uint64_t)first + count <= all;
}

static int check_segments(const struct target *t, uint64_t regs, uint64_t relocs, uint64_t deps,
			  uint64_t luts)
{
	uint32_t i;

	for (i = 0; i < t->segment_count; i++) {
		const struct artefact_segment *s = &t->segments[i];

		if (!range(s->first_op, s->op_count, t->op_count) ||
		    !range(s->hw_op, s->hw_op_count, t->hw_op_count) ||
		    !range(s->hw_reg, s->hw_reg_count, regs) ||
		    !range(s->hw_reloc, s->hw_reloc_count, relocs) ||
		    !range(s->hw_dep, s->hw_dep_count, deps) ||
		    !range(s->hw_lut, s->hw_lut_count, luts))
			return bad("a program outside its section");
	}
	for (i = 0; i < t->hw_op_count; i++) {
		if (t->hw_source[i] >= t->op_count)
			return bad("a hardware operation that belongs to none");
	}
	return 0;
}

/* A cube holds exactly the tensor's elements, or an image with its fourth channel. */
static bool cube_fits(const struct npu_cube *cube, const struct graph_tensor *tensor,
		      const struct artefact_target *header)
{
	uint32_t width, height, channels;

	return tensor->type == GRAPH_I8 && lower_shape(tensor, &width, &height, &channels) &&
	       cube->region == NPU_ARENA && cube->width == width && cube->height == height &&
	       cube->channels >= channels && cube->channels <= channels + 3 && cube->atom &&
	       cube->atom <= 64 && cube->offset <= header->arena_size &&
	       npu_cube_end(cube) <= header->arena_size;
}

static int check_tensors(const struct artefact *a, const struct target *t)
{
	uint32_t i;

	for (i = 0; i < a->graph->num_tensors; i++) {
		const struct artefact_tensor *at = &t->tensors[i];
		const struct graph_tensor *tensor = &a->graph->tensors[i];

		if (at->cube.width && !cube_fits(&at->cube, tensor, t->header))
			return accel_error_set(-EINVAL, "artefact: tensor %s has an impossible cube",
					       tensor->name);
		if (at->rows != ARTEFACT_NOWHERE &&
		    (at->rows % 64 || at->rows > t->header->host_size ||
		     graph_bytes(tensor) > t->header->host_size - at->rows))
			return accel_error_set(-EINVAL, "artefact: tensor %s lies outside memory",
					       tensor->name);
	}
	return 0;
}

/* May the CPU look for the tensor's bytes? */
static bool has_rows(const struct artefact *a, const struct target *t, uint32_t tensor)
{
	const struct graph_tensor *g = &a->graph->tensors[tensor];

	return g->data || g->state || t->tensors[tensor].rows != ARTEFACT_NOWHERE;
}

static int check_steps(const struct artefact *a, const struct target *t)
{
	uint32_t i, j;

	for (i = 0; i < t->step_count; i++) {
		const struct artefact_step *step = &t->steps[i];
		const struct graph_op *op;
		uint32_t limit = step->kind == ARTEFACT_NPU ? t->segment_count :
				 step->kind == ARTEFACT_CPU ? a->graph->num_ops :
				 a->graph->num_tensors;

		if (step->kind > ARTEFACT_TO_ROWS || step->index >= limit)
			return accel_error_set(-EINVAL, "artefact: step %u is unknown", i);
		if (step->kind == ARTEFACT_NPU)
			continue;
		if (step->kind != ARTEFACT_CPU) {
			if (!t->tensors[step->index].cube.width ||
			    t->tensors[step->index].rows == ARTEFACT_NOWHERE)
				return accel_error_set(-EINVAL,
						       "artefact: step %u has nothing to convert",
						       i);
			continue;
		}
		op = &a->graph->ops[step->index];
		for (j = 0; j < op->num_inputs; j++) {
			if (op->inputs[j] != GRAPH_NONE && !has_rows(a, t, op->inputs[j]))
				return accel_error_set(-EINVAL,
						       "artefact: an input of %s is nowhere",
						       op->name);
		}
		for (j = 0; j < op->num_outputs; j++) {
			if (t->tensors[op->outputs[j]].rows == ARTEFACT_NOWHERE)
				return accel_error_set(-EINVAL,
						       "artefact: the output of %s is nowhere",
						       op->name);
		}
	}
	for (i = 0; i < a->graph->num_inputs + a->graph->num_outputs; i++) {
		uint32_t tensor = i < a->graph->num_inputs ? a->graph->inputs[i] :
				  a->graph->outputs[i - a->graph->num_inputs];

		if (!has_rows(a, t, tensor))
			return accel_error_set(-EINVAL, "artefact: %s is not for the user to reach",
					       a->graph->tensors[tensor].name);
	}
	return 0;
}

static int check_target(const struct artefact *a, const struct target *t)
{
	const uint64_t size[NPU_REGIONS] = {
		[NPU_CONSTS] = t->const_size, [NPU_ARENA] = t->header->arena_size,
		[NPU_SRAM] = t->header->sram_size,
	};
	uint32_t i;
	int ret;

	if (!memchr(t->header->config, 0, sizeof(t->header->config)) || !t->header->atoms.c ||
	    !t->header->atoms.k || !t->header->atoms.m || t->header->atoms.c > 1024 ||
	    t->header->atoms.k > 1024 || t->header->arena_size > (UINT64_C(1) << 40) ||
	    t->header->host_size > (UINT64_C(1) << 40))
		return bad("impossible configuration");
	for (i = 0; i < t->op_count; i++) {
		const char *why;

		if (npu_op_check(&t->ops[i].op, size, &why))
			return accel_error_set(-EINVAL, "artefact: operation %u: %s", i, why);
		if (t->ops[i].op.layer >= a->graph->num_ops)
			return accel_error_set(-EINVAL, "artefact: operation %u has no layer", i);
	}
	if (!t->string_size || t->strings[t->string_size - 1])
		return bad("texts without an end");
	for (i = 0; i < a->graph->num_ops; i++) {
		if (t->notes[i].why >= t->string_size ||
		    (t->notes[i].op != UINT32_MAX && t->notes[i].op >= t->op_count))
			return bad("a note that refers to nothing");
	}
	ret = check_tensors(a, t);
	return ret ? ret : check_steps(a, t);
}

static int find_target(const struct artefact *a, uint32_t n, struct target *t)
{
	uint64_t one, tensors, notes, regs, relocs, deps, luts, sources, steps, ops, segments, hw;
	int ret;

	t->header = section(a, ARTEFACT_TARGET, n, sizeof(*t->header), &one);
	t->steps = section(a, ARTEFACT_STEPS, n, sizeof(*t->steps), &steps);
	t->tensors = section(a, ARTEFACT_TENSORS, n, sizeof(*t->tensors), &tensors);
	t->ops = section(a, ARTEFACT_OPS, n, sizeof(*t->ops), &ops);
	t->notes = section(a, ARTEFACT_NOTES, n, sizeof(*t->notes), &notes);
	t->strings = section(a, ARTEFACT_STRINGS, n, 1, &t->string_size);
	t->segments = section(a, ARTEFACT_SEGMENTS, n, sizeof(*t->segments), &segments);
	t->hw_ops = section(a, ARTEFACT_HW_OPS, n, sizeof(*t->hw_ops), &hw);
	t->hw_regs = section(a, ARTEFACT_HW_REGS, n, sizeof(*t->hw_regs), &regs);
	t->hw_relocs = section(a, ARTEFACT_HW_RELOCS, n, sizeof(*t->hw_relocs), &relocs);
	t->hw_deps = section(a, ARTEFACT_HW_DEPS, n, sizeof(*t->hw_deps), &deps);
	t->hw_luts = section(a, ARTEFACT_HW_LUTS, n, sizeof(*t->hw_luts), &luts);
	t->hw_source = section(a, ARTEFACT_HW_SOURCE, n, sizeof(*t->hw_source), &sources);
	t->consts = section(a, ARTEFACT_CONSTS, n, 1, &t->const_size);
	if (!t->header || !t->steps || !t->tensors || !t->ops || !t->notes || !t->strings ||
	    !t->segments || !t->hw_ops || !t->hw_regs || !t->hw_relocs || !t->hw_deps ||
	    !t->hw_luts || !t->hw_source || !t->consts)
		return bad("a section is missing");
	if (one != 1 || tensors != a->graph->num_tensors || notes != a->graph->num_ops ||
	    sources != hw)
		return bad("a section of the wrong size");
	t->step_count = steps;
	t->op_count = ops;
	t->segment_count = segments;
	t->hw_op_count = hw;
	ret = check_segments(t, regs, relocs, deps, luts);
	return ret ? ret : check_target(a, t);
}

int artefact_open(const void *data, size_t size, bool mapped, struct artefact **out)
{
	struct artefact *a = calloc(1, sizeof(*a));
	const void *graph;
	uint64_t graph_size = 0;
	uint32_t i;
	int ret;

	*out = NULL;
	if (!a) {
		if (mapped)
			munmap((void *)data, size);
		else
			free((void *)data);
		return accel_error_memory("the artefact");
	}
	a->data = data;
	a->size = size;
	a->mapped = mapped;
	ret = check_header(a);
	if (ret)
		goto fail;
	graph = section(a, ARTEFACT_GRAPH, 0, 1, &graph_size);
	if (!graph || !a->target_count) {
		ret = bad("a section is missing");
		goto fail;
	}
	ret = graph_restore(graph, graph_size, &a->graph);
	if (ret)
		goto fail;
	a->targets = calloc(a->target_count, sizeof(*a->targets));
	if (!a->targets) {
		ret = accel_error_memory("the artefact");
		goto fail;
	}
	for (i = 0; i < a->target_count; i++) {
		ret = find_target(a, i, &a->targets[i]);
		if (ret)
			goto fail;
	}
	*out = a;
	return 0;
fail:
	artefact_close(a);
	return ret;
}

int artefact_load(const char *path, struct artefact **out)
{
	struct stat st;
	void *data;
	int fd, ret;

	*out = NULL;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return accel_error_set(-errno, "%s: %s", path, strerror(errno));
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size < 64) {
		close(fd);
		return accel_error_set(-EINVAL, "%s: not an artefact: too short, or no file", path);
	}
	data = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	ret = -errno;
	close(fd);
	if (data == MAP_FAILED)
		return accel_error_set(ret, "%s: cannot be mapped: %s", path, strerror(-ret));
	return artefact_open(data, st.st_size, true, out);
}

void artefact_close(struct artefact *a)
{
	if (!a)
		return;
	graph_free(a->graph);
	free(a->targets);
	if (a->mapped)
		munmap((void *)a->data, a->size);
	else
		free((void *)a->data);
	free(a);
}

const struct target *artefact_target(const struct artefact *a, const char *config)
{
	uint32_t i;

	for (i = 0; i < a->target_count; i++) {
		if (!strcmp(a->targets[i].header->config, config))
			return &a->targets[i];
	}
	return NULL;
}
