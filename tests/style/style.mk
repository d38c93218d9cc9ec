# SPDX-License-Identifier: MIT
#
# The driver's style.

.PHONY: check-kmod-style
check-kmod-style:
	tests/style/kmod-style

CHECKS		+= kmod-style

.PHONY: check-binding
check-binding:
	tests/style/binding $(O)/tests/style $(CACHE)

CHECKS		+= binding
DEB_PACKAGES	+= device-tree-compiler
