// SPDX-License-Identifier: MIT
/*
 * A window is reduced line by line first, over whole input lines at once, and
 * then pixel by pixel along the line that is left: kernel height + kernel
 * width steps for an output instead of their product.
 */
#include <string.h>

#ifdef __aarch64__
#include <arm_neon.h>
#endif

#include "pdp_line.h"

/* GCC's vectors; only what they cannot say is written for NEON and for others. */
typedef int8_t bytes8 __attribute__((vector_size(8), aligned(1), may_alias));
typedef int8_t bytes16 __attribute__((vector_size(16), aligned(1), may_alias));
typedef int16_t halves8 __attribute__((vector_size(16), aligned(2), may_alias));

#ifdef __aarch64__
#define MAX16(a, b)	((bytes16)vmaxq_s8((int8x16_t)(a), (int8x16_t)(b)))
#define MIN16(a, b)	((bytes16)vminq_s8((int8x16_t)(a), (int8x16_t)(b)))
#define MAX8(a, b)	((bytes8)vmax_s8((int8x8_t)(a), (int8x8_t)(b)))
#define MIN8(a, b)	((bytes8)vmin_s8((int8x8_t)(a), (int8x8_t)(b)))
#else
#define MAX16(a, b)	(((a) & ((a) > (b))) | ((b) & ((a) <= (b))))
#define MIN16(a, b)	(((a) & ((a) < (b))) | ((b) & ((a) >= (b))))
#define MAX8(a, b)	MAX16(a, b)
#define MIN8(a, b)	MIN16(a, b)
#endif

/* What of a kernel that starts at @start lies inside: its first place and length. */
static uint32_t clip(int64_t start, uint32_t kernel, uint32_t size, uint32_t *first)
{
	int64_t end = start + kernel;

	if (start < 0)
		start = 0;
	if (end > size)
		end = size;
	*first = (uint32_t)start;

	return end > start ? (uint32_t)(end - start) : 0;
}

/* Pixels of the reduced line, as far as a window of the output reaches. */
static size_t reach(const struct npu_op *op)
{
	size_t windows = (size_t)(op->out.width - 1) * op->pdp.stride_x + op->pdp.kernel_w;
	size_t pixels = (size_t)op->pdp.pad_left + op->in.width;

	return windows > pixels ? windows : pixels;
}

static size_t element_size(const struct npu_op *op)
{
	return op->pdp.method == NPU_POOL_AVERAGE ? sizeof(int16_t) : sizeof(int8_t);
}

size_t pdp_line_scratch(const struct npu_op *op)
{
	/* Whole vectors may be written behind the last pixel. */
	return reach(op) * op->in.atom * element_size(op) + 2 * sizeof(bytes16);
}

/* The lines of a window: @count of them, @line bytes apart, @n bytes of each. */
struct lines {
	const int8_t *first;
	size_t line, n;
	uint32_t count;
};

static inline __attribute__((always_inline)) void
extreme_lines(const struct lines *lines, bool max, int8_t *out)
{
	size_t i;
	uint32_t y;

	for (i = 0; i + sizeof(bytes16) <= lines->n; i += sizeof(bytes16)) {
		const int8_t *in = lines->first + i;
		bytes16 v = *(const bytes16 *)in;

		for (y = 1; y < lines->count; y++) {
			bytes16 x = *(const bytes16 *)(in += lines->line);

			v = max ? MAX16(v, x) : MIN16(v, x);
		}
		*(bytes16 *)(out + i) = v;
	}
	/* An atom is 8 bytes or more. */
	if (i < lines->n) {
		const int8_t *in = lines->first + i;
		bytes8 v = *(const bytes8 *)in;

		for (y = 1; y < lines->count; y++) {
			bytes8 x = *(const bytes8 *)(in += lines->line);

			v = max ? MAX8(v, x) : MIN8(v, x);
		}
		*(bytes8 *)(out + i) = v;
	}
}

/* Along the line: windows of @kernel pixels of 8 bytes or of 16-byte pieces. */
static inline __attribute__((always_inline)) void
extreme_windows(const int8_t *in, const struct npu_op *op, uint32_t kernel, bool max, int8_t *out)
{
	const size_t atom = op->in.atom, step = atom * op->pdp.stride_x;
	uint32_t x, s;
	size_t c;

	for (x = 0; x < op->out.width; x++, in += step, out += atom) {
		if (atom == sizeof(bytes8)) {
			bytes8 v = *(const bytes8 *)in;

			for (s = 1; s < kernel; s++) {
				bytes8 w = *(const bytes8 *)(in + s * atom);

				v = max ? MAX8(v, w) : MIN8(v, w);
			}
			*(bytes8 *)out = v;
			continue;
		}
		for (c = 0; c < atom; c += sizeof(bytes16)) {
			bytes16 v = *(const bytes16 *)(in + c);

			for (s = 1; s < kernel; s++) {
				bytes16 w = *(const bytes16 *)(in + c + s * atom);

				v = max ? MAX16(v, w) : MIN16(v, w);
			}
			*(bytes16 *)(out + c) = v;
		}
	}
}

static inline __attribute__((always_inline)) void
run_extreme(const struct npu_op *op, const struct lines *lines, int8_t *scratch, bool max,
	    int8_t *out)
{
	const size_t before = (size_t)op->pdp.pad_left * op->in.atom;
	const size_t all = reach(op) * op->in.atom, behind = all - before - lines->n;
	const int none = max ? INT8_MIN : INT8_MAX;

	memset(scratch, none, before);
	memset(scratch + before + lines->n, none, behind);
	if (lines->count == 3)
		extreme_lines(&(struct lines){ lines->first, lines->line, lines->n, 3 }, max,
			      scratch + before);
	else if (lines->count)
		extreme_lines(lines, max, scratch + before);
	else
		memset(scratch + before, none, lines->n);
	if (op->pdp.kernel_w == 2)
		extreme_windows(scratch, op, 2, max, out);
	else if (op->pdp.kernel_w == 3)
		extreme_windows(scratch, op, 3, max, out);
	else
		extreme_windows(scratch, op, op->pdp.kernel_w, max, out);
}

static halves8 widen(const int8_t *in)
{
#ifdef __aarch64__
	return (halves8)vmovl_s8(vld1_s8(in));
#else
	return __builtin_convertvector(*(const bytes8 *)in, halves8);
#endif
}

/* Sums of at most 64 bytes fit 16 bits. */
static void sum_lines(const struct lines *lines, int16_t *out)
{
	size_t i;
	uint32_t y;

	for (i = 0; i < lines->n; i += sizeof(bytes8)) {
		const int8_t *in = lines->first + i;
		halves8 sum = { 0 };

		for (y = 0; y < lines->count; y++, in += lines->line)
			sum += widen(in);
		*(halves8 *)(out + i) = sum;
	}
}

/*
 * Twice v * recip / 2^16, to nearest, halves away from zero. A sum has 14 bits
 * and a reciprocal 17, of which only 2^16 has the last: 32 bits are enough.
 */
#ifdef __aarch64__
static inline int32x4_t scale(int32x4_t v, int32x4_t recip)
{
	v = vmulq_s32(v, recip);

	return vrshrq_n_s32(vsraq_n_s32(v, v, 31), 16);
}

/* @sum is not passed by value: GCC 14 for arm64 fails on vectors of so little alignment. */
static inline void finish(const struct npu_pdp *pdp, const halves8 *sum, int8_t *out)
{
	const int32x4_t w = vdupq_n_s32((int32_t)pdp->recip_w), h = vdupq_n_s32((int32_t)pdp->recip_h);
	int32x4_t low = scale(scale(vmovl_s16(vget_low_s16((int16x8_t)*sum)), w), h);
	int32x4_t high = scale(scale(vmovl_high_s16((int16x8_t)*sum), w), h);

	vst1_s8(out, vqmovn_s16(vqmovn_high_s32(vqmovn_s32(low), high)));
}
#else
static inline int32_t scale(int32_t v, uint32_t recip)
{
	int32_t product = v * (int32_t)recip;

	return (product + (1 << 15) - (product < 0)) >> 16;
}

static inline void finish(const struct npu_pdp *pdp, const halves8 *sum, int8_t *out)
{
	unsigned int i;

	for (i = 0; i < sizeof(bytes8); i++) {
		int32_t v = scale(scale((*sum)[i], pdp->recip_w), pdp->recip_h);

		out[i] = v > INT8_MAX ? INT8_MAX : v < INT8_MIN ? INT8_MIN : (int8_t)v;
	}
}
#endif

static void average_windows(const int16_t *in, const struct npu_op *op, int8_t *out)
{
	const size_t atom = op->in.atom, step = atom * op->pdp.stride_x;
	uint32_t x, s;
	size_t c;

	for (x = 0; x < op->out.width; x++, in += step, out += atom) {
		for (c = 0; c < atom; c += sizeof(bytes8)) {
			halves8 sum = *(const halves8 *)(in + c);

			for (s = 1; s < op->pdp.kernel_w; s++)
				sum += *(const halves8 *)(in + c + s * atom);
			finish(&op->pdp, &sum, out + c);
		}
	}
}

static void run_average(const struct npu_op *op, const struct lines *lines, int16_t *scratch,
			int8_t *out)
{
	const size_t before = (size_t)op->pdp.pad_left * op->in.atom;
	const size_t all = reach(op) * op->in.atom;

	memset(scratch, 0, before * sizeof(*scratch));
	memset(scratch + before + lines->n, 0, (all - before - lines->n) * sizeof(*scratch));
	sum_lines(lines, scratch + before);
	average_windows(scratch, op, out);
}

void pdp_line_run(const struct npu_op *op, uint8_t *const regions[NPU_REGIONS], uint32_t atom,
		  uint32_t y, void *scratch)
{
	const struct npu_pdp *pdp = &op->pdp;
	int8_t *out = (int8_t *)regions[op->out.region] + op->out.offset +
		      (uint64_t)atom * op->out.surface + (uint64_t)y * op->out.line;
	struct lines lines = { .line = op->in.line, .n = (size_t)op->in.width * op->in.atom };
	uint32_t top;

	lines.count = clip((int64_t)y * pdp->stride_y - pdp->pad_top, pdp->kernel_h,
			   op->in.height, &top);
	lines.first = (int8_t *)regions[op->in.region] + op->in.offset +
		      (uint64_t)atom * op->in.surface + (uint64_t)top * op->in.line;
	if (pdp->method == NPU_POOL_AVERAGE)
		run_average(op, &lines, scratch, out);
	else
		run_extreme(op, &lines, scratch, pdp->method == NPU_POOL_MAX, out);
}
