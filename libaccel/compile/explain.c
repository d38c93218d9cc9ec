// SPDX-License-Identifier: MIT
/*
 * What became of a model: for each operation where it runs, why, and its cost.
 */
#include <errno.h>
#include <string.h>

#include "libaccel/dev/error.h"
#include "libaccel/run/model.h"

static const struct target *find(const struct accel_model *model, const char *config)
{
	const struct target *t = config ? artefact_target(model->artefact, config) :
				 &model->artefact->targets[0];

	if (!t)
		accel_error_set(-EINVAL, "the model has no program for %s", config);
	return t;
}

/* Cycles that nothing could do without, and what asks for them. */
static uint64_t floor_of(const struct target *t, const struct artefact_op *op, const char **what)
{
	uint64_t bytes = (uint64_t)((double)(op->read + op->written) / t->header->bandwidth);

	*what = "MAC";
	if (op->mac >= op->sdp && op->mac >= bytes)
		return op->mac;
	*what = op->op.kind == NPU_PDP ? "PDP" : op->op.kind == NPU_CDP ? "CDP" : "SDP";
	if (op->sdp >= bytes)
		return op->sdp;
	*what = "memory";
	return bytes;
}

int accel_model_summary(const struct accel_model *model, const char *config,
			struct accel_model_summary *summary)
{
	const struct target *t = find(model, config);
	const char *what;
	uint32_t i;

	if (!t)
		return -EINVAL;
	if (summary->size < sizeof(*summary))
		return accel_error_set(-EINVAL, "structure of %zu bytes is too short",
				       summary->size);
	*summary = (struct accel_model_summary) {
		.size = sizeof(*summary), .programs = t->segment_count, .hw_ops = t->hw_op_count,
		.weights = t->const_size, .arena = t->header->arena_size,
	};
	for (i = 0; i < model->artefact->graph->num_ops; i++) {
		if (t->notes[i].on_npu)
			summary->npu_ops++;
		else
			summary->cpu_ops++;
	}
	for (i = 0; i < t->op_count; i++) {
		summary->cycles += t->ops[i].cycles;
		summary->roofline += floor_of(t, &t->ops[i], &what);
		summary->macs += t->ops[i].macs;
		summary->read += t->ops[i].read;
		summary->written += t->ops[i].written;
	}
	return 0;
}

static void explain_npu(FILE *file, const struct target *t, const struct artefact_op *op)
{
	/* A pooling without hardware operations of its own takes the results on the fly. */
	const struct artefact_op *next = op + 1 < t->ops + t->op_count ? op + 1 : NULL;
	const struct npu_cube *out = next && !next->hw_ops ? &next->op.out : &op->op.out;
	const char *what;
	uint64_t least = floor_of(t, op, &what);

	/* Part of another one's hardware operations. */
	if (!op->hw_ops)
		return;
	fprintf(file, "  %9llu cycles, floor %9llu (%s), MAC array %3.0f %% used, read %llu, "
		"written %llu, %u hardware operation%s",
		(unsigned long long)op->cycles, (unsigned long long)least, what,
		op->cycles ? 100.0 * (double)op->macs /
			     ((double)op->cycles * t->header->atoms.c * t->header->atoms.k) : 0,
		(unsigned long long)op->read, (unsigned long long)op->written, op->hw_ops,
		op->hw_ops == 1 ? "" : "s");
	if (op->reuse & ARTEFACT_KEEPS_WEIGHTS)
		fputs(", weights stay", file);
	if (op->reuse & ARTEFACT_KEEPS_LINES)
		fputs(", shared lines stay", file);
	if (op->op.in.region == NPU_SRAM)
		fputs(", input on chip", file);
	if (out->region == NPU_SRAM)
		fputs(", result on chip", file);
	if (op->loss_bits > 7)
		fprintf(file, ", smallest multiplier has %.0f bits", 15 - op->loss_bits);
	fputc('\n', file);
}

int accel_model_explain(const struct accel_model *model, const char *config, FILE *file)
{
	struct accel_model_summary s = { .size = sizeof(s) };
	const struct target *t = find(model, config);
	const struct graph *graph = model->artefact->graph;
	uint32_t i, j;

	if (!t)
		return -EINVAL;
	for (i = 0; i < graph->num_ops; i++) {
		const struct graph_op *op = &graph->ops[i];
		const struct artefact_note *note = &t->notes[i];

		fprintf(file, "%4u %-16s %-32s %s%s%s\n", i, graph_kind_name(op->kind), op->name,
			note->on_npu ? "NPU" : "CPU", note->why ? ": " : "",
			t->strings + note->why);
		for (j = 0; note->on_npu && j < t->op_count; j++) {
			if (t->ops[j].op.layer == i)
				explain_npu(file, t, &t->ops[j]);
		}
	}
	accel_model_summary(model, t->header->config, &s);
	fprintf(file, "%s: %u operations on the NPU, %u on the CPU, in %u program%s of %u hardware "
		"operations\n", t->header->config, s.npu_ops, s.cpu_ops, s.programs,
		s.programs == 1 ? "" : "s", s.hw_ops);
	fprintf(file, "%llu cycles estimated, %.2f times the floor, at %.1f bytes per cycle; "
		"%llu MAC, %llu bytes read, %llu written, weights %llu, activations %llu and %u on chip\n",
		(unsigned long long)s.cycles,
		s.roofline ? (double)s.cycles / (double)s.roofline : 0, t->header->bandwidth,
		(unsigned long long)s.macs, (unsigned long long)s.read,
		(unsigned long long)s.written, (unsigned long long)s.weights,
		(unsigned long long)s.arena, t->header->sram_size);
	return ferror(file) ? accel_error_set(-EIO, "cannot write the explanation") : 0;
}
