// SPDX-License-Identifier: MIT
/*
 * The accumulator: sums of FP16 products with 40 bits of mantissa, and the
 * output stages of all precisions.
 */
#include <stdbool.h>

#include "cacc.h"

#define MANTISSA	40
#define MANTISSA_MASK	((1ull << MANTISSA) - 1)
#define EXPO_NAN	255u
#define MAC_EXPO_NAN	63u

/*
 * Of what is shifted out beyond 16 bits nothing is known any more, which shows
 * in the rounding of negative halves.
 */
int32_t sim_cacc_int(int64_t sum, unsigned int truncate, uint32_t *saturated)
{
	int64_t shifted = sum >> truncate;
	bool guide = truncate && (sum >> (truncate - 1) & 1);
	uint64_t stick = 0;
	bool up;

	if (truncate > 1) {
		uint64_t below = (uint64_t)sum & ((1ull << (truncate - 1)) - 1);

		stick = truncate > 16 ? below >> (truncate - 16) : below;
	}
	up = guide && (sum >= 0 || stick);
	if (sum < 0 ? shifted < INT32_MIN : shifted + up >= INT32_MAX && (shifted > INT32_MAX ||
									    up)) {
		(*saturated)++;
		return sum < 0 ? INT32_MIN : INT32_MAX;
	}

	return (int32_t)(shifted + up);
}

static int64_t sign_extend(uint64_t v, unsigned int bits)
{
	return (int64_t)(v << (64 - bits)) >> (64 - bits);
}

static int64_t shift_left(int64_t v, unsigned int by)
{
	return (int64_t)((uint64_t)v << by);
}

/* Bits behind the sign bit of a number of @bits bits that repeat it. */
static unsigned int sign_repeats(int64_t v, unsigned int bits)
{
	uint64_t magnitude = (uint64_t)(v < 0 ? ~v : v);

	return magnitude ? (unsigned int)__builtin_clzll(magnitude) - (64 - bits) - 1 : bits - 1;
}

/*
 * Shift right; the two bits below and, as a third, whether anything is set
 * below those, go to @cut.
 */
static int64_t align(int64_t v, unsigned int shift, unsigned int *cut)
{
	uint64_t below;

	*cut = 0;
	if (!shift)
		return v;
	if (shift >= MANTISSA) {
		/* The bits below have room for 40: what is farther down is gone. */
		below = shift == MANTISSA ? (uint64_t)v & MANTISSA_MASK :
			shift - MANTISSA < MANTISSA ?
			(uint64_t)(v >> (shift - MANTISSA)) & MANTISSA_MASK :
			v < 0 ? MANTISSA_MASK : 0;
		v = v < 0 ? -1 : 0;
	} else {
		below = ((uint64_t)v << (MANTISSA - shift)) & MANTISSA_MASK;
		v >>= shift;
	}
	*cut = (unsigned int)(below >> (MANTISSA - 2)) << 1 |
	       ((below & (MANTISSA_MASK >> 2)) != 0);

	return v;
}

static uint64_t pack(unsigned int expo, int64_t mantissa)
{
	return (uint64_t)(expo & 0xff) << MANTISSA | ((uint64_t)mantissa & MANTISSA_MASK);
}

uint64_t sim_cacc_add(uint64_t sum, const struct sim_float_sum *add)
{
	unsigned int old_expo = (unsigned int)(sum >> MANTISSA), new_expo, expo, lead;
	int64_t old = sign_extend(sum & MANTISSA_MASK, MANTISSA), new, total, effect;
	unsigned int old_cut, new_cut, cut;
	bool guard, stick, up;

	if (old_expo == EXPO_NAN)
		return pack(EXPO_NAN, (int64_t)((uint64_t)old & ~((1ull << 29) - 1)));
	if (add->expo == MAC_EXPO_NAN)
		return pack(EXPO_NAN, shift_left(add->mantissa >> 27, 29));

	lead = sign_repeats(sign_extend((uint64_t)add->mantissa, 36), 36);
	new = shift_left(add->mantissa, lead + 4);
	new_expo = add->mantissa ? (add->expo + 47 - lead) & 0x7f : 0;
	if (!old)
		old_expo = 0;
	expo = new_expo > old_expo ? new_expo : old_expo;
	new = align(new, expo - new_expo, &new_cut);
	old = align(old, expo - old_expo, &old_cut);
	cut = new_expo > old_expo ? old_cut : new_expo < old_expo ? new_cut : 0;

	/* 41 bits of sum and three below, made to begin with a bit unlike the sign. */
	total = shift_left(new + old, 3) | cut;
	lead = sign_repeats(total, 44);
	expo += 1 - lead;
	total = shift_left(total, lead);
	/* What was 44 bits is 40, a guard bit and what is below. */
	effect = total >> 4;
	guard = total >> 3 & 1;
	stick = total & 7;
	up = guard && (effect >= 0 || stick);
	effect += up;
	if (effect == (int64_t)1 << (MANTISSA - 1)) {
		effect >>= 1;
		expo++;
	} else if (effect == -((int64_t)1 << (MANTISSA - 2)) && up) {
		effect = shift_left(effect, 1);
		expo--;
	}

	return effect ? pack(expo, effect) : 0;
}

uint32_t sim_cacc_float(uint64_t sum)
{
	unsigned int expo = (unsigned int)(sum >> MANTISSA);
	uint32_t sign = (uint32_t)(sum >> (MANTISSA - 1) & 1);
	uint64_t low = sum & (MANTISSA_MASK >> 1), magnitude;
	uint32_t mantissa;

	if (expo == EXPO_NAN)
		return sign << 31 | 0xffu << 23 | (uint32_t)(low >> 29);
	if (!(sum & MANTISSA_MASK))
		return 0;
	magnitude = sign ? (~low + 1) & (MANTISSA_MASK >> 1) : low;
	mantissa = (uint32_t)(magnitude >> 15) + (uint32_t)(magnitude >> 14 & 1);
	expo += 64;
	/* Rounded up to two, or minus two, which has no bits beside its sign. */
	if (mantissa >> 24 || (sign && !low))
		expo++;

	return sign << 31 | (expo & 0xff) << 23 | (mantissa & 0x7fffff);
}
