# SPDX-License-Identifier: MIT
# CPU kernels against nested loops: natively, and at every NEON level under
# emulation. A level's processor model has just that level's instructions.

CHECKS		+= cpu-kernels
DEB_PACKAGES	+= gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user

CPU_TESTS	:= $(addprefix tests/unit/cpu/,test_conv test_f32 test_items test_layout test_maps test_npu \
	test_ops test_pool test_s8_conv test_s8_ops test_scale test_yuv)
CPU_TEST_OBJS	:= $(patsubst %.c,%.o,$(wildcard libaccel/cpu/ref/*.c)) libaccel/graph/graph.o \
	$(addsuffix .o,$(basename $(CPU_KERNEL_SRCS))) tests/unit/cpu/cases.o tests/unit/cpu/guarded.o \
	$(addprefix libaccel/,cpu/fast_npu.o cpu/npu_kernels.o run/layout.o \
	dev/error.o compile/npu_op.o)

$(addprefix $(O)/,$(CPU_TESTS)): $(O)/%: $(O)/%.o $(addprefix $(O)/,$(CPU_TEST_OBJS))
	$(CC) $(LDFLAGS) $(if $(SAN),,-static) -o $@ $^ -lm

# A machine of its own making.
$(O)/tests/unit/cpu/test_pool: LDFLAGS += $(addprefix -Wl$(comma)--wrap=,fopen \
	sched_getaffinity pthread_attr_setaffinity_np)

CPU_TESTS_SAN	:= $(addprefix $(O)-address-undefined/,$(CPU_TESTS))
CPU_TESTS_TSAN	:= $(addprefix $(O)-thread/tests/unit/cpu/,test_npu test_ops test_pool test_s8_conv)
CPU_TESTS_ARM	:= $(addprefix build/aarch64-linux-gnu/,$(CPU_TESTS))

.PHONY: check-cpu-kernels
check-cpu-kernels: $(addprefix $(O)/,$(CPU_TESTS))
	@$(MAKE) -s SAN=address,undefined $(CPU_TESTS_SAN)
	@$(MAKE) -s SAN=thread $(CPU_TESTS_TSAN)
	@$(MAKE) -s CROSS_COMPILE=aarch64-linux-gnu- $(CPU_TESTS_ARM)
	@for test in $(CPU_TESTS_SAN); do $$test 1 200 || exit; done
	@for test in $(CPU_TESTS_TSAN); do $$test 1 100 || exit; done
	@for test in $(addprefix $(O)/,$(CPU_TESTS)); do $$test 2 1000 || exit; done
	@for cpu in cortex-a72 neoverse-n1 max; do \
		for test in $(CPU_TESTS_ARM); do qemu-aarch64 -cpu $$cpu $$test 3 800 || exit; done; \
	done
