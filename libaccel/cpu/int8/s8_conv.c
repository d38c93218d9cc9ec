// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libaccel/cpu/deconv_phase.h"
#include "libaccel/cpu/pool.h"
#include "libaccel/dev/error.h"
#include "s8_conv.h"

/* An ordinary convolution: the whole one, or a phase of a transposed one. */
struct part {
	struct accel_conv *conv;
	size_t width;			/* outputs per line */
	size_t first, line, pixel;	/* where they lie in the output, in bytes */
};

struct s8_conv {
	struct accel_conv_shape shape;
	struct s8_requant requant;
	s8_requant_fn *finish;
	int32_t *parameters;		/* storage of @requant's */
	struct part *parts;
	size_t part_count;
};

/* What the tiles of a run share. */
struct run {
	const struct s8_conv *conv;
	const struct part *part;
	const int8_t *in;
	int8_t *out;
};

/* Rows of a tile at most. */
#define TILE_ROWS	8

static void take_sums(void *ctx, size_t pixel, size_t channel, size_t rows, size_t columns,
		      const int32_t *acc, size_t stride)
{
	const struct run *run = ctx;
	const struct part *part = run->part;
	size_t y = pixel / part->width, x = pixel % part->width, r, some;
	int8_t *out[TILE_ROWS];

	for (; rows; rows -= some, acc += some * stride) {
		some = rows < TILE_ROWS ? rows : TILE_ROWS;
		for (r = 0; r < some; r++) {
			out[r] = run->out + part->first + y * part->line + x * part->pixel + channel;
			if (++x == part->width) {
				x = 0;
				y++;
			}
		}
		run->conv->finish(&run->conv->requant, channel, acc, stride, some, columns, out);
	}
}

static int run_tiles(void *ctx, size_t first, size_t end)
{
	const struct run *all = ctx;
	const struct accel_conv_shape *shape = &all->conv->shape;
	const size_t in = (size_t)shape->in_height * shape->in_width * shape->in_channels;
	const size_t out = (size_t)shape->out_height * shape->out_width * shape->out_channels;
	const size_t per_image = accel_conv_tiles(all->part->conv);
	void *scratch = accel_pool_scratch(accel_conv_scratch(all->part->conv));

	if (!scratch)
		return -ENOMEM;
	while (first < end) {
		size_t image = first / per_image, tile = first % per_image;
		size_t count = per_image - tile < end - first ? per_image - tile : end - first;
		struct run run = { all->conv, all->part, all->in + image * in,
				   all->out + image * out };

		accel_conv_run(all->part->conv, run.in, NULL, &run, tile, tile + count, scratch);
		first += count;
	}

	return 0;
}

int s8_conv_run(const struct s8_conv *conv, size_t batch, const int8_t *in, int8_t *out)
{
	const struct accel_conv_shape *shape = &conv->shape;
	double work = (double)batch * shape->out_height * shape->out_width * shape->out_channels *
		      shape->kernel_height * shape->kernel_width * shape->in_channels /
		      shape->groups / (double)conv->part_count;
	size_t i;
	int ret = 0;

	for (i = 0; i < conv->part_count && !ret; i++) {
		struct run run = { conv, &conv->parts[i], in, out };

		ret = accel_pool_run(run_tiles, &run, batch * accel_conv_tiles(run.part->conv),
				     work);
	}

	return ret;
}

/* The taps of a part in one direction: the kernel's tap first + step * index. */
struct taps {
	uint32_t count;
	int64_t first, step;
};

/* A part's weights, and its biases with the input's zero point taken off. */
static int take_weights(const struct s8_conv *conv, const int8_t *weights, const int32_t *bias,
			struct taps y, struct taps x, int8_t *to, int32_t *folded)
{
	const struct accel_conv_shape *s = &conv->shape;
	const size_t depth = s->in_channels / s->groups;
	uint32_t n, ky, kx;
	size_t c;

	for (n = 0; n < s->out_channels; n++) {
		int64_t sum = 0;

		for (ky = 0; ky < y.count; ky++) {
			for (kx = 0; kx < x.count; kx++, to += depth) {
				size_t line = (size_t)(y.first + y.step * ky);
				size_t tap = ((size_t)n * s->kernel_height + line) *
					     s->kernel_width + (size_t)(x.first + x.step * kx);

				/* No tap: one of weight 0. */
				if (y.first < 0 || x.first < 0)
					memset(to, 0, depth);
				else
					memcpy(to, weights + tap * depth, depth);
				for (c = 0; c < depth; c++)
					sum += to[c];
			}
		}
		sum = (bias ? bias[n] : 0) - sum * s->pad_value;
		if (sum > INT32_MAX || sum < INT32_MIN)
			return accel_error_set(-EINVAL,
					       "convolution: the bias of channel %u exceeds 32 bits",
					       n);
		folded[n] = (int32_t)sum;
	}

	return 0;
}

static int make_part(struct s8_conv *conv, enum accel_isa isa,
		     const struct accel_conv_shape *shape, const int8_t *weights,
		     const int32_t *bias, struct taps y, struct taps x)
{
	size_t depth = shape->in_channels / shape->groups;
	int8_t *own = malloc((size_t)shape->out_channels * y.count * x.count * depth);
	int32_t *folded = malloc(shape->out_channels * sizeof(*folded));
	struct accel_requant requant = { .bias = folded };
	struct part *part = &conv->parts[conv->part_count];
	int ret;

	if (!own || !folded)
		ret = accel_error_memory("a convolution's weights");
	else
		ret = take_weights(conv, weights, bias, y, x, own, folded);
	if (!ret)
		ret = accel_conv_new(isa, shape, own, &requant, take_sums, &part->conv);
	if (!ret)
		conv->part_count++;
	part->width = shape->out_width;
	free(own);
	free(folded);

	return ret;
}

static int make_phase(struct s8_conv *conv, enum accel_isa isa, struct deconv_phase y,
		      struct deconv_phase x, const int8_t *weights, const int32_t *bias)
{
	const struct accel_conv_shape *s = &conv->shape;
	struct part *part = &conv->parts[conv->part_count];
	struct accel_conv_shape shape = *s;
	bool none = !y.taps || !x.taps;
	struct taps lines = { none ? 1 : y.taps, none ? -1 : (int64_t)y.tap, -(int64_t)y.tap_step };
	struct taps columns = { none ? 1 : x.taps, none ? -1 : (int64_t)x.tap,
				-(int64_t)x.tap_step };

	if (!y.count || !x.count)
		return 0;
	if (y.start > INT32_MAX || y.start < -INT32_MAX || x.start > INT32_MAX ||
	    x.start < -INT32_MAX)
		return accel_error_set(-EINVAL, "convolution: padding beyond 31 bits");
	shape.out_height = y.count;
	shape.out_width = x.count;
	shape.kernel_height = lines.count;
	shape.kernel_width = columns.count;
	shape.stride_y = shape.stride_x = 1;
	shape.dilation_y = y.dilation;
	shape.dilation_x = x.dilation;
	shape.pad_top = none ? 0 : -(int32_t)y.start;
	shape.pad_left = none ? 0 : -(int32_t)x.start;
	shape.loose = true;
	part->line = (size_t)s->out_width * s->out_channels * s->stride_y;
	part->pixel = (size_t)s->out_channels * s->stride_x;
	part->first = ((size_t)y.first * s->out_width + x.first) * s->out_channels;

	return make_part(conv, isa, &shape, weights, bias, lines, columns);
}

static int make_phases(struct s8_conv *conv, enum accel_isa isa, const int8_t *weights,
		       const int32_t *bias)
{
	const struct accel_conv_shape *s = &conv->shape;
	uint32_t py, px;
	int ret = 0;

	for (py = 0; py < s->stride_y && !ret; py++)
		for (px = 0; px < s->stride_x && !ret; px++)
			ret = make_phase(conv, isa,
					 deconv_phase(py, s->out_height, s->kernel_height,
						      s->stride_y, s->dilation_y,
						      (uint32_t)s->pad_top),
					 deconv_phase(px, s->out_width, s->kernel_width,
						      s->stride_x, s->dilation_x,
						      (uint32_t)s->pad_left), weights, bias);

	return ret;
}

static int make_parts(struct s8_conv *conv, enum accel_isa isa, bool transposed,
		      const int8_t *weights, const int32_t *bias)
{
	const struct accel_conv_shape *s = &conv->shape;
	size_t phases = (size_t)(s->stride_y < s->out_height ? s->stride_y : s->out_height) *
			(s->stride_x < s->out_width ? s->stride_x : s->out_width);

	if (transposed && (!s->stride_y || !s->stride_x || s->pad_top < 0 || s->pad_left < 0))
		return accel_error_set(-EINVAL, "transposed convolution: stride 0 or negative padding");
	conv->parts = calloc(transposed ? phases + 1 : 1, sizeof(*conv->parts));
	if (!conv->parts)
		return accel_error_memory("a convolution");
	if (transposed)
		return make_phases(conv, isa, weights, bias);
	conv->parts[0].pixel = s->out_channels;
	conv->parts[0].line = (size_t)s->out_width * s->out_channels;

	return make_part(conv, isa, s, weights, bias, (struct taps){ s->kernel_height, 0, 1 },
			 (struct taps){ s->kernel_width, 0, 1 });
}

int s8_conv_new(enum accel_isa isa, const struct accel_conv_shape *shape, bool transposed,
		const int8_t *weights, const int32_t *bias, const struct s8_requant *requant,
		struct s8_conv **out)
{
	const size_t n = shape->out_channels;
	struct s8_conv *conv;
	size_t i;
	int ret;

	if (!n || !shape->groups || !shape->in_channels || !shape->kernel_height ||
	    !shape->kernel_width || shape->in_channels % shape->groups)
		return accel_error_set(-EINVAL, "convolution: a dimension is 0 or not divided by the groups");
	conv = calloc(1, sizeof(*conv));
	if (!conv)
		return accel_error_memory("a convolution");
	conv->shape = *shape;
	conv->requant = *requant;
	conv->finish = s8_requant_select(isa);
	conv->parameters = malloc(2 * n * sizeof(*conv->parameters));
	if (!conv->parameters) {
		ret = accel_error_memory("a convolution's channel parameters");
		goto fail;
	}
	memcpy(conv->parameters, requant->multiplier, n * sizeof(*conv->parameters));
	memcpy(conv->parameters + n, requant->shift, n * sizeof(*conv->parameters));
	conv->requant.multiplier = conv->parameters;
	conv->requant.shift = conv->parameters + n;
	conv->requant.left = false;
	conv->requant.right = true;
	for (i = 0; i < n; i++) {
		conv->requant.left |= requant->shift[i] > 0;
		conv->requant.right &= requant->shift[i] < 0;
	}
	ret = make_parts(conv, isa, transposed, weights, bias);
	if (ret)
		goto fail;
	*out = conv;

	return 0;
fail:
	s8_conv_free(conv);

	return ret;
}

void s8_conv_free(struct s8_conv *conv)
{
	size_t i;

	if (!conv)
		return;
	for (i = 0; conv->parts && i < conv->part_count; i++)
		accel_conv_free(conv->parts[i].conv);
	free(conv->parts);
	free(conv->parameters);
	free(conv);
}
