# SPDX-License-Identifier: MIT

ACCEL_TOP	:= $(O)/tools/accel-top/accel-top
ACCEL_TOP_OBJS	:= $(patsubst %.c,$(O)/%.o,$(wildcard tools/accel-top/*.c))
ALL		+= $(ACCEL_TOP)
CHECKS		+= accel-top
DEB_PACKAGES	+= libcjson-dev

CFLAGS_tools/accel-top/main = $(NETLINK_CFLAGS)
CFLAGS_tools/accel-top/state = $(NETLINK_CFLAGS)
CFLAGS_tools/accel-top/picture = $(NETLINK_CFLAGS)
CFLAGS_tools/accel-top/text = $(NETLINK_CFLAGS)
CFLAGS_tools/accel-top/json = $(NETLINK_CFLAGS)
CFLAGS_tools/accel-top/prometheus = $(NETLINK_CFLAGS)

$(ACCEL_TOP): $(ACCEL_TOP_OBJS) $$(CLI_A) $$(NETLINK_A)
	$(CC) $(LDFLAGS) -o $@ $^ $(NETLINK_LIBS) -lcjson

.PHONY: check-accel-top
check-accel-top: $(ACCEL_TOP)
	@tests/tools/accel-top $(ACCEL_TOP)
