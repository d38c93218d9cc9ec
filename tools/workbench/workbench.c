// SPDX-License-Identifier: MIT
#include "workbench.h"

int workbench_program(struct accel_device *device, const struct builder *builder,
		      struct accel_program **out)
{
	const struct accel_program_desc desc = {
		.ops = builder->ops, .regs = builder->regs, .relocs = builder->relocs,
		.deps = builder->deps, .luts = builder->luts,
		.op_count = builder->op_count, .reg_count = builder->reg_count,
		.reloc_count = builder->reloc_count, .dep_count = builder->dep_count,
		.lut_count = builder->lut_count, .slot_count = builder->slot_count,
	};

	return accel_program_create(device, &desc, out);
}

static int make_buffer(struct accel_device *device, struct workbench *bench, uint32_t slot)
{
	struct accel_slot needed;
	int ret = accel_program_slot(bench->program, slot, &needed);

	if (!ret)
		ret = accel_bo_create(device, needed.min_size, ACCEL_BO_CACHED,
				      &bench->bos[slot]);
	if (!ret)
		ret = accel_bo_map(bench->bos[slot], &bench->maps[slot]);

	return ret ? ret : accel_job_bind(bench->job, slot, bench->bos[slot], 0, 0);
}

int workbench_open(struct accel_device *device, uint32_t core_mask,
		   const struct builder *builder, struct workbench *bench)
{
	const struct accel_context_params params = {
		.size = sizeof(params), .priority = ACCEL_PRIORITY_NORMAL, .core_mask = core_mask,
	};
	uint32_t i;
	int ret;

	*bench = (struct workbench){ .slots = builder->slot_count };
	ret = accel_context_create(device, &params, &bench->context);
	if (!ret)
		ret = workbench_program(device, builder, &bench->program);
	if (!ret)
		ret = accel_job_create(bench->program, &bench->job);
	for (i = 0; i < bench->slots && !ret; i++)
		ret = make_buffer(device, bench, i);

	return ret;
}

void workbench_close(struct workbench *bench)
{
	uint32_t i;

	accel_job_destroy(bench->job);
	accel_program_unref(bench->program);
	accel_context_unref(bench->context);
	for (i = 0; i < bench->slots; i++)
		accel_bo_unref(bench->bos[i]);
}

int workbench_give(struct workbench *bench)
{
	uint32_t i;
	int ret = 0;

	for (i = 0; i < bench->slots && !ret; i++)
		ret = accel_bo_sync(bench->bos[i], ACCEL_SYNC_TO_DEVICE, 0,
				    accel_bo_size(bench->bos[i]));

	return ret;
}

int workbench_take(struct workbench *bench)
{
	struct accel_bo *out = bench->bos[bench->slots - 1];

	return accel_bo_sync(out, ACCEL_SYNC_FROM_DEVICE, 0, accel_bo_size(out));
}
