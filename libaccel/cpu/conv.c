// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conv_operator.h"
#include "libaccel/dev/error.h"

/* No tensor dimension beyond this: sizes then fit 64 bits with room. */
#define DIMENSION_LIMIT	(1u << 24)

static int check_range(const char *what, uint64_t value, uint64_t low, uint64_t high)
{
	if (value < low || value > high)
		return accel_error_set(-EINVAL, "convolution: %s is %llu, not %llu to %llu", what,
				       (unsigned long long)value, (unsigned long long)low,
				       (unsigned long long)high);

	return 0;
}

/* Every output must see at least one real input in each direction. */
static int check_padding(const char *axis, uint32_t in, uint32_t out, uint32_t kernel,
			 uint32_t stride, uint32_t dilation, int32_t pad)
{
	int64_t extent = (int64_t)(kernel - 1) * dilation + 1;
	int64_t last = (int64_t)(out - 1) * stride;

	if (pad >= extent || pad < 0)
		return accel_error_set(-EINVAL, "convolution: %s padding %d is not 0 to %lld",
				       axis, pad, (long long)extent - 1);
	if (last >= (int64_t)in + pad)
		return accel_error_set(-EINVAL,
				       "convolution: %s output %u lies outside the input (%u)",
				       axis, out, in);

	return 0;
}

static int check_layout(const char *what, struct accel_layout *layout, uint32_t width,
			uint32_t channels)
{
	if (!layout->atom) {
		layout->atom = channels;
		layout->line = (size_t)width * channels;
	}
	if (layout->line < (size_t)width * layout->atom)
		return accel_error_set(-EINVAL,
				       "convolution: %s lines of %zu bytes do not hold %u atoms of %u",
				       what, layout->line, width, layout->atom);

	return 0;
}

static int check_shape(struct accel_conv_shape *shape)
{
	const struct { const char *what; uint32_t value; } sizes[] = {
		{ "input height", shape->in_height }, { "input width", shape->in_width },
		{ "input channels", shape->in_channels },
		{ "output height", shape->out_height }, { "output width", shape->out_width },
		{ "output channels", shape->out_channels },
		{ "kernel height", shape->kernel_height },
		{ "kernel width", shape->kernel_width },
		{ "vertical stride", shape->stride_y }, { "horizontal stride", shape->stride_x },
		{ "vertical dilation", shape->dilation_y },
		{ "horizontal dilation", shape->dilation_x },
		{ "groups", shape->groups },
	};
	size_t i;
	int ret;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		ret = check_range(sizes[i].what, sizes[i].value, 1, DIMENSION_LIMIT);
		if (ret)
			return ret;
	}
	if (shape->in_channels % shape->groups || shape->out_channels % shape->groups)
		return accel_error_set(-EINVAL,
				       "convolution: %u and %u channels do not divide into %u groups",
				       shape->in_channels, shape->out_channels, shape->groups);
	ret = check_layout("input", &shape->in, shape->in_width, shape->in_channels);
	if (!ret)
		ret = check_layout("output", &shape->out, shape->out_width, shape->out_channels);
	if (!ret && shape->loose)
		return 0;
	if (!ret)
		ret = check_padding("vertical", shape->in_height, shape->out_height,
				    shape->kernel_height, shape->stride_y, shape->dilation_y,
				    shape->pad_top);
	if (!ret)
		ret = check_padding("horizontal", shape->in_width, shape->out_width,
				    shape->kernel_width, shape->stride_x, shape->dilation_x,
				    shape->pad_left);

	return ret;
}

static size_t pixels(const struct accel_conv *conv)
{
	return (size_t)conv->shape.out_height * conv->shape.out_width;
}

/* Input coordinates of a tap; whether they are inside. */
static bool tap_position(const struct accel_conv_shape *shape, uint32_t oy, uint32_t ox,
			 uint32_t ky, uint32_t kx, size_t *y, size_t *x)
{
	int64_t iy = (int64_t)oy * shape->stride_y + (int64_t)ky * shape->dilation_y -
		     shape->pad_top;
	int64_t ix = (int64_t)ox * shape->stride_x + (int64_t)kx * shape->dilation_x -
		     shape->pad_left;

	*y = (size_t)iy;
	*x = (size_t)ix;

	return iy >= 0 && iy < shape->in_height && ix >= 0 && ix < shape->in_width;
}

static const char *gemm_name(const struct accel_conv *conv)
{
	return conv->kernel->name;
}

/* Rows that one call of the microkernel takes. */
static size_t gemm_mr(const struct accel_conv *conv)
{
	return pixels(conv) == 1 && conv->kernel->row ? 1 : conv->kernel->mr;
}

static size_t gemm_tiles(const struct accel_conv *conv)
{
	return (pixels(conv) + gemm_mr(conv) - 1) / gemm_mr(conv);
}

/* A tap in the padding; no offset inside a tensor is negative. */
#define PADDING_ROW	((ptrdiff_t)-1)

static size_t gathered_bytes(const struct accel_conv *conv)
{
	return conv->rows ? 0 : (gemm_mr(conv) * conv->kc + 15) & ~(size_t)15;
}

/* Columns of a block: a multiple of every kernel's. */
#define BLOCK_COLUMNS	16

static size_t gemm_scratch(const struct accel_conv *conv)
{
	size_t mr = gemm_mr(conv);

	/* One block of sums or outputs, gathered rows, pointers to rows. */
	return mr * BLOCK_COLUMNS * sizeof(int32_t) + gathered_bytes(conv) +
	       conv->taps * mr * sizeof(int8_t *);
}

static void find_rows(struct accel_conv *conv)
{
	const struct accel_conv_shape *shape = &conv->shape;
	size_t mr = gemm_mr(conv), count = pixels(conv), tile, r;
	size_t taps = (size_t)shape->kernel_height * shape->kernel_width, t, y, x;
	ptrdiff_t *row = conv->rows;

	for (tile = 0; tile < gemm_tiles(conv); tile++) {
		/* Atom by atom, and the taps of the kernel for each. */
		for (t = 0; t < conv->taps; t++) {
			size_t channel = t / taps * shape->in.atom;
			uint32_t ky = (uint32_t)(t % taps / shape->kernel_width);
			uint32_t kx = (uint32_t)(t % taps % shape->kernel_width);

			for (r = 0; r < mr; r++) {
				size_t p = tile * mr + r;

				if (p >= count)
					p = count - 1;
				*row++ = tap_position(shape, (uint32_t)(p / shape->out_width),
						      (uint32_t)(p % shape->out_width), ky, kx,
						      &y, &x) ?
					 (ptrdiff_t)accel_layout_offset(&shape->in, y, x, channel) :
					 PADDING_ROW;
			}
		}
	}
}

void accel_layout_copy(const struct accel_layout *layout, const int8_t *from, size_t y, size_t x,
		       size_t channel, size_t count, int8_t *to)
{
	while (count) {
		size_t part = layout->atom - channel % layout->atom;

		if (part > count)
			part = count;
		memcpy(to, from + accel_layout_offset(layout, y, x, channel), part);
		to += part;
		channel += part;
		count -= part;
	}
}

void accel_conv_copy_out(const struct accel_conv *conv, int8_t *out, size_t pixel, size_t channel,
			 size_t count, const int8_t *from)
{
	const struct accel_layout *layout = &conv->shape.out;
	size_t y = pixel / conv->shape.out_width, x = pixel % conv->shape.out_width;

	while (count) {
		size_t part = layout->atom - channel % layout->atom;

		if (part > count)
			part = count;
		memcpy(out + accel_layout_offset(layout, y, x, channel), from, part);
		from += part;
		channel += part;
		count -= part;
	}
}

static void gather_tap(const struct accel_conv_call *call, uint32_t oy, uint32_t ox, uint32_t ky,
		       uint32_t kx, size_t channel, int8_t *to)
{
	const struct accel_conv_shape *shape = &call->conv->shape;
	size_t depth = shape->in_channels / shape->groups;
	size_t y, x;

	if (tap_position(shape, oy, ox, ky, kx, &y, &x))
		accel_layout_copy(&shape->in, call->in, y, x, channel, depth, to);
	else
		memset(to, shape->pad_value, depth);
}

/* Copy the taps of a tile's rows behind each other, where K is not a multiple of KR. */
static void gather(const struct accel_conv_call *call, size_t tile, size_t channel, int8_t *to)
{
	const struct accel_conv *conv = call->conv;
	const struct accel_conv_shape *shape = &conv->shape;
	size_t depth = shape->in_channels / shape->groups;
	size_t used = depth * shape->kernel_height * shape->kernel_width;
	size_t mr = gemm_mr(conv), count = pixels(conv), r;
	uint32_t ky, kx;

	for (r = 0; r < mr; r++) {
		size_t p = tile * mr + r;
		uint32_t oy, ox;

		if (p >= count)
			p = count - 1;
		oy = (uint32_t)(p / shape->out_width);
		ox = (uint32_t)(p % shape->out_width);
		for (ky = 0; ky < shape->kernel_height; ky++) {
			for (kx = 0; kx < shape->kernel_width; kx++) {
				gather_tap(call, oy, ox, ky, kx, channel, to);
				to += depth;
			}
		}
		memset(to, 0, conv->kc - used);
		to += conv->kc - used;
	}
}

static void run_kernel(const struct accel_conv *conv, const struct accel_igemm *args)
{
	if (gemm_mr(conv) == 1)
		conv->kernel->row(args);
	else
		conv->kernel->tile(args);
}

/* Columns that the microkernel cannot store directly. */
static void run_block(const struct accel_conv_call *call, struct accel_igemm *args, size_t pixel,
		      size_t rows, size_t channel, size_t columns, void *block)
{
	const struct accel_conv *conv = call->conv;
	size_t nr = (columns + conv->kernel->nr - 1) / conv->kernel->nr * conv->kernel->nr, r;
	int8_t *bytes = block;

	args->out = block;
	args->nc = nr;
	args->raw = !conv->fused;
	args->stride = nr * (args->raw ? sizeof(int32_t) : 1);
	run_kernel(conv, args);

	if (conv->sums) {
		conv->sums(call->ctx, pixel, channel, rows, columns, block, nr);
		return;
	}
	/* In place: a row of bytes never reaches the next row of sums. */
	if (!conv->fused)
		accel_requant_tile(&conv->requant, channel, rows, columns, block, nr, bytes, nr);
	for (r = 0; r < rows; r++)
		accel_conv_copy_out(conv, call->out, pixel + r, channel, columns, bytes + r * nr);
}

/*
 * Columns that the microkernel may store directly from @channel of a group on:
 * whole blocks up to the end of an atom of the output.
 */
static size_t direct_columns(const struct accel_conv *conv, size_t group, size_t channel)
{
	const struct accel_conv_shape *shape = &conv->shape;
	size_t width = shape->out_channels / shape->groups;
	size_t atom = shape->out.atom, nr = conv->kernel->nr;
	size_t columns = atom - (group * width + channel) % atom;

	if (columns > width - channel)
		columns = width - channel;

	return columns - columns % nr;
}

static void gemm_tile(const struct accel_conv_call *call, size_t tile, size_t group,
		      const int8_t *const *rows, void *block)
{
	const struct accel_conv *conv = call->conv;
	const struct accel_conv_shape *shape = &conv->shape;
	size_t width = shape->out_channels / shape->groups;
	size_t mr = gemm_mr(conv), pixel = tile * mr;
	size_t left = pixels(conv) - pixel;
	size_t count = left < mr ? left : mr;
	/* The rows of a tile may cross the end of a line. */
	bool direct = conv->fused && count == mr &&
		      (shape->out.line == (size_t)shape->out_width * shape->out.atom ||
		       pixel / shape->out_width == (pixel + mr - 1) / shape->out_width);
	const int8_t *packed = conv->packed + group * conv->group_packed;
	struct accel_igemm args = {
		.rows = rows,
		.taps = conv->taps,
		.kc = conv->kc,
		.zero = conv->requant.zero,
		.min = conv->requant.min,
	};
	size_t channel, columns;

	for (channel = 0; channel < width; channel += columns) {
		size_t all = group * width + channel;

		args.weights = packed + accel_igemm_packed_size(conv->kernel, channel, conv->taps,
								conv->kc);
		columns = direct ? direct_columns(conv, group, channel) : 0;
		if (columns) {
			args.out = call->out + accel_layout_offset(&shape->out, pixel / shape->out_width,
							     pixel % shape->out_width, all);
			args.stride = shape->out.atom;
			args.nc = columns;
			args.raw = 0;
			run_kernel(conv, &args);
			continue;
		}
		columns = width - channel < BLOCK_COLUMNS ? width - channel : BLOCK_COLUMNS;
		run_block(call, &args, pixel, count, all, columns, block);
	}
}

/* Offsets of a tile's rows to pointers. */
static void point_rows(const int8_t *in, const int8_t *padding, const ptrdiff_t *restrict offsets,
		       size_t count, uintptr_t *restrict rows)
{
	const uintptr_t base = (uintptr_t)in, outside = (uintptr_t)padding;
	size_t r;

	for (r = 0; r < count; r++)
		rows[r] = offsets[r] == PADDING_ROW ? outside : base + (uintptr_t)offsets[r];
}

static void gemm_run(const struct accel_conv_call *call, size_t first, size_t end, void *scratch)
{
	const struct accel_conv *conv = call->conv;
	size_t depth = conv->shape.in_channels / conv->shape.groups;
	size_t mr = gemm_mr(conv), count = conv->taps * mr, tile, group, r;
	char *block = scratch;
	int8_t *gathered = (int8_t *)block + mr * BLOCK_COLUMNS * sizeof(int32_t);
	const int8_t **rows = (const int8_t **)(gathered + gathered_bytes(conv));

	for (tile = first; tile < end; tile++) {
		if (conv->rows) {
			point_rows(call->in, conv->padding, conv->rows + tile * count, count,
				   (uintptr_t *)rows);
			gemm_tile(call, tile, 0, rows, block);
			continue;
		}
		for (r = 0; r < mr; r++)
			rows[r] = gathered + r * conv->kc;
		for (group = 0; group < conv->shape.groups; group++) {
			gather(call, tile, group * depth, gathered);
			gemm_tile(call, tile, group, rows, block);
		}
	}
}

static const struct accel_conv_ops gemm_ops = {
	.name = gemm_name,
	.tiles = gemm_tiles,
	.scratch = gemm_scratch,
	.run = gemm_run,
};

static int gemm_init(struct accel_conv *conv, const int8_t *weights)
{
	const struct accel_conv_shape *shape = &conv->shape;
	size_t depth = shape->in_channels / shape->groups;
	size_t width = shape->out_channels / shape->groups;
	size_t taps = (size_t)shape->kernel_height * shape->kernel_width, group, channel;
	const struct accel_igemm_kernel *kernel;
	size_t k = depth, tap;
	int8_t *order = NULL;

	kernel = accel_igemm_select(conv->isa, pixels(conv), conv->full);
	conv->kernel = kernel;
	conv->ops = &gemm_ops;
	/* Pointers to the input are shared by all groups only if there is one. */
	if (shape->in.atom % kernel->kr || shape->groups > 1) {
		k = depth * taps;
		conv->taps = 1;
		conv->kc = (k + kernel->kr - 1) / kernel->kr * kernel->kr;
	} else {
		size_t atoms = (depth + shape->in.atom - 1) / shape->in.atom;

		k = conv->kc = shape->in.atom;
		conv->taps = taps * atoms;
		conv->rows = calloc(gemm_tiles(conv) * conv->taps * gemm_mr(conv),
				    sizeof(*conv->rows));
		if (!conv->rows)
			return accel_error_memory("a convolution's row offsets");
		find_rows(conv);
		/* The taps' order of gemm_bind(), atoms filled up with zeros. */
		order = calloc(width * atoms * taps, shape->in.atom);
		if (!order)
			return accel_error_memory("a convolution's weights");
		for (channel = 0; channel < width; channel++) {
			for (tap = 0; tap < conv->taps; tap++) {
				size_t from = tap / taps * k;
				size_t count = depth - from < k ? depth - from : k;

				memcpy(order + (channel * conv->taps + tap) * k,
				       weights + (channel * taps + tap % taps) * depth + from,
				       count);
			}
		}
		weights = order;
	}

	conv->group_packed = accel_igemm_packed_size(kernel, width, conv->taps, conv->kc);
	conv->packed = aligned_alloc(64, (conv->group_packed * shape->groups + 63) & ~(size_t)63);
	if (!conv->packed) {
		free(order);
		return accel_error_memory("a convolution's packed weights");
	}
	for (group = 0; group < shape->groups; group++) {
		struct accel_requant part = conv->requant;

		part.bias += group * width;
		part.multiplier += group * width;
		accel_igemm_pack(kernel, width, conv->taps, k, conv->kc,
				 weights + group * width * conv->taps * k, &part,
				 conv->packed + group * conv->group_packed);
	}
	free(order);

	return 0;
}

/* Copy the per-channel parameters and find out whether the fast form is exact. */
static int set_requant(struct accel_conv *conv, const struct accel_requant *requant,
		       const int8_t *weights)
{
	size_t n = conv->shape.out_channels, c, i;
	size_t per_channel = (size_t)conv->shape.kernel_height * conv->shape.kernel_width *
			     (conv->shape.in_channels / conv->shape.groups);
	int16_t *multiplier = malloc(n * sizeof(*multiplier));
	int32_t *bias = malloc(n * sizeof(*bias));
	int64_t *limit = malloc(n * sizeof(*limit));

	conv->requant = *requant;
	conv->requant.bias = bias;
	conv->requant.multiplier = multiplier;
	if (!multiplier || !bias || !limit) {
		free(limit);
		return accel_error_memory("a convolution's channel parameters");
	}
	memcpy(bias, requant->bias, n * sizeof(*bias));
	if (conv->sums)
		memset(multiplier, 0, n * sizeof(*multiplier));
	else
		memcpy(multiplier, requant->multiplier, n * sizeof(*multiplier));

	for (c = 0; c < n; c++) {
		limit[c] = bias[c] < 0 ? -(int64_t)bias[c] : bias[c];
		for (i = 0; i < per_channel; i++) {
			int8_t w = weights[c * per_channel + i];

			limit[c] += 128 * (w < 0 ? -w : w);
			conv->full |= w == INT8_MIN;
		}
	}
	conv->fused = !conv->sums && accel_requant_is_fused(&conv->requant, n, limit);
	for (c = 0; c < n && limit[c] <= INT32_MAX; c++)
		;
	free(limit);
	if (c < n)
		return accel_error_set(-EINVAL, "convolution: the sums of channel %zu may exceed 32 bits",
				       c);

	return 0;
}

int accel_conv_new(enum accel_isa isa, const struct accel_conv_shape *shape,
		   const int8_t *weights, const struct accel_requant *requant,
		   accel_conv_sums_fn *sums, struct accel_conv **out)
{
	struct accel_conv *conv;
	size_t padding;
	int ret;

	conv = calloc(1, sizeof(*conv));
	if (!conv)
		return accel_error_memory("a convolution");
	conv->isa = isa;
	conv->sums = sums;
	conv->shape = *shape;
	ret = check_shape(&conv->shape);
	if (ret)
		goto fail;
	if (requant->shift > 63) {
		ret = accel_error_set(-EINVAL, "convolution: shift is %u, not 0 to 63",
				      requant->shift);
		goto fail;
	}

	padding = (size_t)conv->shape.in.atom + 16;
	conv->padding = malloc(padding);
	if (!conv->padding) {
		ret = accel_error_memory("a convolution's padding");
		goto fail;
	}
	memset(conv->padding, shape->pad_value, padding);
	ret = set_requant(conv, requant, weights);
	if (ret)
		goto fail;
	if (shape->groups == shape->in_channels && shape->groups == shape->out_channels &&
	    shape->groups > 1 && !shape->loose)
		ret = accel_dwconv_init(conv, weights);
	else
		ret = gemm_init(conv, weights);
	if (ret)
		goto fail;
	*out = conv;

	return 0;
fail:
	accel_conv_free(conv);
	return ret;
}

void accel_conv_free(struct accel_conv *conv)
{
	if (!conv)
		return;
	free(conv->rows);
	free(conv->packed);
	free(conv->padding);
	free((void *)conv->requant.bias);
	free((void *)conv->requant.multiplier);
	free(conv);
}

size_t accel_conv_tiles(const struct accel_conv *conv)
{
	return conv->ops->tiles(conv);
}

size_t accel_conv_scratch(const struct accel_conv *conv)
{
	return conv->ops->scratch(conv);
}

void accel_conv_run(const struct accel_conv *conv, const int8_t *in, int8_t *out, void *ctx,
		    size_t first, size_t end, void *scratch)
{
	const struct accel_conv_call call = { conv, in, out, ctx };

	conv->ops->run(&call, first, end, scratch);
}

const char *accel_conv_kernel(const struct accel_conv *conv)
{
	return conv->ops->name(conv);
}
