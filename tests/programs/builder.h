/* SPDX-License-Identifier: MIT */
/*
 * Register programs written by hand, for tests that must not depend on the
 * compiler. A builder collects operations in the form that the kernel takes;
 * it terminates the process when memory runs out.
 */
#ifndef TESTS_PROGRAMS_BUILDER_H
#define TESTS_PROGRAMS_BUILDER_H

#include <drm/nvdla_accel.h>

#include "../../kmod/hw/nvdla_config.h"

/**
 * struct builder - a program that is being written
 * @config: configuration it is for
 * @ops: operations
 * @regs: register values
 * @relocs: addresses
 * @deps: dependencies
 * @luts: lookup tables
 * @op_count: number of @ops
 * @reg_count: number of @regs
 * @reloc_count: number of @relocs
 * @dep_count: number of @deps
 * @lut_count: number of @luts
 * @slot_count: highest slot named so far plus one
 */
struct builder {
	const struct nvdla_config *config;
	struct drm_nvdla_op *ops;
	struct drm_nvdla_reg *regs;
	struct drm_nvdla_reloc *relocs;
	__u32 *deps;
	struct drm_nvdla_lut *luts;
	__u32 op_count, reg_count, reloc_count, dep_count, lut_count, slot_count;
};

void builder_init(struct builder *builder, const struct nvdla_config *config);
void builder_fini(struct builder *builder);

/* Begin an operation; what follows belongs to it. Returns its index. */
__u32 builder_op(struct builder *builder, __u32 engines);
void builder_reg(struct builder *builder, enum nvdla_unit unit, __u32 offset, __u32 value);
/* @offset: of the low address register. */
void builder_reloc(struct builder *builder, enum nvdla_unit unit, __u32 offset, __u32 slot,
		   __u64 delta);
void builder_dep(struct builder *builder, __u32 op);
/* Add lookup tables without registers; returns their index. */
__u32 builder_lut(struct builder *builder, __u32 engine);
/* A register of the lookup tables added last. */
void builder_lut_reg(struct builder *builder, enum nvdla_unit unit, __u32 offset, __u32 value);

/* The value of a register of operation @op, to be changed; NULL if not given. */
struct drm_nvdla_reg *builder_find_reg(struct builder *builder, __u32 op, enum nvdla_unit unit,
				       __u32 offset);

#endif /* TESTS_PROGRAMS_BUILDER_H */
