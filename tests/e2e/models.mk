# SPDX-License-Identifier: MIT
# Import and reference kernels against TensorFlow Lite.

$(O)/tests/e2e/compare_tflite: $(O)/tests/e2e/compare_tflite.o $(LIBACCEL_A)
	$(CC) $(LDFLAGS) -o $@ $< $(LIBACCEL_A) $(LIBACCEL_LIBS)

DEB_PACKAGES	+= $(if $(shell command -v npm),,npm) python3
CHECKS		+= tflite

.PHONY: check-tflite fetch-models
check-tflite: $(O)/tests/e2e/compare_tflite
	@tests/e2e/compare-with-tflite $< $(CACHE)

fetch-models:
	tests/e2e/fetch-models $(CACHE)

TRAIN_DIGITS	:= $(O)/tests/e2e/train_digits

# The loops of the training are all that is costly.
CFLAGS_tests/e2e/train_digits := -O3 -ffast-math
$(TRAIN_DIGITS): $(O)/tests/e2e/train_digits.o $(LIBACCEL_A)
	$(CC) $(LDFLAGS) -o $@ $< $(LIBACCEL_A) $(LIBACCEL_LIBS)

CHECKS		+= accuracy

.PHONY: check-accuracy
check-accuracy: $(TRAIN_DIGITS) $$(ACCEL_COMPILE) $$(ACCEL_RUN) $$(ACCEL_VALIDATE)
	@tests/e2e/fetch-models $(CACHE) >&2
	@tests/e2e/check-accuracy $(O) $(CACHE)
