# SPDX-License-Identifier: MIT
#
# The model readers' fuzzer, with sanitizers in a build of its own.

FUZZ_IMPORT_SRCS	:= tests/fuzz/import.c libaccel/dev/error.c libaccel/run/picture.c libaccel/run/picture_file.c
FUZZ_IMPORT_OBJS	:= $(addprefix $(O)/,$(FUZZ_IMPORT_SRCS:.c=.o) $(GRAPH_SRCS:.c=.o) $(ONNX_PB).o)

$(O)/fuzz-import: $(FUZZ_IMPORT_OBJS)
	$(CC) $(LDFLAGS) -o $@ $^ -lcjson -lprotobuf-c -ljpeg -lpng -lm

FUZZ_IMPORT_SEEDS	= $(ONNX_TESTDATA) $(wildcard $(CACHE)/models)

.PHONY: check-import fuzz-import run-fuzz-import
run-fuzz-import: $(O)/fuzz-import
	@$< -s $(FUZZ_IMPORT_SECONDS) -r $(FUZZ_IMPORT_SEED) -o $(O)/fuzz-import.input $(FUZZ_IMPORT_SEEDS)

check-import:
	@$(MAKE) --no-print-directory SAN=address,undefined FUZZ_IMPORT_SECONDS=20 FUZZ_IMPORT_SEED=1 run-fuzz-import

fuzz-import:
	$(MAKE) SAN=address,undefined FUZZ_IMPORT_SECONDS=$(FUZZ_SECONDS) \
		FUZZ_IMPORT_SEED=$$(od -An -N4 -tu4 /dev/urandom) run-fuzz-import

fuzz: fuzz-import

CHECKS		+= import
