# SPDX-License-Identifier: MIT
#
# Top of the build. Every part has a .mk file of its own beside its sources,
# which adds its targets and appends to the lists below:
#
#   ALL           files that `make` builds
#   CHECKS        names; `make check-NAME` runs one suite and prints TAP
#   BENCHES       names; `make bench-NAME` prints `figure NAME VALUE UNIT` lines
#   DEB_PACKAGES  Debian packages the part needs on the host
#
# Set CROSS_COMPILE=aarch64-linux-gnu- to build user space for another machine,
# SAN=address,undefined or SAN=thread to build with sanitizers.

TOP		:= $(CURDIR)
CROSS_COMPILE	?=
ifeq ($(origin CC),default)
CC		:= $(CROSS_COMPILE)gcc
endif
# A compiler from the command line is the host's, unless it is named for the other machine.
ifneq ($(CROSS_COMPILE),)
ifeq ($(findstring $(CROSS_COMPILE),$(CC)),)
override CC	:= $(CROSS_COMPILE)gcc
endif
endif
AR		:= $(CROSS_COMPILE)ar
ARCH_TRIPLET	:= $(shell $(CC) -dumpmachine 2>/dev/null)
SAN		?=

comma		:= ,
O		:= build/$(ARCH_TRIPLET)$(if $(SAN),-$(subst $(comma),-,$(SAN)))
# What is costly to make lives here, outside the tree, keyed by its inputs.
CACHE		?= $(if $(XDG_CACHE_HOME),$(XDG_CACHE_HOME),$(HOME)/.cache)/nvdla

OPT		?= -O2 -g
CFLAGS		+= -std=gnu11 -Wall -Wextra $(OPT) -pthread -fno-common
CFLAGS		+= $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer)
CPPFLAGS	+= -D_GNU_SOURCE -MMD -MP -I$(TOP)/libaccel/include -I$(TOP)/uapi -I$(TOP)
LDFLAGS		+= -pthread $(if $(SAN),-fsanitize=$(SAN))

ALL		:=
CHECKS		:=
BENCHES		:=
DEB_PACKAGES	:= build-essential pkg-config

.PHONY: all deps check bench clean help
.DEFAULT_GOAL := all

include $(sort $(wildcard kmod/*.mk libaccel/*.mk libaccel/*/*.mk tools/*.mk tools/*/*.mk tests/*.mk tests/*/*.mk tests/*/*/*.mk Documentation/*.mk))

all: $(ALL)

$(O)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(CFLAGS_$(basename $<)) -c -o $@ $<

$(O)/%.o: %.S
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -c -o $@ $<

-include $(shell find $(O) -name '*.d' 2>/dev/null)

# Installs what is missing; needs root only when something is.
deps:
	@tests/install-packages $(sort $(DEB_PACKAGES))

check: deps
	@tests/run-checks $(CHECKS)

bench: deps
	@tests/run-benches $(BENCHES)

clean:
	rm -rf build

help:
	@echo 'make          build everything for user space'
	@echo 'make demo     the main job: find faces in photos, on the NPU in a virtual machine'
	@echo 'make check    all tests; single suites:'
	@printf '    make check-%s\n' $(sort $(CHECKS))
	@echo 'make bench    all measurements; single ones:'
	@printf '    make bench-%s\n' $(sort $(BENCHES))
