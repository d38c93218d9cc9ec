// SPDX-License-Identifier: MIT
/*
 * Distributions of activations, and the range of reals that int8 is to cover.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libaccel/dev/error.h"
#include "libaccel/quant/quant_state.h"

#define LEVELS	256

/* Twice the reach: pairs of bins become one. */
static void widen(struct quant_range *range)
{
	uint32_t half = QUANT_BINS / 2, merged[QUANT_BINS] = { 0 };

	for (uint32_t i = 0; i < QUANT_BINS; i++)
		merged[half / 2 + i / 2] += range->bins[i];
	memcpy(range->bins, merged, sizeof(merged));
	range->reach *= 2;
}

int quant_range_add(struct quant_range *range, const float *values, uint64_t count)
{
	float low = INFINITY, high = -INFINITY, largest, factor;

	for (uint64_t i = 0; i < count; i++) {
		low = values[i] < low ? values[i] : low;
		high = values[i] > high ? values[i] : high;
	}
	if (!(low <= high) || !isfinite(low) || !isfinite(high))
		return accel_error_set(-ERANGE, "it has values that are not finite");
	if (!range->bins) {
		range->bins = calloc(QUANT_BINS, sizeof(*range->bins));
		if (!range->bins)
			return accel_error_memory("a histogram");
	}
	range->low = range->seen && range->low < low ? range->low : low;
	range->high = range->seen && range->high > high ? range->high : high;
	range->seen = true;
	largest = fmaxf(fabsf(low), fabsf(high));
	if (!(range->reach > 0))
		range->reach = largest > 0 ? largest : 0;
	if (!(range->reach > 0))
		return 0;	/* nothing but zeros yet */
	while (range->reach < largest)
		widen(range);
	factor = QUANT_BINS / 2 / range->reach;
	for (uint64_t i = 0; i < count; i++) {
		int bin = (int)(values[i] * factor + QUANT_BINS / 2);

		range->bins[bin < QUANT_BINS ? bin : QUANT_BINS - 1]++;
	}
	return 0;
}

void quant_parameters(float low, float high, float *scale, int32_t *zero_point)
{
	double step;

	low = low < 0 ? low : 0;
	high = high > 0 ? high : 0;
	step = ((double)high - low) / (LEVELS - 1);
	if (!(step > 1e-30))
		step = 1.0 / LEVELS;	/* always zero: any scale does */
	*scale = (float)step;
	*zero_point = (int32_t)round(-128 - low / step);
	if (*zero_point < -128)
		*zero_point = -128;
	if (*zero_point > 127)
		*zero_point = 127;
}

static double center(const struct quant_range *range, uint32_t bin)
{
	return (bin + 0.5 - QUANT_BINS / 2) * 2 * range->reach / QUANT_BINS;
}

static void percentile(const struct quant_range *range, float share, float *low, float *high)
{
	double total = 0, cut, sum;
	uint32_t bin;

	for (bin = 0; bin < QUANT_BINS; bin++)
		total += range->bins[bin];
	cut = total * (100.0 - share) / 100 / 2;
	for (bin = 0, sum = 0; bin < QUANT_BINS && sum + range->bins[bin] <= cut; bin++)
		sum += range->bins[bin];
	*low = fmaxf(*low, (float)(center(range, bin) - range->reach / QUANT_BINS));
	for (bin = QUANT_BINS, sum = 0; bin > 0 && sum + range->bins[bin - 1] <= cut; bin--)
		sum += range->bins[bin - 1];
	*high = fminf(*high, (float)(center(range, bin - 1) + range->reach / QUANT_BINS));
}

/* Squared error of rounding to and clipping at a range. */
static double squared_error(const struct quant_range *range, float low, float high)
{
	double error = 0, scale;
	int32_t zero;
	float step;

	quant_parameters(low, high, &step, &zero);
	scale = step;
	for (uint32_t i = 0; i < QUANT_BINS; i++) {
		double x = center(range, i), q = nearbyint(x / scale) + zero, distance;

		if (!range->bins[i])
			continue;
		q = q < -128 ? -128 : q > 127 ? 127 : q;
		distance = fabs(x - (q - zero) * scale);
		/* Inside, values spread evenly over steps; clipped ones are as far as they are. */
		error += range->bins[i] * (q > -128 && q < 127 ? scale * scale / 12 : distance * distance);
	}
	return error;
}

/*
 * Divergence of the distribution from what is left of it with 256 levels over
 * the range. Source: the 8-bit inference scheme of TensorRT, for both ends.
 *
 * Zeros, of which ReLUs make many, are left out: they come back exactly, while
 * a level that covers several bins would seem to spread them.
 */
static double divergence(const struct quant_range *range, uint32_t from, uint32_t to)
{
	double p[QUANT_BINS], q[QUANT_BINS], sum_p = 0, sum_q = 0, result = 0;
	uint32_t n = to - from;

	for (uint32_t i = 0; i < n; i++) {
		p[i] = from + i == QUANT_BINS / 2 ? 0 : range->bins[from + i];
		q[i] = 0;
	}
	for (uint32_t level = 0; level < LEVELS; level++) {
		uint32_t first = (uint32_t)((uint64_t)level * n / LEVELS), filled = 0;
		uint32_t last = (uint32_t)(((uint64_t)level + 1) * n / LEVELS);
		double sum = 0;

		for (uint32_t i = first; i < last; i++) {
			sum += p[i];
			filled += p[i] > 0;
		}
		for (uint32_t i = first; i < last; i++)
			q[i] = p[i] > 0 ? sum / filled : 0;
	}
	for (uint32_t i = 0; i < from; i++)
		p[0] += range->bins[i];
	for (uint32_t i = to; i < QUANT_BINS; i++)
		p[n - 1] += range->bins[i];
	for (uint32_t i = 0; i < n; i++) {
		sum_p += p[i];
		sum_q += q[i];
	}
	for (uint32_t i = 0; i < n; i++)
		if (p[i] > 0)
			result += p[i] / sum_p * log(p[i] / sum_p / ((q[i] > 0 ? q[i] : 1e-6) / sum_q));
	return result;
}

/* Shrink either end step by step to where @QUANT_MSE or _ENTROPY is least. */
static void search(const struct quant_range *range, bool entropy, float *low, float *high)
{
	float best_low = *low, best_high = *high, full_low = *low, full_high = *high;
	double best = INFINITY;

	for (int side = 0; side < 2; side++)
		for (int step = 64; step >= 16; step--) {
			float l = side ? best_low : full_low * (float)step / 64;
			float h = side ? full_high * (float)step / 64 : best_high;
			double cost;

			if (entropy) {
				int64_t from = (int64_t)((l / range->reach + 1) * QUANT_BINS / 2);
				int64_t to = (int64_t)ceil((h / range->reach + 1) * QUANT_BINS / 2);

				from = from < 0 ? 0 : from;
				to = to > QUANT_BINS ? QUANT_BINS : to;
				if (to - from < LEVELS / 2)
					break;
				cost = divergence(range, (uint32_t)from, (uint32_t)to);
			} else {
				cost = squared_error(range, l, h);
			}
			if (cost < best) {
				best = cost;
				best_low = l;
				best_high = h;
			}
		}
	*low = best_low;
	*high = best_high;
}

void quant_range_choose(const struct quant_range *range, enum quant_method method,
			float share, float *low, float *high)
{
	*low = range->seen && range->low < 0 ? range->low : 0;
	*high = range->seen && range->high > 0 ? range->high : 0;
	if (!range->seen || !(range->reach > 0))
		return;
	if (method == QUANT_PERCENTILE)
		percentile(range, share, low, high);
	else if (method == QUANT_MSE || method == QUANT_ENTROPY)
		search(range, method == QUANT_ENTROPY, low, high);
	*low = *low < 0 ? *low : 0;
	*high = *high > 0 ? *high : 0;
}
