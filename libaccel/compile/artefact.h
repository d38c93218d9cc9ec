/* SPDX-License-Identifier: MIT */
/*
 * A compiled model as one file: programs for one or more configurations,
 * weights, the graph for what the CPU runs. The file is mapped, not parsed:
 * all of its tables are used where they lie. Little endian.
 *
 *	header, sections[], then the sections, each aligned to 64 bytes, weights
 *	to 4096. The hash covers everything behind the header.
 */
#ifndef ACCEL_ARTEFACT_H
#define ACCEL_ARTEFACT_H

#include <drm/nvdla_accel.h>

#include "libaccel/graph/graph.h"
#include "lower.h"
#include "npu_code.h"

#define ARTEFACT_MAGIC		UINT64_C(0x31414c44564e4341)	/* "ACNVDLA1" */
#define ARTEFACT_VERSION	2

struct artefact_header {
	uint64_t magic;
	uint32_t version;
	uint32_t section_count;
	uint64_t size;		/* of the file */
	uint64_t hash;		/* XXH3 of everything behind the header */
	uint64_t source;	/* XXH3 of what it was compiled from and how; 0: unknown */
	uint64_t pad[3];
};

enum artefact_section_kind {
	ARTEFACT_GRAPH,		/* graph_store() */
	ARTEFACT_TARGET,	/* struct artefact_target */
	ARTEFACT_STEPS,		/* struct artefact_step[] */
	ARTEFACT_TENSORS,	/* struct artefact_tensor[], one per tensor of the graph */
	ARTEFACT_OPS,		/* struct artefact_op[] */
	ARTEFACT_NOTES,		/* struct artefact_note[], one per operation of the graph */
	ARTEFACT_STRINGS,	/* NUL-terminated texts that notes refer to */
	ARTEFACT_SEGMENTS,	/* struct artefact_segment[] */
	ARTEFACT_HW_OPS,	/* struct drm_nvdla_op[] of all segments */
	ARTEFACT_HW_REGS,
	ARTEFACT_HW_RELOCS,
	ARTEFACT_HW_DEPS,
	ARTEFACT_HW_LUTS,
	ARTEFACT_HW_SOURCE,	/* uint32_t[], per hardware operation the operation */
	ARTEFACT_CONSTS,	/* region NPU_CONSTS, aligned to 4096 */
	ARTEFACT_KINDS,
};

struct artefact_section {
	uint32_t kind;
	uint32_t target;	/* number of the configuration; 0 for the graph */
	uint64_t offset;
	uint64_t size;
};

struct artefact_target {
	char config[32];
	uint64_t arena_size, host_size;
	double bandwidth;	/* bytes per cycle it was planned for */
	struct npu_atoms atoms;
	uint32_t sram_size;	/* bytes of NPU_SRAM */
};

enum artefact_step_kind {
	ARTEFACT_NPU,		/* @index: segment */
	ARTEFACT_CPU,		/* @index: operation of the graph */
	ARTEFACT_TO_CUBE,	/* @index: tensor */
	ARTEFACT_TO_ROWS,	/* @index: tensor */
};

struct artefact_step {
	uint32_t kind;
	uint32_t index;
};

#define ARTEFACT_NOWHERE	UINT64_MAX

struct artefact_tensor {
	struct npu_cube cube;		/* width 0: none */
	uint64_t rows;			/* offset in the CPU's arena, or ARTEFACT_NOWHERE */
};

struct artefact_op {
	struct npu_op op;
	uint64_t cycles, mac, sdp, read, written, macs;
	double loss_bits;
	uint32_t hw_ops;	/* 0: part of those of the operation before */
	uint32_t reuse;		/* ARTEFACT_KEEPS_*, for reports */
};

#define ARTEFACT_KEEPS_WEIGHTS	1	/* in CBUF from tile to tile */
#define ARTEFACT_KEEPS_LINES	2	/* that tiles share */

struct artefact_note {
	uint32_t on_npu;
	uint32_t op;			/* index of an artefact_op, or UINT32_MAX */
	uint32_t why;			/* offset in the strings */
	uint32_t pad;
};

/* A program: ranges of the HW_ sections; indices within count from the start of the range. */
struct artefact_segment {
	uint32_t first_op, op_count;	/* of ARTEFACT_OPS */
	uint32_t hw_op, hw_op_count;
	uint32_t hw_reg, hw_reg_count;
	uint32_t hw_reloc, hw_reloc_count;
	uint32_t hw_dep, hw_dep_count;
	uint32_t hw_lut, hw_lut_count;
};

/**
 * struct target - what a loaded artefact has for one configuration
 *
 * All pointers lie in the file's mapping.
 */
struct target {
	const struct artefact_target *header;
	const struct artefact_step *steps;
	const struct artefact_tensor *tensors;
	const struct artefact_op *ops;
	const struct artefact_note *notes;
	const char *strings;
	const struct artefact_segment *segments;
	const struct drm_nvdla_op *hw_ops;
	const struct drm_nvdla_reg *hw_regs;
	const struct drm_nvdla_reloc *hw_relocs;
	const uint32_t *hw_deps;
	const struct drm_nvdla_lut *hw_luts;
	const uint32_t *hw_source;
	const uint8_t *consts;
	uint64_t const_size;
	uint32_t step_count, op_count, segment_count, hw_op_count;
	uint64_t string_size;
};

/**
 * struct artefact - a loaded artefact
 * @graph: the graph; constants that only the NPU needs have no data
 * @targets: by configuration
 * @data: the file, mapped or in memory
 * @size: its size
 */
struct artefact {
	struct graph *graph;
	struct target *targets;
	uint32_t target_count;
	const uint8_t *data;
	size_t size;
	bool mapped;
};

/**
 * artefact_build() - make the bytes of an artefact
 * @graph: the graph
 * @lowered: one per configuration, all of @graph
 * @count: how many
 * @source: see struct artefact_header
 * @data: receives memory that the caller frees
 */
int artefact_build(const struct graph *graph, struct lower *const *lowered, uint32_t count,
		   uint64_t source, void **data, size_t *size);

/**
 * artefact_open() - load from memory
 * @data: the file; aligned to 64 bytes at least
 * @mapped: unmap it at the end, else free() it; taken over also on failure
 *
 * Return: 0; -EINVAL not an artefact, damaged, or inconsistent; -EPROTO of
 * another version; -ENOMEM. accel_error_text() says what and where.
 */
int artefact_open(const void *data, size_t size, bool mapped, struct artefact **out);

/* Map a file and load it; also -errno of open() and mmap(). */
int artefact_load(const char *path, struct artefact **out);
void artefact_close(struct artefact *artefact);

/* The part for a configuration, or NULL. */
const struct target *artefact_target(const struct artefact *artefact, const char *config);

#endif /* ACCEL_ARTEFACT_H */
