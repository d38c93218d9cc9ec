// SPDX-License-Identifier: GPL-2.0-only
/*
 * What surrounds the NPU of a test guest's chip: clocks, resets and a power
 * domain, made of the control registers of npusim's board. devicetree.py
 * describes it; platform-check looks at the parameters and sets the faults.
 *
 *   clocks   0: core, the board's clock through its dividers; off: divider 0
 *            1: csb, counted only
 *   resets   one per core
 *   domain   switching it off resets all cores and spoils the SRAM's beginning
 *
 * The board's PCI function gets a driver that leaves it switched on all the
 * time, for on a chip there is none.
 */
#include <linux/clk-provider.h>
#include <linux/delay.h>
#include <linux/io.h>
#include <linux/iopoll.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/of_address.h>
#include <linux/of_platform.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/pm_domain.h>
#include <linux/reset-controller.h>
#include <linux/sizes.h>

#include "nvdla_board_regs.h"

#define RESET_TIMEOUT_US	1000000
#define SPOILED_BYTES		SZ_4K

/* Seen and set in /sys/module/npu_soc/parameters. */
static uint divider = 1;
module_param(divider, uint, 0444);
MODULE_PARM_DESC(divider, "of the core clock, also while that is off");
static bool core_clock_on;
module_param(core_clock_on, bool, 0444);
static bool csb_clock_on;
module_param(csb_clock_on, bool, 0444);
static bool powered;
module_param(powered, bool, 0444);
static uint power_cycles;
module_param(power_cycles, uint, 0444);
MODULE_PARM_DESC(power_cycles, "how often the domain was switched off");
static uint resets;
module_param(resets, uint, 0444);
MODULE_PARM_DESC(resets, "how often a reset was asserted");
static bool fail_clock;
module_param(fail_clock, bool, 0644);
MODULE_PARM_DESC(fail_clock, "the csb clock cannot be switched on");
static bool fail_reset;
module_param(fail_reset, bool, 0644);
MODULE_PARM_DESC(fail_reset, "no reset can be asserted");

/**
 * struct npu_soc - the surroundings
 * @control: the board's control registers
 * @sram: first bytes of its SRAM, NULL if it has none
 * @cores: number of cores
 * @hz: core clock at divider 1
 * @core_clock: gate and divider
 * @csb_clock: gate
 * @clocks: both, by their numbers
 * @resets: one per core
 * @domain: switch
 */
struct npu_soc {
	void __iomem *control;
	void __iomem *sram;
	u32 cores;
	u64 hz;
	struct clk_hw core_clock;
	struct clk_hw csb_clock;
	struct clk_hw_onecell_data *clocks;
	struct reset_controller_dev resets;
	struct generic_pm_domain domain;
};

static void __iomem *core_regs(struct npu_soc *soc, unsigned int core)
{
	return soc->control + NVDLA_BOARD_CORE(core);
}

static void write_divider(struct npu_soc *soc)
{
	unsigned int i;

	for (i = 0; i < soc->cores; i++)
		writel(core_clock_on ? divider : 0,
		       core_regs(soc, i) + NVDLA_BOARD_CORE_CLOCK_DIVIDER);
}

/* ---------------------------------------------------------------- clocks */

static int core_enable(struct clk_hw *hw)
{
	core_clock_on = true;
	write_divider(container_of(hw, struct npu_soc, core_clock));
	return 0;
}

static void core_disable(struct clk_hw *hw)
{
	core_clock_on = false;
	write_divider(container_of(hw, struct npu_soc, core_clock));
}

static int core_is_enabled(struct clk_hw *hw)
{
	return core_clock_on;
}

static unsigned long core_rate(struct clk_hw *hw, unsigned long parent_rate)
{
	return div_u64(container_of(hw, struct npu_soc, core_clock)->hz, divider);
}

static int core_determine_rate(struct clk_hw *hw, struct clk_rate_request *request)
{
	u64 hz = container_of(hw, struct npu_soc, core_clock)->hz;

	request->rate = div64_u64(hz, clamp_t(u64, DIV64_U64_ROUND_CLOSEST(hz, request->rate),
					      1, 255));
	return 0;
}

static int core_set_rate(struct clk_hw *hw, unsigned long rate, unsigned long parent_rate)
{
	struct npu_soc *soc = container_of(hw, struct npu_soc, core_clock);

	divider = DIV64_U64_ROUND_CLOSEST(soc->hz, rate);
	write_divider(soc);
	return 0;
}

static const struct clk_ops core_ops = {
	.enable = core_enable,
	.disable = core_disable,
	.is_enabled = core_is_enabled,
	.recalc_rate = core_rate,
	.determine_rate = core_determine_rate,
	.set_rate = core_set_rate,
};

static int csb_enable(struct clk_hw *hw)
{
	if (fail_clock)
		return -EIO;
	csb_clock_on = true;
	return 0;
}

static void csb_disable(struct clk_hw *hw)
{
	csb_clock_on = false;
}

static int csb_is_enabled(struct clk_hw *hw)
{
	return csb_clock_on;
}

static const struct clk_ops csb_ops = {
	.enable = csb_enable,
	.disable = csb_disable,
	.is_enabled = csb_is_enabled,
};

static int add_clocks(struct device *dev, struct npu_soc *soc)
{
	int ret;

	soc->core_clock.init = CLK_HW_INIT_NO_PARENT("npu-core", &core_ops, CLK_GET_RATE_NOCACHE);
	ret = devm_clk_hw_register(dev, &soc->core_clock);
	if (ret)
		return ret;
	soc->csb_clock.init = CLK_HW_INIT_NO_PARENT("npu-csb", &csb_ops, 0);
	ret = devm_clk_hw_register(dev, &soc->csb_clock);
	if (ret)
		return ret;
	soc->clocks = devm_kzalloc(dev, struct_size(soc->clocks, hws, 2), GFP_KERNEL);
	if (!soc->clocks)
		return -ENOMEM;
	soc->clocks->num = 2;
	soc->clocks->hws[0] = &soc->core_clock;
	soc->clocks->hws[1] = &soc->csb_clock;
	return devm_of_clk_add_hw_provider(dev, of_clk_hw_onecell_get, soc->clocks);
}

/* ---------------------------------------------------------------- resets */

static int reset_core(struct npu_soc *soc, unsigned int core)
{
	u32 value;
	int ret;

	writel(NVDLA_BOARD_CORE_RESET, core_regs(soc, core) + NVDLA_BOARD_CORE_CONTROL);
	ret = readl_poll_timeout(core_regs(soc, core) + NVDLA_BOARD_CORE_CONTROL, value,
				 !(value & NVDLA_BOARD_CORE_RESET), 10, RESET_TIMEOUT_US);
	/* The board's reset takes the divider with it, a chip's does not. */
	write_divider(soc);
	return ret;
}

static int assert_reset(struct reset_controller_dev *controller, unsigned long id)
{
	if (fail_reset)
		return -EIO;
	resets++;
	return reset_core(container_of(controller, struct npu_soc, resets), id);
}

static int deassert_reset(struct reset_controller_dev *controller, unsigned long id)
{
	return 0;
}

static const struct reset_control_ops reset_ops = {
	.assert = assert_reset,
	.deassert = deassert_reset,
};

/* ---------------------------------------------------------------- domain */

static int domain_on(struct generic_pm_domain *domain)
{
	powered = true;
	return 0;
}

static int domain_off(struct generic_pm_domain *domain)
{
	struct npu_soc *soc = container_of(domain, struct npu_soc, domain);
	unsigned int i;
	int ret = 0;

	for (i = 0; i < soc->cores && !ret; i++)
		ret = reset_core(soc, i);
	if (soc->sram)
		memset_io(soc->sram, 0xa5, SPOILED_BYTES);
	powered = false;
	power_cycles++;
	return ret;
}

static void remove_domain(void *data)
{
	struct npu_soc *soc = data;

	pm_genpd_remove(&soc->domain);
}

static void remove_provider(void *node)
{
	of_genpd_del_provider(node);
}

static int add_domain(struct device *dev, struct npu_soc *soc)
{
	int ret;

	soc->domain.name = "npu";
	soc->domain.power_on = domain_on;
	soc->domain.power_off = domain_off;
	ret = pm_genpd_init(&soc->domain, NULL, true);
	if (ret)
		return ret;
	ret = devm_add_action_or_reset(dev, remove_domain, soc);
	if (ret)
		return ret;
	ret = of_genpd_add_provider_simple(dev->of_node, &soc->domain);
	if (ret)
		return ret;
	return devm_add_action_or_reset(dev, remove_provider, dev->of_node);
}

/* ------------------------------------------------------------- the device */

static int map_sram(struct device *dev, struct npu_soc *soc)
{
	struct device_node *node = of_get_compatible_child(dev->of_node, "mmio-sram");
	u64 at;
	int ret;

	if (!node)
		return 0;
	ret = of_property_read_reg(node, 0, &at, NULL);
	of_node_put(node);
	if (ret)
		return ret;
	soc->sram = devm_ioremap_wc(dev, at, SPOILED_BYTES);
	return soc->sram ? 0 : -ENOMEM;
}

static int soc_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct npu_soc *soc = devm_kzalloc(dev, sizeof(*soc), GFP_KERNEL);
	int ret;

	if (!soc)
		return -ENOMEM;
	soc->control = devm_platform_ioremap_resource(pdev, 0);
	if (IS_ERR(soc->control))
		return PTR_ERR(soc->control);
	if (readl(soc->control + NVDLA_BOARD_MAGIC) != NVDLA_BOARD_MAGIC_VALUE)
		return dev_err_probe(dev, -ENODEV, "no board there\n");
	soc->cores = min(readl(soc->control + NVDLA_BOARD_CORES), NVDLA_BOARD_MAX_CORES);
	soc->hz = readl(soc->control + NVDLA_BOARD_CLOCK_HZ) |
		  (u64)readl(soc->control + NVDLA_BOARD_CLOCK_HZ + 4) << 32;
	write_divider(soc);
	ret = map_sram(dev, soc);
	if (!ret)
		ret = add_clocks(dev, soc);
	if (!ret)
		ret = add_domain(dev, soc);
	if (ret)
		return ret;
	soc->resets.ops = &reset_ops;
	soc->resets.owner = THIS_MODULE;
	soc->resets.of_node = dev->of_node;
	soc->resets.nr_resets = soc->cores;
	ret = devm_reset_controller_register(dev, &soc->resets);
	return ret ?: devm_of_platform_populate(dev);
}

static const struct of_device_id soc_ids[] = {
	{ .compatible = "npusim,soc" },
	{ }
};
MODULE_DEVICE_TABLE(of, soc_ids);

static struct platform_driver soc_driver = {
	.probe = soc_probe,
	.driver = {
		.name = "npu-soc",
		.of_match_table = soc_ids,
	},
};

/* ----------------------------------------------------------- PCI function */

static int function_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	int ret = pcim_enable_device(pdev);

	if (!ret)
		pci_set_master(pdev);
	return ret;
}

/* Without these the PCI core would switch DMA off before the NPU's driver sleeps. */
static int function_sleep(struct device *dev)
{
	return 0;
}

static DEFINE_SIMPLE_DEV_PM_OPS(function_pm_ops, function_sleep, function_sleep);

static const struct pci_device_id function_ids[] = {
	{ PCI_DEVICE(NVDLA_BOARD_PCI_VENDOR, NVDLA_BOARD_PCI_DEVICE) },
	{ }
};

static struct pci_driver function_driver = {
	.name = "npu-soc-function",
	.id_table = function_ids,
	.probe = function_probe,
	.driver.pm = pm_sleep_ptr(&function_pm_ops),
};

static int __init npu_soc_init(void)
{
	int ret = pci_register_driver(&function_driver);

	if (ret)
		return ret;
	ret = platform_driver_register(&soc_driver);
	if (ret)
		pci_unregister_driver(&function_driver);
	return ret;
}
module_init(npu_soc_init);

static void __exit npu_soc_exit(void)
{
	platform_driver_unregister(&soc_driver);
	pci_unregister_driver(&function_driver);
}
module_exit(npu_soc_exit);

MODULE_DESCRIPTION("Clocks, resets and power of a test guest's NPU");
MODULE_LICENSE("GPL");
