// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device towards DRM: files, queries, life and death.
 */
#include <drm/drm_accel.h>
#include <drm/drm_drv.h>
#include <drm/drm_gem.h>
#include <drm/drm_ioctl.h>
#include <drm/drm_managed.h>
#include <drm/drm_print.h>
#include <linux/bits.h>
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/module.h>
#include <linux/pm_runtime.h>
#include <linux/uaccess.h>

#include "nvdla_compat.h"
#include "nvdla_drv.h"
#include "nvdla_kunit_exports.h"
#include "nvdla_netlink.h"
#include "nvdla_ras.h"

static_assert(DRM_NVDLA_UNITS == (int)NVDLA_UNITS);
static_assert(DRM_NVDLA_FEAT_WT_COMPRESS == NVDLA_FEAT_WT_COMPRESS);
static_assert(DRM_NVDLA_FEAT_CFGROM == NVDLA_FEAT_CFGROM);
static_assert(DRM_NVDLA_NO_UNIT == NVDLA_NO_UNIT);

static bool compressed_weights;
module_param(compressed_weights, bool, 0444);
MODULE_PARM_DESC(compressed_weights,
		 "allow compressed weights, which can stay in a core for the next client (default: no)");

/**
 * nvdla_copy_array() - copy an array out of user memory
 * @in: the array
 * @size: size of the kernel's structure
 * @max: highest count
 * @out: receives the copy, free with kvfree(); NULL if the count is 0
 *
 * Return: 0, -E2BIG, -EINVAL, -EFAULT, -ENOMEM.
 */
int nvdla_copy_array(const struct drm_nvdla_obj_array *in, u32 size, u32 max, void **out)
{
	const void __user *from = u64_to_user_ptr(in->array);
	void *to;
	u32 i;
	int ret = 0;

	*out = NULL;
	if (!in->count)
		return 0;
	if (in->count > max)
		return -E2BIG;
	if (!in->stride || in->stride % 4 || in->stride > PAGE_SIZE)
		return -EINVAL;
	to = kvcalloc(in->count, size, GFP_KERNEL_ACCOUNT);
	if (!to)
		return -ENOMEM;
	if (in->stride == size) {
		if (copy_from_user(to, from, (size_t)in->count * size))
			ret = -EFAULT;
	} else {
		for (i = 0; !ret && i < in->count; i++) {
			ret = copy_struct_from_user(to + (size_t)i * size, size,
						    from + (size_t)i * in->stride, in->stride);
			/* Fields that the kernel does not know are set. */
			if (ret == -E2BIG)
				ret = -EINVAL;
		}
	}
	if (ret) {
		kvfree(to);
		return ret;
	}

	*out = to;
	return 0;
}

/* Copy @count elements back into an array that nvdla_copy_array() would accept. */
int nvdla_copy_array_back(const struct drm_nvdla_obj_array *out, u32 size, u32 count,
			  const void *in)
{
	void __user *to = u64_to_user_ptr(out->array);
	u32 i;

	if (!count)
		return 0;
	if (!out->stride || out->stride % 4 || out->stride > PAGE_SIZE)
		return -EINVAL;
	for (i = 0; i < count; i++) {
		if (copy_to_user(to + (size_t)i * out->stride, in + (size_t)i * size,
				 min(size, out->stride)))
			return -EFAULT;
	}

	return 0;
}

static u64 clock_hz(struct nvdla_device *nvdla, bool max)
{
	u64 hz = 0;
	int index;

	/* Files may be open when the bus and its clocks are gone. */
	if (nvdla->glue->clock_hz && drm_dev_enter(&nvdla->drm, &index)) {
		hz = nvdla->glue->clock_hz(nvdla, max);
		drm_dev_exit(index);
	}
	return hz;
}

static void fill_info(struct nvdla_device *nvdla, struct drm_nvdla_device_info *info)
{
	const struct nvdla_config *config = nvdla->config;
	unsigned int i;

	strscpy(info->name, config->name, sizeof(info->name));
	info->hw_version = config->hw_version;
	info->features = config->features;
	info->atomic_c = config->atomic_c;
	info->atomic_k = config->atomic_k;
	info->atomic_m = config->atomic_m;
	info->cbuf_banks = config->cbuf_banks;
	info->cbuf_bank_width = config->cbuf_bank_width;
	info->cbuf_bank_depth = config->cbuf_bank_depth;
	info->max_batch = config->max_batch;
	info->sdp_bs_throughput = config->sdp_bs_throughput;
	info->sdp_bn_throughput = config->sdp_bn_throughput;
	info->sdp_ew_throughput = config->sdp_ew_throughput;
	info->pdp_throughput = config->pdp_throughput;
	info->cdp_throughput = config->cdp_throughput;
	info->mcif_width = config->mcif_width;
	info->mcif_burst = config->mcif_burst;
	info->mcif_latency = config->mcif_latency;
	info->cvif_width = config->cvif_width;
	info->cvif_burst = config->cvif_burst;
	info->cvif_latency = config->cvif_latency;
	info->address_bits = config->address_bits;
	info->image_packed = config->image_packed;
	info->image_semi = config->image_semi;
	for (i = 0; i < NVDLA_UNITS; i++)
		info->base[i] = config->base[i];
	info->core_count = nvdla->core_count;
	info->bind_align = NVDLA_BIND_ALIGN;
	info->max_clock_hz = clock_hz(nvdla, true);
	info->clock_hz = clock_hz(nvdla, false);
	info->sram_size = nvdla->sram.size;
	info->max_ops = NVDLA_MAX_OPS;
	info->max_regs = NVDLA_MAX_REGS;
	info->max_relocs = NVDLA_MAX_RELOCS;
	info->max_deps = NVDLA_MAX_DEPS;
	info->max_luts = NVDLA_MAX_LUTS;
	info->max_slots = NVDLA_MAX_SLOTS;
	info->max_jobs = NVDLA_MAX_JOBS;
	info->max_syncs = NVDLA_MAX_SYNCS;
	info->default_timeout_ms = NVDLA_TIMEOUT_MS;
	info->max_timeout_ms = NVDLA_MAX_TIMEOUT_MS;
}

static int ioctl_dev_query(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_nvdla_dev_query *args = data;
	struct drm_nvdla_device_info info = { };
	u32 size = args->size;

	if (args->type != DRM_NVDLA_QUERY_DEVICE)
		return -EINVAL;
	args->size = sizeof(info);
	if (!args->pointer)
		return 0;
	fill_info(to_nvdla(drm), &info);
	if (copy_to_user(u64_to_user_ptr(args->pointer), &info, min_t(size_t, size, sizeof(info))))
		return -EFAULT;
	if (size > sizeof(info) &&
	    clear_user(u64_to_user_ptr(args->pointer + sizeof(info)), size - sizeof(info)))
		return -EFAULT;
	return 0;
}

static void file_free(struct kref *refs)
{
	kfree(container_of(refs, struct nvdla_file, refs));
}

void nvdla_file_put(struct nvdla_file *file)
{
	kref_put(&file->refs, file_free);
}

static int nvdla_open(struct drm_device *drm, struct drm_file *drm_file)
{
	struct nvdla_file *file = kzalloc_obj(*file, GFP_KERNEL_ACCOUNT);

	if (!file)
		return -ENOMEM;
	kref_init(&file->refs);
	file->nvdla = to_nvdla(drm);
	xa_init_flags(&file->contexts, XA_FLAGS_ALLOC1);
	xa_init_flags(&file->programs, XA_FLAGS_ALLOC1);
	xa_init_flags(&file->perfmons, XA_FLAGS_ALLOC1);
	drm_file->driver_priv = file;
	return 0;
}

static void nvdla_postclose(struct drm_device *drm, struct drm_file *drm_file)
{
	struct nvdla_file *file = drm_file->driver_priv;

	nvdla_ctx_destroy_all(file);
	nvdla_uploaded_put_all(file);
	nvdla_perfmon_put_all(file);
	nvdla_file_put(file);
}

static void nvdla_show_fdinfo(struct drm_printer *p, struct drm_file *drm_file)
{
	struct nvdla_file *file = drm_file->driver_priv;
	struct nvdla_device *nvdla = file->nvdla;
	u64 max = clock_hz(nvdla, true);
	unsigned int i;

	for (i = 0; i < nvdla->core_count; i++) {
		u64 ns = nvdla_usage_of_file(file, &nvdla->cores[i]);

		drm_printf(p, "drm-engine-core%u:\t%llu ns\n", i, ns);
		if (max)
			drm_printf(p, "drm-cycles-core%u:\t%llu\n", i,
				   (u64)atomic64_read(&file->usage[i].cycles));
		if (max)
			drm_printf(p, "drm-maxfreq-core%u:\t%llu Hz\n", i, max);
	}
	drm_show_memory_stats(p, drm_file);
}

#define NVDLA_IOCTL(name, function) DRM_IOCTL_DEF_DRV(NVDLA_##name, function, DRM_RENDER_ALLOW)

static const struct drm_ioctl_desc nvdla_ioctls[] = {
	NVDLA_IOCTL(DEV_QUERY, ioctl_dev_query),
	NVDLA_IOCTL(BO_CREATE, nvdla_ioctl_bo_create),
	NVDLA_IOCTL(BO_MMAP_OFFSET, nvdla_ioctl_bo_mmap_offset),
	NVDLA_IOCTL(BO_SYNC, nvdla_ioctl_bo_sync),
	NVDLA_IOCTL(BO_WAIT, nvdla_ioctl_bo_wait),
	NVDLA_IOCTL(PROGRAM_CREATE, nvdla_ioctl_program_create),
	NVDLA_IOCTL(PROGRAM_DESTROY, nvdla_ioctl_program_destroy),
	NVDLA_IOCTL(CTX_CREATE, nvdla_ioctl_ctx_create),
	NVDLA_IOCTL(CTX_DESTROY, nvdla_ioctl_ctx_destroy),
	NVDLA_IOCTL(CTX_GET_STATE, nvdla_ioctl_ctx_get_state),
	NVDLA_IOCTL(SUBMIT, nvdla_ioctl_submit),
	NVDLA_IOCTL(PERFMON_CREATE, nvdla_ioctl_perfmon_create),
	NVDLA_IOCTL(PERFMON_DESTROY, nvdla_ioctl_perfmon_destroy),
	NVDLA_IOCTL(PERFMON_GET_VALUES, nvdla_ioctl_perfmon_get_values),
	NVDLA_IOCTL(CTX_SET_QOS, nvdla_ioctl_ctx_set_qos),
};

static const struct file_operations nvdla_fops = {
	.owner = THIS_MODULE,
	DRM_ACCEL_FOPS,
	.show_fdinfo = drm_show_fdinfo,
};

static const struct drm_driver nvdla_driver = {
	.driver_features = DRIVER_COMPUTE_ACCEL | DRIVER_GEM | DRIVER_SYNCOBJ |
			   DRIVER_SYNCOBJ_TIMELINE,
	.name = "nvdla",
	.desc = "NVIDIA Deep Learning Accelerator",
	.major = 1,
	.minor = 0,
	.fops = &nvdla_fops,
	.ioctls = nvdla_ioctls,
	.num_ioctls = ARRAY_SIZE(nvdla_ioctls),
	.open = nvdla_open,
	.postclose = nvdla_postclose,
	.show_fdinfo = nvdla_show_fdinfo,
	.gem_prime_import_sg_table = nvdla_gem_import_sg_table,
};

static void free_validator(struct drm_device *drm, void *data)
{
	nvdla_validator_free(data);
}

struct nvdla_device *nvdla_device_new(struct device *dev, const struct nvdla_config *config,
				      unsigned int cores, const struct nvdla_glue *glue, void *bus)
{
	struct nvdla_device *nvdla;
	int ret;

	if (!cores || cores > NVDLA_MAX_CORES)
		return ERR_PTR(-EINVAL);
	nvdla = devm_drm_dev_alloc(dev, &nvdla_driver, struct nvdla_device, drm);
	if (IS_ERR(nvdla))
		return nvdla;
	nvdla->dev = dev;
	strscpy(nvdla->config_name, config->name, sizeof(nvdla->config_name));
	nvdla->own_config = *config;
	nvdla->own_config.name = nvdla->config_name;
	/*
	 * How much of them a convolution takes out of CBUF is told by sizes that
	 * lie in memory, where no check can hold them.
	 */
	if (!compressed_weights)
		nvdla->own_config.features &= ~NVDLA_FEAT_WT_COMPRESS;
	nvdla->config = &nvdla->own_config;
	nvdla->core_count = cores;
	nvdla->glue = glue;
	nvdla->bus = bus;
	ret = drmm_mutex_init(&nvdla->drm, &nvdla->sram.lock);
	if (ret)
		return ERR_PTR(ret);
	ret = drmm_mutex_init(&nvdla->drm, &nvdla->bo_lock);
	if (ret)
		return ERR_PTR(ret);
	ret = drmm_mutex_init(&nvdla->drm, &nvdla->move_lock);
	if (ret)
		return ERR_PTR(ret);
	ret = nvdla_power_init(nvdla);
	if (ret)
		return ERR_PTR(ret);
	refcount_set(&nvdla->uses, 1);
	init_completion(&nvdla->unused);
	INIT_LIST_HEAD(&nvdla->bos);
	xa_init_flags(&nvdla->contexts, XA_FLAGS_ALLOC1);
	ret = nvdla_validator_new(nvdla->config, &nvdla->validator);
	if (ret)
		return ERR_PTR(ret);
	ret = drmm_add_action_or_reset(&nvdla->drm, free_validator, nvdla->validator);
	if (ret)
		return ERR_PTR(ret);
	nvdla->cores = drmm_kcalloc(&nvdla->drm, cores, sizeof(*nvdla->cores), GFP_KERNEL);
	if (!nvdla->cores)
		return ERR_PTR(-ENOMEM);
	ret = dma_set_mask_and_coherent(dev, DMA_BIT_MASK(config->address_bits));
	if (ret)
		return ERR_PTR(ret);
	dma_set_max_seg_size(dev, UINT_MAX);
	return nvdla;
}

static void sram_fini(struct drm_device *drm, void *data)
{
	drm_mm_takedown(&to_nvdla(drm)->sram.mm);
}

int nvdla_sram_init(struct nvdla_device *nvdla, phys_addr_t cpu, u64 bus, u64 size)
{
	struct nvdla_sram *sram = &nvdla->sram;

	size = round_down(size, PAGE_SIZE);
	if (!size || !(nvdla->config->features & NVDLA_FEAT_CVIF))
		return 0;
	sram->map = devm_ioremap_wc(nvdla->dev, cpu, size);
	if (!sram->map)
		return -ENOMEM;
	sram->cpu = cpu;
	sram->bus = bus;
	sram->size = size;
	drm_mm_init(&sram->mm, 0, size);
	return drmm_add_action_or_reset(&nvdla->drm, sram_fini, NULL);
}

/* Make a core that was powered up usable, also one that was lost before. */
static int setup_core(struct nvdla_core *core)
{
	struct nvdla_device *nvdla = core->nvdla;
	int ret;

	guard(mutex)(&nvdla->move_lock);
	scoped_guard(mutex, &core->program_lock) {
		ret = nvdla->glue->reset_core(nvdla, core->index);
		if (!ret)
			nvdla_hw_setup(core);
		guard(spinlock_irqsave)(&core->lock);
		core->gone = ret;
		core->ready = !ret;
		core->error = 0;
	}
	if (ret) {
		drm_err(&nvdla->drm, "core %u cannot be reset: %d\n", core->index, ret);
		WRITE_ONCE(nvdla->lost, nvdla->lost | BIT(core->index));
		return ret;
	}
	core->running_wild = false;
	nvdla_job_release_stranded(core);
	WRITE_ONCE(nvdla->lost, nvdla->lost & ~BIT(core->index));
	return 0;
}

/* One core that works is enough. */
static int setup_cores(struct nvdla_device *nvdla)
{
	unsigned int i;
	int ret = 0;
	bool any = false;

	for (i = 0; i < nvdla->core_count; i++) {
		int err = setup_core(&nvdla->cores[i]);

		if (err)
			ret = err;
		else
			any = true;
	}

	return any ? 0 : ret;
}

int nvdla_device_resume(struct nvdla_device *nvdla)
{
	int ret = nvdla->glue->power_on ? nvdla->glue->power_on(nvdla) : 0;

	if (ret)
		return ret;
	ret = nvdla_power_on(nvdla);
	if (!ret)
		ret = setup_cores(nvdla);
	if (!ret)
		return 0;
	nvdla_power_off(nvdla);
	if (nvdla->glue->power_off)
		nvdla->glue->power_off(nvdla);
	return ret;
}

static bool core_is_idle(struct nvdla_core *core)
{
	guard(spinlock_irqsave)(&core->lock);
	return list_empty(&core->jobs);
}

static void core_stop(struct nvdla_core *core)
{
	guard(mutex)(&core->program_lock);
	guard(spinlock_irqsave)(&core->lock);
	core->ready = false;
}

/* Turn an idle device off; -EBUSY if it has jobs. */
int nvdla_device_suspend(struct nvdla_device *nvdla)
{
	unsigned int i;

	for (i = 0; i < nvdla->core_count; i++) {
		if (!core_is_idle(&nvdla->cores[i]))
			return -EBUSY;
	}
	for (i = 0; i < nvdla->core_count; i++)
		core_stop(&nvdla->cores[i]);
	nvdla_power_off(nvdla);
	if (nvdla->glue->power_off)
		nvdla->glue->power_off(nvdla);
	return 0;
}

/*
 * System sleep: give the cores no more jobs and let them finish those they
 * have. The watchdog sees to it that this does not take for ever.
 */
int nvdla_device_sleep(struct nvdla_device *nvdla)
{
	unsigned long end = jiffies + msecs_to_jiffies(NVDLA_MAX_TIMEOUT_MS);
	unsigned int i;
	int ret;

	for (i = 0; i < nvdla->core_count; i++)
		drm_sched_wqueue_stop(&nvdla->cores[i].sched);
	for (;;) {
		ret = nvdla_device_suspend(nvdla);
		if (ret != -EBUSY)
			return 0;
		if (time_after(jiffies, end))
			break;
		fsleep(1000);
	}
	nvdla_device_wake(nvdla);
	return ret;
}

void nvdla_device_wake(struct nvdla_device *nvdla)
{
	unsigned int i;

	for (i = 0; i < nvdla->core_count; i++)
		drm_sched_wqueue_start(&nvdla->cores[i].sched);
}

/*
 * The device is released: no file is open, but jobs of files that were killed
 * may be waiting for fences of others, or be about to be freed.
 */
static void wait_until_unused(struct drm_device *drm, void *data)
{
	struct nvdla_device *nvdla = to_nvdla(drm);

	if (!refcount_dec_and_test(&nvdla->uses))
		wait_for_completion(&nvdla->unused);
}

int nvdla_device_register(struct nvdla_device *nvdla)
{
	int ret;

	ret = drmm_add_action_or_reset(&nvdla->drm, wait_until_unused, NULL);
	if (ret)
		return ret;
	nvdla_debugfs_init(nvdla);
	ret = nvdla_netlink_add(nvdla);
	if (ret)
		return ret;
	ret = nvdla_ras_add(nvdla);
	if (ret)
		goto err_netlink;
	ret = drm_dev_register(&nvdla->drm, 0);
	if (ret)
		goto err_ras;
	nvdla_power_add(nvdla);
	drm_info(&nvdla->drm, "%s, %u core%s, SRAM %llu KiB\n", nvdla->config->name,
		 nvdla->core_count, nvdla->core_count == 1 ? "" : "s", nvdla->sram.size >> 10);
	return 0;

err_ras:
	nvdla_ras_remove(nvdla);
err_netlink:
	nvdla_netlink_remove(nvdla);
	return ret;
}

/* The device goes away, perhaps it has already: every fence ends now. */
void nvdla_device_remove(struct nvdla_device *nvdla)
{
	unsigned int i;

	nvdla_power_remove(nvdla);
	nvdla_netlink_remove(nvdla);
	nvdla_ras_remove(nvdla);
	drm_dev_unplug(&nvdla->drm);
	for (i = 0; i < nvdla->core_count; i++) {
		struct nvdla_core *core = &nvdla->cores[i];

		if (core->irq >= 0)
			synchronize_irq(core->irq);
		cancel_delayed_work_sync(&core->watchdog);
		cancel_work_sync(&core->work);
		nvdla_core_stop(core);
		nvdla_core_give_up(core, -ENODEV);
	}
}

/*
 * From here on no core reaches memory, whether it could be reset or not.
 * Return: whether memory that came from the device is still in use elsewhere.
 */
bool nvdla_device_disconnected(struct nvdla_device *nvdla)
{
	unsigned int i;
	bool stays;

	for (i = 0; i < nvdla->core_count; i++)
		nvdla_job_release_stranded(&nvdla->cores[i]);
	stays = nvdla_bo_revoke_all(nvdla);
	nvdla_netlink_gone(nvdla);
	return stays;
}

static int __init nvdla_init(void)
{
	int ret = nvdla_netlink_register();

	if (ret)
		return ret;
	ret = nvdla_pci_register();
	if (ret)
		goto err_netlink;
	ret = nvdla_platform_register();
	if (ret)
		goto err_pci;
	return 0;

err_pci:
	nvdla_pci_unregister();
err_netlink:
	nvdla_netlink_unregister();
	return ret;
}

static void __exit nvdla_exit(void)
{
	nvdla_platform_unregister();
	nvdla_pci_unregister();
	nvdla_netlink_unregister();
}

module_init(nvdla_init);
module_exit(nvdla_exit);

/* What chooses the clock; without it the clock stays. */
MODULE_SOFTDEP("pre: governor_simpleondemand");
MODULE_DESCRIPTION("NVIDIA Deep Learning Accelerator (NVDLA)");
MODULE_LICENSE("GPL");
