// SPDX-License-Identifier: GPL-2.0-only
/*
 * NVDLA cores on a PCI board; hw/nvdla_board_regs.h describes it.
 */
#include <linux/io.h>
#include <linux/iopoll.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/pm_opp.h>
#include <linux/pm_runtime.h>

#include "hw/nvdla_board_regs.h"
#include "hw/nvdla_cfgrom.h"
#include "nvdla_drv.h"

#define RESET_TIMEOUT_US	1000000

/**
 * struct nvdla_board - a board
 * @pdev: PCI function
 * @csb: BAR 0
 * @control: BAR 4
 * @name: name of its configuration
 * @clock_hz: core clock at divider 1
 * @divider: of the core clock
 * @config: its configuration, if it is not one of the table
 * @nvdla: device
 * @errors: by core, negative errno once its core stopped
 */
struct nvdla_board {
	struct pci_dev *pdev;
	void __iomem *csb;
	void __iomem *control;
	char name[NVDLA_BOARD_CONFIG_NAME_SIZE];
	u64 clock_hz;
	u32 divider;
	struct nvdla_config config;
	struct nvdla_device *nvdla;
	atomic_t errors[NVDLA_MAX_CORES];
};

static u64 read64(void __iomem *addr)
{
	u32 low = readl(addr);

	return low | (u64)readl(addr + 4) << 32;
}

static void write_dividers(struct nvdla_board *board, u32 divider)
{
	unsigned int i;

	for (i = 0; i < board->nvdla->core_count; i++)
		writel(divider, board->control + NVDLA_BOARD_CORE(i) +
				NVDLA_BOARD_CORE_CLOCK_DIVIDER);
}

static int board_power_on(struct nvdla_device *nvdla)
{
	struct nvdla_board *board = nvdla->bus;

	write_dividers(board, board->divider);
	return 0;
}

static void board_power_off(struct nvdla_device *nvdla)
{
	write_dividers(nvdla->bus, 0);
}

static int board_set_rate(struct nvdla_device *nvdla, unsigned long hz)
{
	struct nvdla_board *board = nvdla->bus;
	u32 divider = clamp_t(u64, DIV64_U64_ROUND_CLOSEST(board->clock_hz, hz), 1, 255);

	WRITE_ONCE(board->divider, divider);
	write_dividers(board, divider);
	return 0;
}

static int board_temperature(struct nvdla_device *nvdla)
{
	struct nvdla_board *board = nvdla->bus;
	s32 hottest = S32_MIN;
	unsigned int i;

	for (i = 0; i < nvdla->core_count; i++) {
		s32 core = readl(board->control + NVDLA_BOARD_CORE(i) +
				 NVDLA_BOARD_CORE_TEMPERATURE);

		hottest = max(hottest, core);
	}
	return hottest;
}

static int board_reset_core(struct nvdla_device *nvdla, unsigned int core)
{
	struct nvdla_board *board = nvdla->bus;
	void __iomem *control = board->control + NVDLA_BOARD_CORE(core) +
				NVDLA_BOARD_CORE_CONTROL;
	u32 value;
	int ret;

	writel(NVDLA_BOARD_CORE_RESET, control);
	ret = readl_poll_timeout(control, value, !(value & NVDLA_BOARD_CORE_RESET), 10,
				 RESET_TIMEOUT_US);
	if (ret)
		return ret;
	/* The reset takes the divider with it. */
	writel(READ_ONCE(board->divider), board->control + NVDLA_BOARD_CORE(core) +
					  NVDLA_BOARD_CORE_CLOCK_DIVIDER);
	atomic_set(&board->errors[core], 0);
	return 0;
}

static int board_core_error(struct nvdla_device *nvdla, unsigned int core)
{
	struct nvdla_board *board = nvdla->bus;

	return atomic_read(&board->errors[core]);
}

static u64 board_clock_hz(struct nvdla_device *nvdla, bool max)
{
	struct nvdla_board *board = nvdla->bus;

	return max ? board->clock_hz : div_u64(board->clock_hz, READ_ONCE(board->divider));
}

static const struct nvdla_glue board_glue = {
	.power_on = board_power_on,
	.power_off = board_power_off,
	.reset_core = board_reset_core,
	.core_error = board_core_error,
	.clock_hz = board_clock_hz,
	.set_rate = board_set_rate,
	.temperature = board_temperature,
};

static void enable_events(struct nvdla_board *board)
{
	writel(NVDLA_BOARD_EVENT_ERROR | NVDLA_BOARD_EVENT_OVERFLOW,
	       board->control + NVDLA_BOARD_EVENT_ENABLE);
}

/*
 * The line may be shared with others, who do not want it masked until our
 * thread is through: silence the board instead.
 */
static irqreturn_t board_event(int irq, void *data)
{
	struct nvdla_board *board = data;
	u32 events = readl(board->control + NVDLA_BOARD_EVENT_STATUS);

	if (!events || events == ~0U)
		return IRQ_NONE;
	writel(0, board->control + NVDLA_BOARD_EVENT_ENABLE);
	return IRQ_WAKE_THREAD;
}

/* Errors that the board reports: who stopped, and why. */
static irqreturn_t board_event_thread(int irq, void *data)
{
	struct nvdla_board *board = data;
	void __iomem *control = board->control;
	u32 events = readl(control + NVDLA_BOARD_EVENT_STATUS);
	unsigned int left;

	if (events == ~0U)
		return IRQ_NONE;
	writel(events, control + NVDLA_BOARD_EVENT_STATUS);
	for (left = readl(control + NVDLA_BOARD_ERROR_COUNT); left && left != ~0U; left--) {
		u32 code = readl(control + NVDLA_BOARD_ERROR_CODE);
		u32 core = readl(control + NVDLA_BOARD_ERROR_CORE);

		dev_err_ratelimited(&board->pdev->dev,
				    "core %u: error %u, register %#x, address %#llx\n", core, code,
				    readl(control + NVDLA_BOARD_ERROR_REG),
				    read64(control + NVDLA_BOARD_ERROR_ADDR));
		writel(0, control + NVDLA_BOARD_ERROR_POP);
		/* Corrected bit flips and stray accesses stop nothing. */
		if (core >= board->nvdla->core_count || code == NVDLA_BOARD_ERROR_ECC_CORRECTED ||
		    code == NVDLA_BOARD_ERROR_ACCESS || code == NVDLA_BOARD_ERROR_NONE)
			continue;
		atomic_set(&board->errors[core], -EIO);
		nvdla_core_stopped(&board->nvdla->cores[core]);
	}
	enable_events(board);
	return IRQ_HANDLED;
}

/* With fewer vectors than sources, each handler tells whether it was meant. */
static int request_interrupts(struct nvdla_board *board)
{
	struct nvdla_device *nvdla = board->nvdla;
	struct pci_dev *pdev = board->pdev;
	unsigned int i, event = nvdla->core_count;
	int vectors, ret;

	vectors = pci_alloc_irq_vectors(pdev, 1, nvdla->core_count + 1, PCI_IRQ_ALL_TYPES);
	if (vectors < 0)
		return vectors;
	if (vectors <= event)
		event = 0;
	for (i = 0; i < nvdla->core_count; i++) {
		struct nvdla_core *core = &nvdla->cores[i];
		int irq = pci_irq_vector(pdev, event ? i : 0);

		ret = devm_request_threaded_irq(&pdev->dev, irq, nvdla_core_irq,
						nvdla_core_irq_thread, IRQF_SHARED, core->name,
						core);
		if (ret)
			return ret;
		core->irq = irq;
	}
	ret = devm_request_threaded_irq(&pdev->dev, pci_irq_vector(pdev, event), board_event,
					board_event_thread, IRQF_SHARED, "nvdla-board", board);
	if (ret)
		return ret;
	enable_events(board);
	return 0;
}

static void free_vectors(void *data)
{
	pci_free_irq_vectors(data);
}

static int check_board(struct nvdla_board *board)
{
	struct device *dev = &board->pdev->dev;
	unsigned int i;

	if (readl(board->control + NVDLA_BOARD_MAGIC) != NVDLA_BOARD_MAGIC_VALUE)
		return dev_err_probe(dev, -ENODEV, "not an NVDLA board\n");
	if (FIELD_GET(NVDLA_BOARD_VERSION_MAJOR, readl(board->control + NVDLA_BOARD_VERSION)) !=
	    FIELD_GET(NVDLA_BOARD_VERSION_MAJOR, NVDLA_BOARD_VERSION_VALUE))
		return dev_err_probe(dev, -ENODEV, "board version %#x is not supported\n",
				     readl(board->control + NVDLA_BOARD_VERSION));
	for (i = 0; i < sizeof(board->name); i += 4) {
		u32 word = readl(board->control + NVDLA_BOARD_CONFIG_NAME + i);

		memcpy(board->name + i, &word, 4);
	}
	board->name[sizeof(board->name) - 1] = 0;
	board->clock_hz = read64(board->control + NVDLA_BOARD_CLOCK_HZ);
	board->divider = 1;
	return 0;
}

static u32 read_csb(void *ctx, u32 offset)
{
	struct nvdla_board *board = ctx;

	return readl(board->csb + offset);
}

/* A configuration that the table does not know describes itself. */
static const struct nvdla_config *find_config(struct nvdla_board *board)
{
	const struct nvdla_config *config = nvdla_config_find(board->name);
	bool sram = pci_resource_len(board->pdev, NVDLA_BOARD_BAR_SRAM);

	if (config)
		return config;
	if (nvdla_config_from_rom(read_csb, board, sram, &board->config))
		return NULL;
	board->config.name = board->name;
	return &board->config;
}

static void remove_points(void *dev)
{
	dev_pm_opp_remove_all_dynamic(dev);
}

/* Boards before minor version 1 have none; they keep their clock. */
static int add_points(struct nvdla_board *board)
{
	struct device *dev = &board->pdev->dev;
	u32 i, count = min(readl(board->control + NVDLA_BOARD_POINTS), NVDLA_BOARD_MAX_POINTS);
	int ret;

	for (i = 0; i < count; i++) {
		u32 divider = readl(board->control + NVDLA_BOARD_POINT_DIVIDER(i));

		if (!divider || divider > 255)
			return dev_err_probe(dev, -ENODEV, "impossible divider: %u\n", divider);
		ret = dev_pm_opp_add(dev, div_u64(board->clock_hz, divider),
				     readl(board->control + NVDLA_BOARD_POINT_MICROVOLT(i)));
		if (ret == -EOPNOTSUPP)
			break;
		if (ret)
			return dev_err_probe(dev, ret, "bad operating point %u\n", i);
	}
	return i ? devm_add_action_or_reset(dev, remove_points, dev) : 0;
}

static int board_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	const struct nvdla_config *config;
	struct device *dev = &pdev->dev;
	struct nvdla_device *nvdla;
	struct nvdla_board *board;
	unsigned int i, cores;
	int ret;

	board = devm_kzalloc(dev, sizeof(*board), GFP_KERNEL);
	if (!board)
		return -ENOMEM;
	board->pdev = pdev;
	ret = pcim_enable_device(pdev);
	if (ret)
		return dev_err_probe(dev, ret, "cannot enable the device\n");
	board->csb = pcim_iomap_region(pdev, NVDLA_BOARD_BAR_CSB, "nvdla");
	if (IS_ERR(board->csb))
		return dev_err_probe(dev, PTR_ERR(board->csb), "cannot map the cores\n");
	board->control = pcim_iomap_region(pdev, NVDLA_BOARD_BAR_CONTROL, "nvdla");
	if (IS_ERR(board->control))
		return dev_err_probe(dev, PTR_ERR(board->control), "cannot map the board\n");
	ret = check_board(board);
	if (ret)
		return ret;
	config = find_config(board);
	if (!config)
		return dev_err_probe(dev, -ENODEV, "unknown configuration %s\n", board->name);
	cores = readl(board->control + NVDLA_BOARD_CORES);
	if (!cores || cores > NVDLA_MAX_CORES ||
	    pci_resource_len(pdev, NVDLA_BOARD_BAR_CSB) < (u64)cores * NVDLA_BOARD_CORE_STRIDE)
		return dev_err_probe(dev, -ENODEV, "impossible number of cores: %u\n", cores);
	pci_set_master(pdev);

	nvdla = nvdla_device_new(dev, config, cores, &board_glue, board);
	if (IS_ERR(nvdla))
		return PTR_ERR(nvdla);
	board->nvdla = nvdla;
	pci_set_drvdata(pdev, nvdla);
	for (i = 0; i < cores; i++) {
		ret = nvdla_core_init(nvdla, i, board->csb + i * NVDLA_BOARD_CORE_STRIDE,
				      NVDLA_BOARD_CORE_STRIDE);
		if (ret)
			return ret;
	}
	if (pci_resource_len(pdev, NVDLA_BOARD_BAR_SRAM)) {
		ret = nvdla_sram_init(nvdla, pci_resource_start(pdev, NVDLA_BOARD_BAR_SRAM),
				      read64(board->control + NVDLA_BOARD_SRAM_BASE),
				      min(read64(board->control + NVDLA_BOARD_SRAM_SIZE),
					  (u64)pci_resource_len(pdev, NVDLA_BOARD_BAR_SRAM)));
		if (ret)
			return ret;
	}
	ret = nvdla_device_resume(nvdla);
	if (ret)
		return dev_err_probe(dev, ret, "cannot reset the cores\n");
	ret = devm_add_action_or_reset(dev, free_vectors, pdev);
	if (ret)
		return ret;
	ret = request_interrupts(board);
	if (ret)
		return dev_err_probe(dev, ret, "no interrupts\n");
	ret = add_points(board);
	if (ret)
		return ret;
	ret = nvdla_device_register(nvdla);
	if (ret)
		return ret;

	pm_runtime_set_autosuspend_delay(dev, NVDLA_AUTOSUSPEND_MS);
	pm_runtime_use_autosuspend(dev);
	/* The PCI core's reference, and its own doubts about runtime PM. */
	pm_runtime_put_noidle(dev);
	pm_runtime_allow(dev);
	return 0;
}

static void board_remove(struct pci_dev *pdev)
{
	struct nvdla_device *nvdla = pci_get_drvdata(pdev);

	pm_runtime_forbid(&pdev->dev);
	pm_runtime_get_noresume(&pdev->dev);
	nvdla_device_remove(nvdla);
	pci_clear_master(pdev);
	nvdla_device_disconnected(nvdla);
}

static int board_suspend(struct device *dev)
{
	return nvdla_device_suspend(dev_get_drvdata(dev));
}

static int board_resume(struct device *dev)
{
	struct nvdla_device *nvdla = dev_get_drvdata(dev);
	int ret = nvdla_device_resume(nvdla);

	enable_events(nvdla->bus);
	return ret;
}

static int board_sleep(struct device *dev)
{
	return nvdla_device_sleep(dev_get_drvdata(dev));
}

static int board_wake(struct device *dev)
{
	int ret = board_resume(dev);

	nvdla_device_wake(dev_get_drvdata(dev));
	return ret;
}

static const struct dev_pm_ops board_pm_ops = {
	SYSTEM_SLEEP_PM_OPS(board_sleep, board_wake)
	RUNTIME_PM_OPS(board_suspend, board_resume, NULL)
};

static const struct pci_device_id board_ids[] = {
	{ PCI_DEVICE(NVDLA_BOARD_PCI_VENDOR, NVDLA_BOARD_PCI_DEVICE) },
	{ }
};
MODULE_DEVICE_TABLE(pci, board_ids);

static struct pci_driver board_driver = {
	.name = "nvdla",
	.id_table = board_ids,
	.probe = board_probe,
	.remove = board_remove,
	.driver.pm = pm_ptr(&board_pm_ops),
};

int nvdla_pci_register(void)
{
	return pci_register_driver(&board_driver);
}

void nvdla_pci_unregister(void)
{
	pci_unregister_driver(&board_driver);
}
