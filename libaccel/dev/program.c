// SPDX-License-Identifier: MIT
/*
 * Programs: references, slots, and refusals in words.
 */
#include <stdio.h>
#include <stdlib.h>

#include "device.h"

int accel_program_init(struct accel_program *program, struct accel_device *device,
		       const struct accel_program_desc *desc)
{
	program->slots = calloc(desc->slot_count ? desc->slot_count : 1, sizeof(*program->slots));
	if (!program->slots)
		return accel_error_memory("a program's slots");

	program->device = accel_device_ref(device);
	program->op_count = desc->op_count;
	program->slot_count = desc->slot_count;
	atomic_init(&program->refs, 1);

	return 0;
}

void accel_program_fini(struct accel_program *program)
{
	free(program->slots);
	accel_close(program->device);
}

int accel_program_create(struct accel_device *device, const struct accel_program_desc *desc,
			 struct accel_program **out)
{
	*out = NULL;
	if (!device->ops->program_create)
		return accel_error_set(-EOPNOTSUPP, "%s runs no programs", device->name);
	if (!desc->op_count || !desc->ops)
		return accel_error_set(-EINVAL, "a program without operations");
	if ((desc->reg_count && !desc->regs) || (desc->reloc_count && !desc->relocs) ||
	    (desc->dep_count && !desc->deps) || (desc->lut_count && !desc->luts))
		return accel_error_set(-EINVAL, "a program with a count but no array");

	return device->ops->program_create(device, desc, out);
}

struct accel_program *accel_program_ref(struct accel_program *program)
{
	atomic_fetch_add_explicit(&program->refs, 1, memory_order_relaxed);

	return program;
}

void accel_program_unref(struct accel_program *program)
{
	if (program && atomic_fetch_sub(&program->refs, 1) == 1)
		program->device->ops->program_free(program);
}

uint32_t accel_program_slot_count(const struct accel_program *program)
{
	return program->slot_count;
}

uint32_t accel_program_op_count(const struct accel_program *program)
{
	return program->op_count;
}

int accel_program_slot(const struct accel_program *program, uint32_t index,
		       struct accel_slot *slot)
{
	if (index >= program->slot_count)
		return accel_error_set(-EINVAL, "slot %u of %u", index, program->slot_count);
	*slot = program->slots[index];

	return 0;
}

static const char *const fail_text[] = {
	[DRM_NVDLA_FAIL_NONE] = "no reason given",
	[DRM_NVDLA_FAIL_COUNT] = "a count is above its limit, or 0 operations",
	[DRM_NVDLA_FAIL_INDEX] = "a range or index leaves its array",
	[DRM_NVDLA_FAIL_FLAGS] = "unknown flag, or padding that is not 0",
	[DRM_NVDLA_FAIL_ENGINES] = "engines that cannot work together, or do not exist here",
	[DRM_NVDLA_FAIL_DEPENDENCY] = "depends on an operation that is not an earlier one",
	[DRM_NVDLA_FAIL_UNKNOWN_REG] = "no such register in these engines",
	[DRM_NVDLA_FAIL_KERNEL_REG] = "only the kernel may set this register",
	[DRM_NVDLA_FAIL_DUPLICATE] = "given twice",
	[DRM_NVDLA_FAIL_BITS] = "bits that do not exist or are the kernel's",
	[DRM_NVDLA_FAIL_VALUE] = "value not supported by this hardware",
	[DRM_NVDLA_FAIL_MISMATCH] = "contradicts another register",
	[DRM_NVDLA_FAIL_RELOC] = "relocation missing, unused, or not of an address",
	[DRM_NVDLA_FAIL_ALIGN] = "address or stride is not a multiple of the atom",
	[DRM_NVDLA_FAIL_OVERFLOW] = "extent beyond what can be addressed",
	[DRM_NVDLA_FAIL_ACCESS] = "does more with a slot than was permitted",
	[DRM_NVDLA_FAIL_CBUF] = "does not fit the convolution buffer",
	[DRM_NVDLA_FAIL_REUSE] = "reuses or keeps convolution buffer data that it may not",
	[DRM_NVDLA_FAIL_LUT] = "lookup table missing, superfluous or wrong",
};

int accel_refusal_text(const struct nvdla_config *config, uint32_t op, uint32_t reg, uint32_t code)
{
	const struct nvdla_reg_desc *desc = NULL;
	const char *why = "refused";
	char where[96] = "";
	enum nvdla_unit unit;

	if (code < sizeof(fail_text) / sizeof(fail_text[0]) && fail_text[code])
		why = fail_text[code];
	if (reg != UINT32_MAX) {
		unit = nvdla_config_unit(config, reg);
		if (unit < NVDLA_UNITS)
			desc = nvdla_reg_find(unit, reg & (NVDLA_WINDOW_SIZE - 1));
		snprintf(where, sizeof(where), ", %s %s (0x%x)",
			 unit < NVDLA_UNITS ? nvdla_units[unit].name : "register",
			 desc ? desc->name : "without a name", reg);
	}
	if (op == UINT32_MAX)
		return accel_error_set(-EINVAL, "program refused%s: %s", where, why);

	return accel_error_set(-EINVAL, "program refused at operation %u%s: %s", op, where, why);
}
