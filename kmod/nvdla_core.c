// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cores: set-up and interrupts.
 */
#include <drm/drm_managed.h>
#include <drm/drm_print.h>

#include "nvdla_compat.h"
#include "nvdla_drv.h"

/*
 * The first half looks what ended, acknowledges it, starts what waited for it
 * and signals jobs that are complete. It leaves the rest to the thread.
 */
irqreturn_t nvdla_core_irq(int irq, void *data)
{
	struct nvdla_core *core = data;
	bool progress = false;
	LIST_HEAD(ended);
	u32 status;

	spin_lock(&core->lock);
	/* Not powered, or on its way out: the line is not ours to answer for. */
	status = core->ready && !core->gone ? nvdla_hw_status(core) : 0;
	if (status && status != ~0U)
		progress = nvdla_seq_done(core, status, ktime_get(), &ended);
	else
		core->spurious++;
	spin_unlock(&core->lock);

	nvdla_seq_end_jobs(&ended);
	if (!status || status == ~0U)
		return IRQ_NONE;
	return progress ? IRQ_WAKE_THREAD : IRQ_HANDLED;
}

irqreturn_t nvdla_core_irq_thread(int irq, void *data)
{
	nvdla_seq_fill(data);
	return IRQ_HANDLED;
}

static void fill_work(struct work_struct *work)
{
	nvdla_seq_fill(container_of(work, struct nvdla_core, work));
}

/* The glue learnt that a core stopped; any context. */
void nvdla_core_stopped(struct nvdla_core *core)
{
	mod_delayed_work(core->wq, &core->watchdog, 0);
}

static void core_fini(struct drm_device *drm, void *data)
{
	struct nvdla_core *core = data;

	cancel_delayed_work_sync(&core->watchdog);
	cancel_work_sync(&core->work);
	drm_sched_fini(&core->sched);
	destroy_workqueue(core->wq);
	nvdla_job_release_stranded(core);
}

static int alloc_shadows(struct nvdla_device *nvdla, struct nvdla_core *core)
{
	unsigned int unit, group;

	for (unit = 0; unit < NVDLA_UNITS; unit++) {
		unsigned int words = nvdla_unit_words(nvdla->validator, unit);

		for (group = 0; words && group < 2; group++) {
			u32 *shadow = drmm_kcalloc(&nvdla->drm, words, sizeof(u32), GFP_KERNEL);

			if (!shadow)
				return -ENOMEM;
			core->units[unit].shadow[group] = shadow;
		}
	}

	return 0;
}

/* Do the registers of all units lie within a range? */
static bool units_fit(const struct nvdla_config *config, resource_size_t size)
{
	unsigned int unit;

	for (unit = 0; unit < NVDLA_UNITS; unit++) {
		if (config->base[unit] != NVDLA_NO_UNIT &&
		    (u64)config->base[unit] + NVDLA_WINDOW_SIZE > size)
			return false;
	}
	return true;
}

/* @csb: registers of a core, @size bytes of them. */
int nvdla_core_init(struct nvdla_device *nvdla, unsigned int index, void __iomem *csb,
		    resource_size_t size)
{
	struct nvdla_core *core = &nvdla->cores[index];
	struct drm_device *drm = &nvdla->drm;
	unsigned int unit, words = 0;
	int ret;

	if (!units_fit(nvdla->config, size)) {
		drm_err(drm, "core %u: %pa bytes of registers are too few for %s\n", index, &size,
			nvdla->config->name);
		return -EINVAL;
	}
	core->nvdla = nvdla;
	core->index = index;
	core->csb = csb;
	core->irq = -1;
	snprintf(core->name, sizeof(core->name), "nvdla-core%u", index);
	spin_lock_init(&core->fence_lock);
	spin_lock_init(&core->lock);
	INIT_LIST_HEAD(&core->jobs);
	INIT_LIST_HEAD(&core->stranded);
	INIT_WORK(&core->work, fill_work);
	INIT_DELAYED_WORK(&core->watchdog, nvdla_watchdog);
	core->fence_context = dma_fence_context_alloc(1);
	ret = drmm_mutex_init(drm, &core->program_lock);
	if (ret)
		return ret;

	for (unit = 0; unit < NVDLA_UNITS; unit++)
		words += nvdla_unit_words(nvdla->validator, unit);
	core->image = drmm_kcalloc(drm, words, sizeof(u32), GFP_KERNEL);
	core->luts[0] = drmm_kzalloc(drm, sizeof(*core->luts[0]), GFP_KERNEL);
	core->luts[1] = drmm_kzalloc(drm, sizeof(*core->luts[1]), GFP_KERNEL);
	if (!core->image || !core->luts[0] || !core->luts[1])
		return -ENOMEM;
	ret = alloc_shadows(nvdla, core);
	if (ret)
		return ret;

	core->wq = alloc_ordered_workqueue("%s", WQ_HIGHPRI | WQ_MEM_RECLAIM, core->name);
	if (!core->wq)
		return -ENOMEM;
	ret = nvdla_sched_init(&core->sched, &nvdla_sched_ops, NVDLA_CORE_JOBS, core->name,
			       nvdla->dev);
	if (ret) {
		destroy_workqueue(core->wq);
		return ret;
	}

	return drmm_add_action_or_reset(drm, core_fini, core);
}
