# SPDX-License-Identifier: MIT
# `make bench-neon`: this library's kernels against XNNPACK, counted and modelled.

NEON_SYSROOT	:= $(CACHE)/xnnpack-arm64
BENCHES		+= neon
DEB_PACKAGES	+= gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user llvm-19

ifneq ($(filter aarch64-%,$(ARCH_TRIPLET)),)
NEON_BENCHES	:= $(addprefix $(O)/tests/perf/neon/,bench_bytes bench_conv bench_ops)
NEON_OBJS	:= $(addprefix $(O)/,$(addsuffix .o,$(basename $(CPU_KERNEL_SRCS))) libaccel/graph/graph.o \
	$(patsubst %.c,%.o,$(wildcard libaccel/cpu/ref/ref_op*.c)))
NEON_COMMON	:= tests/perf/neon/bench_run.c libaccel/dev/error.c

# XNNPACK is newer than the host's C library: compile and link against its own.
$(NEON_BENCHES): $(O)/%: %.c tests/perf/neon/bench.h $(NEON_COMMON) $(NEON_OBJS)
	@mkdir -p $(@D)
	$(CC) --sysroot=$(NEON_SYSROOT) -B$(NEON_SYSROOT)/usr/lib/aarch64-linux-gnu \
		-I$(NEON_SYSROOT)/usr/include $(filter-out -MMD -MP,$(CPPFLAGS)) $(CFLAGS) -O3 \
		-L$(NEON_SYSROOT)/usr/lib/aarch64-linux-gnu -Wl,--allow-shlib-undefined \
		$(NEON_OBJS) $< $(NEON_COMMON) -lXNNPACK -lm -o $@
else
$(O)/tests/perf/neon/count_insns.so: tests/perf/neon/count_insns.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -shared -o $@ $<

.PHONY: bench-neon
bench-neon: $(O)/tests/perf/neon/count_insns.so
	@tests/fetch-debs trixie arm64 $(NEON_SYSROOT) libxnnpack-dev libpthreadpool-dev libc6-dev libgcc-14-dev 2>&1 | sed 's/^/# /'
	@$(MAKE) -s CROSS_COMPILE=aarch64-linux-gnu- $(addprefix build/aarch64-linux-gnu/tests/perf/neon/,bench_bytes bench_conv bench_ops)
	@tests/perf/neon/measure $(NEON_SYSROOT) build/aarch64-linux-gnu/tests/perf/neon $< \
		build/aarch64-linux-gnu/libaccel/cpu/neon/*.o
endif
