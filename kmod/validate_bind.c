// SPDX-License-Identifier: (GPL-2.0-only OR MIT)
/*
 * Validated programs meet buffers: what a submit checks, and the final values.
 */
#include "nvdla_validate.h"

/* Addresses of one operation that share a RAM type must agree about it. */
static bool ram_types_agree(const struct nvdla_program *program, const struct nvdla_program_op *op,
			    const struct nvdla_binding *bindings)
{
	const struct nvdla_patch *patch = program->patches + op->patch;
	__u32 i;

	for (i = 1; i < op->patches; i++) {
		if (patch[i].ram == patch[i - 1].ram &&
		    patch[i].ram_bit == patch[i - 1].ram_bit &&
		    bindings[patch[i].slot].sram != bindings[patch[i - 1].slot].sram)
			return false;
	}

	return true;
}

int nvdla_program_check_bindings(const struct nvdla_program *program,
				 const struct nvdla_binding *bindings)
{
	bool sram = false, dram = false;
	__u32 i;

	for (i = 0; i < program->slot_count; i++) {
		const struct nvdla_binding *binding = &bindings[i];
		__u64 end;

		if (!program->slots[i].min_size)
			continue;
		if (binding->size < program->slots[i].min_size ||
		    binding->addr % NVDLA_BIND_ALIGN ||
		    check_add_overflow(binding->addr, binding->size, &end))
			return -EINVAL;
		if (program->config->address_bits < 64 &&
		    end > 1ULL << program->config->address_bits)
			return -EINVAL;
		if (binding->sram && !(program->config->features & NVDLA_FEAT_CVIF))
			return -EINVAL;
		sram |= binding->sram;
		dram |= !binding->sram;
	}
	/* Only a mixture can disagree: the usual job costs no more than its slots. */
	for (i = 0; sram && dram && i < program->op_count; i++) {
		if (!ram_types_agree(program, &program->ops[i], bindings))
			return -EINVAL;
	}

	return 0;
}

void nvdla_program_image(const struct nvdla_program *program, __u32 op,
			 const struct nvdla_binding *bindings, __u32 *image)
{
	const struct nvdla_program_op *desc = &program->ops[op];
	const struct nvdla_patch *patch = program->patches + desc->patch;
	const struct nvdla_patch *end = patch + desc->patches;

	memcpy(image, program->words + desc->image, desc->words * sizeof(*image));
	for (; patch < end; patch++) {
		const struct nvdla_binding *binding = &bindings[patch->slot];
		__u64 addr = binding->addr + patch->delta;

		image[patch->low] = (__u32)addr;
		image[patch->high] = (__u32)(addr >> 32);
		if (!binding->sram)
			image[patch->ram] |= patch->ram_bit;
	}
}
