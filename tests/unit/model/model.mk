# SPDX-License-Identifier: MIT
# Tests of import, passes and quantisation. They use internal functions.

MODEL_TESTS	:= $(addprefix $(O)/tests/unit/model/,onnx_conformance test_model test_picture test_qdq)

$(addsuffix .o,$(MODEL_TESTS)): CPPFLAGS += -I$(O)/libaccel/import
$(addsuffix .o,$(MODEL_TESTS)): $(ONNX_PB).h

$(MODEL_TESTS): %: %.o $(LIBACCEL_A)
	$(CC) $(LDFLAGS) -o $@ $< $(LIBACCEL_A) $(LIBACCEL_LIBS) -lcmocka

ONNX_TESTDATA	?= /usr/share/libonnx-testdata/data
DEB_PACKAGES	+= libonnx-testdata libcmocka-dev
CHECKS		+= onnx model

.PHONY: check-onnx check-model
check-model: $(addprefix $(O)/tests/unit/model/,test_model test_picture test_qdq)
	@for test in $^; do CMOCKA_MESSAGE_OUTPUT=TAP $$test || failed=1; done; [ -z "$$failed" ]

check-onnx: $(O)/tests/unit/model/onnx_conformance
	@$< $(ONNX_TESTDATA)
