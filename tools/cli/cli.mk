# SPDX-License-Identifier: MIT
#
# How all accel-* programs read options and talk to terminals. An archive, so
# that programs without libaccel need not link what asks it.

CLI_A		:= $(O)/tools/cli/cli.a
CLI_OBJS	:= $(patsubst %.c,$(O)/%.o,$(sort $(wildcard tools/cli/*.c)))

$(CLI_A): $(CLI_OBJS)
	@rm -f $@ && $(AR) rcs $@ $^
