# SPDX-License-Identifier: MIT
"""A device tree with an NPU in it, for QEMU's arm64 machine.

QEMU knows no NVDLA as part of a chip. But the registers of a board in the
first slot lie at an address that the kernel gives them the same way every
time, and its interrupt pin is a line of the interrupt controller. So a node
with that address and that line makes the board a part of the chip. npu_soc.ko
(soc/) enables the PCI function, and makes clocks, resets and a power domain of
the board's control registers; the board's SRAM is the chip's.
"""
import os
import subprocess

import guests

# Where the kernel puts the first slot's first BAR: the start of PCI memory.
REGISTERS = 0x10000000
# Where its other BARs come to lie then.
CONTROL = 0x10080000
SRAM = 0x8000000000
# Small: QEMU has no short way to it once the interrupt line was raised.
SRAM_SIZE = 0x20000
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

	npu_soc: npu-soc@{control:x} {{
		compatible = "npusim,soc";
		reg = <0 {control:#x} 0 0x10000>;
		#clock-cells = <1>;
		#reset-cells = <1>;
		#power-domain-cells = <0>;
		#address-cells = <2>;
		#size-cells = <2>;
		ranges;

		npu_sram: sram@{sram:x} {{
			compatible = "mmio-sram";
			reg = <{sram_high:#x} {sram_low:#x} 0 {sram_size:#x}>;
			#address-cells = <1>;
			#size-cells = <1>;
			ranges = <0 {sram_high:#x} {sram_low:#x} {sram_size:#x}>;
		}};
	}};

	npu_points: opp-table {{
		compatible = "operating-points-v2";

		opp-250000000 {{
			opp-hz = /bits/ 64 <250000000>;
		}};

		opp-500000000 {{
			opp-hz = /bits/ 64 <500000000>;
		}};

		opp-1000000000 {{
			opp-hz = /bits/ 64 <1000000000>;
		}};
	}};

	no_points: opp-table-without-points {{
		compatible = "operating-points-v2";
	}};

	npu@{registers:x} {{
		compatible = "nvidia,nv_large";
		reg = {reg};
		interrupts = {interrupts};
		clocks = <&npu_soc 0>, <&npu_soc 1>;
		clock-names = "core", "csb";
		resets = {resets};
		power-domains = <&npu_soc>;
		operating-points-v2 = <&npu_points>;
		sram = <&npu_sram>;
		memory-region = <&npu_memory>;
		#cooling-cells = <2>;
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

	npu-with-one-reset-for-two@4000 {{
		compatible = "nvidia,nv_small";
		reg = <0 0x4000 0 0x1000>, <0 0x5000 0 0x1000>;
		interrupts = <0 100 4>, <0 101 4>;
		clocks = <&npu_clock>;
		clock-names = "core";
		resets = <&npu_soc 0>;
	}};

	npu-with-more-resets-than-cores@6000 {{
		compatible = "nvidia,nv_small";
		reg = <0 0x6000 0 0x1000>;
		interrupts = <0 100 4>;
		clocks = <&npu_clock>;
		clock-names = "core";
		resets = <&npu_soc 0>, <&npu_soc 1>;
	}};

	npu-with-a-reset-that-is-none@7000 {{
		compatible = "nvidia,nv_small";
		reg = <0 0x7000 0 0x1000>;
		interrupts = <0 100 4>;
		clocks = <&npu_clock>;
		clock-names = "core";
		resets = <&npu_soc 99>;
	}};

	npu-with-a-clock-that-is-none@8000 {{
		compatible = "nvidia,nv_small";
		reg = <0 0x8000 0 0x1000>;
		interrupts = <0 100 4>;
		clocks = <&npu_soc 99>;
		clock-names = "core";
	}};

	npu-without-points@9000 {{
		compatible = "nvidia,nv_small";
		reg = <0 0x9000 0 0x1000>;
		interrupts = <0 100 4>;
		clocks = <&npu_clock>;
		clock-names = "core";
		operating-points-v2 = <&no_points>;
	}};

	/* The SRAM that another one has. */
	npu-without-sram-left@11000000 {{
		compatible = "nvidia,nv_large";
		reg = <0 0x11000000 0 0x40000>;
		interrupts = <0 100 4>;
		clocks = <&npu_clock>;
		clock-names = "core";
		sram = <&npu_sram>;
	}};

	/* The SRAM of a node that nobody drives. */
	npu-that-waits-for-sram@11100000 {{
		compatible = "nvidia,nv_large";
		reg = <0 0x11100000 0 0x40000>;
		interrupts = <0 100 4>;
		clocks = <&npu_clock>;
		clock-names = "core";
		sram = <&npu_clock>;
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
        registers=REGISTERS, nowhere=NOWHERE, control=CONTROL, sram=SRAM,
        sram_high=SRAM >> 32, sram_low=SRAM & 0xffffffff, sram_size=SRAM_SIZE,
        resets=", ".join(f"<&npu_soc {n}>" for n in range(cores)),
        reg=", ".join(f"<0 {REGISTERS + n * STRIDE:#x} 0 {STRIDE:#x}>" for n in range(cores)),
        interrupts=", ".join([f"<0 {LINE} 4>"] * cores))
    subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", path], input=source,
                   encoding="ascii", check=True)
