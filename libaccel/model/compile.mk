# SPDX-License-Identifier: MIT
# The compiler: NPU operations, lowering, tiling, placement, code, artefacts;
# and the sessions that run what it makes.

COMPILE_SRCS	:= $(addprefix libaccel/model/,npu_op.c npu_code.c emit_conv.c emit_sdp.c emit_pdp.c tile.c \
		   requant.c lower.c lower_conv.c lower_other.c schedule.c place.c artefact.c artefact_build.c explain.c compile.c)
COMPILE_SRCS	+= libaccel/cpu/npu_kernels.c libaccel/cpu/ref_npu.c
COMPILE_SRCS	+= $(addprefix libaccel/run/,layout.c model.c session.c picture.c picture_file.c)
LIBACCEL_SRCS	+= $(COMPILE_SRCS)
LIBACCEL_LIBS	+= -lm -ljpeg -lpng
LIBACCEL_HEADERS	+= accel/model.h
LIBACCEL_MAPS	+= libaccel/run/run.map

# Internal symbols: against the static library.
TEST_NPU_OP_OBJS	:= $(addprefix $(O)/tests/unit/compiler/,test_npu_op.o random_op.o)

$(O)/tests/unit/compiler/test_npu_op: $(TEST_NPU_OP_OBJS) $(LIBACCEL_A)
	$(CC) $(LDFLAGS) -o $@ $(TEST_NPU_OP_OBJS) -Wl,--whole-archive $(LIBACCEL_A) \
		-Wl,--no-whole-archive $(LIBACCEL_LIBS) -lcmocka

CHECKS		+= npu-op
DEB_PACKAGES	+= libcmocka-dev libjpeg-dev libpng-dev libxxhash-dev

.PHONY: check-npu-op
check-npu-op: $(O)/tests/unit/compiler/test_npu_op
	@CMOCKA_MESSAGE_OUTPUT=TAP $<
