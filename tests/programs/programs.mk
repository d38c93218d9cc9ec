# SPDX-License-Identifier: MIT
#
# Register programs written by hand, linked into the tests that run them.

TEST_PROGRAM_SRCS = $(sort $(wildcard tests/programs/*.c))
