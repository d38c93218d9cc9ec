// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "f32_conv.h"
#include "libaccel/cpu/deconv_phase.h"
#include "libaccel/cpu/pool.h"
#include "libaccel/dev/error.h"

/* One direction: where the taps of an output lie. */
struct axis {
	uint32_t in, out, kernel, stride, dilation;
	int64_t start;
};

/**
 * struct part - an ordinary convolution: the whole one, or a phase
 * @y: vertical, likewise @x
 * @first: floats from the output's start to this part's
 * @line: floats from one output line to the next
 * @pixel: floats from one output pixel to the next
 * @packed: weights: [group] packed for the matrix kernel, or [tap][channel]
 * @mr: rows per call of the matrix kernel
 */
struct part {
	struct axis y, x;
	size_t first, line, pixel;
	float *packed;
	size_t mr;
};

struct f32_conv {
	const struct f32_kernels *kernels;
	struct f32_conv_shape shape;
	size_t group_in, group_out;
	bool depthwise;
	float *bias;
	float *zeros;		/* a pixel of padding */
	struct part *parts;
	size_t part_count;
};

/* What the tiles of a run share. */
struct run {
	const struct f32_conv *conv;
	const struct part *part;
	const float *in;
	float *out;
};

static size_t blocks(size_t columns)
{
	return (columns + F32_NR - 1) / F32_NR;
}

/* Floats of a group's packed weights: biases, weights and room per block of columns. */
static size_t group_floats(const struct f32_conv *conv, const struct part *part)
{
	size_t k = (size_t)part->y.kernel * part->x.kernel * conv->group_in;

	return blocks(conv->group_out) * F32_NR * (k + 2);
}

/* Where in the input output @o's first tap lies. */
static int64_t origin(const struct axis *axis, size_t o)
{
	return (int64_t)o * axis->stride + axis->start;
}

static bool inside(const struct axis *axis, int64_t at)
{
	return at >= 0 && at < axis->in;
}

/* Pointers to the taps of a tile's rows: [tap][row]. */
static void find_rows(const struct run *run, size_t image, size_t pixel, size_t rows,
		      const float **to)
{
	const struct f32_conv *conv = run->conv;
	const struct part *part = run->part;
	const size_t channels = conv->shape.in_channels, mr = part->mr;
	const size_t last = (size_t)part->y.out * part->x.out - 1;
	const float *in = run->in + image * part->y.in * part->x.in * channels;
	size_t r;

	for (r = 0; r < mr; r++) {
		size_t p = r < rows ? pixel + r : last;
		int64_t top = origin(&part->y, p / part->x.out);
		int64_t left = origin(&part->x, p % part->x.out);
		const float **at = to + r;
		uint32_t ky, kx;

		for (ky = 0; ky < part->y.kernel; ky++) {
			int64_t y = top + (int64_t)ky * part->y.dilation;

			for (kx = 0; kx < part->x.kernel; kx++, at += mr) {
				int64_t x = left + (int64_t)kx * part->x.dilation;

				*at = inside(&part->y, y) && inside(&part->x, x) ?
				      in + ((size_t)y * part->x.in + (size_t)x) * channels :
				      conv->zeros;
			}
		}
	}
}

/* The rows of the next group: all pointers but those to padding move on. */
static void next_group(const struct f32_conv *conv, size_t count, const float **rows)
{
	size_t i;

	for (i = 0; i < count; i++)
		rows[i] += rows[i] == conv->zeros ? 0 : conv->group_in;
}

static float *pixel_at(const struct run *run, size_t image, size_t pixel)
{
	const struct f32_conv_shape *shape = &run->conv->shape;
	const struct part *part = run->part;

	return run->out + image * shape->out_height * shape->out_width * shape->out_channels +
	       part->first + pixel / part->x.out * part->line + pixel % part->x.out * part->pixel;
}

static void run_group(const struct run *run, size_t image, size_t pixel, size_t rows, size_t group,
		      struct accel_igemm *args)
{
	const struct f32_conv *conv = run->conv;
	const struct part *part = run->part;
	accel_igemm_fn *kernel = part->mr == 1 ? conv->kernels->row : conv->kernels->tile;
	const float *packed = part->packed + group * group_floats(conv, part);
	const size_t first = group * conv->group_out;
	const bool together = rows == part->mr &&
		(pixel / part->x.out == (pixel + rows - 1) / part->x.out ||
		 part->line == part->pixel * part->x.out);
	const size_t direct = together ? conv->group_out / F32_NR * F32_NR : 0;
	const size_t block = group_floats(conv, part) / blocks(conv->group_out);
	float tile[F32_MR * F32_NR];
	size_t column, r, n;

	if (direct) {
		args->weights = packed;
		args->out = pixel_at(run, image, pixel) + first;
		args->stride = part->pixel * sizeof(float);
		args->nc = direct;
		kernel(args);
	}
	for (column = direct; column < conv->group_out; column += F32_NR) {
		n = conv->group_out - column < F32_NR ? conv->group_out - column : F32_NR;
		args->weights = packed + column / F32_NR * block;
		args->out = tile;
		args->stride = F32_NR * sizeof(float);
		args->nc = F32_NR;
		kernel(args);
		for (r = 0; r < rows; r++)
			memcpy(pixel_at(run, image, pixel + r) + first + column,
			       tile + r * F32_NR, n * sizeof(float));
	}
}

static int gemm_tiles(void *ctx, size_t first, size_t end)
{
	const struct run *run = ctx;
	const struct f32_conv *conv = run->conv;
	const struct part *part = run->part;
	const size_t pixels = (size_t)part->y.out * part->x.out;
	const size_t per_image = (pixels + part->mr - 1) / part->mr;
	const size_t taps = (size_t)part->y.kernel * part->x.kernel;
	const float **rows = accel_pool_scratch(taps * part->mr * sizeof(*rows));
	struct accel_igemm args = {
		.rows = (const int8_t *const *)rows, .taps = taps,
		.kc = conv->group_in * sizeof(float),
		.raw = !conv->shape.clamp, .low = conv->shape.low, .high = conv->shape.high,
	};
	size_t group;

	if (!rows)
		return -ENOMEM;
	for (; first < end; first++) {
		size_t pixel = first % per_image * part->mr;
		size_t count = pixels - pixel < part->mr ? pixels - pixel : part->mr;

		find_rows(run, first / per_image, pixel, count, rows);
		for (group = 0; group < conv->shape.groups; group++) {
			run_group(run, first / per_image, pixel, count, group, &args);
			next_group(conv, taps * part->mr, rows);
		}
	}

	return 0;
}

/* The columns of the kernel, or lines, that lie inside the input at output @o. */
static void clip(const struct axis *axis, size_t o, size_t *from, size_t *to)
{
	int64_t at = origin(axis, o);

	*from = 0;
	*to = axis->kernel;
	while (*from < *to && !inside(axis, at + (int64_t)(*from * axis->dilation)))
		++*from;
	while (*to > *from && !inside(axis, at + (int64_t)((*to - 1) * axis->dilation)))
		--*to;
}

/* Behind the last output all of whose taps lie inside the input; there is one. */
static size_t complete_end(const struct axis *axis)
{
	int64_t last = (int64_t)axis->in - 1 - (int64_t)(axis->kernel - 1) * axis->dilation -
		       axis->start;
	size_t end = (size_t)(last / axis->stride) + 1;

	return end < axis->out ? end : axis->out;
}

/* A tile of a depthwise convolution is an output line. */
static int dwconv_tiles(void *ctx, size_t first, size_t end)
{
	const struct run *run = ctx;
	const struct f32_conv *conv = run->conv;
	const struct part *part = run->part;
	const size_t channels = conv->shape.in_channels, width = part->x.out;
	struct f32_span span = {
		.line = (ptrdiff_t)part->y.dilation * part->x.in * (ptrdiff_t)channels,
		.pixel = (ptrdiff_t)part->x.dilation * (ptrdiff_t)channels,
		.step = (ptrdiff_t)part->x.stride * (ptrdiff_t)channels,
		.kernel_w = part->x.kernel, .weights = part->packed, .bias = conv->bias,
		.channels = channels, .clamp = conv->shape.clamp, .low = conv->shape.low,
		.high = conv->shape.high,
	};

	for (; first < end; first++) {
		size_t image = first / part->y.out, y = first % part->y.out, x, next;
		const float *in = run->in + image * part->y.in * part->x.in * channels;
		int64_t top = origin(&part->y, y);

		clip(&part->y, y, &span.from_y, &span.to_y);
		for (x = 0; x < width; x = next) {
			clip(&part->x, x, &span.from_x, &span.to_x);
			/* Pixels that see all taps go together. */
			next = x + 1;
			if (!span.from_x && span.to_x == part->x.kernel && part->pixel == channels)
				next = complete_end(&part->x);
			span.in = in + (top * part->x.in + origin(&part->x, x)) *
				       (ptrdiff_t)channels;
			span.count = next - x;
			span.out = pixel_at(run, image, y * width + x);
			conv->kernels->dwconv(&span);
		}
	}

	return 0;
}

int f32_conv_run(const struct f32_conv *conv, size_t batch, const float *in, float *out)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < conv->part_count && !ret; i++) {
		const struct part *part = &conv->parts[i];
		struct run run = { conv, part, in, out };
		size_t pixels = (size_t)part->y.out * part->x.out;
		size_t taps = (size_t)part->y.kernel * part->x.kernel;
		double work = (double)batch * (double)pixels * (double)conv->shape.out_channels *
			      (double)(taps * conv->group_in);

		if (conv->depthwise)
			ret = accel_pool_run(dwconv_tiles, &run, batch * part->y.out, work);
		else
			ret = accel_pool_run(gemm_tiles, &run,
					     batch * ((pixels + part->mr - 1) / part->mr), work);
	}

	return ret;
}

static int check(const struct f32_conv_shape *shape)
{
	const struct { const char *what; uint32_t value; } sizes[] = {
		{ "input height", shape->in_height }, { "input width", shape->in_width },
		{ "input channels", shape->in_channels }, { "output height", shape->out_height },
		{ "output width", shape->out_width }, { "output channels", shape->out_channels },
		{ "kernel height", shape->kernel_height }, { "kernel width", shape->kernel_width },
		{ "vertical stride", shape->stride_y }, { "horizontal stride", shape->stride_x },
		{ "vertical dilation", shape->dilation_y },
		{ "horizontal dilation", shape->dilation_x }, { "groups", shape->groups },
	};
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		if (!sizes[i].value)
			return accel_error_set(-EINVAL, "convolution: %s is 0", sizes[i].what);
	}
	if (shape->in_channels % shape->groups || shape->out_channels % shape->groups)
		return accel_error_set(-EINVAL,
				       "convolution: %u and %u channels do not divide into %u groups",
				       shape->in_channels, shape->out_channels, shape->groups);

	return 0;
}

#define NO_TAP		UINT32_MAX

/* How the part's taps follow from the kernel's: tap = first - step * index, or index. */
struct taps {
	int64_t first, step;
};

static float weight_at(const struct f32_conv *conv, const float *weights, size_t n, int64_t ky,
		       int64_t kx, size_t c)
{
	const struct f32_conv_shape *shape = &conv->shape;

	if (ky == NO_TAP)
		return 0;

	return weights[((n * shape->kernel_height + (size_t)ky) * shape->kernel_width +
			(size_t)kx) * conv->group_in + c];
}

static int pack(const struct f32_conv *conv, struct part *part, const float *weights,
		struct taps y, struct taps x)
{
	const struct f32_conv_shape *shape = &conv->shape;
	const size_t size = conv->depthwise ?
		(size_t)part->y.kernel * part->x.kernel * shape->out_channels :
		group_floats(conv, part) * shape->groups;
	float *to = aligned_alloc(64, (size * sizeof(float) + 64) & ~(size_t)63);
	size_t group, column, n, c;
	uint32_t ky, kx;

	part->packed = to;
	if (!to)
		return accel_error_memory("a convolution's packed weights");
	if (conv->depthwise) {
		for (ky = 0; ky < part->y.kernel; ky++)
			for (kx = 0; kx < part->x.kernel; kx++)
				for (c = 0; c < shape->out_channels; c++)
					*to++ = weight_at(conv, weights, c, y.first + y.step * ky,
							  x.first + x.step * kx, 0);
		return 0;
	}
	for (group = 0; group < shape->out_channels; group += conv->group_out) {
		const size_t end = group + conv->group_out;

		for (column = group; column < end; column += F32_NR) {
			for (n = column; n < column + F32_NR; n++)
				*to++ = n < end ? conv->bias[n] : 0;
			for (ky = 0; ky < part->y.kernel; ky++)
				for (kx = 0; kx < part->x.kernel; kx++)
					for (c = 0; c < conv->group_in; c++)
						for (n = column; n < column + F32_NR; n++)
							*to++ = n < end ?
								weight_at(conv, weights, n,
									  y.first + y.step * ky,
									  x.first + x.step * kx,
									  c) : 0;
			memset(to, 0, F32_NR * sizeof(*to));
			to += F32_NR;
		}
	}

	return 0;
}

static void plain_axis(struct axis *axis, uint32_t in, uint32_t out, uint32_t kernel,
		       uint32_t stride, uint32_t dilation, uint32_t pad)
{
	*axis = (struct axis){ in, out, kernel, stride, dilation, -(int64_t)pad };
}

static void phase_axis(struct axis *axis, uint32_t in, const struct deconv_phase *phase)
{
	*axis = (struct axis){ in, phase->count, phase->taps, 1, phase->dilation, phase->start };
}

static int make_part(struct f32_conv *conv, const float *weights, struct taps y, struct taps x)
{
	struct part *part = &conv->parts[conv->part_count++];

	part->mr = (size_t)part->y.out * part->x.out == 1 ? 1 : F32_MR;

	return pack(conv, part, weights, y, x);
}

static int make_phases(struct f32_conv *conv, const float *weights)
{
	const struct f32_conv_shape *s = &conv->shape;
	const size_t line = (size_t)s->out_width * s->out_channels;
	uint32_t py, px;
	int ret = 0;

	for (py = 0; py < s->stride_y && !ret; py++) {
		struct deconv_phase y = deconv_phase(py, s->out_height, s->kernel_height,
						     s->stride_y, s->dilation_y, s->pad_top);

		for (px = 0; px < s->stride_x && !ret; px++) {
			struct deconv_phase x = deconv_phase(px, s->out_width, s->kernel_width,
							     s->stride_x, s->dilation_x,
							     s->pad_left);
			struct part *part = &conv->parts[conv->part_count];
			struct taps lines = { y.tap, -(int64_t)y.tap_step };

			if (!y.count || !x.count)
				continue;
			phase_axis(&part->y, s->in_height, &y);
			phase_axis(&part->x, s->in_width, &x);
			/* A tap of weight 0 in the padding stands for none. */
			if (!y.taps || !x.taps) {
				part->y = (struct axis){ s->in_height, y.count, 1, 1, 1,
							 s->in_height };
				part->x = (struct axis){ s->in_width, x.count, 1, 1, 1, 0 };
				lines.first = NO_TAP;
			}
			part->first = y.first * line + (size_t)x.first * s->out_channels;
			part->line = line * s->stride_y;
			part->pixel = (size_t)s->out_channels * s->stride_x;
			ret = make_part(conv, weights, lines,
					(struct taps){ x.tap, -(int64_t)x.tap_step });
		}
	}

	return ret;
}

int f32_conv_new(const struct f32_kernels *kernels, const struct f32_conv_shape *shape,
		 const float *weights, const float *bias, struct f32_conv **out)
{
	struct f32_conv *conv;
	size_t phases = 1;
	int ret = check(shape);

	if (ret)
		return ret;
	conv = calloc(1, sizeof(*conv));
	if (!conv)
		return accel_error_memory("a convolution");
	conv->kernels = kernels;
	conv->shape = *shape;
	conv->shape.low = f32_low(shape->low);
	conv->shape.high = f32_high(shape->high);
	conv->group_in = shape->in_channels / shape->groups;
	conv->group_out = shape->out_channels / shape->groups;
	conv->depthwise = shape->groups > 1 && conv->group_in == 1 && conv->group_out == 1;
	if (shape->transposed)
		phases = (size_t)(shape->stride_y < shape->out_height ? shape->stride_y :
				  shape->out_height) *
			 (shape->stride_x < shape->out_width ? shape->stride_x : shape->out_width);
	conv->bias = calloc(shape->out_channels, sizeof(float));
	conv->zeros = calloc(conv->group_in, sizeof(float));
	conv->parts = calloc(phases + 1, sizeof(*conv->parts));
	if (!conv->bias || !conv->zeros || !conv->parts) {
		ret = accel_error_memory("a convolution");
		goto fail;
	}
	if (bias)
		memcpy(conv->bias, bias, shape->out_channels * sizeof(float));
	if (shape->transposed) {
		ret = make_phases(conv, weights);
	} else {
		struct part *part = conv->parts;

		plain_axis(&part->y, shape->in_height, shape->out_height, shape->kernel_height,
			   shape->stride_y, shape->dilation_y, shape->pad_top);
		plain_axis(&part->x, shape->in_width, shape->out_width, shape->kernel_width,
			   shape->stride_x, shape->dilation_x, shape->pad_left);
		part->pixel = shape->out_channels;
		part->line = part->pixel * shape->out_width;
		ret = make_part(conv, weights, (struct taps){ 0, 1 }, (struct taps){ 0, 1 });
	}
	if (ret)
		goto fail;
	*out = conv;

	return 0;
fail:
	f32_conv_free(conv);

	return ret;
}

void f32_conv_free(struct f32_conv *conv)
{
	size_t i;

	if (!conv)
		return;
	for (i = 0; conv->parts && i < conv->part_count; i++)
		free(conv->parts[i].packed);
	free(conv->parts);
	free(conv->bias);
	free(conv->zeros);
	free(conv);
}
