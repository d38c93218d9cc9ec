// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a core looks like: devcoredump after a hang, and debugfs.
 */
#include <drm/drm_debugfs.h>
#include <drm/drm_drv.h>
#include <drm/drm_print.h>
#include <linux/devcoredump.h>
#include <linux/io.h>
#include <linux/pm_runtime.h>
#include <linux/seq_file.h>
#include <linux/vmalloc.h>

#include "nvdla_drv.h"

#define DUMP_SIZE	(64 * 1024)

static void print_unit(struct drm_printer *p, struct nvdla_core *core, unsigned int unit)
{
	const struct nvdla_unit_desc *desc = &nvdla_units[unit];
	void __iomem *window = core->csb + core->nvdla->config->base[unit];
	unsigned int i;

	for (i = 0; i < desc->count; i++) {
		u32 offset = desc->regs[i].offset;

		drm_printf(p, "%s.%s[%#x]: %#x\n", desc->name, desc->regs[i].name,
			   core->nvdla->config->base[unit] + offset, readl(window + offset));
	}
}

static void print_core(struct drm_printer *p, struct nvdla_core *core)
{
	unsigned int unit;

	drm_printf(p, "core: %u\nresets: %llu\nhangs: %llu\nmissed: %llu\nspurious: %llu\n",
		   core->index, core->resets, core->hangs, core->missed, core->spurious);
	drm_printf(p, "operations: %llu\n", core->progress);
	if (!core->ready || core->gone) {
		drm_puts(p, core->gone ? "state: lost\n" : "state: off\n");
		return;
	}
	for (unit = 0; unit < NVDLA_UNITS; unit++) {
		if (core->nvdla->config->base[unit] != NVDLA_NO_UNIT)
			print_unit(p, core, unit);
	}
}

static void print_job(struct drm_printer *p, const struct nvdla_job *job)
{
	static const char * const states[] = {
		[NVDLA_OP_WAITING] = "waiting",
		[NVDLA_OP_PROGRAMMING] = "programming",
		[NVDLA_OP_READY] = "ready",
		[NVDLA_OP_RUNNING] = "running",
		[NVDLA_OP_READING] = "reading",
		[NVDLA_OP_DONE] = "done",
	};
	u32 end = min(job->first + NVDLA_SEQ_WINDOW, job->program->op_count);
	u32 i;

	drm_printf(p, "job: %llu\noperations: %u of %u done\n", job->id, job->done,
		   job->program->op_count);
	for (i = job->first; i < end; i++)
		drm_printf(p, "operation %u: %s engines %#x groups %#x\n", i,
			   states[job->ops[i].state], job->program->ops[i].engines,
			   job->ops[i].groups);
	for (i = 0; i < job->program->slot_count; i++)
		drm_printf(p, "slot %u: address %#llx size %#llx\n", i, job->bindings[i].addr,
			   job->bindings[i].size);
}

/* Leave a description of a hung core where a person can pick it up. */
void nvdla_dump_core(struct nvdla_core *core, const struct nvdla_job *job, int error)
{
	struct drm_print_iterator iterator = { .remain = DUMP_SIZE };
	struct drm_printer p = drm_coredump_printer(&iterator);
	void *text = vzalloc(DUMP_SIZE);

	if (!text)
		return;
	iterator.data = text;
	drm_printf(&p, "driver: nvdla\nconfiguration: %s\nerror: %d\n",
		   core->nvdla->config->name, error);
	print_job(&p, job);
	print_core(&p, core);
	dev_coredumpv(core->nvdla->dev, text, DUMP_SIZE - iterator.remain, GFP_KERNEL);
}

static int show_cores(struct seq_file *m, void *data)
{
	struct drm_debugfs_entry *entry = m->private;
	struct nvdla_device *nvdla = to_nvdla(entry->dev);
	struct drm_printer p = drm_seq_file_printer(m);
	unsigned int i;
	int index, ret;

	if (!drm_dev_enter(&nvdla->drm, &index))
		return -ENODEV;
	ret = pm_runtime_resume_and_get(nvdla->dev);
	for (i = 0; !ret && i < nvdla->core_count; i++) {
		guard(mutex)(&nvdla->cores[i].program_lock);
		print_core(&p, &nvdla->cores[i]);
	}
	if (!ret)
		pm_runtime_put_autosuspend(nvdla->dev);
	drm_dev_exit(index);
	return ret;
}

void nvdla_debugfs_init(struct nvdla_device *nvdla)
{
	drm_debugfs_add_file(&nvdla->drm, "cores", show_cores, NULL);
}
