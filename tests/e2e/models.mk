# SPDX-License-Identifier: MIT
# Import and reference kernels against TensorFlow Lite. Other made-up models:
# make check-tflite TFLITE_SEED=12

$(O)/tests/e2e/compare_tflite: $(O)/tests/e2e/compare_tflite.o $(LIBACCEL_A)
	$(CC) $(LDFLAGS) -o $@ $< $(LIBACCEL_A) $(LIBACCEL_LIBS)

DEB_PACKAGES	+= $(if $(shell command -v npm),,npm) python3 g++
TFLITE_SEED	?= 1
CHECKS		+= tflite

.PHONY: check-tflite fetch-models
check-tflite: $(O)/tests/e2e/compare_tflite
	@tests/e2e/compare-with-tflite $< $(CACHE) $(TFLITE_SEED)

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

# Random networks, float and quantised, against ONNX Runtime from npm. Others:
# make check-onnxruntime ONNX_SEED=12 ONNX_COUNT=4000
ONNXRUNTIME	:= onnxruntime-1.30.0
COMPARE_ONNX	:= $(O)/tests/e2e/compare_onnx
ONNX_SEED	?= 1
ONNX_COUNT	?= 400
CHECKS		+= onnxruntime

$(COMPARE_ONNX): $(O)/tests/e2e/compare_onnx.o $(LIBACCEL_A)
	$(CC) $(LDFLAGS) -o $@ $< $(LIBACCEL_A) $(LIBACCEL_LIBS)

.PHONY: check-onnxruntime
check-onnxruntime: $(COMPARE_ONNX) $$(ACCEL_COMPILE) $$(ACCEL_RUN)
	@tests/e2e/compare-with-onnxruntime $^ $(CACHE) $(CACHE)/$(ONNXRUNTIME) $(ONNX_SEED) $(ONNX_COUNT)
