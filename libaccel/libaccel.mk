# SPDX-License-Identifier: MIT
#
# libaccel, shared and static. The parts append to these from a .mk file of
# their own (libaccel/PART/PART.mk):
#
#   LIBACCEL_SRCS     C sources, from the top of the tree
#   LIBACCEL_LIBS     what they need at link time, e.g. -lm
#   LIBACCEL_HEADERS  public headers below libaccel/include
#   LIBACCEL_MAPS     symbols they export: one file each of accel_* names,
#                     `accel_x_y;` a line
#
# The simulator and the driver's validator are part of the library: the sim
# backend runs them in process.

LIBACCEL_VERSION	:= 0.1.0
LIBACCEL_SONAME		:= libaccel.so.0

LIBACCEL_SRCS		+= $(sort $(wildcard kmod/validate*.c)) kmod/hw/nvdla_config.c kmod/hw/nvdla_regs.c
LIBACCEL_LIBS		+= -lpthread
LIBACCEL_HEADERS	+= accel/accel.h

# A library's objects must be position independent; without interposition the
# compiler may still inline across its own functions.
CFLAGS			+= -fPIC -fno-semantic-interposition

LIBACCEL		= $(O)/libaccel.so
LIBACCEL_A		= $(O)/libaccel.a
LIBACCEL_OBJS		= $(addprefix $(O)/,$(addsuffix .o,$(basename $(sort $(LIBACCEL_SRCS) $(NPUSIM_SRC)))))

# What a program that uses the library adds to its link line: the library from
# the build folder, found there at run time too.
LIBACCEL_LINK		= -L$(O) -laccel -Wl,-rpath,'$$ORIGIN/$(shell realpath --relative-to=$(@D) $(O))'

ALL			+= $(LIBACCEL) $(LIBACCEL_A) $(O)/libaccel.pc

# The lists are complete only after every .mk file was read.
.SECONDEXPANSION:

$(O)/libaccel.map: libaccel/libaccel.mk $$(LIBACCEL_MAPS)
	@mkdir -p $(@D)
	@{ echo 'ACCEL_0 {'; echo 'global:'; sed 's/#.*//; /^[[:space:]]*$$/d; s/^/	/' $(sort $(LIBACCEL_MAPS)); \
	  echo 'local:'; echo '	*;'; echo '};'; } > $@

$(O)/$(LIBACCEL_SONAME): $$(LIBACCEL_OBJS) $(O)/libaccel.map
	@echo '$(CC) -shared -o $@ ...'
	@$(CC) $(LDFLAGS) -shared -Wl,-soname,$(LIBACCEL_SONAME) -Wl,--version-script=$(O)/libaccel.map \
		$(if $(SAN),,-Wl,-z,defs) -o $@ $(LIBACCEL_OBJS) $(LIBACCEL_LIBS)

$(O)/libaccel.so: $(O)/$(LIBACCEL_SONAME)
	ln -sf $(LIBACCEL_SONAME) $@

$(O)/libaccel.a: $$(LIBACCEL_OBJS)
	@echo '$(AR) rcs $@ ...'
	@rm -f $@ && $(AR) rcs $@ $(LIBACCEL_OBJS)

$(O)/libaccel.pc: libaccel/libaccel.pc.in libaccel/libaccel.mk
	@mkdir -p $(@D)
	sed 's|@VERSION@|$(LIBACCEL_VERSION)|; s|@LIBS_PRIVATE@|$(LIBACCEL_LIBS)|' $< > $@

empty			:=
space			:= $(empty) $(empty)
PREFIX			?= /usr/local
LIBDIR			?= $(PREFIX)/lib

.PHONY: install-libaccel
install-libaccel: $(LIBACCEL) $(LIBACCEL_A) $(O)/libaccel.pc
	install -d $(DESTDIR)$(LIBDIR)/pkgconfig
	for header in $(LIBACCEL_HEADERS); do \
		install -D -m 644 libaccel/include/$$header $(DESTDIR)$(PREFIX)/include/$$header; \
	done
	install -D -m 644 uapi/drm/nvdla_accel.h $(DESTDIR)$(PREFIX)/include/drm/nvdla_accel.h
	install -m 755 $(O)/$(LIBACCEL_SONAME) $(DESTDIR)$(LIBDIR)/libaccel.so.$(LIBACCEL_VERSION)
	ln -sf libaccel.so.$(LIBACCEL_VERSION) $(DESTDIR)$(LIBDIR)/$(LIBACCEL_SONAME)
	ln -sf $(LIBACCEL_SONAME) $(DESTDIR)$(LIBDIR)/libaccel.so
	install -m 644 $(LIBACCEL_A) $(DESTDIR)$(LIBDIR)/libaccel.a
	sed 's|^prefix=.*|prefix=$(PREFIX)|; s|^libdir=.*|libdir=$(LIBDIR)|' $(O)/libaccel.pc \
		> $(DESTDIR)$(LIBDIR)/pkgconfig/libaccel.pc
	install -d $(DESTDIR)$(LIBDIR)/cmake/accel
	for name in accel-config accel-config-version; do \
		sed -e 's|@VERSION@|$(LIBACCEL_VERSION)|' -e 's|@SONAME@|$(LIBACCEL_SONAME)|' \
			-e 's|@MAJOR@|$(word 1,$(subst ., ,$(LIBACCEL_VERSION)))|' \
			-e 's|@MINOR@|$(word 2,$(subst ., ,$(LIBACCEL_VERSION)))|' \
			-e 's|@LIBS@|$(subst $(space),;,$(strip $(sort $(LIBACCEL_LIBS))))|' \
			-e 's|@INCLUDEDIR@|$(shell realpath -m --relative-to=$(LIBDIR)/cmake/accel $(PREFIX)/include)|' \
			libaccel/$$name.cmake.in > $(DESTDIR)$(LIBDIR)/cmake/accel/$$name.cmake; \
	done
