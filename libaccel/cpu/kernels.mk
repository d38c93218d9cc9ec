# SPDX-License-Identifier: MIT
# CPU kernels that follow the NPU's arithmetic, and their NEON forms.

CPU_KERNEL_SRCS	:= $(addprefix libaccel/cpu/,conv.c dwconv.c dwconv_block.c igemm.c isa.c pool.c requant.c)
CPU_KERNEL_SRCS	+= $(sort $(wildcard $(addprefix libaccel/cpu/,f32/*.c image/*.c int8/*.c move/*.c sdp/*.c)))
ifneq ($(filter aarch64-%,$(ARCH_TRIPLET)),)
CPU_KERNEL_SRCS	+= $(sort $(wildcard libaccel/cpu/neon/*.[cS]))
endif
LIBACCEL_SRCS	+= $(CPU_KERNEL_SRCS) libaccel/cpu/fast_npu.c

# Their loops of known length must unroll and vectorise; rounding is as written.
$(foreach file,$(basename $(CPU_KERNEL_SRCS)),$(eval CFLAGS_$(file) := -O3 -ffp-contract=off))
# Scheduling before register allocation would make the depthwise loops spill.
CFLAGS_libaccel/cpu/dwconv_block += -fno-schedule-insns
# One template for all machines; the others have no such file's instructions.
CFLAGS_libaccel/cpu/f32/f32_fma3 += $(if $(filter x86_64-%,$(ARCH_TRIPLET)),-mavx2 -mfma)
$(foreach file,f32/f32_fma3 f32/f32_portable neon/f32_neon,$(eval CFLAGS_libaccel/cpu/$(file) += \
	-fno-trapping-math -fno-math-errno))
