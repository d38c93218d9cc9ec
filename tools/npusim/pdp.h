/* SPDX-License-Identifier: MIT */
/*
 * Inside of the planar data processor: pdp.c reads the registers and moves the
 * data, pdp_pool.c keeps the windows of one surface and does the arithmetic of
 * INT8, pdp_wide.c that of INT16 and FP16.
 */
#ifndef NPUSIM_PDP_H
#define NPUSIM_PDP_H

#include "core.h"

enum pdp_method { PDP_AVERAGE, PDP_MAX, PDP_MIN };
enum pdp_precision { PDP_INT8, PDP_INT16, PDP_FP16 };

/* One direction of the window. */
struct pdp_axis {
	unsigned int size;		/* 1 to 8 */
	unsigned int stride;		/* 1 to 16 */
	unsigned int pad_before, pad_after;
	unsigned int in, out;		/* elements */
	uint32_t recip;			/* 1 / size, 16 bits of fraction; FP17 in FP16 */
};

/**
 * struct pdp_window - how to pool
 * @method: which value a window gives
 * @precision: of what goes in and comes out
 * @x, @y: the two directions
 * @pad: value of n + 1 padded elements of a row, at index n; FP17 in FP16
 * @atom: channels of a pixel
 */
struct pdp_window {
	enum pdp_method method;
	enum pdp_precision precision;
	struct pdp_axis x, y;
	int32_t pad[7];
	unsigned int atom;
};

struct pdp_pool;

/* Bytes of a pixel. */
static inline unsigned int pdp_pixel(const struct pdp_window *w)
{
	return w->precision == PDP_INT8 ? w->atom : 2 * w->atom;
}

static inline int32_t pdp_sign_extend(uint32_t v, unsigned int bits)
{
	return (int32_t)(v << (32 - bits)) >> (32 - bits);
}

/*
 * Multiply @v of @in bits by a reciprocal of 16 fraction bits, round halves
 * away from zero and keep @bits: what does not fit is lost. A positive result
 * loses its top bit before it is rounded.
 */
static inline int32_t pdp_scale(int32_t v, uint32_t recip, unsigned int in, unsigned int bits)
{
	/* The product has no more bits than this in hardware. */
	int64_t p = (int64_t)((uint64_t)((int64_t)v * recip) << (64 - in - 17)) >> (64 - in - 17);
	uint32_t low = (uint32_t)p & 0xffff, q = (uint32_t)(p >> 16);

	if (p < 0)
		q += low > 0x8000;
	else
		q = (q & ((1u << (bits - 1)) - 1)) + (low >> 15);

	return pdp_sign_extend(q, bits);
}

/* pdp_wide.c: two bytes an element in memory, int32_t between the steps. */
void pdp_wide_reduce(const struct pdp_window *w, const void *line, int32_t *reduced);
void pdp_wide_combine(const struct pdp_window *w, int32_t *row, const int32_t *reduced);
void pdp_wide_finish(const struct pdp_window *w, const int32_t *row, unsigned int missing,
		     void *result);

unsigned int pdp_axis_flush(const struct pdp_axis *axis);
unsigned int pdp_axis_bubble(const struct pdp_axis *axis);
unsigned int pdp_axis_surplus(const struct pdp_axis *axis);
int pdp_axis_check(const struct pdp_axis *axis);
int pdp_pool_new(const struct pdp_window *window, struct pdp_pool **out);
void pdp_pool_free(struct pdp_pool *pool);
void pdp_pool_start(struct pdp_pool *pool);
const void *pdp_pool_line(struct pdp_pool *pool, const void *line);
const void *pdp_pool_next(struct pdp_pool *pool);

#endif /* NPUSIM_PDP_H */
