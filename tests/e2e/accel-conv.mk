# SPDX-License-Identifier: MIT
#
# One convolution through the whole of the device layer.

ACCEL_CONV_OBJS	:= $(addprefix $(O)/,tests/e2e/accel-conv.o tests/programs/conv.o \
		     tests/programs/builder.o kmod/hw/nvdla_config.o)

$(O)/tests/e2e/accel-conv: $(ACCEL_CONV_OBJS) $(LIBACCEL)
	$(CC) $(LDFLAGS) -o $@ $(ACCEL_CONV_OBJS) $(LIBACCEL_LINK)

ALL	+= $(O)/tests/e2e/accel-conv
CHECKS	+= conv

# On every configuration, simulated in process; the guests run it on drm.
.PHONY: check-conv
check-conv: $(O)/tests/e2e/accel-conv
	@failed=; \
	for config in nv_small nv_small_256 nv_small_256_full nv_medium_512 \
		      nv_medium_1024_full nv_large nv_full; do \
		$< sim:$$config || failed=1; \
	done; [ -z "$$failed" ]
