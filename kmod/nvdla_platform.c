// SPDX-License-Identifier: GPL-2.0-only
/*
 * NVDLA as part of a system on chip, described by the device tree;
 * Documentation/devicetree/bindings/npu/nvidia,nvdla.yaml.
 */
#include <linux/clk.h>
#include <linux/delay.h>
#include <linux/genalloc.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/of_reserved_mem.h>
#include <linux/platform_device.h>
#include <linux/pm_opp.h>
#include <linux/pm_runtime.h>
#include <linux/reset.h>

#include "nvdla_drv.h"

/**
 * struct nvdla_soc - what the chip around the cores offers
 * @clocks: all clocks
 * @clock_count: number of @clocks
 * @core_clock: the one that the cores run on, NULL if there is none
 * @max_hz: highest operating point
 * @resets: one per core, or one for all; NULL entries if there are none
 * @reset_count: number of resets given
 * @irqs: interrupt of each core
 * @sram_pool: where the second memory comes from, NULL if there is none
 * @sram: the kernel's address of it in @sram_pool
 */
struct nvdla_soc {
	struct clk_bulk_data *clocks;
	int clock_count;
	struct clk *core_clock;
	unsigned long max_hz;
	struct reset_control *resets[NVDLA_MAX_CORES];
	unsigned int reset_count;
	int irqs[NVDLA_MAX_CORES];
	struct gen_pool *sram_pool;
	unsigned long sram;
};

static int soc_power_on(struct nvdla_device *nvdla)
{
	struct nvdla_soc *soc = nvdla->bus;

	return clk_bulk_prepare_enable(soc->clock_count, soc->clocks);
}

static void soc_power_off(struct nvdla_device *nvdla)
{
	struct nvdla_soc *soc = nvdla->bus;

	clk_bulk_disable_unprepare(soc->clock_count, soc->clocks);
}

static int soc_reset_core(struct nvdla_device *nvdla, unsigned int core)
{
	struct nvdla_soc *soc = nvdla->bus;
	struct reset_control *reset = soc->resets[soc->reset_count > 1 ? core : 0];
	int ret;

	/* Without a reset line a core that is idle can be used, one that hangs is lost. */
	if (!reset)
		return nvdla->cores[core].hangs || !list_empty(&nvdla->cores[core].jobs) ?
			       -EOPNOTSUPP : 0;
	ret = reset_control_assert(reset);
	if (ret)
		return ret;
	usleep_range(10, 20);
	return reset_control_deassert(reset);
}

static u64 soc_clock_hz(struct nvdla_device *nvdla, bool max)
{
	struct nvdla_soc *soc = nvdla->bus;

	if (max && soc->max_hz)
		return soc->max_hz;
	return soc->core_clock ? clk_get_rate(soc->core_clock) : 0;
}

static int soc_set_rate(struct nvdla_device *nvdla, unsigned long hz)
{
	return dev_pm_opp_set_rate(nvdla->dev, hz);
}

static const struct nvdla_glue soc_glue = {
	.power_on = soc_power_on,
	.power_off = soc_power_off,
	.reset_core = soc_reset_core,
	.clock_hz = soc_clock_hz,
	.set_rate = soc_set_rate,
};

static int get_resets(struct device *dev, struct nvdla_soc *soc, unsigned int cores)
{
	int count = of_count_phandle_with_args(dev->of_node, "resets", "#reset-cells");
	unsigned int i;

	if (count <= 0)
		return 0;
	/* A shared line would reset every core for the fault of one. */
	if (count != 1 && count != cores)
		return dev_err_probe(dev, -EINVAL, "%d resets for %u cores\n", count, cores);
	if (count == 1 && cores > 1)
		return dev_err_probe(dev, -EINVAL, "every core needs its own reset\n");
	soc->reset_count = count;
	for (i = 0; i < count; i++) {
		soc->resets[i] = devm_reset_control_get_exclusive_by_index(dev, i);
		if (IS_ERR(soc->resets[i]))
			return dev_err_probe(dev, PTR_ERR(soc->resets[i]), "no reset %u\n", i);
	}
	return 0;
}

static int get_clocks(struct device *dev, struct nvdla_soc *soc)
{
	unsigned long hz = ULONG_MAX;
	struct dev_pm_opp *opp;
	int ret;

	soc->clock_count = devm_clk_bulk_get_all(dev, &soc->clocks);
	if (soc->clock_count < 0)
		return dev_err_probe(dev, soc->clock_count, "cannot get the clocks\n");
	if (!soc->clock_count)
		return dev_err_probe(dev, -EINVAL, "the node names no clocks\n");
	soc->core_clock = devm_clk_get_optional(dev, "core");
	if (IS_ERR(soc->core_clock))
		return dev_err_probe(dev, PTR_ERR(soc->core_clock), "no core clock\n");
	/* Operating points are about the core clock; without it there is nothing to set. */
	if (!soc->core_clock)
		return 0;
	ret = devm_pm_opp_set_clkname(dev, "core");
	if (ret == -EOPNOTSUPP)
		return 0;
	if (!ret)
		ret = devm_pm_opp_of_add_table(dev);
	if (ret == -ENODEV)
		return 0;
	if (ret)
		return dev_err_probe(dev, ret, "bad operating points\n");
	opp = dev_pm_opp_find_freq_floor(dev, &hz);
	if (!IS_ERR(opp)) {
		soc->max_hz = hz;
		dev_pm_opp_put(opp);
	}
	return 0;
}

static int get_interrupts(struct platform_device *pdev, struct nvdla_soc *soc, unsigned int cores)
{
	unsigned int i;

	for (i = 0; i < cores; i++) {
		soc->irqs[i] = platform_get_irq(pdev, i);
		if (soc->irqs[i] < 0)
			return soc->irqs[i];
	}
	return 0;
}

static void put_sram(void *data)
{
	struct nvdla_soc *soc = data;

	gen_pool_free(soc->sram_pool, soc->sram, gen_pool_size(soc->sram_pool));
}

/* All of a pool, so that nobody else gets a part of what clients' jobs may reach. */
static int get_sram(struct nvdla_device *nvdla)
{
	struct device *dev = nvdla->dev;
	struct nvdla_soc *soc = nvdla->bus;
	phys_addr_t at;
	int ret;

	if (!IS_ENABLED(CONFIG_GENERIC_ALLOCATOR) || !of_property_present(dev->of_node, "sram"))
		return 0;
	soc->sram_pool = of_gen_pool_get(dev->of_node, "sram", 0);
	if (!soc->sram_pool)
		return dev_err_probe(dev, -EPROBE_DEFER, "the SRAM is not there yet\n");
	soc->sram = gen_pool_alloc(soc->sram_pool, gen_pool_size(soc->sram_pool));
	if (!soc->sram)
		return dev_err_probe(dev, -EBUSY, "the SRAM is not all free\n");
	ret = devm_add_action_or_reset(dev, put_sram, soc);
	if (ret)
		return ret;
	/* The second port sees it where the CPU does. */
	at = gen_pool_virt_to_phys(soc->sram_pool, soc->sram);
	return nvdla_sram_init(nvdla, at, at, gen_pool_size(soc->sram_pool));
}

static unsigned int count_cores(struct platform_device *pdev)
{
	unsigned int cores = 0;

	while (platform_get_resource(pdev, IORESOURCE_MEM, cores))
		cores++;
	return cores;
}

static int init_cores(struct platform_device *pdev, struct nvdla_device *nvdla)
{
	unsigned int i;
	int ret;

	for (i = 0; i < nvdla->core_count; i++) {
		struct resource *res;
		void __iomem *csb = devm_platform_get_and_ioremap_resource(pdev, i, &res);

		if (IS_ERR(csb))
			return dev_err_probe(&pdev->dev, PTR_ERR(csb),
					     "cannot map the registers of core %u\n", i);
		ret = nvdla_core_init(nvdla, i, csb, resource_size(res));
		if (ret)
			return ret;
	}
	return 0;
}

static int request_interrupts(struct platform_device *pdev, struct nvdla_device *nvdla)
{
	struct nvdla_soc *soc = nvdla->bus;
	unsigned int i;
	int ret;

	for (i = 0; i < nvdla->core_count; i++) {
		struct nvdla_core *core = &nvdla->cores[i];

		ret = devm_request_threaded_irq(&pdev->dev, soc->irqs[i], nvdla_core_irq,
						nvdla_core_irq_thread, IRQF_SHARED, core->name,
						core);
		if (ret)
			return dev_err_probe(&pdev->dev, ret, "no interrupt for core %u\n", i);
		core->irq = soc->irqs[i];
	}
	return 0;
}

/* A wrong address is better found now than by the first job. */
static int check_cores(struct device *dev, struct nvdla_device *nvdla)
{
	unsigned int i;

	for (i = 0; i < nvdla->core_count; i++) {
		u32 version = readl(nvdla->cores[i].csb + nvdla->config->base[NVDLA_GLB] +
				    GLB_S_NVDLA_HW_VERSION);

		if (!version || version == ~0U)
			return dev_err_probe(dev, -ENODEV, "core %u is no NVDLA: version %#x\n", i,
					     version);
	}
	return 0;
}

static int soc_probe(struct platform_device *pdev)
{
	const struct nvdla_config *config;
	struct device *dev = &pdev->dev;
	struct nvdla_device *nvdla;
	struct nvdla_soc *soc;
	unsigned int cores = count_cores(pdev);
	int ret;

	config = nvdla_config_find(of_device_get_match_data(dev));
	if (!config)
		return -ENODEV;
	if (!cores || cores > NVDLA_MAX_CORES)
		return dev_err_probe(dev, -EINVAL, "registers of %u cores\n", cores);
	soc = devm_kzalloc(dev, sizeof(*soc), GFP_KERNEL);
	if (!soc)
		return -ENOMEM;
	ret = get_clocks(dev, soc);
	if (!ret)
		ret = get_resets(dev, soc, cores);
	if (!ret)
		ret = get_interrupts(pdev, soc, cores);
	if (ret)
		return ret;
	/* Without an IOMMU, contiguous memory comes from here. */
	ret = of_reserved_mem_device_init(dev);
	/* Busy: the device has it from before, for a buffer that was exported then. */
	if (ret && ret != -ENODEV && ret != -EBUSY)
		return dev_err_probe(dev, ret, "bad memory-region\n");

	nvdla = nvdla_device_new(dev, config, cores, &soc_glue, soc);
	if (IS_ERR(nvdla)) {
		ret = PTR_ERR(nvdla);
		goto err_memory;
	}
	platform_set_drvdata(pdev, nvdla);
	ret = init_cores(pdev, nvdla);
	if (!ret)
		ret = get_sram(nvdla);
	if (ret)
		goto err_memory;

	pm_runtime_set_autosuspend_delay(dev, NVDLA_AUTOSUSPEND_MS);
	pm_runtime_use_autosuspend(dev);
	pm_runtime_enable(dev);
	ret = pm_runtime_resume_and_get(dev);
	if (ret) {
		dev_err_probe(dev, ret, "cannot be switched on\n");
		goto err_pm;
	}
	ret = check_cores(dev, nvdla);
	if (!ret)
		ret = request_interrupts(pdev, nvdla);
	if (!ret)
		ret = nvdla_device_register(nvdla);
	if (!ret) {
		pm_runtime_put_autosuspend(dev);
		return 0;
	}
	pm_runtime_dont_use_autosuspend(dev);
	pm_runtime_put_sync_suspend(dev);
err_pm:
	pm_runtime_dont_use_autosuspend(dev);
	pm_runtime_disable(dev);
err_memory:
	of_reserved_mem_device_release(dev);
	return ret;
}

static void soc_remove(struct platform_device *pdev)
{
	struct nvdla_device *nvdla = platform_get_drvdata(pdev);

	nvdla_device_remove(nvdla);
	pm_runtime_dont_use_autosuspend(&pdev->dev);
	pm_runtime_force_suspend(&pdev->dev);
	/* Exported buffers go back to where they came from, however late. */
	if (!nvdla_device_disconnected(nvdla))
		of_reserved_mem_device_release(&pdev->dev);
}

static int soc_suspend(struct device *dev)
{
	return nvdla_device_suspend(dev_get_drvdata(dev));
}

static int soc_resume(struct device *dev)
{
	return nvdla_device_resume(dev_get_drvdata(dev));
}

static int soc_sleep(struct device *dev)
{
	struct nvdla_device *nvdla = dev_get_drvdata(dev);

	/* Asleep already: nothing runs, and jobs would wake it. */
	return pm_runtime_suspended(dev) ? 0 : nvdla_device_sleep(nvdla);
}

static int soc_wake(struct device *dev)
{
	struct nvdla_device *nvdla = dev_get_drvdata(dev);
	int ret;

	if (pm_runtime_suspended(dev))
		return 0;
	ret = nvdla_device_resume(nvdla);
	nvdla_device_wake(nvdla);
	return ret;
}

static const struct dev_pm_ops soc_pm_ops = {
	SYSTEM_SLEEP_PM_OPS(soc_sleep, soc_wake)
	RUNTIME_PM_OPS(soc_suspend, soc_resume, NULL)
};

static const struct of_device_id soc_ids[] = {
	{ .compatible = "nvidia,nvdla_os_initial", .data = "nv_full" },
	{ .compatible = "nvidia,nv_small", .data = "nv_small" },
	{ .compatible = "nvidia,nv_small-256", .data = "nv_small_256" },
	{ .compatible = "nvidia,nv_small-256-full", .data = "nv_small_256_full" },
	{ .compatible = "nvidia,nv_medium-512", .data = "nv_medium_512" },
	{ .compatible = "nvidia,nv_medium-1024-full", .data = "nv_medium_1024_full" },
	{ .compatible = "nvidia,nv_large", .data = "nv_large" },
	{ .compatible = "nvidia,nv_full", .data = "nv_full" },
	{ .compatible = "starfive,jh7100-nvdla", .data = "nv_full" },
	{ }
};
MODULE_DEVICE_TABLE(of, soc_ids);

static struct platform_driver soc_driver = {
	.probe = soc_probe,
	.remove = soc_remove,
	.driver = {
		.name = "nvdla",
		.of_match_table = soc_ids,
		.pm = pm_ptr(&soc_pm_ops),
	},
};

int nvdla_platform_register(void)
{
	return platform_driver_register(&soc_driver);
}

void nvdla_platform_unregister(void)
{
	platform_driver_unregister(&soc_driver);
}
