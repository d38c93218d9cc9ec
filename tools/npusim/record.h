/* SPDX-License-Identifier: MIT */
/*
 * Recording: what a driver does to one core, as scripts for npusim-replay.
 *
 * A script holds register writes in their order; memory images, loaded before
 * an operation reads what they hold; waits for the interrupts that came; and
 * checksums of what the operations wrote. Each script starts from reset.
 */
#ifndef NPUSIM_RECORD_H
#define NPUSIM_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "npusim.h"

struct record;

/**
 * record_new() - prepare recording of one core
 * @folder: must exist; files there are called coreN-SCRIPT.npu and
 *          coreN-SCRIPT-IMAGE.bin
 * @status_reg: CSB offset of GLB S_INTR_STATUS
 * @sram_lo: addresses of the second port
 * @sram_hi: their end; equal to @sram_lo where there are none
 *
 * The callers see to it that one thread at a time uses it.
 *
 * Return: 0 or -ENOMEM.
 */
int record_new(const char *folder, const char *config, unsigned int core, uint32_t status_reg,
	       uint64_t sram_lo, uint64_t sram_hi, struct record **out);
void record_free(struct record *record);

void record_write(struct record *record, uint32_t reg, uint32_t value);
/* A read that changes the core's state. */
void record_read(struct record *record, uint32_t reg);

/* A core read or wrote memory. */
void record_dma(struct record *record, uint64_t addr, const void *data, size_t len, int write);

/**
 * record_interrupts() - npusim_run() returned
 * @bits: of the interrupt status that are new
 * @cycles: so far
 * @idle: nothing is under way any more: checksums wait for that, since results
 *        are in memory when an operation starts and not, as on hardware, by
 *        and by until it ends
 */
void record_interrupts(struct record *record, uint32_t bits, uint64_t cycles, bool idle);

/* The core was reset: what follows belongs to the next script. */
void record_reset(struct record *record);

#endif /* NPUSIM_RECORD_H */
