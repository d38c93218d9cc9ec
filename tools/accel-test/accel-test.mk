# SPDX-License-Identifier: MIT

ACCEL_TEST	:= $(O)/tools/accel-test/accel-test
ACCEL_TEST_OBJS	:= $(O)/tools/accel-test/main.o
ALL		+= $(ACCEL_TEST)
CHECKS		+= accel-test

$(ACCEL_TEST): $(ACCEL_TEST_OBJS) $$(WORKBENCH_OBJS) $$(CLI_A) $(LIBACCEL)
	$(CC) $(LDFLAGS) -o $@ $(ACCEL_TEST_OBJS) $(WORKBENCH_OBJS) $(CLI_A) $(LIBACCEL_LINK)

.PHONY: check-accel-test
check-accel-test: $(ACCEL_TEST)
	@tests/tools/accel-test $(ACCEL_TEST)
