# SPDX-License-Identifier: MIT
#
# Tests of the driver through its ioctls, with the kernel's own harness. They
# need a node: on a board run $(O)/tests/selftests/run-selftests, in the guests
# the bench does.

SELFTEST_DIR	:= tests/selftests
SELFTESTS	:= $(patsubst $(SELFTEST_DIR)/%.c,%,$(sort $(wildcard $(SELFTEST_DIR)/test_*.c)))
SELFTEST_BINS	:= $(SELFTESTS:%=$(O)/$(SELFTEST_DIR)/%)
SELFTEST_OBJS	:= $(patsubst %.c,$(O)/%.o,$(SELFTEST_DIR)/node.c $(SELFTEST_DIR)/work.c \
		     $(SELFTEST_DIR)/board.c $(SELFTEST_DIR)/driver.c $(SELFTEST_DIR)/listener.c \
		     $(TEST_PROGRAM_SRCS) libaccel/dev/hardware.c \
		     kmod/hw/nvdla_config.c kmod/hw/nvdla_regs.c)
# What reads error counters needs libnl; others do without, so that test_suspend runs
# where the folder of the libraries is away.
RAS_BINS	:= $(addprefix $(O)/$(SELFTEST_DIR)/,test_gone test_ras)
CFLAGS_$(SELFTEST_DIR)/ras = $(NETLINK_CFLAGS)
KSELFTEST	:= $(CACHE)/kselftest

$(KSELFTEST)/kselftest_harness.h: $(SELFTEST_DIR)/fetch-harness tests/vm/guests.py
	CACHE=$(CACHE) python3 -B $< $(@D)

$(SELFTEST_BINS:%=%.o): $(KSELFTEST)/kselftest_harness.h
$(SELFTEST_BINS:%=%.o): CPPFLAGS += -isystem $(KSELFTEST)

$(SELFTEST_BINS): %: %.o $(SELFTEST_OBJS)
	$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

$(RAS_BINS): $(O)/$(SELFTEST_DIR)/ras.o
$(RAS_BINS): LIBS = $(NETLINK_LIBS)

$(O)/$(SELFTEST_DIR)/run-selftests $(O)/$(SELFTEST_DIR)/suspend-guest: $(O)/%: %
	@mkdir -p $(@D)
	cp $< $@

.PHONY: selftests
selftests: $(SELFTEST_BINS) $(O)/$(SELFTEST_DIR)/run-selftests $(O)/$(SELFTEST_DIR)/suspend-guest
