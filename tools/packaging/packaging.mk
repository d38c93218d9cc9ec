# SPDX-License-Identifier: MIT
#
# `make install` (DESTDIR, PREFIX, LIBDIR), `make install-module-source` for DKMS,
# `make deb` for Debian packages in build/deb. A tool installs itself by adding
# its program to INSTALL_PROGRAMS.

INSTALL_PROGRAMS	+= $(ACCEL_BENCH) $(ACCEL_COMPILE) $(ACCEL_DUMP) $(ACCEL_INFO) $(ACCEL_RUN) \
		   $(ACCEL_TEST) $(ACCEL_TOP) $(ACCEL_VALIDATE)
DEB_BUILD_PACKAGES	:= debhelper dh-dkms dpkg-dev fakeroot help2man lintian patchelf
UDEVDIR			?= $(PREFIX)/lib/udev/rules.d
COMPLETIONS		?= $(PREFIX)/share/bash-completion/completions

# One line each for man pages and whatis; the rest of a page is the program's --help.
ABOUT_accel-dump	:= describe compiled models and core dumps of the NPU driver
ABOUT_accel-info	:= list the NPUs of this machine and judge it for inference
ABOUT_accel-test	:= check every engine and core of an NPU
ABOUT_accel-top		:= show who uses the NPUs
ABOUT_accel-compile	:= compile a model for an NPU
ABOUT_accel-run		:= run a model on pictures
ABOUT_accel-validate	:= compare a quantised model with its float original
ABOUT_accel-bench	:= measure an NPU and its driver

MAN_PAGES		= $(addsuffix .1,$(addprefix $(O)/man/,$(notdir $(INSTALL_PROGRAMS))))

$(O)/man/%.1: $$(filter $$(O)/tools/%,$$(INSTALL_PROGRAMS))
	@mkdir -p $(@D)
	help2man --no-info --version-string=$(LIBACCEL_VERSION) --name='$(ABOUT_$*)' \
		-o $@ $(filter %/$*,$(INSTALL_PROGRAMS))

.PHONY: install install-module-source deb
install: all install-libaccel $(if $(CROSS_COMPILE),,$$(MAN_PAGES))
	install -d $(DESTDIR)$(PREFIX)/share/man/man1
	$(if $(CROSS_COMPILE),,install -m 644 $(MAN_PAGES) $(DESTDIR)$(PREFIX)/share/man/man1)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(UDEVDIR) $(DESTDIR)$(COMPLETIONS)
	install -m 755 $(INSTALL_PROGRAMS) $(DESTDIR)$(PREFIX)/bin
	@# From the build folder they find the library beside them; installed, the system does.
	for program in $(notdir $(INSTALL_PROGRAMS)); do \
		patchelf --remove-rpath $(DESTDIR)$(PREFIX)/bin/$$program; done
	install -m 644 tools/packaging/70-nvdla.rules $(DESTDIR)$(UDEVDIR)
	install -m 644 tools/packaging/completion.bash $(DESTDIR)$(COMPLETIONS)/accel-info
	for program in $(filter-out accel-info,$(notdir $(INSTALL_PROGRAMS))); do \
		ln -sf accel-info $(DESTDIR)$(COMPLETIONS)/$$program; done

# What DKMS builds: the module's sources and its interface header.
install-module-source:
	install -d $(DESTDIR)/usr/src/nvdla-$(LIBACCEL_VERSION)
	cp --parents $$(find kmod uapi '(' -name '*.[ch]' -o -name Kbuild ')' \
		-not -name '*.mod.c' -not -path 'kmod/kunit/*') \
		$(DESTDIR)/usr/src/nvdla-$(LIBACCEL_VERSION)
	sed 's/@VERSION@/$(LIBACCEL_VERSION)/' tools/packaging/dkms.conf.in \
		> $(DESTDIR)/usr/src/nvdla-$(LIBACCEL_VERSION)/dkms.conf

# In a copy of what git tracks, so that the tree stays as it is.
deb: build/deb/.built
build/deb/.built: $(wildcard $(shell git ls-files Makefile kmod uapi libaccel tools LICENSES 2>/dev/null))
	@tests/install-packages $(DEB_PACKAGES) $(DEB_BUILD_PACKAGES)
	rm -rf build/deb
	mkdir -p build/deb/source
	git ls-files -z | xargs -0 cp --parents -t build/deb/source
	cp -r tools/packaging/debian build/deb/source/
	sed 's/@VERSION@/$(LIBACCEL_VERSION)/' tools/packaging/dkms.conf.in > build/deb/source/debian/nvdla-dkms.dkms
	sed -i 's/@VERSION@/$(LIBACCEL_VERSION)/' build/deb/source/debian/changelog
	cd build/deb/source && DEB_BUILD_OPTIONS=noautodbgsym dpkg-buildpackage -b -us -uc -rfakeroot
	lintian --fail-on error build/deb/*.changes
	touch $@

CHECKS		+= packages packages-vm
DEB_PACKAGES	+= mmdebstrap e2fsprogs dpkg-dev

.PHONY: check-packages check-packages-vm deb-quietly
deb-quietly:
	@mkdir -p build/check
	@$(MAKE) deb >build/check/deb.log 2>&1 || { tail -n 20 build/check/deb.log; exit 1; }

check-packages: deb-quietly
	@tests/packages/check-contents build/deb

# A Debian 13 with nothing of the project but the packages.
check-packages-vm: deb-quietly $(ACCEL_COMPILE) $(O)/npusim
	@tests/e2e/fetch-models $(CACHE) >&2
	@mkdir -p build/check
	@$(ACCEL_COMPILE) --config nv_large --cpu-cost none --letterbox --calibrate $(CACHE)/data/photos \
		--output build/check/faces.accel \
		$(CACHE)/models/face_detection_full_range.tflite >&2
	@CACHE=$(CACHE) PYTHONDONTWRITEBYTECODE=1 tests/packages/check-install build/deb \
		build/check/faces.accel $(CACHE)/data/faces/2007_007763.jpg
