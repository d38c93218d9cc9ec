// SPDX-License-Identifier: MIT
/*
 * Bridge DMA: copies of lines of 32-byte units between the memories. CFG_OP
 * queues what the registers describe, CFG_LAUNCH0 and 1 send the descriptors
 * queued so far off as a group.
 */
#include <errno.h>
#include <string.h>

#include "core.h"

#define SLOTS		20	/* descriptors the queue holds */
#define UNIT_BYTES	32
#define CHUNK		16384

/* What one write of CFG_OP queues. */
struct bdma_copy {
	uint64_t src, dst;
	uint32_t src_line, src_surf, dst_line, dst_surf;
	uint32_t bytes, lines, surfs;
	enum npusim_port src_port, dst_port;
};

/**
 * struct bdma - state of the unit
 * @queue: descriptors; first those of the launched groups, in order
 * @count: descriptors in @queue
 * @launched: of those, how many belong to each launched group
 * @busy: groups under way
 * @order: the group launched first, when both are
 */
struct bdma {
	struct bdma_copy queue[SLOTS];
	unsigned int count;
	unsigned int launched[2];
	bool busy[2];
	unsigned int order;
};

static struct bdma *state(struct sim_core *core)
{
	return sim_unit_data(core, NVDLA_BDMA, sizeof(struct bdma));
}

#define R(reg)	sim_reg(core, NVDLA_BDMA, 0, reg)

static void enqueue(struct sim_core *core, struct bdma *b)
{
	const uint32_t align = ~(uint32_t)(UNIT_BYTES - 1);
	uint32_t cmd = R(BDMA_CFG_CMD);

	/* Hardware holds the bus until a slot is free; software reads FREE_SLOT first. */
	if (b->count == SLOTS)
		return;
	b->queue[b->count++] = (struct bdma_copy) {
		.src = (R(BDMA_CFG_SRC_ADDR_LOW) & align) |
		       (uint64_t)R(BDMA_CFG_SRC_ADDR_HIGH) << 32,
		.dst = (R(BDMA_CFG_DST_ADDR_LOW) & align) |
		       (uint64_t)R(BDMA_CFG_DST_ADDR_HIGH) << 32,
		.src_line = R(BDMA_CFG_SRC_LINE) & align,
		.src_surf = R(BDMA_CFG_SRC_SURF) & align,
		.dst_line = R(BDMA_CFG_DST_LINE) & align,
		.dst_surf = R(BDMA_CFG_DST_SURF) & align,
		.bytes = (FIELD_GET(BDMA_CFG_LINE_SIZE, R(BDMA_CFG_LINE)) + 1) * UNIT_BYTES,
		.lines = FIELD_GET(BDMA_CFG_LINE_REPEAT_NUMBER, R(BDMA_CFG_LINE_REPEAT)) + 1,
		.surfs = FIELD_GET(BDMA_CFG_SURF_REPEAT_NUMBER, R(BDMA_CFG_SURF_REPEAT)) + 1,
		.src_port = FIELD_GET(BDMA_CFG_CMD_SRC_RAM_TYPE, cmd) ? NPUSIM_MCIF : NPUSIM_CVIF,
		.dst_port = FIELD_GET(BDMA_CFG_CMD_DST_RAM_TYPE, cmd) ? NPUSIM_MCIF : NPUSIM_CVIF,
	};
}

static void launch(struct sim_core *core, struct bdma *b, unsigned int group)
{
	unsigned int gathered = b->count - b->launched[0] - b->launched[1];

	/* A group under way takes no more; without descriptors nothing happens. */
	if (b->busy[group] || !gathered)
		return;
	if (!b->busy[!group])
		b->order = group;
	b->launched[group] = gathered;
	b->busy[group] = true;
	sim_bdma_launch(core, group);
}

void sim_bdma_csb_write(struct sim_core *core, uint32_t off, uint32_t value)
{
	struct bdma *b = state(core);

	if (!b || !(value & 1))
		return;
	if (off == BDMA_CFG_OP)
		enqueue(core, b);
	else if (off == BDMA_CFG_LAUNCH0)
		launch(core, b, 0);
	else if (off == BDMA_CFG_LAUNCH1)
		launch(core, b, 1);
}

uint32_t sim_bdma_csb_read(struct sim_core *core, uint32_t off)
{
	const struct bdma *b = state(core);

	if (off != BDMA_STATUS || !b)
		return R(off);

	return FIELD_PREP(BDMA_STATUS_FREE_SLOT, SLOTS - b->count) |
	       FIELD_PREP(BDMA_STATUS_IDLE, !b->count) |
	       FIELD_PREP(BDMA_STATUS_GRP0_BUSY, b->busy[0]) |
	       FIELD_PREP(BDMA_STATUS_GRP1_BUSY, b->busy[1]);
}

static int copy(struct sim_core *core, const struct bdma_copy *c, struct sim_cost *cost)
{
	uint8_t buf[CHUNK];
	uint32_t s, l, at, n;
	int err;

	if ((uint64_t)c->surfs * c->lines > SIM_MAX_ELEMENTS ||
	    (uint64_t)c->surfs * c->lines * c->bytes > 4 * SIM_MAX_ELEMENTS)
		return sim_fail(core, -EINVAL, NVDLA_BDMA, BDMA_CFG_LINE_REPEAT,
				"BDMA CFG_LINE_REPEAT, CFG_SURF_REPEAT: more bytes than the simulator takes");
	for (s = 0; s < c->surfs; s++) {
		for (l = 0; l < c->lines; l++) {
			uint64_t src = c->src + (uint64_t)s * c->src_surf + (uint64_t)l * c->src_line;
			uint64_t dst = c->dst + (uint64_t)s * c->dst_surf + (uint64_t)l * c->dst_line;

			for (at = 0; at < c->bytes; at += n) {
				n = c->bytes - at < CHUNK ? c->bytes - at : CHUNK;
				err = sim_read(core, NVDLA_BDMA, BDMA_CFG_SRC_ADDR_LOW,
					       c->src_port, src + at, buf, n, cost);
				if (!err)
					err = sim_write(core, NVDLA_BDMA, BDMA_CFG_DST_ADDR_LOW,
							c->dst_port, dst + at, buf, n, cost);
				if (err)
					return err;
			}
			cost->cycles += c->bytes / UNIT_BYTES;
		}
	}

	return 0;
}

int sim_bdma_run(struct sim_core *core, unsigned int group, struct sim_cost *cost)
{
	const struct bdma *b = state(core);
	struct bdma_copy queue[SLOTS];
	unsigned int first, count, i;
	int err = 0;

	if (!b)
		return sim_fail(core, -ENOMEM, NVDLA_BDMA, BDMA_CFG_OP, "BDMA: no memory");
	first = b->order == group ? 0 : b->launched[!group];
	count = b->launched[group];
	memcpy(queue, b->queue + first, count * sizeof(*queue));
	for (i = 0; i < count && !err; i++)
		err = copy(core, &queue[i], cost);

	return err;
}

void sim_bdma_done(struct sim_core *core, unsigned int group)
{
	struct bdma *b = state(core);
	unsigned int first, count;

	if (!b || !b->busy[group])
		return;
	first = b->order == group ? 0 : b->launched[!group];
	count = b->launched[group];
	memmove(b->queue + first, b->queue + first + count,
		(b->count - first - count) * sizeof(*b->queue));
	b->count -= count;
	b->launched[group] = 0;
	b->busy[group] = false;
	b->order = !group;
}
