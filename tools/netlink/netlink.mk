# SPDX-License-Identifier: MIT
#
# Asking the driver over generic netlink, for the programs that do.

NETLINK_A	:= $(O)/tools/netlink/netlink.a
NETLINK_OBJS	:= $(patsubst %.c,$(O)/%.o,$(sort $(wildcard tools/netlink/*.c)))
NETLINK_LIBS	:= -lnl-genl-3 -lnl-3
DEB_PACKAGES	+= libnl-genl-3-dev libnl-genl-3-dev:arm64

# The library's headers lie in a folder of their own, the same for every machine.
NETLINK_CFLAGS	:= -isystem /usr/include/libnl3
CFLAGS_tools/netlink/family := $(NETLINK_CFLAGS)

$(NETLINK_A): $(NETLINK_OBJS)
	@rm -f $@ && $(AR) rcs $@ $^
