# SPDX-License-Identifier: MIT
#
# Devices, buffers, programs, jobs, fences over the backends drm, sim and cpu.

LIBACCEL_SRCS	+= $(sort $(wildcard libaccel/dev/*.c))
LIBACCEL_MAPS	+= libaccel/dev/dev.map
LIBACCEL_LIBS	+= -ldrm

# Its headers are where every architecture finds them; the interface to the
# kernel needs <drm.h>.
CPPFLAGS	+= -I/usr/include/libdrm

DEB_PACKAGES	+= libdrm-dev
