/* SPDX-License-Identifier: MIT */
/*
 * Inside of the planar data processor: pdp.c reads the registers and moves the
 * data, pdp_pool.c does the arithmetic of one surface.
 */
#ifndef NPUSIM_PDP_H
#define NPUSIM_PDP_H

#include "core.h"

enum pdp_method { PDP_AVERAGE, PDP_MAX, PDP_MIN };

/* One direction of the window. */
struct pdp_axis {
	unsigned int size;		/* 1 to 8 */
	unsigned int stride;		/* 1 to 16 */
	unsigned int pad_before, pad_after;
	unsigned int in, out;		/* elements */
	uint32_t recip;			/* 1 / size, 16 bits of fraction */
};

/**
 * struct pdp_window - how to pool
 * @method: which value a window gives
 * @x, @y: the two directions
 * @pad: value of n + 1 padded elements of a row, at index n
 * @atom: channels of a pixel
 */
struct pdp_window {
	enum pdp_method method;
	struct pdp_axis x, y;
	int32_t pad[7];
	unsigned int atom;
};

struct pdp_pool;

unsigned int pdp_axis_flush(const struct pdp_axis *axis);
unsigned int pdp_axis_bubble(const struct pdp_axis *axis);
int pdp_axis_check(const struct pdp_axis *axis);
int pdp_pool_new(const struct pdp_window *window, struct pdp_pool **out);
void pdp_pool_free(struct pdp_pool *pool);
void pdp_pool_start(struct pdp_pool *pool);
const int8_t *pdp_pool_line(struct pdp_pool *pool, const int8_t *line);
const int8_t *pdp_pool_next(struct pdp_pool *pool);

#endif /* NPUSIM_PDP_H */
