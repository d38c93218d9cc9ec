# SPDX-License-Identifier: MIT
#
# The driver's share of the user-space build. The module itself is built by
# the kernel's own build system: make -C KERNEL-HEADERS M=$PWD/kmod modules

# The validator and the tables it needs, for whoever runs programs in process.
NVDLA_VALIDATOR_SRCS := $(addprefix kmod/,validate.c validate_regs.c validate_conv.c \
	validate_weights.c validate_winograd.c validate_post.c validate_pdp.c validate_dma.c \
	validate_bind.c hw/nvdla_regs.c hw/nvdla_config.c)

DEB_PACKAGES	+= libdrm-dev
LIBDRM_CFLAGS	:= $(shell pkg-config --cflags libdrm 2>/dev/null)
$(foreach src,$(NVDLA_VALIDATOR_SRCS),$(eval CFLAGS_$(basename $(src)) += $(LIBDRM_CFLAGS)))
