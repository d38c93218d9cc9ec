/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Error counters of a device as a node of drm_ras, where the kernel has it.
 */
#ifndef _NVDLA_RAS_H_
#define _NVDLA_RAS_H_

struct nvdla_device;

#ifdef NVDLA_HAVE_DRM_RAS
/* The device's counters can be read until it is removed; 0 or negative errno. */
int nvdla_ras_add(struct nvdla_device *nvdla);
void nvdla_ras_remove(struct nvdla_device *nvdla);
#else
static inline int nvdla_ras_add(struct nvdla_device *nvdla)
{
	return 0;
}

static inline void nvdla_ras_remove(struct nvdla_device *nvdla)
{
}
#endif

#endif /* _NVDLA_RAS_H_ */
