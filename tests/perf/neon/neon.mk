# SPDX-License-Identifier: MIT
# `make bench-neon`: this library's kernels against XNNPACK, counted and modelled.

NEON_SYSROOT	:= $(CACHE)/xnnpack-arm64
BENCHES		+= neon
DEB_PACKAGES	+= gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user llvm-19

ifneq ($(filter aarch64-%,$(ARCH_TRIPLET)),)
NEON_BENCH	:= $(O)/tests/perf/neon/bench_conv

CPPFLAGS_NEON_BENCH := --sysroot=$(NEON_SYSROOT) -I$(NEON_SYSROOT)/usr/include

# XNNPACK is newer than the host's C library: compile and link against its own.
$(NEON_BENCH): tests/perf/neon/bench_conv.c libaccel/dev/error.c $(CPU_KERNEL_SRCS)
	@mkdir -p $(@D)
	$(CC) --sysroot=$(NEON_SYSROOT) -B$(NEON_SYSROOT)/usr/lib/aarch64-linux-gnu \
		$(filter-out -MMD -MP,$(CPPFLAGS)) $(CFLAGS) -O3 \
		-L$(NEON_SYSROOT)/usr/lib/aarch64-linux-gnu -Wl,--allow-shlib-undefined \
		$(addprefix $(O)/,$(addsuffix .o,$(basename $(CPU_KERNEL_SRCS)))) \
		tests/perf/neon/bench_conv.c libaccel/dev/error.c -lXNNPACK -o $@
$(NEON_BENCH): $(addprefix $(O)/,$(addsuffix .o,$(basename $(CPU_KERNEL_SRCS))))
else
$(O)/tests/perf/neon/count_insns.so: tests/perf/neon/count_insns.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -shared -o $@ $<

.PHONY: bench-neon
bench-neon: $(O)/tests/perf/neon/count_insns.so
	@tests/fetch-debs trixie arm64 $(NEON_SYSROOT) libxnnpack-dev libpthreadpool-dev libc6-dev libgcc-14-dev 2>&1 | sed 's/^/# /'
	@$(MAKE) -s CROSS_COMPILE=aarch64-linux-gnu- build/aarch64-linux-gnu/tests/perf/neon/bench_conv
	@tests/perf/neon/measure $(NEON_SYSROOT) build/aarch64-linux-gnu/tests/perf/neon/bench_conv \
		$< build/aarch64-linux-gnu/libaccel/cpu/neon/*.o
endif
