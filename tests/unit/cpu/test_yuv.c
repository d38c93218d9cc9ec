// SPDX-License-Identifier: MIT
/*
 * 4:2:0 to RGB, every instruction set against reals, between guard pages.
 * Prints TAP.
 *
 * usage: test_yuv [SEED [CASES]]
 */
#include <math.h>

#include "cases.h"
#include "libaccel/cpu/image/yuv.h"
#include "random.h"

static int expected(double sum)
{
	return (int)fmin(fmax(floor(sum / 256 + 0.5), 0), 255);
}

static bool line_case(enum accel_isa isa)
{
	const size_t width = random_between(1, 100), half = (width + 1) / 2;
	const size_t step = random_between(1, 2), first = random_below(2);
	struct guarded y = guarded_random(width), u = guarded_random(half * step);
	struct guarded v = guarded_random(half), rgb = guarded_random(width * 3);
	const uint8_t *us, *vs, *ys;
	bool good = true;
	size_t i;

	/* Interleaved, both planes are one, in either order. */
	ys = (const uint8_t *)y.data;
	us = (const uint8_t *)u.data + (step == 2 ? first : 0);
	vs = step == 2 ? (const uint8_t *)u.data + 1 - first : (const uint8_t *)v.data;
	yuv_line_select(isa)(ys, us, vs, step, width, (uint8_t *)rgb.data);
	for (i = 0; i < width; i++) {
		const uint8_t *is = (const uint8_t *)rgb.data + 3 * i;
		double c = 298.0 * (ys[i] - 16), d = us[i / 2 * step] - 128.0;
		double e = vs[i / 2 * step] - 128.0;

		good &= is[0] == expected(c + 409 * e) &&
			is[1] == expected(c - 100 * d - 208 * e) && is[2] == expected(c + 516 * d);
	}
	guarded_free(&y);
	guarded_free(&u);
	guarded_free(&v);
	guarded_free(&rgb);

	return good;
}

int main(int argc, char **argv)
{
	static const struct kernel_case lines = { "lines", line_case, 1 };

	return run_cases(argc, argv, &lines, 1);
}
