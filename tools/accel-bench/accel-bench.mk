# SPDX-License-Identifier: MIT

ACCEL_BENCH	:= $(O)/tools/accel-bench/accel-bench
ACCEL_BENCH_OBJS := $(patsubst %.c,$(O)/%.o,$(wildcard tools/accel-bench/*.c))
ALL		+= $(ACCEL_BENCH)
CHECKS		+= accel-bench
DEB_PACKAGES	+= libcjson-dev

$(ACCEL_BENCH): $(ACCEL_BENCH_OBJS) $$(WORKBENCH_OBJS) $$(CLI_A) $(LIBACCEL)
	$(CC) $(LDFLAGS) -o $@ $(ACCEL_BENCH_OBJS) $(WORKBENCH_OBJS) $(CLI_A) $(LIBACCEL_LINK) \
		-lcjson

.PHONY: check-accel-bench
check-accel-bench: $(ACCEL_BENCH) $(ACCEL_COMPILE)
	@PYTHONDONTWRITEBYTECODE=1 tests/tools/accel-bench $(ACCEL_BENCH) $(ACCEL_COMPILE)
