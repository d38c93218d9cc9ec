// SPDX-License-Identifier: MIT
/*
 * JPEG and PNG files.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <png.h>

#include "libaccel/dev/error.h"
#include "picture.h"

#define MOST_PIXELS	(UINT64_C(1) << 28)

static int allocate(const char *path, uint64_t width, uint64_t height, struct accel_image *image)
{
	if (!width || !height)
		return accel_error_set(-EINVAL, "%s: a picture without pixels", path);
	if (width > MOST_PIXELS || height > MOST_PIXELS || width * height > MOST_PIXELS)
		return accel_error_set(-EFBIG, "%s: %llu x %llu pixels are too many", path,
				       (unsigned long long)width, (unsigned long long)height);
	image->width = width;
	image->height = height;
	image->channels = 3;
	image->stride = width * 3;
	image->pixels = malloc(image->stride * height);
	return image->pixels ? 0 : accel_error_memory("a picture");
}

struct jpeg_trap {
	struct jpeg_error_mgr base;
	jmp_buf jump;
	char text[JMSG_LENGTH_MAX];
};

static void jpeg_failed(j_common_ptr info)
{
	struct jpeg_trap *trap = (struct jpeg_trap *)info->err;

	info->err->format_message(info, trap->text);
	longjmp(trap->jump, 1);
}

static void jpeg_quiet(j_common_ptr info)
{
	(void)info;
}

static int read_jpeg(const char *path, FILE *file, struct accel_image *image)
{
	struct jpeg_decompress_struct info;
	struct jpeg_trap trap;
	int ret;

	info.err = jpeg_std_error(&trap.base);
	trap.base.error_exit = jpeg_failed;
	trap.base.output_message = jpeg_quiet;
	if (setjmp(trap.jump)) {
		jpeg_destroy_decompress(&info);
		accel_image_release(image);
		return accel_error_set(-EINVAL, "%s: %s", path, trap.text);
	}
	jpeg_create_decompress(&info);
	jpeg_stdio_src(&info, file);
	jpeg_read_header(&info, TRUE);
	info.out_color_space = JCS_RGB;
	jpeg_start_decompress(&info);
	ret = allocate(path, info.output_width, info.output_height, image);
	while (!ret && info.output_scanline < info.output_height) {
		JSAMPROW line = image->pixels + info.output_scanline * image->stride;

		jpeg_read_scanlines(&info, &line, 1);
	}
	if (!ret)
		jpeg_finish_decompress(&info);
	jpeg_destroy_decompress(&info);
	return ret;
}

static int read_png(const char *path, FILE *file, struct accel_image *image)
{
	png_image png = { .version = PNG_IMAGE_VERSION };
	int ret;

	if (!png_image_begin_read_from_stdio(&png, file))
		return accel_error_set(-EINVAL, "%s: %s", path, png.message);
	png.format = PNG_FORMAT_RGB;
	ret = allocate(path, png.width, png.height, image);
	if (!ret && !png_image_finish_read(&png, NULL, image->pixels, image->stride, NULL)) {
		accel_image_release(image);
		ret = accel_error_set(-EINVAL, "%s: %s", path, png.message);
	}
	png_image_free(&png);
	return ret;
}

int accel_image_read(const char *path, struct accel_image *image)
{
	static const uint8_t png[4] = { 0x89, 'P', 'N', 'G' };
	uint8_t magic[4] = { 0 };
	FILE *file = fopen(path, "rbe");
	int ret;

	memset(image, 0, sizeof(*image));
	if (!file)
		return accel_error_set(-errno, "%s: %s", path, strerror(errno));
	if (fread(magic, 1, sizeof(magic), file) != sizeof(magic)) {
		ret = accel_error_set(-EINVAL, "%s: too short for a picture", path);
	} else {
		rewind(file);
		if (magic[0] == 0xff && magic[1] == 0xd8)
			ret = read_jpeg(path, file, image);
		else if (!memcmp(magic, png, sizeof(png)))
			ret = read_png(path, file, image);
		else
			ret = accel_error_set(-EINVAL, "%s: neither JPEG nor PNG", path);
	}
	fclose(file);
	return ret;
}

int accel_image_write(const char *path, const struct accel_image *image)
{
	png_image png = {
		.version = PNG_IMAGE_VERSION, .width = image->width, .height = image->height,
		.format = image->channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB,
	};

	if (!png_image_write_to_file(&png, path, 0, image->pixels, image->stride, NULL))
		return accel_error_set(-EIO, "%s: %s", path, png.message);
	return 0;
}

void accel_image_release(struct accel_image *image)
{
	free(image->pixels);
	image->pixels = NULL;
}
