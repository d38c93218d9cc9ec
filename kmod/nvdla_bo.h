/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Buffer objects.
 */
#ifndef _NVDLA_BO_H_
#define _NVDLA_BO_H_

#include <drm/drm_gem.h>
#include <drm/drm_mm.h>

/**
 * struct nvdla_bo - a buffer object
 * @base: base
 * @flags: DRM_NVDLA_BO_*
 * @read_only: imported from an exporter that does not allow writing
 * @addr: device address; the buffer is contiguous there
 * @vaddr: kernel address of a write-combined buffer
 * @sgt: pages of a cached or imported buffer
 * @node: place in SRAM
 * @link: in &nvdla_device.bos
 */
struct nvdla_bo {
	struct drm_gem_object base;
	u32 flags;
	bool read_only;
	u64 addr;
	void *vaddr;
	struct sg_table *sgt;
	struct drm_mm_node node;
	struct list_head link;
};

static inline struct nvdla_bo *to_nvdla_bo(struct drm_gem_object *obj)
{
	return container_of(obj, struct nvdla_bo, base);
}

#endif /* _NVDLA_BO_H_ */
