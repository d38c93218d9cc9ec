// SPDX-License-Identifier: MIT
/*
 * Arithmetic of the planar data processor in INT16 and FP16. INT16 has 22 bits
 * in sums and 19 after 1 / width. FP16 adds and multiplies in FP17; the padding
 * is added last in either direction. Maximum and minimum pass FP16 through as it
 * is, infinities too; of two NaNs that of the element before wins along a line,
 * that of the line below across lines.
 */
#include <string.h>

#include "fp.h"
#include "pdp.h"

#define SUM_BITS	22
#define SCALED_BITS	19
#define FP17_MASK	0x1ffff

/* Bits of an element of memory: sign-extended, or FP16, or that as FP17. */
static inline int32_t element(const struct pdp_window *w, const uint8_t *line, size_t at)
{
	uint16_t v;

	memcpy(&v, line + 2 * at, sizeof(v));
	if (w->precision == PDP_INT16)
		return (int16_t)v;

	return (int32_t)(w->method == PDP_AVERAGE ? fp16_to_fp17(v) : v);
}

static inline int32_t join_int(enum pdp_method method, int32_t a, int32_t b)
{
	switch (method) {
	case PDP_MAX:
		return a > b ? a : b;
	case PDP_MIN:
		return a < b ? a : b;
	default:
		return a + b;
	}
}

/* Of numbers that are equal, @a gives sign and NaN. */
static inline int32_t join_fp(enum pdp_method method, int32_t a, int32_t b)
{
	if (method == PDP_AVERAGE)
		return (int32_t)fp17_add((uint32_t)a, (uint32_t)b);

	return (int32_t)fp_pick((uint32_t)a, (uint32_t)b, method == PDP_MAX, FP16_E, FP16_M);
}

/* pdp_wide_reduce() - reduce a line horizontally */
void pdp_wide_reduce(const struct pdp_window *w, const void *line, int32_t *reduced)
{
	const struct pdp_axis *x = &w->x;
	unsigned int out, col, i;

	for (out = 0; out < x->out; out++) {
		int32_t *r = reduced + (size_t)out * w->atom;
		unsigned int begin = out * x->stride, end = begin + x->size;

		begin = begin > x->pad_before ? begin - x->pad_before : 0;
		end = end > x->pad_before ? end - x->pad_before : 0;
		if (end > x->in)
			end = x->in;
		for (i = 0; i < w->atom; i++)
			r[i] = element(w, line, (size_t)begin * w->atom + i);
		for (col = begin + 1; col < end; col++) {
			for (i = 0; i < w->atom; i++) {
				int32_t v = element(w, line, (size_t)col * w->atom + i);

				r[i] = w->precision == PDP_INT16 ? join_int(w->method, r[i], v) :
								   join_fp(w->method, r[i], v);
			}
		}
		if (w->method == PDP_AVERAGE && end - begin < x->size) {
			int32_t pad = w->pad[x->size - (end - begin) - 1];

			for (i = 0; i < w->atom; i++)
				r[i] = w->precision == PDP_INT16 ?
				       pdp_sign_extend((uint32_t)(r[i] + pad), SUM_BITS) :
				       join_fp(PDP_AVERAGE, r[i], pad & FP17_MASK);
		}
	}
}

/* pdp_wide_combine() - put a reduced line into a row under way */
void pdp_wide_combine(const struct pdp_window *w, int32_t *row, const int32_t *reduced)
{
	size_t n = (size_t)w->x.out * w->atom, i;

	if (w->precision == PDP_INT16) {
		for (i = 0; i < n; i++)
			row[i] = join_int(w->method, row[i], reduced[i]);
	} else {
		for (i = 0; i < n; i++)
			row[i] = join_fp(w->method, reduced[i], row[i]);
	}
}

/* pdp_wide_finish() - results of a row that lacks @missing lines */
void pdp_wide_finish(const struct pdp_window *w, const int32_t *row, unsigned int missing,
		     void *result)
{
	size_t n = (size_t)w->x.out * w->atom, i;
	int32_t pad = missing ? w->pad[missing - 1] : 0;
	uint8_t *out = result;
	uint16_t v;

	if (w->precision == PDP_INT16)
		pad = pdp_sign_extend((uint32_t)(pad * (int32_t)w->x.size), SUM_BITS);
	else
		pad = (int32_t)fp17_mul((uint32_t)pad & FP17_MASK,
					fp16_to_fp17(fp16_from_int((int32_t)w->x.size)));
	for (i = 0; i < n; i++) {
		if (w->method != PDP_AVERAGE) {
			v = (uint16_t)row[i];
		} else if (w->precision == PDP_INT16) {
			int32_t sum = pdp_sign_extend((uint32_t)(row[i] + pad), SUM_BITS);

			sum = pdp_scale(sum, w->x.recip, SUM_BITS, SCALED_BITS);
			v = (uint16_t)pdp_scale(sum, w->y.recip, SCALED_BITS, 16);
		} else {
			uint32_t sum = (uint32_t)row[i];

			if (missing)
				sum = fp17_add(sum, (uint32_t)pad);
			sum = fp17_mul(fp17_mul(sum, w->x.recip), w->y.recip);
			v = (uint16_t)fp17_to_fp16(sum);
		}
		memcpy(out + 2 * i, &v, sizeof(v));
	}
}
