/* SPDX-License-Identifier: MIT */
/*
 * Models inside the library.
 */
#ifndef ACCEL_RUN_MODEL_H
#define ACCEL_RUN_MODEL_H

#include <pthread.h>

#include <accel/model.h>

#include "libaccel/cpu/npu_kernels.h"
#include "libaccel/cpu/ref/ref_op.h"
#include "libaccel/compile/artefact.h"

/**
 * struct loaded - a model on a device: what its sessions share
 * @next: of the same model
 * @uses: sessions; guarded by the model's lock
 * @device: the device
 * @target: the part of the artefact for it
 * @consts: weights, on devices that run programs
 * @programs: per segment, likewise
 * @prepared: per operation, on the cpu backend
 * @kernels: per operation, likewise
 * @cpu_ops: per step, those of kind ARTEFACT_CPU
 * @waits: per step, see chain_waits()
 */
struct loaded {
	struct loaded *next;
	uint32_t uses;
	struct accel_device *device;
	const struct target *target;
	struct accel_bo *consts;
	struct accel_program **programs;
	struct npu_prepared **prepared;
	const struct npu_kernels **kernels;
	struct cpu_op **cpu_ops;
	uint32_t *waits;
};

struct accel_model {
	uint32_t refs;		/* atomic */
	struct artefact *artefact;
	pthread_mutex_t lock;
	struct loaded *loaded;
};

/**
 * loaded_get() - a model on a device, loading it if no session has
 * @config: on the cpu backend, which configuration, or NULL
 */
int loaded_get(struct accel_model *model, struct accel_device *device, const char *config,
	       struct loaded **out);
void loaded_put(struct accel_model *model, struct loaded *loaded);

/* Rows, [height][width][channels] without gaps, to and from a cube. */
void layout_to_cube(const struct npu_cube *cube, uint32_t channels, const int8_t *rows,
		    uint8_t *region, int8_t fill);
void layout_to_rows(const struct npu_cube *cube, const uint8_t *region, int8_t *rows);

#endif /* ACCEL_RUN_MODEL_H */
