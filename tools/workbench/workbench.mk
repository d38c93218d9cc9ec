# SPDX-License-Identifier: MIT
#
# Small operations with known answers, ready to run on a device: what accel-test
# and accel-bench work with.

WORKBENCH_OBJS	= $(O)/tools/workbench/workbench.o $(patsubst %.c,$(O)/%.o,$(TEST_PROGRAM_SRCS)) \
		  $(O)/kmod/hw/nvdla_config.o
