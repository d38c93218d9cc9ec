# SPDX-License-Identifier: MIT
# CPU kernels that follow the NPU's arithmetic, and their NEON forms.

CPU_KERNEL_SRCS	:= $(addprefix libaccel/cpu/,conv.c dwconv.c dwconv_block.c igemm.c isa.c pool.c requant.c)
CPU_KERNEL_SRCS	+= $(sort $(wildcard libaccel/cpu/int8/*.c libaccel/cpu/sdp/*.c))
ifneq ($(filter aarch64-%,$(ARCH_TRIPLET)),)
CPU_KERNEL_SRCS	+= $(sort $(wildcard libaccel/cpu/neon/*.[cS]))
endif
LIBACCEL_SRCS	+= $(CPU_KERNEL_SRCS) libaccel/cpu/fast_npu.c

# Their loops of known length must unroll and vectorise.
$(foreach file,$(basename $(CPU_KERNEL_SRCS)),$(eval CFLAGS_$(file) := -O3))
# Scheduling before register allocation would make the depthwise loops spill.
CFLAGS_libaccel/cpu/dwconv_block += -fno-schedule-insns
