# SPDX-License-Identifier: MIT

ACCEL_MONITOR	:= $(O)/tools/accel-monitor/accel-monitor
ACCEL_MONITOR_OBJS := $(patsubst %.c,$(O)/%.o,$(wildcard tools/accel-monitor/*.c))
ALL		+= $(ACCEL_MONITOR)
CHECKS		+= accel-monitor
INSTALL_PROGRAMS += $(ACCEL_MONITOR)
ABOUT_accel-monitor := show what happens to the NPUs as it happens

CFLAGS_tools/accel-monitor/main = $(NETLINK_CFLAGS)
CFLAGS_tools/accel-monitor/message = $(NETLINK_CFLAGS)

$(ACCEL_MONITOR): $(ACCEL_MONITOR_OBJS) $$(CLI_A) $$(NETLINK_A)
	$(CC) $(LDFLAGS) -o $@ $^ $(NETLINK_LIBS) -lcjson

.PHONY: check-accel-monitor
check-accel-monitor: $(ACCEL_MONITOR)
	@tests/tools/accel-monitor $(ACCEL_MONITOR)
