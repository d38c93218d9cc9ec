// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>

#include "libaccel/cpu/image/yuv.h"
#include "libaccel/dev/error.h"
#include "picture.h"

/* Pixels of a picture, as accel_image_read() bounds them. */
#define PIXELS_LIMIT	(UINT64_C(1) << 28)

int picture_from_yuv(const struct accel_yuv *yuv, struct accel_image *image)
{
	yuv_line_fn *line = yuv_line_select(accel_isa_detect());
	uint32_t y;

	*image = (struct accel_image) { .width = yuv->width, .height = yuv->height, .channels = 3 };
	if (!yuv->width || !yuv->height || !yuv->y || !yuv->u || !yuv->v)
		return accel_error_set(-EINVAL, "a picture without pixels");
	if (yuv->uv_step < 1 || yuv->uv_step > 2)
		return accel_error_set(-EINVAL, "colour differences %u bytes apart, not 1 or 2",
				       yuv->uv_step);
	if (yuv->y_stride < yuv->width ||
	    yuv->uv_stride < ((size_t)yuv->width + 1) / 2 * yuv->uv_step)
		return accel_error_set(-EINVAL, "lines of a picture that overlap");
	if ((uint64_t)yuv->width * yuv->height > PIXELS_LIMIT)
		return accel_error_set(-EINVAL, "a picture of more than 2^28 pixels");
	image->stride = (size_t)yuv->width * 3;
	image->pixels = malloc(image->stride * yuv->height);
	if (!image->pixels)
		return accel_error_memory("a picture");
	for (y = 0; y < yuv->height; y++)
		line(yuv->y + y * yuv->y_stride, yuv->u + y / 2 * yuv->uv_stride,
		     yuv->v + y / 2 * yuv->uv_stride, yuv->uv_step, yuv->width,
		     image->pixels + y * image->stride);
	return 0;
}
