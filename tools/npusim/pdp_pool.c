// SPDX-License-Identifier: MIT
/*
 * Windows of the planar data processor, and its arithmetic in INT8: windows
 * are reduced along lines first and then across them, as in hardware; the
 * widths of 11, 14 and again 11 bits between the steps are the hardware's, and
 * wrap.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pdp.h"

/* Windows that overlap vertically: never more than the largest window has lines. */
#define ROWS	8

struct pdp_pool {
	struct pdp_window w;
	unsigned int line;		/* lines seen */
	unsigned int next;		/* row to hand out next */
	size_t step;			/* bytes between the steps: int16_t of INT8, else int32_t */
	void *reduced;			/* one line, reduced horizontally */
	void *rows[ROWS];		/* rows under way, row % ROWS */
	unsigned int lines[ROWS];	/* lines that went into each */
	void *result;
};

/* Fewer elements than a window, with the padding before them. */
static bool axis_small(const struct pdp_axis *a)
{
	return a->in <= 8 && a->in + a->pad_before < a->size;
}

/* pdp_axis_flush() - results that hardware gives after the last element */
unsigned int pdp_axis_flush(const struct pdp_axis *a)
{
	unsigned int padded = a->in + a->pad_before + a->pad_after;
	unsigned int flush = a->pad_after / a->stride, rest;

	if (!flush || !axis_small(a))
		return flush;
	if (padded < a->size)
		return 0;
	rest = padded - a->size;

	return rest % a->stride == 0 && rest / a->stride <= 6 ? rest / a->stride : 0;
}

/*
 * pdp_axis_bubble() - elements' time that passes between lines (or surfaces)
 *
 * The results after the last element come while the next line enters, before
 * its first window is complete; where that is too short, the next line waits.
 */
unsigned int pdp_axis_bubble(const struct pdp_axis *a)
{
	unsigned int flush = pdp_axis_flush(a);
	unsigned int first = axis_small(a) ? a->in : a->size - a->pad_before;

	return flush >= first ? flush - first + 1 : 0;
}

/* Do the windows cover the padded size, and none of them padding alone? */
static bool axis_fits(const struct pdp_axis *a)
{
	unsigned int padded = a->in + a->pad_before + a->pad_after;
	unsigned int windows = padded < a->size ? 1 : (padded - a->size) / a->stride + 1;

	return a->pad_before < a->size && a->pad_after < a->size && windows == a->out &&
	       (windows - 1) * a->stride < a->in + a->pad_before;
}

/* Windows that the last element or padding behind it ends. */
static unsigned int axis_open(const struct pdp_axis *a)
{
	unsigned int closed = a->in + a->pad_before <= a->size ? 0 :
			      (a->in + a->pad_before - 1 - a->size) / a->stride + 1;

	return closed < a->out ? a->out - closed : 0;
}

/*
 * pdp_axis_surplus() - results that hardware gives beyond those of windows
 *
 * Hardware starts windows as long as they fit between the paddings, gives one
 * result when the last element arrives while windows are open, and then a
 * number of results that it derives from the padding alone.
 */
unsigned int pdp_axis_surplus(const struct pdp_axis *a)
{
	unsigned int open = axis_open(a), given = pdp_axis_flush(a) + (open ? 1 : 0);

	return axis_fits(a) && given > open ? given - open : 0;
}

/*
 * pdp_axis_check() - do the windows end where hardware expects it
 *
 * Return: 0, or -EINVAL when the sizes do not work together.
 */
int pdp_axis_check(const struct pdp_axis *a)
{
	unsigned int open = axis_open(a), given = pdp_axis_flush(a) + (open ? 1 : 0);

	return axis_fits(a) && given == open ? 0 : -EINVAL;
}

int pdp_pool_new(const struct pdp_window *window, struct pdp_pool **out)
{
	struct pdp_pool *pool = calloc(1, sizeof(*pool));
	size_t n = (size_t)window->x.out * window->atom;
	unsigned int i;

	*out = pool;
	if (!pool)
		return -ENOMEM;
	pool->w = *window;
	pool->step = window->precision == PDP_INT8 ? sizeof(int16_t) : sizeof(int32_t);
	pool->reduced = malloc(n * pool->step);
	pool->result = malloc((size_t)window->x.out * pdp_pixel(window));
	if (!pool->reduced || !pool->result)
		goto no_memory;
	for (i = 0; i < ROWS; i++) {
		pool->rows[i] = malloc(n * pool->step);
		if (!pool->rows[i])
			goto no_memory;
	}

	return 0;

no_memory:
	pdp_pool_free(pool);
	*out = NULL;
	return -ENOMEM;
}

void pdp_pool_free(struct pdp_pool *pool)
{
	unsigned int i;

	if (!pool)
		return;
	for (i = 0; i < ROWS; i++)
		free(pool->rows[i]);
	free(pool->reduced);
	free(pool->result);
	free(pool);
}

/* pdp_pool_start() - begin a surface */
void pdp_pool_start(struct pdp_pool *pool)
{
	pool->line = 0;
	pool->next = 0;
	memset(pool->lines, 0, sizeof(pool->lines));
}

static void combine(enum pdp_method method, int16_t *restrict a, const int16_t *restrict b,
		    size_t n)
{
	size_t i;

	switch (method) {
	case PDP_AVERAGE:
		for (i = 0; i < n; i++)
			a[i] = (int16_t)(a[i] + b[i]);
		break;
	case PDP_MAX:
		for (i = 0; i < n; i++)
			a[i] = a[i] > b[i] ? a[i] : b[i];
		break;
	case PDP_MIN:
		for (i = 0; i < n; i++)
			a[i] = a[i] < b[i] ? a[i] : b[i];
		break;
	}
}

static void combine_bytes(enum pdp_method method, int16_t *restrict a, const int8_t *restrict b,
			  size_t n)
{
	size_t i;

	switch (method) {
	case PDP_AVERAGE:
		for (i = 0; i < n; i++)
			a[i] = (int16_t)(a[i] + b[i]);
		break;
	case PDP_MAX:
		for (i = 0; i < n; i++)
			a[i] = a[i] > b[i] ? a[i] : b[i];
		break;
	case PDP_MIN:
		for (i = 0; i < n; i++)
			a[i] = a[i] < b[i] ? a[i] : b[i];
		break;
	}
}

/* Reduce a line horizontally. */
static void reduce_line(struct pdp_pool *pool, const int8_t *line)
{
	const struct pdp_window *w = &pool->w;
	const struct pdp_axis *x = &w->x;
	unsigned int out, col, i;

	for (out = 0; out < x->out; out++) {
		int16_t *r = (int16_t *)pool->reduced + (size_t)out * w->atom;
		unsigned int begin = out * x->stride, end = begin + x->size;

		begin = begin > x->pad_before ? begin - x->pad_before : 0;
		end = end > x->pad_before ? end - x->pad_before : 0;
		if (end > x->in)
			end = x->in;
		for (i = 0; i < w->atom; i++)
			r[i] = line[(size_t)begin * w->atom + i];
		for (col = begin + 1; col < end; col++)
			combine_bytes(w->method, r, line + (size_t)col * w->atom, w->atom);
		if (w->method == PDP_AVERAGE && end - begin < x->size) {
			int32_t pad = pdp_sign_extend(w->pad[x->size - (end - begin) - 1], 11);

			for (i = 0; i < w->atom; i++)
				r[i] = (int16_t)pdp_sign_extend(r[i] + pad, 11);
		}
	}
}

/* Finish row @row, to which @lines lines contributed. */
static const void *finish(struct pdp_pool *pool, unsigned int row)
{
	const struct pdp_window *w = &pool->w;
	const int16_t *acc = pool->rows[row % ROWS];
	unsigned int missing = w->y.size - pool->lines[row % ROWS];
	size_t n = (size_t)w->x.out * w->atom, i;
	int8_t *result = pool->result;
	int32_t pad = 0;

	pool->lines[row % ROWS] = 0;
	if (w->precision != PDP_INT8) {
		pdp_wide_finish(w, pool->rows[row % ROWS], missing, pool->result);
		return pool->result;
	}
	if (w->method != PDP_AVERAGE) {
		for (i = 0; i < n; i++)
			result[i] = (int8_t)acc[i];
		return result;
	}
	if (missing)
		pad = pdp_sign_extend((uint32_t)(w->pad[missing - 1] * (int32_t)w->x.size), 14);
	for (i = 0; i < n; i++) {
		int32_t v = pdp_scale(acc[i] + pad, w->x.recip, 14, 11);

		result[i] = (int8_t)pdp_scale(v, w->y.recip, 11, 8);
	}

	return result;
}

/*
 * pdp_pool_line() - put the next line of a surface in
 * @line: @x.in pixels
 *
 * Return: a row of results, @x.out pixels, valid until the next call; or NULL
 * when none is complete yet.
 */
const void *pdp_pool_line(struct pdp_pool *pool, const void *line)
{
	const struct pdp_window *w = &pool->w;
	const struct pdp_axis *y = &w->y;
	size_t n = (size_t)w->x.out * w->atom;
	unsigned int at = pool->line++ + y->pad_before, row;

	if (w->precision == PDP_INT8)
		reduce_line(pool, line);
	else
		pdp_wide_reduce(w, line, pool->reduced);
	for (row = at < y->size ? 0 : (at - y->size) / y->stride + 1;
	     row < y->out && row * y->stride <= at; row++) {
		if (!pool->lines[row % ROWS]++)
			memcpy(pool->rows[row % ROWS], pool->reduced, n * pool->step);
		else if (w->precision != PDP_INT8)
			pdp_wide_combine(w, pool->rows[row % ROWS], pool->reduced);
		else
			combine(w->method, pool->rows[row % ROWS], pool->reduced, n);
	}
	if (pool->next < y->out && pool->next * y->stride + y->size - 1 == at)
		return finish(pool, pool->next++);

	return NULL;
}

/* pdp_pool_next() - rows that are still open after the last line; NULL: no more */
const void *pdp_pool_next(struct pdp_pool *pool)
{
	if (pool->next == pool->w.y.out)
		return NULL;

	return finish(pool, pool->next++);
}
