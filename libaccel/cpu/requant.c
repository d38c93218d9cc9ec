// SPDX-License-Identifier: MIT
#include "requant.h"

/* Results this large saturate to INT8 for every zero point the kernels take. */
#define SURE_SATURATION	1024
#define ZERO_LIMIT	384

bool accel_requant_is_fused(const struct accel_requant *requant, size_t n, const int64_t *limit)
{
	size_t c;

	/* SQRDMULH shifts by 31; the multiplier makes up for what is less. */
	if (requant->shift < 16 || requant->shift > 31)
		return false;
	if (requant->zero < -ZERO_LIMIT || requant->zero > ZERO_LIMIT)
		return false;

	for (c = 0; c < n; c++) {
		int32_t m = requant->multiplier[c];
		unsigned int z;

		/* The 32-bit sum itself must be exact. */
		if (limit[c] > INT32_MAX)
			return false;
		if (!m)
			continue;
		/* -2^15 << 16 times -2^31 would be the one product that saturates. */
		if (m == INT16_MIN)
			return false;
		z = (unsigned int)__builtin_ctz((unsigned int)m);
		if (z >= requant->shift)
			continue;
		if (limit[c] < INT64_C(1) << (requant->shift - 1 - z))
			continue;
		if ((m < 0 ? -m : m) >> z < 2 * SURE_SATURATION)
			return false;
	}

	return true;
}

static int8_t finish(const struct accel_requant *requant, size_t channel, int64_t sum)
{
	int64_t product = sum * requant->multiplier[channel];
	int64_t magnitude = product < 0 ? -product : product;
	int64_t value;

	if (requant->shift)
		magnitude = (magnitude + (INT64_C(1) << (requant->shift - 1))) >> requant->shift;
	value = product < 0 ? -magnitude : magnitude;
	/* SDP keeps 32 bits between the stage and the output converter. */
	if (value > INT32_MAX)
		value = INT32_MAX;
	if (value < INT32_MIN)
		value = INT32_MIN;
	value += requant->zero;
	if (value < requant->min)
		value = requant->min;

	return value > INT8_MAX ? INT8_MAX : value < INT8_MIN ? INT8_MIN : (int8_t)value;
}

int8_t accel_requant_one(const struct accel_requant *requant, size_t channel, int32_t acc)
{
	return finish(requant, channel, (int64_t)acc + requant->bias[channel]);
}

void accel_requant_tile(const struct accel_requant *requant, size_t channel, size_t rows,
			size_t columns, const int32_t *acc, size_t acc_stride, int8_t *out,
			size_t out_stride)
{
	size_t r, c;

	for (r = 0; r < rows; r++) {
		for (c = 0; c < columns; c++)
			out[r * out_stride + c] =
				finish(requant, channel + c, acc[r * acc_stride + c]);
	}
}
