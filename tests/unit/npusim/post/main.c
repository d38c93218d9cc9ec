// SPDX-License-Identifier: MIT
/*
 * The units behind the convolution against plain nested loops written from the
 * hardware manual, over random shapes and parameters on every configuration.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "rig.h"

int main(void)
{
	int failed = test_sdp();

	failed += test_sdp_lut();
	failed += test_pdp();
	failed += test_cdp();
	failed += test_copy();
	failed += test_fp();

	return failed != 0;
}
