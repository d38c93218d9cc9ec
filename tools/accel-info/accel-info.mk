# SPDX-License-Identifier: MIT

ACCEL_INFO	:= $(O)/tools/accel-info/accel-info
ACCEL_INFO_OBJS	:= $(patsubst %.c,$(O)/%.o,$(wildcard tools/accel-info/*.c))
ALL		+= $(ACCEL_INFO)
CHECKS		+= accel-info
DEB_PACKAGES	+= libcjson-dev

$(O)/tools/accel-info/report.o: CPPFLAGS += -DLIBACCEL_VERSION='"$(LIBACCEL_VERSION)"'

$(ACCEL_INFO): $(ACCEL_INFO_OBJS) $$(CLI_A) $(LIBACCEL)
	$(CC) $(LDFLAGS) -o $@ $(ACCEL_INFO_OBJS) $(CLI_A) $(LIBACCEL_LINK) -lcjson

.PHONY: check-accel-info
check-accel-info: $(ACCEL_INFO)
	@tests/tools/accel-info $(ACCEL_INFO)
