// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "chain.h"
#include "libaccel/dev/error.h"

/* The CPU reads and writes whole lines of its cache. */
#define LINE	UINT64_C(64)

static bool overlap(const struct npu_cube *a, const struct npu_cube *b)
{
	return a->region == b->region && a->offset / LINE * LINE < npu_cube_end(b) &&
	       b->offset / LINE * LINE < npu_cube_end(a);
}

/* Does an operation write @cube, or read it where that counts? */
static bool touches(const struct npu_op *op, const struct npu_cube *cube, bool reads)
{
	struct npu_cube cubes[NPU_OPERANDS];
	uint32_t i, count;

	if (overlap(&op->out, cube))
		return true;
	if (!reads)
		return false;
	if (overlap(&op->in, cube))
		return true;
	count = npu_op_operands(op, cubes);
	for (i = 0; i < count; i++) {
		if (overlap(&cubes[i], cube))
			return true;
	}
	return false;
}

static bool segment_touches(const struct target *t, uint32_t index, const struct npu_cube *cube,
			    bool reads)
{
	const struct artefact_segment *segment = &t->segments[index];
	uint32_t i;

	for (i = 0; i < segment->op_count; i++) {
		if (touches(&t->ops[segment->first_op + i].op, cube, reads))
			return true;
	}
	return false;
}

int chain_waits(const struct target *t, uint32_t **waits)
{
	uint32_t i, j;

	*waits = malloc((t->step_count + (size_t)1) * sizeof(**waits));
	if (!*waits)
		return -ENOMEM;
	for (i = 0; i < t->step_count; i++) {
		const struct artefact_step *step = &t->steps[i];

		(*waits)[i] = CHAIN_NONE;
		if (step->kind != ARTEFACT_TO_CUBE && step->kind != ARTEFACT_TO_ROWS)
			continue;
		for (j = i; j-- > 0 && (*waits)[i] == CHAIN_NONE;) {
			if (t->steps[j].kind == ARTEFACT_NPU &&
			    segment_touches(t, t->steps[j].index, &t->tensors[step->index].cube,
					    step->kind == ARTEFACT_TO_CUBE))
				(*waits)[i] = t->steps[j].index;
		}
	}
	return 0;
}

int chain_init(struct chain *chain, uint32_t room)
{
	memset(chain, 0, sizeof(*chain));
	chain->fences = calloc(room + (size_t)1, sizeof(*chain->fences));
	chain->segments = calloc(room + (size_t)1, sizeof(*chain->segments));
	chain->room = room;
	return chain->fences && chain->segments ? 0 : accel_error_memory("fences");
}

void chain_free(struct chain *chain)
{
	chain_wait(chain, CHAIN_NONE);
	free(chain->fences);
	free(chain->segments);
}

int chain_submit(struct chain *chain, struct accel_job *job, struct accel_context *context,
		 uint32_t flags, uint32_t segment)
{
	const bool follows = chain->first < chain->count;
	int ret;

	if (chain->count == chain->room)
		return accel_error_set(-EINVAL, "more programs than steps");
	ret = accel_job_submit(job, context, flags,
			       follows ? &chain->fences[chain->count - 1] : NULL, follows,
			       &chain->fences[chain->count]);
	if (!ret)
		chain->segments[chain->count++] = segment;
	return ret;
}

int chain_wait(struct chain *chain, uint32_t segment)
{
	uint32_t last = chain->count;
	int ret = 0, err;

	/* Those behind it may go on; what is not under way needs no waiting. */
	while (segment != CHAIN_NONE && last > chain->first &&
	       chain->segments[last - 1] != segment)
		last--;
	for (; chain->first < last; chain->first++) {
		err = accel_fence_wait(chain->fences[chain->first], -1);
		accel_fence_unref(chain->fences[chain->first]);
		ret = ret ? ret : err;
	}
	if (chain->first == chain->count)
		chain->first = chain->count = 0;
	return ret;
}
