# SPDX-License-Identifier: MIT
#
# The model readers' fuzzer, with sanitizers in a build of its own.

$(O)/fuzz-import: $(O)/tests/fuzz/import.o $(LIBACCEL_A)
	$(CC) $(LDFLAGS) -o $@ $^ $(LIBACCEL_LIBS)

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
