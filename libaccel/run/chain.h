/* SPDX-License-Identifier: MIT */
/*
 * Programs of a session that are under way, chained by fences: each waits for
 * the one before it, the CPU for those whose memory it touches.
 */
#ifndef ACCEL_RUN_CHAIN_H
#define ACCEL_RUN_CHAIN_H

#include "libaccel/compile/artefact.h"
#include "model.h"

#define CHAIN_NONE	UINT32_MAX

/**
 * chain_waits() - which programs the CPU has to wait for
 * @waits: receives, per step that changes a layout, the last segment before it
 *         that touches the same memory; CHAIN_NONE: there is none. The caller
 *         frees it
 *
 * Operations of the CPU touch no memory that programs use.
 *
 * Return: 0 or -ENOMEM.
 */
int chain_waits(const struct target *target, uint32_t **waits);

/**
 * struct chain - the programs under way, oldest first
 * @fences: theirs
 * @segments: which they are
 * @first: the oldest
 * @count: behind the newest
 * @room: how many a run may have
 */
struct chain {
	struct accel_fence **fences;
	uint32_t *segments;
	uint32_t first, count, room;
};

int chain_init(struct chain *chain, uint32_t room);
void chain_free(struct chain *chain);

/* Submit a program behind those under way. */
int chain_submit(struct chain *chain, struct accel_job *job, struct accel_context *context,
		 uint32_t flags, uint32_t segment);

/**
 * chain_wait() - wait until a program is done
 * @segment: which; CHAIN_NONE: all that are under way
 *
 * Return: 0, or what went wrong first with it or one before it.
 */
int chain_wait(struct chain *chain, uint32_t segment);

#endif /* ACCEL_RUN_CHAIN_H */
