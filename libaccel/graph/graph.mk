# SPDX-License-Identifier: MIT
# The graph, importers, passes, quantiser; their reference kernels in
# libaccel/cpu and the host's executor in libaccel/run.

GRAPH_SRCS	:= $(sort $(wildcard $(addprefix libaccel/,graph/*.c import/*.c quant/*.c)))
GRAPH_SRCS	+= $(sort $(wildcard libaccel/cpu/ref/ref_op*.c libaccel/run/graph_*.c))
LIBACCEL_SRCS	+= $(GRAPH_SRCS)

# The ONNX messages, from their description.
ONNX_PB		:= $(O)/libaccel/import/onnx.pb-c
LIBACCEL_SRCS	+= $(ONNX_PB).c
LIBACCEL_LIBS	+= -lprotobuf-c
DEB_PACKAGES	+= protobuf-c-compiler libprotobuf-c-dev

$(ONNX_PB).c $(ONNX_PB).h &: libaccel/import/onnx.proto
	@mkdir -p $(@D)
	protoc-c --proto_path=$(<D) --c_out=$(@D) $<

ONNX_OBJS	:= $(patsubst %.c,$(O)/%.o,$(filter libaccel/import/onnx%,$(GRAPH_SRCS)))
$(ONNX_OBJS): CPPFLAGS += -I$(O)/libaccel/import
$(ONNX_OBJS): $(ONNX_PB).h
LIBACCEL_LIBS	+= -lm -lcjson

DEB_PACKAGES	+= libcjson-dev

# Long loops over floats; no fused multiply-add: the same result everywhere.
CFLAGS_libaccel/quant/quant_weights := -O3 -ffp-contract=off
$(foreach file,$(basename $(notdir $(wildcard libaccel/cpu/ref/ref_op*.c))),$(eval CFLAGS_libaccel/cpu/ref/$(file) := \
	-O3 -ffp-contract=off -fno-trapping-math -fno-math-errno))
