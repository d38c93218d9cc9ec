// SPDX-License-Identifier: MIT
#include <math.h>
#include <string.h>

#include "lower.h"

void requant_choose(const double *real, uint32_t count, struct requant *requant)
{
	double most = 0, least = INFINITY;
	uint32_t i;
	int shift;

	for (i = 0; i < count; i++) {
		double v = fabs(real[i]);

		if (v > most)
			most = v;
		if (v > 0 && v < least)
			least = v;
	}
	shift = most > 0 ? (int)floor(log2(32767.0 / most)) : 0;
	/* More than that and even 2^31 becomes less than half a step. */
	if (shift > 52)
		shift = 52;
	for (i = 0; i < count; i++) {
		double v = round(ldexp(real[i], shift));

		requant->mul[i] = v > INT16_MAX ? INT16_MAX : v < INT16_MIN ? INT16_MIN :
				  (int16_t)v;
	}
	requant->shift = shift;
	requant->loss_bits = most > 0 && least > 0 ? fmax(0, 14 - log2(ldexp(least, shift))) : 0;
}

int requant_convert(int total, int32_t zero_point, double excess, struct npu_sdp *sdp)
{
	/* All INT8 results and what is taken off must fit in front of the point. */
	int most = 31 - (int)ceil(log2(257 + fabs(excess)));
	int fraction = total < most ? total : most;

	fraction = fraction < 0 ? 0 : fraction;
	sdp->cvt_scale = 1;
	sdp->cvt_shift = fraction;
	sdp->cvt_offset = (int32_t)lround(ldexp(excess - zero_point, fraction));
	return total - fraction;
}
