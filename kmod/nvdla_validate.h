/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * Program validation: from what user space uploaded to something a core may
 * run. The same source is compiled into the kernel module, into its KUnit
 * tests, into libaccel's in-process simulator and into the fuzzer; it depends
 * on nothing but the register tables in hw/ and on validate_shim.h.
 */
#ifndef _NVDLA_VALIDATE_H_
#define _NVDLA_VALIDATE_H_

#include "validate_shim.h"
#include "hw/nvdla_config.h"

/* Limits, reported to user space in &struct drm_nvdla_device_info. */
#define NVDLA_MAX_OPS		16384
#define NVDLA_MAX_REGS		2097152
#define NVDLA_MAX_RELOCS	262144
#define NVDLA_MAX_DEPS		262144
#define NVDLA_MAX_LUTS		256
#define NVDLA_MAX_SLOTS		1024

/* What is bound to a slot starts at a multiple of this. */
#define NVDLA_BIND_ALIGN	64

struct nvdla_validator;

/**
 * struct nvdla_program_desc - a program as uploaded, copied out of user memory
 * @ops: operations
 * @regs: registers of operations and lookup tables
 * @relocs: relocations
 * @deps: dependencies
 * @luts: lookup tables
 * @slots: slots; only max_access is read
 * @op_count: number of @ops
 * @reg_count: number of @regs
 * @reloc_count: number of @relocs
 * @dep_count: number of @deps
 * @lut_count: number of @luts
 * @slot_count: number of @slots
 */
struct nvdla_program_desc {
	const struct drm_nvdla_op *ops;
	const struct drm_nvdla_reg *regs;
	const struct drm_nvdla_reloc *relocs;
	const __u32 *deps;
	const struct drm_nvdla_lut *luts;
	const struct drm_nvdla_slot_info *slots;
	__u32 op_count;
	__u32 reg_count;
	__u32 reloc_count;
	__u32 dep_count;
	__u32 lut_count;
	__u32 slot_count;
};

/**
 * struct nvdla_refusal - why a program was refused
 * @op: index of the operation, ~0 if none is to blame
 * @reg: CSB offset of the register, ~0 if none is to blame
 * @code: &enum drm_nvdla_fail
 */
struct nvdla_refusal {
	__u32 op;
	__u32 reg;
	__u32 code;
};

/**
 * struct nvdla_patch - where an address goes
 * @delta: bytes from the start of the binding
 * @slot: slot
 * @low: index of the low register in the operation's image
 * @high: index of the high register there
 * @ram: index of the register with the RAM type there
 * @pad: unused
 * @ram_bit: mask of the RAM type: set for the primary port
 * @reg: CSB offset of the low register
 */
struct nvdla_patch {
	__u64 delta;
	__u32 slot;
	__u16 low;
	__u16 high;
	__u16 ram;
	__u16 pad;
	__u32 ram_bit;
	__u32 reg;
};

/**
 * struct nvdla_program_op - one validated operation
 * @engines: DRM_NVDLA_ENGINE_* bits
 * @units: bit n: &enum nvdla_unit n takes part
 * @done: interrupts of GLB to wait for, as bits of group 0
 * @image: index of its register image in &nvdla_program.words
 * @words: length of the image
 * @patch: index of its first patch
 * @patches: number of patches
 * @dep: index of its first dependency
 * @deps: number of dependencies
 * @lut: lookup table, or -1
 * @ahead: CDMA fetches weights for a later operation: it may still do so when the
 *         result is there, and is done for sure when the next convolution is
 *
 * The image is the complete list of values for the group registers of every
 * unit in @units, unit after unit in the order of &enum nvdla_unit and, within
 * a unit, in the order of nvdla_unit_offset().
 */
struct nvdla_program_op {
	__u32 engines;
	__u32 units;
	__u32 done;
	__u32 image;
	__u32 words;
	__u32 patch;
	__u32 patches;
	__u32 dep;
	__u32 deps;
	__s32 lut;
	bool ahead;
};

/* Most registers that go with a lookup table. */
#define NVDLA_LUT_REGS		16

/**
 * struct nvdla_program_lut - contents of SDP's or CDP's lookup tables
 * @unit: NVDLA_SDP or NVDLA_CDP
 * @reg_count: number of @regs
 * @regs: the S_LUT_* registers beside S_LUT_ACCESS_*; complete
 * @le: table LE
 * @lo: table LO
 * @hash: of everything above, to tell tables apart quickly; not unique
 */
struct nvdla_program_lut {
	enum nvdla_unit unit;
	__u32 reg_count;
	struct drm_nvdla_reg regs[NVDLA_LUT_REGS];
	__u16 le[DRM_NVDLA_LUT_LE_ENTRIES];
	__u16 lo[DRM_NVDLA_LUT_LO_ENTRIES];
	__u64 hash;
};

/**
 * struct nvdla_program - a validated program; immutable
 * @config: configuration it was validated for
 * @ops: operations
 * @words: register images
 * @patches: relocations
 * @deps: dependencies, indices of earlier operations
 * @luts: lookup tables
 * @slots: slots with min_size and access filled in
 * @op_count: number of @ops
 * @word_count: number of @words
 * @patch_count: number of @patches
 * @dep_count: number of @deps
 * @lut_count: number of @luts
 * @slot_count: number of @slots
 * @max_words: longest image
 */
struct nvdla_program {
	const struct nvdla_config *config;
	struct nvdla_program_op *ops;
	__u32 *words;
	struct nvdla_patch *patches;
	__u32 *deps;
	struct nvdla_program_lut *luts;
	struct drm_nvdla_slot_info *slots;
	__u32 op_count;
	__u32 word_count;
	__u32 patch_count;
	__u32 dep_count;
	__u32 lut_count;
	__u32 slot_count;
	__u32 max_words;
};

/**
 * struct nvdla_binding - what is bound to a slot, in the device's view
 * @addr: device address
 * @size: bytes
 * @sram: behind the second memory port
 */
struct nvdla_binding {
	__u64 addr;
	__u64 size;
	bool sram;
};

/**
 * nvdla_validator_new() - prepare to validate programs for one configuration
 * @config: the configuration; must stay valid
 * @out: receives it; free with nvdla_validator_free()
 *
 * A validator does not change: any number of threads may use it at once.
 *
 * Return: 0 or -ENOMEM.
 */
int nvdla_validator_new(const struct nvdla_config *config, struct nvdla_validator **out);

/* Free a validator; NULL is allowed. */
void nvdla_validator_free(struct nvdla_validator *validator);

/**
 * nvdla_unit_words() - how many registers of a unit an image holds
 * @validator: validator
 * @unit: unit
 */
unsigned int nvdla_unit_words(const struct nvdla_validator *validator, enum nvdla_unit unit);

/**
 * nvdla_unit_offset() - offset, in the unit's window, of one of them
 * @validator: validator
 * @unit: unit
 * @index: 0 to nvdla_unit_words() - 1
 */
__u32 nvdla_unit_offset(const struct nvdla_validator *validator, enum nvdla_unit unit,
			unsigned int index);

/**
 * nvdla_program_validate() - check a program and compute its images and extents
 * @validator: for the device's configuration
 * @desc: the program
 * @out: receives the validated program; free with nvdla_program_free()
 * @refusal: receives the reason when the return value is -EINVAL or -E2BIG
 *
 * Return: 0, -EINVAL when the program is refused, -E2BIG when a count is above
 * its limit, -ENOMEM.
 */
int nvdla_program_validate(const struct nvdla_validator *validator,
			   const struct nvdla_program_desc *desc,
			   struct nvdla_program **out, struct nvdla_refusal *refusal);

/* Free a program; NULL is allowed. */
void nvdla_program_free(struct nvdla_program *program);

/**
 * nvdla_program_check_bindings() - may these buffers be used with a program?
 * @program: program
 * @bindings: one per slot
 *
 * Checks sizes, and that addresses which share a RAM type register lie behind
 * the same port. Whether a buffer may be written is for the caller to check.
 *
 * Return: 0 or -EINVAL.
 */
int nvdla_program_check_bindings(const struct nvdla_program *program,
				 const struct nvdla_binding *bindings);

/**
 * nvdla_program_image() - the final register values of one operation
 * @program: program
 * @op: index of the operation
 * @bindings: one per slot
 * @image: receives &nvdla_program_op.words values
 */
void nvdla_program_image(const struct nvdla_program *program, __u32 op,
			 const struct nvdla_binding *bindings, __u32 *image);

#endif /* _NVDLA_VALIDATE_H_ */
