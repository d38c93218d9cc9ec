// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs: upload and handles. What a program may do is decided by the
 * validator; here it is copied out of user memory, once.
 */
#include "nvdla_drv.h"

static void uploaded_free(struct kref *refs)
{
	struct nvdla_uploaded *uploaded = container_of(refs, struct nvdla_uploaded, refs);

	nvdla_program_free(uploaded->program);
	kfree(uploaded);
}

void nvdla_uploaded_put(struct nvdla_uploaded *uploaded)
{
	kref_put(&uploaded->refs, uploaded_free);
}

struct nvdla_uploaded *nvdla_uploaded_find(struct nvdla_file *file, u32 handle)
{
	struct nvdla_uploaded *uploaded;

	xa_lock(&file->programs);
	uploaded = xa_load(&file->programs, handle);
	if (uploaded)
		kref_get(&uploaded->refs);
	xa_unlock(&file->programs);
	return uploaded;
}

void nvdla_uploaded_put_all(struct nvdla_file *file)
{
	struct nvdla_uploaded *uploaded;
	unsigned long handle;

	xa_for_each(&file->programs, handle, uploaded)
		nvdla_uploaded_put(uploaded);
	xa_destroy(&file->programs);
}

/**
 * struct program_copy - everything user space uploaded, in kernel memory
 * @ops: operations
 * @regs: registers
 * @relocs: relocations
 * @deps: dependencies
 * @luts: lookup tables
 * @slots: slots
 */
struct program_copy {
	void *ops;
	void *regs;
	void *relocs;
	void *deps;
	void *luts;
	void *slots;
};

static int copy_program(const struct drm_nvdla_program_create *args, struct program_copy *copy)
{
	int ret;

	ret = nvdla_copy_array(&args->ops, sizeof(struct drm_nvdla_op), NVDLA_MAX_OPS, &copy->ops);
	if (!ret)
		ret = nvdla_copy_array(&args->regs, sizeof(struct drm_nvdla_reg), NVDLA_MAX_REGS,
				       &copy->regs);
	if (!ret)
		ret = nvdla_copy_array(&args->relocs, sizeof(struct drm_nvdla_reloc),
				       NVDLA_MAX_RELOCS, &copy->relocs);
	if (!ret)
		ret = nvdla_copy_array(&args->deps, sizeof(u32), NVDLA_MAX_DEPS, &copy->deps);
	if (!ret)
		ret = nvdla_copy_array(&args->luts, sizeof(struct drm_nvdla_lut), NVDLA_MAX_LUTS,
				       &copy->luts);
	if (!ret)
		ret = nvdla_copy_array(&args->slots, sizeof(struct drm_nvdla_slot_info),
				       NVDLA_MAX_SLOTS, &copy->slots);
	return ret;
}

static void free_copy(struct program_copy *copy)
{
	kvfree(copy->ops);
	kvfree(copy->regs);
	kvfree(copy->relocs);
	kvfree(copy->deps);
	kvfree(copy->luts);
	kvfree(copy->slots);
}

int nvdla_ioctl_program_create(struct drm_device *drm, void *data, struct drm_file *drm_file)
{
	struct nvdla_device *nvdla = to_nvdla(drm);
	struct nvdla_file *file = drm_file->driver_priv;
	struct drm_nvdla_program_create *args = data;
	struct nvdla_refusal refusal = { ~0U, ~0U, DRM_NVDLA_FAIL_NONE };
	struct nvdla_uploaded *uploaded = NULL;
	struct nvdla_program_desc desc = {
		.op_count = args->ops.count,
		.reg_count = args->regs.count,
		.reloc_count = args->relocs.count,
		.dep_count = args->deps.count,
		.lut_count = args->luts.count,
		.slot_count = args->slots.count,
	};
	struct program_copy copy = { };
	int ret;

	args->fail_op = ~0U;
	args->fail_reg = ~0U;
	args->fail_code = DRM_NVDLA_FAIL_NONE;
	if (args->flags || args->pad)
		return -EINVAL;
	ret = copy_program(args, &copy);
	if (ret)
		goto out;
	uploaded = kzalloc_obj(*uploaded);
	if (!uploaded) {
		ret = -ENOMEM;
		goto out;
	}
	kref_init(&uploaded->refs);
	desc.ops = copy.ops;
	desc.regs = copy.regs;
	desc.relocs = copy.relocs;
	desc.deps = copy.deps;
	desc.luts = copy.luts;
	desc.slots = copy.slots;
	ret = nvdla_program_validate(nvdla->validator, &desc, &uploaded->program, &refusal);
	if (!ret)
		ret = nvdla_copy_array_back(&args->slots, sizeof(struct drm_nvdla_slot_info),
					    desc.slot_count, uploaded->program->slots);
	if (!ret)
		ret = xa_alloc(&file->programs, &args->handle, uploaded,
			       XA_LIMIT(1, NVDLA_MAX_PROGRAMS), GFP_KERNEL_ACCOUNT);
	if (ret) {
		args->fail_op = refusal.op;
		args->fail_reg = refusal.reg;
		args->fail_code = refusal.code;
		nvdla_uploaded_put(uploaded);
	}
out:
	free_copy(&copy);
	return ret == -EBUSY ? -ENOSPC : ret;
}

int nvdla_ioctl_program_destroy(struct drm_device *drm, void *data, struct drm_file *drm_file)
{
	struct nvdla_file *file = drm_file->driver_priv;
	struct drm_nvdla_program_destroy *args = data;
	struct nvdla_uploaded *uploaded;

	if (args->pad)
		return -EINVAL;
	uploaded = xa_erase(&file->programs, args->handle);
	if (!uploaded)
		return -ENOENT;
	nvdla_uploaded_put(uploaded);
	return 0;
}
