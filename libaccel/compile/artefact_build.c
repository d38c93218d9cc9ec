// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "libaccel/dev/error.h"
#include "artefact.h"

#define ALIGN		64
#define CONST_ALIGN	4096

/* The file as it grows. */
struct writer {
	uint8_t *data;
	size_t size, room;
	struct artefact_section *sections;
	uint32_t count, max;
	int error;
};

static void reserve(struct writer *w, size_t more)
{
	size_t room = w->room ? w->room : 65536;
	uint8_t *larger;

	while (room < w->size + more)
		room *= 2;
	if (w->error || room == w->room)
		return;
	larger = realloc(w->data, room);
	if (!larger) {
		w->error = -ENOMEM;
		return;
	}
	w->data = larger;
	w->room = room;
}

static void put(struct writer *w, enum artefact_section_kind kind, uint32_t target,
		const void *data, size_t size)
{
	size_t align = kind == ARTEFACT_CONSTS ? CONST_ALIGN : ALIGN;
	size_t offset = (w->size + align - 1) / align * align;

	reserve(w, offset - w->size + size);
	if (w->error || w->count == w->max)
		return;
	memset(w->data + w->size, 0, offset - w->size);
	if (size)
		memcpy(w->data + offset, data, size);
	w->size = offset + size;
	w->sections[w->count++] = (struct artefact_section) { kind, target, offset, size };
}

/* All programs of a configuration, one behind the other. */
struct programs {
	struct artefact_segment *segments;
	struct npu_code *codes;
	uint32_t count;
	struct artefact_step *steps;
	uint32_t step_count;
};

static void free_programs(struct programs *p)
{
	uint32_t i;

	for (i = 0; p->codes && i < p->count; i++)
		npu_code_free(&p->codes[i]);
	free(p->codes);
	free(p->segments);
	free(p->steps);
}

/* Neighbouring operations of the NPU become one program. */
static int make_programs(const struct lower *lower, struct programs *p)
{
	static const uint32_t kinds[] = {
		[LOWER_CPU] = ARTEFACT_CPU, [LOWER_TO_CUBE] = ARTEFACT_TO_CUBE,
		[LOWER_TO_ROWS] = ARTEFACT_TO_ROWS,
	};
	struct npu_code *code = NULL;
	uint32_t i;

	p->segments = calloc(lower->step_count + 1, sizeof(*p->segments));
	p->codes = calloc(lower->step_count + 1, sizeof(*p->codes));
	p->steps = calloc(lower->step_count + 1, sizeof(*p->steps));
	if (!p->segments || !p->codes || !p->steps)
		return -ENOMEM;
	for (i = 0; i < lower->step_count; i++) {
		const struct lower_step *step = &lower->steps[i];
		struct artefact_segment *segment;
		const struct lower_op *op;
		int ret;

		if (step->kind != LOWER_NPU) {
			p->steps[p->step_count++] =
				(struct artefact_step) { kinds[step->kind], step->index };
			code = NULL;
			continue;
		}
		/* Room is left for the largest operation within the driver's limit. */
		op = &lower->ops[step->index];
		if (!code || (code->op_count > 8192 && !op->flown && !op->tiling.reuse_data)) {
			p->segments[p->count].first_op = step->index;
			p->steps[p->step_count++] =
				(struct artefact_step) { ARTEFACT_NPU, p->count };
			code = &p->codes[p->count++];
		}
		segment = &p->segments[p->count - 1];
		/* Operations of a program lie together: lowering numbers them in order. */
		segment->op_count = step->index + 1 - segment->first_op;
		if (op->flown)
			continue;
		ret = npu_code_add(code, lower->config, &op->op, op->flies ? &op[1].op : NULL,
				   &op->tiling, step->index, lower->consts.data);
		if (ret)
			return ret;
	}
	for (i = 0; i < p->count; i++) {
		if (npu_code_fetch_ahead(&p->codes[i], lower->config, lower->bandwidth))
			return -ENOMEM;
	}
	return 0;
}

#define PUT_CODE(w, p, kind, target, array, count_field, first, number)			\
do {											\
	uint32_t total_ = 0, i_;							\
	size_t size_ = sizeof(*(p)->codes[0].array);					\
	uint8_t *all_;									\
											\
	for (i_ = 0; i_ < (p)->count; i_++) {						\
		(p)->segments[i_].first = total_;					\
		(p)->segments[i_].number = (p)->codes[i_].count_field;			\
		total_ += (p)->codes[i_].count_field;					\
	}										\
	all_ = malloc(total_ * size_ + 1);						\
	if (!all_) {									\
		(w)->error = -ENOMEM;							\
		break;									\
	}										\
	for (i_ = 0; i_ < (p)->count; i_++) {						\
		if ((p)->codes[i_].count_field)						\
			memcpy(all_ + (p)->segments[i_].first * size_,			\
			       (p)->codes[i_].array,					\
			       (p)->codes[i_].count_field * size_);			\
	}										\
	put(w, kind, target, all_, total_ * size_);					\
	free(all_);									\
} while (0)

static void put_tensors(struct writer *w, const struct lower *lower, uint32_t target)
{
	struct artefact_tensor *tensors = calloc(lower->graph->num_tensors + 1, sizeof(*tensors));
	uint32_t i;

	if (!tensors) {
		w->error = -ENOMEM;
		return;
	}
	for (i = 0; i < lower->graph->num_tensors; i++) {
		const struct lower_tensor *t = &lower->tensors[i];

		/* What is on chip is the NPU's alone. */
		if (t->cube_buffer != LOWER_NONE && !lower->buffers[t->cube_buffer].sram)
			tensors[i].cube = t->cube;
		tensors[i].rows = t->rows_buffer == LOWER_NONE ? ARTEFACT_NOWHERE :
				  lower->buffers[t->rows_buffer].offset;
	}
	put(w, ARTEFACT_TENSORS, target, tensors, lower->graph->num_tensors * sizeof(*tensors));
	free(tensors);
}

/* What stays in CBUF between an operation's tiles. */
static uint32_t reuse_of(const struct lower_op *op)
{
	const struct npu_conv *conv = &op->op.conv;
	const struct npu_op *last = op->flies ? &op[1].op : &op->op;
	uint32_t window = (conv->kernel_h - 1) * conv->dilation_y + 1, step = conv->stride_y;

	if (op->op.kind != NPU_CONV)
		return 0;
	if (op->flies) {
		window += (last->pdp.kernel_h - 1) * conv->stride_y;
		step *= last->pdp.stride_y;
	}
	return (op->tiling.keep_weights ? ARTEFACT_KEEPS_WEIGHTS : 0) |
	       (op->tiling.rows < last->out.height && window > step ? ARTEFACT_KEEPS_LINES : 0);
}

static void put_ops(struct writer *w, const struct lower *lower, uint32_t target)
{
	struct artefact_op *ops = calloc(lower->op_count + 1, sizeof(*ops));
	uint32_t i;

	if (!ops) {
		w->error = -ENOMEM;
		return;
	}
	for (i = 0; i < lower->op_count; i++) {
		const struct lower_op *op = &lower->ops[i];

		ops[i] = (struct artefact_op) {
			.op = op->op, .cycles = op->cost.cycles, .mac = op->cost.mac,
			.sdp = op->cost.sdp, .read = op->cost.read, .written = op->cost.written,
			.macs = op->cost.macs, .loss_bits = op->loss_bits,
			.hw_ops = op->cost.hw_ops, .reuse = reuse_of(op),
		};
	}
	put(w, ARTEFACT_OPS, target, ops, lower->op_count * sizeof(*ops));
	free(ops);
}

static void put_notes(struct writer *w, const struct lower *lower, uint32_t target)
{
	const uint32_t count = lower->graph->num_ops;
	struct artefact_note *notes = calloc(count + 1, sizeof(*notes));
	size_t size = 1;
	char *strings;
	uint32_t i;

	for (i = 0; i < count; i++)
		size += lower->notes[i].why ? strlen(lower->notes[i].why) + 1 : 0;
	strings = calloc(size, 1);
	if (!notes || !strings) {
		w->error = -ENOMEM;
		goto out;
	}
	size = 1;
	for (i = 0; i < count; i++) {
		const struct lower_note *note = &lower->notes[i];

		notes[i].on_npu = note->on_npu;
		notes[i].op = note->op;
		if (note->why) {
			notes[i].why = size;
			strcpy(strings + size, note->why);
			size += strlen(note->why) + 1;
		}
	}
	put(w, ARTEFACT_NOTES, target, notes, count * sizeof(*notes));
	put(w, ARTEFACT_STRINGS, target, strings, size);
out:
	free(notes);
	free(strings);
}

static void put_target(struct writer *w, const struct lower *lower, uint32_t target)
{
	struct artefact_target header = {
		.arena_size = lower->arena_size, .host_size = lower->host_size,
		.sram_size = (uint32_t)lower->sram_size,
		.bandwidth = lower->bandwidth, .atoms = lower->atoms,
	};
	struct programs p = { 0 };

	strncpy(header.config, lower->config->name, sizeof(header.config) - 1);
	w->error = w->error ? w->error : make_programs(lower, &p);
	if (w->error)
		goto out;
	put(w, ARTEFACT_TARGET, target, &header, sizeof(header));
	put_tensors(w, lower, target);
	put_ops(w, lower, target);
	put_notes(w, lower, target);
	put(w, ARTEFACT_STEPS, target, p.steps, p.step_count * sizeof(*p.steps));
	PUT_CODE(w, &p, ARTEFACT_HW_OPS, target, ops, op_count, hw_op, hw_op_count);
	PUT_CODE(w, &p, ARTEFACT_HW_REGS, target, regs, reg_count, hw_reg, hw_reg_count);
	PUT_CODE(w, &p, ARTEFACT_HW_RELOCS, target, relocs, reloc_count, hw_reloc,
		 hw_reloc_count);
	PUT_CODE(w, &p, ARTEFACT_HW_DEPS, target, deps, dep_count, hw_dep, hw_dep_count);
	PUT_CODE(w, &p, ARTEFACT_HW_LUTS, target, luts, lut_count, hw_lut, hw_lut_count);
	/* As many as operations: the same ranges. */
	PUT_CODE(w, &p, ARTEFACT_HW_SOURCE, target, source, op_count, hw_op, hw_op_count);
	put(w, ARTEFACT_SEGMENTS, target, p.segments, p.count * sizeof(*p.segments));
	put(w, ARTEFACT_CONSTS, target, lower->consts.data, lower->consts.size);
out:
	free_programs(&p);
}

/* Constants that some CPU step of some configuration reads. */
static bool *wanted_constants(const struct graph *graph, struct lower *const *lowered,
			      uint32_t count)
{
	bool *keep = calloc(graph->num_tensors + 1, sizeof(*keep));
	uint32_t i, s, j;

	for (i = 0; keep && i < count; i++) {
		for (s = 0; s < lowered[i]->step_count; s++) {
			const struct lower_step *step = &lowered[i]->steps[s];
			const struct graph_op *op;

			if (step->kind != LOWER_CPU)
				continue;
			op = &graph->ops[step->index];
			for (j = 0; j < op->num_inputs; j++) {
				if (op->inputs[j] != GRAPH_NONE)
					keep[op->inputs[j]] = true;
			}
		}
	}
	for (i = 0; keep && i < graph->num_tensors; i++)
		keep[i] |= graph->tensors[i].state;
	for (i = 0; keep && i < graph->num_outputs; i++)
		keep[graph->outputs[i]] = true;
	return keep;
}

int artefact_build(const struct graph *graph, struct lower *const *lowered, uint32_t count,
		   uint64_t source, void **data, size_t *size)
{
	struct artefact_header header = {
		.magic = ARTEFACT_MAGIC, .version = ARTEFACT_VERSION, .source = source,
	};
	struct writer w = { .max = 1 + count * ARTEFACT_KINDS };
	size_t table = sizeof(header) + w.max * sizeof(*w.sections);
	bool *keep = wanted_constants(graph, lowered, count);
	void *stored = NULL;
	size_t stored_size;
	uint32_t i;

	*data = NULL;
	w.sections = calloc(w.max, sizeof(*w.sections));
	if (!keep || !w.sections)
		w.error = -ENOMEM;
	if (!w.error)
		w.error = graph_store(graph, keep, &stored, &stored_size);
	reserve(&w, table);
	if (!w.error) {
		memset(w.data, 0, table);
		w.size = table;
		put(&w, ARTEFACT_GRAPH, 0, stored, stored_size);
	}
	for (i = 0; i < count && !w.error; i++)
		put_target(&w, lowered[i], i);
	free(keep);
	free(stored);
	if (w.error) {
		free(w.sections);
		free(w.data);
		return w.error == -ENOMEM ? accel_error_memory("the artefact") : w.error;
	}
	header.section_count = w.count;
	header.size = w.size;
	memcpy(w.data + sizeof(header), w.sections, w.count * sizeof(*w.sections));
	header.hash = XXH3_64bits(w.data + sizeof(header), w.size - sizeof(header));
	memcpy(w.data, &header, sizeof(header));
	free(w.sections);
	*data = w.data;
	*size = w.size;
	return 0;
}
