# SPDX-License-Identifier: MIT
#
# npusim: the simulator as a library, npusim-replay, and their checks.

NPUSIM_DIR	:= tools/npusim
NPUSIM_UNITS	:= cacc cbuf cdma cdma_time cdma_winograd cfgrom conv core csb csc image \
		   inject mac mac_fp16 pages reader record sched timing weights winograd
NPUSIM_SRC	:= $(NPUSIM_UNITS:%=$(NPUSIM_DIR)/%.c) \
		   $(wildcard $(NPUSIM_DIR)/sdp*.c $(NPUSIM_DIR)/pdp*.c $(NPUSIM_DIR)/cdp*.c \
			      $(NPUSIM_DIR)/bdma.c $(NPUSIM_DIR)/rubik.c) \
		   kmod/hw/nvdla_config.c kmod/hw/nvdla_regs.c
NPUSIM_OBJ	:= $(NPUSIM_SRC:%.c=$(O)/%.o)
NPUSIM_LIB	:= $(O)/tools/npusim/libnpusim.a

# The arithmetic is in tight loops: let the compiler unroll and vectorise them.
CFLAGS_tools/npusim/mac	:= -O3
CFLAGS_tools/npusim/mac_fp16	:= -O3
CFLAGS_tools/npusim/conv	:= -O3

$(NPUSIM_LIB): $(NPUSIM_OBJ)
	rm -f $@
	$(AR) rcs $@ $^

$(O)/npusim-replay: $(O)/$(NPUSIM_DIR)/replay.o $(NPUSIM_LIB)
	$(CC) $(LDFLAGS) -o $@ $^

.PHONY: npusim
npusim: $(NPUSIM_LIB) $(O)/npusim-replay

ALL		+= $(NPUSIM_LIB) $(O)/npusim-replay

# Checks. Every test_*.c is a program of its own.
NPUSIM_TESTS	:= $(patsubst tests/unit/npusim/%.c,$(O)/tests/npusim/%,\
		     $(wildcard tests/unit/npusim/test_*.c tests/unit/npusim/fuzz_*.c))
NPUSIM_BENCH	:= $(O)/tests/unit/npusim/bench_host.o $(O)/tests/unit/npusim/bench_conv.o
NPUSIM_FUZZ_SECONDS ?= 20

$(O)/tests/npusim/%: $(O)/tests/unit/npusim/%.o $(NPUSIM_BENCH) $(NPUSIM_LIB)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ -lcmocka -lm

.PHONY: check-npusim fuzz-npusim
check-npusim: npusim $(NPUSIM_TESTS)
	@status=0; for test in $(filter-out %/fuzz_registers,$(sort $(NPUSIM_TESTS))); do \
		CMOCKA_MESSAGE_OUTPUT=TAP $$test || status=1; \
	done; \
	$(O)/tests/npusim/fuzz_registers $(NPUSIM_FUZZ_SECONDS) || status=1; exit $$status

fuzz-npusim: $(O)/tests/npusim/fuzz_registers
	$(O)/tests/npusim/fuzz_registers 3600 $$(date +%s)

CHECKS		+= npusim
DEB_PACKAGES	+= libcmocka-dev

# Speed of the simulator, and its cycles against those the RTL took.
$(O)/tests/npusim/measure: $(O)/tests/unit/npusim/measure.o $(NPUSIM_BENCH) $(NPUSIM_LIB)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ -lm

.PHONY: bench-npusim
bench-npusim: npusim $(O)/tests/npusim/measure
	@$(O)/tests/npusim/measure

BENCHES		+= npusim
