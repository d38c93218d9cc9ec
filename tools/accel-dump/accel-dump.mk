# SPDX-License-Identifier: MIT

ACCEL_DUMP	:= $(O)/tools/accel-dump/accel-dump
ACCEL_DUMP_OBJS	:= $(patsubst %.c,$(O)/%.o,$(wildcard tools/accel-dump/*.c))
ALL		+= $(ACCEL_DUMP)
CHECKS		+= accel-dump

# The inside of artefacts is not part of the shared library's interface.
$(ACCEL_DUMP): $(ACCEL_DUMP_OBJS) $$(CLI_A) $(LIBACCEL_A)
	$(CC) $(LDFLAGS) -o $@ $(ACCEL_DUMP_OBJS) $(CLI_A) $(LIBACCEL_A) $(LIBACCEL_LIBS)

.PHONY: check-accel-dump
check-accel-dump: $(ACCEL_DUMP) $(ACCEL_COMPILE)
	@PYTHONDONTWRITEBYTECODE=1 tests/tools/accel-dump $(ACCEL_DUMP) $(ACCEL_COMPILE)
