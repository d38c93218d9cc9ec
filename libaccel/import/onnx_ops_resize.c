// SPDX-License-Identifier: MIT
/*
 * ONNX's operators that change the size of images: Resize, Upsample.
 */
#include <math.h>
#include <string.h>

#include "libaccel/dev/error.h"
#include "libaccel/import/import_build.h"
#include "libaccel/import/onnx_import.h"

/* Which dimension each of the scales or sizes is for. Return: how many, or negative. */
static int resize_axes(const struct onnx_node *node, uint32_t axes[4])
{
	int64_t values[4];
	int n = onnx_ints(node, "axes", 4, values);

	if (n == -ENOENT) {
		for (uint32_t i = 0; i < 4; i++)
			axes[i] = i;
		return 4;
	}
	for (int i = 0; i < n; i++) {
		int err = build_axis(values[i], 4, &axes[i]);

		if (err)
			return err;
	}
	return n;
}

/* The one factor for all @n sizes that keeps an image's proportions; 0: each its own. */
static int common_factor(const struct onnx_node *node, const uint32_t *axes, const int64_t *sizes,
			 int n, double *factor)
{
	const struct graph_tensor *x = onnx_in(node, 0);
	const bool larger = onnx_string_is(node, "keep_aspect_ratio_policy", "not_smaller", "stretch");

	*factor = 0;
	if (onnx_string_is(node, "keep_aspect_ratio_policy", "stretch", "stretch"))
		return 0;
	if (!larger && !onnx_string_is(node, "keep_aspect_ratio_policy", "not_larger", "stretch"))
		return accel_error_set(-ENOTSUP, "this aspect policy is not supported");
	for (int i = 0; i < n; i++) {
		double own = (double)sizes[i] / x->dims[axes[i]];

		*factor = !i ? own : larger ? fmax(*factor, own) : fmin(*factor, own);
	}
	return 0;
}

static int dims_from_sizes(const struct onnx_node *node, const uint32_t *axes, int count,
			   uint32_t dims[4], double scale[2])
{
	int64_t sizes[4];
	double factor;
	int n = build_integers(node->graph, node->in[3], "sizes", 4, sizes), err;

	if (n < 0)
		return n;
	if (n != count)
		return accel_error_set(-EINVAL, "sizes has %d values instead of %d", n, count);
	for (int i = 0; i < n; i++)
		if (sizes[i] < 1 || sizes[i] > 65535)
			return accel_error_set(-EINVAL, "sizes is out of bounds");
	err = common_factor(node, axes, sizes, n, &factor);
	for (int i = 0; !err && i < n; i++) {
		double size = factor ? floor(dims[axes[i]] * factor + 0.5) : (double)sizes[i];

		if (!(size >= 1 && size <= 65535))
			return accel_error_set(-EINVAL, "sizes is out of bounds");
		if (factor && axes[i] >= 2)
			scale[axes[i] - 2] = 1 / factor;
		dims[axes[i]] = (uint32_t)size;
	}
	return err;
}

/* The output's dimensions; @scale stays 0 where they alone say it. */
static int resize_dims(struct onnx_node *node, bool upsample, uint32_t dims[4], double scale[2])
{
	const struct graph_tensor *x = onnx_in(node, 0), *t = NULL;
	const Onnx__Attribute *attribute = onnx_attribute(node, "scales");
	uint32_t scales = upsample || node->opset < 11 ? 1 : 2, axes[4];
	int count = resize_axes(node, axes);

	if (count < 0)
		return count;
	memcpy(dims, x->dims, 4 * sizeof(*dims));
	scale[0] = scale[1] = 0;
	if (onnx_given(node, 3))
		return dims_from_sizes(node, axes, count, dims, scale);
	if (onnx_given(node, scales))
		t = onnx_in(node, scales);
	if (t ? !graph_is_const(t) || t->type != GRAPH_F32 || graph_elements(t) != (uint64_t)count :
	    !attribute || attribute->n_floats != (size_t)count)
		return accel_error_set(-ENOTSUP, "scales are not %d constants", count);
	for (int i = 0; i < count; i++) {
		double factor = t ? ((float *)t->data)[i] : attribute->floats[i];
		double size = floor(x->dims[axes[i]] * factor);

		if (!(size >= 1 && size <= 65535))
			return accel_error_set(-EINVAL, "scales are out of bounds");
		dims[axes[i]] = (uint32_t)size;
		if (axes[i] >= 2)
			scale[axes[i] - 2] = 1 / factor;
	}
	return 0;
}

int onnx_resize(struct onnx_node *node, int upsample)
{
	static const struct {
		const char *name;
		uint32_t coordinates;
	} ways[] = {
		{ "half_pixel", GRAPH_HALF_PIXEL }, { "pytorch_half_pixel", GRAPH_PYTORCH_HALF_PIXEL },
		{ "asymmetric", GRAPH_ASYMMETRIC }, { "align_corners", GRAPH_ALIGN_CORNERS },
	};
	static const char *const rounding[] = {
		[GRAPH_ROUND_HALF_DOWN] = "round_prefer_floor", [GRAPH_ROUND_HALF_UP] = "round_prefer_ceil",
		[GRAPH_ROUND_DOWN] = "floor", [GRAPH_ROUND_UP] = "ceil",
	};
	static const char nearest_of_tf[] = "tf_half_pixel_for_nn";
	bool old = upsample || node->opset < 11;
	const char *way = old ? "asymmetric" : "half_pixel";
	union graph_params params = { 0 };
	uint32_t dims[4], nhwc[4], input, found = 4;
	double scale[2];
	bool turned = false;
	int err, id;

	if (!onnx_given(node, 0) || onnx_in(node, 0)->rank != 4)
		return accel_error_set(-ENOTSUP, "only images of four dimensions are supported");
	params.resize.nearest = onnx_string_is(node, "mode", "nearest", "nearest");
	if (!params.resize.nearest && !onnx_string_is(node, "mode", "linear", "nearest") &&
	    !onnx_string_is(node, "mode", "bilinear", "nearest"))
		return accel_error_set(-ENOTSUP, "this mode is not supported");
	if (onnx_int(node, "antialias", 0))
		return accel_error_set(-ENOTSUP, "antialias is not supported");
	for (uint32_t i = 0; i < 4; i++)
		if (onnx_string_is(node, "coordinate_transformation_mode", ways[i].name, way))
			found = i;
	/* floor((i + 0.5) * scale) is (i + 0.5) * scale - 0.5, rounded half up. */
	if (params.resize.nearest && onnx_string_is(node, "nearest_mode", "floor", "") &&
	    onnx_string_is(node, "coordinate_transformation_mode", nearest_of_tf, way))
		turned = true;
	if (found == 4 && !turned)
		return accel_error_set(-ENOTSUP, "these coordinates are not supported");
	params.resize.coordinates = turned ? GRAPH_HALF_PIXEL : ways[found].coordinates;
	found = old ? GRAPH_ROUND_DOWN : 4;
	for (uint32_t i = 0; i < 4 && !old; i++)
		if (onnx_string_is(node, "nearest_mode", rounding[i], "round_prefer_floor"))
			found = i;
	if (found == 4)
		return accel_error_set(-ENOTSUP, "this rounding is not supported");
	params.resize.rounding = turned ? GRAPH_ROUND_HALF_UP : found;
	err = resize_dims(node, upsample, dims, scale);
	if (err)
		return err;
	params.resize.scale_h = (float)scale[0];
	params.resize.scale_w = (float)scale[1];
	id = onnx_to_nhwc(node->graph, node->in[0]);
	if (id < 0)
		return id;
	input = (uint32_t)id;
	nhwc[0] = dims[0];
	nhwc[1] = dims[2];
	nhwc[2] = dims[3];
	nhwc[3] = dims[1];
	id = graph_add_tensor(node->graph, NULL, node->graph->tensors[input].type, 4, nhwc);
	if (id >= 0 && graph_copy_quant(node->graph, (uint32_t)id, input))
		return -ENOMEM;
	if (id >= 0)
		id = build_op(node->graph, GRAPH_RESIZE, NULL, 1, &input, (uint32_t)id, &params);
	return onnx_done(node, 0, id < 0 ? id : onnx_from_nhwc(node->graph, (uint32_t)id, 4));
}
