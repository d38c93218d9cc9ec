// SPDX-License-Identifier: MIT
/*
 * INT8 depthwise convolution: one output line is a tile.
 *
 * Channels are handled in blocks of 16. The input lines that a thread needs
 * pass through a ring of lines in its scratch memory, padding included and
 * 16 channels of a pixel together: the kernels then know neither borders nor
 * layouts, and a copy costs a tenth of what it saves.
 *
 * In NHWC the last block overlaps its neighbour when the channels are not a
 * multiple of 16. A block's weights are 16 INT32 biases, taps x 16 INT8, 16
 * INT32 multipliers.
 */
#include <stdlib.h>
#include <string.h>

#include "conv_operator.h"
#include "dwconv_block.h"
#include "libaccel/dev/error.h"

static size_t taps(const struct accel_conv *conv)
{
	return (size_t)conv->shape.kernel_height * conv->shape.kernel_width;
}

static size_t blocks(const struct accel_conv *conv)
{
	return (conv->shape.in_channels + DW_BLOCK - 1) / DW_BLOCK;
}

/* Whether a pixel holds all channels and nothing is known of what follows. */
static bool is_nhwc(const struct accel_conv *conv, const struct accel_layout *layout)
{
	return layout->atom >= conv->shape.in_channels && layout->atom % DW_BLOCK;
}

/* Whether the last block overlaps its neighbour instead of being cut short. */
static bool overlaps(const struct accel_conv *conv)
{
	return conv->shape.in_channels > DW_BLOCK && conv->shape.in_channels % DW_BLOCK &&
	       (is_nhwc(conv, &conv->shape.in) || is_nhwc(conv, &conv->shape.out));
}

/* Whether all blocks of a pixel can be moved as 16 bytes. */
static bool is_whole(const struct accel_conv *conv, const struct accel_layout *layout)
{
	if (is_nhwc(conv, layout))
		return conv->shape.in_channels >= DW_BLOCK;

	return layout->atom % DW_BLOCK == 0 &&
	       (!overlaps(conv) || layout->atom >= conv->shape.in_channels);
}

/* First channel of a block. */
static size_t block_channel(const struct accel_conv *conv, size_t block)
{
	if ((block + 1) * DW_BLOCK > conv->shape.in_channels && overlaps(conv))
		return conv->shape.in_channels - DW_BLOCK;

	return block * DW_BLOCK;
}

static size_t block_channels(const struct accel_conv *conv, size_t channel)
{
	size_t left = conv->shape.in_channels - channel;

	return left < DW_BLOCK ? left : DW_BLOCK;
}

static const char *name(const struct accel_conv *conv)
{
	return conv->isa >= ACCEL_ISA_NEON ? "qs8_dwconv_16c__neonmlal" : "qs8_dwconv_16c__portable";
}

static size_t tiles(const struct accel_conv *conv)
{
	return conv->shape.out_height;
}

/* Lines in the ring, and pixels of a line with its padding. */
static size_t ring_lines(const struct accel_conv *conv)
{
	return (size_t)(conv->shape.kernel_height - 1) * conv->shape.dilation_y + 1;
}

static size_t ring_width(const struct accel_conv *conv)
{
	return (size_t)(conv->shape.out_width - 1) * conv->shape.stride_x +
	       (size_t)(conv->shape.kernel_width - 1) * conv->shape.dilation_x + 1;
}

static size_t line_bytes(const struct accel_conv *conv)
{
	return ring_width(conv) * blocks(conv) * DW_BLOCK;
}

static size_t scratch(const struct accel_conv *conv)
{
	return ring_lines(conv) * line_bytes(conv) +
	       conv->shape.kernel_height * sizeof(int8_t *);
}

/* Pixels of one line and block: padding, what is there, padding. */
static void fill_block(const struct accel_conv_call *call, int64_t y, size_t channel, bool whole,
		       int8_t *to)
{
	const struct accel_conv *conv = call->conv;
	const struct accel_conv_shape *shape = &conv->shape;
	size_t width = ring_width(conv), left = shape->pad_left, x;
	size_t end = left + shape->in_width < width ? left + shape->in_width : width;
	const int8_t *from;

	if (y < 0 || y >= shape->in_height)
		left = end = width;
	memset(to, shape->pad_value, left * DW_BLOCK);
	memset(to + end * DW_BLOCK, shape->pad_value, (width - end) * DW_BLOCK);
	to += left * DW_BLOCK;
	if (whole) {
		from = call->in + accel_layout_offset(&shape->in, (size_t)y, 0, channel);
#pragma GCC unroll 4
		for (x = left; x < end; x++) {
			memcpy(to, from, DW_BLOCK);
			to += DW_BLOCK;
			from += shape->in.atom;
		}
		return;
	}
	for (x = left; x < end; x++) {
		accel_layout_copy(&shape->in, call->in, (size_t)y, x - shape->pad_left, channel,
				  block_channels(conv, channel), to);
		to += DW_BLOCK;
	}
}

static void fill_line(const struct accel_conv_call *call, int64_t y, int8_t *to)
{
	const struct accel_conv *conv = call->conv;
	bool whole = is_whole(conv, &conv->shape.in);
	size_t block;

	for (block = 0; block < blocks(conv); block++)
		fill_block(call, y, block_channel(conv, block), whole,
			   to + block * ring_width(conv) * DW_BLOCK);
}

/* Pixels one at a time: any shape, and all that is more than a requantisation. */
static void run_sums(const struct accel_conv_call *call, struct dw_block *args, size_t pixel,
		     size_t channel, uint32_t from)
{
	const struct accel_conv *conv = call->conv;
	size_t channels = block_channels(conv, channel);
	uint32_t x;

	for (x = from; x < conv->shape.out_width; x++) {
		int32_t sums[DW_BLOCK];
		int8_t bytes[DW_BLOCK];

		dw_block_sums(args, x, sums);
		if (conv->sums) {
			conv->sums(call->ctx, pixel + x, channel, 1, channels, sums, DW_BLOCK);
			continue;
		}
		accel_requant_tile(&conv->requant, channel, 1, channels, sums, DW_BLOCK, bytes, 0);
		accel_conv_copy_out(conv, call->out, pixel + x, channel, channels, bytes);
	}
}

static void run_line(const struct accel_conv_call *call, size_t oy, const int8_t **lines)
{
	const struct accel_conv *conv = call->conv;
	const struct accel_conv_shape *shape = &conv->shape;
	dw_span_fn *span = is_whole(conv, &shape->out) ? dw_span_find(conv) : NULL;
	size_t block, pixel = oy * shape->out_width;
	uint32_t done, ky;

	for (block = 0; block < blocks(conv); block++) {
		size_t channel = block_channel(conv, block);
		struct dw_block args = {
			.conv = conv,
			.packed = conv->packed + block * dw_block_bytes(taps(conv)),
			.lines = lines,
		};

		done = 0;
		if (span) {
			args.out = call->out + accel_layout_offset(&shape->out, oy, 0, channel);
			done = span(&args, shape->out_width);
		}
		run_sums(call, &args, pixel, channel, done);
		for (ky = 0; ky < shape->kernel_height; ky++)
			lines[ky] += ring_width(conv) * DW_BLOCK;
	}
}

static void run(const struct accel_conv_call *call, size_t first, size_t end,
		void *scratch_memory)
{
	const struct accel_conv *conv = call->conv;
	const struct accel_conv_shape *shape = &conv->shape;
	size_t ring = ring_lines(conv), bytes = line_bytes(conv);
	const int8_t **lines = scratch_memory;
	int8_t *memory = (int8_t *)(lines + shape->kernel_height);
	/* Lines count from the top of the padding. */
	size_t filled = first * shape->stride_y, line;
	uint32_t ky;

	for (; first < end; first++) {
		size_t top = first * shape->stride_y;

		if (filled < top)
			filled = top;
		for (; filled < top + ring; filled++)
			fill_line(call, (int64_t)filled - shape->pad_top,
				  memory + filled % ring * bytes);
		for (ky = 0; ky < shape->kernel_height; ky++) {
			line = top + (size_t)ky * shape->dilation_y;
			lines[ky] = memory + line % ring * bytes;
		}
		run_line(call, first, lines);
	}
}

static const struct accel_conv_ops dw_ops = {
	.name = name,
	.tiles = tiles,
	.scratch = scratch,
	.run = run,
};

int accel_dwconv_init(struct accel_conv *conv, const int8_t *weights)
{
	size_t channels = conv->shape.in_channels, count = taps(conv), block, t, c;
	int8_t *out;

	conv->ops = &dw_ops;
	conv->packed = aligned_alloc(64, (blocks(conv) * dw_block_bytes(count) + 63) & ~(size_t)63);
	if (!conv->packed)
		return accel_error_memory("a convolution's packed weights");

	out = conv->packed;
	for (block = 0; block < blocks(conv); block++) {
		size_t first = block_channel(conv, block);
		int32_t value;

		for (c = first; c < first + DW_BLOCK; c++) {
			value = c < channels ? conv->requant.bias[c] : 0;
			memcpy(out, &value, sizeof(value));
			out += sizeof(value);
		}
		for (t = 0; t < count; t++) {
			for (c = first; c < first + DW_BLOCK; c++)
				*out++ = c < channels ? weights[c * count + t] : 0;
		}
		for (c = first; c < first + DW_BLOCK; c++) {
			value = conv->fused && c < channels ?
				accel_requant_q31(&conv->requant, c) : 0;
			memcpy(out, &value, sizeof(value));
			out += sizeof(value);
		}
	}

	return 0;
}
