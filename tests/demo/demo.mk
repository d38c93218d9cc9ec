# SPDX-License-Identifier: MIT
#
# The main job: find faces in photos, on the NPU in a virtual machine.

FACES		:= $(O)/tests/demo/faces
ALL		+= $(FACES)

# The library's companions for the guest.
DEB_PACKAGES	+= crossbuild-essential-arm64 libjpeg62-turbo-dev:arm64 libpng-dev:arm64 \
		   libcjson-dev:arm64 libprotobuf-c-dev:arm64 libdrm-dev:arm64 \
		   $(if $(shell command -v npm),,npm)

$(FACES): $(O)/tests/demo/faces.o $(LIBACCEL)
	$(CC) $(LDFLAGS) -o $@ $< $(LIBACCEL_LINK) -lm

ARM64		:= build/aarch64-linux-gnu

# Where things are built follows from the compiler, which deps may just have installed:
# a make of its own asks it again.
.PHONY: demo demo-after-deps
demo: deps
	+@$(MAKE) --no-print-directory demo-after-deps

demo-after-deps:
	+@$(MAKE) --no-print-directory $(ACCEL_COMPILE) $(FACES) $(O)/npusim
	+@$(MAKE) --no-print-directory CROSS_COMPILE=aarch64-linux-gnu- $(ARM64)/tests/demo/faces
	@CACHE=$(CACHE) PYTHONDONTWRITEBYTECODE=1 tests/demo/run-demo $(ACCEL_COMPILE) $(FACES) \
		$(ARM64)/tests/demo/faces $(ARM64)/libaccel.so.0 $(TOP)/build/demo
