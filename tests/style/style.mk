# SPDX-License-Identifier: MIT
#
# The driver's style.

.PHONY: check-kmod-style
check-kmod-style:
	tests/style/kmod-style

CHECKS		+= kmod-style
