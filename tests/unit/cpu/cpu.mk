# SPDX-License-Identifier: MIT
# CPU kernels against nested loops: natively, and at every NEON level under
# emulation. A level's processor model has just that level's instructions.

CHECKS		+= cpu-kernels
DEB_PACKAGES	+= gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user

TEST_CONV	:= $(O)/tests/unit/cpu/test_conv

$(TEST_CONV): $(addprefix $(O)/,$(addsuffix .o,$(basename $(CPU_KERNEL_SRCS))) \
	tests/unit/cpu/test_conv.o tests/unit/cpu/guarded.o libaccel/dev/error.o)
	$(CC) $(LDFLAGS) $(if $(SAN),,-static) -o $@ $^

.PHONY: check-cpu-kernels
check-cpu-kernels: $(TEST_CONV)
	@$(MAKE) -s SAN=address,undefined $(subst $(O),$(O)-address-undefined,$(TEST_CONV))
	@$(MAKE) -s CROSS_COMPILE=aarch64-linux-gnu- build/aarch64-linux-gnu/tests/unit/cpu/test_conv
	$(subst $(O),$(O)-address-undefined,$(TEST_CONV)) 1 200
	$(TEST_CONV) 2 1000
	qemu-aarch64 -cpu cortex-a72 build/aarch64-linux-gnu/tests/unit/cpu/test_conv 3 1000
	qemu-aarch64 -cpu neoverse-n1 build/aarch64-linux-gnu/tests/unit/cpu/test_conv 4 1000
	qemu-aarch64 -cpu max build/aarch64-linux-gnu/tests/unit/cpu/test_conv 5 1000
