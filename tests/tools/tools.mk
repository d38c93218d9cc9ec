# SPDX-License-Identifier: MIT
#
# All programs together: how they refuse.

CHECKS		+= usage

$(O)/small.onnx: tests/tools/small_model.py
	@mkdir -p $(@D)
	@PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=tests/tools python3 -c 'import sys, small_model; \
		sys.stdout.buffer.write(small_model.onnx())' > $@

$(O)/small.accel: $(O)/small.onnx $$(ACCEL_COMPILE)
	@$(ACCEL_COMPILE) --random 2 --no-cache --cpu-cost none -o $@ $< >/dev/null

.PHONY: check-usage
check-usage: $$(INSTALL_PROGRAMS) $(O)/small.accel
	@MODEL=$(O)/small.accel tests/tools/usage $(INSTALL_PROGRAMS)

# User space for RISC-V: it compiles, and gives the same answers. What it links
# comes from Debian 13, the first release with that architecture.
CHECKS		+= riscv64
DEB_PACKAGES	+= gcc-riscv64-linux-gnu qemu-user

RISCV64		:= $(CACHE)/riscv64
RISCV64_PACKAGES := libatomic1 libc6-dev libcjson-dev libdrm-dev libjpeg62-turbo-dev libnl-genl-3-dev \
		   libpng-dev libprotobuf-c-dev libxxhash-dev

.PHONY: check-riscv64
check-riscv64: $(O)/small.onnx $$(ACCEL_COMPILE) $$(ACCEL_RUN)
	@tests/fetch-debs trixie riscv64 $(RISCV64) $(RISCV64_PACKAGES) >/dev/null
	+@$(MAKE) -s --no-print-directory CROSS_COMPILE=riscv64-linux-gnu- SAN= \
		CC='$(shell command -v ccache) riscv64-linux-gnu-gcc --sysroot=$(RISCV64)' all >&2
	@tests/tools/check-portable qemu-riscv64 $(RISCV64) build/riscv64-linux-gnu $(O) \
		$(O)/small.onnx
