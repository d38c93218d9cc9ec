/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * The PCI board around the NVDLA cores: what npusim serves over vfio-user and
 * what the driver's PCI glue finds.
 *
 * BAR0  the cores' CSB windows, NVDLA_BOARD_CORE_STRIDE apart; 32-bit accesses
 * BAR2  the SRAM behind the cores' second memory port (64-bit, prefetchable);
 *       absent when the board has none
 * BAR4  board control, below; 32-bit accesses. Its upper half holds the MSI-X
 *       table and pending bits
 *
 * Vectors: core n interrupts on vector n, the board itself (errors) on vector
 * NVDLA_BOARD_CORES. With INTx, or MSI with fewer vectors, everything comes on
 * vector 0 and INTR_STATUS and EVENT_STATUS tell the sources apart.
 *
 * A core's interrupt is a level. With messages, one is sent whenever the level
 * rises, and again when a write to the core's GLB interrupt status, mask or
 * set register leaves it high, so that a handler that acknowledges what it has
 * read cannot lose what came in between.
 */
#ifndef _NVDLA_BOARD_REGS_H_
#define _NVDLA_BOARD_REGS_H_

#include "nvdla_bits.h"

/*
 * No vendor has registered this number ("ND" in ASCII); the device number is
 * "LA". They stand for this board model only.
 */
#define NVDLA_BOARD_PCI_VENDOR		0x4e44
#define NVDLA_BOARD_PCI_DEVICE		0x4c41
#define NVDLA_BOARD_PCI_REVISION	0x01
#define NVDLA_BOARD_PCI_CLASS		0x120000	/* processing accelerator */

#define NVDLA_BOARD_BAR_CSB		0
#define NVDLA_BOARD_BAR_SRAM		2
#define NVDLA_BOARD_BAR_CONTROL		4

#define NVDLA_BOARD_MAX_CORES		32
#define NVDLA_BOARD_CORE_STRIDE		0x40000

#define NVDLA_BOARD_CONTROL_SIZE	0x10000
#define NVDLA_BOARD_MSIX_TABLE		0x8000
#define NVDLA_BOARD_MSIX_PBA		0xc000

/* Identity, read only. */
#define NVDLA_BOARD_MAGIC		0x000
#define NVDLA_BOARD_MAGIC_VALUE		0x414c444e	/* "NDLA" */
#define NVDLA_BOARD_VERSION		0x004
#define NVDLA_BOARD_VERSION_MAJOR	GENMASK(31, 16)	/* changes break drivers */
#define NVDLA_BOARD_VERSION_MINOR	GENMASK(15, 0)	/* additions */
#define NVDLA_BOARD_VERSION_VALUE	0x00010001
#define NVDLA_BOARD_CORES		0x008
#define NVDLA_BOARD_FEATURES		0x00c
#define NVDLA_BOARD_FEAT_FAULTS		BIT(0)	/* fault injection works */
#define NVDLA_BOARD_FEAT_REALTIME	BIT(1)	/* interrupts wait for modelled time */
#define NVDLA_BOARD_FEAT_MODEL		BIT(2)	/* a simulator, not silicon */
#define NVDLA_BOARD_CLOCK_HZ		0x010	/* 64 bit: core clock at divider 1 */
#define NVDLA_BOARD_SRAM_SIZE		0x018	/* 64 bit: bytes, 0: none */
#define NVDLA_BOARD_SRAM_BASE		0x020	/* 64 bit: its address on the second port */
#define NVDLA_BOARD_CONFIG_NAME		0x040	/* up to 31 characters and a NUL */
#define NVDLA_BOARD_CONFIG_NAME_SIZE	32

/* Any value; for a driver's probe to test the bus with. */
#define NVDLA_BOARD_SCRATCH		0x060

/*
 * Interrupts. INTR_STATUS shows the cores' lines, bit n for core n, whether
 * enabled or not; acknowledge in the core's GLB. INTR_ENABLE gates them, all
 * ones after reset.
 */
#define NVDLA_BOARD_INTR_STATUS		0x080	/* read only */
#define NVDLA_BOARD_INTR_ENABLE		0x084
#define NVDLA_BOARD_EVENT_STATUS	0x088	/* write 1 to clear */
#define NVDLA_BOARD_EVENT_ENABLE	0x08c	/* 0 after reset */
#define NVDLA_BOARD_EVENT_ERROR		BIT(0)	/* the error queue took an entry */
#define NVDLA_BOARD_EVENT_OVERFLOW	BIT(1)	/* the error queue lost an entry */
#define NVDLA_BOARD_EVENT_REMOVAL	BIT(2)	/* the board is about to vanish */

/*
 * The oldest entry of the error queue; all zero when it is empty. Write
 * anything to ERROR_POP to go on to the next one. ERROR_CODE is one of the
 * NVDLA_BOARD_ERROR_* values; ERROR_REG the CSB offset of the register to
 * blame; ERROR_ADDR the bus address of a bus or ECC error.
 */
#define NVDLA_BOARD_ERROR_COUNT		0x0a0	/* entries in the queue, read only */
#define NVDLA_BOARD_ERROR_CODE		0x0a4
#define NVDLA_BOARD_ERROR_CORE		0x0a8
#define NVDLA_BOARD_ERROR_REG		0x0ac
#define NVDLA_BOARD_ERROR_ADDR		0x0b0	/* 64 bit */
#define NVDLA_BOARD_ERROR_POP		0x0b8
#define NVDLA_BOARD_ERROR_LOST		0x0bc	/* entries lost since board reset */
#define NVDLA_BOARD_ERROR_TEXT		0x0c0	/* a line for a person, NUL terminated */
#define NVDLA_BOARD_ERROR_TEXT_SIZE	192

#define NVDLA_BOARD_ERROR_NONE		0
#define NVDLA_BOARD_ERROR_PROGRAM	1	/* wrong register value: the core stopped */
#define NVDLA_BOARD_ERROR_BUS		2	/* DMA to nowhere: the core stopped */
#define NVDLA_BOARD_ERROR_UNSUPPORTED	3	/* not implemented: the core stopped */
#define NVDLA_BOARD_ERROR_ECC_CORRECTED	4	/* a bit flip was corrected: nothing stopped */
#define NVDLA_BOARD_ERROR_ECC_FATAL	5	/* data were delivered with a flipped bit */
#define NVDLA_BOARD_ERROR_ACCESS	6	/* the bus accessed a register wrongly */

/*
 * Operating points, the fastest first; minor version 1. The board sets the
 * voltage with a core's CLOCK_DIVIDER. Dividers that are no operating point run
 * at the voltage of the slowest point that is not slower, or that of the last.
 */
#define NVDLA_BOARD_POINTS		0x064	/* how many; read only, as what follows */
#define NVDLA_BOARD_POINT_DIVIDER(n)	(0x400 + (n) * 8)
#define NVDLA_BOARD_POINT_MICROVOLT(n)	(0x404 + (n) * 8)
#define NVDLA_BOARD_MAX_POINTS		16

/* Write BOARD_RESET_KEY: resets all cores, interrupts, errors and faults. */
#define NVDLA_BOARD_RESET		0x180
#define NVDLA_BOARD_RESET_KEY		0x52535421

/*
 * Fault injection. Fill in the fields, then write FAULT_ARM; reading FAULT_ARM
 * back gives the fault's number (from 1) or 0 when it was refused. Faults stay
 * until they have hit FAULT_TIMES times, also over resets of the function.
 *
 * The occasions: writes that enable an operation, for hangs, spurious
 * interrupts and removal (the latter two hit at once when FAULT_SKIP is 0);
 * messages to be sent, for lost ones; DMA transfers, for bus errors and flips;
 * writes that reset a core, for resets that never end.
 */
#define NVDLA_BOARD_FAULT_KIND		0x200
#define NVDLA_BOARD_FAULT_CORE		0x204	/* NVDLA_BOARD_FAULT_ANY: every core */
#define NVDLA_BOARD_FAULT_UNIT		0x208	/* HANG: enum nvdla_unit, or ..._ANY */
#define NVDLA_BOARD_FAULT_TIMES		0x20c	/* 0: until cleared */
#define NVDLA_BOARD_FAULT_SKIP		0x210	/* first let so many occasions pass */
#define NVDLA_BOARD_FAULT_ARG		0x214	/* see the kinds */
#define NVDLA_BOARD_FAULT_ADDR		0x218	/* 64 bit: first bus address */
#define NVDLA_BOARD_FAULT_SIZE		0x220	/* 64 bit: bytes; 0: every address */
#define NVDLA_BOARD_FAULT_ARM		0x228
#define NVDLA_BOARD_FAULT_CLEAR		0x22c	/* write a fault's number, or ..._ANY */
#define NVDLA_BOARD_FAULT_ARMED		0x230	/* faults that can still hit, read only */
#define NVDLA_BOARD_FAULT_HITS		0x234	/* hits since board reset, read only */
#define NVDLA_BOARD_FAULT_ANY		0xffffffff

#define NVDLA_BOARD_FAULT_HANG		1	/* an operation starts and never ends */
#define NVDLA_BOARD_FAULT_LOST_IRQ	2	/* a message is not sent, the line stays high */
#define NVDLA_BOARD_FAULT_SPURIOUS_IRQ	3	/* a message is sent, no line is high */
#define NVDLA_BOARD_FAULT_BUS_ERROR	4	/* DMA in the range fails */
#define NVDLA_BOARD_FAULT_BIT_FLIP	5	/* a read bit flips; ARG 0: corrected, 1: not */
#define NVDLA_BOARD_FAULT_REMOVAL	6	/* the board vanishes: reads give all ones */
#define NVDLA_BOARD_FAULT_SLOW		7	/* DMA is ARG times slower in modelled time */
#define NVDLA_BOARD_FAULT_RESET		8	/* a core is not reset, RESET reads 1 */

/* One block per core. */
#define NVDLA_BOARD_CORE(n)		(0x1000 + (n) * 0x100)

#define NVDLA_BOARD_CORE_CONTROL	0x00
#define NVDLA_BOARD_CORE_RESET		BIT(0)	/* resets the core; reads 0 once done */
#define NVDLA_BOARD_CORE_STATUS		0x04	/* read only */
#define NVDLA_BOARD_CORE_RUNNING	BIT(0)	/* an operation is being computed */
#define NVDLA_BOARD_CORE_STOPPED	BIT(1)	/* by an error; only a reset helps */
#define NVDLA_BOARD_CORE_IRQ		BIT(2)	/* its line is high */
#define NVDLA_BOARD_CORE_CLOCK_OFF	BIT(3)	/* CLOCK_DIVIDER is 0 */

/*
 * Clock = CLOCK_HZ / divider; 1 after reset, up to 255. 0 stops the clock:
 * registers keep their values, nothing runs.
 */
#define NVDLA_BOARD_CORE_CLOCK_DIVIDER	0x08

/* Millidegrees Celsius, signed: ambient plus what the core dissipates. */
#define NVDLA_BOARD_CORE_TEMPERATURE	0x0c

/*
 * Counters, 64 bit, low word first, since creation of the board. Write anything
 * to LATCH to take them all at one instant; they read 0 before.
 */
#define NVDLA_BOARD_CORE_LATCH		0x10
#define NVDLA_BOARD_CORE_CYCLES		0x20	/* modelled core clock cycles */
#define NVDLA_BOARD_CORE_TIME_NS	0x28	/* modelled time, clock dividers counted */
#define NVDLA_BOARD_CORE_BUSY_CYCLES	0x30	/* any unit worked */
#define NVDLA_BOARD_CORE_MAC_CYCLES	0x38	/* the MAC array worked */
#define NVDLA_BOARD_CORE_MACS		0x40
#define NVDLA_BOARD_CORE_OPS		0x48	/* operations finished */
#define NVDLA_BOARD_CORE_READ_BYTES	0x50	/* primary port */
#define NVDLA_BOARD_CORE_WRITE_BYTES	0x58
#define NVDLA_BOARD_CORE_SRAM_READ	0x60	/* second port */
#define NVDLA_BOARD_CORE_SRAM_WRITE	0x68
#define NVDLA_BOARD_CORE_ENERGY_PJ	0x70	/* estimate, picojoules */
#define NVDLA_BOARD_CORE_COUNTERS_END	0x78

#endif /* _NVDLA_BOARD_REGS_H_ */
