// SPDX-License-Identifier: MIT
/*
 * Pictures as inputs: the short way against the long one, YUV against RGB.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "libaccel/run/picture.h"

enum { WIDTH = 21, HEIGHT = 5 };

static uint8_t pixels[WIDTH * HEIGHT * 3 + 64];

static void make_pixels(void)
{
	size_t i;

	srand(1);
	for (i = 0; i < sizeof(pixels); i++)
		pixels[i] = (uint8_t)rand();
}

static void compare(uint32_t channels, const struct accel_image_fit *fit, float scale, int32_t zero)
{
	struct graph_tensor tensor = {
		.name = (char *)"image", .type = GRAPH_I8, .rank = 4,
		.dims = { 1, HEIGHT, WIDTH, channels },
		.quant = { .count = 1, .scale = &scale, .zero_point = &zero },
	};
	struct accel_image image = { WIDTH, HEIGHT, channels, WIDTH * channels, pixels };
	float reals[WIDTH * HEIGHT * 3];
	int8_t direct[WIDTH * HEIGHT * 3], slow[WIDTH * HEIGHT * 3];

	assert_true(picture_direct(&tensor, &image, fit, direct));
	assert_int_equal(picture_fill(&tensor, &image, fit, reals), 0);
	assert_int_equal(picture_store(&tensor, reals, slow), 0);
	assert_memory_equal(direct, slow, (size_t)WIDTH * HEIGHT * channels);
}

static void direct_as_by_reals(void **state)
{
	const struct accel_image_fit odd = { { 100.3f, 100.3f, 100.3f }, { 0.017f, 0.017f, 0.017f }, false };

	(void)state;
	make_pixels();
	compare(3, NULL, 1 / 127.5f, 0);
	compare(1, NULL, 0.0091f, -13);
	compare(3, &odd, 0.0123f, 5);
	compare(1, &odd, 0.03f, -128);
}

static void direct_only_where_it_is_the_same(void **state)
{
	const struct accel_image_fit per_channel = { { 1, 2, 3 }, { 1, 1, 1 }, false };
	float scale = 1;
	int32_t zero = 0;
	struct graph_tensor tensor = {
		.name = (char *)"image", .type = GRAPH_I8, .rank = 4, .dims = { 1, HEIGHT, WIDTH, 3 },
		.quant = { .count = 1, .scale = &scale, .zero_point = &zero },
	};
	struct accel_image image = { WIDTH, HEIGHT, 3, WIDTH * 3, pixels };
	int8_t out[WIDTH * HEIGHT * 3];

	(void)state;
	assert_false(picture_direct(&tensor, &image, &per_channel, out));
	image.height--;
	assert_false(picture_direct(&tensor, &image, NULL, out));
	image.height++;
	tensor.type = GRAPH_F32;
	assert_false(picture_direct(&tensor, &image, NULL, out));
}

static void yuv_to_rgb(void **state)
{
	/* Grey, white, and red as BT.601 has it; lines and columns are odd. */
	uint8_t y[3 * 4] = { 126, 126, 126, 0, 126, 126, 126, 0, 235, 235, 82, 0 };
	uint8_t uv[2 * 6] = { 128, 128, 128, 128, 0, 0, 128, 128, 90, 240, 0, 0 };
	struct accel_yuv yuv = { 3, 3, y, uv, uv + 1, 4, 6, 2 };
	struct accel_image image;

	(void)state;
	assert_int_equal(picture_from_yuv(&yuv, &image), 0);
	assert_int_equal(image.width, 3);
	assert_int_equal(image.pixels[0], 128);
	assert_int_equal(image.pixels[image.stride * 2], 255);
	assert_in_range(image.pixels[image.stride * 2 + 6], 250, 255);
	assert_in_range(image.pixels[image.stride * 2 + 7], 0, 5);
	assert_in_range(image.pixels[image.stride * 2 + 8], 0, 5);
	free(image.pixels);
	yuv.uv_step = 3;
	assert_int_equal(picture_from_yuv(&yuv, &image), -EINVAL);
	assert_null(image.pixels);
	yuv.uv_step = 2;
	yuv.uv_stride = 3;
	assert_int_equal(picture_from_yuv(&yuv, &image), -EINVAL);
	yuv.uv_stride = 6;
	yuv.width = 0;
	assert_int_equal(picture_from_yuv(&yuv, &image), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(direct_as_by_reals),
		cmocka_unit_test(direct_only_where_it_is_the_same),
		cmocka_unit_test(yuv_to_rgb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
