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
