# SPDX-License-Identifier: MIT
#
# Unit tests of the driver's sources that are not bound to the kernel.

$(O)/tests/unit/kmod/test-cfgrom: $(O)/tests/unit/kmod/test_cfgrom.o $(O)/kmod/hw/nvdla_cfgrom.o \
		$(O)/tools/npusim/libnpusim.a
	$(CC) $(LDFLAGS) -o $@ $^ -lcmocka -lm

.PHONY: check-cfgrom
check-cfgrom: $(O)/tests/unit/kmod/test-cfgrom
	@$<

CHECKS		+= cfgrom
