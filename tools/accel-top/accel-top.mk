# SPDX-License-Identifier: MIT

ACCEL_TOP	:= $(O)/tools/accel-top/accel-top
ACCEL_TOP_OBJS	:= $(patsubst %.c,$(O)/%.o,$(wildcard tools/accel-top/*.c))
ALL		+= $(ACCEL_TOP)
CHECKS		+= accel-top
DEB_PACKAGES	+= libcjson-dev

$(ACCEL_TOP): $(ACCEL_TOP_OBJS) $$(CLI_A)
	$(CC) $(LDFLAGS) -o $@ $^ -lcjson

.PHONY: check-accel-top
check-accel-top: $(ACCEL_TOP)
	@tests/tools/accel-top $(ACCEL_TOP)
