// SPDX-License-Identifier: MIT
/*
 * Unit tests of libaccel's device layer, on the sim and cpu backends.
 */
#include "fixture.h"

int main(void)
{
	int failed = 0;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	failed += test_device();
	failed += test_bo();
	failed += test_program();
	failed += test_job();
	failed += test_engines();
	failed += test_threads();

	return failed != 0;
}
