// SPDX-License-Identifier: MIT
/*
 * Global averages as fully connected layers: the array is as wide as many
 * channels and would spend a cycle or more on each pixel of each surface.
 */
#include <errno.h>
#include <string.h>

#include "layer.h"

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
