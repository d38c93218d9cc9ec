// SPDX-License-Identifier: GPL-2.0-only
/*
 * Error counters of a device as a node of drm_ras: what its cores' counters
 * add up to. They are not cleared: others may be counting differences.
 */
#include <drm/drm_ras.h>
#include <linux/bitops.h>
#include <net/genetlink.h>

#include "nvdla_drv.h"
#include "nvdla_ras.h"

enum { RAS_HANGS = 1, RAS_RESETS, RAS_LOST_CORES, RAS_LOST_INTERRUPTS };

static const char *const names[] = {
	[RAS_HANGS] = "jobs-hung-or-faulted",
	[RAS_RESETS] = "core-resets",
	[RAS_LOST_CORES] = "cores-lost",
	[RAS_LOST_INTERRUPTS] = "interrupts-lost",
};

static u64 core_errors(const struct nvdla_core *core, u32 id)
{
	switch (id) {
	case RAS_HANGS:
		return READ_ONCE(core->hangs);
	case RAS_RESETS:
		return READ_ONCE(core->resets);
	default:
		return READ_ONCE(core->missed);
	}
}

static int query(struct drm_ras_node *node, u32 id, const char **name, u32 *value)
{
	struct nvdla_device *nvdla = node->priv;
	unsigned int i;
	u64 sum = 0;

	if (id >= ARRAY_SIZE(names) || !names[id])
		return -ENOENT;
	*name = names[id];
	if (id == RAS_LOST_CORES) {
		*value = hweight32(READ_ONCE(nvdla->lost));
		return 0;
	}
	for (i = 0; i < nvdla->core_count; i++)
		sum += core_errors(&nvdla->cores[i], id);
	*value = min_t(u64, sum, U32_MAX);
	return 0;
}

int nvdla_ras_add(struct nvdla_device *nvdla)
{
	struct drm_ras_node *node = &nvdla->ras;

	node->device_name = dev_name(nvdla->dev);
	node->node_name = "nvdla";
	node->type = DRM_RAS_NODE_TYPE_ERROR_COUNTER;
	node->error_counter_range.first = RAS_HANGS;
	node->error_counter_range.last = RAS_LOST_INTERRUPTS;
	node->query_error_counter = query;
	node->priv = nvdla;
	return drm_ras_node_register(node);
}

void nvdla_ras_remove(struct nvdla_device *nvdla)
{
	drm_ras_node_unregister(&nvdla->ras);
	/* Who found the node before asks with this lock held. */
	genl_lock();
	genl_unlock();
}
