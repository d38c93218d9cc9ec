# SPDX-License-Identifier: MIT
#
# The driver in virtual machines; Documentation/testing.rst explains them.

VM_GUESTS	:= arm64-7.3 amd64-7.3 amd64-6.12
GUEST		?= amd64-7.3

CHECKS		+= $(VM_GUESTS:%=vm-%)
DEB_PACKAGES	+= python3 debian-archive-keyring xz-utils zstd util-linux binutils make gcc \
		   gcc-aarch64-linux-gnu libc6-dev-arm64-cross libdrm-dev:arm64 \
		   libprotobuf-c-dev:arm64 libjpeg62-turbo-dev:arm64 libpng-dev:arm64 \
		   libcjson-dev:arm64 device-tree-compiler

# The debug kernel takes 8 to 26 minutes, once. Without it in the cache, the
# suite is part of `make check` only where CI_KASAN says so.
ifneq ($(CI_KASAN)$(wildcard $(CACHE)/vm/kernel-amd64-debug/.complete),)
CHECKS		+= kasan
endif

.PHONY: check-vm shell-vm check-kasan $(VM_GUESTS:%=check-vm-%)
check-vm: check-vm-$(GUEST)

$(VM_GUESTS:%=check-vm-%): check-vm-%:
	@CACHE=$(CACHE) PYTHONDONTWRITEBYTECODE=1 tests/vm/check $*

check-kasan:
	@CACHE=$(CACHE) PYTHONDONTWRITEBYTECODE=1 tests/vm/check amd64-debug

# A thousand faults while four clients work, with every result checked.
SOAK_FAULTS	?= 1000
.PHONY: soak
soak:
	@CACHE=$(CACHE) PYTHONDONTWRITEBYTECODE=1 tests/vm/run $(GUEST) --module --strict \
		--files $$(CACHE=$(CACHE) tests/vm/check --stage-only $(GUEST)) \
		--env NVDLA_SOAK=$(SOAK_FAULTS) --timeout 3600 -- run-selftests test_faults

# Energy and busy shares in a guest whose board keeps to modelled time.
BENCHES		+= power
.PHONY: bench-power
bench-power: $(O)/npusim
	@mkdir -p build/vm/$(GUEST)
	@CACHE=$(CACHE) tests/vm/run $(GUEST) --module --timeout 300 \
		--npusim '--config nv_small --cores 1 --pace real --latency 1000000' \
		--files $$(CACHE=$(CACHE) tests/vm/check --stage-only $(GUEST)) \
		-- run-selftests test_power >build/vm/$(GUEST)/power.log 2>&1 || \
		{ cat build/vm/$(GUEST)/power.log; exit 1; }
	@grep "^figure" build/vm/$(GUEST)/power.log

# A person in a guest, with the NPU, the driver loaded and the tests in the path.
shell-vm:
	@CACHE=$(CACHE) PYTHONDONTWRITEBYTECODE=1 tests/vm/run $(GUEST) --module --shell \
		--files $$(CACHE=$(CACHE) tests/vm/check --stage-only $(GUEST))
