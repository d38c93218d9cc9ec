# SPDX-License-Identifier: MIT
#
# Unit tests of libaccel's device layer.

DEV_TEST_OBJS	:= $(patsubst %.c,$(O)/%.o,$(sort $(wildcard tests/unit/dev/*.c)) \
		     $(TEST_PROGRAM_SRCS) kmod/hw/nvdla_config.c)

$(O)/tests/unit/dev/test-dev: $(DEV_TEST_OBJS) $(LIBACCEL)
	$(CC) $(LDFLAGS) -o $@ $(DEV_TEST_OBJS) $(LIBACCEL_LINK) -lcmocka

CHECKS		+= dev
DEB_PACKAGES	+= libcmocka-dev

.PHONY: check-dev
check-dev: $(O)/tests/unit/dev/test-dev
	@timeout 120 $<

# The library as somebody else's program finds it.
CHECKS		+= install
DEB_PACKAGES	+= pkg-config binutils cmake

.PHONY: check-install
check-install:
	@$(MAKE) -s --no-print-directory install-libaccel PREFIX=$(TOP)/$(O)/installed DESTDIR= >&2
	@tests/unit/dev/check-install $(CC) $(patsubst %gcc,%g++,$(CC)) $(TOP)/$(O)/installed
