// SPDX-License-Identifier: MIT
/*
 * 4:2:0 to RGB, every instruction set against reals, between guard pages.
 * Prints TAP.
 *
 * usage: test_yuv [SEED [CASES]]
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "guarded.h"
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
	struct guarded y, u, v, rgb;
	const uint8_t *us, *vs, *ys;
	bool good = true;
	size_t i;

	/* Interleaved, both planes are one, in either order. */
	if (guarded_new(&y, width, (int)random_below(2)) ||
	    guarded_new(&u, half * step, (int)random_below(2)) ||
	    guarded_new(&v, half, (int)random_below(2)) ||
	    guarded_new(&rgb, width * 3, (int)random_below(2))) {
		puts("Bail out! no memory");
		exit(1);
	}
	for (i = 0; i < width; i++)
		y.data[i] = (int8_t)random_below(256);
	for (i = 0; i < half * step; i++)
		u.data[i] = (int8_t)random_below(256);
	for (i = 0; i < half; i++)
		v.data[i] = (int8_t)random_below(256);
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
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	unsigned int cases = argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 0) : 1000, done;
	enum accel_isa best = accel_isa_detect(), isa;
	unsigned int failed = 0;

	printf("1..%u\n", (unsigned int)best + 1);
	for (isa = ACCEL_ISA_PORTABLE; isa <= best; isa++) {
		bool good = true;

		random_seed(seed);
		for (done = 0; good && done < cases; done++)
			good = line_case(isa);
		failed += !good;
		printf("%s %u - %u lines, %s, seed %llu\n", good ? "ok" : "not ok",
		       (unsigned int)isa + 1, done, accel_isa_name(isa), (unsigned long long)seed);
	}

	return failed != 0;
}
