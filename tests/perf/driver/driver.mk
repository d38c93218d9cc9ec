# SPDX-License-Identifier: MIT
#
# `make bench-driver`: accel-bench in a guest, with npusim as its NPU.

BENCH_DRIVER_GUEST ?= amd64-7.3

.PHONY: bench-driver
bench-driver: $(O)/npusim
	@CACHE=$(CACHE) PYTHONDONTWRITEBYTECODE=1 tests/perf/driver/measure-driver $(BENCH_DRIVER_GUEST)

BENCHES		+= driver
