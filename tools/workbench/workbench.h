/* SPDX-License-Identifier: MIT */
/*
 * One engine test on one device: its program, buffers, job and context.
 */
#ifndef TOOLS_WORKBENCH_H
#define TOOLS_WORKBENCH_H

#include <accel/accel.h>

#include "tests/programs/engines.h"

/**
 * struct workbench - a program with buffers in all its slots
 * @context: where its jobs go
 * @program: made from a builder
 * @job: with every slot bound
 * @bos: one per slot, cached, as large as the program needs it
 * @maps: their first bytes
 * @slots: how many slots; the last is the output
 */
struct workbench {
	struct accel_context *context;
	struct accel_program *program;
	struct accel_job *job;
	struct accel_bo *bos[ENGINE_MAX_SLOTS];
	void *maps[ENGINE_MAX_SLOTS];
	uint32_t slots;
};

/* Upload what a builder collected. Return: as accel_program_create(). */
int workbench_program(struct accel_device *device, const struct builder *builder,
		      struct accel_program **out);

/**
 * workbench_open() - upload a program and give it buffers
 * @core_mask: cores that may run it, 0: all
 * @builder: the program; ENGINE_MAX_SLOTS slots at most
 * @bench: filled in; release with workbench_close(), also after a failure
 *
 * Return: 0; errors of libaccel's functions, accel_error_text() explains.
 */
int workbench_open(struct accel_device *device, uint32_t core_mask,
		   const struct builder *builder, struct workbench *bench);
void workbench_close(struct workbench *bench);

/* Hand all buffers to the device, or the output back to the CPU. */
int workbench_give(struct workbench *bench);
int workbench_take(struct workbench *bench);

#endif /* TOOLS_WORKBENCH_H */
