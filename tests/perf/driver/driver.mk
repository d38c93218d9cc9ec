# SPDX-License-Identifier: MIT
#
# `make bench-driver`: the driver in a guest, with npusim as its NPU.

BENCH_DRIVER_GUEST ?= amd64-7.3
BENCH_DRIVER_FILES := $(O)/tests/perf/driver/files

.SECONDEXPANSION:
$(O)/tests/perf/driver/measure-driver: $(O)/tests/perf/driver/measure_driver.o $$(SELFTEST_OBJS)
	$(CC) $(LDFLAGS) -o $@ $^

$(O)/tests/perf/driver/measure_driver.o: CPPFLAGS += $(LIBDRM_CFLAGS)

.PHONY: bench-driver
bench-driver: $(O)/tests/perf/driver/measure-driver $(O)/npusim
	@mkdir -p $(BENCH_DRIVER_FILES)
	@cp $< $(BENCH_DRIVER_FILES)/
	@tests/vm/run $(BENCH_DRIVER_GUEST) --module --npusim '--config nv_large --cores 4' \
		--files $(BENCH_DRIVER_FILES) -- measure-driver

BENCHES		+= driver
