/* SPDX-License-Identifier: MIT */
/*
 * SDP's arithmetic on one value, bit-exact with the hardware: rounding and
 * saturation follow the RTL (vmod/vlibs NV_NVDLA_HLS_shiftrightsu,
 * shiftleftsu, saturate; vmod/nvdla/sdp NV_NVDLA_SDP_HLS_*).
 */
#ifndef ACCEL_CPU_SDP_ARITHMETIC_H
#define ACCEL_CPU_SDP_ARITHMETIC_H

#include <string.h>

#include "libaccel/compile/npu_op.h"

static inline int32_t sdp_sat32(int64_t v)
{
	return v > INT32_MAX ? INT32_MAX : v < INT32_MIN ? INT32_MIN : (int32_t)v;
}

/* v / 2^shift, to nearest, halves away from zero; 0 once shifted by @width. */
static inline int64_t sdp_shift_round(int64_t v, unsigned int shift, unsigned int width)
{
	int64_t half;

	if (!shift)
		return v;
	if (shift >= width || shift > 62)
		return 0;
	half = INT64_C(1) << (shift - 1);
	return v >= 0 ? (v + half) >> shift : -((-v + half) >> shift);
}

static inline int32_t sdp_shift_left(int32_t v, unsigned int shift)
{
	if (!v)
		return 0;
	if (shift > 31)
		return v < 0 ? INT32_MIN : INT32_MAX;
	return sdp_sat32((int64_t)v * (INT64_C(1) << shift));
}

static inline int64_t sdp_alu(unsigned int which, int64_t x, int64_t o)
{
	switch (which) {
	case NPU_ALU_SUM:
		return x + o;
	case NPU_ALU_MAX:
		return x > o ? x : o;
	default:
		return x < o ? x : o;
	}
}

static inline int32_t sdp_stage_x(const struct npu_stage *stage, int32_t x, int32_t alu_operand,
			      int32_t mul_operand)
{
	int64_t a = x;

	if (stage->alu)
		a = sdp_alu(stage->alu, a, alu_operand);
	if (stage->mul == NPU_MUL_PRELU && a >= 0)
		x = (int32_t)(uint32_t)a;
	else if (stage->mul)
		x = sdp_sat32(sdp_shift_round(a * mul_operand, stage->mul_shift, 49));
	else
		x = sdp_sat32(a);
	return stage->relu && x < 0 ? 0 : x;
}

static inline int32_t sdp_convert(const struct npu_converter *c, int32_t v)
{
	if (c->bypass)
		return v;
	return sdp_sat32(sdp_shift_round(((int64_t)v - c->offset) * c->scale, c->shift, 49));
}

static inline int32_t sdp_lookup(const struct npu_stage_y *y, const uint8_t *lut, int32_t x)
{
	int64_t distance = (int64_t)x - y->lut_start;
	int64_t index = distance > 0 ? distance >> y->lut_shift : 0;
	int64_t fraction, y0, y1, sum;
	int16_t entry[2];

	if (distance <= 0 || index >= NPU_LUT_ENTRIES - 1) {
		memcpy(entry, lut + (distance <= 0 ? 0 : NPU_LUT_ENTRIES - 1) * 2, 2);
		return entry[0];
	}
	memcpy(entry, lut + index * 2, 4);
	y0 = entry[0];
	y1 = entry[1];
	/* The hardware carries 35 bits of fraction; with 31 none is lost. */
	fraction = distance & ((INT64_C(1) << y->lut_shift) - 1);
	sum = y0 * ((INT64_C(1) << y->lut_shift) - fraction) + y1 * fraction;
	return (int32_t)sdp_shift_round(sum, y->lut_shift, 53);
}

static inline int32_t sdp_stage_y(const struct npu_stage_y *y, const uint8_t *lut, int32_t x,
			      int32_t alu_operand, int32_t mul_operand)
{
	if (y->mul && !(y->mul == NPU_MUL_PRELU && x >= 0))
		x = sdp_sat32(sdp_shift_round((int64_t)x * mul_operand, y->mul_shift, 64));
	if (y->alu)
		x = sdp_sat32(sdp_alu(y->alu, x, alu_operand));
	return y->lut ? sdp_lookup(y, lut, x) : x;
}

static inline int8_t sdp_convert_out(const struct npu_sdp *sdp, int32_t x)
{
	int64_t v = sdp_shift_round(((int64_t)x - sdp->cvt_offset) * sdp->cvt_scale, sdp->cvt_shift,
				49);

	return v > INT8_MAX ? INT8_MAX : v < INT8_MIN ? INT8_MIN : (int8_t)v;
}

/* A per-channel operand's value as stored: of one byte or of two. */
static inline int32_t sdp_channel_value(const struct npu_operand *operand, const uint8_t *region,
					uint32_t c)
{
	const uint8_t *at = region + operand->offset + (uint64_t)c * operand->step;
	int16_t value;

	if (operand->step == 1)
		return (int8_t)*at;
	memcpy(&value, at, sizeof(value));
	return value;
}

#endif /* ACCEL_CPU_SDP_ARITHMETIC_H */
