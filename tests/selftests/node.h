/* SPDX-License-Identifier: MIT */
/*
 * What the selftests share: the node, its ioctls, syncobjs, and an operation
 * of an engine ready to be submitted. Functions return 0 or a negative errno
 * unless they say otherwise.
 */
#ifndef TESTS_SELFTESTS_NODE_H
#define TESTS_SELFTESTS_NODE_H

#include <stdbool.h>
#include <stdint.h>

#include <drm.h>
#include <drm/nvdla_accel.h>

#include "../programs/engines.h"

#define SECOND	1000000000LL
/* Longer than anything takes, also under emulation on a busy machine. */
#define LONG	(60 * SECOND)

#define ARRAY(pointer, n) \
	((struct drm_nvdla_obj_array){ \
		.stride = sizeof(*(pointer)), .count = (n), .array = (uintptr_t)(pointer) })

/* Open the node: that of the environment variable NVDLA_NODE, or the first. */
int node_open(void);
/* Its path. */
const char *node_path(void);
int node_ioctl(int fd, unsigned long request, void *arg);

/* The device's description, as structure and as table entry. */
int node_query(int fd, struct drm_nvdla_device_info *info, struct nvdla_config *config);

/* CLOCK_MONOTONIC now plus @ns. */
int64_t node_deadline(int64_t ns);

int bo_create(int fd, uint64_t size, uint32_t flags, uint32_t *handle);
int bo_close(int fd, uint32_t handle);
/* Return: the mapping, or NULL with errno set. */
void *bo_map(int fd, uint32_t handle, uint64_t size);
int bo_wait(int fd, uint32_t handle, uint32_t flags, int64_t ns);

int ctx_create(int fd, uint32_t priority, uint32_t core_mask, uint32_t timeout_ms,
	       uint32_t *handle);
int ctx_destroy(int fd, uint32_t handle);
int ctx_set_qos(int fd, uint32_t handle, uint32_t latency_us, uint32_t frames_per_second);
int ctx_state(int fd, uint32_t handle, struct drm_nvdla_ctx_get_state *state);

/* @create receives everything that the kernel answered. */
int program_create(int fd, const struct builder *b, struct drm_nvdla_slot_info *slots,
		   uint32_t slot_count, struct drm_nvdla_program_create *create);
int program_destroy(int fd, uint32_t handle);

int syncobj_create(int fd, uint32_t *handle);
int syncobj_destroy(int fd, uint32_t handle);
int syncobj_wait(int fd, uint32_t handle, int64_t ns);
int timeline_wait(int fd, uint32_t handle, uint64_t point, uint32_t flags, int64_t ns);
int timeline_signal(int fd, uint32_t handle, uint64_t point);
int timeline_query(int fd, uint32_t handle, uint64_t *point);
/* The result of a signalled fence: 0 or the job's negative errno. */
int syncobj_result(int fd, uint32_t handle);

/**
 * struct work - operations of one engine with buffers in exactly the slots' size
 * @fd: the node
 * @config: configuration
 * @info: as the kernel describes it
 * @test: the engine
 * @seed: of the inputs
 * @ctx: context, made by work_open()
 * @program: program handle
 * @slot_count: slots
 * @slots: what the kernel said of them
 * @binds: buffers
 * @maps: their mappings
 */
struct work {
	int fd;
	struct nvdla_config config;
	struct drm_nvdla_device_info info;
	const struct engine_test *test;
	uint32_t seed;
	uint32_t ctx;
	uint32_t program;
	uint32_t slot_count;
	struct drm_nvdla_slot_info slots[ENGINE_MAX_SLOTS];
	struct drm_nvdla_bind binds[ENGINE_MAX_SLOTS];
	void *maps[ENGINE_MAX_SLOTS];
};

/**
 * work_open() - make everything for an engine's operation
 * @fd: the node; remains the caller's
 * @times: how often the program contains it, each after the one before
 */
int work_open(struct work *work, int fd, const struct engine_test *test, uint32_t seed,
	      unsigned int times);
void work_close(struct work *work);
/* Another context for it; the old one goes. */
int work_context(struct work *work, uint32_t priority, uint32_t core_mask, uint32_t timeout_ms);
int work_submit(struct work *work, uint32_t flags, const struct drm_nvdla_sync *syncs,
		uint32_t sync_count);
/* Spoil the output, submit, wait, compare. Return: 0, negative errno, or wrong bytes. */
long work_run(struct work *work);
/* Fill the output with something else than the result. */
void work_spoil(struct work *work);
long work_wrong(struct work *work);

#endif /* TESTS_SELFTESTS_NODE_H */
