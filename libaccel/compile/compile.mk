# SPDX-License-Identifier: MIT
# The compiler: NPU operations, lowering, tiling, placement, code, artefacts;
# and the sessions that run what it makes.

COMPILE_SRCS	:= $(sort $(wildcard libaccel/compile/*.c))
COMPILE_SRCS	+= libaccel/cpu/npu_kernels.c libaccel/cpu/ref/ref_npu.c
COMPILE_SRCS	+= $(addprefix libaccel/run/,chain.c layout.c model.c session.c picture.c picture_file.c \
	picture_yuv.c)
LIBACCEL_SRCS	+= $(COMPILE_SRCS)
# The same reals on every machine: none may fuse a multiplication with an addition.
CFLAGS		+= -ffp-contract=off
LIBACCEL_LIBS	+= -lm -ljpeg -lpng
LIBACCEL_HEADERS	+= accel/model.h
LIBACCEL_MAPS	+= libaccel/run/run.map

# The library's name comes from a file behind this one.
.SECONDEXPANSION:

# Internal symbols: against the static library.
TEST_NPU_OP_OBJS	:= $(addprefix $(O)/tests/unit/compiler/,test_npu_op.o random_op.o)

$(O)/tests/unit/compiler/test_npu_op: $(TEST_NPU_OP_OBJS) $$(LIBACCEL_A)
	$(CC) $(LDFLAGS) -o $@ $(TEST_NPU_OP_OBJS) -Wl,--whole-archive $(LIBACCEL_A) \
		-Wl,--no-whole-archive $(LIBACCEL_LIBS) -lcmocka

TEST_GRAPH_OBJS		:= $(addprefix $(O)/tests/unit/compiler/,test_graph.o random_graph.o random_op.o)

$(O)/tests/unit/compiler/test_graph: $(TEST_GRAPH_OBJS) $$(LIBACCEL_A)
	$(CC) $(LDFLAGS) -o $@ $(TEST_GRAPH_OBJS) -Wl,--whole-archive $(LIBACCEL_A) \
		-Wl,--no-whole-archive $(LIBACCEL_LIBS) -lcmocka

TEST_SESSION		:= tests/unit/compiler/test_session
TEST_SESSION_OBJS	:= $(addprefix $(O)/tests/unit/compiler/,test_session.o random_op.o)

$(O)/$(TEST_SESSION): $(TEST_SESSION_OBJS) $$(LIBACCEL_A)
	$(CC) $(LDFLAGS) -o $@ $(TEST_SESSION_OBJS) -Wl,--whole-archive $(LIBACCEL_A) \
		-Wl,--no-whole-archive $(LIBACCEL_LIBS) -lcmocka

# With the thread sanitizer and without.
TEST_SESSION_TSAN	:= $(O)-thread/$(TEST_SESSION)
.PHONY: check-sessions
check-sessions: $(O)/$(TEST_SESSION)
	@$(MAKE) -s --no-print-directory SAN=thread $(TEST_SESSION_TSAN) >&2
	@CMOCKA_MESSAGE_OUTPUT=TAP $<
	@CMOCKA_MESSAGE_OUTPUT=TAP timeout 300 $(TEST_SESSION_TSAN)

CHECKS		+= npu-op random-graphs sessions
DEB_PACKAGES	+= libcmocka-dev libjpeg-dev libpng-dev libxxhash-dev

.PHONY: check-npu-op check-random-graphs
check-random-graphs: $(O)/tests/unit/compiler/test_graph $(O)/npusim-replay
	@CMOCKA_MESSAGE_OUTPUT=TAP $<
	@tests/e2e/replay-graphs $^ $(O)/recorded-graphs

check-npu-op: $(O)/tests/unit/compiler/test_npu_op
	@CMOCKA_MESSAGE_OUTPUT=TAP $<

# Damaged artefacts. `make fuzz-artefact` goes on for FUZZ_SECONDS.
FUZZ_ARTEFACT	:= $(O)/tests/fuzz/artefact
FUZZ_SECONDS	?= 600

$(FUZZ_ARTEFACT): $(O)/tests/fuzz/artefact.o $$(LIBACCEL_A)
	$(CC) $(LDFLAGS) -o $@ $< -Wl,--whole-archive $(LIBACCEL_A) -Wl,--no-whole-archive $(LIBACCEL_LIBS)

$(O)/fuzz-artefact.accel: $(O)/tools/accel-compile/accel-compile
	CACHE=$(CACHE) tests/e2e/fetch-models $(CACHE)
	$< --no-cache --config nv_small,nv_large --output $@ $(CACHE)/models/okay_nabu.tflite

CHECKS		+= artefact models bad-models
.PHONY: check-artefact fuzz-artefact check-models check-bad-models
check-artefact: $(FUZZ_ARTEFACT) $(O)/fuzz-artefact.accel
	@$(FUZZ_ARTEFACT) $(O)/fuzz-artefact.accel 15 && \
		echo 'ok 1 - damaged artefacts are refused or run' || \
		{ echo 'not ok 1 - damaged artefacts are refused or run'; exit 1; }; echo '1..1'

fuzz-artefact: $(FUZZ_ARTEFACT) $(O)/fuzz-artefact.accel
	$(FUZZ_ARTEFACT) $(O)/fuzz-artefact.accel $(FUZZ_SECONDS) $$(date +%s)

# The simulator and the CPU kernels on whole models.
MODELS		:= okay_nabu face_detection_full_range face_detection_short_range selfie_segmentation \
		   object_detection_3d_cup object_detection_ssd_mobilenetv2_oidv4_fp16
check-models: $(O)/tools/accel-compile/accel-compile $(O)/tools/accel-run/accel-run
	@tests/e2e/fetch-models $(CACHE)
	@tests/e2e/same-bytes $^ $(MODELS:%=$(CACHE)/models/%.tflite)

check-bad-models: $(O)/tools/accel-compile/accel-compile $(O)/tools/accel-run/accel-run
	@tests/e2e/fetch-models $(CACHE)
	@tests/e2e/bad-models $^ $(CACHE)/models/okay_nabu.tflite
