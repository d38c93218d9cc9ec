/* SPDX-License-Identifier: MIT */
/*
 * FP32 kernels: one template (f32_template.inc), compiled for NEON, for x86
 * with FMA3, and for machines without fused multiply-add.
 *
 * All of them give the same bytes: sums of products take them in a fixed
 * order, each with one rounding, other sums have a fixed tree, and functions
 * are polynomials, not the machine's library. NaN may differ in payload.
 */
#ifndef ACCEL_CPU_F32_KERNELS_H
#define ACCEL_CPU_F32_KERNELS_H

#include <stdbool.h>
#include <stddef.h>

#include "libaccel/cpu/igemm.h"

/*
 * Bounds as the kernels take them: a zero at which a selection and a minimum of
 * numbers agree on the result's sign.
 */
static inline float f32_low(float low)
{
	return low + 0.0f;
}

static inline float f32_high(float high)
{
	return high == 0 ? -0.0f : high;
}

/* Rows and columns of the matrix kernel's tile. */
#define F32_MR		6
#define F32_NR		16

/* Operations of two values. */
enum f32_binary { F32_ADD, F32_SUB, F32_MUL, F32_DIV, F32_MAX, F32_MIN, F32_PRELU, F32_BINARIES };

/*
 * Functions of one value. Errors against the exact result, over all floats, as
 * tests/unit/cpu/test_f32.c measures them, in units in the last place: EXP
 * less than 2, LOGISTIC and HARD_SWISH less than 3, TANH less than 6. LOGISTIC
 * is 0 where it is less than 2^-126.
 */
enum f32_map { F32_EXP, F32_LOGISTIC, F32_TANH, F32_HARD_SWISH, F32_MAPS };

/**
 * struct f32_span - depthwise convolution of some pixels of a line
 * @in: input at tap (0, 0) of the first pixel, which may lie outside
 * @line: floats from a line of the kernel to the next in the input
 * @pixel: floats from a column of the kernel to the next
 * @step: floats from an output pixel to the next in the input
 * @kernel_w: columns of the kernel
 * @from_y: lines of the kernel that lie inside the input for every pixel here
 * @to_y: likewise, the one behind
 * @from_x: columns of the kernel that do
 * @to_x: likewise
 * @weights: [taps][channels]
 * @bias: [channels]
 * @channels: channels
 * @count: output pixels
 * @low: lower bound of the output, if @clamp, from f32_low()
 * @high: upper bound, from f32_high()
 * @clamp: whether there are bounds
 * @out: [count][channels]
 *
 * A sum begins with the bias and takes the taps in order; those outside do not
 * take part.
 */
struct f32_span {
	const float *in;
	ptrdiff_t line, pixel, step;
	size_t kernel_w, from_y, to_y, from_x, to_x;
	const float *weights, *bias;
	size_t channels, count;
	float low, high;
	bool clamp;
	float *out;
};

/**
 * struct f32_taps - the pixels of a line that one pixel of a scaled line is made of
 * @first: the first of them
 * @count: how many, at least 1
 * @weights: [count]
 */
struct f32_taps {
	size_t first, count;
	const float *weights;
};

/**
 * struct f32_kernels - the kernels for one instruction set
 * @name: for reports
 * @tile: matrix product of F32_MR rows; see struct accel_igemm and f32_gemm.h
 * @row: of one row; the same packed weights
 * @dwconv: depthwise convolution
 * @binary: y[i] = a[i] op b[i]; a step of 0 repeats the first element, the
 *          other one is 1. PRELU: a < 0 ? a * b : a. MAX, MIN: NaN if either
 *          is, +0 is more than -0
 * @clamp: y[i] = min(max(y[i], low), high); NaN becomes @low
 * @map: y[i] = f(x[i])
 * @exp_below: y[i] = exp(beta * (x[i] - high)) as @softmax computes it, of x[i] up to @high
 * @softmax: y[i] = exp(beta * (x[i] - max x)) / sum, x not empty; sums of 16
 *           elements apart, then of 8, 4, 2, 1 apart
 * @max_pixels: out[c] = max over @count pixels of in[p][c]; -infinity without any
 * @mean_pixels: out[c] = (sum over pixels in order of in[p][c]) / divisor
 * @lerp: bilinear: t = a + (b - a) * fx, u = c + (d - c) * fx, t + (u - t) * fy
 * @mix_bytes: out[i] = sum over @count lines k in order of weights[k] * lines[k][i]
 * @mix_pixels: pixels of 1 or 3 @channels: the sum over each one's taps in order.
 *              Reads one float behind the pixels of @line
 * @normalise: out[i] = (in[i] - mean[c]) * scale[c], c the i-th value's channel of
 *             1 or 3 @channels
 */
struct f32_kernels {
	const char *name;
	accel_igemm_fn *tile, *row;
	void (*dwconv)(const struct f32_span *span);
	void (*binary[F32_BINARIES])(const float *a, size_t step_a, const float *b, size_t step_b,
				     size_t n, float *y);
	void (*clamp)(float *y, size_t n, float low, float high);
	void (*map[F32_MAPS])(const float *x, size_t n, float *y);
	void (*exp_below)(const float *x, size_t n, float high, float beta, float *y);
	void (*softmax)(const float *x, size_t n, float beta, float *y);
	void (*max_pixels)(const float *const *in, size_t count, size_t channels, float *out);
	void (*mean_pixels)(const float *const *in, size_t count, size_t channels, float divisor,
			    float *out);
	void (*lerp)(const float *const corners[4], float fx, float fy, size_t channels,
		     float *out);
	void (*mix_bytes)(const uint8_t *const *lines, const float *weights, size_t count,
			  size_t n, float *out);
	void (*mix_pixels)(const float *line, const struct f32_taps *from, size_t count,
			   size_t channels, float *out);
	void (*normalise)(const float *in, size_t n, const float mean[3], const float scale[3],
			  size_t channels, float *out);
};

extern const struct f32_kernels f32_kernels_neon, f32_kernels_fma3, f32_kernels_portable;

/**
 * f32_kernels_select() - the kernels of an instruction set
 * @isa: at most accel_isa_detect(). ACCEL_ISA_PORTABLE still takes FMA3 where
 *       an x86 has it, unless the environment's ACCEL_ISA asks for "portable"
 */
const struct f32_kernels *f32_kernels_select(enum accel_isa isa);

/* The same for this machine, found once. */
const struct f32_kernels *f32_kernels_best(void);

#endif /* ACCEL_CPU_F32_KERNELS_H */
