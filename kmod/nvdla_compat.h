/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Differences between the kernels that the driver is built for. Kbuild probes
 * the headers; nothing else in the driver looks at a kernel's version.
 */
#ifndef _NVDLA_COMPAT_H_
#define _NVDLA_COMPAT_H_

#include <drm/drm_gem.h>
#include <drm/gpu_scheduler.h>

static inline int nvdla_sched_init(struct drm_gpu_scheduler *sched,
				   const struct drm_sched_backend_ops *ops, u32 credits,
				   const char *name, struct device *dev)
{
#ifdef NVDLA_HAVE_SCHED_INIT_ARGS
	const struct drm_sched_init_args args = {
		.ops = ops,
		.num_rqs = DRM_SCHED_PRIORITY_COUNT,
		.credit_limit = credits,
		.timeout = MAX_SCHEDULE_TIMEOUT,
		.name = name,
		.dev = dev,
	};

	return drm_sched_init(sched, &args);
#else
	return drm_sched_init(sched, ops, NULL, DRM_SCHED_PRIORITY_COUNT, credits, 0,
			      MAX_SCHEDULE_TIMEOUT, NULL, NULL, name, dev);
#endif
}

#ifndef NVDLA_HAVE_GEM_IS_IMPORTED
static inline bool drm_gem_is_imported(const struct drm_gem_object *obj)
{
	return obj->import_attach;
}
#endif

#endif /* _NVDLA_COMPAT_H_ */
