// SPDX-License-Identifier: MIT
/*
 * Pixels as channels: the array is as wide as several surfaces, and would spend a
 * cycle or more on each pixel of each surface. Global averages become fully
 * connected layers, and so do convolutions with a single pixel of output.
 */
#include <errno.h>
#include <string.h>

#include "layer.h"

static uint32_t min32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static bool all_equal(const double *values, uint32_t count)
{
	uint32_t i;

	for (i = 1; i < count; i++) {
		if (values[i] != values[0])
			return false;
	}
	return true;
}

bool layer_is_uniform(const struct layer *layer)
{
	const uint32_t group_k = layer->kernels / layer->conv.groups;
	const size_t bytes = (size_t)group_k * layer->conv.kernel_h * layer->conv.kernel_w *
			     layer->group_c;

	return layer->conv.groups > 1 &&
	       !memcmp(layer->weights, layer->weights + bytes, (layer->conv.groups - 1) * bytes);
}

/*
 * A surface, with its pixels one after the other, is a point of many channels:
 * the atom's channels of pixel 0, then those of pixel 1 ... Surfaces become the
 * lines of a cube one pixel wide, and the kernel that sums channel k of an atom
 * over all pixels serves each of them.
 */
bool layer_fold(struct lower *lower, const struct layer *from, struct layer *layer)
{
	const struct lower_tensor *in = &lower->tensors[from->in];
	const uint32_t atom = lower->config->atomic_m;
	const uint32_t pixels = from->in_width * from->in_height;
	const struct npu_conv *conv = &from->conv;
	uint32_t surfaces, k, p;
	struct lower_op op;

	if (from->cubes || from->kernels != from->in_channels || conv->groups != from->kernels ||
	    conv->kernel_w != from->in_width || conv->kernel_h != from->in_height || pixels < 2 ||
	    conv->pad_left || conv->pad_right || conv->pad_top || conv->pad_bottom ||
	    pixels * atom > 8192 || !layer_is_uniform(from) ||
	    !all_equal(from->scale, from->kernels) || !all_equal(from->bias, from->kernels))
		return false;
	memset(&op, 0, sizeof(op));
	if (!lower_read(lower, from->in, &op) || !lower_output(lower, from->out, &op) ||
	    in->cube.atom != atom || in->cube.line != in->cube.width * atom)
		return false;

	surfaces = (from->kernels + atom - 1) / atom;
	*layer = *from;
	layer->cubes = true;
	layer->in_buffer = op.buffer[LOWER_IN];
	layer->in_cube = op.op.in;
	layer->in_cube.width = 1;
	layer->in_cube.height = surfaces;
	layer->in_cube.channels = pixels * atom;
	layer->in_cube.line = op.op.in.surface;
	layer->in_cube.surface = atom;
	layer->out_buffer = op.buffer[LOWER_OUT];
	layer->out_cube = op.op.out;
	layer->out_cube.height = surfaces;
	layer->out_cube.channels = atom;
	layer->out_cube.line = op.op.out.surface;
	layer->in_width = 1;
	layer->in_height = surfaces;
	layer->in_channels = layer->group_c = pixels * atom;
	layer->kernels = atom;
	layer->conv = (struct npu_conv) {
		.kernel_w = 1, .kernel_h = 1, .stride_x = 1, .stride_y = 1, .dilation_x = 1,
		.dilation_y = 1, .groups = 1, .groups_per_block = 1, .pad_value = conv->pad_value,
	};
	if (!layer_alloc(layer)) {
		layer_free(layer);
		lower->error = -ENOMEM;
		return false;
	}
	for (k = 0; k < atom; k++) {
		layer->scale[k] = from->scale[0];
		layer->bias[k] = from->bias[0];
		for (p = 0; p < pixels; p++)
			layer->weights[((size_t)k * pixels + p) * atom + k] = from->weights[p];
	}
	return true;
}

/**
 * struct row - the samples that a window sees, as equal steps through memory
 * @step: bytes from a surface's part of a tap to the next in the order taken
 * @count: of those
 * @tap: numbers from a tap to the next
 * @surface: numbers from a surface to the next
 */
struct row {
	uint64_t step;
	uint32_t count, tap, surface;
};

/* Of @surfaces surfaces of @cube; false: the steps differ. */
static bool find_row(const struct npu_conv *conv, const struct npu_cube *cube,
		     uint32_t surfaces, struct row *row)
{
	const uint32_t taps = (uint32_t)conv->kernel_w * conv->kernel_h;
	uint64_t step;

	if (conv->kernel_w == 1)
		step = (uint64_t)conv->dilation_y * cube->line;
	else if (conv->kernel_h == 1)
		step = (uint64_t)conv->dilation_x * cube->atom;
	else if (conv->dilation_x == 1 && conv->dilation_y == 1 &&
		 cube->line == conv->kernel_w * cube->atom)
		step = cube->atom;
	else
		return false;
	*row = (struct row) { .step = step, .count = taps * surfaces, .tap = 1, .surface = taps };
	if (surfaces == 1 || cube->surface == taps * step)
		return true;
	/* Time steps lie point after point. */
	*row = (struct row) {
		.step = cube->surface, .count = taps * surfaces, .tap = surfaces, .surface = 1,
	};
	return step == (uint64_t)surfaces * cube->surface;
}

/* Kernels @first on, as many as @part has, of @from with taps as channels. */
static void unroll_weights(const struct layer *from, const struct row *row, uint32_t first,
			   uint32_t atom, struct layer *part)
{
	const uint32_t taps = (uint32_t)from->conv.kernel_w * from->conv.kernel_h;
	uint32_t k, t, c;

	for (k = 0; k < part->kernels; k++) {
		const int8_t *weights = from->weights + (size_t)(first + k) * taps * from->group_c;

		part->scale[k] = from->scale[first + k];
		part->bias[k] = from->bias[first + k];
		for (t = 0; t < taps; t++) {
			for (c = 0; c < from->group_c; c++) {
				/* Depthwise: kernel k sees channel k of its surface. */
				uint32_t at = from->conv.groups > 1 ? k : c;

				part->weights[(size_t)k * part->group_c +
					      (size_t)(t * row->tap + at / atom * row->surface) *
					      atom + at % atom] = weights[t * from->group_c + c];
			}
		}
	}
}

const char *layer_unroll(struct lower *lower, const struct layer *from, uint32_t index,
			 bool *done)
{
	const uint32_t atom = lower->config->atomic_m;
	const struct npu_conv *conv = &from->conv;
	const bool depthwise = conv->groups > 1;
	const uint32_t kernels = depthwise ? atom : from->kernels;
	const uint32_t surfaces = depthwise ? 1 : (from->in_channels + atom - 1) / atom;
	struct npu_conv point = {
		.kernel_w = 1, .kernel_h = 1, .stride_x = 1, .stride_y = 1, .dilation_x = 1,
		.dilation_y = 1, .groups = 1, .groups_per_block = 1, .pad_value = conv->pad_value,
	};
	const uint32_t taps = (uint32_t)conv->kernel_w * conv->kernel_h;
	const uint32_t wide = lower->config->atomic_c;
	uint32_t before, after, first;
	const char *why = NULL;
	struct lower_op op;
	struct row row;

	*done = false;
	if (from->cubes || taps == 1 || conv->pad_left ||
	    conv->pad_right || conv->pad_top || conv->pad_bottom ||
	    npu_window_out(from->in_width, 0, 0, conv->kernel_w, conv->dilation_x,
			   conv->stride_x) != 1 ||
	    npu_window_out(from->in_height, 0, 0, conv->kernel_h, conv->dilation_y,
			   conv->stride_y) != 1 ||
	    (depthwise && (conv->groups != from->in_channels || from->kernels != conv->groups)) ||
	    lower->tensors[from->in].cube_buffer == LOWER_NONE)
		return NULL;
	memset(&op, 0, sizeof(op));
	if (!lower_read(lower, from->in, &op) || op.op.in.atom != atom ||
	    !find_row(conv, &op.op.in, surfaces, &row) || row.count > 8192 / atom)
		return NULL;
	/* Atomic operations per kernel group. */
	before = taps * (((depthwise ? atom : from->in_channels) + wide - 1) / wide);
	after = (row.count * atom + wide - 1) / wide;
	if (after >= before ||
	    layer_cycles(lower, &point, row.count * atom, 1, 1, kernels) == UINT64_MAX ||
	    !lower_output(lower, from->out, &op))
		return NULL;

	*done = true;
	for (first = 0; first < from->kernels && !why; first += kernels) {
		struct layer part = *from;

		part.cubes = true;
		part.first += first;
		part.conv = point;
		part.kernels = min32(kernels, from->kernels - first);
		part.in_width = part.in_height = 1;
		part.in_channels = part.group_c = row.count * atom;
		part.in_buffer = op.buffer[LOWER_IN];
		part.in_cube = op.op.in;
		part.in_cube.width = part.in_cube.height = 1;
		part.in_cube.channels = row.count * atom;
		part.in_cube.surface = part.in_cube.line = (uint32_t)row.step;
		part.out_buffer = op.buffer[LOWER_OUT];
		part.out_cube = op.op.out;
		part.out_cube.channels = part.kernels;
		part.out_cube.offset += (uint64_t)(first / atom) * op.op.out.surface;
		if (depthwise)
			part.in_cube.offset += (uint64_t)(first / atom) * op.op.in.surface;
		if (!layer_alloc(&part)) {
			layer_free(&part);
			lower->error = -ENOMEM;
			return "out of memory";
		}
		unroll_weights(from, &row, first, atom, &part);
		why = layer_emit(lower, &part, index);
		layer_free(&part);
	}
	return why;
}
