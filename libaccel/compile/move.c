// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "layer.h"
#include "move.h"

struct npu_cube move_part(const struct npu_cube *cube, uint32_t x, uint32_t y, uint32_t c,
			  uint32_t width, uint32_t height, uint32_t channels)
{
	struct npu_cube part = *cube;

	part.offset += (uint64_t)(c / cube->atom) * cube->surface + (uint64_t)y * cube->line +
		       (uint64_t)x * cube->atom;
	part.width = width;
	part.height = height;
	part.channels = channels;
	return part;
}

/* Channels of the source that kernels @first to @last - 1 want, as whole surfaces. */
static void sources(const struct move *move, uint32_t first, uint32_t last, uint32_t *low,
		    uint32_t *high)
{
	const uint32_t atom = move->from.atom;
	uint32_t k;

	*low = UINT32_MAX;
	*high = 0;
	for (k = first; k < last; k++) {
		if (move->channel[k] == MOVE_NOTHING)
			continue;
		if (move->channel[k] < *low)
			*low = move->channel[k];
		if (move->channel[k] >= *high)
			*high = move->channel[k] + 1;
	}
	if (*low == UINT32_MAX)
		*low = 0;
	*low -= *low % atom;
	*high = (*high + atom - 1) / atom * atom;
	if (*high > move->from.channels)
		*high = move->from.channels;
	if (*high <= *low)
		*high = *low + atom < move->from.channels ? *low + atom : move->from.channels;
}

static struct npu_conv pointwise(const struct move *move)
{
	return (struct npu_conv) {
		.kernel_w = 1, .kernel_h = 1, .stride_x = move->stride, .stride_y = 1,
		.dilation_x = 1, .dilation_y = 1, .groups = 1, .groups_per_block = 1,
	};
}

/* Estimated cycles when @step kernels at a time are moved. */
static uint64_t cycles(struct lower *lower, const struct move *move, uint32_t step)
{
	const struct npu_conv conv = pointwise(move);
	uint64_t sum = 0;
	uint32_t k, low, high;

	for (k = 0; k < move->to.channels; k += step) {
		uint32_t last = k + step < move->to.channels ? k + step : move->to.channels;
		uint64_t part;

		sources(move, k, last, &low, &high);
		part = layer_cycles(lower, &conv, high - low, move->from.width, move->from.height,
				    last - k);
		if (part == UINT64_MAX)
			return UINT64_MAX;
		sum += part;
	}
	return sum;
}

static const char *emit_kernels(struct lower *lower, const struct move *move, uint32_t first,
				uint32_t last, bool join, uint32_t index)
{
	const struct graph_tensor *in = &lower->graph->tensors[move->in];
	uint32_t low, high, k;
	struct layer layer = {
		.in = move->in, .out = move->out, .kernels = last - first,
		.conv = pointwise(move), .cubes = true, .join = join,
		.in_buffer = move->from_buffer, .out_buffer = move->to_buffer,
		.act_lo = INT8_MIN, .act_hi = INT8_MAX,
	};
	const char *why;

	sources(move, first, last, &low, &high);
	layer.in_cube = move_part(&move->from, 0, 0, low, move->from.width, move->from.height,
				  high - low);
	layer.out_cube = move_part(&move->to, 0, 0, first, move->to.width, move->to.height,
				   last - first);
	layer.in_width = move->from.width;
	layer.in_height = move->from.height;
	layer.in_channels = layer.group_c = high - low;
	layer.conv.pad_value = graph_zero_point(in, 0);
	if (!layer_alloc(&layer)) {
		layer_free(&layer);
		lower->error = -ENOMEM;
		return "out of memory";
	}
	for (k = first; k < last; k++) {
		layer.scale[k - first] = graph_scale(in, 0);
		if (move->channel[k] != MOVE_NOTHING)
			layer.weights[(size_t)(k - first) * layer.group_c + move->channel[k] -
				      low] = 1;
	}
	why = layer_emit(lower, &layer, index);
	layer_free(&layer);
	return why;
}

const char *move_channels(struct lower *lower, const struct move *move, uint32_t index)
{
	const uint32_t atom = lower->config->atomic_m, count = move->to.channels;
	uint32_t step = lower->config->atomic_k > atom ? lower->config->atomic_k : atom, k;
	const char *why = NULL;

	if (cycles(lower, move, count) <= cycles(lower, move, step))
		step = (count + atom - 1) / atom * atom;
	for (k = 0; k < count && !why;) {
		uint32_t last = k + step;

		if (!k && move->join)
			last = atom;
		if (last > count)
			last = count;
		why = emit_kernels(lower, move, k, last, !k && move->join, index);
		k = last;
	}
	return why;
}
