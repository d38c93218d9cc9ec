# SPDX-License-Identifier: MIT
LIBACCEL_SRCS	+= $(sort $(wildcard libaccel/dev/*.c))
LIBACCEL_MAPS	+= libaccel/dev/dev.map
LIBACCEL_LIBS	+= -ldrm

DEB_PACKAGES	+= libdrm-dev

$(O)/libaccel/dev/drm_%.o: CPPFLAGS += -I/usr/include/libdrm
