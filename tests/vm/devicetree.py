# SPDX-License-Identifier: MIT
"""A device tree with an NPU in it, for QEMU's arm64 machine.

QEMU knows no NVDLA as part of a chip. But the registers of a board in the
first slot lie at an address that the kernel gives them the same way every
time, and its interrupt pin is a line of the interrupt controller. So a node
with that address and that line makes the board a part of the chip, once its
PCI function has been enabled without a driver.
"""
import os
import subprocess

import guests

# Where the kernel puts the first slot's first BAR: the start of PCI memory.
REGISTERS = 0x10000000
# PCI memory where no device lies: reads give all ones.
NOWHERE = 0x18000000
# Between two cores, NVDLA_BOARD_CORE_STRIDE.
STRIDE = 0x40000
# Slots are devices from here on; device 0x10's pin A is the first PCI line.
SLOT = 0x10
LINE = 3

NODES = """
/ {{
	reserved-memory {{
		#address-cells = <2>;
		#size-cells = <2>;
		ranges;

		npu_memory: npu-memory@50000000 {{
			compatible = "shared-dma-pool";
			reg = <0 0x50000000 0 0x8000000>;
			reusable;
		}};
	}};

	npu_clock: npu-clock {{
		compatible = "fixed-clock";
		#clock-cells = <0>;
		clock-frequency = <1000000000>;
	}};

	npu@{registers:x} {{
		compatible = "nvidia,nv_large";
		reg = {reg};
		interrupts = {interrupts};
		clocks = <&npu_clock>, <&npu_clock>;
		clock-names = "core", "csb";
		memory-region = <&npu_memory>;
		dma-coherent;
	}};

	/* What is wrong with each is in its name. */
	npu-without-clocks@1000 {{
		compatible = "nvidia,nv_small";
		reg = <0 0x1000 0 0x1000>;
		interrupts = <0 100 4>;
	}};

	npu-without-registers {{
		compatible = "nvidia,nv_small";
		interrupts = <0 100 4>;
		clocks = <&npu_clock>;
		clock-names = "core";
	}};

	npu-without-interrupt@2000 {{
		compatible = "nvidia,nv_small";
		reg = <0 0x2000 0 0x1000>;
		clocks = <&npu_clock>;
		clock-names = "core";
	}};

	npu-with-few-registers@3000 {{
		compatible = "nvidia,nv_small";
		reg = <0 0x3000 0 0x1000>;
		interrupts = <0 100 4>;
		clocks = <&npu_clock>;
		clock-names = "core";
	}};

	npu-that-is-none@{nowhere:x} {{
		compatible = "nvidia,nv_small";
		reg = <0 {nowhere:#x} 0 0x10000>;
		interrupts = <0 101 4>;
		clocks = <&npu_clock>;
		clock-names = "core";
	}};
}};
"""


def write(machine, path, cores, accel):
    """Write the machine's device tree with an NPU of some cores to a file."""
    plain = path + ".plain"
    line = machine.processor(accel)
    line[line.index("-M") + 1] += f",dumpdtb={plain}"
    subprocess.run([os.path.join(guests.HERE, "in-tree"), os.path.join(guests.VM, "qemu"), *line,
                    "-nodefaults", "-display", "none"], check=True, capture_output=True,
                   env=dict(os.environ, CACHE=guests.CACHE))
    source = subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts", plain], check=True,
                            capture_output=True, encoding="ascii").stdout
    source += NODES.format(
        registers=REGISTERS, nowhere=NOWHERE,
        reg=", ".join(f"<0 {REGISTERS + n * STRIDE:#x} 0 {STRIDE:#x}>" for n in range(cores)),
        interrupts=", ".join([f"<0 {LINE} 4>"] * cores))
    subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", path], input=source,
                   encoding="ascii", check=True)
