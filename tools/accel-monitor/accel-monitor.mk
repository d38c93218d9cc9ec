# SPDX-License-Identifier: MIT

ACCEL_MONITOR	:= $(O)/tools/accel-monitor/accel-monitor
ACCEL_MONITOR_OBJS := $(patsubst %.c,$(O)/%.o,$(wildcard tools/accel-monitor/*.c))
ALL		+= $(ACCEL_MONITOR)
CHECKS		+= accel-monitor
DEB_PACKAGES	+= libnl-genl-3-dev libnl-genl-3-dev:arm64
INSTALL_PROGRAMS += $(ACCEL_MONITOR)
ABOUT_accel-monitor := show what happens to the NPUs as it happens

# The libraries' headers lie in a folder of their own, the same for every machine.
CFLAGS_tools/accel-monitor/main := -isystem /usr/include/libnl3
CFLAGS_tools/accel-monitor/message := -isystem /usr/include/libnl3

$(ACCEL_MONITOR): $(ACCEL_MONITOR_OBJS) $$(CLI_A)
	$(CC) $(LDFLAGS) -o $@ $^ -lnl-genl-3 -lnl-3 -lcjson

.PHONY: check-accel-monitor
check-accel-monitor: $(ACCEL_MONITOR)
	@tests/tools/accel-monitor $(ACCEL_MONITOR)
