// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a core looks like: devcoredump and event after a hang, and debugfs.
 */
#include <drm/drm_debugfs.h>
#include <drm/drm_drv.h>
#include <drm/drm_print.h>
#include <linux/devcoredump.h>
#include <linux/io.h>
#include <linux/kobject.h>
#include <linux/pm_runtime.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include "nvdla_drv.h"

#define DUMP_SIZE	(60 * 1024)

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

/**
 * struct nvdla_report - what is to be told of a job that hung or faulted
 * @work: tells it
 * @core: core
 * @job: number of the job
 * @error: its error
 * @size: bytes of @text
 * @text: the core's state
 */
struct nvdla_report {
	struct work_struct work;
	struct nvdla_core *core;
	u64 job;
	int error;
	size_t size;
	char text[];
};

static void send_uevent(const struct nvdla_report *report)
{
	struct nvdla_device *nvdla = report->core->nvdla;
	char event[16], which[16], why[16], number[32];
	char *env[5] = { event, which, why, number };
	int index;

	if (!drm_dev_enter(&nvdla->drm, &index))
		return;
	snprintf(event, sizeof(event), "EVENT=%s", report->error == -ETIME ? "hang" : "fault");
	snprintf(which, sizeof(which), "CORE=%u", report->core->index);
	snprintf(why, sizeof(why), "ERROR=%d", -report->error);
	snprintf(number, sizeof(number), "JOB=%llu", report->job);
	/* Accel devices have no primary minor: the event belongs to the accel one. */
	kobject_uevent_env(&nvdla->drm.accel->kdev->kobj, KOBJ_CHANGE, env);
	drm_dev_exit(index);
}

static void tell(struct work_struct *work)
{
	struct nvdla_report *report = container_of(work, struct nvdla_report, work);
	struct nvdla_device *nvdla = report->core->nvdla;
	void *text = report->size ? vmalloc(report->size) : NULL;

	if (text) {
		memcpy(text, report->text, report->size);
		dev_coredumpv(nvdla->dev, text, report->size, GFP_KERNEL);
	}
	send_uevent(report);
	kfree(report);
	nvdla_device_release_use(nvdla);
}

/**
 * nvdla_report_new() - write down what a hung core looks like, before its reset
 * @core: the core
 * @job: job that hangs
 * @error: what it will end with
 *
 * Jobs wait for the core meanwhile, and whoever reclaims memory may wait for
 * jobs: memory is taken if there is some, not waited for. For the same reason
 * nvdla_report_send() leaves the telling to somebody else.
 *
 * Return: the report, or NULL without memory.
 */
struct nvdla_report *nvdla_report_new(struct nvdla_core *core, const struct nvdla_job *job,
				      int error)
{
	struct drm_print_iterator iterator = { .remain = DUMP_SIZE };
	struct drm_printer p = drm_coredump_printer(&iterator);
	struct nvdla_report *report;

	report = kzalloc(struct_size(report, text, DUMP_SIZE), GFP_NOWAIT | __GFP_NOWARN);
	if (!report) {
		/* Without the text then. */
		iterator.remain = 0;
		report = kzalloc_obj(*report, GFP_NOWAIT | __GFP_NOWARN);
		if (!report)
			return NULL;
	}
	INIT_WORK(&report->work, tell);
	report->core = core;
	report->job = job->id;
	report->error = error;
	iterator.data = report->text;
	if (iterator.remain) {
		drm_printf(&p, "driver: nvdla\nconfiguration: %s\nerror: %d\n",
			   core->nvdla->config->name, error);
		print_job(&p, job);
		print_core(&p, core);
		report->size = DUMP_SIZE - iterator.remain;
	}
	return report;
}

/* A devcoredump, and an event. @report may be NULL. */
void nvdla_report_send(struct nvdla_report *report)
{
	if (!report)
		return;
	refcount_inc(&report->core->nvdla->uses);
	queue_work(system_unbound_wq, &report->work);
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
